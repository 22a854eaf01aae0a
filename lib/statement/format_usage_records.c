/*
 * Responses, or their usage objects, kept by whoever asked: the provider's own word on what it
 * charged, one record a request.  json_usage.c says what is in what, and in which unit.
 *
 * A record without a time is found by its id alone (statement_timed()).
 */
#include "statement/json_usage.h"

static int element(struct statement_reader *reader, const struct json *doc, uint32_t node,
                   struct fault *fault)
{
	const struct json_fields fields = {
		.reader = reader, .doc = doc, .node = node, .fault = fault
	};

	return json_usage_record(&fields);
}

static bool openrouter_is(const struct json *doc, uint32_t node)
{
	return json_usage_has(doc, node, "cost");
}

const struct statement_format statement_format_openrouter_usage = {
	.name = "openrouter-usage",
	.unit = "USD",
	.summary = "responses with usage.cost, OpenRouter's and such: single requests",
	.container = STATEMENT_JSON,
	.currency = "USD",
	.element = element,
	.is = openrouter_is,
};

static bool xai_is(const struct json *doc, uint32_t node)
{
	return json_usage_has(doc, node, "cost_in_usd_ticks") && !json_usage_has(doc, node, "cost");
}

const struct statement_format statement_format_xai = {
	.name = "xai",
	.unit = "1e-10 USD",
	.summary = "responses with usage.cost_in_usd_ticks, xAI's: single requests",
	.container = STATEMENT_JSON,
	.currency = "USD",
	.element = element,
	.is = xai_is,
};
