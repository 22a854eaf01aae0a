/*
 * The digest of each hour, derived anew from its events while they are walked, against the one
 * that is kept.  A part of verify (verify_internal.h).
 */
#ifndef TOLL_LEDGER_VERIFY_HOURS_H
#define TOLL_LEDGER_VERIFY_HOURS_H

#include "ledger/verify_internal.h"

/* Of the hour that is walked. */
struct verify_hours {
	int64_t hour, events;
	struct digest_sum sum;
	int64_t findings; /* of all, when its first event was read */
};

/* The next event, in the order of their times, with its names. */
int verify_hours_add(struct verify_hours *hours, struct ledger *ledger, const struct event_row *row,
                     int64_t findings, struct fault *fault);
/*
 * Compares the kept digests of [from_ms, to_ms), of which only the last hour with events was
 * walked since the call before.  An hour of which something else was found already is not told
 * again: that its digest differs follows from it.
 */
int verify_hours(struct verify *verify, struct verify_hours *hours, int64_t from_ms, int64_t to_ms,
                 int64_t findings, struct fault *fault);
/* Hours whose events are in no file that there could be; of a file that is gone the walk tells. */
int verify_hours_astray(struct verify *verify, struct fault *fault);

#endif
