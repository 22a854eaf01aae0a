/*
 * A change to a ledger (ingest/change.h), made by whoever is its writer: the daemon that
 * holds it, asked over its control socket, or this process where nobody does.
 */
#ifndef TOLL_CLI_CONTROL_H
#define TOLL_CLI_CONTROL_H

#include "base/buf.h"
#include "base/json.h"
#include "cli/command.h"
#include "ledger/books.h"

enum {
	CONTROL_TRIES = 3,         /* the writer may come or go between two looks */
	CONTROL_REPLY_S_MAX = 900, /* retrying a large suspense takes its time */
	CONTROL_ASK_S_MAX = 5,     /* what the daemon has at hand */
};

/*
 * Runs the change and reads the reply.  0: *reply_out is parsed and says ok, `text` has its
 * bytes, valid until control_release().  A refusal is told (each of its errors to stderr) and
 * gives -FAULT_X with context->fault.
 */
struct control_reply {
	struct buf text;
	struct json doc;
};
int control_change(struct context *context, const struct buf *request,
                   struct control_reply *reply_out);
/*
 * Asks the daemon for something that changes nothing, {"ask":"feeds"}.  As above;
 * -FAULT_NOT_FOUND where there is no daemon.
 */
int control_ask(struct context *context, const struct buf *request,
                struct control_reply *reply_out);
/* control_change() by a ledger that this process has open as its writer. */
struct ledger;
int control_change_own(struct context *context, struct ledger *writer, const struct buf *request,
                       struct control_reply *reply_out);
/*
 * {"change":"price.apply",...} with the book of a file ("-": standard input).  A book with errors
 * is told (each error to stderr) before any ledger is looked for.
 */
int control_book_request(struct buf *request, const char *path, enum book_side side,
                         struct text note, struct fault *fault);
/*
 * A connection to the daemon that holds the ledger; the caller closes it.  -FAULT_NOT_FOUND:
 * nobody holds it; -FAULT_BUSY: who holds it is no daemon.
 */
int control_connect(struct context *context, int *fd_out);
/* Parses reply->text, as control_change() does. */
int control_read_reply(struct context *context, struct control_reply *reply);
int64_t control_count(const struct control_reply *reply, const char *key); /* 0: not there */
void control_release(struct control_reply *reply);

#endif
