/* Rows of a statement put together: what all of them tell is told, and nothing that is half. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bill/rows.h"

static void tell(struct statement_row *row, enum component component, int64_t count)
{
	row->count[component] = count;
	row->told |= UINT32_C(1) << component;
}

static uint32_t bits(enum component a, enum component b)
{
	return UINT32_C(1) << a | UINT32_C(1) << b;
}

static struct statement_row usage(void)
{
	struct statement_row row;

	statement_row_init(&row);
	row.from_ms = 1000;
	row.to_ms = 2000;
	row.requests = 1;
	return row;
}

static struct statement_row sum_of(const struct statement_row *a, const struct statement_row *b)
{
	struct statement_row sum = *a;

	bill_row_start(&sum);
	assert_int_equal(bill_row_add(&sum, b, false, NULL), 0);
	assert_int_equal(sum.requests, a->of == COMPONENT_COUNT && b->of == COMPONENT_COUNT
	                                       ? 2
	                                       : STATEMENT_UNTOLD);
	return sum;
}

static void test_parts_of_both_add_up(void **state)
{
	struct statement_row a = usage(), b = usage(), sum;

	(void)state;
	tell(&a, COMPONENT_INPUT, 10);
	tell(&b, COMPONENT_INPUT, 20);
	/* What a row that tells all of the prompt does not name, it has none of. */
	tell(&b, COMPONENT_CACHE_READ, 5);
	sum = sum_of(&a, &b);
	assert_int_equal(sum.told, bits(COMPONENT_INPUT, COMPONENT_CACHE_READ));
	assert_int_equal(sum.count[COMPONENT_INPUT], 30);
	assert_int_equal(sum.count[COMPONENT_CACHE_READ], 5);
	assert_int_equal(sum.prompt_total, STATEMENT_UNTOLD);
	assert_int_equal(sum.answer_total, STATEMENT_UNTOLD);
}

static void test_wholes_and_the_same_parts_add_up(void **state)
{
	struct statement_row a = usage(), b = usage(), sum;

	(void)state;
	a.prompt_total = 100;
	tell(&a, COMPONENT_CACHE_READ, 40);
	b.prompt_total = 10;
	tell(&b, COMPONENT_CACHE_READ, 4);
	sum = sum_of(&a, &b);
	assert_int_equal(sum.prompt_total, 110);
	assert_int_equal(sum.told, bits(COMPONENT_CACHE_READ, COMPONENT_CACHE_READ));
	assert_int_equal(sum.count[COMPONENT_CACHE_READ], 44);
}

/* An answer in its parts, and one of which only the whole is known: OpenRouter's activity. */
static void test_a_whole_that_one_leaves_open_is_no_sum_of_parts(void **state)
{
	struct statement_row a = usage(), b = usage(), sum;

	(void)state;
	tell(&a, COMPONENT_OUTPUT, 100);
	tell(&a, COMPONENT_REASONING, 25);
	b.answer_total = 10;
	for (int turned = 0; turned < 2; turned++) {
		sum = turned ? sum_of(&b, &a) : sum_of(&a, &b);
		assert_int_equal(sum.told, 0);
		assert_int_equal(sum.count[COMPONENT_OUTPUT], 0);
		assert_int_equal(sum.count[COMPONENT_REASONING], 0);
		assert_int_equal(sum.answer_total, 135);
	}
	/* And a part that both tell stands beside it. */
	tell(&b, COMPONENT_REASONING, 3);
	sum = sum_of(&a, &b);
	assert_int_equal(sum.told, bits(COMPONENT_REASONING, COMPONENT_REASONING));
	assert_int_equal(sum.count[COMPONENT_REASONING], 28);
	assert_int_equal(sum.answer_total, 135);
	/* Of a third that tells nothing nothing is left. */
	b = usage();
	assert_int_equal(bill_row_add(&sum, &b, false, NULL), 0);
	assert_int_equal(sum.told, 0);
	assert_int_equal(sum.answer_total, STATEMENT_UNTOLD);
}

static struct statement_row paid(unsigned flags, int64_t upstream)
{
	struct statement_row row = usage();

	row.flags = flags;
	row.has_money |= 1u << STATEMENT_MONEY_UPSTREAM;
	row.money[STATEMENT_MONEY_UPSTREAM].attos = upstream;
	return row;
}

/* What own keys paid of a sum is the upstream amounts of those rows alone. */
static void test_own_keys_of_some_rows_are_a_part_of_the_sum(void **state)
{
	const struct statement_row own = paid(STATEMENT_BYOK, 5), none = paid(0, 3),
				   part = paid(STATEMENT_BYOK_PART, 7);
	struct statement_row untold = own, sum;

	(void)state;
	sum = sum_of(&own, &own);
	assert_int_equal(sum.flags, STATEMENT_BYOK);
	assert_int_equal(sum.money[STATEMENT_MONEY_UPSTREAM].attos, 10);
	sum = sum_of(&none, &none);
	assert_int_equal(sum.flags, 0);
	assert_int_equal(sum.money[STATEMENT_MONEY_UPSTREAM].attos, 6);
	for (int turned = 0; turned < 2; turned++) {
		sum = turned ? sum_of(&own, &none) : sum_of(&none, &own);
		assert_int_equal(sum.flags, STATEMENT_BYOK_PART);
		assert_int_equal(sum.money[STATEMENT_MONEY_UPSTREAM].attos, 5);
		sum = turned ? sum_of(&own, &part) : sum_of(&part, &own);
		assert_int_equal(sum.flags, STATEMENT_BYOK_PART);
		assert_int_equal(sum.money[STATEMENT_MONEY_UPSTREAM].attos, 12);
	}
	assert_int_equal(bill_row_add(&sum, &none, false, NULL), 0);
	assert_int_equal(sum.money[STATEMENT_MONEY_UPSTREAM].attos, 12);
	/* Where one does not say how much, nobody does. */
	untold.has_money &= ~(1u << STATEMENT_MONEY_UPSTREAM);
	untold.money[STATEMENT_MONEY_UPSTREAM].attos = 0;
	sum = sum_of(&untold, &none);
	assert_int_equal(bill_row_add(&sum, &own, false, NULL), 0);
	assert_int_equal(sum.flags, STATEMENT_BYOK_PART);
	assert_false(statement_has(&sum, STATEMENT_MONEY_UPSTREAM));
}

/* Lines of a bill, each of one component; an answer's has its reasoning in it. */
static void test_lines_of_components(void **state)
{
	struct statement_row a = usage(), b = usage(), sum;

	(void)state;
	a.requests = b.requests = STATEMENT_UNTOLD;
	a.of = COMPONENT_INPUT;
	tell(&a, COMPONENT_INPUT, 7);
	b.of = COMPONENT_OUTPUT;
	b.answer_total = 50;
	sum = sum_of(&a, &b);
	assert_int_equal(sum.count[COMPONENT_INPUT], 7);
	assert_int_equal(sum.answer_total, 50);
	assert_int_equal(bill_row_add(&sum, &b, false, NULL), 0);
	assert_int_equal(sum.answer_total, 100);
	assert_int_equal(bill_row_add(&sum, &a, false, NULL), 0);
	assert_int_equal(sum.count[COMPONENT_INPUT], 14);
	assert_int_equal(sum.answer_total, 100);
}

static void test_sums_that_are_no_count(void **state)
{
	struct statement_row a = usage(), b = usage();
	struct fault fault = { .code = FAULT_NONE };

	(void)state;
	a.prompt_total = b.prompt_total = INT64_MAX;
	b.record = 7;
	assert_int_equal(bill_row_add(&a, &b, false, &fault), -FAULT_RANGE);
	assert_non_null(strstr(fault.text, "record 7"));
	a = b = usage();
	tell(&a, COMPONENT_INPUT, INT64_MAX);
	tell(&b, COMPONENT_INPUT, 1);
	assert_int_equal(bill_row_add(&a, &b, false, &fault), -FAULT_RANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts_of_both_add_up),
		cmocka_unit_test(test_wholes_and_the_same_parts_add_up),
		cmocka_unit_test(test_a_whole_that_one_leaves_open_is_no_sum_of_parts),
		cmocka_unit_test(test_own_keys_of_some_rows_are_a_part_of_the_sum),
		cmocka_unit_test(test_lines_of_components),
		cmocka_unit_test(test_sums_that_are_no_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
