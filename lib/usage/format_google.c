/*
 * Google generateContent.  Source: python-genai google/genai/types.py, UsageMetadata.
 *
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

static const struct usage_word words[] = {
	WORD(0, "promptTokenCount", WORD_COUNT, P),
	WORD(0, "candidatesTokenCount", WORD_COUNT, C),
	WORD(0, "totalTokenCount", WORD_COUNT, T),
	WORD(0, "cachedContentTokenCount", WORD_COUNT, CR),
	WORD(0, "thoughtsTokenCount", WORD_COUNT, R),
	WORD(0, "toolUsePromptTokenCount", WORD_COUNT, U),
	WORD(0, "promptTokensDetails", WORD_MODALITIES, P_TEXT),
	WORD(0, "cacheTokensDetails", WORD_MODALITIES, CR_TEXT),
	WORD(0, "candidatesTokensDetails", WORD_MODALITIES, C_TEXT),
	WORD(0, "toolUsePromptTokensDetails", WORD_MODALITIES, U_TEXT), /* all input_tool */
	WORD(0, "trafficType", WORD_KNOWN, 0),
	WORD(0, "serviceTier", WORD_KNOWN, 0),
};

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
	{ { P, C, U, R }, T, { T } }, /* the total alone tells nothing: it must not be free */
};

static const struct usage_part parts[] = {
	{ { CR }, P },
	{ { P_TEXT, P_IMAGE, P_VIDEO, P_AUDIO, P_DOCUMENT }, P },
	{ { CR_TEXT, CR_IMAGE, CR_VIDEO, CR_AUDIO, CR_DOCUMENT }, CR },
	{ { C_TEXT, C_IMAGE, C_VIDEO, C_AUDIO, C_DOCUMENT }, C },
	{ { U_TEXT, U_IMAGE, U_VIDEO, U_AUDIO, U_DOCUMENT }, U },
};

static const struct usage_rise rises[] = { { T, false } };

/* A split without its whole. */
static const struct usage_fallback fallbacks[] = {
	{ P, { P_TEXT, P_IMAGE, P_VIDEO, P_AUDIO, P_DOCUMENT } },
	{ CR, { CR_TEXT, CR_IMAGE, CR_VIDEO, CR_AUDIO, CR_DOCUMENT } },
	{ C, { C_TEXT, C_IMAGE, C_VIDEO, C_AUDIO, C_DOCUMENT } },
	{ U, { U_TEXT, U_IMAGE, U_VIDEO, U_AUDIO, U_DOCUMENT } },
};

const struct usage_format format_google_generate = {
	.name = "google.generate",
	.body_key = "usageMetadata",
	.fold = FOLD_LAST,
	.needs_one = { P, T },
	LIST(words, word_count, words),
	LIST(shares, share_count, shares),
	LIST(identities, identity_count, identities),
	LIST(parts, part_count, parts),
	LIST(rises, rise_count, rises),
	LIST(fallbacks, fallback_count, fallbacks),
};
