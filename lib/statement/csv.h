/*
 * CSV (RFC 4180) in pieces of any size: cells may be quoted, hold the delimiter, newlines and
 * doubled quotes; lines end in LF or CRLF; empty lines are passed over.  Whatever is not written
 * so is refused with its line, as what a lenient reader makes of it is a guess.
 *
 * Memory: the record at hand, STATEMENT_RECORD_BYTES_MAX at most.  Of lib/statement only.
 */
#ifndef TOLL_STATEMENT_CSV_H
#define TOLL_STATEMENT_CSV_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/text.h"

enum { STATEMENT_COLUMNS_MAX = 8192 };

/* `line` is the one that the record begins in, from 1 on.  The cells live for the call. */
typedef int statement_csv_fn(void *context, const struct text *cells, size_t count, int64_t line,
                             struct fault *fault);

struct statement_csv {
	const char *name; /* how faults call the file */
	char delimiter;   /* 0: told by the first line: , ; tab or | */
	statement_csv_fn *each;
	void *context;
	/* The rest is its own: zeroed at first. */
	struct buf in;
	size_t at;     /* of `in`, read so far */
	size_t enough; /* a record that was not whole is tried again when so much is there */
	int64_t lines; /* ended before `at` */
	bool open;     /* the record at hand is the last, its line has no end, nor its last cell */
	struct text *cells;
	size_t count, cap;
	bool ends[256]; /* which bytes a cell without quotes ends at */
};

/* `last`: nothing comes any more.  -FAULT_SYNTAX, -FAULT_RANGE, -FAULT_NOMEM, as `each`. */
int statement_csv_feed(struct statement_csv *csv, struct text bytes, bool last,
                       struct fault *fault);
void statement_csv_release(struct statement_csv *csv); /* takes a zeroed one */

#endif
