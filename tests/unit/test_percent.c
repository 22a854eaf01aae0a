#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "money/percent.h"

static void test_a_change_is_rounded_half_away_from_zero(void **state)
{
	static const struct {
		const char *label;
		int64_t from, to;
		const char *expected; /* NULL: there is none */
	} rows[] = {
		{ "up", 100, 125, "25.00" },
		{ "down", 100, 75, "-25.00" },
		{ "nothing", 7, 7, "0.00" },
		{ "nothing of nothing", 0, 0, "0.00" },
		{ "to nothing", 3, 0, "-100.00" },
		{ "from nothing", 0, 1, NULL },
		{ "a third", 3, 4, "33.33" },
		{ "two thirds", 3, 5, "66.67" },
		{ "half of a hundredth, up", 20000, 20001, "0.01" },
		{ "half of a hundredth, down", 20000, 19999, "-0.01" },
		{ "below half of a hundredth, up", 20001, 20002, "0.00" },
		{ "below half of a hundredth, down", 20001, 20000, "0.00" },
		{ "of what is negative", -100, -50, "50.00" },
		{ "through zero", -100, 100, "200.00" },
		{ "further below zero", -100, -150, "-50.00" },
		{ "the largest", 1, PERCENT_MAX / 100 + 1, "1000000000000.00" },
		{ "above it", 1, PERCENT_MAX / 100 + 2, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[PERCENT_TEXT_BYTES] = "(none)";
		bool there = percent_change(rows[i].from, rows[i].to, text);

		print_message("%s\n", rows[i].label);
		assert_int_equal(there, rows[i].expected != NULL);
		assert_string_equal(text, there ? rows[i].expected : "(none)");
	}
}

static void test_what_has_no_room_has_no_per_cent(void **state)
{
	const wide most = (wide)(~(unsigned __int128)0 >> 1), room = ((wide)1 << 123) - 1;
	char text[PERCENT_TEXT_BYTES];

	(void)state;
	assert_false(percent_change(most, 1, text));
	assert_false(percent_change(room + 1, 1, text));
	assert_true(percent_change(room, -room, text));
	assert_string_equal(text, "-200.00");
	assert_true(percent_change(room, -most - 1, text));
	assert_string_equal(text, "-1700.00");
	assert_true(percent_change(most, most, text));
	assert_string_equal(text, "0.00");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_change_is_rounded_half_away_from_zero),
		cmocka_unit_test(test_what_has_no_room_has_no_per_cent),
	};

	return cmocka_run_group_tests_name("percent", tests, NULL, NULL);
}
