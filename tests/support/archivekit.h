/*
 * A ledger of which months move into files, for tests.  Every function fails the running test
 * itself.
 */
#ifndef TOLL_TESTS_ARCHIVEKIT_H
#define TOLL_TESTS_ARCHIVEKIT_H

#include <sys/types.h>

#include "ledger/archive.h"
#include "tests/support/ledgerkit.h"

enum { ARCHIVEKIT_PATH_BYTES = 4 * KIT_PATH_BYTES, ARCHIVEKIT_MONTHS = 4 };

#define ARCHIVEKIT_MODEL     "acme/llama-4-70b"
/* 2026-08-01: July and what is before it is over. */
#define ARCHIVEKIT_BEFORE_MS INT64_C(1785542400000)

void archivekit_send(struct ledgerkit *kit, const char *id, const char *time, const char *usage);
/* Three events in two hours of June, one of July, one of August. */
void archivekit_fill(struct ledgerkit *kit);
/* The months that can move, in order; the rest is zeroed. */
void archivekit_find(struct ledgerkit *kit, struct archive_month months[ARCHIVEKIT_MONTHS]);
/* archive_make() with a reader of its own. */
int archivekit_make(struct ledgerkit *kit, const struct archive_month *month,
                    struct archive_file *file, struct fault *fault);
/* The change archive.month, as the daemon or toll runs it: its reply, until the next one. */
const char *archivekit_ask(struct ledgerkit *kit, const struct archive_file *file);
void archivekit_says(const char *text, const char *words);
/* All that can move. */
void archivekit_move(struct ledgerkit *kit);
/* The folder of the archive goes. */
void archivekit_end(struct ledgerkit *kit);
int archivekit_teardown(void **state);
/* Of a file of the archive. */
void archivekit_path(const struct ledgerkit *kit, const char *file,
                     char out[ARCHIVEKIT_PATH_BYTES]);
/* Turns one bit of it. */
void archivekit_flip(const char *path, off_t at);

#endif
