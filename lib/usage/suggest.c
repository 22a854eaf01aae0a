/* Which shape numbers would fit that the declared one has no words for: it may be the mistake. */
#include <stdio.h>
#include <string.h>

#include "usage/body.h"

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
                 struct text model, struct arena *arena, bool *has_total_out)
{
	struct event_refusal refusal = { .time_ms = EVENT_ABSENT };
	struct usage_decoded decoded;
	bool good = usage_decode(format, objects, model, arena, &decoded, &refusal) == 0 &&
	            refusal.reason == REASON_NONE && decoded.reading_count == 0 &&
	            decoded.unknown.at == NULL && sum_of(&decoded.usage, ROLE_PROMPT) > 0 &&
	            sum_of(&decoded.usage, ROLE_ANSWER) > 0;

	*has_total_out = good && decoded.has_total;
	return good;
}

/*
 * Names, as many as there is room for.  Of a shape whose total is the one that was sent it is surer
 * than of one that has none: where there is one of the former, these alone.
 */
struct suggestions {
	char names[EVENT_DETAIL_BYTES / 2];
	size_t len, count;
	bool by_total;
};

static void suggest(struct suggestions *s, const char *name, bool has_total)
{
	size_t room;
	int len;

	if (has_total && !s->by_total)
		*s = (struct suggestions){ .by_total = true };
	if (s->by_total && !has_total)
		return;
	room = sizeof(s->names) - s->len;
	len = snprintf(s->names + s->len, room, "%s%s", s->count > 0 ? ", " : "", name);
	if ((size_t)len >= room) {
		s->names[s->len] = '\0';
		return;
	}
	s->len += (size_t)len;
	s->count++;
}

bool usage_suggest(const struct usage_format *declared, const struct usage_objects *objects,
                   struct text model, struct arena *arena, struct event_refusal *refusal)
{
	const struct event_refusal was = *refusal;
	struct suggestions s = { .len = 0 };
	bool has_total;

	/* Headers have words of their own, and a group is a number of one format. */
	if (objects->group != 0)
		return false;
	for (size_t i = 0; event_format_name(i) != NULL; i++) {
		const struct usage_format *format = format_find(text_of(event_format_name(i)));

		if (format != declared && fits(format, objects, model, arena, &has_total) &&
		    (has_total || was.reason == REASON_MISSING))
			suggest(&s, format->name, has_total);
	}
	if (s.count > 0)
		refusal_set(refusal, was.reason, "%s; it would fit %s", was.detail, s.names);
	return s.count > 0;
}

static bool tells_numbers(const struct usage_objects *objects)
{
	for (size_t i = 0; i < objects->count; i++) {
		uint32_t node = objects->nodes[i];

		for (uint32_t n = node; n < objects->doc->nodes[node].end; n++) {
			if (json_nonzero_number(objects->doc, n))
				return true;
		}
	}
	return false;
}

int usage_elsewhere(const struct usage_format *declared, const struct body *body, struct text model,
                    struct arena *arena, struct event_refusal *refusal, bool *named_out)
{
	struct suggestions s = { .len = 0 };
	const char *path = NULL;
	bool has_total;

	for (size_t i = 0; event_format_name(i) != NULL; i++) {
		const struct usage_format *format = format_find(text_of(event_format_name(i)));
		struct usage_objects objects;

		if (format == declared)
			continue;
		if (body_usage(body, format, arena, &objects) < 0)
			return -FAULT_NOMEM;
		if (!tells_numbers(&objects))
			continue;
		/* Of a usage that is the object itself any number may be one. */
		if (path == NULL && format->paths[0].path[0] != '\0')
			path = format->paths[0].path;
		if (fits(format, &objects, model, arena, &has_total))
			suggest(&s, format->name, has_total);
	}
	*named_out = s.count > 0;
	if (path == NULL && s.count == 0)
		return 0;
	refusal_set(refusal, REASON_MISSING, "response: it holds a usage that is not one of %s%s%s",
	            declared->name, s.count > 0 ? "; it would fit " : "", s.names);
	return 0;
}
