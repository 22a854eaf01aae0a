/*
 * The part of verify that proves that each price book is the one that was applied, and
 * that the log of books names them all, and only them.  Inside lib/ledger.
 */
#ifndef TOLL_LEDGER_VERIFY_BOOKS_H
#define TOLL_LEDGER_VERIFY_BOOKS_H

#include "ledger/verify_internal.h"

int verify_books(struct verify *verify, struct fault *fault);

/*
 * verify.c: a book is not what was applied, so nothing can be said of the prices from
 * first_price on, so many: what hangs on them is not told again for every event.
 */
int verify_distrust(struct verify *verify, int64_t first_price, int64_t prices);

#endif
