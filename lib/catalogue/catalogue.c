#include "catalogue/catalogue.h"

#include <assert.h>

#include "catalogue/import.h"
#include "price/book.h"

static_assert((int)CATALOGUE_BYTES_MAX == (int)BOOK_BYTES_MAX, "a catalogue is as long as a book");

/* Ended by an empty one, so that there is a table where there is no line yet. */
static const struct catalogue catalogues[] = {
#define C(NAME, name, unit, looks, summary)                                                        \
	{ name, unit, looks, summary, catalogue_##NAME##_is, catalogue_##NAME##_read },
#include "catalogue/catalogue.def"
#undef C
	{ .name = NULL },
};

const struct catalogue *catalogue_at(size_t index)
{
	size_t count = sizeof(catalogues) / sizeof(catalogues[0]) - 1;

	return index < count ? &catalogues[index] : NULL;
}

const struct catalogue *catalogue_find(struct text name)
{
	const struct catalogue *found;

	for (size_t i = 0; (found = catalogue_at(i)) != NULL; i++) {
		if (text_is(name, found->name))
			return found;
	}
	return NULL;
}

void catalogue_import_release(struct catalogue_import *in)
{
	if (in == NULL)
		return;
	draft_release(&in->draft);
	tally_release(&in->tally);
	json_release(&in->doc);
	buf_release(&in->notes);
	buf_release(&in->book);
	*in = (struct catalogue_import){ .catalogue = NULL };
}

static int check_form(const struct catalogue_import *in, struct fault *fault)
{
	const struct catalogue *other;

	if (in->catalogue->is(&in->doc))
		return 0;
	for (size_t i = 0; (other = catalogue_at(i)) != NULL; i++) {
		if (other != in->catalogue && other->is(&in->doc))
			return fault_set(fault, FAULT_INVALID,
			                 "this is no %s catalogue; it looks like %s: --from %s",
			                 in->catalogue->name, other->name, other->name);
	}
	return fault_set(fault, FAULT_INVALID, "this is no %s catalogue: %s is due",
	                 in->catalogue->name, in->catalogue->looks);
}

/* The draft as JSON, and read back: what is written must be a book. */
static int finish(struct catalogue_import *in, struct fault *fault)
{
	struct fault refused = { .code = FAULT_NONE };
	struct book *book = NULL;
	int r = tally_count(&in->tally, &in->counts, fault);

	if (r < 0)
		return r;
	if (in->notes.error < 0)
		return fault_set(fault, FAULT_NOMEM, "catalogue: out of memory");
	in->model_count = draft_written(&in->draft);
	in->rate_count = in->draft.rate_count;
	if (in->draft.error == 0 && in->model_count == 0)
		return fault_set(fault, FAULT_INVALID,
		                 "no model of this catalogue has a price that a book can say "
		                 "(%zu entries)",
		                 in->entry_count);
	in->book.max_bytes = BOOK_BYTES_MAX;
	r = draft_write(&in->draft, &in->book, fault);
	if (r < 0)
		return r;
	r = book_load(&book, buf_text(&in->book), NULL, &refused);
	if (r == -FAULT_NOMEM)
		return fault_set(fault, FAULT_NOMEM, "%s", refused.text);
	if (r < 0)
		return fault_set(
			fault, FAULT_INTERNAL,
			"the importer made a book that is refused, so nothing is written: %s",
			refused.text);
	in->version_count = book_version_count(book);
	book_free(book);
	return 0;
}

int catalogue_import(struct catalogue_import *in, const struct catalogue *catalogue,
                     struct text json, const struct catalogue_options *options, struct fault *fault)
{
	int r;

	*in = (struct catalogue_import){ .catalogue = catalogue,
		                         .effective_from = options->effective_from,
		                         .zero_is_free = options->zero_is_free,
		                         .provider = options->provider };
	if (in->effective_from.at == NULL)
		in->effective_from = text_of(CATALOGUE_EFFECTIVE_FROM);
	if (json.len > CATALOGUE_BYTES_MAX)
		return fault_set(fault, FAULT_RANGE, "a catalogue has at most %d bytes",
		                 CATALOGUE_BYTES_MAX);
	r = json_parse(&in->doc, json, fault);
	if (r == 0)
		r = check_form(in, fault);
	if (r == 0)
		r = tally_init(&in->tally, &in->doc, fault);
	if (r == 0)
		r = draft_init(&in->draft, fault);
	if (r == 0) {
		in->draft.name = text_of(catalogue->name);
		r = catalogue->read(in, fault);
	}
	if (r == 0 && in->provider.at != NULL && !in->has_providers)
		r = fault_set(fault, FAULT_INVALID, "a %s catalogue is not divided by provider",
		              catalogue->name);
	if (r == 0)
		import_settle(in);
	if (r == 0)
		r = finish(in, fault);
	return r;
}

bool catalogue_import_complete(const struct catalogue_import *in)
{
	return in->counts.of[TALLY_UNKNOWN] == 0 && in->counts.of[TALLY_UNREPRESENTED] == 0;
}
