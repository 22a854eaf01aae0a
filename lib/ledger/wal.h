/*
 * The WAL before SQLite reads it.  SQLite takes of a WAL what stands before the first frame with a
 * wrong checksum, and says nothing of the rest: after one flipped bit acknowledged rows would be
 * gone without a word.  A power cut leaves a torn tail too, which is nothing but what was never
 * acknowledged; so what is refused here is only what no power cut can leave behind.
 *
 * Format: sqlite.org/fileformat2.html, 4.  The file carries no locks, so that it may be opened and
 * closed (the ledger itself may not: closing it drops the locks that SQLite has on it).
 *
 * Refused (-FAULT_CORRUPT) is, since each commit is on disk before the next one is written:
 *  - a broken frame with two later commits, one on top of the other, behind it;
 *  - a broken header of frames that are its own;
 *  - a WAL that ends before the commit that its writer noted last (struct wal_mark), where the
 *    machine has not been started anew since: the note costs no sync, and may not be on disk;
 *  - a ledger of no bytes that was one.
 * Not told from a torn tail after a power cut: a flip in the last transaction, in the commit frame
 * of the one before it, or in the checksum that this stands on; a WAL that was cut.  The sources'
 * control totals tell of those.
 */
#ifndef TOLL_LEDGER_WAL_H
#define TOLL_LEDGER_WAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/fault.h"

enum { WAL_BOOT_BYTES = 40, WAL_MARK_BYTES = 160, WAL_HEADER_BYTES = 32, WAL_FRAME_BYTES = 24 };

/* What a writer notes behind each commit: it is as much as is surely on disk. */
struct wal_mark {
	char boot[WAL_BOOT_BYTES]; /* of the kernel that runs; "": not known, nothing is noted */
	uint64_t device, inode;    /* of the ledger; 0: there is no mark */
	uint32_t salt[2];          /* of the WAL's header */
	int64_t frames;            /* 0: emptied, or about to be */
};
/* One line of text of WAL_MARK_BYTES, and back; false: that is none. */
void wal_mark_text(const struct wal_mark *mark, char out[WAL_MARK_BYTES + 1]);
bool wal_mark_parse(const char *text, struct wal_mark *mark_out);
/* This kernel and this ledger, nothing of the WAL yet. */
void wal_mark_init(struct wal_mark *mark, dev_t device, ino_t inode);
/* The salts of the WAL behind `fd`; false: it has no header. */
bool wal_mark_salts(struct wal_mark *mark, int fd);

struct wal_scan {
	int64_t bytes;    /* of the file; 0: none */
	bool header;      /* it has a valid one */
	uint32_t salt[2]; /* of that */
	int64_t frames;   /* up to the last commit that SQLite will take */
	int64_t broken;   /* the first frame that it will not, from 1 on; 0: none */
	bool damaged;     /* what no power cut leaves behind */
};
/* Reads a WAL once; a file that is not there is an empty one.  -FAULT_IO. */
int wal_scan(const char *wal_path, struct wal_scan *scan_out, struct fault *fault);

/*
 * Whether the ledger may be opened, before SQLite touches it.  `mark` may be NULL; marked_ns: when
 * it was written, as the file system tells it.
 */
int wal_check(const char *ledger_path, const struct wal_mark *mark, int64_t marked_ns,
              struct wal_scan *scan_out, struct fault *fault);

#endif
