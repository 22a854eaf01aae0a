/*
 * A price as a catalogue writes it, read from its digits: a JSON number or a text, also with an
 * exponent (1.25e-06).  No binary floating point and no rounding: what needs more than 18
 * decimals of a unit is told, with the nearest amount as a suggestion, and never used.
 *
 * Pure and thread-safe.
 */
#ifndef TOLL_CATALOGUE_AMOUNT_H
#define TOLL_CATALOGUE_AMOUNT_H

#include "base/text.h"
#include "money/money.h"

enum amount_fit {
	AMOUNT_EXACT,
	AMOUNT_NO_NUMBER, /* "NaN", "", "1,5", "+1" */
	AMOUNT_NEGATIVE,
	AMOUNT_TOO_LARGE,
	AMOUNT_TOO_FINE, /* *out is the nearest amount, half away from zero */
};

/* The number times 10^shift: -6 for a price of a million.  |shift| <= 100. */
enum amount_fit amount_read(struct text number, int shift, struct money *out);

#endif
