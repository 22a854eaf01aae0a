/* Backup and restore where somebody else is at the files, or a name is no good one. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
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

#include "ledger/backup.h"
#include "tests/support/ledgerkit.h"

enum { PATH_BYTES = 2 * KIT_PATH_BYTES };

#define MODEL "acme/llama-4-70b"

static const struct backup_watch silent;

static void send(struct ledgerkit *kit, const char *id)
{
	kit_send_usage(kit, id, "2026-08-01T10:00:00Z", MODEL, "{\"input\":1000}");
}

static const char *beside(const struct ledgerkit *kit, const char *name)
{
	static char paths[4][PATH_BYTES];
	static unsigned turn;
	char *out = paths[turn++ % 4];

	snprintf(out, PATH_BYTES, "%s/%s", kit->folder, name);
	return out;
}

/* Files of the folder that begin so; the last of them into `last`, which may be NULL. */
static int count_files(const struct ledgerkit *kit, const char *prefix, char last[PATH_BYTES])
{
	DIR *folder = opendir(kit->folder);
	struct dirent *entry;
	int count = 0;

	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
			continue;
		count++;
		if (last != NULL)
			snprintf(last, PATH_BYTES, "%s/%s", kit->folder, entry->d_name);
	}
	closedir(folder);
	return count;
}

static struct ledger *open_reader(const char *path)
{
	struct fault fault = { .code = FAULT_NONE };
	struct ledger *reader = NULL;

	if (ledger_open_reader(&reader, path, &fault) < 0)
		fail_msg("%s", fault.text);
	return reader;
}

static int64_t events_of(const char *path)
{
	struct ledger *reader = open_reader(path);
	struct ledger_status status;

	assert_int_equal(ledger_status(reader, &status, NULL), 0);
	ledger_close(reader);
	return status.events;
}

static void expect_fault(int r, int code, const struct fault *fault, const char *path,
                         const char *words)
{
	if (r != code || strncmp(fault->text, path, strlen(path)) != 0 ||
	    strstr(fault->text, words) == NULL)
		fail_msg("%s, %s: %s: %s", path, words, fault_name(r), fault->text);
}

static void expect_no_backup(struct ledgerkit *kit, const char *file,
                             const struct backup_watch *watch, int code, const char *path,
                             const char *words)
{
	struct ledger *reader = open_reader(kit->path);
	struct fault fault = { .code = FAULT_NONE };
	struct backup_result result;

	expect_fault(ledger_backup(reader, file, true, watch, &result, &fault), code, &fault, path,
	             words);
	ledger_close(reader);
}

static void back_up(struct ledgerkit *kit)
{
	struct ledger *reader = open_reader(kit->path);
	struct fault fault = { .code = FAULT_NONE };
	struct backup_result result;

	if (ledger_backup(reader, beside(kit, "copy.db"), true, &silent, &result, &fault) < 0)
		fail_msg("%s", fault.text);
	ledger_close(reader);
}

/* --- backup --------------------------------------------------------------- */

struct looking {
	struct ledgerkit *kit;
	pid_t pid;
};

/* Another process has the copy locked as SQLite's readers do, from when all pages are in it. */
static void look_into_the_copy(void *context, int64_t pages, int64_t total)
{
	struct flock lock = {
		.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 0x40000002, .l_len = 510
	};
	struct looking *looking = context;
	char path[PATH_BYTES], byte = 1;
	int ends[2];

	if (pages < total || looking->pid != 0)
		return;
	assert_int_equal(count_files(looking->kit, "copy.db.", path), 1);
	assert_int_equal(pipe(ends), 0);
	looking->pid = fork();
	assert_true(looking->pid >= 0);
	if (looking->pid == 0) {
		int fd = open(path, O_RDWR);

		if (fd >= 0 && fcntl(fd, F_SETLK, &lock) == 0 && write(ends[1], &byte, 1) == 1)
			pause();
		_exit(1);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	close(ends[0]);
}

static void test_a_copy_that_somebody_has_open_is_none(void **state)
{
	struct ledgerkit *kit = *state;
	struct looking looking = { kit, 0 };
	const struct backup_watch watch = { .copied = look_into_the_copy, .context = &looking };

	send(kit, "one");
	expect_no_backup(kit, beside(kit, "copy.db"), &watch, -FAULT_BUSY, beside(kit, "copy.db: "),
	                 "database is locked");
	assert_true(looking.pid > 0);
	assert_int_equal(kill(looking.pid, SIGKILL), 0);
	assert_int_equal(waitpid(looking.pid, NULL, 0), looking.pid);
	assert_int_equal(count_files(kit, "copy.db", NULL), 0);
	back_up(kit);
	assert_int_equal(events_of(beside(kit, "copy.db")), 1);
}

static void test_a_ledger_in_use_is_not_replaced(void **state)
{
	struct ledgerkit *kit = *state;
	struct ledger *other = NULL;

	send(kit, "one");
	assert_int_equal(ledger_open_writer(&other, beside(kit, "other.db"), NULL, NULL), 0);
	expect_no_backup(kit, beside(kit, "other.db"), &silent, -FAULT_INVALID,
	                 beside(kit, "other.db: "), "a ledger that is in use");
	ledger_close(other);
	assert_int_equal(events_of(beside(kit, "other.db")), 0);
}

/* A name that is just not too long for the file may be for what lies beside it. */
static void test_a_name_that_is_too_long_is_refused(void **state)
{
	struct ledgerkit *kit = *state;
	struct fault fault = { .code = FAULT_NONE };
	struct backup_result result;
	char *path = malloc(PATH_MAX + 1);

	assert_non_null(path);
	send(kit, "one");
	back_up(kit);
	for (size_t len = PATH_MAX - strlen("-journal"); len < PATH_MAX; len++) {
		size_t at = (size_t)snprintf(path, PATH_MAX, "%s", kit->folder);

		/* A slash more is nothing. */
		if ((len - at) % 2 == 1)
			path[at++] = '/';
		for (; at + 2 < len; at += 2)
			memcpy(path + at, "/.", 2);
		memcpy(path + at, "/x", 3);
		expect_no_backup(kit, path, &silent, -FAULT_RANGE,
		                 "the path is too long: ", kit->folder);
		expect_fault(ledger_restore(beside(kit, "copy.db"), path, NULL, &silent, &result,
		                            &fault),
		             -FAULT_RANGE, &fault, "the path is too long: ", kit->folder);
		/* But for its lock. */
		assert_int_equal(count_files(kit, "x", NULL),
		                 access(beside(kit, "x.lock"), F_OK) == 0 ? 1 : 0);
	}
	free(path);
}

static void test_a_ledger_that_is_gone_is_told(void **state)
{
	struct ledgerkit *kit = *state;
	struct ledger *reader = NULL;
	struct fault fault = { .code = FAULT_NONE };
	struct backup_result result;

	send(kit, "one");
	kit_shut(kit);
	reader = open_reader(kit->path);
	assert_int_equal(rename(kit->path, beside(kit, "away.db")), 0);
	expect_fault(ledger_backup(reader, beside(kit, "copy.db"), false, &silent, &result, &fault),
	             -FAULT_IO, &fault, kit->path, "No such file");
	ledger_close(reader);
	assert_int_equal(count_files(kit, "copy.db", NULL), 0);
	assert_int_equal(rename(beside(kit, "away.db"), kit->path), 0);
}

/* --- restore -------------------------------------------------------------- */

static void expect_no_restore(struct ledgerkit *kit, const char *file, const char *place,
                              const char *aside, int code, const char *path, const char *words)
{
	struct fault fault = { .code = FAULT_NONE };
	struct backup_result result;

	expect_fault(ledger_restore(file, place, aside, &silent, &result, &fault), code, &fault,
	             path, words);
	assert_int_equal(count_files(kit, "ledger.db.", NULL), 2); /* the lock, the secret */
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
}

static void test_a_ledger_that_somebody_reads_stays(void **state)
{
	struct ledgerkit *kit = *state;
	struct backup_result result;
	struct ledger_status status;
	struct ledger *reader = NULL;

	send(kit, "one");
	back_up(kit);
	die_behind_a_commit(kit);
	reader = open_reader(kit->path);
	assert_int_equal(ledger_status(reader, &status, NULL), 0);
	assert_int_equal(status.events, 2);
	expect_no_restore(kit, beside(kit, "copy.db"), kit->path, beside(kit, "old.db"),
	                  -FAULT_BUSY, kit->path, "somebody reads it; end that, then try again");
	assert_int_equal(count_files(kit, "old.db", NULL), 0);
	assert_int_equal(ledger_status(reader, &status, NULL), 0);
	assert_int_equal(status.events, 2);
	ledger_close(reader);
	assert_int_equal(events_of(kit->path), 2);
	assert_int_equal(ledger_restore(beside(kit, "copy.db"), kit->path, beside(kit, "old.db"),
	                                &silent, &result, NULL),
	                 0);
	assert_int_equal(events_of(kit->path), 1);
	assert_int_equal(events_of(beside(kit, "old.db")), 2);
}

static void test_what_is_no_backup_is_not_restored(void **state)
{
	struct ledgerkit *kit = *state;
	char folder[PATH_BYTES];

	send(kit, "one");
	back_up(kit);
	kit_shut(kit);
	snprintf(folder, sizeof(folder), "%s", beside(kit, "folder"));
	assert_int_equal(mkdir(folder, 0700), 0);
	expect_no_restore(kit, kit->path, kit->path, beside(kit, "old.db"), -FAULT_INVALID,
	                  kit->path, "this is the ledger itself");
	expect_no_restore(kit, folder, kit->path, beside(kit, "old.db"), -FAULT_IO, folder,
	                  "Is a directory");
	expect_no_restore(kit, beside(kit, "copy.db"), folder, beside(kit, "old.db"),
	                  -FAULT_INVALID, folder, "it is there, and no file");
	expect_no_restore(kit, beside(kit, "copy.db/no"), kit->path, beside(kit, "old.db"),
	                  -FAULT_IO, beside(kit, "copy.db/no"), "Not a directory");
	assert_int_equal(count_files(kit, "folder.", NULL), 1); /* its lock */
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(count_files(kit, "old.db", NULL), 0);
	assert_int_equal(events_of(kit->path), 1);
}

/* As from `zstd -dc`: a backup may come through a pipe. */
static void test_a_backup_is_restored_from_a_pipe(void **state)
{
	struct ledgerkit *kit = *state;
	struct fault fault = { .code = FAULT_NONE };
	struct backup_result result;
	char command[3 * PATH_BYTES], fifo[PATH_BYTES];

	send(kit, "one");
	back_up(kit);
	snprintf(fifo, sizeof(fifo), "%s", beside(kit, "fifo"));
	assert_int_equal(mkfifo(fifo, 0600), 0);
	snprintf(command, sizeof(command), "cat %s >%s &", beside(kit, "copy.db"), fifo);
	assert_int_equal(system(command), 0);
	if (ledger_restore(fifo, beside(kit, "new.db"), NULL, &silent, &result, &fault) < 0)
		fail_msg("%s", fault.text);
	assert_int_equal(events_of(beside(kit, "new.db")), 1);
}

/* What SQLite would read into the ledger that is put there. */
static void test_remains_where_no_ledger_is_are_not_taken_over(void **state)
{
	struct ledgerkit *kit = *state;
	struct backup_result result;
	char wal[PATH_BYTES];

	send(kit, "one");
	back_up(kit);
	kit_shut(kit);
	assert_int_equal(unlink(kit->path), 0);
	kit_write(kit, wal, "ledger.db-wal", "left");
	expect_no_restore(kit, beside(kit, "copy.db"), kit->path, NULL, -FAULT_INVALID, wal,
	                  "move it away, or choose another name");
	assert_int_equal(unlink(wal), 0);
	/* An index is of nothing, and one that holds nothing too. */
	kit_write(kit, wal, "ledger.db-shm", "left");
	kit_write(kit, wal, "ledger.db-journal", "");
	assert_int_equal(
		ledger_restore(beside(kit, "copy.db"), kit->path, NULL, &silent, &result, NULL), 0);
	assert_int_equal(events_of(kit->path), 1);
	assert_int_equal(count_files(kit, "ledger.db-", NULL), 0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_copy_that_somebody_has_open_is_none),
		T(test_a_ledger_in_use_is_not_replaced),
		T(test_a_name_that_is_too_long_is_refused),
		T(test_a_ledger_that_is_gone_is_told),
		T(test_a_ledger_that_somebody_reads_stays),
		T(test_what_is_no_backup_is_not_restored),
		T(test_a_backup_is_restored_from_a_pipe),
		T(test_remains_where_no_ledger_is_are_not_taken_over),
	};
#undef T

	return cmocka_run_group_tests_name("copies", tests, NULL, NULL);
}
