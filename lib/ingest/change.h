/*
 * Changes other than events: applying a price book, retrying suspense and
 * quarantine.  One function, run by whoever is the writer: by the daemon for its
 * control socket, by `toll` itself when there is no daemon.  A request and a
 * reply are one JSON object each.
 *
 *   {"change":"price.apply","book":"<the book's text>","note":"..."}
 *      -> {"ok":true,"hash":"...","versions":12,"changed":true}
 *   {"change":"suspense.retry"}
 *      -> {"ok":true,"tried":9,"priced":7,"left":2,"amount":"0.001234"}
 *   {"change":"quarantine.retry"}  or with "id":17
 *      -> {"ok":true,"tried":3,"accepted":1,"unpriced":0,"duplicate":1,"conflict":0,"left":1}
 * Both retries commit as they go.  Where the ledger fails half way the row in `change`
 * holds what was done until then, with "ok":false.
 *
 *   a failure
 *      -> {"ok":false,"fault":"invalid","error":"..."[,"errors":["line 3: ...", ...]]}
 */
#ifndef TOLL_INGEST_CHANGE_H
#define TOLL_INGEST_CHANGE_H

#include "base/buf.h"
#include "ledger/books.h"

enum { CHANGE_BYTES_MAX = 48 * 1024 * 1024 }; /* a request: a book, escaped */

struct change {
	struct text request; /* JSON */
	struct text who;     /* "uid 0": who asked */
	int64_t now_ms;
};

/*
 * Run it: transactions of its own.  The reply is always filled.  Returns 0 also for a
 * refusal that the reply tells; a negative fault only when the ledger failed.
 * *book_changed_out: the caller loads the book in force again.
 */
int change_run(struct ledger *ledger, const struct change *change, struct buf *reply_out,
               bool *book_changed_out, struct fault *fault);

#endif
