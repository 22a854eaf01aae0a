/*
 * Statements that are records of single requests: usage objects that were kept of responses, and
 * LiteLLM's spend log.  Then the samples of ../shared/data: what is in them, reckoned from their
 * text in the comments, and that each format knows its own and no other.
 *
 * In the texts ' stands for ".  A row is a line as tests/support/jsonrows.h writes it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/fixture.h"
#include "tests/support/jsonrows.h"

#define CHECK(samples) jsonrows_check(samples, sizeof(samples) / sizeof((samples)[0]))

/* --- usage objects -------------------------------------------------------------------------- */

#define RECORD(usage) "{'id':'r','created':1730419200,'model':'m','usage':{" usage "}}"
#define RAN           "2024-11-01T00:00:00.000Z +1s request id=r"
#define PARTS(prompt, completions)                                                                 \
	"'cost_details':{'upstream_inference_prompt_cost':" prompt                                 \
	",'upstream_inference_completions_cost':" completions "}"

static const struct jsonrows_sample records_with_a_cost[] = {
	/* 2572 - 2569; 63 */
	{ "the decoder's knowledge of what is inside what",
	  "openrouter-usage",
	  RECORD("'prompt_tokens':2572,'completion_tokens':63,'total_tokens':2635,"
	         "'prompt_tokens_details':{'cached_tokens':0,'cache_write_tokens':2569},"
	         "'completion_tokens_details':{'reasoning_tokens':0},'cost':0.01058775,"
	         "'is_byok':false"),
	  { RAN " model=m input=3 cache_read=0 cache_write=2569 output=63 reasoning=0 "
	        "amount=0.01058775 decimals=8" } },
	/* 0.066407 - 0.029617 - 0.00679 */
	{ "a fee: what is no tokens",
	  "openrouter-usage",
	  RECORD("'prompt_tokens':4,'completion_tokens':5,'cost':0.066407," PARTS(
		  "0.029617", "0.00679") ",'server_tool_use_details':"
	                                 "{'web_search_requests':3}"),
	  { RAN " model=m input=4 output=5 searches=3 amount=0.066407 fee=0.03 "
	        "input_amount=0.029617 output_amount=0.00679 decimals=6" } },
	{ "no fee, and none is told",
	  "openrouter-usage",
	  RECORD("'prompt_tokens':4,'completion_tokens':5,'cost':0.000081," PARTS("0.000016",
	                                                                          "0.000065")),
	  { RAN " model=m input=4 output=5 amount=0.000081 input_amount=0.000016 "
	        "output_amount=0.000065 decimals=6" } },
	/* The float nearest to 0.3 - 0.1 - 0.2 is no 0 in decimals: 4e-17 is no fee. */
	{ "what floats leave over is no fee",
	  "openrouter-usage",
	  RECORD("'prompt_tokens':4,'completion_tokens':5,'cost':0."
	         "30000000000000004," PARTS("0.1", "0.2")),
	  { RAN " model=m real input=4 output=5 amount=0.30000000000000004 "
	        "input_amount=0.10 output_amount=0.20 decimals=17" } },
	/* 0.1 + 0.2 - 0.27 */
	{ "less than its parts: a discount",
	  "openrouter-usage",
	  RECORD("'prompt_tokens':4,'completion_tokens':5,'cost':0.27," PARTS("0.1", "0.2")),
	  { RAN " model=m input=4 output=5 amount=0.27 discount=0.03 input_amount=0.10 "
	        "output_amount=0.20 decimals=2" } },
	{ "one part alone makes no fee",
	  "openrouter-usage",
	  RECORD("'prompt_tokens':4,'completion_tokens':5,'cost':1," PARTS("0.1", "null")),
	  { RAN " model=m input=4 output=5 amount=1.00 input_amount=0.10 decimals=0" } },
	/* the parts are the provider's, and the fee for the own key is not known */
	{ "the customer's own key",
	  "openrouter-usage",
	  RECORD("'prompt_tokens':4,'completion_tokens':5,'cost':0,'is_byok':true,"
	         "'cost_details':{'upstream_inference_prompt_cost':0.1,"
	         "'upstream_inference_completions_cost':0.2,"
	         "'upstream_inference_cost':0.3}"),
	  { RAN " model=m byok input=4 output=5 amount=0.00 upstream_amount=0.30 "
	        "decimals=0" } },
	{ "an embedding",
	  "openrouter-usage",
	  RECORD("'prompt_tokens':7,'total_tokens':7,'cost':1.4e-07"),
	  { RAN " model=m real input=7 amount=0.00000014 decimals=8" } },
	{ "in the words of Responses",
	  "openrouter-usage",
	  RECORD("'input_tokens':10,'input_tokens_details':{'cached_tokens':4},"
	         "'output_tokens':3,'total_tokens':13,'cost':1"),
	  { RAN " model=m input=6 cache_read=4 output=3 amount=1.00 decimals=0" } },
	/* 0.005 of 0.00502 is the search */
	{ "perplexity: a cost that is an object",
	  "openrouter-usage",
	  RECORD("'prompt_tokens':8,'completion_tokens':15,'total_tokens':23,'cost':"
	         "{'input_tokens_cost':1e-05,'output_tokens_cost':1e-05,"
	         "'request_cost':0.005,'total_cost':0.00502}"),
	  { RAN " model=m input=8 output=15 amount=0.00502 fee=0.005 input_amount=0.00001 "
	        "output_amount=0.00001 decimals=5" } },
	{ "the whole response",
	  "openrouter-usage",
	  "{'id':'gen-1','object':'chat.completion','created':1730419200,'model':'m',"
	  "'provider':'P','service_tier':'flex','finish_reason':null,'usage':{"
	  "'prompt_tokens':1,'completion_tokens':1,'cost':1}}",
	  { "2024-11-01T00:00:00.000Z +1s request id=gen-1 model=m provider=P tier=flex "
	    "blank input=1 output=1 amount=1.00 decimals=0" } },
};

static void test_usage_with_a_cost(void **state)
{

	(void)state;
	CHECK(records_with_a_cost);
	jsonrows_refused("no cost", "openrouter-usage", RECORD("'prompt_tokens':1"), FAULT_INVALID,
	                 "usage.cost: it must be there");
	jsonrows_refused("no usage", "openrouter-usage", "{'id':'r','model':'m'}", FAULT_INVALID,
	                 "usage.cost: it must be there");
	jsonrows_refused("no model", "openrouter-usage", "{'id':'r','usage':{'cost':1}}",
	                 FAULT_INVALID, "model: it must be there");
	jsonrows_refused("parts of a cost and no whole", "openrouter-usage",
	                 RECORD("'prompt_tokens':1,'cost':{'request_cost':1}"), FAULT_INVALID,
	                 "usage.cost.total_cost: it must be there");
	jsonrows_refused("no counts", "openrouter-usage", RECORD("'cost':1"), FAULT_INVALID,
	                 "usage");
	jsonrows_refused("a count that is negative", "openrouter-usage",
	                 RECORD("'prompt_tokens':-4,'completion_tokens':1,'cost':1"), FAULT_INVALID,
	                 "prompt_tokens");
	jsonrows_refused("no ticks", "xai", RECORD("'prompt_tokens':1"), FAULT_INVALID,
	                 "usage.cost: it must be there");
}

/* A part that cannot be in its whole is never clamped: it is left open, or refused. */
static void test_counts_that_contradict_each_other(void **state)
{
	static const struct jsonrows_sample samples[] = {
		{ "reasoning 11 of an answer of 10",
		  "openrouter-usage",
		  RECORD("'prompt_tokens':43,'completion_tokens':10,'total_tokens':53,"
		         "'prompt_tokens_details':{'cached_tokens':0},"
		         "'completion_tokens_details':{'reasoning_tokens':11},'cost':0"),
		  { RAN " model=m input=43 cache_read=0 answer=10 amount=0.00 decimals=0" } },
		/* 2161 were read or written, not both: 7 are neither, whoever is right */
		{ "read and written, and both are nearly all",
		  "openrouter-usage",
		  RECORD("'prompt_tokens':2168,'completion_tokens':2,'total_tokens':2170,"
		         "'prompt_tokens_details':{'cached_tokens':2161,'cache_write_tokens':2161},"
		         "'cost':0"),
		  { RAN " model=m input=7 output=2 prompt=2168 amount=0.00 decimals=0" } },
		/* inside the prompt or beside it: even the whole is open */
		{ "cached 161 of a prompt of 7",
		  "xai",
		  RECORD("'prompt_tokens':7,'completion_tokens':8,'total_tokens':15,"
		         "'prompt_tokens_details':{'cached_tokens':161},'cost_in_usd_ticks':0"),
		  { RAN " model=m output=8 amount=0.00 decimals=0" } },
	};
	struct jsonrows rows;

	(void)state;
	CHECK(samples);
	jsonrows_read(&rows, "openrouter-usage", jsonrows_quotes(samples[0].json));
	assert_non_null(strstr(rows.notes, "counts that contradict each other"));
	jsonrows_release(&rows);
	jsonrows_refused("cached is more than the prompt, by a total that fits no reading",
	                 "openrouter-usage",
	                 RECORD("'prompt_tokens':7,'completion_tokens':8,'total_tokens':99,"
	                        "'prompt_tokens_details':{'cached_tokens':161},'cost':1"),
	                 FAULT_INVALID, "usage");
}

static void test_times_of_records(void **state)
{
	static const struct jsonrows_sample samples[] = {
		{ "an HTTP date",
		  "openrouter-usage",
		  "{'exchange_id':'e','model':'m','date':'Tue, 11 Aug 2026 00:09:43 GMT','usage':"
		  "{'prompt_tokens':1,'completion_tokens':1,'cost':1}}",
		  { "2026-08-11T00:09:43.000Z +1s request id=e model=m input=1 output=1 "
		    "amount=1.00 decimals=0" } },
		{ "none, and an id",
		  "openrouter-usage",
		  "{'exchange_id':'e','model':'m','date':null,'usage':"
		  "{'prompt_tokens':1,'completion_tokens':1,'cost':1}}",
		  { "- request id=e model=m input=1 output=1 amount=1.00 decimals=0" } },
		{ "an id goes before an exchange's",
		  "openrouter-usage",
		  "{'exchange_id':'e','id':'i','model':'m','time':'2026-08-11T00:09:43.25Z','usage'"
		  ":"
		  "{'prompt_tokens':1,'completion_tokens':1,'cost':1}}",
		  { "2026-08-11T00:09:43.250Z +10ms request id=i model=m input=1 output=1 "
		    "amount=1.00 decimals=0" } },
	};
	struct jsonrows rows;

	(void)state;
	CHECK(samples);
	jsonrows_read(&rows, "openrouter-usage", jsonrows_quotes(samples[1].json));
	assert_false(statement_timed(&rows.row[0]));
	assert_non_null(strstr(rows.notes, "without a time"));
	jsonrows_release(&rows);
	jsonrows_refused("neither a time nor an id", "openrouter-usage",
	                 "{'model':'m','usage':{'prompt_tokens':1,'cost':1}}", FAULT_INVALID,
	                 "without an id by which it could be found");
	jsonrows_refused("a month that is none", "openrouter-usage",
	                 "{'id':'e','model':'m','date':'Tue, 11 Agu 2026 00:09:43 GMT','usage':"
	                 "{'prompt_tokens':1,'completion_tokens':1,'cost':1}}",
	                 FAULT_SYNTAX, "date: Tue, 11 Agu 2026 00:09:43 GMT is no time");
	jsonrows_refused("a time that is an object", "openrouter-usage",
	                 "{'id':'e','model':'m','date':{},'usage':"
	                 "{'prompt_tokens':1,'completion_tokens':1,'cost':1}}",
	                 FAULT_SYNTAX, "date: an object is no time");
}

static void test_xai(void **state)
{
	static const struct jsonrows_sample samples[] = {
		/* 12 - 11; 1466250e-10; 12 + 1 + 290 = 303: reasoning is beside the answer */
		{ "chat: reasoning is beside",
		  "xai",
		  RECORD("'prompt_tokens':12,'completion_tokens':1,'total_tokens':303,"
		         "'prompt_tokens_details':{'cached_tokens':11},"
		         "'completion_tokens_details':{'reasoning_tokens':290},"
		         "'cost_in_usd_ticks':1466250"),
		  { RAN " model=m input=1 cache_read=11 output=1 reasoning=290 "
		        "amount=0.000146625 decimals=9" } },
		/* 340 - 320; 105 - 83 */
		{ "Responses: reasoning is inside",
		  "xai",
		  RECORD("'input_tokens':340,'input_tokens_details':{'cached_tokens':320},"
		         "'output_tokens':105,'output_tokens_details':{'reasoning_tokens':83},"
		         "'total_tokens':445,'cost_in_usd_ticks':3515000"),
		  { RAN " model=m input=20 cache_read=320 output=22 reasoning=83 "
		        "amount=0.0003515 decimals=7" } },
		{ "nothing was due",
		  "xai",
		  RECORD("'prompt_tokens':12,'completion_tokens':1,'cost_in_usd_ticks':0"),
		  { RAN " model=m input=12 output=1 amount=0.00 decimals=0" } },
	};
	struct jsonrows rows;

	(void)state;
	CHECK(samples);
	jsonrows_read(&rows, "xai",
	              jsonrows_quotes(RECORD("'prompt_tokens':12,'completion_tokens':1,"
	                                     "'num_sources_used':3,'cost_in_usd_ticks':0")));
	assert_int_equal(rows.r, 0);
	assert_non_null(strstr(rows.notes, "usage.num_sources_used: of no component"));
	jsonrows_release(&rows);
	jsonrows_refused("ticks that are a list", "xai",
	                 RECORD("'prompt_tokens':1,'cost_in_usd_ticks':[1]"), FAULT_INVALID,
	                 "usage.cost_in_usd_ticks: a list is there");
}

/* --- litellm -------------------------------------------------------------------------------- */

#define SPEND(more)                                                                                \
	"[{'request_id':'c','startTime':'2025-01-24 09:20:46.847371','spend':0.5" more "}]"
#define SPENT "2025-01-24T09:20:46.847Z +1ms request id=c"

static void test_litellm(void **state)
{
	static const struct jsonrows_sample samples[] = {
		{ "names, the team before the user",
		  "litellm-spend",
		  SPEND(",'api_key':'hash','team_id':'t','user':'u','end_user':'','model':'gpt',"
		        "'custom_llm_provider':'openai','call_type':'acompletion',"
		        "'prompt_tokens':10,'completion_tokens':20"),
		  { SPENT " account=t key=hash model=gpt provider=openai description=acompletion "
		          "prompt=10 answer=20 amount=0.50 decimals=1" } },
		/* 10 - 4; 20 - 5 */
		{ "the usage of its metadata, JSON in a text",
		  "litellm-spend",
		  "[{\"request_id\":\"c\",\"startTime\":\"2025-01-24T09:20:46Z\",\"spend\":0.5,"
		  "\"prompt_tokens\":10,\"completion_tokens\":20,\"metadata\":\"{\\\"usage_object"
		  "\\\":{\\\"prompt_tokens\\\":10,\\\"completion_tokens\\\":20,\\\"total_"
		  "tokens\\\":"
		  "30,\\\"prompt_tokens_details\\\":{\\\"cached_tokens\\\":4},"
		  "\\\"completion_tokens_details\\\":{\\\"reasoning_tokens\\\":5}}}\"}]",
		  { "2025-01-24T09:20:46.000Z +1s request id=c input=6 cache_read=4 output=15 "
		    "reasoning=5 amount=0.50 decimals=1" } },
		{ "and as an object",
		  "litellm-spend",
		  SPEND(",'metadata':{'usage_object':{'prompt_tokens':3,'completion_tokens':2,"
		        "'total_tokens':5,'prompt_tokens_details':null}}"),
		  { SPENT " input=3 output=2 amount=0.50 decimals=1" } },
		{ "metadata without one",
		  "litellm-spend",
		  SPEND(",'metadata':'{}','prompt_tokens':3,'completion_tokens':2"),
		  { SPENT " prompt=3 answer=2 amount=0.50 decimals=1" } },
		{ "metadata that is no JSON",
		  "litellm-spend",
		  SPEND(",'metadata':'{','prompt_tokens':3,'completion_tokens':2"),
		  { SPENT " prompt=3 answer=2 amount=0.50 decimals=1" } },
		{ "no tokens of what is not billed by them",
		  "litellm-spend",
		  SPEND(",'prompt_tokens':0,'completion_tokens':0"),
		  { SPENT " amount=0.50 decimals=1" } },
		{ "a failure",
		  "litellm-spend",
		  "[{'request_id':'c','startTime':'2025-01-24T09:20:46+01:00','spend':0.0,"
		  "'prompt_tokens':0,'completion_tokens':0,'status':'failure'}]",
		  { "2025-01-24T08:20:46.000Z +1s request id=c blank prompt=0 answer=0 amount=0.00 "
		    "decimals=0" } },
	};
	struct jsonrows rows;

	(void)state;
	CHECK(samples);
	jsonrows_read(&rows, "litellm-spend", jsonrows_quotes(SPEND("")));
	assert_int_equal(rows.r, 0);
	assert_non_null(strstr(rows.notes, "times say no zone: taken as UTC"));
	jsonrows_release(&rows);
	jsonrows_refused("no id", "litellm-spend", "[{'startTime':'2025-01-24','spend':1}]",
	                 FAULT_INVALID, "request_id: it must be there");
	jsonrows_refused("no time", "litellm-spend", "[{'request_id':'c','spend':1}]",
	                 FAULT_INVALID, "startTime: it must be there");
	jsonrows_refused("no spend", "litellm-spend",
	                 "[{'request_id':'c','startTime':'2025-01-24'}]", FAULT_INVALID,
	                 "spend: it must be there");
	jsonrows_refused("cached is more than the prompt", "litellm-spend",
	                 SPEND(",'metadata':{'usage_object':{'prompt_tokens':3,"
	                       "'completion_tokens':2,'total_tokens':99,"
	                       "'prompt_tokens_details':{'cached_tokens':4}}}"),
	                 FAULT_INVALID, "usage");
}

/* --- the samples of ../shared/data ---------------------------------------------------------- */

/* The value under a path of keys, ended by NULL, of a document of examples; its own text. */
static const char *cut_out(const char *file, const char *const path[], struct buf *out)
{
	struct buf text = { .at = NULL };
	struct json doc = { .nodes = NULL };
	uint32_t node = 0;

	fixture_need(file, &text);
	assert_int_equal(json_parse(&doc, buf_text(&text), NULL), 0);
	for (size_t i = 0; path[i] != NULL; i++)
		node = json_member(&doc, node, path[i]);
	assert_int_not_equal(node, JSON_NONE);
	assert_true(json_write(&doc, node, JSON_DEPTH_MAX, out));
	json_release(&doc);
	buf_release(&text);
	return out->at;
}

#define OPENAI_FILE     "statements/openai_org_usage_and_costs_official_examples.json"
#define ANTHROPIC_FILE  "statements/anthropic_usage_and_cost_report_official_examples.json"
#define OPENROUTER_FILE "statements/openrouter_official_api_examples.json"
#define LITELLM_FILE    "gateway_logs/litellm/spend_logs_payload.json"
#define USAGE(name)     "GET /v1/organization/usage/" name
/* 1730419200 = 20028 x 86400; 20028 days behind 1970-01-01: 2024-11-01. */
#define DAY             "2024-11-01T00:00:00.000Z +1d"

static const struct shared_sample {
	const char *file, *path[4], *format;
	const char *lines[2];
	bool more; /* the example says that more pages follow: it is cut */
} shared_samples[] = {
	{ OPENROUTER_FILE,
	  { "responses", "GET /activity 200" },
	  "openrouter-activity",
	  /* 125 - 25 */
	  { "2025-08-24T00:00:00.000Z +1d model=openai/gpt-4.1-2025-04-14 provider=OpenAI "
	    "description=endpoint_id=550e8400-e29b-41d4-a716-446655440000 byok_part requests=5 "
	    "output=100 "
	    "reasoning=25 prompt=50 amount=0.015 upstream_amount=0.012 "
	    "decimals=3" },
	  false },
	{ OPENROUTER_FILE,
	  { "responses", "GET /generation 200" },
	  "openrouter-generation",
	  /* 25 - 5 - 0 */
	  { "2024-07-15T23:33:19.433Z +1ms request id=gen-3bhGkxlo4XFrqiabUM7NDtwDzWwG "
	    "upstream=chatcmpl-791bcf62-080e-4568-87d0-94c72e3b4946 "
	    "request=req-1727282430-aBcDeFgHiJkLmNoPqRsT account=user-123 "
	    "model=sao10k/l3-stheno-8b provider=Infermatic tier=priority description=5 search "
	    "results of exa, 0 fetches cache_read=3 output=20 reasoning=5 output_image=0 prompt=10 "
	    "amount=0.0015 decimals=4" },
	  false },
	{ OPENROUTER_FILE,
	  { "responses", "POST /analytics/query 200" },
	  "openrouter-analytics",
	  { "2025-01-01T00:00:00.000Z +1d requests=1500" },
	  false },
	{ OPENAI_FILE,
	  { "responses", USAGE("completions") },
	  "openai-usage",
	  /* 1000 - (50 + 50 + 300 + 50 + 50 + 100); 400 cached - 50 - 50 */
	  { DAY " requests=5 input=400 input_audio=50 input_image=50 cache_read=300 "
	        "cache_read_audio=50 cache_read_image=50 cache_write=100 output_audio=50 "
	        "output_image=50 answer=500" },
	  true },
	{ OPENAI_FILE,
	  { "responses", USAGE("embeddings") },
	  "openai-usage",
	  { DAY " requests=2 input=16" },
	  false },
	{ OPENAI_FILE,
	  { "responses", USAGE("moderations") },
	  "openai-usage",
	  { DAY " requests=2 input=16" },
	  false },
	{ OPENAI_FILE,
	  { "responses", USAGE("images") },
	  "openai-usage",
	  { DAY " requests=2 images_out=2" },
	  false },
	{ OPENAI_FILE,
	  { "responses", USAGE("audio_speeches") },
	  "openai-usage",
	  { DAY " requests=1 characters=45" },
	  false },
	{ OPENAI_FILE,
	  { "responses", USAGE("audio_transcriptions") },
	  "openai-usage",
	  { DAY " requests=1 seconds=20" },
	  false },
	{ OPENAI_FILE,
	  { "responses", USAGE("vector_stores") },
	  "openai-usage",
	  { DAY " description=bytes of vector stores fee requests=0" },
	  false },
	{ OPENAI_FILE,
	  { "responses", USAGE("code_interpreter_sessions") },
	  "openai-usage",
	  { DAY " description=sessions of the code interpreter fee requests=0" },
	  false },
	{ OPENAI_FILE,
	  { "responses", USAGE("web_search_calls") },
	  "openai-usage",
	  { DAY " requests=0 searches=2" },
	  false },
	{ OPENAI_FILE,
	  { "responses", USAGE("file_search_calls") },
	  "openai-usage",
	  { DAY " requests=0 searches=2" },
	  false },
	{ OPENAI_FILE,
	  { "responses", "GET /v1/organization/costs" },
	  "openai-costs",
	  { DAY " amount=0.06 decimals=2" },
	  false },
	{ ANTHROPIC_FILE,
	  { "usage_report_messages" },
	  "anthropic-usage",
	  { "2025-08-01T00:00:00.000Z +1d account=wrkspc_01JwQvzr7rXLA5AGx3HKfFUJ "
	    "model=claude-sonnet-4-20250514 input=1500 cache_read=200 cache_write_5m=500 "
	    "cache_write_1h=1000 searches=10 answer=500" },
	  true },
	{ ANTHROPIC_FILE,
	  { "cost_report" },
	  "anthropic-cost",
	  /* 123.78912 cents: 1.2378912 dollars, 7 decimals */
	  { "2025-08-01T00:00:00.000Z +1d account=wrkspc_01JwQvzr7rXLA5AGx3HKfFUJ "
	    "model=claude-opus-5 tier=standard description=Claude Opus 5 Usage - Input Tokens "
	    "context_window=0-200k inference_geo=global of=input amount=1.2378912 decimals=7" },
	  true },
	{ LITELLM_FILE,
	  { NULL },
	  "litellm-spend",
	  /* 0.00022500000000000002: 20 decimals, of which 18 are kept */
	  { "2025-01-24T09:20:46.847Z +1ms request "
	    "id=chatcmpl-2283081b-dc89-41f6-93e6-d4f914774027 model=gpt-4o provider=openai "
	    "description=acompletion cut real input=10 output=20 amount=0.000225 decimals=18" },
	  false },
};
enum { SHARED_SAMPLES = sizeof(shared_samples) / sizeof(shared_samples[0]) };

/* The page as it is, but that no more of them follow. */
static const char *load(const struct shared_sample *sample, struct buf *out)
{
	static const char more[] = "\"has_more\":true", no_more[] = "\"has_more\":null";
	const char *json = cut_out(sample->file, sample->path, out);
	char *at = strstr(out->at, more);

	assert_true((at != NULL) == sample->more);
	if (at != NULL)
		memcpy(at, no_more, sizeof(no_more) - 1);
	return json;
}

static void test_shared_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < SHARED_SAMPLES; i++) {
		const struct shared_sample *sample = &shared_samples[i];
		struct buf text = { .at = NULL };
		struct jsonrows rows;
		char label[64];

		snprintf(label, sizeof(label), "sample %zu, %s", i, sample->format);
		jsonrows_are(label, sample->format, load(sample, &text), sample->lines);
		jsonrows_read(&rows, NULL, text.at);
		if (rows.r < 0)
			fail_msg("%s: %s", label, rows.fault.text);
		assert_string_equal(rows.format, sample->format);
		jsonrows_release(&rows);
		buf_release(&text);
	}
}

/* The element of the page that its format is told by. */
static bool takes(const struct statement_format *format, const char *json)
{
	struct json doc = { .nodes = NULL };
	uint32_t element = 0, data;
	bool is;

	assert_int_equal(json_parse(&doc, text_of(json), NULL), 0);
	while (json_type_of(&doc, element) == JSON_OBJECT &&
	       (data = json_member(&doc, element, "data")) != JSON_NONE)
		element = json_type_of(&doc, data) == JSON_ARRAY ? json_first(&doc, data) : data;
	is = format->is(&doc, element);
	json_release(&doc);
	return is;
}

/* A format and one element that is its own: what no sample of ../shared/data has. */
static const struct {
	const char *format, *json;
} own_samples[] = {
	{ "openrouter-usage", RECORD("'prompt_tokens':1,'cost':1") },
	{ "openrouter-usage", RECORD("'prompt_tokens':1,'cost':{'total_cost':1}") },
	{ "openrouter-usage", RECORD("'prompt_tokens':1,'cost':1,'cost_in_usd_ticks':1") },
	{ "xai", RECORD("'prompt_tokens':1,'cost_in_usd_ticks':1") },
	{ "openrouter-generation", "{'id':'g','native_tokens_prompt':1,'total_cost':1}" },
	{ "openrouter-analytics", "{'date__day':'2024-11-01','request_count':1}" },
	{ "toll", "{'time':'2024-11-01','id':'r','model':'m','input':1,'amount':1}" },
	{ "toll-events", "{'time':'2024-11-01','id':'r','model':'m','usage':{'input':1},"
	                 "'settlement':'final','stored':{'amount':'1'}}" },
	{ "", "{'id':'r','model':'m','usage':{'prompt_tokens':1}}" },
	{ "", "{'data':[]}" },
	{ "", "{}" },
	{ "", "[]" },
	{ "", "7" },
	{ "", "null" },
	{ "", "{'start_time':1,'end_time':2,'results':[]}" },
	{ "", "{'results':[7]}" },
	{ "", "{'usage':null}" },
};

/* Every format's sample against every format: its own takes it, and no other does. */
static void test_each_format_knows_its_own(void **state)
{
	const struct statement_format *format;
	struct buf text = { .at = NULL };
	size_t compared = 0;

	(void)state;
	for (size_t f = 0; (format = statement_format_at(f)) != NULL; f++) {
		if (format->is == NULL)
			continue;
		for (size_t i = 0; i < sizeof(own_samples) / sizeof(own_samples[0]); i++) {
			bool own = strcmp(own_samples[i].format, format->name) == 0;

			if (takes(format, jsonrows_quotes(own_samples[i].json)) != own)
				fail_msg("%s %s %s", format->name, own ? "refuses" : "takes",
				         own_samples[i].json);
			compared++;
		}
		for (size_t i = 0; i < SHARED_SAMPLES; i++) {
			bool own = strcmp(shared_samples[i].format, format->name) == 0;

			buf_clear(&text);
			if (takes(format, load(&shared_samples[i], &text)) != own)
				fail_msg("%s %s %s", format->name, own ? "refuses" : "takes",
				         shared_samples[i].path[1]);
			compared++;
		}
	}
	assert_true(compared >= 12 * (SHARED_SAMPLES + 17));
	buf_release(&text);
}

/* --- what providers said that they charged -------------------------------------------------- */

struct billed {
	size_t rows, timed, fees, byok;
	struct money total, fee;
};

static const struct statement_row *row_of(const struct jsonrows *rows, struct text id)
{
	for (size_t i = 0; i < rows->count; i++) {
		if (text_equal(rows->row[i].id, id))
			return &rows->row[i];
	}
	fail_msg("no row of %.*s", TEXT_ARGS(id));
	return NULL;
}

/* Of each line the amount is what the collector of the file wrote down beside it. */
static void check_billed(const struct jsonrows *rows, struct text line, struct billed *sum)
{
	struct json doc = { .nodes = NULL };
	const struct statement_row *row;
	uint32_t billed, usage;
	struct money due;

	assert_int_equal(json_parse(&doc, line, NULL), 0);
	row = row_of(rows, json_string(&doc, json_member(&doc, 0, "exchange_id")));
	billed = json_member(&doc, json_member(&doc, 0, "billed"), "amount");
	usage = json_member(&doc, 0, "usage");
	/* One is finer than an amount can be, by two tenths of an atto. */
	if (money_parse_number(json_string(&doc, billed), 0, &due) < 0)
		assert_int_equal(money_parse(text_of("0.0076509169"), &due, NULL), 0);
	if (money_compare(due, statement_amount(row)) != 0)
		fail_msg("another amount: %.*s", TEXT_ARGS(line));
	assert_true(text_equal(row->model, json_string(&doc, json_member(&doc, 0, "model"))));
	assert_int_equal(statement_timed(row),
	                 json_type_of(&doc, json_member(&doc, 0, "date")) == JSON_STRING);
	assert_int_equal((row->flags & STATEMENT_BYOK) != 0,
	                 json_type_of(&doc, json_member(&doc, usage, "is_byok")) == JSON_TRUE);
	sum->rows++;
	sum->timed += statement_timed(row);
	sum->byok += (row->flags & STATEMENT_BYOK) != 0;
	assert_int_equal(money_add(sum->total, due, &sum->total), 0);
	json_release(&doc);
}

static void test_billed_costs(void **state)
{
	static const struct {
		const char *id, *fee;
	} fees[] = {
		{ "ex-b4d4fae1bce6", "0.03" },     /* 0.066407 - 0.029617 - 0.00679: 3 searches */
		{ "ex-95aecf5d9fdd", "0.015885" }, /* 0.0160614 - 0.000135 - 0.0000414: a tool */
		{ "ex-5ce5442291a7", "0.002" },    /* 0.00216775 - 0.00000775 - 0.00016: a file */
		{ "ex-1a973b02c64f", "0.007" },    /* 0.007637029 - 0.000595881 - 0.000041148 */
		/* the same by floats: 0.0076509169 - 0.000596395799999999 - 0.0000545211 */
		{ "ex-42786d364bc7", "0.007000000000000001" },
		{ "ex-f0c09cf8e1a7", "0.005" }, /* Perplexity's five say it themselves */
		{ "ex-faa241040376", "0.006" },
		{ "ex-989d974a32f8", "0.005" },
		{ "ex-8c16301ddbaa", "0.005" },
		{ "ex-c609aaaf4ba6", "0.006" },
	};
	struct buf text = { .at = NULL };
	struct text rest, line;
	struct billed sum = { .rows = 0 };
	char due[MONEY_TEXT_BYTES];
	struct jsonrows rows;

	(void)state;
	fixture_need("provider_billed_costs_dev.jsonl", &text);
	buf_add(&text, "", 1);
	jsonrows_read(&rows, "openrouter-usage", text.at);
	if (rows.r < 0)
		fail_msg("%s", rows.fault.text);
	rest = text_of(text.at);
	while (fixture_line(&rest, &line))
		check_billed(&rows, line, &sum);
	assert_int_equal(sum.rows, 52);
	assert_int_equal(rows.count, 52);
	for (size_t i = 0; i < sizeof(fees) / sizeof(fees[0]); i++) {
		const struct statement_row *row = row_of(&rows, text_of(fees[i].id));

		assert_true(statement_has(row, STATEMENT_MONEY_FEE));
		money_text(row->money[STATEMENT_MONEY_FEE], due);
		assert_string_equal(due, fees[i].fee);
	}
	for (size_t i = 0; i < rows.count; i++)
		sum.fees += statement_has(&rows.row[i], STATEMENT_MONEY_FEE);
	assert_int_equal(sum.fees, sizeof(fees) / sizeof(fees[0]));
	assert_int_equal(sum.byok, 2);
	jsonrows_release(&rows);
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usage_with_a_cost),
		cmocka_unit_test(test_counts_that_contradict_each_other),
		cmocka_unit_test(test_times_of_records),
		cmocka_unit_test(test_xai),
		cmocka_unit_test(test_litellm),
		cmocka_unit_test(test_shared_samples),
		cmocka_unit_test(test_each_format_knows_its_own),
		cmocka_unit_test(test_billed_costs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
