/* What the built `toll` says of phases, of parts, and of counts that are not the provider's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "tests/support/ledgerkit.h"
#include "tests/support/output.h"
#include "tests/support/tollrun.h"

#define REQUEST "'source':'gw-1','account':'acct','model':'acme/llama-4-70b','api':'toll'"

#define TURN(n) "{'type':'advisor_message','input_tokens':" n ",'output_tokens':0},"
#define NINE    TURN("10") SEVEN TURN("20")
#define SEVEN   TURN("1") TURN("1") TURN("1") TURN("1") TURN("1") TURN("1") TURN("1")

#define BOTH(source, n)                                                                            \
	"{'id':'both','source':'" source "','time':'2026-11-22T08:00:02Z','account':'acct',"       \
	"'model':'acme/llama-4-70b','api':'anthropic.messages','usage':{'input_tokens':1000,"      \
	"'output_tokens':50,'iterations':[" TURN(                                                  \
		n) "{'type':'message','input_tokens':1000,'output_tokens':50}]}}\n"

static const char events_text[] =
	"{'id':'r','time':'2026-11-22T07:59:59Z'," REQUEST ",'settlement':'open'}\n"
	"{'id':'r','time':'2026-11-22T08:00:01Z','source':'gw-1','account':'acct',"
	"'model':'unlisted','api':'toll','settlement':'partial','usage':{'input':100,'pages':2}}\n"
	"{'id':'r','time':'2026-11-22T08:00:02Z','source':'gw-1','account':'acct',"
	"'model':'acme/llama-4-70b','api':'anthropic.messages','usage':{'input_tokens':1000,"
	"'output_tokens':50,'iterations':[" NINE
	"{'type':'message','input_tokens':1000,'output_tokens':50}]}}\n"
	"{'id':'r','time':'2026-11-22T08:00:03Z'," REQUEST ",'settlement':'abandoned',"
	"'usage':{'input':1000}}\n"
	/* None of its parts: a request, another source, and ids that only begin like one. */
	"{'id':'r~11','time':'2026-11-22T08:00:02Z'," REQUEST ",'usage':{'input':30}}\n"
	"{'id':'r~3','source':'gw-2','time':'2026-11-22T08:00:02Z','account':'acct',"
	"'model':'acme/llama-4-70b','api':'toll','usage':{'input':30}}\n"
	/* One id, two sources, a turn of each. */
	BOTH("gw-3", "10")
		BOTH("gw-4",
                     "20") "{'id':'r~2x','time':'2026-11-22T08:00:02Z'," REQUEST
			   ",'usage':{'input':30}}\n"
			   "{'id':'r~','time':'2026-11-22T08:00:02Z'," REQUEST
			   ",'usage':{'input':30}}\n"
			   "{'id':'gone','time':'2026-11-22T08:00:02Z'," REQUEST
			   ",'settlement':'abandoned',"
			   "'provenance':'estimated','served':4,'usage':{'input':10,'output':9}}\n"
			   "{'id':'began','time':'2026-11-22T08:00:02Z'," REQUEST
			   ",'settlement':'open'}\n"
			   "{'id':'half','time':'2026-11-22T08:00:02Z'," REQUEST
			   ",'settlement':'partial',"
			   "'usage':{'input':10}}\n"
			   "{'id':'failed','time':'2026-11-22T08:00:02Z'," REQUEST
			   ",'status':503}\n";

struct cli {
	struct ledgerkit kit; /* its folder and path; no ledger is open in this process */
	struct tollrun run;
	struct json doc;
};

static int begin(void **state)
{
	struct cli *cli = calloc(1, sizeof(*cli));
	char book[KIT_PATH_BYTES], events[KIT_PATH_BYTES];

	assert_non_null(cli);
	kit_open(&cli->kit);
	kit_shut(&cli->kit);
	kit_write(&cli->kit, book, "book.json", kit_small_book);
	kit_write(&cli->kit, events, "events.ndjson", events_text);
	setenv("TOLL_LEDGER", cli->kit.path, 1);
	setenv("COLUMNS", "80", 1);
	TOLLRUN(&cli->run, "import", "--prices", book, events);
	TOLLRUN_EXPECT(&cli->run, 0);
	*state = cli;
	return 0;
}

static int end(void **state)
{
	struct cli *cli = *state;

	json_release(&cli->doc);
	tollrun_release(&cli->run);
	kit_close(&cli->kit);
	free(cli);
	return 0;
}

static uint32_t read_json(struct cli *cli, const char *list)
{
	struct fault fault;

	if (json_parse(&cli->doc, buf_text(&cli->run.out), &fault) < 0)
		fail_msg("%s: %s", fault.text, cli->run.out.at);
	return json_member(&cli->doc, 0, list);
}

/* "open replaced 0.00; partial replaced -" of a list of the document. */
static void put_list(struct cli *cli, const char *list, const char *first, char out[512])
{
	const struct json *doc = &cli->doc;
	uint32_t array = read_json(cli, list);
	size_t len = 0;

	out[0] = '\0';
	assert_int_equal(json_type_of(doc, array), JSON_ARRAY);
	for (uint32_t e = json_first(doc, array); e != JSON_NONE; e = json_next(doc, array, e)) {
		struct text amount = json_string(doc, json_member(doc, e, "amount"));
		bool kept = json_string(doc, json_member(doc, e, "kept")).at != NULL;

		len += (size_t)snprintf(
			out + len, 512 - len, "%s%.*s %.*s%s %.*s", len > 0 ? "; " : "",
			TEXT_ARGS(json_string(doc, json_member(doc, e, first))),
			TEXT_ARGS(json_string(doc, json_member(doc, e, "state"))),
			kept ? " then" : "", amount.at != NULL ? (int)amount.len : 1,
			amount.at != NULL ? amount.at : "-");
	}
}

static void test_explain_shows_every_phase_and_the_parts(void **state)
{
	struct cli *cli = *state;
	char list[512];

	TOLLRUN(&cli->run, "explain", "r");
	TOLLRUN_EXPECT(&cli->run, 0);
	TOLLRUN_SAYS(&cli->run, "final, with counts as reported");
	TOLLRUN_SAYS(&cli->run, "open      replaced 2026-11-22T07:59:59.000Z  0.00");
	TOLLRUN_SAYS(&cli->run, "partial   replaced 2026-11-22T08:00:01.000Z unpriced");
	TOLLRUN_SAYS(&cli->run, "abandoned late     2026-11-22T08:00:03.000Z  0.0008");
	TOLLRUN_SAYS(&cli->run, "final     stands   2026-11-22T08:00:02.000Z  0.00092");
	TOLLRUN_SAYS(&cli->run, "r~2   acme/llama-4-70b  0.000008");
	TOLLRUN_SAYS(&cli->run, "r~10  acme/llama-4-70b  0.000016");
	TOLLRUN_SAYS_NOT(&cli->run, "r~11");
	TOLLRUN_SAYS_NOT(&cli->run, "r~2x");
	/* 0.00092 + 10, 7 and 20 tokens at 0.80 per 1M */
	TOLLRUN_SAYS(&cli->run, "The request with its parts: 0.0009496\n");
	output_fits(buf_text(&cli->run.out));
	TOLLRUN(&cli->run, "explain", "r", "--json");
	TOLLRUN_EXPECT(&cli->run, 0);
	put_list(cli, "phases", "settlement", list);
	assert_string_equal(list, "open replaced then 0.00; partial replaced then -; "
	                          "abandoned late then 0.0008; final stands 0.00092");
	put_list(cli, "parts", "id", list);
	assert_string_equal(list, "r~2 stands 0.000008; r~3 stands 0.0000008; "
	                          "r~4 stands 0.0000008; r~5 stands 0.0000008; "
	                          "r~6 stands 0.0000008; r~7 stands 0.0000008; "
	                          "r~8 stands 0.0000008; r~9 stands 0.0000008; "
	                          "r~10 stands 0.000016");
	TOLLRUN_SAYS(&cli->run, "\"counts\":{\"input\":100,\"pages\":2,\"requests\":1}");
}

static void test_explain_takes_the_parts_of_one_source(void **state)
{
	struct cli *cli = *state;

	TOLLRUN(&cli->run, "explain", "both");
	TOLLRUN_EXPECT(&cli->run, 2);
	TOLLRUN(&cli->run, "explain", "both", "--source", "gw-4");
	TOLLRUN_EXPECT(&cli->run, 0);
	/* 0.00092 + 20 tokens at 0.80 per 1M */
	TOLLRUN_SAYS(&cli->run, "The request with its parts: 0.000936\n");
	TOLLRUN(&cli->run, "explain", "both~2", "--source", "gw-4");
	TOLLRUN_EXPECT(&cli->run, 0);
	TOLLRUN_SAYS(&cli->run, "of a request, and none by itself");
}

/* The sum of what has a price is not what the request costs while any of it has none. */
static void test_explain_says_that_the_sum_lacks_what_is_unpriced(void **state)
{
	static const struct {
		const char *whole, *turn, *sum;
	} rows[] = {
		{ "acme/llama-4-70b", "acme/llama-4-70b", "0.00022\n" },
		{ "unlisted", "acme/llama-4-70b", "0.00008, and what is unpriced\n" },
		{ "acme/llama-4-70b", "unlisted", "0.00014, and what is unpriced\n" },
		{ "unlisted", "unlisted", "0.00, and what is unpriced\n" },
	};
	struct cli *cli = *state;
	char id[16], line[640], words[96], path[KIT_PATH_BYTES];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(id, sizeof(id), "sum-%zu", i);
		snprintf(line, sizeof(line),
		         "{'id':'%s','source':'gw-1','time':'2026-11-22T08:00:02Z',"
		         "'account':'acct','model':'%s','api':'anthropic.messages','usage':"
		         "{'input_tokens':100,'output_tokens':25,'iterations':["
		         "{'type':'advisor_message','model':'%s','input_tokens':100,'output_tokens'"
		         ":0},"
		         "{'type':'message','input_tokens':100,'output_tokens':25}]}}\n",
		         id, rows[i].whole, rows[i].turn);
		kit_write(&cli->kit, path, "sum.ndjson", kit_quotes(line));
		TOLLRUN(&cli->run, "import", path);
		TOLLRUN_EXPECT(&cli->run, 0);
		TOLLRUN(&cli->run, "explain", id);
		TOLLRUN_EXPECT(&cli->run, 0);
		snprintf(words, sizeof(words), "The request with its parts: %s", rows[i].sum);
		TOLLRUN_SAYS(&cli->run, words);
		output_fits(buf_text(&cli->run.out));
	}
}

static void test_explain_of_one_phase_says_what_it_is(void **state)
{
	struct cli *cli = *state;
	char list[512];

	TOLLRUN(&cli->run, "explain", "gone");
	TOLLRUN_EXPECT(&cli->run, 0);
	TOLLRUN_SAYS(&cli->run, "abandoned, with estimated counts; 4 tokens of the answer were\n");
	TOLLRUN_SAYS_NOT(&cli->run, "Phases:");
	TOLLRUN_SAYS_NOT(&cli->run, "Parts:");
	TOLLRUN(&cli->run, "explain", "gone", "--json");
	TOLLRUN_SAYS(&cli->run, "\"settlement\":\"abandoned\",\"provenance\":\"estimated\","
	                        "\"served\":4");
	put_list(cli, "phases", "settlement", list);
	assert_string_equal(list, "");
	/* A part is an event of its own. */
	TOLLRUN(&cli->run, "explain", "r~10");
	TOLLRUN_EXPECT(&cli->run, 0);
	TOLLRUN_SAYS(&cli->run, "0.000016");
}

static void test_report_and_status_say_whose_the_counts_are(void **state)
{
	struct cli *cli = *state;
	uint32_t provenance;
	int64_t count;

	TOLLRUN(&cli->run, "report");
	TOLLRUN_EXPECT(&cli->run, 0);
	TOLLRUN_SAYS(&cli->run, "\n1 request has no count: nobody told what was used\n");
	TOLLRUN_SAYS(&cli->run, "\n1 request has counts of a part only: more may have been used\n");
	TOLLRUN_SAYS(&cli->run, "\n1 request has estimated counts, not the provider's\n");
	TOLLRUN_SAYS_NOT(&cli->run, "Uncounted");
	output_fits(buf_text(&cli->run.out));
	TOLLRUN(&cli->run, "report", "--json");
	provenance = read_json(cli, "provenance");
	assert_true(json_integer(&cli->doc, json_member(&cli->doc, provenance, "partial"), &count));
	assert_int_equal(count, 1);
	TOLLRUN_SAYS(&cli->run, "\"partial\":1,\"estimated\":1,\"uncounted\":1,\"input\"");
	TOLLRUN(&cli->run, "report", "--csv", "--source", "gw-2");
	TOLLRUN_SAYS(&cli->run, "\nacct,1,0,0,0,0,0,30,");
	TOLLRUN(&cli->run, "status");
	TOLLRUN_SAYS(&cli->run, "1 open and 1 partial, until a later phase of them comes");
	TOLLRUN_SAYS(&cli->run, "1 without a count, 1 with counts of a part, 1 with estimated");
	TOLLRUN(&cli->run, "status", "--json");
	TOLLRUN_SAYS(&cli->run, "\"open\":1,\"under_way\":1,\"partial\":1,\"estimated\":1,"
	                        "\"uncounted\":1,");
	TOLLRUN(&cli->run, "verify");
	TOLLRUN_EXPECT(&cli->run, 0);
}

static void test_a_phase_that_was_changed_is_found_by_verify(void **state)
{
	struct cli *cli = *state;

	kit_sql(&cli->kit, "UPDATE phase SET stored = replace(stored, '\"amount\":\"0.0008\"', "
	                   "'\"amount\":\"0.0009\"')");
	TOLLRUN(&cli->run, "verify");
	TOLLRUN_EXPECT(&cli->run, 1);
	TOLLRUN_SAYS(&cli->run, "phase       source gw-1 id r time 2026-11-22T08:00:03.000Z");
	TOLLRUN_SAYS(&cli->run, "abandoned: content: stored another digest");
	/* One that is no JSON any more is told, and nothing is made of it. */
	kit_sql(&cli->kit, "UPDATE phase SET stored = 'x' WHERE settlement = 0");
	TOLLRUN(&cli->run, "explain", "r");
	TOLLRUN_EXPECT(&cli->run, 3);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		T(test_explain_shows_every_phase_and_the_parts),
		T(test_explain_takes_the_parts_of_one_source),
		T(test_explain_says_that_the_sum_lacks_what_is_unpriced),
		T(test_explain_of_one_phase_says_what_it_is),
		T(test_report_and_status_say_whose_the_counts_are),
		T(test_a_phase_that_was_changed_is_found_by_verify),
	};

	return cmocka_run_group_tests_name("cli phases", tests, NULL, NULL);
}
