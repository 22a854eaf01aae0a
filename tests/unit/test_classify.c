/*
 * Causes of the pair, of the row and of the counts.  Prices by the million, so that the sums can be
 * done in the head: input 3, cache_read 0.30, cache_write_5m 3.75, cache_write_1h 6, output 15 and
 * reasoning as output; a search 0.01.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rate/policy.h"
#include "tests/support/pairkit.h"

static const char book_text[] =
	"{'pricebook':1,'currency':'USD','as':{'reasoning':'output'},'models':["
	"{'model':'chat','versions':[{'effective_from':'2026-01-01','rates':["
	"{'component':'input','per_million':'3'},{'component':'cache_read','per_million':'0.30'},"
	"{'component':'cache_write_5m','per_million':'3.75'},"
	"{'component':'cache_write_1h','per_million':'6'},"
	"{'component':'output','per_million':'15'},"
	"{'component':'input_image','per_million':'5'},"
	"{'component':'cache_read_image','per_million':'0.50'},"
	"{'component':'images_out','each':'0.04','when':{'size':'1024x1024'}},"
	"{'component':'searches','each':'0.01'}]}]},"
	"{'model':'thought','versions':[{'effective_from':'2026-01-01','rates':["
	"{'component':'input','per_million':'1'},{'component':'output','per_million':'2'},"
	"{'component':'reasoning','per_million':'4'}]}]},"
	"{'model':'fee','versions':[{'effective_from':'2026-01-01','rates':["
	"{'component':'input','per_million':'1'},{'component':'output','per_million':'2'},"
	"{'component':'requests','each':'0.002'},{'component':'searches','each':'0.01'}]}]},"
	"{'model':'long','versions':[{'effective_from':'2026-01-01','rates':["
	"{'component':'input','per_million':'1'},{'component':'output','per_million':'2'},"
	"{'component':'input','per_million':'2','when':{'context':{'gt':1000}}},"
	"{'component':'output','per_million':'3','when':{'context':{'gt':1000}}}]}]},"
	"{'model':'least','versions':[{'effective_from':'2026-01-01','rates':["
	"{'component':'input','per_million':'1'}],"
	"'minimums':[{'charge':'0.001'}]}]},"
	"{'model':'embed','versions':[{'effective_from':'2026-01-01','rates':["
	"{'component':'input','per_million':'1'}]}]},"
	"{'model':'less','versions':[{'effective_from':'2026-01-01','discount_percent':'10','rates'"
	":["
	"{'component':'input','per_million':'1'}]}]}]}";

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

/* ---- of the pair ---- */

static void test_a_side_that_is_missing_is_all_of_the_difference(void **state)
{
	static const struct pairkit_row rows[] = {
		/* 1000 x 3/1M */
		{ "theirs alone", "", "amount=0.003 model=chat input=1000", "missing-here=0.003",
		  0 },
		{ "ours alone", "input=1000", "", "missing-there=-0.003", 0 },
		{ "theirs alone, without an amount", "", "model=chat input=1000",
		  "missing-here=0.003", 0 },
		{ "a whole prompt and a whole answer", "", "model=chat prompt=1000 answer=100",
		  "missing-here=0.0045", 0 },
		{ "without an amount, of a model that has no price", "", "model=other input=1000",
		  "missing-here=0.00", 0 },
		{ "a fee of the month", "", "amount=20 charge=purchase", "fee=20.00", 0 },
		{ "a tax", "", "amount=1.90 charge=tax", "fee=1.90", 0 },
		{ "a credit", "", "amount=-5 charge=credit", "discount=-5.00", 0 },
		{ "an adjustment of theirs", "", "amount=-5 charge=adjustment",
		  "missing-here=-5.00", 0 },
	};

	(void)state;
	CHECK(rows);
	pairkit_classify(&kit, "", "model=chat input=1000");
	assert_true(kit.parts.priced_here);
	pairkit_classify(&kit, "", "model=chat input=1000 amount=1");
	assert_false(kit.parts.priced_here);
}

static const char *known(const char *ours, const char *theirs, enum bill_cause cause,
                         bool ours_counts, bool theirs_counts)
{
	struct fault fault = { .code = FAULT_NONE };

	pairkit_classify(&kit, ours, theirs);
	kit.pair.known = cause;
	kit.pair.ours_counts = ours_counts;
	kit.pair.theirs_counts = theirs_counts;
	kit.pair.of_record = cause == CAUSE_DUPLICATE ? 12 : 0;
	assert_int_equal(bill_classify(&kit.terms, &kit.pair, &kit.parts, &fault), 0);
	return pairkit_parts(&kit.parts);
}

static void test_what_the_matcher_knows_is_the_cause(void **state)
{
	(void)state;
	assert_string_equal(
		known("input=1000", "amount=0.003 input=1000", CAUSE_DUPLICATE, false, true),
		"duplicate=0.003");
	assert_string_equal(kit.parts.parts[0].why, "again what record 12 says");
	assert_string_equal(
		known("input=1000", "amount=0.003 input=1000", CAUSE_OTHER_PERIOD, true, false),
		"other-period=-0.003");
	assert_string_equal(kit.parts.parts[0].why,
	                    "ours is of 2026-06-15T00:00:00.000Z, theirs of "
	                    "2026-06-15T00:00:00.000Z");
	assert_string_equal(
		known("input=1000", "amount=0.003 input=1000", CAUSE_OTHER_PERIOD, false, true),
		"other-period=0.003");
	assert_string_equal(known("amount=-0.25", "", CAUSE_ADJUSTED, true, false),
	                    "adjusted=0.25");
	/* A side that does not count is 0, whatever it says. */
	assert_true(kit.parts.theirs.attos == 0);
}

static void test_another_currency_is_not_converted(void **state)
{
	static const struct pairkit_row rows[] = {
		{ "of one request", "input=1000", "amount=0.003 currency=EUR input=1000",
		  "currency=-0.003", 0 },
		{ "theirs alone", "", "amount=0.003 currency=EUR", "currency=0.00", 0 },
		{ "the ledger's own", "input=1000", "amount=0.003 currency=USD", "", 0 },
		{ "not told", "input=1000", "amount=0.003", "", 0 },
	};

	(void)state;
	CHECK(rows);
}

/* ---- stated on the row ---- */

static void test_what_the_row_states_is_the_cause(void **state)
{
	static const struct pairkit_row rows[] = {
		/* 1000 x 3/1M + 100 x 15/1M = 0.0045 */
		{ "own key: nothing is charged (Roo-Code#5144)", "input=1000 output=100",
		  "amount=0 byok input=1000 output=100 upstream=0.0045", "byok=-0.0045", 0 },
		/* 5 % of 0.0045 */
		{ "own key: the fee for it", "input=1000 output=100",
		  "amount=0.000225 byok upstream=0.0045", "byok=-0.0045 fee=0.000225", 0 },
		{ "own key: the fee is stated", "input=1000 output=100",
		  "amount=0.000225 fee=0.000225 byok", "byok=-0.0045 fee=0.000225", 0 },
		{ "own key, and the amount has both (Roo-Code#5144)", "input=1000 output=100",
		  "amount=0.004725 fee=0.000225 byok", "fee=0.000225", 0 },
		{ "own key, the same amount", "input=1000", "amount=0.003 byok", "", 0 },
		{ "own key, below the precision", "input=1000", "amount=0 byok", "byok=-0.003", 2 },
		/* of 0.0045 some */
		{ "own keys: all of a sum", "sum input=1000 output=100",
		  "sum amount=0 byok_part upstream=0.0045", "byok=-0.0045", 6 },
		{ "own keys: all of a sum, and its fee", "sum input=1000 output=100",
		  "sum amount=0.000225 byok_part upstream=0.0045", "byok=-0.0045 fee=0.000225", 6 },
		{ "own keys: half of a sum, no price", "sum input=1000 output=100",
		  "sum amount=0.00225 byok_part upstream=0.00225", "byok=-0.00225", 6 },
		{ "own keys: a part, and 5 % of it", "sum input=1000 output=100",
		  "sum amount=0.0026 byok_part upstream=0.002", "byok=-0.002 fee=0.0001", 6 },
		{ "own keys: a part, and other counts", "sum input=1000 output=100",
		  "sum amount=0.0028 byok_part upstream=0.002 input=1100",
		  "byok=-0.002 counts/input=0.0003", 6 },
		{ "own keys: less than is missing", "sum input=1000 output=100",
		  "sum amount=0.0010 byok_part upstream=0.002", "byok=-0.002 unexplained=-0.0015",
		  6 },
		{ "own keys: more than is missing", "sum input=1000 output=100",
		  "sum amount=0.0030 byok_part upstream=0.002", "byok=-0.0015", 6 },
		{ "own keys: how much is not told", "sum input=1000 output=100",
		  "sum amount=0.00225 byok_part", "unexplained=-0.00225", 6 },
		{ "own keys: the upstream amount is not in it", "sum input=1000",
		  "sum amount=0.006 byok_part upstream=0.003", "unexplained=0.003", 6 },
		{ "cost and upstream cost summed up (preloop#224, freebuff#1164, lean-ctx#746)",
		  "input=1000", "amount=0.006 upstream=0.003", "byok=0.003", 0 },
		{ "an upstream amount that is not in it", "input=1000",
		  "amount=0.003 upstream=0.002", "", 0 },
		{ "no answer, blank", "input=1000 output=0", "amount=0 blank input=1000 output=0",
		  "zero-completion=-0.003", 0 },
		{ "no answer, told as a whole", "input=1000", "amount=0 prompt=1000 answer=0",
		  "zero-completion=-0.003", 0 },
		{ "blank, and counts are not told", "input=1000", "amount=0 blank",
		  "zero-completion=-0.003", 0 },
		{ "an answer of theirs", "input=1000 output=10", "amount=0 blank output=10",
		  "unexplained=-0.00315", 0 },
		{ "an embedding has no answer", "model=embed input=1000",
		  "amount=0 input=1000 output=0", "unexplained=-0.001", 0 },
		{ "no answer, and charged all the same",
		  "input=1000 amount=0 policy=zero-completion", "amount=0.003 input=1000 output=0",
		  "zero-completion=0.003", 0 },
		{ "cancelled, theirs", "input=1000 output=100",
		  "amount=0.003 cancelled input=1000 output=0", "cancelled=-0.0015", 0 },
		{ "cancelled, ours", "input=1000 output=100 settlement=abandoned",
		  "amount=0.0075 input=1000 output=300", "cancelled=0.003", 0 },
		{ "cancelled, the same", "input=1000 output=100 settlement=abandoned",
		  "amount=0.0045", "", 0 },
		{ "cancelled, and rounded", "input=1000 output=100 settlement=abandoned",
		  "amount=0.004", "rounding=-0.0005", 3 },
		{ "an image that did not become whole",
		  "images_out:1024x1024=1 amount=0 policy=images-whole", "amount=0.04",
		  "cancelled=0.04", 0 },
	};

	(void)state;
	CHECK(rows);
}

static void test_fees_and_discounts_are_taken_as_they_are_stated(void **state)
{
	static const struct pairkit_row rows[] = {
		{ "a search that is not charged here", "input=1000",
		  "amount=0.008 fee=0.005 input=1000", "fee=0.005", 0 },
		/* Two of them, 0.01 each. */
		{ "a search that is charged here", "input=1000 searches=2",
		  "amount=0.013 fee=0.010 input=1000", "fee=-0.01", 0 },
		{ "the same fee, and another count", "input=1000 searches=1",
		  "amount=0.016 fee=0.010 input=2000", "counts/input=0.003", 0 },
		{ "counts of what a fee is of are in it", "input=1000 searches=1",
		  "amount=0.023 fee=0.020 input=1000 searches=2", "fee=0.01", 0 },
		{ "a fee of a request", "model=fee input=1000 requests=1",
		  "amount=0.001 fee=0 input=1000", "fee=-0.002", 0 },
		/* 0.00372; not rounded 0.00504 and 0.00876, and 0.00026 and 0.00346. */
		{ "a fee, and both are rounded", "input=1240", "amount=0.0088 fee=0.0050",
		  "fee=0.005 rounding=0.00008", 4 },
		{ "a fee that is more exact", "input=1240", "amount=0.0088 fee=0.00501",
		  "fee=0.00501 unexplained=0.00007", 4 },
		{ "a discount, and both are rounded", "input=1240", "amount=0.0035 discount=0.0003",
		  "discount=-0.0003 rounding=0.00008", 4 },
		{ "a discount, and more", "input=1240", "amount=0.0036 discount=0.0003",
		  "discount=-0.0003 unexplained=0.00018", 4 },
		{ "a discount as stated", "input=1000", "amount=0.0027 discount=0.0003",
		  "discount=-0.0003", 0 },
		{ "a discount of a list price that is ours", "input=1000",
		  "amount=0.0027 list=0.003", "discount=-0.0003", 0 },
		{ "a list price that is not ours says nothing", "input=1000 output=100",
		  "amount=0.0060 list=0.009 output=200 input=1000", "counts/output=0.0015", 0 },
		/* 1000 x 1/1M less 10 %: 0.0009; theirs less 30 %. */
		{ "what is off here already is none", "model=less input=1000",
		  "amount=0.0007 list=0.001", "discount=-0.0002", 0 },
		{ "the same discount", "model=less input=1000",
		  "amount=0.0009 list=0.001 discount=0.0001", "", 0 },
		{ "a discount and a count", "input=1000",
		  "amount=0.0054 discount=0.0006 input=2000", "discount=-0.0006 counts/input=0.003",
		  0 },
	};

	(void)state;
	CHECK(rows);
}

/* ---- rounding ---- */

static void test_rounding_is_less_than_the_last_decimal(void **state)
{
	static const struct pairkit_row rows[] = {
		/* 333 x 3/1M = 0.000999 */
		{ "cut off, by less than a unit", "input=333", "amount=0.0009",
		  "rounding=-0.000099", 4 },
		{ "never up by as much", "input=301", "amount=0.001", "unexplained=0.000097", 4 },
		{ "of a credit never down", "input=301 amount=-0.000903", "amount=-0.001",
		  "unexplained=-0.000097", 4 },
		{ "a credit that was cut off", "input=333 amount=-0.000999", "amount=-0.0009",
		  "rounding=0.000099", 4 },
		{ "to nothing", "input=333", "amount=0", "rounding=-0.000999", 3 },
		{ "half a unit up", "input=317 amount=0.00095", "amount=0.001", "rounding=0.00005",
		  4 },
		{ "a unit is none", "input=300", "amount=0.001", "unexplained=0.0001", 4 },
		{ "cut off by a unit is none", "input=300 amount=0.001", "amount=0.0009",
		  "unexplained=-0.0001", 4 },
		{ "all decimals", "input=333", "amount=0.000999000000000001",
		  "unexplained=0.000000000000000001", 0 },
		{ "cut at 18 decimals", "input=333", "amount=0.000999000000000001 cut",
		  "rounding=0.000000000000000001", 0 },
		{ "cut, and more", "input=333", "amount=0.000999000000000002 cut",
		  "unexplained=0.000000000000000002", 0 },
		/* 3 x 2^-52 is 6.66e-16: 667 of 1e-18. */
		{ "a binary float", "input=1000000", "amount=3.000000000000000666 real",
		  "rounding=0.000000000000000666", 0 },
		{ "a binary float, and more", "input=1000000", "amount=3.000000000000000668 real",
		  "unexplained=0.000000000000000668", 0 },
		/* Four requests: 4 x 667. */
		{ "a sum of binary floats", "input=1000000 sum made=4",
		  "amount=3.000000000000002668 real sum made=4", "rounding=0.000000000000002668",
		  0 },
		{ "a sum of binary floats, and more", "input=1000000 sum made=4",
		  "amount=3.000000000000002669 real sum made=4", "unexplained=0.000000000000002669",
		  0 },
		/* Halves of a unit, each of three. */
		{ "three rows, each rounded", "input=1000 sum", "amount=0.0045 sum rows=3",
		  "rounding=0.0015", 3 },
		{ "three rows, and a little more", "input=1000 sum",
		  "amount=0.004500000000000001 sum rows=3", "unexplained=0.001500000000000001", 3 },
		{ "three rows, and more", "input=1000 sum", "amount=0.006 sum rows=3",
		  "unexplained=0.003", 3 },
		{ "with another count", "input=1000", "amount=0.0045 input=1499",
		  "counts/input=0.001497 rounding=0.000003", 4 },
		/* 100 x 3: in a statement by thousandths. */
		{ "with a count that costs less than a unit", "input=1000",
		  "amount=0.003 input=1100", "counts/input=0.0003 rounding=-0.0003", 3 },
		/* 5 000 x 3 are not in its amount, and are more than it can round. */
		{ "with a count that costs more", "input=614", "amount=0.00 input=5614",
		  "counts/input=0.015 unexplained=-0.016842", 2 },
		{ "the same of a sum", "input=614 sum", "amount=0.00 input=5614 sum rows=2",
		  "counts/input=0.015 unexplained=-0.016842", 2 },
		/* 300 + 60: without the reads; cut off it would be the same. */
		{ "a cause goes before what is cut off", "input=100 cache_read=200",
		  "amount=0.0003", "price/cache_read=-0.00006", 4 },
		{ "and not before what is to the nearest", "input=100 cache_read=12",
		  "amount=0.0003", "rounding=-0.0000036", 4 },
	};

	(void)state;
	CHECK(rows);
}

/* ---- counts ---- */

static void test_other_counts_at_our_rates(void **state)
{
	static const struct pairkit_row rows[] = {
		{ "more output", "input=1000 output=100", "amount=0.0225 input=1000 output=1300",
		  "counts/output=0.018", 0 },
		{ "less of two", "input=1000 output=100", "amount=0.003 input=500 output=100",
		  "counts/input=-0.0015", 0 },
		{ "one up, one down", "input=1000 output=100", "amount=0.00345 input=900 output=50",
		  "counts/input=-0.0003 counts/output=-0.00075", 0 },
		{ "what is not told is not compared", "input=1000 output=100",
		  "amount=0.0045 input=1000", "", 0 },
		{ "a count of 0 is told", "input=1000 output=100", "amount=0.0015 input=0",
		  "counts/input=-0.003", 0 },
		/* litellm#33772: cache writes dropped; litellm#5443. */
		{ "what ours does not have", "input=1000",
		  "amount=0.00675 input=1000 cache_write_5m=1000", "counts/cache_write_5m=0.00375",
		  0 },
		/* sub2api#6125: 5m and 1h both kept. */
		{ "writes of both kinds kept", "cache_write_5m=1000 cache_write_1h=0",
		  "amount=0.00975 cache_write_5m=1000 cache_write_1h=1000",
		  "counts/cache_write_1h=0.006", 0 },
		{ "the wrong kind of write", "cache_write_5m=0 cache_write_1h=1000",
		  "amount=0.00375 cache_write_5m=1000 cache_write_1h=0",
		  "counts/cache_write_5m=0.00375 counts/cache_write_1h=-0.006", 0 },
		{ "what has no price here", "input=1000", "amount=0.003 input=1000 pages=4",
		  "counts/pages=0.00", 0 },
		{ "more images of the kind that is known", "images_out:1024x1024=1",
		  "amount=0.12 images_out=3", "counts/images_out=0.08", 0 },
		{ "fewer images", "images_out:1024x1024=3", "amount=0.04 images_out=1",
		  "counts/images_out=-0.08", 0 },
		{ "a whole prompt", "input=1000 cache_read=500", "amount=0.00345 prompt=1600",
		  "counts/input=0.0003", 0 },
		{ "the same whole", "input=1000 cache_read=500 output=10 reasoning=20",
		  "amount=0.0036 prompt=1500 answer=30", "", 0 },
		/* 100 less, and only 40 of input: 40 x 3 + 60 x 0.30 */
		{ "a whole that is less than the input", "input=40 cache_read=500",
		  "amount=0.000132 prompt=440", "counts/input=-0.00012 counts/cache_read=-0.000018",
		  0 },
		/* 500 x 0.30, and not 500 x 3 */
		{ "a whole that is less of what is cached", "input=1000 cache_read=5000",
		  "amount=0.00435 prompt=5500", "counts/cache_read=-0.00015", 0 },
		{ "a whole that leaves all caches out",
		  "input=1000 cache_read=500 cache_write_5m=100", "amount=0.003 prompt=1000",
		  "counts/cache_read=-0.00015 counts/cache_write_5m=-0.000375", 0 },
		{ "a whole that is more of what is not cached here", "input=1000",
		  "amount=0.0033 prompt=2000", "counts/cache_read=0.0003", 0 },
		{ "a whole of less cached, rounded", "input=1000 cache_read=5000",
		  "amount=0.0043 prompt=5500", "counts/cache_read=-0.00015 rounding=-0.00005", 4 },
		{ "a whole that no part gives", "input=1000 cache_read=5000",
		  "amount=0.0044 prompt=5500", "counts=0.00 unexplained=-0.0001", 0 },
		{ "a whole that is charged the same", "input=1000 cache_read=5000",
		  "amount=0.0045 prompt=5500", "counts=0.00", 0 },
		/* 500 x 0.30 + 100 x 15 */
		{ "both wholes", "input=1000 cache_read=5000 output=200",
		  "amount=0.00585 prompt=5500 answer=100",
		  "counts/cache_read=-0.00015 counts/output=-0.0015", 0 },
		{ "a whole of one part alone, at another price", "model=thought input=1000",
		  "amount=0.001 prompt=2000", "counts/input=0.001 counts=-0.001", 0 },
		{ "a whole and a stated discount", "input=1000 cache_read=5000",
		  "amount=0.004 discount=0.00035 prompt=5500",
		  "discount=-0.00035 counts/cache_read=-0.00015", 0 },
		{ "a whole answer", "input=1000 output=10 reasoning=20",
		  "amount=0.003525 input=1000 answer=35", "counts/output=0.000075", 0 },
		/* 3 x 3 + 100 x 0.30 + 2000 x 3.75 */
		{ "a whole and one part of it: the rest is of both others",
		  "input=3 cache_read=100 cache_write_5m=2000",
		  "amount=0.007539 prompt=2103 cache_read=100", "", 0 },
		{ "and the rest is more", "input=1000 cache_read=500",
		  "amount=0.00345 prompt=1600 cache_read=500", "counts/input=0.0003", 0 },
		/* 100 less cached, which are in the rest: 100 x 3 - 100 x 0.30 */
		{ "a part that moved within its whole", "input=1000 cache_read=500",
		  "amount=0.00342 prompt=1500 cache_read=400", "cache-as-input/input=0.00027", 0 },
		{ "counts that are charged the same", "input=1000 output=100",
		  "amount=0.0045 input=1100 output=100", "counts/input=0.0003 counts=-0.0003", 0 },
		{ "the same of a sum", "input=1000 output=100 sum",
		  "amount=0.0045 input=1100 output=90 sum rows=2",
		  "counts/input=0.0003 counts/output=-0.00015 counts=-0.00015", 0 },
		{ "reads counted as input, and not charged so", "input=1000 cache_read=500",
		  "amount=0.00315 input=1500 cache_read=0",
		  "cache-as-input/input=0.00135 cache-as-input=-0.00135", 0 },
		{ "nothing was due here", "model=chat amount=0 several",
		  "amount=0.003 input=1000 output=0", "counts/input=0.003", 0 },
		{ "no price here", "input=1000 suspense amount=0", "amount=0.003 input=1000",
		  "price=0.003", 0 },
		{ "no price here, and other counts", "input=1000 suspense amount=0",
		  "amount=0.003 input=1001", "counts/input=0.00 price=0.003", 0 },
	};

	(void)state;
	CHECK(rows);
	pairkit_classify(&kit, "input=1000 output=100", "amount=0.0225 input=1000 output=1300");
	assert_string_equal(kit.parts.parts[0].why, "1 200 more output x 15.00/1M = 0.018");
	assert_int_equal(kit.parts.parts[0].ours_count, 100);
	assert_int_equal(kit.parts.parts[0].theirs_count, 1300);
	assert_int_equal(kit.parts.parts[0].effect, EFFECT_TOKENS);
}

static void test_counts_that_moved_in_just_that_way(void **state)
{
	static const struct pairkit_row rows[] = {
		/* litellm#11789: reads billed as full input: 500 x (3 - 0.30) */
		{ "reads counted as input", "input=1000 cache_read=500",
		  "amount=0.0045 input=1500 cache_read=0", "cache-as-input/input=0.00135", 0 },
		{ "some of them", "input=1000 cache_read=500",
		  "amount=0.00423 input=1400 cache_read=100", "cache-as-input/input=0.00108", 0 },
		{ "reads counted as input here", "input=1500",
		  "amount=0.00315 input=1000 cache_read=500", "cache-as-input/input=-0.00135", 0 },
		/* langfuse#10592: inside the prompt and beside it. */
		{ "reads counted twice", "input=1000 cache_read=500",
		  "amount=0.00465 input=1500 cache_read=500", "cache-as-input/input=0.0015", 0 },
		/* litellm#9812: creation tokens charged twice, 1000 x 3. */
		{ "writes counted twice", "input=100 cache_write_5m=1000",
		  "amount=0.00705 input=1100 cache_write_5m=1000", "cache-as-input/input=0.003",
		  0 },
		{ "reads counted twice here", "input=1500 cache_read=500",
		  "amount=0.00315 input=1000 cache_read=500", "cache-as-input/input=-0.0015", 0 },
		{ "reads counted twice in the whole", "input=1000 cache_read=500",
		  "amount=0.00465 prompt=2000", "cache-as-input/input=0.0015", 0 },
		/* new-api#7229: 200 x 5 */
		{ "cached images counted twice", "input_image=100 cache_read_image=200",
		  "amount=0.0016 input_image=300 cache_read_image=200",
		  "cache-as-input/input_image=0.001", 0 },
		{ "input that holds the cache, at its price", "input=1000 cache_read=500",
		  "amount=0.00315 input=1500", "", 0 },
		/* sub2api#5771: reasoning not billed: 200 x 15 */
		{ "reasoning not counted", "output=100 reasoning=200",
		  "amount=0.0015 output=100 reasoning=0", "reasoning/reasoning=-0.003", 0 },
		/* inspect_ai#5528 */
		{ "reasoning not counted here", "output=100",
		  "amount=0.0045 output=100 reasoning=200", "reasoning/reasoning=0.003", 0 },
		{ "reasoning twice, in the whole", "output=100 reasoning=200",
		  "amount=0.0075 answer=500", "reasoning/reasoning=0.003", 0 },
		{ "reasoning not in the whole", "output=100 reasoning=200",
		  "amount=0.0015 answer=100", "reasoning/reasoning=-0.003", 0 },
		{ "reasoning twice", "output=100 reasoning=200",
		  "amount=0.0075 output=100 reasoning=400", "reasoning/reasoning=0.003", 0 },
		{ "reasoning in the output, too", "output=100 reasoning=200",
		  "amount=0.0075 output=300 reasoning=200", "reasoning/reasoning=0.003", 0 },
		{ "reasoning in the output here, too", "output=300 reasoning=200",
		  "amount=0.0045 output=100 reasoning=200", "reasoning/reasoning=-0.003", 0 },
		{ "reasoning twice here", "output=100 reasoning=400",
		  "amount=0.0045 output=100 reasoning=200", "reasoning/reasoning=-0.003", 0 },
		/* 200 x (2 - 4) */
		{ "reasoning as output", "model=thought output=100 reasoning=200",
		  "amount=0.0006 output=300 reasoning=0", "reasoning/reasoning=-0.0004", 0 },
		{ "reasoning as output here", "model=thought output=300",
		  "amount=0.001 output=100 reasoning=200", "reasoning/reasoning=0.0004", 0 },
		{ "output that holds the reasoning, at its price",
		  "model=thought output=100 reasoning=200", "amount=0.001 output=300", "", 0 },
	};

	(void)state;
	CHECK(rows);
}

static void test_a_threshold_that_counts_cross_is_a_part_of_its_own(void **state)
{
	static const struct pairkit_row rows[] = {
		/* 600 more x 1/1M, and all 1500 x (2 - 1) and 100 x (3 - 2) by the threshold. */
		{ "over it", "model=long input=900 output=100",
		  "amount=0.0033 input=1500 output=100", "counts/input=0.0006 long-context=0.0016",
		  0 },
		/* 600 less x 2/1M, and 900 x (1 - 2) and 100 x (2 - 3). */
		{ "under it", "model=long input=1500 output=100",
		  "amount=0.0011 input=900 output=100", "counts/input=-0.0012 long-context=-0.001",
		  0 },
		{ "on one side of it", "model=long input=1500", "amount=0.0034 input=1700",
		  "counts/input=0.0004", 0 },
		/* A sum has no threshold of its own: 900 requests of 1 token, or so. */
		{ "a sum, below it", "model=long input=9000 sum amount=0.009",
		  "amount=0.0095 input=9500 sum", "counts/input=0.0005", 0 },
		{ "a sum, above it", "model=long input=9000 sum amount=0.018",
		  "amount=0.019 input=9500 sum", "counts/input=0.001", 0 },
		/* 2000 - 500 tokens more, and 0.001 is the least. */
		{ "a least charge", "model=least requests=1 input=500", "amount=0.002 input=2000",
		  "counts/input=0.0015 counts=-0.0005", 0 },
	};

	(void)state;
	CHECK(rows);
}

static void test_a_statement_without_amounts_is_priced_here(void **state)
{
	static const struct pairkit_row rows[] = {
		{ "the same", "input=1000 output=100", "input=1000 output=100", "", 0 },
		{ "more", "input=1000 output=100", "input=1000 output=1300", "counts/output=0.018",
		  6 },
		{ "over a threshold", "model=long input=900", "input=1500",
		  "counts/input=0.0006 long-context=0.0015", 0 },
		{ "no price here", "input=1000 suspense amount=0", "input=1001",
		  "counts/input=0.00", 0 },
	};

	(void)state;
	CHECK(rows);
	pairkit_classify(&kit, "input=1000 output=100", "input=1000 output=1300");
	assert_true(kit.parts.priced_here);
	assert_true(kit.parts.theirs.attos == (wide)22500 * 1000000000000);
	/* Others of the statement have one: this one is nothing, and nothing of ours is guessed. */
	kit.terms.amounts = true;
	pairkit_classify(&kit, "input=1000 output=100", "input=1000 output=1300");
	kit.terms.amounts = false;
	assert_false(kit.parts.priced_here);
	assert_true(kit.parts.theirs.attos == 0);
	assert_int_equal(kit.parts.count, 1);
	assert_int_equal(kit.parts.parts[0].cause, CAUSE_UNEXPLAINED);
}

static void test_a_sum_by_several_versions(void **state)
{
	static const struct pairkit_row rows[] = {
		/* The version of its first moment gives our amount, so it is that one. */
		{ "of one price", "input=1000 sum several", "amount=0.006 input=2000 sum",
		  "counts/input=0.003", 0 },
		{ "of several prices", "input=1000 sum several amount=0.0035",
		  "amount=0.0065 input=2000 sum", "counts/input=0.00 unexplained=0.003", 0 },
	};

	(void)state;
	CHECK(rows);
}

static void test_counts_of_a_sum_that_are_not_told_are_not_the_same(void **state)
{
	static const struct pairkit_row rows[] = {
		{ "half of the requests", "input=1000 output=100 sum made=10",
		  "amount=0.00225 sum made=5", "counts/requests=-0.00225", 0 },
		{ "more of them", "input=1000 output=100 sum made=10", "amount=0.00495 sum made=11",
		  "counts/requests=0.00045", 0 },
		{ "not in proportion", "input=1000 output=100 sum made=10",
		  "amount=0.00225 sum made=6", "counts/requests=0.00 unexplained=-0.00225", 0 },
		{ "in proportion, rounded", "input=1000 output=100 sum made=10",
		  "amount=0.0022 sum made=5", "counts/requests=-0.00225 rounding=-0.00005", 4 },
		{ "as many of them at a half", "input=1000 output=100 sum made=10",
		  "amount=0.00225 sum made=10", "price/input=-0.00225", 0 },
		{ "amounts alone at a half", "input=1000 output=100 sum made=10",
		  "amount=0.00225 sum made=-1", "unexplained=-0.00225", 0 },
		{ "amounts alone, the same", "input=1000 output=100 sum made=10",
		  "amount=0.0045 sum made=-1", "", 0 },
		{ "amounts alone, rounded", "input=1000 output=100 sum made=10",
		  "amount=0.004 sum made=-1", "rounding=-0.0005", 3 },
		{ "a request is one", "input=1000 output=100", "amount=0.00225",
		  "price/input=-0.00225", 0 },
		{ "the same counts of more requests", "input=1000 output=100 sum made=4",
		  "amount=0.0045 input=1000 output=100 sum made=5", "counts/requests=0.00", 0 },
		{ "the same counts of fewer: some failed here", "input=1000 output=100 sum made=4",
		  "amount=0.0045 input=1000 output=100 sum made=3", "", 0 },
		{ "more of them, and not charged", "input=1000 output=100 sum made=4",
		  "amount=0.0045 sum made=5", "counts/requests=0.00", 0 },
	};

	(void)state;
	assert_true(STATEMENT_UNTOLD == -1);
	CHECK(rows);
	pairkit_classify(&kit, "input=1000 output=100 sum made=10", "amount=0.00225 sum made=-1");
	assert_non_null(strstr(kit.parts.parts[0].why, "no counts are told; if they are ours: "));
}

static void test_counts_of_several_versions_have_no_rate(void **state)
{
	static const struct pairkit_row rows[] = {
		{ "all of them doubled", "input=1000 output=100 sum several amount=0.004",
		  "amount=0.008 input=2000 output=200 sum", "counts=0.004", 0 },
		{ "one of them", "input=1000 output=100 sum several amount=0.004",
		  "amount=0.008 input=2000 output=100 sum", "counts/input=0.00 unexplained=0.004",
		  0 },
		{ "all of them, and another amount",
		  "input=1000 output=100 sum several amount=0.004",
		  "amount=0.009 input=2000 output=200 sum",
		  "counts/input=0.00 counts/output=0.00 unexplained=0.005", 0 },
		{ "not all of them told", "input=1000 output=100 sum several amount=0.004",
		  "amount=0.008 input=2000 sum", "counts/input=0.00 unexplained=0.004", 0 },
		{ "the same ones at a half", "input=1000 output=100 sum several amount=0.004",
		  "amount=0.002 input=1000 output=100 sum", "price=-0.002", 0 },
	};

	(void)state;
	CHECK(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_side_that_is_missing_is_all_of_the_difference),
		cmocka_unit_test(test_what_the_matcher_knows_is_the_cause),
		cmocka_unit_test(test_another_currency_is_not_converted),
		cmocka_unit_test(test_what_the_row_states_is_the_cause),
		cmocka_unit_test(test_fees_and_discounts_are_taken_as_they_are_stated),
		cmocka_unit_test(test_rounding_is_less_than_the_last_decimal),
		cmocka_unit_test(test_other_counts_at_our_rates),
		cmocka_unit_test(test_counts_that_moved_in_just_that_way),
		cmocka_unit_test(test_a_threshold_that_counts_cross_is_a_part_of_its_own),
		cmocka_unit_test(test_a_statement_without_amounts_is_priced_here),
		cmocka_unit_test(test_a_sum_by_several_versions),
		cmocka_unit_test(test_counts_of_a_sum_that_are_not_told_are_not_the_same),
		cmocka_unit_test(test_counts_of_several_versions_have_no_rate),
	};

	return cmocka_run_group_tests(tests, open_kit, close_kit);
}
