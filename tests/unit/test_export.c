#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "export/export.h"

static void three_columns(struct table *table)
{
	table_column(table, "name", "Name", TABLE_TEXT, false);
	table_column(table, "count", "Count", TABLE_COUNT, false);
	table_column(table, "amount", "Amount", TABLE_AMOUNT, false);
}

static void test_csv_quotes_and_disarms_text_but_not_numbers(void **state)
{
	static const struct {
		const char *label, *name, *amount, *line;
	} rows[] = {
		{ "plain", "acct_1", "1.50", "acct_1,7,1.50\n" },
		{ "absent", NULL, NULL, ",7,\n" },
		{ "empty", "", "0.00", ",7,0.00\n" },
		{ "comma", "a,b", "0.00", "\"a,b\",7,0.00\n" },
		{ "quote", "a\"b", "0.00", "\"a\"\"b\",7,0.00\n" },
		{ "only quotes", "\"\"", "0.00", "\"\"\"\"\"\",7,0.00\n" },
		{ "newline", "a\nb", "0.00", "\"a\nb\",7,0.00\n" },
		{ "carriage return", "a\rb", "0.00", "\"a\rb\",7,0.00\n" },
		{ "blank at the ends stays", " a ", "0.00", " a ,7,0.00\n" },
		{ "formula", "=1+1", "0.00", "'=1+1,7,0.00\n" },
		{ "formula with a comma", "=SUM(A1,A2)", "0.00", "\"'=SUM(A1,A2)\",7,0.00\n" },
		{ "plus", "+1", "0.00", "'+1,7,0.00\n" },
		{ "minus", "-1", "0.00", "'-1,7,0.00\n" },
		{ "at", "@x", "0.00", "'@x,7,0.00\n" },
		{ "tab", "\tx", "0.00", "'\tx,7,0.00\n" },
		{ "carriage return first", "\rx", "0.00", "\"'\rx\",7,0.00\n" },
		{ "a sign inside is none", "a=b", "0.00", "a=b,7,0.00\n" },
		{ "a negative amount is a number", "a", "-1.50", "a,7,-1.50\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static const char header[] = "name,count,amount\n";
		struct table table = { .rows = NULL };
		struct buf out = { .at = NULL };
		size_t row;

		three_columns(&table);
		row = table_row(&table);
		table_set(&table, row, 0, text_of(rows[i].name));
		table_set_count(&table, row, 1, 7);
		table_set(&table, row, 2, text_of(rows[i].amount));
		export_csv(&out, &table);
		assert_int_equal(strncmp(out.at, header, sizeof(header) - 1), 0);
		if (strcmp(out.at + sizeof(header) - 1, rows[i].line) != 0)
			fail_msg("%s: %s", rows[i].label, out.at);
		buf_release(&out);
		table_release(&table);
	}
}

static void test_csv_leaves_the_total_out(void **state)
{
	struct table table = { .rows = NULL };
	struct buf out = { .at = NULL };

	(void)state;
	three_columns(&table);
	table_set_count(&table, TABLE_TOTAL, 1, 99);
	export_csv(&out, &table);
	assert_string_equal(out.at, "name,count,amount\n");
	buf_release(&out);
	table_release(&table);
}

/* jansson is the oracle: what it reads is what was in the table, whatever the bytes. */
static void test_json_says_what_the_table_holds(void **state)
{
	static const char nasty[] = "a\"b\\c\n\t\001\x7f\xc3\xa4</script>";
	struct table table = { .rows = NULL };
	struct buf out = { .at = NULL };
	json_t *root, *rows, *row;
	size_t at;

	(void)state;
	three_columns(&table);
	at = table_row(&table);
	table_set(&table, at, 0, text_of(nasty));
	table_set_count(&table, at, 1, INT64_MAX);
	table_set(&table, at, 2, text_of("0.000000000000000001"));
	table_row(&table); /* all absent */
	table_set_count(&table, TABLE_TOTAL, 1, INT64_MAX);
	export_json(&out, &table);
	root = json_loads(out.at, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	rows = json_object_get(root, "rows");
	assert_int_equal(json_array_size(rows), 2);
	row = json_array_get(rows, 0);
	assert_string_equal(json_string_value(json_object_get(row, "name")), nasty);
	assert_true(json_integer_value(json_object_get(row, "count")) == INT64_MAX);
	assert_string_equal(json_string_value(json_object_get(row, "amount")),
	                    "0.000000000000000001");
	row = json_array_get(rows, 1);
	assert_int_equal(json_object_size(row), 3);
	assert_true(json_is_null(json_object_get(row, "count")));
	row = json_object_get(root, "total");
	assert_true(json_integer_value(json_object_get(row, "count")) == INT64_MAX);
	json_decref(root);
	buf_release(&out);
	table_release(&table);
}

static void test_json_without_a_total_has_none(void **state)
{
	struct table table = { .rows = NULL };
	struct buf out = { .at = NULL };

	(void)state;
	three_columns(&table);
	export_json(&out, &table);
	assert_string_equal(out.at, "{\"rows\":[]}\n");
	buf_release(&out);
	table_release(&table);
}

static void test_each_form_is_found_once(void **state)
{
	(void)state;
	assert_string_equal(export_form(0)->name, "csv");
	assert_ptr_equal(export_form(0)->write, export_csv);
	assert_string_equal(export_form(1)->name, "json");
	assert_ptr_equal(export_form(1)->write, export_json);
	assert_null(export_form(2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_csv_quotes_and_disarms_text_but_not_numbers),
		cmocka_unit_test(test_csv_leaves_the_total_out),
		cmocka_unit_test(test_json_says_what_the_table_holds),
		cmocka_unit_test(test_json_without_a_total_has_none),
		cmocka_unit_test(test_each_form_is_found_once),
	};

	return cmocka_run_group_tests_name("export", tests, NULL, NULL);
}
