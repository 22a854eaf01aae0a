#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "usage/usage.h"

/* Keys are for ever: scripts, price books and ledgers hold them. */
static void test_keys_are_found_and_each_is_its_own(void **state)
{
	(void)state;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		assert_int_equal(component_find(text_of(component_info[c].key)), c);
		assert_true((unsigned)component_info[c].unit < UNIT_COUNT);
	}
	assert_int_equal(component_find(text_of("input")), COMPONENT_INPUT);
	assert_int_equal(component_find(text_of("cache_write_1h")), COMPONENT_CACHE_WRITE_1H);
	assert_int_equal(component_find(text_of("inpu")), COMPONENT_COUNT);
	assert_int_equal(component_find(text_of("Input")), COMPONENT_COUNT);
	assert_int_equal(component_find(text_of("")), COMPONENT_COUNT);
	assert_int_equal(component_find(text_of(NULL)), COMPONENT_COUNT);
}

static void test_every_unit_has_a_name(void **state)
{
	(void)state;
	for (int u = 0; u < UNIT_COUNT; u++) {
		assert_non_null(unit_name((enum unit)u));
		for (int other = 0; other < u; other++)
			assert_string_not_equal(unit_name((enum unit)u),
			                        unit_name((enum unit)other));
	}
	assert_string_equal(unit_name(UNIT_TOKEN), "token");
	assert_string_equal(unit_name(UNIT_REQUEST), "request");
}

/* What a context threshold looks at: all of the prompt, cached or not, and nothing else. */
static void test_the_prompt_is_input_and_cache_of_every_kind(void **state)
{
	static const enum component prompt[] = {
		COMPONENT_INPUT,
		COMPONENT_INPUT_AUDIO,
		COMPONENT_INPUT_IMAGE,
		COMPONENT_INPUT_VIDEO,
		COMPONENT_INPUT_TOOL,
		COMPONENT_CACHE_READ,
		COMPONENT_CACHE_READ_AUDIO,
		COMPONENT_CACHE_READ_IMAGE,
		COMPONENT_CACHE_READ_VIDEO,
		COMPONENT_CACHE_WRITE_5M,
		COMPONENT_CACHE_WRITE_1H,
		COMPONENT_CACHE_WRITE,
	};
	struct usage usage = { .kind_count = 0 };
	int64_t due = 0;

	(void)state;
	for (int c = 0; c < COMPONENT_COUNT; c++)
		usage.count[c] = INT64_C(1) << c;
	for (size_t i = 0; i < sizeof(prompt) / sizeof(prompt[0]); i++)
		due += INT64_C(1) << prompt[i];
	assert_true(usage_prompt_total(&usage) == due);
	for (int c = 0; c < COMPONENT_COUNT; c++)
		usage.count[c] = USAGE_COUNT_MAX;
	assert_true(usage_prompt_total(&usage) == 12 * USAGE_COUNT_MAX);
}

static void test_only_a_fee_leaves_a_usage_empty(void **state)
{
	(void)state;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		struct usage usage = { .kind_count = 0 };

		assert_true(usage_is_empty(&usage));
		usage.count[c] = 1;
		assert_int_equal(usage_is_empty(&usage), c == COMPONENT_REQUESTS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_are_found_and_each_is_its_own),
		cmocka_unit_test(test_every_unit_has_a_name),
		cmocka_unit_test(test_the_prompt_is_input_and_cache_of_every_kind),
		cmocka_unit_test(test_only_a_fee_leaves_a_usage_empty),
	};

	return cmocka_run_group_tests_name("usage", tests, NULL, NULL);
}
