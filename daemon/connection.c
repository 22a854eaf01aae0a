#include "daemon/connection.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/log.h"

/* Whoever is many, or comes again and again, must not fill the disk with our log. */
static bool may_log(struct connections *all)
{
	if (all->lines_logged >= CONNECTIONS_LOG_LINES_MAX)
		return false;
	if (++all->lines_logged == CONNECTIONS_LOG_LINES_MAX)
		log_warning("no more about single gateways until the next summary", "%s", "");
	return true;
}

static unsigned uid_of(const struct connection *c)
{
	return c->peer != NULL ? c->peer->uid : (unsigned)-1;
}

static void put_into_place(struct connection *c, enum peer_place place)
{
	c->all->placed[c->place]--;
	c->place = place;
	c->all->placed[c->place]++;
}

static void leave_limited(struct connection *c)
{
	struct connection **at = &c->all->limited, *before = NULL;

	if (!c->limited)
		return;
	while (*at != c) {
		before = *at;
		at = &before->next_limited;
	}
	*at = c->next_limited;
	if (c->all->limited_last == c)
		c->all->limited_last = before;
	c->limited = false;
}

static void join_limited(struct connection *c)
{
	struct connections *all = c->all;

	c->limited = true;
	c->next_limited = NULL;
	if (all->limited == NULL)
		all->limited = c;
	else
		all->limited_last->next_limited = c;
	all->limited_last = c;
}

static void advance(struct connections *all, struct peer *peer);

/* The place of one that is gone is for who waits longest of the same user. */
static void leave_place(struct connection *c)
{
	c->all->placed[c->place] -= c->maker == NULL;
	if (c->peer == NULL)
		return;
	peers_leave(&c->all->peers, c->peer, c->place);
	if (peers_may_advance(&c->all->peers, c->peer))
		advance(c->all, c->peer);
}

static void free_connection(struct connection *c)
{
	leave_limited(c);
	if (c->previous != NULL)
		c->previous->next = c->next;
	else
		c->all->first = c->next;
	if (c->next != NULL)
		c->next->previous = c->previous;
	leave_place(c);
	feed_release(&c->feed);
	buf_release(&c->first);
	free(c);
}

static void free_if_done(struct connection *c)
{
	const struct connection_maker *maker = c->maker;
	const struct wire_ack totals = c->feed.totals;
	struct connections *all = c->all;

	if (!c->closed || c->feed.on_their_way > 0)
		return;
	free_connection(c);
	if (maker != NULL)
		maker->gone(maker->context, &totals);
	else
		all->on_gone(all->context);
}

static void on_closed(uv_handle_t *handle)
{
	struct connection *c = handle->data;

	c->closed = true;
	free_if_done(c);
}

void connection_close(struct connection *c)
{
	if (c->closing)
		return;
	c->closing = true;
	log_debug("connection closed", "uid=%u source=%s lines=%lld", uid_of(c),
	          log_quote(text_of(c->feed.source)).text, (long long)c->feed.totals.lines);
	uv_close((uv_handle_t *)&c->pipe, on_closed);
}

static void acknowledge(struct connection *c);

static void on_written(uv_write_t *write, int status)
{
	struct connection *c = write->data;

	c->writing = false;
	/* Nobody reads the acknowledgements any more; what was sent still counts. */
	if (status < 0)
		c->acks = false;
	acknowledge(c);
}

static void write_bytes(struct connection *c, const char *bytes, size_t len)
{
	uv_buf_t out = uv_buf_init((char *)bytes, (unsigned)len);

	c->write.data = c;
	c->writing = uv_write(&c->write, (uv_stream_t *)&c->pipe, &out, 1, on_written) == 0;
	if (!c->writing)
		connection_close(c);
}

/* At most one write in flight: the totals are cumulative, so a later one says it all. */
static void acknowledge(struct connection *c)
{
	if (c->closing) {
		free_if_done(c);
		return;
	}
	if (c->writing)
		return;
	if (c->acks && c->feed.moved) {
		struct buf line = { .at = NULL };

		wire_ack_format(&line, &c->feed.totals);
		assert(line.len <= sizeof(c->ack_bytes));
		if (line.error == 0) {
			memcpy(c->ack_bytes, line.at, line.len);
			c->feed.moved = false;
			write_bytes(c, c->ack_bytes, line.len);
		} else {
			connection_close(c);
		}
		buf_release(&line);
		return;
	}
	if (c->feed.done && c->feed.on_their_way == 0)
		connection_close(c);
}

/* So many bytes of it are not durable yet that it must wait. */
static bool is_ahead(const struct connection *c)
{
	/* At the end there is no later for what was sent, and the batches are limit enough. */
	return !c->all->stopping &&
	       c->feed.bytes_on_their_way >=
	               (size_t)c->all->config->number[SETTING_INFLIGHT_BYTES_MAX];
}

static void told(struct feed *feed)
{
	struct connection *c = feed->owner;

	if (feed->barred && !c->limited && !is_ahead(c))
		feed_unbar(feed);
	acknowledge(c);
}

static bool admits_made(struct feed *feed)
{
	return !is_ahead(feed->owner);
}

static bool admits(struct feed *feed)
{
	struct connection *c = feed->owner;
	struct connections *all = c->all;

	if (is_ahead(c))
		return false;
	if (all->stopping || peers_may_take(&all->peers, c->peer, uv_now(c->pipe.loop)))
		return true;
	join_limited(c);
	return false;
}

/* Says why and closes; the sender's fault must not stay unseen. */
static void refuse(struct connection *c, const char *why)
{
	uv_read_stop((uv_stream_t *)&c->pipe);
	c->feed.done = true;
	buf_add_cstr(&c->first, "{\"error\":");
	buf_add_json(&c->first, text_of(why));
	buf_add_cstr(&c->first, "}\n");
	if (c->first.error != 0)
		connection_close(c);
	else
		write_bytes(c, c->first.at, c->first.len);
}

static void refuse_hello(struct connection *c, const struct fault *fault)
{
	if (may_log(c->all))
		log_warning("hello refused", "uid=%u error=%s", uid_of(c),
		            log_quote(text_of(fault->text)).text);
	refuse(c, fault->text);
}

/* The first line may be a hello. */
static bool look(struct feed *feed, const struct wire_line *line)
{
	struct connection *c = feed->owner;
	struct wire_hello hello;
	struct fault fault;

	if (c->greeted)
		return false;
	c->greeted = true;
	if (!wire_hello_parse(line->text, c->all->doc, &hello, &fault))
		return false;
	if (fault.code != FAULT_NONE) {
		refuse_hello(c, &fault);
		return true;
	}
	c->acks = hello.ack;
	if (hello.source.at != NULL)
		text_copy(feed->source, sizeof(feed->source), hello.source);
	log_debug("hello", "uid=%u source=%s ack=%d", uid_of(c),
	          log_quote(text_of(feed->source)).text, c->acks);
	return true;
}

/* Memory is short: better without this connection than without the daemon. */
static void drop(struct connection *c)
{
	log_error("out of memory: connection dropped", "source=%s",
	          log_quote(text_of(c->feed.source)).text);
	c->feed.done = true;
	connection_close(c);
}

/* What of `bytes` bytes was taken, and so is not owed any more. */
static void taken(struct connection *c, size_t bytes, int r)
{
	bytes -= c->feed.held.len;
	c->owed -= c->owed < bytes ? c->owed : bytes;
	if (feed_waits(&c->feed))
		uv_read_stop((uv_stream_t *)&c->pipe);
	if (r < 0)
		drop(c);
}

/* No more will come: what stands unfinished is taken as it is. */
static void finish_input(struct connection *c)
{
	int r;

	if (c->feed.done || feed_waits(&c->feed))
		return;
	r = feed_finish(&c->feed, INGEST_LINE_CUT_OFF);
	if (r == FEED_WAITS)
		return;
	if (r < 0) {
		drop(c);
		return;
	}
	c->feed.done = true;
	acknowledge(c);
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
		taken(c, (size_t)count,
		      feed_take(&c->feed, (struct text){ bytes->base, (size_t)count }));
	} else if (count < 0) {
		uv_read_stop(stream);
		/* What is left of it: a line that ends without a newline. */
		c->owed = wire_unfinished(&c->feed.framer);
		c->ended = true;
		finish_input(c);
	}
}

static void read_on(struct connection *c)
{
	if (!feed_waits(&c->feed) && !c->ended && !c->feed.done && !c->closing &&
	    uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read) < 0)
		connection_close(c);
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

static void resume(struct feed *feed)
{
	struct connection *c = feed->owner;
	size_t held = feed->held.len;

	if (c->closing)
		return;
	/* The silence was ours: nothing was read meanwhile. */
	c->last_read_ms = uv_now(c->pipe.loop);
	taken(c, held, feed_take_held(feed));
	if (c->ended)
		finish_input(c);
	read_on(c);
}

static void took_of_gateway(struct feed *feed, const struct ingest_item *item)
{
	struct connection *c = feed->owner;

	(void)item;
	peers_took(&c->all->peers, c->peer);
}

static const struct feed_class class_of_gateways = {
	.admits = admits,
	.look = look,
	.took = took_of_gateway,
	.told = told,
	.resume = resume,
};

static void took(struct feed *feed, const struct ingest_item *item)
{
	const struct connection *c = feed->owner;

	c->maker->took(c->maker->context, item);
}

static void place(struct feed *feed, struct batch_place *place_out)
{
	const struct connection *c = feed->owner;

	c->maker->place(c->maker->context, place_out);
}

static const struct feed_class class_of_made = {
	.admits = admits_made,
	.took = took,
	.place = place,
	.told = told,
	.resume = resume,
};

static struct connection *new_connection(struct connections *all, uv_loop_t *loop,
                                         const struct connection_maker *maker)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	uv_pipe_init(loop, &c->pipe, 0);
	c->pipe.data = c;
	c->all = all;
	c->maker = maker;
	c->next = all->first;
	if (c->next != NULL)
		c->next->previous = c;
	all->first = c;
	c->place = PEER_REFUSED; /* until it is known who it is */
	all->placed[c->place] += maker == NULL;
	feed_init(&c->feed, maker != NULL ? &class_of_made : &class_of_gateways, all->feeds, c,
	          (size_t)all->config->number[SETTING_LINE_BYTES_MAX]);
	c->last_read_ms = uv_now(loop);
	return c;
}

/* Who waited, and may go on.  Nothing of it was read. */
static void serve(struct connection *c)
{
	peers_advance(&c->all->peers, c->peer);
	put_into_place(c, PEER_SERVED);
	c->last_read_ms = uv_now(c->pipe.loop);
	read_on(c);
}

static void advance(struct connections *all, struct peer *peer)
{
	struct connection *longest = NULL;

	/* The newest is the first of the list. */
	for (struct connection *c = all->first; c != NULL; c = c->next) {
		if (c->peer == peer && c->place == PEER_WAITS && !c->closing)
			longest = c;
	}
	if (longest != NULL)
		serve(longest);
}

static uid_t uid_of_pipe(const struct connection *c)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t len = sizeof(peer);
	uv_os_fd_t fd;

	if (uv_fileno((const uv_handle_t *)&c->pipe, &fd) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return (uid_t)-1;
	return peer.uid;
}

/* It is one more of its user: serves it, lets it wait, or says that there are too many. */
static void find_place(struct connection *c)
{
	struct connections *all = c->all;
	char why[160];

	put_into_place(c, peers_enter(&all->peers, c->peer, all->stopping));
	log_debug("gateway connected", "uid=%u", uid_of(c));
	if (c->place == PEER_SERVED) {
		read_on(c);
		return;
	}
	if (peers_may_log(c->peer, uv_now(c->pipe.loop)))
		log_warning("too many gateways of one user: further ones wait",
		            "uid=%u uid_connections_max=%zu waiting=%zu refused=%s", uid_of(c),
		            all->peers.connections_max, c->peer->waiting,
		            c->place == PEER_REFUSED ? "yes" : "no");
	if (c->place == PEER_WAITS)
		return;
	snprintf(why, sizeof(why),
	         "uid %u has %zu connections, the most one user may have "
	         "(uid_connections_max), and too many wait: close some, come again",
	         uid_of(c), c->peer->served);
	refuse(c, why);
}

bool connections_have_room(struct connections *all)
{
	size_t most = (size_t)all->config->number[SETTING_CONNECTIONS_MAX];

	if (all->placed[PEER_SERVED] >= most) {
		if (may_log(all))
			log_warning("too many gateways: one waits", "connections_max=%zu", most);
		return false;
	}
	return !peers_stand(&all->peers, uv_now(all->limited_timer.loop)) &&
	       all->placed[PEER_REFUSED] < CONNECTIONS_REFUSED_MAX;
}

bool connection_accept(struct connections *all, uv_stream_t *server)
{
	struct connection *c = new_connection(all, server->loop, NULL);

	if (c == NULL) {
		log_error("out of memory: a gateway waits", "%s", "");
		return false;
	}
	if (uv_accept(server, (uv_stream_t *)&c->pipe) < 0) {
		c->feed.done = true;
		connection_close(c); /* gone before it was taken */
		return true;
	}
	c->peer = peers_get(&all->peers, uid_of_pipe(c), uv_now(server->loop));
	if (c->peer == NULL) {
		drop(c);
		return true;
	}
	if (all->stopping)
		c->owed = waiting_bytes(c);
	find_place(c);
	return true;
}

/* Those over their user's lines a second, in turn, as far as these go now. */
static void on_limited(uv_timer_t *timer)
{
	struct connections *all = timer->data;
	struct connection *last = all->limited_last;

	for (struct connection *c = all->limited, *next; c != NULL; c = next) {
		next = c == last ? NULL : c->next_limited;
		/* Who has no line left keeps its turn. */
		if (!peers_may_take(&all->peers, c->peer, uv_now(timer->loop)))
			continue;
		leave_limited(c);
		feed_unbar(&c->feed);
		feeds_resume(all->feeds);
	}
}

void connections_start(struct connections *all, uv_loop_t *loop)
{
	const int64_t *number = all->config->number;

	peers_init(&all->peers, number[SETTING_CONNECTIONS_MAX],
	           number[SETTING_UID_CONNECTIONS_MAX], number[SETTING_UID_LINES_PER_S_MAX]);
	uv_timer_init(loop, &all->limited_timer);
	all->limited_timer.data = all;
	all->started = true;
	if (number[SETTING_UID_LINES_PER_S_MAX] > 0)
		uv_timer_start(&all->limited_timer, on_limited, CONNECTIONS_LIMITED_MS,
		               CONNECTIONS_LIMITED_MS);
}

struct connection *connection_make(struct connections *all, uv_loop_t *loop,
                                   const struct connection_maker *maker, struct text source)
{
	struct connection *c = new_connection(all, loop, maker);

	if (c == NULL)
		return NULL;
	c->feed.name = maker->name;
	text_copy(c->feed.source, sizeof(c->feed.source), source);
	c->greeted = c->acks = true;
	/* Until it is connected there is nothing to drain. */
	c->feed.done = true;
	return c;
}

void connection_begin(struct connection *c, struct text first)
{
	c->feed.done = false;
	c->last_read_ms = uv_now(c->pipe.loop);
	buf_add_text(&c->first, first);
	if (c->first.error != 0) {
		drop(c);
		return;
	}
	write_bytes(c, c->first.at, c->first.len);
	read_on(c);
}

void connections_check_silence(struct connections *all)
{
	uint64_t limit_ms = (uint64_t)all->config->number[SETTING_LINE_TIMEOUT_S] * 1000;

	peers_sweep(&all->peers, uv_now(all->limited_timer.loop));
	for (struct connection *c = all->first, *next; c != NULL; c = next) {
		next = c->next;
		if (feed_waits(&c->feed) || c->ended || c->closing ||
		    wire_unfinished(&c->feed.framer) == 0 ||
		    uv_now(c->pipe.loop) - c->last_read_ms < limit_ms)
			continue;
		if (may_log(all))
			log_warning("silent in the middle of a line", "uid=%u source=%s bytes=%zu",
			            uid_of(c), log_quote(text_of(c->feed.source)).text,
			            wire_unfinished(&c->feed.framer));
		uv_read_stop((uv_stream_t *)&c->pipe);
		c->ended = true;
		finish_input(c);
	}
}

bool connections_drained(struct connections *all)
{
	for (struct connection *c = all->first; c != NULL; c = c->next) {
		if (c->closing || c->feed.done)
			continue;
		if (feed_waits(&c->feed) || c->ended || waiting_bytes(c) > 0)
			return false;
	}
	return true;
}

void connections_begin_end(struct connections *all)
{
	all->stopping = true;
	for (struct connection *c = all->first; c != NULL; c = c->next) {
		c->owed = c->feed.held.len + waiting_bytes(c) +
		          (c->ended ? wire_unfinished(&c->feed.framer) : 0);
		if (c->place == PEER_WAITS && !c->closing)
			serve(c);
		leave_limited(c);
		if (c->feed.barred)
			feed_unbar(&c->feed);
	}
	feeds_resume(all->feeds);
}

static bool is_owed(const struct connection *c)
{
	return c->maker == NULL && !c->acks && !c->closing && !c->feed.done && c->owed > 0;
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
		if (c->closing || c->feed.done)
			continue;
		uv_read_stop((uv_stream_t *)&c->pipe);
		if (is_owed(c)) {
			lost = true;
			log_error("stopped before all was read: it is lost", "source=%s bytes=%zu",
			          log_quote(text_of(c->feed.source)).text, c->owed);
		}
		/* Who waits for acknowledgements sends it again, whole; the others cannot. */
		if (c->maker != NULL || c->acks || feed_waits(&c->feed)) {
			c->feed.done = true;
			acknowledge(c);
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
		connection_close(c);
	}
	if (all->started)
		uv_close((uv_handle_t *)&all->limited_timer, NULL);
	all->started = false;
}

void connections_release(struct connections *all)
{
	while (all->first != NULL)
		free_connection(all->first);
	peers_release(&all->peers);
}
