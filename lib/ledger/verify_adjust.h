/* A part of verify: runs of adjustments, their rows, and what was closed.  Inside lib/ledger. */
#ifndef TOLL_LEDGER_VERIFY_ADJUST_H
#define TOLL_LEDGER_VERIFY_ADJUST_H

#include "ledger/verify_internal.h"

/*
 * No run is missing; each has the rows it tells of, their total, and a book; each row is of a run,
 * of names that are there, and booked in its own hour or, where that was closed, in a later one.
 * Fills the summary's runs and their amount.
 */
int verify_adjustments(struct verify *verify, struct ledger *ledger, struct verify_summary *summary,
                       struct fault *fault);

#endif
