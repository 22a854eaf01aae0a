/* Sums of both sides beside each other: groups that are made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bill/groups.h"

/* Of one row that tells the input, or the whole of the prompt, and no amount. */
static struct bill_group made(int64_t ours, int64_t theirs, bool whole)
{
	struct bill_group group = { .rows = 1 };

	statement_row_init(&group.theirs);
	group.count[COMPONENT_INPUT] = ours;
	if (whole) {
		group.theirs.prompt_total = theirs;
	} else {
		group.theirs.count[COMPONENT_INPUT] = theirs;
		group.theirs.told = UINT32_C(1) << COMPONENT_INPUT;
	}
	return group;
}

static void test_neighbours_cancel_where_they_add_up_to_nothing(void **state)
{
	static const struct {
		const char *label;
		int64_t ours[2], theirs[2];
		bool cancel;
	} rows[] = {
		{ "one more, one less", { 5, 5 }, { 6, 4 }, true },
		{ "both more", { 5, 5 }, { 6, 6 }, false },
		{ "nothing", { 5, 5 }, { 5, 5 }, false },
		{ "a difference that is no count", { -2, 0 }, { INT64_MAX, INT64_MAX }, false },
		{ "of the other", { 0, -2 }, { INT64_MAX, INT64_MAX }, false },
		{ "as large as there are", { 0, INT64_MAX }, { INT64_MAX, 0 }, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int whole = 0; whole < 2; whole++) {
			const struct bill_group a = made(rows[i].ours[0], rows[i].theirs[0], whole);
			const struct bill_group b = made(rows[i].ours[1], rows[i].theirs[1], whole);

			if (bill_groups_cancel(&a, &b, 1) != rows[i].cancel)
				fail_msg("%s, %s", rows[i].label, whole ? "whole" : "input");
		}
	}
}

static void test_rows_of_a_currency_explain_what_the_others_are_short_of(void **state)
{
	static const struct {
		const char *label;
		int64_t input, read, theirs, foreign;
		bool explains;
	} rows[] = {
		{ "the rest", 5, 2, 4, 3, true },
		{ "less", 5, 2, 4, 2, false },
		{ "nothing", 5, 2, 7, 0, false },
		{ "of more than a count", INT64_MAX, 2, INT64_MIN, 1, false },
		{ "the least there is", INT64_MIN, 0, INT64_MIN + 2, -2, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bill_group group = made(rows[i].input, rows[i].theirs, true);
		struct statement_row foreign;

		statement_row_init(&foreign);
		foreign.prompt_total = rows[i].foreign;
		group.count[COMPONENT_CACHE_READ] = rows[i].read;
		group.foreign_sum = &foreign;
		if (bill_group_foreign_explains(&group) != rows[i].explains)
			fail_msg("%s", rows[i].label);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_neighbours_cancel_where_they_add_up_to_nothing),
		cmocka_unit_test(test_rows_of_a_currency_explain_what_the_others_are_short_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
