/*
 * What a change of prices does to the invoices of a range: sums by account and model, before and
 * after.  For `toll price shadow` (what is stored against a book) and `toll price diff` (a book
 * against another).
 *
 * Reads only.  Memory is bounded by accounts x models, IMPACT_ROWS_MAX of them.
 */
#ifndef TOLL_INGEST_IMPACT_H
#define TOLL_INGEST_IMPACT_H

#include "base/arena.h"
#include "ledger/read.h"
#include "money/money.h"
#include "price/book.h"

enum { IMPACT_ROWS_MAX = 1 << 18 }; /* some 300 bytes each */

/* What becomes of an event.  Only IMPACT_RATED is in a difference. */
enum impact_kind {
	IMPACT_RATED,     /* has an amount before and after */
	IMPACT_LOST,      /* has no rate any more: `after` is 0 */
	IMPACT_GAINED,    /* has one for the first time: `before` is 0 */
	IMPACT_WAITING,   /* has none either way */
	IMPACT_PARTED,    /* a sum of requests that has no price as one, RERATE_PARTED */
	IMPACT_RANGE,     /* would cost more than an amount can be */
	IMPACT_UNSETTLED, /* open or partial: left as it is (not where two books are compared) */
	IMPACT_KINDS,
};

struct impact_sums {
	int64_t events[IMPACT_KINDS];
	struct money before[IMPACT_KINDS], after[IMPACT_KINDS]; /* totals: money_total_add() */
};

struct impact_row {
	struct text account, model; /* as the events have them; account absent: not asked for */
	struct impact_sums sums;
};

struct impact {
	struct impact_row *rows; /* by account and model; texts are in the arena */
	size_t count, cap;
	struct impact_sums total;
	uint32_t *slots; /* index + 1 into rows; 0: empty; slot_count a power of two */
	size_t slot_count;
	struct arena arena;
};

/* Told of every event, for who waits; may be NULL. */
typedef void impact_tick_fn(void *context, int64_t events, int64_t at_ms);

struct impact_range {
	int64_t from_ms, to_ms; /* half-open */
	bool by_account;        /* else by model alone */
	impact_tick_fn *tick;
	void *context;
};

/*
 * Before: what is stored, with the adjustments of that traffic, wherever they are booked.  After:
 * under `book`.  total.after - total.before of IMPACT_RATED is what the change "rerate" would book
 * where nothing is lost, parted or out of range: an adjustment belongs to no single event, so those
 * of the whole range are in IMPACT_RATED.  from_ms and to_ms are on the hour, -FAULT_INVALID.
 */
int impact_of_stored(struct ledger *ledger, const struct book *book,
                     const struct impact_range *range, struct impact *impact_out,
                     struct fault *fault);

/* Before: under one book.  After: under another. */
int impact_of_books(struct ledger *ledger, const struct book *before, const struct book *after,
                    const struct impact_range *range, struct impact *impact_out,
                    struct fault *fault);

/* The rows by what the change is, largest first, whichever way; of IMPACT_RATED. */
void impact_sort(struct impact *impact);
void impact_release(struct impact *impact); /* takes a zeroed one */

#endif
