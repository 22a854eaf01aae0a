#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/printer.h"

/* A table made of lines of cells apart by '|'; "-" is an absent cell. */
static void fill(struct table *table, const char *lines)
{
	struct text rest = text_of(lines), line, cell;

	while (text_cut(&rest, '\n', &line)) {
		bool total = line.len > 0 && line.at[0] == '=';
		size_t row = total ? TABLE_TOTAL : table_row(table), column = 0;

		if (total)
			line = (struct text){ line.at + 1, line.len - 1 };
		while (text_cut(&line, '|', &cell)) {
			if (!text_is(cell, "-"))
				table_set(table, row, column, cell);
			column++;
		}
	}
	assert_int_equal(table->error, 0);
}

static const char *printed(const struct table *table, size_t width)
{
	static char text[16384];
	struct buf out = { .at = NULL };
	const struct printer printer = { &out, width, false };

	printer_table(&printer, table);
	assert_int_equal(out.error, 0);
	assert_true(out.len < sizeof(text));
	memcpy(text, out.len > 0 ? out.at : "", out.len);
	text[out.len] = '\0';
	buf_release(&out);
	return text;
}

static void usage_columns(struct table *table)
{
	table_column(table, "model", "Model", TABLE_TEXT, false);
	table_column(table, "events", "Requests", TABLE_COUNT, false);
	table_column(table, "suspense", "Unpriced", TABLE_COUNT, true);
	table_column(table, "cache_read", "Cache read", TABLE_COUNT, true);
	table_column(table, "amount", "Amount USD", TABLE_AMOUNT, false);
}

static void test_numbers_stand_right_and_amounts_at_their_point(void **state)
{
	struct table table = { .rows = NULL };

	(void)state;
	usage_columns(&table);
	fill(&table, "a|1|0|600|0.001068\n"
	             "acme/opus|12000|0|0|12.50\n"
	             "-|7|0|5|-3.10\n"
	             "=-|12008|0|605|9.401068");
	assert_string_equal(printed(&table, 80), "                     Cache     Amount\n"
	                                         "Model      Requests   read        USD\n"
	                                         "---------  --------  -----  ---------\n"
	                                         "a                 1    600   0.001068\n"
	                                         "acme/opus     12000      0  12.50\n"
	                                         "-                 7      5  -3.10\n"
	                                         "---------  --------  -----  ---------\n"
	                                         "Total         12008    605   9.401068\n");
	table_release(&table);
}

static void test_a_word_among_amounts_stands_right(void **state)
{
	struct table table = { .rows = NULL };

	(void)state;
	usage_columns(&table);
	fill(&table, "a|1|0|600|0.001068\n"
	             "b|7|7|0|unpriced");
	assert_string_equal(printed(&table, 80), "                           Cache    Amount\n"
	                                         "Model  Requests  Unpriced   read       USD\n"
	                                         "-----  --------  --------  -----  --------\n"
	                                         "a             1         0    600  0.001068\n"
	                                         "b             7         7      0  unpriced\n");
	table_release(&table);
}

/* The table above, narrower and narrower: what gives way first, and what last. */
static void test_a_table_gives_way_step_by_step(void **state)
{
	static const char wide[] = "                     Cache     Amount\n"
				   "Model      Requests   read        USD\n"
				   "---------  --------  -----  ---------\n"
				   "acme/opus     12000    600  12.001068\n";
	static const char narrow[] = "                   Cache    Amount\n"
				     "Model     Requests  read       USD\n"
				     "--------- -------- ----- ---------\n"
				     "acme/opus    12000   600 12.001068\n";
	static const char headed[] = "Model\n"
				     "           Cache    Amount\n"
				     "  Requests  read       USD\n"
				     "  -------- ----- ---------\n"
				     "acme/opus\n"
				     "     12000   600 12.001068\n";
	static const char blocks[] = "acme/opus\n"
				     "  Requests    12000\n"
				     "  Cache read    600\n"
				     "  Amount USD  12.001068\n";
	static const char below[] = "acme/opus\n"
				    "  Requests    12000\n"
				    "  Cache read    600\n"
				    "  Amount USD\n"
				    "    12.001068\n";
	struct table table = { .rows = NULL };

	(void)state;
	usage_columns(&table);
	fill(&table, "acme/opus|12000|0|600|12.001068\n"
	             "=-|12000|0|600|12.001068"); /* not told twice */
	assert_string_equal(printed(&table, 37), wide);
	assert_string_equal(printed(&table, 36), narrow);
	assert_string_equal(printed(&table, 34), narrow);
	assert_string_equal(printed(&table, 26), headed);
	assert_string_equal(printed(&table, 25), blocks);
	assert_string_equal(printed(&table, 20), below);
	table_release(&table);
}

/* Whatever the cells are, no line is wider than what it is printed for. */
static void test_no_line_is_wider_than_the_terminal(void **state)
{
	static const char *const lines[] = {
		"acme/llama-4-70b|9|9|9|0.000000000000000001",
		"a-name-that-is-longer-than-most|9223372036854775807|9|9223372036854775807|"
		"9223372036.00",
		"a|1|1|1|1.00\nacme/opus-mini|12000000|1|500000000|123456.789",
		"\xe6\xa8\xa1\xe5\x9e\x8b\xe6\xa8\xa1\xe5\x9e\x8b|1000000|1|0|-9223372036."
		"999999999999999999",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		for (size_t width = PRINTER_WIDTH_MIN; width <= 100; width++) {
			struct table table = { .rows = NULL };
			struct text rest, line;

			usage_columns(&table);
			fill(&table, lines[i]);
			rest = text_of(printed(&table, width));
			while (text_cut(&rest, '\n', &line)) {
				if (printer_width(line) > width)
					fail_msg("%zu columns: %.*s", width, TEXT_ARGS(line));
			}
			table_release(&table);
		}
	}
}

static void test_numbers_that_have_no_room_stand_in_parts(void **state)
{
	struct table table = { .rows = NULL };

	(void)state;
	usage_columns(&table);
	fill(&table, "acme/opus-mini|12000000|1|600|12.50\n"
	             "b|7|0|500000000|3.068\n"
	             "=-|12000007|1|500000600|15.568");
	assert_string_equal(printed(&table, 34), "Model           Requests  Unpriced\n"
	                                         "--------------  --------  --------\n"
	                                         "acme/opus-mini  12000000         1\n"
	                                         "b                      7         0\n"
	                                         "--------------  --------  --------\n"
	                                         "Total           12000007         1\n"
	                                         "\n"
	                                         "                    Cache  Amount\n"
	                                         "Model                read     USD\n"
	                                         "--------------  ---------  ------\n"
	                                         "acme/opus-mini        600  12.50\n"
	                                         "b               500000000   3.068\n"
	                                         "--------------  ---------  ------\n"
	                                         "Total           500000600  15.568\n");
	table_release(&table);
}

static void test_quiet_columns_show_only_with_a_number_and_hidden_ones_never(void **state)
{
	struct table table = { .rows = NULL };

	(void)state;
	usage_columns(&table);
	table.columns[4].hidden = true;
	fill(&table, "a|1|0|0|1.00\nb|2|0|-|2.00");
	assert_string_equal(printed(&table, 80), "Model  Requests\n"
	                                         "-----  --------\n"
	                                         "a             1\n"
	                                         "b             2\n");
	table_release(&table);
}

static void test_a_last_text_is_wrapped_in_its_column(void **state)
{
	struct table table = { .rows = NULL };

	(void)state;
	table_column(&table, "id", "Line", TABLE_COUNT, false);
	table_column(&table, "reason", "Reason", TABLE_TEXT, false);
	table_column(&table, "detail", "Detail", TABLE_TEXT, false);
	fill(&table, "7|identity|prompt 10 + completion 10 = 20, but the total is 21");
	assert_string_equal(printed(&table, 42), "Line  Reason    Detail\n"
	                                         "----  --------  --------------------------\n"
	                                         "   7  identity  prompt 10 + completion 10\n"
	                                         "                = 20, but the total is 21\n");
	table_release(&table);
}

static void test_stored_text_cannot_drive_the_terminal(void **state)
{
	static const struct {
		const char *label, *text, *shown;
		size_t width;
	} rows[] = {
		{ "plain", "abc", "abc", 3 },
		{ "escape", "a\033[31mb", "a?[31mb", 7 },
		{ "newline, tab, del", "a\n\t\x7f", "a???", 4 },
		{ "C1 control in two bytes", "a\xc2\x9b", "a?", 2 },
		{ "not UTF-8", "a\xff\xc3", "a??", 3 },
		{ "right-to-left override", "a\xe2\x80\xae", "a?", 2 },
		{ "umlaut", "\xc3\xa4", "\xc3\xa4", 1 },
		{ "wide", "\xe6\xa8\xa1", "\xe6\xa8\xa1", 2 },
		{ "combining", "a\xcc\x88", "a\xcc\x88", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = { .at = NULL };

		printer_text(&out, text_of(rows[i].text));
		if (!text_is(buf_text(&out), rows[i].shown))
			fail_msg("%s: %s", rows[i].label, out.at);
		if (printer_width(text_of(rows[i].text)) != rows[i].width)
			fail_msg("%s: %zu columns", rows[i].label,
			         printer_width(text_of(rows[i].text)));
		buf_release(&out);
	}
}

static void test_a_long_value_goes_on_below_itself(void **state)
{
	struct buf out = { .at = NULL };
	const struct printer printer = { &out, 40, false };

	(void)state;
	printer_pair(&printer, 6, "Detail", text_of("one two three four five six seven eight"));
	printer_pair(&printer, 6, "Id", text_of("7"));
	assert_string_equal(out.at, "  Detail  one two three four five six\n"
	                            "          seven eight\n"
	                            "  Id      7\n");
	buf_release(&out);
}

static void test_colour_is_only_where_it_is_wanted(void **state)
{
	struct table table = { .rows = NULL };
	struct buf out = { .at = NULL };
	const struct printer printer = { &out, 80, true };

	(void)state;
	usage_columns(&table);
	fill(&table, "a|1|0|0|1.00");
	printer_table(&printer, &table);
	assert_non_null(strstr(out.at, "\033[1m"));
	assert_null(strchr(printed(&table, 80), '\033'));
	buf_release(&out);
	table_release(&table);
}

static void test_a_formatted_value_is_never_cut(void **state)
{
	struct buf out = { .at = NULL };
	const struct printer printer = { &out, PRINTER_ANY_WIDTH, false };
	char value[5000], expected[5100];

	(void)state;
	memset(value, 'v', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	printer_pairf(&printer, 6, "Label", "%s %d", value, 7);
	snprintf(expected, sizeof(expected), "  Label   %s 7\n", value);
	assert_string_equal(out.at, expected);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_stand_right_and_amounts_at_their_point),
		cmocka_unit_test(test_a_word_among_amounts_stands_right),
		cmocka_unit_test(test_a_table_gives_way_step_by_step),
		cmocka_unit_test(test_no_line_is_wider_than_the_terminal),
		cmocka_unit_test(test_numbers_that_have_no_room_stand_in_parts),
		cmocka_unit_test(test_quiet_columns_show_only_with_a_number_and_hidden_ones_never),
		cmocka_unit_test(test_a_last_text_is_wrapped_in_its_column),
		cmocka_unit_test(test_stored_text_cannot_drive_the_terminal),
		cmocka_unit_test(test_a_long_value_goes_on_below_itself),
		cmocka_unit_test(test_colour_is_only_where_it_is_wanted),
		cmocka_unit_test(test_a_formatted_value_is_never_cut),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests_name("printer", tests, NULL, NULL);
}
