#include "ingest/impact.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/moment.h"
#include "ingest/rerate.h"
#include "ledger/adjust.h"

enum { SLOTS_MIN = 256 };

void impact_release(struct impact *impact)
{
	free(impact->rows);
	free(impact->slots);
	arena_release(&impact->arena);
	*impact = (struct impact){ .rows = NULL };
}

/* ---- the sums ---- */

static size_t slot_of(const struct impact *impact, struct text account, struct text model)
{
	uint64_t hash = hash64(model.at != NULL ? model.at : "", model.len,
	                       hash64(account.at != NULL ? account.at : "", account.len, 0));
	size_t slot = hash & (impact->slot_count - 1);

	while (impact->slots[slot] != 0) {
		const struct impact_row *row = &impact->rows[impact->slots[slot] - 1];

		if (text_equal(row->account, account) && text_equal(row->model, model))
			break;
		slot = (slot + 1) & (impact->slot_count - 1);
	}
	return slot;
}

static bool grow(struct impact *impact)
{
	size_t slot_count = impact->slot_count > 0 ? impact->slot_count * 2 : SLOTS_MIN;
	uint32_t *slots = calloc(slot_count, sizeof(*slots));
	struct impact_row *rows = realloc(impact->rows, slot_count / 2 * sizeof(*rows));

	if (rows != NULL) {
		impact->rows = rows;
		impact->cap = slot_count / 2;
	}
	if (rows == NULL || slots == NULL) {
		free(slots);
		return false;
	}
	free(impact->slots);
	impact->slots = slots;
	impact->slot_count = slot_count;
	for (size_t i = 0; i < impact->count; i++)
		slots[slot_of(impact, rows[i].account, rows[i].model)] = (uint32_t)i + 1;
	return true;
}

static int find_row(struct impact *impact, struct text account, struct text model,
                    struct impact_row **row_out, struct fault *fault)
{
	struct impact_row row = { .account = account, .model = model };
	size_t slot;

	if (2 * (impact->count + 1) > impact->slot_count && !grow(impact))
		return fault_set(fault, FAULT_NOMEM, "sums by account and model: out of memory");
	slot = slot_of(impact, account, model);
	if (impact->slots[slot] == 0) {
		if (impact->count == IMPACT_ROWS_MAX)
			return fault_set(fault, FAULT_RANGE,
			                 "more than %d accounts x models: take a shorter range",
			                 IMPACT_ROWS_MAX);
		if (account.at != NULL)
			row.account = arena_copy(&impact->arena, account);
		if (model.at != NULL)
			row.model = arena_copy(&impact->arena, model);
		if ((account.at != NULL && row.account.at == NULL) ||
		    (model.at != NULL && row.model.at == NULL))
			return fault_set(fault, FAULT_NOMEM,
			                 "sums by account and model: out of memory");
		impact->rows[impact->count++] = row;
		impact->slots[slot] = (uint32_t)impact->count;
	}
	*row_out = &impact->rows[impact->slots[slot] - 1];
	return 0;
}

static bool add_sums(struct impact_sums *sums, enum impact_kind kind, int64_t events,
                     struct money before, struct money after)
{
	sums->events[kind] += events;
	return money_total_add(sums->before[kind], before, &sums->before[kind]) == 0 &&
	       money_total_add(sums->after[kind], after, &sums->after[kind]) == 0;
}

/* ---- the walk ---- */

struct walk {
	struct impact *impact;
	const struct impact_range *range;
	const struct book *before; /* NULL: what is stored */
	struct json doc;
	int64_t events;
	struct fault *fault;
};

static int add(struct walk *walk, struct text account, struct text model, enum impact_kind kind,
               int64_t events, struct money before, struct money after)
{
	struct impact_row *row = NULL;
	int r = find_row(walk->impact, walk->range->by_account ? account : text_of(NULL), model,
	                 &row, walk->fault);

	if (r < 0)
		return r;
	if (!add_sums(&row->sums, kind, events, before, after) ||
	    !add_sums(&walk->impact->total, kind, events, before, after))
		return fault_set(walk->fault, FAULT_RANGE,
		                 "a sum has no room: take a shorter range");
	return 0;
}

static enum impact_kind kind_of(enum rerate_verdict before, enum rerate_verdict after)
{
	if (before == RERATE_RANGE || after == RERATE_RANGE)
		return IMPACT_RANGE;
	if (before == RERATE_PARTED || after == RERATE_PARTED)
		return IMPACT_PARTED;
	if (before == RERATE_PRICED)
		return after == RERATE_PRICED ? IMPACT_RATED : IMPACT_LOST;
	return after == RERATE_PRICED ? IMPACT_GAINED : IMPACT_WAITING;
}

static int take_event(void *context, const struct rerated *rerated)
{
	struct walk *walk = context;
	const struct event *event = &rerated->row->event;
	enum impact_kind kind;
	/* As it is stored it has an amount, or waits for one. */
	struct rerated before = { .verdict = rerated->waits ? RERATE_UNPRICED : RERATE_PRICED,
		                  .amount = rerated->row->amount };

	if (walk->before != NULL &&
	    rerate_event(walk->before, rerated->row, &walk->doc, &before) < 0)
		return fault_set(walk->fault, FAULT_NOMEM, "rating again: out of memory");
	walk->events++;
	if (walk->range->tick != NULL)
		walk->range->tick(walk->range->context, walk->events, event->time_ms);
	kind = kind_of(before.verdict, rerated->verdict);
	/* What a rerate leaves as it is; two books are compared by all of it. */
	if (walk->before == NULL && rerated->unsettled && !rerated->waits)
		kind = IMPACT_UNSETTLED;
	return add(walk, event->account, event->model, kind, 1, before.amount, rerated->amount);
}

static int take_adjustment(void *context, const struct adjustment *row)
{
	return add(context, row->account, row->model, IMPACT_RATED, 0, row->amount,
	           (struct money){ 0 });
}

static int compare_rows(const void *a, const void *b)
{
	const struct impact_row *x = a, *y = b;
	int order = text_compare(x->account, y->account);

	return order != 0 ? order : text_compare(x->model, y->model);
}

static wide change_of(const struct impact_row *row)
{
	wide change = row->sums.after[IMPACT_RATED].attos - row->sums.before[IMPACT_RATED].attos;

	return change < 0 ? -change : change;
}

static int compare_changes(const void *a, const void *b)
{
	wide x = change_of(a), y = change_of(b);

	return x != y ? (x < y) - (x > y) : compare_rows(a, b);
}

void impact_sort(struct impact *impact)
{
	if (impact->count > 0)
		qsort(impact->rows, impact->count, sizeof(*impact->rows), compare_changes);
}

/* `adjusted`: with the adjustments of the range. */
static int walk_range(struct ledger *ledger, const struct book *after, bool adjusted,
                      struct walk *walk, struct impact *impact_out)
{
	const struct impact_range *range = walk->range;
	struct impact impact = { .rows = NULL };
	int r;

	walk->impact = &impact;
	r = rerate_each(ledger, after, range->from_ms, range->to_ms, take_event, walk, walk->fault);
	if (r == 0 && adjusted)
		r = ledger_each_adjustment(ledger, ADJUSTMENT_TRAFFIC, range->from_ms, range->to_ms,
		                           take_adjustment, walk, walk->fault);
	json_release(&walk->doc);
	if (r < 0) {
		impact_release(&impact);
		return r;
	}
	/* The slots are of another order from here on. */
	if (impact.count > 0)
		qsort(impact.rows, impact.count, sizeof(*impact.rows), compare_rows);
	free(impact.slots);
	impact.slots = NULL;
	impact.slot_count = 0;
	*impact_out = impact;
	return 0;
}

int impact_of_stored(struct ledger *ledger, const struct book *book,
                     const struct impact_range *range, struct impact *impact_out,
                     struct fault *fault)
{
	struct walk walk = { .range = range, .fault = fault };

	if (range->from_ms % MS_PER_HOUR != 0 || range->to_ms % MS_PER_HOUR != 0)
		return fault_set(fault, FAULT_INVALID,
		                 "the range has to begin and end on the hour: adjustments are of "
		                 "whole hours");
	return walk_range(ledger, book, true, &walk, impact_out);
}

int impact_of_books(struct ledger *ledger, const struct book *before, const struct book *after,
                    const struct impact_range *range, struct impact *impact_out,
                    struct fault *fault)
{
	struct walk walk = { .range = range, .before = before, .fault = fault };

	return walk_range(ledger, after, false, &walk, impact_out);
}
