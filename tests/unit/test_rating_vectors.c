/*
 * Price calculations that others published, with their results, run through book_load()
 * and rating_request().  The data is not ours: see README.md beside it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/moment.h"
#include "rate/rating.h"
#include "tests/support/fixture.h"
#include "tests/support/ledgerkit.h"
#include "tests/support/ratekit.h"
#include "usage/event.h"

struct file {
	struct buf text;
	struct json doc;
};

struct vectors {
	struct file cases, catalogue;
	const char *missing; /* the name of a file; NULL: both are there */
};

static bool read_file(struct vectors *vectors, struct file *file, const char *name)
{
	struct fault fault = { .code = FAULT_NONE };

	if (!fixture_load(name, &file->text)) {
		vectors->missing = name;
		return false;
	}
	if (json_parse(&file->doc, buf_text(&file->text), &fault) < 0)
		fail_msg("%s: %s", name, fault.text);
	return true;
}

static int load_vectors(void **state)
{
	static struct vectors vectors;

	if (read_file(&vectors, &vectors.cases, "token_price_vectors_dev.json"))
		read_file(&vectors, &vectors.catalogue, "prices/genai_prices_data.json");
	*state = &vectors;
	return 0;
}

static const struct vectors *vectors_of(void **state)
{
	const struct vectors *vectors = *state;

	if (vectors->missing != NULL)
		fixture_skip_without(vectors->missing);
	return vectors;
}

static int free_vectors(void **state)
{
	struct vectors *vectors = *state;

	json_release(&vectors->cases.doc);
	json_release(&vectors->catalogue.doc);
	buf_release(&vectors->cases.text);
	buf_release(&vectors->catalogue.text);
	return 0;
}

/* How the catalogues name what a component costs, and for how many units. */
static const struct {
	const char *key;
	enum component component;
	int64_t units;
} prices_by_key[] = {
	{ "input_mtok", COMPONENT_INPUT, 1000000 },
	{ "output_mtok", COMPONENT_OUTPUT, 1000000 },
	{ "cache_read_mtok", COMPONENT_CACHE_READ, 1000000 },
	{ "cache_write_mtok", COMPONENT_CACHE_WRITE, 1000000 },
	{ "input_audio_mtok", COMPONENT_INPUT_AUDIO, 1000000 },
	{ "cache_audio_read_mtok", COMPONENT_CACHE_READ_AUDIO, 1000000 },
	{ "output_audio_mtok", COMPONENT_OUTPUT_AUDIO, 1000000 },
	{ "input_image_mtok", COMPONENT_INPUT_IMAGE, 1000000 },
	{ "input_video_mtok", COMPONENT_INPUT_VIDEO, 1000000 },
	{ "output_image_mtok", COMPONENT_OUTPUT_IMAGE, 1000000 },
	{ "web_searches_kcount", COMPONENT_SEARCHES, 1000 },
	{ "requests_kcount", COMPONENT_REQUESTS, 1000 },
	/* rates_per_mtok of the records of real bills */
	{ "input", COMPONENT_INPUT, 1000000 },
	{ "output", COMPONENT_OUTPUT, 1000000 },
	{ "cached", COMPONENT_CACHE_READ, 1000000 },
	{ "cache_read", COMPONENT_CACHE_READ, 1000000 },
	{ "cache_write_1h", COMPONENT_CACHE_WRITE_1H, 1000000 },
	{ "cache_write_?", COMPONENT_CACHE_WRITE, 1000000 },
};

/* Where the catalogue has no price of its own for a part, it means the price of the whole. */
static const struct {
	enum component part, whole[2];
} wholes[] = {
	{ COMPONENT_CACHE_READ, { COMPONENT_INPUT, COMPONENT_INPUT } },
	{ COMPONENT_CACHE_WRITE, { COMPONENT_INPUT, COMPONENT_INPUT } },
	{ COMPONENT_CACHE_WRITE_5M, { COMPONENT_CACHE_WRITE, COMPONENT_INPUT } },
	{ COMPONENT_INPUT_TOOL, { COMPONENT_INPUT, COMPONENT_INPUT } },
	{ COMPONENT_INPUT_AUDIO, { COMPONENT_INPUT, COMPONENT_INPUT } },
	{ COMPONENT_INPUT_IMAGE, { COMPONENT_INPUT, COMPONENT_INPUT } },
	{ COMPONENT_INPUT_VIDEO, { COMPONENT_INPUT, COMPONENT_INPUT } },
	{ COMPONENT_CACHE_READ_AUDIO, { COMPONENT_CACHE_READ, COMPONENT_INPUT } },
	{ COMPONENT_CACHE_READ_IMAGE, { COMPONENT_CACHE_READ, COMPONENT_INPUT } },
	{ COMPONENT_CACHE_READ_VIDEO, { COMPONENT_CACHE_READ, COMPONENT_INPUT } },
	{ COMPONENT_REASONING, { COMPONENT_OUTPUT, COMPONENT_OUTPUT } },
	{ COMPONENT_OUTPUT_AUDIO, { COMPONENT_OUTPUT, COMPONENT_OUTPUT } },
	{ COMPONENT_OUTPUT_IMAGE, { COMPONENT_OUTPUT, COMPONENT_OUTPUT } },
};

/* A book of the one model "m", as it is written. */
struct writer {
	struct buf rates;
	bool priced[COMPONENT_COUNT];
	const char *skip; /* why this vector cannot be run */
};

static void put_rate(struct writer *writer, enum component component, int64_t units,
                     struct text price, struct text threshold)
{
	char each[MONEY_TEXT_BYTES];
	struct money amount;

	/* The catalogue's numbers are read as they are written: no binary fraction comes near. */
	if (money_parse(price, &amount, NULL) < 0) {
		writer->skip = "a price that is no plain decimal";
		return;
	}
	if (units == 1000)
		amount.attos /= 1000;
	money_text(amount, each);
	buf_addf(&writer->rates, "%s{\"component\":\"%s\",\"%s\":\"%s\"",
	         writer->rates.len > 0 ? "," : "", component_info[component].key,
	         units == 1000 ? "each" : "per_million", each);
	if (threshold.at != NULL)
		buf_addf(&writer->rates, ",\"when\":{\"context\":{\"gt\":%.*s}}",
		         TEXT_ARGS(threshold));
	buf_add_cstr(&writer->rates, "}");
	writer->priced[component] = true;
}

/* One price: plain, or a base with tiers that the whole prompt leads to. */
static void put_price(struct writer *writer, const struct json *doc, struct text key, uint32_t node)
{
	size_t i = 0, count = sizeof(prices_by_key) / sizeof(prices_by_key[0]);
	uint32_t tiers = json_member(doc, node, "tiers");

	while (i < count && !text_is(key, prices_by_key[i].key))
		i++;
	if (i == count) {
		writer->skip = "a price of what is no component";
		return;
	}
	if (json_type_of(doc, node) != JSON_OBJECT) {
		put_rate(writer, prices_by_key[i].component, prices_by_key[i].units,
		         doc->nodes[node].text, text_of(NULL));
		return;
	}
	put_rate(writer, prices_by_key[i].component, prices_by_key[i].units,
	         doc->nodes[json_member(doc, node, "base")].text, text_of(NULL));
	for (uint32_t e = json_first(doc, tiers); e != JSON_NONE; e = json_next(doc, tiers, e))
		put_rate(writer, prices_by_key[i].component, prices_by_key[i].units,
		         doc->nodes[json_member(doc, e, "price")].text,
		         doc->nodes[json_member(doc, e, "start")].text);
}

static void put_version(struct writer *writer, struct buf *versions, const struct json *doc,
                        struct text from, uint32_t prices)
{
	buf_clear(&writer->rates);
	for (uint32_t k = json_first(doc, prices); k != JSON_NONE; k = json_next(doc, prices, k))
		put_price(writer, doc, doc->nodes[k].text, k + 1);
	buf_addf(versions, "%s{\"effective_from\":\"%.*s\",\"rates\":[%.*s]}",
	         versions->len > 0 ? "," : "", TEXT_ARGS(from),
	         TEXT_ARGS(buf_text(&writer->rates)));
}

/* `prices` is an object, or an array of objects with the constraints they hold under. */
static struct book *book_of(struct writer *writer, const struct json *doc, uint32_t prices)
{
	struct buf versions = { .at = NULL }, json = { .at = NULL };
	struct fault fault = { .code = FAULT_NONE };
	struct book *book = NULL;
	const char *comma = "";

	if (json_type_of(doc, prices) == JSON_OBJECT)
		put_version(writer, &versions, doc, text_of("2015-01-01"), prices);
	for (uint32_t e = json_type_of(doc, prices) == JSON_ARRAY ? json_first(doc, prices)
	                                                          : JSON_NONE;
	     e != JSON_NONE; e = json_next(doc, prices, e)) {
		uint32_t constraint = json_member(doc, e, "constraint");
		struct text from = json_string(doc, json_member(doc, constraint, "start_date"));

		if (constraint != JSON_NONE && from.at == NULL)
			writer->skip = "a time window of the day: not in this format";
		put_version(writer, &versions, doc, from.at != NULL ? from : text_of("2015-01-01"),
		            json_member(doc, e, "prices"));
	}
	buf_add_cstr(&json,
	             "{\"pricebook\":1,\"currency\":\"USD\",\"models\":[{\"model\":\"m\",\"as\":{");
	for (size_t i = 0; i < sizeof(wholes) / sizeof(wholes[0]); i++) {
		enum component whole = wholes[i].whole[writer->priced[wholes[i].whole[0]] ? 0 : 1];

		if (writer->priced[wholes[i].part] || !writer->priced[whole])
			continue;
		buf_addf(&json, "%s\"%s\":\"%s\"", comma, component_info[wholes[i].part].key,
		         component_info[whole].key);
		comma = ",";
	}
	buf_addf(&json, "},\"versions\":[%.*s]}]}", TEXT_ARGS(buf_text(&versions)));
	if (writer->skip == NULL && book_load(&book, buf_text(&json), NULL, &fault) < 0)
		fail_msg("%s\n%s", fault.text, json.at);
	buf_release(&versions);
	buf_release(&json);
	return book;
}

/* {"equals": ...}, {"starts_with": ...}, {"or": [...]} ... of the catalogue. */
static bool matches(const struct json *doc, uint32_t match, struct text ref)
{
	uint32_t key = json_first(doc, match), value = key + 1;
	struct text kind = doc->nodes[key].text, word = json_string(doc, value);
	bool all = text_is(kind, "and");

	if (all || text_is(kind, "or")) {
		for (uint32_t e = json_first(doc, value); e != JSON_NONE;
		     e = json_next(doc, value, e)) {
			if (matches(doc, e, ref) != all)
				return !all;
		}
		return all;
	}
	if (word.at == NULL || word.len > ref.len)
		return false;
	if (text_is(kind, "equals"))
		return text_equal(word, ref);
	if (text_is(kind, "starts_with"))
		return memcmp(ref.at, word.at, word.len) == 0;
	if (text_is(kind, "ends_with"))
		return memcmp(ref.at + ref.len - word.len, word.at, word.len) == 0;
	return text_is(kind, "contains") && memmem(ref.at, ref.len, word.at, word.len) != NULL;
}

/* The prices of a model of a provider in the catalogue, or JSON_NONE. */
static uint32_t prices_of(const struct json *doc, struct text provider, struct text ref)
{
	for (uint32_t p = json_first(doc, 0); p != JSON_NONE; p = json_next(doc, 0, p)) {
		uint32_t models = json_member(doc, p, "models");

		if (!text_equal(json_string(doc, json_member(doc, p, "id")), provider))
			continue;
		for (uint32_t m = json_first(doc, models); m != JSON_NONE;
		     m = json_next(doc, models, m)) {
			if (matches(doc, json_member(doc, m, "match"), ref))
				return json_member(doc, m, "prices");
		}
	}
	return JSON_NONE;
}

static int64_t count_of(const struct json *doc, uint32_t usage, const char *key)
{
	int64_t value = 0;

	json_integer(doc, json_member(doc, usage, key), &value);
	return value;
}

/* genai-prices counts a part in its whole; ours are disjoint. */
static struct usage usage_of_whole(const struct json *doc, uint32_t node)
{
	struct usage usage = { .kind_count = 0 };
	int64_t *count = usage.count;

	count[COMPONENT_CACHE_READ_AUDIO] = count_of(doc, node, "cache_audio_read_tokens");
	count[COMPONENT_CACHE_READ] = count_of(doc, node, "cache_read_tokens") +
	                              count_of(doc, node, "input_cached_tokens") -
	                              count[COMPONENT_CACHE_READ_AUDIO];
	count[COMPONENT_CACHE_READ] += count_of(doc, json_member(doc, node, "input_tokens_details"),
	                                        "cached_tokens");
	count[COMPONENT_CACHE_WRITE] = count_of(doc, node, "cache_write_tokens");
	count[COMPONENT_INPUT_AUDIO] = count_of(doc, node, "input_audio_tokens") -
	                               count[COMPONENT_CACHE_READ_AUDIO];
	count[COMPONENT_INPUT_IMAGE] = count_of(doc, node, "input_image_tokens");
	count[COMPONENT_INPUT_VIDEO] = count_of(doc, node, "input_video_tokens");
	count[COMPONENT_INPUT] = count_of(doc, node, "input_tokens") - usage_prompt_total(&usage);
	count[COMPONENT_REASONING] = count_of(doc, node, "output_reasoning_tokens");
	count[COMPONENT_OUTPUT_AUDIO] = count_of(doc, node, "output_audio_tokens");
	count[COMPONENT_OUTPUT_IMAGE] = count_of(doc, node, "output_image_tokens");
	count[COMPONENT_OUTPUT] = count_of(doc, node, "output_tokens") -
	                          count[COMPONENT_REASONING] - count[COMPONENT_OUTPUT_AUDIO] -
	                          count[COMPONENT_OUTPUT_IMAGE];
	count[COMPONENT_SEARCHES] = count_of(doc, node, "web_searches");
	count[COMPONENT_REQUESTS] = 1;
	return usage;
}

/* Anthropic's own: what was read from and written to the cache is beside the input. */
static struct usage usage_of_parts(const struct json *doc, uint32_t node)
{
	struct usage usage = { .kind_count = 0 };
	uint32_t creation = json_member(doc, node, "cache_creation");
	int64_t *count = usage.count;

	count[COMPONENT_INPUT] = count_of(doc, node, "input_tokens");
	count[COMPONENT_CACHE_READ] = count_of(doc, node, "cache_read_input_tokens");
	count[COMPONENT_CACHE_WRITE_1H] = count_of(doc, creation, "ephemeral_1h_input_tokens");
	count[COMPONENT_CACHE_WRITE] = count_of(doc, node, "cache_creation_input_tokens") -
	                               count[COMPONENT_CACHE_WRITE_1H];
	count[COMPONENT_OUTPUT] = count_of(doc, node, "output_tokens");
	return usage;
}

/*
 * Where the answer here is another one.  Most are of one kind: the catalogue beside the
 * vectors is older than they are, so its prices are not the ones they were made with.
 *   tp-003, 007, 008  gpt-5.6-terra writes to the cache at 3.125 (6.25) a million in it, at
 *                     2.50 (5) in the vectors: 1000 x 3.125 = 0.003125, 272000 x 3.125 =
 *                     0.85, 272001 x 6.25 = 1.70000625
 *   tp-010, 013       gpt-5.6-luna costs five times as much in it: 272001 x 2.5 = 0.6800025;
 *                     150000 x 2 + 100000 x 2.5 + 50000 x 0.2 + 10000 x 9 = 0.65
 *   tp-034, 035       gpt-oss at a million each of input, cache read and output costs
 *                     0.15 + 0.07 + 0.6 = 0.82 and 0.07 + 0.04 + 0.3 = 0.41 in it
 *   tp-061            it has no price for searches: suspense, where nothing would be a zero
 *   tp-099, 101       it has one price for all output of these image models, 30 and 120:
 *                     2309 x 30 = 0.06927, 2309 x 120 = 0.27708
 *   tp-106            it knows no gemini-3.1-flash-lite-image, only a model whose name begins
 *                     so: 1000 x 0.25 + 2000 x 1.50 = 0.00325
 *   tp-085            200000 audio and 50000 cached tokens of no input at all: a part that is
 *                     larger than its whole is refused here; there it is free
 */
static const struct {
	const char *id, *rated;
} differences[] = {
	{ "tp-003", "0.003125" },  { "tp-007", "0.85" },     { "tp-008", "1.70000625" },
	{ "tp-010", "0.6800025" }, { "tp-013", "0.65" },     { "tp-034", "0.82" },
	{ "tp-035", "0.41" },      { "tp-061", "unpriced" }, { "tp-085", "refused" },
	{ "tp-099", "0.06927" },   { "tp-101", "0.27708" },  { "tp-106", "0.00325" },
};

struct tally {
	int run, same, different, skipped;
};

static void skipped(struct tally *tally, struct text id, const char *why)
{
	print_message("skipped %.*s: %s\n", TEXT_ARGS(id), why);
	tally->skipped++;
}

/* Rates and compares; `expected` is the amount, absent where an error is expected. */
static void run_vector(struct tally *tally, struct text id, const struct book *book, int64_t at_ms,
                       const struct usage *usage, struct text expected)
{
	struct charges charges;
	enum rating_verdict verdict = rate_model(book, "m", at_ms, usage, &charges);
	char amount[MONEY_TEXT_BYTES];
	struct money money;
	const char *rated = "unpriced", *due = expected.at == NULL ? "unpriced" : NULL;

	money_text(charges.total, amount);
	if (verdict == RATING_PRICED || verdict == RATING_NOTHING)
		rated = amount;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (usage->count[c] < 0)
			rated = "refused";
	}
	tally->run++;
	for (size_t i = 0; i < sizeof(differences) / sizeof(differences[0]); i++) {
		if (!text_is(id, differences[i].id))
			continue;
		print_message("note: %.*s: %s, theirs %.*s\n", TEXT_ARGS(id), rated,
		              TEXT_ARGS(expected));
		assert_string_equal(rated, differences[i].rated);
		tally->different++;
		return;
	}
	if (due != NULL && strcmp(rated, due) != 0)
		fail_msg("%.*s: %s, not %s", TEXT_ARGS(id), rated, due);
	if (due == NULL && (money_parse(expected, &money, NULL) < 0 || rated != amount ||
	                    money_compare(money, charges.total) != 0))
		fail_msg("%.*s: %s, not %.*s", TEXT_ARGS(id), rated, TEXT_ARGS(expected));
	tally->same++;
}

static int64_t time_of(const struct json *doc, uint32_t inputs)
{
	struct text text = json_string(doc, json_member(doc, inputs, "genai_request_timestamp"));
	int64_t at_ms = KIT_NOW_MS;

	if (text.at != NULL)
		assert_true(moment_parse(text, &at_ms));
	return at_ms;
}

/* A vector of genai-prices: prices inline, or by provider and model in its catalogue. */
static void run_genai(struct tally *tally, const struct vectors *vectors, struct text id,
                      uint32_t inputs, uint32_t expected)
{
	const struct json *doc = &vectors->cases.doc, *from = doc;
	struct text provider = json_string(doc, json_member(doc, inputs, "provider_id"));
	struct text ref = json_string(doc, json_member(doc, inputs, "model_ref"));
	uint32_t prices = json_member(doc, inputs, "model_price");
	uint32_t usage_node = json_member(doc, inputs, "usage");
	uint32_t response = json_member(doc, inputs, "response");
	struct writer writer = { .skip = NULL };
	struct book *book = NULL;
	struct usage usage;

	if (provider.at == NULL)
		provider = json_string(doc, json_member(doc, expected, "provider.id"));
	if (response != JSON_NONE) {
		ref = json_string(doc, json_member(doc, response, "model"));
		usage_node = json_member(doc, expected, "normalized_usage");
	}
	if (prices == JSON_NONE) {
		from = &vectors->catalogue.doc;
		prices = prices_of(from, provider, ref);
	}
	if (prices == JSON_NONE && json_member(doc, expected, "error") == JSON_NONE) {
		skipped(tally, id,
		        provider.at == NULL
		                ? "its provider is found by URL or name: an importer's job"
		                : "its model is not in the catalogue");
		return;
	}
	if (prices != JSON_NONE)
		book = book_of(&writer, from, prices);
	usage = usage_of_whole(doc, usage_node);
	if (writer.skip != NULL)
		skipped(tally, id, writer.skip);
	else
		run_vector(tally, id, book, time_of(doc, inputs), &usage,
		           json_string(doc, json_member(doc, expected, "total_price")));
	book_free(book);
	buf_release(&writer.rates);
}

/* A record of a real bill, with the rates that reproduce it. */
static void run_record(struct tally *tally, const struct json *doc, struct text id, uint32_t inputs,
                       struct text amount)
{
	uint32_t usage_node = json_member(doc, inputs, "usage");
	uint32_t prices = json_member(doc, inputs, "rates_per_mtok_that_reproduce_it");
	bool parts = json_member(doc, usage_node, "cache_read_input_tokens") != JSON_NONE;
	struct writer writer = { .skip = NULL };
	struct book *book;
	struct usage usage = parts ? usage_of_parts(doc, usage_node)
	                           : usage_of_whole(doc, usage_node);

	if (prices == JSON_NONE)
		prices = json_member(doc, inputs, "rates_per_mtok");
	book = book_of(&writer, doc, prices);
	assert_null(writer.skip);
	run_vector(tally, id, book, KIT_NOW_MS, &usage, amount);
	book_free(book);
	buf_release(&writer.rates);
}

static void test_published_price_vectors_come_out_to_the_digit(void **state)
{
	const struct vectors *vectors = vectors_of(state);
	const struct json *doc = &vectors->cases.doc;
	struct tally tally = { 0, 0, 0, 0 };
	uint32_t list;

	list = json_member(doc, 0, "vectors");
	for (uint32_t v = json_first(doc, list); v != JSON_NONE; v = json_next(doc, list, v)) {
		struct text id = json_string(doc, json_member(doc, v, "id"));
		struct text group = json_string(doc, json_member(doc, v, "group"));
		uint32_t inputs = json_member(doc, v, "inputs");
		uint32_t expected = json_member(doc, v, "expected");
		uint32_t amount = json_member(doc, expected, "cost_usd");

		if (amount == JSON_NONE)
			amount = json_member(doc, expected, "costUSD");
		if (text_match(text_of("genai-prices*"), group))
			run_genai(&tally, vectors, id, inputs, expected);
		else if (text_match(text_of("*-real"), group))
			run_record(&tally, doc, id, inputs, json_string(doc, amount));
		else
			skipped(&tally, id,
			        text_is(group, "litellm")
			                ? "LiteLLM's own price keys: service tiers, time windows, "
			                  "ranges"
			                : "names of Langfuse's tiers, no amounts");
	}
	print_message("%d run: %d the same, %d different as explained; %d skipped\n", tally.run,
	              tally.same, tally.different, tally.skipped);
	assert_true(tally.same > 0);
	assert_int_equal(tally.same + tally.different, tally.run);
}

static uint32_t prices_of_id(const struct json *doc, struct text provider, struct text id)
{
	for (uint32_t p = json_first(doc, 0); p != JSON_NONE; p = json_next(doc, 0, p)) {
		uint32_t models = json_member(doc, p, "models");

		if (!text_equal(json_string(doc, json_member(doc, p, "id")), provider))
			continue;
		for (uint32_t m = json_first(doc, models); m != JSON_NONE;
		     m = json_next(doc, models, m)) {
			if (text_equal(json_string(doc, json_member(doc, m, "id")), id))
				return json_member(doc, m, "prices");
		}
	}
	return JSON_NONE;
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
};

struct exchanges {
	struct buf lines, oracle;
	struct json doc, expected;
	struct arena arena;
	struct event event;
	unsigned same, different, refused, unpriceable, wrong;
};

/* The event of that id; false where there is none, or none that is read. */
static bool decode_exchange(struct exchanges *x, struct text id)
{
	struct event_defaults defaults = { .now_ms = KIT_NOW_MS + 365 * INT64_C(86400000) };
	struct text rest = buf_text(&x->lines), line;
	struct event_refusal refusal;

	while (fixture_line(&rest, &line)) {
		if (memmem(line.at, line.len, id.at, id.len) == NULL)
			continue;
		arena_reset(&x->arena);
		assert_int_equal(
			event_decode(line, &defaults, &x->doc, &x->arena, &x->event, &refusal), 0);
		if (refusal.reason == REASON_NONE && text_equal(x->event.id, id))
			return true;
	}
	return false;
}

static void price_exchange(struct exchanges *x, const struct json *catalogue)
{
	const struct json *doc = &x->expected;
	struct text id = json_string(doc, json_member(doc, 0, "exchange_id"));
	struct text total = doc->nodes[json_member(doc, 0, "total_price")].text;
	uint32_t prices = prices_of_id(catalogue,
	                               json_string(doc, json_member(doc, 0, "provider_id")),
	                               json_string(doc, json_member(doc, 0, "model_matched")));
	struct writer writer = { .skip = NULL };
	struct charges charges = { .total = { 0 } };
	enum rating_verdict verdict;
	struct book *book = NULL;
	char number[64], amount[MONEY_TEXT_BYTES];
	double theirs, ours;
	size_t row = 0;

	if (!decode_exchange(x, id)) {
		x->refused++;
		return;
	}
	/* Without any price theirs is 0, which is no price here. */
	if (prices != JSON_NONE && catalogue->nodes[prices].count > 0)
		book = book_of(&writer, catalogue, prices);
	if (book == NULL) {
		printf("  no book for %.*s: %s\n", TEXT_ARGS(id),
		       writer.skip != NULL ? writer.skip : "no prices in the catalogue");
		x->unpriceable++;
		goto out;
	}
	verdict = rate_model(book, "m", x->event.time_ms, &x->event.usage, &charges);
	/* Binary fractions, as the other project has them: a part in 10^9 is theirs to lose. */
	assert_true(text_copy(number, sizeof(number), total));
	theirs = strtod(number, NULL);
	ours = (double)charges.total.attos * 1e-18;
	if (verdict != RATING_UNPRICED && verdict != RATING_RANGE &&
	    ours - theirs <= 1e-9 * theirs && theirs - ours <= 1e-9 * theirs) {
		x->same++;
		goto out;
	}
	while (row < sizeof(priced_differently) / sizeof(priced_differently[0]) &&
	       !text_is(id, priced_differently[row].id))
		row++;
	money_text(charges.total, amount);
	if (row < sizeof(priced_differently) / sizeof(priced_differently[0])) {
		printf("note: %.*s differs: %s\n", TEXT_ARGS(id), priced_differently[row].why);
		assert_string_equal(verdict == RATING_UNPRICED ? "unpriced" : amount,
		                    priced_differently[row].rated);
		x->different++;
		goto out;
	}
	printf("  NOT EXPLAINED %.*s: theirs %.18g, ours %.18g, verdict %d\n", TEXT_ARGS(id),
	       theirs, ours, (int)verdict);
	x->wrong++;
out:
	book_free(book);
	buf_release(&writer.rates);
}

/* From the line a gateway sends to the charge, against what another project made of it. */
static void test_recorded_exchanges_cost_what_the_catalogue_says(void **state)
{
	const struct vectors *vectors = vectors_of(state);
	struct exchanges x = { .same = 0 };
	struct text rest, line;

	fixture_need("events-real.ndjson", &x.lines);
	fixture_need("genai_prices_js_oracle_dev.jsonl", &x.oracle);
	rest = buf_text(&x.oracle);
	while (fixture_line(&rest, &line)) {
		assert_int_equal(json_parse(&x.expected, line, NULL), 0);
		if (json_member(&x.expected, 0, "total_price") != JSON_NONE)
			price_exchange(&x, &vectors->catalogue.doc);
	}
	printf("note: %u the same, %u different as explained, %u not in the catalogue or "
	       "not simple, %u of shapes that are not read, or refused\n",
	       x.same, x.different, x.unpriceable, x.refused);
	assert_int_equal(x.wrong, 0);
	assert_int_equal(x.different, sizeof(priced_differently) / sizeof(priced_differently[0]));
	assert_true(x.same > 0);
	buf_release(&x.lines);
	buf_release(&x.oracle);
	json_release(&x.doc);
	json_release(&x.expected);
	arena_release(&x.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded_exchanges_cost_what_the_catalogue_says),
		cmocka_unit_test(test_published_price_vectors_come_out_to_the_digit),
	};

	return cmocka_run_group_tests_name("rating_vectors", tests, load_vectors, free_vectors);
}
