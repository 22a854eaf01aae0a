/* The one decoder: walks a format's tables over a usage object. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "usage/format.h"

static const struct usage_format *const formats[] = {
#define X(NAME, api, summary) &format_##NAME,
#include "usage/formats.def"
#undef X
};

static const char *const summaries[] = {
#define X(NAME, api, summary) summary,
#include "usage/formats.def"
#undef X
};

enum { FORMAT_COUNT = sizeof(formats) / sizeof(formats[0]), PATH_BYTES = 128 };

const struct usage_format *format_find(struct text api)
{
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		if (text_is(api, formats[i]->name))
			return formats[i];
	}
	return NULL;
}

const char *event_format_name(size_t index)
{
	return index < FORMAT_COUNT ? formats[index]->name : NULL;
}

const char *event_format_summary(size_t index)
{
	return index < FORMAT_COUNT ? summaries[index] : NULL;
}

struct decode {
	const struct usage_format *format;
	const struct json *doc;
	struct arena *arena;
	struct event_refusal *refusal;
	int64_t value[FORMAT_SLOTS_MAX];
	uint64_t present;               /* a bit a slot */
	uint64_t here;                  /* the same, of the object that is walked */
	int64_t peak[FORMAT_SLOTS_MAX]; /* the largest of all objects so far */
	uint32_t iterations;            /* node of the last one seen, or JSON_NONE */
	struct text unknown;
	bool no_memory;
};

static bool has(const struct decode *d, int slot)
{
	return (d->present >> slot & 1) != 0;
}

static struct text key_at(const struct decode *d, uint32_t key)
{
	return d->doc->nodes[key].text;
}

/* The name of a slot, for messages. */
static const char *slot_name(const struct usage_format *format, int slot)
{
	for (size_t i = 0; i < format->word_count; i++) {
		const struct usage_word *word = &format->words[i];

		if (word->kind == WORD_COUNT && word->slot == slot)
			return word->key;
		if (word->kind == WORD_MODALITIES && slot >= word->slot &&
		    slot < word->slot + MODALITY_COUNT)
			return word->key;
	}
	return "?";
}

/* A count of the provider's: 0 or more, whole, and not absurd. */
static bool read_count(struct decode *d, uint32_t node, const char *key, int64_t *out)
{
	struct text digits;

	if (json_type_of(d->doc, node) != JSON_NUMBER) {
		refusal_set(d->refusal, REASON_TYPE, "usage: %s: a number is due", key);
		return false;
	}
	digits = d->doc->nodes[node].text;
	if (!json_integer(d->doc, node, out) || *out < 0 || *out > USAGE_COUNT_MAX) {
		if (digits.len > 40)
			digits.len = 40;
		refusal_set(d->refusal, REASON_QUANTITY, "usage: %s: %.*s is no count", key,
		            TEXT_ARGS(digits));
		return false;
	}
	return true;
}

/*
 * The path of what is not counted, for people; the first one stays.  The ledger has a row a path:
 * no number of the event stands in it.
 */
static void set_unknown(struct decode *d, const char *path)
{
	char plain[PATH_BYTES];
	struct text t;

	if (d->unknown.at != NULL)
		return;
	snprintf(plain, sizeof(plain), "%s", path);
	t = text_of(plain);
	/* A cut in the middle of a character, or a control. */
	while (t.len > 0 && !text_utf8(t))
		t.len--;
	text_make_plain(plain, t.len);
	d->unknown = arena_copy(d->arena, t);
	d->no_memory = d->no_memory || d->unknown.at == NULL;
}

static const struct usage_rise *rise_of(const struct usage_format *format, int slot)
{
	for (size_t i = 0; i < format->rise_count; i++) {
		if (format->rises[i].slot == slot)
			return &format->rises[i];
	}
	return NULL;
}

/* A count of a stream, behind larger ones of the same stream; false: refused. */
static bool check_fall(struct decode *d, const struct usage_rise *rise, int64_t value)
{
	const char *name = slot_name(d->format, rise->slot);
	int64_t peak = d->peak[rise->slot];
	char path[PATH_BYTES];

	if (value >= peak)
		return true;
	if (value == 0 && rise->may_end_at_zero) {
		snprintf(path, sizeof(path), "%s (taken back to 0)", name);
		set_unknown(d, path);
		return true;
	}
	refusal_set(d->refusal, REASON_IDENTITY,
	            "usage: %s fell from %lld to %lld: more than one response in one event", name,
	            (long long)peak, (long long)value);
	return false;
}

static bool put_count(struct decode *d, const struct usage_word *word, uint32_t node)
{
	const struct usage_rise *rise = rise_of(d->format, word->slot);
	int64_t value;

	if (!read_count(d, node, word->key, &value))
		return false;
	if (rise != NULL && d->format->fold == FOLD_MERGE && !check_fall(d, rise, value))
		return false;
	if (value > d->peak[word->slot])
		d->peak[word->slot] = value;
	d->value[word->slot] = value;
	d->present |= UINT64_C(1) << word->slot;
	d->here |= UINT64_C(1) << word->slot;
	return true;
}

/* The name, or its number in Google's enum; MODALITY_COUNT for one we do not know. */
static enum modality modality_of(const struct decode *d, uint32_t node)
{
	static const char *const names[MODALITY_COUNT] = { "TEXT", "IMAGE", "VIDEO", "AUDIO",
		                                           "DOCUMENT" };
	int64_t number;

	if (json_integer(d->doc, node, &number) && number >= 1 && number <= MODALITY_COUNT)
		return (enum modality)(number - 1);
	for (int m = 0; m < MODALITY_COUNT; m++) {
		if (text_is(json_string(d->doc, node), names[m]))
			return (enum modality)m;
	}
	return MODALITY_COUNT;
}

/* The first non-zero number in a subtree that no word names. */
static void note_unknown(struct decode *d, const char *prefix, struct text key, uint32_t node)
{
	uint32_t end = d->doc->nodes[node].end;
	char path[PATH_BYTES];

	for (uint32_t n = node; d->unknown.at == NULL && n < end; n++) {
		if (!json_nonzero_number(d->doc, n))
			continue;
		snprintf(path, sizeof(path), "%s%s%.*s", prefix, prefix[0] != '\0' ? "." : "",
		         TEXT_ARGS(key));
		set_unknown(d, path);
	}
}

/* One {modality, tokenCount}. */
static bool put_modality(struct decode *d, const struct usage_word *word, uint32_t object)
{
	enum modality modality = modality_of(d, json_member(d->doc, object, "modality"));
	uint32_t count = json_member(d->doc, object, "tokenCount");
	int64_t value = 0;

	if (json_type_of(d->doc, object) != JSON_OBJECT) {
		refusal_set(d->refusal, REASON_TYPE, "usage: %s: an array of objects is due",
		            word->key);
		return false;
	}
	for (uint32_t k = json_first(d->doc, object); k != JSON_NONE;
	     k = json_next(d->doc, object, k)) {
		if (!text_is(key_at(d, k), "modality") && !text_is(key_at(d, k), "tokenCount"))
			note_unknown(d, word->key, key_at(d, k), k + 1);
	}
	if (json_type_of(d->doc, count) != JSON_NULL && !read_count(d, count, word->key, &value))
		return false;
	if (modality == MODALITY_COUNT && value > 0) {
		refusal_set(d->refusal, REASON_UNSUPPORTED,
		            "usage: %s: a modality that is not read", word->key);
		return false;
	}
	if (value == 0)
		return true;
	d->value[word->slot + modality] += value;
	d->present |= UINT64_C(1) << (word->slot + modality);
	return true;
}

static bool put_modalities(struct decode *d, const struct usage_word *word, uint32_t array)
{
	if (json_type_of(d->doc, array) != JSON_ARRAY) {
		refusal_set(d->refusal, REASON_TYPE, "usage: %s: an array is due", word->key);
		return false;
	}
	/* A stream sends the split again with every chunk. */
	for (int m = 0; m < MODALITY_COUNT; m++) {
		d->value[word->slot + m] = 0;
		d->present &= ~(UINT64_C(1) << (word->slot + m));
	}
	for (uint32_t e = json_first(d->doc, array); e != JSON_NONE;
	     e = json_next(d->doc, array, e)) {
		if (json_type_of(d->doc, e) != JSON_NULL && !put_modality(d, word, e))
			return false;
	}
	return true;
}

static const struct usage_word *word_of(const struct usage_format *format, unsigned group,
                                        struct text key)
{
	for (size_t i = 0; i < format->word_count; i++) {
		const struct usage_word *word = &format->words[i];

		if (word->in == group && word->key_len == key.len &&
		    memcmp(word->key, key.at, key.len) == 0)
			return word;
	}
	return NULL;
}

/* The words of a turn are those of the root. */
static void note_turn(struct decode *d, uint32_t turn)
{
	for (uint32_t k = json_first(d->doc, turn); k != JSON_NONE;
	     k = json_next(d->doc, turn, k)) {
		if (word_of(d->format, 0, key_at(d, k)) == NULL)
			note_unknown(d, "iterations", key_at(d, k), k + 1);
	}
}

/* Every turn must be a "message", whose numbers are in the totals already. */
static bool check_turns(struct decode *d, uint32_t array)
{
	const struct json *doc = d->doc;

	if (json_type_of(doc, array) != JSON_ARRAY) {
		refusal_set(d->refusal, REASON_TYPE, "usage: iterations: an array is due");
		return false;
	}
	for (uint32_t e = json_first(doc, array); e != JSON_NONE; e = json_next(doc, array, e)) {
		struct text type = json_string(doc, json_member(doc, e, "type"));

		if (text_is(type, "message")) {
			note_turn(d, e);
			continue;
		}
		if (type.len > 40)
			type.len = 40;
		refusal_set(d->refusal, REASON_UNSUPPORTED,
		            "usage: iterations holds a turn of type \"%.*s\", which is not in the "
		            "totals",
		            TEXT_ARGS(type));
		return false;
	}
	return true;
}

static bool walk(struct decode *d, unsigned group, const char *group_key, uint32_t object);

static bool walk_word(struct decode *d, const struct usage_word *word, uint32_t node)
{
	switch ((enum word_kind)word->kind) {
	case WORD_COUNT:
		return put_count(d, word, node);
	case WORD_MODALITIES:
		return put_modalities(d, word, node);
	case WORD_ITERATIONS:
		d->iterations = node;
		return check_turns(d, node);
	case WORD_KNOWN:
		return true;
	case WORD_GROUP:
		if (json_type_of(d->doc, node) == JSON_OBJECT)
			return walk(d, word->slot, word->key, node);
		refusal_set(d->refusal, REASON_TYPE, "usage: %s: an object is due", word->key);
		return false;
	}
	return true;
}

/* A null is "not sent", wherever it stands. */
static bool walk(struct decode *d, unsigned group, const char *group_key, uint32_t object)
{
	const struct json *doc = d->doc;

	for (uint32_t k = json_first(doc, object); k != JSON_NONE; k = json_next(doc, object, k)) {
		const struct usage_word *word;

		if (json_type_of(doc, k + 1) == JSON_NULL)
			continue;
		word = word_of(d->format, group, key_at(d, k));
		if (word == NULL)
			note_unknown(d, group_key, key_at(d, k), k + 1);
		else if (!walk_word(d, word, k + 1))
			return false;
	}
	return true;
}

static bool has_any(const struct decode *d, const usage_terms terms)
{
	for (int i = 0; i < FORMAT_TERMS_MAX && terms[i] != 0; i++) {
		if (has(d, terms[i] > 0 ? terms[i] : -terms[i]))
			return true;
	}
	return false;
}

/* Of those that are in `mask`: all that were sent, or those of one object. */
static int64_t sum_of(const struct decode *d, uint64_t mask, const usage_terms terms)
{
	int64_t sum = 0;

	/* At most FORMAT_TERMS_MAX values of at most USAGE_COUNT_MAX, some doubled: no overflow. */
	for (int i = 0; i < FORMAT_TERMS_MAX && terms[i] != 0; i++) {
		int slot = terms[i] > 0 ? terms[i] : -terms[i];

		if ((mask >> slot & 1) != 0)
			sum += terms[i] > 0 ? d->value[slot] : -d->value[slot];
	}
	return sum;
}

/* "prompt_tokens 12 - cached_tokens 161"; returns how many terms that are. */
static unsigned put_terms(const struct decode *d, uint64_t mask, const usage_terms terms, char *out,
                          size_t cap)
{
	unsigned count = 0;
	size_t len = 0;

	out[0] = '\0';
	for (int i = 0; i < FORMAT_TERMS_MAX && terms[i] != 0 && len < cap; i++) {
		int slot = terms[i] > 0 ? terms[i] : -terms[i];

		if ((mask >> slot & 1) == 0)
			continue;
		len += (size_t)snprintf(out + len, cap - len, "%s%s %lld",
		                        len == 0 ? "" : (terms[i] > 0 ? " + " : " - "),
		                        slot_name(d->format, slot), (long long)d->value[slot]);
		count++;
	}
	return count;
}

/* The same with " = -149" behind it. */
static void put_sum(const struct decode *d, uint64_t mask, const usage_terms terms, char *out,
                    size_t cap)
{
	unsigned count = put_terms(d, mask, terms, out, cap);
	size_t len = strlen(out);

	snprintf(out + len, cap - len, "%s = %lld", count == 0 ? "nothing" : "",
	         (long long)sum_of(d, mask, terms));
}

/* false: refused. */
static bool check_identity(struct decode *d, uint64_t mask, const struct usage_identity *identity)
{
	char sum[EVENT_DETAIL_BYTES / 2];

	if (sum_of(d, mask, identity->terms) == d->value[identity->total])
		return true;
	put_sum(d, mask, identity->terms, sum, sizeof(sum));
	refusal_set(d->refusal, REASON_IDENTITY, "usage: %s, but %s is %lld", sum,
	            slot_name(d->format, identity->total), (long long)d->value[identity->total]);
	return false;
}

static bool check_object(struct decode *d)
{
	for (size_t i = 0; i < d->format->object_identity_count; i++) {
		const struct usage_identity *identity = &d->format->object_identities[i];
		bool applies = false;

		for (int t = 0; t < FORMAT_TERMS_MAX && identity->terms[t] != 0; t++)
			applies = applies || (d->here >> identity->terms[t] & 1) != 0;
		applies = applies && (d->here >> identity->total & 1) != 0;
		if (applies && !check_identity(d, d->here, identity))
			return false;
	}
	return true;
}

static bool walk_object(struct decode *d, uint32_t object)
{
	d->here = 0;
	return walk(d, 0, "", object) && check_object(d);
}

/* The object before says all that this one does, and more. */
static bool says_less(const struct decode *d, const int64_t *before_value, uint64_t before)
{
	if ((d->present & ~before) != 0 || d->present == before)
		return false;
	for (int slot = 0; slot < FORMAT_SLOTS_MAX; slot++) {
		if (has(d, slot) && d->value[slot] != before_value[slot])
			return false;
	}
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
	if (!walk_object(d, object))
		return false;
	if (says_less(d, before_value, before)) {
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
		if (d->peak[slot] == 0 || has(d, slot))
			continue;
		snprintf(path, sizeof(path), "%s (missing in the last object)",
		         slot_name(d->format, slot));
		set_unknown(d, path);
	}
}

/*
 * Of a stream of which the last object counts, that one is the largest.  Between the steps of
 * one request the counts may begin anew, when the last object has them all.
 */
static bool check_end(struct decode *d)
{
	for (size_t i = 0; i < d->format->rise_count; i++) {
		const struct usage_rise *rise = &d->format->rises[i];

		if (d->peak[rise->slot] > 0 && !has(d, rise->slot)) {
			refusal_set(d->refusal, REASON_IDENTITY,
			            "usage: %s was %lld, and is missing in the last object",
			            slot_name(d->format, rise->slot),
			            (long long)d->peak[rise->slot]);
			return false;
		}
		if (!check_fall(d, rise, d->value[rise->slot]))
			return false;
	}
	note_dropped(d);
	return true;
}

/* One object, or the fold of an array of them. */
static bool walk_usage(struct decode *d, uint32_t node)
{
	const struct json *doc = d->doc;

	if (json_type_of(doc, node) == JSON_OBJECT)
		return walk_object(d, node);
	for (uint32_t e = json_first(doc, node); e != JSON_NONE; e = json_next(doc, node, e)) {
		if (json_type_of(doc, e) == JSON_NULL)
			continue;
		if (json_type_of(doc, e) != JSON_OBJECT) {
			refusal_set(d->refusal, REASON_TYPE, "usage: an array of objects is due");
			return false;
		}
		if (d->format->fold == FOLD_MERGE ? !walk_object(d, e) : !walk_next(d, e))
			return false;
	}
	return d->format->fold == FOLD_MERGE || check_end(d);
}

/* false: refused. */
static bool check_part(struct decode *d, const struct usage_part *part)
{
	int64_t sum = sum_of(d, d->present, part->parts), whole = d->value[part->whole];
	char text[EVENT_DETAIL_BYTES / 2];

	if (!has(d, part->whole) || !has_any(d, part->parts) || sum <= whole)
		return true;
	if (put_terms(d, d->present, part->parts, text, sizeof(text)) > 1)
		put_sum(d, d->present, part->parts, text, sizeof(text));
	refusal_set(d->refusal, REASON_PART, "usage: %s is larger than %s %lld", text,
	            slot_name(d->format, part->whole), (long long)whole);
	return false;
}

static bool check_identities(struct decode *d)
{
	for (size_t i = 0; i < d->format->identity_count; i++) {
		const struct usage_identity *identity = &d->format->identities[i];
		bool applies = true;

		for (int n = 0; n < 3 && identity->needs[n] != 0; n++)
			applies = applies && has(d, identity->needs[n]);
		if (applies && !check_identity(d, d->present, identity))
			return false;
	}
	for (size_t i = 0; i < d->format->part_count; i++) {
		if (!check_part(d, &d->format->parts[i]))
			return false;
	}
	return true;
}

static bool check_needed(struct decode *d)
{
	const uint8_t *needs = d->format->needs_one;

	/* Never a silent zero: an object of unknown words alone is no usage of zero. */
	if (needs[0] == 0) {
		if (d->present == 0)
			refusal_set(d->refusal, REASON_MISSING, "usage: it holds no count");
		return d->present != 0;
	}
	for (int i = 0; i < 3 && needs[i] != 0; i++) {
		if (has(d, needs[i]))
			return true;
	}
	refusal_set(d->refusal, REASON_MISSING, "usage: %s is missing",
	            slot_name(d->format, needs[0]));
	return false;
}

/*
 * What the turns say under a word of the root adds up to it; where some do not say it, to no
 * more.  A root without the word says 0.
 */
static bool check_turns_sum(struct decode *d, const struct usage_word *word)
{
	const struct json *doc = d->doc;
	int64_t sum = 0, whole = d->value[word->slot], value; /* 0 where the root is silent */
	bool all = true;

	for (uint32_t e = json_first(doc, d->iterations); e != JSON_NONE;
	     e = json_next(doc, d->iterations, e)) {
		uint32_t node = json_member(doc, e, word->key);

		if (json_type_of(doc, node) == JSON_NULL) {
			all = false;
			continue;
		}
		if (!read_count(d, node, word->key, &value))
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

static bool check_iterations(struct decode *d)
{
	if (json_type_of(d->doc, d->iterations) != JSON_ARRAY ||
	    json_first(d->doc, d->iterations) == JSON_NONE)
		return true;
	for (size_t i = 0; i < d->format->word_count; i++) {
		const struct usage_word *word = &d->format->words[i];

		if (word->in == 0 && word->kind == WORD_COUNT && !check_turns_sum(d, word))
			return false;
	}
	return true;
}

static bool put_shares(struct decode *d, struct usage *usage)
{
	for (size_t i = 0; i < d->format->share_count; i++) {
		const struct usage_share *share = &d->format->shares[i];
		int64_t count = sum_of(d, d->present, share->terms);
		char sum[EVENT_DETAIL_BYTES / 2];

		if (!has_any(d, share->terms))
			continue;
		if (count < 0) {
			put_sum(d, d->present, share->terms, sum, sizeof(sum));
			refusal_set(d->refusal, REASON_PART, "usage: %s would be negative: %s",
			            component_info[share->component].key, sum);
			return false;
		}
		usage->count[share->component] = count;
	}
	return true;
}

int usage_decode(const struct usage_format *format, const struct json *doc, uint32_t node,
                 struct arena *arena, struct usage *usage_out, struct text *unknown_out,
                 struct event_refusal *refusal)
{
	struct decode d = {
		.format = format,
		.doc = doc,
		.arena = arena,
		.refusal = refusal,
		.iterations = JSON_NONE,
	};

	if (!walk_usage(&d, node) || d.no_memory || !check_needed(&d))
		return d.no_memory ? -FAULT_NOMEM : 0;
	for (size_t i = 0; i < format->fallback_count; i++) {
		const struct usage_fallback *fallback = &format->fallbacks[i];

		if (has(&d, fallback->slot) || !has_any(&d, fallback->terms))
			continue;
		d.value[fallback->slot] = sum_of(&d, d.present, fallback->terms);
		d.present |= UINT64_C(1) << fallback->slot;
	}
	if (check_identities(&d) && check_iterations(&d) && put_shares(&d, usage_out))
		*unknown_out = d.unknown;
	return 0;
}

static bool is_billed(const struct usage_item *item, const struct json *doc, uint32_t element)
{
	struct text action = json_string(
		doc, json_member(doc, json_member(doc, element, "action"), "type"));
	size_t cap = sizeof(item->free_actions) / sizeof(item->free_actions[0]);

	if (!text_is(json_string(doc, json_member(doc, element, "type")), item->type))
		return false;
	for (size_t i = 0; i < cap && item->free_actions[i] != NULL; i++) {
		if (text_is(action, item->free_actions[i]))
			return false;
	}
	return true;
}

void usage_add_items(const struct usage_format *format, const struct json *doc, uint32_t body,
                     struct usage *usage)
{
	for (size_t i = 0; i < format->item_count; i++) {
		const struct usage_item *item = &format->items[i];
		uint32_t array = json_member(doc, body, item->array);

		if (json_type_of(doc, array) != JSON_ARRAY)
			continue;
		/* No more of them than a line has bytes: far below USAGE_COUNT_MAX. */
		for (uint32_t e = json_first(doc, array); e != JSON_NONE;
		     e = json_next(doc, array, e))
			usage->count[item->component] += is_billed(item, doc, e);
	}
}
