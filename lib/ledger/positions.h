/*
 * How far each feed of the daemon was read.  Put inside the transaction that stores what was
 * read: an event is never there without its position, nor the other way round.  What a place
 * says is the feed's own matter; here it is one JSON object.
 */
#ifndef TOLL_LEDGER_POSITIONS_H
#define TOLL_LEDGER_POSITIONS_H

#include "base/buf.h"
#include "ledger/ledger.h"

enum { POSITION_FEED_BYTES_MAX = 4200 }; /* as the table's CHECK has it */

struct position {
	struct text feed;  /* "file:/var/log/gw/usage.ndjson": its kind and path */
	struct text place; /* where to go on: a JSON object */
	int64_t lines;     /* so far */
	int64_t stored_ms;
};

/* Writer, between ledger_begin() and ledger_commit(): the new place; `more_lines` are added. */
int ledger_position_put(struct ledger *ledger, struct text feed, struct text place,
                        int64_t more_lines, int64_t now_ms, struct fault *fault);
/* The place of one feed and its lines; *place_out stays empty where there is none. */
int ledger_position_get(struct ledger *ledger, struct text feed, struct buf *place_out,
                        int64_t *lines_out, struct fault *fault);

typedef int ledger_position_fn(void *context, const struct position *position);
/* In the order of their names; as ledger/read.h has it. */
int ledger_each_position(struct ledger *ledger, ledger_position_fn *each, void *context,
                         struct fault *fault);

#endif
