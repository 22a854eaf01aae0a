/*
 * What a reconciliation comes to: each pair is classified, its parts are told as differences and
 * summed up by cause, and the largest are kept.  Inside lib/bill.  One thread.
 */
#ifndef TOLL_BILL_TALLY_H
#define TOLL_BILL_TALLY_H

#include "bill/learn.h"
#include "bill/reconcile.h"

struct bill_kept; /* one of the largest */

struct bill_tally {
	const struct bill_terms *terms;
	const struct bill_tolerances *tolerances;
	bill_difference_fn *each; /* may be NULL */
	void *context;
	struct bill_result *result; /* its causes, worst, counts and suggestions */
	struct fault *fault;
	/* What its pairs teach of rounding; the suggestions of the result learn of prices. */
	struct bill_offs offs;
	/* The rest is of tally.c. */
	struct bill_kept *kept; /* a heap: the least of them first */
	size_t kept_count;
	struct money ours, theirs, parts; /* of all pairs */
	struct money theirs_priced;       /* of these, what was priced here */
	struct money left[CAUSE_COUNT];   /* absolute, what no tolerance of a row takes */
	int64_t left_count[CAUSE_COUNT];
	struct bill_parts room;
	struct buf ours_made, theirs_made; /* of the pair at hand, once it is asked for */
};

/* -FAULT_RANGE: a sum is no amount; -FAULT_NOMEM; as bill_classify() and `each`. */
int bill_tally_pair(struct bill_tally *tally, const struct bill_pair *pair);
/* A difference of that size would be kept now: whoever has more to say of it says it. */
bool bill_tally_keeps(const struct bill_tally *tally, struct money amount);
/* -FAULT_INTERNAL: the pairs are not `theirs`, or their parts not the difference. */
int bill_tally_adds_up(const struct bill_tally *tally, struct money ours, struct money theirs);
/* Behind the last pair: tolerances, and the largest into the result. */
int bill_tally_end(struct bill_tally *tally);
void bill_tally_release(struct bill_tally *tally); /* takes a zeroed one */

#endif
