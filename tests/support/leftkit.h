/*
 * A folder as a writer that was killed leaves it: the ledger with one event of June in its archive,
 * one of July that could be, one of August, and one more in the WAL; what a run of archive that was
 * killed left, and what is none of its business; and copy.db, a backup of before the last event.
 */
#ifndef TOLL_TESTS_LEFTKIT_H
#define TOLL_TESTS_LEFTKIT_H

#include "ledger/archive.h"
#include "tests/support/ledgerkit.h"

enum { LEFTKIT_COPIED = 3, LEFTKIT_EVENTS = 4 };
#define LEFTKIT_LEFT "2026-05.db.a1B2c3" /* in ledger.db.archive */

/* The kit's ledger is shut. */
void leftkit_open(struct ledgerkit *kit, struct archive_month *july_out);

#endif
