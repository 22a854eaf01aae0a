/*
 * What a person reads: tables, labelled values and paragraphs, laid out for a width.
 * Pure: bytes into a buffer; who calls knows whether there is a terminal.
 *
 * Widths are columns of a terminal, not bytes (wcwidth; the program sets a UTF-8
 * LC_CTYPE).  Control characters and bytes that are not UTF-8 are shown as '?' or U+FFFD,
 * so that stored text cannot drive the terminal.
 */
#ifndef TOLL_CLI_PRINTER_H
#define TOLL_CLI_PRINTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/table.h"
#include "base/text.h"

enum { PRINTER_WIDTH = 80, PRINTER_WIDTH_MIN = 40, PRINTER_ANY_WIDTH = 0 };

struct printer {
	struct buf *out;
	size_t width; /* PRINTER_ANY_WIDTH: nobody looks, lines may have any length */
	bool colour;  /* bold headings */
};

size_t printer_width(struct text t);               /* columns that printer_text() takes */
void printer_text(struct buf *out, struct text t); /* made harmless */
/* The same in exactly `width` columns: filled up with blanks, or cut with an ellipsis. */
void printer_cell(struct buf *out, struct text t, size_t width);

/*
 * A table with its heading, and its total where that is not the only row again.  Numbers
 * stand right, amounts at their point; a word among them ("unpriced") stands right.  Quiet
 * columns without a number are left out; titles are broken at blanks.  Where it does not fit
 * the width: gaps are narrowed, a last text wrapped, numbers set in parts below each other,
 * the first column set on its own line; last, every row becomes a block of "label  value"
 * lines.  No row: the heading alone.
 */
void printer_table(const struct printer *printer, const struct table *table);

/* "  label        value", the value continued below itself where it is too long. */
void printer_pair(const struct printer *printer, size_t label_width, const char *label,
                  struct text value);
__attribute__((format(printf, 4, 5))) void printer_pairf(const struct printer *printer,
                                                         size_t label_width, const char *label,
                                                         const char *format, ...);
void printer_heading(const struct printer *printer, const char *heading);
/* A paragraph broken at blanks, `indent` columns in. */
void printer_wrap(const struct printer *printer, size_t indent, struct text t);
__attribute__((format(printf, 3, 4))) void printer_wrapf(const struct printer *printer,
                                                         size_t indent, const char *format, ...);

#endif
