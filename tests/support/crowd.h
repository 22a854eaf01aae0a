/*
 * A crowd of gateways at one daemon, good ones and bad ones, in processes of their own.  All of
 * them are in memory that the processes share, so that the test sees what each was told.
 *
 * Event n of client c has the id "n-N" and the source "c-C"; its counts, and so its charge,
 * follow from n.
 */
#ifndef TESTS_SUPPORT_CROWD_H
#define TESTS_SUPPORT_CROWD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

enum {
	CROWD_PROCESSES_MAX = 8,
	CROWD_VANISH_EVENTS = 20, /* of one visit */
	CROWD_END_MS = 180000,    /* until all is acknowledged at the end: only a hang takes it */
	CROWD_SENT_BYTES = 64 * 1024 /* made ahead by one that floods */
};

enum crowd_kind {
	CROWD_FLOOD,   /* as fast as the socket goes; reads its acknowledgements */
	CROWD_DEAF,    /* the same, and never reads them */
	CROWD_POLITE,  /* one event, its acknowledgement, a pause */
	CROWD_SLOW,    /* one byte a second */
	CROWD_HALF,    /* an event and a half, then silence; comes again when it is put out */
	CROWD_VANISH,  /* sends and is gone before it is told */
	CROWD_HOSTILE, /* a line that is none, and an event, as one that is polite */
	CROWD_PACED,   /* so many events a second */
	CROWD_KIND_COUNT
};
extern const char *const crowd_kind_names[CROWD_KIND_COUNT];

struct crowd_client {
	/* Set before the start: */
	enum crowd_kind kind;
	int process;
	int64_t per_s;  /* CROWD_PACED */
	int64_t most;   /* events; 0: no end but that of the crowd */
	uint64_t state; /* of its random numbers */
	/* Counted: */
	int64_t made;       /* events 0 .. made - 1 were sent, or a part of the last one */
	int64_t acked;      /* the first of them, acknowledged */
	int64_t refused;    /* lines that were no events and were told so */
	int64_t blocked;    /* the socket took no more */
	int64_t visits;     /* connections */
	int64_t longest_ms; /* from a question to its answer: one that is polite */
	/* The process's own: */
	int fd; /* -1: none */
	struct buf out, in;
	size_t sent;    /* of `out` */
	int64_t base;   /* `acked` when the connection began */
	int64_t lines;  /* of this connection that are acknowledged */
	int64_t due_ms; /* when it does the next thing; -1: it waits for an answer */
	int64_t asked_ms, begun_ms;
};

struct crowd {
	struct crowd_client *clients; /* shared */
	int count, processes;
	const char *socket;
	size_t line_bytes_max; /* of the daemon */
	atomic_bool *stop;     /* shared */
	pid_t pids[CROWD_PROCESSES_MAX];
};

void crowd_begin(struct crowd *crowd, int count, const char *socket, size_t line_bytes_max);
void crowd_start(struct crowd *crowd, int processes);
/* No new events; waits until all that was asked is answered and all processes are gone well. */
void crowd_stop(struct crowd *crowd);
void crowd_end(struct crowd *crowd);

/* What event n is charged, in attos, under daemonkit_book. */
int64_t crowd_nanos(int64_t n);

#endif
