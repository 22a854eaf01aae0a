/* The first rows of a statement, by columns. */
#include <stdlib.h>
#include <string.h>

#include "statement/csv.h"
#include "statement/elements.h"
#include "statement/input.h"
#include "statement/reader.h"
#include "statement/suggest_internal.h"

enum { ENOUGH = 1 }; /* ends the reading */

struct reading {
	struct suggest_sample *sample;
	const char *name;
	size_t *columns; /* CSV: of each cell of a record; SIZE_MAX: none */
	size_t cells;
	struct json doc;
};

static int no_memory(const char *name, struct fault *fault)
{
	return fault_set(fault, FAULT_NOMEM, "%s: no memory to read it", name);
}

/* The column of that name, a new one where there is none; SIZE_MAX: too many, or no memory. */
static size_t column_of(struct suggest_sample *sample, struct text name)
{
	size_t c = 0;

	while (c < sample->count && !text_equal(sample->columns[c].name, name))
		c++;
	if (c < sample->count)
		return c;
	if (sample->count == SUGGEST_COLUMNS_MAX) {
		sample->others = true;
		return SIZE_MAX;
	}
	sample->columns[c] = (struct suggest_column){ .field = FIELD_COUNT };
	sample->columns[c].name = arena_copy(&sample->arena, name);
	if (sample->columns[c].name.at == NULL)
		return SIZE_MAX;
	/* JSON: the records before were without it. */
	sample->columns[c].missing = sample->json && sample->rows > 0;
	return sample->count++;
}

static int put_cell(struct reading *reading, size_t c, struct text cell, struct fault *fault)
{
	struct suggest_sample *sample = reading->sample;

	cell = statement_value(cell);
	if (c == SIZE_MAX || cell.at == NULL)
		return 0;
	cell = arena_copy(&sample->arena, cell);
	if (cell.at == NULL)
		return no_memory(reading->name, fault);
	sample->columns[c].cells[sample->rows] = cell;
	sample->columns[c].filled++;
	return 0;
}

static int take_header(struct reading *reading, const struct text *cells, size_t count,
                       struct fault *fault)
{
	struct suggest_sample *sample = reading->sample;

	reading->columns = arena_take(&sample->arena, count * sizeof(*reading->columns));
	if (reading->columns == NULL)
		return no_memory(reading->name, fault);
	reading->cells = count;
	for (size_t i = 0; i < count; i++) {
		struct text name = text_trimmed(cells[i]);
		size_t before = sample->count;

		reading->columns[i] = SIZE_MAX;
		if (name.len == 0) {
			sample->others = true;
			continue;
		}
		reading->columns[i] = column_of(sample, name);
		if (reading->columns[i] < before)
			return fault_set(fault, FAULT_INVALID,
			                 "%s: the column %.*s is there twice: rename one of them, "
			                 "a mapping goes by names",
			                 reading->name, TEXT_ARGS(name));
		if (reading->columns[i] == SIZE_MAX && !sample->others)
			return no_memory(reading->name, fault);
	}
	return 0;
}

static int on_record(void *context, const struct text *cells, size_t count, int64_t line,
                     struct fault *fault)
{
	struct reading *reading = context;
	int r = 0;

	(void)line;
	if (reading->columns == NULL)
		return take_header(reading, cells, count, fault);
	/* What is no row of this table is for statement_read() to refuse. */
	if (count != reading->cells || statement_is_total(cells[0]))
		return 0;
	for (size_t i = 0; i < count && r == 0; i++)
		r = put_cell(reading, reading->columns[i], cells[i], fault);
	return r < 0 ? r : ++reading->sample->rows == SUGGEST_ROWS_MAX ? ENOUGH : 0;
}

/* All values in an object, by the paths to them. */
static int put_members(struct reading *reading, uint32_t object, struct buf *path,
                       struct fault *fault)
{
	const struct json *doc = &reading->doc;
	size_t begin = path->len;
	int r = 0;

	for (uint32_t key = json_first(doc, object); key != JSON_NONE && r == 0;
	     key = json_next(doc, object, key)) {
		enum json_type type = json_type_of(doc, key + 1);
		struct text value = doc->nodes[key + 1].text;
		size_t c;

		if (begin > 0)
			buf_add(path, ".", 1);
		buf_add_text(path, json_string(doc, key));
		if (path->error != 0)
			return no_memory(reading->name, fault);
		if (path->len == begin)
			continue;
		if (type == JSON_OBJECT) {
			r = put_members(reading, key + 1, path, fault);
			path->len = begin;
			continue;
		}
		c = column_of(reading->sample, buf_text(path));
		path->len = begin;
		if (c == SIZE_MAX && !reading->sample->others)
			return no_memory(reading->name, fault);
		if (c == SIZE_MAX)
			continue;
		if (type == JSON_TRUE || type == JSON_FALSE)
			value = text_of(type == JSON_TRUE ? "true" : "false");
		reading->sample->columns[c].list |= type == JSON_ARRAY;
		reading->sample->columns[c].plain |= type == JSON_NUMBER;
		if (type != JSON_NULL && type != JSON_ARRAY)
			r = put_cell(reading, c, value, fault);
	}
	return r;
}

static int on_element(void *context, struct text json, int64_t line, struct fault *fault)
{
	struct reading *reading = context;
	struct suggest_sample *sample = reading->sample;
	struct fault why;
	struct buf path = { .at = NULL };
	size_t filled[SUGGEST_COLUMNS_MAX];
	uint32_t data, element = 0;
	int r = json_parse(&reading->doc, json, &why);

	if (r < 0)
		return fault_set(fault, why.code, "%s: line %lld: %s", reading->name,
		                 (long long)line, why.text);
	if (json_type_of(&reading->doc, 0) != JSON_OBJECT)
		return fault_set(fault, FAULT_SYNTAX, "%s: line %lld: an element is no object",
		                 reading->name, (long long)line);
	data = json_member(&reading->doc, 0, "data");
	if (json_type_of(&reading->doc, data) == JSON_OBJECT && reading->doc.nodes[0].count == 1)
		element = data;
	for (size_t c = 0; c < sample->count; c++)
		filled[c] = sample->columns[c].filled;
	for (size_t c = sample->count; c < SUGGEST_COLUMNS_MAX; c++)
		filled[c] = 0;
	r = put_members(reading, element, &path, fault);
	buf_release(&path);
	for (size_t c = 0; c < sample->count; c++)
		sample->columns[c].missing |= sample->columns[c].filled == filled[c];
	return r < 0 ? r : ++sample->rows == SUGGEST_ROWS_MAX ? ENOUGH : 0;
}

static int pass_over(void *context, struct text json, int64_t line, struct fault *fault)
{
	(void)context;
	(void)json;
	(void)line;
	(void)fault;
	return 0;
}

static int feed(struct reading *reading, struct statement_input *input, struct fault *fault)
{
	struct statement_csv csv = { .name = reading->name, .each = on_record, .context = reading };
	struct statement_elements elements = { .name = reading->name,
		                               .element = on_element,
		                               .around = pass_over,
		                               .context = reading };
	struct suggest_sample *sample = reading->sample;
	struct text chunk;
	int r = statement_input_next(input, &chunk, fault);

	if (r == 0)
		r = statement_sniff(reading->name, chunk, fault);
	for (size_t i = 0; r == 0 && i < chunk.len && strchr(" \t\r\n", chunk.at[i]) != NULL; i++)
		sample->json = i + 1 < chunk.len && strchr("{[", chunk.at[i + 1]) != NULL;
	sample->json = sample->json ||
	               (r == 0 && chunk.len > 0 && strchr("{[", chunk.at[0]) != NULL);
	while (r == 0) {
		bool last = chunk.len == 0;

		r = sample->json ? statement_elements_feed(&elements, chunk, last, fault)
		                 : statement_csv_feed(&csv, chunk, last, fault);
		if (r != 0 || last)
			break;
		r = statement_input_next(input, &chunk, fault);
	}
	sample->delimiter = csv.delimiter;
	statement_csv_release(&csv);
	statement_elements_release(&elements);
	return r < 0 ? r : 0;
}

int suggest_read(struct suggest_sample *sample, const char *path, struct fault *fault)
{
	struct reading reading = { .sample = sample,
		                   .name = strcmp(path, "-") == 0 ? "standard input" : path };
	struct statement_input input = { .name = reading.name };
	int r;

	sample->columns = arena_take(&sample->arena,
	                             SUGGEST_COLUMNS_MAX * sizeof(*sample->columns));
	if (sample->columns == NULL)
		return no_memory(reading.name, fault);
	r = statement_input_open(&input, path, fault);
	if (r == 0)
		r = feed(&reading, &input, fault);
	statement_input_close(&input);
	json_release(&reading.doc);
	if (r == 0 && sample->rows == 0)
		r = fault_set(
			fault, FAULT_INVALID,
			"%s: there is no row in it: what its columns are is told by the words "
			"of the header and the values below them",
			reading.name);
	return r;
}

void suggest_release(struct suggest_sample *sample)
{
	buf_release(&sample->notes);
	arena_release(&sample->arena);
}
