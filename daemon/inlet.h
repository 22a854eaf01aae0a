/*
 * What the three kinds of configured feeds (connector, follower, datagram) have in common: the
 * state they show, and how they are told.  Loop thread only.
 */
#ifndef TOLL_DAEMON_INLET_H
#define TOLL_DAEMON_INLET_H

#include <uv.h>

#include "daemon/config_feeds.h"

enum { INLET_ERROR_BYTES = 256 };

enum inlet_state {
	INLET_WAITING,   /* for a gateway, for a file, for the first sender */
	INLET_CONNECTED, /* to a gateway */
	INLET_READING,
	INLET_PAUSED, /* no room: the disk, or whoever holds it, is waited for */
	INLET_STOPPED,
	INLET_STATE_COUNT
};
const char *inlet_state_name(enum inlet_state state);

struct inlet_status {
	enum inlet_state state;
	int64_t lines;     /* durable ones, so far */
	int64_t lag_bytes; /* not read yet; -1: not known */
	int64_t lost;      /* files that went away before they were read to their end */
	const char *error; /* the last one; "": none */
};

/* As "key":value members, without braces. */
void inlet_status_json(struct buf *out, const struct config_feed *config,
                       const struct inlet_status *status);

#endif
