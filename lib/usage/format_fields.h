/*
 * What a wire shape means, in words, derived from its table: for `toll formats SHAPE`.
 * Nothing of it is written twice: the names are those of the words of the shape, what they
 * count is what the decoder makes of them.
 */
#ifndef TOLL_USAGE_FORMAT_FIELDS_H
#define TOLL_USAGE_FORMAT_FIELDS_H

#include <stddef.h>

#include "base/text.h"

enum format_row_topic {
	FORMAT_ROW_FROM,    /* name: a path in the response; where the usage stands */
	FORMAT_ROW_FIELD,   /* name: a path in the usage object; what the number is */
	FORMAT_ROW_STREAM,  /* name: "last", "merge", "add" ...; how several objects are folded */
	FORMAT_ROW_HOLDS,   /* name: "needed", "sum" ...; what must hold */
	FORMAT_ROW_READING, /* name: of a reading, as rules have it; how else it may be meant */
	FORMAT_ROW_TOPICS
};
const char *event_format_topic(enum format_row_topic topic); /* "from", "field" ... */

/* The texts are valid until the call returns. */
typedef void event_format_row_fn(void *context, enum format_row_topic topic, struct text name,
                                 struct text meaning);

/*
 * The rows of the shape at that index of formats.def (event_format_name()), topic by topic.
 * Returns 0 or -FAULT_NOMEM.  Pure.
 */
int event_format_rows(size_t index, event_format_row_fn *each, void *context);

#endif
