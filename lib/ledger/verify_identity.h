/*
 * The part of verify that proves that each (source, id) stands once, exactly and in
 * bounded memory.  Inside lib/ledger.
 */
#ifndef TOLL_LEDGER_VERIFY_IDENTITY_H
#define TOLL_LEDGER_VERIFY_IDENTITY_H

#include "ledger/verify_internal.h"

int verify_identities(struct verify *verify, struct ledger *ledger, int64_t events,
                      struct fault *fault);

#endif
