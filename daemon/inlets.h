/*
 * All configured feeds: their positions are read before the writer has the ledger, then they
 * are started, drained and closed together.  Loop thread only.
 */
#ifndef TOLL_DAEMON_INLETS_H
#define TOLL_DAEMON_INLETS_H

#include "daemon/config.h"
#include "daemon/connection.h"
#include "ledger/ledger.h"

enum { INLET_FILES = 3 }; /* open files one takes: a socket or a log, and the next one */

struct connector;
struct follower;
struct datagram;

struct inlet {
	const struct config_feed *config;
	struct buf place; /* the stored position */
	int64_t lines;
	/* One of them: */
	struct connector *connector;
	struct follower *follower;
	struct datagram *datagram;
};

struct inlets {
	struct inlet inlet[CONFIG_FEEDS_MAX];
	size_t count;
};

/* Reads the positions.  On a failure inlets_release() is still due. */
int inlets_load(struct inlets *inlets, const struct config_feeds *config, struct ledger *ledger,
                struct fault *fault);
/* -FAULT_BUSY, -FAULT_IO, -FAULT_INVALID of a datagram socket; -FAULT_NOMEM. */
int inlets_start(struct inlets *inlets, uv_loop_t *loop, struct connections *connections,
                 struct fault *fault);
/* The end begins: files are read no further, nobody sends datagrams any more. */
void inlets_begin_end(struct inlets *inlets);
/* Every datagram that was sent is taken: it cannot be sent again. */
bool inlets_drained(const struct inlets *inlets);
/* Reads no more.  False: something that was owed is lost. */
bool inlets_stop(struct inlets *inlets);
void inlets_close(struct inlets *inlets);
void inlets_release(struct inlets *inlets); /* after uv_run() ended */
/* {"ok":true,"feeds":[...]}, what `toll status` asks for. */
void inlets_status(const struct inlets *inlets, struct buf *out);

#endif
