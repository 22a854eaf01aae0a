/* Changes that make standing rules: policy.set and reading.settle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/change.h"
#include "ledger/read.h"
#include "ledger/store.h"
#include "rate/policy.h"
#include "tests/support/ledgerkit.h"

#define LINE(id, source, api)                                                                      \
	"{\"id\":\"" id "\",\"source\":\"" source                                                  \
	"\",\"time\":\"2026-08-01T10:00:00Z\",\"account\":\"a\",\"model\":\"m\",\"api\":\"" api    \
	"\",\"settlement\":\"abandoned\",\"served\":2,\"usage\":{\"input\":10,\"output\":5}}"
#define CHAT(id, source)                                                                           \
	"{\"id\":\"" id "\",\"source\":\"" source                                                  \
	"\",\"time\":\"2026-08-01T10:00:00Z\",\"account\":\"a\",\"model\":\"m\","                  \
	"\"api\":\"openai.chat\",\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":5}}"

static const char book[] =
	"{\"pricebook\":1,\"currency\":\"USD\",\"models\":[{\"model\":\"m\",\"versions\":["
	"{\"effective_from\":\"2026\",\"rates\":[{\"component\":\"input\",\"each\":\"1\"},"
	"{\"component\":\"output\",\"each\":\"2\"}]}]}]}";

/* Runs a request to its end; the reply is valid until the next one. */
static const char *run(struct ledgerkit *kit, const char *request, bool *rules_moved)
{
	static char text[4096];
	struct fault fault = { .code = FAULT_NONE };
	struct change change = { text_of(kit_quotes(request)), text_of("uid 7"), KIT_NOW_MS };
	struct buf reply = { .at = NULL };
	struct change_job *job = NULL;
	bool more = true;
	int r = change_begin(&job, kit->ledger, &change, &reply, &fault);

	while (r == 0 && more)
		r = change_step(job, &more, &fault);
	if (r < 0)
		fail_msg("%s: %s", request, fault.text);
	if (rules_moved != NULL)
		*rules_moved = change_moved_rules(job);
	assert_false(change_moved_book(job, BOOK_SELL) || change_moved_book(job, BOOK_COST));
	change_end(job);
	snprintf(text, sizeof(text), "%.*s", TEXT_ARGS(buf_text(&reply)));
	buf_release(&reply);
	return text;
}

static void expect(struct ledgerkit *kit, const char *request, const char *reply)
{
	const char *got = run(kit, request, NULL);

	if (strcmp(got, kit_quotes(reply)) != 0)
		fail_msg("%s\n%s", request, got);
}

/* Holds a line as if its readings differed; the number of the line is the count of calls. */
static void hold(struct ledgerkit *kit, const char *source, const char *line, enum reason reason)
{
	struct event_refusal refusal = {
		.reason = reason, .source = text_of(source), .id = text_of("x"), .time_ms = 1
	};

	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	assert_int_equal(ledger_quarantine(kit->ledger, &refusal, text_of(line),
	                                   (int64_t)strlen(line), KIT_NOW_MS, NULL),
	                 0);
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
}

static void test_a_request_that_lacks_something_is_refused(void **state)
{
	static const struct {
		const char *request, *error;
	} rows[] = {
		{ "{'change':'policy.set'}", "is null or a list of zero-completion,images-whole," },
		{ "{'change':'policy.set','policies':'zero-completion'}", "a list of" },
		{ "{'change':'policy.set','policies':['zero']}", "a list of" },
		{ "{'change':'policy.set','policies':[1]}", "a list of" },
		{ "{'change':'policy.set','policies':[],'account':''}", "is 1 to 256 bytes" },
		{ "{'change':'policy.set','policies':[],'source':7}", "is 1 to 256 bytes" },
		{ "{'change':'policy.set','policies':[],'source':'\\u0001'}", "is 1 to 256 bytes" },
		{ "{'change':'reading.settle','reading':'r','reason':'w'}", "source" },
		{ "{'change':'reading.settle','source':'s','reason':'w'}", "reading" },
		{ "{'change':'reading.settle','source':'s','reading':'r'}", "say why" },
		{ "{'change':'reading.settle','source':'s','reading':'r','reason':''}", "say why" },
		{ "{'change':'reading.settle','source':'s','reading':'r','reason':'w','api':7}",
		  "is no name" },
		{ "{'change':'reading.settle','source':'s','reading':'r','reason':'w','id':'x'}",
		  "is no number" },
		{ "{'change':'reading.settle','source':'s','reading':'','reason':'w','id':1}",
		  "is empty" },
		{ "{'change':'reading.settle','source':'s','reading':'r','reason':'w','id':9}",
		  "quarantine has no line 9" },
		/* A rule that would wait for ever. */
		{ "{'change':'reading.settle','source':'s','reading':'declare','reason':'w'}",
		  "no api has such a reading: toll suspense show" },
		{ "{'change':'reading.settle','source':'s','reading':'reasoning-inside','reason':'"
		  "w',"
		  "'api':'openai.chat'}",
		  "this api has no such reading: toll formats" },
		{ "{'change':'reading.settle','source':'s','reading':'declared','reason':'w',"
		  "'api':'toll'}",
		  "this api has no such reading: toll formats" },
	};
	struct ledgerkit *kit = *state;
	bool moved = true;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *reply = run(kit, rows[i].request, &moved);

		if (strstr(reply, "\"ok\":false") == NULL || strstr(reply, rows[i].error) == NULL ||
		    moved)
			fail_msg("%s: %s", rows[i].request, reply);
	}
	assert_string_equal(kit_ask(kit,
	                            "SELECT (SELECT count(*) FROM change) + (SELECT count(*) FROM "
	                            "policy_rule) + (SELECT count(*) FROM reading_rule)"),
	                    "0");
}

static void test_policies_are_set_taken_back_and_noted(void **state)
{
	struct ledgerkit *kit = *state;
	bool moved = false;

	assert_string_equal(run(kit,
	                        "{'change':'policy.set','account':'a','source':'s',"
	                        "'policies':['served-only','zero-completion'],'note':'agreed'}",
	                        &moved),
	                    kit_quotes("{'ok':true,'policies':['zero-completion','served-only'],"
	                               "'account':'a','source':'s','note':'agreed'}"));
	assert_true(moved);
	kit_rules(kit);
	assert_int_equal(rules_policies(kit->rules, text_of("a"), text_of("s")),
	                 POLICY_BIT(POLICY_ZERO_COMPLETION) | POLICY_BIT(POLICY_SERVED_ONLY));
	assert_int_equal(rules_policies(kit->rules, text_of("a"), text_of("t")), 0);
	expect(kit, "{'change':'policy.set','policies':['images-whole']}",
	       "{'ok':true,'policies':['images-whole']}");
	expect(kit, "{'change':'policy.set','account':'a','source':'s','policies':null}",
	       "{'ok':true,'policies':null,'account':'a','source':'s'}");
	kit_rules(kit);
	assert_int_equal(rules_policies(kit->rules, text_of("a"), text_of("s")),
	                 POLICY_BIT(POLICY_IMAGES_WHOLE));
	assert_string_equal(
		kit_ask(kit, "SELECT group_concat(what || ' ' || who || ' ' || at_ms || ' ' || "
	                     "detail, '|') FROM change WHERE detail LIKE '%agreed%'"),
		kit_quotes("policy.set uid 7 1785585600000 {'policies':['zero-completion',"
	                   "'served-only'],'account':'a','source':'s','note':'agreed'}"));
	assert_string_equal(kit_ask(kit, "SELECT count(*) FROM change"), "3");
}

/* A rule moves nothing that is stored: not what is priced, not what waits for its price. */
static void test_suspense_is_retried_with_the_policies_it_came_under(void **state)
{
	struct ledgerkit *kit = *state;

	expect(kit, "{'change':'policy.set','policies':['served-only']}",
	       "{'ok':true,'policies':['served-only']}");
	kit_rules(kit);
	assert_int_equal(kit_send(kit, LINE("1", "s", "toll")), INGEST_UNPRICED);
	expect(kit, "{'change':'policy.set','policies':null}", "{'ok':true,'policies':null}");
	kit_rules(kit);
	assert_int_equal(kit_send(kit, LINE("2", "s", "toll")), INGEST_UNPRICED);
	kit_price(kit, book);
	/* 10 x 1 + 2 x 2 served, and 10 x 1 + 5 x 2. */
	expect(kit, "{'change':'suspense.retry'}",
	       "{'ok':true,'tried':2,'priced':2,'left':0,'amount':'34.00'}");
	kit_verify_clean(kit);
	assert_string_equal(kit_events(kit), "1=1:14.00 2=1:20.00");
}

/* What policies leave of an unpriced event may be nothing: then it needs no price. */
static void test_what_is_not_charged_leaves_suspense_without_a_price(void **state)
{
	struct ledgerkit *kit = *state;

	assert_int_equal(kit_send(kit, CHAT("1", "s")), INGEST_UNPRICED);
	kit_shut(kit);
	kit_sql(kit, "INSERT INTO name (text) VALUES ('error');"
	             "DELETE FROM hour_word WHERE kind = 3;"
	             "UPDATE event SET check_word = NULL, policy = 1, finish = (SELECT id FROM "
	             "name WHERE text = "
	             "'error')");
	kit_reopen(kit);
	expect(kit, "{'change':'suspense.retry'}",
	       "{'ok':true,'tried':1,'priced':1,'left':0,'amount':'0.00'}");
	assert_string_equal(kit_events(kit), "1=0:0.00");
}

static void test_one_held_line_is_settled_and_noted(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, book);
	hold(kit, "s", CHAT("1", "s"), REASON_READINGS);
	hold(kit, "s", "{}", REASON_MISSING);
	hold(kit, "s", "{\"cut\":1}", REASON_READINGS);
	expect(kit, "{'change':'reading.settle','source':'t','reading':'r','reason':'w','id':1}",
	       "{'ok':false,'fault':'invalid','error':'this line is of another source'}");
	expect(kit, "{'change':'reading.settle','source':'s','reading':'r','reason':'w','id':2}",
	       "{'ok':false,'fault':'invalid','error':'this line is not held for its readings: "
	       "toll quarantine show'}");
	expect(kit, "{'change':'reading.settle','source':'s','reading':'r','reason':'w','id':3}",
	       "{'ok':false,'fault':'invalid','error':'this line cannot be read: id is missing'}");
	assert_string_equal(kit_ask(kit, "SELECT count(*) FROM change WHERE what LIKE 'read%'"),
	                    "0");
	expect(kit, "{'change':'reading.settle','source':'s','reading':'r','reason':'w','id':1}",
	       "{'ok':true,'tried':1,'accepted':1,'unpriced':0,'duplicate':0,'conflict':0,'left':0,"
	       "'rule':false,'source':'s','reading':'r','id':1,'reason':'w'}");
	expect(kit, "{'change':'reading.settle','source':'s','reading':'r','reason':'w','id':1}",
	       "{'ok':false,'fault':'not-found','error':'this line was released already'}");
	assert_string_equal(kit_events(kit), "1=1:20.00");
	assert_string_equal(kit_ask(kit,
	                            "SELECT group_concat(who || ' ' || detail, '|') FROM change "
	                            "WHERE what = 'reading.settle'"),
	                    kit_quotes("uid 7 {'source':'s','reading':'r','id':1,'reason':'w'}"));
	assert_string_equal(kit_ask(kit, "SELECT count(*) FROM reading_rule"), "0");
	kit_verify_clean(kit);
}

static void test_a_standing_rule_takes_the_held_lines_of_its_source(void **state)
{
	struct ledgerkit *kit = *state;
	bool moved = false;

	kit_price(kit, book);
	hold(kit, "s", CHAT("1", "s"), REASON_READINGS);
	hold(kit, "t", CHAT("2", "t"), REASON_READINGS);
	hold(kit, "s", CHAT("3", "s"), REASON_PART);
	hold(kit, "s", LINE("4", "s", "toll"), REASON_READINGS);
	hold(kit, "s", "{}", REASON_READINGS);
	/* Of its api only. */
	assert_string_equal(
		run(kit,
	            "{'change':'reading.settle','source':'s','api':'openai.chat','reading':"
	            "'reasoning-beside','reason':'asked them'}",
	            &moved),
		kit_quotes("{'ok':true,'tried':1,'accepted':1,'unpriced':0,'duplicate':0,"
	                   "'conflict':0,'left':0,'rule':true,'source':'s','api':'openai.chat',"
	                   "'reading':'reasoning-beside','reason':'asked them'}"));
	assert_true(moved);
	kit_rules(kit);
	assert_true(text_is(rules_reading(kit->rules, text_of("s"), text_of("openai.chat")),
	                    "reasoning-beside"));
	/* Of all. */
	expect(kit, "{'change':'reading.settle','source':'s','reading':'declared','reason':'w'}",
	       "{'ok':true,'tried':2,'accepted':1,'unpriced':0,'duplicate':0,'conflict':0,"
	       "'left':1,'rule':true,'source':'s','reading':'declared','reason':'w'}");
	assert_string_equal(kit_ask(kit,
	                            "SELECT group_concat(id) FROM quarantine WHERE released_ms "
	                            "= 0"),
	                    "2,3,5");
	/* No rule any more: nothing is tried. */
	expect(kit, "{'change':'reading.settle','source':'s','reading':'','reason':'w'}",
	       "{'ok':true,'tried':0,'accepted':0,'unpriced':0,'duplicate':0,'conflict':0,"
	       "'left':0,'rule':true,'source':'s','reading':'','reason':'w'}");
	kit_rules(kit);
	assert_null(rules_reading(kit->rules, text_of("s"), text_of("toll")).at);
	/* One row for each rule, and one for what each released. */
	assert_string_equal(
		kit_ask(kit, "SELECT count(*) FROM change WHERE what = 'reading.settle'"), "5");
	kit_verify_clean(kit);
}

/* The rule is made in a step of its own: what ends the rest of it leaves the rule. */
static void test_a_rule_stands_though_the_retry_was_stopped(void **state)
{
	struct ledgerkit *kit = *state;
	const char *request =
		"{'change':'reading.settle','source':'s','reading':'declared','reason':'w'}";
	struct change change = { text_of(kit_quotes(request)), text_of("uid 7"), KIT_NOW_MS };
	struct buf reply = { .at = NULL };
	struct change_job *job = NULL;
	bool more = false;

	kit_price(kit, book);
	hold(kit, "s", CHAT("1", "s"), REASON_READINGS);
	assert_int_equal(change_begin(&job, kit->ledger, &change, &reply, NULL), 0);
	assert_false(change_moved_rules(job));
	assert_int_equal(change_step(job, &more, NULL), 0);
	assert_true(more && change_moved_rules(job));
	change_stop(job);
	change_end(job);
	assert_non_null(strstr(reply.at, "stopped half way"));
	buf_release(&reply);
	kit_rules(kit);
	assert_true(text_is(rules_reading(kit->rules, text_of("s"), text_of("x")), "declared"));
	assert_string_equal(kit_ask(kit, "SELECT count(*) FROM quarantine WHERE released_ms = 0"),
	                    "1");
	assert_string_equal(
		kit_ask(kit, "SELECT count(*) FROM change WHERE what = 'reading.settle'"), "1");
}

int main(void)
{
#define KIT_TEST(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		KIT_TEST(test_a_request_that_lacks_something_is_refused),
		KIT_TEST(test_policies_are_set_taken_back_and_noted),
		KIT_TEST(test_suspense_is_retried_with_the_policies_it_came_under),
		KIT_TEST(test_what_is_not_charged_leaves_suspense_without_a_price),
		KIT_TEST(test_one_held_line_is_settled_and_noted),
		KIT_TEST(test_a_standing_rule_takes_the_held_lines_of_its_source),
		KIT_TEST(test_a_rule_stands_though_the_retry_was_stopped),
	};

	return cmocka_run_group_tests_name("change_rules", tests, NULL, NULL);
}
