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
	USAGE_IMAGES_MAX = 8,  /* different kinds of image in one request */
	IMAGE_WORD_BYTES = 24, /* size, quality: with their NUL */
};

/*
 * A count one request can have: what a 64-bit column sums up a million times
 * without overflow, and far above any real request.
 */
#define USAGE_COUNT_MAX INT64_C(1000000000000)

/* n images of one size and quality; "" where the gateway did not say. */
struct usage_images {
	enum component component; /* COMPONENT_IMAGES_IN or COMPONENT_IMAGES_OUT */
	int64_t n;
	char size[IMAGE_WORD_BYTES];
	char quality[IMAGE_WORD_BYTES];
};

struct usage {
	int64_t count[COMPONENT_COUNT]; /* images_in and images_out are the sums of `images` */
	struct usage_images images[USAGE_IMAGES_MAX];
	unsigned images_count;
};

/* Sum of the PROMPT components: what a context threshold looks at. */
int64_t usage_prompt_total(const struct usage *usage);
/* No component but FEE ones is above zero. */
bool usage_is_empty(const struct usage *usage);

#endif
