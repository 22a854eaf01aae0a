/* Of several usage objects: which numbers count.  And the way from objects to counts. */
#include <stdio.h>
#include <string.h>

#include "usage/decode_internal.h"

/* The object before says all that this one does, and more. */
static bool says_less(const struct decode *d, const int64_t *before_value, uint64_t before)
{
	if ((d->present & ~before) != 0 || d->present == before)
		return false;
	for (int slot = 0; slot < FORMAT_SLOTS_MAX; slot++) {
		if (decode_has(d, slot) && d->value[slot] != before_value[slot])
			return false;
	}
	return true;
}

/* Of two steps of one response: the one before had more in total.  It warns of that. */
static bool is_smaller(struct decode *d, const int64_t *before_value)
{
	char path[PATH_BYTES];
	int total;

	if (!d->steps)
		return false;
	total = d->format->rises[0].slot;
	if (d->value[total] >= before_value[total])
		return false;
	snprintf(path, sizeof(path), "%s (smaller behind a larger one)",
	         decode_slot_name(d->format, total));
	decode_set_unknown(d, path);
	return true;
}

/* The next object of a stream of which the last one counts. */
static bool walk_next(struct decode *d, uint32_t object)
{
	int64_t before_value[FORMAT_SLOTS_MAX];
	uint64_t before = d->present;

	memcpy(before_value, d->value, sizeof(before_value));
	memset(d->value, 0, sizeof(d->value));
	d->present = 0;
	if (!decode_walk_object(d, object))
		return false;
	if (says_less(d, before_value, before) || is_smaller(d, before_value)) {
		memcpy(d->value, before_value, sizeof(d->value));
		d->present = before;
	}
	return true;
}

/* A number that an object told and the last one does not: not counted, but never in silence. */
static void note_dropped(struct decode *d)
{
	char path[PATH_BYTES];

	for (int slot = 1; slot < FORMAT_SLOTS_MAX; slot++) {
		if (d->peak[slot] == 0 || decode_has(d, slot))
			continue;
		snprintf(path, sizeof(path), "%s (missing in the last object)",
		         decode_slot_name(d->format, slot));
		decode_set_unknown(d, path);
	}
}

/* Of a stream of which the last object counts, that one is the largest. */
static bool check_end(struct decode *d)
{
	for (size_t i = 0; i < d->format->rise_count; i++) {
		const struct usage_rise *rise = &d->format->rises[i];

		if (d->peak[rise->slot] > 0 && !decode_has(d, rise->slot)) {
			refusal_set(d->refusal, REASON_IDENTITY,
			            "usage: %s was %lld, and is missing in the last object",
			            decode_slot_name(d->format, rise->slot),
			            (long long)d->peak[rise->slot]);
			return false;
		}
		if (!decode_check_fall(d, rise, d->value[rise->slot]))
			return false;
	}
	note_dropped(d);
	return true;
}

/* The objects of one response into the slots.  false: refused. */
static bool fold_objects(struct decode *d, const uint32_t *nodes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (d->format->fold == FOLD_LAST && count > 1 ? !walk_next(d, nodes[i])
		                                              : !decode_walk_object(d, nodes[i]))
			return false;
	}
	return d->format->fold == FOLD_MERGE || count == 1 || check_end(d);
}

/* The response headers, whose document need not be the objects' one.  false: refused. */
static bool walk_headers(struct decode *d, const struct usage_objects *objects)
{
	bool read;

	if (objects->headers_doc == NULL)
		return true;
	d->doc = objects->headers_doc;
	d->group = d->format->headers;
	read = decode_walk_object(d, objects->headers);
	d->doc = objects->doc;
	d->group = objects->group;
	return read;
}

/* One response. */
static void decode_response(struct decode *d, const struct usage_objects *objects,
                            struct usage_decoded *out)
{
	if (!fold_objects(d, objects->nodes, objects->count) || !walk_headers(d, objects) ||
	    d->no_memory)
		return;
	if (!decode_check_needed(d)) {
		out->silent = !d->told && d->unknown.at == NULL && d->turns == JSON_NONE;
		return;
	}
	decode_fall_back(d);
	if (!decode_shares(d, &out->usage)) {
		decode_readings(d, out);
		out->misfit = d->total_differs;
		if (d->refusal->reason != REASON_NONE)
			return;
	}
	out->has_total = decode_has_total(d);
	if (d->turns != JSON_NONE && !decode_turns(d, out))
		return;
	if (d->format->calls != 0 &&
	    d->value[d->format->calls] > d->value[d->format->calls_counted])
		decode_set_unknown(d, decode_slot_name(d->format, d->format->calls));
	out->unknown = d->unknown;
	for (size_t i = 0; i < d->format->share_count; i++) {
		const struct usage_share *share = &d->format->shares[i];

		if (decode_has(d, share->terms[0]))
			out->told |= UINT32_C(1) << share->component;
		if (share->component == COMPONENT_REQUESTS)
			out->counts_requests = decode_has(d, share->terms[0]);
	}
}

static bool add_usage(struct usage *sum, const struct usage *usage)
{
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		sum->count[c] += usage->count[c]; /* far from overflow: see USAGE_COUNT_MAX */
		if (sum->count[c] > USAGE_COUNT_MAX)
			return false;
	}
	return true;
}

/* Each object is a response of its own: they add up. */
static int decode_each(struct decode *d, const struct usage_objects *objects,
                       struct usage_decoded *out)
{
	struct usage sum = { .kind_count = 0 };
	struct text unknown = { NULL, 0 };

	for (size_t i = 0; i < objects->count; i++) {
		struct usage_objects one = { .doc = objects->doc,
			                     .nodes = &objects->nodes[i],
			                     .count = 1,
			                     .group = objects->group };
		struct usage_decoded decoded;
		int r = usage_decode(d->format, &one, d->model, d->arena, &decoded, d->refusal);

		if (r < 0 || d->refusal->reason != REASON_NONE)
			return r;
		if (decoded.reading_count > 0 || decoded.part_count > 0) {
			refusal_set(d->refusal, REASON_UNSUPPORTED,
			            "usage: one of %zu responses in one event has several %s; send "
			            "it as an event of its own",
			            objects->count, decoded.part_count > 0 ? "models" : "readings");
			return 0;
		}
		decode_sum_add(&out->sum, &decoded.usage);
		if (!add_usage(&sum, &decoded.usage)) {
			refusal_set(d->refusal, REASON_QUANTITY, "usage: the sum is no count");
			return 0;
		}
		if (unknown.at == NULL)
			unknown = decoded.unknown;
	}
	out->usage = sum;
	out->unknown = unknown;
	return 0;
}

int usage_split(const struct usage_format *format, const struct json *doc, uint32_t list,
                struct text model, struct arena *arena, struct usage_decoded *decoded,
                struct event_refusal *refusal)
{
	struct decode d = { .format = format,
		            .doc = doc,
		            .arena = arena,
		            .refusal = refusal,
		            .model = model,
		            .turns = JSON_NONE };

	decode_split(&d, list, decoded);
	return d.no_memory ? -FAULT_NOMEM : 0;
}

int usage_decode(const struct usage_format *format, const struct usage_objects *objects,
                 struct text model, struct arena *arena, struct usage_decoded *out,
                 struct event_refusal *refusal)
{
	struct decode d = {
		.format = format,
		.doc = objects->doc,
		.arena = arena,
		.refusal = refusal,
		.model = model,
		.group = objects->group,
		.turns = JSON_NONE,
		.steps = objects->steps && format->steps,
	};

	*out = (struct usage_decoded){ .unknown = { NULL, 0 } };
	if (objects->count > 1 && (objects->adds != ADDS_NONE || format->fold == FOLD_ADD))
		return decode_each(&d, objects, out);
	decode_response(&d, objects, out);
	return d.no_memory ? -FAULT_NOMEM : 0;
}
