/*
 * Backup and restore: a ledger as one file that needs nothing beside it, and back again.
 *
 * A backup is made through a connection that only reads, so the writer goes on meanwhile; it is
 * one moment of the ledger.  The WAL cannot be emptied while it is made, and grows.  What counts
 * as made was read back from the copy: SQLite's own check and all of ledger_verify().
 */
#ifndef TOLL_LEDGER_BACKUP_H
#define TOLL_LEDGER_BACKUP_H

#include <limits.h>

#include "base/hash.h"
#include "ledger/ledger.h"
#include "ledger/verify.h"

/* How it goes on; each may be NULL. */
struct backup_watch {
	void (*copied)(void *context, int64_t pages, int64_t total);
	verify_progress_fn *verified;
	verify_finding_fn *finding; /* a difference in the copy */
	void *context;
};

struct backup_result {
	struct verify_summary verify; /* of the copy */
	int64_t last_ms;              /* of its events; 0: it has none */
	int64_t archived;             /* files of its archive, which went with it */
	int64_t bytes;
	char sha256[SHA256_HEX_BYTES]; /* of the file */
	/* Where a copy with differences was left, or by a restore the old one; "": none. */
	char kept[PATH_MAX];
};

/*
 * The files of its archive are copied to FILE.archive/, but for those that are there already.
 *
 * A copy of what `reader` reads, as `file`: beside it first, synced, verified, then moved there.
 * The copy has the mode of the ledger.  -FAULT_INVALID: `file` is there (and not `over`), or is the
 * ledger itself.  A copy that verify finds differences in is left where result_out->kept says, and
 * 0 returned; after a failure nothing is left.
 */
int ledger_backup(struct ledger *reader, const char *file, bool over,
                  const struct backup_watch *watch, struct backup_result *result_out,
                  struct fault *fault);

/*
 * A backup, with its FILE.archive/, in the place of the ledger at `path`; whoever writes it must
 * have ended (-FAULT_BUSY).
 * -FAULT_NOT_FOUND: there is no such file, and nothing was made.  -FAULT_INVALID: `file` is the
 * ledger itself; there is a ledger, and `aside` is NULL; with it the old one is kept under that
 * name.  The copy is synced and verified before anything moves; where verify finds differences
 * nothing has changed and 0 is returned.  Interrupted at any point it leaves the old or the new
 * one in its place.
 */
int ledger_restore(const char *file, const char *path, const char *aside,
                   const struct backup_watch *watch, struct backup_result *result_out,
                   struct fault *fault);

#endif
