/*
 * Whole responses and the streams that break: what is counted, how far it is settled, and what the
 * response says of itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/moment.h"
#include "tests/support/event_line.h"
#include "usage/event.h"

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

/* ' stands for ", ` for \" inside the text of a stream, and ^ for its line end. */
static const struct row {
	const char *label, *rest;
	const char *expected; /* "counts | settlement provenance | what else it says" */
} rows[] = {
	/* --- streams, read to their end --------------------------------------- */
	{ "Chat: nulls, then the usage",
	  "'api':'openai.chat','sse':'data: {`choices`:[{`delta`:{}}],`usage`:null}^^"
	  "data: {`choices`:[{`finish_reason`:`stop`}],`usage`:null}^^"
	  "data: {`choices`:[],`usage`:{`prompt_tokens`:9,`completion_tokens`:3}}^^"
	  "data: [DONE]^^'",
	  "input=9 output=3 | final reported | finish stop" },
	{ "Chat: the usage in the chunk that ends it, and no [DONE]",
	  "'api':'openai.chat','sse':'data: {`choices`:[{`finish_reason`:`length`}],`usage`:"
	  "{`prompt_tokens`:9,`completion_tokens`:3}}'",
	  "input=9 output=3 | final reported | finish length" },
	{ "vLLM: the usage twice, the details only in the last",
	  "'api':'vllm.chat','sse':'data: {`choices`:[{`finish_reason`:`stop`}],`usage`:"
	  "{`prompt_tokens`:100,`completion_tokens`:3,`total_tokens`:103}}^^"
	  "data: "
	  "{`choices`:[],`usage`:{`prompt_tokens`:100,`completion_tokens`:3,`total_tokens`:103,"
	  "`prompt_tokens_details`:{`cached_tokens`:96}}}^^data: [DONE]^^'",
	  "input=4 cache_read=96 output=3 | final reported | finish stop" },
	{ "Anthropic: start and delta, the last that is not null",
	  "'api':'anthropic.messages','sse':'event: message_start^"
	  "data: {`type`:`message_start`,`message`:{`usage`:{`input_tokens`:25,"
	  "`cache_read_input_tokens`:7,`output_tokens`:1,`service_tier`:`standard`}}}^^"
	  ": keep-alive^^"
	  "event: message_delta^"
	  "data: {`type`:`message_delta`,`delta`:{`stop_reason`:`end_turn`},`usage`:"
	  "{`input_tokens`:null,`output_tokens`:90}}^^"
	  "event: message_stop^data: {`type`:`message_stop`}^^'",
	  "input=25 cache_read=7 output=90 | final reported | finish end_turn tier standard" },
	{ "Google: each chunk repeats the usage, the last counts",
	  "'api':'google.generate','sse':'data: {`candidates`:[{}],`usageMetadata`:"
	  "{`promptTokenCount`:8,`candidatesTokenCount`:1,`totalTokenCount`:9}}^^"
	  "data: {`candidates`:[{`finishReason`:`STOP`}],`usageMetadata`:"
	  "{`promptTokenCount`:8,`candidatesTokenCount`:5,`totalTokenCount`:13}}^^'",
	  "input=8 output=5 | final reported | finish STOP" },
	{ "Google: the same as one JSON list",
	  "'api':'google.generate','sse':'[{`usageMetadata`:{`promptTokenCount`:8,"
	  "`totalTokenCount`:8}},^ {`candidates`:[{`finishReason`:`STOP`}],`usageMetadata`:"
	  "{`promptTokenCount`:8,`candidatesTokenCount`:5,`totalTokenCount`:13}}]'",
	  "input=8 output=5 | final reported | finish STOP" },
	{ "Responses: the usage is in the last event's response",
	  "'api':'openai.responses','sse':'data: "
	  "{`type`:`response.created`,`response`:{`usage`:null,"
	  "`service_tier`:`auto`}}^^data: {`type`:`response.completed`,`response`:{`usage`:"
	  "{`input_tokens`:10,`output_tokens`:2},`service_tier`:`default`,`output`:["
	  "{`type`:`web_search_call`,`action`:{`type`:`search`}},"
	  "{`type`:`web_search_call`,`action`:{`type`:`open_page`}}]}}^^'",
	  "input=10 output=2 searches=1 | final reported | tier default" },
	{ "Cohere: delta.usage of the last event",
	  "'api':'cohere.chat','sse':'data: {`type`:`message-end`,`delta`:{`finish_reason`:"
	  "`COMPLETE`,`usage`:{`billed_units`:{`input_tokens`:11.0,`output_tokens`:4.0}}}}^^'",
	  "input=11 output=4 | final reported | finish COMPLETE" },
	{ "data on two lines is one, and a byte order mark is none",
	  "'api':'openai.chat','sse':'\\ufeffdata: {`usage`:^data: {`prompt_tokens`:9,"
	  "`completion_tokens`:3},`choices`:[{`finish_reason`:`stop`}]}^^'",
	  "input=9 output=3 | final reported | finish stop" },
	{ "a ping is no object",
	  "'api':'openai.chat','sse':'data: ping^^data: {`choices`:[{`finish_reason`:`stop`}],"
	  "`usage`:{`prompt_tokens`:9,`completion_tokens`:3}}^^'",
	  "input=9 output=3 | final reported | finish stop" },
	{ "Ollama: lines of JSON",
	  "'api':'ollama.chat','sse':'{`response`:`a`,`done`:false}^{`response`:``,`done`:true,"
	  "`done_reason`:`stop`,`prompt_eval_count`:17,`eval_count`:71,`total_duration`:5}^'",
	  "input=17 output=71 | final reported | finish stop" },
	{ "Ollama: a list of them",
	  "'api':'ollama.chat','response':[{'response':'a','done':false},{'done':true,"
	  "'done_reason':'stop','prompt_eval_count':17,'eval_count':71}]",
	  "input=17 output=71 | final reported | finish stop" },
	{ "Bedrock: the events of a Converse stream",
	  "'api':'bedrock.converse','response':{'eventstream':[{'type':'messageStop','payload':"
	  "{'stopReason':'end_turn'}},{'type':'metadata','payload':{'usage':{'inputTokens':17,"
	  "'outputTokens':16,'totalTokens':33}}}]}",
	  "input=17 output=16 | final reported | finish end_turn" },
	{ "Bedrock: the same as lines",
	  "'api':'bedrock.converse','sse':'{`messageStop`:{`stopReason`:`end_turn`}}^"
	  "{`metadata`:{`usage`:{`inputTokens`:17,`outputTokens`:16}}}^'",
	  "input=17 output=16 | final reported | finish end_turn" },
	{ "Bedrock: Titan's only chunk",
	  "'api':'bedrock.invoke','response':{'eventstream':[{'type':'chunk','payload':"
	  "{'bytes_decoded':{'outputText':'x','index':0,'totalOutputTextTokenCount':10,"
	  "'completionReason':'LENGTH','inputTextTokenCount':5,'amazon-bedrock-invocationMetrics':"
	  "{'inputTokenCount':5,'outputTokenCount':10,'firstByteLatency':636}}}}]}",
	  "input=5 output=10 | final reported | finish LENGTH" },
	{ "Bedrock: Titan's broke off before its counts",
	  "'api':'bedrock.invoke','sse':'{`outputText`:`x`,`index`:1,`totalOutputTextTokenCount`:"
	  "null,`completionReason`:null,`inputTextTokenCount`:null}^'",
	  " | abandoned none" },
	{ "Bedrock: Llama's chunks, the prompt in the first",
	  "'api':'bedrock.invoke','response':[{'generation':'a','prompt_token_count':10,"
	  "'generation_token_count':1,'stop_reason':null},{'generation':'b','prompt_token_count':"
	  "null,'generation_token_count':2,'stop_reason':null},{'generation':'','prompt_token_"
	  "count'"
	  ":null,'generation_token_count':22,'stop_reason':'stop'}]",
	  "input=10 output=22 | final reported | finish stop" },
	{ "Bedrock: Llama's, its answer counted in the last",
	  "'api':'bedrock.invoke','sse':'{`generation`:`a`,`prompt_token_count`:10}^{`generation`:"
	  "`b`}^{`generation`:``,`generation_token_count`:22,`stop_reason`:`stop`}^'",
	  "input=10 output=22 | final reported | finish stop" },
	{ "Bedrock: Llama's broke off behind its first chunk",
	  "'api':'bedrock.invoke','response':[{'generation':'a','prompt_token_count':10,"
	  "'stop_reason':null}]",
	  "input=10 | abandoned partial" },
	{ "Bedrock: the same as a line",
	  "'api':'bedrock.invoke','sse':'{`generation`:`a`,`prompt_token_count`:10,"
	  "`generation_token_count`:1,`stop_reason`:null}^'",
	  "input=10 output=1 | abandoned partial" },
	{ "Bedrock: Llama's without its beginning",
	  "'api':'bedrock.invoke','response':[{'generation':'b','prompt_token_count':null,"
	  "'generation_token_count':2,'stop_reason':'stop'}]",
	  "missing: usage: inputTokens is missing" },
	{ "Realtime: the responses of a session add up",
	  "'api':'openai.realtime','response':{'frames_with_usage':[{'type':'response.done',"
	  "'response':{'usage':{'input_tokens':10,'output_tokens':2}}},{'type':'response.done',"
	  "'response':{'usage':{'input_tokens':20,'output_tokens':3}}}]}",
	  "input=30 output=5 | final reported" },

	/* --- streams without usage, and streams that break --------------------- */
	{ "it ended, and told nothing",
	  "'api':'openai.chat','sse':'data: {`choices`:[{`finish_reason`:`stop`}]}^^"
	  "data: [DONE]^^'",
	  " | partial none | finish stop" },
	{ "it broke off, and told nothing",
	  "'api':'openai.chat','sse':'data: {`choices`:[{`delta`:{`content`:`hi`}}]}^^'",
	  " | abandoned none" },
	{ "it broke off inside an object",
	  "'api':'openai.chat','sse':'data: {`choices`:[{`delta`:{}}]}^^data: {`usa'",
	  " | abandoned none" },
	{ "it broke off before its first word", "'api':'openai.chat','sse':''",
	  " | abandoned none" },
	{ "Anthropic's broke off behind its start: what was told so far, and not more",
	  "'api':'anthropic.messages','sse':'data: {`type`:`message_start`,`message`:{`usage`:"
	  "{`input_tokens`:25,`output_tokens`:1}}}^^data: {`type`:`content_block_delta`}^^'",
	  "input=25 output=1 | abandoned partial" },
	{ "running counts of a stream that broke off",
	  "'api':'vllm.chat','sse':'data: {`choices`:[{}],`usage`:{`prompt_tokens`:9,"
	  "`completion_tokens`:1}}^^data: {`choices`:[{}],`usage`:{`prompt_tokens`:9,"
	  "`completion_tokens`:2}}^^'",
	  "input=9 output=2 | abandoned partial" },
	{ "what the gateway says goes first",
	  "'api':'openai.chat','settlement':'final','provenance':'estimated','sse':"
	  "'data: {`usage`:{`prompt_tokens`:9}}^^'",
	  "input=9 | final estimated" },
	{ "an error in the middle: what it had used is in no event",
	  "'api':'openai.chat','sse':'data: {`choices`:[{}]}^^data: {`error`:{`code`:502}}^^'",
	  " | abandoned none" },
	{ "Vertex AI tells the traffic in every chunk, and broke off before the counts",
	  "'api':'google.generate','sse':'data: {`candidates`:[{}],`usageMetadata`:{`trafficType`:"
	  "`ON_DEMAND`,`serviceTier`:`flex`}}^^data: {`candidates`:[{}],`usageMetadata`:"
	  "{`trafficType`:`ON_DEMAND`}}^^'",
	  " | abandoned none | tier flex" },
	{ "the same as a list of its chunks",
	  "'api':'google.generate','response':[{'usageMetadata':{'trafficType':'ON_DEMAND'}},"
	  "{'usageMetadata':{'trafficType':'ON_DEMAND'}}]",
	  " | abandoned none" },
	{ "the same, behind its first line",
	  "'api':'google.generate','sse':'{`candidates`:[{}],`usageMetadata`:{`trafficType`:"
	  "`ON_DEMAND`}}'",
	  " | abandoned none" },
	{ "a body in the place of a stream has to tell",
	  "'api':'google.generate','sse':'{`candidates`:[{`finishReason`:`STOP`}],"
	  "`usageMetadata`:{`trafficType`:`ON_DEMAND`}}'",
	  "missing: usage: promptTokenCount is missing" },
	{ "the same, and it ended without them",
	  "'api':'google.generate','sse':'data: {`candidates`:[{`finishReason`:`STOP`}],"
	  "`usageMetadata`:{`trafficType`:`ON_DEMAND`}}^^'",
	  " | partial none | finish STOP" },
	{ "the same as a list of its usage",
	  "'api':'google.generate','stream':true,'usage':[{'trafficType':'ON_DEMAND'},null]",
	  " | partial none" },
	{ "the traffic behind the counts takes nothing back",
	  "'api':'google.generate','sse':'data: {`candidates`:[{`finishReason`:`STOP`}],"
	  "`usageMetadata`:{`promptTokenCount`:8,`totalTokenCount`:8}}^^data: {`usageMetadata`:"
	  "{`trafficType`:`ON_DEMAND`}}^^'",
	  "input=8 | final reported | finish STOP" },
	{ "a number that is no count is not silence",
	  "'api':'google.generate','sse':'data: {`usageMetadata`:{`newTokenCount`:0}}^^'",
	  "missing: usage: promptTokenCount is missing" },
	{ "an answer that is no stream has to tell",
	  "'api':'google.generate','response':{'candidates':[{'finishReason':'STOP'}],"
	  "'usageMetadata':{'trafficType':'ON_DEMAND'}}",
	  "missing: usage: promptTokenCount is missing" },
	{ "and an object beside it too",
	  "'api':'google.generate','stream':true,'usage':{'trafficType':'ON_DEMAND'}",
	  "missing: usage: promptTokenCount is missing" },
	{ "Ollama's broke off before its counts",
	  "'api':'ollama.chat','sse':'{`response`:`a`,`done`:false}^{`response`:`b`,`done`:false}^"
	  "'",
	  " | abandoned none" },
	{ "a list of nulls of a stream", "'api':'openai.chat','stream':true,'usage':[null,null]",
	  " | partial none" },
	{ "a stream that failed, and told what it had used",
	  "'api':'anthropic.messages','status':529,'sse':'data: {`type`:`message_start`,`message`:"
	  "{`usage`:{`input_tokens`:25,`output_tokens`:1}}}^^'",
	  "input=25 output=1 | abandoned partial" },
	{ "open: it began", "'api':'openai.chat','settlement':'open'", " | open none" },
	{ "partial, with what it had used so far",
	  "'api':'openai.chat','settlement':'partial','usage':{'prompt_tokens':9}",
	  "input=9 | partial partial" },
	{ "an event in the middle that is no JSON",
	  "'api':'openai.chat','sse':'data: {`usage`:{`prompt_tokens`:9}^^data: [DONE]^^'",
	  "syntax: sse: event 1 is no JSON" },
	{ "a stream of two responses",
	  "'api':'anthropic.messages','sse':'data: {`message`:{`usage`:{`input_tokens`:9,"
	  "`output_tokens`:9}}}^^data: "
	  "{`message`:{`usage`:{`input_tokens`:9,`output_tokens`:1}}}^^'",
	  "identity: usage: output_tokens fell from 9 to 1: more than one response in one event" },
	{ "a text that is no text", "'api':'openai.chat','sse':7",
	  "type: sse: the text of a stream is due" },

	/* --- JSON lines --------------------------------------------------------- */
	{ "JSON lines with a blank before the last",
	  "'api':'ollama.chat','sse':'{`done`:false}^ {`done`:true,`done_reason`:`stop`,"
	  "`prompt_eval_count`:9,`eval_count`:3}^'",
	  "input=9 output=3 | final reported | finish stop" },
	{ "JSON lines with blanks before all, behind a mark",
	  "'api':'openai.chat','sse':'\ufeff \\t{`choices`:[{`finish_reason`:`stop`}]}^^"
	  "\\t {`choices`:[],`usage`:{`prompt_tokens`:9,`completion_tokens`:3}}^ [DONE]^'",
	  "input=9 output=3 | final reported | finish stop" },
	{ "a JSON line with a blank before it behind data",
	  "'api':'openai.chat','sse':'data: {`choices`:[{`finish_reason`:`stop`}]}^"
	  " {`usage`:{`prompt_tokens`:9}}^'",
	  "input=9 | final reported | finish stop" },
	{ "a JSON line with a blank before it, cut",
	  "'api':'ollama.chat','sse':'{`done`:false}^ {`done`:true,`prompt_eval_count`:9'",
	  " | abandoned none" },

	/* --- a list that was cut ------------------------------------------------ */
	{ "Google's list of chunks, cut in the third",
	  "'api':'google.generate','sse':'[{`usageMetadata`:{`promptTokenCount`:9,"
	  "`candidatesTokenCount`:1,`totalTokenCount`:10}}^,^{`usageMetadata`:{`promptTokenCount`:"
	  "9,`candidatesTokenCount`:2,`totalTokenCount`:11},`x`:[`}`,{}]}^,^{`usageMeta'",
	  "input=9 output=2 | abandoned partial" },
	{ "the same on one line, as a response",
	  "'api':'google.generate','response':'[{`usageMetadata`:{`promptTokenCount`:9,"
	  "`totalTokenCount`:9}},{`a\\\\`}]`:{'",
	  "input=9 | abandoned partial" },
	{ "cut before the first one ended",
	  "'api':'google.generate','sse':'[{`usageMetadata`:{`promptTokenCount`:9'",
	  " | abandoned none" },
	{ "a list that is closed, and no JSON", "'api':'google.generate','sse':'[{`a`:1},^{b}]^'",
	  "syntax: response: neither JSON nor the events of a stream" },

	/* --- in another shape --------------------------------------------------- */
	{ "a stream of Responses under the name of Chat",
	  "'api':'openai.chat','sse':'data: {`type`:`response.completed`,`response`:{`usage`:"
	  "{`input_tokens`:9000,`output_tokens`:1200,`total_tokens`:10200}}}^^'",
	  "missing: response: it holds a usage that is not one of openai.chat; it would fit "
	  "openai.responses, openai.realtime, xai.responses" },
	{ "a stream of Google's under the name of Chat",
	  "'api':'openai.chat','sse':'data: {`usageMetadata`:{`promptTokenCount`:9,"
	  "`totalTokenCount`:9}}^^'",
	  "missing: response: it holds a usage that is not one of openai.chat" },
	{ "a line of Anthropic's batches under another name",
	  "'api':'openai.batch','response':[{'custom_id':'1','result':{'message':{'usage':"
	  "{'input_tokens':9,'output_tokens':1}}}}]",
	  "missing: response: it holds a usage that is not one of openai.batch; it would fit "
	  "anthropic.messages" },
	{ "a body of another shape",
	  "'api':'openai.chat','response':{'usageMetadata':{'promptTokenCount':9,"
	  "'candidatesTokenCount':3,'totalTokenCount':12}}",
	  "missing: response: it holds a usage that is not one of openai.chat; it would fit "
	  "google.generate, google.live" },
	{ "a stream of Ollama's, whose objects are the usage, and another one without",
	  "'api':'openai.chat','sse':'data: {`created`:7,`choices`:[{}]}^^data: [DONE]^^'",
	  " | partial none" },
	{ "numbers that the shape knows of, and does not count",
	  "'api':'openai.realtime','response':[{'type':"
	  "'conversation.item.input_audio_transcription.completed','usage':{'total_tokens':9,"
	  "'input_tokens':9}}]",
	  " | abandoned none | warns of (a transcription's usage)" },
	{ "Moonshot: the usage of the last choice",
	  "'api':'openai.chat','sse':'data: {`choices`:[{`finish_reason`:`stop`,`usage`:"
	  "{`prompt_tokens`:9,`completion_tokens`:3,`total_tokens`:12}}]}^^data: [DONE]^^'",
	  "input=9 output=3 | final reported | finish stop" },

	/* --- beside the usage --------------------------------------------------- */
	{ "an image that a tool drew",
	  "'api':'openai.responses','response':{'usage':{'input_tokens':9,'output_tokens':1},"
	  "'tool_usage':{'image_gen':{'input_tokens':50,'output_tokens':4160}}}",
	  "input=9 output=1 | final reported | warns of (images that a tool drew)" },
	{ "a tool that drew none",
	  "'api':'openai.responses','response':{'usage':{'input_tokens':9,'output_tokens':1},"
	  "'tool_usage':{'image_gen':{'input_tokens':0},'web_search':{'num_requests':1}}}",
	  "input=9 output=1 | final reported" },
	{ "searches of a grounding",
	  "'api':'google.generate','response':{'candidates':[{'groundingMetadata':"
	  "{'webSearchQueries':['a']}}],'usageMetadata':{'promptTokenCount':9}}",
	  "input=9 | final reported | warns of (searches of a grounding)" },
	{ "a grounding without searches",
	  "'api':'google.generate','response':{'candidates':[{'groundingMetadata':"
	  "{'webSearchQueries':[]}}],'usageMetadata':{'promptTokenCount':9}}",
	  "input=9 | final reported" },

	/* --- under way, and at its end ------------------------------------------ */
	{ "a response in the background, whose usage is yet null",
	  "'api':'openai.responses','response':{'status':'in_progress','usage':null}",
	  " | partial none" },
	{ "the end of Mistral's conversations",
	  "'api':'mistral.chat','sse':'data: {`type`:`conversation.response.done`,`usage`:"
	  "{`prompt_tokens`:9,`completion_tokens`:1,`total_tokens`:10}}^^'",
	  "input=9 output=1 | final reported" },

	/* --- more than one response ------------------------------------------- */
	{ "the same response of a session twice",
	  "'api':'openai.realtime','response':[{'type':'response.created','response':{'id':'r'}},"
	  "{'type':'response.done','response':{'id':'r','usage':{'input_tokens':9}}},"
	  "{'type':'response.done','response':{'id':'r','usage':{'input_tokens':9}}}]",
	  "identity: usage: of the same response twice in one event" },
	{ "the same line of a batch twice",
	  "'api':'openai.batch','response':[{'custom_id':'1','response':{'body':{'usage':"
	  "{'prompt_tokens':9}}}},{'custom_id':'1','response':{'body':{'usage':"
	  "{'prompt_tokens':9}}}}]",
	  "identity: usage: of the same response twice in one event" },
	{ "blanks before the object",
	  "'api':'openai.chat','sse':'data:  {`choices`:[{`finish_reason`:`stop`}]}^^"
	  "data:\\t{`usage`:{`prompt_tokens`:9,`completion_tokens`:3}}^^'",
	  "input=9 output=3 | final reported | finish stop" },
	{ "two responses in a stream, the second larger",
	  "'api':'openai.chat','sse':'data: {`id`:`a`,`usage`:{`prompt_tokens`:9}}^^"
	  "data: {`id`:`b`,`usage`:{`prompt_tokens`:20}}^^data: [DONE]^^'",
	  "identity: usage: of more than one response in one event" },
	{ "one response in two chunks",
	  "'api':'openai.chat','sse':'data: {`id`:`a`,`usage`:{`prompt_tokens`:9}}^^"
	  "data: {`id`:`a`,`usage`:{`prompt_tokens`:9}}^^data: [DONE]^^'",
	  "input=9 | final reported" },
	{ "two of Anthropic's, the second larger",
	  "'api':'anthropic.messages','sse':'data: {`message`:{`id`:`a`,`usage`:{`input_tokens`:9,"
	  "`output_tokens`:1}}}^^data: {`message`:{`id`:`b`,`usage`:{`input_tokens`:20,"
	  "`output_tokens`:8}}}^^'",
	  "identity: usage: of more than one response in one event" },
	{ "two of Google's",
	  "'api':'google.generate','response':[{'responseId':'a','usageMetadata':"
	  "{'promptTokenCount':9}},{'responseId':'b','usageMetadata':{'promptTokenCount':20}}]",
	  "identity: usage: of more than one response in one event" },
	{ "one of Google's that broke off between its steps",
	  "'api':'google.generate','response':[{'responseId':'a','usageMetadata':"
	  "{'promptTokenCount':46,'candidatesTokenCount':152,'totalTokenCount':198}},{'responseId':"
	  "'a','usageMetadata':{'promptTokenCount':46,'candidatesTokenCount':89,"
	  "'totalTokenCount':135}}]",
	  "input=46 output=152 | abandoned partial | warns of totalTokenCount (smaller behind a "
	  "larger one)" },
	{ "the same, and it ended",
	  "'api':'google.generate','response':[{'responseId':'a','usageMetadata':"
	  "{'promptTokenCount':46,'totalTokenCount':46}},{'responseId':'a','candidates':"
	  "[{'finishReason':'STOP'}],'usageMetadata':{'promptTokenCount':45,"
	  "'totalTokenCount':45}}]",
	  "identity: usage: totalTokenCount fell from 46 to 45: more than one response in one "
	  "event" },
	{ "one id, and numbers that fall",
	  "'api':'openai.chat','sse':'data: {`id`:`a`,`usage`:{`prompt_tokens`:9}}^^"
	  "data: {`id`:`a`,`usage`:{`prompt_tokens`:8}}^^'",
	  "identity: usage: prompt_tokens fell from 9 to 8: more than one response in one event" },
	{ "the same without a word on whose chunk the second is",
	  "'api':'google.generate','response':[{'responseId':'a','usageMetadata':"
	  "{'promptTokenCount':46,'candidatesTokenCount':152,'totalTokenCount':198}},"
	  "{'usageMetadata':{'promptTokenCount':46,'candidatesTokenCount':89,"
	  "'totalTokenCount':135}}]",
	  "identity: usage: totalTokenCount fell from 198 to 135: more than one response in one "
	  "event" },
	{ "one response whose numbers end at zero",
	  "'api':'openai.chat','response':[{'id':'a','usage':{'prompt_tokens':9}},{'id':'a',"
	  "'usage':{'prompt_tokens':0}}]",
	  "identity: usage: prompt_tokens fell from 9 to 0: more than one response in one event" },
	{ "two of Ollama's, the second larger",
	  "'api':'ollama.chat','response':[{'done':true,'prompt_eval_count':9,'eval_count':1},"
	  "{'done':true,'prompt_eval_count':20,'eval_count':2}]",
	  "identity: usage: of more than one response in one event" },
	{ "Google's stream with its response inside is no batch",
	  "'api':'google.generate','response':[{'response':{'usageMetadata':{'promptTokenCount':8,"
	  "'candidatesTokenCount':1,'totalTokenCount':9}}},{'response':{'candidates':"
	  "[{'finishReason':'STOP'}],'usageMetadata':{'promptTokenCount':8,"
	  "'candidatesTokenCount':5,'totalTokenCount':13}}}]",
	  "input=8 output=5 | final reported | finish STOP" },
	{ "Google's batch has keys",
	  "'api':'google.generate','response':[{'key':'1','response':{'usageMetadata':"
	  "{'promptTokenCount':8}}},{'key':'2','response':{'usageMetadata':"
	  "{'promptTokenCount':9}}}]",
	  "input=17 | final reported" },
	{ "a batch's results as the text of their file",
	  "'api':'openai.batch','response':'{`custom_id`:`1`,`response`:{`body`:{`usage`:"
	  "{`prompt_tokens`:9,`completion_tokens`:1}}}}^{`custom_id`:`2`,`response`:{`body`:"
	  "{`usage`:{`prompt_tokens`:20,`completion_tokens`:2}}}}^'",
	  "input=29 output=3 | final reported" },
	{ "a job that tells its sum and what it is made of",
	  "'api':'mistral.chat','response':{'usage':{'prompt_tokens':30,'completion_tokens':3},"
	  "'outputs':[{'response':{'body':{'usage':{'prompt_tokens':10,'completion_tokens':1}}}},"
	  "{'response':{'body':{'usage':{'prompt_tokens':20,'completion_tokens':2}}}}]}",
	  "input=30 output=3 | final reported" },
	{ "searches that a stream repeats are counted once",
	  "'api':'openai.responses','response':[{'status':'in_progress','output':["
	  "{'type':'web_search_call'}]},{'status':'completed','output':[{'type':"
	  "'web_search_call'}],'usage':{'input_tokens':10,'output_tokens':5}}]",
	  "input=10 output=5 searches=1 | final reported" },
	{ "a document of several lines with something behind it",
	  "'api':'openai.chat','sse':'{^ `usage`:{`prompt_tokens`:9}^}^^[DONE]'",
	  "syntax: response: neither JSON nor the events of a stream" },
	{ "a page of a proxy", "'api':'openai.chat','sse':'<html>no</html>'",
	  "missing: sse: a page, and no stream" },
	{ "a byte order mark before a document",
	  "'api':'openai.chat','response':'\ufeff{`choices`:[{`finish_reason`:`stop`}],`usage`:"
	  "{`prompt_tokens`:9}}'",
	  "input=9 | final reported | finish stop" },

	/* --- bodies ------------------------------------------------------------ */
	{ "a body's usage, tier and reason",
	  "'api':'openai.chat','response':{'service_tier':'flex','choices':[{'finish_reason':'stop'"
	  "}"
	  "],'usage':{'prompt_tokens':9,'completion_tokens':3}}",
	  "input=9 output=3 | final reported | finish stop tier flex" },
	{ "what the line says goes first",
	  "'api':'openai.chat','service_tier':'batch','finish_reason':'cut','response':"
	  "{'service_tier':'flex','choices':[{'finish_reason':'stop'}],'usage':{'prompt_tokens':9}"
	  "}",
	  "input=9 | final reported | finish cut tier batch" },
	{ "a tool's arguments are no usage",
	  "'api':'openai.chat','response':{'choices':[{'message':{'tool_calls':[{'arguments':"
	  "{'usage':{'prompt_tokens':99}}}]}}],'usage':{'prompt_tokens':9}}",
	  "input=9 | final reported" },
	{ "Anthropic: where and how fast it ran",
	  "'api':'anthropic.messages','response':{'stop_reason':'end_turn','usage':{'input_tokens':"
	  "9,"
	  "'output_tokens':1,'service_tier':'priority','inference_geo':'us','speed':'fast'}}",
	  "input=9 output=1 | final reported | finish end_turn tier priority "
	  "extra {\"region\":\"us\",\"speed\":\"fast\"}" },
	{ "Anthropic: geography not available says nothing",
	  "'api':'anthropic.messages','usage':{'input_tokens':9,'output_tokens':1,'inference_geo':"
	  "'not_available'}",
	  "input=9 output=1 | final reported" },
	{ "OpenRouter: what it charged",
	  "'api':'openrouter.chat','usage':{'prompt_tokens':9,'cost':3.4e-07,'is_byok':false,"
	  "'cost_details':{'upstream_inference_cost':1.0}}",
	  "input=9 | final reported | extra {\"upstream_cost\":\"0.00000034\"}" },
	{ "OpenRouter with the customer's own key: both are paid",
	  "'api':'openrouter.chat','usage':{'prompt_tokens':9,'cost':0.05,'is_byok':true,"
	  "'cost_details':{'upstream_inference_cost':1.25}}",
	  "input=9 | final reported | extra {\"upstream_cost\":\"1.30\"}" },
	{ "xAI: ticks of 1e-10 USD",
	  "'api':'xai.chat','usage':{'prompt_tokens':9,'cost_in_usd_ticks':4680000}",
	  "input=9 | final reported | extra {\"upstream_cost\":\"0.000468\"}" },
	{ "Groq: the split by model is what is priced",
	  "'api':'groq.chat','response':{'usage':{'prompt_tokens':30,'completion_tokens':5},"
	  "'usage_breakdown':{'models':[{'model':'m','usage':{'prompt_tokens':10,"
	  "'completion_tokens':2}},{'model':'other','usage':{'prompt_tokens':20,"
	  "'completion_tokens':3}}]}}",
	  "input=10 output=2 | final reported | part other input=20 output=3" },
	{ "Groq: a split that does not add up",
	  "'api':'groq.chat','response':{'usage':{'prompt_tokens':30,'completion_tokens':5},"
	  "'usage_breakdown':{'models':[{'model':'other','usage':{'prompt_tokens':20,"
	  "'completion_tokens':3}}]}}",
	  "identity: usage: the split by model does not add up to input 30" },
	{ "Groq: the split of a stream",
	  "'api':'groq.chat','sse':'data: {`id`:`a`,`choices`:[{`finish_reason`:`stop`}],"
	  "`x_groq`:{`usage`:{`prompt_tokens`:30,`completion_tokens`:6},`usage_breakdown`:{"
	  "`models`:[{`model`:`other`,`usage`:{`prompt_tokens`:30,`completion_tokens`:6}}]}}}^^"
	  "data: [DONE]^^'",
	  " | final reported | part other input=30 output=6 finish stop" },
	{ "Groq: a split of numbers that contradict each other",
	  "'api':'groq.chat','response':{'usage':{'prompt_tokens':30,'completion_tokens':6,"
	  "'total_tokens':46,'completion_tokens_details':{'reasoning_tokens':10}},"
	  "'usage_breakdown':{'models':[{'model':'other','usage':{'prompt_tokens':30,"
	  "'completion_tokens':6}}]}}",
	  "unsupported: usage: a split by model, and numbers that contradict each other: usage: "
	  "prompt_tokens 30 + completion_tokens 6 = 36, but total_tokens is 46" },
	{ "Groq: no split",
	  "'api':'groq.chat','response':{'usage':{'prompt_tokens':30},"
	  "'usage_breakdown':{'models':null}}",
	  "input=30 | final reported" },
	{ "a batch's result line",
	  "'api':'openai.batch','response':{'custom_id':'1','response':{'status_code':200,'body':"
	  "{'usage':{'prompt_tokens':9,'completion_tokens':3}}}}",
	  "input=9 output=3 | final reported" },
	{ "result lines of a batch add up",
	  "'api':'anthropic.messages','response':[{'result':{'message':{'usage':{'input_tokens':20,"
	  "'output_tokens':5,'service_tier':'batch'}}}},{'result':{'message':{'usage':"
	  "{'input_tokens':19,'output_tokens':4,'service_tier':'batch'}}}}]",
	  "input=39 output=9 | final reported | tier batch" },
	{ "Bedrock's embedding: the header alone",
	  "'api':'bedrock.invoke','headers':{'x-amzn-bedrock-input-token-count':'19','date':'x'},"
	  "'response':{'embedding':[0.5]}",
	  "input=19 | final reported" },
	{ "Bedrock: Titan's body",
	  "'api':'bedrock.invoke','response':{'inputTextTokenCount':5,'results':[{'tokenCount':20,"
	  "'outputText':'x','completionReason':'FINISH'}]}",
	  "input=5 output=20 | final reported | finish FINISH" },
	{ "Bedrock: Titan's body of several answers",
	  "'api':'bedrock.invoke','headers':{'x-amzn-bedrock-output-token-count':'27'},'response':"
	  "{'inputTextTokenCount':5,'results':[{'tokenCount':20},{'tokenCount':7}]}",
	  "input=5 output=27 | final reported" },
	{ "Bedrock: Titan's body with an answer that is not counted",
	  "'api':'bedrock.invoke','response':{'inputTextTokenCount':5,'results':[{'tokenCount':20},"
	  "{'outputText':'x'}]}",
	  "missing: usage: results: tokenCount is missing" },
	{ "Bedrock: Titan's body with a number nobody counts",
	  "'api':'bedrock.invoke','response':{'inputTextTokenCount':5,'results':[{'tokenCount':20,"
	  "'imageCount':1}]}",
	  "input=5 output=20 | final reported | warns of results.imageCount" },
	{ "Bedrock: Titan's answers that are none",
	  "'api':'bedrock.invoke','response':{'inputTextTokenCount':5,'results':[7]}",
	  "type: usage: results: an array of objects is due" },
	{ "Bedrock: Titan's answers that are no list",
	  "'api':'bedrock.invoke','response':{'inputTextTokenCount':5,'results':{}}",
	  "type: usage: results: an array is due" },
	{ "Bedrock: Titan's answers that are no count",
	  "'api':'bedrock.invoke','response':{'inputTextTokenCount':5,'results':[{'tokenCount':"
	  "1000000000000},{'tokenCount':1}]}",
	  "count: usage: results: the sum is no count" },
	{ "Bedrock: Llama's body",
	  "'api':'bedrock.invoke','response':{'generation':'x','prompt_token_count':10,"
	  "'generation_token_count':22,'stop_reason':'stop'}",
	  "input=10 output=22 | final reported | finish stop" },
	{ "Bedrock: Titan's embeddings, whose vectors are no numbers that nobody counts",
	  "'api':'bedrock.invoke','response':{'embedding':[0.1,0.2],'embeddingsByType':{'float':"
	  "[0.1,0.2],'binary':[1,0]},'inputTextTokenCount':5}",
	  "input=5 | final reported" },
	{ "Bedrock: the lines of a batch's results, each a request",
	  "'api':'bedrock.invoke','response':'{`recordId`:`1`,`modelInput`:{`inputText`:`a`},"
	  "`modelOutput`:{`inputTextTokenCount`:8,`results`:[{`tokenCount`:3}]}}^{`recordId`:`2`,"
	  "`modelOutput`:{`usage`:{`input_tokens`:9,`output_tokens`:4}}}^{`recordId`:`3`,`error`:"
	  "{`errorCode`:400}}^{`recordId`:`4`,`modelOutput`:{`generation`:`x`,`prompt_token_count`:"
	  "1,`generation_token_count`:2}}^'",
	  "input=18 output=9 | final reported" },
	{ "Bedrock: a line of them that tells nothing",
	  "'api':'bedrock.invoke','response':[{'recordId':'1','modelOutput':{'generation':'x',"
	  "'prompt_token_count':1}},{'recordId':'2','modelOutput':{'embeddings':[0.5]}}]",
	  "missing: usage: inputTokens is missing" },
	{ "Bedrock: a batch's results of Converse",
	  "'api':'bedrock.converse','response':[{'recordId':'1','modelOutput':{'usage':"
	  "{'inputTokens':20,'outputTokens':2}}},{'recordId':'2','modelOutput':{'usage':"
	  "{'inputTokens':3,'outputTokens':1}}}]",
	  "input=23 output=3 | final reported" },
	{ "Bedrock: one of them without its usage",
	  "'api':'bedrock.converse','response':[{'recordId':'1','modelOutput':{'usage':"
	  "{'inputTokens':20,'outputTokens':2}}},{'recordId':'2','modelOutput':{'output':{}}}]",
	  "missing: usage: inputTokens is missing" },
	{ "a header beside a usage says nothing new",
	  "'api':'bedrock.invoke','headers':{'x-amzn-bedrock-input-token-count':'3'},"
	  "'response':{'usage':{'input_tokens':3,'output_tokens':4}}",
	  "input=3 output=4 | final reported" },
	{ "images are counted, of the size that came",
	  "'api':'openai.images','response':{'size':'1024x1024','quality':'hd','data':[{'url':'a'},"
	  "{'url':'b'}]}",
	  "images_out=2 | final reported | 2 x 1024x1024 hd" },
	{ "images are counted, of the size that the gateway resolved",
	  "'api':'openai.images','images':{'size':'1792x1024','quality':'standard'},'response':"
	  "{'data':[{'url':'a'}]}",
	  "images_out=1 | final reported | 1 x 1792x1024 standard" },
	{ "auto is a wish, not a size",
	  "'api':'openai.images','images':{'size':'auto','quality':'auto'},'response':"
	  "{'size':'1024x1536','data':[{'url':'a'}]}",
	  "images_out=1 | final reported | 1 x 1024x1536 - warns of images.quality (auto, and "
	  "nothing tells which)" },
	{ "auto that the response resolves",
	  "'api':'openai.images','images':{'size':'auto','quality':'auto','n':1},'response':"
	  "{'size':'1024x1536','quality':'high','data':[{'url':'a'}]}",
	  "images_out=1 | final reported | 1 x 1024x1536 high" },
	{ "auto in the response resolves nothing",
	  "'api':'openai.images','response':{'size':'auto','data':[{'url':'a'}]}",
	  "images_out=1 | final reported | 1 x - - warns of images.size (auto, and nothing tells "
	  "which)" },
	{ "auto in the response that the gateway resolved",
	  "'api':'openai.images','images':{'size':'1024x1536'},'response':{'size':'auto','data':"
	  "[{'url':'a'}]}",
	  "images_out=1 | final reported | 1 x 1024x1536 -" },
	{ "auto without a response",
	  "'api':'openai.images','images':{'size':'auto','quality':'hd','n':2}",
	  "images_out=2 | final reported | 2 x - hd warns of images.size (auto, and nothing tells "
	  "which)" },
	{ "auto of no images is nobody's",
	  "'api':'openai.images','images':[{'size':'auto','n':0},{'size':'a','n':2}]",
	  "images_out=2 | final reported | 2 x a -" },
	{ "auto of images that went in",
	  "'api':'toll','images':{'direction':'in','quality':'auto'},'usage':{'input':3}",
	  "input=3 images_in=1 | final reported | 1 x - - warns of images.quality (auto, and "
	  "nothing tells which)" },
	{ "what came, not what was asked for",
	  "'api':'openai.images','images':{'size':'1024x1024','quality':'hd','n':1},'response':"
	  "{'size':'1536x1024','quality':'hd','data':[{'url':'a'}]}",
	  "images_out=1 | final reported | 1 x 1536x1024 hd warns of images.size (the response "
	  "tells another)" },
	{ "what came, in quality, beside a usage",
	  "'api':'openai.images','images':{'quality':'low'},'response':{'quality':'high','usage':"
	  "{'input_tokens':9,'output_tokens':100,'total_tokens':109}}",
	  "input=9 output_image=100 images_out=1 | final reported | 1 x - high warns of "
	  "images.quality (the response tells another)" },
	{ "what came, of several kinds",
	  "'api':'openai.images','images':[{'size':'a','n':1},{'size':'b','n':2},"
	  "{'direction':'in','size':'a'}],'response':{'size':'b','data':[{},{},{}]}",
	  "images_in=1 images_out=3 | final reported | 3 x b - 1 x a - warns of images.size (the "
	  "response tells another)" },
	{ "what came of a batch's line",
	  "'api':'openai.images','images':{'size':'1024x1024'},'response':{'custom_id':'1',"
	  "'response':{'body':{'size':'1536x1024','data':[{'url':'a'}]}}}",
	  "images_out=1 | final reported | 1 x 1536x1024 - warns of images.size (the response "
	  "tells another)" },
	{ "a number nobody counts goes before the size",
	  "'api':'openai.images','images':{'size':'auto'},'usage':{'input_tokens':9,"
	  "'output_tokens':1,'new_tokens':3}",
	  "input=9 output_image=1 images_out=1 | final reported | 1 x - - warns of new_tokens" },
	{ "what came in a stream",
	  "'api':'openai.images','images':{'size':'auto','n':1},'sse':'data: {`type`:"
	  "`image_generation.partial_image`,`size`:`1024x1024`}^^data: {`type`:"
	  "`image_generation.completed`,`size`:`1024x1024`,`quality`:`high`,`usage`:"
	  "{`input_tokens`:9,`output_tokens`:100,`total_tokens`:109}}^^'",
	  "input=9 output_image=100 images_out=1 | final reported | 1 x 1024x1024 high" },
	{ "a size that is too long to be one",
	  "'api':'openai.images','images':{'size':'a'},'response':{'size':"
	  "'123456789012345678901234','data':[{'url':'a'}]}",
	  "images_out=1 | final reported | 1 x a -" },
	{ "images of kinds that the gateway tells",
	  "'api':'openai.images','images':[{'size':'a','n':1},{'size':'b','n':2}],'response':"
	  "{'data':[{},{},{}]}",
	  "images_out=3 | final reported | 1 x a - 2 x b -" },
	{ "more images asked for than came",
	  "'api':'openai.images','images':{'n':2},'response':{'data':[{'url':'a'}]}",
	  "part: images: n is 2, and the response holds 1" },
	{ "images asked for, and none came",
	  "'api':'openai.images','images':{'n':1},'response':{'data':[]}",
	  "part: images: n is 1, and the response holds 0" },
	{ "images asked for, and all of them filtered",
	  "'api':'google.predict','images':{'n':1},'response':{'predictions':"
	  "[{'raiFilteredReason':'y'}]}",
	  "part: images: n is 1, and the response holds 0" },
	{ "no image came, and nobody says that one was due",
	  "'api':'google.predict','response':{'predictions':[{'raiFilteredReason':'y'}]}",
	  " | final reported" },
	{ "predictions of who knows what",
	  "'api':'google.predict','response':{'predictions':[{'x':1}]}",
	  "missing: response: it holds no predictions[].embeddings.statistics" },
	{ "images beside a usage of zeros",
	  "'api':'openai.images','response':{'size':'1024x1792','quality':'hd','data':[{'url':'a'},"
	  "{'url':'b'}],'usage':{'input_tokens':0,'output_tokens':0,'total_tokens':0}}",
	  "images_out=2 | final reported | 2 x 1024x1792 hd" },
	{ "images of several lines of a batch",
	  "'api':'openai.images','response':[{'custom_id':'1','response':{'body':{'data':[{}]}}},"
	  "{'custom_id':'2','response':{'body':{'data':[{},{}]}}}]",
	  "unsupported: response: 2 objects in one event hold images and tell no usage; send each "
	  "by itself" },
	{ "images with a usage are not counted twice",
	  "'api':'openai.images','response':{'data':[{}],'usage':{'input_tokens':9,"
	  "'output_tokens':100,'total_tokens':109}}",
	  "input=9 output_image=100 | final reported" },
	{ "Imagen: images are counted",
	  "'api':'google.predict','response':{'predictions':[{'mimeType':'image/png',"
	  "'bytesBase64Encoded':'x'},{'raiFilteredReason':'y'}]}",
	  "images_out=1 | final reported | 1 x - -" },
	{ "embeddings of Vertex: a count a prediction",
	  "'api':'google.predict','response':{'predictions':[{'embeddings':{'statistics':"
	  "{'token_count':3}}},{'embeddings':{'statistics':{'token_count':4}}}]}",
	  "input=7 | final reported" },
	{ "a batch that was asked for before its end",
	  "'api':'openai.batch','response':{'object':'batch','status':'in_progress','usage':"
	  "{'input_tokens':0,'output_tokens':0,'total_tokens':0}}",
	  " | partial partial" },
	{ "a batch that has ended",
	  "'api':'openai.batch','response':{'object':'batch','status':'completed','usage':"
	  "{'input_tokens':7,'output_tokens':1,'total_tokens':8}}",
	  "input=7 output=1 | final reported" },
	{ "a transcription of another model in a session",
	  "'api':'openai.realtime','response':[{'type':'response.done','response':{'usage':"
	  "{'input_tokens':3,'output_tokens':2}}},{'type':"
	  "'conversation.item.input_audio_transcription.completed','usage':{'seconds':3}}]",
	  "input=3 output=2 | final reported | warns of (a transcription's usage)" },
	{ "a guardrail beside the model",
	  "'api':'bedrock.converse','response':{'stopReason':'end_turn','trace':{'guardrail':{}},"
	  "'usage':{'inputTokens':3,'outputTokens':2}}",
	  "input=3 output=2 | final reported | warns of (a guardrail's units) finish end_turn" },
	{ "a body without usage", "'api':'openai.chat','response':{'id':'x'}",
	  "missing: response: it holds no usage" },
};

static void put_line(struct buf *out, const char *rest, const char *line_end)
{
	buf_clear(out);
	buf_add_cstr(out, "{\"id\":\"e\",\"source\":\"s\",\"time\":\"2026-11-22T08:00:00Z\","
	                  "\"account\":\"a\",\"model\":\"m\",");
	for (const char *c = rest; *c != '\0'; c++) {
		if (*c == '^')
			buf_add_cstr(out, line_end);
		else if (*c == '\'')
			buf_add_cstr(out, "\"");
		else if (*c == '`')
			buf_add_cstr(out, "\\\"");
		else
			buf_add(out, c, 1);
	}
	buf_add_cstr(out, "}");
}

static void put_said(struct buf *out, const struct event *e)
{
	struct buf said = { .at = NULL };

	for (size_t i = 0; i < e->part_count; i++) {
		buf_addf(&said, " part %.*s ", TEXT_ARGS(e->parts[i].model));
		event_line_put_counts(&said, &e->parts[i].usage);
	}
	for (unsigned i = 0; i < e->usage.images_count; i++) {
		const struct usage_images *images = &e->usage.images[i];

		buf_addf(&said, " %lld x %s %s", (long long)images->n,
		         images->size[0] != '\0' ? images->size : "-",
		         images->quality[0] != '\0' ? images->quality : "-");
	}
	if (e->unknown_path.at != NULL)
		buf_addf(&said, " warns of %.*s", TEXT_ARGS(e->unknown_path));
	if (e->finish_reason.at != NULL)
		buf_addf(&said, " finish %.*s", TEXT_ARGS(e->finish_reason));
	if (e->service_tier.at != NULL)
		buf_addf(&said, " tier %.*s", TEXT_ARGS(e->service_tier));
	if (e->extra.at != NULL)
		buf_addf(&said, " extra %.*s", TEXT_ARGS(e->extra));
	if (said.len > 0)
		buf_addf(out, " |%.*s", TEXT_ARGS(buf_text(&said)));
	buf_release(&said);
}

struct bench {
	struct event_defaults defaults;
	struct buf line, got;
	struct json doc;
	struct arena arena;
};

static unsigned check_row(struct bench *b, const struct row *row, const char *line_end)
{
	struct event event;
	struct event_refusal refusal;

	put_line(&b->line, row->rest, line_end);
	arena_reset(&b->arena);
	assert_int_equal(event_decode(buf_text(&b->line), &b->defaults, &b->doc, &b->arena, &event,
	                              &refusal),
	                 0);
	buf_clear(&b->got);
	if (refusal.reason != REASON_NONE) {
		buf_addf(&b->got, "%s: %s", reason_name(refusal.reason), refusal.detail);
	} else {
		event_line_put_counts(&b->got, &event.usage);
		buf_addf(&b->got, " | %s %s", settlement_name(event.settlement),
		         provenance_name(event.provenance));
		put_said(&b->got, &event);
	}
	if (strcmp(b->got.at, row->expected) == 0)
		return 0;
	printf("%s:\n  %s\nwanted\n  %s\n", row->label, b->got.at, row->expected);
	return 1;
}

static void test_a_response_is_counted_as_far_as_it_tells(void **state)
{
	static const char *const line_ends[] = { "\\n", "\\r\\n" };
	struct bench bench = { .line = { .at = NULL } };
	unsigned wrong = 0;

	(void)state;
	assert_true(moment_parse(text_of("2026-11-23T00:00:00Z"), &bench.defaults.now_ms));
	for (size_t i = 0; i < ROWS(rows); i++) {
		for (size_t end = 0; end < ROWS(line_ends); end++)
			wrong += check_row(&bench, &rows[i], line_ends[end]);
	}
	assert_int_equal(wrong, 0);
	buf_release(&bench.line);
	buf_release(&bench.got);
	json_release(&bench.doc);
	arena_release(&bench.arena);
}

/* Cut anywhere: never more than the whole, never a count that nobody told, always an answer. */
static void test_a_stream_that_is_cut_anywhere_tells_no_more_than_it_did(void **state)
{
	static const char whole[] =
		"data: {`type`:`message_start`,`message`:{`usage`:{`input_tokens`:25,"
		"`cache_read_input_tokens`:7,`output_tokens`:1}}}^^"
		"data: {`type`:`message_delta`,`delta`:{`stop_reason`:`end_turn`},`usage`:"
		"{`output_tokens`:90}}^^data: {`type`:`message_stop`}^^";
	struct bench bench = { .line = { .at = NULL } };
	int64_t last = 0;

	(void)state;
	assert_true(moment_parse(text_of("2026-11-23T00:00:00Z"), &bench.defaults.now_ms));
	for (size_t len = 0; len < sizeof(whole); len++) {
		char rest[sizeof(whole) + 64];
		struct event event;
		struct event_refusal refusal;

		snprintf(rest, sizeof(rest), "'api':'anthropic.messages','sse':'%.*s'", (int)len,
		         whole);
		put_line(&bench.line, rest, "\\n");
		arena_reset(&bench.arena);
		assert_int_equal(event_decode(buf_text(&bench.line), &bench.defaults, &bench.doc,
		                              &bench.arena, &event, &refusal),
		                 0);
		if (refusal.reason != REASON_NONE)
			fail_msg("%zu bytes: %s", len, refusal.detail);
		assert_true(event.usage.count[COMPONENT_OUTPUT] >= last);
		last = event.usage.count[COMPONENT_OUTPUT];
		assert_true(last == 0 || last == 1 || last == 90);
		assert_int_equal(event.usage.count[COMPONENT_INPUT], last == 0 ? 0 : 25);
		if (last == 90)
			assert_int_equal(event.settlement, SETTLEMENT_FINAL);
		else
			assert_int_equal(event.settlement, SETTLEMENT_ABANDONED);
		assert_int_equal(event.provenance, last == 0   ? PROVENANCE_NONE
		                                   : last == 1 ? PROVENANCE_PARTIAL
		                                               : PROVENANCE_REPORTED);
	}
	assert_int_equal(last, 90);
	buf_release(&bench.line);
	json_release(&bench.doc);
	arena_release(&bench.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_response_is_counted_as_far_as_it_tells),
		cmocka_unit_test(test_a_stream_that_is_cut_anywhere_tells_no_more_than_it_did),
	};

	return cmocka_run_group_tests_name("response", tests, NULL, NULL);
}
