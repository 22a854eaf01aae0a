/*
 * Rows for people and programs: what a report gives and an export or the
 * terminal printer takes.  All cells are text that is already exact; the column
 * says what the text means, so nothing downstream has to calculate.
 *
 * Ownership: the table copies all it is given; table_release() frees it.
 */
#ifndef TOLL_BASE_TABLE_H
#define TOLL_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/text.h"

enum { TABLE_COLUMNS_MAX = 64 };

enum table_type {
	TABLE_TEXT,   /* anything */
	TABLE_COUNT,  /* an integer in decimal; a JSON number */
	TABLE_AMOUNT, /* exact decimal; a JSON string, aligned at its point */
	TABLE_TIME,   /* RFC 3339, UTC */
};

struct table_column {
	const char *key;   /* static: "cache_read"; the CSV header and JSON name */
	const char *title; /* as long as the table: what a person reads */
	enum table_type type;
	bool quiet;  /* the terminal printer hides it where every cell is "0" or empty */
	bool hidden; /* for programs only: the terminal printer never shows it */
};

struct table_row {
	struct text *cells; /* column_count of them; absent = empty */
};

struct table {
	struct table_column columns[TABLE_COLUMNS_MAX];
	size_t column_count;
	struct table_row *rows;
	size_t row_count, row_cap;
	struct table_row total; /* cells NULL: there is none */
	struct arena arena;
	int error; /* sticks: 0 or -FAULT_X */
};

void table_column(struct table *table, const char *key, const char *title, enum table_type type,
                  bool quiet);
/* Adds an empty row and returns its index; SIZE_MAX after a failure. */
size_t table_row(struct table *table);
/* `row` SIZE_MAX is ignored, TABLE_TOTAL is the total row. */
#define TABLE_TOTAL (SIZE_MAX - 1)
void table_set(struct table *table, size_t row, size_t column, struct text value);
void table_set_count(struct table *table, size_t row, size_t column, int64_t value);
void table_release(struct table *table);

#endif
