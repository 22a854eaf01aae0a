/*
 * Tables of what may differ in recorded data, and why: each thing that happens must stand in the
 * table, and each row of the table must happen.
 *
 * Fails the running test; everything is printed first.
 */
#ifndef TOLL_TESTS_SUPPORT_EXCEPTIONS_H
#define TOLL_TESTS_SUPPORT_EXCEPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

enum { EXCEPTIONS_MAX = 128 }; /* rows of one table */

struct exception {
	const char *id;
	const char *what;   /* exactly what happened: a reason, a word, a counter */
	const char *detail; /* stands in the detail; NULL: any will do */
	const char *why;    /* who is right, with the arithmetic */
};

/* One pass over a table: `rows` and `count` set, the rest zeroed. */
struct exceptions {
	const char *name;
	const struct exception *rows;
	size_t count;
	bool seen[EXCEPTIONS_MAX];
	unsigned met, unexplained;
};

#define EXCEPTIONS(NAME, table)                                                                    \
	{                                                                                          \
		.name = (NAME), .rows = (table), .count = sizeof(table) / sizeof((table)[0])       \
	}

/* Something happened: marks its row, or prints that it has none. */
void exception_happened(struct exceptions *e, struct text id, const char *what, const char *detail);
/* Fails where something had no row, or a row did not happen. */
void exceptions_end(const struct exceptions *e);

#endif
