/* What the project gives away as JSON is JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glob.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/json.h"

enum { SAMPLE_BYTES_MAX = 1024 * 1024 };

static void check_file(const char *path)
{
	struct fault fault = { .code = FAULT_NONE };
	struct buf bytes = { .at = NULL };
	struct json doc = { .nodes = NULL };

	assert_int_equal(buf_read_file(&bytes, path, SAMPLE_BYTES_MAX, &fault), 0);
	if (json_parse(&doc, buf_text(&bytes), &fault) < 0)
		fail_msg("%s: %s", path, fault.text);
	assert_int_equal(json_type_of(&doc, 0), JSON_OBJECT);
	json_release(&doc);
	buf_release(&bytes);
}

static void test_schemas_and_samples_are_json_objects(void **state)
{
	static const char *const patterns[] = { "schema/*.json", "packaging/*.json" };

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		glob_t found;

		assert_int_equal(glob(patterns[i], 0, NULL, &found), 0);
		for (size_t f = 0; f < found.gl_pathc; f++)
			check_file(found.gl_pathv[f]);
		globfree(&found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schemas_and_samples_are_json_objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
