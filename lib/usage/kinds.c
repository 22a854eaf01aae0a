#include "usage/kinds.h"

#include <stdio.h>
#include <string.h>

static const struct {
	enum component component;
	enum kind_key key;
} keys[] = {
#define K(COMPONENT, KEY) { COMPONENT_##COMPONENT, KIND_KEY_##KEY },
#include "usage/kind.def"
#undef K
};

enum { KEYS = sizeof(keys) / sizeof(keys[0]) };

static const char *const key_names[KIND_KEY_COUNT] = {
	[KIND_KEY_SIZE] = "size",         [KIND_KEY_QUALITY] = "quality",
	[KIND_KEY_STEPS] = "steps",       [KIND_KEY_KIND] = "kind",
	[KIND_KEY_TTL] = "ttl_seconds",   [KIND_KEY_RESOLUTION] = "resolution",
	[KIND_KEY_IMPLICIT] = "implicit",
};

const char *kind_key_name(enum kind_key key)
{
	return key_names[key];
}

bool kind_has_key(enum component component, enum kind_key key)
{
	for (size_t i = 0; i < KEYS; i++) {
		if (keys[i].component == component && keys[i].key == key)
			return true;
	}
	return false;
}

bool kind_has_any(enum component component)
{
	for (int k = 0; k < KIND_KEY_COUNT; k++) {
		if (kind_has_key(component, (enum kind_key)k))
			return true;
	}
	return false;
}

bool kind_same(const struct usage_kind *a, const struct usage_kind *b)
{
	return a->component == b->component && a->number == b->number &&
	       strcmp(a->size, b->size) == 0 && strcmp(a->quality, b->quality) == 0 &&
	       strcmp(a->kind, b->kind) == 0;
}

bool kind_is_plain(const struct usage_kind *kind)
{
	const struct usage_kind plain = { .component = kind->component };

	return kind_same(kind, &plain);
}

int64_t usage_of_kinds(const struct usage *usage, enum component component)
{
	int64_t sum = 0;

	/* Few, and each at most USAGE_COUNT_MAX: no overflow. */
	for (unsigned i = 0; i < usage->kind_count; i++) {
		if (usage->kinds[i].component == component)
			sum += usage->kinds[i].n;
	}
	return sum;
}

bool usage_add_kind(struct usage *usage, const struct usage_kind *kind)
{
	unsigned i = 0;

	while (i < usage->kind_count && !kind_same(&usage->kinds[i], kind))
		i++;
	if (i == USAGE_KINDS_MAX)
		return false;
	if (i < usage->kind_count)
		usage->kinds[i].n += kind->n;
	else
		usage->kinds[usage->kind_count++] = *kind;
	return true;
}

void usage_take_part(struct usage *whole, struct usage *part)
{
	unsigned kept = 0;

	for (int c = 0; c < COMPONENT_COUNT; c++)
		whole->count[c] -= part->count[c];
	for (unsigned i = 0; i < whole->kind_count; i++) {
		struct usage_kind *kind = &whole->kinds[i], moved = *kind;
		int64_t room = whole->count[kind->component];

		for (unsigned before = 0; before < kept; before++) {
			if (whole->kinds[before].component == kind->component)
				room -= whole->kinds[before].n;
		}
		moved.n = kind->n > room ? kind->n - room : 0;
		kind->n -= moved.n;
		/* A part has no more kinds than the whole had. */
		if (moved.n > 0)
			usage_add_kind(part, &moved);
		if (kind->n > 0)
			whole->kinds[kept++] = *kind;
	}
	whole->kind_count = kept;
}

/* The word that a key has, or "". */
static const char *word_of(const struct usage_kind *kind, enum kind_key key)
{
	switch (key) {
	case KIND_KEY_SIZE:
	case KIND_KEY_RESOLUTION:
		return kind->size;
	case KIND_KEY_QUALITY:
		return kind->quality;
	case KIND_KEY_KIND:
	case KIND_KEY_IMPLICIT:
		return kind->kind;
	case KIND_KEY_STEPS:
	case KIND_KEY_TTL:
	case KIND_KEY_COUNT:
		break;
	}
	return "";
}

static bool is_number(enum kind_key key)
{
	return key == KIND_KEY_STEPS || key == KIND_KEY_TTL;
}

void kind_text(const struct usage_kind *kind, char out[KIND_TEXT_BYTES])
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < KEYS && len < KIND_TEXT_BYTES; i++) {
		enum kind_key key = keys[i].key;
		const char *blank = len > 0 ? " " : "", *word = word_of(kind, key);

		if (keys[i].component != kind->component)
			continue;
		if (is_number(key) && kind->number != 0)
			len += (size_t)snprintf(out + len, KIND_TEXT_BYTES - len,
			                        key == KIND_KEY_TTL ? "%sttl %lld s"
			                                            : "%s%lld steps",
			                        blank, (long long)kind->number);
		else if (word[0] != '\0')
			len += (size_t)snprintf(out + len, KIND_TEXT_BYTES - len, "%s%s", blank,
			                        word);
	}
}

static bool is_image(enum component c)
{
	return component_info[c].unit == UNIT_IMAGE;
}

static void kind_json(const struct usage_kind *kind, struct buf *out)
{
	if (!is_image(kind->component))
		buf_addf(out, "{\"component\":\"%s\",\"n\":%lld",
		         component_info[kind->component].key, (long long)kind->n);
	else
		buf_addf(out, "{\"n\":%lld,\"direction\":\"%s\"", (long long)kind->n,
		         kind->component == COMPONENT_IMAGES_IN ? "in" : "out");
	for (size_t i = 0; i < KEYS; i++) {
		enum kind_key key = keys[i].key;
		const char *word = word_of(kind, key);

		if (keys[i].component != kind->component)
			continue;
		if (is_number(key) && kind->number != 0)
			buf_addf(out, ",\"%s\":%lld", key_names[key], (long long)kind->number);
		else if (key == KIND_KEY_IMPLICIT && word[0] != '\0')
			buf_addf(out, ",\"%s\":%s", key_names[key],
			         strcmp(word, KIND_IMPLICIT) == 0 ? "true" : "false");
		else if (word[0] != '\0')
			buf_add_member(out, key_names[key], text_of(word));
	}
	buf_add_cstr(out, "}");
}

void usage_kinds_json(const struct usage *usage, struct buf *out)
{
	static const char *const members[] = { "kinds", "images" };

	for (int images = 1; images >= 0; images--) {
		bool any = false;

		for (unsigned i = 0; i < usage->kind_count; i++) {
			if (is_image(usage->kinds[i].component) != (images == 1))
				continue;
			if (any)
				buf_add_cstr(out, ",");
			else
				buf_addf(out, ",\"%s\":[", members[images]);
			kind_json(&usage->kinds[i], out);
			any = true;
		}
		if (any)
			buf_add_cstr(out, "]");
	}
}
