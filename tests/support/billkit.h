/*
 * A generated month (billgen.h) in a ledger and in statements of it, and what a reconciliation of
 * both found beside what was injected.  Every function fails the running test itself when
 * something goes wrong, and says of which seed.
 */
#ifndef TOLL_SUPPORT_BILLKIT_H
#define TOLL_SUPPORT_BILLKIT_H

#include "bill/reconcile.h"
#include "tests/support/billgen.h"
#include "tests/support/ledgerkit.h"

/* How often a fault was due, and was told as its own cause. */
struct billkit_count {
	int64_t due, told;
};

struct billkit_tally {
	struct billkit_count requests[GEN_FAULT_COUNT];
	/* Of sums that have no other fault, those that have just that. */
	struct billkit_count sums[GEN_FAULT_COUNT];
	int64_t causes[CAUSE_COUNT]; /* differences */
	/* What no sum can tell, and what of it was a rate of the sum by chance. */
	int64_t unexplained, by_chance;
};

struct billkit {
	struct billgen gen;
	struct ledgerkit ledger;
	int64_t lines;               /* that were stored */
	struct money ours, adjusted; /* in the month, by the generator */
	/* Of the statement that was written last: what it comes to, and the event of each row. */
	struct money theirs;
	int64_t *event_of;
	int64_t rows;
	struct billkit_tally tally; /* of all checks */
};

/* Generates, stores all lines by ingest, applies the policies and makes the adjustments. */
void billkit_open(struct billkit *kit, const struct billgen_options *options);
void billkit_close(struct billkit *kit);

/* What is written from now on is rounded to so many decimals. */
void billkit_round(struct billkit *kit, unsigned decimals);
/*
 * A statement of each request, or of the sums of each day, key and model; its path in `path`.  What
 * is rounded is a row: a request, or a sum.
 */
enum billkit_statement { BILLKIT_IDS, BILLKIT_FACTS, BILLKIT_DAYS };
void billkit_write(struct billkit *kit, enum billgen_format format, enum billkit_statement what,
                   char path[KIT_PATH_BYTES]);

/* Its rows, in order. */
void billkit_read(struct billkit *kit, const char *path, enum billgen_format format,
                  statement_row_fn *each, void *context, struct statement_summary *summary_out);

/*
 * Reads it, reconciles it, and holds against each other what was found and what was injected:
 * nothing else may be found, and what is found adds up.  Returns the number of differences.
 */
int64_t billkit_check(struct billkit *kit, const char *path, enum billgen_format format,
                      enum billkit_statement what);

/* The same of the rows that `toll reconcile --csv` wrote of such a statement. */
int64_t billkit_check_rows(struct billkit *kit, enum billkit_statement what, const char *path);

/* The same of each event and its row as a pair: what needs no matching. */
void billkit_check_pairs(struct billkit *kit);

#endif
