/*
 * A batch: the lines of one commit with the memory they live in, and who sent them.
 * Or a change (control.h): a job for the writer that is no event.
 *
 * Ownership moves: the loop fills it, hands it to the writer with writer_push(), and
 * gets it back by the writer's on_done().  Whoever has it may touch all of it.
 */
#ifndef TOLL_DAEMON_BATCH_H
#define TOLL_DAEMON_BATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "ingest/ingest.h"

struct feed;
struct change_job;

enum { BATCH_PLACE_BYTES_MAX = 2048 }; /* an id of 256 bytes, all of them escaped, and numbers */

/* Where a feed stands behind its lines of a batch; stored in the same transaction. */
struct batch_place {
	struct batch_place *next;
	struct feed *feed; /* the loop's: the writer compares it with owners, no more */
	const char *name;  /* of the position; outlives the batch */
	int64_t lines;     /* more than before; with new_only the writer counts them */
	bool new_only;     /* lines that are stored for the first time count, others do not */
	size_t len;
	char json[BATCH_PLACE_BYTES_MAX];
};

enum batch_kind {
	BATCH_EVENTS,
	BATCH_CHANGE, /* `request` in, `reply` out */
	BATCH_RELOAD, /* `request` is the path of a price book for `side` */
};

struct batch {
	struct batch *next;
	enum batch_kind kind;
	/* BATCH_EVENTS: */
	struct arena arena;
	struct ingest_item *items;
	struct feed **owners;       /* of each item; the loop's, the writer only compares them */
	struct batch_place *places; /* in the arena */
	size_t count, cap;
	/* BATCH_CHANGE, BATCH_RELOAD: */
	struct buf request, reply;
	char who[32];
	enum book_side side;    /* BATCH_RELOAD */
	struct change_job *job; /* the writer's, while it has it; NULL: refused before */
	bool started;           /* it had a step */
	void *asker;            /* struct control_client of the loop; may be gone */
	/* What is NULL in it is unchanged; then the old ones, to be freed. */
	struct terms new_terms;
};

/* The verdict of a line that was never stored before. */
bool batch_is_new(enum ingest_verdict verdict);
struct batch *batch_new(size_t events_max); /* 0 for a change; NULL: no memory */
void batch_reset(struct batch *batch);
void batch_free(struct batch *batch); /* takes NULL */

#endif
