/* Backup and restore: what is copied, what is refused, and what is left when they are killed. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hash.h"
#include "ledger/backup.h"
#include "ledger/lock.h"
#include "ledger/migrations.h"
#include "tests/support/killpoints.h"
#include "tests/support/ledgerkit.h"

#define MODEL "acme/llama-4-70b"

struct spying {
	struct ledgerkit *kit;
	int steps, sent;
	struct buf findings;
};

static const struct backup_watch silent;

static void send(struct ledgerkit *kit, const char *id)
{
	kit_send_usage(kit, id, "2026-08-01T10:00:00Z", MODEL, "{\"input\":1000}");
}

static void fill(struct ledgerkit *kit, int count)
{
	char id[64];

	kit_price(kit, kit_small_book);
	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	for (int i = 0; i < count; i++) {
		struct buf line = { .at = NULL };
		struct ingest_item item;

		snprintf(id, sizeof(id), "event-with-quite-a-long-name-%d", i);
		buf_addf(&line,
		         "{\"id\":\"%s\",\"time\":\"2026-08-01T10:00:00Z\",\"account\":\"acct\","
		         "\"model\":\"" MODEL "\",\"api\":\"toll\",\"usage\":{\"input\":1000}}",
		         id);
		kit_prepare(kit, line.at, &item);
		assert_int_equal(ingest_store(kit->ledger, &item, NULL), 0);
		buf_release(&line);
	}
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
}

static const char *beside(const struct ledgerkit *kit, const char *name)
{
	static char paths[4][2 * KIT_PATH_BYTES];
	static unsigned turn;
	char *out = paths[turn++ % 4];

	snprintf(out, sizeof(paths[0]), "%s/%s", kit->folder, name);
	return out;
}

static int back_up(struct ledgerkit *kit, const char *file, bool over,
                   const struct backup_watch *watch, struct backup_result *result,
                   struct fault *fault)
{
	struct ledger *reader = NULL;
	int r;

	assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
	r = ledger_backup(reader, file, over, watch, result, fault);
	ledger_close(reader);
	return r;
}

static struct backup_result backed_up(struct ledgerkit *kit, const char *file)
{
	struct fault fault = { .code = FAULT_NONE };
	struct backup_result result;

	if (back_up(kit, file, false, &silent, &result, &fault) < 0)
		fail_msg("backup: %s", fault.text);
	assert_int_equal(result.verify.findings, 0);
	return result;
}

/* Files of the folder that begin so. */
static int count_files(const struct ledgerkit *kit, const char *prefix)
{
	DIR *folder = opendir(kit->folder);
	struct dirent *entry;
	int count = 0;

	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL)
		count += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
	closedir(folder);
	return count;
}

static int64_t events_of(const char *path)
{
	struct fault fault = { .code = FAULT_NONE };
	struct ledger_status status;
	struct ledger *reader = NULL;

	if (ledger_open_reader(&reader, path, &fault) < 0)
		fail_msg("%s", fault.text);
	assert_int_equal(ledger_status(reader, &status, NULL), 0);
	ledger_close(reader);
	return status.events;
}

static void test_a_copy_is_one_file_with_all_that_was_committed(void **state)
{
	struct ledgerkit *kit = *state;
	struct backup_result result;
	struct buf bytes = { .at = NULL };
	char hex[SHA256_HEX_BYTES];
	struct stat status;

	fill(kit, 3);
	result = backed_up(kit, beside(kit, "copy.db"));
	assert_int_equal(result.verify.events, 3);
	assert_true(result.verify.events_amount.attos > 0);
	assert_int_equal(result.last_ms, INT64_C(1785578400000));
	assert_int_equal(count_files(kit, "copy.db"), 1);
	assert_int_equal(stat(beside(kit, "copy.db"), &status), 0);
	assert_int_equal(status.st_mode & 07777, LEDGER_MODE);
	assert_int_equal(status.st_size, result.bytes);
	assert_int_equal(buf_read_file(&bytes, beside(kit, "copy.db"), BUF_BYTES_MAX, NULL), 0);
	sha256_hex(bytes.at, bytes.len, hex);
	assert_string_equal(hex, result.sha256);
	assert_int_equal(events_of(beside(kit, "copy.db")), 3);
	/* Reading it leaves nothing beside it. */
	assert_int_equal(count_files(kit, "copy.db"), 1);
	buf_release(&bytes);
}

static void commit_meanwhile(void *context, int64_t pages, int64_t total)
{
	struct spying *spying = context;
	char id[32];

	(void)pages;
	(void)total;
	assert_true(spying->steps++ < 100);
	snprintf(id, sizeof(id), "meanwhile-%d", spying->sent++);
	send(spying->kit, id);
	assert_int_equal(ledger_wal_checkpoint(spying->kit->ledger, false, NULL, NULL), 0);
}

static void test_commits_meanwhile_neither_come_in_nor_begin_it_anew(void **state)
{
	struct ledgerkit *kit = *state;
	struct spying spying = { .kit = kit };
	const struct backup_watch watch = { .copied = commit_meanwhile, .context = &spying };
	struct backup_result result;

	fill(kit, 9000);
	assert_int_equal(back_up(kit, beside(kit, "copy.db"), false, &watch, &result, NULL), 0);
	assert_true(spying.steps > 3);
	assert_int_equal(result.verify.events, 9000);
	assert_int_equal(result.verify.findings, 0);
	kit_verify_clean(kit);
}

static void expect_refused(struct ledgerkit *kit, const char *file, bool over, const char *words)
{
	struct fault fault = { .code = FAULT_NONE };
	struct backup_result result;
	int r = back_up(kit, file, over, &silent, &result, &fault);

	if (r >= 0 || strstr(fault.text, words) == NULL)
		fail_msg("%d: %s", r, fault.text);
}

static void test_a_name_that_is_taken_is_refused(void **state)
{
	struct ledgerkit *kit = *state;
	char path[KIT_PATH_BYTES];
	struct backup_result result;

	fill(kit, 1);
	kit_write(kit, path, "copy.db", "mine");
	expect_refused(kit, path, false, "it is there already");
	assert_int_equal(count_files(kit, "copy.db"), 1);
	assert_int_equal(back_up(kit, path, true, &silent, &result, NULL), 0);
	assert_int_equal(events_of(path), 1);
	expect_refused(kit, kit->path, true, "this is the ledger itself");
	kit_write(kit, path, "other.db-wal", "left");
	expect_refused(kit, beside(kit, "other.db"), false, "move it away, or choose another name");
	expect_refused(kit, beside(kit, "no/such/folder"), false, "No such file");
	assert_int_equal(mkdir(beside(kit, "folder"), 0700), 0);
	expect_refused(kit, beside(kit, "folder"), true, "no file");
	assert_int_equal(rmdir(beside(kit, "folder")), 0);
	assert_int_equal(count_files(kit, "other.db"), 1);
}

/* Of another file, and empty: it is nothing to anybody, and would be in the way. */
static void test_what_holds_nothing_beside_the_name_goes(void **state)
{
	struct ledgerkit *kit = *state;
	char path[KIT_PATH_BYTES];

	fill(kit, 1);
	kit_write(kit, path, "copy.db-wal", "");
	kit_write(kit, path, "copy.db-shm", "an index of nothing");
	backed_up(kit, beside(kit, "copy.db"));
	assert_int_equal(count_files(kit, "copy.db"), 1);
}

static void test_a_ledger_in_use_is_no_place_for_a_copy(void **state)
{
	struct ledgerkit *kit = *state;
	struct fault fault = { .code = FAULT_NONE };
	struct backup_result result;
	int lock_fd = -1;

	fill(kit, 1);
	backed_up(kit, beside(kit, "copy.db"));
	assert_int_equal(lock_take(beside(kit, "copy.db"), NULL, &lock_fd, NULL), 0);
	expect_refused(kit, beside(kit, "copy.db"), true, "a ledger that is in use");
	lock_drop(lock_fd);
	/* Whether it is cannot be told: then it is not replaced either. */
	assert_int_equal(unlink(beside(kit, "copy.db.lock")), 0);
	assert_int_equal(symlink("copy.db.lock", beside(kit, "copy.db.lock")), 0);
	assert_int_equal(back_up(kit, beside(kit, "copy.db"), true, &silent, &result, &fault),
	                 -FAULT_IO);
	assert_non_null(strstr(fault.text, "copy.db.lock: "));
	assert_int_equal(unlink(beside(kit, "copy.db.lock")), 0);
	assert_int_equal(events_of(beside(kit, "copy.db")), 1);
}

static void test_a_copy_with_a_difference_is_kept_beside_and_takes_no_name(void **state)
{
	struct ledgerkit *kit = *state;
	struct backup_result result;

	fill(kit, 2);
	kit_shut(kit);
	kit_sql(kit, "UPDATE rollup SET input = input + 1");
	kit_reopen(kit);
	assert_int_equal(back_up(kit, beside(kit, "copy.db"), false, &silent, &result, NULL), 0);
	assert_true(result.verify.findings > 0);
	assert_int_not_equal(access(beside(kit, "copy.db"), F_OK), 0);
	assert_int_equal(access(result.kept, F_OK), 0);
}

static int restore(struct ledgerkit *kit, const char *file, const char *aside,
                   struct backup_result *result, struct fault *fault)
{
	return ledger_restore(file, kit->path, aside, &silent, result, fault);
}

static void expect_no_restore(struct ledgerkit *kit, const char *file, const char *aside, int code,
                              const char *words)
{
	struct fault fault = { .code = FAULT_NONE };
	struct backup_result result;
	int r = restore(kit, file, aside, &result, &fault);

	if (r != code || strstr(fault.text, words) == NULL)
		fail_msg("%s: %d: %s", words, r, fault.text);
	assert_int_equal(count_files(kit, "ledger.db."), 2); /* the lock, the secret */
}

static void test_a_restore_that_has_no_place_changes_nothing(void **state)
{
	struct ledgerkit *kit = *state;
	char path[KIT_PATH_BYTES];

	fill(kit, 1);
	backed_up(kit, beside(kit, "copy.db"));
	kit_shut(kit);
	expect_no_restore(kit, kit->path, beside(kit, "old.db"), -FAULT_INVALID,
	                  "this is the ledger itself");
	/* SQLite would read it into the old one. */
	kit_write(kit, path, "old.db-wal", "of another");
	expect_no_restore(kit, beside(kit, "copy.db"), beside(kit, "old.db"), -FAULT_INVALID,
	                  "old.db-wal: it is there, of another file");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(kit->path), 0);
	assert_int_equal(mkdir(kit->path, 0700), 0);
	expect_no_restore(kit, beside(kit, "copy.db"), beside(kit, "old.db"), -FAULT_INVALID,
	                  "ledger.db: it is there, and no file");
	assert_int_equal(rmdir(kit->path), 0);
}

static void test_a_restored_ledger_goes_on(void **state)
{
	struct ledgerkit *kit = *state;
	struct backup_result result;
	struct stat status;

	fill(kit, 2);
	backed_up(kit, beside(kit, "copy.db"));
	kit_shut(kit);
	assert_int_equal(unlink(kit->path), 0);
	assert_int_equal(restore(kit, beside(kit, "copy.db"), NULL, &result, NULL), 0);
	assert_int_equal(result.verify.events, 2);
	assert_string_equal(result.kept, "");
	assert_int_equal(stat(kit->path, &status), 0);
	assert_int_equal(status.st_mode & 07777, LEDGER_MODE);
	kit_reopen(kit);
	send(kit, "next");
	kit_verify_clean(kit);
	assert_int_equal(events_of(kit->path), 3);
}

static void test_a_ledger_that_is_there_stays_or_is_kept_aside(void **state)
{
	struct ledgerkit *kit = *state;
	struct backup_result result;

	fill(kit, 2);
	backed_up(kit, beside(kit, "copy.db"));
	send(kit, "later");
	expect_no_restore(kit, beside(kit, "copy.db"), beside(kit, "old.db"), -FAULT_BUSY,
	                  "is its writer");
	kit_shut(kit);
	expect_no_restore(kit, beside(kit, "copy.db"), NULL, -FAULT_INVALID, "there is a ledger");
	expect_no_restore(kit, beside(kit, "copy.db"), beside(kit, "copy.db"), -FAULT_INVALID,
	                  "it is there already");
	assert_int_equal(events_of(kit->path), 3);
	assert_int_equal(restore(kit, beside(kit, "copy.db"), beside(kit, "old.db"), &result, NULL),
	                 0);
	assert_string_equal(result.kept, beside(kit, "old.db"));
	assert_int_equal(events_of(kit->path), 2);
	assert_int_equal(events_of(beside(kit, "old.db")), 3);
}

/* A writer that died leaves what it committed in the WAL. */
static void die_behind_a_commit(struct ledgerkit *kit)
{
	int status;
	pid_t pid;

	kit_shut(kit);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		kit_reopen(kit);
		send(kit, "in-the-wal");
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(access(beside(kit, "ledger.db-wal"), F_OK) == 0);
}

static void test_what_the_old_one_had_in_its_wal_stays_with_it(void **state)
{
	struct ledgerkit *kit = *state;
	struct backup_result result;

	fill(kit, 2);
	backed_up(kit, beside(kit, "copy.db"));
	die_behind_a_commit(kit);
	assert_int_equal(restore(kit, beside(kit, "copy.db"), beside(kit, "old.db"), &result, NULL),
	                 0);
	assert_int_equal(events_of(beside(kit, "old.db")), 3);
	kit_reopen(kit);
	assert_int_equal(events_of(kit->path), 2);
	kit_verify_clean(kit);
}

static void damage(const char *path, off_t at, const char *bytes)
{
	int fd = open(path, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, strlen(bytes), at), (ssize_t)strlen(bytes));
	close(fd);
}

static void test_a_wal_that_cannot_be_read_is_kept_beside_the_old_one(void **state)
{
	struct ledgerkit *kit = *state;
	struct backup_result result;

	fill(kit, 2);
	backed_up(kit, beside(kit, "copy.db"));
	kit_shut(kit);
	unlink(beside(kit, "ledger.db-wal"));
	assert_int_equal(mkdir(beside(kit, "ledger.db-wal"), 0700), 0);
	assert_int_equal(restore(kit, beside(kit, "copy.db"), beside(kit, "old.db"), &result, NULL),
	                 0);
	assert_int_equal(rmdir(beside(kit, "old.db-wal")), 0);
	kit_reopen(kit);
	assert_int_equal(events_of(kit->path), 2);
}

static void test_a_backup_that_is_damaged_changes_nothing(void **state)
{
	struct ledgerkit *kit = *state;
	struct fault fault = { .code = FAULT_NONE };
	struct backup_result result;
	char path[KIT_PATH_BYTES];

	fill(kit, 2);
	backed_up(kit, beside(kit, "copy.db"));
	backed_up(kit, beside(kit, "other.db"));
	kit_shut(kit);
	assert_int_equal(truncate(beside(kit, "copy.db"), 8192), 0);
	expect_no_restore(kit, beside(kit, "copy.db"), beside(kit, "old.db"), -FAULT_CORRUPT,
	                  "copy.db: ");
	damage(beside(kit, "copy.db"), 0, "text");
	expect_no_restore(kit, beside(kit, "copy.db"), beside(kit, "old.db"), -FAULT_CORRUPT,
	                  "copy.db: ");
	expect_no_restore(kit, beside(kit, "none.db"), beside(kit, "old.db"), -FAULT_NOT_FOUND,
	                  "none.db");
	snprintf(path, sizeof(path), "%s-wal", beside(kit, "other.db"));
	kit_write(kit, path, "other.db-wal", "x");
	expect_no_restore(kit, beside(kit, "other.db"), beside(kit, "old.db"), -FAULT_INVALID,
	                  "a ledger in use");
	unlink(path);
	/* Altered, in a way that SQLite does not see. */
	memcpy(path, kit->path, sizeof(path));
	snprintf(kit->path, sizeof(kit->path), "%s", beside(kit, "other.db"));
	kit_sql(kit, "UPDATE event SET nanos = nanos + 1");
	memcpy(kit->path, path, sizeof(path));
	assert_int_equal(
		restore(kit, beside(kit, "other.db"), beside(kit, "old.db"), &result, &fault), 0);
	assert_true(result.verify.findings > 0);
	assert_int_not_equal(access(beside(kit, "old.db"), F_OK), 0);
	kit_reopen(kit);
	kit_verify_clean(kit);
}

static void set_version(struct ledgerkit *kit, const char *file, const char *version)
{
	char path[KIT_PATH_BYTES], sql[64];

	memcpy(path, kit->path, sizeof(path));
	snprintf(kit->path, sizeof(kit->path), "%s", file);
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %s", version);
	kit_sql(kit, sql);
	memcpy(kit->path, path, sizeof(path));
}

static void test_a_newer_ledger_is_neither_copied_nor_restored(void **state)
{
	struct ledgerkit *kit = *state;
	struct ledger *reader = NULL;

	fill(kit, 1);
	backed_up(kit, beside(kit, "copy.db"));
	kit_shut(kit);
	set_version(kit, beside(kit, "copy.db"), "999");
	expect_no_restore(kit, beside(kit, "copy.db"), beside(kit, "old.db"), -FAULT_VERSION,
	                  "copy.db: written by a newer toll");
	kit_sql(kit, "PRAGMA user_version = 999");
	assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), -FAULT_VERSION);
}

/* An empty ledger of the first schema: the others are test_migrations.c's. */
static void test_a_backup_of_an_older_toll_is_migrated_on_its_way(void **state)
{
	struct ledgerkit *kit = *state;
	struct backup_result result;
	char path[KIT_PATH_BYTES], old[KIT_PATH_BYTES];

	kit_shut(kit);
	kit_write(kit, old, "old.db", "");
	memcpy(path, kit->path, sizeof(path));
	memcpy(kit->path, old, sizeof(old));
	kit_sql(kit, migrations[0].sql);
	kit_sql(kit, "PRAGMA application_id = 1953459308; PRAGMA user_version = 1");
	memcpy(kit->path, path, sizeof(path));
	assert_int_equal(unlink(kit->path), 0);
	assert_int_equal(restore(kit, old, NULL, &result, NULL), 0);
	assert_int_equal(count_files(kit, "ledger.db"), 3); /* and the same two */
	assert_int_equal(events_of(kit->path), 0);
}

struct restoring {
	struct ledgerkit *kit;
	const char *copy, *aside;
};

static int run_restore(void *context)
{
	struct restoring *restoring = context;
	struct backup_result result;

	return restore(restoring->kit, restoring->copy, restoring->aside, &result, NULL);
}

static int run_backup(void *context)
{
	struct restoring *restoring = context;
	struct backup_result result;

	return back_up(restoring->kit, restoring->copy, true, &silent, &result, NULL);
}

static void copy_file(const char *from, const char *to)
{
	struct buf bytes = { .at = NULL };
	FILE *file = fopen(to, "w");

	assert_non_null(file);
	assert_int_equal(buf_read_file(&bytes, from, BUF_BYTES_MAX, NULL), 0);
	assert_int_equal(fwrite(bytes.at, 1, bytes.len, file), bytes.len);
	fclose(file);
	buf_release(&bytes);
}

static void test_killed_at_any_point_a_restore_leaves_the_old_or_the_new(void **state)
{
	struct ledgerkit *kit = *state;
	char copy[KIT_PATH_BYTES], saved[KIT_PATH_BYTES], aside[KIT_PATH_BYTES];
	struct restoring restoring = { kit, copy, aside };
	int point = 0, old = 0, new = 0;
	bool killed = true;

	snprintf(copy, sizeof(copy), "%s", beside(kit, "copy.db"));
	snprintf(saved, sizeof(saved), "%s", beside(kit, "saved.db"));
	fill(kit, 2);
	backed_up(kit, copy);
	send(kit, "later");
	kit_shut(kit);
	copy_file(kit->path, saved);
	while (killed && point < 100) {
		char name[32];
		int64_t events;

		snprintf(name, sizeof(name), "aside-%d.db", ++point);
		snprintf(aside, sizeof(aside), "%s", beside(kit, name));
		copy_file(saved, kit->path);
		die_behind_a_commit(kit);
		killed = killpoints_run(run_restore, &restoring, point);
		kit_reopen(kit);
		kit_verify_clean(kit);
		kit_shut(kit);
		events = events_of(kit->path);
		if (events != 2 && events != 4)
			fail_msg("point %d leaves %lld events", point, (long long)events);
		old += events == 4;
		new += events == 2;
		/* The next one begins without remains of the -wal. */
		unlink(beside(kit, "ledger.db-wal"));
		unlink(beside(kit, "ledger.db-shm"));
	}
	assert_true(point > 6 && old > 3 && new > 1);
}

static void test_killed_at_any_point_a_backup_leaves_the_one_before_or_the_new(void **state)
{
	struct ledgerkit *kit = *state;
	char copy[KIT_PATH_BYTES];
	struct restoring restoring = { kit, copy, NULL };
	int point = 0, before = 0;

	snprintf(copy, sizeof(copy), "%s", beside(kit, "copy.db"));
	fill(kit, 2);
	backed_up(kit, copy);
	send(kit, "later");
	kit_shut(kit);
	while (killpoints_run(run_backup, &restoring, ++point) && point < 100)
		before += events_of(copy) == 2;
	assert_int_equal(events_of(copy), 3);
	assert_true(point > 3 && before > 2 && before >= point - 3);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_copy_is_one_file_with_all_that_was_committed),
		T(test_commits_meanwhile_neither_come_in_nor_begin_it_anew),
		T(test_a_name_that_is_taken_is_refused),
		T(test_what_holds_nothing_beside_the_name_goes),
		T(test_a_ledger_in_use_is_no_place_for_a_copy),
		T(test_a_restore_that_has_no_place_changes_nothing),
		T(test_a_copy_with_a_difference_is_kept_beside_and_takes_no_name),
		T(test_a_restored_ledger_goes_on),
		T(test_a_ledger_that_is_there_stays_or_is_kept_aside),
		T(test_what_the_old_one_had_in_its_wal_stays_with_it),
		T(test_a_wal_that_cannot_be_read_is_kept_beside_the_old_one),
		T(test_a_backup_that_is_damaged_changes_nothing),
		T(test_a_newer_ledger_is_neither_copied_nor_restored),
		T(test_a_backup_of_an_older_toll_is_migrated_on_its_way),
		T(test_killed_at_any_point_a_restore_leaves_the_old_or_the_new),
		T(test_killed_at_any_point_a_backup_leaves_the_one_before_or_the_new),
	};
#undef T

	return cmocka_run_group_tests_name("backup", tests, NULL, NULL);
}
