#include "ledger/checkpoints.h"

#include "ledger/internal.h"

int ledger_checkpoint_get(struct ledger *ledger, struct text source, int64_t epoch, int64_t seq,
                          struct buf *json_out, struct fault *fault)
{
	struct query query;
	int64_t source_id;
	int r;

	buf_clear(json_out);
	names_trim(&ledger->names);
	r = names_id(ledger, source, &source_id, fault);
	if (r < 0)
		return r;
	query = query_start(ledger, STATEMENT_CHECKPOINT_GET);
	query_int(&query, source_id);
	query_int(&query, epoch);
	query_int(&query, seq);
	r = query_row(&query, fault);
	if (r <= 0)
		return r;
	buf_add_text(json_out, column_text(&query, 0));
	query_end(&query);
	return json_out->error != 0 ? fault_set(fault, FAULT_NOMEM, "a checkpoint: out of memory")
	                            : 0;
}

int ledger_checkpoint_add(struct ledger *ledger, struct text source, int64_t epoch, int64_t seq,
                          struct text json, int64_t now_ms, struct fault *fault)
{
	struct query query;
	int64_t source_id;
	int r;

	names_trim(&ledger->names);
	r = names_id(ledger, source, &source_id, fault);
	if (r < 0)
		return r;
	query = query_start(ledger, STATEMENT_CHECKPOINT_ADD);
	query_int(&query, source_id);
	query_int(&query, epoch);
	query_int(&query, seq);
	query_int(&query, now_ms);
	query_text(&query, json);
	return query_done(&query, fault);
}

/* A row of source, epoch, seq, received_ms, json. */
static int tell_row(const struct query *query, ledger_checkpoint_fn *each, void *context,
                    struct fault *fault)
{
	struct checkpoint_row row = {
		.epoch = column_int(query, 1),
		.seq = column_int(query, 2),
		.received_ms = column_int(query, 3),
		.json = column_text(query, 4),
	};
	int r;

	names_trim(&query->ledger->names);
	r = names_text(query->ledger, column_int(query, 0), &row.source, fault);
	return r != 0 ? r : each(context, &row);
}

int ledger_each_checkpoint(struct ledger *ledger, ledger_checkpoint_fn *each, void *context,
                           struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_CHECKPOINT_ALL);
	int r;

	while ((r = query_row(&query, fault)) > 0) {
		r = tell_row(&query, each, context, fault);
		if (r != 0) {
			query_end(&query);
			return r;
		}
	}
	return r;
}

int ledger_each_last_checkpoint(struct ledger *ledger, ledger_checkpoint_fn *each, void *context,
                                struct fault *fault)
{
	int64_t source = NAME_NONE - 1;
	int r = 0;

	while (r == 0) {
		struct query query = query_start(ledger, STATEMENT_CHECKPOINT_LAST);

		query_int(&query, source);
		r = query_row(&query, fault);
		if (r <= 0)
			return r;
		source = column_int(&query, 0);
		r = tell_row(&query, each, context, fault);
		query_end(&query);
	}
	return r;
}

int ledger_requests(struct ledger *ledger, struct text source, int64_t hour_ms,
                    int64_t *requests_out, struct fault *fault)
{
	struct query query;
	int64_t source_id;
	int r = names_id(ledger, source, &source_id, fault);

	if (r < 0)
		return r;
	query = query_start(ledger, hour_ms == EVENT_ABSENT ? STATEMENT_WATERMARK_GET
	                                                    : STATEMENT_ROLLUP_REQUESTS);
	if (hour_ms != EVENT_ABSENT)
		query_int(&query, hour_ms);
	query_int(&query, source_id);
	return query_single(&query, requests_out, fault);
}

int ledger_each_source(struct ledger *ledger, ledger_source_fn *each, void *context,
                       struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_WATERMARK_ALL);
	int r;

	while ((r = query_row(&query, fault)) > 0) {
		struct source_row row = {
			.requests = column_int(&query, 1),
			.first_ms = column_int(&query, 2),
			.last_ms = column_int(&query, 3),
			.stored_ms = column_int(&query, 4),
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

int ledger_stands(struct ledger *ledger, struct text source, struct text id, int64_t time_ms,
                  bool *stands_out, struct fault *fault)
{
	struct event_row row = { .stored.event.id = id };
	struct standing standing;
	int r;

	names_trim(&ledger->names);
	r = names_id(ledger, source, &row.source, fault);
	return r < 0 ? r : store_standing(ledger, time_ms, &row, stands_out, &standing, fault);
}
