/*
 * A request that ran in turns, of which some may be on other models: what the totals leave out, or
 * what another model did, becomes a part of its own.
 *
 * Anthropic's usage.iterations (anthropic-sdk-python types/beta/beta_*iteration_usage.py): turns of
 * type "message" are what the totals are made of, and add up to them.  A compaction or an
 * advisor's turn is not in the totals; whether a fallback's is, their sum tells.
 *
 * Groq's compound models repeat the usage by model beside it (usage_breakdown.models).
 */
#include <stdio.h>
#include <string.h>

#include "usage/decode_internal.h"

enum where { INSIDE, OUTSIDE, EITHER, WHERE_COUNT };

static enum where where_of(struct text type)
{
	static const struct {
		const char *type;
		enum where where;
	} types[] = {
		{ "message", INSIDE },
		{ "compaction", OUTSIDE },
		{ "advisor_message", OUTSIDE },
		{ "fallback_message", EITHER },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (text_is(type, types[i].type))
			return types[i].where;
	}
	return WHERE_COUNT;
}

static enum where turn_where(const struct decode *d, uint32_t turn)
{
	return where_of(json_string(d->doc, json_member(d->doc, turn, "type")));
}

/* false: refused. */
static bool check_types(struct decode *d)
{
	const struct json *doc = d->doc;

	if (json_type_of(doc, d->turns) != JSON_ARRAY) {
		refusal_set(d->refusal, REASON_TYPE, "usage: iterations: an array is due");
		return false;
	}
	for (uint32_t e = json_first(doc, d->turns); e != JSON_NONE;
	     e = json_next(doc, d->turns, e)) {
		struct text type = json_string(doc, json_member(doc, e, "type"));

		if (where_of(type) != WHERE_COUNT)
			continue;
		refusal_set(d->refusal, REASON_UNSUPPORTED,
		            "usage: iterations holds a turn of type \"%.*s\", of which nobody "
		            "knows whether the totals have it",
		            type.len > FORMAT_DIGITS_MAX ? FORMAT_DIGITS_MAX : (int)type.len,
		            type.at);
		return false;
	}
	return true;
}

/*
 * What the turns inside say under a word of the root adds up to it; where some do not say it, to
 * no more.  A root without the word says 0.
 */
static bool check_sum(struct decode *d, const struct usage_word *word, enum where last)
{
	const struct json *doc = d->doc;
	int64_t sum = 0, whole = d->value[word->slot], value; /* 0 where the root is silent */
	bool all = true;

	for (uint32_t e = json_first(doc, d->turns); e != JSON_NONE;
	     e = json_next(doc, d->turns, e)) {
		uint32_t node = json_member(doc, e, word->key);
		enum where where = turn_where(d, e);

		if (where != INSIDE && where != last)
			continue;
		if (json_type_of(doc, node) == JSON_NULL) {
			all = false;
			continue;
		}
		if (!decode_read_count(d, node, word->key, &value))
			return false;
		/* No more turns than a line has bytes: no overflow. */
		sum += value;
	}
	if (sum == whole || (!all && sum < whole))
		return true;
	refusal_set(d->refusal, REASON_IDENTITY, "usage: iterations: %s add up to %lld, not %lld",
	            word->key, (long long)sum, (long long)whole);
	return false;
}

/* With the turns of this kind, besides those INSIDE, among what adds up to the totals. */
static bool check_sums(struct decode *d, enum where last)
{
	for (size_t i = 0; i < d->format->word_count; i++) {
		const struct usage_word *word = &d->format->words[i];

		if (word->in == 0 && word->kind == WORD_COUNT && !check_sum(d, word, last))
			return false;
	}
	return true;
}

static bool has_turn(const struct decode *d, enum where where)
{
	for (uint32_t e = json_first(d->doc, d->turns); e != JSON_NONE;
	     e = json_next(d->doc, d->turns, e)) {
		if (turn_where(d, e) == where)
			return true;
	}
	return false;
}

/* The counts of an object that has the words of the root.  false: refused. */
static bool object_usage(struct decode *d, const char *name, uint32_t object,
                         struct usage *usage_out)
{
	struct decode turn = { .format = d->format,
		               .doc = d->doc,
		               .arena = d->arena,
		               .refusal = d->refusal,
		               .turns = JSON_NONE };
	bool good;

	*usage_out = (struct usage){ .images_count = 0 };
	if (json_type_of(d->doc, object) != JSON_OBJECT) {
		refusal_set(d->refusal, REASON_TYPE, "usage: a turn: an object is due");
		return false;
	}
	good = decode_walk_object(&turn, object);
	if (good) {
		decode_fall_back(&turn);
		good = decode_shares(&turn, usage_out);
	}
	if (turn.unknown.at != NULL) {
		char path[PATH_BYTES];

		snprintf(path, sizeof(path), "%s.%.*s", name, TEXT_ARGS(turn.unknown));
		decode_set_unknown(d, path);
	}
	d->no_memory = d->no_memory || turn.no_memory;
	return good && !d->no_memory;
}

/* false: there are more in it than in the whole. */
static bool take_out(struct usage *whole, const struct usage *part)
{
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		whole->count[c] -= part->count[c];
		if (whole->count[c] < 0)
			return false;
	}
	return true;
}

static bool is_other(const struct decode *d, struct text model)
{
	return model.len > 0 && !text_equal(model, d->model);
}

struct parts {
	struct event_part *at;
	size_t count;
};

/* A part of this model (absent: the event's).  false: refused, or no memory. */
static bool add_part(struct decode *d, struct parts *parts, struct text model,
                     const struct usage *usage)
{
	if (parts->at == NULL)
		parts->at = arena_take(d->arena, EVENT_PARTS_MAX * sizeof(*parts->at));
	if (parts->count == EVENT_PARTS_MAX) {
		refusal_set(d->refusal, REASON_UNSUPPORTED, "usage: more than %d turns or models",
		            EVENT_PARTS_MAX);
		return false;
	}
	if (model.len > EVENT_NAME_BYTES_MAX || !text_plain(model)) {
		refusal_set(d->refusal, REASON_NAME, "usage: a turn's model is no name");
		return false;
	}
	model = arena_copy(d->arena, model.len > 0 ? model : d->model);
	if (parts->at == NULL || model.at == NULL) {
		d->no_memory = true;
		return false;
	}
	parts->at[parts->count++] = (struct event_part){ model, *usage };
	return true;
}

static bool take_turn(struct decode *d, uint32_t turn, bool inside, struct usage_decoded *out,
                      struct parts *parts)
{
	struct text model = json_string(d->doc, json_member(d->doc, turn, "model"));
	struct usage usage;

	if (!object_usage(d, "iterations", turn, &usage))
		return false;
	if (inside && !is_other(d, model)) {
		if (usage_prompt_total(&usage) > out->largest_prompt)
			out->largest_prompt = usage_prompt_total(&usage);
		return true;
	}
	if (inside && !take_out(&out->usage, &usage)) {
		refusal_set(d->refusal, REASON_IDENTITY,
		            "usage: a turn on %.*s has more than the totals",
		            TEXT_ARGS(model.len > 64 ? text_of("another model") : model));
		return false;
	}
	return add_part(d, parts, model, &usage);
}

bool decode_turns(struct decode *d, struct usage_decoded *out)
{
	const struct event_refusal none = *d->refusal;
	struct parts parts = { NULL, 0 };
	enum where last = INSIDE;

	if (!check_types(d))
		return false;
	if (json_first(d->doc, d->turns) == JSON_NONE)
		return true;
	if (!check_sums(d, INSIDE)) {
		if (!has_turn(d, EITHER))
			return false;
		*d->refusal = none;
		last = EITHER;
		if (!check_sums(d, EITHER))
			return false;
	}
	for (uint32_t e = json_first(d->doc, d->turns); e != JSON_NONE;
	     e = json_next(d->doc, d->turns, e)) {
		enum where where = turn_where(d, e);

		if (!take_turn(d, e, where == INSIDE || where == last, out, &parts))
			return false;
	}
	if (parts.count > 0 && out->reading_count > 1) {
		refusal_set(
			d->refusal, REASON_UNSUPPORTED,
			"usage: turns on several models, and numbers that contradict each other");
		return false;
	}
	out->parts = parts.at;
	out->part_count = parts.count;
	return true;
}

bool decode_split(struct decode *d, uint32_t list, struct usage_decoded *out)
{
	struct usage rest = out->usage, whole = out->usage;
	struct parts parts = { NULL, 0 };

	for (uint32_t e = json_first(d->doc, list); e != JSON_NONE;
	     e = json_next(d->doc, list, e)) {
		struct text model = json_string(d->doc, json_member(d->doc, e, "model"));
		struct usage usage;

		if (!object_usage(d, "usage_breakdown", json_member(d->doc, e, "usage"), &usage))
			return false;
		if (!take_out(&rest, &usage))
			break;
		if (is_other(d, model) &&
		    (!take_out(&whole, &usage) || !add_part(d, &parts, model, &usage)))
			return false;
	}
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (rest.count[c] == 0)
			continue;
		refusal_set(d->refusal, REASON_IDENTITY,
		            "usage: the split by model does not add up to %s %lld",
		            component_info[c].key, (long long)out->usage.count[c]);
		return false;
	}
	out->usage = whole;
	out->parts = parts.at;
	out->part_count = parts.count;
	return true;
}
