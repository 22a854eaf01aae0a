/*
 * Azure's cost and usage details as CSV (EA and MCA; actual cost): the lines of models are taken,
 * by their meters; those of other services are passed over, and summed up in the notes.
 *
 * Sources: learn.microsoft.com/azure/cost-management-billing/dataset-schema (columns; EA writes
 * them with a capital letter, MCA without; dates are MM/DD/YYYY, in newer exports YYYY-MM-DD, UTC);
 * the names of meters as in the Retail Prices API: "gpt-4o-0806-Inp-glbl Tokens", "gpt 4.1 cached
 * Inp regnl Tokens", "5.4 mini Opt Gl 1M Tokens", "5.6 sol ShortCo Cd Wr Std Gl 1M Tokens".
 *
 *   amount   CostInBillingCurrency
 *   counts   Quantity in the UnitOfMeasure: 1K, 1M
 *   model    what stands before the tokens in the name of the meter
 */
#include <string.h>
#include <strings.h>

#include "statement/reader.h"
#include "statement/words.h"

#define MONEY(NAME) (FIELD_MONEY + STATEMENT_MONEY_##NAME)

static const struct statement_line lines[] = {
	{ .column = "Date", .field = FIELD_DATE, .required = true, .clock = CLOCK_MONTH_FIRST },
	{ .column = "CostInBillingCurrency", .field = MONEY(AMOUNT), .required = true },
	{ .column = "MeterName", .field = FIELD_DESCRIPTION, .required = true },
	{ .column = "BillingCurrency", .field = FIELD_CURRENCY },     /* MCA */
	{ .column = "BillingCurrencyCode", .field = FIELD_CURRENCY }, /* EA */
	{ .column = "SubscriptionId", .field = FIELD_ACCOUNT },
	{ .column = NULL },
};

static const struct statement_charge_type charges[] = {
	{ "Usage", STATEMENT_USAGE },
	{ "Purchase", STATEMENT_PURCHASE },
	{ "Refund", STATEMENT_ADJUSTMENT },
	{ "Adjustment", STATEMENT_ADJUSTMENT },
	{ "RoundingAdjustment", STATEMENT_ADJUSTMENT },
	{ "Tax", STATEMENT_TAX },
	{ "UnusedReservation", STATEMENT_PURCHASE },
	{ "UnusedSavingsPlan", STATEMENT_PURCHASE },
	{ .type = NULL },
};

/* The cell of a column in whatever case. */
static struct text cell(const struct statement_record *record, const char *column)
{
	for (size_t c = 0; c < record->count; c++) {
		if (record->header[c].len == strlen(column) &&
		    strncasecmp(record->header[c].at, column, record->header[c].len) == 0)
			return statement_value(record->cells[c]);
	}
	return text_of(NULL);
}

/* "gpt-4o-mini-0718-Batch-": without what is of the tier and of the length of the prompt. */
static struct text model_of(struct text before)
{
	static const char *const tails[] = { "batch",  "pp",   "shortco", "longco",
		                             "cached", "cchd", "cd",      "ccchd",
		                             "std",    "aud",  "audio",   "txt",
		                             "text",   "img",  "image",   "realtime" };
	bool cut = true;

	while (cut) {
		cut = false;
		while (before.len > 0 && strchr("-_ ", before.at[before.len - 1]) != NULL)
			before.len--;
		for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]) && !cut; i++) {
			size_t len = strlen(tails[i]);

			cut = before.len > len &&
			      strchr("-_ ", before.at[before.len - len - 1]) != NULL &&
			      strncasecmp(before.at + before.len - len, tails[i], len) == 0;
			if (cut)
				before.len -= len;
		}
	}
	return before.len > 0 ? before : text_of(NULL);
}

static int finish(struct statement_reader *reader, const struct statement_record *record,
                  struct statement_row *row, struct fault *fault)
{
	struct text meter = row->description, quantity = cell(record, "Quantity");
	int64_t units = statement_token_unit(cell(record, "UnitOfMeasure"));
	struct statement_words words;
	int r = statement_take_charge(reader, charges, cell(record, "ChargeType"), row, fault);

	if (r < 0)
		return r;
	if (!statement_has_word(meter, "token") &&
	    !statement_has_word(cell(record, "MeterSubCategory"), "openai") &&
	    !statement_has_word(cell(record, "ProductName"), "openai") &&
	    !statement_has_word(cell(record, "MeterCategory"), "foundry")) {
		r = statement_pass_over(reader, row, fault);
		return r == 0 ? 1 : r;
	}
	if (row->charge == STATEMENT_USAGE && statement_amount(row).attos < 0)
		row->charge = STATEMENT_ADJUSTMENT;
	row->provider = text_of("azure");
	statement_words_read(meter, &words);
	if (words.component == COMPONENT_COUNT)
		return 0;
	row->of = words.component;
	row->model = model_of(words.before);
	if (words.service_tier != NULL)
		row->service_tier = text_of(words.service_tier);
	if (quantity.at == NULL || units == 0)
		return 0;
	if (statement_set_count(row, words.component, quantity, units) < 0)
		statement_note(reader, "quantities that are no whole number of tokens: not taken");
	return 0;
}

const struct statement_format statement_format_azure_cost = {
	.name = "azure-cost",
	.unit = "its currency",
	.summary = "Azure, cost and usage details as CSV: lines of models by day",
	.container = STATEMENT_CSV,
	.lines = lines,
	.any_case = true,
	.finish = finish,
};
