/* Another toll ledger as a statement.  Of lib/statement only. */
#ifndef TOLL_STATEMENT_FORMAT_LEDGER_H
#define TOLL_STATEMENT_FORMAT_LEDGER_H

#include "statement/reader.h"

/*
 * A row of a turn ("ID~2") of toll's own: it is of the request ID, to which its turns add, and
 * counts none itself.
 */
void statement_take_turn(struct statement_row *row);

/* All of its events, as they are now, as rows of requests; the hash is of what was read. */
int statement_read_ledger(struct statement_reader *reader, const char *path, struct fault *fault);

#endif
