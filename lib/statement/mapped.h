/*
 * What a mapping says beyond a table of columns: how numbers and times are written, and what of a
 * statement is in it at all.  Of lib/statement only.  Pure and thread-safe.
 */
#ifndef TOLL_STATEMENT_MAPPED_H
#define TOLL_STATEMENT_MAPPED_H

#include "statement/mapping.h"

enum { STATEMENT_NUMBER_BYTES_MAX = 128 };

/*
 * "1.234,50 €" as "1234.50", by the decimal point, the separator of thousands and the symbol of
 * the mapping: groups are of three digits, and there is no separator behind the point.  False: it
 * is not written so.  *out points into scratch.
 */
bool statement_mapped_number(const struct statement_mapping *mapping, struct text cell,
                             char scratch[STATEMENT_NUMBER_BYTES_MAX], struct text *out);

/*
 * A time of CLOCK_DAY_FIRST, CLOCK_MONTH_FIRST or CLOCK_EXCEL, as if it were UTC, and how exactly
 * it is told: a day, a minute, a second or a millisecond.  Years of four digits, 1970 to 9999.
 */
bool statement_clock_read(struct text t, enum statement_clock clock, int64_t *local_ms_out,
                          int64_t *exact_ms_out);

/* Whether a column of a CSV is in it: as a field, ignored, or as one of the others. */
bool statement_mapping_covers(const struct statement_mapping *mapping, struct text column);
/* The line of a column; NULL: it has none. */
const struct statement_line *statement_mapping_line(const struct statement_mapping *mapping,
                                                    struct text column);

/*
 * The member at the end of a path ("usage.prompt_tokens"); JSON_NONE.  A name with a dot in it is
 * found too: the longest one that is there is taken.
 */
uint32_t statement_member(const struct json *doc, uint32_t object, struct text path);
/*
 * The path of the first member with a value that no line and no ignored path covers, into `path`;
 * false: there is none.  An ignored object is ignored with all that is in it.
 */
bool statement_mapping_uncovered(const struct statement_mapping *mapping, const struct json *doc,
                                 uint32_t object, struct buf *path);

#endif
