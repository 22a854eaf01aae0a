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

/* The word of the root under which a turn says this number; NULL: it does not. */
static const struct usage_word *said_by(const struct decode *d, uint32_t turn, int slot)
{
	for (size_t i = 0; i < d->format->word_count; i++) {
		const struct usage_word *word = &d->format->words[i];

		if (word->in == 0 && word->kind == WORD_COUNT && word->slot == slot &&
		    json_type_of(d->doc, json_member(d->doc, turn, word->key)) != JSON_NULL)
			return word;
	}
	return NULL;
}

/*
 * What the turns inside say of a number adds up to the root's, whichever of its names each has;
 * where some do not say it and `loose`, to no more.  A root without it says 0.
 */
static bool check_sum(struct decode *d, int slot, enum where last, bool loose)
{
	const struct json *doc = d->doc;
	const char *name = decode_slot_name(d->format, slot);
	int64_t sum = 0, whole = d->value[slot], value; /* 0 where the root is silent */
	bool all = true;

	for (uint32_t e = json_first(doc, d->turns); e != JSON_NONE;
	     e = json_next(doc, d->turns, e)) {
		const struct usage_word *word = said_by(d, e, slot);
		enum where where = turn_where(d, e);

		if (where != INSIDE && where != last)
			continue;
		if (word == NULL) {
			all = false;
			continue;
		}
		name = word->key;
		if (!decode_read_count(d, json_member(doc, e, name), name, &value))
			return false;
		/* No more turns than a line has bytes: no overflow. */
		sum += value;
	}
	if (sum == whole || (loose && !all && sum < whole))
		return true;
	refusal_set(d->refusal, REASON_IDENTITY, "usage: iterations: %s add up to %lld, not %lld",
	            name, (long long)sum, (long long)whole);
	return false;
}

/*
 * Of the numbers that become components, and stand in the root: what only repeats them, as the
 * metrics of a stream do, no turn says.
 */
static bool is_summed(const struct usage_format *format, size_t index)
{
	const struct usage_word *word = &format->words[index];
	bool counted = false;

	if (word->in != 0 || word->kind != WORD_COUNT)
		return false;
	for (size_t i = 0; i < index; i++) {
		const struct usage_word *before = &format->words[i];

		if (before->in == 0 && before->kind == WORD_COUNT && before->slot == word->slot)
			return false;
	}
	for (size_t i = 0; i < format->share_count; i++)
		counted = counted || format->shares[i].terms[0] == word->slot;
	return counted;
}

/* With the turns of this kind, besides those INSIDE, among what adds up to the totals. */
static bool check_sums(struct decode *d, enum where last, bool loose)
{
	for (size_t i = 0; i < d->format->word_count; i++) {
		if (is_summed(d->format, i) && !check_sum(d, d->format->words[i].slot, last, loose))
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

	*usage_out = (struct usage){ .kind_count = 0 };
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

/* The turns: those that are parts, and those of the event's own model that its usage is made of. */
struct turns {
	struct parts parts, own;
	struct usage own_sum;
	bool apart; /* the usage can be taken apart into its own */
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

/* A turn of the event's own model, in its usage.  false: no memory. */
static bool add_own(struct decode *d, struct turns *turns, const struct usage *usage,
                    struct event_sum *sum)
{
	decode_sum_add(sum, usage);
	for (int c = 0; c < COMPONENT_COUNT; c++)
		turns->own_sum.count[c] += usage->count[c];
	turns->apart = turns->apart && turns->own.count < EVENT_PARTS_MAX;
	return !turns->apart || add_part(d, &turns->own, d->model, usage);
}

/*
 * What the totals tell of a part, as of a write to the cache for an hour, is no less than what the
 * turns do.  false: refused.
 */
static bool check_parts(struct decode *d, const struct turns *turns)
{
	for (size_t i = 0; i < d->format->share_count; i++) {
		const struct usage_share *share = &d->format->shares[i];
		int64_t sum = turns->own_sum.count[share->component];

		if (share->terms[1] != 0 || !decode_has(d, share->terms[0]) ||
		    sum <= d->value[share->terms[0]])
			continue;
		refusal_set(d->refusal, REASON_IDENTITY,
		            "usage: iterations have %s %lld, more than the totals with %lld",
		            component_info[share->component].key, (long long)sum,
		            (long long)d->value[share->terms[0]]);
		return false;
	}
	return true;
}

/* Where a price is for each turn by itself, the usage is taken apart into them (ingest.c). */
static void put_turns(const struct turns *turns, struct usage_decoded *out)
{
	struct usage rest = out->usage;
	bool apart = turns->apart && turns->own.count > 1 && out->reading_count == 0 &&
	             turns->own.count + turns->parts.count <= EVENT_PARTS_MAX &&
	             take_out(&rest, &turns->own_sum);

	out->sum.turns = apart ? turns->own.at : NULL;
	out->sum.count = apart ? turns->own.count : 0;
	out->parts = turns->parts.at;
	out->part_count = turns->parts.count;
}

static bool take_turn(struct decode *d, uint32_t turn, bool inside, struct usage_decoded *out,
                      struct turns *turns)
{
	struct text model = json_string(d->doc, json_member(d->doc, turn, "model"));
	struct usage usage;

	if (!object_usage(d, "iterations", turn, &usage))
		return false;
	if (inside && !is_other(d, model))
		return add_own(d, turns, &usage, &out->sum);
	if (inside && !take_out(&out->usage, &usage)) {
		refusal_set(d->refusal, REASON_IDENTITY,
		            "usage: a turn on %.*s has more than the totals",
		            TEXT_ARGS(model.len > 64 ? text_of("another model") : model));
		return false;
	}
	return add_part(d, &turns->parts, model, &usage);
}

bool decode_turns(struct decode *d, struct usage_decoded *out)
{
	const struct event_refusal none = *d->refusal;
	struct turns turns = { .apart = true };
	enum where last = INSIDE;

	if (!check_types(d))
		return false;
	if (json_first(d->doc, d->turns) == JSON_NONE)
		return true;
	/* Where a fallback may be inside nothing is left open: it would be counted twice. */
	if (!check_sums(d, INSIDE, false)) {
		bool either = has_turn(d, EITHER);

		*d->refusal = none;
		last = either ? EITHER : INSIDE;
		turns.apart = either;
		if (!check_sums(d, last, !either))
			return false;
	}
	for (uint32_t e = json_first(d->doc, d->turns); e != JSON_NONE;
	     e = json_next(d->doc, d->turns, e)) {
		enum where where = turn_where(d, e);

		if (!take_turn(d, e, where == INSIDE || where == last, out, &turns))
			return false;
	}
	if (turns.parts.count > 0 && out->reading_count > 1) {
		refusal_set(
			d->refusal, REASON_UNSUPPORTED,
			"usage: turns on several models, and numbers that contradict each other");
		return false;
	}
	put_turns(&turns, out);
	return check_parts(d, &turns);
}

bool decode_split(struct decode *d, uint32_t list, struct usage_decoded *out)
{
	struct usage rest = out->usage, whole = out->usage;
	struct turns turns = { .apart = true };

	for (uint32_t e = json_first(d->doc, list); e != JSON_NONE;
	     e = json_next(d->doc, list, e)) {
		struct text model = json_string(d->doc, json_member(d->doc, e, "model"));
		struct usage usage;

		if (!object_usage(d, "usage_breakdown", json_member(d->doc, e, "usage"), &usage))
			return false;
		if (!take_out(&rest, &usage))
			break;
		if (is_other(d, model)
		            ? !take_out(&whole, &usage) || !add_part(d, &turns.parts, model, &usage)
		            : !add_own(d, &turns, &usage, &out->sum))
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
	put_turns(&turns, out);
	return true;
}
