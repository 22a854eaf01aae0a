/*
 * Stored events as lines: NDJSON that `toll import` takes again, or rows of CSV.
 *
 * A line is of api "toll": the disjoint counts and their kinds as they are stored, settlement and
 * provenance, tags.  Under "stored", which no import reads, stands what the ledger knew beside
 * them: the shape it came in, price and amount, the policies.  A turn of a request ("ID~2") is a
 * line of its own that counts no request.  Not in it: phases that were replaced, conflicts, what
 * nobody counts, of how many requests a sum was the sum.
 */
#ifndef TOLL_EXPORT_EVENTS_H
#define TOLL_EXPORT_EVENTS_H

#include "base/buf.h"
#include "base/json.h"
#include "base/table.h"
#include "ledger/read.h"

/*
 * One line with its newline.  `doc` is room for what is kept beside an event, reused from call to
 * call.  -FAULT_CORRUPT where that is no JSON, -FAULT_NOMEM.
 */
int export_event_line(struct buf *out, const struct stored_event *stored, struct json *doc,
                      struct fault *fault);

/* The columns of a row, for ever in this order, new ones behind; amounts are decimal texts. */
void export_event_columns(struct table *table);
void export_event_row(struct table *table, const struct stored_event *stored);

#endif
