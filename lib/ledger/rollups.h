/*
 * The hourly sums a transaction touches: read once, added to in memory with checked
 * arithmetic, written back before the commit.  Inside lib/ledger; also used by
 * verify, which adds the events up anew and compares.
 */
#ifndef TOLL_LEDGER_ROLLUPS_H
#define TOLL_LEDGER_ROLLUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "money/money.h"
#include "usage/event.h"

struct rollup_key {
	int64_t hour, account, key, model, source, provider, tier, price;
};

struct rollup_sum {
	int64_t events, errors;
	int64_t turns;                         /* of the events */
	int64_t partial, estimated, uncounted; /* of the events: by their provenance */
	int64_t count[COMPONENT_COUNT];
	struct money amount;
	int64_t costed, uncosted; /* of the events: with a cost; the cost book had no rate */
	struct money cost;
};

struct rollup_entry {
	struct rollup_key key;
	struct rollup_sum sum;
	uint64_t word; /* check word of its row as it is stored; 0: there is none */
	bool seen;     /* for whoever walks them */
};

struct rollups {
	struct rollup_entry *entries;
	size_t count, cap;
	uint32_t *slots; /* index + 1 into entries; 0: empty; slot_count a power of two */
	size_t slot_count;
};

/* What one event adds to a sum. */
struct rollup_delta {
	enum turn turn;
	const struct usage *usage;
	bool error;
	struct money amount;
	enum provenance provenance; /* of the counts */
	int64_t cost_id;            /* as of struct rated */
	struct money cost;
};

void rollups_clear(struct rollups *rollups);
void rollups_release(struct rollups *rollups);
/* The entry of a key, or NULL. */
struct rollup_entry *rollups_find(const struct rollups *rollups, const struct rollup_key *key);
/* A new entry with zero sums; NULL on no memory.  The key must not be there. */
struct rollup_entry *rollups_add(struct rollups *rollups, const struct rollup_key *key);
/* sum +- delta; -FAULT_RANGE and unchanged where a sum does not fit (or would fall below zero). */
int rollup_sum_add(struct rollup_sum *sum, const struct rollup_delta *delta);
int rollup_sum_take(struct rollup_sum *sum, const struct rollup_delta *delta);
/* after - before, where each may fall below zero. */
int rollup_sum_less(const struct rollup_sum *after, const struct rollup_sum *before,
                    struct rollup_sum *out);
bool rollup_sum_equal(const struct rollup_sum *a, const struct rollup_sum *b);

#endif
