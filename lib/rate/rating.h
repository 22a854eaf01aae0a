/*
 * Rating: counts x rates -> charges.  Pure: no clock, no I/O, exact.
 * Given the same usage and the same version it gives the same charges for ever;
 * `toll verify` depends on that.
 */
#ifndef TOLL_RATE_RATING_H
#define TOLL_RATE_RATING_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "money/money.h"
#include "price/book.h"
#include "usage/event.h"

/* Highest precedence first. */
enum rating_verdict {
	RATING_RANGE,    /* a product or the sum is no amount: nobody used that much */
	RATING_UNPRICED, /* model, version or rate is missing: the whole event is in suspense */
	RATING_NOTHING,  /* nothing was used and no fee is due: amount 0, no version needed */
	RATING_PRICED,
};

/* What a price may ask of a request, beside the model. */
struct rating_request {
	struct text model;
	int64_t at_ms;                     /* when the request ran, not now */
	struct text account, tier, region; /* as the event says them; absent where it does not */
	const struct usage *usage;         /* what is charged */
};

/* Of an event, with what is charged of it (rate/policy.h). */
struct rating_request rating_of(const struct event *event, const struct usage *charged);

/*
 * One line of the arithmetic: count [x pixels] x rate x factors = amount.  The factors: those of
 * the multipliers whose bits are set, and the discount.
 */
struct charge {
	enum component component;
	int64_t count;
	int64_t pixels; /* of one image, or its megapixels where those are rounded; 0: it is not so
	                 * priced */
	const struct usage_kind *kind;         /* of one kind: into the usage; else NULL */
	const struct book_rate *rate;          /* NULL: no rate (or a FEE that does not exist) */
	enum component priced_as;              /* the component whose entry was taken */
	bool agreed;                           /* the rate is that of charges->override */
	uint32_t multipliers;                  /* bits: version->multipliers[i] */
	const struct book_factor *discount[2]; /* the version's and the account's; NULL: none */
	struct money amount;
};

enum { CHARGES_MAX = COMPONENT_COUNT + USAGE_KINDS_MAX };

struct charges {
	struct book_found found;
	const struct book_override *override; /* what was agreed with the account; NULL: nothing */
	struct charge
		lines[CHARGES_MAX]; /* what was used, in component.def order; by kind behind */
	size_t count;
	const struct book_minimum *minimum; /* the one that is charged; NULL: none */
	struct money raised;                /* by it: what it is more than the lines */
	struct money total;                 /* 0 unless RATING_PRICED */
};

/* A line of the arithmetic; else a fee that the version does not name, which does not exist. */
bool charge_is_due(const struct charges *charges, const struct charge *charge);

/*
 * A sum of requests cannot be priced as one: between the smallest prompt of one of them and that
 * of all together some entry begins or ends to hold, or there is a least charge of each.
 */
bool rating_sum_differs(const struct book_version *version, const struct rating_request *request,
                        int64_t smallest_prompt);

/*
 * Price one request.  A component with a count and without a rate gives RATING_UNPRICED, never a
 * charge of zero; the lines are filled as far as they go, so that explain can show them.
 * book may be NULL: everything that was used is unpriced.
 */
enum rating_verdict rating_request(const struct book *book, const struct rating_request *request,
                                   struct charges *charges_out);

/* The same under a version that is already known (verify, explain). */
enum rating_verdict rating_under(const struct book_version *version,
                                 const struct rating_request *request, struct charges *charges_out);

#endif
