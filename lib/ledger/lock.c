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

/* The end of the first line; 0: there is none. */
static size_t read_lines(int fd, char bytes[LOCK_TEXT_BYTES])
{
	ssize_t got = files_read(fd, bytes, LOCK_TEXT_BYTES - 1, 0);
	char *end;

	bytes[got > 0 ? got : 0] = '\0';
	end = strchr(bytes, '\n');
	return end != NULL ? (size_t)(end + 1 - bytes) : 0;
}

static bool mark_read(int fd, struct wal_mark *mark_out)
{
	char bytes[LOCK_TEXT_BYTES];
	size_t at = read_lines(fd, bytes);

	return at > 0 && wal_mark_parse(bytes + at, mark_out);
}

void lock_mark_write(int fd, const struct wal_mark *mark)
{
	char bytes[LOCK_TEXT_BYTES], text[WAL_MARK_BYTES + 1];
	size_t at = read_lines(fd, bytes);

	wal_mark_text(mark, text);
	/* A part of a mark is none. */
	if (at > 0 && files_write(fd, text, WAL_MARK_BYTES, (int64_t)at) < 0 &&
	    ftruncate(fd, (off_t)at) < 0)
		return;
}

bool lock_mark_read(const char *ledger_path, struct wal_mark *mark_out, int64_t *marked_ns_out)
{
	char name[PATH_MAX];
	struct stat status;
	bool marked = false;
	int fd;

	if (files_beside(ledger_path, ".lock", name, NULL) < 0)
		return false;
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	if (fstat(fd, &status) == 0) {
		*marked_ns_out = (int64_t)status.st_mtim.tv_sec * INT64_C(1000000000) +
		                 status.st_mtim.tv_nsec;
		marked = mark_read(fd, mark_out);
	}
	close(fd);
	return marked;
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
	fd = open(name, O_RDONLY | O_CLOEXEC);
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
	char name[PATH_MAX], holder_note[LEDGER_NOTE_BYTES], text[LOCK_LINE_BYTES];
	struct wal_mark mark;
	bool marked;
	struct stat owner;
	int64_t pid;
	int fd, len, r = files_beside(ledger_path, ".lock", name, fault);
	bool owned;

	if (r < 0)
		return r;
	owned = files_owner(ledger_path, &owner);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, LOCK_MODE);
	if (fd >= 0 && owned)
		files_give(fd, &owner);
	if (fd < 0 && errno == EACCES)
		return fault_set(fault, FAULT_IO, "%s: %s: " LEDGER_WRITERS, name, strerror(errno));
	if (fd < 0)
		return files_fault(name, fault);
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
	len = snprintf(text, sizeof(text), "pid=%lld %s\n", (long long)getpid(),
	               note != NULL ? note : "");
	if (len >= (int)sizeof(text)) {
		r = fault_set(fault, FAULT_RANGE, "%s: the note is too long", name);
		goto out;
	}
	marked = mark_read(fd, &mark);
	if (ftruncate(fd, 0) < 0 || files_write(fd, text, (size_t)len, 0) < 0) {
		r = files_fault(name, fault);
		goto out;
	}
	if (marked)
		lock_mark_write(fd, &mark);
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
