/* Columns and members that a format does not know, where it takes no others. */
#include <string.h>

#include "statement/reader.h"
#include "statement/suggest_internal.h"

enum { SHORT_PART = 3 }; /* of a word a third may be wrong: of a short one everything is near */

static bool is_known(const struct statement_reader *reader, struct text name)
{
	const struct statement_format *format = reader->format;

	for (const struct statement_line *line = format->lines; line->column != NULL; line++) {
		if (statement_is_column(format, name, line->column))
			return true;
	}
	return format->knows(name, reader->header, reader->column_count);
}

/* The column with the nearest name, or one that stands for the same; NULL: neither. */
static const char *meant_column(const struct statement_format *format, struct text name)
{
	struct suggest_column column = { .name = name };
	const char *best = NULL, *why = NULL;
	unsigned best_distance = TEXT_TYPO_MAX + 1;
	enum statement_field field;
	size_t rank = 0;

	for (const struct statement_line *line = format->lines; line->column != NULL; line++) {
		unsigned distance = text_distance(name, text_of(line->column));

		if (distance < best_distance && distance <= strlen(line->column) / SHORT_PART) {
			best = line->column;
			best_distance = distance;
		}
	}
	if (best != NULL)
		return best;
	suggest_words(&column);
	field = suggest_field(column.stem, &rank, &why);
	for (const struct statement_line *line = format->lines; line->column != NULL; line++) {
		if (line->field == field)
			return line->column;
	}
	return NULL;
}

int statement_check_known(const struct statement_reader *reader, struct text name,
                          struct fault *fault)
{
	enum { SHOWN_MAX = 60 };
	const struct statement_format *format = reader->format;
	const char *meant;

	if (format == NULL || format->knows == NULL || is_known(reader, name))
		return 0;
	meant = meant_column(format, name);
	return fault_set(fault, FAULT_INVALID,
	                 "%s: the format %s has no %s \"%.*s\"%s%s%s: one that nobody knows is how "
	                 "a fee gets lost; toll-statement(5) lists its names, and a mapping says "
	                 "what others mean: toll statement suggest-mapping FILE",
	                 reader->name, format->name, reader->json ? "member" : "column",
	                 (int)(name.len < SHOWN_MAX ? name.len : SHOWN_MAX), name.at,
	                 meant != NULL ? " (did you mean \"" : "", meant != NULL ? meant : "",
	                 meant != NULL ? "\"?)" : "");
}
