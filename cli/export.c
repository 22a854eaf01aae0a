/* toll export events: what is stored, event by event, for another ledger or another program. */
#include <stdio.h>

#include "cli/command.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/range.h"
#include "export/events.h"
#include "export/export.h"
#include "ledger/read.h"

enum { FLUSH_BYTES = 256 * 1024 };

static const struct option options[] = {
	RANGE_OPTIONS,
	{ "account", "NAME", "only of this account" },
	{ "source", "NAME", "only of this source" },
	{ "model", "NAME", "only of this model, as it was sent" },
	{ "format", "NAME", "ndjson (without it) or csv" },
	{ "output", "FILE", "write to this file, whole or not at all" },
	{ NULL, NULL, NULL },
};

struct exporting {
	struct context *context;
	struct progress progress;
	struct output output;
	struct json doc;
	struct text account, source, model; /* absent: every one */
	bool csv, to_file;
	int64_t rows;
};

static int flush(struct exporting *exporting)
{
	struct buf *out = &exporting->context->out;
	struct fault *fault = &exporting->context->fault;
	int r;

	if (!exporting->to_file)
		return command_flush(exporting->context);
	if (out->error != 0)
		return fault_set(fault, FAULT_NOMEM, "export: out of memory");
	r = output_add(&exporting->output, buf_text(out), fault);
	buf_clear(out);
	return r;
}

static bool is_wanted(struct text only, struct text name)
{
	return only.at == NULL || (name.at != NULL && text_equal(only, name));
}

static int on_event(void *user, const struct stored_event *stored)
{
	struct exporting *exporting = user;
	struct buf *out = &exporting->context->out;
	int r = 0;

	if (!is_wanted(exporting->account, stored->event.account) ||
	    !is_wanted(exporting->source, stored->event.source) ||
	    !is_wanted(exporting->model, stored->event.model))
		return 0;
	exporting->rows++;
	progress_at(&exporting->progress, exporting->rows, 0, 0);
	if (exporting->csv) {
		struct table table = { .rows = NULL };

		export_event_columns(&table);
		export_event_row(&table, stored);
		export_csv_rows(out, &table);
		r = table.error;
		table_release(&table);
	} else {
		r = export_event_line(out, stored, &exporting->doc, &exporting->context->fault);
	}
	return r == 0 && out->len >= FLUSH_BYTES ? flush(exporting) : r;
}

static void write_header(struct exporting *exporting)
{
	struct table table = { .rows = NULL };

	export_event_columns(&table);
	export_csv(&exporting->context->out, &table);
	table_release(&table);
}

static enum exit_code check(struct context *context)
{
	struct text format = options_text(&context->options, "format");
	enum exit_code code = command_no_words(context, "export events");
	int64_t from_ms, to_ms;

	if (code != EXIT_DONE)
		return code;
	if (format.at != NULL && !text_is(format, "ndjson") && !text_is(format, "csv"))
		return command_misused(context, "--format %.*s: ndjson or csv", TEXT_ARGS(format));
	return range_read(context, &from_ms, &to_ms) < 0 ? EXIT_USAGE : EXIT_DONE;
}

static enum exit_code run(struct context *context)
{
	const struct options *given = &context->options;
	struct exporting exporting = {
		.context = context,
		.output = { .fd = -1 },
		.account = options_text(given, "account"),
		.source = options_text(given, "source"),
		.model = options_text(given, "model"),
		.csv = text_is(options_text(given, "format"), "csv"),
		.to_file = options_value(given, "output") != NULL,
	};
	int64_t from_ms, to_ms;
	int end, r = range_read(context, &from_ms, &to_ms);

	if (r == 0 && exporting.to_file)
		r = output_start(&exporting.output, options_value(given, "output"),
		                 &context->fault);
	progress_start(&exporting.progress, "events exported");
	if (r == 0 && exporting.csv)
		write_header(&exporting);
	if (r == 0)
		r = ledger_each_event(context->ledger, from_ms, to_ms, on_event, &exporting,
		                      &context->fault);
	if (r == 0)
		r = flush(&exporting);
	progress_end(&exporting.progress);
	end = output_end(&exporting.output, r == 0, &context->fault);
	json_release(&exporting.doc);
	/* Half a file is told by the exit code only; of what is no file anyway nothing is left. */
	if (exporting.to_file)
		buf_clear(&context->out);
	if (r == 0)
		r = end;
	if (r < 0)
		return command_failed(context, r);
	if (exporting.to_file)
		command_say("%lld event%s in %s", (long long)exporting.rows,
		            exporting.rows == 1 ? "" : "s", options_value(given, "output"));
	return EXIT_DONE;
}

static const struct command export_events = {
	.name = "events",
	.summary = "Write stored events as lines that toll import takes, or as CSV",
	.synopsis = "export events [--from TIME] [--to TIME] [--account NAME] [--source NAME] "
		    "[--model NAME] [--format ndjson|csv] [--output FILE]",
	.details = "The events as they stand, in the order of their times, as one moment of the "
		   "ledger has them.  Lines are of api toll: imported into another ledger with the "
		   "same price book they give the same counts and amounts.  What they were rated "
		   "at is "
		   "under \"stored\", which no import reads.",
	.needs = NEEDS_LEDGER,
	.options = options,
	.check = check,
	.run = run,
};

static const struct command *const actions[] = { &export_events, NULL };

const struct command command_export = {
	.name = "export",
	.summary = "Write what is stored, for other programs",
	.actions = actions,
};
