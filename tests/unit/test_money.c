#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "money/money.h"
#include "tests/support/fixture.h"

enum { RANDOM_RUNS = 20000 };

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

/* The largest and the smallest amount that two 64-bit columns hold. */
#define LARGEST  "9223372036.854775807999999999"
#define SMALLEST "-9223372036.854775808"

static struct money amount(const char *text)
{
	struct money m;
	struct fault fault;

	if (money_parse(text_of(text), &m, &fault) < 0)
		fail_msg("%s: %s", text, fault.text);
	return m;
}

static void assert_text(const char *label, struct money m, const char *text)
{
	char out[MONEY_TEXT_BYTES];

	money_text(m, out);
	if (strcmp(out, text) != 0)
		fail_msg("%s: %s, not %s", label, out, text);
}

static void test_text_in_and_out(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "0", "0.00" },
		{ "-0", "0.00" },
		{ "7", "7.00" },
		{ "12.5", "12.50" },
		{ "12.50", "12.50" },
		{ "-3.1", "-3.10" },
		{ "0.001", "0.001" },
		{ "0.100", "0.10" },
		{ "007.70", "7.70" },
		{ "0.000000000000000001", "0.000000000000000001" },
		{ "-0.000000000000000001", "-0.000000000000000001" },
		{ "0.123456789012345678", "0.123456789012345678" },
		{ "1.500000000000000000000000000000", "1.50" },
		{ "100", "100.00" },
		{ LARGEST, LARGEST },
		{ SMALLEST, SMALLEST },
		{ "00000000000000000000000000000000000000000000000000001", "1.00" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		assert_text(rows[i].in, amount(rows[i].in), rows[i].out);
	assert_true(amount("0.80").attos == 80 * (wide)ATTOS_PER_UNIT / 100);
}

static void test_what_is_no_amount_is_refused(void **state)
{
	static const struct {
		const char *text;
		int result;
	} rows[] = {
		{ "", -FAULT_SYNTAX },
		{ "-", -FAULT_SYNTAX },
		{ ".", -FAULT_SYNTAX },
		{ ".5", -FAULT_SYNTAX },
		{ "-.5", -FAULT_SYNTAX },
		{ "5.", -FAULT_SYNTAX },
		{ "+5", -FAULT_SYNTAX },
		{ "--5", -FAULT_SYNTAX },
		{ " 5", -FAULT_SYNTAX },
		{ "5 ", -FAULT_SYNTAX },
		{ "1,5", -FAULT_SYNTAX },
		{ "1.2.3", -FAULT_SYNTAX },
		{ "1e3", -FAULT_SYNTAX },
		{ "8e-06", -FAULT_SYNTAX },
		{ "0x10", -FAULT_SYNTAX },
		{ "NaN", -FAULT_SYNTAX },
		{ "inf", -FAULT_SYNTAX },
		{ "$5", -FAULT_SYNTAX },
		{ "1_000", -FAULT_SYNTAX },
		{ "\xd9\xa1", -FAULT_SYNTAX }, /* the digit one, in Arabic */
		{ "0.0000000000000000001", -FAULT_RANGE },
		{ "0.1234567890123456789", -FAULT_RANGE },
		{ "9223372036.854775808", -FAULT_RANGE },
		{ "-9223372036.854775808000000001", -FAULT_RANGE },
		{ "10000000000", -FAULT_RANGE },
		/* 2^127 attos and its neighbours: where 128 bits end. */
		{ "170141183460469231731.687303715884105727", -FAULT_RANGE },
		{ "170141183460469231731.687303715884105728", -FAULT_RANGE },
		{ "340282366920938463463.374607431768211457", -FAULT_RANGE },
		{ "99999999999999999999999999999999999999999999999999", -FAULT_RANGE },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct money m = { .attos = 42 };
		struct fault fault = { .code = FAULT_NONE };
		int r = money_parse(text_of(rows[i].text), &m, &fault);

		if (r != rows[i].result || -r != (int)fault.code || m.attos != 42)
			fail_msg("\"%s\" gave %d (%s)", rows[i].text, r, fault.text);
	}
	assert_int_equal(money_parse(text_of(NULL), &(struct money){ 0 }, NULL), -FAULT_SYNTAX);
}

/* As providers and JSON write them; of a unit that is so many places further to the right. */
static void test_numbers_with_an_exponent_are_read_exactly(void **state)
{
#define ZEROS_63 "000000000000000000000000000000000000000000000000000000000000000"
	static const struct {
		const char *text;
		unsigned decimals;
		const char *out; /* NULL: it is refused */
		int result;
	} rows[] = {
		{ "12.5", 0, "12.50", 0 },
		{ "-12.5", 0, "-12.50", 0 },
		{ "3.4e-07", 0, "0.00000034", 0 },
		{ "3.4E-07", 0, "0.00000034", 0 },
		{ "8e+2", 0, "800.00", 0 },
		{ "8e2", 0, "800.00", 0 },
		{ "8e0", 0, "8.00", 0 },
		{ "4680000", 10, "0.000468", 0 },
		{ "123", 2, "1.23", 0 },
		{ "-1.5", 2, "-0.015", 0 },
		{ "1e-18", 0, "0.000000000000000001", 0 },
		{ "1e-16", 2, "0.000000000000000001", 0 },
		{ "10e-19", 0, "0.000000000000000001", 0 },
		{ "9.223372036e9", 0, "9223372036.00", 0 },
		{ "0", 0, "0.00", 0 },
		{ "-0", 0, "0.00", 0 },
		/* Nothing stays nothing, however far it is moved. */
		{ "0e999", 0, "0.00", 0 },
		{ "0.0e-999", 64, "0.00", 0 },
		{ "1" ZEROS_63 "e-64", 0, NULL, -FAULT_RANGE }, /* more digits than there is room */
		{ "1." ZEROS_63 "0", 0, NULL, -FAULT_RANGE },
		{ "1000000000000000000000000000000e-30", 0, "1.00", 0 },
		{ "1e-19", 0, NULL, -FAULT_RANGE },
		{ "1e-17", 2, NULL, -FAULT_RANGE },
		{ "1.5e-18", 0, NULL, -FAULT_RANGE },
		{ "1e10", 0, NULL, -FAULT_RANGE },
		{ "-1e10", 0, NULL, -FAULT_RANGE },
		{ "1e64", 0, NULL, -FAULT_RANGE },
		{ "1e65", 0, NULL, -FAULT_RANGE },
		{ "1e-64", 0, NULL, -FAULT_RANGE },
		{ "1e-65", 0, NULL, -FAULT_RANGE },
		{ "1", 65, NULL, -FAULT_RANGE },
		{ "1e99999999999999999999", 0, NULL, -FAULT_SYNTAX },
		{ "1e", 0, NULL, -FAULT_SYNTAX },
		{ "1e+", 0, NULL, -FAULT_SYNTAX },
		{ "1e++1", 0, NULL, -FAULT_SYNTAX },
		{ "1e1.5", 0, NULL, -FAULT_SYNTAX },
		{ "e5", 0, NULL, -FAULT_SYNTAX },
		{ "1e5e5", 0, NULL, -FAULT_SYNTAX },
		{ "", 0, NULL, -FAULT_SYNTAX },
		{ NULL, 0, NULL, -FAULT_SYNTAX },
	};
#undef ZEROS_63

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct money out = { .attos = 7 };
		int r = money_parse_number(text_of(rows[i].text), rows[i].decimals, &out);

		if (r != rows[i].result)
			fail_msg("%s, %u: %s", rows[i].text, rows[i].decimals, fault_name(r));
		if (rows[i].out != NULL)
			assert_text(rows[i].text, out, rows[i].out);
		else
			assert_true(out.attos == 7);
	}
}

static void test_sums_never_wrap(void **state)
{
	struct money sum = { .attos = 42 };
	struct money largest = amount(LARGEST), smallest = amount(SMALLEST);
	struct money atto = { .attos = 1 };
	/* Not an amount, but what an unchecked sum could have left behind. */
	struct money end = { .attos = (wide)(~(unsigned __int128)0 >> 1) };

	(void)state;
	assert_int_equal(money_add(largest, atto, &sum), -FAULT_RANGE);
	assert_int_equal(money_sub(smallest, atto, &sum), -FAULT_RANGE);
	assert_int_equal(money_add(end, atto, &sum), -FAULT_RANGE);
	assert_int_equal(money_sub((struct money){ -end.attos - 1 }, atto, &sum), -FAULT_RANGE);
	assert_true(sum.attos == 42);

	assert_int_equal(money_sub(largest, atto, &sum), 0);
	assert_text("one below the largest", sum, "9223372036.854775807999999998");
	assert_int_equal(money_add(smallest, largest, &sum), 0);
	assert_text("both ends", sum, "-0.000000000000000001");
	assert_int_equal(money_add(amount("0.1"), amount("0.2"), &sum), 0);
	assert_text("what doubles get wrong", sum, "0.30");
}

/* What columns cannot hold, a total can; what 128 bits cannot, neither can. */
static void test_a_total_holds_more_than_an_amount(void **state)
{
	struct money largest = amount("9223372036.854775807999999999"), total = { 0 };
	const struct money end = { (wide)(((unsigned __int128)1 << 127) - 1) };
	char text[MONEY_TEXT_BYTES];

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(money_total_add(total, largest, &total), 0);
	money_text(total, text);
	assert_string_equal(text, "9223372036854.775807999999999");
	assert_int_equal(money_total_add(end, largest, &total), -FAULT_RANGE);
	money_text(total, text);
	assert_string_equal(text, "9223372036854.775807999999999");
	money_text(end, text);
	assert_string_equal(text, "170141183460469231731.687303715884105727");
}

static void test_amounts_compare(void **state)
{
	(void)state;
	assert_true(money_compare(amount("0.1"), amount("0.10")) == 0);
	assert_true(money_compare(amount("-1"), amount("0.000000000000000001")) < 0);
	assert_true(money_compare(amount(LARGEST), amount(SMALLEST)) > 0);
}

static void test_columns_hold_what_was_split(void **state)
{
	static const struct {
		const char *text;
		int64_t nanos, attos;
	} rows[] = {
		{ "0", 0, 0 },
		{ "1", 1000000000, 0 },
		{ "0.000000001", 1, 0 },
		{ "0.000000000999999999", 0, 999999999 },
		{ "0.000000000000000001", 0, 1 },
		/* Below zero the attos stay at or above zero: floor, not truncation. */
		{ "-0.000000000000000001", -1, 999999999 },
		{ "-0.000000001", -1, 0 },
		{ "-1.000000000000000001", -1000000001, 999999999 },
		{ LARGEST, INT64_MAX, 999999999 },
		{ SMALLEST, INT64_MIN, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct money m = amount(rows[i].text), back;
		int64_t nanos, attos;

		assert_int_equal(money_split(m, &nanos, &attos), 0);
		if (nanos != rows[i].nanos || attos != rows[i].attos)
			fail_msg("%s: %lld, %lld", rows[i].text, (long long)nanos,
			         (long long)attos);
		assert_int_equal(money_join(nanos, attos, &back), 0);
		assert_true(back.attos == m.attos);
	}
}

static void test_columns_that_nobody_could_have_written_are_refused(void **state)
{
	struct money m = { .attos = 42 };
	int64_t nanos = 1, attos = 2;

	(void)state;
	assert_int_equal(money_join(0, -1, &m), -FAULT_RANGE);
	assert_int_equal(money_join(0, ATTOS_PER_NANO, &m), -FAULT_RANGE);
	assert_true(m.attos == 42);
	assert_int_equal(money_split((struct money){ amount(LARGEST).attos + 1 }, &nanos, &attos),
	                 -FAULT_RANGE);
	assert_int_equal(money_split((struct money){ amount(SMALLEST).attos - 1 }, &nanos, &attos),
	                 -FAULT_RANGE);
	assert_true(nanos == 1 && attos == 2);
}

/* As plain SQL adds them: each column by itself, and the attos carried at the end. */
static void test_sums_of_columns_are_sums_of_amounts(void **state)
{
	uint64_t random = fixture_seed("money", 20261122);
	struct money total = { .attos = 0 }, joined;
	int64_t nanos = 0, attos = 0;

	(void)state;
	for (int i = 0; i < RANDOM_RUNS; i++) {
		struct money m;
		int64_t n, a;

		/* Both signs, some large and most small. */
		m.attos = (wide)(int64_t)fixture_random(&random) *
		          (int64_t)(fixture_below(&random, 3) == 0 ? 1000 : 1);
		assert_int_equal(money_split(m, &n, &a), 0);
		assert_int_equal(money_add(total, m, &total), 0);
		nanos += n;
		attos += a;
	}
	assert_int_equal(
		money_join(nanos + attos / ATTOS_PER_NANO, attos % ATTOS_PER_NANO, &joined), 0);
	assert_true(joined.attos == total.attos);
}

static void test_random_amounts_survive_their_text(void **state)
{
	uint64_t random = fixture_seed("money text", 20261122);

	(void)state;
	for (int i = 0; i < RANDOM_RUNS; i++) {
		struct money m, back;
		char text[MONEY_TEXT_BYTES];

		m.attos = (wide)(int64_t)fixture_random(&random) * ATTOS_PER_NANO +
		          (int64_t)fixture_below(&random, ATTOS_PER_NANO);
		/* Shorter ones too: by what is left after a random number of digits went. */
		for (size_t cut = fixture_below(&random, 28); cut > 0; cut--)
			m.attos /= 10;
		money_text(m, text);
		assert_int_equal(money_parse(text_of(text), &back, NULL), 0);
		if (back.attos != m.attos)
			fail_msg("%s came back as another amount", text);
		assert_non_null(strchr(text, '.'));
		assert_true(strlen(strchr(text, '.')) >= 3);
	}
}

static void test_rounding_follows_the_stated_rule(void **state)
{
	static const struct {
		const char *text;
		unsigned decimals;
		const char *half_even, *half_away;
	} rows[] = {
		{ "1.234", 2, "1.23", "1.23" },
		{ "1.236", 2, "1.24", "1.24" },
		{ "1.225", 2, "1.22", "1.23" },
		{ "1.235", 2, "1.24", "1.24" },
		{ "1.225000000000000001", 2, "1.23", "1.23" },
		{ "1.224999999999999999", 2, "1.22", "1.22" },
		{ "-1.225", 2, "-1.22", "-1.23" },
		{ "-1.235", 2, "-1.24", "-1.24" },
		{ "-1.234", 2, "-1.23", "-1.23" },
		{ "-1.236", 2, "-1.24", "-1.24" },
		{ "0.005", 2, "0.00", "0.01" },
		{ "-0.005", 2, "0.00", "-0.01" },
		{ "0.015", 2, "0.02", "0.02" },
		{ "0.5", 0, "0.00", "1.00" },
		{ "1.5", 0, "2.00", "2.00" },
		{ "2.5", 0, "2.00", "3.00" },
		{ "-0.5", 0, "0.00", "-1.00" },
		{ "-2.5", 0, "-2.00", "-3.00" },
		{ "9.999", 2, "10.00", "10.00" },
		{ "0.000000000000000005", 17, "0.00", "0.00000000000000001" },
		{ "0.000000000000000015", 17, "0.00000000000000002", "0.00000000000000002" },
		{ "0.123456789012345678", 18, "0.123456789012345678", "0.123456789012345678" },
		{ "0", 2, "0.00", "0.00" },
		{ "1.20", 2, "1.20", "1.20" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct money out;

		assert_int_equal(
			money_round(amount(rows[i].text), rows[i].decimals, MONEY_HALF_EVEN, &out),
			0);
		assert_text(rows[i].text, out, rows[i].half_even);
		assert_int_equal(
			money_round(amount(rows[i].text), rows[i].decimals, MONEY_HALF_AWAY, &out),
			0);
		assert_text(rows[i].text, out, rows[i].half_away);
	}
}

static void test_rounding_out_of_range_is_refused(void **state)
{
	struct money out = { .attos = 42 };

	(void)state;
	assert_int_equal(money_round(amount("1"), 19, MONEY_HALF_EVEN, &out), -FAULT_RANGE);
	assert_int_equal(money_round(amount(LARGEST), 2, MONEY_HALF_EVEN, &out), 0);
	assert_text("down", out, "9223372036.85");
	assert_int_equal(money_round(amount(LARGEST), 0, MONEY_HALF_EVEN, &out), -FAULT_RANGE);
	assert_int_equal(money_round(amount(SMALLEST), 1, MONEY_HALF_AWAY, &out), -FAULT_RANGE);
	assert_text("untouched", out, "9223372036.85");
}

/* Rounding never moves an amount by more than half a step, and twice is once. */
static void test_rounding_is_nearest_and_settles(void **state)
{
	uint64_t random = fixture_seed("money rounding", 20261122);

	(void)state;
	for (int i = 0; i < RANDOM_RUNS; i++) {
		struct money m = { .attos = (int64_t)fixture_random(&random) }, once, twice;
		unsigned decimals = (unsigned)fixture_below(&random, MONEY_DECIMALS_MAX + 1);
		enum money_rounding rule = fixture_below(&random, 2) == 0 ? MONEY_HALF_EVEN
		                                                          : MONEY_HALF_AWAY;
		wide step = 1, moved;

		for (unsigned d = decimals; d < MONEY_DECIMALS_MAX; d++)
			step *= 10;
		assert_int_equal(money_round(m, decimals, rule, &once), 0);
		moved = once.attos - m.attos;
		assert_true(once.attos % step == 0);
		assert_true(2 * (moved < 0 ? -moved : moved) <= step);
		assert_int_equal(money_round(once, decimals, rule, &twice), 0);
		assert_true(twice.attos == once.attos);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_in_and_out),
		cmocka_unit_test(test_what_is_no_amount_is_refused),
		cmocka_unit_test(test_numbers_with_an_exponent_are_read_exactly),
		cmocka_unit_test(test_sums_never_wrap),
		cmocka_unit_test(test_a_total_holds_more_than_an_amount),
		cmocka_unit_test(test_amounts_compare),
		cmocka_unit_test(test_columns_hold_what_was_split),
		cmocka_unit_test(test_columns_that_nobody_could_have_written_are_refused),
		cmocka_unit_test(test_sums_of_columns_are_sums_of_amounts),
		cmocka_unit_test(test_random_amounts_survive_their_text),
		cmocka_unit_test(test_rounding_follows_the_stated_rule),
		cmocka_unit_test(test_rounding_out_of_range_is_refused),
		cmocka_unit_test(test_rounding_is_nearest_and_settles),
	};

	return cmocka_run_group_tests_name("money", tests, NULL, NULL);
}
