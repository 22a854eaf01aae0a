/*
 * One gateway's connection: bytes in, acknowledgements out.  Lives until its socket is
 * closed and none of its lines is on its way.  A gateway made it, or the connector did, who
 * then is its maker.  Loop thread only.
 */
#ifndef TOLL_DAEMON_CONNECTION_H
#define TOLL_DAEMON_CONNECTION_H

#include <uv.h>

#include "daemon/config.h"
#include "daemon/feed.h"
#include "daemon/peers.h"

enum {
	READ_BYTES = 64 * 1024,
	CONNECTIONS_REFUSED_MAX = 32, /* on their way out; then the next one waits to be let in */
	CONNECTIONS_LIMITED_MS = 20,  /* who is over its lines a second is looked at again */
	CONNECTIONS_LOG_LINES_MAX = 100, /* about single ones, from summary to summary */
};

struct connections {
	struct connection *first;
	size_t placed[PEER_PLACE_COUNT]; /* gateways that came; those with a maker do not count */
	struct peers peers;              /* who they are */
	struct connection *limited, *limited_last; /* wait for their user's next lines, in turn */
	uv_timer_t limited_timer;
	bool started;
	unsigned lines_logged; /* the owner sets it to 0 with each summary */
	bool stopping;         /* what is accepted from now on was sent before the end */
	struct feeds *feeds;
	struct json *doc; /* for hellos */
	const struct config *config;
	void (*on_gone)(void *context); /* one was freed: there is room for another */
	void *context;
	char read_bytes[READ_BYTES]; /* of whichever connection is read just now */
};

/* Who made a connection to a gateway: it has a position, and what is cut off comes again. */
struct connection_maker {
	void *context;
	const char *name; /* of the position */
	void (*took)(void *context, const struct ingest_item *item);
	void (*place)(void *context, struct batch_place *place);
	/* It is freed, and nothing of it is on its way. */
	void (*gone)(void *context, const struct wire_ack *totals);
};

struct connection {
	uv_pipe_t pipe;
	struct feed feed;                     /* feed.moved: an acknowledgement is due */
	const struct connection_maker *maker; /* NULL: the gateway came itself */
	struct connections *all;
	struct connection *previous, *next;
	struct peer *peer; /* NULL: with a maker, or it was never taken */
	enum peer_place place;
	bool limited; /* in the list of those */
	struct connection *next_limited;
	struct buf first; /* what we say first: where to go on, or what is wrong with the hello */
	bool greeted;     /* the first line was seen */
	bool acks;        /* the hello asked for them */
	bool ended;       /* the other side sends no more; feed.done: and all of it was taken */
	bool closing;
	uint64_t last_read_ms; /* loop time; or when reading went on */
	size_t owed;           /* bytes that were sent before the end and are not taken yet */
	bool writing;          /* an acknowledgement, or `first` */
	uv_write_t write;
	char ack_bytes[WIRE_ACK_BYTES_MAX];
	bool closed; /* the handle is */
};

void connections_start(struct connections *all, uv_loop_t *loop);
/* One more may be accepted; false: on_gone() tells when to ask again. */
bool connections_have_room(struct connections *all);
/* Takes who waits at `server`.  False: memory is short, it still waits. */
bool connection_accept(struct connections *all, uv_stream_t *server);
/*
 * One that is to be connected by its maker: uv_pipe_connect() on its pipe, then
 * connection_begin() or connection_close().  `source` is for lines that name none.
 */
struct connection *connection_make(struct connections *all, uv_loop_t *loop,
                                   const struct connection_maker *maker, struct text source);
/* It is connected: says `first`, a whole line, then reads; its acknowledgements follow. */
void connection_begin(struct connection *connection, struct text first);
void connection_close(struct connection *connection);

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
