/* The price book in memory: what was read, and finding a price in it. */
#include "price/book.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/moment.h"
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

bool book_version_has(const struct book_version *version, enum component component)
{
	for (size_t i = 0; i < version->rate_count; i++) {
		if (version->rates[i].component == component)
			return true;
	}
	return false;
}

static bool is_priced(const struct book_version *version, enum component component)
{
	return book_version_has(version, component) || version->same_as[component] != component;
}

size_t book_warnings(const struct book *book, struct buf *out)
{
	/* Components that come with another one sooner or later. */
	static const struct {
		enum component having, needs;
	} pairs[] = {
		{ COMPONENT_OUTPUT, COMPONENT_REASONING },
		{ COMPONENT_INPUT, COMPONENT_CACHE_READ },
		{ COMPONENT_CACHE_WRITE_5M, COMPONENT_CACHE_WRITE },
	};
	size_t count = 0;

	for (size_t v = 0; v < book->version_count; v++) {
		const struct book_version *version = &book->versions[v];
		char from[MOMENT_TEXT_BYTES];

		for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
			/* An embeddings model has neither output nor a cache. */
			if (!book_version_has(version, pairs[i].having) ||
			    is_priced(version, pairs[i].needs) ||
			    !book_version_has(version, COMPONENT_OUTPUT))
				continue;
			moment_text(version->effective_from_ms, from);
			buf_addf(out,
			         "%.*s from %s: no rate for %s: requests that have it go to "
			         "suspense (give a rate, or say what it is priced \"as\")\n",
			         TEXT_ARGS(version->model), from,
			         component_info[pairs[i].needs].key);
			count++;
		}
	}
	return count;
}
