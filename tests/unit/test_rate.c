#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "money/rate.h"

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

#define MILLION INT64_C(1000000)

static void test_a_price_becomes_the_rate_of_one_unit(void **state)
{
	static const struct {
		const char *price;
		int64_t units, attos;
	} rows[] = {
		{ "0.80", MILLION, INT64_C(800000000000) },
		{ "3", MILLION, INT64_C(3000000000000) },
		{ "0.000000000001", MILLION, 1 },
		{ "0.0375", MILLION, INT64_C(37500000000) },
		{ "0", MILLION, 0 },
		{ "0.000000000000001", 1000, 1 },
		{ "0.000000000000000001", 1, 1 },
		{ "0.00000015", 1, INT64_C(150000000000) },
		{ "0.04", 1, INT64_C(40000000000000000) },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct rate rate;
		struct fault fault;

		if (rate_parse(text_of(rows[i].price), rows[i].units, &rate, &fault) < 0)
			fail_msg("%s: %s", rows[i].price, fault.text);
		if (rate.attos_per_unit != rows[i].attos)
			fail_msg("%s for %lld is not %lld attos", rows[i].price,
			         (long long)rows[i].units, (long long)rows[i].attos);
	}
}

static void test_a_price_that_would_be_rounded_is_refused(void **state)
{
	static const struct {
		const char *price;
		int64_t units;
		int result;
	} rows[] = {
		{ "0.0000000000001", MILLION, -FAULT_RANGE },
		{ "1.0000000000005", MILLION, -FAULT_RANGE },
		{ "0.0000000000000001", 1000, -FAULT_RANGE },
		{ "0.0000000000000000001", 1, -FAULT_RANGE },
		{ "-0.01", MILLION, -FAULT_INVALID },
		{ "-0.000000000000000001", MILLION, -FAULT_INVALID },
		{ "8e-06", 1, -FAULT_SYNTAX },
		{ "", 1, -FAULT_SYNTAX },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct rate rate = { .attos_per_unit = 42 };
		struct fault fault = { .code = FAULT_NONE };
		int r = rate_parse(text_of(rows[i].price), rows[i].units, &rate, &fault);

		if (r != rows[i].result || rate.attos_per_unit != 42 || fault.text[0] == '\0')
			fail_msg("%s gave %d", rows[i].price, r);
		/* A price book has many: the fault must say which. */
		if (rows[i].price[0] != '\0')
			assert_non_null(strstr(fault.text, rows[i].price));
	}
}

static void test_products_are_exact(void **state)
{
	static const struct {
		const char *price;
		int64_t units, count;
		const char *product;
	} rows[] = {
		{ "0.80", MILLION, 1, "0.0000008" },
		{ "0.80", MILLION, MILLION, "0.80" },
		{ "0.000000000001", MILLION, 1, "0.000000000000000001" },
		{ "2.999999999999", MILLION, 999999, "2.999996999999000001" },
		{ "15", MILLION, INT64_C(600000000000), "9000000.00" },
		{ "0.04", 1, 0, "0.00" },
		{ "0", 1, INT64_MAX, "0.00" },
		{ "0.000000000000000001", 1, INT64_MAX, "9.223372036854775807" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct rate rate;
		struct money product;
		char text[MONEY_TEXT_BYTES];

		assert_int_equal(rate_parse(text_of(rows[i].price), rows[i].units, &rate, NULL), 0);
		assert_int_equal(rate_times(rate, rows[i].count, &product), 0);
		money_text(product, text);
		if (strcmp(text, rows[i].product) != 0)
			fail_msg("%s for %lld, times %lld: %s", rows[i].price,
			         (long long)rows[i].units, (long long)rows[i].count, text);
	}
}

static void test_a_product_that_is_no_amount_is_refused(void **state)
{
	struct rate dear = { .attos_per_unit = ATTOS_PER_UNIT }, most;
	struct money product = { .attos = 42 };

	(void)state;
	assert_int_equal(rate_times(dear, INT64_C(9223372036), &product), 0);
	product.attos = 42;
	assert_int_equal(rate_times(dear, INT64_C(9223372037), &product), -FAULT_RANGE);
	assert_int_equal(rate_times(dear, INT64_MAX, &product), -FAULT_RANGE);
	assert_int_equal(rate_times(dear, -1, &product), -FAULT_RANGE);
	/* The dearest rate there is, times the largest count: past 128 bits. */
	assert_int_equal(rate_parse(text_of("9223372036.854775807999999999"), 1, &most, NULL), 0);
	assert_int_equal(rate_times(most, INT64_MAX, &product), -FAULT_RANGE);
	/* Exactly 2^128: cut to 128 bits it would be nothing at all. */
	most.attos_per_unit = (wide)1 << 88;
	assert_int_equal(rate_times(most, INT64_C(1) << 40, &product), -FAULT_RANGE);
	assert_true(product.attos == 42);
}

static void test_text_is_the_price_of_so_many_units(void **state)
{
	static const struct {
		const char *price;
		int64_t units;
	} rows[] = {
		{ "0.80", MILLION }, { "0.0375", MILLION },        { "0.000000000001", MILLION },
		{ "0.04", 1 },       { "9223372036.00", MILLION }, { "0.00", 1000 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct rate rate;
		char text[MONEY_TEXT_BYTES];

		assert_int_equal(rate_parse(text_of(rows[i].price), rows[i].units, &rate, NULL), 0);
		rate_text(rate, rows[i].units, text);
		assert_string_equal(text, rows[i].price);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_price_becomes_the_rate_of_one_unit),
		cmocka_unit_test(test_a_price_that_would_be_rounded_is_refused),
		cmocka_unit_test(test_products_are_exact),
		cmocka_unit_test(test_a_product_that_is_no_amount_is_refused),
		cmocka_unit_test(test_text_is_the_price_of_so_many_units),
	};

	return cmocka_run_group_tests_name("rate", tests, NULL, NULL);
}
