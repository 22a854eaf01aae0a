#include "tests/support/envelope_rows.h"

#define CLOUD   "{'specversion':'1.0','id':'e1','source':'svc','type':'prompt','subject':'acme',"
#define CLOUD_T CLOUD "'time':'2026-01-01T00:00:00Z',"
#define AT      "2026-01-01T00:00:00.000Z"
#define PAYLOAD                                                                                    \
	"{'id':'c1','startTime':1767225600.25,'endTime':1767225601.5,'model':'gpt-x',"             \
	"'custom_llm_provider':'openai','response_cost':0.1,'status':'success',"
#define SPEND                                                                                      \
	"{'request_id':'r1','startTime':'2026-01-01 00:00:00','endTime':'2026-01-01 00:00:01',"    \
	"'model':'gpt-x','spend':2.5e-06,"
#define ENVOY                                                                                      \
	"{'x-request-id':'q1','start_time':'2026-01-01T00:00:00Z','response_code':200,"            \
	"'gen_ai.request.model':'m',"
#define KONG "{'request':{'id':'k1'},'started_at':1767225600000,'response':{'status':200},"
#define SPAN "{'traceId':'t1','spanId':'s1','startTimeUnixNano':'1767225600000000000',"

const struct envelope_row envelope_rows[] = {
	/* CloudEvents */
	{ "an event line's members in data", "cloudevents",
	  CLOUD_T "'data':{'model':'m','api':'anthropic.messages','status':200,"
	          "'usage':{'input_tokens':5,'output_tokens':6,'cache_read_input_tokens':7}}}",
	  "e1 svc " AT " acme m anthropic.messages input=5 cache_read=7 output=6 status=200" },
	{ "OpenMeter's tokens of a type, as a string", "cloudevents",
	  CLOUD_T "'data':{'model':'gpt-4','tokens':'123','type':'input'}}",
	  "e1 svc " AT " acme gpt-4 toll input=123" },
	{ "the other half of a request has no fee of its own", "cloudevents",
	  CLOUD_T "'data':{'model':'gpt-4','tokens':45,'type':'output'}}",
	  "e1 svc " AT " acme gpt-4 toll output=45 requests=0" },
	{ "tokens of nothing", "cloudevents", CLOUD_T "'data':{'model':'gpt-4','tokens':45}}",
	  "missing: cloudevents: data.type says what the tokens are, input or output; it is "
	  "\"\"" },
	{ "tokens of something else", "cloudevents",
	  CLOUD_T "'data':{'model':'gpt-4','tokens':45,'type':'system'}}",
	  "missing: cloudevents: data.type says what the tokens are, input or output; it is "
	  "\"system\"" },
	{ "tokens that are no count", "cloudevents",
	  CLOUD_T "'data':{'model':'gpt-4','tokens':'4.5','type':'input'}}",
	  "type: usage: input: a number is due" },
	{ "counters beside the model", "cloudevents",
	  CLOUD_T "'data':{'model':'m','input_tokens':100,'output_tokens':20,"
	          "'cached_input_tokens':60,'reasoning_tokens':5,'duration':'12'}}",
	  "e1 svc " AT " acme m openai.chat input=40 cache_read=60 output=15 reasoning=5" },
	{ "two names of one counter that differ", "cloudevents",
	  CLOUD_T "'data':{'model':'m','input_tokens':100,'prompt_tokens':101}}",
	  "identity: cloudevents: prompt_tokens and input_tokens differ" },
	{ "a usage needs its shape", "cloudevents",
	  CLOUD_T "'data':{'model':'m','usage':{'prompt_tokens':1}}}", "missing: api is missing" },
	{ "data_base64 of JSON", "cloudevents",
	  /* {"model":"m","tokens":7,"type":"input"} */
	  CLOUD_T "'data_base64':'eyJtb2RlbCI6Im0iLCJ0b2tlbnMiOjcsInR5cGUiOiJpbnB1dCJ9'}",
	  "e1 svc " AT " acme m toll input=7" },
	{ "data_base64 of something else", "cloudevents", CLOUD_T "'data_base64':'AAEC'}",
	  "type: cloudevents: data: an object is due" },
	{ "data_base64 that is none", "cloudevents", CLOUD_T "'data_base64':'?'}",
	  "type: cloudevents: data: an object is due" },
	{ "data that is text", "cloudevents", CLOUD_T "'data':'hello'}",
	  "type: cloudevents: data: an object is due" },
	{ "no data", "cloudevents", CLOUD_T "'datacontenttype':'application/json'}",
	  "type: cloudevents: data: an object is due" },
	{ "no subject", "cloudevents",
	  "{'specversion':'1.0','id':'e1','source':'svc','type':'t','time':'2026-01-01T00:00:00Z',"
	  "'data':{'model':'m','tokens':1,'type':'input'}}",
	  "missing: account is missing" },
	{ "no time: nobody knows the price", "cloudevents",
	  CLOUD "'data':{'model':'m','tokens':1,'type':'input'}}", "missing: time is missing" },
	{ "a batch, and what is none of it does not hold up the rest", "cloudevents",
	  "[" CLOUD_T "'data':{'model':'m','tokens':1,'type':'input'}},{'id':'x'}," CLOUD_T
	  "'data':{'path':'/hello'}}]",
	  "e1 svc " AT " acme m toll input=1\n"
	  "foreign: cloudevents: an element of the batch is something else\n"
	  "foreign: cloudevents: data has no model: type \"prompt\" is no request to one" },
	{ "a name that somebody typed is no form", NULL,
	  "{'id':'1','type':'cloudevents','source':'kong.ai','envelope':'otel.genai'}",
	  "no envelope" },
	{ "an empty batch", NULL, "[]", "no envelope" },

	/* LiteLLM */
	{ "the cache is inside of the prompt for every provider, split by its life",
	  "litellm.payload",
	  PAYLOAD "'call_type':'acompletion','metadata':{'user_api_key_team_id':'team',"
	          "'user_api_key_org_id':'org','usage_object':{'prompt_tokens':1000,"
	          "'completion_tokens':50,'total_tokens':1050,'cache_creation_input_tokens':300,"
	          "'cache_read_input_tokens':600,'prompt_tokens_details':{'cached_tokens':600,"
	          "'cache_creation_tokens':300,'cache_creation_token_details':"
	          "{'ephemeral_5m_input_tokens':100,'ephemeral_1h_input_tokens':200}},"
	          "'completion_tokens_details':{'reasoning_tokens':20},"
	          "'server_tool_use':{'web_search_requests':2}}}}",
	  "c1 litellm.payload 2026-01-01T00:00:00.250Z team gpt-x litellm.chat input=100 "
	  "cache_read=600 cache_write_5m=100 cache_write_1h=200 output=30 reasoning=20 searches=2 "
	  "status=200" },
	{ "an answer out of the cache used nothing", "litellm.payload",
	  PAYLOAD "'call_type':'acompletion','cache_hit':true,'prompt_tokens':10,"
	          "'completion_tokens':20,'total_tokens':30,'metadata':{'usage_object':"
	          "{'prompt_tokens':10,'completion_tokens':20,'total_tokens':30}}}",
	  "c1 litellm.payload 2026-01-01T00:00:00.250Z unassigned gpt-x litellm.chat status=200" },
	{ "the response's own words where there are no others", "litellm.payload",
	  PAYLOAD "'call_type':'aresponses','metadata':{'user_api_key_org_id':'org'},"
	          "'response':{'usage':{'input_tokens':9,'output_tokens':4,'total_tokens':13}}}",
	  "c1 litellm.payload 2026-01-01T00:00:00.250Z org gpt-x openai.responses input=9 output=4 "
	  "status=200" },
	{ "searches that stand in the output alone", "litellm.payload",
	  PAYLOAD "'call_type':'aresponses','metadata':{'user_api_key_org_id':'org'},"
	          "'response':{'output':[{'type':'web_search_call','action':{'type':'search'}},"
	          "{'type':'web_search_call','action':{'type':'open_page'}},{'type':'message'}],"
	          "'usage':{'input_tokens':9,'output_tokens':4,'total_tokens':13}}}",
	  "c1 litellm.payload 2026-01-01T00:00:00.250Z org gpt-x openai.responses input=9 output=4 "
	  "searches=1 status=200" },
	{ "the same beside LiteLLM's own words", "litellm.payload",
	  PAYLOAD "'call_type':'aresponses','metadata':{'user_api_key_org_id':'org','usage_object':"
	          "{'prompt_tokens':9,'completion_tokens':4,'total_tokens':13}},"
	          "'response':{'output':[{'type':'web_search_call'},{'type':'web_search_call'}]}}",
	  "c1 litellm.payload 2026-01-01T00:00:00.250Z org gpt-x litellm.chat input=9 output=4 "
	  "searches=2 status=200" },
	{ "the same, and a null where its words would be", "litellm.payload",
	  PAYLOAD "'call_type':'aresponses','metadata':{'user_api_key_org_id':'org','usage_object':"
	          "{'prompt_tokens':9,'completion_tokens':4,'server_tool_use':null,"
	          "'total_tokens':13}},'response':{'output':[{'type':'web_search_call'}]}}",
	  "c1 litellm.payload 2026-01-01T00:00:00.250Z org gpt-x litellm.chat input=9 output=4 "
	  "searches=1 status=200" },
	{ "searches that its words tell are not counted again", "litellm.payload",
	  PAYLOAD "'call_type':'aresponses','metadata':{'user_api_key_org_id':'org','usage_object':"
	          "{'prompt_tokens':9,'completion_tokens':4,'total_tokens':13,"
	          "'prompt_tokens_details':{'web_search_requests':1}}},"
	          "'response':{'output':[{'type':'web_search_call'}]}}",
	  "c1 litellm.payload 2026-01-01T00:00:00.250Z org gpt-x litellm.chat input=9 output=4 "
	  "searches=1 status=200" },
	{ "anthropic_messages begins with an a of its own", "litellm.payload",
	  PAYLOAD "'call_type':'anthropic_messages','metadata':{'user_api_key_user_id':'u'},"
	          "'response':{'usage':{'input_tokens':9,'output_tokens':4,"
	          "'cache_read_input_tokens':90}}}",
	  "c1 litellm.payload 2026-01-01T00:00:00.250Z u gpt-x anthropic.messages input=9 "
	  "cache_read=90 output=4 status=200" },
	{ "the counters beside the rest", "litellm.payload",
	  PAYLOAD "'call_type':'aembedding','prompt_tokens':8,'completion_tokens':0,"
	          "'total_tokens':8,'end_user':'eve','metadata':{}}",
	  "c1 litellm.payload 2026-01-01T00:00:00.250Z eve gpt-x litellm.chat input=8 "
	  "status=200" },
	{ "a failure with its code", "litellm.payload",
	  "{'id':'c1','startTime':1767225600,'model':'gpt-x','call_type':'acompletion',"
	  "'status':'failure','error_information':{'error_code':'429'},'total_tokens':0,"
	  "'prompt_tokens':0,'completion_tokens':0,'metadata':{}}",
	  "c1 litellm.payload " AT " unassigned gpt-x litellm.chat requests=0 status=429" },
	{ "a failure without one", "litellm.payload",
	  "{'id':'c1','startTime':1767225600,'model':'gpt-x','call_type':'acompletion',"
	  "'status':'failure','error_information':{'error_code':''},'metadata':{}}",
	  "c1 litellm.payload " AT " unassigned gpt-x litellm.chat requests=0 status=500" },
	{ "reading a response again is no request to a model", "litellm.payload",
	  PAYLOAD "'call_type':'aget_responses','total_tokens':30,'metadata':{}}",
	  "foreign: litellm.payload: aget_responses is no request to a model" },
	{ "zero tokens of speech say nothing", "litellm.payload",
	  PAYLOAD "'call_type':'aspeech','total_tokens':0,'prompt_tokens':0,"
	          "'completion_tokens':0,'metadata':{'usage_object':{'prompt_tokens':0,"
	          "'completion_tokens':0,'total_tokens':0}}}",
	  "missing: usage is missing" },
	{ "zero tokens of a chat are zero", "litellm.payload",
	  PAYLOAD "'call_type':'acompletion','total_tokens':0,'prompt_tokens':0,"
	          "'completion_tokens':0,'metadata':{'usage_object':{'prompt_tokens':0,"
	          "'completion_tokens':0,'total_tokens':0}}}",
	  "c1 litellm.payload 2026-01-01T00:00:00.250Z unassigned gpt-x litellm.chat status=200" },
	{ "a row with its metadata in a string", "litellm.spend",
	  SPEND "'call_type':'acompletion','team_id':'','organization_id':'org','user':'u',"
	        "'cache_hit':'False','metadata':'{\\'usage_object\\':{\\'prompt_tokens\\':100,"
	        "\\'completion_tokens\\':5,\\'prompt_tokens_details\\':{\\'cached_tokens\\':90}}}',"
	        "'prompt_tokens':100,'completion_tokens':5,'total_tokens':105}",
	  "r1 litellm.spend " AT " org gpt-x litellm.chat input=10 cache_read=90 output=5" },
	{ "a row with its metadata as an object", "litellm.spend",
	  SPEND "'call_type':'acompletion','user':'u','metadata':{'usage_object':"
	        "{'prompt_tokens':100,'completion_tokens':5},'status':'failure',"
	        "'error_information':{'error_code':'503'}}}",
	  "r1 litellm.spend " AT " u gpt-x litellm.chat input=100 output=5 requests=0 "
	  "status=503" },
	{ "a row whose metadata is no JSON", "litellm.spend",
	  SPEND "'call_type':'acompletion','metadata':'{NaN','prompt_tokens':1,"
	        "'completion_tokens':2,'total_tokens':3}",
	  "r1 litellm.spend " AT " unassigned gpt-x litellm.chat input=1 output=2" },
	{ "a row that was answered out of the cache", "litellm.spend",
	  SPEND "'call_type':'acompletion','cache_hit':'True','prompt_tokens':1,"
	        "'completion_tokens':2,'total_tokens':3,'metadata':'{}'}",
	  "r1 litellm.spend " AT " unassigned gpt-x litellm.chat" },
	{ "a row of a tool", "litellm.spend", SPEND "'call_type':'call_mcp_tool','metadata':'{}'}",
	  "foreign: litellm.spend: call_mcp_tool is no request to a model" },
	{ "a time that is none is shown", "litellm.spend",
	  "{'request_id':'r1','startTime':'yesterday','model':'m','spend':0,"
	  "'call_type':'acompletion','prompt_tokens':1,'total_tokens':1}",
	  "time: time: yesterday is not like 2026-11-22T08:00:00.123Z" },

	/* Envoy AI Gateway */
	{ "cached, written and reasoned", "envoy.ai",
	  ENVOY "'x-tenant-id':'acme','gen_ai.usage.input_tokens':100,"
	        "'gen_ai.usage.cached_input_tokens':60,'gen_ai.usage.output_tokens':9,"
	        "'gen_ai.usage.cache_creation_input_tokens':10,"
	        "'gen_ai.usage.reasoning_tokens':4}",
	  "q1 envoy.ai " AT " acme m openai.chat input=30 cache_read=60 cache_write=10 output=5 "
	  "reasoning=4 status=200" },
	{ "a counter that no table names warns", "envoy.ai",
	  ENVOY "'gen_ai.usage.input_tokens':1,'gen_ai.usage.output_tokens':2,"
	        "'gen_ai.usage.image_tokens':3}",
	  "q1 envoy.ai " AT " unassigned m openai.chat input=1 output=2 "
	  "?gen_ai.usage.image_tokens status=200" },
	{ "a request without counts is held back", "envoy.ai",
	  ENVOY "'gen_ai.usage.input_tokens':null,'gen_ai.usage.output_tokens':null}",
	  "missing: usage is missing" },
	{ "a client that went away", "envoy.ai",
	  ENVOY "'gen_ai.usage.input_tokens':null,'response_flags':'DC'}",
	  "q1 envoy.ai " AT " unassigned m openai.chat status=200" },
	{ "an MCP call", "envoy.ai",
	  "{'x-request-id':'q2','start_time':'2026-01-01T00:00:00Z','response_code':200,"
	  "'gen_ai.request.model':null,'gen_ai.usage.input_tokens':null,"
	  "'mcp.method.name':'tools/list'}",
	  "foreign: envoy.ai: an MCP call (tools/list): no model and no usage in it" },
	{ "neither model nor usage", "envoy.ai",
	  "{'x-request-id':'q2','response_code':404,'gen_ai.request.model':null}",
	  "foreign: envoy.ai: no model and no usage in it" },

	/* Kong */
	{ "the names of 3.x, two plugins", "kong.ai",
	  KONG "'consumer':{'username':'acme'},'ai':{'payload':{'request':'x'},"
	       "'ai-proxy':{'usage':{'prompt_token':28,'completion_token':20,"
	       "'total_tokens':48,'cost':0.0038,'time_per_token':133},"
	       "'meta':{'request_model':'command','provider_name':'cohere'}},"
	       "'ai-request-transformer':{'usage':{'prompt_token':89,'completion_token':56,"
	       "'total_tokens':145},'meta':{'request_model':'gpt-35-turbo'}}}}",
	  "k1/ai-proxy kong.ai " AT " acme command openai.chat input=28 output=20 status=200\n"
	  "k1/ai-request-transformer kong.ai " AT
	  " acme gpt-35-turbo openai.chat input=89 output=56 status=200" },
	{ "an unknown counter of a plugin warns", "kong.ai",
	  KONG "'ai':{'proxy':{'usage':{'prompt_tokens':1,'cached_tokens':0,'new_tokens':4},"
	       "'meta':{'response_model':'m2'}}}}",
	  "k1 kong.ai " AT " unassigned m2 openai.chat input=1 ?new_tokens status=200" },
	{ "the names of both versions with other numbers", "kong.ai",
	  KONG "'ai':{'proxy':{'usage':{'prompt_tokens':1,'prompt_token':2},"
	       "'meta':{'request_model':'m'}}}}",
	  "identity: kong.ai: prompt_tokens and prompt_token differ" },
	{ "a semantic cache that hit", "kong.ai",
	  KONG "'ai':{'proxy':{'usage':{'prompt_tokens':1,'completion_tokens':1},"
	       "'cache':{'cache_status':'Hit'},'meta':{'request_model':'m'}}}}",
	  "k1 kong.ai " AT " unassigned m openai.chat status=200" },
	{ "a plugin without counts", "kong.ai",
	  KONG "'ai':{'proxy':{'meta':{'request_model':'m','provider_name':'x'}}}}",
	  "missing: usage is missing" },
	{ "a request without a plugin of AI", NULL, KONG "'ai':{'payload':{'request':'x'}}}",
	  "no envelope" },

	/* OpenTelemetry */
	{ "OTLP, new names, and the span of the server is passed over", "otel.genai",
	  "{'resourceSpans':[{'resource':{'attributes':[{'key':'service.name','value':"
	  "{'stringValue':'shop'}}]},'scopeSpans':[{'spans':[" SPAN
	  "'name':'chat','endTimeUnixNano':'1767225601500000000','status':{'code':1},"
	  "'attributes':[{'key':'gen_ai.operation.name','value':{'stringValue':'chat'}},"
	  "{'key':'gen_ai.request.model','value':{'stringValue':'m'}},"
	  "{'key':'user.id','value':{'stringValue':'u1'}},"
	  "{'key':'gen_ai.response.finish_reasons','value':{'arrayValue':{'values':"
	  "[{'stringValue':'stop'}]}}},"
	  "{'key':'gen_ai.usage.input_tokens','value':{'intValue':'100'}},"
	  "{'key':'gen_ai.usage.output_tokens','value':{'intValue':30}},"
	  "{'key':'gen_ai.usage.cache_read.input_tokens','value':{'intValue':'40'}},"
	  "{'key':'gen_ai.usage.cache_creation.input_tokens','value':{'intValue':'50'}},"
	  "{'key':'gen_ai.usage.reasoning.output_tokens','value':{'doubleValue':12.0}}]},"
	  "{'traceId':'t1','spanId':'s2','name':'GET /','attributes':[{'key':"
	  "'http.request.method','value':{'stringValue':'GET'}}]}]}]}]}",
	  "t1/s1 shop " AT
	  " u1 m openai.chat input=10 cache_read=40 cache_write=50 output=18 reasoning=12" },
	{ "old names, two spans of two scopes", "otel.genai",
	  "{'resourceSpans':[{'scopeSpans':[{'spans':[" SPAN
	  "'attributes':[{'key':'gen_ai.response.model','value':{'stringValue':'m'}},"
	  "{'key':'gen_ai.usage.prompt_tokens','value':{'intValue':'1'}},"
	  "{'key':'gen_ai.usage.completion_tokens','value':{'intValue':'2'}}]}]},"
	  "{'spans':[{'traceId':'t1','spanId':'s2','startTimeUnixNano':1767225600000000000,"
	  "'attributes':[{'key':'gen_ai.request.model','value':{'stringValue':'n'}},"
	  "{'key':'llm.usage.prompt_tokens','value':{'intValue':'3'}}]}]}]}]}",
	  "t1/s1 otel.genai " AT " unassigned m openai.chat input=1 output=2\n"
	  "t1/s2 otel.genai " AT " unassigned n openai.chat input=3" },
	{ "an agent repeats what its requests used", "otel.genai",
	  "{'resourceSpans':[{'scopeSpans':[{'spans':[" SPAN
	  "'attributes':[{'key':'gen_ai.operation.name','value':{'stringValue':'invoke_agent'}},"
	  "{'key':'gen_ai.usage.input_tokens','value':{'intValue':'9'}}]}]}]}]}",
	  "foreign: otel.genai: no request to a model in it" },
	{ "a span a line, attributes as an object", "otel.genai",
	  "{'context':{'trace_id':'0xab','span_id':'0xcd'},'start_time':"
	  "'2026-01-01T00:00:00.000000Z','end_time':'2026-01-01T00:00:01.000000Z',"
	  "'status':{'status_code':'ERROR'},'attributes':{'gen_ai.request.model':'m',"
	  "'gen_ai.usage.input_tokens':4},'resource':{'attributes':{'service.name':'svc'}}}",
	  "ab/cd svc " AT " unassigned m openai.chat input=4 requests=0 status=500" },
	{ "a failure without counts", "otel.genai",
	  SPAN "'status':{'code':2},'attributes':{'gen_ai.request.model':'m',"
	       "'error.type':'429'}}",
	  "t1/s1 otel.genai " AT " unassigned m openai.chat requests=0 status=429" },
	{ "a request without counts", "otel.genai",
	  SPAN "'attributes':{'gen_ai.request.model':'m'}}", "missing: usage is missing" },
	{ "an HTTP span", "otel.genai", SPAN "'attributes':{'http.request.method':'GET'}}",
	  "foreign: otel.genai: no request to a model in it" },
	{ "a count that is a fraction", "otel.genai",
	  SPAN "'attributes':{'gen_ai.request.model':'m','gen_ai.usage.input_tokens':4.5}}",
	  "count: usage: prompt_tokens: 4.5 is no count" },
	{ "a count that is none at all", "otel.genai",
	  SPAN "'attributes':{'gen_ai.request.model':'m','gen_ai.usage.input_tokens':{'a':1}}}",
	  "type: usage: prompt_tokens: a number is due" },
	{ "more cached than the prompt has", "otel.genai",
	  SPAN "'attributes':{'gen_ai.request.model':'m','gen_ai.usage.input_tokens':4,"
	       "'gen_ai.usage.cache_read.input_tokens':40}}",
	  "t1/s1 otel.genai 2026-01-01T00:00:00.000Z unassigned m openai.chat input=4 "
	  "cache_read=40" },
};

const size_t envelope_row_count = sizeof(envelope_rows) / sizeof(envelope_rows[0]);
