/*
 * Rates: the price of one unit of a component, in attos a unit.  $0.80 per 1M
 * tokens is 800 000 000 000.  A price that needs more than 18 decimals for one
 * unit is an error, never rounded.  Negative rates do not exist here.
 *
 * Pure and thread-safe.
 */
#ifndef TOLL_MONEY_RATE_H
#define TOLL_MONEY_RATE_H

#include <stdint.h>

#include "base/fault.h"
#include "base/text.h"
#include "money/money.h"

struct rate {
	wide attos_per_unit;
};

/*
 * `units` the price is for: 1, 1000 or 1000000.
 * -FAULT_SYNTAX, -FAULT_INVALID (negative), -FAULT_RANGE.
 */
int rate_parse(struct text price, int64_t units, struct rate *out, struct fault *fault);
/* count x rate, exact; count >= 0.  -FAULT_RANGE where the product is no amount. */
int rate_times(struct rate rate, int64_t count, struct money *product_out);
/* The price of `units`, as money_text() writes it. */
void rate_text(struct rate rate, int64_t units, char out[MONEY_TEXT_BYTES]);

#endif
