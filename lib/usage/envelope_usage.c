/* The usage that an envelope's counters make, in the shape openai.chat. */
#include <string.h>

#include "usage/envelope_internal.h"

struct making {
	struct envelope_work *work;
	struct envelope_at from;
	const char *group; /* the one that is open, or NULL */
	bool begun, comma;
};

static uint32_t find(const struct making *m, const char *name)
{
	const struct json *doc = m->from.doc;
	struct text wanted = text_of(name), key;
	uint32_t value;

	for (uint32_t c = json_first(doc, m->from.node); c != JSON_NONE;
	     c = json_next(doc, m->from.node, c)) {
		if (envelope_pair(doc, m->from.node, c, &key, &value) && text_equal(key, wanted) &&
		    json_type_of(doc, value) != JSON_NULL)
			return value;
	}
	return JSON_NONE;
}

/*
 * A count as this envelope writes it: OTLP has 64-bit integers as strings and may have any
 * number as a double, "12.0".  Absent for what is no whole number.
 */
static struct text count_text(const struct json *doc, uint32_t node)
{
	struct text t = json_type_of(doc, node) == JSON_NUMBER ? doc->nodes[node].text
	                                                       : json_string(doc, node);
	int64_t value;
	size_t len = t.len, sign = len > 0 && t.at[0] == '-';

	while (len > 0 && t.at[len - 1] == '0')
		len--;
	if (len > 1 && len < t.len && t.at[len - 1] == '.')
		t.len = len - 1;
	if (t.at == NULL || !text_int(t, &value) || (t.len > sign + 1 && t.at[sign] == '0'))
		return text_of(NULL);
	return t;
}

static void begin(struct making *m)
{
	if (!m->begun) {
		envelope_put_key(m->work, "usage");
		buf_add_cstr(&m->work->out, "{");
	}
	m->begun = true;
}

static void put_count(struct making *m, const char *group, struct text key, uint32_t node)
{
	struct buf *out = &m->work->out;
	struct text count = count_text(m->from.doc, node);

	begin(m);
	if (m->group != NULL && (group == NULL || strcmp(group, m->group) != 0)) {
		buf_add_cstr(out, "}");
		m->group = NULL;
	}
	if (m->comma)
		buf_add_cstr(out, ",");
	if (group != NULL && m->group == NULL) {
		buf_addf(out, "\"%s\":{", group);
		m->group = group;
	}
	m->comma = true;
	buf_add_json(out, key);
	buf_add_cstr(out, ":");
	if (count.at != NULL) {
		buf_add_text(out, count);
	} else if (json_type_of(m->from.doc, node) == JSON_NUMBER) {
		buf_add_text(out, m->from.doc->nodes[node].text);
	} else if (json_type_of(m->from.doc, node) == JSON_STRING) {
		buf_add_json(out, json_string(m->from.doc, node));
	} else {
		/* No count at all: what reads the line says so. */
		buf_add_cstr(out, "false");
	}
}

static bool same(const struct making *m, uint32_t a, uint32_t b)
{
	struct text one = count_text(m->from.doc, a), other = count_text(m->from.doc, b);

	return one.at != NULL && text_equal(one, other);
}

static void put_word(struct making *m, const struct envelope_word *word)
{
	uint32_t found = JSON_NONE;
	const char *name = NULL;

	for (int i = 0; i < ENVELOPE_PATHS_MAX && word->from[i] != NULL; i++) {
		uint32_t node = find(m, word->from[i]);

		if (found != JSON_NONE && node != JSON_NONE && !same(m, found, node))
			envelope_refuse(m->work, REASON_IDENTITY, "%s and %s differ", name,
			                word->from[i]);
		if (found == JSON_NONE && node != JSON_NONE) {
			found = node;
			name = word->from[i];
		}
	}
	if (found != JSON_NONE)
		put_count(m, word->group, text_of(word->key), found);
}

static bool is_named(const struct envelope *envelope, struct text key)
{
	for (size_t w = 0; w < envelope->word_count; w++) {
		const struct envelope_word *word = &envelope->words[w];

		for (int i = 0; i < ENVELOPE_PATHS_MAX && word->from[i] != NULL; i++) {
			if (text_is(key, word->from[i]))
				return true;
		}
	}
	return false;
}

static bool begins_with_one(struct text key, const char *const *prefixes)
{
	for (int i = 0; prefixes != NULL && prefixes[i] != NULL; i++) {
		size_t len = strlen(prefixes[i]);

		if (key.len > len && memcmp(key.at, prefixes[i], len) == 0)
			return true;
	}
	return prefixes == NULL;
}

/* Under its whole name: it may not look like a word of the shape. */
static void put_unknown(struct making *m, const char *const *prefixes)
{
	const struct json *doc = m->from.doc;
	struct text key;
	uint32_t value;

	for (uint32_t c = json_first(doc, m->from.node); c != JSON_NONE;
	     c = json_next(doc, m->from.node, c)) {
		if (!envelope_pair(doc, m->from.node, c, &key, &value) ||
		    json_type_of(doc, value) == JSON_NULL || is_named(m->work->envelope, key) ||
		    !begins_with_one(key, prefixes))
			continue;
		if (json_type_of(doc, value) == JSON_OBJECT ||
		    json_type_of(doc, value) == JSON_ARRAY) {
			begin(m);
			if (m->group != NULL)
				buf_add_cstr(&m->work->out, "}");
			m->group = NULL;
			if (m->comma)
				buf_add_cstr(&m->work->out, ",");
			m->comma = true;
			buf_add_json(&m->work->out, key);
			buf_add_cstr(&m->work->out, ":");
			envelope_add_value(m->work, (struct envelope_at){ doc, value });
		} else {
			put_count(m, NULL, key, value);
		}
	}
}

bool envelope_put_usage(struct envelope_work *work, struct envelope_at container,
                        const char *const *prefixes)
{
	struct making m = { .work = work, .from = container };

	if (container.node == JSON_NONE)
		return false;
	for (size_t w = 0; w < work->envelope->word_count; w++) {
		if (work->envelope->words[w].key != NULL)
			put_word(&m, &work->envelope->words[w]);
	}
	put_unknown(&m, prefixes);
	if (m.group != NULL)
		buf_add_cstr(&work->out, "}");
	if (m.begun)
		buf_add_cstr(&work->out, "}");
	return m.begun;
}
