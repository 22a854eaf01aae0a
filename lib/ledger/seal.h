/*
 * Seals: a chain of SHA-256 over the digests of hours (ledger/hours.h) and over the logs of
 * changes (logs.def).  A link seals every hour that has been over for LEDGER_SEAL_AFTER_MS and is
 * not sealed as it is now, and the rows of the logs since the link before.  Whoever noted a link
 * elsewhere can ask later whether it is still in the chain: then nothing before it was altered,
 * removed or added but by the program itself.
 */
#ifndef TOLL_LEDGER_SEAL_H
#define TOLL_LEDGER_SEAL_H

#include "base/hash.h"
#include "ledger/ledger.h"

#define LEDGER_SEAL_AFTER_MS INT64_C(3600000) /* an hour is sealed an hour after its end */

enum { SEAL_HOURS_MAX = 512 }; /* of one link; what is left is for the next one */

struct seal_link {
	int64_t seq, at_ms; /* from 1 on; 0: there is none */
	char chain[SHA256_HEX_BYTES];
};

/*
 * One link, in a transaction of its own; none where nothing is to be sealed.  *hours_out (may be
 * NULL): so many hours; SEAL_HOURS_MAX means that there may be more.
 */
int ledger_seal(struct ledger *ledger, int64_t now_ms, int64_t *hours_out, struct fault *fault);
/* All that there is to seal. */
int ledger_seal_all(struct ledger *ledger, int64_t now_ms, struct fault *fault);

/* The last link. */
int ledger_seal_head(struct ledger *ledger, struct seal_link *link_out, struct fault *fault);
/* The link with this chain, in hexadecimal of either case; seq 0: there is none. */
int ledger_seal_find(struct ledger *ledger, struct text chain, struct seal_link *link_out,
                     struct fault *fault);

#endif
