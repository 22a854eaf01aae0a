/* What somebody else's text becomes in a page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/html.h"

static void expect(const char *label, struct text given, const char *expected)
{
	struct buf out = { .at = NULL };

	buf_add_cstr(&out, "");
	html_add(&out, given);
	if (out.error != 0 || !text_is(buf_text(&out), expected))
		fail_msg("%s: \"%s\", not \"%s\"", label, out.at, expected);
	buf_release(&out);
}

static void test_nothing_of_a_text_is_markup(void **state)
{
	static const struct {
		const char *label, *given, *expected;
	} rows[] = {
		{ "plain", "gpt-5 mini", "gpt-5 mini" },
		{ "nothing", "", "" },
		{ "markup", "<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;" },
		{ "out of an attribute", "\" onload='x' &amp;",
		  "&quot; onload=&#39;x&#39; &amp;amp;" },
		{ "out of CDATA", "]]>", "]]&gt;" },
		{ "letters of all lengths", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
		  "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "direction turned",
		  "a\xe2\x80\xae"
		  "b\xe2\x81\xa6"
		  "c\xd8\x9c",
		  "a[U+202E]b[U+2066]c[U+061C]" },
		{ "beside those that turn", "\xe2\x80\xad\xe2\x80\xaf\xe2\x81\xaa",
		  "[U+202D]\xe2\x80\xaf\xe2\x81\xaa" },
		{ "control characters", "a\x1b[2J\x7f\xc2\x9b\tb\n",
		  "a\xef\xbf\xbd[2J\xef\xbf\xbd\xef\xbf\xbd\tb\n" },
		{ "no UTF-8", "a\xff<\xc3", "a\xef\xbf\xbd&lt;\xef\xbf\xbd" },
		{ "cut before its end", "\xe2\x80", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "an overlong <", "\xc0\xbc", "\xef\xbf\xbd\xef\xbf\xbd" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(rows[i].label, text_of(rows[i].given), rows[i].expected);
	expect("a NUL", (struct text){ "a\0b", 3 },
	       "a\xef\xbf\xbd"
	       "b");
	expect("absent", text_of(NULL), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_of_a_text_is_markup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
