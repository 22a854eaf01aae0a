/*
 * Options of a command line: --name VALUE, --name=VALUE, --flag; -h is --help and -o is
 * --output; `--` ends them, `-` is a word.  What may be given is a table; what was given points
 * into argv.
 */
#ifndef TOLL_CLI_OPTIONS_H
#define TOLL_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/text.h"

enum { OPTIONS_MAX = 64, OPTION_LISTS_MAX = 4 };

struct option {
	const char *name; /* without the dashes; NULL ends a list */
	/* What the value is called, "FILE"; NULL: a flag; "WHAT ...": more than once. */
	const char *value;
	const char *help; /* one line, no capital, no full stop */
};

struct options {
	struct {
		const struct option *option;
		const char *value; /* "" for a flag */
	} given[OPTIONS_MAX];
	size_t given_count;
	const char **words; /* word_count of them, in argv's own storage */
	size_t word_count;
};

/*
 * Reads argv[0 .. argc) (without the command's name) by the lists, which end in NULL; moves
 * the words to its front.  -FAULT_INVALID with what to do: an option that does not exist (and
 * the one that was likely meant), lacks its value, has one too many, or stands twice and may not.
 */
int options_parse(struct options *options, const struct option *const *lists, int argc,
                  const char **argv, struct fault *fault);

const char *options_value(const struct options *options, const char *name); /* NULL: not given */
struct text options_text(const struct options *options, const char *name);  /* absent: not given */
/* The value that was given as the `nth` of this name, from 0 on; NULL: so many were not given. */
const char *options_nth(const struct options *options, const char *name, size_t nth);
bool options_flag(const struct options *options, const char *name);

/* A whole number from min to max; `otherwise` where it is not given. */
int options_number(const struct options *options, const char *name, int64_t min, int64_t max,
                   int64_t otherwise, int64_t *out, struct fault *fault);

#endif
