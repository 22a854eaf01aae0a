/*
 * How far a row is from a request that has its id, and from another row: of several that share an
 * id the one that agrees best is the pair, and only what says the same is a copy.
 *
 * Only what both sides tell is compared.  Inside lib/bill.
 */
#ifndef TOLL_BILL_AGREE_H
#define TOLL_BILL_AGREE_H

#include "bill/pair.h"

/* Milliseconds from a moment to a row; 0: in it, or the row tells no time. */
int64_t bill_row_away(const struct statement_row *row, int64_t ms);

struct bill_apart {
	int differences;     /* the amount, and each count: how many are other ones */
	int64_t away_ms;     /* from its time to the row's; 0: the row tells none */
	struct money amount; /* the difference, without its sign */
};

/* `ours` with its usage. */
struct bill_apart bill_apart_of(const struct bill_ours *ours, const struct statement_row *row);
/* `a` is nearer: fewer differences, then the time, then the amount. */
bool bill_apart_less(const struct bill_apart *a, const struct bill_apart *b);

enum bill_other {
	BILL_OTHER_TIME = 1 << 0, /* farther from each other than the slack */
	BILL_OTHER_COUNTS = 1 << 1,
	BILL_OTHER_AMOUNT = 1 << 2,
};

/* What two rows tell otherwise: bits; 0: they say the same. */
unsigned bill_row_other(const struct statement_row *a, const struct statement_row *b,
                        int64_t slack_ms);
/* "a second row of this id: another time and other counts than record 7"; 0: of several. */
void bill_other_why(unsigned other, int64_t record, char why[BILL_WHY_BYTES]);

#endif
