/*
 * The files behind a log that is followed: which file is the one that was read, under which
 * name it lies after a rotation, and which came after it.  Files only: no loop, no log.
 *
 * A file is known by device and inode, and by a fingerprint of its first bytes: an inode is
 * used again, a copy has the same bytes under another inode, a file that was truncated and
 * filled again has others under the same.
 */
#ifndef TOLL_DAEMON_FOLLOWER_FILES_H
#define TOLL_DAEMON_FOLLOWER_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/json.h"

enum {
	FILE_HEAD_BYTES_MAX = 4096, /* the fingerprint is of so many, or of what was read */
	FILE_NAMES_MAX = 100000,    /* names of one folder that are looked at */
	FILE_PATH_BYTES = 1024 + 256,
	FILE_MARK_BYTES_MAX = 256,
};

/* How far a file was read. */
struct file_mark {
	uint64_t device, inode;
	uint64_t offset; /* behind the last line */
	uint32_t head_bytes;
	uint64_t head_hash; /* of its first head_bytes bytes */
	int64_t lost; /* files of this log that went away before they were read to their end */
};

/* As JSON; returns its length.  It always fits into FILE_MARK_BYTES_MAX. */
size_t file_mark_put(const struct file_mark *mark, char *out, size_t cap);
/* False: it is none. */
bool file_mark_parse(struct text json, struct json *doc, struct file_mark *mark_out);

/* The file behind fd holds what the mark tells: its first bytes, and at least offset bytes. */
bool file_holds(int fd, const struct file_mark *mark);
bool file_same(const struct stat *status, const struct file_mark *mark); /* device, inode */

/*
 * The marked file beside `path`: one of the same inode under any name there, or else a copy
 * under a name of a rotated file.  An open fd and its path; -1: none.
 */
int file_find(const char *path, const struct file_mark *mark, char path_out[FILE_PATH_BYTES]);
/*
 * The oldest of those rotated files beside `path` that were written after the one behind
 * `fd`: who was away for two rotations reads all of them.  -1: none, `path` comes next.
 */
int file_after(const char *path, int fd, const struct file_mark *mark,
               char path_out[FILE_PATH_BYTES]);
/* "usage.ndjson.1", "usage.ndjson-20261125", "usage-20261125.ndjson" of "usage.ndjson". */
bool file_is_rotated_name(const char *base, const char *name);

#endif
