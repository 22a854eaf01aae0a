/*
 * What one walk through the pairs of a reconciliation teaches for another one: how the statement
 * rounds its amounts, and changes of a price that explain a version of the book everywhere.  A
 * pair alone proves neither.  Inside lib/bill.
 */
#ifndef TOLL_BILL_LEARN_H
#define TOLL_BILL_LEARN_H

#include "bill/classify.h"
#include "bill/suggest.h"

/* How amounts become as short as they are; of their size, so that credits do the same. */
enum bill_rounds {
	BILL_ROUNDS_OPEN,    /* nobody knows: to the nearest, and one row alone may be cut off */
	BILL_ROUNDS_NEAREST, /* none is cut off */
	BILL_ROUNDS_UP,
	BILL_ROUNDS_DOWN,
};

/* Single rows with our counts, that are off by less than one unit of the last decimal. */
struct bill_offs {
	int64_t up, down;         /* so many of them */
	int64_t far_up, far_down; /* of these: by more than a half */
	int64_t beyond;           /* off by a price, and by a unit or more */
};
void bill_offs_note(struct bill_offs *offs, const struct bill_terms *terms,
                    const struct bill_pair *pair, const struct bill_parts *parts);
/*
 * UP and DOWN: so many rows that it is no chance, none of them the other way, some by more than a
 * half, and few are off by more than a unit.  NEAREST: some go up, and few by more than a half.
 */
enum bill_rounds bill_offs_say(const struct bill_offs *offs);

/* Lives as long as the walk that it is for. */
struct bill_learned {
	enum bill_rounds rounds;
	/* Of the pairs; of the statement's rows by themselves.  Each may be NULL. */
	const struct bill_suggestions *of_pairs, *of_rows;
};

enum { BILL_LEARNED_ROWS_MAX = 100000 };

struct bill_run;
/*
 * Of sums: the requests that the statement tells with their counts, each priced by the book by
 * itself, as far as so many of them.  What they say is finer than any sum.  As bill_classify() and
 * the spool.
 */
int bill_learn_rows(struct bill_run *run, struct bill_suggestions *suggestions,
                    struct bill_offs *offs);

#endif
