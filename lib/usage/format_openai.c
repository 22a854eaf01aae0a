/*
 * OpenAI's shapes.  Sources: openai-python types/completion_usage.py,
 * types/responses/response_usage.py, types/create_embedding_response.py,
 * types/images_response.py, types/audio/transcription.py,
 * types/realtime/realtime_response_usage.py, types/batch_usage.py.
 */
#include "usage/format_openai.h"

const struct usage_share openai_shares[OPENAI_SHARES] = {
	{ COMPONENT_INPUT, { P, -CR, -CW, -AI, -II, -VI } },
	PROMPT_SHARES,
	{ COMPONENT_INPUT_TOOL, { TOOL } },
	{ COMPONENT_OUTPUT, { C, -R, -AO, -IO } },
	{ COMPONENT_REASONING, { R } },
	ANSWER_SHARES,
	{ COMPONENT_SEARCHES, { SEARCH } },
	{ COMPONENT_SECONDS, { SECOND } },
};

const struct usage_identity openai_identities[OPENAI_IDENTITIES] = {
	{ { P, C }, T, { P, T }, false },
	{ { CR_TOP }, CR, { CR, CR_TOP }, true },
	{ { CR_OLD }, CR, { CR, CR_OLD }, true },
};

const struct usage_part openai_parts[OPENAI_PARTS] = {
	{ { CR }, P, false },
	{ { CW }, P, false },
	{ { R }, C, false },
	{ { AO }, C, false },
};

const struct usage_rise openai_rises[3] = { { P, false }, { C, false }, { T, false } };

const struct usage_fallback openai_fallbacks[2] = { { CR, { CR_TOP } }, { CR, { CR_OLD } } };

/* How the copies differ (FIELD.md 4.4): each was seen in recorded traffic. */
const struct usage_reading openai_readings[OPENAI_READINGS] = {
	{
		.name = "reasoning-beside",
		.why = "reasoning is beside the answer, as in xai.chat",
		.needs = { R },
		.share_count = 1,
		.shares = { { COMPONENT_OUTPUT, { C, -AO, -IO } } },
		.sum = { P, C, R },
		.total = T,
	},
	{
		.name = "rest-is-reasoning",
		.why = "what the total has more than prompt and answer is reasoning, as Gemini's "
		       "copy has it",
		.needs = { T },
		.without = R,
		.share_count = 1,
		.shares = { { COMPONENT_REASONING, { T, -P, -C } } },
	},
	{
		.name = "cached-beside",
		.why = "cached tokens are beside the prompt, and the total leaves them out",
		.needs = { CR },
		.without = CW,
		.share_count = 1,
		.shares = { { COMPONENT_INPUT, { P, -CW, -AI, -II, -VI } } },
		.sum = { P, C },
		.total = T,
	},
	{
		.name = "cached-beside",
		.why = "cached tokens are beside the prompt, and the total has them",
		.needs = { CR },
		.without = CW,
		.share_count = 1,
		.shares = { { COMPONENT_INPUT, { P, -CW, -AI, -II, -VI } } },
		.sum = { P, C, CR },
		.total = T,
	},
	{
		.name = "audio-beside",
		.why = "audio is beside the prompt, as in mistral.chat",
		.needs = { AI },
		.share_count = 1,
		.shares = { { COMPONENT_INPUT, { P, -CR, -CW, -II, -VI } } },
		.sum = { P, C, AI },
		.total = T,
	},
	PROMPT_AUDIO_READINGS,
	PROMPT_READINGS,
	CACHED_NONE_IF_WRITTEN,
	REASONING_READINGS,
	ANSWER_READINGS,
};

const struct usage_path chat_paths[CHAT_PATHS] = {
	{ "usage", NULL, ADDS_NONE, NULL },
	{ "x_groq.usage", NULL, ADDS_NONE, NULL },
	{ "choices[].usage", NULL, ADDS_NONE, NULL },
	{ "response.body.usage", NULL, ADDS_REQUESTS, NULL },
	{ "outputs[].response.body.usage", NULL, ADDS_REQUESTS, NULL },
};

static const struct usage_word chat_words[] = { CHAT_WORDS, COST_WORDS, TIME_WORDS };

const struct usage_format format_openai_chat = {
	.name = "openai.chat",
	CHAT_RULES,
	LIST(words, word_count, chat_words),
	LIST(paths, path_count, chat_paths),
	.split = { "usage_breakdown.models", "x_groq.usage_breakdown.models" },
	.cost = { "cost", 0 },
};

/* The older Completions: the same numbers. */
const struct usage_format format_openai_completions = {
	.name = "openai.completions",
	CHAT_RULES,
	LIST(words, word_count, chat_words),
	LIST(paths, path_count, chat_paths),
};

/*
 * Responses: the same meaning under other names.  Searches are not in usage; they are
 * output items of the response, one "web_search_call" each, however many queries it
 * holds.  "Search actions incur a tool call cost" (OpenAI, Web search); opening a page
 * and finding in one do not.  An item without an action is from before there were
 * others than search; one of an action nobody knows is counted, not free.
 *
 * context_details: xAI repeats the two totals there.
 * num_sources_used and num_server_side_tools_used of xAI are billed things that are not
 * counted here: they stay unknown, so they warn.
 */
#define RESPONSES_ROOT                                                                             \
	WORD(ROOT, "input_tokens", WORD_COUNT, P), WORD(ROOT, "output_tokens", WORD_COUNT, C),     \
		WORD(ROOT, "input_tokens_details", WORD_GROUP, PROMPT),                            \
		WORD(ROOT, "output_tokens_details", WORD_GROUP, ANSWER),                           \
		WORD(ROOT, "context_details", WORD_KNOWN, 0)
#define RESPONSES_WORDS                                                                            \
	RESPONSES_ROOT, WORD(ROOT, "total_tokens", WORD_COUNT, T),                                 \
		WORD(PROMPT, "cached_tokens", WORD_COUNT, CR),                                     \
		WORD(PROMPT, "cache_write_tokens", WORD_COUNT, CW),                                \
		WORD(PROMPT, "audio_tokens", WORD_COUNT, AI),                                      \
		WORD(PROMPT, "image_tokens", WORD_COUNT, II),                                      \
		WORD(PROMPT, "text_tokens", WORD_KNOWN, 0),                                        \
		WORD(ANSWER, "reasoning_tokens", WORD_COUNT, R),                                   \
		WORD(ANSWER, "audio_tokens", WORD_COUNT, AO),                                      \
		WORD(ANSWER, "image_tokens", WORD_COUNT, IO),                                      \
		WORD(ANSWER, "text_tokens", WORD_KNOWN, 0)

static const struct usage_word responses_words[] = { RESPONSES_WORDS, COST_WORDS };

static const struct usage_path responses_paths[] = {
	{ "usage", NULL, ADDS_NONE, NULL },
	{ "response.usage", NULL, ADDS_NONE, NULL },
	{ "response.body.usage", NULL, ADDS_REQUESTS, NULL },
};

/* openai-python types/responses/response_function_web_search.py; "find" is the older name. */
#define SEARCH_ITEM(array)                                                                         \
	{                                                                                          \
		array, "web_search_call", COMPONENT_SEARCHES,                                      \
			{ "open_page", "find_in_page", "find" }, { NULL }, NULL, false             \
	}
static const struct usage_item responses_items[] = {
	SEARCH_ITEM("output"),
	SEARCH_ITEM("response.output"),
	SEARCH_ITEM("response.body.output"),
};

/* A tool draws with a model of its own, which the response does not name. */
static const struct usage_beside responses_besides[] = {
	{ "tool_usage.image_gen", NULL, "(images that a tool drew)" },
	{ "response.tool_usage.image_gen", NULL, "(images that a tool drew)" },
	{ "response.body.tool_usage.image_gen", NULL, "(images that a tool drew)" },
};

const struct usage_format format_openai_responses = {
	.name = "openai.responses",
	.searches = "web_search",
	CHAT_RULES,
	LIST(besides, beside_count, responses_besides),
	LIST(words, word_count, responses_words),
	LIST(paths, path_count, responses_paths),
	LIST(items, item_count, responses_items),
	.cost = { "cost", 0 },
};

/*
 * A line of a batch's results may be of any endpoint, and the batch itself sums them up in the
 * words of Responses.
 */
static const struct usage_word batch_words[] = { CHAT_WORDS, RESPONSES_ROOT, COST_WORDS };

static const struct usage_path batch_paths[] = {
	{ "response.body.usage", NULL, ADDS_REQUESTS, NULL },
	{ "outputs[].response.body.usage", NULL, ADDS_REQUESTS, NULL },
	{ "usage", NULL, ADDS_NONE, NULL },
};

const struct usage_format format_openai_batch = {
	.name = "openai.batch",
	.requests = "request_counts.completed",
	.searches = "web_search",
	CHAT_RULES,
	LIST(words, word_count, batch_words),
	LIST(paths, path_count, batch_paths),
	LIST(items, item_count, responses_items),
};

/* xAI: num_sources_used and the tools are billed; what is no web or X search warns. */
static const struct usage_word xai_responses_words[] = {
	RESPONSES_WORDS,
	COST_WORDS,
	WORD(ROOT, "server_side_tool_usage_details", WORD_GROUP, OTHER),
	/* The sum of the details, where those are there. */
	WORD(OTHER, "web_search_calls", WORD_COUNT, SEARCH),
};

const struct usage_format format_xai_responses = {
	.name = "xai.responses",
	.searches = "web_search",
	CHAT_RULES,
	LIST(words, word_count, xai_responses_words),
	LIST(paths, path_count, responses_paths),
	.cost = { "cost_in_usd_ticks", 10 },
};

/*
 * Embeddings: all of it is input; some send total_tokens alone (Voyage), rerankers too.  An
 * answer, which is always 0 where it is sent, is refused by the identity.
 */
static const struct usage_word embed_words[] = {
	WORD(ROOT, "prompt_tokens", WORD_COUNT, P),
	WORD(ROOT, "total_tokens", WORD_COUNT, T),
	WORD(ROOT, "completion_tokens", WORD_COUNT, C),
	WORD(ROOT, "prompt_tokens_details", WORD_GROUP, PROMPT),
	WORD(PROMPT, "image_tokens", WORD_COUNT, II),
	WORD(PROMPT, "audio_tokens", WORD_COUNT, AI),
	WORD(PROMPT, "video_tokens", WORD_COUNT, VI),
	WORD(PROMPT, "text_tokens", WORD_KNOWN, 0),
	COST_WORDS,
};

static const struct usage_share embed_shares[] = {
	{ COMPONENT_INPUT, { P, -AI, -II, -VI } },
	{ COMPONENT_INPUT_AUDIO, { AI } },
	{ COMPONENT_INPUT_IMAGE, { II } },
	{ COMPONENT_INPUT_VIDEO, { VI } },
};

static const struct usage_identity embed_identities[] = {
	{ { P }, T, { P, T }, true },
	{ { P, C }, P, { P, C }, true },
};

static const struct usage_fallback embed_fallbacks[] = { { P, { T } } };

static const struct usage_reading embed_readings[] = {
	PROMPT_AUDIO_READINGS,
	PROMPT_IMAGE_READINGS,
	PROMPT_VIDEO_READINGS,
};

const struct usage_format format_openai_embeddings = {
	.name = "openai.embeddings",
	.fold = FOLD_LAST,
	.needs_one = { P, T },
	LIST(words, word_count, embed_words),
	LIST(paths, path_count, chat_paths),
	LIST(shares, share_count, embed_shares),
	LIST(identities, identity_count, embed_identities),
	LIST(readings, reading_count, embed_readings),
	LIST(rises, rise_count, openai_rises),
	LIST(fallbacks, fallback_count, embed_fallbacks),
	.cost = { "cost", 0 },
};

/*
 * Images: input_tokens = text + image; of the answer what is not told to be text is image.
 * DALL-E and its copies have no usage: the elements of `data` are counted.
 */
static const struct usage_word images_words[] = {
	WORD(ROOT, "input_tokens", WORD_COUNT, P),
	WORD(ROOT, "output_tokens", WORD_COUNT, C),
	WORD(ROOT, "total_tokens", WORD_COUNT, T),
	WORD(ROOT, "input_tokens_details", WORD_GROUP, PROMPT),
	WORD(ROOT, "output_tokens_details", WORD_GROUP, ANSWER),
	WORD(PROMPT, "image_tokens", WORD_COUNT, II),
	WORD(PROMPT, "text_tokens", WORD_KNOWN, 0),
	WORD(PROMPT, "cached_tokens", WORD_COUNT, CR),
	WORD(ANSWER, "text_tokens", WORD_COUNT, R), /* the slot: text, not reasoning */
	WORD(ANSWER, "image_tokens", WORD_COUNT, IO),
	COST_WORDS,
};

static const struct usage_share images_shares[] = {
	{ COMPONENT_INPUT, { P, -II, -CR } },  { COMPONENT_INPUT_IMAGE, { II } },
	{ COMPONENT_CACHE_READ, { CR } },      { COMPONENT_OUTPUT, { R } },
	{ COMPONENT_OUTPUT_IMAGE, { C, -R } },
};

static const struct usage_identity images_identities[] = {
	{ { P, C }, T, { P, C, T }, false },
	{ { R, IO }, C, { R, IO, C }, false },
};

static const struct usage_reading images_readings[] = {
	PROMPT_IMAGE_READINGS,
	CACHED_READINGS,
	CACHED_NONE,
	PART_READING("text-is-all", "all of the answer is text, and no more than that", R, 0, 0),
	PART_READING("text-is-none", "what is told as text of the answer is images", -R, 0, 0),
};

static const struct usage_path images_paths[] = {
	{ "usage", NULL, ADDS_NONE, NULL },
	{ "response.body.usage", NULL, ADDS_REQUESTS, NULL },
};

static const struct usage_item images_items[] = {
	{ "data", NULL, COMPONENT_IMAGES_OUT, { NULL }, { NULL }, NULL, true },
	{ "response.body.data", NULL, COMPONENT_IMAGES_OUT, { NULL }, { NULL }, NULL, true },
};

const struct usage_format format_openai_images = {
	.name = "openai.images",
	.fold = FOLD_LAST,
	.needs_one = { P, T },
	LIST(words, word_count, images_words),
	LIST(paths, path_count, images_paths),
	LIST(shares, share_count, images_shares),
	LIST(identities, identity_count, images_identities),
	LIST(readings, reading_count, images_readings),
	LIST(rises, rise_count, openai_rises),
	LIST(items, item_count, images_items),
};

/*
 * Transcription: {"type":"tokens"} counts tokens, {"type":"duration"} seconds.  Mistral's, which
 * has the same endpoint, has Chat's words, its audio tokens beside the prompt, and its seconds.
 */
enum {
	MISTRAL_P = OPENAI_SLOTS,
	MISTRAL_C,
	MISTRAL_AUDIO,
	SECONDS, /* these three in the order of enum fraction */
	SECONDS_ANY,
	SECONDS_HALF
};
enum { AUDIO_MISTRAL = 6 };

static const struct usage_word audio_words[] = {
	WORD(ROOT, "input_tokens", WORD_COUNT, P),
	WORD(ROOT, "output_tokens", WORD_COUNT, C),
	WORD(ROOT, "total_tokens", WORD_COUNT, T),
	WORD(ROOT, "seconds", WORD_FRACTION, SECONDS),
	WORD(ROOT, "input_token_details", WORD_GROUP, PROMPT),
	WORD(PROMPT, "audio_tokens", WORD_COUNT, AI),
	WORD(PROMPT, "text_tokens", WORD_KNOWN, 0),
	WORD(ROOT, "prompt_tokens", WORD_COUNT, MISTRAL_P),
	WORD(ROOT, "completion_tokens", WORD_COUNT, MISTRAL_C),
	WORD(ROOT, "prompt_audio_seconds", WORD_FRACTION, SECONDS),
	WORD(ROOT, "prompt_tokens_details", WORD_GROUP, AUDIO_MISTRAL),
	WORD(ROOT, "request_count", WORD_KNOWN, 0),
	WORD(AUDIO_MISTRAL, "audio_tokens", WORD_COUNT, MISTRAL_AUDIO),
};

static const struct usage_share audio_shares[] = {
	{ COMPONENT_INPUT, { P, -AI, MISTRAL_P } },
	{ COMPONENT_INPUT_AUDIO, { AI, MISTRAL_AUDIO } },
	{ COMPONENT_OUTPUT, { C, MISTRAL_C } },
	{ COMPONENT_SECONDS, { SECONDS } },
};

static const struct usage_identity audio_identities[] = {
	{ { P, C }, T, { P, T }, false },
	{ { MISTRAL_P, MISTRAL_C, MISTRAL_AUDIO }, T, { MISTRAL_P, T }, false },
};

#define SECONDS_READING(reading_name, reading_why, ...)                                            \
	{                                                                                          \
		.name = reading_name, .why = reading_why, .needs = { SECONDS_ANY },                \
		.share_count = 1, .shares = { { COMPONENT_SECONDS, { __VA_ARGS__ } } },            \
		.rounds = true                                                                     \
	}
static const struct usage_reading audio_readings[] = {
	PROMPT_AUDIO_READINGS,
	{
		.name = "rest-is-audio",
		.why = "what the total has more than prompt and answer is audio",
		.needs = { T, SECONDS },
		.without = MISTRAL_AUDIO,
		.share_count = 1,
		.shares = { { COMPONENT_INPUT_AUDIO, { T, -MISTRAL_P, -MISTRAL_C } } },
	},
	SECONDS_READING("seconds-up", "a second that was begun is a whole one", SECONDS,
	                SECONDS_ANY),
	SECONDS_READING("seconds-nearest", "half a second and more is a whole one", SECONDS,
	                SECONDS_HALF),
	SECONDS_READING("seconds-down", "a second counts when it is over", SECONDS),
};

/* Speech, which its usage does not call audio: a book may have a rate of its own for that. */
static const struct usage_beside audio_besides[] = {
	{ "usage", "speech.audio.done", "(an answer of speech, counted as output)" },
};

static const struct usage_path audio_paths[] = { { "usage", NULL, ADDS_NONE, NULL } };

const struct usage_format format_openai_audio = {
	.name = "openai.audio",
	.fold = FOLD_LAST,
	.needs_one = { P, SECONDS, MISTRAL_P },
	LIST(words, word_count, audio_words),
	LIST(paths, path_count, audio_paths),
	LIST(shares, share_count, audio_shares),
	LIST(identities, identity_count, audio_identities),
	LIST(readings, reading_count, audio_readings),
	LIST(rises, rise_count, openai_rises),
	LIST(besides, beside_count, audio_besides),
};

/*
 * Realtime: a session is many responses, each with a usage of its own; they add up to one request,
 * as the gateway saw one session.  Cached tokens are split by modality where they are split at all.
 * xAI's voice bills seconds beside.
 */
enum { CR_TEXT = OPENAI_SLOTS, CR_AUDIO, CR_IMAGE };

static const struct usage_word realtime_words[] = {
	WORD(ROOT, "input_tokens", WORD_COUNT, P),
	WORD(ROOT, "output_tokens", WORD_COUNT, C),
	WORD(ROOT, "total_tokens", WORD_COUNT, T),
	WORD(ROOT, "input_token_details", WORD_GROUP, PROMPT),
	WORD(ROOT, "output_token_details", WORD_GROUP, ANSWER),
	WORD(ROOT, "output_audio_seconds", WORD_KNOWN, 0),
	WORD(ROOT, "billable_audio_seconds", WORD_COUNT, SECOND),
	WORD(PROMPT, "text_tokens", WORD_KNOWN, 0),
	WORD(PROMPT, "audio_tokens", WORD_COUNT, AI),
	WORD(PROMPT, "image_tokens", WORD_COUNT, II),
	WORD(PROMPT, "cached_tokens", WORD_COUNT, CR),
	WORD(PROMPT, "cached_tokens_details", WORD_GROUP, OTHER),
	WORD(OTHER, "text_tokens", WORD_COUNT, CR_TEXT),
	WORD(OTHER, "audio_tokens", WORD_COUNT, CR_AUDIO),
	WORD(OTHER, "image_tokens", WORD_COUNT, CR_IMAGE),
	WORD(ANSWER, "text_tokens", WORD_KNOWN, 0),
	WORD(ANSWER, "audio_tokens", WORD_COUNT, AO),
	WORD(ANSWER, "reasoning_tokens", WORD_COUNT, R),
};

static const struct usage_share realtime_shares[] = {
	{ COMPONENT_INPUT, { P, -CR, -AI, CR_AUDIO, -II, CR_IMAGE } },
	{ COMPONENT_INPUT_AUDIO, { AI, -CR_AUDIO } },
	{ COMPONENT_INPUT_IMAGE, { II, -CR_IMAGE } },
	{ COMPONENT_CACHE_READ, { CR, -CR_AUDIO, -CR_IMAGE } },
	{ COMPONENT_CACHE_READ_AUDIO, { CR_AUDIO } },
	{ COMPONENT_CACHE_READ_IMAGE, { CR_IMAGE } },
	{ COMPONENT_OUTPUT, { C, -R, -AO } },
	{ COMPONENT_REASONING, { R } },
	{ COMPONENT_OUTPUT_AUDIO, { AO } },
	{ COMPONENT_SECONDS, { SECOND } },
};

static const struct usage_identity realtime_identities[] = { { { P, C }, T, { P, T }, false } };

static const struct usage_part realtime_parts[] = {
	{ { CR }, P, false },
	{ { CR_TEXT, CR_AUDIO, CR_IMAGE }, CR, false },
	{ { R }, C, false },
	{ { AO }, C, false },
};

static const struct usage_reading realtime_readings[] = {
	PROMPT_AUDIO_READINGS, PROMPT_IMAGE_READINGS, CACHED_READINGS,
	CACHED_NONE,           REASONING_READINGS,    OUTPUT_AUDIO_READINGS,
};

static const struct usage_path realtime_paths[] = {
	{ "response.usage", NULL, ADDS_PARTS, NULL },
	{ "usage", "response.done", ADDS_PARTS, NULL }, /* xAI */
};

/* What was said is written down by another model, which the frame does not name. */
static const struct usage_beside realtime_besides[] = {
	{ "usage", "conversation.item.input_audio_transcription.completed",
	  "(a transcription's usage)" },
};

const struct usage_format format_openai_realtime = {
	.name = "openai.realtime",
	.fold = FOLD_ADD,
	.needs_one = { P },
	LIST(words, word_count, realtime_words),
	LIST(paths, path_count, realtime_paths),
	LIST(shares, share_count, realtime_shares),
	LIST(identities, identity_count, realtime_identities),
	LIST(parts, part_count, realtime_parts),
	LIST(readings, reading_count, realtime_readings),
	LIST(besides, beside_count, realtime_besides),
};
