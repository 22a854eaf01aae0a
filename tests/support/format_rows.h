/*
 * What each provider's numbers mean, as rows: a usage member as a gateway sends it and the
 * disjoint components that follow, or why it is refused.  Every shape of formats.def needs rows
 * of each kind: a test fails until they are there.
 */
#ifndef TOLL_TESTS_SUPPORT_FORMAT_ROWS_H
#define TOLL_TESTS_SUPPORT_FORMAT_ROWS_H

#include <stddef.h>

enum format_row_kind { OBJECT, STREAM, REFUSED, READINGS, CONFIRMED, KIND_COUNT };

struct format_row {
	const char *label, *api, *usage; /* ' stands for " */
	/*
	 * "input=400 cache_read=600"; REFUSED: "part: the detail"; READINGS: "name: counts | ...";
	 * CONFIRMED, the one that the total has: "name: counts"
	 */
	const char *expected;
	enum format_row_kind kind;
	const char *unknown; /* path that is warned about, or NULL */
};

extern const struct format_row format_rows[]; /* one without a label ends them */
extern const struct format_row format_rows_more[];

#endif
