#include "export/export.h"

static void add_row(struct buf *out, const struct table *table, const struct table_row *row)
{
	buf_add(out, "{", 1);
	for (size_t c = 0; c < table->column_count; c++) {
		struct text cell = row->cells[c];

		if (c > 0)
			buf_add(out, ",", 1);
		buf_add_json(out, text_of(table->columns[c].key));
		buf_add(out, ":", 1);
		if (cell.at == NULL)
			buf_add_cstr(out, "null");
		else if (table->columns[c].type == TABLE_COUNT)
			buf_add_text(out, cell);
		else
			buf_add_json(out, cell);
	}
	buf_add(out, "}", 1);
}

void export_json_members(struct buf *out, const struct table *table)
{
	buf_add_cstr(out, "\"rows\":[");
	for (size_t r = 0; r < table->row_count; r++) {
		if (r > 0)
			buf_add(out, ",", 1);
		add_row(out, table, &table->rows[r]);
	}
	buf_add(out, "]", 1);
	if (table->total.cells != NULL) {
		buf_add_cstr(out, ",\"total\":");
		add_row(out, table, &table->total);
	}
}

void export_json(struct buf *out, const struct table *table)
{
	buf_add(out, "{", 1);
	export_json_members(out, table);
	buf_add_cstr(out, "}\n");
}
