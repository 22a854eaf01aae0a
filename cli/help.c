#include <string.h>

#include "base/version.h"
#include "cli/command.h"
#include "export/export.h"
#include "ledger/ledger.h"

static void write_options(const struct printer *printer, const struct command *command)
{
	const struct option *lists[OPTION_LISTS_MAX];
	char label[64];
	size_t width = 0;

	command_options(command, lists);
	for (int pass = 0; pass < 2; pass++) {
		if (pass == 1) {
			buf_add(printer->out, "\n", 1);
			printer_heading(printer, "Options");
		}
		for (size_t l = 0; lists[l] != NULL; l++) {
			for (const struct option *o = lists[l]; o->name != NULL; o++) {
				struct buf text = { .at = NULL };

				buf_addf(&text, "--%s%s%s", o->name, o->value != NULL ? " " : "",
				         o->value != NULL ? o->value : "");
				text_copy(label, sizeof(label), buf_text(&text));
				buf_release(&text);
				if (pass == 0 && strlen(label) > width)
					width = strlen(label);
				if (pass == 1)
					printer_pair(printer, width, label, text_of(o->help));
			}
		}
	}
}

static void write_details(const struct printer *printer, const char *details)
{
	struct text rest = text_of(details), line;

	while (text_cut(&rest, '\n', &line)) {
		buf_add(printer->out, "\n", 1);
		printer_wrap(printer, 0, line);
	}
}

static void write_synopsis(const struct printer *printer, const struct command *command)
{
	static const char lead[] = "Usage: ";
	const struct command *const itself[] = { command, NULL };
	const struct command *const *each = command->actions != NULL ? command->actions : itself;
	struct buf *out = printer->out;
	size_t start = out->len;

	for (; *each != NULL; each++)
		printer_wrapf(printer, strlen(lead), "toll %s", (*each)->synopsis);
	/* In the place of the first indent. */
	if (out->error == 0)
		memcpy(out->at + start, lead, strlen(lead));
}

static void write_command(const struct printer *printer, const struct command *command)
{
	write_synopsis(printer, command);
	buf_add(printer->out, "\n", 1);
	printer_wrapf(printer, 0, "%s.", command->summary);
	write_details(printer, command->details);
	if (command->actions != NULL) {
		size_t width = 0;

		for (size_t i = 0; command->actions[i] != NULL; i++)
			width = strlen(command->actions[i]->name) > width
			                ? strlen(command->actions[i]->name)
			                : width;
		buf_add(printer->out, "\n", 1);
		printer_heading(printer, "Actions");
		for (size_t i = 0; command->actions[i] != NULL; i++)
			printer_pair(printer, width, command->actions[i]->name,
			             text_of(command->actions[i]->summary));
		if (command->otherwise != NULL)
			buf_addf(printer->out, "\ntoll %s without an ACTION is toll %s %s.\n",
			         command->name, command->name, command->otherwise->name);
		buf_addf(printer->out, "\ntoll %s ACTION --help has the options of each.\n",
		         command->name);
		/* Who did not ask for an action meant this one. */
		if (command->otherwise != NULL)
			write_options(printer, command->otherwise);
		return;
	}
	write_options(printer, command);
}

static void write_program(const struct printer *printer)
{
	buf_add_cstr(
		printer->out,
		"Usage: toll COMMAND [options]\n\n"
		"Reports, explains and verifies what tolld metered, and brings events to it.\n\n");
	printer_heading(printer, "Commands");
	for (size_t i = 0; command_at(i) != NULL; i++)
		printer_pair(printer, 10, command_at(i)->name, text_of(command_at(i)->summary));
	buf_add_cstr(printer->out,
	             "\ntoll COMMAND --help has the options of each; toll(1) has all of it.\n"
	             "Exit code: 0 done, 1 a difference was found, 2 wrong use, 3 failed.\n");
}

void help_write(const struct printer *printer, const struct command *parent,
                const struct command *command)
{
	(void)parent; /* the synopsis of an action names its command */
	if (command == NULL)
		write_program(printer);
	else
		write_command(printer, command);
}

static enum exit_code run_help(struct context *context)
{
	const struct command *command = NULL, *parent = NULL;
	const char *meant = NULL;

	for (size_t i = 0; i < context->options.word_count; i++) {
		const char *word = context->options.words[i];

		parent = command;
		if (command == NULL)
			command = command_find(word, &meant);
		else
			command = command->actions != NULL ? command_action(command, word, &meant)
			                                   : NULL;
		if (command == NULL)
			return command_misused(context, "there is no command %s%s%s", word,
			                       meant != NULL ? "; did you mean " : "",
			                       meant != NULL ? meant : "");
	}
	help_write(&context->printer, parent, command);
	return EXIT_DONE;
}

const struct command command_help = {
	.name = "help",
	.summary = "Say how a command is used",
	.synopsis = "help [COMMAND [ACTION]]",
	.run = run_help,
};

static enum exit_code run_version(struct context *context)
{
	buf_addf(&context->out, context->form == FORM_JSON ? "{\"version\":\"%s\"}\n" : "toll %s\n",
	         TOLL_VERSION);
	return EXIT_DONE;
}

const struct command command_version = {
	.name = "version",
	.summary = "Say which version this is",
	.synopsis = "version",
	.json = true,
	.run = run_version,
};
