/*
 * A process that is killed with SIGKILL in front of the n-th call that changes a name or makes
 * bytes durable: rename, unlink, fsync, fchmod, mkdir ...  The program's own calls and SQLite's are
 * counted alike, where this is linked in.
 */
#ifndef TESTS_SUPPORT_KILLPOINTS_H
#define TESTS_SUPPORT_KILLPOINTS_H

#include <stdbool.h>

/*
 * Runs it in a child that dies in front of call `n`, counted from 1.  true: it was killed; false:
 * it ended before, and well (it returned 0; else the test fails).
 */
typedef int killpoints_fn(void *context);
bool killpoints_run(killpoints_fn *run, void *context, int n);

#endif
