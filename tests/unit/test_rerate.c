/* Rating a range again: what it would come to, and the run of adjustments that books it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/moment.h"
#include "ingest/change.h"
#include "ingest/rerate.h"
#include "ledger/adjust.h"
#include "ledger/store.h"
#include "rate/policy.h"
#include "tests/support/fixture.h"
#include "tests/support/ledgerkit.h"

#define BOOK(name, rates)                                                                          \
	"{'pricebook':1,'name':'" name "','currency':'USD','models':[{'model':'m','versions':["    \
	"{'effective_from':'2026','rates':[" rates "]}]}]}"
#define EACH(component, price) "{'component':'" component "','each':'" price "'}"
#define OLD                    BOOK("old", EACH("input", "1") "," EACH("output", "2"))
#define NEW                    BOOK("new", EACH("input", "0.5") "," EACH("output", "3"))
#define AT(time)               "2026-08-01T" time "Z"

static struct book *load(const char *json)
{
	struct fault fault = { .code = FAULT_NONE };
	struct book *book = NULL;

	if (book_load(&book, text_of(kit_quotes(json)), NULL, &fault) < 0)
		fail_msg("%s", fault.text);
	return book;
}

static int tell(void *context, const struct rerated *rerated)
{
	static const char *const verdicts[] = { "range", "parted", "unpriced", "priced" };
	char amount[MONEY_TEXT_BYTES];

	money_text(rerated->amount, amount);
	buf_addf(context, "%.*s %s%s %s %lld; ", TEXT_ARGS(rerated->row->event.id),
	         verdicts[rerated->verdict], rerated->waits ? ", waits" : "", amount,
	         (long long)rerated->version);
	return 0;
}

static void expect_each(struct ledgerkit *kit, const char *json, const char *expected)
{
	struct book *book = load(json);
	struct buf told = { .at = NULL };

	buf_add_cstr(&told, "");
	assert_int_equal(
		rerate_each(kit->ledger, book, LEDGER_FROM_MIN, LEDGER_TO_MAX, tell, &told, NULL),
		0);
	assert_string_equal(told.at != NULL ? told.at : "", expected);
	buf_release(&told);
	book_free(book);
}

static void send_sum(struct ledgerkit *kit)
{
	struct ingest_item item;

	kit_prepare(kit,
	            kit_quotes("{'id':'sum','time':'" AT(
			    "09:00:00") "','account':'a',"
	                                "'model':'m','api':'toll','usage':{'input':30}}"),
	            &item);
	/* As terms_rate() keeps it of several requests in one. */
	item.event.extra = text_of("{\"sum_of\":2,\"smallest_prompt\":10}");
	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	assert_int_equal(ingest_store(kit->ledger, &item, NULL), 0);
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
}

/* Under a book that was never applied, at the event's time, with the policies it had. */
static void test_each_event_is_told_what_another_book_makes_of_it(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(OLD));
	/* Of the hour before another book has no version. */
	kit_send_usage(kit, "early", AT("08:00:00"), "m", "{\"input\":4}");
	kit_send_usage(kit, "plain", AT("09:00:00"), "m", "{\"input\":4,\"output\":1}");
	kit_send_usage(kit, "waits", AT("09:00:01"), "n", "{\"input\":4}");
	kit_policies(kit, "acct", POLICIES_ALL);
	kit_send(kit, kit_quotes("{'id':'error','time':'" AT(
			      "09:00:02") "','account':'acct',"
	                                  "'model':'m','api':'toll','finish_reason':'error',"
	                                  "'usage':{'input':9}}"));
	send_sum(kit);
	expect_each(kit, NEW,
	            "early priced 2.00 0; plain priced 5.00 0; sum priced 15.00 0; "
	            "waits unpriced, waits 0.00 -1; error priced 0.00 -1; ");
	expect_each(kit,
	            "{'pricebook':1,'currency':'USD','models':[{'model':'n','versions':["
	            "{'effective_from':'2026','rates':[" EACH(
			    "input",
			    "7") "]}]},"
	                         "{'model':'m','versions':[{'effective_from':'2026-08-01T08:30:00Z'"
	                         ",'rates':[" EACH(
					 "input",
					 "1") ",{'component':'input','each':'2','when':{'context':"
	                                      "{'gt':20}}}]}]}]}",
	            "early unpriced 0.00 -1; plain unpriced 0.00 -1; sum parted 0.00 -1; "
	            "waits priced, waits 28.00 0; error priced 0.00 -1; ");
	expect_each(kit, BOOK("dear", EACH("input", "9000000000") "," EACH("output", "1")),
	            "early range 0.00 -1; plain range 0.00 -1; sum range 0.00 -1; "
	            "waits unpriced, waits 0.00 -1; error priced 0.00 -1; ");
}

static int stop_at_once(void *context, const struct rerated *rerated)
{
	(void)rerated;
	++*(int *)context;
	return 42;
}

static void test_whoever_listens_may_stop_it(void **state)
{
	struct ledgerkit *kit = *state;
	struct book *book = load(NEW);
	int calls = 0;

	kit_price(kit, kit_quotes(OLD));
	kit_send_usage(kit, "a", AT("09:00:00"), "m", "{\"input\":4}");
	kit_send_usage(kit, "b", AT("09:00:00"), "m", "{\"input\":4}");
	assert_int_equal(rerate_each(kit->ledger, book, LEDGER_FROM_MIN, LEDGER_TO_MAX,
	                             stop_at_once, &calls, NULL),
	                 42);
	assert_int_equal(calls, 1);
	book_free(book);
}

/* --- the change ----------------------------------------------------------- */

/* Runs a request; the reply is valid until the next one. */
static const char *run(struct ledgerkit *kit, const char *request)
{
	static char text[8192];
	struct fault fault = { .code = FAULT_NONE };
	struct change change = { text_of(kit_quotes(request)), text_of("uid 7"), KIT_NOW_MS };
	struct buf reply = { .at = NULL };
	bool changed = false;

	if (change_run(kit->ledger, &change, &reply, &changed, &fault) < 0)
		fail_msg("%s: %s", request, fault.text);
	snprintf(text, sizeof(text), "%.*s", TEXT_ARGS(buf_text(&reply)));
	buf_release(&reply);
	return text;
}

/* The hours 9 and 10 again, with further members of the request. */
#define RERATE(more)                                                                               \
	"{'change':'rerate','from':'" AT("09:00:00") "','to':'" AT(                                \
		"11:00:00") "','reason':'why'" more "}"

/* What a reply tells behind the book, and the run before it. */
static void expect_run(struct ledgerkit *kit, const char *request, const char *begin,
                       const char *end)
{
	const char *reply = run(kit, request);
	const char *events = strstr(reply, ",\"events\"");

	begin = kit_quotes(begin);
	end = kit_quotes(end);
	if (strncmp(reply, begin, strlen(begin)) != 0 || events == NULL || strcmp(events, end) != 0)
		fail_msg("%s:\n%s\nnot %s ... %s", request, reply, begin, end);
}

static void fill(struct ledgerkit *kit)
{
	kit_price(kit, kit_quotes(OLD));
	kit_send_usage(kit, "out", AT("08:59:59.999"), "m", "{\"input\":1000}");
	kit_send_usage(kit, "a", AT("09:00:00"), "m", "{\"input\":4,\"output\":1}");
	kit_send_usage(kit, "b", AT("09:59:59.999"), "m", "{\"input\":2}");
	kit_send_usage(kit, "same", AT("10:00:00"), "m", "{\"input\":2,\"output\":1}");
	kit_send_usage(kit, "waits", AT("10:00:00"), "n", "{\"input\":2}");
	kit_send(kit, kit_quotes("{'id':'none','time':'" AT(
			      "10:00:00") "','account':'acct',"
	                                  "'model':'n','api':'toll','status':500}"));
	kit_send_usage(kit, "behind", AT("11:00:00"), "m", "{\"input\":1000}");
}

static const char all_adjustments[] =
	"SELECT coalesce(group_concat(run || ': ' || ((hour - 1785574800000) / 3600000) || ' ' || "
	"n.text || ' ' || m.text || ' ' || events || ' ' || nanos || ' ' || attos, '; '), '') "
	"FROM adjustment JOIN name n ON n.id = account JOIN name m ON m.id = model";

/* A phase that takes its place later would come on top of what it was adjusted by. */
static void test_what_is_not_settled_is_left_as_it_is(void **state)
{
	static const char phase[] =
		"{'id':'p','time':'2026-08-01T09:00:01Z','account':'acct','model':'m','api':'toll',"
		"'usage':{'input':%d},'settlement':'%s'}";
	struct ledgerkit *kit = *state;
	char line[256];

	fill(kit);
	snprintf(line, sizeof(line), phase, 4, "partial");
	kit_send(kit, kit_quotes(line));
	kit_price(kit, kit_quotes(NEW));
	expect_run(kit, RERATE(""), "{'ok':true,'run':1,",
	           ",'events':4,'moved':2,'waiting':1,'unsettled':1,'rows':1,'amount':'-2.00'}");
	snprintf(line, sizeof(line), phase, 6, "final");
	kit_send(kit, kit_quotes(line));
	/* By the new book all of it: nothing is left to put right. */
	expect_run(kit, RERATE(",'expect':'0'"), "{'ok':true,'run':null,",
	           ",'events':5,'moved':2,'waiting':1,'unsettled':0,'rows':0,'amount':'0.00'}");
	kit_verify_clean(kit);
}

static void test_the_difference_is_booked_once(void **state)
{
	struct ledgerkit *kit = *state;
	char asked[256];

	fill(kit);
	kit_price(kit, kit_quotes(NEW));
	/* 4 x 0.5 + 3 instead of 6, 1 instead of 2; same: 1 + 3 is what it was. */
	expect_run(kit, RERATE(",'dry_run':true"), "{'ok':true,'run':null,",
	           ",'events':4,'moved':2,'waiting':1,'unsettled':0,'rows':1,'amount':'-2.00'}");
	assert_string_equal(kit_ask(kit, "SELECT count(*) FROM adjustment_run"), "0");
	expect_run(kit, RERATE(",'dry_run':false,'expect':'-2'"), "{'ok':true,'run':1,",
	           ",'events':4,'moved':2,'waiting':1,'unsettled':0,'rows':1,'amount':'-2.00'}");
	assert_string_equal(kit_ask(kit, all_adjustments), "1: 0 acct m 2 -2000000000 0");
	kit_verify_clean(kit);
	/* Asked again there is no difference, and nothing of it is written. */
	expect_run(kit, RERATE(",'expect':'0'"), "{'ok':true,'run':null,",
	           ",'events':4,'moved':2,'waiting':1,'unsettled':0,'rows':0,'amount':'0.00'}");
	assert_string_equal(kit_ask(kit, "SELECT count(*) FROM adjustment_run"), "1");
	assert_string_equal(
		kit_ask(kit, "SELECT count(*) || who FROM change WHERE what = 'rerate'"), "1uid 7");
	/* Back to the book they came under: the adjustment is taken back. */
	snprintf(asked, sizeof(asked), RERATE(",'book':'%.12s'"),
	         kit_ask(kit, "SELECT hash FROM book WHERE name = 'old'"));
	expect_run(kit, asked, "{'ok':true,'run':2,",
	           ",'events':4,'moved':0,'waiting':1,'unsettled':0,'rows':1,'amount':'2.00'}");
	assert_string_equal(kit_ask(kit, all_adjustments),
	                    "1: 0 acct m 2 -2000000000 0; 2: 0 acct m 0 2000000000 0");
	/* What is stored of the events is as it was. */
	assert_string_equal(kit_events(kit),
	                    "out=1:1000.00 a=1:6.00 b=1:2.00 none=0:0.00 same=1:4.00 waits=-1:0.00 "
	                    "behind=1:1000.00");
	kit_verify_clean(kit);
}

static void test_what_cannot_be_rated_again_is_refused_whole(void **state)
{
	static const struct {
		const char *label, *book, *reply;
	} rows[] = {
		{ "no rate", BOOK("cheap", EACH("input", "1")),
		  "{'ok':false,'fault':'invalid','error':'2 events of this range have no rate "
		  "under "
		  "this book (model m; source gw-1 id a): add one, or take another range'}" },
		{ "no amount", BOOK("dear", EACH("input", "9000000000") "," EACH("output", "1")),
		  "{'ok':false,'fault':'range','error':'source gw-1 id a: under this book its "
		  "charge "
		  "is larger than an amount can be'}" },
		{ "a threshold inside a sum",
		  BOOK("steps",
		       EACH("input", "1") "," EACH("output", "1") ",{'component':'input','each':'2'"
		                                                  ",'when':{'context':{'gt':20}}}"),
		  "{'ok':false,'fault':'invalid','error':'source gw-1 id sum: it adds up several "
		  "requests, and under this book a price differs between them and their sum: it "
		  "cannot be rated again (1 such events)'}" },
	};
	struct ledgerkit *kit = *state;

	fill(kit);
	send_sum(kit);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *reply;

		kit_price(kit, kit_quotes(rows[i].book));
		reply = run(kit, RERATE(""));
		if (strcmp(reply, kit_quotes(rows[i].reply)) != 0)
			fail_msg("%s: %s", rows[i].label, reply);
	}
	assert_string_equal(kit_ask(kit, "SELECT (SELECT count(*) FROM adjustment_run) + "
	                                 "(SELECT count(*) FROM change)"),
	                    "0");
}

static void test_a_request_that_is_none_is_refused(void **state)
{
	static const struct {
		const char *request, *error;
	} rows[] = {
		{ "{'change':'rerate','from':'2026','to':'2026-08-01T10:30:00Z','reason':'x'}",
		  "rerate: \\'from\\' and \\'to\\' are moments on the hour, as "
		  "2026-11-22T08:00:00Z or 2026-11" },
		{ "{'change':'rerate','to':'2026-08-01T10:00:00Z','reason':'x'}",
		  "rerate: \\'from\\' and \\'to\\' are moments on the hour, as "
		  "2026-11-22T08:00:00Z or 2026-11" },
		{ "{'change':'rerate','from':'2026','to':'2026','reason':'x'}",
		  "rerate: the range is empty: its end is not after its start" },
		{ "{'change':'rerate','from':'2026','to':'2027'}",
		  "rerate: \\'reason\\' is missing: say why" },
		{ "{'change':'rerate','from':'2026','to':'2027','reason':''}",
		  "rerate: \\'reason\\' is missing: say why" },
		{ RERATE(",'book':7"),
		  "rerate: \\'book\\' is the hash of an applied book, or absent" },
		{ RERATE(",'dry_run':1"), "rerate: \\'dry_run\\' is true or false" },
		{ RERATE(",'expect':-2"),
		  "rerate: \\'expect\\' is an amount in a string, as \\'-1.23\\'" },
		{ RERATE(",'expect':'two'"),
		  "rerate: \\'expect\\' is an amount in a string, as \\'-1.23\\'" },
		{ RERATE(",'expect':'-2.01'"),
		  "rerate: the difference is -2.00, not -2.01: nothing was booked" },
		{ RERATE(",'book':'0123456789'"), "0123456789: no applied book has this hash" },
		{ RERATE(",'book':'012'"), "012: 8 to 64 digits of a book's hash are due" },
	};
	struct ledgerkit *kit = *state;

	fill(kit);
	kit_price(kit, kit_quotes(NEW));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *reply = run(kit, rows[i].request);
		char expected[512];

		snprintf(expected, sizeof(expected), "\"error\":\"%s\"}",
		         kit_quotes(rows[i].error));
		/* The apostrophe of a sentence is no quote. */
		if (strstr(rows[i].error, "book's") != NULL)
			*strchr(strstr(expected, "book"), '"') = '\'';
		if (strstr(reply, "{\"ok\":false,") == NULL || strstr(reply, expected) == NULL)
			fail_msg("%s: %s\nnot %s", rows[i].request, reply, expected);
	}
	assert_string_equal(kit_ask(kit, "SELECT count(*) FROM adjustment_run"), "0");
}

static void test_without_a_sell_book_there_is_nothing_to_rate_by(void **state)
{
	struct ledgerkit *kit = *state;
	char asked[256];

	assert_string_equal(run(kit, RERATE("")),
	                    kit_quotes("{'ok':false,'fault':'not-found','error':'rerate: no price "
	                               "book was ever applied'}"));
	kit_cost(kit, kit_quotes(NEW));
	snprintf(asked, sizeof(asked), RERATE(",'book':'%.12s'"), book_hash(kit->cost.book));
	assert_string_equal(run(kit, asked),
	                    kit_quotes("{'ok':false,'fault':'invalid','error':'rerate: this book "
	                               "was only applied as a cost book'}"));
}

static void test_what_is_closed_is_adjusted_later(void **state)
{
	struct ledgerkit *kit = *state;

	fill(kit);
	kit_price(kit, kit_quotes(NEW));
	assert_int_equal(kit_close_until(kit, KIT_NOW_MS - MS_PER_HOUR, NULL), 0);
	expect_run(kit, RERATE(""), "{'ok':true,'run':1,",
	           ",'events':4,'moved':2,'waiting':1,'unsettled':0,'rows':1,'amount':'-2.00'}");
	assert_string_equal(kit_ask(kit, "SELECT hour || ' ' || booked_hour FROM adjustment"),
	                    "1785574800000 1785585600000");
	/* It is of its traffic all the same: nothing is left to book. */
	expect_run(kit, RERATE(""), "{'ok':true,'run':null,",
	           ",'events':4,'moved':2,'waiting':1,'unsettled':0,'rows':0,'amount':'0.00'}");
	kit_verify_clean(kit);
}

/* More events than one step takes. */
enum { MANY = 25000 };

static void send_many(struct ledgerkit *kit)
{
	char line[256];

	kit_price(kit, kit_quotes(OLD));
	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	for (int i = 0; i < MANY; i++) {
		struct ingest_item item;

		/* The first 12000 share a millisecond: a step does not end inside it. */
		snprintf(
			line, sizeof(line),
			"{\"id\":\"e-%d\",\"time\":\"2026-08-01T%s%02d.%03dZ\",\"account\":\"a%d\","
			"\"model\":\"m\",\"api\":\"toll\",\"usage\":{\"input\":2}}",
			i, i < 12000 ? "09:00:" : "10:00:", i < 12000 ? 0 : i / 500,
			i < 12000 ? 0 : i % 500, i % 13);
		kit_prepare(kit, line, &item);
		assert_int_equal(ingest_store(kit->ledger, &item, NULL), 0);
	}
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
}

static struct change_job *begin(struct ledgerkit *kit, const struct change *change,
                                struct buf *reply)
{
	struct change_job *job = NULL;

	assert_int_equal(change_begin(&job, kit->ledger, change, reply, NULL), 0);
	return job;
}

/* An event that comes between two steps is in the difference, or the range is given up. */
static void test_events_that_come_meanwhile_are_not_missed(void **state)
{
	const char *request = kit_quotes(RERATE(""));
	const struct change change = { text_of(request), text_of("uid 7"), KIT_NOW_MS };
	struct ledgerkit *kit = *state;
	struct buf reply = { .at = NULL };
	struct change_job *job;
	bool more = true;
	int steps = 0;

	send_many(kit);
	kit_price(kit, kit_quotes(NEW));
	job = begin(kit, &change, &reply);
	while (more) {
		assert_int_equal(change_step(job, &more, NULL), 0);
		/* Outside of the range, and once in an hour that was walked already. */
		kit_send_usage(kit, steps % 2 == 0 ? "x" : "y", AT("12:00:00"), "m",
		               "{\"input\":1}");
		if (++steps == 2) {
			kit_price(kit, kit_quotes(OLD));
			kit_send_usage(kit, "late", AT("09:30:00"), "m", "{\"input\":2}");
			kit_price(kit, kit_quotes(NEW));
		}
	}
	change_end(job);
	assert_true(steps > 3);
	assert_non_null(strstr(
		buf_text(&reply).at,
		kit_quotes(",'events':25001,'moved':25001,'waiting':0,'unsettled':0,'rows':27,"
	                   "'amount':'-25001.00'}")));
	kit_verify_clean(kit);
	buf_release(&reply);
}

static void test_a_range_where_events_keep_coming_is_given_up(void **state)
{
	const char *request = kit_quotes(RERATE(""));
	const struct change change = { text_of(request), text_of("uid 7"), KIT_NOW_MS };
	struct ledgerkit *kit = *state;
	struct buf reply = { .at = NULL };
	struct change_job *job;
	bool more = true;
	char id[16];

	send_many(kit);
	kit_price(kit, kit_quotes(NEW));
	job = begin(kit, &change, &reply);
	for (int i = 0; more; i++) {
		assert_true(i < 100);
		assert_int_equal(change_step(job, &more, NULL), 0);
		snprintf(id, sizeof(id), "late-%d", i);
		kit_send_usage(kit, id, AT("09:30:00"), "m", "{\"input\":2}");
	}
	change_end(job);
	assert_non_null(strstr(buf_text(&reply).at, "{\"ok\":false,\"fault\":\"busy\""));
	assert_string_equal(kit_ask(kit, "SELECT count(*) FROM adjustment_run"), "0");
	buf_release(&reply);
}

/* Any events, any books: what is stored and adjusted is what the last book makes of them. */
static void test_after_any_runs_the_sum_is_that_of_the_last_book(void **state)
{
	static const char *const books[] = {
		OLD, NEW, BOOK("third", EACH("input", "0.000001") "," EACH("output", "7"))
	};
	static const wide input[] = { ATTOS_PER_UNIT, ATTOS_PER_UNIT / 2,
		                      ATTOS_PER_UNIT / 1000000 };
	static const wide output[] = { 2 * (wide)ATTOS_PER_UNIT, 3 * (wide)ATTOS_PER_UNIT,
		                       7 * (wide)ATTOS_PER_UNIT };
	struct ledgerkit *kit = *state;
	uint64_t seed = fixture_seed("rerate", 20261130);
	int64_t inputs = 0, outputs = 0;

	for (int i = 0; i < 40; i++) {
		char id[16], time[32], usage[64];
		size_t in = fixture_below(&seed, 1000), out = fixture_below(&seed, 100);
		size_t in_force = fixture_below(&seed, 3), minute = fixture_below(&seed, 60);

		kit_price(kit, kit_quotes(books[in_force]));
		snprintf(id, sizeof(id), "e-%d", i);
		snprintf(time, sizeof(time), "2026-08-01T%s:%02zu:00Z", i % 2 == 0 ? "09" : "10",
		         minute);
		snprintf(usage, sizeof(usage), "{\"input\":%zu,\"output\":%zu}", in, out);
		assert_int_equal(kit_send_usage(kit, id, time, "m", usage), INGEST_ACCEPTED);
		inputs += (int64_t)in;
		outputs += (int64_t)out;
		if (fixture_below(&seed, 4) != 0)
			continue;
		in_force = fixture_below(&seed, 3);
		kit_price(kit, kit_quotes(books[in_force]));
		assert_non_null(strstr(run(kit, RERATE("")), "{\"ok\":true,"));
		kit_shut(kit);
		assert_int_equal(kit_sql_int(kit,
		                             "SELECT (SELECT sum(nanos) FROM rollup) + "
		                             "coalesce((SELECT sum(nanos) FROM adjustment), 0)"),
		                 (int64_t)((inputs * input[in_force] + outputs * output[in_force]) /
		                           ATTOS_PER_NANO));
		kit_reopen(kit);
		kit_verify_clean(kit);
	}
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_each_event_is_told_what_another_book_makes_of_it),
		T(test_whoever_listens_may_stop_it),
		T(test_the_difference_is_booked_once),
		T(test_what_is_not_settled_is_left_as_it_is),
		T(test_what_cannot_be_rated_again_is_refused_whole),
		T(test_a_request_that_is_none_is_refused),
		T(test_without_a_sell_book_there_is_nothing_to_rate_by),
		T(test_what_is_closed_is_adjusted_later),
		T(test_events_that_come_meanwhile_are_not_missed),
		T(test_a_range_where_events_keep_coming_is_given_up),
		T(test_after_any_runs_the_sum_is_that_of_the_last_book),
	};

	return cmocka_run_group_tests_name("rerate", tests, NULL, NULL);
}
