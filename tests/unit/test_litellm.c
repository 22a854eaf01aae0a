#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/import_rows.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* One chat model, unless a row says more. */
#define WRAP "{\"m\":{\"litellm_provider\":\"openai\",\"mode\":\"chat\",%s}}"
#define WHO  "informative m litellm_provider: who serves it"

static const struct import_row tokens[] = {
#define ROWS_TOKENS
#include "tests/support/litellm_rows.def"
};

static void test_tokens(void **state)
{
	(void)state;
	import_rows_check("litellm", WRAP, tokens, COUNT(tokens), false);
}

static const struct import_row left_out[] = {
#define ROWS_LEFT_OUT
#include "tests/support/litellm_rows.def"
};

static const struct import_row zeros[] = {
#define ROWS_ZEROS
#include "tests/support/litellm_rows.def"
};

static void test_zero_is_free_where_it_is_asked_for(void **state)
{
	(void)state;
	import_rows_check("litellm", WRAP, zeros, COUNT(zeros), true);
}

static void test_what_is_left_out(void **state)
{
	(void)state;
	import_rows_check("litellm", WRAP, left_out, COUNT(left_out), false);
}

#define ENTRY(name, provider, mode, keys)                                                          \
	"\"" name "\":{\"litellm_provider\":\"" provider "\",\"mode\":\"" mode "\"," keys "}"
#define WHOSE(name) "informative " name " litellm_provider"

static const struct import_row things[] = {
#define ROWS_THINGS
#include "tests/support/litellm_rows.def"
};

static void test_images_and_other_things(void **state)
{
	(void)state;
	import_rows_check("litellm", NULL, things, COUNT(things), false);
}

static void test_what_is_no_such_map_is_refused(void **state)
{
	(void)state;
	import_rows_refused("litellm", "[]", "an object with a member a model");
	import_rows_refused("litellm", "{}", "this is no litellm catalogue");
	import_rows_refused("litellm", "{\"m\":1", "line 1");
	import_rows_refused("litellm", "{\"data\":[{\"id\":\"a\",\"pricing\":{}}]}",
	                    "it looks like openrouter: --from openrouter");
	import_rows_refused("litellm", "{\"data\":[{\"id\":\"a\",\"schema_version\":\"2.4\"}]}",
	                    "--from openrouter-v2.4");
	import_rows_refused("litellm", "{" ENTRY("a", "x", "chat", "\"mood\":1") "}",
	                    "no model of this catalogue has a price");
	import_rows_refused(
		"litellm",
		"{" ENTRY("a", "x", "chat", "\"x\":1") "," ENTRY("a", "x", "chat", "\"x\":1") "}",
		"has this key already");
	/* A size alone names no model. */
	import_rows_refused("litellm",
	                    "{" ENTRY("1024-x-1024", "x", "chat", "\"input_cost_per_token\":1") "}",
	                    "is no name of a model");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_what_is_left_out),
		cmocka_unit_test(test_zero_is_free_where_it_is_asked_for),
		cmocka_unit_test(test_images_and_other_things),
		cmocka_unit_test(test_what_is_no_such_map_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
