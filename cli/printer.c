#include "cli/printer.h"

#include "cli/printer_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

enum { PAIR_INDENT = 2, PAIR_GAP = 2 };

/* One code point off the front of t; -1 where there is none.  *width_out: its columns. */
static long take_point(struct text *t, size_t *bytes_out, size_t *width_out)
{
	unsigned char first = (unsigned char)t->at[0];
	size_t len = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	long point = first < 0x80 ? first : first & (0xff >> (len + 1));
	int width;

	*bytes_out = 1;
	*width_out = 1;
	if (len > t->len || !text_utf8((struct text){ t->at, len })) {
		*t = (struct text){ t->at + 1, t->len - 1 };
		return -1;
	}
	for (size_t i = 1; i < len; i++)
		point = point << 6 | (t->at[i] & 0x3f);
	*t = (struct text){ t->at + len, t->len - len };
	*bytes_out = len;
	/* C0, DEL, C1, and what turns the direction of a line (U+202A..E, U+2066..9). */
	if (point < 0x20 || (point >= 0x7f && point < 0xa0) ||
	    (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) ||
	    point == 0x2028 || point == 0x2029)
		return -1;
	width = wcwidth((wchar_t)point);
	*width_out = width < 0 ? 1 : (size_t)width;
	return point;
}

size_t printer_width(struct text t)
{
	size_t sum = 0, bytes, width;

	while (t.len > 0) {
		take_point(&t, &bytes, &width);
		sum += width;
	}
	return sum;
}

void printer_text(struct buf *out, struct text t)
{
	size_t bytes, width;

	while (t.len > 0) {
		const char *at = t.at;

		if (take_point(&t, &bytes, &width) < 0)
			buf_add(out, "?", 1);
		else
			buf_add(out, at, bytes);
	}
}

void printer_blanks(struct buf *out, size_t count)
{
	for (; count > 0; count--)
		buf_add(out, " ", 1);
}

void printer_cell(struct buf *out, struct text t, size_t width)
{
	bool cut = printer_width(t) > width;
	size_t room = cut && width > 0 ? width - 1 : width, used = 0;
	struct text rest = t;

	while (rest.len > 0) {
		size_t bytes, columns;
		long point = take_point(&rest, &bytes, &columns);

		if (used + columns > room)
			break;
		used += columns;
		if (point < 0)
			buf_add(out, "?", 1);
		else
			buf_add(out, rest.at - bytes, bytes);
	}
	if (cut && width > 0) {
		buf_add_cstr(out, "\u2026");
		used++;
	}
	printer_blanks(out, width - used);
}

void printer_bold(const struct printer *printer, bool on)
{
	if (printer->colour)
		buf_add_cstr(printer->out, on ? "\033[1m" : "\033[0m");
}

/* Takes as many words of *rest as fit the width. */
struct text printer_take_line(struct text *rest, size_t width)
{
	struct text line = { rest->at, 0 };
	size_t used = 0, from = 0;

	while (from < rest->len) {
		const char *blank = memchr(rest->at + from, ' ', rest->len - from);
		size_t end = blank != NULL ? (size_t)(blank - rest->at) : rest->len;
		size_t word = printer_width((struct text){ rest->at + from, end - from });

		/* A blank that the text begins with is as wide as one between words. */
		if (from > 0 && used + 1 + word > width)
			break;
		used += word + (from > 0);
		line.len = end;
		from = end + 1;
	}
	*rest = from < rest->len ? (struct text){ rest->at + from, rest->len - from }
	                         : (struct text){ rest->at + rest->len, 0 };
	return line;
}

/* Writes t with line breaks at blanks; the first line begins at column `at`, others at `indent`. */
static void wrap(const struct printer *printer, size_t indent, struct text t)
{
	size_t room = SIZE_MAX;
	bool first = true;

	if (printer->width != PRINTER_ANY_WIDTH)
		room = printer->width > indent + PRINTER_WIDTH_MIN / 2 ? printer->width - indent
		                                                       : PRINTER_WIDTH_MIN / 2;
	while (t.len > 0 || first) {
		struct text line = printer_take_line(&t, room);

		if (!first)
			printer_blanks(printer->out, indent);
		printer_text(printer->out, line);
		buf_add(printer->out, "\n", 1);
		first = false;
	}
}

void printer_pair(const struct printer *printer, size_t label_width, const char *label,
                  struct text value)
{
	size_t width = printer_width(text_of(label));
	size_t rest = label_width > width ? label_width - width : 0;

	printer_blanks(printer->out, PAIR_INDENT);
	printer_text(printer->out, text_of(label));
	printer_blanks(printer->out, rest + PAIR_GAP);
	wrap(printer, PAIR_INDENT + width + rest + PAIR_GAP, value);
}

void printer_heading(const struct printer *printer, const char *heading)
{
	printer_bold(printer, true);
	printer_text(printer->out, text_of(heading));
	printer_bold(printer, false);
	buf_add(printer->out, "\n", 1);
}

void printer_wrap(const struct printer *printer, size_t indent, struct text t)
{
	printer_blanks(printer->out, indent);
	wrap(printer, indent, t);
}

/* False: memory is short, and `out` of the printer says so. */
static bool format_text(const struct printer *printer, struct buf *text, const char *format,
                        va_list args)
{
	va_list again;
	char *room;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	room = len >= 0 ? buf_room(text, (size_t)len) : NULL;
	if (room == NULL) {
		printer->out->error = -FAULT_NOMEM;
		return false;
	}
	vsnprintf(room, (size_t)len + 1, format, args);
	text->len = (size_t)len;
	return true;
}

void printer_wrapf(const struct printer *printer, size_t indent, const char *format, ...)
{
	struct buf text = { .at = NULL };
	va_list args;

	va_start(args, format);
	if (format_text(printer, &text, format, args))
		printer_wrap(printer, indent, buf_text(&text));
	va_end(args);
	buf_release(&text);
}

void printer_pairf(const struct printer *printer, size_t label_width, const char *label,
                   const char *format, ...)
{
	struct buf text = { .at = NULL };
	va_list args;

	va_start(args, format);
	if (format_text(printer, &text, format, args))
		printer_pair(printer, label_width, label, buf_text(&text));
	va_end(args);
	buf_release(&text);
}
