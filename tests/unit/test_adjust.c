#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/moment.h"
#include "ledger/adjust.h"
#include "ledger/store.h"
#include "tests/support/ledgerkit.h"

#define HOUR_9  INT64_C(1785574800000)
#define HOUR_10 (HOUR_9 + MS_PER_HOUR)
#define HOUR_12 INT64_C(1785585600000) /* of KIT_NOW_MS */

static struct adjustment_run run_of(struct ledgerkit *kit)
{
	return (struct adjustment_run){
		.at_ms = KIT_NOW_MS,
		.who = text_of("uid 7"),
		.reason = text_of("a wrong price"),
		.book = text_of(book_hash(kit->book.book)),
		.from_ms = HOUR_9,
		.to_ms = HOUR_12,
	};
}

static struct adjustment row_of(int64_t hour_ms, const char *account, wide attos)
{
	return (struct adjustment){
		.hour_ms = hour_ms,
		.account = text_of(account),
		.model = text_of("m"),
		.source = text_of("gw-1"),
		.events = 3,
		.amount = { attos },
	};
}

static int adjust(struct ledgerkit *kit, const struct adjustment_run *run,
                  const struct adjustment *rows, size_t count, struct fault *fault)
{
	int64_t seq = 0;
	int r = ledger_begin(kit->ledger, fault);

	assert_int_equal(r, 0);
	r = ledger_adjust(kit->ledger, run, rows, count, &seq, fault);
	if (r == 0)
		r = ledger_commit(kit->ledger, fault);
	if (r < 0)
		ledger_rollback(kit->ledger);
	return r < 0 ? r : (int)seq;
}

static int add_run(void *context, const struct adjustment_run *run)
{
	char total[MONEY_TEXT_BYTES];

	money_text(run->total, total);
	buf_addf(context, "%lld by %.*s: %.*s, %lld+%lld, %lld rows, %s; ", (long long)run->seq,
	         TEXT_ARGS(run->who), TEXT_ARGS(run->reason),
	         (long long)(run->from_ms - HOUR_9) / MS_PER_HOUR,
	         (long long)(run->to_ms - run->from_ms) / MS_PER_HOUR, (long long)run->rows, total);
	return 0;
}

static int add_row(void *context, const struct adjustment *row)
{
	char amount[MONEY_TEXT_BYTES];

	money_text(row->amount, amount);
	buf_addf(context, "%lld: %lld at %lld %.*s%s %.*s %lld %s; ", (long long)row->run,
	         (long long)(row->hour_ms - HOUR_9) / MS_PER_HOUR,
	         (long long)(row->booked_ms - HOUR_9) / MS_PER_HOUR, TEXT_ARGS(row->account),
	         row->key.at != NULL ? " with a key" : "", TEXT_ARGS(row->model),
	         (long long)row->events, amount);
	return 0;
}

static void expect_rows(struct ledgerkit *kit, enum adjustment_hour hour, int64_t from_ms,
                        int64_t to_ms, const char *expected)
{
	struct buf rows = { .at = NULL };

	buf_add_cstr(&rows, "");
	assert_int_equal(
		ledger_each_adjustment(kit->ledger, hour, from_ms, to_ms, add_row, &rows, NULL), 0);
	assert_string_equal(rows.at != NULL ? rows.at : "", expected);
	buf_release(&rows);
}

static void test_a_run_is_kept_with_its_rows_and_their_sum(void **state)
{
	struct ledgerkit *kit = *state;
	struct adjustment_run run;
	struct adjustment rows[] = { row_of(HOUR_10, "b", 5), row_of(HOUR_9, "a", -ATTOS_PER_NANO),
		                     row_of(HOUR_9, "b", 7) };
	struct buf runs = { .at = NULL };

	kit_price(kit, kit_small_book);
	run = run_of(kit);
	assert_int_equal(adjust(kit, &run, rows, 3, NULL), 1);
	assert_int_equal(adjust(kit, &run, rows, 1, NULL), 2);
	assert_int_equal(ledger_each_run(kit->ledger, add_run, &runs, NULL), 0);
	assert_string_equal(runs.at,
	                    "1 by uid 7: a wrong price, 0+3, 3 rows, -0.000000000999999988; "
	                    "2 by uid 7: a wrong price, 0+3, 1 rows, 0.000000000000000005; ");
	expect_rows(kit, ADJUSTMENT_TRAFFIC, HOUR_9, HOUR_10,
	            "1: 0 at 0 b m 3 0.000000000000000007; 1: 0 at 0 a m 3 -0.000000001; ");
	expect_rows(kit, ADJUSTMENT_BOOKED, HOUR_10, HOUR_12,
	            "1: 1 at 1 b m 3 0.000000000000000005; 2: 1 at 1 b m 3 "
	            "0.000000000000000005; ");
	expect_rows(kit, ADJUSTMENT_BOOKED, HOUR_12, INT64_MAX, "");
	kit_verify_clean(kit);
	buf_release(&runs);
}

/* Nothing of a refused run is kept. */
static void test_a_run_that_is_none_is_refused(void **state)
{
	const wide most = (wide)INT64_MAX * ATTOS_PER_NANO;
	struct ledgerkit *kit = *state;
	struct fault fault = { .code = FAULT_NONE };
	struct adjustment large[] = { row_of(HOUR_9, "a", most), row_of(HOUR_10, "a", most) };
	struct adjustment twice[] = { row_of(HOUR_9, "a", 1), row_of(HOUR_9, "a", 1) };
	struct adjustment nothing = row_of(HOUR_9, "a", 0);
	struct adjustment_run run;

	kit_price(kit, kit_small_book);
	run = run_of(kit);
	assert_int_equal(adjust(kit, &run, large, 2, &fault), -FAULT_RANGE);
	assert_true(adjust(kit, &run, twice, 2, &fault) < 0);
	assert_true(adjust(kit, &run, &nothing, 1, &fault) < 0);
	run.reason = text_of("");
	assert_true(adjust(kit, &run, large, 1, &fault) < 0);
	run = run_of(kit);
	run.book = text_of("0123456789");
	assert_int_equal(adjust(kit, &run, large, 1, &fault), -FAULT_NOT_FOUND);
	assert_string_equal(kit_ask(kit, "SELECT (SELECT count(*) FROM adjustment_run) || ' ' || "
	                                 "(SELECT count(*) FROM adjustment)"),
	                    "0 0");
	/* No number is lost by them. */
	run = run_of(kit);
	assert_int_equal(adjust(kit, &run, large, 1, NULL), 1);
}

static void test_what_is_closed_is_closed_once_and_in_order(void **state)
{
	static const struct {
		int64_t until_ms;
		int r;
		int64_t closed;
	} rows[] = {
		{ HOUR_9 + 1, -FAULT_INVALID, 0 },
		{ HOUR_12 + MS_PER_HOUR, -FAULT_INVALID, 0 }, /* not over yet */
		{ HOUR_9, 0, HOUR_9 },
		{ HOUR_9, -FAULT_INVALID, HOUR_9 },
		{ HOUR_9 - MS_PER_HOUR, -FAULT_INVALID, HOUR_9 },
		{ HOUR_10, 0, HOUR_10 },
	};
	struct ledgerkit *kit = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fault fault = { .code = FAULT_NONE };
		int64_t until = -1;

		if (kit_close_until(kit, rows[i].until_ms, &fault) != rows[i].r)
			fail_msg("row %zu: %s", i, fault.text);
		assert_int_equal(ledger_closed_until(kit->ledger, &until, NULL), 0);
		assert_int_equal(until, rows[i].closed);
	}
	assert_string_equal(kit_ask(kit, "SELECT group_concat(seq || who || note) FROM closing"),
	                    "1uid 7July,2uid 7July");
	kit_verify_clean(kit);
}

/* Into the hour of now; what is open keeps its own. */
static void test_traffic_of_a_closed_period_is_adjusted_in_the_open_one(void **state)
{
	struct ledgerkit *kit = *state;
	struct adjustment rows[] = { row_of(HOUR_9, "a", 1), row_of(HOUR_10, "a", 2) };
	struct adjustment_run run;

	kit_price(kit, kit_small_book);
	run = run_of(kit);
	assert_int_equal(kit_close_until(kit, HOUR_10, NULL), 0);
	run.at_ms = KIT_NOW_MS + 1234;
	assert_int_equal(adjust(kit, &run, rows, 2, NULL), 1);
	/* A clock that was set back books nothing in what is closed. */
	run.at_ms = HOUR_9 - 5 * MS_PER_HOUR;
	assert_int_equal(adjust(kit, &run, rows, 1, NULL), 2);
	expect_rows(kit, ADJUSTMENT_TRAFFIC, HOUR_9, HOUR_12,
	            "1: 0 at 3 a m 3 0.000000000000000001; 2: 0 at 1 a m 3 0.000000000000000001; "
	            "1: 1 at 1 a m 3 0.000000000000000002; ");
	expect_rows(kit, ADJUSTMENT_BOOKED, HOUR_9, HOUR_10, "");
	kit_verify_clean(kit);
}

static void test_a_range_knows_whether_its_sums_were_touched(void **state)
{
	static const struct {
		const char *time;
		bool touched;
	} rows[] = {
		{ "2026-08-01T08:59:59.999Z", false },
		{ "2026-08-01T10:00:00Z", false },
		{ "2026-08-01T09:00:00Z", true },
		{ "2026-08-01T09:59:59.999Z", true },
	};
	struct ledgerkit *kit = *state;
	char id[16];

	kit_price(kit, kit_small_book);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(id, sizeof(id), "e%zu", i);
		ledger_watch(kit->ledger, HOUR_9, HOUR_10);
		assert_false(ledger_touched(kit->ledger));
		kit_send_usage(kit, id, rows[i].time, "m", "{\"input\":1}");
		if (ledger_touched(kit->ledger) != rows[i].touched)
			fail_msg("%s", rows[i].time);
	}
}

/* One damage a ledger, and all that verify finds. */
static void test_a_run_that_was_changed_is_named(void **state)
{
#define ROW "[run 1 hour 2026-08-01T09:00Z]"
	static const struct {
		const char *sql, *findings;
	} rows[] = {
		{ "UPDATE adjustment SET attos = attos + 1 WHERE hour = 1785574800000",
		  "adjustment total [run 1] 0.000000000000000003|0.000000000000000004\n" },
		{ "UPDATE adjustment_run SET attos = 9",
		  "adjustment total [run 1] 0.000000000000000009|0.000000000000000003\n" },
		{ "DELETE FROM adjustment WHERE hour = 1785574800000",
		  "adjustment rows [run 1] 2|1\n"
		  "adjustment total [run 1] 0.000000000000000003|0.000000000000000002\n" },
		{ "UPDATE adjustment_run SET rows = 3", "adjustment rows [run 1] 3|2\n" },
		{ "UPDATE adjustment SET booked_hour = 1785582000000 WHERE "
		  "hour = 1785574800000",
		  "adjustment booked hour " ROW " 2026-08-01T11:00Z|2026-08-01T09:00Z\n" },
		{ "UPDATE adjustment SET account = 4711 WHERE hour = 1785574800000",
		  "adjustment account " ROW " name 4711|a name that is there\n" },
		{ "UPDATE adjustment SET account = source WHERE hour = 1785574800000",
		  "adjustment content [run 1] another digest|as it was made\n" },
		{ "UPDATE adjustment SET attos = attos + 1; UPDATE adjustment_run SET "
		  "attos = attos + 2",
		  "adjustment content [run 1] another digest|as it was made\n" },
		{ "UPDATE adjustment_run SET reason = 'other'",
		  "adjustment content [run 1] another digest|as it was made\n" },
		{ "UPDATE adjustment_run SET book = 9",
		  "adjustment book [run 1] gone|a book that is there\n" },
		{ "UPDATE adjustment_run SET seq = 2; UPDATE adjustment SET run = 2",
		  "adjustment the line before it [run 2] missing|1\n" },
		{ "DELETE FROM adjustment_run",
		  "adjustment run " ROW " gone|a run that is there\n"
		  "adjustment run [run 1 hour 2026-08-01T10:00Z] gone|a run that is there\n" },
		{ "INSERT INTO closing VALUES (2, 3600000, 0, '', '')",
		  "adjustment the line before it [closing 2] missing|1\n" },
		{ "INSERT INTO closing VALUES (1, 7200000, 0, '', ''), (2, 3600000, 0, '', '')",
		  "adjustment until [closing 2] 1970-01-01T01:00:00.000Z|later than "
		  "1970-01-01T02:00:00.000Z\n" },
	};
#undef ROW

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct adjustment both[] = { row_of(HOUR_9, "a", 1), row_of(HOUR_10, "a", 2) };
		struct buf findings = { .at = NULL };
		struct adjustment_run run;
		struct ledgerkit kit;

		kit_open(&kit);
		kit_price(&kit, kit_small_book);
		run = run_of(&kit);
		assert_int_equal(adjust(&kit, &run, both, 2, NULL), 1);
		kit_verify_clean(&kit);
		kit_shut(&kit);
		kit_sql(&kit, "PRAGMA foreign_keys = OFF");
		kit_sql(&kit, rows[i].sql);
		kit_verify(&kit, &findings);
		if (!text_is(buf_text(&findings), rows[i].findings))
			fail_msg("%s:\n%.*snot\n%s", rows[i].sql, TEXT_ARGS(buf_text(&findings)),
			         rows[i].findings);
		buf_release(&findings);
		kit_close(&kit);
	}
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_run_is_kept_with_its_rows_and_their_sum),
		T(test_a_run_that_is_none_is_refused),
		T(test_what_is_closed_is_closed_once_and_in_order),
		T(test_traffic_of_a_closed_period_is_adjusted_in_the_open_one),
		T(test_a_range_knows_whether_its_sums_were_touched),
		cmocka_unit_test(test_a_run_that_was_changed_is_named),
	};

	return cmocka_run_group_tests_name("adjust", tests, NULL, NULL);
}
