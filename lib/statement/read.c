#include "statement/read.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ledger/ledger.h"
#include "statement/format_ledger.h"
#include "statement/reader.h"

/* ---- CSV ---- */

static int take_header(struct statement_reader *reader, const struct text *cells, size_t count,
                       struct fault *fault)
{
	int r = 0;

	reader->header = arena_take(&reader->arena, count * sizeof(*reader->header));
	for (size_t c = 0; c < count && reader->header != NULL; c++) {
		if (!text_utf8(cells[c]))
			return fault_set(fault, FAULT_SYNTAX,
			                 "%s: the header is not UTF-8: iconv -f WINDOWS-1252 -t "
			                 "UTF-8 FILE | toll ... -, where that is what it is in",
			                 reader->name);
		reader->header[c] = arena_copy(&reader->arena, text_trimmed(cells[c]));
		if (reader->header[c].at == NULL)
			reader->header = NULL;
	}
	if (reader->header == NULL)
		return fault_set(fault, FAULT_NOMEM, "%s: no memory to read it", reader->name);
	reader->column_count = count;
	if (reader->mapping == NULL && reader->format == NULL)
		r = statement_tell_csv(reader, fault);
	if (r < 0)
		return r;
	reader->lines = reader->mapping != NULL ? reader->mapping->lines : reader->format->lines;
	if (reader->lines == NULL)
		return fault_set(fault, FAULT_INVALID, "%s: is CSV, and %s is JSON", reader->name,
		                 reader->format->name);
	return statement_lines_bind(reader, fault);
}

static bool is_header(const struct statement_reader *reader, const struct text *cells, size_t count)
{
	if (count != reader->column_count)
		return false;
	for (size_t c = 0; c < count; c++) {
		if (!text_equal(text_trimmed(cells[c]), reader->header[c]))
			return false;
	}
	return true;
}

bool statement_is_total(struct text cell)
{
	static const struct text words[] = { { "total", 5 }, { "totals", 6 }, { "grand total", 11 },
		                             { "sum", 3 },   { "summe", 5 },  { "gesamt", 6 } };

	cell = text_trimmed(cell);
	if (cell.len > 0 && cell.at[cell.len - 1] == ':')
		cell.len--;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (cell.len == words[i].len && strncasecmp(cell.at, words[i].at, cell.len) == 0)
			return true;
	}
	return false;
}

/* The line of the amount where this is a row of totals: "Total,,,12.34"; NULL: it is none. */
static const struct statement_line *total_line(const struct statement_reader *reader,
                                               const struct text *cells, size_t *column_out)
{
	const struct statement_line *found = NULL;

	if (!statement_is_total(cells[0]))
		return NULL;
	for (size_t i = 0; i < reader->bound_count; i++) {
		const struct statement_line *line = reader->bound[i].line;
		size_t c = reader->bound[i].column;

		if (cells[c].len == 0)
			continue;
		/* A row that has its time is one, whatever it is called. */
		if (c != 0 && statement_field_kind(line->field) == VALUE_TIME)
			return NULL;
		if (line->field == (enum statement_field)(FIELD_MONEY + STATEMENT_MONEY_AMOUNT)) {
			found = line;
			*column_out = c;
		}
	}
	return found;
}

/*
 * The last line of a file may be without its end.  But where it breaks off in a number, or in a
 * time, nobody can tell whether some digits are missing.
 */
static int check_end_of(struct statement_reader *reader, const struct text *cells,
                        struct fault *fault)
{
	size_t last = reader->column_count - 1;

	statement_note(reader, "the last line does not end: if the statement was cut there, what "
	                       "came behind it is missing");
	for (size_t i = 0; i < reader->bound_count; i++) {
		const struct statement_line *line = reader->bound[i].line;
		enum statement_kind kind = statement_field_kind(line->field);

		if (reader->bound[i].column == last &&
		    (kind == VALUE_MONEY || kind == VALUE_COUNT || kind == VALUE_TIME))
			return statement_refuse(
				reader, FAULT_SYNTAX, fault,
				"the file ends in \"%.*s\" of the column %s, without the end of "
				"the line: it was cut there, maybe within the number; fetch it "
				"again, or if it is whole: (cat FILE; echo) | toll ... -",
				(int)(cells[last].len < 40 ? cells[last].len : 40), cells[last].at,
				line->column);
	}
	return 0;
}

static int on_record(void *context, const struct text *cells, size_t count, int64_t line,
                     struct fault *fault)
{
	struct statement_reader *reader = context;
	const struct statement_line *total;
	size_t column;
	int r = 0;

	if (reader->header == NULL)
		return take_header(reader, cells, count, fault);
	reader->record++;
	reader->line = line;
	if (is_header(reader, cells, count)) {
		statement_note(reader, "the header stands again among the rows: passed over");
		return 0;
	}
	if (count != reader->column_count)
		return statement_refuse(reader, FAULT_SYNTAX, fault,
		                        count < reader->column_count
		                                ? "%zu cells, and the header has %zu: the "
		                                  "statement is cut at its end, or the row is of "
		                                  "another table"
		                                : "%zu cells, and the header has %zu: a cell with "
		                                  "the delimiter in it is not quoted",
		                        count, reader->column_count);
	if (reader->csv.open)
		r = check_end_of(reader, cells, fault);
	if (r < 0)
		return r;
	total = total_line(reader, cells, &column);
	if (total != NULL)
		return statement_lines_total(reader, total, cells[column], fault);
	reader->summary.records++;
	return statement_lines_record(reader, cells, fault);
}

/* ---- JSON ---- */

static int parse(struct statement_reader *reader, struct text json, int64_t line,
                 struct fault *fault)
{
	struct fault detail = { .code = FAULT_NONE };
	int r = json_parse(&reader->doc, json, &detail);

	if (r == -FAULT_NOMEM)
		return fault_set(fault, FAULT_NOMEM, "%s: no memory to read it", reader->name);
	if (r < 0) {
		reader->line = line;
		return statement_refuse(reader, FAULT_SYNTAX, fault, "%s", detail.text);
	}
	return 0;
}

/* Where an object is nothing but {"data":{...}}, it is that. */
static uint32_t unwrapped(const struct json *doc)
{
	uint32_t data = json_member(doc, 0, "data");

	return data != JSON_NONE && doc->nodes[0].count == 1 &&
	                       json_type_of(doc, data) == JSON_OBJECT
	               ? data
	               : 0;
}

/* A bucket of sums without any, as of a day without requests: of whichever format it is. */
static bool is_empty_bucket(const struct json *doc, uint32_t element)
{
	uint32_t results = json_member(doc, element, "results");

	return json_type_of(doc, results) == JSON_ARRAY && doc->nodes[results].count == 0;
}

static int on_element(void *context, struct text json, int64_t line, struct fault *fault)
{
	struct statement_reader *reader = context;
	uint32_t element;
	int r;

	reader->record++;
	reader->line = line;
	r = parse(reader, json, line, fault);
	if (r < 0)
		return r;
	if (json_type_of(&reader->doc, 0) != JSON_OBJECT)
		return statement_refuse(reader, FAULT_SYNTAX, fault, "an element is no object");
	element = unwrapped(&reader->doc);
	if (reader->format == NULL && reader->mapping == NULL) {
		if (is_empty_bucket(&reader->doc, element)) {
			reader->summary.records++;
			return 0;
		}
		r = statement_tell_json(reader, element, fault);
	}
	if (r < 0)
		return r;
	reader->summary.records++;
	if (reader->mapping == NULL && reader->format->element != NULL)
		return reader->format->element(reader, &reader->doc, element, fault);
	reader->lines = reader->mapping != NULL ? reader->mapping->lines : reader->format->lines;
	if (reader->mapping == NULL && reader->format->is == NULL)
		return fault_set(fault, FAULT_INVALID, "%s: is JSON, and %s is CSV", reader->name,
		                 reader->format->name);
	return statement_lines_element(reader, element, fault);
}

/* The line of the amounts; NULL: nobody told a table of them. */
static const struct statement_line *amount_line(const struct statement_reader *reader)
{
	const struct statement_line *line = reader->mapping != NULL  ? reader->mapping->lines
	                                    : reader->format != NULL ? reader->format->lines
	                                                             : NULL;

	while (line != NULL && line->column != NULL) {
		if (line->field == (enum statement_field)(FIELD_MONEY + STATEMENT_MONEY_AMOUNT))
			return line;
		line++;
	}
	return NULL;
}

/* A total beside the list is written as the amounts in it are. */
static int take_total(struct statement_reader *reader, uint32_t total, struct fault *fault)
{
	const struct statement_line *line = amount_line(reader);
	struct text number = reader->doc.nodes[total].text;

	reader->plain = json_type_of(&reader->doc, total) == JSON_NUMBER;
	if (line != NULL)
		return statement_lines_total(reader, line, number, fault);
	return statement_stated(reader, number,
	                        reader->format != NULL ? reader->format->decimals : 0, fault);
}

/* What is around a list: whether it is all, and what it says that its total is. */
static int look_around(struct statement_reader *reader, uint32_t object, struct fault *fault)
{
	static const char *const beside[] = { "metadata", "meta", "summary" };
	static const char *const totals[] = { "total_cost", "total_amount", "total_spend" };
	const struct json *doc = &reader->doc;
	int r = 0;

	if (json_type_of(doc, json_member(doc, object, "has_more")) == JSON_TRUE)
		reader->more = true;
	if (json_type_of(doc, json_member(doc, object, "truncated")) == JSON_TRUE)
		return statement_refuse(reader, FAULT_INVALID, fault,
		                        "it says that it is truncated: ask for a shorter time, or "
		                        "for less detail, so that all of it is there");
	for (size_t i = 0; i < sizeof(totals) / sizeof(totals[0]) && r == 0; i++) {
		uint32_t total = json_member(doc, object, totals[i]);

		if (json_type_of(doc, total) == JSON_NUMBER ||
		    json_type_of(doc, total) == JSON_STRING)
			r = take_total(reader, total, fault);
	}
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]) && r == 0; i++) {
		uint32_t inner = json_member(doc, object, beside[i]);

		if (json_type_of(doc, inner) == JSON_OBJECT)
			r = look_around(reader, inner, fault);
	}
	return r;
}

static int on_around(void *context, struct text json, int64_t line, struct fault *fault)
{
	struct statement_reader *reader = context;
	int r;

	reader->line = line;
	reader->more = false;
	r = parse(reader, json, line, fault);
	if (r == 0)
		r = look_around(reader, 0, fault);
	if (r == 0 &&
	    json_type_of(&reader->doc, json_member(&reader->doc, 0, "data")) == JSON_OBJECT)
		r = look_around(reader, json_member(&reader->doc, 0, "data"), fault);
	return r;
}

/* ---- all of it ---- */

static bool is_json(struct text first)
{
	size_t i = 0;

	while (i < first.len && (first.at[i] == ' ' || first.at[i] == '\t' || first.at[i] == '\n' ||
	                         first.at[i] == '\r'))
		i++;
	return i < first.len && (first.at[i] == '{' || first.at[i] == '[');
}

static bool is_blank(struct text t)
{
	size_t i = 0;

	while (i < t.len && strchr(" \t\r\n", t.at[i]) != NULL && t.at[i] != '\0')
		i++;
	return i == t.len;
}

static int feed_all(struct statement_reader *reader, struct statement_input *input,
                    struct text first, struct fault *fault)
{
	struct text chunk = first;
	int r = 0;

	reader->json = is_json(first);
	if (reader->mapping != NULL && !is_blank(first) &&
	    reader->json != (reader->mapping->container == STATEMENT_JSON))
		return fault_set(fault, FAULT_INVALID, "%s: is %s, and the mapping is for %s",
		                 reader->name, reader->json ? "JSON" : "CSV",
		                 reader->json ? "CSV" : "JSON");
	for (;;) {
		bool last = chunk.len == 0;

		r = reader->json ? statement_elements_feed(&reader->elements, chunk, last, fault)
		                 : statement_csv_feed(&reader->csv, chunk, last, fault);
		if (r != 0 || last)
			return r;
		if (reader->options->on_progress != NULL)
			reader->options->on_progress(reader->options->progress, input->read,
			                             input->total);
		r = statement_input_next(input, &chunk, fault);
		if (r < 0)
			return r;
	}
}

static int check_end(struct statement_reader *reader, struct fault *fault)
{
	if (reader->more)
		return fault_set(
			fault, FAULT_INVALID,
			"%s: its last page says that there are more (has_more): fetch them "
			"all, and put them one behind the other",
			reader->name);
	if (reader->summary.bytes == 0 || (!reader->json && reader->header == NULL))
		return fault_set(fault, FAULT_INVALID, "%s: is empty: not even a header is there",
		                 reader->name);
	return 0;
}

static int end_summary(struct statement_reader *reader, struct fault *fault)
{
	if (reader->summary.cut > 0)
		statement_note(reader,
		               "an amount has more than %d decimals, cut there, in %lld row%s",
		               MONEY_DECIMALS_MAX, (long long)reader->summary.cut,
		               reader->summary.cut == 1 ? "" : "s");
	if (reader->summary.rows == 0)
		statement_note(reader, reader->header != NULL
		                               ? "there is no row in it: a header alone"
		                               : "there is no row in it");
	reader->summary.format = reader->format;
	return statement_notes_end(reader, fault);
}

static bool is_ledger(const struct statement_reader *reader, struct text first)
{
	if (reader->format != NULL)
		return reader->format->container == STATEMENT_LEDGER;
	return reader->mapping == NULL && ledger_is_database(first);
}

static int read_bytes(struct statement_reader *reader, const char *path, struct fault *fault)
{
	struct statement_input input = { .name = reader->name };
	struct text first = { NULL, 0 };
	bool ledger;
	int r = statement_input_open(&input, path, fault);

	if (r == 0)
		r = statement_input_next(&input, &first, fault);
	ledger = r == 0 && is_ledger(reader, first);
	if (ledger)
		r = statement_read_ledger(reader, path, fault);
	if (r != 0 || ledger)
		goto out;
	r = statement_sniff(reader->name, first, fault);
	if (r == 0)
		r = feed_all(reader, &input, first, fault);
	if (r != 0)
		goto out;
	reader->summary.bytes = input.read;
	sha256_end_hex(&input.hash, reader->summary.sha256);
out:
	statement_input_close(&input);
	if (r == 0 && !ledger)
		r = check_end(reader, fault);
	return r == 0 ? end_summary(reader, fault) : r;
}

void statement_summary_release(struct statement_summary *summary)
{
	buf_release(&summary->notes);
}

int statement_read(const char *path, const struct statement_options *options,
                   statement_row_fn *each, void *context, struct statement_summary *summary_out,
                   struct fault *fault)
{
	static const struct statement_options none = { .format = NULL };
	struct statement_reader *reader = calloc(1, sizeof(*reader));
	int r;

	if (reader == NULL)
		return fault_set(fault, FAULT_NOMEM, "%s: no memory to read it", path);
	reader->name = strcmp(path, "-") == 0 ? "standard input" : path;
	reader->options = options != NULL ? options : &none;
	reader->mapping = reader->options->mapping;
	reader->format = reader->mapping == NULL ? reader->options->format : NULL;
	reader->each = each;
	reader->context = context;
	reader->csv = (struct statement_csv){ .name = reader->name,
		                              .each = on_record,
		                              .context = reader };
	if (reader->mapping != NULL)
		reader->csv.delimiter = reader->mapping->delimiter;
	reader->elements = (struct statement_elements){
		.name = reader->name, .element = on_element, .around = on_around, .context = reader
	};
	r = read_bytes(reader, path, fault);
	if (r == 0) {
		*summary_out = reader->summary;
		memset(&reader->summary, 0, sizeof(reader->summary));
	}
	statement_summary_release(&reader->summary);
	statement_csv_release(&reader->csv);
	statement_elements_release(&reader->elements);
	json_release(&reader->doc);
	arena_release(&reader->arena);
	free(reader->notes);
	free(reader);
	return r;
}
