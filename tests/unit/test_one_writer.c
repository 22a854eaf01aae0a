/* One connection writes and checkpoints; whoever reads can do neither, whatever it tries. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/internal.h"
#include "tests/support/ledgerkit.h"

#define EVENT_TIME "2026-08-01T09:00:00Z"

/* Both files, byte by byte; in the order in which a checkpoint would change them. */
static void digest_files(const struct ledgerkit *kit, char out[2][SHA256_HEX_BYTES])
{
	static const char *const suffixes[] = { "", "-wal" };

	for (int i = 0; i < 2; i++) {
		struct buf bytes = { .at = NULL };
		char path[KIT_PATH_BYTES + 8];

		snprintf(path, sizeof(path), "%s%s", kit->path, suffixes[i]);
		assert_int_equal(buf_read_file(&bytes, path, 64 << 20, NULL), 0);
		assert_true(bytes.len > 0);
		sha256_hex(bytes.at, bytes.len, out[i]);
		buf_release(&bytes);
	}
}

/* A writer in a child that has stored something and is killed: its WAL is left. */
static void leave_wal(struct ledgerkit *kit)
{
	int told[2], status;
	char byte;
	pid_t child;

	kit_shut(kit);
	assert_int_equal(pipe(told), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		kit_reopen(kit);
		kit_send_usage(kit, "a", EVENT_TIME, "m", "{\"input\":1}");
		if (write(told[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	close(told[1]);
	assert_int_equal(read(told[0], &byte, 1), 1);
	close(told[0]);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
}

static void test_a_reader_cannot_write_whatever_it_is_told(void **state)
{
	static const char *const tries[] = {
		"INSERT INTO name (text) VALUES ('x')",
		"UPDATE event SET nanos = 0",
		"DELETE FROM event",
		"DROP TABLE event",
		"CREATE TABLE x (y)",
		"PRAGMA user_version=99",
		"PRAGMA application_id=1",
		"PRAGMA query_only=0; DELETE FROM event",
		"PRAGMA writable_schema=1; DELETE FROM sqlite_schema",
		"COMMIT; BEGIN IMMEDIATE",
		"BEGIN EXCLUSIVE",
		"VACUUM",
		"REINDEX",
	};
	struct ledgerkit *kit = *state;
	char before[2][SHA256_HEX_BYTES], after[2][SHA256_HEX_BYTES];

	leave_wal(kit);
	digest_files(kit, before);
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		struct ledger *reader = NULL;

		assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
		assert_int_equal(sqlite3_db_readonly(reader->db, "main"), 1);
		if (sqlite3_exec(reader->db, tries[i], NULL, NULL, NULL) == SQLITE_OK)
			fail_msg("%s: it was done", tries[i]);
		ledger_close(reader);
	}
	digest_files(kit, after);
	assert_string_equal(before[0], after[0]);
	assert_string_equal(before[1], after[1]);
}

static void test_a_reader_cannot_checkpoint_in_any_way(void **state)
{
	static const int modes[] = { SQLITE_CHECKPOINT_PASSIVE, SQLITE_CHECKPOINT_FULL,
		                     SQLITE_CHECKPOINT_RESTART, SQLITE_CHECKPOINT_TRUNCATE };
	struct ledgerkit *kit = *state;
	char before[2][SHA256_HEX_BYTES], after[2][SHA256_HEX_BYTES];
	struct ledger *reader = NULL;

	leave_wal(kit);
	digest_files(kit, before);
	for (size_t i = 0; i < 2 * sizeof(modes) / sizeof(modes[0]); i++) {
		int copied = -1;

		assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
		/* Also outside a transaction, which would be in its own way. */
		if (i % 2 == 0)
			assert_int_equal(sqlite3_exec(reader->db, "COMMIT", NULL, NULL, NULL),
			                 SQLITE_OK);
		assert_int_not_equal(
			sqlite3_wal_checkpoint_v2(reader->db, NULL, modes[i / 2], NULL, &copied),
			SQLITE_OK);
		assert_true(copied <= 0);
		ledger_close(reader);
	}
	digest_files(kit, after);
	assert_string_equal(before[0], after[0]);
	assert_string_equal(before[1], after[1]);
}

/* SQLite's last connection would copy the WAL and remove it. */
static void test_the_last_reader_leaves_the_wal_to_the_writer(void **state)
{
	struct ledgerkit *kit = *state;
	char before[2][SHA256_HEX_BYTES], after[2][SHA256_HEX_BYTES];
	struct ledger *reader = NULL;

	leave_wal(kit);
	digest_files(kit, before);
	assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
	ledger_close(reader);
	digest_files(kit, after);
	assert_string_equal(before[0], after[0]);
	assert_string_equal(before[1], after[1]);
	kit_reopen(kit);
	assert_string_equal(kit_events(kit), "a=-1:0.00");
}

/* SQLite would by itself, at every thousandth page: the WAL would then begin anew. */
static void test_a_commit_never_checkpoints(void **state)
{
	struct ledgerkit *kit = *state;
	int64_t before = 0;
	char id[16];

	for (int i = 0; before < 2000; i++) {
		snprintf(id, sizeof(id), "e%d", i);
		kit_send_usage(kit, id, EVENT_TIME, "m", "{\"input\":1}");
		assert_true(kit->ledger->wal_pages > before);
		before = kit->ledger->wal_pages;
	}
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_reader_cannot_write_whatever_it_is_told),
		T(test_a_reader_cannot_checkpoint_in_any_way),
		T(test_the_last_reader_leaves_the_wal_to_the_writer),
		T(test_a_commit_never_checkpoints),
	};

	return cmocka_run_group_tests_name("one writer", tests, NULL, NULL);
}
