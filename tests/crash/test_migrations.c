/*
 * Ledgers of every older schema, with rows as that version stored them: they open, keep what they
 * held, and verify; and a migration that is interrupted in front of any of its statements goes on
 * when the ledger is opened again.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "ledger/backup.h"
#include "ledger/migrations.h"
#include "tests/support/ledgerkit.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { EVERY = 7 }; /* statement; a process that dies takes long there */
#else
enum { EVERY = 1 };
#endif
enum { STATEMENTS_MAX = 400, APPLICATION = 0x746f6c6c };

/* Rows that each version added to what the one before could hold; all are of one hour. */
static const char *const rows_of_schema[] = {
	[1] = "INSERT INTO name (id, text) VALUES (1, 'gw-1'), (2, 'acct'), (3, 'm'), (4, 'toll');"
	      "INSERT INTO event (ts, source, id, account, key, model, provider, api, tier, "
	      "finish, "
	      "price, flags, input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, "
	      "requests, nanos, attos, hash, extra) VALUES "
	      "(1785578400000, 1, 'e-1', 2, 0, 3, 0, 4, 0, 0, -1, 0, 10, 0, 0, 0, 1, 0, 1, 0, 0, "
	      "7, "
	      "'{\"region\":\"eu\",\"tags\":{\"a\":\"b\"}}');"
	      "INSERT INTO rollup (hour, account, key, model, source, provider, tier, price, "
	      "events, errors, input, output, requests, nanos, attos) "
	      "VALUES (1785578400000, 2, 0, 3, 1, 0, 0, -1, 1, 0, 10, 1, 1, 0, 0);"
	      "INSERT INTO watermark (source, events, first_ts, last_ts, stored_ms) "
	      "VALUES (1, 1, 1785578400000, 1785578400000, 1);",
	[2] = "INSERT INTO event (ts, source, id, account, key, model, provider, api, tier, "
	      "finish, "
	      "price, flags, input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, "
	      "requests, nanos, attos, hash, settlement, provenance) VALUES "
	      "(1785578400002, 1, 'e-2', 2, 0, 3, 0, 4, 0, 0, -1, 4, 10, 0, 0, 0, 1, 0, 1, 0, 0, "
	      "8, 2, 1);"
	      "INSERT INTO event_detail (ts, source, id, component, count) "
	      "VALUES (1785578400002, 1, 'e-2', 'pages', 3);"
	      "UPDATE rollup SET events = events + 1, input = input + 10, output = output + 1, "
	      "requests = requests + 1, pages = pages + 3, partial = partial + 1;"
	      "UPDATE watermark SET events = events + 1, last_ts = 1785578400002;"
	      "INSERT INTO position (feed, place, lines, stored_ms) "
	      "VALUES ('file:/a', '{}', 1, 1);",
	[3] = "INSERT INTO name (id, text) VALUES (7, 'us');"
	      "INSERT INTO event (ts, source, id, account, key, model, provider, api, tier, "
	      "finish, "
	      "price, flags, input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, "
	      "requests, nanos, attos, hash, region) VALUES "
	      "(1785578400003, 1, 'e-3', 2, 0, 3, 0, 4, 0, 0, -1, 4, 10, 0, 0, 0, 1, 0, 1, 0, 0, "
	      "9, 7);"
	      "INSERT INTO event_detail (ts, source, id, component, kind, count) "
	      "VALUES (1785578400003, 1, 'e-3', 'searches', 'web', 3);"
	      "UPDATE rollup SET events = events + 1, input = input + 10, output = output + 1, "
	      "requests = requests + 1, searches = searches + 3;"
	      "UPDATE watermark SET events = events + 1, last_ts = 1785578400003;",
	[4] = "INSERT INTO event (ts, source, id, account, key, model, provider, api, tier, "
	      "finish, "
	      "price, flags, input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, "
	      "requests, nanos, attos, hash, cost_price) VALUES "
	      "(1785578400004, 1, 'e-4', 2, 0, 3, 0, 4, 0, 0, -1, 0, 10, 0, 0, 0, 1, 0, 1, 0, 0, "
	      "10, -1);"
	      "UPDATE rollup SET events = events + 1, input = input + 10, output = output + 1, "
	      "requests = requests + 1, uncosted = uncosted + 1;"
	      "UPDATE watermark SET events = events + 1, last_ts = 1785578400004;"
	      "INSERT INTO closing (until_ms, at_ms, who, note) VALUES (3600000, 1, 'a', '');",
	[5] = "INSERT INTO change (at_ms, who, what, detail) VALUES (1, 'a', 'b', '{}');",
	/* From here on an hour has a digest, which only the program makes. */
};

enum { FIXED = sizeof(rows_of_schema) / sizeof(rows_of_schema[0]) - 1 };

static const char counts_sql[] = "SELECT (SELECT count(*) || ' ' || sum(input) FROM event) || ' ' "
				 "|| (SELECT count(*) || ' ' || coalesce(sum(count), 0) FROM "
				 "event_detail) || ' ' || (SELECT sum(events) || ' ' || sum(pages) "
				 "FROM rollup) || ' ' || (SELECT sum(events) FROM watermark)";

static void exec(sqlite3 *db, const char *sql)
{
	char *error = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", sql, error);
}

/* Index into migrations; versions may have gaps between branches, never in a release. */
static size_t index_of(int64_t version)
{
	for (size_t i = 0; i < migration_count; i++) {
		if (migrations[i].version == version)
			return i;
	}
	fail_msg("there is no schema %lld", (long long)version);
	return 0;
}

/* A ledger as that version of the program left it, in place of the kit's. */
static void make_fixture(struct ledgerkit *kit, int64_t version)
{
	sqlite3 *db = NULL;
	char sql[96], path[KIT_PATH_BYTES + 8];

	for (const char *const *suffix = (const char *const[]){ "", "-wal", "-shm", NULL };
	     *suffix != NULL; suffix++) {
		snprintf(path, sizeof(path), "%s%s", kit->path, *suffix);
		unlink(path);
	}
	assert_int_equal(sqlite3_open(kit->path, &db), SQLITE_OK);
	exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF");
	for (size_t i = 0; i <= index_of(version); i++) {
		exec(db, migrations[i].sql);
		if (migrations[i].version <= FIXED)
			exec(db, rows_of_schema[migrations[i].version]);
	}
	snprintf(sql, sizeof(sql), "PRAGMA application_id=%d; PRAGMA user_version=%lld",
	         APPLICATION, (long long)version);
	exec(db, sql);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* A ledger of version 6 and later is filled by the program, and verifies as it is. */
static void expect_migrated(struct ledgerkit *kit, int64_t version, const char *counts)
{
	int64_t newest = migrations[migration_count - 1].version;

	kit_reopen(kit);
	kit_verify_clean(kit);
	kit_shut(kit);
	assert_int_equal(kit_sql_int(kit, "PRAGMA user_version"), newest);
	if (strcmp(kit_sql_text(kit, counts_sql), counts) != 0)
		fail_msg("schema %lld: %s, was %s", (long long)version,
		         kit_sql_text(kit, counts_sql), counts);
}

static void test_a_ledger_of_each_older_schema_opens_with_its_rows(void **state)
{
	struct ledgerkit *kit = *state;

	kit_shut(kit);
	for (int64_t version = 1; version <= FIXED; version++) {
		char counts[128];

		make_fixture(kit, version);
		snprintf(counts, sizeof(counts), "%s", kit_sql_text(kit, counts_sql));
		expect_migrated(kit, version, counts);
		/* And it goes on. */
		kit_reopen(kit);
		kit_send_usage(kit, "next", "2026-08-01T10:00:00Z", "m", "{\"input\":1}");
		kit_verify_clean(kit);
		kit_shut(kit);
	}
	kit_reopen(kit);
}

static int statements_left; /* until the process is killed in front of one; 0: never */

static int on_trace(unsigned what, void *context, void *stmt, void *sql)
{
	(void)what;
	(void)context;
	(void)stmt;
	(void)sql;
	if (statements_left > 0 && --statements_left == 0)
		kill(getpid(), SIGKILL);
	return 0;
}

static int trace_all(sqlite3 *db, char **error, const struct sqlite3_api_routines *routines)
{
	(void)error;
	(void)routines;
	sqlite3_trace_v2(db, SQLITE_TRACE_STMT, on_trace, NULL);
	return SQLITE_OK;
}

/* Opens it as the writer in a child that dies in front of its n-th statement; true: it died. */
static bool open_killed(struct ledgerkit *kit, int n)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct ledger *ledger = NULL;

		statements_left = n;
		sqlite3_auto_extension((void (*)(void))trace_all);
		_exit(ledger_open_writer(&ledger, kit->path, NULL, NULL) == 0 ? 0 : 9);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		return true;
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return false;
}

static void test_a_migration_killed_in_front_of_any_statement_goes_on(void **state)
{
	struct ledgerkit *kit = *state;

	kit_shut(kit);
	print_message("migrations: killed in front of each %d. statement\n", (int)EVERY);
	for (int64_t version = 1; version <= FIXED; version++) {
		char counts[128];
		int n = 1;

		make_fixture(kit, version);
		snprintf(counts, sizeof(counts), "%s", kit_sql_text(kit, counts_sql));
		while (n < STATEMENTS_MAX && open_killed(kit, n)) {
			expect_migrated(kit, version, counts);
			make_fixture(kit, version);
			n += EVERY;
		}
		/* All of its statements, and none of them left out. */
		assert_true(n > 20 && n < STATEMENTS_MAX);
		expect_migrated(kit, version, counts);
	}
	kit_reopen(kit);
}

static void test_killed_again_and_again_it_comes_to_its_end(void **state)
{
	struct ledgerkit *kit = *state;
	char counts[128];
	int opens = 0, n = 1;

	kit_shut(kit);
	make_fixture(kit, 1);
	snprintf(counts, sizeof(counts), "%s", kit_sql_text(kit, counts_sql));
	/* Each gets a little further than the one before; what is done is done. */
	for (; opens < STATEMENTS_MAX && open_killed(kit, n); n += EVERY)
		opens++;
	assert_true(n > 20);
	expect_migrated(kit, 1, counts);
	kit_reopen(kit);
}

static void test_a_backup_of_each_older_schema_is_restored(void **state)
{
	struct ledgerkit *kit = *state;
	const struct backup_watch watch = { .copied = NULL };
	char copy[KIT_PATH_BYTES];

	kit_shut(kit);
	snprintf(copy, sizeof(copy), "%s/copy.db", kit->folder);
	for (int64_t version = 1; version <= FIXED; version++) {
		struct fault fault = { .code = FAULT_NONE };
		struct backup_result result;
		char counts[128], place[KIT_PATH_BYTES];

		make_fixture(kit, version);
		snprintf(counts, sizeof(counts), "%s", kit_sql_text(kit, counts_sql));
		unlink(copy);
		assert_int_equal(rename(kit->path, copy), 0);
		snprintf(place, sizeof(place), "%s", kit->path);
		if (ledger_restore(copy, place, NULL, &watch, &result, &fault) < 0)
			fail_msg("schema %lld: %s", (long long)version, fault.text);
		assert_int_equal(result.verify.findings, 0);
		expect_migrated(kit, version, counts);
	}
	kit_reopen(kit);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_ledger_of_each_older_schema_opens_with_its_rows),
		T(test_a_migration_killed_in_front_of_any_statement_goes_on),
		T(test_killed_again_and_again_it_comes_to_its_end),
		T(test_a_backup_of_each_older_schema_is_restored),
	};
#undef T

	return cmocka_run_group_tests_name("migrations", tests, NULL, NULL);
}
