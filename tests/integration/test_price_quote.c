/* `toll price quote`: what a request would cost that nobody made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/ledgerkit.h"
#include "tests/support/output.h"
#include "tests/support/tollrun.h"

/* A model with something of everything; "all" has a price for every component. */
static const char rich_book[] =
	"{'pricebook':1,'name':'rich','currency':'USD','as':{'reasoning':'output'},'models':["
	"{'model':'acme/chat','aliases':['chat','acme/chat-*'],'versions':["
	"{'effective_from':'2026','rates':["
	"{'component':'input','per_million':'1'},{'component':'output','per_million':'4'},"
	"{'component':'input','per_million':'3','when':{'tier':'priority','region':'us'}},"
	"{'component':'cache_write','per_million':'2'},"
	"{'component':'cache_write','per_million':'5','when':{'ttl_seconds':600}},"
	"{'component':'searches','each':'0.01'},"
	"{'component':'searches','each':'0.02','when':{'kind':'web_search'}},"
	"{'component':'requests','each':'0.5','when':{'context':{'gte':0}}}],"
	"'multipliers':[{'multiply':'0.5','when':{'tier':'batch'}}],"
	"'minimums':[{'charge':'0.6'}]},"
	"{'effective_from':'2026-07-01','rates':[{'component':'input','per_million':'2'},"
	"{'component':'output','each':'0.000000000000000001'}]}]},"
	"{'model':'acme/paint','versions':[{'effective_from':'2026','rates':["
	"{'component':'images_in','each':'0.01'},{'component':'images_out','each':'1'},"
	"{'component':'images_out','each':'2','when':{'size':'1024x1024'}},"
	"{'component':'images_out','each':'4','when':{'quality':'hd'}},"
	"{'component':'images_out','each':'8','when':{'steps':50}}]}]},"
	"{'model':'dear','versions':[{'effective_from':'2026','rates':["
	"{'component':'pages','each':'9223372036'}]}]}],"
	"'accounts':[{'account':'big','effective_from':'2026','effective_until':'2027',"
	"'rates':[{'component':'input','per_million':'0.1'}]}]}";

struct quotes {
	struct ledgerkit kit; /* its folder and path; no ledger is open in this process */
	struct tollrun run;
	char book[KIT_PATH_BYTES];
};

static int begin(void **state)
{
	struct quotes *q = calloc(1, sizeof(*q));

	assert_non_null(q);
	kit_open(&q->kit);
	kit_shut(&q->kit);
	kit_write(&q->kit, q->book, "book.json", rich_book);
	setenv("TOLL_LEDGER", q->kit.path, 1);
	setenv("COLUMNS", "80", 1);
	*state = q;
	return 0;
}

static int end(void **state)
{
	struct quotes *q = *state;

	tollrun_release(&q->run);
	kit_close(&q->kit);
	free(q);
	return 0;
}

enum { WORDS_MAX = 12 };

/* The words of a row behind the book, before a last one that may be NULL. */
static void quote(struct quotes *q, const char *const *words, const char *last)
{
	const char *all[WORDS_MAX + 8] = { "price", "quote", q->book };
	size_t count = 3;

	while (*words != NULL)
		all[count++] = *words++;
	all[count] = last;
	tollrun_release(&q->run);
	tollrun_start(&q->run, all, NULL, NULL);
	tollrun_wait(&q->run);
}

static void test_an_amount_follows_all_that_was_said(void **state)
{
	static const struct {
		const char *label, *words[WORDS_MAX], *amount; /* NULL: unpriced */
	} rows[] = {
		{ "a minimum",
		  { "--model", "chat", "--at", "2026-03", "--input", "9", NULL },
		  "0.60" },
		{ "more than it",
		  { "--model", "acme/chat-2", "--at", "2026-03", "--input=1000000", NULL },
		  "1.50" },
		{ "none for one that failed",
		  { "--model", "chat", "--at", "2026-03", "--input", "9", "--requests", "0", NULL },
		  "0.000009" },
		{ "region and tier, as a provider writes it",
		  { "--model", "chat", "--at", "2026-03", "--input", "1000000", "--tier",
		    "ON_DEMAND_PRIORITY", "--region", "us", NULL },
		  "3.50" },
		{ "another region",
		  { "--model", "chat", "--at", "2026-03", "--input", "1000000", "--tier",
		    "priority", "--region", "eu", NULL },
		  "1.50" },
		{ "a multiplier",
		  { "--model", "chat", "--at", "2026-03", "--input", "1000000", "--tier", "batch",
		    NULL },
		  "0.75" },
		{ "what was agreed",
		  { "--model", "chat", "--at", "2026-08", "--input", "1000000", "--account", "big",
		    NULL },
		  "0.10" },
		{ "the last millisecond of a version",
		  { "--model", "chat", "--at", "2026-06-30T23:59:59.999Z", "--input", "2000000",
		    NULL },
		  "2.50" },
		{ "the first of the next",
		  { "--model", "chat", "--at", "2026-07-01T00:00:00Z", "--input", "2000000", NULL },
		  "4.00" },
		{ "as another",
		  { "--model", "chat", "--at", "2026-03", "--reasoning", "1000000", NULL },
		  "4.50" },
		{ "the last decimal",
		  { "--model", "chat", "--at", "2026-08", "--output", "1", NULL },
		  "0.000000000000000001" },
		{ "kinds are all of it",
		  { "--model", "chat", "--at", "2026-03", "--kind",
		    "searches:3:kind=web_search,searches:1:kind=x,searches:1", NULL },
		  "0.60" },
		{ "beside a count they are part of it",
		  { "--model", "chat", "--at", "2026-03", "--searches", "100", "--kind",
		    "searches:30:kind=web_search", NULL },
		  "1.80" },
		{ "a time to keep",
		  { "--model", "chat", "--at", "2026-03", "--kind",
		    "cache_write:1000000:ttl_seconds=600:implicit=true", NULL },
		  "5.50" },
		{ "images of every kind",
		  { "--model", "acme/paint", "--images", "1,2:1024x1024,1::hd,1:::50",
		    "--images-in", "3", "--at", "2026-03", NULL },
		  "17.03" },
		{ "images beside their count",
		  { "--model", "acme/paint", "--images", "2:1024x1024", "--images-out", "3", "--at",
		    "2026-03", NULL },
		  "5.00" },
		{ "nothing", { "--model", "chat", "--requests", "0", NULL }, "0.00" },
		{ "no model", { "--model", "acme/none", "--input", "1", NULL }, NULL },
		{ "no version", { "--model", "chat", "--at", "2025", "--input", "1", NULL }, NULL },
		{ "no rate", { "--model", "chat", "--seconds", "1", NULL }, NULL },
		{ "no amount", { "--model", "dear", "--pages", "2", NULL }, NULL },
	};
	struct quotes *q = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char says[64] = "\"amount\":null,";

		if (rows[i].amount != NULL)
			snprintf(says, sizeof(says), "\"amount\":\"%s\",", rows[i].amount);
		quote(q, rows[i].words, "--json");
		if (q->run.code != (rows[i].amount != NULL ? 0 : 1) ||
		    strstr(q->run.out.at, says) == NULL)
			fail_msg("%s: %d %s%s", rows[i].label, q->run.code, q->run.out.at,
			         q->run.err.len > 0 ? q->run.err.at : "");
		quote(q, rows[i].words, NULL);
		TOLLRUN_EXPECT(&q->run, rows[i].amount != NULL ? 0 : 1);
		output_fits(buf_text(&q->run.out));
	}
}

static void test_it_says_what_led_to_the_price(void **state)
{
	static const char *const words[] = { "--model",   "acme/chat-2", "--at",     "2026-08",
		                             "--input",   "5",           "--output", "7",
		                             "--account", "big",         NULL };
	static const char *const missing[] = {
		"--model", "chat",      "--at", "2026-08", "--pages",
		"1",       "--seconds", "2",    "--kind",  "seconds:1:kind=audio",
		NULL
	};
	struct quotes *q = *state;

	quote(q, words, NULL);
	TOLLRUN_EXPECT(&q->run, 0);
	TOLLRUN_SAYS(&q->run, "Quote for acme/chat-2\n");
	TOLLRUN_SAYS(&q->run, "  Book       rich\n");
	TOLLRUN_SAYS(&q->run, "by the pattern acme/chat-*\n");
	TOLLRUN_SAYS(&q->run, "acme/chat from 2026-07-01T00:00:00.000Z\n");
	TOLLRUN_SAYS(&q->run, "5 tokens (the whole prompt)\n");
	TOLLRUN_SAYS(&q->run, "with big from 2026-01-01T00:00:00.000Z until");
	TOLLRUN_SAYS(&q->run, "$0.10 per 1M tokens");
	TOLLRUN_SAYS(&q->run, "0.000000500000000007");
	TOLLRUN_SAYS(&q->run, "1000 such requests cost 0.000500000000007 USD.\n");
	quote(q, missing, NULL);
	TOLLRUN_EXPECT(&q->run, 1);
	TOLLRUN_SAYS(&q->run, "UNPRICED: no rate for seconds, pages that fits.");
	TOLLRUN_SAYS_NOT(&q->run, " 0.00");
	quote(q, missing, "--json");
	TOLLRUN_SAYS(&q->run, "\"missing\":\"seconds, pages\"");
}

/* A new component has its option by itself. */
static void test_every_component_has_an_option(void **state)
{
	struct quotes *q = *state;

	for (int c = 0; c < COMPONENT_COUNT; c++) {
		const char *key = component_info[c].key;
		char option[64], says[64];
		const char *const words[] = { "--model", "acme/none", option, "3", NULL };

		snprintf(option, sizeof(option), "--%s", key);
		for (char *at = option + 2; *at != '\0'; at++)
			*at = *at == '_' ? '-' : *at;
		snprintf(says, sizeof(says), "{\"component\":\"%s\",\"count\":3,", key);
		quote(q, words, "--json");
		TOLLRUN_EXPECT(&q->run, 1);
		TOLLRUN_SAYS(&q->run, says);
	}
}

static void test_the_book_is_a_file_an_applied_one_or_the_one_in_force(void **state)
{
	struct quotes *q = *state;
	char small[KIT_PATH_BYTES], hash[16];
	const char *at;

	TOLLRUN(&q->run, "price", "quote", "--model", "acme/chat", "--input", "1");
	TOLLRUN_EXPECT(&q->run, 3);
	TOLLRUN_SAYS(&q->run, "the ledger has no price book: name a file");
	TOLLRUN(&q->run, "price", "apply", q->book, "--json");
	TOLLRUN_EXPECT(&q->run, 0);
	at = strstr(q->run.out.at, "\"hash\":\"");
	assert_non_null(at);
	snprintf(hash, sizeof(hash), "%.8s", at + strlen("\"hash\":\""));
	kit_write(&q->kit, small, "small.json", kit_small_book);
	TOLLRUN(&q->run, "price", "apply", small);
	TOLLRUN_EXPECT(&q->run, 0);
	/* acme/chat is in the first, acme/llama-4-70b in the second, which is in force. */
	TOLLRUN(&q->run, "price", "quote", "--model", "acme/llama-4-70b", "--input", "1");
	TOLLRUN_EXPECT(&q->run, 0);
	TOLLRUN(&q->run, "price", "quote", "--model", "acme/chat", "--input", "1");
	TOLLRUN_EXPECT(&q->run, 1);
	TOLLRUN_SAYS(&q->run, "no model, alias or pattern of the book is acme/chat");
	TOLLRUN(&q->run, "price", "quote", hash, "--model", "acme/chat", "--input", "1");
	TOLLRUN_EXPECT(&q->run, 0);
	TOLLRUN(&q->run, "price", "quote", small, "--model", "acme/llama-4-70b", "--input", "1",
	        "--ledger", "/nowhere/ledger.db");
	TOLLRUN_EXPECT(&q->run, 0);
	TOLLRUN(&q->run, "price", "quote", "00000000", "--model", "m");
	TOLLRUN_EXPECT(&q->run, 3);
	TOLLRUN_SAYS(&q->run, "00000000: no applied book has this hash");
	TOLLRUN(&q->run, "price", "quote", "no-such.json", "--model", "m");
	TOLLRUN_EXPECT(&q->run, 3);
	TOLLRUN_SAYS(&q->run, "no-such.json: No such file or directory");
	kit_write(&q->kit, small, "bad.json", "{'pricebook':1,'currency':'USD','models':[]}");
	TOLLRUN(&q->run, "price", "quote", small, "--model", "m");
	TOLLRUN_EXPECT(&q->run, 3);
	TOLLRUN_SAYS(&q->run, "bad.json: line 1: models: empty");
	TOLLRUN(&q->run, "status", "--json");
	TOLLRUN_SAYS(&q->run, "\"events\":0,");
}

static void test_what_cannot_be_said_is_refused_with_advice(void **state)
{
	static const struct {
		const char *label, *words[WORDS_MAX], *says;
	} rows[] = {
		{ "no model", { "--input", "1", NULL }, "--model NAME is due" },
		{ "an empty model", { "--model", "", NULL }, "--model: 1 to 256 bytes" },
		{ "a control character", { "--model", "m", "--tier", "a\tb", NULL }, "--tier: 1" },
		{ "two books", { "other.json", "--model", "m", NULL }, "takes one book" },
		{ "a misspelt component",
		  { "--model", "m", "--inptu", "1", NULL },
		  "did you mean --input?" },
		{ "a count below zero",
		  { "--model", "m", "--input", "-1", NULL },
		  "--input -1: a whole number from 0" },
		{ "a fraction", { "--model", "m", "--seconds", "1.5", NULL }, "a whole number" },
		{ "more than there can be",
		  { "--model", "m", "--input", "1000000000001", NULL },
		  "a whole number from 0 to 1000000000000" },
		{ "a time", { "--model", "m", "--at", "noon", NULL }, "--at noon: a time is due" },
		{ "no images",
		  { "--model", "m", "--images", "0", NULL },
		  "--images 0: 0: a whole number from 1" },
		{ "too much of an image",
		  { "--model", "m", "--images", "1:a:b:3:x", NULL },
		  "N:SIZE:QUALITY:STEPS is all there is" },
		{ "steps that are none",
		  { "--model", "m", "--images", "1:::x", NULL },
		  "--images 1:::x: steps: a whole number from 1" },
		{ "a long word",
		  { "--model", "m", "--images", "1:123456789012345678901234", NULL },
		  "size: 1 to 23 bytes" },
		{ "a kind of nothing",
		  { "--model", "m", "--kind", "serches:1", NULL },
		  "there is no component serches; did you mean searches?" },
		{ "a kind without a number",
		  { "--model", "m", "--kind", "searches", NULL },
		  "a whole number from 1" },
		{ "a word without a value",
		  { "--model", "m", "--kind", "searches:1:web_search", NULL },
		  "web_search: WORD=VALUE is due" },
		{ "a misspelt word",
		  { "--model", "m", "--kind", "seconds:1:resolutoin=720p", NULL },
		  "did you mean resolution?" },
		{ "a word of another component",
		  { "--model", "m", "--kind", "seconds:1:quality=hd", NULL },
		  "quality: of seconds there is resolution, kind" },
		{ "a component without kinds",
		  { "--model", "m", "--kind", "input:1:kind=x", NULL },
		  "input has no kinds" },
		{ "a word twice",
		  { "--model", "m", "--kind", "searches:1:kind=x:kind=y", NULL },
		  "kind stands twice" },
		{ "a truth",
		  { "--model", "m", "--kind", "cache_read:1:implicit=yes", NULL },
		  "implicit: true or false is due" },
		{ "a time that is a component",
		  { "--model", "m", "--kind", "cache_write:1:ttl_seconds=300", NULL },
		  "300 seconds are the component cache_write_5m" },
		{ "more of a kind than of all",
		  { "--model", "m", "--searches", "1", "--kind", "searches:2:kind=x", NULL },
		  "searches: its kinds are 2 together, and it is 1 in all" },
		{ "too many kinds",
		  { "--model", "m", "--images", "1,1,1,1,1,1,1,1,1", NULL },
		  "more than 8 kinds in one request" },
		{ "no room for the images of no kind",
		  { "--model", "m", "--images", "1,1,1,1,1,1,1,1", "--images-out", "9", NULL },
		  "more than 8 kinds in one request" },
	};
	struct quotes *q = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		quote(q, rows[i].words, NULL);
		if (q->run.code != 2 || strstr(q->run.err.at, rows[i].says) == NULL)
			fail_msg("%s: %d %s", rows[i].label, q->run.code,
			         q->run.err.len > 0 ? q->run.err.at : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_an_amount_follows_all_that_was_said, begin,
		                                end),
		cmocka_unit_test_setup_teardown(test_it_says_what_led_to_the_price, begin, end),
		cmocka_unit_test_setup_teardown(test_every_component_has_an_option, begin, end),
		cmocka_unit_test_setup_teardown(
			test_the_book_is_a_file_an_applied_one_or_the_one_in_force, begin, end),
		cmocka_unit_test_setup_teardown(test_what_cannot_be_said_is_refused_with_advice,
		                                begin, end),
	};

	return cmocka_run_group_tests_name("price quote", tests, NULL, NULL);
}
