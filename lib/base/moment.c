#include "base/moment.h"

#include <stdio.h>

/* 9999-12-31T23:59:59.999Z */
#define LAST_MS INT64_C(253402300799999)

static bool leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_days(int64_t year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && leap(year));
}

/* Counted in years that begin in March, so that the leap day is the last one. */
int64_t moment_days(int64_t year, int month, int day)
{
	int64_t y = year - (month <= 2);
	int64_t era = y / 400, year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}

void moment_date(int64_t days, int64_t *year, int *month, int *day)
{
	int64_t z = days + 719468, era = z / 146097, day_of_era = z - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
	                       day_of_era / 146096) /
	                      365;
	int64_t day_of_year = day_of_era -
	                      (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t march_month = (5 * day_of_year + 2) / 153;

	*day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1);
	*month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
	*year = year_of_era + era * 400 + (*month <= 2);
}

/* Takes exactly `digits` digits off the front. */
static bool take_number(struct text *t, int digits, int *out)
{
	int value = 0;

	if (t->len < (size_t)digits)
		return false;
	for (int i = 0; i < digits; i++) {
		if (t->at[i] < '0' || t->at[i] > '9')
			return false;
		value = value * 10 + (t->at[i] - '0');
	}
	t->at += digits;
	t->len -= (size_t)digits;
	*out = value;
	return true;
}

static bool take(struct text *t, char c)
{
	if (t->len == 0 || t->at[0] != c)
		return false;
	t->at++;
	t->len--;
	return true;
}

static bool take_date(struct text *t, int64_t *days_out)
{
	int year, month, day;

	if (!take_number(t, 4, &year) || !take(t, '-') || !take_number(t, 2, &month) ||
	    !take(t, '-') || !take_number(t, 2, &day))
		return false;
	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > month_days(year, month))
		return false;
	*days_out = moment_days(year, month, day);
	return true;
}

/* "08:00:00" with an optional fraction of any length. */
static bool take_clock(struct text *t, int64_t *ms_out)
{
	int hour, minute, second, ms = 0;

	if (!take_number(t, 2, &hour) || !take(t, ':') || !take_number(t, 2, &minute) ||
	    !take(t, ':') || !take_number(t, 2, &second))
		return false;
	if (hour > 23 || minute > 59 || second > 59)
		return false;
	if (take(t, '.')) {
		int digits = 0, digit;

		for (; take_number(t, 1, &digit); digits++) {
			if (digits < 3)
				ms = ms * 10 + digit;
		}
		if (digits == 0)
			return false;
		for (; digits < 3; digits++)
			ms *= 10;
	}
	*ms_out = ((int64_t)hour * 60 + minute) * 60000 + (int64_t)second * 1000 + ms;
	return true;
}

/* "Z" or "+02:00" */
static bool take_zone(struct text *t, int64_t *offset_ms_out)
{
	int sign, hour, minute;

	*offset_ms_out = 0;
	if (take(t, 'Z') || take(t, 'z'))
		return true;
	if (take(t, '+'))
		sign = 1;
	else if (take(t, '-'))
		sign = -1;
	else
		return false;
	if (!take_number(t, 2, &hour) || !take(t, ':') || !take_number(t, 2, &minute) ||
	    hour > 23 || minute > 59)
		return false;
	*offset_ms_out = sign * ((int64_t)hour * 60 + minute) * 60000;
	return true;
}

bool moment_parse(struct text t, int64_t *ms_out)
{
	int64_t days, clock_ms, offset_ms, ms;

	if (t.at == NULL || !take_date(&t, &days))
		return false;
	if (!take(&t, 'T') && !take(&t, 't') && !take(&t, ' '))
		return false;
	if (!take_clock(&t, &clock_ms) || !take_zone(&t, &offset_ms) || t.len != 0)
		return false;
	ms = days * MS_PER_DAY + clock_ms - offset_ms;
	/* An offset may lead out of the years that can be written. */
	if (ms < 0 || ms > LAST_MS)
		return false;
	*ms_out = ms;
	return true;
}

bool moment_parse_date(struct text t, int64_t *ms_out)
{
	int year, month = 1, day = 1;
	struct text rest = t;

	if (t.at == NULL)
		return false;
	if (moment_parse(t, ms_out))
		return true;
	if (!take_number(&rest, 4, &year) || year < 1970)
		return false;
	if (take(&rest, '-') && (!take_number(&rest, 2, &month) || month < 1 || month > 12))
		return false;
	if (rest.len > 0 && (!take(&rest, '-') || !take_number(&rest, 2, &day) || day < 1 ||
	                     day > month_days(year, month)))
		return false;
	if (rest.len != 0)
		return false;
	*ms_out = moment_days(year, month, day) * MS_PER_DAY;
	return true;
}

void moment_text(int64_t ms, char out[MOMENT_TEXT_BYTES])
{
	int64_t days = moment_floor(ms, MOMENT_DAY) / MS_PER_DAY;
	int64_t rest = ms - days * MS_PER_DAY, year;
	int month, day;

	moment_date(days, &year, &month, &day);
	snprintf(out, MOMENT_TEXT_BYTES, "%04lld-%02d-%02dT%02d:%02d:%02d.%03dZ", (long long)year,
	         month, day, (int)(rest / MS_PER_HOUR), (int)(rest / 60000 % 60),
	         (int)(rest / 1000 % 60), (int)(rest % 1000));
}

void moment_text_unit(int64_t ms, enum moment_unit unit, char out[MOMENT_TEXT_BYTES])
{
	static const size_t keep[] = { [MOMENT_HOUR] = 16, [MOMENT_DAY] = 10, [MOMENT_MONTH] = 7 };

	moment_text(moment_floor(ms, MOMENT_HOUR), out);
	if (unit == MOMENT_HOUR)
		out[keep[unit]] = 'Z';
	out[keep[unit] + (unit == MOMENT_HOUR)] = '\0';
}

int64_t moment_floor(int64_t ms, enum moment_unit unit)
{
	int64_t step = unit == MOMENT_HOUR ? MS_PER_HOUR : MS_PER_DAY;
	int64_t floor = ms - (ms % step + step) % step, year;
	int month, day;

	if (unit != MOMENT_MONTH)
		return floor;
	moment_date(floor / MS_PER_DAY, &year, &month, &day);
	return moment_days(year, month, 1) * MS_PER_DAY;
}
