#include "tests/support/billkit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/moment.h"
#include "ingest/change.h"
#include "ledger/adjust.h"
#include "rate/policy.h"

enum { BATCH_EVENTS = 10000 };

struct sent {
	int64_t time_ms, index;
};

static void store_line(struct billkit *kit, struct text line, struct arena *arena)
{
	const struct event_defaults defaults = { .now_ms = BILLGEN_NOW_MS };
	struct fault fault = { .code = FAULT_NONE };
	struct ingest_item item;

	arena_reset(arena);
	if (ingest_prepare(&item, line, INGEST_LINE_WHOLE, (int64_t)line.len, &defaults,
	                   kit_terms(&kit->ledger), &kit->ledger.doc, arena) < 0)
		fail_msg("no memory for a line");
	if (ingest_store(kit->ledger.ledger, &item, &fault) < 0)
		fail_msg("store: %s", fault.text);
	if (item.verdict != INGEST_ACCEPTED)
		fail_msg("%s: %s: %.*s", ingest_verdict_name(item.verdict),
		         item.refused ? item.refusal->detail : "", TEXT_ARGS(line));
	kit->lines++;
}

static void store_lines(struct billkit *kit, struct buf *lines)
{
	struct arena arena = { 0 };
	struct text rest = buf_text(lines);

	assert_int_equal(ledger_begin(kit->ledger.ledger, NULL), 0);
	while (rest.len > 0) {
		const char *end = memchr(rest.at, '\n', rest.len);
		size_t len = (size_t)(end - rest.at);

		store_line(kit, (struct text){ rest.at, len }, &arena);
		rest = (struct text){ end + 1, rest.len - len - 1 };
	}
	assert_int_equal(ledger_commit(kit->ledger.ledger, NULL), 0);
	/* As the daemon does between its batches: else the log of a million is ten gigabytes. */
	assert_int_equal(ledger_wal_checkpoint(kit->ledger.ledger, false, NULL, NULL), 0);
	arena_release(&arena);
	buf_clear(lines);
}

static int by_time(const void *a, const void *b)
{
	const struct sent *x = a, *y = b;

	if (x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/* As gateways send them, or as they were made: then hours and days come all mixed up. */
static struct sent *order_of(const struct billgen *gen)
{
	struct sent *order = calloc((size_t)gen->options.events, sizeof(*order));

	assert_non_null(order);
	for (int64_t i = 0; i < gen->options.events; i++)
		order[i] = (struct sent){ gen->events[i].time_ms, i };
	if (gen->options.in_order)
		qsort(order, (size_t)gen->options.events, sizeof(*order), by_time);
	return order;
}

static void store_events(struct billkit *kit)
{
	struct sent *order = order_of(&kit->gen);
	struct buf lines = { .at = NULL };

	for (int64_t i = 0; i < kit->gen.options.events; i++) {
		billgen_lines(&kit->gen, order[i].index, &lines);
		if (i % BATCH_EVENTS == BATCH_EVENTS - 1)
			store_lines(kit, &lines);
	}
	store_lines(kit, &lines);
	buf_release(&lines);
	free(order);
}

static void adjust(struct billkit *kit, int64_t index)
{
	const struct billgen_event *event = &kit->gen.events[index];
	char key[BILLGEN_NAME_BYTES], source[BILLGEN_NAME_BYTES];
	int64_t hour_ms = moment_floor(event->time_ms, MOMENT_HOUR), seq;
	const struct adjustment row = {
		.hour_ms = hour_ms,
		.account = text_of(billgen_account(event->account)),
		.key = text_of(key),
		.model = text_of(billgen_model_name(event->model)),
		.source = text_of(source),
		.events = 1,
		.amount = billgen_adjustment(&kit->gen, index),
	};
	const struct adjustment_run run = {
		.at_ms = BILLGEN_NOW_MS,
		.who = text_of("uid 0"),
		.reason = text_of("a better price was agreed"),
		.book = text_of(book_hash(kit->ledger.book.book)),
		.from_ms = hour_ms,
		.to_ms = hour_ms + MS_PER_HOUR,
	};
	struct adjustment named = row;
	struct fault fault = { .code = FAULT_NONE };

	billgen_key(event, key);
	snprintf(source, sizeof(source), "gw-%u", event->source + 1U);
	named.key = text_of(key);
	named.source = text_of(source);
	if (ledger_begin(kit->ledger.ledger, &fault) < 0 ||
	    ledger_adjust(kit->ledger.ledger, &run, &named, 1, &seq, &fault) < 0 ||
	    ledger_commit(kit->ledger.ledger, &fault) < 0)
		fail_msg("adjust: %s", fault.text);
}

/* Takes it for void, or gives it the counts that it ought to have had. */
static void correct(struct billkit *kit, int64_t index)
{
	const struct billgen_event *event = &kit->gen.events[index];
	struct fault fault = { .code = FAULT_NONE };
	struct buf request = { .at = NULL }, reply = { .at = NULL };
	bool book_changed = false;
	char time[MOMENT_TEXT_BYTES];

	moment_text(event->time_ms, time);
	buf_addf(&request,
	         "{\"change\":\"%s\",\"source\":\"gw-%u\",\"id\":\"ev-%06lld\",\"time\":\"%s\","
	         "\"reason\":\"it was so\"",
	         event->fault == GEN_EVENT_VOIDED ? "void" : "correct", event->source + 1U,
	         (long long)index, time);
	if (event->fault == GEN_EVENT_CORRECTED)
		buf_addf(&request, ",\"set\":{\"output\":%d}", event->count[COMPONENT_OUTPUT]);
	buf_add_cstr(&request, "}");
	if (change_run(kit->ledger.ledger,
	               &(struct change){ buf_text(&request), text_of("uid 0"), BILLGEN_NOW_MS },
	               &reply, &book_changed, &fault) < 0)
		fail_msg("%.*s: %s", TEXT_ARGS(buf_text(&request)), fault.text);
	if (strstr(reply.at, "\"ok\":true") == NULL)
		fail_msg("%.*s", TEXT_ARGS(buf_text(&reply)));
	buf_release(&request);
	buf_release(&reply);
}

void billkit_open(struct billkit *kit, const struct billgen_options *options)
{
	struct buf book = { .at = NULL };

	*kit = (struct billkit){ .lines = 0 };
	billgen_start(&kit->gen, options);
	kit_open(&kit->ledger);
	billgen_book_json(&kit->gen, &book);
	kit_price(&kit->ledger, book.at);
	buf_release(&book);
	kit_policies(&kit->ledger, billgen_account(0),
	             POLICY_BIT(POLICY_ZERO_COMPLETION) | POLICY_BIT(POLICY_SERVED_ONLY));
	store_events(kit);
	for (int64_t i = 0; i < options->events; i++) {
		struct billgen_rows rows;

		billgen_rows(&kit->gen, i, &rows);
		kit->ours.attos += rows.ours.attos;
		if (kit->gen.events[i].fault == GEN_EVENT_VOIDED ||
		    kit->gen.events[i].fault == GEN_EVENT_CORRECTED)
			correct(kit, i);
		if (kit->gen.events[i].fault != GEN_ADJUSTMENT)
			continue;
		adjust(kit, i);
		kit->adjusted.attos += billgen_adjustment(&kit->gen, i).attos;
	}
}

void billkit_round(struct billkit *kit, unsigned decimals)
{
	kit->gen.options.decimals = decimals;
}

void billkit_close(struct billkit *kit)
{
	kit_close(&kit->ledger);
	free(kit->event_of);
	billgen_release(&kit->gen);
}
