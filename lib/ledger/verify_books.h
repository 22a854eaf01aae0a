/*
 * The part of verify that proves that each price book is the one that was applied, and
 * that the log of books names books that are there.  Inside lib/ledger.
 */
#ifndef TOLL_LEDGER_VERIFY_BOOKS_H
#define TOLL_LEDGER_VERIFY_BOOKS_H

#include "ledger/verify.h"

struct verify;

int verify_books(struct verify *verify, struct ledger *ledger, struct fault *fault);

/*
 * verify.c: a book is not what was applied, so nothing can be said of the prices from
 * first_price on, so many: what hangs on them is not told again for every event.
 */
int verify_distrust(struct verify *verify, int64_t first_price, int64_t prices);

/* verify.c: a finding about a book, or about a line of its log ("book", "book_log"). */
int verify_report_book(struct verify *verify, const char *table, int64_t id, const char *what,
                       struct text stored, struct text derived);

#endif
