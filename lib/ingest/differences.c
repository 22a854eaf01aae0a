#include "ingest/differences.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

enum { SLOTS_MIN = 256 };

void differences_clear(struct differences *differences)
{
	if (differences->slot_count > 0)
		memset(differences->slots, 0,
		       differences->slot_count * sizeof(*differences->slots));
	differences->count = 0;
	arena_reset(&differences->arena);
}

void differences_release(struct differences *differences)
{
	free(differences->rows);
	free(differences->slots);
	arena_release(&differences->arena);
	*differences = (struct differences){ .rows = NULL };
}

enum { NAMES = 6 };

/* All that tells sums apart, but the hour. */
static void list_names(struct adjustment *row, struct text *names[NAMES])
{
	struct text *const list[NAMES] = { &row->account, &row->key,      &row->model,
		                           &row->source,  &row->provider, &row->service_tier };

	memcpy(names, list, sizeof(list));
}

static bool same_key(struct adjustment *a, struct adjustment *b)
{
	struct text *x[NAMES], *y[NAMES];
	bool same = a->hour_ms == b->hour_ms;

	list_names(a, x);
	list_names(b, y);
	for (size_t i = 0; same && i < NAMES; i++)
		same = (x[i]->at == NULL) == (y[i]->at == NULL) && text_equal(*x[i], *y[i]);
	return same;
}

static uint64_t hash_key(struct adjustment *row)
{
	struct text *names[NAMES];
	uint64_t hash = (uint64_t)row->hour_ms;

	list_names(row, names);
	for (size_t i = 0; i < NAMES; i++)
		hash = hash64(names[i]->at != NULL ? names[i]->at : "", names[i]->len, hash);
	return hash;
}

/* The slot where the key is, or the empty one where it would go. */
static size_t slot_of(const struct differences *differences, struct adjustment *row)
{
	size_t slot = hash_key(row) & (differences->slot_count - 1);

	while (differences->slots[slot] != 0 &&
	       !same_key(&differences->rows[differences->slots[slot] - 1], row))
		slot = (slot + 1) & (differences->slot_count - 1);
	return slot;
}

static bool grow(struct differences *differences)
{
	size_t slot_count = differences->slot_count > 0 ? differences->slot_count * 2 : SLOTS_MIN;
	uint32_t *slots = calloc(slot_count, sizeof(*slots));
	struct adjustment *rows = realloc(differences->rows, slot_count / 2 * sizeof(*rows));

	if (rows != NULL) {
		differences->rows = rows;
		differences->cap = slot_count / 2;
	}
	if (rows == NULL || slots == NULL) {
		free(slots);
		return false;
	}
	free(differences->slots);
	differences->slots = slots;
	differences->slot_count = slot_count;
	for (size_t i = 0; i < differences->count; i++)
		slots[slot_of(differences, &rows[i])] = (uint32_t)i + 1;
	return true;
}

/* A new row of nothing, with its names in the arena. */
static int add_key(struct differences *differences, const struct adjustment *add, size_t slot,
                   struct fault *fault)
{
	struct adjustment row = *add;
	struct text *names[NAMES];

	row.events = 0;
	row.amount = (struct money){ 0 };
	list_names(&row, names);
	for (size_t i = 0; i < NAMES; i++) {
		if (names[i]->at == NULL)
			continue;
		*names[i] = arena_copy(&differences->arena, *names[i]);
		if (names[i]->at == NULL)
			return fault_set(fault, FAULT_NOMEM, "differences: out of memory");
	}
	differences->rows[differences->count++] = row;
	differences->slots[slot] = (uint32_t)differences->count;
	return 0;
}

int differences_add(struct differences *differences, const struct adjustment *add,
                    struct fault *fault)
{
	struct adjustment key = *add, *row;
	struct money sum;
	size_t slot;
	int r = 0;

	if (2 * (differences->count + 1) > differences->slot_count && !grow(differences))
		return fault_set(fault, FAULT_NOMEM, "differences: out of memory");
	slot = slot_of(differences, &key);
	if (differences->slots[slot] == 0) {
		if (differences->count == DIFFERENCES_MAX)
			return fault_set(fault, FAULT_RANGE,
			                 "more than %d hourly sums would change: take a shorter "
			                 "range",
			                 DIFFERENCES_MAX);
		r = add_key(differences, add, slot, fault);
	}
	if (r < 0)
		return r;
	row = &differences->rows[differences->slots[slot] - 1];
	if (money_add(row->amount, add->amount, &sum) < 0)
		return fault_set(fault, FAULT_RANGE, "the difference of an hour is no amount");
	row->amount = sum;
	row->events += add->events;
	return 0;
}

void differences_drop_zeros(struct differences *differences)
{
	size_t kept = 0;

	for (size_t i = 0; i < differences->count; i++) {
		if (differences->rows[i].amount.attos != 0)
			differences->rows[kept++] = differences->rows[i];
	}
	differences->count = kept;
}
