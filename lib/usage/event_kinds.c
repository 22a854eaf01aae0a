/*
 * Of what kind the counted units are: "kinds" of an event line, the keys of its "images", and what
 * a shape knows of its searches by itself.
 */
#include <string.h>

#include "usage/event_internal.h"
#include "usage/kinds.h"

static bool take_word(struct line *line, const char *member, enum kind_key key, uint32_t node,
                      char out[KIND_WORD_BYTES])
{
	struct text word = json_string(line->doc, node);

	if (word.at != NULL && text_plain(word) && text_copy(out, KIND_WORD_BYTES, word))
		return true;
	refusal_set(line->refusal, REASON_TYPE, "%s: %s: a string of at most %d bytes is due",
	            member, kind_key_name(key), KIND_WORD_BYTES - 1);
	return false;
}

static bool take_number(struct line *line, const char *member, enum kind_key key, uint32_t node,
                        int64_t *out)
{
	if (json_integer(line->doc, node, out) && *out >= 1 && *out <= USAGE_COUNT_MAX)
		return true;
	refusal_set(line->refusal, REASON_TYPE, "%s: %s: a whole number from 1 is due", member,
	            kind_key_name(key));
	return false;
}

static bool take_implicit(struct line *line, const char *member, uint32_t node,
                          struct usage_kind *kind)
{
	enum json_type type = json_type_of(line->doc, node);

	if (type != JSON_TRUE && type != JSON_FALSE) {
		refusal_set(line->refusal, REASON_TYPE, "%s: implicit: true or false is due",
		            member);
		return false;
	}
	text_copy(kind->kind, KIND_WORD_BYTES,
	          text_of(type == JSON_TRUE ? KIND_IMPLICIT : KIND_EXPLICIT));
	return true;
}

bool take_kind_keys(struct line *line, const char *member, uint32_t object, struct usage_kind *kind)
{
	bool good = true;

	for (int k = 0; good && k < KIND_KEY_COUNT; k++) {
		enum kind_key key = (enum kind_key)k;
		uint32_t node = json_member(line->doc, object, kind_key_name(key));

		if (!kind_has_key(kind->component, key) ||
		    json_type_of(line->doc, node) == JSON_NULL)
			continue;
		switch (key) {
		case KIND_KEY_SIZE:
		case KIND_KEY_RESOLUTION:
			good = take_word(line, member, key, node, kind->size);
			break;
		case KIND_KEY_QUALITY:
			good = take_word(line, member, key, node, kind->quality);
			break;
		case KIND_KEY_KIND:
			good = take_word(line, member, key, node, kind->kind);
			break;
		case KIND_KEY_STEPS:
		case KIND_KEY_TTL:
			good = take_number(line, member, key, node, &kind->number);
			break;
		case KIND_KEY_IMPLICIT:
			good = take_implicit(line, member, node, kind);
			break;
		case KIND_KEY_COUNT:
			break;
		}
	}
	return good;
}

/* A component that has kinds, and not under "images".  false: refused. */
static bool read_component(struct line *line, uint32_t object, enum component *out)
{
	struct text name = json_string(line->doc, json_member(line->doc, object, "component"));
	int shown = name.len > 64 ? 64 : (int)name.len;

	*out = component_find(name);
	if (name.at == NULL)
		refusal_set(line->refusal, REASON_MISSING, "kinds: component is missing");
	else if (*out == COMPONENT_COUNT)
		refusal_set(line->refusal, REASON_TYPE, "kinds: \"%.*s\" is no component", shown,
		            name.at);
	else if (component_info[*out].unit == UNIT_IMAGE)
		refusal_set(line->refusal, REASON_TYPE,
		            "kinds: %.*s: say it in images, with size, quality and steps", shown,
		            name.at);
	else if (!kind_has_any(*out))
		refusal_set(line->refusal, REASON_TYPE,
		            "kinds: %.*s has no kinds; count it in usage", shown, name.at);
	return line->refusal->reason == REASON_NONE;
}

/* What nobody reads may be what a price asks for: no key but its own.  false: refused. */
static bool check_keys(struct line *line, uint32_t object, enum component component)
{
	const struct json *doc = line->doc;

	for (uint32_t k = json_first(doc, object); k != JSON_NONE; k = json_next(doc, object, k)) {
		struct text key = doc->nodes[k].text;
		bool known = text_is(key, "component") || text_is(key, "n") ||
		             json_type_of(doc, k + 1) == JSON_NULL;

		for (int of = 0; !known && of < KIND_KEY_COUNT; of++)
			known = kind_has_key(component, (enum kind_key)of) &&
			        text_is(key, kind_key_name((enum kind_key)of));
		if (known)
			continue;
		refusal_set(line->refusal, REASON_TYPE, "kinds: %s has no %.*s",
		            component_info[component].key, key.len > 64 ? 64 : (int)key.len,
		            key.at);
		return false;
	}
	return true;
}

/* Caches of these lifetimes are components of their own. */
static void resolve_lifetime(struct usage_kind *kind)
{
	enum { FIVE_MINUTES = 300, ONE_HOUR = 3600 };

	if (kind->component != COMPONENT_CACHE_WRITE ||
	    (kind->number != FIVE_MINUTES && kind->number != ONE_HOUR))
		return;
	kind->component = kind->number == ONE_HOUR ? COMPONENT_CACHE_WRITE_1H
	                                           : COMPONENT_CACHE_WRITE_5M;
	kind->number = 0;
}

static bool read_kind(struct line *line, uint32_t object, struct usage_kind *kind)
{
	uint32_t n = json_member(line->doc, object, "n");

	*kind = (struct usage_kind){ .n = 0 };
	if (json_type_of(line->doc, object) != JSON_OBJECT) {
		refusal_set(line->refusal, REASON_TYPE,
		            "kinds: an object, or an array of them, is due");
		return false;
	}
	if (!read_component(line, object, &kind->component) ||
	    !check_keys(line, object, kind->component))
		return false;
	if (json_type_of(line->doc, n) == JSON_NULL) {
		refusal_set(line->refusal, REASON_MISSING, "kinds: n is missing");
		return false;
	}
	if (!json_integer(line->doc, n, &kind->n) || kind->n < 0 || kind->n > USAGE_COUNT_MAX) {
		refusal_set(line->refusal, REASON_QUANTITY, "kinds: n is no count");
		return false;
	}
	if (!take_kind_keys(line, "kinds", object, kind))
		return false;
	resolve_lifetime(kind);
	return true;
}

/* What the line says of one more kind.  false: refused. */
static bool read_one(struct line *line, uint32_t object, struct usage *told)
{
	struct usage_kind kind;

	if (!read_kind(line, object, &kind))
		return false;
	if (kind.n == 0)
		return true;
	if (!usage_add_kind(told, &kind)) {
		refusal_set(line->refusal, REASON_UNSUPPORTED,
		            "kinds: more than %d of them in one request", USAGE_KINDS_MAX);
		return false;
	}
	told->count[kind.component] += kind.n;
	if (told->count[kind.component] > USAGE_COUNT_MAX) {
		refusal_set(line->refusal, REASON_QUANTITY, "kinds: the sum of n is no count");
		return false;
	}
	return true;
}

static bool read_all(struct line *line, struct usage *told)
{
	uint32_t node = line->member[MEMBER_KINDS];

	*told = (struct usage){ .kind_count = 0 };
	if (json_type_of(line->doc, node) != JSON_ARRAY)
		return read_one(line, node, told);
	for (uint32_t e = json_first(line->doc, node); e != JSON_NONE;
	     e = json_next(line->doc, node, e)) {
		if (!read_one(line, e, told))
			return false;
	}
	return true;
}

static bool is_token(enum component c)
{
	return component_info[c].unit == UNIT_TOKEN;
}

static bool counts_tokens(const struct usage *usage)
{
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (is_token((enum component)c) && usage->count[c] > 0)
			return true;
	}
	return false;
}

/*
 * What is told of a component that the usage does not count, into its counts; and no token twice:
 * - a cache of five minutes or an hour is in what the usage counts as written for nobody knows
 *   how long;
 * - where the usage counts tokens they may be in those, unless its counts are disjoint.
 */
static void count_told(const struct usage_format *format, bool tokens, const struct usage *told,
                       enum component c, struct usage *usage)
{
	int64_t *unsplit = &usage->count[COMPONENT_CACHE_WRITE], moved = told->count[c];

	if (usage->count[c] > 0 || told->count[c] == 0)
		return;
	if ((c == COMPONENT_CACHE_WRITE_5M || c == COMPONENT_CACHE_WRITE_1H) && *unsplit > 0) {
		moved = moved > *unsplit ? *unsplit : moved;
		*unsplit -= moved;
		usage->count[c] = moved;
	} else if (!is_token(c) || !tokens || format->disjoint) {
		usage->count[c] = told->count[c];
	}
}

/*
 * What was told, as far as the usage counts it, into the usage.  The first component of which it
 * counts less; COMPONENT_COUNT: none.
 */
static enum component put_told(const struct usage_format *format, const struct usage *told,
                               struct usage *usage)
{
	enum component lacks = COMPONENT_COUNT;
	bool tokens = counts_tokens(usage);

	/* In their order: what became a cache of a lifetime is no longer one of none. */
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		count_told(format, tokens, told, (enum component)c, usage);
		if (lacks == COMPONENT_COUNT && told->count[c] > usage->count[c])
			lacks = (enum component)c;
	}
	for (unsigned i = 0; i < told->kind_count; i++) {
		struct usage_kind kind = told->kinds[i];
		int64_t room = usage->count[kind.component] - usage_of_kinds(usage, kind.component);

		if (kind.n > room)
			kind.n = room;
		if (kind.n > 0 && !kind_is_plain(&kind))
			usage_add_kind(usage, &kind);
	}
	return lacks;
}

/* Of the event and of each reading: the numbers may contradict each other where kinds do not. */
static bool put_all(struct line *line, const struct usage_format *format, const struct usage *told,
                    struct usage_decoded *decoded)
{
	struct usage *usage = &line->event->usage;
	enum component lacks;
	bool fits;

	if (told->kind_count + usage->kind_count > USAGE_KINDS_MAX) {
		refusal_set(line->refusal, REASON_UNSUPPORTED,
		            "kinds: with those of images more than %d in one request",
		            USAGE_KINDS_MAX);
		return false;
	}
	lacks = put_told(format, told, usage);
	fits = lacks == COMPONENT_COUNT;
	for (size_t i = 0; i < decoded->reading_count; i++)
		fits = put_told(format, told, &decoded->readings[i].usage) == COMPONENT_COUNT ||
		       fits;
	if (!fits)
		refusal_set(line->refusal, REASON_PART,
		            "kinds: n of %s adds up to %lld, and the usage counts %lld",
		            component_info[lacks].key, (long long)told->count[lacks],
		            (long long)usage->count[lacks]);
	return fits;
}

/* All searches are of the kind that the shape counts, where the line says of none what it is. */
static void put_searches(struct line *line, const struct usage_format *format, struct usage *usage)
{
	struct usage_kind kind = { .component = COMPONENT_SEARCHES,
		                   .n = usage->count[COMPONENT_SEARCHES] };

	if (format->searches == NULL || kind.n == 0)
		return;
	text_copy(kind.kind, sizeof(kind.kind), text_of(format->searches));
	if (!usage_add_kind(usage, &kind) && line->event->unknown_path.at == NULL)
		line->event->unknown_path = text_of("searches (of a kind that has no room)");
}

/* *searches_out: it says of searches what they are.  false: refused. */
static bool take_told(struct line *line, const struct usage_format *format,
                      struct usage_decoded *decoded, bool *searches_out)
{
	struct usage told;

	if (!read_all(line, &told) || !put_all(line, format, &told, decoded))
		return false;
	*searches_out = told.count[COMPONENT_SEARCHES] > 0;
	return true;
}

bool take_kinds(struct line *line, const struct usage_format *format, struct usage_decoded *decoded)
{
	bool searches = false;

	if (sent(line, MEMBER_KINDS) && !take_told(line, format, decoded, &searches))
		return false;
	if (!searches) {
		put_searches(line, format, &line->event->usage);
		for (size_t i = 0; i < decoded->reading_count; i++)
			put_searches(line, format, &decoded->readings[i].usage);
	}
	for (size_t i = 0; i < decoded->part_count; i++)
		put_searches(line, format, &decoded->parts[i].usage);
	return true;
}
