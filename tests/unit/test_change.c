#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/change.h"
#include "ledger/read.h"
#include "tests/support/ledgerkit.h"

#define BOOK_INPUT                                                                                 \
	"{\"pricebook\":1,\"name\":\"in\",\"currency\":\"USD\",\"models\":[{\"model\":\"m\","      \
	"\"versions\":[{\"effective_from\":\"2026\",\"rates\":[{\"component\":\"input\","          \
	"\"each\":\"0.5\"}]}]}]}"
#define BOOK_BOTH                                                                                  \
	"{\"pricebook\":1,\"name\":\"both\",\"currency\":\"USD\",\"models\":[{\"model\":\"m\","    \
	"\"versions\":[{\"effective_from\":\"2026\",\"rates\":[{\"component\":\"input\","          \
	"\"each\":\"0.25\"},{\"component\":\"pages\",\"each\":\"0.125\"}]}]}]}"
#define BOOK_EURO                                                                                  \
	"{\"pricebook\":1,\"currency\":\"EUR\",\"models\":[{\"model\":\"m\",\"versions\":["        \
	"{\"effective_from\":\"2026\",\"rates\":[{\"component\":\"input\",\"each\":\"1\"}]}]}]}"

/* Runs a request; the reply is valid until the next one. */
static const char *run(struct ledgerkit *kit, const char *request, bool *book_changed)
{
	static char text[8192];
	struct fault fault = { .code = FAULT_NONE };
	struct change change = { text_of(request), text_of("uid 7"), KIT_NOW_MS };
	struct buf reply = { .at = NULL };
	bool changed = false;

	buf_add_cstr(&reply, "what was there before");
	if (change_run(kit->ledger, &change, &reply, &changed, &fault) < 0)
		fail_msg("%s: %s", request, fault.text);
	snprintf(text, sizeof(text), "%.*s", TEXT_ARGS(buf_text(&reply)));
	buf_release(&reply);
	if (book_changed != NULL)
		*book_changed = changed;
	return text;
}

static const char *apply_request(const char *book)
{
	static char text[8192];
	struct buf request = { .at = NULL };

	buf_add_cstr(&request, "{\"change\":\"price.apply\",\"note\":\"why\",\"book\":");
	buf_add_json(&request, text_of(book));
	buf_add_cstr(&request, "}");
	snprintf(text, sizeof(text), "%s", request.at);
	buf_release(&request);
	return text;
}

/* The reply without the hash, which is checked by itself. */
static void expect_applied(struct ledgerkit *kit, const char *book, bool changed)
{
	char expected[256], hex[SHA256_HEX_BYTES];
	bool book_changed = !changed;
	const char *reply = run(kit, apply_request(book), &book_changed);

	sha256_hex(book, strlen(book), hex);
	snprintf(expected, sizeof(expected),
	         "{\"ok\":true,\"hash\":\"%s\",\"versions\":1,\"changed\":%s}", hex,
	         changed ? "true" : "false");
	assert_string_equal(reply, expected);
	assert_int_equal(book_changed, changed);
}

static int64_t changes_noted(struct ledgerkit *kit, const char *what)
{
	char sql[256];
	int64_t count;

	kit_shut(kit);
	snprintf(sql, sizeof(sql),
	         "SELECT count(*) FROM change WHERE what = '%s' AND who = 'uid 7' AND at_ms = %lld",
	         what, (long long)KIT_NOW_MS);
	count = kit_sql_int(kit, sql);
	kit_reopen(kit);
	return count;
}

static void test_a_request_that_is_none_is_refused_by_a_reply(void **state)
{
	static const struct {
		const char *label, *request, *reply;
	} rows[] = {
		{ "no JSON", "price.apply",
		  "{'ok':false,'fault':'syntax','error':'line 1, column 1: this is not JSON'}" },
		{ "nothing", "",
		  "{'ok':false,'fault':'syntax','error':'line 1, column 1: nothing where JSON is "
		  "due'}" },
		{ "no object", "[]",
		  "{'ok':false,'fault':'invalid','error':'\\'change\\' is one of price.apply, "
		  "price.rollback, suspense.retry, quarantine.retry, policy.set, reading.settle, "
		  "rerate, void, correct, period.close, archive.month, "
		  "reconcile.run'}" },
		{ "no change", "{}",
		  "{'ok':false,'fault':'invalid','error':'\\'change\\' is one of price.apply, "
		  "price.rollback, suspense.retry, quarantine.retry, policy.set, reading.settle, "
		  "rerate, void, correct, period.close, archive.month, "
		  "reconcile.run'}" },
		{ "another change", "{'change':'event.delete'}",
		  "{'ok':false,'fault':'invalid','error':'\\'change\\' is one of price.apply, "
		  "price.rollback, suspense.retry, quarantine.retry, policy.set, reading.settle, "
		  "rerate, void, correct, period.close, archive.month, "
		  "reconcile.run'}" },
		{ "no book", "{'change':'price.apply'}",
		  "{'ok':false,'fault':'invalid','error':'price.apply: \\'book\\' is missing'}" },
		{ "a book that is no text", "{'change':'price.apply','book':{}}",
		  "{'ok':false,'fault':'invalid','error':'price.apply: \\'book\\' is missing'}" },
		{ "an id that is none", "{'change':'quarantine.retry','id':'x'}",
		  "{'ok':false,'fault':'invalid','error':'quarantine.retry: \\'id\\' is no "
		  "number'}" },
		{ "an id that is not there", "{'change':'quarantine.retry','id':17}",
		  "{'ok':false,'fault':'not-found','error':'quarantine has no line 17'}" },
		{ "a book that is no JSON", "{'change':'price.apply','book':'{\\n}}'}",
		  "{'ok':false,'fault':'syntax','error':'line 2, column 2: this is not JSON',"
		  "'errors':['line 2, column 2: this is not JSON']}" },
	};
	struct ledgerkit *kit = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool changed = true;
		const char *reply = run(kit, kit_quotes(rows[i].request), &changed);

		if (strcmp(reply, kit_quotes(rows[i].reply)) != 0)
			fail_msg("%s: %s", rows[i].label, reply);
		assert_false(changed);
	}
}

static void test_a_book_is_applied_once_and_told_by_its_hash(void **state)
{
	struct ledgerkit *kit = *state;

	expect_applied(kit, BOOK_INPUT, true);
	expect_applied(kit, BOOK_INPUT, false);
	expect_applied(kit, BOOK_BOTH, true);
	kit_shut(kit);
	assert_string_equal(
		kit_sql_text(kit, "SELECT group_concat(b.name || ' ' || who || ' ' || note || "
	                          "' ' || applied_ms, '; ') FROM book_log JOIN book b ON "
	                          "b.id = book"),
		"in uid 7 why 1785585600000; both uid 7 why 1785585600000");
	kit_reopen(kit);
}

static void test_a_book_with_errors_is_refused_with_all_of_them(void **state)
{
	struct ledgerkit *kit = *state;
	bool changed = true;

	assert_string_equal(
		run(kit, apply_request("{\"pricebook\":1,\n\"currency\":\"usd\",\n\"models\":[]}"),
	            &changed),
		kit_quotes("{'ok':false,'fault':'invalid','error':'the price book has 2 errors; "
	                   "the first: "
	                   "line 2: currency: three capital letters are due, like "
	                   "\\'USD\\'','errors':["
	                   "'line 2: currency: three capital letters are due, like \\'USD\\'',"
	                   "'line 3: models: empty: at least one is due']}"));
	assert_false(changed);
	expect_applied(kit, BOOK_INPUT, true);
	assert_string_equal(
		run(kit, apply_request(BOOK_EURO), &changed),
		kit_quotes("{'ok':false,'fault':'invalid','error':'the book is in EUR, the ledger "
	                   "in USD: a ledger has one currency'}"));
	assert_false(changed);
	expect_applied(kit, BOOK_INPUT, false);
}

/* The region, the tier and the kinds of what waits are those that it was stored with. */
static void test_suspense_is_priced_by_all_that_a_price_asks(void **state)
{
	static const char book[] =
		"{'pricebook':1,'currency':'USD','models':[{'model':'m','versions':["
		"{'effective_from':'2026','rates':[{'component':'searches','each':'0.01'},"
		"{'component':'searches','each':'0.02','when':{'region':'eu'}},"
		"{'component':'searches','each':'0.05','when':{'kind':'low','region':'eu'}},"
		"{'component':'cache_read','each':'1'},"
		"{'component':'cache_read','each':'0.1','when':{'implicit':true}},"
		"{'component':'cache_write','each':'2','when':{'ttl_seconds':600}}],"
		"'multipliers':[{'multiply':'0.5','when':{'tier':'batch'}}]}]}]}";
	static const char *const lines[] = {
		"{'id':'k','time':'2026-08-01T10:00:00Z','account':'a','model':'m','api':'toll',"
		"'region':'eu','service_tier':'batch','usage':{'searches':5,'cache_read':9,"
		"'cache_write':2},'kinds':[{'component':'searches','n':2,'kind':'low'},"
		"{'component':'cache_read','n':4,'implicit':true},{'component':'cache_write',"
		"'n':2,'ttl_seconds':600}]}",
		"{'id':'r','time':'2026-08-01T10:00:01Z','account':'a','model':'m','api':'toll',"
		"'region':'us','usage':{'searches':5}}",
		/* Of one second nobody says how long it lives. */
		"{'id':'s','time':'2026-08-01T10:00:02Z','account':'a','model':'m','api':'toll',"
		"'usage':{'cache_write':2},'kinds':{'component':'cache_write','n':1,"
		"'ttl_seconds':600}}",
	};
	static const char *const damages[][2] = {
		{ "UPDATE event SET region = (SELECT id FROM name WHERE text = 'us') WHERE id = "
		  "'k'",
		  "UPDATE event SET region = (SELECT id FROM name WHERE text = 'eu') WHERE id = "
		  "'k'" },
		{ "UPDATE event_detail SET kind = 'explicit' WHERE component = 'cache_read'",
		  "UPDATE event_detail SET kind = 'implicit' WHERE component = 'cache_read'" },
		{ "UPDATE event_detail SET kind = 'high' WHERE kind = 'low'",
		  "UPDATE event_detail SET kind = 'low' WHERE kind = 'high'" },
	};
	struct ledgerkit *kit = *state;
	struct buf findings = { .at = NULL };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(kit_send(kit, kit_quotes(lines[i])), INGEST_UNPRICED);
	/* Nothing in memory that the ledger does not hold. */
	kit_shut(kit);
	kit_reopen(kit);
	expect_applied(kit, kit_quotes(book), true);
	/* (3 x 0.02 + 2 x 0.05 + 5 x 1 + 4 x 0.1 + 2 x 2) / 2, and 5 x 0.01 */
	assert_string_equal(
		run(kit, "{\"change\":\"suspense.retry\"}", NULL),
		kit_quotes("{'ok':true,'tried':3,'priced':2,'left':1,'amount':'4.83'}"));
	assert_string_equal(kit_events(kit), "k=1:4.78 r=1:0.05 s=-1:0.00");
	kit_verify_clean(kit);
	/* And verify asks for all of it: each of them changed is another amount. */
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		kit_shut(kit);
		kit_sql(kit, damages[i][0]);
		kit_reopen(kit);
		assert_int_equal(kit_verify(kit, &findings), 1);
		assert_non_null(strstr(findings.at, "event amount "));
		buf_clear(&findings);
		kit_shut(kit);
		kit_sql(kit, damages[i][1]);
		kit_reopen(kit);
	}
	kit_verify_clean(kit);
	buf_release(&findings);
}

static void test_suspense_is_priced_as_soon_as_there_is_a_rate(void **state)
{
	struct ledgerkit *kit = *state;

	kit_send_usage(kit, "a", "2026-08-01T10:00:00Z", "m", "{\"input\":2}");
	kit_send_usage(kit, "b", "2026-08-01T10:00:00Z", "m", "{\"input\":2,\"pages\":4}");
	kit_send_usage(kit, "c", "2026-08-01T11:00:00Z", "unlisted", "{\"input\":2}");
	assert_string_equal(
		run(kit, "{\"change\":\"suspense.retry\"}", NULL),
		kit_quotes("{'ok':true,'tried':3,'priced':0,'left':3,'amount':'0.00'}"));
	assert_int_equal(changes_noted(kit, "suspense.retry"), 0);
	expect_applied(kit, BOOK_INPUT, true);
	assert_string_equal(
		run(kit, "{\"change\":\"suspense.retry\"}", NULL),
		kit_quotes("{'ok':true,'tried':3,'priced':1,'left':2,'amount':'1.00'}"));
	assert_string_equal(kit_events(kit), "a=1:1.00 b=-1:0.00 c=-1:0.00");
	kit_verify_clean(kit);
	/* A later book prices what was left, and never again what has its price. */
	expect_applied(kit, BOOK_BOTH, true);
	assert_string_equal(
		run(kit, "{\"change\":\"suspense.retry\"}", NULL),
		kit_quotes("{'ok':true,'tried':2,'priced':1,'left':1,'amount':'1.00'}"));
	assert_string_equal(kit_events(kit), "a=1:1.00 b=2:1.00 c=-1:0.00");
	kit_verify_clean(kit);
	assert_int_equal(changes_noted(kit, "suspense.retry"), 2);
	/* Sent again it is what is stored already. */
	assert_int_equal(
		kit_send_usage(kit, "b", "2026-08-01T10:00:00Z", "m", "{\"input\":2,\"pages\":4}"),
		INGEST_DUPLICATE);
}

/* Of a model's versions each event gets the one of its own time, not of the retry's. */
static void test_suspense_gets_the_price_that_was_in_force_then(void **state)
{
	static const char book[] =
		"{\"pricebook\":1,\"currency\":\"USD\",\"models\":[{\"model\":\"m\",\"versions\":["
		"{\"effective_from\":\"2026-01-01\",\"rates\":[{\"component\":\"input\",\"each\":"
		"\"1\"}]},{\"effective_from\":\"2026-08-01T10:00:00Z\",\"rates\":[{\"component\":"
		"\"input\",\"each\":\"2\"}]}]}]}";
	struct ledgerkit *kit = *state;

	kit_send_usage(kit, "before", "2026-08-01T09:59:59.999Z", "m", "{\"input\":1}");
	kit_send_usage(kit, "after", "2026-08-01T10:00:00Z", "m", "{\"input\":1}");
	kit_send_usage(kit, "long-before", "2025-12-31T23:59:59.999Z", "m", "{\"input\":1}");
	run(kit, apply_request(book), NULL);
	assert_string_equal(
		run(kit, "{\"change\":\"suspense.retry\"}", NULL),
		kit_quotes("{'ok':true,'tried':3,'priced':2,'left':1,'amount':'3.00'}"));
	assert_string_equal(kit_events(kit), "long-before=-1:0.00 before=1:1.00 after=2:2.00");
	kit_verify_clean(kit);
}

/* A request that puts the book in force on that side. */
static const char *apply_side_request(const char *book, const char *side)
{
	static char text[8192];
	struct buf request = { .at = NULL };

	buf_addf(&request, "{\"change\":\"price.apply\",\"side\":\"%s\",\"book\":", side);
	buf_add_json(&request, text_of(book));
	buf_add_cstr(&request, "}");
	snprintf(text, sizeof(text), "%s", request.at);
	buf_release(&request);
	return text;
}

static void expect_side(struct ledgerkit *kit, const char *side, const char *in_force)
{
	struct applied_book sell = { NULL, 0 }, cost = { NULL, 0 };
	char text[128];

	assert_int_equal(ledger_book_current(kit->ledger, BOOK_SELL, &sell, NULL), 0);
	assert_int_equal(ledger_book_current(kit->ledger, BOOK_COST, &cost, NULL), 0);
	snprintf(text, sizeof(text), "%.*s/%.*s",
	         sell.book != NULL ? (int)book_name(sell.book).len : 1,
	         sell.book != NULL ? book_name(sell.book).at : "-",
	         cost.book != NULL ? (int)book_name(cost.book).len : 1,
	         cost.book != NULL ? book_name(cost.book).at : "-");
	if (strcmp(text, in_force) != 0)
		fail_msg("%s: %s in force, not %s", side, text, in_force);
	book_free(sell.book);
	book_free(cost.book);
}

static void test_a_book_is_applied_on_the_side_that_is_asked_for(void **state)
{
	struct ledgerkit *kit = *state;
	bool changed = false;

	assert_string_equal(run(kit, apply_side_request(BOOK_BOTH, "buy"), &changed),
	                    kit_quotes("{'ok':false,'fault':'invalid','error':'price.apply: "
	                               "\\'side\\' is sell or cost'}"));
	assert_false(changed);
	assert_non_null(strstr(run(kit, apply_side_request(BOOK_BOTH, "cost"), &changed),
	                       "\"changed\":true"));
	assert_true(changed);
	expect_side(kit, "cost", "-/both");
	run(kit, apply_side_request(BOOK_INPUT, "sell"), &changed);
	expect_side(kit, "sell", "in/both");
	run(kit, apply_request(BOOK_BOTH), &changed);
	expect_side(kit, "none", "both/both");
}

/* Of each side what waits gets its price, and nothing else: what had no cost book has no cost. */
static void test_a_cost_without_a_rate_is_filled_by_a_retry(void **state)
{
	struct ledgerkit *kit = *state;

	kit_send_usage(kit, "before", "2026-08-01T10:00:00Z", "m", "{\"input\":1}");
	kit_price(kit, BOOK_BOTH);
	kit_cost(kit, BOOK_INPUT);
	kit_send_usage(kit, "both", "2026-08-01T10:00:00Z", "m", "{\"input\":1,\"pages\":1}");
	kit_send_usage(kit, "costed", "2026-08-01T10:00:00Z", "m", "{\"input\":3}");
	kit_send_usage(kit, "neither", "2026-08-01T11:00:00Z", "n", "{\"input\":1}");
	assert_string_equal(run(kit, "{\"change\":\"suspense.retry\"}", NULL),
	                    kit_quotes("{'ok':true,'tried':2,'priced':1,'left':1,'amount':'0.25',"
	                               "'cost':{'tried':2,'priced':0,'left':2,'amount':'0.00'}}"));
	kit_cost(kit, BOOK_BOTH);
	assert_string_equal(run(kit, "{\"change\":\"suspense.retry\"}", NULL),
	                    kit_quotes("{'ok':true,'tried':1,'priced':0,'left':1,'amount':'0.00',"
	                               "'cost':{'tried':2,'priced':1,'left':1,'amount':'0.375'}}"));
	assert_int_equal(changes_noted(kit, "suspense.retry"), 2);
	assert_string_equal(
		kit_ask(kit, "SELECT group_concat(id || '=' || price || ':' || "
	                     "coalesce(cost_price, 'none') || ':' || cost_nanos, ' ') FROM event"),
		"before=1:none:0 both=1:1:375000000 costed=1:2:1500000000 neither=-1:-1:0");
	assert_string_equal(kit_ask(kit, "SELECT sum(events) || ' ' || sum(costed) || ' ' || "
	                                 "sum(uncosted) || ' ' || sum(cost_nanos) FROM rollup"),
	                    "4 2 1 1875000000");
	kit_verify_clean(kit);
}

/* More than one chunk, many of one millisecond, with names, images and details. */
static void test_suspense_of_many_chunks_is_priced_completely(void **state)
{
	enum { EVENTS = 5200 };
	struct ledgerkit *kit = *state;
	char line[512], expected[128];

	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	for (int i = 0; i < EVENTS; i++) {
		struct ingest_item item;

		/* The first 2500 share a millisecond: a chunk does not end inside it. */
		snprintf(line, sizeof(line),
		         "{\"id\":\"e-%d\",\"time\":\"2026-08-01T%02d:00:0%d.000Z\",\"account\":"
		         "\"a%d\","
		         "\"key\":\"k%d\",\"model\":\"m\",\"api\":\"toll\",\"status\":%d,"
		         "\"usage\":{\"input\":1,\"pages\":1}}",
		         i, i < 2500 ? 1 : 2 + i % 7, i < 2500 ? 0 : i % 10, i % 13, i % 5,
		         i % 3 == 0 ? 500 : 200);
		kit_prepare(kit, line, &item);
		assert_int_equal(ingest_store(kit->ledger, &item, NULL), 0);
		assert_int_equal(item.verdict, INGEST_UNPRICED);
	}
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
	expect_applied(kit, BOOK_BOTH, true);
	snprintf(expected, sizeof(expected),
	         "{\"ok\":true,\"tried\":%d,\"priced\":%d,\"left\":0,\"amount\":\"1950.00\"}",
	         EVENTS, EVENTS);
	assert_string_equal(run(kit, "{\"change\":\"suspense.retry\"}", NULL), expected);
	kit_verify_clean(kit);
	kit_shut(kit);
	assert_int_equal(kit_sql_int(kit, "SELECT count(*) FROM rollup WHERE price = -1"), 0);
	assert_int_equal(kit_sql_int(kit, "SELECT sum(events) FROM rollup"), EVENTS);
	kit_reopen(kit);
}

/* The hour has no room for one of two: the other one is priced all the same. */
static void test_suspense_that_does_not_fit_its_hour_stays(void **state)
{
	struct ledgerkit *kit = *state;

	kit_send_usage(kit, "a", "2026-08-01T10:00:00Z", "m", "{\"input\":1}");
	kit_send_usage(kit, "b", "2026-08-01T10:00:00Z", "m", "{\"input\":1}");
	assert_non_null(strstr(
		run(kit,
	            apply_request(
			    "{\"pricebook\":1,\"currency\":\"USD\",\"models\":[{\"model\":\"m\","
			    "\"versions\":[{\"effective_from\":\"2026\",\"rates\":["
			    "{\"component\":\"input\",\"each\":\"9000000000\"}]}]}]}"),
	            NULL),
		"\"ok\":true"));
	assert_string_equal(
		run(kit, "{\"change\":\"suspense.retry\"}", NULL),
		kit_quotes("{'ok':true,'tried':2,'priced':1,'left':1,'amount':'9000000000.00'}"));
	assert_string_equal(kit_events(kit), "a=1:9000000000.00 b=-1:0.00");
	kit_verify_clean(kit);
}

/* An hour holds what an amount can be; all hours together hold more. */
static void test_suspense_of_more_than_an_amount_is_priced(void **state)
{
	struct ledgerkit *kit = *state;
	char total[MONEY_TEXT_BYTES];

	kit_send_usage(kit, "a", "2026-08-01T10:00:00Z", "m", "{\"input\":1}");
	kit_send_usage(kit, "b", "2026-08-01T11:00:00Z", "m", "{\"input\":1}");
	run(kit,
	    apply_request("{\"pricebook\":1,\"currency\":\"VND\",\"models\":[{\"model\":\"m\","
	                  "\"versions\":[{\"effective_from\":\"2026\",\"rates\":["
	                  "{\"component\":\"input\",\"each\":\"9000000000\"}]}]}]}"),
	    NULL);
	assert_string_equal(
		run(kit, "{\"change\":\"suspense.retry\"}", NULL),
		kit_quotes("{'ok':true,'tried':2,'priced':2,'left':0,'amount':'18000000000.00'}"));
	money_text(kit_verify_clean(kit), total);
	assert_string_equal(total, "18000000000.00");
}

#define FUTURE "{'id':'f','time':'2026-08-09T10:00:00Z','account':'x','model':'m','api':'toll',"

static void quarantine(struct ledgerkit *kit, const char *line, int64_t more)
{
	const struct event_refusal refusal = { .reason = REASON_UNSUPPORTED,
		                               .detail = "an older version",
		                               .source = text_of("gw-1"),
		                               .time_ms = EVENT_ABSENT };
	struct text text = text_of(kit_quotes(line));

	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	assert_int_equal(ledger_quarantine(kit->ledger, &refusal, text, (int64_t)text.len + more,
	                                   KIT_NOW_MS, NULL),
	                 0);
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
}

#define LINE(id, usage)                                                                            \
	"{'id':'" id "','time':'2026-08-01T10:00:00Z','account':'acct','model':'m','api':'toll',"  \
	"'usage':" usage "}"

static void test_quarantined_lines_that_are_understood_now_are_released(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, BOOK_INPUT);
	kit_send_usage(kit, "here", "2026-08-01T10:00:00Z", "m", "{\"input\":1}");
	quarantine(kit, LINE("new", "{'input':2}"), 0);
	quarantine(kit, LINE("new-cr", "{'input':2}") "\r", 0);
	quarantine(kit, LINE("unpriced", "{'pages':1}"), 0);
	quarantine(kit, LINE("here", "{'input':1}"), 0);
	quarantine(kit, LINE("here", "{'input':9}"), 0);
	quarantine(kit, "{'checkpoint':{'seq':4}}", 0);
	quarantine(kit, "still no event", 0);
	quarantine(kit, LINE("cut", "{'input':1}"), 1);
	assert_string_equal(
		run(kit, "{\"change\":\"quarantine.retry\"}", NULL),
		kit_quotes("{'ok':true,'tried':8,'accepted':3,'unpriced':1,'duplicate':1,"
	                   "'conflict':1,'left':2}"));
	assert_string_equal(kit_events(kit),
	                    "here=1:0.50 new=1:1.00 new-cr=1:1.00 unpriced=-1:0.00");
	kit_verify_clean(kit);
	assert_string_equal(
		run(kit, "{\"change\":\"quarantine.retry\"}", NULL),
		kit_quotes("{'ok':true,'tried':2,'accepted':0,'unpriced':0,'duplicate':0,"
	                   "'conflict':0,'left':2}"));
	assert_int_equal(changes_noted(kit, "quarantine.retry"), 1);
	kit_shut(kit);
	assert_int_equal(kit_sql_int(kit, "SELECT count(*) FROM quarantine"), 8);
	assert_int_equal(kit_sql_int(kit, "SELECT count(*) FROM quarantine WHERE released_ms = "
	                                  "1785585600000"),
	                 6);
	kit_reopen(kit);
}

/* A line that came too early is held, and taken when its time has come. */
static void test_one_line_can_be_retried_alone(void **state)
{
	struct ledgerkit *kit = *state;
	struct change later = { text_of("{\"change\":\"quarantine.retry\",\"id\":2}"),
		                text_of("uid 7"), KIT_NOW_MS + 30 * INT64_C(86400000) };
	struct buf reply = { .at = NULL };
	bool changed;

	assert_int_equal(kit_send(kit, "no event"), INGEST_QUARANTINED);
	assert_int_equal(kit_send(kit, kit_quotes(FUTURE "'usage':{'input':1}}")),
	                 INGEST_QUARANTINED);
	assert_string_equal(
		run(kit, "{\"change\":\"quarantine.retry\",\"id\":2}", NULL),
		kit_quotes("{'ok':true,'tried':1,'accepted':0,'unpriced':0,'duplicate':0,"
	                   "'conflict':0,'left':1}"));
	assert_int_equal(change_run(kit->ledger, &later, &reply, &changed, NULL), 0);
	assert_string_equal(
		reply.at, kit_quotes("{'ok':true,'tried':1,'accepted':0,'unpriced':1,'duplicate':0,"
	                             "'conflict':0,'left':0}"));
	assert_int_equal(change_run(kit->ledger, &later, &reply, &changed, NULL), 0);
	assert_string_equal(reply.at,
	                    kit_quotes("{'ok':false,'fault':'not-found','error':'this line was "
	                               "released already'}"));
	assert_string_equal(kit_events(kit), "f=-1:0.00");
	buf_release(&reply);
}

static void test_a_ledger_that_failed_is_a_fault_and_a_reply(void **state)
{
	struct ledgerkit *kit = *state;
	struct fault fault = { .code = FAULT_NONE };
	struct change change = { text_of("{\"change\":\"suspense.retry\"}"), text_of("uid 7"),
		                 KIT_NOW_MS };
	struct buf reply = { .at = NULL };
	bool changed = true;

	expect_applied(kit, BOOK_INPUT, true);
	kit_shut(kit);
	kit_sql(kit, "UPDATE book SET json = 'no book'");
	kit_reopen(kit);
	assert_int_equal(change_run(kit->ledger, &change, &reply, &changed, &fault),
	                 -FAULT_CORRUPT);
	assert_int_equal(fault.code, FAULT_CORRUPT);
	assert_non_null(strstr(fault.text, "a stored price book cannot be read"));
	assert_non_null(strstr(reply.at, "{\"ok\":false,\"fault\":\"corrupt\",\"error\":\""));
	assert_false(changed);
	kit_shut(kit);
	kit_sql(kit, "DELETE FROM book_log");
	kit_reopen(kit);
	assert_int_equal(kit_send(kit, "no event"), INGEST_QUARANTINED);
	kit_shut(kit);
	kit_sql(kit, "UPDATE quarantine SET source = 4711");
	kit_reopen(kit);
	change.request = text_of("{\"change\":\"quarantine.retry\",\"id\":1}");
	assert_int_equal(change_run(kit->ledger, &change, &reply, &changed, &fault),
	                 -FAULT_CORRUPT);
	assert_int_equal(fault.code, FAULT_CORRUPT);
	assert_non_null(strstr(fault.text, "a row holds name 4711, which is not there"));
	assert_non_null(strstr(reply.at, fault.text));
	buf_release(&reply);
}

/* What the change row of a retry says, and whose it is. */
static const char *noted(struct ledgerkit *kit, const char *what)
{
	static char detail[512];
	char sql[256];

	kit_shut(kit);
	snprintf(sql, sizeof(sql),
	         "SELECT detail FROM change WHERE what = '%s' AND who = 'uid 7' ORDER BY seq DESC",
	         what);
	snprintf(detail, sizeof(detail), "%s", kit_sql_text(kit, sql));
	kit_reopen(kit);
	return detail;
}

/* Lines that were never sent again are not counted up, nor given another reason. */
static void test_a_line_that_does_not_fit_its_hour_is_held_as_it_was(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, "{\"pricebook\":1,\"currency\":\"USD\",\"models\":[{\"model\":\"m\","
	               "\"versions\":[{\"effective_from\":\"2026\",\"rates\":["
	               "{\"component\":\"input\",\"each\":\"9000000000\"}]}]}]}");
	kit_send_usage(kit, "a", "2026-08-01T10:00:00Z", "m", "{\"input\":1}");
	quarantine(kit, LINE("b", "{'input':1}"), 0);
	assert_string_equal(
		run(kit, "{\"change\":\"quarantine.retry\"}", NULL),
		kit_quotes("{'ok':true,'tried':1,'accepted':0,'unpriced':0,'duplicate':0,"
	                   "'conflict':0,'left':1}"));
	assert_int_equal(changes_noted(kit, "quarantine.retry"), 0);
	assert_string_equal(kit_events(kit), "a=1:9000000000.00");
	kit_shut(kit);
	assert_string_equal(
		kit_sql_text(kit, "SELECT group_concat(times || ' ' || released_ms, '; ') FROM "
	                          "quarantine"),
		"1 0");
	kit_reopen(kit);
	kit_verify_clean(kit);
}

static void fail_retry(struct ledgerkit *kit, const char *request)
{
	struct fault fault = { .code = FAULT_NONE };
	struct change change = { text_of(request), text_of("uid 7"), KIT_NOW_MS };
	struct buf reply = { .at = NULL };
	bool changed;

	assert_true(change_run(kit->ledger, &change, &reply, &changed, &fault) < 0);
	assert_true(fault.code != FAULT_NONE);
	assert_non_null(strstr(reply.at, "{\"ok\":false,"));
	buf_release(&reply);
}

/* A later line or chunk fails; what was committed before it has its row in `change`. */
static void test_a_retry_that_fails_half_way_notes_what_was_done(void **state)
{
	enum { STEP = 500 }; /* lines of one transaction */
	struct ledgerkit *kit = *state;

	kit_price(kit, BOOK_INPUT);
	kit_send_usage(kit, "here", "2026-08-01T10:00:00Z", "m", "{\"input\":1}");
	quarantine(kit, LINE("new", "{'input':2}"), 0);
	for (int i = 1; i < STEP; i++) {
		char line[32];

		snprintf(line, sizeof(line), "still no event %d", i);
		quarantine(kit, line, 0);
	}
	/* The second step: the first of it would be fine, and goes with the other. */
	quarantine(kit, LINE("late", "{'input':3}"), 0);
	quarantine(kit, LINE("here", "{'input':9}"), 0);
	kit_shut(kit);
	kit_sql(kit, "ALTER TABLE conflict ADD COLUMN never INTEGER CHECK (never IS NOT NULL)");
	kit_reopen(kit);
	fail_retry(kit, "{\"change\":\"quarantine.retry\"}");
	assert_string_equal(
		noted(kit, "quarantine.retry"),
		kit_quotes("{'ok':false,'tried':500,'accepted':1,'unpriced':0,'duplicate':0,"
	                   "'conflict':0,'left':499}"));
	assert_string_equal(kit_events(kit), "here=1:0.50 new=1:1.00");
	kit_shut(kit);
	kit_sql(kit, "ALTER TABLE conflict DROP COLUMN never");
	kit_reopen(kit);
	kit_verify_clean(kit);
}

/* Between two steps events are stored; stopped there, what was done stays and is noted. */
static void test_a_retry_goes_in_steps_and_can_be_stopped_between(void **state)
{
	enum { STEP = 500 };
	struct ledgerkit *kit = *state;
	const struct change change = { text_of("{\"change\":\"quarantine.retry\"}"),
		                       text_of("uid 7"), KIT_NOW_MS };
	struct change_job *job = NULL;
	struct buf reply = { .at = NULL };
	bool more = false;

	kit_price(kit, BOOK_INPUT);
	for (int i = 0; i < STEP + 1; i++) {
		char line[512];

		snprintf(line, sizeof(line),
		         "{\"id\":\"q-%d\",\"time\":\"2026-08-01T10:00:00Z\",\"account\":\"a\","
		         "\"model\":\"m\",\"api\":\"toll\",\"usage\":{\"input\":1}}",
		         i);
		quarantine(kit, line, 0);
	}
	assert_int_equal(change_begin(&job, kit->ledger, &change, &reply, NULL), 0);
	assert_int_equal(change_step(job, &more, NULL), 0);
	assert_true(more);
	assert_int_equal(
		kit_send_usage(kit, "between", "2026-08-01T10:00:00Z", "m", "{\"input\":1}"),
		INGEST_ACCEPTED);
	change_stop(job);
	change_end(job);
	assert_non_null(strstr(reply.at, "{\"ok\":false,\"fault\":\"closed\","));
	assert_string_equal(
		noted(kit, "quarantine.retry"),
		kit_quotes("{'ok':false,'tried':500,'accepted':500,'unpriced':0,'duplicate':0,"
	                   "'conflict':0,'left':0}"));
	/* The rest, when it is asked for again. */
	assert_string_equal(
		run(kit, "{\"change\":\"quarantine.retry\"}", NULL),
		kit_quotes("{'ok':true,'tried':1,'accepted':1,'unpriced':0,'duplicate':0,"
	                   "'conflict':0,'left':0}"));
	kit_verify_clean(kit);
	buf_release(&reply);
}

static void test_suspense_that_fails_half_way_notes_what_was_priced(void **state)
{
	enum { CHUNK = 2000 }; /* rows of one transaction */
	struct ledgerkit *kit = *state;

	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	for (int i = 0; i < CHUNK + 10; i++) {
		struct ingest_item item;
		char line[256];

		snprintf(line, sizeof(line),
		         "{\"id\":\"e-%d\",\"time\":\"2026-08-01T%02d:00:00Z\",\"account\":\"a\","
		         "\"model\":\"m\",\"api\":\"toll\",\"usage\":{\"input\":1}}",
		         i, i < CHUNK ? 1 : 2);
		kit_prepare(kit, line, &item);
		assert_int_equal(ingest_store(kit->ledger, &item, NULL), 0);
	}
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
	expect_applied(kit, BOOK_INPUT, true);
	kit_shut(kit);
	/* 2026-08-01T02:00:00Z */
	kit_sql(kit, "ALTER TABLE event ADD COLUMN never INTEGER CHECK "
	             "(price < 0 OR ts < 1785549600000)");
	kit_reopen(kit);
	fail_retry(kit, "{\"change\":\"suspense.retry\"}");
	assert_string_equal(
		noted(kit, "suspense.retry"),
		kit_quotes("{'ok':false,'tried':2000,'priced':2000,'left':0,'amount':'1000.00'}"));
	kit_shut(kit);
	assert_int_equal(kit_sql_int(kit, "SELECT count(*) FROM event WHERE price < 0"), 10);
	kit_reopen(kit);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_request_that_is_none_is_refused_by_a_reply),
		T(test_a_book_is_applied_once_and_told_by_its_hash),
		T(test_a_book_with_errors_is_refused_with_all_of_them),
		T(test_suspense_is_priced_by_all_that_a_price_asks),
		T(test_suspense_is_priced_as_soon_as_there_is_a_rate),
		T(test_suspense_gets_the_price_that_was_in_force_then),
		T(test_a_book_is_applied_on_the_side_that_is_asked_for),
		T(test_a_cost_without_a_rate_is_filled_by_a_retry),
		T(test_suspense_of_many_chunks_is_priced_completely),
		T(test_suspense_that_does_not_fit_its_hour_stays),
		T(test_suspense_of_more_than_an_amount_is_priced),
		T(test_quarantined_lines_that_are_understood_now_are_released),
		T(test_one_line_can_be_retried_alone),
		T(test_a_ledger_that_failed_is_a_fault_and_a_reply),
		T(test_a_line_that_does_not_fit_its_hour_is_held_as_it_was),
		T(test_a_retry_that_fails_half_way_notes_what_was_done),
		T(test_a_retry_goes_in_steps_and_can_be_stopped_between),
		T(test_suspense_that_fails_half_way_notes_what_was_priced),
	};

	return cmocka_run_group_tests_name("change", tests, NULL, NULL);
}
