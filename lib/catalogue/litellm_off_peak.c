/*
 * When a block of LiteLLM's off_peak_pricing holds:
 *
 *	{"hours_utc": "16:30-00:30", PRICES}
 *	{"windows": [{"hours_utc": ["00:00-01:00", "10:00-00:00"], "weekdays": [1, 2, 3, 4, 5]},
 *	             {"hours_utc": "00:00-00:00", "weekdays": [6, 7]}], PRICES}
 *
 * One window of either is enough (is_off_peak of LiteLLM).  The first minute belongs to a window
 * and the last does not; it goes round midnight where it ends before it starts, and is the whole
 * day where both are the same.  Weekdays (1: Monday) are those of the moment itself, while those of
 * a book are the days on which a part of the day begins: what goes round midnight is two parts.
 */
#include <string.h>

#include "catalogue/litellm.h"

enum { HOUR_MINUTES = 60, DAY_HOURS = 24, WEEK_DAYS = 7 };

static void trim(struct text *t)
{
	for (; t->len > 0 && t->at[0] == ' '; t->at++)
		t->len--;
	while (t->len > 0 && t->at[t->len - 1] == ' ')
		t->len--;
}

/* "16:30" */
static bool read_clock(struct text t, unsigned *minutes_out)
{
	struct text hours;
	int64_t hour, minute;

	trim(&t);
	if (t.len > 5 || !text_cut(&t, ':', &hours) || hours.len == 0 || t.len != 2 ||
	    !text_int(hours, &hour) || !text_int(t, &minute) || hour < 0 || hour >= DAY_HOURS ||
	    minute < 0 || minute >= HOUR_MINUTES)
		return false;
	*minutes_out = (unsigned)(hour * HOUR_MINUTES + minute);
	return true;
}

static bool add_part(struct litellm_windows *out, unsigned from, unsigned to, unsigned days)
{
	if (out->count == LITELLM_WINDOWS_MAX)
		return false;
	out->parts[out->count++] = (struct draft_when){
		.has_utc = true, .utc_from = from, .utc_to = to, .days = days
	};
	return true;
}

/* "16:30-00:30" on these days; every day and the whole of it is no window. */
static bool add_hours(struct litellm_windows *out, struct text hours, unsigned days)
{
	struct text start;
	unsigned from, to;

	if (hours.at == NULL || !text_cut(&hours, '-', &start) || !read_clock(start, &from) ||
	    !read_clock(hours, &to))
		return false;
	if (from == to)
		return days != DRAFT_DAYS_ALL && add_part(out, 0, 0, days);
	if (days != DRAFT_DAYS_ALL && from > to && to > 0)
		return add_part(out, from, 0, days) && add_part(out, 0, to, days);
	return add_part(out, from, to, days);
}

/* One text, or an array of them. */
static bool add_all_hours(const struct json *doc, uint32_t node, unsigned days,
                          struct litellm_windows *out)
{
	bool ok = json_type_of(doc, node) == JSON_ARRAY && doc->nodes[node].count > 0;

	if (json_type_of(doc, node) == JSON_STRING)
		return add_hours(out, json_string(doc, node), days);
	for (uint32_t h = ok ? json_first(doc, node) : JSON_NONE; h != JSON_NONE && ok;
	     h = json_next(doc, node, h))
		ok = add_hours(out, json_string(doc, h), days);
	return ok;
}

static bool read_weekdays(const struct json *doc, uint32_t node, unsigned *days_out)
{
	unsigned days = 0;
	int64_t day;

	if (json_type_of(doc, node) != JSON_ARRAY)
		return false;
	for (uint32_t d = json_first(doc, node); d != JSON_NONE; d = json_next(doc, node, d)) {
		if (!json_integer(doc, d, &day) || day < 1 || day > WEEK_DAYS)
			return false;
		days |= 1u << (day - 1);
	}
	*days_out = days;
	return days != 0;
}

static bool add_window(const struct json *doc, uint32_t node, struct litellm_windows *out)
{
	uint32_t weekdays = json_member(doc, node, "weekdays");
	unsigned days = DRAFT_DAYS_ALL;

	if (json_type_of(doc, node) != JSON_OBJECT ||
	    (weekdays != JSON_NONE && !read_weekdays(doc, weekdays, &days)))
		return false;
	for (uint32_t k = json_first(doc, node); k != JSON_NONE; k = json_next(doc, node, k)) {
		if (!text_is(doc->nodes[k].text, "hours_utc") &&
		    !text_is(doc->nodes[k].text, "weekdays"))
			return false;
	}
	return add_all_hours(doc, json_member(doc, node, "hours_utc"), days, out);
}

bool litellm_is_window_key(struct text key)
{
	return text_is(key, "hours_utc") || text_is(key, "windows") ||
	       text_is(key, "weekday_timezone");
}

bool litellm_windows(const struct json *doc, uint32_t block, struct litellm_windows *out)
{
	uint32_t hours = json_member(doc, block, "hours_utc");
	uint32_t list = json_member(doc, block, "windows");
	uint32_t zone = json_member(doc, block, "weekday_timezone");

	out->count = 0;
	if ((zone != JSON_NONE && !text_is(json_string(doc, zone), "UTC")) ||
	    (hours != JSON_NONE && !add_all_hours(doc, hours, DRAFT_DAYS_ALL, out)) ||
	    (list != JSON_NONE && json_type_of(doc, list) != JSON_ARRAY))
		return false;
	for (uint32_t w = list != JSON_NONE ? json_first(doc, list) : JSON_NONE; w != JSON_NONE;
	     w = json_next(doc, list, w)) {
		if (!add_window(doc, w, out))
			return false;
	}
	return out->count > 0;
}
