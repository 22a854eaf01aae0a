#include "base/table.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void table_column(struct table *table, const char *key, const char *title, enum table_type type,
                  bool quiet)
{
	assert(table->column_count < TABLE_COLUMNS_MAX && table->row_count == 0);
	table->columns[table->column_count++] = (struct table_column){
		.key = key, .title = title, .type = type, .quiet = quiet
	};
}

static struct text *new_cells(struct table *table)
{
	size_t bytes = table->column_count * sizeof(struct text);
	struct text *cells = arena_take(&table->arena, bytes);

	if (cells == NULL)
		table->error = -FAULT_NOMEM;
	else
		memset(cells, 0, bytes);
	return cells;
}

size_t table_row(struct table *table)
{
	struct table_row row;

	if (table->error != 0)
		return SIZE_MAX;
	if (table->row_count == table->row_cap) {
		size_t cap = table->row_cap > 0 ? table->row_cap * 2 : 64;
		struct table_row *grown = realloc(table->rows, cap * sizeof(*grown));

		if (grown == NULL) {
			table->error = -FAULT_NOMEM;
			return SIZE_MAX;
		}
		table->rows = grown;
		table->row_cap = cap;
	}
	row.cells = new_cells(table);
	if (row.cells == NULL)
		return SIZE_MAX;
	table->rows[table->row_count] = row;
	return table->row_count++;
}

void table_set(struct table *table, size_t row, size_t column, struct text value)
{
	struct table_row *target;
	struct text copy;

	if (table->error != 0 || row == SIZE_MAX)
		return;
	assert(column < table->column_count);
	target = row == TABLE_TOTAL ? &table->total : &table->rows[row];
	if (target->cells == NULL)
		target->cells = new_cells(table);
	if (target->cells == NULL || value.at == NULL)
		return;
	copy = arena_copy(&table->arena, value);
	if (copy.at == NULL)
		table->error = -FAULT_NOMEM;
	else
		target->cells[column] = copy;
}

void table_set_count(struct table *table, size_t row, size_t column, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	table_set(table, row, column, text_of(text));
}

void table_release(struct table *table)
{
	if (table == NULL)
		return;
	free(table->rows);
	arena_release(&table->arena);
	*table = (struct table){ .rows = NULL };
}
