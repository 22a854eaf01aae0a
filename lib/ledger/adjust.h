/*
 * Adjustments: amounts that are put right after the fact.  What an event was rated at is never
 * changed; a run adds a difference to the sums of an hour instead, with who made it and why, and
 * is itself never changed nor taken out (a later run adds to it).
 *
 * An adjustment is of the hour of its traffic, and is booked in an hour: the same one, or where
 * that is closed the hour in which the run was made.  Sums of a period take what is booked in it,
 * so no run changes a closed period.  An event that comes late, for an hour that is closed, is
 * counted in its own hour all the same, and a later phase takes the earlier one out of its hour:
 * who closes a period waits for its late events first.
 *
 * Everything before ledger_closed_until() is closed.
 */
#ifndef TOLL_LEDGER_ADJUST_H
#define TOLL_LEDGER_ADJUST_H

#include "ledger/ledger.h"
#include "money/money.h"

struct adjustment_run {
	int64_t seq; /* from 1 on, without gaps */
	int64_t at_ms;
	struct text who, reason; /* neither is empty */
	struct text book;        /* hash of the applied book that the difference is to */
	int64_t from_ms, to_ms;  /* the traffic it looked at: whole hours, [from, to) */
	int64_t rows;
	struct money total; /* of its rows */
};

/* What a run adds to one sum.  Names as in struct rollup_row. */
struct adjustment {
	int64_t run;
	int64_t hour_ms, booked_ms;
	struct text account, key, model, source, provider, service_tier; /* absent: not sent */
	int64_t events;      /* whose amount is another one for it */
	struct money amount; /* never 0 */
};

/*
 * Stores a run with its rows, each of another hour and names, inside ledger_begin() ..
 * ledger_commit().  Of the run at_ms, who, reason, book, from_ms and to_ms are taken; of a row all
 * but `run` and `booked_ms`.  -FAULT_NOT_FOUND: no book of this hash was applied; -FAULT_RANGE: the
 * total is no amount.  No row at all is a mistake of the caller.
 */
int ledger_adjust(struct ledger *ledger, const struct adjustment_run *run,
                  const struct adjustment *rows, size_t count, int64_t *seq_out,
                  struct fault *fault);

/* Texts live for the call; a callback returns 0 to go on. */
typedef int ledger_run_fn(void *context, const struct adjustment_run *run);
int ledger_each_run(struct ledger *ledger, ledger_run_fn *each, void *context, struct fault *fault);

/* Those whose hour lies in [from_ms, to_ms), in the order of that and then of their runs. */
enum adjustment_hour { ADJUSTMENT_BOOKED, ADJUSTMENT_TRAFFIC };
typedef int ledger_adjustment_fn(void *context, const struct adjustment *adjustment);
int ledger_each_adjustment(struct ledger *ledger, enum adjustment_hour hour, int64_t from_ms,
                           int64_t to_ms, ledger_adjustment_fn *each, void *context,
                           struct fault *fault);

/*
 * Whoever reads a range in steps asks whether it is still what was read: ledger_touched() tells
 * whether a sum of an hour that begins in [from_ms, to_ms) was written, by this writer, since
 * ledger_watch().  One range at a time.
 */
void ledger_watch(struct ledger *ledger, int64_t from_ms, int64_t to_ms);
bool ledger_touched(const struct ledger *ledger);

/* The first moment that is open; 0: nothing was ever closed.  What closes: ledger/twins.h. */
int ledger_closed_until(struct ledger *ledger, int64_t *until_out, struct fault *fault);

#endif
