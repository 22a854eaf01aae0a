/*
 * Lines at the edge of what an amount, a name or an hour can hold: what is refused is kept and
 * says why, what was asked in one line is stored whole or not at all, and the writer goes on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/change.h"
#include "ledger/checkpoints.h"
#include "tests/support/ledgerkit.h"

#define EACH(component, price) "{'component':'" component "','each':'" price "'}"
#define MODEL(name, rates)                                                                         \
	"{'model':'" name "','versions':[{'effective_from':'2020-01-01','rates':[" rates "]}]}"
#define BOOK(models) "{'pricebook':1,'currency':'USD','models':[" models "]}"
/* Nine thousand million: two of them are no amount. */
#define DEAR         "9000000000"

#define LINE(id, rest)                                                                             \
	"{'id':'" id                                                                               \
	"','source':'gw','time':'2026-08-01T10:00:00Z','account':'a','model':'m'," rest "}"
#define USED(model, rest)                                                                          \
	"{'id':'" model                                                                            \
	"','source':'gw','time':'2026-08-01T10:00:00Z','account':'a','model':'" model              \
	"','api':'toll','usage':{" rest "}}"
/* One of m and, behind it, one of each model. */
#define TURN(model, input)                                                                         \
	",{'type':'advisor_message','model':'" model "','input_tokens':" input ","                 \
	"'output_tokens':0}"
#define TURNS(id, rest, turns)                                                                     \
	LINE(id, rest "'api':'anthropic.messages','usage':{'input_tokens':1,'output_tokens':0,"    \
	              "'iterations':[{'type':'message','input_tokens':1,'output_tokens':0}" turns  \
	              "]}")
#define LOGGED(id, rest)                                                                           \
	"{'x-request-id':'" id "','start_time':'2026-08-01T10:00:00Z','response_code':200,"        \
	"'x-tenant-id':'a','gen_ai.request.model':'m'," rest "}"

static enum ingest_verdict send(struct ledgerkit *kit, const char *line)
{
	return kit_send(kit, kit_quotes(line));
}

static const char *run(struct ledgerkit *kit, const char *request)
{
	static char text[1024];
	const struct change change = { text_of(kit_quotes(request)), text_of("uid 7"), KIT_NOW_MS };
	struct fault fault = { .code = FAULT_NONE };
	struct buf reply = { .at = NULL };
	bool moved;

	if (change_run(kit->ledger, &change, &reply, &moved, &fault) < 0)
		fail_msg("%s: %s", request, fault.text);
	snprintf(text, sizeof(text), "%.*s", TEXT_ARGS(buf_text(&reply)));
	buf_release(&reply);
	return text;
}

/* The request and its turns are of one line: none of them without the others. */
static void test_a_turn_that_is_no_amount_refuses_its_request(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(BOOK(MODEL("m", EACH("input", "1")) "," MODEL(
			       "opus", EACH("input", DEAR)))));
	assert_int_equal(send(kit, TURNS("r", "", TURN("opus", "1") TURN("opus", "2"))),
	                 INGEST_QUARANTINED);
	assert_string_equal(kit_events(kit), "");
	assert_string_equal(kit_ask(kit, "SELECT event_id || ': ' || detail FROM quarantine"),
	                    "r: the charge of this request is larger than an amount can be");
	kit_verify_clean(kit);
}

/* The request stands; of the turn there is a line to try again, in the end it is not lost. */
static void test_a_turn_whose_hour_is_full_is_kept(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(BOOK(MODEL("m", EACH("input", "1")) "," MODEL(
			       "opus", EACH("input", DEAR)))));
	assert_int_equal(send(kit, USED("opus", "'input':1")), INGEST_ACCEPTED);
	assert_int_equal(send(kit, TURNS("r", "", TURN("opus", "1"))), INGEST_QUARANTINED);
	assert_string_equal(kit_events(kit), "opus=2:9000000000.00 r=1:1.00");
	assert_string_equal(
		kit_ask(kit, "SELECT group_concat(event_id || ' ' || reason || ' ' || detail) FROM "
	                     "quarantine WHERE released_ms = 0"),
		"r~2 amount the sum of its hour would be larger than it can be");
	kit_verify_clean(kit);
}

/* Each hour has room for what it lost; what `toll tail` tells has it for all of them together. */
static void test_turns_that_end_may_have_cost_more_than_an_amount(void **state)
{
	struct ledgerkit *kit = *state;
	struct ingest_item item;

	kit_price(kit, kit_quotes(BOOK(MODEL("m", EACH("input", DEAR)) "," MODEL(
			       "n", EACH("input", DEAR)) "," MODEL("o", EACH("input", DEAR)))));
	assert_int_equal(
		send(kit, TURNS("r", "'settlement':'partial',", TURN("n", "1") TURN("o", "1"))),
		INGEST_ACCEPTED);
	kit_prepare(kit,
	            kit_quotes(LINE("r", "'settlement':'final','api':'anthropic.messages',"
	                                 "'usage':{'input_tokens':0,'output_tokens':0}")),
	            &item);
	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	assert_int_equal(ingest_store(kit->ledger, &item, NULL), 0);
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
	assert_int_equal(item.verdict, INGEST_ACCEPTED);
	assert_true(item.added.attos == -3 * (wide)9000000000 * ATTOS_PER_UNIT);
	assert_string_equal(kit_events(kit), "r=1:0.00 r~2=0:0.00 r~3=0:0.00");
	kit_verify_clean(kit);
}

/* What a name of the ledger may not be is not kept as one. */
static void test_a_refusal_keeps_no_name_that_is_the_trouble(void **state)
{
	char long_name[EVENT_NAME_BYTES_MAX + 2], line[2048];
	static const char *const names[] = { "x\\u0001y", "caf\xc3" };
	struct ledgerkit *kit = *state;

	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	for (size_t i = 0; i < 3; i++) {
		const char *name = i < 2 ? names[i] : long_name;

		/* No JSON: it was cut off behind the names. */
		snprintf(line, sizeof(line), "{\"id\":\"%s\",\"source\":\"%s\",\"ti", name, name);
		assert_int_equal(kit_send(kit, line), INGEST_QUARANTINED);
		snprintf(line, sizeof(line), "{\"id\":\"%s\",\"source\":\"%s\"}", name, name);
		assert_int_equal(kit_send(kit, line), INGEST_QUARANTINED);
	}
	assert_string_equal(kit_ask(kit, "SELECT count(*) FROM quarantine"), "6");
	assert_string_equal(
		kit_ask(kit, "SELECT count(*) FROM name WHERE length(text) > 256 OR text LIKE 'x%' "
	                     "OR text LIKE 'caf%'"),
		"0");
	kit_verify_clean(kit);
}

/* Tried again, what is understood of a line leaves it, and the rest is kept by itself. */
static void test_a_held_line_of_several_events_is_stored_as_far_as_it_goes(void **state)
{
	struct ledgerkit *kit = *state;
	const char *line = "[" LOGGED("one", "'gen_ai.usage.input_tokens':2") "," LOGGED(
		"two", "'gen_ai.usage.input_tokens':2.5") "]";
	const char *bad = "[" LOGGED("three", "'gen_ai.usage.input_tokens':2.5") "," LOGGED(
		"four", "'gen_ai.usage.input_tokens':2.5") "]";

	kit_price(kit, kit_quotes(BOOK(MODEL("m", EACH("input", "1")))));
	for (int i = 0; i < 2; i++) {
		struct event_refusal refusal = { .reason = REASON_UNSUPPORTED,
			                         .source = text_of("gw"),
			                         .time_ms = EVENT_ABSENT };
		struct text held = text_of(kit_quotes(i == 0 ? line : bad));

		assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
		assert_int_equal(ledger_quarantine(kit->ledger, &refusal, held, (int64_t)held.len,
		                                   KIT_NOW_MS, NULL),
		                 0);
		assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
	}
	assert_string_equal(run(kit, "{'change':'quarantine.retry'}"),
	                    kit_quotes("{'ok':true,'tried':2,'accepted':1,'unpriced':0,"
	                               "'duplicate':0,'conflict':0,'left':1}"));
	assert_string_equal(kit_events(kit), "one=1:2.00");
	assert_string_equal(
		kit_ask(kit, "SELECT group_concat(id || coalesce(event_id, '-') || (released_ms > "
	                     "0), ' ') FROM quarantine"),
		"1-1 2-0 3two0");
	kit_verify_clean(kit);
}

/* Totals that are stored and are no JSON any more are not those of a line that is. */
static void test_a_damaged_checkpoint_is_not_the_one_that_comes_again(void **state)
{
#define CHECKPOINT(more) "{'checkpoint':{'source':'s','seq':1,'requests':5" more "}}"
	struct ledgerkit *kit = *state;

	assert_int_equal(send(kit, CHECKPOINT("")), INGEST_CHECKPOINT);
	assert_int_equal(send(kit, CHECKPOINT(",'hour':null")), INGEST_DUPLICATE);
	assert_int_equal(send(kit, "{'checkpoint':{'requests':5,'seq':1,'source':'s'}}"),
	                 INGEST_DUPLICATE);
	kit_shut(kit);
	kit_sql(kit, "UPDATE checkpoint SET json = 'no totals'");
	kit_reopen(kit);
	assert_int_equal(send(kit, CHECKPOINT("")), INGEST_QUARANTINED);
	assert_string_equal(kit_ask(kit, "SELECT reason FROM quarantine"), "checkpoint");
#undef CHECKPOINT
}

/* By its name, or the first one: also where nobody has a name. */
static void test_an_event_of_a_line_is_found_by_its_name(void **state)
{
	const char *line = kit_quotes("[" LOGGED("one", "'gen_ai.usage.input_tokens':2") "," LOGGED(
		"two", "'gen_ai.usage.input_tokens':2.5") "," LOGGED("three", "'gen_ai.usage.input_"
	                                                                      "tokens':4") "]");
	const struct event_defaults defaults = { text_of(NULL), KIT_NOW_MS };
	struct json doc = { .nodes = NULL };
	struct arena arena = { 0 };
	struct ingest_event *events;
	size_t count;

	(void)state;
	assert_int_equal(ingest_events(text_of(line), &defaults, &doc, &arena, &events, &count), 0);
	assert_int_equal(count, 3);
	assert_ptr_equal(ingest_event_named(events, count, text_of("three")), &events[2]);
	/* One that was refused has its name all the same. */
	assert_int_equal(events[1].refusal.reason, REASON_QUANTITY);
	assert_ptr_equal(ingest_event_named(events, count, text_of("two")), &events[1]);
	assert_ptr_equal(ingest_event_named(events, count, text_of("four")), events);
	assert_ptr_equal(ingest_event_named(events, count, text_of(NULL)), events);
	assert_int_equal(ingest_events(text_of("{}"), &defaults, &doc, &arena, &events, &count), 0);
	assert_ptr_equal(ingest_event_named(events, count, text_of("one")), events);
	arena_release(&arena);
	json_release(&doc);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_turn_that_is_no_amount_refuses_its_request),
		T(test_a_turn_whose_hour_is_full_is_kept),
		T(test_turns_that_end_may_have_cost_more_than_an_amount),
		T(test_a_refusal_keeps_no_name_that_is_the_trouble),
		T(test_a_held_line_of_several_events_is_stored_as_far_as_it_goes),
		T(test_a_damaged_checkpoint_is_not_the_one_that_comes_again),
		cmocka_unit_test(test_an_event_of_a_line_is_found_by_its_name),
	};

	return cmocka_run_group_tests_name("limits of ingest", tests, NULL, NULL);
}
