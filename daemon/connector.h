/*
 * A feed of kind "connect": the gateway listens on its own Unix stream socket, and the daemon
 * connects to it, says how far it has read, reads lines and acknowledges them.  Where the
 * gateway is gone it tries again (base/backoff.h).  Loop thread only.
 *
 * The position counts lines that were stored for the first time: what comes again does not
 * move it, and what is refused does not either.  So it is never beyond what the gateway wrote,
 * and a gateway that goes on behind it leaves nothing out.
 */
#ifndef TOLL_DAEMON_CONNECTOR_H
#define TOLL_DAEMON_CONNECTOR_H

#include "base/backoff.h"
#include "daemon/connection.h"
#include "daemon/inlet.h"

enum {
	CONNECTOR_RETRY_FIRST_MS = 100, /* the first wait is at most so long */
	CONNECTOR_RETRY_CAP_MS = 30000, /* and none is longer */
};

struct connector {
	const struct config_feed *config;
	struct connections *connections;
	struct connection_maker maker;
	uv_timer_t retry;
	uv_connect_t request;
	struct connection *connection; /* while there is one, also one that is not connected yet */
	struct backoff backoff;
	int64_t lines; /* durable, before this connection */
	char id[EVENT_NAME_BYTES_MAX +
	        1]; /* of the last line taken; durable when no connection is */
	char error[INLET_ERROR_BYTES];
	bool connected, stopping, open;
};

/* `place` and `lines`: the stored position; an empty place: none. */
int connector_start(struct connector *connector, uv_loop_t *loop, struct connections *connections,
                    const struct config_feed *config, struct text place, int64_t lines,
                    uint64_t seed);
/* Connects no more; a connection that is there is drained with the others. */
void connector_stop(struct connector *connector);
void connector_close(struct connector *connector);
struct inlet_status connector_status(const struct connector *connector);

#endif
