#include "cli/charges.h"

#include <stdio.h>

#include "cli/rates.h"
#include "usage/kinds.h"

/* What a request was raised to. */
static void add_minimum(struct table *table, const struct charges *charges)
{
	char amount[MONEY_TEXT_BYTES], rate[RATES_TEXT_BYTES], when[RATES_TEXT_BYTES];
	size_t row = table_row(table);

	table_set(table, row, CHARGES_COMPONENT, text_of("minimum"));
	money_text(charges->minimum->charge, amount);
	snprintf(rate, sizeof(rate), "at least %s a request", amount);
	table_set(table, row, CHARGES_RATE, text_of(rate));
	rates_when(&charges->minimum->when, COMPONENT_COUNT, when);
	table_set(table, row, CHARGES_CONDITION, text_of(when[0] != '\0' ? when : NULL));
	money_text(charges->raised, amount);
	table_set(table, row, CHARGES_PRODUCT, text_of(amount));
}

static void add_charge(struct table *table, const struct charges *charges,
                       const struct charge *charge, struct text currency)
{
	char amount[MONEY_TEXT_BYTES], rate[RATES_TEXT_BYTES], when[RATES_TEXT_BYTES];
	char kind[KIND_TEXT_BYTES] = "";
	size_t row = table_row(table);

	table_set(table, row, CHARGES_COMPONENT, text_of(component_info[charge->component].key));
	table_set_count(table, row, CHARGES_COUNT, charge->count);
	rates_condition(charges, charge, when);
	if (when[0] != '\0')
		table_set(table, row, CHARGES_CONDITION, text_of(when));
	if (charge->kind != NULL)
		kind_text(charge->kind, kind);
	if (kind[0] != '\0')
		table_set(table, row, CHARGES_KIND, text_of(kind));
	if (charge->rate == NULL) {
		table_set(table, row, CHARGES_RATE, text_of("no rate"));
		return;
	}
	rates_price(charge->rate, currency, rate);
	table_set(table, row, CHARGES_RATE, text_of(rate));
	rates_set(table, row, CHARGES_PRICE, charge->rate);
	money_text(charge->amount, amount);
	table_set(table, row, CHARGES_PRODUCT, text_of(amount));
}

void charges_table(struct table *table, const struct charges *charges, struct text currency)
{
	table_column(table, "component", "Component", TABLE_TEXT, false);
	table_column(table, "count", "Count", TABLE_COUNT, false);
	table_column(table, "rate", "Rate", TABLE_TEXT, false);
	table_column(table, "condition", "Condition", TABLE_TEXT, true);
	table_column(table, "product", "Product", TABLE_AMOUNT, false);
	rates_columns(table);
	table_column(table, "kind", "Kind", TABLE_TEXT, false);
	table->columns[CHARGES_KIND].hidden = true;
	for (size_t i = 0; i < charges->count; i++) {
		if (charge_is_due(charges, &charges->lines[i]))
			add_charge(table, charges, &charges->lines[i], currency);
	}
	if (charges->minimum != NULL)
		add_minimum(table, charges);
}
