/*
 * Amazon Bedrock.  Sources: AWS Bedrock API reference (TokenUsage, InvokeModel response headers,
 * amazon-bedrock-invocationMetrics), recorded traffic.
 *
 * Converse: inputTokens excludes cache reads and writes; total is the sum of all four.  The names
 * with "Count" are the older ones, and mirrors where both are sent.  cacheDetails (CacheDetail)
 * splits what was written by lifetime, completely; where there is no split, or for a lifetime that
 * nobody knows, it is cache_write, so that nothing is guessed.
 *
 * Invoke has the body of the model's maker: Claude's, Nova's, Titan's, Llama's.  The last two have
 * their counts in the body itself.  A stream ends with the metrics of the invocation, which repeat
 * the counts and were seen to differ from them; the count of an embedding that is not Titan's
 * stands in a response header alone, and so does the answer's of a body that a guardrail rewrote.
 *
 * A batch's results are lines of {recordId, modelInput, modelOutput}; the last is the body, and of
 * a record that failed an error stands in its place.
 */
#include "usage/format.h"

enum {
	IN = 1,
	OUT,
	TOTAL,
	READ,
	WRITE,
	FIVE_M, /* these three in the order of enum lifetime */
	ONE_H,
	OTHER_TTL,
	M_IN,
	M_OUT,
	M_READ,
	M_WRITE,
	READ_OLD,
	WRITE_OLD
};
enum { ROOT, SPLIT, HEADERS };

#define CONVERSE_WORDS                                                                             \
	WORD(ROOT, "inputTokens", WORD_COUNT, IN), WORD(ROOT, "outputTokens", WORD_COUNT, OUT),    \
		WORD(ROOT, "totalTokens", WORD_COUNT, TOTAL),                                      \
		WORD(ROOT, "cacheReadInputTokens", WORD_COUNT, READ),                              \
		WORD(ROOT, "cacheWriteInputTokens", WORD_COUNT, WRITE),                            \
		WORD(ROOT, "cacheReadInputTokenCount", WORD_COUNT, READ_OLD),                      \
		WORD(ROOT, "cacheWriteInputTokenCount", WORD_COUNT, WRITE_OLD)

static const struct usage_word converse_words[] = {
	CONVERSE_WORDS,
	WORD(ROOT, "cacheDetails", WORD_LIFETIMES, FIVE_M),
};

static const struct usage_share shares[] = {
	{ COMPONENT_INPUT, { IN } },
	{ COMPONENT_CACHE_READ, { READ } },
	{ COMPONENT_CACHE_WRITE_5M, { FIVE_M } },
	{ COMPONENT_CACHE_WRITE_1H, { ONE_H } },
	{ COMPONENT_CACHE_WRITE, { WRITE, -FIVE_M, -ONE_H } },
	{ COMPONENT_OUTPUT, { OUT } },
};

static const struct usage_identity identities[] = {
	{ { IN, OUT, READ, WRITE }, TOTAL, { IN, TOTAL }, false },
	{ { READ_OLD }, READ, { READ, READ_OLD }, true },
	{ { WRITE_OLD }, WRITE, { WRITE, WRITE_OLD }, true },
};

static const struct usage_identity object_identities[] = {
	{ { FIVE_M, ONE_H, OTHER_TTL }, WRITE, { 0 }, false },
	{ { FIVE_M, ONE_H, OTHER_TTL }, WRITE_OLD, { 0 }, false },
};

/* The split without the total: the total is its sum. */
static const struct usage_fallback fallbacks[] = {
	{ READ, { READ_OLD } },
	{ WRITE, { WRITE_OLD } },
	{ WRITE, { FIVE_M, ONE_H, OTHER_TTL } },
};

/* Nova on other routes: the prompt with its cache inside. */
static const struct usage_reading readings[] = {
	{
		.name = "cached-inside",
		.why = "the prompt has what was read from and written to the cache, as in "
		       "openai.chat",
		.needs = { TOTAL },
		.share_count = 1,
		.shares = { { COMPONENT_INPUT, { IN, -READ, -WRITE } } },
		.sum = { IN, OUT },
		.total = TOTAL,
	},
};

static const struct usage_path converse_paths[] = {
	{ "usage", NULL, ADDS_NONE, NULL },
	{ "metadata.usage", NULL, ADDS_NONE, NULL },
	{ "modelOutput.usage", NULL, ADDS_REQUESTS, NULL }, /* a line of a batch's results */
	{ "modelOutput", NULL, ADDS_REQUESTS, NULL },       /* that has none is refused */
};

/* Guardrails are billed by units of their own. */
static const struct usage_beside guardrails[] = {
	{ "trace.guardrail", NULL, "(a guardrail's units)" },
	{ "metadata.trace.guardrail", NULL, "(a guardrail's units)" },
	{ "amazon-bedrock-trace.guardrail", NULL, "(a guardrail's units)" },
};

const struct usage_format format_bedrock_converse = {
	.name = "bedrock.converse",
	.fold = FOLD_LAST,
	.needs_one = { IN },
	LIST(words, word_count, converse_words),
	LIST(paths, path_count, converse_paths),
	LIST(shares, share_count, shares),
	LIST(identities, identity_count, identities),
	LIST(object_identities, object_identity_count, object_identities),
	LIST(readings, reading_count, readings),
	LIST(besides, beside_count, guardrails),
	LIST(fallbacks, fallback_count, fallbacks),
};

static const struct usage_word invoke_words[] = {
	CONVERSE_WORDS,
	/* Claude */
	WORD(ROOT, "input_tokens", WORD_COUNT, IN),
	WORD(ROOT, "output_tokens", WORD_COUNT, OUT),
	WORD(ROOT, "cache_read_input_tokens", WORD_COUNT, READ),
	WORD(ROOT, "cache_creation_input_tokens", WORD_COUNT, WRITE),
	WORD(ROOT, "cache_creation", WORD_GROUP, SPLIT),
	WORD(SPLIT, "ephemeral_5m_input_tokens", WORD_COUNT, FIVE_M),
	WORD(SPLIT, "ephemeral_1h_input_tokens", WORD_COUNT, ONE_H),
	WORD(ROOT, "iterations", WORD_TURNS, 0),            /* see decode_turns.c */
	WORD(ROOT, "cacheDetails", WORD_LIFETIMES, FIVE_M), /* the first names are in messages */
	/* Titan, Llama, Mistral and Cohere on Bedrock, and the metrics of the invocation */
	WORD(ROOT, "inputTextTokenCount", WORD_COUNT, IN),
	WORD(ROOT, "tokenCount", WORD_COUNT, OUT),
	WORD(ROOT, "totalOutputTextTokenCount", WORD_COUNT, OUT),
	WORD(ROOT, "results", WORD_RESULTS, OUT),
	WORD(ROOT, "prompt_token_count", WORD_COUNT, IN),
	WORD(ROOT, "generation_token_count", WORD_COUNT, OUT),
	WORD(ROOT, "prompt_tokens", WORD_COUNT, IN),
	WORD(ROOT, "completion_tokens", WORD_COUNT, OUT),
	WORD(ROOT, "total_tokens", WORD_COUNT, TOTAL),
	WORD(ROOT, "inputTokenCount", WORD_COUNT, M_IN),
	WORD(ROOT, "outputTokenCount", WORD_COUNT, M_OUT),
	WORD(ROOT, "invocationLatency", WORD_KNOWN, 0),
	WORD(ROOT, "firstByteLatency", WORD_KNOWN, 0),
	/* What stands beside the counts in a body */
	WORD(ROOT, "index", WORD_KNOWN, 0),
	WORD(ROOT, "embedding", WORD_KNOWN, 0),
	WORD(ROOT, "embeddings", WORD_KNOWN, 0),
	WORD(ROOT, "embeddingsByType", WORD_KNOWN, 0),
	WORD(ROOT, "logprobs", WORD_KNOWN, 0),
	WORD(ROOT, "prompt_logprobs", WORD_KNOWN, 0),
	WORD(ROOT, "amazon-bedrock-invocationMetrics", WORD_KNOWN, 0), /* a usage of its own */
	WORD(ROOT, "headers", WORD_GROUP, HEADERS),
	WORD(HEADERS, "x-amzn-bedrock-input-token-count", WORD_COUNT_TEXT, M_IN),
	WORD(HEADERS, "x-amzn-bedrock-output-token-count", WORD_COUNT_TEXT, M_OUT),
	WORD(HEADERS, "x-amzn-bedrock-cache-read-input-token-count", WORD_COUNT_TEXT, M_READ),
	WORD(HEADERS, "x-amzn-bedrock-cache-write-input-token-count", WORD_COUNT_TEXT, M_WRITE),
	WORD(HEADERS, "x-amzn-bedrock-invocation-latency", WORD_KNOWN, 0),
};

static const struct usage_identity invoke_identities[] = {
	{ { IN, OUT, READ, WRITE }, TOTAL, { IN, TOTAL }, false },
	{ { M_IN }, IN, { IN, M_IN }, false },
	{ { M_OUT }, OUT, { OUT, M_OUT }, false },
	{ { M_READ }, READ, { READ, M_READ }, false },
	{ { M_WRITE }, WRITE, { WRITE, M_WRITE }, false },
	{ { READ_OLD }, READ, { READ, READ_OLD }, true },
	{ { WRITE_OLD }, WRITE, { WRITE, WRITE_OLD }, true },
};

static const struct usage_reading invoke_readings[] = {
	{
		.name = "as-metered",
		.why = "the metrics of the invocation are what counts, not the model's usage",
		.needs = { M_OUT },
		.share_count = 2,
		.shares = { { COMPONENT_INPUT, { M_IN } }, { COMPONENT_OUTPUT, { M_OUT } } },
	},
};

static const struct usage_fallback invoke_fallbacks[] = {
	{ IN, { M_IN } },
	{ OUT, { M_OUT } },
	{ READ, { READ_OLD } },
	{ WRITE, { WRITE_OLD } },
	{ WRITE, { FIVE_M, ONE_H, OTHER_TTL } },
	{ READ, { M_READ } },
	{ WRITE, { M_WRITE } },
};

static const struct usage_rise invoke_rises[] = {
	{ OUT, false },
	{ IN, true },
	{ READ, true },
	{ WRITE, true },
};

static const struct usage_path invoke_paths[] = {
	{ "usage", NULL, ADDS_NONE, NULL },
	{ "message.usage", NULL, ADDS_NONE, NULL },
	{ "metadata.usage", NULL, ADDS_NONE, NULL },
	{ "amazon-bedrock-invocationMetrics", NULL, ADDS_NONE, NULL },
	{ "", NULL, ADDS_NONE, "inputTextTokenCount" },
	{ "", NULL, ADDS_NONE, "totalOutputTextTokenCount" }, /* the last chunk of Titan's */
	{ "", NULL, ADDS_NONE, "prompt_token_count" },
	{ "", NULL, ADDS_NONE, "generation_token_count" },
	{ "modelOutput.usage", NULL, ADDS_REQUESTS, NULL }, /* a line of a batch's results */
	{ "modelOutput", NULL, ADDS_REQUESTS, NULL },
};

const struct usage_format format_bedrock_invoke = {
	.name = "bedrock.invoke",
	.fold = FOLD_MERGE,
	.needs_one = { IN, M_IN },
	LIST(words, word_count, invoke_words),
	.headers = HEADERS,
	LIST(paths, path_count, invoke_paths),
	LIST(shares, share_count, shares),
	LIST(identities, identity_count, invoke_identities),
	LIST(object_identities, object_identity_count, object_identities),
	LIST(readings, reading_count, invoke_readings),
	LIST(fallbacks, fallback_count, invoke_fallbacks),
	LIST(rises, rise_count, invoke_rises),
	LIST(besides, beside_count, guardrails),
};
