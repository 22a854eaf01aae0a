#include "cli/doctor_checks.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 4, 5))) static void say(struct doctor_facts *facts, const char *name,
                                                      bool attention, const char *format, ...)
{
	struct doctor_check *check = &facts->checks[facts->check_count++];
	va_list args;

	assert(facts->check_count <= DOCTOR_CHECKS_MAX);
	check->name = name;
	check->attention = attention;
	va_start(args, format);
	vsnprintf(check->text, sizeof(check->text), format, args);
	va_end(args);
	facts->attention = facts->attention || attention;
}

static void check_sqlite(struct doctor_facts *facts)
{
	if (ledger_wal_reset_fixed(ledger_sqlite_number()))
		say(facts, "sqlite", false, "has the fix of the WAL-reset bug");
	else
		say(facts, "sqlite", false,
		    "is without the fix of the WAL-reset bug (3.44.6, 3.50.7, 3.51.3 and later "
		    "have it); so one connection writes and checkpoints, and every other is "
		    "read-only and never does");
}

static void check_open(struct doctor_facts *facts)
{
	if (facts->open_fault.code == FAULT_NONE)
		say(facts, "open", false, "it is a ledger of this version's schema");
	else
		say(facts, "open", true, "it cannot be read: %s", facts->open_fault.text);
}

static void check_settings(struct doctor_facts *facts)
{
	size_t wrong = 0, read = 0;

	for (size_t i = 0; i < facts->setting_count; i++) {
		const struct doctor_setting *setting = &facts->settings[i];

		read += setting->read;
		if (!setting->read || setting->expected == NULL ||
		    strcmp(setting->value, setting->expected) == 0)
			continue;
		/* One line for all: the values stand above. */
		if (wrong++ == 0)
			say(facts, "settings", true,
			    "%s is %s, not %s: another program changed the file; stop the daemon, "
			    "take a copy and set it back",
			    setting->name, setting->value, setting->expected);
	}
	if (wrong == 0 && facts->setting_count > 0)
		say(facts, "settings", false,
		    "%zu were read here, and are as they were set; the other %zu are of the "
		    "writer alone, which checks them when it opens",
		    read, facts->setting_count - read);
}

static void check_writer(struct doctor_facts *facts)
{
	const struct walindex *index = &facts->index;
	int64_t stranger = 0;

	if (index->writing_pid > 0 && index->writing_pid != facts->holder_pid)
		stranger = index->writing_pid;
	if (index->checkpointing_pid > 0 && index->checkpointing_pid != facts->holder_pid)
		stranger = index->checkpointing_pid;
	if (!facts->holder_known)
		say(facts, "writer", true,
		    "the lock file may not be read, so who writes is not known: run it as root or "
		    "the daemon's user");
	else if (stranger > 0)
		say(facts, "writer", true,
		    "process %lld writes or checkpoints beside the writer: end it, then run toll "
		    "verify",
		    (long long)stranger);
	else if (facts->holder_pid > 0)
		say(facts, "writer", false, "process %lld alone", (long long)facts->holder_pid);
	else
		say(facts, "writer", false, "nobody: no daemon has it");
}

static void check_wal(struct doctor_facts *facts)
{
	const struct doctor_file *wal = &facts->files[1];
	int64_t bytes = wal->there ? (int64_t)wal->status.st_size : 0;

	if (bytes > DOCTOR_WAL_BYTES_MAX && facts->holder_known && facts->holder_pid == 0)
		say(facts, "wal", true,
		    "%lld bytes, and no writer that copies them: start the daemon, or let any "
		    "change be made",
		    (long long)bytes);
	else if (bytes > DOCTOR_WAL_BYTES_MAX)
		say(facts, "wal", true,
		    "%lld bytes: a reader keeps it from being copied; end the oldest reader",
		    (long long)bytes);
	else
		say(facts, "wal", false, "%lld bytes", (long long)bytes);
}

static void check_readers(struct doctor_facts *facts)
{
	const struct walindex *index = &facts->index;
	const struct walindex_reader *oldest = &index->readers[0];

	if (facts->index_fault.code != FAULT_NONE)
		say(facts, "readers", true, "not known: %s", facts->index_fault.text);
	else if (index->there && !index->locks_known)
		say(facts, "readers", true, "not known: /proc/locks cannot be read");
	else if (index->reader_count > 0 && oldest->behind > LEDGER_WAL_PAGES_MAX)
		say(facts, "readers", true,
		    "process %lld (%s) reads what was %lld frames ago, and the WAL grows until it "
		    "ends: end it, or wait for it",
		    (long long)oldest->pid, oldest->command, (long long)oldest->behind);
	else
		say(facts, "readers", false, "nobody is in the way of a checkpoint");
}

static void check_file(struct doctor_facts *facts, const struct doctor_file *file)
{
	const struct stat *owner = &facts->files[0].status;

	if (!file->there)
		return;
	if (file->status.st_nlink > 1)
		say(facts, "files", true,
		    "%s has %llu names: what is stored by one of them the others lose; leave one",
		    file->path, (unsigned long long)file->status.st_nlink);
	if ((file->status.st_mode & 0007) != 0)
		say(facts, "files", true, "%s is open to everybody: chmod o= it", file->path);
	if ((file->status.st_mode & 0020) != 0)
		say(facts, "files", true, "%s can be written by its group: chmod g-w it",
		    file->path);
	if (file->status.st_uid != owner->st_uid)
		say(facts, "files", true, "%s belongs to uid %u, the ledger to uid %u: chown it",
		    file->path, (unsigned)file->status.st_uid, (unsigned)owner->st_uid);
}

static void check_files(struct doctor_facts *facts)
{
	size_t before = facts->check_count;

	for (int i = 0; i < DOCTOR_FILES; i++)
		check_file(facts, &facts->files[i]);
	if (facts->check_count == before)
		say(facts, "files", false, "of one owner, and closed to others");
}

static void check_disk(struct doctor_facts *facts)
{
	if (facts->remote != NULL)
		say(facts, "disk", true,
		    "the ledger is on %s, where locks and syncs may be none: move it to a disk of "
		    "this machine",
		    facts->remote);
	if (facts->free_bytes < 0)
		say(facts, "disk", true, "its free space is not known");
	else if (facts->free_bytes < DOCTOR_FREE_BYTES_MIN)
		say(facts, "disk", true,
		    "%lld bytes are free: the daemon stops acknowledging when there are none; make "
		    "room",
		    (long long)facts->free_bytes);
	else
		say(facts, "disk", false, "there is room");
}

void doctor_check(struct doctor_facts *facts)
{
	check_sqlite(facts);
	check_open(facts);
	check_settings(facts);
	check_writer(facts);
	check_wal(facts);
	check_readers(facts);
	check_files(facts);
	check_disk(facts);
}
