#include "report/sources.h"

#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "report/sources_internal.h"

static const struct {
	const char *name, *text;
	bool differs;
} states[SOURCES_STATE_COUNT] = {
#define S(NAME, name, DIFFERS, text) { name, text, DIFFERS },
#include "report/state.def"
#undef S
};

static const struct {
	const char *name;
	bool differs;
} finding_kinds[SOURCES_FINDING_COUNT] = {
#define F(NAME, name, DIFFERS) { name, DIFFERS },
#include "report/finding.def"
#undef F
};

const char *sources_state_name(enum sources_state state)
{
	return states[state].name;
}

const char *sources_state_text(enum sources_state state)
{
	return states[state].text;
}

bool sources_state_differs(enum sources_state state)
{
	return states[state].differs;
}

const char *sources_finding_name(enum sources_finding_kind kind)
{
	return finding_kinds[kind].name;
}

bool sources_finding_differs(enum sources_finding_kind kind)
{
	return finding_kinds[kind].differs;
}

static int add_row(struct reconciling *reconciling, const struct sources_row *row)
{
	struct sources *sources = reconciling->sources;

	if (sources->row_count == sources->row_cap) {
		size_t cap = sources->row_cap > 0 ? sources->row_cap * 2 : 256;
		struct sources_row *grown = realloc(sources->rows, cap * sizeof(*grown));

		if (grown == NULL)
			return sources_no_memory(reconciling);
		sources->rows = grown;
		sources->row_cap = cap;
	}
	sources->rows[sources->row_count++] = *row;
	sources->differs = sources->differs || sources_state_differs(row->state);
	return 0;
}

/* What the numbers of one total say, `events` being how those of the requests stand. */
static enum sources_state state_of(const struct cell *cell, const struct sources_row *row,
                                   enum sources_state events)
{
	bool is_events = row->total == CHECKPOINT_EVENTS;

	if (row->sent == EVENT_ABSENT)
		return SOURCES_UNTOLD;
	if (row->sent == row->stored)
		return SOURCES_EQUAL;
	if (!is_events && events == SOURCES_EQUAL && cell->conflicts > 0)
		return SOURCES_CONFLICT;
	if (row->stored > row->sent)
		return cell->complete ? SOURCES_MORE : SOURCES_BEYOND;
	/* How much the held ones used nobody knows: their number must explain it. */
	if (is_events ? row->sent - row->stored <= cell->held : events == SOURCES_HELD)
		return SOURCES_HELD;
	return SOURCES_MISSING;
}

static int add_rows(struct reconciling *reconciling, const struct cell *cell)
{
	enum sources_state events = SOURCES_UNTOLD;
	struct sources_row row = {
		.source = cell->source,
		.hour_ms = cell->hour_ms,
		.held = cell->held,
		.conflicts = cell->conflicts,
		.told_ms = cell->told_ms,
	};
	int r = 0;

	for (int i = 0; r == 0 && i < CHECKPOINT_TOTALS; i++) {
		row.total = i == 0 ? CHECKPOINT_EVENTS : i - 1;
		row.stored = cell->stored[row.total];
		row.sent = EVENT_ABSENT;
		if (cell->told_ms != EVENT_ABSENT && (cell->told & 1U << row.total) != 0)
			row.sent = cell->sent[row.total];
		row.state = state_of(cell, &row, events);
		if (i == 0)
			events = row.state;
		if (i == 0 || row.sent != EVENT_ABSENT)
			r = add_row(reconciling, &row);
	}
	return r;
}

static int compare_cells(const void *a, const void *b)
{
	const struct cell *x = *(const struct cell *const *)a, *y = *(const struct cell *const *)b;
	int order = text_compare(x->source, y->source);

	return order != 0 ? order : (x->hour_ms > y->hour_ms) - (x->hour_ms < y->hour_ms);
}

/*
 * An hour that nobody told is no row where the source tells no hours at all, but totals: those
 * cover it.  A whole that nobody told is never one.
 */
static bool is_shown(const struct reconciling *reconciling, const struct cell *cell)
{
	const struct cell *whole;

	if (cell->told_ms != EVENT_ABSENT)
		return true;
	if (cell->hour_ms == EVENT_ABSENT ||
	    (cell->stored[CHECKPOINT_EVENTS] == 0 && cell->held == 0))
		return false;
	whole = cells_look(&reconciling->cells, cell->source, EVENT_ABSENT);
	return whole == NULL || whole->told_ms == EVENT_ABSENT || whole->tells_hours;
}

static int add_all_rows(struct reconciling *reconciling)
{
	struct cells *cells = &reconciling->cells;
	struct cell **sorted = calloc(cells->count + 1, sizeof(*sorted));
	int r = 0;

	if (sorted == NULL)
		return sources_no_memory(reconciling);
	for (size_t i = 0; i < cells->count; i++)
		sorted[i] = &cells->all[i];
	qsort(sorted, cells->count, sizeof(*sorted), compare_cells);
	for (size_t i = 0; r == 0 && i < cells->count; i++) {
		if (is_shown(reconciling, sorted[i]))
			r = add_rows(reconciling, sorted[i]);
	}
	free(sorted);
	return r;
}

static bool is_all(const struct sources_query *query)
{
	return query->from_ms == LEDGER_FROM_MIN && query->to_ms == LEDGER_TO_MAX;
}

int sources_reconcile(struct ledger *ledger, const struct sources_query *query,
                      struct sources *sources_out, struct fault *fault)
{
	struct sources sources = { .rows = NULL };
	struct reconciling reconciling = {
		.ledger = ledger,
		.query = query,
		.sources = &sources,
		.all = is_all(query),
		.fault = fault,
	};
	int r;

	if (query->from_ms % MS_PER_HOUR != 0 ||
	    (query->to_ms != LEDGER_TO_MAX && query->to_ms % MS_PER_HOUR != 0))
		return fault_set(fault, FAULT_INVALID,
		                 "whole hours are compared: --from and --to must be on the hour");
	r = sources_read_sent(&reconciling);
	if (r == 0)
		r = sources_read_stored(&reconciling);
	if (r == 0)
		r = sources_read_held(&reconciling);
	if (r == 0)
		r = add_all_rows(&reconciling);
	cells_release(&reconciling.cells);
	json_release(&reconciling.doc);
	if (r < 0)
		sources_release(&sources);
	else
		*sources_out = sources;
	return r;
}

void sources_release(struct sources *sources)
{
	free(sources->rows);
	free(sources->findings);
	arena_release(&sources->arena);
	*sources = (struct sources){ .rows = NULL };
}

struct last_walk {
	struct ledger *ledger;
	sources_last_fn *each;
	void *context;
	struct json doc;
	struct fault *fault;
};

static int on_last(void *context, const struct checkpoint_row *row)
{
	struct last_walk *walk = context;
	struct event_refusal refusal = { .reason = REASON_NONE };
	struct checkpoint told = { .hour_ms = EVENT_ABSENT };
	struct sources_last last = {
		.source = row->source,
		.epoch = row->epoch,
		.seq = row->seq,
		.received_ms = row->received_ms,
		.hour_ms = EVENT_ABSENT,
		.sent = EVENT_ABSENT,
	};
	int r = json_parse(&walk->doc, row->json, walk->fault);

	if (r == -FAULT_NOMEM)
		return r;
	if (r == 0 && checkpoint_read(&walk->doc, row->received_ms, &told, &refusal)) {
		last.hour_ms = told.hour_ms;
		last.sent = told.total[CHECKPOINT_EVENTS];
	}
	r = ledger_requests(walk->ledger, row->source, last.hour_ms, &last.stored, walk->fault);
	return r < 0 ? r : walk->each(walk->context, &last);
}

int sources_each_last(struct ledger *ledger, sources_last_fn *each, void *context,
                      struct fault *fault)
{
	struct last_walk walk = { ledger, each, context, { .nodes = NULL }, fault };
	int r = ledger_each_last_checkpoint(ledger, on_last, &walk, fault);

	json_release(&walk.doc);
	return r;
}
