#include "ledger/read.h"

#include <string.h>

#include "base/moment.h"
#include "ledger/archives.h"
#include "ledger/words.h"

/* Of what is walked only this is wanted. */
struct wanted {
	int64_t from_ms, to_ms;
	struct text source; /* absent: any */
	ledger_event_fn *each;
	void *context;
};

static int pass_wanted(const struct wanted *wanted, const struct stored_event *row)
{
	int64_t ts = row->event.time_ms;

	if (ts < wanted->from_ms || ts >= wanted->to_ms ||
	    (wanted->source.at != NULL && !text_equal(row->event.source, wanted->source)))
		return 0;
	return wanted->each(wanted->context, row);
}

/*
 * A row of EVENT_COLUMNS, of the ledger or of a file of its archive, which is whole or was not
 * opened; `words` (may be NULL) are of what is here.
 */
static int each_row(struct ledger *ledger, const struct query *query, struct word_walk *words,
                    const struct wanted *wanted, struct fault *fault)
{
	struct event_row row;
	int r = event_row_read(ledger, query, &row, fault);

	if (r == 0)
		r = words_event(ledger, &row, fault);
	if (r == 0 && words != NULL && query->ledger == ledger)
		r = word_walk_row(words, moment_floor(row.stored.event.time_ms, MOMENT_HOUR),
		                  word_in_hour(row.word), fault);
	if (r == 0)
		r = event_row_names(ledger, &row, fault);
	return r != 0 ? r : pass_wanted(wanted, &row.stored);
}

static int each_event_row(struct ledger *ledger, struct query *query, struct text source,
                          ledger_event_fn *each, void *context, struct fault *fault)
{
	struct wanted wanted = { LEDGER_FROM_MIN, LEDGER_TO_MAX, source, each, context };
	int r;

	while ((r = query_row(query, fault)) > 0) {
		r = each_row(ledger, query, NULL, &wanted, fault);
		if (r != 0) {
			query_end(query);
			return r;
		}
	}
	return r;
}

/* The same of events that may be in the archive. */
static int each_walked(struct ledger *ledger, enum statement statement, int64_t from_ms,
                       int64_t to_ms, struct text id, struct word_walk *words,
                       const struct wanted *wanted, struct fault *fault)
{
	const struct query *query = NULL;
	struct walk walk;
	int r = walk_start(&walk, ledger, statement, from_ms, to_ms, id, fault);

	if (r < 0)
		return r;
	while ((r = walk_next(&walk, &query, fault)) > 0) {
		r = each_row(ledger, query, words, wanted, fault);
		if (r != 0)
			break;
	}
	walk_end(&walk);
	return r;
}

/* Its hours are read whole, since their check words are of whole hours. */
int ledger_each_event(struct ledger *ledger, int64_t from_ms, int64_t to_ms, ledger_event_fn *each,
                      void *context, struct fault *fault)
{
	struct wanted wanted = { from_ms, to_ms, text_of(NULL), each, context };
	int64_t first = moment_floor(from_ms, MOMENT_HOUR), last = to_ms;
	struct word_walk words;
	int r;

	if (from_ms >= to_ms)
		return 0;
	if (to_ms != LEDGER_TO_MAX && moment_floor(to_ms, MOMENT_HOUR) != to_ms)
		last = moment_floor(to_ms, MOMENT_HOUR) + MS_PER_HOUR;
	r = word_walk_start(&words, ledger, WORD_EVENT, first, last, fault);
	if (r < 0)
		return r;
	r = each_walked(ledger, STATEMENT_EVENT_RANGE, first, last, text_of(NULL), &words, &wanted,
	                fault);
	if (r == 0)
		return word_walk_end(&words, fault);
	word_walk_stop(&words);
	return r;
}

int ledger_find_events(struct ledger *ledger, struct text id, struct text source, int64_t from_ms,
                       int64_t to_ms, ledger_event_fn *each, void *context, struct fault *fault)
{
	const struct wanted wanted = { from_ms, to_ms, source, each, context };

	return each_walked(ledger, STATEMENT_EVENT_BY_ID, from_ms, to_ms, id, NULL, &wanted, fault);
}

int ledger_find_request(struct ledger *ledger, struct text id, struct text source,
                        ledger_event_fn *each, void *context, struct fault *fault)
{
	const struct wanted wanted = { LEDGER_FROM_MIN, LEDGER_TO_MAX, source, each, context };

	return each_walked(ledger, STATEMENT_EVENT_REQUEST, LEDGER_FROM_MIN, LEDGER_TO_MAX, id,
	                   NULL, &wanted, fault);
}

int ledger_each_phase(struct ledger *ledger, struct text source, struct text id,
                      ledger_phase_fn *each, void *context, struct fault *fault)
{
	struct query query;
	int64_t source_id;
	int r;

	names_trim(&ledger->names);
	r = names_id(ledger, source, &source_id, fault);
	if (r < 0)
		return r;
	query = query_start(ledger, STATEMENT_PHASE_LIST);
	query_int(&query, source_id);
	query_text(&query, id);
	while ((r = query_row(&query, fault)) > 0) {
		const struct phase phase = {
			.settlement = (enum settlement)column_int(&query, 0),
			.time_ms = column_int(&query, 1),
			.late = column_int(&query, 2) != 0,
			.kept_ms = column_int(&query, 3),
			.stored = column_text(&query, 4),
		};

		r = column_int(&query, 0) == (int64_t)phase.settlement &&
		                    (unsigned)phase.settlement < SETTLEMENT_COUNT
		            ? each(context, &phase)
		            : fault_set(fault, FAULT_CORRUPT,
		                        "%s: a phase of %.*s is of no settlement: toll verify "
		                        "names it",
		                        ledger->path, TEXT_ARGS(id));
		if (r != 0) {
			query_end(&query);
			return r;
		}
	}
	return r;
}

int ledger_each_suspense(struct ledger *ledger, int64_t from_ms, int64_t to_ms,
                         ledger_event_fn *each, void *context, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_EVENT_SUSPENSE);

	query_int(&query, from_ms);
	query_int(&query, to_ms);
	return each_event_row(ledger, &query, text_of(NULL), each, context, fault);
}

int ledger_each_uncosted(struct ledger *ledger, int64_t from_ms, int64_t to_ms,
                         ledger_event_fn *each, void *context, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_EVENT_UNCOSTED);

	query_int(&query, from_ms);
	query_int(&query, to_ms);
	return each_event_row(ledger, &query, text_of(NULL), each, context, fault);
}

static int rollup_names(struct ledger *ledger, const struct query *query, struct rollup_row *row,
                        struct fault *fault)
{
	/* ROLLUP_KEY without the hour in front and the price behind */
	struct text *const texts[] = { &row->account, &row->key,      &row->model,
		                       &row->source,  &row->provider, &row->service_tier };

	names_trim(&ledger->names);
	for (int i = 0; i < (int)(sizeof(texts) / sizeof(texts[0])); i++) {
		int r = names_text(ledger, column_int(query, 1 + i), texts[i], fault);

		if (r < 0)
			return r;
	}
	return 0;
}

static struct rollup_row rollup_row_of(const struct rollup_key *key, const struct rollup_sum *sum)
{
	struct rollup_row row = {
		.hour_ms = key->hour,
		.price_id = key->price,
		.events = sum->events,
		.errors = sum->errors,
		.turns = sum->turns,
		.partial = sum->partial,
		.estimated = sum->estimated,
		.uncounted = sum->uncounted,
		.suspense = key->price == LEDGER_PRICE_SUSPENSE ? sum->events : 0,
		.amount = sum->amount,
		.costed = sum->costed,
		.uncosted = sum->uncosted,
		.cost = sum->cost,
	};

	memcpy(row.count, sum->count, sizeof(row.count));
	return row;
}

int ledger_each_rollup(struct ledger *ledger, int64_t from_ms, int64_t to_ms,
                       ledger_rollup_fn *each, void *context, struct fault *fault)
{
	enum { COLUMN_SUMS = 8 }; /* behind ROLLUP_KEY */
	struct word_walk walk;
	struct query query;
	int r;

	if (from_ms % MS_PER_HOUR != 0 || (to_ms != LEDGER_TO_MAX && to_ms % MS_PER_HOUR != 0))
		return fault_set(fault, FAULT_INVALID, "rollups are read by whole hours");
	r = word_walk_start(&walk, ledger, WORD_ROLLUP, from_ms, to_ms, fault);
	if (r < 0)
		return r;
	query = query_start(ledger, STATEMENT_ROLLUP_RANGE);
	query_int(&query, from_ms);
	query_int(&query, to_ms);
	while ((r = query_row(&query, fault)) > 0) {
		const struct rollup_key key = rollup_read_key(&query);
		struct rollup_row row;
		struct rollup_sum sum;

		r = rollup_read(&query, COLUMN_SUMS, &sum, fault);
		if (r == 0)
			r = word_walk_row(&walk, key.hour, word_of_rollup(&key, &sum), fault);
		if (r == 0) {
			row = rollup_row_of(&key, &sum);
			r = rollup_names(ledger, &query, &row, fault);
		}
		if (r == 0)
			r = each(context, &row);
		if (r != 0) {
			query_end(&query);
			break;
		}
	}
	if (r == 0)
		return word_walk_end(&walk, fault);
	word_walk_stop(&walk);
	return r;
}

/* Walks a query whose rows are QUARANTINE_COLUMNS. */
static int each_quarantine_row(struct ledger *ledger, struct query *query,
                               ledger_quarantine_fn *each, void *context, struct fault *fault)
{
	int r;

	while ((r = query_row(query, fault)) > 0) {
		struct quarantine_row row = {
			.id = column_int(query, 0),
			.event_id = column_text(query, 2),
			.reason_name = column_text(query, 3),
			.detail = column_text(query, 4),
			.first_ms = column_int(query, 5),
			.last_ms = column_int(query, 6),
			.times = column_int(query, 7),
			.event_ms = column_int_or_absent(query, 8),
			.length = column_int(query, 9),
			.raw = column_blob(query, 10),
			.released_ms = column_int(query, 11),
		};

		row.reason = reason_find(row.reason_name);
		names_trim(&ledger->names);
		r = names_text(ledger, column_int(query, 1), &row.source, fault);
		if (r == 0)
			r = each(context, &row);
		if (r != 0) {
			query_end(query);
			return r;
		}
	}
	return r;
}

int ledger_each_quarantine(struct ledger *ledger, int64_t from_ms, int64_t to_ms, bool released_too,
                           ledger_quarantine_fn *each, void *context, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_QUARANTINE_LIST);

	query_int(&query, from_ms);
	query_int(&query, to_ms);
	query_int(&query, released_too);
	return each_quarantine_row(ledger, &query, each, context, fault);
}

struct found {
	ledger_quarantine_fn *each;
	void *context;
	bool any;
};

static int note_found(void *context, const struct quarantine_row *row)
{
	struct found *found = context;

	found->any = true;
	return found->each(found->context, row);
}

int ledger_quarantine_get(struct ledger *ledger, int64_t id, ledger_quarantine_fn *each,
                          void *context, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_QUARANTINE_GET);
	struct found found = { each, context, false };
	int r;

	query_int(&query, id);
	r = each_quarantine_row(ledger, &query, note_found, &found, fault);
	if (r == 0 && !found.any)
		return fault_set(fault, FAULT_NOT_FOUND, "quarantine has no line %lld",
		                 (long long)id);
	return r;
}

int ledger_each_conflict(struct ledger *ledger, int64_t from_ms, int64_t to_ms,
                         ledger_conflict_fn *each, void *context, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_CONFLICT_LIST);
	int r;

	query_int(&query, from_ms);
	query_int(&query, to_ms);
	while ((r = query_row(&query, fault)) > 0) {
		struct conflict_row row = {
			.id = column_text(&query, 1),
			.stored_ms = column_int(&query, 2),
			.stored = column_text(&query, 3),
			.raw = column_blob(&query, 4),
			.first_ms = column_int(&query, 5),
			.last_ms = column_int(&query, 6),
			.times = column_int(&query, 7),
		};

		names_trim(&ledger->names);
		r = names_text(ledger, column_int(&query, 0), &row.source, fault);
		if (r == 0)
			r = each(context, &row);
		if (r != 0) {
			query_end(&query);
			return r;
		}
	}
	return r;
}

int ledger_each_unknown(struct ledger *ledger, ledger_unknown_fn *each, void *context,
                        struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_UNKNOWN_LIST);
	int r;

	while ((r = query_row(&query, fault)) > 0) {
		struct unknown_row row = {
			.path = column_text(&query, 2),
			.first_id = column_text(&query, 3),
			.events = column_int(&query, 4),
			.first_ms = column_int(&query, 5),
		};

		names_trim(&ledger->names);
		r = names_text(ledger, column_int(&query, 0), &row.source, fault);
		if (r == 0)
			r = names_text(ledger, column_int(&query, 1), &row.api, fault);
		if (r == 0)
			r = each(context, &row);
		if (r != 0) {
			query_end(&query);
			return r;
		}
	}
	return r;
}

int ledger_each_change(struct ledger *ledger, const char *what, ledger_change_fn *each,
                       void *context, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_CHANGE_LIST);
	int r;

	query_text(&query, text_of(what));
	while ((r = query_row(&query, fault)) > 0) {
		const struct change_row row = {
			.at_ms = column_int(&query, 0),
			.who = column_text(&query, 1),
			.detail = column_text(&query, 2),
		};

		r = each(context, &row);
		if (r != 0) {
			query_end(&query);
			return r;
		}
	}
	return r;
}

int ledger_gaps(struct ledger *ledger, int64_t from_ms, int64_t to_ms, struct ledger_gaps *gaps_out,
                struct fault *fault)
{
	struct ledger_gaps gaps = { .quarantined = 0 };
	struct query query = query_start(ledger, STATEMENT_QUARANTINE_COUNT);
	int r;

	query_int(&query, from_ms);
	query_int(&query, to_ms);
	r = query_single(&query, &gaps.quarantined, fault);
	if (r < 0)
		return r;
	query = query_start(ledger, STATEMENT_CONFLICT_COUNT);
	query_int(&query, from_ms);
	query_int(&query, to_ms);
	r = query_single(&query, &gaps.conflicts, fault);
	if (r < 0)
		return r;
	query = query_start(ledger, STATEMENT_UNKNOWN_COUNT);
	r = query_single(&query, &gaps.unknown_events, fault);
	if (r == 0)
		*gaps_out = gaps;
	return r;
}
