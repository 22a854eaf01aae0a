/*
 * The files of a ledger: their names, how each of them is read and written, and whether what is
 * stored while it is written is still to be found under its name.  A file that was removed,
 * replaced or cut short takes every further commit without an error, and keeps none.  Inside
 * lib/ledger.
 */
#ifndef TOLL_LEDGER_FILES_H
#define TOLL_LEDGER_FILES_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/fault.h"

enum ledger_file { FILE_LEDGER, FILE_WAL, FILE_LOCK, LEDGER_FILES };

/* PATH and SUFFIX as one name, FOLDER/FILE; -FAULT_RANGE: the path is too long. */
int files_beside(const char *path, const char *suffix, char out[PATH_MAX], struct fault *fault);
int files_inside(const char *folder, const char *file, char out[PATH_MAX], struct fault *fault);
/* The folder that a path lies in, "." where it names none. */
int files_folder(const char *path, char out[PATH_MAX], struct fault *fault);

/* What errno says of that file: -FAULT_FULL where there is no room for it, else -FAULT_IO. */
int files_fault(const char *path, struct fault *fault);
/* The same of one that was to be read: -FAULT_NOT_FOUND where there is none. */
int files_unread(const char *path, struct fault *fault);

/* Is anything there of that name, a link too?  1: *status_out tells what; 0: nothing; -FAULT_IO. */
int files_there(const char *path, struct stat *status_out, struct fault *fault);

/* open(), however often a signal comes in between. */
int files_open(const char *path, int flags, mode_t mode);

/*
 * All of `len` bytes, however many calls that takes.  files_read() gives fewer only where the file
 * ends, -1 with errno where it cannot be read; files_write() 0 or -1.  Read at -1: from where the
 * file stands, which may be a pipe.
 */
ssize_t files_read(int fd, void *out, size_t len, int64_t at);
int files_write(int fd, const void *bytes, size_t len, int64_t at);

/*
 * Whose a ledger is: the owner of its file, or of its folder where there is no file yet.
 * What root makes beside it (a change while no daemon runs) goes to that owner, or the daemon
 * could not write what is its own.  false: neither is there.
 */
bool files_owner(const char *ledger_path, struct stat *owner_out);
void files_give(int fd, const struct stat *owner); /* nothing, unless we are root */

struct files {
	char *path[LEDGER_FILES];
	dev_t device[LEDGER_FILES];
	ino_t inode[LEDGER_FILES];
	int64_t bytes[LEDGER_FILES]; /* at least */
};

/* Remembers which files these are; they must be there.  -FAULT_IO, -FAULT_NOMEM. */
int files_init(struct files *files, const char *ledger_path, struct fault *fault);
void files_release(struct files *files);
/* They are still there and hold at least what they held.  -FAULT_CORRUPT: they are not. */
int files_check(struct files *files, int64_t wal_bytes_min, struct fault *fault);

#endif
