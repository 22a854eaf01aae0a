/*
 * The prices of one version worked out, for formats that know no "as", no multipliers and no
 * discount: each component with a price has its own list, in which a later entry that fits
 * wins, as in the book.  The products are exact: the loader of the book has seen to it.
 *
 * An entry times multipliers with conditions becomes one entry for each set of them, under the
 * conditions of all; what can never hold, and what a later entry hides in every case, is left
 * out.  "More than N tokens" becomes "N + 1 or more": counts are whole.
 *
 * Ownership: sheet_release() frees it; texts are the book's.  Pure.
 */
#ifndef TOLL_CATALOGUE_SHEET_H
#define TOLL_CATALOGUE_SHEET_H

#include "price/book.h"

enum {
	SHEET_MULTIPLIERS_MAX = 6, /* with conditions, of one component: 64 entries of each */
	SHEET_PRICES_MAX = 20000,  /* of one version */
};

struct sheet_price {
	enum component component; /* whose units it prices */
	enum component source;    /* whose entry it was: another one where "as" stood */
	enum megapixels megapixels;
	struct rate rate; /* as in struct book_rate */
	struct book_when when;
	bool two_windows; /* hours of an entry and others of a multiplier: `when` has the former */
};

struct sheet {
	struct sheet_price *prices; /* by component */
	size_t count, cap;
	size_t first[COMPONENT_COUNT + 1]; /* those of c: first[c] .. first[c + 1] - 1 */
};

/*
 * `discounted`: times 1 - discount of the version; else without, for a format that says it
 * apart.  -FAULT_RANGE: more than SHEET_MULTIPLIERS_MAX or SHEET_PRICES_MAX; -FAULT_NOMEM.
 */
int sheet_make(struct sheet *sheet, const struct book_version *version, bool discounted,
               struct fault *fault);
void sheet_release(struct sheet *sheet); /* takes NULL and a zeroed struct */

/* Whenever a holds, b does. */
bool sheet_implies(const struct book_when *a, const struct book_when *b);
/* The same conditions. */
bool sheet_when_equal(const struct book_when *a, const struct book_when *b);

/*
 * The price of a component under conditions that are all said: the last entry all of whose
 * conditions `facts` has (its context_tokens are those of a prompt; hours are one window, not a
 * moment); NULL: none.
 */
const struct sheet_price *sheet_find(const struct sheet *sheet, enum component component,
                                     const struct book_when *facts);

#endif
