#include "bill/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/moment.h"
#include "report/walk.h"

static const char *const name_words[BILL_NAMES] = {
	[BILL_ACCOUNT] = "account",
	[BILL_KEY] = "key",
	[BILL_MODEL] = "model",
};

static const char *const id_words[BILL_IDS] = {
	[BILL_ID_OWN] = "id",
	[BILL_ID_UPSTREAM] = "upstream_id",
	[BILL_ID_REQUEST] = "request_id",
};

void bill_plan_release(struct bill_plan *plan)
{
	for (int n = 0; n < BILL_NAMES; n++)
		free(plan->values[n].texts);
	arena_release(&plan->arena);
	*plan = (struct bill_plan){ .rows = 0 };
}

/* ---- one walk through the rows ---- */

struct reading {
	struct bill_plan *plan;
	struct bill_run *run;
};

static size_t value_slot(const struct bill_values *values, struct text text)
{
	size_t slot = hash64(text.at, text.len, 0) & (values->slots - 1);

	while (values->texts[slot].at != NULL && !text_equal(values->texts[slot], text))
		slot = (slot + 1) & (values->slots - 1);
	return slot;
}

static int note_value(const struct reading *reading, struct bill_values *values, struct text text)
{
	size_t slot;

	if (text.at == NULL || values->many)
		return 0;
	if (values->texts == NULL) {
		values->slots = (size_t)2 * BILL_VALUES_MAX;
		values->texts = calloc(values->slots, sizeof(*values->texts));
		if (values->texts == NULL)
			return bill_no_memory(reading->run);
	}
	slot = value_slot(values, text);
	if (values->texts[slot].at != NULL)
		return 0;
	values->many = values->count == BILL_VALUES_MAX;
	if (values->many)
		return 0;
	values->texts[slot] = arena_copy(&reading->plan->arena, text);
	if (values->texts[slot].at == NULL)
		return bill_no_memory(reading->run);
	values->count++;
	return 0;
}

static void span(struct bill_plan *plan, const struct statement_row *row)
{
	/* A fee of a month that stands at its beginning is no reason to look at all of it. */
	int64_t to = row->charge == STATEMENT_USAGE ? row->to_ms : row->from_ms + 1;

	if (!statement_timed(row))
		return;
	if (plan->first_ms == plan->last_ms || row->from_ms < plan->first_ms)
		plan->first_ms = row->from_ms;
	if (to > plan->last_ms)
		plan->last_ms = to;
}

static int read_usage(const struct reading *reading, const struct statement_row *row)
{
	const struct text names[BILL_NAMES] = { row->account, row->key, row->model };
	struct bill_plan *plan = reading->plan;
	enum statement_grain grain = statement_grain_of(row);
	uint32_t told = row->told;
	struct text name;
	int r = 0;

	/* Together the lines of a request tell what each of them alone does not. */
	if (row->of == COMPONENT_COUNT || plan->usage == plan->lines)
		plan->told = plan->usage == 0 ? told : plan->told & told;
	plan->usage++;
	plan->lines += row->of != COMPONENT_COUNT;
	plan->requests += row->request;
	plan->named += bill_row_named(row);
	plan->counted += row->told != 0 || row->prompt_total != STATEMENT_UNTOLD ||
	                 row->answer_total != STATEMENT_UNTOLD;
	plan->timed += statement_timed(row);
	plan->prompts += row->prompt_total != STATEMENT_UNTOLD;
	plan->answers += row->answer_total != STATEMENT_UNTOLD;
	if (grain > plan->grain)
		plan->grain = grain;
	if (row->request && row->to_ms - row->from_ms > plan->width_ms)
		plan->width_ms = row->to_ms - row->from_ms;
	for (int n = 0; r == 0 && n < BILL_NAMES; n++) {
		plan->with[n] += names[n].at != NULL;
		name = names[n];
		if (n == BILL_MODEL)
			r = bill_model(reading->run, names[n], &name);
		if (r == 0)
			r = note_value(reading, &plan->values[n], name);
	}
	return r;
}

static int read_row(void *context, const struct statement_row *row, int64_t place)
{
	const struct reading *reading = context;
	struct bill_plan *plan = reading->plan;
	const struct bill_options *options = reading->run->options;
	int r = 0;

	if (++plan->rows % 65536 == 0 && options->on_progress != NULL)
		options->on_progress(options->progress, "rows", plan->rows,
		                     statement_spool_rows(reading->run->spool));
	/* Without a price book the statement's is as good as any. */
	if (reading->run->terms.currency[0] == '\0')
		memcpy(reading->run->terms.currency, row->currency, sizeof(row->currency));
	if (bill_current(reading->run, row))
		plan->current++;
	else
		memcpy(plan->other_currency, row->currency, sizeof(row->currency));
	plan->nameless += !bill_row_named(row);
	plan->ids[BILL_ID_OWN] += row->id.at != NULL;
	plan->ids[BILL_ID_UPSTREAM] += row->upstream_id.at != NULL;
	plan->ids[BILL_ID_REQUEST] += row->request_id.at != NULL;
	span(plan, row);
	if (options->match >= MATCH_HOUR && bill_row_may_repeat(row))
		r = bill_repeats_add(&reading->run->repeats, row, place, reading->run->fault);
	return r == 0 && row->charge == STATEMENT_USAGE ? read_usage(reading, row) : r;
}

int bill_plan_read(struct bill_plan *plan, struct bill_run *run)
{
	struct reading reading = { plan, run };
	int r = statement_spool_each(run->spool, read_row, &reading, run->fault);

	if (r == 0 && run->options->match >= MATCH_HOUR)
		r = bill_repeats_end(&run->repeats, run->spool, run->fault);
	if (r < 0)
		return r;
	if (plan->rows == 0)
		return fault_set(run->fault, FAULT_INVALID,
		                 "the statement is empty: it has no row; look whether it is of the "
		                 "right account and period");
	if (plan->current == 0)
		return fault_set(run->fault, FAULT_INVALID,
		                 "the statement is in %s and the ledger in %s: nothing here "
		                 "converts; ask for a statement in %s",
		                 plan->other_currency, run->terms.currency, run->terms.currency);
	run->nameless = plan->nameless;
	return 0;
}

/* ---- the period ---- */

static void period_text(int64_t from_ms, int64_t to_ms, char *out, size_t len)
{
	char from[MOMENT_TEXT_BYTES], to[MOMENT_TEXT_BYTES];

	moment_text(from_ms, from);
	moment_text(to_ms, to);
	snprintf(out, len, "%s to %s", from, to);
}

enum { PERIOD_BYTES = 2 * MOMENT_TEXT_BYTES + 8 };

static bool any_inside(const struct bill_plan *plan, const struct bill_run *run)
{
	return plan->first_ms == plan->last_ms ||
	       (plan->first_ms < run->to_ms && plan->last_ms > run->from_ms);
}

int bill_plan_period(struct bill_plan *plan, struct bill_run *run)
{
	const struct bill_options *options = run->options;
	enum moment_unit unit = plan->grain == STATEMENT_GRAIN_MONTH ? MOMENT_MONTH : MOMENT_DAY;
	bool open_from = options->from_ms == LEDGER_FROM_MIN;
	bool open_to = options->to_ms == LEDGER_TO_MAX;
	char own[PERIOD_BYTES], asked[PERIOD_BYTES];

	run->from_ms = options->from_ms;
	run->to_ms = options->to_ms;
	if ((open_from || open_to) && plan->first_ms == plan->last_ms)
		return fault_set(run->fault, FAULT_INVALID,
		                 "the statement tells no times: say of which period it is, with "
		                 "--from and --to");
	if (open_from)
		run->from_ms = zone_floor(options->zone, plan->first_ms, unit);
	if (open_to)
		run->to_ms = zone_next(options->zone, plan->last_ms - 1, unit);
	if (run->from_ms < run->to_ms && any_inside(plan, run))
		return 0;
	period_text(plan->first_ms, plan->last_ms, own, sizeof(own));
	period_text(options->from_ms, options->to_ms, asked, sizeof(asked));
	return fault_set(
		run->fault, FAULT_INVALID,
		"the statement is of %s, and nothing of it is in the period that was asked "
		"for%s%s: leave out --from and --to, or take the statement of that period",
		own, open_from || open_to ? "" : ", ", open_from || open_to ? "" : asked);
}

/* ---- of which names ---- */

static int count_left_out(void *context, const struct statement_row *row, int64_t place)
{
	struct bill_run *run = context;
	struct bill_result *result = run->result;
	int r = bill_row_wanted(run, row);

	(void)place;
	if (r != 0)
		return r < 0 ? r : 0;
	result->left_out++;
	if (bill_current(run, row) &&
	    money_total_add(result->left_out_amount, statement_amount(row),
	                    &result->left_out_amount) < 0)
		return fault_set(run->fault, FAULT_RANGE, "the rows of others are no amount");
	return 0;
}

/* More than are kept of them may have it. */
static bool has_value(const struct bill_values *values, struct text value)
{
	return values->many ||
	       (values->texts != NULL && values->texts[value_slot(values, value)].at != NULL);
}

int bill_plan_filter(struct bill_plan *plan, struct bill_run *run)
{
	const struct bill_options *options = run->options;
	const struct text asked[BILL_NAMES] = { options->account, options->key, options->model };
	int filters = 0, r = 0;

	for (int n = 0; r == 0 && n < BILL_NAMES; n++) {
		struct text value = asked[n];

		if (value.at == NULL || plan->with[n] == 0)
			continue;
		if (n == BILL_MODEL)
			r = bill_model(run, asked[n], &value);
		if (r == 0 && has_value(&plan->values[n], value)) {
			run->only[n] = asked[n];
			filters++;
		} else if (r == 0) {
			bill_note(run,
			          "no row of the statement is of the %s %.*s: all of them are "
			          "compared, and of ours only that (--names says what they call "
			          "it)",
			          name_words[n], TEXT_ARGS(asked[n]));
		}
	}
	if (r < 0 || filters == 0)
		return r;
	return statement_spool_each(run->spool, count_left_out, run, run->fault);
}

void bill_plan_say_filter(struct bill_run *run)
{
	char amount[MONEY_TEXT_BYTES];

	money_text(run->result->left_out_amount, amount);
	if (run->result->left_out > 0)
		bill_note(run,
		          "left out of the statement, too: %lld row%s of other names, %s together",
		          (long long)run->result->left_out, run->result->left_out == 1 ? "" : "s",
		          amount);
	if (run->rows_in > 0)
		bill_note(run,
		          "of other names on the statement, and compared all the same: %lld "
		          "row%s whose id a request has that was asked for",
		          (long long)run->rows_in, run->rows_in == 1 ? "" : "s");
}

/* ---- by what ---- */

/* Which of their names our side has: once all are met the walk ends. */
struct meeting {
	struct bill_plan *plan;
	struct bill_run *run;
	int missing;
};

static int meet(struct meeting *meeting, struct text account, struct text key, struct text model)
{
	const struct text names[BILL_NAMES] = { account, key, model };
	int r = 0;

	for (int n = 0; r == 0 && n < BILL_NAMES; n++) {
		struct bill_values *values = &meeting->plan->values[n];
		struct text name = names[n];

		if (values->met || values->texts == NULL || name.at == NULL)
			continue;
		if (n == BILL_MODEL)
			r = bill_model(meeting->run, names[n], &name);
		values->met = r == 0 && values->texts[value_slot(values, name)].at != NULL;
		meeting->missing -= values->met;
	}
	return r < 0 ? r : meeting->missing == 0;
}

static int meet_rollup(void *context, const struct rollup_row *row)
{
	return meet(context, row->account, row->key, row->model);
}

static int meet_event(void *context, const struct stored_event *row)
{
	return meet(context, row->event.account, row->event.key, row->event.model);
}

/*
 * A name is compared by where all rows of usage tell it and our side has any of theirs: names of
 * two worlds ("org-x" and "acct_7") would make two differences of each sum.
 */
static int choose_names(struct bill_plan *plan, struct bill_run *run)
{
	struct meeting meeting = { plan, run, 0 };
	const struct report_walk walk = {
		.rollup = meet_rollup,
		.event = meet_event,
		.context = &meeting,
	};
	int r = 0;

	for (int n = 0; n < BILL_NAMES; n++) {
		struct bill_values *values = &plan->values[n];

		run->by[n] = plan->usage > 0 && plan->with[n] == plan->usage;
		values->met = !run->by[n] || values->many;
		meeting.missing += !values->met;
	}
	if (meeting.missing > 0)
		r = report_walk(run->ledger, run->from_ms, run->to_ms, &walk, run->fault);
	if (r < 0)
		return r;
	for (int n = 0; n < BILL_NAMES; n++) {
		if (run->by[n] && !plan->values[n].met)
			bill_note(run,
			          "no %s of the statement is one of the ledger's: it is not "
			          "compared by %s%s",
			          name_words[n], name_words[n],
			          n == BILL_MODEL ? "; add aliases to the price book" : "");
		run->by[n] = run->by[n] && plan->values[n].met;
	}
	return 0;
}

static enum bill_match match_of(enum statement_grain grain)
{
	static const enum bill_match matches[] = {
		[STATEMENT_GRAIN_REQUEST] = MATCH_DAY, [STATEMENT_GRAIN_HOUR] = MATCH_HOUR,
		[STATEMENT_GRAIN_DAY] = MATCH_DAY,     [STATEMENT_GRAIN_MONTH] = MATCH_MONTH,
		[STATEMENT_GRAIN_WHOLE] = MATCH_WHOLE,
	};

	return matches[grain];
}

static bool has_facts(const struct bill_plan *plan)
{
	return plan->usage > 0 && plan->requests == plan->usage && plan->counted == plan->usage &&
	       plan->timed == plan->usage && plan->lines == 0 && plan->width_ms <= MS_PER_HOUR;
}

static void look_up(const struct bill_plan *plan, struct bill_run *run, int from, int to)
{
	run->ids = 0;
	for (int i = 0; i < BILL_IDS; i++) {
		run->by_id[i] = i >= from && i < to;
		run->ids += run->by_id[i] ? plan->ids[i] : 0;
	}
}

/*
 * All ids that rows tell; of more than there is memory for those of one kind, the first by which
 * the ledger knows any.
 */
static int choose_ids(const struct bill_plan *plan, struct bill_run *run)
{
	size_t most = run->options->ids_max > 0 ? run->options->ids_max : BILL_LOOKED_UP_MAX;
	int any = 0;

	look_up(plan, run, 0, BILL_IDS);
	if (run->ids <= most)
		return 0;
	for (int i = 0; any == 0 && i < BILL_IDS; i++) {
		look_up(plan, run, i, i + 1);
		any = run->ids > 0 ? bill_match_any_id(run) : 0;
		if (any == 1)
			bill_note(run, "so many rows are looked up by their %s alone", id_words[i]);
	}
	if (any == 0)
		look_up(plan, run, 0, 1);
	return any < 0 ? any : 0;
}

static int choose(struct bill_plan *plan, struct bill_run *run)
{
	bool requests = plan->usage > 0 && plan->requests == plan->usage;
	const char *why = "its rows are sums";
	int any = 0;

	run->match = match_of(plan->grain);
	if (requests && plan->named == plan->usage) {
		any = choose_ids(plan, run);
		if (any == 0)
			any = bill_match_any_id(run);
		if (any < 0)
			return any;
		why = "no id of the statement is in the ledger";
	} else if (requests) {
		why = "not all of its rows tell an id";
	}
	if (any == 1) {
		run->match = MATCH_ID;
		why = "all of its rows tell an id, and the ledger knows some";
	} else if (has_facts(plan)) {
		run->match = MATCH_FACTS;
	}
	bill_note(run, "matched by %s: %s", bill_match_name(run->match), why);
	return 0;
}

static int check_asked(const struct bill_plan *plan, struct bill_run *run)
{
	bool requests = plan->usage > 0 && plan->requests == plan->usage;
	const char *needs = NULL;

	if (run->match == MATCH_ID && run->ids == 0)
		needs = "no row of the statement tells an id";
	else if (run->match == MATCH_FACTS && !has_facts(plan))
		needs = "not every row of the statement is a request with its time and its counts";
	else if (run->match == MATCH_ID && !requests)
		needs = "rows of the statement are sums of requests";
	else if (run->match >= MATCH_HOUR && plan->grain > STATEMENT_GRAIN_REQUEST &&
	         run->match < match_of(plan->grain))
		needs = "rows of the statement are sums of longer spans";
	if (needs == NULL)
		return 0;
	return fault_set(run->fault, FAULT_INVALID,
	                 "it cannot be matched by %s: %s; the finest that it has is %s",
	                 bill_match_name(run->match), needs,
	                 has_facts(plan) ? bill_match_name(MATCH_FACTS)
	                                 : bill_match_name(match_of(plan->grain)));
}

int bill_plan_match(struct bill_plan *plan, struct bill_run *run)
{
	int r = 0;

	run->match = run->options->match;
	if (run->match == MATCH_ID)
		r = choose_ids(plan, run);
	if (r == 0 && run->match == MATCH_AUTO)
		r = choose(plan, run);
	else if (r == 0)
		r = check_asked(plan, run);
	if (r == 0 && run->match != MATCH_ID)
		r = choose_names(plan, run);
	run->told = plan->told;
	run->prompts = plan->prompts == plan->usage;
	run->answers = plan->answers == plan->usage;
	run->width_ms = plan->width_ms;
	return r;
}
