#include "ledger/brief.h"

#include "ledger/archives.h"
#include "ledger/words.h"

/* EVENT_BRIEF_SELL, EVENT_BRIEF_COST */
enum {
	COLUMN_TS,
	COLUMN_SOURCE,
	COLUMN_ID,
	COLUMN_ACCOUNT,
	COLUMN_KEY,
	COLUMN_MODEL,
	COLUMN_PROVIDER,
	COLUMN_TURN,
	COLUMN_EXTRA,
	COLUMN_PRICE,
	COLUMN_NANOS,
	COLUMN_ATTOS,
};

static int read_names(struct ledger *ledger, const struct query *query, struct brief_event *row,
                      struct fault *fault)
{
	const struct {
		int column;
		struct text *text;
	} names[] = {
		{ COLUMN_SOURCE, &row->source },     { COLUMN_ACCOUNT, &row->account },
		{ COLUMN_KEY, &row->key },           { COLUMN_MODEL, &row->model },
		{ COLUMN_PROVIDER, &row->provider },
	};

	names_trim(&ledger->names);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int r = names_text(ledger, column_int(query, names[i].column), names[i].text,
		                   fault);

		if (r < 0)
			return r;
	}
	return 0;
}

static int each_row(struct ledger *ledger, const struct query *query, ledger_brief_fn *each,
                    void *context, struct fault *fault)
{
	int64_t turn = column_int(query, COLUMN_TURN);
	struct brief_event row = {
		.time_ms = column_int(query, COLUMN_TS),
		.id = column_text(query, COLUMN_ID),
		.turn = (enum turn)turn,
		.price_id = column_is_null(query, COLUMN_PRICE) ? LEDGER_COST_NO_BOOK
		                                                : column_int(query, COLUMN_PRICE),
		.extra = column_text(query, COLUMN_EXTRA),
	};
	int r;

	if (money_join(column_int(query, COLUMN_NANOS), column_int(query, COLUMN_ATTOS),
	               &row.amount) < 0)
		return fault_set(fault, FAULT_CORRUPT, "%s: event %.*s: its amount is none",
		                 ledger->path, TEXT_ARGS(row.id));
	if (turn < 0 || turn >= TURN_COUNT)
		return fault_set(fault, FAULT_CORRUPT, "%s: event %.*s: its turn is none",
		                 ledger->path, TEXT_ARGS(row.id));
	r = read_names(ledger, query, &row, fault);
	return r != 0 ? r : each(context, &row);
}

int ledger_each_brief(struct ledger *ledger, enum book_side side, int64_t from_ms, int64_t to_ms,
                      ledger_brief_fn *each, void *context, struct fault *fault)
{
	enum statement statement = side == BOOK_COST ? STATEMENT_EVENT_BRIEF_COST
	                                             : STATEMENT_EVENT_BRIEF_SELL;
	const struct query *query = NULL;
	struct walk walk;
	int r;

	if (from_ms >= to_ms)
		return 0;
	r = walk_start(&walk, ledger, statement, from_ms, to_ms, text_of(NULL), fault);
	if (r < 0)
		return r;
	while ((r = walk_next(&walk, &query, fault)) > 0) {
		r = each_row(ledger, query, each, context, fault);
		if (r != 0)
			break;
	}
	walk_end(&walk);
	return r;
}

int ledger_get_event(struct ledger *ledger, int64_t time_ms, struct text source, struct text id,
                     ledger_event_fn *each, void *context, struct fault *fault)
{
	struct event_row row;
	struct query query;
	int64_t source_id;
	int r = names_id(ledger, source, &source_id, fault);

	if (r < 0)
		return r;
	r = archives_event(ledger, time_ms, source_id, id, &query, fault);
	if (r == 0)
		return fault_set(fault, FAULT_NOT_FOUND, "%s: there is no event %.*s", ledger->path,
		                 TEXT_ARGS(id));
	if (r < 0)
		return r;
	r = event_row_read(ledger, &query, &row, fault);
	if (r == 0)
		r = words_event(ledger, &row, fault);
	if (r == 0)
		r = event_row_names(ledger, &row, fault);
	if (r == 0)
		r = each(context, &row.stored);
	query_end(&query);
	return r;
}
