/*
 * The JSON statements of providers: what each of their fields becomes, in its own unit, and what is
 * refused.  In the texts ' stands for ".  A row is a line as tests/support/jsonrows.h writes it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/jsonrows.h"

#define CHECK(samples) jsonrows_check(samples, sizeof(samples) / sizeof((samples)[0]))

/* 2024-11-01 and the day after it, as OpenAI and as Anthropic write them. */
#define OPENAI(object, result)                                                                     \
	"{'object':'page','data':[{'object':'bucket','start_time':1730419200,'end_time':"          \
	"1730505600,'results':[{'object':'organization." object ".result'" result "}]}],"          \
	"'has_more':false,'next_page':null}"
#define ANTHROPIC(result)                                                                          \
	"{'data':[{'starting_at':'2024-11-01T00:00:00Z','ending_at':'2024-11-02T00:00:00Z',"       \
	"'results':[" result "]}],'has_more':false,'next_page':null}"
#define DAY "2024-11-01T00:00:00.000Z +1d"
#define SEARCHED                                                                                   \
	"'uncached_input_tokens':1500,'cache_read_input_tokens':200,"                              \
	"'cache_creation':{'ephemeral_5m_input_tokens':500,'ephemeral_1h_input_tokens':1000}"

/* --- units ---------------------------------------------------------------------------------- */

static void test_a_dollar_and_23_cents_in_each_unit(void **state)
{
	static const struct jsonrows_sample samples[] = {
		{ "activity: USD",
		  "openrouter-activity",
		  "[{'date':'2024-11-01','model':'m','requests':1,'usage':1.23,"
		  "'byok_usage_inference':0}]",
		  { DAY " model=m requests=1 amount=1.23 upstream_amount=0.00 decimals=2" } },
		{ "generation: USD",
		  "openrouter-generation",
		  "{'data':{'id':'g','created_at':'2024-11-01T00:00:00Z','model':'m',"
		  "'native_tokens_prompt':1,'total_cost':1.23}}",
		  { "2024-11-01T00:00:00.000Z +1s request id=g model=m prompt=1 amount=1.23 "
		    "decimals=2" } },
		{ "analytics: USD, in a text",
		  "openrouter-analytics",
		  "{'data':{'data':[{'date__day':'2024-11-01T00:00:00.000Z',"
		  "'credits_usage':'1.23'}],'metadata':{'row_count':1,'truncated':false}}}",
		  { DAY " amount=1.23 decimals=2" } },
		{ "usage records: USD",
		  "openrouter-usage",
		  "{'id':'g','created':1730419200,'model':'m','usage':{'prompt_tokens':1,"
		  "'completion_tokens':1,'cost':1.23}}",
		  { "2024-11-01T00:00:00.000Z +1s request id=g model=m input=1 output=1 "
		    "amount=1.23 decimals=2" } },
		{ "openai: dollars",
		  "openai-costs",
		  OPENAI("costs", ",'amount':{'value':1.23,'currency':'usd'},'line_item':null"),
		  { DAY " amount=1.23 decimals=2" } },
		{ "anthropic: cents",
		  "anthropic-cost",
		  ANTHROPIC("{'amount':'123','currency':'USD','cost_type':null}"),
		  { DAY " amount=1.23 decimals=2" } },
		{ "xai: 1e-10 dollars",
		  "xai",
		  "{'id':'g','created':1730419200,'model':'m','usage':{'prompt_tokens':1,"
		  "'completion_tokens':1,'cost_in_usd_ticks':12300000000}}",
		  { "2024-11-01T00:00:00.000Z +1s request id=g model=m input=1 output=1 "
		    "amount=1.23 decimals=2" } },
		{ "litellm: USD",
		  "litellm-spend",
		  "[{'request_id':'g','startTime':'2024-11-01T00:00:00Z','spend':1.23}]",
		  { "2024-11-01T00:00:00.000Z +1s request id=g amount=1.23 decimals=2" } },
	};

	(void)state;
	CHECK(samples);
}

#define CENTS_LIST(total)                                                                          \
	"{'data':[{'starting_at':'2024-11-01T00:00:00Z','ending_at':'2024-11-02T00:00:00Z',"       \
	"'results':[{'amount':'123.5','currency':'USD'}]}],'total_cost':" total "}"

/* Of the list's own unit: what is beside it is no other. */
static void test_a_total_beside_cents_is_of_cents(void **state)
{
	static const struct jsonrows_sample samples[] = {
		{ "cents",
		  "anthropic-cost",
		  CENTS_LIST("'123.5'"),
		  { DAY " amount=1.235 decimals=3" } },
	};

	(void)state;
	CHECK(samples);
	jsonrows_refused("dollars", "anthropic-cost", CENTS_LIST("1.235"), FAULT_INVALID,
	                 "states a total of 0.01235, and its rows come to 1.235");
}

/* As a number, in a text, with an exponent: the same amount. */
static void test_amounts_however_they_are_written(void **state)
{
	static const struct jsonrows_sample samples[] = {
		{ "cents with decimals",
		  "anthropic-cost",
		  ANTHROPIC("{'amount':'123.45','currency':'USD'}"),
		  { DAY " amount=1.2345 decimals=4" } },
		{ "cents as a number",
		  "anthropic-cost",
		  ANTHROPIC("{'amount':12.50,'currency':'USD'}"),
		  { DAY " amount=0.125 decimals=3" } },
		{ "cents with an exponent",
		  "anthropic-cost",
		  ANTHROPIC("{'amount':'1e-05','currency':'USD'}"),
		  { DAY " real amount=0.0000001 decimals=7" } },
		{ "dollars in a text",
		  "openai-costs",
		  OPENAI("costs", ",'amount':{'value':'0.889','currency':'usd'}"),
		  { DAY " amount=0.889 decimals=3" } },
		{ "dollars with an exponent",
		  "openrouter-activity",
		  "[{'date':'2024-11-01','model':'m','usage':3.4E-7}]",
		  { DAY " model=m real amount=0.00000034 decimals=8" } },
		{ "a float in full",
		  "openai-costs",
		  OPENAI("costs", ",'amount':{'value':0.8958740000000001,'currency':'usd'}"),
		  { DAY " real amount=0.8958740000000001 decimals=16" } },
		{ "a credit",
		  "openai-costs",
		  OPENAI("costs", ",'amount':{'value':-5,'currency':'usd'}"),
		  { DAY " credit amount=-5.00 decimals=0" } },
		{ "ticks in a text",
		  "xai",
		  "{'id':'g','model':'m','usage':{'prompt_tokens':221,'completion_tokens':11,"
		  "'total_tokens':343,'reasoning_tokens':111,'cached_prompt_text_tokens':128,"
		  "'cost_in_usd_ticks':'4468500'}}",
		  /* input 221 - 128; 4468500e-10 */
		  { "- request id=g model=m input=93 cache_read=128 output=11 reasoning=111 "
		    "amount=0.00044685 decimals=8" } },
		{ "euros stay euros",
		  "openai-costs",
		  OPENAI("costs", ",'amount':{'value':2,'currency':'eur'}"),
		  { DAY " amount=2.00 decimals=0 EUR" } },
	};

	(void)state;
	CHECK(samples);
}

/* --- openrouter ----------------------------------------------------------------------------- */

#define ACTIVITY(more) "{'data':[{'date':'2024-11-01','model':'o/m'," more ",'usage':0.5}]}"

static void test_openrouter_activity(void **state)
{
	static const struct jsonrows_sample samples[] = {
		/* 125 - 25 of them reasoning */
		{ "the answer has its reasoning in it",
		  "openrouter-activity",
		  ACTIVITY("'prompt_tokens':50,'completion_tokens':125,'reasoning_tokens':25"),
		  { DAY " model=o/m output=100 reasoning=25 prompt=50 amount=0.50 decimals=1" } },
		{ "the permanent slug",
		  "openrouter-activity",
		  ACTIVITY("'model_permaslug':'o/m-2024','provider_name':'P'"),
		  { DAY " model=o/m-2024 provider=P amount=0.50 decimals=1" } },
		{ "reasoning that is more than the answer is left open",
		  "openrouter-activity",
		  ACTIVITY("'completion_tokens':10,'reasoning_tokens':11"),
		  { DAY " model=o/m answer=10 amount=0.50 decimals=1" } },
		{ "a date with its first moment",
		  "openrouter-activity",
		  "[{'date':'2024-11-01 00:00:00','model':'m','usage':1}]",
		  { DAY " model=m amount=1.00 decimals=0" } },
		{ "nulls say nothing",
		  "openrouter-activity",
		  ACTIVITY("'model_permaslug':null,'provider_name':null,'requests':null,"
		           "'prompt_tokens':null,'completion_tokens':null,"
		           "'reasoning_tokens':null,'byok_usage_inference':null"),
		  { DAY " model=o/m amount=0.50 decimals=1" } },
		{ "counts in texts",
		  "openrouter-activity",
		  ACTIVITY("'prompt_tokens':'1500','requests':'2'"),
		  { DAY " model=o/m requests=2 prompt=1500 amount=0.50 decimals=1" } },
	};

	(void)state;
	CHECK(samples);
	jsonrows_refused("no model", "openrouter-activity", "[{'date':'2024-11-01','usage':1}]",
	                 FAULT_INVALID, "model: it must be there");
	jsonrows_refused("no date", "openrouter-activity", "[{'model':'m','usage':1}]",
	                 FAULT_INVALID, "date: it must be there");
	jsonrows_refused("no amount", "openrouter-activity",
	                 "[{'date':'2024-11-01','model':'m','usage':null}]", FAULT_INVALID,
	                 "usage: it must be there");
	jsonrows_refused("a date that is none", "openrouter-activity",
	                 "[{'date':'2024-11-31','model':'m','usage':1}]", FAULT_SYNTAX,
	                 "date: 2024-11-31 is no time");
	jsonrows_refused("an amount that is none", "openrouter-activity",
	                 "[{'date':'2024-11-01','model':'m','usage':'1,000'}]", FAULT_SYNTAX,
	                 "usage: 1,000 is no amount");
	jsonrows_refused("an amount that is a list", "openrouter-activity",
	                 "[{'date':'2024-11-01','model':'m','usage':[1]}]", FAULT_INVALID,
	                 "usage: a list is there");
	jsonrows_refused("a model that is a number", "openrouter-activity",
	                 "[{'date':'2024-11-01','model':4,'usage':1}]", FAULT_INVALID,
	                 "model: 4 is there, and a text is due");
	jsonrows_refused("a count that is negative", "openrouter-activity",
	                 ACTIVITY("'prompt_tokens':-1"), FAULT_INVALID,
	                 "prompt_tokens: -1 is no count");
	jsonrows_refused("a count with a fraction", "openrouter-activity",
	                 ACTIVITY("'prompt_tokens':1.5"), FAULT_SYNTAX,
	                 "prompt_tokens: 1.5 is no count");
	jsonrows_refused("a count beyond 64 bits", "openrouter-activity",
	                 ACTIVITY("'prompt_tokens':9223372036854775808"), FAULT_RANGE,
	                 "prompt_tokens: 9223372036854775808 is no count");
	jsonrows_refused("a count that is true", "openrouter-activity", ACTIVITY("'requests':true"),
	                 FAULT_INVALID, "requests: true is there");
}

#define GENERATION(more)                                                                           \
	"{'data':{'id':'gen-1','created_at':'2024-07-15T23:33:19.433273+00:00','model':'o/m',"     \
	"'native_tokens_prompt':10" more "}}"
/* 40 bytes; 127 are shown: 20 in front, two of these and 27 of the third. */
#define LONG "0123456789012345678901234567890123456789"
#define RAN  "2024-07-15T23:33:19.433Z +1ms request id=gen-1"

static const struct jsonrows_sample generations[] = {
	/* 25 - 5 - 3; the prompt may have cache writes in it, so that input is open */
	{ "wholes and parts",
	  "openrouter-generation",
	  GENERATION(",'native_tokens_cached':3,'native_tokens_completion':25,"
	             "'native_tokens_reasoning':5,'native_tokens_completion_images':3,"
	             "'tokens_prompt':99,'tokens_completion':98,'total_cost':0.5"),
	  { RAN " model=o/m cache_read=3 output=17 reasoning=5 output_image=3 prompt=10 "
	        "amount=0.50 decimals=1" } },
	{ "all names",
	  "openrouter-generation",
	  GENERATION(",'upstream_id':'chatcmpl-1','request_id':'req-1','external_user':"
	             "'acme','provider_name':'P','service_tier':'priority',"
	             "'finish_reason':'stop','cancelled':false,'total_cost':0.5"),
	  { RAN " upstream=chatcmpl-1 request=req-1 account=acme model=o/m provider=P "
	        "tier=priority prompt=10 amount=0.50 decimals=1" } },
	{ "what was paid beside, with the customer's own key",
	  "openrouter-generation",
	  GENERATION(",'is_byok':true,'total_cost':0,'upstream_inference_cost':0.0012"),
	  { RAN " model=o/m byok prompt=10 amount=0.00 upstream_amount=0.0012 "
	        "decimals=0" } },
	{ "and what is inside, without it",
	  "openrouter-generation",
	  GENERATION(",'is_byok':false,'total_cost':0.0015,"
	             "'upstream_inference_cost':0.0012"),
	  { RAN " model=o/m prompt=10 amount=0.0015 decimals=4" } },
	{ "a blank end, and a client that went",
	  "openrouter-generation",
	  GENERATION(",'finish_reason':null,'cancelled':true,'total_cost':0"),
	  { RAN " model=o/m cancelled blank prompt=10 amount=0.00 decimals=0" } },
	{ "an error is a blank end",
	  "openrouter-generation",
	  GENERATION(",'finish_reason':'error','total_cost':0"),
	  { RAN " model=o/m blank prompt=10 amount=0.00 decimals=0" } },
	{ "an end that nobody tells is none",
	  "openrouter-generation",
	  GENERATION(",'total_cost':0"),
	  { RAN " model=o/m prompt=10 amount=0.00 decimals=0" } },
	{ "results of a search are shown, not counted",
	  "openrouter-generation",
	  GENERATION(",'num_search_results':5,'web_search_engine':'exa','total_cost':1"),
	  { RAN " model=o/m description=5 search results of exa, 0 fetches prompt=10 "
	        "amount=1.00 decimals=0" } },
	{ "what is shown may be cut",
	  "openrouter-generation",
	  GENERATION(",'num_fetches':1,'web_search_engine':'" LONG LONG LONG "','total_cost':1"),
	  { RAN " model=o/m description=0 search results of " LONG LONG
	        "012345678901234567890123456 prompt=10 amount=1.00 decimals=0" } },
	{ "records one behind the other",
	  "openrouter-generation",
	  GENERATION(",'total_cost':1") "\n" GENERATION(",'total_cost':2"),
	  { RAN " model=o/m prompt=10 amount=1.00 decimals=0",
	    RAN " model=o/m prompt=10 amount=2.00 decimals=0" } },
	{ "nulls say nothing",
	  "openrouter-generation",
	  GENERATION(",'upstream_id':null,'request_id':null,'external_user':null,"
	             "'native_tokens_cached':null,'native_tokens_completion':null,"
	             "'native_tokens_reasoning':null,'is_byok':null,'cancelled':null,"
	             "'cache_discount':null,'num_search_results':null,'total_cost':1"),
	  { RAN " model=o/m prompt=10 amount=1.00 decimals=0" } },
};

static void test_openrouter_generation(void **state)
{

	(void)state;
	CHECK(generations);
	jsonrows_refused("cached is more than the prompt", "openrouter-generation",
	                 GENERATION(",'native_tokens_cached':11,'total_cost':1"), FAULT_INVALID,
	                 "native_tokens_prompt: 10, and its parts are more: 11");
	jsonrows_refused("images are more than the answer", "openrouter-generation",
	                 GENERATION(",'native_tokens_completion':2,"
	                            "'native_tokens_completion_images':3,'total_cost':1"),
	                 FAULT_INVALID, "native_tokens_completion: 2, and its parts are more: 3");
	jsonrows_refused("no model", "openrouter-generation",
	                 "{'id':'g','created_at':'2024-11-01T00:00:00Z','total_cost':1}",
	                 FAULT_INVALID, "model: it must be there");
	jsonrows_refused("no time", "openrouter-generation",
	                 "{'id':'g','model':'m','total_cost':1}", FAULT_INVALID,
	                 "created_at: it must be there");
	jsonrows_refused("no id", "openrouter-generation",
	                 "{'model':'m','created_at':'2024-11-01T00:00:00Z','total_cost':1}",
	                 FAULT_INVALID, "id: it must be there");
	jsonrows_refused("no amount", "openrouter-generation", GENERATION(""), FAULT_INVALID,
	                 "total_cost: it must be there");
	jsonrows_refused("a flag that is a text", "openrouter-generation",
	                 GENERATION(",'is_byok':'yes','total_cost':1"), FAULT_INVALID,
	                 "is_byok: yes is there, and true or false is due");
}

#define PAGE(truncated, rows)                                                                      \
	"{'data':{'data':[" rows "],'metadata':{'query_time_ms':4,'row_count':1,"                  \
	"'truncated':" truncated "},'cachedAt':1785527648977}}"

static void test_openrouter_analytics(void **state)
{
	static const struct jsonrows_sample samples[] = {
		/* a row that was recorded: 0.012887 - 0; 4522 - 4373 */
		{ "an hour, its counts in texts",
		  "openrouter-analytics",
		  PAGE("false", "{'date__hour':'2026-07-31 18:00:00','api_key_id':'Alpaca',"
		                "'model':'k','request_count':'3','total_usage':0.012887,"
		                "'tokens_total':'10800','tokens_prompt':'6278',"
		                "'tokens_completion':'4522','reasoning_tokens':'4373',"
		                "'cached_tokens':'4131','byok_usage':0}"),
		  { "2026-07-31T18:00:00.000Z +1h key=Alpaca model=k requests=3 cache_read=4131 "
		    "output=149 reasoning=4373 prompt=6278 amount=0.012887 upstream_amount=0.00 "
		    "decimals=6" } },
		{ "without what was paid with own keys",
		  "openrouter-analytics",
		  PAGE("false", "{'created_at__minute':'2026-07-31 18:01:00','provider':'P',"
		                "'total_usage':'3.5','byok_usage':'1.25'}"),
		  { "2026-07-31T18:01:00.000Z +1min provider=P byok_part amount=2.25 "
		    "upstream_amount=1.25 "
		    "decimals=2" } },
		/* 0.5 + 0.25 + 0.125, and a discount written as a negative charge */
		{ "fees and a discount",
		  "openrouter-analytics",
		  PAGE("false", "{'date__month':'2026-12-01','workspace':'w','credits_usage':9,"
		                "'total_usage':10,'usage_web':0.5,'usage_file':0.25,"
		                "'usage_web_fetch':0.125,'usage_data':-0.75}"),
		  { "2026-12-01T00:00:00.000Z +31d account=w description=workspace=w amount=9.00 "
		    "fee=0.875 "
		    "discount=0.75 decimals=0" } },
		{ "a week",
		  "openrouter-analytics",
		  PAGE("false", "{'date__week':'2026-07-27T00:00:00.000Z','request_count':7}"),
		  { "2026-07-27T00:00:00.000Z +7d requests=7" } },
		{ "a request",
		  "openrouter-analytics",
		  PAGE("false", "{'generation_id':'gen-1','total_usage':1,'byok_usage':0},"
		                "{'generation_id':'gen-2','date__day':'2026-07-27',"
		                "'request_count':'1','credits_usage':1}"),
		  { "- request id=gen-1 amount=1.00 upstream_amount=0.00 decimals=0",
		    "2026-07-27T00:00:00.000Z +1d request id=gen-2 amount=1.00 decimals=0" } },
	};

	(void)state;
	CHECK(samples);
	jsonrows_refused("a part only", "openrouter-analytics",
	                 PAGE("true", "{'date__day':'2026-07-27','credits_usage':1}"),
	                 FAULT_INVALID, "it says that it is truncated");
	jsonrows_refused("no span", "openrouter-analytics", PAGE("false", "{'credits_usage':1}"),
	                 FAULT_INVALID, "ask for a granularity");
	jsonrows_refused("a span that is none", "openrouter-analytics",
	                 PAGE("false", "{'date__day':'yesterday','credits_usage':1}"), FAULT_SYNTAX,
	                 "date__day: it is no time");
	jsonrows_refused("cached is more than the prompt", "openrouter-analytics",
	                 PAGE("false", "{'date__day':'2026-07-27','tokens_prompt':'5',"
	                               "'cached_tokens':'6'}"),
	                 FAULT_INVALID, "tokens_prompt: 5, and its parts are more: 6");
	jsonrows_refused("a row that is none", "openrouter-analytics", PAGE("false", "7"),
	                 FAULT_SYNTAX, "an element is no object");
}

/* --- openai --------------------------------------------------------------------------------- */

#define COMPLETIONS(more) OPENAI("usage.completions", ",'num_model_requests':5," more)

static const struct jsonrows_sample openai_usages[] = {
	/* 1000 - 400 - 100 - 50 - 50, as the sum of its parts says: text 400 */
	{ "modalities without the cached ones",
	  "openai-usage",
	  COMPLETIONS("'input_tokens':1000,'input_cached_tokens':400,"
	              "'input_cache_write_tokens':100,'input_text_tokens':400,"
	              "'input_audio_tokens':50,'input_image_tokens':50,"
	              "'input_cached_text_tokens':300,'input_cached_audio_tokens':50,"
	              "'input_cached_image_tokens':50,'output_tokens':500,"
	              "'output_audio_tokens':50,'output_image_tokens':60"),
	  { DAY " requests=5 input=400 input_audio=50 input_image=50 cache_read=300 "
	        "cache_read_audio=50 cache_read_image=50 cache_write=100 "
	        "output_audio=50 output_image=60 answer=500" } },
	/* text 800 + audio 200 = 1000: with the cached ones; 1000 - 300 - 200 + 100 */
	{ "modalities with the cached ones, as it was",
	  "openai-usage",
	  COMPLETIONS("'input_tokens':1000,'input_cached_tokens':300,"
	              "'input_text_tokens':800,'input_audio_tokens':200,"
	              "'input_cached_audio_tokens':100,'output_tokens':7"),
	  { DAY " requests=5 input=600 input_audio=100 cache_read=200 "
	        "cache_read_audio=100 answer=7" } },
	{ "names, and a batch",
	  "openai-usage",
	  COMPLETIONS("'input_tokens':9,'input_cached_tokens':2,'output_tokens':1,"
	              "'project_id':'proj','user_id':'u','api_key_id':'key',"
	              "'model':'gpt','batch':true,'service_tier':'default'"),
	  { DAY " account=proj key=key model=gpt tier=batch description=user_id=u "
	        "requests=5 input=7 "
	        "cache_read=2 answer=1" } },
	{ "nulls say nothing",
	  "openai-usage",
	  COMPLETIONS("'input_tokens':9,'input_cached_tokens':null,'output_tokens':1,"
	              "'project_id':null,'user_id':null,'api_key_id':null,'model':null,"
	              "'batch':null,'service_tier':null"),
	  { DAY " requests=5 prompt=9 answer=1" } },
	{ "embeddings are input alone",
	  "openai-usage",
	  OPENAI("usage.embeddings", ",'input_tokens':16,'num_model_requests':2"),
	  { DAY " requests=2 input=16" } },
	{ "images",
	  "openai-usage",
	  OPENAI("usage.images", ",'images':2,'num_model_requests':2,'size':'1024x1024'"),
	  { DAY " description=size=1024x1024 requests=2 images_out=2" } },
	{ "searches are no more requests",
	  "openai-usage",
	  OPENAI("usage.web_searches", ",'num_model_requests':2,'num_requests':3,"
	                               "'context_level':'medium'"),
	  { DAY " description=context_level=medium requests=0 searches=3" } },
	{ "bytes are no count of ours",
	  "openai-usage",
	  OPENAI("usage.vector_stores", ",'usage_bytes':1024,'project_id':'p'"),
	  { DAY " account=p description=bytes of vector stores fee requests=0" } },
	{ "an empty bucket",
	  "openai-usage",
	  "{'data':[{'object':'bucket','start_time':1,'end_time':2,'results':[]}]}",
	  { NULL } },
};

static void test_openai_usage(void **state)
{

	(void)state;
	CHECK(openai_usages);
	jsonrows_refused("cached is more than all of it", "openai-usage",
	                 COMPLETIONS("'input_tokens':9,'input_cached_tokens':10"), FAULT_INVALID,
	                 "results[0].input_tokens: 9, and its parts are more: 10");
	jsonrows_refused("cached audio is more than what was cached", "openai-usage",
	                 COMPLETIONS("'input_tokens':90,'input_cached_tokens':10,"
	                             "'input_cached_audio_tokens':11"),
	                 FAULT_INVALID, "input_cached_tokens: 10, and its audio");
	jsonrows_refused("more audio than can be added to the images", "openai-usage",
	                 COMPLETIONS("'input_tokens':9,'input_audio_tokens':9223372036854775807,"
	                             "'input_image_tokens':1"),
	                 FAULT_RANGE,
	                 "results[0].input_audio_tokens: 9223372036854775807 is no count");
	jsonrows_refused("a usage nobody knows", "openai-usage",
	                 OPENAI("usage.dreams", ",'dreams':1"), FAULT_INVALID,
	                 "organization.usage.dreams.result is no usage that is known");
	jsonrows_refused("no searches", "openai-usage",
	                 OPENAI("usage.web_searches", ",'num_model_requests':2"), FAULT_INVALID,
	                 "num_requests: it must be there");
	jsonrows_refused("no seconds", "openai-usage", OPENAI("usage.audio_transcriptions", ""),
	                 FAULT_INVALID, "seconds: it must be there");
	jsonrows_refused("no characters", "openai-usage", OPENAI("usage.audio_speeches", ""),
	                 FAULT_INVALID, "characters: it must be there");
	jsonrows_refused("no images", "openai-usage", OPENAI("usage.images", ""), FAULT_INVALID,
	                 "images: it must be there");
	jsonrows_refused("no tokens", "openai-usage", COMPLETIONS("'output_tokens':1"),
	                 FAULT_INVALID, "results[0].input_tokens: it must be there");
}

/* What no field has stands in the description, so that sums do not look the same: and is cut. */
static void test_what_tells_sums_apart(void **state)
{
	enum { LETTERS = 600, SHOWN = 251 }; /* 512 bytes: 9 in front, and 2 each */
	struct jsonrows rows;
	struct buf json = { .at = NULL }, due = { .at = NULL };

	(void)state;
	jsonrows_read(&rows, "openrouter-analytics",
	              jsonrows_quotes("{'data':{'data':[{'date__day':'2026-07-27','app':'a',"
	                              "'credits_usage':1},{'date__day':'2026-07-27','app':'b',"
	                              "'credits_usage':1}],'metadata':{}}}"));
	assert_int_equal(rows.r, 0);
	assert_true(text_is(rows.row[0].description, "app=a"));
	assert_true(text_is(rows.row[1].description, "app=b"));
	jsonrows_release(&rows);

	buf_add_cstr(&due, "user_id=x");
	for (int i = 0; i < SHOWN; i++)
		buf_add_cstr(&due, "\u00e9");
	buf_add_cstr(&json, jsonrows_quotes("{'data':[{'start_time':1,'end_time':2,'results':[{"
	                                    "'object':'organization.costs.result','amount':{"
	                                    "'value':1},'user_id':'x"));
	for (int i = 0; i < LETTERS; i++)
		buf_add_cstr(&json, "\u00e9");
	buf_add_cstr(&json, "\"}]}]}");
	jsonrows_read(&rows, "openai-costs", json.at);
	assert_int_equal(rows.r, 0);
	assert_true(text_equal(rows.row[0].description, buf_text(&due)));
	jsonrows_release(&rows);
	buf_release(&json);
	buf_release(&due);

	buf_add_cstr(&json, jsonrows_quotes("{'data':[{'start_time':1,'end_time':2,'results':[{"
	                                    "'object':'organization.costs.result','amount':{"
	                                    "'value':1},'user_id':'u','line_item':'"));
	for (int i = 0; i < LETTERS; i++)
		buf_add_cstr(&json, "y");
	buf_add_cstr(&json, "\"}]}]}");
	jsonrows_read(&rows, "openai-costs", json.at);
	assert_int_equal(rows.r, 0);
	assert_int_equal(rows.row[0].description.len, LETTERS);
	jsonrows_release(&rows);
	buf_release(&json);
}

static void test_buckets(void **state)
{
	struct jsonrows rows;

	(void)state;
	/* A day without requests tells no format; the one behind it does. */
	jsonrows_read(&rows, NULL,
	              jsonrows_quotes("{'data':[{'start_time':1,'end_time':2,'results':[]},"
	                              "{'start_time':1730419200,'end_time':1730505600,"
	                              "'results':[{'object':'organization.costs.result',"
	                              "'amount':{'value':1.23,'currency':'usd'}}]}]}"));
	assert_int_equal(rows.r, 0);
	assert_string_equal(rows.format, "openai-costs");
	assert_string_equal(rows.line[0], DAY " amount=1.23 decimals=2");
	jsonrows_release(&rows);
	jsonrows_refused("more pages follow", "openai-costs",
	                 "{'data':[],'has_more':true,'next_page':'p'}", FAULT_INVALID, "has_more");
	jsonrows_are("and then they do", "openai-costs",
	             "{'data':[],'has_more':true,'next_page':'p'}\n{'data':[],'has_more':false}",
	             (const char *const[]){ NULL });
	jsonrows_refused("its end is before it begins", "openai-usage",
	                 "{'data':[{'start_time':1730505600,'end_time':1730419200,'results':[]}]}",
	                 FAULT_INVALID, "end_time: it is not behind start_time");
	jsonrows_refused("and no time at all between them", "anthropic-cost",
	                 "{'data':[{'starting_at':'2024-11-01T00:00:00Z',"
	                 "'ending_at':'2024-11-01T00:00:00Z','results':[]}]}",
	                 FAULT_INVALID, "ending_at: it is not behind starting_at");
	jsonrows_refused("no end", "openai-costs", "{'data':[{'start_time':1,'results':[]}]}",
	                 FAULT_INVALID, "end_time: it must be there");
	jsonrows_refused("a negative time", "openai-costs",
	                 "{'data':[{'start_time':-1,'end_time':1,'results':[]}]}", FAULT_SYNTAX,
	                 "start_time: -1 is no time");
	jsonrows_refused("milliseconds", "openai-costs",
	                 "{'data':[{'start_time':1730419200000,'end_time':1730505600000,"
	                 "'results':[]}]}",
	                 FAULT_SYNTAX, "start_time: 1730419200000 is no time");
	jsonrows_refused("no results", "openai-costs", "{'data':[{'start_time':1,'end_time':2}]}",
	                 FAULT_INVALID, "results: a list is due");
	jsonrows_refused("a result that is none", "openai-costs",
	                 "{'data':[{'start_time':1,'end_time':2,'results':[3]}]}", FAULT_INVALID,
	                 "results[0]: an object is due");
}

#define COST(item, more)                                                                           \
	OPENAI("costs", ",'amount':{'value':2,'currency':'usd'},'line_item':'" item "'" more)
#define COSTS DAY " "
#define TWO   " amount=2.00 decimals=0"

static const struct jsonrows_sample line_items[] = {
	{ "input",
	  "openai-costs",
	  COST("gpt-5, input", ",'project_id':'p','api_key_id':'k','quantity':10000,"
	                       "'quantity_unit':'tokens'"),
	  { COSTS "account=p key=k model=gpt-5 description=gpt-5, input input=10000 "
	          "of=input" TWO } },
	{ "cached input is not input",
	  "openai-costs",
	  COST("gpt-5, cached input", ""),
	  { COSTS "model=gpt-5 description=gpt-5, cached input of=cache_read" TWO } },
	/* with its reasoning: the whole of the answer */
	{ "output",
	  "openai-costs",
	  COST("gpt-5, output", ",'quantity':500.0"),
	  { COSTS "model=gpt-5 description=gpt-5, output answer=500 of=output" TWO } },
	{ "a tier, and a long context",
	  "openai-costs",
	  COST("priority | gpt-5, output, long context", ""),
	  { COSTS "model=gpt-5 tier=priority description=priority | gpt-5, output, long "
	          "context of=output" TWO } },
	{ "audio",
	  "openai-costs",
	  COST("gpt-audio audio, input", ",'quantity':7"),
	  { COSTS "model=gpt-audio description=gpt-audio audio, input input_audio=7 "
	          "of=input_audio" TWO } },
	{ "images",
	  "openai-costs",
	  COST("gpt-image image, output", ",'quantity':7"),
	  { COSTS "model=gpt-image description=gpt-image image, output output_image=7 "
	          "of=output_image" TWO } },
	{ "text of a model of images",
	  "openai-costs",
	  COST("gpt-image text, cached input", ""),
	  { COSTS "model=gpt-image description=gpt-image text, cached input "
	          "of=cache_read" TWO } },
	{ "cache writes",
	  "openai-costs",
	  COST("gpt-5, cache writes", ""),
	  { COSTS "model=gpt-5 description=gpt-5, cache writes of=cache_write" TWO } },
	{ "a component without a model",
	  "openai-costs",
	  COST("input_tokens", ",'quantity':3,'quantity_unit':'tokens'"),
	  { COSTS "description=input_tokens input=3 of=input" TWO } },
	{ "a model alone",
	  "openai-costs",
	  COST("gpt-4o", ""),
	  { COSTS "model=gpt-4o description=gpt-4o" TWO } },
	{ "a tool is a fee",
	  "openai-costs",
	  COST("web search tool calls", ""),
	  { COSTS "description=web search tool calls fee of=searches" TWO } },
	{ "of the assistants as well",
	  "openai-costs",
	  COST("assistants api | file search", ""),
	  { COSTS "description=assistants api | file search fee" TWO } },
	{ "and has no tier",
	  "openai-costs",
	  COST("batch | a kind of storage", ""),
	  { COSTS "description=batch | a kind of storage fee" TWO } },
	{ "of another unit nothing is counted",
	  "openai-costs",
	  COST("gpt-5, input", ",'quantity':0.5,'quantity_unit':'GB'"),
	  { COSTS "model=gpt-5 description=gpt-5, input of=input" TWO } },
	{ "nulls say nothing",
	  "openai-costs",
	  OPENAI("costs", ",'amount':{'value':2,'currency':'usd'},'line_item':null,"
	                  "'project_id':null,'api_key_id':null,'quantity':null,"
	                  "'quantity_unit':null"),
	  { COSTS "amount=2.00 decimals=0" } },
};

static void test_openai_line_items(void **state)
{

	(void)state;
	CHECK(line_items);
	jsonrows_refused("no amount", "openai-costs", OPENAI("costs", ",'amount':null"),
	                 FAULT_INVALID, "results[0].amount.value: it must be there");
	jsonrows_refused("a quantity that is negative", "openai-costs",
	                 COST("gpt-5, input", ",'quantity':-1"), FAULT_INVALID,
	                 "quantity: -1 is no count");
	jsonrows_refused("a currency that is none", "openai-costs",
	                 OPENAI("costs", ",'amount':{'value':2,'currency':'dollars'}"),
	                 FAULT_INVALID, "dollars is no currency");
	jsonrows_refused("nor are three signs", "openai-costs",
	                 OPENAI("costs", ",'amount':{'value':2,'currency':'US$'}"), FAULT_INVALID,
	                 "US$ is no currency");
}

/* --- anthropic ------------------------------------------------------------------------------ */

static void test_anthropic_usage(void **state)
{
	static const struct jsonrows_sample samples[] = {
		{ "disjoint counts",
		  "anthropic-usage",
		  ANTHROPIC("{" SEARCHED ",'output_tokens':500,'server_tool_use':"
		            "{'web_search_requests':10},'model':'claude','workspace_id':'w',"
		            "'api_key_id':'k','service_tier':'standard','context_window':"
		            "'0-200k','inference_geo':'us'}"),
		  { DAY " account=w key=k model=claude tier=standard "
		        "description=context_window=0-200k inference_geo=us "
		        "input=1500 cache_read=200 cache_write_5m=500 cache_write_1h=1000 "
		        "searches=10 answer=500" } },
		{ "nulls, and a fast mode",
		  "anthropic-usage",
		  ANTHROPIC("{" SEARCHED ",'output_tokens':0,'server_tool_use':null,"
		            "'model':null,'workspace_id':null,'api_key_id':null,"
		            "'service_tier':'standard','speed':'fast','requests':8}"),
		  { DAY " tier=fast requests=8 input=1500 cache_read=200 cache_write_5m=500 "
		        "cache_write_1h=1000 answer=0" } },
		{ "several results, of an hour",
		  "anthropic-usage",
		  "{'data':[{'starting_at':'2024-11-01T05:00:00Z','ending_at':"
		  "'2024-11-01T06:00:00Z','results':[{" SEARCHED ",'output_tokens':1},"
		  "{" SEARCHED ",'output_tokens':2}]}],'has_more':false}",
		  { "2024-11-01T05:00:00.000Z +1h input=1500 cache_read=200 cache_write_5m=500 "
		    "cache_write_1h=1000 answer=1",
		    "2024-11-01T05:00:00.000Z +1h input=1500 cache_read=200 cache_write_5m=500 "
		    "cache_write_1h=1000 answer=2" } },
	};

	(void)state;
	CHECK(samples);
	jsonrows_refused("no count of what was written", "anthropic-usage",
	                 ANTHROPIC("{'uncached_input_tokens':1,'cache_read_input_tokens':1,"
	                           "'output_tokens':1}"),
	                 FAULT_INVALID, "cache_creation.ephemeral_5m_input_tokens: it must");
	jsonrows_refused("a count that is null", "anthropic-usage",
	                 ANTHROPIC("{" SEARCHED ",'output_tokens':null}"), FAULT_INVALID,
	                 "results[0].output_tokens: it must be there");
}

static void test_anthropic_cost(void **state)
{
	static const struct jsonrows_sample samples[] = {
		{ "a component",
		  "anthropic-cost",
		  ANTHROPIC("{'amount':'150','currency':'USD','cost_type':'tokens','token_type':"
		            "'cache_creation.ephemeral_1h_input_tokens','model':'claude',"
		            "'service_tier':'batch','workspace_id':'w','description':'D',"
		            "'context_window':'0-200k','inference_geo':'global'}"),
		  { DAY " account=w model=claude tier=batch description=D context_window=0-200k "
		        "inference_geo=global of=cache_write_1h "
		        "amount=1.50 decimals=1" } },
		{ "each token type",
		  "anthropic-cost",
		  ANTHROPIC("{'amount':'1','currency':'USD','cost_type':'tokens','token_type':"
		            "'uncached_input_tokens'},{'amount':'1','currency':'USD',"
		            "'cost_type':'tokens','token_type':'output_tokens'},{'amount':'1',"
		            "'currency':'USD','cost_type':'tokens','token_type':"
		            "'cache_read_input_tokens'},{'amount':'1','currency':'USD',"
		            "'cost_type':'tokens','token_type':"
		            "'cache_creation.ephemeral_5m_input_tokens'}"),
		  { DAY " of=input amount=0.01 decimals=2", DAY " of=output amount=0.01 decimals=2",
		    DAY " of=cache_read amount=0.01 decimals=2",
		    DAY " of=cache_write_5m amount=0.01 decimals=2" } },
		{ "searches and code are fees",
		  "anthropic-cost",
		  ANTHROPIC("{'amount':'1','currency':'USD','cost_type':'web_search'},"
		            "{'amount':'1','currency':'USD','cost_type':'code_execution',"
		            "'description':'C'},{'amount':'1','currency':'USD','cost_type':"
		            "'telepathy'}"),
		  { DAY " description=web_search fee of=searches amount=0.01 decimals=2",
		    DAY " description=C fee amount=0.01 decimals=2",
		    DAY " description=telepathy fee amount=0.01 decimals=2" } },
		/* 200 - 150 cents */
		{ "a discount",
		  "anthropic-cost",
		  ANTHROPIC("{'amount':'150','list_amount':'200','currency':'USD',"
		            "'requests':null,'product':'chat'}"),
		  { DAY " description=product=chat amount=1.50 list_amount=2.00 discount=0.50 "
		        "decimals=1" } },
		{ "nulls say nothing",
		  "anthropic-cost",
		  ANTHROPIC("{'amount':'150','currency':'USD','cost_type':null,'token_type':null,"
		            "'model':null,'service_tier':null,'workspace_id':null,"
		            "'description':null,'context_window':null}"),
		  { DAY " amount=1.50 decimals=1" } },
		{ "a credit",
		  "anthropic-cost",
		  ANTHROPIC("{'amount':'-1','currency':'USD'}"),
		  { DAY " credit amount=-0.01 decimals=2" } },
	};
	struct jsonrows rows;

	(void)state;
	CHECK(samples);
	jsonrows_refused("no currency", "anthropic-cost", ANTHROPIC("{'amount':'1'}"),
	                 FAULT_INVALID, "results[0].currency: it must be there");
	jsonrows_refused("an amount that is none", "anthropic-cost",
	                 ANTHROPIC("{'amount':'$1.23','currency':'USD'}"), FAULT_SYNTAX,
	                 "results[0].amount: $1.23 is no amount");
	jsonrows_read(&rows, "anthropic-cost",
	              jsonrows_quotes(ANTHROPIC("{'amount':'1','currency':'USD',"
	                                        "'cost_type':'telepathy'}")));
	assert_int_equal(rows.r, 0);
	assert_non_null(strstr(rows.notes, "cost_type \"telepathy\": taken as a fee"));
	jsonrows_release(&rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_dollar_and_23_cents_in_each_unit),
		cmocka_unit_test(test_a_total_beside_cents_is_of_cents),
		cmocka_unit_test(test_amounts_however_they_are_written),
		cmocka_unit_test(test_openrouter_activity),
		cmocka_unit_test(test_openrouter_generation),
		cmocka_unit_test(test_openrouter_analytics),
		cmocka_unit_test(test_openai_usage),
		cmocka_unit_test(test_buckets),
		cmocka_unit_test(test_what_tells_sums_apart),
		cmocka_unit_test(test_openai_line_items),
		cmocka_unit_test(test_anthropic_usage),
		cmocka_unit_test(test_anthropic_cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
