/*
 * JSON of any length in pieces of any size, handed over one element at a time:
 *
 *   {"data":[E,E],"has_more":false}    also {"data":{"data":[E,E],"metadata":{}}}, and several such
 *                                      pages, one behind the other
 *   [E,E]
 *   E                                  E E, one a line or not
 *
 * What is around a list is handed over behind it, with null in its place.  Only the frame is
 * checked here; who takes an element parses it.
 *
 * Memory: the element at hand and what is around it, STATEMENT_RECORD_BYTES_MAX at most each.
 * Of lib/statement only.
 */
#ifndef TOLL_STATEMENT_ELEMENTS_H
#define TOLL_STATEMENT_ELEMENTS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/text.h"

/* `line` is the one that it begins in, from 1 on.  The text lives for the call. */
typedef int statement_element_fn(void *context, struct text json, int64_t line,
                                 struct fault *fault);

struct statement_elements {
	const char *name;                       /* how faults call the file */
	statement_element_fn *element, *around; /* of a list that was in an object */
	void *context;
	/* The rest is its own: zeroed at first. */
	int state, result;
	struct buf in, outer;
	size_t at; /* of `in`, read so far */
	/* Of the value at hand, which begins at `at`: seen so far. */
	size_t seen;
	unsigned depth;
	bool text, escape;
	unsigned nested;      /* 1: within {"data":{ */
	bool data;            /* the key at hand is "data" */
	bool listed;          /* the list of this object was read */
	int64_t lines, begun; /* ended before `at`; where the outer object began */
};

/* `last`: nothing comes any more.  -FAULT_SYNTAX, -FAULT_RANGE, -FAULT_NOMEM, as the functions. */
int statement_elements_feed(struct statement_elements *elements, struct text bytes, bool last,
                            struct fault *fault);
void statement_elements_release(struct statement_elements *elements); /* takes a zeroed one */

#endif
