/*
 * A usage object by itself, as it was kept of a response: of a record that is no event, such as a
 * row of somebody's statement.  The shapes are those of formats.def, decoded as in an event.
 *
 * The texts of a struct usage_object point into the document or the arena.
 */
#ifndef TOLL_USAGE_OBJECT_H
#define TOLL_USAGE_OBJECT_H

#include "usage/event.h"

struct usage_object {
	struct usage usage;
	uint32_t told; /* bits, 1 << component: it has a number for it, be it 0 */
	/* As of struct event: the numbers contradict each other, and `usage` is one of these. */
	const struct event_reading *readings;
	size_t reading_count;
	struct text contradiction;
	struct text unknown_path;
};

/*
 * Reads the object (a node of *doc) as the shape `api`, which must be one of formats.def.
 * Returns 0 with refusal_out->reason: REASON_NONE and *out filled, or why it was refused.
 * -FAULT_NOMEM is the only failure.
 */
int usage_object_read(struct text api, const struct json *doc, uint32_t object, struct arena *arena,
                      struct usage_object *out, struct event_refusal *refusal_out);

#endif
