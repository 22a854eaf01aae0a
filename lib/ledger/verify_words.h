/* A part of verify: the check words of hours and names.  Inside lib/ledger. */
#ifndef TOLL_LEDGER_VERIFY_WORDS_H
#define TOLL_LEDGER_VERIFY_WORDS_H

#include "ledger/verify_internal.h"

/*
 * The name of each id is as it was stored.  The sums and the adjustments of the hours are those
 * that were stored: the first hour of which they are not, and only where nothing else was found,
 * since a sum that is not that of its events has another word too.
 */
int verify_words(struct verify *verify, struct ledger *ledger, const struct verify_summary *summary,
                 struct fault *fault);

#endif
