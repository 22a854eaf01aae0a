#include "cli/command.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "export/export.h"
#include "ledger/ledger.h"

#define X(name) extern const struct command command_##name;
#include "cli/commands.def"
#undef X

static const struct command *const commands[] = {
#define X(name) &command_##name,
#include "cli/commands.def"
#undef X
	NULL,
};

static const struct option ledger_option[] = {
	{ "ledger", "FILE", "the ledger; else $TOLL_LEDGER, else " LEDGER_DEFAULT },
	{ NULL, NULL, NULL },
};
static const struct option json_option[] = {
	{ "json", NULL, "the result as JSON" },
	{ "help", NULL, "say how this command is used" },
	{ NULL, NULL, NULL },
};
static const struct option table_options[] = {
	{ "json", NULL, "the result as JSON" },
	{ "csv", NULL, "the result as CSV" },
	{ "help", NULL, "say how this command is used" },
	{ NULL, NULL, NULL },
};
static const struct option help_option[] = {
	{ "help", NULL, "say how this command is used" },
	{ NULL, NULL, NULL },
};

const struct command *command_at(size_t index)
{
	return index < sizeof(commands) / sizeof(commands[0]) ? commands[index] : NULL;
}

static const struct command *find_in(const struct command *const *list, const char *name,
                                     const char **meant_out)
{
	unsigned best = TEXT_TYPO_MAX + 1;

	*meant_out = NULL;
	for (; *list != NULL; list++) {
		unsigned distance = text_distance(text_of(name), text_of((*list)->name));

		if (distance == 0)
			return *list;
		if (strlen(name) >= 2 && strncmp(name, (*list)->name, strlen(name)) == 0)
			distance = 0;
		if (distance < best) {
			best = distance;
			*meant_out = (*list)->name;
		}
	}
	return NULL;
}

const struct command *command_find(const char *name, const char **meant_out)
{
	return find_in(commands, name, meant_out);
}

const struct command *command_action(const struct command *command, const char *name,
                                     const char **meant_out)
{
	return find_in(command->actions, name, meant_out);
}

void command_options(const struct command *command,
                     const struct option *lists_out[OPTION_LISTS_MAX])
{
	size_t count = 0;

	if (command->options != NULL)
		lists_out[count++] = command->options;
	if (command->needs != NEEDS_NOTHING)
		lists_out[count++] = ledger_option;
	if (command->csv)
		lists_out[count++] = table_options;
	else
		lists_out[count++] = command->json ? json_option : help_option;
	lists_out[count] = NULL;
}

void command_say(const char *format, ...)
{
	char line[2 * FAULT_TEXT_BYTES];
	struct buf out = { .at = NULL };
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	/* Names of the ledger may stand in it: nothing of theirs may drive the terminal. */
	printer_text(&out, text_of(line));
	fprintf(stderr, "toll: %s\n", out.at != NULL ? out.at : "");
	buf_release(&out);
}

enum exit_code command_failed(struct context *context, int r)
{
	struct fault *fault = &context->fault;

	if (fault->code != FAULT_NONE && fault->text[0] != '\0')
		return EXIT_FAILED;
	if (r == -FAULT_NOMEM)
		fault_set(fault, FAULT_NOMEM, "out of memory");
	else
		fault_set(fault, r < 0 ? (enum fault_code) - r : FAULT_INTERNAL,
		          "it failed (%s) and tells no more, which is a fault of toll: report it",
		          fault_name(r < 0 ? r : FAULT_INTERNAL));
	return EXIT_FAILED;
}

enum exit_code command_misused(struct context *context, const char *format, ...)
{
	char line[FAULT_TEXT_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	fault_set(&context->fault, FAULT_INVALID, "%s", line);
	return EXIT_USAGE;
}

/* Whose action, meant where none is named, this one is; NULL: it is no such action. */
static const struct command *parent_of(const struct command *command)
{
	for (size_t i = 0; command_at(i) != NULL; i++) {
		if (command != NULL && command_at(i)->otherwise == command)
			return command_at(i);
	}
	return NULL;
}

enum exit_code command_no_words(struct context *context, const char *name)
{
	const struct command *parent = parent_of(context->command);
	const char *meant, *word;

	if (context->options.word_count == 0)
		return EXIT_DONE;
	word = context->options.words[0];
	if (parent != NULL && command_action(parent, word, &meant) != NULL)
		return command_misused(context,
		                       "the action comes first: toll %s %s, and then its "
		                       "options",
		                       parent->name, word);
	return command_misused(context, "%s takes no words: %s", name, context->options.words[0]);
}

void command_table(struct context *context, const struct table *table)
{
	switch (context->form) {
	case FORM_TABLE:
		printer_table(&context->printer, table);
		break;
	case FORM_CSV:
		export_csv(&context->out, table);
		break;
	case FORM_JSON:
		export_json(&context->out, table);
		break;
	}
	if (table->error != 0)
		context->out.error = table->error;
}

int command_flush(struct context *context)
{
	struct buf *out = &context->out;
	size_t done = 0;

	if (out->error != 0)
		return fault_set(&context->fault, FAULT_NOMEM, "the result: %s",
		                 fault_name(out->error));
	while (done < out->len) {
		ssize_t wrote = write(STDOUT_FILENO, out->at + done, out->len - done);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return fault_set(&context->fault, errno == ENOSPC ? FAULT_FULL : FAULT_IO,
			                 "standard output: %s", strerror(errno));
		done += (size_t)wrote;
	}
	buf_clear(out);
	return 0;
}

int64_t command_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct text command_who(void)
{
	static char who[32];

	snprintf(who, sizeof(who), "uid %u", (unsigned)getuid());
	return text_of(who);
}

/* $COLUMNS, else the terminal's own width; a pipe or a file has none. */
static size_t output_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	int64_t width = PRINTER_ANY_WIDTH;

	if (columns != NULL && text_int(text_of(columns), &width) && width > 0)
		return width < PRINTER_WIDTH_MIN ? PRINTER_WIDTH_MIN : (size_t)width;
	if (!isatty(STDOUT_FILENO))
		return PRINTER_ANY_WIDTH;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= PRINTER_WIDTH_MIN)
		return size.ws_col;
	return PRINTER_WIDTH;
}

static bool colour_wanted(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && (no_color == NULL || no_color[0] == '\0') && term != NULL &&
	       strcmp(term, "dumb") != 0;
}

static enum exit_code run_command(struct context *context)
{
	const struct command *command = context->command;
	enum exit_code code;
	const char *path = options_value(&context->options, "ledger");
	int r = 0;

	if (options_flag(&context->options, "json"))
		context->form = FORM_JSON;
	if (options_flag(&context->options, "csv")) {
		if (context->form == FORM_JSON)
			return command_misused(context, "--json and --csv: one of them");
		context->form = FORM_CSV;
	}
	if (path == NULL)
		path = getenv("TOLL_LEDGER");
	context->ledger_path = path != NULL && path[0] != '\0' ? path : LEDGER_DEFAULT;
	if (command->check != NULL) {
		code = command->check(context);
		if (code != EXIT_DONE)
			return code;
	}
	if (command->needs == NEEDS_LEDGER)
		r = ledger_open_reader(&context->ledger, context->ledger_path, &context->fault);
	if (r < 0)
		return command_failed(context, r);
	code = command->run(context);
	ledger_close(context->ledger);
	context->ledger = NULL;
	return code;
}

/* Finds the command (and the action) that argv begins with; *used_out words name it. */
static enum exit_code choose(struct context *context, int argc, const char **argv,
                             const struct command **parent_out, int *used_out)
{
	const char *meant = NULL;
	const struct command *command = argc > 0 ? command_find(argv[0], &meant) : NULL;

	*parent_out = NULL;
	if (command == NULL && argc == 0)
		return command_misused(context, "a command is due");
	if (command == NULL && meant != NULL)
		return command_misused(context, "there is no command %s; did you mean %s?", argv[0],
		                       meant);
	if (command == NULL)
		return command_misused(context, "there is no command %s", argv[0]);
	*used_out = 1;
	context->command = command;
	if (command->actions == NULL ||
	    (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)))
		return EXIT_DONE;
	*parent_out = command;
	if (command->otherwise != NULL && (argc < 2 || argv[1][0] == '-')) {
		context->command = command->otherwise;
		return EXIT_DONE;
	}
	if (argc < 2)
		return command_misused(context, "%s: what shall be done?", command->name);
	command = command_action(command, argv[1], &meant);
	if (command == NULL && meant != NULL)
		return command_misused(context, "%s has no action %s; did you mean %s?", argv[0],
		                       argv[1], meant);
	if (command == NULL)
		return command_misused(context, "%s has no action %s", argv[0], argv[1]);
	*used_out = 2;
	context->command = command;
	return EXIT_DONE;
}

static enum exit_code run_line(struct context *context, int argc, const char **argv,
                               const struct command **parent)
{
	const struct option *lists[OPTION_LISTS_MAX];
	enum exit_code code;
	int used = 0;

	if (argc > 0 && (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0))
		argv[0] = "help";
	if (argc > 0 && strcmp(argv[0], "--version") == 0)
		argv[0] = "version";
	code = choose(context, argc, argv, parent, &used);
	if (code != EXIT_DONE)
		return code;
	command_options(context->command, lists);
	if (options_parse(&context->options, lists, argc - used, argv + used, &context->fault) < 0)
		return EXIT_USAGE;
	if (options_flag(&context->options, "help")) {
		help_write(&context->printer, *parent, context->command);
		return EXIT_DONE;
	}
	return run_command(context);
}

static void tell_failure(const struct context *context, const struct command *parent,
                         enum exit_code code)
{
	const char *name = context->command != NULL ? context->command->name : "";

	command_say("%s", context->fault.text);
	if (code != EXIT_USAGE)
		return;
	if (context->command == NULL)
		command_say("toll help lists the commands");
	else
		command_say("toll %s%s%s --help says how it is used",
		            parent != NULL ? parent->name : "",
		            parent != NULL && parent != context->command ? " " : "",
		            parent != context->command ? name : "");
}

enum exit_code command_main(int argc, const char **argv)
{
	struct context context = { .form = FORM_TABLE };
	const struct command *parent = NULL;
	enum exit_code code;

	/* A limit on the size of files is an error of write(), not the end of us. */
	signal(SIGXFSZ, SIG_IGN);
	/* For the widths of characters only: numbers and times stay as they are. */
	setlocale(LC_CTYPE, "C.UTF-8");
	context.printer = (struct printer){ &context.out, output_width(), colour_wanted() };
	code = run_line(&context, argc - 1, argv + 1, &parent);
	/* What a failed command has found so far is shown all the same. */
	if (command_flush(&context) < 0 && code != EXIT_USAGE)
		code = EXIT_FAILED;
	if (context.fault.code != FAULT_NONE && code >= EXIT_USAGE)
		tell_failure(&context, parent, code);
	buf_release(&context.out);
	return code;
}
