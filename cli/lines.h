/*
 * The lines of files that are brought to a ledger, by import or by send: one after the
 * other, "-" is standard input, blank ones left out.  SIGINT and SIGTERM end it between
 * two lines.
 */
#ifndef TOLL_CLI_LINES_H
#define TOLL_CLI_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/options.h"
#include "wire/wire.h"

struct lines {
	/* Set by the caller: */
	const struct options *files; /* their words */
	struct text source;          /* of lines that name none; absent: none */
	size_t line_bytes_max;
	/* Called again and again while a file has nothing to read; 0 to go on.  NULL: none. */
	int (*idle)(void *context);
	/* Where it is: */
	struct text source_now;          /* `source`, or what the hello of this file says */
	int64_t count;                   /* lines given, of all files */
	int64_t number;                  /* of the line in its file, from 1 */
	bool begun;                      /* a line that is not blank was seen in it */
	int64_t bytes_done, bytes_total; /* total 0: not known */
	/* Its own: */
	struct json doc;
	char hello_source[WIRE_SOURCE_BYTES_MAX + 1];
};

/* `whole` false: the file ended without a newline.  Returns 0 to go on. */
typedef int lines_fn(void *context, const struct wire_line *line, bool whole);

/* All files are there and may be read; and how much there is.  Before anything is made. */
int lines_look(struct lines *lines, struct fault *fault);
/*
 * Gives every line.  Ends early with 0 where lines_interrupted(); a fault of `each` or `idle` ends
 * it, and *fault keeps what it told.  A file whose first line is a hello names the source of its
 * lines.
 */
int lines_each(struct lines *lines, lines_fn *each, void *context, struct fault *fault);
void lines_release(struct lines *lines);

void lines_catch_signals(void);
bool lines_interrupted(void);

#endif
