/*
 * What OpenRouter billed for recorded requests, against its own catalogue: a ledger of those
 * exchanges, their usage as it came, and the statement that the same records are.
 *
 * What is due of each stands in its catalogue_check, which somebody else worked out: the tokens at
 * the catalogue's prices, the difference to what was billed, and a verdict on why.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bill/reconcile.h"
#include "catalogue/amount.h"
#include "catalogue/catalogue.h"
#include "statement/format.h"
#include "tests/support/fixture.h"
#include "tests/support/ledgerkit.h"

#define JUNE_MS      INT64_C(1780272000000) /* 2026-06-01 */
#define SEPTEMBER_MS INT64_C(1788220800000)
#define UNTIMED_MS   INT64_C(1784116800000) /* 2026-07-15T12:00:00Z, where a record has no date */
#define NOW_MS       INT64_C(1790000000000)

enum { ROWS_MAX = 64, ID_BYTES = 32, BOOK_BYTES = 8 * 1024 * 1024 };

/* A record of the statement, and what came of it. */
struct billed {
	char id[ID_BYTES], model[64];
	bool checked, equal; /* it has a catalogue_check; and the verdict is that */
	enum bill_cause cause;
	struct money difference; /* billed less the catalogue, as the check has it */
	struct money amount;     /* billed */
	/* What the reconciliation said of it. */
	int64_t parts;
	struct money found[CAUSE_COUNT];
};

struct bills {
	struct ledgerkit kit;
	struct buf rows; /* of the file */
	char statement[KIT_PATH_BYTES];
	struct json doc;
	struct billed billed[ROWS_MAX];
	size_t count;
	int64_t refused, unpriced;
};

/* The verdicts that name a cause; of the others what is known of the row besides. */
static const struct {
	const char *verdict;
	enum bill_cause cause;
} verdicts[] = {
	{ "equal", CAUSE_COUNT },
	{ "web search / plugin fee on top of tokens", CAUSE_FEE },
	{ "byok: billed 0, upstream cost reported separately", CAUSE_BYOK },
};
static const struct {
	const char *id;
	enum bill_cause cause;
	const char *why;
} others[] = {
	{ "ex-95aecf5d9fdd", CAUSE_FEE, "an advisor tool was called: 0.015885" },
	{ "ex-5ce5442291a7", CAUSE_FEE, "a file was read: 0.002" },
	{ "ex-d8ad081ee533", CAUSE_PRICE,
	  "16 x 0.60 + 2 x 2.20, where the catalogue has 0.50 and 2" },
};

static struct text member(const struct json *doc, uint32_t node, const char *key)
{
	return json_string(doc, json_member(doc, node, key));
}

static int64_t time_of(const struct json *doc)
{
	struct text date = member(doc, 0, "date");
	struct tm tm = { .tm_year = 0 };
	char copy[64];

	if (date.len == 0)
		return UNTIMED_MS;
	assert_true(text_copy(copy, sizeof(copy), date));
	assert_non_null(strptime(copy, "%a, %d %b %Y %H:%M:%S GMT", &tm));
	return (int64_t)timegm(&tm) * 1000;
}

static void read_check(const struct json *doc, struct billed *billed)
{
	uint32_t check = json_member(doc, 0, "catalogue_check");
	struct text verdict, number;

	*billed = (struct billed){ .cause = CAUSE_COUNT };
	assert_true(text_copy(billed->id, sizeof(billed->id), member(doc, 0, "exchange_id")));
	assert_true(text_copy(billed->model, sizeof(billed->model), member(doc, 0, "model")));
	amount_read(member(doc, json_member(doc, 0, "billed"), "amount"), 0, &billed->amount);
	if (check == JSON_NONE)
		return;
	billed->checked = true;
	verdict = member(doc, check, "verdict");
	billed->equal = text_is(verdict, "equal");
	/* One is 0.0070000000000000005, of a binary float: the 19th decimal is cut. */
	number = member(doc, check, "difference");
	number.len = number.len > sizeof("0.") - 1 + MONEY_DECIMALS_MAX
	                     ? sizeof("0.") - 1 + MONEY_DECIMALS_MAX
	                     : number.len;
	assert_int_equal(money_parse(number, &billed->difference, NULL), 0);
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		if (text_is(verdict, verdicts[i].verdict))
			billed->cause = verdicts[i].cause;
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(billed->id, others[i].id) == 0)
			billed->cause = others[i].cause;
	}
	assert_true(billed->equal || billed->cause != CAUSE_COUNT);
}

static void store(struct bills *bills, struct text line)
{
	const struct event_defaults defaults = { .now_ms = NOW_MS };
	struct fault fault = { .code = FAULT_NONE };
	struct ingest_item item;

	arena_reset(&bills->kit.arena);
	assert_int_equal(ingest_prepare(&item, line, INGEST_LINE_WHOLE, (int64_t)line.len,
	                                &defaults, kit_terms(&bills->kit), &bills->kit.doc,
	                                &bills->kit.arena),
	                 0);
	if (ledger_begin(bills->kit.ledger, &fault) < 0 ||
	    ingest_store(bills->kit.ledger, &item, &fault) < 0 ||
	    ledger_commit(bills->kit.ledger, &fault) < 0)
		fail_msg("store: %s", fault.text);
	bills->refused += item.verdict == INGEST_QUARANTINED;
	bills->unpriced += item.verdict == INGEST_UNPRICED;
	if (item.verdict == INGEST_CONFLICT || item.verdict == INGEST_DUPLICATE)
		fail_msg("%s: %.*s", ingest_verdict_name(item.verdict), TEXT_ARGS(line));
}

/* The usage as it came, under the shape that fits it. */
static void store_record(struct bills *bills)
{
	const struct json *doc = &bills->doc;
	bool chat = text_is(member(doc, 0, "format"), "openrouter");
	char time[MOMENT_TEXT_BYTES];
	struct buf line = { .at = NULL };

	moment_text(time_of(doc), time);
	buf_addf(&line,
	         "{\"id\":\"%.*s\",\"source\":\"gw-1\",\"time\":\"%s\",\"account\":\"acct\","
	         "\"model\":\"%.*s\",\"finish_reason\":\"stop\",\"api\":\"%s\",\"usage\":",
	         TEXT_ARGS(member(doc, 0, "exchange_id")), time, TEXT_ARGS(member(doc, 0, "model")),
	         chat ? "openrouter.chat" : "openai.embeddings");
	assert_true(json_write(doc, json_member(doc, 0, "usage"), JSON_DEPTH_MAX, &line));
	buf_add_cstr(&line, "}");
	store(bills, buf_text(&line));
	buf_release(&line);
}

/*
 * The rates of each version with a search at nothing, as the checks have it, which are of tokens
 * alone.
 */
static void without_searches(const char *json, struct buf *book)
{
	static const char rates[] = "\"rates\": [", search[] = "{\"component\": \"searches\"";
	const char *at = json, *from, *end, *entry;

	while ((from = strstr(at, rates)) != NULL) {
		end = strchr(from, ']');
		entry = strstr(from, search);
		assert_non_null(end);
		from += strlen(rates);
		buf_add(book, at, (size_t)(from - at));
		buf_addf(book, "%s, \"each\": \"0\"}", search);
		/* The one that is there is left out, with the comma before or behind it. */
		if (entry != NULL && entry < end) {
			const char *behind = strchr(entry, '}') + 1;
			const char *before = entry;

			while (before > from && before[-1] != '}')
				before--;
			buf_addf(book, "%s", before > from ? ", " : "");
			buf_add(book, from, (size_t)(before - from));
			from = behind;
		} else {
			buf_add_cstr(book, ", ");
		}
		buf_add(book, from, (size_t)(end - from));
		at = end;
	}
	buf_add_cstr(book, at);
}

static void price(struct bills *bills, bool tokens_only)
{
	struct catalogue_options options = { .zero_is_free = false };
	struct catalogue_import in = { .model_count = 0 };
	struct buf text = { .at = NULL }, book = { .at = NULL };
	struct fault fault = { .code = FAULT_NONE };

	fixture_need("prices/openrouter_api_v1_models_2026-08-01.json", &text);
	if (catalogue_import(&in, catalogue_find(text_of("openrouter")), buf_text(&text), &options,
	                     &fault) < 0)
		fail_msg("catalogue: %s", fault.text);
	if (tokens_only)
		without_searches(in.book.at, &book);
	else
		buf_add_text(&book, buf_text(&in.book));
	kit_price(&bills->kit, book.at);
	catalogue_import_release(&in);
	buf_release(&book);
	buf_release(&text);
}

static void load(struct bills *bills, bool tokens_only)
{
	struct text rest, line;
	FILE *file;

	*bills = (struct bills){ .count = 0 };
	fixture_need("provider_billed_costs_dev.jsonl", &bills->rows);
	kit_open(&bills->kit);
	price(bills, tokens_only);
	snprintf(bills->statement, sizeof(bills->statement), "%s/statement", bills->kit.folder);
	file = fopen(bills->statement, "w");
	assert_non_null(file);
	rest = buf_text(&bills->rows);
	while (fixture_line(&rest, &line)) {
		assert_int_equal(json_parse(&bills->doc, line, NULL), 0);
		if (!text_is(member(&bills->doc, 0, "provider"), "openrouter"))
			continue;
		assert_true(bills->count < ROWS_MAX);
		read_check(&bills->doc, &bills->billed[bills->count++]);
		store_record(bills);
		fprintf(file, "%.*s\n", TEXT_ARGS(line));
	}
	assert_int_equal(fclose(file), 0);
	assert_int_equal(bills->count, 30);
}

static void unload(struct bills *bills)
{
	kit_close(&bills->kit);
	json_release(&bills->doc);
	buf_release(&bills->rows);
}

static int note_difference(void *context, const struct bill_difference *difference,
                           struct fault *fault)
{
	struct bills *bills = context;
	struct text id = difference->id.len > 0 ? difference->id : difference->their_id;

	(void)fault;
	for (size_t i = 0; i < bills->count; i++) {
		struct billed *billed = &bills->billed[i];

		if (!text_is(id, billed->id))
			continue;
		billed->parts++;
		billed->found[difference->cause].attos += difference->amount.attos;
		return 0;
	}
	fail_msg("a difference of no record: %.*s", TEXT_ARGS(difference->why));
	return 0;
}

static int add_to_spool(void *context, const struct statement_row *row, struct fault *fault)
{
	return statement_spool_add(context, row, NULL, fault);
}

static void reconcile(struct bills *bills, struct bill_result *result)
{
	const struct statement_options reading = {
		.format = statement_format_find(text_of("openrouter-usage")),
	};
	const struct bill_options options = { .match = MATCH_ID,
		                              .from_ms = JUNE_MS,
		                              .to_ms = SEPTEMBER_MS,
		                              .margin_ms = BILL_MARGIN_HOURS * MS_PER_HOUR,
		                              .time_slack_ms = BILL_TIME_SLACK_MS };
	struct statement_summary summary = { .records = 0 };
	struct statement_spool *spool = NULL;
	struct fault fault = { .code = FAULT_NONE };

	assert_non_null(reading.format);
	if (statement_spool_open(&spool, bills->kit.folder, &fault) < 0 ||
	    statement_read(bills->statement, &reading, add_to_spool, spool, &summary, &fault) < 0 ||
	    statement_spool_end(spool, &fault) < 0 ||
	    bill_reconcile(bills->kit.ledger, spool, &summary, 1, &options, note_difference, bills,
	                   result, &fault) < 0)
		fail_msg("%s", fault.text);
	statement_summary_release(&summary);
	statement_spool_close(spool);
}

/* The cause has all of the difference but what a binary float cannot hold. */
static void expect_cause(const struct billed *billed)
{
	wide sum = 0, of_cause = billed->found[billed->cause].attos, noise;

	for (int c = 0; c < CAUSE_COUNT; c++) {
		sum += billed->found[c].attos;
		if (c != (int)billed->cause && c != CAUSE_ROUNDING && billed->found[c].attos != 0)
			fail_msg("%s of %s has %s beside %s", billed->id, billed->model,
			         bill_cause_name((enum bill_cause)c),
			         bill_cause_name(billed->cause));
	}
	noise = of_cause - billed->difference.attos;
	assert_true(sum == billed->difference.attos);
	assert_true(noise >= -2 && noise <= 2);
}

/*
 * A model that the catalogue does not have: all that was billed is a difference.  One is not even
 * understood: 11 tokens of reasoning in 10 of an answer, which no price tells apart.
 */
static void expect_hole(const struct billed *billed)
{
	bool held = strcmp(billed->id, "ex-0fe3460563d1") == 0;
	enum bill_cause cause = held ? CAUSE_MISSING_HERE : CAUSE_PRICE;

	assert_int_equal(billed->parts, 1);
	assert_true(money_compare(billed->found[cause], billed->amount) == 0);
}

static void test_each_bill_is_as_its_check_says(void **state)
{
	struct bill_result result = { .differences = 0 };
	struct bills bills;
	unsigned equal = 0, named = 0;

	(void)state;
	load(&bills, true);
	reconcile(&bills, &result);
	for (size_t i = 0; i < bills.count; i++) {
		const struct billed *billed = &bills.billed[i];

		if (!billed->checked) {
			expect_hole(billed);
			continue;
		}
		if (billed->equal && billed->parts != 0)
			fail_msg("%s of %s is equal, and %lld differences are told", billed->id,
			         billed->model, (long long)billed->parts);
		if (!billed->equal)
			expect_cause(billed);
		equal += billed->equal;
		named += !billed->equal;
	}
	assert_int_equal(equal, 16);
	assert_int_equal(named, 8);
	/* The catalogue has no embeddings and no rerankers. */
	assert_int_equal(bills.unpriced, 5);
	assert_int_equal(bills.refused, 1);
	assert_int_equal(result.ours_suspense, bills.unpriced);
	bill_result_release(&result);
	unload(&bills);
}

/* The catalogue prices searches of one of the two models: that fee is then no difference. */
static void test_a_fee_that_the_book_has_is_no_difference(void **state)
{
	struct bill_result result = { .differences = 0 };
	struct bills bills;

	(void)state;
	load(&bills, false);
	reconcile(&bills, &result);
	for (size_t i = 0; i < bills.count; i++) {
		if (strcmp(bills.billed[i].id, "ex-b4d4fae1bce6") == 0)
			assert_int_equal(bills.billed[i].parts, 0);
	}
	/* Two searches without a price beside those. */
	assert_int_equal(bills.unpriced, 7);
	assert_int_equal(result.ours_suspense, 7);
	bill_result_release(&result);
	unload(&bills);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_bill_is_as_its_check_says),
		cmocka_unit_test(test_a_fee_that_the_book_has_is_no_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
