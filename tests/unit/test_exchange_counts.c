/*
 * The counts of recorded exchanges (../shared/data, not part of the project) against what others
 * made of them: two builds of an independent project, and what the provider itself says it charged.
 *
 * Each number on which we differ stands in a table with who is right and the arithmetic.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "money/money.h"
#include "tests/support/exceptions.h"
#include "tests/support/exchanges.h"
#include "tests/support/fixture.h"
#include "tests/support/recording.h"

enum { PARTS_MAX = 12, NUMBERS_BYTES = 96 };

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Their word, our detail "theirs N, ours M". */
static const struct exception differences[] = {
	/* Turns that Anthropic's totals leave out and bills all the same: we count them. */
	{ "ex-2f2f2eb0bc39", "input_tokens", "theirs 2417, ours 4946.",
	  "they leave out the advisor, another model: 2417 + 2529" },
	{ "ex-2f2f2eb0bc39", "output_tokens", "theirs 133, ours 171.",
	  "they leave out the advisor: 133 + 38" },
	{ "ex-2842521a3df1", "input_tokens", "theirs 162, ours 99357.",
	  "they leave out the compaction: 162 + 99195" },
	{ "ex-2842521a3df1", "output_tokens", "theirs 11, ours 92.",
	  "they leave out the compaction: 11 + 81" },
	{ "ex-de7983d58b4e", "input_tokens", "theirs 229, ours 55425.",
	  "they leave out the compaction: 229 + 100 + 55096 written to the cache" },
	{ "ex-de7983d58b4e", "cache_write_tokens", "theirs 0, ours 55096.",
	  "they leave out the compaction" },
	{ "ex-de7983d58b4e", "cache_write_5m_tokens", "theirs 0, ours 55096.",
	  "they leave out the compaction" },
	{ "ex-de7983d58b4e", "output_tokens", "theirs 5, ours 136.",
	  "they leave out the compaction: 5 + 131" },

	/* Grok with the cached tokens beside the prompt: prompt = text + image, without them. */
	{ "ex-c32f0affba4c", "input_tokens", "theirs 7, ours 168.",
	  "they take 161 cached as inside of 7, which leaves -154; 7 + 161" },
	{ "ex-82dd6f9ae330", "input_tokens", "theirs 29, ours 186.",
	  "they take 157 cached as inside of 29, which leaves -128; 29 + 157" },
	{ "ex-c7a6b671717f", "input_tokens", "theirs 31, ours 192.",
	  "they take 161 cached as inside of 31, which leaves -130; 31 + 161" },
	{ "ex-c955279da9c4", "input_tokens", "theirs 265, ours 435.",
	  "text 9 + image 256 = 265 leave no room for 170 cached: 265 + 170" },
	{ "ex-11079bb73360", "input_tokens", "theirs 2975, ours 6943.",
	  "they take 3968 cached as inside of 2975, which leaves -993; 2975 + 3968" },

	/* Images that they do not read. */
	{ "ex-c955279da9c4", "input_image_tokens", "theirs 0, ours 256.",
	  "prompt 265 = text 9 + image 256" },
	{ "ex-17f77426f3cd", "input_image_tokens", "theirs 0, ours 256.",
	  "prompt 661 = text 405 + image 256" },
	{ "ex-0a6781821274", "input_image_tokens", "theirs 0, ours 256.",
	  "prompt 665 = text 409 + image 256" },
	{ "ex-4b4ff0e1983a", "input_image_tokens", "theirs 0, ours 256.",
	  "prompt 648 = text 392 + image 256" },
	{ "ex-6f197189979b", "input_image_tokens", "theirs 0, ours 515.",
	  "prompt 1314 = text 799 + image 515" },
	{ "ex-e8412340cc69", "input_image_tokens", "theirs 0, ours 258.",
	  "promptTokenDetails, without the s: 261 = image 258 + text 3" },

	/* Mistral: audio is beside the prompt, the cache has a word of its own. */
	{ "ex-06d8f6383227", "input_tokens", "theirs 3, ours 378.",
	  "prompt 3 + audio 375 + completion 11 = total 389" },
	{ "ex-06d8f6383227", "input_audio_tokens", "theirs 0, ours 375.", "the same" },
	{ "ex-e5fb8f33e711", "input_tokens", "theirs 5, ours 380.",
	  "prompt 5 + audio 375 + completion 20 = total 400" },
	{ "ex-e5fb8f33e711", "input_audio_tokens", "theirs 0, ours 375.", "the same" },
	{ "ex-05dc06d8036f", "cache_read_tokens", "theirs 0, ours 32.",
	  "they do not read num_cached_tokens: 32 of 64" },
	{ "ex-29d9c8e8acb3", "cache_read_tokens", "theirs 0, ours 69.",
	  "they do not read num_cached_tokens: 69 of 70" },

	/* They read usage objects: searches stand beside it, or under a word of OpenRouter's. */
	{ "ex-f78a003210f4", "web_searches", "theirs 0, ours 1.", "one web_search_call of search" },
	{ "ex-15c9f23fd067", "web_searches", "theirs 0, ours 1.", "one web_search_call of search" },
	{ "ex-3faf71f584e6", "web_searches", "theirs 0, ours 1.", "one web_search_call of search" },
	{ "ex-09472dd7546a", "web_searches", "theirs 0, ours 1.", "one web_search_call of search" },
	{ "ex-b4d4fae1bce6", "web_searches", "theirs 0, ours 3.",
	  "charged: 0.066407 - 0.029617 - 0.00679 = 0.03 for 3" },
	{ "ex-1a973b02c64f", "web_searches", "theirs 0, ours 1.",
	  "charged: 0.007637029 - 0.000637029 = 0.007 for 1" },
};

/* What the provider charged: "billed", "theirs N, ours M". */
static const struct exception charges[] = {
	/* BYOK: OpenRouter charged nothing, the provider charged the owner of the key. */
	{ "ex-08519c3f07f3", "billed", "theirs 0.00, ours 0.0003253.",
	  "cost 0, upstream_inference_cost 0.0000978 + 0.0002275" },
	{ "ex-eae1890aa67d", "billed", "theirs 0.00, ours 0.0002265.",
	  "cost 0, upstream_inference_cost 0.000144 + 0.0000825" },
	/* xAI's ticks, but the shape that was declared is OpenAI's, which has none. */
	{ "ex-3554b2e3cfc8", "billed", "theirs 0.00016415, ours nothing.",
	  "an OpenAI-compatible route: 1641500 x 1e-10; api xai.chat keeps it" },
	{ "ex-16f02e0585be", "billed", "theirs 0.00, ours nothing.",
	  "Azure serves Grok, and its 0 ticks are no charge of Azure's" },
	{ "ex-318c31fbc027", "billed", "theirs 0.00, ours nothing.",
	  "Azure serves Grok, and its 0 ticks are no charge of Azure's" },
	/* A sum in binary: 0.007 + 0.0006509169, and 5e-19 too much, which no amount can hold. */
	{ "ex-42786d364bc7", "billed", "theirs 0.0076509169000000005, ours nothing.",
	  "19 decimals; nothing is rounded, so nothing is kept" },
};

/* Their reading of a shape: the provider's own, where they have it. */
static const struct {
	const char *wire, *provider; /* provider NULL: any */
	const char *their_provider, *their_flavor;
} readings[] = {
	{ "openai-chat", "azure", "azure", "chat" },
	{ "openai-chat", "cerebras", "cerebras", "chat" },
	{ "openai-chat", "deepseek", "deepseek", "chat" },
	{ "openai-chat", "groq", "groq", "default" },
	{ "openai-chat", "mistral", "mistral", "default" },
	{ "openai-chat", "openrouter", "openrouter", "chat" },
	{ "openai-chat", "perplexity", "perplexity", "default" },
	{ "openai-chat", "xai", "x-ai", "chat" },
	{ "openai-chat", "zai", "zai", "chat" },
	{ "openai-chat", NULL, "openai", "chat" },
	{ "openai-responses", "azure", "azure", "responses" },
	{ "openai-responses", NULL, "openai", "responses" },
	{ "openai-embeddings", NULL, "openai", "embeddings" },
	{ "openai-images", NULL, "openai", "images" },
	{ "openai-audio", "mistral", "mistral", "default" },
	{ "anthropic", NULL, "anthropic", "default" },
	{ "google", NULL, "google", "default" },
	{ "google-predict", NULL, "google", "default" },
	{ "bedrock-converse", NULL, "aws", "default" },
	{ "bedrock-invoke", NULL, "aws", "default" },
	{ "bedrock-invoke", NULL, "anthropic", "default" },
	{ "cohere-chat", NULL, "cohere", "default" },
	{ "xai-grpc", NULL, "x-ai", "default" },
};

#define PROMPT_TEXT COMPONENT_INPUT, COMPONENT_CACHE_READ, COMPONENT_INPUT_TOOL

/* Their word, and the components that make it up (-1 ends the list). */
static const struct {
	const char *key;
	int parts[PARTS_MAX + 1];
	bool where_split; /* absent: they did not split; for the others absent is 0 */
} words[] = {
	{ "input_tokens",
	  { COMPONENT_INPUT, COMPONENT_INPUT_AUDIO, COMPONENT_INPUT_IMAGE, COMPONENT_INPUT_VIDEO,
	    COMPONENT_INPUT_TOOL, COMPONENT_CACHE_READ, COMPONENT_CACHE_READ_AUDIO,
	    COMPONENT_CACHE_READ_IMAGE, COMPONENT_CACHE_READ_VIDEO, COMPONENT_CACHE_WRITE_5M,
	    COMPONENT_CACHE_WRITE_1H, COMPONENT_CACHE_WRITE, -1 },
	  false },
	{ "input_text_tokens", { PROMPT_TEXT, -1 }, true },
	{ "input_audio_tokens", { COMPONENT_INPUT_AUDIO, COMPONENT_CACHE_READ_AUDIO, -1 }, false },
	{ "input_image_tokens", { COMPONENT_INPUT_IMAGE, COMPONENT_CACHE_READ_IMAGE, -1 }, false },
	{ "input_video_tokens", { COMPONENT_INPUT_VIDEO, COMPONENT_CACHE_READ_VIDEO, -1 }, false },
	{ "input_tool_tokens", { COMPONENT_INPUT_TOOL, -1 }, false },
	{ "input_text_tool_tokens", { COMPONENT_INPUT_TOOL, -1 }, false },
	{ "cache_read_tokens",
	  { COMPONENT_CACHE_READ, COMPONENT_CACHE_READ_AUDIO, COMPONENT_CACHE_READ_IMAGE,
	    COMPONENT_CACHE_READ_VIDEO, -1 },
	  false },
	{ "cache_text_read_tokens", { COMPONENT_CACHE_READ, -1 }, true },
	{ "cache_audio_read_tokens", { COMPONENT_CACHE_READ_AUDIO, -1 }, false },
	{ "cache_image_read_tokens", { COMPONENT_CACHE_READ_IMAGE, -1 }, false },
	{ "cache_video_read_tokens", { COMPONENT_CACHE_READ_VIDEO, -1 }, false },
	{ "cache_write_tokens",
	  { COMPONENT_CACHE_WRITE_5M, COMPONENT_CACHE_WRITE_1H, COMPONENT_CACHE_WRITE, -1 },
	  false },
	{ "cache_write_5m_tokens", { COMPONENT_CACHE_WRITE_5M, -1 }, false },
	{ "cache_write_1h_tokens", { COMPONENT_CACHE_WRITE_1H, -1 }, false },
	{ "output_tokens",
	  { COMPONENT_OUTPUT, COMPONENT_REASONING, COMPONENT_OUTPUT_AUDIO, COMPONENT_OUTPUT_IMAGE,
	    COMPONENT_OUTPUT_VIDEO, -1 },
	  false },
	{ "output_text_tokens", { COMPONENT_OUTPUT, -1 }, true },
	{ "output_reasoning_tokens", { COMPONENT_REASONING, -1 }, false },
	{ "output_audio_tokens", { COMPONENT_OUTPUT_AUDIO, -1 }, false },
	{ "output_image_tokens", { COMPONENT_OUTPUT_IMAGE, -1 }, false },
	{ "web_searches", { COMPONENT_SEARCHES, -1 }, false },
};

static struct json theirs_doc;

static int teardown(void **state)
{
	json_release(&theirs_doc);
	return recording_teardown(state);
}

struct comparison {
	struct recording *recording;
	struct exceptions other;
	unsigned exchanges, numbers;
	bool *compared; /* of each exchange */
};

static void compare_number(struct comparison *c, const struct recorded *e, const char *key,
                           int64_t theirs, int64_t ours)
{
	char numbers[NUMBERS_BYTES];

	c->numbers++;
	if (theirs == ours)
		return;
	snprintf(numbers, sizeof(numbers), "theirs %lld, ours %lld.", (long long)theirs,
	         (long long)ours);
	exception_happened(&c->other, e->id, key, numbers);
}

/* All their words at once; one that is not in the table would be passed over, so it fails. */
static void compare_words(struct comparison *c, struct recorded *e, uint32_t usage)
{
	const struct json *doc = &theirs_doc;
	uint32_t known = 0;

	c->exchanges++;
	c->compared[e - c->recording->rows] = true;
	if (e->api == NULL || e->body.refusal.reason != REASON_NONE) {
		exception_happened(&c->other, e->id, "refused", e->body.refusal.detail);
		return;
	}
	for (size_t w = 0; w < ROWS(words); w++) {
		uint32_t node = json_member(doc, usage, words[w].key);
		int64_t theirs = 0, ours = 0;

		if (node == JSON_NONE && words[w].where_split)
			continue;
		if (node != JSON_NONE) {
			known++;
			assert_true(json_integer(doc, node, &theirs));
		}
		for (int i = 0; words[w].parts[i] >= 0; i++)
			ours += recorded_count(&e->body.event, (enum component)words[w].parts[i]);
		compare_number(c, e, words[w].key, theirs, ours);
	}
	if (known != doc->nodes[usage].count)
		fail_msg("%.*s: the expected usage has a word that is in no table",
		         TEXT_ARGS(e->id));
}

static bool is_our_reading(const struct recorded *e, struct text provider, struct text flavor)
{
	bool own = false; /* a row of its own provider goes before the one of any */

	for (size_t i = 0; i < ROWS(readings); i++) {
		if (!text_is(e->wire, readings[i].wire) || (readings[i].provider == NULL && own) ||
		    (readings[i].provider != NULL && !text_is(e->provider, readings[i].provider)))
			continue;
		own = readings[i].provider != NULL;
		if (text_is(provider, readings[i].their_provider) &&
		    text_is(flavor, readings[i].their_flavor))
			return true;
	}
	return false;
}

/* {"exchange_id":..,"extracted":[{"usage":{..},"extractors":[{"provider_id":..,..}]}]} */
static void compare_extracted(struct comparison *c, struct recorded *e)
{
	const struct json *doc = &theirs_doc;
	uint32_t groups = json_member(doc, 0, "extracted");
	unsigned found = 0;

	for (uint32_t g = json_first(doc, groups); g != JSON_NONE; g = json_next(doc, groups, g)) {
		uint32_t list = json_member(doc, g, "extractors");
		bool ours = false;

		for (uint32_t x = json_first(doc, list); x != JSON_NONE;
		     x = json_next(doc, list, x))
			ours = ours ||
			       is_our_reading(e,
			                      json_string(doc, json_member(doc, x, "provider_id")),
			                      json_string(doc, json_member(doc, x, "api_flavor")));
		if (!ours)
			continue;
		compare_words(c, e, json_member(doc, g, "usage"));
		found++;
	}
	if (found == 0)
		fail_msg("%.*s: no reading of its shape in the expected file", TEXT_ARGS(e->id));
}

/* {"exchange_id":..,"provider_id":..,"api_flavor":..,"usage":{..}}: one reading. */
static void compare_single(struct comparison *c, struct recorded *e)
{
	const struct json *doc = &theirs_doc;

	if (!is_our_reading(e, json_string(doc, json_member(doc, 0, "provider_id")),
	                    json_string(doc, json_member(doc, 0, "api_flavor"))))
		fail_msg("%.*s: not a reading of its shape", TEXT_ARGS(e->id));
	compare_words(c, e, json_member(doc, 0, "usage"));
}

static void each_line(const char *name, struct comparison *c,
                      void (*compare)(struct comparison *, struct recorded *))
{
	struct buf file = { .at = NULL };
	struct text rest, line;

	if (!fixture_load(name, &file))
		fail_msg("%s is missing beside the exchanges", name);
	rest = buf_text(&file);
	while (fixture_line(&rest, &line)) {
		struct recorded *e;

		assert_int_equal(json_parse(&theirs_doc, line, NULL), 0);
		e = recording_find(
			c->recording,
			json_string(&theirs_doc, json_member(&theirs_doc, 0, "exchange_id")));
		assert_non_null(e);
		compare(c, e);
	}
	printf("  %s: so far %u readings, %u numbers\n", name, c->exchanges, c->numbers);
	buf_release(&file);
}

/* What only its own total and its identities speak for. */
static void tell_unexpected(const struct comparison *c)
{
	const struct recording *r = c->recording;
	unsigned count = 0;

	for (size_t i = 0; i < r->count; i++)
		count += r->rows[i].body.counts != NULL && r->rows[i].body.counts[0] != '\0' &&
		         !c->compared[i];
	printf("  %u exchanges with counts stand in no expected file\n", count);
}

static void test_an_independent_project_counts_the_same(void **state)
{
	struct comparison c = { .recording = recording_of(state),
		                .other = EXCEPTIONS("counts differ", differences) };

	c.compared = test_calloc(c.recording->count, sizeof(*c.compared));
	each_line("exchange_expected_genai_prices_dev.jsonl", &c, compare_extracted);
	each_line("genai_prices_js_oracle_dev.jsonl", &c, compare_single);
	tell_unexpected(&c);
	test_free(c.compared);
	assert_true(c.numbers > 0);
	exceptions_end(&c.other);
}

static struct recorded *find_origin(const struct recording *r, struct text origin)
{
	for (size_t i = 0; i < r->count; i++) {
		if (text_equal(r->rows[i].origin, origin))
			return &r->rows[i];
	}
	return NULL;
}

/* The usage of their row, by itself, through the same decoder. */
static void compare_usage(struct recording *r, struct exceptions *other, const struct recorded *e)
{
	struct recorded_event alone = { .counts = NULL };
	struct buf line = { .at = NULL };

	buf_addf(&line,
	         "{\"id\":\"1\",\"source\":\"billed\",\"time\":\"2026-08-01T00:00:00Z\","
	         "\"account\":\"a\",\"model\":\"m\",\"api\":\"%s\",\"usage\":",
	         e->api);
	exchange_put_json(&line, &theirs_doc, json_member(&theirs_doc, 0, "usage"));
	buf_add_cstr(&line, "}");
	recording_decode(r, buf_text(&line), &alone);
	buf_clear(&line);
	buf_addf(&line, "theirs %s, ours %s.", alone.counts, e->body.counts);
	if (alone.refusal.reason != REASON_NONE || strcmp(alone.counts, e->body.counts) != 0)
		exception_happened(other, e->id, "usage", line.at);
	buf_release(&line);
}

/* What the event keeps as upstream_cost; false: nothing. */
static bool upstream_cost(struct recording *r, const struct recorded *e, struct money *out)
{
	struct text extra = e->body.event.extra;

	if (extra.at == NULL)
		return false;
	assert_int_equal(json_parse(&r->doc, extra, NULL), 0);
	return money_parse(json_string(&r->doc, json_member(&r->doc, 0, "upstream_cost")), out,
	                   NULL) == 0;
}

static void compare_charge(struct recording *r, struct exceptions *other, const struct recorded *e)
{
	uint32_t billed = json_member(&theirs_doc, 0, "billed");
	struct text amount = json_string(&theirs_doc, json_member(&theirs_doc, billed, "amount"));
	char theirs_text[MONEY_TEXT_BYTES], ours_text[MONEY_TEXT_BYTES] = "nothing";
	struct money theirs, ours;
	char both[NUMBERS_BYTES + 2 * MONEY_TEXT_BYTES];
	bool told = upstream_cost(r, e, &ours),
	     readable = money_parse_number(amount, 0, &theirs) == 0;

	if (readable)
		money_text(theirs, theirs_text);
	else
		text_copy(theirs_text, sizeof(theirs_text), amount);
	if (told)
		money_text(ours, ours_text);
	snprintf(both, sizeof(both), "theirs %s, ours %s.", theirs_text, ours_text);
	if (!told || !readable || money_compare(theirs, ours) != 0)
		exception_happened(other, e->id, "billed", both);
}

/* {"source":..,"usage":{..},"billed":{"amount":"3.4E-7","unit":"USD",..}} */
static void test_the_charge_of_the_provider_is_kept_to_the_last_digit(void **state)
{
	struct recording *r = recording_of(state);
	struct exceptions other = EXCEPTIONS("charges differ", charges);
	struct buf file = { .at = NULL };
	struct text rest, line;
	unsigned compared = 0;

	if (!fixture_load("provider_billed_costs_dev.jsonl", &file))
		fail_msg("the charges are missing beside the exchanges");
	rest = buf_text(&file);
	while (fixture_line(&rest, &line)) {
		const struct recorded *e;

		compared++;
		assert_int_equal(json_parse(&theirs_doc, line, NULL), 0);
		e = find_origin(r, json_string(&theirs_doc, json_member(&theirs_doc, 0, "source")));
		if (e == NULL || e->api == NULL || e->body.refusal.reason != REASON_NONE) {
			fail_msg("a charge without its exchange: %.*s", TEXT_ARGS(line));
			break;
		}
		compare_usage(r, &other, e);
		compare_charge(r, &other, e);
	}
	buf_release(&file);
	printf("  %u charges\n", compared);
	assert_true(compared > 0);
	exceptions_end(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_independent_project_counts_the_same),
		cmocka_unit_test(test_the_charge_of_the_provider_is_kept_to_the_last_digit),
	};

	return cmocka_run_group_tests_name("counts of recorded exchanges", tests, recording_setup,
	                                   teardown);
}
