/* What is exported is what a ledger takes again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "export/events.h"
#include "export/export.h"
#include "tests/support/ledgerkit.h"
#include "tests/support/sample_traffic.h"

enum { SAMPLES = 2000 };
#define DAY_MS INT64_C(1785456000000) /* 2026-07-31 */

static const char every_kind_book[] =
	"{'pricebook':1,'name':'all','currency':'USD','as':{'reasoning':'output'},'models':["
	"{'model':'acme/llama-4-70b','aliases':['acme/*'],'versions':[{'effective_from':"
	"'2026-01-01','rates':[{'component':'input','per_million':'0.80'},{'component':"
	"'cache_read','per_million':'0.08'},{'component':'cache_write_5m','per_million':'1'},"
	"{'component':'cache_write_1h','per_million':'1.5'},{'component':'output',"
	"'per_million':'2.40'},{'component':'requests','each':'0.0001'},"
	"{'component':'images_out','each':'0.04'},{'component':'images_out','each':'0.08',"
	"'when':{'size':'1024x1024','quality':'hd'}},{'component':'searches','each':'0.01'},"
	"{'component':'searches','each':'0.02','when':{'kind':'web'}},"
	"{'component':'seconds','each':'0.006'},{'component':'pages','each':'0.001'},"
	"{'component':'input_audio','per_million':'3'},"
	"{'component':'characters','each':'0.00001'}]}]}]}";

struct exported {
	struct buf lines, csv;
	struct json doc;
	int64_t rows;
};

static int add_event(void *context, const struct stored_event *stored)
{
	struct exported *exported = context;
	struct table table = { .rows = NULL };
	int r = export_event_line(&exported->lines, stored, &exported->doc, NULL);

	export_event_columns(&table);
	export_event_row(&table, stored);
	if (exported->rows++ == 0)
		export_csv(&exported->csv, &table);
	else
		export_csv_rows(&exported->csv, &table);
	assert_int_equal(table.error, 0);
	table_release(&table);
	return r;
}

static void export_all(struct ledgerkit *kit, struct exported *exported)
{
	struct fault fault = { .code = FAULT_NONE };

	*exported = (struct exported){ .rows = 0 };
	if (ledger_each_event(kit->ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX, add_event, exported,
	                      &fault) < 0)
		fail_msg("export: %s", fault.text);
	assert_int_equal(exported->lines.error, 0);
}

static void release(struct exported *exported)
{
	buf_release(&exported->lines);
	buf_release(&exported->csv);
	json_release(&exported->doc);
}

/* Sends each line; every one is new to that ledger. */
static void import_lines(struct ledgerkit *kit, struct text lines)
{
	struct text line;
	char *ended;

	while (text_cut(&lines, '\n', &line)) {
		enum ingest_verdict verdict;

		if (line.len == 0)
			continue;
		ended = strndup(line.at, line.len);
		verdict = kit_send(kit, ended);
		if (verdict != INGEST_ACCEPTED && verdict != INGEST_UNPRICED)
			fail_msg("verdict %d: %s", (int)verdict, ended);
		free(ended);
	}
}

/* The sums of all hours, but for what is not in a line: turns, and whose number nobody counts. */
static const char sums_sql[] =
	"SELECT group_concat(r, char(10)) FROM (SELECT hour || ' ' || a.text || ' ' || m.text || "
	"' ' || k.text || ' ' || price || ' ' || events || ' ' || errors || ' ' || partial || ' ' "
	"|| estimated || ' ' || uncounted || ' ' || input || ' ' || cache_read || ' ' || "
	"cache_write_5m || ' ' || cache_write_1h || ' ' || output || ' ' || reasoning || ' ' || "
	"images_out || ' ' || searches || ' ' || seconds || ' ' || pages || ' ' || input_audio || "
	"' ' || requests || ' ' || nanos || ' ' || attos AS r "
	"FROM rollup JOIN name a ON a.id = account JOIN name m ON m.id = model "
	"JOIN name k ON k.id = key ORDER BY 1)";

static char *sums(struct ledgerkit *kit)
{
	return strdup(kit_ask(kit, sums_sql));
}

static void expect_round_trip(struct ledgerkit *kit)
{
	struct exported exported, again;
	struct ledgerkit other;
	char *before = sums(kit), *after;

	export_all(kit, &exported);
	kit_open(&other);
	kit_price(&other, kit_quotes(every_kind_book));
	import_lines(&other, buf_text(&exported.lines));
	after = sums(&other);
	if (strcmp(before, after) != 0)
		fail_msg("before:\n%s\nafter:\n%s", before, after);
	kit_verify_clean(&other);
	/* What comes out of the other are as many lines. */
	export_all(&other, &again);
	assert_int_equal(exported.rows, again.rows);
	free(before);
	free(after);
	release(&exported);
	release(&again);
	kit_close(&other);
}

static void test_a_day_of_sample_traffic_comes_back_as_it_was(void **state)
{
	const struct sample_traffic traffic = { .seed = 7, .events = SAMPLES, .day_ms = DAY_MS };
	struct ledgerkit *kit = *state;
	struct buf line = { .at = NULL };

	kit_price(kit, kit_quotes(every_kind_book));
	for (uint64_t i = 0; i < traffic.events; i++) {
		buf_clear(&line);
		sample_line(&traffic, i, &line);
		line.at[--line.len] = '\0';
		kit_send(kit, line.at);
	}
	buf_release(&line);
	expect_round_trip(kit);
}

static const char *const lines[] = {
	"{'id':'i','time':'2026-08-01T09:00:00Z','account':'a','model':'acme/p','api':'toll',"
	"'usage':{'output':0},'images':[{'size':'1024x1024','quality':'hd','n':2},{'n':1}]}",
	"{'id':'s','time':'2026-08-01T09:00:01Z','account':'a','key':'=1+1','model':'acme/p',"
	"'api':'toll','usage':{'searches':3},'kinds':[{'component':'searches','kind':'web',"
	"'n':2}],'tags':{'team':'=x \\'quoted\\''},'upstream_id':'u-1','upstream_cost':'0.01'}",
	"{'id':'o','time':'2026-08-01T09:00:02Z','account':'a','model':'acme/p','api':'toll',"
	"'settlement':'open'}",
	"{'id':'p','time':'2026-08-01T09:00:03Z','account':'a','model':'acme/p','api':'toll',"
	"'settlement':'partial','provenance':'estimated','usage':{'input':5,'output':2},"
	"'served':1,'stream':true}",
	"{'id':'f','time':'2026-08-01T09:00:04Z','account':'a','model':'acme/p','status':503}",
	"{'id':'c','time':'2026-08-01T09:00:05Z','account':'a','model':'acme/p','status':400,"
	"'api':'toll','usage':{'input':7}}",
	"{'id':'ab','time':'2026-08-01T09:00:06Z','account':'a','model':'acme/p','api':'toll',"
	"'settlement':'abandoned','stream':true,'usage':{'input':9}}",
	"{'id':'n','time':'2026-08-01T09:00:07Z','account':'a','model':'acme/p','api':'toll',"
	"'stream':true,'settlement':'abandoned'}",
	"{'id':'r','time':'2026-08-01T09:00:08Z','account':'a','model':'acme/p','api':'toll',"
	"'usage':{'input':7,'requests':0},'region':'eu','service_tier':'flex','provider':'acme',"
	"'finish_reason':'stop','latency_ms':5,'ttft_ms':1,'status':200}",
	"{'id':'u','time':'2026-08-01T09:00:09Z','account':'a','model':'other/m','api':'toll',"
	"'usage':{'input':7}}",
};

static void send_lines(struct ledgerkit *kit)
{
	kit_price(kit, kit_quotes(every_kind_book));
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		enum ingest_verdict verdict = kit_send(kit, kit_quotes(lines[i]));

		if (verdict != INGEST_ACCEPTED && verdict != INGEST_UNPRICED)
			fail_msg("%s: %d", lines[i], (int)verdict);
	}
}

static void test_kinds_settlements_and_failures_come_back(void **state)
{
	struct ledgerkit *kit = *state;

	send_lines(kit);
	expect_round_trip(kit);
}

static void expect_has(const struct buf *text, const char *words)
{
	if (text->at == NULL || strstr(text->at, words) == NULL)
		fail_msg("%s is not in\n%s", words, text->at);
}

static void test_rows_of_csv_are_stable_and_harmless(void **state)
{
	struct ledgerkit *kit = *state;
	struct exported exported;

	send_lines(kit);
	export_all(kit, &exported);
	expect_has(&exported.csv,
	           "time,source,id,account,key,model,provider,api,service_tier,region,"
	           "finish_reason,status,latency_ms,ttft_ms,stream,settlement,provenance,served,"
	           "turn,price_id,amount,cost,policy,kinds,extra,input,");
	/* A key that a spreadsheet would calculate; an amount in all its digits. */
	expect_has(&exported.csv, ",a,'=1+1,acme/p,");
	expect_has(&exported.csv, ",0.0501,");
	/* Unpriced: no amount, not zero. */
	expect_has(&exported.csv, "reported,,,-1,,,0,");
	expect_has(&exported.lines, kit_quotes("'stored':{'price_id':-1,'api':'toll'}"));
	release(&exported);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_day_of_sample_traffic_comes_back_as_it_was),
		T(test_kinds_settlements_and_failures_come_back),
		T(test_rows_of_csv_are_stable_and_harmless),
	};
#undef T

	return cmocka_run_group_tests_name("export_events", tests, NULL, NULL);
}
