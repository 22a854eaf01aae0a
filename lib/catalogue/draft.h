/*
 * A price book being made: models with their names, facts, versions, rates and multipliers,
 * then written as the JSON of toll-pricebook(5).
 *
 * The same catalogue gives the same bytes, and a price that moved is one line of a diff:
 * models stand in the order of their names (unless keep_order says that the source's order
 * counts), rates in the order of component.def, one a line; those of one component stay in
 * the order in which they were added, because a later entry that fits wins.
 *
 * Amounts are exact: attos (1e-18) of one unit, or of one megapixel.  Token components are
 * written per_million where that is an amount, everything else each.
 *
 * Ownership: the draft copies every text it is given; models and versions are its own and
 * stay where they are until draft_release().  A failure (no memory) sticks and is told by
 * draft_write(): what is given NULL does nothing, so callers need not look in between.
 * One thread.
 */
#ifndef TOLL_CATALOGUE_DRAFT_H
#define TOLL_CATALOGUE_DRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fault.h"
#include "base/text.h"
#include "money/money.h"
#include "usage/usage.h"

enum draft_context { DRAFT_CONTEXT_ANY, DRAFT_CONTEXT_GT, DRAFT_CONTEXT_GTE };
enum draft_implicit { DRAFT_IMPLICIT_ANY, DRAFT_IMPLICIT_FALSE, DRAFT_IMPLICIT_TRUE };

enum { DRAFT_DAYS_ALL = 0x7f };

/* The conditions of toll-pricebook(5); all zero: none. */
struct draft_when {
	enum draft_context context_test;
	int64_t context_tokens;
	struct text tier, region, size, quality, resolution, kind; /* absent: any */
	int64_t steps, ttl_seconds;                                /* 0: any */
	enum draft_implicit implicit;
	bool has_utc;
	unsigned utc_from, utc_to; /* minutes of the day; both 0: the whole day */
	unsigned days;             /* bit 0: Monday; 0 and DRAFT_DAYS_ALL: every */
};

enum draft_per { DRAFT_PER_UNIT, DRAFT_PER_MEGAPIXEL };

struct draft_rate {
	enum component component;
	struct money price; /* of one unit, or of one megapixel */
	enum draft_per per;
	const char *megapixels; /* "up", "nearest"; NULL: exact */
	struct draft_when when;
	struct text note;
	uint32_t node; /* of the catalogue; JSON_NONE: of no single one */
};

struct draft_multiplier {
	struct text multiply; /* "1.1" */
	uint64_t components;  /* bit c: component c; 0: all */
	struct draft_when when;
};

struct draft_model;
struct draft_version;

struct draft {
	struct arena arena;
	struct text name, note, currency; /* absent: none; currency "USD" */
	bool keep_order;
	enum component same_as[COMPONENT_COUNT]; /* the book's "as" */
	struct draft_model *first, *last;
	size_t model_count, rate_count;
	struct draft_name **slots; /* every name and alias; slot_count a power of two */
	size_t slot_count, name_count;
	int error; /* sticks: 0 or -FAULT_NOMEM */
};

int draft_init(struct draft *draft, struct fault *fault);
void draft_release(struct draft *draft); /* takes NULL and a zeroed struct */

/* A copy that lives as long as the draft; absent stays absent. */
struct text draft_text(struct draft *draft, struct text t);

/*
 * A new model.  `origin` is how the catalogue names the entry.  -FAULT_INVALID where the name
 * is taken, naming both entries; where it is no name a book may have (1 to 256 bytes, no
 * control characters).  A '*' makes it a pattern.
 */
int draft_model(struct draft *draft, struct text name, struct text origin,
                struct draft_model **model_out, struct fault *fault);
/* The model of that name or alias, or NULL: for catalogues with several entries a model. */
struct draft_model *draft_find(const struct draft *draft, struct text name);
struct text draft_model_name(const struct draft_model *model);
/* -FAULT_INVALID as above; its own name again is no error and adds nothing. */
int draft_alias(struct draft *draft, struct draft_model *model, struct text alias,
                struct fault *fault);
/* The model's "as": `from` is priced as `to`. */
void draft_as(struct draft_model *model, enum component from, enum component to);

/*
 * Facts ("listing"): a key given twice keeps the first.  false: a listing may not have the value,
 * and nothing was added (price/listing.h).
 */
bool draft_fact(struct draft *draft, struct draft_model *model, const char *key, struct text value);
/* `json` is a JSON value, written as it is. */
bool draft_fact_json(struct draft *draft, struct draft_model *model, const char *key,
                     struct text json);
bool draft_fact_integer(struct draft *draft, struct draft_model *model, const char *key,
                        int64_t value);
/* Adds a word to a list of words; once. */
bool draft_fact_word(struct draft *draft, struct draft_model *model, const char *key,
                     struct text word);

/* `from` as the book writes it, "2026-01-01T00:00:00Z"; versions are given in ascending order. */
struct draft_version *draft_version(struct draft *draft, struct draft_model *model,
                                    struct text from);
/* The last one that was added; NULL: none. */
struct draft_version *draft_model_version(struct draft_model *model);
/* "0.1" for a tenth less (discount_to_user). */
void draft_discount(struct draft *draft, struct draft_version *version, struct text fraction);
struct text draft_version_discount(const struct draft_version *version); /* absent: none */
/*
 * false: there is a rate of the same component and conditions already, and nothing was added;
 * *same_out, if not NULL, tells whether its price is the same too.
 */
bool draft_rate(struct draft *draft, struct draft_version *version, const struct draft_rate *rate,
                bool *same_out);
/* false: there is one of the same components and conditions, or as many as a book may have. */
bool draft_multiplier(struct draft *draft, struct draft_version *version,
                      const struct draft_multiplier *multiplier);
bool draft_has_rates(const struct draft_version *version);
bool draft_prices(const struct draft_version *version, enum component component);
/* A rate of it without any condition. */
bool draft_prices_plainly(const struct draft_version *version, enum component component);

/*
 * Models without a rate are left out: a book has none.  So are versions without one before the
 * first that has; one that follows is written with a request fee of zero alone, so that the
 * prices before it end.  -FAULT_NOMEM, -FAULT_RANGE.
 */
int draft_write(const struct draft *draft, struct buf *out, struct fault *fault);
/* Models that draft_write() writes. */
size_t draft_written(const struct draft *draft);

#endif
