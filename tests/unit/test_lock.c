#include <grp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/ledger.h"
#include "ledger/lock.h"
#include "tests/support/ledgerkit.h"

/* The kit's ledger is open: its lock is held by this process. */
static void test_a_second_taker_is_refused_by_the_holders_pid(void **state)
{
	const struct ledgerkit *kit = *state;
	struct fault fault = { .code = FAULT_NONE };
	char expected[512];
	int fd = -1;

	assert_int_equal(lock_take(kit->path, NULL, &fd, &fault), -FAULT_BUSY);
	snprintf(expected, sizeof(expected),
	         "%s: process %d is its writer; a ledger has one at a time", kit->path, getpid());
	assert_string_equal(fault.text, expected);
	assert_int_equal(fd, -1);
}

static void test_another_process_is_refused_too(void **state)
{
	const struct ledgerkit *kit = *state;
	pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (child == 0) {
		struct ledger *ledger = NULL;
		int r = ledger_open_writer(&ledger, kit->path, NULL, NULL);

		_exit(r == -FAULT_BUSY && ledger == NULL ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_the_lock_goes_with_the_process_that_dies(void **state)
{
	struct ledgerkit *kit = *state;
	int ready[2], status = 0, fd = -1;
	int64_t pid = 0;
	char note[LEDGER_NOTE_BYTES], byte;
	pid_t child;

	kit_shut(kit);
	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (lock_take(kit->path, "control=/run/toll/control", &fd, NULL) < 0 ||
		    write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(1);
	}
	/* So that a child that fails is the end of the pipe, not silence. */
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(ledger_holder(kit->path, &pid, note, NULL), 0);
	assert_int_equal(pid, child);
	assert_string_equal(note, "control=/run/toll/control");
	assert_int_equal(lock_take(kit->path, NULL, &fd, NULL), -FAULT_BUSY);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(ledger_holder(kit->path, &pid, note, NULL), -FAULT_NOT_FOUND);
	assert_int_equal(lock_take(kit->path, NULL, &fd, NULL), 0);
	lock_drop(fd);
	close(ready[0]);
	kit_reopen(kit);
}

/* An earlier, longer text must not shine through. */
static void test_the_holder_is_who_took_it_last(void **state)
{
	struct ledgerkit *kit = *state;
	struct fault fault = { .code = FAULT_NONE };
	struct buf text = { .at = NULL };
	char note[LEDGER_NOTE_BYTES], path[KIT_PATH_BYTES + 8];
	int64_t pid = 0;
	int fd = -1;

	kit_shut(kit);
	assert_int_equal(lock_take(kit->path, "a note that is a good deal longer", &fd, &fault), 0);
	lock_drop(fd);
	assert_int_equal(lock_take(kit->path, NULL, &fd, &fault), 0);
	assert_int_equal(ledger_holder(kit->path, &pid, note, &fault), 0);
	assert_int_equal(pid, getpid());
	assert_string_equal(note, "");
	snprintf(path, sizeof(path), "%s.lock", kit->path);
	assert_int_equal(buf_read_file(&text, path, 2 * LEDGER_NOTE_BYTES, NULL), 0);
	/* Behind it the mark of the WAL, which stays. */
	snprintf(path, sizeof(path), "pid=%d \nwal boot=", getpid());
	assert_memory_equal(text.at, path, strlen(path));
	assert_null(strstr(text.at, "longer"));
	buf_release(&text);
	lock_drop(fd);
	kit_reopen(kit);
}

static void test_nobody_holds_a_ledger_that_was_never_written(void **state)
{
	struct fault fault = { .code = FAULT_NONE };
	char note[LEDGER_NOTE_BYTES];
	int64_t pid;

	(void)state;
	assert_int_equal(ledger_holder("/nonexistent/ledger.db", &pid, note, &fault),
	                 -FAULT_NOT_FOUND);
	assert_string_equal(fault.text, "/nonexistent/ledger.db: nobody writes it");
}

static void test_a_lock_file_that_is_a_link_is_refused(void **state)
{
	const struct ledgerkit *kit = *state;
	struct fault fault = { .code = FAULT_NONE };
	char path[KIT_PATH_BYTES], link[KIT_PATH_BYTES + 8];
	int fd = -1;

	snprintf(path, sizeof(path), "%s/other.db", kit->folder);
	snprintf(link, sizeof(link), "%s.lock", path);
	assert_int_equal(symlink("/dev/null", link), 0);
	assert_int_equal(lock_take(path, NULL, &fd, &fault), -FAULT_IO);
}

static void test_limits_of_path_and_note_are_told(void **state)
{
	const struct ledgerkit *kit = *state;
	static char path[5000], note[LEDGER_NOTE_BYTES + 64];
	struct fault fault = { .code = FAULT_NONE };
	char other[KIT_PATH_BYTES];
	int fd = -1;

	memset(path, 'p', sizeof(path) - 1);
	assert_int_equal(lock_take(path, NULL, &fd, &fault), -FAULT_RANGE);
	memset(note, 'n', sizeof(note) - 1);
	snprintf(other, sizeof(other), "%s/other.db", kit->folder);
	assert_int_equal(lock_take(other, note, &fd, &fault), -FAULT_RANGE);
	assert_int_equal(lock_take(other, NULL, &fd, &fault), 0);
	lock_drop(fd);
	lock_drop(-1);
}

/* A holder that has not written yet, and one that is no toll at all. */
static void test_what_the_file_says_of_its_holder(void **state)
{
	static const struct {
		const char *text;
		int64_t pid;
		const char *note;
	} rows[] = {
		{ "", 0, "" },           { "pid=", 0, "" },
		{ "pid=x y\n", 0, "y" }, { "pod=12 y\n", 0, "y" },
		{ "12\n", 0, "" },       { "pid=12 the note\nmore", 12, "the note" },
		{ "pid=12", 12, "" },
	};
	const struct ledgerkit *kit = *state;
	char name[KIT_PATH_BYTES + 8], note[LEDGER_NOTE_BYTES];
	struct wal_mark mark;
	int64_t pid, ns;
	int status;

	snprintf(name, sizeof(name), "%s.lock", kit->path);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		FILE *file = fopen(name, "w");
		pid_t child;

		assert_non_null(file);
		fputs(rows[i].text, file);
		assert_int_equal(fclose(file), 0);
		/* The kit's writer has the lock. */
		assert_int_equal(ledger_holder(kit->path, &pid, note, NULL), 0);
		assert_int_equal(pid, rows[i].pid);
		assert_string_equal(note, rows[i].note);
		assert_int_equal(lock_mark_read(kit->path, &mark, &ns, NULL), 0);
		assert_int_equal(mark.inode, 0);
		child = fork();
		assert_true(child >= 0);
		if (child == 0)
			_exit(lock_take(kit->path, NULL, &status, NULL) == -FAULT_BUSY ? 0 : 1);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
	}
}

static void test_a_folder_that_is_not_there_is_told(void **state)
{
	struct fault fault = { .code = FAULT_NONE };
	int fd = -1;

	(void)state;
	assert_int_equal(lock_take("/nonexistent/ledger.db", NULL, &fd, &fault), -FAULT_IO);
	assert_non_null(strstr(fault.text, "/nonexistent/ledger.db.lock: No such file"));
}

/* Rights on the ledger are enough to read it: the lock file tells only who writes. */
static void test_who_may_not_see_who_writes_reads_all_the_same(void **state)
{
	enum { NOBODY = 65534 };
	static const char *const names[] = { "", "-wal", "-shm" };
	struct ledgerkit kit;
	char path[KIT_PATH_BYTES + 8];
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: only root can be somebody else\n");
		skip();
	}
	kit_open(&kit);
	kit_send_usage(&kit, "a", "2026-08-01T09:00:00Z", "m", "{\"input\":1}");
	assert_int_equal(chmod(kit.folder, 0755), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", kit.path, names[i]);
		assert_int_equal(chmod(path, 0644), 0);
	}
	for (int turn = 0; turn < 2; turn++) {
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			struct ledger *reader = NULL;

			if (setgroups(0, NULL) < 0 || setgid(NOBODY) < 0 || setuid(NOBODY) < 0)
				_exit(2);
			_exit(ledger_open_reader(&reader, kit.path, NULL) < 0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		kit_shut(&kit); /* the second time nobody writes */
	}
	kit_reopen(&kit);
	kit_close(&kit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_second_taker_is_refused_by_the_holders_pid,
		                                kit_setup, kit_teardown),
		cmocka_unit_test_setup_teardown(test_what_the_file_says_of_its_holder, kit_setup,
		                                kit_teardown),
		cmocka_unit_test_setup_teardown(test_another_process_is_refused_too, kit_setup,
		                                kit_teardown),
		cmocka_unit_test_setup_teardown(test_the_lock_goes_with_the_process_that_dies,
		                                kit_setup, kit_teardown),
		cmocka_unit_test_setup_teardown(test_the_holder_is_who_took_it_last, kit_setup,
		                                kit_teardown),
		cmocka_unit_test(test_nobody_holds_a_ledger_that_was_never_written),
		cmocka_unit_test_setup_teardown(test_a_lock_file_that_is_a_link_is_refused,
		                                kit_setup, kit_teardown),
		cmocka_unit_test_setup_teardown(test_limits_of_path_and_note_are_told, kit_setup,
		                                kit_teardown),
		cmocka_unit_test(test_a_folder_that_is_not_there_is_told),
		cmocka_unit_test(test_who_may_not_see_who_writes_reads_all_the_same),
	};

	return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}
