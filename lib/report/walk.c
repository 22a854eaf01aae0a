#include "report/walk.h"

#include <string.h>

#include "base/moment.h"
#include "ledger/store.h"

bool report_event_sums(const struct stored_event *row, struct rollup_row *sums_out)
{
	const struct event *event = &row->event;
	enum provenance provenance = ledger_provenance(event);
	bool request = event->turn == TURN_NONE;

	if (event->turn == TURN_ENDED)
		return false;
	*sums_out = (struct rollup_row){
		.hour_ms = moment_floor(event->time_ms, MOMENT_HOUR),
		.account = event->account,
		.key = event->key,
		.model = event->model,
		.source = event->source,
		.provider = event->provider,
		.service_tier = event->service_tier,
		.price_id = row->price_id,
		.events = 1,
		.turns = !request,
		.errors = request && event->status >= 400,
		.partial = request && provenance == PROVENANCE_PARTIAL,
		.estimated = request && provenance == PROVENANCE_ESTIMATED,
		.uncounted = request && provenance == PROVENANCE_NONE,
		.suspense = row->price_id == LEDGER_PRICE_SUSPENSE,
		.costed = row->cost_id >= LEDGER_PRICE_NONE,
		.uncosted = row->cost_id == LEDGER_PRICE_SUSPENSE,
		.amount = row->amount,
		.cost = row->cost,
	};
	memcpy(sums_out->count, event->usage.count, sizeof(sums_out->count));
	return true;
}

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
