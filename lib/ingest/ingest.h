/*
 * From a line to a verdict, in two halves so that they can run on two threads:
 * ingest_prepare() decodes and rates (pure), ingest_store() writes inside the
 * ledger's transaction.  The daemon and `toll import` both run exactly this.
 */
#ifndef TOLL_INGEST_INGEST_H
#define TOLL_INGEST_INGEST_H

#include "base/arena.h"
#include "base/json.h"
#include "ingest/terms.h"
#include "ledger/store.h"
#include "money/money.h"
#include "usage/event.h"

/* Highest precedence first. */
enum ingest_verdict {
	INGEST_QUARANTINED, /* could not be understood: kept verbatim, with the reason */
	INGEST_CONFLICT,    /* same identity and phase, other content: the first stands, this is
	                     * kept aside */
	INGEST_DUPLICATE,   /* same identity, same content: nothing written.  Also of a line that
	                     * is not understood any more, but was when it came first */
	INGEST_UNPRICED,    /* stored, but some component has no rate: in suspense */
	INGEST_ACCEPTED,    /* stored and priced, or nothing to price; or a phase that came late */
	INGEST_CHECKPOINT,  /* a source's control totals: stored */
	INGEST_VERDICT_COUNT
};
const char *ingest_verdict_name(enum ingest_verdict verdict);

/* Beside which phases of its request an event was stored. */
enum ingest_phase {
	INGEST_PHASE_FIRST, /* of none, or not stored */
	INGEST_PHASE_LATER, /* an earlier one stood, and counts no more */
	INGEST_PHASE_LATE,  /* a later one stands: this one never counts */
};

/* An event of a line, as decoded, not rated. */
struct ingest_event {
	struct text line; /* in the form of an event; absent where an envelope has no such */
	struct event event;
	struct event_refusal refusal; /* REASON_NONE: it was understood */
};

/*
 * What a line that was kept holds, with the same decisions as ingest_prepare(): one event, or
 * those of its envelope; never none, though one may be refused.  All is in the arena or points
 * into `line`.  -FAULT_NOMEM is the only failure.
 */
int ingest_events(struct text line, const struct event_defaults *defaults, struct json *doc,
                  struct arena *arena, struct ingest_event **events_out, size_t *count_out);
/* The one that has this id; the first where none has. */
const struct ingest_event *ingest_event_named(const struct ingest_event *events, size_t count,
                                              struct text id);

struct envelope_event;
/*
 * Its first step, without the decoding of what an envelope holds: the event or the refusal, or,
 * where *count_out is not 0, the events of an envelope.  Leaves *refusal, which must be fresh, at
 * REASON_NONE unless the line is refused.
 */
int ingest_decode(struct text line, const struct event_defaults *defaults, struct json *doc,
                  struct arena *arena, struct event *event, struct event_refusal *refusal,
                  struct envelope_event **enclosed_out, size_t *count_out);

/* How a line ended, as the framer saw it. */
enum ingest_line {
	INGEST_LINE_WHOLE,
	INGEST_LINE_TOO_LONG, /* `line` is its beginning, `length` all of it */
	INGEST_LINE_CUT_OFF,  /* the connection ended or went silent inside it */
};

/*
 * One line on its way.  The texts point into `line` and the arena given to
 * ingest_prepare(): both must live until the item was stored.
 */
struct ingest_item {
	struct text line;
	int64_t length;
	int64_t received_ms;
	bool refused;    /* quarantine: `refusal` is filled */
	bool fragment;   /* of whoever keeps what is not acknowledged: it sends the line again */
	bool checkpoint; /* seq and source of a control total */
	int64_t checkpoint_epoch, checkpoint_seq;
	struct text checkpoint_json;
	struct event event;            /* for a checkpoint only `source` is filled */
	struct event_refusal *refusal; /* in the arena */
	struct rated rated;
	/*
	 * Further items of the same line, in the arena: the turns of the request before it
	 * (`part`), and the other events of an envelope.
	 */
	struct ingest_item *more;
	bool part;
	/* Filled by ingest_store(): */
	enum ingest_verdict verdict; /* of the line; in its first item only */
	enum ingest_phase phase;
	/*
	 * What the sums of the ledger have more by it: less than 0 where it took the place of a
	 * phase, or ended turns, that had cost more.  A total, which may be more than an amount.
	 */
	struct money added;
	enum ingest_verdict
		own_verdict; /* of this item; INGEST_VERDICT_COUNT: it was passed over */
};

/*
 * Decode and rate, after each credential gave way to its form (terms->credentials): item->line is
 * what is kept.  `line` has no newline; a trailing CR is taken off.  A cut-off line
 * that is a whole JSON object all the same is taken as one.  Pure; any thread with its
 * own doc and arena.  -FAULT_NOMEM is the only failure.
 */
int ingest_prepare(struct ingest_item *item, struct text line, enum ingest_line how, int64_t length,
                   const struct event_defaults *defaults, const struct terms *terms,
                   struct json *doc, struct arena *arena);

/*
 * Write it, with all items of its line, and set item->verdict: of several the one of highest
 * precedence.  Inside ledger_begin() .. ledger_commit().  ingest_try() is for a line that is in
 * quarantine: it writes nothing where the verdict is INGEST_QUARANTINED, and else tells what
 * became of those events of the line that were stored.
 */
int ingest_try(struct ledger *ledger, struct ingest_item *item, struct fault *fault);
int ingest_store(struct ledger *ledger, struct ingest_item *item, struct fault *fault);

#endif
