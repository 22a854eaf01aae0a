/*
 * Hours: what an hour of the ledger holds, as one digest.
 *
 * The digest of an hour is the sum, modulo 2^256, of the SHA-256 of each of its events with its
 * details and the words of its names: it does not depend on the order in which they came.  It is
 * kept in the transaction of the events; verify derives it anew.  Hours that are over go into a
 * chain (ledger/seal.h).
 */
#ifndef TOLL_LEDGER_HOURS_H
#define TOLL_LEDGER_HOURS_H

#include "base/hash.h"
#include "ledger/ledger.h"

struct hour_digest {
	int64_t hour_ms, events; /* rows of `event`, turns too */
	unsigned char digest[SHA256_BYTES];
};

/* The hours that have a row and begin in [from_ms, to_ms), oldest first. */
typedef int ledger_hour_fn(void *context, const struct hour_digest *hour);
int ledger_each_hour(struct ledger *ledger, int64_t from_ms, int64_t to_ms, ledger_hour_fn *each,
                     void *context, struct fault *fault);

/*
 * One digest of all hours that begin before until_ms: whoever read them in a snapshot asks the
 * writer whether they are still the same.
 */
int ledger_hours_digest(struct ledger *ledger, int64_t until_ms,
                        unsigned char digest_out[SHA256_BYTES], struct fault *fault);

#endif
