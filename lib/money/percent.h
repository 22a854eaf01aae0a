/*
 * A change in per cent, for people: the one number here that is rounded, and never an amount.
 * Integers only.  Pure and thread-safe.
 */
#ifndef TOLL_MONEY_PERCENT_H
#define TOLL_MONEY_PERCENT_H

#include <stdbool.h>

#include "money/money.h"

#define PERCENT_MAX INT64_C(1000000000000) /* a larger change is told by its two ends */

enum { PERCENT_TEXT_BYTES = 32 };

/*
 * (to - from) / |from| with two decimals, half away from zero: "12.50", "-100.00", "0.00" (also of
 * a change that is smaller than its half).  False: there is none, since `from` is 0 and `to` is
 * not, or it is above PERCENT_MAX, or `from` has no room for the arithmetic (2^123 and more).
 */
bool percent_change(wide from, wide to, char out[PERCENT_TEXT_BYTES]);

/* The same as a number of hundredths of a per cent, to sort by. */
bool percent_hundredths(wide from, wide to, int64_t *out);

#endif
