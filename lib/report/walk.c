#include "report/walk.h"

#include "base/moment.h"

int report_walk_events(struct ledger *ledger, int64_t from_ms, int64_t to_ms,
                       const struct report_walk *walk, struct fault *fault)
{
	int64_t first = moment_floor(from_ms, MOMENT_HOUR), last = to_ms;
	int r = 0;

	if (first < from_ms)
		first += MS_PER_HOUR;
	if (to_ms != LEDGER_TO_MAX)
		last = moment_floor(to_ms, MOMENT_HOUR);
	/* A range inside one hour has no whole one: last is then before first. */
	if (first > last)
		return ledger_each_event(ledger, from_ms, to_ms, walk->event, walk->context, fault);
	if (from_ms < first)
		r = ledger_each_event(ledger, from_ms, first, walk->event, walk->context, fault);
	if (r == 0 && first < last)
		r = ledger_each_rollup(ledger, first, last, walk->rollup, walk->context, fault);
	if (r == 0 && last < to_ms)
		r = ledger_each_event(ledger, last, to_ms, walk->event, walk->context, fault);
	return r;
}

int report_walk(struct ledger *ledger, int64_t from_ms, int64_t to_ms,
                const struct report_walk *walk, struct fault *fault)
{
	int r = 0;

	if (walk->rollup != NULL)
		r = report_walk_events(ledger, from_ms, to_ms, walk, fault);
	if (r == 0 && walk->adjustment != NULL)
		r = ledger_each_adjustment(ledger, ADJUSTMENT_BOOKED, from_ms, to_ms,
		                           walk->adjustment, walk->context, fault);
	if (r == 0 && walk->correction != NULL)
		r = ledger_each_correction(ledger, CORRECTION_BOOKED, from_ms, to_ms,
		                           walk->correction, walk->context, fault);
	return r;
}
