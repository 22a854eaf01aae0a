/*
 * OpenRouter: usage.cost is what was charged, in USD ("Cost of the completion"), with what is no
 * tokens in it; cost_details.upstream_inference_prompt_cost and _completions_cost are its tokens
 * (OpenRouterTeam/docs openapi.yaml, CostDetails; cookbook/administration/usage-accounting.mdx),
 * so that the difference is a fee.  upstream_inference_cost is inside as well, and was paid beside
 * only with the customer's own key (is_byok).
 *
 * Perplexity: cost.request_cost is the fee of the search, the tokens are beside it
 * (docs.perplexity.ai/guides/pricing).
 *
 * xAI: cost_in_usd_ticks is "the actual amount billed", of 1e-10 USD, with its tools in it
 * (docs.x.ai, Cost Tracking); in gRPC's JSON it is a text, as 64-bit numbers are there.
 */
#include <assert.h>

#include "statement/json_usage.h"
#include "usage/object.h"

enum { TICKS = 10, REAL_BITS = 52 };

#define MONEY_FIELD(NAME) (FIELD_MONEY + STATEMENT_MONEY_##NAME)

/* --- counts --------------------------------------------------------------------------------- */

static int64_t whole_of(const struct usage *usage, enum component_role role)
{
	int64_t whole = 0;

	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (component_info[c].role == role)
			whole += usage->count[c]; /* far from overflow: USAGE_COUNT_MAX */
	}
	return whole;
}

/* What all readings have in common. */
static void take_common(const struct usage_object *object, struct statement_row *row)
{
	int64_t prompt = whole_of(&object->usage, ROLE_PROMPT);
	int64_t answer = whole_of(&object->usage, ROLE_ANSWER);
	uint32_t common = object->told;
	bool prompt_parts = true, answer_parts = true;

	for (size_t i = 0; i < object->reading_count; i++) {
		const struct usage *reading = &object->readings[i].usage;

		for (int c = 0; c < COMPONENT_COUNT; c++) {
			if (reading->count[c] != object->usage.count[c])
				common &= ~(UINT32_C(1) << c);
		}
		if (whole_of(reading, ROLE_PROMPT) != prompt)
			prompt = STATEMENT_UNTOLD;
		if (whole_of(reading, ROLE_ANSWER) != answer)
			answer = STATEMENT_UNTOLD;
	}
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		uint32_t bit = UINT32_C(1) << c;

		if ((common & bit) != 0)
			row->count[c] = object->usage.count[c];
		if ((object->told & bit & ~common) == 0)
			continue;
		prompt_parts = prompt_parts && component_info[c].role != ROLE_PROMPT;
		answer_parts = answer_parts && component_info[c].role != ROLE_ANSWER;
	}
	row->told |= common;
	/* A whole whose parts are all told says nothing more. */
	if (!prompt_parts)
		row->prompt_total = prompt;
	if (!answer_parts)
		row->answer_total = answer;
}

int json_usage_counts(const struct json_fields *fields, const char *path, const char *api,
                      struct statement_row *row)
{
	uint32_t node = json_fields_at(fields, path);
	struct arena arena = { .first = NULL };
	struct event_refusal refusal;
	struct usage_object object;
	int r;

	if (json_type_of(fields->doc, node) != JSON_OBJECT)
		return json_fields_refuse(fields, FAULT_INVALID, path, "an object is due");
	r = usage_object_read(text_of(api), fields->doc, node, &arena, &object, &refusal);
	if (r < 0) {
		r = statement_refuse(fields->reader, FAULT_NOMEM, fields->fault,
		                     "not enough memory");
		goto out;
	}
	if (refusal.reason != REASON_NONE) {
		r = statement_refuse(fields->reader, FAULT_INVALID, fields->fault, "%s",
		                     refusal.detail);
		goto out;
	}
	if (object.reading_count > 1)
		statement_note(fields->reader, "counts that contradict each other: left open where "
		                               "they can be read in several ways");
	if (object.unknown_path.at != NULL)
		statement_note(fields->reader, "%s.%.*s: of no component, not counted", path,
		               TEXT_ARGS(object.unknown_path));
	take_common(&object, row);
out:
	arena_release(&arena);
	return r;
}

/* --- amounts -------------------------------------------------------------------------------- */

static const struct statement_line cost_lines[] = {
	{ .column = "usage.cost", .field = MONEY_FIELD(AMOUNT), .required = true },
	{ .column = "usage.is_byok", .field = FIELD_BYOK },
	{ .column = "usage.cost_details.upstream_inference_prompt_cost",
	  .field = MONEY_FIELD(INPUT) },
	{ .column = "usage.cost_details.upstream_inference_completions_cost",
	  .field = MONEY_FIELD(OUTPUT) },
	{ .column = NULL },
};
static const struct statement_line byok_lines[] = {
	{ .column = "usage.cost_details.upstream_inference_cost", .field = MONEY_FIELD(UPSTREAM) },
	{ .column = NULL },
};
static const struct statement_line perplexity_lines[] = {
	{ .column = "usage.cost.total_cost", .field = MONEY_FIELD(AMOUNT), .required = true },
	{ .column = "usage.cost.request_cost", .field = MONEY_FIELD(FEE) },
	{ .column = "usage.cost.input_tokens_cost", .field = MONEY_FIELD(INPUT) },
	{ .column = "usage.cost.output_tokens_cost", .field = MONEY_FIELD(OUTPUT) },
	{ .column = NULL },
};
static const struct statement_line tick_lines[] = {
	{ .column = "usage.cost_in_usd_ticks",
	  .field = MONEY_FIELD(AMOUNT),
	  .required = true,
	  .decimals = TICKS },
	{ .column = NULL },
};

static void untell_money(struct statement_row *row, enum statement_money which)
{
	row->has_money &= ~(UINT32_C(1) << which);
	row->money[which] = (struct money){ 0 };
}

static wide magnitude(struct money m)
{
	return m.attos < 0 ? -m.attos : m.attos;
}

/*
 * What is charged beside the tokens, where their two parts are told; a discount where that is less
 * than nothing.  The numbers come of binary floats: each is known to 2^-52 of itself, and to the
 * last decimal that is kept, so that less than that is no fee.
 */
static int take_fee(struct statement_row *row)
{
	const struct money *money = row->money;
	enum statement_money which = STATEMENT_MONEY_FEE;
	struct money rest;
	wide unsure;
	int r;

	if (!statement_has(row, STATEMENT_MONEY_INPUT) ||
	    !statement_has(row, STATEMENT_MONEY_OUTPUT))
		return 0;
	r = money_sub(money[STATEMENT_MONEY_AMOUNT], money[STATEMENT_MONEY_INPUT], &rest);
	if (r == 0)
		r = money_sub(rest, money[STATEMENT_MONEY_OUTPUT], &rest);
	if (r < 0)
		return r;
	unsure = magnitude(money[STATEMENT_MONEY_AMOUNT]) +
	         magnitude(money[STATEMENT_MONEY_INPUT]) + magnitude(money[STATEMENT_MONEY_OUTPUT]);
	if (magnitude(rest) <= (unsure >> REAL_BITS) + 3)
		return 0;
	if (rest.attos < 0) {
		which = STATEMENT_MONEY_DISCOUNT;
		rest.attos = -rest.attos;
	}
	row->money[which] = rest;
	row->has_money |= UINT32_C(1) << which;
	return 0;
}

static int take_cost(const struct json_fields *fields, struct statement_row *row)
{
	int r = json_fields_take(fields, cost_lines, row);

	if (r < 0)
		return r;
	if ((row->flags & STATEMENT_BYOK) == 0) {
		r = take_fee(row);
		return r < 0 ? json_fields_refuse(fields, (enum fault_code) - r, "usage.cost",
		                                  "less its parts it is no amount")
		             : 0;
	}
	/* They are what the provider was paid, not parts of the amount. */
	untell_money(row, STATEMENT_MONEY_INPUT);
	untell_money(row, STATEMENT_MONEY_OUTPUT);
	return json_fields_take(fields, byok_lines, row);
}

/* --- records -------------------------------------------------------------------------------- */

static const struct statement_line record_lines[] = {
	{ .column = "exchange_id", .field = FIELD_ID },
	{ .column = "id", .field = FIELD_ID },
	{ .column = "upstream_id", .field = FIELD_UPSTREAM_ID },
	{ .column = "request_id", .field = FIELD_REQUEST_ID },
	{ .column = "account", .field = FIELD_ACCOUNT },
	{ .column = "key", .field = FIELD_KEY },
	{ .column = "model", .field = FIELD_MODEL, .required = true },
	{ .column = "service_tier", .field = FIELD_SERVICE_TIER },
	{ .column = "finish_reason", .field = FIELD_FINISH },
	{ .column = NULL },
};

static const char *const time_paths[] = { "created", "created_at", "time", "date" };

static int take_time(const struct json_fields *fields, struct statement_row *row)
{
	row->from_ms = row->to_ms = STATEMENT_UNTOLD;
	for (size_t i = 0; i < sizeof(time_paths) / sizeof(time_paths[0]); i++) {
		if (json_fields_at(fields, time_paths[i]) != JSON_NONE)
			return json_fields_time(fields, time_paths[i], &row->from_ms, &row->to_ms);
	}
	statement_note(fields->reader, "requests without a time: found by their ids alone");
	return 0;
}

/* The provider, where it is a name: OpenRouter says it beside the usage. */
static void take_provider(const struct json_fields *fields, struct statement_row *row)
{
	uint32_t node = json_fields_at(fields, "provider");

	if (json_type_of(fields->doc, node) == JSON_STRING)
		row->provider = json_string(fields->doc, node);
}

/* By the words that it has, and whose charge it is. */
static const char *api_of(const struct json_fields *fields)
{
	bool ticks = json_fields_at(fields, "usage.cost_in_usd_ticks") != JSON_NONE;

	if (json_fields_at(fields, "usage.input_tokens") != JSON_NONE)
		return ticks ? "xai.responses" : "openai.responses";
	if (ticks)
		return "xai.chat";
	if (json_fields_at(fields, "usage.cost.total_cost") != JSON_NONE)
		return "perplexity.chat";
	if (json_fields_at(fields, "usage.completion_tokens") != JSON_NONE)
		return "openrouter.chat";
	return "openai.embeddings";
}

static int take_charge(const struct json_fields *fields, struct statement_row *row)
{
	if (json_fields_at(fields, "usage.cost_in_usd_ticks") != JSON_NONE)
		return json_fields_take(fields, tick_lines, row);
	if (json_type_of(fields->doc, json_fields_at(fields, "usage.cost")) == JSON_OBJECT)
		return json_fields_take(fields, perplexity_lines, row);
	return take_cost(fields, row);
}

int json_usage_record(const struct json_fields *fields)
{
	struct statement_row row;
	int r;

	statement_row_init(&row);
	row.record = statement_record(fields->reader);
	row.request = true;
	row.requests = 1;
	r = json_fields_take(fields, record_lines, &row);
	if (r == 0)
		r = take_time(fields, &row);
	take_provider(fields, &row);
	if (r == 0)
		r = take_charge(fields, &row);
	if (r == 0)
		r = json_usage_counts(fields, "usage", api_of(fields), &row);
	return r < 0 ? r : statement_emit(fields->reader, &row, fields->fault);
}

bool json_usage_has(const struct json *doc, uint32_t element, const char *key)
{
	uint32_t usage;

	if (json_type_of(doc, element) != JSON_OBJECT)
		return false;
	usage = json_member(doc, element, "usage");
	return json_type_of(doc, usage) == JSON_OBJECT && json_member(doc, usage, key) != JSON_NONE;
}
