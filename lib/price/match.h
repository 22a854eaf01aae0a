/*
 * Which models of two price books are the same thing, for books of two sources that name them each
 * in its own way.  Pure.
 *
 * The rule, each model once, in the order of the first book:
 *   1. the name of one is the name of the other;
 *   2. a name or alias of one is a name or alias of the other;
 *   3. where it is asked for, the same without their providers: what stands behind the last '/',
 *      "openai/gpt-4o" as "gpt-4o".  Where several fit, the first of the second book.
 * Patterns are compared as they are written.
 */
#ifndef TOLL_PRICE_MATCH_H
#define TOLL_PRICE_MATCH_H

#include "price/book.h"

#define MATCH_NONE UINT32_MAX

struct match {
	uint32_t *of[2]; /* of each model of a book the index in the other, or MATCH_NONE */
	size_t count;    /* of pairs */
};

/* -FAULT_NOMEM is the only failure. */
int match_models(const struct book *a, const struct book *b, bool strip_provider,
                 struct match *match_out);
void match_release(struct match *match); /* takes a zeroed one */

#endif
