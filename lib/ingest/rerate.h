/*
 * What a range would have come to under another sell book: each stored event, rated again at its
 * own time with its stored policies.  For `toll price shadow`, which only looks, and for the change
 * that books the difference (change.h: rerate).
 *
 * Reads only; the book need never have been applied.  What is stored is never changed by it.
 */
#ifndef TOLL_INGEST_RERATE_H
#define TOLL_INGEST_RERATE_H

#include "base/json.h"
#include "ledger/read.h"
#include "money/money.h"
#include "price/book.h"

/* Highest precedence first. */
enum rerate_verdict {
	RERATE_RANGE,    /* under this book it would cost more than an amount can be */
	RERATE_PARTED,   /* a sum of requests with a threshold of the price between them: as one it
	                    has no price */
	RERATE_UNPRICED, /* this book has no rate for it */
	RERATE_PRICED,   /* `amount` is what it comes to, also where nothing is due */
};

/* One event.  Texts live for the call. */
struct rerated {
	const struct stored_event *row; /* row->amount: what is stored, with its corrections */
	enum rerate_verdict verdict;
	/*
	 * It is in suspense as it is stored, and so in no sum: a difference has no place for it, a
	 * retry has.
	 */
	bool waits;
	/*
	 * Open or partial: a later phase that takes its place is rated by itself, and would come on
	 * top of a difference of this one.  It is left as it is.
	 */
	bool unsettled;
	struct money amount; /* under this book; 0 unless RERATE_PRICED */
	int64_t version;     /* ordinal in the book; -1: none, or nothing is due */
};
typedef int rerate_fn(void *context, const struct rerated *rerated);

/* Pure but for `doc`, which is used and may be used again.  -FAULT_NOMEM is the only failure. */
int rerate_event(const struct book *book, const struct stored_event *row, struct json *doc,
                 struct rerated *out);

/*
 * Every event of [from_ms, to_ms) as its corrections make it, in the order (time, source, id),
 * turns among them (a turn that ended and what is void count nothing, and are passed over).  What
 * `each` returns but 0 ends the walk and is returned as it is; `fault` is filled where the ledger
 * or the memory failed.
 */
int rerate_each(struct ledger *ledger, const struct book *book, int64_t from_ms, int64_t to_ms,
                rerate_fn *each, void *context, struct fault *fault);

#endif
