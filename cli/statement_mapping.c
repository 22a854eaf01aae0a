/* toll statement suggest-mapping, check-mapping: what the columns of a statement mean. */
#include <string.h>

#include "cli/statement.h"

static enum exit_code check_words(struct context *context)
{
	if (context->options.word_count != 1)
		return command_misused(context, "%s takes one file", context->command->name);
	return EXIT_DONE;
}

/* ---- suggest-mapping ---- */

/* What is left to decide is said where it is not taken for a part of the mapping, too. */
static void say_open(const struct context *context, const char *path)
{
	static const char words[] = "person must decide";
	struct text rest = buf_text(&context->out), line;
	size_t open = 0;

	while (text_cut(&rest, '\n', &line))
		open += line.len > 0 && memmem(line.at, line.len, words, strlen(words)) != NULL;
	if (open > 0)
		command_say("%s: %zu of the notes %s left for a person to decide", path, open,
		            open == 1 ? "is" : "are");
}

enum exit_code statement_suggest_run(struct context *context, const char *path)
{
	int r = statement_mapping_suggest(path, &context->out, &context->fault);

	if (r < 0)
		return command_failed(context, r);
	say_open(context, strcmp(path, "-") == 0 ? "standard input" : path);
	return EXIT_DONE;
}

static enum exit_code suggest(struct context *context)
{
	return statement_suggest_run(context, context->options.words[0]);
}

const struct command command_statement_suggest_mapping = {
	.name = "suggest-mapping",
	.summary = "Propose what the columns of a statement of no known format mean",
	.synopsis = "statement suggest-mapping FILE",
	.details =
		"Writes a mapping file, toll-statement(5), told by the words of the header and the "
		"first 100 rows, with a note why each column was taken for what. What could not "
		"be told is ignored there, and its note says why; where a unit or the order of "
		"day and month is not told, a person must decide. Look it over, and hold the "
		"total of toll statement show --mapping against one that you know.",
	.needs = NEEDS_NOTHING,
	.check = check_words,
	.run = suggest,
};

/* ---- check-mapping ---- */

static enum exit_code check(struct context *context)
{
	const char *path = context->options.words[0];
	struct statement_mapping mapping = { .lines = NULL };
	int r = statement_mapping_load(&mapping, path, &context->fault);
	size_t lines = 0, ignored = 0;

	if (r < 0)
		return command_failed(context, r);
	while (mapping.lines[lines].column != NULL)
		lines++;
	while (mapping.ignored[ignored] != NULL)
		ignored++;
	printer_text(&context->out, text_of(path));
	buf_addf(&context->out, ": can be used: %zu fields, %zu columns ignored%s\n", lines,
	         ignored, mapping.others_ignored ? ", and all others" : "");
	statement_mapping_release(&mapping);
	return EXIT_DONE;
}

const struct command command_statement_check_mapping = {
	.name = "check-mapping",
	.summary = "Tell whether a mapping file can be used",
	.synopsis = "statement check-mapping FILE",
	.details = "Exit code 3, with the line, the path and what to do, where it cannot; "
		   "toll-statement(5) says what is in one.",
	.needs = NEEDS_NOTHING,
	.check = check_words,
	.run = check,
};
