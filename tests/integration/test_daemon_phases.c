/*
 * A request that is sent while it goes on: its phases come over several connections, in any
 * order and around a restart, and the ledger has it once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"
#include "report/report.h"
#include "tests/support/daemonkit.h"

static struct daemonkit kit;

static int begin(void **state)
{
	(void)state;
	daemonkit_begin(&kit);
	daemonkit_start(&kit, NULL);
	return 0;
}

static int end(void **state)
{
	(void)state;
	daemonkit_end(&kit);
	return 0;
}

/* 1 and 2 USD per 1M: so many microdollars are input + 2 x output. */
static const char open_line[] = "{\"id\":\"r\",\"time\":\"2026-11-22T07:59:59.500Z\",\"account\":"
				"\"acct\",\"model\":\"m/a\","
				"\"api\":\"toll\",\"settlement\":\"open\"}\n";
static const char partial_line[] =
	"{\"id\":\"r\",\"time\":\"2026-11-22T08:00:00Z\",\"account\":\"acct\",\"model\":\"m/a\","
	"\"api\":\"toll\",\"settlement\":\"partial\",\"usage\":{\"input\":100,\"output\":10}}\n";
static const char final_line[] =
	"{\"id\":\"r\",\"time\":\"2026-11-22T08:00:07Z\",\"account\":\"acct\",\"model\":\"m/a\","
	"\"api\":\"toll\",\"settlement\":\"final\",\"usage\":{\"input\":100,\"output\":50}}\n";
static const char other_final_line[] =
	"{\"id\":\"r\",\"time\":\"2026-11-22T08:00:07Z\",\"account\":\"acct\",\"model\":\"m/a\","
	"\"api\":\"toll\",\"settlement\":\"final\",\"usage\":{\"input\":100,\"output\":51}}\n";

/* The lines over a connection of their own, until all are acknowledged. */
static void send_lines(const char *text, int64_t lines, struct wire_ack *ack_out)
{
	int fd = daemonkit_hello(&kit, "gw-1", true);

	daemonkit_send_text(fd, text);
	daemonkit_wait_ack(fd, lines, ack_out);
	close(fd);
}

static void expect_accepted(const char *text)
{
	struct wire_ack ack;

	send_lines(text, 1, &ack);
	assert_int_equal(ack.lines, 1);
	assert_int_equal(ack.accepted, 1);
}

/* What a report of everything says of its only group, and of the total. */
static void expect_report(int64_t events, int64_t partial, int64_t uncounted, const char *amount)
{
	const struct report_query query = { .by = REPORT_BY_ACCOUNT,
		                            .from_ms = LEDGER_FROM_MIN,
		                            .to_ms = LEDGER_TO_MAX };
	struct ledger *ledger = NULL;
	struct table table = { .rows = NULL };
	struct report_notes notes;

	assert_int_equal(ledger_open_reader(&ledger, kit.ledger, NULL), 0);
	assert_int_equal(report_run(ledger, &query, &table, &notes, NULL), 0);
	ledger_close(ledger);
	assert_int_equal(table.row_count, 1);
	assert_int_equal(notes.events, events);
	assert_int_equal(notes.partial, partial);
	assert_int_equal(notes.uncounted, uncounted);
	assert_int_equal(notes.estimated, 0);
	for (size_t c = 0; c < table.column_count; c++) {
		if (strcmp(table.columns[c].key, "amount") != 0)
			continue;
		assert_true(text_is(table.rows[0].cells[c], amount));
		assert_true(text_is(table.total.cells[c], amount));
	}
	table_release(&table);
}

static void expect_verified_nanos(int64_t nanos)
{
	struct money amount = daemonkit_verified_amount(&kit);

	assert_true(amount.attos == (wide)nanos * ATTOS_PER_NANO);
}

static void restart(void)
{
	assert_int_equal(daemonkit_stop(&kit), 0);
	daemonkit_start(&kit, NULL);
}

static void test_each_phase_takes_the_place_of_the_one_before(void **state)
{
	struct wire_ack ack;

	(void)state;
	expect_accepted(open_line);
	expect_report(1, 0, 1, "0.00");
	assert_int_equal(daemonkit_status(&kit).open, 1);
	expect_accepted(partial_line);
	expect_report(1, 1, 0, "0.00012");
	assert_int_equal(daemonkit_status(&kit).open, 0);
	assert_int_equal(daemonkit_status(&kit).under_way, 1);
	restart();
	expect_accepted(final_line);
	expect_report(1, 0, 0, "0.0002");
	/* All of them once more, in one batch. */
	{
		struct buf all = { .at = NULL };

		buf_addf(&all, "%s%s%s%s", final_line, open_line, partial_line, other_final_line);
		send_lines(all.at, 4, &ack);
		buf_release(&all);
	}
	assert_int_equal(ack.duplicate, 3);
	assert_int_equal(ack.conflict, 1);
	assert_int_equal(ack.accepted + ack.unpriced + ack.quarantined, 0);
	expect_report(1, 0, 0, "0.0002");
	assert_int_equal(daemonkit_status(&kit).events, 1);
	expect_verified_nanos(200000);
}

static void test_what_comes_behind_the_final_changes_nothing(void **state)
{
	struct wire_ack ack;

	(void)state;
	expect_accepted(final_line);
	expect_report(1, 0, 0, "0.0002");
	expect_accepted(open_line);
	restart();
	expect_accepted(partial_line);
	expect_report(1, 0, 0, "0.0002");
	send_lines(open_line, 1, &ack);
	assert_int_equal(ack.duplicate, 1);
	assert_int_equal(daemonkit_status(&kit).events, 1);
	assert_int_equal(daemonkit_status(&kit).open, 0);
	expect_verified_nanos(200000);
}

/* Many requests, each with its phases on three connections at once. */
static void test_phases_race_over_connections(void **state)
{
	enum { REQUESTS = 300, PHASES = 3 };
	static const char *const lines[PHASES] = {
		"\"settlement\":\"open\"}\n",
		"\"settlement\":\"abandoned\",\"usage\":{\"input\":100}}\n",
		"\"usage\":{\"input\":100,\"output\":50}}\n",
	};
	struct wire_ack ack;
	int64_t accepted = 0;
	int fds[PHASES];

	(void)state;
	for (int p = 0; p < PHASES; p++) {
		struct buf text = { .at = NULL };

		for (int i = 0; i < REQUESTS; i++) {
			/* One forwards, one backwards, one from the middle. */
			int number = p == 0 ? i : p == 1 ? REQUESTS - 1 - i : (i + 150) % REQUESTS;

			buf_addf(&text,
			         "{\"id\":\"r-%d\",\"time\":\"2026-11-22T0%d:00:%02dZ\","
			         "\"account\":\"acct\",\"model\":\"m/a\",\"api\":\"toll\",%s",
			         number, 7 + p, number % 60, lines[p]);
		}
		fds[p] = daemonkit_hello(&kit, "gw-1", true);
		daemonkit_send(fds[p], text.at, text.len);
		buf_release(&text);
	}
	for (int p = 0; p < PHASES; p++) {
		daemonkit_wait_ack(fds[p], REQUESTS, &ack);
		accepted += ack.accepted;
		close(fds[p]);
	}
	assert_int_equal(accepted, REQUESTS * PHASES);
	expect_report(REQUESTS, 0, 0, "0.06");
	expect_verified_nanos(60000000);
}

static void test_a_kill_between_phases_loses_none(void **state)
{
	struct wire_ack ack;

	(void)state;
	expect_accepted(partial_line);
	daemonkit_kill(&kit);
	daemonkit_start(&kit, NULL);
	expect_accepted(final_line);
	daemonkit_kill(&kit);
	daemonkit_start(&kit, NULL);
	send_lines(final_line, 1, &ack);
	assert_int_equal(ack.duplicate, 1);
	expect_report(1, 0, 0, "0.0002");
	expect_verified_nanos(200000);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		T(test_each_phase_takes_the_place_of_the_one_before),
		T(test_what_comes_behind_the_final_changes_nothing),
		T(test_phases_race_over_connections),
		T(test_a_kill_between_phases_loses_none),
	};

	return cmocka_run_group_tests_name("daemon phases", tests, NULL, NULL);
}
