/*
 * What the amount of each side of a pair is made of, for a person: "1 200 input x 3.00/1M = 0.0036
 * + 98 output x 15.00/1M = 0.00147".  Of the largest differences of a reconciliation alone.  Inside
 * lib/bill.  Pure.
 */
#ifndef TOLL_BILL_ARITHMETIC_H
#define TOLL_BILL_ARITHMETIC_H

#include "base/buf.h"
#include "bill/classify.h"

/*
 * Counts x rates of the prices that it was rated by, and what came to that beside them; nothing
 * where the pair has no such side.  buf_error() tells of memory.
 */
void bill_arithmetic_ours(const struct bill_terms *terms, const struct bill_pair *pair,
                          struct buf *out);
/* What the row tells: counts, amounts of its parts, the amount. */
void bill_arithmetic_theirs(const struct bill_pair *pair, struct buf *out);

#endif
