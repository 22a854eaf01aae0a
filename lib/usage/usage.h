/*
 * What one request used: disjoint counts, one a component (component.def).
 * Token counts add up: input + cache_read + cache_write_* is the whole prompt.
 *
 * Plain values, nothing to free, pure functions.
 */
#ifndef TOLL_USAGE_USAGE_H
#define TOLL_USAGE_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum component {
#define C(NAME, key, UNIT, ROLE, STORE) COMPONENT_##NAME,
#include "usage/component.def"
#undef C
	COMPONENT_COUNT
};

enum unit {
	UNIT_TOKEN,
	UNIT_IMAGE,
	UNIT_MEGAPIXEL,
	UNIT_SECOND,
	UNIT_CHARACTER,
	UNIT_PAGE,
	UNIT_SEARCH,
	UNIT_REQUEST,
	UNIT_COUNT
};

enum component_role { ROLE_PROMPT, ROLE_ANSWER, ROLE_THING, ROLE_FEE };
enum component_store { STORE_COLUMN, STORE_DETAIL };

struct component_info {
	const char *key;
	enum unit unit;
	enum component_role role;
	enum component_store store;
};

extern const struct component_info component_info[COMPONENT_COUNT];

/* COMPONENT_COUNT when there is no such key. */
enum component component_find(struct text key);
const char *unit_name(enum unit unit); /* "token", "image" ... */

enum {
	USAGE_KINDS_MAX = 8,  /* different kinds of what one request used */
	KIND_WORD_BYTES = 24, /* a word of a kind, with its NUL */
};

/*
 * A count one request can have: what a 64-bit column sums up a million times
 * without overflow, and far above any real request.
 */
#define USAGE_COUNT_MAX INT64_C(1000000000000)

/* n units of one kind of a component; "" and 0 where nobody said. */
struct usage_kind {
	enum component component;
	int64_t n;
	char size[KIND_WORD_BYTES];    /* of images; of seconds: the resolution */
	char quality[KIND_WORD_BYTES]; /* of images */
	char kind[KIND_WORD_BYTES];    /* of searches and seconds; of a cache: KIND_IMPLICIT ... */
	int64_t number; /* of images: their steps; of cache_write: its TTL in seconds */
};

/* A cache that was asked for, or that the provider kept by itself. */
#define KIND_EXPLICIT "explicit"
#define KIND_IMPLICIT "implicit"

struct usage {
	/* All units of each, of whatever kind: never less than those of `kinds` together. */
	int64_t count[COMPONENT_COUNT];
	struct usage_kind
		kinds[USAGE_KINDS_MAX]; /* images are all here, others where it is known */
	unsigned kind_count;
};

/* Sum of the PROMPT components: what a context threshold looks at. */
int64_t usage_prompt_total(const struct usage *usage);
int64_t usage_answer_total(const struct usage *usage); /* output, reasoning and its other kinds */
/* No component but FEE ones is above zero. */
bool usage_is_empty(const struct usage *usage);

#endif
