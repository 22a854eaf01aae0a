#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/brief.h"
#include "tests/support/archivekit.h"

/* What a walk told, one behind the other. */
struct told {
	struct ledger *ledger;
	struct buf text;
	struct buf whole; /* the same from each by itself */
	int stop_at, count;
};

static void put(struct buf *out, int64_t time_ms, struct text source, struct text id,
                struct text model, int64_t price_id, struct money amount, struct text extra)
{
	char money[MONEY_TEXT_BYTES];

	money_text(amount, money);
	buf_addf(out, "%lld %.*s %.*s %.*s %lld %s %.*s\n", (long long)time_ms, TEXT_ARGS(source),
	         TEXT_ARGS(id), TEXT_ARGS(model), (long long)price_id, money, TEXT_ARGS(extra));
}

static int put_event(void *context, const struct stored_event *row)
{
	const struct event *event = &row->event;

	put(context, event->time_ms, event->source, event->id, event->model, row->price_id,
	    row->amount, event->extra);
	return 0;
}

static int put_brief(void *context, const struct brief_event *row)
{
	struct told *told = context;

	if (told->count++ == told->stop_at)
		return 7;
	put(&told->text, row->time_ms, row->source, row->id, row->model, row->price_id, row->amount,
	    row->extra);
	assert_int_equal(ledger_get_event(told->ledger, row->time_ms, row->source, row->id,
	                                  put_event, &told->whole, NULL),
	                 0);
	return 0;
}

static void release(struct told *told)
{
	buf_release(&told->text);
	buf_release(&told->whole);
}

static void test_brief_rows_are_the_events_here_and_in_the_archive(void **state)
{
	struct ledgerkit *kit = *state;
	struct told told = { .stop_at = -1 };
	struct buf events = { .at = NULL };

	archivekit_fill(kit);
	kit_send(kit,
	         kit_quotes("{'id':'x','source':'gw-2','time':'2026-08-01T00:00:00Z','account':'a',"
	                    "'model':'acme/llama-4-70b','api':'toll','usage':{'input':3},"
	                    "'upstream_id':'up-1'}"));
	for (int archived = 0; archived < 2; archived++) {
		if (archived == 1)
			archivekit_move(kit);
		release(&told);
		buf_clear(&events);
		told = (struct told){ .ledger = kit->ledger, .stop_at = -1 };
		assert_int_equal(ledger_each_event(kit->ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX,
		                                   put_event, &events, NULL),
		                 0);
		assert_int_equal(ledger_each_brief(kit->ledger, BOOK_SELL, LEDGER_FROM_MIN,
		                                   LEDGER_TO_MAX, put_brief, &told, NULL),
		                 0);
		assert_non_null(strstr(events.at, "{\"upstream_id\":\"up-1\"}"));
		assert_string_equal(told.text.at, events.at);
		assert_string_equal(told.whole.at, events.at);
		assert_int_equal(told.count, 6);
	}
	release(&told);
	buf_release(&events);
}

static void test_the_cost_is_told_where_it_is_asked_for(void **state)
{
	struct ledgerkit *kit = *state;
	struct told told = { .stop_at = -1 };

	kit_price(kit, kit_small_book);
	kit_send_usage(kit, "x", "2026-07-01T00:00:00Z", ARCHIVEKIT_MODEL,
	               kit_quotes("{'input':1000000}"));
	kit_cost(kit, kit_quotes("{'pricebook':1,'name':'c','currency':'USD','models':[{'model':"
	                         "'acme/llama-4-70b','versions':[{'effective_from':'2026','rates':["
	                         "{'component':'input','per_million':'0.40'}]}]}]}"));
	kit_send_usage(kit, "y", "2026-07-01T00:00:01Z", ARCHIVEKIT_MODEL,
	               kit_quotes("{'input':1000000}"));
	told.ledger = kit->ledger;
	assert_int_equal(ledger_each_brief(kit->ledger, BOOK_COST, LEDGER_FROM_MIN, LEDGER_TO_MAX,
	                                   put_brief, &told, NULL),
	                 0);
	assert_non_null(strstr(told.text.at, " x acme/llama-4-70b -2 0.00 \n"));
	assert_non_null(strstr(told.text.at, " y acme/llama-4-70b 2 0.40 \n"));
	release(&told);
}

static void test_a_walk_ends_where_it_is_told(void **state)
{
	struct ledgerkit *kit = *state;
	struct told told = { .stop_at = 2 };

	archivekit_fill(kit);
	told.ledger = kit->ledger;
	assert_int_equal(ledger_each_brief(kit->ledger, BOOK_SELL, LEDGER_FROM_MIN, LEDGER_TO_MAX,
	                                   put_brief, &told, NULL),
	                 7);
	assert_int_equal(told.count, 3);
	assert_int_equal(ledger_each_brief(kit->ledger, BOOK_SELL, 5, 5, put_brief, &told, NULL),
	                 0);
	assert_int_equal(told.count, 3);
	release(&told);
}

static void test_an_event_that_is_not_there_is_not_found(void **state)
{
	struct ledgerkit *kit = *state;
	struct buf events = { .at = NULL };
	struct fault fault;

	archivekit_fill(kit);
	assert_int_equal(ledger_get_event(kit->ledger, 5, text_of("gw-1"), text_of("nobody"),
	                                  put_event, &events, &fault),
	                 -FAULT_NOT_FOUND);
	assert_non_null(strstr(fault.text, "there is no event nobody"));
	assert_null(events.at);
}

static void test_a_damaged_event_is_none(void **state)
{
	struct ledgerkit *kit = *state;
	struct told told = { .stop_at = -1 };
	struct fault fault = { .code = FAULT_NONE };

	archivekit_fill(kit);
	kit_shut(kit);
	kit_sql(kit, "PRAGMA ignore_check_constraints = 1; UPDATE event SET turn = 9");
	kit_reopen(kit);
	told.ledger = kit->ledger;
	assert_int_equal(ledger_each_brief(kit->ledger, BOOK_SELL, LEDGER_FROM_MIN, LEDGER_TO_MAX,
	                                   put_brief, &told, &fault),
	                 -FAULT_CORRUPT);
	assert_non_null(strstr(fault.text, "its turn is none"));
	kit_shut(kit);
	kit_sql(kit, "PRAGMA ignore_check_constraints = 1; UPDATE event SET turn = 0, attos = -1");
	kit_reopen(kit);
	told.ledger = kit->ledger;
	assert_int_equal(ledger_each_brief(kit->ledger, BOOK_SELL, LEDGER_FROM_MIN, LEDGER_TO_MAX,
	                                   put_brief, &told, &fault),
	                 -FAULT_CORRUPT);
	assert_non_null(strstr(fault.text, "its amount is none"));
	release(&told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_setup, archivekit_teardown)
		TEST(test_brief_rows_are_the_events_here_and_in_the_archive),
		TEST(test_the_cost_is_told_where_it_is_asked_for),
		TEST(test_a_walk_ends_where_it_is_told),
		TEST(test_an_event_that_is_not_there_is_not_found),
		TEST(test_a_damaged_event_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
