/*
 * Feeds of a daemonkit's tolld: a configuration with them, waiting for what they bring, and
 * what the daemon says of them.  Failures fail the running test.
 */
#ifndef TESTS_SUPPORT_FEEDKIT_H
#define TESTS_SUPPORT_FEEDKIT_H

#include "tests/support/daemonkit.h"

/* Starts the daemon with {"feeds":FEEDS}; `arguments` as of daemonkit_start(), or NULL. */
void feedkit_start(struct daemonkit *kit, const char *feeds, const char *const arguments[]);
/* The same, without waiting for it to answer. */
void feedkit_spawn(struct daemonkit *kit, const char *feeds);
/* Waits until the ledger has so many events; more of them fail. */
void feedkit_wait_events(const struct daemonkit *kit, int64_t events);
/* And so many lines in quarantine. */
void feedkit_wait_quarantined(const struct daemonkit *kit, int64_t lines);
/* Asks the daemon for its feeds until the reply contains the words. */
void feedkit_wait_status(const struct daemonkit *kit, const char *words);
/* The stored position of a feed; an empty place: none. */
int64_t feedkit_position(const struct daemonkit *kit, const char *feed, struct buf *place_out);
/* SIGTERM, exit code 0, and no line of any start that ended so came twice. */
void feedkit_stop_without_duplicates(struct daemonkit *kit);

/* Files in the kit's folder. */
void feedkit_path(const struct daemonkit *kit, const char *name, char out[DAEMONKIT_PATH_BYTES]);
/* Appends events "PREFIX-0" ...; makes the file where it is not there. */
void feedkit_append(const char *path, const char *prefix, int count);
void feedkit_append_text(const char *path, const char *text);
/* A copy of a whole file. */
void feedkit_copy(const char *from, const char *to);

#endif
