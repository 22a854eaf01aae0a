/* What comes again when memory has forgotten it, or when it moved to the archive, counts once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/archive.h"
#include "ledger/correct.h"
#include "ledger/store.h"
#include "ledger/twins.h"
#include "tests/support/ledgerkit.h"

/* 2026-08-01: July and what is before it is over. */
#define AUGUST_MS  INT64_C(1785542400000)
#define JULY(time) "2026-07-03T" time "Z"

static enum ingest_verdict send(struct ledgerkit *kit, const char *id, const char *time,
                                const char *settlement, int input)
{
	char line[512];

	snprintf(line, sizeof(line),
	         "{'id':'%s','time':'%s','account':'a','model':'acme/llama-4-70b','api':'toll',"
	         "'settlement':'%s','usage':{'input':%d}}",
	         id, time, settlement, input);
	return kit_send(kit, kit_quotes(line));
}

/* So many others that memory has room for nothing before them: of the hour of the test. */
static void forget(struct ledgerkit *kit)
{
	static int round;

	round++;
	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	for (int i = 0; i < KIT_FORGET_EVENTS; i++) {
		struct ingest_item item;
		char line[256];

		snprintf(line, sizeof(line),
		         "{\"id\":\"f%d-%d\",\"time\":\"2026-07-03T12:00:00Z\",\"account\":\"b\","
		         "\"model\":\"acme/llama-4-70b\",\"api\":\"toll\",\"status\":500}",
		         round, i);
		kit_prepare(kit, line, &item);
		assert_int_equal(ingest_store(kit->ledger, &item, NULL), 0);
	}
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
}

static void begin_small(struct ledgerkit *kit)
{
	kit_shut(kit);
	kit_reopen_small(kit);
	kit_price(kit, kit_small_book);
}

static void expect_amount(struct ledgerkit *kit, const char *expected)
{
	char text[MONEY_TEXT_BYTES];

	money_text(kit_verify_clean(kit), text);
	assert_string_equal(text, expected);
}

/* The very lines again, each as it came: nothing is counted, whatever their order. */
static void test_phases_that_come_again_count_once_for_good(void **state)
{
	struct ledgerkit *kit = *state;

	begin_small(kit);
	assert_int_equal(send(kit, "x", JULY("10:00:01"), "partial", 500), INGEST_ACCEPTED);
	assert_int_equal(send(kit, "x", JULY("10:00:11"), "final", 1000), INGEST_ACCEPTED);
	expect_amount(kit, "0.0008");
	forget(kit);
	assert_int_equal(send(kit, "x", JULY("10:00:01"), "partial", 500), INGEST_DUPLICATE);
	forget(kit);
	assert_int_equal(send(kit, "x", JULY("10:00:01"), "partial", 501), INGEST_CONFLICT);
	assert_int_equal(send(kit, "x", JULY("10:00:11"), "final", 1000), INGEST_DUPLICATE);
	expect_amount(kit, "0.0008");
}

static void test_a_conflict_that_comes_again_is_one_again(void **state)
{
	struct ledgerkit *kit = *state;

	begin_small(kit);
	assert_int_equal(send(kit, "x", JULY("10:00:01"), "final", 500), INGEST_ACCEPTED);
	assert_int_equal(send(kit, "x", JULY("10:30:00"), "final", 500), INGEST_CONFLICT);
	forget(kit);
	assert_int_equal(send(kit, "x", JULY("10:30:00"), "final", 500), INGEST_CONFLICT);
	assert_int_equal(send(kit, "x", JULY("10:45:00"), "final", 9), INGEST_CONFLICT);
	expect_amount(kit, "0.0004");
}

static void make_void(struct ledgerkit *kit, const char *id, int64_t time_ms)
{
	const struct correction_wish wish = { .kind = CORRECTION_VOID,
		                              .source = text_of("gw-1"),
		                              .id = text_of(id),
		                              .time_ms = time_ms,
		                              .at_ms = KIT_NOW_MS,
		                              .who = text_of("w"),
		                              .reason = text_of("r") };
	struct correction_done done;
	struct fault fault = { .code = FAULT_NONE };

	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	if (ledger_correct(kit->ledger, &wish, &done, &fault) < 0)
		fail_msg("%s", fault.text);
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
}

/* What is void is void for good, whatever of it comes again, and when. */
static void test_what_is_void_never_counts_again(void **state)
{
	struct ledgerkit *kit = *state;

	begin_small(kit);
	assert_int_equal(send(kit, "x", JULY("10:00:01"), "partial", 500), INGEST_ACCEPTED);
	assert_int_equal(send(kit, "x", JULY("10:00:11"), "final", 1000), INGEST_ACCEPTED);
	assert_int_equal(send(kit, "y", JULY("10:00:00"), "final", 1000), INGEST_ACCEPTED);
	make_void(kit, "x", INT64_C(1783072811000));
	make_void(kit, "y", INT64_C(1783072800000));
	forget(kit);
	assert_int_equal(send(kit, "x", JULY("10:00:01"), "partial", 500), INGEST_DUPLICATE);
	assert_int_equal(send(kit, "x", JULY("10:00:11"), "final", 1000), INGEST_DUPLICATE);
	assert_int_equal(send(kit, "y", JULY("10:20:00"), "final", 1000), INGEST_CONFLICT);
	kit_verify_clean(kit);
	assert_string_equal(kit_ask(kit, "SELECT sum(events) FROM rollup WHERE account = "
	                                 "(SELECT id FROM name WHERE text = 'a')"),
	                    "2");
}

static int make_month(void *context, const struct archive_month *month)
{
	struct ledgerkit *kit = context;
	struct ledger *reader = NULL;
	struct archive_file file;
	int64_t seq, from_ms = 0, hour, events;
	bool more = true;

	assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
	assert_int_equal(archive_make(reader, month, NULL, NULL, &file, NULL), 0);
	ledger_close(reader);
	assert_int_equal(archive_register(kit->ledger, &file, KIT_NOW_MS, text_of("w"), &seq, NULL),
	                 0);
	while (more) {
		assert_int_equal(
			archive_move_hour(kit->ledger, seq, from_ms, &hour, &events, &more, NULL),
			0);
		from_ms = hour + 1;
	}
	return 0;
}

static void archive(struct ledgerkit *kit)
{
	struct ledger *reader = NULL;

	assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
	assert_int_equal(archive_months(reader, AUGUST_MS, make_month, kit, NULL), 0);
	ledger_close(reader);
	assert_string_equal(kit_ask(kit, "SELECT count(*) FROM event WHERE ts < 1785542400000"),
	                    "0");
}

static void remove_archive(struct ledgerkit *kit)
{
	char command[KIT_PATH_BYTES + 32];

	snprintf(command, sizeof(command), "rm -rf '%s.archive'", kit->path);
	assert_int_equal(system(command), 0);
}

static void test_what_moved_to_the_archive_counts_once_for_good(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_small_book);
	assert_int_equal(send(kit, "x", JULY("10:00:01"), "abandoned", 500), INGEST_ACCEPTED);
	assert_int_equal(send(kit, "x", JULY("10:00:11"), "final", 1000), INGEST_ACCEPTED);
	assert_int_equal(send(kit, "z", JULY("10:00:00"), "final", 1000), INGEST_ACCEPTED);
	archive(kit);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(send(kit, "x", JULY("10:00:01"), "abandoned", 500),
		                 INGEST_DUPLICATE);
		assert_int_equal(send(kit, "x", JULY("10:00:11"), "final", 1000), INGEST_DUPLICATE);
		/* Within the window another time does not help, also behind a start. */
		assert_int_equal(send(kit, "z", JULY("10:40:00"), "final", 1000), INGEST_CONFLICT);
		assert_int_equal(send(kit, "z", JULY("10:00:00"), "final", 1000), INGEST_DUPLICATE);
		expect_amount(kit, "0.0016");
		kit_shut(kit);
		kit_reopen(kit);
		kit_price(kit, kit_small_book);
	}
	remove_archive(kit);
}

/* Beyond memory another phase stands as a twin; the one in the archive stays the one it is. */
static void test_a_final_in_the_archive_takes_no_twins_place(void **state)
{
	struct ledgerkit *kit = *state;
	struct buf findings = { .at = NULL };

	begin_small(kit);
	assert_int_equal(send(kit, "x", JULY("10:00:11"), "final", 1000), INGEST_ACCEPTED);
	forget(kit);
	archive(kit);
	kit_shut(kit);
	kit_reopen_small(kit);
	kit_price(kit, kit_small_book);
	assert_int_equal(send(kit, "x", "2026-08-01T09:00:00Z", "partial", 500), INGEST_ACCEPTED);
	assert_int_equal(send(kit, "x", JULY("10:00:11"), "final", 1000), INGEST_DUPLICATE);
	/* Two copies, which verify names and a closing makes one. */
	assert_int_equal(kit_verify(kit, &findings), 1);
	assert_non_null(strstr(findings.at, "identity time, where it stands already"));
	buf_release(&findings);
	remove_archive(kit);
}

static int void_it(void *context, const struct twin *twin)
{
	struct ledgerkit *kit = context;
	bool voided;

	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	assert_int_equal(ledger_void_twin(kit->ledger, twin, KIT_NOW_MS, &voided, NULL), 0);
	assert_true(voided);
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
	return 1;
}

/* A start does not take a void copy for the one that stands. */
static void test_behind_a_start_the_one_that_stands_is_found(void **state)
{
	for (int restart = 0; restart < 2; restart++) {
		struct ledgerkit *kit = *state;
		const struct twin_search search = { .until_ms = AUGUST_MS };
		struct ledger *reader = NULL;

		kit_close(kit);
		kit_open(kit);
		begin_small(kit);
		assert_int_equal(send(kit, "x", JULY("10:00:01"), "partial", 500), INGEST_ACCEPTED);
		forget(kit);
		assert_int_equal(send(kit, "x", JULY("12:10:00"), "partial", 501), INGEST_ACCEPTED);
		assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
		assert_int_equal(ledger_each_twin(reader, &search, void_it, kit, NULL), 1);
		ledger_close(reader);
		if (restart) {
			kit_shut(kit);
			kit_reopen(kit);
			kit_price(kit, kit_small_book);
		}
		assert_int_equal(send(kit, "x", JULY("12:20:00"), "final", 1000), INGEST_ACCEPTED);
		kit_verify_clean(kit);
	}
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_phases_that_come_again_count_once_for_good),
		T(test_a_conflict_that_comes_again_is_one_again),
		T(test_what_is_void_never_counts_again),
		T(test_what_moved_to_the_archive_counts_once_for_good),
		T(test_a_final_in_the_archive_takes_no_twins_place),
		T(test_behind_a_start_the_one_that_stands_is_found),
	};

	return cmocka_run_group_tests_name("known", tests, NULL, NULL);
}
