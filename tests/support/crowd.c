#include "tests/support/crowd.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
/* after the ones above, as it asks for */
#include <cmocka.h>

#include "tests/support/daemonkit.h"
#include "wire/wire.h"

enum {
	POLL_MS = 5,
	POLITE_MS = 150,
	VANISH_MS = 40,
	HALF_MS = 300,
	SLOW_MS = 1000,
	NEVER = -1,
};

const char *const crowd_kind_names[CROWD_KIND_COUNT] = {
	[CROWD_FLOOD] = "flood",     [CROWD_DEAF] = "deaf",   [CROWD_POLITE] = "polite",
	[CROWD_SLOW] = "slow",       [CROWD_HALF] = "half",   [CROWD_VANISH] = "vanish",
	[CROWD_HOSTILE] = "hostile", [CROWD_PACED] = "paced",
};

/* In a child: what is wrong goes to the test's log, and the test sees the exit status. */
_Noreturn static void die(const struct crowd_client *client, const char *what)
{
	fprintf(stderr, "%s client: %s: %s; made %lld, acknowledged %lld\n",
	        crowd_kind_names[client->kind], what, strerror(errno), (long long)client->made,
	        (long long)client->acked);
	_exit(1);
}

static uint64_t random_next(struct crowd_client *client)
{
	/* splitmix64 */
	uint64_t z = (client->state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static int64_t input_of(int64_t n)
{
	return 1 + n % 977;
}

int64_t crowd_nanos(int64_t n)
{
	return (input_of(n) + 2 * 10) * 1000;
}

static void put_event(struct buf *out, int64_t n)
{
	buf_addf(out,
	         "{\"id\":\"n-%lld\",\"time\":\"2026-01-02T%02lld:04:05Z\",\"account\":\"a%lld\","
	         "\"model\":\"m/a\",\"api\":\"openai.chat\",\"usage\":{\"prompt_tokens\":%lld,"
	         "\"completion_tokens\":10}}\n",
	         (long long)n, (long long)(n / 500 % 24), (long long)(n % 7),
	         (long long)input_of(n));
}

static void make_event(struct crowd_client *client)
{
	put_event(&client->out, client->made++);
}

/* A line that is no event; which one, and how long, is random. */
static void put_hostile(const struct crowd *crowd, struct crowd_client *client)
{
	struct buf *out = &client->out;
	size_t len;

	switch (random_next(client) % 5) {
	case 0: /* too long */
		len = crowd->line_bytes_max + 1 + random_next(client) % (3 * crowd->line_bytes_max);
		for (size_t i = 0; i < len; i += 16)
			buf_add_cstr(out, "xxxxxxxxxxxxxxxx");
		break;
	case 1: /* binary */
		buf_add(out, "\x01", 1);
		len = random_next(client) % 500;
		for (size_t i = 0; i < len; i++) {
			char byte = (char)random_next(client);

			buf_add(out, byte == '\n' ? "\0" : &byte, 1);
		}
		break;
	case 2: /* deep */
		len = 1 + random_next(client) % 4000;
		buf_add_cstr(out, "{\"id\":");
		for (size_t i = 0; i < len; i++)
			buf_add_cstr(out, "[");
		break;
	case 3:
		buf_add_cstr(out,
		             "{\"id\":\"a\\u0000b\",\"time\":\"9999-99-99\",\"usage\":-1e999}");
		break;
	default:
		buf_add_cstr(out, "GET / HTTP/1.1");
	}
	buf_add_cstr(out, "\n");
}

static void disconnect(struct crowd_client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
	buf_clear(&client->out);
	buf_clear(&client->in);
	client->sent = 0;
}

static void connect_client(const struct crowd *crowd, struct crowd_client *client, int number)
{
	char source[16];

	client->fd = daemonkit_connect(crowd->socket);
	if (client->fd < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return;
		die(client, "connect");
	}
	fcntl(client->fd, F_SETFL, O_NONBLOCK);
	snprintf(source, sizeof(source), "c-%d", number);
	wire_hello_format(&client->out, text_of(source), true);
	client->base = client->acked;
	client->lines = 0;
	client->visits++;
}

/* --- what each kind does when it is its time -------------------------------- */

static bool floods(const struct crowd_client *client)
{
	return (client->kind == CROWD_FLOOD || client->kind == CROWD_DEAF) &&
	       (client->most == 0 || client->made < client->most);
}

static void fill(struct crowd_client *client)
{
	while (client->out.len < CROWD_SENT_BYTES &&
	       (client->most == 0 || client->made < client->most))
		make_event(client);
}

static void pace(struct crowd_client *client, int64_t now)
{
	int64_t due;

	if (client->begun_ms == 0)
		client->begun_ms = now;
	due = (now - client->begun_ms) * client->per_s / 1000;
	while (client->made < due && client->out.len < 2 * CROWD_SENT_BYTES)
		make_event(client);
}

static void ask(const struct crowd *crowd, struct crowd_client *client, int64_t now)
{
	if (client->kind == CROWD_HOSTILE)
		put_hostile(crowd, client);
	make_event(client);
	client->asked_ms = now;
	client->due_ms = NEVER;
}

/* Sends its first event again if that was not acknowledged, then a half of the next one. */
static void put_half(struct crowd_client *client)
{
	struct buf next = { .at = NULL };

	put_event(&client->out, client->acked);
	put_event(&next, client->acked + 1);
	buf_add(&client->out, next.at, 1 + random_next(client) % (next.len - 2));
	buf_release(&next);
	client->made = client->acked + 2;
	client->due_ms = NEVER;
}

/* A visit ends when all is in the socket. */
static void visit(struct crowd_client *client)
{
	for (int i = 0; i < CROWD_VANISH_EVENTS; i++)
		make_event(client);
	client->due_ms = NEVER;
}

static void put_byte(struct crowd_client *client, int64_t now)
{
	static char line[512];
	struct buf event = { .at = NULL };
	size_t at = (size_t)(client->most++);

	put_event(&event, 0);
	assert(event.len < sizeof(line));
	memcpy(line, event.at, event.len);
	client->made = 1;
	if (at < event.len)
		buf_add(&client->out, &line[at], 1);
	buf_release(&event);
	client->due_ms = now + SLOW_MS;
}

static void act(const struct crowd *crowd, struct crowd_client *client, int number, int64_t now)
{
	if (client->fd < 0 && client->due_ms <= now)
		connect_client(crowd, client, number);
	if (client->fd < 0)
		return;
	if (client->kind == CROWD_FLOOD || client->kind == CROWD_DEAF)
		fill(client);
	else if (client->kind == CROWD_PACED)
		pace(client, now);
	if (client->due_ms == NEVER || client->due_ms > now)
		return;
	if (client->kind == CROWD_POLITE || client->kind == CROWD_HOSTILE)
		ask(crowd, client, now);
	else if (client->kind == CROWD_HALF)
		put_half(client);
	else if (client->kind == CROWD_VANISH)
		visit(client);
	else if (client->kind == CROWD_SLOW)
		put_byte(client, now);
}

/* --- bytes ------------------------------------------------------------------ */

/* False: the socket takes no more just now, or there is no more. */
static bool send_out(struct crowd_client *client, int64_t now)
{
	ssize_t n = send(client->fd, client->out.at + client->sent, client->out.len - client->sent,
	                 MSG_NOSIGNAL);

	if (n < 0 && errno == EAGAIN) {
		client->blocked++;
		return false;
	}
	/* Only one that was put out finds it closed, and knows so by reading. */
	if (n < 0 && client->kind != CROWD_HALF)
		die(client, "send");
	if (n < 0)
		return false;
	client->sent += (size_t)n;
	memmove(client->out.at, client->out.at + client->sent, client->out.len - client->sent);
	client->out.len -= client->sent;
	client->sent = 0;
	if (client->kind == CROWD_VANISH && client->out.len == 0) {
		disconnect(client);
		client->due_ms = now + VANISH_MS;
	}
	return true;
}

static void take_ack(struct crowd_client *client, const struct wire_ack *ack, int64_t now)
{
	if (ack->conflict + ack->unpriced != 0)
		die(client, "an event of it was in conflict or unpriced");
	client->acked = client->base + ack->accepted + ack->duplicate;
	client->lines = ack->lines;
	if (client->acked > client->made)
		die(client, "more is acknowledged than was sent");
	if (client->kind == CROWD_HOSTILE)
		client->refused = ack->quarantined;
	if ((client->kind == CROWD_POLITE || client->kind == CROWD_HOSTILE) &&
	    client->acked == client->made) {
		if (now - client->asked_ms > client->longest_ms)
			client->longest_ms = now - client->asked_ms;
		client->due_ms = now + POLITE_MS + (int64_t)(random_next(client) % POLITE_MS);
	}
}

static void take_lines(struct crowd_client *client, struct json *doc, int64_t now)
{
	struct text rest = buf_text(&client->in);
	const char *newline;

	while (rest.len > 0 && (newline = memchr(rest.at, '\n', rest.len)) != NULL) {
		struct text line = { rest.at, (size_t)(newline - rest.at) };
		struct wire_ack ack;
		struct fault fault;

		rest.len -= line.len + 1;
		rest.at += line.len + 1;
		if (wire_ack_parse(line, doc, &ack, &fault) < 0)
			die(client, fault.text);
		take_ack(client, &ack, now);
	}
	memmove(client->in.at, rest.at, rest.len);
	client->in.len = rest.len;
}

static void receive(struct crowd_client *client, struct json *doc, int64_t now)
{
	char bytes[4096];
	ssize_t n = recv(client->fd, bytes, sizeof(bytes), 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n > 0) {
		buf_add(&client->in, bytes, (size_t)n);
		take_lines(client, doc, now);
		return;
	}
	if (client->kind != CROWD_HALF)
		die(client, "the daemon closed the connection");
	disconnect(client);
	client->due_ms = now + HALF_MS;
}

static bool is_done(const struct crowd_client *client)
{
	if (client->kind == CROWD_DEAF)
		return client->out.len == client->sent;
	if (client->kind == CROWD_SLOW || client->kind == CROWD_HALF ||
	    client->kind == CROWD_VANISH)
		return true;
	return client->acked == client->made && client->out.len == client->sent;
}

static short events_of(const struct crowd_client *client)
{
	short events = client->kind == CROWD_DEAF ? 0 : POLLIN;

	return client->out.len > client->sent ? events | POLLOUT : events;
}

/* One turn of all clients of a process; the number of those who are not done. */
static int turn(const struct crowd *crowd, int process, struct pollfd polled[], int of[],
                struct json *doc)
{
	int64_t now = daemonkit_now_ms();
	bool stop = atomic_load(crowd->stop);
	int count = 0, undone = 0;

	for (int i = 0; i < crowd->count; i++) {
		struct crowd_client *client = &crowd->clients[i];

		if (client->process != process)
			continue;
		if (!stop)
			act(crowd, client, i, now);
		undone += !is_done(client);
		if (client->fd < 0)
			continue;
		polled[count] = (struct pollfd){ client->fd, events_of(client), 0 };
		of[count++] = i;
	}
	poll(polled, (nfds_t)count, POLL_MS);
	now = daemonkit_now_ms();
	for (int i = 0; i < count; i++) {
		struct crowd_client *client = &crowd->clients[of[i]];

		if (polled[i].revents & (POLLIN | POLLHUP | POLLERR) && client->kind != CROWD_DEAF)
			receive(client, doc, now);
		if (client->fd < 0 || (polled[i].revents & POLLOUT) == 0)
			continue;
		/* One that floods: until the socket takes no more. */
		while (send_out(client, now) && !stop && floods(client))
			fill(client);
	}
	return undone;
}

_Noreturn static void run(const struct crowd *crowd, int process)
{
	struct pollfd *polled = calloc((size_t)crowd->count, sizeof(*polled));
	int *of = calloc((size_t)crowd->count, sizeof(*of));
	struct json doc = { .nodes = NULL };
	int64_t until = 0;
	int undone;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	assert(polled != NULL && of != NULL);
	do {
		undone = turn(crowd, process, polled, of, &doc);
		if (atomic_load(crowd->stop) && until == 0)
			until = daemonkit_now_ms() + CROWD_END_MS;
		if (until != 0 && daemonkit_now_ms() > until) {
			fprintf(stderr, "%d clients are not done\n", undone);
			_exit(1);
		}
	} while (undone > 0 || until == 0);
	/* Its memory and its sockets go with it. */
	_exit(0);
}

/* --- the test's side ---------------------------------------------------------- */

void crowd_begin(struct crowd *crowd, int count, const char *socket, size_t line_bytes_max)
{
	size_t bytes = (size_t)count * sizeof(*crowd->clients) + sizeof(*crowd->stop);
	void *shared = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(shared != MAP_FAILED);
	*crowd = (struct crowd){ .clients = shared,
		                 .count = count,
		                 .socket = socket,
		                 .line_bytes_max = line_bytes_max };
	crowd->stop = (atomic_bool *)(crowd->clients + count);
	for (int i = 0; i < count; i++)
		crowd->clients[i] = (struct crowd_client){ .fd = -1 };
}

void crowd_start(struct crowd *crowd, int processes)
{
	assert_true(processes <= CROWD_PROCESSES_MAX);
	crowd->processes = processes;
	fflush(stdout);
	for (int p = 0; p < processes; p++) {
		crowd->pids[p] = fork();
		assert_true(crowd->pids[p] >= 0);
		if (crowd->pids[p] == 0)
			run(crowd, p);
	}
}

void crowd_stop(struct crowd *crowd)
{
	int status;

	atomic_store(crowd->stop, true);
	for (int p = 0; p < crowd->processes; p++) {
		assert_int_equal(waitpid(crowd->pids[p], &status, 0), crowd->pids[p]);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			fail_msg("process %d of the crowd failed", p);
	}
}

void crowd_end(struct crowd *crowd)
{
	munmap(crowd->clients,
	       (size_t)crowd->count * sizeof(*crowd->clients) + sizeof(*crowd->stop));
}
