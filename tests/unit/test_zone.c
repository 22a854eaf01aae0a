#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/zone.h"
#include "tests/support/failmem.h"

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

static struct zone *zone_of(const char *name)
{
	struct fault fault = { 0 };
	struct zone *zone = NULL;

	if (zone_open(&zone, text_of(name), &fault) < 0)
		fail_msg("%s: %s", name, fault.text);
	return zone;
}

static int64_t ms_of(const char *moment)
{
	int64_t ms;

	if (!moment_parse(text_of(moment), &ms))
		fail_msg("%s is no moment", moment);
	return ms;
}

/* From tzdata's own source files (europe, northamerica, asia, australasia). */
static const struct {
	const char *zone, *moment;
	int minutes;
} known[] = {
	{ "UTC", "2026-07-01T00:00:00Z", 0 },
	{ "+02:00", "2026-01-01T00:00:00Z", 120 },
	{ "+0530", "2026-01-01T00:00:00Z", 330 },
	{ "-03:30", "2026-01-01T00:00:00Z", -210 },
	{ "-08", "2026-07-01T00:00:00Z", -480 },
	{ "-00:30", "2026-07-01T00:00:00Z", -30 },
	{ "Europe/Berlin", "2026-03-29T00:59:59.999Z", 60 },
	{ "Europe/Berlin", "2026-03-29T01:00:00Z", 120 },
	{ "Europe/Berlin", "2026-10-25T00:59:59.999Z", 120 },
	{ "Europe/Berlin", "2026-10-25T01:00:00Z", 60 },
	{ "America/New_York", "2026-03-08T06:59:59.999Z", -300 },
	{ "America/New_York", "2026-03-08T07:00:00Z", -240 },
	{ "America/New_York", "2026-11-01T05:59:59.999Z", -240 },
	{ "America/New_York", "2026-11-01T06:00:00Z", -300 },
	{ "Asia/Kolkata", "2026-06-01T00:00:00Z", 330 },
	{ "Asia/Kathmandu", "2026-06-01T00:00:00Z", 345 },
	{ "Asia/Kathmandu", "1985-12-31T18:29:59Z", 330 },
	{ "Asia/Kathmandu", "1985-12-31T18:30:00Z", 345 },
	{ "Australia/Lord_Howe", "2026-04-04T14:59:59Z", 660 },
	{ "Australia/Lord_Howe", "2026-04-04T15:00:00Z", 630 },
	{ "Australia/Lord_Howe", "2026-10-03T15:29:59Z", 630 },
	{ "Australia/Lord_Howe", "2026-10-03T15:30:00Z", 660 },
	{ "Pacific/Apia", "2011-12-30T09:59:59Z", -600 },
	{ "Pacific/Apia", "2011-12-30T10:00:00Z", 840 },
	{ "Europe/Dublin", "2026-01-15T12:00:00Z", 0 },
	{ "Europe/Dublin", "2026-07-15T12:00:00Z", 60 },
	/* Behind the last change that a file lists: by its footer. */
	{ "Europe/Berlin", "2300-07-01T00:00:00Z", 120 },
	{ "Europe/Berlin", "2300-12-01T00:00:00Z", 60 },
	{ "America/New_York", "9999-07-01T00:00:00Z", -240 },
	{ "Australia/Sydney", "2300-01-01T00:00:00Z", 660 },
	{ "Australia/Sydney", "2300-07-01T00:00:00Z", 600 },
	{ "Europe/Dublin", "2300-07-15T12:00:00Z", 60 },
	{ "Europe/Dublin", "2300-12-15T12:00:00Z", 0 },
	{ "Asia/Tokyo", "2300-07-15T12:00:00Z", 540 },
};

static void test_offsets_are_those_that_are_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(known); i++) {
		struct zone *zone = zone_of(known[i].zone);
		int64_t ms = zone_offset_ms(zone, ms_of(known[i].moment));

		if (ms != known[i].minutes * INT64_C(60000))
			fail_msg("%s at %s: %lld", known[i].zone, known[i].moment, (long long)ms);
		assert_string_equal(zone_name(zone), known[i].zone);
		zone_close(zone);
	}
	assert_string_equal(zone_name(NULL), "UTC");
	assert_true(zone_offset_ms(NULL, 0) == 0);
	zone_close(NULL);
}

static void test_local_times_that_come_twice_or_never(void **state)
{
	static const struct {
		const char *zone, *local, *utc;
	} rows[] = {
		{ "Europe/Berlin", "2026-07-01T00:00:00Z", "2026-06-30T22:00:00.000Z" },
		{ "Europe/Berlin", "2026-03-29T01:59:59Z", "2026-03-29T00:59:59.000Z" },
		/* Skipped: half an hour behind the jump. */
		{ "Europe/Berlin", "2026-03-29T02:30:00Z", "2026-03-29T01:30:00.000Z" },
		{ "Europe/Berlin", "2026-03-29T03:00:00Z", "2026-03-29T01:00:00.000Z" },
		/* Twice: the earlier. */
		{ "Europe/Berlin", "2026-10-25T02:30:00Z", "2026-10-25T00:30:00.000Z" },
		{ "Europe/Berlin", "2026-10-25T03:00:00Z", "2026-10-25T02:00:00.000Z" },
		{ "America/New_York", "2026-03-08T02:00:00.5Z", "2026-03-08T07:00:00.500Z" },
		{ "America/New_York", "2026-11-01T01:59:59Z", "2026-11-01T05:59:59.000Z" },
		{ "Australia/Lord_Howe", "2026-10-04T02:15:00Z", "2026-10-03T15:45:00.000Z" },
		{ "Australia/Lord_Howe", "2026-04-05T01:45:00Z", "2026-04-04T14:45:00.000Z" },
		/* A day that never was. */
		{ "Pacific/Apia", "2011-12-30T12:00:00Z", "2011-12-30T22:00:00.000Z" },
		{ "Pacific/Apia", "2011-12-31T00:00:00Z", "2011-12-30T10:00:00.000Z" },
		{ "-03:30", "2026-01-01T00:00:00Z", "2026-01-01T03:30:00.000Z" },
		{ "Europe/Berlin", "2300-03-25T01:59:00Z", "2300-03-25T00:59:00.000Z" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct zone *zone = zone_of(rows[i].zone);
		char text[MOMENT_TEXT_BYTES];

		moment_text(zone_to_utc(zone, ms_of(rows[i].local)), text);
		if (strcmp(text, rows[i].utc) != 0)
			fail_msg("%s, %s: %s", rows[i].zone, rows[i].local, text);
		zone_close(zone);
	}
	assert_true(zone_to_utc(NULL, 1234) == 1234);
}

static const struct {
	const char *zone, *moment;
	enum moment_unit unit;
	const char *floor;
	int minutes; /* how long it is */
} odd_days[] = {
	{ "UTC", "2026-03-29T12:00:00Z", MOMENT_DAY, "2026-03-29T00:00:00.000Z", 1440 },
	{ "UTC", "2026-12-29T12:00:00Z", MOMENT_MONTH, "2026-12-01T00:00:00.000Z", 44640 },
	{ "Europe/Berlin", "2026-03-29T12:00:00Z", MOMENT_DAY, "2026-03-28T23:00:00.000Z",
	  23 * 60 },
	{ "Europe/Berlin", "2026-10-25T22:59:59.999Z", MOMENT_DAY, "2026-10-24T22:00:00.000Z",
	  25 * 60 },
	{ "Europe/Berlin", "2026-10-25T23:00:00Z", MOMENT_DAY, "2026-10-25T23:00:00.000Z", 1440 },
	{ "Europe/Berlin", "2026-03-29T12:00:00Z", MOMENT_MONTH, "2026-02-28T23:00:00.000Z",
	  (31 * 24 - 1) * 60 },
	{ "America/New_York", "2026-11-01T12:00:00Z", MOMENT_DAY, "2026-11-01T04:00:00.000Z",
	  25 * 60 },
	{ "America/New_York", "2026-03-08T12:00:00Z", MOMENT_DAY, "2026-03-08T05:00:00.000Z",
	  23 * 60 },
	{ "Australia/Lord_Howe", "2026-04-05T00:00:00Z", MOMENT_DAY, "2026-04-04T13:00:00.000Z",
	  1470 },
	{ "Asia/Kathmandu", "2026-04-05T00:00:00Z", MOMENT_HOUR, "2026-04-04T23:15:00.000Z", 60 },
	/* An hour that comes twice is two; one with a jump in it is two pieces. */
	{ "Europe/Berlin", "2026-10-25T00:30:00Z", MOMENT_HOUR, "2026-10-25T00:00:00.000Z", 60 },
	{ "Europe/Berlin", "2026-10-25T01:30:00Z", MOMENT_HOUR, "2026-10-25T01:00:00.000Z", 60 },
	{ "Australia/Lord_Howe", "2026-04-04T15:10:00Z", MOMENT_HOUR, "2026-04-04T15:00:00.000Z",
	  30 },
	{ "Australia/Lord_Howe", "2026-04-04T14:10:00Z", MOMENT_HOUR, "2026-04-04T14:00:00.000Z",
	  60 },
	{ "Australia/Lord_Howe", "2026-10-03T15:40:00Z", MOMENT_HOUR, "2026-10-03T15:30:00.000Z",
	  30 },
	/* The day that was skipped is none; those around it are whole. */
	{ "Pacific/Apia", "2011-12-30T09:59:59Z", MOMENT_DAY, "2011-12-29T10:00:00.000Z", 1440 },
	{ "Pacific/Apia", "2011-12-30T10:00:00Z", MOMENT_DAY, "2011-12-30T10:00:00.000Z", 1440 },
	{ "Pacific/Apia", "2011-12-30T10:00:00Z", MOMENT_MONTH, "2011-12-01T10:00:00.000Z",
	  30 * 1440 },
	/* Midnight itself is skipped: the day begins at one. */
	{ "America/Sao_Paulo", "2018-11-04T12:00:00Z", MOMENT_DAY, "2018-11-04T03:00:00.000Z",
	  23 * 60 },
	{ "America/Sao_Paulo", "2018-02-18T02:30:00Z", MOMENT_DAY, "2018-02-17T02:00:00.000Z",
	  25 * 60 },
	/* Set back over midnight: 2010-11-07 is seen for a minute, left, and goes on. */
	{ "America/St_Johns", "2010-11-07T02:29:59Z", MOMENT_DAY, "2010-11-06T02:30:00.000Z",
	  1440 },
	{ "America/St_Johns", "2010-11-07T02:31:00Z", MOMENT_DAY, "2010-11-07T02:30:00.000Z",
	  1500 },
	{ "America/St_Johns", "2010-11-07T03:00:00Z", MOMENT_DAY, "2010-11-07T02:30:00.000Z",
	  1500 },
	/* By the footer. */
	{ "Europe/Berlin", "2300-03-25T12:00:00Z", MOMENT_DAY, "2300-03-24T23:00:00.000Z",
	  23 * 60 },
};

static void test_days_of_23_and_25_hours(void **state)
{

	(void)state;
	for (size_t i = 0; i < ROWS(odd_days); i++) {
		struct zone *zone = zone_of(odd_days[i].zone);
		int64_t ms = ms_of(odd_days[i].moment),
			floor_ms = zone_floor(zone, ms, odd_days[i].unit);
		int64_t next_ms = zone_next(zone, ms, odd_days[i].unit);
		char text[MOMENT_TEXT_BYTES];

		moment_text(floor_ms, text);
		if (strcmp(text, odd_days[i].floor) != 0 ||
		    next_ms - floor_ms != odd_days[i].minutes * INT64_C(60000))
			fail_msg("%s, %s: %s, %lld minutes", odd_days[i].zone, odd_days[i].moment,
			         text, (long long)(next_ms - floor_ms) / 60000);
		zone_close(zone);
	}
}

static const char *const zones[] = {
	"Africa/Cairo",         "Africa/Casablanca",  "Africa/El_Aaiun",
	"Africa/Monrovia",      "America/Asuncion",   "America/Caracas",
	"America/Godthab",      "America/Havana",     "America/Los_Angeles",
	"America/New_York",     "America/Santiago",   "America/Sao_Paulo",
	"America/Scoresbysund", "America/St_Johns",   "Antarctica/Troll",
	"Asia/Amman",           "Asia/Gaza",          "Asia/Jerusalem",
	"Asia/Kathmandu",       "Asia/Kolkata",       "Asia/Pyongyang",
	"Asia/Tehran",          "Atlantic/Azores",    "Australia/Lord_Howe",
	"Australia/Sydney",     "Europe/Berlin",      "Europe/Dublin",
	"Europe/Istanbul",      "Europe/Moscow",      "Pacific/Apia",
	"Pacific/Chatham",      "Pacific/Kiritimati",
};

static uint64_t seed = 6;

static int64_t at_random(int64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (int64_t)(seed % (uint64_t)below);
}

/* 2500 moments of each, up to the year 2400, half of them by a change of the clock. */
static void test_offsets_are_those_of_the_c_library(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(zones); i++) {
		struct zone *zone = zone_of(zones[i]);
		int64_t last_s = 0;

		setenv("TZ", zones[i], 1);
		tzset();
		for (int n = 0; n < 2500; n++) {
			int64_t s = n % 2 == 0 ? at_random(INT64_C(13569465600))
			                       : last_s + at_random(7201) - 3600;
			struct tm tm;
			time_t t = (time_t)s;

			/* Bisect to the change that is next to it. */
			if (n % 2 == 0) {
				int64_t low = s, high = s + 200 * INT64_C(86400);
				int64_t off = zone_offset_ms(zone, low * 1000);

				if (zone_offset_ms(zone, high * 1000) != off) {
					while (high - low > 1) {
						int64_t mid = low + (high - low) / 2;

						if (zone_offset_ms(zone, mid * 1000) == off)
							low = mid;
						else
							high = mid;
					}
				}
				last_s = high;
			}
			assert_non_null(localtime_r(&t, &tm));
			if (zone_offset_ms(zone, s * 1000) != tm.tm_gmtoff * INT64_C(1000))
				fail_msg("%s at %lld: %lld, not %ld", zones[i], (long long)s,
				         (long long)zone_offset_ms(zone, s * 1000) / 1000,
				         tm.tm_gmtoff);
		}
		unsetenv("TZ");
		zone_close(zone);
	}
	tzset();
}

/* What the units promise, of moments at random and of those next to a change. */
static void test_every_moment_is_in_one_unit(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(zones); i++) {
		struct zone *zone = zone_of(zones[i]);

		for (int n = 0; n < 3000; n++) {
			enum moment_unit unit = (enum moment_unit)(n % 3);
			int64_t ms = at_random(INT64_C(4102444800000));
			int64_t from = zone_floor(zone, ms, unit), to = zone_next(zone, ms, unit);
			int64_t local = ms + zone_offset_ms(zone, ms), back;

			if (from > ms || to <= ms || zone_floor(zone, from, unit) != from ||
			    zone_next(zone, from, unit) != to ||
			    zone_floor(zone, to - 1, unit) != from ||
			    zone_next(zone, to - 1, unit) != to ||
			    zone_floor(zone, to, unit) != to ||
			    (unit == MOMENT_HOUR && to - from > MS_PER_HOUR))
				fail_msg("%s, unit %d: %lld is not in [%lld, %lld)", zones[i],
				         (int)unit, (long long)ms, (long long)from, (long long)to);
			/* A local time leads back to its moment, or to the one before. */
			back = zone_to_utc(zone, local);
			if (back > ms || back + zone_offset_ms(zone, back) != local)
				fail_msg("%s: %lld came back as %lld", zones[i], (long long)ms,
				         (long long)back);
		}
		zone_close(zone);
	}
}

static void test_moments_beyond_are_the_nearest(void **state)
{
	struct zone *zone = zone_of("Europe/Berlin");

	(void)state;
	assert_true(zone_offset_ms(zone, INT64_MAX) == 3600000);
	assert_true(zone_floor(zone, INT64_MAX, MOMENT_MONTH) == INT64_C(253402297200000));
	assert_true(zone_next(zone, INT64_MAX, MOMENT_HOUR) == INT64_C(253402300800000));
	assert_true(zone_floor(zone, INT64_MIN, MOMENT_DAY) == INT64_C(-2208992400000));
	assert_true(zone_to_utc(zone, INT64_MAX) == INT64_C(253402297199999));
	zone_close(zone);
}

static void test_names_that_are_none(void **state)
{
	static const struct {
		const char *name;
		enum fault_code code;
		const char *said;
	} rows[] = {
		{ "", FAULT_SYNTAX, "\"\" is no time zone: UTC, an offset" },
		{ "../../etc/passwd", FAULT_SYNTAX, "is no time zone" },
		{ "Europe/../Europe/Berlin", FAULT_SYNTAX, "is no time zone" },
		{ "/usr/share/zoneinfo/UTC", FAULT_SYNTAX, "is no time zone" },
		{ "Europe//Berlin", FAULT_SYNTAX, "is no time zone" },
		{ "Europe/", FAULT_SYNTAX, "is no time zone" },
		{ "zone.tab", FAULT_SYNTAX, "is no time zone" },
		{ "Europe/Berlin ", FAULT_SYNTAX, "is no time zone" },
		{ "Europe Berlin", FAULT_SYNTAX, "is no time zone" },
		{ "+2", FAULT_SYNTAX, "is no time zone" },
		{ "+02:0", FAULT_SYNTAX, "is no time zone" },
		{ "+2:00", FAULT_SYNTAX, "is no time zone" },
		{ "+02:000", FAULT_SYNTAX, "is no time zone" },
		{ "+02000", FAULT_SYNTAX, "is no time zone" },
		{ "+24:00", FAULT_SYNTAX, "is no time zone" },
		{ "+02:60", FAULT_SYNTAX, "is no time zone" },
		{ "-", FAULT_SYNTAX, "is no time zone" },
		{ "A12345678901234567890123456789012345678901234567890123456789012345",
		  FAULT_SYNTAX, "is no time zone" },
		{ "Europe/Berln", FAULT_NOT_FOUND, "there is no time zone Europe/Berln in " },
		{ "Europe", FAULT_NOT_FOUND, "there is no time zone Europe in " },
		{ "leapseconds", FAULT_SYNTAX, "leapseconds: not a file of a time zone: no TZif" },
		{ "right/Europe/Berlin", FAULT_NONE, "leap seconds" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct zone *zone = NULL;
		struct fault fault = { 0 };
		int r = zone_open(&zone, text_of(rows[i].name), &fault);

		/* Not every machine has these. */
		if (rows[i].code == FAULT_NONE && r == -FAULT_NOT_FOUND)
			continue;
		if (zone != NULL || strstr(fault.text, rows[i].said) == NULL ||
		    (rows[i].code != FAULT_NONE && r != -(int)rows[i].code))
			fail_msg("\"%s\": %d, %s", rows[i].name, r, fault.text);
	}
	assert_int_equal(zone_open(&(struct zone *){ NULL }, text_of(NULL), NULL), -FAULT_SYNTAX);
}

static void test_without_zoneinfo_it_says_what_to_install(void **state)
{
	struct zone *zone = NULL;
	struct fault fault = { 0 };

	(void)state;
	assert_int_equal(zone_open_in(&zone, "/nowhere", text_of("Europe/Berlin"), &fault),
	                 -FAULT_NOT_FOUND);
	assert_non_null(strstr(fault.text, "no /nowhere here: install tzdata"));
	/* These need none. */
	assert_int_equal(zone_open_in(&zone, "/nowhere", text_of("UTC"), &fault), 0);
	zone_close(zone);
	assert_int_equal(zone_open_in(&zone, "/nowhere", text_of("-05:00"), &fault), 0);
	zone_close(zone);
}

/* --- Files made by hand --- */

static char folder[] = "build/zone-XXXXXX";

struct made {
	char at[65536];
	size_t len;
};

static void add_number(struct made *made, int64_t value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		made->at[made->len++] = (char)((uint64_t)value >> (8 * (len - 1 - i)));
}

static void add_header(struct made *made, char version, int64_t leaps, int64_t times, int64_t types)
{
	memcpy(made->at + made->len, "TZif", 4);
	made->at[made->len + 4] = version;
	memset(made->at + made->len + 5, 0, 15);
	made->len += 20;
	add_number(made, 0, 4);
	add_number(made, 0, 4);
	add_number(made, leaps, 4);
	add_number(made, times, 4);
	add_number(made, types, 4);
	add_number(made, 4, 4);
}

/* Two changes, at 1e9 and 2e9 seconds: 0, 3600, 7200. */
static void make(struct made *made, const char *footer)
{
	made->len = 0;
	add_header(made, '2', 0, 0, 1);
	add_number(made, 0, 6);
	add_number(made, 0, 4);
	add_header(made, '2', 0, 2, 3);
	add_number(made, 1000000000, 8);
	add_number(made, 2000000000, 8);
	add_number(made, 1, 1);
	add_number(made, 2, 1);
	for (int64_t i = 0; i < 3; i++) {
		add_number(made, i * 3600, 4);
		add_number(made, 0, 2);
	}
	add_number(made, 0, 4);
	made->at[made->len++] = '\n';
	memcpy(made->at + made->len, footer, strlen(footer));
	made->len += strlen(footer);
	made->at[made->len++] = '\n';
}

enum { FIRST = 44 + 6 + 4, SECOND = FIRST + 44 }; /* where the blocks of make() begin */

static int open_made(struct zone **zone_out, const struct made *made, struct fault *fault)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/Made", folder);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fwrite(made->at, 1, made->len, file) == made->len);
	assert_int_equal(fclose(file), 0);
	return zone_open_in(zone_out, folder, text_of("Made"), fault);
}

static void test_a_file_made_by_hand_is_read(void **state)
{
	static struct made made;
	struct zone *zone = NULL;

	(void)state;
	make(&made, "");
	assert_int_equal(open_made(&zone, &made, NULL), 0);
	assert_true(zone_offset_ms(zone, INT64_C(999999999999)) == 0);
	assert_true(zone_offset_ms(zone, INT64_C(1000000000000)) == 3600000);
	assert_true(zone_offset_ms(zone, INT64_C(9000000000000)) == 7200000);
	zone_close(zone);
	/* One of a year before ours is the first. */
	make(&made, "");
	made.at[SECOND] = (char)0x80;
	assert_int_equal(open_made(&zone, &made, NULL), 0);
	assert_true(zone_offset_ms(zone, INT64_MIN) == 3600000);
	zone_close(zone);
}

static const struct {
	const char *footer, *moment; /* moment NULL: refused */
	int seconds;
} footers[] = {
	{ "ABC-2", "2040-01-01T00:00:00Z", 7200 },
	{ "<+0330>-3:30", "2040-01-01T00:00:00Z", 12600 },
	{ "<-03>3:00:30", "2040-01-01T00:00:00Z", -10830 },
	{ "AAA+5BBB,M3.2.0,M11.1.0", "2040-07-01T00:00:00Z", -14400 },
	{ "AAA5BBB4:30,M3.2.0/2,M11.1.0/2:30:10", "2040-07-01T00:00:00Z", -16200 },
	/* Day 60 by J is 1 March, in 2040 too; by number it is 29 February then. */
	{ "AAA0BBB,J60/0,J300", "2040-02-29T23:59:59Z", 0 },
	{ "AAA0BBB,J60/0,J300", "2040-03-01T00:00:00Z", 3600 },
	{ "AAA0BBB,59/0,300", "2040-02-28T23:59:59Z", 0 },
	{ "AAA0BBB,59/0,300", "2040-02-29T00:00:00Z", 3600 },
	{ "AAA0BBB,59/0,300", "2041-03-01T00:00:00Z", 3600 },
	/* Before midnight, and some days behind (RFC 8536). */
	{ "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2040-03-25T00:59:59Z", -7200 },
	{ "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2040-03-25T01:00:00Z", -3600 },
	{ "IST-2IDT,M3.4.4/50,M10.5.0", "2040-03-23T23:59:59Z", 7200 },
	{ "IST-2IDT,M3.4.4/50,M10.5.0", "2040-03-24T00:00:00Z", 10800 },
	/* Summer all year (the example of RFC 8536). */
	{ "XXX3EDT4,0/0,J365/23", "2040-01-01T02:59:59Z", -14400 },
	{ "XXX3EDT4,0/0,J365/23", "2040-01-01T03:00:00Z", -14400 },
	{ "XXX3EDT4,0/0,J365/23", "2040-12-31T23:59:59Z", -14400 },
	{ "AB0", NULL, 0 },
	{ "ABC", NULL, 0 },
	{ "ABC25", NULL, 0 },
	{ "<ABC0", NULL, 0 },
	{ "ABC0:60", NULL, 0 },
	{ "ABC0:00:60", NULL, 0 },
	{ "ABC0DEF", NULL, 0 },
	{ "ABC0DE,M3.2.0,M11.1.0", NULL, 0 },
	{ "ABC0DEF,M3.2.0", NULL, 0 },
	{ "ABC0DEF25,M3.2.0,M11.1.0", NULL, 0 },
	{ "ABC0DEF,M13.2.0,M11.1.0", NULL, 0 },
	{ "ABC0DEF,M0.2.0,M11.1.0", NULL, 0 },
	{ "ABC0DEF,M3.6.0,M11.1.0", NULL, 0 },
	{ "ABC0DEF,M3.0.0,M11.1.0", NULL, 0 },
	{ "ABC0DEF,M3.2.7,M11.1.0", NULL, 0 },
	{ "ABC0DEF,M3.2,M11.1.0", NULL, 0 },
	{ "ABC0DEF,J0,J300", NULL, 0 },
	{ "ABC0DEF,J366,J300", NULL, 0 },
	{ "ABC0DEF,366,J300", NULL, 0 },
	{ "ABC0DEF,M3.2.0/168,M11.1.0", NULL, 0 },
	{ "ABC0DEF,M3.2.0/,M11.1.0", NULL, 0 },
	{ "ABC0DEF,M3.2.0,M11.1.0,", NULL, 0 },
	{ "ABC0DEF,M3.2.0 M11.1.0", NULL, 0 },
	{ "\n", NULL, 0 },
};

static void test_footers(void **state)
{

	(void)state;
	for (size_t i = 0; i < ROWS(footers); i++) {
		static struct made made;
		struct zone *zone = NULL;
		struct fault fault = { 0 };
		int r;

		make(&made, footers[i].footer);
		r = open_made(&zone, &made, &fault);
		if (footers[i].moment == NULL) {
			if (r != -FAULT_SYNTAX ||
			    strstr(fault.text, "a footer that is no TZ") == NULL)
				fail_msg("\"%s\": %d, %s", footers[i].footer, r, fault.text);
			continue;
		}
		if (r < 0)
			fail_msg("\"%s\": %s", footers[i].footer, fault.text);
		if (zone_offset_ms(zone, ms_of(footers[i].moment)) !=
		    footers[i].seconds * INT64_C(1000))
			fail_msg("\"%s\" at %s: %lld s", footers[i].footer, footers[i].moment,
			         (long long)zone_offset_ms(zone, ms_of(footers[i].moment)) / 1000);
		zone_close(zone);
	}
}

static void test_broken_files_are_refused(void **state)
{
	static const struct {
		const char *label;
		size_t at, len; /* these bytes ... */
		int64_t value;  /* ... are this */
		const char *said;
	} rows[] = {
		{ "no magic", 0, 1, 'X', "no TZif" },
		{ "version 1", 4, 1, 0, "version 1" },
		{ "the first block is longer than the file", 32, 4, 0x7fffffff, "fewer bytes" },
		{ "the first block is long enough to wrap", 32, 4, -1, "fewer bytes" },
		{ "no second magic", FIRST, 1, 'X', "fewer bytes" },
		{ "more times than bytes", FIRST + 32, 4, 1000, "fewer bytes" },
		{ "a great many times", FIRST + 32, 4, -1, "fewer bytes" },
		{ "more types than bytes", FIRST + 36, 4, -1, "fewer bytes" },
		{ "more letters than bytes", FIRST + 40, 4, 1000, "fewer bytes" },
		{ "no types", FIRST + 36, 4, 0, "no type of local time" },
		{ "leap seconds", FIRST + 28, 4, 1, "leap seconds" },
		{ "times that do not ascend", SECOND + 8, 8, 1000000000, "do not ascend" },
		{ "a time behind all years", SECOND + 8, 8, INT64_MAX, "behind the year 9999" },
		{ "a type that is not there", SECOND + 17, 1, 3, "a type that it does not have" },
		{ "an offset of 27 hours", SECOND + 18, 4, 97200, "an offset of more than a day" },
		{ "an offset of -27 hours", SECOND + 18, 4, -97200,
		  "an offset of more than a day" },
		{ "no newline before the footer", SECOND + 40, 1, 'X', "no footer" },
		{ "no newline behind the footer", SECOND + 45, 1, 'X', "no footer" },
	};
	static struct made made, damaged;
	struct fault fault;

	(void)state;
	make(&made, "AAA0");
	assert_true(made.len == SECOND + 46);
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct zone *zone = NULL;
		struct made bytes = { .len = 0 };
		int r;

		damaged = made;
		add_number(&bytes, rows[i].value, rows[i].len);
		memcpy(damaged.at + rows[i].at, bytes.at, bytes.len);
		r = open_made(&zone, &damaged, &fault);
		if (r != -FAULT_SYNTAX || zone != NULL || strstr(fault.text, rows[i].said) == NULL)
			fail_msg("%s: %d, %s", rows[i].label, r, fault.text);
	}
	/* Cut anywhere. */
	for (size_t len = 0; len < made.len; len++) {
		struct zone *zone = NULL;

		damaged = made;
		damaged.len = len;
		assert_int_equal(open_made(&zone, &damaged, &fault), -FAULT_SYNTAX);
	}
}

static void test_a_file_that_is_too_long_is_refused(void **state)
{
	struct zone *zone = NULL;
	struct fault fault;
	char path[64];
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "%s/Long", folder);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(truncate(path, ZONE_FILE_BYTES_MAX + 1), 0);
	assert_int_equal(zone_open_in(&zone, folder, text_of("Long"), &fault), -FAULT_RANGE);
	unlink(path);
}

static void test_no_memory_is_said(void **state)
{
	static struct made made;
	int count = 0;

	(void)state;
	make(&made, "AAA0");
	for (bool failed = true; failed; count++) {
		struct zone *zone = NULL;
		struct fault fault;
		int r;

		assert_int_equal(open_made(&zone, &made, &fault), 0);
		zone_close(zone);
		zone = NULL;
		failmem_after(count);
		r = zone_open_in(&zone, folder, text_of("Made"), &fault);
		failed = failmem_stop();
		assert_int_equal(r, failed ? -FAULT_NOMEM : 0);
		zone_close(zone);
	}
	assert_true(count > 3);
}

static int begin(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL;
}

static int end(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/Made", folder);
	unlink(path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offsets_are_those_that_are_known),
		cmocka_unit_test(test_local_times_that_come_twice_or_never),
		cmocka_unit_test(test_days_of_23_and_25_hours),
		cmocka_unit_test(test_offsets_are_those_of_the_c_library),
		cmocka_unit_test(test_every_moment_is_in_one_unit),
		cmocka_unit_test(test_moments_beyond_are_the_nearest),
		cmocka_unit_test(test_names_that_are_none),
		cmocka_unit_test(test_without_zoneinfo_it_says_what_to_install),
		cmocka_unit_test(test_a_file_made_by_hand_is_read),
		cmocka_unit_test(test_footers),
		cmocka_unit_test(test_broken_files_are_refused),
		cmocka_unit_test(test_a_file_that_is_too_long_is_refused),
		cmocka_unit_test(test_no_memory_is_said),
	};

	return cmocka_run_group_tests_name("zone", tests, begin, end);
}
