/*
 * Reading: rows one by one through a callback, in constant memory.  Texts and rows
 * live for the call.  A callback returns 0 to go on; anything else ends the walk
 * and is returned as it is.  Ranges are half-open, [from_ms, to_ms).
 */
#ifndef TOLL_LEDGER_READ_H
#define TOLL_LEDGER_READ_H

#include "ledger/ledger.h"
#include "money/money.h"
#include "usage/event.h"

#define LEDGER_FROM_MIN INT64_C(0)
#define LEDGER_TO_MAX   INT64_MAX

struct stored_event {
	struct event event; /* unknown_path is absent; flags say whether there was one */
	int64_t price_id;   /* or LEDGER_PRICE_NONE, LEDGER_PRICE_SUSPENSE */
	struct money amount;
	unsigned policy; /* bits of those in force when it was rated */
	int64_t cost_id; /* or LEDGER_PRICE_NONE, LEDGER_PRICE_SUSPENSE, LEDGER_COST_NO_BOOK */
	struct money cost;
	bool unknown; /* carried a non-zero number nobody counts */
};
/*
 * As rollups and reports count an event: of a request that failed with nothing used no count
 * is missing, so it is none of those without one.
 */
enum provenance ledger_provenance(const struct event *event);
typedef int ledger_event_fn(void *context, const struct stored_event *row);

/* In the order (time, source, id). */
int ledger_each_event(struct ledger *ledger, int64_t from_ms, int64_t to_ms, ledger_event_fn *each,
                      void *context, struct fault *fault);
/* Events with this id; `source` may be absent.  Reads the whole range: there is no index on ids. */
int ledger_find_events(struct ledger *ledger, struct text id, struct text source, int64_t from_ms,
                       int64_t to_ms, ledger_event_fn *each, void *context, struct fault *fault);
/* The same, and the turns that the request has, "ID~2" ..., each of its source. */
int ledger_find_request(struct ledger *ledger, struct text id, struct text source,
                        ledger_event_fn *each, void *context, struct fault *fault);

/* A phase of a request that does not stand. */
struct phase {
	enum settlement settlement;
	int64_t time_ms;    /* its own */
	bool late;          /* came behind a later one, and never counted; else it was replaced */
	int64_t kept_ms;    /* when that was */
	struct text stored; /* it, as JSON, with "price_id" and (unless unpriced) "amount" */
};
typedef int ledger_phase_fn(void *context, const struct phase *phase);
/* From the earliest to the latest. */
int ledger_each_phase(struct ledger *ledger, struct text source, struct text id,
                      ledger_phase_fn *each, void *context, struct fault *fault);

/* Unpriced ones, but those that are void; uses an index. */
int ledger_each_suspense(struct ledger *ledger, int64_t from_ms, int64_t to_ms,
                         ledger_event_fn *each, void *context, struct fault *fault);

/* Those that the cost book had no rate for; the same. */
int ledger_each_uncosted(struct ledger *ledger, int64_t from_ms, int64_t to_ms,
                         ledger_event_fn *each, void *context, struct fault *fault);

struct rollup_row {
	int64_t hour_ms;
	struct text account, key, model, source, provider, service_tier; /* absent: not sent */
	int64_t price_id;
	int64_t events;
	int64_t turns;                         /* of them, no requests */
	int64_t errors;                        /* of the requests, with status >= 400 */
	int64_t suspense;                      /* of the events, unpriced: all or none */
	int64_t partial, estimated, uncounted; /* of the requests, by ledger_provenance() */
	int64_t count[COMPONENT_COUNT];
	struct money amount;
	int64_t costed, uncosted; /* of the events: with a cost; the cost book had no rate */
	struct money cost;
};
typedef int ledger_rollup_fn(void *context, const struct rollup_row *row);

/* Hours that lie wholly in the range; both ends must be on the hour. */
int ledger_each_rollup(struct ledger *ledger, int64_t from_ms, int64_t to_ms,
                       ledger_rollup_fn *each, void *context, struct fault *fault);

struct quarantine_row {
	int64_t id;
	struct text source, event_id; /* absent where they could not be read */
	enum reason reason;
	struct text reason_name; /* as stored, also one this program does not know */
	struct text detail;
	int64_t first_ms, last_ms, times; /* received */
	int64_t event_ms;                 /* EVENT_ABSENT where the line gave none */
	int64_t length;                   /* as sent */
	struct text raw;                  /* as kept: may be cut, may be any bytes */
	int64_t released_ms;              /* 0: still held */
};
typedef int ledger_quarantine_fn(void *context, const struct quarantine_row *row);

/*
 * Lines still held (or also released ones), oldest first.  A line is in a range by its event time,
 * or where that is unknown by when it was first received.
 */
int ledger_each_quarantine(struct ledger *ledger, int64_t from_ms, int64_t to_ms, bool released_too,
                           ledger_quarantine_fn *each, void *context, struct fault *fault);
int ledger_quarantine_get(struct ledger *ledger, int64_t id, ledger_quarantine_fn *each,
                          void *context, struct fault *fault);

struct conflict_row {
	struct text source, id;
	int64_t stored_ms;  /* event time of the version that stands */
	struct text stored; /* that version as a JSON object of its stored columns */
	struct text raw;    /* the other version, as sent */
	int64_t first_ms, last_ms, times;
};
typedef int ledger_conflict_fn(void *context, const struct conflict_row *row);
int ledger_each_conflict(struct ledger *ledger, int64_t from_ms, int64_t to_ms,
                         ledger_conflict_fn *each, void *context, struct fault *fault);

struct unknown_row {
	struct text source, api, path, first_id;
	int64_t events, first_ms;
};
typedef int ledger_unknown_fn(void *context, const struct unknown_row *row);
int ledger_each_unknown(struct ledger *ledger, ledger_unknown_fn *each, void *context,
                        struct fault *fault);

struct change_row {
	int64_t at_ms;
	struct text who, detail; /* detail: a JSON object */
};
typedef int ledger_change_fn(void *context, const struct change_row *row);
/* What was noted under that name, in its order: see ledger_change_note(). */
int ledger_each_change(struct ledger *ledger, const char *what, ledger_change_fn *each,
                       void *context, struct fault *fault);

/* What a report of this range must not be silent about. */
struct ledger_gaps {
	int64_t quarantined; /* lines held, counted by line */
	int64_t conflicts;
	int64_t unknown_events; /* of the whole ledger: all of ledger_each_unknown() */
};
int ledger_gaps(struct ledger *ledger, int64_t from_ms, int64_t to_ms, struct ledger_gaps *gaps_out,
                struct fault *fault);

#endif
