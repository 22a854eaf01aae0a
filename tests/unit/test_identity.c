#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/identity.h"

static void test_a_fingerprint_is_of_source_and_id(void **state)
{
	uint64_t a = identity_fingerprint(1, text_of("x"));

	(void)state;
	assert_true(a == identity_fingerprint(1, text_of("x")));
	assert_true(a != identity_fingerprint(2, text_of("x")));
	assert_true(a != identity_fingerprint(1, text_of("y")));
	assert_true(identity_fingerprint(1, text_of("")) != 0);
}

static void test_the_last_time_of_an_identity_is_found(void **state)
{
	struct identity identity;
	int64_t ts = 0;

	(void)state;
	assert_int_equal(identity_init(&identity, IDENTITY_ENTRIES_MIN), 0);
	assert_false(identity_find(&identity, 7, &ts));
	identity_add(&identity, 7, 100);
	assert_true(identity_find(&identity, 7, &ts));
	assert_int_equal(ts, 100);
	identity_add(&identity, 7, 200);
	assert_true(identity_find(&identity, 7, &ts));
	assert_int_equal(ts, 200);
	assert_int_equal(identity.young_count, 1);
	identity_release(&identity);
}

/* Fingerprints that want the same slot are told apart. */
static void test_collisions_are_told_apart(void **state)
{
	struct identity identity;

	(void)state;
	assert_int_equal(identity_init(&identity, IDENTITY_ENTRIES_MIN), 0);
	for (uint64_t i = 0; i < 100; i++)
		identity_add(&identity, 5 + i * identity.slots, (int64_t)i);
	for (uint64_t i = 0; i < 100; i++) {
		int64_t ts = -1;

		assert_true(identity_find(&identity, 5 + i * identity.slots, &ts));
		assert_int_equal(ts, i);
	}
	identity_release(&identity);
}

/* Whatever came before, the newest half is there; and no more than all that fits. */
static void test_the_newest_half_is_always_kept(void **state)
{
	static const size_t maxima[] = { 1, IDENTITY_ENTRIES_MIN, 5000, 100000 };

	(void)state;
	for (size_t m = 0; m < sizeof(maxima) / sizeof(maxima[0]); m++) {
		size_t max = maxima[m] < IDENTITY_ENTRIES_MIN ? IDENTITY_ENTRIES_MIN : maxima[m];
		struct identity identity;
		uint64_t added = 0;
		int64_t ts;

		assert_int_equal(identity_init(&identity, maxima[m]), 0);
		assert_true(identity.slots / 4 * 3 >= identity.generation_max);
		while (added < 3 * max + 17) {
			size_t found = 0;

			added++;
			identity_add(&identity, added * UINT64_C(0x9e3779b97f4a7c15),
			             (int64_t)added);
			if (added % 499 != 0)
				continue;
			for (uint64_t i = 1; i <= added; i++) {
				bool there = identity_find(&identity,
				                           i * UINT64_C(0x9e3779b97f4a7c15), &ts);

				found += there;
				assert_true(!there || ts == (int64_t)i);
				assert_true(there || i + max / 2 <= added);
			}
			assert_true(found <= max);
			if (added > 20000)
				break;
		}
		identity_release(&identity);
	}
}

/* As a start of the daemon fills it: the newest first, all that fits, and then new ones come. */
static void test_filled_newest_first_the_newest_half_is_kept(void **state)
{
	struct identity identity;
	int64_t ts = 0;

	(void)state;
	assert_int_equal(identity_init(&identity, IDENTITY_ENTRIES_MIN), 0);
	for (uint64_t i = IDENTITY_ENTRIES_MIN + 10; i > 0; i--)
		identity_add_older(&identity, i, (int64_t)i);
	for (uint64_t i = 1; i <= IDENTITY_ENTRIES_MIN + 10; i++)
		assert_int_equal(identity_find(&identity, i, &ts), i > 10);
	for (uint64_t i = 0; i < IDENTITY_ENTRIES_MIN / 2; i++) {
		identity_add(&identity, 5000 + i, 5000);
		assert_true(identity_find(&identity, IDENTITY_ENTRIES_MIN + 10, &ts));
		assert_true(identity_find(&identity, IDENTITY_ENTRIES_MIN / 2 + 11, &ts));
		assert_int_equal(ts, IDENTITY_ENTRIES_MIN / 2 + 11);
	}
	/* The first of a name is the newest: what is older does not take its place. */
	identity_release(&identity);
	assert_int_equal(identity_init(&identity, IDENTITY_ENTRIES_MIN), 0);
	identity_add_older(&identity, 7, 200);
	identity_add_older(&identity, 7, 100);
	assert_true(identity_find(&identity, 7, &ts));
	assert_int_equal(ts, 200);
	identity_release(&identity);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_fingerprint_is_of_source_and_id),
		cmocka_unit_test(test_the_last_time_of_an_identity_is_found),
		cmocka_unit_test(test_collisions_are_told_apart),
		cmocka_unit_test(test_the_newest_half_is_always_kept),
		cmocka_unit_test(test_filled_newest_first_the_newest_half_is_kept),
	};

	return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
