#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/backoff.h"

enum { FIRST_MS = 100, CAP_MS = 30000, TRIES = 40, SEEDS = 500 };

/* The limit doubles from the first to the cap, and no wait is 0 or beyond it. */
static void test_waits_lie_between_one_and_a_limit_that_doubles(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct backoff backoff;
		unsigned limit = FIRST_MS;

		backoff_init(&backoff, FIRST_MS, CAP_MS, seed);
		for (int i = 0; i < TRIES; i++) {
			unsigned wait = backoff_next_ms(&backoff);

			assert_in_range(wait, 1, limit);
			limit = 2 * limit < CAP_MS ? 2 * limit : CAP_MS;
		}
	}
}

/* Full jitter: each half of the range is met about as often, at the first try and at the cap. */
static void test_waits_are_spread_over_the_whole_range(void **state)
{
	unsigned low_first = 0, low_cap = 0;

	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct backoff backoff;
		unsigned wait = 0;

		backoff_init(&backoff, FIRST_MS, CAP_MS, seed);
		low_first += backoff_next_ms(&backoff) <= FIRST_MS / 2;
		for (int i = 0; i < TRIES; i++)
			wait = backoff_next_ms(&backoff);
		low_cap += wait <= CAP_MS / 2;
	}
	assert_in_range(low_first, SEEDS / 3, SEEDS * 2 / 3);
	assert_in_range(low_cap, SEEDS / 3, SEEDS * 2 / 3);
}

static void test_after_a_success_it_begins_anew(void **state)
{
	struct backoff backoff;

	(void)state;
	backoff_init(&backoff, FIRST_MS, CAP_MS, 7);
	for (int i = 0; i < TRIES; i++)
		backoff_next_ms(&backoff);
	for (int i = 0; i < TRIES; i++) {
		backoff_reset(&backoff);
		assert_in_range(backoff_next_ms(&backoff), 1, FIRST_MS);
	}
}

static void test_a_seed_gives_the_same_waits_another_others(void **state)
{
	struct backoff a, b, c;
	unsigned same = 0;

	(void)state;
	backoff_init(&a, FIRST_MS, CAP_MS, 1);
	backoff_init(&b, FIRST_MS, CAP_MS, 1);
	backoff_init(&c, FIRST_MS, CAP_MS, 2);
	for (int i = 0; i < TRIES; i++) {
		unsigned wait = backoff_next_ms(&a);

		assert_int_equal(backoff_next_ms(&b), wait);
		same += backoff_next_ms(&c) == wait;
	}
	assert_in_range(same, 0, TRIES / 4);
}

static void test_a_first_wait_at_the_cap_stays_there(void **state)
{
	struct backoff backoff;

	(void)state;
	backoff_init(&backoff, 1, 1, 3);
	for (int i = 0; i < TRIES; i++)
		assert_int_equal(backoff_next_ms(&backoff), 1);
	backoff_init(&backoff, UINT32_MAX, UINT32_MAX, 3);
	for (int i = 0; i < TRIES; i++)
		assert_true(backoff_next_ms(&backoff) >= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waits_lie_between_one_and_a_limit_that_doubles),
		cmocka_unit_test(test_waits_are_spread_over_the_whole_range),
		cmocka_unit_test(test_after_a_success_it_begins_anew),
		cmocka_unit_test(test_a_seed_gives_the_same_waits_another_others),
		cmocka_unit_test(test_a_first_wait_at_the_cap_stays_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
