#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/moment.h"
#include "ledger/read.h"
#include "tests/support/ledgerkit.h"

#define NINE   (KIT_NOW_MS - 3 * MS_PER_HOUR)
#define TEN    (KIT_NOW_MS - 2 * MS_PER_HOUR)
#define ELEVEN (KIT_NOW_MS - 1 * MS_PER_HOUR)

/* One event at each edge of an hour, by two sources; the last one is in suspense. */
static void fill(struct ledgerkit *kit)
{
	static const char *const lines[] = {
		"{'id':'a','time':'2026-08-01T09:00:00Z','account':'x','model':'acme/llama-4-70b',"
		"'api':'toll','usage':{'input':1,'cache_read':2}}",
		"{'id':'b','time':'2026-08-01T09:59:59.999Z','account':'x','model':'acme/"
		"llama-4-70b',"
		"'api':'toll','usage':{'input':4},'status':500}",
		"{'id':'a','source':'gw-2','time':'2026-08-01T10:00:00Z','account':'y','key':'k',"
		"'model':'acme/llama-4-70b','provider':'p','service_tier':'t','api':'toll',"
		"'usage':{'output':8}}",
		"{'id':'c','time':'2026-08-01T10:30:00Z','account':'y','model':'unlisted','api':'"
		"toll',"
		"'usage':{'input':16}}",
	};

	kit_price(kit, kit_small_book);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		kit_send(kit, kit_quotes(lines[i]));
}

static int add_event(void *context, const struct stored_event *row)
{
	buf_addf(context, "%.*s/%.*s ", TEXT_ARGS(row->event.source), TEXT_ARGS(row->event.id));
	return 0;
}

struct range {
	const char *label;
	int64_t from_ms, to_ms;
	const char *found;
};

static void test_a_range_holds_its_first_millisecond_and_not_its_last(void **state)
{
	static const struct range rows[] = {
		{ "all", LEDGER_FROM_MIN, LEDGER_TO_MAX, "gw-1/a gw-1/b gw-2/a gw-1/c " },
		{ "an hour", NINE, TEN, "gw-1/a gw-1/b " },
		{ "a millisecond", TEN - 1, TEN, "gw-1/b " },
		{ "the next", TEN, TEN + 1, "gw-2/a " },
		{ "nothing", TEN, TEN, "" },
		{ "backwards", ELEVEN, NINE, "" },
		{ "behind all", ELEVEN, LEDGER_TO_MAX, "" },
	};
	struct ledgerkit *kit = *state;

	fill(kit);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf found = { .at = NULL };

		buf_add_cstr(&found, "");
		assert_int_equal(ledger_each_event(kit->ledger, rows[i].from_ms, rows[i].to_ms,
		                                   add_event, &found, NULL),
		                 0);
		if (!text_is(buf_text(&found), rows[i].found))
			fail_msg("%s: %.*s", rows[i].label, TEXT_ARGS(buf_text(&found)));
		buf_release(&found);
	}
}

static void test_an_id_is_found_with_all_its_sources(void **state)
{
	static const struct {
		const char *id, *source;
		int64_t from_ms;
		const char *found;
	} rows[] = {
		{ "a", NULL, LEDGER_FROM_MIN, "gw-1/a gw-2/a " },
		{ "a", "gw-2", LEDGER_FROM_MIN, "gw-2/a " },
		{ "a", "gw-3", LEDGER_FROM_MIN, "" },
		{ "a", NULL, TEN, "gw-2/a " },
		{ "A", NULL, LEDGER_FROM_MIN, "" },
		{ "", NULL, LEDGER_FROM_MIN, "" },
	};
	struct ledgerkit *kit = *state;

	fill(kit);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf found = { .at = NULL };

		buf_add_cstr(&found, "");
		assert_int_equal(ledger_find_events(kit->ledger, text_of(rows[i].id),
		                                    text_of(rows[i].source), rows[i].from_ms,
		                                    LEDGER_TO_MAX, add_event, &found, NULL),
		                 0);
		if (!text_is(buf_text(&found), rows[i].found))
			fail_msg("%s of %s: %.*s", rows[i].id,
			         rows[i].source ? rows[i].source : "any",
			         TEXT_ARGS(buf_text(&found)));
		buf_release(&found);
	}
}

static void test_suspense_is_what_has_no_price(void **state)
{
	struct ledgerkit *kit = *state;
	struct buf found = { .at = NULL };

	fill(kit);
	assert_int_equal(ledger_each_suspense(kit->ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX,
	                                      add_event, &found, NULL),
	                 0);
	assert_true(text_is(buf_text(&found), "gw-1/c "));
	buf_clear(&found);
	assert_int_equal(
		ledger_each_suspense(kit->ledger, LEDGER_FROM_MIN, TEN, add_event, &found, NULL),
		0);
	assert_int_equal(found.len, 0);
	buf_release(&found);
}

static int add_rollup(void *context, const struct rollup_row *row)
{
	char amount[MONEY_TEXT_BYTES], hour[MOMENT_TEXT_BYTES];

	money_text(row->amount, amount);
	moment_text_unit(row->hour_ms, MOMENT_HOUR, hour);
	buf_addf(context,
	         "%s %.*s %.*s %.*s %.*s %.*s %.*s %lld: %lld %lld %lld in %lld out %lld = %s\n",
	         hour, TEXT_ARGS(row->account), TEXT_ARGS(row->key.at ? row->key : text_of("-")),
	         TEXT_ARGS(row->model), TEXT_ARGS(row->source),
	         TEXT_ARGS(row->provider.at ? row->provider : text_of("-")),
	         TEXT_ARGS(row->service_tier.at ? row->service_tier : text_of("-")),
	         (long long)row->price_id, (long long)row->events, (long long)row->errors,
	         (long long)row->suspense, (long long)row->count[COMPONENT_INPUT],
	         (long long)row->count[COMPONENT_OUTPUT], amount);
	return 0;
}

static void test_rollups_come_by_hour_with_their_names(void **state)
{
	static const char nine[] =
		"2026-08-01T09:00Z x - acme/llama-4-70b gw-1 - - 1: 2 1 0 in 5 out 0 "
		"= 0.0000044\n";
	static const char ten[] =
		"2026-08-01T10:00Z y - unlisted gw-1 - - -1: 1 0 1 in 16 out 0 = 0.00\n"
		"2026-08-01T10:00Z y k acme/llama-4-70b gw-2 p t 1: 1 0 0 in 0 out 8 "
		"= 0.0000192\n";
	struct ledgerkit *kit = *state;
	struct fault fault = { .code = FAULT_NONE };
	struct buf found = { .at = NULL };

	fill(kit);
	assert_int_equal(ledger_each_rollup(kit->ledger, NINE, TEN, add_rollup, &found, &fault), 0);
	assert_string_equal(found.at, nine);
	buf_clear(&found);
	assert_int_equal(
		ledger_each_rollup(kit->ledger, TEN, LEDGER_TO_MAX, add_rollup, &found, &fault), 0);
	/* Both orders are by the ids of names; the lines themselves are what counts. */
	assert_int_equal(found.len, strlen(ten));
	assert_non_null(strstr(found.at, "y - unlisted gw-1 - - -1: 1 0 1 in 16 out 0 = 0.00\n"));
	assert_non_null(strstr(found.at,
	                       "y k acme/llama-4-70b gw-2 p t 1: 1 0 0 in 0 out 8 = 0.0000192\n"));
	buf_clear(&found);
	assert_int_equal(ledger_each_rollup(kit->ledger, NINE + 1, TEN, add_rollup, &found, &fault),
	                 -FAULT_INVALID);
	assert_int_equal(ledger_each_rollup(kit->ledger, NINE, TEN - 1, add_rollup, &found, &fault),
	                 -FAULT_INVALID);
	assert_string_equal(fault.text, "rollups are read by whole hours");
	buf_release(&found);
}

static int count_quarantine(void *context, const struct quarantine_row *row)
{
	buf_addf(context, "%lld %s %.*s; ", (long long)row->id, reason_name(row->reason),
	         TEXT_ARGS(row->raw));
	return 0;
}

/* A line is in the range of its own time, and of its arrival where it told none. */
static void test_gaps_of_a_range_count_what_a_report_would_miss(void **state)
{
	struct ledgerkit *kit = *state;
	struct ledger_gaps gaps;
	struct buf found = { .at = NULL };

	fill(kit);
	kit_send(kit, "no event");
	kit_send(kit, kit_quotes("{'id':'q','time':'2026-08-01T09:10:00Z'}"));
	kit_send(kit,
	         kit_quotes("{'id':'a','time':'2026-08-01T09:00:00Z','account':'x','model':"
	                    "'acme/llama-4-70b','api':'toll','usage':{'input':7,'dreams':1}}"));
	kit_send(kit,
	         kit_quotes("{'id':'u','time':'2026-08-01T09:00:00Z','account':'x','model':"
	                    "'acme/llama-4-70b','api':'toll','usage':{'input':7,'dreams':1}}"));
	assert_int_equal(ledger_gaps(kit->ledger, NINE, TEN, &gaps, NULL), 0);
	assert_int_equal(gaps.quarantined, 1);
	assert_int_equal(gaps.conflicts, 1);
	assert_int_equal(gaps.unknown_events, 1);
	assert_int_equal(ledger_gaps(kit->ledger, KIT_NOW_MS, KIT_NOW_MS + 1, &gaps, NULL), 0);
	assert_int_equal(gaps.quarantined, 1);
	assert_int_equal(gaps.conflicts, 0);
	assert_int_equal(ledger_gaps(kit->ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX, &gaps, NULL), 0);
	assert_int_equal(gaps.quarantined, 2);
	assert_int_equal(ledger_each_quarantine(kit->ledger, NINE, TEN, false, count_quarantine,
	                                        &found, NULL),
	                 0);
	assert_string_equal(found.at,
	                    kit_quotes("2 missing {'id':'q','time':'2026-08-01T09:10:00Z'}; "));
	buf_release(&found);
}

static void test_released_lines_are_shown_only_when_asked_for(void **state)
{
	struct ledgerkit *kit = *state;
	struct fault fault = { .code = FAULT_NONE };
	struct ledger_gaps gaps;
	struct buf found = { .at = NULL };

	kit_send(kit, "one");
	kit_send(kit, "two");
	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	assert_int_equal(ledger_quarantine_release(kit->ledger, 1, KIT_NOW_MS, NULL), 0);
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
	assert_int_equal(ledger_each_quarantine(kit->ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX, false,
	                                        count_quarantine, &found, NULL),
	                 0);
	assert_string_equal(found.at, "2 syntax two; ");
	buf_clear(&found);
	assert_int_equal(ledger_each_quarantine(kit->ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX, true,
	                                        count_quarantine, &found, NULL),
	                 0);
	assert_string_equal(found.at, "1 syntax one; 2 syntax two; ");
	buf_clear(&found);
	assert_int_equal(ledger_quarantine_get(kit->ledger, 1, count_quarantine, &found, NULL), 0);
	assert_string_equal(found.at, "1 syntax one; ");
	assert_int_equal(ledger_quarantine_get(kit->ledger, 3, count_quarantine, &found, &fault),
	                 -FAULT_NOT_FOUND);
	assert_int_equal(ledger_gaps(kit->ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX, &gaps, NULL), 0);
	assert_int_equal(gaps.quarantined, 1);
	buf_release(&found);
}

static int stop_event(void *context, const struct stored_event *row)
{
	(void)row;
	++*(int *)context;
	return 42;
}

static int stop_rollup(void *context, const struct rollup_row *row)
{
	(void)row;
	++*(int *)context;
	return 42;
}

static void test_a_walk_ends_where_the_callback_says(void **state)
{
	struct ledgerkit *kit = *state;
	int calls = 0;

	fill(kit);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(ledger_each_event(kit->ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX,
		                                   stop_event, &calls, NULL),
		                 42);
		assert_int_equal(ledger_each_rollup(kit->ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX,
		                                    stop_rollup, &calls, NULL),
		                 42);
	}
	assert_int_equal(calls, 4);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_range_holds_its_first_millisecond_and_not_its_last),
		T(test_an_id_is_found_with_all_its_sources),
		T(test_suspense_is_what_has_no_price),
		T(test_rollups_come_by_hour_with_their_names),
		T(test_gaps_of_a_range_count_what_a_report_would_miss),
		T(test_released_lines_are_shown_only_when_asked_for),
		T(test_a_walk_ends_where_the_callback_says),
	};

	return cmocka_run_group_tests_name("read", tests, NULL, NULL);
}
