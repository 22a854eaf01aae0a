/*
 * The signals that the daemon answers to: TERM, INT, HUP.  From signals_start() to the end of
 * the process they are blocked in every thread and read from a descriptor in the loop: none
 * interrupts anything, none is lost, and one more on the way out changes no exit code.
 * (libuv's own handlers restore the default when they are closed, and their lock deadlocks
 * where a second signal comes inside the handler, as under ThreadSanitizer of gcc 12.)
 * Loop thread only.
 */
#ifndef TOLL_DAEMON_SIGNALS_H
#define TOLL_DAEMON_SIGNALS_H

#include <stdbool.h>
#include <uv.h>

struct signals {
	void (*on_signal)(struct signals *signals, int number);
	void *context;
	uv_poll_t poll;
	int fd;
	bool open;
};

/* Before any other thread is started: they inherit what is blocked.  0 or -FAULT_NOMEM. */
int signals_start(struct signals *signals, uv_loop_t *loop);
void signals_close(struct signals *signals); /* they stay blocked */

#endif
