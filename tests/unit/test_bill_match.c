/* By id: which row is which event's, and what is left on either side. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bill/run.h"
#include "tests/support/matchkit.h"

#define T(time) "2026-07-01T" time "Z"
#define ROW(id, at, in, out, amount)                                                               \
	"id=" id " time=" T(at) " model=m input=" in " output=" out " amount=" amount
#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))
#define DAY_MS     INT64_C(1782864000000) /* 2026-07-01 */

static void test_equal_sides_have_no_difference(void **state)
{
	struct matchkit *kit = *state;

	match_event(kit, "e1", T("00:30:00"), 5, 1, "");
	match_event(kit, "e2", T("10:00:00"), 2, 3, "");
	match_row(kit, ROW("e2", "10:00:01", "2", "3", "8"));
	match_row(kit, ROW("e1", "00:30:00", "5", "1", "7"));
	match_finds(kit, "ours 15.00 theirs 15.00\n");
	assert_int_equal(kit->result.match, MATCH_ID);
	assert_int_equal(kit->result.pairs, 2);
	assert_int_equal(kit->result.equal, 2);
	assert_true(kit->result.equal_within);
	assert_int_equal(kit->result.from_ms, DAY_MS);
	assert_int_equal(kit->result.to_ms, DAY_MS + INT64_C(86400000));
	assert_int_equal(kit->result.theirs.requests, 2);
	assert_int_equal(kit->result.ours.rows, 2);
	assert_string_equal(kit->result.currency, "USD");
}

static void test_what_one_side_lacks_is_missing(void **state)
{
	struct matchkit *kit = *state;

	match_event(kit, "e1", T("01:00:00"), 5, 1, "");
	match_event(kit, "e2", T("02:00:00"), 1, 1, "");
	match_row(kit, ROW("e9", "03:00:00", "1", "0", "1"));
	match_row(kit, ROW("e1", "01:00:00", "5", "1", "7"));
	match_finds(kit, "missing-there -3.00 e2 -\n"
	                 "missing-here 1.00 - 1\n"
	                 "ours 10.00 theirs 8.00\n");
	assert_false(kit->result.equal_within);
	assert_int_equal(kit->result.worst_count, 2);
	assert_int_equal(kit->result.worst[0].cause, CAUSE_MISSING_THERE);
	assert_int_equal(kit->result.worst[0].theirs_ms, EVENT_ABSENT);
	assert_true(text_is(kit->result.worst[1].their_id, "e9"));
}

/* m is 1.00 of input and 2.00 of output, each. */
static void test_the_largest_say_what_both_sides_are_made_of(void **state)
{
	struct matchkit *kit = *state;
	const struct bill_difference *worst;

	match_event(kit, "e1", T("01:00:00"), 5, 1, "");
	match_event(kit, "e2", T("02:00:00"), 1200, 1, ",'model':'unknown'");
	match_row(kit, ROW("e1", "01:00:00", "5", "1", "10.50") " fee=3.50");
	match_row(kit, "id=e9 time=" T("03:00:00") " model=m prompt_total=7 amount=1");
	match_finds(kit, "fee 3.50 e1 1\nmissing-there 0.00 e2 -\nmissing-here 1.00 - 2\n"
	                 "ours 7.00 theirs 11.50\n");
	worst = kit->result.worst;
	assert_true(text_is(worst[0].ours_made, "5 input x 1000000.00/1M = 5.00 + "
	                                        "1 output x 2000000.00/1M = 2.00"));
	assert_true(text_is(worst[0].theirs_made, "input 5, output 1; fee 3.50: 10.50"));
	assert_null(worst[1].ours_made.at);
	assert_true(text_is(worst[1].theirs_made, "the whole prompt 7: 1.00"));
	assert_true(
		text_is(worst[2].ours_made, "input 1 200, output 1: no price, in suspense, 0.00"));
	assert_null(worst[2].theirs_made.at);
}

/* "2.00" is no rounded 2.40, though no amount of the statement has a decimal that is not 0. */
static void test_a_whole_amount_is_told_to_the_cent(void **state)
{
	static const char *const currencies[] = { "USD", "JPY" };
	struct matchkit *kit = *state;

	for (int i = 0; i < 2; i++) {
		char book[512];

		kit_close(&kit->ledger);
		kit_open(&kit->ledger);
		match_no_rows(kit);
		snprintf(book, sizeof(book),
		         "{'pricebook':1,'name':'b','currency':'%s','models':[{'model':'m',"
		         "'versions':[{'effective_from':'2026','rates':["
		         "{'component':'input','each':'1.2'},"
		         "{'component':'output','each':'2'}]}]}]}",
		         currencies[i]);
		kit_price(&kit->ledger, kit_quotes(book));
		kit->summary.decimals = 0;
		match_event(kit, "e1", T("01:00:00"), 2, 1, "");
		match_row(kit, ROW("e1", "01:00:00", "2", "1", "4"));
		match_finds(kit, i == 0 ? "price -0.40 e1 1\nours 4.40 theirs 4.00\n"
		                        : "rounding -0.40 e1 1\nours 4.40 theirs 4.00\n");
	}
}

static void test_any_of_the_ids_is_enough(void **state)
{
	struct matchkit *kit = *state;

	match_event(kit, "e1", T("01:00:00"), 1, 0, ",'upstream_id':'up-1'");
	match_event(kit, "e2", T("02:00:00"), 1, 0,
	            ",'upstream_id':'up\\u00222','tags':{'upstream_id':'x'}");
	match_event(kit, "e3", T("03:00:00"), 1, 0, ",'tags':{'upstream_id':'up-3'}");
	match_row(kit, "id=up-1 time=" T("01:00:00") " input=1 amount=1");
	match_row(kit, "id=g2 upstream_id=up\"2 time=" T("02:00:00") " input=1 amount=1");
	match_row(kit, "id=up-3 time=" T("03:00:00") " input=1 amount=1");
	match_row(kit, "id=g4 request_id=e3 time=" T("03:00:00") " input=1 amount=1");
	match_finds(kit, "missing-here 1.00 - 3\nours 3.00 theirs 4.00\n");
}

static void test_of_too_many_ids_one_kind_is_looked_up(void **state)
{
	struct matchkit *kit = *state;

	match_event(kit, "e1", T("01:00:00"), 1, 0, ",'upstream_id':'up-1'");
	match_event(kit, "e2", T("02:00:00"), 2, 0, ",'upstream_id':'up-2'");
	match_row(kit,
	          "id=g1 upstream_id=up-1 request_id=e2 time=" T("01:00:00") " amount=1 input=1");
	match_row(kit,
	          "id=g2 upstream_id=up-2 request_id=r2 time=" T("02:00:00") " amount=2 input=2");
	for (int asked = 0; asked < 2; asked++) {
		kit->options.match = asked == 1 ? MATCH_ID : MATCH_AUTO;
		kit->options.ids_max = 6;
		match_finds(kit, "ours 3.00 theirs 3.00\n");
		assert_null(
			strstr(kit->result.notes.at != NULL ? kit->result.notes.at : "", "alone"));
		kit->options.ids_max = 5;
		match_finds(kit, "ours 3.00 theirs 3.00\n");
		assert_non_null(strstr(kit->result.notes.at,
		                       "so many rows are looked up by their upstream_id alone"));
	}
	/* None of them is known. */
	match_no_rows(kit);
	match_row(kit, "id=g1 upstream_id=up-7 time=" T("01:00:00") " amount=1 input=1");
	kit->options.ids_max = 1;
	match_finds(kit, "missing-there -1.00 e1 -\nmissing-there -2.00 e2 -\n"
	                 "missing-here 1.00 - 1\nours 3.00 theirs 1.00\n");
}

/* Of more names than are kept the book says the same as before. */
static void test_a_model_has_one_name_among_many(void **state)
{
	enum { MANY = 70000 };
	struct matchkit *kit = *state;
	struct applied_book current = { .book = NULL };
	struct fault fault;
	struct bill_run run = { .fault = &fault };
	char name[16];
	struct text out;

	assert_int_equal(ledger_book_current(kit->ledger.ledger, BOOK_SELL, &current, &fault), 0);
	run.book = current.book;
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "x%d", i);
		assert_int_equal(bill_model(&run, text_of(name), &out), 0);
		if (!text_is(out, name))
			fail_msg("%s is %.*s", name, TEXT_ARGS(out));
		if (i % 10000 == 0) {
			assert_int_equal(bill_model(&run, text_of("vendor/m"), &out), 0);
			assert_true(text_is(out, "m"));
		}
	}
	bill_models_release(&run.models);
	/* One that comes when all room is taken. */
	for (int i = 0; i <= MANY; i++) {
		snprintf(name, sizeof(name), "x%d", i);
		assert_int_equal(bill_model(&run, text_of(i < MANY ? name : "vendor/m"), &out), 0);
	}
	assert_true(text_is(out, "m"));
	bill_models_release(&run.models);
	book_free(current.book);
}

/* What was counted while ids were looked for is not counted once more. */
static void test_rows_that_are_matched_otherwise_count_once(void **state)
{
	struct matchkit *kit = *state;

	match_event(kit, "e1", T("01:00:00"), 1, 0, "");
	match_event(kit, "e2", T("02:00:00"), 2, 0, "");
	match_row(kit,
	          "id=e1 upstream_id=u1 time=" T("01:00:00") " model=m input=1 output=0 amount=1");
	match_row(kit, "time=" T("02:00:00") " model=m input=2 output=0 amount=2");
	kit->options.ids_max = 1;
	match_finds(kit, "ours 3.00 theirs 3.00\n");
	assert_int_equal(kit->result.match, MATCH_FACTS);
	assert_null(strstr(kit->result.notes.at, "alone"));
	/* Ids of another world, and a row without an amount. */
	match_no_rows(kit);
	match_row(kit, "id=g1 time=" T("01:00:00") " model=m input=1 output=0 amount=1");
	match_row(kit, "id=g2 time=" T("02:00:00") " model=m input=2 output=0");
	kit->summary.with_amount = 1;
	match_finds(kit, "unexplained -2.00 e2 2\nours 3.00 theirs 1.00\n");
	assert_int_equal(kit->result.match, MATCH_FACTS);
	assert_non_null(strstr(kit->result.notes.at, "\n1 row of the statement has no amount"));
}

static void test_what_does_not_add_up_is_damage(void **state)
{
	struct matchkit *kit = *state;

	match_event(kit, "e1", T("01:00:00"), 5, 1, "");
	match_event(kit, "e2", T("02:00:00"), 5, 1, "");
	match_event(kit, "e3", T("03:00:00"), 5, 1, "");
	match_event(kit, "e4", T("03:00:00"), 5, 1, "");
	match_row(kit, ROW("e1", "01:00:00", "5", "1", "7"));
	kit_shut(&kit->ledger);
	kit_sql(&kit->ledger,
	        "UPDATE event SET nanos = nanos + 1000000000, check_word = NULL WHERE id = 'e2'");
	kit_reopen(&kit->ledger);
	match_finds(kit, "fault: the events of the period do not add up to its sums: toll verify "
	                 "names what is wrong\n");
	/* A statement of most of them has each read whole, and so checked by itself. */
	match_no_rows(kit);
	match_row(kit, ROW("e1", "01:00:00", "5", "1", "7"));
	match_row(kit, ROW("e3", "03:00:00", "5", "1", "7"));
	assert_non_null(strstr(match_run(kit), "its events are not those that were stored"));
}

static void test_too_many_sums_are_refused(void **state)
{
	struct matchkit *kit = *state;
	char row[128];

	match_event(kit, "e1", T("01:00:00"), 5, 1, "");
	/* Just as many as can be: of one more row there are too many. */
	for (int more = 0; more < 2; more++) {
		match_no_rows(kit);
		match_row(kit, "from=2026-07-01 to=2026-07-02 model=m input=5 output=1 amount=7");
		for (int i = 1; i < BILL_GROUPS_MAX + more; i++) {
			snprintf(row, sizeof(row),
			         "from=2026-07-01 to=2026-07-02 model=x%d amount=0", i);
			match_row(kit, row);
		}
		assert_int_equal(strstr(match_run(kit), "more than 200000 sums") != NULL, more);
		assert_int_equal(strstr(kit->found.at, "fault: ") != NULL, more);
	}
}

/* What a gateway writes for all of its requests names none of them. */
static void test_an_upstream_id_of_many_is_of_no_request(void **state)
{
	enum { MANY = 65 };
	struct matchkit *kit = *state;
	char id[16], row[120];

	kit_begin(&kit->ledger);
	for (int i = 0; i < MANY; i++) {
		snprintf(id, sizeof(id), "e%d", i);
		match_event(kit, id, "2026-07-01T10:00:00Z", 1, 0, ",'upstream_id':'u'");
		snprintf(row, sizeof(row),
		         "id=%s%d upstream_id=u time=2026-07-01T10:00:00Z input=1 amount=1",
		         i == 0 ? "x" : "e", i);
		match_row(kit, row);
	}
	kit_commit(&kit->ledger);
	kit->options.match = MATCH_ID;
	match_finds(kit, "missing-there -1.00 e0 -\nmissing-here 1.00 - 1\n"
	                 "ours 65.00 theirs 65.00\n");
	assert_non_null(strstr(kit->result.notes.at, "is of no single request"));
}

static void test_a_copy_counts_once(void **state)
{
	struct matchkit *kit = *state;

	match_event(kit, "e1", T("01:00:00"), 5, 1, "");
	match_row(kit, ROW("e1", "01:00:00", "5", "1", "7"));
	match_row(kit, ROW("e1", "01:00:00", "5", "1", "7"));
	match_row(kit, ROW("e1", "01:30:00", "1", "0", "1"));
	/* Of what the ledger does not know, too. */
	match_row(kit, ROW("x", "02:00:00", "1", "0", "1"));
	match_row(kit, ROW("x", "02:00:00", "1", "0", "1"));
	match_finds(kit, "duplicate 7.00 - 2 of 1\n"
	                 "missing-here 1.00 - 3\n"
	                 "missing-here 1.00 - 4\n"
	                 "duplicate 1.00 - 5 of 4\n"
	                 "ours 7.00 theirs 17.00\n");
}

/* Of several rows with one id, in whatever order. */
static void test_the_row_that_agrees_is_the_pair(void **state)
{
	static const char *const rows[] = { ROW("e1", "01:00:00", "9", "1", "11"),
		                            ROW("e1", "01:00:00", "5", "1", "7"),
		                            ROW("e1", "01:00:00", "5", "2", "7") };
	struct matchkit *kit = *state;

	match_event(kit, "e1", T("01:00:00"), 5, 1, "");
	for (int i = 0; i < 3; i++)
		match_row(kit, rows[i]);
	match_finds(kit, "duplicate 11.00 - 1 of 2\nduplicate 7.00 - 3 of 2\n"
	                 "ours 7.00 theirs 25.00\n");
	assert_true(text_is(kit->result.worst[0].why, "a second row of this id: other counts and "
	                                              "another amount than record 2"));
	assert_true(text_is(kit->result.worst[1].why,
	                    "a second row of this id: other counts than record 2"));
	match_no_rows(kit);
	for (int i = 3; i-- > 0;)
		match_row(kit, rows[i]);
	match_finds(kit, "duplicate 7.00 - 1 of 2\nduplicate 11.00 - 3 of 2\n"
	                 "ours 7.00 theirs 25.00\n");
	/* None that agrees: the fewest differences, and then the nearest. */
	match_no_rows(kit);
	match_row(kit, ROW("e1", "01:00:00", "9", "2", "13"));
	match_row(kit, ROW("e1", "01:30:00", "5", "1", "8"));
	match_row(kit, ROW("e1", "01:00:00", "5", "1", "9"));
	match_finds(kit, "price 2.00 e1 3\nduplicate 13.00 - 1 of 3\n"
	                 "missing-here 8.00 - 2\nours 7.00 theirs 30.00\n");
	/* Of what the ledger does not know two that say other things are two. */
	kit->options.match = MATCH_ID;
	match_no_rows(kit);
	match_row(kit, ROW("x", "01:00:00", "9", "2", "13"));
	match_row(kit, ROW("x", "01:00:00", "5", "1", "8"));
	match_row(kit, ROW("x", "01:00:00", "5", "1", "8"));
	match_finds(kit, "missing-there -7.00 e1 -\nmissing-here 13.00 - 1\n"
	                 "missing-here 8.00 - 2\nduplicate 8.00 - 3 of 2\n"
	                 "ours 7.00 theirs 29.00\n");
}

static void test_an_event_of_two_sources_is_ours_twice(void **state)
{
	struct matchkit *kit = *state;

	match_event(kit, "e1", T("01:00:00"), 5, 1, "");
	match_event(kit, "e1", T("01:00:00"), 5, 1, ",'source':'gw-2'");
	match_row(kit, ROW("e1", "01:00:00", "5", "1", "7"));
	/* One that failed used nothing, and is none. */
	match_event(kit, "e1", T("01:00:02"), 0, 0, ",'source':'gw-3','status':502");
	match_finds(kit, "duplicate -7.00 e1 - of 1\nours 14.00 theirs 7.00\n");
}

static void test_lines_and_credits_of_a_request_are_one(void **state)
{
	struct matchkit *kit = *state;

	match_event(kit, "e1", T("01:00:00"), 5, 1, "");
	match_row(kit, "id=e1 time=" T("01:00:00") " of=input input=5 amount=5");
	match_row(kit, "id=e1 time=" T("01:00:00") " of=output output=1 amount=2");
	match_finds(kit, "ours 7.00 theirs 7.00\n");
	/* The statement twice: each line once too often. */
	match_no_rows(kit);
	for (int i = 0; i < 2; i++) {
		match_row(kit, "id=e1 time=" T("01:00:00") " of=input input=5 amount=5");
		match_row(kit, "id=e1 time=" T("01:00:00") " of=output output=1 amount=2");
	}
	match_finds(kit, "duplicate 5.00 - 3 of 1\n"
	                 "duplicate 2.00 - 4 of 2\n"
	                 "ours 7.00 theirs 14.00\n");
	match_no_rows(kit);
	match_row(kit, "id=e1 time=" T("01:00:00") " charge=credit amount=-2");
	match_row(kit, ROW("e1", "01:00:00", "5", "1", "7"));
	match_finds(kit, "discount -2.00 e1 1\nours 7.00 theirs 5.00\n");
}

static void test_lines_beside_their_whole_are_a_duplicate(void **state)
{
	static const char *const whole = ROW("e1", "01:00:00", "5", "1", "7");
	static const char *const input = "id=e1 time=" T("01:00:00") " of=input input=5 amount=5";
	static const char *const output = "id=e1 time=" T(
		"01:00:00") " of=output output=1 amount=2";
	struct matchkit *kit = *state;

	match_event(kit, "e1", T("01:00:00"), 5, 1, "");
	match_row(kit, whole);
	match_row(kit, input);
	match_row(kit, output);
	match_finds(kit, "duplicate 5.00 - 2 of 1\nduplicate 2.00 - 3 of 1\n"
	                 "ours 7.00 theirs 14.00\n");
	match_no_rows(kit);
	match_row(kit, input);
	match_row(kit, whole);
	match_row(kit, output);
	match_finds(kit, "duplicate 5.00 - 1 of 2\nduplicate 2.00 - 3 of 2\n"
	                 "ours 7.00 theirs 14.00\n");
	/* A whole that is not their sum, of its amount or its counts, is told as what it is. */
	match_no_rows(kit);
	match_row(kit, input);
	match_row(kit, output);
	match_row(kit, ROW("e1", "01:00:00", "5", "1", "6"));
	assert_null(strstr(match_run(kit), "duplicate"));
	match_no_rows(kit);
	match_row(kit, input);
	match_row(kit, output);
	match_row(kit, ROW("e1", "01:00:00", "4", "1", "7"));
	assert_null(strstr(match_run(kit), "duplicate"));
	/* Of a request that is missing here as well. */
	kit->options.match = MATCH_ID;
	match_no_rows(kit);
	match_row(kit, "id=e9 time=" T("01:00:00") " of=input input=5 amount=5");
	match_row(kit, "id=e9 time=" T("01:00:00") " of=output output=1 amount=2");
	match_row(kit, ROW("e9", "01:00:00", "5", "1", "7"));
	match_finds(kit, "missing-there -7.00 e1 -\nmissing-here 7.00 - 3\n"
	                 "duplicate 5.00 - 1 of 3\nduplicate 2.00 - 2 of 3\n"
	                 "ours 7.00 theirs 14.00\n");
}

static void test_what_the_boundary_moved_is_of_another_period(void **state)
{
	struct matchkit *kit = *state;

	match_event(kit, "before", "2026-06-30T23:59:59.500Z", 1, 0, "");
	match_event(kit, "e1", T("01:00:00"), 5, 1, "");
	match_event(kit, "behind", T("23:59:59"), 2, 0, "");
	match_event(kit, "far", "2026-07-03T00:00:00Z", 4, 0, "");
	match_row(kit, ROW("before", "00:00:00", "1", "0", "1"));
	match_row(kit, ROW("e1", "01:00:00", "5", "1", "7"));
	match_row(kit, "id=behind time=2026-07-02T00:00:00Z model=m input=2 output=0 amount=2");
	match_row(kit, "id=else time=2026-07-02T00:00:00Z model=m input=9 output=0 amount=9");
	kit->options.from_ms = DAY_MS;
	kit->options.to_ms = DAY_MS + INT64_C(86400000);
	match_finds(kit, "other-period 1.00 before 1\n"
	                 "other-period -2.00 behind 3\n"
	                 "ours 9.00 theirs 8.00\n");
	assert_int_equal(kit->result.outside, 2);
}

static void test_turns_belong_to_their_request(void **state)
{
	struct matchkit *kit = *state;

	/* Between a request and its turns others can stand: their ids begin with its own. */
	match_event(kit, "e1", T("01:00:00"), 5, 1, "");
	match_event(kit, "e1-b", T("01:00:00"), 1, 0, "");
	match_event(kit, "e1b", T("01:00:00"), 2, 0, "");
	match_row(kit, ROW("e1", "01:00:00", "5", "1", "7"));
	match_row(kit, ROW("e1-b", "01:00:00", "1", "0", "1"));
	match_row(kit, ROW("e1b", "01:00:00", "2", "0", "2"));
	match_finds(kit, "ours 10.00 theirs 10.00\n");
}

static void test_nothing_used_is_nothing_missing(void **state)
{
	struct matchkit *kit = *state;

	match_event(kit, "e1", T("01:00:00"), 5, 1, "");
	match_event(kit, "e2", T("02:00:00"), 0, 0, ",'status':500");
	match_row(kit, ROW("e1", "01:00:00", "5", "1", "7"));
	match_finds(kit, "ours 7.00 theirs 7.00\n");
}

static void test_suspense_is_told(void **state)
{
	struct matchkit *kit = *state;

	match_event(kit, "e1", T("01:00:00"), 5, 1, "");
	match_event(kit, "e2", T("02:00:00"), 5, 1, ",'model':'unknown'");
	match_row(kit, ROW("e1", "01:00:00", "5", "1", "7"));
	match_finds(kit, "missing-there 0.00 e2 -\nours 7.00 theirs 7.00\n");
	assert_int_equal(kit->result.ours_suspense, 1);
	assert_false(kit->result.equal_within);
	/* Where a tolerance is given, counts alone do not matter. */
	kit->options.tolerances.has_row = true;
	match_run(kit);
	assert_true(kit->result.equal_within);
}

static void test_another_currency_is_not_added_up(void **state)
{
	struct matchkit *kit = *state;

	match_event(kit, "e1", T("01:00:00"), 5, 1, "");
	match_event(kit, "e2", T("02:00:00"), 1, 0, "");
	match_row(kit, ROW("e1", "01:00:00", "5", "1", "6.50") " currency=EUR");
	match_row(kit, ROW("e2", "02:00:00", "1", "0", "1") " currency=USD");
	match_row(kit, ROW("e3", "02:00:00", "1", "0", "1") " currency=EUR");
	match_finds(kit, "currency -7.00 e1 1\n"
	                 "currency 0.00 - 3\n"
	                 "ours 8.00 theirs 1.00\n");
}

static void test_a_row_without_an_amount_is_nothing_where_others_have_one(void **state)
{
	struct matchkit *kit = *state;

	match_event(kit, "e1", T("01:00:00"), 5, 1, "");
	match_event(kit, "e2", T("02:00:00"), 1, 0, "");
	match_row(kit, ROW("e1", "01:00:00", "5", "1", "7"));
	match_row(kit, "id=e2 time=" T("02:00:00") " model=m input=1 output=0");
	match_row(kit, "id=e3 time=" T("03:00:00") " model=m input=1 output=0");
	kit->summary.with_amount = 1;
	match_finds(kit, "unexplained -1.00 e2 2\n"
	                 "missing-here 0.00 - 3\n"
	                 "ours 8.00 theirs 7.00\n");
	assert_false(kit->result.priced_here);
	assert_non_null(strstr(kit->result.notes.at, "2 rows of the statement have no amount"));
	/* Where none has one: their counts at our prices. */
	match_no_rows(kit);
	match_row(kit, "id=e1 time=" T("01:00:00") " model=m input=5 output=1");
	match_row(kit, "id=e2 time=" T("02:00:00") " model=m input=1 output=0");
	kit->summary.with_amount = 0;
	match_finds(kit, "ours 8.00 theirs 8.00\n");
	assert_true(kit->result.priced_here);
}

/* Two gateways that count from 1, and another ledger's word for both. */
static void test_who_shares_an_id_has_its_own_row(void **state)
{
	struct matchkit *kit = *state;

	match_event(kit, "1", T("01:00:00"), 5, 1, ",'source':'gw-1'");
	match_event(kit, "1", T("02:00:00"), 1, 0, ",'source':'gw-2'");
	match_row(kit, ROW("1", "02:00:00", "1", "0", "1") " source=gw-2");
	match_row(kit, ROW("1", "01:00:00", "5", "1", "7") " source=gw-1");
	match_finds(kit, "ours 8.00 theirs 8.00\n");
	/* By other names each has the row that agrees with it, and no other one is its copy. */
	match_no_rows(kit);
	match_row(kit, ROW("1", "02:00:00", "1", "0", "1") " source=far");
	match_row(kit, ROW("1", "01:00:00", "5", "1", "7") " source=far");
	match_finds(kit, "ours 8.00 theirs 8.00\n");
	match_no_rows(kit);
	match_row(kit, ROW("1", "01:00:00", "5", "1", "7") " source=far");
	match_finds(kit, "missing-there -1.00 1 -\nours 8.00 theirs 7.00\n");
}

static void test_usage_and_costs_of_a_request_are_one(void **state)
{
	struct matchkit *kit = *state;

	match_event(kit, "e1", T("01:00:00"), 5, 1, "");
	match_event(kit, "e2", T("02:00:00"), 1, 0, "");
	match_row(kit, "id=e1 time=" T("01:00:00") " model=m input=5 output=1");
	match_row(kit, "id=e2 time=" T("02:00:00") " model=m input=2 output=0");
	match_row(kit, "id=e2 time=" T("02:00:00") " amount=2");
	match_row(kit, "id=e1 time=" T("01:00:00") " amount=7");
	/* Once too often. */
	match_row(kit, "id=e1 time=" T("01:00:00") " amount=6");
	kit->summary.with_amount = 3;
	match_finds(kit, "duplicate 6.00 - 5 of 1\n"
	                 "counts 1.00 e2 2\n"
	                 "ours 8.00 theirs 15.00\n");
	assert_int_equal(kit->result.theirs.requests, 3);
	assert_true(kit->result.notes.at == NULL ||
	            strstr(kit->result.notes.at, "have no amount") == NULL);
}

static void test_rows_without_an_id_are_what_they_charge_for(void **state)
{
	struct matchkit *kit = *state;

	match_event(kit, "e1", T("01:00:00"), 5, 1, "");
	match_row(kit, ROW("e1", "01:00:00", "5", "1", "7"));
	match_row(kit, "from=2026-07-01 to=2026-07-02 charge=fee description=support amount=20");
	match_row(kit, "from=2026-07-01 to=2026-07-02 charge=fee description=support amount=20");
	match_row(kit, "from=2026-07-01 to=2026-07-02 charge=tax amount=3");
	match_row(kit, "from=2026-07-01 to=2026-07-02 charge=credit amount=-4");
	match_finds(kit, "fee 20.00 - 2\n"
	                 "duplicate 20.00 - 3 of 2\n"
	                 "fee 3.00 - 4\n"
	                 "discount -4.00 - 5\n"
	                 "ours 7.00 theirs 46.00\n");
}

static void test_what_cannot_be_compared_says_why(void **state)
{
	struct matchkit *kit = *state;

	match_finds(kit, "fault: the statement is empty: it has no row; look whether it is of the "
	                 "right account and period\n");
	match_no_rows(kit);
	match_row(kit, ROW("e1", "01:00:00", "5", "1", "7"));
	assert_non_null(strstr(match_run(kit), "and the ledger is empty"));
	match_event(kit, "e1", T("01:00:00"), 5, 1, "");
	match_no_rows(kit);
	match_row(kit, "id=e1 time=2026-06-01T00:00:00Z model=m input=5 output=1 amount=7");
	assert_non_null(strstr(match_run(kit), "2026-07-01T01:00:00.000Z"));
	assert_non_null(strstr(match_run(kit), "2026-06-02T00:00:00.000Z, the statement's own"));
	kit->options.from_ms = DAY_MS - INT64_C(86400000) * 31;
	assert_non_null(strstr(match_run(kit), "2026-06-02T00:00:00.000Z, as was asked for"));
	kit->options.from_ms = 0;
	match_no_rows(kit);
	match_row(kit, ROW("e1", "01:00:00", "5", "1", "7") " currency=EUR");
	match_finds(kit, "fault: the statement is in EUR and the ledger in USD: nothing here "
	                 "converts; ask for a statement in USD\n");
	match_no_rows(kit);
	match_row(kit, ROW("e1", "01:00:00", "5", "1", "7"));
	kit->options.from_ms = DAY_MS + INT64_C(86400000);
	kit->options.to_ms = DAY_MS + 2 * INT64_C(86400000);
	assert_non_null(strstr(match_run(kit), "nothing of it is in the period"));
	kit->options.from_ms = 0;
	kit->options.to_ms = LEDGER_TO_MAX;
	kit->options.side = BOOK_COST;
	assert_non_null(strstr(match_run(kit), "no cost book"));
	kit->options.side = BOOK_SELL;
	match_no_rows(kit);
	match_row(kit, "id=e1 input=5 output=1 amount=7");
	assert_non_null(strstr(match_run(kit), "tells no times"));
	kit->options.from_ms = DAY_MS;
	kit->options.to_ms = DAY_MS + INT64_C(86400000);
	match_finds(kit, "ours 7.00 theirs 7.00\n");
}

static void expect_note(const struct matchkit *kit, const char *said)
{
	if (strstr(kit->result.notes.at, said) == NULL)
		fail_msg("%s", kit->result.notes.at);
}

/* It is on the statement, if under another name: by its id, whatever a filter is of. */
static void test_a_filter_makes_nothing_missing_there(void **state)
{
	struct matchkit *kit = *state;

	match_event(kit, "e1", T("01:00:00"), 5, 1, "");
	match_event(kit, "e2", T("02:00:00"), 2, 1, "");
	match_event(kit, "e3", T("03:00:00"), 3, 1, ",'key':'l'");
	match_event(kit, "e4", "2026-07-02T01:00:00Z", 1, 1, "");
	match_row(kit, ROW("e1", "01:00:00", "5", "1", "7") " key=k");
	match_row(kit, ROW("e2", "02:00:00", "2", "1", "4") " key=l");
	match_row(kit, ROW("e2", "02:00:00", "2", "1", "4") " key=l");
	match_row(kit, ROW("e3", "03:00:00", "3", "1", "5") " key=l");
	/* Of one outside the period nothing is missing. */
	match_row(kit, ROW("e4", "04:00:00", "1", "1", "3") " key=l");
	kit->options.key = text_of("k");
	kit->options.from_ms = DAY_MS;
	kit->options.to_ms = DAY_MS + INT64_C(86400000);
	match_finds(kit, "duplicate 4.00 - 3 of 2\nours 11.00 theirs 15.00\n");
	assert_int_equal(kit->result.match, MATCH_ID);
	assert_int_equal(kit->result.theirs.rows, 3);
	assert_int_equal(kit->result.theirs.requests, 3);
	assert_int_equal(kit->result.left_out, 2);
	expect_note(kit, "too: 2 rows of other names, 8.00 together\n");
	expect_note(kit, "compared all the same: 2 rows whose id a request has that was asked");
	/* One of the name that was asked for goes first. */
	match_no_rows(kit);
	match_row(kit, ROW("e1", "01:00:00", "5", "1", "7") " key=k");
	match_row(kit, ROW("e2", "02:00:00", "2", "1", "9") " key=l");
	match_row(kit, ROW("e2", "02:00:00", "2", "1", "4") " key=k");
	match_finds(kit, "ours 11.00 theirs 11.00\n");
	assert_int_equal(kit->result.left_out, 1);
}

static void test_filters_are_of_both_sides(void **state)
{
	static const enum bill_match matches[] = { MATCH_ID, MATCH_FACTS, MATCH_DAY, MATCH_WHOLE };
	struct matchkit *kit = *state;

	match_event(kit, "e1", T("01:00:00"), 5, 1, "");
	match_event(kit, "e2", T("02:00:00"), 2, 1, ",'account':'b','key':'l'");
	match_event(kit, "e3", T("03:00:00"), 3, 1, ",'account':'b','model':'vendor/m'");
	match_row(kit, ROW("e1", "01:00:00", "5", "1", "7") " account=a key=k");
	match_row(kit, ROW("e2", "02:00:00", "2", "1", "4") " account=b key=l");
	match_row(kit, "id=e3 time=" T("03:00:00") " model=vendor/m input=3 output=1 amount=5 "
	                                           "account=b key=k");
	match_row(kit, "id=e9 time=2026-07-09T01:00:00Z model=n input=3 amount=3 account=c key=k");
	for (size_t i = 0; i < ROWS(matches); i++) {
		kit->options.match = matches[i];
		kit->options.account = text_of("a");
		match_finds(kit, "ours 7.00 theirs 7.00\n");
		assert_int_equal(kit->result.left_out, 3);
		assert_int_equal(kit->result.theirs.rows, 1);
		expect_note(
			kit,
			"left out of the statement, too: 3 rows of other names, 12.00 together\n");
		kit->options.account = text_of("b");
		match_finds(kit, "ours 9.00 theirs 9.00\n");
		kit->options.key = text_of("l");
		match_finds(kit, "ours 4.00 theirs 4.00\n");
		kit->options.key = text_of(NULL);
		kit->options.account = text_of(NULL);
	}
	/* One that it does not have, and one that it does not tell. */
	kit->options.match = MATCH_ID;
	kit->options.model = text_of("m");
	kit->options.key = text_of("k");
	match_no_rows(kit);
	match_row(kit, "id=e1 time=" T("01:00:00") " model=other input=5 output=1 amount=7");
	match_finds(kit, "ours 7.00 theirs 7.00\n");
	assert_int_equal(kit->result.left_out, 0);
	expect_note(kit, "no row of the statement is of the model m: all of them are compared");
	assert_null(strstr(kit->result.notes.at, "the key"));
	/* A fee of no model stays. */
	kit->options.model = text_of("vendor/m");
	kit->options.key = text_of(NULL);
	match_no_rows(kit);
	match_row(kit, ROW("e3", "03:00:00", "3", "1", "5"));
	match_row(kit, "id=e9 time=" T("04:00:00") " model=n input=1 amount=1");
	match_row(kit, "time=" T("04:00:00") " charge=fee amount=2");
	match_finds(kit, "fee 2.00 - 3\nours 5.00 theirs 7.00\n");
	expect_note(kit, "too: 1 row of other names, 1.00 together\n");
	/* Each of the names is there, and no row has both. */
	kit->options.model = text_of(NULL);
	kit->options.account = text_of("a");
	kit->options.key = text_of("k");
	match_no_rows(kit);
	match_row(kit, ROW("e1", "01:00:00", "5", "1", "7") " account=a key=l");
	match_row(kit, ROW("e2", "02:00:00", "2", "1", "4") " account=b key=k");
	assert_non_null(strstr(match_run(kit), "are of other names than were asked for: leave"));
	kit->options.key = text_of(NULL);
	/* In the period are others alone. */
	kit->options.from_ms = DAY_MS;
	kit->options.to_ms = DAY_MS + INT64_C(86400000);
	match_no_rows(kit);
	match_row(kit, ROW("e2", "02:00:00", "2", "1", "4") " account=b");
	match_row(kit, "id=e1 time=2026-07-09T01:00:00Z model=m input=3 amount=3 account=a");
	match_finds(kit, "fault: no row of the statement is of 2026-07-01T00:00:00.000Z to "
	                 "2026-07-02T00:00:00.000Z: leave out --from and --to, or take the "
	                 "statement of that period\n");
}

/* A count that is none of a bill. */
static void test_what_is_no_amount_names_its_row(void **state)
{
	struct matchkit *kit = *state;

	match_event(kit, "e1", T("01:00:00"), 1, 0, "");
	match_row(kit, ROW("e1", "01:00:00", "1", "0", "1"));
	match_row(kit, "id=e2 time=" T("02:00:00") " model=m input=1 amount=1");
	match_event(kit, "e2", T("02:00:00"), 1, 0, "");
	match_row(kit, "id=e3 time=" T("03:00:00") " model=m input=900000000000000 amount=1");
	match_event(kit, "e3", T("03:00:00"), 1, 0, "");
	match_finds(kit, "fault: record 3 of the statement: input: what more of it costs is no "
	                 "amount\n");
}

static void test_a_grain_that_is_not_there_is_refused(void **state)
{
	struct matchkit *kit = *state;

	match_event(kit, "e1", T("01:00:00"), 5, 1, "");
	match_row(kit, "from=2026-07-01 to=2026-07-02 model=m input=5 output=1 amount=7");
	kit->options.match = MATCH_ID;
	assert_non_null(strstr(match_run(kit), "no row of the statement tells an id"));
	kit->options.match = MATCH_FACTS;
	assert_non_null(strstr(match_run(kit), "not every row of the statement is a request"));
	kit->options.match = MATCH_HOUR;
	assert_non_null(
		strstr(match_run(kit), "sums of longer spans; the finest that it has is day"));
	kit->options.match = MATCH_MONTH;
	match_finds(kit, "ours 7.00 theirs 7.00\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, match_setup, match_teardown)
		TEST(test_equal_sides_have_no_difference),
		TEST(test_what_one_side_lacks_is_missing),
		TEST(test_the_largest_say_what_both_sides_are_made_of),
		TEST(test_a_whole_amount_is_told_to_the_cent),
		TEST(test_any_of_the_ids_is_enough),
		TEST(test_of_too_many_ids_one_kind_is_looked_up),
		TEST(test_a_model_has_one_name_among_many),
		TEST(test_rows_that_are_matched_otherwise_count_once),
		TEST(test_what_does_not_add_up_is_damage),
		TEST(test_too_many_sums_are_refused),
		TEST(test_an_upstream_id_of_many_is_of_no_request),
		TEST(test_a_copy_counts_once),
		TEST(test_the_row_that_agrees_is_the_pair),
		TEST(test_an_event_of_two_sources_is_ours_twice),
		TEST(test_lines_and_credits_of_a_request_are_one),
		TEST(test_lines_beside_their_whole_are_a_duplicate),
		TEST(test_what_the_boundary_moved_is_of_another_period),
		TEST(test_turns_belong_to_their_request),
		TEST(test_nothing_used_is_nothing_missing),
		TEST(test_suspense_is_told),
		TEST(test_another_currency_is_not_added_up),
		TEST(test_a_row_without_an_amount_is_nothing_where_others_have_one),
		TEST(test_who_shares_an_id_has_its_own_row),
		TEST(test_usage_and_costs_of_a_request_are_one),
		TEST(test_rows_without_an_id_are_what_they_charge_for),
		TEST(test_what_cannot_be_compared_says_why),
		TEST(test_a_filter_makes_nothing_missing_there),
		TEST(test_filters_are_of_both_sides),
		TEST(test_what_is_no_amount_names_its_row),
		TEST(test_a_grain_that_is_not_there_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
