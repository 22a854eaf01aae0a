/*
 * By spans: sums of an hour, a day or a month of the statement's zone, or of all of the period, by
 * the names that both sides tell.
 *
 * Ours are the rollups where a span begins and ends on an hour of UTC, else the events.  An
 * adjustment is in the sum of its hour, and a correction in that of its event, where that lies in
 * the period (and the hour in one span); else it stands beside the sums.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "bill/groups.h"
#include "ledger/store.h"
#include "report/walk.h"

struct by_spans {
	struct bill_run *run;
	struct bill_groups groups;
	int64_t span_ms, next_ms; /* the span that was asked for last */
	int64_t apart;            /* rows that are in no sum */
	/* Once ours are summed up and rows are apart: the groups by their span. */
	struct bill_group **by_span;
};

static enum moment_unit unit_of(enum bill_match match)
{
	return match == MATCH_HOUR ? MOMENT_HOUR : match == MATCH_DAY ? MOMENT_DAY : MOMENT_MONTH;
}

static int64_t next_span(const struct bill_run *run, int64_t ms)
{
	return run->match == MATCH_WHOLE ? run->to_ms
	                                 : zone_next(run->options->zone, ms, unit_of(run->match));
}

static int64_t span_of(struct by_spans *by, int64_t ms)
{
	const struct bill_run *run = by->run;

	if (run->match == MATCH_WHOLE)
		return run->from_ms;
	if (ms < by->span_ms || ms >= by->next_ms) {
		by->span_ms = zone_floor(run->options->zone, ms, unit_of(run->match));
		by->next_ms = next_span(run, ms);
	}
	return by->span_ms;
}

static int find_group(struct by_spans *by, int64_t ms, struct text account, struct text key,
                      struct text model, struct bill_group **group_out)
{
	struct bill_run *run = by->run;
	struct text name[BILL_NAMES] = { account, key, model };
	int r = run->by[BILL_MODEL] ? bill_model(run, model, &name[BILL_MODEL]) : 0;

	for (int n = 0; n < BILL_NAMES; n++) {
		if (!run->by[n])
			name[n] = text_of(NULL);
	}
	return r < 0 ? r
	             : bill_group_find(&by->groups, span_of(by, ms), name, group_out, run->fault);
}

/* ---- our side ---- */

/* What of the ledger is added to a sum. */
enum added { ADDED_EVENTS, ADDED_CORRECTION, ADDED_ADJUSTMENT };

static int add_sums(struct by_spans *by, const struct rollup_row *row, int64_t ms, enum added added)
{
	const struct bill_options *options = by->run->options;
	bool cost = options->side == BOOK_COST;
	const struct bill_addend more = {
		.requests = row->events - row->turns,
		.events = row->events,
		.suspense = cost ? row->events - row->costed : row->suspense,
		.count = row->count,
		.amount = bill_side_amount(options, row->amount, row->cost),
		/* A sum does not tell which prices its cost is of. */
		.price_id = cost ? BILL_PRICE_MIXED : row->price_id,
		/* Of what is added beside the events it is theirs. */
		.rated = added == ADDED_EVENTS,
		.adjusts = added == ADDED_ADJUSTMENT,
		.tier = row->service_tier,
	};
	struct bill_group *group = NULL;
	int r;

	if (!bill_wanted(options, row->account, row->key, row->model, row->source, row->provider))
		return 0;
	r = find_group(by, ms, row->account, row->key, row->model, &group);
	return r < 0 ? r : bill_group_add_ours(&by->groups, group, &more, by->run->fault);
}

static int add_rollup(void *context, const struct rollup_row *row)
{
	return add_sums(context, row, row->hour_ms, ADDED_EVENTS);
}

static int add_event(void *context, const struct stored_event *row)
{
	struct rollup_row sums;

	return report_event_sums(row, &sums)
	               ? add_sums(context, &sums, row->event.time_ms, ADDED_EVENTS)
	               : 0;
}

static bool in_period(const struct bill_run *run, int64_t ms)
{
	return ms >= run->from_ms && ms < run->to_ms;
}

static int add_correction(void *context, const struct correction *row)
{
	struct by_spans *by = context;

	return in_period(by->run, row->time_ms)
	               ? add_sums(by, &row->adds, row->time_ms, ADDED_CORRECTION)
	               : 0;
}

/* Its hour is in a span, and that in the period. */
static bool in_a_span(struct by_spans *by, const struct adjustment *row)
{
	int64_t last = row->hour_ms + MS_PER_HOUR - 1;

	return in_period(by->run, row->hour_ms) && in_period(by->run, last) &&
	       span_of(by, row->hour_ms) == span_of(by, last);
}

static int add_adjustment(void *context, const struct adjustment *row)
{
	const struct rollup_row as_sum = {
		.account = row->account,
		.key = row->key,
		.model = row->model,
		.source = row->source,
		.provider = row->provider,
		.amount = row->amount,
	};

	return in_a_span(context, row) ? add_sums(context, &as_sum, row->hour_ms, ADDED_ADJUSTMENT)
	                               : 0;
}

static int tell_adjustment(void *context, const struct adjustment *row)
{
	struct by_spans *by = context;
	struct bill_ours ours = bill_of_adjustment(row);
	const struct bill_pair pair = { .ours = &ours,
		                        .known = CAUSE_ADJUSTED,
		                        .ours_counts = true };

	if (in_a_span(by, row) || !bill_wanted(by->run->options, row->account, row->key, row->model,
	                                       row->source, row->provider))
		return 0;
	return bill_tally_pair(&by->run->tally, &pair);
}

static int tell_correction(void *context, const struct correction *row)
{
	struct by_spans *by = context;
	const struct rollup_row *adds = &row->adds;
	struct bill_ours ours = bill_of_correction(by->run->options, row);
	const struct bill_pair pair = { .ours = &ours,
		                        .known = CAUSE_OTHER_PERIOD,
		                        .ours_counts = true };

	if (in_period(by->run, row->time_ms) ||
	    !bill_wanted(by->run->options, adds->account, adds->key, adds->model, adds->source,
	                 adds->provider))
		return 0;
	return bill_tally_pair(&by->run->tally, &pair);
}

/* Behind the last span in a row, from that moment on, that ends on an hour of UTC. */
static int64_t stretch(const struct bill_run *run, int64_t from_ms)
{
	int64_t end = next_span(run, from_ms);

	while (end < run->to_ms && end % MS_PER_HOUR == 0)
		end = next_span(run, end);
	return end < run->to_ms ? end : run->to_ms;
}

static int add_ours(struct by_spans *by)
{
	struct bill_run *run = by->run;
	bool sold = run->options->side == BOOK_SELL;
	const struct report_walk parts = {
		.rollup = add_rollup,
		.event = add_event,
		.context = by,
	};
	const struct report_walk beside = {
		.adjustment = sold ? add_adjustment : NULL,
		.correction = add_correction,
		.context = by,
	};
	int64_t to = 0;
	int r = 0;

	/* Of hours that begin within one of UTC no sum can be had. */
	if (run->match == MATCH_HOUR && stretch(run, run->from_ms) < run->to_ms)
		r = ledger_each_event(run->ledger, run->from_ms, run->to_ms, add_event, by,
		                      run->fault);
	else
		for (int64_t from = run->from_ms; r == 0 && from < run->to_ms; from = to) {
			to = stretch(run, from);
			r = report_walk_events(run->ledger, from, to, &parts, run->fault);
		}
	return r < 0 ? r : report_walk(run->ledger, run->from_ms, run->to_ms, &beside, run->fault);
}

/* ---- their side ---- */

/* 1: the row is in no sum: a copy (*record_out), or a charge of no model (0); 0: it is in one. */
static int is_apart(struct by_spans *by, const struct statement_row *row, int64_t place,
                    int64_t *record_out)
{
	int r = bill_row_may_repeat(row)
	                ? bill_repeats_of(&by->run->repeats, row, place, record_out, by->run->fault)
	                : 0;

	if (r != 0)
		return r;
	*record_out = 0;
	return row->charge != STATEMENT_USAGE && row->model.at == NULL;
}

static int add_row(void *context, const struct statement_row *row, int64_t place)
{
	struct by_spans *by = context;
	struct bill_run *run = by->run;
	struct bill_group *group = NULL;
	int64_t record;
	int r = bill_count_row(run, row);

	if (r < 0 || !bill_inside(run, row))
		return r;
	r = is_apart(by, row, place, &record);
	if (r < 0)
		return r;
	if (r == 1) {
		by->apart++;
		return 0;
	}
	r = find_group(by, statement_timed(row) ? row->from_ms : run->from_ms, row->account,
	               row->key, row->model, &group);
	return r < 0 ? r
	             : bill_group_add_row(&by->groups, group, row, bill_current(run, row),
	                                  run->fault);
}

static bool is_name(const struct by_spans *by, enum bill_name name, struct text ours,
                    struct text theirs)
{
	return !by->run->by[name] || theirs.at == NULL || text_equal(ours, theirs);
}

static int compare_names(const struct bill_group *a, const struct bill_group *b)
{
	for (int n = 0; n < BILL_NAMES; n++) {
		int compared = (a->name[n].at != NULL) - (b->name[n].at != NULL);

		if (compared == 0)
			compared = text_compare(a->name[n], b->name[n]);
		if (compared != 0)
			return compared;
	}
	return 0;
}

static int by_span(const void *x, const void *y)
{
	const struct bill_group *a = *(struct bill_group *const *)x;
	const struct bill_group *b = *(struct bill_group *const *)y;

	if (a->span_ms != b->span_ms)
		return a->span_ms < b->span_ms ? -1 : 1;
	return compare_names(a, b);
}

static int sort_groups(struct by_spans *by, struct bill_group ***order_out)
{
	size_t count = by->groups.count;
	struct bill_group **order = malloc((count + 1) * sizeof(struct bill_group *));

	if (order == NULL)
		return bill_no_memory(by->run);
	for (size_t i = 0; i < count; i++)
		order[i] = bill_group_at(&by->groups, i);
	qsort(order, count, sizeof(struct bill_group *), by_span);
	*order_out = order;
	return 0;
}

/* Of the groups by their span: where that one begins. */
static size_t first_of(const struct by_spans *by, int64_t span_ms)
{
	size_t low = 0, high = by->groups.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (by->by_span[middle]->span_ms < span_ms)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * A charge of one component and of no model, such as Anthropic's for searches, is of the model
 * that used it, where that is one alone.  NULL: of none, or of several.
 */
static struct bill_group *only_user(struct by_spans *by, const struct statement_row *row)
{
	struct bill_group *found = NULL;
	int64_t span;

	if (row->charge != STATEMENT_FEE || row->of == COMPONENT_COUNT || !statement_timed(row) ||
	    !bill_current(by->run, row))
		return NULL;
	span = span_of(by, row->from_ms);
	for (size_t i = first_of(by, span); i < by->groups.count; i++) {
		struct bill_group *group = by->by_span[i];

		if (group->span_ms != span)
			break;
		if (!group->has_ours || group->count[row->of] <= 0 ||
		    !is_name(by, BILL_ACCOUNT, group->name[BILL_ACCOUNT], row->account) ||
		    !is_name(by, BILL_KEY, group->name[BILL_KEY], row->key))
			continue;
		if (found != NULL)
			return NULL;
		found = group;
	}
	return found;
}

/* Behind ours, since it is asked which of them used what is charged. */
static int join_apart(void *context, const struct statement_row *row, int64_t place)
{
	struct by_spans *by = context;
	struct bill_group *group;
	int64_t record;
	int r;

	if (!bill_inside(by->run, row))
		return 0;
	r = is_apart(by, row, place, &record);
	if (r != 1 || record > 0)
		return r < 0 ? r : 0;
	group = only_user(by, row);
	return group == NULL ? 0
	                     : bill_group_add_row(&by->groups, group, row, true, by->run->fault);
}

static int tell_apart(void *context, const struct statement_row *row, int64_t place)
{
	struct by_spans *by = context;
	int64_t record;
	int r;

	if (!bill_inside(by->run, row))
		return 0;
	r = is_apart(by, row, place, &record);
	if (r != 1)
		return r;
	if (record == 0 && only_user(by, row) != NULL)
		return 0;
	return record > 0 ? bill_pair_theirs(by->run, row, CAUSE_DUPLICATE, record)
	                  : bill_pair_left(by->run, row);
}

/* ---- the sums against each other ---- */

/* Ours by time and names, then what only the statement has, in its order. */
static int by_order(const void *x, const void *y)
{
	const struct bill_group *a = *(struct bill_group *const *)x;
	const struct bill_group *b = *(struct bill_group *const *)y;
	int64_t record_a = a->rows > 0 ? a->theirs.record : a->foreign_record;
	int64_t record_b = b->rows > 0 ? b->theirs.record : b->foreign_record;

	if (a->has_ours != b->has_ours)
		return a->has_ours ? -1 : 1;
	if (!a->has_ours && record_a != record_b)
		return record_a < record_b ? -1 : 1;
	if (a->span_ms != b->span_ms)
		return a->span_ms < b->span_ms ? -1 : 1;
	return compare_names(a, b);
}

static int tell_foreign(struct by_spans *by, const struct bill_group *group,
                        const struct bill_ours *ours)
{
	struct statement_row row;
	const struct bill_pair pair = {
		.ours = ours,
		.theirs = &row,
		.known = CAUSE_CURRENCY,
		.ours_counts = ours != NULL,
	};

	statement_row_init(&row);
	row.record = group->foreign_record;
	row.from_ms = group->span_ms;
	row.to_ms = next_span(by->run, group->span_ms);
	row.account = group->name[BILL_ACCOUNT];
	row.key = group->name[BILL_KEY];
	row.model = group->name[BILL_MODEL];
	row.has_money = 1U << STATEMENT_MONEY_AMOUNT;
	row.money[STATEMENT_MONEY_AMOUNT] = group->foreign_amount;
	memcpy(row.currency, group->foreign_currency, sizeof(row.currency));
	return bill_tally_pair(&by->run->tally, &pair);
}

static int ours_of(struct by_spans *by, const struct bill_group *group, struct bill_ours *ours)
{
	ours->requests = group->requests;
	ours->time_ms = group->span_ms;
	ours->account = group->name[BILL_ACCOUNT];
	ours->key = group->name[BILL_KEY];
	ours->model = group->name[BILL_MODEL];
	ours->service_tier = group->tier;
	ours->status = EVENT_ABSENT;
	ours->settlement = SETTLEMENT_FINAL;
	ours->sum = true;
	ours->suspense = group->suspense > 0;
	ours->amount = group->amount;
	ours->adjusted = group->adjusted;
	ours->version = NULL;
	memcpy(ours->usage.count, group->count, sizeof(group->count));
	return group->price_id > LEDGER_PRICE_NONE
	               ? ledger_price_version(by->run->ledger, group->price_id, &ours->version,
	                                      NULL, by->run->fault)
	               : 0;
}

/* The two spans, which are of one zone and told in UTC. */
static void moved_why(const struct bill_group *group, char out[BILL_WHY_BYTES])
{
	char own[MOMENT_TEXT_BYTES], other[MOMENT_TEXT_BYTES];

	moment_text(group->span_ms, own);
	moment_text(group->moved_ms, other);
	snprintf(out, BILL_WHY_BYTES,
	         "what the span from %s is off by, that from %s is the other way", own, other);
}

static int tell_group(struct by_spans *by, const struct bill_group *group, struct bill_ours *ours)
{
	struct bill_pair pair = {
		.ours = group->has_ours ? ours : NULL,
		.theirs = group->rows > 0 ? &group->theirs : NULL,
		.known = CAUSE_COUNT,
		.ours_counts = group->has_ours,
		.theirs_counts = group->rows > 0,
		.their_rows = group->rows,
	};
	char why[BILL_WHY_BYTES];
	int r = group->has_ours ? ours_of(by, group, ours) : 0;

	if (r < 0)
		return r;
	if (group->foreign > 0) {
		r = tell_foreign(by, group, group->rows == 0 ? pair.ours : NULL);
		if (r < 0 || group->rows == 0)
			return r;
	}
	pair.foreign = bill_group_foreign_explains(group) ? group->foreign_currency : NULL;
	moved_why(group, why);
	pair.why = group->moved ? why : NULL;
	if (group->moved)
		pair.known = CAUSE_OTHER_PERIOD;
	else if (!group->has_ours)
		return bill_pair_left(by->run, &group->theirs);
	else if (group->rows == 0 && group->amount.attos == 0 && group->suspense == 0 &&
	         usage_is_empty(&ours->usage))
		return 0; /* nobody bills it, and nothing is missing */
	else if (group->rows == 0)
		pair.known = CAUSE_MISSING_THERE;
	else if (bill_group_foreign_rest(group))
		pair.known = CAUSE_CURRENCY;
	return bill_tally_pair(&by->run->tally, &pair);
}

static void mark_moved(struct bill_group *group, struct bill_group *next)
{
	group->moved = next->moved = true;
	group->moved_ms = next->span_ms;
	next->moved_ms = group->span_ms;
}

/* What one span is off by and the next one the other way was moved by their boundary. */
static void find_moved(struct by_spans *by, struct bill_group **order, size_t count)
{
	wide unit = 1;

	for (unsigned d = by->run->terms.decimals; d < MONEY_DECIMALS_MAX; d++)
		unit *= 10;
	for (size_t i = 0; i < count; i++) {
		struct bill_group *next;

		if (order[i]->moved || by->run->match == MATCH_WHOLE)
			continue;
		next = bill_group_look(&by->groups, next_span(by->run, order[i]->span_ms),
		                       order[i]->name);
		if (next != NULL && !next->moved && bill_groups_cancel(order[i], next, unit))
			mark_moved(order[i], next);
	}
}

static int tell_groups(struct by_spans *by)
{
	size_t count = by->groups.count;
	struct bill_group **order = NULL;
	struct bill_ours ours = { .requests = 0 };
	int r = sort_groups(by, &order);

	if (r < 0)
		return r;
	find_moved(by, order, count);
	qsort(order, count, sizeof(struct bill_group *), by_order);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = tell_group(by, order[i], &ours);
	free(order);
	return r;
}

int bill_match_spans(struct bill_run *run)
{
	struct by_spans by = { .run = run };
	const struct report_walk beside = {
		.adjustment = run->options->side == BOOK_SELL ? tell_adjustment : NULL,
		.correction = tell_correction,
		.context = &by,
	};
	int r = 0;

	/* One that was asked for was known when the statement was first read. */
	if (run->options->match != run->match)
		r = bill_repeats_find(&run->repeats, run->spool, bill_row_may_repeat, run->fault);
	if (r == 0)
		r = bill_each_row(run, add_row, &by);
	if (r == 0)
		r = bill_counted(run);
	if (r == 0)
		r = add_ours(&by);
	if (r == 0 && by.apart > 0)
		r = sort_groups(&by, &by.by_span);
	if (r == 0 && by.apart > 0)
		r = bill_each_row(run, join_apart, &by);
	if (r == 0)
		r = tell_groups(&by);
	if (r == 0)
		r = report_walk(run->ledger, run->from_ms, run->to_ms, &beside, run->fault);
	if (r == 0 && by.apart > 0)
		r = bill_each_row(run, tell_apart, &by);
	free(by.by_span);
	bill_groups_release(&by.groups);
	return r;
}
