#include <stdio.h>
#include <string.h>

#include "base/moment.h"
#include "statement/fetch.h"

enum {
	SECONDS_DIGITS_MAX = 9,
	DATE_BYTES_MAX = 40,
	MS_PER_S = 1000,
	YEARS_PER_CENTURY = 100,
	YEARS_AHEAD_MAX = 50, /* RFC 9110, 5.6.7: a year of two digits is no further ahead */
};

#define LATER_THAN_EVER_MS (INT64_MAX / MS_PER_S)

struct stamp {
	char month[4];
	int year, day, hour, minute, second;
	bool short_year;
};

static bool read_seconds(struct text value, int64_t *ms_out)
{
	int64_t seconds = 0;

	for (size_t i = 0; i < value.len; i++)
		if (value.at[i] < '0' || value.at[i] > '9')
			return false;
	if (value.len == 0)
		return false;
	/* More than anybody waits for is as much as that. */
	*ms_out = value.len <= SECONDS_DIGITS_MAX && text_int(value, &seconds) ? seconds * MS_PER_S
	                                                                       : LATER_THAN_EVER_MS;
	return true;
}

/* The whole of the text: IMF-fixdate, asctime(), RFC 850. */
static bool read_form(const char *text, struct stamp *stamp)
{
	enum { PARTS = 6 };
	int end = 0, got;

	*stamp = (struct stamp){ .year = 0 };
	got = sscanf(text, "%*3[A-Za-z], %2d %3s %4d %2d:%2d:%2d GMT%n", &stamp->day, stamp->month,
	             &stamp->year, &stamp->hour, &stamp->minute, &stamp->second, &end);
	if (got == PARTS && end > 0)
		return text[end] == '\0';
	got = sscanf(text, "%*3[A-Za-z] %3s %2d %2d:%2d:%2d %4d%n", stamp->month, &stamp->day,
	             &stamp->hour, &stamp->minute, &stamp->second, &stamp->year, &end);
	if (got == PARTS && end > 0)
		return text[end] == '\0';
	got = sscanf(text, "%*9[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d GMT%n", &stamp->day,
	             stamp->month, &stamp->year, &stamp->hour, &stamp->minute, &stamp->second,
	             &end);
	stamp->short_year = true;
	return got == PARTS && end > 0 && text[end] == '\0';
}

static int month_of(const char name[4])
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int month = 1; month <= 12; month++)
		if (memcmp(name, names + (size_t)3 * (size_t)(month - 1), 3) == 0)
			return month;
	return 0;
}

static int year_of(int64_t ms)
{
	char text[MOMENT_TEXT_BYTES];
	int year = 0;

	moment_text(ms, text);
	return sscanf(text, "%4d", &year) == 1 ? year : 0;
}

static bool read_date(struct text value, int64_t now_ms, int64_t *ms_out)
{
	char text[DATE_BYTES_MAX], written[MOMENT_TEXT_BYTES];
	int year_now = year_of(now_ms);
	struct stamp stamp;

	if (!text_copy(text, sizeof(text), value) || !read_form(text, &stamp))
		return false;
	if (stamp.short_year) {
		stamp.year += year_now - year_now % YEARS_PER_CENTURY;
		if (stamp.year > year_now + YEARS_AHEAD_MAX)
			stamp.year -= YEARS_PER_CENTURY;
	}
	snprintf(written, sizeof(written), "%04d-%02d-%02dT%02d:%02d:%02dZ", stamp.year,
	         month_of(stamp.month), stamp.day, stamp.hour, stamp.minute, stamp.second);
	return moment_parse(text_of(written), ms_out);
}

int64_t fetch_retry_after_ms(struct text value, int64_t now_ms)
{
	int64_t ms;

	if (read_seconds(value, &ms))
		return ms;
	if (!read_date(value, now_ms, &ms))
		return -1;
	return ms > now_ms ? ms - now_ms : 0;
}
