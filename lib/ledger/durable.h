/*
 * Whole files that must be there after a power cut, or not at all: made under a name of their own
 * beside the one they are for, synced, then moved there.  Inside lib/ledger.
 */
#ifndef TOLL_LEDGER_DURABLE_H
#define TOLL_LEDGER_DURABLE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/fault.h"
#include "base/hash.h"

/*
 * A new empty file PATH.XXXXXX that only we may read; its name into `beside`.  The descriptor is
 * the caller's.  -FAULT_IO, -FAULT_FULL, -FAULT_RANGE.
 */
int durable_create(const char *path, char beside[PATH_MAX], int *fd_out, struct fault *fault);
/* The file of that name is on disk, with this mode: what was written by another descriptor too. */
int durable_sync(const char *path, mode_t mode, struct fault *fault);
/*
 * A folder of that name, which may be there already; its name is on disk.  What root makes is
 * `like`'s, as files_owner() says; what was made is gone after a failure.
 */
int durable_folder(const char *path, mode_t mode, const char *like, struct fault *fault);
/* The names in the folder of `path` are on disk. */
int durable_sync_folder(const char *path, struct fault *fault);
/*
 * Takes the name, which must be free unless `over`; -FAULT_INVALID where it is not.  After a
 * failure a name that was free is free again.
 */
int durable_rename(const char *from, const char *to, bool over, struct fault *fault);
/* All bytes of `from` into `fd`, which is empty, and is for `to`. */
int durable_copy(const char *from, int fd, const char *to, struct fault *fault);
/*
 * A whole new file as a copy of another, synced and of this mode, under a name that is free.  What
 * root makes has the owner of its folder.
 */
int durable_copy_file(const char *from, const char *to, mode_t mode, struct fault *fault);
/* SHA-256 and size of a file; -FAULT_NOT_FOUND where there is none. */
int durable_digest(const char *path, char hex_out[SHA256_HEX_BYTES], int64_t *bytes_out,
                   struct fault *fault);

#endif
