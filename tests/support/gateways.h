/*
 * Gateways that keep the protocol's promise while a daemon dies under them: each sends
 * events 0, 1, 2 ... under its own source, reads the acknowledgements, and after a broken
 * connection sends again what was not acknowledged.  Afterwards the ledger is held against
 * what they know.  One thread; failures fail the running test.
 */
#ifndef TESTS_SUPPORT_GATEWAYS_H
#define TESTS_SUPPORT_GATEWAYS_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/support/daemonkit.h"

enum {
	GATEWAYS_MAX = 3,
	GATEWAYS_OUTPUT = 10, /* tokens out of each event; in: another number for each */
};

/* One gateway, source "gw-N": event `n` is called "n-<n>". */
struct gateway {
	int fd;               /* -1: not connected */
	int64_t acknowledged; /* for good: of all connections */
	int64_t base;         /* `acknowledged` when this connection began */
	int64_t made;         /* events that exist: 0 .. made - 1 */
	int64_t limit;        /* it makes no more than these */
	struct buf out;       /* bytes of this connection not sent yet */
	int64_t queued;       /* events of this connection put into `out` */
	struct buf in;
};

struct gateways {
	struct daemonkit *kit;
	struct gateway of[GATEWAYS_MAX];
	int count;
};

void gateways_init(struct gateways *gateways, struct daemonkit *kit, int count);
void gateways_release(struct gateways *gateways);

/* Each may have so many events unacknowledged from now on, old ones included. */
void gateways_allow(struct gateways *gateways, int64_t events);
/* Sends and reads until the clock is there, or all that is allowed is acknowledged: true. */
bool gateways_run(struct gateways *gateways, int64_t until_ms);
/* One round; false: a daemon that was there is gone. */
bool gateways_turn(struct gateways *gateways);
/* Until the first one is connected. */
void gateways_wait_for_daemon(struct gateways *gateways);
/* What a daemon said before it died still counts: it is in our receive buffers. */
void gateways_hang_up(struct gateways *gateways);

int64_t gateways_acknowledged(const struct gateways *gateways);
/* What all events that were made cost. */
wide gateways_attos(const struct gateways *gateways);
/* Every event that was acknowledged is there; each that is there, once, at its price. */
void gateways_check(const struct gateways *gateways);
/*
 * The end of a run with faults: a daemon without them starts, gets all that was not
 * acknowledged again and a few new ones, and stops; each event is there once, `toll verify`
 * finds nothing and the sums are exact.
 */
void gateways_settle(struct gateways *gateways);

#endif
