#include "daemon/datagram.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/intake.h"
#include "daemon/log.h"

static void on_readable(uv_poll_t *poll, int status, int events);

static void keep_error(struct datagram *d, const char *what)
{
	snprintf(d->error, sizeof(d->error), "%s", what);
	log_error("datagram socket", "path=%s error=%s", log_quote(text_of(d->config->path)).text,
	          log_quote(text_of(what)).text);
}

static void read_on(struct datagram *d)
{
	if (d->open && !d->feed.paused && !d->feed.done && !d->drained)
		uv_poll_start(&d->poll, UV_READABLE, on_readable);
}

/* The end of a datagram ends its last line.  False: no room, or no memory. */
static bool end_of_datagram(struct datagram *d, int r)
{
	if (r == 0 && !d->feed.paused)
		r = feed_finish(&d->feed, INGEST_LINE_WHOLE);
	if (r == -FAULT_NOMEM) {
		keep_error(d, "out of memory: lines of a datagram are lost");
		feed_rewind(&d->feed, 0);
	}
	if (d->feed.paused)
		uv_poll_stop(&d->poll);
	return r == 0 && !d->feed.paused;
}

/* One datagram.  False: the socket is empty, or it failed. */
static bool read_one(struct datagram *d)
{
	ssize_t len = recv(d->fd, d->bytes, sizeof(d->bytes), MSG_DONTWAIT | MSG_TRUNC);

	if (len < 0 && errno == EINTR)
		return true;
	if (len < 0) {
		if (errno != EAGAIN)
			keep_error(d, strerror(errno));
		d->drained = d->ending;
		if (d->drained || errno != EAGAIN)
			uv_poll_stop(&d->poll);
		return false;
	}
	if (len > DATAGRAM_BYTES_MAX) {
		const struct wire_line line = {
			.text = { d->bytes, DATAGRAM_BYTES_MAX },
			.length = (size_t)len,
			.too_long = true,
		};

		return end_of_datagram(d, feed_line(&d->feed, &line, INGEST_LINE_TOO_LONG));
	}
	return end_of_datagram(d, feed_take(&d->feed, (struct text){ d->bytes, (size_t)len }));
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct datagram *d = poll->data;

	(void)events;
	if (status < 0) {
		keep_error(d, uv_strerror(status));
		uv_poll_stop(poll);
		return;
	}
	for (int i = 0; i < DATAGRAMS_A_TURN; i++) {
		if (!intake_has_room(d->feed.all->intake)) {
			feed_pause(&d->feed);
			uv_poll_stop(poll);
			return;
		}
		if (!read_one(d))
			return;
	}
}

static void took(struct feed *feed, const struct ingest_item *item)
{
	struct datagram *d = feed->owner;

	(void)item;
	d->unplaced++;
}

/* There is no place to go on at; the lines are counted on. */
static void place(struct feed *feed, struct batch_place *place_out)
{
	struct datagram *d = feed->owner;

	place_out->lines = d->unplaced;
	place_out->len = 2;
	memcpy(place_out->json, "{}", 2);
	d->unplaced = 0;
}

static void told(struct feed *feed)
{
	(void)feed;
}

static void resume(struct feed *feed)
{
	struct datagram *d = feed->owner;

	end_of_datagram(d, feed_take_held(feed));
	read_on(d);
}

static const struct feed_class class_of_datagrams = {
	.took = took, .place = place, .told = told, .resume = resume
};

int datagram_start(struct datagram *d, uv_loop_t *loop, struct feeds *feeds, size_t line_bytes_max,
                   const struct config_feed *config, int64_t lines, struct fault *fault)
{
	const int room = DATAGRAM_RECEIVE_BYTES;
	int r;

	d->config = config;
	d->lines = lines;
	d->fd = -1;
	feed_init(&d->feed, &class_of_datagrams, feeds, d, line_bytes_max);
	d->feed.name = config->name;
	text_copy(d->feed.source, sizeof(d->feed.source), text_of(config->source));
	r = listener_bind(config->path, SOCK_DGRAM, config->mode, &d->fd, &d->file, fault);
	if (r < 0)
		return r;
	/* More than the system's limit where we may; what it gives is what there is. */
	if (setsockopt(d->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0)
		setsockopt(d->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	r = uv_poll_init(loop, &d->poll, d->fd);
	if (r < 0)
		return fault_set(fault, FAULT_IO, "%s: %s", config->path, uv_strerror(r));
	d->poll.data = d;
	d->open = true;
	read_on(d);
	return 0;
}

void datagram_begin_end(struct datagram *d)
{
	d->ending = true;
	if (d->open)
		shutdown(d->fd, SHUT_RD);
	/* A socket that is shut is readable, also when it is empty. */
	read_on(d);
}

bool datagram_drained(const struct datagram *d)
{
	return !d->open || d->drained;
}

bool datagram_stop(struct datagram *d)
{
	bool lost = d->open && !d->drained;

	if (d->open)
		uv_poll_stop(&d->poll);
	d->feed.done = true;
	if (lost)
		log_error("stopped before all datagrams were read: they are lost", "path=%s",
		          log_quote(text_of(d->config->path)).text);
	return !lost;
}

static void on_closed(uv_handle_t *handle)
{
	struct datagram *d = handle->data;

	close(d->fd);
	d->fd = -1;
}

void datagram_close(struct datagram *d)
{
	if (d->config == NULL)
		return;
	listener_unbind(d->config->path, &d->file);
	d->feed.done = true;
	if (d->open)
		uv_close((uv_handle_t *)&d->poll, on_closed);
	else if (d->fd >= 0)
		close(d->fd);
	d->open = false;
}

void datagram_release(struct datagram *d)
{
	if (d->config != NULL)
		feed_release(&d->feed);
}

struct inlet_status datagram_status(const struct datagram *d)
{
	struct inlet_status status = {
		.state = d->feed.paused ? INLET_PAUSED : INLET_READING,
		.lines = d->lines + d->feed.totals.lines,
		.lag_bytes = -1, /* the kernel tells the length of the first one only */
		.error = d->error,
	};

	return status;
}
