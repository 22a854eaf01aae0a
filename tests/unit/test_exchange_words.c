/*
 * The words of recorded usage objects (../shared/data, not part of the project) that mean the same
 * with every provider, against the components that were decoded: what a total cannot tell, that
 * a part went into the wrong component.
 *
 * The words stand in a table of this test, read with nothing of the decoder's; each number that
 * differs stands in a table with its reason.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/exceptions.h"
#include "tests/support/recording.h"

enum { PARTS_MAX = 12, NUMBERS_BYTES = 96 };

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

static const struct exception differences[] = {
	/* Mistral: audio is beside the prompt. */
	{ "ex-06d8f6383227", "prompt_tokens", "theirs 3, ours 378.", "3 + audio 375" },
	{ "ex-e5fb8f33e711", "prompt_tokens", "theirs 5, ours 380.", "5 + audio 375" },
	/* Held with several readings: the first has what was cached beside the prompt ... */
	{ "ex-c32f0affba4c", "prompt_tokens", "theirs 7, ours 168.", "7 + cached 161" },
	{ "ex-318c31fbc027", "prompt_tokens", "theirs 7, ours 168.", "7 + cached 161" },
	{ "ex-82dd6f9ae330", "prompt_tokens", "theirs 29, ours 186.", "29 + cached 157" },
	{ "ex-c7a6b671717f", "prompt_tokens", "theirs 31, ours 192.", "31 + cached 161" },
	{ "ex-c955279da9c4", "prompt_tokens", "theirs 265, ours 435.", "265 + cached 170" },
	{ "ex-11079bb73360", "prompt_tokens", "theirs 2975, ours 6943.", "2975 + cached 3968" },
	/* ... reasoning beside the answer, and no more reasoning than there is answer. */
	{ "ex-3554b2e3cfc8", "completion_tokens", "theirs 2, ours 322.", "2 + reasoning 320" },
	{ "ex-0fe3460563d1", "completion_tokens_details.reasoning_tokens", "theirs 11, ours 10.",
	  "11 of a completion of 10" },
	/* Groq's split: all of it is in the parts, and the last object is the last part. */
	{ "ex-2dd75e575a50", "prompt_tokens", "theirs 2285, ours 0.",
	  "parts 138 + 495 + 2378 + 2285" },
	{ "ex-2dd75e575a50", "completion_tokens", "theirs 222, ours 0.",
	  "parts 4 + 106 + 55 + 222" },
};

#define READS                                                                                      \
	COMPONENT_CACHE_READ, COMPONENT_CACHE_READ_AUDIO, COMPONENT_CACHE_READ_IMAGE,              \
		COMPONENT_CACHE_READ_VIDEO
#define WRITES COMPONENT_CACHE_WRITE_5M, COMPONENT_CACHE_WRITE_1H, COMPONENT_CACHE_WRITE
#define INPUTS COMPONENT_INPUT, COMPONENT_INPUT_AUDIO, COMPONENT_INPUT_IMAGE, COMPONENT_INPUT_VIDEO
#define OUTPUTS                                                                                    \
	COMPONENT_OUTPUT, COMPONENT_OUTPUT_AUDIO, COMPONENT_OUTPUT_IMAGE, COMPONENT_OUTPUT_VIDEO

/* A word, under `group` where that is not NULL, and the components that make it up. */
static const struct {
	const char *group, *key;
	int parts[PARTS_MAX + 1];
	const char *but_api; /* there it means something else */
} words[] = {
	{ NULL, "prompt_tokens", { INPUTS, READS, WRITES, -1 }, NULL },
	{ NULL, "promptTokenCount", { INPUTS, READS, -1 }, NULL },
	{ NULL, "total_input_tokens", { INPUTS, READS, -1 }, NULL },
	{ NULL, "prompt_eval_count", { INPUTS, -1 }, NULL },
	{ NULL, "inputTokens", { INPUTS, -1 }, NULL },
	{ NULL, "inputTextTokenCount", { INPUTS, -1 }, NULL },
	{ "billed_units", "input_tokens", { INPUTS, -1 }, NULL },
	{ NULL, "toolUsePromptTokenCount", { COMPONENT_INPUT_TOOL, -1 }, NULL },
	{ NULL, "total_tool_use_tokens", { COMPONENT_INPUT_TOOL, -1 }, NULL },

	{ "prompt_tokens_details", "cached_tokens", { READS, -1 }, NULL },
	{ "input_tokens_details", "cached_tokens", { READS, -1 }, NULL },
	{ "input_token_details", "cached_tokens", { READS, -1 }, NULL },
	{ NULL, "cachedContentTokenCount", { READS, -1 }, NULL },
	{ NULL, "total_cached_tokens", { READS, -1 }, NULL },
	{ NULL, "cached_prompt_text_tokens", { READS, -1 }, NULL },
	{ NULL, "prompt_cache_hit_tokens", { READS, -1 }, NULL },
	{ NULL, "cache_read_input_tokens", { READS, -1 }, NULL },
	{ NULL, "cacheReadInputTokens", { READS, -1 }, NULL },
	{ NULL, "cache_creation_input_tokens", { WRITES, -1 }, NULL },
	{ NULL, "cacheWriteInputTokens", { WRITES, -1 }, NULL },
	{ "prompt_tokens_details", "cache_write_tokens", { WRITES, -1 }, NULL },
	{ "cache_creation", "ephemeral_5m_input_tokens", { COMPONENT_CACHE_WRITE_5M, -1 }, NULL },
	{ "cache_creation", "ephemeral_1h_input_tokens", { COMPONENT_CACHE_WRITE_1H, -1 }, NULL },

	{ NULL, "completion_tokens", { OUTPUTS, COMPONENT_REASONING, -1 }, "xai.chat" },
	{ NULL, "output_tokens", { OUTPUTS, COMPONENT_REASONING, -1 }, NULL },
	{ NULL, "candidatesTokenCount", { OUTPUTS, -1 }, NULL },
	{ NULL, "responseTokenCount", { OUTPUTS, -1 }, NULL },
	{ NULL, "total_output_tokens", { OUTPUTS, -1 }, NULL },
	{ NULL, "eval_count", { OUTPUTS, -1 }, NULL },
	{ NULL, "outputTokens", { OUTPUTS, -1 }, NULL },
	{ "billed_units", "output_tokens", { OUTPUTS, -1 }, NULL },
	{ NULL, "reasoning_tokens", { COMPONENT_REASONING, -1 }, NULL },
	{ "completion_tokens_details", "reasoning_tokens", { COMPONENT_REASONING, -1 }, NULL },
	{ "output_tokens_details", "reasoning_tokens", { COMPONENT_REASONING, -1 }, NULL },
	{ "output_tokens_details", "thinking_tokens", { COMPONENT_REASONING, -1 }, NULL },
	{ NULL, "thoughtsTokenCount", { COMPONENT_REASONING, -1 }, NULL },
	{ NULL, "total_thought_tokens", { COMPONENT_REASONING, -1 }, NULL },

	{ "prompt_tokens_details",
	  "audio_tokens",
	  { COMPONENT_INPUT_AUDIO, COMPONENT_CACHE_READ_AUDIO, -1 },
	  NULL },
	{ "input_token_details",
	  "audio_tokens",
	  { COMPONENT_INPUT_AUDIO, COMPONENT_CACHE_READ_AUDIO, -1 },
	  NULL },
	{ "prompt_tokens_details",
	  "image_tokens",
	  { COMPONENT_INPUT_IMAGE, COMPONENT_CACHE_READ_IMAGE, -1 },
	  NULL },
	{ NULL, "prompt_image_tokens", { COMPONENT_INPUT_IMAGE, -1 }, NULL },
	{ "completion_tokens_details", "audio_tokens", { COMPONENT_OUTPUT_AUDIO, -1 }, NULL },
	{ "output_token_details", "audio_tokens", { COMPONENT_OUTPUT_AUDIO, -1 }, NULL },
	{ "completion_tokens_details", "image_tokens", { COMPONENT_OUTPUT_IMAGE, -1 }, NULL },

	{ "server_tool_use", "web_search_requests", { COMPONENT_SEARCHES, -1 }, NULL },
	{ "server_tool_use_details", "web_search_requests", { COMPONENT_SEARCHES, -1 }, NULL },
	{ NULL, "search_units", { COMPONENT_SEARCHES, -1 }, NULL },
	{ NULL, "pages_processed", { COMPONENT_PAGES, -1 }, NULL },
};

/* What Amazon counts of an invocation, whatever the body says. */
static const struct {
	const char *name;
	int parts[PARTS_MAX + 1];
} headers[] = {
	{ "x-amzn-bedrock-input-token-count", { INPUTS, -1 } },
	{ "x-amzn-bedrock-output-token-count", { OUTPUTS, -1 } },
	{ "x-amzn-bedrock-cache-read-input-token-count", { READS, -1 } },
	{ "x-amzn-bedrock-cache-write-input-token-count", { WRITES, -1 } },
};

/* The last object that has the word counts, or all of them; false: none has it. */
static bool told(const struct json *doc, const struct recorded *e, const char *group,
                 const char *key, int64_t *out)
{
	uint32_t objects = json_member(doc, 0, "usage_events");
	bool found = false;

	*out = 0;
	for (uint32_t u = json_first(doc, objects); u != JSON_NONE;
	     u = json_next(doc, objects, u)) {
		uint32_t in = group == NULL ? u : json_member(doc, u, group);
		int64_t count;

		if (json_type_of(doc, in) != JSON_OBJECT ||
		    !json_integer(doc, json_member(doc, in, key), &count))
			continue;
		*out = recorded_adds(e) ? *out + count : count;
		found = true;
	}
	return found;
}

static unsigned compare_words(struct recording *recording, struct exceptions *other,
                              const struct recorded *e)
{
	unsigned numbers = 0;

	assert_int_equal(json_parse(&recording->doc, e->row, NULL), 0);
	for (size_t w = 0; w < ROWS(words); w++) {
		char numbers_text[NUMBERS_BYTES], word[NUMBERS_BYTES];
		int64_t theirs, ours = 0;

		if ((words[w].but_api != NULL && strcmp(words[w].but_api, e->api) == 0) ||
		    !told(&recording->doc, e, words[w].group, words[w].key, &theirs))
			continue;
		numbers++;
		for (int i = 0; words[w].parts[i] >= 0; i++)
			ours += e->body.event.usage.count[words[w].parts[i]];
		if (ours == theirs)
			continue;
		snprintf(word, sizeof(word), "%s%s%s", words[w].group != NULL ? words[w].group : "",
		         words[w].group != NULL ? "." : "", words[w].key);
		snprintf(numbers_text, sizeof(numbers_text), "theirs %lld, ours %lld.",
		         (long long)theirs, (long long)ours);
		exception_happened(other, e->id, word, numbers_text);
	}
	return numbers;
}

static void test_a_word_of_the_provider_is_in_its_component(void **state)
{
	struct recording *recording = recording_of(state);
	struct exceptions other = EXCEPTIONS("words differ", differences);
	unsigned numbers = 0;

	for (size_t i = 0; i < recording->count; i++) {
		const struct recorded *e = &recording->rows[i];

		if (e->api != NULL && e->body.refusal.reason == REASON_NONE)
			numbers += compare_words(recording, &other, e);
	}
	printf("  %u numbers\n", numbers);
	assert_true(numbers > 0);
	exceptions_end(&other);
}

static unsigned compare_headers(struct recording *recording, const struct recorded *e)
{
	const struct json *doc = &recording->doc;
	unsigned numbers = 0;
	uint32_t object;

	assert_int_equal(json_parse(&recording->doc, e->row, NULL), 0);
	object = json_member(doc, 0, "headers");
	for (size_t h = 0; h < ROWS(headers); h++) {
		struct text text = json_string(doc, json_member(doc, object, headers[h].name));
		int64_t theirs, ours = 0;

		if (text.at == NULL)
			continue;
		assert_true(text_int(text, &theirs));
		numbers++;
		for (int c = 0; headers[h].parts[c] >= 0; c++)
			ours += e->body.event.usage.count[headers[h].parts[c]];
		if (ours != theirs)
			fail_msg("%.*s: %s says %lld, counted %lld", TEXT_ARGS(e->id),
			         headers[h].name, (long long)theirs, (long long)ours);
	}
	return numbers;
}

static void test_the_counts_of_the_headers_are_those_of_the_body(void **state)
{
	struct recording *recording = recording_of(state);
	unsigned numbers = 0;

	for (size_t i = 0; i < recording->count; i++) {
		const struct recorded *e = &recording->rows[i];

		if (e->api != NULL && e->body.refusal.reason == REASON_NONE)
			numbers += compare_headers(recording, e);
	}
	printf("  %u headers\n", numbers);
	assert_true(numbers > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_word_of_the_provider_is_in_its_component),
		cmocka_unit_test(test_the_counts_of_the_headers_are_those_of_the_body),
	};

	return cmocka_run_group_tests_name("words of recorded usage", tests, recording_setup,
	                                   recording_teardown);
}
