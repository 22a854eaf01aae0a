/* Reading corrections, and what an event comes to with them. */
#include <string.h>

#include "base/json.h"
#include "base/moment.h"
#include "ledger/internal.h"
#include "rate/policy.h"
#include "rate/rating.h"

static const char *const kind_names[CORRECTION_KIND_COUNT] = {
	[CORRECTION_VOID] = "void",
	[CORRECTION_CORRECT] = "correct",
	[CORRECTION_TWIN] = "twin",
	[CORRECTION_RATED] = "rated",
};

const char *correction_kind_name(enum correction_kind kind)
{
	return kind_names[kind];
}

/* CORRECTION_COLUMNS, counted from 0 */
enum {
	COLUMN_SEQ,
	COLUMN_AT,
	COLUMN_WHO,
	COLUMN_REASON,
	COLUMN_KIND,
	COLUMN_TS,
	COLUMN_SOURCE,
	COLUMN_ID,
	COLUMN_HOUR,
	COLUMN_BOOKED,
	COLUMN_ACCOUNT,
	COLUMN_KEY,
	COLUMN_MODEL,
	COLUMN_PROVIDER,
	COLUMN_TIER,
	COLUMN_PRICE,
	COLUMN_COST_PRICE,
	COLUMN_EVENTS,
	COLUMN_TURNS,
	COLUMN_ERRORS,
	COLUMN_PARTIAL,
	COLUMN_ESTIMATED,
	COLUMN_UNCOUNTED,
	COLUMN_COSTED,
	COLUMN_UNCOSTED,
	COLUMN_COUNTS,
	COLUMN_NANOS,
	COLUMN_ATTOS,
	COLUMN_COST_NANOS,
	COLUMN_COST_ATTOS,
	COLUMN_DIGEST,
};

/* {"output":-10} into the counts of that row. */
static int read_counts(const struct ledger *ledger, struct text json, struct correction_row *row,
                       struct fault *fault)
{
	struct json doc = { .nodes = NULL };
	struct fault inner;
	int r = json_parse(&doc, json, &inner);

	if (r == -FAULT_NOMEM)
		return fault_set(fault, FAULT_NOMEM, "a correction: out of memory");
	for (uint32_t k = r == 0 ? json_first(&doc, 0) : JSON_NONE; r == 0 && k != JSON_NONE;
	     k = json_next(&doc, 0, k)) {
		enum component c = component_find(doc.nodes[k].text);

		if (c == COMPONENT_COUNT || !json_integer(&doc, k + 1, &row->adds.count[c]))
			r = -FAULT_CORRUPT;
	}
	json_release(&doc);
	return r < 0 ? fault_set(fault, FAULT_CORRUPT, "%s: the counts of correction %lld are none",
	                         ledger->path, (long long)row->seq)
	             : 0;
}

int correction_read(struct ledger *ledger, const struct query *query, struct correction_row *out,
                    struct fault *fault)
{
	struct correction_row row = {
		.seq = column_int(query, COLUMN_SEQ),
		.at_ms = column_int(query, COLUMN_AT),
		.who = column_text(query, COLUMN_WHO),
		.reason = column_text(query, COLUMN_REASON),
		.id = column_text(query, COLUMN_ID),
		.ts = column_int(query, COLUMN_TS),
		.booked_ms = column_int(query, COLUMN_BOOKED),
		.cost_id = column_is_null(query, COLUMN_COST_PRICE)
		                   ? LEDGER_COST_NO_BOOK
		                   : column_int(query, COLUMN_COST_PRICE),
		.key = { column_int(query, COLUMN_HOUR), column_int(query, COLUMN_ACCOUNT),
		         column_int(query, COLUMN_KEY), column_int(query, COLUMN_MODEL),
		         column_int(query, COLUMN_SOURCE), column_int(query, COLUMN_PROVIDER),
		         column_int(query, COLUMN_TIER), column_int(query, COLUMN_PRICE) },
		.adds = { .events = column_int(query, COLUMN_EVENTS),
		          .errors = column_int(query, COLUMN_ERRORS),
		          .turns = column_int(query, COLUMN_TURNS),
		          .partial = column_int(query, COLUMN_PARTIAL),
		          .estimated = column_int(query, COLUMN_ESTIMATED),
		          .uncounted = column_int(query, COLUMN_UNCOUNTED),
		          .costed = column_int(query, COLUMN_COSTED),
		          .uncosted = column_int(query, COLUMN_UNCOSTED) },
		.digest = column_blob(query, COLUMN_DIGEST),
	};

	/* The CHECK of the column keeps it one of them. */
	while (row.kind < CORRECTION_RATED &&
	       !text_is(column_text(query, COLUMN_KIND), kind_names[row.kind]))
		row.kind++;
	*out = row;
	if (money_join(column_int(query, COLUMN_NANOS), column_int(query, COLUMN_ATTOS),
	               &out->adds.amount) < 0 ||
	    money_join(column_int(query, COLUMN_COST_NANOS), column_int(query, COLUMN_COST_ATTOS),
	               &out->adds.cost) < 0)
		return fault_set(fault, FAULT_CORRUPT, "%s: correction %lld is no amount",
		                 ledger->path, (long long)row.seq);
	return read_counts(ledger, column_text(query, COLUMN_COUNTS), out, fault);
}

void correction_counts(const struct correction_row *row, struct buf *out)
{
	const char *comma = "";

	buf_add_cstr(out, "{");
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (row->adds.count[c] == 0)
			continue;
		buf_addf(out, "%s\"%s\":%lld", comma, component_info[c].key,
		         (long long)row->adds.count[c]);
		comma = ",";
	}
	buf_add_cstr(out, "}");
}

int correction_digest(const struct correction_row *row, unsigned char digest_out[SHA256_BYTES],
                      struct fault *fault)
{
	const struct rollup_key *key = &row->key;
	const struct rollup_sum *adds = &row->adds;
	const int64_t numbers[] = { row->seq,      row->at_ms,      row->ts,         row->booked_ms,
		                    row->cost_id,  key->hour,       key->account,    key->key,
		                    key->model,    key->source,     key->provider,   key->tier,
		                    key->price,    adds->events,    adds->turns,     adds->errors,
		                    adds->partial, adds->estimated, adds->uncounted, adds->costed,
		                    adds->uncosted };
	char amount[MONEY_TEXT_BYTES], cost[MONEY_TEXT_BYTES];
	struct buf bytes = { .at = NULL };
	int r = 0;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		buf_addf(&bytes, "%lld ", (long long)numbers[i]);
	money_text(adds->amount, amount);
	money_text(adds->cost, cost);
	buf_addf(&bytes, "%s %s %s ", kind_names[row->kind], amount, cost);
	buf_add_json(&bytes, row->who);
	buf_add_json(&bytes, row->reason);
	buf_add_json(&bytes, row->id);
	correction_counts(row, &bytes);
	if (bytes.error != 0)
		r = fault_set(fault, FAULT_NOMEM, "a correction: out of memory");
	else
		sha256(bytes.at, bytes.len, digest_out);
	buf_release(&bytes);
	return r;
}

/* With its names. */
static int tell(struct ledger *ledger, const struct correction_row *row, ledger_correction_fn *each,
                void *context, struct fault *fault)
{
	const struct rollup_sum *adds = &row->adds;
	struct correction told = {
		.seq = row->seq,
		.at_ms = row->at_ms,
		.who = row->who,
		.reason = row->reason,
		.kind = row->kind,
		.id = row->id,
		.time_ms = row->ts,
		.booked_ms = row->booked_ms,
		.cost_id = row->cost_id,
		.adds = { .hour_ms = row->key.hour,
		          .price_id = row->key.price,
		          .events = adds->events,
		          .turns = adds->turns,
		          .errors = adds->errors,
		          .suspense = row->key.price == LEDGER_PRICE_SUSPENSE ? adds->events : 0,
		          .partial = adds->partial,
		          .estimated = adds->estimated,
		          .uncounted = adds->uncounted,
		          .amount = adds->amount,
		          .costed = adds->costed,
		          .uncosted = adds->uncosted,
		          .cost = adds->cost },
	};
	const struct {
		int64_t id;
		struct text *text;
	} names[] = {
		{ row->key.account, &told.adds.account },
		{ row->key.key, &told.adds.key },
		{ row->key.model, &told.adds.model },
		{ row->key.source, &told.adds.source },
		{ row->key.provider, &told.adds.provider },
		{ row->key.tier, &told.adds.service_tier },
	};

	memcpy(told.adds.count, adds->count, sizeof(told.adds.count));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int r = names_text(ledger, names[i].id, names[i].text, fault);

		if (r < 0)
			return r;
	}
	return each(context, &told);
}

/* What a total is made of: a row that is not as it was made is none. */
static int read_as_made(struct ledger *ledger, const struct query *query,
                        struct correction_row *out, struct fault *fault)
{
	unsigned char digest[SHA256_BYTES];
	int r = correction_read(ledger, query, out, fault);

	if (r == 0)
		r = correction_digest(out, digest, fault);
	if (r == 0 && !text_equal(out->digest, (struct text){ (const char *)digest, SHA256_BYTES }))
		r = fault_set(
			fault, FAULT_CORRUPT,
			"%s: correction %lld is not as it was made (its digest): " WORDS_ADVICE,
			ledger->path, (long long)out->seq);
	return r;
}

static int gone(const struct ledger *ledger, struct fault *fault)
{
	return fault_set(fault, FAULT_CORRUPT, "%s: correction %lld is gone: " WORDS_ADVICE,
	                 ledger->path, (long long)ledger->corrections + 1);
}

/*
 * One that is damaged need not come where it was: it is in no hour, or of no event, that anybody
 * asks for.  So before any of them counts they are all looked at, by their numbers, which have no
 * gaps and go as far as the seals say; once by a handle.  Not by a writer, which shows no totals,
 * and is not to stop, or to wait, for what nobody asked of it.
 */
static int check_all(struct ledger *ledger, struct fault *fault)
{
	struct correction_row row;
	struct query query;
	int64_t sealed = 0;
	int r;

	if (ledger->lock_fd >= 0)
		return 0;
	query = query_start(ledger, STATEMENT_CORRECTION_BEHIND);
	query_int(&query, ledger->corrections);
	while ((r = query_row(&query, fault)) > 0) {
		r = read_as_made(ledger, &query, &row, fault);
		if (r == 0 && row.seq != ledger->corrections + 1)
			r = gone(ledger, fault);
		if (r < 0) {
			query_end(&query);
			return r;
		}
		ledger->corrections++;
	}
	if (r < 0)
		return r;
	query = query_start(ledger, STATEMENT_SEAL_LOG_LAST);
	query_text(&query, text_of("correction"));
	r = query_single(&query, &sealed, fault);
	return r == 0 && sealed > ledger->corrections ? gone(ledger, fault) : r;
}

/* Rows of CORRECTION_COLUMNS; `many`: names that were given out before may go. */
static int each_row(struct ledger *ledger, struct query *query, bool many,
                    ledger_correction_fn *each, void *context, struct fault *fault)
{
	int r;

	while ((r = query_row(query, fault)) > 0) {
		struct correction_row row;

		if (many)
			names_trim(&ledger->names);
		r = read_as_made(ledger, query, &row, fault);
		if (r == 0)
			r = tell(ledger, &row, each, context, fault);
		if (r != 0) {
			query_end(query);
			return r;
		}
	}
	return r;
}

int ledger_each_correction(struct ledger *ledger, enum correction_hour hour, int64_t from_ms,
                           int64_t to_ms, ledger_correction_fn *each, void *context,
                           struct fault *fault)
{
	struct query query;
	int r = check_all(ledger, fault);

	if (r < 0)
		return r;
	query = query_start(ledger, hour == CORRECTION_BOOKED ? STATEMENT_CORRECTION_BOOKED
	                                                      : STATEMENT_CORRECTION_TRAFFIC);
	query_int(&query, from_ms);
	query_int(&query, to_ms);
	return each_row(ledger, &query, true, each, context, fault);
}

int ledger_corrections_of(struct ledger *ledger, struct text source, struct text id,
                          int64_t time_ms, ledger_correction_fn *each, void *context,
                          struct fault *fault)
{
	struct query query;
	int64_t source_id;
	int r = check_all(ledger, fault);

	if (r == 0)
		r = names_id(ledger, source, &source_id, fault);
	if (r < 0)
		return r;
	query = query_start(ledger, STATEMENT_CORRECTION_EVENT);
	store_bind_identity(&query, time_ms, source_id, id);
	return each_row(ledger, &query, false, each, context, fault);
}

/* One more correction. */
static bool add(struct event_now *now, const struct correction_row *row)
{
	now->corrections++;
	now->voided = now->voided || row->kind == CORRECTION_VOID || row->kind == CORRECTION_TWIN;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (__builtin_add_overflow(now->usage.count[c], row->adds.count[c],
		                           &now->usage.count[c]) ||
		    now->usage.count[c] < 0)
			return false;
	}
	return money_add(now->amount, row->adds.amount, &now->amount) == 0 &&
	       money_add(now->cost, row->adds.cost, &now->cost) == 0;
}

int correction_event_now(struct ledger *ledger, const struct event_row *row,
                         struct event_now *now_out, struct fault *fault)
{
	const struct stored_event *stored = &row->stored;
	struct event_now now = { .usage = stored->event.usage,
		                 .amount = stored->amount,
		                 .cost = stored->cost };
	struct query query;
	int r = check_all(ledger, fault);

	if (r < 0)
		return r;
	query = query_start(ledger, STATEMENT_CORRECTION_EVENT);
	store_bind_identity(&query, stored->event.time_ms, row->source, stored->event.id);
	while ((r = query_row(&query, fault)) > 0) {
		struct correction_row correction;

		r = read_as_made(ledger, &query, &correction, fault);
		if (r == 0 && !add(&now, &correction))
			r = fault_set(fault, FAULT_CORRUPT,
			              "%s: event %.*s: its corrections make no count or no amount",
			              ledger->path, TEXT_ARGS(stored->event.id));
		if (r < 0) {
			query_end(&query);
			return r;
		}
	}
	if (r < 0)
		return r;
	if (now.voided)
		now.usage.kind_count = 0;
	*now_out = now;
	return 0;
}

int ledger_event_now(struct ledger *ledger, const struct stored_event *row,
                     struct event_now *now_out, struct fault *fault)
{
	struct event_row of = { .stored = *row };
	int r = names_id(ledger, row->event.source, &of.source, fault);

	return r < 0 ? r : correction_event_now(ledger, &of, now_out, fault);
}

struct walk {
	struct ledger *ledger;
	int64_t next_ms; /* the first time at which an event has a correction */
	ledger_event_fn *each;
	void *context;
	struct fault *fault;
};

static int find_next(struct walk *walk, int64_t from_ms)
{
	struct query query = query_start(walk->ledger, STATEMENT_CORRECTION_NEXT);
	int r;

	query_int(&query, from_ms);
	r = query_row(&query, walk->fault);
	if (r < 0)
		return r;
	walk->next_ms = r == 0 || column_is_null(&query, 0) ? LEDGER_TO_MAX : column_int(&query, 0);
	query_end(&query);
	return 0;
}

static int take_event(void *context, const struct stored_event *row)
{
	struct walk *walk = context;
	struct stored_event changed;
	struct event_now now;
	int r = 0;

	if (row->event.time_ms > walk->next_ms)
		r = find_next(walk, row->event.time_ms);
	if (r < 0)
		return r;
	if (row->event.time_ms != walk->next_ms)
		return walk->each(walk->context, row);
	r = ledger_event_now(walk->ledger, row, &now, walk->fault);
	if (r < 0 || now.voided)
		return r;
	changed = *row;
	changed.event.usage = now.usage;
	changed.amount = now.amount;
	changed.cost = now.cost;
	return walk->each(walk->context, &changed);
}

int ledger_each_event_now(struct ledger *ledger, int64_t from_ms, int64_t to_ms,
                          ledger_event_fn *each, void *context, struct fault *fault)
{
	struct walk walk = { ledger, LEDGER_FROM_MIN, each, context, fault };
	int r = check_all(ledger, fault);

	if (r == 0)
		r = find_next(&walk, from_ms);
	return r < 0 ? r : ledger_each_event(ledger, from_ms, to_ms, take_event, &walk, fault);
}

int correction_due(struct ledger *ledger, const struct event_row *row, const struct usage *usage,
                   enum book_side side, int64_t price_id, struct money *due_out, bool *rated_out,
                   struct fault *fault)
{
	const struct book_version *version = NULL;
	const struct book *book = NULL;
	struct event event = row->stored.event;
	const struct usage *charged = &event.usage;
	struct rating_request request;
	enum rating_verdict verdict;
	struct charges charges;
	struct usage room;
	int r;

	event.usage = *usage;
	/* Policies are of the side that is sold. */
	if (side == BOOK_SELL)
		charged = policy_charged(row->stored.policy, &event, &room);
	*due_out = (struct money){ 0 };
	*rated_out = price_id != LEDGER_PRICE_NONE || usage_is_empty(charged);
	if (price_id <= LEDGER_PRICE_NONE)
		return 0;
	r = ledger_price_version(ledger, price_id, &version, &book, fault);
	if (r < 0)
		return r;
	request = rating_of(&event, charged);
	verdict = rating_under(version, &request, &charges);
	*rated_out = verdict == RATING_PRICED || verdict == RATING_NOTHING;
	if (*rated_out)
		*due_out = charges.total;
	return 0;
}
