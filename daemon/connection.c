#include "daemon/connection.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "daemon/log.h"

static void pause_reading(struct connection *c)
{
	struct connections *all = c->all;

	uv_read_stop((uv_stream_t *)&c->pipe);
	if (c->paused)
		return;
	c->paused = true;
	c->next_paused = NULL;
	if (all->paused == NULL)
		all->paused = c;
	else
		all->paused_last->next_paused = c;
	all->paused_last = c;
}

static void unpause(struct connection *c)
{
	struct connections *all = c->all;
	struct connection **at = &all->paused, *before = NULL;

	if (!c->paused)
		return;
	while (*at != c) {
		before = *at;
		at = &before->next_paused;
	}
	*at = c->next_paused;
	if (all->paused_last == c)
		all->paused_last = before;
	c->paused = false;
}

static void free_connection(struct connection *c)
{
	unpause(c);
	if (c->previous != NULL)
		c->previous->next = c->next;
	else
		c->all->first = c->next;
	if (c->next != NULL)
		c->next->previous = c->previous;
	c->all->count--;
	wire_framer_release(&c->framer);
	buf_release(&c->held);
	buf_release(&c->error);
	free(c);
}

static void free_if_done(struct connection *c)
{
	struct connections *all = c->all;

	if (!c->closed || c->on_their_way > 0)
		return;
	free_connection(c);
	all->on_gone(all->context);
}

static void on_closed(uv_handle_t *handle)
{
	struct connection *c = handle->data;

	c->closed = true;
	free_if_done(c);
}

static void close_connection(struct connection *c)
{
	if (c->closing)
		return;
	c->closing = true;
	log_debug("connection closed", "source=%s lines=%lld", log_quote(text_of(c->source)).text,
	          (long long)c->totals.lines);
	uv_close((uv_handle_t *)&c->pipe, on_closed);
}

static void on_written(uv_write_t *write, int status)
{
	struct connection *c = write->data;

	c->writing = false;
	/* Nobody reads the acknowledgements any more; what was sent still counts. */
	if (status < 0)
		c->acks = false;
	connection_acknowledge(c);
}

static void write_bytes(struct connection *c, const char *bytes, size_t len)
{
	uv_buf_t out = uv_buf_init((char *)bytes, (unsigned)len);

	c->write.data = c;
	c->writing = uv_write(&c->write, (uv_stream_t *)&c->pipe, &out, 1, on_written) == 0;
	if (!c->writing)
		close_connection(c);
}

/* At most one write in flight: the totals are cumulative, so a later one says it all. */
void connection_acknowledge(struct connection *c)
{
	if (c->closing) {
		free_if_done(c);
		return;
	}
	if (c->writing)
		return;
	if (c->acks && c->unsaid) {
		struct buf line = { .at = NULL };

		wire_ack_format(&line, &c->totals);
		assert(line.len <= sizeof(c->ack_bytes));
		if (line.error == 0) {
			memcpy(c->ack_bytes, line.at, line.len);
			c->unsaid = false;
			write_bytes(c, c->ack_bytes, line.len);
		} else {
			close_connection(c);
		}
		buf_release(&line);
		return;
	}
	if (c->input_done && c->on_their_way == 0)
		close_connection(c);
}

void connection_verdict(struct connection *c, enum ingest_verdict verdict, bool fragment)
{
	struct wire_ack *totals = &c->totals;

	c->on_their_way--;
	c->unsaid = true;
	totals->lines += !fragment;
	switch (verdict) {
	case INGEST_QUARANTINED:
		totals->quarantined++;
		break;
	case INGEST_CONFLICT:
		totals->conflict++;
		break;
	case INGEST_DUPLICATE:
		totals->duplicate++;
		break;
	case INGEST_UNPRICED:
		totals->unpriced++;
		break;
	case INGEST_ACCEPTED:
	case INGEST_CHECKPOINT:
		totals->accepted++;
		break;
	case INGEST_VERDICT_COUNT:
		break;
	}
	/* Whoever walks the batch calls connection_acknowledge() next, which may free it. */
}

/* A hello that is wrong: says why and closes; the sender's fault must not stay unseen. */
static void refuse_hello(struct connection *c, const struct fault *fault)
{
	log_warning("hello refused", "error=%s", log_quote(text_of(fault->text)).text);
	uv_read_stop((uv_stream_t *)&c->pipe);
	c->input_done = true;
	buf_add_cstr(&c->error, "{\"error\":");
	buf_add_json(&c->error, text_of(fault->text));
	buf_add_cstr(&c->error, "}\n");
	if (c->error.error != 0)
		close_connection(c);
	else
		write_bytes(c, c->error.at, c->error.len);
}

/* True: the line was dealt with.  False: memory is short. */
static bool take_line(struct connection *c, const struct wire_line *line, enum ingest_line how)
{
	struct wire_hello hello;
	struct fault fault;

	if (wire_is_blank(line))
		return true;
	if (!c->greeted) {
		c->greeted = true;
		if (wire_hello_parse(line->text, &c->all->intake->doc, &hello, &fault)) {
			if (fault.code != FAULT_NONE) {
				refuse_hello(c, &fault);
				return true;
			}
			c->acks = hello.ack;
			if (hello.source.at != NULL)
				text_copy(c->source, sizeof(c->source), hello.source);
			log_debug("hello", "source=%s ack=%d", log_quote(text_of(c->source)).text,
			          c->acks);
			return true;
		}
	}
	if (!intake_line(c->all->intake, line, how,
	                 text_of(c->source[0] != '\0' ? c->source : NULL), c))
		return false;
	c->on_their_way++;
	return true;
}

/* Memory is short: better without this connection than without the daemon. */
static void drop(struct connection *c)
{
	log_error("out of memory: connection dropped", "source=%s",
	          log_quote(text_of(c->source)).text);
	c->input_done = true;
	close_connection(c);
}

/* Lines out of `bytes`; where there is no room for one, the rest is held back. */
static void take_bytes(struct connection *c, struct text bytes)
{
	size_t all = bytes.len, taken;
	struct wire_line line;
	int error = 0;

	while (!c->input_done) {
		if (!intake_has_room(c->all->intake)) {
			buf_add_text(&c->held, bytes);
			pause_reading(c);
			error = c->held.error;
			break;
		}
		if (!wire_next(&c->framer, &bytes, &line, &error))
			break;
		if (!take_line(c, &line, INGEST_LINE_WHOLE))
			error = -FAULT_NOMEM;
		if (error < 0)
			break;
	}
	taken = all - (c->paused ? c->held.len : 0);
	c->owed -= c->owed < taken ? c->owed : taken;
	if (error < 0)
		drop(c);
}

/* No more will come: what stands unfinished is taken as it is. */
static void finish_input(struct connection *c)
{
	struct wire_line line;

	if (c->input_done || c->paused)
		return;
	if (wire_unfinished(&c->framer) > 0 && !intake_has_room(c->all->intake)) {
		pause_reading(c);
		return;
	}
	if (wire_rest(&c->framer, &line) && !take_line(c, &line, INGEST_LINE_CUT_OFF)) {
		drop(c);
		return;
	}
	c->input_done = true;
	connection_acknowledge(c);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *room)
{
	struct connection *c = handle->data;

	(void)suggested;
	*room = uv_buf_init(c->all->read_bytes, READ_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *bytes)
{
	struct connection *c = stream->data;

	c->last_read_ms = uv_now(stream->loop);
	if (count > 0) {
		take_bytes(c, (struct text){ bytes->base, (size_t)count });
	} else if (count < 0) {
		uv_read_stop(stream);
		/* What is left of it: a line that ends without a newline. */
		c->owed = wire_unfinished(&c->framer);
		c->ended = true;
		finish_input(c);
	}
}

static void read_on(struct connection *c)
{
	if (!c->paused && !c->ended && !c->input_done && !c->closing &&
	    uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read) < 0)
		close_connection(c);
}

/* Bytes that wait in the socket. */
static size_t waiting_bytes(const struct connection *c)
{
	int waiting = 0;
	uv_os_fd_t fd;

	if (uv_fileno((const uv_handle_t *)&c->pipe, &fd) < 0 || ioctl(fd, FIONREAD, &waiting) < 0)
		return 0;
	return (size_t)waiting;
}

bool connection_accept(struct connections *all, uv_stream_t *server)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		log_error("out of memory: a gateway waits", "%s", "");
		return false;
	}
	uv_pipe_init(server->loop, &c->pipe, 0);
	c->pipe.data = c;
	c->all = all;
	c->next = all->first;
	if (c->next != NULL)
		c->next->previous = c;
	all->first = c;
	all->count++;
	wire_framer_init(&c->framer, (size_t)all->config->number[SETTING_LINE_BYTES_MAX]);
	c->last_read_ms = uv_now(server->loop);
	if (uv_accept(server, (uv_stream_t *)&c->pipe) < 0) {
		c->input_done = true;
		close_connection(c); /* gone before it was taken */
		return true;
	}
	if (all->stopping)
		c->owed = waiting_bytes(c);
	read_on(c);
	return true;
}

static void resume(struct connection *c)
{
	struct buf held = c->held;

	c->held = (struct buf){ .at = NULL };
	unpause(c);
	/* The silence was ours: nothing was read meanwhile. */
	c->last_read_ms = uv_now(c->pipe.loop);
	take_bytes(c, buf_text(&held));
	buf_release(&held);
	if (c->ended)
		finish_input(c);
	read_on(c);
}

/* Who waits longest goes on first, and if it must wait again it stands behind the others. */
void connections_resume(struct connections *all)
{
	while (all->paused != NULL && intake_has_room(all->intake)) {
		if (all->paused->closing)
			unpause(all->paused);
		else
			resume(all->paused);
	}
}

void connections_check_silence(struct connections *all)
{
	uint64_t limit_ms = (uint64_t)all->config->number[SETTING_LINE_TIMEOUT_S] * 1000;

	for (struct connection *c = all->first, *next; c != NULL; c = next) {
		next = c->next;
		if (c->paused || c->ended || c->closing || wire_unfinished(&c->framer) == 0 ||
		    uv_now(c->pipe.loop) - c->last_read_ms < limit_ms)
			continue;
		log_warning("silent in the middle of a line", "source=%s bytes=%zu",
		            log_quote(text_of(c->source)).text, wire_unfinished(&c->framer));
		uv_read_stop((uv_stream_t *)&c->pipe);
		c->ended = true;
		finish_input(c);
	}
}

bool connections_drained(struct connections *all)
{
	for (struct connection *c = all->first; c != NULL; c = c->next) {
		if (c->closing || c->input_done)
			continue;
		if (c->paused || c->ended || waiting_bytes(c) > 0)
			return false;
	}
	return true;
}

void connections_begin_end(struct connections *all)
{
	all->stopping = true;
	for (struct connection *c = all->first; c != NULL; c = c->next)
		c->owed = c->held.len + waiting_bytes(c) +
		          (c->ended ? wire_unfinished(&c->framer) : 0);
}

static bool is_owed(const struct connection *c)
{
	return !c->acks && !c->closing && !c->input_done && c->owed > 0;
}

bool connections_owing(const struct connections *all)
{
	for (const struct connection *c = all->first; c != NULL; c = c->next) {
		if (is_owed(c))
			return true;
	}
	return false;
}

bool connections_stop_reading(struct connections *all)
{
	bool lost = false;

	for (struct connection *c = all->first, *next; c != NULL; c = next) {
		next = c->next;
		if (c->closing || c->input_done)
			continue;
		uv_read_stop((uv_stream_t *)&c->pipe);
		if (is_owed(c)) {
			lost = true;
			log_error("stopped before all was read: it is lost", "source=%s bytes=%zu",
			          log_quote(text_of(c->source)).text, c->owed);
		}
		/* Who waits for acknowledgements sends it again, whole; the others cannot. */
		if (c->acks || c->paused) {
			c->input_done = true;
			connection_acknowledge(c);
			continue;
		}
		c->ended = true;
		finish_input(c);
	}
	return !lost;
}

size_t connections_untold(const struct connections *all)
{
	size_t count = 0;

	for (const struct connection *c = all->first; c != NULL; c = c->next)
		count += c->writing && !c->closing;
	return count;
}

void connections_close(struct connections *all)
{
	for (struct connection *c = all->first, *next; c != NULL; c = next) {
		next = c->next;
		close_connection(c);
	}
}

void connections_release(struct connections *all)
{
	while (all->first != NULL)
		free_connection(all->first);
}
