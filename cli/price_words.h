/* A difference between two price books in words, for price diff and price compare. */
#ifndef TOLL_CLI_PRICE_WORDS_H
#define TOLL_CLI_PRICE_WORDS_H

#include "base/table.h"
#include "cli/rates.h"
#include "price/compare.h"

struct price_words {
	const char *kind, *how;      /* static: "rate", "changed" */
	const char *component;       /* of a rate, "as" and an order; else NULL */
	char what[RATES_TEXT_BYTES]; /* "input", "alias", "multiplier" */
	char when[RATES_TEXT_BYTES]; /* its conditions; "" where there is none */
	char was[RATES_TEXT_BYTES];  /* "" where it is not there */
	char is[RATES_TEXT_BYTES];
	bool priced; /* two prices of one thing: wide numbers in one unit */
	wide from, to;
};

void price_words(const struct compared *difference, struct text currency,
                 struct price_words *words_out);

/*
 * For a table of people, where two prices side by side have no room for their unit twice: takes
 * " per 1M tokens" off both and gives "1M tokens"; "" where they are no prices of one unit.
 */
void price_words_unit(struct price_words *words, char per_out[RATES_TEXT_BYTES]);

#endif
