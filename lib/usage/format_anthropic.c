/*
 * Anthropic Messages.  Sources: anthropic-sdk-python types/usage.py,
 * types/message_delta_usage.py, types/cache_creation.py, types/server_tool_usage.py,
 * types/output_tokens_details.py, lib/streaming/_messages.py, types/beta/beta_*iteration_usage.py.
 *
 * input_tokens excludes the cache; read and creation are added to it.  output_tokens is
 * inclusive ("authoritative"), thinking is inside.  Of a stream, message_start has the
 * first numbers and each message_delta the totals so far: the last one sent counts and
 * 0 is a value.  Totals so far never fall; where one does, the event holds more than one
 * response.  A 0 behind a larger number is taken as it stands, but never in silence.
 *
 * cache_creation splits the creation by lifetime: 5m + 1h = creation in each object that
 * has both.  A later delta may tell a larger total and no split; then, and where there is
 * no split at all, what is not split is cache_write, so that nothing is guessed.
 *
 * usage.iterations: turns of one request, see decode_turns.c.
 */
#include "usage/format.h"

enum { IN = 1, OUT, READ, CREATION, FIVE_M, ONE_H, THINKING, SEARCHES };
enum { ROOT, SPLIT, TOOLS, DETAILS };

static const struct usage_word words[] = {
	WORD(ROOT, "input_tokens", WORD_COUNT, IN),
	WORD(ROOT, "output_tokens", WORD_COUNT, OUT),
	WORD(ROOT, "cache_read_input_tokens", WORD_COUNT, READ),
	WORD(ROOT, "cache_creation_input_tokens", WORD_COUNT, CREATION),
	WORD(ROOT, "cache_creation", WORD_GROUP, SPLIT),
	WORD(ROOT, "server_tool_use", WORD_GROUP, TOOLS),
	WORD(ROOT, "output_tokens_details", WORD_GROUP, DETAILS),
	WORD(ROOT, "iterations", WORD_TURNS, 0),
	WORD(ROOT, "cost", WORD_COST, 0),
	WORD(SPLIT, "ephemeral_5m_input_tokens", WORD_COUNT, FIVE_M),
	WORD(SPLIT, "ephemeral_1h_input_tokens", WORD_COUNT, ONE_H),
	WORD(TOOLS, "web_search_requests", WORD_COUNT, SEARCHES),
	/* Fetching has no price of its own: what was fetched is input. */
	WORD(TOOLS, "web_fetch_requests", WORD_KNOWN, 0),
	WORD(DETAILS, "thinking_tokens", WORD_COUNT, THINKING),
};

static const struct usage_share shares[] = {
	{ COMPONENT_INPUT, { IN } },
	{ COMPONENT_CACHE_READ, { READ } },
	{ COMPONENT_CACHE_WRITE_5M, { FIVE_M } },
	{ COMPONENT_CACHE_WRITE_1H, { ONE_H } },
	{ COMPONENT_CACHE_WRITE, { CREATION, -FIVE_M, -ONE_H } },
	{ COMPONENT_OUTPUT, { OUT, -THINKING } },
	{ COMPONENT_REASONING, { THINKING } },
	{ COMPONENT_SEARCHES, { SEARCHES } },
};

static const struct usage_identity object_identities[] = {
	{ { FIVE_M, ONE_H }, CREATION, { 0 }, false }
};

static const struct usage_part parts[] = { { { THINKING }, OUT, false } };

static const struct usage_rise rises[] = {
	{ OUT, false }, { IN, true }, { READ, true }, { CREATION, true }, { SEARCHES, true },
};

/* The split without the total: the total is its sum. */
static const struct usage_fallback fallbacks[] = { { CREATION, { FIVE_M, ONE_H } } };

static const struct usage_path paths[] = {
	{ "usage", NULL, ADDS_NONE, NULL },
	{ "message.usage", NULL, ADDS_NONE, NULL },            /* message_start */
	{ "result.message.usage", NULL, ADDS_REQUESTS, NULL }, /* a line of a batch's results */
};

const struct usage_format format_anthropic_messages = {
	.name = "anthropic.messages",
	.fold = FOLD_MERGE,
	.searches = "web_search",
	.needs_one = { IN }, /* a stream without its beginning has it not: no prompt of zero */
	LIST(words, word_count, words),
	LIST(paths, path_count, paths),
	LIST(shares, share_count, shares),
	LIST(object_identities, object_identity_count, object_identities),
	LIST(parts, part_count, parts),
	LIST(rises, rise_count, rises),
	LIST(fallbacks, fallback_count, fallbacks),
};
