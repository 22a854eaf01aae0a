/*
 * The clock of the machine steps while events come: back an hour, on by a year, over the edges of
 * months and years.  Events keep their own times, each is there once, and nothing waits for a
 * clock that went back.  The real daemon with tests/faults/clock.c preloaded, which moves the
 * wall clock and not the monotonic one, as adjtime and settimeofday do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/moment.h"
#include "ledger/read.h"
#include "tests/support/daemonkit.h"

enum {
	HOUR_MS = 3600 * 1000,
	DAY_MS = 24 * HOUR_MS,
	SPREAD_MS = 60 * 1000, /* between the clock as it was set and as it is read */
	IDS_MAX = 1024,
};

static struct daemonkit kit;
static volatile int64_t *shift_ms;
static char preload[160], control[160];
static const char *under[] = { "env", preload, control, NULL };
static bool works;
static int64_t times[IDS_MAX]; /* of event "t-N" */
static int ids;

/* What the daemon's clock shows when the step has been made. */
static const struct step {
	const char *label, *clock;
} steps[] = {
	{ "as it is", "2026-12-01T10:20:30.400Z" },
	{ "back an hour", "2026-12-01T09:20:30.400Z" },
	{ "back to the day before", "2026-11-30T23:59:59.990Z" },
	{ "on by a year", "2027-12-01T10:20:30.400Z" },
	{ "the last second of a year", "2027-12-31T23:59:59.500Z" },
	{ "the first of the next", "2028-01-01T00:00:00.000Z" },
	{ "before a leap day", "2028-02-28T23:59:59.900Z" },
	{ "a leap day", "2028-02-29T12:00:00.000Z" },
	{ "behind a leap day", "2028-03-01T00:00:00.001Z" },
	{ "a February without one", "2027-02-28T23:59:59.900Z" },
	{ "a month of 30 days ends", "2027-04-30T23:59:59.900Z" },
	{ "a century that is no leap year", "2100-02-28T23:59:59.900Z" },
	{ "all the way back", "2026-01-02T03:04:05.006Z" },
};

static int64_t real_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t moment(const char *text)
{
	int64_t ms = 0;

	assert_true(moment_parse(text_of(text), &ms));
	return ms;
}

static int64_t set_clock(const char *text)
{
	int64_t ms = moment(text);

	*shift_ms = ms - real_ms();
	return ms;
}

static int begin(void **state)
{
	const char *mode = getenv("TOLL_MODE");
	char program[DAEMONKIT_PATH_BYTES], path[DAEMONKIT_PATH_BYTES];
	const int64_t zero = 0;
	int fd;

	(void)state;
	works = mode == NULL || strcmp(mode, "release") == 0 || strcmp(mode, "coverage") == 0;
	daemonkit_begin(&kit);
	if (!works) {
		print_message("SKIPPED: a sanitizer has to be the first that is loaded, the clock "
		              "too: run in release only\n");
		return 0;
	}
	daemonkit_program(program, "tests/faults/clock.so");
	assert_int_equal(access(program, R_OK), 0);
	snprintf(path, sizeof(path), "%s/clock", kit.folder);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	assert_int_equal(write(fd, &zero, sizeof(zero)), sizeof(zero));
	shift_ms = mmap(NULL, sizeof(*shift_ms), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(shift_ms != MAP_FAILED);
	close(fd);
	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", program);
	snprintf(control, sizeof(control), "TOLL_TEST_CLOCK=%s", path);
	kit.under = under;
	ids = 0;
	return 0;
}

static int end(void **state)
{
	(void)state;
	daemonkit_end(&kit);
	if (works)
		munmap((void *)(uintptr_t)shift_ms, sizeof(*shift_ms));
	return 0;
}

static void put_event(struct buf *out, int64_t ms)
{
	char text[MOMENT_TEXT_BYTES];

	assert_true(ids < IDS_MAX);
	times[ids] = ms;
	moment_text(ms, text);
	buf_addf(out,
	         "{\"id\":\"t-%d\",\"time\":\"%s\",\"account\":\"a\",\"model\":\"m/a\","
	         "\"api\":\"openai.chat\",\"usage\":{\"prompt_tokens\":%d,"
	         "\"completion_tokens\":%d}}\n",
	         ids++, text, KIT_EVENT_INPUT, KIT_EVENT_OUTPUT);
}

static int check_time(void *context, const struct stored_event *row)
{
	int *seen = context;
	int64_t n = -1;

	if (!text_int((struct text){ row->event.id.at + 2, row->event.id.len - 2 }, &n) || n < 0 ||
	    n >= ids || row->event.time_ms != times[n])
		fail_msg("%.*s does not have its own time", TEXT_ARGS(row->event.id));
	(*seen)++;
	return 0;
}

static int64_t sql_number(const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	sqlite3 *db = NULL;
	int64_t number;

	assert_int_equal(sqlite3_open_v2(kit.ledger, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK ||
	    sqlite3_step(stmt) != SQLITE_ROW)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	number = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return number;
}

/* A change gets the daemon's clock, and a number that goes on whatever the clock does. */
static void change_at(int64_t ms, int64_t number)
{
	struct buf reply = { .at = NULL };
	int fd = daemonkit_connect(kit.control);
	int64_t at;

	daemonkit_send_text(
		fd, number % 2 == 1
			    ? "{\"change\":\"policy.set\",\"policies\":[\"zero-completion\"],"
			      "\"account\":\"b\",\"note\":\"x\"}\n"
			    : "{\"change\":\"policy.set\",\"policies\":null,\"account\":\"b\","
			      "\"note\":\"y\"}\n");
	assert_true(daemonkit_line(fd, &reply));
	buf_add(&reply, "", 1);
	assert_non_null(strstr(reply.at, "{\"ok\":true,"));
	close(fd);
	buf_release(&reply);
	at = sql_number("SELECT at_ms FROM change ORDER BY seq DESC LIMIT 1");
	assert_in_range(at - ms, 0, SPREAD_MS);
	assert_int_equal(sql_number("SELECT count(*) FROM change"), number);
}

/* The rule is of the daemon's clock as it is when the line is read: event.h. */
static void test_events_keep_their_times_while_the_clock_steps(void **state)
{
	enum { STEPS = sizeof(steps) / sizeof(steps[0]) };
	struct buf lines = { .at = NULL };
	struct ledger *ledger = NULL;
	struct wire_ack ack;
	struct fault fault;
	int64_t sent = 0;
	int fd, seen = 0, ahead = 0;

	(void)state;
	if (!works)
		skip();
	set_clock(steps[0].clock);
	daemonkit_start(&kit, NULL);
	fd = daemonkit_hello(&kit, "gw", true);
	for (int i = 0; i < STEPS; i++) {
		int64_t ms = set_clock(steps[i].clock);

		print_message("%s: %s\n", steps[i].label, steps[i].clock);
		buf_clear(&lines);
		put_event(&lines, ms - HOUR_MS);
		put_event(&lines, ms - 1);
		put_event(&lines, ms);
		put_event(&lines, ms + DAY_MS - 1);
		/* Of the other side of the limit: held back, and told so. */
		put_event(&lines, ms + DAY_MS + SPREAD_MS);
		ahead++;
		daemonkit_send(fd, lines.at, lines.len);
		sent += 5;
		/* It steps while the batch waits for more, too. */
		if (i % 2 == 1)
			*shift_ms -= HOUR_MS / 2;
		daemonkit_wait_ack(fd, sent, &ack);
		if (i % 2 == 1)
			*shift_ms += HOUR_MS / 2;
		assert_int_equal(ack.duplicate + ack.conflict + ack.unpriced, 0);
		/* Which side of the step it was read on is not ours to say: of the odd ones. */
		if (i % 2 == 0)
			assert_true(ack.quarantined >= ahead);
		assert_int_equal(ack.accepted + ack.quarantined, sent);
		change_at(ms, i + 1);
	}
	close(fd);
	assert_int_equal(daemonkit_stop(&kit), 0);
	if (ledger_open_reader(&ledger, kit.ledger, &fault) < 0 ||
	    ledger_each_event(ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX, check_time, &seen, &fault) <
	            0)
		fail_msg("%s", fault.text);
	ledger_close(ledger);
	assert_int_equal(seen, ack.accepted);
	/* A line half an hour back may have one more beyond the limit. */
	assert_in_range(ack.quarantined, STEPS, STEPS + STEPS / 2);
	assert_true(daemonkit_verified_amount(&kit).attos ==
	            (wide)seen * KIT_EVENT_NANOS * ATTOS_PER_NANO);
	buf_release(&lines);
}

/* What is sent again after the clock went back is known: identity does not ask the clock. */
static void test_a_resend_after_a_step_is_a_duplicate(void **state)
{
	struct buf lines = { .at = NULL };
	struct wire_ack ack;

	(void)state;
	if (!works)
		skip();
	set_clock("2027-06-15T12:00:00Z");
	daemonkit_start(&kit, NULL);
	for (int i = 0; i < 100; i++)
		put_event(&lines, moment("2026-11-30T23:30:00Z") + i * HOUR_MS / 60);
	for (int i = 0; i < 3; i++) {
		static const char *const clocks[] = { "2027-06-15T12:00:01Z",
			                              "2026-12-01T02:00:00Z",
			                              "2028-02-29T00:00:00Z" };
		int fd;

		set_clock(clocks[i]);
		if (i == 2) {
			/* Not even when the identities are read anew. */
			assert_int_equal(daemonkit_stop(&kit), 0);
			daemonkit_start(&kit, NULL);
		}
		fd = daemonkit_hello(&kit, "gw", true);
		daemonkit_send(fd, lines.at, lines.len);
		daemonkit_wait_ack(fd, 100, &ack);
		assert_int_equal(i == 0 ? ack.accepted : ack.duplicate, 100);
		close(fd);
	}
	assert_int_equal(daemonkit_stop(&kit), 0);
	assert_int_equal(daemonkit_status(&kit).events, 100);
	daemonkit_verified_amount(&kit);
	buf_release(&lines);
}

/* The book applied last is in force, whatever the clock said when it was. */
static void test_the_last_book_is_in_force_though_the_clock_went_back(void **state)
{
	static const char dearer[] = "{\"change\":\"price.apply\",\"book\":\"{\\\"pricebook\\\":1,"
				     "\\\"currency\\\":\\\"USD\\\","
				     "\\\"models\\\":[{\\\"model\\\":\\\"m/"
				     "a\\\",\\\"versions\\\":[{\\\"effective_from\\\":"
				     "\\\"2020-01-01\\\",\\\"rates\\\":[{\\\"component\\\":"
				     "\\\"input\\\",\\\"per_million\\\":"
				     "\\\"2\\\"},{\\\"component\\\":\\\"output\\\",\\\"per_"
				     "million\\\":\\\"2\\\"}]}]}]}\"}\n";
	const char *const arguments[] = { "--ledger", kit.ledger, "--socket", kit.socket, NULL };
	const wide twice = (wide)KIT_EVENT_INPUT * 1000 * ATTOS_PER_NANO;
	struct buf reply = { .at = NULL };
	struct wire_ack ack;
	int fd;

	(void)state;
	if (!works)
		skip();
	set_clock("2026-12-01T10:00:00Z");
	daemonkit_start(&kit, NULL);
	set_clock("2026-12-01T09:00:00Z");
	fd = daemonkit_connect(kit.control);
	daemonkit_send_text(fd, dearer);
	assert_true(daemonkit_line(fd, &reply));
	buf_add(&reply, "", 1);
	assert_non_null(strstr(reply.at, "\"changed\":true"));
	close(fd);
	buf_release(&reply);
	daemonkit_send_one(&kit, "after", &ack);
	assert_int_equal(daemonkit_stop(&kit), 0);
	/* Started again without a book of its own, it takes that of the ledger. */
	daemonkit_spawn(&kit, arguments);
	while ((fd = daemonkit_connect(kit.socket)) < 0)
		usleep(2000);
	close(fd);
	daemonkit_send_one(&kit, "later", &ack);
	assert_int_equal(daemonkit_stop(&kit), 0);
	assert_true(daemonkit_verified_amount(&kit).attos ==
	            2 * ((wide)KIT_EVENT_NANOS * ATTOS_PER_NANO + twice));
}

static bool is_fed(int fd)
{
	char message[128];
	ssize_t got = recv(fd, message, sizeof(message) - 1, 0);

	if (got < 0)
		fail_msg("the watchdog is not fed any more");
	message[got] = '\0';
	return strstr(message, "WATCHDOG=1") != NULL;
}

/* The watchdog is fed, and who is in the middle of a line is not cut off for a step. */
static void test_watchdog_and_timeouts_do_not_ask_the_wall_clock(void **state)
{
	static const char *const clocks[] = { "2026-12-01T10:00:00Z", "2026-12-01T09:00:00Z",
		                              "2027-12-01T09:00:00Z", "2026-12-01T08:00:00Z" };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timeval patience = { DAEMONKIT_WAIT_MS / 1000, 0 };
	struct buf line = { .at = NULL };
	struct wire_ack ack;
	int notify, fd;

	(void)state;
	if (!works)
		skip();
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", kit.folder);
	notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(notify, (struct sockaddr *)&address, sizeof(address)), 0);
	setsockopt(notify, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	setenv("WATCHDOG_USEC", "2000000", 1);
	set_clock(clocks[0]);
	daemonkit_start(&kit, NULL);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	put_event(&line, moment("2026-11-30T00:00:00Z"));
	fd = daemonkit_hello(&kit, "gw", true);
	daemonkit_send(fd, line.at, line.len / 2);
	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		set_clock(clocks[i]);
		for (int fed = 0; fed < 2;)
			fed += is_fed(notify);
	}
	daemonkit_send(fd, line.at + line.len / 2, line.len - line.len / 2);
	daemonkit_wait_ack(fd, 1, &ack);
	assert_int_equal(ack.accepted, 1);
	close(fd);
	close(notify);
	assert_int_equal(daemonkit_stop(&kit), 0);
	buf_release(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_events_keep_their_times_while_the_clock_steps,
		                                begin, end),
		cmocka_unit_test_setup_teardown(test_a_resend_after_a_step_is_a_duplicate, begin,
		                                end),
		cmocka_unit_test_setup_teardown(
			test_the_last_book_is_in_force_though_the_clock_went_back, begin, end),
		cmocka_unit_test_setup_teardown(
			test_watchdog_and_timeouts_do_not_ask_the_wall_clock, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
