/* What a line holds: an event, or an envelope with some. */
#include "ingest/ingest.h"
#include "usage/envelope.h"

int ingest_decode(struct text line, const struct event_defaults *defaults, struct json *doc,
                  struct arena *arena, struct event *event, struct event_refusal *refusal,
                  struct envelope_event **enclosed_out, size_t *count_out)
{
	int r = event_decode(line, defaults, doc, arena, event, refusal);
	const struct envelope *envelope;

	*enclosed_out = NULL;
	*count_out = 0;
	if (r < 0 || refusal->reason == REASON_NONE || doc->error != JSON_OK)
		return r;
	/* No event line; what another gateway or its logger writes is no refusal. */
	envelope = envelope_find(doc);
	if (envelope == NULL)
		return 0;
	*refusal = (struct event_refusal){ .time_ms = EVENT_ABSENT };
	return envelope_open(envelope, doc, defaults, arena, enclosed_out, count_out, refusal);
}

int ingest_events(struct text line, const struct event_defaults *defaults, struct json *doc,
                  struct arena *arena, struct ingest_event **events_out, size_t *count_out)
{
	struct ingest_event whole = { .line = line, .refusal = { .time_ms = EVENT_ABSENT } };
	struct envelope_event *enclosed;
	struct ingest_event *events;
	size_t count;
	int r = ingest_decode(line, defaults, doc, arena, &whole.event, &whole.refusal, &enclosed,
	                      &count);

	if (r < 0)
		return r;
	events = arena_take(arena, (count > 0 ? count : 1) * sizeof(*events));
	if (events == NULL)
		return -FAULT_NOMEM;
	events[0] = whole;
	for (size_t i = 0; r == 0 && i < count; i++) {
		struct ingest_event *event = &events[i];

		*event = (struct ingest_event){ .line = enclosed[i].line,
			                        .refusal = { .time_ms = EVENT_ABSENT } };
		if (enclosed[i].refusal != NULL)
			event->refusal = *enclosed[i].refusal;
		else
			r = event_decode(event->line, defaults, doc, arena, &event->event,
			                 &event->refusal);
	}
	if (r < 0)
		return r;
	*events_out = events;
	*count_out = count > 0 ? count : 1;
	return 0;
}

const struct ingest_event *ingest_event_named(const struct ingest_event *events, size_t count,
                                              struct text id)
{
	for (size_t i = 0; i < count; i++) {
		const struct ingest_event *event = &events[i];
		struct text own = event->refusal.reason == REASON_NONE ? event->event.id
		                                                       : event->refusal.id;

		if (id.at != NULL && own.at != NULL && text_equal(own, id))
			return event;
	}
	return &events[0];
}
