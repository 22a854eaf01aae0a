#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include <cmocka.h>

#include "base/fault.h"
#include "base/text.h"

static void test_a_fault_returns_its_code_and_keeps_its_text(void **state)
{
	struct fault fault;

	(void)state;
	assert_int_equal(fault_set(&fault, FAULT_RANGE, "%s: %d", "limit", 7), -FAULT_RANGE);
	assert_int_equal(fault.code, FAULT_RANGE);
	assert_string_equal(fault.text, "limit: 7");
	assert_int_equal(fault_set(NULL, FAULT_IO, "nobody listens"), -FAULT_IO);
}

static void test_a_text_that_does_not_fit_is_cut(void **state)
{
	char line[2 * FAULT_TEXT_BYTES];
	struct fault fault;

	(void)state;
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	fault_set(&fault, FAULT_SYNTAX, "%s", line);
	assert_int_equal(strlen(fault.text), FAULT_TEXT_BYTES - 1);
}

/* What a sender wrote may stand in it, and it goes to logs and into JSON. */
static void test_a_text_is_one_line_of_utf8(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "a\nb\rc\td", "a?b?c?d" },
		{ "\x1b[31m\x7f", "?[31m?" },
		{ "\xc2\x9b"
		  "31m",
		  "??31m" },
		{ "caf\xc3\xa9", "caf\xc3\xa9" },
		{ "\xe2\x82\xac \xf0\x9f\x98\x80", "\xe2\x82\xac \xf0\x9f\x98\x80" },
		{ "caf\xc3", "caf?" },
		{ "\xe2\x82, cut", "??, cut" },
		{ "\xff\xc0\xaf", "???" },
		{ "\xed\xa0\x80", "???" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fault fault;

		fault_set(&fault, FAULT_SYNTAX, "%s", rows[i].in);
		assert_string_equal(fault.text, rows[i].out);
	}
}

static void test_a_cut_never_leaves_half_a_character(void **state)
{
	(void)state;
	for (size_t lead = 0; lead < 4; lead++) {
		char line[2 * FAULT_TEXT_BYTES + 4] = "xxxx";
		struct fault fault;

		for (size_t i = 0; i + 3 < 2 * FAULT_TEXT_BYTES; i += 3)
			memcpy(line + lead + i, "\xe2\x82\xac", 4);
		fault_set(&fault, FAULT_SYNTAX, "%s", line);
		assert_true(text_utf8(text_of(fault.text)));
		assert_true(strlen(fault.text) == FAULT_TEXT_BYTES - 1);
	}
}

static void test_every_code_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int code = 0; code < FAULT_CODE_COUNT; code++) {
		assert_true(fault_name(code)[0] != '\0');
		assert_string_equal(fault_name(code), fault_name(-code));
		for (int other = 0; other < code; other++)
			assert_string_not_equal(fault_name(code), fault_name(other));
	}
	assert_string_equal(fault_name(0), "none");
	assert_string_equal(fault_name(-FAULT_NOT_FOUND), "not-found");
	assert_string_equal(fault_name(FAULT_CODE_COUNT), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_fault_returns_its_code_and_keeps_its_text),
		cmocka_unit_test(test_a_text_that_does_not_fit_is_cut),
		cmocka_unit_test(test_a_text_is_one_line_of_utf8),
		cmocka_unit_test(test_a_cut_never_leaves_half_a_character),
		cmocka_unit_test(test_every_code_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
}
