#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bill/index.h"
#include "tests/support/fixture.h"

enum { MANY = 100000, HASHES = 30000 };

/* What goes in, kept by the test. */
struct told {
	uint64_t hash;
	int64_t place;
};

static int by_both(const void *a, const void *b)
{
	const struct told *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

static uint64_t any_hash(uint64_t *seed)
{
	uint64_t n = fixture_below(seed, HASHES);

	/* Some share all their first bits, some all of their last ones. */
	return n % 3 == 0 ? n : n % 3 == 1 ? n << 40 : n * UINT64_C(0x9e3779b97f4a7c15);
}

static struct told *fill(struct bill_index *index, size_t count, uint64_t seed)
{
	struct told *told = calloc(count, sizeof(*told));

	assert_non_null(told);
	for (size_t i = 0; i < count; i++) {
		told[i] = (struct told){ any_hash(&seed), (int64_t)i * 100 };
		assert_int_equal(bill_index_add(index, told[i].hash, told[i].place, NULL), 0);
	}
	qsort(told, count, sizeof(*told), by_both);
	return told;
}

static void test_all_are_found_in_their_order(void **state)
{
	struct bill_index index = { .entries = NULL };
	struct told *told = fill(&index, MANY, 1);
	size_t count, at = 0;

	(void)state;
	assert_int_equal(bill_index_sort(&index, NULL), 0);
	while (at < MANY) {
		struct bill_entry *run = bill_index_find(&index, told[at].hash, &count);

		assert_non_null(run);
		for (size_t i = 0; i < count; i++, at++) {
			assert_int_equal(run[i].hash, told[at].hash);
			assert_int_equal(run[i].place, told[at].place);
			assert_ptr_equal(bill_index_at(&index, run[i].hash, told[at].place),
			                 &run[i]);
		}
		assert_true(at == MANY || told[at].hash != told[at - 1].hash);
		assert_null(bill_index_at(&index, told[at - 1].hash, told[at - 1].place + 1));
	}
	free(told);
	bill_index_release(&index);
}

static void test_what_is_not_there_is_not_found(void **state)
{
	struct bill_index index = { .entries = NULL };
	size_t count = 7;

	(void)state;
	assert_int_equal(bill_index_sort(&index, NULL), 0);
	assert_null(bill_index_find(&index, 5, &count));
	assert_int_equal(count, 0);
	assert_null(bill_index_at(&index, 5, 5));
	bill_index_release(&index);
	assert_int_equal(bill_index_add(&index, 5, 1, NULL), 0);
	assert_int_equal(bill_index_sort(&index, NULL), 0);
	assert_null(bill_index_find(&index, 4, &count));
	assert_null(bill_index_find(&index, UINT64_MAX, &count));
	assert_null(bill_index_at(&index, 5, 2));
	assert_non_null(bill_index_at(&index, 5, 1));
	bill_index_release(&index);
}

static void test_marks_do_not_move_an_entry(void **state)
{
	struct bill_index index = { .entries = NULL };
	struct bill_entry *entry;

	(void)state;
	for (int64_t place = 0; place < 100; place++)
		assert_int_equal(bill_index_add(&index, 9, place, NULL), 0);
	assert_int_equal(bill_index_sort(&index, NULL), 0);
	for (int64_t place = 0; place < 100; place += 3)
		bill_index_at(&index, 9, place)->place |= BILL_TAKEN | BILL_REPEAT;
	for (int64_t place = 0; place < 100; place++) {
		entry = bill_index_at(&index, 9, place);
		assert_non_null(entry);
		assert_int_equal(entry->place & BILL_PLACE, place);
		assert_int_equal((entry->place & BILL_TAKEN) != 0, place % 3 == 0);
	}
	bill_index_release(&index);
}

static void test_a_long_run_among_others(void **state)
{
	struct bill_index index = { .entries = NULL };
	struct bill_entry *run;
	size_t count;

	(void)state;
	/* Neighbours on both sides, in the same line of the directory. */
	for (int64_t place = 0; place < MANY; place++)
		assert_int_equal(bill_index_add(&index, 70, place, NULL), 0);
	for (int64_t hash = 60; hash < 80; hash++)
		assert_int_equal(bill_index_add(&index, (uint64_t)hash, MANY + hash, NULL), 0);
	assert_int_equal(bill_index_sort(&index, NULL), 0);
	run = bill_index_find(&index, 70, &count);
	assert_non_null(run);
	assert_int_equal(count, MANY + 1);
	for (int64_t place = 0; place < MANY; place++) {
		assert_ptr_equal(bill_index_at(&index, 70, place), &run[place]);
		run[place].place |= BILL_TAKEN;
	}
	assert_ptr_equal(bill_index_find(&index, 70, &count), run);
	assert_int_equal(count, MANY + 1);
	for (uint64_t hash = 60; hash < 80; hash++) {
		assert_non_null(bill_index_at(&index, hash, MANY + (int64_t)hash));
		assert_null(bill_index_at(&index, hash, MANY + 80));
		if (hash != 70) {
			assert_non_null(bill_index_find(&index, hash, &count));
			assert_int_equal(count, 1);
		}
	}
	assert_null(bill_index_find(&index, 80, &count));
	assert_null(bill_index_at(&index, 59, 0));
	bill_index_release(&index);
}

static void test_only_what_is_there_twice_is_kept(void **state)
{
	struct bill_index index = { .entries = NULL };
	struct told *told = fill(&index, MANY, 2);
	size_t kept = 0, count;

	(void)state;
	assert_int_equal(bill_index_sort_repeated(&index, NULL), 0);
	for (size_t i = 0; i < MANY; i++) {
		bool twice = (i > 0 && told[i - 1].hash == told[i].hash) ||
		             (i + 1 < MANY && told[i + 1].hash == told[i].hash);

		kept += twice;
		assert_int_equal(bill_index_at(&index, told[i].hash, told[i].place) != NULL, twice);
	}
	assert_true(kept > 0 && kept < MANY);
	assert_int_equal(index.count, kept);
	bill_index_release(&index);
	free(told);
	assert_int_equal(bill_index_add(&index, 5, 1, NULL), 0);
	assert_int_equal(bill_index_sort_repeated(&index, NULL), 0);
	assert_null(bill_index_find(&index, 5, &count));
	bill_index_release(&index);
}

static void test_too_many_are_refused(void **state)
{
	struct bill_index index = { .entries = NULL };
	struct fault fault;

	(void)state;
	assert_int_equal(bill_index_reserve(&index, (size_t)UINT32_MAX + 1, &fault), -FAULT_RANGE);
	assert_non_null(strstr(fault.text, "too many rows"));
	assert_null(index.entries);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_are_found_in_their_order),
		cmocka_unit_test(test_what_is_not_there_is_not_found),
		cmocka_unit_test(test_marks_do_not_move_an_entry),
		cmocka_unit_test(test_a_long_run_among_others),
		cmocka_unit_test(test_only_what_is_there_twice_is_kept),
		cmocka_unit_test(test_too_many_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
