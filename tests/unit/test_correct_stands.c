/* Corrections beside all else: turns, phases, suspense, other books, closed periods. */
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
#include "ledger/adjust.h"
#include "ledger/correct.h"
#include "ledger/store.h"
#include "rate/policy.h"
#include "report/report.h"
#include "tests/support/ledgerkit.h"

#define AT(time)               "2026-08-01T" time "Z"
#define HOUR_9                 INT64_C(1785574800000)
#define HOUR_12                INT64_C(1785585600000) /* of KIT_NOW_MS */
#define EACH(component, price) "{'component':'" component "','each':'" price "'}"
#define MODEL(model, rates)                                                                        \
	"{'model':'" model "','versions':[{'effective_from':'2026','rates':[" rates "]}]}"
#define BOOK(models)    "{'pricebook':1,'name':'b','currency':'USD','models':[" models "]}"
#define WHICH(id, time) "'source':'gw-1','id':'" id "','time':'" AT(time) "'"
#define VOID(id, time)  "{'change':'void'," WHICH(id, time) ",'reason':'why'}"
#define CORRECT(id, time, set)                                                                     \
	"{'change':'correct'," WHICH(id, time) ",'reason':'why','set':{" set "}}"
#define RERATE(more)                                                                               \
	"{'change':'rerate','from':'" AT("09:00:00") "','to':'" AT(                                \
		"11:00:00") "','reason':'why'" more "}"

static const char plain_book[] = BOOK(MODEL("m", EACH("input", "1") "," EACH("output", "2")));

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

static void expect(struct ledgerkit *kit, const char *request, const char *words)
{
	const char *reply = run(kit, request);

	if (strstr(reply, kit_quotes(words)) == NULL)
		fail_msg("%s:\n%s\nnot %s", request, reply, words);
}

/* "requests turns-and-all input output amount | corrections" of a range. */
static const char *totals(struct ledgerkit *kit, int64_t from_ms, int64_t to_ms)
{
	static const char *const keys[] = { "events", "suspense", "input", "output", "amount" };
	static char text[512];
	const struct report_query query = { .from_ms = from_ms, .to_ms = to_ms };
	struct report_notes notes;
	struct table table;
	struct fault fault;
	struct buf out = { .at = NULL };

	if (report_run(kit->ledger, &query, &table, &notes, &fault) < 0)
		fail_msg("%s", fault.text);
	for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
		for (size_t c = 0; c < table.column_count; c++) {
			if (strcmp(table.columns[c].key, keys[k]) == 0)
				buf_addf(&out, "%.*s ", TEXT_ARGS(table.total.cells[c]));
		}
	}
	buf_addf(&out, "| %lld", (long long)notes.corrections);
	snprintf(text, sizeof(text), "%s", out.at);
	buf_release(&out);
	table_release(&table);
	return text;
}

#define EXPECT_TOTALS(kit, words)                                                                  \
	assert_string_equal(totals(kit, LEDGER_FROM_MIN, LEDGER_TO_MAX), words)

static enum ingest_verdict send_turns(struct ledgerkit *kit, const char *settlement)
{
	static const char line[] = "{'id':'r','time':'" AT(
		"10:00:00") "','account':'a','model':'m',"
			    "'settlement':'%s','api':'anthropic.messages','usage':{'input_tokens':"
			    "5,"
			    "'output_tokens':1,'iterations':["
			    "{'type':'message','input_tokens':5,'output_tokens':1},"
			    "{'type':'advisor_message','model':'m','input_tokens':30,'output_"
			    "tokens':0},"
			    "{'type':'compaction','input_tokens':7,'output_tokens':0}]}}";
	char text[1024];

	snprintf(text, sizeof(text), line, settlement);
	return kit_send(kit, kit_quotes(text));
}

static void test_a_request_is_void_with_its_turns(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(plain_book));
	assert_int_equal(send_turns(kit, "final"), INGEST_ACCEPTED);
	EXPECT_TOTALS(kit, "1 0 42 1 44.00 | 0");
	expect(kit, VOID("r~2", "10:00:00"), "is a turn of a request: void the request");
	expect(kit, CORRECT("r~2", "10:00:00", "'input':10"), "'amount':'-20.00'");
	EXPECT_TOTALS(kit, "1 0 22 1 24.00 | 1");
	expect(kit, VOID("r", "10:00:00"), "'correction':2,'rows':3,");
	EXPECT_TOTALS(kit, "0 0 0 0 0.00 | 4");
	expect(kit, CORRECT("r~3", "10:00:00", "'input':10"), "it is void already");
	kit_verify_clean(kit);
	assert_string_equal(kit_ask(kit, "SELECT sum(events) || ' ' || sum(turns) FROM correction"),
	                    "-3 -2");
}

/* Its final phase has one turn less than the partial one had. */
static void test_a_turn_that_its_request_has_no_more_is_not_corrected(void **state)
{
	static const char line[] = "{'id':'r','time':'" AT(
		"10:00:00") "','account':'a','model':'m','settlement':"
			    "'final','api':'anthropic.messages','usage':{'input_tokens':5,'output_"
			    "tokens':1,"
			    "'iterations':[{'type':'message','input_tokens':5,'output_tokens':1},"
			    "{'type':'advisor_message','model':'m','input_tokens':30,'output_"
			    "tokens':0}]}}";
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(plain_book));
	assert_int_equal(send_turns(kit, "partial"), INGEST_ACCEPTED);
	assert_int_equal(kit_send(kit, kit_quotes(line)), INGEST_ACCEPTED);
	EXPECT_TOTALS(kit, "1 0 35 1 37.00 | 0");
	expect(kit, CORRECT("r~3", "10:00:00", "'input':10"),
	       "r~3 is a turn that its request has no more: it counts nothing");
	expect(kit, CORRECT("r~2", "10:00:00", "'input':10"), "'amount':'-20.00'");
	kit_verify_clean(kit);
}

/* What is sold has a rate for it, what is paid has none. */
static void test_counts_without_a_cost_are_refused(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(plain_book));
	kit_cost(kit, kit_quotes(BOOK(MODEL("m", EACH("input", "0.5")))));
	kit_send_usage(kit, "z", AT("09:00:00"), "m", "{\"input\":10}");
	expect(kit, CORRECT("z", "09:00:00", "'output':1"),
	       "event z: the price of its cost that it is stored with has no rate for these "
	       "counts");
	expect(kit, CORRECT("z", "09:00:00", "'input':4"), "'cost':'-3.00','cost_now':'2.00'");
	kit_verify_clean(kit);
}

/* A request with a turn that was put right stands whole. */
static void test_a_later_phase_of_what_was_corrected_is_a_conflict(void **state)
{
	static const char phase[] = "{'id':'%s','time':'" AT(
		"09:00:0%d") "','account':'a','model':'m','api':'toll',"
			     "'usage':{'input':%d},'settlement':'%s'}";
	static const struct {
		const char *correction, *totals;
	} rows[] = {
		{ VOID("p", "09:00:01"), "0 0 0 0 0.00 | 1" },
		{ CORRECT("p", "09:00:01", "'input':3"), "1 0 3 0 3.00 | 1" },
	};
	struct ledgerkit *kit = *state;
	char line[512];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		kit_close(kit);
		kit_open(kit);
		kit_price(kit, kit_quotes(plain_book));
		snprintf(line, sizeof(line), phase, "p", 1, 10, "partial");
		assert_int_equal(kit_send(kit, kit_quotes(line)), INGEST_ACCEPTED);
		expect(kit, rows[i].correction, "'ok':true");
		snprintf(line, sizeof(line), phase, "p", 2, 50, "final");
		assert_int_equal(kit_send(kit, kit_quotes(line)), INGEST_CONFLICT);
		/* Sent again it is the same one; the phase that stands is no news. */
		assert_int_equal(kit_send(kit, kit_quotes(line)), INGEST_CONFLICT);
		snprintf(line, sizeof(line), phase, "p", 1, 10, "partial");
		assert_int_equal(kit_send(kit, kit_quotes(line)), INGEST_DUPLICATE);
		snprintf(line, sizeof(line), phase, "p", 1, 1, "open");
		assert_int_equal(kit_send(kit, kit_quotes(line)), INGEST_ACCEPTED);
		EXPECT_TOTALS(kit, rows[i].totals);
		kit_verify_clean(kit);
		assert_string_equal(kit_ask(kit, "SELECT count(*) || ' ' || sum(times) || "
		                                 "' ' || sum(ts) FROM conflict"),
		                    "1 2 1785574801000");
	}
	kit_close(kit);
	kit_open(kit);
	kit_price(kit, kit_quotes(plain_book));
	assert_int_equal(send_turns(kit, "partial"), INGEST_ACCEPTED);
	expect(kit, CORRECT("r~3", "10:00:00", "'input':8"), "'amount':'1.00'");
	assert_int_equal(send_turns(kit, "final"), INGEST_CONFLICT);
	EXPECT_TOTALS(kit, "1 0 43 1 45.00 | 1");
	kit_verify_clean(kit);
	/* Of one that nobody put right the later phase stands. */
	snprintf(line, sizeof(line), phase, "q", 1, 10, "partial");
	assert_int_equal(kit_send(kit, kit_quotes(line)), INGEST_ACCEPTED);
	snprintf(line, sizeof(line), phase, "q", 1, 20, "final");
	assert_int_equal(kit_send(kit, kit_quotes(line)), INGEST_ACCEPTED);
	EXPECT_TOTALS(kit, "2 0 63 1 65.00 | 1");
}

static void test_what_waits_is_priced_by_the_counts_it_has_now(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(plain_book));
	kit_cost(kit, kit_quotes(BOOK(MODEL("other", EACH("input", "1")))));
	kit_send_usage(kit, "c", AT("09:00:00"), "n", "{\"input\":10}");
	kit_send_usage(kit, "v", AT("09:00:00"), "n", "{\"input\":100}");
	kit_send_usage(kit, "no", AT("09:00:01"), "n", "{\"input\":1000}");
	expect(kit, CORRECT("c", "09:00:00", "'input':4"),
	       "'amount':'0.00','amount_now':'0.00','cost':'0.00','cost_now':'0.00','waits':true");
	expect(kit, VOID("v", "09:00:00"), "'waits':true");
	/* No book to come has a rate for pages: it stays, though its own counts have one. */
	expect(kit, CORRECT("no", "09:00:01", "'pages':1"), "'waits':true");
	EXPECT_TOTALS(kit, "2 2 1004 0 0.00 | 3");
	kit_price(kit, kit_quotes(BOOK(MODEL("n", EACH("input", "1")))));
	kit_cost(kit, kit_quotes(BOOK(MODEL("n", EACH("input", "0.5")))));
	expect(kit, "{'change':'suspense.retry'}",
	       "{'ok':true,'tried':2,'priced':1,'left':1,'amount':'4.00',"
	       "'cost':{'tried':2,'priced':1,'left':1,'amount':'2.00'}}");
	EXPECT_TOTALS(kit, "2 1 1004 0 4.00 | 5");
	kit_verify_clean(kit);
	expect(kit, "{'change':'suspense.retry'}", "'tried':1,'priced':0,'left':1");
	expect(kit, VOID("c", "09:00:00"), "'amount':'-4.00','amount_now':'0.00','cost':'-2.00'");
	expect(kit, VOID("no", "09:00:01"), "'waits':true");
	expect(kit, "{'change':'suspense.retry'}", "'tried':0,'priced':0,'left':0");
	EXPECT_TOTALS(kit, "0 0 0 0 0.00 | 7");
	kit_verify_clean(kit);
	assert_string_equal(kit_ask(kit, "SELECT group_concat(kind || nanos || ' ' || cost_nanos "
	                                 "|| ' ' || who, ';') FROM correction WHERE id = 'c'"),
	                    "correct0 0 uid 7;rated-6000000000 0 uid 7;rated0 -3000000000 uid 7;"
	                    "void-4000000000 -2000000000 uid 7");
}

/* What a policy takes away it takes from the counts it has now. */
static void test_the_policies_of_the_event_hold(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(plain_book));
	kit_policies(kit, "acct", POLICIES_ALL);
	kit_send_usage(kit, "z", AT("09:00:00"), "m", "{\"input\":10,\"output\":5}");
	EXPECT_TOTALS(kit, "1 0 10 5 20.00 | 0");
	expect(kit, CORRECT("z", "09:00:00", "'output':0"),
	       "'amount':'-20.00','amount_now':'0.00'");
	EXPECT_TOTALS(kit, "1 0 10 0 0.00 | 1");
	expect(kit, CORRECT("z", "09:00:00", "'output':1"),
	       "'amount':'12.00','amount_now':'12.00'");
	kit_verify_clean(kit);
	/* Stored as nothing to charge, under no price. */
	kit_send_usage(kit, "y", AT("09:00:00"), "m", "{\"input\":10}");
	expect(kit, CORRECT("y", "09:00:00", "'input':9"), "'amount':'0.00'");
	expect(kit, CORRECT("y", "09:00:00", "'output':1"),
	       "the price that it is stored with has no rate for these counts");
	kit_verify_clean(kit);
}

static void test_another_book_rates_what_stands_now(void **state)
{
	static const char new_book[] = BOOK(MODEL("m", EACH("input", "3") "," EACH("output", "2")));
	struct fault fault = { .code = FAULT_NONE };
	const struct impact_range range = { HOUR_9, HOUR_9 + 2 * MS_PER_HOUR, false, NULL, NULL };
	struct ledgerkit *kit = *state;
	struct book *book = NULL;
	struct impact impact;

	kit_price(kit, kit_quotes(plain_book));
	kit_send_usage(kit, "a", AT("09:00:00"), "m", "{\"input\":10}");
	kit_send_usage(kit, "b", AT("09:00:00"), "m", "{\"input\":100}");
	kit_send_usage(kit, "c", AT("10:00:00"), "m", "{\"input\":1000}");
	expect(kit, CORRECT("a", "09:00:00", "'input':4"), "'amount':'-6.00'");
	expect(kit, VOID("b", "09:00:00"), "'amount':'-100.00'");
	assert_int_equal(book_load(&book, text_of(kit_quotes(new_book)), NULL, &fault), 0);
	assert_int_equal(impact_of_stored(kit->ledger, book, &range, &impact, &fault), 0);
	assert_int_equal(impact.total.events[IMPACT_RATED], 2);
	assert_true(impact.total.before[IMPACT_RATED].attos == (wide)1004 * ATTOS_PER_UNIT);
	assert_true(impact.total.after[IMPACT_RATED].attos == (wide)3012 * ATTOS_PER_UNIT);
	impact_release(&impact);
	book_free(book);
	kit_price(kit, kit_quotes(new_book));
	expect(kit, RERATE(""),
	       "'events':2,'moved':2,'waiting':0,'unsettled':0,'rows':2,"
	       "'amount':'2008.00'");
	EXPECT_TOTALS(kit, "2 0 1004 0 3012.00 | 2");
	expect(kit, RERATE(""), "'rows':0,'amount':'0.00'");
	/* By its own price; what its hour was adjusted by stays until that is rated again. */
	expect(kit, CORRECT("a", "09:00:00", "'input':5"), "'amount':'1.00'");
	expect(kit, VOID("c", "10:00:00"), "'amount':'-1000.00'");
	expect(kit, RERATE(""),
	       "'events':1,'moved':1,'waiting':0,'unsettled':0,'rows':2,"
	       "'amount':'-1998.00'");
	EXPECT_TOTALS(kit, "1 0 5 0 15.00 | 4");
	kit_verify_clean(kit);
}

static void test_what_is_closed_is_corrected_later(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(plain_book));
	kit_send_usage(kit, "a", AT("09:59:59.999"), "m", "{\"input\":10}");
	kit_send_usage(kit, "b", AT("11:20:00"), "m", "{\"input\":100}");
	assert_int_equal(kit_close_until(kit, HOUR_9 + MS_PER_HOUR, NULL), 0);
	expect(kit, VOID("a", "09:59:59.999"), "'amount':'-10.00'");
	expect(kit, CORRECT("b", "11:20:00", "'input':60"), "'amount':'-40.00'");
	assert_string_equal(totals(kit, HOUR_9, HOUR_9 + MS_PER_HOUR), "1 0 10 0 10.00 | 0");
	/* At the first millisecond of its booked hour: in a part of an hour it stands alone. */
	assert_string_equal(totals(kit, HOUR_12, HOUR_12 + 1), "-1 0 -10 0 -10.00 | 1");
	assert_string_equal(totals(kit, HOUR_12 - MS_PER_HOUR, HOUR_12), "1 0 60 0 60.00 | 1");
	assert_string_equal(totals(kit, HOUR_12 - MS_PER_HOUR, HOUR_12 - MS_PER_HOUR + 1),
	                    "0 0 -40 0 -40.00 | 1");
	assert_string_equal(totals(kit, HOUR_12 - MS_PER_HOUR + 1, HOUR_12),
	                    "1 0 100 0 100.00 | 0");
	EXPECT_TOTALS(kit, "1 0 60 0 60.00 | 2");
	kit_verify_clean(kit);
	assert_string_equal(kit_ask(kit, "SELECT group_concat((booked_hour - hour) / 3600000) "
	                                 "FROM correction"),
	                    "3,0");
}

/* A group of hours has a correction in the hour that it is booked in. */
static void test_a_correction_is_in_the_row_of_its_booked_hour(void **state)
{
	const struct report_query query = { .by = REPORT_BY_HOUR, .to_ms = LEDGER_TO_MAX };
	struct ledgerkit *kit = *state;
	struct report_notes notes;
	struct table table;
	struct buf rows = { .at = NULL };
	size_t amount = 0;

	kit_price(kit, kit_quotes(plain_book));
	kit_send_usage(kit, "a", AT("09:30:00"), "m", "{\"input\":10}");
	assert_int_equal(kit_close_until(kit, HOUR_9 + MS_PER_HOUR, NULL), 0);
	expect(kit, CORRECT("a", "09:30:00", "'input':4"), "'amount':'-6.00'");
	assert_int_equal(report_run(kit->ledger, &query, &table, &notes, NULL), 0);
	while (strcmp(table.columns[amount].key, "amount") != 0)
		amount++;
	for (size_t i = 0; i < table.row_count; i++)
		buf_addf(&rows, "%.*s %.*s; ", TEXT_ARGS(table.rows[i].cells[0]),
		         TEXT_ARGS(table.rows[i].cells[amount]));
	assert_string_equal(rows.at, "2026-08-01T09:00Z 10.00; 2026-08-01T12:00Z -6.00; ");
	buf_release(&rows);
	table_release(&table);
}

/* Whoever reads a range in steps reads it again. */
static void test_a_correction_touches_its_hour(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(plain_book));
	kit_send_usage(kit, "a", AT("09:30:00"), "m", "{\"input\":10}");
	ledger_watch(kit->ledger, HOUR_9 + MS_PER_HOUR, HOUR_12);
	expect(kit, CORRECT("a", "09:30:00", "'input':4"), "'ok':true");
	assert_false(ledger_touched(kit->ledger));
	ledger_watch(kit->ledger, HOUR_9, HOUR_9 + MS_PER_HOUR);
	expect(kit, VOID("a", "09:30:00"), "'ok':true");
	assert_true(ledger_touched(kit->ledger));
}

static int tell(void *context, const struct correction *correction)
{
	char amount[MONEY_TEXT_BYTES];

	money_text(correction->adds.amount, amount);
	buf_addf(context, "%lld %s %.*s %.*s/%.*s %s; ", (long long)correction->seq,
	         correction_kind_name(correction->kind), TEXT_ARGS(correction->id),
	         TEXT_ARGS(correction->adds.account), TEXT_ARGS(correction->adds.source), amount);
	return 0;
}

static int stop(void *context, const struct correction *correction)
{
	(void)correction;
	++*(int *)context;
	return 42;
}

static void test_corrections_are_told_by_hour_and_by_event(void **state)
{
	struct ledgerkit *kit = *state;
	struct buf told = { .at = NULL };
	int calls = 0;

	kit_price(kit, kit_quotes(plain_book));
	kit_send_usage(kit, "a", AT("09:00:00"), "m", "{\"input\":10}");
	kit_send_usage(kit, "b", AT("11:20:00"), "m", "{\"input\":100}");
	assert_int_equal(kit_close_until(kit, HOUR_9 + MS_PER_HOUR, NULL), 0);
	expect(kit, CORRECT("b", "11:20:00", "'input':60"), "'ok':true");
	expect(kit, VOID("a", "09:00:00"), "'ok':true");
	expect(kit, VOID("b", "11:20:00"), "'ok':true");
	assert_int_equal(ledger_each_correction(kit->ledger, CORRECTION_TRAFFIC, HOUR_9, HOUR_12,
	                                        tell, &told, NULL),
	                 0);
	assert_string_equal(told.at, "2 void a acct/gw-1 -10.00; 1 correct b acct/gw-1 -40.00; "
	                             "3 void b acct/gw-1 -60.00; ");
	buf_clear(&told);
	assert_int_equal(ledger_each_correction(kit->ledger, CORRECTION_BOOKED, HOUR_12,
	                                        LEDGER_TO_MAX, tell, &told, NULL),
	                 0);
	assert_string_equal(told.at, "2 void a acct/gw-1 -10.00; ");
	buf_clear(&told);
	assert_int_equal(ledger_corrections_of(kit->ledger, text_of("gw-1"), text_of("b"),
	                                       HOUR_9 + 2 * MS_PER_HOUR + 1200000, tell, &told,
	                                       NULL),
	                 0);
	assert_string_equal(told.at, "1 correct b acct/gw-1 -40.00; 3 void b acct/gw-1 -60.00; ");
	assert_int_equal(ledger_each_correction(kit->ledger, CORRECTION_BOOKED, LEDGER_FROM_MIN,
	                                        LEDGER_TO_MAX, stop, &calls, NULL),
	                 42);
	assert_int_equal(calls, 1);
	buf_release(&told);
}

static void test_totals_of_the_ledger_have_them(void **state)
{
	struct ledger_status status;
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(plain_book));
	kit_send_usage(kit, "a", AT("09:00:00"), "m", "{\"input\":10}");
	kit_send_usage(kit, "w", AT("09:00:00"), "n", "{\"input\":10}");
	kit_send(kit, kit_quotes("{'id':'e','time':'" AT(
			      "10:10:00") "','account':'acct','model':'m','api':'toll',"
	                                  "'status':500,'usage':{'input':1},"
	                                  "'settlement':'partial','provenance':'estimated'}"));
	assert_int_equal(send_turns(kit, "final"), INGEST_ACCEPTED);
	for (int voided = 0; voided < 2; voided++) {
		assert_int_equal(ledger_status(kit->ledger, &status, NULL), 0);
		assert_int_equal(status.events, voided ? 1 : 4);
		assert_int_equal(status.errors, !voided);
		assert_int_equal(status.suspense, !voided);
		assert_int_equal(status.estimated, !voided);
		assert_int_equal(status.under_way, !voided);
		assert_int_equal(status.corrections, voided ? 5 : 0);
		if (voided)
			break;
		expect(kit, VOID("w", "09:00:00"), "'ok':true");
		expect(kit, VOID("e", "10:10:00"), "'ok':true");
		expect(kit, VOID("r", "10:00:00"), "'rows':3");
	}
	kit_verify_clean(kit);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_request_is_void_with_its_turns),
		T(test_a_turn_that_its_request_has_no_more_is_not_corrected),
		T(test_counts_without_a_cost_are_refused),
		T(test_a_later_phase_of_what_was_corrected_is_a_conflict),
		T(test_what_waits_is_priced_by_the_counts_it_has_now),
		T(test_the_policies_of_the_event_hold),
		T(test_another_book_rates_what_stands_now),
		T(test_what_is_closed_is_corrected_later),
		T(test_a_correction_is_in_the_row_of_its_booked_hour),
		T(test_a_correction_touches_its_hour),
		T(test_corrections_are_told_by_hour_and_by_event),
		T(test_totals_of_the_ledger_have_them),
	};

	return cmocka_run_group_tests_name("correct stands", tests, NULL, NULL);
}
