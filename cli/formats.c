#include "base/table.h"
#include "cli/command.h"
#include "export/export.h"
#include "usage/envelope.h"
#include "usage/event.h"

/* What each member of the event is made of: the rows of one member in the order they count. */
static enum exit_code list_mapping(struct context *context, const char *name)
{
	struct table table = { .rows = NULL };
	struct envelope_mapping mapping;
	size_t index = 0;

	while (envelope_name(index) != NULL && !text_is(text_of(name), envelope_name(index)))
		index++;
	if (envelope_name(index) == NULL)
		return command_misused(context, "there is no envelope %s; toll formats lists them",
		                       name);
	table_column(&table, "member", "Member", TABLE_TEXT, false);
	table_column(&table, "from", "From", TABLE_TEXT, false);
	table_column(&table, "how", "How", TABLE_TEXT, false);
	for (size_t i = 0; envelope_mapping(index, i, &mapping); i++) {
		size_t row = table_row(&table);

		table_set(&table, row, 0, text_of(mapping.member));
		table_set(&table, row, 1, text_of(mapping.from));
		table_set(&table, row, 2, text_of(mapping.how));
	}
	command_table(context, &table);
	table_release(&table);
	return EXIT_DONE;
}

static enum exit_code run(struct context *context)
{
	struct table table = { .rows = NULL };
	const struct export_form *form;
	size_t row;

	if (context->options.word_count > 1)
		return command_misused(context, "formats takes one envelope: %s",
		                       context->options.words[1]);
	if (context->options.word_count == 1)
		return list_mapping(context, context->options.words[0]);
	table_column(&table, "kind", "Kind", TABLE_TEXT, false);
	table_column(&table, "name", "Name", TABLE_TEXT, false);
	table_column(&table, "summary", "What it is", TABLE_TEXT, false);
	for (size_t i = 0; event_format_name(i) != NULL; i++) {
		row = table_row(&table);
		table_set(&table, row, 0, text_of("usage"));
		table_set(&table, row, 1, text_of(event_format_name(i)));
		table_set(&table, row, 2, text_of(event_format_summary(i)));
	}
	for (size_t i = 0; envelope_name(i) != NULL; i++) {
		row = table_row(&table);
		table_set(&table, row, 0, text_of("envelope"));
		table_set(&table, row, 1, text_of(envelope_name(i)));
		table_set(&table, row, 2, text_of(envelope_summary(i)));
	}
	for (size_t i = 0; (form = export_form(i)) != NULL; i++) {
		row = table_row(&table);
		table_set(&table, row, 0, text_of("export"));
		table_set(&table, row, 1, text_of(form->name));
		table_set(&table, row, 2, text_of(form->summary));
	}
	command_table(context, &table);
	table_release(&table);
	return EXIT_DONE;
}

const struct command command_formats = {
	.name = "formats",
	.summary = "List the usage shapes and envelopes that are read, and the forms of results",
	.synopsis = "formats [ENVELOPE]",
	.details = "A usage shape is what an event line names as its \"api\".  An envelope is a "
		   "record that another program emits, recognised by its form; with its name, "
		   "what each member of the event is made of is listed.",
	.csv = true,
	.json = true,
	.run = run,
};
