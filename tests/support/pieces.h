/* A parser that is fed in pieces gives the same however its text is cut. */
#ifndef TOLL_TESTS_PIECES_H
#define TOLL_TESTS_PIECES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/fault.h"

/* One parser, from its beginning to its release: what it gives goes into `out`. */
struct pieces_parser {
	void (*start)(void *parser, struct buf *out);
	int (*feed)(void *parser, struct text piece, bool last, struct fault *fault);
	void (*release)(void *parser);
};

/* Feeds the text as a piece of `first` bytes and others of `piece`; what the parser says of it. */
int pieces_read(const struct pieces_parser *with, void *parser, struct text text, size_t first,
                size_t piece, struct buf *out, struct fault *fault);

struct pieces_row {
	const char *label, *text;
	int result;
	const char *given; /* or what the fault says */
};
/* Each of them, cut once at every byte, and into pieces of every length. */
void pieces_check(const struct pieces_parser *with, void *parser, const struct pieces_row *rows,
                  size_t count);

#endif
