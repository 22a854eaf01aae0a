/* The arithmetic of one request as rows: what was used, its rate, and what they make. */
#ifndef TOLL_CLI_CHARGES_H
#define TOLL_CLI_CHARGES_H

#include "base/table.h"
#include "rate/rating.h"

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

/* Columns and rows, without a total: whoever knows whether there is one sets it. */
void charges_table(struct table *table, const struct charges *charges, struct text currency);

#endif
