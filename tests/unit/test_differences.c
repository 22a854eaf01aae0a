#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/differences.h"
#include "tests/support/fixture.h"

static struct adjustment of(int64_t hour_ms, const char *account, wide attos)
{
	return (struct adjustment){
		.hour_ms = hour_ms, .account = text_of(account), .events = 1, .amount = { attos }
	};
}

static void add(struct differences *differences, struct adjustment row)
{
	struct fault fault = { .code = FAULT_NONE };

	if (differences_add(differences, &row, &fault) < 0)
		fail_msg("%s", fault.text);
}

/* Also where one name is not sent, and where two names only stand in other places. */
static void test_every_part_of_a_key_tells_sums_apart(void **state)
{
	const struct text a = text_of("a"), b = text_of("b");
	const struct adjustment rows[] = {
		{ .hour_ms = 1 },
		{ .hour_ms = 2 },
		{ .account = a },
		{ .account = b },
		{ .key = a },
		{ .model = a },
		{ .source = a },
		{ .provider = a },
		{ .service_tier = a },
		{ .account = a, .key = b },
		{ .account = b, .key = a },
		{ .account = text_of("ab") },
		{ .account = text_of("") },
		{ .hour_ms = 0 },
	};
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	struct differences differences = { .rows = NULL };

	(void)state;
	for (int again = 0; again < 2; again++) {
		for (size_t i = 0; i < ROWS; i++) {
			struct adjustment row = rows[i];

			row.events = 1;
			row.amount.attos = (wide)i + 1;
			add(&differences, row);
		}
	}
	assert_int_equal(differences.count, ROWS);
	for (size_t i = 0; i < ROWS; i++) {
		assert_int_equal(differences.rows[i].events, 2);
		assert_true(differences.rows[i].amount.attos == 2 * ((wide)i + 1));
	}
	differences_release(&differences);
}

static void test_sums_that_come_to_nothing_are_taken_out(void **state)
{
	struct differences differences = { .rows = NULL };

	(void)state;
	differences_drop_zeros(&differences);
	for (int again = 0; again < 2; again++) {
		char name[] = "x";

		add(&differences, of(0, name, 5));
		name[0] = 'y'; /* its text was copied */
		add(&differences, of(0, "b", -7));
		add(&differences, of(0, "x", -5));
		differences_drop_zeros(&differences);
		assert_int_equal(differences.count, 1);
		assert_true(text_is(differences.rows[0].account, "b"));
		assert_true(differences.rows[0].amount.attos == -7);
		differences_clear(&differences);
		assert_int_equal(differences.count, 0);
	}
	differences_release(&differences);
}

static void test_many_sums_are_as_they_were_added(void **state)
{
	enum { KEYS = 5000, ADDS = 50000 };
	static int64_t due[KEYS];
	struct differences differences = { .rows = NULL };
	uint64_t seed = fixture_seed("differences", 7);
	size_t used = 0;

	(void)state;
	for (int i = 0; i < ADDS; i++) {
		size_t key = fixture_below(&seed, KEYS);
		int64_t attos = (int64_t)fixture_below(&seed, 1000) - 500;
		char name[32];

		snprintf(name, sizeof(name), "a%zu", key / 7);
		add(&differences, of((int64_t)key % 7, name, attos));
		due[key] += attos;
	}
	for (size_t key = 0; key < KEYS; key++) {
		char name[32];
		struct adjustment row;

		snprintf(name, sizeof(name), "a%zu", key / 7);
		row = of((int64_t)key % 7, name, -due[key]);
		add(&differences, row);
	}
	used = differences.count;
	assert_true(used <= KEYS);
	differences_drop_zeros(&differences);
	assert_int_equal(differences.count, 0);
	differences_release(&differences);
}

static void test_the_limits_are_told(void **state)
{
	const wide most = (wide)INT64_MAX * ATTOS_PER_NANO;
	struct differences differences = { .rows = NULL };
	struct fault fault = { .code = FAULT_NONE };
	struct adjustment row = of(0, "a", most);

	(void)state;
	add(&differences, row);
	assert_int_equal(differences_add(&differences, &row, &fault), -FAULT_RANGE);
	assert_true(differences.rows[0].amount.attos == most && differences.rows[0].events == 1);
	for (int64_t hour = 1; hour < DIFFERENCES_MAX; hour++)
		add(&differences, of(hour, "a", 1));
	row = of(DIFFERENCES_MAX, "a", 1);
	assert_int_equal(differences_add(&differences, &row, &fault), -FAULT_RANGE);
	assert_non_null(strstr(fault.text, "more than 262144 hourly sums"));
	/* One that is there is still added to. */
	add(&differences, of(1, "a", 1));
	differences_release(&differences);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_part_of_a_key_tells_sums_apart),
		cmocka_unit_test(test_sums_that_come_to_nothing_are_taken_out),
		cmocka_unit_test(test_many_sums_are_as_they_were_added),
		cmocka_unit_test(test_the_limits_are_told),
	};

	return cmocka_run_group_tests_name("differences", tests, NULL, NULL);
}
