/*
 * Writing: everything between ledger_begin() and ledger_commit() is one
 * transaction: events, rollups, watermarks, quarantine.  When ledger_commit()
 * returned 0 the rows are on disk (synchronous=FULL).
 *
 * Only on a ledger opened by ledger_open_writer().  Any failure leaves the
 * transaction to be rolled back by the caller with ledger_rollback().
 */
#ifndef TOLL_LEDGER_STORE_H
#define TOLL_LEDGER_STORE_H

#include "base/buf.h"
#include "ledger/ledger.h"
#include "money/money.h"
#include "usage/event.h"

int ledger_begin(struct ledger *ledger, struct fault *fault);
/*
 * -FAULT_FULL: no space, roll back and try again; else the ledger is not to be trusted:
 * -FAULT_CORRUPT also where its files are gone, replaced or cut, and keep nothing.
 */
int ledger_commit(struct ledger *ledger, struct fault *fault);
void ledger_rollback(struct ledger *ledger);

/* event.price: which price it was rated with. */
#define LEDGER_PRICE_NONE     INT64_C(0)  /* nothing was used, no price is needed */
#define LEDGER_PRICE_SUSPENSE INT64_C(-1) /* no rate: unpriced until suspense is retried */

/* event.cost_price alone, NULL there: no cost book was in force. */
#define LEDGER_COST_NO_BOOK INT64_C(-2)

/* What an event was rated at, on both sides. */
struct rated {
	int64_t price_id; /* LEDGER_PRICE_*, or first_price + ordinal */
	struct money amount;
	unsigned policy; /* bits of the policies in force: of what it is sold for only */
	int64_t cost_id; /* LEDGER_PRICE_*, LEDGER_COST_NO_BOOK, or first_price + ordinal */
	struct money cost;
};

enum ledger_outcome {
	LEDGER_OVERFLOW, /* an hourly sum cannot hold it: not stored, the caller quarantines it */
	LEDGER_CONFLICT, /* this phase of (source, id) is known with other content: both are kept */
	LEDGER_DUPLICATE, /* this phase is known with the same content: nothing written */
	LEDGER_LATE, /* an earlier phase than the one that stands: kept beside it, not counted */
	LEDGER_REPLACED, /* a later phase: it stands and counts now, the earlier one is kept */
	LEDGER_ADDED,
};

/* What became of an event. */
struct ledger_added {
	enum ledger_outcome outcome;
	/* LEDGER_REPLACED: what the phase before had in the sums, and where it stood; else 0. */
	struct money taken;
	int64_t from_ms;
};

/*
 * Store one event as it was rated.  `line` is the event as sent, for the conflict table.  now_ms:
 * when it was received.
 *
 * The phases of an identity (enum settlement) may come in any order and any number of times:
 * the highest stands and is the only one that counts, the others are kept as they were.
 * LEDGER_OVERFLOW where a later one does not fit leaves the earlier standing.
 */
int ledger_add(struct ledger *ledger, const struct event *event, const struct rated *rated,
               struct text line, int64_t now_ms, struct ledger_added *added_out,
               struct fault *fault);

/*
 * Keep a line that could not be understood.  The same line of the same source again
 * only counts up.  `line` may be cut; length is what was sent.
 */
int ledger_quarantine(struct ledger *ledger, const struct event_refusal *refusal, struct text line,
                      int64_t length, int64_t now_ms, struct fault *fault);

/*
 * Is this very event stored?  For a line that is refused today, but was taken when it first
 * came: by another clock, another price book, another version.
 */
int ledger_holds(struct ledger *ledger, struct text source, struct text id, int64_t time_ms,
                 uint64_t content_hash, bool *holds_out, struct fault *fault);

/*
 * The numbers of the turns that stood beside a phase of a request at its time, in no order: "ID~2"
 * is 2.  Of the file, since an identity may have fallen out of memory.
 */
struct ledger_turns {
	uint8_t number[EVENT_PARTS_MAX];
	size_t count;
};
int ledger_turns(struct ledger *ledger, struct text source, struct text id, int64_t time_ms,
                 struct ledger_turns *turns_out, struct fault *fault);

/*
 * Outside a transaction: copy the WAL into the file when it is large (idle: also empty it).
 * *again_out (may be NULL): a reader was in the way, no failure; try again when idle.
 */
int ledger_wal_checkpoint(struct ledger *ledger, bool idle, bool *again_out, struct fault *fault);

/*
 * An event that waited, rated as `waiting` tells, got its price, its cost or both as `found` tells:
 * moves it and its rollups.  -FAULT_NOT_FOUND: it does not wait; -FAULT_RANGE: a sum has no room.
 */
int ledger_suspense_price(struct ledger *ledger, const struct event *event,
                          const struct rated *waiting, const struct rated *found,
                          struct fault *fault);
/* A quarantined line was ingested after all, at now_ms. */
int ledger_quarantine_release(struct ledger *ledger, int64_t quarantine_id, int64_t now_ms,
                              struct fault *fault);
/* Who changed what, when and why (`what` is "price.apply", "suspense.retry" ...). */
int ledger_change_note(struct ledger *ledger, int64_t now_ms, struct text who, const char *what,
                       struct text detail, struct fault *fault);

#endif
