/*
 * A feed of kind "datagram": a Unix datagram socket that the daemon binds, for loggers that
 * know nothing else.  A datagram is one line or several; a line does not go on in the next.
 *
 * Nothing can be acknowledged.  The kernel holds what is not read yet: while the daemon waits
 * for the disk a sender blocks, or is told EAGAIN; what the kernel holds when the machine dies
 * is lost.  At the end senders are shut out (EPIPE), then what is held is read.
 * Loop thread only.
 */
#ifndef TOLL_DAEMON_DATAGRAM_H
#define TOLL_DAEMON_DATAGRAM_H

#include "daemon/feed.h"
#include "daemon/inlet.h"
#include "daemon/listener.h"

enum {
	DATAGRAM_BYTES_MAX = 256 * 1024,          /* a longer one is quarantined, cut there */
	DATAGRAM_RECEIVE_BYTES = 4 * 1024 * 1024, /* SO_RCVBUF; the kernel gives what it may */
	DATAGRAMS_A_TURN = 64,                    /* then the others have theirs */
};

struct datagram {
	const struct config_feed *config;
	struct feed feed;
	uv_poll_t poll;
	int fd;
	struct listener_file file;
	bool open;
	bool ending, drained; /* nobody sends any more; and all that was sent is taken */
	int64_t lines;        /* durable, before this start */
	int64_t unplaced;     /* lines taken since the position was */
	char error[INLET_ERROR_BYTES];
	char bytes[DATAGRAM_BYTES_MAX];
};

/*
 * Binds it; a stale socket in the way is removed as daemon/listener.h says, and with its
 * faults.  On a failure datagram_close() is still due.
 */
int datagram_start(struct datagram *datagram, uv_loop_t *loop, struct feeds *feeds,
                   size_t line_bytes_max, const struct config_feed *config, int64_t lines,
                   struct fault *fault);
/* Lets nobody send any more; what was sent is read. */
void datagram_begin_end(struct datagram *datagram);
/* All that was sent before the end is taken. */
bool datagram_drained(const struct datagram *datagram);
/* Reads no more.  False: something that was sent is lost. */
bool datagram_stop(struct datagram *datagram);
void datagram_close(struct datagram *datagram);
void datagram_release(struct datagram *datagram); /* after uv_run() ended */
struct inlet_status datagram_status(const struct datagram *datagram);

#endif
