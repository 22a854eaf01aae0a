/* What `toll void` and `toll correct` share: which event is meant, the request, what is said. */
#ifndef TOLL_CLI_CORRECTION_H
#define TOLL_CLI_CORRECTION_H

#include "cli/command.h"

#define CORRECTION_OPTIONS                                                                         \
	{ "source", "NAME", "the source, where several have this id" },                            \
		{ "time", "TIME", "the time of the event, where it stands at several" },           \
		{ "reason", "TEXT", "why, for whoever reads the correction" },                     \
	{                                                                                          \
		"dry-run", NULL, "say what it would come to, and store nothing"                    \
	}

/* One id and a reason were given; `name` as a person writes the command. */
enum exit_code correction_check(struct context *context, const char *name);
/*
 * Finds the event, asks for the change `kind` and says what became of it.  `members`: of the
 * request, each behind a comma; may be "".
 */
enum exit_code correction_run(struct context *context, const char *kind, struct text members);

#endif
