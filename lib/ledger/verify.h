/*
 * Verify: derive the ledger anew.  Every event's charge from its stored counts, its stored
 * policies and its stored price, its cost from its counts and the price of that, every rollup
 * from the events, every source's watermark, every identity counted once, every detail row, every
 * phase and every conflict with its event, every price book and every line in quarantine what its
 * hash names, every run of adjustments the sum of its rows, every correction from its event and
 * those before it, the schema as the migrations make it, every event, name and hour of sums what
 * its check word says (ledger/words.h).
 * Reads only, in bounded memory but for one
 * hour's rollups.
 *
 * Each hour's events against the digest that is kept of them, the chain of seals against itself
 * and the logs, and each hour that says it is as it was sealed against its last seal
 * (ledger/hours.h, ledger/seal.h).
 *
 * Not derivable, and so not seen: a line of quarantine that was taken out or marked as released,
 * and what stands beside a line; a second version (conflict) that was taken out or altered; a
 * phase that was taken out and had no time of its own at an end of what its source spans; a
 * checkpoint; a position; when a source was last heard, and where a number nobody counts was
 * first; of a file of the archive what is shown beside its name, size and SHA-256; a row of a log
 * that was added behind the last seal; and what a hand that knows this program changed with the
 * digest of the hour, which it marked as not sealed, or for which it made the chain anew: an event
 * that comes late leaves the same.  ledger_each_changed() tells those of before a link that was
 * noted elsewhere, and only of those.
 */
#ifndef TOLL_LEDGER_VERIFY_H
#define TOLL_LEDGER_VERIFY_H

#include "ledger/ledger.h"
#include "ledger/seal.h"
#include "money/money.h"

enum verify_kind {
	VERIFY_FILE,       /* SQLite's own check of pages and indexes; the schema */
	VERIFY_EVENT,      /* a charge, or a price, that does not follow from what is stored */
	VERIFY_IDENTITY,   /* (source, id) stands twice */
	VERIFY_DETAIL,     /* a detail row without its event, or the other way round */
	VERIFY_ROLLUP,     /* an hourly sum that is not the sum of its events */
	VERIFY_WATERMARK,  /* a source's totals */
	VERIFY_BOOK,       /* a price book, or its log, that is not as it was applied */
	VERIFY_QUARANTINE, /* a kept line that is not as it came */
	VERIFY_PHASE,      /* a phase that was replaced, and is not as it stood, or stands alone */
	VERIFY_CONFLICT,   /* a second version of an event that is not there */
	VERIFY_UNKNOWN,    /* a count of numbers that nobody counts */
	VERIFY_RULE,       /* a standing rule for nobody */
	VERIFY_ADJUSTMENT, /* a run that is not the sum of its rows, or what was closed */
	VERIFY_CORRECTION, /* one that does not follow from its event, or is not as it was made */
	VERIFY_POSITION,   /* of a feed: what no feed of a daemon could have put there */
	VERIFY_HOUR,       /* the digest of an hour is not that of its events */
	VERIFY_SEAL,       /* an hour or a log that is not as it was sealed, or a broken chain */
	VERIFY_KIND_COUNT
};
const char *verify_kind_name(enum verify_kind kind); /* "event", "rollup" ... */

/* One difference.  Texts live for the call. */
struct verify_finding {
	enum verify_kind kind;
	struct text where; /* "source gw-1 id gen-7 time 2026-..." */
	struct text what;  /* "amount" */
	struct text stored, derived;
};

struct verify_summary {
	int64_t events, rollups, findings;
	int64_t suspense;
	int64_t runs; /* of adjustments */
	/*
	 * The earliest hour of which a finding tells: of an event, of its sums, digest or seal.
	 * EVENT_ABSENT: no finding names an hour, though there may be findings.
	 */
	int64_t first_hour_ms;
	struct seal_link seal; /* the last link of the chain of seals; seq 0: there is none */
	struct money adjusted_amount;
	int64_t corrections; /* rows */
	struct money corrected_amount;
	struct money events_amount,
		rollups_amount; /* totals of what is stored: equal unless there are findings */
};

typedef int verify_finding_fn(void *context, const struct verify_finding *finding);
/* done of total events; called now and then, may be NULL. */
typedef void verify_progress_fn(void *context, int64_t done, int64_t total);

int ledger_verify(struct ledger *ledger, verify_finding_fn *finding, verify_progress_fn *progress,
                  void *context, struct verify_summary *summary_out, struct fault *fault);

#endif
