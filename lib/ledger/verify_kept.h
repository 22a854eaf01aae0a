/*
 * The part of verify that looks at what was kept aside: lines in quarantine are as they
 * came, the event behind each conflict is there, the numbers that nobody counts are those of
 * the events, and the positions of feeds are such.  Inside lib/ledger.
 */
#ifndef TOLL_LEDGER_VERIFY_KEPT_H
#define TOLL_LEDGER_VERIFY_KEPT_H

#include "ledger/rollups.h"
#include "ledger/verify_internal.h"

/*
 * `unknown`: how many events carry a number that nobody counts, by source and api (the
 * entries' `tier`).
 */
int verify_kept(struct verify *verify, struct rollups *unknown, struct fault *fault);

/* A row of event_detail without its event: for verify_each(). */
verify_row_fn verify_orphan;

#endif
