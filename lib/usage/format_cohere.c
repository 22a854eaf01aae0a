/*
 * Cohere.  Sources: cohere-python src/cohere/types (usage.py, usage_billed_units.py,
 * api_meta_billed_units.py), docs.cohere.com.
 *
 * What is billed stands in billed_units, written as floats ("11.0"); usage.tokens counts the
 * template too and is not billed, and cached_tokens are of those.  Newer and compatible routes have
 * plain input_tokens and output_tokens.  Images are billed by the image or by tokens of their own;
 * for classifications there is no component.
 */
#include "usage/format.h"

enum { IN = 1, OUT, PLAIN_IN, PLAIN_OUT, SEARCH, IMAGE_TOKENS, TOTAL, IMAGES };
enum { ROOT, BILLED, META };

static const struct usage_word words[] = {
	WORD(ROOT, "billed_units", WORD_GROUP, BILLED),
	WORD(ROOT, "meta", WORD_GROUP, META),
	WORD(META, "billed_units", WORD_GROUP, BILLED),
	WORD(META, "tokens", WORD_KNOWN, 0),
	WORD(META, "cached_tokens", WORD_KNOWN, 0),
	WORD(META, "api_version", WORD_KNOWN, 0),
	WORD(ROOT, "tokens", WORD_KNOWN, 0),
	WORD(ROOT, "cached_tokens", WORD_KNOWN, 0),
	WORD(ROOT, "api_version", WORD_KNOWN, 0),
	WORD(ROOT, "input_tokens", WORD_COUNT, PLAIN_IN),
	WORD(ROOT, "output_tokens", WORD_COUNT, PLAIN_OUT),
	WORD(ROOT, "search_units", WORD_COUNT, SEARCH),
	WORD(ROOT, "image_tokens", WORD_COUNT, IMAGE_TOKENS),
	/* OpenRouter's and Together's rerank */
	WORD(ROOT, "prompt_tokens", WORD_COUNT, PLAIN_IN),
	WORD(ROOT, "completion_tokens", WORD_COUNT, PLAIN_OUT),
	WORD(ROOT, "total_tokens", WORD_COUNT, TOTAL),
	WORD(ROOT, "cost", WORD_COST, 0),
	WORD(BILLED, "input_tokens", WORD_COUNT, IN),
	WORD(BILLED, "output_tokens", WORD_COUNT, OUT),
	WORD(BILLED, "search_units", WORD_COUNT, SEARCH),
	WORD(BILLED, "image_tokens", WORD_COUNT, IMAGE_TOKENS),
	WORD(BILLED, "images", WORD_COUNT, IMAGES),
	WORD(BILLED, "classifications", WORD_UNCOUNTED, 0),
};

static const struct usage_share shares[] = {
	{ COMPONENT_INPUT, { IN } },        { COMPONENT_INPUT_IMAGE, { IMAGE_TOKENS } },
	{ COMPONENT_OUTPUT, { OUT } },      { COMPONENT_IMAGES_IN, { IMAGES } },
	{ COMPONENT_SEARCHES, { SEARCH } },
};

static const struct usage_identity identities[] = {
	{ { PLAIN_IN, PLAIN_OUT }, TOTAL, { PLAIN_IN, TOTAL }, false },
};

static const struct usage_fallback fallbacks[] = {
	{ IN, { PLAIN_IN } },
	{ OUT, { PLAIN_OUT } },
	{ IN, { TOTAL, -PLAIN_OUT } },
};

static const struct usage_path chat_paths[] = {
	{ "usage", NULL, ADDS_NONE, NULL },
	{ "delta.usage", NULL, ADDS_NONE, NULL },
	{ "meta", NULL, ADDS_NONE, NULL },
	{ "response.meta", NULL, ADDS_NONE, NULL },
};

#define COHERE_RULES                                                                               \
	LIST(words, word_count, words), LIST(paths, path_count, chat_paths),                       \
		LIST(shares, share_count, shares), LIST(identities, identity_count, identities),   \
		LIST(fallbacks, fallback_count, fallbacks)

const struct usage_format format_cohere_chat = {
	.name = "cohere.chat",
	.fold = FOLD_LAST,
	.needs_one = { IN, PLAIN_IN, TOTAL, SEARCH },
	COHERE_RULES,
};

const struct usage_format format_cohere_embed = {
	.name = "cohere.embed",
	.fold = FOLD_LAST,
	.needs_one = { IN, PLAIN_IN, IMAGE_TOKENS, TOTAL, IMAGES },
	COHERE_RULES,
};

const struct usage_format format_cohere_rerank = {
	.name = "cohere.rerank",
	.fold = FOLD_LAST,
	.needs_one = { SEARCH, PLAIN_IN, TOTAL, IN },
	.cost = { "cost", 0 }, /* OpenRouter's rerank */
	COHERE_RULES,
};
