/* Of what kind the counted units are: as a line says it, and as a shape knows it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "price/book.h"
#include "tests/support/event_line.h"
#include "usage/kinds.h"

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

/* "input=3 searches=2 | searches 2 web_search | pages 1 x" */
static void put_usage(struct buf *out, const struct usage *usage)
{
	char text[KIND_TEXT_BYTES];

	event_line_put_counts(out, usage);
	for (unsigned i = 0; i < usage->kind_count; i++) {
		const struct usage_kind *kind = &usage->kinds[i];

		kind_text(kind, text);
		buf_addf(out, " | %s %lld %s", component_info[kind->component].key,
		         (long long)kind->n, text);
	}
}

/* What the event becomes, in which ' stands for ". */
static void decode(struct event_line *b, const char *rest, struct buf *got)
{
	buf_clear(&b->line);
	buf_addf(&b->line,
	         "{'id':'1','source':'s','time':'2026-11-22T08:00:00Z','account':'a',"
	         "'model':'m',%s}",
	         rest);
	for (size_t c = 0; c < b->line.len; c++)
		b->line.at[c] = b->line.at[c] == '\'' ? '"' : b->line.at[c];
	event_line_decode(b, buf_text(&b->line));
	buf_clear(got);
	if (b->refusal.reason != REASON_NONE)
		buf_addf(got, "%s: %s", reason_name(b->refusal.reason), b->refusal.detail);
	else
		put_usage(got, &b->event.usage);
	if (b->refusal.reason == REASON_NONE && b->event.unknown_path.at != NULL)
		buf_addf(got, " warns of %.*s", TEXT_ARGS(b->event.unknown_path));
}

struct row {
	const char *label, *rest, *expected;
};

static void expect_rows(const struct row *rows, size_t count)
{
	struct event_line b = { .event = { .time_ms = 0 } };
	struct buf got = { .at = NULL };
	unsigned wrong = 0;

	for (size_t i = 0; i < count; i++) {
		decode(&b, rows[i].rest, &got);
		if (text_is(buf_text(&got), rows[i].expected))
			continue;
		printf("%s:\n  %.*s\nwanted\n  %s\n", rows[i].label, TEXT_ARGS(buf_text(&got)),
		       rows[i].expected);
		wrong++;
	}
	assert_int_equal(wrong, 0);
	buf_release(&got);
	event_line_release(&b);
}

#define TOLL(usage, kinds) "'api':'toll','usage':" usage ",'kinds':" kinds
#define CHAT(usage, kinds) "'api':'openai.chat','usage':" usage ",'kinds':" kinds

static void test_a_line_says_of_what_kind_its_units_are(void **state)
{
	static const struct row rows[] = {
		{ "of all that are counted",
		  TOLL("{'input':1,'searches':3}",
		       "[{'component':'searches','n':2,'kind':'web_search'},"
		       "{'component':'searches','n':1,'kind':'low'}]"),
		  "input=1 searches=3 | searches 2 web_search | searches 1 low" },
		{ "of some of them",
		  TOLL("{'searches':3}", "{'component':'searches','n':2,'kind':'web_search'}"),
		  "searches=3 | searches 2 web_search" },
		{ "where nothing counts them they are the count",
		  TOLL("{'input':1}", "{'component':'seconds','n':8,'kind':'video',"
		                      "'resolution':'720p'}"),
		  "input=1 seconds=8 | seconds 8 video 720p" },
		{ "and a count of 0 counts none",
		  TOLL("{'searches':0}", "{'component':'searches','n':2,'kind':'x'}"),
		  "searches=2 | searches 2 x" },
		{ "without any usage", "'api':'toll','kinds':{'component':'seconds','n':8}",
		  "seconds=8" },
		{ "of every shape",
		  "'api':'openai.responses','kinds':[{'component':'seconds','n':8,'kind':'audio'}]",
		  "seconds=8 | seconds 8 audio" },
		{ "the same kind twice, and nulls",
		  TOLL("{'input':1}",
		       "[{'component':'searches','n':2,'kind':'low'},{'component':'searches',"
		       "'n':3,'kind':'low','ttl_seconds':null,'resolution':null}]"),
		  "input=1 searches=5 | searches 5 low" },
		{ "none of a kind is nothing",
		  TOLL("{'input':1}", "{'component':'searches','n':0,'kind':'low'}"), "input=1" },
		{ "no kind at all is a count",
		  TOLL("{'input':1}", "[{'component':'searches','n':2},{'component':'searches',"
		                      "'n':1,'kind':'low'}]"),
		  "input=1 searches=3 | searches 1 low" },
		{ "an empty list says nothing", TOLL("{'input':1}", "[]"), "input=1" },
		{ "neither does null", TOLL("{'input':1}", "null"), "input=1" },
		{ "caches",
		  CHAT("{'prompt_tokens':1000,'completion_tokens':1,'prompt_tokens_details':"
		       "{'cached_tokens':500,'cache_write_tokens':300}}",
		       "[{'component':'cache_read','n':500,'implicit':true},"
		       "{'component':'cache_write','n':200,'ttl_seconds':600,'implicit':false}]"),
		  "input=200 cache_read=500 cache_write=300 output=1 | cache_read 500 implicit | "
		  "cache_write 200 ttl 600 s explicit" },
		{ "images by their steps",
		  "'api':'toll','images':[{'n':2,'size':'1024x1024','steps':50},{'size':"
		  "'1024x1024','steps':4},{'n':1,'size':'1024x1024','steps':50}]",
		  "images_out=4 | images_out 3 1024x1024 50 steps | images_out 1 1024x1024 4 "
		  "steps" },
		{ "beside images",
		  "'api':'toll','images':{'quality':'hd'},'kinds':{'component':'searches','n':1,"
		  "'kind':'x'}",
		  "images_out=1 searches=1 | images_out 1 hd | searches 1 x" },
	};

	(void)state;
	expect_rows(rows, ROWS(rows));
}

/* Of a request that is told by its kinds alone a count was told. */
static void test_kinds_alone_are_a_count(void **state)
{
	static const struct {
		const char *rest;
		enum settlement settlement;
		enum provenance provenance;
	} rows[] = {
		{ "'api':'toll','kinds':{'component':'seconds','n':8}", SETTLEMENT_FINAL,
		  PROVENANCE_REPORTED },
		{ "'api':'toll','settlement':'partial','kinds':{'component':'seconds','n':8}",
		  SETTLEMENT_PARTIAL, PROVENANCE_PARTIAL },
		{ "'api':'toll','settlement':'partial','kinds':[]", SETTLEMENT_PARTIAL,
		  PROVENANCE_NONE },
	};
	struct event_line b = { .event = { .time_ms = 0 } };
	struct buf got = { .at = NULL };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		decode(&b, rows[i].rest, &got);
		assert_int_equal(b.refusal.reason, REASON_NONE);
		assert_int_equal(b.event.settlement, rows[i].settlement);
		assert_int_equal(b.event.provenance, rows[i].provenance);
	}
	buf_release(&got);
	event_line_release(&b);
}

/* A token is in one component: what is told of a kind is never counted beside itself. */
static void test_no_token_is_counted_twice(void **state)
{
	static const struct row rows[] = {
		{ "a cache of five minutes is a component of its own",
		  TOLL("{'cache_write':1000}",
		       "{'component':'cache_write','n':600,'ttl_seconds':300}"),
		  "cache_write_5m=600 cache_write=400" },
		{ "and of an hour, of one that is implicit",
		  TOLL("{'cache_write':1000}",
		       "{'component':'cache_write','n':1000,'ttl_seconds':3600,'implicit':true}"),
		  "cache_write_1h=1000 | cache_write_1h 1000 implicit" },
		{ "both, and a third",
		  TOLL("{'cache_write':1000}",
		       "[{'component':'cache_write','n':100,'ttl_seconds':600},{'component':"
		       "'cache_write','n':600,'ttl_seconds':300},{'component':'cache_write',"
		       "'n':300,'ttl_seconds':3600}]"),
		  "cache_write_5m=600 cache_write_1h=300 cache_write=100 | cache_write 100 ttl 600 "
		  "s" },
		{ "more than was written",
		  TOLL("{'cache_write':1000}",
		       "[{'component':'cache_write','n':600,'ttl_seconds':300},{'component':"
		       "'cache_write','n':600,'ttl_seconds':3600}]"),
		  "part: kinds: n of cache_write_1h adds up to 600, and the usage counts 400" },
		{ "what is split already is not moved",
		  TOLL("{'cache_write_5m':1000,'cache_write':50}",
		       "{'component':'cache_write','n':1000,'ttl_seconds':300}"),
		  "cache_write_5m=1000 cache_write=50" },
		{ "the component itself is meant",
		  TOLL("{'cache_write':1000}",
		       "{'component':'cache_write_5m','n':1000,'implicit':false}"),
		  "cache_write_5m=1000 | cache_write_5m 1000 explicit" },
		{ "no usage counts them",
		  TOLL("{'input':1}", "{'component':'cache_write','n':9,'ttl_seconds':300}"),
		  "input=1 cache_write_5m=9" },
		{ "they may be in the prompt",
		  CHAT("{'prompt_tokens':1000,'completion_tokens':1}",
		       "{'component':'cache_read','n':500,'implicit':true}"),
		  "part: kinds: n of cache_read adds up to 500, and the usage counts 0" },
		{ "or in what was split",
		  "'api':'anthropic.messages','usage':{'input_tokens':1,'output_tokens':1,"
		  "'cache_creation':{'ephemeral_5m_input_tokens':70}},'kinds':"
		  "{'component':'cache_write','n':70,'ttl_seconds':600}",
		  "part: kinds: n of cache_write adds up to 70, and the usage counts 0" },
		{ "more than there are",
		  TOLL("{'searches':2}", "[{'component':'searches','n':2,'kind':'a'},"
		                         "{'component':'searches','n':1,'kind':'b'}]"),
		  "part: kinds: n of searches adds up to 3, and the usage counts 2" },
		{ "more without a kind",
		  TOLL("{'searches':2}", "[{'component':'searches','n':2,'kind':'a'},"
		                         "{'component':'searches','n':1}]"),
		  "part: kinds: n of searches adds up to 3, and the usage counts 2" },
	};

	(void)state;
	expect_rows(rows, ROWS(rows));
}

static void test_what_is_no_kind_is_refused(void **state)
{
	static const struct row rows[] = {
		{ "a number", TOLL("{'input':1}", "1"),
		  "type: kinds: an object, or an array of them, is due" },
		{ "a list of numbers", TOLL("{'input':1}", "[1]"),
		  "type: kinds: an object, or an array of them, is due" },
		{ "of nothing", TOLL("{'input':1}", "{'n':1}"),
		  "missing: kinds: component is missing" },
		{ "of a number", TOLL("{'input':1}", "{'component':1,'n':1}"),
		  "missing: kinds: component is missing" },
		{ "of what is no component", TOLL("{'input':1}", "{'component':'dreams','n':1}"),
		  "type: kinds: \"dreams\" is no component" },
		{ "of what has no kinds", TOLL("{'input':1}", "{'component':'pages','n':1}"),
		  "type: kinds: pages has no kinds; count it in usage" },
		{ "images", TOLL("{'input':1}", "{'component':'images_out','n':1,'size':'s'}"),
		  "type: kinds: images_out: say it in images, with size, quality and steps" },
		{ "a key of another one",
		  TOLL("{'input':1}", "{'component':'searches','n':1,'resolution':'720p'}"),
		  "type: kinds: searches has no resolution" },
		{ "a key of none", TOLL("{'input':1}", "{'component':'cache_write','n':1,'ttl':1}"),
		  "type: kinds: cache_write has no ttl" },
		{ "a lifetime that is fixed",
		  TOLL("{'input':1}", "{'component':'cache_write_5m','n':1,'ttl_seconds':300}"),
		  "type: kinds: cache_write_5m has no ttl_seconds" },
		{ "no n", TOLL("{'input':1}", "{'component':'searches','kind':'x'}"),
		  "missing: kinds: n is missing" },
		{ "n of -1", TOLL("{'input':1}", "{'component':'searches','n':-1}"),
		  "count: kinds: n is no count" },
		{ "n of 1.5", TOLL("{'input':1}", "{'component':'searches','n':1.5}"),
		  "count: kinds: n is no count" },
		{ "n beyond all", TOLL("{'input':1}", "{'component':'searches','n':1000000000001}"),
		  "count: kinds: n is no count" },
		{ "together beyond all",
		  TOLL("{'input':1}", "[{'component':'searches','n':1000000000000},"
		                      "{'component':'searches','n':1,'kind':'x'}]"),
		  "count: kinds: the sum of n is no count" },
		{ "a word that is a number",
		  TOLL("{'input':1}", "{'component':'searches','n':1,'kind':1}"),
		  "type: kinds: kind: a string of at most 23 bytes is due" },
		{ "a word that is too long",
		  TOLL("{'input':1}",
		       "{'component':'seconds','n':1,'resolution':'123456789012345678901234'}"),
		  "type: kinds: resolution: a string of at most 23 bytes is due" },
		{ "a lifetime of 0",
		  TOLL("{'input':1}", "{'component':'cache_write','n':1,'ttl_seconds':0}"),
		  "type: kinds: ttl_seconds: a whole number from 1 is due" },
		{ "a lifetime with a fraction",
		  TOLL("{'input':1}", "{'component':'cache_write','n':1,'ttl_seconds':1.5}"),
		  "type: kinds: ttl_seconds: a whole number from 1 is due" },
		{ "implicit as a word",
		  TOLL("{'input':1}", "{'component':'cache_read','n':1,'implicit':'yes'}"),
		  "type: kinds: implicit: true or false is due" },
		{ "steps of 0", "'api':'toll','images':{'steps':0}",
		  "type: images: steps: a whole number from 1 is due" },
		{ "steps of a word", "'api':'toll','images':{'steps':'50'}",
		  "type: images: steps: a whole number from 1 is due" },
		{ "nothing of nothing", "'api':'toll','kinds':[]", "missing: usage is missing" },
	};

	(void)state;
	expect_rows(rows, ROWS(rows));
}

#define WEB(n)                                                                                     \
	"'api':'anthropic.messages','usage':{'input_tokens':1,'output_tokens':2,"                  \
	"'server_tool_use':{'web_search_requests':" #n "}}"

static void test_a_shape_knows_the_kind_of_its_searches(void **state)
{
	static const struct row rows[] = {
		{ "Anthropic", WEB(2), "input=1 output=2 searches=2 | searches 2 web_search" },
		{ "none of them", WEB(0), "input=1 output=2" },
		{ "the line says it better",
		  WEB(2) ",'kinds':{'component':'searches','n':1,'kind':'high'}",
		  "input=1 output=2 searches=2 | searches 1 high" },
		{ "of other things it says nothing",
		  WEB(2) ",'kinds':{'component':'seconds','n':1,'kind':'audio'}",
		  "input=1 output=2 seconds=1 searches=2 | seconds 1 audio | searches 2 "
		  "web_search" },
		{ "items of a response",
		  "'api':'openai.responses','response':{'output':[{'type':'web_search_call'}],"
		  "'usage':{'input_tokens':1,'output_tokens':2}}",
		  "input=1 output=2 searches=1 | searches 1 web_search" },
		{ "OpenRouter",
		  "'api':'openrouter.chat','usage':{'prompt_tokens':1,'completion_tokens':2,"
		  "'server_tool_use':{'web_search_requests':1}}",
		  "input=1 output=2 searches=1 | searches 1 web_search" },
		{ "of others nobody knows",
		  "'api':'cohere.rerank','usage':{'billed_units':{'search_units':1}}",
		  "searches=1" },
	};

	(void)state;
	expect_rows(rows, ROWS(rows));
}

/* Kinds of as many as there is room for, and one more. */
static void test_more_kinds_than_there_is_room_for(void **state)
{
	struct event_line b = { .event = { .time_ms = 0 } };
	struct buf rest = { .at = NULL }, got = { .at = NULL };

	(void)state;
	for (int kinds = USAGE_KINDS_MAX; kinds <= USAGE_KINDS_MAX + 1; kinds++) {
		for (int images = 0; images <= 1; images++) {
			buf_clear(&rest);
			buf_addf(&rest, "'api':'toll'%s,'kinds':[",
			         images == 1 ? ",'images':{'size':'s'}" : "");
			for (int i = images; i < kinds; i++)
				buf_addf(&rest, "%s{'component':'searches','n':1,'kind':'%d'}",
				         i > images ? "," : "", i);
			buf_add_cstr(&rest, "]");
			decode(&b, rest.at, &got);
			assert_int_equal(b.refusal.reason, kinds > USAGE_KINDS_MAX
			                                           ? REASON_UNSUPPORTED
			                                           : REASON_NONE);
		}
	}
	/* What only the shape knows is not refused for it, but told. */
	buf_clear(&rest);
	buf_add_cstr(&rest, WEB(1) ",'images':[");
	for (int i = 0; i < USAGE_KINDS_MAX; i++)
		buf_addf(&rest, "%s{'size':'%d'}", i > 0 ? "," : "", i);
	buf_add_cstr(&rest, "]");
	decode(&b, rest.at, &got);
	assert_int_equal(b.refusal.reason, REASON_NONE);
	assert_int_equal(b.event.usage.count[COMPONENT_SEARCHES], 1);
	assert_int_equal(usage_of_kinds(&b.event.usage, COMPONENT_SEARCHES), 0);
	assert_true(text_is(b.event.unknown_path, "searches (of a kind that has no room)"));
	buf_release(&rest);
	buf_release(&got);
	event_line_release(&b);
}

/* Seconds with a fraction: of each way to round them as many as there are. */
static void test_kinds_of_readings_are_no_more_than_they_count(void **state)
{
	static const struct {
		const char *n;
		const char *expected[3]; /* up, nearest, down; [0] NULL: refused */
	} rows[] = {
		{ "9",
		  { "seconds=9 | seconds 9 audio", "seconds=8 | seconds 8 audio",
		    "seconds=8 | seconds 8 audio" } },
		{ "8",
		  { "seconds=9 | seconds 8 audio", "seconds=8 | seconds 8 audio",
		    "seconds=8 | seconds 8 audio" } },
		{ "10", { NULL } },
	};
	struct event_line b = { .event = { .time_ms = 0 } };
	struct buf rest = { .at = NULL }, got = { .at = NULL };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		buf_clear(&rest);
		buf_addf(&rest,
		         "'api':'openai.audio','usage':{'seconds':8.25},'kinds':{'component':"
		         "'seconds','n':%s,'kind':'audio'}",
		         rows[i].n);
		decode(&b, rest.at, &got);
		if (rows[i].expected[0] == NULL) {
			assert_int_equal(b.refusal.reason, REASON_PART);
			continue;
		}
		assert_int_equal(b.event.reading_count, 3);
		for (size_t k = 0; k < 3; k++) {
			buf_clear(&got);
			put_usage(&got, &b.event.readings[k].usage);
			assert_string_equal(got.at, rows[i].expected[k]);
		}
	}
	buf_release(&rest);
	buf_release(&got);
	event_line_release(&b);
}

/* Those that the rest has no room for go with the part. */
static void test_a_part_takes_its_kinds_along(void **state)
{
	struct usage whole = { .count = { [COMPONENT_SEARCHES] = 5,
		                          [COMPONENT_CACHE_READ] = 9,
		                          [COMPONENT_IMAGES_OUT] = 1 } };
	struct usage part = { .count = { [COMPONENT_SEARCHES] = 3, [COMPONENT_CACHE_READ] = 2 } };
	const struct usage_kind kinds[] = {
		{ .component = COMPONENT_SEARCHES, .n = 1, .kind = "a" },
		{ .component = COMPONENT_SEARCHES, .n = 3, .kind = "b" },
		{ .component = COMPONENT_CACHE_READ, .n = 6, .kind = KIND_IMPLICIT },
		{ .component = COMPONENT_IMAGES_OUT, .n = 1, .size = "s" },
	};
	struct buf got = { .at = NULL };

	(void)state;
	for (size_t i = 0; i < ROWS(kinds); i++)
		assert_true(usage_add_kind(&whole, &kinds[i]));
	usage_take_part(&whole, &part);
	put_usage(&got, &whole);
	assert_string_equal(got.at, "cache_read=7 images_out=1 searches=2 | searches 1 a | "
	                            "searches 1 b | cache_read 6 implicit | images_out 1 s");
	buf_clear(&got);
	put_usage(&got, &part);
	assert_string_equal(got.at, "cache_read=2 searches=3 | searches 2 b");
	/* All of it. */
	part = whole;
	part.kind_count = 0;
	usage_take_part(&whole, &part);
	assert_int_equal(whole.kind_count, 0);
	buf_clear(&got);
	put_usage(&got, &part);
	assert_string_equal(got.at, "cache_read=7 images_out=1 searches=2 | searches 1 a | "
	                            "searches 1 b | cache_read 6 implicit | images_out 1 s");
	buf_release(&got);
}

/* The words of a line again, which is read as the same. */
static void test_kinds_are_written_as_a_line_has_them(void **state)
{
	static const char line[] =
		"'api':'toll','usage':{'cache_read':9,'cache_write':9},'images':[{'n':2,"
		"'direction':'in','size':'1x1','quality':'hd','steps':4},{'n':1,'direction':'out'"
		"}],'kinds':[{'component':'searches','n':2,'kind':'a\\\\b'},{'component':'seconds',"
		"'n':3,'kind':'video','resolution':'720p'},{'component':'cache_write','n':4,"
		"'ttl_seconds':600,'implicit':false},{'component':'cache_read','n':5,"
		"'implicit':true}]";
	struct event_line b = { .event = { .time_ms = 0 } };
	struct buf got = { .at = NULL }, json = { .at = NULL };
	const struct usage nothing = { .kind_count = 0 };

	(void)state;
	decode(&b, line, &got);
	usage_kinds_json(&b.event.usage, &json);
	for (size_t c = 0; c < json.len; c++)
		json.at[c] = json.at[c] == '"' ? '\'' : json.at[c];
	assert_string_equal(json.at, strstr(line, ",'images'"));
	buf_clear(&json);
	usage_kinds_json(&nothing, &json);
	assert_int_equal(json.len, 0);
	buf_release(&json);
	buf_release(&got);
	event_line_release(&b);
}

/* What a line can say of a component a price can ask for, and nothing else. */
static void test_the_price_book_asks_for_what_a_line_can_say(void **state)
{
	static const char *const values[KIND_KEY_COUNT] = {
		[KIND_KEY_SIZE] = "\"s\"",       [KIND_KEY_QUALITY] = "\"q\"",
		[KIND_KEY_STEPS] = "4",          [KIND_KEY_KIND] = "\"k\"",
		[KIND_KEY_RESOLUTION] = "\"r\"", [KIND_KEY_TTL] = "600",
		[KIND_KEY_IMPLICIT] = "true",
	};

	(void)state;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		for (int k = 0; k < KIND_KEY_COUNT; k++) {
			struct buf json = { .at = NULL };
			struct book *book = NULL;
			struct fault fault;
			bool can = kind_has_key((enum component)c, (enum kind_key)k);
			int r;

			buf_addf(&json,
			         "{\"pricebook\":1,\"currency\":\"USD\",\"models\":[{\"model\":"
			         "\"m\",\"versions\":[{\"effective_from\":\"2026\",\"rates\":["
			         "{\"component\":\"%s\",\"each\":\"1\",\"when\":{\"%s\":%s}}]}]}]}",
			         component_info[c].key, kind_key_name((enum kind_key)k), values[k]);
			r = book_load(&book, buf_text(&json), NULL, &fault);
			if ((r == 0) != can)
				fail_msg("%.*s: %s", TEXT_ARGS(buf_text(&json)),
				         r < 0 ? fault.text : "taken");
			book_free(book);
			buf_release(&json);
		}
	}
}

/* The longest words there can be have room in the text. */
static void test_the_text_of_a_kind_has_room_for_its_longest_words(void **state)
{
	struct usage_kind kind = { .number = USAGE_COUNT_MAX };
	char text[KIND_TEXT_BYTES];

	(void)state;
	memset(kind.size, 's', KIND_WORD_BYTES - 1);
	memset(kind.quality, 'q', KIND_WORD_BYTES - 1);
	memset(kind.kind, 'k', KIND_WORD_BYTES - 1);
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		kind.component = (enum component)c;
		kind_text(&kind, text);
		assert_true(strlen(text) < KIND_TEXT_BYTES - 1);
		assert_int_equal(text[0] != '\0', kind_has_any((enum component)c));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_line_says_of_what_kind_its_units_are),
		cmocka_unit_test(test_kinds_alone_are_a_count),
		cmocka_unit_test(test_no_token_is_counted_twice),
		cmocka_unit_test(test_what_is_no_kind_is_refused),
		cmocka_unit_test(test_a_shape_knows_the_kind_of_its_searches),
		cmocka_unit_test(test_more_kinds_than_there_is_room_for),
		cmocka_unit_test(test_kinds_of_readings_are_no_more_than_they_count),
		cmocka_unit_test(test_a_part_takes_its_kinds_along),
		cmocka_unit_test(test_kinds_are_written_as_a_line_has_them),
		cmocka_unit_test(test_the_price_book_asks_for_what_a_line_can_say),
		cmocka_unit_test(test_the_text_of_a_kind_has_room_for_its_longest_words),
	};

	return cmocka_run_group_tests_name("kinds", tests, NULL, NULL);
}
