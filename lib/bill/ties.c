#include "bill/ties.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/moment.h"
#include "bill/ties_internal.h"
#include "ledger/adjust.h"
#include "ledger/correct.h"
#include "ledger/seal.h"
#include "report/report.h"
#include "report/sources.h"

enum { CLOSES_MAX = 1024 }; /* of a ledger: 85 years of months; the last ones are looked at */

static const struct {
	const char *name, *one, *other;
} kinds[] = {
#define T(NAME, name, one, other) [TIE_##NAME] = { name, one, other },
#include "bill/tie.def"
#undef T
};

const char *tie_name(enum tie_kind kind)
{
	return kinds[kind].name;
}

const char *tie_one(enum tie_kind kind)
{
	return kinds[kind].one;
}

const char *tie_other(enum tie_kind kind)
{
	return kinds[kind].other;
}

const char *tie_state_name(enum tie_state state)
{
	static const char *const names[] = {
		[TIE_EQUAL] = "equal",
		[TIE_DIFFERS] = "DIFFERS",
		[TIE_REFUSED] = "REFUSED",
		[TIE_NOTHING] = "nothing",
	};

	return names[state];
}

struct closing_of {
	int64_t until_ms, at_ms;
};

struct run_of {
	int64_t seq, at_ms;
};

struct ties {
	struct ledger *ledger;
	const struct ties_query *query;
	struct tie_progress progress;
	tie_fn *each;
	void *context;
	struct fault *fault;
	bool differs;
	/* The walk of all events; where it was refused, in which words. */
	struct tie_sums events;
	bool events_refused;
	char events_words[FAULT_TEXT_BYTES];
	/* Of the closed periods. */
	struct json doc;
	struct closing_of closes[CLOSES_MAX];
	size_t close_count;
	struct run_of *runs; /* in their order */
	size_t run_count, run_cap;
	int64_t late;
};

/* ---- sums ---- */

int tie_sums_add(struct tie_sums *sums, const struct tie_sums *more)
{
	struct tie_sums next = *sums;
	bool lost = __builtin_add_overflow(next.events, more->events, &next.events);

	lost |= __builtin_add_overflow(next.errors, more->errors, &next.errors);
	for (int c = 0; c < COMPONENT_COUNT; c++)
		lost |= __builtin_add_overflow(next.count[c], more->count[c], &next.count[c]);
	lost |= money_total_add(next.amount, more->amount, &next.amount) < 0;
	lost |= money_total_add(next.cost, more->cost, &next.cost) < 0;
	if (lost)
		return -FAULT_RANGE;
	*sums = next;
	return 0;
}

static int add_sums(struct ties *ties, struct tie_sums *sums, const struct tie_sums *more)
{
	return tie_sums_add(sums, more) < 0
	               ? fault_set(ties->fault, FAULT_RANGE, "a sum of the ties does not fit")
	               : 0;
}

void tie_progress_step(struct tie_progress *progress)
{
	progress->events++;
	if (progress->query->on_progress != NULL)
		progress->query->on_progress(progress->query->progress, progress->events);
}

static int add_row(struct ties *ties, struct tie_sums *sums, const struct rollup_row *row)
{
	struct tie_sums more = { .events = row->events - row->turns,
		                 .errors = row->errors,
		                 .amount = row->amount,
		                 .cost = row->cost };

	for (int c = 0; c < COMPONENT_COUNT; c++)
		more.count[c] = row->count[c];
	return add_sums(ties, sums, &more);
}

static int on_event(void *context, const struct stored_event *row)
{
	struct ties *ties = context;
	bool request = row->event.turn == TURN_NONE;
	struct tie_sums more = { .events = request,
		                 .errors = request && row->event.status >= 400,
		                 .amount = row->amount,
		                 .cost = row->cost };

	tie_progress_step(&ties->progress);
	if (row->event.turn == TURN_ENDED)
		return 0;
	for (int c = 0; c < COMPONENT_COUNT; c++)
		more.count[c] = row->event.usage.count[c];
	return add_sums(ties, &ties->events, &more);
}

/* ---- telling ---- */

static int tell(struct ties *ties, enum tie_kind kind, const char *what, bool is_amount, wide one,
                wide other)
{
	const struct tie tie = { .kind = kind,
		                 .state = one == other ? TIE_EQUAL : TIE_DIFFERS,
		                 .what = what,
		                 .is_amount = is_amount,
		                 .one = one,
		                 .other = other };

	ties->differs = ties->differs || one != other;
	return ties->each(ties->context, &tie);
}

static int tell_words(struct ties *ties, enum tie_kind kind, enum tie_state state,
                      const char *words)
{
	const struct tie tie = { .kind = kind, .state = state, .what = "all", .words = words };

	ties->differs = ties->differs || state != TIE_NOTHING;
	return ties->each(ties->context, &tie);
}

static int tell_sums(struct ties *ties, enum tie_kind kind, const struct tie_sums *one,
                     const struct tie_sums *other)
{
	int r = tell(ties, kind, "events", false, one->events, other->events);

	if (r == 0)
		r = tell(ties, kind, "errors", false, one->errors, other->errors);
	for (int c = 0; c < COMPONENT_COUNT && r == 0; c++)
		r = tell(ties, kind, component_info[c].key, false, one->count[c], other->count[c]);
	if (r == 0)
		r = tell(ties, kind, "amount", true, one->amount.attos, other->amount.attos);
	return r != 0 ? r : tell(ties, kind, "cost", true, one->cost.attos, other->cost.attos);
}

/* What a side contradicts itself by is told, and the next tie is looked at. */
static int tell_read(struct ties *ties, enum tie_kind kind, int r, const struct tie_sums *one,
                     const struct tie_sums *other)
{
	if (r == 0 && ties->events_refused)
		return tell_words(ties, kind, TIE_REFUSED, ties->events_words);
	if (r == -FAULT_CORRUPT)
		return tell_words(ties, kind, TIE_REFUSED, ties->fault->text);
	return r != 0 ? r : tell_sums(ties, kind, one, other);
}

/* ---- rollups, report ---- */

struct adding {
	struct ties *ties;
	struct tie_sums *sums;
};

static int on_rollup(void *context, const struct rollup_row *row)
{
	struct adding *adding = context;

	return add_row(adding->ties, adding->sums, row);
}

static int tie_rollups(struct ties *ties)
{
	struct tie_sums rollups = { .events = 0 };
	struct adding adding = { ties, &rollups };
	int r = ledger_each_rollup(ties->ledger, ties->query->from_ms, ties->query->to_ms,
	                           on_rollup, &adding, ties->fault);

	return tell_read(ties, TIE_ROLLUPS, r, &ties->events, &rollups);
}

static int on_correction(void *context, const struct correction *correction)
{
	struct adding *adding = context;

	return add_row(adding->ties, adding->sums, &correction->adds);
}

static int on_adjustment(void *context, const struct adjustment *adjustment)
{
	struct adding *adding = context;
	const struct tie_sums more = { .amount = adjustment->amount };

	return add_sums(adding->ties, adding->sums, &more);
}

/* The cell of the total row; absent where there is no such column, or no row. */
static struct text total_cell(const struct table *table, const char *key)
{
	for (size_t c = 0; c < table->column_count && table->total.cells != NULL; c++) {
		if (text_is(text_of(table->columns[c].key), key))
			return table->total.cells[c];
	}
	return text_of(NULL);
}

static bool read_count(const struct table *table, const char *key, int64_t *out)
{
	struct text cell = total_cell(table, key);

	*out = 0;
	return cell.at == NULL || text_int(cell, out);
}

static bool read_amount(const struct table *table, const char *key, struct money *out)
{
	struct text cell = total_cell(table, key);

	out->attos = 0;
	return cell.at == NULL || money_parse(cell, out, NULL) == 0;
}

static int read_report(struct ties *ties, struct tie_sums *out)
{
	const struct report_query query = { .by = REPORT_BY_MONTH,
		                            .from_ms = ties->query->from_ms,
		                            .to_ms = ties->query->to_ms };
	struct table table = { .rows = NULL };
	struct report_notes notes;
	int r = report_run(ties->ledger, &query, &table, &notes, ties->fault);
	bool good;

	if (r < 0)
		return r;
	good = read_count(&table, "events", &out->events) &&
	       read_count(&table, "errors", &out->errors) &&
	       read_amount(&table, "amount", &out->amount) &&
	       read_amount(&table, "cost", &out->cost);
	for (int c = 0; c < COMPONENT_COUNT && good; c++)
		good = read_count(&table, component_info[c].key, &out->count[c]);
	table_release(&table);
	return good ? 0
	            : fault_set(ties->fault, FAULT_CORRUPT, "the total of the report is no number");
}

static int tie_report(struct ties *ties)
{
	const struct ties_query *query = ties->query;
	struct tie_sums one = ties->events, other = { .events = 0 };
	struct adding adding = { ties, &one };
	int r = ledger_each_adjustment(ties->ledger, ADJUSTMENT_BOOKED, query->from_ms,
	                               query->to_ms, on_adjustment, &adding, ties->fault);

	if (r == 0)
		r = ledger_each_correction(ties->ledger, CORRECTION_BOOKED, query->from_ms,
		                           query->to_ms, on_correction, &adding, ties->fault);
	if (r == 0)
		r = read_report(ties, &other);
	return tell_read(ties, TIE_REPORT, r, &one, &other);
}

/* ---- exports ---- */

static int tie_exports(struct ties *ties)
{
	const struct ties_query *query = ties->query;
	struct tie_sums one = ties->events, ndjson = { .events = 0 }, csv = { .events = 0 };
	struct adding adding = { ties, &one };
	int told, r = ledger_each_correction(ties->ledger, CORRECTION_TRAFFIC, query->from_ms,
	                                     query->to_ms, on_correction, &adding, ties->fault);

	if (r == 0)
		r = ties_read_exports(ties->ledger, &ties->progress, &ndjson, &csv, ties->fault);
	told = tell_read(ties, TIE_NDJSON, r, &one, &ndjson);
	return told != 0 ? told : tell_read(ties, TIE_CSV, r, &one, &csv);
}

/* ---- closed periods ---- */

static int on_close(void *context, const struct change_row *row)
{
	struct ties *ties = context;
	struct closing_of *to = &ties->closes[ties->close_count % CLOSES_MAX];
	const struct json *doc = &ties->doc;
	int r = json_parse(&ties->doc, row->detail, ties->fault);

	if (r < 0)
		return r == -FAULT_NOMEM ? r
		                         : fault_set(ties->fault, FAULT_CORRUPT,
		                                     "the change that closed a period is no JSON");
	if (json_type_of(doc, json_member(doc, 0, "closed")) != JSON_TRUE ||
	    !moment_parse_date(json_string(doc, json_member(doc, 0, "until")), &to->until_ms))
		return 0;
	to->at_ms = row->at_ms;
	ties->close_count++;
	return 0;
}

/* Booked in an hour that was closed then. */
static bool is_late(const struct ties *ties, int64_t booked_ms, int64_t at_ms)
{
	for (size_t i = 0; i < ties->close_count && i < CLOSES_MAX; i++) {
		if (booked_ms < ties->closes[i].until_ms && at_ms > ties->closes[i].at_ms)
			return true;
	}
	return false;
}

static int on_late_correction(void *context, const struct correction *correction)
{
	struct ties *ties = context;

	ties->late += is_late(ties, correction->booked_ms, correction->at_ms);
	return 0;
}

static int on_run(void *context, const struct adjustment_run *run)
{
	struct ties *ties = context;

	if (ties->run_count == ties->run_cap) {
		size_t cap = ties->run_cap > 0 ? 2 * ties->run_cap : 64;
		struct run_of *grown = realloc(ties->runs, cap * sizeof(*grown));

		if (grown == NULL)
			return fault_set(ties->fault, FAULT_NOMEM, "runs: out of memory");
		ties->runs = grown;
		ties->run_cap = cap;
	}
	ties->runs[ties->run_count++] = (struct run_of){ run->seq, run->at_ms };
	return 0;
}

static int by_seq(const void *key, const void *run)
{
	int64_t seq = *(const int64_t *)key, other = ((const struct run_of *)run)->seq;

	return (seq > other) - (seq < other);
}

/* A row of a run has not its moment, which is the run's. */
static int on_late_adjustment(void *context, const struct adjustment *adjustment)
{
	struct ties *ties = context;
	const struct run_of *run = NULL;

	if (ties->run_count > 0)
		run = bsearch(&adjustment->run, ties->runs, ties->run_count, sizeof(*run), by_seq);
	if (run != NULL)
		ties->late += is_late(ties, adjustment->booked_ms, run->at_ms);
	return 0;
}

struct sealed {
	const struct ties *ties;
	int64_t until_ms, hours;
};

static int on_changed(void *context, const struct seal_changed *changed)
{
	struct sealed *sealed = context;
	const struct ties_query *query = sealed->ties->query;

	sealed->hours += changed->log == NULL && changed->then != SEAL_NONE &&
	                 changed->hour_ms < sealed->until_ms &&
	                 changed->hour_ms >= query->from_ms && changed->hour_ms < query->to_ms;
	return 0;
}

static int look_at_closed(struct ties *ties, int64_t until_ms, int64_t *hours_out)
{
	struct sealed sealed = { ties, until_ms, 0 };
	const struct ties_query *query = ties->query;
	struct seal_link link;
	int r = ledger_each_change(ties->ledger, "period.close", on_close, ties, ties->fault);

	if (r == 0)
		r = ledger_each_correction(ties->ledger, CORRECTION_BOOKED, query->from_ms,
		                           query->to_ms, on_late_correction, ties, ties->fault);
	if (r == 0)
		r = ledger_each_run(ties->ledger, on_run, ties, ties->fault);
	if (r == 0 && ties->run_count > 0)
		r = ledger_each_adjustment(ties->ledger, ADJUSTMENT_BOOKED, query->from_ms,
		                           query->to_ms, on_late_adjustment, ties, ties->fault);
	if (r == 0)
		r = ledger_seal_head(ties->ledger, &link, ties->fault);
	if (r == 0 && link.seq > 0)
		r = ledger_each_changed(ties->ledger, &link, on_changed, &sealed, ties->fault);
	*hours_out = sealed.hours;
	return r;
}

static int tie_closed(struct ties *ties)
{
	int64_t until_ms = 0, hours = 0;
	int r = ledger_closed_until(ties->ledger, &until_ms, ties->fault);

	if (r == 0 && until_ms <= ties->query->from_ms)
		return tell_words(ties, TIE_CLOSED, TIE_NOTHING, "nothing of it is closed yet");
	if (r == 0)
		r = look_at_closed(ties, until_ms, &hours);
	if (r == -FAULT_CORRUPT)
		return tell_read(ties, TIE_CLOSED, r, NULL, NULL);
	if (r == 0)
		r = tell(ties, TIE_CLOSED, "booked after the closing", false, ties->late, 0);
	return r != 0 ? r : tell(ties, TIE_CLOSED, "hours not as sealed", false, hours, 0);
}

/* ---- sources ---- */

static int tie_sources(struct ties *ties)
{
	const struct sources_query query = { ties->query->from_ms,
		                             ties->query->to_ms,
		                             { NULL, 0 } };
	int64_t told = 0, equal = 0, findings = 0;
	struct sources sources;
	int r = sources_reconcile(ties->ledger, &query, &sources, ties->fault);

	if (r == -FAULT_CORRUPT)
		return tell_read(ties, TIE_SOURCES, r, NULL, NULL);
	if (r < 0)
		return r;
	for (size_t i = 0; i < sources.row_count; i++) {
		if (sources.rows[i].sent == EVENT_ABSENT)
			continue;
		told++;
		equal += !sources_state_differs(sources.rows[i].state);
	}
	for (size_t i = 0; i < sources.finding_count; i++)
		findings += sources_finding_differs(sources.findings[i].kind);
	sources_release(&sources);
	if (told == 0 && findings == 0)
		return tell_words(ties, TIE_SOURCES, TIE_NOTHING, "no source told a total");
	r = tell(ties, TIE_SOURCES, "totals", false, told, equal);
	return r != 0 || findings == 0
	               ? r
	               : tell(ties, TIE_SOURCES, "gaps and the like", false, findings, 0);
}

static int check_all(struct ties *ties)
{
	const struct ties_query *query = ties->query;
	int r = ledger_each_event(ties->ledger, query->from_ms, query->to_ms, on_event, ties,
	                          ties->fault);

	/* Each tie with it then tells that. */
	ties->events_refused = r == -FAULT_CORRUPT;
	if (ties->events_refused)
		text_copy(ties->events_words, FAULT_TEXT_BYTES, text_of(ties->fault->text));
	if (r == 0 || ties->events_refused)
		r = tie_rollups(ties);
	if (r == 0)
		r = tie_report(ties);
	if (r == 0)
		r = tie_exports(ties);
	if (r == 0)
		r = tie_closed(ties);
	if (r == 0)
		r = tell_words(ties, TIE_INVOICES, TIE_NOTHING, "no invoices yet");
	return r != 0 ? r : tie_sources(ties);
}

int ties_check(struct ledger *ledger, const struct ties_query *query, tie_fn *each, void *context,
               bool *differs_out, struct fault *fault)
{
	struct fault own = { .code = FAULT_NONE };
	struct ties ties = { .ledger = ledger,
		             .query = query,
		             .progress = { query, 0 },
		             .each = each,
		             .context = context,
		             .fault = fault != NULL ? fault : &own };
	int r;

	if (query->from_ms % MS_PER_HOUR != 0 ||
	    (query->to_ms != LEDGER_TO_MAX && query->to_ms % MS_PER_HOUR != 0))
		return fault_set(fault, FAULT_INVALID,
		                 "the range is on the hour here: the sums are of whole hours");
	r = check_all(&ties);
	json_release(&ties.doc);
	free(ties.runs);
	/* A refusal that was told is no failure of ours. */
	if (r == 0 && fault != NULL)
		*fault = (struct fault){ .code = FAULT_NONE };
	if (r == 0)
		*differs_out = ties.differs;
	return r;
}
