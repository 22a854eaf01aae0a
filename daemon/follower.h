/*
 * A feed of kind "file": a log of lines, followed across rename and create, unlink and create,
 * copytruncate, and a link that points elsewhere.  It is polled, which works on every file
 * system.  Loop thread only.
 *
 * What is read is known by follower_files.h.  A line is an event when its newline is there.
 * A file that is not at the path any more is read to its end, and that it does not grow for
 * FOLLOWER_QUIET_POLLS polls, before the next one; then an unfinished last line is taken as
 * cut off.
 */
#ifndef TOLL_DAEMON_FOLLOWER_H
#define TOLL_DAEMON_FOLLOWER_H

#include "daemon/feed.h"
#include "daemon/follower_files.h"
#include "daemon/inlet.h"

enum {
	FOLLOWER_POLL_MS = 250,
	FOLLOWER_QUIET_POLLS = 4, /* who still has the old file open may write so long */
	FOLLOWER_CHUNK_BYTES = 64 * 1024,
	FOLLOWER_CHUNKS_A_TURN = 16, /* then the others have their turn */
};

struct follower {
	const struct config_feed *config;
	struct feed feed; /* feed.consumed: the offset in the file up to which it was read */
	uv_timer_t timer;
	int fd;                         /* -1: none is open, `mark` says where to go on */
	char path[FILE_PATH_BYTES];     /* of fd */
	bool beside;                    /* fd is not the file at the configured path */
	bool marked;                    /* `mark` is of a file that was read */
	struct file_mark mark;          /* offset: behind the last line taken */
	struct file_mark left;          /* of the file before this one; no offset: there was none */
	char head[FILE_HEAD_BYTES_MAX]; /* first bytes of the file, as far as they were read */
	uint32_t head_bytes;
	unsigned quiet;   /* polls at the end of a file that is not at the path any more */
	bool place_due;   /* another file was begun, and no line of it is there to tell */
	int64_t lines;    /* durable, before this start */
	int64_t unplaced; /* lines taken since the position was */
	bool open, stopping;
	char error[INLET_ERROR_BYTES];
	char bytes[FOLLOWER_CHUNK_BYTES];
};

/* `place` and `lines`: the stored position; an empty place: none.  -FAULT_NOMEM. */
int follower_start(struct follower *follower, uv_loop_t *loop, struct feeds *feeds,
                   size_t line_bytes_max, const struct config_feed *config, struct text place,
                   int64_t lines);
/* Reads no more: what is not taken is read after the next start. */
void follower_stop(struct follower *follower);
void follower_close(struct follower *follower);
void follower_release(struct follower *follower); /* after uv_run() ended */
struct inlet_status follower_status(const struct follower *follower);

#endif
