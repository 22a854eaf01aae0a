/*
 * LiteLLM's own usage object, what it makes of every provider's (BerriAI/litellm
 * types/utils.py, Usage): prompt_tokens includes what was read from and written to the cache,
 * whatever the provider says; completion_tokens includes reasoning.  The two totals of the
 * cache stand at the top as well, as mirrors, and cache_write_tokens mirrors
 * cache_creation_tokens.  A creation may be split by its time to live.
 */
#include "usage/format.h"

enum {
	P = 1,
	C,
	T,
	CR,
	CR_TOP,
	CW,
	CW_TOP,
	CW_OTHER,
	CW_5M,
	CW_1H,
	AUDIO_IN,
	IMAGE_IN,
	VIDEO_IN,
	R,
	AUDIO_OUT,
	IMAGE_OUT,
	VIDEO_OUT,
	SEARCH_TOOL,
	SEARCH_PROMPT
};
enum { ROOT, PROMPT, COMPLETION, TTL, TOOLS };

static const struct usage_word words[] = {
	WORD(ROOT, "prompt_tokens", WORD_COUNT, P),
	WORD(ROOT, "completion_tokens", WORD_COUNT, C),
	WORD(ROOT, "total_tokens", WORD_COUNT, T),
	WORD(ROOT, "cache_read_input_tokens", WORD_COUNT, CR_TOP),
	WORD(ROOT, "cache_creation_input_tokens", WORD_COUNT, CW_TOP),
	WORD(ROOT, "prompt_tokens_details", WORD_GROUP, PROMPT),
	WORD(ROOT, "completion_tokens_details", WORD_GROUP, COMPLETION),
	WORD(ROOT, "server_tool_use", WORD_GROUP, TOOLS),
	WORD(ROOT, "cost", WORD_COST, 0),
	WORD(ROOT, "cost_details", WORD_COST, 0),
	WORD(PROMPT, "cached_tokens", WORD_COUNT, CR),
	WORD(PROMPT, "cache_creation_tokens", WORD_COUNT, CW),
	WORD(PROMPT, "cache_write_tokens", WORD_COUNT, CW_OTHER),
	WORD(PROMPT, "cache_creation_token_details", WORD_GROUP, TTL),
	WORD(PROMPT, "audio_tokens", WORD_COUNT, AUDIO_IN),
	WORD(PROMPT, "image_tokens", WORD_COUNT, IMAGE_IN),
	WORD(PROMPT, "video_tokens", WORD_COUNT, VIDEO_IN),
	WORD(PROMPT, "text_tokens", WORD_KNOWN, 0),
	WORD(PROMPT, "web_search_requests", WORD_COUNT, SEARCH_PROMPT),
	WORD(TTL, "ephemeral_5m_input_tokens", WORD_COUNT, CW_5M),
	WORD(TTL, "ephemeral_1h_input_tokens", WORD_COUNT, CW_1H),
	WORD(TOOLS, "web_search_requests", WORD_COUNT, SEARCH_TOOL),
	WORD(COMPLETION, "reasoning_tokens", WORD_COUNT, R),
	WORD(COMPLETION, "audio_tokens", WORD_COUNT, AUDIO_OUT),
	WORD(COMPLETION, "image_tokens", WORD_COUNT, IMAGE_OUT),
	WORD(COMPLETION, "video_tokens", WORD_COUNT, VIDEO_OUT),
	WORD(COMPLETION, "text_tokens", WORD_KNOWN, 0),
	WORD(COMPLETION, "accepted_prediction_tokens", WORD_KNOWN, 0),
	WORD(COMPLETION, "rejected_prediction_tokens", WORD_KNOWN, 0),
};

static const struct usage_share shares[] = {
	{ COMPONENT_INPUT, { P, -CR, -CW, -AUDIO_IN, -IMAGE_IN, -VIDEO_IN } },
	{ COMPONENT_INPUT_AUDIO, { AUDIO_IN } },
	{ COMPONENT_INPUT_IMAGE, { IMAGE_IN } },
	{ COMPONENT_INPUT_VIDEO, { VIDEO_IN } },
	{ COMPONENT_CACHE_READ, { CR } },
	{ COMPONENT_CACHE_WRITE_5M, { CW_5M } },
	{ COMPONENT_CACHE_WRITE_1H, { CW_1H } },
	{ COMPONENT_CACHE_WRITE, { CW, -CW_5M, -CW_1H } },
	{ COMPONENT_OUTPUT, { C, -R, -AUDIO_OUT, -IMAGE_OUT, -VIDEO_OUT } },
	{ COMPONENT_REASONING, { R } },
	{ COMPONENT_OUTPUT_AUDIO, { AUDIO_OUT } },
	{ COMPONENT_OUTPUT_IMAGE, { IMAGE_OUT } },
	{ COMPONENT_OUTPUT_VIDEO, { VIDEO_OUT } },
	{ COMPONENT_SEARCHES, { SEARCH_TOOL } },
};

static const struct usage_identity identities[] = {
	{ { P, C }, T, { P, T }, false },
	{ { CR_TOP }, CR, { CR, CR_TOP }, true },
	{ { CW_TOP }, CW, { CW, CW_TOP }, true },
	{ { CW_OTHER }, CW, { CW, CW_OTHER }, true },
	/* The same searches under two names. */
	{ { SEARCH_PROMPT }, SEARCH_TOOL, { SEARCH_TOOL, SEARCH_PROMPT }, true },
};

static const struct usage_part parts[] = {
	{ { CR, CW }, P, false },
	{ { CW_5M, CW_1H }, CW, false },
	{ { R }, C, false },
	{ { AUDIO_OUT }, C, false },
};

static const struct usage_rise rises[] = { { P, false }, { C, false }, { T, false } };

/* The first that was sent counts. */
static const struct usage_fallback fallbacks[] = {
	{ CR, { CR_TOP } },
	{ CW, { CW_OTHER } },
	{ CW, { CW_TOP } },
	{ CW, { CW_5M, CW_1H } },
	{ SEARCH_TOOL, { SEARCH_PROMPT } },
};

static const struct usage_path paths[] = { { "usage", NULL, ADDS_NONE, NULL } };

const struct usage_format format_litellm_chat = {
	.name = "litellm.chat",
	.searches = "web_search",
	.fold = FOLD_LAST,
	.needs_one = { P },
	LIST(words, word_count, words),
	LIST(paths, path_count, paths),
	LIST(shares, share_count, shares),
	LIST(identities, identity_count, identities),
	LIST(parts, part_count, parts),
	LIST(rises, rise_count, rises),
	LIST(fallbacks, fallback_count, fallbacks),
};
