/*
 * The ceiling: the same rows into the same table, with nothing around it: no socket, no
 * JSON, no price, no duplicates, no sums.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "ledger/ledger.h"
#include "tests/bench/bench.h"

enum { COLUMNS_MAX = 40, ID_BYTES = 32, CHECKPOINT_PAGES = LEDGER_WAL_PAGES_MAX };

struct row {
	char id[ID_BYTES];
	int id_len;
	int64_t value[COLUMNS_MAX];
	uint64_t nulls; /* a bit each */
};

struct rows {
	struct row *at;
	size_t count;
	int columns, id_column;
};

static void must(sqlite3 *db, int code)
{
	if (code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE)
		bench_fail("ceiling: %s", sqlite3_errmsg(db));
}

static void read_row(sqlite3_stmt *select, const struct rows *rows, struct row *row)
{
	row->nulls = 0;
	for (int c = 0; c < rows->columns; c++) {
		if (c == rows->id_column) {
			row->id_len = sqlite3_column_bytes(select, c);
			if (row->id_len > ID_BYTES)
				bench_fail("ceiling: an id of %d bytes", row->id_len);
			memcpy(row->id, sqlite3_column_text(select, c), (size_t)row->id_len);
		} else if (sqlite3_column_type(select, c) == SQLITE_NULL) {
			row->nulls |= UINT64_C(1) << c;
		} else if (sqlite3_column_type(select, c) == SQLITE_INTEGER) {
			row->value[c] = sqlite3_column_int64(select, c);
		} else {
			bench_fail("ceiling: column %d is neither a number nor the id", c);
		}
	}
}

static void read_rows(const char *path, struct rows *rows_out)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *select = NULL;
	size_t cap = 0;

	must(db, sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL));
	must(db, sqlite3_prepare_v2(db, "SELECT * FROM event", -1, &select, NULL));
	*rows_out = (struct rows){ .columns = sqlite3_column_count(select), .id_column = -1 };
	if (rows_out->columns > COLUMNS_MAX)
		bench_fail("ceiling: more than %d columns", COLUMNS_MAX);
	for (int c = 0; c < rows_out->columns; c++) {
		if (strcmp(sqlite3_column_name(select, c), "id") == 0)
			rows_out->id_column = c;
	}
	while (sqlite3_step(select) == SQLITE_ROW) {
		if (rows_out->count == cap) {
			cap = cap > 0 ? cap * 2 : 1024;
			rows_out->at = realloc(rows_out->at, cap * sizeof(*rows_out->at));
			if (rows_out->at == NULL)
				bench_fail("ceiling: out of memory");
		}
		read_row(select, rows_out, &rows_out->at[rows_out->count++]);
	}
	sqlite3_finalize(select);
	sqlite3_close(db);
}

/* The schema as the daemon makes it, the settings as its writer has them. */
static sqlite3 *open_fresh(const char *path)
{
	struct ledger *ledger = NULL;
	struct fault fault = { .code = FAULT_NONE };
	sqlite3 *db = NULL;

	if (ledger_open_writer(&ledger, path, NULL, &fault) < 0)
		bench_fail("ceiling: %s", fault.text);
	ledger_close(ledger);
	must(db, sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL));
	must(db, sqlite3_exec(db,
	                      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
	                      "PRAGMA wal_autocheckpoint=0; PRAGMA secure_delete=OFF;"
	                      "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-8192",
	                      NULL, NULL, NULL));
	return db;
}

static void insert_row(sqlite3 *db, sqlite3_stmt *insert, const struct rows *rows,
                       const struct row *row)
{
	for (int c = 0; c < rows->columns; c++) {
		if (c == rows->id_column)
			must(db,
			     sqlite3_bind_text(insert, c + 1, row->id, row->id_len, SQLITE_STATIC));
		else if ((row->nulls >> c & 1) != 0)
			must(db, sqlite3_bind_null(insert, c + 1));
		else
			must(db, sqlite3_bind_int64(insert, c + 1, row->value[c]));
	}
	if (sqlite3_step(insert) != SQLITE_DONE)
		bench_fail("ceiling: %s", sqlite3_errmsg(db));
	must(db, sqlite3_reset(insert));
}

static sqlite3_stmt *prepare_insert(sqlite3 *db, int columns)
{
	char sql[64 + 2 * COLUMNS_MAX] = "INSERT INTO event VALUES (?";
	sqlite3_stmt *insert = NULL;

	for (int c = 1; c < columns; c++)
		strcat(sql, ",?");
	strcat(sql, ")");
	must(db, sqlite3_prepare_v2(db, sql, -1, &insert, NULL));
	return insert;
}

static int note_wal_pages(void *context, sqlite3 *db, const char *name, int pages)
{
	(void)db;
	(void)name;
	*(int *)context = pages;
	return SQLITE_OK;
}

int64_t bench_ceiling(const char *from, const char *to, size_t batch, size_t *rows_out)
{
	struct rows rows;
	sqlite3_stmt *insert;
	int64_t begin, took;
	sqlite3 *db;
	int wal_pages = 0;

	read_rows(from, &rows);
	db = open_fresh(to);
	insert = prepare_insert(db, rows.columns);
	sqlite3_wal_hook(db, note_wal_pages, &wal_pages);
	begin = bench_now_ns();
	for (size_t i = 0; i < rows.count; i++) {
		if (i % batch == 0)
			must(db, sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL));
		insert_row(db, insert, &rows, &rows.at[i]);
		if ((i + 1) % batch != 0 && i + 1 != rows.count)
			continue;
		must(db, sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
		/* The daemon checkpoints within its time, too. */
		if (wal_pages > CHECKPOINT_PAGES)
			must(db, sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE,
			                                   NULL, NULL));
	}
	took = bench_now_ns() - begin;
	sqlite3_finalize(insert);
	sqlite3_close(db);
	*rows_out = rows.count;
	free(rows.at);
	return took;
}
