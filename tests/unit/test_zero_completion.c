/*
 * The policy zero-completion, from a line to its charge: which requests it asks for an answer.  The
 * prompt costs 1 a token, so that what is charged is the prompt, or nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rate/policy.h"
#include "tests/support/ledgerkit.h"

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

static const char book[] =
	"{'pricebook':1,'currency':'USD','models':[{'model':'m','versions':["
	"{'effective_from':'2020-01-01','rates':[{'component':'input','each':'1'},"
	"{'component':'cache_read','each':'1'},{'component':'output','each':'1'},"
	"{'component':'searches','each':'1'},{'component':'requests','each':'1000'}]}]}]}";

struct row {
	const char *label;
	const char *line;  /* a whole record, or the members of an event behind its model */
	const char *nanos; /* what it costs, or why it is held */
};

/* With the fee of a request. */
#define FREE "0"
#define FIVE "1005000000000"

#define EVENT "{'id':'1','source':'s','time':'2026-08-01T10:00:00Z','account':'a','model':'m',"

/* Each is sent into a ledger of its own. */
static void expect_each(const struct row *rows, size_t count, bool whole)
{
	struct buf line = { .at = NULL };
	unsigned bad = 0;

	for (size_t i = 0; i < count; i++) {
		struct ledgerkit kit = { .ledger = NULL };
		enum ingest_verdict verdict;
		const char *got;

		kit_open(&kit);
		kit_price(&kit, kit_quotes(book));
		kit_policies(&kit, NULL, POLICY_BIT(POLICY_ZERO_COMPLETION));
		buf_clear(&line);
		buf_addf(&line, "%s%s%s", whole ? "" : EVENT, rows[i].line, whole ? "" : "}");
		verdict = kit_send(&kit, kit_quotes(line.at));
		got = kit_ask(&kit, verdict == INGEST_ACCEPTED
		                            ? "SELECT sum(nanos) FROM event"
		                            : "SELECT reason || ': ' || detail FROM quarantine");
		if (strcmp(got, rows[i].nanos) != 0) {
			bad++;
			print_error("%s: due %s, got %s\n", rows[i].label, rows[i].nanos, got);
		}
		kit_verify_clean(&kit);
		kit_close(&kit);
	}
	buf_release(&line);
	assert_int_equal(bad, 0);
}

#define TOLL "'api':'toll','usage':{'input':5}"

static void test_a_line_may_say_that_no_answer_is_due(void **state)
{
	static const struct row rows[] = {
		{ "nothing said", TOLL, FREE },
		{ "no answer is due", TOLL ",'answer':false", FIVE },
		{ "one is due", TOLL ",'answer':true", FREE },
		{ "null says nothing", TOLL ",'answer':null", FREE },
		{ "a blank reason", TOLL ",'answer':false,'finish_reason':' '", FIVE },
		{ "it can fail", TOLL ",'answer':false,'finish_reason':'error'", FREE },
		{ "true is no excuse",
		  "'api':'openai.embeddings','answer':true,'usage':"
		  "{'prompt_tokens':5,'total_tokens':5}",
		  FIVE },
		{ "no boolean", TOLL ",'answer':'false'", "type: answer: true or false is due" },
	};

	(void)state;
	expect_each(rows, ROWS(rows), false);
}

#define RESPONSE(api, body) "'api':'" api "','response':" body

static const struct row results[] = {
	{ "an answer that is missing",
	  RESPONSE("openai.chat",
	           "{'choices':[],'usage':{'prompt_tokens':5,'completion_tokens':0}}"),
	  FREE },
	{ "vectors of OpenAI under the shape of chat",
	  RESPONSE("openai.chat", "{'data':[{'embedding':[0.1,0.2]}],'usage':{'prompt_"
	                          "tokens':5,'total_tokens':5}}"),
	  FIVE },
	{ "a vector as text",
	  RESPONSE("vllm.chat", "{'data':[{'embedding':'AAAA'}],'usage':{'prompt_tokens':5,"
	                        "'total_tokens':5}}"),
	  FIVE },
	{ "a list of no vectors",
	  RESPONSE("openai.chat", "{'data':[{'embedding':[]}],'usage':{'prompt_tokens':5,'"
	                          "total_tokens':5}}"),
	  FREE },
	{ "the usage beside it",
	  "'usage':{'prompt_tokens':5}," RESPONSE("openai.chat", "{'data':[{'embedding':[0.1]}]}"),
	  FIVE },
	{ "predict",
	  RESPONSE("google.predict", "{'predictions':[{'embeddings':{'values':[0.1],'"
	                             "statistics':{'token_count':5}}}]}"),
	  FIVE },
	{ "predict, its usage alone", "'api':'google.predict','usage':{'token_count':5}", FIVE },
	{ "embedContent",
	  RESPONSE("google.generate",
	           "{'embedding':{'values':[0.1]},'usageMetadata':{'promptTokenCount':5,"
	           "'totalTokenCount':5}}"),
	  FIVE },
	{ "batchEmbedContents",
	  RESPONSE("google.generate",
	           "{'embeddings':[{'values':[0.1]}],'usageMetadata':{'promptTokenCount':5,"
	           "'totalTokenCount':5}}"),
	  FIVE },
	{ "generateContent that was blocked",
	  RESPONSE("google.generate", "{'promptFeedback':{'blockReason':'SAFETY'},'"
	                              "usageMetadata':{'promptTokenCount':5,"
	                              "'totalTokenCount':5}}"),
	  FREE },
	{ "Titan",
	  "'headers':{'x-amzn-bedrock-input-token-count':'5'}," RESPONSE(
		  "bedrock.invoke", "{'embedding':[0.1],'inputTextTokenCount':5}"),
	  FIVE },
	{ "Titan, by the type alone",
	  "'usage':{'inputTextTokenCount':5}," RESPONSE("bedrock.invoke",
	                                                "{'embeddingsByType':{'binary':[1]}}"),
	  FIVE },
	{ "Cohere, counted in a header",
	  "'headers':{'x-amzn-bedrock-input-token-count':'5'}," RESPONSE(
		  "bedrock.invoke", "{'embeddings':{'float':[[0.1]]}}"),
	  FIVE },
	{ "Ollama", RESPONSE("ollama.chat", "{'embeddings':[[0.1]],'prompt_eval_count':5}"), FIVE },
	{ "a list of no embeddings",
	  RESPONSE("ollama.chat", "{'embeddings':[],'prompt_eval_count':5}"), FREE },
	{ "lines of a batch",
	  RESPONSE("openai.batch", "{'response':{'body':{'data':[{'embedding':[0.1]}],'"
	                           "usage':{'prompt_tokens':5,"
	                           "'total_tokens':5}}}}"),
	  FIVE },
	{ "the output of a batch",
	  RESPONSE("openai.batch",
	           "{'outputs':[{'response':{'body':{'data':[{'embedding':[0.1]}],'usage':"
	           "{'prompt_tokens':5,'total_tokens':5}}}}]}"),
	  FIVE },
	{ "a batch of completions that are missing",
	  RESPONSE("openai.batch", "{'response':{'body':{'choices':[],'usage':{'prompt_"
	                           "tokens':5,'total_tokens':5}}}}"),
	  FREE },
	{ "documents in their order",
	  TOLL ",'response':{'results':[{'index':0,"
	       "'relevance_score':0}]}",
	  FIVE },
	{ "documents of Bedrock", TOLL ",'response':{'results':[{'relevanceScore':0.5}]}", FIVE },
	{ "documents of Voyage", TOLL ",'response':{'data':[{'relevance_score':0.5}]}", FIVE },
	{ "a moderation",
	  RESPONSE("mistral.chat",
	           "{'results':[{'category_scores':{'pii':0.1}}],'usage':{'prompt_tokens':5,"
	           "'total_tokens':5}}"),
	  FIVE },
	{ "results of something else", TOLL ",'response':{'results':[{'title':'x'}]}", FREE },
	{ "an embedding that failed",
	  "'finish_reason':'error'," RESPONSE("openai.chat",
	                                      "{'data':[{'embedding':[0.1]}],'usage':"
	                                      "{'prompt_tokens':5}}"),
	  FREE },
};

static void test_a_response_shows_that_no_answer_is_due(void **state)
{
	(void)state;
	expect_each(results, ROWS(results), false);
}

#define SPENT "'usage':{'input_tokens':5,'output_tokens':9}"
#define EVENTS(type, status)                                                                       \
	"[{'type':'response.created','response':{'id':'r','status':'in_progress'}},"               \
	"{'type':'" type "','response':{'id':'r','status':'" status "'," SPENT "}}]"
#define FOURTEEN "1014000000000"

/* Whatever was made of it until then. */
static void test_a_response_that_failed_is_not_charged(void **state)
{
	static const struct row rows[] = {
		{ "completed", RESPONSE("openai.responses", "{'status':'completed'," SPENT "}"),
		  FOURTEEN },
		{ "failed", RESPONSE("openai.responses", "{'status':'failed'," SPENT "}"), FREE },
		{ "failed, of xAI", RESPONSE("xai.responses", "{'status':'failed'," SPENT "}"),
		  FREE },
		{ "a stream",
		  RESPONSE("openai.responses", EVENTS("response.completed", "completed")),
		  FOURTEEN },
		{ "a stream that failed",
		  RESPONSE("openai.responses", EVENTS("response.failed", "failed")), FREE },
		{ "a stream that failed, and something behind its end",
		  RESPONSE(
			  "openai.responses",
			  "[{'type':'response.failed','response':{'id':'r','status':'failed'," SPENT
			  "}},{'type':'ping'}]"),
		  FREE },
		{ "the line's own reason goes before it",
		  "'finish_reason':'stop'," RESPONSE("openai.responses",
		                                     "{'status':'failed'," SPENT "}"),
		  FOURTEEN },
		{ "the word of whoever sends it",
		  "'api':'toll','finish_reason':'failed','usage':{'input':5,'output':9}", FREE },
		{ "one line of a batch",
		  RESPONSE("openai.batch",
		           "[{'response':{'body':{'status':'completed'," SPENT "}}},"
		           "{'response':{'body':{'status':'failed','usage':{'input_tokens':0,"
		           "'output_tokens':0}}}}]"),
		  "2014000000000" },
		{ "a step that failed, of a stream that did not",
		  RESPONSE("openai.responses", "[{'object':'step','status':'failed','usage':null},"
		                               "{'type':'response.completed','response':{'id':'r','"
		                               "status':'completed'," SPENT "}}]"),
		  FOURTEEN },
		{ "one line of a batch, which says so itself",
		  RESPONSE("openai.batch",
		           "[{'status':'failed'},{'response':{'body':{" SPENT "}}}]"),
		  FOURTEEN },
		{ "a batch that failed, with requests that did not",
		  RESPONSE("openai.batch",
		           "{'status':'failed','request_counts':{'completed':1}," SPENT "}"),
		  FOURTEEN },
		{ "one response of a session",
		  RESPONSE("openai.realtime",
		           "[{'type':'response.done','response':{'status':'completed'," SPENT "}},"
		           "{'type':'response.done','response':{'status':'failed','usage':"
		           "{'input_tokens':0,'output_tokens':0}}}]"),
		  FOURTEEN },
	};

	(void)state;
	expect_each(rows, ROWS(rows), false);
}

#define CLOUD(data)                                                                                \
	"{'specversion':'1.0','id':'e','source':'s','type':'prompt','subject':'a',"                \
	"'time':'2026-08-01T10:00:00Z','data':{'model':'m'," data "}}"
#define PAYLOAD(type, rest)                                                                        \
	"{'id':'c','startTime':1785578400,'endTime':1785578401,'model':'m','metadata':{},"         \
	"'call_type':'" type "'" rest "}"
#define COUNTERS ",'prompt_tokens':5,'completion_tokens':0,'total_tokens':5"
#define SPEND(type)                                                                                \
	"{'request_id':'r','startTime':'2026-08-01 10:00:00','model':'m','spend':0.1,"             \
	"'metadata':'{}','call_type':'" type "'" COUNTERS "}"
#define ENVOY(rest)                                                                                \
	"{'x-request-id':'q','start_time':'2026-08-01T10:00:00Z','response_code':200,"             \
	"'gen_ai.request.model':'m','gen_ai.usage.input_tokens':5" rest "}"
#define KONG(rest, meta)                                                                           \
	"{'request':{'id':'k'" rest "},'started_at':1785578400000,'ai':{'proxy':{'usage':"         \
	"{'prompt_tokens':5},'meta':{'request_model':'m'" meta "}}}}"
#define SPAN(rest)                                                                                 \
	"{'traceId':'t','spanId':'s','startTimeUnixNano':'1785578400000000000','attributes':{"     \
	"'gen_ai.request.model':'m','gen_ai.usage.input_tokens':5" rest "}}"

static void test_a_record_tells_by_its_operation(void **state)
{
	static const struct row rows[] = {
		{ "CloudEvents: the prompt alone", CLOUD("'tokens':'5','type':'input'"), FIVE },
		{ "CloudEvents: under its other name", CLOUD("'tokens':5,'type':'prompt'"), FIVE },
		{ "CloudEvents: of the cache", CLOUD("'tokens':5,'type':'cache_read'"),
		  "5000000000" },
		{ "CloudEvents: the answer", CLOUD("'tokens':5,'type':'output'"), "5000000000" },
		{ "CloudEvents: counters without an answer", CLOUD("'input_tokens':5"), FREE },
		{ "CloudEvents: and none is due", CLOUD("'input_tokens':5,'answer':false"), FIVE },

		{ "LiteLLM: a completion", PAYLOAD("acompletion", COUNTERS), FREE },
		{ "LiteLLM: an embedding", PAYLOAD("embedding", COUNTERS), FIVE },
		{ "LiteLLM: asynchronous", PAYLOAD("aembedding", COUNTERS), FIVE },
		{ "LiteLLM: rerank", PAYLOAD("arerank", COUNTERS), FIVE },
		{ "LiteLLM: transcription", PAYLOAD("atranscription", COUNTERS), FIVE },
		{ "LiteLLM: speech", PAYLOAD("speech", COUNTERS), FIVE },
		{ "LiteLLM: images", PAYLOAD("aimage_generation", COUNTERS), FIVE },
		{ "LiteLLM: moderation", PAYLOAD("amoderation", COUNTERS), FIVE },
		{ "LiteLLM: nobody knows", PAYLOAD("new_thing", COUNTERS), FREE },
		{ "LiteLLM: a row of an embedding", SPEND("aembedding"), FIVE },
		{ "LiteLLM: a row of a completion", SPEND("acompletion"), FREE },

		{ "Envoy: no word", ENVOY(""), FREE },
		{ "Envoy: chat", ENVOY(",'x-envoy-origin-path':'/v1/chat/completions'"), FREE },
		{ "Envoy: embeddings", ENVOY(",'x-envoy-origin-path':'/v1/embeddings'"), FIVE },
		{ "Envoy: with a query", ENVOY(",'path':'/v1/embeddings/?api-version=1'"), FIVE },
		{ "Envoy: a verb of Google", ENVOY(",'path':'/v1beta/models/e:batchEmbedContents'"),
		  FIVE },
		{ "Envoy: the operation goes before the path",
		  ENVOY(",'gen_ai.operation.name':'chat','path':'/v1/embeddings'"), FREE },
		{ "Envoy: no word of its own", ENVOY(",'path':'/v1/chat-embeddings'"), FREE },
		{ "Envoy: images", ENVOY(",'path':'/v1/images/edits'"), FIVE },
		{ "Envoy: what was called edits before", ENVOY(",'path':'/v1/edits'"), FREE },

		{ "Kong: no word", KONG("", ""), FREE },
		{ "Kong: chat", KONG("", ",'operation_name':'chat'"), FREE },
		{ "Kong: embeddings", KONG("", ",'operation_name':'embeddings'"), FIVE },
		{ "Kong: by the path of 3.x", KONG(",'uri':'/v1/embeddings'", ""), FIVE },
		{ "Kong: by the route",
		  KONG("", "},'tried_targets':[{'route_type':'llm/v1/embeddings'}],'x':{"), FIVE },

		{ "OpenTelemetry: no word", SPAN(""), FREE },
		{ "OpenTelemetry: chat", SPAN(",'gen_ai.operation.name':'chat'"), FREE },
		{ "OpenTelemetry: embeddings", SPAN(",'gen_ai.operation.name':'embeddings'"),
		  FIVE },
		{ "OpenTelemetry: the older name", SPAN(",'llm.request.type':'embedding'"), FIVE },
	};

	(void)state;
	expect_each(rows, ROWS(rows), true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_line_may_say_that_no_answer_is_due),
		cmocka_unit_test(test_a_response_shows_that_no_answer_is_due),
		cmocka_unit_test(test_a_response_that_failed_is_not_charged),
		cmocka_unit_test(test_a_record_tells_by_its_operation),
	};

	return cmocka_run_group_tests_name("zero completion", tests, NULL, NULL);
}
