/*
 * Members of a JSON record, for the formats of providers: a table of struct statement_line says
 * which is which, a path of members ("usage.cost") for a column.
 *
 * A member that is not there and one that is null say the same: nothing is told.  A value of
 * another type than its field can have is refused, with its path, never read as something else.
 */
#ifndef TOLL_STATEMENT_JSON_FIELDS_H
#define TOLL_STATEMENT_JSON_FIELDS_H

#include "statement/format.h"

enum { JSON_FIELDS_SCRATCH_BYTES = 512 };

/* An object that is read. */
struct json_fields {
	struct statement_reader *reader;
	const struct json *doc;
	uint32_t node;
	struct fault *fault;
	const char *list; /* the member that is the list it stands in; NULL: it is in none */
	size_t index;     /* in that list, from 0 on */
	char *scratch; /* JSON_FIELDS_SCRATCH_BYTES, for a description; valid until the next row */
};

/* The value at a path; JSON_NONE: there is none, or it is null. */
uint32_t json_fields_at(const struct json_fields *fields, const char *path);
/* -FAULT_X with the record, the list and the path in front. */
__attribute__((format(printf, 4, 5))) int json_fields_refuse(const struct json_fields *fields,
                                                             enum fault_code code, const char *path,
                                                             const char *format, ...);

/*
 * Fills the row from the members that the table names; ended by column NULL.  TIME and DATE: the
 * span is as exact as what is written; a number is seconds.  -FAULT_INVALID: a required one is
 * not there, or one is of another type; -FAULT_SYNTAX, -FAULT_RANGE: as the setters of format.h.
 */
int json_fields_take(const struct json_fields *fields, const struct statement_line *lines,
                     struct statement_row *row);

/* One at a time; *out is as it was where nothing is told. */
int json_fields_text(const struct json_fields *fields, const char *path, struct text *out);
/* Of a number, or a text of digits: 0 to STATEMENT_COUNT_MAX. */
int json_fields_number(const struct json_fields *fields, const char *path, int64_t *out);
int json_fields_flag(const struct json_fields *fields, const char *path, bool *out);
/*
 * RFC 3339; the same without a zone (statement_zone(), and a note of it); a date; seconds since
 * 1970 as a number; the date of an HTTP header (RFC 9110, 5.6.7, IMF-fixdate).  *to_out is behind
 * the millisecond, the second or the day that was written.
 */
int json_fields_time(const struct json_fields *fields, const char *path, int64_t *from_out,
                     int64_t *to_out);

/*
 * Puts what is of no field of a row, and tells two of them apart all the same, into its
 * description, behind what that says already: "country=de app=x".  Without it two sums that differ
 * in nothing else would be taken for one that is there twice.  `paths` end in NULL.
 */
void json_fields_describe(const struct json_fields *fields, const char *const paths[],
                          struct statement_row *row);

/* What fills the row of a sum; 0, or -FAULT_X. */
typedef int json_result_fn(const struct json_fields *result, struct statement_row *row);
/*
 * A bucket of sums, {"FROM":..,"TO":..,"results":[{..},..]}: each of its results is a row of that
 * span.  -FAULT_INVALID: it ends before it begins, or a member is missing.
 */
int json_fields_bucket(const struct json_fields *bucket, const char *from, const char *to,
                       json_result_fn *each);
/* The first of a bucket's results; JSON_NONE: it has none, or is no bucket. */
uint32_t json_fields_first_result(const struct json *doc, uint32_t bucket);

/*
 * The wholes that stand at these paths and their parts.  Parts that are more than their whole are
 * -FAULT_INVALID, never clamped; but for reasoning that is more than the answer, which OpenRouter
 * tells of some models: the whole is what is billed, and the part is left open, with a note.
 * Where an answer and its reasoning are told the rest is `output`.
 */
int json_fields_settle(const struct json_fields *fields, const char *prompt, const char *answer,
                       struct statement_row *row);

#endif
