/*
 * Another toll ledger: each of its events as it is now, with its corrections, and without what is
 * void, is a row of a request.  What of its adjustments is of no event is not in it: noted.
 *
 * A ledger is written to while it is read, and its bytes say nothing of what was read: the hash is
 * that of a line for each event, with all that a row is made of.
 */
#include "statement/format_ledger.h"

#include <stdio.h>
#include <string.h>

#include "ledger/adjust.h"
#include "ledger/correct.h"
#include "ledger/ledger.h"
#include "ledger/store.h"

struct reading {
	struct statement_reader *reader;
	struct sha256_stream hash;
	struct json doc;
	struct buf line;
	int64_t adjustments;
	struct money adjusted; /* all of them */
	struct fault *fault;
};

const struct statement_format statement_format_toll_ledger = {
	.name = "toll-ledger",
	.unit = "its currency",
	.summary = "another ledger of toll, by the path of its file: single requests",
	.container = STATEMENT_LEDGER,
};

static int hash_event(struct reading *reading, const struct stored_event *stored)
{
	const struct event *event = &stored->event;
	char amount[MONEY_TEXT_BYTES];
	struct buf *line = &reading->line;

	money_text(stored->amount, amount);
	buf_clear(line);
	buf_addf(line, "{\"time\":%lld,\"price_id\":%lld,\"settlement\":\"%s\"",
	         (long long)event->time_ms, (long long)stored->price_id,
	         settlement_name(event->settlement));
	buf_add_member(line, "source", event->source);
	buf_add_member(line, "id", event->id);
	buf_add_member(line, "account", event->account);
	buf_add_member(line, "key", event->key);
	buf_add_member(line, "model", event->model);
	buf_add_member(line, "provider", event->provider);
	buf_add_member(line, "service_tier", event->service_tier);
	buf_add_member(line, "finish_reason", event->finish_reason);
	buf_add_member(line, "amount", text_of(amount));
	buf_add_member(line, "extra", event->extra);
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (event->usage.count[c] != 0)
			buf_addf(line, ",\"%s\":%lld", component_info[c].key,
			         (long long)event->usage.count[c]);
	}
	buf_add_cstr(line, "}\n");
	if (line->error != 0)
		return fault_set(reading->fault, FAULT_NOMEM, "no memory to read a ledger");
	sha256_add(&reading->hash, line->at, line->len);
	reading->reader->summary.bytes += (int64_t)line->len;
	return 0;
}

/* Told in what is kept beside an event. */
static int take_upstream(struct reading *reading, const struct event *event,
                         struct statement_row *row)
{
	int r;

	if (event->extra.at == NULL)
		return 0;
	r = json_parse(&reading->doc, event->extra, NULL);
	if (r == -FAULT_NOMEM)
		return fault_set(reading->fault, FAULT_NOMEM, "no memory to read a ledger");
	if (r < 0)
		return fault_set(reading->fault, FAULT_CORRUPT,
		                 "event %.*s: what is kept beside it is no JSON",
		                 TEXT_ARGS(event->id));
	row->upstream_id = json_string(&reading->doc, json_member(&reading->doc, 0, "upstream_id"));
	return 0;
}

static void take_counts(const struct event *event, struct statement_row *row)
{
	for (int c = 0; c < COMPONENT_COUNT; c++)
		row->count[c] = event->usage.count[c];
	row->told = (UINT32_C(1) << COMPONENT_COUNT) - 1;
}

/* Decimals of an amount that is exact, without zeros at its end. */
static unsigned decimals_of(struct money amount)
{
	unsigned decimals = MONEY_DECIMALS_MAX;

	for (; decimals > 0 && amount.attos % 10 == 0; decimals--)
		amount.attos /= 10;
	return decimals;
}

void statement_take_turn(struct statement_row *row)
{
	size_t len = row->id.len;

	row->requests = 0;
	while (len > 0 && row->id.at[len - 1] >= '0' && row->id.at[len - 1] <= '9')
		len--;
	if (len > 1 && len < row->id.len && row->id.at[len - 1] == '~')
		row->id.len = len - 1;
}

static int on_event(void *context, const struct stored_event *stored)
{
	struct reading *reading = context;
	const struct event *event = &stored->event;
	struct statement_row row;
	int r;

	reading->reader->record++;
	reading->reader->summary.records++;
	statement_row_init(&row);
	row.request = true;
	row.requests = 1;
	row.from_ms = event->time_ms;
	row.to_ms = event->time_ms + 1;
	row.id = event->id;
	row.source = event->source;
	if (event->turn != TURN_NONE)
		statement_take_turn(&row);
	row.account = event->account;
	row.key = event->key;
	row.model = event->model;
	row.provider = event->provider;
	row.service_tier = event->service_tier;
	if (event->settlement == SETTLEMENT_ABANDONED)
		row.flags |= STATEMENT_CANCELLED;
	if (event->finish_reason.at != NULL && event->finish_reason.len == 0)
		row.flags |= STATEMENT_BLANK;
	take_counts(event, &row);
	if (stored->price_id >= LEDGER_PRICE_NONE) {
		row.money[STATEMENT_MONEY_AMOUNT] = stored->amount;
		row.has_money = UINT32_C(1) << STATEMENT_MONEY_AMOUNT;
		row.decimals = decimals_of(stored->amount);
	} else {
		statement_note(reading->reader,
		               "an event waits for its price (toll suspense): it has no amount");
	}
	r = take_upstream(reading, event, &row);
	if (r == 0)
		r = hash_event(reading, stored);
	return r < 0 ? r : statement_emit(reading->reader, &row, reading->fault);
}

/* The rows are less than what its report says: told, as a sum of its own. */
static int on_adjustment(void *context, const struct adjustment *adjustment)
{
	struct reading *reading = context;

	reading->adjustments++;
	return money_total_add(reading->adjusted, adjustment->amount, &reading->adjusted) == 0
	               ? 0
	               : fault_set(reading->fault, FAULT_RANGE,
	                           "the adjustments of a ledger come to no amount");
}

static int note_adjustments(struct reading *reading, struct ledger *ledger)
{
	char amount[MONEY_TEXT_BYTES];
	int r = ledger_each_adjustment(ledger, ADJUSTMENT_BOOKED, LEDGER_FROM_MIN, LEDGER_TO_MAX,
	                               on_adjustment, reading, reading->fault);

	if (r < 0 || reading->adjustments == 0)
		return r;
	money_text(reading->adjusted, amount);
	statement_note(reading->reader,
	               "adjustments of that ledger (toll rerate) are of no request, and not in its "
	               "rows: %lld, together %s, by which its toll report says more",
	               (long long)reading->adjustments, amount);
	return 0;
}

int statement_read_ledger(struct statement_reader *reader, const char *path, struct fault *fault)
{
	struct reading reading = { .reader = reader, .fault = fault };
	struct ledger *ledger = NULL;
	int r;

	if (strcmp(path, "-") == 0)
		return fault_set(fault, FAULT_INVALID,
		                 "a ledger is read by the path of its file, not from standard "
		                 "input");
	reader->format = &statement_format_toll_ledger;
	sha256_init(&reading.hash);
	r = ledger_open_reader(&ledger, path, fault);
	if (r == 0)
		r = ledger_each_event_now(ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX, on_event,
		                          &reading, fault);
	if (r == 0)
		r = note_adjustments(&reading, ledger);
	ledger_close(ledger);
	buf_release(&reading.line);
	json_release(&reading.doc);
	if (r == 0)
		sha256_end_hex(&reading.hash, reader->summary.sha256);
	return r;
}
