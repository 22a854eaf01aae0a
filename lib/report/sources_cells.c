#include <stdlib.h>

#include "base/hash.h"
#include "report/sources_internal.h"

enum { CELLS_MIN = 64 };

/* The slot of a cell, or the empty one where it would go. */
static size_t find_slot(const struct cells *cells, struct text source, int64_t hour_ms)
{
	size_t slot = hash64(source.at, source.len, (uint64_t)hour_ms) & (cells->slot_count - 1);

	while (cells->slots[slot] != 0) {
		const struct cell *cell = &cells->all[cells->slots[slot] - 1];

		if (cell->hour_ms == hour_ms && text_equal(cell->source, source))
			break;
		slot = (slot + 1) & (cells->slot_count - 1);
	}
	return slot;
}

static int grow(struct cells *cells)
{
	size_t cap = cells->cap > 0 ? cells->cap * 2 : CELLS_MIN;
	struct cell *all = realloc(cells->all, cap * sizeof(*all));
	uint32_t *slots;

	if (all == NULL)
		return -FAULT_NOMEM;
	cells->all = all;
	slots = calloc(2 * cap, sizeof(*slots));
	if (slots == NULL)
		return -FAULT_NOMEM;
	free(cells->slots);
	cells->slots = slots;
	cells->slot_count = 2 * cap;
	cells->cap = cap;
	for (size_t i = 0; i < cells->count; i++)
		slots[find_slot(cells, all[i].source, all[i].hour_ms)] = (uint32_t)i + 1;
	return 0;
}

struct cell *cells_look(const struct cells *cells, struct text source, int64_t hour_ms)
{
	uint32_t at = cells->count > 0 ? cells->slots[find_slot(cells, source, hour_ms)] : 0;

	return at > 0 ? &cells->all[at - 1] : NULL;
}

int cells_get(struct reconciling *reconciling, struct text source, int64_t hour_ms,
              struct cell **cell_out)
{
	struct cells *cells = &reconciling->cells;
	struct text kept = text_of("");
	size_t slot;

	if (cells->count == cells->cap && grow(cells) < 0)
		return sources_no_memory(reconciling);
	slot = find_slot(cells, source, hour_ms);
	if (cells->slots[slot] == 0) {
		if (source.len > 0)
			kept = arena_copy(&reconciling->sources->arena, source);
		if (kept.at == NULL)
			return sources_no_memory(reconciling);
		cells->all[cells->count] = (struct cell){
			.source = kept,
			.hour_ms = hour_ms,
			.told = UINT32_MAX,
			.told_ms = EVENT_ABSENT,
			.complete = true,
		};
		cells->slots[slot] = (uint32_t)++cells->count;
	}
	*cell_out = &cells->all[cells->slots[slot] - 1];
	return 0;
}

void cells_release(struct cells *cells)
{
	free(cells->all);
	free(cells->slots);
}

bool sources_wanted(const struct reconciling *reconciling, struct text source)
{
	struct text wanted = reconciling->query->source;

	return wanted.at == NULL || text_equal(wanted, source);
}

bool sources_within(const struct reconciling *reconciling, int64_t ms)
{
	return ms >= reconciling->query->from_ms && ms < reconciling->query->to_ms;
}

int sources_no_memory(struct reconciling *reconciling)
{
	return fault_set(reconciling->fault, FAULT_NOMEM, "reconcile: out of memory");
}

int sources_note(struct reconciling *reconciling, const struct sources_finding *finding)
{
	struct sources *sources = reconciling->sources;
	struct sources_finding kept = *finding;

	if (sources->finding_count == sources->finding_cap) {
		size_t cap = sources->finding_cap > 0 ? sources->finding_cap * 2 : 64;
		struct sources_finding *grown = realloc(sources->findings, cap * sizeof(*grown));

		if (grown == NULL)
			return sources_no_memory(reconciling);
		sources->findings = grown;
		sources->finding_cap = cap;
	}
	kept.source = arena_copy(&sources->arena, finding->source);
	if (finding->detail.at != NULL)
		kept.detail = arena_copy(&sources->arena, finding->detail);
	if (kept.source.at == NULL || (finding->detail.at != NULL && kept.detail.at == NULL))
		return sources_no_memory(reconciling);
	sources->findings[sources->finding_count++] = kept;
	sources->differs = sources->differs || sources_finding_differs(kept.kind);
	return 0;
}
