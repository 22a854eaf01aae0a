/* Whoever reads a ledger may stop at any row: it is asked no more, and what it said comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/lifekit.h"

static int setup(void **state)
{
	if (kit_setup(state) < 0)
		return -1;
	life_fill(*state);
	return 0;
}

static int teardown(void **state)
{
	life_close(*state);
	free(*state);
	return 0;
}

static void expect_all(const struct life_reading *reading, struct ledger *ledger)
{
	struct life_told told = { .rows = 0 };
	struct fault fault = { .code = FAULT_NONE };

	if (reading->read(ledger, &told, &fault) != 0)
		fail_msg("%s: %s", reading->label, fault.text);
	if (told.rows == 0)
		fail_msg("%s: the fixture has none", reading->label);
	buf_release(&told.text);
}

static void test_a_reading_ends_where_it_is_told_to(void **state)
{
	struct ledgerkit *kit = *state;
	struct ledger *reader = NULL;

	assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
	for (size_t i = 0; i < life_reading_count; i++) {
		const struct life_reading *reading = &life_readings[i];
		struct life_told told = { .stop = true };
		int r;

		expect_all(reading, reader);
		if (!reading->stops)
			continue;
		r = reading->read(reader, &told, NULL);
		if (r != LIFEKIT_STOP || told.rows != 1)
			fail_msg("%s: %d after %lld rows", reading->label, r, (long long)told.rows);
		buf_release(&told.text);
		/* It left nothing behind. */
		expect_all(reading, reader);
	}
	ledger_close(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_reading_ends_where_it_is_told_to, setup,
		                                teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
