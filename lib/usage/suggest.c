/* Which shape numbers would fit that the declared one has no words for: it may be the mistake. */
#include <stdio.h>
#include <string.h>

#include "usage/format.h"

enum { SUGGESTIONS_MAX = 3 };

static int64_t sum_of(const struct usage *usage, enum component_role role)
{
	int64_t sum = 0;

	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (component_info[c].role == role)
			sum += usage->count[c];
	}
	return sum;
}

/*
 * Every number has a place, all that must hold does, and both sides of a request are told: less
 * than that fits too much.
 */
static bool fits(const struct usage_format *format, const struct usage_objects *objects,
                 struct text model, struct arena *arena)
{
	struct event_refusal refusal = { .time_ms = EVENT_ABSENT };
	struct usage_decoded decoded;

	return usage_decode(format, objects, model, arena, &decoded, &refusal) == 0 &&
	       refusal.reason == REASON_NONE && decoded.reading_count == 0 &&
	       decoded.unknown.at == NULL && sum_of(&decoded.usage, ROLE_PROMPT) > 0 &&
	       sum_of(&decoded.usage, ROLE_ANSWER) > 0;
}

void usage_suggest(const struct usage_format *declared, const struct usage_objects *objects,
                   struct text model, struct arena *arena, struct event_refusal *refusal)
{
	const struct event_refusal was = *refusal;
	char names[EVENT_DETAIL_BYTES / 2] = "";
	size_t len = 0, count = 0;

	/* Headers have words of their own, and a group is a number of one format. */
	if (objects->group != 0)
		return;
	for (size_t i = 0; event_format_name(i) != NULL && count < SUGGESTIONS_MAX; i++) {
		const struct usage_format *format = format_find(text_of(event_format_name(i)));

		if (format == declared || !fits(format, objects, model, arena))
			continue;
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
		                        count > 0 ? ", " : "", format->name);
		count++;
	}
	if (count > 0)
		refusal_set(refusal, was.reason, "%s; it would fit %s", was.detail, names);
}
