#include "tests/support/sse_invariants.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_EVENTS = 64 };

static const char *list_events(struct sse_list *list, struct text text)
{
	struct sse_event event;
	struct sse sse;

	list->count = 0;
	arena_reset(&list->arena);
	sse_begin(&sse, text, &list->arena);
	while (sse_next(&sse, &event)) {
		if (list->count == list->cap) {
			size_t cap = list->cap > 0 ? 2 * list->cap : FIRST_EVENTS;
			void *grown = realloc(list->events, cap * sizeof(event));

			if (grown == NULL)
				return "no memory";
			list->events = grown;
			list->cap = cap;
		}
		list->events[list->count++] = event;
		if (list->count > text.len)
			return "more events than bytes";
	}
	if (sse.error != 0)
		return "no memory";
	if (sse.rest.len != 0)
		return "bytes are left";
	return sse_next(&sse, &event) ? "an event behind the last" : NULL;
}

static bool lies_in(struct text part, struct text text)
{
	return part.at >= text.at && part.at + part.len <= text.at + text.len;
}

static const char *check_event(const struct sse_event *event, struct text text)
{
	size_t line_ends = 0;

	if (event->name.at != NULL && (event->name.len == 0 || !lies_in(event->name, text) ||
	                               memchr(event->name.at, '\n', event->name.len) != NULL ||
	                               memchr(event->name.at, '\r', event->name.len) != NULL))
		return "the name is none";
	if (event->data.at == NULL || event->lines == 0)
		return "an event without data";
	for (size_t i = 0; i < event->data.len; i++) {
		line_ends += event->data.at[i] == '\n';
		if (event->data.at[i] == '\r')
			return "a line end is left in the data";
	}
	if (line_ends != event->lines - 1)
		return "the lines of the data are not as many as it says";
	if (event->lines == 1 && !lies_in(event->data, text))
		return "one line of data was copied";
	if (text_is(event->data, "[DONE]") && !event->is_done)
		return "[DONE] is not seen";
	return NULL;
}

/* The value of the next line that is data, told in another way than the splitter does. */
static bool next_value(struct text *rest, struct text *value_out)
{
	while (rest->len > 0) {
		size_t len = 0;
		struct text line;

		while (len < rest->len && rest->at[len] != '\r' && rest->at[len] != '\n')
			len++;
		line = (struct text){ rest->at, len };
		len += len < rest->len;
		*rest = (struct text){ rest->at + len, rest->len - len };
		if (line.len < 4 || memcmp(line.at, "data", 4) != 0 ||
		    (line.len > 4 && line.at[4] != ':'))
			continue;
		len = line.len > 4 ? 5 : 4;
		len += line.len > 5 && line.at[5] == ' ';
		*value_out = (struct text){ line.at + len, line.len - len };
		return true;
	}
	return false;
}

/* A line that was an event by itself: nothing stands before it. */
static bool is_bare(const struct sse_event *event, struct text text)
{
	const char *at = event->data.at, *end = at + event->data.len;
	bool begins = event->lines == 1 && at < text.at + text.len &&
	              (at == text.at || at[-1] == '\n' || at[-1] == '\r');

	while (begins && at < end && (at[0] == ' ' || at[0] == '\t'))
		at++;
	return begins && at < end && (at[0] == '{' || at[0] == '[');
}

/* Each line of data is in one event, in order, and no event has anything else. */
static const char *check_values(const struct sse_list *list, struct text text)
{
	struct text rest = text, value, line;

	if (rest.len >= 3 && memcmp(rest.at, "\xef\xbb\xbf", 3) == 0)
		rest = (struct text){ rest.at + 3, rest.len - 3 };
	text = rest;
	for (size_t i = 0; i < list->count; i++) {
		struct text data = list->events[i].data;

		if (is_bare(&list->events[i], text))
			continue;
		while (text_cut(&data, '\n', &line)) {
			if (!next_value(&rest, &value) || !text_equal(line, value))
				return "an event has other data than the text";
		}
	}
	return next_value(&rest, &value) ? "data of the text is in no event" : NULL;
}

static bool same_event(const struct sse_event *a, const struct sse_event *b)
{
	return text_equal(a->name, b->name) && text_equal(a->data, b->data) &&
	       a->lines == b->lines && a->is_done == b->is_done && a->ended == b->ended;
}

static bool take_room(struct sse_bench *bench, size_t len)
{
	/* Another block each time: the bytes behind it are not ours. */
	free(bench->copy);
	bench->copy = malloc(len > 0 ? len : 1);
	return bench->copy != NULL;
}

/* The same text with CRLF for each line end. */
static struct text with_crlf(struct sse_bench *bench, struct text text)
{
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '\n' || text.at[i] == '\r')
			bench->copy[len++] = '\r';
		bench->copy[len++] = text.at[i] == '\r' ? '\n' : text.at[i];
		if (text.at[i] == '\r' && i + 1 < text.len && text.at[i + 1] == '\n')
			i++;
	}
	return (struct text){ bench->copy, len };
}

const char *sse_invariants_check(struct sse_bench *bench, struct text text)
{
	const char *wrong = list_events(&bench->whole, text);

	for (size_t i = 0; i < bench->whole.count && wrong == NULL; i++) {
		wrong = check_event(&bench->whole.events[i], text);
		if (wrong == NULL && !bench->whole.events[i].ended && i + 1 < bench->whole.count)
			wrong = "an event that is not the last was not ended";
	}
	if (wrong == NULL)
		wrong = check_values(&bench->whole, text);
	if (wrong == NULL && !take_room(bench, 2 * text.len))
		wrong = "no memory";
	if (wrong == NULL)
		wrong = list_events(&bench->part, with_crlf(bench, text));
	if (wrong == NULL && bench->part.count != bench->whole.count)
		wrong = "other line ends give another number of events";
	for (size_t i = 0; wrong == NULL && i < bench->whole.count; i++) {
		if (!same_event(&bench->whole.events[i], &bench->part.events[i]))
			wrong = "other line ends give another event";
	}
	return wrong;
}

const char *sse_invariants_cut(struct sse_bench *bench, struct text text, size_t len)
{
	const struct sse_list *whole = &bench->whole, *part = &bench->part;
	const char *wrong;

	if (!take_room(bench, len))
		return "no memory";
	if (len > 0)
		memcpy(bench->copy, text.at, len);
	wrong = list_events(&bench->part, (struct text){ bench->copy, len });
	for (size_t i = 0; i < part->count && wrong == NULL; i++) {
		if (!part->events[i].ended && i + 1 == part->count)
			continue;
		if (i >= whole->count || !same_event(&part->events[i], &whole->events[i]))
			wrong = "cut, an event before the last is another";
	}
	return wrong;
}

void sse_invariants_release(struct sse_bench *bench)
{
	free(bench->whole.events);
	free(bench->part.events);
	arena_release(&bench->whole.arena);
	arena_release(&bench->part.arena);
	free(bench->copy);
	*bench = (struct sse_bench){ .copy = NULL };
}
