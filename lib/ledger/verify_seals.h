/*
 * The chain of seals against the hours and the logs as they are now.  A part of verify
 * (verify_internal.h).
 */
#ifndef TOLL_LEDGER_VERIFY_SEALS_H
#define TOLL_LEDGER_VERIFY_SEALS_H

#include "ledger/verify_internal.h"

/* 0, or what a finding's callback or a failing read gave. */
int verify_seals(struct verify *verify, struct ledger *ledger, struct verify_summary *summary,
                 struct fault *fault);

#endif
