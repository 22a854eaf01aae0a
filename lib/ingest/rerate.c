#include "ingest/rerate.h"

#include "ingest/terms.h"
#include "ledger/correct.h"
#include "rate/policy.h"
#include "rate/rating.h"

int rerate_event(const struct book *book, const struct stored_event *row, struct json *doc,
                 struct rerated *out)
{
	struct event event = row->event;
	struct usage room;
	const struct rating_request request = rating_of(&event,
	                                                policy_charged(row->policy, &event, &room));
	struct charges charges;
	int r = terms_recall_sum(&event, doc);

	if (r < 0)
		return r;
	*out = (struct rerated){ .row = row,
		                 .waits = row->price_id == LEDGER_PRICE_SUSPENSE,
		                 .unsettled = event.settlement < SETTLEMENT_ABANDONED,
		                 .version = -1 };
	switch (rating_request(book, &request, &charges)) {
	case RATING_RANGE:
		out->verdict = RERATE_RANGE;
		return 0;
	case RATING_UNPRICED:
		out->verdict = RERATE_UNPRICED;
		return 0;
	case RATING_NOTHING:
		out->verdict = RERATE_PRICED;
		return 0;
	case RATING_PRICED:
		break;
	}
	out->verdict = terms_sum_moves(book, &event) ? RERATE_PARTED : RERATE_PRICED;
	if (out->verdict == RERATE_PARTED)
		return 0;
	out->amount = charges.total;
	out->version = (int64_t)charges.found.version->ordinal;
	return 0;
}

struct walk {
	const struct book *book;
	rerate_fn *each;
	void *context;
	struct json doc;
	struct fault *fault;
};

static int take_event(void *context, const struct stored_event *row)
{
	struct walk *walk = context;
	struct rerated rerated;
	int r;

	if (row->event.turn == TURN_ENDED)
		return 0;
	r = rerate_event(walk->book, row, &walk->doc, &rerated);
	if (r < 0)
		return fault_set(walk->fault, FAULT_NOMEM, "rating again: out of memory");
	return walk->each(walk->context, &rerated);
}

int rerate_each(struct ledger *ledger, const struct book *book, int64_t from_ms, int64_t to_ms,
                rerate_fn *each, void *context, struct fault *fault)
{
	struct walk walk = { .book = book, .each = each, .context = context, .fault = fault };
	int r = ledger_each_event_now(ledger, from_ms, to_ms, take_event, &walk, fault);

	json_release(&walk.doc);
	return r;
}
