/*
 * The writer thread: takes batches in order, one transaction each, and gives them
 * back when they are durable; but a change goes in steps, and events pass it by.
 * The only thread that touches the ledger between writer_start() and writer_stop().
 *
 * The queue is bounded by who fills it: the loop owns a fixed number of batches.
 */
#ifndef TOLL_DAEMON_WRITER_H
#define TOLL_DAEMON_WRITER_H

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <uv.h>

#include "daemon/batch.h"
#include "ledger/ledger.h"

enum {
	WRITER_IDLE_S = 1,       /* idle so long: the WAL is emptied */
	WRITER_SEAL_S = 10,      /* so often it looks for hours to seal while events come */
	WRITER_FULL_RETRY_S = 1, /* after a commit found no space */
	WRITER_FULL_LOG_S = 60,  /* and so often it says so */
};

struct writer {
	/* Loop thread only. */
	uv_async_t wake;
	void (*on_done)(struct writer *writer, struct batch *batch); /* a batch came back */
	void (*on_failed)(struct writer *writer); /* the ledger is not to be trusted any more */
	void *context;
	size_t in_flight; /* batches of any kind */
	size_t commits;   /* of them, batches of events */
	pthread_t thread;
	bool started, open;

	/* Under lock. */
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct batch *queued, *queued_last, *done, *done_last;
	bool stop;    /* when the queue is empty, end */
	bool hurry;   /* end a change between two of its steps */
	bool give_up; /* end also where there is no space */
	bool failed;

	/* Writer thread only, from start to stop. */
	struct ledger *ledger;
	struct batch *under_way; /* a change between two of its steps: events pass it by */
	unsigned tries;          /* of what the ledger has no space for, or no turn */
	time_t seal_again;       /* when it looks for hours to seal, on a clock that nobody sets */
	time_t full_again;       /* on that clock: when it says again that the WAL has no space */

	/* Both: counts up while the writer lives, for the watchdog. */
	atomic_uint_fast64_t beats;
	atomic_bool changing; /* a change may take long without a beat */
};

int writer_start(struct writer *writer, uv_loop_t *loop, struct ledger *ledger);
/* Loop thread: the writer's from now on, until on_done().  A change has its job. */
void writer_push(struct writer *writer, struct batch *batch);
/* The end is near: a change that goes in steps is cut off between two of them. */
void writer_hurry(struct writer *writer);
/* Ends the thread when all that was pushed is done; with give_up also if there is no space. */
void writer_stop(struct writer *writer, bool give_up);
void writer_close(struct writer *writer); /* closes the uv handle */

#endif
