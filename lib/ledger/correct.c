/* Making corrections. */
#include "ledger/correct.h"

#include <stdio.h>
#include <string.h>

#include "base/moment.h"
#include "ledger/adjust.h"
#include "ledger/archives.h"

/* The event that is to be corrected, as it came and as it is now. */
struct subject {
	struct event_row row;
	struct event_now now;
};

static int load(struct ledger *ledger, int64_t source, struct text id, int64_t time_ms,
                struct subject *subject_out, struct fault *fault)
{
	struct event_row *row = &subject_out->row;
	struct query query;
	int r = archives_event(ledger, time_ms, source, id, &query, fault);

	if (r < 0)
		return r;
	if (r == 0)
		return fault_set(fault, FAULT_NOT_FOUND, "no event %.*s of this source and time",
		                 TEXT_ARGS(id));
	r = event_row_read(ledger, &query, row, fault);
	if (r == 0)
		r = event_row_names(ledger, row, fault);
	query_end(&query);
	/* These pointed into the row that was read. */
	row->stored.event.id = id;
	row->stored.event.extra = text_of(NULL);
	return r < 0 ? r : correction_event_now(ledger, row, &subject_out->now, fault);
}

static int add_row(struct ledger *ledger, const struct correction_row *row, struct fault *fault)
{
	const struct rollup_key *key = &row->key;
	const struct rollup_sum *adds = &row->adds;
	const int64_t keys[] = { key->hour,  row->booked_ms, key->account, key->key,
		                 key->model, key->provider,  key->tier,    key->price };
	const int64_t counters[] = {
		adds->events,    adds->turns,     adds->errors, adds->partial,
		adds->estimated, adds->uncounted, adds->costed, adds->uncosted
	};
	unsigned char digest[SHA256_BYTES];
	int64_t nanos, attos, cost_nanos, cost_attos;
	struct buf counts = { .at = NULL };
	struct query query;
	int r = correction_digest(row, digest, fault);

	correction_counts(row, &counts);
	if (r == 0 && counts.error != 0)
		r = fault_set(fault, FAULT_NOMEM, "a correction: out of memory");
	if (r < 0)
		goto out;
	/* They are differences that were checked. */
	r = money_split(adds->amount, &nanos, &attos);
	assert(r == 0);
	r = money_split(adds->cost, &cost_nanos, &cost_attos);
	assert(r == 0);
	query = query_start(ledger, STATEMENT_CORRECTION_ADD);
	query_int(&query, row->seq);
	query_int(&query, row->at_ms);
	query_text(&query, row->who);
	query_text(&query, row->reason);
	query_text(&query, text_of(correction_kind_name(row->kind)));
	store_bind_identity(&query, row->ts, key->source, row->id);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		query_int(&query, keys[i]);
	if (row->cost_id == LEDGER_COST_NO_BOOK)
		query_null(&query);
	else
		query_int(&query, row->cost_id);
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		query_int(&query, counters[i]);
	query_text(&query, buf_text(&counts));
	query_int(&query, nanos);
	query_int(&query, attos);
	query_int(&query, cost_nanos);
	query_int(&query, cost_attos);
	query_blob(&query, (struct text){ (const char *)digest, sizeof(digest) });
	r = query_done(&query, fault);
out:
	buf_release(&counts);
	return r;
}

/* The sum of it alone, as it is with these counts and amounts: they are what it is. */
static struct rollup_sum sum_of(const struct event_row *row, const struct usage *usage,
                                struct money amount, struct money cost)
{
	struct rollup_delta delta = event_row_delta(row);
	struct rollup_sum sum = { .events = 0 };
	int r;

	delta.usage = usage;
	delta.amount = amount;
	delta.cost = cost;
	r = rollup_sum_add(&sum, &delta);
	assert(r == 0);
	return sum;
}

/* One row: from how the event is to how it is to be; after NULL: it counts nothing any more. */
static int make_row(struct ledger *ledger, const struct correction_wish *wish,
                    const struct subject *subject, const struct event_now *after,
                    struct correction_done *done, struct fault *fault)
{
	static const struct rollup_sum nothing;
	const struct event_row *row = &subject->row;
	struct correction_row made = {
		.at_ms = wish->at_ms,
		.who = wish->who,
		.reason = wish->reason,
		.kind = wish->kind,
		.id = row->stored.event.id,
		.ts = row->stored.event.time_ms,
		.cost_id = row->stored.cost_id,
		.key = event_row_key(row),
	};
	struct query query = query_start(ledger, STATEMENT_LAST_CORRECTION);
	struct rollup_sum from, to;
	int64_t closed = 0;
	int r = query_single(&query, &made.seq, fault);

	if (r == 0)
		r = ledger_closed_until(ledger, &closed, fault);
	if (r < 0)
		return r;
	made.seq++;
	made.booked_ms = adjust_booked_hour(made.key.hour, closed, wish->at_ms);
	from = sum_of(row, &subject->now.usage, subject->now.amount, subject->now.cost);
	to = after != NULL ? sum_of(row, &after->usage, after->amount, after->cost) : nothing;
	if (rollup_sum_less(&to, &from, &made.adds) < 0 ||
	    money_add(done->amount, made.adds.amount, &done->amount) < 0 ||
	    money_add(done->cost, made.adds.cost, &done->cost) < 0)
		return fault_set(fault, FAULT_RANGE, "event %.*s: the correction is no amount",
		                 TEXT_ARGS(made.id));
	if (made.key.hour >= ledger->watch_from_ms && made.key.hour < ledger->watch_to_ms)
		ledger->touched = true;
	if (done->rows++ == 0)
		done->seq = made.seq;
	return add_row(ledger, &made, fault);
}

/* The turns that stand beside the request, but those that are void. */
static int void_turns(struct ledger *ledger, const struct correction_wish *wish, int64_t source,
                      struct correction_done *done, struct fault *fault)
{
	struct ledger_turns turns;
	int r = ledger_turns(ledger, wish->source, wish->id, wish->time_ms, &turns, fault);

	for (size_t i = 0; r == 0 && i < turns.count; i++) {
		char id[EVENT_NAME_BYTES_MAX + 32];
		struct subject turn;

		snprintf(id, sizeof(id), "%.*s~%u", TEXT_ARGS(wish->id), turns.number[i]);
		r = load(ledger, source, text_of(id), wish->time_ms, &turn, fault);
		if (r == 0 && !turn.now.voided)
			r = make_row(ledger, wish, &turn, NULL, done, fault);
	}
	return r;
}

/* What is wrong with these counts; NULL: nothing. */
static const char *wrong_count(const struct usage *usage, enum component c, int64_t count)
{
	if (count < 0 || count > USAGE_COUNT_MAX)
		return "is no count";
	for (unsigned i = 0; i < usage->kind_count; i++) {
		if (usage->kinds[i].component == c)
			return "is told by kind (its size, its resolution ...): void the event, "
			       "and send the right one under another id";
	}
	return NULL;
}

/* The event with its new counts; -FAULT_INVALID where these have no rate. */
static int rate_again(struct ledger *ledger, const struct event_row *row, struct event_now *after,
                      struct fault *fault)
{
	bool rated = false, costed = false;
	int r = correction_due(ledger, row, &after->usage, BOOK_SELL, row->stored.price_id,
	                       &after->amount, &rated, fault);

	if (r == 0)
		r = correction_due(ledger, row, &after->usage, BOOK_COST, row->stored.cost_id,
		                   &after->cost, &costed, fault);
	if (r == 0 && !(rated && costed))
		r = fault_set(
			fault, FAULT_INVALID,
			"event %.*s: the price %sthat it is stored with has no rate for these "
			"counts: void it, and send the right one under another id",
			TEXT_ARGS(row->stored.event.id), rated ? "of its cost " : "");
	return r;
}

static int set_counts(struct ledger *ledger, const struct correction_wish *wish,
                      const struct subject *subject, struct event_now *after, struct fault *fault)
{
	bool moved = false;

	*after = subject->now;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		const char *wrong;

		if (wish->set[c] == EVENT_ABSENT || wish->set[c] == after->usage.count[c])
			continue;
		wrong = wrong_count(&after->usage, (enum component)c, wish->set[c]);
		if (wrong != NULL)
			return fault_set(fault, FAULT_INVALID, "event %.*s: %s %s",
			                 TEXT_ARGS(wish->id), component_info[c].key, wrong);
		after->usage.count[c] = wish->set[c];
		moved = true;
	}
	if (!moved)
		return fault_set(fault, FAULT_INVALID, "event %.*s: it has these counts already",
		                 TEXT_ARGS(wish->id));
	return rate_again(ledger, &subject->row, after, fault);
}

/* What can be wrong with the wish, whatever the counts. */
static int check_wish(const struct correction_wish *wish, const struct subject *subject,
                      struct fault *fault)
{
	enum turn turn = subject->row.stored.event.turn;

	if (subject->now.voided)
		return fault_set(fault, FAULT_INVALID, "event %.*s: it is void already",
		                 TEXT_ARGS(wish->id));
	if (wish->kind == CORRECTION_VOID && turn != TURN_NONE)
		return fault_set(fault, FAULT_INVALID,
		                 "%.*s is a turn of a request: void the request, or correct the "
		                 "counts of the turn",
		                 TEXT_ARGS(wish->id));
	if (wish->kind == CORRECTION_CORRECT && turn == TURN_ENDED)
		return fault_set(fault, FAULT_INVALID,
		                 "%.*s is a turn that its request has no more: it counts nothing",
		                 TEXT_ARGS(wish->id));
	return 0;
}

int ledger_correct(struct ledger *ledger, const struct correction_wish *wish,
                   struct correction_done *done_out, struct fault *fault)
{
	struct correction_done done = { .rows = 0 };
	struct subject subject;
	struct event_now after;
	int64_t source;
	int r;

	assert(ledger->in_transaction && wish->kind != CORRECTION_RATED);
	if (wish->reason.len == 0 || wish->who.len == 0)
		return fault_set(fault, FAULT_INVALID, "a correction needs a reason");
	names_trim(&ledger->names);
	r = names_id(ledger, wish->source, &source, fault);
	if (r == 0)
		r = load(ledger, source, wish->id, wish->time_ms, &subject, fault);
	if (r == 0)
		r = check_wish(wish, &subject, fault);
	if (r < 0)
		return r;
	done.waits = subject.row.stored.price_id == LEDGER_PRICE_SUSPENSE;
	if (wish->kind == CORRECTION_CORRECT) {
		r = set_counts(ledger, wish, &subject, &after, fault);
		if (r < 0)
			return r;
		done.amount_now = after.amount;
		done.cost_now = after.cost;
		r = make_row(ledger, wish, &subject, &after, &done, fault);
	} else {
		r = make_row(ledger, wish, &subject, NULL, &done, fault);
		if (r == 0 && subject.row.stored.event.turn == TURN_NONE)
			r = void_turns(ledger, wish, source, &done, fault);
	}
	if (r == 0)
		*done_out = done;
	return r;
}

int ledger_correct_rated(struct ledger *ledger, const struct event *event, int64_t at_ms,
                         struct text who, struct fault *fault)
{
	const struct correction_wish wish = {
		.kind = CORRECTION_RATED,
		.at_ms = at_ms,
		.who = who,
		.reason = text_of("its price was found: suspense.retry"),
	};
	struct correction_done done = { .rows = 0 };
	struct subject subject;
	struct event_now after;
	int64_t source;
	int r = names_id(ledger, event->source, &source, fault);

	assert(ledger->in_transaction);
	if (r == 0)
		r = load(ledger, source, event->id, event->time_ms, &subject, fault);
	if (r < 0 || subject.now.corrections == 0 || subject.now.voided)
		return r;
	after = subject.now;
	r = rate_again(ledger, &subject.row, &after, fault);
	if (r < 0 || (money_compare(after.amount, subject.now.amount) == 0 &&
	              money_compare(after.cost, subject.now.cost) == 0))
		return r;
	return make_row(ledger, &wish, &subject, &after, &done, fault);
}
