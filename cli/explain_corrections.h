/* The part of explain that tells the corrections of a request, and what it comes to now. */
#ifndef TOLL_CLI_EXPLAIN_CORRECTIONS_H
#define TOLL_CLI_EXPLAIN_CORRECTIONS_H

#include "base/buf.h"
#include "cli/command.h"
#include "ledger/correct.h"

struct explain_corrections {
	struct event_now now; /* corrections 0: there is none, and nothing is written */
	struct buf lines;     /* a line each */
	struct buf json;      /* the members of an array */
};

/* Reads them; `row` is copied out of its walk.  Released by explain_corrections_release(). */
int explain_corrections_read(struct explain_corrections *corrections, struct ledger *ledger,
                             const struct stored_event *row, struct fault *fault);
void explain_corrections_release(struct explain_corrections *corrections);
void explain_corrections_text(const struct explain_corrections *corrections,
                              struct context *context, const struct stored_event *row);
/* ,"corrections":[...],"now":{...} */
void explain_corrections_json(const struct explain_corrections *corrections, struct buf *out,
                              const struct stored_event *row);

#endif
