/*
 * A ledger and a statement of a few rows, reconciled: what is found is a line of text each.
 * Every function fails the running test itself when something goes wrong.
 */
#ifndef TOLL_SUPPORT_MATCHKIT_H
#define TOLL_SUPPORT_MATCHKIT_H

#include "bill/reconcile.h"
#include "tests/support/ledgerkit.h"

struct matchkit {
	struct ledgerkit ledger; /* with a book: model "m" (alias "vendor/m"), 1 and 2 a unit */
	struct statement_spool *spool;
	bool ended;
	int64_t rows;
	struct statement_summary summary;
	struct bill_options options;
	struct bill_result result; /* of the last run that was none of a fault */
	struct buf found;
};

int match_setup(void **state);
int match_teardown(void **state);

/*
 * An event of api "toll": source gw-1, account a, key k, model m, input and output; `more` goes
 * into the line ("" or ",'source':'gw-2'"), where it may say these again.
 */
void match_event(struct matchkit *kit, const char *id, const char *time, int64_t input,
                 int64_t output, const char *more);
/* A change of the ledger (toll-protocol(5)), with ' for ". */
void match_change(struct matchkit *kit, const char *request);
/*
 * A row, "id=e1 time=2026-08-01T10:00:00Z to=... model=m input=5 amount=1.5 charge=credit
 * of=input currency=EUR": words of field.def, components and amounts.  With `time` alone it is a
 * request of that millisecond, with `from` and `to` a sum.
 */
void match_row(struct matchkit *kit, const char *text);
/* Forgets the rows. */
void match_no_rows(struct matchkit *kit);

/*
 * Reconciles; a line a difference: "cause amount ID|- RECORD|- [of RECORD]", then "ours A
 * theirs B"; what a fault is comes as "fault: TEXT".  Checks that the causes, the pairs and the
 * totals add up, and that ours is what the report tells.  Valid until the next call.
 */
const char *match_run(struct matchkit *kit);
int match_try(struct matchkit *kit, struct fault *fault); /* without a check, for what fails */
/* match_run() and these lines. */
void match_finds(struct matchkit *kit, const char *lines);

#endif
