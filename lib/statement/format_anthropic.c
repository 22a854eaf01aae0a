/*
 * Anthropic's organization reports: usage_report/messages and cost_report.
 *
 * Sources: platform.claude.com/docs/en/api/admin/cost_report ("Cost amount in lowest currency units
 * (e.g. cents) as a decimal string. For example, "123.45" in "USD" represents $1.23") and
 * usage_report/retrieve_messages; docs.anthropic.com usage-cost-api (all of UTC; costs of the
 * priority tier are not in the cost report; those of code execution are there alone).
 *
 *   usage   counts by bucket, disjoint: uncached, read from the cache, written to it for 5 minutes
 *           and for an hour.  output_tokens has its thinking in it, and does not tell how much that
 *           is: `output` is not told
 *   cost    cents, with decimals: "123.78912" is $1.2378912.  list_amount is before discounts
 *
 * A null workspace is the default one, a null model or key what was not asked to be told.
 */
#include <stdio.h>

#include "statement/json_fields.h"

enum { CENTS = 2 };

#define MONEY_FIELD(NAME) (FIELD_MONEY + STATEMENT_MONEY_##NAME)
#define COUNT_FIELD(NAME) (FIELD_COMPONENTS + COMPONENT_##NAME)

/* --- usage ---------------------------------------------------------------------------------- */

static const struct statement_line usage_lines[] = {
	{ .column = "workspace_id", .field = FIELD_ACCOUNT },
	{ .column = "api_key_id", .field = FIELD_KEY },
	{ .column = "model", .field = FIELD_MODEL },
	{ .column = "service_tier", .field = FIELD_SERVICE_TIER },
	{ .column = "requests", .field = FIELD_REQUESTS },
	{ .column = "uncached_input_tokens", .field = COUNT_FIELD(INPUT), .required = true },
	{ .column = "cache_read_input_tokens", .field = COUNT_FIELD(CACHE_READ), .required = true },
	{ .column = "cache_creation.ephemeral_5m_input_tokens",
	  .field = COUNT_FIELD(CACHE_WRITE_5M),
	  .required = true },
	{ .column = "cache_creation.ephemeral_1h_input_tokens",
	  .field = COUNT_FIELD(CACHE_WRITE_1H),
	  .required = true },
	{ .column = "output_tokens", .field = FIELD_ANSWER_TOTAL, .required = true },
	{ .column = "server_tool_use.web_search_requests", .field = COUNT_FIELD(SEARCHES) },
	{ .column = NULL },
};

/* What results are grouped by, beside the names. */
static const char *const groups[] = { "product",    "context_window",     "inference_geo",
	                              "account_id", "service_account_id", NULL };

/* The fast mode is billed as a tier of its own, and told beside the standard one. */
static int take_speed(const struct json_fields *result, struct statement_row *row)
{
	struct text speed = { NULL, 0 };
	int r = json_fields_text(result, "speed", &speed);

	if (r == 0 && text_is(speed, "fast") &&
	    (row->service_tier.len == 0 || text_is(row->service_tier, "standard")))
		row->service_tier = speed;
	return r;
}

static int usage_result(const struct json_fields *result, struct statement_row *row)
{
	int r = json_fields_take(result, usage_lines, row);

	if (r < 0)
		return r;
	json_fields_describe(result, groups, row);
	return take_speed(result, row);
}

static int usage_element(struct statement_reader *reader, const struct json *doc, uint32_t element,
                         struct fault *fault)
{
	const struct json_fields bucket = {
		.reader = reader, .doc = doc, .node = element, .fault = fault
	};

	return json_fields_bucket(&bucket, "starting_at", "ending_at", usage_result);
}

static bool first_has(const struct json *doc, uint32_t element, const char *key)
{
	uint32_t first = json_fields_first_result(doc, element);

	return first != JSON_NONE && json_member(doc, element, "starting_at") != JSON_NONE &&
	       json_member(doc, first, key) != JSON_NONE;
}

static bool usage_is(const struct json *doc, uint32_t element)
{
	return first_has(doc, element, "uncached_input_tokens");
}

const struct statement_format statement_format_anthropic_usage = {
	.name = "anthropic-usage",
	.unit = "counts",
	.summary = "Anthropic, usage_report/messages: sums by minute, hour or day, no amounts",
	.container = STATEMENT_JSON,
	.currency = "USD",
	.element = usage_element,
	.is = usage_is,
};

/* --- cost ----------------------------------------------------------------------------------- */

static const struct statement_line cost_lines[] = {
	{ .column = "workspace_id", .field = FIELD_ACCOUNT },
	{ .column = "model", .field = FIELD_MODEL },
	{ .column = "service_tier", .field = FIELD_SERVICE_TIER },
	{ .column = "description", .field = FIELD_DESCRIPTION },
	{ .column = "requests", .field = FIELD_REQUESTS },
	{ .column = "amount", .field = MONEY_FIELD(AMOUNT), .required = true, .decimals = CENTS },
	{ .column = "list_amount", .field = MONEY_FIELD(LIST), .decimals = CENTS },
	{ .column = "currency", .field = FIELD_CURRENCY, .required = true },
	{ .column = NULL },
};

/* What a list price has more than the amount was taken off it. */
static int take_discount(struct statement_row *row)
{
	struct money off;
	int r;

	if (!statement_has(row, STATEMENT_MONEY_LIST))
		return 0;
	r = money_sub(row->money[STATEMENT_MONEY_LIST], row->money[STATEMENT_MONEY_AMOUNT], &off);
	if (r < 0 || off.attos <= 0)
		return r;
	row->money[STATEMENT_MONEY_DISCOUNT] = off;
	row->has_money |= UINT32_C(1) << STATEMENT_MONEY_DISCOUNT;
	return 0;
}

static int take_type(const struct json_fields *result, struct statement_row *row)
{
	struct text type = { NULL, 0 }, token = { NULL, 0 };
	int r = json_fields_text(result, "cost_type", &type);

	if (r == 0)
		r = json_fields_text(result, "token_type", &token);
	if (r < 0 || type.len == 0)
		return r;
	if (!text_is(type, "tokens")) {
		row->charge = STATEMENT_FEE;
		if (text_is(type, "web_search"))
			row->of = COMPONENT_SEARCHES;
		else if (!text_is(type, "code_execution"))
			statement_note(result->reader, "cost_type \"%.*s\": taken as a fee",
			               TEXT_ARGS(type));
		if (row->description.len == 0)
			row->description = type;
		return 0;
	}
	if (token.len == 0)
		return 0;
	row->of = statement_component(token);
	if (row->of == COMPONENT_COUNT)
		statement_note(result->reader, "token_type \"%.*s\": of no component that is known",
		               TEXT_ARGS(token));
	return 0;
}

static int cost_result(const struct json_fields *result, struct statement_row *row)
{
	int r = json_fields_take(result, cost_lines, row);

	if (r == 0)
		r = take_speed(result, row);
	if (r == 0)
		r = take_type(result, row);
	if (r < 0)
		return r;
	json_fields_describe(result, groups, row);
	r = take_discount(row);
	if (r == 0 && row->money[STATEMENT_MONEY_AMOUNT].attos < 0)
		row->charge = STATEMENT_CREDIT;
	return r;
}

static int cost_element(struct statement_reader *reader, const struct json *doc, uint32_t element,
                        struct fault *fault)
{
	const struct json_fields bucket = {
		.reader = reader, .doc = doc, .node = element, .fault = fault
	};

	return json_fields_bucket(&bucket, "starting_at", "ending_at", cost_result);
}

static bool cost_is(const struct json *doc, uint32_t element)
{
	return first_has(doc, element, "amount") && !first_has(doc, element, "object");
}

const struct statement_format statement_format_anthropic_cost = {
	.name = "anthropic-cost",
	.unit = "cents",
	.summary = "Anthropic, cost_report: sums by day and description",
	.container = STATEMENT_JSON,
	.currency = "USD",
	.element = cost_element,
	.decimals = CENTS,
	.is = cost_is,
};
