/* What `toll doctor` makes of a ledger's files, and how it finds out who has them open. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/doctor_checks.h"
#include "tests/support/ledgerkit.h"

static void test_the_versions_with_the_fix_of_the_wal_reset_bug(void **state)
{
	static const struct {
		int number;
		bool fixed;
	} rows[] = {
		{ 3040001, false }, { 3044005, false }, { 3044006, true }, { 3044099, true },
		{ 3045000, false }, { 3050006, false }, { 3050007, true }, { 3051000, false },
		{ 3051002, false }, { 3051003, true },  { 3052000, true }, { 4000000, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(ledger_wal_reset_fixed(rows[i].number), rows[i].fixed);
}

/* A ledger that has nothing wrong with it. */
static struct doctor_facts sound(void)
{
	struct doctor_facts facts = { .path = "l.db", .holder_known = true, .holder_pid = 7 };

	for (int i = 0; i < DOCTOR_FILES; i++) {
		facts.files[i].there = true;
		facts.files[i].status.st_nlink = 1;
		facts.files[i].status.st_mode = S_IFREG | 0640;
		snprintf(facts.files[i].path, sizeof(facts.files[i].path), "l.db.%d", i);
	}
	facts.index = (struct walindex){ .there = true, .locks_known = true, .writing_pid = 7 };
	facts.settings[0] = (struct doctor_setting){ "journal_mode", "wal", SETTING_FILE, true,
		                                     "wal" };
	facts.settings[1] = (struct doctor_setting){ "synchronous", "2", SETTING_WRITER, false,
		                                     "" };
	facts.setting_count = 2;
	facts.free_bytes = DOCTOR_FREE_BYTES_MIN;
	return facts;
}

static void break_nothing(struct doctor_facts *facts)
{
	facts->index.readers[0].behind = LEDGER_WAL_PAGES_MAX;
	facts->index.reader_count = 1;
	facts->files[1].status.st_size = DOCTOR_WAL_BYTES_MAX;
}

static void break_open(struct doctor_facts *facts)
{
	fault_set(&facts->open_fault, FAULT_VERSION, "of an older toll");
}

static void break_setting(struct doctor_facts *facts)
{
	strcpy(facts->settings[0].value, "delete");
}

static void break_writer(struct doctor_facts *facts)
{
	facts->index.writing_pid = 8;
}

static void break_checkpointer(struct doctor_facts *facts)
{
	facts->holder_pid = 0;
	facts->index.writing_pid = 0;
	facts->index.checkpointing_pid = 9;
}

static void break_lock(struct doctor_facts *facts)
{
	facts->holder_known = false;
}

static void break_wal(struct doctor_facts *facts)
{
	facts->files[1].status.st_size = DOCTOR_WAL_BYTES_MAX + 1;
}

static void break_wal_alone(struct doctor_facts *facts)
{
	break_wal(facts);
	facts->holder_pid = facts->index.writing_pid = 0;
}

static void break_reader(struct doctor_facts *facts)
{
	facts->index.reader_count = 1;
	facts->index.readers[0] = (struct walindex_reader){ 11, "toll", 60,
		                                            LEDGER_WAL_PAGES_MAX + 1 };
}

static void break_index(struct doctor_facts *facts)
{
	fault_set(&facts->index_fault, FAULT_IO, "l.db-shm: Permission denied");
}

static void break_locks(struct doctor_facts *facts)
{
	facts->index.locks_known = false;
}

static void break_mode(struct doctor_facts *facts)
{
	facts->files[2].status.st_mode |= 0004;
}

static void break_group(struct doctor_facts *facts)
{
	facts->files[0].status.st_mode |= 0020;
}

static void break_owner(struct doctor_facts *facts)
{
	facts->files[1].status.st_uid = 5;
}

static void break_link(struct doctor_facts *facts)
{
	facts->files[0].status.st_nlink = 2;
}

static void break_space(struct doctor_facts *facts)
{
	facts->free_bytes = DOCTOR_FREE_BYTES_MIN - 1;
}

static void break_disk(struct doctor_facts *facts)
{
	facts->free_bytes = -1;
}

static void break_remote(struct doctor_facts *facts)
{
	facts->remote = "NFS";
}

static const struct {
	void (*broken)(struct doctor_facts *facts);
	const char *name, *words; /* of the one check that needs attention; NULL: none */
} rows[] = {
	{ break_nothing, NULL, NULL },
	{ break_open, "open", "it cannot be read: of an older toll" },
	{ break_setting, "settings", "journal_mode is delete, not wal" },
	{ break_writer, "writer", "process 8 writes or checkpoints beside the writer" },
	{ break_checkpointer, "writer", "process 9 writes or checkpoints beside the writer" },
	{ break_lock, "writer", "run it as root or the daemon's user" },
	{ break_wal, "wal", "67108865 bytes: a reader keeps it" },
	{ break_wal_alone, "wal", "no writer that copies them" },
	{ break_reader, "readers", "process 11 (toll) reads what was 4001 frames ago" },
	{ break_index, "readers", "l.db-shm: Permission denied" },
	{ break_locks, "readers", "/proc/locks cannot be read" },
	{ break_mode, "files", "l.db.2 is open to everybody" },
	{ break_group, "files", "l.db.0 can be written by its group" },
	{ break_owner, "files", "l.db.1 belongs to uid 5, the ledger to uid 0" },
	{ break_link, "files", "l.db.0 has 2 names" },
	{ break_space, "disk", "268435455 bytes are free" },
	{ break_disk, "disk", "its free space is not known" },
	{ break_remote, "disk", "the ledger is on NFS" },
};

static void test_each_thing_that_is_wrong_needs_attention_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct doctor_facts facts = sound();
		size_t found = 0;

		rows[i].broken(&facts);
		doctor_check(&facts);
		assert_int_equal(facts.attention, rows[i].name != NULL);
		for (size_t c = 0; c < facts.check_count; c++) {
			const struct doctor_check *check = &facts.checks[c];

			if (!check->attention)
				continue;
			found++;
			if (rows[i].name == NULL || strcmp(check->name, rows[i].name) != 0 ||
			    strstr(check->text, rows[i].words) == NULL)
				fail_msg("row %zu: %s: %s", i, check->name, check->text);
		}
		if (found != (rows[i].name != NULL))
			fail_msg("row %zu: %zu checks need attention", i, found);
	}
}

/* A child that has done something with the ledger and then stays until it is killed. */
static pid_t stay(struct ledgerkit *kit, bool writes)
{
	int told[2];
	char byte = 0;
	pid_t child;

	assert_int_equal(pipe(told), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct ledger *reader = NULL;
		struct ledger_status status;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (writes) {
			kit_reopen(kit);
			for (int i = 0; i < 3; i++) {
				char id[16];

				snprintf(id, sizeof(id), "w%d", i);
				kit_send_usage(kit, id, "2026-08-01T09:00:00Z", "m",
				               "{\"input\":1}");
			}
		} else if (ledger_open_reader(&reader, kit->path, NULL) < 0 ||
		           ledger_status(reader, &status, NULL) < 0) {
			_exit(1);
		}
		if (write(told[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(1);
	}
	close(told[1]);
	assert_int_equal(read(told[0], &byte, 1), 1);
	close(told[0]);
	return child;
}

static void end(pid_t child)
{
	int status;

	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
}

static void test_an_open_reader_is_found_with_how_far_it_is_behind(void **state)
{
	struct ledgerkit *kit = *state;
	struct walindex index;
	struct fault fault;
	pid_t writer, reader, later;

	kit_send_usage(kit, "a", "2026-08-01T09:00:00Z", "m", "{\"input\":1}");
	/* From here on this process has nothing of it open. */
	kit_shut(kit);
	reader = stay(kit, false);
	writer = stay(kit, true);
	later = stay(kit, false);
	if (walindex_read(kit->path, &index, &fault) < 0)
		fail_msg("%s", fault.text);
	assert_true(index.there);
	assert_true(index.locks_known);
	assert_true(index.frames >= 3);
	assert_int_equal(index.reader_count, 2);
	assert_int_equal(index.readers[0].pid, reader);
	assert_string_equal(index.readers[0].command, "test_doctor");
	assert_true(index.readers[0].running_s >= 0);
	assert_int_equal(index.readers[0].behind, index.frames);
	assert_int_equal(index.readers[1].pid, later);
	assert_int_equal(index.readers[1].behind, 0);
	assert_int_equal(index.writing_pid, 0);
	assert_int_equal(index.checkpointing_pid, 0);
	end(later);
	end(reader);
	assert_int_equal(walindex_read(kit->path, &index, &fault), 0);
	assert_int_equal(index.reader_count, 0);
	end(writer);
}

/* A writer in the midst of a transaction, and so many readers that not all are told. */
static void test_who_writes_is_found_and_the_oldest_readers(void **state)
{
	struct ledgerkit *kit = *state;
	enum { READERS = WALINDEX_READERS_MAX + 2, LOOKS_MAX = 100 };
	struct walindex index;
	pid_t readers[READERS], writer;
	int told[2], tries = 0;
	char byte;

	kit_shut(kit);
	assert_int_equal(pipe(told), 0);
	writer = fork();
	assert_true(writer >= 0);
	if (writer == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		kit_reopen(kit);
		if (ledger_begin(kit->ledger, NULL) < 0 || write(told[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(1);
	}
	assert_int_equal(read(told[0], &byte, 1), 1);
	for (int i = 0; i < READERS; i++)
		readers[i] = stay(kit, false);
	/* Who writes reads, too.  While others lock and unlock, /proc/locks may leave one out. */
	do {
		assert_int_equal(walindex_read(kit->path, &index, NULL), 0);
		assert_true(index.there && index.locks_known);
	} while (index.reader_count < READERS + 1 && tries++ < LOOKS_MAX);
	assert_int_equal(index.reader_count, READERS + 1);
	assert_int_equal(index.writing_pid, writer);
	for (int i = 0; i < READERS; i++)
		end(readers[i]);
	end(writer);
	close(told[0]);
	close(told[1]);
	kit_reopen(kit);
}

static void test_without_an_index_nobody_has_it_open(void **state)
{
	struct ledgerkit *kit = *state;
	struct walindex index = { .there = true };
	char path[KIT_PATH_BYTES + 8];
	struct fault fault;

	kit_shut(kit);
	snprintf(path, sizeof(path), "%s-shm", kit->path);
	unlink(path);
	assert_int_equal(walindex_read(kit->path, &index, &fault), 0);
	assert_false(index.there);
	/* What it cannot follow is said. */
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_int_equal(walindex_read(kit->path, &index, &fault), -FAULT_IO);
	assert_non_null(strstr(fault.text, "-shm: "));
	unlink(path);
}

static void test_every_setting_is_told_and_by_whom_it_can_be_seen(void **state)
{
	struct ledgerkit *kit = *state;
	struct doctor_facts facts;
	size_t writers = 0;
	char words[128];

	kit_shut(kit);
	doctor_look(kit->path, &facts);
	assert_int_equal(facts.open_fault.code, FAULT_NONE);
	assert_true(facts.setting_count > 12);
	for (size_t i = 0; i < facts.setting_count; i++) {
		const struct doctor_setting *setting = &facts.settings[i];

		assert_int_equal(setting->read, setting->of != SETTING_WRITER);
		writers += setting->of == SETTING_WRITER;
		if (setting->read && setting->expected != NULL)
			assert_string_equal(setting->value, setting->expected);
	}
	assert_true(writers >= 4);
	doctor_check(&facts);
	/* What was not read is not said to be as it was set. */
	snprintf(words, sizeof(words),
	         "%zu were read here, and are as they were set; the other %zu ",
	         facts.setting_count - writers, writers);
	assert_non_null(strstr(facts.checks[2].text, words));
	for (size_t i = 0; i < facts.check_count; i++) {
		if (facts.checks[i].attention && strcmp(facts.checks[i].name, "disk") != 0)
			fail_msg("%s: %s", facts.checks[i].name, facts.checks[i].text);
	}
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_versions_with_the_fix_of_the_wal_reset_bug),
		cmocka_unit_test(test_each_thing_that_is_wrong_needs_attention_alone),
		T(test_an_open_reader_is_found_with_how_far_it_is_behind),
		T(test_who_writes_is_found_and_the_oldest_readers),
		T(test_without_an_index_nobody_has_it_open),
		T(test_every_setting_is_told_and_by_whom_it_can_be_seen),
	};

	return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
