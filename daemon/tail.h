/*
 * Tailing: whoever asks on the control socket (`toll tail`) is told of every line of a
 * committed batch, one JSON object a line, until one of the two ends it.
 *
 *   {"tail":true[,"account":"..."][,"source":"..."][,"model":"..."][,"verdict":"..."]}
 *      -> {"ok":true,"tail":true}
 *         {"received":...,"time":...,"verdict":...,"reason":...,"detail":...,"source":...,
 *          "id":...,"account":...,"key":...,"model":...,"api":...,"settlement":...,
 *          "provenance":...,"counts":{...},"amount":"0.00102","currency":"USD",
 *          "total":"0.00102","phase":null,"status":200}
 *         {"skipped":17}       that many lines were left out here
 *         {"end":"stopping"}   the last one: the daemon stops
 *
 * What is not known is null; counts has what is not zero.  The amount is what the line added
 * to the ledger: null of a duplicate, a conflict, and what has no price.  A "later" phase takes
 * the place of another, and adds the difference between the two, which may be less than nothing
 * (also where it has no price itself); a "late" one adds 0.00.  The total is what the request
 * costs now, its turns aside: null where it has no price, and of a late phase.
 *
 * Nothing is formatted where nobody listens.  Who reads slowly is never waited for: beyond
 * TAIL_BYTES_MAX whole lines are left out, and it is told how many when there is room again.
 *
 * Loop thread only.  Owns its subscribers and their handles; a subscriber frees itself in its
 * close callback.
 */
#ifndef TOLL_DAEMON_TAIL_H
#define TOLL_DAEMON_TAIL_H

#include <uv.h>

#include "base/buf.h"
#include "base/fault.h"
#include "daemon/batch.h"

enum {
	TAIL_SUBSCRIBERS_MAX = 16,
	TAIL_BYTES_MAX = 2 * 1024 * 1024, /* waiting for one of them, and as much being written */
	TAIL_REQUEST_BYTES_MAX = 8192,    /* three names, escaped */
};

struct tail_subscriber;

struct tail {
	uv_loop_t *loop;
	struct tail_subscriber *first;
	size_t count;
	struct buf line; /* the one that is formatted */
	bool ended;      /* nobody is taken any more */
};

void tail_start(struct tail *tail, uv_loop_t *loop);
/* The request of a control connection asks for this, well or badly. */
bool tail_is_asked(struct text request);
/*
 * Tells the other end of `fd` from now on; keeps a duplicate, the caller closes its own.
 * -FAULT_INVALID: the request; -FAULT_BUSY: there are TAIL_SUBSCRIBERS_MAX, or the daemon
 * stops; -FAULT_NOMEM, -FAULT_IO.
 */
int tail_subscribe(struct tail *tail, uv_os_fd_t fd, struct text who, struct text request,
                   struct fault *fault);
/* A batch of events is durable.  `currency` of its amounts; absent: there is no book. */
void tail_batch(struct tail *tail, const struct batch *batch, struct text currency);
/* The last line of everybody. */
void tail_end(struct tail *tail);
/* Nothing is being written. */
bool tail_settled(const struct tail *tail);
void tail_close(struct tail *tail);
void tail_release(struct tail *tail); /* after uv_run() ended */

/* One line about a stored item, with its newline. */
void tail_format(struct buf *out, const struct ingest_item *item, struct text currency);

#endif
