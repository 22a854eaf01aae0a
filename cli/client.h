/*
 * A well-behaved sender: keeps every line until it is acknowledged, has a bounded
 * number of them under way, reconnects with a growing pause, and sends again what was not
 * acknowledged.  The daemon tells duplicates by their identity, so nothing is counted twice.
 *
 * Blocking from outside, poll() inside.  One thread.
 */
#ifndef TOLL_CLI_CLIENT_H
#define TOLL_CLI_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/text.h"
#include "wire/wire.h"

enum {
	CLIENT_WINDOW_LINES = 16384,           /* sent and not acknowledged */
	CLIENT_WINDOW_BYTES = 8 * 1024 * 1024, /* the same; a longer line goes alone */
	CLIENT_LINE_BYTES_MAX = 16 * 1024 * 1024,
	CLIENT_PATIENCE_S = 60, /* without an acknowledgement: gives up */
	CLIENT_PAUSE_MS = 50,   /* before the second try; doubles */
	CLIENT_PAUSE_MS_MAX = 5000,
};

struct client {
	const char *path;
	struct text source; /* for the hello; absent: none */
	int64_t patience_ms;
	bool (*interrupted)(void); /* true: give up at once; may be NULL */

	int fd;                /* -1: not connected */
	struct buf window;     /* unacknowledged lines from `start` on, each with its newline */
	size_t start, written; /* offsets into window: the oldest line, what to write next */
	uint32_t *lengths;     /* ring of the lines' lengths */
	size_t oldest, count;  /* in the ring */
	struct buf hello, reply;
	size_t hello_written;
	struct json doc;
	int64_t progress_ms, retry_ms; /* last acknowledgement; not before this: the next try */
	int pause_ms;
	bool waiting_told;

	/* What came of it: */
	struct wire_ack here;  /* of this connection */
	struct wire_ack total; /* of those before */
	int64_t resent, connections;
};

/* `path` and `source` stay the caller's.  -FAULT_RANGE: no path of a socket. */
int client_init(struct client *client, const char *path, struct text source, struct fault *fault);
void client_release(struct client *client);

/*
 * Takes over a copy of a line, waiting for room in the window.  -FAULT_CLOSED: nobody
 * acknowledged anything for the time of patience, or interrupted(); -FAULT_INVALID: the daemon
 * refuses (it said why); -FAULT_RANGE: the line is too long; -FAULT_IO: there is something else
 * than a stream socket; -FAULT_SYNTAX: what answers is no acknowledgement.
 */
int client_send(struct client *client, struct text line, struct fault *fault);
/* Reads and writes for at most `wait_ms`. */
int client_wait(struct client *client, int64_t wait_ms, struct fault *fault);
/* Waits until everything is acknowledged. */
int client_finish(struct client *client, struct fault *fault);
/* Another source from here on: a connection of its own.  Nothing may be unacknowledged. */
void client_source(struct client *client, struct text source);

/* All connections together. */
struct wire_ack client_total(const struct client *client);

#endif
