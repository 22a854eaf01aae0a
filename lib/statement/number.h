/*
 * A decimal number as a statement writes it, exactly: "12.5", ".5", "-3", "1e-07", "35.2E-7".  No
 * blanks, no '+', no separators of thousands, no signs of a currency: what could be read in two
 * ways is no number here.
 *
 * Pure and thread-safe.  Of lib/statement only.
 */
#ifndef TOLL_STATEMENT_NUMBER_H
#define TOLL_STATEMENT_NUMBER_H

#include <stdbool.h>

#include "base/text.h"
#include "money/money.h"

struct statement_number {
	wide attos;        /* 1e-18 of a unit; below 10^37 */
	unsigned decimals; /* that are used, without zeros at their end; 18 at most */
	bool cut;          /* there were more of them, not zero: cut off */
	bool real;         /* 15 or more digits, or an exponent: written from a binary float */
};

/* The number x 10^-shift.  -FAULT_SYNTAX: it is none; -FAULT_RANGE: 10^19 and more. */
int statement_number_read(struct text t, int shift, struct statement_number *out);

#endif
