/*
 * The daemon as a whole: its parts, started in order and stopped backwards.
 *
 *   ledger -> intake -> signals -> writer -> changes -> clock -> sockets -> feeds
 *
 * The end (SIGTERM, SIGINT) has three steps: DRAINING reads what was sent already,
 * SETTLING waits until all of it is durable and acknowledged, CLOSING closes every
 * handle.  A ledger that failed goes to CLOSING at once: nothing more is acknowledged.
 */
#ifndef TOLL_DAEMON_SERVICE_H
#define TOLL_DAEMON_SERVICE_H

#include <uv.h>

#include "daemon/changes.h"
#include "daemon/config.h"
#include "daemon/connection.h"
#include "daemon/control.h"
#include "daemon/feed.h"
#include "daemon/inlets.h"
#include "daemon/intake.h"
#include "daemon/listener.h"
#include "daemon/signals.h"
#include "daemon/tail.h"
#include "daemon/writer.h"

enum {
	SERVICE_TICK_MS = 1000,
	SERVICE_SUMMARY_S = 60,
	SERVICE_DRAIN_TICK_MS = 10,
	SERVICE_DRAIN_IDLE_MS = 1000, /* nothing taken so long: what is owed will not move */
	/* A commit that takes so long has failed; what is not durable then is given up. */
	SERVICE_SETTLE_MS = 10000,
	SERVICE_TELL_MS = 1000, /* how long an acknowledgement waits to be read */
	/* Open files beside connections: of the ledger, of the loop, the log, sockets, prices. */
	SERVICE_FILES_OWN = 32,
};

enum service_state { SERVICE_RUNNING, SERVICE_DRAINING, SERVICE_SETTLING, SERVICE_CLOSING };

/* Exit codes of tolld; 2: the configuration is wrong. */
enum { SERVICE_EXIT_OK = 0, SERVICE_EXIT_CONFIG = 2, SERVICE_EXIT_FAILED = 3 };

struct service {
	const struct config *config;
	uv_loop_t loop;
	struct ledger *ledger; /* the writer's from writer_start() to writer_stop() */
	struct writer writer;
	struct changes changes;
	struct intake intake;
	struct feeds feeds;
	struct connections connections;
	struct inlets inlets;
	struct listener listener;
	struct control control;
	struct tail tail;
	bool gateway_waits; /* more than connections_max */
	struct signals signals;
	uv_timer_t tick, drain;
	bool timers_open;
	enum service_state state;
	uint64_t drain_until_ms, settle_until_ms, tell_until_ms;
	uint64_t drain_moved_ms; /* when the drain last saw that something was taken */
	unsigned quiet_drains;   /* ticks of the drain without anything to read */
	uint64_t drained;        /* intake.taken, as last seen by the drain */
	uint64_t ticks, watchdog_ms, fed_ms;
	uint64_t beats; /* of the writer, as last seen */
	int exit_code;
};

/*
 * Runs until it is told to stop.  Returns the exit code.  All it says goes to the log.
 */
int service_run(struct service *service, const struct config *config);

#endif
