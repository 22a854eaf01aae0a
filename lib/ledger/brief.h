/*
 * Events in brief: who they are and what they come to, without their counts.  A walk through
 * millions of which few are looked at closer takes a quarter of the time of ledger_each_event().
 * Rules of walks: ledger/read.h.
 *
 * No check word is asked of them: whoever sums them up compares that with the rollups, and
 * ledger_get_event() reads and checks a whole one.
 */
#ifndef TOLL_LEDGER_BRIEF_H
#define TOLL_LEDGER_BRIEF_H

#include "ledger/books.h"
#include "ledger/read.h"

struct brief_event {
	int64_t time_ms;
	struct text id, source, account, key, model, provider; /* absent: not sent */
	enum turn turn;
	/* Of the side that is asked for: price_id and amount of struct stored_event, or cost_id
	 * and cost. */
	int64_t price_id;
	struct money amount;
	struct text extra;
};
typedef int ledger_brief_fn(void *context, const struct brief_event *row);

/* In the order (time, source, id); of one time those of a source stand together. */
int ledger_each_brief(struct ledger *ledger, enum book_side side, int64_t from_ms, int64_t to_ms,
                      ledger_brief_fn *each, void *context, struct fault *fault);

/*
 * The event of that time, source and id, here or in the archive, as it came.  Texts of a walk that
 * is under way are gone with it, but for its id and extra.  -FAULT_NOT_FOUND: there is none.
 */
int ledger_get_event(struct ledger *ledger, int64_t time_ms, struct text source, struct text id,
                     ledger_event_fn *each, void *context, struct fault *fault);

#endif
