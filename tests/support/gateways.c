#include "tests/support/gateways.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
/* after the four above, as it asks for */
#include <cmocka.h>

#include "ledger/read.h"

enum {
	WINDOW_LINES = 400,         /* sent and not acknowledged, at most */
	SENT_BYTES_MAX = 32 * 1024, /* one send() */
	NEW_EVENTS = 20,            /* of each gateway, beside what is sent again */
	READY_MS_MAX = 5000,        /* a start after whatever happened */
};

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
	         "\"completion_tokens\":%d}}\n",
	         (long long)n, (long long)(n / 500 % 24), (long long)(n % 7),
	         (long long)input_of(n), GATEWAYS_OUTPUT);
}

static void disconnect(struct gateway *gateway)
{
	if (gateway->fd >= 0)
		close(gateway->fd);
	gateway->fd = -1;
	buf_clear(&gateway->out);
	buf_clear(&gateway->in);
	gateway->queued = 0;
}

static void connect_one(const struct gateways *gateways, struct gateway *gateway, int number)
{
	char source[16];

	gateway->fd = daemonkit_connect(gateways->kit->socket);
	if (gateway->fd < 0)
		return;
	fcntl(gateway->fd, F_SETFL, O_NONBLOCK);
	snprintf(source, sizeof(source), "gw-%d", number);
	wire_hello_format(&gateway->out, text_of(source), true);
	gateway->base = gateway->acknowledged;
}

/* First what was sent before and not acknowledged, then new ones. */
static void fill(struct gateway *gateway)
{
	while (gateway->out.len < SENT_BYTES_MAX &&
	       gateway->base + gateway->queued < gateway->limit &&
	       gateway->base + gateway->queued - gateway->acknowledged < WINDOW_LINES) {
		put_event(&gateway->out, gateway->base + gateway->queued++);
		if (gateway->base + gateway->queued > gateway->made)
			gateway->made = gateway->base + gateway->queued;
	}
}

static void take_acks(struct gateway *gateway)
{
	struct text rest = buf_text(&gateway->in), line;
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
		assert_true(ack.lines <= gateway->queued);
		assert_int_equal(ack.accepted + ack.duplicate, ack.lines);
		assert_true(gateway->base + ack.lines >= gateway->acknowledged);
		gateway->acknowledged = gateway->base + ack.lines;
	}
	memmove(gateway->in.at, rest.at, rest.len);
	gateway->in.len = rest.len;
	json_release(&doc);
}

/* One turn of a gateway; false: its connection is broken. */
static bool serve(struct gateway *gateway, short events)
{
	char bytes[4096];
	ssize_t n;

	if (events & POLLIN) {
		n = recv(gateway->fd, bytes, sizeof(bytes), 0);
		if (n <= 0)
			return false;
		buf_add(&gateway->in, bytes, (size_t)n);
		take_acks(gateway);
	}
	if (events & POLLOUT) {
		fill(gateway);
		n = send(gateway->fd, gateway->out.at, gateway->out.len, MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN;
		memmove(gateway->out.at, gateway->out.at + n, gateway->out.len - (size_t)n);
		gateway->out.len -= (size_t)n;
	}
	return (events & (POLLERR | POLLHUP)) == 0;
}

bool gateways_turn(struct gateways *gateways)
{
	struct pollfd polled[GATEWAYS_MAX];
	bool whole = true;

	for (int i = 0; i < gateways->count; i++) {
		struct gateway *gateway = &gateways->of[i];

		if (gateway->fd < 0)
			connect_one(gateways, gateway, i);
		if (gateway->fd >= 0)
			fill(gateway);
		polled[i] = (struct pollfd){ gateway->fd,
			                     gateway->out.len > 0 ? POLLIN | POLLOUT : POLLIN, 0 };
	}
	poll(polled, (nfds_t)gateways->count, 1);
	for (int i = 0; i < gateways->count; i++) {
		if (polled[i].fd >= 0 && polled[i].revents != 0 &&
		    !serve(&gateways->of[i], polled[i].revents)) {
			disconnect(&gateways->of[i]);
			whole = false;
		}
	}
	return whole;
}

static int64_t missing(const struct gateways *gateways)
{
	int64_t sum = 0;

	for (int i = 0; i < gateways->count; i++)
		sum += gateways->of[i].limit - gateways->of[i].acknowledged;
	return sum;
}

bool gateways_run(struct gateways *gateways, int64_t until_ms)
{
	while (missing(gateways) > 0) {
		if (daemonkit_now_ms() >= until_ms)
			return false;
		gateways_turn(gateways);
	}
	return true;
}

void gateways_init(struct gateways *gateways, struct daemonkit *kit, int count)
{
	assert_true(count <= GATEWAYS_MAX);
	*gateways = (struct gateways){ .kit = kit, .count = count };
	for (int i = 0; i < count; i++)
		gateways->of[i].fd = -1;
}

void gateways_release(struct gateways *gateways)
{
	for (int i = 0; i < gateways->count; i++) {
		disconnect(&gateways->of[i]);
		buf_release(&gateways->of[i].out);
		buf_release(&gateways->of[i].in);
	}
}

void gateways_allow(struct gateways *gateways, int64_t events)
{
	for (int i = 0; i < gateways->count; i++)
		gateways->of[i].limit = gateways->of[i].acknowledged + events;
}

void gateways_wait_for_daemon(struct gateways *gateways)
{
	int64_t until = daemonkit_now_ms() + DAEMONKIT_WAIT_MS;

	while (gateways->of[0].fd < 0) {
		if (daemonkit_now_ms() > until)
			fail_msg("tolld did not start");
		connect_one(gateways, &gateways->of[0], 0);
		poll(NULL, 0, 1);
	}
}

void gateways_hang_up(struct gateways *gateways)
{
	for (int i = 0; i < gateways->count; i++) {
		while (gateways->of[i].fd >= 0 && serve(&gateways->of[i], POLLIN))
			;
		disconnect(&gateways->of[i]);
	}
}

int64_t gateways_acknowledged(const struct gateways *gateways)
{
	int64_t sum = 0;

	for (int i = 0; i < gateways->count; i++)
		sum += gateways->of[i].acknowledged;
	return sum;
}

static wide attos_of(int64_t n)
{
	return (wide)(input_of(n) + 2 * GATEWAYS_OUTPUT) * 1000000 * 1000000;
}

wide gateways_attos(const struct gateways *gateways)
{
	wide sum = 0;

	for (int i = 0; i < gateways->count; i++) {
		for (int64_t n = 0; n < gateways->of[i].made; n++)
			sum += attos_of(n);
	}
	return sum;
}

struct seen {
	const struct gateways *gateways;
	unsigned char *of[GATEWAYS_MAX];
	int64_t strangers;
};

static int mark(void *context, const struct stored_event *row)
{
	struct seen *seen = context;
	struct text id = row->event.id;
	int gateway = row->event.source.len == 4 ? row->event.source.at[3] - '0' : -1;
	int64_t n = -1;

	/* What a test put there beside the gateways is its own business. */
	if (row->event.source.len < 3 || memcmp(row->event.source.at, "gw-", 3) != 0)
		return 0;
	if (gateway < 0 || gateway >= seen->gateways->count || id.len < 3 ||
	    !text_int((struct text){ id.at + 2, id.len - 2 }, &n) || n < 0 ||
	    n >= seen->gateways->of[gateway].made || row->amount.attos != attos_of(n))
		seen->strangers++;
	else
		seen->of[gateway][n]++;
	return 0;
}

void gateways_check(const struct gateways *gateways)
{
	struct seen seen = { .gateways = gateways };
	struct ledger *ledger = NULL;
	struct fault fault;

	for (int i = 0; i < gateways->count; i++)
		assert_non_null(seen.of[i] = calloc(1, (size_t)gateways->of[i].made + 1));
	if (ledger_open_reader(&ledger, gateways->kit->ledger, &fault) < 0 ||
	    ledger_each_event(ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX, mark, &seen, &fault) < 0)
		fail_msg("%s", fault.text);
	ledger_close(ledger);
	assert_int_equal(seen.strangers, 0);
	for (int i = 0; i < gateways->count; i++) {
		const struct gateway *gateway = &gateways->of[i];

		for (int64_t n = 0; n < gateway->made; n++) {
			if (seen.of[i][n] > 1 || (seen.of[i][n] == 0 && n < gateway->acknowledged))
				fail_msg("gw-%d n-%lld stands %d times; %lld were acknowledged", i,
				         (long long)n, seen.of[i][n],
				         (long long)gateway->acknowledged);
		}
		free(seen.of[i]);
	}
}

void gateways_settle(struct gateways *gateways)
{
	int64_t began = daemonkit_now_ms();

	daemonkit_start(gateways->kit, NULL);
	assert_in_range(daemonkit_now_ms() - began, 0, READY_MS_MAX);
	for (int i = 0; i < gateways->count; i++)
		gateways->of[i].limit = gateways->of[i].made + NEW_EVENTS;
	if (!gateways_run(gateways, daemonkit_now_ms() + DAEMONKIT_WAIT_MS))
		fail_msg("%lld events are not acknowledged", (long long)missing(gateways));
	assert_int_equal(daemonkit_stop(gateways->kit), 0);
	gateways_hang_up(gateways);
	gateways_check(gateways);
	for (int i = 0; i < gateways->count; i++)
		assert_int_equal(gateways->of[i].acknowledged, gateways->of[i].made);
	assert_true(daemonkit_verified_amount(gateways->kit).attos == gateways_attos(gateways));
}
