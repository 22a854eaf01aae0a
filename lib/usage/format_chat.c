/*
 * Shapes made after Chat Completions.  Sources, one each: pydantic/genai-prices providers,
 * vercel/ai packages (xai, deepseek, groq, perplexity, mistral), OpenRouterTeam/docs openapi.yaml,
 * docs.x.ai consumption-and-rate-limits, mistralai docs/models, docs.perplexity.ai.
 */
#include "usage/format_openai.h"

static const struct usage_word copy_words[] = { CHAT_WORDS, COST_WORDS, TIME_WORDS };

/* Groq: timings beside; compound models repeat the sum by model. */
const struct usage_format format_groq_chat = {
	.name = "groq.chat",
	CHAT_RULES,
	LIST(words, word_count, copy_words),
	LIST(paths, path_count, chat_paths),
	.split = { "usage_breakdown.models", "x_groq.usage_breakdown.models" },
};

/*
 * vLLM and SGLang: usage may come twice, the details only in the last; continuous_usage_stats
 * gives running counts.
 */
const struct usage_format format_vllm_chat = {
	.name = "vllm.chat",
	CHAT_RULES,
	LIST(words, word_count, copy_words),
	LIST(paths, path_count, chat_paths),
};

/*
 * OpenRouter: counts of the model's own tokenizer.  cost is what it charged; what the provider
 * charged is beside it, and is paid besides only with the customer's own key (is_byok).
 */
static const struct usage_word openrouter_words[] = {
	CHAT_WORDS,
	COST_WORDS,
	WORD(ROOT, "server_tool_use_details", WORD_GROUP, OTHER),
	WORD(ROOT, "server_tool_use", WORD_GROUP, OTHER),
	WORD(OTHER, "web_search_requests", WORD_COUNT, SEARCH),
	WORD(OTHER, "web_fetch_requests", WORD_KNOWN, 0),
	WORD(OTHER, "tool_calls_executed", WORD_COUNT, CALLS),
	WORD(OTHER, "tool_calls_requested", WORD_KNOWN, 0),
};

const struct usage_format format_openrouter_chat = {
	.name = "openrouter.chat",
	.searches = "web_search",
	CHAT_RULES,
	.calls = CALLS,
	.calls_counted = SEARCH,
	LIST(words, word_count, openrouter_words),
	LIST(paths, path_count, chat_paths),
	.cost = { "cost", 0 },
};

/* DeepSeek: prompt = hit + miss; the hit is mirrored in the details, and counted once. */
static const struct usage_word deepseek_words[] = {
	CHAT_WORDS,
	WORD(ROOT, "prompt_cache_hit_tokens", WORD_COUNT, HIT),
	WORD(ROOT, "prompt_cache_miss_tokens", WORD_COUNT, MISS),
};

static const struct usage_identity deepseek_identities[] = {
	{ { P, C }, T, { P, T }, false },
	{ { HIT, MISS }, P, { HIT, MISS, P }, true },
	{ { CR }, HIT, { CR, HIT }, true },
	{ { CR_TOP }, CR, { CR, CR_TOP }, true },
};

static const struct usage_fallback deepseek_fallbacks[] = {
	{ CR, { HIT } },
	{ CR, { CR_TOP } },
	{ P, { HIT, MISS } },
};

const struct usage_format format_deepseek_chat = {
	.name = "deepseek.chat",
	.fold = FOLD_LAST,
	.needs_one = { P, HIT, MISS },
	LIST(words, word_count, deepseek_words),
	LIST(paths, path_count, chat_paths),
	LIST(shares, share_count, openai_shares),
	LIST(identities, identity_count, deepseek_identities),
	LIST(parts, part_count, openai_parts),
	LIST(readings, reading_count, openai_readings),
	LIST(rises, rise_count, openai_rises),
	LIST(fallbacks, fallback_count, deepseek_fallbacks),
};

/*
 * Mistral: cached tokens in one of three places; audio beside the prompt, in seconds and, newer,
 * in tokens; what connectors put into the prompt, and how often they were called.
 */
static const struct usage_word mistral_words[] = {
	CHAT_WORDS,
	WORD(ROOT, "num_cached_tokens", WORD_COUNT, CR_OLD),
	WORD(ROOT, "prompt_audio_seconds", WORD_COUNT, SECOND),
	WORD(ROOT, "connector_tokens", WORD_COUNT, TOOL),
	WORD(ROOT, "connectors", WORD_GROUP, CONNECTORS),
	WORD(ROOT, "request_count", WORD_KNOWN, 0),
	WORD(CONNECTORS, "web_search", WORD_COUNT, SEARCH),
	WORD(CONNECTORS, "web_search_premium", WORD_COUNT, SEARCH_TOO),
};

static const struct usage_share mistral_shares[] = {
	{ COMPONENT_INPUT, { P, -CR, -CW, -II, -VI } },
	PROMPT_SHARES,
	{ COMPONENT_INPUT_TOOL, { TOOL } },
	{ COMPONENT_OUTPUT, { C, -R, -AO, -IO } },
	{ COMPONENT_REASONING, { R } },
	ANSWER_SHARES,
	{ COMPONENT_SEARCHES, { SEARCH, SEARCH_TOO } },
	{ COMPONENT_SECONDS, { SECOND } },
};

static const struct usage_identity mistral_identities[] = {
	{ { P, C, AI, TOOL }, T, { P, T }, false },
	{ { CR_TOP }, CR, { CR, CR_TOP }, true },
	{ { CR_OLD }, CR, { CR, CR_OLD }, true },
};

/* As the shape it was made after has it. */
static const struct usage_reading mistral_readings[] = {
	{
		.name = "audio-inside",
		.why = "audio is inside the prompt, as in openai.chat",
		.needs = { AI },
		.share_count = 1,
		.shares = { { COMPONENT_INPUT, { P, -CR, -CW, -II, -VI, -AI } } },
		.sum = { P, C, TOOL },
		.total = T,
	},
	{
		.name = "rest-is-audio",
		.why = "what the total has more than prompt and answer is audio",
		.needs = { T, SECOND },
		.without = AI,
		.share_count = 1,
		.shares = { { COMPONENT_INPUT_AUDIO, { T, -P, -C, -TOOL } } },
	},
	{
		.name = "connectors-inside",
		.why = "what connectors put into the prompt is inside it",
		.needs = { TOOL },
		.share_count = 1,
		.shares = { { COMPONENT_INPUT, { P, -CR, -CW, -II, -VI, -TOOL } } },
		.sum = { P, C, AI },
		.total = T,
	},
	PROMPT_READINGS,
	CACHED_NONE,
	REASONING_READINGS,
	ANSWER_READINGS,
};

const struct usage_format format_mistral_chat = {
	.name = "mistral.chat",
	CHAT_RULES_WITH(mistral),
	LIST(parts, part_count, openai_parts),
};

/* Mistral's OCR: pages. */
enum { PAGES = 1 };

static const struct usage_word ocr_words[] = {
	WORD(0, "pages_processed", WORD_COUNT, PAGES),
	WORD(0, "doc_size_bytes", WORD_KNOWN, 0),
};

static const struct usage_share ocr_shares[] = { { COMPONENT_PAGES, { PAGES } } };

static const struct usage_path ocr_paths[] = {
	{ "usage_info", NULL, ADDS_NONE, NULL },
	{ "response.body.usage_info", NULL, ADDS_REQUESTS, NULL },
};

const struct usage_format format_mistral_ocr = {
	.name = "mistral.ocr",
	.fold = FOLD_LAST,
	.needs_one = { PAGES },
	LIST(words, word_count, ocr_words),
	LIST(paths, path_count, ocr_paths),
	LIST(shares, share_count, ocr_shares),
};

/*
 * xAI Chat: reasoning is added, not inside: P + C + R = total; one unit of cost is 1e-10 USD.
 * Its gRPC has the same numbers under names of its own, all at the root.
 */
static const struct usage_word xai_words[] = {
	CHAT_WORDS,
	COST_WORDS,
	WORD(ROOT, "reasoning_tokens", WORD_COUNT, R),
	WORD(ROOT, "cached_prompt_text_tokens", WORD_COUNT, CR_OLD),
	WORD(ROOT, "prompt_text_tokens", WORD_KNOWN, 0),
	WORD(ROOT, "prompt_image_tokens", WORD_COUNT, II),
};

static const struct usage_share xai_shares[] = {
	{ COMPONENT_INPUT, { P, -CR, -CW, -AI, -II, -VI } },
	PROMPT_SHARES,
	{ COMPONENT_OUTPUT, { C, -AO, -IO } },
	{ COMPONENT_REASONING, { R } },
	ANSWER_SHARES,
};

static const struct usage_identity xai_identities[] = {
	{ { P, C, R }, T, { P, T }, false },
	{ { CR_TOP }, CR, { CR, CR_TOP }, true },
	{ { CR_OLD }, CR, { CR, CR_OLD }, true },
};

static const struct usage_part xai_parts[] = { { { CR }, P, false }, { { AO }, C, false } };

static const struct usage_reading xai_readings[] = {
	{
		.name = "reasoning-inside",
		.why = "reasoning is inside the answer, as in openai.chat",
		.needs = { R },
		.share_count = 1,
		.shares = { { COMPONENT_OUTPUT, { C, -R, -AO, -IO } } },
		.sum = { P, C },
		.total = T,
	},
	{
		.name = "cached-beside",
		.why = "cached tokens are beside the prompt, and the total leaves them out",
		.needs = { CR },
		.without = CW,
		.share_count = 1,
		.shares = { { COMPONENT_INPUT, { P, -CW, -AI, -II, -VI } } },
		.sum = { P, C, R },
		.total = T,
	},
	PROMPT_AUDIO_READINGS,
	PROMPT_READINGS,
	CACHED_NONE_IF_WRITTEN,
	ANSWER_READINGS,
};

const struct usage_format format_xai_chat = {
	.name = "xai.chat",
	CHAT_RULES_WITH(xai),
	LIST(parts, part_count, xai_parts),
	.cost = { "cost_in_usd_ticks", 10 },
};

/*
 * Perplexity: citation tokens (billed as input) and, of deep research, reasoning stand beside
 * the totals, which leave them out; searches are counted.
 */
static const struct usage_word perplexity_words[] = {
	CHAT_WORDS,
	WORD(ROOT, "cost", WORD_COST, 0),
	WORD(ROOT, "citation_tokens", WORD_COUNT, TOOL),
	WORD(ROOT, "num_search_queries", WORD_COUNT, SEARCH),
	WORD(ROOT, "reasoning_tokens", WORD_COUNT, R_TOP),
};

static const struct usage_share perplexity_shares[] = {
	{ COMPONENT_INPUT, { P, -CR, -CW, -AI, -II, -VI } },
	PROMPT_SHARES,
	{ COMPONENT_INPUT_TOOL, { TOOL } },
	{ COMPONENT_OUTPUT, { C, -R, -AO, -IO } },
	{ COMPONENT_REASONING, { R, R_TOP } },
	ANSWER_SHARES,
	{ COMPONENT_SEARCHES, { SEARCH } },
};

static const struct usage_identity perplexity_identities[] = {
	{ { P, C }, T, { P, T }, false },
	{ { CR_TOP }, CR, { CR, CR_TOP }, true },
};

static const struct usage_reading perplexity_readings[] = {
	PROMPT_AUDIO_READINGS, PROMPT_READINGS, CACHED_NONE, REASONING_READINGS, ANSWER_READINGS,
};

const struct usage_format format_perplexity_chat = {
	.name = "perplexity.chat",
	CHAT_RULES_WITH(perplexity),
	LIST(parts, part_count, openai_parts),
	.cost = { "cost.total_cost", 0 },
};

/* Ollama's own API: the counts stand in the last object itself, beside its timings. */
enum { EVALUATED = 1, WRITTEN };

static const struct usage_word ollama_words[] = {
	WORD(0, "prompt_eval_count", WORD_COUNT, EVALUATED),
	WORD(0, "eval_count", WORD_COUNT, WRITTEN),
	WORD(0, "total_duration", WORD_KNOWN, 0),
	WORD(0, "load_duration", WORD_KNOWN, 0),
	WORD(0, "prompt_eval_duration", WORD_KNOWN, 0),
	WORD(0, "eval_duration", WORD_KNOWN, 0),
	WORD(0, "context", WORD_KNOWN, 0),
	WORD(0, "embeddings", WORD_KNOWN, 0),
	WORD(0, "logprobs", WORD_KNOWN, 0),
	WORD(0, "message", WORD_KNOWN, 0),
};

static const struct usage_share ollama_shares[] = {
	{ COMPONENT_INPUT, { EVALUATED } },
	{ COMPONENT_OUTPUT, { WRITTEN } },
};

static const struct usage_path ollama_paths[] = { { "", NULL, ADDS_NONE, NULL } };

static const struct usage_rise ollama_rises[] = { { EVALUATED, false }, { WRITTEN, false } };

const struct usage_format format_ollama_chat = {
	.name = "ollama.chat",
	.fold = FOLD_MERGE,
	.needs_one = { EVALUATED, WRITTEN },
	LIST(words, word_count, ollama_words),
	LIST(paths, path_count, ollama_paths),
	LIST(shares, share_count, ollama_shares),
	LIST(rises, rise_count, ollama_rises),
};
