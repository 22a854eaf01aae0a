/*
 * The inside of statement_read(): what the parts of reading share.  Of lib/statement only; formats
 * see statement/format.h.
 */
#ifndef TOLL_STATEMENT_READER_H
#define TOLL_STATEMENT_READER_H

#include "base/arena.h"
#include "base/json.h"
#include "statement/csv.h"
#include "statement/elements.h"
#include "statement/format.h"
#include "statement/input.h"
#include "statement/mapping.h"

enum { STATEMENT_NOTES_MAX = 32, STATEMENT_NOTE_BYTES = 300 };

struct statement_noted {
	const char *format; /* where it has nothing to fill in; else NULL */
	char text[STATEMENT_NOTE_BYTES];
	int64_t times;
};

/* A line of the format, and which column of the file it reads. */
struct statement_bound {
	const struct statement_line *line;
	size_t column;
};

struct statement_reader {
	const char *name; /* how faults call it */
	const struct statement_options *options;
	const struct statement_format *format; /* NULL: not told yet, or by a mapping */
	const struct statement_mapping *mapping;
	const struct statement_line *lines; /* of either; NULL: an element function takes all */
	statement_row_fn *each;
	void *context;
	int64_t record, line; /* line 0: they are not counted */
	struct statement_summary summary;
	bool usage_seen; /* the grain is that of rows that charge for usage */
	struct statement_noted *notes;
	size_t note_count;
	int64_t notes_left_out;
	int64_t passed_rows;
	struct money passed_amount;
	/* DATE: days and hours that are written alike. */
	bool midnights, hours;
	/* CSV */
	struct statement_csv csv;
	struct text *header; /* in the arena */
	size_t column_count, bound_count;
	struct statement_bound *bound; /* the lines whose column is there, in their order */
	/* JSON */
	bool json;
	bool plain; /* the value at hand is a number of JSON: written as JSON writes them */
	struct statement_elements elements;
	struct json doc;
	bool more; /* the page at the end says that there is another one */
	/* What the statement says that its total is: the last one it told. */
	struct money page_amount; /* of the rows since the last one */
	struct arena arena;
};

/* emit.c */
int statement_notes_end(struct statement_reader *reader, struct fault *fault);
/*
 * A total that the statement states of its rows so far, `number` in 10^-decimals of the currency:
 * -FAULT_INVALID where it is not their sum to its own precision.
 */
int statement_stated(struct statement_reader *reader, struct text number, int decimals,
                     struct fault *fault);

/* What a bill calls its charges; ended by type NULL. */
struct statement_charge_type {
	const char *type;
	enum statement_charge charge;
};
/* Absent: as the row is.  -FAULT_INVALID: a type that is not among them. */
int statement_take_charge(const struct statement_reader *reader,
                          const struct statement_charge_type *types, struct text type,
                          struct statement_row *row, struct fault *fault);

/* lines.c: a record of a CSV, or an element, by the lines of a format or a mapping. */
/* The header is reader->header: which column is of which line.  -FAULT_INVALID. */
int statement_lines_bind(struct statement_reader *reader, struct fault *fault);
int statement_lines_record(struct statement_reader *reader, const struct text *cells,
                           struct fault *fault);
int statement_lines_element(struct statement_reader *reader, uint32_t element, struct fault *fault);
/* The total that the cell of a line states of its rows so far, as statement_stated(). */
int statement_lines_total(struct statement_reader *reader, const struct statement_line *line,
                          struct text cell, struct fault *fault);
bool statement_is_column(const struct statement_format *format, struct text name,
                         const char *column);
/* Absent where it is empty or NULL. */
struct text statement_value(struct text cell);

/* read.c: what the first cell of a row of totals says ("Total", "Summe:"). */
bool statement_is_total(struct text cell);

/* strict.c: -FAULT_INVALID where the format takes no column or member of this name. */
int statement_check_known(const struct statement_reader *reader, struct text name,
                          struct fault *fault);

/* tell.c: which format it is, where nobody says. */
int statement_tell_csv(struct statement_reader *reader, struct fault *fault);
int statement_tell_json(struct statement_reader *reader, uint32_t element, struct fault *fault);

#endif
