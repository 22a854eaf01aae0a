/*
 * One gateway's connection: bytes in, acknowledgements out.  Lives until its socket is
 * closed and none of its lines is on its way.  Loop thread only.
 */
#ifndef TOLL_DAEMON_CONNECTION_H
#define TOLL_DAEMON_CONNECTION_H

#include <uv.h>

#include "daemon/intake.h"
#include "wire/wire.h"

enum { READ_BYTES = 64 * 1024 };

struct connections {
	struct connection *first;
	struct connection *paused, *paused_last; /* in the order in which they go on */
	size_t count;
	bool stopping; /* what is accepted from now on was sent before the end */
	struct intake *intake;
	const struct config *config;
	void (*on_gone)(void *context); /* one was freed: there is room for another */
	void *context;
	char read_bytes[READ_BYTES]; /* of whichever connection is read just now */
};

struct connection {
	uv_pipe_t pipe;
	struct connections *all;
	struct connection *previous, *next;
	struct wire_framer framer;
	struct buf held;  /* read, but there was no room for it */
	struct buf error; /* what is wrong with its hello; sent, then it is closed */
	char source[WIRE_SOURCE_BYTES_MAX + 1]; /* of the hello; "": none */
	bool greeted;                           /* the first line was seen */
	bool acks;                              /* the hello asked for them */
	bool paused;                            /* not reading: no room */
	struct connection *next_paused;
	bool ended;      /* the other side sends no more */
	bool input_done; /* and all it sent was taken: closed when all is said */
	bool closing;
	uint64_t last_read_ms; /* loop time; or when reading went on */
	size_t owed;           /* bytes that were sent before the end and are not taken yet */
	size_t on_their_way;   /* lines taken, verdict not known yet */
	/* Acknowledgements: totals, and what the one write in flight said. */
	struct wire_ack totals;
	bool unsaid;                   /* they moved since */
	struct connection *next_dirty; /* verdicts came, an acknowledgement is due */
	bool dirty;
	bool writing;
	uv_write_t write;
	char ack_bytes[WIRE_ACK_BYTES_MAX];
	bool closed; /* the handle is */
};

/* Takes who waits at `server`.  False: memory is short, it still waits. */
bool connection_accept(struct connections *all, uv_stream_t *server);
/*
 * A line of it is durable, or durably refused.  A fragment, the beginning of a line whose
 * end never came, is no line: it is told as quarantined and not acknowledged, or the sender
 * would forget an event that we have half of.
 */
void connection_verdict(struct connection *connection, enum ingest_verdict verdict, bool fragment);
/* Sends the totals if they moved; closes it when it has ended and all is said. */
void connection_acknowledge(struct connection *connection);

/* There is room again: goes on with what was held back. */
void connections_resume(struct connections *all);
/* Ends those that are silent in the middle of a line. */
void connections_check_silence(struct connections *all);
/* Bytes that were sent and not read yet, or are held back: 0 when all is drained. */
bool connections_drained(struct connections *all);
/* The end begins: what was sent up to now is owed to its senders. */
void connections_begin_end(struct connections *all);
/*
 * Something owed to a sender without acknowledgements is not taken yet; the others send
 * again what was not acknowledged.
 */
bool connections_owing(const struct connections *all);
/*
 * No more reading; an unfinished line of a sender without acks is kept.  False: something
 * that was owed is lost.
 */
bool connections_stop_reading(struct connections *all);
/* How many have an acknowledgement under way that they do not read. */
size_t connections_untold(const struct connections *all);
void connections_close(struct connections *all);
/* After uv_run() ended: frees those whose lines never became durable. */
void connections_release(struct connections *all);

#endif
