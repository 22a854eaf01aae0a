#include "tests/support/recording.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/moment.h"
#include "tests/support/event_line.h"
#include "tests/support/exchanges.h"
#include "tests/support/fixture.h"

enum { RECORDED_MAX = 8192 };

static const char exchanges[] = "exchanges_dev_sample.jsonl";

void recorded_put(struct buf *out, const struct usage *usage)
{
	event_line_put_counts(out, usage);
	for (unsigned i = 0; i < usage->kind_count; i++) {
		const struct usage_kind *images = &usage->kinds[i];

		if (component_info[images->component].unit != UNIT_IMAGE)
			continue;
		buf_addf(out, " (%lld %s of %s %s)", (long long)images->n,
		         component_info[images->component].key, images->size, images->quality);
	}
}

static void put_event(struct buf *out, const struct event *event)
{
	recorded_put(out, &event->usage);
	for (size_t i = 0; i < event->part_count; i++) {
		buf_addf(out, "; %.*s ", TEXT_ARGS(event->parts[i].model));
		recorded_put(out, &event->parts[i].usage);
	}
	for (size_t i = 0; i < event->reading_count; i++) {
		buf_addf(out, "%s%s: ", i == 0 ? " | " : "; ", event->readings[i].name);
		recorded_put(out, &event->readings[i].usage);
	}
}

void recording_decode(struct recording *r, struct text line, struct recorded_event *out)
{
	struct event_defaults defaults = { .source = { NULL, 0 } };
	struct buf counts = { .at = NULL };

	assert_true(moment_parse(text_of("2026-11-23T00:00:00Z"), &defaults.now_ms));
	line = arena_copy(&r->arena, line);
	assert_non_null(line.at);
	assert_int_equal(
		event_decode(line, &defaults, &r->doc, &r->arena, &out->event, &out->refusal), 0);
	out->counts = "";
	if (out->refusal.reason == REASON_NONE)
		put_event(&counts, &out->event);
	assert_int_equal(counts.error, 0);
	if (counts.len > 0)
		out->counts = arena_copy(&r->arena, buf_text(&counts)).at;
	buf_release(&counts);
}

static struct text kept(struct recording *r, const struct json *row, const char *key)
{
	return arena_copy(&r->arena, json_string(row, json_member(row, 0, key)));
}

static void load_row(struct recording *r, struct text line, struct json *row, struct buf *event)
{
	struct recorded *e = &r->rows[r->count++];
	uint32_t objects;

	assert_true(r->count < RECORDED_MAX);
	assert_int_equal(json_parse(row, line, NULL), 0);
	e->row = line;
	e->id = kept(r, row, "id");
	e->wire = kept(r, row, "wire");
	e->provider = kept(r, row, "provider");
	e->origin = kept(r, row, "source");
	e->api = exchange_api(e->wire, e->provider);
	objects = json_member(row, 0, "usage_events");
	assert_int_equal(json_type_of(row, objects), JSON_ARRAY);
	e->usage_objects = row->nodes[objects].count;
	if (e->api == NULL)
		return;
	assert_true(exchange_line(row, false, event));
	recording_decode(r, buf_text(event), &e->body);
	assert_true(exchange_line(row, true, event));
	recording_decode(r, buf_text(event), &e->objects);
}

bool recording_load(struct recording *r)
{
	struct json row = { .nodes = NULL };
	struct buf event = { .at = NULL };
	struct text rest, line;

	if (!fixture_load(exchanges, &r->file))
		return false;
	r->rows = calloc(RECORDED_MAX, sizeof(*r->rows));
	assert_non_null(r->rows);
	rest = buf_text(&r->file);
	while (fixture_line(&rest, &line))
		load_row(r, line, &row, &event);
	json_release(&row);
	buf_release(&event);
	return true;
}

void recording_release(struct recording *r)
{
	free(r->rows);
	r->rows = NULL;
	buf_release(&r->file);
	arena_release(&r->arena);
	json_release(&r->doc);
}

int recording_setup(void **state)
{
	static struct recording recording;

	recording_load(&recording);
	*state = &recording;
	return 0;
}

int recording_teardown(void **state)
{
	recording_release(*state);
	return 0;
}

struct recording *recording_of(void **state)
{
	struct recording *r = *state;

	if (r->rows == NULL)
		fixture_skip_without(exchanges);
	return r;
}

struct recorded *recording_find(const struct recording *r, struct text id)
{
	for (size_t i = 0; i < r->count; i++) {
		if (text_equal(r->rows[i].id, id))
			return &r->rows[i];
	}
	return NULL;
}

bool recorded_adds(const struct recorded *e)
{
	return text_is(e->wire, "openai-realtime") || text_is(e->wire, "gemini-live") ||
	       text_is(e->wire, "batch");
}

int64_t recorded_count(const struct event *event, enum component component)
{
	int64_t sum = event->usage.count[component];

	for (size_t i = 0; i < event->part_count; i++)
		sum += event->parts[i].usage.count[component];
	return sum;
}

int64_t recorded_tokens(const struct usage *usage)
{
	int64_t sum = 0;

	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (component_info[c].unit == UNIT_TOKEN)
			sum += usage->count[c];
	}
	return sum;
}
