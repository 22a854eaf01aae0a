/*
 * The disk of tests/support/powervfs.h against what is known of SQLite's ways to commit: what a
 * power cut takes from each of them, and what it must not.  A disk that is too kind, or more
 * cruel than any, would prove nothing of the ledger.
 *
 * SEED and MODEL_POINTS (of each way) come from the environment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "tests/support/powerscene.h"
#include "tests/support/powervfs.h"

enum { POINTS = 3000, POINTS_SANITIZED = 400, COMMITS = 24, ROWS = 12, CHECKPOINT_PAGES = 30 };

static char folder[SCENE_PATH_BYTES], life_path[SCENE_PATH_BYTES + 16];
static char cut_path[SCENE_PATH_BYTES + 16];

static int setup(void **state)
{
	(void)state;
	power_install();
	scene_folder(folder);
	snprintf(life_path, sizeof(life_path), "%s/life.db", folder);
	snprintf(cut_path, sizeof(cut_path), "%s/cut.db", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	scene_folder_remove(folder);
	return 0;
}

static void run_sql(sqlite3 *db, const char *sql)
{
	char *error = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", sql, error);
}

/* A table that grows by so many rows a commit; each commit is marked with its number. */
static void record(struct power_trace *trace, const char *settings, uint64_t seed)
{
	char sql[SCENE_PATH_BYTES + 64];
	sqlite3 *db;

	unlink(life_path);
	snprintf(sql, sizeof(sql), "%s-wal", life_path);
	unlink(sql);
	snprintf(sql, sizeof(sql), "%s-journal", life_path);
	unlink(sql);
	power_seed(seed);
	power_record(trace, life_path);
	assert_int_equal(sqlite3_open(life_path, &db), SQLITE_OK);
	run_sql(db, settings);
	snprintf(sql, sizeof(sql), "PRAGMA wal_autocheckpoint=%d", CHECKPOINT_PAGES);
	run_sql(db, sql);
	run_sql(db, "CREATE TABLE t(n INTEGER PRIMARY KEY, at TEXT)");
	power_mark(0);
	for (int c = 0; c < COMMITS; c++) {
		snprintf(sql, sizeof(sql),
		         "INSERT INTO t SELECT value, printf('%%0*d', 40 + value %% 300, value) "
		         "FROM (WITH RECURSIVE g(value) AS (VALUES(%d) UNION ALL SELECT value+1 "
		         "FROM g LIMIT %d) SELECT value FROM g)",
		         c * ROWS, ROWS);
		run_sql(db, sql);
		power_mark(c + 1);
	}
	power_die_at(0);
	sqlite3_close(db);
	power_stop();
}

struct tally {
	uint64_t points, lost, half, damaged;
};

static int64_t single(sqlite3 *db, const char *sql, const char **text_out)
{
	static char text[256];
	sqlite3_stmt *stmt = NULL;
	int64_t value = -1;

	snprintf(text, sizeof(text), "(none)");
	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW) {
		value = sqlite3_column_int64(stmt, 0);
		snprintf(text, sizeof(text), "%s", (const char *)sqlite3_column_text(stmt, 0));
	}
	sqlite3_finalize(stmt);
	if (text_out != NULL)
		*text_out = text;
	return value;
}

static void check_cut(struct tally *tally, int64_t commits)
{
	const char *integrity;
	int64_t rows;
	sqlite3 *db;

	tally->points++;
	assert_int_equal(sqlite3_open(cut_path, &db), SQLITE_OK);
	single(db, "PRAGMA integrity_check", &integrity);
	if (strcmp(integrity, "ok") != 0) {
		tally->damaged++;
	} else {
		/* -1: there is no table. */
		rows = single(db,
		              "SELECT iif(count(*) = coalesce(max(n) + 1, 0), count(*), -2) "
		              "FROM t",
		              NULL);
		tally->half += rows == -2 || (rows > 0 && rows % ROWS != 0);
		tally->lost += commits >= 0 && rows < commits * ROWS;
	}
	sqlite3_close(db);
}

static void test_each_way_to_commit_loses_what_it_is_known_to(void **state)
{
	static const struct {
		const char *label, *settings;
		bool loses, damages;
	} rows[] = {
		{ "WAL FULL", "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL", false, false },
		{ "WAL EXTRA", "PRAGMA journal_mode=WAL; PRAGMA synchronous=EXTRA", false, false },
		{ "WAL NORMAL", "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL", true, false },
		{ "WAL OFF", "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF", true, true },
		/* The unlink of the journal is not synced: the last commit is rolled back. */
		{ "DELETE FULL", "PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL", true,
		  false },
		{ "DELETE EXTRA", "PRAGMA journal_mode=DELETE; PRAGMA synchronous=EXTRA", false,
		  false },
		{ "TRUNCATE FULL", "PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=FULL", false,
		  false },
		{ "PERSIST FULL", "PRAGMA journal_mode=PERSIST; PRAGMA synchronous=FULL", false,
		  false },
	};
	const char *seed = getenv("SEED"), *points = getenv("MODEL_POINTS");
	const char *mode = getenv("TOLL_MODE");
	bool few = mode != NULL && (strcmp(mode, "asan") == 0 || strcmp(mode, "tsan") == 0);
	uint64_t random = seed != NULL ? strtoull(seed, NULL, 10) : 1;
	uint64_t points_max = points != NULL ? strtoull(points, NULL, 10)
	                                     : (few ? POINTS_SANITIZED : POINTS);

	(void)state;
	print_message("SEED=%llu MODEL_POINTS=%llu%s\n", (unsigned long long)random,
	              (unsigned long long)points_max,
	              few ? " (fewer, because of the sanitizer)" : "");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tally tally = { .points = 0 };

		while (tally.points < points_max) {
			struct power_trace trace;
			struct power_disk disk;
			int64_t commits = -1;

			record(&trace, rows[i].settings, power_random(&random));
			power_disk_init(&disk, &trace);
			for (size_t k = 0; k < trace.count && tally.points < points_max; k++) {
				power_disk_apply(&disk, &trace.ops[k], &random);
				if (trace.ops[k].kind == POWER_MARK)
					commits = trace.ops[k].offset;
				power_disk_cut(&disk, &random, cut_path);
				check_cut(&tally, commits);
			}
			power_disk_release(&disk);
			power_trace_release(&trace);
		}
		print_message("%-14s %llu points: %llu lost, %llu half, %llu damaged\n",
		              rows[i].label, (unsigned long long)tally.points,
		              (unsigned long long)tally.lost, (unsigned long long)tally.half,
		              (unsigned long long)tally.damaged);
		assert_int_equal(tally.lost > 0, rows[i].loses);
		if (!rows[i].damages)
			assert_int_equal(tally.damaged + tally.half, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_way_to_commit_loses_what_it_is_known_to),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
