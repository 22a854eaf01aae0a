#include "tests/support/failsql.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

typedef int each_row_fn(void *context, int columns, char **values, char **names);

int __real_sqlite3_step(sqlite3_stmt *stmt);
int __real_sqlite3_exec(sqlite3 *db, const char *sql, each_row_fn *each, void *context,
                        char **error_out);
int __real_sqlite3_prepare_v2(sqlite3 *db, const char *sql, int len, sqlite3_stmt **stmt_out,
                              const char **rest_out);
int __real_sqlite3_prepare_v3(sqlite3 *db, const char *sql, int len, unsigned flags,
                              sqlite3_stmt **stmt_out, const char **rest_out);
int __wrap_sqlite3_step(sqlite3_stmt *stmt);
int __wrap_sqlite3_exec(sqlite3 *db, const char *sql, each_row_fn *each, void *context,
                        char **error_out);
int __wrap_sqlite3_prepare_v2(sqlite3 *db, const char *sql, int len, sqlite3_stmt **stmt_out,
                              const char **rest_out);
int __wrap_sqlite3_prepare_v3(sqlite3 *db, const char *sql, int len, unsigned flags,
                              sqlite3_stmt **stmt_out, const char **rest_out);

/* Calls until one fails; below zero: none does. */
static int countdown = -1, fails_with;
static char failed[256];

static int fails_now(sqlite3 *db, const char *call, const char *sql)
{
	const char *path = sqlite3_db_filename(db, "main");

	/* What is in memory has no disk. */
	if (path == NULL || path[0] == '\0')
		return SQLITE_OK;
	if (countdown < 0 || countdown-- > 0)
		return SQLITE_OK;
	snprintf(failed, sizeof(failed), "%s%s", call, sql);
	return fails_with;
}

int __wrap_sqlite3_step(sqlite3_stmt *stmt)
{
	int code = fails_now(sqlite3_db_handle(stmt), "", sqlite3_sql(stmt));

	return code != SQLITE_OK ? code : __real_sqlite3_step(stmt);
}

int __wrap_sqlite3_exec(sqlite3 *db, const char *sql, each_row_fn *each, void *context,
                        char **error_out)
{
	int code = fails_now(db, "", sql);

	return code != SQLITE_OK ? code : __real_sqlite3_exec(db, sql, each, context, error_out);
}

int __wrap_sqlite3_prepare_v2(sqlite3 *db, const char *sql, int len, sqlite3_stmt **stmt_out,
                              const char **rest_out)
{
	int code = fails_now(db, FAILSQL_PREPARE, sql);

	*stmt_out = NULL;
	return code != SQLITE_OK ? code
	                         : __real_sqlite3_prepare_v2(db, sql, len, stmt_out, rest_out);
}

int __wrap_sqlite3_prepare_v3(sqlite3 *db, const char *sql, int len, unsigned flags,
                              sqlite3_stmt **stmt_out, const char **rest_out)
{
	int code = fails_now(db, FAILSQL_PREPARE, sql);

	*stmt_out = NULL;
	return code != SQLITE_OK
	               ? code
	               : __real_sqlite3_prepare_v3(db, sql, len, flags, stmt_out, rest_out);
}

void failsql_after(int count, int code)
{
	failed[0] = '\0';
	countdown = count;
	fails_with = code;
}

const char *failsql_stop(void)
{
	countdown = -1;
	return failed[0] != '\0' ? failed : NULL;
}
