#include "ledger/verify_sides.h"

#include <stdlib.h>

/* Prices of a book: [first, end). */
struct side_range {
	int64_t first, end;
};

static bool holds(struct verify_sides *sides, enum book_side side, int64_t price_id)
{
	size_t count = sides->count[side];

	for (size_t i = 0; i < count; i++) {
		size_t at = (sides->last[side] + i) % count;
		const struct side_range *range = &sides->ranges[side][at];

		if (price_id >= range->first && price_id < range->end) {
			sides->last[side] = at;
			return true;
		}
	}
	return false;
}

/* BOOK_LIST; a line of which the book is gone, or the side none, is told of the log. */
static int add_book(struct verify *verify, const struct query *query, void *context,
                    struct fault *fault)
{
	struct verify_sides *sides = context;
	int64_t side = column_int(query, 9), first = column_int(query, 7);
	size_t count;
	struct side_range *grown;

	(void)verify;
	if (column_is_null(query, 2) || (side != BOOK_SELL && side != BOOK_COST) ||
	    holds(sides, (enum book_side)side, first))
		return 0;
	count = sides->count[side];
	grown = realloc(sides->ranges[side], (count + 1) * sizeof(*grown));
	if (grown == NULL)
		return fault_set(fault, FAULT_NOMEM, "verify: out of memory");
	sides->ranges[side] = grown;
	grown[count] = (struct side_range){ first, book_price_end(first, column_int(query, 8)) };
	sides->count[side]++;
	return 0;
}

int verify_sides_load(struct verify_sides *sides, struct verify *verify, struct fault *fault)
{
	return verify_each(verify, STATEMENT_BOOK_LIST, add_book, sides, fault);
}

void verify_sides_release(struct verify_sides *sides)
{
	for (int side = 0; side < BOOK_SIDES; side++)
		free(sides->ranges[side]);
	*sides = (struct verify_sides){ .ranges = { NULL } };
}

bool verify_sides_wrong(struct verify_sides *sides, enum book_side side, int64_t price_id)
{
	enum book_side other = side == BOOK_SELL ? BOOK_COST : BOOK_SELL;

	return !holds(sides, side, price_id) && holds(sides, other, price_id);
}
