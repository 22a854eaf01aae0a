/*
 * OpenRouter's export of activity as CSV: a row a generation.
 *
 * Sources: the header of an export of 2026 (openrouter.ai/activity, "Export"); OpenRouterTeam/docs
 * guides/administration/activity-export.mdx; the meaning of the counts and of the money as in
 * cookbook/administration/usage-accounting.mdx.
 *
 *   money      USD: cost_total is what was charged; cost_web_search and cost_file_processing are
 *              in it, and fees.  cost_cache is what the cache changed of it: the rates of a price
 *              book have that in them, so it is neither a fee nor a discount here.
 *              byok_usage_inference was paid to the provider with the customer's own key, beside it
 *   counts     tokens_prompt has the cached ones in it, and those that were written to a cache,
 *              which are not told: so `input` is not.  tokens_completion has its reasoning in it
 *   times      without a zone: UTC, as the page says
 */
#include "statement/reader.h"

#define MONEY(NAME)     (FIELD_MONEY + STATEMENT_MONEY_##NAME)
#define COMPONENT(NAME) (FIELD_COMPONENTS + COMPONENT_##NAME)

static const struct statement_line lines[] = {
	{ .column = "generation_id", .field = FIELD_ID, .required = true },
	{ .column = "created_at", .field = FIELD_TIME, .required = true },
	{ .column = "cost_total", .field = MONEY(AMOUNT), .required = true },
	{ .column = "cost_web_search", .field = MONEY(FEE) },
	{ .column = "cost_file_processing", .field = MONEY(FEE) },
	{ .column = "byok_usage_inference", .field = MONEY(UPSTREAM) },
	{ .column = "tokens_prompt", .field = FIELD_PROMPT_TOTAL, .required = true },
	{ .column = "tokens_cached", .field = COMPONENT(CACHE_READ) },
	{ .column = "tokens_completion", .field = FIELD_ANSWER_TOTAL, .required = true },
	{ .column = "tokens_reasoning", .field = COMPONENT(REASONING) },
	{ .column = "model_permaslug", .field = FIELD_MODEL, .required = true },
	{ .column = "provider_name", .field = FIELD_PROVIDER },
	{ .column = "user", .field = FIELD_ACCOUNT },
	{ .column = "api_key_name", .field = FIELD_KEY },
	{ .column = "app_name", .field = FIELD_DESCRIPTION },
	{ .column = "cancelled", .field = FIELD_CANCELLED },
	{ .column = "finish_reason_normalized", .field = FIELD_FINISH },
	{ .column = NULL },
};

/* Told of some models: the whole is what is billed, and the part is left open. */
static void open_reasoning(struct statement_reader *reader, struct statement_row *row)
{
	if (row->answer_total == STATEMENT_UNTOLD || !statement_tells(row, COMPONENT_REASONING) ||
	    row->count[COMPONENT_REASONING] <= row->answer_total)
		return;
	statement_note(reader, "more reasoning than answer: reasoning is not taken, the answer is");
	row->told &= ~(UINT32_C(1) << COMPONENT_REASONING);
	row->count[COMPONENT_REASONING] = 0;
}

static int finish(struct statement_reader *reader, const struct statement_record *record,
                  struct statement_row *row, struct fault *fault)
{
	int64_t prompt = row->prompt_total;
	int r;

	if (statement_has(row, STATEMENT_MONEY_UPSTREAM) &&
	    row->money[STATEMENT_MONEY_UPSTREAM].attos > 0)
		row->flags |= STATEMENT_BYOK;
	if (statement_cell(record, "cost_cache").at != NULL)
		statement_note(reader, "cost_cache is what the cache changed of cost_total, and "
		                       "in it: not taken once more");
	if (prompt != STATEMENT_UNTOLD && row->count[COMPONENT_CACHE_READ] > prompt)
		return statement_refuse(reader, FAULT_INVALID, fault,
		                        "tokens_cached is more than tokens_prompt, which has them "
		                        "in it");
	open_reasoning(reader, row);
	row->prompt_total = STATEMENT_UNTOLD;
	r = statement_settle_counts(row);
	row->prompt_total = prompt;
	if (r < 0)
		return statement_refuse(reader, (enum fault_code) - r, fault,
		                        "tokens_reasoning is more than tokens_completion");
	r = statement_emit(reader, row, fault);
	return r == 0 ? 1 : r;
}

const struct statement_format statement_format_openrouter_export = {
	.name = "openrouter-export",
	.unit = "USD",
	.summary = "OpenRouter, export of activity as CSV: single requests",
	.container = STATEMENT_CSV,
	.utc = true,
	.currency = "USD",
	.lines = lines,
	.finish = finish,
};
