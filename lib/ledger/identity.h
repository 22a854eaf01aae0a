/*
 * Which identities (source, id) the ledger has: fingerprint -> time of the event, so that a resend
 * is found under another time too, where the key (ts, source, id) cannot see it.  A hit is only a
 * hint: the row decides.  Inside lib/ledger.
 *
 * A window of event time in bounded memory: what was added is kept until the newest event is a
 * window younger, unless memory ends before that; then the newest half of what fits is kept.  It
 * grows as it fills, a shard at a time, so that no event waits for all of it to move.
 *
 * What falls out of memory is still found by the key when the time is the same, and when it is not
 * by the check for twins that runs before a period closes.
 *
 * Where memory for growing cannot be had the window is shorter: adding cannot fail.
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

/* Open addressing; slots is a power of two, at most three quarters full. */
struct identity_table {
	struct identity_entry *entries;
	size_t slots, count;
};

/* What comes goes into `young`; when that is full or old enough it becomes `old`. */
struct identity_shard {
	struct identity_table young, old;
	int64_t since_ms; /* the newest event when `young` began */
	int64_t old_ms;   /* and when `old` ended: none in it is younger */
};

#define IDENTITY_PHASES_MS INT64_C(3600000) /* the phases of a request are not further apart */

enum {
	IDENTITY_SHARDS = 64,
	IDENTITY_SLOTS_MIN = 8, /* of a table */
	IDENTITY_BYTES_MIN = IDENTITY_SHARDS * 2 * IDENTITY_SLOTS_MIN * 16,
};

struct identity {
	struct identity_shard shards[IDENTITY_SHARDS];
	size_t slots_max;     /* of a table */
	uint64_t seed;        /* nobody can choose ids that hash alike */
	int64_t window_ms;    /* at least this much of event time is kept, where memory allows */
	int64_t newest_ms;    /* of the events so far */
	int64_t forgotten_ms; /* what is younger than this is known */
};

/* -FAULT_NOMEM; fewer bytes than IDENTITY_BYTES_MIN are that many. */
int identity_init(struct identity *identity, size_t bytes_max, int64_t window_ms, uint64_t seed);
void identity_release(struct identity *identity); /* takes a zeroed one */
/* So many identities at most are there at a time. */
size_t identity_entries_max(const struct identity *identity);
uint64_t identity_fingerprint(const struct identity *identity, int64_t source, struct text id);
bool identity_find(const struct identity *identity, uint64_t fingerprint, int64_t *ts_out);
/*
 * May an event of this time, or another phase of its request, have been known and be forgotten?
 * False: that it is not found says that it is not there, as far as memory ever held it.
 */
bool identity_forgets(const struct identity *identity, int64_t ts);
void identity_add(struct identity *identity, uint64_t fingerprint, int64_t ts);
/*
 * For filling an empty one, newest first: adds what is older than all before it, as if it had been
 * added before them.  Beyond what fits it does nothing.
 */
void identity_add_older(struct identity *identity, uint64_t fingerprint, int64_t ts);

#endif
