/*
 * A format is data: which numbers of a provider's usage object are which (words), how
 * the disjoint components follow from them (shares, signed sums), and what must hold
 * between them (identities, parts).  One decoder (decode.c) walks these tables; a new
 * shape is a line in formats.def and one table.  Inside lib/usage.
 *
 * Where each rule comes from stands in the format_*.c files.
 */
#ifndef TOLL_USAGE_FORMAT_H
#define TOLL_USAGE_FORMAT_H

#include "usage/event.h"

enum {
	FORMAT_SLOTS_MAX = 64, /* slots are numbered from 1: a bit each in a 64-bit mask */
	FORMAT_TERMS_MAX = 12,
};

enum word_kind {
	WORD_COUNT,      /* a count: its value goes into a slot */
	WORD_GROUP,      /* an object: its members are the words of that group */
	WORD_MODALITIES, /* an array of {modality, tokenCount}: slots from `slot` on, by modality */
	WORD_KNOWN,      /* read by nobody on purpose: no count, or a mirror of one */
	WORD_ITERATIONS, /* Anthropic's turns of one request: see format_anthropic.c; the
	                  * counts of the turns, under the words of the root, add up to it */
};

/* The modalities of WORD_MODALITIES: slot, slot + 1 ... in this order. */
enum modality {
	MODALITY_TEXT,
	MODALITY_IMAGE,
	MODALITY_VIDEO,
	MODALITY_AUDIO,
	MODALITY_DOCUMENT,
	MODALITY_COUNT
};

struct usage_word {
	const char *key;
	uint8_t key_len;
	uint8_t in;   /* the group it stands in; 0: the usage object itself */
	uint8_t kind; /* enum word_kind */
	uint8_t slot; /* WORD_COUNT, WORD_MODALITIES; the group's number for WORD_GROUP */
};
#define WORD(in, key, kind, slot)                                                                  \
	{                                                                                          \
		key, sizeof(key) - 1, in, kind, slot                                               \
	}

/* A signed sum: slot numbers, negative ones are taken away, 0 ends it. */
typedef int8_t usage_terms[FORMAT_TERMS_MAX];

struct usage_share {
	enum component component;
	usage_terms terms;
};

/*
 * The terms' sum equals `total`; looked at where all of `needs` were sent.  One of each
 * object by itself: where the total and any of the terms stand in it; those have no signs
 * and no `needs`.
 */
struct usage_identity {
	usage_terms terms;
	uint8_t total;
	uint8_t needs[3];
};

/* The parts together <= whole; looked at where it and one of them were sent. */
struct usage_part {
	usage_terms parts;
	uint8_t whole;
};

/*
 * A count of a stream that does not fall within one response (FOLD_MERGE), or ends at its
 * largest (FOLD_LAST): where that is not so, the event holds more than one, or contradicts
 * itself.  may_end_at_zero: a 0 is taken as it stands, and what it takes back is told as a
 * number that nobody counts.
 */
struct usage_rise {
	uint8_t slot;
	bool may_end_at_zero;
};

/* A slot that was not sent is the sum of those of the others that were, if one was. */
struct usage_fallback {
	uint8_t slot;
	usage_terms terms;
};

/*
 * Things that are billed and are in no usage object: the elements of an array of the
 * response body whose `type` is the one named, one each.
 */
struct usage_item {
	const char *array, *type;
	enum component component;
	const char *free_actions[4]; /* of these types the element's action costs nothing */
};

enum usage_fold {
	/* Of several objects the last one counts, as each repeats what was before; but one
	 * that says less than the one before it, and nothing else, is passed over. */
	FOLD_LAST,
	FOLD_MERGE, /* of each number the last one that was sent counts; 0 is a value */
};

struct usage_format {
	const char *name, *summary;
	const char *body_key; /* where a response body has its usage */
	enum usage_fold fold;
	uint8_t needs_one[3]; /* one of these must be there */
	const struct usage_rise *rises;
	size_t rise_count;
	const struct usage_word *words;
	size_t word_count;
	const struct usage_share *shares;
	size_t share_count;
	const struct usage_identity *identities;
	size_t identity_count;
	const struct usage_identity *object_identities; /* hold within each object of a stream */
	size_t object_identity_count;
	const struct usage_part *parts;
	size_t part_count;
	const struct usage_fallback *fallbacks;
	size_t fallback_count;
	const struct usage_item *items;
	size_t item_count;
};

/* A list of the table and its length: LIST(words, word_count, chat_words). */
#define LIST(member, member_count, table)                                                          \
	.member = table, .member_count = sizeof(table) / sizeof(table[0])

#define X(NAME, api, summary) extern const struct usage_format format_##NAME;
#include "usage/formats.def"
#undef X

const struct usage_format *format_find(struct text api); /* NULL when there is none */

/*
 * Reads a usage node (object, or array of objects and nulls) into counts; a component of
 * which nothing was sent stays as it was.  A refusal
 * sets refusal->reason, which must be REASON_NONE before; *unknown_out is the first
 * non-zero number that no word names.  -FAULT_NOMEM is the only failure.
 */
int usage_decode(const struct usage_format *format, const struct json *doc, uint32_t node,
                 struct arena *arena, struct usage *usage_out, struct text *unknown_out,
                 struct event_refusal *refusal);

/* Adds the items of a response body, which may be of any type, or JSON_NONE. */
void usage_add_items(const struct usage_format *format, const struct json *doc, uint32_t body,
                     struct usage *usage);

#endif
