#include "ledger/rollups.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "ledger/store.h"

enum { SLOTS_MIN = 256 };

void rollups_clear(struct rollups *rollups)
{
	if (rollups->slot_count > 0)
		memset(rollups->slots, 0, rollups->slot_count * sizeof(*rollups->slots));
	rollups->count = 0;
}

void rollups_release(struct rollups *rollups)
{
	free(rollups->entries);
	free(rollups->slots);
	*rollups = (struct rollups){ .entries = NULL };
}

static bool key_equal(const struct rollup_key *a, const struct rollup_key *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* The slot where the key is, or the empty one where it would go. */
static size_t slot_of(const struct rollups *rollups, const struct rollup_key *key)
{
	size_t slot = hash64(key, sizeof(*key), 0) & (rollups->slot_count - 1);

	while (rollups->slots[slot] != 0 &&
	       !key_equal(&rollups->entries[rollups->slots[slot] - 1].key, key))
		slot = (slot + 1) & (rollups->slot_count - 1);
	return slot;
}

struct rollup_entry *rollups_find(const struct rollups *rollups, const struct rollup_key *key)
{
	uint32_t index;

	if (rollups->slot_count == 0)
		return NULL;
	index = rollups->slots[slot_of(rollups, key)];
	return index != 0 ? &rollups->entries[index - 1] : NULL;
}

static bool grow(struct rollups *rollups)
{
	size_t slot_count = rollups->slot_count > 0 ? rollups->slot_count * 2 : SLOTS_MIN;
	size_t cap = slot_count / 2;
	uint32_t *slots = calloc(slot_count, sizeof(*slots));
	struct rollup_entry *entries = realloc(rollups->entries, cap * sizeof(*entries));

	if (entries != NULL) {
		rollups->entries = entries;
		rollups->cap = cap;
	}
	if (entries == NULL || slots == NULL) {
		free(slots);
		return false;
	}
	free(rollups->slots);
	rollups->slots = slots;
	rollups->slot_count = slot_count;
	for (size_t i = 0; i < rollups->count; i++)
		slots[slot_of(rollups, &entries[i].key)] = (uint32_t)i + 1;
	return true;
}

struct rollup_entry *rollups_add(struct rollups *rollups, const struct rollup_key *key)
{
	struct rollup_entry *entry;

	if (2 * (rollups->count + 1) > rollups->slot_count && !grow(rollups))
		return NULL;
	entry = &rollups->entries[rollups->count];
	*entry = (struct rollup_entry){ .key = *key };
	rollups->slots[slot_of(rollups, key)] = (uint32_t)++rollups->count;
	return entry;
}

/*
 * How an event moves the counters: by 1, or by -1.  A turn is no request: how that ended and who
 * told its counts is counted once.
 */
static void count_event(struct rollup_sum *sum, const struct rollup_delta *delta, int64_t step)
{
	enum provenance provenance = delta->provenance;

	sum->events += delta->turn != TURN_ENDED ? step : 0;
	sum->turns += delta->turn == TURN_OF ? step : 0;
	if (delta->turn != TURN_ENDED) {
		sum->costed += delta->cost_id >= LEDGER_PRICE_NONE ? step : 0;
		sum->uncosted += delta->cost_id == LEDGER_PRICE_SUSPENSE ? step : 0;
	}
	if (delta->turn != TURN_NONE)
		return;
	sum->errors += delta->error ? step : 0;
	sum->partial += provenance == PROVENANCE_PARTIAL ? step : 0;
	sum->estimated += provenance == PROVENANCE_ESTIMATED ? step : 0;
	sum->uncounted += provenance == PROVENANCE_NONE ? step : 0;
}

int rollup_sum_add(struct rollup_sum *sum, const struct rollup_delta *delta)
{
	struct rollup_sum next = *sum;

	count_event(&next, delta, 1);
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (__builtin_add_overflow(next.count[c], delta->usage->count[c], &next.count[c]))
			return -FAULT_RANGE;
	}
	if (money_add(next.amount, delta->amount, &next.amount) < 0 ||
	    money_add(next.cost, delta->cost, &next.cost) < 0)
		return -FAULT_RANGE;
	*sum = next;
	return 0;
}

int rollup_sum_take(struct rollup_sum *sum, const struct rollup_delta *delta)
{
	struct rollup_sum next = *sum;

	count_event(&next, delta, -1);
	if (next.events < 0 || next.errors < 0 || next.turns < 0 || next.partial < 0 ||
	    next.estimated < 0 || next.uncounted < 0 || next.costed < 0 || next.uncosted < 0)
		return -FAULT_RANGE;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		next.count[c] -= delta->usage->count[c];
		if (next.count[c] < 0)
			return -FAULT_RANGE;
	}
	if (money_sub(next.amount, delta->amount, &next.amount) < 0 ||
	    money_sub(next.cost, delta->cost, &next.cost) < 0)
		return -FAULT_RANGE;
	*sum = next;
	return 0;
}

int rollup_sum_less(const struct rollup_sum *after, const struct rollup_sum *before,
                    struct rollup_sum *out)
{
	struct rollup_sum less = {
		.events = after->events - before->events,
		.errors = after->errors - before->errors,
		.turns = after->turns - before->turns,
		.partial = after->partial - before->partial,
		.estimated = after->estimated - before->estimated,
		.uncounted = after->uncounted - before->uncounted,
		.costed = after->costed - before->costed,
		.uncosted = after->uncosted - before->uncosted,
	};

	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (__builtin_sub_overflow(after->count[c], before->count[c], &less.count[c]))
			return -FAULT_RANGE;
	}
	if (money_sub(after->amount, before->amount, &less.amount) < 0 ||
	    money_sub(after->cost, before->cost, &less.cost) < 0)
		return -FAULT_RANGE;
	*out = less;
	return 0;
}

bool rollup_sum_equal(const struct rollup_sum *a, const struct rollup_sum *b)
{
	return a->events == b->events && a->errors == b->errors && a->turns == b->turns &&
	       a->partial == b->partial && a->estimated == b->estimated &&
	       a->uncounted == b->uncounted && memcmp(a->count, b->count, sizeof(a->count)) == 0 &&
	       money_compare(a->amount, b->amount) == 0 && a->costed == b->costed &&
	       a->uncosted == b->uncosted && money_compare(a->cost, b->cost) == 0;
}
