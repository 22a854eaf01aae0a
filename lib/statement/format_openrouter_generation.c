/*
 * OpenRouter's records of single requests: GET /api/v1/generation?id=ID, one {"data":{..}} each.
 *
 * Source: OpenRouterTeam/docs openapi/openapi.yaml (GenerationResponse) and
 * cookbook/administration/usage-accounting.mdx.
 *
 *   money      USD: total_cost is what was charged; `usage` says it once more.
 *              upstream_inference_cost is in it, and beside it only with the customer's own key
 *              (is_byok), where it was paid to the provider.  cache_discount is how much less the
 *              cache made it than the price of input: the rates of a price book have that in them,
 *              so it is no discount here
 *   counts     native_tokens_*, of the model's own tokenizer, which are those that are billed;
 *              tokens_prompt and tokens_completion are of another one, and never taken.  The
 *              prompt has the cached tokens in it, those that were written to a cache too, which
 *              are not told: so `input` is not.  The answer has its reasoning and images in it
 *   ids        id is the generation, upstream_id the request at the provider (what a provider's
 *              own ledger knows), request_id what groups the generations of one request
 *   things     num_search_results are results, not searches: they are shown, not counted
 *
 * "No charge when zero completion tokens and blank finish reason, or error finish reason"
 * (zero-completion-insurance.mdx): a blank finish_reason, which is there and null, is kept.
 */
#include <stdio.h>

#include "statement/json_fields.h"

#define MONEY_FIELD(NAME) (FIELD_MONEY + STATEMENT_MONEY_##NAME)
#define COUNT_FIELD(NAME) (FIELD_COMPONENTS + COMPONENT_##NAME)

static const struct statement_line lines[] = {
	{ .column = "created_at", .field = FIELD_TIME, .required = true },
	{ .column = "id", .field = FIELD_ID, .required = true },
	{ .column = "upstream_id", .field = FIELD_UPSTREAM_ID },
	{ .column = "request_id", .field = FIELD_REQUEST_ID },
	{ .column = "external_user", .field = FIELD_ACCOUNT },
	{ .column = "model", .field = FIELD_MODEL, .required = true },
	{ .column = "provider_name", .field = FIELD_PROVIDER },
	{ .column = "service_tier", .field = FIELD_SERVICE_TIER },
	{ .column = "native_tokens_prompt", .field = FIELD_PROMPT_TOTAL },
	{ .column = "native_tokens_cached", .field = COUNT_FIELD(CACHE_READ) },
	{ .column = "native_tokens_completion", .field = FIELD_ANSWER_TOTAL },
	{ .column = "native_tokens_reasoning", .field = COUNT_FIELD(REASONING) },
	{ .column = "native_tokens_completion_images", .field = COUNT_FIELD(OUTPUT_IMAGE) },
	{ .column = "total_cost", .field = MONEY_FIELD(AMOUNT), .required = true },
	{ .column = "is_byok", .field = FIELD_BYOK },
	{ .column = "cancelled", .field = FIELD_CANCELLED },
	{ .column = "finish_reason", .field = FIELD_FINISH },
	{ .column = NULL },
};

/* Its own only with the customer's key: else it is in the amount. */
static const struct statement_line byok_lines[] = {
	{ .column = "upstream_inference_cost", .field = MONEY_FIELD(UPSTREAM) },
	{ .column = NULL },
};

/* What is no count, for people. */
static int describe(const struct json_fields *fields, char *out, size_t cap,
                    struct statement_row *row)
{
	struct text engine = { NULL, 0 };
	int64_t results = 0, fetches = 0;
	int r = json_fields_number(fields, "num_search_results", &results);
	int len;

	if (r == 0)
		r = json_fields_number(fields, "num_fetches", &fetches);
	if (r == 0)
		r = json_fields_text(fields, "web_search_engine", &engine);
	if (r < 0 || (results == 0 && fetches == 0))
		return r;
	len = snprintf(out, cap, "%lld search results%s%.*s, %lld fetches", (long long)results,
	               engine.len > 0 ? " of " : "", TEXT_ARGS(engine), (long long)fetches);
	row->description = (struct text){ out, (size_t)len < cap ? (size_t)len : cap - 1 };
	return 0;
}

static int element(struct statement_reader *reader, const struct json *doc, uint32_t node,
                   struct fault *fault)
{
	enum { DESCRIPTION_BYTES = 128 };
	struct json_fields fields = { .reader = reader, .doc = doc, .node = node, .fault = fault };
	char description[DESCRIPTION_BYTES];
	struct statement_row row;
	int r;

	if (json_type_of(doc, json_fields_at(&fields, "data")) == JSON_OBJECT)
		fields.node = json_fields_at(&fields, "data");
	statement_row_init(&row);
	row.record = statement_record(reader);
	row.request = true;
	row.requests = 1;
	r = json_fields_take(&fields, lines, &row);
	if (r == 0 && (row.flags & STATEMENT_BYOK) != 0)
		r = json_fields_take(&fields, byok_lines, &row);
	if (r == 0)
		r = json_fields_settle(&fields, "native_tokens_prompt", "native_tokens_completion",
		                       &row);
	if (r == 0)
		r = describe(&fields, description, sizeof(description), &row);
	return r < 0 ? r : statement_emit(reader, &row, fault);
}

static bool is(const struct json *doc, uint32_t node)
{
	uint32_t data;

	if (json_type_of(doc, node) != JSON_OBJECT)
		return false;
	data = json_member(doc, node, "data");
	if (json_type_of(doc, data) == JSON_OBJECT)
		node = data;
	return json_member(doc, node, "native_tokens_prompt") != JSON_NONE &&
	       json_member(doc, node, "total_cost") != JSON_NONE;
}

const struct statement_format statement_format_openrouter_generation = {
	.name = "openrouter-generation",
	.unit = "USD",
	.summary = "OpenRouter, GET /api/v1/generation: single requests",
	.container = STATEMENT_JSON,
	.currency = "USD",
	.element = element,
	.is = is,
};
