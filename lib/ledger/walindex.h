/*
 * The index of a WAL (PATH-shm) as its bytes and the kernel's locks on it tell: how much of the
 * WAL waits to be copied, and who reads.  The layout is that of SQLite's walformat.html, 2.1.
 *
 * Only in a process that has not opened the ledger yet: to close a file drops every POSIX lock
 * that the process has on it, those of SQLite too (sqlite.org/howtocorrupt.html, 2.2).
 */
#ifndef TOLL_LEDGER_WALINDEX_H
#define TOLL_LEDGER_WALINDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"

enum {
	WALINDEX_READERS_MAX = 64, /* told; `reader_count` counts all that are seen */
	WALINDEX_COMMAND_BYTES = 32,
};

struct walindex_reader {
	int64_t pid;                          /* <= 0: of another name space */
	char command[WALINDEX_COMMAND_BYTES]; /* "" where it is not known */
	int64_t running_s; /* how long the process runs, and so at most its transaction; -1 */
	int64_t behind;    /* frames written since its transaction began */
};

struct walindex {
	bool there;             /* false: nobody has the ledger open, the rest is 0 */
	bool locks_known;       /* else there are no readers and writers here */
	int64_t frames, copied; /* in the WAL; of them in the ledger already */
	int64_t writing_pid, checkpointing_pid;               /* at this moment; 0: nobody */
	struct walindex_reader readers[WALINDEX_READERS_MAX]; /* the oldest first */
	int64_t reader_count;
};

/* -FAULT_IO: it is there and cannot be read. */
int walindex_read(const char *ledger_path, struct walindex *index_out, struct fault *fault);

#endif
