#include "tests/support/format_rows.h"

#define CHAT      "openai.chat"
#define RESPONSES "openai.responses"
#define EMBED     "openai.embeddings"
#define ANTHROPIC "anthropic.messages"
#define GOOGLE    "google.generate"
#define TOLL      "toll"

const struct format_row format_rows[] = {
	{ "prompt and completion", CHAT,
	  "{'prompt_tokens':1000,'completion_tokens':200,'total_tokens':1200}",
	  "input=1000 output=200", OBJECT, NULL },
	{ "cached is taken out of input", CHAT,
	  "{'prompt_tokens':1000,'completion_tokens':200,'total_tokens':1200,"
	  "'prompt_tokens_details':{'cached_tokens':600}}",
	  "input=400 cache_read=600 output=200", OBJECT, NULL },
	{ "cache write is taken out of input", CHAT,
	  "{'prompt_tokens':1000,'completion_tokens':0,"
	  "'prompt_tokens_details':{'cached_tokens':600,'cache_write_tokens':300}}",
	  "input=100 cache_read=600 cache_write=300", OBJECT, NULL },
	{ "audio and image are taken out of input", CHAT,
	  "{'prompt_tokens':1000,'completion_tokens':1,"
	  "'prompt_tokens_details':{'audio_tokens':100,'image_tokens':200,'text_tokens':700}}",
	  "input=700 input_audio=100 input_image=200 output=1", OBJECT, NULL },
	{ "all of the prompt cached, all of the answer reasoning", CHAT,
	  "{'prompt_tokens':64,'completion_tokens':9,'prompt_tokens_details':{'cached_tokens':64},"
	  "'completion_tokens_details':{'reasoning_tokens':9}}",
	  "cache_read=64 reasoning=9", OBJECT, NULL },
	{ "reasoning and audio are taken out of output", CHAT,
	  "{'prompt_tokens':10,'completion_tokens':200,'completion_tokens_details':"
	  "{'reasoning_tokens':120,'audio_tokens':30,'accepted_prediction_tokens':5,"
	  "'rejected_prediction_tokens':9}}",
	  "input=10 output=50 reasoning=120 output_audio=30", OBJECT, NULL },
	{ "images are taken out of output", CHAT,
	  "{'prompt_tokens':10,'completion_tokens':200,"
	  "'completion_tokens_details':{'image_tokens':190}}",
	  "input=10 output=10 output_image=190", OBJECT, NULL },
	{ "cached at the top, as some copies have it", CHAT,
	  "{'prompt_tokens':100,'completion_tokens':2,'cached_tokens':64}",
	  "input=36 cache_read=64 output=2", OBJECT, NULL },
	{ "cached in both places is counted once", CHAT,
	  "{'prompt_tokens':100,'completion_tokens':2,'cached_tokens':64,"
	  "'prompt_tokens_details':{'cached_tokens':64}}",
	  "input=36 cache_read=64 output=2", OBJECT, NULL },
	{ "null is not sent", CHAT,
	  "{'prompt_tokens':5,'completion_tokens':6,'prompt_tokens_details':null,"
	  "'completion_tokens_details':{'reasoning_tokens':null}}",
	  "input=5 output=6", OBJECT, NULL },
	{ "zero is a value", CHAT, "{'prompt_tokens':0,'completion_tokens':0,'total_tokens':0}", "",
	  OBJECT, NULL },
	{ "a prompt alone", CHAT, "{'prompt_tokens':7}", "input=7", OBJECT, NULL },
	{ "costs, ticks and timings are no counts", CHAT,
	  "{'prompt_tokens':5,'completion_tokens':6,'cost':0.0012,'cost_in_usd_ticks':12,"
	  "'cost_details':{'upstream_inference_cost':0.001},'queue_time':0.2,'total_time':1.5}",
	  "input=5 output=6", OBJECT, NULL },
	{ "a number nobody counts warns", CHAT,
	  "{'prompt_tokens':5,'completion_tokens':6,'prompt_tokens_details':{'new_tokens':3}}",
	  "input=5 output=6", OBJECT, "prompt_tokens_details.new_tokens" },
	{ "a zero nobody counts does not", CHAT,
	  "{'prompt_tokens':5,'completion_tokens':6,'new_tokens':0,'deep':{'x':[0,0.0]}}",
	  "input=5 output=6", OBJECT, NULL },
	{ "of what nobody counts the first is named", CHAT,
	  "{'prompt_tokens':5,'deep':{'x':[0,0.5]},'later':1}", "input=5", OBJECT, "deep" },
	{ "the last chunk of a stream counts", CHAT,
	  "[null,{'prompt_tokens':9,'completion_tokens':1},"
	  "{'prompt_tokens':9,'completion_tokens':40,'prompt_tokens_details':{'cached_tokens':4}},"
	  "null]",
	  "input=5 cache_read=4 output=40", STREAM, NULL },
	{ "details that the last chunk leaves out stay", CHAT,
	  "[{'prompt_tokens':10,'completion_tokens':5,'total_tokens':15,"
	  "'prompt_tokens_details':{'cached_tokens':4}},"
	  "{'prompt_tokens':10,'completion_tokens':5,'total_tokens':15},{}]",
	  "input=6 cache_read=4 output=5", STREAM, NULL },
	{ "details that only the last chunk has", CHAT,
	  "[{'prompt_tokens':10,'completion_tokens':5},{'prompt_tokens':10,'completion_tokens':5,"
	  "'prompt_tokens_details':{'cached_tokens':4}}]",
	  "input=6 cache_read=4 output=5", STREAM, NULL },
	{ "a last chunk with less but other numbers counts alone", CHAT,
	  "[{'prompt_tokens':10,'completion_tokens':5,'prompt_tokens_details':"
	  "{'cached_tokens':4}},{'prompt_tokens':10,'completion_tokens':6}]",
	  "input=10 output=6", STREAM, "cached_tokens (missing in the last object)" },
	{ "what nobody counts warns in every chunk", CHAT,
	  "[{'prompt_tokens':10,'completion_tokens':5,'num_searches':3},"
	  "{'prompt_tokens':10,'completion_tokens':6}]",
	  "input=10 output=6", STREAM, "num_searches" },
	{ "zeros behind the numbers", CHAT,
	  "[{'prompt_tokens':10,'completion_tokens':5,'total_tokens':15},"
	  "{'prompt_tokens':0,'completion_tokens':0,'total_tokens':0}]",
	  "identity: usage: prompt_tokens fell from 10 to 0: more than one response in one event",
	  REFUSED, NULL },
	{ "two responses in one event", CHAT,
	  "[{'prompt_tokens':10,'completion_tokens':50},{'prompt_tokens':100,'completion_tokens':5}"
	  "]",
	  "identity: usage: completion_tokens fell from 50 to 5: more than one response in one "
	  "event",
	  REFUSED, NULL },
	{ "minus one in a chunk that does not count", CHAT,
	  "[{'prompt_tokens':-1},{'prompt_tokens':1}]",
	  "count: usage: prompt_tokens: -1 is no count", REFUSED, NULL },
	{ "total does not add up", CHAT,
	  "{'prompt_tokens':1000,'completion_tokens':200,'total_tokens':1201}",
	  "declared: input=1000 output=200 | rest-is-reasoning: input=1000 output=200 reasoning=1",
	  READINGS, NULL },
	{ "a total of the prompt alone", CHAT, "{'prompt_tokens':10,'total_tokens':12}",
	  "declared: input=10 | rest-is-reasoning: input=10 reasoning=2", READINGS, NULL },
	{ "cached in two places that differ", CHAT,
	  "{'prompt_tokens':100,'cached_tokens':64,'prompt_tokens_details':{'cached_tokens':63}}",
	  "identity: usage: cached_tokens 64 = 64, but cached_tokens is 63", REFUSED, NULL },
	{ "cached is larger than prompt", CHAT,
	  "{'prompt_tokens':7,'completion_tokens':1,'total_tokens':8,"
	  "'prompt_tokens_details':{'cached_tokens':161}}",
	  "cached-beside: input=7 cache_read=161 output=1 | cached-is-all: cache_read=7 output=1",
	  READINGS, NULL },
	{ "cached at the top is larger than prompt", CHAT, "{'prompt_tokens':7,'cached_tokens':8}",
	  "cached-beside: input=7 cache_read=8 | cached-is-all: cache_read=7", READINGS, NULL },
	{ "two parts of which each would fit", CHAT,
	  "{'prompt_tokens':10,'prompt_tokens_details':{'cached_tokens':6,'cache_write_tokens':5}}",
	  "cached-is-read: input=4 cache_read=6 | cached-is-written: input=5 cache_write=5",
	  READINGS, NULL },
	{ "reasoning is larger than completion", CHAT,
	  "{'prompt_tokens':1,'completion_tokens':10,"
	  "'completion_tokens_details':{'reasoning_tokens':11}}",
	  "reasoning-beside: input=1 output=10 reasoning=11 | reasoning-is-all: input=1 "
	  "reasoning=10 | reasoning-is-none: input=1 output=10",
	  READINGS, NULL },
	{ "reasoning without a completion", CHAT,
	  "{'prompt_tokens':1,'completion_tokens_details':{'reasoning_tokens':11}}",
	  "part: usage: output would be negative: reasoning_tokens 11 = -11", REFUSED, NULL },
	{ "no prompt", CHAT, "{'completion_tokens':10,'total_tokens':10}",
	  "missing: usage: prompt_tokens is missing", REFUSED, NULL },
	{ "an empty object", CHAT, "{}", "missing: usage: prompt_tokens is missing", REFUSED,
	  NULL },
	{ "a stream without usage", CHAT, "[null,null]", "missing: usage is missing", REFUSED,
	  NULL },
	{ "details that are no object", CHAT, "{'prompt_tokens':1,'prompt_tokens_details':[1]}",
	  "type: usage: prompt_tokens_details: an object is due", REFUSED, NULL },
	{ "a stream of something else", CHAT, "[{'prompt_tokens':1},7]",
	  "type: usage: an array of objects is due", REFUSED, NULL },
	{ "minus one", CHAT, "{'prompt_tokens':-1}", "count: usage: prompt_tokens: -1 is no count",
	  REFUSED, NULL },
	{ "a fraction", CHAT, "{'prompt_tokens':1.5}",
	  "count: usage: prompt_tokens: 1.5 is no count", REFUSED, NULL },
	{ "one point zero", CHAT, "{'prompt_tokens':1.0}", "input=1", OBJECT, NULL },
	{ "an exponent", CHAT, "{'prompt_tokens':1e3}",
	  "count: usage: prompt_tokens: 1e3 is no count", REFUSED, NULL },
	{ "2^63", CHAT, "{'prompt_tokens':9223372036854775808}",
	  "count: usage: prompt_tokens: 9223372036854775808 is no count", REFUSED, NULL },
	{ "one more than a count can be", CHAT, "{'prompt_tokens':1000000000001}",
	  "count: usage: prompt_tokens: 1000000000001 is no count", REFUSED, NULL },
	{ "as much as a count can be", CHAT, "{'prompt_tokens':1000000000000}",
	  "input=1000000000000", OBJECT, NULL },
	{ "a count as a string", CHAT, "{'prompt_tokens':'7'}",
	  "type: usage: prompt_tokens: a number is due", REFUSED, NULL },

	{ "all of the details", RESPONSES,
	  "{'input_tokens':1000,'output_tokens':200,'total_tokens':1200,"
	  "'input_tokens_details':{'cached_tokens':600,'cache_write_tokens':100,'audio_tokens':50,"
	  "'image_tokens':20},'output_tokens_details':{'reasoning_tokens':150,'audio_tokens':5,"
	  "'image_tokens':6}}",
	  "input=230 input_audio=50 input_image=20 cache_read=600 cache_write=100 output=39 "
	  "reasoning=150 output_audio=5 output_image=6",
	  OBJECT, NULL },
	{ "billed tools that are not counted warn", RESPONSES,
	  "{'input_tokens':10,'output_tokens':2,'num_server_side_tools_used':3}",
	  "input=10 output=2", OBJECT, "num_server_side_tools_used" },
	{ "the last one counts alone", RESPONSES,
	  "[{'input_tokens':10,'output_tokens':5,'input_tokens_details':{'cached_tokens':3}},"
	  "{'input_tokens':10,'output_tokens':6}]",
	  "input=10 output=6", STREAM, "cached_tokens (missing in the last object)" },
	{ "the last one counts", RESPONSES,
	  "[null,{'input_tokens':10,'output_tokens':0},{'input_tokens':10,'output_tokens':2}]",
	  "input=10 output=2", STREAM, NULL },
	{ "total does not add up", RESPONSES,
	  "{'input_tokens':10,'output_tokens':2,'total_tokens':13}",
	  "declared: input=10 output=2 | rest-is-reasoning: input=10 output=2 reasoning=1",
	  READINGS, NULL },
	{ "cached is larger than input", RESPONSES,
	  "{'input_tokens':10,'input_tokens_details':{'cached_tokens':11}}",
	  "cached-beside: input=10 cache_read=11 | cached-is-all: cache_read=10", READINGS, NULL },
	{ "reasoning is larger than output", RESPONSES,
	  "{'input_tokens':10,'output_tokens':1,'output_tokens_details':{'reasoning_tokens':2}}",
	  "reasoning-beside: input=10 output=1 reasoning=2 | reasoning-is-all: input=10 "
	  "reasoning=1 | reasoning-is-none: input=10 output=1",
	  READINGS, NULL },
	{ "chat's words under the name of responses", RESPONSES,
	  "{'prompt_tokens':10,'completion_tokens':1}",
	  "missing: usage: input_tokens is missing; it would fit openai.chat, openai.completions, "
	  "openai.audio, openai.batch, bedrock.invoke, cohere.chat, cohere.embed, cohere.rerank, "
	  "xai.chat",
	  REFUSED, NULL },
	{ "the same with a total, which not all of them have", RESPONSES,
	  "{'prompt_tokens':10,'completion_tokens':1,'total_tokens':11}",
	  "missing: usage: input_tokens is missing; it would fit openai.chat, openai.completions, "
	  "openai.batch, bedrock.invoke, cohere.chat, cohere.embed, cohere.rerank, mistral.chat, "
	  "xai.chat",
	  REFUSED, NULL },
	{ "a total of another shape", "perplexity.chat",
	  "{'prompt_tokens':12,'completion_tokens':5,'total_tokens':49,'completion_tokens_details':"
	  "{'reasoning_tokens':32}}",
	  "identity: usage: prompt_tokens 12 + completion_tokens 5 = 17, but total_tokens is 49; "
	  "it "
	  "would fit xai.chat",
	  REFUSED, NULL },

	{ "prompt and total", EMBED, "{'prompt_tokens':8,'total_tokens':8}", "input=8", OBJECT,
	  NULL },
	{ "a total alone is all input", EMBED, "{'total_tokens':17}", "input=17", OBJECT, NULL },
	{ "a completion of none", EMBED,
	  "{'prompt_tokens':8,'total_tokens':8,'completion_tokens':0,'cost':0.1}", "input=8",
	  OBJECT, NULL },
	{ "the last one counts", EMBED, "[{'prompt_tokens':8},{'prompt_tokens':9}]", "input=9",
	  STREAM, NULL },
	{ "total does not add up", EMBED, "{'prompt_tokens':8,'total_tokens':9}",
	  "identity: usage: prompt_tokens 8 = 8, but total_tokens is 9", REFUSED, NULL },
	{ "a completion", EMBED, "{'prompt_tokens':8,'completion_tokens':1}",
	  "identity: usage: prompt_tokens 8 + completion_tokens 1 = 9, but prompt_tokens is 8",
	  REFUSED, NULL },
	{ "a completion beside a total alone", EMBED, "{'total_tokens':8,'completion_tokens':1}",
	  "identity: usage: prompt_tokens 8 + completion_tokens 1 = 9, but prompt_tokens is 8",
	  REFUSED, NULL },
	{ "nothing", EMBED, "{'cost':1}", "missing: usage: prompt_tokens is missing", REFUSED,
	  NULL },

	{ "the cache is added to input", ANTHROPIC,
	  "{'input_tokens':10,'output_tokens':20,'cache_read_input_tokens':300,"
	  "'cache_creation_input_tokens':70,'service_tier':'standard'}",
	  "input=10 cache_read=300 cache_write=70 output=20", OBJECT, NULL },
	{ "creation split by lifetime", ANTHROPIC,
	  "{'input_tokens':10,'output_tokens':20,'cache_creation_input_tokens':70,'cache_creation':"
	  "{'ephemeral_5m_input_tokens':30,'ephemeral_1h_input_tokens':40}}",
	  "input=10 cache_write_5m=30 cache_write_1h=40 output=20", OBJECT, NULL },
	{ "the split without its total", ANTHROPIC,
	  "{'input_tokens':10,'output_tokens':20,'cache_creation':{'ephemeral_1h_input_tokens':40}"
	  "}",
	  "input=10 cache_write_1h=40 output=20", OBJECT, NULL },
	{ "thinking is inside output", ANTHROPIC,
	  "{'input_tokens':10,'output_tokens':20,'output_tokens_details':{'thinking_tokens':15}}",
	  "input=10 output=5 reasoning=15", OBJECT, NULL },
	{ "searches are counted, fetches are not", ANTHROPIC,
	  "{'input_tokens':10,'output_tokens':20,"
	  "'server_tool_use':{'web_search_requests':2,'web_fetch_requests':5}}",
	  "input=10 output=20 searches=2", OBJECT, NULL },
	{ "turns that the totals hold", ANTHROPIC,
	  "{'input_tokens':10,'output_tokens':20,'iterations':[{'type':'message','input_tokens':4},"
	  "{'type':'message','input_tokens':6}]}",
	  "input=10 output=20", OBJECT, NULL },
	{ "start and deltas are one, never a sum", ANTHROPIC,
	  "[{'input_tokens':25,'cache_read_input_tokens':7,'output_tokens':1},"
	  "{'output_tokens':15},{'input_tokens':null,'output_tokens':90}]",
	  "input=25 cache_read=7 output=90", STREAM, NULL },
	{ "a delta's zero is a value", ANTHROPIC,
	  "[{'input_tokens':25,'cache_read_input_tokens':7,'output_tokens':1},"
	  "{'cache_read_input_tokens':0,'output_tokens':1}]",
	  "input=25 output=1", STREAM, "cache_read_input_tokens (taken back to 0)" },
	{ "nothing taken back: zero and zero", ANTHROPIC,
	  "[{'input_tokens':25,'cache_read_input_tokens':0,'output_tokens':1},"
	  "{'cache_read_input_tokens':0,'output_tokens':1}]",
	  "input=25 output=1", STREAM, NULL },
	{ "a stream without its beginning", ANTHROPIC, "[{'output_tokens':50}]",
	  "missing: usage: input_tokens is missing", REFUSED, NULL },
	{ "two responses whose answers grow", ANTHROPIC,
	  "[{'input_tokens':699,'output_tokens':1},{'output_tokens':10},"
	  "{'input_tokens':40,'output_tokens':12},{'output_tokens':100}]",
	  "identity: usage: input_tokens fell from 699 to 40: more than one response in one event",
	  REFUSED, NULL },
	{ "searches that become fewer", ANTHROPIC,
	  "[{'input_tokens':1,'output_tokens':1,'server_tool_use':{'web_search_requests':3}},"
	  "{'output_tokens':2,'server_tool_use':{'web_search_requests':2}}]",
	  "identity: usage: web_search_requests fell from 3 to 2: more than one response in one "
	  "event",
	  REFUSED, NULL },
	{ "a cache read that becomes less", ANTHROPIC,
	  "[{'input_tokens':1,'cache_read_input_tokens':90,'output_tokens':1},"
	  "{'cache_read_input_tokens':40,'output_tokens':2}]",
	  "identity: usage: cache_read_input_tokens fell from 90 to 40: more than one response in "
	  "one event",
	  REFUSED, NULL },
	{ "a delta's total over the start's split", ANTHROPIC,
	  "[{'input_tokens':2,'cache_creation_input_tokens':3068,'cache_creation':"
	  "{'ephemeral_5m_input_tokens':3068},'output_tokens':69},"
	  "{'input_tokens':6,'cache_creation_input_tokens':3337,'output_tokens':198}]",
	  "input=6 cache_write_5m=3068 cache_write=269 output=198", STREAM, NULL },
	{ "two responses in one event", ANTHROPIC,
	  "[{'input_tokens':1,'output_tokens':158},{'input_tokens':2,'output_tokens':1}]",
	  "identity: usage: output_tokens fell from 158 to 1: more than one response in one event",
	  REFUSED, NULL },
	{ "the split is larger than the creation", ANTHROPIC,
	  "{'input_tokens':1,'cache_creation_input_tokens':70,'cache_creation':"
	  "{'ephemeral_5m_input_tokens':31,'ephemeral_1h_input_tokens':40}}",
	  "identity: usage: ephemeral_5m_input_tokens 31 + ephemeral_1h_input_tokens 40 = 71, but "
	  "cache_creation_input_tokens is 70",
	  REFUSED, NULL },
	{ "the creation is larger than the split", ANTHROPIC,
	  "{'input_tokens':10,'output_tokens':20,'cache_creation_input_tokens':70,'cache_creation':"
	  "{'ephemeral_5m_input_tokens':30}}",
	  "identity: usage: ephemeral_5m_input_tokens 30 = 30, but cache_creation_input_tokens is "
	  "70",
	  REFUSED, NULL },
	{ "a split of zeros", ANTHROPIC,
	  "{'input_tokens':10,'cache_creation_input_tokens':70,'cache_creation':"
	  "{'ephemeral_5m_input_tokens':0,'ephemeral_1h_input_tokens':0}}",
	  "identity: usage: ephemeral_5m_input_tokens 0 + ephemeral_1h_input_tokens 0 = 0, but "
	  "cache_creation_input_tokens is 70",
	  REFUSED, NULL },
	{ "one object of a stream contradicts itself", ANTHROPIC,
	  "[{'input_tokens':2,'cache_creation_input_tokens':40,'cache_creation':"
	  "{'ephemeral_5m_input_tokens':40},'output_tokens':1},"
	  "{'cache_creation_input_tokens':90,'cache_creation':{'ephemeral_1h_input_tokens':40},"
	  "'output_tokens':9}]",
	  "identity: usage: ephemeral_1h_input_tokens 40 = 40, but cache_creation_input_tokens is "
	  "90",
	  REFUSED, NULL },
	{ "a delta's total below the start's split", ANTHROPIC,
	  "[{'input_tokens':2,'cache_creation_input_tokens':40,'cache_creation':"
	  "{'ephemeral_5m_input_tokens':40},'output_tokens':1},"
	  "{'cache_creation_input_tokens':39,'output_tokens':9}]",
	  "identity: usage: cache_creation_input_tokens fell from 40 to 39: more than one response "
	  "in one event",
	  REFUSED, NULL },
	{ "a delta's total that takes the start's split back", ANTHROPIC,
	  "[{'input_tokens':2,'cache_creation_input_tokens':40,'cache_creation':"
	  "{'ephemeral_5m_input_tokens':40},'output_tokens':1},"
	  "{'cache_creation_input_tokens':0,'output_tokens':9}]",
	  "part: usage: cache_write would be negative: cache_creation_input_tokens 0 - "
	  "ephemeral_5m_input_tokens 40 = -40",
	  REFUSED, NULL },
	{ "thinking is larger than output", ANTHROPIC,
	  "{'input_tokens':1,'output_tokens':2,'output_tokens_details':{'thinking_tokens':3}}",
	  "part: usage: thinking_tokens 3 is larger than output_tokens 2", REFUSED, NULL },
	{ "a turn that the totals leave out is a part of its own", ANTHROPIC,
	  "{'input_tokens':1,'output_tokens':2,'iterations':[{'type':'message'},"
	  "{'type':'compaction','input_tokens':99}]}",
	  "input=1 output=2 + m: input=99", OBJECT, NULL },
	{ "an advisor's turn is of its own model, with its own cache", ANTHROPIC,
	  "{'input_tokens':2417,'output_tokens':133,'iterations':["
	  "{'type':'message','input_tokens':1128,'output_tokens':121},"
	  "{'type':'advisor_message','model':'opus','input_tokens':2529,'output_tokens':38,"
	  "'cache_creation_input_tokens':7,'cache_creation':{'ephemeral_5m_input_tokens':7}},"
	  "{'type':'message','input_tokens':1289,'output_tokens':12}]}",
	  "input=2417 output=133 + opus: input=2529 cache_write_5m=7 output=38", OBJECT, NULL },
	{ "a fallback inside the totals is taken out of them", ANTHROPIC,
	  "{'input_tokens':30,'output_tokens':12,'iterations':["
	  "{'type':'message','input_tokens':10,'output_tokens':5},"
	  "{'type':'fallback_message','model':'haiku','input_tokens':20,'output_tokens':7}]}",
	  "input=10 output=5 + haiku: input=20 output=7", OBJECT, NULL },
	{ "a fallback beside the totals", ANTHROPIC,
	  "{'input_tokens':10,'output_tokens':5,'iterations':["
	  "{'type':'message','input_tokens':10,'output_tokens':5},"
	  "{'type':'fallback_message','model':'haiku','input_tokens':20,'output_tokens':7}]}",
	  "input=10 output=5 + haiku: input=20 output=7", OBJECT, NULL },
	{ "a fallback that fits neither", ANTHROPIC,
	  "{'input_tokens':11,'output_tokens':5,'iterations':["
	  "{'type':'message','input_tokens':10,'output_tokens':5},"
	  "{'type':'fallback_message','model':'haiku','input_tokens':20,'output_tokens':7}]}",
	  "identity: usage: iterations: input_tokens add up to 30, not 11", REFUSED, NULL },
	{ "turns that a later object has fewer of", ANTHROPIC,
	  "[{'input_tokens':1,'output_tokens':2,'iterations':[{'type':'compaction'},"
	  "{'type':'message'}]},{'output_tokens':3,'iterations':[{'type':'message'}]}]",
	  "identity: usage: iterations: fewer turns than in the object before", REFUSED, NULL },
	{ "turns that are more than the totals", ANTHROPIC,
	  "{'input_tokens':10,'output_tokens':5,'iterations':["
	  "{'type':'message','input_tokens':10,'output_tokens':5},"
	  "{'type':'message','input_tokens':100,'output_tokens':500}]}",
	  "identity: usage: iterations: input_tokens add up to 110, not 10", REFUSED, NULL },
	{ "turns of which one does not say", ANTHROPIC,
	  "{'input_tokens':10,'output_tokens':5,'iterations':["
	  "{'type':'message','input_tokens':10,'output_tokens':5},"
	  "{'type':'message','input_tokens':null}]}",
	  "input=10 output=5", OBJECT, NULL },
	{ "a turn with what the totals do not say", ANTHROPIC,
	  "{'input_tokens':10,'output_tokens':5,'cache_read_input_tokens':null,'iterations':["
	  "{'type':'message','input_tokens':10,'cache_read_input_tokens':77,'output_tokens':5}]}",
	  "identity: usage: iterations: cache_read_input_tokens add up to 77, not 0", REFUSED,
	  NULL },
	{ "turns that are more, though each says one word", ANTHROPIC,
	  "{'input_tokens':10,'output_tokens':5,'iterations':["
	  "{'type':'message','input_tokens':900},{'type':'message','output_tokens':900}]}",
	  "identity: usage: iterations: input_tokens add up to 900, not 10", REFUSED, NULL },
	{ "a new number in a turn", ANTHROPIC,
	  "{'input_tokens':10,'output_tokens':5,'iterations':["
	  "{'type':'message','model':'m','input_tokens':10,'output_tokens':5,'new_tokens':9}]}",
	  "input=10 output=5", OBJECT, "iterations.new_tokens" },
	{ "no turns", ANTHROPIC, "{'input_tokens':10,'output_tokens':5,'iterations':[]}",
	  "input=10 output=5", OBJECT, NULL },
	{ "turns that are no list", ANTHROPIC, "{'input_tokens':1,'iterations':{'type':'message'}}",
	  "type: usage: iterations: an array is due", REFUSED, NULL },
	{ "a turn of no type", ANTHROPIC, "{'input_tokens':1,'output_tokens':2,'iterations':[{}]}",
	  "unsupported: usage: iterations holds a turn of type \"\", of which nobody knows whether "
	  "the totals have it",
	  REFUSED, NULL },
	{ "nothing", ANTHROPIC, "{'service_tier':'standard'}",
	  "missing: usage: input_tokens is missing", REFUSED, NULL },

	{ "a split whose whole is missing", GOOGLE,
	  "{'promptTokensDetails':[{'modality':'TEXT','tokenCount':100}],"
	  "'candidatesTokenCount':20,'totalTokenCount':120}",
	  "input=100 output=20", OBJECT, NULL },
	{ "a split that the total leaves out", GOOGLE,
	  "{'promptTokensDetails':[{'modality':'TEXT','tokenCount':100}],"
	  "'candidatesTokenCount':20,'totalTokenCount':20}",
	  "identity: usage: promptTokenCount 100 + candidatesTokenCount 20 = 120, but "
	  "totalTokenCount is 20",
	  REFUSED, NULL },
	{ "a split, and a total of nothing", GOOGLE,
	  "{'promptTokensDetails':[{'modality':'AUDIO','tokenCount':100}],'totalTokenCount':0}",
	  "identity: usage: promptTokenCount 100 = 100, but totalTokenCount is 0", REFUSED, NULL },
	{ "thoughts are added to candidates", GOOGLE,
	  "{'promptTokenCount':100,'candidatesTokenCount':20,'thoughtsTokenCount':30,"
	  "'totalTokenCount':150}",
	  "input=100 output=20 reasoning=30", OBJECT, NULL },
	{ "cached is inside, tool use is outside the prompt", GOOGLE,
	  "{'promptTokenCount':100,'cachedContentTokenCount':60,'toolUsePromptTokenCount':7,"
	  "'candidatesTokenCount':20,'totalTokenCount':127}",
	  "input=40 input_tool=7 cache_read=60 output=20", OBJECT, NULL },
	{ "a document is an image in the answer too", GOOGLE,
	  "{'promptTokenCount':10,'candidatesTokenCount':50,'candidatesTokensDetails':["
	  "{'modality':'TEXT','tokenCount':20},{'modality':'DOCUMENT','tokenCount':30}]}",
	  "input=10 output=20 output_image=30", OBJECT, NULL },
	{ "a modality larger than its whole", GOOGLE,
	  "{'promptTokenCount':10,'candidatesTokenCount':50,'candidatesTokensDetails':["
	  "{'modality':'TEXT','tokenCount':51}]}",
	  "part: usage: candidatesTokensDetails 51 is larger than candidatesTokenCount 50", REFUSED,
	  NULL },
	{ "modalities larger together than the prompt", GOOGLE,
	  "{'promptTokenCount':100,'promptTokensDetails':[{'modality':'TEXT','tokenCount':100},"
	  "{'modality':'IMAGE','tokenCount':50}]}",
	  "part: usage: promptTokensDetails 100 + promptTokensDetails 50 = 150 is larger than "
	  "promptTokenCount 100",
	  REFUSED, NULL },
	{ "modalities larger together than the answer", GOOGLE,
	  "{'promptTokenCount':1,'candidatesTokenCount':50,'candidatesTokensDetails':["
	  "{'modality':'TEXT','tokenCount':50},{'modality':'IMAGE','tokenCount':20}]}",
	  "part: usage: candidatesTokensDetails 50 + candidatesTokensDetails 20 = 70 is larger "
	  "than "
	  "candidatesTokenCount 50",
	  REFUSED, NULL },
	{ "modalities larger together than what was cached", GOOGLE,
	  "{'promptTokenCount':100,'cachedContentTokenCount':50,'cacheTokensDetails':["
	  "{'modality':'TEXT','tokenCount':50},{'modality':'IMAGE','tokenCount':20}]}",
	  "part: usage: cacheTokensDetails 50 + cacheTokensDetails 20 = 70 is larger than "
	  "cachedContentTokenCount 50",
	  REFUSED, NULL },
	{ "modalities larger together than tool use", GOOGLE,
	  "{'promptTokenCount':100,'toolUsePromptTokenCount':50,'toolUsePromptTokensDetails':["
	  "{'modality':'TEXT','tokenCount':51}]}",
	  "part: usage: toolUsePromptTokensDetails 51 is larger than toolUsePromptTokenCount 50",
	  REFUSED, NULL },
	{ "splits without their wholes", GOOGLE,
	  "{'promptTokenCount':100,'cacheTokensDetails':[{'modality':'TEXT','tokenCount':50}],"
	  "'toolUsePromptTokensDetails':[{'modality':'TEXT','tokenCount':7},"
	  "{'modality':'IMAGE','tokenCount':2}],'candidatesTokensDetails':["
	  "{'modality':'TEXT','tokenCount':4},{'modality':'AUDIO','tokenCount':3}],"
	  "'totalTokenCount':116}",
	  "input=50 input_tool=9 cache_read=50 output=4 output_audio=3", OBJECT, NULL },
	{ "a number in a split that nobody counts warns", GOOGLE,
	  "{'promptTokenCount':10,'promptTokensDetails':[{'modality':'TEXT','tokenCount':10,"
	  "'seconds':5}]}",
	  "input=10", OBJECT, "promptTokensDetails.seconds" },
	{ "a split of no objects", GOOGLE, "{'promptTokenCount':10,'promptTokensDetails':[7]}",
	  "type: usage: promptTokensDetails: an array of objects is due", REFUSED, NULL },
	{ "steps of which the last object has all", GOOGLE,
	  "[{'promptTokenCount':8,'candidatesTokenCount':20,'thoughtsTokenCount':419,"
	  "'totalTokenCount':447},{'promptTokenCount':8,'totalTokenCount':8},"
	  "{'promptTokenCount':427,'candidatesTokenCount':122,'toolUsePromptTokenCount':771,"
	  "'thoughtsTokenCount':447,'totalTokenCount':1767}]",
	  "input=427 input_tool=771 output=122 reasoning=447", STREAM, NULL },
	{ "a stream that ends with less", GOOGLE,
	  "[{'promptTokenCount':10,'candidatesTokenCount':50,'totalTokenCount':60},"
	  "{'promptTokenCount':10,'totalTokenCount':10}]",
	  "identity: usage: totalTokenCount fell from 60 to 10: more than one response in one "
	  "event",
	  REFUSED, NULL },
	{ "modalities, the cached ones taken out", GOOGLE,
	  "{'promptTokenCount':1000,'cachedContentTokenCount':500,'candidatesTokenCount':50,"
	  "'totalTokenCount':1050,'promptTokensDetails':[{'modality':'TEXT','tokenCount':250},"
	  "{'modality':'AUDIO','tokenCount':300},{'modality':'VIDEO','tokenCount':300},"
	  "{'modality':'IMAGE','tokenCount':100},{'modality':'DOCUMENT','tokenCount':50}],"
	  "'cacheTokensDetails':[{'modality':'AUDIO','tokenCount':200},"
	  "{'modality':'VIDEO','tokenCount':100},{'modality':'DOCUMENT','tokenCount':40},"
	  "{'modality':'IMAGE','tokenCount':10},{'modality':'TEXT','tokenCount':150}],"
	  "'candidatesTokensDetails':[{'modality':'IMAGE','tokenCount':20},"
	  "{'modality':'AUDIO','tokenCount':10},{'modality':'VIDEO','tokenCount':5},"
	  "{'modality':'TEXT','tokenCount':15}]}",
	  "input=100 input_audio=100 input_image=100 input_video=200 cache_read=150 "
	  "cache_read_audio=200 cache_read_image=50 cache_read_video=100 output=15 output_audio=10 "
	  "output_image=20 output_video=5",
	  OBJECT, NULL },
	{ "modalities by number", GOOGLE,
	  "{'promptTokenCount':10,'promptTokensDetails':[{'modality':1,'tokenCount':6},"
	  "{'modality':4,'tokenCount':4}]}",
	  "input=6 input_audio=4", OBJECT, NULL },
	{ "the last number of a modality", GOOGLE,
	  "{'promptTokenCount':10,'promptTokensDetails':[{'modality':5,'tokenCount':4}]}",
	  "input=6 input_image=4", OBJECT, NULL },
	{ "behind the last number of a modality", GOOGLE,
	  "{'promptTokenCount':10,'promptTokensDetails':[{'modality':6,'tokenCount':4}]}",
	  "unsupported: usage: promptTokensDetails: a modality that is not read", REFUSED, NULL },
	{ "before the first number of a modality", GOOGLE,
	  "{'promptTokenCount':10,'promptTokensDetails':[{'modality':0,'tokenCount':4}]}",
	  "unsupported: usage: promptTokensDetails: a modality that is not read", REFUSED, NULL },
	{ "what a split leaves over is text", GOOGLE,
	  "{'promptTokenCount':10,'promptTokensDetails':[{'modality':'IMAGE','tokenCount':4}]}",
	  "input=6 input_image=4", OBJECT, NULL },
	{ "an unknown modality of none", GOOGLE,
	  "{'promptTokenCount':10,'promptTokensDetails':[{'modality':'SMELL','tokenCount':0}]}",
	  "input=10", OBJECT, NULL },
	{ "every chunk repeats it, the last one counts", GOOGLE,
	  "[{'promptTokenCount':10,'totalTokenCount':10},"
	  "{'promptTokenCount':10,'candidatesTokenCount':3,'totalTokenCount':13},"
	  "{'promptTokenCount':10,'candidatesTokenCount':8,'totalTokenCount':18}]",
	  "input=10 output=8", STREAM, NULL },
	{ "total does not add up", GOOGLE,
	  "{'promptTokenCount':10,'candidatesTokenCount':3,'thoughtsTokenCount':4,'totalTokenCount'"
	  ":13}",
	  "identity: usage: promptTokenCount 10 + candidatesTokenCount 3 + thoughtsTokenCount 4 = "
	  "17, "
	  "but totalTokenCount is 13",
	  REFUSED, NULL },
	{ "a total alone is not free", GOOGLE, "{'totalTokenCount':109}",
	  "identity: usage: nothing = 0, but totalTokenCount is 109", REFUSED, NULL },
	{ "a total and candidates alone", GOOGLE,
	  "{'candidatesTokenCount':9,'totalTokenCount':109}",
	  "identity: usage: candidatesTokenCount 9 = 9, but totalTokenCount is 109", REFUSED,
	  NULL },
	{ "cached is larger than the prompt", GOOGLE,
	  "{'promptTokenCount':10,'cachedContentTokenCount':11}",
	  "part: usage: cachedContentTokenCount 11 is larger than promptTokenCount 10", REFUSED,
	  NULL },
	{ "a modality is larger than the candidates", GOOGLE,
	  "{'promptTokenCount':1,'candidatesTokenCount':3,"
	  "'candidatesTokensDetails':[{'modality':'IMAGE','tokenCount':4}]}",
	  "part: usage: candidatesTokensDetails 4 is larger than candidatesTokenCount 3", REFUSED,
	  NULL },
	{ "modalities are larger than the prompt", GOOGLE,
	  "{'promptTokenCount':10,'promptTokensDetails':[{'modality':'AUDIO','tokenCount':6},"
	  "{'modality':'VIDEO','tokenCount':5}]}",
	  "part: usage: promptTokensDetails 5 + promptTokensDetails 6 = 11 is larger than "
	  "promptTokenCount 10",
	  REFUSED, NULL },
	{ "more of a modality cached than sent", GOOGLE,
	  "{'promptTokenCount':10,'cachedContentTokenCount':5,'promptTokensDetails':"
	  "[{'modality':'AUDIO','tokenCount':2}],'cacheTokensDetails':"
	  "[{'modality':'AUDIO','tokenCount':3}]}",
	  "part: usage: input_audio would be negative: promptTokensDetails 2 - cacheTokensDetails "
	  "3 = "
	  "-1",
	  REFUSED, NULL },
	{ "an unknown modality", GOOGLE,
	  "{'promptTokenCount':10,'promptTokensDetails':[{'modality':'SMELL','tokenCount':1}]}",
	  "unsupported: usage: promptTokensDetails: a modality that is not read", REFUSED, NULL },
	{ "a split that is no array", GOOGLE, "{'promptTokenCount':10,'promptTokensDetails':{}}",
	  "type: usage: promptTokensDetails: an array is due", REFUSED, NULL },
	{ "neither prompt nor total", GOOGLE, "{'candidatesTokenCount':23,'thoughtsTokenCount':67}",
	  "missing: usage: promptTokenCount is missing", REFUSED, NULL },

	{ "the last one counts", TOLL, "[{'input':1},{'input':2}]", "input=2", STREAM, NULL },
	{ "a component that the last one has not", TOLL, "[{'input':1,'pages':2},{'input':2}]",
	  "identity: usage: pages was 2, and is missing in the last object", REFUSED, NULL },
	{ "no component of that name", TOLL, "{'input':1,'inputs':2}", "input=1", OBJECT,
	  "inputs" },
	{ "nothing", TOLL, "{}", "missing: usage: it holds no count", REFUSED, NULL },
	{ "a stream of nothing", TOLL, "[null]", "missing: usage is missing", REFUSED, NULL },
	{ "none of it is a component", TOLL, "{'prompt_tokens':5}",
	  "missing: usage: it holds no count", REFUSED, NULL },
	{ "minus one", TOLL, "{'output':-1}", "count: usage: output: -1 is no count", REFUSED,
	  NULL },
	{ "seconds are whole", TOLL, "{'seconds':1.5}", "count: usage: seconds: 1.5 is no count",
	  REFUSED, NULL },
	{ "tool use inside the prompt", GOOGLE,
	  "{'promptTokenCount':100,'toolUsePromptTokenCount':40,'candidatesTokenCount':5,"
	  "'totalTokenCount':105}",
	  "declared: input=100 input_tool=40 output=5 | tools-inside: input=60 input_tool=40 "
	  "output=5",
	  READINGS, NULL },
	{ "thoughts inside the candidates", GOOGLE,
	  "{'promptTokenCount':100,'candidatesTokenCount':50,'thoughtsTokenCount':20,"
	  "'totalTokenCount':150}",
	  "declared: input=100 output=50 reasoning=20 | thoughts-inside: input=100 output=30 "
	  "reasoning=20",
	  READINGS, NULL },
	{ NULL, NULL, NULL, NULL, OBJECT, NULL },
};
