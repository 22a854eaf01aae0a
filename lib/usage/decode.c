/* Walks the words of a format over a usage object: its numbers into the slots. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "usage/decode_internal.h"

static struct text key_at(const struct decode *d, uint32_t key)
{
	return d->doc->nodes[key].text;
}

/* The name of a slot, for messages. */
const char *decode_slot_name(const struct usage_format *format, int slot)
{
	for (size_t i = 0; i < format->word_count; i++) {
		if (usage_word_fills(&format->words[i], slot))
			return format->words[i].key;
	}
	return "?";
}

/* Also with a fraction of zeros: Cohere's billed_units are written as floats. */
static bool whole_number(struct text digits, int64_t *out)
{
	size_t len = 0;

	while (len < digits.len && digits.at[len] != '.')
		len++;
	for (size_t i = len + 1; i < digits.len; i++) {
		if (digits.at[i] != '0')
			return false;
	}
	return text_int((struct text){ digits.at, len }, out);
}

/* A count of the provider's: 0 or more, whole, and not absurd. */
bool decode_read_count(struct decode *d, uint32_t node, const char *key, int64_t *out)
{
	struct text digits;

	if (json_type_of(d->doc, node) != JSON_NUMBER) {
		refusal_set(d->refusal, REASON_TYPE, "usage: %s: a number is due", key);
		return false;
	}
	digits = d->doc->nodes[node].text;
	if (!whole_number(digits, out) || *out < 0 || *out > USAGE_COUNT_MAX) {
		if (digits.len > FORMAT_DIGITS_MAX)
			digits.len = FORMAT_DIGITS_MAX;
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
void decode_set_unknown(struct decode *d, const char *path)
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
bool decode_check_fall(struct decode *d, const struct usage_rise *rise, int64_t value)
{
	const char *name = decode_slot_name(d->format, rise->slot);
	int64_t peak = d->peak[rise->slot];
	char path[PATH_BYTES];

	if (value >= peak)
		return true;
	if (value == 0 && rise->may_end_at_zero) {
		snprintf(path, sizeof(path), "%s (taken back to 0)", name);
		decode_set_unknown(d, path);
		return true;
	}
	refusal_set(d->refusal, REASON_IDENTITY,
	            "usage: %s fell from %lld to %lld: more than one response in one event", name,
	            (long long)peak, (long long)value);
	return false;
}

/* false: refused. */
static bool put_value(struct decode *d, int slot, int64_t value)
{
	const struct usage_rise *rise = rise_of(d->format, slot);

	if (rise != NULL && d->format->fold == FOLD_MERGE && !decode_check_fall(d, rise, value))
		return false;
	if (value > d->peak[slot])
		d->peak[slot] = value;
	d->told = true;
	d->value[slot] = value;
	d->present |= UINT64_C(1) << slot;
	d->here |= UINT64_C(1) << slot;
	return true;
}

/* "8.47": 8, a fraction, and less than a half.  What is no such number is refused as any count. */
static bool put_fraction(struct decode *d, const struct usage_word *word, uint32_t node)
{
	struct text digits = { NULL, 0 };
	size_t point = 0, i;
	int64_t value, whole;

	if (json_type_of(d->doc, node) == JSON_NUMBER)
		digits = d->doc->nodes[node].text;
	while (point < digits.len && digits.at[point] != '.')
		point++;
	for (i = point + 1; i < digits.len && digits.at[i] >= '0' && digits.at[i] <= '9'; i++)
		;
	if (i != digits.len || point == 0 || digits.at[0] == '-' ||
	    !text_int((struct text){ digits.at, point }, &value) || value < 0 ||
	    value >= USAGE_COUNT_MAX || whole_number(digits, &whole))
		return decode_read_count(d, node, word->key, &value) &&
		       put_value(d, word->slot, value) &&
		       put_value(d, word->slot + FRACTION_ANY, 0) &&
		       put_value(d, word->slot + FRACTION_HALF, 0);
	return put_value(d, word->slot, value) && put_value(d, word->slot + FRACTION_ANY, 1) &&
	       put_value(d, word->slot + FRACTION_HALF, digits.at[point + 1] >= '5');
}

static bool put_count(struct decode *d, const struct usage_word *word, uint32_t node)
{
	struct text text = json_string(d->doc, node);
	int64_t value;

	if (word->kind == WORD_COUNT_TEXT && text.at != NULL) {
		if (!text_int(text, &value) || value < 0 || value > USAGE_COUNT_MAX) {
			refusal_set(
				d->refusal, REASON_QUANTITY, "%s: \"%.*s\" is no count", word->key,
				text.len > FORMAT_DIGITS_MAX ? FORMAT_DIGITS_MAX : (int)text.len,
				text.at);
			return false;
		}
	} else if (!decode_read_count(d, node, word->key, &value)) {
		return false;
	}
	return put_value(d, word->slot, value);
}

/* The name, or its number in Google's enum; MODALITY_COUNT for one we do not know. */
static enum modality modality_of(const struct decode *d, uint32_t node)
{
	static const char *const names[MODALITY_COUNT] = { "TEXT", "IMAGE", "VIDEO", "AUDIO",
		                                           "DOCUMENT" };
	struct text name = json_string(d->doc, node);
	int64_t number;

	if (json_integer(d->doc, node, &number) && number >= 1 && number <= MODALITY_COUNT)
		return (enum modality)(number - 1);
	for (int m = 0; m < MODALITY_COUNT; m++) {
		if (name.len == strlen(names[m]) && strncasecmp(name.at, names[m], name.len) == 0)
			return (enum modality)m;
	}
	return MODALITY_COUNT;
}

/* The first non-zero number in a subtree that no word names. */
void decode_note_unknown(struct decode *d, const char *prefix, struct text key, uint32_t node)
{
	uint32_t end = d->doc->nodes[node].end;
	char path[PATH_BYTES];

	for (uint32_t n = node; d->unknown.at == NULL && n < end; n++) {
		if (!json_nonzero_number(d->doc, n))
			continue;
		snprintf(path, sizeof(path), "%s%s%.*s", prefix, prefix[0] != '\0' ? "." : "",
		         TEXT_ARGS(key));
		decode_set_unknown(d, path);
	}
}

/* An object of a list, with these two members; what else it tells is unknown.  false: refused. */
static bool is_entry(struct decode *d, const struct usage_word *word, uint32_t object,
                     const char *one, const char *other)
{
	if (json_type_of(d->doc, object) != JSON_OBJECT) {
		refusal_set(d->refusal, REASON_TYPE, "usage: %s: an array of objects is due",
		            word->key);
		return false;
	}
	for (uint32_t k = json_first(d->doc, object); k != JSON_NONE;
	     k = json_next(d->doc, object, k)) {
		if (!text_is(key_at(d, k), one) && !text_is(key_at(d, k), other))
			decode_note_unknown(d, word->key, key_at(d, k), k + 1);
	}
	return true;
}

/* One {modality, tokenCount}. */
static bool put_modality(struct decode *d, const struct usage_word *word, uint32_t object)
{
	enum modality modality = modality_of(d, json_member(d->doc, object, "modality"));
	const char *count_key = json_member(d->doc, object, "tokens") != JSON_NONE ? "tokens"
	                                                                           : "tokenCount";
	uint32_t count = json_member(d->doc, object, count_key);
	int64_t value = 0;

	if (!is_entry(d, word, object, "modality", count_key))
		return false;
	if (json_type_of(d->doc, count) != JSON_NULL &&
	    !decode_read_count(d, count, word->key, &value))
		return false;
	d->told = d->told || json_type_of(d->doc, count) != JSON_NULL;
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

static enum lifetime lifetime_of(struct text ttl)
{
	if (text_is(ttl, "5m"))
		return LIFETIME_5M;
	return text_is(ttl, "1h") ? LIFETIME_1H : LIFETIME_OTHER;
}

/* One {ttl, inputTokens}. */
static bool put_lifetime(struct decode *d, const struct usage_word *word, uint32_t object)
{
	struct text ttl = json_string(d->doc, json_member(d->doc, object, "ttl"));
	uint32_t count = json_member(d->doc, object, "inputTokens");
	int slot = word->slot + (int)lifetime_of(ttl);
	char path[PATH_BYTES];
	int64_t value;

	if (!is_entry(d, word, object, "ttl", "inputTokens"))
		return false;
	if (json_type_of(d->doc, count) == JSON_NULL)
		return true;
	if (!decode_read_count(d, count, word->key, &value))
		return false;
	d->told = true;
	if (slot == word->slot + LIFETIME_OTHER && value > 0) {
		snprintf(path, sizeof(path), "%s (the ttl %.*s)", word->key,
		         ttl.len > 0 ? (int)ttl.len : 4, ttl.len > 0 ? ttl.at : "none");
		decode_set_unknown(d, path);
	}
	d->value[slot] += value;
	if (d->value[slot] > USAGE_COUNT_MAX) {
		refusal_set(d->refusal, REASON_QUANTITY, "usage: %s: the sum is no count",
		            word->key);
		return false;
	}
	if (d->value[slot] > d->peak[slot])
		d->peak[slot] = d->value[slot];
	d->present |= UINT64_C(1) << slot;
	d->here |= UINT64_C(1) << slot;
	return true;
}

/* An empty list is no split: it is sent where nothing was written. */
static bool put_lifetimes(struct decode *d, const struct usage_word *word, uint32_t array)
{
	if (json_type_of(d->doc, array) != JSON_ARRAY) {
		refusal_set(d->refusal, REASON_TYPE, "usage: %s: an array is due", word->key);
		return false;
	}
	for (int l = 0; l < LIFETIME_COUNT && json_first(d->doc, array) != JSON_NONE; l++) {
		d->value[word->slot + l] = 0;
		d->present &= ~(UINT64_C(1) << (word->slot + l));
	}
	for (uint32_t e = json_first(d->doc, array); e != JSON_NONE;
	     e = json_next(d->doc, array, e)) {
		if (json_type_of(d->doc, e) != JSON_NULL && !put_lifetime(d, word, e))
			return false;
	}
	return true;
}

/* One {tokenCount}, of the answers to one prompt. */
static bool add_result(struct decode *d, const struct usage_word *word, uint32_t object,
                       int64_t *sum)
{
	uint32_t count = json_member(d->doc, object, "tokenCount");
	int64_t value;

	if (!is_entry(d, word, object, "tokenCount", ""))
		return false;
	if (json_type_of(d->doc, count) == JSON_NULL) {
		refusal_set(d->refusal, REASON_MISSING, "usage: %s: tokenCount is missing",
		            word->key);
		return false;
	}
	if (!decode_read_count(d, count, word->key, &value))
		return false;
	*sum += value; /* far from overflow: no more of them than a line has bytes */
	return true;
}

static bool put_results(struct decode *d, const struct usage_word *word, uint32_t array)
{
	int64_t sum = 0;

	if (json_type_of(d->doc, array) != JSON_ARRAY) {
		refusal_set(d->refusal, REASON_TYPE, "usage: %s: an array is due", word->key);
		return false;
	}
	for (uint32_t e = json_first(d->doc, array); e != JSON_NONE;
	     e = json_next(d->doc, array, e)) {
		if (!add_result(d, word, e, &sum))
			return false;
	}
	if (sum > USAGE_COUNT_MAX) {
		refusal_set(d->refusal, REASON_QUANTITY, "usage: %s: the sum is no count",
		            word->key);
		return false;
	}
	return put_value(d, word->slot, sum);
}

static const struct usage_word *word_of(const struct usage_format *format, unsigned group,
                                        struct text key)
{
	for (size_t i = 0; i < format->word_count; i++) {
		const struct usage_word *word = &format->words[i];

		if (word->in == group && word->key_len == key.len &&
		    memcmp(word->key, key.at, key.len) == 0)
			return word;
		/* The names of headers have no case (RFC 9110, 5.1). */
		if (group != 0 && group == format->headers && word->in == group &&
		    word->key_len == key.len && strncasecmp(word->key, key.at, key.len) == 0)
			return word;
	}
	return NULL;
}

static bool walk(struct decode *d, unsigned group, const char *group_key, uint32_t object);

static bool walk_word(struct decode *d, const struct usage_word *word, uint32_t node)
{
	switch ((enum word_kind)word->kind) {
	case WORD_COUNT:
	case WORD_COUNT_TEXT:
		return put_count(d, word, node);
	case WORD_MODALITIES:
		return put_modalities(d, word, node);
	case WORD_FRACTION:
		return put_fraction(d, word, node);
	case WORD_LIFETIMES:
		return put_lifetimes(d, word, node);
	case WORD_RESULTS:
		return put_results(d, word, node);
	case WORD_TURNS:
		if (d->turns != JSON_NONE &&
		    d->doc->nodes[node].count < d->doc->nodes[d->turns].count) {
			refusal_set(d->refusal, REASON_IDENTITY,
			            "usage: %s: fewer turns than in the object before", word->key);
			return false;
		}
		d->turns = node;
		return true;
	case WORD_KNOWN:
	case WORD_COST:
	case WORD_UNCOUNTED:
		return true;
	case WORD_GROUP:
		if (json_type_of(d->doc, node) == JSON_OBJECT)
			return walk(d, word->slot, word->key, node);
		refusal_set(d->refusal, REASON_TYPE, "usage: %s: an object is due", word->key);
		return false;
	}
	return true;
}

/* Where things are counted one by one, a cost beside them is no word on what else was used. */
static bool is_cost_of_items(const struct decode *d, const struct usage_word *word)
{
	return d->format->item_count > 0 && d->format->items[0].without_usage && word != NULL &&
	       word->kind == WORD_COST;
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
		d->told = d->told ||
		          (json_type_of(doc, k + 1) == JSON_NUMBER && !is_cost_of_items(d, word));
		if (word != NULL && word->kind == WORD_UNCOUNTED && json_nonzero_number(doc, k + 1))
			d->uncounted = word->key;
		if (word == NULL || word->kind == WORD_UNCOUNTED)
			decode_note_unknown(d, group_key, key_at(d, k), k + 1);
		else if (!walk_word(d, word, k + 1))
			return false;
	}
	return true;
}

bool decode_walk_object(struct decode *d, uint32_t object)
{
	d->here = 0;
	return walk(d, d->group, "", object) && decode_check_object(d);
}
