/* The sums of ties, and those of the exports.  Inside lib/bill. */
#ifndef TOLL_BILL_TIES_INTERNAL_H
#define TOLL_BILL_TIES_INTERNAL_H

#include "bill/ties.h"

/* Totals: bounded by their integers alone. */
struct tie_sums {
	int64_t events, errors; /* requests; their turns only add counts and amounts */
	int64_t count[COMPONENT_COUNT];
	struct money amount, cost;
};

/* -FAULT_RANGE and unchanged where a sum does not fit. */
int tie_sums_add(struct tie_sums *sums, const struct tie_sums *more);

struct tie_progress {
	const struct ties_query *query;
	int64_t events;
};
void tie_progress_step(struct tie_progress *progress);

/* ties_export.c: both forms of the export, from its text. */
int ties_read_exports(struct ledger *ledger, struct tie_progress *progress,
                      struct tie_sums *ndjson_out, struct tie_sums *csv_out, struct fault *fault);

#endif
