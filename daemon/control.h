/*
 * The control socket: `toll` asks for a change (ingest/change.h) where the daemon is
 * the writer, or after the daemon itself, {"ask":"feeds"}, which the loop answers at once.
 * One request line, one reply line, then the connection is closed.  Changes are for root and the
 * daemon's own user (SO_PEERCRED).  Whoever may connect may ask, also for a tail (tail.h), as
 * whoever may send events may read the ledger; a tail's connection goes over to that.
 * Loop thread only.
 */
#ifndef TOLL_DAEMON_CONTROL_H
#define TOLL_DAEMON_CONTROL_H

#include "daemon/changes.h"
#include "daemon/listener.h"
#include "daemon/tail.h"

enum {
	CONTROL_CLIENTS_MAX = 8,
	CONTROL_READ_BYTES = 64 * 1024,
	CONTROL_ASK_BYTES_MAX = 1024, /* a longer request is a change */
	CONTROL_SILENCE_S = 30,       /* a client that is slower with its request is dropped */
};

struct control_client;

struct control {
	struct listener listener;
	struct changes *changes;
	struct tail *tail;
	/* Fills the reply to {"ask":WHAT}: one JSON object. */
	void (*on_ask)(struct control *control, struct text what, struct buf *reply);
	void *context;
	struct control_client *first;
	size_t count;
	bool waiting; /* one more than there may be */
	bool stopping;
	char read_bytes[CONTROL_READ_BYTES];
};

int control_start(struct control *control, uv_loop_t *loop, const char *path,
                  struct changes *changes, struct tail *tail, struct fault *fault);
/* A change came back: sends the reply, frees the batch. */
void control_done(struct control *control, struct batch *batch);
/* Called every second. */
void control_check_silence(struct control *control);
/* No reply is being written. */
bool control_settled(const struct control *control);
void control_close(struct control *control);

#endif
