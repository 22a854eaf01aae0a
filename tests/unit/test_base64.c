#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/fault.h"

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

static void test_base64_is_read_with_and_without_its_padding(void **state)
{
	/* The first seven are of RFC 4648, section 10. */
	static const struct {
		const char *coded, *bytes;
		size_t len;
	} rows[] = {
		{ "", "", 0 },
		{ "Zg==", "f", 1 },
		{ "Zm8=", "fo", 2 },
		{ "Zm9v", "foo", 3 },
		{ "Zm9vYg==", "foob", 4 },
		{ "Zm9vYmE=", "fooba", 5 },
		{ "Zm9vYmFy", "foobar", 6 },
		{ "Zg", "f", 1 },
		{ "Zm8", "fo", 2 },
		{ "+/+/", "\xfb\xff\xbf", 3 },
		{ "AAEC", "\0\1\2", 3 },
	};
	struct arena arena = { .first = NULL };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct text bytes = text_of(NULL);

		assert_int_equal(base64_decode(&arena, text_of(rows[i].coded), &bytes), 0);
		assert_int_equal(bytes.len, rows[i].len);
		assert_memory_equal(bytes.at, rows[i].bytes, rows[i].len);
	}
	arena_release(&arena);
}

static void test_what_is_no_base64_is_refused(void **state)
{
	static const char *const rows[] = { "Z", "Zm9vY", "Zm9v\n", "Zm 9", "Zm=v", "-_-_", "?" };
	struct arena arena = { .first = NULL };
	struct text bytes = text_of(NULL);

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		assert_int_equal(base64_decode(&arena, text_of(rows[i]), &bytes), -FAULT_SYNTAX);
	assert_int_equal(base64_decode(&arena, (struct text){ "Zm\0v", 4 }, &bytes), -FAULT_SYNTAX);
	assert_null(bytes.at);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64_is_read_with_and_without_its_padding),
		cmocka_unit_test(test_what_is_no_base64_is_refused),
	};

	return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
