/* Inside lib/catalogue: the book as draft.c builds it and draft_write.c writes it. */
#ifndef TOLL_CATALOGUE_DRAFT_INTERNAL_H
#define TOLL_CATALOGUE_DRAFT_INTERNAL_H

#include "catalogue/draft.h"

struct draft_name {
	struct text text, origin;
	struct draft_model *model;
	struct draft_name *next; /* of this model: the aliases */
};

struct draft_word {
	struct text text;
	struct draft_word *next;
};

struct draft_fact {
	const char *key;
	struct text json; /* absent: `words` */
	struct draft_word *words, *last_word;
	struct draft_fact *next;
};

struct draft_rate_row {
	struct draft_rate rate;
	struct text conditions; /* as they are written */
	struct draft_rate_row *next;
};

struct draft_multiplier_row {
	struct draft_multiplier multiplier;
	struct text conditions;
	struct draft_multiplier_row *next;
};

struct draft_version {
	struct text from, discount;
	struct draft_rate_row *first_rate, *last_rate;
	size_t rate_count;
	uint64_t
		blocked; /* bit c: component c has no rate here, whatever is given: import_drop() */
	struct draft_multiplier_row *first_multiplier, *last_multiplier;
	struct draft_version *next;
};

struct draft_model {
	struct text name;
	struct draft_name *first_alias, *last_alias;
	struct draft_fact *first_fact, *last_fact;
	struct draft_version *first_version, *last_version;
	enum component same_as[COMPONENT_COUNT];
	struct draft_model *next;
};

/* What the JSON of a condition is: also how two of them are compared. */
void draft_when_write(const struct draft_when *when, struct buf *out);

#endif
