#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/rates.h"

static struct text words(const char *ended)
{
	return text_of(ended);
}

/* A rate is shown as its price was written, whatever its unit and its currency. */
static void test_a_rate_is_shown_as_it_was_written(void **state)
{
	static const struct {
		enum component component;
		const char *price;
		int64_t per_units;
		const char *currency, *expected;
	} rows[] = {
		{ COMPONENT_INPUT, "0.8", 1000000, "USD", "$0.80 per 1M tokens" },
		{ COMPONENT_INPUT, "15", 1000000, "EUR", "EUR 15.00 per 1M tokens" },
		{ COMPONENT_OUTPUT, "0.0000008", 1, "USD", "$0.0000008 per token" },
		{ COMPONENT_OUTPUT, "0.000000000001", 1000000, "USD",
		  "$0.000000000001 per 1M tokens" },
		{ COMPONENT_IMAGES_OUT, "0.04", 1, "CHF", "CHF 0.04 per image" },
		{ COMPONENT_REQUESTS, "0", 1, "USD", "$0.00 per request" },
		{ COMPONENT_SECONDS, "9223372036", 1, "USD", "$9223372036.00 per second" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct book_rate rate = { .component = rows[i].component,
			                  .per_units = rows[i].per_units };
		char text[RATES_TEXT_BYTES];

		assert_int_equal(
			rate_parse(words(rows[i].price), rows[i].per_units, &rate.rate, NULL), 0);
		rates_price(&rate, words(rows[i].currency), text);
		assert_string_equal(text, rows[i].expected);
	}
}

static void test_conditions_are_joined_in_one_order(void **state)
{
	const struct {
		enum component component;
		struct book_when when;
		const char *expected;
	} rows[] = {
		{ COMPONENT_INPUT, { .has = 0 }, "" },
		{ COMPONENT_INPUT,
		  { .has = WHEN_CONTEXT, .context_test = CONTEXT_GT, .context_tokens = 128000 },
		  "context > 128000" },
		{ COMPONENT_INPUT,
		  { .has = WHEN_CONTEXT, .context_test = CONTEXT_GTE },
		  "context >= 0" },
		{ COMPONENT_IMAGES_OUT,
		  { .has = WHEN_SIZE, .size = words("1024x1024") },
		  "size 1024x1024" },
		{ COMPONENT_IMAGES_OUT,
		  { .has = WHEN_QUALITY, .quality = words("hd") },
		  "quality hd" },
		{ COMPONENT_IMAGES_OUT, { .has = WHEN_NUMBER, .number = 50 }, "50 steps" },
		{ COMPONENT_SECONDS,
		  { .has = WHEN_SIZE | WHEN_KIND, .size = words("720p"), .kind = words("video") },
		  "resolution 720p, video" },
		{ COMPONENT_CACHE_WRITE, { .has = WHEN_NUMBER, .number = 600 }, "for 600 s" },
		{ COMPONENT_CACHE_READ,
		  { .has = WHEN_KIND, .kind = words(KIND_IMPLICIT) },
		  "implicit" },
		{ COMPONENT_INPUT,
		  { .has = WHEN_UTC, .utc_from = 990, .utc_to = 30, .days = WEEKDAYS_ALL },
		  "16:30-00:30 UTC" },
		{ COMPONENT_INPUT, { .has = WHEN_UTC, .days = 0x60 }, "UTC sat sun" },
		{ COMPONENT_IMAGES_OUT,
		  { .has = WHEN_OF_REQUEST | WHEN_SIZE | WHEN_QUALITY,
		    .size = words("1024x1024"),
		    .quality = words("hd"),
		    .tier = words("batch"),
		    .region = words("eu"),
		    .utc_from = 60,
		    .utc_to = 120,
		    .days = 1,
		    .context_test = CONTEXT_GT,
		    .context_tokens = 7 },
		  "context > 7, tier batch, region eu, 01:00-02:00 UTC mon, size 1024x1024, "
		  "quality hd" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[RATES_TEXT_BYTES];

		rates_when(&rows[i].when, rows[i].component, text);
		assert_string_equal(text, rows[i].expected);
	}
}

static void test_a_charge_says_as_what_it_is_priced(void **state)
{
	const struct book_rate long_context = { .component = COMPONENT_OUTPUT,
		                                .when = { .has = WHEN_CONTEXT,
		                                          .context_test = CONTEXT_GT,
		                                          .context_tokens = 128000 } };
	const struct usage_kind images = { .size = "512x512", .quality = "low" };
	const struct charges charges = { .count = 0 };
	const struct {
		struct charge charge;
		const char *expected;
	} rows[] = {
		{ { .component = COMPONENT_REASONING,
		    .priced_as = COMPONENT_OUTPUT,
		    .rate = &long_context },
		  "as output, context > 128000" },
		{ { .component = COMPONENT_OUTPUT,
		    .priced_as = COMPONENT_OUTPUT,
		    .rate = &long_context },
		  "context > 128000" },
		/* Without a rate: what one would have to fit. */
		{ { .component = COMPONENT_IMAGES_OUT,
		    .priced_as = COMPONENT_IMAGES_OUT,
		    .kind = &images },
		  "size 512x512, quality low" },
		{ { .component = COMPONENT_INPUT, .priced_as = COMPONENT_INPUT }, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[RATES_TEXT_BYTES];

		rates_condition(&charges, &rows[i].charge, text);
		assert_string_equal(text, rows[i].expected);
	}
}

/* Names are of 256 bytes: what does not fit is cut, not written behind the end. */
static void test_a_condition_too_long_is_cut(void **state)
{
	static char longest[] =
		"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmn"
		"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmn"
		"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmn";
	struct book_when when = { .has = WHEN_TIER | WHEN_REGION | WHEN_SIZE | WHEN_NUMBER,
		                  .tier = { longest, sizeof(longest) - 1 },
		                  .region = { longest, sizeof(longest) - 1 },
		                  .size = { longest, 23 },
		                  .number = 1000000000 };
	char text[RATES_TEXT_BYTES + 1];

	(void)state;
	for (size_t cut = 0; cut < sizeof(longest); cut++) {
		when.region.len = cut;
		text[RATES_TEXT_BYTES] = '#';
		rates_when(&when, COMPONENT_IMAGES_OUT, text);
		assert_true(strlen(text) < RATES_TEXT_BYTES);
		assert_int_equal(text[RATES_TEXT_BYTES], '#');
	}
}

/* Whatever is multiplied stands in the line, as a person would check it. */
static void test_a_charge_says_by_what_it_is_multiplied(void **state)
{
	const struct book_multiplier batch = { .factor = { words("0.5"), 5, 1 },
		                               .when = { .has = WHEN_TIER,
		                                         .tier = words("batch") } };
	const struct book_version version = { .multipliers = &batch, .multiplier_count = 1 };
	const struct book_factor off = { words("12.5"), 875, 3 };
	const struct book_rate by_pixel = { .component = COMPONENT_IMAGES_OUT,
		                            .megapixels = MEGAPIXELS_EXACT };
	const struct book_rate by_megapixel = { .component = COMPONENT_IMAGES_OUT,
		                                .megapixels = MEGAPIXELS_UP };
	const struct charges charges = { .found.version = &version };
	struct charge charge = { .component = COMPONENT_IMAGES_OUT,
		                 .priced_as = COMPONENT_IMAGES_OUT,
		                 .rate = &by_pixel,
		                 .pixels = 1048576,
		                 .multipliers = 1,
		                 .discount = { &off, NULL } };
	char text[RATES_TEXT_BYTES];

	(void)state;
	rates_condition(&charges, &charge, text);
	assert_string_equal(text, "x 1.048576 megapixels, x 0.50 tier batch, x 0.875 by discount");
	charge = (struct charge){ .component = COMPONENT_IMAGES_OUT,
		                  .priced_as = COMPONENT_IMAGES_OUT,
		                  .rate = &by_megapixel,
		                  .pixels = 2,
		                  .agreed = true };
	rates_condition(&charges, &charge, text);
	assert_string_equal(text, "agreed, x 2 megapixels");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_rate_is_shown_as_it_was_written),
		cmocka_unit_test(test_conditions_are_joined_in_one_order),
		cmocka_unit_test(test_a_charge_says_as_what_it_is_priced),
		cmocka_unit_test(test_a_condition_too_long_is_cut),
		cmocka_unit_test(test_a_charge_says_by_what_it_is_multiplied),
	};

	return cmocka_run_group_tests_name("rates", tests, NULL, NULL);
}
