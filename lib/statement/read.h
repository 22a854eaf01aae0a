/*
 * Reading a statement: bytes of a file, or of standard input, into rows, in a stream: memory does
 * not grow with the number of rows.  What is not understood ends it with a fault that names the
 * record and what to do: a statement is read whole or not at all, since half of one makes a wrong
 * total.
 *
 * formats.def lists the formats; format.h says what one is.  One thread.
 */
#ifndef TOLL_STATEMENT_READ_H
#define TOLL_STATEMENT_READ_H

#include "base/buf.h"
#include "base/fault.h"
#include "base/hash.h"
#include "base/zone.h"
#include "statement/row.h"

enum {
	STATEMENT_RECORD_BYTES_MAX = 16 * 1024 * 1024, /* a CSV record, an element of a list */
	STATEMENT_CURRENCIES_MAX = 8,                  /* of one statement */
};

struct statement_format;
struct statement_mapping;

struct statement_options {
	const struct statement_format *format;   /* NULL: told by its form */
	const struct statement_mapping *mapping; /* instead of a format; else NULL */
	const struct zone *zone; /* of times that say none; NULL: what the format says, else UTC */
	/* Called now and then: bytes read, and of how many (0: not known).  May be NULL. */
	void (*on_progress)(void *context, int64_t read, int64_t total);
	void *progress;
};

/* How fine all rows of a statement are. */
enum statement_grain {
	STATEMENT_GRAIN_REQUEST,
	STATEMENT_GRAIN_HOUR, /* spans of an hour or less */
	STATEMENT_GRAIN_DAY,  /* of 25 hours or less: a day that gains one */
	STATEMENT_GRAIN_MONTH,
	STATEMENT_GRAIN_WHOLE, /* longer */
};

const char *statement_grain_name(enum statement_grain grain); /* "request", "hour" ... */
enum statement_grain statement_grain_of(const struct statement_row *row);

/* What is known of a statement when it was read. */
struct statement_summary {
	const struct statement_format *format; /* NULL: by a mapping */
	char sha256[SHA256_HEX_BYTES];         /* of its bytes */
	int64_t bytes, records, rows;
	int64_t first_ms, last_ms; /* [first, last) of the rows; both 0: there is none */
	enum statement_grain grain;
	/* Of the rows that charge for usage: those that tell each of these. */
	int64_t with_id, with_account, with_key, with_model, with_provider, with_requests,
		with_counts, with_amount;
	unsigned decimals; /* the most that an amount has */
	bool reals;        /* some amount was written from a binary float */
	int64_t cut;       /* rows with STATEMENT_CUT */
	/* Amounts by currency, "" first where some row says none; those are sums, checked. */
	struct {
		char currency[STATEMENT_CURRENCY_BYTES];
		int64_t rows;
		struct money amount;
	} totals[STATEMENT_CURRENCIES_MAX];
	size_t total_count;
	/* What the statement itself says is its total, where it does: equal to the sum of its
	 * rows, or it was refused. */
	bool states_total;
	struct buf notes; /* a line each: what was taken for granted, passed over or is odd */
};
void statement_summary_release(struct statement_summary *summary); /* takes a zeroed one */

typedef int statement_row_fn(void *context, const struct statement_row *row, struct fault *fault);

/*
 * Reads `path` ("-": standard input) to its end, row by row into `each` (0 goes on, else it ends
 * and is returned).  `name` is how faults call it.
 *   -FAULT_NOT_FOUND  no such file
 *   -FAULT_INVALID    no format fits, or this one does not (and which does); a column or a member
 *                     that must be there is not; UTF-16, gzip, Parquet, PDF: told with the way to
 *                     what can be read; a total it states is not the sum of its rows
 *   -FAULT_SYNTAX     not CSV or JSON as it should be; cut at its end
 *   -FAULT_RANGE      a record is too long, a sum is no amount, too many currencies
 *   -FAULT_IO, -FAULT_NOMEM
 * A statement without a row is none of these: rows is 0.
 */
int statement_read(const char *path, const struct statement_options *options,
                   statement_row_fn *each, void *context, struct statement_summary *summary_out,
                   struct fault *fault);

#endif
