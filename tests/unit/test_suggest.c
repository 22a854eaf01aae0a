/*
 * Suggestions: the statement is priced by a book in which one line is another.  What is suggested
 * has to be that line, and put into our book it has to make every difference vanish.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bill/suggest_internal.h"
#include "rate/rating.h"
#include "tests/support/ledgerkit.h"
#include "tests/support/pairkit.h"

enum { PAIRS = 200, TEXT_BYTES = 8192 };
#define LARGE UINT64_C(30000000001) /* times a cent: hundreds of millions */

/* Ours.  What is in it once can be another on the statement. */
static const char book_text[] =
	"{'pricebook':1,'currency':'USD','as':{'reasoning':'output'},'models':["
	"{'model':'chat','versions':["
	"{'effective_from':'2026-01-01','rates':["
	"{'component':'input','per_million':'9'},{'component':'cache_read','per_million':'0.9'},"
	"{'component':'output','per_million':'25'}]},"
	"{'effective_from':'2026-06-01','rates':["
	"{'component':'input','per_million':'3'},{'component':'cache_read','per_million':'0.30'},"
	"{'component':'output','per_million':'15'},"
	"{'component':'output','per_million':'22','when':{'context':{'gt':6000}}},"
	"{'component':'searches','each':'0.01'}],"
	"'multipliers':[{'multiply':'0.5','when':{'tier':'flex'}}]}]},"
	"{'model':'plain','versions':[{'effective_from':'2026-01-01','rates':["
	"{'component':'input','per_million':'1.17'},{'component':'cache_read','per_million':'0.11'}"
	","
	"{'component':'output','per_million':'4.3'}],'multipliers':[{'multiply':'2','when':{'tier':"
	"'never'}}]}]}]}";

struct found {
	size_t count;
	struct bill_suggestion first, second;
	char model[64]; /* of the first: its text is the kit's */
};

static int keep(void *context, const struct bill_suggestion *suggestion)
{
	struct found *found = context;

	if (found->count == 0) {
		found->first = *suggestion;
		snprintf(found->model, sizeof(found->model), "%.*s", TEXT_ARGS(suggestion->model));
	}
	if (found->count == 1)
		found->second = *suggestion;
	found->count++;
	return 0;
}

/* Seeded: splitmix64. */
static uint64_t roll(uint64_t *state, uint64_t sides)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (z ^ (z >> 31)) % sides;
}

/* What pairs are made of. */
struct traffic {
	const char *model; /* NULL: both */
	bool at_threshold; /* some prompts have just 6 000 tokens */
	unsigned decimals; /* of the statement; 0: all */
	size_t pairs;      /* 0: PAIRS */
	uint64_t times;    /* each count is so many times as large; 0: once */
	size_t wrong;      /* so many of them have an amount that nothing explains */
};

/* Pair number i, and what theirs costs by their book. */
static void make_pair(const struct traffic *traffic, const struct book *theirs, size_t i,
                      char ours_words[256], char theirs_words[512])
{
	static const char *const tiers[] = { "standard", "flex" };
	uint64_t state = i * 77 + 1, times = traffic->times > 0 ? traffic->times : 1;
	uint64_t input = (100 + roll(&state, 9000)) * times, cache = roll(&state, 3000) * times;
	const char *model = traffic->model != NULL ? traffic->model : i % 2 == 0 ? "chat" : "plain";
	static struct pairkit at;
	struct rating_request request;
	struct charges charges;
	struct money amount;
	char text[MONEY_TEXT_BYTES];

	if (traffic->at_threshold && i % 3 == 0)
		cache = 6000 - (input %= 5000);
	snprintf(ours_words, 256,
	         "model=%s tier=%s input=%llu cache_read=%llu output=%llu "
	         "reasoning=%llu requests=1",
	         model, tiers[strcmp(model, "chat") == 0 ? roll(&state, 2) : 0],
	         (unsigned long long)input, (unsigned long long)cache,
	         (unsigned long long)((1 + roll(&state, 4000)) * times),
	         (unsigned long long)(roll(&state, 2000) * times));
	at.book = (struct book *)(uintptr_t)theirs;
	pairkit_ours(&at, ours_words);
	request = (struct rating_request){ .model = at.ours.model,
		                           .at_ms = at.ours.time_ms,
		                           .tier = at.ours.service_tier,
		                           .usage = &at.ours.usage };
	assert_int_equal(rating_request(theirs, &request, &charges), RATING_PRICED);
	amount = charges.total;
	if (traffic->decimals > 0)
		assert_int_equal(money_round(amount, traffic->decimals, MONEY_HALF_EVEN, &amount),
		                 0);
	if (i < traffic->wrong)
		amount.attos += 12345678901234567 + (wide)i * 7;
	money_text(amount, text);
	snprintf(theirs_words, 512, "amount=%s input=%llu", text, (unsigned long long)input);
}

static struct book *load(const char *json)
{
	struct fault fault = { .code = FAULT_NONE };
	struct buf errors = { .at = NULL };
	struct book *book = NULL;

	if (book_load(&book, text_of(json), &errors, &fault) < 0)
		fail_msg("%s: %.*s\n%s", fault.text, TEXT_ARGS(buf_text(&errors)), json);
	buf_release(&errors);
	return book;
}

/* All pairs by one book of ours; how many of them differ. */
static size_t run(const char *ours, const struct book *theirs, const struct traffic *traffic,
                  struct found *found)
{
	static struct pairkit kit;
	struct bill_suggestions *suggestions = NULL;
	struct fault fault = { .code = FAULT_NONE };
	size_t differing = 0, pairs = traffic->pairs > 0 ? traffic->pairs : PAIRS;
	char words[2][512];

	*found = (struct found){ .count = 0 };
	pairkit_open(&kit, ours);
	kit.terms.decimals = traffic->decimals > 0 ? traffic->decimals : 18;
	assert_int_equal(bill_suggestions_start(&suggestions, &kit.terms, &fault), 0);
	for (size_t i = 0; i < pairs; i++) {
		bool differs = false;

		make_pair(traffic, theirs, i, words[0], words[1]);
		pairkit_classify(&kit, words[0], words[1]);
		for (size_t p = 0; p < kit.parts.count; p++)
			differs = differs || kit.parts.parts[p].cause != CAUSE_ROUNDING;
		differing += differs;
		assert_int_equal(bill_suggestions_note(suggestions, &kit.pair, &kit.parts, &fault),
		                 0);
	}
	assert_int_equal(bill_each_suggestion(suggestions, keep, found, &fault), 0);
	bill_suggestions_free(suggestions);
	pairkit_close(&kit);
	return differing;
}

/* book_text with one part of it replaced, in quotes as JSON has them. */
static const char *with(const char *old, const char *new)
{
	static char texts[4][TEXT_BYTES];
	static unsigned turn;
	char *out = texts[turn++ % 4];
	const char *book = kit_quotes(book_text), *at;
	char was[512];

	snprintf(was, sizeof(was), "%s", kit_quotes(old));
	at = strstr(book, was);
	if (at == NULL)
		fail_msg("the book has no %s", was);
	snprintf(out, TEXT_BYTES, "%.*s%s%s", (int)(at - book), book, kit_quotes(new),
	         at + strlen(was));
	return out;
}

struct row {
	const char *label;
	const char *old, *new; /* ours, and what the statement is priced by in its place */
	const char *keep;      /* stands before the line that is suggested; "" */
	const char *text;
	struct traffic traffic;
};

static void check_row(const struct row *row)
{
	struct book *theirs = load(with(row->old, row->new));
	struct found found, after;
	char line[1024];
	size_t differing = run(kit_quotes(book_text), theirs, &row->traffic, &found);

	assert_true(differing > 0);
	if (found.count != 1 || strcmp(found.first.text, row->text) != 0)
		fail_msg("%s: %zu suggestions, the first: %s [%s]\nin place of: %s", row->label,
		         found.count, found.first.text, found.first.line, row->text);
	assert_int_equal(found.first.pairs, differing);
	assert_true(found.first.amount.attos != 0);
	snprintf(line, sizeof(line), "%s%s", row->keep, found.first.line);
	differing = run(with(row->old, line), theirs, &row->traffic, &after);
	if (differing != 0 || after.count != 0)
		fail_msg("%s: with %s %zu pairs still differ", row->label, found.first.line,
		         differing);
	book_free(theirs);
}

static const struct row agreeing_lines[] = {
	{ "a cache rate that is ten times off",
	  "{'component':'cache_read','per_million':'0.30'}",
	  "{'component':'cache_read','per_million':'3'}",
	  "",
	  "cache_read: 3.00 per million, where the book has 0.30 (version from 2026-06-01 "
	  "on)",
	  { .model = "chat" } },
	{ "the same, rounded",
	  "{'component':'cache_read','per_million':'0.30'}",
	  "{'component':'cache_read','per_million':'3'}",
	  "",
	  "cache_read: 3.00 per million, where the book has 0.30 (version from 2026-06-01 "
	  "on)",
	  { .model = "chat", .decimals = 6 } },
	{ "a rate that is no plain ratio",
	  "{'component':'input','per_million':'1.17'}",
	  "{'component':'input','per_million':'1.1825'}",
	  "",
	  "input: 1.1825 per million, where the book has 1.17 (version from 2026-01-01 on)",
	  { .model = "plain" } },
	{ "the same of hundreds of millions",
	  "{'component':'input','per_million':'1.17'}",
	  "{'component':'input','per_million':'1.1825'}",
	  "",
	  "input: 1.1825 per million, where the book has 1.17 (version from 2026-01-01 on)",
	  { .model = "plain", .times = LARGE } },
	{ "all of hundreds of millions by four decimals",
	  "{'multiply':'2','when':{'tier':'never'}}",
	  "{'multiply':'2','when':{'tier':'never'}},{'multiply':'0.9271'}",
	  "{\"multiply\":\"2\",\"when\":{\"tier\":\"never\"}},",
	  "all rates times 0.9271: as a multiplier (version from 2026-01-01 on)",
	  { .model = "plain", .times = LARGE } },
	{ "of an entry with a condition",
	  "{'component':'output','per_million':'22','when':{'context':{'gt':6000}}}",
	  "{'component':'output','per_million':'23.5','when':{'context':{'gt':6000}}}",
	  "",
	  "output above 6000 tokens of prompt: 23.50 per million, where the book has 22.00 "
	  "(version from 2026-06-01 on)",
	  { .model = "chat" } },
	{ "a multiplier",
	  "{'multiply':'0.5','when':{'tier':'flex'}}",
	  "{'multiply':'0.65','when':{'tier':'flex'}}",
	  "",
	  "multiplier by the tier flex: 0.65, where the book has 0.50 (version from "
	  "2026-06-01 on)",
	  { .model = "chat" } },
	{ "all by a half",
	  "{'multiply':'2','when':{'tier':'never'}}",
	  "{'multiply':'2','when':{'tier':'never'}},{'multiply':'0.5'}",
	  "{\"multiply\":\"2\",\"when\":{\"tier\":\"never\"}},",
	  "all rates times 0.50: as a multiplier (version from 2026-01-01 on)",
	  { .model = "plain" } },
	{ "all by a tenth more",
	  "{'multiply':'2','when':{'tier':'never'}}",
	  "{'multiply':'2','when':{'tier':'never'}},{'multiply':'1.1'}",
	  "{\"multiply\":\"2\",\"when\":{\"tier\":\"never\"}},",
	  "all rates times 1.10: as a multiplier (version from 2026-01-01 on)",
	  { .model = "plain" } },
	{ "a tier throughout",
	  "{'multiply':'0.5','when':{'tier':'flex'}}",
	  "{'multiply':'0.5'}",
	  "",
	  "all of it by the tier flex: its entries without that condition, or service_tier "
	  "as it was served (version from 2026-06-01 on)",
	  { .model = "chat" } },
	{ "no tier at all",
	  "{'multiply':'0.5','when':{'tier':'flex'}}",
	  "{'multiply':'1','when':{'tier':'flex'}}",
	  "{\"multiply\":\"1\",\"when\":{\"tier\":\"flex\"}}",
	  "all of it by the tier standard: no other tier's entries, or service_tier as it "
	  "was served (version from 2026-06-01 on)",
	  { .model = "chat" } },
	{ "the threshold itself",
	  "'context':{'gt':6000}",
	  "'context':{'gte':6000}",
	  "",
	  "the threshold of 6000 tokens: gte, where the book has gt (version from "
	  "2026-06-01 on)",
	  { .model = "chat", .at_threshold = true } },
	{ "two rates",
	  "{'component':'input','per_million':'1.17'},{'component':'cache_read','per_"
	  "million':'0.11'}",
	  "{'component':'input','per_million':'1.23'},{'component':'cache_read','per_"
	  "million':'0.13'}",
	  "",
	  "input: 1.23 per million, where the book has 1.17; and cache_read: 0.13 per "
	  "million, "
	  "where the book has 0.11 (version from 2026-01-01 on)",
	  { .model = "plain" } },
	{ "two rates of hundreds of millions",
	  "{'component':'input','per_million':'1.17'},{'component':'cache_read','per_"
	  "million':'0.11'}",
	  "{'component':'input','per_million':'1.23'},{'component':'cache_read','per_"
	  "million':'0.13'}",
	  "",
	  "input: 1.23 per million, where the book has 1.17; and cache_read: 0.13 per "
	  "million, "
	  "where the book has 0.11 (version from 2026-01-01 on)",
	  { .model = "plain", .times = LARGE } },
	{ "reasoning by a rate of its own",
	  "{'component':'output','per_million':'4.3'}",
	  "{'component':'output','per_million':'4.3'},"
	  "{'component':'reasoning','per_million':'1.17'}",
	  "{\"component\":\"output\",\"per_million\":\"4.3\"},",
	  "reasoning: 1.17 per million, where the book has 4.30 (version from 2026-01-01 "
	  "on)",
	  { .model = "plain" } },
	{ "reasoning for nothing",
	  "{'component':'output','per_million':'4.3'}",
	  "{'component':'output','per_million':'4.3'},"
	  "{'component':'reasoning','per_million':'0'}",
	  "{\"component\":\"output\",\"per_million\":\"4.3\"},",
	  "reasoning: 0.00 per million, where the book has 4.30 (version from 2026-01-01 "
	  "on)",
	  { .model = "plain" } },
	{ "a fee for each request",
	  "{'component':'output','per_million':'4.3'}",
	  "{'component':'output','per_million':'4.3'},"
	  "{'component':'requests','each':'0.0007'}",
	  "{\"component\":\"output\",\"per_million\":\"4.3\"},",
	  "requests: 0.0007 each, where the book has none (version from 2026-01-01 on)",
	  { .model = "plain" } },
};

static void test_the_line_that_would_make_it_agree(void **state)
{

	(void)state;
	for (size_t i = 0; i < sizeof(agreeing_lines) / sizeof(agreeing_lines[0]); i++)
		check_row(&agreeing_lines[i]);
}

/* Only told: no single line would do it. */
static void test_rules_that_are_no_line(void **state)
{
	struct traffic traffic = { .model = "chat" };
	struct book *theirs;
	struct found found;

	(void)state;
	theirs = load(with(
		",{'component':'output','per_million':'22','when':{'context':{'gt':6000}}}", ""));
	assert_true(run(kit_quotes(book_text), theirs, &traffic, &found) > 0);
	assert_int_equal(found.count, 1);
	assert_string_equal(
		found.first.text,
		"no dearer rate above 6000 tokens: without the entries that ask for the "
		"context (version from 2026-06-01 on)");
	assert_int_equal(found.first.cause, CAUSE_LONG_CONTEXT);
	assert_string_equal(found.first.line, "");
	book_free(theirs);
	theirs = load(with("2026-06-01", "2026-07-01"));
	assert_true(run(kit_quotes(book_text), theirs, &traffic, &found) > 0);
	assert_int_equal(found.count, 1);
	assert_string_equal(
		found.first.text,
		"the prices of the version from 2026-01-01 on hold there: its successor "
		"begins later, or this one earlier (version from 2026-06-01 on)");
	book_free(theirs);
}

static void test_all_models_by_one_factor_are_said_once(void **state)
{
	struct traffic traffic = { .model = NULL };
	struct found found;
	char both[TEXT_BYTES];
	struct book *theirs;
	const char *one = with("{'multiply':'2','when':{'tier':'never'}}",
	                       "{'multiply':'2','when':{'tier':'never'}},{'multiply':'1.1'}");
	const char *at = strstr(one, "{\"multiply\":\"0.5\"");

	(void)state;
	snprintf(both, sizeof(both), "%.*s{\"multiply\":\"1.1\"},%s", (int)(at - one), one, at);
	theirs = load(both);
	assert_int_equal(run(kit_quotes(book_text), theirs, &traffic, &found), PAIRS);
	assert_int_equal(found.count, 1);
	assert_string_equal(found.first.text,
	                    "all rates of all models times 1.10: as a multiplier");
	assert_string_equal(found.first.line, "{\"multiply\":\"1.10\"}");
	assert_int_equal(found.first.pairs, PAIRS);
	assert_null(found.first.model.at);
	book_free(theirs);
}

static void test_of_two_models_the_larger_amount_comes_first(void **state)
{
	struct traffic traffic = { .model = NULL };
	const char *old = "{'component':'input','per_million':'3'}";
	struct found found;
	char both[TEXT_BYTES];
	const char *one = with(old, "{'component':'input','per_million':'4'}"), *at;
	struct book *theirs;

	(void)state;
	at = strstr(one, "\"1.17\"");
	snprintf(both, sizeof(both), "%.*s\"1.18\"%s", (int)(at - one), one, at + 6);
	theirs = load(both);
	run(kit_quotes(book_text), theirs, &traffic, &found);
	assert_int_equal(found.count, 2);
	assert_string_equal(found.model, "chat");
	assert_true(found.first.amount.attos > found.second.amount.attos);
	assert_string_equal(found.second.line,
	                    "{\"component\":\"input\",\"per_million\":\"1.18\"}");
	book_free(theirs);
}

static void test_what_contradicts_itself_suggests_nothing(void **state)
{
	struct traffic traffic = { .model = "plain", .wrong = 1 };
	struct found found;
	struct book *theirs = load(
		with("{'multiply':'2','when':{'tier':'never'}}",
	             "{'multiply':'2','when':{'tier':'never'}},{'multiply':'0.5'}"));

	(void)state;
	/* One of 200 is something else. */
	assert_int_equal(run(kit_quotes(book_text), theirs, &traffic, &found), PAIRS);
	assert_int_equal(found.count, 0);
	book_free(theirs);
	/* Nothing differs. */
	theirs = load(kit_quotes(book_text));
	traffic.wrong = 0;
	assert_int_equal(run(kit_quotes(book_text), theirs, &traffic, &found), 0);
	assert_int_equal(found.count, 0);
	/* Only some differ, and the others contradict every change; then one alone. */
	traffic.wrong = 3;
	assert_int_equal(run(kit_quotes(book_text), theirs, &traffic, &found), 3);
	assert_int_equal(found.count, 0);
	traffic.wrong = traffic.pairs = 1;
	assert_int_equal(run(kit_quotes(book_text), theirs, &traffic, &found), 1);
	assert_int_equal(found.count, 0);
	book_free(theirs);
}

static void test_one_pair_is_enough_where_its_cause_was_found(void **state)
{
	struct traffic traffic = { .model = "plain", .pairs = 1 };
	struct found found;
	struct book *theirs = load(with("{'component':'input','per_million':'1.17'}",
	                                "{'component':'input','per_million':'2.34'}"));

	(void)state;
	assert_int_equal(run(kit_quotes(book_text), theirs, &traffic, &found), 1);
	assert_int_equal(found.count, 1);
	assert_string_equal(found.first.line, "{\"component\":\"input\",\"per_million\":\"2.34\"}");
	book_free(theirs);
}

/* Reasoning is not charged: input at another rate would do as well, and is not its cause. */
static void test_one_pair_suggests_nothing_but_its_own_cause(void **state)
{
	struct bill_suggestions *suggestions = NULL;
	struct fault fault = { .code = FAULT_NONE };
	struct found found = { .count = 0 };
	static struct pairkit kit;

	(void)state;
	pairkit_open(&kit, kit_quotes(book_text));
	assert_int_equal(bill_suggestions_start(&suggestions, &kit.terms, &fault), 0);
	/* 10 000 x 1.17; 1 000 x 4.3 is 0.43 of each input. */
	assert_string_equal(
		pairkit_classify(&kit, "model=plain input=10000 reasoning=1000", "amount=0.0117"),
		"reasoning/reasoning=-0.0043");
	bill_suggestions_note(suggestions, &kit.pair, &kit.parts, &fault);
	assert_int_equal(bill_each_suggestion(suggestions, keep, &found, &fault), 0);
	bill_suggestions_free(suggestions);
	pairkit_close(&kit);
	assert_int_equal(found.count, 1);
	assert_string_equal(found.first.line,
	                    "{\"component\":\"reasoning\",\"per_million\":\"0.00\"}");
}

/* A round count: 1.01 more per million would do, and so would much else. */
/* Put to the input, 500 less of each prompt would leave one fee for each request. */
static void test_a_whole_of_several_parts_suggests_nothing(void **state)
{
	static struct pairkit kit;
	struct bill_suggestions *suggestions = NULL;
	struct fault fault = { .code = FAULT_NONE };
	struct found found = { .count = 0 };
	char words[2][256], text[MONEY_TEXT_BYTES];

	(void)state;
	pairkit_open(&kit, kit_quotes(book_text));
	assert_int_equal(bill_suggestions_start(&suggestions, &kit.terms, &fault), 0);
	for (int i = 0; i < 6; i++) {
		snprintf(words[0], sizeof(words[0]), "model=chat input=%d cache_read=%d requests=1",
		         1000 + 7 * i, 5000 + 11 * i * i);
		pairkit_ours(&kit, words[0]);
		money_text((struct money){ kit.ours.amount.attos - 600000000000000 }, text);
		snprintf(words[1], sizeof(words[1]), "amount=%s prompt=%d", text,
		         5500 + 7 * i + 11 * i * i);
		assert_string_equal(pairkit_classify(&kit, words[0], words[1]),
		                    "counts=0.00 unexplained=-0.0006");
		assert_int_equal(bill_suggestions_note(suggestions, &kit.pair, &kit.parts, &fault),
		                 0);
	}
	assert_int_equal(bill_each_suggestion(suggestions, keep, &found, &fault), 0);
	assert_int_equal(found.count, 0);
	bill_suggestions_free(suggestions);
	pairkit_close(&kit);
}

static void test_one_pair_that_is_unexplained_suggests_nothing(void **state)
{
	struct bill_suggestions *suggestions = NULL;
	struct fault fault = { .code = FAULT_NONE };
	struct found found = { .count = 0 };
	static struct pairkit kit;

	(void)state;
	pairkit_open(&kit, kit_quotes(book_text));
	assert_int_equal(bill_suggestions_start(&suggestions, &kit.terms, &fault), 0);
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(
			pairkit_classify(&kit, "model=plain input=1000", "amount=0.00218"),
			"unexplained=0.00101");
		bill_suggestions_note(suggestions, &kit.pair, &kit.parts, &fault);
		assert_int_equal(bill_each_suggestion(suggestions, keep, &found, &fault), 0);
		assert_int_equal(found.count, 0);
	}
	/* Another one of the same rate says that it is no chance. */
	assert_string_equal(pairkit_classify(&kit, "model=plain input=2000", "amount=0.00436"),
	                    "unexplained=0.00202");
	bill_suggestions_note(suggestions, &kit.pair, &kit.parts, &fault);
	assert_int_equal(bill_each_suggestion(suggestions, keep, &found, &fault), 0);
	assert_int_equal(found.count, 1);
	bill_suggestions_free(suggestions);
	assert_string_equal(found.first.line, "{\"component\":\"input\",\"per_million\":\"2.18\"}");
	pairkit_close(&kit);
}

/* What own keys paid of a sum is not charged: what is left is no price, however often. */
static void test_what_own_keys_paid_suggests_nothing(void **state)
{
	static const char *const flags[] = { " byok_part", "" };
	struct fault fault = { .code = FAULT_NONE };
	static struct pairkit kit;

	(void)state;
	pairkit_open(&kit, kit_quotes(book_text));
	for (size_t t = 0; t < 2; t++) {
		struct bill_suggestions *suggestions = NULL;
		struct found found = { .count = 0 };
		char ours[64], theirs[64];

		assert_int_equal(bill_suggestions_start(&suggestions, &kit.terms, &fault), 0);
		for (size_t i = 0; i < 4; i++) {
			/* 2.18 for the million */
			snprintf(ours, sizeof(ours), "model=plain input=%zu", (i + 1) * 1000);
			snprintf(theirs, sizeof(theirs), "amount=0.%05zu%s", (i + 1) * 218,
			         flags[t]);
			pairkit_classify(&kit, ours, theirs);
			bill_suggestions_note(suggestions, &kit.pair, &kit.parts, &fault);
		}
		assert_int_equal(bill_each_suggestion(suggestions, keep, &found, &fault), 0);
		assert_int_equal(found.count, t);
		bill_suggestions_free(suggestions);
	}
	pairkit_close(&kit);
}

/* The one suggestion of one pair by a book of one model with these rates and multipliers. */
static const char *line_of(const char *rates, const char *ours, const char *theirs)
{
	static struct found found;
	static struct pairkit kit;
	struct bill_suggestions *suggestions = NULL;
	struct fault fault = { .code = FAULT_NONE };
	char json[2048];

	found.count = 0;
	snprintf(json, sizeof(json),
	         "{'pricebook':1,'currency':'USD','models':[{'model':'chat','versions':["
	         "{'effective_from':'2026-01-01',%s}]}]}",
	         rates);
	pairkit_open(&kit, json);
	pairkit_classify(&kit, ours, theirs);
	assert_int_equal(bill_suggestions_start(&suggestions, &kit.terms, &fault), 0);
	assert_int_equal(bill_suggestions_note(suggestions, &kit.pair, &kit.parts, &fault), 0);
	assert_int_equal(bill_each_suggestion(suggestions, keep, &found, &fault), 0);
	bill_suggestions_free(suggestions);
	pairkit_close(&kit);
	assert_int_equal(found.count, 1);
	return found.first.line;
}

static void test_a_line_has_the_conditions_of_the_one_it_replaces(void **state)
{
	static const struct {
		const char *rates, *ours, *theirs, *line;
	} rows[] = {
		/* 1 237 x 4: 4 948; all at a half. */
		{ "'rates':[{'component':'output','per_million':'4','when':{'context':{'gte':0},"
		  "'tier':'fast','region':'eu',"
		  "'utc':{'from':'16:30','to':'00:30','days':['mon','tue']}}}]",
		  "at=2026-06-15T17:00:00Z tier=fast region=eu output=1237", "amount=0.002474",
		  "{\"component\":\"output\",\"per_million\":\"2.00\",\"when\":{\"context\":"
		  "{\"gte\":0},\"tier\":\"fast\",\"region\":\"eu\",\"utc\":{\"from\":\"16:30\","
		  "\"to\":\"00:30\",\"days\":[\"mon\",\"tue\"]}}}" },
		{ "'rates':[{'component':'images_out','each':'0.04','when':{'size':'1x1',"
		  "'quality':'hd'}}]",
		  "images_out:1x1/hd=3", "amount=0.06",
		  "{\"component\":\"images_out\",\"each\":\"0.02\",\"when\":{\"size\":\"1x1\","
		  "\"quality\":\"hd\"}}" },
		/* A condition that is not written here: there is no line. */
		{ "'rates':[{'component':'searches','each':'0.01','when':{'kind':'web'}}]",
		  "searches:web=4", "amount=0.02", "" },
		/* 1 237 x 4 + 311 x 40 by a quarter: 4 347; by a half: 8 694. */
		{ "'rates':[{'component':'output','per_million':'4'},{'component':'output_audio',"
		  "'per_million':'40'}],'multipliers':[{'multiply':'0.25',"
		  "'components':['output','output_audio'],'when':{'tier':'fast'}}]",
		  "tier=fast output_audio=311 output=1237", "amount=0.008694",
		  "{\"multiply\":\"0.50\",\"components\":[\"output\",\"output_audio\"],"
		  "\"when\":{\"tier\":\"fast\"}}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(line_of(rows[i].rates, rows[i].ours, rows[i].theirs),
		                    rows[i].line);
}

static void test_what_there_is_no_room_for_is_said(void **state)
{
	static struct pairkit kit;
	struct bill_suggestions *suggestions = NULL;
	struct fault fault = { .code = FAULT_NONE };
	struct found found = { .count = 0 };
	struct buf json = { .at = NULL };

	(void)state;
	buf_add_cstr(&json, "{\"pricebook\":1,\"currency\":\"USD\",\"models\":[");
	for (int i = 0; i < SUGGEST_MODELS_MAX + 2; i++)
		buf_addf(&json,
		         "%s{\"model\":\"m%d\",\"versions\":[{\"effective_from\":\"2026\","
		         "\"rates\":["
		         "{\"component\":\"input\",\"per_million\":\"1\"}]}]}",
		         i > 0 ? "," : "", i);
	buf_add_cstr(&json, "]}");
	kit.book = load(buf_text(&json).at);
	kit.terms = (struct bill_terms){ .currency = "USD", .book = kit.book, .decimals = 18 };
	assert_int_equal(bill_suggestions_start(&suggestions, &kit.terms, &fault), 0);
	for (int i = 0; i < SUGGEST_MODELS_MAX + 2; i++) {
		char words[64];

		snprintf(words, sizeof(words), "model=m%d input=1000", i);
		pairkit_classify(&kit, words, "amount=0.001");
		assert_int_equal(bill_suggestions_note(suggestions, &kit.pair, &kit.parts, &fault),
		                 0);
	}
	assert_int_equal(bill_each_suggestion(suggestions, keep, &found, &fault), 0);
	assert_int_equal(found.count, 1);
	assert_int_equal(found.first.pairs, 2);
	assert_non_null(strstr(found.first.text, "more than 4096 versions"));
	bill_suggestions_free(suggestions);
	pairkit_close(&kit);
	buf_release(&json);
}

/* A number of few decimals lies in a wide range by chance: one of ten of them has such a number. */
static void test_a_range_is_narrower_than_a_tenth_or_says_nothing(void **state)
{
	/* Of a rate of 1 000: numbers / 1 000 by steps of 100, in ranges of 1 / 100 000. */
	static const struct {
		wide low, high;
		bool sure, found;
	} rows[] = {
		{ 119501, 120499, false, true },
		{ 119500, 120499, false, false },
		{ 119501, 120500, false, false },
		{ 120000, 120000, false, true },
		/* That there is one is known: then only the next one must not be in it. */
		{ 110001, 129999, true, true },
		{ 110001, 130000, true, false },
		{ 119500, 120499, true, true },
		/* There is none. */
		{ 120001, 129999, true, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bill_range range = { .set = false };
		wide number = 0;

		bill_range_note(&range, rows[i].low, rows[i].high, 100000);
		if (bill_range_pick(&range, rows[i].sure, 1000, 100, 0, &number) != rows[i].found)
			fail_msg("row %zu is %s", i, rows[i].found ? "found" : "not found");
		assert_true(!rows[i].found || number == 1200);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_range_is_narrower_than_a_tenth_or_says_nothing),
		cmocka_unit_test(test_the_line_that_would_make_it_agree),
		cmocka_unit_test(test_rules_that_are_no_line),
		cmocka_unit_test(test_all_models_by_one_factor_are_said_once),
		cmocka_unit_test(test_of_two_models_the_larger_amount_comes_first),
		cmocka_unit_test(test_what_contradicts_itself_suggests_nothing),
		cmocka_unit_test(test_one_pair_is_enough_where_its_cause_was_found),
		cmocka_unit_test(test_one_pair_suggests_nothing_but_its_own_cause),
		cmocka_unit_test(test_a_whole_of_several_parts_suggests_nothing),
		cmocka_unit_test(test_one_pair_that_is_unexplained_suggests_nothing),
		cmocka_unit_test(test_what_own_keys_paid_suggests_nothing),
		cmocka_unit_test(test_a_line_has_the_conditions_of_the_one_it_replaces),
		cmocka_unit_test(test_what_there_is_no_room_for_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
