#include "ledger/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "ledger/files.h"
#include "ledger/ledger.h"

enum { LOCK_LINE_BYTES = LEDGER_NOTE_BYTES + 64, LOCK_MODE = 0640 };
enum { LOCK_TEXT_BYTES = LOCK_LINE_BYTES + WAL_MARK_BYTES + 1 };

/* What errno says of a file that its writer takes; where that is EACCES, who may. */
static int denied(const char *path, struct fault *fault)
{
	if (errno != EACCES)
		return files_fault(path, fault);
	return fault_set(fault, FAULT_IO, "%s: %s: " LEDGER_WRITERS, path, strerror(errno));
}

/*
 * A writer that ended while it made a ledger leaves an empty file, and its lock beside it.  One
 * without a lock was put there: a backup that was cut, and no place for a new ledger.
 */
int lock_refuse_empty(const char *path, struct fault *fault)
{
	struct stat file, lock;
	char name[PATH_MAX];
	int r = files_beside(path, ".lock", name, fault);

	if (r < 0)
		return r;
	if (lstat(path, &file) < 0)
		return errno == ENOENT ? 0 : denied(path, fault);
	if (!S_ISREG(file.st_mode) || file.st_size > 0)
		return 0;
	r = files_there(name, &lock, fault);
	if (r != 0)
		return r < 0 ? r : 0;
	return fault_set(fault, FAULT_CORRUPT,
	                 "%s: the file is empty, and no writer has left it so: restore a backup, "
	                 "or remove it to begin anew",
	                 path);
}

/* "pid=123 NOTE\n"; a holder that has not written yet leaves pid 0. */
static void read_text(int fd, int64_t *pid_out, char note_out[LEDGER_NOTE_BYTES])
{
	char bytes[LOCK_TEXT_BYTES];
	ssize_t got = files_read(fd, bytes, sizeof(bytes), 0);
	struct text rest = { bytes, got > 0 ? (size_t)got : 0 };
	struct text line, pid;

	*pid_out = 0;
	note_out[0] = '\0';
	text_cut(&rest, '\n', &line);
	text_cut(&line, ' ', &pid);
	if (pid.len > 4 && memcmp(pid.at, "pid=", 4) == 0)
		text_int((struct text){ pid.at + 4, pid.len - 4 }, pid_out);
	if (line.at != NULL)
		text_copy(note_out, LEDGER_NOTE_BYTES, line);
}

/* Behind the first line; its inode is 0 where there is none. */
static int read_mark(int fd, const char *name, struct wal_mark *mark_out, struct fault *fault)
{
	char bytes[LOCK_TEXT_BYTES];
	ssize_t got = files_read(fd, bytes, sizeof(bytes) - 1, 0);
	char *end;

	*mark_out = (struct wal_mark){ .inode = 0 };
	if (got < 0)
		return files_fault(name, fault);
	bytes[got] = '\0';
	end = strchr(bytes, '\n');
	if (end != NULL)
		wal_mark_parse(end + 1, mark_out);
	return 0;
}

void lock_mark_write(int fd, const struct wal_mark *mark)
{
	char text[WAL_MARK_BYTES + 1];
	off_t at = lseek(fd, 0, SEEK_CUR); /* where lock_take() left it: behind its line */

	wal_mark_text(mark, text);
	/* A part of a mark is none. */
	if (files_write(fd, text, WAL_MARK_BYTES, (int64_t)at) < 0 && ftruncate(fd, at) < 0)
		return;
}

int lock_mark_read(const char *ledger_path, struct wal_mark *mark_out, int64_t *marked_ns_out,
                   struct fault *fault)
{
	char name[PATH_MAX];
	struct stat status;
	int fd, r = files_beside(ledger_path, ".lock", name, fault);

	*mark_out = (struct wal_mark){ .inode = 0 };
	if (r < 0)
		return r;
	fd = files_open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
	if (fd < 0)
		return errno == ENOENT ? 0 : denied(name, fault);
	if (fstat(fd, &status) < 0) {
		r = files_fault(name, fault);
	} else {
		*marked_ns_out = (int64_t)status.st_mtim.tv_sec * INT64_C(1000000000) +
		                 status.st_mtim.tv_nsec;
		r = read_mark(fd, name, mark_out, fault);
	}
	close(fd);
	return r;
}

int ledger_holder(const char *path, int64_t *pid_out, char note_out[LEDGER_NOTE_BYTES],
                  struct fault *fault)
{
	struct flock query = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	char name[PATH_MAX];
	int r = files_beside(path, ".lock", name, fault);
	int fd;

	if (r < 0)
		return r;
	fd = files_open(name, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0 && errno == ENOENT)
		return fault_set(fault, FAULT_NOT_FOUND, "%s: nobody writes it", path);
	if (fd < 0)
		return files_fault(name, fault);
	if (fcntl(fd, F_OFD_GETLK, &query) < 0)
		r = files_fault(name, fault);
	else if (query.l_type == F_UNLCK)
		r = fault_set(fault, FAULT_NOT_FOUND, "%s: nobody writes it", path);
	else
		read_text(fd, pid_out, note_out);
	close(fd);
	return r;
}

int lock_take(const char *ledger_path, const char *note, int *fd_out, struct fault *fault)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char name[PATH_MAX], holder_note[LEDGER_NOTE_BYTES], text[LOCK_TEXT_BYTES];
	struct wal_mark mark;
	struct stat owner;
	int64_t pid;
	int fd, len, r = files_beside(ledger_path, ".lock", name, fault);
	bool owned;

	if (r < 0)
		return r;
	owned = files_owner(ledger_path, &owner);
	fd = files_open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, LOCK_MODE);
	if (fd >= 0 && owned)
		files_give(fd, &owner);
	if (fd < 0)
		return denied(name, fault);
	if (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
		if (errno == EAGAIN || errno == EACCES) {
			read_text(fd, &pid, holder_note);
			r = fault_set(fault, FAULT_BUSY,
			              "%s: process %lld is its writer; a ledger has one at a time",
			              ledger_path, (long long)pid);
		} else {
			r = files_fault(name, fault);
		}
		goto out;
	}
	len = snprintf(text, LOCK_LINE_BYTES, "pid=%lld %s\n", (long long)getpid(),
	               note != NULL ? note : "");
	if (len >= LOCK_LINE_BYTES) {
		r = fault_set(fault, FAULT_RANGE, "%s: the note is too long", name);
		goto out;
	}
	r = read_mark(fd, name, &mark, fault);
	if (r < 0)
		goto out;
	if (mark.inode != 0)
		wal_mark_text(&mark, text + len);
	/* Over what is there: where there is no room, the mark of before stays. */
	if (files_write(fd, text, strlen(text), 0) < 0 || ftruncate(fd, (off_t)strlen(text)) < 0) {
		r = files_fault(name, fault);
		goto out;
	}
	lseek(fd, len, SEEK_SET);
	*fd_out = fd;
	return 0;
out:
	close(fd);
	return r;
}

/* The file stays: removing it could take the lock away from who opened it meanwhile. */
void lock_drop(int fd)
{
	if (fd >= 0)
		close(fd);
}
