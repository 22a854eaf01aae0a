/*
 * OpenAI's shapes.  Sources: openai-python types/completion_usage.py,
 * types/responses/response_usage.py, types/create_embedding_response.py.
 */
#include "usage/format.h"

/*
 * Chat: prompt_tokens includes cached, cache-write, audio and image tokens;
 * completion_tokens includes reasoning, audio and rejected predictions; P + C = total.
 * Copies of the shape add text_tokens (a mirror of the rest), timings and costs.
 */
enum {
	CHAT_P = 1,
	CHAT_C,
	CHAT_T,
	CHAT_CR,
	CHAT_CR_TOP,
	CHAT_CW,
	CHAT_AUDIO_IN,
	CHAT_IMAGE_IN,
	CHAT_R,
	CHAT_AUDIO_OUT,
	CHAT_IMAGE_OUT
};
enum { CHAT_ROOT, CHAT_PROMPT, CHAT_COMPLETION };

static const struct usage_word chat_words[] = {
	WORD(CHAT_ROOT, "prompt_tokens", WORD_COUNT, CHAT_P),
	WORD(CHAT_ROOT, "completion_tokens", WORD_COUNT, CHAT_C),
	WORD(CHAT_ROOT, "total_tokens", WORD_COUNT, CHAT_T),
	/* Together and Moonshot put it here, some of them in both places. */
	WORD(CHAT_ROOT, "cached_tokens", WORD_COUNT, CHAT_CR_TOP),
	WORD(CHAT_ROOT, "prompt_tokens_details", WORD_GROUP, CHAT_PROMPT),
	WORD(CHAT_ROOT, "completion_tokens_details", WORD_GROUP, CHAT_COMPLETION),
	WORD(CHAT_ROOT, "cost", WORD_KNOWN, 0),
	WORD(CHAT_ROOT, "cost_details", WORD_KNOWN, 0),
	WORD(CHAT_ROOT, "cost_in_usd_ticks", WORD_KNOWN, 0),
	WORD(CHAT_ROOT, "queue_time", WORD_KNOWN, 0),
	WORD(CHAT_ROOT, "prompt_time", WORD_KNOWN, 0),
	WORD(CHAT_ROOT, "completion_time", WORD_KNOWN, 0),
	WORD(CHAT_ROOT, "total_time", WORD_KNOWN, 0),
	WORD(CHAT_ROOT, "prompt_tokens_per_second", WORD_KNOWN, 0),
	WORD(CHAT_ROOT, "tokens_per_second", WORD_KNOWN, 0),
	WORD(CHAT_ROOT, "time_to_first_token_ms", WORD_KNOWN, 0),
	WORD(CHAT_ROOT, "time_per_output_token_ms", WORD_KNOWN, 0),
	WORD(CHAT_ROOT, "draft_tokens_acceptance", WORD_KNOWN, 0),
	WORD(CHAT_PROMPT, "cached_tokens", WORD_COUNT, CHAT_CR),
	WORD(CHAT_PROMPT, "cache_write_tokens", WORD_COUNT, CHAT_CW),
	WORD(CHAT_PROMPT, "audio_tokens", WORD_COUNT, CHAT_AUDIO_IN),
	WORD(CHAT_PROMPT, "image_tokens", WORD_COUNT, CHAT_IMAGE_IN),
	WORD(CHAT_PROMPT, "text_tokens", WORD_KNOWN, 0),
	WORD(CHAT_COMPLETION, "reasoning_tokens", WORD_COUNT, CHAT_R),
	WORD(CHAT_COMPLETION, "audio_tokens", WORD_COUNT, CHAT_AUDIO_OUT),
	WORD(CHAT_COMPLETION, "image_tokens", WORD_COUNT, CHAT_IMAGE_OUT),
	WORD(CHAT_COMPLETION, "text_tokens", WORD_KNOWN, 0),
	/* Predictions are inside completion_tokens, the rejected ones too. */
	WORD(CHAT_COMPLETION, "accepted_prediction_tokens", WORD_KNOWN, 0),
	WORD(CHAT_COMPLETION, "rejected_prediction_tokens", WORD_KNOWN, 0),
};

static const struct usage_share chat_shares[] = {
	{ COMPONENT_INPUT, { CHAT_P, -CHAT_CR, -CHAT_CW, -CHAT_AUDIO_IN, -CHAT_IMAGE_IN } },
	{ COMPONENT_INPUT_AUDIO, { CHAT_AUDIO_IN } },
	{ COMPONENT_INPUT_IMAGE, { CHAT_IMAGE_IN } },
	{ COMPONENT_CACHE_READ, { CHAT_CR } },
	{ COMPONENT_CACHE_WRITE, { CHAT_CW } },
	{ COMPONENT_OUTPUT, { CHAT_C, -CHAT_R, -CHAT_AUDIO_OUT, -CHAT_IMAGE_OUT } },
	{ COMPONENT_REASONING, { CHAT_R } },
	{ COMPONENT_OUTPUT_AUDIO, { CHAT_AUDIO_OUT } },
	{ COMPONENT_OUTPUT_IMAGE, { CHAT_IMAGE_OUT } },
};

static const struct usage_identity chat_identities[] = {
	{ { CHAT_P, CHAT_C }, CHAT_T, { CHAT_P, CHAT_T } },
	{ { CHAT_CR_TOP }, CHAT_CR, { CHAT_CR, CHAT_CR_TOP } },
};

static const struct usage_part chat_parts[] = {
	{ { CHAT_CR }, CHAT_P },
	{ { CHAT_CW }, CHAT_P },
	{ { CHAT_R }, CHAT_C },
	{ { CHAT_AUDIO_OUT }, CHAT_C },
};

/* Running counts (vLLM's continuous_usage_stats) only rise. */
static const struct usage_rise chat_rises[] = { { CHAT_P, false },
	                                        { CHAT_C, false },
	                                        { CHAT_T, false } };

static const struct usage_fallback chat_fallbacks[] = { { CHAT_CR, { CHAT_CR_TOP } } };

const struct usage_format format_openai_chat = {
	.name = "openai.chat",
	.body_key = "usage",
	.fold = FOLD_LAST,
	.needs_one = { CHAT_P },
	LIST(words, word_count, chat_words),
	LIST(shares, share_count, chat_shares),
	LIST(identities, identity_count, chat_identities),
	LIST(parts, part_count, chat_parts),
	LIST(rises, rise_count, chat_rises),
	LIST(fallbacks, fallback_count, chat_fallbacks),
};

/*
 * Responses: the same meaning under other names.  Searches are not in usage; they are
 * output items of the response, one "web_search_call" each, however many queries it
 * holds.  "Search actions incur a tool call cost" (OpenAI, Web search); opening a page
 * and finding in one do not.  An item without an action is from before there were
 * others than search; one of an action nobody knows is counted, not free.
 *
 * num_sources_used and num_server_side_tools_used of xAI are billed things that are not
 * counted here: they stay unknown, so they warn.
 */
enum {
	RESPONSES_P = 1,
	RESPONSES_C,
	RESPONSES_T,
	RESPONSES_CR,
	RESPONSES_CW,
	RESPONSES_AUDIO_IN,
	RESPONSES_IMAGE_IN,
	RESPONSES_R,
	RESPONSES_AUDIO_OUT,
	RESPONSES_IMAGE_OUT
};
enum { RESPONSES_ROOT, RESPONSES_INPUT, RESPONSES_OUTPUT };

static const struct usage_word responses_words[] = {
	WORD(RESPONSES_ROOT, "input_tokens", WORD_COUNT, RESPONSES_P),
	WORD(RESPONSES_ROOT, "output_tokens", WORD_COUNT, RESPONSES_C),
	WORD(RESPONSES_ROOT, "total_tokens", WORD_COUNT, RESPONSES_T),
	WORD(RESPONSES_ROOT, "input_tokens_details", WORD_GROUP, RESPONSES_INPUT),
	WORD(RESPONSES_ROOT, "output_tokens_details", WORD_GROUP, RESPONSES_OUTPUT),
	WORD(RESPONSES_ROOT, "cost", WORD_KNOWN, 0),
	WORD(RESPONSES_ROOT, "cost_details", WORD_KNOWN, 0),
	WORD(RESPONSES_ROOT, "cost_in_usd_ticks", WORD_KNOWN, 0),
	/* xAI repeats the two totals there. */
	WORD(RESPONSES_ROOT, "context_details", WORD_KNOWN, 0),
	WORD(RESPONSES_INPUT, "cached_tokens", WORD_COUNT, RESPONSES_CR),
	WORD(RESPONSES_INPUT, "cache_write_tokens", WORD_COUNT, RESPONSES_CW),
	WORD(RESPONSES_INPUT, "audio_tokens", WORD_COUNT, RESPONSES_AUDIO_IN),
	WORD(RESPONSES_INPUT, "image_tokens", WORD_COUNT, RESPONSES_IMAGE_IN),
	WORD(RESPONSES_INPUT, "text_tokens", WORD_KNOWN, 0),
	WORD(RESPONSES_OUTPUT, "reasoning_tokens", WORD_COUNT, RESPONSES_R),
	WORD(RESPONSES_OUTPUT, "audio_tokens", WORD_COUNT, RESPONSES_AUDIO_OUT),
	WORD(RESPONSES_OUTPUT, "image_tokens", WORD_COUNT, RESPONSES_IMAGE_OUT),
	WORD(RESPONSES_OUTPUT, "text_tokens", WORD_KNOWN, 0),
};

static const struct usage_share responses_shares[] = {
	{ COMPONENT_INPUT,
	  { RESPONSES_P, -RESPONSES_CR, -RESPONSES_CW, -RESPONSES_AUDIO_IN, -RESPONSES_IMAGE_IN } },
	{ COMPONENT_INPUT_AUDIO, { RESPONSES_AUDIO_IN } },
	{ COMPONENT_INPUT_IMAGE, { RESPONSES_IMAGE_IN } },
	{ COMPONENT_CACHE_READ, { RESPONSES_CR } },
	{ COMPONENT_CACHE_WRITE, { RESPONSES_CW } },
	{ COMPONENT_OUTPUT,
	  { RESPONSES_C, -RESPONSES_R, -RESPONSES_AUDIO_OUT, -RESPONSES_IMAGE_OUT } },
	{ COMPONENT_REASONING, { RESPONSES_R } },
	{ COMPONENT_OUTPUT_AUDIO, { RESPONSES_AUDIO_OUT } },
	{ COMPONENT_OUTPUT_IMAGE, { RESPONSES_IMAGE_OUT } },
};

static const struct usage_identity responses_identities[] = {
	{ { RESPONSES_P, RESPONSES_C }, RESPONSES_T, { RESPONSES_P, RESPONSES_T } },
};

static const struct usage_part responses_parts[] = {
	{ { RESPONSES_CR }, RESPONSES_P },
	{ { RESPONSES_CW }, RESPONSES_P },
	{ { RESPONSES_R }, RESPONSES_C },
};

static const struct usage_rise responses_rises[] = { { RESPONSES_P, false },
	                                             { RESPONSES_C, false },
	                                             { RESPONSES_T, false } };

/* openai-python types/responses/response_function_web_search.py; "find" is the older name. */
static const struct usage_item responses_items[] = {
	{ "output",
	  "web_search_call",
	  COMPONENT_SEARCHES,
	  { "open_page", "find_in_page", "find" } },
};

const struct usage_format format_openai_responses = {
	.name = "openai.responses",
	.body_key = "usage",
	.fold = FOLD_LAST,
	.needs_one = { RESPONSES_P },
	LIST(words, word_count, responses_words),
	LIST(shares, share_count, responses_shares),
	LIST(identities, identity_count, responses_identities),
	LIST(parts, part_count, responses_parts),
	LIST(rises, rise_count, responses_rises),
	LIST(items, item_count, responses_items),
};

/* Embeddings: all of it is input; some send total_tokens alone (Voyage). */
enum { EMBED_P = 1, EMBED_T, EMBED_C };

static const struct usage_word embed_words[] = {
	WORD(0, "prompt_tokens", WORD_COUNT, EMBED_P),
	WORD(0, "total_tokens", WORD_COUNT, EMBED_T),
	/* Always 0 where it is sent; anything else is refused below. */
	WORD(0, "completion_tokens", WORD_COUNT, EMBED_C),
	WORD(0, "cost", WORD_KNOWN, 0),
	WORD(0, "cost_details", WORD_KNOWN, 0),
};

static const struct usage_share embed_shares[] = {
	{ COMPONENT_INPUT, { EMBED_P } },
};

static const struct usage_identity embed_identities[] = {
	{ { EMBED_P }, EMBED_T, { EMBED_P, EMBED_T } },
	{ { EMBED_P, EMBED_C }, EMBED_P, { EMBED_P, EMBED_C } },
};

static const struct usage_rise embed_rises[] = { { EMBED_P, false }, { EMBED_T, false } };

static const struct usage_fallback embed_fallbacks[] = { { EMBED_P, { EMBED_T } } };

const struct usage_format format_openai_embeddings = {
	.name = "openai.embeddings",
	.body_key = "usage",
	.fold = FOLD_LAST,
	.needs_one = { EMBED_P, EMBED_T },
	LIST(words, word_count, embed_words),
	LIST(shares, share_count, embed_shares),
	LIST(identities, identity_count, embed_identities),
	LIST(rises, rise_count, embed_rises),
	LIST(fallbacks, fallback_count, embed_fallbacks),
};
