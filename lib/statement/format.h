/*
 * A format of statements: formats.def has a line for each, and format_NAME.c its table or its
 * function, and nothing else has to change for a new one.
 *
 *   CSV    a table of columns (struct statement_line), and a function for what a table cannot say
 *   JSON   a function that is given one element of the list that the document is, whatever is
 *          around it: {"data":[...]} (also several such pages one behind the other), [...], one
 *          object, or one object a line
 *   LEDGER another toll ledger
 *
 * What the fields of a provider mean (what is inside what, and the unit of its money) is stated
 * with its source in the file of the format.
 */
#ifndef TOLL_STATEMENT_FORMAT_H
#define TOLL_STATEMENT_FORMAT_H

#include <stddef.h>

#include "base/json.h"
#include "statement/read.h"
#include "statement/row.h"

enum statement_container { STATEMENT_CSV, STATEMENT_JSON, STATEMENT_LEDGER };

enum statement_kind { VALUE_TIME, VALUE_TEXT, VALUE_COUNT, VALUE_FLAG, VALUE_WORD, VALUE_MONEY };

enum statement_field {
#define F(NAME, name, KIND, text) FIELD_##NAME,
#include "statement/field.def"
#undef F
	FIELD_COMPONENTS,                                 /* FIELD_COMPONENTS + component */
	FIELD_MONEY = FIELD_COMPONENTS + COMPONENT_COUNT, /* FIELD_MONEY + enum statement_money */
	FIELD_COUNT = FIELD_MONEY + STATEMENT_MONEY_COUNT,
};
const char *statement_field_name(enum statement_field field);
const char *statement_field_text(enum statement_field field);
enum statement_kind statement_field_kind(enum statement_field field);
enum statement_field statement_field_find(struct text name); /* FIELD_COUNT: there is none */

/* How a time is written where it is not RFC 3339 or a date. */
enum statement_clock {
#define C(NAME, word, text) CLOCK_##NAME,
#include "statement/clock.def"
#undef C
	CLOCK_COUNT
};

struct statement_line {
	const char *column; /* as the header, or the path of members ("a.b"), writes it */
	enum statement_field field;
	bool required; /* the column must be there */
	/* Money: the number is of 10^-decimals of the currency: 2 of cents, 10 of ticks.
	 * Counts: a unit is so many: 1, 1000, 1000000 (0 is 1). */
	int decimals;
	int64_t units;
	bool negative;              /* the other sign: credits written as positive numbers */
	enum statement_clock clock; /* of a TIME */
	const char *currency; /* of MONEY, where the column itself says it ("cost_usd"); NULL */
};

/* Where rows go; what every format has at hand. */
struct statement_reader;
/*
 * Puts into the row what its format says of all of them (record, currency), checks it (span, signs,
 * length of texts), counts it and hands it on; as statement_read().
 */
int statement_emit(struct statement_reader *reader, struct statement_row *row, struct fault *fault);
/* A line of the summary's notes; the same line is kept once, with how many times. */
__attribute__((format(printf, 2, 3))) void statement_note(struct statement_reader *reader,
                                                          const char *format, ...);
/*
 * What is doubtful of a time that says no zone: nobody said which one it is of, also of a day of a
 * mapping, and it was taken as UTC; its zone never had it, or had it twice.
 */
struct statement_when;
void statement_note_when(struct statement_reader *reader, const struct statement_when *when);
/*
 * A row that is of no model: other services on the bill of a cloud.  How many they are and what
 * they come to is in the notes.
 */
int statement_pass_over(struct statement_reader *reader, const struct statement_row *row,
                        struct fault *fault);
int64_t statement_record(const struct statement_reader *reader); /* the one at hand, from 1 on */
const struct zone *statement_zone(const struct statement_reader *reader);
/* -FAULT_X with "NAME: record N: " in front. */
__attribute__((format(printf, 4, 5))) int statement_refuse(const struct statement_reader *reader,
                                                           enum fault_code code,
                                                           struct fault *fault, const char *format,
                                                           ...);

/* A record of a CSV, whose lines are set already: what a table cannot say. */
struct statement_record {
	const struct text *cells; /* of all columns of the file, in its order */
	size_t count;
	const struct text *header;
};
/* The cell of a column; absent where there is no such column, or it is empty or NULL. */
struct text statement_cell(const struct statement_record *record, const char *column);

struct statement_format {
	const char *name, *unit, *summary; /* unit: "USD", "cents" ... for people */
	enum statement_container container;
	const char *currency; /* of rows that say none; NULL: the ledger's own is taken */
	bool utc;             /* its documentation says so of times without a zone */
	/* CSV: */
	const struct statement_line *lines; /* ended by column NULL */
	bool any_case; /* the header is written in large and small letters as it comes */
	/* Whether a column, or a member (`header` NULL), beside those of `lines` may be there and
	 * say nothing: what is not known is refused.  NULL: others are passed over. */
	bool (*knows)(struct text name, const struct text *header, size_t count);
	/* Tells it from others by its header; NULL: by the columns that are required. */
	bool (*fits)(const struct text *header, size_t count);
	/* 0; -FAULT_X ends it; 1: the row is none (a total, say; noted), passed over. */
	int (*finish)(struct statement_reader *reader, const struct statement_record *record,
	              struct statement_row *row, struct fault *fault);
	/* JSON: one element; emits any number of rows.  NULL: `lines`, whose columns are paths. */
	int (*element)(struct statement_reader *reader, const struct json *doc, uint32_t element,
	               struct fault *fault);
	int decimals; /* of `element`: a total beside the list is of 10^-decimals of the currency */
	/* Tells it from others by one element, sharply: by members that only it has. */
	bool (*is)(const struct json *doc, uint32_t element);
};

#define F(NAME, name, CONTAINER, unit, summary)                                                    \
	extern const struct statement_format statement_format_##NAME;
#include "statement/formats.def"
#undef F

/* In the order of formats.def; NULL behind the last. */
const struct statement_format *statement_format_at(size_t index);
const struct statement_format *statement_format_find(struct text name); /* NULL: there is none */

/*
 * For all of them: amounts and times as they are written.
 *
 * An amount in units of 10^-decimals: a JSON number or text, also "1e-07"; no blanks, no
 * separators of thousands, no signs of a currency.  Fills the money and, of AMOUNT, the decimals
 * and STATEMENT_REAL; what is beyond 18 decimals is cut, with STATEMENT_CUT.  -FAULT_SYNTAX: it
 * is no number; -FAULT_RANGE: no amount.
 */
int statement_set_money(struct statement_row *row, enum statement_money which, struct text number,
                        int decimals);
/*
 * Told already: added.  -FAULT_SYNTAX: no integer ("1500.0" is one, "1,500" is not);
 * -FAULT_RANGE.
 */
int statement_set_count(struct statement_row *row, enum component component, struct text number,
                        int64_t units);
/* A count x units, as statement_set_count() reads it; -FAULT_SYNTAX, -FAULT_RANGE. */
int statement_count_read(struct text number, int64_t units, int64_t *out);
/* The word of any of them for a component ("uncached_input_tokens"); COMPONENT_COUNT: none. */
enum component statement_component(struct text word);
/*
 * Where the whole of the prompt (answer) is told and its parts are, but not `input` (`output`):
 * that is what is left.  A whole whose parts are all told is told no more.  A part larger than
 * its whole is -FAULT_INVALID: never clamped.
 */
int statement_settle_counts(struct statement_row *row);

#endif
