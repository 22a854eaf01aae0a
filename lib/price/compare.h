/*
 * What is different between two price books: what they charge, not how they are written.  Names,
 * notes and listings price nothing and are not looked at.
 *
 * Models are the same by their name.  Two books are compared at each moment at which one of them
 * has a version that begins, by the versions that are in effect then: a version that repeats the
 * one before it is no difference, one that was moved to another day is.  Entries are the same
 * where component, conditions and the way of measuring pixels are; "0.80" per million and
 * "0.0000008" each are one price.  Pure; texts and entries point into the books.
 */
#ifndef TOLL_PRICE_COMPARE_H
#define TOLL_PRICE_COMPARE_H

#include "price/book.h"

enum compare_what {
	COMPARE_MODEL,      /* a whole model; its entries are not told one by one */
	COMPARE_ALIAS,      /* `alias` */
	COMPARE_VERSION,    /* there is a price from from_ms on in one book only */
	COMPARE_RATE,       /* rate[] */
	COMPARE_AS,         /* as[]: as what a component without an entry is priced */
	COMPARE_ORDER,      /* the same entries in another order, and the later one wins */
	COMPARE_MULTIPLIER, /* multiplier[] */
	COMPARE_MINIMUM,    /* minimum[] */
	COMPARE_DISCOUNT,   /* discount[] */
	COMPARE_ACCOUNT,    /* what was agreed with an account: the whole, or its end */
};

enum compare_how { COMPARE_ADDED, COMPARE_REMOVED, COMPARE_CHANGED };

/* One difference.  [0]: before, [1]: after; NULL where it is not there. */
struct compared {
	enum compare_what what;
	enum compare_how how;
	struct text model;                     /* absent in what was agreed with an account */
	int64_t from_ms;                       /* of COMPARE_MODEL and _ALIAS it says nothing */
	const struct book_override *agreed[2]; /* both NULL: it is of the version */
	struct text alias;
	enum component
		component; /* of RATE, AS and ORDER; COMPONENT_COUNT: of minimums, accounts */
	const struct book_rate *rate[2];
	enum component as[2]; /* itself: as nothing */
	const struct book_multiplier *multiplier[2];
	const struct book_minimum *minimum[2];
	const struct book_factor *discount[2];
};
/* Returns 0 to go on; anything else ends the walk and is returned as it is. */
typedef int compare_fn(void *context, const struct compared *difference);

/* All of them: by model, then by moment; then by account.  -FAULT_NOMEM is the only failure. */
int compare_books(const struct book *before, const struct book *after, compare_fn *each,
                  void *context);
/* The entries of two versions, of whatever models; from_ms and model are those of `after`. */
int compare_versions(const struct book_version *before, const struct book_version *after,
                     compare_fn *each, void *context);

struct compare_counts {
	size_t added, removed; /* models */
	size_t repriced;       /* models with another difference than their aliases */
	size_t renamed;        /* models whose aliases alone differ */
	size_t accounts;       /* accounts with a difference */
};
int compare_count(const struct book *before, const struct book *after,
                  struct compare_counts *counts_out);

#endif
