/*
 * The part of verify that looks at the file: SQLite's own check of pages and indexes, and
 * that the schema is the one the migrations make.  Inside lib/ledger.
 */
#ifndef TOLL_LEDGER_VERIFY_FILE_H
#define TOLL_LEDGER_VERIFY_FILE_H

#include "ledger/verify_internal.h"

int verify_file(struct verify *verify, struct ledger *ledger, struct fault *fault);

#endif
