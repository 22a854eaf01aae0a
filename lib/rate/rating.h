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
#include "usage/usage.h"

/* Highest precedence first. */
enum rating_verdict {
	RATING_RANGE,    /* a product or the sum is no amount: nobody used that much */
	RATING_UNPRICED, /* model, version or rate is missing: the whole event is in suspense */
	RATING_NOTHING,  /* nothing was used and no fee is due: amount 0, no version needed */
	RATING_PRICED,
};

/* One line of the arithmetic. */
struct charge {
	enum component component;
	int64_t count;
	const struct usage_kind *kind; /* of one kind: into the usage; else NULL */
	const struct book_rate *rate;  /* NULL: no rate (or a FEE that does not exist) */
	enum component priced_as;      /* the component whose entry was taken */
	struct money amount;
};

enum { CHARGES_MAX = COMPONENT_COUNT + USAGE_KINDS_MAX };

struct charges {
	struct book_found found;
	struct charge
		lines[CHARGES_MAX]; /* components with a count above zero, in component.def order */
	size_t count;
	struct money total; /* 0 unless RATING_PRICED */
};

/* A line of the arithmetic; else a fee that the version does not name, which does not exist. */
bool charge_is_due(const struct charges *charges, const struct charge *charge);

/* Of a version some rate holds for one of two prompts and not for the other. */
bool rating_context_differs(const struct book_version *version, int64_t prompt, int64_t other);

/*
 * Price one request.  `at_ms` is when the request ran, not now.  A component with
 * a count and without a rate gives RATING_UNPRICED, never a charge of zero; the
 * lines are filled as far as they go, so that explain can show them.
 * book may be NULL: everything that was used is unpriced.
 */
enum rating_verdict rating_request(const struct book *book, struct text model, int64_t at_ms,
                                   const struct usage *usage, struct charges *charges_out);

/* The same under a version that is already known (verify, explain). */
enum rating_verdict rating_under(const struct book_version *version, const struct usage *usage,
                                 struct charges *charges_out);

#endif
