/*
 * What ../shared/data has of statements besides whole samples of them: the names of AWS's lines,
 * and the header of OpenRouter's export.  Nothing is here of what they should become but rules.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "tests/support/fixture.h"
#include "tests/support/jsonrows.h"

#define CUR                                                                                        \
	"line_item_usage_start_date,line_item_usage_end_date,line_item_line_item_type,"            \
	"line_item_product_code,line_item_usage_type,line_item_usage_amount,pricing_unit,"         \
	"line_item_unblended_cost,line_item_currency_code,product_product_name\n"
#define CUR_HOUR "2024-11-01T05:00:00Z,2024-11-01T06:00:00Z,Usage,AmazonBedrock,"

/* "<REG>" is a region's; a '*' in front is the model, and one behind the kind of the line. */
static void fill_in(struct text pattern, char *out, size_t size)
{
	struct buf name = { .at = NULL };

	for (size_t i = 0; i < pattern.len; i++) {
		if (pattern.at[i] == '<') {
			buf_add_cstr(&name, "USE1");
			while (i < pattern.len && pattern.at[i] != '>')
				i++;
		} else if (pattern.at[i] == '*') {
			buf_add_cstr(&name, i == 0 ? "NovaPro" : "standard");
		} else {
			buf_add(&name, pattern.at + i, 1);
		}
	}
	assert_true(text_copy(out, size, buf_text(&name)));
	buf_release(&name);
}

/* The component that a person reads in the name; NULL: reserved by the minute, whatever is used. */
static const char *meant(const char *name)
{
	static const struct {
		const char *part, *component;
	} parts[] = {
		{ "Reserved", NULL },
		{ "CacheWrite1h", "cache_write_1h" },
		{ "CacheWrite", "cache_write" },
		{ "cache_write", "cache_write" },
		{ "cache-write", "cache_write" },
		{ "CacheRead", "cache_read" },
		{ "cache-read", "cache_read" },
		{ "Output", "output" },
		{ "output", "output" },
		{ "Input", "input" },
		{ "input", "input" },
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strstr(name, parts[i].part) != NULL)
			return parts[i].component;
	}
	fail_msg("%s: of nothing", name);
	return NULL;
}

static void check_pattern(struct text pattern)
{
	struct buf csv = { .at = NULL };
	struct jsonrows rows;
	char name[128];
	const struct statement_row *row = &rows.row[0];
	const char *component;

	fill_in(pattern, name, sizeof(name));
	component = meant(name);
	buf_addf(&csv, CUR CUR_HOUR "%s,0.002,1M tokens,1.23,USD,\n", name);
	jsonrows_read(&rows, NULL, csv.at);
	if (rows.r < 0)
		fail_msg("%s: %s", name, rows.fault.text);
	assert_string_equal(rows.format, "aws-cur");
	assert_int_equal(rows.count, 1);
	assert_true(statement_amount(row).attos == ATTOS_PER_UNIT / 100 * 123);
	if (component == NULL) {
		if (row->told != 0 || strstr(rows.notes, "of no tokens that are known") == NULL)
			fail_msg("%s: %s", name, rows.line[0]);
	} else {
		const char *of = row->of < COMPONENT_COUNT ? component_info[row->of].key : "none";

		if (strcmp(of, component) != 0 || row->count[row->of] != 2000 ||
		    row->told != 1u << row->of)
			fail_msg("%s: %s", name, rows.line[0]);
	}
	jsonrows_release(&rows);
	buf_release(&csv);
}

static void test_every_line_of_bedrock_is_of_a_component_and_has_its_amount(void **state)
{
	struct buf file = { .at = NULL };
	struct json doc = { .nodes = NULL };
	struct fault fault;
	uint32_t groups, key;
	size_t count = 0;

	(void)state;
	fixture_need("statements/aws_bedrock_cur_usage_types.json", &file);
	if (json_parse(&doc, buf_text(&file), &fault) < 0)
		fail_msg("%s", fault.text);
	groups = json_member(&doc, 0, "usage_type_patterns");
	for (key = json_first(&doc, groups); key != JSON_NONE; key = json_next(&doc, groups, key)) {
		uint32_t list = key + 1; /* its value */

		for (uint32_t p = json_first(&doc, list); p != JSON_NONE;
		     p = json_next(&doc, list, p), count++)
			check_pattern(json_string(&doc, p));
	}
	assert_true(count >= 18);
	json_release(&doc);
	buf_release(&file);
}

static void test_a_header_of_openrouter_alone_is_its_export_without_rows(void **state)
{
	struct buf file = { .at = NULL };
	struct jsonrows rows;

	(void)state;
	fixture_need("statements/openrouter_activity_export_csv_header.txt", &file);
	jsonrows_read(&rows, NULL, file.at);
	if (rows.r < 0)
		fail_msg("%s", rows.fault.text);
	assert_string_equal(rows.format, "openrouter-export");
	assert_int_equal(rows.count, 0);
	assert_string_equal(rows.notes, "there is no row in it: a header alone\n");
	jsonrows_release(&rows);
	buf_release(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_line_of_bedrock_is_of_a_component_and_has_its_amount),
		cmocka_unit_test(test_a_header_of_openrouter_alone_is_its_export_without_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
