#include "ledger/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger/archives.h"
#include "ledger/backup_archive.h"
#include "ledger/durable.h"
#include "ledger/files.h"
#include "ledger/lock.h"

enum {
	STEP_PAGES = 64,
	COPY_FLAGS = SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE,
};

static const char *const sqlite_suffixes[] = { "-wal", "-shm", "-journal" };

static int db_fault(sqlite3 *db, int code, const char *path, struct fault *fault)
{
	/* There is none where there was no memory for it. */
	if (db == NULL)
		return fault_set(fault, FAULT_NOMEM, "%s: out of memory", path);
	return fault_set(fault, ledger_fault_code(db, code), "%s: %s (SQLite %d)", path,
	                 sqlite3_errmsg(db), code);
}

/*
 * What another file left under names that SQLite would take for this one's.  What holds nothing
 * goes; nobody uses it, as the lock tells.
 */
static int no_remains(const char *path, struct fault *fault)
{
	char name[PATH_MAX];

	for (size_t i = 0; i < sizeof(sqlite_suffixes) / sizeof(sqlite_suffixes[0]); i++) {
		bool index = strcmp(sqlite_suffixes[i], "-shm") == 0;
		int r = files_beside(path, sqlite_suffixes[i], name, fault);
		struct stat status;

		if (r == 0)
			r = files_there(name, &status, fault);
		if (r < 0)
			return r;
		if (r == 0)
			continue;
		if (status.st_size > 0 && !index)
			return fault_set(fault, FAULT_INVALID,
			                 "%s: it is there, of another file, and would be read into "
			                 "the new one: move it away, or choose another name",
			                 name);
		if (unlink(name) < 0)
			return files_fault(name, fault);
	}
	return 0;
}

/* What SQLite may have left beside a file of ours that is whole without it. */
static void drop_beside(const char *path)
{
	char name[PATH_MAX];

	for (size_t i = 0; i < sizeof(sqlite_suffixes) / sizeof(sqlite_suffixes[0]); i++) {
		if (files_beside(path, sqlite_suffixes[i], name, NULL) == 0)
			unlink(name);
	}
}

/*
 * The copy is in WAL mode as the ledger is, and would want two more files whenever it is read.
 * Nobody else has it open, so no index is shared.
 */
static int leave_wal_mode(const char *path, struct fault *fault)
{
	sqlite3 *db = NULL;
	int r = 0;
	int code = sqlite3_open_v2(path, &db, COPY_FLAGS | SQLITE_OPEN_READWRITE, NULL);

	/* What it answers comes before it commits: a mode that did not change is an error here. */
	if (code == SQLITE_OK)
		code = sqlite3_exec(db, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=DELETE",
		                    NULL, NULL, NULL);
	if (code != SQLITE_OK)
		r = db_fault(db, code, path, fault);
	sqlite3_close(db);
	/* A close that fails leaves a journal, of what was committed. */
	if (r == 0)
		drop_beside(path);
	return r;
}

static int copy_pages(sqlite3_backup *backup, const struct backup_watch *watch)
{
	int code;

	/* Neither is ever busy: the reader is in its transaction, and the copy is nobody else's. */
	do {
		code = sqlite3_backup_step(backup, STEP_PAGES);
		if (watch->copied != NULL)
			watch->copied(watch->context,
			              sqlite3_backup_pagecount(backup) -
			                      sqlite3_backup_remaining(backup),
			              sqlite3_backup_pagecount(backup));
	} while (code == SQLITE_OK);
	return code;
}

/*
 * All pages as the reader sees them.  It has its transaction open and has read in it, so every
 * step sees the same moment, and a commit meanwhile does not make it begin anew.
 */
static int copy_ledger(struct ledger *reader, const char *to, const struct backup_watch *watch,
                       struct fault *fault)
{
	sqlite3 *db = NULL;
	sqlite3_backup *backup = NULL;
	char both[2 * PATH_MAX];
	int r = 0;
	int code = sqlite3_open_v2(to, &db, COPY_FLAGS | SQLITE_OPEN_READWRITE, NULL);

	/* No journal of a file that is thrown away when it fails; it is synced when it is whole. */
	if (code == SQLITE_OK)
		code = sqlite3_exec(db, "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF", NULL,
		                    NULL, NULL);
	if (code == SQLITE_OK) {
		backup = sqlite3_backup_init(db, "main", reader->db, "main");
		code = backup != NULL ? copy_pages(backup, watch) : sqlite3_errcode(db);
	}
	sqlite3_backup_finish(backup);
	/* It may be an error of either, and only the copy's connection knows of it. */
	if (code != SQLITE_DONE) {
		snprintf(both, sizeof(both), "%s, copied from %s", to, reader->path);
		r = db_fault(db, code, both, fault);
	}
	sqlite3_close(db);
	return r;
}

static int ignore_finding(void *context, const struct verify_finding *finding)
{
	(void)context;
	(void)finding;
	return 0;
}

/* A fault of the copy is one of the file it was made of, or of the one it is for. */
static void name_file(const char *copy, const char *file, struct fault *fault)
{
	char rest[FAULT_TEXT_BYTES];
	size_t len = strlen(copy);

	if (fault == NULL || len == 0 || strncmp(fault->text, copy, len) != 0)
		return;
	snprintf(rest, sizeof(rest), "%s", fault->text + len);
	fault_set(fault, fault->code, "%s%s", file, rest);
}

/*
 * Reads the copy back: what it holds, and whether that is consistent; then what its archive has in
 * the folder `from` goes to the folder `to`.
 */
static int check_copy(const char *copy, const char *from, const char *to,
                      const struct backup_watch *watch, struct backup_result *result,
                      struct fault *fault)
{
	struct ledger *ledger = NULL;
	struct ledger_status status;
	int r = ledger_open_reader(&ledger, copy, fault);

	if (r == 0)
		r = archives_at(ledger, from, fault);
	if (r == 0)
		r = ledger_status(ledger, &status, fault);
	if (r == 0)
		r = ledger_verify(ledger, watch->finding != NULL ? watch->finding : ignore_finding,
		                  watch->verified, watch->context, &result->verify, fault);
	if (r == 0 && result->verify.findings == 0)
		r = backup_archive(ledger, from, to, &result->archived, fault);
	/* Before its bytes are read: closing a file takes the locks that we have on it. */
	ledger_close(ledger);
	if (r == 0)
		r = durable_digest(copy, result->sha256, &result->bytes, fault);
	if (r != 0)
		return r;
	result->last_ms = status.last_ms;
	return 0;
}

static void drop(const char *path)
{
	if (path[0] == '\0')
		return;
	unlink(path);
	drop_beside(path);
}

/* May the name be taken?  *mode_out: of the ledger. */
static int look_at_target(struct ledger *reader, const char *file, bool over, mode_t *mode_out,
                          struct fault *fault)
{
	struct stat ledger, there;
	char note[LEDGER_NOTE_BYTES];
	int64_t pid;
	int is_there, r;

	if (stat(reader->path, &ledger) < 0)
		return files_fault(reader->path, fault);
	*mode_out = ledger.st_mode & 0777;
	is_there = files_there(file, &there, fault);
	if (is_there > 0 && there.st_dev == ledger.st_dev && there.st_ino == ledger.st_ino)
		return fault_set(fault, FAULT_INVALID, "%s: this is the ledger itself", file);
	r = is_there < 0 ? is_there : ledger_holder(file, &pid, note, fault);
	if (r == 0)
		return fault_set(fault, FAULT_INVALID, "%s: a ledger that is in use", file);
	if (r != -FAULT_NOT_FOUND)
		return r;
	if (is_there == 0)
		return no_remains(file, fault);
	if (!S_ISREG(there.st_mode))
		return fault_set(fault, FAULT_INVALID, "%s: it is there, and no file", file);
	if (!over)
		return fault_set(fault, FAULT_INVALID,
		                 "%s: it is there already; choose another name, or --force to "
		                 "replace it",
		                 file);
	return no_remains(file, fault);
}

int ledger_backup(struct ledger *reader, const char *file, bool over,
                  const struct backup_watch *watch, struct backup_result *result_out,
                  struct fault *fault)
{
	struct backup_result result = { .bytes = 0 };
	struct ledger_status status;
	char beside[PATH_MAX] = "", from[PATH_MAX], to[PATH_MAX];
	mode_t mode = 0;
	int fd = -1, r = look_at_target(reader, file, over, &mode, fault);

	if (r == 0)
		r = durable_create(file, beside, &fd, fault);
	if (r < 0)
		return r;
	close(fd);
	/* The transaction that is open has its moment from its first read. */
	r = ledger_status(reader, &status, fault);
	if (r == 0)
		r = copy_ledger(reader, beside, watch, fault);
	if (r == 0)
		r = leave_wal_mode(beside, fault);
	if (r == 0)
		r = durable_sync(beside, mode, fault);
	if (r == 0)
		r = files_beside(file, ".archive", to, fault);
	if (r == 0)
		r = archives_folder(reader, from, fault);
	if (r == 0)
		r = check_copy(beside, from, to, watch, &result, fault);
	if (r == 0 && result.verify.findings == 0)
		r = durable_rename(beside, file, over, fault);
	else if (r == 0)
		text_copy(result.kept, sizeof(result.kept), text_of(beside));
	if (r < 0)
		name_file(beside, file, fault);
	if (r != 0)
		drop(beside);
	else
		*result_out = result;
	return r;
}

/*
 * What the old ledger has in its WAL goes into it, and the WAL and its index go: SQLite would read
 * them into the new file.  A file that cannot be opened any more is kept as it is, its WAL too.
 */
static int settle_old(const char *path, const char *aside, int lock_fd, struct fault *fault)
{
	char from[PATH_MAX], to[PATH_MAX];
	struct wal_mark mark;
	struct stat there;
	sqlite3 *db = NULL;
	int r = 0;
	int code = sqlite3_open_v2(path, &db, COPY_FLAGS | SQLITE_OPEN_READWRITE, NULL);

	/* Before it has read, it does not know of its WAL. */
	if (code == SQLITE_OK)
		code = sqlite3_exec(db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite3_close(db);
	if ((code & 0xff) == SQLITE_BUSY)
		return fault_set(fault, FAULT_BUSY,
		                 "%s: somebody reads it; end that, then try again", path);
	for (size_t i = 0; r == 0 && i < sizeof(sqlite_suffixes) / sizeof(sqlite_suffixes[0]);
	     i++) {
		r = files_beside(path, sqlite_suffixes[i], from, fault);
		if (r == 0)
			r = files_beside(aside, sqlite_suffixes[i], to, fault);
		if (r == 0)
			r = files_there(from, &there, fault);
		if (r <= 0)
			continue;
		r = 0;
		if ((code == SQLITE_OK ? unlink(from) : rename(from, to)) < 0)
			r = files_fault(from, fault);
	}
	/* Where it stays nevertheless, nobody is to miss the WAL. */
	if (r == 0 && code == SQLITE_OK) {
		if (stat(path, &there) < 0)
			return files_fault(path, fault);
		wal_mark_init(&mark, there.st_dev, there.st_ino);
		lock_mark_write(lock_fd, &mark);
	}
	return r == 0 ? durable_sync_folder(path, fault) : r;
}

/* It stays where it is: what was put aside with it goes back. */
static void unsettle_old(const char *path, const char *aside)
{
	char from[PATH_MAX], to[PATH_MAX];

	for (size_t i = 0; i < sizeof(sqlite_suffixes) / sizeof(sqlite_suffixes[0]); i++) {
		if (files_beside(aside, sqlite_suffixes[i], from, NULL) == 0 &&
		    files_beside(path, sqlite_suffixes[i], to, NULL) == 0)
			rename(from, to);
	}
}

/* A file system that cannot exchange: between the two there is none, and the old one is aside. */
static int replace(char beside[PATH_MAX], const char *path, const char *aside, struct fault *fault)
{
	int r = durable_rename(path, aside, false, fault);

	if (r < 0)
		return r;
	r = durable_rename(beside, path, false, fault);
	if (r == 0 || rename(aside, path) == 0)
		return r;
	fault_set(fault, (enum fault_code) - r,
	          "%s: nothing is there any more, the old ledger is in %s", path, aside);
	drop(beside);
	beside[0] = '\0';
	return r;
}

/*
 * The two change places at once; then the old one gets its name.  After a failure it is in its
 * place again; where even that cannot be done, `beside` is empty, as it is no longer the backup.
 */
static int exchange(char beside[PATH_MAX], const char *path, const char *aside, struct fault *fault)
{
	int r = renameat2(AT_FDCWD, beside, AT_FDCWD, path, RENAME_EXCHANGE);

	if (r < 0 && (errno == EINVAL || errno == ENOSYS))
		return replace(beside, path, aside, fault);
	if (r < 0)
		return files_fault(path, fault);
	r = durable_sync_folder(path, fault);
	if (r == 0)
		r = durable_rename(beside, aside, false, fault);
	if (r == 0 || renameat2(AT_FDCWD, beside, AT_FDCWD, path, RENAME_EXCHANGE) == 0)
		return r;
	fault_set(fault, (enum fault_code) - r,
	          "%s: the backup is in its place, the old ledger in %s", path, beside);
	beside[0] = '\0';
	return r;
}

/* Is it free, or may it be replaced?  *old_out: there is one. */
static int look_at_place(const char *path, const char *aside, bool *old_out, struct fault *fault)
{
	struct stat there;
	int r = aside != NULL ? files_there(aside, &there, fault) : 0;

	if (r > 0)
		return fault_set(fault, FAULT_INVALID, "%s: it is there already", aside);
	if (r == 0 && aside != NULL)
		r = no_remains(aside, fault);
	if (r == 0)
		r = files_there(path, &there, fault);
	if (r < 0)
		return r;
	*old_out = r > 0;
	if (!*old_out)
		return no_remains(path, fault);
	if (!S_ISREG(there.st_mode))
		return fault_set(fault, FAULT_INVALID, "%s: it is there, and no file", path);
	if (aside == NULL)
		return fault_set(fault, FAULT_INVALID,
		                 "%s: there is a ledger; --force puts the backup in its place and "
		                 "keeps the old one aside",
		                 path);
	return 0;
}

/* The bytes of the backup beside the place they are for, as a ledger has owner and mode. */
static int fetch(const char *file, const char *path, char beside[PATH_MAX], struct fault *fault)
{
	char wal[PATH_MAX];
	struct stat there, owner;
	int fd = -1, r = files_beside(file, "-wal", wal, fault);

	if (r == 0)
		r = files_there(wal, &there, fault);
	if (r > 0)
		return fault_set(fault, FAULT_INVALID,
		                 "%s: a ledger in use, and part of it is in %s: restore what toll "
		                 "backup made of it",
		                 file, wal);
	if (r == 0)
		r = durable_create(path, beside, &fd, fault);
	if (r < 0)
		return r;
	r = durable_copy(file, fd, path, fault);
	if (r == 0 && files_owner(path, &owner))
		files_give(fd, &owner);
	if (close(fd) < 0 && r == 0)
		r = files_fault(path, fault);
	if (r == 0)
		r = leave_wal_mode(beside, fault);
	return r < 0 ? r : durable_sync(beside, LEDGER_MODE, fault);
}

/* One that an older toll made becomes as today's are, as its writer would make it. */
static int migrate_copy(const char *copy, struct fault *fault)
{
	/* What a writer makes beside its ledger; this one took no line. */
	static const char *const made[] = { ".lock", ".secret" };
	struct ledger *ledger = NULL;
	char path[PATH_MAX];
	int r = ledger_open_writer(&ledger, copy, NULL, fault);

	ledger_close(ledger);
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		if (files_beside(copy, made[i], path, NULL) == 0)
			unlink(path);
	}
	if (r == 0)
		r = leave_wal_mode(copy, fault);
	return r < 0 ? r : durable_sync(copy, LEDGER_MODE, fault);
}

/* All that the backup must be before it takes the place of a ledger. */
static int prepare(const char *file, const char *path, char beside[PATH_MAX],
                   const struct backup_watch *watch, struct backup_result *result,
                   struct fault *fault)
{
	char from[PATH_MAX], to[PATH_MAX];
	int r = fetch(file, path, beside, fault);

	if (r == 0)
		r = files_beside(file, ".archive", from, fault);
	if (r == 0)
		r = files_beside(path, ".archive", to, fault);
	if (r == 0)
		r = check_copy(beside, from, to, watch, result, fault);
	if (r == -FAULT_VERSION) {
		r = migrate_copy(beside, fault);
		if (r == 0)
			r = check_copy(beside, from, to, watch, result, fault);
	}
	/* Where the disk fails it is the ledger's, on which the copy was made. */
	if (r < 0)
		name_file(beside, r == -FAULT_FULL || r == -FAULT_IO ? path : file, fault);
	return r;
}

/* Before anything is made, the lock file too. */
static int look_at_backup(const char *file, const char *path, struct fault *fault)
{
	struct stat backup, ledger;
	int r;

	if (stat(file, &backup) < 0)
		return files_unread(file, fault);
	r = files_there(path, &ledger, fault);
	if (r > 0 && ledger.st_dev == backup.st_dev && ledger.st_ino == backup.st_ino)
		return fault_set(fault, FAULT_INVALID, "%s: this is the ledger itself", file);
	return r < 0 ? r : 0;
}

int ledger_restore(const char *file, const char *path, const char *aside,
                   const struct backup_watch *watch, struct backup_result *result_out,
                   struct fault *fault)
{
	struct backup_result result = { .bytes = 0 };
	char beside[PATH_MAX] = "";
	bool old = false;
	int lock_fd = -1, r = look_at_backup(file, path, fault);

	if (r == 0)
		r = lock_take(path, "restore", &lock_fd, fault);
	if (r == 0)
		r = look_at_place(path, aside, &old, fault);
	if (r == 0)
		r = prepare(file, path, beside, watch, &result, fault);
	if (r != 0 || result.verify.findings > 0)
		goto out;
	if (old)
		r = settle_old(path, aside, lock_fd, fault);
	if (r == 0)
		r = old ? exchange(beside, path, aside, fault)
		        : durable_rename(beside, path, false, fault);
	if (r < 0 && old && beside[0] != '\0')
		unsettle_old(path, aside);
	if (r < 0)
		goto out;
	beside[0] = '\0'; /* it is in its place */
	if (old)
		text_copy(result.kept, sizeof(result.kept), text_of(aside));
out:
	drop(beside);
	if (r == 0)
		*result_out = result;
	lock_drop(lock_fd);
	return r;
}
