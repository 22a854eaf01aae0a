/* Which format a statement is of, where nobody says. */
#include <string.h>

#include "statement/reader.h"

static bool has_required(const struct statement_reader *reader,
                         const struct statement_format *format)
{
	for (const struct statement_line *line = format->lines; line->column != NULL; line++) {
		size_t c = 0;

		while (c < reader->column_count &&
		       !statement_is_column(format, reader->header[c], line->column))
			c++;
		if (line->required && c == reader->column_count)
			return false;
	}
	return true;
}

static bool is_of_csv(const struct statement_reader *reader, const struct statement_format *format)
{
	if (format->container != STATEMENT_CSV)
		return false;
	return format->fits != NULL ? format->fits(reader->header, reader->column_count)
	                            : has_required(reader, format);
}

/* Some have a table of columns that is used for members, too. */
static bool is_of_json(const struct statement_format *format)
{
	return format->is != NULL;
}

/* The only one that fits, or why there is none. */
static int choose(struct statement_reader *reader, const struct buf *names, size_t count,
                  const char *what, struct fault *fault)
{
	if (count == 1)
		return 0;
	reader->format = NULL;
	if (count > 1)
		return fault_set(fault, FAULT_INVALID,
		                 "%s: it could be %s: say which with --format NAME", reader->name,
		                 names->at != NULL ? names->at : "");
	return fault_set(fault, FAULT_INVALID,
	                 "%s: %s is of no format that is known (toll formats lists them): say "
	                 "which with --format NAME, or write a mapping: toll statement "
	                 "suggest-mapping FILE",
	                 reader->name, what);
}

static void add_candidate(struct statement_reader *reader, struct buf *names, size_t *count,
                          const struct statement_format *format)
{
	buf_addf(names, "%s%s", *count > 0 ? ", " : "", format->name);
	reader->format = format;
	++*count;
}

int statement_tell_csv(struct statement_reader *reader, struct fault *fault)
{
	const struct statement_format *format;
	struct buf names = { .at = NULL };
	size_t count = 0;
	int r;

	for (size_t i = 0; (format = statement_format_at(i)) != NULL; i++) {
		if (is_of_csv(reader, format))
			add_candidate(reader, &names, &count, format);
	}
	r = choose(reader, &names, count, "its header", fault);
	buf_release(&names);
	return r;
}

int statement_tell_json(struct statement_reader *reader, uint32_t element, struct fault *fault)
{
	const struct statement_format *format;
	struct buf names = { .at = NULL };
	size_t count = 0;
	int r;

	for (size_t i = 0; (format = statement_format_at(i)) != NULL; i++) {
		if (is_of_json(format) && format->is(&reader->doc, element))
			add_candidate(reader, &names, &count, format);
	}
	r = choose(reader, &names, count, "its first element", fault);
	buf_release(&names);
	return r;
}
