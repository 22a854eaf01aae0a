/* toll export events: what is stored, event by event, for another ledger or another program. */
#include <stdio.h>

#include "base/moment.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/range.h"
#include "export/events.h"
#include "export/export.h"
#include "ledger/adjust.h"
#include "ledger/correct.h"

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
	int64_t from_ms, to_ms;
	/* What is not in it. */
	int64_t voids, adjusted;
	struct money adjustments;
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

static bool are_wanted(const struct exporting *exporting, struct text account, struct text source,
                       struct text model)
{
	return is_wanted(exporting->account, account) && is_wanted(exporting->source, source) &&
	       is_wanted(exporting->model, model);
}

static int on_event(void *user, const struct stored_event *stored)
{
	struct exporting *exporting = user;
	struct buf *out = &exporting->context->out;
	int r = 0;

	if (!are_wanted(exporting, stored->event.account, stored->event.source,
	                stored->event.model))
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

/* An event is void once, and is then a row of its own. */
static int on_correction(void *user, const struct correction *correction)
{
	struct exporting *exporting = user;
	const struct rollup_row *of = &correction->adds;

	if ((correction->kind == CORRECTION_VOID || correction->kind == CORRECTION_TWIN) &&
	    correction->time_ms >= exporting->from_ms && correction->time_ms < exporting->to_ms &&
	    are_wanted(exporting, of->account, of->source, of->model))
		exporting->voids++;
	return 0;
}

static int on_adjustment(void *user, const struct adjustment *adjustment)
{
	struct exporting *exporting = user;

	if (!are_wanted(exporting, adjustment->account, adjustment->source, adjustment->model))
		return 0;
	exporting->adjusted++;
	return money_add(exporting->adjustments, adjustment->amount, &exporting->adjustments) == 0
	               ? 0
	               : fault_set(&exporting->context->fault, FAULT_RANGE,
	                           "export: the adjustments of this range make no amount");
}

/* Of the same moment of the ledger. */
static int find_left_out(struct exporting *exporting)
{
	struct context *context = exporting->context;
	int64_t hour_ms = moment_floor(exporting->from_ms, MOMENT_HOUR);
	int r = ledger_each_correction(context->ledger, CORRECTION_TRAFFIC, hour_ms,
	                               exporting->to_ms, on_correction, exporting, &context->fault);

	return r < 0 ? r
	             : ledger_each_adjustment(context->ledger, ADJUSTMENT_TRAFFIC, hour_ms,
	                                      exporting->to_ms, on_adjustment, exporting,
	                                      &context->fault);
}

static void say_left_out(const struct exporting *exporting)
{
	char amount[MONEY_TEXT_BYTES];

	if (exporting->voids > 0)
		command_say("void and not in it: %lld event%s", (long long)exporting->voids,
		            exporting->voids == 1 ? "" : "s");
	if (exporting->adjusted == 0)
		return;
	money_text(exporting->adjustments, amount);
	command_say("not in it: %lld adjustment%s of reruns, %s in all",
	            (long long)exporting->adjusted, exporting->adjusted == 1 ? "" : "s", amount);
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
	int end, r = range_read(context, &exporting.from_ms, &exporting.to_ms);

	if (r == 0 && exporting.to_file)
		r = output_start(&exporting.output, options_value(given, "output"),
		                 &context->fault);
	progress_start(&exporting.progress, "events exported");
	if (r == 0 && exporting.csv)
		write_header(&exporting);
	if (r == 0)
		r = ledger_each_event_now(context->ledger, exporting.from_ms, exporting.to_ms,
		                          on_event, &exporting, &context->fault);
	if (r == 0)
		r = find_left_out(&exporting);
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
	say_left_out(&exporting);
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
		   "ledger has them: a corrected one with the counts and the amount that it has "
		   "now; what is void is left out.  That, and adjustments of reruns, which are "
		   "not in it, are told with their numbers.  Lines are of api toll: imported into "
		   "another ledger with the "
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
