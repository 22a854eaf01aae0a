#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/control.h"
#include "tests/support/ledgerkit.h"

static void test_a_refusal_keeps_the_fault_it_names(void **state)
{
	static const struct {
		const char *label, *request, *says;
		int r;
	} rows[] = {
		{ "a book that is no JSON", "{'change':'price.apply','book':'x','note':''}",
		  "not JSON", -FAULT_SYNTAX },
		{ "a book without models", "{'change':'price.apply','book':'{}','note':''}",
		  "price book", -FAULT_INVALID },
		{ "a line that is not held", "{'change':'quarantine.retry','id':99}", "99",
		  -FAULT_NOT_FOUND },
		{ "no such change", "{'change':'everything'}", "is one of", -FAULT_INVALID },
	};
	struct ledgerkit *kit = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct context context = { .form = FORM_TABLE };
		struct control_reply reply;
		struct buf request = { .at = NULL };
		int r;

		buf_add_cstr(&request, kit_quotes(rows[i].request));
		r = control_change_own(&context, kit->ledger, &request, &reply);
		if (r != rows[i].r || context.fault.code != (enum fault_code) - r ||
		    strstr(context.fault.text, rows[i].says) == NULL)
			fail_msg("%s: %s: %s", rows[i].label, fault_name(r), context.fault.text);
		control_release(&reply);
		buf_release(&request);
	}
}

static void test_an_answer_that_tells_nothing_is_told_as_it_is(void **state)
{
	static const char *const answers[] = {
		"{}",
		"{'ok':false}",
		"{'ok':false,'fault':'busy'}",
		"{'ok':false,'error':''}",
		"{'ok':false,'error':7}",
		"{'ok':'true'}",
		"[]",
		"hello",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct context context = { .form = FORM_TABLE };
		struct control_reply reply = { .doc = { .nodes = NULL } };

		buf_add_cstr(&reply.text, kit_quotes(answers[i]));
		assert_int_equal(control_read_reply(&context, &reply), -FAULT_VERSION);
		if (strstr(context.fault.text, kit_quotes(answers[i])) == NULL ||
		    strstr(context.fault.text, "tolld --version") == NULL)
			fail_msg("%s: %s", answers[i], context.fault.text);
		control_release(&reply);
	}
}

static void test_a_failure_is_never_without_words(void **state)
{
	static const struct {
		int r;
		struct fault fault;
		const char *says;
	} rows[] = {
		{ -FAULT_NOMEM, { FAULT_NONE, "" }, "out of memory" },
		{ -FAULT_IO, { FAULT_NONE, "" }, "it failed (io)" },
		{ -FAULT_IO, { FAULT_IO, "" }, "it failed (io)" },
		{ 1, { FAULT_NONE, "" }, "it failed (internal)" },
		{ -FAULT_IO, { FAULT_IO, "the disk burns" }, "the disk burns" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct context context = { .fault = rows[i].fault };

		assert_int_equal(command_failed(&context, rows[i].r), EXIT_FAILED);
		assert_non_null(strstr(context.fault.text, rows[i].says));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_refusal_keeps_the_fault_it_names, kit_setup,
		                                kit_teardown),
		cmocka_unit_test(test_an_answer_that_tells_nothing_is_told_as_it_is),
		cmocka_unit_test(test_a_failure_is_never_without_words),
	};

	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
