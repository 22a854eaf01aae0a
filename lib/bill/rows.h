/*
 * Rows of a statement as a reconciliation takes them: told apart, put together.  Inside lib/bill.
 */
#ifndef TOLL_BILL_ROWS_H
#define TOLL_BILL_ROWS_H

#include "base/arena.h"
#include "bill/index.h"
#include "statement/row.h"
#include "statement/spool.h"

/* Charges for usage, and for all of it: no fee, no credit, no line of one component. */
bool bill_row_plain(const struct statement_row *row);
/* It tells at least one id. */
bool bill_row_named(const struct statement_row *row);
/* A sum, or a request with a name: the same a second time is a copy of it. */
bool bill_row_may_repeat(const struct statement_row *row);
/* Of all that it tells but its record. */
uint64_t bill_row_hash(const struct statement_row *row, uint64_t seed);
/* With its texts in the arena; -FAULT_NOMEM. */
int bill_row_copy(struct statement_row *out, const struct statement_row *row, struct arena *arena);

/*
 * One row of several.  A fee, a tax or a purchase becomes so much of its FEE, a credit of its
 * DISCOUNT; a line of one component so much of that, and of INPUT or OUTPUT.  What not all rows
 * tell that charge for usage is not told: the totals of prompt and answer, the requests, the
 * amounts that are a part of all; the parts of a whole where one of them leaves its rest open.
 * Times span all of them; the texts are those of `to`.  `one_request`: the rows are of one, which
 * is counted once.
 */
void bill_row_start(struct statement_row *to); /* a copy of the first row becomes the sum */
/*
 * One of the two tells the counts of a request and no amount, and the other its amount and no
 * counts, as usage and costs of one provider do: `to` then tells both.  False: they are two.
 */
bool bill_row_join(struct statement_row *to, const struct statement_row *row);
/* -FAULT_RANGE: a sum is no count or no amount. */
int bill_row_add(struct statement_row *to, const struct statement_row *row, bool one_request,
                 struct fault *fault);

/* Rows that are there twice: the same in all that they tell. */
struct bill_repeats {
	struct bill_index index;
	struct statement_spool *spool;
};
/* In a walk of one's own: each row, then the end. */
int bill_repeats_add(struct bill_repeats *repeats, const struct statement_row *row, int64_t place,
                     struct fault *fault);
int bill_repeats_end(struct bill_repeats *repeats, struct statement_spool *spool,
                     struct fault *fault);
/* The same of all; `wanted`: of these only. */
int bill_repeats_find(struct bill_repeats *repeats, struct statement_spool *spool,
                      bool (*wanted)(const struct statement_row *row), struct fault *fault);
/* 1: it is the same as a row before it, of which the first is *record_out; 0: it is not. */
int bill_repeats_of(const struct bill_repeats *repeats, const struct statement_row *row,
                    int64_t place, int64_t *record_out, struct fault *fault);
void bill_repeats_release(struct bill_repeats *repeats); /* takes a zeroed one */

#endif
