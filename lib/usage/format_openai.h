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

enum { OPENAI_SHARES = 13, OPENAI_IDENTITIES = 3, OPENAI_PARTS = 4, OPENAI_READINGS = 26 };
extern const struct usage_share openai_shares[OPENAI_SHARES];
extern const struct usage_identity openai_identities[OPENAI_IDENTITIES];
extern const struct usage_part openai_parts[OPENAI_PARTS];
extern const struct usage_reading openai_readings[OPENAI_READINGS];
/* Running counts (vLLM's continuous_usage_stats) only rise. */
extern const struct usage_rise openai_rises[3];
extern const struct usage_fallback openai_fallbacks[2];

/*
 * The words of Chat Completions and of those who add to it.  text_tokens mirrors the rest;
 * predictions are inside completion_tokens, the rejected ones too.  Together and Moonshot have
 * cached_tokens at the top, some of them in both places; prompt_token_details is what the runs of
 * the assistants, Mistral and Writer say.
 */
#define CHAT_WORDS                                                                                 \
	WORD(ROOT, "prompt_tokens", WORD_COUNT, P),                                                \
		WORD(ROOT, "completion_tokens", WORD_COUNT, C),                                    \
		WORD(ROOT, "total_tokens", WORD_COUNT, T),                                         \
		WORD(ROOT, "cached_tokens", WORD_COUNT, CR_TOP),                                   \
		WORD(ROOT, "prompt_tokens_details", WORD_GROUP, PROMPT),                           \
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

/* What is part of the prompt and of the answer; what these leave is each format's own. */
#define PROMPT_SHARES                                                                              \
	{ COMPONENT_INPUT_AUDIO, { AI } }, { COMPONENT_INPUT_IMAGE, { II } },                      \
		{ COMPONENT_INPUT_VIDEO, { VI } }, { COMPONENT_CACHE_READ, { CR } },               \
	{                                                                                          \
		COMPONENT_CACHE_WRITE,                                                             \
		{                                                                                  \
			CW                                                                         \
		}                                                                                  \
	}
#define ANSWER_SHARES                                                                              \
	{ COMPONENT_OUTPUT_AUDIO, { AO } },                                                        \
	{                                                                                          \
		COMPONENT_OUTPUT_IMAGE,                                                            \
		{                                                                                  \
			IO                                                                         \
		}                                                                                  \
	}

/* Costs and timings, which are no counts. */
#define COST_WORDS                                                                                 \
	WORD(ROOT, "cost", WORD_COST, 0), WORD(ROOT, "cost_details", WORD_COST, 0),                \
		WORD(ROOT, "cost_in_usd_ticks", WORD_COST, 0),                                     \
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

/*
 * A part is larger than its whole: the whole is authoritative, the part is not (FIELD.md 4.4).  Of
 * the prompt, and of the answer; for formats whose shares take these parts out of the whole.
 */
#define PROMPT_AUDIO_READINGS                                                                      \
	PART_READING("audio-is-all", "all of the prompt is audio, and no more than that", AI, 0,   \
	             0),                                                                           \
		PART_READING("audio-is-none", "what is told as audio of the prompt is text", -AI,  \
	                     0, 0)
#define PROMPT_IMAGE_READINGS                                                                      \
	PART_READING("images-are-all", "all of the prompt is images, and no more than that", II,   \
	             0, CR),                                                                       \
		PART_READING("images-are-none", "what is told as images of the prompt is text",    \
	                     -II, 0, CR)
#define PROMPT_VIDEO_READINGS                                                                      \
	PART_READING("video-is-all", "all of the prompt is video, and no more than that", VI, 0,   \
	             0),                                                                           \
		PART_READING("video-is-none", "what is told as video of the prompt is text", -VI,  \
	                     0, 0)
#define CACHED_READINGS                                                                            \
	PART_READING("cached-is-all", "all of the prompt was cached, and no more than that", CR,   \
	             0, CW),                                                                       \
		PART_READING("cached-has-images",                                                  \
	                     "of the images some were cached, and there is no other prompt", II,   \
	                     CR, 0)
#define CACHED_NONE                                                                                \
	PART_READING("cached-is-none", "what is told as read from the cache was not", -CR, 0, CW)
/* Where it may be beside the prompt as well: only beside what was written. */
#define CACHED_NONE_IF_WRITTEN                                                                     \
	{                                                                                          \
		.name = "cached-is-none", .why = "what is told as read from the cache was not",    \
		.needs = { CW }, .part = -CR, .no_pair = CW                                        \
	}
#define WRITTEN_READINGS                                                                           \
	PART_READING("cached-is-read", "what is told as read and as written was read", -CW, CR,    \
	             0),                                                                           \
		PART_READING("cached-is-written",                                                  \
	                     "what is told as read and as written was written", -CR, CW, 0),       \
		PART_READING("written-is-all",                                                     \
	                     "all of the prompt was written to the cache, and no more than that",  \
	                     CW, 0, CR),                                                           \
		PART_READING("written-is-none", "what is told as written to the cache was not",    \
	                     -CW, 0, CR)
#define PROMPT_READINGS                                                                            \
	PROMPT_IMAGE_READINGS, PROMPT_VIDEO_READINGS, CACHED_READINGS, WRITTEN_READINGS
#define REASONING_READINGS                                                                         \
	PART_READING("reasoning-is-all", "all of the answer is reasoning, and no more than that",  \
	             R, 0, AO),                                                                    \
		PART_READING("reasoning-is-none", "what is told as reasoning is answer", -R, 0,    \
	                     AO),                                                                  \
		PART_READING("reasoning-first",                                                    \
	                     "of an answer told as reasoning and audio, what is not reasoning is " \
	                     "audio",                                                              \
	                     AO, R, 0),                                                            \
		PART_READING("audio-first",                                                        \
	                     "of an answer told as reasoning and audio, what is not audio is "     \
	                     "reasoning",                                                          \
	                     R, AO, 0)
#define OUTPUT_AUDIO_READINGS                                                                      \
	PART_READING("output-audio-is-all", "all of the answer is audio, and no more than that",   \
	             AO, 0, R),                                                                    \
		PART_READING("output-audio-is-none",                                               \
	                     "what is told as audio of the answer is text", -AO, 0, R)
#define ANSWER_READINGS                                                                            \
	OUTPUT_AUDIO_READINGS,                                                                     \
		PART_READING("output-images-are-all",                                              \
	                     "all of the answer is images, and no more than that", IO, 0, 0),      \
		PART_READING("output-images-are-none",                                             \
	                     "what is told as images of the answer is text", -IO, 0, 0)

/* All of Chat's rules but the words. */
#define CHAT_RULES                                                                                 \
	.fold = FOLD_LAST, .needs_one = { P }, LIST(shares, share_count, openai_shares),           \
	LIST(identities, identity_count, openai_identities),                                       \
	LIST(parts, part_count, openai_parts), LIST(readings, reading_count, openai_readings),     \
	LIST(rises, rise_count, openai_rises), LIST(fallbacks, fallback_count, openai_fallbacks)

/*
 * Those of a shape that counts otherwise: its own words, shares, identities and readings.  It names
 * its parts besides.
 */
#define CHAT_RULES_WITH(shape)                                                                     \
	.fold = FOLD_LAST, .needs_one = { P }, LIST(words, word_count, shape##_words),             \
	LIST(paths, path_count, chat_paths), LIST(shares, share_count, shape##_shares),            \
	LIST(identities, identity_count, shape##_identities),                                      \
	LIST(readings, reading_count, shape##_readings), LIST(rises, rise_count, openai_rises),    \
	LIST(fallbacks, fallback_count, openai_fallbacks)

/*
 * Chat's places: the body or a chunk; Groq's last chunk; the last choice of Moonshot's; a line of a
 * batch's results (OpenAI, Groq, Together), and Mistral's job with its outputs.
 */
enum { CHAT_PATHS = 5 };
extern const struct usage_path chat_paths[CHAT_PATHS];

#endif
