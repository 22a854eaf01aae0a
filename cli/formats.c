#include "base/table.h"
#include "cli/command.h"
#include "export/export.h"
#include "usage/event.h"

static enum exit_code run(struct context *context)
{
	struct table table = { .rows = NULL };
	const struct export_form *form;
	size_t row;

	if (context->options.word_count > 0)
		return command_misused(context, "formats takes no words: %s",
		                       context->options.words[0]);
	table_column(&table, "kind", "Kind", TABLE_TEXT, false);
	table_column(&table, "name", "Name", TABLE_TEXT, false);
	table_column(&table, "summary", "What it is", TABLE_TEXT, false);
	for (size_t i = 0; event_format_name(i) != NULL; i++) {
		row = table_row(&table);
		table_set(&table, row, 0, text_of("usage"));
		table_set(&table, row, 1, text_of(event_format_name(i)));
		table_set(&table, row, 2, text_of(event_format_summary(i)));
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
	.summary = "List the usage shapes that are read and the forms of results",
	.synopsis = "formats",
	.details = "A usage shape is what an event line names as its \"api\".",
	.csv = true,
	.json = true,
	.run = run,
};
