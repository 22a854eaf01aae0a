/*
 * A source's own control totals, {"checkpoint":{...}}: toll-event(5), CHECKPOINT.
 *
 * Totals grow within an epoch: of one hour, by the time of its events, or of all since the epoch
 * began.  Those of the highest seq stand.
 */
#ifndef TOLL_USAGE_CHECKPOINT_H
#define TOLL_USAGE_CHECKPOINT_H

#include "base/json.h"
#include "usage/event.h"

enum {
	CHECKPOINT_EVENTS = COMPONENT_COUNT, /* behind the components */
	CHECKPOINT_TOTALS,
};

/* Of one total: so that those of thousands of epochs can be added. */
#define CHECKPOINT_TOTAL_MAX INT64_C(1000000000000000)

struct checkpoint {
	struct text source; /* absent: the hello has it; points into the document */
	int64_t epoch, seq;
	int64_t hour_ms;                  /* EVENT_ABSENT: of all since the epoch began */
	int64_t total[CHECKPOINT_TOTALS]; /* EVENT_ABSENT: not told */
	struct text unknown;              /* the first total of no component; absent: none */
};

/* "input" ... and "events" */
const char *checkpoint_total_key(int total);

/*
 * Reads a parsed line whose only member is "checkpoint".  False: *refusal says what is wrong.
 * now_ms bounds the hour as it bounds the time of an event.
 */
bool checkpoint_read(const struct json *doc, int64_t now_ms, struct checkpoint *checkpoint_out,
                     struct event_refusal *refusal);

#endif
