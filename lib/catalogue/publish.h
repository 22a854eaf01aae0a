/*
 * Publishing a price book: as the document that a marketplace or a gateway reads, or as a page
 * for people.  publish.def lists the forms; the CSV of all rates is publish_rates(), a table.
 *
 * What a form cannot hold is never written as something else, and never dropped silently: it is
 * a line of the report.  A model of which a price cannot be written is left out whole, as a
 * list with some of its prices bills the others at nothing; where `partial` is set it stands
 * with the components that can be written.  The private prices of accounts are never published.
 *
 * Pure: no clock, no I/O.
 */
#ifndef TOLL_CATALOGUE_PUBLISH_H
#define TOLL_CATALOGUE_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/table.h"
#include "price/book.h"

struct publish_ask {
	const struct book *book;
	int64_t at_ms; /* the prices in force at this moment */
	bool partial;
};

struct publish_report {
	/*
	 * A line each, "acme/x: searches, kind low: not written: why"; and, after them, what is
	 * no price: "acme/x: note: why".
	 */
	struct buf lost, notes;
	size_t models; /* that are written */
	size_t losses; /* lines of `lost` */
};

struct publish_form {
	const char *name, *summary;
	/* -FAULT_INVALID: the book cannot be published so at all (its currency ...). */
	int (*write)(const struct publish_ask *ask, struct buf *out, struct publish_report *report,
	             struct fault *fault);
};

/* publish_rates(), written as CSV by whoever owns that. */
#define PUBLISH_CSV         "csv"
#define PUBLISH_CSV_SUMMARY "a row a rate of every version, a column for each condition"

/* The lines of publish.def; NULL behind the last. */
const struct publish_form *publish_form(size_t index);
const struct publish_form *publish_form_find(struct text name); /* NULL: none */
void publish_report_release(struct publish_report *report);     /* takes NULL and a zeroed one */

/*
 * All rates, multipliers, minimums and discounts of all versions, one a row: model, from, entry,
 * component, price, unit, then a column for each condition.
 */
void publish_rates(const struct book *book, struct table *table);

#endif
