/*
 * A seed makes events, phases, voids, corrections, retries, rerates and closings; beside the ledger
 * stands a list of what each of them was meant to do, and every report must say the sums of that.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/moment.h"
#include "ingest/change.h"
#include "ledger/adjust.h"
#include "ledger/store.h"
#include "report/report.h"
#include "tests/support/fixture.h"
#include "tests/support/ledgerkit.h"

#define FIRST_MS INT64_C(1785549600000) /* 2026-08-01T02:00:00Z */

enum {
	HOURS = 9,
	STEPS = 250,
	EVENTS_MAX = STEPS,
	EXTRAS_MAX = 4 * STEPS,
	REPORTS = 3, /* after each step */
	ACCOUNTS = 3
};

#define EACH(component, price) "{'component':'" component "','each':'" price "'}"
#define MODEL(model, rates)                                                                        \
	"{'model':'" model "','versions':[{'effective_from':'2026','rates':[" rates "]}]}"
#define BOOK(models) "{'pricebook':1,'name':'b','currency':'USD','models':[" models "]}"

static const char *const books[] = {
	BOOK(MODEL("m", EACH("input", "1") "," EACH("output", "2"))),
	BOOK(MODEL("m", EACH("input", "1") "," EACH("output", "3")) "," MODEL(
		"n", EACH("input", "5") "," EACH("output", "7"))),
};
/* The same, by book and model. */
static const int64_t rates[2][2][2] = { { { 1, 2 }, { 0, 0 } }, { { 1, 3 }, { 5, 7 } } };
static const char *const accounts[ACCOUNTS] = { "a", "b", "c" };

/* An event as it was sent, and as it is now. */
struct expected {
	int64_t time_ms;
	int account, model; /* model 1: no rate in the first book */
	int64_t input, output, now_input, now_output;
	int book; /* that rated it; -1: it waits */
	bool voided, corrected, partial;
};

/* What stands beside the events: of corrections and adjustments. */
struct extra {
	int64_t hour_ms, booked_ms;
	int account;
	int64_t events, suspense, input, output, amount;
	bool correction;
};

struct world {
	struct ledgerkit *kit;
	uint64_t seed;
	struct expected events[EVENTS_MAX];
	size_t event_count;
	struct extra extras[EXTRAS_MAX];
	size_t extra_count;
	int book;
	int64_t closed_ms;
};

static int64_t amount_of(const struct expected *event, int book, int64_t input, int64_t output)
{
	return book < 0 ? 0
	                : rates[book][event->model][0] * input +
	                          rates[book][event->model][1] * output;
}

static int64_t amount_now(const struct expected *event)
{
	return event->voided ? 0
	                     : amount_of(event, event->book, event->now_input, event->now_output);
}

static int64_t booked(const struct world *world, int64_t hour_ms)
{
	return hour_ms >= world->closed_ms ? hour_ms : KIT_NOW_MS;
}

static void add_extra(struct world *world, const struct expected *event, struct extra extra)
{
	extra.hour_ms = moment_floor(event->time_ms, MOMENT_HOUR);
	extra.booked_ms = booked(world, extra.hour_ms);
	extra.account = event->account;
	assert_true(world->extra_count < EXTRAS_MAX);
	world->extras[world->extra_count++] = extra;
}

static bool run(struct world *world, const char *request)
{
	struct fault fault = { .code = FAULT_NONE };
	struct change change = { text_of(kit_quotes(request)), text_of("uid 7"), KIT_NOW_MS };
	struct buf reply = { .at = NULL };
	bool changed = false, ok;

	if (change_run(world->kit->ledger, &change, &reply, &changed, &fault) < 0)
		fail_msg("%s: %s", request, fault.text);
	ok = strncmp(reply.at, "{\"ok\":true", 10) == 0;
	buf_release(&reply);
	return ok;
}

static void send_line(struct world *world, size_t i, const char *settlement,
                      enum ingest_verdict verdict)
{
	const struct expected *event = &world->events[i];
	char time[MOMENT_TEXT_BYTES], line[512];
	enum ingest_verdict is;

	moment_text(event->time_ms, time);
	snprintf(line, sizeof(line),
	         "{'id':'%zu','time':'%s','account':'%s','model':'%s','api':'toll','settlement':"
	         "'%s','usage':{'input':%lld,'output':%lld}}",
	         i, time, accounts[event->account], event->model == 0 ? "m" : "n", settlement,
	         (long long)event->input, (long long)event->output);
	is = kit_send(world->kit, kit_quotes(line));
	if (is != verdict)
		fail_msg("%s: verdict %d, not %d", line, is, verdict);
}

static int book_for(const struct world *world, const struct expected *event)
{
	return event->model == 1 && world->book == 0 ? -1 : world->book;
}

static void send_event(struct world *world)
{
	struct expected event = {
		.time_ms = FIRST_MS + (int64_t)fixture_below(&world->seed, HOURS * MS_PER_HOUR),
		.account = (int)fixture_below(&world->seed, ACCOUNTS),
		.model = fixture_below(&world->seed, 4) == 0,
		.input = 1 + (int64_t)fixture_below(&world->seed, 1000),
		.output = (int64_t)fixture_below(&world->seed, 1000),
		.partial = fixture_below(&world->seed, 4) == 0,
	};

	if (fixture_below(&world->seed, 3) == 0)
		event.time_ms = moment_floor(event.time_ms, MOMENT_HOUR);
	event.now_input = event.input;
	event.now_output = event.output;
	event.book = book_for(world, &event);
	world->events[world->event_count++] = event;
	send_line(world, world->event_count - 1, event.partial ? "partial" : "final",
	          event.book < 0 ? INGEST_UNPRICED : INGEST_ACCEPTED);
}

/* The final phase of one that is partial: it stands, unless somebody put right the other. */
static void send_later(struct world *world, size_t i)
{
	struct expected *event = &world->events[i];
	struct expected before = *event;

	if (!event->partial)
		return;
	event->input = 1 + (int64_t)fixture_below(&world->seed, 1000);
	if (event->corrected) {
		send_line(world, i, "final", INGEST_CONFLICT);
		*event = before;
		return;
	}
	event->partial = false;
	event->now_input = event->input;
	event->book = book_for(world, event);
	send_line(world, i, "final", event->book < 0 ? INGEST_UNPRICED : INGEST_ACCEPTED);
}

static void put_which(const struct world *world, size_t i, const char *change, char out[512])
{
	char time[MOMENT_TEXT_BYTES];

	moment_text(world->events[i].time_ms, time);
	snprintf(out, 512, "{'change':'%s','source':'gw-1','id':'%zu','time':'%s','reason':'why'",
	         change, i, time);
}

static void void_event(struct world *world, size_t i)
{
	struct expected *event = &world->events[i];
	char request[512];

	put_which(world, i, "void", request);
	strcat(request, "}");
	assert_int_equal(run(world, request), !event->voided);
	if (event->voided)
		return;
	add_extra(world, event,
	          (struct extra){ .events = -1,
	                          .suspense = -(event->book < 0),
	                          .input = -event->now_input,
	                          .output = -event->now_output,
	                          .amount = -amount_now(event),
	                          .correction = true });
	event->voided = event->corrected = true;
}

static void correct_event(struct world *world, size_t i)
{
	struct expected *event = &world->events[i];
	int64_t input = (int64_t)fixture_below(&world->seed, 1000);
	int64_t amount = amount_of(event, event->book, input, event->now_output);
	char request[512];

	put_which(world, i, "correct", request);
	snprintf(request + strlen(request), 128, ",'set':{'input':%lld}}", (long long)input);
	assert_int_equal(run(world, request), !event->voided && input != event->now_input);
	if (event->voided || input == event->now_input)
		return;
	add_extra(world, event,
	          (struct extra){ .input = input - event->now_input,
	                          .amount = amount - amount_now(event),
	                          .correction = true });
	event->now_input = input;
	event->corrected = true;
}

static void retry(struct world *world)
{
	assert_true(run(world, "{'change':'suspense.retry'}"));
	for (size_t i = 0; i < world->event_count && world->book == 1; i++) {
		struct expected *event = &world->events[i];
		int64_t more;

		if (event->voided || event->book >= 0)
			continue;
		event->book = 1;
		more = amount_now(event) - amount_of(event, 1, event->input, event->output);
		if (event->corrected && more != 0)
			add_extra(world, event,
			          (struct extra){ .amount = more, .correction = true });
	}
}

/* What the events of an hour, account and model would come to, less all they came to. */
static void rerate(struct world *world)
{
	char request[512], from[MOMENT_TEXT_BYTES], to[MOMENT_TEXT_BYTES];
	int64_t first = (int64_t)fixture_below(&world->seed, HOURS);
	int64_t last = first + 1 + (int64_t)fixture_below(&world->seed, (size_t)(HOURS - first));

	moment_text(FIRST_MS + first * MS_PER_HOUR, from);
	moment_text(FIRST_MS + last * MS_PER_HOUR, to);
	snprintf(request, sizeof(request),
	         "{'change':'rerate','from':'%s','to':'%s','reason':'why'}", from, to);
	assert_true(run(world, request));
	for (int64_t hour = first; hour < last; hour++) {
		int64_t hour_ms = FIRST_MS + hour * MS_PER_HOUR;

		for (int account = 0; account < ACCOUNTS; account++) {
			const struct expected at = { .time_ms = hour_ms, .account = account };
			int64_t more = 0;

			for (size_t i = 0; i < world->event_count; i++) {
				const struct expected *event = &world->events[i];

				if (moment_floor(event->time_ms, MOMENT_HOUR) != hour_ms ||
				    event->account != account || event->voided || event->partial ||
				    event->book < 0)
					continue;
				more += amount_of(event, world->book, event->now_input,
				                  event->now_output) -
				        amount_now(event);
			}
			for (size_t i = 0; i < world->extra_count; i++) {
				const struct extra *extra = &world->extras[i];

				if (extra->hour_ms == hour_ms && extra->account == account &&
				    !extra->correction)
					more -= extra->amount;
			}
			if (more != 0)
				add_extra(world, &at, (struct extra){ .amount = more });
		}
	}
}

static void close_some(struct world *world)
{
	int64_t until = FIRST_MS + (int64_t)fixture_below(&world->seed, HOURS) * MS_PER_HOUR;

	if (until <= world->closed_ms)
		return;
	assert_int_equal(kit_close_until(world->kit, until, NULL), 0);
	world->closed_ms = until;
}

static void expect_cell(const struct table *table, const char *key, wide expected)
{
	char text[MONEY_TEXT_BYTES] = "";

	for (size_t c = 0; c < table->column_count; c++) {
		struct money is = { 0 };

		if (strcmp(table->columns[c].key, key) != 0)
			continue;
		if (text_equal(table->total.cells[c], text_of("0.00")) && expected == 0)
			return;
		assert_int_equal(money_parse(table->total.cells[c], &is, NULL), 0);
		if (is.attos == expected * ATTOS_PER_UNIT)
			return;
		money_text(is, text);
		fail_msg("%s is %s, not %lld", key, text, (long long)expected);
	}
}

static void check_report(struct world *world)
{
	struct report_query query = { .by = (enum report_by)fixture_below(&world->seed,
		                                                          REPORT_BY_COUNT),
		                      .to_ms = LEDGER_TO_MAX };
	int64_t events = 0, suspense = 0, input = 0, output = 0, amount = 0, corrections = 0;
	int account = (int)fixture_below(&world->seed, ACCOUNTS + 1);
	struct report_notes notes;
	struct table table;

	if (account < ACCOUNTS)
		query.account = text_of(accounts[account]);
	if (fixture_below(&world->seed, 3) > 0) {
		query.from_ms = FIRST_MS +
		                (int64_t)fixture_below(&world->seed, HOURS * MS_PER_HOUR);
		query.to_ms = query.from_ms + 1 +
		              (int64_t)fixture_below(&world->seed, 12 * MS_PER_HOUR);
		if (fixture_below(&world->seed, 2) == 0) {
			query.from_ms = moment_floor(query.from_ms, MOMENT_HOUR);
			query.to_ms = moment_floor(query.to_ms, MOMENT_HOUR) + MS_PER_HOUR;
		}
	}
	for (size_t i = 0; i < world->event_count; i++) {
		const struct expected *event = &world->events[i];

		if (event->time_ms < query.from_ms || event->time_ms >= query.to_ms ||
		    (account < ACCOUNTS && event->account != account))
			continue;
		events++;
		suspense += event->book < 0;
		input += event->input;
		output += event->output;
		amount += amount_of(event, event->book, event->input, event->output);
	}
	for (size_t i = 0; i < world->extra_count; i++) {
		const struct extra *extra = &world->extras[i];

		if (extra->booked_ms < query.from_ms || extra->booked_ms >= query.to_ms ||
		    (account < ACCOUNTS && extra->account != account))
			continue;
		events += extra->events;
		suspense += extra->suspense;
		input += extra->input;
		output += extra->output;
		amount += extra->amount;
		corrections += extra->correction;
	}
	assert_int_equal(report_run(world->kit->ledger, &query, &table, &notes, NULL), 0);
	expect_cell(&table, "events", events);
	expect_cell(&table, "suspense", suspense);
	expect_cell(&table, "input", input);
	expect_cell(&table, "output", output);
	expect_cell(&table, "amount", amount);
	assert_int_equal(notes.corrections, corrections);
	table_release(&table);
}

static void check_status(struct world *world)
{
	struct ledger_status status;
	int64_t events = 0, suspense = 0;

	for (size_t i = 0; i < world->event_count; i++) {
		events += !world->events[i].voided;
		suspense += !world->events[i].voided && world->events[i].book < 0;
	}
	assert_int_equal(ledger_status(world->kit->ledger, &status, NULL), 0);
	assert_int_equal(status.events, events);
	assert_int_equal(status.suspense, suspense);
}

static void step(struct world *world)
{
	size_t what = fixture_below(&world->seed, 20);
	size_t i = world->event_count > 0 ? fixture_below(&world->seed, world->event_count) : 0;

	if (what < 8 || world->event_count == 0)
		send_event(world);
	else if (what < 10)
		send_later(world, i);
	else if (what < 12)
		void_event(world, i);
	else if (what < 16)
		correct_event(world, i);
	else if (what < 17)
		retry(world);
	else if (what < 19)
		rerate(world);
	else
		close_some(world);
}

static void test_every_report_says_the_sums_of_what_was_done(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	world->kit = *state;
	world->seed = fixture_seed("test_correct_random", 20261201);
	kit_price(world->kit, kit_quotes(books[0]));
	for (int n = 0; n < STEPS; n++) {
		if (n == STEPS / 2) {
			world->book = 1;
			kit_price(world->kit, kit_quotes(books[1]));
		}
		step(world);
		kit_verify_clean(world->kit);
		for (int r = 0; r < REPORTS; r++)
			check_report(world);
		check_status(world);
	}
	/* Without these it would have shown nothing. */
	assert_true(world->event_count > STEPS / 4 && world->extra_count > STEPS / 4 &&
	            world->closed_ms > 0);
	free(world);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_every_report_says_the_sums_of_what_was_done),
	};

	return cmocka_run_group_tests_name("correct random", tests, NULL, NULL);
}
