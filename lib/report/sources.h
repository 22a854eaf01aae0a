/*
 * What the sources say that they sent, in their checkpoints, against what is stored: per source
 * and hour, and per source in all.  toll-event(5), CHECKPOINT, has the meaning of the totals.
 *
 * Sent is the sum over the epochs of a source: of each the totals with the highest seq.  Stored
 * are the hourly sums: a request counts once, whatever its phases and turns.  An hour that was last
 * told before it was over, or totals behind which something came, cover not all that is stored:
 * more than was sent is then no difference.
 */
#ifndef TOLL_REPORT_SOURCES_H
#define TOLL_REPORT_SOURCES_H

#include "base/arena.h"
#include "ledger/read.h"
#include "usage/checkpoint.h"

enum sources_state {
#define S(NAME, name, DIFFERS, text) SOURCES_##NAME,
#include "report/state.def"
#undef S
	SOURCES_STATE_COUNT
};
const char *sources_state_name(enum sources_state state);
const char *sources_state_text(enum sources_state state);
bool sources_state_differs(enum sources_state state);

enum sources_finding_kind {
#define F(NAME, name, DIFFERS) SOURCES_FINDING_##NAME,
#include "report/finding.def"
#undef F
	SOURCES_FINDING_COUNT
};
const char *sources_finding_name(enum sources_finding_kind kind);
bool sources_finding_differs(enum sources_finding_kind kind);

struct sources_query {
	int64_t from_ms, to_ms; /* on the hour; LEDGER_FROM_MIN and LEDGER_TO_MAX: all */
	struct text source;     /* absent: every one */
};

struct sources_row {
	struct text source;
	int64_t hour_ms; /* EVENT_ABSENT: of all hours */
	int total;       /* a component, or CHECKPOINT_EVENTS */
	int64_t sent;    /* EVENT_ABSENT: not told */
	int64_t stored;
	int64_t held;      /* lines in quarantine, of events that are not stored either */
	int64_t conflicts; /* versions kept aside */
	int64_t told_ms;   /* when the last telling was received; EVENT_ABSENT: never */
	enum sources_state state;
};

struct sources_finding {
	enum sources_finding_kind kind;
	struct text source;
	int64_t epoch;
	int64_t seq;              /* of the checkpoint at hand; EVENT_ABSENT: not known */
	int64_t before;           /* the seq before it; EVENT_ABSENT: none */
	int64_t at_ms, before_ms; /* when they were received; EVENT_ABSENT */
	struct text detail;       /* of a refused one why; of totals which; else absent */
};

struct sources {
	/* By source and hour, the whole first; of each the events, then the components told. */
	struct sources_row *rows;
	size_t row_count, row_cap;
	struct sources_finding *findings;
	size_t finding_count, finding_cap;
	int64_t nameless;   /* lines in quarantine that name no source */
	bool differs;       /* a row or a finding does */
	bool whole_skipped; /* totals without an hour, which no range has */
	struct arena arena;
};

/* -FAULT_INVALID: the range is not on the hour; -FAULT_RANGE: what is stored makes no sum. */
int sources_reconcile(struct ledger *ledger, const struct sources_query *query,
                      struct sources *sources_out, struct fault *fault);
void sources_release(struct sources *sources); /* takes a zeroed one */

/* The last checkpoint of a source beside what is stored now; cheap. */
struct sources_last {
	struct text source;
	int64_t epoch, seq, received_ms;
	int64_t hour_ms; /* EVENT_ABSENT: of all */
	int64_t sent;    /* events; EVENT_ABSENT: not told */
	int64_t stored;  /* requests of that hour, or of all */
};
typedef int sources_last_fn(void *context, const struct sources_last *last);
int sources_each_last(struct ledger *ledger, sources_last_fn *each, void *context,
                      struct fault *fault);

#endif
