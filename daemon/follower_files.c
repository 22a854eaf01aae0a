#include "daemon/follower_files.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"

enum { HASH_DIGITS = 16, SUFFIX_DIGITS_MAX = 4 };

size_t file_mark_put(const struct file_mark *mark, char *out, size_t cap)
{
	int len = snprintf(out, cap,
	                   "{\"device\":%llu,\"inode\":%llu,\"offset\":%llu,\"head\":%u,"
	                   "\"hash\":\"%016llx\",\"lost\":%lld}",
	                   (unsigned long long)mark->device, (unsigned long long)mark->inode,
	                   (unsigned long long)mark->offset, mark->head_bytes,
	                   (unsigned long long)mark->head_hash, (long long)mark->lost);

	assert(len > 0 && len < FILE_MARK_BYTES_MAX && (size_t)len < cap);
	return (size_t)len;
}

/* Devices and inodes are written as what they are, and may be beyond 63 bits. */
static bool read_number(const struct json *doc, const char *key, uint64_t *out)
{
	uint32_t node = json_member(doc, 0, key);
	char digits[24], *end;

	if (json_type_of(doc, node) != JSON_NUMBER ||
	    !text_copy(digits, sizeof(digits), doc->nodes[node].text))
		return false;
	*out = strtoull(digits, &end, 10);
	return *end == '\0' && digits[0] != '-';
}

bool file_mark_parse(struct text json, struct json *doc, struct file_mark *mark_out)
{
	struct file_mark mark = { .device = 0 };
	uint64_t head, lost;
	char digits[HASH_DIGITS + 1], *end;
	struct text hash;

	if (json_parse(doc, json, NULL) < 0 || !read_number(doc, "device", &mark.device) ||
	    !read_number(doc, "inode", &mark.inode) || !read_number(doc, "offset", &mark.offset) ||
	    !read_number(doc, "head", &head) || !read_number(doc, "lost", &lost))
		return false;
	hash = json_string(doc, json_member(doc, 0, "hash"));
	if (hash.len != HASH_DIGITS || head > FILE_HEAD_BYTES_MAX || mark.offset > INT64_MAX ||
	    lost > INT64_MAX)
		return false;
	text_copy(digits, sizeof(digits), hash);
	mark.head_hash = strtoull(digits, &end, 16);
	mark.head_bytes = (uint32_t)head;
	mark.lost = (int64_t)lost;
	if (*end != '\0')
		return false;
	*mark_out = mark;
	return true;
}

bool file_same(const struct stat *status, const struct file_mark *mark)
{
	return status->st_ino == mark->inode && status->st_dev == mark->device;
}

static bool head_is(int fd, const struct file_mark *mark)
{
	char head[FILE_HEAD_BYTES_MAX];

	return pread(fd, head, mark->head_bytes, 0) == (ssize_t)mark->head_bytes &&
	       hash64(head, mark->head_bytes, 0) == mark->head_hash;
}

bool file_holds(int fd, const struct file_mark *mark)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	       (uint64_t)status.st_size >= mark->offset && head_is(fd, mark);
}

static bool is_number_of(const char *from, const char *to)
{
	if (from == to || *from < '0' || *from > '9')
		return false;
	for (; from < to; from++) {
		if ((*from < '0' || *from > '9') && strchr("-.:T_", *from) == NULL)
			return false;
	}
	return true;
}

bool file_is_rotated_name(const char *base, const char *name)
{
	const char *dot = strrchr(base, '.'), *end = name + strlen(name);
	size_t len = strlen(base), stem = dot != NULL ? (size_t)(dot - base) : 0;
	size_t extension = dot != NULL ? strlen(dot) : 0;

	if (strncmp(name, base, len) == 0 && (name[len] == '.' || name[len] == '-'))
		return is_number_of(name + len + 1, end);
	/* The number before the extension. */
	return stem > 0 && strncmp(name, base, stem) == 0 &&
	       (name[stem] == '.' || name[stem] == '-') &&
	       (size_t)(end - name) > stem + 1 + extension && strcmp(end - extension, dot) == 0 &&
	       is_number_of(name + stem + 1, end - extension);
}

/* The folder and last name of a path. */
struct place {
	char folder[FILE_PATH_BYTES];
	const char *base; /* into the path */
};

static void split(const char *path, struct place *place_out)
{
	const char *slash = strrchr(path, '/');

	place_out->base = slash != NULL ? slash + 1 : path;
	if (slash == NULL)
		snprintf(place_out->folder, sizeof(place_out->folder), ".");
	else
		snprintf(place_out->folder, sizeof(place_out->folder), "%.*s",
		         slash == path ? 1 : (int)(slash - path), path);
}

/* One name of a folder.  True: this is it, look no further. */
typedef bool look_fn(void *context, int folder_fd, const struct place *place, const char *name,
                     const struct stat *status);

static void each_file(const struct place *place, look_fn *look, void *context)
{
	DIR *folder = opendir(place->folder);
	struct dirent *entry;

	if (folder == NULL)
		return;
	for (int i = 0; i < FILE_NAMES_MAX && (entry = readdir(folder)) != NULL; i++) {
		struct stat status;

		if (fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(status.st_mode) &&
		    look(context, dirfd(folder), place, entry->d_name, &status))
			break;
	}
	closedir(folder);
}

static int open_at(int folder_fd, const char *name)
{
	return openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
}

struct search {
	const struct file_mark *mark;
	bool copies; /* by its bytes, under a rotated name; else by its inode */
	int fd;
	char *path_out;
};

static bool look_for_mark(void *context, int folder_fd, const struct place *place, const char *name,
                          const struct stat *status)
{
	struct search *search = context;
	const struct file_mark *mark = search->mark;
	int fd;

	/* A device's number may be another after a restart of the machine: the head decides. */
	if (search->copies ? !file_is_rotated_name(place->base, name) || mark->head_bytes == 0
	                   : status->st_ino != mark->inode ||
	                             (status->st_dev != mark->device && mark->head_bytes == 0))
		return false;
	fd = open_at(folder_fd, name);
	if (fd < 0)
		return false;
	if (!file_holds(fd, mark)) {
		close(fd);
		return false;
	}
	search->fd = fd;
	snprintf(search->path_out, FILE_PATH_BYTES, "%.1024s/%.250s", place->folder, name);
	return true;
}

int file_find(const char *path, const struct file_mark *mark, char path_out[FILE_PATH_BYTES])
{
	struct search search = { .mark = mark, .fd = -1, .path_out = path_out };
	char target[PATH_MAX];
	struct place beside, behind = { .base = NULL };

	split(path, &beside);
	/* Where the path is a link, the files it pointed to may lie elsewhere. */
	if (realpath(path, target) != NULL && strlen(target) < FILE_PATH_BYTES)
		split(target, &behind);
	for (int copies = 0; copies < 2 && search.fd < 0; copies++) {
		search.copies = copies == 1;
		each_file(&beside, look_for_mark, &search);
		if (search.fd < 0 && behind.base != NULL)
			each_file(&behind, look_for_mark, &search);
	}
	return search.fd;
}

struct moment_of {
	struct timespec written;
	char name[NAME_MAX + 1];
};

/* "NAME.12": 12; -1: it has no such number. */
static int small_number(const char *name)
{
	const char *dot = strrchr(name, '.');
	size_t len = dot != NULL ? strlen(dot + 1) : 0;

	if (len == 0 || len > SUFFIX_DIGITS_MAX || strspn(dot + 1, "0123456789") != len)
		return -1;
	return atoi(dot + 1);
}

/* Which was written later?  Of the same moment: .1 after .2, a later date after an earlier. */
static bool is_later(const struct moment_of *a, const struct moment_of *b)
{
	int number_a = small_number(a->name), number_b = small_number(b->name);

	if (a->written.tv_sec != b->written.tv_sec)
		return a->written.tv_sec > b->written.tv_sec;
	if (a->written.tv_nsec != b->written.tv_nsec)
		return a->written.tv_nsec > b->written.tv_nsec;
	if (b->name[0] == '\0' || a->name[0] == '\0')
		return false;
	return number_a >= 0 && number_b >= 0 ? number_a < number_b : strcmp(a->name, b->name) > 0;
}

struct succession {
	const struct file_mark *mark;
	struct stat own, current; /* of the file that was read, and of the one at the path */
	bool named;               /* looks for the name of the own file; then for the next one */
	struct moment_of self, best;
	int fd, own_fd;
	char *path_out;
};

static void moment_of(const struct stat *status, const char *name, struct moment_of *out)
{
	out->written = status->st_mtim;
	snprintf(out->name, sizeof(out->name), "%s", name);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

/*
 * A copy of what was read: it begins with the same bytes, and, where what was read is still there
 * to look at, has the same before the place.  Logs may have equal beginnings.
 */
static bool is_copy(int fd, int own, const struct file_mark *mark)
{
	char copied[FILE_HEAD_BYTES_MAX], read[FILE_HEAD_BYTES_MAX];
	size_t len = mark->offset < sizeof(read) ? (size_t)mark->offset : sizeof(read);
	off_t at = (off_t)(mark->offset - len);
	struct stat status;

	if (mark->head_bytes == 0 || !head_is(fd, mark))
		return false;
	if (fstat(own, &status) < 0 || (uint64_t)status.st_size < mark->offset ||
	    pread(own, read, len, at) != (ssize_t)len)
		return true;
	return pread(fd, copied, len, at) == (ssize_t)len && memcmp(copied, read, len) == 0;
}

static bool look_for_next(void *context, int folder_fd, const struct place *place, const char *name,
                          const struct stat *status)
{
	struct succession *next = context;
	struct moment_of found;
	int fd;

	if (!next->named) {
		if (same_file(status, &next->own))
			moment_of(status, name, &next->self);
		return false;
	}
	if (same_file(status, &next->own) || same_file(status, &next->current) ||
	    !file_is_rotated_name(place->base, name))
		return false;
	moment_of(status, name, &found);
	if (!is_later(&found, &next->self) || (next->fd >= 0 && is_later(&found, &next->best)))
		return false;
	fd = open_at(folder_fd, name);
	/* A copy of what was read is not what came after it. */
	if (fd < 0 || is_copy(fd, next->own_fd, next->mark)) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	if (next->fd >= 0)
		close(next->fd);
	next->fd = fd;
	next->best = found;
	snprintf(next->path_out, FILE_PATH_BYTES, "%.1024s/%.250s", place->folder, name);
	return false;
}

int file_after(const char *path, int fd, const struct file_mark *mark,
               char path_out[FILE_PATH_BYTES])
{
	struct succession next = { .mark = mark, .fd = -1, .own_fd = fd, .path_out = path_out };
	struct place beside;

	if (fstat(fd, &next.own) < 0)
		return -1;
	if (stat(path, &next.current) < 0)
		next.current = next.own;
	moment_of(&next.own, "", &next.self);
	split(path, &beside);
	each_file(&beside, look_for_next, &next);
	next.named = true;
	each_file(&beside, look_for_next, &next);
	return next.fd;
}
