/*
 * Google Cloud's billing export, as JSON out of BigQuery (bq query --format=json, or an export of
 * the table as lines): the lines of models are taken, by their SKUs; those of other services are
 * passed over, and summed up in the notes.
 *
 * Sources: docs.cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/standard-usage
 * (cost is before credits, each of which is below zero; cost_type; usage.amount in usage.unit); the
 * names of SKUs: "Generate content input token count gemini 2.5 flash short input text", "Gemini
 * 2.5 Pro Text Input - Predictions", "Gemini 3 Flash Image Input Caching Priority".
 *
 *   amount   cost and its credits; what they come to is the discount.  LIST is cost_at_list
 *   counts   usage.amount, of unit "count", where the SKU says of which tokens
 *   model    as in the SKU, written as Google's ids are: "gemini-2.5-flash"
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "statement/json_fields.h"
#include "statement/when.h"
#include "statement/words.h"

#define MONEY(NAME) (FIELD_MONEY + STATEMENT_MONEY_##NAME)

enum { MODEL_BYTES = 80 };

static const struct statement_line lines[] = {
	{ .column = "cost", .field = MONEY(AMOUNT), .required = true },
	{ .column = "cost_at_list", .field = MONEY(LIST) },
	{ .column = "currency", .field = FIELD_CURRENCY, .required = true },
	{ .column = "project.id", .field = FIELD_ACCOUNT },
	{ .column = "sku.description", .field = FIELD_DESCRIPTION },
	{ .column = NULL },
};

static const struct {
	const char *type;
	enum statement_charge charge;
} charges[] = {
	{ "regular", STATEMENT_USAGE },
	{ "tax", STATEMENT_TAX },
	{ "adjustment", STATEMENT_ADJUSTMENT },
	{ "rounding_error", STATEMENT_ADJUSTMENT },
};

/* RFC 3339, or as BigQuery writes a TIMESTAMP: "2024-11-01 05:00:00 UTC", with or without UTC. */
static int take_time(const struct json_fields *fields, const char *path, int64_t *ms_out)
{
	struct text written = { NULL, 0 };
	struct statement_when when;
	int r = json_fields_text(fields, path, &written);

	if (r == 0 && written.at == NULL)
		return json_fields_refuse(fields, FAULT_INVALID, path,
		                          "it must be there, and is not");
	if (r == 0 && !statement_when(written, CLOCK_TEXT, statement_zone(fields->reader), &when))
		return json_fields_refuse(fields, FAULT_SYNTAX, path, "%.*s is no time",
		                          TEXT_ARGS(written));
	if (r < 0)
		return r;
	statement_note_when(fields->reader, &when);
	*ms_out = when.ms;
	return 0;
}

static int take_charge(const struct json_fields *fields, struct statement_row *row)
{
	struct text type = { NULL, 0 };
	int r = json_fields_text(fields, "cost_type", &type);

	if (r < 0 || type.at == NULL)
		return r;
	for (size_t i = 0; i < sizeof(charges) / sizeof(charges[0]); i++) {
		if (text_is(type, charges[i].type)) {
			row->charge = charges[i].charge;
			return 0;
		}
	}
	return json_fields_refuse(fields, FAULT_INVALID, "cost_type", "%.*s is none that is known",
	                          TEXT_ARGS(type));
}

/* Each below zero: what the amount is less by. */
static int take_credits(const struct json_fields *fields, struct statement_row *row)
{
	uint32_t credits = json_fields_at(fields, "credits");
	struct money *amount = &row->money[STATEMENT_MONEY_AMOUNT], sum = { 0 };

	if (json_type_of(fields->doc, credits) != JSON_ARRAY)
		return 0;
	for (uint32_t c = json_first(fields->doc, credits); c != JSON_NONE;
	     c = json_next(fields->doc, credits, c)) {
		uint32_t value = json_member(fields->doc, c, "amount");
		struct statement_row part;

		statement_row_init(&part);
		if (value == JSON_NONE ||
		    statement_set_money(&part, STATEMENT_MONEY_AMOUNT,
		                        fields->doc->nodes[value].text, 0) < 0 ||
		    money_add(sum, statement_amount(&part), &sum) < 0 ||
		    money_add(*amount, statement_amount(&part), amount) < 0)
			return json_fields_refuse(fields, FAULT_INVALID, "credits",
			                          "one of them has no amount");
		row->flags |= part.flags;
		if (part.decimals > row->decimals)
			row->decimals = part.decimals;
	}
	if (sum.attos < 0) {
		row->money[STATEMENT_MONEY_DISCOUNT].attos = -sum.attos;
		row->has_money |= UINT32_C(1) << STATEMENT_MONEY_DISCOUNT;
	}
	return 0;
}

static bool ends_model(struct text word)
{
	static const char *const ends[] = { "text",  "short",  "long",   "input",    "output",
		                            "audio", "video",  "batch",  "flex",     "priority",
		                            "non",   "cached", "global", "thinking", "for" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (word.len == strlen(ends[i]) && strncasecmp(word.at, ends[i], word.len) == 0)
			return true;
	}
	return false;
}

/* " gemini 2.5 flash short input text" as "gemini-2.5-flash"; absent where nothing is left. */
static struct text model_of(struct text words, char out[MODEL_BYTES])
{
	size_t len = 0;
	struct text word;

	while (text_cut(&words, ' ', &word)) {
		if (len == 0 && (word.len == 0 || text_is(word, "for")))
			continue;
		if (word.len == 0 || ends_model(word) || len + word.len + 1 >= MODEL_BYTES)
			break;
		if (len > 0)
			out[len++] = '-';
		for (size_t i = 0; i < word.len; i++)
			out[len++] = (char)tolower((unsigned char)word.at[i]);
	}
	return len > 0 ? (struct text){ out, len } : text_of(NULL);
}

/* Before the tokens ("Gemini 2.5 Pro Text Input") or behind them ("... token count gemini ..."). */
static struct text find_model(const struct statement_words *words, char out[MODEL_BYTES])
{
	return model_of(statement_has_word(words->behind, "gemini") ? words->behind : words->before,
	                out);
}

static int take_tokens(const struct json_fields *fields, const struct statement_words *words,
                       struct statement_row *row)
{
	uint32_t amount = json_fields_at(fields, "usage.amount");
	struct text unit = { NULL, 0 };
	int r = json_fields_text(fields, "usage.unit", &unit);

	row->of = words->component;
	if (words->service_tier != NULL)
		row->service_tier = text_of(words->service_tier);
	if (r < 0 || amount == JSON_NONE || !text_is(unit, "count"))
		return r;
	if (statement_set_count(row, words->component, fields->doc->nodes[amount].text, 1) < 0)
		statement_note(fields->reader,
		               "quantities that are no whole number of tokens: not taken");
	return 0;
}

static int element(struct statement_reader *reader, const struct json *doc, uint32_t node,
                   struct fault *fault)
{
	struct json_fields fields = { .reader = reader, .doc = doc, .node = node, .fault = fault };
	struct text service = { NULL, 0 };
	struct statement_words words;
	struct statement_row row;
	char model[MODEL_BYTES];
	int r;

	statement_row_init(&row);
	r = json_fields_take(&fields, lines, &row);
	if (r == 0)
		r = take_time(&fields, "usage_start_time", &row.from_ms);
	if (r == 0)
		r = take_time(&fields, "usage_end_time", &row.to_ms);
	if (r == 0)
		r = take_charge(&fields, &row);
	if (r == 0)
		r = take_credits(&fields, &row);
	if (r == 0)
		r = json_fields_text(&fields, "service.description", &service);
	if (r < 0)
		return r;
	statement_words_read(row.description, &words);
	if (!statement_has_word(service, "gemini") && !statement_has_word(service, "vertex") &&
	    !statement_has_word(service, "generative language"))
		return statement_pass_over(reader, &row, fault);
	if (row.charge == STATEMENT_USAGE && statement_amount(&row).attos < 0)
		row.charge = STATEMENT_ADJUSTMENT;
	row.provider = text_of("google");
	if (words.component != COMPONENT_COUNT) {
		row.model = find_model(&words, model);
		r = take_tokens(&fields, &words, &row);
	}
	return r < 0 ? r : statement_emit(reader, &row, fault);
}

static bool is(const struct json *doc, uint32_t node)
{
	return json_type_of(doc, json_member(doc, node, "sku")) == JSON_OBJECT &&
	       json_type_of(doc, json_member(doc, node, "service")) == JSON_OBJECT &&
	       json_member(doc, node, "usage_start_time") != JSON_NONE;
}

const struct statement_format statement_format_google_billing = {
	.name = "google-billing",
	.unit = "its currency",
	.summary = "Google Cloud, billing export as JSON: lines of models by hour",
	.container = STATEMENT_JSON,
	.utc = true,
	.element = element,
	.is = is,
};
