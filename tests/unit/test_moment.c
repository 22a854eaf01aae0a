#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/moment.h"

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

static void test_moments_are_read(void **state)
{
	/* The figures are from `date -u -d TEXT +%s%3N`. */
	static const struct {
		const char *text;
		int64_t ms;
	} rows[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1970-01-01T00:00:00.001Z", 1 },
		{ "2000-02-29T12:00:00Z", INT64_C(951825600000) },
		{ "2015-01-01T00:00:00Z", INT64_C(1420070400000) },
		{ "2026-11-22T08:00:00.123Z", INT64_C(1795334400123) },
		{ "2026-11-22t08:00:00.123z", INT64_C(1795334400123) },
		{ "2026-11-22 08:00:00.123Z", INT64_C(1795334400123) },
		{ "2026-11-22T10:00:00.123+02:00", INT64_C(1795334400123) },
		{ "2026-11-21T23:30:00.123-08:30", INT64_C(1795334400123) },
		{ "2026-11-23T07:59:00.123+23:59", INT64_C(1795334400123) },
		{ "2026-11-21T08:01:00.123-23:59", INT64_C(1795334400123) },
		{ "2026-11-22T08:00:00.1239999Z", INT64_C(1795334400123) },
		{ "2026-11-22T08:00:00.1Z", INT64_C(1795334400100) },
		{ "2026-11-22T08:00:00.12Z", INT64_C(1795334400120) },
		{ "2100-02-28T23:59:59.999Z", INT64_C(4107542399999) },
		{ "9999-12-31T23:59:59.999Z", INT64_C(253402300799999) },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		int64_t ms = -1;

		if (!moment_parse(text_of(rows[i].text), &ms) || ms != rows[i].ms)
			fail_msg("%s: %lld", rows[i].text, (long long)ms);
	}
}

static void test_what_is_no_moment_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"2026",
		"2026-11-22",
		"2026-11-22T08:00:00",
		"2026-11-22T08:00Z",
		"2026-11-22T08:00:00.Z",
		"2026-11-22T08:00:00,5Z",
		"2026-11-22T08:00:00Z ",
		" 2026-11-22T08:00:00Z",
		"2026-11-22T08:00:00ZZ",
		"2026-11-22T08:00:00+0200",
		"2026-11-22T08:00:00+02",
		"2026-11-22T08:00:00+24:00",
		"2026-11-22T08:00:00+02:60",
		"2026-11-22T24:00:00Z",
		"2026-11-22T08:60:00Z",
		"2026-11-22T08:00:60Z",
		"2026-13-01T00:00:00Z",
		"2026-00-01T00:00:00Z",
		"2026-01-00T00:00:00Z",
		"2026-01-32T00:00:00Z",
		"2026-04-31T00:00:00Z",
		"2026-02-29T00:00:00Z",
		"2100-02-29T00:00:00Z",
		"1969-12-31T23:59:59Z",
		"1970-01-01T00:00:00+00:01",
		"9999-12-31T23:59:59-00:01",
		"10000-01-01T00:00:00Z",
		"-2026-01-01T00:00:00Z",
		"26-11-22T08:00:00Z",
		"2026-11-2 T08:00:00Z",
		"1795334400123",
		"Sun, 22 Nov 2026 08:00:00 GMT",
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		int64_t ms = 42;

		if (moment_parse(text_of(rows[i]), &ms) || ms != 42)
			fail_msg("\"%s\" gave %lld", rows[i], (long long)ms);
	}
	assert_false(moment_parse(text_of(NULL), &(int64_t){ 0 }));
}

static void test_dates_are_their_first_millisecond(void **state)
{
	static const struct {
		const char *text, *moment; /* moment NULL: refused */
	} rows[] = {
		{ "2026", "2026-01-01T00:00:00.000Z" },
		{ "2026-11", "2026-11-01T00:00:00.000Z" },
		{ "2026-01", "2026-01-01T00:00:00.000Z" },
		{ "2026-12", "2026-12-01T00:00:00.000Z" },
		{ "2026-00", NULL },
		{ "2026-11-01", "2026-11-01T00:00:00.000Z" },
		{ "2026-11-00", NULL },
		{ "2026-12-31", "2026-12-31T00:00:00.000Z" },
		{ "1970", "1970-01-01T00:00:00.000Z" },
		{ "2026-11-22", "2026-11-22T00:00:00.000Z" },
		{ "2024-02-29", "2024-02-29T00:00:00.000Z" },
		{ "2026-11-22T08:00:00+01:00", "2026-11-22T07:00:00.000Z" },
		{ "2026-", NULL },
		{ "2026-1", NULL },
		{ "2026-13", NULL },
		{ "2026-11-", NULL },
		{ "2026-11-31", NULL },
		{ "2026-11-22T", NULL },
		{ "2026-11-22-", NULL },
		{ "2026/11", NULL },
		{ "1969", NULL },
		{ "today", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		char text[MOMENT_TEXT_BYTES];
		int64_t ms = 0;
		bool good = moment_parse_date(text_of(rows[i].text), &ms);

		moment_text(ms, text);
		if (good != (rows[i].moment != NULL) || (good && strcmp(text, rows[i].moment) != 0))
			fail_msg("\"%s\": %s", rows[i].text, text);
	}
	assert_false(moment_parse_date(text_of(NULL), &(int64_t){ 0 }));
}

/* Each day from 1970 to 9999, against the C library. */
static void test_every_day_is_written_and_read(void **state)
{
	(void)state;
	for (int64_t day = 0; day < INT64_C(2932897); day++) {
		time_t seconds = (time_t)(day * 86400 + day % 86400);
		int64_t ms = (int64_t)seconds * 1000 + day % 1000, back;
		char text[MOMENT_TEXT_BYTES], due[MOMENT_TEXT_BYTES];
		struct tm tm;

		moment_text(ms, text);
		if (day % 16 == 0) {
			gmtime_r(&seconds, &tm);
			strftime(due, sizeof(due), "%Y-%m-%dT%H:%M:%S", &tm);
			if (strncmp(text, due, 19) != 0)
				fail_msg("%s, not %s", text, due);
		}
		if (!moment_parse(text_of(text), &back) || back != ms)
			fail_msg("%s came back as %lld", text, (long long)back);
	}
}

static void test_units_are_cut_and_begin_where_they_begin(void **state)
{
	static const struct {
		const char *moment;
		enum moment_unit unit;
		const char *text, *floor;
	} rows[] = {
		{ "2026-11-22T08:59:59.999Z", MOMENT_HOUR, "2026-11-22T08:00Z",
		  "2026-11-22T08:00:00.000Z" },
		{ "2026-11-22T08:00:00.000Z", MOMENT_HOUR, "2026-11-22T08:00Z",
		  "2026-11-22T08:00:00.000Z" },
		{ "2026-11-22T23:59:59.999Z", MOMENT_DAY, "2026-11-22",
		  "2026-11-22T00:00:00.000Z" },
		{ "2026-11-30T23:59:59.999Z", MOMENT_MONTH, "2026-11", "2026-11-01T00:00:00.000Z" },
		{ "2024-02-29T12:00:00.000Z", MOMENT_MONTH, "2024-02", "2024-02-01T00:00:00.000Z" },
		{ "2026-01-01T00:00:00.000Z", MOMENT_MONTH, "2026-01", "2026-01-01T00:00:00.000Z" },
		{ "1970-01-01T00:00:00.000Z", MOMENT_MONTH, "1970-01", "1970-01-01T00:00:00.000Z" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		char text[MOMENT_TEXT_BYTES];
		int64_t ms;

		assert_true(moment_parse(text_of(rows[i].moment), &ms));
		moment_text(moment_floor(ms, rows[i].unit), text);
		assert_string_equal(text, rows[i].floor);
		moment_text_unit(moment_floor(ms, rows[i].unit), rows[i].unit, text);
		assert_string_equal(text, rows[i].text);
	}
}

static void test_the_text_of_an_hour_names_the_hour(void **state)
{
	char text[MOMENT_TEXT_BYTES];
	int64_t ms;

	(void)state;
	assert_true(moment_parse(text_of("2026-11-22T08:59:59.999Z"), &ms));
	moment_text_unit(ms, MOMENT_HOUR, text);
	assert_string_equal(text, "2026-11-22T08:00Z");
}

/* Before 1970 too: a floor, not a cut towards zero. */
static void test_a_floor_goes_down(void **state)
{
	(void)state;
	assert_true(moment_floor(-1, MOMENT_HOUR) == -MS_PER_HOUR);
	assert_true(moment_floor(-1, MOMENT_DAY) == -MS_PER_DAY);
	assert_true(moment_floor(-MS_PER_DAY, MOMENT_DAY) == -MS_PER_DAY);
	assert_true(moment_floor(-1, MOMENT_MONTH) == -31 * MS_PER_DAY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moments_are_read),
		cmocka_unit_test(test_what_is_no_moment_is_refused),
		cmocka_unit_test(test_dates_are_their_first_millisecond),
		cmocka_unit_test(test_every_day_is_written_and_read),
		cmocka_unit_test(test_units_are_cut_and_begin_where_they_begin),
		cmocka_unit_test(test_the_text_of_an_hour_names_the_hour),
		cmocka_unit_test(test_a_floor_goes_down),
	};

	return cmocka_run_group_tests_name("moment", tests, NULL, NULL);
}
