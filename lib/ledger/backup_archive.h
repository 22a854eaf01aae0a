/* The archive's files go with a backup, FILE.archive/ beside it.  Inside lib/ledger. */
#ifndef TOLL_LEDGER_BACKUP_ARCHIVE_H
#define TOLL_LEDGER_BACKUP_ARCHIVE_H

#include "ledger/internal.h"

/*
 * Copies each file that the ledger has registered from one folder to another, where it is not there
 * yet, synced, and reads it back.  -FAULT_INVALID: another file has its name there.  Nothing is
 * ever replaced.
 */
int backup_archive(struct ledger *ledger, const char *from, const char *to, int64_t *files_out,
                   struct fault *fault);

#endif
