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

static int add_book(void *context, const struct book_log_row *row)
{
	struct verify_sides *sides = context;
	size_t count = sides->count[row->side];
	struct side_range *grown;

	if (holds(sides, row->side, row->first_price))
		return 0; /* applied again */
	grown = realloc(sides->ranges[row->side], (count + 1) * sizeof(*grown));
	if (grown == NULL)
		return -FAULT_NOMEM;
	sides->ranges[row->side] = grown;
	grown[count] = (struct side_range){ row->first_price, row->first_price + row->versions };
	sides->count[row->side]++;
	return 0;
}

int verify_sides_load(struct verify_sides *sides, struct ledger *ledger, struct fault *fault)
{
	int r = ledger_each_book(ledger, add_book, sides, fault);

	return r == -FAULT_NOMEM ? fault_set(fault, FAULT_NOMEM, "verify: out of memory") : r;
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
