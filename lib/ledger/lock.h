/*
 * The lock file decides who the writer is: an open-file-description lock on
 * PATH.lock, which goes with the process however it ends.  Inside lib/ledger.
 */
#ifndef TOLL_LEDGER_LOCK_H
#define TOLL_LEDGER_LOCK_H

#include "base/fault.h"

/* Takes the lock and writes the pid and `note` into the file; -FAULT_BUSY names the holder. */
int lock_take(const char *ledger_path, const char *note, int *fd_out, struct fault *fault);
void lock_drop(int fd); /* takes -1 */

#endif
