#include "statement/csv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "statement/read.h"

enum { CELLS_FIRST = 64 };

/* A record as it is taken apart. */
struct scan {
	char *at, *end; /* what is looked at, and what there is */
	bool last;      /* nothing comes behind `end` */
	int64_t line;
};

enum { SCAN_MORE = 0, SCAN_WHOLE = 1 };

__attribute__((format(printf, 5, 6))) static int refuse(const struct statement_csv *csv,
                                                        int64_t line, enum fault_code code,
                                                        struct fault *fault, const char *format,
                                                        ...)
{
	char text[FAULT_TEXT_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return fault_set(fault, code, "%s: line %lld: %s", csv->name, (long long)line, text);
}

static int add_cell(struct statement_csv *csv, const struct scan *scan, char *at, size_t len,
                    struct fault *fault)
{
	if (csv->count == csv->cap) {
		size_t cap = csv->cap > 0 ? 2 * csv->cap : CELLS_FIRST;
		struct text *cells;

		if (cap > STATEMENT_COLUMNS_MAX)
			return refuse(csv, scan->line, FAULT_RANGE, fault,
			              "more than %d cells; is it CSV?", STATEMENT_COLUMNS_MAX);
		cells = realloc(csv->cells, cap * sizeof(*cells));
		if (cells == NULL)
			return fault_set(fault, FAULT_NOMEM, "%s: no memory to read it", csv->name);
		csv->cells = cells;
		csv->cap = cap;
	}
	csv->cells[csv->count++] = (struct text){ at, len };
	return 0;
}

/* One quote for two.  Only of a whole record: one that is not is read again. */
static void undouble(struct text *cell)
{
	char *from = (char *)cell->at, *to = from, *end = from + cell->len;

	while (from < end) {
		from += *from == '"';
		*to++ = *from++;
	}
	cell->len = (size_t)(to - cell->at);
}

/*
 * Behind the opening quote; scan->at is then behind the closing one.  The length of a cell with
 * doubled quotes has DOUBLED until the record is whole.
 */
#define DOUBLED ((size_t)1 << (8 * sizeof(size_t) - 1))
static int scan_quoted(struct statement_csv *csv, struct scan *scan, struct fault *fault)
{
	char *begin = scan->at;
	size_t doubled = 0;

	for (;;) {
		char *quote = memchr(scan->at, '"', (size_t)(scan->end - scan->at));

		if (memchr(scan->at, '\0',
		           quote != NULL ? (size_t)(quote - scan->at)
		                         : (size_t)(scan->end - scan->at)) != NULL)
			return refuse(csv, scan->line, FAULT_SYNTAX, fault, "a byte of 0");
		if (quote == NULL && scan->last)
			return refuse(csv, scan->line, FAULT_SYNTAX, fault,
			              "a quote is opened and not closed: the statement is cut at "
			              "its end, or the quote is of no CSV");
		if (quote == NULL || (quote + 1 == scan->end && !scan->last))
			return SCAN_MORE;
		scan->at = quote + 1;
		if (scan->at == scan->end || *scan->at != '"') {
			int r = add_cell(csv, scan, begin, (size_t)(quote - begin) | doubled,
			                 fault);

			return r < 0 ? r : SCAN_WHOLE;
		}
		doubled = DOUBLED;
		scan->at++;
	}
}

static int scan_plain(struct statement_csv *csv, struct scan *scan, struct fault *fault)
{
	char *begin = scan->at, *at = begin;
	int r;

	while (at < scan->end && !csv->ends[(unsigned char)*at])
		at++;
	scan->at = at;
	if (at == scan->end && !scan->last)
		return SCAN_MORE;
	if (at < scan->end && *at == '"')
		return refuse(csv, scan->line, FAULT_SYNTAX, fault,
		              "a quote within a cell that is not quoted");
	if (at < scan->end && *at == '\0')
		return refuse(csv, scan->line, FAULT_SYNTAX, fault, "a byte of 0");
	r = add_cell(csv, scan, begin, (size_t)(at - begin), fault);
	return r < 0 ? r : SCAN_WHOLE;
}

/* The end of a line; SCAN_WHOLE also where there is none, with *ended_out false. */
static int scan_end(const struct statement_csv *csv, struct scan *scan, bool *ended_out,
                    struct fault *fault)
{
	*ended_out = scan->at == scan->end;
	if (*ended_out)
		return scan->last ? SCAN_WHOLE : SCAN_MORE;
	if (*scan->at == '\r') {
		if (scan->at + 1 == scan->end && !scan->last)
			return SCAN_MORE;
		if (scan->at + 1 < scan->end && scan->at[1] != '\n')
			return refuse(csv, scan->line, FAULT_SYNTAX, fault,
			              "a carriage return that ends no line; where all lines end "
			              "so: tr '\\r' '\\n' <FILE | toll ... -");
		scan->at++;
		*ended_out = true;
	}
	if (scan->at < scan->end && *scan->at == '\n') {
		scan->at++;
		*ended_out = true;
	}
	return SCAN_WHOLE;
}

static int scan_record(struct statement_csv *csv, struct scan *scan, struct fault *fault)
{
	bool ended;
	int r;

	csv->count = 0;
	for (;;) {
		bool quoted;

		if (scan->at == scan->end && !scan->last)
			return SCAN_MORE;
		quoted = scan->at < scan->end && *scan->at == '"';
		scan->at += quoted;
		r = quoted ? scan_quoted(csv, scan, fault) : scan_plain(csv, scan, fault);
		if (r != SCAN_WHOLE)
			return r;
		csv->open = !quoted && scan->at == scan->end;
		r = scan_end(csv, scan, &ended, fault);
		if (r != SCAN_WHOLE || ended)
			return r;
		if (*scan->at != csv->delimiter)
			return refuse(csv, scan->line, FAULT_SYNTAX, fault,
			              "text behind a cell that is quoted");
		scan->at++;
	}
}

static int64_t count_lines(const char *at, const char *end)
{
	int64_t lines = 0;

	while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		lines++;
		at++;
	}
	return lines;
}

/* What stands most often outside of quotes in the first line; false: it has not ended yet. */
static bool tell_delimiter(struct statement_csv *csv, bool last)
{
	static const char candidates[] = { ',', ';', '\t', '|' };
	size_t counts[sizeof(candidates)] = { 0 }, best = 0;
	bool quoted = false, any = false, ended = last;

	for (size_t i = csv->at; i < csv->in.len; i++) {
		char c = csv->in.at[i];

		if (c == '\n' && !quoted && any) {
			ended = true;
			break;
		}
		any = any || (c != '\r' && c != '\n');
		quoted = quoted != (c == '"');
		for (size_t k = 0; k < sizeof(candidates) && !quoted; k++)
			counts[k] += c == candidates[k];
	}
	for (size_t k = 1; k < sizeof(candidates); k++)
		best = counts[k] > counts[best] ? k : best;
	if (ended)
		csv->delimiter = candidates[best];
	return ended;
}

static int each_record(struct statement_csv *csv, int64_t line, struct fault *fault)
{
	if (csv->count == 1 && csv->cells[0].len == 0)
		return 0;
	for (size_t i = 0; i < csv->count; i++) {
		if ((csv->cells[i].len & DOUBLED) == 0)
			continue;
		csv->cells[i].len &= ~DOUBLED;
		undouble(&csv->cells[i]);
	}
	return csv->each(csv->context, csv->cells, csv->count, line, fault);
}

int statement_csv_feed(struct statement_csv *csv, struct text bytes, bool last, struct fault *fault)
{
	int r = SCAN_WHOLE;

	if (csv->at > 0) {
		csv->in.len -= csv->at;
		memmove(csv->in.at, csv->in.at + csv->at, csv->in.len);
		csv->at = 0;
	}
	buf_add_text(&csv->in, bytes);
	if (csv->in.error != 0)
		return fault_set(fault, FAULT_NOMEM, "%s: no memory to read it", csv->name);
	if (!last && csv->in.len < csv->enough)
		return 0;
	if (csv->delimiter == '\0' && !tell_delimiter(csv, last))
		r = SCAN_MORE;
	csv->ends['\n'] = csv->ends['\r'] = csv->ends['"'] = csv->ends['\0'] = true;
	csv->ends[(unsigned char)csv->delimiter] = true;
	while (r == SCAN_WHOLE && csv->at < csv->in.len) {
		char *begin = csv->in.at + csv->at;
		struct scan scan = { begin, csv->in.at + csv->in.len, last, csv->lines + 1 };

		r = scan_record(csv, &scan, fault);
		if (r < 0)
			return r;
		if (r == SCAN_MORE || scan.at - begin > STATEMENT_RECORD_BYTES_MAX)
			break;
		csv->lines += count_lines(begin, scan.at);
		csv->at += (size_t)(scan.at - begin);
		r = each_record(csv, scan.line, fault);
		if (r != 0)
			return r;
		r = SCAN_WHOLE;
	}
	if (csv->in.len - csv->at > STATEMENT_RECORD_BYTES_MAX)
		return refuse(csv, csv->lines + 1, FAULT_RANGE, fault,
		              "a record of more than %d MiB; is a quote not closed?",
		              STATEMENT_RECORD_BYTES_MAX >> 20);
	/* Twice as much each time: a long record is not looked at again for each piece of it. */
	csv->enough = 2 * (csv->in.len - csv->at);
	return 0;
}

void statement_csv_release(struct statement_csv *csv)
{
	buf_release(&csv->in);
	free(csv->cells);
	csv->cells = NULL;
	csv->count = csv->cap = 0;
}
