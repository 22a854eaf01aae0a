/* Inside lib/usage: what the files of the decoder share.  decode.c has the way through them. */
#ifndef TOLL_USAGE_DECODE_INTERNAL_H
#define TOLL_USAGE_DECODE_INTERNAL_H

#include "usage/format.h"

enum { PATH_BYTES = 128 };

/* One more of those that are summed up. */
static inline void decode_sum_add(struct event_sum *sum, const struct usage *usage)
{
	int64_t prompt = usage_prompt_total(usage);

	if (sum->of == 0 || prompt < sum->smallest_prompt)
		sum->smallest_prompt = prompt;
	sum->of++;
}

struct decode {
	const struct usage_format *format;
	const struct json *doc;
	struct arena *arena;
	struct event_refusal *refusal;
	struct text model;
	uint8_t group; /* whose words the objects have; 0: those of the usage object */
	int64_t value[FORMAT_SLOTS_MAX];
	uint64_t present;               /* a bit a slot */
	uint64_t here;                  /* the same, of the object that is walked */
	int64_t peak[FORMAT_SLOTS_MAX]; /* the largest of all objects so far */
	uint32_t turns;                 /* node of the last WORD_TURNS seen, or JSON_NONE */
	struct text unknown;
	const char *uncounted; /* key of a WORD_UNCOUNTED that is not 0; NULL: none */
	bool told;             /* a number stood in one of the objects, be it 0 */
	bool steps;            /* as in struct usage_objects */
	bool mirror_differs;   /* what was refused has no other reading */
	bool total_differs;    /* what was refused was so for the total that was sent */
	bool no_memory;
};

static inline bool decode_has(const struct decode *d, int slot)
{
	return (d->present >> slot & 1) != 0;
}

/* decode.c */
const char *decode_slot_name(const struct usage_format *format, int slot);
bool decode_read_count(struct decode *d, uint32_t node, const char *key, int64_t *out);
/* The path of what is not counted, for people; the first one stays. */
void decode_set_unknown(struct decode *d, const char *path);
/* The first non-zero number in a subtree that no word names. */
void decode_note_unknown(struct decode *d, const char *prefix, struct text key, uint32_t node);
/* A count of a stream, behind larger ones of the same stream; false: refused. */
bool decode_check_fall(struct decode *d, const struct usage_rise *rise, int64_t value);
/* One object into the slots.  false: refused. */
bool decode_walk_object(struct decode *d, uint32_t object);

/* decode_check.c: fallbacks, identities, parts, shares.  false: refused. */
void decode_fall_back(struct decode *d);
bool decode_check_object(struct decode *d); /* the identities of one object */
bool decode_check_needed(struct decode *d);
/* A total was sent, and it is the one that the shape has. */
bool decode_has_total(const struct decode *d);
bool decode_shares(struct decode *d, struct usage *usage_out);
/*
 * The numbers were refused: the other ways to read them, into *out; where there are, the
 * refusal is taken back.
 */
void decode_readings(struct decode *d, struct usage_decoded *out);

/* decode_turns.c.  false: refused. */
bool decode_turns(struct decode *d, struct usage_decoded *out);
bool decode_split(struct decode *d, uint32_t list, struct usage_decoded *out);

#endif
