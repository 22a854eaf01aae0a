/*
 * OpenRouter's sums: GET /api/v1/activity and POST /api/v1/analytics/query.
 *
 * Sources: OpenRouterTeam/docs openapi/openapi.yaml (ActivityItem: usage is "Total cost in USD
 * (OpenRouter credits spent)", byok_usage_inference "BYOK inference cost in USD (external credits
 * spent)"), cookbook/administration/activity-export.mdx ("reasoning tokens are included in
 * completion tokens for billing") and analytics-cost-control.mdx (counts may be strings; a
 * truncated result is a partial one, which read.c refuses); OpenRouterTeam/skills,
 * openrouter-analytics-schema (credits_usage: "all charges billed to OpenRouter credits in USD,
 * including BYOK platform fees"; total_usage is "sum(usage) + sum(byok_usage_inference)"; rows of
 * server tools are in no request_count; api_key_id is the name of the key).
 *
 *   money      USD
 *   days       of UTC; times of analytics say no zone, and are of UTC
 *   prompt     with what was read from and written to caches; activity tells no part of it
 *   answer     with its reasoning
 *   model      the permanent slug, which is what the other statements of OpenRouter say
 *
 * cached_tokens are those that were read: what was written to a cache stays in the rest of the
 * prompt, so that `input` is not told.
 */
#include <assert.h>
#include <string.h>

#include "statement/json_fields.h"

#define MONEY_FIELD(NAME) (FIELD_MONEY + STATEMENT_MONEY_##NAME)
#define COUNT_FIELD(NAME) (FIELD_COMPONENTS + COMPONENT_##NAME)

/* --- activity ------------------------------------------------------------------------------- */

static const struct statement_line activity_lines[] = {
	{ .column = "date", .field = FIELD_DATE, .required = true },
	{ .column = "model", .field = FIELD_MODEL, .required = true },
	{ .column = "model_permaslug", .field = FIELD_MODEL },
	{ .column = "provider_name", .field = FIELD_PROVIDER },
	{ .column = "requests", .field = FIELD_REQUESTS },
	{ .column = "prompt_tokens", .field = FIELD_PROMPT_TOTAL },
	{ .column = "completion_tokens", .field = FIELD_ANSWER_TOTAL },
	{ .column = "reasoning_tokens", .field = COUNT_FIELD(REASONING) },
	{ .column = "usage", .field = MONEY_FIELD(AMOUNT), .required = true },
	{ .column = "byok_usage_inference", .field = MONEY_FIELD(UPSTREAM) },
	{ .column = NULL },
};

/* The day of a date, which some write as its first moment: "2025-08-24 00:00:00". */
static void whole_day(struct statement_row *row)
{
	row->from_ms = moment_floor(row->from_ms, MOMENT_DAY);
	row->to_ms = row->from_ms + MS_PER_DAY;
}

/* What own keys paid of it is in no amount: of a request all, of a sum so much. */
static void mark_byok(struct statement_row *row)
{
	if (statement_has(row, STATEMENT_MONEY_UPSTREAM) &&
	    row->money[STATEMENT_MONEY_UPSTREAM].attos > 0)
		row->flags |= row->request ? STATEMENT_BYOK : STATEMENT_BYOK_PART;
}

static int activity_element(struct statement_reader *reader, const struct json *doc,
                            uint32_t element, struct fault *fault)
{
	static const char *const groups[] = { "endpoint_id", NULL };
	char scratch[JSON_FIELDS_SCRATCH_BYTES];
	const struct json_fields fields = {
		.reader = reader, .doc = doc, .node = element, .fault = fault, .scratch = scratch
	};
	struct statement_row row;
	int r;

	statement_row_init(&row);
	row.record = statement_record(reader);
	r = json_fields_take(&fields, activity_lines, &row);
	if (r < 0)
		return r;
	whole_day(&row);
	mark_byok(&row);
	json_fields_describe(&fields, groups, &row);
	r = json_fields_settle(&fields, "prompt_tokens", "completion_tokens", &row);
	if (r < 0)
		return r;
	return statement_emit(reader, &row, fault);
}

static bool has(const struct json *doc, uint32_t object, const char *key)
{
	return json_type_of(doc, object) == JSON_OBJECT &&
	       json_member(doc, object, key) != JSON_NONE;
}

static bool activity_is(const struct json *doc, uint32_t element)
{
	return has(doc, element, "date") && has(doc, element, "byok_usage_inference") &&
	       has(doc, element, "requests");
}

const struct statement_format statement_format_openrouter_activity = {
	.name = "openrouter-activity",
	.unit = "USD",
	.summary = "OpenRouter, GET /api/v1/activity: sums by day, model and endpoint",
	.container = STATEMENT_JSON,
	.utc = true,
	.currency = "USD",
	.element = activity_element,
	.is = activity_is,
};

/* --- analytics ------------------------------------------------------------------------------ */

static const struct statement_line analytics_lines[] = {
	{ .column = "generation_id", .field = FIELD_ID },
	{ .column = "model", .field = FIELD_MODEL },
	{ .column = "provider", .field = FIELD_PROVIDER },
	{ .column = "api_key_id", .field = FIELD_KEY },
	{ .column = "workspace", .field = FIELD_ACCOUNT },
	{ .column = "external_user", .field = FIELD_ACCOUNT },
	{ .column = "request_count", .field = FIELD_REQUESTS },
	{ .column = "tokens_prompt", .field = FIELD_PROMPT_TOTAL },
	{ .column = "cached_tokens", .field = COUNT_FIELD(CACHE_READ) },
	{ .column = "tokens_completion", .field = FIELD_ANSWER_TOTAL },
	{ .column = "reasoning_tokens", .field = COUNT_FIELD(REASONING) },
	{ .column = "byok_usage", .field = MONEY_FIELD(UPSTREAM) },
	{ .column = "usage_data", .field = MONEY_FIELD(DISCOUNT), .negative = true },
	{ .column = NULL },
};

/* What is no tokens, each a part of what is charged. */
static const struct statement_line fee_lines[][2] = {
	{ { .column = "usage_web", .field = MONEY_FIELD(FEE) }, { .column = NULL } },
	{ { .column = "usage_web_fetch", .field = MONEY_FIELD(FEE) }, { .column = NULL } },
	{ { .column = "usage_file", .field = MONEY_FIELD(FEE) }, { .column = NULL } },
};

static const struct statement_line credits_lines[] = {
	{ .column = "credits_usage", .field = MONEY_FIELD(AMOUNT) },
	{ .column = NULL },
};
static const struct statement_line total_lines[] = {
	{ .column = "total_usage", .field = MONEY_FIELD(AMOUNT) },
	{ .column = NULL },
};

static const struct statement_line byok_lines[] = {
	{ .column = "byok_usage", .field = MONEY_FIELD(AMOUNT) },
	{ .column = NULL },
};

static int take_fees(const struct json_fields *fields, struct statement_row *row)
{
	for (size_t i = 0; i < sizeof(fee_lines) / sizeof(fee_lines[0]); i++) {
		struct money before = row->money[STATEMENT_MONEY_FEE];
		int r;

		if (json_fields_at(fields, fee_lines[i][0].column) == JSON_NONE)
			continue;
		r = json_fields_take(fields, fee_lines[i], row);
		if (r == 0)
			r = money_add(before, row->money[STATEMENT_MONEY_FEE],
			              &row->money[STATEMENT_MONEY_FEE]);
		if (r == -FAULT_RANGE)
			return json_fields_refuse(fields, FAULT_RANGE, fee_lines[i][0].column,
			                          "the sum of the fees is no amount");
		if (r < 0)
			return r;
	}
	return 0;
}

/* What was billed to credits; else the total without what was paid with the customer's keys. */
static int take_amount(const struct json_fields *fields, struct statement_row *row)
{
	struct money *amount = &row->money[STATEMENT_MONEY_AMOUNT];
	struct statement_row byok;
	int r;

	if (json_fields_at(fields, "credits_usage") != JSON_NONE)
		return json_fields_take(fields, credits_lines, row);
	r = json_fields_take(fields, total_lines, row);
	if (r < 0 || !statement_has(row, STATEMENT_MONEY_AMOUNT))
		return r;
	statement_row_init(&byok);
	r = json_fields_take(fields, byok_lines, &byok);
	if (r < 0)
		return r;
	if (!statement_has(&byok, STATEMENT_MONEY_AMOUNT)) {
		statement_note(fields->reader, "total_usage has in it what was paid with the "
		                               "customer's own keys: ask for credits_usage too");
		return 0;
	}
	/* The difference is as exact as both are. */
	if (byok.decimals > row->decimals)
		row->decimals = byok.decimals;
	row->flags |= byok.flags;
	r = money_sub(*amount, statement_amount(&byok), amount);
	return r < 0 ? json_fields_refuse(fields, (enum fault_code) - r, "total_usage",
	                                  "less byok_usage it is no amount")
	             : 0;
}

enum span { SPAN_MINUTE, SPAN_HOUR, SPAN_DAY, SPAN_WEEK, SPAN_MONTH };
static const struct {
	const char *name;
	enum span span;
} spans[] = {
	{ "__minute", SPAN_MINUTE }, { "__hour", SPAN_HOUR },   { "__day", SPAN_DAY },
	{ "__week", SPAN_WEEK },     { "__month", SPAN_MONTH },
};

/* The key of the time of a row ("date__day", "created_at__hour"); JSON_NONE: it has none. */
static uint32_t span_key(const struct json *doc, uint32_t row, enum span *span_out)
{
	for (uint32_t k = json_first(doc, row); k != JSON_NONE; k = json_next(doc, row, k)) {
		struct text key = doc->nodes[k].text;

		for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
			size_t len = strlen(spans[i].name);

			if (key.len <= len ||
			    memcmp(key.at + key.len - len, spans[i].name, len) != 0)
				continue;
			key.len -= len;
			*span_out = spans[i].span;
			if (text_is(key, "date") || text_is(key, "created_at"))
				return k;
			break;
		}
	}
	return JSON_NONE;
}

/* "2026-07-31 18:00:00" and "2025-01-01T00:00:00.000Z"; both of UTC. */
static bool utc_moment(struct text t, int64_t *ms_out)
{
	char zoned[MOMENT_TEXT_BYTES];

	if (moment_parse_date(t, ms_out))
		return true;
	if (t.at == NULL || t.len + 2 > sizeof(zoned))
		return false;
	memcpy(zoned, t.at, t.len);
	memcpy(zoned + t.len, "Z", 2);
	return moment_parse(text_of(zoned), ms_out);
}

static int take_span(const struct json_fields *fields, struct statement_row *row)
{
	enum span span = SPAN_DAY;
	uint32_t key = span_key(fields->doc, fields->node, &span);
	int64_t from;

	if (key == JSON_NONE && row->id.len > 0)
		return 0; /* a request, which is found by its id */
	if (key == JSON_NONE)
		return statement_refuse(
			fields->reader, FAULT_INVALID, fields->fault,
			"no date__day, date__hour ...: ask for a granularity, since a "
			"sum without a span cannot be compared");
	if (!utc_moment(json_string(fields->doc, key + 1), &from))
		return statement_refuse(fields->reader, FAULT_SYNTAX, fields->fault,
		                        "%.*s: it is no time",
		                        TEXT_ARGS(fields->doc->nodes[key].text));
	row->from_ms = from;
	switch (span) {
	case SPAN_MINUTE:
		row->to_ms = from + MS_PER_HOUR / 60;
		break;
	case SPAN_HOUR:
		row->to_ms = from + MS_PER_HOUR;
		break;
	case SPAN_DAY:
		row->to_ms = from + MS_PER_DAY;
		break;
	case SPAN_WEEK:
		row->to_ms = from + 7 * MS_PER_DAY;
		break;
	case SPAN_MONTH:
		row->to_ms = moment_floor(moment_floor(from, MOMENT_MONTH) + 32 * MS_PER_DAY,
		                          MOMENT_MONTH);
		break;
	}
	return 0;
}

static int analytics_element(struct statement_reader *reader, const struct json *doc,
                             uint32_t element, struct fault *fault)
{
	/* Dimensions of /analytics/meta that are of no field. */
	static const char *const groups[] = { "variant",   "origin",      "country",
		                              "skin",      "data_region", "finish_reason",
		                              "app",       "user",        "context_length_bucket",
		                              "workspace", "session_id",  "streamed",
		                              NULL };
	char scratch[JSON_FIELDS_SCRATCH_BYTES];
	const struct json_fields fields = {
		.reader = reader, .doc = doc, .node = element, .fault = fault, .scratch = scratch
	};
	struct statement_row row;
	int r;

	statement_row_init(&row);
	row.record = statement_record(reader);
	row.from_ms = row.to_ms = STATEMENT_UNTOLD;
	r = json_fields_take(&fields, analytics_lines, &row);
	if (r == 0)
		r = take_fees(&fields, &row);
	if (r == 0)
		r = take_amount(&fields, &row);
	if (r == 0)
		r = take_span(&fields, &row);
	json_fields_describe(&fields, groups, &row);
	if (r == 0 && row.id.len > 0 && row.requests <= 1) {
		row.request = true;
		row.requests = 1;
	}
	mark_byok(&row);
	if (r == 0)
		r = json_fields_settle(&fields, "tokens_prompt", "tokens_completion", &row);
	return r < 0 ? r : statement_emit(reader, &row, fault);
}

static bool analytics_is(const struct json *doc, uint32_t element)
{
	enum span span;

	return json_type_of(doc, element) == JSON_OBJECT &&
	       span_key(doc, element, &span) != JSON_NONE;
}

const struct statement_format statement_format_openrouter_analytics = {
	.name = "openrouter-analytics",
	.unit = "USD",
	.summary = "OpenRouter, POST /api/v1/analytics/query: sums by minute, hour, day ...",
	.container = STATEMENT_JSON,
	.utc = true,
	.currency = "USD",
	.element = analytics_element,
	.is = analytics_is,
};
