/* A part of verify: corrections.  Inside lib/ledger. */
#ifndef TOLL_LEDGER_VERIFY_CORRECT_H
#define TOLL_LEDGER_VERIFY_CORRECT_H

#include "ledger/verify_internal.h"

/*
 * No correction is missing; each is as it was made, of an event that is there, in the sum of that,
 * and booked in its own hour or, where that was closed, in a later one.  What they add follows: all
 * of it goes where an event is void, and after each the amount and the cost are what its counts
 * come to then under its price.  Fills the summary's corrections and their amount; what is void is
 * no suspense.
 */
int verify_corrections(struct verify *verify, struct ledger *ledger, struct verify_summary *summary,
                       struct fault *fault);

#endif
