/* Which envelope a record is, and its records one by one. */
#include "usage/envelope.h"

#include <stdio.h>
#include <string.h>

#include "usage/envelope_internal.h"

static const struct {
	const char *name, *summary;
	const struct envelope *envelope;
} envelopes[] = {
#define E(NAME, name, summary) { name, summary, &envelope_##NAME },
#include "usage/envelopes.def"
#undef E
};

enum { ENVELOPE_COUNT = sizeof(envelopes) / sizeof(envelopes[0]) };

const char *envelope_name(size_t index)
{
	return index < ENVELOPE_COUNT ? envelopes[index].name : NULL;
}

const char *envelope_summary(size_t index)
{
	return index < ENVELOPE_COUNT ? envelopes[index].summary : NULL;
}

/* A record, or the first one of a batch. */
static uint32_t first_record(const struct json *doc)
{
	return json_type_of(doc, 0) == JSON_ARRAY ? json_first(doc, 0) : 0;
}

bool envelope_matches(size_t index, const struct json *doc)
{
	uint32_t record = first_record(doc);

	return json_type_of(doc, record) == JSON_OBJECT &&
	       envelopes[index].envelope->is(doc, record);
}

const struct envelope *envelope_find(const struct json *doc)
{
	const struct envelope *found = NULL;

	/* What is left of a text that was no JSON is no record. */
	if (doc->error != JSON_OK || doc->count == 0)
		return NULL;
	for (size_t i = 0; i < ENVELOPE_COUNT; i++) {
		if (!envelope_matches(i, doc))
			continue;
		if (found != NULL)
			return NULL;
		found = envelopes[i].envelope;
	}
	return found;
}

static void open_batch(struct envelope_work *work, const struct json *doc)
{
	const struct envelope *envelope = work->envelope;

	for (uint32_t e = json_first(doc, 0); e != JSON_NONE && work->error == 0 && !work->too_many;
	     e = json_next(doc, 0, e)) {
		struct envelope_view view = { { { "", doc, e }, { NULL, doc, JSON_NONE } } };

		if (json_type_of(doc, e) == JSON_OBJECT && envelope->is(doc, e)) {
			envelope->open(work, doc, e);
			continue;
		}
		envelope_begin(work);
		envelope_refuse(work, REASON_FOREIGN, "an element of the batch is something else");
		envelope_end(work, &view);
	}
}

/* Where nothing is left of the record, the record is refused. */
static int finish(struct envelope_work *work, struct envelope_event **events_out, size_t *count_out,
                  struct event_refusal *refusal)
{
	const struct event_refusal *first = NULL;
	size_t refused = 0;

	for (size_t i = 0; i < work->count; i++) {
		if (work->events[i].refusal != NULL && refused++ == 0)
			first = work->events[i].refusal;
	}
	*count_out = 0;
	*events_out = NULL;
	if (work->too_many) {
		refusal_set(refusal, REASON_UNSUPPORTED, "%s: more than %d events in one line",
		            work->envelope->name, ENVELOPE_EVENTS_MAX);
	} else if (refused < work->count) {
		*events_out = work->events;
		*count_out = work->count;
	} else if (first != NULL) {
		*refusal = *first;
	} else {
		refusal_set(refusal, REASON_FOREIGN, "%s: no request to a model in it",
		            work->envelope->name);
	}
	return 0;
}

int envelope_open(const struct envelope *envelope, const struct json *doc,
                  const struct event_defaults *defaults, struct arena *arena,
                  struct envelope_event **events_out, size_t *count_out,
                  struct event_refusal *refusal)
{
	struct envelope_work work = { .envelope = envelope, .defaults = defaults, .arena = arena };
	int r;

	if (json_type_of(doc, 0) == JSON_ARRAY)
		open_batch(&work, doc);
	else
		envelope->open(&work, doc, 0);
	r = work.error;
	if (r == 0)
		r = finish(&work, events_out, count_out, refusal);
	buf_release(&work.out);
	return r;
}

static const char *const hows[ENVELOPE_TAKES] = {
	[TAKE_NAME] = "text",
	[TAKE_MOMENT] = "time; UTC where it has no zone; a number is seconds",
	[TAKE_UNIX_MS] = "time in milliseconds",
	[TAKE_UNIX_NS] = "time in nanoseconds",
	[TAKE_BETWEEN] = "milliseconds from the first to the second",
	[TAKE_BETWEEN_NS] = "milliseconds from the first to the second",
	[TAKE_MS] = "whole milliseconds",
	[TAKE_SECONDS_MS] = "milliseconds of seconds",
	[TAKE_STATUS] = "number",
	[TAKE_BOOL] = "true or false",
	[TAKE_IS] = "true where it says so",
	[TAKE_JOIN] = "both with / between",
	[TAKE_VALUE] = "as it is",
	[TAKE_WORD] = "always, where nothing above is there",
	[TAKE_NO_ANSWER] = "false where it names what has no answer",
	[TAKE_IF] = "where it begins so",
};

static void join(const char *const *paths, char *out, size_t cap)
{
	size_t len = 0;

	out[0] = '\0';
	for (int i = 0; i < ENVELOPE_PATHS_MAX && paths[i] != NULL && len < cap; i++)
		len += (size_t)snprintf(out + len, cap - len, "%s%s", i > 0 ? ", " : "", paths[i]);
}

bool envelope_mapping(size_t index, size_t row, struct envelope_mapping *out)
{
	const struct envelope *envelope;
	const struct envelope_field *field;
	const struct envelope_word *word;

	if (index >= ENVELOPE_COUNT)
		return false;
	envelope = envelopes[index].envelope;
	if (row < envelope->field_count) {
		field = &envelope->fields[row];
		snprintf(out->member, sizeof(out->member), "%s", field->member);
		join(field->paths, out->from, sizeof(out->from));
		if (field->match != NULL || field->take == TAKE_IS)
			snprintf(out->how, sizeof(out->how), "%s, where it is %s",
			         field->match != NULL ? field->word : "true",
			         field->match != NULL ? field->match : field->word);
		else if (field->take == TAKE_WORD)
			snprintf(out->how, sizeof(out->how), "%s", field->word);
		else
			snprintf(out->how, sizeof(out->how), "%s", hows[field->take]);
		return true;
	}
	row -= envelope->field_count;
	if (row-- == 0) {
		snprintf(out->member, sizeof(out->member), "usage");
		snprintf(out->from, sizeof(out->from), "%s", envelope->usage_from);
		snprintf(out->how, sizeof(out->how), "as it is, else by its counters");
		return true;
	}
	if (row >= envelope->word_count)
		return false;
	word = &envelope->words[row];
	join(word->from, out->from, sizeof(out->from));
	snprintf(out->member, sizeof(out->member), "%s%s%s%s", word->key != NULL ? "usage." : "-",
	         word->group != NULL ? word->group : "", word->group != NULL ? "." : "",
	         word->key != NULL ? word->key : "");
	snprintf(out->how, sizeof(out->how), "%s", word->key != NULL ? "count" : "not passed on");
	return true;
}
