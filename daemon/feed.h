/*
 * A feed: whoever gives lines to the intake, be it a connection, a followed file or a
 * datagram socket.  It frames bytes into lines, waits where there is no room, and is told of
 * each line when that is durable.  What kind it is says its class.
 *
 * A feed is part of its owner's struct and must live until none of its lines is on its way.
 * Loop thread only.
 */
#ifndef TOLL_DAEMON_FEED_H
#define TOLL_DAEMON_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/batch.h"
#include "wire/wire.h"

struct feed;
struct intake;

struct feed_class {
	/* May be NULL: takes as it comes.  False: its owner holds it back now: barred. */
	bool (*admits)(struct feed *feed);
	/* May be NULL.  Looks at a line first; true: it was no event and is dealt with. */
	bool (*look)(struct feed *feed, const struct wire_line *line);
	/* May be NULL.  An event of it was taken into a batch. */
	void (*took)(struct feed *feed, const struct ingest_item *item);
	/*
	 * May be NULL: it has no position.  A batch goes to the writer: fills json, lines (since
	 * the last time) and new_only of *place with where it stands behind its last taken line.
	 */
	void (*place)(struct feed *feed, struct batch_place *place);
	/* Verdicts of a batch came.  May free the feed. */
	void (*told)(struct feed *feed);
	/* There is room: goes on with what is held.  Called once a pause. */
	void (*resume)(struct feed *feed);
};

/* All feeds of one intake. */
struct feeds {
	struct intake *intake;
	struct feed *paused, *paused_last; /* in the order in which they go on */
};

struct feed {
	const struct feed_class *class;
	struct feeds *all;
	void *owner;      /* what it is part of */
	const char *name; /* of its position: "file:PATH"; NULL where it has none */
	char source[WIRE_SOURCE_BYTES_MAX + 1]; /* for lines that name none; "": none */
	struct wire_framer framer;
	uint64_t consumed;   /* bytes the framer took; the owner may set where it begins */
	struct buf held;     /* read, but there was no room for it */
	bool done;           /* takes no more lines */
	bool paused;         /* waits for room */
	bool barred;         /* waits for its owner, who calls feed_unbar() */
	size_t on_their_way; /* lines taken, verdict not known yet */
	size_t bytes_on_their_way;
	struct wire_ack totals;
	bool moved; /* the totals, since somebody cleared it */
	/* The intake's: */
	struct feed *next_paused, *next_dirty;
	bool dirty;             /* verdicts came, told() is due */
	struct batch *in_batch; /* the batch being filled has its place */
};

void feed_init(struct feed *feed, const struct feed_class *class, struct feeds *all, void *owner,
               size_t line_bytes_max);
/* Leaves the paused ones; frees what it holds. */
void feed_release(struct feed *feed);
/*
 * Lines out of `bytes`.  Where there is no room for one the rest is held and the feed paused.
 * -FAULT_NOMEM: what came behind the last taken line is not taken.
 */
int feed_take(struct feed *feed, struct text bytes);
/* The same with what is held; for resume(). */
int feed_take_held(struct feed *feed);
/*
 * No more will come: takes the unfinished line as `how`.  FEED_WAITS: no room, it is paused.
 */
enum { FEED_WAITS = 1 };
int feed_finish(struct feed *feed, enum ingest_line how);
/* One line, for which there must be room. */
int feed_line(struct feed *feed, const struct wire_line *line, enum ingest_line how);
void feed_pause(struct feed *feed);
void feed_unpause(struct feed *feed); /* without going on */
/* It may go on, behind those who wait for room: with the next feeds_resume(). */
void feed_unbar(struct feed *feed);
static inline bool feed_waits(const struct feed *feed)
{
	return feed->paused || feed->barred;
}
/* Forgets the unfinished line and what is held: reading goes on at `consumed`. */
void feed_rewind(struct feed *feed, uint64_t consumed);

/*
 * A line of it is durable, or durably refused.  A fragment, the beginning of a line whose
 * end never came, is no line: it is told as quarantined and not acknowledged, or the sender
 * would forget an event that we have half of.
 */
void feed_verdict(struct feed *feed, const struct ingest_item *item);

/* There is room again: who waits longest goes on first. */
void feeds_resume(struct feeds *all);

#endif
