/*
 * One event that adds up several requests or turns, under a price with a threshold: each is priced
 * by itself, or the sum where that comes to the same, or it is held.
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

/* 1 a million, 2 of a request whose prompt is over 1000; 10 and 20 for "opus". */
#define STEPS(model)                                                                               \
	"{'model':'" model "','versions':["                                                        \
	"{'effective_from':'2020-01-01','rates':["                                                 \
	"{'component':'input','per_million':'1'},{'component':'output','per_million':'1'},"        \
	"{'component':'input','per_million':'2','when':{'context':{'gt':1000}}},"                  \
	"{'component':'output','per_million':'2','when':{'context':{'gt':1000}}}]}]}"
#define BOOK(models) "{'pricebook':1,'currency':'USD','models':[" models "]}"

static const char steps[] = BOOK(
	STEPS("m") ",{'model':'opus','versions':[{'effective_from':'2020-01-01','rates':["
		   "{'component':'input','per_million':'10'},"
		   "{'component':'output','per_million':'20'}]}]}");
static const char others[] = BOOK(STEPS("n"));
static const char flat[] = BOOK(
	"{'model':'m','versions':[{'effective_from':'2020-01-01','rates':["
	"{'component':'input','per_million':'1'},{'component':'output','per_million':'1'}]}]}");

#define LINE(id, rest)                                                                             \
	"{'id':'" id                                                                               \
	"','source':'gw','time':'2026-08-01T10:00:00Z','account':'a','model':'m'," rest "}"
#define USED(n)         "{'prompt_tokens':" #n ",'completion_tokens':0}"
#define RESULT(n)       "{'response':{'body':{'usage':" USED(n) "}}}"
#define BATCH(id, a, b) LINE(id, "'api':'openai.batch','response':[" RESULT(a) "," RESULT(b) "]")
/* One of the answer each, beside what is said of them. */
#define MESSAGE(n)      "{'type':'message','input_tokens':" #n ",'output_tokens':1}"
#define OTHER(type, model, n)                                                                      \
	"{'type':'" type "','model':'" model "','input_tokens':" #n ",'output_tokens':1}"
#define TURNS(id, sum, answer, turns)                                                              \
	LINE(id, "'api':'anthropic.messages','usage':{'input_tokens':" #sum                        \
	         ",'output_tokens':" #answer ",'iterations':[" turns "]}")

static enum ingest_verdict send(struct ledgerkit *kit, const char *line)
{
	return kit_send(kit, kit_quotes(line));
}

static void test_requests_are_priced_as_one_where_it_comes_to_the_same(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(steps));
	assert_int_equal(send(kit, BATCH("below", 400, 600)), INGEST_ACCEPTED);
	assert_int_equal(send(kit, BATCH("above", 1001, 1001)), INGEST_ACCEPTED);
	/* Only together; and one of them by itself. */
	assert_int_equal(send(kit, BATCH("together", 400, 601)), INGEST_QUARANTINED);
	assert_int_equal(send(kit, BATCH("both sides", 1500, 900)), INGEST_QUARANTINED);
	assert_string_equal(kit_events(kit), "above=1:0.004004 below=1:0.001");
	kit_verify_clean(kit);
	assert_string_equal(
		kit_ask(kit, "SELECT detail FROM quarantine WHERE event_id = 'both sides'"),
		"usage: 2 requests or turns in one event, the smallest with a prompt of 900 and "
		"together with 2400, have a threshold of the price between them; send each by "
		"itself");
}

/* Of a whole batch nothing is known of each request: any threshold may lie between. */
static void test_a_batch_told_as_one_sum_is_asked_too(void **state)
{
#define WHOLE(id, requests, tokens)                                                                \
	LINE(id, "'api':'openai.batch','response':{'request_counts':{'completed':" #requests       \
	         "},'usage':{'input_tokens':" #tokens ",'output_tokens':0}}")
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(steps));
	assert_int_equal(send(kit, WHOLE("small", 3, 1000)), INGEST_ACCEPTED);
	assert_int_equal(send(kit, WHOLE("large", 3, 1001)), INGEST_QUARANTINED);
	assert_int_equal(send(kit, WHOLE("one", 1, 1001)), INGEST_ACCEPTED);
	assert_string_equal(kit_events(kit), "one=1:0.002002 small=1:0.001");
	kit_verify_clean(kit);
#undef WHOLE
}

static void test_turns_are_taken_apart_where_it_does_not(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(steps));
	assert_int_equal(send(kit, TURNS("a", 1000, 2, MESSAGE(400) "," MESSAGE(600))),
	                 INGEST_ACCEPTED);
	assert_int_equal(send(kit, TURNS("b", 1001, 2, MESSAGE(400) "," MESSAGE(601))),
	                 INGEST_ACCEPTED);
	assert_int_equal(
		send(kit, TURNS("c", 2405, 3, MESSAGE(5) "," MESSAGE(1500) "," MESSAGE(900))),
		INGEST_ACCEPTED);
	/* Behind the turn on another model, which is taken out as ever. */
	assert_int_equal(
		send(kit, TURNS("d", 2407, 3,
	                        MESSAGE(1500) "," OTHER("message", "opus", 7) "," MESSAGE(900))),
		INGEST_ACCEPTED);
	assert_string_equal(kit_events(kit), "a=1:0.001002 b=1:0.000401 b~2=1:0.000602 "
	                                     "c=1:0.000006 c~2=1:0.003002 c~3=1:0.000901 "
	                                     "d=1:0.003002 d~2=2:0.00009 d~3=1:0.000901");
	assert_string_equal(kit_ask(kit, "SELECT sum(requests) || ' ' || sum(turn) FROM event"),
	                    "4 5");
	kit_verify_clean(kit);
}

/* What is a part already is no part of a sum. */
static void test_a_turn_is_asked_by_itself_only(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(steps));
	assert_int_equal(
		send(kit, TURNS("a", 30, 1, MESSAGE(30) "," OTHER("compaction", "m", 2100))),
		INGEST_ACCEPTED);
	assert_int_equal(
		send(kit, TURNS("b", 1500, 1, OTHER("compaction", "m", 100) "," MESSAGE(1500))),
		INGEST_ACCEPTED);
	assert_int_equal(
		send(kit, TURNS("c", 30, 2,
	                        MESSAGE(10) "," MESSAGE(20) "," OTHER("compaction", "m", 2100))),
		INGEST_ACCEPTED);
	assert_string_equal(kit_events(kit), "a=1:0.000031 a~2=1:0.004202 b=1:0.003002 "
	                                     "b~2=1:0.000101 c=1:0.000032 c~2=1:0.004202");
	kit_verify_clean(kit);
}

static void test_turns_that_leave_something_out_are_no_sum_to_take_apart(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(steps));
	assert_int_equal(send(kit, TURNS("a", 1001, 2, MESSAGE(400) ",{'type':'message'}")),
	                 INGEST_QUARANTINED);
	assert_int_equal(send(kit, TURNS("b", 900, 2, MESSAGE(400) ",{'type':'message'}")),
	                 INGEST_ACCEPTED);
	assert_string_equal(kit_events(kit), "b=1:0.000902");
}

/* The order of the book and of the event makes no amount. */
static void test_what_waited_for_its_price_is_priced_in_the_same_way(void **state)
{
	struct change change = { text_of("{\"change\":\"suspense.retry\"}"), text_of("uid 7"),
		                 KIT_NOW_MS };
	struct ledgerkit *kit = *state;
	struct buf reply = { .at = NULL };
	bool moved;

	kit_price(kit, kit_quotes(others));
	assert_int_equal(send(kit, BATCH("above", 1001, 1001)), INGEST_UNPRICED);
	assert_int_equal(send(kit, BATCH("below", 400, 600)), INGEST_UNPRICED);
	assert_int_equal(send(kit, BATCH("sides", 1500, 900)), INGEST_UNPRICED);
	assert_int_equal(send(kit, TURNS("turns", 2400, 2, MESSAGE(1500) "," MESSAGE(900))),
	                 INGEST_UNPRICED);
	kit_price(kit, kit_quotes(steps));
	assert_int_equal(change_run(kit->ledger, &change, &reply, &moved, NULL), 0);
	assert_string_equal(reply.at, kit_quotes("{'ok':true,'tried':5,'priced':4,'left':1,"
	                                         "'amount':'0.008907'}"));
	buf_release(&reply);
	assert_string_equal(kit_events(kit), "above=2:0.004004 below=2:0.001 sides=-1:0.00 "
	                                     "turns=2:0.003002 turns~2=2:0.000901");
	kit_verify_clean(kit);
}

/* Of the first turn alone, once they are apart: not once more what the others cost. */
static void test_turns_without_a_price_on_one_side_are_apart_on_the_other(void **state)
{
	static const char amounts[] =
		"SELECT group_concat(id || ' ' || price || ' ' || (nanos + cost_nanos), '; ') FROM "
		"(SELECT * FROM event ORDER BY id)";
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(others));
	kit_cost(kit, kit_quotes(steps));
	assert_int_equal(send(kit, TURNS("a", 1000, 2, MESSAGE(400) "," MESSAGE(600))),
	                 INGEST_UNPRICED);
	assert_string_equal(kit_ask(kit, amounts), "a -1 401000; a~2 -1 601000");
	kit_price(kit, kit_quotes(steps));
	kit_cost(kit, kit_quotes(others));
	assert_int_equal(send(kit, TURNS("b", 1000, 2, MESSAGE(400) "," MESSAGE(600))),
	                 INGEST_ACCEPTED);
	assert_string_equal(kit_ask(kit, amounts),
	                    "a -1 401000; a~2 -1 601000; b 2 401000; b~2 2 601000");
	/* Under a threshold of the cost alone they are apart, too. */
	kit_price(kit, kit_quotes(flat));
	kit_cost(kit, kit_quotes(steps));
	assert_int_equal(send(kit, TURNS("c", 2400, 2, MESSAGE(1500) "," MESSAGE(900))),
	                 INGEST_ACCEPTED);
	assert_string_equal(kit_ask(kit, "SELECT group_concat(id || ' ' || cost_nanos, '; ') FROM "
	                                 "(SELECT * FROM event WHERE id LIKE 'c%' ORDER BY id)"),
	                    "c 3002000; c~2 901000");
	kit_verify_clean(kit);
}

/* Nobody knows yet what each turn will have cost: each is stored by itself, at its own amount. */
static void test_turns_whose_cost_waits_are_sold_each_by_itself(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(steps));
	kit_cost(kit, kit_quotes(others));
	assert_int_equal(send(kit, TURNS("a", 900, 2, MESSAGE(400) "," MESSAGE(500))),
	                 INGEST_ACCEPTED);
	assert_string_equal(kit_events(kit), "a=1:0.000401 a~2=1:0.000501");
	kit_verify_clean(kit);
}

/* Whether something came of a request is not asked of each of its turns. */
static void test_a_completion_in_one_turn_is_one_of_the_request(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(steps));
	kit_policies(kit, NULL, POLICY_BIT(POLICY_ZERO_COMPLETION));
	assert_int_equal(
		send(kit, LINE("a", "'api':'anthropic.messages','usage':{'input_tokens':1000,"
	                            "'output_tokens':50,'iterations':["
	                            "{'type':'message','input_tokens':900,'output_tokens':0},"
	                            "{'type':'message','model':'opus','input_tokens':100,"
	                            "'output_tokens':50}]}")),
		INGEST_ACCEPTED);
	assert_int_equal(
		send(kit, LINE("b", "'api':'anthropic.messages','usage':{'input_tokens':1000,"
	                            "'output_tokens':0,'iterations':["
	                            "{'type':'message','input_tokens':900,'output_tokens':0},"
	                            "{'type':'message','model':'opus','input_tokens':100,"
	                            "'output_tokens':0}]}")),
		INGEST_ACCEPTED);
	/* In the last of them. */
	assert_int_equal(
		send(kit, LINE("c", "'api':'anthropic.messages','usage':{'input_tokens':1200,"
	                            "'output_tokens':50,'iterations':["
	                            "{'type':'message','input_tokens':900,'output_tokens':0},"
	                            "{'type':'message','model':'opus','input_tokens':200,"
	                            "'output_tokens':0},"
	                            "{'type':'message','model':'opus','input_tokens':100,"
	                            "'output_tokens':50}]}")),
		INGEST_ACCEPTED);
	/* 900 of one, and 100 and 50 of the other. */
	assert_string_equal(kit_events(kit), "a=1:0.0009 a~2=2:0.002 b=0:0.00 b~2=0:0.00 "
	                                     "c=1:0.0009 c~2=2:0.002 c~3=2:0.002");
	kit_verify_clean(kit);
}

/* Its tokens are the totals: they are not there beside the totals once more. */
static void test_a_fallback_inside_the_totals_is_counted_once(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(steps));
	assert_int_equal(
		send(kit, TURNS("a", 40, 1,
	                        "{'type':'message'}," OTHER("fallback_message", "opus", 40))),
		INGEST_ACCEPTED);
	assert_string_equal(kit_events(kit), "a=1:0.00 a~2=2:0.00042");
	/* Neither with it nor without it: it is held. */
	assert_int_equal(
		send(kit, TURNS("b", 50, 1,
	                        "{'type':'message'}," OTHER("fallback_message", "opus", 40))),
		INGEST_QUARANTINED);
	kit_verify_clean(kit);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_requests_are_priced_as_one_where_it_comes_to_the_same),
		T(test_a_batch_told_as_one_sum_is_asked_too),
		T(test_turns_are_taken_apart_where_it_does_not),
		T(test_a_turn_is_asked_by_itself_only),
		T(test_turns_that_leave_something_out_are_no_sum_to_take_apart),
		T(test_what_waited_for_its_price_is_priced_in_the_same_way),
		T(test_turns_without_a_price_on_one_side_are_apart_on_the_other),
		T(test_turns_whose_cost_waits_are_sold_each_by_itself),
		T(test_a_completion_in_one_turn_is_one_of_the_request),
		T(test_a_fallback_inside_the_totals_is_counted_once),
	};

	return cmocka_run_group_tests_name("sums of requests and turns", tests, NULL, NULL);
}
