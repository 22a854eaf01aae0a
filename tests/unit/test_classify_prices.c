/*
 * Causes by price: the counts are the same on both sides, and the sums can be done in the head.
 * Complaints of users of other systems (../shared/FIELD.md, 7) are rows, by the name of the thread.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/ledgerkit.h"
#include "tests/support/pairkit.h"

static const char book_text[] =
	"{'pricebook':1,'currency':'USD','as':{'reasoning':'output'},'models':["
	/* chat: two versions, of which the first is dearer, each by another factor. */
	"{'model':'chat','versions':["
	"{'effective_from':'2026-01-01','rates':["
	"{'component':'input','per_million':'5'},{'component':'cache_read','per_million':'0.45'},"
	"{'component':'output','per_million':'17'}]},"
	"{'effective_from':'2026-06-01','rates':["
	"{'component':'input','per_million':'3'},{'component':'cache_read','per_million':'0.30'},"
	"{'component':'cache_write_5m','per_million':'3.75'},"
	"{'component':'cache_write_1h','per_million':'6'},"
	"{'component':'output','per_million':'15'}]}]},"
	"{'model':'thought','versions':[{'effective_from':'2026-01-01','rates':["
	"{'component':'input','per_million':'1.10'},{'component':'output','per_million':'2'},"
	"{'component':'reasoning','per_million':'4'}]}]},"
	/* tiers: flex is half of all; fast has a price of its own for output. */
	"{'model':'tiers','versions':[{'effective_from':'2026-01-01','rates':["
	"{'component':'input','per_million':'3'},{'component':'output','per_million':'15'},"
	"{'component':'output','per_million':'27','when':{'tier':'rush'}},"
	"{'component':'output','per_million':'27','when':{'tier':'fast'}}],"
	"'multipliers':[{'multiply':'0.5','when':{'tier':'flex'}}]}]},"
	"{'model':'long','versions':[{'effective_from':'2026-01-01','rates':["
	"{'component':'input','per_million':'1'},{'component':'cache_read','per_million':'0.10'},"
	"{'component':'output','per_million':'4'},"
	"{'component':'input','per_million':'2.10','when':{'context':{'gt':200000}}},"
	"{'component':'cache_read','per_million':'0.20','when':{'context':{'gt':200000}}},"
	"{'component':'output','per_million':'6','when':{'context':{'gt':200000}}}]}]},"
	"{'model':'longer','versions':[{'effective_from':'2026-01-01','rates':["
	"{'component':'input','per_million':'1'},{'component':'output','per_million':'4'},"
	"{'component':'input','per_million':'2.10','when':{'context':{'gte':200000}}}]}]},"
	"{'model':'paint','versions':[{'effective_from':'2026-01-01','rates':["
	"{'component':'input','per_million':'5'},{'component':'input_image','per_million':'9'},"
	"{'component':'output','per_million':'10'},{'component':'output_image','per_million':'30'},"
	"{'component':'images_out','each':'0.011','when':{'size':'1024x1024','quality':'low'}},"
	"{'component':'images_out','each':'0.167','when':{'size':'1024x1024','quality':'high'}},"
	"{'component':'images_out','each':'0.25','when':{'size':'1024x1536','quality':'high'}}]}]},"
	"{'model':'pixels','versions':[{'effective_from':'2026-01-01','rates':["
	"{'component':'images_out','per_megapixel':'0.003'},"
	"{'component':'images_in','per_megapixel':'0.007','megapixels':'up'}]}]},"
	"{'model':'fee','versions':[{'effective_from':'2026-01-01','rates':["
	"{'component':'input','per_million':'1.30'},{'component':'output','per_million':'5.30'},"
	"{'component':'requests','each':'0.002'},"
	"{'component':'searches','each':'0.011'}]}]},"
	"{'model':'sizes','versions':[{'effective_from':'2026-01-01','rates':["
	"{'component':'images_out','each':'0.04'},"
	"{'component':'images_out','each':'0.08','when':{'size':'1024x1536'}}]}]},"
	"{'model':'less','versions':[{'effective_from':'2026-01-01','discount_percent':'13','rates'"
	":["
	"{'component':'input','per_million':'1.70'},{'component':'output','per_million':'7'}]}]}],"
	"'accounts':["
	"{'account':'acorn','effective_from':'2026-01-01','discount_percent':'7'},"
	"{'account':'birch','models':['chat'],'effective_from':'2026-01-01','rates':["
	"{'component':'output','per_million':'11'}]}]}";

static struct pairkit kit;

static int open_kit(void **state)
{
	(void)state;
	pairkit_open(&kit, book_text);
	return 0;
}

static int close_kit(void **state)
{
	(void)state;
	pairkit_close(&kit);
	return 0;
}

#define CHECK(rows) pairkit_check(&kit, rows, sizeof(rows) / sizeof((rows)[0]))

static const char *why(const char *ours, const char *theirs)
{
	pairkit_classify(&kit, ours, theirs);
	assert_true(kit.parts.count > 0);
	return kit.parts.parts[0].why;
}

static void test_another_tier(void **state)
{
	static const struct pairkit_row rows[] = {
		/* 1 234 x 3 + 567 x 15 = 12 207 micros; flex 6 103.5; fast 3 702 + 15 309 */
		/* flex is half of it, and nothing is not what that would be rounded to */
		{ "rounding is no half of a tier", "model=tiers input=1234 output=567",
		  "amount=0 input=1234 output=567", "unexplained=-0.012207", 2 },
		{ "flex priced as standard (litellm#13810, #10091)",
		  "model=tiers input=1234 output=567 tier=flex",
		  "amount=0.012207 input=1234 output=567", "tier=0.0061035", 0 },
		{ "flex there, and it says so", "model=tiers input=1234 output=567",
		  "amount=0.0061035 tier=flex", "tier=-0.0061035", 0 },
		{ "flex there, in silence", "model=tiers input=1234 output=567", "amount=0.0061035",
		  "tier=-0.0061035", 0 },
		{ "priority priced as standard (langfuse#13780)",
		  "model=tiers input=1234 output=567", "amount=0.019011", "tier=0.006804", 0 },
		{ "the same by another word", "model=tiers input=1234 output=567 tier=default",
		  "amount=0.0061035 tier=FLEX", "tier=-0.0061035", 0 },
		{ "rounded", "model=tiers input=1234 output=567", "amount=0.0061", "tier=-0.006107",
		  4 },
		/* Of a tier that the book does not name: all at 0.6. */
		{ "a tier that the book does not have", "input=1234 output=567 tier=flex",
		  "amount=0.0073242", "tier=-0.0048828", 0 },
		{ "the same, as they say", "input=1234 output=567", "amount=0.0073242 tier=batch",
		  "tier=-0.0048828", 0 },
		{ "a sum", "model=tiers input=1234 output=567 sum", "amount=0.0061035 sum",
		  "tier=-0.0061035", 0 },
	};

	(void)state;
	CHECK(rows);
	assert_string_equal(why("model=tiers input=1234 output=567", "amount=0.0061035"),
	                    "by the tier flex, standard here; also: price");
	/* Two tiers cost the same: what the row says goes first. */
	assert_string_equal(why("model=tiers input=1234 output=567", "amount=0.019011 tier=Fast"),
	                    "by the tier fast, standard here; also: price/output");
	/* 1 234 x 6 + 8 505 */
	assert_non_null(
		strstr(why("model=tiers input=1234 output=567", "amount=0.015909 tier=turbo"),
	               "; its tier is turbo, which the book has no price for"));
	assert_null(strstr(why("model=tiers input=1234 output=567", "amount=0.015909 tier=flex"),
	                   "its tier"));
	assert_string_equal(why("model=tiers input=1234 output=567", "amount=0.019011"),
	                    "by the tier rush, standard here; also: price/output");
	assert_int_equal(kit.parts.parts[0].effect, EFFECT_PRICE);
}

static void test_cached_tokens_at_another_price(void **state)
{
	static const struct pairkit_row rows[] = {
		/* 1 234 x 3 + 5 678 x 0.30 = 5 405.4 micros; as input 5 678 x 2.70 more */
		{ "reads at the price of input (litellm#11789, #11364; new-api#6144)",
		  "input=1234 cache_read=5678", "amount=0.020736 input=1234 cache_read=5678",
		  "cache-as-input/cache_read=0.0153306", 0 },
		/* 5 678 x 3 more */
		{ "reads as input and as reads (langfuse#12306; litellm PR#40016)",
		  "input=1234 cache_read=5678", "amount=0.0224394",
		  "cache-as-input/cache_read=0.017034", 0 },
		{ "reads not charged (litellm#5443)", "input=1234 cache_read=5678",
		  "amount=0.003702", "price/cache_read=-0.0017034", 0 },
		/* 1 111 x 3.75 + 2 222 x 6 = 17 498.25; at 3: 9 999 */
		{ "writes at the price of input", "cache_write_5m=1111 cache_write_1h=2222",
		  "amount=0.009999", "cache-as-input/cache_write_5m=-0.00749925", 0 },
		/* 3 333 x 3 more */
		{ "creation tokens charged twice (litellm#9812)",
		  "cache_write_5m=1111 cache_write_1h=2222", "amount=0.02749725",
		  "cache-as-input/cache_write_5m=0.009999", 0 },
		{ "writes not charged (litellm#33772; genai-prices#486)",
		  "input=1234 cache_write_5m=1111", "amount=0.003702",
		  "price/cache_write_5m=-0.00416625", 0 },
		/* 2 222 x (3.75 - 6) */
		{ "1h writes at the 5m rate (pi#5737, otari#357; Portkey models PR#627)",
		  "input=1234 cache_write_1h=2222", "amount=0.0120345",
		  "price/cache_write_1h=-0.0049995", 0 },
		{ "a sum", "input=1234 cache_read=5678 sum", "amount=0.020736 sum",
		  "cache-as-input/cache_read=0.0153306", 0 },
	};

	(void)state;
	CHECK(rows);
	assert_string_equal(why("input=1234 cache_read=5678", "amount=0.020736"),
	                    "5 678 cache_read as input: 0.017034, not 0.0017034; also: "
	                    "price/cache_read");
	assert_string_equal(why("input=1234 cache_write_1h=2222", "amount=0.0120345"),
	                    "2 222 cache_write_1h at the 3.75/1M of cache_write_5m, not 6.00/1M: "
	                    "-0.0049995");
}

static void test_reasoning_charged_twice_or_not_at_all(void **state)
{
	static const struct pairkit_row rows[] = {
		/* 1 234 x 3 + 321 x 15 + 987 x 15 = 23 322 micros; 987 x 15 = 14 805 */
		{ "twice (inspect_ai#5528, promptfoo PR#9507)",
		  "input=1234 output=321 reasoning=987", "amount=0.038127",
		  "reasoning/reasoning=0.014805", 0 },
		{ "not at all (sub2api#5771)", "input=1234 output=321 reasoning=987",
		  "amount=0.008517", "reasoning/reasoning=-0.014805", 0 },
		/* 987 x (3 - 15) */
		{ "at the price of input", "input=1234 output=321 reasoning=987", "amount=0.011478",
		  "reasoning/reasoning=-0.011844", 0 },
		/* 1 234 x 1.10 + 321 x 2 + 987 x 4 = 5 947.4; 987 x (2 - 4); 987 x 2 */
		{ "at the price of output", "model=thought input=1234 output=321 reasoning=987",
		  "amount=0.0039734", "reasoning/reasoning=-0.001974", 0 },
		/* 987 x 4 */
		{ "twice, at a rate of its own",
		  "model=thought input=1234 output=321 reasoning=987", "amount=0.0098954",
		  "reasoning/reasoning=0.003948", 0 },
		{ "as output, too", "model=thought input=1234 output=321 reasoning=987",
		  "amount=0.0079214", "reasoning/reasoning=0.001974", 0 },
	};

	(void)state;
	CHECK(rows);
}

static void test_the_rule_for_long_contexts(void **state)
{
	static const struct pairkit_row rows[] = {
		/* Just 200 000 at 1 and 1 234 at 4 here: 204 936 micros.  By gte: 2.10 and 6. */
		{ "gte in place of gt (FIELD.md, 3)", "model=long input=200000 output=1234",
		  "amount=0.427404", "long-context=0.222468", 0 },
		/* Just 200 000 at 2.10 here. */
		{ "gt in place of gte", "model=longer input=200000 output=1234", "amount=0.204936",
		  "long-context=-0.22", 0 },
		/* 234 567 x 2.10 + 1 234 x 6 = 499 994.7; at 1 and 4: 239 503 */
		{ "not applied (opik#6982, langfuse#8482)", "model=long input=234567 output=1234",
		  "amount=0.239503", "long-context=-0.2604917", 0 },
		/* 123 456 x 1 + 1 234 x 4 = 128 392; at 2.10 and 6: 266 661.6 */
		{ "no prompt meets it", "model=long input=123456 output=1234", "amount=0.2666616",
		  "unexplained=0.1382696", 0 },
		{ "theirs meets it", "model=long input=123456 output=1234",
		  "amount=0.427404 input=200000 output=1234",
		  "counts/input=0.076544 long-context=0.222468", 0 },
		/* 200 000 at 1, 34 567 at 2.10; the answer at 6: 279 994.7; at 4: 277 526.7 */
		{ "only beyond it (claude-code-hub#869, genai-prices#241)",
		  "model=long input=234567 output=1234", "amount=0.2799947", "long-context=-0.22",
		  0 },
		/* The same where each component goes by itself: the answer is below 200 000. */
		{ "each by itself (ccusage)", "model=long input=234567 output=1234",
		  "amount=0.2775267", "long-context=-0.222468", 0 },
		/* 150 000 x 2.10 + 100 000 x 0.20 = 335 000 here; each below: 160 000 */
		{ "each by itself, and none is above", "model=long input=150000 cache_read=100000",
		  "amount=0.16", "long-context=-0.175", 0 },
		/* 250 000 x 2.10 + 100 000 x 0.20 = 545 000; 200 000 + 50 000 x 2.10 + 10 000 */
		{ "each by itself, and one is above", "model=long input=250000 cache_read=100000",
		  "amount=0.315", "long-context=-0.23", 0 },
		/* 50 000 beyond are input: 100 000 x 1 + 50 000 x 2.10 + 100 000 x 0.10 */
		{ "beyond it, with a cache", "model=long input=150000 cache_read=100000",
		  "amount=0.215", "long-context=-0.12", 0 },
		/* 1 234 x (4 - 6); 234 567 x (1 - 2.10) */
		{ "for the prompt alone", "model=long input=234567 output=1234", "amount=0.4975267",
		  "long-context=-0.002468", 0 },
		{ "for the answer alone", "model=long input=234567 output=1234", "amount=0.241971",
		  "long-context=-0.2580237", 0 },
		/* A sum of requests, of which some are above: 300 000 at 1, 300 000 at 2.10. */
		{ "a sum: applied to none", "model=long input=600000 sum amount=0.93",
		  "amount=0.60 sum", "long-context=-0.33", 0 },
		{ "a sum: applied to all", "model=long input=600000 sum amount=0.93",
		  "amount=1.26 sum", "long-context=0.33", 0 },
	};

	(void)state;
	CHECK(rows);
	assert_string_equal(why("model=long input=200000 output=1234", "amount=0.427404"),
	                    "a prompt of just 200 000 tokens: gte there, gt here");
}

static void test_images_by_another_rule(void **state)
{
	static const struct pairkit_row rows[] = {
		/* 4 321 x (10 - 30) */
		/* 0.08 for its size, and 0.04 for any */
		{ "at the price of any size", "model=sizes images_out:1024x1536/=1", "amount=0.04",
		  "image/images_out=-0.04", 0 },
		{ "at the price of a size", "model=sizes images_out:1024x1024/=1", "amount=0.08",
		  "image/images_out=0.04", 0 },
		{ "image tokens at the rate of text (litellm#31142)",
		  "model=paint input=17 output_image=4321", "amount=0.043295",
		  "image/output_image=-0.08642", 0 },
		/* 4 321 x (5 - 9) */
		{ "image tokens of the prompt at the rate of text",
		  "model=paint input_image=4321 output=17", "amount=0.021775",
		  "image/input_image=-0.017284", 0 },
		/* 0.011, not 0.167 */
		{ "another quality (litellm#37738)",
		  "model=paint input=17 images_out:1024x1024/high=1", "amount=0.011085",
		  "image/images_out=-0.156", 0 },
		{ "another size", "model=paint input=17 images_out:1024x1024/high=3",
		  "amount=0.750085", "image/images_out=0.249", 0 },
		{ "one of three", "model=paint input=17 images_out:1024x1024/high=3",
		  "amount=0.167085", "image=-0.334", 0 },
		{ "none (litellm#26863)", "model=paint input=17 images_out:1024x1024/high=3",
		  "amount=0.000085", "image=-0.501", 0 },
		/* 1 536 x 1 024 = 1 572 864 pixels at 3e-9: 0.004718592; up 0.006, nearest 0.006 */
		{ "in whole megapixels", "model=pixels images_out:1024x1536=1", "amount=0.006",
		  "image/images_out=0.001281408", 0 },
		/* 0.007 x 2 here; by the pixel 0.011010048 */
		{ "by the pixel", "model=pixels images_in:1024x1536=1", "amount=0.011010048",
		  "image/images_in=-0.002989952", 0 },
		/* 1 024 x 1 024 is 1.05 megapixels: up 2, nearest 1 */
		{ "to the nearest", "model=pixels images_in:1024x1024=3", "amount=0.021",
		  "image/images_in=-0.021", 0 },
	};

	(void)state;
	CHECK(rows);
}

static void test_fees_and_discounts_that_nobody_states(void **state)
{
	static const struct pairkit_row rows[] = {
		/* 1 234 x 1.30 = 1 604.2 micros; a request 0.002; three searches 0.033 */
		{ "searches not charged (litellm#16996, #15227, #31316; langfuse#15856)",
		  "model=fee input=1234 requests=1 searches=3", "amount=0.0036042",
		  "fee/searches=-0.033", 0 },
		{ "one of three", "model=fee input=1234 requests=1 searches=3", "amount=0.0146042",
		  "fee/searches=-0.022", 0 },
		{ "three times", "model=fee input=1234 requests=1 searches=3", "amount=0.1026042",
		  "fee/searches=0.066", 0 },
		{ "no fee for the request", "model=fee input=1234 requests=1 searches=3",
		  "amount=0.0346042", "fee/requests=-0.002", 0 },
		{ "no fee at all", "model=fee input=1234 requests=1 searches=3", "amount=0.0016042",
		  "fee=-0.035", 0 },
		/* 1 234 x 1.70 + 567 x 7 = 6 066.8; less 13 %: 5 278.116; twice: 4 591.96092 */
		{ "a discount not given", "model=less input=1234 output=567", "amount=0.0060668",
		  "discount=0.000788684", 0 },
		{ "a discount twice", "model=less input=1234 output=567", "amount=0.00459196092",
		  "discount=-0.00068615508", 0 },
		/* 1 234 x 3 + 567 x 15 = 12 207; less 7 %: 11 352.51; twice 10 557.8343 */
		{ "that of an account not given", "input=1234 output=567 account=acorn",
		  "amount=0.012207", "discount=0.00085449", 0 },
		{ "that of an account twice", "input=1234 output=567 account=acorn",
		  "amount=0.0105578343", "discount=-0.0007946757", 0 },
		/* Agreed: 567 x 11 in place of 15. */
		{ "what was agreed not heeded", "input=1234 output=567 account=birch",
		  "amount=0.012207", "discount=0.002268", 0 },
		/* Both discounts here: 6 066.8 x 0.87 x 0.93 = 4 908.64788 */
		{ "neither of two", "model=less input=1234 output=567 account=acorn",
		  "amount=0.0060668", "discount=0.00115815212", 0 },
		{ "one of two", "model=less input=1234 output=567 account=acorn",
		  "amount=0.005278116", "discount=0.00036946812", 0 },
	};

	(void)state;
	CHECK(rows);
}

static void test_other_rates(void **state)
{
	static const struct pairkit_row rows[] = {
		/* 1 234 x 5 + 567 x 17 = 15 809, not 12 207 */
		{ "the version before (langfuse#12184, ccusage#1636)", "input=1234 output=567",
		  "amount=0.015809", "price=0.003602", 0 },
		{ "the version behind", "input=1234 output=567 at=2026-05-31", "amount=0.012207",
		  "price=-0.003602", 0 },
		/* 1 237 x 0.30 more: a tenth of the rate for input. */
		{ "one rate, by a plain ratio", "input=1237 output=567", "amount=0.0125871",
		  "price/input=0.0003711", 0 },
		/* 1 237 x (3.07 - 3) */
		{ "one rate, by no plain ratio", "input=1237 output=567", "amount=0.01230259",
		  "price/input=0.00008659", 0 },
		{ "a cache rate that is ten times off", "input=1237 cache_read=7919",
		  "amount=0.02746800 cache_read=7919", "cache-as-input/cache_read=0.0213813", 0 },
		/* 7 919 x (0.03 - 0.30) */
		{ "the same the other way", "input=1237 cache_read=7919", "amount=0.00394857",
		  "price/cache_read=-0.00213813", 0 },
		{ "all by a half", "input=1237 output=567", "amount=0.006108", "price=-0.006108",
		  0 },
		/* 12 216 x 1.0825 = 13 223.82 */
		{ "all by a factor of four decimals", "input=1237 output=567", "amount=0.01322382",
		  "price=0.00100782", 0 },
		{ "by the million in place of the unit (hermes-agent#79400)",
		  "input=1237 output=567", "amount=12216", "price=12215.987784", 0 },
		/* 1 234 x 1.30 + 567 x 5.30 = 4 609.3, and the fee of the request as it is. */
		{ "all tokens by a half", "model=fee input=1234 output=567 requests=1",
		  "amount=0.00430465", "price=-0.00230465", 0 },
		{ "what has no price here", "input=1237", "amount=0.003831 pages=4",
		  "counts/pages=0.00 price/pages=0.00012", 0 },
		{ "a sum by several versions, all by a half",
		  "input=1000 sum several amount=0.0035", "amount=0.00175 sum", "price=-0.00175",
		  0 },
		{ "one rate, rounded", "input=123457 output=567", "amount=0.4159",
		  "price/input=0.037024", 4 },
	};

	(void)state;
	CHECK(rows);
	assert_string_equal(why("input=1234 output=567", "amount=0.015809"),
	                    "by the prices from 2026-01-01 on, not those from 2026-06-01 on");
	assert_string_equal(why("input=1237 output=567", "amount=0.01230259"),
	                    "input at 3.07/1M, not 3.00/1M: 0.00008659");
	assert_string_equal(why("input=1237 output=567", "amount=0.006108"),
	                    "all at 0.50 times our rates: 0.012216 here");
}

static const struct pairkit_row large_amounts[] = {
	{ "all at 1.2345 of 77 dollars", "input=12834570 output=2567237", "amount=95.0716411425",
	  "price=18.0593761425", 0 },
	{ "all at 0.3162 of 77 dollars", "input=12834570 output=2567237", "amount=24.351278193",
	  "price=-52.660986807", 0 },
	{ "all at 0.927 of 77 dollars", "input=12834570 output=2567237", "amount=71.390369655",
	  "price=-5.621895345", 0 },
	{ "input at 4.37, 77 dollars", "input=12834570 output=2567237", "amount=94.5956259",
	  "price/input=17.5833609", 0 },
	{ "output at 12.3456, 77 dollars", "input=12834570 output=2567237", "amount=70.1977911072",
	  "price/output=-6.8144738928", 0 },
	{ "without a discount, 77 dollars", "input=12834570 output=2567237 account=acorn",
	  "amount=77.012265", "discount=5.39085855", 0 },
	{ "a sum of 77 dollars at 0.927", "input=12834570 output=2567237 sum",
	  "amount=71.390369655 sum", "price=-5.621895345", 0 },
	{ "a sum of 77 dollars by several versions at 0.927",
	  "input=12834570 output=2567237 sum several amount=77.012265", "amount=71.390369655 sum",
	  "price=-5.621895345", 0 },
	{ "all at 1.2345 of 6 172 dollars", "input=1028667903 output=205733904",
	  "amount=7619.3491460805", "price=1447.3368770805", 0 },
	{ "all at 0.3162 of 6 172 dollars", "input=1028667903 output=205733904",
	  "amount=1951.5902794578", "price=-4220.4219895422", 0 },
	{ "all at 0.927 of 6 172 dollars", "input=1028667903 output=205733904",
	  "amount=5721.455373363", "price=-450.556895637", 0 },
	{ "input at 4.37, 6 172 dollars", "input=1028667903 output=205733904",
	  "amount=7581.28729611", "price/input=1409.27502711", 0 },
	{ "output at 12.3456, 6 172 dollars", "input=1028667903 output=205733904",
	  "amount=5625.9121942224", "price/output=-546.1000747776", 0 },
	{ "without a discount, 6 172 dollars", "input=1028667903 output=205733904 account=acorn",
	  "amount=6172.012269", "discount=432.04085883", 0 },
	{ "a sum of 6 172 dollars at 0.927", "input=1028667903 output=205733904 sum",
	  "amount=5721.455373363 sum", "price=-450.556895637", 0 },
	{ "a sum of 6 172 dollars by several versions at 0.927",
	  "input=1028667903 output=205733904 sum several amount=6172.012269",
	  "amount=5721.455373363 sum", "price=-450.556895637", 0 },
	{ "all at 1.2345 of 61 729 dollars", "input=10288167903 output=2057633904",
	  "amount=76204.4656460805", "price=14475.4533770805", 0 },
	{ "all at 0.3162 of 61 729 dollars", "input=10288167903 output=2057633904",
	  "amount=19518.7136794578", "price=-42210.2985895422", 0 },
	{ "all at 0.927 of 61 729 dollars", "input=10288167903 output=2057633904",
	  "amount=57222.794373363", "price=-4506.217895637", 0 },
	{ "input at 4.37, 61 729 dollars", "input=10288167903 output=2057633904",
	  "amount=75823.80229611", "price/input=14094.79002711", 0 },
	{ "output at 12.3456, 61 729 dollars", "input=10288167903 output=2057633904",
	  "amount=56267.2288342224", "price/output=-5461.7834347776", 0 },
	{ "without a discount, 61 729 dollars", "input=10288167903 output=2057633904 account=acorn",
	  "amount=61729.012269", "discount=4321.03085883", 0 },
	{ "a sum of 61 729 dollars at 0.927", "input=10288167903 output=2057633904 sum",
	  "amount=57222.794373363 sum", "price=-4506.217895637", 0 },
	{ "a sum of 61 729 dollars by several versions at 0.927",
	  "input=10288167903 output=2057633904 sum several amount=61729.012269",
	  "amount=57222.794373363 sum", "price=-4506.217895637", 0 },
	{ "all at 1.2345 of 5e9 dollars", "input=833333333334570 output=166666666667237",
	  "amount=6172500000.0151411425", "price=1172500000.0028761425", 0 },
	{ "all at 0.3162 of 5e9 dollars", "input=833333333334570 output=166666666667237",
	  "amount=1581000000.003878193", "price=-3419000000.008386807", 0 },
	{ "all at 0.927 of 5e9 dollars", "input=833333333334570 output=166666666667237",
	  "amount=4635000000.011369655", "price=-365000000.000895345", 0 },
	{ "input at 4.37, 5e9 dollars", "input=833333333334570 output=166666666667237",
	  "amount=6141666666.6806259", "price/input=1141666666.6683609", 0 },
	{ "output at 12.3456, 5e9 dollars", "input=833333333334570 output=166666666667237",
	  "amount=4557600000.0107511072", "price/output=-442400000.0015138928", 0 },
	{ "without a discount, 5e9 dollars",
	  "input=833333333334570 output=166666666667237 account=acorn", "amount=5000000000.012265",
	  "discount=350000000.00085855", 0 },
	{ "a sum of 5e9 dollars at 0.927", "input=833333333334570 output=166666666667237 sum",
	  "amount=4635000000.011369655 sum", "price=-365000000.000895345", 0 },
	{ "a sum of 5e9 dollars by several versions at 0.927",
	  "input=833333333334570 output=166666666667237 sum several "
	  "amount=5000000000.012265",
	  "amount=4635000000.011369655 sum", "price=-365000000.000895345", 0 },
};

/* 128 bits have room for whatever is an amount: causes do not end with cents. */
static void test_large_amounts_have_causes_too(void **state)
{

	(void)state;
	CHECK(large_amounts);
}

static void test_the_factor_is_told_as_it_is(void **state)
{
	(void)state;
	/* 1 237 x 3 + 567 x 15 = 12 216 micros */
	assert_string_equal(why("input=1237 output=567", "amount=0.015080652"),
	                    "all at 1.2345 times our rates");
	assert_string_equal(why("input=1237 output=567", "amount=0.0038626992"),
	                    "all at 0.3162 times our rates");
	assert_string_equal(why("input=1237 output=567", "amount=0.011324232"),
	                    "all at 0.927 times our rates");
	/* A sum by several versions has only that one. */
	assert_string_equal(why("input=1000 sum several amount=0.0035", "amount=0.00431725 sum"),
	                    "0.00081725, and no rate, tier or rule of the book gives it; all at "
	                    "1.2335 times our rates would, as well by chance");
}

static void test_what_would_fit_by_chance_is_unexplained(void **state)
{
	static const struct pairkit_row rows[] = {
		/* A count of 1 fits every rate, and 1 000 most of them. */
		{ "one token", "input=1 output=1", "amount=0.000019", "unexplained=0.000001", 0 },
		{ "a round count", "input=1000", "amount=0.00401", "unexplained=0.00101", 0 },
		{ "more digits than a rate has", "input=1237 output=567",
		  "amount=0.012216000000000007", "unexplained=0.000000000000000007", 0 },
		{ "less than nothing", "input=1237", "amount=-0.0035", "unexplained=-0.007211", 0 },
		/* 49 044 x 3 = 0.147132; 208.48 of it are 30.67407936, as one of 1 500 is. */
		{ "a factor far from one", "input=49044", "amount=30.674079",
		  "unexplained=30.526947", 6 },
		{ "nothing is no share of ours", "input=1237 output=567 sum", "amount=0 sum",
		  "unexplained=-0.012216", 6 },
		{ "rounding leaves it open", "input=1237 output=567", "amount=0.0153",
		  "unexplained=0.003084", 4 },
	};

	(void)state;
	CHECK(rows);
	assert_string_equal(why("input=1000", "amount=0.00401"),
	                    "0.00101, and no rate, tier or rule of the book gives it; input at "
	                    "4.01/1M would, as well by chance");
}

static void test_counts_and_a_price_are_two_parts(void **state)
{
	static const struct pairkit_row rows[] = {
		/* 43 more x 15, and then all of 1 237 x 3 + 610 x 15 = 12 861 by a half. */
		{ "a count and a factor", "input=1237 output=567",
		  "amount=0.0064305 input=1237 output=610",
		  "counts/output=0.000645 price=-0.0064305", 0 },
		/* 100 less reads x 0.30, and 7 819 of them as input. */
		{ "a count and reads as input", "input=1237 cache_read=7919",
		  "amount=0.027168 input=1237 cache_read=7819",
		  "counts/cache_read=-0.00003 cache-as-input/cache_read=0.0211113", 0 },
		{ "a fee that is stated and a tier", "model=tiers input=1234 output=567",
		  "amount=0.0161035 fee=0.01", "fee=0.01 tier=-0.0061035", 0 },
	};

	(void)state;
	CHECK(rows);
}

static void test_a_price_of_the_book_in_force(void **state)
{
	static const char *const other =
		"{'pricebook':1,'currency':'USD','models':[{'model':'chat','versions':["
		"{'effective_from':'2026-06-10','rates':["
		"{'component':'input','per_million':'2.13'},"
		"{'component':'output','per_million':'19.7'}]}]}]}";
	struct fault fault = { .code = FAULT_NONE };
	struct book *book = NULL;

	(void)state;
	assert_int_equal(book_load(&book, text_of(kit_quotes(other)), NULL, &fault), 0);
	kit.terms.book = book;
	/* 1 234 x 2.13 + 567 x 19.7 = 13 798.32 */
	assert_string_equal(pairkit_classify(&kit, "input=1234 output=567", "amount=0.01379832"),
	                    "price=0.00159132");
	assert_string_equal(kit.parts.parts[0].why,
	                    "by the prices from 2026-06-10 on of the book in force, not those "
	                    "from 2026-06-01 on");
	kit.terms.book = NULL;
	assert_string_equal(pairkit_classify(&kit, "input=1234 output=567", "amount=0.01379832"),
	                    "unexplained=0.00159132");
	kit.terms.book = kit.book;
	book_free(book);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_another_tier),
		cmocka_unit_test(test_cached_tokens_at_another_price),
		cmocka_unit_test(test_reasoning_charged_twice_or_not_at_all),
		cmocka_unit_test(test_the_rule_for_long_contexts),
		cmocka_unit_test(test_images_by_another_rule),
		cmocka_unit_test(test_fees_and_discounts_that_nobody_states),
		cmocka_unit_test(test_other_rates),
		cmocka_unit_test(test_large_amounts_have_causes_too),
		cmocka_unit_test(test_the_factor_is_told_as_it_is),
		cmocka_unit_test(test_what_would_fit_by_chance_is_unexplained),
		cmocka_unit_test(test_counts_and_a_price_are_two_parts),
		cmocka_unit_test(test_a_price_of_the_book_in_force),
	};

	return cmocka_run_group_tests(tests, open_kit, close_kit);
}
