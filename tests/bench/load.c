/* The gateways: one thread plays all of them. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "wire/wire.h"

enum { WRITE_BYTES = 256 * 1024, READ_BYTES = 64 * 1024 };

struct gateway {
	int fd;
	const struct bench_lines *lines;
	size_t sent_bytes, allowed_bytes; /* may be sent now */
	int64_t acknowledged;
	struct wire_framer acks;
	struct json doc;
};

struct load {
	struct gateway gateway[BENCH_CONNECTIONS];
	void (*on_ack)(struct load *load, unsigned gateway, int64_t before, int64_t now);
	void *context;
};

static void open_gateway(struct gateway *gateway, unsigned number, const char *path,
                         const struct bench_lines *lines)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct buf hello = { .at = NULL };
	char source[16];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(source, sizeof(source), "gw-%u", number + 1);
	wire_hello_format(&hello, text_of(source), true);
	if (!text_copy(address.sun_path, sizeof(address.sun_path), text_of(path)) || fd < 0 ||
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    write(fd, hello.at, hello.len) != (ssize_t)hello.len)
		bench_fail("%s: %s", path, strerror(errno));
	buf_release(&hello);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	*gateway = (struct gateway){ .fd = fd, .lines = lines };
	wire_framer_init(&gateway->acks, WIRE_ACK_BYTES_MAX);
}

static void open_load(struct load *load, const char *path,
                      const struct bench_lines lines[BENCH_CONNECTIONS])
{
	for (unsigned g = 0; g < BENCH_CONNECTIONS; g++)
		open_gateway(&load->gateway[g], g, path, &lines[g]);
}

static void close_load(struct load *load)
{
	for (unsigned g = 0; g < BENCH_CONNECTIONS; g++) {
		close(load->gateway[g].fd);
		wire_framer_release(&load->gateway[g].acks);
		json_release(&load->gateway[g].doc);
	}
}

/* Writes what the socket takes of what is allowed. */
static void send_some(struct gateway *gateway)
{
	while (gateway->sent_bytes < gateway->allowed_bytes) {
		size_t len = gateway->allowed_bytes - gateway->sent_bytes;
		ssize_t n = write(gateway->fd, gateway->lines->at + gateway->sent_bytes,
		                  len < WRITE_BYTES ? len : WRITE_BYTES);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			bench_fail("write: %s", strerror(errno));
		gateway->sent_bytes += (size_t)n;
	}
}

static void take_ack(struct load *load, unsigned g, struct text line)
{
	struct gateway *gateway = &load->gateway[g];
	int64_t before = gateway->acknowledged;
	struct wire_ack ack;

	if (wire_ack_parse(line, &gateway->doc, &ack, NULL) < 0)
		bench_fail("no acknowledgement: %.*s", TEXT_ARGS(line));
	/* What is not plainly stored and priced is not what is measured here. */
	if (ack.accepted != ack.lines)
		bench_fail("lines were not accepted: %.*s", TEXT_ARGS(line));
	gateway->acknowledged = ack.lines;
	if (load->on_ack != NULL)
		load->on_ack(load, g, before, ack.lines);
}

static void read_acks(struct load *load, unsigned g)
{
	struct gateway *gateway = &load->gateway[g];
	char bytes[READ_BYTES];
	ssize_t n = read(gateway->fd, bytes, sizeof(bytes));
	struct text rest = { bytes, n > 0 ? (size_t)n : 0 };
	struct wire_line line;
	int error = 0;

	if (n == 0 || (n < 0 && errno != EAGAIN))
		bench_fail("tolld closed the connection");
	while (wire_next(&gateway->acks, &rest, &line, &error))
		take_ack(load, g, line.text);
}

/* Waits until something can be done, at most to until_ns; false: nothing is left to do. */
static bool step(struct load *load, int64_t until_ns)
{
	struct pollfd fds[BENCH_CONNECTIONS];
	int64_t wait_ns = until_ns - bench_now_ns();
	struct timespec wait;
	bool left = false;

	for (unsigned g = 0; g < BENCH_CONNECTIONS; g++) {
		const struct gateway *gateway = &load->gateway[g];
		bool more = gateway->sent_bytes < gateway->allowed_bytes;

		fds[g] = (struct pollfd){ gateway->fd, (short)(POLLIN | (more ? POLLOUT : 0)), 0 };
		left = left || gateway->acknowledged < (int64_t)gateway->lines->count;
	}
	if (!left)
		return false;
	wait_ns = wait_ns > 0 ? wait_ns : 0;
	wait = (struct timespec){ wait_ns / 1000000000, wait_ns % 1000000000 };
	if (ppoll(fds, BENCH_CONNECTIONS, &wait, NULL) < 0)
		bench_fail("poll: %s", strerror(errno));
	for (unsigned g = 0; g < BENCH_CONNECTIONS; g++) {
		if ((fds[g].revents & POLLOUT) != 0)
			send_some(&load->gateway[g]);
		if ((fds[g].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
			read_acks(load, g);
	}
	return true;
}

int64_t bench_flood(const char *socket, const struct bench_lines lines[BENCH_CONNECTIONS])
{
	struct load load = { .on_ack = NULL };
	int64_t begin, took;

	open_load(&load, socket, lines);
	for (unsigned g = 0; g < BENCH_CONNECTIONS; g++)
		load.gateway[g].allowed_bytes = lines[g].len;
	begin = bench_now_ns();
	while (step(&load, INT64_MAX))
		;
	took = bench_now_ns() - begin;
	close_load(&load);
	return took;
}

struct pace {
	int64_t begin_ns, per_second;
	int64_t *latency_ns;
};

/* Line `index` of a gateway is line index * CONNECTIONS + gateway of all. */
static int64_t due_ns(const struct pace *pace, unsigned gateway, int64_t index)
{
	return pace->begin_ns +
	       (index * BENCH_CONNECTIONS + gateway) * INT64_C(1000000000) / pace->per_second;
}

static void note_latency(struct load *load, unsigned g, int64_t before, int64_t now)
{
	const struct pace *pace = load->context;
	int64_t now_ns = bench_now_ns();

	for (int64_t i = before; i < now; i++)
		pace->latency_ns[i * BENCH_CONNECTIONS + g] = now_ns - due_ns(pace, g, i);
}

void bench_pace(const char *socket, const struct bench_lines lines[BENCH_CONNECTIONS],
                int64_t per_second, const struct bench_call *at_line, int64_t *latency_ns_out)
{
	struct pace pace = { 0, per_second, latency_ns_out };
	struct load load = { .on_ack = note_latency, .context = &pace };
	size_t all = lines[0].count * BENCH_CONNECTIONS, next = 0;
	bool left = true;

	open_load(&load, socket, lines);
	pace.begin_ns = bench_now_ns();
	while (left) {
		int64_t next_ns = INT64_MAX, now_ns = bench_now_ns();

		for (; next < all; next++) {
			unsigned g = (unsigned)(next % BENCH_CONNECTIONS);
			size_t index = next / BENCH_CONNECTIONS;

			assert(lines[g].count == lines[0].count);
			next_ns = due_ns(&pace, g, (int64_t)index);
			if (next_ns > now_ns)
				break;
			if (at_line != NULL && next == at_line->at_line)
				at_line->call(at_line->context);
			load.gateway[g].allowed_bytes = lines[g].ends[index];
			send_some(&load.gateway[g]);
		}
		left = step(&load, next < all ? next_ns : INT64_MAX);
	}
	close_load(&load);
}
