#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "catalogue/finite.h"

static const struct {
	const char *label, *regex;
	const char *names; /* a comma between two */
	const char *marks; /* i: ignores case, d: dots, p: partial */
} rows[] = {
	{ "one name", "^gpt-4$", "gpt-4", "" },
	{ "an optional group in front", "(?i)^(openai/)?(gpt-4o)$", "openai/gpt-4o,gpt-4o", "i" },
	{ "an escaped slash", "^(openai\\/)?(gpt-4)$", "openai/gpt-4,gpt-4", "" },
	{ "alternatives", "^(gpt-)(35|3.5)(-turbo)$", "gpt-35-turbo,gpt-3.5-turbo", "d" },
	{ "an escaped dot", "^gpt-3\\.5$", "gpt-3.5", "" },
	{ "groups in groups", "^(google(ai)?/)?x$", "googleai/x,google/x,x", "" },
	{ "a group without a number", "^(?:a|b)c$", "ac,bc", "" },
	{ "optional groups in alternatives", "^((a/)?m|(eu\\.|us\\.)?a\\.m(-v1(:0)?)?)$",
	  "a/m,m,eu.a.m-v1:0,eu.a.m-v1,eu.a.m,us.a.m-v1:0,us.a.m-v1,us.a.m,a.m-v1:0,a.m-v1,a.m",
	  "" },
	{ "the same name in two ways", "^(a|a)$", "a", "" },
	{ "an empty alternative", "^a(b|)$", "ab,a", "" },
	{ "one of some characters", "^a[.-]b$", "a.b,a-b", "" },
	{ "an escaped one of some", "^a[\\.\\]]b$", "a.b,a]b", "" },
	{ "so many times", "^a{3}b$", "aaab", "" },
	{ "an optional character of two bytes", "^caf\xc3\xa9?$", "caf\xc3\xa9,caf", "" },
	{ "two ends", "^a$$", "a", "" },
	{ "an escaped end", "^a\\$$", "a$", "" },
	{ "an optional part without end", "^chat(@[a-zA-Z0-9]+)?$", "chat", "p" },
	{ "optional digits", "^gpt-4(-\\d{4})?-vision$", "gpt-4-vision", "p" },
	{ "a part without end", "^ft:x:(.+)(:)(.*)$", "", "p" },
	{ "one or more", "^a+$", "a", "p" },
	{ "none or more", "^ba*$", "ba,b", "p" },
	{ "from so many to so many", "^a{1,2}$", "", "p" },
	{ "too many times to write", "^a{17}$", "", "p" },
	{ "a range", "^a[0-9]$", "", "p" },
	{ "all but some", "^a[^b]$", "", "p" },
	{ "a class in brackets", "^a[\\d]$", "", "p" },
	{ "no beginning", "a$", "", "p" },
	{ "no end", "^a", "", "p" },
	{ "nothing", "^$", "", "" },
};

static const struct {
	const char *label, *regex;
	int error;
} refused[] = {
	{ "a group that is not closed", "^(a", -FAULT_SYNTAX },
	{ "a group that is not opened", "^a)$", -FAULT_SYNTAX },
	{ "brackets that are not closed", "^[a$", -FAULT_SYNTAX },
	{ "braces that are not closed", "^a{3$", -FAULT_SYNTAX },
	{ "a backslash at the end", "^a\\", -FAULT_SYNTAX },
	{ "a repetition of nothing", "^?a$", -FAULT_SYNTAX },
	{ "a look ahead", "^(?!a)b$", -FAULT_INVALID },
	{ "an assertion", "^a\\b$", -FAULT_INVALID },
	{ "an anchor within", "^(a$)$", -FAULT_INVALID },
	{ "a beginning within", "^(^a)$", -FAULT_INVALID },
	{ "text behind the end", "^a$b", -FAULT_INVALID },
	{ "alternatives of the whole", "^a|b$", -FAULT_INVALID },
	{ "the least of a repetition", "^a+?$", -FAULT_INVALID },
	{ "groups too deep", "^((((((((((((((((((a))))))))))))))))))$", -FAULT_RANGE },
	{ "too many names", "^(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)$", -FAULT_RANGE },
};

static void test_a_pattern_is_the_names_it_stands_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena arena = { .first = NULL };
		struct buf names = { .at = NULL };
		struct finite finite;
		char marks[8];

		print_message("%s\n", rows[i].label);
		assert_int_equal(finite_names(text_of(rows[i].regex), &arena, &finite, NULL), 0);
		for (size_t n = 0; n < finite.count; n++)
			buf_addf(&names, "%s%.*s", n > 0 ? "," : "", TEXT_ARGS(finite.names[n]));
		buf_add(&names, "", 1);
		assert_string_equal(names.at, rows[i].names);
		snprintf(marks, sizeof(marks), "%s%s%s", finite.ignores_case ? "i" : "",
		         finite.dots ? "d" : "", finite.partial ? "p" : "");
		assert_string_equal(marks, rows[i].marks);
		buf_release(&names);
		arena_release(&arena);
	}
}

static void test_what_is_not_understood_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct arena arena = { .first = NULL };
		struct finite finite = { .count = 7 };
		struct fault fault;

		print_message("%s\n", refused[i].label);
		assert_int_equal(finite_names(text_of(refused[i].regex), &arena, &finite, &fault),
		                 refused[i].error);
		assert_true(fault.text[0] != '\0');
		assert_int_equal(finite.count, 7); /* untouched */
		arena_release(&arena);
	}
}

static void test_the_most_names_and_groups_are_read(void **state)
{
	struct arena arena = { .first = NULL };
	struct finite finite;

	(void)state;
	assert_int_equal(finite_names(text_of("^(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)$"), &arena,
	                              &finite, NULL),
	                 0);
	assert_int_equal(finite.count, FINITE_NAMES_MAX);
	assert_int_equal(
		finite_names(text_of("^((((((((((((((((a))))))))))))))))$"), &arena, &finite, NULL),
		0);
	assert_int_equal(finite.count, 1);
	assert_int_equal(finite_names(text_of("^a{16}$"), &arena, &finite, NULL), 0);
	assert_int_equal(finite.names[0].len, FINITE_TIMES_MAX);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_pattern_is_the_names_it_stands_for),
		cmocka_unit_test(test_what_is_not_understood_is_refused),
		cmocka_unit_test(test_the_most_names_and_groups_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
