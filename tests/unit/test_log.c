#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/log.h"
#include "tests/support/output.h"

static void test_a_line_has_time_level_words_and_values(void **state)
{
	const char *line;

	(void)state;
	output_catch();
	log_info("ready", "pid=%d", 7);
	line = output_caught();
	assert_int_equal(strncmp(line, "time=20", 7), 0);
	assert_non_null(strstr(line, "Z level=info msg=\"ready\" pid=7\n"));
	output_catch();
	log_info("ready", "%s", "");
	line = output_caught();
	assert_non_null(strstr(line, "Z level=info msg=\"ready\"\n"));
}

static void test_nothing_from_outside_can_forge_a_line(void **state)
{
	static const char evil[] = "x\"\nlevel=error msg=\"forged\\";
	const char *line;

	(void)state;
	output_catch();
	log_warning("line quarantined", "source=%s", log_quote(text_of(evil)).text);
	line = output_caught();
	/* One newline, at the end; the quotes inside are escaped. */
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	assert_non_null(strstr(line, "source=\"x\\\"?level=error msg=\\\"forged\\\\\"\n"));
}

/* A name is UTF-8 and may hold U+009B, which a terminal takes for ESC [. */
static void test_nothing_from_outside_can_steer_a_terminal(void **state)
{
	const char *line;

	(void)state;
	output_catch();
	log_info("hello", "source=%s",
	         log_quote(text_of("a\x1b[2Jb\xc2\x9b"
	                           "2Jc\xc2\xa0\xc3\x9f"))
	                 .text);
	line = output_caught();
	assert_non_null(strstr(line, "source=\"a?[2Jb??2Jc\xc2\xa0\xc3\x9f\"\n"));
}

static void test_a_long_value_is_cut_and_still_closed(void **state)
{
	static char big[100000];
	struct log_quoted quoted;
	const char *line;

	(void)state;
	memset(big, '\\', sizeof(big) - 1);
	quoted = log_quote(text_of(big));
	assert_true(strlen(quoted.text) < LOG_QUOTE_BYTES);
	assert_int_equal(quoted.text[strlen(quoted.text) - 1], '"');
	assert_int_equal((strlen(quoted.text) - 2) % 2, 0); /* no escape is cut in two */
	output_catch();
	log_info("big", "a=%s b=%s c=%s d=%s", quoted.text, quoted.text, quoted.text, quoted.text);
	line = output_caught();
	assert_true(strlen(line) <= LOG_LINE_BYTES);
	assert_int_equal(line[strlen(line) - 1], '\n');
}

static void test_levels_below_the_set_one_are_silent(void **state)
{
	enum log_level level;
	const char *line;

	(void)state;
	assert_true(log_level_find(text_of("warning"), &level));
	log_set_level(level);
	output_catch();
	log_debug("no", "%s", "");
	log_info("no", "%s", "");
	log_warning("yes", "%s", "");
	log_error("yes too", "%s", "");
	line = output_caught();
	log_set_level(LOG_LEVEL_INFO);
	assert_null(strstr(line, "msg=\"no\""));
	assert_non_null(strstr(line, "level=warning msg=\"yes\""));
	assert_non_null(strstr(line, "level=error msg=\"yes too\""));
	assert_false(log_level_find(text_of("loud"), &level));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_line_has_time_level_words_and_values),
		cmocka_unit_test(test_nothing_from_outside_can_forge_a_line),
		cmocka_unit_test(test_nothing_from_outside_can_steer_a_terminal),
		cmocka_unit_test(test_a_long_value_is_cut_and_still_closed),
		cmocka_unit_test(test_levels_below_the_set_one_are_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
