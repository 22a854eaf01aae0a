/* Rates and their conditions as a person reads them: explain and price show. */
#ifndef TOLL_CLI_RATES_H
#define TOLL_CLI_RATES_H

#include "base/table.h"
#include "price/book.h"
#include "rate/rating.h"

enum { RATES_TEXT_BYTES = 256 };

/* "$0.80 per 1M tokens", "CHF 0.04 per image": exactly as the book has it. */
void rates_price(const struct book_rate *rate, struct text currency, char out[RATES_TEXT_BYTES]);
/*
 * The same for programs: two columns that no terminal shows, "price_amount" ("0.80") and
 * "price_per" (1000000), from `column` on.
 */
void rates_columns(struct table *table);
void rates_set(struct table *table, size_t row, size_t column, const struct book_rate *rate);
/* "context > 128000", "size 1024x1024, quality hd"; "" where there is none. */
void rates_when(const struct book_when *when, enum component component, char out[RATES_TEXT_BYTES]);
/* Of a multiplier, with its components: "input, cache_read; tier batch". */
void rates_multiplier(const struct book_multiplier *multiplier, char out[RATES_TEXT_BYTES]);
/*
 * The conditions a charge met, as what it is priced, and what its rate is multiplied by: "as
 * output, context > 128000, x 0.50 tier batch".
 */
void rates_condition(const struct charges *charges, const struct charge *charge,
                     char out[RATES_TEXT_BYTES]);

#endif
