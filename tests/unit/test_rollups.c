#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/rollups.h"
#include "ledger/store.h"

static const struct money money_max = { (wide)INT64_MAX * ATTOS_PER_NANO + (ATTOS_PER_NANO - 1) };

/* One event of one count of each component, and one atto. */
static struct usage ones(void)
{
	struct usage usage = { .kind_count = 0 };

	for (int c = 0; c < COMPONENT_COUNT; c++)
		usage.count[c] = 1;
	return usage;
}

static void test_every_part_of_a_key_tells_sums_apart(void **state)
{
	struct rollups rollups = { .entries = NULL };
	struct rollup_key key = { 1, 2, 3, 4, 5, 6, 7, 8 };
	int64_t *const parts[] = { &key.hour,   &key.account,  &key.key,  &key.model,
		                   &key.source, &key.provider, &key.tier, &key.price };

	(void)state;
	assert_null(rollups_find(&rollups, &key));
	assert_non_null(rollups_add(&rollups, &key));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		*parts[i] += 100;
		assert_null(rollups_find(&rollups, &key));
		*parts[i] -= 100;
	}
	assert_non_null(rollups_find(&rollups, &key));
	rollups_clear(&rollups);
	assert_null(rollups_find(&rollups, &key));
	rollups_release(&rollups);
	rollups_release(&rollups);
}

static void test_many_keys_are_all_found_again(void **state)
{
	enum { KEYS = 20000 };
	struct rollups rollups = { .entries = NULL };

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (int64_t i = 0; i < KEYS; i++) {
			struct rollup_key key = { .hour = i / 7, .account = i };
			struct rollup_entry *entry = rollups_add(&rollups, &key);

			assert_non_null(entry);
			entry->sum.events = i;
		}
		assert_int_equal(rollups.count, KEYS);
		for (int64_t i = 0; i < KEYS; i++) {
			struct rollup_key key = { .hour = i / 7, .account = i };
			struct rollup_entry *entry = rollups_find(&rollups, &key);

			assert_non_null(entry);
			assert_int_equal(entry->sum.events, i);
			assert_false(entry->seen);
		}
		rollups_clear(&rollups);
	}
	rollups_release(&rollups);
}

static void test_what_was_added_can_be_taken_again(void **state)
{
	const struct usage usage = ones();
	const struct rollup_delta delta = { TURN_NONE,       &usage, true, { 5 },
		                            PROVENANCE_NONE, 7,      { 3 } };
	struct rollup_sum sum = { .events = 0 }, nothing = { .events = 0 };

	(void)state;
	assert_int_equal(rollup_sum_add(&sum, &delta), 0);
	assert_int_equal(rollup_sum_add(&sum, &delta), 0);
	assert_int_equal(sum.events, 2);
	assert_int_equal(sum.errors, 2);
	for (int c = 0; c < COMPONENT_COUNT; c++)
		assert_int_equal(sum.count[c], 2);
	assert_true(sum.amount.attos == 10);
	assert_int_equal(sum.costed, 2);
	assert_true(sum.cost.attos == 6);
	assert_false(rollup_sum_equal(&sum, &nothing));
	assert_int_equal(rollup_sum_take(&sum, &delta), 0);
	assert_int_equal(rollup_sum_take(&sum, &delta), 0);
	assert_true(rollup_sum_equal(&sum, &nothing));
}

static void test_a_sum_that_does_not_fit_is_left_as_it_was(void **state)
{
	const struct usage usage = ones();
	struct rollup_delta delta = {
		TURN_NONE, &usage, false, { 1 }, PROVENANCE_REPORTED, LEDGER_COST_NO_BOOK, { 0 }
	};
	struct rollup_sum sum, before;

	(void)state;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		sum = (struct rollup_sum){ .events = 0 };
		sum.count[c] = INT64_MAX;
		before = sum;
		assert_int_equal(rollup_sum_add(&sum, &delta), -FAULT_RANGE);
		assert_true(rollup_sum_equal(&sum, &before));
	}
	sum = before = (struct rollup_sum){ .amount = money_max };
	assert_int_equal(rollup_sum_add(&sum, &delta), -FAULT_RANGE);
	assert_true(rollup_sum_equal(&sum, &before));
	delta.amount.attos = 0;
	assert_int_equal(rollup_sum_add(&sum, &delta), 0);
	sum = before = (struct rollup_sum){ .cost = money_max };
	delta.cost_id = 1;
	delta.cost.attos = 1;
	assert_int_equal(rollup_sum_add(&sum, &delta), -FAULT_RANGE);
	assert_true(rollup_sum_equal(&sum, &before));
}

static void test_a_sum_never_falls_below_zero(void **state)
{
	const struct usage usage = ones();
	const struct rollup_delta delta = { .usage = &usage,
		                            .error = true,
		                            .provenance = PROVENANCE_PARTIAL,
		                            .cost_id = LEDGER_COST_NO_BOOK };
	struct rollup_sum full = { .events = 1, .errors = 1, .partial = 1 }, sum, before;

	(void)state;
	for (int c = 0; c < COMPONENT_COUNT; c++)
		full.count[c] = 1;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		sum = full;
		sum.count[c] = 0;
		before = sum;
		assert_int_equal(rollup_sum_take(&sum, &delta), -FAULT_RANGE);
		assert_true(rollup_sum_equal(&sum, &before));
	}
	sum = full;
	sum.events = 0;
	assert_int_equal(rollup_sum_take(&sum, &delta), -FAULT_RANGE);
	sum = full;
	sum.errors = 0;
	assert_int_equal(rollup_sum_take(&sum, &delta), -FAULT_RANGE);
	sum = full;
	sum.partial = 0;
	assert_int_equal(rollup_sum_take(&sum, &delta), -FAULT_RANGE);
	assert_int_equal(rollup_sum_take(&full, &delta), 0);
}

static void test_each_provenance_has_its_counter(void **state)
{
	static const struct {
		enum provenance provenance;
		struct rollup_sum sum;
	} rows[PROVENANCE_COUNT] = {
		{ PROVENANCE_REPORTED, { .events = 1 } },
		{ PROVENANCE_PARTIAL, { .events = 1, .partial = 1 } },
		{ PROVENANCE_ESTIMATED, { .events = 1, .estimated = 1 } },
		{ PROVENANCE_NONE, { .events = 1, .uncounted = 1 } },
	};
	const struct usage nothing = { .kind_count = 0 };

	(void)state;
	for (size_t i = 0; i < PROVENANCE_COUNT; i++) {
		struct rollup_delta delta = {
			.usage = &nothing,
			.provenance = rows[i].provenance,
			.cost_id = LEDGER_COST_NO_BOOK,
		};
		struct rollup_sum sum = { .events = 0 };

		assert_int_equal(rollup_sum_add(&sum, &delta), 0);
		assert_true(rollup_sum_equal(&sum, &rows[i].sum));
		for (size_t other = 0; other < PROVENANCE_COUNT; other++) {
			if (other != i)
				assert_false(rollup_sum_equal(&sum, &rows[other].sum));
		}
		delta.provenance = rows[(i + 1) % PROVENANCE_COUNT].provenance;
		assert_true(rollup_sum_take(&sum, &delta) < 0 ||
		            delta.provenance == PROVENANCE_REPORTED);
	}
}

/* Of an event that came without a cost book no cost is known, which is not that of no rate. */
static void test_what_is_known_of_a_cost_has_its_counter(void **state)
{
	static const struct {
		int64_t cost_id;
		enum turn turn;
		struct rollup_sum sum;
	} rows[] = {
		{ LEDGER_COST_NO_BOOK, TURN_NONE, { .events = 1 } },
		{ LEDGER_PRICE_SUSPENSE, TURN_NONE, { .events = 1, .uncosted = 1 } },
		{ LEDGER_PRICE_NONE, TURN_NONE, { .events = 1, .costed = 1 } },
		{ 7, TURN_NONE, { .events = 1, .costed = 1, .cost = { 5 } } },
		{ 7, TURN_OF, { .events = 1, .turns = 1, .costed = 1, .cost = { 5 } } },
		{ LEDGER_PRICE_NONE, TURN_ENDED, { .events = 0 } },
	};
	const struct usage nothing = { .kind_count = 0 };
	const struct rollup_sum empty = { .events = 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct rollup_delta delta = {
			.turn = rows[i].turn,
			.usage = &nothing,
			.cost_id = rows[i].cost_id,
			.cost = { rows[i].cost_id > 0 ? 5 : 0 },
		};
		struct rollup_sum sum = { .events = 0 }, without;

		assert_int_equal(rollup_sum_add(&sum, &delta), 0);
		assert_true(rollup_sum_equal(&sum, &rows[i].sum));
		for (size_t other = 0; other < sizeof(rows) / sizeof(rows[0]); other++) {
			if (other != i)
				assert_false(rollup_sum_equal(&sum, &rows[other].sum));
		}
		without = sum;
		without.costed = without.uncosted = 0;
		if (sum.costed + sum.uncosted > 0)
			assert_int_equal(rollup_sum_take(&without, &delta), -FAULT_RANGE);
		assert_int_equal(rollup_sum_take(&sum, &delta), 0);
		assert_true(rollup_sum_equal(&sum, &empty));
	}
}

/* A turn is no request: how that ended and who told its counts is counted once. */
static void test_what_a_turn_counts(void **state)
{
	static const struct {
		enum turn turn;
		struct rollup_sum sum;
	} rows[TURN_COUNT] = {
		{ TURN_NONE, { .events = 1, .errors = 1, .partial = 1 } },
		{ TURN_OF, { .events = 1, .turns = 1 } },
		{ TURN_ENDED, { .events = 0 } },
	};
	const struct usage nothing = { .kind_count = 0 };
	const struct rollup_sum empty = { .events = 0 };

	(void)state;
	for (size_t i = 0; i < TURN_COUNT; i++) {
		const struct rollup_delta delta = {
			.turn = rows[i].turn,
			.usage = &nothing,
			.error = true,
			.provenance = PROVENANCE_PARTIAL,
			.cost_id = LEDGER_COST_NO_BOOK,
		};
		struct rollup_sum sum = { .events = 0 };

		assert_int_equal(rollup_sum_add(&sum, &delta), 0);
		assert_true(rollup_sum_equal(&sum, &rows[i].sum));
		for (size_t other = 0; other < TURN_COUNT; other++)
			assert_int_equal(rollup_sum_equal(&sum, &rows[other].sum), other == i);
		assert_int_equal(rollup_sum_take(&sum, &delta), 0);
		assert_true(rollup_sum_equal(&sum, &empty));
	}
}

static void test_each_part_makes_sums_differ(void **state)
{
	const struct rollup_sum nothing = { .events = 0 };
	struct rollup_sum sum;

	(void)state;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		sum = (struct rollup_sum){ .events = 0 };
		sum.count[c] = 1;
		assert_false(rollup_sum_equal(&sum, &nothing));
	}
	sum = (struct rollup_sum){ .events = 1 };
	assert_false(rollup_sum_equal(&sum, &nothing));
	sum = (struct rollup_sum){ .errors = 1 };
	assert_false(rollup_sum_equal(&sum, &nothing));
	sum = (struct rollup_sum){ .amount = { 1 } };
	assert_false(rollup_sum_equal(&sum, &nothing));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_part_of_a_key_tells_sums_apart),
		cmocka_unit_test(test_many_keys_are_all_found_again),
		cmocka_unit_test(test_what_was_added_can_be_taken_again),
		cmocka_unit_test(test_a_sum_that_does_not_fit_is_left_as_it_was),
		cmocka_unit_test(test_a_sum_never_falls_below_zero),
		cmocka_unit_test(test_each_provenance_has_its_counter),
		cmocka_unit_test(test_what_is_known_of_a_cost_has_its_counter),
		cmocka_unit_test(test_what_a_turn_counts),
		cmocka_unit_test(test_each_part_makes_sums_differ),
	};

	return cmocka_run_group_tests_name("rollups", tests, NULL, NULL);
}
