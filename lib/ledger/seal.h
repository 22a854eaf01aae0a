/*
 * Seals: a chain of SHA-256 over the digests of hours (ledger/hours.h) and over the logs of
 * changes (logs.def).  A link seals every hour that has been over for LEDGER_SEAL_AFTER_MS and is
 * not sealed as it is now, and the rows of the logs since the link before.
 *
 * The chain has no secret: a hand that can write the file and knows this program can make all of it
 * anew, and verify then finds nothing.  A link that was noted elsewhere cannot be made anew: while
 * it is in the chain, ledger_each_changed() tells every hour and log that is not as it was sealed
 * up to that link.  Late events, later phases, prices found and another hand look alike there:
 * somebody must be able to explain each.  It tells nothing of hours that were not over for
 * LEDGER_SEAL_AFTER_MS at that link, and of rows of logs behind it.  A link with SEAL_HOURS_MAX
 * hours may have left some for the next one: those it tells as never sealed.
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

/* Not as it was at a link. */
struct seal_changed {
	const char *log; /* the name of its table; NULL: an hour */
	int64_t hour_ms;
	/* Events of the hour, or rows of the log; the same number: others, or altered ones. */
	int64_t then, now; /* then SEAL_NONE: it had no seal up to the link, and was over */
};
#define SEAL_NONE INT64_C(-1)

/*
 * What the last seals up to this link say otherwise than the kept digests of hours and the rows of
 * logs do now: hours, oldest first, then logs.  That the kept digests are those of the events, and
 * the seals those of the chain, is for ledger_verify() to say.
 */
typedef int ledger_changed_fn(void *context, const struct seal_changed *changed);
int ledger_each_changed(struct ledger *ledger, const struct seal_link *link,
                        ledger_changed_fn *each, void *context, struct fault *fault);

struct seal_counts {
	int64_t resealed; /* hours sealed more than once, or changed since their last seal */
	int64_t never;    /* hours over for more than 2 * LEDGER_SEAL_AFTER_MS, without a seal */
};
int ledger_seal_counts(struct ledger *ledger, int64_t now_ms, struct seal_counts *counts_out,
                       struct fault *fault);

#endif
