/*
 * Why the two sides of a pair differ: parts with one cause each, that add up to theirs - ours to
 * the last digit, always: what nothing explains is a part of its own, `unexplained`.
 *
 * The order in which causes are tried (the first that fits takes what is left, or its part of it):
 *
 *   of the pair         missing-here, missing-there, duplicate, other-period, adjusted (the
 *                       matcher knows), currency; a row that charges for no usage is a fee (fee,
 *                       purchase, tax) or a discount (credit)
 *   of a sum            adjusted, where what adjustments of ours make of it is not in theirs
 *   stated on the row   byok, zero-completion, cancelled: all of the difference (of byok the fee
 *                       apart);
 *                       byok of a sum that own keys paid some of: as much as the row states,
 *                       its fee apart where it is all of the sum or 5 % of it; where counts do
 *                       not explain what that leaves, no more than is missing, and then no price
 *                       is sought;
 *                       fee, discount (credit): as much as the row states, less what our own
 *                       charges have for the same; a list price that is not ours is none
 *   by counts           reasoning, cache-as-input where the counts moved in just that way; else
 *                       counts, a part a component: our rate x (theirs - ours).  What a prompt
 *                       costs otherwise because it crosses a threshold is long-context.  Parts of
 *                       0 where they charge what our counts cost, and what theirs cost more is
 *                       less than the statement can say, or theirs is our amount exactly.  Of a
 *                       whole that is told without its parts that part which at its rate leaves
 *                       nothing; where none does, it is a part of 0, and the rest unexplained.
 *                       Where no count of tokens is told, or several versions made our sum: all
 *                       in proportion to the requests, or the counts, where that leaves nothing;
 *                       else unexplained.  Another number of requests is a part of 0
 *   rounding            what is left can be of rounding each row to the nearest: half of the last
 *                       decimal of the statement's amounts, of n rows n halves.  Where all rows
 *                       of the statement go up (or down), as far as less than one unit of it
 *   by price            of the same counts: tier, cache-as-input, reasoning, long-context, image,
 *                       fee, discount, price (a version of the book, one rate, all rates by one
 *                       factor): each is a hypothesis that gives an amount, and fits where that
 *                       is theirs to the statement's precision.  `why` names others that fit, too.
 *                       What explains all pairs of a version goes before what fits one by chance
 *   rounding            one row that was cut off: nearer to 0 by less than a unit of that decimal;
 *                       not where other rows go up
 *   unexplained
 *
 * Rounding.  A cause that has a name goes before what is only cut off: it fits to the nearest.
 * What is no rounding at all may have been cut off beyond its cause.  A fee or a discount that the
 * row states was rounded, too: half of the last decimal more.  All rows of a sum may be rounded in
 * one direction, as equal ones are: so n halves, and a price that is off by less is not seen in a
 * sum.  A sum of n rows that were each cut off is not told from one with a cause.
 *
 * Limits:
 *   Rates.  Any amount is some rate times a count, so one that fits proves little: it has to be a
 *   plain ratio of ours, one that the book has, or not to be had by chance (guess_rates.c says
 *   when).  What is refused for that is told by `why` of `unexplained`; unless all pairs of the
 *   version say the same (bill/learn.h).
 *   Sums.  The requests of a sum are not known.  It is rated as one where that gives our amount, by
 *   the entries below every threshold or by those that its whole prompt meets; else token
 *   effects are at the rates below the thresholds, and a hypothesis fits only by the same.  A
 *   sum by several versions of the book has token effects of 0 and is unexplained beyond a
 *   factor of all, or of its counts.  Where a sum tells neither tokens nor as many requests as
 *   ours, no price is a cause: what it would be, if the counts are the same, is told by `why` of
 *   `unexplained`.  Fewer requests at our amount are no difference: some of ours may have failed.
 *   One price hypothesis explains a pair: two of them at once are unexplained.
 *
 * A side that does not count is 0, and so is a row in another currency.  A row without an amount
 * is 0 where other rows have one; where none has, it is its counts at our prices, and without a
 * price of ours what ours is.
 *
 * Pure: no clock, no I/O.
 */
#ifndef TOLL_BILL_CLASSIFY_H
#define TOLL_BILL_CLASSIFY_H

#include "bill/pair.h"
#include "price/book.h"

/* What holds for all pairs of a run. */
struct bill_learned;
struct bill_terms {
	char currency[STATEMENT_CURRENCY_BYTES]; /* of the ledger */
	const struct book
		*book; /* in force on the side compared: its other versions; may be NULL */
	/* Of the statement's amounts, and no fewer than its currency has: 10^-decimals is what
	 * rounding is a part of. */
	unsigned decimals;
	bool amounts; /* the statement has some: a row without one is 0, and never priced here */
	/* Of all its pairs (bill/learn.h), by an earlier walk; NULL: none was made. */
	const struct bill_learned *learned;
};

/* -FAULT_RANGE: an amount does not fit. */
int bill_classify(const struct bill_terms *terms, const struct bill_pair *pair,
                  struct bill_parts *parts_out, struct fault *fault);

#endif
