/* The built `toll`: what `toll statement show` tells of a statement, and another ledger as one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"
#include "tests/support/ledgerkit.h"
#include "tests/support/tollrun.h"

enum { WIDTH = 80 };

static const char sums[] =
	"date,model,requests_made,input,amount,currency\n"
	"2026-11-01,acme/a-model-with-a-rather-long-name-that-goes-on,5,100,1.25,USD\n"
	"2026-11-02,b,,7,0.0000001,USD\n"
	"2026-11-02,,,,3,EUR\n"
	"date,model,requests_made,input,amount,currency\n";

static void run_with(struct tollrun *run, const char *input, const char *const words[])
{
	tollrun_release(run);
	tollrun_start(run, words, input, NULL);
	tollrun_wait(run);
}
#define SHOW(run, input, ...)                                                                      \
	run_with(run, input, (const char *const[]){ "statement", "show", __VA_ARGS__, NULL })

static void test_a_person_sees_it_on_a_terminal(void **state)
{
	struct tollrun run = { .out_fd = -1, .err_fd = -1 };
	struct text rest, line;

	(void)state;
	setenv("COLUMNS", "80", 1);
	SHOW(&run, sums, "-");
	TOLLRUN_EXPECT(&run, 0);
	TOLLRUN_SAYS(&run, "standard input\n  format      toll: ");
	TOLLRUN_SAYS(&run, "  rows        3 of 3 records, ");
	TOLLRUN_SAYS(&run, "  period      2026-11-01T00:00:00.000Z to 2026-11-03T00:00:00.000Z\n");
	TOLLRUN_SAYS(&run, "  grain       day\n");
	TOLLRUN_SAYS(&run, "  tells       amounts; models of 2; requests of 1; counts of 2\n");
	TOLLRUN_SAYS(&run, "  amounts     7 decimals\n");
	TOLLRUN_SAYS(&run, "\nCurrency  Rows     Amount\n");
	TOLLRUN_SAYS(&run, "\nEUR          1  3.00");
	TOLLRUN_SAYS(&run, "\nUSD          2  1.2500001\n");
	TOLLRUN_SAYS(&run, "the header stands again among the rows");
	SHOW(&run, sums, "--rows", "-");
	TOLLRUN_EXPECT(&run, 0);
	TOLLRUN_SAYS(&run, "acme/a-model-with-a-rather-long-name-that-goes-on");
	rest = text_of(run.out.at);
	while (text_cut(&rest, '\n', &line)) {
		if (line.len > WIDTH)
			fail_msg("%zu columns: %.*s", line.len, TEXT_ARGS(line));
	}
	unsetenv("COLUMNS");
	tollrun_release(&run);
}

static void test_programs_get_exact_texts(void **state)
{
	struct tollrun run = { .out_fd = -1, .err_fd = -1 };
	struct json doc = { .nodes = NULL };
	uint32_t totals;

	(void)state;
	SHOW(&run, sums, "--json", "-");
	TOLLRUN_EXPECT(&run, 0);
	assert_int_equal(json_parse(&doc, text_of(run.out.at), NULL), 0);
	totals = json_member(&doc, 0, "totals");
	assert_int_equal(doc.nodes[totals].count, 2);
	TOLLRUN_SAYS(&run, "{\"currency\":\"USD\",\"rows\":2,\"amount\":\"1.2500001\"}");
	TOLLRUN_SAYS(&run, "\"grain\":\"day\"");
	SHOW(&run, sums, "--rows", "--json", "-");
	TOLLRUN_EXPECT(&run, 0);
	assert_int_equal(json_parse(&doc, text_of(run.out.at), NULL), 0);
	assert_int_equal(doc.nodes[json_member(&doc, 0, "rows")].count, 3);
	SHOW(&run, sums, "--csv", "-");
	TOLLRUN_SAYS(&run, "currency,rows,amount\nEUR,1,3.00\nUSD,2,1.2500001\n");
	json_release(&doc);
	tollrun_release(&run);
}

/* JSON it is all the same: what it cannot hold, and a time that is not told, is null. */
static void test_what_json_cannot_say_is_null(void **state)
{
	static const char path[] = "build/statement-\xff.json";
	struct tollrun run = { .out_fd = -1, .err_fd = -1 };
	struct json doc = { .nodes = NULL };
	FILE *file = fopen(path, "we");

	(void)state;
	assert_non_null(file);
	fputs("{\"id\":\"a\",\"model\":\"m\",\"usage\":{\"cost\":1,\"total_tokens\":5}}\n", file);
	assert_int_equal(fclose(file), 0);
	TOLLRUN(&run, "statement", "show", "--json", path);
	unlink(path);
	TOLLRUN_EXPECT(&run, 0);
	assert_int_equal(json_parse(&doc, text_of(run.out.at), NULL), 0);
	TOLLRUN_SAYS(&run, "{\"name\":null,\"format\":\"openrouter-usage\"");
	TOLLRUN_SAYS(&run, "\"rows\":1,\"from\":null,\"to\":null,\"grain\":\"request\"");
	/* What is noted of a bill may be of any bytes. */
	SHOW(&run,
	     "lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/UnblendedCost,"
	     "lineItem/UsageType,lineItem/ProductCode\n"
	     "2026-11-01T00:00:00Z,2026-11-02T00:00:00Z,1,r\xe9sum\xe9,AmazonBedrock\n",
	     "--json", "-");
	TOLLRUN_EXPECT(&run, 0);
	assert_int_equal(json_parse(&doc, text_of(run.out.at), NULL), 0);
	TOLLRUN_SAYS(&run, "\"notes\":[");
	TOLLRUN_SAYS(&run, "null");
	json_release(&doc);
	tollrun_release(&run);
}

/* What it lists of its rows is itself a statement that comes to the same. */
static void test_rows_as_csv_can_be_read_again(void **state)
{
	struct tollrun run = { .out_fd = -1, .err_fd = -1 };
	struct buf again = { .at = NULL };

	(void)state;
	SHOW(&run, sums, "--rows", "--csv", "-");
	TOLLRUN_EXPECT(&run, 0);
	buf_add_cstr(&again, run.out.at);
	SHOW(&run, again.at, "--csv", "--format", "toll", "-");
	TOLLRUN_EXPECT(&run, 0);
	TOLLRUN_SAYS(&run, "currency,rows,amount\nEUR,1,3.00\nUSD,2,1.2500001\n");
	/* And what would be a formula has its own name again. */
	SHOW(&run, "time,id,request_id,amount\n2026-11-01T00:00:00Z,=a,-b,1\n", "--rows", "--csv",
	     "-");
	TOLLRUN_EXPECT(&run, 0);
	TOLLRUN_SAYS(&run, "'=a");
	buf_clear(&again);
	buf_add_cstr(&again, run.out.at);
	SHOW(&run, again.at, "--rows", "--json", "--format", "toll", "-");
	TOLLRUN_EXPECT(&run, 0);
	TOLLRUN_SAYS(&run, "\"=a\"");
	TOLLRUN_SAYS(&run, "\"-b\"");
	buf_release(&again);
	tollrun_release(&run);
}

static void test_wrong_use_and_failures_are_told(void **state)
{
	struct tollrun run = { .out_fd = -1, .err_fd = -1 };

	(void)state;
	TOLLRUN(&run, "statement", "show");
	TOLLRUN_EXPECT(&run, 2);
	TOLLRUN(&run, "statement", "show", "--format", "bananas", "x.csv");
	TOLLRUN_EXPECT(&run, 2);
	TOLLRUN_SAYS(&run, "there is no format bananas of statements");
	TOLLRUN(&run, "statement", "show", "--format", "focus", "--mapping", "m.json", "x.csv");
	TOLLRUN_EXPECT(&run, 2);
	TOLLRUN(&run, "statement", "show", "/nowhere/x.csv");
	TOLLRUN_EXPECT(&run, 3);
	TOLLRUN_SAYS(&run, "/nowhere/x.csv: No such file");
	TOLLRUN(&run, "statement", "show", "--time-zone", "Mars/Olympus", "/dev/null");
	TOLLRUN_EXPECT(&run, 3);
	SHOW(&run, "time,amount\n2026-11-01T00:00:00Z,\"1,234.56\"\n", "-");
	TOLLRUN_EXPECT(&run, 3);
	TOLLRUN_SAYS(&run, "standard input: record 1 (line 2): column amount: \"1,234.56\"");
	/* Half of a statement is none: nothing is listed. */
	SHOW(&run, "time,amount\n2026-11-01T00:00:00Z,1\n2026", "--rows", "--csv", "-");
	TOLLRUN_EXPECT(&run, 3);
	assert_int_equal(run.out.len, 0);
	tollrun_release(&run);
}

static void test_formats_lists_and_shows_them(void **state)
{
	struct tollrun run = { .out_fd = -1, .err_fd = -1 };

	(void)state;
	TOLLRUN(&run, "formats");
	TOLLRUN_EXPECT(&run, 0);
	TOLLRUN_SAYS(&run, "statement   focus ");
	TOLLRUN(&run, "formats", "openrouter-export");
	TOLLRUN_EXPECT(&run, 0);
	TOLLRUN_SAYS(&run, "cost_total ");
	tollrun_release(&run);
}

/* ---- another ledger ---- */

static void fill(struct ledgerkit *kit)
{
	kit_price(kit, kit_small_book);
	assert_int_equal(
		kit_send(kit, kit_quotes("{'id':'a','source':'gw','time':'2026-08-01T10:00:"
	                                 "00.5Z','model':'acme/llama-4-70b','account':'x',"
	                                 "'api':'toll','upstream_id':'up-1','usage':"
	                                 "{'input':100,'output':20}}")),
		INGEST_ACCEPTED);
	assert_int_equal(
		kit_send(kit, kit_quotes("{'id':'=b','source':'gw','time':'2026-08-01T11:00:"
	                                 "00Z','model':'acme/llama-4-70b','account':'x',"
	                                 "'api':'toll','usage':{'input':7,'cache_read':3,"
	                                 "'output':1}}")),
		INGEST_ACCEPTED);
	assert_int_equal(
		kit_send(kit, kit_quotes("{'id':'c','source':'gw','time':'2026-08-01T11:00:"
	                                 "01Z','model':'nobody/knows','account':'x',"
	                                 "'api':'toll','usage':{'input':7}}")),
		INGEST_UNPRICED);
	kit_shut(kit);
}

/* The ledger itself, and its export in two forms: the same rows, and the same sum. */
static void test_a_ledger_and_its_exports_are_one_statement(void **state)
{
	struct ledgerkit *kit = *state;
	struct tollrun run = { .out_fd = -1, .err_fd = -1 };
	struct buf exported = { .at = NULL };
	char text[MONEY_TEXT_BYTES];
	struct money sum;

	fill(kit);
	assert_int_equal(money_join(kit_sql_int(kit, "SELECT sum(nanos) FROM event"),
	                            kit_sql_int(kit, "SELECT sum(attos) FROM event"), &sum),
	                 0);
	money_text(sum, text);
	SHOW(&run, NULL, "--rows", "--csv", kit->path);
	TOLLRUN_EXPECT(&run, 0);
	TOLLRUN_SAYS(&run, "1,2026-08-01T10:00:00.500Z,2026-08-01T10:00:00.501Z,a,up-1,,x,");
	SHOW(&run, NULL, "--json", kit->path);
	TOLLRUN_EXPECT(&run, 0);
	TOLLRUN_SAYS(&run, "\"format\":\"toll-ledger\"");
	TOLLRUN_SAYS(&run, "\"rows\":3,");
	TOLLRUN_SAYS(&run, "\"with_amount\":2");
	TOLLRUN_SAYS(&run, "waits for its price");
	TOLLRUN_SAYS(&run, text);
	for (int form = 0; form < 2; form++) {
		TOLLRUN(&run, "export", "events", "--ledger", kit->path, "--format",
		        form == 0 ? "csv" : "ndjson");
		TOLLRUN_EXPECT(&run, 0);
		buf_clear(&exported);
		buf_add_cstr(&exported, run.out.at);
		SHOW(&run, exported.at, "--rows", "--csv", "-");
		TOLLRUN_EXPECT(&run, 0);
		TOLLRUN_SAYS(&run, ",a,up-1,,x,");
		/* What a spreadsheet would run was quoted, and is the id again. */
		TOLLRUN_SAYS(&run, ",'=b,");
		SHOW(&run, exported.at, "--json", "-");
		TOLLRUN_SAYS(&run,
		             form == 0 ? "\"format\":\"toll\"" : "\"format\":\"toll-events\"");
		TOLLRUN_SAYS(&run, "\"rows\":3,");
		TOLLRUN_SAYS(&run, "\"with_amount\":2");
		TOLLRUN_SAYS(&run, text);
	}
	buf_release(&exported);
	tollrun_release(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_person_sees_it_on_a_terminal),
		cmocka_unit_test(test_programs_get_exact_texts),
		cmocka_unit_test(test_what_json_cannot_say_is_null),
		cmocka_unit_test(test_rows_as_csv_can_be_read_again),
		cmocka_unit_test(test_wrong_use_and_failures_are_told),
		cmocka_unit_test(test_formats_lists_and_shows_them),
		cmocka_unit_test_setup_teardown(test_a_ledger_and_its_exports_are_one_statement,
		                                kit_setup, kit_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
