/*
 * Corrections: what is put right of one event after the fact.  The event stays as it came; a
 * correction adds to the sums beside it, with who made it and why, and is itself never changed
 * nor taken out: an event that was corrected is corrected from how it stands now.
 *
 *   void     it counts nothing any more: no request, no counts, no amount, no cost
 *   correct  it has other counts, and the amount and the cost that these come to under the prices
 *            and the policies that it was rated with; in suspense it stays there
 *   twin     void, since its (source, id) stands at another time as well (ledger/twins.h)
 *   rated    made by the retry of suspense: the amount or cost of one with other counts
 *
 * A correction is of the hour of its traffic and is booked in an hour, as an adjustment is
 * (ledger/adjust.h): its own one, or where that is closed the hour in which it was made.
 *
 * An event with a correction stands as it is: a later phase of it, or of the request that it is a
 * turn of, is kept aside as a conflict.  What its hour was adjusted by before stays until that is
 * rated again: an adjustment is of a sum, not of an event.
 */
#ifndef TOLL_LEDGER_CORRECT_H
#define TOLL_LEDGER_CORRECT_H

#include "ledger/read.h"

enum correction_kind {
	CORRECTION_VOID,
	CORRECTION_CORRECT,
	CORRECTION_TWIN,
	CORRECTION_RATED,
	CORRECTION_KIND_COUNT
};
const char *correction_kind_name(enum correction_kind kind);

/* One row.  Texts live for the call. */
struct correction {
	int64_t seq, at_ms;
	struct text who, reason;
	enum correction_kind kind;
	struct text id;
	int64_t time_ms, booked_ms;
	int64_t cost_id;        /* of the event when it was made, as adds.price_id */
	struct rollup_row adds; /* to the sum of its hour and names: each may be below 0 */
};
typedef int ledger_correction_fn(void *context, const struct correction *correction);

/*
 * Those whose hour lies in [from_ms, to_ms), in the order of that and then as they were made.
 * -FAULT_CORRUPT where one of all that there are is not as it was made, or is gone.
 */
enum correction_hour { CORRECTION_BOOKED, CORRECTION_TRAFFIC };
int ledger_each_correction(struct ledger *ledger, enum correction_hour hour, int64_t from_ms,
                           int64_t to_ms, ledger_correction_fn *each, void *context,
                           struct fault *fault);
/* Those of one event, as they were made. */
int ledger_corrections_of(struct ledger *ledger, struct text source, struct text id,
                          int64_t time_ms, ledger_correction_fn *each, void *context,
                          struct fault *fault);

/* What an event comes to with its corrections. */
struct event_now {
	int64_t corrections; /* 0: as it came */
	bool voided;         /* and so all of it is 0 */
	struct usage usage;
	struct money amount, cost;
};
/* Of a row that was read; -FAULT_CORRUPT where its corrections make no count or no amount. */
int ledger_event_now(struct ledger *ledger, const struct stored_event *row,
                     struct event_now *now_out, struct fault *fault);
/*
 * ledger_each_event() of events as they are now: their counts, amount and cost are those of
 * struct event_now, and what is void is passed over.
 */
int ledger_each_event_now(struct ledger *ledger, int64_t from_ms, int64_t to_ms,
                          ledger_event_fn *each, void *context, struct fault *fault);

/* What is asked for. */
struct correction_wish {
	enum correction_kind kind; /* not CORRECTION_RATED */
	struct text source, id;
	int64_t time_ms; /* of the event, exactly */
	int64_t at_ms;
	struct text who, reason;
	/* CORRECTION_CORRECT: the counts that it has, EVENT_ABSENT: as they are. */
	int64_t set[COMPONENT_COUNT];
};
struct correction_done {
	int64_t seq;                       /* of the first row */
	int64_t rows;                      /* of a request that is void each turn of it has one */
	struct money amount, cost;         /* what they add */
	struct money amount_now, cost_now; /* what it comes to */
	bool waits;                        /* it is in suspense */
};

/*
 * Inside ledger_begin() .. ledger_commit(); with its turns, where a request is void.  On a refusal
 * nothing was written: -FAULT_NOT_FOUND: there is no such event; -FAULT_INVALID: it is void
 * already; the counts are those it has, are told by kind, or have no rate under its price; it is a
 * turn (the request is to be void) or was ended; no reason.  -FAULT_RANGE: no count, or no amount.
 */
int ledger_correct(struct ledger *ledger, const struct correction_wish *wish,
                   struct correction_done *done_out, struct fault *fault);

/*
 * Behind ledger_suspense_price(): an event with corrections got its price or its cost by its own
 * counts; a row of kind `rated` makes it that of the counts it has now.  Nothing where it has
 * none.  -FAULT_INVALID: these have no rate.
 */
int ledger_correct_rated(struct ledger *ledger, const struct event *event, int64_t at_ms,
                         struct text who, struct fault *fault);

#endif
