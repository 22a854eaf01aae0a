/*
 * A result into a file: whole or not at all.  It is written beside its name, synced and then
 * moved there, so that who reads the name never sees half of it and a failure leaves what was
 * there.  The folder is synced behind it: what was said to be done is there after a power cut.
 * A ledger (any SQLite database) is never replaced: -FAULT_INVALID.
 */
#ifndef TOLL_CLI_OUTPUT_H
#define TOLL_CLI_OUTPUT_H

#include <limits.h>
#include <stdbool.h>

#include "base/fault.h"
#include "base/text.h"

/*
 * `path` may be a symbolic link (what it leads to is replaced) or something that is no file,
 * such as a pipe (then it is written to).  -FAULT_IO, -FAULT_FULL, -FAULT_RANGE, _INVALID.
 */
int output_write(const char *path, struct text bytes, struct fault *fault);

/* The same of bytes that come in pieces, into a file: start, add ..., then end. */
struct output {
	char path[PATH_MAX], beside[PATH_MAX];
	int fd; /* -1: ended */
	unsigned mode;
	bool keep; /* to be set once it is started: what has the name by the end is not replaced */
};
/* -FAULT_INVALID: it is no file, or a ledger. */
int output_start(struct output *output, const char *path, struct fault *fault);
int output_add(struct output *output, struct text bytes, struct fault *fault);
/*
 * It is there when this returned 0; not `good`: nothing of it is, and what was there stays.
 * -FAULT_INVALID: `keep`, and the name is somebody else's.
 */
int output_end(struct output *output, bool good, struct fault *fault);

/*
 * The names in the folder of `path` are on disk.  A folder that may not be read, and one that
 * cannot be synced at all, is left as it is.
 */
int output_sync_folder(const char *path, struct fault *fault);

#endif
