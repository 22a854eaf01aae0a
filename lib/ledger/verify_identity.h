/*
 * The part of verify that proves that each (source, id) stands once, exactly and in
 * bounded memory.  Inside lib/ledger.
 */
#ifndef TOLL_LEDGER_VERIFY_IDENTITY_H
#define TOLL_LEDGER_VERIFY_IDENTITY_H

#include "ledger/verify.h"

struct verify;

/* verify.c: the place of an event, then a finding about it. */
int verify_where_event(struct verify *verify, int64_t source, struct text id, int64_t ts);
int verify_report(struct verify *verify, enum verify_kind kind, const char *what);

int verify_identities(struct verify *verify, struct ledger *ledger, int64_t events,
                      struct fault *fault);

#endif
