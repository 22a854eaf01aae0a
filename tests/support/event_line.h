/*
 * One whole event, of which a test changes one member: texts in which ' stands for ",
 * so that the rows can be read.
 */
#ifndef TOLL_TESTS_SUPPORT_EVENT_LINE_H
#define TOLL_TESTS_SUPPORT_EVENT_LINE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "usage/event.h"

/* 2026-11-22T09:00:00Z: one hour after the event. */
#define EVENT_LINE_NOW_MS INT64_C(1795338000000)

struct event_line_member {
	const char *key, *json;
};

/* Every member there is but `response`, `sse` and `images`. */
enum { EVENT_LINE_MEMBERS = 20 };
extern const struct event_line_member event_line_members[EVENT_LINE_MEMBERS];

/* A line and what came of it; begins zeroed. */
struct event_line {
	struct buf line;
	struct json doc;
	struct arena arena;
	struct event event;
	struct event_refusal refusal;
};

/* Adds a member to an object that was begun with "{". */
void event_line_put_member(struct buf *line, const char *key, const char *json);
/* The event, with one member changed, added, or (json NULL) left out; key NULL: as it is. */
void event_line_put(struct buf *line, const char *key, const char *json);
/* "input=3 output=2": the counts that are not 0, but for requests. */
void event_line_put_counts(struct buf *out, const struct usage *usage);
/* Decodes a text, or event_line_put()'s; fails the test where memory is short. */
void event_line_decode(struct event_line *l, struct text line);
void event_line_decode_with(struct event_line *l, const char *key, const char *json);
void event_line_release(struct event_line *l);

#endif
