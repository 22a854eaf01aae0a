/*
 * AWS's Cost and Usage Report as CSV: the legacy one ("lineItem/UsageType") and CUR 2.0 of Data
 * Exports ("line_item_usage_type").  Lines of Bedrock are taken, by what they are called; those of
 * other services are passed over, and summed up in the notes.
 *
 * Sources: docs.aws.amazon.com/bedrock/latest/userguide/cost-mgmt-understanding-cur-data.html (the
 * token types in the names of usage types; all four must be summed up), docs.aws.amazon.com/cur
 * (data dictionary; line item types); usage types of public price lists: CamelCase of models up to
 * Claude 4.6, snake_case since, "USE1-NovaPro-input-tokens" of Amazon's own.
 *
 *   amount   UnblendedCost.  LIST is publicOnDemandCost
 *   counts   UsageAmount in the unit of its line: 1K tokens, 1M tokens.  "Units" of the marketplace
 *            say nothing by themselves; what they are is in the line's description, or else not
 *            taken
 *   model    of the marketplace the name of the product, without "(Amazon Bedrock Edition)"; of
 *            Amazon's own what stands before the tokens ("NovaPro")
 */
#include <ctype.h>
#include <string.h>

#include "statement/reader.h"
#include "statement/words.h"

enum { USAGE_SHOWN_MAX = 80 };

#define MONEY(NAME) (FIELD_MONEY + STATEMENT_MONEY_##NAME)

static const struct statement_line legacy_lines[] = {
	{ .column = "lineItem/UsageStartDate", .field = FIELD_FROM, .required = true },
	{ .column = "lineItem/UsageEndDate", .field = FIELD_TO, .required = true },
	{ .column = "lineItem/UnblendedCost", .field = MONEY(AMOUNT), .required = true },
	{ .column = "lineItem/CurrencyCode", .field = FIELD_CURRENCY },
	{ .column = "lineItem/UsageAccountId", .field = FIELD_ACCOUNT },
	{ .column = "lineItem/LineItemDescription", .field = FIELD_DESCRIPTION },
	{ .column = "pricing/publicOnDemandCost", .field = MONEY(LIST) },
	{ .column = NULL },
};

static const struct statement_line lines[] = {
	{ .column = "line_item_usage_start_date", .field = FIELD_FROM, .required = true },
	{ .column = "line_item_usage_end_date", .field = FIELD_TO, .required = true },
	{ .column = "line_item_unblended_cost", .field = MONEY(AMOUNT), .required = true },
	{ .column = "line_item_currency_code", .field = FIELD_CURRENCY },
	{ .column = "line_item_usage_account_id", .field = FIELD_ACCOUNT },
	{ .column = "line_item_iam_principal", .field = FIELD_KEY },
	{ .column = "line_item_line_item_description", .field = FIELD_DESCRIPTION },
	{ .column = "pricing_public_on_demand_cost", .field = MONEY(LIST) },
	{ .column = NULL },
};

/* The same columns by their two names. */
enum { COLUMN_TYPE, COLUMN_USAGE, COLUMN_AMOUNT, COLUMN_CODE, COLUMN_PRODUCT, COLUMN_UNIT };
static const char *const names[][2] = {
	[COLUMN_TYPE] = { "lineItem/LineItemType", "line_item_line_item_type" },
	[COLUMN_USAGE] = { "lineItem/UsageType", "line_item_usage_type" },
	[COLUMN_AMOUNT] = { "lineItem/UsageAmount", "line_item_usage_amount" },
	[COLUMN_CODE] = { "lineItem/ProductCode", "line_item_product_code" },
	[COLUMN_PRODUCT] = { "product/ProductName", "product_product_name" },
	[COLUMN_UNIT] = { "pricing/unit", "pricing_unit" },
};

static struct text cell(const struct statement_record *record, int column)
{
	struct text found = statement_cell(record, names[column][0]);

	return found.at != NULL ? found : statement_cell(record, names[column][1]);
}

static const struct statement_charge_type charges[] = {
	{ "Usage", STATEMENT_USAGE },
	{ "DiscountedUsage", STATEMENT_USAGE },
	{ "SavingsPlanCoveredUsage", STATEMENT_USAGE },
	{ "Fee", STATEMENT_FEE },
	{ "RIFee", STATEMENT_PURCHASE },
	{ "SavingsPlanRecurringFee", STATEMENT_PURCHASE },
	{ "SavingsPlanUpfrontFee", STATEMENT_PURCHASE },
	{ "Tax", STATEMENT_TAX },
	{ "Credit", STATEMENT_CREDIT },
	{ "Refund", STATEMENT_ADJUSTMENT },
	{ "SavingsPlanNegation", STATEMENT_CREDIT },
	{ "BundledDiscount", STATEMENT_CREDIT },
	{ "EdpDiscount", STATEMENT_CREDIT },
	{ "SppDiscount", STATEMENT_CREDIT },
	{ "PrivateRateDiscount", STATEMENT_CREDIT },
	{ "DistributorDiscount", STATEMENT_CREDIT },
	{ "Discount", STATEMENT_CREDIT },
	{ .type = NULL },
};

/* "USE1": two or three letters, a direction, and a digit. */
static size_t region_len(struct text t)
{
	size_t i = 0;

	while (i < t.len && i < 4 && isupper((unsigned char)t.at[i]))
		i++;
	return i >= 2 && i < t.len && isdigit((unsigned char)t.at[i]) ? i + 1 : 0;
}

/* "USE1-MP:USE1_InputTokenCount-Units" as "InputTokenCount-Units". */
static struct text without_region(struct text usage)
{
	for (int times = 0; times < 2; times++) {
		size_t len = region_len(usage);

		if (len > 0 && len < usage.len && (usage.at[len] == '-' || usage.at[len] == '_'))
			usage = (struct text){ usage.at + len + 1, usage.len - len - 1 };
		if (usage.len > 3 && memcmp(usage.at, "MP:", 3) == 0)
			usage = (struct text){ usage.at + 3, usage.len - 3 };
	}
	return usage;
}

static struct text model_of(struct text product, struct text before)
{
	static const char edition[] = " (Amazon Bedrock Edition)";
	size_t len = sizeof(edition) - 1;

	while (before.len > 0 && strchr("-_ :", before.at[before.len - 1]) != NULL)
		before.len--;
	/* "NovaPro-mantle": by another way, the same model. */
	if (before.len > 7 && memcmp(before.at + before.len - 7, "-mantle", 7) == 0)
		before.len -= 7;
	if (product.len > len && memcmp(product.at + product.len - len, edition, len) == 0)
		return (struct text){ product.at, product.len - len };
	return before.len > 0 ? before : text_of(NULL);
}

/* Tokens of a unit; 0: it does not say. */
static int64_t units_of(struct text unit, struct text description)
{
	int64_t units = statement_token_unit(unit);

	if (units > 0)
		return units;
	if (statement_has_word(description, "million") && statement_has_word(description, "token"))
		return 1000000;
	if ((statement_has_word(description, "1K ") ||
	     statement_has_word(description, "thousand")) &&
	    statement_has_word(description, "token"))
		return 1000;
	return 0;
}

static void take_tokens(struct statement_reader *reader, const struct statement_record *record,
                        const struct statement_words *words, struct statement_row *row)
{
	struct text amount = cell(record, COLUMN_AMOUNT);
	int64_t units = units_of(cell(record, COLUMN_UNIT), row->description);

	row->of = words->component;
	if (words->service_tier != NULL)
		row->service_tier = text_of(words->service_tier);
	if (amount.at == NULL || row->charge != STATEMENT_USAGE)
		return;
	if (units == 0)
		statement_note(reader, "lines in \"Units\" that do not say how many tokens one is: "
		                       "their counts are not taken");
	else if (statement_set_count(row, words->component, amount, units) < 0)
		statement_note(reader, "quantities that are no whole number of tokens: not taken");
}

static int finish(struct statement_reader *reader, const struct statement_record *record,
                  struct statement_row *row, struct fault *fault)
{
	struct text usage = without_region(cell(record, COLUMN_USAGE));
	struct text product = cell(record, COLUMN_PRODUCT);
	struct statement_words words;
	int r = statement_take_charge(reader, charges, cell(record, COLUMN_TYPE), row, fault);

	if (r < 0)
		return r;
	statement_words_read(usage, &words);
	if (words.component != COMPONENT_COUNT &&
	    component_info[words.component].unit != UNIT_TOKEN)
		words.component = COMPONENT_COUNT;
	if ((words.component == COMPONENT_COUNT || !statement_has_word(usage, "token")) &&
	    !statement_has_word(product, "bedrock") &&
	    !statement_has_word(cell(record, COLUMN_CODE), "bedrock")) {
		r = statement_pass_over(reader, row, fault);
		return r == 0 ? 1 : r;
	}
	row->provider = text_of("amazon-bedrock");
	row->model = model_of(product, words.before);
	if (words.component != COMPONENT_COUNT)
		take_tokens(reader, record, &words, row);
	else if (row->charge == STATEMENT_USAGE)
		statement_note(reader,
		               "Bedrock's usage type %.*s is of no tokens that are known: "
		               "only its amount is taken",
		               (int)(usage.len < USAGE_SHOWN_MAX ? usage.len : USAGE_SHOWN_MAX),
		               usage.at != NULL ? usage.at : "");
	/* It takes back what an earlier line had. */
	if (row->charge == STATEMENT_USAGE && statement_amount(row).attos < 0)
		row->charge = STATEMENT_ADJUSTMENT;
	return 0;
}

const struct statement_format statement_format_aws_cur = {
	.name = "aws-cur",
	.unit = "its currency",
	.summary = "AWS, Cost and Usage Report 2.0 as CSV: Bedrock's lines by hour, day or month",
	.container = STATEMENT_CSV,
	.utc = true,
	.lines = lines,
	.finish = finish,
};

const struct statement_format statement_format_aws_cur_legacy = {
	.name = "aws-cur-legacy",
	.unit = "its currency",
	.summary =
		"AWS, legacy Cost and Usage Report as CSV: Bedrock's lines by hour, day or month",
	.container = STATEMENT_CSV,
	.utc = true,
	.lines = legacy_lines,
	.finish = finish,
};
