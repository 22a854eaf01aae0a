/*
 * A daemon and the command beside it, for a test of the two: the environment names the daemon's
 * ledger and socket, and output is for 80 columns.  The daemon is not started.
 */
#ifndef TESTS_SUPPORT_BOTHKIT_H
#define TESTS_SUPPORT_BOTHKIT_H

#include "tests/support/daemonkit.h"
#include "tests/support/tollrun.h"

struct bothkit {
	struct daemonkit kit;
	struct tollrun run;
	char file[DAEMONKIT_PATH_BYTES]; /* where a test may write; removed at the end */
};

/* cmocka's setup and teardown: *state is the kit. */
int bothkit_begin(void **state);
int bothkit_end(void **state);

#endif
