/*
 * LiteLLM's spend log: rows of the table LiteLLM_SpendLogs, as /spend/logs and exports tell them.
 *
 * Source: BerriAI/litellm schema.prisma and proxy/spend_tracking/spend_tracking_utils.py.
 *
 *   money      `spend`, USD, a binary float; LiteLLM's own estimate from its price map
 *   counts     prompt_tokens has the cached ones in it, completion_tokens its reasoning, as
 *              LiteLLM normalises every provider; metadata.usage_object has the parts, where
 *              `metadata` is JSON in a text.  Of calls that are no tokens they are 0
 *   times      of UTC, with or without saying so; --time-zone says another
 *   ids        request_id is the response's id: the same names that envelopes take
 *              (usage/envelope_litellm.c)
 *   cache_hit  an answer out of LiteLLM's own cache repeats the counts of the first one and costs
 *              nothing
 */
#include "statement/json_usage.h"

#define MONEY_FIELD(NAME) (FIELD_MONEY + STATEMENT_MONEY_##NAME)

static const struct statement_line lines[] = {
	{ .column = "startTime", .field = FIELD_TIME, .required = true },
	{ .column = "request_id", .field = FIELD_ID, .required = true },
	{ .column = "end_user", .field = FIELD_ACCOUNT },
	{ .column = "user", .field = FIELD_ACCOUNT },
	{ .column = "organization_id", .field = FIELD_ACCOUNT },
	{ .column = "team_id", .field = FIELD_ACCOUNT },
	{ .column = "api_key", .field = FIELD_KEY },
	{ .column = "model", .field = FIELD_MODEL },
	{ .column = "custom_llm_provider", .field = FIELD_PROVIDER },
	{ .column = "call_type", .field = FIELD_DESCRIPTION },
	{ .column = "spend", .field = MONEY_FIELD(AMOUNT), .required = true },
	{ .column = NULL },
};

static const struct statement_line token_lines[] = {
	{ .column = "prompt_tokens", .field = FIELD_PROMPT_TOTAL },
	{ .column = "completion_tokens", .field = FIELD_ANSWER_TOTAL },
	{ .column = NULL },
};

/* The usage of the metadata, an object or JSON in a text; *taken_out: there is one. */
static int take_usage(const struct json_fields *fields, struct statement_row *row, bool *taken_out)
{
	uint32_t metadata = json_fields_at(fields, "metadata");
	struct json_fields inner = *fields;
	struct json doc = { .nodes = NULL };
	int r = 0;

	*taken_out = false;
	inner.node = metadata;
	if (json_type_of(fields->doc, metadata) == JSON_STRING) {
		r = json_parse(&doc, json_string(fields->doc, metadata), NULL);
		if (r == -FAULT_NOMEM) {
			r = statement_refuse(fields->reader, FAULT_NOMEM, fields->fault,
			                     "not enough memory");
			goto out;
		}
		if (r < 0) {
			statement_note(fields->reader, "metadata that is no JSON: passed over");
			r = 0;
			goto out;
		}
		inner.doc = &doc;
		inner.node = 0;
	}
	if (json_fields_at(&inner, "usage_object.prompt_tokens") == JSON_NONE)
		goto out;
	r = json_usage_counts(&inner, "usage_object", "litellm.chat", row);
	*taken_out = r == 0;
out:
	json_release(&doc);
	return r;
}

/* Tokens of a call that is not of tokens say nothing: images, speech. */
static int take_tokens(const struct json_fields *fields, struct statement_row *row)
{
	int r = json_fields_take(fields, token_lines, row);

	if (r == 0 && row->prompt_total == 0 && row->answer_total == 0 &&
	    statement_amount(row).attos != 0)
		row->prompt_total = row->answer_total = STATEMENT_UNTOLD;
	return r;
}

static int element(struct statement_reader *reader, const struct json *doc, uint32_t node,
                   struct fault *fault)
{
	const struct json_fields fields = {
		.reader = reader, .doc = doc, .node = node, .fault = fault
	};
	struct text status = { NULL, 0 };
	struct statement_row row;
	bool taken = false;
	int r;

	statement_row_init(&row);
	row.record = statement_record(reader);
	row.request = true;
	row.requests = 1;
	r = json_fields_take(&fields, lines, &row);
	if (r == 0)
		r = json_fields_text(&fields, "status", &status);
	if (r == 0)
		r = take_usage(&fields, &row, &taken);
	if (r == 0 && !taken)
		r = take_tokens(&fields, &row);
	if (text_is(status, "failure"))
		row.flags |= STATEMENT_BLANK;
	return r < 0 ? r : statement_emit(reader, &row, fault);
}

static bool is(const struct json *doc, uint32_t node)
{
	return json_type_of(doc, node) == JSON_OBJECT &&
	       json_member(doc, node, "request_id") != JSON_NONE &&
	       json_member(doc, node, "spend") != JSON_NONE &&
	       json_member(doc, node, "startTime") != JSON_NONE;
}

const struct statement_format statement_format_litellm_spend = {
	.name = "litellm-spend",
	.unit = "USD",
	.summary = "LiteLLM, rows of its spend log: single requests",
	.container = STATEMENT_JSON,
	.currency = "USD",
	.element = element,
	.is = is,
};
