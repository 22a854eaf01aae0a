/*
 * Our side of a reconciliation: what the ledger has of a period, behind the filters, so that all of
 * it adds up to what `toll report` (toll report's cost, on the cost side) tells of the same.
 *
 *   requests      each event of the period with the corrections of it that are booked in it; what
 *                 is void is passed over.  Those of the margin around it are met, too, and do not
 *                 count: they stand as they are now.
 *   turns         "ID~2" ... belong to their request: their amounts and counts are added to it.
 *                 They have its time and source, and what comes between them in the order of the
 *                 ledger begins with the request's id: so a request is held back as long as that
 *                 is so.  Where the request itself is filtered out, its turns come as one without.
 *   corrections   of events that lie in another period: each by itself
 *   adjustments   each by itself; of what is sold only
 *
 * Inside lib/bill.  One thread.
 */
#ifndef TOLL_BILL_OURS_H
#define TOLL_BILL_OURS_H

#include "base/arena.h"
#include "base/buf.h"
#include "bill/reconcile.h"
#include "bill/voids.h"
#include "ledger/adjust.h"
#include "ledger/brief.h"
#include "ledger/correct.h"

/* Several prices, in place of the id of one. */
#define BILL_PRICE_MIXED INT64_C(-3)

struct bill_walk;

/* A request of ours. */
struct bill_met {
	/* Until bill_ours_fill(): no usage, tier, region, finish reason, status, settlement,
	 * policies or version.  Texts live for the call. */
	struct bill_ours ours;
	bool counts;      /* it is in the period */
	int64_t price_id; /* of the side; BILL_PRICE_MIXED with turns of other prices */
	bool filled;
	struct bill_walk *walk;
	const struct bill_held *held;
};
typedef int bill_met_fn(void *context, struct bill_met *met);

struct bill_walk {
	struct ledger *ledger;
	const struct bill_options *options;
	int64_t from_ms, to_ms; /* the period */
	/* Most requests are filled: then all are read whole, which for each costs half as much. */
	bool whole;
	struct fault *fault;
	/* The rest is of ours.c. */
	bill_met_fn *each;
	void *context;
	int64_t *corrected; /* times of events with a correction, in their order */
	size_t corrected_count, corrected_cap;
	struct bill_held *held; /* each but the first begins with the id before it */
	size_t held_count, held_cap;
	struct bill_voids voids; /* passed over, of those that were met */
	struct bill_void voided; /* the one at hand */
	struct bill_met met;
	struct arena arena;
	struct json doc;
	int64_t seen;
};
void bill_walk_release(struct bill_walk *walk); /* takes a zeroed one */

/* In the order of their time, those of the margin too. */
int bill_each_ours(struct bill_walk *walk, bill_met_fn *each, void *context);
/* What is not in a brief row; its texts live for the call of `each`. */
int bill_ours_fill(struct bill_met *met);

/*
 * What is of no request of the period: adjustments and corrections that are booked in it.
 */
typedef int bill_rest_fn(void *context, const struct bill_ours *ours, enum bill_cause cause);
int bill_each_rest(struct bill_walk *walk, bill_rest_fn *each, void *context);

/* As struct bill_ours: an adjustment, a correction by itself. */
struct bill_ours bill_of_adjustment(const struct adjustment *row);
struct bill_ours bill_of_correction(const struct bill_options *options,
                                    const struct correction *row);

struct bill_ours_total {
	int64_t requests, events, suspense;
	int64_t met; /* rows that were summed up; 0: there is nothing of the period */
	struct money events_amount, adjustments, corrections, amount;
};
/* As `toll report` has it, from the sums of the hours.  -FAULT_RANGE: it is no amount. */
int bill_ours_total(struct bill_walk *walk, struct bill_ours_total *total_out);

/* Behind the filters of the options. */
bool bill_wanted(const struct bill_options *options, struct text account, struct text key,
                 struct text model, struct text source, struct text provider);
struct money bill_side_amount(const struct bill_options *options, struct money amount,
                              struct money cost);

#endif
