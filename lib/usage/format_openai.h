/*
 * What the shapes have in common that were made after OpenAI's: the numbers (slots), what follows
 * from them, and the ways in which their copies differ.  Inside lib/usage.
 *
 * Source: openai-python types/completion_usage.py: prompt_tokens includes cached, cache-write,
 * audio and image tokens; completion_tokens includes reasoning, audio and rejected predictions;
 * P + C = total.
 */
#ifndef TOLL_USAGE_FORMAT_OPENAI_H
#define TOLL_USAGE_FORMAT_OPENAI_H

#include "usage/format.h"

/* Slots. */
enum {
	P = 1,  /* the whole prompt */
	C,      /* the whole answer */
	T,      /* total */
	CR,     /* cached: read */
	CR_TOP, /* the same once more, as copies put it elsewhere */
	CR_OLD, /* and once more */
	CW,     /* cached: written */
	AI,     /* of the prompt: audio, images, video */
	II,
	VI,
	R, /* of the answer: reasoning, audio, images */
	AO,
	IO,
	TOOL,   /* beside the prompt: what tools put into it */
	SEARCH, /* searches */
	SECOND, /* seconds of audio */
	HIT,    /* DeepSeek: the prompt, found in the cache and not */
	MISS,
	CALLS,      /* of tools of the provider */
	SEARCH_TOO, /* searches under a second name, which add up */
	R_TOP,      /* reasoning at the top, beside the answer */
	OPENAI_SLOTS
};

/* Groups of words. */
enum { ROOT, PROMPT, ANSWER, OTHER, CONNECTORS };

enum { OPENAI_SHARES = 13, OPENAI_IDENTITIES = 3, OPENAI_PARTS = 4, OPENAI_READINGS = 14 };
extern const struct usage_share openai_shares[OPENAI_SHARES];
extern const struct usage_identity openai_identities[OPENAI_IDENTITIES];
extern const struct usage_part openai_parts[OPENAI_PARTS];
extern const struct usage_reading openai_readings[OPENAI_READINGS];
/* Running counts (vLLM's continuous_usage_stats) only rise. */
extern const struct usage_rise openai_rises[3];
extern const struct usage_fallback openai_fallbacks[2];

/*
 * The words of Chat Completions and of those who add to it.  text_tokens mirrors the rest;
 * predictions are inside completion_tokens, the rejected ones too.
 */
#define CHAT_WORDS                                                                                 \
	WORD(ROOT, "prompt_tokens", WORD_COUNT, P),                                                \
		WORD(ROOT, "completion_tokens", WORD_COUNT, C),                                    \
		WORD(ROOT, "total_tokens", WORD_COUNT,                                             \
	             T), /* Together and Moonshot put it here, some of them in both places. */     \
		WORD(ROOT, "cached_tokens", WORD_COUNT, CR_TOP),                                   \
		WORD(ROOT, "prompt_tokens_details", WORD_GROUP,                                    \
	             PROMPT), /* The assistants' runs, Mistral, Writer. */                         \
		WORD(ROOT, "prompt_token_details", WORD_GROUP, PROMPT),                            \
		WORD(ROOT, "completion_tokens_details", WORD_GROUP, ANSWER),                       \
		WORD(ROOT, "service_tier", WORD_KNOWN, 0),                                         \
		WORD(PROMPT, "cached_tokens", WORD_COUNT, CR),                                     \
		WORD(PROMPT, "cache_write_tokens", WORD_COUNT, CW),                                \
		WORD(PROMPT, "audio_tokens", WORD_COUNT, AI),                                      \
		WORD(PROMPT, "image_tokens", WORD_COUNT, II),                                      \
		WORD(PROMPT, "video_tokens", WORD_COUNT, VI),                                      \
		WORD(PROMPT, "text_tokens", WORD_KNOWN, 0),                                        \
		WORD(ANSWER, "reasoning_tokens", WORD_COUNT, R),                                   \
		WORD(ANSWER, "audio_tokens", WORD_COUNT, AO),                                      \
		WORD(ANSWER, "image_tokens", WORD_COUNT, IO),                                      \
		WORD(ANSWER, "text_tokens", WORD_KNOWN, 0),                                        \
		WORD(ANSWER, "accepted_prediction_tokens", WORD_KNOWN, 0),                         \
		WORD(ANSWER, "rejected_prediction_tokens", WORD_KNOWN, 0)

/* Costs and timings, which are no counts. */
#define COST_WORDS                                                                                 \
	WORD(ROOT, "cost", WORD_KNOWN, 0), WORD(ROOT, "cost_details", WORD_KNOWN, 0),              \
		WORD(ROOT, "cost_in_usd_ticks", WORD_KNOWN, 0),                                    \
		WORD(ROOT, "is_byok", WORD_KNOWN, 0)
#define TIME_WORDS                                                                                 \
	WORD(ROOT, "queue_time", WORD_KNOWN, 0), WORD(ROOT, "prompt_time", WORD_KNOWN, 0),         \
		WORD(ROOT, "completion_time", WORD_KNOWN, 0),                                      \
		WORD(ROOT, "total_time", WORD_KNOWN, 0),                                           \
		WORD(ROOT, "prompt_tokens_per_second", WORD_KNOWN, 0),                             \
		WORD(ROOT, "tokens_per_second", WORD_KNOWN, 0),                                    \
		WORD(ROOT, "time_to_first_token_ms", WORD_KNOWN, 0),                               \
		WORD(ROOT, "time_per_output_token_ms", WORD_KNOWN, 0),                             \
		WORD(ROOT, "draft_tokens_acceptance", WORD_KNOWN, 0)

/* All of Chat's rules but the words; a format may override one behind it. */
#define CHAT_RULES                                                                                 \
	.fold = FOLD_LAST, .needs_one = { P }, LIST(shares, share_count, openai_shares),           \
	LIST(identities, identity_count, openai_identities),                                       \
	LIST(parts, part_count, openai_parts), LIST(readings, reading_count, openai_readings),     \
	LIST(rises, rise_count, openai_rises), LIST(fallbacks, fallback_count, openai_fallbacks)

/*
 * Chat's places: the body or a chunk; Groq's last chunk; a line of a batch's results (OpenAI,
 * Groq, Together), and Mistral's job with its outputs.
 */
enum { CHAT_PATHS = 4 };
extern const struct usage_path chat_paths[CHAT_PATHS];

#endif
