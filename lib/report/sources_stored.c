/* What the ledger has of each source and hour: stored, and kept aside. */
#include <stdlib.h>

#include "base/moment.h"
#include "report/sources_internal.h"

static int add(struct reconciling *reconciling, struct cell *cell, const struct rollup_row *row)
{
	bool lost = __builtin_add_overflow(cell->stored[CHECKPOINT_EVENTS],
	                                   row->events - row->turns,
	                                   &cell->stored[CHECKPOINT_EVENTS]);

	for (int c = 0; c < COMPONENT_COUNT; c++)
		lost |= __builtin_add_overflow(cell->stored[c], row->count[c], &cell->stored[c]);
	return lost ? fault_set(reconciling->fault, FAULT_RANGE, "%.*s: a sum is too large",
	                        TEXT_ARGS(cell->source))
	            : 0;
}

static int on_rollup(void *context, const struct rollup_row *row)
{
	struct reconciling *reconciling = context;
	struct cell *cell;
	int r;

	if (!sources_wanted(reconciling, row->source))
		return 0;
	r = cells_get(reconciling, row->source, row->hour_ms, &cell);
	if (r == 0)
		r = add(reconciling, cell, row);
	if (r < 0 || !reconciling->all)
		return r;
	r = cells_get(reconciling, row->source, EVENT_ABSENT, &cell);
	return r < 0 ? r : add(reconciling, cell, row);
}

/* Totals of all cover all, where nothing was received behind them. */
static int on_source(void *context, const struct source_row *row)
{
	struct reconciling *reconciling = context;
	struct cell *whole = cells_look(&reconciling->cells, row->source, EVENT_ABSENT);

	if (whole != NULL && row->stored_ms > whole->told_ms)
		whole->complete = false;
	return 0;
}

int sources_read_stored(struct reconciling *reconciling)
{
	const struct sources_query *query = reconciling->query;
	struct cells *cells = &reconciling->cells;
	int r = ledger_each_rollup(reconciling->ledger, query->from_ms, query->to_ms, on_rollup,
	                           reconciling, reconciling->fault);

	if (r == 0)
		r = ledger_each_source(reconciling->ledger, on_source, reconciling,
		                       reconciling->fault);
	for (size_t i = 0; r == 0 && i < cells->count; i++) {
		const struct cell *cell = &cells->all[i];
		struct cell *whole = cells_look(cells, cell->source, EVENT_ABSENT);

		if (whole != NULL && cell->hour_ms != EVENT_ABSENT && cell->told_ms != EVENT_ABSENT)
			whole->tells_hours = true;
	}
	return r;
}

/* A line in quarantine that stands for an event. */
struct held {
	struct text source, id; /* in the arena; id absent: not known, and so unlike any other */
	int64_t hour_ms;
};

struct held_walk {
	struct reconciling *reconciling;
	struct held *all;
	size_t count, cap;
};

static int keep_held(struct held_walk *walk, const struct quarantine_row *row, int64_t ms)
{
	struct arena *arena = &walk->reconciling->sources->arena;
	struct held *held;

	if (walk->count == walk->cap) {
		size_t cap = walk->cap > 0 ? walk->cap * 2 : 64;
		struct held *grown = realloc(walk->all, cap * sizeof(*grown));

		if (grown == NULL)
			return sources_no_memory(walk->reconciling);
		walk->all = grown;
		walk->cap = cap;
	}
	held = &walk->all[walk->count];
	*held = (struct held){ .hour_ms = moment_floor(ms, MOMENT_HOUR) };
	held->source = arena_copy(arena, row->source);
	if (row->event_id.at != NULL)
		held->id = arena_copy(arena, row->event_id);
	if (held->source.at == NULL || (row->event_id.at != NULL && held->id.at == NULL))
		return sources_no_memory(walk->reconciling);
	walk->count++;
	return 0;
}

/* An object whose first member is "checkpoint", as ingest tells them apart. */
static bool is_checkpoint(struct text line)
{
	static const char key[] = "{\"checkpoint\"";
	char begin[sizeof(key) - 1];
	size_t len = 0;

	for (size_t i = 0; i < line.len && len < sizeof(begin); i++) {
		if (line.at[i] != ' ' && line.at[i] != '\t')
			begin[len++] = line.at[i];
	}
	return text_equal((struct text){ begin, len }, text_of(key));
}

static int note_refused(struct reconciling *reconciling, const struct quarantine_row *row)
{
	const struct sources_finding refused = {
		.kind = SOURCES_FINDING_REFUSED,
		.source = row->source,
		.seq = EVENT_ABSENT,
		.before = EVENT_ABSENT,
		.at_ms = row->first_ms,
		.before_ms = EVENT_ABSENT,
		.detail = row->detail,
	};

	return sources_note(reconciling, &refused);
}

static int on_held(void *context, const struct quarantine_row *row)
{
	struct held_walk *walk = context;
	struct reconciling *reconciling = walk->reconciling;
	bool stands = false;
	int r = 0;

	if (row->source.at == NULL || row->source.len == 0) {
		reconciling->sources->nameless++;
		return 0;
	}
	if (!sources_wanted(reconciling, row->source))
		return 0;
	if (is_checkpoint(row->raw))
		return note_refused(reconciling, row);
	/* It may have come again, and been understood. */
	if (row->event_id.at != NULL && row->event_ms != EVENT_ABSENT)
		r = ledger_stands(reconciling->ledger, row->source, row->event_id, row->event_ms,
		                  &stands, reconciling->fault);
	if (r < 0 || stands)
		return r;
	return keep_held(walk, row, row->event_ms != EVENT_ABSENT ? row->event_ms : row->first_ms);
}

static int compare_held(const void *a, const void *b)
{
	const struct held *x = a, *y = b;
	int order = text_compare(x->source, y->source);

	if (order == 0 && x->id.at != NULL && y->id.at != NULL)
		order = text_compare(x->id, y->id);
	else if (order == 0)
		order = (x->id.at != NULL) - (y->id.at != NULL);
	if (order == 0)
		order = (x->hour_ms > y->hour_ms) - (x->hour_ms < y->hour_ms);
	return order;
}

/* An identity that was sent wrongly in several ways is held once, in its first hour. */
static int count_held(struct held_walk *walk)
{
	struct reconciling *reconciling = walk->reconciling;
	struct cell *cell;
	int r = 0;

	if (walk->count > 0)
		qsort(walk->all, walk->count, sizeof(*walk->all), compare_held);
	for (size_t i = 0; r == 0 && i < walk->count; i++) {
		const struct held *held = &walk->all[i];

		if (i > 0 && held->id.at != NULL && held[-1].id.at != NULL &&
		    text_equal(held->id, held[-1].id) && text_equal(held->source, held[-1].source))
			continue;
		r = cells_get(reconciling, held->source, held->hour_ms, &cell);
		if (r < 0)
			break;
		cell->held++;
		cell = reconciling->all
		               ? cells_look(&reconciling->cells, held->source, EVENT_ABSENT)
		               : NULL;
		if (cell != NULL)
			cell->held++;
	}
	return r;
}

static int on_conflict(void *context, const struct conflict_row *row)
{
	struct reconciling *reconciling = context;
	struct cell *cell;
	int r;

	if (!sources_wanted(reconciling, row->source))
		return 0;
	r = cells_get(reconciling, row->source, moment_floor(row->stored_ms, MOMENT_HOUR), &cell);
	if (r < 0)
		return r;
	cell->conflicts++;
	cell = reconciling->all ? cells_look(&reconciling->cells, row->source, EVENT_ABSENT) : NULL;
	if (cell != NULL)
		cell->conflicts++;
	return 0;
}

int sources_read_held(struct reconciling *reconciling)
{
	const struct sources_query *query = reconciling->query;
	struct held_walk walk = { .reconciling = reconciling };
	int r = ledger_each_quarantine(reconciling->ledger, query->from_ms, query->to_ms, false,
	                               on_held, &walk, reconciling->fault);

	if (r == 0)
		r = count_held(&walk);
	free(walk.all);
	if (r == 0)
		r = ledger_each_conflict(reconciling->ledger, query->from_ms, query->to_ms,
		                         on_conflict, reconciling, reconciling->fault);
	return r;
}
