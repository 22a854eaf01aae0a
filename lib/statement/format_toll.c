/*
 * toll's own: a table whose columns, or records whose members, have the names of the fields
 * themselves (field.def, component.def, money.def), in dollars and single units; and what
 * `toll export events` writes, as CSV and as lines of JSON.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "statement/format_ledger.h"
#include "statement/reader.h"

#define MONEY(NAME)     (FIELD_MONEY + STATEMENT_MONEY_##NAME)
#define COMPONENT(NAME) (FIELD_COMPONENTS + COMPONENT_##NAME)

static const struct statement_line lines[] = {
#define F(NAME, name, KIND, text)       { .column = name, .field = FIELD_##NAME },
#define C(NAME, key, UNIT, ROLE, STORE) { .column = key, .field = COMPONENT(NAME) },
#define M(NAME, name, text)             { .column = name, .field = MONEY(NAME) },
#include "statement/field.def"
#include "statement/money.def"
#include "usage/component.def"
#undef F
#undef C
#undef M
	{ .column = NULL },
};

/*
 * The columns of an export that say how an event came to be, and of the rows of toll statement
 * show, where each stood.
 */
static const char *const export_columns[] = {
	"api",        "region",     "status", "latency_ms", "ttft_ms", "stream", "extra",  "served",
	"settlement", "provenance", "turn",   "price_id",   "policy",  "kinds",  "record", "flags",
};

static bool has_column(const struct text *header, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (text_is(header[i], name))
			return true;
	}
	return false;
}

static bool is_export(const struct text *header, size_t count)
{
	return has_column(header, count, "price_id");
}

/* The rows of toll statement show. */
static bool is_shown(const struct text *header, size_t count)
{
	return has_column(header, count, "record") && has_column(header, count, "flags");
}

static bool knows(struct text name, const struct text *header, size_t count)
{
	for (size_t i = 0; i < sizeof(export_columns) / sizeof(export_columns[0]); i++) {
		if (text_is(name, export_columns[i]))
			return true;
	}
	/* Of an export it is what the event cost us; anywhere else it may be what is due. */
	return text_is(name, "cost") && is_export(header, count);
}

/* Names of fields: what they tell together. */
struct told {
	bool time, value, other; /* `other`: a name that is none */
};

static void tell(struct told *told, struct text name)
{
	enum statement_field field = statement_field_find(name);

	told->time = told->time || field == FIELD_TIME || field == FIELD_FROM ||
	             field == FIELD_DATE;
	told->value = told->value || (field != FIELD_COUNT && field >= FIELD_COMPONENTS) ||
	              field == FIELD_QUANTITY || field == FIELD_PROMPT_TOTAL ||
	              field == FIELD_ANSWER_TOTAL;
	told->other = told->other || field == FIELD_COUNT;
}

static bool fits(const struct text *header, size_t count)
{
	struct told told = { .other = false };

	for (size_t i = 0; i < count; i++) {
		if (!knows(header[i], header, count))
			tell(&told, header[i]);
	}
	return told.time && told.value && !told.other;
}

static bool is(const struct json *doc, uint32_t element)
{
	struct told told = { .other = false };

	for (uint32_t k = json_first(doc, element); k != JSON_NONE; k = json_next(doc, element, k))
		tell(&told, json_string(doc, k));
	return told.time && told.value && !told.other;
}

/* What we write as CSV has a ' before what a spreadsheet would take for a formula. */
static void undo_quotes(struct statement_row *row)
{
	struct text *const texts[] = { &row->id,         &row->upstream_id, &row->request_id,
		                       &row->source,     &row->account,     &row->key,
		                       &row->model,      &row->provider,    &row->service_tier,
		                       &row->description };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct text *t = texts[i];

		if (t->len > 1 && t->at[0] == '\'' && t->at[1] != '\0' &&
		    strchr("=+-@\t\r\n", t->at[1]) != NULL)
			*t = (struct text){ t->at + 1, t->len - 1 };
	}
}

static int take_extra(struct statement_reader *reader, struct text extra, struct statement_row *row,
                      struct fault *fault)
{
	int r = json_parse(&reader->doc, extra, NULL);

	if (r < 0)
		return statement_refuse(reader, (enum fault_code) - r, fault,
		                        "column extra is no JSON, as an export writes it");
	row->upstream_id = json_string(&reader->doc, json_member(&reader->doc, 0, "upstream_id"));
	return 0;
}

static int finish_export(struct statement_reader *reader, const struct statement_record *record,
                         struct statement_row *row, struct fault *fault)
{
	struct text extra = statement_cell(record, "extra");

	undo_quotes(row);
	/* Empty is what was not sent: it does not say that the answer was blank. */
	if (statement_cell(record, "finish_reason").at == NULL)
		row->flags &= ~(unsigned)STATEMENT_BLANK;
	if (text_is(statement_cell(record, "settlement"), "abandoned"))
		row->flags |= STATEMENT_CANCELLED;
	if (statement_cell(record, "turn").at != NULL)
		statement_take_turn(row);
	if (!statement_has(row, STATEMENT_MONEY_AMOUNT))
		statement_note(reader, "an event waits for its price: it has no amount");
	return extra.at != NULL ? take_extra(reader, extra, row, fault) : 0;
}

static int finish(struct statement_reader *reader, const struct statement_record *record,
                  struct statement_row *row, struct fault *fault)
{
	if (record == NULL)
		return 0;
	if (is_export(record->header, record->count))
		return finish_export(reader, record, row, fault);
	if (is_shown(record->header, record->count))
		undo_quotes(row);
	return 0;
}

const struct statement_format statement_format_toll = {
	.name = "toll",
	.unit = "its currency",
	.summary = "columns or members with the names of toll's own fields; toll export events "
		   "--csv",
	.container = STATEMENT_CSV,
	.lines = lines,
	.knows = knows,
	.fits = fits,
	.finish = finish,
	.is = is,
};

/* ---- lines of an export ---- */

static const struct statement_line event_lines[] = {
	{ .column = "time", .field = FIELD_TIME, .required = true },
	{ .column = "id", .field = FIELD_ID, .required = true },
	{ .column = "upstream_id", .field = FIELD_UPSTREAM_ID },
	{ .column = "source", .field = FIELD_SOURCE },
	{ .column = "account", .field = FIELD_ACCOUNT },
	{ .column = "key", .field = FIELD_KEY },
	{ .column = "model", .field = FIELD_MODEL },
	{ .column = "provider", .field = FIELD_PROVIDER },
	{ .column = "service_tier", .field = FIELD_SERVICE_TIER },
	{ .column = "finish_reason", .field = FIELD_FINISH },
	{ .column = "stored.amount", .field = MONEY(AMOUNT) },
#define C(NAME, key, UNIT, ROLE, STORE) { .column = "usage." key, .field = COMPONENT(NAME) },
#include "usage/component.def"
#undef C
	{ .column = NULL },
};

static bool is_event(const struct json *doc, uint32_t element)
{
	return json_type_of(doc, json_member(doc, element, "stored")) == JSON_OBJECT &&
	       json_type_of(doc, json_member(doc, element, "usage")) == JSON_OBJECT &&
	       json_member(doc, element, "settlement") != JSON_NONE;
}

static int finish_event(struct statement_reader *reader, const struct statement_record *record,
                        struct statement_row *row, struct fault *fault)
{
	const struct json *doc = &reader->doc;
	uint32_t stored = json_member(doc, 0, "stored");

	(void)record;
	(void)fault;
	if (text_is(json_string(doc, json_member(doc, 0, "settlement")), "abandoned"))
		row->flags |= STATEMENT_CANCELLED;
	if (json_member(doc, stored, "turn") != JSON_NONE)
		statement_take_turn(row);
	if (!statement_has(row, STATEMENT_MONEY_AMOUNT))
		statement_note(reader, "an event waits for its price: it has no amount");
	return 0;
}

const struct statement_format statement_format_toll_events = {
	.name = "toll-events",
	.unit = "its currency",
	.summary = "toll export events: a line of JSON an event",
	.container = STATEMENT_JSON,
	.lines = event_lines,
	.finish = finish_event,
	.is = is_event,
};
