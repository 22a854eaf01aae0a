#include "statement/when.h"

#include "statement/mapped.h"
#include "statement/number.h"

/* 9999-12-31 */
#define LAST_MS INT64_C(253402214400000)

enum { MINUTE_MS = 60000, SECOND_MS = 1000 };

static bool digits(struct text t, size_t at, size_t count)
{
	if (t.len < at + count)
		return false;
	for (size_t i = at; i < at + count; i++) {
		if (t.at[i] < '0' || t.at[i] > '9')
			return false;
	}
	return true;
}

static bool is_at(struct text t, size_t at, char c)
{
	return at < t.len && t.at[at] == c;
}

/* "Z", " UTC", "+02:00", "+0200", "+02", or nothing: not *zoned_out. */
static bool read_offset(struct text t, bool *zoned_out, int64_t *offset_out)
{
	size_t minutes;
	int64_t value;

	*zoned_out = true;
	*offset_out = 0;
	if (t.len == 0) {
		*zoned_out = false;
		return true;
	}
	if (is_at(t, 0, ' '))
		t = (struct text){ t.at + 1, t.len - 1 };
	if (t.len == 1 && (t.at[0] == 'Z' || t.at[0] == 'z'))
		return true;
	if (text_is(t, "UTC") || text_is(t, "GMT"))
		return true;
	if ((!is_at(t, 0, '+') && !is_at(t, 0, '-')) || !digits(t, 1, 2))
		return false;
	value = ((t.at[1] - '0') * 10 + t.at[2] - '0') * (int64_t)MS_PER_HOUR;
	minutes = is_at(t, 3, ':') ? 4 : 3;
	if (t.len > 3) {
		if (!digits(t, minutes, 2) || t.len != minutes + 2 || t.at[minutes] > '5')
			return false;
		value += ((t.at[minutes] - '0') * 10 + t.at[minutes + 1] - '0') * MINUTE_MS;
	}
	*offset_out = is_at(t, 0, '-') ? -value : value;
	return value < MS_PER_DAY;
}

/* Behind the time of day: seconds and their fraction, if they are told; *step_out: how exactly. */
static bool read_seconds(struct text *t, int64_t *ms_out, int64_t *step_out)
{
	int64_t scale = SECOND_MS;

	*ms_out = 0;
	*step_out = MINUTE_MS;
	if (!is_at(*t, 0, ':'))
		return true;
	if (!digits(*t, 1, 2) || t->at[1] > '5')
		return false;
	*ms_out = ((t->at[1] - '0') * 10 + t->at[2] - '0') * SECOND_MS;
	*step_out = SECOND_MS;
	*t = (struct text){ t->at + 3, t->len - 3 };
	if (!is_at(*t, 0, '.'))
		return true;
	*t = (struct text){ t->at + 1, t->len - 1 };
	if (!digits(*t, 0, 1))
		return false;
	for (; digits(*t, 0, 1); *t = (struct text){ t->at + 1, t->len - 1 }) {
		scale /= 10;
		*ms_out += (t->at[0] - '0') * scale;
	}
	*step_out = scale > 0 ? scale : 1;
	return true;
}

/* A date or a month as if it were UTC. */
static bool local_date(struct text t, int64_t *ms_out)
{
	return (digits(t, 0, 4) && is_at(t, 4, '-') && moment_parse_date(t, ms_out));
}

/* The moment of a local time, and whether the zone has it once. */
static int64_t moment_of(const struct zone *zone, int64_t local, struct statement_when *out)
{
	int64_t ms = zone_to_utc(zone, local), later;

	out->skipped = ms + zone_offset_ms(zone, ms) != local;
	/* The offset behind the next change, if one is near: does it show the same again? */
	later = local - zone_offset_ms(zone, ms + MS_PER_DAY);
	out->twice = !out->skipped && later > ms && later + zone_offset_ms(zone, later) == local;
	return ms;
}

static bool read_text(struct text t, const struct zone *zone, struct statement_when *out)
{
	struct text date = { t.at, t.len < 10 ? t.len : 10 }, rest;
	int64_t local, ms, step, offset;
	bool zoned;

	if (!local_date(date, &local))
		return false;
	if (t.len <= 10) {
		enum moment_unit unit = t.len == 10 ? MOMENT_DAY : MOMENT_MONTH;

		out->exact = t.len == 10 ? EXACT_DAY : EXACT_MONTH;
		out->ms = zone_to_utc(zone, local);
		out->to_ms = zone_next(zone, out->ms, unit);
		return true;
	}
	if ((t.at[10] != 'T' && t.at[10] != 't' && t.at[10] != ' ') || !digits(t, 11, 2) ||
	    !is_at(t, 13, ':') || !digits(t, 14, 2) || t.at[14] > '5')
		return false;
	ms = ((t.at[11] - '0') * 10 + t.at[12] - '0') * (int64_t)MS_PER_HOUR;
	if (ms >= MS_PER_DAY)
		return false;
	local += ms + ((t.at[14] - '0') * 10 + t.at[15] - '0') * MINUTE_MS;
	rest = (struct text){ t.at + 16, t.len - 16 };
	if (!read_seconds(&rest, &ms, &step) || !read_offset(rest, &zoned, &offset))
		return false;
	local += ms;
	out->exact = EXACT_TIME;
	out->local = !zoned;
	out->ms = zoned ? local - offset : moment_of(zone, local, out);
	out->to_ms = out->ms + step;
	return true;
}

static bool read_number(struct text t, enum statement_clock clock, struct statement_when *out)
{
	struct statement_number number;
	wide per_ms = ATTOS_PER_UNIT / (clock == CLOCK_SECONDS ? SECOND_MS : 1);

	if (statement_number_read(t, 0, &number) < 0 || number.attos < 0 ||
	    number.attos / per_ms > LAST_MS)
		return false;
	out->exact = EXACT_TIME;
	out->ms = (int64_t)(number.attos / per_ms);
	out->to_ms = out->ms + (clock == CLOCK_SECONDS && number.decimals == 0 ? SECOND_MS : 1);
	return true;
}

/* What a spreadsheet writes: by the day, or to the second. */
static bool read_other(struct text t, enum statement_clock clock, const struct zone *zone,
                       struct statement_when *out)
{
	int64_t local, step;

	if (!statement_clock_read(t, clock, &local, &step))
		return false;
	out->exact = step == MS_PER_DAY ? EXACT_DAY : EXACT_TIME;
	out->local = step != MS_PER_DAY;
	out->ms = step == MS_PER_DAY ? zone_to_utc(zone, local) : moment_of(zone, local, out);
	out->to_ms = step == MS_PER_DAY ? zone_next(zone, out->ms, MOMENT_DAY) : out->ms + step;
	return true;
}

bool statement_when(struct text t, enum statement_clock clock, const struct zone *zone,
                    struct statement_when *out)
{
	struct statement_when when = { .ms = 0 };
	bool good;

	if (clock == CLOCK_SECONDS || clock == CLOCK_MS)
		good = read_number(t, clock, &when);
	else if (clock == CLOCK_TEXT || is_at(t, 4, '-')) /* the year first: nothing to mix up */
		good = read_text(t, zone, &when);
	else
		good = read_other(t, clock, zone, &when);
	if (!good || when.ms < 0 || when.ms > LAST_MS)
		return false;
	*out = when;
	return true;
}
