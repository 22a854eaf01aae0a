/*
 * Internal ties: what one ledger says in several ways must be the same, for whole hours.
 *
 *   rollups        every event anew, against the hourly sums
 *   report         every event, and what is booked in the range, against the total of a report
 *   export-ndjson  every event with its corrections, against the text of the export, read again
 *   export-csv     the same of its other form
 *   closed         nothing was booked in a closed period after its closing, and none of its hours
 *                  is otherwise than its last seal says (a late event makes it so; the next seal
 *                  takes that)
 *   invoices       there are none in a ledger yet, which is said
 *   sources        control totals of the sources (report/sources.h)
 *
 * Reads only; the whole range, in constant memory.  One thread.
 */
#ifndef TOLL_BILL_TIES_H
#define TOLL_BILL_TIES_H

#include "base/fault.h"
#include "ledger/read.h"

enum tie_kind {
#define T(NAME, name, one, other) TIE_##NAME,
#include "bill/tie.def"
#undef T
	TIE_COUNT
};
const char *tie_name(enum tie_kind kind);
const char *tie_one(enum tie_kind kind); /* what its sides are called */
const char *tie_other(enum tie_kind kind);

enum tie_state {
	TIE_EQUAL,
	TIE_DIFFERS,
	TIE_REFUSED, /* a side cannot be read, since it contradicts itself: a difference */
	TIE_NOTHING, /* there is nothing to compare; never said to be equal */
	TIE_STATES
};
const char *tie_state_name(enum tie_state state);

struct tie {
	enum tie_kind kind;
	enum tie_state state;
	const char *what;  /* "events", "input", "amount" ...; static */
	bool is_amount;    /* attos; else a count */
	wide one, other;   /* 0 where nothing is compared */
	const char *words; /* why it is refused, or nothing; else NULL; lives for the call */
};
typedef int tie_fn(void *context, const struct tie *tie);

struct ties_query {
	int64_t from_ms, to_ms; /* on the hour; LEDGER_FROM_MIN and LEDGER_TO_MAX: all */
	/* Called now and then: events read so far, of all walks.  May be NULL. */
	void (*on_progress)(void *context, int64_t events);
	void *progress;
};

/*
 * Every kind has a row, most have one a measure, in the order of tie.def.  *differs_out: one of
 * them is no tie.  -FAULT_INVALID: the range is not on the hour; else as the ledger (but for
 * -FAULT_CORRUPT, which is told) and `each`.
 */
int ties_check(struct ledger *ledger, const struct ties_query *query, tie_fn *each, void *context,
               bool *differs_out, struct fault *fault);

#endif
