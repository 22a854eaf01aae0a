#include "cli/rates.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void rates_price(const struct book_rate *rate, struct text currency, char out[RATES_TEXT_BYTES])
{
	const char *unit = unit_name(component_info[rate->component].unit);
	bool dollars = text_is(currency, "USD");
	char price[MONEY_TEXT_BYTES];

	rate_text(rate->rate, rate->per_units, price);
	snprintf(out, RATES_TEXT_BYTES, "%.*s%s%s per %s%s%s", dollars ? 0 : (int)currency.len,
	         currency.at != NULL ? currency.at : "", dollars ? "$" : " ", price,
	         rate->per_units == 1 ? "" : "1M ", unit, rate->per_units == 1 ? "" : "s");
}

void rates_columns(struct table *table)
{
	table_column(table, "price_amount", "Price", TABLE_AMOUNT, false);
	table_column(table, "price_per", "Per", TABLE_COUNT, false);
	table->columns[table->column_count - 1].hidden = true;
	table->columns[table->column_count - 2].hidden = true;
}

void rates_set(struct table *table, size_t row, size_t column, const struct book_rate *rate)
{
	char price[MONEY_TEXT_BYTES];

	rate_text(rate->rate, rate->per_units, price);
	table_set(table, row, column, text_of(price));
	table_set_count(table, row, column + 1, rate->per_units);
}

__attribute__((format(printf, 2, 3))) static void join(char out[RATES_TEXT_BYTES],
                                                       const char *format, ...)
{
	size_t len = strlen(out);
	va_list args;

	if (len > 0)
		len += (size_t)snprintf(out + len, RATES_TEXT_BYTES - len, ", ");
	va_start(args, format);
	vsnprintf(out + len, RATES_TEXT_BYTES - len, format, args);
	va_end(args);
}

void rates_when(const struct book_rate *rate, char out[RATES_TEXT_BYTES])
{
	out[0] = '\0';
	if (rate->context_test != CONTEXT_ANY)
		join(out, "context %s %lld", rate->context_test == CONTEXT_GT ? ">" : ">=",
		     (long long)rate->context_tokens);
	if (rate->size.at != NULL)
		join(out, "size %.*s", TEXT_ARGS(rate->size));
	if (rate->quality.at != NULL)
		join(out, "quality %.*s", TEXT_ARGS(rate->quality));
}

void rates_condition(const struct charge *charge, char out[RATES_TEXT_BYTES])
{
	char when[RATES_TEXT_BYTES] = "";

	out[0] = '\0';
	if (charge->priced_as != charge->component)
		join(out, "as %s", component_info[charge->priced_as].key);
	if (charge->rate != NULL)
		rates_when(charge->rate, when);
	if (when[0] != '\0')
		join(out, "%.100s", when);
	if (charge->rate == NULL && charge->kind != NULL && charge->kind->size[0] != '\0')
		join(out, "size %s", charge->kind->size);
	if (charge->rate == NULL && charge->kind != NULL && charge->kind->quality[0] != '\0')
		join(out, "quality %s", charge->kind->quality);
}
