/* The report of a reconciliation, kept in the log of changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "ingest/change.h"
#include "tests/support/ledgerkit.h"

#define HEX_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define REPORT "{\"result_sha256\":\"" HEX_64 "\",\"left\":1.50,\"n\":[1,\"\\u0007\"]}"

static const char *run(struct ledgerkit *kit, const char *request)
{
	static char text[512];
	struct change change = { text_of(request), text_of("uid 7"), KIT_NOW_MS };
	struct fault fault = { .code = FAULT_NONE };
	struct buf reply = { .at = NULL };
	bool moved = true;

	if (change_run(kit->ledger, &change, &reply, &moved, &fault) < 0)
		fail_msg("%s", fault.text);
	assert_false(moved);
	text_copy(text, sizeof(text), buf_text(&reply));
	buf_release(&reply);
	return text;
}

static void test_a_report_is_kept_as_it_is_and_its_runs_are_counted(void **state)
{
	struct ledgerkit *kit = *state;
	char sha256[SHA256_HEX_BYTES], expected[256];

	sha256_hex(REPORT, strlen(REPORT), sha256);
	snprintf(expected, sizeof(expected), "{\"ok\":true,\"run\":1,\"sha256\":\"%s\"}", sha256);
	assert_string_equal(expected,
	                    run(kit, "{\"change\":\"reconcile.run\",\"report\":" REPORT "}"));
	/* White space is not of it, nor where it stands; the chain is beside it. */
	snprintf(expected, sizeof(expected), "{\"ok\":true,\"run\":2,\"sha256\":\"%s\"}", sha256);
	assert_string_equal(
		expected,
		run(kit,
	            "{\"seal\":\"" HEX_64 "\", \"report\" : { \"result_sha256\":\"" HEX_64
	            "\", \"left\": 1.50, \"n\":[1, \"\\u0007\"]},\"change\":\"reconcile.run\"}"));
	assert_string_equal(kit_ask(kit, "SELECT group_concat(detail, ' ') FROM change WHERE what "
	                                 "= 'reconcile.run' AND who = 'uid 7'"),
	                    "{\"report\":" REPORT ",\"seal\":null} {\"report\":" REPORT
	                    ",\"seal\":\"" HEX_64 "\"}");
	kit_verify_clean(kit);
}

static void test_the_words_that_repeat_it_are_beside_the_report(void **state)
{
	struct ledgerkit *kit = *state;

	assert_non_null(strstr(run(kit, "{\"change\":\"reconcile.run\",\"report\":" REPORT
	                                ",\"command\":\"toll\"}"),
	                       "is a list of words"));
	assert_non_null(strstr(run(kit, "{\"change\":\"reconcile.run\",\"report\":" REPORT
	                                ",\"command\":[\"toll\",{}]}"),
	                       "is a list of words"));
	assert_non_null(strstr(run(kit, "{\"change\":\"reconcile.run\",\"report\":" REPORT
	                                ",\"command\":[\"toll\", \"a/b\",null]}"),
	                       "\"run\":1,"));
	assert_string_equal(kit_ask(kit, "SELECT detail FROM change WHERE what = 'reconcile.run'"),
	                    "{\"report\":" REPORT
	                    ",\"seal\":null,\"command\":[\"toll\",\"a/b\",null]}");
}

static void test_a_large_report_is_refused(void **state)
{
	static const char before[] = "{\"change\":\"reconcile.run\",\"report\":";
	static const char head[] = "{\"result_sha256\":\"" HEX_64 "\",\"x\":\"";
	struct ledgerkit *kit = *state;

	for (int more = 0; more < 2; more++) {
		struct buf request = { .at = NULL };
		size_t rest = (size_t)(CHANGE_REPORT_BYTES_MAX + more) - strlen(head) - 2;

		buf_add_cstr(&request, before);
		buf_add_cstr(&request, head);
		for (size_t i = 0; i < rest; i++)
			buf_add(&request, "x", 1);
		buf_add_cstr(&request, "\"}}");
		if (strstr(run(kit, request.at), more == 0 ? "\"run\":1," : "larger than 64 KiB") ==
		    NULL)
			fail_msg("%s", run(kit, request.at));
		buf_release(&request);
	}
	assert_string_equal(
		kit_ask(kit, "SELECT count(*) FROM change WHERE what = 'reconcile.run'"), "1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_a_report_is_kept_as_it_is_and_its_runs_are_counted, kit_setup,
			kit_teardown),
		cmocka_unit_test_setup_teardown(test_the_words_that_repeat_it_are_beside_the_report,
		                                kit_setup, kit_teardown),
		cmocka_unit_test_setup_teardown(test_a_large_report_is_refused, kit_setup,
		                                kit_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
