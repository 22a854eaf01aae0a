#include "tests/support/envelope_invariants.h"

#include <string.h>

/* 2026-11-22T09:00:00Z */
#define NOW_MS INT64_C(1795338000000)

struct opened {
	struct envelope_event *events;
	size_t count;
	struct event_refusal refusal;
};

static const char *check_refusal(const struct event_refusal *refusal)
{
	struct text detail = text_of(refusal->detail);

	if (refusal->reason <= REASON_NONE || refusal->reason >= REASON_COUNT)
		return "a refusal without a reason";
	if (detail.len == 0 || !text_utf8(detail) || !text_plain(detail))
		return "the detail cannot be printed";
	if (refusal->id.len > EVENT_NAME_BYTES_MAX || refusal->source.len > EVENT_NAME_BYTES_MAX)
		return "the refusal names what is no name";
	return NULL;
}

/* What came out the second time is what came out the first. */
static const char *compare(const struct envelope_bench *bench, const struct opened *opened)
{
	size_t at = 0;

	for (size_t i = 0; i < opened->count; i++) {
		struct text line = opened->events[i].line;

		if (line.len > bench->first.len - at ||
		    (line.len > 0 && memcmp(bench->first.at + at, line.at, line.len) != 0))
			return "the same record gives other lines";
		at += line.len;
	}
	return at == bench->first.len ? NULL : "the same record gives other lines";
}

static const char *check_event(struct envelope_bench *bench, const struct envelope_event *event)
{
	struct fault fault;
	const char *wrong;

	if ((event->line.at == NULL) != (event->refusal != NULL))
		return "neither a line nor a refusal, or both";
	if (event->refusal != NULL) {
		bench->refused++;
		return check_refusal(event->refusal);
	}
	if (event->line.len > EVENT_BYTES_MAX)
		return "a line is too long";
	if (memchr(event->line.at, '\n', event->line.len) != NULL)
		return "a line holds a newline";
	/* A name that comes twice in an array of attributes comes twice in the line. */
	if (json_parse(&bench->event.doc, event->line, &fault) < 0 &&
	    bench->event.doc.error != JSON_BAD_DUPLICATE)
		return "a line is no JSON";
	wrong = event_invariants_check(&bench->event, event->line);
	bench->good += bench->event.reason == REASON_NONE;
	return wrong;
}

static const char *open_once(struct envelope_bench *bench, struct opened *opened)
{
	const struct event_defaults defaults = { text_of(NULL), NOW_MS };
	const struct envelope *envelope = envelope_find(&bench->doc);

	opened->refusal = (struct event_refusal){ .time_ms = EVENT_ABSENT };
	if (envelope_open(envelope, &bench->doc, &defaults, &bench->arena, &opened->events,
	                  &opened->count, &opened->refusal) < 0)
		return "no memory";
	if ((opened->count == 0) != (opened->refusal.reason != REASON_NONE))
		return "neither events nor a refusal, or both";
	if (opened->count > ENVELOPE_EVENTS_MAX)
		return "too many events";
	return opened->count == 0 ? check_refusal(&opened->refusal) : NULL;
}

const char *envelope_invariants_check(struct envelope_bench *bench, struct text text)
{
	struct opened opened;
	struct fault fault;
	const char *wrong;

	arena_reset(&bench->arena);
	bench->known = false;
	bench->events = bench->good = bench->refused = 0;
	if (json_parse(&bench->doc, text, &fault) < 0) {
		json_salvage(&bench->doc);
		return envelope_find(&bench->doc) == NULL ? NULL : "what is no JSON is an envelope";
	}
	if (envelope_find(&bench->doc) == NULL)
		return NULL;
	bench->known = true;
	wrong = open_once(bench, &opened);
	buf_clear(&bench->first);
	for (size_t i = 0; wrong == NULL && i < opened.count; i++)
		buf_add_text(&bench->first, opened.events[i].line);
	if (wrong == NULL)
		wrong = open_once(bench, &opened);
	if (wrong == NULL)
		wrong = compare(bench, &opened);
	bench->events = opened.count;
	bench->refused = opened.count == 0;
	for (size_t i = 0; wrong == NULL && i < opened.count; i++)
		wrong = check_event(bench, &opened.events[i]);
	return wrong;
}

void envelope_invariants_release(struct envelope_bench *bench)
{
	json_release(&bench->doc);
	arena_release(&bench->arena);
	buf_release(&bench->first);
	event_invariants_release(&bench->event);
}
