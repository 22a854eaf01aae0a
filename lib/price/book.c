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

/* The slot of an exact name, or the empty one where it would go. */
size_t book_slot(const struct book *book, struct text name)
{
	size_t slot = hash64(name.at, name.len, 0) & (book->slot_count - 1);

	while (book->slots[slot] != 0 && !text_equal(book->names[book->slots[slot] - 1].text, name))
		slot = (slot + 1) & (book->slot_count - 1);
	return slot;
}

/* The latest version that begins at or before at_ms: versions ascend. */
static const struct book_version *version_at(const struct book *book,
                                             const struct book_model *model, int64_t at_ms)
{
	const struct book_version *found = NULL;

	for (size_t i = 0; i < model->version_count; i++) {
		const struct book_version *version = &book->versions[model->first_version + i];

		if (version->effective_from_ms > at_ms)
			break;
		found = version;
	}
	return found;
}

struct book_found book_find(const struct book *book, struct text model, int64_t at_ms)
{
	struct book_found found = { .match = BOOK_MATCH_NONE };
	uint32_t name = book->slots[book_slot(book, model)];

	if (name != 0) {
		const struct book_name *entry = &book->names[name - 1];

		found.match = entry->alias ? BOOK_MATCH_ALIAS : BOOK_MATCH_EXACT;
		found.pattern = entry->alias ? entry->text : text_of(NULL);
		found.version = version_at(book, &book->models[entry->model], at_ms);
		return found;
	}
	/* Sorted by length, longest first; of equal ones the first of the book stands first. */
	for (size_t i = 0; i < book->pattern_count; i++) {
		const struct book_name *entry = &book->patterns[i];

		if (!text_match(entry->text, model))
			continue;
		found.match = BOOK_MATCH_PATTERN;
		found.pattern = entry->text;
		found.version = version_at(book, &book->models[entry->model], at_ms);
		return found;
	}
	return found;
}

bool book_card_has(const struct book_card *card, enum component component)
{
	return card->first[component] < card->first[component + 1];
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
