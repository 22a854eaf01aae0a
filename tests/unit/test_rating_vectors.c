/*
 * Price calculations that others published, with their results, run through book_load()
 * and rating_request().  The data is not ours: see README.md beside it.
 */
#include <regex.h>
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
#include "base/moment.h"
#include "catalogue/catalogue.h"
#include "rate/rating.h"
#include "tests/support/exceptions.h"
#include "tests/support/fixture.h"
#include "tests/support/ledgerkit.h"
#include "tests/support/ratekit.h"

struct file {
	struct buf text;
	struct json doc;
};

struct vectors {
	struct file cases, catalogue;
	struct book *imported; /* the catalogue, by its importer */
	const char *missing;   /* the name of a file; NULL: both are there */
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

static struct book *import(struct text list)
{
	struct catalogue_options options = { .zero_is_free = false };
	struct catalogue_import in = { .model_count = 0 };
	struct fault fault = { .code = FAULT_NONE };
	struct book *book = NULL;

	if (catalogue_import(&in, catalogue_find(text_of("genai-prices")), list, &options, &fault) <
	            0 ||
	    book_load(&book, buf_text(&in.book), NULL, &fault) < 0)
		fail_msg("%s", fault.text);
	catalogue_import_release(&in);
	return book;
}

static int load_vectors(void **state)
{
	static struct vectors vectors;

	if (read_file(&vectors, &vectors.cases, "token_price_vectors_dev.json") &&
	    read_file(&vectors, &vectors.catalogue, "prices/genai_prices_data.json"))
		vectors.imported = import(buf_text(&vectors.catalogue.text));
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

	book_free(vectors->imported);
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

/*
 * Models that the catalogue beside the vectors does not have: it is older than they are.  What
 * is expected, by the prices that give it (USD a million).
 */
static const struct exception absent[] = {
	{ "tp-015", "not in the catalogue", "aws/openai.gpt-5.6-sol", "272001 x 11 = 2.992011" },
	{ "tp-018", "not in the catalogue", "aws/openai.gpt-5.6-luna", "272000 x 0.22 = 0.05984" },
	{ "tp-024", "not in the catalogue", "deepseek-v4-flash-0731",
	  "0.14 + 0.028 + 0.28 = 0.448; it has deepseek-v4-flash without a date" },
	{ "tp-026", "not in the catalogue", "kimi-k3", "3 + 0.30 + 15 = 18.3" },
	{ "tp-028", "not in the catalogue", "glm-5p2-fast", "2.1 + 0.21 + 6.6 = 8.91" },
	{ "tp-029", "not in the catalogue", "glm-5p2-fast-us", "2.1 + 0.21 + 6.6 = 8.91" },
	{ "tp-030", "not in the catalogue", "kimi-k2p6-fast", "2 + 0.3 + 8 = 10.3" },
	{ "tp-031", "not in the catalogue", "kimi-k2p7-code-fast", "1.9 + 0.38 + 8 = 10.28" },
	{ "tp-033", "not in the catalogue", "kimi-k3-us", "3.3 + 0.33 + 16.5 = 20.13" },
	{ "tp-039", "not in the catalogue", "modal/", "3 + 0.3 + 15 = 18.3; no provider modal" },
	{ "tp-045", "not in the catalogue", "openrouter/z-ai/glm-5.3",
	  "1000 x 1.40 + 100 x 4.40 = 0.00184; it has 5.2" },
	{ "tp-047", "not in the catalogue", "zai/",
	  "400 x 1.40 + 600 x 0.26 + 100 x 4.40 = 0.001156; no provider zai, only Zhipu in China" },
	{ "tp-048", "not in the catalogue", "zai/",
	  "400 x 1.40 + 600 x 0.26 + 100 x 4.40 = 0.001156; no provider zai, only Zhipu in China" },
	{ "tp-090", "not in the catalogue", "mock-provider/",
	  "200000 x 2 = 0.4: a provider made up for the test, its prices are not in the vector" },
	{ "tp-098", "not in the catalogue", "mock-provider/",
	  "100001 x 2 = 0.200002: a provider made up for the test, its prices are not here" },
	{ "tp-100", "not in the catalogue", "google/gemini-3-pro-image",
	  "1189 x 12 + 1120 x 120 = 0.148668; it has gemini-3-pro-image-preview" },
	{ "tp-102", "not in the catalogue", "google/gemini-3.1-flash-image",
	  "1189 x 3 + 1120 x 60 = 0.070767; it has gemini-3.1-flash-image-preview" },
	{ "tp-107", "not in the catalogue", "gemini-3.1-flash-live-preview",
	  "600 x 0.75 + 200 x 3 + 200 x 1 = 0.00125; 200 x 4.50 + 300 x 12 = 0.0045" },
};

enum {
	VECTORS = 96,
	OTHERS = 39, /* LiteLLM's and Langfuse's: test_rating_vectors_litellm.c, _langfuse.c */
};

struct count {
	int run, same, different, others;
	struct exceptions absent;
};

/* Rates and compares; `expected` is the amount, absent where an error is expected. */
static void run_vector(struct count *tally, struct text id, const struct book *book,
                       const char *model, int64_t at_ms, const struct usage *usage,
                       struct text expected)
{
	struct charges charges;
	enum rating_verdict verdict = rate_model(book, model, at_ms, usage, &charges);
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

/* The provider whose addresses the URL is one of, or the absent text. */
static struct text provider_of_url(const struct json *doc, struct text url)
{
	char pattern[256], address[256];
	struct text found = { NULL, 0 };

	if (!text_copy(address, sizeof(address), url))
		return found;
	for (uint32_t p = json_first(doc, 0); p != JSON_NONE && found.at == NULL;
	     p = json_next(doc, 0, p)) {
		regex_t regex;

		if (!text_copy(pattern, sizeof(pattern),
		               json_string(doc, json_member(doc, p, "api_pattern"))) ||
		    regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
			continue;
		if (regexec(&regex, address, 0, NULL, 0) == 0)
			found = json_string(doc, json_member(doc, p, "id"));
		regfree(&regex);
	}
	return found;
}

/* By the importer's book, under the name that a gateway sends: the provider, then the model. */
static void run_imported(struct count *tally, const struct vectors *vectors, struct text id,
                         struct text provider, struct text ref, int64_t at_ms,
                         const struct usage *usage, struct text expected)
{
	char name[256];

	snprintf(name, sizeof(name), "%.*s%s%.*s", TEXT_ARGS(provider), provider.len > 0 ? "/" : "",
	         TEXT_ARGS(ref));
	if (book_find(vectors->imported, text_of(name), at_ms).version == NULL)
		exception_happened(&tally->absent, id, "not in the catalogue", name);
	else
		run_vector(tally, id, vectors->imported, name, at_ms, usage, expected);
}

/* A vector of genai-prices: prices inline, or by provider and model in its catalogue. */
static void run_genai(struct count *tally, const struct vectors *vectors, struct text id,
                      uint32_t inputs, uint32_t expected)
{
	const struct json *doc = &vectors->cases.doc, *from = doc;
	struct text provider = json_string(doc, json_member(doc, inputs, "provider_id"));
	struct text url = json_string(doc, json_member(doc, inputs, "provider_api_url"));
	struct text ref = json_string(doc, json_member(doc, inputs, "model_ref"));
	struct text total = json_string(doc, json_member(doc, expected, "total_price"));
	uint32_t prices = json_member(doc, inputs, "model_price");
	uint32_t usage_node = json_member(doc, inputs, "usage");
	uint32_t response = json_member(doc, inputs, "response");
	struct writer writer = { .skip = NULL };
	struct book *book = NULL;
	struct usage usage;

	if (provider.at == NULL)
		provider = json_string(doc, json_member(doc, expected, "provider.id"));
	if (provider.at == NULL)
		provider = provider_of_url(&vectors->catalogue.doc, url);
	if (response != JSON_NONE) {
		ref = json_string(doc, json_member(doc, response, "model"));
		usage_node = json_member(doc, expected, "normalized_usage");
	}
	usage = usage_of_whole(doc, usage_node);
	if (prices == JSON_NONE) {
		from = &vectors->catalogue.doc;
		prices = prices_of(from, provider, ref);
	}
	if (prices != JSON_NONE)
		book = book_of(&writer, from, prices);
	if (prices == JSON_NONE && json_member(doc, expected, "error") == JSON_NONE)
		run_imported(tally, vectors, id, provider, ref, time_of(doc, inputs), &usage,
		             total);
	else if (writer.skip != NULL)
		fail_msg("%.*s: %s", TEXT_ARGS(id), writer.skip);
	else
		run_vector(tally, id, book, "m", time_of(doc, inputs), &usage, total);
	book_free(book);
	buf_release(&writer.rates);
}

/* A record of a real bill, with the rates that reproduce it. */
static void run_record(struct count *tally, const struct json *doc, struct text id, uint32_t inputs,
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
	run_vector(tally, id, book, "m", KIT_NOW_MS, &usage, amount);
	book_free(book);
	buf_release(&writer.rates);
}

static void test_published_price_vectors_come_out_to_the_digit(void **state)
{
	const struct vectors *vectors = vectors_of(state);
	const struct json *doc = &vectors->cases.doc;
	struct count tally = { .absent = EXCEPTIONS("not in the catalogue", absent) };
	int absences = sizeof(absent) / sizeof(absent[0]);
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
		else if (text_is(group, "litellm") || text_is(group, "langfuse"))
			tally.others++;
		else
			fail_msg("%.*s: an unknown group", TEXT_ARGS(id));
	}
	print_message("%d run: %d the same, %d different as explained\n", tally.run, tally.same,
	              tally.different);
	exceptions_end(&tally.absent);
	assert_int_equal(tally.others, OTHERS);
	assert_int_equal(tally.different, sizeof(differences) / sizeof(differences[0]));
	assert_int_equal(tally.same + tally.different, tally.run);
	assert_int_equal(tally.run + absences + tally.others, VECTORS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_price_vectors_come_out_to_the_digit),
	};

	return cmocka_run_group_tests_name("rating_vectors", tests, load_vectors, free_vectors);
}
