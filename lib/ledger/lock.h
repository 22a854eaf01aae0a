/*
 * The lock file decides who the writer is: an open-file-description lock on
 * PATH.lock, which goes with the process however it ends.  Inside lib/ledger.
 */
#ifndef TOLL_LEDGER_LOCK_H
#define TOLL_LEDGER_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "ledger/wal.h"

/* Before the lock is taken: -FAULT_CORRUPT where the ledger is empty and no writer left it so. */
int lock_refuse_empty(const char *ledger_path, struct fault *fault);
/* Takes the lock and writes the pid and `note` into the file; -FAULT_BUSY names the holder. */
int lock_take(const char *ledger_path, const char *note, int *fd_out, struct fault *fault);
void lock_drop(int fd); /* takes -1 */

/*
 * The second line of the file is the writer's mark of its WAL; whoever takes the lock leaves it.
 * Its inode is 0 where there is none.  marked_ns_out: when the file was last written.  -FAULT_IO.
 */
int lock_mark_read(const char *ledger_path, struct wal_mark *mark_out, int64_t *marked_ns_out,
                   struct fault *fault);
/*
 * By the descriptor of lock_take(), without a sync; where it cannot be written there is none, and
 * nothing else is the worse.
 */
void lock_mark_write(int fd, const struct wal_mark *mark);

#endif
