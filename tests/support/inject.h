/*
 * A tolld whose system calls fail, or which is killed at one: strace puts that in, at exactly
 * the N-th call of one kind, on one file.  Failures fail the running test.
 */
#ifndef TESTS_SUPPORT_INJECT_H
#define TESTS_SUPPORT_INJECT_H

#include <stdbool.h>

#include "tests/support/daemonkit.h"

enum { INJECT_WORDS_MAX = 40, INJECT_TEXT_BYTES = 96 };

struct inject {
	struct daemonkit *kit;
	char trace[INJECT_TEXT_BYTES], fault[INJECT_TEXT_BYTES], seen[DAEMONKIT_PATH_BYTES];
	const char *words[INJECT_WORDS_MAX];
	pid_t pid; /* of an strace that was attached; 0: none */
};

/*
 * What is put in.  `fault` is in strace's words: "error=EINTR", "signal=KILL"; `when` too: "3"
 * is the third call, "3+" every one from there on, "3+2" each second one.  A call that is to
 * end the process is not made any more.  Each thread counts its own calls.
 */
struct injected {
	const char *syscall, *file; /* a path; NULL: any */
	const char *fault, *when;
	const char *const *files; /* further ones, ended by NULL; NULL: none */
};

/*
 * Whether strace works here; where it does not, says so, and the test is to skip.  To be asked
 * before a daemon is started: from here on it does not look for leaks of its own.
 */
bool inject_works(void);
/* kit->under, for the next start: calls are counted from there, those of the loader too. */
void inject_at_start(struct inject *inject, struct daemonkit *kit, const struct injected *what);
/* Into the daemon that runs: calls are counted from here on. */
void inject_now(struct inject *inject, struct daemonkit *kit, const struct injected *what);
/* How many calls were made to fail. */
int inject_count(const struct inject *inject);
/* No faults from here on; inject_count() still knows. */
void inject_end(struct inject *inject);

#endif
