/*
 * OpenAI's organization usage and costs.
 *
 * Sources: openai/openai-openapi openapi.yaml (UsageCompletionsResult ..., CostsResult: "The
 * numeric value of the cost", in the currency's whole units) and openai-python
 * types/admin/organization; the lines of real bills as public programs read them (line_item:
 * "gpt-5.5-2026-04-23, cached input", "priority | gpt-5.6-sol, output, long context",
 * "gpt-image-2.5-flare image, output", "web search tool calls").
 *
 *   usage      counts by bucket, no amounts.  input_tokens is all of the prompt, "including cached
 *              and cache-write tokens".  input_text_tokens, input_audio_tokens and
 *              input_image_tokens are of what was neither (400 + 50 + 50 = input_uncached_tokens
 *              500, in the documentation's example); in what was written before they had the cached
 *              ones in them: the sums tell which.  output_tokens has its reasoning in it, and does
 *              not tell how much that is: `output` is not told
 *   costs      amounts by line item, in dollars, as numbers that come of binary floats
 *
 * OpenAI: usage "may not always reconcile perfectly with the Costs"; costs are the invoice.
 * Searches are asked for by requests that are counted with the completions: they are none more.
 */
#include <string.h>

#include "statement/json_fields.h"

#define MONEY_FIELD(NAME) (FIELD_MONEY + STATEMENT_MONEY_##NAME)
#define COUNT_FIELD(NAME) (FIELD_COMPONENTS + COMPONENT_##NAME)

/* --- usage ---------------------------------------------------------------------------------- */

static const struct statement_line name_lines[] = {
	{ .column = "project_id", .field = FIELD_ACCOUNT },
	{ .column = "api_key_id", .field = FIELD_KEY },
	{ .column = "model", .field = FIELD_MODEL },
	{ .column = "service_tier", .field = FIELD_SERVICE_TIER },
	{ .column = NULL },
};

static const struct statement_line token_lines[] = {
	{ .column = "num_model_requests", .field = FIELD_REQUESTS },
	{ .column = "input_tokens", .field = FIELD_PROMPT_TOTAL, .required = true },
	{ .column = "output_tokens", .field = FIELD_ANSWER_TOTAL },
	{ .column = "input_cache_write_tokens", .field = COUNT_FIELD(CACHE_WRITE) },
	{ .column = "input_audio_tokens", .field = COUNT_FIELD(INPUT_AUDIO) },
	{ .column = "input_image_tokens", .field = COUNT_FIELD(INPUT_IMAGE) },
	{ .column = "input_cached_tokens", .field = COUNT_FIELD(CACHE_READ) },
	{ .column = "input_cached_audio_tokens", .field = COUNT_FIELD(CACHE_READ_AUDIO) },
	{ .column = "input_cached_image_tokens", .field = COUNT_FIELD(CACHE_READ_IMAGE) },
	{ .column = "output_audio_tokens", .field = COUNT_FIELD(OUTPUT_AUDIO) },
	{ .column = "output_image_tokens", .field = COUNT_FIELD(OUTPUT_IMAGE) },
	{ .column = NULL },
};
static const struct statement_line image_lines[] = {
	{ .column = "num_model_requests", .field = FIELD_REQUESTS },
	{ .column = "images", .field = COUNT_FIELD(IMAGES_OUT), .required = true },
	{ .column = NULL },
};
static const struct statement_line speech_lines[] = {
	{ .column = "num_model_requests", .field = FIELD_REQUESTS },
	{ .column = "characters", .field = COUNT_FIELD(CHARACTERS), .required = true },
	{ .column = NULL },
};
static const struct statement_line second_lines[] = {
	{ .column = "num_model_requests", .field = FIELD_REQUESTS },
	{ .column = "seconds", .field = COUNT_FIELD(SECONDS), .required = true },
	{ .column = NULL },
};
static const struct statement_line search_lines[] = {
	{ .column = "num_requests", .field = COUNT_FIELD(SEARCHES), .required = true },
	{ .column = NULL },
};
static const struct statement_line no_lines[] = { { .column = NULL } };

/* By the `object` of a result, "organization.usage.NAME.result". */
static const struct kind {
	const char *object;
	const struct statement_line *lines;
	bool tokens;
	bool no_parts;         /* all of the tokens are input */
	bool inside;           /* of requests that are counted elsewhere */
	const char *uncounted; /* what it is, where it is of no component; else NULL */
} kinds[] = {
	{ .object = "organization.usage.completions.result", .lines = token_lines, .tokens = true },
	{ .object = "organization.usage.embeddings.result",
	  .lines = token_lines,
	  .tokens = true,
	  .no_parts = true },
	{ .object = "organization.usage.moderations.result",
	  .lines = token_lines,
	  .tokens = true,
	  .no_parts = true },
	{ .object = "organization.usage.images.result", .lines = image_lines },
	{ .object = "organization.usage.audio_speeches.result", .lines = speech_lines },
	{ .object = "organization.usage.audio_transcriptions.result", .lines = second_lines },
	{ .object = "organization.usage.web_searches.result",
	  .lines = search_lines,
	  .inside = true },
	{ .object = "organization.usage.file_searches.result",
	  .lines = search_lines,
	  .inside = true },
	{ .object = "organization.usage.vector_stores.result",
	  .lines = no_lines,
	  .inside = true,
	  .uncounted = "bytes of vector stores" },
	{ .object = "organization.usage.code_interpreter_sessions.result",
	  .lines = no_lines,
	  .inside = true,
	  .uncounted = "sessions of the code interpreter" },
};

/* Audio and images without those that were cached, and the other way round. */
static int settle_modalities(const struct json_fields *fields, struct statement_row *row)
{
	int64_t *count = row->count;
	int64_t text = STATEMENT_UNTOLD, others, cached_others, rest;
	int r = json_fields_number(fields, "input_text_tokens", &text);

	if (r < 0)
		return r;
	others = count[COMPONENT_INPUT_AUDIO] + count[COMPONENT_INPUT_IMAGE];
	cached_others = count[COMPONENT_CACHE_READ_AUDIO] + count[COMPONENT_CACHE_READ_IMAGE];
	if (count[COMPONENT_CACHE_READ] < cached_others)
		return json_fields_refuse(fields, FAULT_INVALID, "input_cached_tokens",
		                          "%lld, and its audio and images are more: %lld",
		                          (long long)count[COMPONENT_CACHE_READ],
		                          (long long)cached_others);
	rest = row->prompt_total - count[COMPONENT_CACHE_READ] - count[COMPONENT_CACHE_WRITE];
	/* As it was written before: all of them, and the cached ones among them. */
	if (text != STATEMENT_UNTOLD && text + others != rest &&
	    text + others == row->prompt_total &&
	    count[COMPONENT_INPUT_AUDIO] >= count[COMPONENT_CACHE_READ_AUDIO] &&
	    count[COMPONENT_INPUT_IMAGE] >= count[COMPONENT_CACHE_READ_IMAGE]) {
		count[COMPONENT_INPUT_AUDIO] -= count[COMPONENT_CACHE_READ_AUDIO];
		count[COMPONENT_INPUT_IMAGE] -= count[COMPONENT_CACHE_READ_IMAGE];
		others -= cached_others;
	}
	count[COMPONENT_CACHE_READ] -= cached_others;
	return 0;
}

/* What is left of the prompt is `input`, where the parts are told or there are none. */
static int settle_tokens(const struct json_fields *fields, const struct kind *kind,
                         struct statement_row *row)
{
	int64_t parts = 0;
	int r = settle_modalities(fields, row);

	if (r == 0)
		r = json_fields_settle(fields, "input_tokens", "output_tokens", row);
	if (r < 0 || !(kind->no_parts || statement_tells(row, COMPONENT_CACHE_READ)))
		return r;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (component_info[c].role == ROLE_PROMPT)
			parts += row->count[c]; /* not more than the whole: it was checked */
	}
	row->count[COMPONENT_INPUT] = row->prompt_total - parts;
	row->told |= UINT32_C(1) << COMPONENT_INPUT;
	row->prompt_total = STATEMENT_UNTOLD;
	return 0;
}

/* What results are grouped by, beside the names. */
static const char *const groups[] = { "size",    "source",          "context_level",
	                              "user_id", "vector_store_id", NULL };

static const struct kind *kind_of(struct text object)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (text_is(object, kinds[i].object))
			return &kinds[i];
	}
	return NULL;
}

static int usage_result(const struct json_fields *result, struct statement_row *row)
{
	struct text object = { NULL, 0 };
	const struct kind *kind;
	bool batch = false;
	int r = json_fields_text(result, "object", &object);

	if (r < 0)
		return r;
	kind = kind_of(object);
	if (kind == NULL)
		return json_fields_refuse(result, FAULT_INVALID, "object",
		                          "%.*s is no usage that is known", TEXT_ARGS(object));
	r = json_fields_take(result, name_lines, row);
	if (r == 0)
		r = json_fields_take(result, kind->lines, row);
	if (r == 0)
		r = json_fields_flag(result, "batch", &batch);
	if (r < 0)
		return r;
	if (batch)
		row->service_tier = text_of("batch");
	if (kind->inside)
		row->requests = 0;
	if (kind->uncounted != NULL) {
		row->charge = STATEMENT_FEE;
		row->description = text_of(kind->uncounted);
		statement_note(result->reader, "%s are of no component here: not counted",
		               kind->uncounted);
	}
	json_fields_describe(result, groups, row);
	return kind->tokens ? settle_tokens(result, kind, row) : 0;
}

static int usage_element(struct statement_reader *reader, const struct json *doc, uint32_t element,
                         struct fault *fault)
{
	const struct json_fields bucket = {
		.reader = reader, .doc = doc, .node = element, .fault = fault
	};

	return json_fields_bucket(&bucket, "start_time", "end_time", usage_result);
}

/* The `object` of the first result begins with this. */
static bool results_of(const struct json *doc, uint32_t element, const char *prefix)
{
	uint32_t first = json_fields_first_result(doc, element);
	struct text object;

	if (first == JSON_NONE || json_member(doc, element, "start_time") == JSON_NONE)
		return false;
	object = json_string(doc, json_member(doc, first, "object"));
	return object.len >= strlen(prefix) && memcmp(object.at, prefix, strlen(prefix)) == 0;
}

static bool usage_is(const struct json *doc, uint32_t element)
{
	return results_of(doc, element, "organization.usage.");
}

const struct statement_format statement_format_openai_usage = {
	.name = "openai-usage",
	.unit = "counts",
	.summary = "OpenAI, /v1/organization/usage/...: sums by minute, hour or day, no amounts",
	.container = STATEMENT_JSON,
	.currency = "USD",
	.element = usage_element,
	.is = usage_is,
};

/* --- costs ---------------------------------------------------------------------------------- */

static const struct statement_line cost_lines[] = {
	{ .column = "project_id", .field = FIELD_ACCOUNT },
	{ .column = "api_key_id", .field = FIELD_KEY },
	{ .column = "line_item", .field = FIELD_DESCRIPTION },
	{ .column = "amount.value", .field = MONEY_FIELD(AMOUNT), .required = true },
	{ .column = "amount.currency", .field = FIELD_CURRENCY },
	{ .column = NULL },
};

static bool cut_front(struct text *t, const char *front)
{
	size_t len = strlen(front);

	if (t->len < len || memcmp(t->at, front, len) != 0)
		return false;
	*t = (struct text){ t->at + len, t->len - len };
	return true;
}

static bool cut_end(struct text *t, const char *end)
{
	size_t len = strlen(end);

	if (t->len < len || memcmp(t->at + t->len - len, end, len) != 0)
		return false;
	t->len -= len;
	return true;
}

/* What a line item says behind the model: " audio", then ", cached input". */
static const struct {
	const char *end;
	enum component text, audio, image;
} directions[] = {
	{ ", cached input", COMPONENT_CACHE_READ, COMPONENT_CACHE_READ_AUDIO,
	  COMPONENT_CACHE_READ_IMAGE },
	{ ", cache writes", COMPONENT_CACHE_WRITE, COMPONENT_CACHE_WRITE, COMPONENT_CACHE_WRITE },
	{ ", input", COMPONENT_INPUT, COMPONENT_INPUT_AUDIO, COMPONENT_INPUT_IMAGE },
	{ ", output", COMPONENT_OUTPUT, COMPONENT_OUTPUT_AUDIO, COMPONENT_OUTPUT_IMAGE },
};

static const char *const tiers[] = { "priority", "flex", "batch" };

/* A name as models have it: one word. */
static bool is_model(struct text t)
{
	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] == ' ' || t.at[i] == ',' || t.at[i] == '|')
			return false;
	}
	return t.len > 0;
}

static void take_tier(struct text *item, struct statement_row *row)
{
	for (size_t i = 0; i < sizeof(tiers) / sizeof(tiers[0]); i++) {
		struct text rest = *item;

		if (cut_front(&rest, tiers[i]) && cut_front(&rest, " | ")) {
			row->service_tier = text_of(tiers[i]);
			*item = rest;
		}
	}
}

/* The component and the model of a line of tokens; false: it is another line. */
static bool token_item(struct text item, struct statement_row *row)
{
	take_tier(&item, row);
	cut_end(&item, ", long context");
	for (size_t i = 0; i < sizeof(directions) / sizeof(directions[0]); i++) {
		if (!cut_end(&item, directions[i].end))
			continue;
		row->of = directions[i].text;
		if (cut_end(&item, " audio"))
			row->of = directions[i].audio;
		else if (cut_end(&item, " image"))
			row->of = directions[i].image;
		else
			cut_end(&item, " text");
		row->model = item;
		return is_model(item);
	}
	row->of = statement_component(item);
	if (row->of == COMPONENT_COUNT && is_model(item))
		row->model = item;
	return row->of != COMPONENT_COUNT || row->model.len > 0;
}

/* Of tokens of a component: the whole answer where the line is of output. */
static int take_quantity(const struct json_fields *result, struct statement_row *row)
{
	struct text unit = { NULL, 0 };
	int64_t quantity = STATEMENT_UNTOLD;
	int r = json_fields_text(result, "quantity_unit", &unit);

	if (r < 0 || row->of == COMPONENT_COUNT || (unit.len > 0 && !text_is(unit, "tokens")))
		return r;
	r = json_fields_number(result, "quantity", &quantity);
	if (r < 0 || quantity == STATEMENT_UNTOLD)
		return r;
	if (row->of == COMPONENT_OUTPUT) {
		row->answer_total = quantity;
	} else {
		row->count[row->of] = quantity;
		row->told |= UINT32_C(1) << row->of;
	}
	return 0;
}

static const char *const cost_groups[] = { "user_id", "organization_id", NULL };

static int costs_result(const struct json_fields *result, struct statement_row *row)
{
	int r = json_fields_take(result, cost_lines, row);
	struct text item = row->description;

	if (r < 0)
		return r;
	json_fields_describe(result, cost_groups, row);
	if (row->money[STATEMENT_MONEY_AMOUNT].attos < 0)
		row->charge = STATEMENT_CREDIT;
	if (item.len == 0)
		return 0;
	if (token_item(item, row))
		return take_quantity(result, row);
	row->model = row->service_tier = (struct text){ NULL, 0 };
	row->of = text_is(item, "web search tool calls") ? COMPONENT_SEARCHES : COMPONENT_COUNT;
	if (row->charge == STATEMENT_USAGE) {
		row->charge = STATEMENT_FEE;
		statement_note(result->reader, "line item \"%.*s\": taken as a fee",
		               TEXT_ARGS(item));
	}
	return 0;
}

static int costs_element(struct statement_reader *reader, const struct json *doc, uint32_t element,
                         struct fault *fault)
{
	const struct json_fields bucket = {
		.reader = reader, .doc = doc, .node = element, .fault = fault
	};

	return json_fields_bucket(&bucket, "start_time", "end_time", costs_result);
}

static bool costs_is(const struct json *doc, uint32_t element)
{
	return results_of(doc, element, "organization.costs.");
}

const struct statement_format statement_format_openai_costs = {
	.name = "openai-costs",
	.unit = "USD",
	.summary = "OpenAI, /v1/organization/costs: sums by day and line item",
	.container = STATEMENT_JSON,
	.currency = "USD",
	.element = costs_element,
	.is = costs_is,
};
