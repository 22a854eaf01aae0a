/* Acknowledgements, identity, batches and limits, by the real daemon on its real socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/read.h"
#include "tests/support/daemonkit.h"

enum { SLOW_LINGER_MS = 600 };

static struct daemonkit kit;

static int begin(void **state)
{
	(void)state;
	daemonkit_begin(&kit);
	return 0;
}

static int end(void **state)
{
	(void)state;
	daemonkit_end(&kit);
	return 0;
}

static void send_events(int fd, const char *prefix, int count)
{
	struct buf lines = { .at = NULL };

	daemonkit_events(&lines, prefix, count);
	daemonkit_send(fd, lines.at, lines.len);
	buf_release(&lines);
}

static void check_amount(int64_t events)
{
	struct money amount = daemonkit_verified_amount(&kit);

	assert_int_equal(daemonkit_status(&kit).events, events);
	assert_true(amount.attos == (wide)events * KIT_EVENT_NANOS * ATTOS_PER_NANO);
}

static void test_what_is_acknowledged_is_in_the_ledger(void **state)
{
	struct wire_ack ack;
	int fd;

	(void)state;
	daemonkit_start(&kit, NULL);
	fd = daemonkit_hello(&kit, "gw", true);
	for (int i = 1; i <= 20; i++) {
		char prefix[32];

		snprintf(prefix, sizeof(prefix), "e%d", i);
		send_events(fd, prefix, 1);
		daemonkit_wait_ack(fd, i, &ack);
		assert_int_equal(ack.accepted, i);
		assert_int_equal(daemonkit_status(&kit).events, i);
	}
	close(fd);
	assert_int_equal(daemonkit_stop(&kit), 0);
	check_amount(20);
}

static void test_without_acknowledgements_nothing_is_answered(void **state)
{
	int plain, quiet;

	(void)state;
	daemonkit_start(&kit, NULL);
	plain = daemonkit_connect(kit.socket);
	quiet = daemonkit_hello(&kit, "gw", false);
	send_events(plain, "plain", 3);
	send_events(quiet, "quiet", 4);
	while (daemonkit_status(&kit).events < 7)
		;
	assert_true(daemonkit_silent(plain, 50));
	assert_true(daemonkit_silent(quiet, 50));
	close(plain);
	close(quiet);
	assert_int_equal(daemonkit_stop(&kit), 0);
	check_amount(7);
}

static void test_a_resend_after_a_reconnect_counts_once(void **state)
{
	struct wire_ack ack;
	int fd;

	(void)state;
	daemonkit_start(&kit, NULL);
	for (int round = 0; round < 3; round++) {
		fd = daemonkit_hello(&kit, "gw", true);
		send_events(fd, "again", 50);
		daemonkit_wait_ack(fd, 50, &ack);
		assert_int_equal(ack.accepted, round == 0 ? 50 : 0);
		assert_int_equal(ack.duplicate, round == 0 ? 0 : 50);
		close(fd);
		/* Also when its memory is new. */
		if (round == 1) {
			assert_int_equal(daemonkit_stop(&kit), 0);
			daemonkit_start(&kit, NULL);
		}
	}
	/* Twice in one batch, too. */
	fd = daemonkit_hello(&kit, "gw", true);
	send_events(fd, "twin", 1);
	send_events(fd, "twin", 1);
	daemonkit_wait_ack(fd, 2, &ack);
	assert_int_equal(ack.accepted, 1);
	assert_int_equal(ack.duplicate, 1);
	close(fd);
	assert_int_equal(daemonkit_stop(&kit), 0);
	check_amount(51);
}

static int keep_conflict(void *context, const struct conflict_row *row)
{
	struct buf *both = context;

	buf_addf(both, "%.*s|%.*s\n", TEXT_ARGS(row->stored), TEXT_ARGS(row->raw));
	return 0;
}

static void test_other_content_under_an_identity_is_kept_aside(void **state)
{
	static const char other[] =
		"{\"id\":\"c-0\",\"source\":\"gw\",\"time\":\"2026-01-02T03:04:05.678Z\","
		"\"account\":\"acct\",\"model\":\"m/a\",\"api\":\"openai.chat\",\"usage\":"
		"{\"prompt_tokens\":777,\"completion_tokens\":1}}\n";
	struct buf both = { .at = NULL };
	struct ledger *ledger = NULL;
	struct wire_ack ack;
	int fd;

	(void)state;
	daemonkit_start(&kit, NULL);
	fd = daemonkit_hello(&kit, "gw", true);
	send_events(fd, "c", 1);
	daemonkit_send_text(fd, other);
	daemonkit_send_text(fd, other);
	daemonkit_wait_ack(fd, 3, &ack);
	assert_int_equal(ack.accepted, 1);
	assert_int_equal(ack.conflict, 2);
	close(fd);
	assert_int_equal(daemonkit_stop(&kit), 0);
	check_amount(1);
	assert_int_equal(ledger_open_reader(&ledger, kit.ledger, NULL), 0);
	assert_int_equal(ledger_each_conflict(ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX, keep_conflict,
	                                      &both, NULL),
	                 0);
	assert_non_null(strstr(both.at, "\"input\":1000"));
	assert_non_null(strstr(both.at, "\"prompt_tokens\":777"));
	ledger_close(ledger);
	buf_release(&both);
}

static void test_unpriced_and_checkpoints_are_told_apart(void **state)
{
	struct ledger_status status;
	struct wire_ack ack;
	int fd;

	(void)state;
	daemonkit_start(&kit, NULL);
	fd = daemonkit_hello(&kit, "gw", true);
	daemonkit_send_text(fd, "{\"id\":\"u\",\"time\":\"2026-01-02T03:04:05Z\",\"account\":\"a\","
	                        "\"model\":\"m/none\",\"api\":\"toll\",\"usage\":{\"input\":5}}\n"
	                        "{\"checkpoint\":{\"source\":\"gw\",\"seq\":1,\"events\":1}}\n"
	                        "{\"id\":\"e\",\"time\":\"2026-01-02T03:04:05Z\",\"account\":\"a\","
	                        "\"model\":\"m/none\",\"status\":500}\n");
	daemonkit_wait_ack(fd, 3, &ack);
	assert_int_equal(ack.unpriced, 1);
	assert_int_equal(ack.accepted, 2);
	status = daemonkit_status(&kit);
	assert_int_equal(status.events, 2);
	assert_int_equal(status.suspense, 1);
	assert_int_equal(status.errors, 1);
	close(fd);
	assert_int_equal(daemonkit_stop(&kit), 0);
}

static void test_a_batch_lingers_for_more(void **state)
{
	static const char *const arguments[] = { "--linger-ms", "600", "--batch-events-max", "64",
		                                 NULL };
	struct wire_ack ack;
	int64_t before;
	int fd;

	(void)state;
	daemonkit_start(&kit, arguments);
	fd = daemonkit_hello(&kit, "gw", true);
	before = daemonkit_now_ms();
	send_events(fd, "one", 1);
	daemonkit_wait_ack(fd, 1, &ack);
	assert_true(daemonkit_now_ms() - before >= SLOW_LINGER_MS);
	/* All of the second 63 are one commit: one acknowledgement. */
	send_events(fd, "more", 63);
	daemonkit_wait_ack(fd, 64, &ack);
	close(fd);
}

static void test_a_full_batch_does_not_linger(void **state)
{
	static const char *const arguments[] = { "--linger-ms", "10000", "--batch-events-max", "10",
		                                 NULL };
	struct wire_ack ack;
	int fd;

	(void)state;
	daemonkit_start(&kit, arguments);
	fd = daemonkit_hello(&kit, "gw", true);
	send_events(fd, "full", 100);
	daemonkit_wait_ack(fd, 100, &ack);
	/* The end does not wait for the linger either. */
	send_events(fd, "rest", 3);
	while (!daemonkit_silent(fd, 0))
		;
	assert_int_equal(daemonkit_stop(&kit), 0);
	daemonkit_wait_ack(fd, 103, &ack);
	close(fd);
	check_amount(103);
}

static void test_many_gateways_at_once(void **state)
{
	enum { GATEWAYS = 64, ROUNDS = 25, EACH = 8 };
	int fds[GATEWAYS];
	struct wire_ack ack;

	(void)state;
	daemonkit_start(&kit, NULL);
	for (int g = 0; g < GATEWAYS; g++)
		fds[g] = daemonkit_hello(&kit, "gw", true);
	for (int round = 0; round < ROUNDS; round++) {
		for (int g = 0; g < GATEWAYS; g++) {
			char prefix[32];

			snprintf(prefix, sizeof(prefix), "g%d-r%d", g, round);
			send_events(fds[g], prefix, EACH);
		}
	}
	for (int g = 0; g < GATEWAYS; g++) {
		daemonkit_wait_ack(fds[g], ROUNDS * EACH, &ack);
		assert_int_equal(ack.accepted, ROUNDS * EACH);
		close(fds[g]);
	}
	assert_int_equal(daemonkit_stop(&kit), 0);
	check_amount(GATEWAYS * ROUNDS * EACH);
}

static void test_a_gateway_too_many_waits_for_its_turn(void **state)
{
	static const char *const arguments[] = { "--connections-max", "2", NULL };
	struct wire_ack ack;
	int fds[3];

	(void)state;
	daemonkit_start(&kit, arguments);
	for (int i = 0; i < 2; i++) {
		fds[i] = daemonkit_hello(&kit, "gw", true);
		send_events(fds[i], i == 0 ? "x" : "y", 1);
		daemonkit_wait_ack(fds[i], 1, &ack);
	}
	fds[2] = daemonkit_hello(&kit, "gw", true);
	send_events(fds[2], "z", 1);
	daemonkit_wait_log(&kit, "too many gateways");
	assert_true(daemonkit_silent(fds[2], 100));
	close(fds[0]);
	daemonkit_wait_ack(fds[2], 1, &ack);
	assert_int_equal(ack.accepted, 1);
	close(fds[1]);
	close(fds[2]);
	assert_int_equal(daemonkit_stop(&kit), 0);
	check_amount(3);
}

/* More than all batches hold, in the smallest memory: reading stops, goes on, loses nothing. */
static void test_a_full_queue_stops_reading_and_loses_nothing(void **state)
{
	static const char *const arguments[] = {
		"--queue-batches", "2", "--batch-events-max", "1", "--linger-ms", "0", NULL
	};
	enum { EVENTS = 3000, SENDERS = 3 };
	int fds[SENDERS];
	struct wire_ack ack;

	(void)state;
	daemonkit_start(&kit, arguments);
	for (int i = 0; i < SENDERS; i++) {
		fds[i] = daemonkit_hello(&kit, "gw", i > 0);
		/* Where the kernel allows it all three wait at once, not one behind the other. */
		setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &(int){ 4 << 20 }, sizeof(int));
	}
	for (int i = 0; i < SENDERS; i++) {
		char prefix[32];

		snprintf(prefix, sizeof(prefix), "s%d", i);
		send_events(fds[i], prefix, EVENTS / SENDERS);
	}
	/* This one asked for no acknowledgements and is gone: all it sent counts still. */
	close(fds[0]);
	for (int i = 1; i < SENDERS; i++) {
		daemonkit_wait_ack(fds[i], EVENTS / SENDERS, &ack);
		close(fds[i]);
	}
	assert_int_equal(daemonkit_stop(&kit), 0);
	check_amount(EVENTS);
}

/* In a child: the same lines over and over, on one connection or on ever new ones. */
_Noreturn static void send_for_ever(const struct buf *lines, bool one_connection)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		int fd = daemonkit_connect(kit.socket);

		while (fd >= 0 && send(fd, lines->at, lines->len, MSG_NOSIGNAL) > 0 &&
		       one_connection)
			;
		if (fd >= 0)
			close(fd);
		else
			usleep(1000);
	}
}

static void test_who_never_reads_its_acknowledgements_harms_nobody(void **state)
{
	static const char *const arguments[] = { "--linger-ms", "0", "--batch-events-max", "1",
		                                 NULL };
	struct wire_ack ack;
	int deaf, fd;

	(void)state;
	daemonkit_start(&kit, arguments);
	deaf = daemonkit_hello(&kit, "deaf", true);
	setsockopt(deaf, SOL_SOCKET, SO_RCVBUF, &(int){ 2048 }, sizeof(int));
	for (int i = 0; i < 40; i++) {
		char prefix[32];

		snprintf(prefix, sizeof(prefix), "deaf%d", i);
		send_events(deaf, prefix, 100);
	}
	fd = daemonkit_hello(&kit, "gw", true);
	send_events(fd, "well", 10);
	daemonkit_wait_ack(fd, 10, &ack);
	close(fd);
	/* All of it is stored before the end, which then waits for nobody. */
	while (daemonkit_status(&kit).events < 4010)
		;
	assert_int_equal(daemonkit_stop(&kit), 0);
	assert_true(daemonkit_logged(&kit, "some do not read what they are told"));
	assert_false(daemonkit_logged(&kit, "before all was durable"));
	close(deaf);
	check_amount(4010);
}

/* They wait for a place, have sent all they had, and are gone: at the end there is no later. */
static void test_the_end_lets_in_who_waited_for_a_place(void **state)
{
	static const char *const arguments[] = { "--connections-max", "2", NULL };
	enum { PLACES = 2, GONE = 40, EACH = 5 };
	struct wire_ack ack;
	int fds[PLACES];

	(void)state;
	daemonkit_start(&kit, arguments);
	for (int i = 0; i < PLACES; i++) {
		fds[i] = daemonkit_hello(&kit, "gw", true);
		send_events(fds[i], i == 0 ? "place0" : "place1", 1);
		daemonkit_wait_ack(fds[i], 1, &ack);
	}
	for (int i = 0; i < GONE; i++) {
		char prefix[32];
		int fd = daemonkit_connect(kit.socket);

		snprintf(prefix, sizeof(prefix), "gone%d", i);
		send_events(fd, prefix, EACH);
		close(fd);
	}
	assert_int_equal(daemonkit_stop(&kit), 0);
	for (int i = 0; i < PLACES; i++)
		close(fds[i]);
	check_amount(PLACES + GONE * EACH);
}

/* Senders that go on for ever: the end is the end all the same, and keeps what came before. */
static void test_the_end_comes_under_load_without_end(void **state)
{
	static const char *const arguments[] = {
		"--queue-batches", "2", "--batch-events-max", "64", "--drain-ms", "200", NULL
	};
	enum { SENDERS = 4, LINES = 50 };
	struct buf lines = { .at = NULL };
	pid_t children[SENDERS];

	(void)state;
	daemonkit_start(&kit, arguments);
	daemonkit_events(&lines, "endless", LINES);
	for (int i = 0; i < SENDERS; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0)
			send_for_ever(&lines, i % 2 == 0);
	}
	while (daemonkit_status(&kit).events < LINES)
		;
	/* 200 ms of draining, and what was owed then: while they all go on. */
	assert_int_equal(daemonkit_stop(&kit), 0);
	for (int i = 0; i < SENDERS; i++) {
		kill(children[i], SIGKILL);
		waitpid(children[i], NULL, 0);
	}
	check_amount(LINES);
	buf_release(&lines);
}

/* The end comes while almost all of it waits in the socket, and nobody will send it again. */
static void test_the_end_reads_all_of_who_cannot_send_again(void **state)
{
	/* Each is a commit of its own: so many that a slow disk is done with them in time. */
	enum { EVENTS = 1500, MORE_THAN_ONE_READ = 500 };
	int64_t sent;
	int fd;

	(void)state;
	daemonkit_start(&kit, daemonkit_narrow);
	fd = daemonkit_connect(kit.socket);
	kill(kit.pid, SIGSTOP);
	sent = daemonkit_fill_events(fd, "owed", EVENTS);
	assert_true(sent >= MORE_THAN_ONE_READ);
	kill(kit.pid, SIGTERM);
	kill(kit.pid, SIGCONT);
	assert_int_equal(daemonkit_wait_exit(&kit), 0);
	close(fd);
	check_amount(sent);
}

static void test_who_waits_longest_goes_on_first(void **state)
{
	static const char *const arguments[] = {
		"--queue-batches", "2", "--batch-events-max", "1", "--linger-ms", "0", NULL
	};
	enum { FLOODERS = 6, EACH = 2000 };
	int fds[FLOODERS], patient;
	int64_t flood = 0;
	struct wire_ack ack;

	(void)state;
	daemonkit_start(&kit, arguments);
	patient = daemonkit_hello(&kit, "gw", true);
	for (int i = 0; i < FLOODERS; i++)
		fds[i] = daemonkit_hello(&kit, "gw", true);
	kill(kit.pid, SIGSTOP);
	for (int i = 0; i < FLOODERS; i++) {
		char prefix[32];

		snprintf(prefix, sizeof(prefix), "flood%d", i);
		flood += daemonkit_fill_events(fds[i], prefix, EACH);
	}
	send_events(patient, "patient", 1);
	kill(kit.pid, SIGCONT);
	daemonkit_wait_ack(patient, 1, &ack);
	/* It had its turn long before the others were done. */
	assert_true(daemonkit_status(&kit).events < flood / 2);
	close(patient);
	for (int i = 0; i < FLOODERS; i++)
		close(fds[i]);
}

/* Gateways stood in the middle of long lines: when these have ended, so has what they took. */
static void test_the_memory_of_long_lines_goes_back(void **state)
{
	enum {
		GATEWAYS = 64,
		LINE_BYTES = 1000000,
		LEFT_KIB_MAX = 32 * 1024,
		GIVEN_BACK_MS = 10000,
	};
	const char *mode = getenv("TOLL_MODE");
	static char line[LINE_BYTES];
	struct wire_ack ack;
	int fds[GATEWAYS];
	int64_t until;

	(void)state;
	memset(line, 'x', sizeof(line));
	daemonkit_start(&kit, NULL);
	for (int i = 0; i < GATEWAYS; i++) {
		fds[i] = daemonkit_hello(&kit, "gw", true);
		daemonkit_send(fds[i], line, sizeof(line));
	}
	for (int i = 0; i < GATEWAYS; i++) {
		daemonkit_send_text(fds[i], "\n");
		daemonkit_wait_ack(fds[i], 1, &ack);
		assert_int_equal(ack.quarantined, 1);
	}
	until = daemonkit_now_ms() + GIVEN_BACK_MS;
	/* The sanitizers keep what was freed, to catch whoever uses it. */
	while ((mode == NULL || strcmp(mode, "release") == 0) &&
	       daemonkit_resident_kib(&kit) > LEFT_KIB_MAX) {
		assert_true(daemonkit_now_ms() < until);
		usleep(10000);
	}
	for (int i = 0; i < GATEWAYS; i++)
		close(fds[i]);
	assert_int_equal(daemonkit_stop(&kit), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define EACH(test) cmocka_unit_test_setup_teardown(test, begin, end)
		EACH(test_what_is_acknowledged_is_in_the_ledger),
		EACH(test_without_acknowledgements_nothing_is_answered),
		EACH(test_a_resend_after_a_reconnect_counts_once),
		EACH(test_other_content_under_an_identity_is_kept_aside),
		EACH(test_unpriced_and_checkpoints_are_told_apart),
		EACH(test_a_batch_lingers_for_more),
		EACH(test_a_full_batch_does_not_linger),
		EACH(test_many_gateways_at_once),
		EACH(test_a_gateway_too_many_waits_for_its_turn),
		EACH(test_a_full_queue_stops_reading_and_loses_nothing),
		EACH(test_the_end_reads_all_of_who_cannot_send_again),
		EACH(test_who_waits_longest_goes_on_first),
		EACH(test_who_never_reads_its_acknowledgements_harms_nobody),
		EACH(test_the_end_lets_in_who_waited_for_a_place),
		EACH(test_the_end_comes_under_load_without_end),
		EACH(test_the_memory_of_long_lines_goes_back),
#undef EACH
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
