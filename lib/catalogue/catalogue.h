/*
 * What others publish of prices, read into a price book.  catalogue.def lists the catalogues.
 *
 * A catalogue is read whole or refused whole.  Its prices are converted exactly from the digits
 * as they are written; a price that a book cannot say exactly is left out, so that what it
 * prices goes to suspense and is never charged a wrong amount, and it is in the report with
 * every other key that did not become a price (catalogue/tally.h).
 *
 * Ownership: struct catalogue_import owns everything; catalogue_import_release() frees it.  The
 * catalogue's bytes stay the caller's and must live as long.  One thread.  No network: who calls
 * brings the bytes.
 */
#ifndef TOLL_CATALOGUE_CATALOGUE_H
#define TOLL_CATALOGUE_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/table.h"
#include "catalogue/draft.h"
#include "catalogue/tally.h"

enum {
	CATALOGUE_BYTES_MAX = 32 * 1024 * 1024, /* as a price book: BOOK_BYTES_MAX */
};

/* From when on prices hold whose catalogue does not say: before all traffic. */
#define CATALOGUE_EFFECTIVE_FROM "2000-01-01T00:00:00Z"

struct catalogue_import;

struct catalogue {
	const char *name;
	const char *unit;    /* "USD per token" */
	const char *looks;   /* what must be there: "an object with a member a model" */
	const char *summary; /* one line */
	/* Told by its form, never by one entry alone. */
	bool (*is)(const struct json *doc);
	int (*read)(struct catalogue_import *in, struct fault *fault);
};

/* In the order of catalogue.def; NULL behind the last. */
const struct catalogue *catalogue_at(size_t index);
const struct catalogue *catalogue_find(struct text name); /* NULL: there is none */

struct catalogue_import {
	const struct catalogue *catalogue;
	struct json doc;
	struct tally tally;
	struct draft draft;
	struct text effective_from; /* as a book writes it */
	bool zero_is_free;
	struct text provider; /* the only one to take; absent: all */
	bool has_providers;   /* the importer knows what one is */
	size_t entry_count;   /* that the catalogue has: import_entry() */
	struct buf notes;     /* a line each: what the importer takes for granted */

	/* Done: */
	struct buf book; /* its JSON, which book_load() accepts */
	size_t model_count, version_count, rate_count;
	struct tally_counts counts;
};

struct catalogue_options {
	struct text effective_from; /* as in a book; absent: CATALOGUE_EFFECTIVE_FROM */
	bool zero_is_free;          /* also where the catalogue writes zero for "not known" */
	struct text provider;       /* the one to take, by its own names; absent: all */
};

/*
 * Reads a catalogue.
 * -FAULT_SYNTAX: no JSON.  -FAULT_INVALID: it is not this catalogue (and which it looks like),
 * two entries name one model, nothing in it has a price, or it is not divided by provider and one
 * is asked for.  -FAULT_NOT_FOUND: it has no such provider.  -FAULT_RANGE: it is too long.
 * -FAULT_INTERNAL: the book would be refused; the fault says why.
 * Where all was read and it failed then, counts.seen is above 0 and the report can be made.
 */
int catalogue_import(struct catalogue_import *in, const struct catalogue *catalogue,
                     struct text json, const struct catalogue_options *options,
                     struct fault *fault);
void catalogue_import_release(struct catalogue_import *in); /* takes NULL and a zeroed struct */

/* Every price of the catalogue is in the book: nothing unknown, nothing not representable. */
bool catalogue_import_complete(const struct catalogue_import *in);

/*
 * Every value of the catalogue: kind, model, key, value, why; the kinds in the order of what to
 * look at first (not_representable, not_understood, informative, listing, converted), each in
 * the order of the catalogue.
 */
int catalogue_report_rows(const struct catalogue_import *in, struct table *table,
                          struct fault *fault);
/*
 * Those of the first three kinds, one row a key and reason whatever the model and the place in a
 * list: kind, key, times, first model, its value, why.
 */
int catalogue_report_keys(const struct catalogue_import *in, struct table *table,
                          struct fault *fault);
/* The whole report as one JSON object: counts, notes, rows. */
int catalogue_report_json(const struct catalogue_import *in, struct buf *out, struct fault *fault);

#endif
