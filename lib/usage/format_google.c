/*
 * Google.  Source: python-genai google/genai/types.py, UsageMetadata; ai.google.dev Interactions
 * API, Live API; Vertex AI predict.
 *
 * generateContent:
 * promptTokenCount includes cachedContentTokenCount and excludes toolUsePromptTokenCount;
 * candidatesTokenCount excludes thoughtsTokenCount; total = prompt + candidates + toolUse
 * + thoughts.  Every chunk of a stream repeats the usage: the last one counts, and its total
 * is the largest (its parts are not: thoughts were seen to fall and candidates to rise).
 * The *TokensDetails split by modality; a document is counted as image.  What a split leaves
 * over is text; so is cached content that was not split.
 */
#include "usage/format.h"

enum {
	P = 1,
	C,
	T,
	CR,
	R,
	U,
	P_TEXT,
	P_IMAGE,
	P_VIDEO,
	P_AUDIO,
	P_DOCUMENT,
	CR_TEXT,
	CR_IMAGE,
	CR_VIDEO,
	CR_AUDIO,
	CR_DOCUMENT,
	C_TEXT,
	C_IMAGE,
	C_VIDEO,
	C_AUDIO,
	C_DOCUMENT,
	U_TEXT,
	U_IMAGE,
	U_VIDEO,
	U_AUDIO,
	U_DOCUMENT,
};

#define GENERATE_WORDS                                                                             \
	WORD(0, "promptTokenCount", WORD_COUNT, P),                                                \
		WORD(0, "candidatesTokenCount", WORD_COUNT, C),                                    \
		WORD(0, "totalTokenCount", WORD_COUNT, T),                                         \
		WORD(0, "cachedContentTokenCount", WORD_COUNT, CR),                                \
		WORD(0, "thoughtsTokenCount", WORD_COUNT, R),                                      \
		WORD(0, "toolUsePromptTokenCount", WORD_COUNT, U),                                 \
		WORD(0, "promptTokensDetails", WORD_MODALITIES, P_TEXT),                           \
		WORD(0, "promptTokenDetails", WORD_MODALITIES, P_TEXT), /* of embeddings */        \
		WORD(0, "cacheTokensDetails", WORD_MODALITIES, CR_TEXT),                           \
		WORD(0, "candidatesTokensDetails", WORD_MODALITIES, C_TEXT),                       \
		WORD(0, "toolUsePromptTokensDetails", WORD_MODALITIES,                             \
	             U_TEXT), /* all input_tool */                                                 \
		WORD(0, "trafficType", WORD_KNOWN, 0), WORD(0, "serviceTier", WORD_KNOWN, 0)

static const struct usage_word words[] = { GENERATE_WORDS };

static const struct usage_share shares[] = {
	{ COMPONENT_INPUT,
	  { P, -CR, -P_AUDIO, CR_AUDIO, -P_IMAGE, CR_IMAGE, -P_VIDEO, CR_VIDEO, -P_DOCUMENT,
	    CR_DOCUMENT } },
	{ COMPONENT_INPUT_AUDIO, { P_AUDIO, -CR_AUDIO } },
	{ COMPONENT_INPUT_IMAGE, { P_IMAGE, -CR_IMAGE, P_DOCUMENT, -CR_DOCUMENT } },
	{ COMPONENT_INPUT_VIDEO, { P_VIDEO, -CR_VIDEO } },
	{ COMPONENT_INPUT_TOOL, { U } },
	{ COMPONENT_CACHE_READ, { CR, -CR_AUDIO, -CR_IMAGE, -CR_VIDEO, -CR_DOCUMENT } },
	{ COMPONENT_CACHE_READ_AUDIO, { CR_AUDIO } },
	{ COMPONENT_CACHE_READ_IMAGE, { CR_IMAGE, CR_DOCUMENT } },
	{ COMPONENT_CACHE_READ_VIDEO, { CR_VIDEO } },
	{ COMPONENT_OUTPUT, { C, -C_AUDIO, -C_IMAGE, -C_VIDEO, -C_DOCUMENT } },
	{ COMPONENT_REASONING, { R } },
	{ COMPONENT_OUTPUT_AUDIO, { C_AUDIO } },
	{ COMPONENT_OUTPUT_IMAGE, { C_IMAGE, C_DOCUMENT } },
	{ COMPONENT_OUTPUT_VIDEO, { C_VIDEO } },
};

static const struct usage_identity identities[] = {
	{ { P, C, U, R },
	  T,
	  { T },
	  false }, /* the total alone tells nothing: it must not be free */
};

static const struct usage_part parts[] = {
	{ { CR }, P, true },
	{ { P_TEXT, P_IMAGE, P_VIDEO, P_AUDIO, P_DOCUMENT }, P, true },
	{ { CR_TEXT, CR_IMAGE, CR_VIDEO, CR_AUDIO, CR_DOCUMENT }, CR, true },
	{ { C_TEXT, C_IMAGE, C_VIDEO, C_AUDIO, C_DOCUMENT }, C, true },
	{ { U_TEXT, U_IMAGE, U_VIDEO, U_AUDIO, U_DOCUMENT }, U, true },
};

static const struct usage_rise rises[] = { { T, false } };

/* A split without its whole. */
static const struct usage_fallback fallbacks[] = {
	{ P, { P_TEXT, P_IMAGE, P_VIDEO, P_AUDIO, P_DOCUMENT } },
	{ CR, { CR_TEXT, CR_IMAGE, CR_VIDEO, CR_AUDIO, CR_DOCUMENT } },
	{ C, { C_TEXT, C_IMAGE, C_VIDEO, C_AUDIO, C_DOCUMENT } },
	{ U, { U_TEXT, U_IMAGE, U_VIDEO, U_AUDIO, U_DOCUMENT } },
};

static const struct usage_path paths[] = {
	{ "usageMetadata", NULL, ADDS_NONE, NULL },
	/* A line of a batch's results, as the Gemini API and as Vertex AI has it; and a stream of
	 * the same form (Code Assist). */
	{ "response.usageMetadata", NULL, ADDS_REQUESTS, "key" },
	{ "response.usageMetadata", NULL, ADDS_REQUESTS, "request" },
	{ "response.usageMetadata", NULL, ADDS_NONE, NULL },
};

/* Of the Gemini API some older answers had the tools' part inside the prompt. */
static const struct usage_reading readings[] = {
	{
		.name = "tools-inside",
		.why = "what tools put into the prompt is inside it",
		.needs = { U },
		.share_count = 1,
		.shares = { { COMPONENT_INPUT,
	                      { P, -CR, -U, -P_AUDIO, CR_AUDIO, -P_IMAGE, CR_IMAGE, -P_VIDEO,
	                        CR_VIDEO, -P_DOCUMENT, CR_DOCUMENT } } },
		.sum = { P, C, R },
		.total = T,
	},
	{
		.name = "thoughts-inside",
		.why = "thoughts are inside the candidates",
		.needs = { R },
		.share_count = 1,
		.shares = { { COMPONENT_OUTPUT,
	                      { C, -R, -C_AUDIO, -C_IMAGE, -C_VIDEO, -C_DOCUMENT } } },
		.sum = { P, C, U },
		.total = T,
	},
};

/* Live was seen to tell thoughts that its total leaves out. */
static const struct usage_reading live_readings[] = {
	{
		.name = "thoughts-none",
		.why = "thoughts are told beside a total that leaves them out, and are not billed",
		.needs = { R },
		.share_count = 1,
		.shares = { { COMPONENT_REASONING, { 0 } } },
		.sum = { P, C, U },
		.total = T,
	},
};

#define GENERATE_RULES                                                                             \
	LIST(shares, share_count, shares), LIST(identities, identity_count, identities),           \
		LIST(parts, part_count, parts), LIST(fallbacks, fallback_count, fallbacks)

/* Google bills the searches of an answer by the answer or by the search, as the model is. */
static const struct usage_beside groundings[] = {
	{ "candidates[].groundingMetadata.webSearchQueries", NULL, "(searches of a grounding)" },
	{ "response.candidates[].groundingMetadata.webSearchQueries", NULL,
	  "(searches of a grounding)" },
	{ "serverContent.groundingMetadata.webSearchQueries", NULL, "(searches of a grounding)" },
};

const struct usage_format format_google_generate = {
	.name = "google.generate",
	.fold = FOLD_LAST,
	.steps = true,
	.needs_one = { P, T },
	LIST(words, word_count, words),
	LIST(paths, path_count, paths),
	GENERATE_RULES,
	LIST(readings, reading_count, readings),
	LIST(rises, rise_count, rises),
	LIST(besides, beside_count, groundings),
};

/* Live: the answer is called response; each turn's usage is of that turn, and they add up. */
static const struct usage_word live_words[] = {
	GENERATE_WORDS,
	WORD(0, "responseTokenCount", WORD_COUNT, C),
	WORD(0, "responseTokensDetails", WORD_MODALITIES, C_TEXT),
};

/* generateContent's chunks have candidates, and their usage does not add up. */
static const struct usage_path live_paths[] = {
	{ "usageMetadata", NULL, ADDS_NONE, "!candidates" },
};

const struct usage_format format_google_live = {
	.name = "google.live",
	.fold = FOLD_ADD,
	.needs_one = { P, T },
	LIST(words, word_count, live_words),
	LIST(paths, path_count, live_paths),
	GENERATE_RULES,
	LIST(readings, reading_count, live_readings),
	LIST(besides, beside_count, groundings),
};

/* Interactions: the same numbers under other names. */
static const struct usage_word interactions_words[] = {
	WORD(0, "total_input_tokens", WORD_COUNT, P),
	WORD(0, "total_output_tokens", WORD_COUNT, C),
	WORD(0, "total_tokens", WORD_COUNT, T),
	WORD(0, "total_cached_tokens", WORD_COUNT, CR),
	WORD(0, "total_thought_tokens", WORD_COUNT, R),
	WORD(0, "total_tool_use_tokens", WORD_COUNT, U),
	WORD(0, "input_tokens_by_modality", WORD_MODALITIES, P_TEXT),
	WORD(0, "cached_tokens_by_modality", WORD_MODALITIES, CR_TEXT),
	WORD(0, "output_tokens_by_modality", WORD_MODALITIES, C_TEXT),
	WORD(0, "tool_use_tokens_by_modality", WORD_MODALITIES, U_TEXT),
};

static const struct usage_path interactions_paths[] = {
	{ "usage", NULL, ADDS_NONE, NULL },
	{ "interaction.usage", NULL, ADDS_NONE, NULL },
	{ "metadata.usage", NULL, ADDS_NONE, NULL },
};

const struct usage_format format_google_interactions = {
	.name = "google.interactions",
	.fold = FOLD_LAST,
	.needs_one = { P, T },
	LIST(words, word_count, interactions_words),
	LIST(paths, path_count, interactions_paths),
	GENERATE_RULES,
	LIST(readings, reading_count, readings),
	LIST(rises, rise_count, rises),
};

/*
 * predict: an embedding tells its tokens by prediction, and they add up, in one request; Imagen
 * tells nothing, and its images are counted.
 */
static const struct usage_word predict_words[] = {
	WORD(0, "token_count", WORD_COUNT, P),
	WORD(0, "promptTokenCount", WORD_COUNT, P),
	WORD(0, "promptTokensDetails", WORD_MODALITIES, P_TEXT),
	WORD(0, "promptTokenDetails", WORD_MODALITIES, P_TEXT),
};

static const struct usage_path predict_paths[] = {
	{ "predictions[].embeddings.statistics", NULL, ADDS_PARTS, NULL },
	{ "usageMetadata", NULL, ADDS_NONE, NULL },
};

static const struct usage_item predict_items[] = {
	{ "predictions",
	  NULL,
	  COMPONENT_IMAGES_OUT,
	  { NULL },
	  { "bytesBase64Encoded", "gcsUri" },
	  "raiFilteredReason",
	  true },
};

const struct usage_format format_google_predict = {
	.name = "google.predict",
	.fold = FOLD_LAST,
	.part_key = "token_count",
	.needs_one = { P },
	.embeds = true,
	LIST(words, word_count, predict_words),
	LIST(paths, path_count, predict_paths),
	LIST(shares, share_count, shares),
	LIST(parts, part_count, parts),
	LIST(fallbacks, fallback_count, fallbacks),
	LIST(items, item_count, predict_items),
};
