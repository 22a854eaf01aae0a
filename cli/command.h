/*
 * A subcommand of `toll`: one file each, one descriptor each, a line in commands.def (or, for
 * an action such as `price lint`, in the actions of its command).  main() reads the options,
 * opens what the command needs, runs it, writes its result and closes everything again.
 *
 * stdout is the result and is checked for write errors; stderr is talk.
 */
#ifndef TOLL_CLI_COMMAND_H
#define TOLL_CLI_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/table.h"
#include "cli/options.h"
#include "cli/printer.h"

#define LEDGER_DEFAULT "/var/lib/toll/ledger.db"

/* What scripts rely on. */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_DIFFERENCE = 1, /* done, and a difference was found */
	EXIT_USAGE = 2,
	EXIT_FAILED = 3,
};

enum command_needs {
	NEEDS_NOTHING,
	NEEDS_LEDGER_PATH, /* finds the ledger, opens it itself */
	NEEDS_LEDGER,      /* reads: context->ledger is open */
};

/* How the result is written; the first is for people. */
enum command_form { FORM_TABLE, FORM_CSV, FORM_JSON };

struct ledger;

struct context {
	const struct command *command;
	struct options options;
	enum command_form form;
	const char *ledger_path;
	struct ledger *ledger;
	struct buf out;         /* the result; main writes it when the command returns */
	struct printer printer; /* into `out`, for the width of stdout */
	struct fault fault;     /* told by main where the command fails */
};

struct command {
	const char *name, *summary;
	const char *synopsis; /* without "toll"; NULL where there are actions */
	const char *details;  /* paragraphs of the help, apart by an empty line; may be NULL */
	enum command_needs needs;
	bool csv, json;                       /* the forms it has beside the one for people */
	const struct command *const *actions; /* its first word is one of these; ended by NULL */
	const struct command *otherwise; /* the action where no word names one; NULL: wrong use */
	const struct option *options;    /* its own; NULL: none */
	/* Tells wrong use (EXIT_USAGE), before the ledger is opened; NULL: run() does. */
	enum exit_code (*check)(struct context *context);
	enum exit_code (*run)(struct context *context);
};

/* The commands of commands.def; NULL behind the last. */
const struct command *command_at(size_t index);
/* By name; NULL where there is none, and then *meant_out the one that was likely meant, or NULL. */
const struct command *command_find(const char *name, const char **meant_out);
const struct command *command_action(const struct command *command, const char *name,
                                     const char **meant_out);
/* The option lists of a command, its own and those of all: ended by NULL. */
void command_options(const struct command *command,
                     const struct option *lists_out[OPTION_LISTS_MAX]);

/* The whole program; argv as main() has it. */
enum exit_code command_main(int argc, const char **argv);

/* For the commands: */

/* A failure: context->fault is told and the exit code is 3. */
enum exit_code command_failed(struct context *context, int r);
/* Wrong use: told, with where to read on; exit code 2. */
__attribute__((format(printf, 2, 3))) enum exit_code command_misused(struct context *context,
                                                                     const char *format, ...);
/* A check() of commands that take no words; `name` as a person writes it. */
enum exit_code command_no_words(struct context *context, const char *name);
/* One line to stderr, "toll: ...". */
__attribute__((format(printf, 1, 2))) void command_say(const char *format, ...);
/* The table in the form that was asked for. */
void command_table(struct context *context, const struct table *table);
/* Writes what is in context->out so far: for results without end. */
int command_flush(struct context *context);
int64_t command_now_ms(void);
/* "uid 0": who makes a change. */
struct text command_who(void);
/* Help of the program (command NULL), a command or an action, into out. */
void help_write(const struct printer *printer, const struct command *parent,
                const struct command *command);

#endif
