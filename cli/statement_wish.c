#include "cli/statement.h"
#include "statement/format.h"

enum exit_code statement_wish_check(struct context *context)
{
	struct text format = options_text(&context->options, "format");

	if (format.at != NULL && options_value(&context->options, "mapping") != NULL)
		return command_misused(context, "--format and --mapping: a statement is read by "
		                                "one of them");
	if (format.at != NULL && statement_format_find(format) == NULL)
		return command_misused(context,
		                       "there is no format %.*s of statements; toll formats lists "
		                       "them",
		                       TEXT_ARGS(format));
	return EXIT_DONE;
}

static void on_progress(void *context, int64_t read, int64_t total)
{
	struct statement_wish *wish = context;

	progress_at(&wish->progress, read / 1000000, read, total);
}

int statement_wish_open(struct context *context, struct statement_wish *wish)
{
	const char *mapping = options_value(&context->options, "mapping");
	struct text format = options_text(&context->options, "format");
	struct text zone = options_text(&context->options, "time-zone");
	int r = 0;

	progress_start(&wish->progress, "MB read");
	wish->options.on_progress = on_progress;
	wish->options.progress = wish;
	if (format.at != NULL)
		wish->options.format = statement_format_find(format);
	if (mapping != NULL)
		r = statement_mapping_load(&wish->mapping, mapping, &context->fault);
	if (r == 0 && mapping != NULL)
		wish->options.mapping = &wish->mapping;
	if (r == 0 && zone.at != NULL)
		r = zone_open(&wish->zone, zone, &context->fault);
	wish->options.zone = wish->zone;
	return r;
}

void statement_wish_release(struct statement_wish *wish)
{
	progress_end(&wish->progress);
	statement_mapping_release(&wish->mapping);
	zone_close(wish->zone);
}
