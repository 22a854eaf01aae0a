#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/table.h"

static void make_columns(struct table *table)
{
	table_column(table, "model", "Model", TABLE_TEXT, false);
	table_column(table, "requests", "Requests", TABLE_COUNT, false);
	table_column(table, "amount", "Amount", TABLE_AMOUNT, true);
}

static void test_cells_are_copied_and_the_others_are_absent(void **state)
{
	struct table table = { .rows = NULL };
	char name[] = "acme/opus-mini";
	size_t row;

	(void)state;
	make_columns(&table);
	assert_int_equal(table.column_count, 3);
	assert_string_equal(table.columns[2].key, "amount");
	assert_true(table.columns[2].quiet);
	row = table_row(&table);
	assert_int_equal(row, 0);
	table_set(&table, row, 0, text_of(name));
	table_set_count(&table, row, 1, INT64_MIN);
	memset(name, 'X', sizeof(name) - 1);
	assert_true(text_is(table.rows[0].cells[0], "acme/opus-mini"));
	assert_true(text_is(table.rows[0].cells[1], "-9223372036854775808"));
	assert_null(table.rows[0].cells[2].at);
	table_set(&table, row, 0, text_of("again"));
	assert_true(text_is(table.rows[0].cells[0], "again"));
	table_set(&table, row, 0, text_of(NULL));
	assert_true(text_is(table.rows[0].cells[0], "again"));
	table_release(&table);
	table_release(NULL);
}

static void test_many_rows_keep_their_order(void **state)
{
	struct table table = { .rows = NULL };

	(void)state;
	make_columns(&table);
	for (int64_t i = 0; i < 5000; i++)
		table_set_count(&table, table_row(&table), 1, i);
	assert_int_equal(table.row_count, 5000);
	for (int64_t i = 0; i < 5000; i++) {
		char due[24];

		snprintf(due, sizeof(due), "%d", (int)i);
		assert_true(text_is(table.rows[i].cells[1], due));
	}
	assert_int_equal(table.error, 0);
	table_release(&table);
}

static void test_there_is_a_total_only_where_one_was_set(void **state)
{
	struct table table = { .rows = NULL };

	(void)state;
	make_columns(&table);
	table_row(&table);
	assert_null(table.total.cells);
	table_set_count(&table, TABLE_TOTAL, 1, 7);
	assert_true(text_is(table.total.cells[1], "7"));
	assert_null(table.total.cells[0].at);
	assert_int_equal(table.row_count, 1);
	table_release(&table);
}

static void test_a_failure_sticks_and_its_row_is_ignored(void **state)
{
	struct table table = { .rows = NULL };

	(void)state;
	make_columns(&table);
	table.error = -FAULT_NOMEM;
	assert_true(table_row(&table) == SIZE_MAX);
	table_set(&table, SIZE_MAX, 0, text_of("lost"));
	table_set_count(&table, TABLE_TOTAL, 1, 7);
	assert_int_equal(table.row_count, 0);
	assert_null(table.total.cells);
	table_release(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cells_are_copied_and_the_others_are_absent),
		cmocka_unit_test(test_many_rows_keep_their_order),
		cmocka_unit_test(test_there_is_a_total_only_where_one_was_set),
		cmocka_unit_test(test_a_failure_sticks_and_its_row_is_ignored),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
