/*
 * Twins: an identity (source, id) that stands at more than one time.  What memory knows of is never
 * stored twice (ledger/identity.h); beyond it the same event can come again under another time.
 * This finds all of them, exactly, and voids the later copy: the one of the highest phase stands,
 * of equal ones the one of the earliest time.
 *
 * A period is closed only behind that: ledger_check_period() looks, in the snapshot of a reader,
 * and ledger_close_period() asks for what it found, and closes where no hour is another since.
 */
#ifndef TOLL_LEDGER_TWINS_H
#define TOLL_LEDGER_TWINS_H

#include "base/hash.h"
#include "ledger/ledger.h"

enum {
	/* In memory at a time, 8 bytes each: 256 MiB; of more events there are more passes. */
	TWINS_FINGERPRINTS_MAX = 32 * 1024 * 1024,
	TWINS_SUSPECTS_MAX = 100000, /* looked at in one pass, some 100 bytes each and their ids */
};

/* Two events of one identity that both count.  Texts live for the call. */
struct twin {
	struct text source, id;
	int64_t keep_ms, void_ms; /* times: of the one that stands, of the one that is to be void */
};
typedef int ledger_twin_fn(void *context, const struct twin *twin);

struct twin_search {
	int64_t until_ms;        /* of events before it; LEDGER_TO_MAX: of all */
	int64_t events;          /* so many there are, about: how many passes it takes */
	size_t fingerprints_max; /* 0: TWINS_FINGERPRINTS_MAX */
	/* done of about `total` rows read; called now and then, may be NULL */
	void (*progress)(void *context, int64_t done, int64_t total);
	void *context; /* of that */
};

/*
 * Those that are in the ledger: of an identity with n copies that count n - 1 pairs, each with the
 * one that stands.  Reads the keys of all these events once a pass, and again where something
 * stands twice.  -FAULT_NOMEM.
 */
int ledger_each_twin(struct ledger *ledger, const struct twin_search *search, ledger_twin_fn *each,
                     void *context, struct fault *fault);

/*
 * Voids the later copy, inside ledger_begin() .. ledger_commit(): a correction of kind twin by
 * "toll".  *voided_out false: the two are no such pair, or not any more, and nothing was written.
 */
int ledger_void_twin(struct ledger *ledger, const struct twin *twin, int64_t at_ms,
                     bool *voided_out, struct fault *fault);

/* That somebody looked for twins before until_ms, and what the hours were then. */
struct period_check {
	int64_t until_ms;
	unsigned char digest[SHA256_BYTES]; /* only ledger_check_period() makes one that fits */
};

/*
 * Tells the twins before search->until_ms.  Those that it told are to be void before the period is
 * closed by this check.
 */
int ledger_check_period(struct ledger *ledger, const struct twin_search *search,
                        ledger_twin_fn *each, void *context, struct period_check *check_out,
                        struct fault *fault);

/*
 * Whether a period that ends there can be closed at all, for whoever is about to void its twins.
 * -FAULT_INVALID: not on the hour, not after what is closed already, or later than at_ms.
 */
int ledger_check_end(struct ledger *ledger, int64_t until_ms, int64_t at_ms, struct fault *fault);

/*
 * Closes what is before check->until_ms, inside ledger_begin() .. ledger_commit().  *closed_out
 * false: an hour of it is another than when it was looked at: nothing was written, look again.
 * -FAULT_INVALID: as ledger_check_end().
 */
int ledger_close_period(struct ledger *ledger, const struct period_check *check, int64_t at_ms,
                        struct text who, struct text note, bool *closed_out, struct fault *fault);

/* What of a period is not at its end: events that count, before until_ms. */
struct period_waits {
	int64_t open, partial; /* requests whose later phase may yet come */
	int64_t suspense;      /* no rate */
};
int ledger_period_waits(struct ledger *ledger, int64_t until_ms, struct period_waits *waits_out,
                        struct fault *fault);

#endif
