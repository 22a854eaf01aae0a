#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/terms.h"
#include "ledger/read.h"
#include "ledger/store.h"
#include "rate/policy.h"
#include "tests/support/ledgerkit.h"

/* input and reasoning cost 1, output costs 2: a reading may or may not change the amount. */
static const char book[] =
	"{\"pricebook\":1,\"currency\":\"USD\",\"models\":[{\"model\":\"m\",\"versions\":["
	"{\"effective_from\":\"2026\",\"rates\":[{\"component\":\"input\",\"each\":\"1\"},"
	"{\"component\":\"cache_read\",\"each\":\"1\"},"
	"{\"component\":\"output\",\"each\":\"2\"},"
	"{\"component\":\"reasoning\",\"each\":\"1\"}]}]}]}";

static const struct event plain = {
	.id = { "1", 1 },
	.source = { "s", 1 },
	.account = { "a", 1 },
	.model = { "m", 1 },
	.api = { "openai.chat", 11 },
	.finish_reason = { "stop", 4 },
	.time_ms = KIT_NOW_MS,
	.status = 200,
	.latency_ms = EVENT_ABSENT,
	.ttft_ms = EVENT_ABSENT,
	.served = EVENT_ABSENT,
	.settlement = SETTLEMENT_FINAL,
};

struct bench {
	struct event event;
	struct event_reading readings[EVENT_READINGS_MAX];
	struct event_refusal refusal;
	struct rated rated;
};

static void add_reading(struct bench *bench, const char *name, int64_t input, int64_t cache_read,
                        int64_t output, int64_t reasoning)
{
	struct event_reading *reading = &bench->readings[bench->event.reading_count++];

	*reading = (struct event_reading){ .name = name };
	reading->usage.count[COMPONENT_INPUT] = input;
	reading->usage.count[COMPONENT_CACHE_READ] = cache_read;
	reading->usage.count[COMPONENT_OUTPUT] = output;
	reading->usage.count[COMPONENT_REASONING] = reasoning;
}

/* An event whose reasoning is inside output, or beside it. */
static struct bench contradicting(void)
{
	struct bench bench = { .event = plain };

	add_reading(&bench, "declared", 10, 0, 5, 0);
	add_reading(&bench, "xai.chat", 10, 0, 5, 3);
	return bench;
}

static enum reason rate(const struct terms *terms, struct ledgerkit *kit, struct bench *bench)
{
	bench->event.readings = bench->readings;
	if (bench->event.reading_count > 0)
		bench->event.usage = bench->readings[0].usage;
	bench->rated = (struct rated){ .price_id = 77 };
	bench->refusal = (struct event_refusal){ .time_ms = EVENT_ABSENT };
	assert_int_equal(
		terms_rate(terms, &bench->event, &kit->arena, &bench->rated, &bench->refusal), 0);
	return bench->refusal.reason;
}

static void expect_amount(const struct bench *bench, const char *expected)
{
	char text[MONEY_TEXT_BYTES];

	money_text(bench->rated.amount, text);
	assert_string_equal(text, expected);
}

static void expect_doubt(const struct bench *bench, bool warned, bool settled, const char *path)
{
	const struct terms_doubt doubt = terms_doubt(bench->event.unknown_path);

	assert_int_equal(doubt.warned, warned);
	assert_int_equal(doubt.settled, settled);
	if (path == NULL)
		assert_null(doubt.path.at);
	else
		assert_true(text_is(doubt.path, path));
}

static void set_rule(struct ledgerkit *kit, const char *api, const char *reading)
{
	const struct rule_note note = { KIT_NOW_MS, text_of("t"), text_of("") };

	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	assert_int_equal(ledger_reading_set(kit->ledger, text_of("s"), text_of(api),
	                                    text_of(reading), &note, NULL),
	                 0);
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
	kit_rules(kit);
}

static void test_readings_at_other_prices_are_refused_with_both_amounts(void **state)
{
	struct ledgerkit *kit = *state;
	struct bench bench = contradicting();

	kit_price(kit, book);
	assert_int_equal(rate(kit_terms(kit), kit, &bench), REASON_READINGS);
	assert_string_equal(bench.refusal.detail, "declared 20.00, xai.chat 23.00");
}

static void test_readings_without_a_price_are_refused_too(void **state)
{
	struct ledgerkit *kit = *state;
	struct bench bench = contradicting();

	assert_int_equal(rate(kit_terms(kit), kit, &bench), REASON_READINGS);
	assert_string_equal(bench.refusal.detail, "declared unpriced, xai.chat unpriced");
	/* One that has a price, and one that has none. */
	kit_price(kit, book);
	bench = contradicting();
	bench.readings[1].usage.count[COMPONENT_PAGES] = 1;
	assert_int_equal(rate(kit_terms(kit), kit, &bench), REASON_READINGS);
	assert_string_equal(bench.refusal.detail, "declared 20.00, xai.chat unpriced");
	/* No amount at all is told apart. */
	bench = contradicting();
	bench.readings[1].usage.count[COMPONENT_INPUT] = -1;
	assert_int_equal(rate(kit_terms(kit), kit, &bench), REASON_READINGS);
	assert_string_equal(bench.refusal.detail, "declared 20.00, xai.chat no amount");
}

static void test_readings_at_one_price_are_accepted_with_a_warning(void **state)
{
	struct ledgerkit *kit = *state;
	struct bench bench = { .event = plain };

	kit_price(kit, book);
	add_reading(&bench, "declared", 10, 0, 5, 0);
	add_reading(&bench, "xai.chat", 4, 6, 5, 0);
	assert_int_equal(rate(kit_terms(kit), kit, &bench), REASON_NONE);
	expect_amount(&bench, "20.00");
	assert_int_equal(bench.event.usage.count[COMPONENT_INPUT], 10);
	assert_true(text_is(bench.event.unknown_path, "readings: declared, xai.chat"));
	expect_doubt(&bench, true, false, NULL);
	assert_null(bench.event.reading.at);
	assert_null(bench.event.extra.at);
	/* What nobody counts is still told. */
	bench.event.unknown_path = text_of("prompt_tokens_details.new_tokens");
	expect_doubt(&bench, false, false, "prompt_tokens_details.new_tokens");
	assert_int_equal(rate(kit_terms(kit), kit, &bench), REASON_NONE);
	assert_true(text_is(bench.event.unknown_path,
	                    "readings: declared, xai.chat; prompt_tokens_details.new_tokens"));
	expect_doubt(&bench, true, false, "prompt_tokens_details.new_tokens");
}

static void test_readings_of_nothing_are_one_price(void **state)
{
	struct ledgerkit *kit = *state;
	struct bench bench = { .event = plain };

	add_reading(&bench, "declared", 0, 0, 0, 0);
	add_reading(&bench, "xai.chat", 0, 0, 0, 0);
	assert_int_equal(rate(kit_terms(kit), kit, &bench), REASON_NONE);
	assert_int_equal(bench.rated.price_id, LEDGER_PRICE_NONE);
	expect_amount(&bench, "0.00");
}

/* All of them are compared, not just the first two. */
static void test_of_three_readings_the_third_counts_too(void **state)
{
	struct ledgerkit *kit = *state;
	struct bench bench = { .event = plain };

	kit_price(kit, book);
	add_reading(&bench, "declared", 10, 0, 5, 0);
	add_reading(&bench, "xai.chat", 4, 6, 5, 0);
	add_reading(&bench, "mistral.chat", 11, 0, 5, 0);
	assert_int_equal(rate(kit_terms(kit), kit, &bench), REASON_READINGS);
	assert_string_equal(bench.refusal.detail,
	                    "declared 20.00, xai.chat 20.00, mistral.chat 21.00");
}

static void test_a_rule_takes_its_reading_and_says_so(void **state)
{
	struct ledgerkit *kit = *state;
	struct bench bench = contradicting();

	kit_price(kit, book);
	set_rule(kit, "openai.chat", "xai.chat");
	assert_int_equal(rate(kit_terms(kit), kit, &bench), REASON_NONE);
	expect_amount(&bench, "23.00");
	assert_int_equal(bench.event.usage.count[COMPONENT_REASONING], 3);
	assert_true(text_is(bench.event.reading, "xai.chat"));
	assert_true(text_is(bench.event.extra, "{\"reading\":\"xai.chat\"}"));
	/* It is counted among the contradictions as before, and so is what nobody counts. */
	assert_true(text_is(bench.event.unknown_path, "settled: xai.chat of declared, xai.chat"));
	expect_doubt(&bench, false, true, NULL);
	/* Beside what was sent. */
	bench = contradicting();
	bench.event.extra = text_of("{\"region\":\"eu\"}");
	bench.event.unknown_path = text_of("new_tokens");
	assert_int_equal(rate(kit_terms(kit), kit, &bench), REASON_NONE);
	assert_true(text_is(bench.event.extra, "{\"reading\":\"xai.chat\",\"region\":\"eu\"}"));
	expect_doubt(&bench, false, true, "new_tokens");
	/* Of another api, or of another source, it says nothing. */
	bench = contradicting();
	bench.event.api = text_of("openai.responses");
	assert_int_equal(rate(kit_terms(kit), kit, &bench), REASON_READINGS);
	bench = contradicting();
	bench.event.source = text_of("t");
	assert_int_equal(rate(kit_terms(kit), kit, &bench), REASON_READINGS);
}

static void test_a_rule_for_a_reading_that_is_not_there_decides_nothing(void **state)
{
	struct ledgerkit *kit = *state;
	struct bench bench = contradicting();

	kit_price(kit, book);
	set_rule(kit, NULL, "mistral.chat");
	assert_int_equal(rate(kit_terms(kit), kit, &bench), REASON_READINGS);
	/* And nothing of an event that can be read in one way. */
	bench = (struct bench){ .event = plain };
	bench.event.usage.count[COMPONENT_INPUT] = 10;
	assert_int_equal(rate(kit_terms(kit), kit, &bench), REASON_NONE);
	assert_null(bench.event.reading.at);
	expect_amount(&bench, "10.00");
}

static void test_one_event_is_settled_before_any_rule(void **state)
{
	struct ledgerkit *kit = *state;
	struct bench bench = contradicting();
	struct terms terms;

	kit_price(kit, book);
	set_rule(kit, NULL, "xai.chat");
	terms = *kit_terms(kit);
	terms.reading = text_of("declared");
	assert_int_equal(rate(&terms, kit, &bench), REASON_NONE);
	expect_amount(&bench, "20.00");
	assert_true(text_is(bench.event.reading, "declared"));
	expect_doubt(&bench, false, true, NULL);
}

/* What a policy takes away of all of them cannot make them differ. */
static void test_readings_are_compared_by_what_is_charged(void **state)
{
	struct ledgerkit *kit = *state;
	struct bench bench = contradicting();

	kit_price(kit, book);
	kit_policies(kit, "a", POLICY_BIT(POLICY_ZERO_COMPLETION));
	bench.event.finish_reason = text_of("error");
	assert_int_equal(rate(kit_terms(kit), kit, &bench), REASON_NONE);
	assert_int_equal(bench.rated.price_id, LEDGER_PRICE_NONE);
	assert_int_equal(bench.rated.policy, POLICY_BIT(POLICY_ZERO_COMPLETION));
	expect_doubt(&bench, true, false, NULL);
}

static void test_an_event_is_rated_with_the_policies_of_its_account(void **state)
{
	struct ledgerkit *kit = *state;
	struct bench bench = { .event = plain };

	kit_price(kit, book);
	bench.event.usage.count[COMPONENT_INPUT] = 10;
	bench.event.usage.count[COMPONENT_OUTPUT] = 5;
	bench.event.settlement = SETTLEMENT_ABANDONED;
	bench.event.served = 2;
	assert_int_equal(rate(kit_terms(kit), kit, &bench), REASON_NONE);
	expect_amount(&bench, "20.00");
	assert_int_equal(bench.rated.policy, 0);
	kit_policies(kit, "a", POLICY_BIT(POLICY_SERVED_ONLY));
	assert_int_equal(rate(kit_terms(kit), kit, &bench), REASON_NONE);
	expect_amount(&bench, "14.00");
	assert_int_equal(bench.rated.policy, POLICY_BIT(POLICY_SERVED_ONLY));
	assert_int_equal(bench.event.usage.count[COMPONENT_OUTPUT], 5);
	bench.event.account = text_of("b");
	assert_int_equal(rate(kit_terms(kit), kit, &bench), REASON_NONE);
	expect_amount(&bench, "20.00");
}

static void test_a_charge_beyond_all_amounts_is_refused(void **state)
{
	struct ledgerkit *kit = *state;
	struct bench bench = { .event = plain };

	kit_price(kit, book);
	bench.event.usage.count[COMPONENT_INPUT] = -1;
	assert_int_equal(rate(kit_terms(kit), kit, &bench), REASON_AMOUNT);
}

/* Twice as dear as what it is sold for, from a prompt of 100 on again; no cache. */
static const char cost[] =
	"{\"pricebook\":1,\"currency\":\"USD\",\"models\":[{\"model\":\"m\",\"versions\":["
	"{\"effective_from\":\"2026\",\"rates\":[{\"component\":\"input\",\"each\":\"2\"},"
	"{\"component\":\"input\",\"each\":\"4\",\"when\":{\"context\":{\"gte\":100}}},"
	"{\"component\":\"output\",\"each\":\"4\"}]}]}]}";

static void test_a_cost_is_what_the_cost_book_asks_for_all_that_was_used(void **state)
{
	static const struct {
		const char *label;
		int64_t input, cache_read, output;
		const char *finish, *amount, *cost; /* cost NULL: it has none */
		int64_t cost_id;
	} rows[] = {
		{ "both", 10, 0, 5, "stop", "20.00", "40.00", 2 },
		{ "no rate on one side", 10, 1, 5, "stop", "21.00", "0.00", LEDGER_PRICE_SUSPENSE },
		{ "nothing used", 0, 0, 0, "stop", "0.00", "0.00", LEDGER_PRICE_NONE },
		{ "a policy takes the charge, not the cost", 10, 0, 5, "error", "0.00", "40.00",
		  2 },
	};
	struct ledgerkit *kit = *state;

	kit_price(kit, book);
	kit_cost(kit, cost);
	kit_policies(kit, "a", POLICIES_ALL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench bench = { .event = plain };
		char text[MONEY_TEXT_BYTES];

		bench.event.finish_reason = text_of(rows[i].finish);
		bench.event.usage.count[COMPONENT_INPUT] = rows[i].input;
		bench.event.usage.count[COMPONENT_CACHE_READ] = rows[i].cache_read;
		bench.event.usage.count[COMPONENT_OUTPUT] = rows[i].output;
		assert_int_equal(rate(kit_terms(kit), kit, &bench), REASON_NONE);
		expect_amount(&bench, rows[i].amount);
		money_text(bench.rated.cost, text);
		if (strcmp(text, rows[i].cost) != 0 || bench.rated.cost_id != rows[i].cost_id)
			fail_msg("%s: %lld %s", rows[i].label, (long long)bench.rated.cost_id,
			         text);
	}
}

static void test_without_a_cost_book_no_cost_is_known(void **state)
{
	struct ledgerkit *kit = *state;
	struct bench bench = { .event = plain };

	kit_price(kit, book);
	bench.event.usage.count[COMPONENT_INPUT] = 1;
	assert_int_equal(rate(kit_terms(kit), kit, &bench), REASON_NONE);
	expect_amount(&bench, "1.00");
	assert_int_equal(bench.rated.cost_id, LEDGER_COST_NO_BOOK);
	assert_true(bench.rated.cost.attos == 0);
}

/* That its cost is not known is no reason to hold it back: what is sold has one price. */
static void test_a_sum_that_a_threshold_of_the_cost_parts_has_no_cost(void **state)
{
	static const struct {
		int64_t smallest, cost_id;
	} rows[] = { { 100, 2 }, { 99, LEDGER_PRICE_SUSPENSE } };
	struct ledgerkit *kit = *state;

	kit_price(kit, book);
	kit_cost(kit, cost);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench bench = { .event = plain };

		bench.event.sum = (struct event_sum){ .of = 2,
			                              .smallest_prompt = rows[i].smallest };
		bench.event.usage.count[COMPONENT_INPUT] = 250;
		assert_int_equal(rate(kit_terms(kit), kit, &bench), REASON_NONE);
		expect_amount(&bench, "250.00");
		assert_int_equal(bench.rated.cost_id, rows[i].cost_id);
		assert_true(bench.rated.cost.attos == (i == 0 ? 1000 : 0) * (wide)ATTOS_PER_UNIT);
		assert_int_equal(terms_sum_moves_cost(kit_terms(kit), &bench.event), i == 1);
		assert_false(terms_sum_moves_price(kit_terms(kit), &bench.event));
	}
}

static void test_a_cost_beyond_all_amounts_is_refused(void **state)
{
	struct ledgerkit *kit = *state;
	struct bench bench = { .event = plain };

	kit_price(kit, book);
	kit_cost(kit, cost);
	bench.event.usage.count[COMPONENT_OUTPUT] = INT64_C(4000000000);
	assert_int_equal(rate(kit_terms(kit), kit, &bench), REASON_AMOUNT);
	assert_non_null(strstr(bench.refusal.detail, "the cost of this request"));
}

/* What was charged is derived again from the event and the bits that are stored with it. */
static void test_what_policies_left_is_verified_by_the_stored_bits(void **state)
{
	static const char line[] =
		"{\"id\":\"%s\",\"source\":\"s\",\"time\":\"2026-08-01T10:00:00Z\",\"account\":"
		"\"a\","
		"\"model\":\"%s\",\"api\":\"toll\",\"finish_reason\":\"%s\",\"usage\":"
		"{\"input\":10,\"output\":%d}}";
	struct ledgerkit *kit = *state;
	struct buf findings = { .at = NULL };
	char text[512];

	kit_price(kit, book);
	kit_policies(kit, "a", POLICIES_ALL);
	snprintf(text, sizeof(text), line, "free", "m", "error", 5);
	assert_int_equal(kit_send(kit, text), INGEST_ACCEPTED);
	/* Nothing is left to price: a model without a price is no matter. */
	snprintf(text, sizeof(text), line, "free-too", "nobody", "error", 5);
	assert_int_equal(kit_send(kit, text), INGEST_ACCEPTED);
	snprintf(text, sizeof(text), line, "paid", "m", "stop", 5);
	assert_int_equal(kit_send(kit, text), INGEST_ACCEPTED);
	snprintf(text, sizeof(text), line, "unpriced", "nobody", "stop", 5);
	assert_int_equal(kit_send(kit, text), INGEST_UNPRICED);
	kit_verify_clean(kit);
	kit_shut(kit);
	assert_int_equal(kit_sql_int(kit, "SELECT count(*) FROM event WHERE policy = 7"), 4);
	assert_int_equal(kit_sql_int(kit, "SELECT sum(input) FROM event"), 40);
	/* Without the bits it is not what is stored. */
	kit_sql(kit, "UPDATE event SET policy = 0 WHERE id = 'free'");
	kit_reopen(kit);
	assert_int_equal(kit_verify(kit, &findings), 1);
	assert_non_null(strstr(findings.at, "it used something"));
	buf_release(&findings);
}

int main(void)
{
#define KIT_TEST(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		KIT_TEST(test_readings_at_other_prices_are_refused_with_both_amounts),
		KIT_TEST(test_readings_without_a_price_are_refused_too),
		KIT_TEST(test_readings_at_one_price_are_accepted_with_a_warning),
		KIT_TEST(test_readings_of_nothing_are_one_price),
		KIT_TEST(test_of_three_readings_the_third_counts_too),
		KIT_TEST(test_a_rule_takes_its_reading_and_says_so),
		KIT_TEST(test_a_rule_for_a_reading_that_is_not_there_decides_nothing),
		KIT_TEST(test_one_event_is_settled_before_any_rule),
		KIT_TEST(test_readings_are_compared_by_what_is_charged),
		KIT_TEST(test_an_event_is_rated_with_the_policies_of_its_account),
		KIT_TEST(test_a_charge_beyond_all_amounts_is_refused),
		KIT_TEST(test_a_cost_is_what_the_cost_book_asks_for_all_that_was_used),
		KIT_TEST(test_without_a_cost_book_no_cost_is_known),
		KIT_TEST(test_a_sum_that_a_threshold_of_the_cost_parts_has_no_cost),
		KIT_TEST(test_a_cost_beyond_all_amounts_is_refused),
		KIT_TEST(test_what_policies_left_is_verified_by_the_stored_bits),
	};

	return cmocka_run_group_tests_name("terms", tests, NULL, NULL);
}
