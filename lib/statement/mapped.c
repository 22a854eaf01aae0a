#include "statement/mapped.h"

#include <string.h>

#include "base/moment.h"
#include "statement/number.h"

enum { EXCEL_1970 = 25569, MS_PER_SECOND = 1000 };

/* --- Numbers --- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool starts(struct text t, const char *with)
{
	size_t len = strlen(with);

	return len > 0 && t.len >= len && memcmp(t.at, with, len) == 0;
}

static void skip(struct text *t, size_t len)
{
	t->at += len;
	t->len -= len;
}

/* Bytes of the separator at the front: a blank may be one that does not break, too. */
static size_t separator(char thousands, struct text t)
{
	static const struct {
		char as;
		const char *bytes;
	} wide_ones[] = {
		{ ' ', "\xc2\xa0" },
		{ ' ', "\xe2\x80\xaf" },
		{ ' ', "\xe2\x80\x89" },
		{ '\'', "\xe2\x80\x99" },
	};

	if (t.len > 0 && thousands != '\0' && t.at[0] == thousands)
		return 1;
	for (size_t i = 0; i < sizeof(wide_ones) / sizeof(wide_ones[0]); i++) {
		if (wide_ones[i].as == thousands && starts(t, wide_ones[i].bytes))
			return strlen(wide_ones[i].bytes);
	}
	return 0;
}

/* The symbol, and one blank between it and the number, off the front or the end. */
static void cut_symbol(const char *symbol, struct text *t)
{
	size_t len = strlen(symbol), blank;

	if (len == 0 || t->len <= len)
		return;
	if (starts(*t, symbol)) {
		skip(t, len);
		skip(t, separator(' ', *t));
	} else if (memcmp(t->at + t->len - len, symbol, len) == 0) {
		t->len -= len;
		for (blank = 1; blank <= 3 && blank < t->len; blank++) {
			struct text end = { t->at + t->len - blank, blank };

			if (separator(' ', end) == blank) {
				t->len -= blank;
				break;
			}
		}
	}
}

/* Digits in groups of three onto out; false: they are not. */
static bool take_whole(char thousands, struct text *t, char *out, size_t *len)
{
	size_t group = 0, groups = 1;

	while (t->len > 0) {
		size_t blank = separator(thousands, *t);

		if (is_digit(t->at[0])) {
			out[(*len)++] = t->at[0];
			skip(t, 1);
			group++;
			continue;
		}
		if (blank == 0)
			break;
		if (group == 0 || group > 3 || (groups > 1 && group != 3))
			return false;
		skip(t, blank);
		group = 0;
		groups++;
	}
	return groups == 1 || group == 3;
}

bool statement_mapped_number(const struct statement_mapping *mapping, struct text cell,
                             char scratch[STATEMENT_NUMBER_BYTES_MAX], struct text *out)
{
	struct text t = cell;
	size_t len = 0;

	/* Every byte gives one at most. */
	if (cell.at == NULL || cell.len >= STATEMENT_NUMBER_BYTES_MAX)
		return false;
	if (starts(t, "-")) {
		scratch[len++] = '-';
		skip(&t, 1);
	}
	cut_symbol(mapping->symbol, &t);
	if (len == 0 && starts(t, "-")) {
		scratch[len++] = '-';
		skip(&t, 1);
	}
	if (!take_whole(mapping->thousands, &t, scratch, &len))
		return false;
	if (t.len > 0 && t.at[0] == mapping->decimal_point) {
		scratch[len++] = '.';
		skip(&t, 1);
	} else if (t.len > 0 && t.at[0] != 'e' && t.at[0] != 'E') {
		return false;
	}
	for (; t.len > 0; skip(&t, 1)) {
		/* A second point, or a separator behind it. */
		if (t.at[0] == '.' || t.at[0] == ',')
			return false;
		scratch[len++] = t.at[0];
	}
	*out = (struct text){ scratch, len };
	return true;
}

/* --- Times --- */

/* One to `digits_max` digits off the front. */
static bool take_number(struct text *t, size_t digits_min, size_t digits_max, int *out)
{
	size_t digits = 0;
	int value = 0;

	for (; digits < digits_max && digits < t->len && is_digit(t->at[digits]); digits++)
		value = value * 10 + (t->at[digits] - '0');
	if (digits < digits_min)
		return false;
	skip(t, digits);
	*out = value;
	return true;
}

static bool take(struct text *t, char c)
{
	if (t->len == 0 || t->at[0] != c)
		return false;
	skip(t, 1);
	return true;
}

/* "22/11/2026" with '/', '.' or '-' */
static bool take_date(struct text *t, bool month_first, int64_t *days_out)
{
	int first, second, year, day, month;
	char between;

	if (!take_number(t, 1, 2, &first) || t->len == 0)
		return false;
	between = t->at[0];
	if ((between != '/' && between != '.' && between != '-') || !take(t, between) ||
	    !take_number(t, 1, 2, &second) || !take(t, between) || !take_number(t, 4, 4, &year))
		return false;
	day = month_first ? second : first;
	month = month_first ? first : second;
	if (year < 1970 || month < 1 || month > 12 || day < 1 ||
	    moment_days(year, month, day) >=
	            moment_days(month < 12 ? year : year + 1, month % 12 + 1, 1))
		return false;
	*days_out = moment_days(year, month, day);
	return true;
}

/* ".5", up to milliseconds; more digits are cut. */
static bool take_fraction(struct text *t, int *ms_out)
{
	int digits = 0, digit;

	for (*ms_out = 0; take_number(t, 1, 1, &digit); digits++) {
		if (digits < 3)
			*ms_out = *ms_out * 10 + digit;
	}
	for (int i = digits; i < 3; i++)
		*ms_out *= 10;
	return digits > 0;
}

/* "8:00", "08:00:00", "8:00:00.5 PM" */
static bool take_time(struct text *t, int64_t *ms_out, int64_t *exact_ms_out)
{
	int hour, minute, second = 0, ms = 0;
	bool noon;

	*exact_ms_out = 60 * MS_PER_SECOND;
	if (!take_number(t, 1, 2, &hour) || !take(t, ':') || !take_number(t, 2, 2, &minute))
		return false;
	if (take(t, ':')) {
		if (!take_number(t, 2, 2, &second))
			return false;
		*exact_ms_out = MS_PER_SECOND;
		if (take(t, '.')) {
			if (!take_fraction(t, &ms))
				return false;
			*exact_ms_out = 1;
		}
	}
	if (t->len > 0) {
		take(t, ' ');
		noon = starts(*t, "PM") || starts(*t, "pm");
		if ((!noon && !starts(*t, "AM") && !starts(*t, "am")) || hour < 1 || hour > 12)
			return false;
		skip(t, 2);
		hour = hour % 12 + (noon ? 12 : 0);
	}
	if (hour > 23 || minute > 59 || second > 59 || t->len > 0)
		return false;
	*ms_out = ((int64_t)hour * 60 + minute) * 60000 + (int64_t)second * MS_PER_SECOND + ms;
	return true;
}

/* Written from a double: to the second, no further. */
static bool read_excel(struct text t, int64_t *local_ms_out, int64_t *exact_ms_out)
{
	const wide attos_per_day = ATTOS_PER_UNIT, second = 86400;
	struct statement_number days;
	wide seconds;

	if (statement_number_read(t, 0, &days) < 0 || days.attos < EXCEL_1970 * attos_per_day ||
	    days.attos >= (EXCEL_1970 + INT64_C(2932897)) * attos_per_day)
		return false;
	days.attos -= EXCEL_1970 * attos_per_day;
	seconds = (days.attos * second + attos_per_day / 2) / attos_per_day;
	*local_ms_out = (int64_t)seconds * MS_PER_SECOND;
	*exact_ms_out = days.attos % attos_per_day == 0 ? MS_PER_DAY : MS_PER_SECOND;
	return true;
}

bool statement_clock_read(struct text t, enum statement_clock clock, int64_t *local_ms_out,
                          int64_t *exact_ms_out)
{
	int64_t days, ms = 0, exact_ms = MS_PER_DAY;

	if (t.at == NULL)
		return false;
	if (clock == CLOCK_EXCEL)
		return read_excel(t, local_ms_out, exact_ms_out);
	if (!take_date(&t, clock == CLOCK_MONTH_FIRST, &days))
		return false;
	if (t.len > 0) {
		take(&t, ',');
		if ((!take(&t, ' ') && !take(&t, 'T')) || !take_time(&t, &ms, &exact_ms))
			return false;
	}
	*local_ms_out = days * MS_PER_DAY + ms;
	*exact_ms_out = exact_ms;
	return true;
}

/* --- What is in it --- */

const struct statement_line *statement_mapping_line(const struct statement_mapping *mapping,
                                                    struct text column)
{
	for (const struct statement_line *line = mapping->lines; line->column != NULL; line++) {
		if (text_is(column, line->column))
			return line;
	}
	return NULL;
}

static bool is_ignored(const struct statement_mapping *mapping, struct text column)
{
	for (size_t i = 0; mapping->ignored[i] != NULL; i++) {
		if (text_is(column, mapping->ignored[i]))
			return true;
	}
	return false;
}

bool statement_mapping_covers(const struct statement_mapping *mapping, struct text column)
{
	return mapping->others_ignored || is_ignored(mapping, column) ||
	       statement_mapping_line(mapping, column) != NULL;
}

/* The value of the member of that name; JSON_NONE. */
static uint32_t member(const struct json *doc, uint32_t object, struct text name)
{
	if (json_type_of(doc, object) != JSON_OBJECT)
		return JSON_NONE;
	for (uint32_t key = json_first(doc, object); key != JSON_NONE;
	     key = json_next(doc, object, key)) {
		if (text_equal(json_string(doc, key), name))
			return key + 1;
	}
	return JSON_NONE;
}

uint32_t statement_member(const struct json *doc, uint32_t object, struct text path)
{
	for (size_t len = path.len; len > 0; len--) {
		struct text name = { path.at, len };
		uint32_t found;

		if (len < path.len && path.at[len] != '.')
			continue;
		found = member(doc, object, name);
		if (found == JSON_NONE)
			continue;
		if (len == path.len)
			return found;
		found = statement_member(doc, found,
		                         (struct text){ path.at + len + 1, path.len - len - 1 });
		if (found != JSON_NONE)
			return found;
	}
	return JSON_NONE;
}

bool statement_mapping_uncovered(const struct statement_mapping *mapping, const struct json *doc,
                                 uint32_t object, struct buf *path)
{
	size_t begin = path->len;

	if (mapping->others_ignored)
		return false;
	for (uint32_t key = json_first(doc, object); key != JSON_NONE;
	     key = json_next(doc, object, key)) {
		enum json_type type = json_type_of(doc, key + 1);
		bool found = false;

		if (begin > 0)
			buf_add(path, ".", 1);
		buf_add_text(path, json_string(doc, key));
		if (statement_mapping_covers(mapping, buf_text(path)) || type == JSON_NULL)
			found = false;
		else if (type == JSON_OBJECT)
			found = statement_mapping_uncovered(mapping, doc, key + 1, path);
		else
			found = true;
		/* No memory: what is left of the path would be found to be covered. */
		if (found || path->error != 0)
			return true;
		path->len = begin;
	}
	return false;
}
