/*
 * Records that users emit already, through envelope_find(), envelope_open() and
 * event_decode(): which envelope they are, and which events with which counts they become.
 * In the rows ' stands for ".  The recorded samples are in ../shared/data/gateway_logs.
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
#include "tests/support/envelope_invariants.h"
#include "tests/support/envelope_rows.h"
#include "tests/support/fixture.h"
#include "usage/envelope_internal.h"

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

static struct bench {
	struct json doc, inner;
	struct arena arena;
	struct buf text, got;
	struct event_defaults defaults;
	const struct envelope *envelope;
	struct envelope_event *events;
	size_t count;
	struct event_refusal refusal;
} bench;

static int set_up(void **state)
{
	(void)state;
	return moment_parse(text_of("2026-11-22T09:00:00Z"), &bench.defaults.now_ms) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	json_release(&bench.doc);
	json_release(&bench.inner);
	arena_release(&bench.arena);
	buf_release(&bench.text);
	buf_release(&bench.got);
	return 0;
}

static void put_event(const struct event *e)
{
	char time[MOMENT_TEXT_BYTES];

	moment_text(e->time_ms, time);
	buf_addf(&bench.got, "%.*s %.*s %s %.*s %.*s %.*s", TEXT_ARGS(e->id), TEXT_ARGS(e->source),
	         time, TEXT_ARGS(e->account), TEXT_ARGS(e->model), TEXT_ARGS(e->api));
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (e->usage.count[c] != (c == COMPONENT_REQUESTS))
			buf_addf(&bench.got, " %s=%lld", component_info[c].key,
			         (long long)e->usage.count[c]);
	}
	if (e->unknown_path.at != NULL)
		buf_addf(&bench.got, " ?%.*s", TEXT_ARGS(e->unknown_path));
	if (e->status != EVENT_ABSENT)
		buf_addf(&bench.got, " status=%lld", (long long)e->status);
}

/* What became of the record in bench.text, one line each: an event, or why there is none. */
static const char *open_text(struct text text)
{
	struct event event;
	struct event_refusal refusal;

	arena_reset(&bench.arena);
	buf_clear(&bench.got);
	bench.refusal = (struct event_refusal){ .time_ms = EVENT_ABSENT };
	bench.count = 0;
	if (json_parse(&bench.doc, text, NULL) < 0)
		fail_msg("no JSON: %.*s", TEXT_ARGS(text));
	bench.envelope = envelope_find(&bench.doc);
	if (bench.envelope == NULL)
		return "no envelope";
	assert_int_equal(envelope_open(bench.envelope, &bench.doc, &bench.defaults, &bench.arena,
	                               &bench.events, &bench.count, &bench.refusal),
	                 0);
	if (bench.count == 0) {
		assert_true(bench.refusal.reason != REASON_NONE);
		buf_addf(&bench.got, "%s: %s", reason_name(bench.refusal.reason),
		         bench.refusal.detail);
	}
	for (size_t i = 0; i < bench.count; i++) {
		const struct envelope_event *e = &bench.events[i];

		buf_add_cstr(&bench.got, i > 0 ? "\n" : "");
		if (e->refusal != NULL) {
			assert_null(e->line.at);
			buf_addf(&bench.got, "%s: %s", reason_name(e->refusal->reason),
			         e->refusal->detail);
			continue;
		}
		assert_int_equal(event_decode(e->line, &bench.defaults, &bench.doc, &bench.arena,
		                              &event, &refusal),
		                 0);
		if (refusal.reason != REASON_NONE)
			buf_addf(&bench.got, "%s: %s", reason_name(refusal.reason), refusal.detail);
		else
			put_event(&event);
	}
	return bench.got.at;
}

static struct text quoted(const char *json)
{
	buf_clear(&bench.text);
	buf_add_cstr(&bench.text, json);
	for (size_t i = 0; i < bench.text.len; i++) {
		if (bench.text.at[i] == '\'')
			bench.text.at[i] = '"';
	}
	return buf_text(&bench.text);
}

static void test_a_record_becomes_events_or_is_refused(void **state)
{
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < envelope_row_count; i++) {
		const struct envelope_row *row = &envelope_rows[i];
		const char *got = open_text(quoted(row->json));

		if (strcmp(got, row->expected) == 0)
			continue;
		bad++;
		print_error("%s:\n  due %s\n  got %s\n", row->label, row->expected, got);
	}
	assert_int_equal(bad, 0);
}

/* By form, and by one form only. */
static void test_a_record_is_one_envelope_and_no_other(void **state)
{
	(void)state;
	for (size_t i = 0; i < envelope_row_count; i++) {
		const struct envelope_row *row = &envelope_rows[i];
		struct text text = quoted(row->json);

		assert_int_equal(json_parse(&bench.doc, text, NULL), 0);
		for (size_t e = 0; envelope_name(e) != NULL; e++) {
			if (envelope_matches(e, &bench.doc) !=
			    (row->envelope != NULL && strcmp(row->envelope, envelope_name(e)) == 0))
				fail_msg("%s: %s", row->label, envelope_name(e));
		}
	}
}

static void test_every_envelope_has_rows(void **state)
{
	(void)state;
	for (size_t e = 0; envelope_name(e) != NULL; e++) {
		unsigned good = 0, refused = 0;

		for (size_t i = 0; i < envelope_row_count; i++) {
			const struct envelope_row *row = &envelope_rows[i];

			if (row->envelope == NULL || strcmp(row->envelope, envelope_name(e)) != 0)
				continue;
			refused += strstr(row->expected, ": ") != NULL;
			good += strstr(row->expected, ": ") == NULL;
		}
		if (good < 2 || refused < 1)
			fail_msg("%s: %u rows with events, %u refused", envelope_name(e), good,
			         refused);
	}
}

/* The text with a blank behind each comma and colon that stands in no string. */
static struct text spaced(struct text text, struct buf *out)
{
	bool inside = false;

	buf_clear(out);
	for (size_t i = 0; i < text.len; i++) {
		buf_add(out, &text.at[i], 1);
		if (text.at[i] == '"' && (i == 0 || text.at[i - 1] != '\\'))
			inside = !inside;
		else if (!inside && (text.at[i] == ',' || text.at[i] == ':'))
			buf_add_cstr(out, " ");
	}
	return buf_text(out);
}

static void test_the_same_record_gives_the_same_bytes(void **state)
{
	struct buf first = { .at = NULL }, other = { .at = NULL };

	(void)state;
	for (size_t i = 0; i < envelope_row_count; i++) {
		size_t count, at = 0;

		open_text(quoted(envelope_rows[i].json));
		count = bench.count;
		buf_clear(&first);
		for (size_t e = 0; e < count; e++)
			buf_add_text(&first, bench.events[e].line);
		open_text(spaced(quoted(envelope_rows[i].json), &other));
		assert_int_equal(bench.count, count);
		for (size_t e = 0; e < count; at += bench.events[e++].line.len)
			assert_memory_equal(first.at + at, bench.events[e].line.at,
			                    bench.events[e].line.len);
		assert_int_equal(at, first.len);
	}
	buf_release(&first);
	buf_release(&other);
}

/* The bytes of a value in the text it was parsed from. */
static struct text slice(const struct json *doc, struct text text, uint32_t node)
{
	size_t from = doc->nodes[node].position, at = from;
	int depth = 0;
	bool inside = false;

	do {
		char c = text.at[at++];

		if (inside && c == '\\')
			at++;
		else if (c == '"')
			inside = !inside;
		else if (!inside && (c == '{' || c == '['))
			depth++;
		else if (!inside && (c == '}' || c == ']'))
			depth--;
	} while (depth > 0);
	return (struct text){ text.at + from, at - from };
}

static void check_sample(struct text text, const char *label, const char *envelope,
                         const char *expected)
{
	const char *got = open_text(text);

	assert_non_null(bench.envelope);
	for (size_t e = 0; envelope_name(e) != NULL; e++) {
		assert_int_equal(json_parse(&bench.doc, text, NULL), 0);
		if (envelope_matches(e, &bench.doc) != (strcmp(envelope_name(e), envelope) == 0))
			fail_msg("%s is taken for %s", label, envelope_name(e));
	}
	if (strcmp(got, expected) != 0)
		fail_msg("%s:\n  due %s\n  got %s", label, expected, got);
}

/* Every record of every file of ../shared/data/gateway_logs. */
static void test_the_recorded_samples(void **state)
{
	static const struct {
		const char *file, *path[3];
		const char *envelope, *expected;
	} samples[] = {
		{ "gateway_logs/litellm/standard_logging_payload.json",
		  { NULL },
		  "litellm.payload",
		  "chatcmpl-2299b6a2-82a3-465a-b47c-04e685a2227f litellm.payload "
		  "2025-01-24T09:20:46.847Z unassigned gpt-4o litellm.chat input=10 output=20 "
		  "status=200" },
		{ "gateway_logs/litellm/spend_logs_payload.json",
		  { NULL },
		  "litellm.spend",
		  "chatcmpl-2283081b-dc89-41f6-93e6-d4f914774027 litellm.spend "
		  "2025-01-24T09:20:46.847Z unassigned gpt-4o litellm.chat input=10 output=20 "
		  "status=200" },
		{ "gateway_logs/kong_ai_gateway_log.json",
		  { "ai_gateway_2.0_sample" },
		  "kong.ai",
		  "9ec9264afbbbad5fe5c64877d92eeb04 kong.ai 2026-08-19T04:20:01.719Z unassigned "
		  "gpt-4o openai.chat input=13 output=12 status=200" },
		/* A cut-out of the documentation: the counts are whole, but not whose they are. */
		{ "gateway_logs/kong_ai_gateway_log.json",
		  { "3.8_docs_sample" },
		  "kong.ai",
		  "missing: id is missing\nmissing: id is missing" },
		{ "gateway_logs/openmeter_cloudevents_examples.json",
		  { "0", "event" },
		  "cloudevents",
		  "foreign: cloudevents: data has no model: type \"api-calls\" is no request to "
		  "one" },
		{ "gateway_logs/openmeter_cloudevents_examples.json",
		  { "1", "event" },
		  "cloudevents",
		  "foreign: cloudevents: data has no model: type \"api-calls\" is no request to "
		  "one" },
		{ "gateway_logs/openmeter_cloudevents_examples.json",
		  { "2", "event" },
		  "cloudevents",
		  "foreign: cloudevents: data has no model: type \"api-calls\" is no request to "
		  "one" },
	};
	struct buf file = { .at = NULL };

	(void)state;
	for (size_t i = 0; i < ROWS(samples); i++) {
		uint32_t node = 0;

		buf_clear(&file);
		fixture_need(samples[i].file, &file);
		assert_int_equal(json_parse(&bench.inner, buf_text(&file), NULL), 0);
		for (int p = 0; p < 3 && samples[i].path[p] != NULL; p++) {
			const char *step = samples[i].path[p];

			if (json_type_of(&bench.inner, node) == JSON_OBJECT) {
				node = json_member(&bench.inner, node, step);
				continue;
			}
			node = json_first(&bench.inner, node);
			for (int n = 0; n < step[0] - '0'; n++)
				node = bench.inner.nodes[node].end;
		}
		check_sample(slice(&bench.inner, buf_text(&file), node), samples[i].file,
		             samples[i].envelope, samples[i].expected);
	}
	buf_release(&file);
}

/* One record a line: a chat, and the call of a tool. */
static void test_the_recorded_access_log(void **state)
{
	static const char *const expected[] = {
		"83b63da3-45a9-4196-98b8-1a7f697d6d8d envoy.ai 2025-08-30T16:51:37.894Z unassigned "
		"gpt-4o-mini openai.chat input=15 output=7 status=200",
		"foreign: envoy.ai: an MCP call (tools/call): no model and no usage in it",
	};
	struct buf file = { .at = NULL };
	struct text rest, line;
	size_t n = 0;

	(void)state;
	fixture_need("gateway_logs/envoy_ai_gateway_access_log.jsonl", &file);
	rest = buf_text(&file);
	while (fixture_line(&rest, &line)) {
		assert_true(n < ROWS(expected));
		check_sample(line, "access log", "envoy.ai", expected[n++]);
		/* A refusal can be traced. */
		if (n == 2)
			assert_true(
				text_is(bench.refusal.id, "cf2c0454-6290-498e-af6c-e32a611b5da1") &&
				bench.refusal.time_ms == INT64_C(1759920131430));
	}
	assert_int_equal(n, ROWS(expected));
	buf_release(&file);
}

/* Every attribute name of the list that was collected is known, or is named in a warning. */
static void test_the_recorded_attribute_names_are_counted(void **state)
{
	static const char *const lists[] = { "attributes", "seen_in_the_wild_aliases" };
	struct buf file = { .at = NULL }, line = { .at = NULL };
	unsigned names = 0;

	(void)state;
	fixture_need("gateway_logs/otel_genai_usage_attributes.json", &file);
	assert_int_equal(json_parse(&bench.inner, buf_text(&file), NULL), 0);
	for (size_t l = 0; l < ROWS(lists); l++) {
		uint32_t list = json_member(&bench.inner, 0, lists[l]);

		for (uint32_t e = json_first(&bench.inner, list); e != JSON_NONE;
		     e = json_next(&bench.inner, list, e)) {
			struct text name = json_string(&bench.inner, e);
			const char *got;

			buf_clear(&line);
			buf_addf(&line,
			         "{\"traceId\":\"t\",\"spanId\":\"s\",\"startTimeUnixNano\":"
			         "\"1790000000000000000\",\"attributes\":{\"gen_ai.request.model\":"
			         "\"m\",\"%.*s\":7}}",
			         TEXT_ARGS(name));
			got = open_text(buf_text(&line));
			names++;
			/* A part needs its whole, and the cost is a tag. */
			if (strstr(got, "input=7") == NULL &&
			    strstr(got, "prompt_tokens is missing") == NULL &&
			    strstr(got, "usage is missing") == NULL)
				fail_msg("%.*s: %s", TEXT_ARGS(name), got);
			assert_null(strchr(got, '?'));
		}
	}
	assert_int_equal(names, 13);
	buf_release(&file);
	buf_release(&line);
}

/* LiteLLM's calls that are not chat: what is passed on, and in which shape. */
static void test_a_call_of_another_thing_keeps_its_own_words(void **state)
{
	static const struct {
		const char *label, *rest, *expected;
	} rows[] = {
		{ "images by their tokens, in the words of images",
		  "'call_type':'aimage_generation','metadata':{'usage_object':{'prompt_tokens':5,"
		  "'completion_tokens':272,'total_tokens':277,'prompt_tokens_details':"
		  "{'text_tokens':5}}}",
		  "{'api':'openai.images','usage':{'input_tokens':5,'output_tokens':272,"
		  "'total_tokens':277,'input_tokens_details':{'text_tokens':5}}," },
		{ "the response knows more about images than the copy of it",
		  "'call_type':'image_edit','metadata':{'usage_object':{'prompt_tokens':5}},"
		  "'response':{'usage':{'input_tokens':5,'output_tokens':9}}",
		  "{'api':'openai.images','usage':{'input_tokens':5,'output_tokens':9}," },
		{ "images by their number, of what size was asked for",
		  "'call_type':'aimage_generation','metadata':{},'model_parameters':{'n':3,"
		  "'size':'1024x1024','quality':'auto'},'response':{'data':[{'url':'a'},{'url':'b'}"
		  "]}",
		  "{'api':'openai.images','images':{'n':2,'size':'1024x1024','quality':'auto'}," },
		{ "images by their number, of what size came",
		  "'call_type':'aimage_generation','metadata':{},'model_parameters':"
		  "{'size':'auto'},'response':{'size':'1024x1536','data':[{'url':'a'}]}",
		  "{'api':'openai.images','images':{'n':1,'size':'auto'},'response':"
		  "{'size':'1024x1536'}," },
		{ "seconds",
		  "'call_type':'atranscription','metadata':{},'response':{'usage':"
		  "{'type':'duration','seconds':30}}",
		  "{'api':'openai.audio','usage':{'type':'duration','seconds':30}," },
		{ "search units",
		  "'call_type':'arerank','metadata':{},'response':{'meta':{'billed_units':"
		  "{'search_units':1}}}",
		  "{'api':'cohere.rerank','usage':{'billed_units':{'search_units':1}}," },
		{ "pages",
		  "'call_type':'aocr','metadata':{'usage_object':{'prompt_tokens':0,"
		  "'total_tokens':0,'pages_processed':7}}",
		  "{'api':'mistral.ocr','usage':{'prompt_tokens':0,'total_tokens':0,"
		  "'pages_processed':7}," },
		{ "a realtime session",
		  "'call_type':'_arealtime','metadata':{'usage_object':"
		  "{'prompt_tokens':1,'completion_tokens':2}}",
		  "{'api':'litellm.chat','usage':{'prompt_tokens':1,'completion_tokens':2}," },
		{ "a call nobody here knows, with its counters",
		  "'call_type':'new_thing','metadata':{},'prompt_tokens':1,'total_tokens':1",
		  "{'api':'litellm.chat','usage':{'prompt_tokens':1,'total_tokens':1}," },
	};
	struct buf record = { .at = NULL };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct text line, due;

		buf_clear(&record);
		buf_addf(&record, "{'id':'c1','startTime':1767225600,'model':'m',%s}",
		         rows[i].rest);
		open_text(quoted(record.at));
		assert_int_equal(bench.count, 1);
		line = bench.events[0].line;
		due = quoted(rows[i].expected);
		if (line.len < due.len || memcmp(line.at, due.at, due.len) != 0)
			fail_msg("%s:\n  due %.*s\n  got %.*s", rows[i].label, TEXT_ARGS(due),
			         TEXT_ARGS(line));
	}
	buf_release(&record);
}

/* Every member that a table has, from the record to the event. */
static void test_the_members_beside_the_counts(void **state)
{
	static const struct {
		const char *label, *json, *expected;
	} rows[] = {
		{ "litellm",
		  "{'id':'c1','call_type':'acompletion','startTime':'2026-01-01T00:00:00+01:00',"
		  "'endTime':'2026-01-01T00:00:02.5+01:00','completionStartTime':"
		  "'2026-01-01T00:00:00.140+01:00','model':'m','model_group':'alias',"
		  "'custom_llm_provider':'azure','stream':true,'response_cost':1e-7,'trace_id':'tr'"
		  ","
		  "'metadata':{'user_api_key_hash':'k','user_api_key_end_user_id':'eve'},'response'"
		  ":"
		  "{'service_tier':'flex','choices':[{'finish_reason':'stop'}],"
		  "'usage':{'prompt_tokens':1}}}",
		  "{'api':'litellm.chat','usage':{'prompt_tokens':1},'id':'c1','account':'eve',"
		  "'key':'k','time':'2025-12-31T23:00:00.000Z','model':'m','provider':'azure',"
		  "'service_tier':'flex','finish_reason':'stop','stream':true,'latency_ms':2500,"
		  "'ttft_ms':140,'tags':{'call_type':'acompletion','model_group':'alias','end_user'"
		  ":"
		  "'eve','cost':'1e-7','trace_id':'tr'},'source':'litellm.payload'}" },
		{ "kong",
		  "{'request':{'id':'k1'},'started_at':1767225600000.9,'latencies':{'request':9},"
		  "'authenticated_entity':{'id':'cred'},'consumer':{'custom_id':'','username':'u'},"
		  "'route':{'name':'r'},'workspace_name':'w','ai':{'proxy':{'meta':{'request_model'"
		  ":"
		  "'a','response_model':'b','request_mode':'stream'},'usage':{'prompt_tokens':1,"
		  "'time_to_first_token':971.5,'cost':0}}}}",
		  "{'usage':{'prompt_tokens':1},'id':'k1','time':'2026-01-01T00:00:00.000Z',"
		  "'account':'u','key':'cred','model':'a','api':'openai.chat','stream':true,"
		  "'latency_ms':9,'ttft_ms':971,'tags':{'response_model':'b','cost':'0','route':'r'"
		  ","
		  "'workspace':'w'},'source':'kong.ai'}" },
		{ "otel",
		  "{'traceId':'t','spanId':'s','startTimeUnixNano':'1767225600000000001',"
		  "'endTimeUnixNano':'1767225600999999999','status':{'code':1},'attributes':["
		  "{'key':'gen_ai.request.model','value':{'stringValue':'m'}},"
		  "{'key':'gen_ai.provider.name','value':{'stringValue':'openai'}},"
		  "{'key':'gen_ai.response.id','value':{'stringValue':'resp'}},"
		  "{'key':'gen_ai.response.finish_reasons','value':{'arrayValue':{'values':"
		  "[{'stringValue':'length'},{'stringValue':'stop'}]}}},"
		  "{'key':'gen_ai.request.stream','value':{'boolValue':true}},"
		  "{'key':'gen_ai.response.time_to_first_chunk','value':{'doubleValue':0.1404}},"
		  "{'key':'gen_ai.usage.cost','value':{'doubleValue':0.00022500000000000002}},"
		  "{'key':'openai.response.service_tier','value':{'stringValue':'flex'}},"
		  "{'key':'toll.account','value':{'intValue':'42'}},"
		  "{'key':'gen_ai.usage.input_tokens','value':{'intValue':'1'}}]}",
		  "{'usage':{'prompt_tokens':1},'id':'t/s','time':'2026-01-01T00:00:00.000Z',"
		  "'account':'42','model':'m','provider':'openai','api':'openai.chat',"
		  "'service_tier':'flex','finish_reason':'length','stream':true,'latency_ms':999,"
		  "'ttft_ms':140,'upstream_id':'resp','tags':{'cost':'0.00022500000000000002'},"
		  "'source':'otel.genai'}" },
	};
	struct buf due = { .at = NULL };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		buf_clear(&due);
		buf_add_text(&due, quoted(rows[i].expected));
		open_text(quoted(rows[i].json));
		assert_int_equal(bench.count, 1);
		if (!text_equal(bench.events[0].line, buf_text(&due)))
			fail_msg("%s:\n  due %s\n  got %.*s", rows[i].label, due.at,
			         TEXT_ARGS(bench.events[0].line));
	}
	buf_release(&due);
}

/* What JSON has no number for stays the string it was; the event's reader refuses it. */
static void test_a_count_that_is_no_number_of_json_stays_a_string(void **state)
{
	static const struct {
		const char *sent, *due;
	} rows[] = {
		{ "'7'", "'prompt_tokens':7}" },           { "7.0", "'prompt_tokens':7}" },
		{ "'-1'", "'prompt_tokens':-1}" },         { "'07'", "'prompt_tokens':'07'}" },
		{ "'-00'", "'prompt_tokens':'-00'}" },     { "'-07'", "'prompt_tokens':'-07'}" },
		{ "'-7.50'", "'prompt_tokens':'-7.50'}" },
	};
	struct text due, got;
	char json[512];

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		snprintf(json, sizeof(json),
		         "{'traceId':'t','spanId':'s','startTimeUnixNano':'1767225600000000001',"
		         "'attributes':[{'key':'gen_ai.request.model','value':{'stringValue':'m'}},"
		         "{'key':'gen_ai.provider.name','value':{'stringValue':'openai'}},"
		         "{'key':'gen_ai.usage.input_tokens','value':{'intValue':%s}}]}",
		         rows[i].sent);
		open_text(quoted(json));
		assert_int_equal(bench.count, 1);
		due = quoted(rows[i].due);
		got = bench.events[0].line;
		if (memmem(got.at, got.len, due.at, due.len) == NULL)
			fail_msg("%s:\n  due %s\n  got %.*s", rows[i].sent, rows[i].due,
			         TEXT_ARGS(got));
	}
}

/* Event lines as they are due stay event lines. */
static void test_no_plain_event_is_taken_for_an_envelope(void **state)
{
	struct buf file = { .at = NULL };
	struct text rest, line;
	unsigned lines = 0;

	(void)state;
	fixture_need("events-real.ndjson", &file);
	rest = buf_text(&file);
	while (fixture_line(&rest, &line)) {
		assert_int_equal(json_parse(&bench.doc, line, NULL), 0);
		for (size_t e = 0; envelope_name(e) != NULL; e++) {
			if (envelope_matches(e, &bench.doc))
				fail_msg("%s: %.*s", envelope_name(e), TEXT_ARGS(line));
		}
		assert_null(envelope_find(&bench.doc));
		lines++;
	}
	assert_true(lines > 100);
	buf_release(&file);
}

static void test_what_is_no_json_is_no_envelope(void **state)
{
	static const char text[] = "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\","
				   "\"type\":\"t\",";

	(void)state;
	assert_true(json_parse(&bench.doc, text_of(text), NULL) < 0);
	assert_true(json_salvage(&bench.doc));
	assert_null(envelope_find(&bench.doc));
}

/* The connection's own source comes before the envelope's name. */
static void test_a_source_of_the_connection_counts(void **state)
{
	static const char json[] = "{'x-request-id':'1','start_time':'2026-01-01T00:00:00Z',"
				   "'gen_ai.request.model':'m','gen_ai.usage.input_tokens':1}";

	(void)state;
	bench.defaults.source = text_of("gw-7");
	assert_string_equal(open_text(quoted(json)),
	                    "1 gw-7 2026-01-01T00:00:00.000Z unassigned m openai.chat input=1");
	bench.defaults.source = text_of(NULL);
}

/* A limit each, just at it and just above it. */
static void test_the_limits_hold(void **state)
{
	static const int events[] = { ENVELOPE_EVENTS_MAX, ENVELOPE_EVENTS_MAX + 1 };
	static const int attributes[] = { ENVELOPE_ATTRIBUTES_MAX, ENVELOPE_ATTRIBUTES_MAX + 1 };
	struct buf line = { .at = NULL };

	(void)state;
	for (int i = 0; i < 2; i++) {
		buf_clear(&line);
		for (int e = 0; e < events[i]; e++)
			buf_addf(
				&line,
				"%s{\"specversion\":\"1.0\",\"id\":\"%d\",\"source\":\"s\","
				"\"type\":\"t\",\"time\":\"2026-01-01T00:00:00Z\",\"subject\":"
				"\"a\",\"data\":{\"model\":\"m\",\"tokens\":1,\"type\":\"input\"}}",
				e > 0 ? "," : "[", e);
		buf_add_cstr(&line, "]");
		open_text(buf_text(&line));
		assert_int_equal(bench.count, i == 0 ? ENVELOPE_EVENTS_MAX : 0);
		if (i == 1)
			assert_string_equal(bench.got.at, "unsupported: cloudevents: more than "
			                                  "1024 events in one line");
	}
	for (int i = 0; i < 2; i++) {
		buf_clear(&line);
		buf_add_cstr(&line, "{\"trace_id\":\"t\",\"span_id\":\"s\",\"start_time\":"
		                    "\"2026-01-01T00:00:00Z\",\"attributes\":{"
		                    "\"gen_ai.request.model\":\"m\","
		                    "\"gen_ai.usage.input_tokens\":3");
		for (int a = 2; a < attributes[i]; a++)
			buf_addf(&line, ",\"a%d\":1", a);
		buf_add_cstr(&line, "}}");
		assert_string_equal(
			open_text(buf_text(&line)),
			i == 0 ? "t/s otel.genai 2026-01-01T00:00:00.000Z unassigned m openai.chat "
				 "input=3"
			       : "unsupported: otel.genai: more than 512 attributes");
	}
	buf_release(&line);
}

/* The same long name in many events does not multiply. */
static void test_a_name_that_is_too_long_stays_too_long_and_short(void **state)
{
	struct buf line = { .at = NULL };

	(void)state;
	buf_add_cstr(&line, "{\"x-request-id\":\"1\",\"start_time\":\"2026-01-01T00:00:00Z\","
	                    "\"gen_ai.usage.input_tokens\":1,\"gen_ai.request.model\":\"");
	for (int i = 0; i < 5000; i++)
		buf_add_cstr(&line, "\xc3\xa9");
	buf_add_cstr(&line, "\"}");
	assert_string_equal(open_text(buf_text(&line)),
	                    "name: model: 258 bytes; 1 to 256 without control characters are due");
	assert_true(bench.events[0].line.len < 600);
	buf_release(&line);
}

static void test_what_sinks_too_deep_is_refused(void **state)
{
	struct buf line = { .at = NULL };

	(void)state;
	buf_add_cstr(&line, "{\"x-request-id\":\"1\",\"start_time\":\"2026-01-01T00:00:00Z\","
	                    "\"gen_ai.request.model\":\"m\",\"gen_ai.usage.deep\":");
	for (int i = 0; i < JSON_DEPTH_MAX - 1; i++)
		buf_add_cstr(&line, "[");
	for (int i = 0; i < JSON_DEPTH_MAX - 1; i++)
		buf_add_cstr(&line, "]");
	buf_add_cstr(&line, "}");
	assert_string_equal(open_text(buf_text(&line)),
	                    "depth: envoy.ai: nested deeper than 60 levels");
	buf_release(&line);
}

/* Each row damaged at random, many times: opened or refused, the same both times. */
static void test_damaged_records_are_opened_or_refused_and_nothing_else(void **state)
{
	enum { RUNS = 60000, LINE_BYTES_MAX = 4096 };
	uint64_t random = fixture_seed("envelopes", 20261125);
	struct envelope_bench invariants = { .events = 0 };
	size_t known = 0, good = 0, refused = 0;

	(void)state;
	for (unsigned run = 0; run < RUNS; run++) {
		const char *wrong;

		quoted(envelope_rows[run % envelope_row_count].json);
		fixture_mutate(&bench.text, LINE_BYTES_MAX, &random);
		wrong = envelope_invariants_check(&invariants, buf_text(&bench.text));
		if (wrong != NULL)
			fail_msg("run %u: %s\n%.*s", run, wrong, TEXT_ARGS(buf_text(&bench.text)));
		known += invariants.known;
		good += invariants.good;
		refused += invariants.refused;
	}
	print_message("envelopes: %zu known, %zu events, %zu refused\n", known, good, refused);
	/* The damage must reach past the parser, or it proves nothing of what lies behind. */
	assert_true(known > RUNS / 20 && good > RUNS / 100 && refused > RUNS / 100);
	envelope_invariants_release(&invariants);
}

/* For `toll formats`: rows with words in each column, until there are no more. */
static void test_every_envelope_tells_its_mapping(void **state)
{
	struct envelope_mapping mapping;
	size_t row, e;

	(void)state;
	for (e = 0; envelope_name(e) != NULL; e++) {
		assert_true(envelope_summary(e)[0] != '\0');
		for (row = 0; envelope_mapping(e, row, &mapping); row++)
			assert_true(mapping.member[0] != '\0' && mapping.how[0] != '\0');
		assert_true(row > 10);
	}
	assert_int_equal(e, 6);
	assert_false(envelope_mapping(e, 0, &mapping));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_record_becomes_events_or_is_refused),
		cmocka_unit_test(test_a_record_is_one_envelope_and_no_other),
		cmocka_unit_test(test_every_envelope_has_rows),
		cmocka_unit_test(test_the_same_record_gives_the_same_bytes),
		cmocka_unit_test(test_the_recorded_samples),
		cmocka_unit_test(test_the_recorded_access_log),
		cmocka_unit_test(test_the_recorded_attribute_names_are_counted),
		cmocka_unit_test(test_a_call_of_another_thing_keeps_its_own_words),
		cmocka_unit_test(test_the_members_beside_the_counts),
		cmocka_unit_test(test_no_plain_event_is_taken_for_an_envelope),
		cmocka_unit_test(test_what_is_no_json_is_no_envelope),
		cmocka_unit_test(test_a_source_of_the_connection_counts),
		cmocka_unit_test(test_the_limits_hold),
		cmocka_unit_test(test_a_name_that_is_too_long_stays_too_long_and_short),
		cmocka_unit_test(test_a_count_that_is_no_number_of_json_stays_a_string),
		cmocka_unit_test(test_what_sinks_too_deep_is_refused),
		cmocka_unit_test(test_damaged_records_are_opened_or_refused_and_nothing_else),
		cmocka_unit_test(test_every_envelope_tells_its_mapping),
	};

	return cmocka_run_group_tests_name("envelope", tests, set_up, tear_down);
}
