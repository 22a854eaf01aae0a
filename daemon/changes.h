/*
 * Changes on their way to the writer and back: what of them takes long and needs no ledger is
 * done on a thread of libuv's pool, so that neither the loop nor the writer waits for it.
 *
 *   loop        changes_push(), changes_reload(): into the queue
 *   pool        reads the request, or the file of prices; checks the book in it
 *   writer      its steps, between batches of events (writer.h)
 *   loop        on_done(); then the next one: one at a time, which bounds the memory
 *   pool        frees it, and the book that was in force before
 *
 * Loop thread only, but for changes_prepare().
 */
#ifndef TOLL_DAEMON_CHANGES_H
#define TOLL_DAEMON_CHANGES_H

#include <uv.h>

#include "daemon/batch.h"
#include "daemon/writer.h"

struct changes {
	uv_loop_t *loop;
	struct writer *writer;
	const char *prices[BOOK_SIDES]; /* the files; "": none */
	const struct terms *terms;      /* in force now */
	/* It came back from the writer, or never went there: its reply is filled. */
	void (*on_done)(struct changes *changes, struct batch *batch);
	void *context;
	struct batch *first, *last; /* not begun */
	struct batch *current;      /* in the pool, or with the writer */
	uv_work_t preparing;        /* of the current one */
	bool stopping;              /* nothing is begun any more */
	bool closed;                /* and what is under way is given up */
	unsigned reloading;         /* books of a reload that are on their way */
	bool again;                 /* another reload is due behind it */
};

void changes_start(struct changes *changes, uv_loop_t *loop, struct writer *writer,
                   const struct terms *terms, const char *const prices[BOOK_SIDES]);
/* BATCH_CHANGE: taken over until on_done(). */
void changes_push(struct changes *changes, struct batch *batch);
/*
 * Puts the files of prices in force, one side after the other, unless one is refused, which the log
 * says.  While one reload is on its way any number of further ones are one more, behind it.
 */
void changes_reload(struct changes *changes);
/* A batch of another kind than events came back from the writer. */
void changes_back(struct changes *changes, struct batch *batch);
/* Frees a batch, beside the loop where that takes its time. */
void changes_free(struct changes *changes, struct batch *batch);
/* Nothing waits, nothing is under way. */
bool changes_idle(const struct changes *changes);
/* The end is near: what waits for its turn is refused. */
void changes_stop(struct changes *changes);
/* What comes out of the pool from here on is freed, and goes nowhere. */
void changes_close(struct changes *changes);
/* After uv_run() ended: frees those that were never begun. */
void changes_release(struct changes *changes);

/* The part of it that is done in the pool.  Any thread; the batch is its own. */
void changes_prepare(struct batch *batch);

#endif
