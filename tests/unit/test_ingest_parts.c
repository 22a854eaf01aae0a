/*
 * One line, several events: the turns of a request on models of their own, the events of an
 * envelope; and numbers that can be read in more ways than one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/change.h"
#include "rate/policy.h"
#include "tests/support/ledgerkit.h"

/* 1 and 2 a million for "m", 10 and 20 for "opus"; reasoning as output. */
static const char book[] =
	"{'pricebook':1,'currency':'USD','models':["
	"{'model':'m','versions':[{'effective_from':'2020-01-01','rates':["
	"{'component':'input','per_million':'1'},{'component':'output','per_million':'2'},"
	"{'component':'reasoning','per_million':'2'},{'component':'cache_read','per_million':'0.5'}"
	"]}]}"
	","
	"{'model':'opus','versions':[{'effective_from':'2020-01-01','rates':["
	"{'component':'input','per_million':'10'},{'component':'output','per_million':'20'}]}]}]}";

#define LINE(id, rest)                                                                             \
	"{'id':'" id                                                                               \
	"','source':'gw','time':'2026-08-01T10:00:00Z','account':'a','model':'m'," rest "}"
#define ADVISED(id, rest)                                                                          \
	LINE(id, rest "'api':'anthropic.messages','usage':{'input_tokens':1000,"                   \
	              "'output_tokens':100,'iterations':["                                         \
	              "{'type':'message','input_tokens':1000,'output_tokens':100},"                \
	              "{'type':'advisor_message','model':'opus','input_tokens':3000,"              \
	              "'output_tokens':10},"                                                       \
	              "{'type':'compaction','input_tokens':7000,'output_tokens':0}]}")
#define PLAIN(id, rest)                                                                            \
	LINE(id, rest "'api':'anthropic.messages','usage':{'input_tokens':1000,"                   \
	              "'output_tokens':100}")

static enum ingest_verdict send(struct ledgerkit *kit, const char *line)
{
	return kit_send(kit, kit_quotes(line));
}

static void test_each_turn_is_priced_by_its_own_model(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(book));
	assert_int_equal(send(kit, ADVISED("r", "")), INGEST_ACCEPTED);
	/* 0.001 + 0.0002, 0.03 + 0.0002, 0.007; the turns without the fee of a request */
	assert_string_equal(kit_events(kit), "r=1:0.0012 r~2=2:0.0302 r~3=1:0.007");
	assert_int_equal(send(kit, ADVISED("r", "")), INGEST_DUPLICATE);
	assert_string_equal(kit_events(kit), "r=1:0.0012 r~2=2:0.0302 r~3=1:0.007");
	kit_verify_clean(kit);
	kit_shut(kit);
	assert_int_equal(kit_sql_int(kit, "SELECT sum(requests) FROM event"), 1);
	kit_reopen(kit);
}

static void test_a_turn_without_a_price_makes_its_line_unpriced(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_small_book);
	assert_int_equal(send(kit, "{'id':'r','source':'gw','time':'2026-08-01T10:00:00Z',"
	                           "'account':'a','model':'acme/llama-4-70b','api':"
	                           "'anthropic.messages','usage':{'input_tokens':1,"
	                           "'output_tokens':1,'iterations':[{'type':'message'},"
	                           "{'type':'advisor_message','model':'x','input_tokens':3}]}}"),
	                 INGEST_UNPRICED);
	kit_shut(kit);
	assert_int_equal(kit_sql_int(kit, "SELECT count(*) FROM event WHERE price = -1"), 1);
	assert_int_equal(kit_sql_int(kit, "SELECT count(*) FROM event"), 2);
	kit_reopen(kit);
}

/* What a later phase does not tell any more is charged no more. */
static void test_a_later_phase_with_fewer_turns_ends_the_others(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(book));
	assert_int_equal(send(kit, ADVISED("r", "'settlement':'partial',")), INGEST_ACCEPTED);
	assert_int_equal(send(kit, PLAIN("r", "")), INGEST_ACCEPTED);
	assert_string_equal(kit_events(kit), "r=1:0.0012 r~2=0:0.00 r~3=0:0.00");
	/* And the earlier phase again changes nothing. */
	assert_int_equal(send(kit, ADVISED("r", "'settlement':'partial',")), INGEST_DUPLICATE);
	assert_string_equal(kit_events(kit), "r=1:0.0012 r~2=0:0.00 r~3=0:0.00");
	kit_verify_clean(kit);
}

/* The items of the line as stored, "added/phase" each. */
static const char *store(struct ledgerkit *kit, const char *line, struct money *sum)
{
	static char told[256];
	struct ingest_item first;
	size_t len = 0;

	kit_prepare(kit, kit_quotes(line), &first);
	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	assert_int_equal(ingest_store(kit->ledger, &first, NULL), 0);
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
	told[0] = '\0';
	for (const struct ingest_item *item = &first; item != NULL; item = item->more) {
		char amount[MONEY_TEXT_BYTES];

		if (item->own_verdict == INGEST_VERDICT_COUNT)
			continue;
		money_text(item->added, amount);
		len += (size_t)snprintf(told + len, sizeof(told) - len, "%s%s/%d",
		                        len > 0 ? " " : "", amount, (int)item->phase);
		assert_int_equal(money_total_add(*sum, item->added, sum), 0);
	}
	return told;
}

static void test_what_each_line_added_is_the_sum_of_the_ledger(void **state)
{
	static const struct {
		const char *line, *added;
	} rows[] = {
		{ LINE("r", "'settlement':'open','api':'toll'"), "0.00/0" },
		{ ADVISED("r", "'settlement':'partial',"), "0.0012/1 0.0302/0 0.007/0" },
		{ ADVISED("r", "'settlement':'partial',"), "0.00/0" },
		{ LINE("r", "'settlement':'abandoned','api':'toll','usage':{'input':500}"),
		  "-0.0379/1" },
		{ PLAIN("r", ""), "0.0007/1" },
		{ LINE("l", "'api':'toll','usage':{'input':500}"), "0.0005/0" },
		{ LINE("l", "'api':'toll','settlement':'partial','usage':{'input':400}"),
		  "0.00/2" },
		{ LINE("l", "'api':'toll','usage':{'input':501}"), "0.00/0" },
		{ LINE("u", "'api':'toll','settlement':'partial','usage':{'input':100}"),
		  "0.0001/0" },
		{ LINE("u", "'api':'toll','usage':{'input':100,'pages':1}"), "-0.0001/1" },
	};
	struct ledgerkit *kit = *state;
	struct money sum = { 0 };
	char text[MONEY_TEXT_BYTES];

	kit_price(kit, kit_quotes(book));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(store(kit, rows[i].line, &sum), rows[i].added);
	money_text(sum, text);
	assert_string_equal(text, "0.0017");
	assert_string_equal(kit_events(kit),
	                    "l=1:0.0005 r=1:0.0012 r~2=0:0.00 r~3=0:0.00 u=-1:0.00");
	kit_verify_clean(kit);
}

static void test_an_earlier_phase_that_comes_late_adds_no_turns(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(book));
	assert_int_equal(send(kit, PLAIN("r", "")), INGEST_ACCEPTED);
	assert_int_equal(send(kit, ADVISED("r", "'settlement':'partial',")), INGEST_ACCEPTED);
	assert_string_equal(kit_events(kit), "r=1:0.0012");
	assert_int_equal(send(kit, ADVISED("r", "")), INGEST_CONFLICT);
	assert_string_equal(kit_events(kit), "r=1:0.0012");
	kit_verify_clean(kit);
}

/* Requests, events and turns as the sums of the hours and of the source have them. */
static void expect_requests(struct ledgerkit *kit, int64_t requests, int64_t turns)
{
	kit_verify_clean(kit);
	kit_shut(kit);
	assert_int_equal(kit_sql_int(kit, "SELECT sum(events - turns) FROM rollup"), requests);
	assert_int_equal(kit_sql_int(kit, "SELECT sum(turns) FROM rollup"), turns);
	assert_int_equal(kit_sql_int(kit, "SELECT sum(events) FROM watermark"), requests);
	assert_int_equal(kit_sql_int(kit, "SELECT count(*) FROM rollup WHERE events = 0"), 0);
	kit_reopen(kit);
}

/* The end is the same, whichever phase comes first: also in what is counted. */
static void test_requests_are_counted_without_their_turns_in_any_order(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(book));
	assert_int_equal(send(kit, ADVISED("a", "")), INGEST_ACCEPTED);
	expect_requests(kit, 1, 2);
	assert_int_equal(send(kit, ADVISED("b", "'settlement':'partial',")), INGEST_ACCEPTED);
	expect_requests(kit, 2, 4);
	assert_int_equal(send(kit, PLAIN("b", "")), INGEST_ACCEPTED);
	expect_requests(kit, 2, 2);
	assert_int_equal(send(kit, PLAIN("c", "")), INGEST_ACCEPTED);
	assert_int_equal(send(kit, ADVISED("c", "'settlement':'partial',")), INGEST_ACCEPTED);
	expect_requests(kit, 3, 2);
	/* A turn that ended comes back with a phase that has it. */
	assert_int_equal(send(kit, ADVISED("d", "'settlement':'open',")), INGEST_ACCEPTED);
	assert_int_equal(send(kit, PLAIN("d", "'settlement':'partial',")), INGEST_ACCEPTED);
	expect_requests(kit, 4, 2);
	assert_int_equal(send(kit, ADVISED("d", "")), INGEST_ACCEPTED);
	expect_requests(kit, 4, 4);
}

/* What a client itself sends under the id of a turn is never taken for one. */
static void test_a_request_with_the_id_of_a_turn_stays(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(book));
	assert_int_equal(send(kit, PLAIN("x", "'settlement':'open',")), INGEST_ACCEPTED);
	assert_int_equal(send(kit, PLAIN("x~2", "'settlement':'partial',")), INGEST_ACCEPTED);
	assert_int_equal(send(kit, PLAIN("x~3", "")), INGEST_ACCEPTED);
	assert_int_equal(send(kit, PLAIN("x", "")), INGEST_ACCEPTED);
	assert_string_equal(kit_events(kit), "x=1:0.0012 x~2=1:0.0012 x~3=1:0.0012");
	expect_requests(kit, 3, 0);
	/* Where both are there, the first stays and the other is told. */
	assert_int_equal(send(kit, PLAIN("y~2", "'settlement':'partial',")), INGEST_ACCEPTED);
	assert_int_equal(send(kit, ADVISED("y", "'settlement':'partial',")), INGEST_CONFLICT);
	assert_int_equal(send(kit, PLAIN("y~3", "")), INGEST_CONFLICT);
	assert_string_equal(kit_events(kit), "x=1:0.0012 x~2=1:0.0012 x~3=1:0.0012 y=1:0.0012 "
	                                     "y~2=1:0.0012 y~3=1:0.007");
	/* The turn behind that of the client ends all the same. */
	assert_int_equal(send(kit, PLAIN("y", "")), INGEST_ACCEPTED);
	assert_string_equal(kit_events(kit), "x=1:0.0012 x~2=1:0.0012 x~3=1:0.0012 y=1:0.0012 "
	                                     "y~2=1:0.0012 y~3=0:0.00");
	expect_requests(kit, 5, 0);
	kit_shut(kit);
	assert_int_equal(kit_sql_int(kit, "SELECT count(*) FROM conflict"), 2);
	kit_reopen(kit);
}

/* A number that a client took before is no end of the turns. */
static void test_turns_behind_a_gap_end_too(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(book));
	assert_int_equal(send(kit, PLAIN("r~2", "")), INGEST_ACCEPTED);
	assert_int_equal(send(kit, ADVISED("r", "'settlement':'partial',")), INGEST_CONFLICT);
	assert_string_equal(kit_events(kit), "r=1:0.0012 r~2=1:0.0012 r~3=1:0.007");
	assert_int_equal(send(kit, PLAIN("r", "")), INGEST_ACCEPTED);
	assert_string_equal(kit_events(kit), "r=1:0.0012 r~2=1:0.0012 r~3=0:0.00");
	kit_verify_clean(kit);
}

/* A request is found by its own time there, and its turns are with it. */
static void test_turns_out_of_memory_end_too(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(book));
	kit_shut(kit);
	kit_reopen_small(kit);
	assert_int_equal(send(kit, ADVISED("r", "'settlement':'partial',")), INGEST_ACCEPTED);
	assert_int_equal(send(kit, ADVISED("s", "'settlement':'partial',")), INGEST_ACCEPTED);
	/* Its own turn has a name that begins like one of r's. */
	assert_int_equal(send(kit, ADVISED("r~7", "")), INGEST_ACCEPTED);
	kit_forget(kit);
	assert_int_equal(send(kit, PLAIN("r", "")), INGEST_ACCEPTED);
	assert_int_equal(send(kit, ADVISED("s", "")), INGEST_ACCEPTED);
	kit_verify_clean(kit);
	assert_string_equal(kit_ask(kit, "SELECT group_concat(id || ' ' || turn || ' ' || nanos, "
	                                 "'; ') FROM (SELECT id, turn, nanos FROM event WHERE "
	                                 "price >= 0 ORDER BY id)"),
	                    "r 0 1200000; r~2 2 0; r~3 2 0; r~7 0 1200000; r~7~2 1 30200000; "
	                    "r~7~3 1 7000000; s 0 1200000; s~2 1 30200000; s~3 1 7000000");
}

/* What was served is charged once, not of each turn again. */
static void test_turns_share_what_was_served(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(book));
	kit_policies(kit, NULL, POLICY_BIT(POLICY_SERVED_ONLY));
	/* 100 and 10 of output: 105 served are all of the first and 5 of the second. */
	assert_int_equal(send(kit, ADVISED("r", "'settlement':'abandoned','served':105,")),
	                 INGEST_ACCEPTED);
	assert_string_equal(kit_events(kit), "r=1:0.0012 r~2=2:0.0301 r~3=1:0.007");
	assert_int_equal(send(kit, ADVISED("s", "'settlement':'abandoned','served':3,")),
	                 INGEST_ACCEPTED);
	assert_int_equal(send(kit, ADVISED("t", "'settlement':'abandoned',")), INGEST_ACCEPTED);
	assert_string_equal(kit_events(kit), "r=1:0.0012 r~2=2:0.0301 r~3=1:0.007 "
	                                     "s=1:0.001006 s~2=2:0.03 s~3=1:0.007 "
	                                     "t=1:0.0012 t~2=2:0.0302 t~3=1:0.007");
	kit_verify_clean(kit);
}

/* Turns that have no price yet are stored each by itself, and the kinds are divided among them. */
static void test_turns_that_are_taken_apart_divide_the_kinds(void **state)
{
	struct ledgerkit *kit = *state;

	assert_int_equal(
		send(kit,
	             LINE("r",
	                  "'region':'eu','api':'anthropic.messages','usage':{"
	                  "'input_tokens':30,'output_tokens':3,'cache_read_input_tokens':9,"
	                  "'server_tool_use':{'web_search_requests':3},'iterations':["
	                  "{'type':'message','input_tokens':10,'output_tokens':1,"
	                  "'cache_read_input_tokens':2},"
	                  "{'type':'message','input_tokens':20,'output_tokens':2,"
	                  "'cache_read_input_tokens':7,'server_tool_use':"
	                  "{'web_search_requests':2}},{'type':'advisor_message','model':'opus',"
	                  "'input_tokens':3,'output_tokens':1,'server_tool_use':"
	                  "{'web_search_requests':4}}]},'kinds':{'component':'cache_read','n':5,"
	                  "'implicit':true}")),
		INGEST_UNPRICED);
	kit_verify_clean(kit);
	assert_string_equal(
		kit_ask(kit,
	                "SELECT group_concat(e.id || ' in ' || n.text || ' ' || e.cache_read || "
	                "coalesce(' ' || (SELECT group_concat(component || ' ' || kind || ' ' "
	                "|| count) FROM event_detail d WHERE d.id = e.id), ''), '; ') "
	                "FROM (SELECT * FROM event ORDER BY id) e JOIN name n "
	                "ON n.id = e.region"),
		"r in eu 2 cache_read implicit 2,searches web_search 1; "
		"r~2 in eu 0 searches web_search 4; "
		"r~3 in eu 7 cache_read implicit 3,searches web_search 2");
}

static void test_an_id_that_has_no_room_for_a_number_is_refused(void **state)
{
	struct ledgerkit *kit = *state;
	char line[2048], id[256];

	memset(id, 'x', sizeof(id) - 1);
	id[sizeof(id) - 1] = '\0';
	kit_price(kit, kit_quotes(book));
	for (int cut = 0; cut < 2; cut++) {
		id[255 - cut] = '\0';
		snprintf(line, sizeof(line),
		         "{'id':'%s','source':'gw','time':'2026-08-01T10:00:00Z','account':'a',"
		         "'model':'m','api':'anthropic.messages','usage':{'input_tokens':1,"
		         "'output_tokens':1,'iterations':[{'type':'message'},{'type':'compaction',"
		         "'input_tokens':3}]}}",
		         id);
		assert_int_equal(send(kit, line), cut == 0 ? INGEST_QUARANTINED : INGEST_ACCEPTED);
	}
	kit_shut(kit);
	/* Of the refused line nothing is stored. */
	assert_int_equal(kit_sql_int(kit, "SELECT count(*) FROM event"), 2);
	assert_int_equal(kit_sql_int(kit, "SELECT count(*) FROM quarantine WHERE reason = 'name'"),
	                 1);
	kit_reopen(kit);
}

static const char *retry_quarantine(struct ledgerkit *kit)
{
	static char text[256];
	struct change change = { text_of("{\"change\":\"quarantine.retry\"}"), text_of("uid 7"),
		                 KIT_NOW_MS };
	struct buf reply = { .at = NULL };
	bool moved;

	assert_int_equal(change_run(kit->ledger, &change, &reply, &moved, NULL), 0);
	snprintf(text, sizeof(text), "%.*s", TEXT_ARGS(buf_text(&reply)));
	buf_release(&reply);
	return text;
}

/* The request is charged; what could not be is held under its own name, and never given up. */
static void test_a_turn_that_its_hour_has_no_room_for_is_held(void **state)
{
	struct ledgerkit *kit = *state;
	static const char line[] = LINE(
		"r", "'api':'anthropic.messages','usage':{'input_tokens':1,'output_tokens':0,"
		     "'iterations':[{'type':'message','input_tokens':1,'output_tokens':0},"
		     "{'type':'compaction','input_tokens':1,'output_tokens':0}]}");

	kit_price(kit,
	          kit_quotes("{'pricebook':1,'currency':'USD','models':[{'model':'m','versions':[{"
	                     "'effective_from':'2020-01-01','rates':[{'component':'input','each':"
	                     "'5000000000'},{'component':'output','each':'0'}]}]}]}"));
	assert_int_equal(send(kit, line), INGEST_QUARANTINED);
	assert_string_equal(kit_events(kit), "r=1:5000000000.00");
	assert_string_equal(kit_ask(kit, "SELECT group_concat(event_id || ' ' || reason || ' ' || "
	                                 "detail) FROM quarantine"),
	                    "r~2 amount the sum of its hour would be larger than it can be");
	/* The line again is one that is known, but its turn still waits. */
	assert_int_equal(send(kit, line), INGEST_DUPLICATE);
	assert_string_equal(retry_quarantine(kit),
	                    kit_quotes("{'ok':true,'tried':1,'accepted':0,'unpriced':0,"
	                               "'duplicate':0,'conflict':0,'left':1}"));
	assert_string_equal(kit_events(kit), "r=1:5000000000.00");
	assert_string_equal(kit_ask(kit, "SELECT count(*) FROM quarantine WHERE released_ms = 0"),
	                    "1");
	kit_verify_clean(kit);
}

/* Each amount has room, what a later phase takes back of them together has none: it is told. */
static void test_more_is_taken_back_than_an_amount_holds(void **state)
{
#define DEAR(model)                                                                                \
	"{'model':'" model "','versions':[{'effective_from':'2020-01-01','rates':["                \
	"{'component':'input','each':'9000000000'},{'component':'output','each':'0'}]}]}"
	static const char turns[] = LINE(
		"r", "'settlement':'partial','api':'anthropic.messages','usage':{"
		     "'input_tokens':1,'output_tokens':0,'iterations':["
		     "{'type':'message','input_tokens':1,'output_tokens':0},"
		     "{'type':'advisor_message','model':'opus','input_tokens':1,"
		     "'output_tokens':0}]}");
	struct ledgerkit *kit = *state;
	struct money sum = { 0 };

	kit_price(kit, kit_quotes("{'pricebook':1,'currency':'USD','models':[" DEAR("m") "," DEAR(
			       "opus") "]}"));
	assert_int_equal(send(kit, turns), INGEST_ACCEPTED);
	assert_string_equal(kit_events(kit), "r=1:9000000000.00 r~2=2:9000000000.00");
	assert_string_equal(store(kit, LINE("r", "'api':'toll','usage':{'output':1}"), &sum),
	                    "-18000000000.00/1");
	assert_string_equal(kit_events(kit), "r=1:0.00 r~2=0:0.00");
	kit_verify_clean(kit);
#undef DEAR
}

#define SPAN(id, rest)                                                                             \
	"{'traceId':'t','spanId':'" id "','startTimeUnixNano':'1785578400000000000',"              \
	"'endTimeUnixNano':'1785578401000000000','attributes':["                                   \
	"{'key':'gen_ai.operation.name','value':{'stringValue':'chat'}}," rest "]}"
#define MODEL(name)   "{'key':'gen_ai.request.model','value':{'stringValue':'" name "'}},"
#define COUNT(key, n) "{'key':'gen_ai.usage." key "','value':{'intValue':'" n "'}}"
#define SPANS(spans)                                                                               \
	"{'resourceSpans':[{'resource':{'attributes':[{'key':'service.name','value':"              \
	"{'stringValue':'svc'}}]},'scopeSpans':[{'spans':[" spans "]}]}]}"

static void test_a_line_of_many_spans_is_as_many_events(void **state)
{
	static const char line[] = SPANS(SPAN(
		"1", MODEL("m") COUNT("input_tokens", "1000") "," COUNT(
			     "output_tokens",
			     "10")) "," SPAN("2",
	                                     MODEL("opus")
	                                             COUNT("input_tokens",
	                                                   "2000")) "," SPAN("3",
	                                                                     MODEL("m") COUNT(
										     "input_tokens",
										     "-5")));
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(book));
	/* The worst of them is the verdict of the line; the others are stored. */
	assert_int_equal(send(kit, line), INGEST_QUARANTINED);
	assert_int_equal(send(kit, line), INGEST_QUARANTINED);
	kit_verify_clean(kit);
	kit_shut(kit);
	assert_int_equal(kit_sql_int(kit, "SELECT count(*) FROM event"), 2);
	assert_int_equal(kit_sql_int(kit, "SELECT sum(input) FROM event"), 3000);
	assert_int_equal(kit_sql_int(kit, "SELECT sum(nanos) FROM event"), 1020000 + 20000000);
	/* Held by itself, so that it can be tried by itself. */
	assert_int_equal(kit_sql_int(kit, "SELECT count(*) FROM quarantine WHERE times = 2 AND "
	                                  "event_id = 't/3' AND reason = 'count'"),
	                 1);
	kit_reopen(kit);
}

static enum ingest_verdict try_held(struct ledgerkit *kit, const char *line)
{
	struct ingest_item item;

	kit_prepare(kit, kit_quotes(line), &item);
	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	assert_int_equal(ingest_try(kit->ledger, &item, NULL), 0);
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
	return item.verdict;
}

/* A line that is held, and has become several events: what is refused of it is held by itself. */
static void test_of_a_held_line_what_is_understood_is_stored(void **state)
{
	static const char good[] = SPAN("1", MODEL("m") COUNT("input_tokens", "1000"));
	static const char bad[] = SPAN("2", MODEL("m") COUNT("input_tokens", "-5"));
	static const char count[] =
		"SELECT (SELECT count(*) FROM event) || ' ' || (SELECT count(*) "
		"FROM quarantine) || ' ' || coalesce((SELECT event_id FROM "
		"quarantine), '-')";
	struct ledgerkit *kit = *state;
	char line[4096];

	kit_price(kit, kit_quotes(book));
	snprintf(line, sizeof(line), SPANS("%s,%s"), bad, bad);
	assert_int_equal(try_held(kit, line), INGEST_QUARANTINED);
	assert_string_equal(kit_ask(kit, count), "0 0 -");
	snprintf(line, sizeof(line), SPANS("%s,%s"), good, bad);
	assert_int_equal(try_held(kit, line), INGEST_ACCEPTED);
	assert_string_equal(kit_ask(kit, count), "1 1 t/2");
	assert_int_equal(try_held(kit, line), INGEST_DUPLICATE);
	kit_verify_clean(kit);
}

/* They are replaced with it: none ends, and none is a conflict. */
static void test_a_later_phase_with_the_same_turns_replaces_them(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(book));
	assert_int_equal(send(kit, ADVISED("r", "'settlement':'partial',")), INGEST_ACCEPTED);
	assert_int_equal(send(kit, ADVISED("r", "")), INGEST_ACCEPTED);
	assert_string_equal(kit_events(kit), "r=1:0.0012 r~2=2:0.0302 r~3=1:0.007");
	assert_string_equal(kit_ask(kit, "SELECT count(*) FROM conflict"), "0");
	kit_verify_clean(kit);
}

static void test_a_line_of_which_all_is_known_is_a_duplicate(void **state)
{
	static const char one[] = SPANS(SPAN("1", MODEL("m") COUNT("input_tokens", "1")));
	static const char two[] = SPANS(SPAN("1", MODEL("m") COUNT("input_tokens", "1")) "," SPAN(
		"2", MODEL("m") COUNT("input_tokens", "1")));
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(book));
	assert_int_equal(send(kit, one), INGEST_ACCEPTED);
	/* One of the two is known: of a line the highest verdict is told. */
	assert_int_equal(send(kit, two), INGEST_DUPLICATE);
	assert_int_equal(send(kit, two), INGEST_DUPLICATE);
	kit_shut(kit);
	assert_int_equal(kit_sql_int(kit, "SELECT count(*) FROM event"), 2);
	kit_reopen(kit);
}

/* Of contradicting numbers those whose readings cost the same are taken, with a warning. */
static void test_readings_decide_by_their_price(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(book));
	/* Reasoning costs what output costs: 10 of it are 10 of it. */
	assert_int_equal(send(kit, LINE("same", "'api':'openrouter.chat','usage':{'prompt_tokens':"
	                                        "43,'completion_tokens':10,'total_tokens':53,"
	                                        "'completion_tokens_details':"
	                                        "{'reasoning_tokens':11}}")),
	                 INGEST_ACCEPTED);
	assert_int_equal(send(kit, LINE("differ", "'api':'openai.chat','usage':{'prompt_tokens':35,"
	                                          "'completion_tokens':12,'total_tokens':109}")),
	                 INGEST_QUARANTINED);
	assert_int_equal(send(kit, LINE("differ-2", "'api':'openai.chat','usage':{'prompt_tokens':"
	                                            "7,'completion_tokens':1,'total_tokens':8,"
	                                            "'prompt_tokens_details':"
	                                            "{'cached_tokens':163}}")),
	                 INGEST_QUARANTINED);
	assert_string_equal(kit_events(kit), "same=1:0.000063");
	kit_shut(kit);
	assert_int_equal(kit_sql_int(kit, "SELECT count(*) FROM unknown_usage"), 1);
	/* Both amounts: 35 and 12 x 2, or 74 x 2; 163 x 0.5 beside 7 and 2, or 7 x 0.5 and 2. */
	assert_string_equal(
		kit_sql_text(kit, "SELECT detail FROM quarantine WHERE event_id = 'differ'"),
		"declared 0.000059, rest-is-reasoning 0.000183; usage: prompt_tokens 35 + "
		"completion_tokens 12 = 47, but total_tokens is 109");
	assert_string_equal(
		kit_sql_text(kit, "SELECT detail FROM quarantine WHERE event_id = 'differ-2'"),
		"cached-beside 0.0000905, cached-is-all 0.0000055; usage: cached_tokens 163 is "
		"larger "
		"than prompt_tokens 7");
	kit_reopen(kit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
		T(test_each_turn_is_priced_by_its_own_model),
		T(test_a_turn_without_a_price_makes_its_line_unpriced),
		T(test_what_each_line_added_is_the_sum_of_the_ledger),
		T(test_a_later_phase_with_fewer_turns_ends_the_others),
		T(test_an_earlier_phase_that_comes_late_adds_no_turns),
		T(test_requests_are_counted_without_their_turns_in_any_order),
		T(test_a_request_with_the_id_of_a_turn_stays),
		T(test_turns_behind_a_gap_end_too),
		T(test_turns_out_of_memory_end_too),
		T(test_turns_share_what_was_served),
		T(test_turns_that_are_taken_apart_divide_the_kinds),
		T(test_an_id_that_has_no_room_for_a_number_is_refused),
		T(test_a_turn_that_its_hour_has_no_room_for_is_held),
		T(test_more_is_taken_back_than_an_amount_holds),
		T(test_a_line_of_many_spans_is_as_many_events),
		T(test_of_a_held_line_what_is_understood_is_stored),
		T(test_a_later_phase_with_the_same_turns_replaces_them),
		T(test_a_line_of_which_all_is_known_is_a_duplicate),
		T(test_readings_decide_by_their_price),
#undef T
	};

	return cmocka_run_group_tests_name("ingest parts", tests, NULL, NULL);
}
