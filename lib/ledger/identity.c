#include "ledger/identity.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/hash.h"

int identity_init(struct identity *identity, size_t entries_max)
{
	size_t generation_max, slots = IDENTITY_ENTRIES_MIN;

	if (entries_max < IDENTITY_ENTRIES_MIN)
		entries_max = IDENTITY_ENTRIES_MIN;
	generation_max = entries_max / 2;
	/* At most three quarters full: short probes. */
	while (slots / 4 * 3 < generation_max)
		slots *= 2;
	*identity = (struct identity){ .slots = slots, .generation_max = generation_max };
	identity->young = calloc(slots, sizeof(*identity->young));
	identity->old = calloc(slots, sizeof(*identity->old));
	if (identity->young == NULL || identity->old == NULL) {
		identity_release(identity);
		return -FAULT_NOMEM;
	}
	return 0;
}

void identity_release(struct identity *identity)
{
	free(identity->young);
	free(identity->old);
	*identity = (struct identity){ .young = NULL };
}

uint64_t identity_fingerprint(int64_t source, struct text id)
{
	uint64_t fingerprint = hash64(id.at, id.len, (uint64_t)source);

	return fingerprint != 0 ? fingerprint : 1;
}

static size_t slot_of(const struct identity *identity, const struct identity_entry *entries,
                      uint64_t fingerprint)
{
	size_t slot = fingerprint & (identity->slots - 1);

	while (entries[slot].fingerprint != 0 && entries[slot].fingerprint != fingerprint)
		slot = (slot + 1) & (identity->slots - 1);
	return slot;
}

bool identity_find(const struct identity *identity, uint64_t fingerprint, int64_t *ts_out)
{
	const struct identity_entry *entry;

	entry = &identity->young[slot_of(identity, identity->young, fingerprint)];
	if (entry->fingerprint == 0)
		entry = &identity->old[slot_of(identity, identity->old, fingerprint)];
	if (entry->fingerprint == 0)
		return false;
	*ts_out = entry->ts;
	return true;
}

/* True: it was not there.  One that is there keeps its time unless `replace`. */
static bool put(const struct identity *identity, struct identity_entry *entries,
                struct identity_entry added, bool replace)
{
	struct identity_entry *entry = &entries[slot_of(identity, entries, added.fingerprint)];
	bool is_new = entry->fingerprint == 0;

	if (is_new || replace)
		*entry = added;
	return is_new;
}

void identity_add(struct identity *identity, uint64_t fingerprint, int64_t ts)
{
	const struct identity_entry added = { fingerprint, ts };

	if (identity->young_count >= identity->generation_max) {
		struct identity_entry *oldest = identity->old;

		identity->old = identity->young;
		identity->young = oldest;
		memset(oldest, 0, identity->slots * sizeof(*oldest));
		identity->old_count = identity->young_count;
		identity->young_count = 0;
	}
	identity->young_count += put(identity, identity->young, added, true);
}

void identity_add_older(struct identity *identity, uint64_t fingerprint, int64_t ts)
{
	const struct identity_entry added = { fingerprint, ts };

	if (identity->young_count < identity->generation_max)
		identity->young_count += put(identity, identity->young, added, false);
	else if (identity->old_count < identity->generation_max)
		identity->old_count += put(identity, identity->old, added, false);
}
