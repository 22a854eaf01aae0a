#include <stdlib.h>

#include "ingest/change_internal.h"
#include "ledger/correct.h"
#include "rate/policy.h"
#include "rate/rating.h"

static int begin(struct change_job *job)
{
	job->from_ms = LEDGER_FROM_MIN;
	job->chunk.doc = &job->line;
	return change_terms(job);
}

static int chunk_add(void *context, const struct stored_event *row)
{
	struct chunk *chunk = context;
	struct event *event;
	struct waiting *grown;
	int r;

	/* A chunk ends between two milliseconds, so that the next begins behind it. */
	if (chunk->count >= RETRY_CHUNK && row->event.time_ms != chunk->last_ms)
		return 1;
	if (chunk->count == chunk->cap) {
		size_t cap = chunk->cap > 0 ? chunk->cap * 2 : 256;

		grown = realloc(chunk->rows, cap * sizeof(*grown));
		if (grown == NULL)
			return -FAULT_NOMEM;
		chunk->rows = grown;
		chunk->cap = cap;
	}
	chunk->rows[chunk->count] = (struct waiting){
		row->event, { row->price_id, row->amount, row->policy, row->cost_id, row->cost }
	};
	event = &chunk->rows[chunk->count++].event;
	chunk->last_ms = event->time_ms;
	struct text *const texts[] = { &event->id,           &event->source,
		                       &event->account,      &event->key,
		                       &event->model,        &event->provider,
		                       &event->service_tier, &event->finish_reason,
		                       &event->region,       &event->api };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i]->at == NULL)
			continue;
		*texts[i] = arena_copy(&chunk->arena, *texts[i]);
		if (texts[i]->at == NULL)
			return -FAULT_NOMEM;
	}
	r = terms_recall_sum(event, chunk->doc);
	event->extra = text_of(NULL); /* stays as it is in the row */
	return r;
}

/* What it was sold for.  Of a sum that a threshold parts nobody can say it: it stays. */
static bool find_price(const struct change_job *job, const struct waiting *row, struct rated *found,
                       struct money *amount_out)
{
	struct usage room;
	const struct rating_request request = rating_of(
		&row->event, policy_charged(row->rated.policy, &row->event, &room));
	struct charges charges;
	enum rating_verdict verdict = rating_request(job->terms.book.book, &request, &charges);

	if ((verdict != RATING_PRICED && verdict != RATING_NOTHING) ||
	    terms_sum_moves_price(&job->terms, &row->event))
		return false;
	found->price_id = LEDGER_PRICE_NONE;
	if (verdict == RATING_PRICED)
		found->price_id = job->terms.book.first_price +
		                  (int64_t)charges.found.version->ordinal;
	*amount_out = found->amount = charges.total;
	return true;
}

/* What it cost. */
static bool find_cost(const struct change_job *job, const struct waiting *row, struct rated *found,
                      struct money *amount_out)
{
	terms_rate_cost(&job->terms, &row->event, found);
	*amount_out = found->cost;
	return found->cost_id >= LEDGER_PRICE_NONE;
}

static bool find(const struct change_job *job, const struct waiting *row, struct rated *found,
                 struct money *amount_out)
{
	return job->side == BOOK_SELL ? find_price(job, row, found, amount_out)
	                              : find_cost(job, row, found, amount_out);
}

/*
 * What it is rated at.  One that was corrected needs a rate for its own counts, which the event
 * keeps, and for those it has now; *amount_out is of these.
 */
static int find_both(struct change_job *job, const struct waiting *row, struct rated *found,
                     struct money *amount_out, bool *found_out)
{
	const struct stored_event stored = { .event = row->event,
		                             .amount = row->rated.amount,
		                             .cost = row->rated.cost };
	struct waiting corrected = *row;
	struct rated now_found = row->rated;
	struct event_now now;
	int r = ledger_event_now(job->ledger, &stored, &now, &job->fault);

	if (r < 0)
		return r;
	*found_out = find(job, row, found, amount_out);
	if (!*found_out || now.corrections == 0)
		return 0;
	corrected.event.usage = now.usage;
	*found_out = find(job, &corrected, &now_found, amount_out) &&
	             (job->side == BOOK_COST || found->price_id > LEDGER_PRICE_NONE ||
	              now_found.price_id == LEDGER_PRICE_NONE) &&
	             (job->side == BOOK_SELL || found->cost_id > LEDGER_PRICE_NONE ||
	              now_found.cost_id == LEDGER_PRICE_NONE);
	return 0;
}

static int price_one(struct change_job *job, const struct waiting *row)
{
	struct retried *retried = &job->retried[job->side];
	struct rated found = row->rated;
	struct money amount = { 0 };
	bool priced = false;
	int r = find_both(job, row, &found, &amount, &priced);

	retried->tried++;
	if (r < 0 || !priced)
		return r;
	r = ledger_suspense_price(job->ledger, &row->event, &row->rated, &found, &job->fault);
	if (r == -FAULT_RANGE) {
		/* The sum of its hour has no room: it stays in suspense. */
		job->fault = (struct fault){ .code = FAULT_NONE };
		return 0;
	}
	if (r == 0)
		r = ledger_correct_rated(job->ledger, &row->event, job->change.now_ms,
		                         job->change.who, &job->fault);
	retried->priced++;
	if (r == 0 && money_total_add(retried->amount, amount, &retried->amount) < 0)
		r = fault_set(&job->fault, FAULT_RANGE, "the sum of what was priced does not fit");
	return r;
}

static int price_chunk(struct change_job *job)
{
	const struct retried before = job->retried[job->side];
	int r = ledger_begin(job->ledger, &job->fault);

	for (size_t i = 0; r == 0 && i < job->chunk.count; i++)
		r = price_one(job, &job->chunk.rows[i]);
	if (r == 0)
		r = ledger_commit(job->ledger, &job->fault);
	if (r < 0) {
		ledger_rollback(job->ledger);
		job->retried[job->side] = before;
	}
	return r;
}

static void put_retried(struct buf *out, const struct retried *retried)
{
	char amount[MONEY_TEXT_BYTES];

	money_text(retried->amount, amount);
	buf_addf(out, "\"tried\":%lld,\"priced\":%lld,\"left\":%lld,\"amount\":\"%s\"",
	         (long long)retried->tried, (long long)retried->priced,
	         (long long)(retried->tried - retried->priced), amount);
}

static bool put_done(const struct change_job *job, struct buf *out, bool ok)
{
	const struct retried *cost = &job->retried[BOOK_COST];

	buf_addf(out, "{\"ok\":%s,", ok ? "true" : "false");
	put_retried(out, &job->retried[BOOK_SELL]);
	if (cost->tried > 0) {
		buf_add_cstr(out, ",\"cost\":{");
		put_retried(out, cost);
		buf_add_cstr(out, "}");
	}
	buf_add_cstr(out, "}");
	return job->retried[BOOK_SELL].priced > 0 || cost->priced > 0;
}

static int step(struct change_job *job, bool *more_out)
{
	int r;

	job->chunk.count = 0;
	arena_reset(&job->chunk.arena);
	r = (job->side == BOOK_SELL ? ledger_each_suspense : ledger_each_uncosted)(
		job->ledger, job->from_ms, LEDGER_TO_MAX, chunk_add, &job->chunk, &job->fault);
	if (r < 0)
		return r;
	if (job->chunk.count == 0 && job->side == BOOK_COST)
		return change_finish(job);
	*more_out = true;
	if (job->chunk.count == 0) {
		job->side = BOOK_COST;
		job->from_ms = LEDGER_FROM_MIN;
		return 0;
	}
	r = price_chunk(job);
	job->from_ms = job->chunk.last_ms + 1;
	*more_out = r == 0;
	return r;
}

const struct change_kind change_suspense_retry = {
	.name = "suspense.retry",
	.begin = begin,
	.step = step,
	.put_done = put_done,
};
