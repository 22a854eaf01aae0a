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
		struct book_rate rate;
		const char *expected;
	} rows[] = {
		{ { .component = COMPONENT_INPUT }, "" },
		{ { .context_test = CONTEXT_GT, .context_tokens = 128000 }, "context > 128000" },
		{ { .context_test = CONTEXT_GTE, .context_tokens = 0 }, "context >= 0" },
		{ { .size = words("1024x1024") }, "size 1024x1024" },
		{ { .quality = words("hd") }, "quality hd" },
		{ { .size = words("1024x1024"),
		    .quality = words("hd"),
		    .context_test = CONTEXT_GT,
		    .context_tokens = 7 },
		  "context > 7, size 1024x1024, quality hd" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[RATES_TEXT_BYTES];

		rates_when(&rows[i].rate, text);
		assert_string_equal(text, rows[i].expected);
	}
}

static void test_a_charge_says_as_what_it_is_priced(void **state)
{
	const struct book_rate long_context = { .component = COMPONENT_OUTPUT,
		                                .context_test = CONTEXT_GT,
		                                .context_tokens = 128000 };
	const struct usage_kind images = { .size = "512x512", .quality = "low" };
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

		rates_condition(&rows[i].charge, text);
		assert_string_equal(text, rows[i].expected);
	}
}

/* Every part as long as a book can make it. */
static void test_the_longest_condition_fits(void **state)
{
	static const char longest[] = "abcdefghijklmnopqrstuvw"; /* KIND_WORD_BYTES with its NUL */
	const struct book_rate rate = { .component = COMPONENT_CACHE_READ_AUDIO,
		                        .context_test = CONTEXT_GTE,
		                        .context_tokens = INT64_C(1000000000000),
		                        .size = { longest, sizeof(longest) - 1 },
		                        .quality = { longest, sizeof(longest) - 1 } };
	const struct charge charge = { .component = COMPONENT_CACHE_READ_AUDIO,
		                       .priced_as = COMPONENT_CACHE_READ_VIDEO,
		                       .rate = &rate };
	char text[RATES_TEXT_BYTES];

	(void)state;
	assert_int_equal(sizeof(longest), KIND_WORD_BYTES);
	rates_condition(&charge, text);
	assert_string_equal(text, "as cache_read_video, context >= 1000000000000, "
	                          "size abcdefghijklmnopqrstuvw, quality abcdefghijklmnopqrstuvw");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_rate_is_shown_as_it_was_written),
		cmocka_unit_test(test_conditions_are_joined_in_one_order),
		cmocka_unit_test(test_a_charge_says_as_what_it_is_priced),
		cmocka_unit_test(test_the_longest_condition_fits),
	};

	return cmocka_run_group_tests_name("rates", tests, NULL, NULL);
}
