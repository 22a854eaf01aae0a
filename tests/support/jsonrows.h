/*
 * A statement in memory, read to its rows, each as one line of text: what the tests of formats
 * compare.
 *
 *   2025-08-24T00:00:00.000Z +1d model=openai/gpt-4.1 output=100 amount=0.015 decimals=3
 *
 * In this order: the span; "request"; texts; the charge, where it is not usage; flags; requests;
 * counts that are told, "prompt" and "answer" for the wholes; "of"; amounts; decimals of the
 * amount; a currency that is not USD.  A row without a time begins with "-".
 */
#ifndef TOLL_TESTS_JSONROWS_H
#define TOLL_TESTS_JSONROWS_H

#include "base/arena.h"
#include "base/buf.h"
#include "statement/format.h"

enum { JSONROWS_MAX = 128 };

struct jsonrows {
	int r; /* of statement_read() */
	struct fault fault;
	const char *line[JSONROWS_MAX];
	struct statement_row row[JSONROWS_MAX]; /* its texts are kept, too */
	size_t count;
	const char *notes;
	const char *format; /* that it was told to be of */
	struct arena arena;
};

/* `format` NULL: told by its form.  Fails the test for anything but what a statement can do. */
void jsonrows_read(struct jsonrows *rows, const char *format, const char *json);
void jsonrows_release(struct jsonrows *rows);

/* The text, with each ' made a ": in one of a few buffers in turn. */
const char *jsonrows_quotes(const char *text);

/* The rows of the text, in the quotes of C, are these lines, ended by NULL. */
void jsonrows_are(const char *label, const char *format, const char *json,
                  const char *const lines[]);
/* The same of each of them. */
enum { JSONROWS_LINES_MAX = 16 };
struct jsonrows_sample {
	const char *label, *format, *json;
	const char *lines[JSONROWS_LINES_MAX];
};
void jsonrows_check(const struct jsonrows_sample *samples, size_t count);
/* It is refused with that fault and a text that has `part` in it. */
void jsonrows_refused(const char *label, const char *format, const char *json, enum fault_code code,
                      const char *part);

#endif
