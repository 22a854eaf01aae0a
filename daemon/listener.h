/*
 * A listening Unix stream socket: bound here (0660, its folder made 0750 where it is
 * missing) or handed over by systemd.  Only the process that holds the ledger's lock
 * may start one: a socket in the way on which nobody answers is then nobody's, and
 * is removed.  Loop thread only.
 */
#ifndef TOLL_DAEMON_LISTENER_H
#define TOLL_DAEMON_LISTENER_H

#include <stdbool.h>
#include <sys/types.h>
#include <uv.h>

#include "base/fault.h"

enum { LISTENER_BACKLOG = 512 };

struct listener {
	uv_pipe_t pipe;
	/* Somebody waits: uv_accept() from &pipe, now or later (then no other comes before). */
	void (*on_waiting)(struct listener *listener);
	void *context;
	const char *path; /* the caller's */
	dev_t device;     /* of the file that was bound, so that no other is removed */
	ino_t inode;
	bool bound, open;
};

/*
 * `handed_fd`: a listening socket, or -1 to bind `path`.  -FAULT_BUSY: somebody answers
 * there; -FAULT_INVALID: the path is too long, or something else than a socket is there.
 * On a failure listener_close() is still due.
 */
int listener_start(struct listener *listener, uv_loop_t *loop, const char *path, int handed_fd,
                   struct fault *fault);
/* Somebody has connected whom on_waiting() has not told of yet. */
bool listener_has_waiting(const struct listener *listener);
/* Closes it and removes the file it bound. */
void listener_close(struct listener *listener);

#endif
