/* What others call things, put in our words on their way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/renames.h"
#include "tests/support/ledgerkit.h"

static void test_names_are_put_in_place_once(void **state)
{
	static const char json[] = "{'model':{'b':'c','a':'b','gpt-4o (2024)':'openai/gpt-4o'},"
				   "'account':{'ACME':'acme'},'key':{}}";
	static const struct {
		const char *model, *key, *account, *expected;
	} rows[] = {
		{ "a", "a", "a", "b a a" },
		{ "b", "ACME", "ACME", "c ACME acme" },
		{ "gpt-4o (2024)", NULL, "acme", "openai/gpt-4o - acme" },
		{ "gpt-4o", "b", NULL, "gpt-4o b -" },
		{ NULL, NULL, NULL, "- - -" },
		{ "", "", "", "  " },
	};
	struct renames renames = { .doc = { .nodes = NULL } };
	struct fault fault;

	(void)state;
	if (renames_parse(&renames, text_of(kit_quotes(json)), "n.json", &fault) < 0)
		fail_msg("%s", fault.text);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct statement_row row = { .model = text_of(rows[i].model),
			                     .key = text_of(rows[i].key),
			                     .account = text_of(rows[i].account) };
		char got[128];

		renames_apply(&renames, &row);
		snprintf(got, sizeof(got), "%.*s %.*s %.*s",
		         TEXT_ARGS(row.model.at != NULL ? row.model : text_of("-")),
		         TEXT_ARGS(row.key.at != NULL ? row.key : text_of("-")),
		         TEXT_ARGS(row.account.at != NULL ? row.account : text_of("-")));
		assert_string_equal(rows[i].expected, got);
	}
	renames_release(&renames);
}

static void test_without_any_names_a_row_stays(void **state)
{
	struct renames renames = { .doc = { .nodes = NULL } };
	struct statement_row row = { .model = text_of("m") };

	(void)state;
	renames_apply(&renames, &row);
	assert_true(text_is(row.model, "m"));
	renames_release(&renames);
}

#define LONG_64   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define LONG_512  LONG_64 LONG_64 LONG_64 LONG_64 LONG_64 LONG_64 LONG_64 LONG_64
#define LONG_1025 LONG_512 LONG_512 "x"

static void test_names_are_read_strictly(void **state)
{
	static const struct {
		const char *json, *said;
		int code;
	} rows[] = {
		{ "", "n.json: line 1", -FAULT_SYNTAX },
		{ "{'model':{'a':'b'}", "n.json: line 1", -FAULT_SYNTAX },
		{ "{'model':{'a':'b','a':'c'}}", "n.json: line 1", -FAULT_SYNTAX },
		{ "[]", "an object with model, key or account", -FAULT_INVALID },
		{ "{'models':{'a':'b'}}", "n.json: models: only model, key", -FAULT_INVALID },
		{ "{'model':['a']}", "n.json: model: an object", -FAULT_INVALID },
		{ "{'key':null}", "n.json: key: an object", -FAULT_INVALID },
		{ "{'key':{'a':7}}", "n.json: key.a: a name is", -FAULT_INVALID },
		{ "{'key':{'a':''}}", "n.json: key.a: a name is", -FAULT_INVALID },
		{ "{'key':{'':'a'}}", "n.json: key.: a name is", -FAULT_INVALID },
		{ "{'key':{'a':'b\\n'}}", "n.json: key.a: a name is", -FAULT_INVALID },
		{ "{'key':{'a\\u0001':'b'}}", "n.json: key.a?: a name is", -FAULT_INVALID },
		{ "{'account':{'a':'" LONG_1025 "'}}", "n.json: account.a: a name is",
		  -FAULT_INVALID },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct renames renames = { .doc = { .nodes = NULL } };
		struct fault fault = { .code = FAULT_NONE };
		int r = renames_parse(&renames, text_of(kit_quotes(rows[i].json)), "n.json",
		                      &fault);

		if (r != rows[i].code || strstr(fault.text, rows[i].said) == NULL)
			fail_msg("%s: %d %s", rows[i].json, r, fault.text);
		assert_null(renames.file.at);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_are_put_in_place_once),
		cmocka_unit_test(test_without_any_names_a_row_stays),
		cmocka_unit_test(test_names_are_read_strictly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
