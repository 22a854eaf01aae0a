/*
 * Calls that the operating system refuses: of those to come, one of a name fails with an errno, or
 * does half of what it was asked.  The test program is linked with --wrap for each call of
 * failcall.def (Makefile), and has one thread.  What SQLite calls is its own library's and is never
 * among them; what the test itself calls is, between failcall_begin() and failcall_end().
 */
#ifndef TOLL_TESTS_FAILCALL_H
#define TOLL_TESTS_FAILCALL_H

#include <stdbool.h>
#include <stddef.h>

/* In the place of an errno: half of the bytes, and success.  Of pread and pwrite. */
enum { FAILCALL_HALF = -1 };

struct failcall {
	const char *name;
	int after; /* so many are done before */
	int error;
	bool all; /* and so does each one behind it */
};

/* From here on, what these say, which are the caller's until the end. */
void failcall_begin(const struct failcall *plans, size_t count);
/* Nothing fails any more. */
void failcall_end(void);

/* Since the beginning: calls of that name; whether the first plan came to its one. */
int failcall_count(const char *name);
bool failcall_happened(void);
/* What the last call that failed was of: its path, or the one behind its descriptor. */
const char *failcall_place(void);
/* It was a close(), of a descriptor by which something was written and not synced. */
bool failcall_unsynced(void);

#endif
