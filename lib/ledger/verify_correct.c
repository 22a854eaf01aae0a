#include "ledger/verify_correct.h"

#include <stdio.h>
#include <string.h>

#include "base/moment.h"
#include "ledger/archives.h"

/* The corrections of one event, in their order. */
struct chain {
	struct verify *verify;
	struct ledger *ledger;
	struct verify_summary *summary;
	int64_t next_seq; /* due */
	/* Of the event whose rows are walked: */
	bool any, there;
	int64_t ts, source;
	char id[EVENT_NAME_BYTES_MAX + 1];
	struct event_row row;
	struct event_now now; /* by the rows so far, without the event's own amounts */
	bool distrusted;      /* told of already: its amounts are not looked at any more */
};

static int report(struct chain *chain, const char *what, const char *stored, const char *derived)
{
	int r = verify_where_event(chain->verify, chain->source, text_of(chain->id), chain->ts);

	return r < 0 ? r
	             : verify_report_texts(chain->verify, VERIFY_CORRECTION, what, stored, derived);
}

static int report_numbers(struct chain *chain, const char *what, int64_t stored, int64_t derived)
{
	int r;

	if (stored == derived)
		return 0;
	r = verify_where_event(chain->verify, chain->source, text_of(chain->id), chain->ts);
	return r < 0 ? r
	             : verify_report_numbers(chain->verify, VERIFY_CORRECTION, what, stored,
	                                     derived);
}

static int report_money(struct chain *chain, const char *what, struct money stored,
                        struct money derived)
{
	char a[MONEY_TEXT_BYTES], b[MONEY_TEXT_BYTES];

	if (money_compare(stored, derived) == 0)
		return 0;
	money_text(stored, a);
	money_text(derived, b);
	return report(chain, what, a, b);
}

/* What the event itself had in the sums while it had that price. */
static struct money own(int64_t price_id, int64_t price_now, struct money amount)
{
	return price_id == price_now ? amount : (struct money){ 0 };
}

/* One side: what the rows so far add must make it what its counts come to. */
static int check_due(struct chain *chain, enum book_side side, int64_t price_id,
                     struct money amount, struct money added, struct fault *fault)
{
	const char *what = side == BOOK_SELL ? "amount" : "cost";
	struct money due = { 0 };
	bool rated = true;
	int r = 0;

	if (chain->distrusted || verify_is_distrusted(chain->verify, price_id))
		return 0;
	if (!chain->now.voided)
		r = correction_due(chain->ledger, &chain->row, &chain->now.usage, side, price_id,
		                   &due, &rated, fault);
	if (r == -FAULT_CORRUPT)
		return 0; /* a price that is gone is told of the event */
	if (r < 0)
		return r;
	if (!rated) {
		chain->distrusted = true;
		return report(chain, what, "counts that its price has no rate for",
		              "counts with a rate");
	}
	if (money_sub(due, amount, &due) < 0)
		due = (struct money){ 0 };
	if (money_compare(added, due) != 0)
		chain->distrusted = true;
	return report_money(chain, what, added, due);
}

/* The last row of an event: with the price that it has by now. */
static int end_event(struct chain *chain, struct fault *fault)
{
	const struct stored_event *stored = &chain->row.stored;
	int r;

	if (!chain->any || !chain->there)
		return 0;
	r = check_due(chain, BOOK_SELL, stored->price_id, stored->amount, chain->now.amount, fault);
	return r != 0 ? r
	              : check_due(chain, BOOK_COST, stored->cost_id, stored->cost, chain->now.cost,
	                          fault);
}

static int begin_event(struct chain *chain, const struct correction_row *row, struct fault *fault)
{
	struct query query;
	struct fault inner = { .code = FAULT_NONE };
	int r;

	chain->any = true;
	chain->distrusted = false;
	chain->ts = row->ts;
	chain->source = row->key.source;
	text_copy(chain->id, sizeof(chain->id), row->id);
	r = archives_event(chain->ledger, row->ts, row->key.source, row->id, &query, fault);
	chain->there = r > 0;
	if (r < 0)
		return r;
	if (r == 0)
		return report(chain, "event", "gone", "an event that is there");
	r = event_row_read(chain->ledger, &query, &chain->row, &inner);
	if (r == 0)
		r = event_row_names(chain->ledger, &chain->row, &inner);
	query_end(&query);
	chain->row.stored.event.id = text_of(chain->id);
	chain->row.stored.event.extra = text_of(NULL);
	chain->now = (struct event_now){ .usage = chain->row.stored.event.usage };
	/* What cannot be read is told of the event. */
	chain->there = r == 0;
	if (r < 0 && r != -FAULT_CORRUPT)
		return fault_set(fault, inner.code, "%s", inner.text);
	return 0;
}

/* In the sum of its event, under the price it had then: this one, or none yet. */
static int check_key(struct chain *chain, const struct correction_row *row)
{
	const struct rollup_key due = event_row_key(&chain->row);
	int64_t cost_due = chain->row.stored.cost_id;
	int r = report_numbers(chain, "hour", row->key.hour, due.hour);

	if (r == 0)
		r = report_numbers(chain, "account", row->key.account, due.account);
	if (r == 0)
		r = report_numbers(chain, "key", row->key.key, due.key);
	if (r == 0)
		r = report_numbers(chain, "model", row->key.model, due.model);
	if (r == 0)
		r = report_numbers(chain, "provider", row->key.provider, due.provider);
	if (r == 0)
		r = report_numbers(chain, "tier", row->key.tier, due.tier);
	if (r == 0 && row->key.price != LEDGER_PRICE_SUSPENSE)
		r = report_numbers(chain, "price", row->key.price, due.price);
	if (r == 0 && row->cost_id != LEDGER_PRICE_SUSPENSE)
		r = report_numbers(chain, "price of its cost", row->cost_id, cost_due);
	return r;
}

/* In its own hour, or behind a closing that its own hour is before. */
static int check_booked(struct chain *chain, const struct correction_row *row, struct fault *fault)
{
	char stored[MOMENT_TEXT_BYTES], due[MOMENT_TEXT_BYTES];
	struct query query;
	int64_t fitting = 0;
	int r;

	if (row->booked_ms == row->key.hour)
		return 0;
	query = query_start(chain->ledger, STATEMENT_CLOSINGS_BETWEEN);
	query_int(&query, row->key.hour);
	query_int(&query, row->booked_ms);
	r = query_single(&query, &fitting, fault);
	if (r < 0 || fitting > 0)
		return r;
	moment_text_unit(row->booked_ms, MOMENT_HOUR, stored);
	moment_text_unit(row->key.hour, MOMENT_HOUR, due);
	return report(chain, "booked hour", stored, due);
}

/* What a void takes from the counters: all that the event is in.  Any other row: nothing. */
static int check_counters(struct chain *chain, const struct correction_row *row, bool voids)
{
	static const struct rollup_sum nothing;
	struct rollup_delta delta = event_row_delta(&chain->row);
	struct rollup_sum one = nothing, due = nothing;
	const struct rollup_sum *adds = &row->adds;
	int r = 0;

	delta.cost_id = row->cost_id;
	if (voids && rollup_sum_add(&one, &delta) == 0)
		r = rollup_sum_less(&nothing, &one, &due);
	if (r < 0)
		return 0;
	const struct {
		const char *what;
		int64_t stored, derived;
	} counters[] = {
		{ "events", adds->events, due.events },
		{ "turns", adds->turns, due.turns },
		{ "errors", adds->errors, due.errors },
		{ "partial", adds->partial, due.partial },
		{ "estimated", adds->estimated, due.estimated },
		{ "uncounted", adds->uncounted, due.uncounted },
		{ "costed", adds->costed, due.costed },
		{ "uncosted", adds->uncosted, due.uncosted },
	};
	for (size_t i = 0; r == 0 && i < sizeof(counters) / sizeof(counters[0]); i++)
		r = report_numbers(chain, counters[i].what, counters[i].stored,
		                   counters[i].derived);
	return r;
}

/* Adds the row to what the event is; the counts it leaves must be counts, or none where void. */
static int add_row(struct chain *chain, const struct correction_row *row, bool voids)
{
	struct event_now *now = &chain->now;
	int r = 0;

	now->voided = now->voided || voids;
	for (int c = 0; r == 0 && c < COMPONENT_COUNT; c++) {
		if (__builtin_add_overflow(now->usage.count[c], row->adds.count[c],
		                           &now->usage.count[c]))
			now->usage.count[c] = -1;
		if (now->usage.count[c] < 0 || (voids && now->usage.count[c] > 0)) {
			r = report_numbers(chain, component_info[c].key, now->usage.count[c],
			                   voids ? 0 : -now->usage.count[c]);
			now->usage.count[c] = 0;
			chain->distrusted = true;
		}
	}
	if (money_total_add(now->amount, row->adds.amount, &now->amount) < 0 ||
	    money_total_add(now->cost, row->adds.cost, &now->cost) < 0)
		return report(chain, "amount", "no amount", "one that can be summed");
	return r;
}

static int check_digest(struct chain *chain, const struct correction_row *row, struct fault *fault)
{
	unsigned char digest[SHA256_BYTES];
	int r = correction_digest(row, digest, fault);

	if (r < 0 || text_equal(row->digest, (struct text){ (const char *)digest, sizeof(digest) }))
		return r;
	chain->distrusted = true;
	return report(chain, "content", "another digest", "as it was made");
}

static int check_row(struct chain *chain, const struct correction_row *row, struct fault *fault)
{
	const struct stored_event *stored = &chain->row.stored;
	bool voids = row->kind == CORRECTION_VOID || row->kind == CORRECTION_TWIN;
	int r = check_digest(chain, row, fault);

	if (r == 0)
		r = check_booked(chain, row, fault);
	if (r == 0 && chain->there && chain->now.voided)
		r = report(chain, "kind", correction_kind_name(row->kind), "nothing: it is void");
	if (r != 0 || !chain->there)
		return r;
	/* Of a row that is not as it was made nothing else is told. */
	if (!chain->distrusted)
		r = check_key(chain, row);
	if (r == 0 && !chain->distrusted)
		r = check_counters(chain, row, voids);
	if (r == 0)
		r = add_row(chain, row, voids);
	if (r == 0)
		r = check_due(chain, BOOK_SELL, row->key.price,
		              own(row->key.price, stored->price_id, stored->amount),
		              chain->now.amount, fault);
	if (r == 0)
		r = check_due(chain, BOOK_COST, row->cost_id,
		              own(row->cost_id, stored->cost_id, stored->cost), chain->now.cost,
		              fault);
	if (r == 0 && voids && stored->price_id == LEDGER_PRICE_SUSPENSE)
		chain->summary->suspense--;
	return r;
}

/* CORRECTION_ALL */
static int take_row(struct verify *verify, const struct query *query, void *context,
                    struct fault *fault)
{
	struct fault inner = { .code = FAULT_NONE };
	struct chain *chain = context;
	struct correction_row row;
	int r = correction_read(chain->ledger, query, &row, &inner);

	(void)verify;
	if (r == -FAULT_CORRUPT) {
		chain->source = row.key.source;
		chain->ts = row.ts;
		text_copy(chain->id, sizeof(chain->id), row.id);
		chain->any = false;
		return report(chain, "row", ledger_bare(chain->ledger, &inner),
		              "a row that can be read");
	}
	if (r < 0)
		return fault_set(fault, inner.code, "%s", inner.text);
	chain->summary->corrections++;
	r = verify_total(&chain->summary->corrected_amount, row.adds.amount, "corrections", fault);
	if (r < 0)
		return r;
	if (!chain->any || chain->ts != row.ts || chain->source != row.key.source ||
	    !text_is(row.id, chain->id)) {
		r = end_event(chain, fault);
		if (r == 0)
			r = begin_event(chain, &row, fault);
	}
	return r != 0 ? r : check_row(chain, &row, fault);
}

/* CORRECTION_SEQS: each has the number behind the one before. */
static int take_seq(struct verify *verify, const struct query *query, void *context,
                    struct fault *fault)
{
	struct chain *chain = context;
	int64_t seq = column_int(query, 0), due = chain->next_seq;
	char where[64], number[32];

	(void)fault;
	chain->next_seq = seq + 1;
	if (seq == due)
		return 0;
	snprintf(where, sizeof(where), "correction %lld", (long long)seq);
	snprintf(number, sizeof(number), "%lld", (long long)due);
	return verify_report_at(verify, VERIFY_CORRECTION, text_of(where), "the line before it",
	                        text_of("missing"), text_of(number));
}

int verify_corrections(struct verify *verify, struct ledger *ledger, struct verify_summary *summary,
                       struct fault *fault)
{
	struct chain chain = {
		.verify = verify, .ledger = ledger, .summary = summary, .next_seq = 1
	};
	int r = verify_each(verify, STATEMENT_CORRECTION_SEQS, take_seq, &chain, fault);

	if (r == 0)
		r = verify_each(verify, STATEMENT_CORRECTION_ALL, take_row, &chain, fault);
	return r != 0 ? r : end_event(&chain, fault);
}
