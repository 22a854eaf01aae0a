/*
 * Tables.  A table that is too wide is tried in one way after the other: narrow gaps, a last
 * text wrapped in its column, numbers in two parts below each other, the first column on a
 * line of its own, numbers in more parts; the last resort is a block of lines a row.
 */
#include <string.h>

#include "cli/printer_internal.h"

enum { BLOCK_INDENT = 2, BLOCK_GAP = 2, WRAPPED_WIDTH_MIN = 24, TITLE_LINE_BYTES = 128 };

enum arrangement {
	ARRANGE_PLAIN,
	ARRANGE_WRAPPED, /* the last column, a text, takes what is left and is wrapped */
	ARRANGE_HEADED,  /* the first column stands on a line of its own */
};

struct way {
	enum arrangement arrangement;
	size_t gap;
};

static const struct way ways[] = {
	{ ARRANGE_PLAIN, 2 },   { ARRANGE_PLAIN, 1 },  { ARRANGE_WRAPPED, 2 },
	{ ARRANGE_WRAPPED, 1 }, { ARRANGE_HEADED, 2 }, { ARRANGE_HEADED, 1 },
};
enum {
	WAYS = sizeof(ways) / sizeof(ways[0]),
	PARTS_FEW = 2, /* so many parts are easier to read than a heading above every row */
};

/* A column as it is laid out. */
struct layout {
	bool shown;
	size_t cells;           /* width of the widest cell */
	size_t whole, fraction; /* numbers: columns before the point, and from it on */
	size_t width;           /* with the title, in the way that is tried */
};

struct drawing {
	const struct printer *printer;
	const struct table *table;
	struct layout layouts[TABLE_COLUMNS_MAX];
	struct way way;
	size_t last;     /* the last shown column */
	size_t from, to; /* of the part that is printed: these columns, and the first one */
};

static bool is_number(enum table_type type)
{
	return type == TABLE_COUNT || type == TABLE_AMOUNT;
}

/* "unpriced" among amounts: no number, it stands right. */
static bool is_word(struct text cell)
{
	return cell.len > 0 && cell.at[0] != '-' && (cell.at[0] < '0' || cell.at[0] > '9');
}

static size_t whole_of(struct text cell)
{
	const char *point = cell.len > 0 ? memchr(cell.at, '.', cell.len) : NULL;

	return point != NULL ? (size_t)(point - cell.at) : cell.len;
}

/* A name that was not sent is told from an empty line. */
static struct text shown_cell(const struct table *table, const struct table_row *row, size_t c,
                              bool total)
{
	struct text cell = row->cells[c];

	if (c > 0 || cell.at != NULL || is_number(table->columns[c].type))
		return cell;
	return text_of(total ? "Total" : "-");
}

static bool says_nothing(struct text cell)
{
	return cell.len == 0 || text_is(cell, "0") || text_is(cell, "0.00");
}

/* ---- titles ---- */

struct title_line {
	char text[TITLE_LINE_BYTES];
	size_t len, width;
};

/* Titles are broken at blanks only: a word that is cut in two is read twice. */
static struct title_line take_title_line(struct text *rest, size_t width)
{
	struct text taken = printer_take_line(rest, width);
	struct title_line line = { .len = taken.len < TITLE_LINE_BYTES ? taken.len
		                                                       : TITLE_LINE_BYTES };

	memcpy(line.text, taken.at, line.len);
	line.width = printer_width((struct text){ line.text, line.len });
	return line;
}

static size_t widest_word(const char *title)
{
	struct text rest = text_of(title), word;
	size_t widest = 0;

	while (text_cut(&rest, ' ', &word)) {
		size_t width = printer_width(word);

		widest = width > widest ? width : widest;
	}
	return widest;
}

static struct title_line whole_title(const char *title)
{
	struct text rest = text_of(title);

	return take_title_line(&rest, TITLE_LINE_BYTES);
}

static size_t title_height(const char *title, size_t width)
{
	struct text rest = text_of(title);
	size_t lines = 0;

	for (; rest.len > 0; lines++)
		take_title_line(&rest, width);
	return lines;
}

/* Line `wanted` of a title that stands at the bottom of `height` lines. */
static struct title_line title_line(const char *title, size_t width, size_t height, size_t wanted)
{
	size_t lines = title_height(title, width);
	struct title_line line = { .len = 0 };
	struct text rest = text_of(title);

	for (size_t i = 0; wanted + lines >= height && i <= wanted + lines - height; i++)
		line = take_title_line(&rest, width);
	return line;
}

/* ---- layout ---- */

static void widen(struct layout *layout, struct text cell, enum table_type type)
{
	size_t width = printer_width(cell);

	if (is_number(type) && !is_word(cell)) {
		size_t whole = whole_of(cell), fraction = cell.len - whole;

		layout->whole = whole > layout->whole ? whole : layout->whole;
		layout->fraction = fraction > layout->fraction ? fraction : layout->fraction;
		width = layout->whole + layout->fraction;
	}
	layout->cells = width > layout->cells ? width : layout->cells;
}

static void measure(struct drawing *d)
{
	const struct table *table = d->table;

	for (size_t c = 0; c < table->column_count; c++) {
		const struct table_column *column = &table->columns[c];
		struct layout layout = { .shown = !column->quiet };

		for (size_t r = 0; r < table->row_count; r++) {
			layout.shown |= !says_nothing(table->rows[r].cells[c]);
			widen(&layout, shown_cell(table, &table->rows[r], c, false), column->type);
		}
		if (table->total.cells != NULL)
			widen(&layout, shown_cell(table, &table->total, c, true), column->type);
		layout.shown &= !column->hidden;
		d->layouts[c] = layout;
		if (layout.shown)
			d->last = c;
	}
}

/* Columns of the lines: those of the part, but not a first one that has its own line. */
static bool in_line(const struct drawing *d, size_t c)
{
	if (c == 0)
		return d->layouts[c].shown && d->way.arrangement != ARRANGE_HEADED;
	return d->layouts[c].shown && c >= d->from && c <= d->to;
}

/* Sets the widths for d->way; false where it cannot be or is too wide. */
static bool fits(struct drawing *d)
{
	size_t width = d->printer->width, used = 0;
	bool wrapped = d->way.arrangement == ARRANGE_WRAPPED;

	if (d->way.arrangement == ARRANGE_HEADED) {
		/* The heading has a line, which may be long; the numbers are indented. */
		used = BLOCK_INDENT;
		d->layouts[0].width = d->layouts[0].cells;
	}
	for (size_t c = 0; c < d->table->column_count; c++) {
		struct layout *layout = &d->layouts[c];
		size_t title = widest_word(d->table->columns[c].title);

		if (!in_line(d, c))
			continue;
		layout->width = layout->cells > title ? layout->cells : title;
		used += layout->width + (c == d->last ? 0 : d->way.gap);
	}
	if (width == PRINTER_ANY_WIDTH || (!wrapped && used <= width))
		return true;
	if (!wrapped || d->table->columns[d->last].type != TABLE_TEXT)
		return false;
	used -= d->layouts[d->last].width;
	if (used + WRAPPED_WIDTH_MIN > width)
		return false;
	d->layouts[d->last].width = width - used;
	return true;
}

/* ---- lines ---- */

/* Cells of a line; blanks are written only in front of something. */
struct line {
	struct buf *out;
	size_t pending;
};

static void put(struct line *line, struct text t, size_t before, size_t after)
{
	line->pending += before;
	if (t.len > 0) {
		printer_blanks(line->out, line->pending);
		printer_text(line->out, t);
		line->pending = 0;
	}
	line->pending += after;
}

static struct line start_line(const struct drawing *d)
{
	return (struct line){ d->printer->out,
		              d->way.arrangement == ARRANGE_HEADED ? BLOCK_INDENT : 0 };
}

static void end_line(const struct drawing *d)
{
	buf_add(d->printer->out, "\n", 1);
}

static void print_titles(const struct drawing *d)
{
	const struct table_column *columns = d->table->columns;
	size_t height = 1;

	printer_bold(d->printer, true);
	if (d->way.arrangement == ARRANGE_HEADED) {
		struct title_line title = whole_title(columns[0].title);

		printer_text(d->printer->out, (struct text){ title.text, title.len });
		end_line(d);
	}
	for (size_t c = 0; c < d->table->column_count; c++) {
		size_t lines = in_line(d, c) ? title_height(columns[c].title, d->layouts[c].width)
		                             : 0;

		height = lines > height ? lines : height;
	}
	for (size_t i = 0; i < height; i++) {
		struct line line = start_line(d);

		for (size_t c = 0; c < d->table->column_count; c++) {
			size_t width = d->layouts[c].width;
			struct title_line title;
			bool right = is_number(columns[c].type);

			if (!in_line(d, c))
				continue;
			title = title_line(columns[c].title, width, height, i);
			put(&line, (struct text){ title.text, title.len },
			    right ? width - title.width : 0,
			    (right ? 0 : width - title.width) + d->way.gap);
		}
		if (i + 1 == height)
			printer_bold(d->printer, false);
		end_line(d);
	}
}

static void print_rule(const struct drawing *d)
{
	struct line line = start_line(d);

	for (size_t c = 0; c < d->table->column_count; c++) {
		if (!in_line(d, c))
			continue;
		printer_blanks(line.out, line.pending);
		for (size_t i = 0; i < d->layouts[c].width; i++)
			buf_add(line.out, "-", 1);
		line.pending = d->way.gap;
	}
	end_line(d);
}

/* The rest of a wrapped last cell, below its beginning. */
static void print_wrapped(const struct drawing *d, struct text rest)
{
	size_t indent = 0;

	for (size_t c = 0; c < d->last; c++)
		indent += in_line(d, c) ? d->layouts[c].width + d->way.gap : 0;
	while (rest.len > 0) {
		printer_blanks(d->printer->out, indent);
		printer_text(d->printer->out, printer_take_line(&rest, d->layouts[d->last].width));
		end_line(d);
	}
}

static void print_row(const struct drawing *d, const struct table_row *row, bool total)
{
	struct line line = start_line(d);
	struct text rest = { NULL, 0 };

	if (total)
		printer_bold(d->printer, true);
	if (d->way.arrangement == ARRANGE_HEADED) {
		printer_text(d->printer->out, shown_cell(d->table, row, 0, total));
		end_line(d);
	}
	for (size_t c = 0; c < d->table->column_count; c++) {
		const struct layout *layout = &d->layouts[c];
		struct text cell = shown_cell(d->table, row, c, total);
		size_t before = 0, width;

		if (!in_line(d, c))
			continue;
		if (is_number(d->table->columns[c].type) && cell.len > 0)
			before = layout->width - (is_word(cell)
			                                  ? printer_width(cell)
			                                  : layout->fraction + whole_of(cell));
		if (c == d->last && d->way.arrangement == ARRANGE_WRAPPED) {
			rest = cell;
			cell = printer_take_line(&rest, layout->width);
		}
		width = before + printer_width(cell);
		/* One word may be longer than the column it is wrapped in. */
		put(&line, cell, before,
		    (layout->width > width ? layout->width - width : 0) + d->way.gap);
	}
	if (total)
		printer_bold(d->printer, false);
	end_line(d);
	print_wrapped(d, rest);
}

/* The total of one row is that row: nobody needs to read it twice. */
static bool has_total(const struct table *table)
{
	if (table->total.cells == NULL || table->row_count != 1)
		return table->total.cells != NULL;
	for (size_t c = 1; c < table->column_count; c++) {
		if (!text_equal(table->rows[0].cells[c], table->total.cells[c]))
			return true;
	}
	return false;
}

static void print_lines(const struct drawing *d)
{
	const struct table *table = d->table;

	print_titles(d);
	print_rule(d);
	for (size_t r = 0; r < table->row_count; r++)
		print_row(d, &table->rows[r], false);
	if (!has_total(table))
		return;
	if (table->row_count > 0)
		print_rule(d);
	print_row(d, &table->total, true);
}

/* ---- parts ---- */

/* The last column of a part that begins at `from` and is at most `limit` wide; 0: none fits. */
static size_t part_end(const struct drawing *d, size_t from, size_t limit)
{
	size_t used = d->layouts[0].width, end = 0;

	for (size_t c = from; c <= d->last; c++) {
		if (!d->layouts[c].shown)
			continue;
		used += d->way.gap + d->layouts[c].width;
		if (used > limit)
			break;
		end = c;
	}
	return end;
}

/* 0: some column does not fit beside the first one. */
static size_t part_count(const struct drawing *d, size_t limit)
{
	size_t parts = 0, end;

	for (size_t from = 1; from <= d->last; from = end + 1, parts++) {
		end = part_end(d, from, limit);
		if (end == 0)
			return 0;
		/* What is left may all be hidden. */
	}
	return parts;
}

/* Numbers below numbers: false where there is text among them, or no room for it. */
static bool print_parts(struct drawing *d, size_t parts_max)
{
	size_t limit = d->printer->width, parts, end;

	for (size_t c = 1; c <= d->last; c++) {
		if (d->layouts[c].shown && !is_number(d->table->columns[c].type))
			return false;
	}
	d->way = (struct way){ ARRANGE_PLAIN, 2 };
	fits(d); /* sets the widths */
	parts = part_count(d, limit);
	if (parts == 0 || parts > parts_max)
		return false;
	/* As many parts as are needed, and all about as wide. */
	while (part_count(d, limit - 1) == parts)
		limit--;
	for (size_t from = 1; from <= d->last; from = end + 1) {
		end = part_end(d, from, limit);
		d->from = from;
		d->to = end;
		if (from > 1)
			end_line(d);
		print_lines(d);
	}
	return true;
}

/* ---- blocks ---- */

/* A number behind its label, or below it where the line has no room for both. */
static void print_number(const struct drawing *d, const struct title_line *title,
                         size_t label_width, struct text cell, size_t before)
{
	struct line line = { d->printer->out, BLOCK_INDENT };
	size_t used = BLOCK_INDENT + label_width + BLOCK_GAP, width = d->printer->width;

	put(&line, (struct text){ title->text, title->len }, 0,
	    label_width - title->width + BLOCK_GAP);
	/* To stand at the point of the others is worth less than to stand in the line. */
	if (used + before + printer_width(cell) > width)
		before = 0;
	if (used + printer_width(cell) > width) {
		end_line(d);
		line.pending = 2 * BLOCK_INDENT;
	}
	put(&line, cell, before, 0);
	end_line(d);
}

/* One row as a block; the first column is its heading. */
static void print_block(const struct drawing *d, const struct table_row *row, bool total)
{
	size_t label_width = 0, whole = 0;

	for (size_t c = 1; c < d->table->column_count; c++) {
		struct title_line title = whole_title(d->table->columns[c].title);

		if (!d->layouts[c].shown)
			continue;
		label_width = title.width > label_width ? title.width : label_width;
		whole = d->layouts[c].whole > whole ? d->layouts[c].whole : whole;
	}
	printer_bold(d->printer, true);
	printer_text(d->printer->out, shown_cell(d->table, row, 0, total));
	printer_bold(d->printer, false);
	end_line(d);
	for (size_t c = 1; c < d->table->column_count; c++) {
		const struct table_column *column = &d->table->columns[c];
		struct text cell = row->cells[c];
		struct title_line title = whole_title(column->title);

		if (!d->layouts[c].shown || cell.len == 0 || (column->quiet && says_nothing(cell)))
			continue;
		if (is_number(column->type)) {
			print_number(d, &title, label_width, cell,
			             is_word(cell) ? 0 : whole - whole_of(cell));
			continue;
		}
		title.text[title.len < TITLE_LINE_BYTES ? title.len : TITLE_LINE_BYTES - 1] = '\0';
		printer_pair(d->printer, label_width, title.text, cell);
	}
}

void printer_table(const struct printer *printer, const struct table *table)
{
	struct drawing d = { .printer = printer, .table = table };

	measure(&d);
	d.from = 1;
	d.to = d.last;
	for (size_t i = 0; i < WAYS; i++) {
		if (ways[i].arrangement == ARRANGE_HEADED && table->row_count > 1 &&
		    print_parts(&d, PARTS_FEW))
			return;
		d.way = ways[i];
		if (fits(&d)) {
			print_lines(&d);
			return;
		}
	}
	if (table->row_count > 1 && print_parts(&d, SIZE_MAX))
		return;
	for (size_t r = 0; r < table->row_count; r++) {
		if (r > 0)
			end_line(&d);
		print_block(&d, &table->rows[r], false);
	}
	if (has_total(table)) {
		end_line(&d);
		print_block(&d, &table->total, true);
	}
}
