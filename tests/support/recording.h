/*
 * All of the recorded exchanges, decoded in both ways: from their response, as it came, and from
 * the usage objects that were taken out of it.
 *
 * The data is not part of the project: recording_load() tells where it is absent.  Everything in
 * a struct recording is valid until recording_release().
 */
#ifndef TOLL_TESTS_SUPPORT_RECORDING_H
#define TOLL_TESTS_SUPPORT_RECORDING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "usage/event.h"

struct recorded_event {
	struct event event;
	struct event_refusal refusal;
	/* "input=7 output=2", parts and readings behind it: what is billed; "" where refused. */
	const char *counts;
};

struct recorded {
	struct text row;                        /* the line of the file */
	struct text id, wire, provider, origin; /* origin: "source" of the row */
	const char *api; /* NULL: of no shape of ours, and neither event is there */
	size_t usage_objects;
	struct recorded_event body, objects;
};

struct recording {
	struct buf file;
	struct arena arena;
	struct json doc;
	struct recorded *rows;
	size_t count;
};

/* false: no data; fails the test for anything else. */
bool recording_load(struct recording *r);
void recording_release(struct recording *r);

/* cmocka's setup and teardown of a group of tests: *state is what recording_of() takes. */
int recording_setup(void **state);
int recording_teardown(void **state);
/* The recording of the running test, which is skipped where there is no data. */
struct recording *recording_of(void **state);

struct recorded *recording_find(const struct recording *r, struct text id); /* NULL: none */

/* Decodes a line into *out, whose texts are in the arena. */
void recording_decode(struct recording *r, struct text line, struct recorded_event *out);

/* The usage objects of the row are each of a response of its own: a session, a batch. */
bool recorded_adds(const struct recorded *e);
/* usage and all parts: a count. */
int64_t recorded_count(const struct event *event, enum component component);
/* Tokens of a usage. */
int64_t recorded_tokens(const struct usage *usage);
/* Adds "input=7 output=2" to the text. */
void recorded_put(struct buf *out, const struct usage *usage);

#endif
