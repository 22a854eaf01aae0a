/* What `toll formats SHAPE` says of a shape: all of its table, in the words of the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "usage/format.h"
#include "usage/format_fields.h"

/* All rows of a shape, one a line: "field|prompt_tokens|input". */
struct rows {
	struct buf text;
	unsigned count[FORMAT_ROW_TOPICS];
};

static void add_row(void *context, enum format_row_topic topic, struct text name,
                    struct text meaning)
{
	struct rows *rows = context;

	assert_true(name.len > 0 && meaning.len > 0);
	assert_true(text_plain(name) && text_plain(meaning));
	buf_addf(&rows->text, "%s|%.*s|%.*s\n", event_format_topic(topic), TEXT_ARGS(name),
	         TEXT_ARGS(meaning));
	rows->count[topic]++;
}

static size_t index_of(const char *name)
{
	size_t index = 0;

	while (event_format_name(index) != NULL && strcmp(event_format_name(index), name) != 0)
		index++;
	if (event_format_name(index) == NULL)
		fail_msg("there is no shape %s", name);
	return index;
}

static void load(struct rows *rows, const char *name)
{
	buf_clear(&rows->text);
	memset(rows->count, 0, sizeof(rows->count));
	buf_add_cstr(&rows->text, "\n");
	assert_int_equal(event_format_rows(index_of(name), add_row, rows), 0);
}

static void expect(const struct rows *rows, const char *line)
{
	char whole[512];

	snprintf(whole, sizeof(whole), "\n%s\n", line);
	if (strstr(rows->text.at, whole) == NULL)
		fail_msg("\"%s\" is not in:\n%s", line, rows->text.at);
}

static const struct {
	const char *shape, *line;
} rows_due[] = {
	{ "openai.chat", "field|prompt_tokens|input, without cached_tokens, "
	                 "cache_write_tokens, audio_tokens, image_tokens, video_tokens" },
	{ "openai.chat",
	  "field|prompt_tokens_details.cached_tokens|cache_read; inside prompt_tokens" },
	{ "openai.chat", "field|cached_tokens|the same as "
	                 "prompt_tokens_details.cached_tokens; taken where there is no "
	                 "prompt_tokens_details.cached_tokens" },
	{ "openai.chat", "field|total_tokens|checked: prompt_tokens + completion_tokens" },
	{ "openai.chat",
	  "field|completion_tokens_details.rejected_prediction_tokens|not counted on "
	  "purpose" },
	{ "openai.chat", "field|prompt_token_details|another name of prompt_tokens_details" },
	{ "openai.chat", "holds|needed|prompt_tokens" },
	{ "openai.chat", "holds|sum|prompt_tokens + completion_tokens = total_tokens, "
	                 "where prompt_tokens and total_tokens are there" },
	{ "openai.chat", "holds|part|prompt_tokens_details.cached_tokens <= "
	                 "prompt_tokens" },
	{ "openai.chat", "stream|last|the last usage counts; one that only says less than "
	                 "the one before it is passed over" },
	{ "openai.chat", "from|x_groq.usage|the usage" },
	{ "openai.chat", "from|response.body.usage|the usage; each is a request of its "
	                 "own, they add up" },
	{ "openai.chat", "reading|reasoning-beside|reasoning is beside the answer, as in "
	                 "xai.chat" },
	{ "openai.responses",
	  "from|output[]|one of searches each, of type web_search_call, but not with the "
	  "action open_page, find_in_page, find" },
	{ "openai.images", "from|data[]|one of images_out each; where there is no usage" },
	{ "openai.realtime", "from|usage|the usage, where type is response.done; they "
	                     "add up to one request" },
	{ "openai.realtime", "stream|add|each usage is of a response of its own; they "
	                     "add up to one request" },
	{ "anthropic.messages", "stream|merge|of each number the last one that was sent "
	                        "counts; 0 is a value" },
	{ "anthropic.messages", "stream|rises|output_tokens: never less than before" },
	{ "anthropic.messages", "holds|sum|ephemeral_5m_input_tokens + ephemeral_1h_input_tokens = "
	                        "cache_creation_input_tokens, in each object" },
	{ "google.generate",
	  "field|promptTokensDetails|by modality: IMAGE input_image, VIDEO input_video, "
	  "AUDIO input_audio, DOCUMENT input_image; inside promptTokenCount" },
	{ "google.generate", "field|promptTokenCount|input, without "
	                     "cachedContentTokenCount, promptTokensDetails.AUDIO, .IMAGE, "
	                     ".VIDEO, .DOCUMENT; where it is missing, the sum of "
	                     "promptTokensDetails" },
	{ "google.generate", "holds|part|the sum of promptTokensDetails <= "
	                     "promptTokenCount" },
	{ "google.generate", "field|toolUsePromptTokensDetails|not counted by itself; "
	                     "inside toolUsePromptTokenCount" },
	{ "openai.realtime",
	  "field|input_token_details.cached_tokens_details.text_tokens|not counted by "
	  "itself; inside cached_tokens" },
	{ "google.predict", "from|predictions[]|one of images_out each, with bytesBase64Encoded or "
	                    "gcsUri, but not with raiFilteredReason; where there is no usage" },
	{ "google.generate", "from|candidates[].groundingMetadata.webSearchQueries|billed, and not "
	                     "counted: warns of (searches of a grounding)" },
	{ "bedrock.invoke", "from|headers|of the event line: counts that the body leaves out" },
	{ "bedrock.invoke", "field|headers.x-amzn-bedrock-input-token-count|another name "
	                    "of inputTokenCount; digits in a string" },
	{ "bedrock.invoke", "from|.|the usage: the object itself, where it has "
	                    "inputTextTokenCount" },
	{ "bedrock.invoke", "field|results|the sum of tokenCount: another name of outputTokens" },
	{ "cohere.embed", "field|billed_units.images|images_in" },
	{ "cohere.embed", "field|billed_units.classifications|billed, and of no component: "
	                  "it warns, and is refused where it is all there is" },
	{ "cohere.embed", "holds|needed|billed_units.input_tokens, input_tokens, "
	                  "image_tokens, total_tokens or images" },
	{ "bedrock.converse",
	  "field|cacheDetails|by lifetime: 5m cache_write_5m, 1h cache_write_1h; another "
	  "warns; inside cacheWriteInputTokens" },
	{ "bedrock.converse",
	  "field|cacheWriteInputTokens|cache_write, without cacheDetails.5m, .1h; where it "
	  "is missing, the sum of cacheDetails" },
	{ "bedrock.converse", "holds|sum|the sum of cacheDetails = cacheWriteInputTokens, "
	                      "in each object" },
	{ "deepseek.chat", "holds|mirror|prompt_cache_hit_tokens + "
	                   "prompt_cache_miss_tokens = prompt_tokens, where "
	                   "prompt_cache_hit_tokens, prompt_cache_miss_tokens and "
	                   "prompt_tokens are there" },
	{ "groq.chat", "from|usage_breakdown.models|the usage once more by model: what "
	               "other models did becomes events of their own" },
	{ "google.live", "from|usageMetadata|the usage, where there are no candidates" },
	{ "openai.audio", "field|seconds|seconds; of a fraction there are several readings" },
	{ "groq.chat", "from|x_groq.usage_breakdown.models|the usage once more by model: what "
	               "other models did becomes events of their own" },
	{ "openai.batch", "from|request_counts.completed|requests; the usage beside it is their "
	                  "sum" },
	{ "xai.chat", "from|usage: cost_in_usd_ticks|upstream_cost, in USD of 10^-10" },
	{ "xai.chat", "field|completion_tokens_details.reasoning_tokens|reasoning" },
	{ "xai.responses",
	  "field|output_tokens_details.reasoning_tokens|reasoning; inside output_tokens" },
	{ "openrouter.chat", "holds|calls|tool_calls_executed <= web_search_requests, "
	                     "else it warns" },
	{ "ollama.chat", "from|.|the usage: the object itself" },
	{ "toll", "holds|needed|any count" },
	{ "toll", "field|cache_read|cache_read" },
};

static void test_what_each_kind_of_row_says(void **state)
{
	struct rows rows = { .text = { .at = NULL } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows_due) / sizeof(rows_due[0]); i++) {
		load(&rows, rows_due[i].shape);
		expect(&rows, rows_due[i].line);
	}
	buf_release(&rows.text);
}

static size_t words_that_lead(const struct usage_format *format)
{
	size_t count = 0;

	for (size_t i = 0; i < format->word_count; i++) {
		const struct usage_word *word = &format->words[i];
		bool first = word->kind == WORD_GROUP;

		for (size_t other = 0; other < i && first; other++)
			first = format->words[other].kind != WORD_GROUP ||
			        format->words[other].slot != word->slot;
		count += first;
	}
	return count;
}

/* Each word but those that only lead to others, each path and reading, each component. */
static void test_nothing_of_a_table_is_left_out(void **state)
{
	struct rows rows = { .text = { .at = NULL } };

	(void)state;
	for (size_t i = 0; event_format_name(i) != NULL; i++) {
		const struct usage_format *format = format_find(text_of(event_format_name(i)));
		size_t from = format->path_count + (format->headers != 0) +
		              (format->requests != NULL) + (format->split[0] != NULL) +
		              (format->split[1] != NULL) + format->item_count +
		              format->beside_count + (format->cost.path != NULL);

		load(&rows, format->name);
		assert_int_equal(rows.count[FORMAT_ROW_FROM], from);
		assert_int_equal(rows.count[FORMAT_ROW_FIELD],
		                 format->word_count - words_that_lead(format));
		assert_true(rows.count[FORMAT_ROW_STREAM] >= 1);
		assert_true(rows.count[FORMAT_ROW_HOLDS] >= 1);
		assert_int_equal(rows.count[FORMAT_ROW_READING],
		                 format->reading_count + (format->reading_count > 0));
		assert_null(strstr(rows.text.at, " ;"));
		assert_null(strstr(rows.text.at, ": \n"));
		assert_null(strstr(rows.text.at, "  "));
	}
	buf_release(&rows.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_each_kind_of_row_says),
		cmocka_unit_test(test_nothing_of_a_table_is_left_out),
	};

	return cmocka_run_group_tests_name("format fields", tests, NULL, NULL);
}
