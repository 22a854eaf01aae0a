/* What `toll explain` tells of an event that was counted in doubt, and who decided about it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/ledgerkit.h"
#include "tests/support/output.h"
#include "tests/support/tollrun.h"

struct cli {
	struct ledgerkit kit; /* its folder and path; no ledger is open in this process */
	struct tollrun run;
};

static int begin(void **state)
{
	struct cli *cli = calloc(1, sizeof(*cli));
	char book[KIT_PATH_BYTES];

	assert_non_null(cli);
	kit_open(&cli->kit);
	kit_shut(&cli->kit);
	kit_write(&cli->kit, book, "book.json", kit_small_book);
	setenv("TOLL_LEDGER", cli->kit.path, 1);
	setenv("COLUMNS", "80", 1);
	TOLLRUN(&cli->run, "price", "apply", book);
	TOLLRUN_EXPECT(&cli->run, 0);
	*state = cli;
	return 0;
}

static int end(void **state)
{
	struct cli *cli = *state;

	tollrun_release(&cli->run);
	kit_close(&cli->kit);
	free(cli);
	return 0;
}

#define NAMES(id)                                                                                  \
	"{'id':'" id "','source':'gw','time':'2026-08-01T10:00:00Z','account':'acct',"             \
	"'model':'acme/llama-4-70b','api':'openai.chat',"
/* Two readings at two prices; and two at one, since nothing was read from the cache. */
#define CACHED(id, output, rest)                                                                   \
	NAMES(id)                                                                                  \
	"'usage':{'prompt_tokens':7,'completion_tokens':" output                                   \
	",'prompt_tokens_details':{'cached_tokens':163}}" rest "}\n"
#define PLAIN(id, rest) NAMES(id) "'usage':{'prompt_tokens':7,'completion_tokens':2" rest "}}\n"

static void import(struct cli *cli, const char *lines)
{
	char path[KIT_PATH_BYTES];

	kit_write(&cli->kit, path, "events.ndjson", kit_quotes(lines));
	TOLLRUN(&cli->run, "import", path);
	assert_true(cli->run.code == 0 || cli->run.code == 1);
}

static void explain(struct cli *cli, const char *id, bool json)
{
	if (json)
		TOLLRUN(&cli->run, "explain", id, "--json");
	else
		TOLLRUN(&cli->run, "explain", id);
	TOLLRUN_EXPECT(&cli->run, 0);
	if (!json)
		output_fits(buf_text(&cli->run.out));
}

static void says(struct cli *cli, const char *words)
{
	TOLLRUN_SAYS(&cli->run, kit_quotes(words));
}

static void test_json_has_every_member_of_the_event(void **state)
{
	struct cli *cli = *state;

	import(cli, NAMES("all") "'usage':{'prompt_tokens':7,'completion_tokens':2},"
	                         "'service_tier':'flex','finish_reason':'stop','stream':true,"
	                         "'latency_ms':5,'ttft_ms':2,'status':200,'region':'eu',"
	                         "'upstream_id':'u1','upstream_cost':'0.1','tags':{'t':'x'}}\n");
	explain(cli, "all", true);
	says(cli, "'service_tier':'flex','finish_reason':'stop','stream':true,'status':200,"
	          "'latency_ms':5,'ttft_ms':2,'region':'eu','speed':null,'upstream_id':'u1',"
	          "'upstream_cost':'0.1','reading':null,'tags':{'t':'x'},'turn':null,"
	          "'settlement':'final','provenance':'reported','served':null,'warnings':[],"
	          "'in_doubt':false,");
	import(cli, PLAIN("few", ""));
	explain(cli, "few", true);
	says(cli, "'service_tier':null,'finish_reason':null,'stream':false,'status':null,"
	          "'latency_ms':null,'ttft_ms':null,'region':null,");
}

static void test_the_region_and_the_kinds_of_an_event_are_shown(void **state)
{
	struct cli *cli = *state;

	import(cli, NAMES("kinds") "'region':'eu','usage':{'prompt_tokens':7,'completion_tokens':2,"
	                           "'prompt_tokens_details':{'cached_tokens':5}},'kinds':["
	                           "{'component':'cache_read','n':4,'implicit':true},"
	                           "{'component':'searches','n':2,'kind':'web_search'}]}\n");
	explain(cli, "kinds", false);
	TOLLRUN_SAYS(&cli->run, "  Region     eu\n");
	TOLLRUN_SAYS(&cli->run, "of implicit");
	/* Of what there is no rate for. */
	TOLLRUN_SAYS(&cli->run, "web_search");
	TOLLRUN_SAYS_NOT(&cli->run, "Also kept");
	explain(cli, "kinds", true);
	says(cli, "'region':'eu'");
	says(cli, "{'component':'cache_read','count':1,");
	says(cli, "'kind':'implicit'}");
	says(cli, "'kind':'web_search'}");
}

static void test_a_doubt_is_told_as_what_it_is(void **state)
{
	struct cli *cli = *state;

	TOLLRUN(&cli->run, "suspense", "settle", "--source", "gw", "--reading", "cached-beside",
	        "--reason", "asked");
	import(cli, PLAIN("unknown", ",'frob_tokens':9") CACHED("ruled", "1", "")
	                    PLAIN("other", ",'frob_tokens':8"));
	explain(cli, "unknown", false);
	TOLLRUN_SAYS(&cli->run, "Warning: it carries a number that nobody counts: frob_tokens");
	TOLLRUN_SAYS_NOT(&cli->run, "contradict");
	explain(cli, "other", true);
	says(cli, "'warnings':[{'contradiction':null,'path':'frob_tokens','told':'frob_tokens'}],"
	          "'in_doubt':true");
	explain(cli, "ruled", false);
	TOLLRUN_SAYS(&cli->run, "Warning: its numbers contradict each other, and are counted as it "
	                        "was settled:\nas cached-beside of cached-beside, cached-is-all");
	TOLLRUN_SAYS_NOT(&cli->run, "nobody counts");
	explain(cli, "ruled", true);
	says(cli, "'reading':'cached-beside',");
	says(cli, "'warnings':[{'contradiction':'settled','path':null,'told':'settled: "
	          "cached-beside of cached-beside, cached-is-all'}],'in_doubt':true");
	/* A second number that nobody counts: which of the two it was is not kept. */
	import(cli, PLAIN("more", ",'frob_more_tokens':8") PLAIN("which", ",'frob_tokens':8"));
	explain(cli, "which", false);
	TOLLRUN_SAYS(&cli->run, "It was counted in doubt; one of these is why:");
	TOLLRUN_SAYS(&cli->run, "nobody counts: frob_more_tokens");
	TOLLRUN_SAYS(&cli->run, "nobody counts: frob_tokens");
	TOLLRUN_SAYS_NOT(&cli->run, "contradict");
	explain(cli, "more", false);
	TOLLRUN_SAYS_NOT(&cli->run, "nobody counts: frob_tokens");
}

static void settle(struct cli *cli, const char *reason, const char *reading, const char *line)
{
	TOLLRUN(&cli->run, "suspense", "settle", "--source", "gw", "--reading", reading, "--reason",
	        reason, line);
	TOLLRUN_EXPECT(&cli->run, 0);
}

static void test_who_settled_a_reading_is_told(void **state)
{
	struct cli *cli = *state;

	import(cli, CACHED("one", "1", "") CACHED("held", "2", "") CACHED("other", "3", ""));
	settle(cli, "asked for one", "cached-is-all", "1");
	/* Neither the rule that comes, nor that another line was settled, is about this one. */
	settle(cli, "another", "cached-is-all", "3");
	settle(cli, "asked for all", "cached-beside", NULL);
	import(cli, CACHED("late", "4", ""));
	explain(cli, "one", false);
	TOLLRUN_SAYS(&cli->run, "Reading    cached-is-all, settled for this one (quarantined");
	TOLLRUN_SAYS(&cli->run, "asked for one");
	TOLLRUN_SAYS_NOT(&cli->run, "asked for all");
	explain(cli, "one", true);
	says(cli, "'settled_by':[{'by':'line','line':1,'api':null,'at':'20");
	says(cli, "'reason':'asked for one'}]");
	for (int i = 0; i < 2; i++) {
		const char *id = i == 0 ? "held" : "late";

		explain(cli, id, false);
		TOLLRUN_SAYS(&cli->run, "Reading    cached-beside, by a standing rule of its");
		TOLLRUN_SAYS(&cli->run, "asked for all");
		explain(cli, id, true);
		says(cli, "'settled_by':[{'by':'rule','line':null,'api':null,'at':'20");
		says(cli, "'reason':'asked for all'}]");
	}
	/* Made anew: of what was held it is known which; of what came, that it is one of two. */
	settle(cli, "asked again", "cached-beside", NULL);
	explain(cli, "held", false);
	TOLLRUN_SAYS(&cli->run, "asked for all");
	TOLLRUN_SAYS_NOT(&cli->run, "asked again");
	explain(cli, "late", false);
	TOLLRUN_SAYS(&cli->run, "by one of these rules:");
	TOLLRUN_SAYS(&cli->run, "asked for all");
	TOLLRUN_SAYS(&cli->run, "asked again");
	import(cli, PLAIN("plain", ""));
	explain(cli, "plain", false);
	TOLLRUN_SAYS_NOT(&cli->run, "Reading");
	explain(cli, "plain", true);
	says(cli, "'settled_by':[]");
}

#define RECORD_MODEL "acme/llama-4-70b"
#define RECORD_USAGE                                                                               \
	"{'prompt_tokens':7,'completion_tokens':2,'prompt_tokens_details':{'cached_tokens':163}}"
#define CLOUD(members)                                                                             \
	"{'specversion':'1.0','id':'e1','source':'gw','type':'t','subject':'acct',"                \
	"'time':'2026-08-01T10:00:00Z','data':{'model':'" RECORD_MODEL                             \
	"','api':'openai.chat'," members "'usage':" RECORD_USAGE "}}\n"

/* The numbers of CACHED(), as each envelope tells them. */
static const struct {
	const char *source, *id, *api, *line;
} records[] = {
	{ "gw", "e1", "openai.chat", CLOUD("") },
	{ "envoy.ai", "q1", "openai.chat",
	  "{'x-request-id':'q1','start_time':'2026-08-01T10:00:00Z','response_code':200,"
	  "'gen_ai.request.model':'" RECORD_MODEL "','gen_ai.usage.input_tokens':7,"
	  "'gen_ai.usage.cached_input_tokens':163,'gen_ai.usage.output_tokens':2}\n" },
	{ "kong.ai", "k1", "openai.chat",
	  "{'request':{'id':'k1'},'started_at':1785578400000,'response':{'status':200},'ai':"
	  "{'proxy':{'usage':{'prompt_tokens':7,'completion_tokens':2,'cached_tokens':163},"
	  "'meta':{'request_model':'" RECORD_MODEL "'}}}}\n" },
	{ "otel.genai", "t1/s1", "openai.chat",
	  "{'traceId':'t1','spanId':'s1','startTimeUnixNano':'1785578400000000000','attributes':"
	  "{'gen_ai.request.model':'" RECORD_MODEL "','gen_ai.usage.input_tokens':7,"
	  "'gen_ai.usage.output_tokens':2,'gen_ai.usage.cache_read.input_tokens':163}}\n" },
	{ "litellm.payload", "c1", "openai.responses",
	  "{'id':'c1','startTime':1785578400,'model':'" RECORD_MODEL "','status':'success',"
	  "'call_type':'aresponses','metadata':{},'response':{'usage':{'input_tokens':7,"
	  "'output_tokens':2,'input_tokens_details':{'cached_tokens':163}}}}\n" },
};

/* What is kept is the record, not the event in it: it is opened again. */
static void test_the_readings_in_an_envelope_are_shown_and_settled(void **state)
{
	struct cli *cli = *state;
	char line[24], words[256];

	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		const char *source = records[i].source;

		import(cli, records[i].line);
		snprintf(line, sizeof(line), "%zu", i + 1);
		TOLLRUN(&cli->run, "suspense", "show", line);
		TOLLRUN_EXPECT(&cli->run, 0);
		output_fits(buf_text(&cli->run.out));
		TOLLRUN_SAYS(&cli->run, "Counts  input 7, cache_read 163, output 2, requests 1");
		TOLLRUN_SAYS(&cli->run, "Amount  0.000043");
		TOLLRUN_SAYS(&cli->run, "Amount  0.0000062");
		TOLLRUN(&cli->run, "suspense", "show", line, "--json");
		snprintf(words, sizeof(words), "'model':'" RECORD_MODEL "','api':'%s',",
		         records[i].api);
		says(cli, words);
		says(cli, "'readings':[{'reading':'cached-beside','amount':'0.000043',");
		says(cli, "{'reading':'cached-is-all','amount':'0.0000062',");
		TOLLRUN(&cli->run, "doctor", "formats", "--csv");
		snprintf(words, sizeof(words), "\n%s,%s,1,", source, records[i].api);
		TOLLRUN_SAYS(&cli->run, words);
		TOLLRUN(&cli->run, "suspense", "settle", "--source", source, "--reading",
		        "cached-is-all", "--reason", "asked", line);
		TOLLRUN_EXPECT(&cli->run, 0);
		explain(cli, records[i].id, true);
		snprintf(words, sizeof(words), "'settled_by':[{'by':'line','line':%s,", line);
		says(cli, words);
	}
}

/* Of two phases in envelopes each has its own line, though both have one name. */
static void test_the_phases_in_envelopes_are_told_apart(void **state)
{
	struct cli *cli = *state;

	import(cli, CLOUD("") CLOUD("'settlement':'partial',"));
	settle(cli, "the final one", "cached-is-all", "1");
	settle(cli, "the one before", "cached-is-all", "2");
	explain(cli, "e1", true);
	says(cli, "'settled_by':[{'by':'line','line':1,");
	TOLLRUN_SAYS(&cli->run, "the final one");
	TOLLRUN_SAYS_NOT(&cli->run, "the one before");
}

/* What no retry can price says so, and what to do. */
static void test_a_sum_that_has_no_price_as_one(void **state)
{
	static const char steps[] =
		"{'pricebook':1,'currency':'USD','models':[{'model':'m','versions':["
		"{'effective_from':'2020-01-01','rates':["
		"{'component':'input','per_million':'1'},{'component':'output','per_"
		"million':'1'},"
		"{'component':'input','per_million':'2','when':{'context':{'gt':1000}}}]}]}"
		"]}";
	struct cli *cli = *state;
	char path[KIT_PATH_BYTES];

	import(cli, "{'id':'b','source':'gw','time':'2026-08-01T10:00:00Z','account':'a','"
	            "model':"
	            "'m','api':'openai.batch','response':{'request_counts':{'completed':2},"
	            "'usage':"
	            "{'input_tokens':1800,'output_tokens':1}}}");
	kit_write(&cli->kit, path, "steps.json", steps);
	TOLLRUN(&cli->run, "price", "apply", path);
	TOLLRUN_EXPECT(&cli->run, 0);
	TOLLRUN(&cli->run, "suspense", "retry");
	TOLLRUN_SAYS(&cli->run, "1 still in suspense");
	TOLLRUN(&cli->run, "suspense", "list");
	TOLLRUN_SAYS(&cli->run, "each request: see explain");
	TOLLRUN_SAYS_NOT(&cli->run, "nothing now");
	explain(cli, "b", false);
	TOLLRUN_SAYS(&cli->run, "UNPRICED: it adds up 2 requests, the smallest with a prompt of 0");
	TOLLRUN_SAYS_NOT(&cli->run, "now it has");
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		EACH(test_a_sum_that_has_no_price_as_one),
		EACH(test_json_has_every_member_of_the_event),
		EACH(test_the_region_and_the_kinds_of_an_event_are_shown),
		EACH(test_a_doubt_is_told_as_what_it_is),
		EACH(test_who_settled_a_reading_is_told),
		EACH(test_the_readings_in_an_envelope_are_shown_and_settled),
		EACH(test_the_phases_in_envelopes_are_told_apart),
	};
#undef EACH

	return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
