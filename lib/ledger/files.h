/*
 * The files of a ledger while it is written: is what is stored still to be found under
 * its name?  A file that was removed, replaced or cut short takes every further commit
 * without an error, and keeps none.  Inside lib/ledger.
 */
#ifndef TOLL_LEDGER_FILES_H
#define TOLL_LEDGER_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/fault.h"

enum ledger_file { FILE_LEDGER, FILE_WAL, FILE_LOCK, LEDGER_FILES };

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
