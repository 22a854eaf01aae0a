/* Records of each envelope and what becomes of them; ' stands for ".  See test_envelope.c. */
#ifndef TOLL_TESTS_SUPPORT_ENVELOPE_ROWS_H
#define TOLL_TESTS_SUPPORT_ENVELOPE_ROWS_H

#include <stddef.h>

struct envelope_row {
	const char *label;
	const char *envelope; /* NULL: it is none */
	const char *json;
	/* A line each: "id source time account model api counts status", or "reason: detail". */
	const char *expected;
};

extern const struct envelope_row envelope_rows[];
extern const size_t envelope_row_count;

#endif
