#include "cli/said.h"

#include <string.h>

enum { TTL_5M = 300, TTL_1H = 3600, WORDS_MAX = 16 };

#define NUMBER_MAX     INT64_C(1000000000)
#define BIT(component) (1u << COMPONENT_##component)
#define IMAGES         (BIT(IMAGES_IN) | BIT(IMAGES_OUT))
#define CACHES                                                                                     \
	(BIT(CACHE_READ) | BIT(CACHE_READ_AUDIO) | BIT(CACHE_READ_IMAGE) | BIT(CACHE_READ_VIDEO) | \
	 BIT(CACHE_WRITE) | BIT(CACHE_WRITE_5M) | BIT(CACHE_WRITE_1H))

enum place { PLACE_SIZE, PLACE_QUALITY, PLACE_KIND, PLACE_NUMBER, PLACE_IMPLICIT };

/* As the conditions of toll-pricebook(5) have them. */
static const struct word {
	const char *key;
	enum place place;
	uint32_t components;
} words[] = {
	{ "size", PLACE_SIZE, IMAGES },
	{ "quality", PLACE_QUALITY, IMAGES },
	{ "steps", PLACE_NUMBER, IMAGES },
	{ "resolution", PLACE_SIZE, BIT(SECONDS) },
	{ "kind", PLACE_KIND, BIT(SEARCHES) | BIT(SECONDS) },
	{ "ttl_seconds", PLACE_NUMBER, BIT(CACHE_WRITE) },
	{ "implicit", PLACE_IMPLICIT, CACHES },
};

const char *said_meant(struct text name, const char *const *names)
{
	const char *best = NULL;
	unsigned best_distance = TEXT_TYPO_MAX + 1;

	for (; *names != NULL; names++) {
		unsigned distance = text_distance(name, text_of(*names));

		if (distance < best_distance) {
			best_distance = distance;
			best = *names;
		}
	}
	return best;
}

int said_component(struct text key, enum component *component_out, struct fault *fault)
{
	const char *keys[COMPONENT_COUNT + 1] = { NULL };
	enum component component = component_find(key);
	const char *meant;

	if (component != COMPONENT_COUNT) {
		*component_out = component;
		return 0;
	}
	for (int c = 0; c < COMPONENT_COUNT; c++)
		keys[c] = component_info[c].key;
	meant = said_meant(key, keys);
	return fault_set(fault, FAULT_INVALID, "there is no component %.*s%s%s%s",
	                 key.len > 64 ? 64 : (int)key.len, key.at != NULL ? key.at : "",
	                 meant != NULL ? "; did you mean " : "", meant != NULL ? meant : "",
	                 meant != NULL ? "?" : "");
}

static int check_count(enum component component, int64_t n, struct fault *fault)
{
	if (n >= 0 && n <= USAGE_COUNT_MAX)
		return 0;
	return fault_set(fault, FAULT_INVALID, "%s: a whole number from 0 to %lld is due",
	                 component_info[component].key, (long long)USAGE_COUNT_MAX);
}

int said_count(struct said *said, enum component component, int64_t n, struct fault *fault)
{
	int r = check_count(component, n, fault);

	if (r < 0)
		return r;
	said->usage.count[component] = n;
	said->counted |= 1u << component;
	return 0;
}

/* The words that the component has, for who asked for another one. */
static int no_word(enum component component, struct text key, struct fault *fault)
{
	const char *known[WORDS_MAX] = { NULL }, *meant;
	struct buf list = { .at = NULL };
	size_t count = 0;
	int r;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if ((words[i].components & (1u << component)) == 0)
			continue;
		buf_addf(&list, "%s%s", count > 0 ? ", " : "", words[i].key);
		known[count++] = words[i].key;
	}
	meant = said_meant(key, known);
	if (count == 0)
		r = fault_set(fault, FAULT_INVALID, "%s has no kinds",
		              component_info[component].key);
	else if (meant != NULL)
		r = fault_set(fault, FAULT_INVALID, "%.*s: did you mean %s?",
		              key.len > 64 ? 64 : (int)key.len, key.at, meant);
	else
		r = fault_set(fault, FAULT_INVALID, "%.*s: of %s there is %.*s",
		              key.len > 64 ? 64 : (int)key.len, key.at,
		              component_info[component].key, TEXT_ARGS(buf_text(&list)));
	buf_release(&list);
	return r;
}

static int take_number(struct usage_kind *kind, const char *key, struct text value,
                       struct fault *fault)
{
	int64_t number;

	if (!text_int(value, &number) || number < 1 || number > NUMBER_MAX)
		return fault_set(fault, FAULT_INVALID, "%s: a whole number from 1 to %lld is due",
		                 key, (long long)NUMBER_MAX);
	if (kind->component == COMPONENT_CACHE_WRITE && (number == TTL_5M || number == TTL_1H))
		return fault_set(fault, FAULT_INVALID, "%s: %lld seconds are the component %s", key,
		                 (long long)number,
		                 number == TTL_5M ? "cache_write_5m" : "cache_write_1h");
	kind->number = number;
	return 0;
}

static int take_word(char out[KIND_WORD_BYTES], const char *key, struct text value,
                     struct fault *fault)
{
	if (value.len > 0 && value.len < KIND_WORD_BYTES && text_plain(value) && text_utf8(value)) {
		text_copy(out, KIND_WORD_BYTES, value);
		return 0;
	}
	return fault_set(fault, FAULT_INVALID,
	                 "%s: 1 to %d bytes without control characters are due", key,
	                 KIND_WORD_BYTES - 1);
}

static const struct word *find_word(enum component component, struct text key)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (text_is(key, words[i].key) && (words[i].components & (1u << component)) != 0)
			return &words[i];
	}
	return NULL;
}

int said_word(struct usage_kind *kind, struct text key, struct text value, struct fault *fault)
{
	const struct word *word = find_word(kind->component, key);
	bool twice;

	if (word == NULL)
		return no_word(kind->component, key, fault);
	twice = word->place == PLACE_SIZE      ? kind->size[0] != '\0'
	        : word->place == PLACE_QUALITY ? kind->quality[0] != '\0'
	        : word->place == PLACE_NUMBER  ? kind->number != 0
	                                       : kind->kind[0] != '\0';
	if (twice)
		return fault_set(fault, FAULT_INVALID, "%s stands twice", word->key);
	switch (word->place) {
	case PLACE_SIZE:
		return take_word(kind->size, word->key, value, fault);
	case PLACE_QUALITY:
		return take_word(kind->quality, word->key, value, fault);
	case PLACE_KIND:
		return take_word(kind->kind, word->key, value, fault);
	case PLACE_NUMBER:
		return take_number(kind, word->key, value, fault);
	case PLACE_IMPLICIT:
		break;
	}
	if (!text_is(value, "true") && !text_is(value, "false"))
		return fault_set(fault, FAULT_INVALID, "%s: true or false is due", word->key);
	text_copy(kind->kind, KIND_WORD_BYTES,
	          text_of(text_is(value, "true") ? KIND_IMPLICIT : KIND_EXPLICIT));
	return 0;
}

int said_kind(struct said *said, const struct usage_kind *kind, struct fault *fault)
{
	struct usage *usage = &said->usage;
	int r = check_count(kind->component, kind->n, fault);

	if (r < 0)
		return r;
	if (usage->kind_count == USAGE_KINDS_MAX)
		return fault_set(fault, FAULT_INVALID, "more than %d kinds in one request",
		                 USAGE_KINDS_MAX);
	usage->kinds[usage->kind_count++] = *kind;
	return 0;
}

/* Of images every one stands among the kinds, also those of which nobody said more. */
static int add_rest(struct said *said, enum component component, int64_t n, struct fault *fault)
{
	const struct usage_kind rest = { .component = component, .n = n };

	if (n == 0 || component_info[component].unit != UNIT_IMAGE)
		return 0;
	return said_kind(said, &rest, fault);
}

int said_end(struct said *said, struct fault *fault)
{
	struct usage *usage = &said->usage;
	int64_t of_kinds[COMPONENT_COUNT] = { 0 };
	int r = 0;

	for (unsigned i = 0; i < usage->kind_count; i++)
		of_kinds[usage->kinds[i].component] += usage->kinds[i].n;
	for (int c = 0; r == 0 && c < COMPONENT_COUNT; c++) {
		if ((said->counted & (1u << c)) == 0)
			r = said_count(said, (enum component)c,
			               c == COMPONENT_REQUESTS ? 1 : of_kinds[c], fault);
		else if (of_kinds[c] > usage->count[c])
			r = fault_set(fault, FAULT_INVALID,
			              "%s: its kinds are %lld together, and it is %lld in all",
			              component_info[c].key, (long long)of_kinds[c],
			              (long long)usage->count[c]);
		if (r == 0)
			r = add_rest(said, (enum component)c, usage->count[c] - of_kinds[c], fault);
	}
	return r;
}
