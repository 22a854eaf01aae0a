/* The price book in memory: what was read, and finding a price in it. */
#include "price/book.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "price/book_internal.h"

void book_free(struct book *book)
{
	if (book == NULL)
		return;
	free(book->versions);
	free(book->models);
	free(book->names);
	free(book->patterns);
	patterns_free(book->index);
	free(book->slots);
	free(book->aliases);
	free(book->overrides);
	buf_release(&book->warnings);
	arena_release(&book->arena);
	free(book);
}

const char *book_hash(const struct book *book)
{
	return book->hash;
}

struct text book_json(const struct book *book)
{
	return book->json;
}

struct text book_name(const struct book *book)
{
	return book->name;
}

struct text book_currency(const struct book *book)
{
	return book->currency;
}

size_t book_version_count(const struct book *book)
{
	return book->version_count;
}

const struct book_version *book_version(const struct book *book, size_t ordinal)
{
	return ordinal < book->version_count ? &book->versions[ordinal] : NULL;
}

struct book_slot *book_slot(const struct book *book, struct text name, uint32_t *hash_out)
{
	uint64_t hash = hash64(name.at, name.len, 0);
	size_t at = hash & (book->slot_count - 1);

	*hash_out = (uint32_t)(hash >> 32);
	while (book->slots[at].name != 0 &&
	       (book->slots[at].hash != *hash_out || !text_equal(book->slots[at].text, name)))
		at = (at + 1) & (book->slot_count - 1);
	return &book->slots[at];
}

/* The latest of these versions that begins at or before at_ms: they ascend. */
static const struct book_version *version_at(const struct book *book, size_t first, size_t count,
                                             int64_t at_ms)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (book->from_ms[first + middle] <= at_ms)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? &book->versions[first + low - 1] : NULL;
}

struct book_found book_find(const struct book *book, struct text model, int64_t at_ms)
{
	struct book_found found = { .match = BOOK_MATCH_NONE };
	uint32_t hash, pattern;
	const struct book_slot *slot = book_slot(book, model, &hash);

	if (slot->name != 0) {
		found.match = slot->alias ? BOOK_MATCH_ALIAS : BOOK_MATCH_EXACT;
		found.pattern = slot->alias ? slot->text : text_of(NULL);
		found.version = version_at(book, slot->first_version, slot->version_count, at_ms);
		return found;
	}
	/* Sorted by length, longest first; of equal ones the first of the book stands first. */
	pattern = book->index != NULL ? patterns_find(book->index, model) : PATTERNS_NONE;
	if (pattern != PATTERNS_NONE) {
		const struct book_name *entry = &book->patterns[pattern];
		const struct book_model *of = &book->models[entry->model];

		found.match = BOOK_MATCH_PATTERN;
		found.pattern = entry->text;
		found.version = version_at(book, of->first_version, of->version_count, at_ms);
	}
	return found;
}

bool book_version_has(const struct book_version *version, enum component component)
{
	return book_card_has(&version->card, component);
}

size_t book_model_count(const struct book *book)
{
	return book->model_count;
}

const struct book_model *book_model(const struct book *book, size_t index)
{
	return index < book->model_count ? &book->models[index] : NULL;
}

struct text book_alias(const struct book *book, size_t index)
{
	return index < book->alias_count ? book->aliases[index] : text_of(NULL);
}

size_t book_override_count(const struct book *book)
{
	return book->override_count;
}

const struct book_override *book_override(const struct book *book, size_t ordinal)
{
	return ordinal < book->override_count ? &book->overrides[ordinal] : NULL;
}

struct text book_tier(struct text said, char room[BOOK_TIER_BYTES])
{
	static const struct {
		const char *said, *tier;
	} words[] = {
		{ "standard", "standard" },      { "default", "standard" },
		{ "auto", "standard" },          { "on_demand", "standard" },
		{ "standard_only", "standard" }, { "on_demand_priority", "priority" },
		{ "on_demand_flex", "flex" },
	};

	if (said.len == 0)
		return text_of("standard");
	text_copy(room, BOOK_TIER_BYTES, said);
	for (char *c = room; *c != '\0'; c++) {
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(room, words[i].said) == 0)
			return text_of(words[i].tier);
	}
	return (struct text){ room, said.len < BOOK_TIER_BYTES ? said.len : BOOK_TIER_BYTES - 1 };
}
