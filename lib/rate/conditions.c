#include "rate/conditions.h"

#include <string.h>

#include "base/moment.h"

enum { MS_PER_MINUTE = 60000, EPOCH_WEEKDAY = 3, WEEK = 7 }; /* 1970-01-01 was a Thursday */

static void fill_utc(struct asked *asked, int64_t at_ms)
{
	int64_t day = at_ms / MS_PER_DAY, in_day = at_ms % MS_PER_DAY;

	/* Before 1970: C divides towards zero. */
	if (in_day < 0) {
		day--;
		in_day += MS_PER_DAY;
	}
	asked->minute = (unsigned)(in_day / MS_PER_MINUTE);
	asked->weekday = (unsigned)(((day + EPOCH_WEEKDAY) % WEEK + WEEK) % WEEK);
}

void asked_fill(struct asked *asked, const struct rating_request *request, unsigned asks)
{
	if ((asks & WHEN_CONTEXT) != 0)
		asked->prompt_total = usage_prompt_total(request->usage);
	if ((asks & WHEN_TIER) != 0)
		asked->tier = book_tier(request->tier, asked->room);
	if ((asks & WHEN_REGION) != 0)
		asked->region = request->region;
	if ((asks & WHEN_UTC) != 0)
		fill_utc(asked, request->at_ms);
}

bool context_holds(enum context_test test, int64_t tokens, int64_t prompt_total)
{
	switch (test) {
	case CONTEXT_GT:
		return prompt_total > tokens;
	case CONTEXT_GTE:
		return prompt_total >= tokens;
	case CONTEXT_ANY:
		break;
	}
	return true;
}

/* A window round midnight belongs to the day on which it began. */
static bool utc_holds(const struct book_when *when, const struct asked *asked)
{
	unsigned day = asked->weekday;

	if (when->utc_from < when->utc_to) {
		if (asked->minute < when->utc_from || asked->minute >= when->utc_to)
			return false;
	} else if (when->utc_from > when->utc_to && asked->minute < when->utc_from) {
		if (asked->minute >= when->utc_to)
			return false;
		day = (day + WEEK - 1) % WEEK;
	}
	return (when->days & (1u << day)) != 0;
}

/* What the event does not say meets only entries that do not ask. */
static bool kind_holds(const struct book_when *when, const struct usage_kind *kind)
{
	if (kind == NULL)
		return false;
	return ((when->has & WHEN_SIZE) == 0 || text_is(when->size, kind->size)) &&
	       ((when->has & WHEN_QUALITY) == 0 || text_is(when->quality, kind->quality)) &&
	       ((when->has & WHEN_KIND) == 0 || text_is(when->kind, kind->kind)) &&
	       ((when->has & WHEN_NUMBER) == 0 || when->number == kind->number);
}

bool when_holds(const struct book_when *when, const struct asked *asked,
                const struct usage_kind *kind)
{
	if (when->has == 0)
		return true;
	return ((when->has & WHEN_CONTEXT) == 0 ||
	        context_holds(when->context_test, when->context_tokens, asked->prompt_total)) &&
	       ((when->has & WHEN_TIER) == 0 || text_equal(when->tier, asked->tier)) &&
	       ((when->has & WHEN_REGION) == 0 || text_equal(when->region, asked->region)) &&
	       ((when->has & WHEN_UTC) == 0 || utc_holds(when, asked)) &&
	       ((when->has & ~(unsigned)WHEN_OF_REQUEST) == 0 || kind_holds(when, kind));
}

int64_t size_pixels(const char *size)
{
	enum { SIDE_DIGITS_MAX = 9 };
	size_t digits = strspn(size, "0123456789"), rest;
	const char *second = size + digits;
	int64_t width, height;

	if (digits == 0 || digits > SIDE_DIGITS_MAX)
		return 0;
	if (strncmp(second, "-x-", 3) == 0)
		second += 3;
	else if (*second == 'x')
		second++;
	else
		return 0;
	rest = strlen(second);
	if (rest == 0 || rest > SIDE_DIGITS_MAX || strspn(second, "0123456789") != rest ||
	    !text_int((struct text){ size, digits }, &width) ||
	    !text_int((struct text){ second, rest }, &height))
		return 0;
	return width * height;
}
