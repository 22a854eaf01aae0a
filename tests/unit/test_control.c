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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_refusal_keeps_the_fault_it_names, kit_setup,
		                                kit_teardown),
	};

	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
