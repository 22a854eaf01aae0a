/*
 * What the sources say that they sent, and what came of each: for whoever compares them.
 * Texts live for the call; a callback returns 0 to go on, as in ledger/read.h.
 */
#ifndef TOLL_LEDGER_CHECKPOINTS_H
#define TOLL_LEDGER_CHECKPOINTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/text.h"

struct ledger;

/* Control totals, `json` as sent; the seq must be new in the epoch of the source. */
int ledger_checkpoint_add(struct ledger *ledger, struct text source, int64_t epoch, int64_t seq,
                          struct text json, int64_t now_ms, struct fault *fault);
/* Those that came with this seq; *json_out is empty where none did.  Of a writer. */
int ledger_checkpoint_get(struct ledger *ledger, struct text source, int64_t epoch, int64_t seq,
                          struct buf *json_out, struct fault *fault);

struct checkpoint_row {
	struct text source;
	int64_t epoch, seq, received_ms;
	struct text json; /* the line */
};
typedef int ledger_checkpoint_fn(void *context, const struct checkpoint_row *row);
/* By source, those of one in the order of epoch and seq. */
int ledger_each_checkpoint(struct ledger *ledger, ledger_checkpoint_fn *each, void *context,
                           struct fault *fault);

/* The last of each source; finds them by their key. */
int ledger_each_last_checkpoint(struct ledger *ledger, ledger_checkpoint_fn *each, void *context,
                                struct fault *fault);
/* How many requests of a source are stored: in an hour, or hour_ms EVENT_ABSENT: in all. */
int ledger_requests(struct ledger *ledger, struct text source, int64_t hour_ms,
                    int64_t *requests_out, struct fault *fault);

struct source_row {
	struct text source;
	int64_t requests;          /* stored */
	int64_t first_ms, last_ms; /* event times */
	int64_t stored_ms;         /* when the last of them was received */
};
typedef int ledger_source_fn(void *context, const struct source_row *row);
int ledger_each_source(struct ledger *ledger, ledger_source_fn *each, void *context,
                       struct fault *fault);

/* Whether an event stands under this identity at this time. */
int ledger_stands(struct ledger *ledger, struct text source, struct text id, int64_t time_ms,
                  bool *stands_out, struct fault *fault);

#endif
