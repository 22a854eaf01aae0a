/* What an event is made of beside its counts: images, and the hash of its content. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "tests/support/event_line.h"
#include "usage/event.h"

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

static void test_images_of_one_kind_are_added_up(void **state)
{
	struct event_line b = { .event = { .time_ms = 0 } };
	const struct usage *u = &b.event.usage;

	(void)state;
	event_line_decode_with(
		&b, "images",
		"[{'size':'1024x1024','quality':'hd','n':2},{'size':'512x512'},{'n':0,'size':'"
		"none'},"
		"{'quality':'hd','size':'1024x1024','n':3},{'direction':'in','size':'512x512'},"
		"{'direction':'out','size':null,'n':4}]");
	assert_int_equal(b.refusal.reason, REASON_NONE);
	assert_int_equal(u->kind_count, 4);
	assert_int_equal(u->kinds[0].n, 5);
	assert_string_equal(u->kinds[0].size, "1024x1024");
	assert_string_equal(u->kinds[0].quality, "hd");
	assert_int_equal(u->kinds[1].n, 1);
	assert_string_equal(u->kinds[1].quality, "");
	assert_int_equal(u->kinds[2].component, COMPONENT_IMAGES_IN);
	assert_int_equal(u->kinds[3].n, 4);
	assert_string_equal(u->kinds[3].size, "");
	assert_int_equal(u->count[COMPONENT_IMAGES_OUT], 10);
	assert_int_equal(u->count[COMPONENT_IMAGES_IN], 1);
	assert_int_equal(u->count[COMPONENT_REQUESTS], 1);
	event_line_release(&b);
}

/* Our own shape counts them: they are of no stated size, and not to be counted again. */
static void test_images_counted_in_usage_are_images_too(void **state)
{
	static const char line[] =
		"{\"id\":\"1\",\"source\":\"s\",\"time\":\"2026-11-22T08:00:00Z\",\"account\":"
		"\"a\","
		"\"model\":\"m\",\"api\":\"toll\",\"usage\":{\"images_in\":2,\"images_out\":3}%s}";
	struct event_line b = { .event = { .time_ms = 0 } };
	const struct usage *u = &b.event.usage;

	(void)state;
	buf_addf(&b.line, line, "");
	event_line_decode(&b, buf_text(&b.line));
	assert_int_equal(b.refusal.reason, REASON_NONE);
	assert_int_equal(u->kind_count, 2);
	assert_int_equal(u->kinds[0].component, COMPONENT_IMAGES_IN);
	assert_int_equal(u->kinds[0].n, 2);
	assert_int_equal(u->kinds[1].component, COMPONENT_IMAGES_OUT);
	assert_int_equal(u->kinds[1].n, 3);
	assert_string_equal(u->kinds[1].size, "");
	buf_clear(&b.line);
	buf_addf(&b.line, line, ",\"images\":{\"n\":3}");
	event_line_decode(&b, buf_text(&b.line));
	assert_int_equal(b.refusal.reason, REASON_PART);
	assert_string_equal(b.refusal.detail, "images are given twice: in usage and beside it");
	event_line_release(&b);
}

static void test_more_kinds_of_images_than_there_is_room_for(void **state)
{
	struct event_line b = { .event = { .time_ms = 0 } };

	(void)state;
	for (int kinds = USAGE_KINDS_MAX; kinds <= USAGE_KINDS_MAX + 1; kinds++) {
		struct buf images = { .at = NULL };

		for (int i = 0; i < kinds; i++)
			buf_addf(&images, "%s{'size':'%d'}", i == 0 ? "[" : ",", i);
		buf_add_cstr(&images, "]");
		event_line_decode_with(&b, "images", images.at);
		assert_int_equal(b.refusal.reason,
		                 kinds > USAGE_KINDS_MAX ? REASON_UNSUPPORTED : REASON_NONE);
		buf_release(&images);
	}
	event_line_release(&b);
}

/* They are stored beside every event, and written with escapes. */
static void test_tags_beyond_their_limit_are_refused(void **state)
{
	static char tag[EVENT_EXTRA_BYTES_MAX];
	struct event_line b = { .event = { .time_ms = 0 } };
	struct buf tags = { .at = NULL };

	(void)state;
	/* A DEL is one byte in the line and six in the ledger. */
	for (int bytes = EVENT_EXTRA_BYTES_MAX / 6 - 100; bytes <= EVENT_EXTRA_BYTES_MAX / 6;
	     bytes += 100) {
		memset(tag, 0x7f, (size_t)bytes);
		tag[bytes] = '\0';
		buf_clear(&tags);
		buf_addf(&tags, "{'t':'%s'}", tag);
		event_line_decode_with(&b, "tags", tags.at);
		assert_int_equal(b.refusal.reason,
		                 bytes == EVENT_EXTRA_BYTES_MAX / 6 ? REASON_NAME : REASON_NONE);
	}
	buf_release(&tags);
	event_line_release(&b);
}

static uint64_t hash_with(const char *key, const char *json)
{
	struct event_line b = { .event = { .time_ms = 0 } };
	uint64_t hash;

	event_line_decode_with(&b, key, json);
	assert_int_equal(b.refusal.reason, REASON_NONE);
	hash = b.event.content_hash;
	event_line_release(&b);
	return hash;
}

static void test_content_hash_ignores_id_source_order_and_blanks(void **state)
{
	struct event_line b = { .event = { .time_ms = 0 } };
	uint64_t hash = hash_with(NULL, NULL);
	struct buf backwards = { .at = NULL };

	(void)state;
	/* It is stored: see test_hash_gives_what_ledgers_hold. */
	assert_true(hash == UINT64_C(0x9a62cb1d538af39b));
	assert_true(hash_with("id", "'another'") == hash);
	assert_true(hash_with("source", "'another'") == hash);
	assert_true(hash_with("tags", "{ 'env' : 'prod' , 'team' : 'search' }") == hash);
	assert_true(hash_with("account", "'acct\\u005f42'") == hash);
	assert_true(hash_with("time", "'2026-11-22T10:00:00.123+02:00'") == hash);
	assert_true(hash_with("a_member_of_tomorrow", "null") == hash);
	assert_true(hash_with("tags", "{'env':'prod','team':'search'}") == hash);
	assert_true(hash_with("usage",
	                      "{'prompt_tokens':1000,'completion_tokens':200,"
	                      "'total_tokens':1200,'prompt_tokens_details':null}") == hash);
	buf_add_cstr(&backwards, "{");
	for (size_t i = EVENT_LINE_MEMBERS; i > 0; i--)
		event_line_put_member(&backwards, event_line_members[i - 1].key,
		                      event_line_members[i - 1].json);
	buf_add_cstr(&backwards, "}");
	event_line_decode(&b, buf_text(&backwards));
	assert_int_equal(b.refusal.reason, REASON_NONE);
	assert_true(b.event.content_hash == hash);
	buf_release(&backwards);
	event_line_release(&b);
}

static void test_content_hash_sees_every_other_member(void **state)
{
	static const char *const others[][2] = {
		{ "time", "'2026-11-22T08:00:00.124Z'" },
		{ "account", "'acct_43'" },
		{ "key", "'key_8'" },
		{ "model", "'acme/llama-4-70B'" },
		{ "provider", "'acme2'" },
		{ "usage", "{'prompt_tokens':1001,'completion_tokens':200,'total_tokens':1201}" },
		{ "status", "201" },
		{ "finish_reason", "'length'" },
		{ "stream", "false" },
		{ "latency_ms", "813" },
		{ "ttft_ms", "141" },
		{ "service_tier", "'flex'" },
		{ "region", "'us'" },
		{ "upstream_id", "'chatcmpl-2'" },
		{ "upstream_cost", "'0.00124'" },
		{ "settlement", "'partial'" },
		{ "provenance", "'partial'" },
		{ "served", "151" },
		{ "answer", "false" },
		{ "tags", "{'team':'search','env':'dev'}" },
		{ "images", "{'n':1}" },
		{ "kinds", "{'component':'searches','n':1,'kind':'a'}" },
		{ "a_member_of_tomorrow", "1" },
	};
	uint64_t hash = hash_with(NULL, NULL);

	(void)state;
	for (size_t i = 0; i < ROWS(others); i++) {
		if (hash_with(others[i][0], others[i][1]) == hash)
			fail_msg("%s is not in the hash", others[i][0]);
	}
}

/* Of its own, because another shape needs other numbers to be taken at all. */
static void test_content_hash_sees_the_api(void **state)
{
	static const char *const apis[] = { "openai.chat", "openai.embeddings" };
	struct event_line b = { .event = { .time_ms = 0 } };
	uint64_t hashes[ROWS(apis)];

	(void)state;
	for (size_t i = 0; i < ROWS(apis); i++) {
		buf_clear(&b.line);
		buf_addf(&b.line,
		         "{\"id\":\"1\",\"source\":\"s\",\"time\":\"2026-11-22T08:00:00Z\","
		         "\"account\":\"a\",\"model\":\"m\",\"api\":\"%s\","
		         "\"usage\":{\"prompt_tokens\":1}}",
		         apis[i]);
		event_line_decode(&b, buf_text(&b.line));
		assert_int_equal(b.refusal.reason, REASON_NONE);
		hashes[i] = b.event.content_hash;
	}
	assert_true(hashes[0] != hashes[1]);
	event_line_release(&b);
}

/* The event with these members, in which ' stands for ". */
static void decode_rest(struct event_line *b, const char *rest)
{
	buf_clear(&b->line);
	buf_addf(&b->line,
	         "{'id':'1','source':'s','time':'2026-11-22T08:00:00Z','account':'a',"
	         "'model':'m',%s}",
	         rest);
	for (size_t c = 0; c < b->line.len; c++)
		b->line.at[c] = b->line.at[c] == '\'' ? '"' : b->line.at[c];
	event_line_decode(b, buf_text(&b->line));
}

#define PREDICTION(n) "{'embeddings':{'statistics':{'token_count':" n "}}}"
#define SPOKEN(n)     "{'type':'response.done','response':{'usage':{'input_tokens':" n "}}}"
#define BATCHED(n)    "{'response':{'body':{'usage':{'prompt_tokens':" n "}}}}"

/*
 * An event is one request as the gateway saw it, whichever way what it used is told; but the lines
 * of a batch are a request each.
 */
static void test_the_same_content_is_as_many_requests_whichever_way_it_is_sent(void **state)
{
	static const struct {
		const char *rest;
		int64_t input, requests;
	} rows[] = {
		{ "'api':'google.predict','response':{'predictions':[" PREDICTION("3") "]}", 3, 1 },
		{ "'api':'google.predict','response':{'predictions':[" PREDICTION(
			  "3") "," PREDICTION("4") "," PREDICTION("2") "]}",
		  9, 1 },
		{ "'api':'google.predict','usage':[{'token_count':3},{'token_count':4},"
		  "{'token_count':2}]",
		  9, 1 },
		{ "'api':'openai.realtime','response':[" SPOKEN("3") "," SPOKEN("4") "]", 7, 1 },
		{ "'api':'openai.realtime','response':[{'type':'response.done','usage':"
		  "{'input_tokens':3}},{'type':'response.done','usage':{'input_tokens':4}}]",
		  7, 1 },
		{ "'api':'openai.realtime','usage':[{'input_tokens':3},{'input_tokens':4}]", 7, 1 },
		{ "'api':'google.live','response':[{'usageMetadata':{'promptTokenCount':3}},"
		  "{'usageMetadata':{'promptTokenCount':4}}]",
		  7, 1 },
		{ "'api':'google.live','usage':[{'promptTokenCount':3},{'promptTokenCount':4}]", 7,
		  1 },
		{ "'api':'openai.batch','response':[" BATCHED("3") "," BATCHED("4") "]", 7, 2 },
		{ "'api':'openai.batch','response':[" BATCHED("3") "]", 3, 1 },
		{ "'api':'openai.batch','response':{'request_counts':{'total':4,'completed':3,"
		  "'failed':1},'usage':{'input_tokens':7,'output_tokens':0}}",
		  7, 3 },
		{ "'api':'openai.batch','response':{'request_counts':null,'usage':"
		  "{'input_tokens':7,'output_tokens':0}}",
		  7, 1 },
		{ "'api':'openai.batch','status':500,'response':[" BATCHED("3") "]", 3, 0 },
	};
	struct event_line b = { .event = { .time_ms = 0 } };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const int64_t *count = b.event.usage.count;

		decode_rest(&b, rows[i].rest);
		if (b.refusal.reason != REASON_NONE || count[COMPONENT_INPUT] != rows[i].input ||
		    count[COMPONENT_REQUESTS] != rows[i].requests)
			fail_msg("%s: input %lld, requests %lld %s", rows[i].rest,
			         (long long)count[COMPONENT_INPUT],
			         (long long)count[COMPONENT_REQUESTS], b.refusal.detail);
	}
	event_line_release(&b);
}

/* What was sent, and what is taken of it: a line may say, and else it shows. */
static void test_settlement_and_provenance_are_told_or_derived(void **state)
{
	static const struct {
		const char *members;
		enum settlement settlement;
		enum provenance provenance;
		int64_t served;
	} rows[] = {
		{ "\"usage\":{\"output\":1}", SETTLEMENT_FINAL, PROVENANCE_REPORTED, EVENT_ABSENT },
		{ "\"settlement\":\"open\"", SETTLEMENT_OPEN, PROVENANCE_NONE, EVENT_ABSENT },
		{ "\"settlement\":\"partial\",\"usage\":{\"output\":1}", SETTLEMENT_PARTIAL,
		  PROVENANCE_PARTIAL, EVENT_ABSENT },
		{ "\"settlement\":\"abandoned\",\"served\":0", SETTLEMENT_ABANDONED,
		  PROVENANCE_NONE, 0 },
		{ "\"settlement\":\"abandoned\",\"provenance\":\"estimated\","
		  "\"usage\":{\"output\":9},\"served\":4",
		  SETTLEMENT_ABANDONED, PROVENANCE_ESTIMATED, 4 },
		{ "\"provenance\":\"reported\",\"status\":500", SETTLEMENT_FINAL,
		  PROVENANCE_REPORTED, EVENT_ABSENT },
		{ "\"status\":500", SETTLEMENT_FINAL, PROVENANCE_NONE, EVENT_ABSENT },
	};
	struct event_line b = { .event = { .time_ms = 0 } };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		buf_clear(&b.line);
		buf_addf(&b.line,
		         "{\"id\":\"1\",\"source\":\"s\",\"time\":\"2026-11-22T08:00:00Z\","
		         "\"account\":\"a\",\"model\":\"m\",\"api\":\"toll\",%s}",
		         rows[i].members);
		event_line_decode(&b, buf_text(&b.line));
		if (b.refusal.reason != REASON_NONE)
			fail_msg("%s: %s", rows[i].members, b.refusal.detail);
		assert_int_equal(b.event.settlement, rows[i].settlement);
		assert_int_equal(b.event.provenance, rows[i].provenance);
		assert_int_equal(b.event.served, rows[i].served);
	}
	event_line_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_images_of_one_kind_are_added_up),
		cmocka_unit_test(test_images_counted_in_usage_are_images_too),
		cmocka_unit_test(test_more_kinds_of_images_than_there_is_room_for),
		cmocka_unit_test(test_tags_beyond_their_limit_are_refused),
		cmocka_unit_test(test_content_hash_ignores_id_source_order_and_blanks),
		cmocka_unit_test(test_content_hash_sees_every_other_member),
		cmocka_unit_test(test_content_hash_sees_the_api),
		cmocka_unit_test(
			test_the_same_content_is_as_many_requests_whichever_way_it_is_sent),
		cmocka_unit_test(test_settlement_and_provenance_are_told_or_derived),
	};

	return cmocka_run_group_tests_name("event content", tests, NULL, NULL);
}
