#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

static void test_absent_and_empty_are_not_the_same(void **state)
{
	struct text absent = text_of(NULL), empty = text_of("");

	(void)state;
	assert_null(absent.at);
	assert_non_null(empty.at);
	assert_int_equal(empty.len, 0);
	/* As bytes they are. */
	assert_true(text_equal(absent, empty));
	assert_true(text_is(absent, ""));
	assert_false(text_is(absent, "a"));
}

static void test_blanks_and_tabs_are_trimmed_and_nothing_else(void **state)
{
	static const struct {
		const char *text, *trimmed;
	} rows[] = {
		{ "a", "a" },       { " \ta b\t ", "a b" }, { "\n a", "\n a" },
		{ "a \r", "a \r" }, { " \t ", "" },         { "", "" },
	};
	struct text absent = text_trimmed(text_of(NULL));

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		assert_true(text_is(text_trimmed(text_of(rows[i].text)), rows[i].trimmed));
	assert_null(absent.at);
}

static void test_texts_compare_by_bytes(void **state)
{
	static const char *const sorted[] = { "", "A", "a", "aa", "ab", "b", "b\x7f", "\xc3\xa9" };

	(void)state;
	for (size_t i = 0; i < ROWS(sorted); i++) {
		for (size_t j = 0; j < ROWS(sorted); j++) {
			int order = text_compare(text_of(sorted[i]), text_of(sorted[j]));

			assert_true((order > 0) - (order < 0) == (i > j) - (i < j));
			assert_int_equal(text_equal(text_of(sorted[i]), text_of(sorted[j])),
			                 i == j);
		}
	}
	assert_false(text_equal((struct text){ "a\0b", 3 }, (struct text){ "a\0c", 3 }));
}

static void test_a_copy_is_cut_and_ended(void **state)
{
	char out[4];

	(void)state;
	assert_true(text_copy(out, sizeof(out), text_of("abc")));
	assert_string_equal(out, "abc");
	assert_false(text_copy(out, sizeof(out), text_of("abcd")));
	assert_string_equal(out, "abc");
	assert_true(text_copy(out, sizeof(out), text_of(NULL)));
	assert_string_equal(out, "");
	assert_false(text_copy(out, 1, text_of("a")));
	assert_string_equal(out, "");
}

/* U in UTF-8 by the definition (RFC 3629, section 3), surrogates and all. */
static size_t encode(uint32_t u, unsigned char out[4])
{
	if (u < 0x80) {
		out[0] = (unsigned char)u;
		return 1;
	}
	if (u < 0x800) {
		out[0] = (unsigned char)(0xc0 | u >> 6);
		out[1] = (unsigned char)(0x80 | (u & 0x3f));
		return 2;
	}
	if (u < 0x10000) {
		out[0] = (unsigned char)(0xe0 | u >> 12);
		out[1] = (unsigned char)(0x80 | (u >> 6 & 0x3f));
		out[2] = (unsigned char)(0x80 | (u & 0x3f));
		return 3;
	}
	out[0] = (unsigned char)(0xf0 | u >> 18);
	out[1] = (unsigned char)(0x80 | (u >> 12 & 0x3f));
	out[2] = (unsigned char)(0x80 | (u >> 6 & 0x3f));
	out[3] = (unsigned char)(0x80 | (u & 0x3f));
	return 4;
}

static void test_utf8_is_what_encodes_a_character(void **state)
{
	(void)state;
	/* Every number, and a few hundred behind the last character. */
	for (uint32_t u = 0; u < 0x110200; u++) {
		bool character = u < 0x110000 && (u < 0xd800 || u > 0xdfff);
		unsigned char bytes[4];
		size_t len = encode(u, bytes);

		if (text_utf8((struct text){ (char *)bytes, len }) != character)
			fail_msg("U+%04X", u);
		if (len > 1 && text_utf8((struct text){ (char *)bytes, len - 1 }))
			fail_msg("U+%04X without its last byte", u);
	}
}

static void test_what_is_not_utf8(void **state)
{
	static const char *const rows[] = {
		"\x80",
		"\xbf",
		"\xc0\x80",
		"\xc1\xbf",
		"\xe0\x80\x80",
		"\xe0\x9f\xbf",
		"\xf0\x80\x80\x80",
		"\xf0\x8f\xbf\xbf",
		"\xf5\x80\x80\x80",
		"\xfe",
		"\xff",
		"ok\xc3",
		"\xc3\x28",
		"\xe2\x28\xa1",
		"\xe2\x82\x28",
		"\xf0\x9f\x98\x28",
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		if (text_utf8(text_of(rows[i])))
			fail_msg("row %zu passes", i);
	}
}

static void test_plain_has_no_control_characters(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		char bytes[3] = { 'a', (char)c, 'b' };
		bool plain = c >= 0x20 && c != 0x7f;

		assert_int_equal(text_plain((struct text){ bytes, 3 }), plain);
	}
	assert_true(text_plain(text_of("")));
	/* U+0080 to U+00BF: the first half of them are controls. */
	for (int c = 0x80; c <= 0xbf; c++) {
		char bytes[] = { 'a', '\xc2', (char)c, 'b', '\0' };

		assert_int_equal(text_plain(text_of(bytes)), c > 0x9f);
		text_make_plain(bytes, 4);
		assert_true(text_plain(text_of(bytes)) && text_utf8(text_of(bytes)));
		assert_int_equal(strcmp(bytes, "a??b") == 0, c <= 0x9f);
	}
	/* The same second byte behind another first one is a letter, and so is a line separator. */
	assert_true(text_plain(text_of("\xc3\x85\xe2\x82\x80\xe2\x80\xa8")));
	/* Only within its length. */
	assert_true(text_plain((struct text){ "\xc2\x85", 1 }));
}

static void test_integers_fit_or_are_refused(void **state)
{
	static const struct {
		const char *text;
		bool good;
		int64_t value;
	} rows[] = {
		{ "0", true, 0 },
		{ "-0", true, 0 },
		{ "0042", true, 42 },
		{ "-17", true, -17 },
		{ "9223372036854775807", true, INT64_MAX },
		{ "-9223372036854775808", true, INT64_MIN },
		{ "9223372036854775808", false, 0 },
		{ "-9223372036854775809", false, 0 },
		{ "99999999999999999999999999", false, 0 },
		{ "", false, 0 },
		{ "-", false, 0 },
		{ "--1", false, 0 },
		{ "+1", false, 0 },
		{ " 1", false, 0 },
		{ "1 ", false, 0 },
		{ "1.0", false, 0 },
		{ "1e3", false, 0 },
		{ "0x1", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		int64_t value = 0;

		if (text_int(text_of(rows[i].text), &value) != rows[i].good ||
		    value != rows[i].value)
			fail_msg("\"%s\": %lld", rows[i].text, (long long)value);
	}
}

static void test_a_star_matches_any_run_and_nothing_else_is_special(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool match;
	} rows[] = {
		{ "", "", true },
		{ "", "a", false },
		{ "*", "", true },
		{ "*", "anything", true },
		{ "acme/*", "acme/", true },
		{ "acme/*", "acme/llama", true },
		{ "acme/*", "acme", false },
		{ "*-mini", "opus-mini", true },
		{ "*-mini", "opus-mini-2", false },
		{ "a*c*e", "abcde", true },
		{ "a*c*e", "ace", true },
		{ "a*c*e", "aecd", false },
		{ "**a**", "xay", true },
		{ "*aab", "aaaab", true },
		{ "a*a", "a", false },
		{ "a?c", "abc", false },
		{ "a?c", "a?c", true },
		{ "[ab]", "a", false },
		{ "[ab]", "[ab]", true },
		{ "A*", "abc", false },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		if (text_match(text_of(rows[i].pattern), text_of(rows[i].text)) != rows[i].match)
			fail_msg("\"%s\" and \"%s\"", rows[i].pattern, rows[i].text);
	}
}

/* A hostile pattern must cost the product of the lengths, never a power. */
static void test_a_pattern_of_many_stars_ends(void **state)
{
	char pattern[201], text[4001];

	(void)state;
	for (size_t i = 0; i < 200; i += 2)
		memcpy(pattern + i, "*a", 3);
	memset(text, 'a', 4000);
	memcpy(text + 3999, "b", 2);
	assert_false(text_match(text_of(pattern), text_of(text)));
	text[3999] = 'a';
	assert_true(text_match(text_of(pattern), text_of(text)));
}

static void test_cutting_takes_part_after_part(void **state)
{
	struct text rest = text_of("a,,bc,"), part;

	(void)state;
	assert_true(text_cut(&rest, ',', &part) && text_is(part, "a"));
	assert_true(text_cut(&rest, ',', &part) && text_is(part, "") && part.at != NULL);
	assert_true(text_cut(&rest, ',', &part) && text_is(part, "bc"));
	assert_true(text_cut(&rest, ',', &part) && text_is(part, "") && part.at != NULL);
	assert_null(rest.at);
	assert_false(text_cut(&rest, ',', &part));
	rest = text_of("");
	assert_true(text_cut(&rest, ',', &part) && part.len == 0);
	assert_false(text_cut(&rest, ',', &part));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_absent_and_empty_are_not_the_same),
		cmocka_unit_test(test_texts_compare_by_bytes),
		cmocka_unit_test(test_a_copy_is_cut_and_ended),
		cmocka_unit_test(test_utf8_is_what_encodes_a_character),
		cmocka_unit_test(test_blanks_and_tabs_are_trimmed_and_nothing_else),
		cmocka_unit_test(test_what_is_not_utf8),
		cmocka_unit_test(test_plain_has_no_control_characters),
		cmocka_unit_test(test_integers_fit_or_are_refused),
		cmocka_unit_test(test_a_star_matches_any_run_and_nothing_else_is_special),
		cmocka_unit_test(test_a_pattern_of_many_stars_ends),
		cmocka_unit_test(test_cutting_takes_part_after_part),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
