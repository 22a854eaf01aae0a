#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/moment.h"
#include "cli/range.h"
#include "ledger/read.h"
#include "tests/support/output.h"

static const struct option own[] = {
	RANGE_OPTIONS,
	{ "limit", "N", "" },
	{ NULL, NULL, NULL },
};
static const struct option *const lists[] = { own, NULL };

enum { WORDS_MAX = 4, UNTOUCHED = 4711 };

/* A context with what the command line says: pairs of an option and its value. */
static void give(struct context *context, enum command_form form, const char *const *words)
{
	static const char *argv[WORDS_MAX];
	int argc = 0;

	for (; argc < WORDS_MAX && words[argc] != NULL; argc++)
		argv[argc] = words[argc];
	*context = (struct context){ .form = form };
	assert_int_equal(options_parse(&context->options, lists, argc, argv, NULL), 0);
}

static const char *const absent[WORDS_MAX] = { NULL };

static void test_a_time_is_a_year_month_day_hour_or_moment(void **state)
{
	static const struct {
		const char *label, *value, *moment;
	} rows[] = {
		{ "a year", "2026", "2026-01-01T00:00:00.000Z" },
		{ "a month", "2026-11", "2026-11-01T00:00:00.000Z" },
		{ "a day", "2026-11-22", "2026-11-22T00:00:00.000Z" },
		{ "a leap day", "2024-02-29", "2024-02-29T00:00:00.000Z" },
		{ "an hour as a report names it", "2026-11-22T08:00Z", "2026-11-22T08:00:00.000Z" },
		{ "a minute", "2026-11-22T08:59Z", "2026-11-22T08:59:00.000Z" },
		{ "a second", "2026-11-22T08:00:01Z", "2026-11-22T08:00:01.000Z" },
		{ "a millisecond", "2026-11-22T08:00:00.123Z", "2026-11-22T08:00:00.123Z" },
		{ "an offset", "2026-11-22T01:00:00+02:00", "2026-11-21T23:00:00.000Z" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const from[WORDS_MAX] = { "--from", rows[i].value };
		const char *const to[WORDS_MAX] = { "--to", rows[i].value };
		char begin[MOMENT_TEXT_BYTES], end[MOMENT_TEXT_BYTES];
		struct context context;
		int64_t from_ms, to_ms, other_ms;

		give(&context, FORM_TABLE, from);
		assert_int_equal(range_read(&context, &from_ms, &other_ms), 0);
		assert_true(other_ms == LEDGER_TO_MAX);
		give(&context, FORM_TABLE, to);
		assert_int_equal(range_read(&context, &other_ms, &to_ms), 0);
		assert_true(other_ms == LEDGER_FROM_MIN);
		moment_text(from_ms, begin);
		moment_text(to_ms, end);
		if (strcmp(begin, rows[i].moment) != 0 || strcmp(end, rows[i].moment) != 0)
			fail_msg("%s: --from %s, --to %s", rows[i].label, begin, end);
	}
}

static void test_a_range_that_is_not_given_is_everything(void **state)
{
	struct context context;
	int64_t from_ms, to_ms;

	(void)state;
	give(&context, FORM_TABLE, absent);
	assert_int_equal(range_read(&context, &from_ms, &to_ms), 0);
	assert_true(from_ms == LEDGER_FROM_MIN);
	assert_true(to_ms == LEDGER_TO_MAX);
}

static void test_what_is_no_time_is_refused_by_its_option(void **state)
{
	static const char *const values[] = {
		"",
		"yesterday",
		"1969",
		"2026-13",
		"2026-11-31",
		"2026-02-29",
		" 2026-11",
		"2026-11-22 ",
		"2026-11-22T08Z",
		"2026-11-22T08:00",  /* whose eight o'clock? */
		"2026-11-22T08:00x", /* as long as an hour */
		"2026-11-22T24:00Z",
		"2026-11-22T08:60Z",
		"2026-11-22T08:00:00",
		"1795338000000",
	};
	static const char *const options[] = { "--from", "--to" };

	(void)state;
	for (size_t i = 0; i < 2 * (sizeof(values) / sizeof(values[0])); i++) {
		const char *option = options[i % 2], *value = values[i / 2];
		const char *const words[WORDS_MAX] = { option, value };
		int64_t from_ms = UNTOUCHED, to_ms = UNTOUCHED;
		struct context context;
		char said[64];
		int r;

		give(&context, FORM_TABLE, words);
		r = range_read(&context, &from_ms, &to_ms);
		snprintf(said, sizeof(said), "%s %s: a time is due", option, value);
		if (r != -FAULT_INVALID || context.fault.code != FAULT_INVALID ||
		    strncmp(context.fault.text, said, strlen(said)) != 0)
			fail_msg("%s \"%s\": %s: %s", option, value, fault_name(r),
			         context.fault.text);
		assert_true(from_ms == UNTOUCHED && to_ms == UNTOUCHED);
	}
}

/* The first moment is in it, the last one is not. */
static void test_a_range_holds_one_moment_or_is_refused(void **state)
{
	static const struct {
		const char *label;
		const char *words[WORDS_MAX];
		int r;
	} rows[] = {
		{ "one millisecond",
		  { "--from", "2026-11-22T08:00:00.000Z", "--to", "2026-11-22T08:00:00.001Z" },
		  0 },
		{ "the same moment",
		  { "--from", "2026-11", "--to", "2026-11-01" },
		  -FAULT_INVALID },
		{ "backwards", { "--from", "2026-11-22", "--to", "2026-11-21" }, -FAULT_INVALID },
		{ "backwards, --to first",
		  { "--to", "2026-11-21", "--from", "2026-11-22" },
		  -FAULT_INVALID },
		{ "before everything", { "--to", "1970-01-01" }, -FAULT_INVALID },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t from_ms = UNTOUCHED, to_ms = UNTOUCHED;
		struct context context;
		int r;

		give(&context, FORM_TABLE, rows[i].words);
		r = range_read(&context, &from_ms, &to_ms);
		if (r != rows[i].r)
			fail_msg("%s: %s", rows[i].label, fault_name(r));
		if (r == 0) {
			assert_int_equal(to_ms - from_ms, 1);
			continue;
		}
		assert_int_equal(context.fault.code, FAULT_INVALID);
		assert_non_null(strstr(context.fault.text, "--from must be before --to"));
		assert_true(from_ms == UNTOUCHED && to_ms == UNTOUCHED);
	}
}

static void test_a_list_is_short_for_people_and_whole_for_programs(void **state)
{
	static const struct {
		const char *label;
		enum command_form form;
		const char *words[WORDS_MAX];
		int64_t limit;
	} rows[] = {
		{ "a table", FORM_TABLE, { NULL }, RANGE_LIMIT },
		{ "CSV", FORM_CSV, { NULL }, INT64_MAX },
		{ "JSON", FORM_JSON, { NULL }, INT64_MAX },
		{ "a table as long as wanted", FORM_TABLE, { "--limit", "20000" }, 20000 },
		{ "CSV as long as wanted", FORM_CSV, { "--limit", "7" }, 7 },
		{ "JSON as long as wanted", FORM_JSON, { "--limit", "1" }, 1 },
		{ "what the help says", FORM_JSON, { "--limit", RANGE_LIMIT_TEXT }, RANGE_LIMIT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct context context;
		int64_t limit = 0;

		give(&context, rows[i].form, rows[i].words);
		assert_int_equal(range_limit(&context, &limit), 0);
		if (limit != rows[i].limit)
			fail_msg("%s: %lld", rows[i].label, (long long)limit);
	}
}

static void test_a_limit_is_a_whole_number_above_zero(void **state)
{
	static const char *const values[] = { "0", "-1", "", "all", "1.5", "9223372036854775808" };

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		const char *const words[WORDS_MAX] = { "--limit", values[i] };
		struct context context;
		int64_t limit = UNTOUCHED;
		int r;

		give(&context, FORM_TABLE, words);
		r = range_limit(&context, &limit);
		if (r != -FAULT_INVALID || context.fault.code != FAULT_INVALID ||
		    strstr(context.fault.text, "--limit") == NULL || limit != UNTOUCHED)
			fail_msg("\"%s\": %s: %s", values[i], fault_name(r), context.fault.text);
	}
}

static void test_rows_that_are_not_shown_are_told(void **state)
{
	static const struct {
		const char *label;
		int64_t found, limit;
		const char *said;
	} rows[] = {
		{ "none", 0, 1000, "" },
		{ "all shown", 1000, 1000, "" },
		{ "one more", 1001, 1000, "toll: 1000 of 1001 rows; --limit 1001 shows all\n" },
		{ "beyond 32 bits", INT64_MAX, 1,
		  "toll: 1 of 9223372036854775807 rows; --limit 9223372036854775807 shows all\n" },
		{ "no limit", INT64_MAX, INT64_MAX, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *said;

		output_catch();
		range_say_rest(rows[i].found, rows[i].limit);
		said = output_caught();
		if (strcmp(said, rows[i].said) != 0)
			fail_msg("%s: %s", rows[i].label, said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_time_is_a_year_month_day_hour_or_moment),
		cmocka_unit_test(test_a_range_that_is_not_given_is_everything),
		cmocka_unit_test(test_what_is_no_time_is_refused_by_its_option),
		cmocka_unit_test(test_a_range_holds_one_moment_or_is_refused),
		cmocka_unit_test(test_a_list_is_short_for_people_and_whole_for_programs),
		cmocka_unit_test(test_a_limit_is_a_whole_number_above_zero),
		cmocka_unit_test(test_rows_that_are_not_shown_are_told),
	};

	return cmocka_run_group_tests_name("range", tests, NULL, NULL);
}
