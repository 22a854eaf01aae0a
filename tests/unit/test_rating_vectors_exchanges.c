/*
 * Recorded exchanges, from the line that a gateway sends to the charge under the book that an
 * importer makes of a published catalogue: against what another project made of them, and
 * against what the provider itself said that it billed.  The data is not ours: see README.md
 * beside it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json.h"
#include "catalogue/amount.h"
#include "catalogue/catalogue.h"
#include "rate/rating.h"
#include "tests/support/exceptions.h"
#include "tests/support/fixture.h"
#include "tests/support/ledgerkit.h"
#include "tests/support/ratekit.h"
#include "usage/event.h"

enum {
	SAME = 167,
	BILLS = 52,
};

static struct book *import(const char *catalogue, const char *name)
{
	struct catalogue_options options = { .zero_is_free = false };
	struct catalogue_import in = { .model_count = 0 };
	struct fault fault = { .code = FAULT_NONE };
	struct buf text = { .at = NULL };
	struct book *book = NULL;

	fixture_need(name, &text);
	if (catalogue_import(&in, catalogue_find(text_of(catalogue)), buf_text(&text), &options,
	                     &fault) < 0 ||
	    book_load(&book, buf_text(&in.book), NULL, &fault) < 0)
		fail_msg("%s: %s", name, fault.text);
	catalogue_import_release(&in);
	buf_release(&text);
	return book;
}

/*
 * Recorded exchanges whose price here is another one, and why.  Six hold searches:
 * the catalogue has no price for them, so they wait in suspense, where theirs count them as
 * nothing.  For the others they had a newer catalogue than the one beside them:
 *   gemini-2.5-flash-image  in it all output costs 30 a million; they have 2.5 for text:
 *                           14 x 2.5 + 1290 x 30 = 0.038735, and 1304 x 30 = 0.03912 here
 *   gemini-3-pro-image      the same at 120 and 12: (529 + 660) x 12 + 1120 x 120 = 0.148668,
 *                           and 2309 x 120 = 0.27708 here
 *   gpt-5.6-sol             5, 6.25 and 30 in it for input, cache write and output; they have
 *                           4, 5 and 20: 4158 x 4 + 4418 x 5 + 52 x 20 = 0.039762, and
 *                           4158 x 5 + 4418 x 6.25 + 52 x 30 = 0.0499625 here;
 *                           8 x 4 + 4012 x 5 + 4 x 20 = 0.020172, and
 *                           8 x 5 + 4012 x 6.25 + 4 x 30 = 0.025235 here
 * - of deepseek-v4-flash it has newer prices, 0.22 and 0.66 per 1M; the catalogue has 0.14 and
 *   0.28: 12 x 0.22 + 1 x 0.66 = 0.0000033, and 12 x 0.14 + 1 x 0.28 = 0.00000196 here
 * - of gpt-image-1.5 it prices images at 8 and 32: 27 x 5 + 194 x 8 + 262 x 10 + 1056 x 32 =
 *   0.038099; the catalogue has no price of them: 221 x 5 + 1318 x 10 = 0.014285 here
 * - OpenRouter's searches have no rate in it: 0.066407 was charged, 0.036407 and 3 x 0.01
 */
static const struct {
	const char *id, *rated, *why;
} priced_differently[] = {
	{ "ex-35c261a44696", "unpriced", "a search without a rate" },
	{ "ex-3708763373f8", "unpriced", "a search without a rate" },
	{ "ex-4a3129749e2b", "unpriced", "a search without a rate" },
	{ "ex-467ec73357d4", "unpriced", "a search without a rate" },
	{ "ex-f13077f30a2d", "0.039123", "a price of its own for text beside images" },
	{ "ex-a80df334e62d", "0.277146", "a price of its own for text beside images" },
	{ "ex-09472dd7546a", "0.0499625", "other prices of gpt-5.6-sol" },
	{ "ex-e3fd227da8ac", "0.025235", "other prices of gpt-5.6-sol" },
	{ "ex-b161a6ac2d54", "0.00000196", "other prices of deepseek-v4-flash" },
	{ "ex-a248baca94bf", "0.00003696", "other prices of deepseek-v4-flash" },
	{ "ex-bc4cd2639c62", "0.0000365568", "other prices of deepseek-v4-flash" },
	{ "ex-70447ff07085", "0.00005068", "other prices of deepseek-v4-flash" },
	{ "ex-c3963b3d2905", "0.00005838", "other prices of deepseek-v4-flash" },
	{ "ex-deb61e317f87", "0.00005418", "other prices of deepseek-v4-flash" },
	{ "ex-02c4f2d16bc9", "0.00000966", "other prices of deepseek-v4-flash" },
	{ "ex-4693857cfd09", "0.00002856", "other prices of deepseek-v4-flash" },
	{ "ex-f588b9bfd2b1", "0.00142744", "other prices of deepseek-v4-flash" },
	{ "ex-788c7ec7fac0", "0.00014462", "other prices of deepseek-v4-flash" },
	{ "ex-18161534e5e7", "0.0000307888", "other prices of deepseek-v4-flash" },
	{ "ex-ae0e0c2e1612", "0.014285", "prices of its own for images" },
	{ "ex-b4d4fae1bce6", "unpriced", "a search without a rate" },
	{ "ex-1a973b02c64f", "unpriced", "a search without a rate" },
	{ "ex-10a0345e45ec", "unpriced",
	  "no price of cache writes: (2326 + 1505) x 0.80 + 37 x 3.20 theirs" },
	{ "ex-4be555b3c823", "unpriced",
	  "no price of cache writes: (10 + 1298) x 0.06 + 2 x 0.24 theirs" },
	{ "ex-a42aac82f252", "0.00076545",
	  "04:31 is peak: 18 x 0.55 + 345 x 2.19; at 0.135 and 0.55 theirs" },
	{ "ex-6570bf1f1102", "0.00025673",
	  "02:30 is peak: 19 x 0.55 + 320 x 0.14 + 92 x 2.19; off-peak theirs" },
	{ "ex-8b859949bf85", "0.001681",
	  "no price of images: 4 x 0.25 + 1120 x 1.50; 1120 x 30 theirs" },
	{ "ex-1ab170ed4484", "unpriced",
	  "no price of cache reads: (76 + 128) x 0.10 + 61 x 0.30 theirs" },
	{ "ex-05dc06d8036f", "unpriced",
	  "no price of cache reads: 64 x 1.50 + 6 x 7.50 theirs, which reads none" },
	{ "ex-29d9c8e8acb3", "unpriced",
	  "no price of cache reads: 70 x 2 + 12 x 6 theirs, which reads none" },
	{ "ex-0790ea935c32", "0.000125",
	  "only gpt-4o in it: 42 x 2.50 + 2 x 10; 42 x 5 + 2 x 15 theirs" },
	{ "ex-fdef43db7180", "0.0000825",
	  "only gpt-4o in it: 25 x 2.50 + 2 x 10; 25 x 5 + 2 x 15 theirs" },
	{ "ex-2a58ef3ae08c", "0.0003075",
	  "only gpt-4o in it: 63 x 2.50 + 15 x 10; 63 x 5 + 15 x 15 theirs" },
	{ "ex-5b7d982c5ac0", "unpriced",
	  "no price of sound: 8 x 0.15 + 1 x 0.075 + 10 x 0.60 theirs" },
};

/* No event line, or no model of that name in the catalogue. */
static const struct exception not_rated[] = {
	{ "ex-50b364cc3892", "not read", "no line of that id",
	  "InvokeModel with its usage in headers: the recording has no event line" },
	{ "ex-fdbf9246c658", "not read", "no line of that id",
	  "InvokeModel with its usage in headers: the recording has no event line" },
	{ "ex-e8412340cc69", "not read", "no line of that id",
	  "embedContent of Google: the recording has no event line" },
	{ "ex-205903081b9b", "not read", "no line of that id",
	  "embedContent of Google: the recording has no event line" },
	{ "ex-7d78db979244", "not read", "no line of that id",
	  "embedContent of Google: the recording has no event line" },
	{ "ex-9f22198b6f26", "not read", "no line of that id",
	  "embedContent of Google: the recording has no event line" },
	{ "ex-2c5f4500ca52", "not read", "no line of that id",
	  "gRPC: the recording has no event line" },
	{ "ex-5ae8f5891580", "not read", "no line of that id",
	  "gRPC: the recording has no event line" },
	{ "ex-5e884483ac1e", "not read", "no line of that id",
	  "gRPC: the recording has no event line" },
	{ "ex-17f77426f3cd", "not read", "no line of that id",
	  "gRPC: the recording has no event line" },
	{ "ex-5ee1daefeefa", "not read", "no line of that id",
	  "gRPC: the recording has no event line" },
	{ "ex-0a6781821274", "not read", "no line of that id",
	  "gRPC: the recording has no event line" },
	{ "ex-2c9b9da31ef5", "not read", "no line of that id",
	  "gRPC: the recording has no event line" },
	{ "ex-4b4ff0e1983a", "not read", "no line of that id",
	  "gRPC: the recording has no event line" },
	{ "ex-347a96cb3b41", "not read", "no line of that id",
	  "gRPC: the recording has no event line" },
	{ "ex-5ed65c67befd", "not read", "no line of that id",
	  "gRPC: the recording has no event line" },
	{ "ex-6f197189979b", "not read", "no line of that id",
	  "gRPC: the recording has no event line" },
	{ "ex-94c43f6fc29f", "not read", "no line of that id",
	  "gRPC: the recording has no event line" },
	{ "ex-621e332e577a", "no price", "cerebras/zai-glm-4.7",
	  "13 x 2.25 + 7 x 2.75 = 0.0000485 by a newer catalogue" },
	{ "ex-8069e6e6309a", "no price", "cerebras/qwen-3-coder-480b",
	  "no price in theirs either, which is 0 there" },
	{ "ex-1dec77710da9", "no price", "google/gemma-3",
	  "no price in theirs either, which is 0 there" },
	{ "ex-7169ec4accaf", "no price", "zai/GLM-5.3",
	  "20 x 1.40 + 125 x 4.40 = 0.000578 by a newer catalogue" },
	{ "ex-06d8f6383227", "no price", "mistral/voxtral-mini-2602",
	  "no price in theirs either, which is 0 there" },
	{ "ex-e5fb8f33e711", "no price", "mistral/voxtral-mini-2602",
	  "no price in theirs either, which is 0 there" },
	{ "ex-0b14719194d6", "no price", "mistral/voxtral-mini-2602",
	  "no price in theirs either, which is 0 there" },
	{ "ex-aac7a6da1bbc", "no price", "azure/gpt-5-mini",
	  "1750 x 0.25 + 400 x 2 = 0.0012375 by a newer catalogue" },
	{ "ex-c955279da9c4", "no price", "azure/grok-4-1-fast-non-reasoning",
	  "95 x 0.20 + 170 x 0.05 + 208 x 0.50 = 0.0001315 by a newer catalogue" },
};

/* What is not what the provider billed, USD a million. */
static const struct exception bills[] = {
	{ "ex-16f02e0585be", "different", "0.00002615",
	  "46 x 0.20 + 159 x 0.05 + 18 x 0.50; Azure serves it and writes 0 ticks" },
	{ "ex-318c31fbc027", "different", "0.00001345",
	  "7 x 0.20 + 161 x 0.05 + 8 x 0.50; Azure serves it and writes 0 ticks" },
	{ "ex-f0c09cf8e1a7", "different", "0.012023",
	  "8 + 15 at 1 and a request at 0.012; billed at 0.005 (low), its parts rounded to "
	  "0.00001" },
	{ "ex-faa241040376", "different", "0.014141",
	  "17 x 3 + 6 x 15 and a request at 0.014; billed at 0.006 (low), its parts rounded" },
	{ "ex-989d974a32f8", "different", "0.012013",
	  "8 + 5 at 1 and a request at 0.012; billed at 0.005 (low), its parts rounded" },
	{ "ex-8c16301ddbaa", "different", "0.012098",
	  "70 + 28 at 1 and a request at 0.012; billed at 0.005 (low), its parts rounded" },
	{ "ex-c609aaaf4ba6", "different", "0.01409",
	  "9 x 2 + 9 x 8 and a request at 0.014; billed at 0.006 (low)" },
	{ "ex-44a8de5947a5", "not read", "no line of that id",
	  "17 x 0.02 = 3.4e-7: a rerank without an event line" },
	{ "ex-45678c017689", "no price", "text-embedding-3-small",
	  "7 x 0.02 = 1.4e-7: /api/v1/models lists no embeddings" },
	{ "ex-6d301fea025e", "no price", "text-embedding-3-small",
	  "7 x 0.02 = 1.4e-7: /api/v1/models lists no embeddings" },
	{ "ex-f36c18e13bda", "no price", "text-embedding-3-small",
	  "3 x 0.02 = 6e-8: /api/v1/models lists no embeddings" },
	{ "ex-2adf11dc5d69", "no price", "text-embedding-3-small",
	  "7 x 0.02 = 1.4e-7: /api/v1/models lists no embeddings" },
	{ "ex-95aecf5d9fdd", "different", "0.0001764",
	  "900 x 0.15 + 69 x 0.60, its own upstream cost; 0.015885 is of a tool that was called" },
	{ "ex-5ce5442291a7", "different", "0.00016775",
	  "31 x 0.25 + 80 x 2, its own prompt and completions cost; the other 0.002 is of nothing "
	  "counted" },
	{ "ex-08519c3f07f3", "different", "0.0003253",
	  "326 x 0.30 + 91 x 2.50, its own upstream cost; is_byok: OpenRouter bills 0" },
	{ "ex-eae1890aa67d", "different", "0.0002265",
	  "480 x 0.30 + 33 x 2.50, its own upstream cost; is_byok: OpenRouter bills 0" },
	{ "ex-0fe3460563d1", "no price", "minimax/minimax-m2:free",
	  "a free variant that the list of August has no more" },
	{ "ex-d8ad081ee533", "different", "0.000012",
	  "16 x 0.50 + 2 x 2; the recording is older: 16 x 0.60 + 2 x 2.20 = 0.000014" },
	{ "ex-1a973b02c64f", "unpriced", "deepseek/deepseek-chat",
	  "2315 x 0.2574 + 40 x 1.0287 = 0.000637029, and 0.007 for a search, of which it has no "
	  "price" },
	{ "ex-42786d364bc7", "unpriced", "deepseek/deepseek-chat",
	  "2317 x 0.2574 + 53 x 1.0287 = 0.0006509169, and 0.007 for a search, of which it has no "
	  "price" },
	{ "ex-5ed65c67befd", "not read", "no line of that id",
	  "gRPC: the recording has no event line" },
	{ "ex-6f197189979b", "not read", "no line of that id",
	  "gRPC: the recording has no event line" },
	{ "ex-94c43f6fc29f", "not read", "no line of that id",
	  "gRPC: the recording has no event line" },
};

struct exchanges {
	struct buf lines, rows;
	struct json doc, row;
	struct arena arena;
	struct event event;
	struct exceptions others;
	char why[128]; /* of one that is not read */
	unsigned same, different, wrong;
};

/* The event of that id; false where there is none, or none that is read. */
static bool decode_exchange(struct exchanges *x, struct text id)
{
	struct event_defaults defaults = { .now_ms = KIT_NOW_MS + 365 * INT64_C(86400000) };
	struct text rest = buf_text(&x->lines), line;
	struct event_refusal refusal;

	snprintf(x->why, sizeof(x->why), "no line of that id");
	while (fixture_line(&rest, &line)) {
		if (memmem(line.at, line.len, id.at, id.len) == NULL)
			continue;
		arena_reset(&x->arena);
		assert_int_equal(
			event_decode(line, &defaults, &x->doc, &x->arena, &x->event, &refusal), 0);
		if (refusal.reason == REASON_NONE && text_equal(x->event.id, id))
			return true;
		if (refusal.reason != REASON_NONE)
			snprintf(x->why, sizeof(x->why), "%s", reason_name(refusal.reason));
	}
	return false;
}

static void price_exchange(struct exchanges *x, const struct book *book)
{
	const struct json *doc = &x->row;
	struct text id = json_string(doc, json_member(doc, 0, "exchange_id"));
	struct text total = doc->nodes[json_member(doc, 0, "total_price")].text;
	struct charges charges = { .total = { 0 } };
	enum rating_verdict verdict;
	char number[64], amount[MONEY_TEXT_BYTES], name[256];
	double theirs, ours;
	size_t row = 0;

	if (!decode_exchange(x, id)) {
		exception_happened(&x->others, id, "not read", x->why);
		return;
	}
	snprintf(name, sizeof(name), "%.*s/%.*s",
	         TEXT_ARGS(json_string(doc, json_member(doc, 0, "provider_id"))),
	         TEXT_ARGS(json_string(doc, json_member(doc, 0, "model_matched"))));
	if (book_find(book, text_of(name), x->event.time_ms).version == NULL) {
		exception_happened(&x->others, id, "no price", name);
		return;
	}
	verdict = rate_model(book, name, x->event.time_ms, &x->event.usage, &charges);
	/* Binary fractions, as the other project has them: a part in 10^9 is theirs to lose. */
	assert_true(text_copy(number, sizeof(number), total));
	theirs = strtod(number, NULL);
	ours = (double)charges.total.attos * 1e-18;
	if (verdict != RATING_UNPRICED && verdict != RATING_RANGE &&
	    ours - theirs <= 1e-9 * theirs && theirs - ours <= 1e-9 * theirs) {
		x->same++;
		return;
	}
	while (row < sizeof(priced_differently) / sizeof(priced_differently[0]) &&
	       !text_is(id, priced_differently[row].id))
		row++;
	money_text(charges.total, amount);
	if (row < sizeof(priced_differently) / sizeof(priced_differently[0]) &&
	    strcmp(verdict == RATING_UNPRICED ? "unpriced" : amount,
	           priced_differently[row].rated) == 0) {
		printf("note: %.*s differs: %s\n", TEXT_ARGS(id), priced_differently[row].why);
		x->different++;
		return;
	}
	printf("  NOT EXPLAINED %.*s %s: theirs %.18g, ours %s, verdict %d\n", TEXT_ARGS(id), name,
	       theirs, amount, (int)verdict);
	x->wrong++;
}

static void release(struct exchanges *x)
{
	buf_release(&x->lines);
	buf_release(&x->rows);
	json_release(&x->doc);
	json_release(&x->row);
	arena_release(&x->arena);
}

/* From the line a gateway sends to the charge, against what another project made of it. */
static void test_recorded_exchanges_cost_what_the_catalogue_says(void **state)
{
	struct exchanges x = { .others = EXCEPTIONS("not rated", not_rated) };
	struct book *book = import("genai-prices", "prices/genai_prices_data.json");
	struct text rest, line;

	(void)state;
	fixture_need("events-real.ndjson", &x.lines);
	fixture_need("genai_prices_js_oracle_dev.jsonl", &x.rows);
	rest = buf_text(&x.rows);
	while (fixture_line(&rest, &line)) {
		assert_int_equal(json_parse(&x.row, line, NULL), 0);
		if (json_member(&x.row, 0, "total_price") != JSON_NONE)
			price_exchange(&x, book);
	}
	printf("note: %u the same, %u different as explained\n", x.same, x.different);
	assert_int_equal(x.wrong, 0);
	assert_int_equal(x.different, sizeof(priced_differently) / sizeof(priced_differently[0]));
	exceptions_end(&x.others);
	assert_int_equal(x.same, SAME);
	book_free(book);
	release(&x);
}

/* The name of the model in the catalogue of who billed it. */
static const struct book *book_of_bill(const struct exchanges *x, const struct book *genai,
                                       const struct book *openrouter, char name[256])
{
	const struct json *doc = &x->row;
	struct text provider = json_string(doc, json_member(doc, 0, "provider"));
	struct text model = json_string(doc, json_member(doc, 0, "model"));
	uint32_t billed = json_member(doc, 0, "billed");
	struct text field = json_string(doc, json_member(doc, billed, "field"));
	bool routed = text_is(provider, "openrouter");

	/* Ticks are xAI's bill, whoever carried the request. */
	if (text_match(text_of("*_ticks*"), field))
		provider = text_of("x-ai");
	snprintf(name, 256, "%.*s%s%.*s", TEXT_ARGS(routed ? text_of("") : provider),
	         routed ? "" : "/", TEXT_ARGS(model));
	return routed ? openrouter : genai;
}

static void compare_bill(struct exchanges *x, const struct book *genai,
                         const struct book *openrouter)
{
	const struct json *doc = &x->row;
	struct text id = json_string(doc, json_member(doc, 0, "exchange_id"));
	uint32_t billed = json_member(doc, json_member(doc, 0, "billed"), "amount");
	char name[256], amount[MONEY_TEXT_BYTES];
	const struct book *book = book_of_bill(x, genai, openrouter, name);
	struct charges charges;
	struct money due;
	enum rating_verdict verdict;

	if (!decode_exchange(x, id)) {
		exception_happened(&x->others, id, "not read", x->why);
		return;
	}
	if (book_find(book, text_of(name), x->event.time_ms).version == NULL) {
		exception_happened(&x->others, id, "no price", name);
		return;
	}
	verdict = rate_model(book, name, x->event.time_ms, &x->event.usage, &charges);
	/* One has the 19th decimal of a binary fraction: it is unpriced all the same. */
	assert_true(amount_read(json_string(doc, billed), 0, &due) == AMOUNT_EXACT ||
	            verdict == RATING_UNPRICED);
	money_text(charges.total, amount);
	if (verdict == RATING_UNPRICED)
		exception_happened(&x->others, id, "unpriced", name);
	else if (money_compare(due, charges.total) != 0)
		exception_happened(&x->others, id, "different", amount);
	else
		x->same++;
}

/* To the last digit of what the provider billed. */
static void test_bills_of_providers_come_out_to_the_digit(void **state)
{
	struct exchanges x = { .others = EXCEPTIONS("bills", bills) };
	struct book *genai = import("genai-prices", "prices/genai_prices_data.json");
	struct book *openrouter = import("openrouter",
	                                 "prices/openrouter_api_v1_models_2026-08-01.json");
	struct text rest, line;
	unsigned all = 0;

	(void)state;
	fixture_need("events-real.ndjson", &x.lines);
	fixture_need("provider_billed_costs_dev.jsonl", &x.rows);
	rest = buf_text(&x.rows);
	while (fixture_line(&rest, &line)) {
		assert_int_equal(json_parse(&x.row, line, NULL), 0);
		compare_bill(&x, genai, openrouter);
		all++;
	}
	printf("note: %u of %u the same to the digit\n", x.same, all);
	exceptions_end(&x.others);
	assert_int_equal(all, BILLS);
	assert_int_equal(x.same + sizeof(bills) / sizeof(bills[0]), BILLS);
	book_free(genai);
	book_free(openrouter);
	release(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded_exchanges_cost_what_the_catalogue_says),
		cmocka_unit_test(test_bills_of_providers_come_out_to_the_digit),
	};

	return cmocka_run_group_tests_name("rating_vectors_exchanges", tests, NULL, NULL);
}
