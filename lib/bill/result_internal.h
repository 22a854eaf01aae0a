/* What the JSON and the page of a result share.  Inside lib/bill. */
#ifndef TOLL_BILL_RESULT_INTERNAL_H
#define TOLL_BILL_RESULT_INTERNAL_H

#include "bill/result.h"

/* -FAULT_INTERNAL: ours and all causes together are not theirs. */
int result_adds_up(const struct bill_result *result, struct fault *fault);

/* "+1.25", "-0.50", "0.00": an amount that is a difference, in HTML too. */
void result_add_signed(struct buf *out, struct money amount);
/* "2026-10-01T00:00Z", to the millisecond where that is needed. */
void result_add_moment(struct buf *out, int64_t ms);

/* result_svg.c: the waterfall, and whether its axis does not begin at 0. */
bool result_svg(struct buf *out, const struct bill_result *result);

#endif
