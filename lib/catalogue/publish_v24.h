/*
 * Inside lib/catalogue: an OpenRouter document 2.4 being written.  publish_v24_prices.c finds
 * the place of each price, publish_v24.c writes the document around them.
 */
#ifndef TOLL_CATALOGUE_PUBLISH_V24_H
#define TOLL_CATALOGUE_PUBLISH_V24_H

#include "catalogue/publish_internal.h"

enum { DECLARED_MAX = 256, SKUS_MAX = 256 };

/* Where a price stands: on an input, on an output, or at the root. */
enum side { SIDE_INPUT, SIDE_OUTPUT, SIDE_ROOT, SIDES };

struct slot {
	enum side side;
	int modality; /* index into listing_word() of the side; 0 at the root */
};

/* What a condition needs to be declared: "service_tier" may be "batch". */
struct declared {
	struct slot slot;
	const char *name;
	struct text word; /* absent: a number */
	int64_t number;
};

/* The identity of an entry. */
struct sku {
	struct slot slot;
	const char *type;
	int64_t ttl;
	bool implicit;
	const struct book_when *window; /* NULL: none */
};

enum { MODALITIES_MAX = 8 };

struct v24 {
	struct publish_model *model;
	struct buf pricing[SIDES][MODALITIES_MAX];
	struct declared declared[DECLARED_MAX];
	size_t declared_count;
	struct sku skus[SKUS_MAX];
	size_t sku_count;
};

/* The fact that lists the modalities of a side; not of the root. */
enum listing_fact v24_list(enum side side);
/*
 * The first of these modalities (ended by NULL) that the listing names; one that names none at
 * all has every one, unless it must be `stated`.
 */
bool v24_choose(const struct v24 *v, enum side side, const char *const *names, bool stated,
                struct slot *out);
/* The prices of a component into v->pricing, or what is lost into the report. */
void v24_component(struct v24 *v, enum component component);

#endif
