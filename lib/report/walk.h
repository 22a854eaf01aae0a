/*
 * What the total of a range is made of, for whoever sums it up: whole hours from the rollups, what
 * is left at both ends from the events, and the adjustments and corrections that are booked in it
 * (one counts in the range by the first millisecond of its booked hour).  Exact for any range.
 *
 * Each row goes to its function, which returns 0 to go on; anything else ends the walk and is
 * returned.  A function may be NULL: those rows are not asked for (`rollup` and
 * `event` are one).
 */
#ifndef TOLL_REPORT_WALK_H
#define TOLL_REPORT_WALK_H

#include "ledger/adjust.h"
#include "ledger/correct.h"
#include "ledger/read.h"

struct report_walk {
	ledger_rollup_fn *rollup;
	ledger_event_fn *event; /* as it came; ended turns too, which count nothing */
	ledger_adjustment_fn *adjustment;
	ledger_correction_fn *correction;
	void *context;
};

/*
 * What one event adds to a sum, as the rollup of its hour has it; false: nothing, it is a turn that
 * ended.  Its names are those of the event.
 */
bool report_event_sums(const struct stored_event *row, struct rollup_row *sums_out);

/* Rollups and events alone. */
int report_walk_events(struct ledger *ledger, int64_t from_ms, int64_t to_ms,
                       const struct report_walk *walk, struct fault *fault);
/* All of it, in the order of the struct. */
int report_walk(struct ledger *ledger, int64_t from_ms, int64_t to_ms,
                const struct report_walk *walk, struct fault *fault);

#endif
