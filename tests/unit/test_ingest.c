#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/moment.h"
#include "ledger/read.h"
#include "tests/support/fixture.h"
#include "tests/support/ledgerkit.h"

#define LINE(id, rest)                                                                             \
	"{'id':'" id                                                                               \
	"','time':'2026-08-01T10:00:00Z','account':'acct','model':'acme/llama-4-70b',"             \
	"'api':'toll'," rest "}"

static enum ingest_verdict send(struct ledgerkit *kit, const char *line)
{
	return kit_send(kit, kit_quotes(line));
}

static void test_each_verdict_has_its_line(void **state)
{
	static const struct {
		const char *label, *line;
		enum ingest_verdict verdict;
	} rows[] = {
		{ "priced", LINE("a", "'usage':{'input':10}"), INGEST_ACCEPTED },
		{ "nothing to price", LINE("b", "'status':500"), INGEST_ACCEPTED },
		{ "a failure that used something", LINE("c", "'status':500,'usage':{'input':1}"),
		  INGEST_ACCEPTED },
		{ "no rate for a component", LINE("d", "'usage':{'input':1,'pages':1}"),
		  INGEST_UNPRICED },
		{ "again", LINE("a", "'usage':{'input':10}"), INGEST_DUPLICATE },
		{ "other content", LINE("a", "'usage':{'input':11}"), INGEST_CONFLICT },
		{ "no object", "hello", INGEST_QUARANTINED },
		{ "nothing", "", INGEST_QUARANTINED },
		{ "a count that is none", LINE("e", "'usage':{'input':-1}"), INGEST_QUARANTINED },
		{ "control totals", "{'checkpoint':{'seq':1}}", INGEST_CHECKPOINT },
		{ "control totals with blanks", " { 'checkpoint' : {'seq':2}}", INGEST_CHECKPOINT },
		{ "control totals of nobody's number", "{'checkpoint':{'seq':-1}}",
		  INGEST_QUARANTINED },
		{ "control totals with counts", "{'checkpoint':{'seq':3,'events':7,'input':90}}",
		  INGEST_CHECKPOINT },
		{ "the same totals again", "{'checkpoint':{'input':90,'seq':3,'events':7}}",
		  INGEST_DUPLICATE },
		{ "the same with the source that is meant",
		  "{'checkpoint':{'source':'gw-1','seq':3,'events':7,'input':90}}",
		  INGEST_DUPLICATE },
		{ "other totals of that seq", "{'checkpoint':{'seq':3,'events':8,'input':90}}",
		  INGEST_QUARANTINED },
		{ "totals that are no counts", "{'checkpoint':{'seq':4,'events':'x'}}",
		  INGEST_QUARANTINED },
		{ "totals below zero", "{'checkpoint':{'seq':4,'events':-1}}", INGEST_QUARANTINED },
	};
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_small_book);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum ingest_verdict verdict = send(kit, rows[i].line);

		if (verdict != rows[i].verdict)
			fail_msg("%s: %s", rows[i].label, ingest_verdict_name(verdict));
	}
	assert_string_equal(kit_events(kit), "a=1:0.000008 b=0:0.00 c=1:0.0000008 d=-1:0.00");
	kit_verify_clean(kit);
	for (int v = 0; v < INGEST_VERDICT_COUNT; v++)
		assert_non_null(ingest_verdict_name((enum ingest_verdict)v));
}

/*
 * Taken when it came first, and refused today: by the clock, which was set back, or by the
 * price, which rose beyond what an amount can hold.  It is stored: it must not be called lost.
 */
static void test_what_is_stored_is_a_duplicate_though_it_would_be_refused_now(void **state)
{
	static const char dear[] =
		"{\"pricebook\":1,\"currency\":\"USD\",\"models\":[{\"model\":"
		"\"acme/llama-4-70b\",\"versions\":[{\"effective_from\":\"2026-01-01\",\"rates\":["
		"{\"component\":\"input\",\"each\":\"9000000000\"}]}]}]}";
	static const char early[] =
		"{\"id\":\"early\",\"source\":\"s\",\"time\":\"2026-08-01T13:00:00Z\",\"account\":"
		"\"a\",\"model\":\"m\",\"api\":\"toll\",\"usage\":{\"input\":%d}}";
	const struct event_defaults set_back = { text_of("gw-1"), KIT_NOW_MS - 3 * MS_PER_DAY };
	struct ledgerkit *kit = *state;
	struct ingest_item item;
	char line[256];

	kit_price(kit, kit_small_book);
	assert_int_equal(send(kit, LINE("much", "'usage':{'input':10}")), INGEST_ACCEPTED);
	kit_price(kit, dear);
	assert_int_equal(send(kit, LINE("much", "'usage':{'input':10}")), INGEST_DUPLICATE);
	assert_int_equal(send(kit, LINE("much", "'usage':{'input':11}")), INGEST_QUARANTINED);
	snprintf(line, sizeof(line), early, 1);
	assert_int_equal(kit_send(kit, line), INGEST_UNPRICED);
	for (int input = 1; input <= 2; input++) {
		snprintf(line, sizeof(line), early, input);
		arena_reset(&kit->arena);
		assert_int_equal(ingest_prepare(&item, text_of(line), INGEST_LINE_WHOLE,
		                                (int64_t)strlen(line), &set_back, kit_terms(kit),
		                                &kit->doc, &kit->arena),
		                 0);
		assert_true(item.refused);
		assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
		assert_int_equal(ingest_store(kit->ledger, &item, NULL), 0);
		assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
		assert_int_equal(item.verdict, input == 1 ? INGEST_DUPLICATE : INGEST_QUARANTINED);
	}
	kit_shut(kit);
	assert_int_equal(kit_sql_int(kit, "SELECT count(*) FROM quarantine"), 2);
	kit_reopen(kit);
}

/* As a framer would hand it over. */
static void prepare(struct ledgerkit *kit, struct text line, enum ingest_line how, int64_t length,
                    const char *source, struct ingest_item *item)
{
	const struct event_defaults defaults = { text_of(source), KIT_NOW_MS };

	arena_reset(&kit->arena);
	assert_int_equal(ingest_prepare(item, line, how, length, &defaults, kit_terms(kit),
	                                &kit->doc, &kit->arena),
	                 0);
}

static void test_how_a_line_ended_decides_its_reason(void **state)
{
	static const struct {
		const char *label, *line;
		enum ingest_line how;
		int64_t more; /* bytes that were sent and are not here */
		enum reason reason;
		const char *detail;
	} rows[] = {
		{ "whole", LINE("a", "'usage':{'input':0}"), INGEST_LINE_WHOLE, 0, REASON_NONE,
		  "" },
		{ "too long", LINE("a", "'usage':{'input':0}"), INGEST_LINE_TOO_LONG, 900,
		  REASON_TOO_LONG, "1000 bytes; the limit is 100" },
		{ "cut off inside", "{'id':'a','ti", INGEST_LINE_CUT_OFF, 0, REASON_CUT_OFF,
		  "no newline after 13 bytes, and no whole object" },
		{ "cut off behind its end", LINE("a", "'usage':{'input':0}"), INGEST_LINE_CUT_OFF,
		  0, REASON_NONE, "" },
		{ "cut off behind its end, but wrong", LINE("a", "'usage':7"), INGEST_LINE_CUT_OFF,
		  0, REASON_TYPE, "usage: an object, or an array of them, is due" },
	};
	struct ledgerkit *kit = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct text line = text_of(kit_quotes(rows[i].line));
		struct ingest_item item;

		if (rows[i].how == INGEST_LINE_TOO_LONG)
			line.len = 100;
		prepare(kit, line, rows[i].how, (int64_t)line.len + rows[i].more, "gw-1", &item);
		assert_int_equal(item.refused, rows[i].reason != REASON_NONE);
		if (item.refusal->reason != rows[i].reason ||
		    strcmp(item.refusal->detail, rows[i].detail) != 0)
			fail_msg("%s: %s: %s", rows[i].label, reason_name(item.refusal->reason),
			         item.refusal->detail);
		if (item.refused && !text_is(item.refusal->id, "a"))
			fail_msg("%s: not named", rows[i].label);
	}
}

/* It names an event that is stored, which does not make it that event. */
static void test_a_broken_line_is_no_duplicate(void **state)
{
	struct ledgerkit *kit = *state;
	const char *line = kit_quotes(LINE("a", "'usage':{'input':1}"));
	struct ingest_item item;

	assert_int_equal(kit_send(kit, line), INGEST_UNPRICED);
	for (int how = INGEST_LINE_WHOLE; how <= INGEST_LINE_CUT_OFF; how++) {
		prepare(kit, (struct text){ line, strlen(line) - 1 }, (enum ingest_line)how,
		        (int64_t)strlen(line), "gw-1", &item);
		assert_true(item.refused);
		assert_true(text_is(item.refusal->id, "a"));
		assert_true(item.refusal->time_ms != EVENT_ABSENT);
		assert_int_equal(ingest_try(kit->ledger, &item, NULL), 0);
		assert_int_equal(item.verdict, INGEST_QUARANTINED);
	}
}

static void test_a_carriage_return_at_the_end_is_no_part_of_the_line(void **state)
{
	struct ledgerkit *kit = *state;

	assert_int_equal(send(kit, LINE("a", "'usage':{'input':1}") "\r"), INGEST_UNPRICED);
	assert_int_equal(send(kit, LINE("a", "'usage':{'input':1}")), INGEST_DUPLICATE);
	assert_int_equal(send(kit, "no event\r"), INGEST_QUARANTINED);
	assert_int_equal(send(kit, "no event"), INGEST_QUARANTINED);
	assert_int_equal(send(kit, "\r"), INGEST_QUARANTINED);
	kit_shut(kit);
	assert_string_equal(
		kit_sql_text(kit, "SELECT group_concat(raw || ' ' || length || ' ' || times, "
	                          "'; ') FROM quarantine"),
		"no event 8 2;  0 1");
	kit_reopen(kit);
}

static void test_a_refusal_names_what_could_be_read(void **state)
{
	static const struct {
		const char *label, *line, *stored;
	} rows[] = {
		{ "all", "{'id':'a','source':'s','time':'2026-08-01T10:00:00Z'}",
		  "s a 1785578400000 missing" },
		{ "the source of the connection", "{'id':'a'}", "gw-1 a - missing" },
		{ "no JSON", "{'id':'a'", "gw-1 a - syntax" },
		{ "a source that is no name", "{'id':'a','source':'x\\ty'}", "gw-1 a - name" },
		{ "a source that is no string", "{'id':'a','source':7}", "gw-1 a - type" },
		{ "an id that is no name", "{'id':''}", "gw-1 - - name" },
		{ "a number that is no count",
		  "{'id':'a','time':'2026-08-01T10:00:00Z','account':'a','model':'m','api':'toll',"
		  "'usage':{'input':1.5}}",
		  "gw-1 a 1785578400000 count" },
	};
	struct ledgerkit *kit = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *stored;

		assert_int_equal(send(kit, rows[i].line), INGEST_QUARANTINED);
		kit_shut(kit);
		stored = kit_sql_text(kit,
		                      "SELECT n.text || ' ' || coalesce(event_id, '-') || ' ' || "
		                      "coalesce(event_ms, '-') || ' ' || reason FROM quarantine q "
		                      "JOIN name n ON n.id = q.source ORDER BY q.id DESC LIMIT 1");
		if (strcmp(stored, rows[i].stored) != 0)
			fail_msg("%s: %s", rows[i].label, stored);
		kit_reopen(kit);
	}
	kit_shut(kit);
	assert_int_equal(
		kit_sql_int(kit, "SELECT count(*) FROM name WHERE text NOT IN ('', 's', 'gw-1')"),
		0);
	kit_reopen(kit);
}

/* A name that is itself the trouble must not become a name of the ledger. */
static void test_a_refusal_takes_no_name_that_is_none(void **state)
{
	char longest[258];
	const struct {
		const char *label, *source, *kept;
	} rows[] = {
		{ "as it is", "gw-7", "gw-7" }, { "with a line break", "gw\n7", NULL },
		{ "no UTF-8", "gw\xff", NULL }, { "of 256 bytes", longest + 1, longest + 1 },
		{ "of 257", longest, NULL },
	};
	struct ledgerkit *kit = *state;

	memset(longest, 's', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static const enum ingest_line hows[] = { INGEST_LINE_WHOLE, INGEST_LINE_TOO_LONG };

		for (size_t h = 0; h < sizeof(hows) / sizeof(hows[0]); h++) {
			struct text line = text_of("[]");
			struct ingest_item item;

			prepare(kit, line, hows[h], (int64_t)line.len, rows[i].source, &item);
			assert_true(item.refused);
			if (rows[i].kept == NULL ? item.refusal->source.at != NULL
			                         : !text_is(item.refusal->source, rows[i].kept))
				fail_msg("%s: %.*s", rows[i].label,
				         TEXT_ARGS(item.refusal->source));
		}
	}
}

static void test_a_checkpoint_that_is_wrong_is_refused(void **state)
{
#define NAME_64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	static const struct {
		const char *label, *line, *source;
		enum reason reason;
	} rows[] = {
		{ "no JSON", "{'checkpoint':", "s", REASON_SYNTAX },
		{ "a key twice", "{'checkpoint':{'seq':1,'seq':2}}", "s", REASON_DUPLICATE },
		{ "no object", "{'checkpoint':7}", "s", REASON_TYPE },
		{ "no source", "{'checkpoint':{'seq':1}}", NULL, REASON_MISSING },
		{ "empty source", "{'checkpoint':{'source':'','seq':1}}", "s", REASON_MISSING },
		{ "control characters", "{'checkpoint':{'source':'a\\nb','seq':1}}", "s",
		  REASON_NAME },
		{ "a name of 256 bytes",
		  "{'checkpoint':{'source':'" NAME_64 NAME_64 NAME_64 NAME_64 "','seq':1}}", "s",
		  REASON_NONE },
		{ "a name of one more",
		  "{'checkpoint':{'source':'b" NAME_64 NAME_64 NAME_64 NAME_64 "','seq':1}}", "s",
		  REASON_NAME },
		{ "no seq", "{'checkpoint':{'source':'s'}}", "s", REASON_QUANTITY },
		{ "a seq that is no number", "{'checkpoint':{'source':'s','seq':'1'}}", "s",
		  REASON_QUANTITY },
		{ "a seq of a fraction", "{'checkpoint':{'source':'s','seq':1.0}}", "s",
		  REASON_QUANTITY },
		{ "nothing", "{'checkpoint':{'source':'s','seq':0}}", "s", REASON_NONE },
		{ "an epoch and an hour",
		  "{'checkpoint':{'seq':0,'epoch':9,'hour':'2026-08-01T10:00:00Z'}}", "s",
		  REASON_NONE },
		{ "an epoch below zero", "{'checkpoint':{'seq':0,'epoch':-1}}", "s",
		  REASON_QUANTITY },
		{ "an epoch in words", "{'checkpoint':{'seq':0,'epoch':'a'}}", "s",
		  REASON_QUANTITY },
		{ "no hour after all", "{'checkpoint':{'seq':0,'hour':null}}", "s", REASON_NONE },
		{ "an hour as a number", "{'checkpoint':{'seq':0,'hour':8}}", "s", REASON_TIME },
		{ "within an hour", "{'checkpoint':{'seq':0,'hour':'2026-08-01T10:00:01Z'}}", "s",
		  REASON_TIME },
		{ "an hour before all", "{'checkpoint':{'seq':0,'hour':'2014-08-01T10:00:00Z'}}",
		  "s", REASON_TIME },
		{ "an hour to come", "{'checkpoint':{'seq':0,'hour':'2026-08-02T13:00:00Z'}}", "s",
		  REASON_TIME },
	};
#undef NAME_64
	struct ledgerkit *kit = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct text line = text_of(kit_quotes(rows[i].line));
		struct ingest_item item;

		prepare(kit, line, INGEST_LINE_WHOLE, (int64_t)line.len, rows[i].source, &item);
		if (item.refusal->reason != rows[i].reason)
			fail_msg("%s: %s: %s", rows[i].label, reason_name(item.refusal->reason),
			         item.refusal->detail);
		assert_int_equal(item.checkpoint, rows[i].reason == REASON_NONE);
	}
}

/* Items wait in a queue while the next lines are read into the same parser. */
static void test_an_item_lives_longer_than_the_parsers_memory(void **state)
{
	static const char *const lines[] = {
		"{'checkpoint':{'source':'g\\u0077-\\u0031','seq':1}}",
		"{'id':'\\u0061','source':'g\\u0077-1','time':'2026-08-01T10:00:00Z','account':'"
		"\\u0061',"
		"'model':'m\\u0061','api':'toll','usage':{'input':0},'tags':{'\\u0061':'\\u0062'}}",
	};
	const char *other = kit_quotes("{'id':'\\u0078\\u0078\\u0078\\u0078\\u0078\\u0078',"
	                               "'source':'\\u0079\\u0079\\u0079\\u0079\\u0079\\u0079'}");
	const struct event_defaults defaults = { text_of("gw-1"), KIT_NOW_MS };
	struct ledgerkit *kit = *state;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct ingest_item item, next;
		struct text line = text_of(kit_quotes(lines[i]));

		prepare(kit, line, INGEST_LINE_WHOLE, (int64_t)line.len, "gw-1", &item);
		assert_false(item.refused);
		assert_int_equal(ingest_prepare(&next, text_of(other), INGEST_LINE_WHOLE,
		                                (int64_t)strlen(other), &defaults, kit_terms(kit),
		                                &kit->doc, &kit->arena),
		                 0);
		assert_true(text_is(item.event.source, "gw-1"));
		if (item.checkpoint)
			continue;
		assert_true(text_is(item.event.id, "a"));
		assert_true(text_is(item.event.account, "a"));
		assert_true(text_is(item.event.model, "ma"));
		assert_true(text_is(item.event.extra, "{\"tags\":{\"a\":\"b\"}}"));
	}
}

static void test_a_charge_that_cannot_be_held_is_refused(void **state)
{
	struct ledgerkit *kit = *state;
	struct ingest_item item;

	kit_price(
		kit,
		kit_quotes("{'pricebook':1,'currency':'USD','models':[{'model':'dear','versions':["
	                   "{'effective_from':'2026','rates':[{'component':'input','each':"
	                   "'9000000000'}]}]}]}"));
	kit_prepare(
		kit,
		kit_quotes("{'id':'a','time':'2026-08-01T10:00:00Z','account':'x','model':'dear',"
	                   "'api':'toll','usage':{'input':2}}"),
		&item);
	assert_true(item.refused);
	assert_int_equal(item.refusal->reason, REASON_AMOUNT);
	assert_true(text_is(item.refusal->id, "a"));
}

static void test_the_price_is_that_of_the_events_own_time(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit,
	          kit_quotes("{'pricebook':1,'currency':'USD','models':[{'model':'m','versions':["
	                     "{'effective_from':'2026-01-01','rates':[{'component':'input','each':'"
	                     "1'}]},"
	                     "{'effective_from':'2026-07-01','rates':[{'component':'input','each':'"
	                     "2'}]}]}]}"));
	assert_int_equal(
		kit_send_usage(kit, "old", "2025-12-31T23:59:59.999Z", "m", "{\"input\":1}"),
		INGEST_UNPRICED);
	assert_int_equal(
		kit_send_usage(kit, "late", "2026-06-30T23:59:59.999Z", "m", "{\"input\":1}"),
		INGEST_ACCEPTED);
	assert_int_equal(kit_send_usage(kit, "new", "2026-07-01T00:00:00Z", "m", "{\"input\":1}"),
	                 INGEST_ACCEPTED);
	assert_string_equal(kit_events(kit), "old=-1:0.00 late=1:1.00 new=2:2.00");
}

/* One of each shape, as a gateway would send it, to the last digit under the sample book. */
static void test_lines_from_life_come_out_at_the_price_by_hand(void **state)
{
	static const struct {
		const char *line, *event;
	} rows[] = {
		/* 1000 prompt, 600 of them cached; 50 of 200 answer tokens are reasoning.
		 * 400 x 0.65 + 600 x 0.1625 + 150 x 1.95 + 50 x 1.95 a million. */
		{ "{'id':'chat','time':'2026-08-01T08:00:00.123Z','account':'acct_42','key':'key_7'"
		  ","
		  "'model':'acme/llama-4-70b','api':'openai.chat','usage':{'prompt_tokens':1000,"
		  "'completion_tokens':200,'total_tokens':1200,'prompt_tokens_details':"
		  "{'cached_tokens':600},'completion_tokens_details':{'reasoning_tokens':50}},"
		  "'status':200,'finish_reason':'stop','stream':true,'latency_ms':812,'ttft_ms':"
		  "140}",
		  "chat=2:0.0007475" },
		/* 11 x 3 + 5000 x 0.3 + 1000 x 3.75 + 2000 x 6 + 197 x 15 a million. */
		{ "{'id':'messages','time':'2026-08-01T08:00:01Z','account':'acct_42',"
		  "'model':'acme/opus-mini','api':'anthropic.messages','usage':{'input_tokens':11,"
		  "'cache_read_input_tokens':5000,'cache_creation_input_tokens':3000,'cache_"
		  "creation':"
		  "{'ephemeral_5m_input_tokens':1000,'ephemeral_1h_input_tokens':2000},"
		  "'output_tokens':197}}",
		  "messages=5:0.020238" },
		/* 100 x 0.15 + 20 x 0.6 + 30 x 0.9 a million, and the fee of 0.00002. */
		{ "{'id':'generate','time':'2026-08-01T08:00:02Z','account':'acct_42',"
		  "'model':'acme/"
		  "gem-flash','api':'google.generate','usage':{'promptTokenCount':100,"
		  "'candidatesTokenCount':20,'thoughtsTokenCount':30,'totalTokenCount':150}}",
		  "generate=6:0.000074" },
		/* 8 x 0.02 a million. */
		{ "{'id':'embeddings','time':'2026-08-01T08:00:03Z','account':'acct_42',"
		  "'model':'acme/embed-3','api':'openai.embeddings','usage':{'prompt_tokens':8,"
		  "'total_tokens':8}}",
		  "embeddings=7:0.00000016" },
		/* 2 x 0.12 */
		{ "{'id':'images','time':'2026-08-01T08:00:04Z','account':'acct_42',"
		  "'model':'acme/paint-2','api':'toll','images':{'n':2,'size':'1024x1792',"
		  "'quality':'hd'}}",
		  "images=8:0.24" },
		{ "{'id':'unlisted','time':'2026-08-01T08:00:05Z','account':'acct_42',"
		  "'model':'acme/unlisted-1','api':'openai.chat','usage':{'prompt_tokens':1,"
		  "'completion_tokens':1,'total_tokens':2}}",
		  "unlisted=-1:0.00" },
	};
	struct ledgerkit *kit = *state;
	struct buf book = { .at = NULL }, expected = { .at = NULL };

	assert_int_equal(
		buf_read_file(&book, "packaging/pricebook.sample.json", BOOK_BYTES_MAX, NULL), 0);
	kit_price(kit, book.at);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum ingest_verdict verdict = send(kit, rows[i].line);

		assert_int_equal(verdict, i < 5 ? INGEST_ACCEPTED : INGEST_UNPRICED);
		buf_addf(&expected, "%s%s", i > 0 ? " " : "", rows[i].event);
	}
	assert_string_equal(kit_events(kit), expected.at);
	kit_verify_clean(kit);
	buf_release(&book);
	buf_release(&expected);
}

/* Every model: $1 per 1M tokens (or one thing) of the first component, $2 of the second ... */
static void every_price(struct buf *book)
{
	buf_add_cstr(book, "{\"pricebook\":1,\"currency\":\"USD\",\"models\":[{\"model\":\"any\","
	                   "\"aliases\":[\"*\"],\"versions\":[{\"effective_from\":\"2015-01-01\","
	                   "\"rates\":[");
	for (int c = 0; c < COMPONENT_COUNT; c++)
		buf_addf(book, "%s{\"component\":\"%s\",\"%s\":\"%d\"}", c > 0 ? "," : "",
		         component_info[c].key,
		         component_info[c].unit == UNIT_TOKEN ? "per_million" : "each", c + 1);
	buf_add_cstr(book, "]}]}]}");
}

static wide charge_by_hand(const struct usage *usage)
{
	wide attos = 0;

	for (int c = 0; c < COMPONENT_COUNT; c++)
		attos += (wide)usage->count[c] * (c + 1) *
		         (ATTOS_PER_UNIT / (component_info[c].unit == UNIT_TOKEN ? 1000000 : 1));
	return attos;
}

/* What nobody here wrote: whatever it says, the ledger it makes adds up, and once. */
static void test_recorded_events_make_a_ledger_that_verifies(void **state)
{
	const struct event_defaults later = { text_of("gw-1"), KIT_NOW_MS + 365 * MS_PER_DAY };
	struct ledgerkit *kit = *state;
	struct buf file = { .at = NULL }, book = { .at = NULL };
	int64_t counts[INGEST_VERDICT_COUNT] = { 0 };
	wide expected = 0;

	fixture_need("events-real.ndjson", &file);
	every_price(&book);
	kit_price(kit, book.at);
	for (int round = 0; round < 2; round++) {
		struct text rest = buf_text(&file), line;

		assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
		while (fixture_line(&rest, &line)) {
			struct ingest_item item;

			arena_reset(&kit->arena);
			assert_int_equal(ingest_prepare(&item, line, INGEST_LINE_WHOLE,
			                                (int64_t)line.len, &later, kit_terms(kit),
			                                &kit->doc, &kit->arena),
			                 0);
			assert_int_equal(ingest_store(kit->ledger, &item, NULL), 0);
			counts[item.verdict]++;
			for (const struct ingest_item *i = &item;
			     item.verdict == INGEST_ACCEPTED && i != NULL; i = i->more)
				expected += charge_by_hand(&i->event.usage);
		}
		assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
	}
	for (int v = 0; v < INGEST_VERDICT_COUNT; v++)
		print_message("%s %lld; ", ingest_verdict_name((enum ingest_verdict)v),
		              (long long)counts[v]);
	print_message("of all lines, sent twice\n");
	/* All that was taken is priced, and what came again is a duplicate. */
	assert_true(counts[INGEST_ACCEPTED] > 0 && expected > 0);
	assert_int_equal(counts[INGEST_UNPRICED], 0);
	assert_int_equal(counts[INGEST_DUPLICATE], counts[INGEST_ACCEPTED]);
	assert_true(kit_verify_clean(kit).attos == expected);
	buf_release(&file);
	buf_release(&book);
}

/* Taken for totals its usage would be gone, and nobody would know. */
static void test_an_event_that_begins_with_a_checkpoint_is_still_an_event(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_small_book);
	assert_int_equal(send(kit, "{'checkpoint':{'seq':1},'id':'a','source':'s',"
	                           "'time':'2026-08-01T10:00:00Z','account':'x',"
	                           "'model':'acme/llama-4-70b','api':'toll',"
	                           "'usage':{'input':10}}"),
	                 INGEST_ACCEPTED);
	assert_int_equal(send(kit, "{'checkpoint':{'seq':1},'more':1}"), INGEST_QUARANTINED);
	kit_shut(kit);
	assert_int_equal(kit_sql_int(kit, "SELECT count(*) FROM event"), 1);
	assert_int_equal(kit_sql_int(kit, "SELECT count(*) FROM checkpoint"), 0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_an_event_that_begins_with_a_checkpoint_is_still_an_event),
		T(test_each_verdict_has_its_line),
		T(test_what_is_stored_is_a_duplicate_though_it_would_be_refused_now),
		T(test_how_a_line_ended_decides_its_reason),
		T(test_a_broken_line_is_no_duplicate),
		T(test_a_carriage_return_at_the_end_is_no_part_of_the_line),
		T(test_a_refusal_names_what_could_be_read),
		T(test_a_refusal_takes_no_name_that_is_none),
		T(test_a_checkpoint_that_is_wrong_is_refused),
		T(test_an_item_lives_longer_than_the_parsers_memory),
		T(test_a_charge_that_cannot_be_held_is_refused),
		T(test_the_price_is_that_of_the_events_own_time),
		T(test_lines_from_life_come_out_at_the_price_by_hand),
		T(test_recorded_events_make_a_ledger_that_verifies),
	};

	return cmocka_run_group_tests_name("ingest", tests, NULL, NULL);
}
