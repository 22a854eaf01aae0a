/*
 * A result that is written without memory: every allocation fails once.  Each time that is told,
 * or the bytes are the same.  So of the names that a row is put in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bill/result.h"
#include "cli/renames.h"
#include "tests/support/failmem.h"
#include "tests/support/matchkit.h"

enum { STEPS_MAX = 4000 };

static struct matchkit *kit;

static int write_json(struct buf *out, struct fault *fault)
{
	const struct bill_statement_name name = { "one.csv",
		                                  &(struct statement_summary){ .rows = 3 } };

	return bill_result_json(&kit->result, &name, 1, out, fault);
}

static int write_html(struct buf *out, struct fault *fault)
{
	const struct bill_statement_name name = { "one.csv",
		                                  &(struct statement_summary){ .rows = 3 } };

	return bill_result_html(&kit->result, &name, 1, out, fault);
}

static int write_names(struct buf *out, struct fault *fault)
{
	struct renames renames = { .doc = { .nodes = NULL } };
	int r = renames_parse(&renames,
	                      text_of("{\"model\":{\"b\":\"c\",\"a\":\"d\\u0041\"},"
	                              "\"key\":{\"k\":\"l\"}}"),
	                      "n.json", fault);

	if (r == 0)
		buf_addf(out, "%zu", renames.kinds[0].count);
	renames_release(&renames);
	return r != 0 || out->error == 0 ? r : -FAULT_NOMEM;
}

static void starve(int (*write)(struct buf *out, struct fault *fault), int code)
{
	struct buf expected = { .at = NULL };
	struct fault fault = { .code = FAULT_NONE };
	int n = 0, r = write(&expected, &fault);

	assert_int_equal(r, code);
	for (bool failed = true; failed; n++) {
		struct buf out = { .at = NULL };

		assert_true(n < STEPS_MAX);
		failmem_after(n);
		r = write(&out, &fault);
		failed = failmem_stop();
		if (failed && r == -FAULT_NOMEM)
			assert_int_equal(fault.code, FAULT_NOMEM);
		else
			assert_int_equal(r, code);
		if (r == 0 && !text_equal(buf_text(&out), buf_text(&expected)))
			fail_msg("allocation %d:\n%s\n%s", n, out.at, expected.at);
		buf_release(&out);
	}
	assert_true(n > 2);
	buf_release(&expected);
}

static void test_no_memory_is_told_or_the_bytes_are_the_same(void **state)
{
	struct fault fault = { .code = FAULT_NONE };

	kit = *state;
	match_event(kit, "e1", "2026-07-01T00:00:00Z", 5, 1, "");
	match_event(kit, "e2", "2026-07-01T10:00:00Z", 1, 1, "");
	match_row(kit, "id=e1 time=2026-07-01T00:00:00Z model=m input=5 output=1 amount=9");
	match_row(kit, "id=x time=2026-07-01T11:00:00Z model=m input=1 output=0 amount=1");
	if (match_try(kit, &fault) < 0)
		fail_msg("%s", fault.text);
	assert_true(kit->result.differences >= 3);
	buf_add_cstr(&kit->result.notes, "a note\n");
	failmem_ours(true);
	starve(write_json, 0);
	starve(write_html, 0);
	failmem_ours(false);
}

static void test_no_memory_for_names_is_told(void **state)
{
	(void)state;
	failmem_ours(true);
	starve(write_names, 0);
	failmem_ours(false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_no_memory_is_told_or_the_bytes_are_the_same,
		                                match_setup, match_teardown),
		cmocka_unit_test(test_no_memory_for_names_is_told),
	};

	failmem_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
