/* What a small catalogue becomes: a row a claim, checked against the book and the report. */
#ifndef TOLL_TESTS_IMPORT_ROWS_H
#define TOLL_TESTS_IMPORT_ROWS_H

#include <stdbool.h>
#include <stddef.h>

enum { IMPORT_LINES_MAX = 12 };

struct import_row {
	const char *label;
	const char *json; /* a whole catalogue, or what `wrap` is put around */
	/* All rates of the book in its order, without quotes:
	 * "input, per_million: 3.00, when: {context: {gt: 200000}}". */
	const char *rates[IMPORT_LINES_MAX];
	const char *book[IMPORT_LINES_MAX]; /* stand in the book as they are */
	/* All lines of the report that are neither converted nor listing, "kind model key: why",
	 * or a part of each. */
	const char *report[IMPORT_LINES_MAX];
};

/* Fails the test with the label. `wrap` has one %s for the json of the row; NULL: as it is. */
void import_rows_check(const char *catalogue, const char *wrap, const struct import_row *rows,
                       size_t count, bool zero_is_free);
/* The catalogue is refused with a text that holds `says`. */
void import_rows_refused(const char *catalogue, const char *json, const char *says);

#endif
