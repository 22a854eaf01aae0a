#include "daemon/follower.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "daemon/intake.h"
#include "daemon/log.h"

/* What reading a piece of the file came to. */
enum step {
	STEP_MORE,
	STEP_END,     /* of what the file has now */
	STEP_CHANGED, /* truncated, or other bytes stand where ours stood */
	STEP_WAIT,    /* no room */
	STEP_FAILED,  /* it is told; tried again at the next poll */
};

static void on_poll(uv_timer_t *timer);

static void poll_in(struct follower *f, unsigned ms)
{
	if (f->open && !f->stopping && !f->feed.paused)
		uv_timer_start(&f->timer, on_poll, ms, 0);
}

/* Once a reason: a file that cannot be read for a night does not fill the log. */
static void keep_error(struct follower *f, const char *what)
{
	if (strcmp(f->error, what) == 0)
		return;
	snprintf(f->error, sizeof(f->error), "%s", what);
	log_error("cannot follow", "path=%s error=%s", log_quote(text_of(f->config->path)).text,
	          log_quote(text_of(what)).text);
}

/* The mark as it is stored: with the fingerprint of what lies before the offset. */
static struct file_mark current_mark(const struct follower *f)
{
	struct file_mark mark = f->mark;

	if (f->fd < 0)
		return mark;
	mark.head_bytes = f->head_bytes;
	if (mark.head_bytes > mark.offset)
		mark.head_bytes = (uint32_t)mark.offset;
	mark.head_hash = hash64(f->head, mark.head_bytes, 0);
	return mark;
}

static void leave(struct follower *f)
{
	if (f->fd < 0)
		return;
	f->mark = current_mark(f);
	close(f->fd);
	f->fd = -1;
	feed_rewind(&f->feed, f->mark.offset);
}

/* Reads `fd` from `offset` on.  Owns fd.  False: it failed, and is told. */
static bool begin(struct follower *f, int fd, const char *path, bool beside, uint64_t offset)
{
	size_t head = offset < FILE_HEAD_BYTES_MAX ? (size_t)offset : FILE_HEAD_BYTES_MAX;
	struct stat status;

	if (fstat(fd, &status) < 0 || pread(fd, f->bytes, head, 0) != (ssize_t)head) {
		keep_error(f, "cannot be read");
		close(fd);
		return false;
	}
	if (f->fd >= 0)
		f->left = current_mark(f);
	leave(f);
	f->fd = fd;
	f->beside = beside;
	f->quiet = 0;
	f->mark = (struct file_mark){ .device = status.st_dev,
		                      .inode = status.st_ino,
		                      .offset = offset,
		                      .lost = f->mark.lost };
	f->marked = f->place_due = true;
	memcpy(f->head, f->bytes, head);
	f->head_bytes = (uint32_t)head;
	feed_rewind(&f->feed, offset);
	if (path != f->path)
		text_copy(f->path, sizeof(f->path), text_of(path));
	log_info("following", "path=%s from=%llu", log_quote(text_of(f->path)).text,
	         (unsigned long long)offset);
	return true;
}

/* The file at the path; -1: there is none, or it cannot be opened, which is told. */
static int open_path(struct follower *f)
{
	int fd = open(f->config->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;

	if (fd < 0) {
		if (errno != ENOENT)
			keep_error(f, strerror(errno));
		return -1;
	}
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
		return fd;
	keep_error(f, "it is not a regular file");
	close(fd);
	return -1;
}

/* What was read is neither at the path nor beside it. */
static void tell_loss(struct follower *f, bool same)
{
	if (same) {
		log_warning("file truncated while it was not followed: from its beginning",
		            "path=%s read_bytes=%llu", log_quote(text_of(f->config->path)).text,
		            (unsigned long long)f->mark.offset);
		return;
	}
	f->mark.lost++;
	snprintf(f->error, sizeof(f->error),
	         "a file went away before it was known to be read to its end; read: %llu bytes",
	         (unsigned long long)f->mark.offset);
	log_error("the file that was followed is gone: what it had further is not read",
	          "path=%s inode=%llu read_bytes=%llu lines=%lld",
	          log_quote(text_of(f->config->path)).text, (unsigned long long)f->mark.inode,
	          (unsigned long long)f->mark.offset, (long long)f->lines);
}

/* Where it was left off: at the path, or under the name it has now. */
static bool open_file(struct follower *f)
{
	char found[FILE_PATH_BYTES];
	int fd = open_path(f), old;
	struct stat status;
	bool same;

	if (!f->marked)
		return fd >= 0 && begin(f, fd, f->config->path, false, 0);
	same = fd >= 0 && fstat(fd, &status) == 0 && status.st_ino == f->mark.inode &&
	       (status.st_dev == f->mark.device || f->mark.head_bytes > 0);
	if (same && file_holds(fd, &f->mark))
		return begin(f, fd, f->config->path, false, f->mark.offset);
	old = file_find(f->config->path, &f->mark, found);
	if (old >= 0) {
		if (fd >= 0)
			close(fd);
		return begin(f, old, found, true, f->mark.offset);
	}
	if (fd < 0)
		return false;
	tell_loss(f, same);
	return begin(f, fd, f->config->path, false, 0);
}

/* What stands unfinished has no end any more.  False: no room, or no memory; try again. */
static bool finish_line(struct follower *f)
{
	int r = feed_finish(&f->feed, INGEST_LINE_CUT_OFF);

	if (r == -FAULT_NOMEM)
		keep_error(f, "out of memory");
	return r == 0;
}

/* It is the file before the one at hand, which somebody who had it open wrote on. */
static bool is_left(const struct follower *f, int fd)
{
	struct stat status;

	return f->left.offset > 0 && fstat(fd, &status) == 0 && file_same(&status, &f->left) &&
	       file_holds(fd, &f->left);
}

/* The file was read to its end and another one is at the path: the next one. */
static void go_on(struct follower *f)
{
	struct file_mark mark;
	char found[FILE_PATH_BYTES];
	int fd;

	if (!finish_line(f))
		return;
	mark = current_mark(f);
	fd = file_after(f->config->path, f->fd, &mark, found);
	if (fd >= 0) {
		begin(f, fd, found, true, is_left(f, fd) ? f->left.offset : 0);
		return;
	}
	fd = open_path(f);
	if (fd >= 0)
		begin(f, fd, f->config->path, false, 0);
}

static void at_end(struct follower *f)
{
	struct stat status;

	if (stat(f->config->path, &status) < 0) {
		/* Nothing has come in its place yet, and who has it open may write on. */
		if (errno != ENOENT)
			keep_error(f, strerror(errno));
		f->quiet = 0;
		return;
	}
	if (file_same(&status, &f->mark)) {
		f->quiet = 0;
		f->beside = false;
		return;
	}
	if (++f->quiet >= FOLLOWER_QUIET_POLLS)
		go_on(f);
}

/* The bytes that were read stand there no more: a copy of them may be beside. */
static void changed(struct follower *f)
{
	struct file_mark mark = current_mark(f);
	char found[FILE_PATH_BYTES];
	int fd = mark.offset > 0 ? file_find(f->config->path, &mark, found) : -1;

	if (fd < 0 && !finish_line(f))
		return;
	log_warning("file truncated: from its beginning", "path=%s read_bytes=%llu copy=%s",
	            log_quote(text_of(f->path)).text, (unsigned long long)mark.offset,
	            log_quote(text_of(fd >= 0 ? found : "none")).text);
	if (fd >= 0) {
		begin(f, fd, found, true, mark.offset);
		return;
	}
	fd = fcntl(f->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		keep_error(f, strerror(errno));
	else
		begin(f, fd, f->path, f->beside, 0);
}

static bool head_stands(const struct follower *f)
{
	char head[FILE_HEAD_BYTES_MAX];

	return pread(f->fd, head, f->head_bytes, 0) == (ssize_t)f->head_bytes &&
	       memcmp(head, f->head, f->head_bytes) == 0;
}

static void keep_head(struct follower *f, uint64_t at, size_t len)
{
	size_t room = FILE_HEAD_BYTES_MAX - f->head_bytes;

	if (at != f->head_bytes || room == 0)
		return;
	memcpy(f->head + f->head_bytes, f->bytes, len < room ? len : room);
	f->head_bytes += (uint32_t)(len < room ? len : room);
}

static enum step read_chunk(struct follower *f)
{
	uint64_t at = f->feed.consumed;
	ssize_t len = pread(f->fd, f->bytes, sizeof(f->bytes), (off_t)at);
	struct stat status;

	if (len < 0 && errno == EINTR)
		return STEP_MORE;
	if (len < 0 || fstat(f->fd, &status) < 0) {
		keep_error(f, strerror(errno));
		leave(f);
		return STEP_FAILED;
	}
	/* Looked at behind the reading: what was read was still of the same content. */
	if ((uint64_t)status.st_size < at + (uint64_t)len || !head_stands(f))
		return STEP_CHANGED;
	if (len == 0)
		return STEP_END;
	f->quiet = 0;
	keep_head(f, at, (size_t)len);
	if (feed_take(&f->feed, (struct text){ f->bytes, (size_t)len }) < 0) {
		keep_error(f, "out of memory");
		feed_rewind(&f->feed, f->mark.offset);
		return STEP_FAILED;
	}
	return f->feed.paused ? STEP_WAIT : STEP_MORE;
}

static void on_poll(uv_timer_t *timer)
{
	struct follower *f = timer->data;
	enum step step = STEP_MORE;
	int before;

	if (f->fd < 0 && !open_file(f)) {
		poll_in(f, FOLLOWER_POLL_MS);
		return;
	}
	for (int i = 0; i < FOLLOWER_CHUNKS_A_TURN && step == STEP_MORE; i++)
		step = read_chunk(f);
	before = f->fd;
	if (step == STEP_END)
		at_end(f);
	else if (step == STEP_CHANGED)
		changed(f);
	if (f->place_due && intake_has_room(f->feed.all->intake))
		intake_place(f->feed.all->intake, &f->feed);
	poll_in(f, step == STEP_MORE || f->fd != before ? 0 : FOLLOWER_POLL_MS);
}

static void took(struct feed *feed, const struct ingest_item *item)
{
	struct follower *f = feed->owner;

	(void)item;
	f->mark.offset = feed->consumed;
	f->unplaced++;
}

static void place(struct feed *feed, struct batch_place *place_out)
{
	struct follower *f = feed->owner;
	const struct file_mark mark = current_mark(f);

	place_out->lines = f->unplaced;
	place_out->len = file_mark_put(&mark, place_out->json, sizeof(place_out->json));
	f->unplaced = 0;
	f->place_due = false;
}

static void told(struct feed *feed)
{
	(void)feed;
}

static void resume(struct feed *feed)
{
	struct follower *f = feed->owner;

	if (feed_take_held(feed) < 0) {
		keep_error(f, "out of memory");
		feed_rewind(feed, f->mark.offset);
	}
	poll_in(f, 0);
}

static const struct feed_class class_of_files = {
	.took = took, .place = place, .told = told, .resume = resume
};

int follower_start(struct follower *f, uv_loop_t *loop, struct feeds *feeds, size_t line_bytes_max,
                   const struct config_feed *config, struct text place_json, int64_t lines)
{
	struct json doc = { .nodes = NULL };
	bool no_memory;

	f->config = config;
	f->lines = lines;
	f->fd = -1;
	feed_init(&f->feed, &class_of_files, feeds, f, line_bytes_max);
	f->feed.name = config->name;
	text_copy(f->feed.source, sizeof(f->feed.source), text_of(config->source));
	if (place_json.len > 0)
		f->marked = file_mark_parse(place_json, &doc, &f->mark);
	no_memory = doc.error == JSON_NO_MEMORY;
	json_release(&doc);
	if (no_memory)
		return -FAULT_NOMEM;
	if (place_json.len > 0 && !f->marked)
		keep_error(f, "its stored position is not understood: from the beginning");
	uv_timer_init(loop, &f->timer);
	f->timer.data = f;
	f->open = true;
	poll_in(f, 0);
	return 0;
}

void follower_stop(struct follower *f)
{
	f->stopping = f->feed.done = true;
	if (!f->open)
		return;
	uv_timer_stop(&f->timer);
	feed_unpause(&f->feed);
}

void follower_close(struct follower *f)
{
	follower_stop(f);
	if (f->open)
		uv_close((uv_handle_t *)&f->timer, NULL);
	f->open = false;
}

void follower_release(struct follower *f)
{
	if (f->config == NULL)
		return;
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	feed_release(&f->feed);
}

struct inlet_status follower_status(const struct follower *f)
{
	struct inlet_status status = {
		.state = f->fd < 0        ? INLET_WAITING
		         : f->feed.paused ? INLET_PAUSED
		                          : INLET_READING,
		.lines = f->lines + f->feed.totals.lines,
		.lost = f->mark.lost,
		.error = f->error,
	};
	struct stat file;

	if (f->fd >= 0 && fstat(f->fd, &file) == 0 && (uint64_t)file.st_size > f->mark.offset)
		status.lag_bytes += (int64_t)((uint64_t)file.st_size - f->mark.offset);
	if ((f->beside || f->fd < 0) && stat(f->config->path, &file) == 0)
		status.lag_bytes += file.st_size;
	return status;
}
