/*
 * The arithmetic of one request as a table, and what it lacks: explain, price quote and price
 * test.
 */
#ifndef TOLL_CLI_CHARGES_H
#define TOLL_CLI_CHARGES_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/table.h"
#include "cli/printer.h"
#include "rate/rating.h"

enum { CHARGES_LABEL_WIDTH = 9, CHARGES_TEXT_BYTES = 1024 };

/* Columns of charges_table(); further ones, which no terminal shows, behind them. */
enum {
	CHARGES_COMPONENT,
	CHARGES_COUNT,
	CHARGES_RATE,
	CHARGES_CONDITION,
	CHARGES_PRODUCT,
	CHARGES_PRICE,                    /* rates_columns() */
	CHARGES_KIND = CHARGES_PRICE + 2, /* of what kind the units are */
};

/*
 * A row for each line that is due: component, count, rate, condition, product and the price and
 * the kind for programs; the one of a minimum; and `total` (absent: none) below the products.
 */
void charges_table(struct table *table, const struct charges *charges, struct text currency,
                   struct text total);
/* "output, reasoning": what has no rate. */
void charges_missing(const struct charges *charges, struct buf *out);
/* "by the alias llama": how the model's name led to its price. */
const char *charges_match(const struct book_found *found, char out[CHARGES_TEXT_BYTES]);
/* The same in one word for programs: "alias". */
const char *charges_match_word(const struct book_found *found);
/* Labelled values for people: the book, and what of it was taken for a prompt of so many tokens. */
void charges_price(const struct printer *printer, const struct book *book,
                   const struct charges *charges, int64_t prompt);
/* ,"book":...,"currency":... and the rest of it as members of a JSON object. */
void charges_price_json(struct buf *out, const struct book *book, const struct charges *charges,
                        int64_t prompt);

#endif
