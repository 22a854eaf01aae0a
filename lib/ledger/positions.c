#include "ledger/positions.h"

#include "ledger/internal.h"

int ledger_position_put(struct ledger *ledger, struct text feed, struct text place,
                        int64_t more_lines, int64_t now_ms, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_POSITION_PUT);

	assert(ledger->in_transaction);
	query_text(&query, feed);
	query_text(&query, place);
	query_int(&query, more_lines);
	query_int(&query, now_ms);
	return query_done(&query, fault);
}

int ledger_position_get(struct ledger *ledger, struct text feed, struct buf *place_out,
                        int64_t *lines_out, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_POSITION_GET);
	int r;

	*lines_out = 0;
	query_text(&query, feed);
	r = query_row(&query, fault);
	if (r <= 0)
		return r;
	buf_add_text(place_out, column_text(&query, 0));
	*lines_out = column_int(&query, 1);
	query_end(&query);
	return place_out->error != 0 ? fault_set(fault, FAULT_NOMEM, "a position: out of memory")
	                             : 0;
}

int ledger_each_position(struct ledger *ledger, ledger_position_fn *each, void *context,
                         struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_POSITION_ALL);
	int r;

	while ((r = query_row(&query, fault)) > 0) {
		const struct position position = {
			.feed = column_text(&query, 0),
			.place = column_text(&query, 1),
			.lines = column_int(&query, 2),
			.stored_ms = column_int(&query, 3),
		};

		r = each(context, &position);
		if (r != 0) {
			query_end(&query);
			return r;
		}
	}
	return r;
}
