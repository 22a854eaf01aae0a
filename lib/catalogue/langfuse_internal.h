/* Inside lib/catalogue: the importer of Langfuse's list.  langfuse_prices.c is behind it. */
#ifndef TOLL_CATALOGUE_LANGFUSE_INTERNAL_H
#define TOLL_CATALOGUE_LANGFUSE_INTERNAL_H

#include "catalogue/import.h"
#include "price/book.h"

enum {
	LANGFUSE_TIERS_MAX = 32, /* of an entry */
	LANGFUSE_WHENS_MAX = 16, /* conditions of a book that one of the list becomes */
	/* Of an entry: with every component it is as many rates as a book holds. */
	LANGFUSE_CONDITIONS_MAX = BOOK_RATES_MAX / COMPONENT_COUNT,
};

struct langfuse_tier {
	uint32_t prices;
	bool is_default;
	int64_t priority;
	struct draft_when whens[LANGFUSE_WHENS_MAX]; /* one of them holds where the tier does */
	size_t when_count;
	bool bad; /* its conditions cannot be said */
};

struct langfuse_prices {
	struct langfuse_tier *tiers; /* the default, then by priority, the first to be asked last */
	size_t tier_count;
	/* What was taken for granted: */
	bool reasoning_as_output, total, context;
};

/* Sets whens, when_count and bad, and marks the conditions. */
void langfuse_conditions(struct catalogue_import *in, uint32_t conditions,
                         struct langfuse_tier *tier);
/* Gives the model its version, and marks the prices. */
void langfuse_prices(struct catalogue_import *in, struct draft_model *model,
                     struct langfuse_prices *prices);

#endif
