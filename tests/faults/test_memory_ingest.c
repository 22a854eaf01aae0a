/*
 * Memory that cannot be had on the way into the ledger: of a line that is decoded and rated, of a
 * request of a change, of what is asked of a range.  Of our own allocations, which are few, each
 * one fails; and so that an arena asks for memory at every place where it can, it is filled before
 * to one byte more each time.  That is -FAULT_NOMEM, or nothing anybody sees.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/change.h"
#include "ledger/store.h"
#include "tests/support/failmem.h"
#include "tests/support/lifekit.h"

enum {
	ALLOCATIONS_MAX = 4096, /* of one use: more is a loop without an end */
	VERIFY_EVERY = 8,
	FILLED_MAX = 16384, /* bytes of an arena that a line takes */
};

/* --- a line ---------------------------------------------------------------- */

#define PLAIN                                                                                      \
	"{'id':'p','source':'s','time':'2026-08-01T10:00:00Z','account':'acct','model':'m',"       \
	"'api':'toll','region':'eu','smell':7,'usage':{'input':3,'tastes':4}}"
#define MESSAGE(n) "{'type':'message','input_tokens':" #n ",'output_tokens':1}"
#define TURNS(model, turns)                                                                        \
	"{'id':'t','time':'2026-08-01T10:00:00Z','account':'acct','model':'" model "',"            \
	"'api':'anthropic.messages','usage':{'input_tokens':2400,'output_tokens':2,'iterations':"  \
	"[" turns "]}}"
/* Two readings: at two prices, or with a rule or a settlement that takes one. */
#define READINGS(source)                                                                           \
	"{'id':'r','source':'" source "','time':'2026-08-01T10:00:00Z','account':'acct',"          \
	"'model':'m','api':'openai.chat','usage':{'prompt_tokens':10,'completion_tokens':5,"       \
	"'total_tokens':40,'new_tokens':1}}"
#define LOGGED                                                                                     \
	"{'x-request-id':'q1','start_time':'2026-08-01T10:00:00Z','response_code':200,"            \
	"'x-tenant-id':'acct','gen_ai.request.model':'m','gen_ai.usage.input_tokens':1000,"        \
	"'gen_ai.usage.output_tokens':10}"
#define BAD_LOGGED                                                                                 \
	"{'x-request-id':'q2','start_time':'2026-08-01T10:00:00Z','response_code':200,"            \
	"'gen_ai.request.model':null,'mcp.method.name':'tools/call'}"
#define BATCH                                                                                      \
	"{'id':'b','time':'2026-08-01T10:00:00Z','account':'acct','model':'m',"                    \
	"'api':'openai.batch','response':[{'response':{'body':{'usage':{'prompt_tokens':4}}}},"    \
	"{'response':{'body':{'usage':{'prompt_tokens':5}}}}]}"
#define SECRET "sk-or-v1-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
	const char *label, *line;
	enum ingest_line how;
} lines[] = {
	{ "an event", PLAIN, INGEST_LINE_WHOLE },
	{ "turns with a threshold between them", TURNS("m", MESSAGE(1500) "," MESSAGE(900)),
	  INGEST_LINE_WHOLE },
	{ "turns without a price", TURNS("n", MESSAGE(1500) "," MESSAGE(900)), INGEST_LINE_WHOLE },
	{ "a turn of another model",
	  TURNS("m", MESSAGE(2400) ",{'type':'advisor_message','model':'n','input_tokens':3,"
	                           "'output_tokens':1}"),
	  INGEST_LINE_WHOLE },
	{ "several requests in one", BATCH, INGEST_LINE_WHOLE },
	{ "two readings", READINGS("s"), INGEST_LINE_WHOLE },
	{ "two readings and a rule", READINGS("gw-9"), INGEST_LINE_WHOLE },
	{ "a record of another program", LOGGED, INGEST_LINE_WHOLE },
	{ "several of them", "[" LOGGED "," BAD_LOGGED "," LOGGED "]", INGEST_LINE_WHOLE },
	{ "a record that is no request", BAD_LOGGED, INGEST_LINE_WHOLE },
	{ "a checkpoint", " {\t'checkpoint':{'epoch':1,'seq':3,'requests':5,'source':'s'}}",
	  INGEST_LINE_WHOLE },
	{ "a checkpoint that is none", "{'checkpoint':{'epoch':1,", INGEST_LINE_WHOLE },
	{ "no JSON", "{'id':'x','source':'s'", INGEST_LINE_CUT_OFF },
	{ "an event that lacks something", "{'id':'x','source':'s'}", INGEST_LINE_WHOLE },
	{ "too long a line", "{'id':'x','source':'s','usage", INGEST_LINE_TOO_LONG },
	{ "a credential", "{'id':'x','source':'s','key':'" SECRET "'}", INGEST_LINE_WHOLE },
};
enum { LINES = sizeof(lines) / sizeof(lines[0]) };

static struct ledgerkit kit;

/* Steps of the price: each turn by itself is another price than the sum. */
static const char stepped[] =
	"{'pricebook':1,'currency':'USD','models':[{'model':'m','versions':["
	"{'effective_from':'2020-01-01','rates':["
	"{'component':'input','per_million':'1'},{'component':'output','per_million':'1'},"
	"{'component':'reasoning','per_million':'3'},"
	"{'component':'input','per_million':'2','when':{'context':{'gt':1000}}},"
	"{'component':'output','per_million':'2','when':{'context':{'gt':1000}}}]}]}]}";

static int setup(void **state)
{
	(void)state;
	failmem_install();
	kit_open(&kit);
	life_fill(&kit);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	life_close(&kit);
	return 0;
}

static void tell_text(struct buf *out, struct text text)
{
	buf_addf(out, " [%.*s]", TEXT_ARGS(text));
}

static void tell_event(struct buf *out, const struct event *event,
                       const struct event_refusal *refusal)
{
	buf_addf(out, " %d [%s]", (int)refusal->reason, refusal->detail);
	tell_text(out, refusal->source);
	tell_text(out, refusal->id);
	if (refusal->reason != REASON_NONE)
		return;
	tell_text(out, event->source);
	tell_text(out, event->id);
	tell_text(out, event->model);
	tell_text(out, event->reading);
	tell_text(out, event->extra);
	tell_text(out, event->unknown_path);
	buf_addf(out, " %llu", (unsigned long long)event->content_hash);
	for (int c = 0; c < COMPONENT_COUNT; c++)
		buf_addf(out, " %lld", (long long)event->usage.count[c]);
}

/* All that was made of a line. */
static void tell_items(struct buf *out, const struct ingest_item *item)
{
	char amount[MONEY_TEXT_BYTES], cost[MONEY_TEXT_BYTES];

	for (; item != NULL; item = item->more) {
		money_text(item->rated.amount, amount);
		money_text(item->rated.cost, cost);
		buf_addf(out, "refused %d part %d checkpoint %d %lld price %lld %s cost %lld %s",
		         item->refused, item->part, item->checkpoint,
		         (long long)item->checkpoint_seq, (long long)item->rated.price_id, amount,
		         (long long)item->rated.cost_id, cost);
		tell_text(out, item->line);
		tell_event(out, &item->event, item->refusal);
		buf_add_cstr(out, "\n");
	}
}

/* A line through ingest_prepare() or ingest_events(), into an arena that has `filled` bytes. */
static int run_line(size_t index, bool rated, size_t filled, int fail_at, bool *failed_out,
                    struct buf *told)
{
	const struct event_defaults defaults = { text_of("gw " SECRET), KIT_NOW_MS };
	const char *text = kit_quotes(lines[index].line);
	struct text line = text_of(text);
	struct ingest_event *events = NULL;
	struct arena arena = { .first = NULL };
	struct json doc = { .nodes = NULL };
	struct ingest_item item;
	size_t count = 0;
	int r;

	/* 0: it has no memory yet. */
	if (filled > 0)
		assert_non_null(arena_take(&arena, filled));
	failmem_after(fail_at);
	if (rated)
		r = ingest_prepare(&item, line, lines[index].how, (int64_t)line.len, &defaults,
		                   kit_terms(&kit), &doc, &arena);
	else
		r = ingest_events(line, &defaults, &doc, &arena, &events, &count);
	*failed_out = failmem_stop();
	if (r == 0 && rated)
		tell_items(told, &item);
	for (size_t i = 0; r == 0 && i < count; i++) {
		tell_text(told, events[i].line);
		tell_event(told, &events[i].event, &events[i].refusal);
	}
	arena_release(&arena);
	json_release(&doc);
	return r;
}

static void expect_line(size_t index, bool rated, size_t filled, struct text expected)
{
	for (int k = 0;; k++) {
		struct buf told = { .at = NULL };
		bool failed;
		int r = run_line(index, rated, filled, k, &failed, &told);

		assert_true(k < ALLOCATIONS_MAX);
		if (r != 0 ? r != -FAULT_NOMEM || !failed : !text_equal(buf_text(&told), expected))
			fail_msg("%s, %zu bytes, allocation %d: %s: %.*s\nnot %.*s",
			         lines[index].label, filled, k, fault_name(r),
			         TEXT_ARGS(buf_text(&told)), TEXT_ARGS(expected));
		buf_release(&told);
		if (!failed)
			return;
	}
}

static void test_a_line_without_memory_fails_or_is_what_it_is(void **state)
{
	const char *mode = getenv("TOLL_MODE");
	bool few = mode != NULL && (strcmp(mode, "asan") == 0 || strcmp(mode, "tsan") == 0);
	struct buf expected = { .at = NULL };

	(void)state;
	kit_price(&kit, kit_quotes(stepped));
	kit_rules(&kit);
	for (size_t i = 0; i < 2 * LINES; i++) {
		bool failed, rated = i % 2 == 0;

		buf_clear(&expected);
		assert_int_equal(run_line(i / 2, rated, 0, ALLOCATIONS_MAX, &failed, &expected), 0);
		expect_line(i / 2, rated, 0, buf_text(&expected));
		for (size_t left = 0; left < FILLED_MAX;
		     left += few ? 7 * ARENA_ALIGN : ARENA_ALIGN)
			expect_line(i / 2, rated, ARENA_BLOCK_BYTES - left, buf_text(&expected));
	}
	buf_release(&expected);
}

/* --- a change -------------------------------------------------------------- */

static void run_whole(const struct life_change *change, int k)
{
	struct fault fault = { .code = FAULT_NONE };
	struct buf reply = { .at = NULL };
	bool done = false;

	if (life_run(&kit, change, &done, &reply, &fault) < 0 || !done)
		fail_msg("%s, after allocation %d: %s %.*s", change->label, k, fault.text,
		         TEXT_ARGS(buf_text(&reply)));
	buf_release(&reply);
}

/* The reply is whole or says that memory is out; never a success that says nothing. */
static void expect_reply(const struct life_change *change, int k, int r, bool done,
                         const struct buf *reply, const struct fault *fault)
{
	static const char refused[] = "{\"ok\":false,\"fault\":\"nomem\",\"error\":\"";

	if (r < 0 && (r != -FAULT_NOMEM || fault->code != FAULT_NOMEM || fault->text[0] == '\0'))
		fail_msg("%s, allocation %d: %s: %s", change->label, k, fault_name(r), fault->text);
	if (change->kind != LIFE_REQUEST || done || reply->error != 0)
		return;
	if (strncmp(reply->at, refused, strlen(refused)) != 0 &&
	    strstr(reply->at, "out of memory") == NULL)
		fail_msg("%s, allocation %d: %s", change->label, k, reply->at);
}

static bool change_failing(const struct life_change *change, const char *before, const char *after,
                           int k)
{
	bool done = false, failed;
	struct fault fault = { .code = FAULT_NONE };
	struct buf reply = { .at = NULL };
	const char *now;
	int r;

	life_lay_out(&kit, change);
	failmem_after(k);
	r = life_run(&kit, change, &done, &reply, &fault);
	failed = failmem_stop();
	if (failed)
		expect_reply(change, k, r, done, &reply, &fault);
	else
		assert_true(done);
	buf_release(&reply);
	now = life_sums(&kit);
	if (done && strcmp(now, after) != 0)
		fail_msg("%s, allocation %d: done, but %s\nnot %s", change->label, k, now, after);
	if (!done && strcmp(now, after) != 0) {
		if (!change->steps && strcmp(now, before) != 0)
			fail_msg("%s, allocation %d: half done: %s", change->label, k, now);
		run_whole(change, k);
		now = life_sums(&kit);
		if (strcmp(now, after) != 0)
			fail_msg("%s, after allocation %d: %s\nnot %s", change->label, k, now,
			         after);
	}
	if (k % VERIFY_EVERY == 0)
		kit_verify_clean(&kit);
	return failed;
}

static void fail_each(const struct life_change *change)
{
	char *before, *after;
	int k = 0;

	life_lay_out(&kit, change);
	before = strdup(life_sums(&kit));
	run_whole(change, 0);
	kit_verify_clean(&kit);
	after = strdup(life_sums(&kit));
	while (change_failing(change, before, after, k))
		assert_true(k++ < ALLOCATIONS_MAX);
	free(before);
	free(after);
}

static void test_a_change_without_our_memory_is_whole_or_was_not(void **state)
{
	(void)state;
	kit_verify_clean(&kit);
	life_keep(&kit);
	failmem_ours(true);
	for (size_t i = 0; i < life_change_count; i++) {
		if (life_changes[i].kind == LIFE_REQUEST)
			fail_each(&life_changes[i]);
	}
	failmem_ours(false);
}

/* The book is the job's, or it is freed: the address sanitizer counts. */
static void test_a_book_without_a_job_is_freed(void **state)
{
	const struct change change = { text_of("prices.json"), text_of("SIGHUP"), KIT_NOW_MS };

	(void)state;
	for (int k = 0; k < 3; k++) {
		struct fault fault = { .code = FAULT_NONE };
		struct buf reply = { .at = NULL };
		struct change_job *job = NULL;
		struct book *book = NULL;
		bool failed;
		int r;

		assert_int_equal(book_load(&book, text_of(kit_quotes(stepped)), NULL, &fault), 0);
		failmem_after(k);
		r = change_prepare_book(&job, book, BOOK_SELL, &change, &reply, &fault);
		if (r == 0)
			r = change_open(job, kit.ledger, &fault);
		failed = failmem_stop();
		if (failed) {
			assert_int_equal(r, -FAULT_NOMEM);
			assert_int_equal(fault.code, FAULT_NOMEM);
			assert_non_null(strstr(fault.text, "out of memory"));
			if (strstr(reply.at, "\"fault\":\"nomem\"") == NULL)
				fail_msg("allocation %d: %s", k, reply.at);
		} else {
			assert_int_equal(r, 0);
		}
		change_end(job);
		buf_release(&reply);
		assert_true(failed == (k < 2));
	}
}

/* --- what is asked of a range ---------------------------------------------- */

static void test_an_impact_without_our_memory_fails_or_tells_all(void **state)
{
	const struct life_reading *reading = &life_readings[life_reading_count - 1];
	struct life_told expected = { .pause = NULL };
	bool failed = true;

	(void)state;
	assert_string_equal(reading->label, "impact of a book");
	assert_int_equal(reading->read(kit.ledger, &expected, NULL), 0);
	failmem_ours(true);
	for (int k = 0; failed; k++) {
		struct life_told told = { .pause = failmem_pause };
		struct fault fault = { .code = FAULT_NONE };
		int r;

		failmem_after(k);
		r = reading->read(kit.ledger, &told, &fault);
		failed = failmem_stop();
		if (r < 0 ? r != -FAULT_NOMEM || !failed || fault.code != FAULT_NOMEM
		          : !text_equal(buf_text(&told.text), buf_text(&expected.text)))
			fail_msg("allocation %d: %s: %s: %.*s", k, fault_name(r), fault.text,
			         TEXT_ARGS(buf_text(&told.text)));
		buf_release(&told.text);
		assert_true(k < ALLOCATIONS_MAX);
	}
	failmem_ours(false);
	buf_release(&expected.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_impact_without_our_memory_fails_or_tells_all),
		cmocka_unit_test(test_a_change_without_our_memory_is_whole_or_was_not),
		cmocka_unit_test(test_a_book_without_a_job_is_freed),
		cmocka_unit_test(test_a_line_without_memory_fails_or_is_what_it_is),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
