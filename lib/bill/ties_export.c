/*
 * The export of events, written by its own code and read again from its text: a line as an import
 * reads it, a row of CSV by its header.
 */
#include "base/buf.h"
#include "base/json.h"
#include "base/table.h"
#include "bill/ties_internal.h"
#include "export/events.h"
#include "export/export.h"
#include "ledger/correct.h"
#include "usage/event.h"

/* 9999-01-01: whatever is stored was understood once, by the clock of then. */
#define NEVER_IN_THE_FUTURE INT64_C(253370764800000)

enum { CSV_TURN, CSV_STATUS, CSV_AMOUNT, CSV_COST, CSV_COMPONENTS };
enum { CSV_COLUMNS = CSV_COMPONENTS + COMPONENT_COUNT };

struct exporting {
	struct tie_progress *progress;
	struct tie_sums ndjson, csv;
	struct buf text, cell;
	struct json doc, extra;
	struct arena arena;
	/* Of each column of the CSV, what it is; CSV_COLUMNS: nothing that is summed up. */
	int columns[TABLE_COLUMNS_MAX];
	size_t column_count;
	struct fault *fault;
};

static int no_sum(struct exporting *exporting)
{
	return fault_set(exporting->fault, FAULT_RANGE, "a sum of the export does not fit");
}

static int unread(struct exporting *exporting, const char *form, struct text id, const char *why)
{
	return fault_set(exporting->fault, FAULT_CORRUPT, "the %s of event %.*s: %s", form,
	                 TEXT_ARGS(id), why);
}

/* Absent and empty are 0: it waits for a price, or has no cost. */
static bool read_money(struct text text, struct money *out)
{
	out->attos = 0;
	return text.len == 0 || money_parse(text, out, NULL) == 0;
}

/* ---- NDJSON ---- */

static int read_line(struct exporting *exporting, struct text id)
{
	const struct event_defaults defaults = { { NULL, 0 }, NEVER_IN_THE_FUTURE };
	const struct json *doc = &exporting->doc;
	struct text line = buf_text(&exporting->text);
	struct event_refusal refusal;
	struct tie_sums sums = { .events = 0 };
	struct event event;
	uint32_t stored;
	int r;

	line.len--; /* its newline */
	arena_reset(&exporting->arena);
	r = event_decode(line, &defaults, &exporting->doc, &exporting->arena, &event, &refusal);
	if (r < 0)
		return fault_set(exporting->fault, FAULT_NOMEM, "the export: out of memory");
	if (refusal.reason != REASON_NONE)
		return unread(exporting, "line", id, refusal.detail);
	stored = json_member(doc, 0, "stored");
	if (!read_money(json_string(doc, json_member(doc, stored, "amount")), &sums.amount) ||
	    !read_money(json_string(doc, json_member(doc, stored, "cost")), &sums.cost))
		return unread(exporting, "line", id, "what it was rated at is no amount");
	sums.events = json_member(doc, stored, "turn") == JSON_NONE;
	sums.errors = sums.events == 1 && event.status >= 400;
	for (int c = 0; c < COMPONENT_COUNT; c++)
		sums.count[c] = event.usage.count[c];
	return tie_sums_add(&exporting->ndjson, &sums) < 0 ? no_sum(exporting) : 0;
}

/* ---- CSV (RFC 4180) ---- */

/* Takes a cell off the front of *rest, unquoted, into `cell`; false: there is none. */
static bool take_cell(struct text *rest, struct buf *cell)
{
	bool quoted = rest->len > 0 && rest->at[0] == '"';
	size_t i = quoted ? 1 : 0;

	buf_clear(cell);
	if (rest->len == 0)
		return false;
	for (; i < rest->len; i++) {
		char c = rest->at[i];

		if (quoted && c == '"' && i + 1 < rest->len && rest->at[i + 1] == '"')
			i++;
		else if (quoted && c == '"')
			quoted = false;
		else if (!quoted && (c == ',' || c == '\n'))
			break;
		if (c != '"' || quoted)
			buf_add(cell, &c, 1);
	}
	if (quoted || i == rest->len)
		return false;
	rest->at += i + 1;
	rest->len -= i + 1;
	return true;
}

static int column_named(struct text key)
{
	static const char *const names[] = { "turn", "status", "amount", "cost" };

	for (int i = 0; i < CSV_COMPONENTS; i++) {
		if (text_is(key, names[i]))
			return i;
	}
	return CSV_COMPONENTS + (int)component_find(key);
}

static int read_header(struct exporting *exporting)
{
	struct table table = { .rows = NULL };
	size_t found = 0;
	struct text rest;

	export_event_columns(&table);
	export_csv(&exporting->text, &table);
	table_release(&table);
	rest = buf_text(&exporting->text);
	while (exporting->column_count < TABLE_COLUMNS_MAX && take_cell(&rest, &exporting->cell)) {
		int column = column_named(buf_text(&exporting->cell));

		exporting->columns[exporting->column_count++] = column;
		found += column < CSV_COLUMNS;
	}
	buf_clear(&exporting->text);
	return found == CSV_COLUMNS
	               ? 0
	               : fault_set(exporting->fault, FAULT_CORRUPT,
	                           "the header of the CSV lacks a column that is summed up");
}

static bool take_column(struct tie_sums *sums, int column, struct text cell)
{
	int64_t *count = column == CSV_STATUS ? &sums->errors : &sums->count[0];

	if (column == CSV_TURN)
		sums->events = cell.len == 0;
	if (column == CSV_TURN || column >= CSV_COLUMNS)
		return true;
	if (column == CSV_AMOUNT || column == CSV_COST)
		return read_money(cell, column == CSV_COST ? &sums->cost : &sums->amount);
	if (column >= CSV_COMPONENTS)
		count = &sums->count[column - CSV_COMPONENTS];
	return cell.len == 0 || text_int(cell, count);
}

static int read_row(struct exporting *exporting, struct text id)
{
	struct tie_sums sums = { .events = 0 };
	struct text rest = buf_text(&exporting->text);
	size_t c = 0;

	for (; c < exporting->column_count && take_cell(&rest, &exporting->cell); c++) {
		if (!take_column(&sums, exporting->columns[c], buf_text(&exporting->cell)))
			return unread(exporting, "row", id, "a number is none");
	}
	if (exporting->cell.error != 0)
		return fault_set(exporting->fault, FAULT_NOMEM, "the export: out of memory");
	if (c != exporting->column_count || rest.len > 0)
		return unread(exporting, "row", id, "it has other columns than the header");
	/* It was the status so far. */
	sums.errors = sums.events == 1 && sums.errors >= 400;
	return tie_sums_add(&exporting->csv, &sums) < 0 ? no_sum(exporting) : 0;
}

/* ---- both, event by event ---- */

static int write_row(struct exporting *exporting, const struct stored_event *stored)
{
	struct table table = { .rows = NULL };
	int r;

	export_event_columns(&table);
	export_event_row(&table, stored);
	export_csv_rows(&exporting->text, &table);
	r = table.error;
	table_release(&table);
	return r;
}

static int on_event(void *context, const struct stored_event *stored)
{
	struct exporting *exporting = context;
	struct buf *text = &exporting->text;
	int r;

	tie_progress_step(exporting->progress);
	buf_clear(text);
	r = export_event_line(text, stored, &exporting->extra, exporting->fault);
	if (r == 0 && text->error == 0)
		r = read_line(exporting, stored->event.id);
	if (r < 0 || text->error != 0)
		return r < 0 ? r : fault_set(exporting->fault, FAULT_NOMEM, "out of memory");
	buf_clear(text);
	r = write_row(exporting, stored);
	if (r < 0 || text->error != 0)
		return fault_set(exporting->fault, FAULT_NOMEM, "the export: out of memory");
	return read_row(exporting, stored->event.id);
}

int ties_read_exports(struct ledger *ledger, struct tie_progress *progress,
                      struct tie_sums *ndjson_out, struct tie_sums *csv_out, struct fault *fault)
{
	const struct ties_query *query = progress->query;
	struct exporting exporting = { .progress = progress, .fault = fault };
	int r = read_header(&exporting);

	if (r == 0)
		r = ledger_each_event_now(ledger, query->from_ms, query->to_ms, on_event,
		                          &exporting, fault);
	if (r == 0) {
		*ndjson_out = exporting.ndjson;
		*csv_out = exporting.csv;
	}
	buf_release(&exporting.text);
	buf_release(&exporting.cell);
	json_release(&exporting.doc);
	json_release(&exporting.extra);
	arena_release(&exporting.arena);
	return r;
}
