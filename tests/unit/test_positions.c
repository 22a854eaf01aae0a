#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/internal.h"
#include "ledger/positions.h"
#include "tests/support/ledgerkit.h"

static int put(struct ledgerkit *kit, const char *feed, const char *place, int64_t lines,
               struct fault *fault)
{
	int r;

	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	r = ledger_position_put(kit->ledger, text_of(feed), text_of(place), lines, KIT_NOW_MS,
	                        fault);
	if (r == 0)
		assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
	else
		ledger_rollback(kit->ledger);
	return r;
}

static void expect(struct ledger *ledger, const char *feed, const char *place, int64_t lines)
{
	struct buf found = { .at = NULL };
	int64_t found_lines = -1;

	assert_int_equal(ledger_position_get(ledger, text_of(feed), &found, &found_lines, NULL), 0);
	assert_int_equal(found_lines, lines);
	if (!text_is(buf_text(&found), place) && !(found.len == 0 && place[0] == '\0'))
		fail_msg("%s: %.*s", feed, TEXT_ARGS(buf_text(&found)));
	buf_release(&found);
}

static void test_the_last_place_stands_and_lines_add_up(void **state)
{
	struct ledgerkit *kit = *state;
	struct ledger *reader = NULL;

	expect(kit->ledger, "file:/a", "", 0);
	assert_int_equal(put(kit, "file:/a", "{\"offset\":1}", 3, NULL), 0);
	assert_int_equal(put(kit, "file:/a", "{\"offset\":2}", 4, NULL), 0);
	assert_int_equal(put(kit, "file:/b", "{}", 0, NULL), 0);
	expect(kit->ledger, "file:/a", "{\"offset\":2}", 7);
	expect(kit->ledger, "file:/b", "{}", 0);
	kit_shut(kit);
	kit_reopen(kit);
	expect(kit->ledger, "file:/a", "{\"offset\":2}", 7);
	assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
	expect(reader, "file:/a", "{\"offset\":2}", 7);
	ledger_close(reader);
}

static void test_what_is_rolled_back_did_not_move(void **state)
{
	struct ledgerkit *kit = *state;

	assert_int_equal(put(kit, "connect:/a", "{}", 1, NULL), 0);
	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	assert_int_equal(ledger_position_put(kit->ledger, text_of("connect:/a"),
	                                     text_of("{\"id\":\"x\"}"), 9, KIT_NOW_MS, NULL),
	                 0);
	ledger_rollback(kit->ledger);
	expect(kit->ledger, "connect:/a", "{}", 1);
}

/* The table refuses what is no position, and the transaction with it. */
static void test_what_is_no_position_is_refused(void **state)
{
	struct ledgerkit *kit = *state;
	char name[POSITION_FEED_BYTES_MAX + 2];
	struct fault fault = { .code = FAULT_NONE };

	memset(name, 'f', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_true(put(kit, name, "{}", 0, &fault) < 0);
	name[sizeof(name) - 2] = '\0';
	assert_int_equal(put(kit, name, "{}", 0, &fault), 0);
	assert_true(put(kit, "", "{}", 0, &fault) < 0);
	assert_true(put(kit, "file:/a", "{}", -1, &fault) < 0);
	expect(kit->ledger, "file:/a", "", 0);
}

static int list(void *context, const struct position *position)
{
	buf_addf(context, "%.*s %.*s %lld %d\n", TEXT_ARGS(position->feed),
	         TEXT_ARGS(position->place), (long long)position->lines,
	         position->stored_ms == KIT_NOW_MS);
	return 0;
}

static int stop_at_once(void *context, const struct position *position)
{
	(void)context;
	(void)position;
	return 17;
}

static void test_each_gives_all_by_name(void **state)
{
	struct ledgerkit *kit = *state;
	struct buf out = { .at = NULL };

	assert_int_equal(ledger_each_position(kit->ledger, list, &out, NULL), 0);
	assert_int_equal(out.len, 0);
	put(kit, "file:/b", "{}", 1, NULL);
	put(kit, "connect:/c", "{}", 2, NULL);
	assert_int_equal(ledger_each_position(kit->ledger, list, &out, NULL), 0);
	assert_string_equal(out.at, "connect:/c {} 2 1\nfile:/b {} 1 1\n");
	assert_int_equal(ledger_each_position(kit->ledger, stop_at_once, NULL, NULL), 17);
	buf_release(&out);
}

static int count_finding(void *context, const struct verify_finding *finding)
{
	buf_addf(context, "%s|%.*s|%.*s\n", verify_kind_name(finding->kind),
	         TEXT_ARGS(finding->where), TEXT_ARGS(finding->what));
	return 0;
}

static void test_verify_names_a_place_that_is_none(void **state)
{
	struct ledgerkit *kit = *state;
	struct verify_summary summary;
	struct buf out = { .at = NULL };

	put(kit, "file:/a", "{}", 1, NULL);
	assert_int_equal(ledger_verify(kit->ledger, count_finding, NULL, &out, &summary, NULL), 0);
	assert_int_equal(out.len, 0);
	put(kit, "file:/b", "[]", 1, NULL);
	put(kit, "pipe:/c", "{}", 1, NULL);
	put(kit, "file:/d", "{\"offset\":", 1, NULL);
	assert_int_equal(ledger_verify(kit->ledger, count_finding, NULL, &out, &summary, NULL), 0);
	assert_string_equal(out.at, "position|feed file:/b|place\nposition|feed file:/d|place\n"
	                            "position|feed pipe:/c|kind\n");
	buf_release(&out);
}

#define POSITION_TEST(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		POSITION_TEST(test_the_last_place_stands_and_lines_add_up),
		POSITION_TEST(test_what_is_rolled_back_did_not_move),
		POSITION_TEST(test_what_is_no_position_is_refused),
		POSITION_TEST(test_each_gives_all_by_name),
		POSITION_TEST(test_verify_names_a_place_that_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
