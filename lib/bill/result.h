/*
 * A result for programs and for a page: the same result gives the same bytes.
 */
#ifndef TOLL_BILL_RESULT_H
#define TOLL_BILL_RESULT_H

#include "base/table.h"
#include "bill/reconcile.h"

/* What a report says beside the result. */
struct bill_statement_name {
	const char *name; /* of the file, without its folder: where it lies is not of the report */
	const struct statement_summary *summary;
};

enum { BILL_RESULT_FORM = 1 }; /* "reconciliation" in the JSON: raised when a meaning changes */

/*
 * One object, without a time of its making; ends in a newline.  Here and of the page:
 *   -FAULT_INTERNAL  the causes do not add up to the difference: nothing of it is to be shown
 *   -FAULT_NOMEM
 */
int bill_result_json(const struct bill_result *result, const struct bill_statement_name *statements,
                     size_t count, struct buf *out, struct fault *fault);
/*
 * The columns of one row a difference, for ever in this order, new ones behind.  The amounts of
 * the two sides stand in the first row of their pair alone, so that a column may be summed up.
 */
void bill_difference_columns(struct table *table);
void bill_difference_row(struct table *table, const struct bill_difference *difference);
/*
 * What must not be overlooked, a line each for people: holes in our total, rows outside, what was
 * cut; then the notes of the statements and of the result.
 */
void bill_result_warnings(const struct bill_result *result,
                          const struct bill_statement_name *statements, size_t count,
                          struct buf *out);
/*
 * "12.34 EUR in 3 rows, 5.00 GBP in 1 row": what the statements come to in other currencies than
 * that of the result, and so in no total of it; nothing where there is none.
 */
void bill_result_other_currencies(const struct bill_result *result,
                                  const struct bill_statement_name *statements, size_t count,
                                  struct buf *out);
/* theirs - ours. */
struct money bill_result_difference(const struct bill_result *result);
/*
 * One page that needs nothing else and runs nothing: totals, a waterfall from ours to theirs (SVG),
 * causes, suggestions, the worst rows with both sides' arithmetic.  All texts are escaped.
 */
int bill_result_html(const struct bill_result *result, const struct bill_statement_name *statements,
                     size_t count, struct buf *out, struct fault *fault);

/* A member of JSON behind others; null for STATEMENT_UNTOLD. */
void bill_json_number(struct buf *out, const char *key, int64_t value);
void bill_json_money(struct buf *out, const char *key, struct money amount);
void bill_json_time(struct buf *out, const char *key, int64_t ms);

#endif
