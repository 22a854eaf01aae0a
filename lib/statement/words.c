#include "statement/words.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "statement/format.h"

enum { PARTS_MAX = 32, RUN_MAX = 8 };

/* Words of letters and digits, in the order of the name. */
struct parts {
	struct text at[PARTS_MAX];
	size_t count;
};

static const struct {
	const char *word, *tier;
} tiers[] = {
	{ "batch", "batch" }, { "flex", "flex" },     { "priority", "priority" },
	{ "pp", "priority" }, { "global", "global" }, { "glbl", "global" },
	{ "gl", "global" },   { "dzone", "zone" },    { "datazone", "zone" },
	{ "dz", "zone" },     { "zone", "zone" },
};

/* What a component is of in another modality. */
static const struct {
	const char *word;
	enum component from, to;
} modalities[] = {
	{ "audio", COMPONENT_INPUT, COMPONENT_INPUT_AUDIO },
	{ "aud", COMPONENT_INPUT, COMPONENT_INPUT_AUDIO },
	{ "image", COMPONENT_INPUT, COMPONENT_INPUT_IMAGE },
	{ "img", COMPONENT_INPUT, COMPONENT_INPUT_IMAGE },
	{ "video", COMPONENT_INPUT, COMPONENT_INPUT_VIDEO },
	{ "audio", COMPONENT_CACHE_READ, COMPONENT_CACHE_READ_AUDIO },
	{ "aud", COMPONENT_CACHE_READ, COMPONENT_CACHE_READ_AUDIO },
	{ "image", COMPONENT_CACHE_READ, COMPONENT_CACHE_READ_IMAGE },
	{ "img", COMPONENT_CACHE_READ, COMPONENT_CACHE_READ_IMAGE },
	{ "video", COMPONENT_CACHE_READ, COMPONENT_CACHE_READ_VIDEO },
	{ "audio", COMPONENT_OUTPUT, COMPONENT_OUTPUT_AUDIO },
	{ "aud", COMPONENT_OUTPUT, COMPONENT_OUTPUT_AUDIO },
	{ "image", COMPONENT_OUTPUT, COMPONENT_OUTPUT_IMAGE },
	{ "img", COMPONENT_OUTPUT, COMPONENT_OUTPUT_IMAGE },
	{ "video", COMPONENT_OUTPUT, COMPONENT_OUTPUT_VIDEO },
};

/* What says that an input is of a cache, wherever it stands. */
static const char *const cached_words[] = { "cached", "cchd", "ccchd", "cd", "caching", "cache" };
static const char *const write_words[] = { "write", "wr", "creation" };

static bool same(struct text part, const char *word)
{
	return part.len == strlen(word) && strncasecmp(part.at, word, part.len) == 0;
}

static void split(struct text name, struct parts *parts)
{
	size_t at = 0;

	parts->count = 0;
	while (at < name.len && parts->count < PARTS_MAX) {
		size_t begin = at;

		while (at < name.len && isalnum((unsigned char)name.at[at]))
			at++;
		if (at > begin)
			parts->at[parts->count++] = (struct text){ name.at + begin, at - begin };
		else
			at++;
	}
}

static bool has(const struct parts *parts, const char *word)
{
	for (size_t i = 0; i < parts->count; i++) {
		if (same(parts->at[i], word))
			return true;
	}
	return false;
}

static bool has_any(const struct parts *parts, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (has(parts, words[i]))
			return true;
	}
	return false;
}

/* The parts first .. first + run together, where they are a word for a component. */
static enum component component_of(const struct parts *parts, size_t first, size_t run)
{
	const char *end = parts->at[first + run - 1].at + parts->at[first + run - 1].len;
	struct text words = { parts->at[first].at, (size_t)(end - parts->at[first].at) };

	return statement_component(words);
}

/*
 * The longest run of parts that is a word; where two of one length are words for other
 * components, none is.
 */
static enum component longest(const struct parts *parts, size_t *first_out, size_t *run_out)
{
	size_t most = parts->count < RUN_MAX ? parts->count : RUN_MAX;

	for (size_t run = most; run > 0; run--) {
		enum component found = COMPONENT_COUNT;

		for (size_t first = 0; first + run <= parts->count; first++) {
			enum component component = component_of(parts, first, run);

			if (component == COMPONENT_COUNT || component == found)
				continue;
			if (found != COMPONENT_COUNT)
				return COMPONENT_COUNT;
			found = component;
			*first_out = first;
			*run_out = run;
		}
		if (found != COMPONENT_COUNT)
			return found;
	}
	return COMPONENT_COUNT;
}

static enum component refine(const struct parts *parts, enum component component)
{
	bool cached = has_any(parts, cached_words, sizeof(cached_words) / sizeof(cached_words[0]));
	bool written = has_any(parts, write_words, sizeof(write_words) / sizeof(write_words[0]));

	if (component == COMPONENT_INPUT && cached)
		component = written ? COMPONENT_CACHE_WRITE : COMPONENT_CACHE_READ;
	for (size_t i = 0; i < sizeof(modalities) / sizeof(modalities[0]); i++) {
		if (component == modalities[i].from && has(parts, modalities[i].word))
			return modalities[i].to;
	}
	return component;
}

void statement_words_read(struct text name, struct statement_words *out)
{
	struct parts parts;
	size_t first = 0, run = 0;

	*out = (struct statement_words){ .component = COMPONENT_COUNT };
	split(name, &parts);
	for (size_t i = 0; i < sizeof(tiers) / sizeof(tiers[0]) && out->service_tier == NULL; i++) {
		if (has(&parts, tiers[i].word))
			out->service_tier = tiers[i].tier;
	}
	if (parts.count == 0)
		return;
	out->component = longest(&parts, &first, &run);
	if (out->component == COMPONENT_COUNT)
		return;
	out->component = refine(&parts, out->component);
	out->before = (struct text){ name.at, (size_t)(parts.at[first].at - name.at) };
	out->behind = (struct text){ parts.at[first + run - 1].at + parts.at[first + run - 1].len,
		                     0 };
	out->behind.len = (size_t)(name.at + name.len - out->behind.at);
}

bool statement_has_word(struct text t, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i + len <= t.len; i++) {
		if (strncasecmp(t.at + i, word, len) == 0)
			return true;
	}
	return false;
}

int64_t statement_token_unit(struct text unit)
{
	struct parts parts;
	int64_t times = 1;
	size_t at = 0;

	split(unit, &parts);
	if (parts.count > 0 && isdigit((unsigned char)parts.at[0].at[0])) {
		struct text number = parts.at[at++];
		char last = number.at[number.len - 1];

		if (last == 'K' || last == 'k' || last == 'M' || last == 'm') {
			times = last == 'K' || last == 'k' ? 1000 : 1000000;
			number.len--;
		}
		if (!text_is(number, "1") && !text_is(number, "1000") &&
		    !text_is(number, "1000000"))
			return 0;
		times *= number.len == 1 ? 1 : number.len == 4 ? 1000 : 1000000;
		if (parts.count == 1) /* "1K": of what, the name beside it says */
			return times > 1 ? times : 0;
	}
	if (at + 1 != parts.count ||
	    (!same(parts.at[at], "tokens") && !same(parts.at[at], "token")))
		return 0;
	return times;
}
