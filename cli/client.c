#include "cli/client.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"

enum {
	READ_BYTES = 16384,
	STEP_MS = 200,             /* interrupted() is looked at so often */
	COMPACT_BYTES = 64 * 1024, /* acknowledged bytes in front are worth a move from here on */
};

static int64_t steady_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int client_init(struct client *client, const char *path, struct text source, struct fault *fault)
{
	struct sockaddr_un address;

	*client = (struct client){
		.path = path,
		.source = source,
		.patience_ms = CLIENT_PATIENCE_S * 1000,
		.fd = -1,
		.progress_ms = steady_ms(),
	};
	if (strlen(path) >= sizeof(address.sun_path))
		return fault_set(fault, FAULT_RANGE, "%s: the path is too long for a socket", path);
	client->lengths = calloc(CLIENT_WINDOW_LINES, sizeof(*client->lengths));
	return client->lengths != NULL ? 0 : fault_set(fault, FAULT_NOMEM, "send: out of memory");
}

static void add_ack(struct wire_ack *total, const struct wire_ack *ack)
{
	total->lines += ack->lines;
	total->accepted += ack->accepted;
	total->duplicate += ack->duplicate;
	total->conflict += ack->conflict;
	total->unpriced += ack->unpriced;
	total->quarantined += ack->quarantined;
}

static void drop_connection(struct client *client)
{
	if (client->fd < 0)
		return;
	close(client->fd);
	client->fd = -1;
	add_ack(&client->total, &client->here);
	client->here = (struct wire_ack){ .lines = 0 };
}

void client_release(struct client *client)
{
	drop_connection(client);
	free(client->lengths);
	client->lengths = NULL;
	buf_release(&client->window);
	buf_release(&client->hello);
	buf_release(&client->reply);
	json_release(&client->doc);
}

struct wire_ack client_total(const struct client *client)
{
	struct wire_ack total = client->total;

	add_ack(&total, &client->here);
	return total;
}

/* The connection is gone: everything unacknowledged will be written again. */
static void lose_connection(struct client *client)
{
	for (size_t i = 0, at = client->start; i < client->count; i++) {
		at += client->lengths[(client->oldest + i) % CLIENT_WINDOW_LINES];
		client->resent += at <= client->written;
	}
	client->written = client->start;
	drop_connection(client);
	client->retry_ms = steady_ms() + client->pause_ms;
}

static void pause_longer(struct client *client)
{
	client->pause_ms = client->pause_ms > 0 ? 2 * client->pause_ms : CLIENT_PAUSE_MS;
	if (client->pause_ms > CLIENT_PAUSE_MS_MAX)
		client->pause_ms = CLIENT_PAUSE_MS_MAX;
	client->retry_ms = steady_ms() + client->pause_ms;
}

static int open_connection(struct client *client, struct fault *fault)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fault_set(fault, FAULT_IO, "socket: %s", strerror(errno));
	memcpy(address.sun_path, client->path, strlen(client->path) + 1);
	pause_longer(client);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		int code = errno;

		close(fd);
		if (code == EACCES || code == EPERM || code == ENOTSOCK || code == EPROTOTYPE)
			return fault_set(fault, FAULT_IO, "%s: %s", client->path, strerror(code));
		if (!client->waiting_told)
			command_say("%s: %s; trying again for %lld s", client->path, strerror(code),
			            (long long)(client->patience_ms / 1000));
		client->waiting_told = true;
		return 0;
	}
	fcntl(fd, F_SETFL, O_NONBLOCK);
	client->fd = fd;
	client->connections++;
	buf_clear(&client->hello);
	buf_clear(&client->reply);
	wire_hello_format(&client->hello, client->source, true);
	client->hello_written = 0;
	return client->hello.error == 0 ? 0 : fault_set(fault, FAULT_NOMEM, "send: out of memory");
}

/* Forgets the oldest lines, which are durable. */
static void forget(struct client *client, int64_t lines)
{
	for (; lines > 0; lines--) {
		client->start += client->lengths[client->oldest];
		client->oldest = (client->oldest + 1) % CLIENT_WINDOW_LINES;
		client->count--;
	}
	if (client->start == client->window.len) {
		client->window.len = client->start = client->written = 0;
	} else if (client->start > COMPACT_BYTES && client->start > client->window.len / 2) {
		client->window.len -= client->start;
		client->written -= client->start;
		memmove(client->window.at, client->window.at + client->start, client->window.len);
		client->start = 0;
	}
}

/*
 * Lines that are wholly written on this connection and not acknowledged; of the last one
 * the newline may be missing, an object tells its own end.
 */
static bool is_written(const struct client *client, int64_t lines)
{
	size_t end = client->start;

	if (lines > (int64_t)client->count)
		return false;
	for (int64_t i = 0; i < lines; i++)
		end += client->lengths[(client->oldest + (size_t)i) % CLIENT_WINDOW_LINES];
	return lines == 0 || end - 1 <= client->written;
}

static int take_ack(struct client *client, struct text line, struct fault *fault)
{
	struct wire_ack ack = { .lines = 0 };
	int64_t fresh;
	int r = wire_ack_parse(line, &client->doc, &ack, fault);

	if (r < 0)
		return r;
	fresh = ack.lines - client->here.lines;
	if (fresh < 0 || !is_written(client, fresh))
		return fault_set(fault, FAULT_INVALID,
		                 "%s: acknowledges %lld line%s, but that is not what was sent",
		                 client->path, (long long)ack.lines, ack.lines == 1 ? "" : "s");
	client->here = ack;
	if (fresh > 0) {
		forget(client, fresh);
		client->progress_ms = steady_ms();
		client->pause_ms = 0;
	}
	return 0;
}

static int read_acks(struct client *client, struct fault *fault)
{
	for (;;) {
		char *room = buf_room(&client->reply, READ_BYTES);
		struct text rest, line;
		ssize_t got;
		int r = 0;

		if (room == NULL)
			return fault_set(fault, FAULT_NOMEM, "send: out of memory");
		got = recv(client->fd, room, READ_BYTES, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return 0;
		if (got <= 0) {
			lose_connection(client);
			return 0;
		}
		client->reply.len += (size_t)got;
		rest = buf_text(&client->reply);
		while (r == 0 && rest.len > 0 && memchr(rest.at, '\n', rest.len) != NULL) {
			text_cut(&rest, '\n', &line);
			r = take_ack(client, line, fault);
		}
		if (r < 0)
			return r;
		if (rest.len > WIRE_ACK_BYTES_MAX)
			return fault_set(fault, FAULT_INVALID, "%s: this is not tolld",
			                 client->path);
		memmove(client->reply.at, rest.at, rest.len);
		client->reply.len = rest.len;
	}
}

/* 1: all written, 0: no room for all of it now, -1: the other side reads no more. */
static int write_some(struct client *client, const char *bytes, size_t len, size_t *written)
{
	ssize_t wrote;

	do {
		wrote = send(client->fd, bytes, len, MSG_NOSIGNAL);
	} while (wrote < 0 && errno == EINTR);
	if (wrote < 0)
		return errno == EAGAIN ? 0 : -1;
	*written += (size_t)wrote;
	return wrote == (ssize_t)len;
}

static bool has_to_write(const struct client *client)
{
	return client->hello_written < client->hello.len || client->written < client->window.len;
}

static int write_lines(struct client *client)
{
	int r = 1;

	if (client->hello_written < client->hello.len)
		r = write_some(client, client->hello.at + client->hello_written,
		               client->hello.len - client->hello_written, &client->hello_written);
	if (r == 1 && client->written < client->window.len)
		r = write_some(client, client->window.at + client->written,
		               client->window.len - client->written, &client->written);
	return r;
}

/* One look at the socket, at most wait_ms long. */
static int step(struct client *client, int64_t wait_ms, struct fault *fault)
{
	struct pollfd poll_fd = { .events = POLLIN };
	int64_t now = steady_ms();

	if (client->interrupted != NULL && client->interrupted())
		return fault_set(fault, FAULT_CLOSED, "interrupted");
	if (client->count > 0 && now - client->progress_ms > client->patience_ms)
		return fault_set(fault, FAULT_CLOSED, "%s: no %s for %lld s", client->path,
		                 client->connections > 0 ? "acknowledgement" : "connection",
		                 (long long)(client->patience_ms / 1000));
	if (client->fd < 0 && now >= client->retry_ms) {
		int r = open_connection(client, fault);

		if (r < 0)
			return r;
	}
	if (wait_ms > STEP_MS)
		wait_ms = STEP_MS;
	poll_fd.fd = client->fd;
	if (client->fd < 0 && client->retry_ms - now < wait_ms)
		wait_ms = client->retry_ms > now ? client->retry_ms - now : 0;
	if (has_to_write(client))
		poll_fd.events |= POLLOUT;
	if (poll(&poll_fd, 1, (int)wait_ms) <= 0 || client->fd < 0)
		return 0;
	if ((poll_fd.revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
		int r = read_acks(client, fault);

		if (r < 0)
			return r;
	}
	if (client->fd >= 0 && (poll_fd.revents & POLLOUT) != 0 && write_lines(client) < 0) {
		/* What it said before it closed is heard first. */
		int r = read_acks(client, fault);

		if (client->fd >= 0)
			lose_connection(client);
		return r;
	}
	return 0;
}

static bool has_room(const struct client *client, size_t len)
{
	return client->count == 0 ||
	       (client->count < CLIENT_WINDOW_LINES &&
	        client->window.len - client->start + len <= CLIENT_WINDOW_BYTES);
}

int client_send(struct client *client, struct text line, struct fault *fault)
{
	enum { WRITE_BYTES_MIN = 64 * 1024 };

	if (line.len > CLIENT_LINE_BYTES_MAX)
		return fault_set(fault, FAULT_RANGE, "a line has more than %d bytes",
		                 CLIENT_LINE_BYTES_MAX);
	while (!has_room(client, line.len + 1)) {
		int r = step(client, STEP_MS, fault);

		if (r < 0)
			return r;
	}
	if (client->count == 0)
		client->progress_ms = steady_ms(); /* patience begins with the first line */
	buf_add(&client->window, line.at, line.len);
	buf_add(&client->window, "\n", 1);
	if (client->window.error != 0)
		return fault_set(fault, FAULT_NOMEM, "send: out of memory");
	client->lengths[(client->oldest + client->count++) % CLIENT_WINDOW_LINES] =
		(uint32_t)line.len + 1;
	/* Few large writes instead of one a line. */
	return client->window.len - client->written >= WRITE_BYTES_MIN ? step(client, 0, fault) : 0;
}

int client_wait(struct client *client, int64_t wait_ms, struct fault *fault)
{
	int64_t end = steady_ms() + wait_ms, left;

	while ((left = end - steady_ms()) > 0) {
		int r = step(client, left, fault);

		if (r < 0)
			return r;
	}
	return 0;
}

int client_finish(struct client *client, struct fault *fault)
{
	while (client->count > 0) {
		int r = step(client, STEP_MS, fault);

		if (r < 0)
			return r;
	}
	return 0;
}

void client_source(struct client *client, struct text source)
{
	assert(client->count == 0);
	drop_connection(client);
	client->source = source;
	client->retry_ms = 0;
	client->pause_ms = 0;
}
