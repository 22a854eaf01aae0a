/*
 * A format is data: where in a response the usage stands (paths), which numbers of it are
 * which (words), how the disjoint components follow from them (shares, signed sums), what
 * must hold between them (identities, parts), and how else they may be meant where it does
 * not (readings).  One decoder (decode*.c) walks these tables; a new shape is a line in
 * formats.def and one table.  Inside lib/usage.
 *
 * Where each rule comes from stands in the format_*.c files.
 */
#ifndef TOLL_USAGE_FORMAT_H
#define TOLL_USAGE_FORMAT_H

#include "usage/event.h"

enum {
	FORMAT_SLOTS_MAX = 64, /* slots are numbered from 1: a bit each in a 64-bit mask */
	FORMAT_TERMS_MAX = 12,
	FORMAT_DIGITS_MAX = 40, /* of a number in a message */
	READING_NEEDS_MAX = 3,
	NEEDS_ONE_MAX = 5,
};

enum word_kind {
	WORD_COUNT,      /* a count: its value goes into a slot */
	WORD_COUNT_TEXT, /* the same, as digits in a string: of a response header */
	WORD_GROUP,      /* an object: its members are the words of that group */
	WORD_MODALITIES, /* an array of {modality, tokenCount}: slots from `slot` on, by modality */
	WORD_KNOWN,      /* read by nobody on purpose: no count, or a mirror of one */
	WORD_COST,       /* the same: a charge, which says nothing of what was used */
	WORD_TURNS,      /* Anthropic's turns of one request: see decode_turns.c */
	WORD_UNCOUNTED,  /* billed, and of no component: it warns, and alone it is refused */
	WORD_LIFETIMES,  /* an array of {ttl, inputTokens}: slots from `slot` on, by lifetime */
	WORD_FRACTION,   /* a number that may have a fraction: slots from `slot` on, below */
	WORD_RESULTS,    /* an array of {tokenCount}: their sum, of which none may be missing */
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

/* Those of WORD_LIFETIMES, in the same way.  What is written for another one warns. */
enum lifetime { LIFETIME_5M, LIFETIME_1H, LIFETIME_OTHER, LIFETIME_COUNT };

/*
 * Those of WORD_FRACTION: the whole ones; 1 where there is a fraction, and 1 where that is half of
 * one or more.  How it is rounded is each provider's own, and nobody knows until it is settled.
 */
enum fraction { FRACTION_WHOLE, FRACTION_ANY, FRACTION_HALF, FRACTION_SLOTS };

struct usage_word {
	const char *key;
	uint8_t key_len;
	uint8_t in;   /* the group it stands in; 0: the usage object itself */
	uint8_t kind; /* enum word_kind */
	uint8_t slot; /* of a count, or the first of several; the group's number for WORD_GROUP */
};
#define WORD(in, key, kind, slot)                                                                  \
	{                                                                                          \
		key, sizeof(key) - 1, in, kind, slot                                               \
	}

/* Is what it tells put into this slot? */
static inline bool usage_word_fills(const struct usage_word *word, int slot)
{
	int count = word->kind <= WORD_COUNT_TEXT   ? 1
	            : word->kind == WORD_RESULTS    ? 1
	            : word->kind == WORD_MODALITIES ? (int)MODALITY_COUNT
	            : word->kind == WORD_LIFETIMES  ? (int)LIFETIME_COUNT
	            : word->kind == WORD_FRACTION   ? (int)FRACTION_SLOTS
	                                            : 0;

	return slot >= word->slot && slot < word->slot + count;
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
	bool mirror; /* no other way to mean it: where it fails there are no readings */
};

/* The parts together <= whole; looked at where it and one of them were sent. */
struct usage_part {
	usage_terms parts;
	uint8_t whole;
	bool always; /* in every reading */
};

/*
 * Another way to mean numbers of which an identity or a part does not hold.  It is offered
 * where all of `needs` were sent and are not 0, its sum holds (where its total was sent) and no
 * share is negative.  Names are for ever: rules are made of them.
 *
 * With a `part` the whole stands, the one that the format takes that part out of, and the part
 * does not: it is as much of the whole as the others leave (or, negative, nothing of it).  Such
 * readings are offered where the parts are more than the whole, with the format's first
 * identity for a sum; they need no shares.
 */
struct usage_reading {
	const char *name, *why;
	uint8_t needs[READING_NEEDS_MAX]; /* sent, and not 0 */
	uint8_t without;                  /* not sent, or 0 */
	uint8_t share_count;
	struct usage_share shares[4]; /* in place of the format's; without terms: nothing */
	usage_terms sum;              /* equals `total`, where that was sent */
	uint8_t total;
	int8_t part;
	/* With a `part`, another one: only where each by itself would fit, and not there. */
	uint8_t pair, no_pair;
	bool rounds; /* a WORD_FRACTION, and all else holds: these alone are offered then */
};
#define PART_READING(name, why, part, pair, no_pair)                                               \
	{                                                                                          \
		name, why, { 0 }, 0, 0, { { 0, { 0 } } }, { 0 }, 0, part, pair, no_pair, false     \
	}

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
 * response body whose `type` is the one named (NULL: all), one each.
 */
struct usage_item {
	const char *array, *type;
	enum component component;
	const char *free_actions[4]; /* of these types the element's action costs nothing */
	const char *has[2];          /* only elements with one of these members; NULL: all */
	const char *free;            /* with this one it is none, on purpose; NULL: none */
	bool without_usage;          /* only where no usage is told: images that are counted */
};

/* What several usage objects of one event are. */
enum usage_adds {
	ADDS_NONE,     /* of one response, as the format's fold has it */
	ADDS_PARTS,    /* of one request, which is their sum: turns of a session, predictions */
	ADDS_REQUESTS, /* each of a request of its own, of which there are as many: a batch */
};

/*
 * Where a response, or one object of a stream, has its usage: "message.usage"; "[]" behind a
 * key goes through an array; "" is the object itself.  `type`: only where the object's member
 * "type" is this.
 */
struct usage_path {
	const char *path, *type;
	enum usage_adds adds;
	/*
	 * Only where the object has this member, for "" one that is not null; "!member": where it
	 * has it not; NULL: everywhere.
	 */
	const char *has;
};

/* What is billed and stands in the response, and is not counted: it warns under its name. */
struct usage_beside {
	const char *path, *type; /* as of struct usage_path */
	const char *name;
};

/* What the provider says it charged: a number under usage, in 10^-`decimals` USD. */
struct usage_cost {
	const char *path; /* from the usage object */
	unsigned decimals;
};

enum usage_fold {
	/* Of several objects the last one counts, as each repeats what was before; but one
	 * that says less than the one before it, and nothing else, is passed over. */
	FOLD_LAST,
	FOLD_MERGE, /* of each number the last one that was sent counts; 0 is a value */
	FOLD_ADD,   /* each is of a response of its own: they add up to one request */
};

enum { SPLITS_MAX = 2 };

struct usage_format {
	const char *name;
	enum usage_fold fold;
	/*
	 * The counts of a stream begin anew with each step, and the last object has them all; the
	 * first of the rises is the total.
	 */
	bool steps;
	/* Where the body tells of how many requests its one usage is the sum; NULL: nowhere. */
	const char *requests;
	/* Where all of several objects have this member they are ADDS_PARTS; NULL: none. */
	const char *part_key;
	uint8_t needs_one[NEEDS_ONE_MAX]; /* one of these must be there */
	const struct usage_path *paths;
	size_t path_count;
	const struct usage_rise *rises;
	size_t rise_count;
	const struct usage_word *words;
	size_t word_count;
	uint8_t headers; /* the group of words that may come as response headers; 0: none */
	const struct usage_share *shares;
	size_t share_count;
	const struct usage_identity *identities;
	size_t identity_count;
	const struct usage_identity *object_identities; /* hold within each object of a stream */
	size_t object_identity_count;
	const struct usage_part *parts;
	size_t part_count;
	const struct usage_reading *readings;
	size_t reading_count;
	const struct usage_fallback *fallbacks;
	size_t fallback_count;
	const struct usage_item *items;
	size_t item_count;
	/*
	 * Path, from the response, of a list {model, usage} that says the usage again by model;
	 * NULL: none.  What it says of other models than the event's is taken out of the event
	 * and is a part of its own.
	 */
	const char *split[SPLITS_MAX];
	const struct usage_beside *besides;
	size_t beside_count;
	bool embeds;   /* its tokens are of embeddings: they have no answer */
	bool disjoint; /* its numbers are the components, and what it leaves out is in none */
	const char *searches; /* of what kind all are that it counts; NULL: nobody knows */
	struct usage_cost cost;
	/* Slots: calls of tools, which are billed, and those of them that are counted; the
	 * difference warns. */
	uint8_t calls, calls_counted;
};

/* A list of the table and its length: LIST(words, word_count, chat_words). */
#define LIST(member, member_count, table)                                                          \
	.member = table, .member_count = sizeof(table) / sizeof(table[0])

#define X(NAME, api, summary) extern const struct usage_format format_##NAME;
#include "usage/formats.def"
#undef X

/* The name of what the declared shape itself makes of contradicting numbers. */
#define READING_DECLARED "declared"

const struct usage_format *format_find(struct text api); /* NULL when there is none */

/* Usage objects in the order in which they came. */
struct usage_objects {
	const struct json *doc;
	const uint32_t *nodes;
	size_t count;
	enum usage_adds adds; /* if any of them does, whatever the format's fold */
	bool mixed;           /* they are of more than one response, and do not add up */
	bool repeated;        /* they add up, and one of them is told twice */
	bool steps;           /* of one response with steps that broke off: the largest counts */
	uint8_t group;        /* the words are those of this group: response headers; else 0 */
	/* Response headers with counts, behind the objects; NULL: none. */
	const struct json *headers_doc;
	uint32_t headers;
};

struct usage_decoded {
	struct usage usage;
	uint32_t told;        /* bits, 1 << component: the number it begins with was sent */
	struct text unknown;  /* path of the first non-zero number that no word names */
	bool counts_requests; /* it told how many requests it was */
	bool silent;          /* refused as missing, and no number stood in any of the objects */
	bool misfit;          /* refused since the total that was sent is not the shape's */
	bool has_total;       /* a total was sent, and it is the shape's */
	struct event_reading *readings;
	size_t reading_count; /* as in struct event */
	struct text contradiction;
	struct event_part *parts;
	size_t part_count;
	struct event_sum sum;
};

/*
 * Reads usage objects into counts.  A refusal sets refusal->reason, which must be REASON_NONE
 * before.  `model` is the event's; readings and parts are in the arena.  -FAULT_NOMEM is the
 * only failure.
 */
int usage_decode(const struct usage_format *format, const struct usage_objects *objects,
                 struct text model, struct arena *arena, struct usage_decoded *out,
                 struct event_refusal *refusal);

/*
 * The declared shape has no words for the numbers, or they do not hold in it: names in
 * refusal->detail others under which every one of them has a place and all that must hold does.
 * false: there are none.
 */
bool usage_suggest(const struct usage_format *declared, const struct usage_objects *objects,
                   struct text model, struct arena *arena, struct event_refusal *refusal);

/*
 * The list of format->split, into what was decoded.  A refusal sets refusal->reason.
 * -FAULT_NOMEM is the only failure.
 */
int usage_split(const struct usage_format *format, const struct json *doc, uint32_t list,
                struct text model, struct arena *arena, struct usage_decoded *decoded,
                struct event_refusal *refusal);

#endif
