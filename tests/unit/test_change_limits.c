/*
 * Changes at the edge of what an amount or a step can hold, and those that are overtaken: each is
 * refused with the reason, or goes in more steps, and nothing of it is half done.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/change.h"
#include "ledger/store.h"
#include "ledger/twins.h"
#include "tests/support/ledgerkit.h"

#define EACH(component, price) "{'component':'" component "','each':'" price "'}"
#define MODEL(name, rates)                                                                         \
	"{'model':'" name "','versions':[{'effective_from':'2026','rates':[" rates "]}]}"
#define BOOK(models) "{'pricebook':1,'currency':'USD','models':[" models "]}"
#define INPUT(price) BOOK(MODEL("m", EACH("input", price)))
#define AT(time)     "2026-08-01T" time "Z"
#define RERATE(more)                                                                               \
	"{'change':'rerate','from':'" AT("09:00:00") "','to':'" AT(                                \
		"12:00:00") "','reason':'r'" more "}"
#define SETTLE(id)                                                                                 \
	"{'change':'reading.settle','source':'s','reading':'declared','reason':'w','id':" id "}"

static struct change_job *begin(struct ledgerkit *kit, const char *request, struct buf *reply)
{
	struct change change = { text_of(kit_quotes(request)), text_of("uid 7"), KIT_NOW_MS };
	struct fault fault = { .code = FAULT_NONE };
	struct change_job *job = NULL;

	if (change_begin(&job, kit->ledger, &change, reply, &fault) < 0)
		fail_msg("%s: %s", request, fault.text);
	return job;
}

/* Runs a request; the reply is valid until the next one.  *steps_out: of how many steps it was. */
static const char *run_steps(struct ledgerkit *kit, const char *request, int *steps_out)
{
	static char text[2048];
	struct fault fault = { .code = FAULT_NONE };
	struct buf reply = { .at = NULL };
	struct change_job *job = begin(kit, request, &reply);
	bool more = true;

	for (*steps_out = 0; more; ++*steps_out) {
		if (change_step(job, &more, &fault) < 0)
			fail_msg("%s: %s", request, fault.text);
	}
	change_end(job);
	snprintf(text, sizeof(text), "%.*s", TEXT_ARGS(buf_text(&reply)));
	buf_release(&reply);
	return text;
}

static void expect(struct ledgerkit *kit, const char *request, const char *words)
{
	int steps;
	const char *reply = run_steps(kit, request, &steps);

	if (strstr(reply, kit_quotes(words)) == NULL)
		fail_msg("%s: %s\nnot %s", request, reply, words);
}

static void expect_noted(struct ledgerkit *kit, const char *what, const char *count)
{
	char sql[128];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM change WHERE what = '%s'", what);
	assert_string_equal(kit_ask(kit, sql), count);
}

/* --- rerate ---------------------------------------------------------------- */

/* Each amount fits: the sum of a row does not, or that of all rows. */
static void test_differences_that_are_no_amount_are_not_booked(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(INPUT("1")));
	kit_send_usage(kit, "a", AT("09:00:00"), "m", "{\"input\":1}");
	kit_send_usage(kit, "b", AT("10:00:00"), "m", "{\"input\":1}");
	kit_price(kit, kit_quotes(INPUT("9000000000")));
	expect(kit, RERATE(""),
	       "{'ok':false,'fault':'range','error':'rerate: the sum of the differences is no "
	       "amount'}");
	kit_price(kit, kit_quotes(INPUT("1")));
	kit_send_usage(kit, "c", AT("09:30:00"), "m", "{\"input\":1}");
	kit_price(kit, kit_quotes(INPUT("9000000000")));
	expect(kit, RERATE(""), "{'ok':false,'fault':'range','error':'");
	assert_string_equal(kit_ask(kit, "SELECT count(*) FROM adjustment_run"), "0");
	expect_noted(kit, "rerate", "0");
}

#define ONE(name) MODEL(name, EACH("input", "1"))
#define FOUR      ONE("n1") "," ONE("n2") "," ONE("n3") "," ONE("n4")

/* The first three of them are named, each once. */
static void test_models_without_a_rate_are_named(void **state)
{
	static const char *const models[] = { "n1", "n2", "n1", "n3", "n4" };
	struct ledgerkit *kit = *state;
	char id[16];

	kit_price(kit, kit_quotes(INPUT("1")));
	kit_send_usage(kit, "alone", AT("09:00:00"), "n0", "{\"input\":1}");
	expect(kit, RERATE(",'book':null,'expect':null"),
	       "'ok':true,'run':null,'from':'2026-08-01T09:00:00.000Z'");
	kit_price(kit, kit_quotes(BOOK(ONE("n0") "," FOUR)));
	kit_send_usage(kit, "one", AT("10:00:00"), "n0", "{\"input\":1}");
	kit_price(kit, kit_quotes(INPUT("1")));
	expect(kit, RERATE(""),
	       "'1 event of this range has no rate under this book (model n0; source gw-1 id "
	       "one): "
	       "add one, or take another range'");
	kit_price(kit, kit_quotes(BOOK(FOUR)));
	for (int i = 0; i < 5; i++) {
		snprintf(id, sizeof(id), "e%d", i);
		kit_send_usage(kit, id, AT("11:00:00"), models[i], "{\"input\":1}");
	}
	kit_price(kit, kit_quotes(INPUT("1")));
	expect(kit, RERATE(""),
	       "'6 events of this range have no rate under this book (model n0, n1, n2; source "
	       "gw-1 id one): add one, or take another range'");
	expect_noted(kit, "rerate", "0");
}

static void test_a_change_of_one_piece_that_is_stopped_has_changed_nothing(void **state)
{
	struct ledgerkit *kit = *state;
	struct buf reply = { .at = NULL };
	struct change_job *job;

	kit_price(kit, kit_quotes(INPUT("1")));
	kit_send_usage(kit, "a", AT("09:00:00"), "m", "{\"input\":1}");
	kit_price(kit, kit_quotes(INPUT("2")));
	job = begin(kit, RERATE(""), &reply);
	change_stop(job);
	/* Once more is no more. */
	change_stop(job);
	assert_true(change_is_refused(job));
	change_end(job);
	assert_string_equal(reply.at, kit_quotes("{'ok':false,'fault':'closed','error':'the daemon "
	                                         "stopped before it was done: nothing has changed, "
	                                         "ask again'}"));
	buf_release(&reply);
	expect_noted(kit, "rerate", "0");
}

/* --- held lines ------------------------------------------------------------ */

static void hold(struct ledgerkit *kit, struct text line, int64_t more)
{
	struct event_refusal refusal = {
		.reason = REASON_READINGS, .source = text_of("s"), .id = text_of("x"), .time_ms = 1
	};

	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	assert_int_equal(ledger_quarantine(kit->ledger, &refusal, line, (int64_t)line.len + more,
	                                   KIT_NOW_MS, NULL),
	                 0);
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
}

#define CHAT(id, usage)                                                                            \
	"{'id':'" id                                                                               \
	"','source':'s','time':'" AT("10:00:00") "','account':'acct','model':'m',"                 \
						 "'api':'openai.chat','usage':{" usage "}}"

/* It says which it is, and the line stays as it is held. */
static void test_a_held_line_that_cannot_be_settled_stays(void **state)
{
	static const struct {
		const char *line;
		int64_t more;
		const char *words;
	} rows[] = {
		{ CHAT("cut", "'prompt_tokens':1,'completion_tokens':1"), 100,
		  "'invalid','error':'this line was cut when it was kept'" },
		/* Of one price, so that nobody asks which it is; none is called "declared". */
		{ CHAT("other", "'prompt_tokens':7,'completion_tokens':1,'total_tokens':8,"
		                "'prompt_tokens_details':{'cached_tokens':163}"),
		  0, "'invalid','error':'this line has no such reading; it would be readings: " },
		{ CHAT("none", "'prompt_tokens':'7'"), 0,
		  "'invalid','error':'this line cannot be read: " },
		{ CHAT("much", "'prompt_tokens':2,'completion_tokens':0"), 0,
		  "'range','error':'the sum of its hour would be larger than it can be'" },
	};
	struct ledgerkit *kit = *state;

	kit_price(kit,
	          kit_quotes(BOOK(MODEL("m", EACH("input", "0") "," EACH("output", "0") "," EACH(
						     "cache_read", "0")))));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char request[256];

		if (i == 3) {
			kit_price(kit,
			          kit_quotes(BOOK(MODEL("m", EACH("input", "4000000000") "," EACH(
								     "output", "1")))));
			kit_send(kit, kit_quotes(CHAT("first", "'prompt_tokens':2,"
			                                       "'completion_tokens':0")));
		}
		hold(kit, text_of(kit_quotes(rows[i].line)), rows[i].more);
		snprintf(request, sizeof(request), SETTLE("%zu"), i + 1);
		expect(kit, request, rows[i].words);
		assert_string_equal(
			kit_ask(kit, "SELECT count(*) FROM quarantine WHERE released_ms > 0"), "0");
	}
	expect_noted(kit, "reading.settle", "0");
	assert_string_equal(kit_events(kit), "first=2:8000000000.00");
	kit_verify_clean(kit);
}

/* So much of one step is in memory; the rest is of further ones. */
static void test_long_held_lines_are_tried_in_more_steps(void **state)
{
	enum { LONG = 900 * 1000, LINES = 12 };
	struct ledgerkit *kit = *state;
	char *line = malloc(LONG);
	int steps;

	assert_non_null(line);
	memset(line, 'x', LONG);
	for (int i = 0; i < LINES; i++) {
		line[0] = (char)('a' + i); /* another one */
		hold(kit, (struct text){ line, LONG }, 0);
	}
	free(line);
	assert_string_equal(run_steps(kit, "{'change':'quarantine.retry'}", &steps),
	                    kit_quotes("{'ok':true,'tried':12,'accepted':0,'unpriced':0,"
	                               "'duplicate':0,'conflict':0,'left':12}"));
	/* 5, 5 and 2, and one that finds nothing more. */
	assert_int_equal(steps, 4);
}

/* --- period.close ---------------------------------------------------------- */

static int no_twin(void *context, const struct twin *twin)
{
	(void)context;
	fail_msg("%.*s is a twin", TEXT_ARGS(twin->id));
	return 0;
}

static void put_close(struct ledgerkit *kit, int twins, struct buf *request)
{
	const struct twin_search search = { .until_ms = INT64_C(1785542400000) };
	struct period_check check;

	assert_int_equal(ledger_check_period(kit->ledger, &search, no_twin, NULL, &check, NULL), 0);
	buf_add_cstr(request, "{\"change\":\"period.close\",\"until\":\"2026-08\",\"reason\":\"r\","
	                      "\"check\":\"");
	for (size_t i = 0; i < SHA256_BYTES; i++)
		buf_addf(request, "%02x", check.digest[i]);
	buf_add_cstr(request, "\",\"twins\":[");
	for (int i = 0; i < twins; i++)
		buf_addf(request,
		         "%s{\"source\":\"gw-1\",\"id\":\"e%d\",\"keep\":\"2026-07-01T00:00:00Z\","
		         "\"void\":\"2026-07-02T00:00:00Z\"}",
		         i > 0 ? "," : "", i);
	buf_add_cstr(request, "]}");
}

/* None of them is one any more, which each is asked for; 500 in a step. */
static void test_many_twins_are_looked_at_in_steps(void **state)
{
	struct ledgerkit *kit = *state;
	struct buf request = { .at = NULL }, reply = { .at = NULL };
	struct change change = { .who = text_of("uid 7"), .now_ms = KIT_NOW_MS };
	struct change_job *job = NULL;
	bool more = true;
	int steps = 0;

	kit_price(kit, kit_quotes(INPUT("1")));
	kit_send_usage(kit, "a", "2026-07-03T00:00:00Z", "m", "{\"input\":1}");
	put_close(kit, 501, &request);
	change.request = buf_text(&request);
	assert_int_equal(change_begin(&job, kit->ledger, &change, &reply, NULL), 0);
	for (; more; steps++)
		assert_int_equal(change_step(job, &more, NULL), 0);
	change_end(job);
	assert_int_equal(steps, 3);
	assert_string_equal(reply.at,
	                    kit_quotes("{'ok':true,'closed':true,'until':'2026-08-01T00:00:00.000Z'"
	                               ",'reason':'r','twins':501,'voided':0}"));
	expect_noted(kit, "period.close", "1");
	buf_release(&reply);
	buf_release(&request);
}

/* Between its steps: what is closed already is refused, and says so. */
static void test_a_period_that_somebody_else_closed_is_refused(void **state)
{
	struct ledgerkit *kit = *state;
	struct buf request = { .at = NULL }, reply = { .at = NULL };
	struct change change = { .who = text_of("uid 7"), .now_ms = KIT_NOW_MS };
	struct change_job *job = NULL;
	bool more = true;

	kit_price(kit, kit_quotes(INPUT("1")));
	kit_send_usage(kit, "a", "2026-07-03T00:00:00Z", "m", "{\"input\":1}");
	put_close(kit, 1, &request);
	change.request = buf_text(&request);
	assert_int_equal(change_begin(&job, kit->ledger, &change, &reply, NULL), 0);
	assert_int_equal(change_step(job, &more, NULL), 0);
	assert_true(more);
	assert_int_equal(kit_close_until(kit, INT64_C(1785542400000), NULL), 0);
	assert_int_equal(change_step(job, &more, NULL), 0);
	assert_false(more);
	assert_true(change_is_refused(job));
	change_end(job);
	assert_non_null(strstr(reply.at, "{\"ok\":false,\"fault\":\"invalid\",\"error\":\""));
	assert_non_null(strstr(reply.at, "closed"));
	assert_string_equal(kit_ask(kit, "SELECT count(*) FROM closing"), "1");
	expect_noted(kit, "period.close", "0");
	buf_release(&reply);
	buf_release(&request);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_differences_that_are_no_amount_are_not_booked),
		T(test_models_without_a_rate_are_named),
		T(test_a_change_of_one_piece_that_is_stopped_has_changed_nothing),
		T(test_a_held_line_that_cannot_be_settled_stays),
		T(test_long_held_lines_are_tried_in_more_steps),
		T(test_many_twins_are_looked_at_in_steps),
		T(test_a_period_that_somebody_else_closed_is_refused),
	};

	return cmocka_run_group_tests_name("limits of changes", tests, NULL, NULL);
}
