/*
 * Intake: lines of all feeds into batches.  Decodes and rates on the loop
 * thread; a commit starts when none runs and the batch is full or has lingered.
 * A fixed number of batches: when none is free there is no room, and a feed
 * stops reading until feeds_resume().
 *
 * Loop thread only.
 */
#ifndef TOLL_DAEMON_INTAKE_H
#define TOLL_DAEMON_INTAKE_H

#include <uv.h>

#include "daemon/config.h"
#include "daemon/writer.h"
#include "wire/wire.h"

enum { INTAKE_LOG_LINES_MAX = 100 }; /* lines about lines, from summary to summary */

struct feed;

struct intake {
	uv_timer_t linger;
	struct writer *writer;
	const struct config *config;
	struct json doc;
	struct terms terms;
	struct batch *filling; /* NULL: none has a line yet */
	struct batch *free;
	bool lingered, open;
	uint64_t taken; /* lines, since the start */
	/* Since the last summary in the log: */
	int64_t counts[INGEST_VERDICT_COUNT];
	int64_t unknown; /* events that were taken with a warning about their usage */
	unsigned lines_logged;
};

int intake_start(struct intake *intake, uv_loop_t *loop, struct writer *writer,
                 const struct config *config, struct terms terms);

/* One more line can be taken. */
bool intake_has_room(const struct intake *intake);
/*
 * Takes a line; there must be room.  The feed gets the verdict by feed_verdict() when it
 * is durable; its position goes with it.  False: memory is short, nothing was taken.
 */
bool intake_line(struct intake *intake, const struct wire_line *line, enum ingest_line how,
                 struct feed *feed);
/* Takes the position of a feed without a line; there must be room.  False as above. */
bool intake_place(struct intake *intake, struct feed *feed);
/* A batch came back from the writer: gives the verdicts to their owners. */
void intake_done(struct intake *intake, struct batch *batch);
/* The writer is done with something: the batch that waited for it may go. */
void intake_writer_free(struct intake *intake);
/* Hands over what there is now (at the end). */
void intake_flush(struct intake *intake);
/*
 * Takes over what is not NULL: lines that come from here on are rated under it.  What it replaces
 * is the caller's then: nothing that was taken before points into it.
 */
void intake_swap_terms(struct intake *intake, struct terms *changed);
void intake_close(struct intake *intake);
/* After uv_run() ended: frees the batches, also those the writer never took. */
void intake_release(struct intake *intake);

#endif
