#include "ledger/identity.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/hash.h"

static_assert(sizeof(struct identity_entry) == 16, "IDENTITY_BYTES_MIN counts with it");

static bool table_init(struct identity_table *table, size_t slots)
{
	*table = (struct identity_table){ .slots = slots };
	table->entries = calloc(slots, sizeof(*table->entries));
	return table->entries != NULL;
}

static size_t count_max(size_t slots)
{
	return slots / 4 * 3;
}

int identity_init(struct identity *identity, size_t bytes_max, int64_t window_ms, uint64_t seed)
{
	size_t slots = IDENTITY_SLOTS_MIN;

	while (2 * slots <= bytes_max / sizeof(struct identity_entry) / 2 / IDENTITY_SHARDS)
		slots *= 2;
	*identity = (struct identity){
		.slots_max = slots, .seed = seed, .window_ms = window_ms, .forgotten_ms = INT64_MIN
	};
	for (int i = 0; i < IDENTITY_SHARDS; i++) {
		struct identity_shard *shard = &identity->shards[i];

		if (!table_init(&shard->young, IDENTITY_SLOTS_MIN) ||
		    !table_init(&shard->old, IDENTITY_SLOTS_MIN)) {
			identity_release(identity);
			return -FAULT_NOMEM;
		}
	}
	return 0;
}

void identity_release(struct identity *identity)
{
	for (int i = 0; i < IDENTITY_SHARDS; i++) {
		free(identity->shards[i].young.entries);
		free(identity->shards[i].old.entries);
	}
	*identity = (struct identity){ .slots_max = 0 };
}

size_t identity_entries_max(const struct identity *identity)
{
	return IDENTITY_SHARDS * 2 * count_max(identity->slots_max);
}

uint64_t identity_fingerprint(const struct identity *identity, int64_t source, struct text id)
{
	uint64_t fingerprint = hash64(id.at, id.len, identity->seed ^ (uint64_t)source);

	return fingerprint != 0 ? fingerprint : 1;
}

/* By the highest bits; the slots go by the lowest. */
static struct identity_shard *shard_of(struct identity *identity, uint64_t fingerprint)
{
	return &identity->shards[fingerprint >> 58];
}

static_assert(IDENTITY_SHARDS == 1 << (64 - 58), "a shard is six bits of a fingerprint");

static struct identity_entry *entry_of(const struct identity_table *table, uint64_t fingerprint)
{
	size_t slot = fingerprint & (table->slots - 1);

	while (table->entries[slot].fingerprint != 0 &&
	       table->entries[slot].fingerprint != fingerprint)
		slot = (slot + 1) & (table->slots - 1);
	return &table->entries[slot];
}

bool identity_find(const struct identity *identity, uint64_t fingerprint, int64_t *ts_out)
{
	const struct identity_shard *shard = &identity->shards[fingerprint >> 58];
	const struct identity_entry *entry = entry_of(&shard->young, fingerprint);

	if (entry->fingerprint == 0)
		entry = entry_of(&shard->old, fingerprint);
	if (entry->fingerprint == 0)
		return false;
	*ts_out = entry->ts;
	return true;
}

/* Room for one more; false: it is as large as it may be, or memory is short. */
static bool make_room(struct identity_table *table, size_t slots_max)
{
	struct identity_table grown;

	if (table->count < count_max(table->slots))
		return true;
	if (table->slots >= slots_max || !table_init(&grown, table->slots * 2))
		return false;
	for (size_t i = 0; i < table->slots; i++) {
		if (table->entries[i].fingerprint != 0)
			*entry_of(&grown, table->entries[i].fingerprint) = table->entries[i];
	}
	grown.count = table->count;
	free(table->entries);
	*table = grown;
	return true;
}

bool identity_forgets(const struct identity *identity, int64_t ts)
{
	return identity->forgotten_ms != INT64_MIN &&
	       ts <= identity->forgotten_ms + IDENTITY_PHASES_MS;
}

/* Forgets `old`, and begins a new `young`; its memory is given back where that works. */
static void turn(struct identity *identity, struct identity_shard *shard)
{
	struct identity_table fresh;

	if (shard->old.count > 0 && shard->old_ms > identity->forgotten_ms)
		identity->forgotten_ms = shard->old_ms;

	if (table_init(&fresh, IDENTITY_SLOTS_MIN)) {
		free(shard->old.entries);
	} else {
		fresh = shard->old;
		fresh.count = 0;
		memset(fresh.entries, 0, fresh.slots * sizeof(*fresh.entries));
	}
	shard->old = shard->young;
	shard->old_ms = identity->newest_ms;
	shard->young = fresh;
	shard->since_ms = identity->newest_ms;
}

/* One that is there keeps its time unless `replace`. */
static void put(struct identity_table *table, struct identity_entry added, bool replace)
{
	struct identity_entry *entry = entry_of(table, added.fingerprint);

	table->count += entry->fingerprint == 0;
	if (entry->fingerprint == 0 || replace)
		*entry = added;
}

void identity_add(struct identity *identity, uint64_t fingerprint, int64_t ts)
{
	struct identity_shard *shard = shard_of(identity, fingerprint);

	if (ts > identity->newest_ms)
		identity->newest_ms = ts;
	if (shard->young.count == 0)
		shard->since_ms = identity->newest_ms;
	if (identity->newest_ms - shard->since_ms >= identity->window_ms ||
	    !make_room(&shard->young, identity->slots_max))
		turn(identity, shard);
	put(&shard->young, (struct identity_entry){ fingerprint, ts }, true);
}

void identity_add_older(struct identity *identity, uint64_t fingerprint, int64_t ts)
{
	struct identity_shard *shard = shard_of(identity, fingerprint);
	const struct identity_entry added = { fingerprint, ts };

	if (ts > identity->newest_ms)
		identity->newest_ms = ts;
	/* Each of them may be as old as a window: it is kept until the next turn. */
	shard->since_ms = ts;
	shard->old_ms = identity->newest_ms;
	if (make_room(&shard->young, identity->slots_max))
		put(&shard->young, added, false);
	else if (entry_of(&shard->young, fingerprint)->fingerprint != 0)
		return;
	else if (make_room(&shard->old, identity->slots_max))
		put(&shard->old, added, false);
	else if (ts > identity->forgotten_ms)
		identity->forgotten_ms = ts;
}
