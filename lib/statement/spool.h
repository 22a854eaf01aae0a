/*
 * The rows of one or more statements, kept in a file without a name (in TMPDIR, else /var/tmp) so
 * that they can be read twice, in any order, in constant memory: standard input comes once.
 *
 * The file is the process's own and gone with it.  One thread.  -FAULT_IO and -FAULT_FULL name
 * the folder, and what to do.
 */
#ifndef TOLL_STATEMENT_SPOOL_H
#define TOLL_STATEMENT_SPOOL_H

#include "base/fault.h"
#include "statement/row.h"

struct statement_spool;

/* `folder` NULL: TMPDIR, else /var/tmp. */
int statement_spool_open(struct statement_spool **spool_out, const char *folder,
                         struct fault *fault);
void statement_spool_close(struct statement_spool *spool); /* takes NULL */

/* *place_out: for statement_spool_get(); may be NULL.  Places grow from row to row. */
int statement_spool_add(struct statement_spool *spool, const struct statement_row *row,
                        int64_t *place_out, struct fault *fault);
/* After the last row: what is buffered goes to the file; only reading from here on. */
int statement_spool_end(struct statement_spool *spool, struct fault *fault);
int64_t statement_spool_rows(const struct statement_spool *spool);

/* All rows in their order; 0 goes on, anything else ends the walk and is returned. */
typedef int statement_spooled_fn(void *context, const struct statement_row *row, int64_t place);
int statement_spool_each(struct statement_spool *spool, statement_spooled_fn *each, void *context,
                         struct fault *fault);
/* One of them; its texts live until the next call for this spool. */
int statement_spool_get(struct statement_spool *spool, int64_t place, struct statement_row *row_out,
                        struct fault *fault);

#endif
