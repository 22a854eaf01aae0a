/*
 * kill -9 of the real daemon under load, over its real socket: what was acknowledged is
 * stored, and after resends everything is stored once, to the last digit.
 *
 * SEED and RUNS (kills) come from the environment; the seed is printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ledger/read.h"
#include "tests/support/daemonkit.h"

enum {
	SENDERS = 3,
	KILLS = 200,
	EVENTS_PER_KILL_MAX = 1500, /* of one sender; bounds the ledger's size */
	WINDOW_LINES = 400,         /* sent and not acknowledged, at most */
	LIFE_MS_MAX = 60,
	EARLY_KILL_MS_MAX = 12,     /* half of the kills hit the start */
	SENT_BYTES_MAX = 32 * 1024, /* one send() */
};

/* One gateway: what it sent under its source, event `n` for n = 0 .. */
struct sender {
	int fd;               /* -1: not connected */
	int64_t acknowledged; /* for good: of all connections */
	int64_t base;         /* `acknowledged` when this connection began */
	int64_t made;         /* events that exist: 0 .. made - 1 */
	int64_t limit;        /* of this life */
	struct buf out;       /* bytes of this connection not sent yet */
	int64_t queued;       /* events of this connection put into `out` */
	struct buf in;
};

static struct daemonkit kit;
static struct sender senders[SENDERS];
static uint64_t random_state;

static uint64_t random_next(void)
{
	/* splitmix64 */
	uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Counts, and so the charge, differ from event to event: a swap would show. */
static int64_t input_of(int64_t n)
{
	return 1 + n % 977;
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

static void disconnect(struct sender *sender)
{
	if (sender->fd >= 0)
		close(sender->fd);
	sender->fd = -1;
	buf_clear(&sender->out);
	buf_clear(&sender->in);
	sender->queued = 0;
}

static void connect_sender(struct sender *sender, int number)
{
	char source[16];

	sender->fd = daemonkit_connect(kit.socket);
	if (sender->fd < 0)
		return;
	fcntl(sender->fd, F_SETFL, O_NONBLOCK);
	snprintf(source, sizeof(source), "gw-%d", number);
	wire_hello_format(&sender->out, text_of(source), true);
	sender->base = sender->acknowledged;
}

/* First what was sent before and not acknowledged, then new ones. */
static void fill(struct sender *sender)
{
	while (sender->out.len < SENT_BYTES_MAX && sender->base + sender->queued < sender->limit &&
	       sender->base + sender->queued - sender->acknowledged < WINDOW_LINES) {
		put_event(&sender->out, sender->base + sender->queued++);
		if (sender->base + sender->queued > sender->made)
			sender->made = sender->base + sender->queued;
	}
}

static void take_acks(struct sender *sender)
{
	struct text rest = buf_text(&sender->in), line;
	struct json doc = { .nodes = NULL };
	const char *last;

	while ((last = memchr(rest.at, '\n', rest.len)) != NULL) {
		struct wire_ack ack;
		struct fault fault;

		line = (struct text){ rest.at, (size_t)(last - rest.at) };
		rest.len -= line.len + 1;
		rest.at += line.len + 1;
		if (wire_ack_parse(line, &doc, &ack, &fault) < 0)
			fail_msg("%s", fault.text);
		assert_true(ack.lines <= sender->queued);
		assert_int_equal(ack.accepted + ack.duplicate, ack.lines);
		assert_true(sender->base + ack.lines >= sender->acknowledged);
		sender->acknowledged = sender->base + ack.lines;
	}
	memmove(sender->in.at, rest.at, rest.len);
	sender->in.len = rest.len;
	json_release(&doc);
}

/* One turn of a sender; false: its connection is broken. */
static bool serve(struct sender *sender, short events)
{
	char bytes[4096];
	ssize_t n;

	if (events & POLLIN) {
		n = recv(sender->fd, bytes, sizeof(bytes), 0);
		if (n <= 0)
			return false;
		buf_add(&sender->in, bytes, (size_t)n);
		take_acks(sender);
	}
	if (events & POLLOUT) {
		fill(sender);
		n = send(sender->fd, sender->out.at, sender->out.len, MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN;
		memmove(sender->out.at, sender->out.at + n, sender->out.len - (size_t)n);
		sender->out.len -= (size_t)n;
	}
	return (events & (POLLERR | POLLHUP)) == 0;
}

/* Sends and reads until the time is over, or everything is acknowledged. */
static void run_senders(int64_t until_ms)
{
	while (daemonkit_now_ms() < until_ms) {
		struct pollfd polled[SENDERS];
		int64_t missing = 0;

		for (int i = 0; i < SENDERS; i++) {
			struct sender *sender = &senders[i];

			missing += sender->limit - sender->acknowledged;
			if (sender->fd < 0)
				connect_sender(sender, i);
			if (sender->fd >= 0)
				fill(sender);
			polled[i] = (struct pollfd){
				sender->fd, sender->out.len > 0 ? POLLIN | POLLOUT : POLLIN, 0
			};
		}
		if (missing == 0)
			return;
		poll(polled, SENDERS, 1);
		for (int i = 0; i < SENDERS; i++) {
			if (polled[i].fd >= 0 && polled[i].revents != 0 &&
			    !serve(&senders[i], polled[i].revents))
				disconnect(&senders[i]);
		}
	}
}

static void wait_for_daemon(void)
{
	int64_t until = daemonkit_now_ms() + DAEMONKIT_WAIT_MS;

	while (senders[0].fd < 0) {
		if (daemonkit_now_ms() > until)
			fail_msg("tolld did not start");
		connect_sender(&senders[0], 0);
		poll(NULL, 0, 1);
	}
}

static int64_t acknowledged(void)
{
	int64_t sum = 0;

	for (int i = 0; i < SENDERS; i++)
		sum += senders[i].acknowledged;
	return sum;
}

static void life(bool kill_early)
{
	const char *const arguments[] = { "--ledger",    kit.ledger, "--socket",
		                          kit.socket,    "--prices", kit.prices,
		                          "--linger-ms", "1",        NULL };
	uint64_t life_ms = 1 + random_next() % (kill_early ? EARLY_KILL_MS_MAX : LIFE_MS_MAX);

	for (int i = 0; i < SENDERS; i++)
		senders[i].limit = senders[i].acknowledged + EVENTS_PER_KILL_MAX;
	daemonkit_spawn(&kit, arguments);
	if (!kill_early)
		wait_for_daemon();
	run_senders(daemonkit_now_ms() + (int64_t)life_ms);
	daemonkit_kill(&kit);
	/* What it said before it died still counts: it is in our receive buffer. */
	for (int i = 0; i < SENDERS; i++) {
		while (senders[i].fd >= 0 && serve(&senders[i], POLLIN))
			;
		disconnect(&senders[i]);
	}
}

struct seen {
	unsigned char *of[SENDERS];
	int64_t strangers;
};

static int mark(void *context, const struct stored_event *row)
{
	struct seen *seen = context;
	int sender = row->event.source.at[3] - '0';
	int64_t n = -1;

	if (sender < 0 || sender >= SENDERS ||
	    !text_int((struct text){ row->event.id.at + 2, row->event.id.len - 2 }, &n) || n < 0 ||
	    n >= senders[sender].made ||
	    row->amount.attos != (wide)(input_of(n) + 20) * 1000000 * 1000000)
		seen->strangers++;
	else
		seen->of[sender][n]++;
	return 0;
}

/* Every event that was acknowledged is there; each that is there, once, at its price. */
static void check_ledger(void)
{
	struct seen seen = { .strangers = 0 };
	struct ledger *ledger = NULL;
	struct fault fault;

	for (int i = 0; i < SENDERS; i++)
		assert_non_null(seen.of[i] = calloc(1, (size_t)senders[i].made + 1));
	if (ledger_open_reader(&ledger, kit.ledger, &fault) < 0 ||
	    ledger_each_event(ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX, mark, &seen, &fault) < 0)
		fail_msg("%s", fault.text);
	ledger_close(ledger);
	assert_int_equal(seen.strangers, 0);
	for (int i = 0; i < SENDERS; i++) {
		for (int64_t n = 0; n < senders[i].made; n++) {
			if (seen.of[i][n] > 1 ||
			    (seen.of[i][n] == 0 && n < senders[i].acknowledged))
				fail_msg("gw-%d n-%lld stands %d times; %lld were acknowledged", i,
				         (long long)n, seen.of[i][n],
				         (long long)senders[i].acknowledged);
		}
		free(seen.of[i]);
	}
}

static void test_acknowledged_is_stored_once_whatever_is_killed(void **state)
{
	const char *seed = getenv("SEED"), *runs = getenv("RUNS");
	int kills = runs != NULL ? atoi(runs) : KILLS;
	wide expected = 0;

	(void)state;
	random_state = seed != NULL ? strtoull(seed, NULL, 10) : 1;
	print_message("SEED=%llu RUNS=%d\n", (unsigned long long)random_state, kills);
	assert_true(kills > 0);
	daemonkit_begin(&kit);
	for (int i = 0; i < SENDERS; i++)
		senders[i] = (struct sender){ .fd = -1 };
	for (int k = 0; k < kills; k++) {
		life(k % 2 == 1);
		if (k % 10 == 9)
			check_ledger();
		else if (acknowledged() > 0)
			assert_true(daemonkit_status(&kit).events >= acknowledged());
	}
	/* At last all of it is sent again and acknowledged. */
	daemonkit_start(&kit, NULL);
	for (int i = 0; i < SENDERS; i++)
		senders[i].limit = senders[i].made;
	run_senders(daemonkit_now_ms() + DAEMONKIT_WAIT_MS);
	assert_int_equal(daemonkit_stop(&kit), 0);
	check_ledger();
	for (int i = 0; i < SENDERS; i++) {
		assert_int_equal(senders[i].acknowledged, senders[i].made);
		for (int64_t n = 0; n < senders[i].made; n++)
			expected += (wide)(input_of(n) + 20) * 1000000 * 1000000;
	}
	assert_true(daemonkit_verified_amount(&kit).attos == expected);
	/* A campaign that never got anything acknowledged would show nothing. */
	assert_true(acknowledged() > kills);
	print_message("%lld events, each stored once\n", (long long)acknowledged());
	for (int i = 0; i < SENDERS; i++) {
		disconnect(&senders[i]);
		buf_release(&senders[i].out);
		buf_release(&senders[i].in);
	}
	daemonkit_end(&kit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_acknowledged_is_stored_once_whatever_is_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
