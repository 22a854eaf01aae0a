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

enum {
	LISTENER_BACKLOG = 512,
	LISTENER_MODE = 0660,
	LISTENER_PAUSE_MS = 1000, /* after an accept() that failed, for want of descriptors say */
};

/* The file of a socket that was bound, so that no other is removed. */
struct listener_file {
	dev_t device;
	ino_t inode;
	bool bound;
};

/*
 * A socket of this type (SOCK_STREAM, SOCK_DGRAM) bound to `path` with this mode; the faults
 * are those of listener_start().
 */
int listener_bind(const char *path, int type, unsigned mode, int *fd_out,
                  struct listener_file *file_out, struct fault *fault);
/* Removes the file, if it is still that one. */
void listener_unbind(const char *path, struct listener_file *file);

struct listener {
	uv_pipe_t pipe;
	/* Somebody waits: uv_accept() from &pipe, now or later (then no other comes before). */
	void (*on_waiting)(struct listener *listener);
	void *context;
	const char *path; /* the caller's */
	struct listener_file file;
	bool open; /* false also in a pause: then nobody can be accepted */
	/*
	 * libuv tries an accept() that failed again at once, and for ever: nothing else would run
	 * any more.  So the pipe is closed, and opened anew after a pause.
	 */
	int spare_fd; /* the same socket once more, while timer_open */
	uv_timer_t timer;
	bool timer_open, failing;
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
