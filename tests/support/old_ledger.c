#include "tests/support/old_ledger.h"

#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* after the four above, as it asks for */
#include <cmocka.h>

#include "base/buf.h"
#include "ledger/migrations.h"

enum { PATH_BYTES = 256 };

static void execute(sqlite3 *db, const char *sql)
{
	char *error = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%.200s: %s", sql, error);
}

/* The columns that a table has in both, the tables that are in both. */
static const char copies[] =
	"SELECT format('DELETE FROM main.\"%w\"; "
	"INSERT INTO main.\"%w\" (%s) SELECT %s FROM new.\"%w\"', "
	"old.name, old.name, c.names, c.names, old.name) FROM main.sqlite_schema old JOIN "
	"new.sqlite_schema young "
	"USING (type, name) JOIN (SELECT t.name AS of_table, group_concat('\"' || o.name || '\"') "
	"AS names FROM main.sqlite_schema t, pragma_table_info(t.name, 'main') o, "
	"pragma_table_info(t.name, 'new') n WHERE t.type = 'table' AND n.name = o.name GROUP BY 1) "
	"c "
	"ON c.of_table = old.name WHERE type = 'table' AND old.name NOT LIKE 'sqlite_%'";

static void copy_rows(sqlite3 *db)
{
	struct buf all = { .at = NULL };
	sqlite3_stmt *stmt = NULL;
	int tables = 0;

	if (sqlite3_prepare_v2(db, copies, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(db));
	for (; sqlite3_step(stmt) == SQLITE_ROW; tables++)
		buf_addf(&all, "%s;\n", (const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	assert_true(tables > 5);
	buf_add(&all, "", 1);
	execute(db, all.at);
	buf_release(&all);
}

void old_ledger_make(const char *path, int64_t version)
{
	char young[PATH_BYTES], side[PATH_BYTES], sql[2 * PATH_BYTES];
	static const char *const sides[] = { "-wal", "-shm" };
	sqlite3 *db = NULL;

	snprintf(young, sizeof(young), "%s.young", path);
	/* Into the file with all of it, then aside. */
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	execute(db, "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode=DELETE");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	for (int i = 0; i < 2; i++) {
		snprintf(side, sizeof(side), "%s%s", path, sides[i]);
		unlink(side);
	}
	assert_int_equal(rename(path, young), 0);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	execute(db, "PRAGMA journal_mode=WAL; BEGIN");
	for (size_t i = 0; i < migration_count && migrations[i].version <= version; i++)
		execute(db, migrations[i].sql);
	snprintf(sql, sizeof(sql),
	         "PRAGMA application_id=0x746f6c6c; PRAGMA user_version=%lld; COMMIT;"
	         "ATTACH '%s' AS new; BEGIN",
	         (long long)version, young);
	execute(db, sql);
	copy_rows(db);
	execute(db, "COMMIT");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	unlink(young);
}
