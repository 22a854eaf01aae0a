/*
 * FOCUS, 1.0 to 1.3, as CSV: a row a charge.
 *
 * Sources: FOCUS_Spec (focus.finops.org), the columns and their rules; unit_format ("Token",
 * "1000 Tokens"), numeric_format (decimals, or mEn; no separators of thousands).  Columns beside
 * the specification: Costroid's x_Model, x_TokenType and x_ConsumedTokens (docs of its export: the
 * tokens of rows without a price are only there); LiteLLM's export, whose ResourceName is the model
 * (litellm/integrations/focus/transformer.py).
 *
 *   amount   BilledCost: what the invoice comes to.  EffectiveCost spreads purchases over time,
 *            ContractedCost and ListCost are what it would be at other prices: the last is LIST
 *   charge   ChargeCategory; of ChargeClass "Correction" an adjustment of a closed period, and so
 *            is usage below zero, which clouds write when they round back or take back
 *   counts   of rows in tokens, where the row says of which: SkuMeter, x_TokenType, or the text
 *   times    UTC (date_time_format)
 */
#include <string.h>

#include "statement/reader.h"
#include "statement/words.h"

#define MONEY(NAME) (FIELD_MONEY + STATEMENT_MONEY_##NAME)

static const struct statement_line lines[] = {
	{ .column = "BilledCost", .field = MONEY(AMOUNT), .required = true },
	{ .column = "ListCost", .field = MONEY(LIST) },
	{ .column = "BillingCurrency", .field = FIELD_CURRENCY, .required = true },
	{ .column = "ChargePeriodStart", .field = FIELD_FROM, .required = true },
	{ .column = "ChargePeriodEnd", .field = FIELD_TO, .required = true },
	{ .column = "ChargeCategory", .field = FIELD_CHARGE, .required = true },
	{ .column = "ChargeDescription", .field = FIELD_DESCRIPTION },
	{ .column = "SubAccountId", .field = FIELD_ACCOUNT },
	{ .column = "ProviderName", .field = FIELD_PROVIDER },        /* deprecated in 1.3 */
	{ .column = "ServiceProviderName", .field = FIELD_PROVIDER }, /* since 1.3 */
	{ .column = "x_Model", .field = FIELD_MODEL },
	{ .column = NULL },
};

/* The first that says which tokens they are. */
static const char *const meters[] = { "x_TokenType", "SkuMeter", "x_SkuMeterName",
	                              "ChargeDescription", "SkuId" };
/* Quantities with their units; x_ConsumedTokens is in single tokens. */
static const char *const quantities[][2] = {
	{ "x_ConsumedTokens", NULL },
	{ "ConsumedQuantity", "ConsumedUnit" },
	{ "PricingQuantity", "PricingUnit" },
};

static bool find_quantity(const struct statement_record *record, struct text *number_out,
                          int64_t *units_out)
{
	for (size_t i = 0; i < sizeof(quantities) / sizeof(quantities[0]); i++) {
		struct text number = statement_cell(record, quantities[i][0]);
		int64_t units = 1;

		if (quantities[i][1] != NULL)
			units = statement_token_unit(statement_cell(record, quantities[i][1]));
		if (number.at != NULL && units > 0) {
			*number_out = number;
			*units_out = units;
			return true;
		}
	}
	return false;
}

static void take_tokens(struct statement_reader *reader, const struct statement_record *record,
                        struct statement_row *row)
{
	struct statement_words words = { .component = COMPONENT_COUNT };
	struct text number;
	int64_t units;

	if (!find_quantity(record, &number, &units))
		return;
	for (size_t i = 0; i < sizeof(meters) / sizeof(meters[0]); i++) {
		struct text meter = statement_cell(record, meters[i]);

		if (words.component == COMPONENT_COUNT && meter.at != NULL)
			statement_words_read(meter, &words);
	}
	if (words.component == COMPONENT_COUNT) {
		statement_note(reader, "rows in tokens that do not say of which: their counts are "
		                       "not taken");
		return;
	}
	row->of = words.component;
	if (words.service_tier != NULL)
		row->service_tier = text_of(words.service_tier);
	if (statement_set_count(row, words.component, number, units) < 0)
		statement_note(reader, "quantities that are no whole number of tokens: not taken");
}

static int finish(struct statement_reader *reader, const struct statement_record *record,
                  struct statement_row *row, struct fault *fault)
{
	(void)fault;
	/* LiteLLM's: one row a model. */
	if (row->model.at == NULL &&
	    text_is(statement_cell(record, "ServiceSubcategory"), "Generative AI"))
		row->model = statement_cell(record, "ResourceName");
	if (text_is(statement_cell(record, "ChargeClass"), "Correction"))
		row->charge = STATEMENT_ADJUSTMENT;
	if (row->charge != STATEMENT_ADJUSTMENT && row->charge != STATEMENT_CREDIT &&
	    row->charge != STATEMENT_TAX && statement_amount(row).attos < 0) {
		statement_note(reader, "charges below zero that are no credit: taken for "
		                       "adjustments");
		row->charge = STATEMENT_ADJUSTMENT;
	}
	take_tokens(reader, record, row);
	return 0;
}

const struct statement_format statement_format_focus = {
	.name = "focus",
	.unit = "its currency",
	.summary = "FOCUS 1.0 to 1.3, CSV: charges by hour, day or month",
	.container = STATEMENT_CSV,
	.utc = true,
	.lines = lines,
	.finish = finish,
};
