/*
 * A small disk under the folder of a test's daemon: a tmpfs in a mount namespace of the test,
 * which takes root.  The log lies beside it.
 */
#ifndef TESTS_SUPPORT_SMALLDISK_H
#define TESTS_SUPPORT_SMALLDISK_H

#include <stdbool.h>
#include <sys/types.h>

#include "tests/support/daemonkit.h"

/* daemonkit_begin() too.  false: it cannot be had here, which it says; the test is to skip. */
bool smalldisk_begin(struct daemonkit *kit, int bytes);
/* daemonkit_end() too, also after a false. */
void smalldisk_end(struct daemonkit *kit, bool begun);
/* Fills it with a file, but for so many bytes. */
void smalldisk_fill(const struct daemonkit *kit, off_t left_bytes);
/* Takes that file away. */
void smalldisk_free(const struct daemonkit *kit);

#endif
