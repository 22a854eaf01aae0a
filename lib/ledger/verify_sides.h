/*
 * Which prices are of what is sold and which of what it costs: a book is a price of the side that
 * it was applied on.  Part of verify.
 */
#ifndef TOLL_LEDGER_VERIFY_SIDES_H
#define TOLL_LEDGER_VERIFY_SIDES_H

#include "ledger/verify_internal.h"

struct side_range;

struct verify_sides {
	struct side_range *ranges[BOOK_SIDES];
	size_t count[BOOK_SIDES];
	size_t last[BOOK_SIDES]; /* where a price was found: the next is likely there too */
};

/* `sides` is all zero before. */
int verify_sides_load(struct verify_sides *sides, struct verify *verify, struct fault *fault);
void verify_sides_release(struct verify_sides *sides);

/* Its book was only ever applied on the other side.  One that no log has is told elsewhere. */
bool verify_sides_wrong(struct verify_sides *sides, enum book_side side, int64_t price_id);

#endif
