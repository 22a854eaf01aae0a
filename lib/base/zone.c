#include "base/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"

/* The years 1900 to 9999. */
#define FIRST_MS INT64_C(-2208988800000)
#define LAST_MS  INT64_C(253402300799999)

/* RFC 8536, section 3.2: a local time type is between -25 and 26 hours off. */
enum { OFFSET_S_MIN = -89999, OFFSET_S_MAX = 93599, SECONDS_PER_DAY = 86400 };

/* When in a year the clock is changed (POSIX TZ). */
struct rule {
	enum { RULE_JULIAN, RULE_DAY, RULE_WEEK } kind; /* J1-365 without 29 February; 0-365; M */
	int day, week, month;
	int64_t at_s; /* of local time; RFC 8536 3.3.1 has it from -167 to 167 hours */
};

/* The footer: what is due behind the last change. */
struct footer {
	int64_t standard_s, summer_s; /* off UTC */
	bool has_summer;
	struct rule begins, ends;
};

struct change {
	int64_t at_s, offset_s; /* from then on */
};

struct zone {
	char name[ZONE_NAME_BYTES_MAX + 1];
	int64_t first_s; /* off UTC before the first change */
	struct change *changes;
	size_t count;
	bool has_footer;
	struct footer footer;
};

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t within(int64_t ms)
{
	return ms < FIRST_MS ? FIRST_MS : ms > LAST_MS ? LAST_MS : ms;
}

/* --- The footer: POSIX TZ, as RFC 8536 section 3.3.1 widens it --- */

static bool take(struct text *t, char c)
{
	if (t->len == 0 || t->at[0] != c)
		return false;
	t->at++;
	t->len--;
	return true;
}

static bool take_number(struct text *t, int max, int *out)
{
	size_t digits = 0;
	int value = 0;

	for (; digits < t->len && digits < 3 && t->at[digits] >= '0' && t->at[digits] <= '9';
	     digits++)
		value = value * 10 + (t->at[digits] - '0');
	if (digits == 0 || value > max)
		return false;
	t->at += digits;
	t->len -= digits;
	*out = value;
	return true;
}

/* The letters of a name are of no use here. */
static bool take_letters(struct text *t)
{
	bool quoted = take(t, '<');
	size_t len = 0;

	for (; len < t->len; len++) {
		char c = t->at[len];
		bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
		bool sign = c == '+' || c == '-' || (c >= '0' && c <= '9');

		if (!letter && !(quoted && sign))
			break;
	}
	t->at += len;
	t->len -= len;
	return len >= 3 && (!quoted || take(t, '>'));
}

/* [+-]h[h[h]][:mm[:ss]] */
static bool take_seconds(struct text *t, int hours_max, int64_t *out)
{
	int hours, minutes = 0, seconds = 0;
	bool minus = take(t, '-');

	if (!minus)
		take(t, '+');
	if (!take_number(t, hours_max, &hours))
		return false;
	if (take(t, ':')) {
		if (!take_number(t, 59, &minutes))
			return false;
		if (take(t, ':') && !take_number(t, 59, &seconds))
			return false;
	}
	*out = (minus ? -1 : 1) * ((int64_t)hours * 3600 + minutes * 60 + seconds);
	return true;
}

static bool take_rule(struct text *t, struct rule *out)
{
	out->at_s = 2 * 3600;
	if (!take(t, ','))
		return false;
	if (take(t, 'J')) {
		out->kind = RULE_JULIAN;
		if (!take_number(t, 365, &out->day) || out->day < 1)
			return false;
	} else if (take(t, 'M')) {
		out->kind = RULE_WEEK;
		if (!take_number(t, 12, &out->month) || out->month < 1 || !take(t, '.') ||
		    !take_number(t, 5, &out->week) || out->week < 1 || !take(t, '.') ||
		    !take_number(t, 6, &out->day))
			return false;
	} else {
		out->kind = RULE_DAY;
		if (!take_number(t, 365, &out->day))
			return false;
	}
	return !take(t, '/') || take_seconds(t, 167, &out->at_s);
}

static bool read_footer(struct text t, struct footer *out)
{
	int64_t west_s;

	if (!take_letters(&t) || !take_seconds(&t, 24, &west_s))
		return false;
	out->standard_s = -west_s;
	out->has_summer = t.len > 0;
	if (!out->has_summer)
		return true;
	if (!take_letters(&t))
		return false;
	out->summer_s = out->standard_s + 3600;
	if (t.len > 0 && t.at[0] != ',') {
		if (!take_seconds(&t, 24, &west_s))
			return false;
		out->summer_s = -west_s;
	}
	return take_rule(&t, &out->begins) && take_rule(&t, &out->ends) && t.len == 0;
}

/* The day in the year of a rule, counted from 1970-01-01. */
static int64_t rule_day(const struct rule *rule, int64_t year)
{
	int64_t first = moment_days(year, 1, 1), next;
	int weekday;

	if (rule->kind == RULE_DAY)
		return first + rule->day;
	if (rule->kind == RULE_JULIAN) {
		/* Day 60 is 1 March, in leap years too. */
		bool leap = moment_days(year, 3, 1) - first == 60;

		return first + rule->day - 1 + (leap && rule->day >= 60);
	}
	first = moment_days(year, rule->month, 1);
	next = rule->month < 12 ? moment_days(year, rule->month + 1, 1)
	                        : moment_days(year + 1, 1, 1);
	weekday = (int)(((first + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
	first += (rule->day - weekday + 7) % 7 + (int64_t)(rule->week - 1) * 7;
	return first >= next ? first - 7 : first;
}

/*
 * The changes that a footer makes in a year.  The summer of a zone that has it all year begins
 * when that of the year before ends: it stands behind it, and wins.
 */
static void footer_changes(const struct footer *footer, int64_t year, struct change out[2])
{
	struct change begins = {
		rule_day(&footer->begins, year) * SECONDS_PER_DAY + footer->begins.at_s -
			footer->standard_s,
		footer->summer_s,
	};
	struct change ends = {
		rule_day(&footer->ends, year) * SECONDS_PER_DAY + footer->ends.at_s -
			footer->summer_s,
		footer->standard_s,
	};
	bool begins_first = begins.at_s < ends.at_s;

	out[0] = begins_first ? begins : ends;
	out[1] = begins_first ? ends : begins;
}

/* --- Changes: those of the file, and behind them those of the footer --- */

/* An offset, and when it begins and ends: NEVER_S behind and before all that is asked for. */
struct stretch {
	int64_t from_s, to_s, offset_s;
};
#define NEVER_S (INT64_MAX / 4000)

/* Of the years around it, as a rule may lead out of its own. */
static struct stretch footer_stretch(const struct footer *footer, int64_t utc_s)
{
	struct stretch s = { -NEVER_S, NEVER_S, footer->standard_s };
	struct change changes[8];
	int64_t year;
	int month, day;

	if (!footer->has_summer)
		return s;
	moment_date(floor_div(utc_s, SECONDS_PER_DAY), &year, &month, &day);
	for (int i = 0; i < 4; i++)
		footer_changes(footer, year - 2 + i, &changes[(size_t)i * 2]);
	for (size_t i = 0; i < 8; i++) {
		/* One that another takes back at the same moment is none. */
		if (i + 1 < 8 && changes[i + 1].at_s <= changes[i].at_s)
			continue;
		if (changes[i].at_s > utc_s) {
			if (changes[i].offset_s == s.offset_s)
				continue;
			s.to_s = changes[i].at_s;
			break;
		}
		if (changes[i].offset_s != s.offset_s || s.from_s == -NEVER_S)
			s.from_s = changes[i].at_s;
		s.offset_s = changes[i].offset_s;
	}
	return s;
}

static struct stretch stretch_at(const struct zone *zone, int64_t utc_s)
{
	struct stretch s = { -NEVER_S, NEVER_S, zone != NULL ? zone->first_s : 0 };
	size_t low = 0, high = zone != NULL ? zone->count : 0;

	if (zone == NULL)
		return s;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (zone->changes[middle].at_s <= utc_s)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < zone->count) {
		s.to_s = zone->changes[low].at_s;
	} else if (zone->has_footer) {
		s = footer_stretch(&zone->footer, utc_s);
		if (low > 0 && s.from_s < zone->changes[low - 1].at_s)
			s.from_s = zone->changes[low - 1].at_s;
		return s;
	}
	if (low > 0) {
		s.from_s = zone->changes[low - 1].at_s;
		s.offset_s = zone->changes[low - 1].offset_s;
	}
	return s;
}

/* --- The file: RFC 8536, section 3 --- */

enum { HEADER_BYTES = 44, COUNTS = 6 };
enum { UTC_FLAGS, STANDARD_FLAGS, LEAPS, TIMES, TYPES, LETTERS }; /* its counts, in order */

static int64_t big_endian(const char *at, size_t len)
{
	uint64_t value = (at[0] & 0x80) != 0 ? UINT64_MAX : 0;

	for (size_t i = 0; i < len; i++)
		value = value << 8 | (unsigned char)at[i];
	return (int64_t)value;
}

static bool take_bytes(struct text *t, uint64_t len, const char **out)
{
	if (t->len < len)
		return false;
	*out = t->at;
	t->at += len;
	t->len -= (size_t)len;
	return true;
}

static bool take_header(struct text *t, uint64_t counts[COUNTS], char *version)
{
	const char *at;

	if (!take_bytes(t, HEADER_BYTES, &at) || memcmp(at, "TZif", 4) != 0)
		return false;
	*version = at[4];
	for (size_t i = 0; i < COUNTS; i++)
		counts[i] = (uint64_t)big_endian(at + 20 + i * 4, 4) & UINT32_MAX;
	return true;
}

/* Fills *zone; NULL, or what is wrong. */
static const char *read_changes(struct zone *zone, const uint64_t counts[COUNTS], const char *times,
                                const char *of_type, const char *types)
{
	int64_t last_offset_s, last_at_s = INT64_MIN;

	for (size_t i = 0; i < counts[TYPES]; i++) {
		int64_t offset_s = big_endian(types + i * 6, 4);

		if (offset_s < OFFSET_S_MIN || offset_s > OFFSET_S_MAX)
			return "an offset of more than a day";
	}
	last_offset_s = zone->first_s = big_endian(types, 4);
	for (size_t i = 0; i < counts[TIMES]; i++) {
		int64_t at_s = big_endian(times + i * 8, 8);
		unsigned char type = (unsigned char)of_type[i];

		if (type >= counts[TYPES])
			return "a type that it does not have";
		if (i > 0 && at_s <= last_at_s)
			return "times that do not ascend";
		if (at_s > LAST_MS / 1000)
			return "a time behind the year 9999";
		last_at_s = at_s;
		if (at_s < FIRST_MS / 1000) {
			last_offset_s = zone->first_s = big_endian(types + type * 6, 4);
			continue;
		}
		/* The last one stays: the footer is due behind it. */
		if (big_endian(types + type * 6, 4) == last_offset_s && i + 1 < counts[TIMES])
			continue;
		last_offset_s = big_endian(types + type * 6, 4);
		zone->changes[zone->count++] = (struct change){ at_s, last_offset_s };
	}
	return NULL;
}

static const char *read_body(struct zone *zone, struct text *file, const uint64_t counts[COUNTS])
{
	const char *times, *of_type, *types, *rest;

	if (counts[LEAPS] != 0)
		return "leap seconds: take the zone without \"right/\"";
	if (counts[TYPES] == 0)
		return "no type of local time";
	if (!take_bytes(file, counts[TIMES] * 8, &times) ||
	    !take_bytes(file, counts[TIMES], &of_type) ||
	    !take_bytes(file, counts[TYPES] * 6, &types) ||
	    !take_bytes(file, counts[LETTERS] + counts[STANDARD_FLAGS] + counts[UTC_FLAGS], &rest))
		return "fewer bytes than it says";
	if (counts[TIMES] > 0) {
		zone->changes = malloc((size_t)counts[TIMES] * sizeof(*zone->changes));
		if (zone->changes == NULL)
			return "";
	}
	return read_changes(zone, counts, times, of_type, types);
}

/* NULL; "" where memory is short; or what is wrong. */
static const char *read_file(struct zone *zone, struct text file)
{
	uint64_t counts[COUNTS];
	const char *old, *wrong;
	char version;

	if (!take_header(&file, counts, &version))
		return "no TZif";
	if (version < '2')
		return "version 1, whose times end in 2038";
	if (!take_bytes(&file,
	                counts[TIMES] * 5 + counts[TYPES] * 6 + counts[LETTERS] +
	                        counts[LEAPS] * 8 + counts[STANDARD_FLAGS] + counts[UTC_FLAGS],
	                &old) ||
	    !take_header(&file, counts, &version))
		return "fewer bytes than it says";
	wrong = read_body(zone, &file, counts);
	if (wrong != NULL)
		return wrong;
	if (file.len < 2 || !take(&file, '\n') || file.at[--file.len] != '\n')
		return "no footer";
	zone->has_footer = file.len > 0;
	return zone->has_footer && !read_footer(file, &zone->footer) ? "a footer that is no TZ"
	                                                             : NULL;
}

/* --- Names --- */

/* "+02:00", "-0330", "+02" */
static bool read_offset(struct text t, int64_t *out_s)
{
	bool minus = take(&t, '-');
	int part[2] = { 0, 0 };
	size_t parts = 0;

	if (!minus && !take(&t, '+'))
		return false;
	for (; t.len >= 2 && parts < 2; parts++) {
		struct text digits = { t.at, 2 };

		if (!take_number(&digits, parts == 0 ? 23 : 59, &part[parts]) || digits.len != 0)
			return false;
		t.at += 2;
		t.len -= 2;
		if (parts == 0 && t.len == 3 && !take(&t, ':'))
			return false;
	}
	*out_s = (minus ? -1 : 1) * (int64_t)(part[0] * 3600 + part[1] * 60);
	return parts > 0 && t.len == 0;
}

/* Letters, digits, '_', '+' and '-', in parts: nothing that leads out of a folder. */
static bool is_name(struct text name)
{
	char last = '/';

	if (name.at[0] == '+' || name.at[0] == '-')
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.at[i];
		bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

		if (!letter && !(c >= '0' && c <= '9') && c != '_' && c != '+' && c != '-' &&
		    !(c == '/' && last != '/'))
			return false;
		last = c;
	}
	return last != '/';
}

static int zone_load(struct zone *zone, const char *folder, struct fault *fault)
{
	struct buf bytes = { 0 };
	const char *wrong;
	struct stat st;
	char path[4096];
	int r;

	if (snprintf(path, sizeof(path), "%s/%s", folder, zone->name) >= (int)sizeof(path))
		return fault_set(fault, FAULT_RANGE, "%s: too long a path", folder);
	if (stat(folder, &st) < 0)
		return fault_set(fault, FAULT_NOT_FOUND,
		                 "time zone %s: there is no %s here: install tzdata, or say an "
		                 "offset (\"+02:00\")",
		                 zone->name, folder);
	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return fault_set(fault, FAULT_NOT_FOUND,
		                 "there is no time zone %s in %s: UTC, an offset (\"+02:00\") or a "
		                 "name of the IANA database (\"Europe/Berlin\")",
		                 zone->name, folder);
	r = buf_read_file(&bytes, path, ZONE_FILE_BYTES_MAX, fault);
	if (r < 0)
		goto out;
	wrong = read_file(zone, buf_text(&bytes));
	if (wrong != NULL && wrong[0] == '\0')
		r = fault_set(fault, FAULT_NOMEM, "%s: out of memory", path);
	else if (wrong != NULL)
		r = fault_set(fault, FAULT_SYNTAX, "%s: not a file of a time zone: %s", path,
		              wrong);
out:
	buf_release(&bytes);
	return r;
}

int zone_open_in(struct zone **zone_out, const char *folder, struct text name, struct fault *fault)
{
	struct zone *zone = NULL;
	int64_t offset_s = 0;
	bool known = text_is(name, "UTC") || read_offset(name, &offset_s);
	int r = 0;

	if (name.len == 0 || name.len > ZONE_NAME_BYTES_MAX || (!known && !is_name(name)))
		return fault_set(fault, FAULT_SYNTAX,
		                 "\"%.*s\" is no time zone: UTC, an offset (\"+02:00\") or a name "
		                 "of the IANA database (\"Europe/Berlin\")",
		                 (int)(name.len < 80 ? name.len : 80),
		                 name.at != NULL ? name.at : "");
	zone = calloc(1, sizeof(*zone));
	if (zone == NULL)
		return fault_set(fault, FAULT_NOMEM, "time zone: out of memory");
	text_copy(zone->name, sizeof(zone->name), name);
	zone->first_s = offset_s;
	if (!known)
		r = zone_load(zone, folder, fault);
	if (r == 0) {
		*zone_out = zone;
		zone = NULL;
	}
	zone_close(zone);
	return r;
}

int zone_open(struct zone **zone_out, struct text name, struct fault *fault)
{
	return zone_open_in(zone_out, ZONE_FOLDER, name, fault);
}

void zone_close(struct zone *zone)
{
	if (zone == NULL)
		return;
	free(zone->changes);
	free(zone);
}

const char *zone_name(const struct zone *zone)
{
	return zone != NULL ? zone->name : "UTC";
}

/* --- Moments --- */

int64_t zone_offset_ms(const struct zone *zone, int64_t utc_ms)
{
	return stretch_at(zone, floor_div(within(utc_ms), 1000)).offset_s * 1000;
}

/*
 * The first moment at which the clock shows `local_ms` or later; *skipped_ms_out: how much later,
 * as it never showed that.
 */
static int64_t reach(const struct zone *zone, int64_t local_ms, int64_t *skipped_ms_out)
{
	/* Before all that it can be. */
	struct stretch s = stretch_at(zone, floor_div(local_ms, 1000) - OFFSET_S_MAX - 1);

	while (local_ms - s.offset_s * 1000 >= s.to_s * 1000)
		s = stretch_at(zone, s.to_s);
	*skipped_ms_out = 0;
	local_ms -= s.offset_s * 1000;
	if (local_ms < s.from_s * 1000) {
		*skipped_ms_out = s.from_s * 1000 - local_ms;
		return s.from_s * 1000;
	}
	return local_ms;
}

int64_t zone_to_utc(const struct zone *zone, int64_t local_ms)
{
	int64_t skipped_ms, utc_ms = reach(zone, within(local_ms), &skipped_ms), before_s;

	if (skipped_ms == 0)
		return utc_ms;
	before_s = stretch_at(zone, floor_div(utc_ms, 1000) - 1).offset_s;
	return within(local_ms) - before_s * 1000;
}

/* Where the unit behind the one that holds `local_ms` begins. */
static int64_t behind(int64_t local_ms, enum moment_unit unit)
{
	int64_t floor_ms = moment_floor(local_ms, unit), year;
	int month, day;

	if (unit != MOMENT_MONTH)
		return floor_ms + (unit == MOMENT_HOUR ? MS_PER_HOUR : MS_PER_DAY);
	moment_date(floor_ms / MS_PER_DAY, &year, &month, &day);
	return moment_days(year + month / 12, month % 12 + 1, 1) * MS_PER_DAY;
}

static void unit_around(const struct zone *zone, int64_t utc_ms, enum moment_unit unit,
                        int64_t *from_ms_out, int64_t *to_ms_out)
{
	int64_t ms = within(utc_ms), skipped_ms;
	struct stretch s = stretch_at(zone, floor_div(ms, 1000));
	int64_t local_ms = ms + s.offset_s * 1000, from_ms, to_ms;

	if (unit == MOMENT_HOUR) {
		from_ms = moment_floor(local_ms, unit) - s.offset_s * 1000;
		to_ms = from_ms + MS_PER_HOUR;
		if (from_ms < s.from_s * 1000 &&
		    stretch_at(zone, s.from_s - 1).offset_s != s.offset_s)
			from_ms = s.from_s * 1000;
		if (to_ms > s.to_s * 1000 && stretch_at(zone, s.to_s).offset_s != s.offset_s)
			to_ms = s.to_s * 1000;
	} else {
		local_ms = moment_floor(local_ms, unit);
		from_ms = reach(zone, local_ms, &skipped_ms);
		/* Set back over midnight, it shows the day before once more: that is the new one
		 * all the same.  And a day that never came is passed over. */
		for (;;) {
			local_ms = behind(local_ms, unit);
			to_ms = reach(zone, local_ms, &skipped_ms);
			if (to_ms > ms)
				break;
			from_ms = to_ms;
		}
	}
	*from_ms_out = from_ms;
	*to_ms_out = to_ms;
}

int64_t zone_floor(const struct zone *zone, int64_t utc_ms, enum moment_unit unit)
{
	int64_t from_ms, to_ms;

	unit_around(zone, utc_ms, unit, &from_ms, &to_ms);
	return from_ms;
}

int64_t zone_next(const struct zone *zone, int64_t utc_ms, enum moment_unit unit)
{
	int64_t from_ms, to_ms;

	unit_around(zone, utc_ms, unit, &from_ms, &to_ms);
	return to_ms;
}
