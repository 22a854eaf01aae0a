#include <string.h>

#include "export/export.h"

static bool needs_quotes(struct text cell)
{
	for (size_t i = 0; i < cell.len; i++) {
		if (cell.at[i] != '\0' && strchr("\",\r\n", cell.at[i]) != NULL)
			return true;
	}
	return false;
}

static bool is_formula(struct text cell, enum table_type type)
{
	return (type == TABLE_TEXT || type == TABLE_TIME) && cell.len > 0 && cell.at[0] != '\0' &&
	       strchr("=+-@\t\r\n", cell.at[0]) != NULL;
}

static void add_cell(struct buf *out, struct text cell, enum table_type type)
{
	bool formula = is_formula(cell, type), quotes = needs_quotes(cell);
	size_t from = 0;

	if (quotes)
		buf_add(out, "\"", 1);
	if (formula)
		buf_add(out, "'", 1);
	for (size_t i = 0; quotes && i < cell.len; i++) {
		if (cell.at[i] != '"')
			continue;
		buf_add(out, cell.at + from, i + 1 - from);
		from = i; /* once more: a quote is written twice */
	}
	if (cell.len > from)
		buf_add(out, cell.at + from, cell.len - from);
	if (quotes)
		buf_add(out, "\"", 1);
}

void export_csv(struct buf *out, const struct table *table)
{
	for (size_t c = 0; c < table->column_count; c++) {
		if (c > 0)
			buf_add(out, ",", 1);
		add_cell(out, text_of(table->columns[c].key), TABLE_TEXT);
	}
	buf_add(out, "\n", 1);
	export_csv_rows(out, table);
}

void export_csv_rows(struct buf *out, const struct table *table)
{
	for (size_t r = 0; r < table->row_count; r++) {
		for (size_t c = 0; c < table->column_count; c++) {
			if (c > 0)
				buf_add(out, ",", 1);
			add_cell(out, table->rows[r].cells[c], table->columns[c].type);
		}
		buf_add(out, "\n", 1);
	}
}
