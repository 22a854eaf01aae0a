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

static void test_all_members_are_read(void **state)
{
	struct event_line b = { .event = { .time_ms = 0 } };
	const struct event *e = &b.event;

	(void)state;
	event_line_decode_with(&b, NULL, NULL);
	assert_int_equal(b.refusal.reason, REASON_NONE);
	assert_true(text_is(e->id, "gen-1"));
	assert_true(text_is(e->source, "gw-1"));
	assert_true(text_is(e->account, "acct_42"));
	assert_true(text_is(e->key, "key_7"));
	assert_true(text_is(e->model, "acme/llama-4-70b"));
	assert_true(text_is(e->provider, "acme"));
	assert_true(text_is(e->api, "openai.chat"));
	assert_true(text_is(e->finish_reason, "stop"));
	assert_true(text_is(e->service_tier, "default"));
	assert_true(e->time_ms == EVENT_LINE_NOW_MS - MS_PER_HOUR + 123);
	assert_int_equal(e->status, 200);
	assert_int_equal(e->latency_ms, 812);
	assert_int_equal(e->ttft_ms, 140);
	assert_true(e->stream);
	assert_int_equal(e->usage.count[COMPONENT_INPUT], 1000);
	assert_int_equal(e->usage.count[COMPONENT_OUTPUT], 200);
	assert_int_equal(e->usage.count[COMPONENT_REQUESTS], 1);
	assert_true(text_is(e->region, "eu"));
	assert_true(text_is(e->extra, "{\"upstream_id\":\"chatcmpl-1\","
	                              "\"upstream_cost\":\"0.00123\","
	                              "\"tags\":{\"team\":\"search\",\"env\":\"prod\"}}"));
	assert_int_equal(e->settlement, SETTLEMENT_FINAL);
	assert_int_equal(e->provenance, PROVENANCE_REPORTED);
	assert_int_equal(e->served, EVENT_ABSENT);
	assert_null(e->unknown_path.at);
	event_line_release(&b);
}

static void test_what_is_not_sent_is_absent(void **state)
{
	static const char line[] = "{\"id\":\"1\",\"source\":\"s\",\"time\":\"2026-11-22T08:00:"
				   "00Z\",\"account\":\"a\","
				   "\"model\":\"m\",\"api\":\"toll\",\"usage\":{\"input\":1},"
				   "\"key\":\"\",\"status\":null}";
	struct event_line b = { .event = { .time_ms = 0 } };

	(void)state;
	event_line_decode(&b, text_of(line));
	assert_int_equal(b.refusal.reason, REASON_NONE);
	assert_null(b.event.key.at);
	assert_null(b.event.provider.at);
	assert_null(b.event.finish_reason.at);
	assert_null(b.event.service_tier.at);
	assert_null(b.event.extra.at);
	assert_true(b.event.status == EVENT_ABSENT);
	assert_true(b.event.latency_ms == EVENT_ABSENT);
	assert_true(b.event.ttft_ms == EVENT_ABSENT);
	assert_false(b.event.stream);
	event_line_release(&b);
}

static const struct {
	const char *label, *key, *json;
	enum reason reason;
	const char *detail;
} wrong_members[] = {
	{ "no id", "id", NULL, REASON_MISSING, "id is missing" },
	{ "id null", "id", "null", REASON_MISSING, "id is missing" },
	{ "no source", "source", NULL, REASON_MISSING, "source is missing" },
	{ "no time", "time", NULL, REASON_MISSING, "time is missing" },
	{ "no model", "model", NULL, REASON_MISSING, "model is missing" },
	{ "no account", "account", NULL, REASON_MISSING, "account is missing" },
	{ "no api", "api", NULL, REASON_MISSING, "api is missing" },
	{ "no usage", "usage", NULL, REASON_MISSING, "usage is missing" },
	{ "usage null", "usage", "null", REASON_MISSING, "usage is missing" },

	{ "id a number", "id", "17", REASON_TYPE, "id: a string is due" },
	{ "account an object", "account", "{}", REASON_TYPE, "account: a string is due" },
	{ "usage a string", "usage", "'12'", REASON_TYPE,
	  "usage: an object, or an array of them, is due" },
	{ "usage a number", "usage", "12", REASON_TYPE,
	  "usage: an object, or an array of them, is due" },
	{ "status a string", "status", "'200'", REASON_TYPE,
	  "status: a whole number from 0 to 999 is due" },
	{ "status -1", "status", "-1", REASON_TYPE, "status: a whole number from 0 to 999 is due" },
	{ "status 1000", "status", "1000", REASON_TYPE,
	  "status: a whole number from 0 to 999 is due" },
	{ "latency 1.5", "latency_ms", "1.5", REASON_TYPE,
	  "latency_ms: a whole number from 0 to 86400000000 is due" },
	{ "ttft 2^63", "ttft_ms", "9223372036854775808", REASON_TYPE,
	  "ttft_ms: a whole number from 0 to 86400000000 is due" },
	{ "stream a string", "stream", "'yes'", REASON_TYPE, "stream: true or false is due" },
	{ "settlement unknown", "settlement", "'maybe'", REASON_TYPE,
	  "settlement: open, partial, final or abandoned is due" },
	{ "settlement a number", "settlement", "3", REASON_TYPE,
	  "settlement: open, partial, final or abandoned is due" },
	{ "provenance unknown", "provenance", "'guessed'", REASON_TYPE,
	  "provenance: reported, partial, estimated or none is due" },
	{ "served -1", "served", "-1", REASON_TYPE,
	  "served: a whole number from 0 to 1000000000000 is due" },
	{ "answer a string", "answer", "'false'", REASON_TYPE, "answer: true or false is due" },
	{ "answer a number", "answer", "0", REASON_TYPE, "answer: true or false is due" },
	{ "upstream cost a number", "upstream_cost", "0.00123", REASON_TYPE,
	  "upstream_cost: a decimal string is due, like \"0.00123\"" },
	{ "upstream cost no number", "upstream_cost", "'1e-3'", REASON_TYPE,
	  "upstream_cost: a decimal string is due, like \"0.00123\"" },
	{ "tags a list", "tags", "['a']", REASON_TYPE, "tags: a flat object of strings is due" },
	{ "tags with a number", "tags", "{'a':'b','c':1}", REASON_TYPE,
	  "tags: a flat object of strings is due" },

	{ "id empty", "id", "''", REASON_NAME,
	  "id: 0 bytes; 1 to 256 without control characters are due" },
	{ "id with a NUL", "id", "'a\\u0001b'", REASON_NAME,
	  "id: 3 bytes; 1 to 256 without control characters are due" },
	{ "model with a newline", "model", "'a\\nb'", REASON_NAME,
	  "model: 3 bytes; 1 to 256 without control characters are due" },
	{ "account with a C1 control", "account", "'a\xc2\x9b'", REASON_NAME,
	  "account: 3 bytes; 1 to 256 without control characters are due" },
	{ "account with an escaped one", "account", "'\\u0085'", REASON_NAME,
	  "account: 2 bytes; 1 to 256 without control characters are due" },
	{ "time with a C1 control", "time", "'2026\xc2\x9b'", REASON_TIME,
	  "time: 2026?? is not like 2026-11-22T08:00:00.123Z" },
	{ "account with a DEL", "account", "'\x7f'", REASON_NAME,
	  "account: 1 bytes; 1 to 256 without control characters are due" },

	{ "time of 1970", "time", "'1970-01-01T00:00:00Z'", REASON_TIME,
	  "time: 1970-01-01T00:00:00Z is before 2015" },
	{ "time of the end of 2014", "time", "'2014-12-31T23:59:59.999Z'", REASON_TIME,
	  "time: 2014-12-31T23:59:59.999Z is before 2015" },
	{ "time of 2100", "time", "'2100-01-01T00:00:00Z'", REASON_TIME,
	  "time: 2100-01-01T00:00:00Z is more than a day ahead" },
	{ "a millisecond more than a day ahead", "time", "'2026-11-23T09:00:00.001Z'", REASON_TIME,
	  "time: 2026-11-23T09:00:00.001Z is more than a day ahead" },
	{ "time in seconds", "time", "1795338000", REASON_TIME,
	  "time: a string like 2026-11-22T08:00:00.123Z is due" },
	{ "time without a zone", "time", "'2026-11-22T08:00:00'", REASON_TIME,
	  "time: 2026-11-22T08:00:00 is not like 2026-11-22T08:00:00.123Z" },
	{ "the 30th of February", "time", "'2026-02-30T08:00:00Z'", REASON_TIME,
	  "time: 2026-02-30T08:00:00Z is not like 2026-11-22T08:00:00.123Z" },

	{ "api unknown", "api", "'openai.chat2'", REASON_UNKNOWN_API,
	  "api: \"openai.chat2\" is not read" },
	{ "api in capitals", "api", "'OpenAI.Chat'", REASON_UNKNOWN_API,
	  "api: \"OpenAI.Chat\" is not read" },

	{ "count -1", "usage", "{'prompt_tokens':-1}", REASON_QUANTITY,
	  "usage: prompt_tokens: -1 is no count" },
	{ "count 1.5", "usage", "{'prompt_tokens':1.5}", REASON_QUANTITY,
	  "usage: prompt_tokens: 1.5 is no count" },
	{ "count 1e3", "usage", "{'prompt_tokens':1e3}", REASON_QUANTITY,
	  "usage: prompt_tokens: 1e3 is no count" },
	{ "count 2^63", "usage", "{'prompt_tokens':9223372036854775808}", REASON_QUANTITY,
	  "usage: prompt_tokens: 9223372036854775808 is no count" },
	{ "total does not add up", "usage",
	  "{'prompt_tokens':1,'completion_tokens':1,'total_tokens':1}", REASON_IDENTITY,
	  "usage: prompt_tokens 1 + completion_tokens 1 = 2, but total_tokens is 1" },
	{ "a part without its whole", "usage",
	  "{'prompt_tokens':1,'completion_tokens_details':{'reasoning_tokens':2}}", REASON_PART,
	  "usage: output would be negative: reasoning_tokens 2 = -2" },

	{ "images a number", "images", "1", REASON_TYPE,
	  "images: an object, or an array of them, is due" },
	{ "images of -1", "images", "{'n':-1}", REASON_QUANTITY, "images: n is no count" },
	{ "images of 1.5", "images", "[{'n':1.5}]", REASON_QUANTITY, "images: n is no count" },
	{ "images sideways", "images", "{'direction':'up'}", REASON_TYPE,
	  "images: direction is \"in\" or \"out\"" },
	{ "images of a size as a number", "images", "{'size':1024}", REASON_TYPE,
	  "images: size: a string of at most 23 bytes is due" },
	{ "images of a long size", "images", "{'size':'123456789012345678901234'}", REASON_TYPE,
	  "images: size: a string of at most 23 bytes is due" },
};

static void test_a_wrong_member_is_refused_with_its_reason(void **state)
{
	struct event_line b = { .event = { .time_ms = 0 } };

	(void)state;
	for (size_t i = 0; i < ROWS(wrong_members); i++) {
		event_line_decode_with(&b, wrong_members[i].key, wrong_members[i].json);
		if (b.refusal.reason != wrong_members[i].reason ||
		    strcmp(b.refusal.detail, wrong_members[i].detail) != 0)
			fail_msg("%s: %s: %s", wrong_members[i].label,
			         reason_name(b.refusal.reason), b.refusal.detail);
		/* What identifies the line is told where it was not itself the trouble. */
		if (strcmp(wrong_members[i].key, "id") != 0 &&
		    strcmp(wrong_members[i].key, "source") != 0 &&
		    (!text_is(b.refusal.id, "gen-1") || !text_is(b.refusal.source, "gw-1")))
			fail_msg("%s: the refusal does not name the event", wrong_members[i].label);
	}
	event_line_release(&b);
}

static void test_a_line_that_is_no_event_is_refused_with_its_reason(void **state)
{
	static const struct {
		const char *label;
		struct text line;
		enum reason reason;
	} rows[] = {
		{ "nothing", { "", 0 }, REASON_SYNTAX },
		{ "a word", { "hello", 5 }, REASON_SYNTAX },
		{ "a list", { "[{}]", 4 }, REASON_SYNTAX },
		{ "a number", { "17", 2 }, REASON_SYNTAX },
		{ "two objects", { "{} {}", 5 }, REASON_SYNTAX },
		{ "a NUL in a string", { "{\"id\":\"a\0b\"}", 13 }, REASON_SYNTAX },
		{ "an escaped NUL", { "{\"id\":\"\\u0000\"}", 15 }, REASON_SYNTAX },
		{ "a NUL behind", { "{}\0", 3 }, REASON_SYNTAX },
		{ "not UTF-8", { "{\"id\":\"\xff\xfe\"}", 11 }, REASON_UTF8 },
		{ "overlong UTF-8", { "{\"id\":\"\xc0\xaf\"}", 11 }, REASON_UTF8 },
		{ "a key twice", { "{\"id\":\"1\",\"id\":\"1\"}", 19 }, REASON_DUPLICATE },
		{ "a key twice in usage",
		  { "{\"usage\":{\"a\":1,\"a\":2}}", 23 },
		  REASON_DUPLICATE },
		{ "an empty object", { "{}", 2 }, REASON_MISSING },
	};
	struct event_line b = { .event = { .time_ms = 0 } };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		event_line_decode(&b, rows[i].line);
		if (b.refusal.reason != rows[i].reason || b.refusal.detail[0] == '\0' ||
		    b.refusal.id.at != NULL || b.refusal.time_ms != EVENT_ABSENT)
			fail_msg("%s: %s: %s", rows[i].label, reason_name(b.refusal.reason),
			         b.refusal.detail);
	}
	event_line_release(&b);
}

/* As far as it was read: whoever looks for an event finds the line that should have been it. */
static void test_a_broken_line_is_named_by_what_stands_in_it(void **state)
{
#define NAMED "{'id':'gen-1','source':'gw-1','time':'2026-11-22T08:00:00Z',"
	static const struct {
		const char *label, *line;
		enum reason reason;
		const char *id, *source;
		bool time;
	} rows[] = {
		{ "half a line", "{'id':'gen-1','sou", REASON_SYNTAX, "gen-1", "hello", false },
		{ "half an id", "{'source':'gw-1','id':'gen", REASON_SYNTAX, NULL, "gw-1", false },
		{ "a value that is missing", NAMED "'model':}", REASON_SYNTAX, "gen-1", "gw-1",
		  true },
		{ "words behind", NAMED "'model':'m'} x", REASON_SYNTAX, "gen-1", "gw-1", true },
		{ "a key twice", NAMED "'model':'m','model':'m'}", REASON_DUPLICATE, "gen-1",
		  "gw-1", true },
		{ "a key twice, deeper", NAMED "'usage':{'a':1,'a':2}}", REASON_DUPLICATE, "gen-1",
		  "gw-1", true },
		{ "the names behind it", "{'usage':{'a':1,'a':2},'id':'gen-1','source':'gw-1'}",
		  REASON_DUPLICATE, NULL, "hello", false },
		{ "the id twice", NAMED "'id':'gen-2'}", REASON_DUPLICATE, NULL, "gw-1", true },
		{ "the time twice", NAMED "'time':'2026-11-22T09:00:00Z'}", REASON_DUPLICATE,
		  "gen-1", "gw-1", false },
		{ "not UTF-8", NAMED "'model':'\xff'}", REASON_UTF8, "gen-1", "gw-1", true },
		{ "an id with an escape", "{'id':'gen\\u002d1','x'", REASON_SYNTAX, "gen-1",
		  "hello", false },
		{ "an id that is none", "{'id':17,'source':'gw-1',", REASON_SYNTAX, NULL, "gw-1",
		  false },
		{ "an id inside", "{'usage':{'id':'gen-1'},", REASON_SYNTAX, NULL, "hello", false },
		{ "no object", "['id','gen-1',", REASON_SYNTAX, NULL, "hello", false },
	};
#undef NAMED
	const struct event_defaults defaults = { text_of("hello"), EVENT_LINE_NOW_MS };
	struct event_line b = { .event = { .time_ms = 0 } };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		buf_clear(&b.line);
		for (const char *c = rows[i].line; *c != '\0'; c++)
			buf_add(&b.line, *c == '\'' ? "\"" : c, 1);
		assert_int_equal(event_decode(buf_text(&b.line), &defaults, &b.doc, &b.arena,
		                              &b.event, &b.refusal),
		                 0);
		/* The next line is read into the same memory. */
		json_parse(&b.doc, text_of("[\"\\u0078\\u0078\\u0078\\u0078\\u0078\\u0078\"]"),
		           NULL);
		if (b.refusal.reason != rows[i].reason ||
		    !text_equal(b.refusal.id, text_of(rows[i].id)) ||
		    !text_equal(b.refusal.source, text_of(rows[i].source)) ||
		    (b.refusal.time_ms != EVENT_ABSENT) != rows[i].time)
			fail_msg("%s: %s: id %.*s, source %.*s", rows[i].label,
			         reason_name(b.refusal.reason), TEXT_ARGS(b.refusal.id),
			         TEXT_ARGS(b.refusal.source));
	}
	event_line_release(&b);
}

static void test_a_hello_that_comes_late_is_told_so(void **state)
{
	struct event_line b = { .event = { .time_ms = 0 } };

	(void)state;
	event_line_decode(&b, text_of("{\"toll\":1,\"source\":\"gw-1\",\"ack\":true}"));
	assert_int_equal(b.refusal.reason, REASON_MISSING);
	assert_string_equal(b.refusal.detail,
	                    "id is missing; a hello is read as the first line only");
	event_line_release(&b);
}

static void test_a_hundred_levels_are_too_deep(void **state)
{
	struct event_line b = { .event = { .time_ms = 0 } };
	struct buf deep = { .at = NULL };

	(void)state;
	for (int i = 0; i < 100; i++)
		buf_add_cstr(&deep, "{'a':");
	buf_add_cstr(&deep, "1");
	for (int i = 0; i < 100; i++)
		buf_add_cstr(&deep, "}");
	event_line_decode_with(&b, "usage", deep.at);
	assert_int_equal(b.refusal.reason, REASON_DEPTH);
	buf_release(&deep);
	event_line_release(&b);
}

static void test_four_hundred_digits_are_no_count(void **state)
{
	struct event_line b = { .event = { .time_ms = 0 } };
	struct buf usage = { .at = NULL };

	(void)state;
	buf_add_cstr(&usage, "{'prompt_tokens':");
	for (int i = 0; i < 400; i++)
		buf_add_cstr(&usage, "7");
	buf_add_cstr(&usage, "}");
	event_line_decode_with(&b, "usage", usage.at);
	assert_int_equal(b.refusal.reason, REASON_QUANTITY);
	assert_string_equal(b.refusal.detail,
	                    "usage: prompt_tokens: 7777777777777777777777777777777777777777"
	                    " is no count");
	buf_release(&usage);
	event_line_release(&b);
}

static void test_names_are_1_to_256_bytes(void **state)
{
	static const struct {
		size_t len;
		enum reason reason;
	} rows[] = {
		{ 1, REASON_NONE }, { 256, REASON_NONE }, { 257, REASON_NAME }, { 300, REASON_NAME }
	};
	static const char *const keys[] = { "id",     "source",     "account",      "key",
		                            "model",  "provider",   "service_tier", "finish_reason",
		                            "region", "upstream_id" };
	struct event_line b = { .event = { .time_ms = 0 } };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		char name[512] = "'";

		memset(name + 1, 'n', rows[i].len);
		memcpy(name + 1 + rows[i].len, "'", 2);
		for (size_t k = 0; k < ROWS(keys); k++) {
			event_line_decode_with(&b, keys[k], name);
			if (b.refusal.reason != rows[i].reason)
				fail_msg("%s of %zu bytes: %s", keys[k], rows[i].len,
				         reason_name(b.refusal.reason));
		}
	}
	event_line_release(&b);
}

static void test_the_edges_of_the_time_window_are_inside(void **state)
{
	static const char *const times[] = {
		"'2015-01-01T00:00:00Z'",
		"'2026-11-23T09:00:00.000Z'",
		"'2026-11-23T11:00:00+02:00'",
	};
	struct event_line b = { .event = { .time_ms = 0 } };

	(void)state;
	for (size_t i = 0; i < ROWS(times); i++) {
		event_line_decode_with(&b, "time", times[i]);
		if (b.refusal.reason != REASON_NONE)
			fail_msg("%s: %s", times[i], b.refusal.detail);
	}
	event_line_release(&b);
}

static void test_the_hello_source_is_used_where_the_line_has_none(void **state)
{
	struct event_defaults defaults = { .source = text_of("from-hello"),
		                           .now_ms = EVENT_LINE_NOW_MS };
	struct event_line b = { .event = { .time_ms = 0 } };

	(void)state;
	event_line_put(&b.line, "source", NULL);
	assert_int_equal(
		event_decode(buf_text(&b.line), &defaults, &b.doc, &b.arena, &b.event, &b.refusal),
		0);
	assert_int_equal(b.refusal.reason, REASON_NONE);
	assert_true(text_is(b.event.source, "from-hello"));
	event_line_put(&b.line, NULL, NULL);
	assert_int_equal(
		event_decode(buf_text(&b.line), &defaults, &b.doc, &b.arena, &b.event, &b.refusal),
		0);
	assert_true(text_is(b.event.source, "gw-1"));
	event_line_release(&b);
}

static void test_a_failed_request_needs_no_usage(void **state)
{
	static const struct {
		const char *label, *status, *usage; /* usage NULL: left out */
		enum reason reason;
		int64_t input, requests;
	} rows[] = {
		{ "399 without usage", "399", NULL, REASON_MISSING, 0, 0 },
		{ "400 without usage", "400", NULL, REASON_NONE, 0, 0 },
		{ "499, the caller went away", "499", NULL, REASON_NONE, 0, 0 },
		{ "500 and an empty list", "500", "[]", REASON_NONE, 0, 0 },
		{ "500 and a list of nothing", "500", "[null,null]", REASON_NONE, 0, 0 },
		{ "500 and an empty object", "500", "{}", REASON_NONE, 0, 0 },
		{ "500 and nulls alone", "500",
		  "{'prompt_tokens':null,'prompt_tokens_details':{'cached_tokens':null}}",
		  REASON_NONE, 0, 0 },
		{ "500 and a list of objects of nulls", "500", "[{},{'prompt_tokens':null}]",
		  REASON_NONE, 0, 0 },
		{ "200 and nulls alone", "200", "{'prompt_tokens':null}", REASON_MISSING, 0, 0 },
		{ "200 and the empty list of a stream", "200", "[]", REASON_NONE, 0, 1 },
		{ "what was used is counted all the same", "500", "{'prompt_tokens':7}",
		  REASON_NONE, 7, 0 },
		{ "half a usage is not taken for none", "500", "{'completion_tokens':7}",
		  REASON_MISSING, 0, 0 },
		{ "a wrong usage stays wrong", "500", "{'prompt_tokens':-7}", REASON_QUANTITY, 0,
		  0 },
		{ "a usage of another type too", "500", "'none'", REASON_TYPE, 0, 0 },
	};
	struct event_line b = { .event = { .time_ms = 0 } };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct buf line = { .at = NULL };

		buf_add_cstr(&line, "{");
		for (size_t m = 0; m < EVENT_LINE_MEMBERS; m++) {
			if (strcmp(event_line_members[m].key, "status") == 0)
				event_line_put_member(&line, "status", rows[i].status);
			else if (strcmp(event_line_members[m].key, "usage") != 0)
				event_line_put_member(&line, event_line_members[m].key,
				                      event_line_members[m].json);
			else if (rows[i].usage != NULL)
				event_line_put_member(&line, "usage", rows[i].usage);
		}
		buf_add_cstr(&line, "}");
		event_line_decode(&b, buf_text(&line));
		if (b.refusal.reason != rows[i].reason ||
		    (rows[i].reason == REASON_NONE &&
		     (b.event.usage.count[COMPONENT_INPUT] != rows[i].input ||
		      b.event.usage.count[COMPONENT_REQUESTS] != rows[i].requests)))
			fail_msg("%s: %s: %s", rows[i].label, reason_name(b.refusal.reason),
			         b.refusal.detail);
		buf_release(&line);
	}
	event_line_release(&b);
}

static void decode_rest(struct event_line *b, const char *rest)
{
	struct buf line = { .at = NULL };

	buf_addf(&line,
	         "{'id':'1','source':'s','time':'2026-11-22T08:00:00Z','account':'a',"
	         "'model':'m',%s}",
	         rest);
	for (size_t c = 0; c < line.len; c++)
		line.at[c] = line.at[c] == '\'' ? '"' : line.at[c];
	event_line_decode(b, buf_text(&line));
	buf_release(&line);
}

/* Lines without `usage`: the body that came with the event, raw streams, images alone. */
static void test_usage_is_found_in_the_response_body(void **state)
{
	static const struct {
		const char *label, *rest;
		enum reason reason;
		int64_t input;
	} rows[] = {
		{ "OpenAI's body",
		  "'api':'openai.chat','response':{'id':'x','usage':{'prompt_tokens':7}}",
		  REASON_NONE, 7 },
		{ "Google's body",
		  "'api':'google.generate','response':{'usageMetadata':{'promptTokenCount':8}}",
		  REASON_NONE, 8 },
		{ "usage goes first",
		  "'api':'openai.chat','usage':{'prompt_tokens':1},'response':{'usage':"
		  "{'prompt_tokens':7}}",
		  REASON_NONE, 1 },
		{ "a body without it", "'api':'openai.chat','response':{'id':'x'}", REASON_MISSING,
		  0 },
		{ "a body that is text", "'api':'openai.chat','response':'usage'", REASON_MISSING,
		  0 },
		{ "a raw stream without usage", "'api':'openai.chat','sse':'data: {}'", REASON_NONE,
		  0 },
		{ "a raw stream that failed: its usage may stand in it",
		  "'api':'openai.chat','sse':'data: {\\'usage\\':{\\'prompt_tokens\\':7}}',"
		  "'status':500",
		  REASON_NONE, 7 },
		{ "a stream as the response of what failed",
		  "'api':'openai.chat','response':'data: {\\'usage\\':{\\'prompt_tokens\\':7}}',"
		  "'status':499",
		  REASON_NONE, 7 },
		{ "a page as the response of what failed",
		  "'api':'openai.chat','response':'<html>no</html>','status':502", REASON_NONE, 0 },
		{ "hollow beside the response's of what failed",
		  "'api':'openai.chat','usage':{},'status':499,'response':{'usage':{"
		  "'prompt_tokens':7,'completion_tokens':1}}",
		  REASON_NONE, 7 },
		{ "an empty stream that failed", "'api':'openai.chat','sse':'','status':500",
		  REASON_NONE, 0 },
		{ "a stream that broke off before its first word",
		  "'api':'openai.chat','sse':'','status':200", REASON_NONE, 0 },
		{ "a text that is no stream", "'api':'openai.chat','response':'','status':200",
		  REASON_MISSING, 0 },
		{ "images alone", "'api':'toll','images':{'size':'1024x1024','n':2}", REASON_NONE,
		  0 },
		{ "no images alone", "'api':'toll','images':[]", REASON_MISSING, 0 },
		{ "no images beside the usage's",
		  "'api':'toll','images':[],'usage':{'input':3,'images_out':2}", REASON_NONE, 3 },
	};
	struct event_line b = { .event = { .time_ms = 0 } };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		decode_rest(&b, rows[i].rest);
		if (b.refusal.reason != rows[i].reason ||
		    (b.refusal.reason == REASON_NONE &&
		     b.event.usage.count[COMPONENT_INPUT] != rows[i].input))
			fail_msg("%s: %s: %s", rows[i].label, reason_name(b.refusal.reason),
			         b.refusal.detail);
	}
	event_line_release(&b);
}

/* A fee is due for a request that was served, or for as many as the gateway says. */
static void test_requests_are_one_unless_the_gateway_counts_them(void **state)
{
	static const struct {
		const char *rest;
		int64_t requests;
	} rows[] = {
		{ "'api':'toll','usage':{'input':3}", 1 },
		{ "'api':'toll','usage':{'input':3,'requests':0}", 0 },
		{ "'api':'toll','usage':{'input':3,'requests':4}", 4 },
		{ "'api':'toll','usage':{'input':3},'status':500", 0 },
		{ "'api':'toll','usage':{'input':3,'requests':1},'status':500", 1 },
		{ "'api':'openai.chat','usage':{'prompt_tokens':3,'requests':0}", 1 },
		{ "'api':'toll','images':{'n':2}", 1 },
	};
	struct event_line b = { .event = { .time_ms = 0 } };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		decode_rest(&b, rows[i].rest);
		if (b.refusal.reason != REASON_NONE ||
		    b.event.usage.count[COMPONENT_REQUESTS] != rows[i].requests)
			fail_msg("%s: %lld %s", rows[i].rest,
			         (long long)b.event.usage.count[COMPONENT_REQUESTS],
			         b.refusal.detail);
	}
	event_line_release(&b);
}

/* They are billed and in no usage object: a body of them is never free of them. */
static void test_searches_are_counted_from_the_output_of_the_body(void **state)
{
#define SEARCH        "{'type':'web_search_call'}"
#define ACTION(type)  "{'type':'web_search_call','action':{'type':'" type "'}}"
#define BODY(output)  "'response':{'usage':{'input_tokens':7},'output':" output "}"
#define ITEMS(output) "'usage':{'input_tokens':7},'response':{'output':" output "}"
	static const struct {
		const char *label, *api, *rest;
		int64_t searches;
	} rows[] = {
		{ "two among others", "openai.responses",
		  BODY("[{'type':'reasoning'}," ACTION("search") ",{'type':'message'}," ACTION(
			  "search") "]"),
		  2 },
		{ "without an action", "openai.responses", BODY("[" SEARCH "]"), 1 },
		{ "of more than one query", "openai.responses",
		  BODY("[{'type':'web_search_call','action':{'type':'search','queries':['a','b']}}"
		       "]"),
		  1 },
		{ "a page opened, text found in it", "openai.responses",
		  BODY("[" ACTION("search") "," ACTION("open_page") "," ACTION(
			  "find_in_page") "," ACTION("find") "]"),
		  1 },
		{ "an action nobody knows is not free", "openai.responses",
		  BODY("[" ACTION("search_deep") "]"), 1 },
		{ "other tools", "openai.responses",
		  BODY("[{'type':'file_search_call'},{'type':'code_interpreter_call'}]"), 0 },
		{ "beside the usage", "openai.responses", ITEMS("[" SEARCH "," SEARCH "]"), 2 },
		{ "the usage alone", "openai.responses", "'usage':{'input_tokens':7}", 0 },
		{ "an output that is none", "openai.responses", BODY("'web_search_call'"), 0 },
		{ "items that are none", "openai.responses",
		  BODY("[null,1,'web_search_call',[" SEARCH "]]"), 0 },
		{ "another shape", "openai.chat",
		  "'usage':{'prompt_tokens':7},'response':{'output':[" SEARCH "]}", 0 },
	};
	struct event_line b = { .event = { .time_ms = 0 } };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		char rest[512];

		snprintf(rest, sizeof(rest), "'api':'%s',%s", rows[i].api, rows[i].rest);
		decode_rest(&b, rest);
		if (b.refusal.reason != REASON_NONE ||
		    b.event.usage.count[COMPONENT_SEARCHES] != rows[i].searches ||
		    b.event.usage.count[COMPONENT_INPUT] != 7)
			fail_msg("%s: %lld searches: %s", rows[i].label,
			         (long long)b.event.usage.count[COMPONENT_SEARCHES],
			         b.refusal.detail);
	}
	/* A failed request that says nothing of what it used used nothing. */
	decode_rest(&b, "'api':'openai.responses','status':500,'response':{'output':[" SEARCH "]}");
	assert_int_equal(b.refusal.reason, REASON_NONE);
	assert_true(usage_is_empty(&b.event.usage));
	event_line_release(&b);
}

/* What comes first in the decoder's order is told; nothing behind it speaks over it. */
static void test_of_many_troubles_one_is_told(void **state)
{
	static const struct event_line_member wrong[] = {
		{ "source", "1" },        { "id", "1" },      { "time", "1" },
		{ "account", "1" },       { "model", "1" },   { "key", "1" },
		{ "provider", "1" },      { "api", "1" },     { "service_tier", "1" },
		{ "finish_reason", "1" }, { "status", "-1" }, { "latency_ms", "-1" },
		{ "ttft_ms", "-1" },      { "stream", "1" },  { "settlement", "1" },
		{ "usage", "1" },         { "region", "1" },  { "upstream_id", "1" },
		{ "upstream_cost", "1" }, { "tags", "1" },
	};
	struct event_line b = { .event = { .time_ms = 0 } };

	(void)state;
	/* The first `right` of them are as they should be. */
	for (size_t right = 0; right < ROWS(wrong); right++) {
		size_t len = strlen(wrong[right].key);

		buf_clear(&b.line);
		buf_add_cstr(&b.line, "{");
		for (size_t m = 0; m < EVENT_LINE_MEMBERS; m++) {
			size_t w = 0;

			while (strcmp(wrong[w].key, event_line_members[m].key) != 0)
				w++;
			event_line_put_member(&b.line, event_line_members[m].key,
			                      w < right ? event_line_members[m].json
			                                : wrong[w].json);
		}
		buf_add_cstr(&b.line, "}");
		event_line_decode(&b, buf_text(&b.line));
		if (strncmp(b.refusal.detail, wrong[right].key, len) != 0 ||
		    b.refusal.detail[len] != ':')
			fail_msg("%s: %s", wrong[right].key, b.refusal.detail);
	}
	event_line_release(&b);
}

/* The edges that are inside; those outside stand among the wrong members. */
static void test_the_largest_of_everything_is_taken(void **state)
{
	static const struct {
		const char *key, *json;
		enum reason reason;
	} rows[] = {
		{ "status", "0", REASON_NONE },
		{ "status", "999", REASON_NONE },
		{ "latency_ms", "86400000000", REASON_NONE },
		{ "latency_ms", "86400000001", REASON_TYPE },
		{ "images", "{'n':1000000000000}", REASON_NONE },
		{ "images", "{'n':1000000000001}", REASON_QUANTITY },
		{ "images", "[{'n':1000000000000},{'n':1}]", REASON_QUANTITY },
		{ "images", "[{'n':999999999999},{'size':'s'}]", REASON_NONE },
		{ "images", "{'size':'12345678901234567890123'}", REASON_NONE },
	};
	struct event_line b = { .event = { .time_ms = 0 } };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		event_line_decode_with(&b, rows[i].key, rows[i].json);
		if (b.refusal.reason != rows[i].reason)
			fail_msg("%s %s: %s", rows[i].key, rows[i].json,
			         reason_name(b.refusal.reason));
	}
	event_line_release(&b);
}

/* Names with escapes are unescaped into memory that the next line reuses. */
static void test_an_event_outlives_the_parse_of_the_next_line(void **state)
{
	struct event_line b = { .event = { .time_ms = 0 } };
	struct buf first = { .at = NULL };
	struct event event;

	(void)state;
	event_line_put(&first, "id", "'caf\\u00e9 \\'one\\''");
	event_line_decode(&b, buf_text(&first));
	assert_int_equal(b.refusal.reason, REASON_NONE);
	event = b.event;
	event_line_decode_with(&b, "id", "'XXXXX\\u00e9XXXXXXXXXXXXXXX'");
	assert_true(text_is(event.id, "caf\xc3\xa9 \"one\""));
	assert_true(text_is(event.account, "acct_42"));
	buf_release(&first);
	event_line_release(&b);
}

static void test_a_detail_never_ends_in_half_a_character(void **state)
{
	struct event_line b = { .event = { .time_ms = 0 } };

	(void)state;
	for (size_t lead = 0; lead < 4; lead++) {
		struct buf api = { .at = NULL };

		buf_add_cstr(&api, "'");
		buf_add(&api, "xxxx", lead);
		for (int i = 0; i < 60; i++)
			buf_add_cstr(&api, "\xe2\x82\xac");
		buf_add_cstr(&api, "'");
		event_line_decode_with(&b, "api", api.at);
		assert_int_equal(b.refusal.reason, REASON_UNKNOWN_API);
		assert_true(text_utf8(text_of(b.refusal.detail)));
		buf_release(&api);
	}
	event_line_release(&b);
}

static void test_every_reason_has_a_name_and_advice(void **state)
{
	(void)state;
	for (int r = 0; r < REASON_COUNT; r++) {
		assert_true(reason_name((enum reason)r)[0] != '\0');
		assert_true(reason_advice((enum reason)r)[0] != '\0');
		assert_int_equal(reason_find(text_of(reason_name((enum reason)r))), r);
	}
	assert_int_equal(reason_find(text_of("no such reason")), REASON_COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_members_are_read),
		cmocka_unit_test(test_what_is_not_sent_is_absent),
		cmocka_unit_test(test_a_wrong_member_is_refused_with_its_reason),
		cmocka_unit_test(test_a_line_that_is_no_event_is_refused_with_its_reason),
		cmocka_unit_test(test_a_broken_line_is_named_by_what_stands_in_it),
		cmocka_unit_test(test_a_hello_that_comes_late_is_told_so),
		cmocka_unit_test(test_a_hundred_levels_are_too_deep),
		cmocka_unit_test(test_four_hundred_digits_are_no_count),
		cmocka_unit_test(test_names_are_1_to_256_bytes),
		cmocka_unit_test(test_the_edges_of_the_time_window_are_inside),
		cmocka_unit_test(test_the_hello_source_is_used_where_the_line_has_none),
		cmocka_unit_test(test_a_failed_request_needs_no_usage),
		cmocka_unit_test(test_usage_is_found_in_the_response_body),
		cmocka_unit_test(test_requests_are_one_unless_the_gateway_counts_them),
		cmocka_unit_test(test_searches_are_counted_from_the_output_of_the_body),
		cmocka_unit_test(test_of_many_troubles_one_is_told),
		cmocka_unit_test(test_the_largest_of_everything_is_taken),
		cmocka_unit_test(test_an_event_outlives_the_parse_of_the_next_line),
		cmocka_unit_test(test_a_detail_never_ends_in_half_a_character),
		cmocka_unit_test(test_every_reason_has_a_name_and_advice),
	};

	return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
