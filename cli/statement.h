/* What the actions of `toll statement` and whatever else reads statements share. */
#ifndef TOLL_CLI_STATEMENT_H
#define TOLL_CLI_STATEMENT_H

#include "cli/command.h"
#include "cli/progress.h"
#include "statement/mapping.h"
#include "statement/read.h"

extern const struct command command_statement_show, command_statement_fetch,
	command_statement_suggest_mapping, command_statement_check_mapping;

/* How a statement is read, by the command line. */
struct statement_wish {
	struct statement_options options;
	struct statement_mapping mapping;
	struct zone *zone;
	struct progress progress;
};

#define STATEMENT_OPTIONS                                                                          \
	{ "format", "NAME", "its format; without it, told by its form" },                          \
		{ "mapping", "FILE", "what its columns mean, where it is of no known format" },    \
	{                                                                                          \
		"time-zone", "ZONE", "of its times that say none: Europe/Berlin, +02:00"           \
	}

/* Wrong use of these options; EXIT_DONE: none. */
enum exit_code statement_wish_check(struct context *context);
/* Opens what they name; -FAULT_X in context->fault. */
int statement_wish_open(struct context *context, struct statement_wish *wish);
void statement_wish_release(struct statement_wish *wish); /* takes a zeroed one */

/* statement_mapping.c: the mapping that is proposed for a file, as the result. */
enum exit_code statement_suggest_run(struct context *context, const char *path);

#endif
