/*
 * Which identities (source, id) the ledger has: fingerprint -> time of the event, so
 * that a resend is found under another time too, where the key (ts, source, id)
 * cannot see it.  Two generations of half the size each: bounded, and the newest
 * half is always there.  A hit is only a hint: the row decides.  Inside lib/ledger.
 *
 * What falls out of memory is still found by the key when the time is the same, and
 * by `toll verify` (and then counted as a difference) when it is not.
 */
#ifndef TOLL_LEDGER_IDENTITY_H
#define TOLL_LEDGER_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct identity_entry {
	uint64_t fingerprint; /* 0: empty */
	int64_t ts;
};

struct identity {
	struct identity_entry *young, *old; /* `slots` each */
	size_t slots, young_count, old_count, generation_max;
};

enum { IDENTITY_ENTRIES_MIN = 1024 };

int identity_init(struct identity *identity, size_t entries_max); /* -FAULT_NOMEM */
void identity_release(struct identity *identity);
uint64_t identity_fingerprint(int64_t source, struct text id);
bool identity_find(const struct identity *identity, uint64_t fingerprint, int64_t *ts_out);
void identity_add(struct identity *identity, uint64_t fingerprint, int64_t ts);
/*
 * For filling an empty one, newest first: adds what is older than all before it, as if it
 * had been added before them.  Beyond what fits it does nothing.
 */
void identity_add_older(struct identity *identity, uint64_t fingerprint, int64_t ts);

#endif
