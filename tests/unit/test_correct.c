/* Corrections: what is void or has other counts, in all sums, and what verify says of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/moment.h"
#include "ingest/change.h"
#include "ingest/impact.h"
#include "ingest/rerate.h"
#include "ledger/adjust.h"
#include "ledger/correct.h"
#include "ledger/store.h"
#include "rate/policy.h"
#include "report/report.h"
#include "tests/support/ledgerkit.h"

#define AT(time)               "2026-08-01T" time "Z"
#define HOUR_9                 INT64_C(1785574800000)
#define EACH(component, price) "{'component':'" component "','each':'" price "'}"
#define BOOK(rates)                                                                                \
	"{'pricebook':1,'name':'b','currency':'USD','models':[{'model':'m','versions':["           \
	"{'effective_from':'2026','rates':[" rates "]}]}]}"
/* An input is 1, an output 2, a request 0.50; what we pay is 0.25 and 0.50. */
#define SELL BOOK(EACH("input", "1") "," EACH("output", "2") "," EACH("requests", "0.50"))
#define COST BOOK(EACH("input", "0.25") "," EACH("output", "0.50"))

static const char *const components[] = { "input", "output", "pages" };

static void fill(struct ledgerkit *kit)
{
	kit_price(kit, kit_quotes(SELL));
	kit_cost(kit, kit_quotes(COST));
	kit_send_usage(kit, "a", AT("09:00:00"), "m", "{\"input\":10,\"output\":100}");
	kit_send_usage(kit, "b", AT("09:30:00"), "m", "{\"input\":3}");
	kit_send_usage(kit, "w", AT("10:00:00"), "n", "{\"input\":7}");
	kit_send(kit, kit_quotes("{'id':'e','time':'" AT(
			      "10:10:00") "','account':'acct','model':'m','api':'toll',"
	                                  "'status':500,'usage':{'input':1}}"));
}

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

#define WHICH(id, time) "'source':'gw-1','id':'" id "','time':'" AT(time) "'"
#define VOID(id, time)  "{'change':'void'," WHICH(id, time) ",'reason':'why'}"
#define CORRECT(id, time, set)                                                                     \
	"{'change':'correct'," WHICH(id, time) ",'reason':'why','set':{" set "}}"

static void expect(struct ledgerkit *kit, const char *request, const char *begin, const char *end)
{
	const char *reply = run(kit, request);
	const char *rest = strstr(reply, ",\"amount\"");

	begin = kit_quotes(begin);
	end = kit_quotes(end);
	if (strncmp(reply, begin, strlen(begin)) != 0 || rest == NULL || strcmp(rest, end) != 0)
		fail_msg("%s:\n%s\nnot %s ... %s", request, reply, begin, end);
}

static void expect_refused(struct ledgerkit *kit, const char *request, const char *fault,
                           const char *words)
{
	const char *reply = run(kit, request);
	char begin[64];

	snprintf(begin, sizeof(begin), "{\"ok\":false,\"fault\":\"%s\"", fault);
	if (strncmp(reply, begin, strlen(begin)) != 0 || strstr(reply, words) == NULL)
		fail_msg("%s:\n%s\nnot %s: %s", request, reply, fault, words);
}

static const char *cell(const struct table *table, const char *key)
{
	for (size_t c = 0; c < table->column_count; c++) {
		if (strcmp(table->columns[c].key, key) == 0)
			return table->total.cells[c].at;
	}
	return "-";
}

/* The totals of a report: "requests errors suspense | counts | amount corrected cost uncosted". */
static const char *report_of(struct ledgerkit *kit, int64_t from_ms, int64_t to_ms)
{
	static char text[512];
	const struct report_query query = { .from_ms = from_ms, .to_ms = to_ms };
	struct report_notes notes;
	struct table table;
	struct fault fault;
	struct buf out = { .at = NULL };

	if (report_run(kit->ledger, &query, &table, &notes, &fault) < 0)
		fail_msg("%s", fault.text);
	buf_addf(&out, "%s %s %s |", cell(&table, "events"), cell(&table, "errors"),
	         cell(&table, "suspense"));
	for (size_t i = 0; i < sizeof(components) / sizeof(components[0]); i++)
		buf_addf(&out, " %s", cell(&table, components[i]));
	buf_addf(&out, " | %s %s %s %s | %lld", cell(&table, "amount"), cell(&table, "corrected"),
	         cell(&table, "cost"), cell(&table, "uncosted"), (long long)notes.corrections);
	snprintf(text, sizeof(text), "%s", out.at);
	buf_release(&out);
	table_release(&table);
	return text;
}

#define EXPECT_REPORT(kit, words)                                                                  \
	assert_string_equal(report_of(kit, LEDGER_FROM_MIN, LEDGER_TO_MAX), words)

static void test_what_is_void_is_in_no_sum(void **state)
{
	struct ledgerkit *kit = *state;

	fill(kit);
	/* a: 10 + 200 + 0.50; b: 3.50; e: 1, an error has no fee */
	EXPECT_REPORT(kit, "4 1 1 | 21 100 0 | 215.00 - 53.50 1 | 0");
	expect(kit, VOID("a", "09:00:00"),
	       "{'ok':true,'correction':1,'rows':1,'source':'gw-1','id':'a'",
	       ",'amount':'-210.50','amount_now':'0.00','cost':'-52.50','cost_now':'0.00',"
	       "'waits':false}");
	EXPECT_REPORT(kit, "3 1 1 | 11 0 0 | 4.50 -210.50 1.00 1 | 1");
	expect(kit, VOID("e", "10:10:00"), "{'ok':true,'correction':2,'rows':1",
	       ",'amount':'-1.00','amount_now':'0.00','cost':'-0.25','cost_now':'0.00',"
	       "'waits':false}");
	expect(kit, VOID("w", "10:00:00"), "{'ok':true,'correction':3,'rows':1",
	       ",'amount':'0.00','amount_now':'0.00','cost':'0.00','cost_now':'0.00',"
	       "'waits':true}");
	EXPECT_REPORT(kit, "1 0 0 | 3 0 0 | 3.50 -211.50 0.75 0 | 3");
	kit_verify_clean(kit);
	assert_string_equal(
		kit_ask(kit, "SELECT group_concat(who || ' ' || what || ' ' || detail) FROM change "
	                     "WHERE detail LIKE '%ion\":1,%'"),
		kit_quotes("uid 7 void {'correction':1,'rows':1,'source':'gw-1','id':'a','time':"
	                   "'2026-08-01T09:00:00.000Z','reason':'why','amount':'-210.50',"
	                   "'amount_now':'0.00','cost':'-52.50','cost_now':'0.00',"
	                   "'waits':false}"));
}

static void test_other_counts_are_rated_by_the_price_of_the_event(void **state)
{
	struct ledgerkit *kit = *state;

	fill(kit);
	/* A later book does not matter. */
	kit_price(kit, kit_quotes(BOOK(EACH("input", "1000"))));
	expect(kit, CORRECT("a", "09:00:00", "'output':90"),
	       "{'ok':true,'correction':1,'rows':1,'source':'gw-1','id':'a'",
	       ",'amount':'-20.00','amount_now':'190.50','cost':'-5.00','cost_now':'47.50',"
	       "'waits':false}");
	EXPECT_REPORT(kit, "4 1 1 | 21 90 0 | 195.00 -20.00 48.50 1 | 1");
	/* From how it stands now. */
	expect(kit, CORRECT("a", "09:00:00", "'output':95,'input':0"),
	       "{'ok':true,'correction':2,'rows':1",
	       ",'amount':'0.00','amount_now':'190.50','cost':'0.00','cost_now':'47.50',"
	       "'waits':false}");
	EXPECT_REPORT(kit, "4 1 1 | 11 95 0 | 195.00 -20.00 48.50 1 | 2");
	kit_verify_clean(kit);
	expect(kit, VOID("a", "09:00:00"), "{'ok':true,'correction':3,'rows':1",
	       ",'amount':'-190.50','amount_now':'0.00','cost':'-47.50','cost_now':'0.00',"
	       "'waits':false}");
	EXPECT_REPORT(kit, "3 1 1 | 11 0 0 | 4.50 -210.50 1.00 1 | 3");
	kit_verify_clean(kit);
}

static void test_a_dry_run_leaves_nothing(void **state)
{
	struct ledgerkit *kit = *state;

	fill(kit);
	expect(kit, "{'change':'void'," WHICH("a", "09:00:00") ",'reason':'r','dry_run':true}",
	       "{'ok':true,'correction':null,'rows':1",
	       ",'amount':'-210.50','amount_now':'0.00','cost':'-52.50','cost_now':'0.00',"
	       "'waits':false}");
	EXPECT_REPORT(kit, "4 1 1 | 21 100 0 | 215.00 - 53.50 1 | 0");
	assert_string_equal(kit_ask(kit, "SELECT (SELECT count(*) FROM correction) || ' ' || "
	                                 "(SELECT count(*) FROM change WHERE what = 'void')"),
	                    "0 0");
}

static void test_a_refusal_says_why_and_leaves_nothing(void **state)
{
	static const struct {
		const char *request, *fault, *words;
	} rows[] = {
		{ VOID("z", "09:00:00"), "not-found", "no event z of this source and time" },
		{ VOID("a", "09:00:01"), "not-found", "no event a" },
		{ VOID("gone", "09:40:00"), "invalid", "it is void already" },
		{ CORRECT("gone", "09:40:00", "'input':1"), "invalid", "it is void already" },
		{ CORRECT("a", "09:00:00", "'input':10"), "invalid", "has these counts already" },
		{ CORRECT("a", "09:00:00", "'pages':1"), "invalid",
		  "the price that it is stored with has no rate for these counts" },
		{ CORRECT("a", "09:00:00", "'input':1000000000001"), "invalid",
		  "input is no count" },
		{ CORRECT("a", "09:00:00", "'input':-1"), "invalid", "no whole number" },
		{ CORRECT("a", "09:00:00", "'input':1.5"), "invalid", "no whole number" },
		{ CORRECT("a", "09:00:00", "'tokens':1"), "invalid", "is no component" },
		{ CORRECT("a", "09:00:00", ""), "invalid", "an object of components" },
		{ "{'change':'correct'," WHICH("a", "09:00:00") ",'reason':'r'}", "invalid",
		  "an object of components" },
		{ CORRECT("i", "09:50:00", "'images_out':3"), "invalid",
		  "images_out is told by kind" },
		{ "{'change':'void'," WHICH("a", "09:00:00") ",'reason':''}", "invalid",
		  "say why" },
		{ "{'change':'void'," WHICH("a", "09:00:00") "}", "invalid", "say why" },
		{ "{'change':'void','id':'a','time':'" AT("09:00:00") "','reason':'r'}", "invalid",
		  "which event" },
		{ "{'change':'void','id':'','source':'gw-1','time':'" AT(
			  "09:00:00") "','reason':'r'}",
		  "invalid", "which event" },
		{ "{'change':'void','id':'a','source':'gw-1','reason':'r'}", "invalid",
		  "the moment" },
		{ "{'change':'void'," WHICH("a", "09:00:00") ",'reason':'r','dry_run':1}",
		  "invalid", "true or false" },
	};
	struct ledgerkit *kit = *state;

	fill(kit);
	kit_send_usage(kit, "gone", AT("09:40:00"), "m", "{\"input\":1}");
	kit_send(kit, kit_quotes("{'id':'i','time':'" AT(
			      "09:50:00") "','account':'acct','model':'m','api':'toll',"
	                                  "'usage':{'input':1},'images':{'n':2,'size':'s'}}"));
	expect(kit, VOID("gone", "09:40:00"), "{'ok':true,'correction':1",
	       ",'amount':'-1.50','amount_now':'0.00','cost':'-0.25','cost_now':'0.00',"
	       "'waits':false}");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_refused(kit, rows[i].request, rows[i].fault, rows[i].words);
	assert_string_equal(kit_ask(kit, "SELECT (SELECT count(*) FROM correction) || ' ' || "
	                                 "(SELECT count(*) FROM change WHERE what IN "
	                                 "('void', 'correct'))"),
	                    "1 1");
	kit_verify_clean(kit);
}

/* The reply, and word by word but for "ok" the row in the list of changes. */
static void test_a_correction_is_told_in_full(void **state)
{
	static const char told[] =
		"'correction':1,'rows':1,'source':'gw-1','id':'a',"
		"'time':'2026-08-01T09:00:00.000Z','reason':'why','set':{'input':4,'output':90},"
		"'amount':'-26.00','amount_now':'184.50','cost':'-6.50','cost_now':'46.00',"
		"'waits':false}";
	static const char voided[] =
		"'correction':2,'rows':1,'source':'gw-1','id':'b',"
		"'time':'2026-08-01T09:30:00.000Z','reason':'why','amount':'-3.50',"
		"'amount_now':'0.00','cost':'-0.75','cost_now':'0.00','waits':false}";
	struct ledgerkit *kit = *state;
	const char *reply;

	fill(kit);
	reply = run(kit, CORRECT("a", "09:00:00", "'output':90,'input':4"));
	assert_memory_equal(reply, "{\"ok\":true,", 11);
	assert_string_equal(reply + 11, kit_quotes(told));
	reply = run(kit, VOID("b", "09:30:00"));
	assert_memory_equal(reply, "{\"ok\":true,", 11);
	assert_string_equal(reply + 11, kit_quotes(voided));
	assert_string_equal(kit_ask(kit, "SELECT who || ' ' || substr(detail, 2) FROM change "
	                                 "WHERE what = 'correct'") +
	                            strlen("uid 7 "),
	                    kit_quotes(told));
	assert_string_equal(
		kit_ask(kit, "SELECT substr(detail, 2) FROM change WHERE what = 'void'"),
		kit_quotes(voided));
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_what_is_void_is_in_no_sum),
		T(test_other_counts_are_rated_by_the_price_of_the_event),
		T(test_a_dry_run_leaves_nothing),
		T(test_a_correction_is_told_in_full),
		T(test_a_refusal_says_why_and_leaves_nothing),
	};

	return cmocka_run_group_tests_name("correct", tests, NULL, NULL);
}
