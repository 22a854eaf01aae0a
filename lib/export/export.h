/* Exports: a table as bytes.  formats.def lists the forms; one file a form. */
#ifndef TOLL_EXPORT_EXPORT_H
#define TOLL_EXPORT_EXPORT_H

#include <stddef.h>

#include "base/buf.h"
#include "base/table.h"
#include "base/text.h"

/*
 * RFC 4180 quoting, a header line, lines end in "\n"; a text that a spreadsheet would take for a
 * formula (= + - @ tab CR LF first) gets a leading ', numbers exempt by their column's type
 * (OWASP, CSV injection).  The total row is left out: a sum over the column gives it.
 */
void export_csv(struct buf *out, const struct table *table);
/* The same without the header line, for what comes in pieces. */
void export_csv_rows(struct buf *out, const struct table *table);

/* {"rows":[{...}],"total":{...}}: counts as JSON integers, amounts as strings, empty cells null. */
void export_json(struct buf *out, const struct table *table);
/* The same without the outer braces, for an object that says more. */
void export_json_members(struct buf *out, const struct table *table);

struct export_form {
	const char *name, *summary;
	void (*write)(struct buf *out, const struct table *table);
};

/* The lines of formats.def; NULL behind the last. */
const struct export_form *export_form(size_t index);

#endif
