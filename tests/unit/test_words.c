/* Check words: what the disk gives back as another bit is refused, by hour, event and name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "ledger/adjust.h"
#include "ledger/words.h"
#include "tests/support/ledgerkit.h"

#define CHAT(id, hour, account)                                                                    \
	"{'id':'" id "','time':'2026-08-01T" hour ":10:00Z','account':'" account                   \
	"','model':'acme/llama-4-70b','api':'openai.chat','usage':{'prompt_tokens':1000,"          \
	"'completion_tokens':100}}"

static void fill(struct ledgerkit *kit)
{
	static const char *const lines[] = { CHAT("a", "09", "north"), CHAT("b", "09", "south"),
		                             CHAT("c", "10", "north") };

	kit_price(kit, kit_small_book);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(kit_send(kit, kit_quotes(lines[i])), INGEST_ACCEPTED);
}

static void adjust(struct ledgerkit *kit)
{
	const struct adjustment rows[] = {
		{ .hour_ms = INT64_C(1785574800000), /* 2026-08-01T09:00Z */
		  .account = text_of("north"),
		  .events = 1,
		  .amount = { 5 } },
	};
	const struct adjustment_run run = {
		.at_ms = INT64_C(1785600000000),
		.who = text_of("uid 7"),
		.reason = text_of("w"),
		.book = text_of(book_hash(kit->book.book)),
		.from_ms = INT64_C(1785574800000),
		.to_ms = INT64_C(1785578400000),
	};
	int64_t seq;

	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	assert_int_equal(ledger_adjust(kit->ledger, &run, rows, 1, &seq, NULL), 0);
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
}

static int no_rollup(void *context, const struct rollup_row *row)
{
	(void)row;
	++*(int64_t *)context;
	return 0;
}

static int no_event(void *context, const struct stored_event *row)
{
	(void)row;
	++*(int64_t *)context;
	return 0;
}

static int no_adjustment(void *context, const struct adjustment *row)
{
	(void)row;
	++*(int64_t *)context;
	return 0;
}

/* Everything that a total or an explanation is read from; the first fault. */
static int read_all(const char *path, struct fault *fault)
{
	struct ledger *ledger = NULL;
	int64_t rows = 0, id;
	int r = ledger_open_reader(&ledger, path, fault);

	if (r == 0)
		r = ledger_each_rollup(ledger, 0, LEDGER_TO_MAX, no_rollup, &rows, fault);
	if (r == 0)
		r = ledger_each_adjustment(ledger, ADJUSTMENT_BOOKED, 0, LEDGER_TO_MAX,
		                           no_adjustment, &rows, fault);
	if (r == 0)
		r = ledger_each_adjustment(ledger, ADJUSTMENT_TRAFFIC, 0, LEDGER_TO_MAX,
		                           no_adjustment, &rows, fault);
	if (r == 0)
		r = ledger_each_event(ledger, 0, LEDGER_TO_MAX, no_event, &rows, fault);
	if (r == 0)
		r = names_id(ledger, text_of("north"), &id, fault);
	ledger_close(ledger);
	return r;
}

static const struct damage {
	const char *label, *sql, *says;
} damages[] = {
	{ "a sum", "UPDATE rollup SET nanos = nanos + 1 WHERE hour % 7200000 <> 0",
	  "hour 2026-08-01T09:00:00.000Z: its sums" },
	{ "a count", "UPDATE rollup SET input = input + 4096 WHERE hour % 7200000 = 0",
	  "hour 2026-08-01T10:00:00.000Z: its sums" },
	{ "a key", "UPDATE rollup SET account = account + 1 WHERE hour % 7200000 = 0",
	  "hour 2026-08-01T10:00:00.000Z: its sums" },
	{ "a row that is gone",
	  "DELETE FROM rollup WHERE hour % 7200000 <> 0 AND account = (SELECT id FROM name WHERE "
	  "text = 'north')",
	  "hour 2026-08-01T09:00:00.000Z: its sums" },
	{ "an hour that is gone", "DELETE FROM rollup WHERE hour % 7200000 <> 0",
	  "hour 2026-08-01T09:00:00.000Z: its sums" },
	{ "the last hour", "DELETE FROM rollup WHERE hour % 7200000 = 0",
	  "hour 2026-08-01T10:00:00.000Z: its sums" },
	{ "an hour that was another",
	  "UPDATE rollup SET hour = hour + 3600000 WHERE hour % 7200000 = 0",
	  "hour 2026-08-01T10:00:00.000Z: its sums" },
	{ "a word that is gone", "DELETE FROM hour_word WHERE kind = 0 AND hour % 7200000 <> 0",
	  "hour 2026-08-01T09:00:00.000Z: its sums" },
	{ "a word", "UPDATE hour_word SET word = word + 1 WHERE kind = 1",
	  "hour 2026-08-01T09:00:00.000Z: its adjustments booked in it" },
	{ "an adjustment", "UPDATE adjustment SET attos = attos + 1",
	  "hour 2026-08-01T09:00:00.000Z: its adjustments booked in it" },
	{ "one that is gone", "DELETE FROM adjustment",
	  "hour 2026-08-01T09:00:00.000Z: its adjustments booked in it" },
	{ "the hour of its traffic", "DELETE FROM hour_word WHERE kind = 2",
	  "hour 2026-08-01T09:00:00.000Z: its adjustments of its traffic" },
	{ "an event", "UPDATE event SET input = input + 1 WHERE id = 'b'",
	  "event b of 2026-08-01T09" },
	{ "its latency", "UPDATE event SET latency_ms = 7 WHERE id = 'b'",
	  "event b of 2026-08-01T09" },
	{ "its absent number", "UPDATE event SET ttft_ms = 0 WHERE id = 'b'",
	  "event b of 2026-08-01T09" },
	{ "its account", "UPDATE event SET account = account + 1 WHERE id = 'b'",
	  "event b of 2026-08-01T09" },
	{ "an event that is gone", "DELETE FROM event WHERE id = 'b'",
	  "hour 2026-08-01T09:00:00.000Z: its events" },
	{ "a name", "UPDATE name SET text = 'norti' WHERE text = 'north'",
	  "is not \"norti\" as it was stored" },
};

static void test_what_is_not_as_it_was_stored_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct fault fault = { .code = FAULT_NONE };
		struct buf findings = { .at = NULL };
		struct ledgerkit kit;

		kit_open(&kit);
		fill(&kit);
		adjust(&kit);
		kit_shut(&kit);
		if (read_all(kit.path, &fault) < 0)
			fail_msg("%s: before: %s", damages[i].label, fault.text);
		kit_verify_clean(&kit);
		kit_sql(&kit, damages[i].sql);
		if (read_all(kit.path, &fault) != -FAULT_CORRUPT)
			fail_msg("%s: not refused", damages[i].label);
		if (strstr(fault.text, damages[i].says) == NULL)
			fail_msg("%s: %s", damages[i].label, fault.text);
		assert_non_null(strstr(fault.text, "toll verify"));
		if (kit_verify(&kit, &findings) == 0)
			fail_msg("%s: verify finds nothing", damages[i].label);
		buf_release(&findings);
		kit_close(&kit);
	}
}

/* Each place of a text in the file becomes another: its table, its index. */
static void test_a_name_its_index_has_lost_is_found(void **state)
{
	static const char name[] = "south";
	struct ledgerkit *kit = *state;
	char bytes[1 << 18];
	size_t len, places = 0;
	int64_t id, asked = 0;
	FILE *file;

	fill(kit);
	kit_shut(kit);
	id = kit_sql_int(kit, "SELECT id FROM name WHERE text = 'south'");
	file = fopen(kit->path, "r+");
	assert_non_null(file);
	len = fread(bytes, 1, sizeof(bytes), file);
	assert_true(len > 0 && len < sizeof(bytes));
	for (size_t i = 0; i + sizeof(name) < len; i++) {
		struct ledger *ledger = NULL;
		struct text text;
		int r;

		if (memcmp(bytes + i, name, sizeof(name) - 1) != 0)
			continue;
		places++;
		assert_int_equal(fseek(file, (long)i, SEEK_SET), 0);
		assert_int_equal(fputc('r', file), 'r');
		assert_int_equal(fflush(file), 0);
		assert_int_equal(ledger_open_reader(&ledger, kit->path, NULL), 0);
		r = names_id(ledger, text_of("routh"), &asked, NULL);
		assert_true(r == -FAULT_CORRUPT || (r == 0 && asked == NAME_UNKNOWN));
		assert_int_equal(names_id(ledger, text_of(name), &asked, NULL), 0);
		assert_int_equal(asked, id);
		names_clear(&ledger->names);
		r = names_text(ledger, id, &text, NULL);
		assert_true(r == -FAULT_CORRUPT || text_is(text, name));
		ledger_close(ledger);
		assert_int_equal(fseek(file, (long)i, SEEK_SET), 0);
		assert_int_equal(fputc('s', file), 's');
		assert_int_equal(fflush(file), 0);
	}
	assert_int_equal(fclose(file), 0);
	assert_int_equal(places, 2);
}

/* A ledger of before has none: they are made once, and then asked. */
static void test_the_words_of_a_ledger_of_before_are_made(void **state)
{
	struct ledgerkit *kit = *state;
	struct fault fault = { .code = FAULT_NONE };

	fill(kit);
	adjust(kit);
	kit_shut(kit);
	kit_sql(kit, "UPDATE event SET check_word = NULL; UPDATE name SET check_word = NULL;"
	             "DELETE FROM hour_word; INSERT INTO hour_word VALUES (4, 0, 0)");
	/* Read as it is, before its writer comes. */
	assert_int_equal(read_all(kit->path, &fault), 0);
	kit_reopen(kit);
	kit_shut(kit);
	assert_int_equal(kit_sql_int(kit, "SELECT count(*) FROM hour_word"), 4);
	assert_int_equal(
		kit_sql_int(kit, "SELECT count(*) FROM name WHERE id > 0 AND check_word IS NULL"),
		0);
	kit_verify_clean(kit);
	assert_int_equal(read_all(kit->path, &fault), 0);
	kit_sql(kit, "UPDATE rollup SET nanos = nanos + 1");
	assert_int_equal(read_all(kit->path, &fault), -FAULT_CORRUPT);
}

/* Stored in ledgers: they must never become others. */
static void test_words_are_for_ever(void **state)
{
	const struct rollup_key key = { 3600000, 1, 2, 3, 4, 5, 6, -1 };
	struct rollup_sum sum = { .events = 7, .errors = 1, .amount = { 12 }, .cost = { -3 } };
	struct event_row row = { .source = 1, .account = 2, .stored.price_id = 3 };

	(void)state;
	sum.count[COMPONENT_INPUT] = 1000;
	row.stored.event.id = text_of("a");
	row.stored.event.status = row.stored.event.latency_ms = EVENT_ABSENT;
	row.stored.event.ttft_ms = row.stored.event.served = EVENT_ABSENT;
	row.stored.event.usage.count[COMPONENT_OUTPUT] = 9;
	assert_int_equal(word_of_rollup(&key, &sum), UINT64_C(0xf1ebde180ac0632a));
	assert_int_equal(word_of_event(&row), 1095152793);
	assert_int_equal(word_of_name(1, text_of("north")), UINT64_C(0x9c29b231be0185bc));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_not_as_it_was_stored_is_refused),
		cmocka_unit_test_setup_teardown(test_a_name_its_index_has_lost_is_found, kit_setup,
		                                kit_teardown),
		cmocka_unit_test_setup_teardown(test_the_words_of_a_ledger_of_before_are_made,
		                                kit_setup, kit_teardown),
		cmocka_unit_test(test_words_are_for_ever),
	};

	return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
