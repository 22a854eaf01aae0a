#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hash.h"
#include "ledger/internal.h"
#include "ledger/migrations.h"
#include "tests/support/ledgerkit.h"

#define EVENT_TIME "2026-08-01T10:00:00Z"

static int64_t pragma(struct ledger *ledger, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	int64_t value;

	assert_int_equal(sqlite3_prepare_v2(ledger->db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return value;
}

/* Both ask the database itself: what was set may not hold. */
static void test_every_setting_holds_on_an_open_ledger(void **state)
{
	static const struct {
		const char *pragma;
		int64_t writer, reader; /* -1: not of this one */
	} rows[] = {
		{ "PRAGMA synchronous", 2, -1 },
		{ "PRAGMA wal_autocheckpoint", 0, 0 },
		{ "PRAGMA journal_size_limit", 67108864, -1 },
		{ "PRAGMA query_only", 0, 1 },
		{ "PRAGMA mmap_size", 0, 0 },
		{ "PRAGMA secure_delete", 0, -1 },
		{ "PRAGMA trusted_schema", 0, 0 },
		{ "PRAGMA cell_size_check", 1, 1 },
		{ "PRAGMA foreign_keys", 1, -1 },
		{ "PRAGMA temp_store", 2, 2 },
		{ "PRAGMA application_id", 0x746f6c6c, 0x746f6c6c },
		{ "PRAGMA busy_timeout", 0, LEDGER_BUSY_MS },
	};
	static const int options[] = { SQLITE_DBCONFIG_DEFENSIVE,
		                       SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE };
	struct ledgerkit *kit = *state;
	struct ledger *reader = NULL;

	assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t writes = pragma(kit->ledger, rows[i].pragma);
		int64_t reads = pragma(reader, rows[i].pragma);

		if (writes != rows[i].writer || (rows[i].reader >= 0 && reads != rows[i].reader))
			fail_msg("%s: writer %lld, reader %lld", rows[i].pragma, (long long)writes,
			         (long long)reads);
	}
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		int writes = 0, reads = 0;

		sqlite3_db_config(kit->ledger->db, options[i], -1, &writes);
		sqlite3_db_config(reader->db, options[i], -1, &reads);
		assert_true(writes == 1 && reads == 1);
	}
	ledger_close(reader);
	kit_shut(kit);
	assert_string_equal(kit_sql_text(kit, "PRAGMA journal_mode"), "wal");
	kit_reopen(kit);
}

static void test_a_new_ledger_is_migrated_to_the_newest_schema(void **state)
{
	struct ledgerkit *kit = *state;
	struct ledger_status status;
	int64_t version = 0;

	for (size_t i = 0; i < migration_count; i++) {
		assert_int_equal(migrations[i].version, ++version);
		assert_true(strlen(migrations[i].sql) > 0);
	}
	assert_int_equal(ledger_status(kit->ledger, &status, NULL), 0);
	assert_int_equal(status.schema_version, version);
	assert_int_equal(status.events, 0);
	assert_true(status.file_bytes + status.wal_bytes > 0);
	assert_string_equal(status.sqlite_version, sqlite3_libversion());
}

static void test_a_new_ledger_is_not_for_the_world(void **state)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", ".lock" };
	struct ledgerkit *kit = *state;
	struct ledger *ledger = NULL;
	mode_t before = umask(0);
	char path[512];
	int r;

	snprintf(path, sizeof(path), "%s/other.db", kit->folder);
	r = ledger_open_writer(&ledger, path, NULL, NULL);
	umask(before);
	assert_int_equal(r, 0);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		struct stat status;

		snprintf(path, sizeof(path), "%s/other.db%s", kit->folder, suffixes[i]);
		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(status.st_mode & 0777, LEDGER_MODE);
	}
	ledger_close(ledger);
}

/* All tables are STRICT: a text in a column of counts is refused by SQLite itself. */
static void test_every_table_is_strict(void **state)
{
	struct ledgerkit *kit = *state;

	kit_shut(kit);
	assert_string_equal(kit_sql_text(kit, "SELECT group_concat(name) FROM pragma_table_list "
	                                      "WHERE schema = 'main' AND name NOT LIKE 'sqlite_%' "
	                                      "AND strict = 0"),
	                    "(null)");
	assert_int_equal(kit_sql_int(kit, "SELECT count(*) FROM pragma_table_list WHERE "
	                                  "schema = 'main' AND strict = 1"),
	                 23);
	kit_reopen(kit);
}

static void expect_open(const char *path, int writer_code, int reader_code, const char *text)
{
	struct fault fault = { .code = FAULT_NONE };
	struct ledger *ledger = NULL;
	int r = ledger_open_writer(&ledger, path, NULL, &fault);

	if (r != writer_code || strstr(fault.text, text) == NULL)
		fail_msg("writer: %s: %s", fault_name(r), fault.text);
	r = ledger_open_reader(&ledger, path, &fault);
	if (r != reader_code || strstr(fault.text, text) == NULL)
		fail_msg("reader: %s: %s", fault_name(r), fault.text);
	assert_null(ledger);
}

static void digest_file(const char *path, char hex[SHA256_HEX_BYTES])
{
	struct buf bytes = { .at = NULL };

	assert_int_equal(buf_read_file(&bytes, path, BUF_BYTES_MAX, NULL), 0);
	sha256_hex(bytes.at, bytes.len, hex);
	buf_release(&bytes);
}

static void set_version(const struct ledgerkit *kit, int64_t version)
{
	char sql[64];

	snprintf(sql, sizeof(sql), "PRAGMA user_version = %lld", (long long)version);
	kit_sql(kit, sql);
}

/* An empty ledger of the first schema in place of the one that is there. */
static void make_schema_1(const struct ledgerkit *kit)
{
	char sql[64];

	assert_int_equal(unlink(kit->path), 0);
	fclose(fopen(kit->path, "w"));
	kit_sql(kit, migrations[0].sql);
	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d", 0x746f6c6c);
	kit_sql(kit, sql);
	set_version(kit, migrations[0].version);
}

static void test_a_newer_ledger_is_refused_and_left_alone(void **state)
{
	struct ledgerkit *kit = *state;
	char before[SHA256_HEX_BYTES], after[SHA256_HEX_BYTES];

	kit_shut(kit);
	kit_sql(kit, "PRAGMA user_version = 999");
	digest_file(kit->path, before);
	expect_open(kit->path, -FAULT_VERSION, -FAULT_VERSION,
	            "written by a newer toll (schema 999, this program knows");
	digest_file(kit->path, after);
	assert_string_equal(before, after);
	set_version(kit, migrations[migration_count - 1].version);
	kit_reopen(kit);
}

static void test_an_older_ledger_is_not_read_before_its_writer_migrates_it(void **state)
{
	struct ledgerkit *kit = *state;
	struct fault fault = { .code = FAULT_NONE };
	struct ledger *ledger = NULL;

	kit_shut(kit);
	make_schema_1(kit);
	assert_int_equal(ledger_open_reader(&ledger, kit->path, &fault), -FAULT_VERSION);
	assert_non_null(strstr(fault.text, "of an older toll (schema 1)"));
	kit_reopen(kit);
	assert_int_equal(ledger_open_reader(&ledger, kit->path, &fault), 0);
	ledger_close(ledger);
}

/* Rows as the first schema had them, with what it kept of a settlement. */
static const char rows_of_schema_1[] =
	"INSERT INTO name (id, text) VALUES (1, 'gw-1'), (2, 'acct'), (3, 'm'), (4, 'toll');"
	"INSERT INTO event (ts, source, id, account, key, model, provider, api, tier, finish, "
	"price, flags, input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, "
	"requests, nanos, attos, hash, extra) SELECT 1785578400000 + value, 1, 'e-' || value, 2, "
	"0, 3, 0, 4, 0, 0, -1, 0, 10, 0, 0, 0, 1, 0, 1, 0, 0, value, "
	"CASE value WHEN 0 THEN NULL WHEN 1 THEN '{\"region\":\"eu\"}' "
	"WHEN 2 THEN '{\"settlement\":\"open\"}' WHEN 3 THEN '{\"settlement\":\"partial\"}' "
	"WHEN 4 THEN '{\"settlement\":\"abandoned\",\"tags\":{\"a\":\"b\"}}' "
	"ELSE '{\"region\":\"eu\",\"settlement\":\"final\"}' END "
	"FROM json_each('[0,1,2,3,4,5]');"
	"INSERT INTO rollup (hour, account, key, model, source, provider, tier, price, events, "
	"errors, input, output, requests, nanos, attos) "
	"VALUES (1785578400000, 2, 0, 3, 1, 0, 0, -1, 6, 0, 60, 6, 6, 0, 0);"
	"INSERT INTO watermark (source, events, first_ts, last_ts, stored_ms) "
	"VALUES (1, 6, 1785578400000, 1785578400005, 1)";

static void test_a_ledger_of_the_first_schema_keeps_its_rows_and_their_settlement(void **state)
{
	struct ledgerkit *kit = *state;

	kit_shut(kit);
	make_schema_1(kit);
	kit_sql(kit, rows_of_schema_1);
	kit_reopen(kit);
	kit_verify_clean(kit);
	kit_shut(kit);
	assert_string_equal(
		kit_sql_text(kit, "SELECT group_concat(id || ' ' || settlement || ' ' || "
	                          "provenance || ' ' || policy || ' ' || coalesce(served, '-') || "
	                          "' ' || coalesce(extra, '-') || coalesce((SELECT ' in ' || text "
	                          "FROM name WHERE name.id = region AND region <> 0), ''), ', ') "
	                          "FROM event"),
		"e-0 3 0 0 - -, e-1 3 0 0 - - in eu, "
		"e-2 0 0 0 - {\"settlement\":\"open\"}, e-3 1 0 0 - {\"settlement\":\"partial\"}, "
		"e-4 2 0 0 - {\"settlement\":\"abandoned\",\"tags\":{\"a\":\"b\"}}, "
		"e-5 3 0 0 - {\"settlement\":\"final\"} in eu");
	assert_string_equal(kit_sql_text(kit, "SELECT events || ' ' || partial || ' ' || estimated "
	                                      "|| ' ' || uncounted || ' ' || input FROM rollup"),
	                    "6 0 0 0 60");
	kit_reopen(kit);
	/* And it goes on: what was open is replaced. */
	assert_int_equal(kit_send(kit, kit_quotes("{'id':'e-2','time':'" EVENT_TIME
	                                          "','account':'acct','model':'m','api':'toll',"
	                                          "'usage':{'input':11}}")),
	                 INGEST_UNPRICED);
	kit_verify_clean(kit);
}

/* Details as the second schema had them, and regions: two of them known as names already. */
static const char rows_of_schema_2[] =
	"INSERT INTO name (id, text) VALUES (1, 'gw-1'), (2, 'acct'), (3, 'eu'), (4, 'toll');"
	"INSERT INTO event (ts, source, id, account, key, model, provider, api, tier, finish, "
	"price, flags, input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, "
	"requests, nanos, attos, hash, extra) SELECT 1785578400000 + value, 1, 'e-' || value, 2, "
	"0, 3, 0, 4, 0, 0, -1, 4, 10, 0, 0, 0, 1, 0, 1, 0, 0, value, "
	"CASE value WHEN 0 THEN '{\"region\":\"eu\"}' "
	"WHEN 1 THEN '{\"region\":\"us-\\u007f\\\"1\",\"tags\":{\"a\":\"\\u007f\"}}' "
	"WHEN 2 THEN '{\"region\":\"acct\",\"upstream_id\":\"u\"}' "
	"ELSE '{\"region\":\"\"}' END FROM json_each('[0,1,2,3]');"
	"INSERT INTO event_detail (ts, source, id, component, size, quality, count) "
	"SELECT 1785578400000 + value, 1, 'e-' || value, "
	"CASE value WHEN 0 THEN 'pages' WHEN 1 THEN 'searches' ELSE 'images_out' END, "
	"CASE value WHEN 3 THEN '1024x1024' ELSE '' END, CASE value WHEN 3 THEN 'hd' ELSE '' END, "
	"value + 1 FROM json_each('[0,1,2,3]');"
	"INSERT INTO rollup (hour, account, key, model, source, provider, tier, price, events, "
	"errors, input, output, requests, pages, searches, images_out, nanos, attos) "
	"VALUES (1785578400000, 2, 0, 3, 1, 0, 0, -1, 4, 0, 40, 4, 4, 1, 2, 7, 0, 0);"
	"INSERT INTO watermark (source, events, first_ts, last_ts, stored_ms) "
	"VALUES (1, 4, 1785578400000, 1785578400003, 1)";

static void test_a_ledger_of_the_second_schema_keeps_its_regions_and_details(void **state)
{
	struct ledgerkit *kit = *state;

	kit_shut(kit);
	make_schema_1(kit);
	kit_sql(kit, migrations[1].sql);
	set_version(kit, migrations[1].version);
	kit_sql(kit, rows_of_schema_2);
	kit_reopen(kit);
	kit_verify_clean(kit);
	kit_shut(kit);
	assert_string_equal(kit_sql_text(kit,
	                                 "SELECT group_concat(e.id || ' ' || n.text || ' ' || "
	                                 "coalesce(extra, '-'), ', ') FROM event e JOIN name n "
	                                 "ON n.id = e.region"),
	                    "e-0 eu -, e-1 us-\x7f\"1 {\"tags\":{\"a\":\"\\u007f\"}}, "
	                    "e-2 acct {\"upstream_id\":\"u\"}, e-3  -");
	assert_string_equal(
		kit_sql_text(kit, "SELECT group_concat(id || ' ' || component || ' ' || size || "
	                          "quality || kind || number || ' ' || count, ', ') "
	                          "FROM event_detail"),
		"e-0 pages 0 1, e-1 searches 0 2, e-2 images_out 0 3, "
		"e-3 images_out 1024x1024hd0 4");
	/* No name twice: 0 and the four there were, and one more. */
	assert_string_equal(kit_sql_text(kit, "SELECT count(*) FROM name"), "6");
	kit_reopen(kit);
}

static void test_another_programs_database_is_refused_and_left_alone(void **state)
{
	struct ledgerkit *kit = *state;
	char before[SHA256_HEX_BYTES], after[SHA256_HEX_BYTES];
	FILE *file;

	kit_shut(kit);
	assert_int_equal(unlink(kit->path), 0);
	file = fopen(kit->path, "w");
	assert_non_null(file);
	fclose(file);
	kit_sql(kit, "CREATE TABLE notes (text)");
	digest_file(kit->path, before);
	expect_open(kit->path, -FAULT_VERSION, -FAULT_VERSION,
	            "a SQLite file, but not a ledger of toll");
	digest_file(kit->path, after);
	assert_string_equal(before, after);
	kit_sql(kit, "PRAGMA application_id = 7");
	expect_open(kit->path, -FAULT_VERSION, -FAULT_VERSION,
	            "a SQLite file, but not a ledger of toll");
}

static void test_a_file_that_is_no_database_is_refused_and_left_alone(void **state)
{
	struct ledgerkit *kit = *state;
	char path[KIT_PATH_BYTES], before[SHA256_HEX_BYTES], after[SHA256_HEX_BYTES];
	FILE *file;

	snprintf(path, sizeof(path), "%s/letter.txt", kit->folder);
	file = fopen(path, "w");
	assert_non_null(file);
	for (int i = 0; i < 1000; i++)
		fputs("This is a letter and no ledger.\n", file);
	fclose(file);
	digest_file(path, before);
	expect_open(path, -FAULT_CORRUPT, -FAULT_CORRUPT,
	            "this is no ledger: file is not a database");
	digest_file(path, after);
	assert_string_equal(before, after);
}

static void test_a_ledger_behind_a_link_is_refused(void **state)
{
	struct ledgerkit *kit = *state;
	char link[KIT_PATH_BYTES];
	struct ledger *ledger = NULL;
	struct fault fault;

	snprintf(link, sizeof(link), "%s/link.db", kit->folder);
	assert_int_equal(symlink(kit->path, link), 0);
	assert_int_equal(ledger_open_writer(&ledger, link, NULL, NULL), -FAULT_IO);
	assert_int_equal(ledger_open_reader(&ledger, link, &fault), -FAULT_IO);
	assert_non_null(strstr(fault.text, "symbolic link"));
}

/* By another name there is another lock and another WAL, and no writer knows of the other. */
static void test_a_ledger_with_two_names_is_refused(void **state)
{
	struct ledgerkit *kit = *state;
	char second[KIT_PATH_BYTES];
	struct ledger *ledger = NULL;
	struct fault fault;

	snprintf(second, sizeof(second), "%s/second.db", kit->folder);
	assert_int_equal(link(kit->path, second), 0);
	assert_int_equal(ledger_open_writer(&ledger, second, NULL, &fault), -FAULT_INVALID);
	assert_non_null(strstr(fault.text, "the file has 2 names (hard links)"));
	assert_int_equal(ledger_open_reader(&ledger, second, NULL), -FAULT_INVALID);
	kit_shut(kit);
	assert_int_equal(ledger_open_writer(&ledger, kit->path, NULL, NULL), -FAULT_INVALID);
	assert_int_equal(unlink(second), 0);
	kit_reopen(kit);
}

static void test_a_reader_never_creates_a_file(void **state)
{
	struct ledgerkit *kit = *state;
	char path[KIT_PATH_BYTES];
	struct fault fault = { .code = FAULT_NONE };
	struct ledger *ledger = NULL;

	snprintf(path, sizeof(path), "%s/none.db", kit->folder);
	assert_int_equal(ledger_open_reader(&ledger, path, &fault), -FAULT_NOT_FOUND);
	assert_non_null(strstr(fault.text, "there is no ledger"));
	assert_int_equal(access(path, F_OK), -1);
}

/* In a process of its own, which is nobody's where this one is root's. */
static void expect_denied(const char *path, bool writer, const char *says)
{
	enum { NOBODY = 65534 };
	pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (child == 0) {
		struct ledger *ledger = NULL;
		struct fault fault = { .code = FAULT_NONE };
		int r;

		if (getuid() == 0 && (setgid(NOBODY) < 0 || setuid(NOBODY) < 0))
			_exit(2);
		r = writer ? ledger_open_writer(&ledger, path, NULL, &fault)
		           : ledger_open_reader(&ledger, path, &fault);
		if (r == -FAULT_IO && strstr(fault.text, says) != NULL)
			_exit(0);
		print_message("%s\n", fault.text);
		_exit(1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void test_a_ledger_that_one_may_not_read_is_not_called_absent(void **state)
{
	static const char reading[] = "Permission denied: to read it, be in the group toll",
			  writing[] = "Permission denied: changes take root or the daemon's user";
	struct ledgerkit *kit = *state;
	char lock[KIT_PATH_BYTES + 8];

	snprintf(lock, sizeof(lock), "%s.lock", kit->path);
	kit_shut(kit);
	assert_int_equal(chmod(kit->folder, 0), 0);
	expect_denied(kit->path, false, reading);
	expect_denied(kit->path, true, writing);
	assert_int_equal(chmod(kit->folder, 0711), 0);
	assert_int_equal(chmod(kit->path, 0), 0);
	assert_int_equal(chmod(lock, 0), 0);
	expect_denied(kit->path, false, reading);
	expect_denied(kit->path, true, writing);
	assert_int_equal(chmod(kit->folder, 0700), 0);
	assert_int_equal(chmod(kit->path, 0640), 0);
	assert_int_equal(chmod(lock, 0640), 0);
	kit_reopen(kit);
}

static void test_a_reader_never_writes(void **state)
{
	struct ledgerkit *kit = *state;
	struct ledger *reader = NULL;
	char before[SHA256_HEX_BYTES], after[SHA256_HEX_BYTES];

	kit_send_usage(kit, "a", EVENT_TIME, "m", "{\"input\":1}");
	digest_file(kit->path, before);
	assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
	assert_int_equal(sqlite3_exec(reader->db, "DELETE FROM event", NULL, NULL, NULL),
	                 SQLITE_READONLY);
	assert_int_equal(sqlite3_exec(reader->db, "COMMIT; BEGIN IMMEDIATE", NULL, NULL, NULL),
	                 SQLITE_READONLY);
	/* Its file is open for reading only: the copy fails at the first page. */
	assert_int_not_equal(
		sqlite3_wal_checkpoint_v2(reader->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL),
		SQLITE_OK);
	ledger_close(reader);
	digest_file(kit->path, after);
	assert_string_equal(before, after);
	for (int i = 0; i < STATEMENT_COUNT; i++) {
		if (statement_info[i].user != USER_ANY)
			continue;
		assert_true(sqlite3_stmt_readonly(kit->ledger->statements[i]));
	}
}

static void test_a_reader_sees_one_snapshot_until_it_closes(void **state)
{
	struct ledgerkit *kit = *state;
	struct ledger *reader = NULL;
	struct ledger_status status;

	kit_send_usage(kit, "a", EVENT_TIME, "m", "{\"input\":1}");
	assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
	assert_int_equal(ledger_status(reader, &status, NULL), 0);
	assert_int_equal(status.events, 1);
	kit_send_usage(kit, "b", EVENT_TIME, "m", "{\"input\":1}");
	assert_int_equal(ledger_status(reader, &status, NULL), 0);
	assert_int_equal(status.events, 1);
	ledger_close(reader);
	assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
	assert_int_equal(ledger_status(reader, &status, NULL), 0);
	assert_int_equal(status.events, 2);
	ledger_close(reader);
}

static void test_status_counts_what_is_there(void **state)
{
	struct ledgerkit *kit = *state;
	struct ledger_status status;

	kit_price(kit, kit_small_book);
	assert_int_equal(kit_send_usage(kit, "a", "2026-08-01T09:00:00Z", "acme/llama-4-70b",
	                                "{\"input\":1}"),
	                 INGEST_ACCEPTED);
	assert_int_equal(kit_send_usage(kit, "b", "2026-08-01T10:00:00Z", "acme/unlisted-1",
	                                "{\"input\":1}"),
	                 INGEST_UNPRICED);
	kit_send(kit,
	         kit_quotes("{'id':'c','source':'gw-2','time':'2026-08-01T11:00:00Z','account':'x',"
	                    "'model':'m','api':'toll','status':500}"));
	kit_send(kit, "no event");
	kit_send(kit,
	         kit_quotes("{'id':'a','time':'2026-08-01T09:00:00Z','account':'acct','model':'m',"
	                    "'api':'toll','usage':{'input':9,'dreams':3}}"));
	kit_send(kit,
	         kit_quotes("{'id':'d','time':'2026-08-01T09:30:00Z','account':'acct','model':'m',"
	                    "'api':'toll','usage':{'input':9,'dreams':3}}"));
	assert_int_equal(ledger_status(kit->ledger, &status, NULL), 0);
	assert_int_equal(status.events, 4);
	assert_int_equal(status.suspense, 2);
	assert_int_equal(status.errors, 1);
	assert_int_equal(status.first_ms, KIT_NOW_MS - 3 * INT64_C(3600000));
	assert_int_equal(status.last_ms, KIT_NOW_MS - 1 * INT64_C(3600000));
	assert_int_equal(status.quarantined, 1);
	assert_int_equal(status.conflicts, 1);
	assert_int_equal(status.unknown_events, 1);
	assert_int_equal(status.sources, 2);
	assert_int_equal(status.accounts, 2);
}

/* A reader that comes first after a crash has the file for itself while it mends the WAL. */
static void test_a_writer_that_opens_waits_for_who_has_the_file(void **state)
{
	enum { HELD_MS = 300 };
	struct ledgerkit *kit = *state;
	int told[2];
	char byte;
	pid_t child;
	int status;

	kit_shut(kit);
	assert_int_equal(pipe(told), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		sqlite3 *db = NULL;

		if (sqlite3_open(kit->path, &db) != SQLITE_OK ||
		    sqlite3_exec(db,
		                 "PRAGMA wal_autocheckpoint=0; PRAGMA locking_mode=EXCLUSIVE;"
		                 "BEGIN IMMEDIATE",
		                 NULL, NULL, NULL) != SQLITE_OK ||
		    write(told[1], "x", 1) != 1)
			_exit(1);
		usleep(HELD_MS * 1000);
		_exit(0); /* as it is: the locks go with it */
	}
	close(told[1]);
	assert_int_equal(read(told[0], &byte, 1), 1);
	kit_reopen(kit);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close(told[0]);
}

static void test_closing_the_writer_empties_the_wal(void **state)
{
	struct ledgerkit *kit = *state;
	char wal[KIT_PATH_BYTES + 8];
	struct stat file;

	snprintf(wal, sizeof(wal), "%s-wal", kit->path);
	kit_send_usage(kit, "a", EVENT_TIME, "m", "{\"input\":1}");
	assert_int_equal(stat(wal, &file), 0);
	assert_true(file.st_size > 0);
	assert_int_equal(ledger_wal_checkpoint(kit->ledger, false, NULL, NULL), 0);
	assert_int_equal(stat(wal, &file), 0);
	assert_true(file.st_size > 0); /* small: left alone while there is work */
	assert_int_equal(ledger_wal_checkpoint(kit->ledger, true, NULL, NULL), 0);
	assert_int_equal(stat(wal, &file), 0);
	assert_int_equal(file.st_size, 0);
	kit_send_usage(kit, "b", EVENT_TIME, "m", "{\"input\":1}");
	kit_shut(kit);
	assert_true(stat(wal, &file) < 0 || file.st_size == 0);
	kit_reopen(kit);
	assert_string_equal(kit_events(kit), "a=-1:0.00 b=-1:0.00");
}

/* A reader that stays must not stop the writer, nor make it wait. */
static void test_a_reader_in_the_way_of_a_checkpoint_is_no_failure(void **state)
{
	struct ledgerkit *kit = *state;
	struct ledger_status status;
	struct ledger *reader = NULL;
	bool again = false;

	kit_send_usage(kit, "a", EVENT_TIME, "m", "{\"input\":1}");
	assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
	assert_int_equal(ledger_status(reader, &status, NULL), 0);
	kit_send_usage(kit, "b", EVENT_TIME, "m", "{\"input\":1}");
	assert_int_equal(ledger_wal_checkpoint(kit->ledger, true, &again, NULL), 0);
	assert_true(again);
	kit_send_usage(kit, "c", EVENT_TIME, "m", "{\"input\":1}");
	ledger_close(reader);
	assert_int_equal(ledger_wal_checkpoint(kit->ledger, true, &again, NULL), 0);
	assert_false(again);
	assert_string_equal(kit_events(kit), "a=-1:0.00 b=-1:0.00 c=-1:0.00");
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_every_setting_holds_on_an_open_ledger),
		T(test_a_new_ledger_is_migrated_to_the_newest_schema),
		T(test_a_new_ledger_is_not_for_the_world),
		T(test_every_table_is_strict),
		T(test_a_newer_ledger_is_refused_and_left_alone),
		T(test_an_older_ledger_is_not_read_before_its_writer_migrates_it),
		T(test_a_ledger_of_the_first_schema_keeps_its_rows_and_their_settlement),
		T(test_a_ledger_of_the_second_schema_keeps_its_regions_and_details),
		T(test_another_programs_database_is_refused_and_left_alone),
		T(test_a_file_that_is_no_database_is_refused_and_left_alone),
		T(test_a_ledger_behind_a_link_is_refused),
		T(test_a_ledger_with_two_names_is_refused),
		T(test_a_reader_never_creates_a_file),
		T(test_a_ledger_that_one_may_not_read_is_not_called_absent),
		T(test_a_reader_never_writes),
		T(test_a_reader_sees_one_snapshot_until_it_closes),
		T(test_status_counts_what_is_there),
		T(test_a_writer_that_opens_waits_for_who_has_the_file),
		T(test_closing_the_writer_empties_the_wal),
		T(test_a_reader_in_the_way_of_a_checkpoint_is_no_failure),
	};

	return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
