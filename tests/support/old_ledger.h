/* Ledgers as an older toll left them. */
#ifndef TESTS_SUPPORT_OLD_LEDGER_H
#define TESTS_SUPPORT_OLD_LEDGER_H

#include <stdint.h>

/*
 * Makes the ledger at `path` one of schema `version`: the migrations up to there on a new file,
 * and of each row what that schema had a place for.  Nobody may have it open.  Failures fail
 * the running test.
 */
void old_ledger_make(const char *path, int64_t version);

#endif
