/* Our side in sums: the total of a period, and what stands beside its requests. */
#include "bill/ours.h"

#include <string.h>

#include "ledger/store.h"
#include "report/walk.h"

struct bill_ours bill_of_adjustment(const struct adjustment *row)
{
	return (struct bill_ours){
		.time_ms = row->hour_ms,
		.source = row->source,
		.account = row->account,
		.key = row->key,
		.model = row->model,
		.provider = row->provider,
		.service_tier = row->service_tier,
		.status = EVENT_ABSENT,
		.settlement = SETTLEMENT_FINAL,
		.sum = true,
		.amount = row->amount,
	};
}

struct bill_ours bill_of_correction(const struct bill_options *options,
                                    const struct correction *row)
{
	const struct rollup_row *adds = &row->adds;
	struct bill_ours ours = {
		.requests = adds->events - adds->turns,
		.time_ms = row->time_ms,
		.source = adds->source,
		.id = row->id,
		.account = adds->account,
		.key = adds->key,
		.model = adds->model,
		.provider = adds->provider,
		.service_tier = adds->service_tier,
		.status = EVENT_ABSENT,
		.settlement = SETTLEMENT_FINAL,
		.sum = true,
		.amount = bill_side_amount(options, adds->amount, adds->cost),
	};

	memcpy(ours.usage.count, adds->count, sizeof(ours.usage.count));
	return ours;
}

struct rest {
	struct bill_walk *walk;
	bill_rest_fn *each;
	void *context;
};

static int pass_adjustment(void *context, const struct adjustment *row)
{
	const struct rest *rest = context;
	struct bill_ours ours = bill_of_adjustment(row);

	if (!bill_wanted(rest->walk->options, row->account, row->key, row->model, row->source,
	                 row->provider))
		return 0;
	return rest->each(rest->context, &ours, CAUSE_ADJUSTED);
}

static int pass_correction(void *context, const struct correction *row)
{
	const struct rest *rest = context;
	const struct bill_options *options = rest->walk->options;
	const struct rollup_row *adds = &row->adds;
	struct bill_ours ours;

	if ((row->time_ms >= rest->walk->from_ms && row->time_ms < rest->walk->to_ms) ||
	    !bill_wanted(options, adds->account, adds->key, adds->model, adds->source,
	                 adds->provider))
		return 0;
	ours = bill_of_correction(options, row);
	return rest->each(rest->context, &ours, CAUSE_OTHER_PERIOD);
}

int bill_each_rest(struct bill_walk *walk, bill_rest_fn *each, void *context)
{
	struct rest rest = { walk, each, context };
	const struct report_walk parts = {
		/* What an event costs us is rated again by nobody. */
		.adjustment = walk->options->side == BOOK_SELL ? pass_adjustment : NULL,
		.correction = pass_correction,
		.context = &rest,
	};

	return report_walk(walk->ledger, walk->from_ms, walk->to_ms, &parts, walk->fault);
}

struct totals {
	const struct bill_options *options;
	struct bill_ours_total sum;
	struct fault *fault;
};

static int add(struct totals *totals, struct money *to, struct money amount)
{
	return money_total_add(*to, amount, to) < 0 ||
	                       money_total_add(totals->sum.amount, amount, &totals->sum.amount) < 0
	               ? fault_set(totals->fault, FAULT_RANGE, "our total is no amount")
	               : 0;
}

static int add_sums(struct totals *totals, const struct rollup_row *row, struct money *to)
{
	const struct bill_options *options = totals->options;
	struct bill_ours_total *sum = &totals->sum;

	if (!bill_wanted(options, row->account, row->key, row->model, row->source, row->provider))
		return 0;
	sum->met++;
	sum->requests += row->events - row->turns;
	sum->events += row->events;
	sum->suspense += options->side == BOOK_COST ? row->events - row->costed : row->suspense;
	return add(totals, to, bill_side_amount(options, row->amount, row->cost));
}

static int add_rollup(void *context, const struct rollup_row *row)
{
	struct totals *totals = context;

	return add_sums(totals, row, &totals->sum.events_amount);
}

static int add_event(void *context, const struct stored_event *row)
{
	struct totals *totals = context;
	struct rollup_row sums;

	return report_event_sums(row, &sums) ? add_sums(totals, &sums, &totals->sum.events_amount)
	                                     : 0;
}

static int add_adjustment(void *context, const struct adjustment *row)
{
	struct totals *totals = context;

	if (!bill_wanted(totals->options, row->account, row->key, row->model, row->source,
	                 row->provider))
		return 0;
	return add(totals, &totals->sum.adjustments, row->amount);
}

static int add_correction(void *context, const struct correction *row)
{
	struct totals *totals = context;

	return add_sums(totals, &row->adds, &totals->sum.corrections);
}

int bill_ours_total(struct bill_walk *walk, struct bill_ours_total *total_out)
{
	struct totals totals = { .options = walk->options, .fault = walk->fault };
	const struct report_walk parts = {
		.rollup = add_rollup,
		.event = add_event,
		.adjustment = walk->options->side == BOOK_SELL ? add_adjustment : NULL,
		.correction = add_correction,
		.context = &totals,
	};
	int r = report_walk(walk->ledger, walk->from_ms, walk->to_ms, &parts, walk->fault);

	if (r == 0)
		*total_out = totals.sum;
	return r;
}
