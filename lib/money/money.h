/*
 * Amounts of the ledger's currency: integers of 1e-18 (attos) in 128 bits.  No
 * floating point, and no rounding but in money_round().
 *
 * In the ledger an amount is two 64-bit columns, nanos (1e-9) and the attos below
 * a nano (0 .. 999 999 999, never negative), so that plain SQL can sum it.  That
 * bounds an amount to +- 9 223 372 036 units: every function that makes a larger
 * one fails with -FAULT_RANGE and never wraps.  Only a total (money_total_add) may be
 * larger: no column holds it.
 *
 * Pure and thread-safe.
 */
#ifndef TOLL_MONEY_MONEY_H
#define TOLL_MONEY_MONEY_H

#include <stdint.h>

#include "base/fault.h"
#include "base/text.h"

typedef __int128 wide;

#define ATTOS_PER_NANO INT64_C(1000000000)
#define ATTOS_PER_UNIT INT64_C(1000000000000000000)

enum {
	MONEY_DECIMALS_MAX = 18,
	MONEY_TEXT_BYTES = 48, /* sign, 21 digits of a total, point, 18 digits, NUL, and room */
};

struct money {
	wide attos;
};

int money_add(struct money a, struct money b, struct money *sum_out);
int money_sub(struct money a, struct money b, struct money *difference_out);
/* A total over any number of amounts, for reading: bounded by 128 bits alone. */
int money_total_add(struct money total, struct money amount, struct money *sum_out);
int money_compare(struct money a, struct money b); /* < 0, 0, > 0 */

/* The two columns of a ledger, and back.  money_join fails on attos outside 0 .. 999999999. */
int money_split(struct money m, int64_t *nanos_out, int64_t *attos_out);
int money_join(int64_t nanos, int64_t attos, struct money *out);

/*
 * Exact decimal text: at least two decimals, no exponent, no trailing zeros beyond
 * the second: "0.00", "12.50", "0.000000000000000001", "-3.10".
 */
void money_text(struct money m, char out[MONEY_TEXT_BYTES]);

/*
 * "12.5", "-0.001", "7".  Digits with at most one point, digits on both its sides,
 * an optional '-'; no '+', exponent, blank or separator.  More than 18 decimals
 * that are not zero is -FAULT_RANGE.
 */
int money_parse(struct text t, struct money *out, struct fault *fault);

/*
 * A JSON number, also with an exponent, moved `decimals` places to the right: 3.4e-07; 4680000 of
 * 1e-10 is 0.000468.  For what providers write as numbers; exact, or -FAULT_RANGE, or
 * -FAULT_SYNTAX.
 */
int money_parse_number(struct text number, unsigned decimals, struct money *out);

enum money_rounding {
	MONEY_HALF_EVEN,
	MONEY_HALF_AWAY, /* from zero */
};

/* THE rounding function: to `decimals` (0 .. 18) by a stated rule.  Used for invoice lines only. */
int money_round(struct money m, unsigned decimals, enum money_rounding rule, struct money *out);

#endif
