#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/moment.h"
#include "rate/rating.h"
#include "tests/support/ledgerkit.h"
#include "tests/support/ratekit.h"

static const char book_text[] =
	"{'pricebook':1,'currency':'USD','as':{'reasoning':'output'},'models':["
	"{'model':'chat','versions':["
	"{'effective_from':'2026-01-01','rates':["
	"{'component':'input','per_million':'0.80'},{'component':'cache_read','per_million':'0.20'}"
	","
	"{'component':'output','per_million':'2.40'}]},"
	"{'effective_from':'2026-07-01','rates':["
	"{'component':'input','per_million':'0.50'},{'component':'output','per_million':'2'}]}]},"
	"{'model':'fee','versions':[{'effective_from':'2026-01-01','rates':["
	"{'component':'input','per_million':'1'},{'component':'requests','each':'0.00002'}]}]},"
	"{'model':'long fee','versions':[{'effective_from':'2026-01-01','rates':["
	"{'component':'input','per_million':'1'},"
	"{'component':'requests','each':'0.5','when':{'context':{'gt':10}}}]}]},"
	"{'model':'gt','versions':[{'effective_from':'2026-01-01','rates':["
	"{'component':'input','per_million':'1'},{'component':'cache_read','per_million':'0.1'},"
	"{'component':'output','per_million':'3'},"
	"{'component':'input','per_million':'2','when':{'context':{'gt':128000}}},"
	"{'component':'output','per_million':'5','when':{'context':{'gt':128000}}}]}]},"
	"{'model':'gte','versions':[{'effective_from':'2026-01-01','rates':["
	"{'component':'input','per_million':'1'},{'component':'output','per_million':'3'},"
	"{'component':'input','per_million':'2','when':{'context':{'gte':128000}}},"
	"{'component':'output','per_million':'5','when':{'context':{'gte':128000}}},"
	"{'component':'input','per_million':'9','when':{'context':{'gt':1000000}}}]}]},"
	"{'model':'order','versions':[{'effective_from':'2026-01-01','rates':["
	"{'component':'input','per_million':'2','when':{'context':{'gt':10}}},"
	"{'component':'input','per_million':'1'}]}]},"
	"{'model':'own','versions':[{'effective_from':'2026-01-01','rates':["
	"{'component':'output','per_million':'3'},{'component':'reasoning','per_million':'7'}]}]},"
	"{'model':'half own','versions':[{'effective_from':'2026-01-01','rates':["
	"{'component':'output','per_million':'3'},"
	"{'component':'reasoning','per_million':'7','when':{'context':{'gt':10}}}]}]},"
	"{'model':'paint','versions':[{'effective_from':'2026-01-01','rates':["
	"{'component':'images_out','each':'0.04'},"
	"{'component':'images_out','each':'0.08','when':{'quality':'hd'}},"
	"{'component':'images_out','each':'0.06','when':{'size':'1024x1792'}},"
	"{'component':'images_out','each':'0.12','when':{'size':'1024x1792','quality':'hd'}},"
	"{'component':'images_in','each':'0.003','when':{'size':'512x512'}}]}]},"
	"{'model':'free','versions':[{'effective_from':'2026-01-01','rates':["
	"{'component':'input','each':'0'}]}]},"
	"{'model':'dear','versions':[{'effective_from':'2026-01-01','rates':["
	"{'component':'input','each':'9223372036'},{'component':'output','each':'9223372036'},"
	"{'component':'pages','each':'0.000000000000000001'}]}]}]}";

static int load_book(void **state)
{
	struct fault fault = { .code = FAULT_NONE };
	struct book *book = NULL;

	if (book_load(&book, text_of(kit_quotes(book_text)), NULL, &fault) < 0)
		fail_msg("%s", fault.text);
	*state = book;
	return 0;
}

static int free_book(void **state)
{
	book_free(*state);
	return 0;
}

static void add_image(struct usage *usage, enum component component, const char *words, int64_t n)
{
	struct usage_kind *images = &usage->kinds[usage->kind_count++];
	struct text rest = text_of(words), size;

	*images = (struct usage_kind){ .component = component, .n = n };
	text_cut(&rest, '/', &size);
	assert_true(text_copy(images->size, sizeof(images->size), size));
	assert_true(text_copy(images->quality, sizeof(images->quality), rest));
	usage->count[component] += n;
}

/* "input=400 images_out:1024x1792/hd=2" */
static struct usage usage_of(const char *spec)
{
	struct usage usage = { .kind_count = 0 };
	struct text rest = text_of(spec), part, key, words;
	char image[64];

	while (text_cut(&rest, ' ', &part)) {
		enum component component;
		int64_t n;

		if (part.len == 0)
			continue;
		assert_true(text_cut(&part, '=', &key));
		assert_true(text_int(part, &n));
		assert_true(text_cut(&key, ':', &words));
		component = component_find(words);
		assert_true(component != COMPONENT_COUNT);
		if (component_info[component].unit == UNIT_IMAGE) {
			assert_true(text_copy(image, sizeof(image), key));
			add_image(&usage, component, image, n);
		} else {
			usage.count[component] = n;
		}
	}
	return usage;
}

static const char *verdict_names[] = {
	[RATING_RANGE] = "range",
	[RATING_UNPRICED] = "unpriced",
	[RATING_NOTHING] = "nothing",
	[RATING_PRICED] = "priced",
};

/* "priced 0.08 input*400=0.0032 reasoning*7>output=..." */
static const char *rated(const struct book *book, const char *model, const char *at,
                         const char *spec)
{
	static char text[4096];
	struct usage usage = usage_of(spec);
	struct buf out = { .at = NULL };
	struct charges charges;
	char amount[MONEY_TEXT_BYTES];
	enum rating_verdict verdict;
	int64_t at_ms;

	assert_true(moment_parse_date(text_of(at), &at_ms));
	verdict = rate_model(book, model, at_ms, &usage, &charges);
	money_text(charges.total, amount);
	buf_addf(&out, "%s %s", verdict_names[verdict], amount);
	for (size_t i = 0; i < charges.count; i++) {
		const struct charge *charge = &charges.lines[i];

		buf_addf(&out, " %s*%lld", component_info[charge->component].key,
		         (long long)charge->count);
		if (charge->priced_as != charge->component)
			buf_addf(&out, ">%s", component_info[charge->priced_as].key);
		money_text(charge->amount, amount);
		buf_addf(&out, "=%s", charge->rate != NULL ? amount : "?");
	}
	snprintf(text, sizeof(text), "%.*s", TEXT_ARGS(buf_text(&out)));
	buf_release(&out);
	return text;
}

struct row {
	const char *label, *model, *spec, *rated;
};

static void check_rows(const struct book *book, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *got = rated(book, rows[i].model, "2026-06-30T23:59:59.999Z",
		                        rows[i].spec);

		if (strcmp(got, rows[i].rated) != 0)
			fail_msg("%s: %s", rows[i].label, got);
	}
}

static void test_tokens_are_charged_to_the_last_digit(void **state)
{
	static const struct row rows[] = {
		{ "one token", "chat", "input=1", "priced 0.0000008 input*1=0.0000008" },
		{ "three components", "chat", "input=400 cache_read=600 output=50",
		  "priced 0.00056 input*400=0.00032 cache_read*600=0.00012 output*50=0.00012" },
		{ "a trillion", "chat", "input=1000000000000",
		  "priced 800000.00 input*1000000000000=800000.00" },
		{ "a price of zero is a price", "free", "input=5", "priced 0.00 input*5=0.00" },
		{ "the smallest amount", "dear", "pages=1",
		  "priced 0.000000000000000001 pages*1=0.000000000000000001" },
	};

	check_rows(*state, rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_a_component_without_a_rate_holds_the_whole_event(void **state)
{
	static const struct row rows[] = {
		{ "one of two", "chat", "input=10 input_audio=1",
		  "unpriced 0.00 input*10=0.000008 input_audio*1=?" },
		{ "no such model", "nobody", "input=10", "unpriced 0.00 input*10=?" },
		{ "a fee of a model that nobody knows", "nobody", "requests=1",
		  "unpriced 0.00 requests*1=?" },
		{ "images of a model of tokens", "chat", "images_out:/=1",
		  "unpriced 0.00 images_out*1=?" },
	};

	check_rows(*state, rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_a_fee_is_charged_only_where_the_book_has_one(void **state)
{
	static const struct row rows[] = {
		{ "fee and tokens", "fee", "input=100 requests=1",
		  "priced 0.00012 input*100=0.0001 requests*1=0.00002" },
		{ "the fee alone", "fee", "requests=1", "priced 0.00002 requests*1=0.00002" },
		{ "no fee in the book", "chat", "input=1 requests=1",
		  "priced 0.0000008 input*1=0.0000008 requests*1=?" },
		{ "a fee whose condition does not hold is not known", "long fee",
		  "input=10 requests=1", "unpriced 0.00 input*10=0.00001 requests*1=?" },
		{ "a fee whose condition holds", "long fee", "input=11 requests=1",
		  "priced 0.500011 input*11=0.000011 requests*1=0.50" },
	};

	check_rows(*state, rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_a_context_threshold_moves_the_whole_request(void **state)
{
	static const struct row rows[] = {
		{ "gt below", "gt", "input=127999 output=1",
		  "priced 0.128002 input*127999=0.127999 output*1=0.000003" },
		{ "gt at", "gt", "input=128000 output=1",
		  "priced 0.128003 input*128000=0.128 output*1=0.000003" },
		{ "gt above", "gt", "input=128001 output=1",
		  "priced 0.256007 input*128001=0.256002 output*1=0.000005" },
		{ "the cached part counts, and keeps its only price", "gt",
		  "input=1 cache_read=128000 output=1",
		  "priced 0.012807 input*1=0.000002 cache_read*128000=0.0128 output*1=0.000005" },
		{ "the output does not count", "gt", "input=128000 output=128000",
		  "priced 0.512 input*128000=0.128 output*128000=0.384" },
		{ "gte below", "gte", "input=127999 output=1",
		  "priced 0.128002 input*127999=0.127999 output*1=0.000003" },
		{ "gte at", "gte", "input=128000 output=1",
		  "priced 0.256005 input*128000=0.256 output*1=0.000005" },
		{ "gte above", "gte", "input=128001 output=1",
		  "priced 0.256007 input*128001=0.256002 output*1=0.000005" },
		{ "of two that hold the later one", "gte", "input=1000001",
		  "priced 9.000009 input*1000001=9.000009" },
		{ "the later entry wins, also a general one", "order", "input=11",
		  "priced 0.000011 input*11=0.000011" },
	};

	check_rows(*state, rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_images_are_charged_by_size_and_quality(void **state)
{
	static const struct row rows[] = {
		{ "nothing said", "paint", "images_out:/=2", "priced 0.08 images_out*2=0.08" },
		{ "a size without an entry", "paint", "images_out:9x9/=1",
		  "priced 0.04 images_out*1=0.04" },
		{ "quality", "paint", "images_out:9x9/hd=1", "priced 0.08 images_out*1=0.08" },
		{ "size", "paint", "images_out:1024x1792/standard=1",
		  "priced 0.06 images_out*1=0.06" },
		{ "both", "paint", "images_out:1024x1792/hd=3", "priced 0.36 images_out*3=0.36" },
		{ "kinds side by side", "paint",
		  "images_out:1024x1792/hd=1 images_out:/=1 images_in:512x512/=1",
		  "priced 0.163 images_out*1=0.12 images_out*1=0.04 images_in*1=0.003" },
		{ "no entry without a size", "paint", "images_in:/=1",
		  "unpriced 0.00 images_in*1=?" },
		{ "another size", "paint", "images_in:512x513/=1", "unpriced 0.00 images_in*1=?" },
	};

	check_rows(*state, rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_as_stands_in_only_for_a_component_without_entries(void **state)
{
	static const struct row rows[] = {
		{ "no entry", "chat", "output=10 reasoning=5",
		  "priced 0.000036 output*10=0.000024 reasoning*5>output=0.000012" },
		{ "an entry of its own", "own", "output=10 reasoning=5",
		  "priced 0.000065 output*10=0.00003 reasoning*5=0.000035" },
		{ "an entry whose condition does not hold", "half own", "output=10 reasoning=5",
		  "unpriced 0.00 output*10=0.00003 reasoning*5=?" },
		{ "what it is priced as has no entry", "fee", "reasoning=5",
		  "unpriced 0.00 reasoning*5>output=?" },
	};

	check_rows(*state, rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_an_amount_that_cannot_be_held_is_told(void **state)
{
	static const struct row rows[] = {
		{ "the largest", "dear", "input=1", "priced 9223372036.00 input*1=9223372036.00" },
		{ "a product", "dear", "input=2", "range 0.00 input*2=0.00" },
		{ "a product past 128 bits", "dear", "input=1000000000000",
		  "range 0.00 input*1000000000000=0.00" },
		{ "the sum", "dear", "input=1 output=1",
		  "range 0.00 input*1=9223372036.00 output*1=9223372036.00" },
		{ "a count that is none", "dear", "pages=-1", "range 0.00 pages*-1=0.00" },
		{ "range stands over unpriced", "dear", "input=2 seconds=1",
		  "range 0.00 input*2=0.00 seconds*1=?" },
	};

	check_rows(*state, rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_nothing_used_needs_no_price(void **state)
{
	assert_string_equal(rated(*state, "chat", "2026-02-01", ""), "nothing 0.00");
	assert_string_equal(rated(*state, "nobody", "2026-02-01", ""), "nothing 0.00");
	assert_string_equal(rated(NULL, "nobody", "2026-02-01", ""), "nothing 0.00");
	assert_string_equal(rated(*state, "paint", "2026-02-01", "images_out:/=0"), "nothing 0.00");
}

static void test_without_a_book_all_that_was_used_is_unpriced(void **state)
{
	(void)state;
	assert_string_equal(rated(NULL, "chat", "2026-02-01", "input=1"),
	                    "unpriced 0.00 input*1=?");
}

static void test_the_price_is_that_of_the_time_of_the_request(void **state)
{
	assert_string_equal(rated(*state, "chat", "2025-12-31T23:59:59.999Z", "input=1000000"),
	                    "unpriced 0.00 input*1000000=?");
	assert_string_equal(rated(*state, "chat", "2026-01-01", "input=1000000"),
	                    "priced 0.80 input*1000000=0.80");
	assert_string_equal(rated(*state, "chat", "2026-06-30T23:59:59.999Z", "input=1000000"),
	                    "priced 0.80 input*1000000=0.80");
	assert_string_equal(rated(*state, "chat", "2026-07-01", "input=1000000"),
	                    "priced 0.50 input*1000000=0.50");
	/* A version is a whole rate card: what it leaves out has no price, not the older one. */
	assert_string_equal(rated(*state, "chat", "2026-07-01", "cache_read=1"),
	                    "unpriced 0.00 cache_read*1=?");
}

/* Every component that has a count gives one line, whatever it is. */
static void test_no_component_is_ever_left_out(void **state)
{
	(void)state;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		struct usage usage = { .kind_count = 0 };
		struct charges charges;

		if (component_info[c].unit == UNIT_IMAGE)
			add_image(&usage, (enum component)c, "/", 1);
		else
			usage.count[c] = 1;
		assert_int_equal(rate_model(NULL, "m", 0, &usage, &charges), RATING_UNPRICED);
		assert_int_equal(charges.count, 1);
		assert_int_equal(charges.lines[0].component, c);
	}
}

/* Nobody in this project leaves out the kinds; whoever does must not get them free. */
static void test_images_without_a_kind_are_charged_as_of_no_kind(void **state)
{
	struct usage usage = usage_of("images_out:/hd=1");
	struct charges charges;
	char amount[MONEY_TEXT_BYTES];

	usage.count[COMPONENT_IMAGES_OUT] += 2;
	assert_int_equal(rate_model(*state, "paint", KIT_NOW_MS, &usage, &charges), RATING_PRICED);
	money_text(charges.total, amount);
	assert_string_equal(amount, "0.16");
	assert_int_equal(charges.count, 2);
}

/* Each member is set by itself: none is what stood there before. */
static void test_charges_have_nothing_of_the_memory_they_are_in(void **state)
{
	const struct usage usage = usage_of("input=400 output=10");
	struct charges charges;
	int64_t at_ms;

	assert_true(moment_parse_date(text_of("2026-02-01"), &at_ms));
	memset(&charges, 0xff, sizeof(charges));
	assert_int_equal(rate_model(*state, "chat", at_ms, &usage, &charges), RATING_PRICED);
	assert_int_equal(charges.count, 2);
	assert_null(charges.override);
	assert_null(charges.minimum);
	assert_true(charges.raised.attos == 0);
	for (size_t i = 0; i < charges.count; i++) {
		const struct charge *charge = &charges.lines[i];

		assert_true(charge->pixels == 0 && charge->multipliers == 0);
		assert_false(charge->agreed);
		assert_null(charge->kind);
		assert_null(charge->discount[0]);
		assert_null(charge->discount[1]);
	}
	memset(&charges, 0xff, sizeof(charges));
	assert_int_equal(rate_model(*state, "nobody's", at_ms, &usage, &charges), RATING_UNPRICED);
	assert_null(charges.override);
	assert_null(charges.minimum);
	assert_null(charges.found.version);
	assert_true(charges.raised.attos == 0 && charges.total.attos == 0);
	assert_int_equal(charges.count, 2);
	assert_false(charges.lines[0].agreed || charges.lines[1].agreed);
}

/* A rate with a size asks for no kind and no number. */
static void test_what_a_rate_does_not_ask_for_may_be_anything(void **state)
{
	struct usage usage = { .kind_count = 0 };
	struct charges charges;
	int64_t at_ms;

	add_image(&usage, COMPONENT_IMAGES_IN, "512x512/", 2);
	assert_true(text_copy(usage.kinds[0].kind, sizeof(usage.kinds[0].kind), text_of("mask")));
	usage.kinds[0].number = 7;
	assert_true(moment_parse_date(text_of("2026-02-01"), &at_ms));
	assert_int_equal(rate_model(*state, "paint", at_ms, &usage, &charges), RATING_PRICED);
	assert_true(charges.total.attos == 6 * (ATTOS_PER_UNIT / 1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tokens_are_charged_to_the_last_digit),
		cmocka_unit_test(test_charges_have_nothing_of_the_memory_they_are_in),
		cmocka_unit_test(test_what_a_rate_does_not_ask_for_may_be_anything),
		cmocka_unit_test(test_a_component_without_a_rate_holds_the_whole_event),
		cmocka_unit_test(test_a_fee_is_charged_only_where_the_book_has_one),
		cmocka_unit_test(test_a_context_threshold_moves_the_whole_request),
		cmocka_unit_test(test_images_are_charged_by_size_and_quality),
		cmocka_unit_test(test_as_stands_in_only_for_a_component_without_entries),
		cmocka_unit_test(test_an_amount_that_cannot_be_held_is_told),
		cmocka_unit_test(test_nothing_used_needs_no_price),
		cmocka_unit_test(test_without_a_book_all_that_was_used_is_unpriced),
		cmocka_unit_test(test_the_price_is_that_of_the_time_of_the_request),
		cmocka_unit_test(test_no_component_is_ever_left_out),
		cmocka_unit_test(test_images_without_a_kind_are_charged_as_of_no_kind),
	};

	return cmocka_run_group_tests_name("rating", tests, load_book, free_book);
}
