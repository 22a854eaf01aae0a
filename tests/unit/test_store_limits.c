/* The limits of what a ledger takes: each at the limit, and one beyond it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/correct.h"
#include "ledger/internal.h"
#include "tests/support/ledgerkit.h"

#define AT_10 "2026-08-01T10:00:00Z"
#define HOUR  INT64_C(1785578400000)
#define MODEL(model, each)                                                                         \
	"{'model':'" model "','versions':[{'effective_from':'2026','rates':[{'component':'input'," \
	"'each':'" each "'}]}]}"
/* Just over half of the largest amount. */
#define DEAR                                                                                       \
	"{'pricebook':1,'currency':'USD','models':[" MODEL("m", "4700000000") "," MODEL(           \
		"n", "4700000000") "]}"

static enum ingest_verdict send(struct ledgerkit *kit, const char *line)
{
	return kit_send(kit, kit_quotes(line));
}

#define E8(text) text text text text text text text text
#define EACUTE   "\xc3\xa9"
#define E128     E8(E8(EACUTE EACUTE)) /* characters of two bytes */

/* A doubt may be longer than a path: it has the names of what a line can be read as. */
static void test_what_is_told_of_an_unknown_number_is_cut_between_characters(void **state)
{
	static const struct {
		const char *id, *path, *kept;
	} rows[] = {
		{ "short", "p" EACUTE, "3 C3A9" },
		{ "most", E128, "256 C3A9" },
		{ "odd", "p" E128, "255 C3A9" },
		{ "alike", E128 E128, "(none)" }, /* it is counted with "most" */
	};
	struct ledgerkit *kit = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ingest_item item;
		char text[256];

		snprintf(text, sizeof(text),
		         "{'id':'%s','time':'" AT_10
		         "','account':'a','model':'m','api':'toll','usage':{'input':1,'x':2}}",
		         rows[i].id);
		kit_prepare(kit, kit_quotes(text), &item);
		item.event.unknown_path = text_of(rows[i].path);
		assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
		assert_int_equal(ingest_store(kit->ledger, &item, NULL), 0);
		assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
		snprintf(text, sizeof(text),
		         "SELECT length(CAST(path AS BLOB)) || ' ' || hex(substr(path, -1)) FROM "
		         "unknown_usage WHERE first_id = '%s'",
		         rows[i].id);
		assert_string_equal(kit_ask(kit, text), rows[i].kept);
	}
	kit_verify_clean(kit);
}

static void test_what_does_not_wait_is_given_no_price(void **state)
{
	static const char *const lines[] = {
		"{'id':'priced','time':'" AT_10
		"','account':'a','model':'acme/llama-4-70b','api':'toll','usage':{'input':1}}",
		"{'id':'absent','time':'" AT_10
		"','account':'a','model':'acme/llama-4-70b','api':'toll','usage':{'input':1}}",
	};
	struct ledgerkit *kit = *state;
	const struct rated waiting = { .price_id = LEDGER_PRICE_SUSPENSE,
		                       .cost_id = LEDGER_COST_NO_BOOK };
	struct fault fault = { .code = FAULT_NONE };
	struct rated found = waiting;
	struct ingest_item item;

	/* One that waits beside it, so that their sum has it. */
	send(kit, "{'id':'waits','time':'" AT_10
	          "','account':'a','model':'acme/llama-4-70b','api':'toll','usage':{'input':1}}");
	kit_price(kit, kit_small_book);
	send(kit, lines[0]);
	for (size_t i = 0; i < 2; i++) {
		kit_prepare(kit, kit_quotes(lines[i]), &item);
		found.price_id = kit->book.first_price;
		assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
		assert_int_equal(
			ledger_suspense_price(kit->ledger, &item.event, &waiting, &found, &fault),
			-FAULT_NOT_FOUND);
		assert_non_null(strstr(fault.text, i == 0 ? "event priced: not in suspense"
		                                          : "event absent: not in suspense"));
		ledger_rollback(kit->ledger);
	}
	kit_verify_clean(kit);
}

/* SQLite has a limit of its own for a value. */
static void test_a_value_that_is_too_large_is_refused(void **state)
{
	enum { VALUE_BYTES_MAX = 64 * 1024 * 1024 };
	struct ledgerkit *kit = *state;
	struct fault fault = { .code = FAULT_NONE };
	char *bytes = malloc(VALUE_BYTES_MAX + 1);

	assert_non_null(bytes);
	memset(bytes, 'x', VALUE_BYTES_MAX + 1);
	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	assert_int_equal(ledger_change_note(kit->ledger, KIT_NOW_MS, text_of("w"), "x",
	                                    (struct text){ bytes, VALUE_BYTES_MAX + 1 }, &fault),
	                 -FAULT_RANGE);
	assert_non_null(strstr(fault.text, kit->path));
	/* The same handle goes on. */
	assert_int_equal(ledger_change_note(kit->ledger, KIT_NOW_MS, text_of("w"), "x",
	                                    text_of("{}"), &fault),
	                 0);
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
	assert_string_equal(kit_ask(kit, "SELECT group_concat(what || length(detail)) FROM change "
	                                 "WHERE what = 'x'"),
	                    "x2");
	free(bytes);
}

static int correct(struct ledgerkit *kit, const char *who, const char *reason, struct fault *fault)
{
	struct correction_wish wish = { .kind = CORRECTION_VOID,
		                        .source = text_of("gw-1"),
		                        .id = text_of("t"),
		                        .time_ms = HOUR,
		                        .at_ms = KIT_NOW_MS,
		                        .who = text_of(who),
		                        .reason = text_of(reason) };
	struct correction_done done;
	int r;

	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	r = ledger_correct(kit->ledger, &wish, &done, fault);
	ledger_rollback(kit->ledger);
	return r;
}

/* A request and its turn, of two models: each fits, and so does the sum of each model's hour. */
static void test_what_a_correction_takes_together_is_an_amount(void **state)
{
	static const char line[] =
		"{'id':'t','time':'" AT_10
		"','account':'a','model':'m','api':'anthropic.messages','usage':{'input_tokens':1,"
		"'output_tokens':0,'iterations':[{'type':'message','input_tokens':1,"
		"'output_tokens':0},{'type':'advisor_message','model':'n','input_tokens':1,"
		"'output_tokens':0}]}}";
	struct ledgerkit *kit = *state;
	struct fault fault = { .code = FAULT_NONE };

	kit_price(kit, kit_quotes(DEAR));
	assert_int_equal(send(kit, line), INGEST_ACCEPTED);
	assert_int_equal(correct(kit, "w", "r", &fault), -FAULT_RANGE);
	assert_string_equal(fault.text, "event t~2: the correction is no amount");
	assert_string_equal(kit_ask(kit, "SELECT count(*) FROM correction"), "0");
}

static void test_a_correction_says_who_and_why(void **state)
{
	struct ledgerkit *kit = *state;
	struct fault fault = { .code = FAULT_NONE };

	kit_price(kit, kit_small_book);
	send(kit, "{'id':'t','time':'" AT_10
	          "','account':'a','model':'acme/llama-4-70b','api':'toll','usage':{'input':1}}");
	assert_int_equal(correct(kit, "w", "", &fault), -FAULT_INVALID);
	assert_int_equal(correct(kit, "", "r", &fault), -FAULT_INVALID);
	assert_int_equal(correct(kit, "w", "r", &fault), 0);
}

/* Of several moments in one batch the last is when its source was stored. */
static void test_a_batch_was_stored_when_its_last_event_was(void **state)
{
	static const int64_t moments[] = { KIT_NOW_MS, KIT_NOW_MS + 5, KIT_NOW_MS + 3 };
	struct ledgerkit *kit = *state;

	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		const struct event_defaults defaults = { text_of("gw-1"), moments[i] };
		struct ingest_item item;
		char line[256];

		snprintf(line, sizeof(line),
		         "{\"id\":\"e-%zu\",\"time\":\"" AT_10
		         "\",\"account\":\"a\",\"model\":\"m\",\"api\":\"toll\",\"usage\":{"
		         "\"input\":1}}",
		         i);
		arena_reset(&kit->arena);
		assert_int_equal(ingest_prepare(&item, text_of(line), INGEST_LINE_WHOLE,
		                                (int64_t)strlen(line), &defaults, kit_terms(kit),
		                                &kit->doc, &kit->arena),
		                 0);
		assert_int_equal(ingest_store(kit->ledger, &item, NULL), 0);
	}
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
	assert_string_equal(kit_ask(kit, "SELECT events || ' ' || stored_ms FROM watermark"),
	                    "3 1785585600005");
}

/* At both ends of what may be typed of it, and one digit beyond each. */
static void test_a_book_is_named_by_8_to_64_digits(void **state)
{
	static const struct {
		size_t digits;
		int r;
	} rows[] = { { 7, -FAULT_INVALID }, { 8, 0 }, { 64, 0 }, { 65, -FAULT_INVALID } };
	struct ledgerkit *kit = *state;
	char digits[80];

	kit_price(kit, kit_small_book);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fault fault = { .code = FAULT_NONE };
		struct buf json = { .at = NULL };

		snprintf(digits, sizeof(digits), "%s0", book_hash(kit->book.book));
		digits[rows[i].digits] = '\0';
		if (ledger_book_json(kit->ledger, text_of(digits), &json, &fault) != rows[i].r)
			fail_msg("%zu digits: %s", rows[i].digits, fault.text);
		if (rows[i].r == 0)
			assert_true(text_is(buf_text(&json), kit_small_book));
		else
			assert_non_null(strstr(fault.text, "8 to 64 digits"));
		buf_release(&json);
	}
}

static void test_a_row_that_must_be_there_is_missed_with_its_statement(void **state)
{
	struct ledgerkit *kit = *state;
	struct fault fault = { .code = FAULT_NONE };
	struct query query = query_start(kit->ledger, STATEMENT_EVENT_GET);

	store_bind_identity(&query, HOUR, 1, text_of("none"));
	assert_int_equal(query_due(&query, &fault), -FAULT_INTERNAL);
	assert_non_null(strstr(fault.text, kit->path));
	assert_non_null(strstr(fault.text, "FROM event"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_what_is_told_of_an_unknown_number_is_cut_between_characters),
		TEST(test_what_does_not_wait_is_given_no_price),
		TEST(test_a_value_that_is_too_large_is_refused),
		TEST(test_what_a_correction_takes_together_is_an_amount),
		TEST(test_a_correction_says_who_and_why),
		TEST(test_a_batch_was_stored_when_its_last_event_was),
		TEST(test_a_book_is_named_by_8_to_64_digits),
		TEST(test_a_row_that_must_be_there_is_missed_with_its_statement),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
