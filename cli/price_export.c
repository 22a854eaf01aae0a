#include "cli/price_export.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/moment.h"
#include "catalogue/publish.h"
#include "cli/output.h"
#include "cli/pricebook.h"
#include "export/export.h"
#include "ledger/books.h"
#include "ledger/ledger.h"

static const struct option options[] = {
	{ "format", "NAME", "the form: toll formats lists them" },
	{ "at", "TIME", "the prices in force then; else now" },
	{ "partial", NULL, "a model of which a price cannot be written, too, without that price" },
	{ "output", "FILE", "write it there, whole or not at all (also -o FILE)" },
	{ NULL, NULL, NULL },
};

static enum exit_code check(struct context *context)
{
	const struct options *given = &context->options;
	struct text format = options_text(given, "format");
	struct buf names = { .at = NULL };
	enum exit_code code = EXIT_DONE;
	int64_t at_ms;

	for (size_t i = 0; publish_form(i) != NULL; i++)
		buf_addf(&names, "%s, ", publish_form(i)->name);
	buf_add_cstr(&names, PUBLISH_CSV);
	if (format.at == NULL)
		code = command_misused(context, "--format NAME is due: %s", names.at);
	else if (publish_form_find(format) == NULL && !text_is(format, PUBLISH_CSV))
		code = command_misused(context, "there is no format %.*s: %s", TEXT_ARGS(format),
		                       names.at);
	else if (given->word_count > 1)
		code = command_misused(context, "price export takes one book, or none");
	else if (options_value(given, "at") != NULL &&
	         !moment_parse_date(options_text(given, "at"), &at_ms))
		code = command_misused(context, "--at %s: a time is due, 2026-01-31T08:00:00Z",
		                       options_value(given, "at"));
	buf_release(&names);
	return code;
}

/* --- the command ----------------------------------------------------------- */

static void tell(struct text lines)
{
	struct text line;

	while (text_cut(&lines, '\n', &line)) {
		if (line.len > 0)
			command_say("%.*s", TEXT_ARGS(line));
	}
}

static int write_rates(const struct book *book, struct buf *out, struct fault *fault)
{
	struct table table = { .rows = NULL };
	int r = 0;

	publish_rates(book, &table);
	if (table.error != 0)
		r = fault_set(fault, FAULT_NOMEM, "no memory");
	else
		export_csv(out, &table);
	table_release(&table);
	return r;
}

static enum exit_code run(struct context *context)
{
	const struct publish_form *form = publish_form_find(
		options_text(&context->options, "format"));
	const char *path = options_value(&context->options, "output");
	struct publish_ask ask = { .partial = options_flag(&context->options, "partial") };
	struct publish_report report = { .models = 0 };
	struct buf text = { .at = NULL };
	struct book *book = NULL;
	bool complete;
	int r = pricebook_open(
		context, context->options.word_count > 0 ? context->options.words[0] : NULL, &book);

	if (!moment_parse_date(options_text(&context->options, "at"), &ask.at_ms))
		ask.at_ms = command_now_ms();
	ask.book = book;
	if (r == 0)
		r = form != NULL ? form->write(&ask, &text, &report, &context->fault)
		                 : write_rates(book, &text, &context->fault);
	if (r == 0 && path != NULL)
		r = output_write(path, buf_text(&text), &context->fault);
	else if (r == 0)
		buf_add_text(&context->out, buf_text(&text));
	if (r == 0) {
		tell(buf_text(&report.lost));
		tell(buf_text(&report.notes));
	}
	complete = report.losses == 0;
	publish_report_release(&report);
	buf_release(&text);
	book_free(book);
	if (r < 0)
		return command_failed(context, r);
	return complete ? EXIT_DONE : EXIT_DIFFERENCE;
}

const struct command command_price_export = {
	.name = "export",
	.summary = "Publish a price book: for a marketplace, a gateway, a spreadsheet or people",
	.synopsis = "price export --format NAME [BOOK] [--at TIME] [--partial] [-o FILE]",
	.details = "BOOK is a file, or the beginning of the hash of an applied book; else the one "
		   "in force.  Prices of accounts are never published.\n"
		   "\n"
		   "What the form cannot hold is told on standard error, a line each, and the "
		   "model is left out, as a list with some of its prices would bill the others "
		   "at nothing; --partial writes it all the same, without the components that "
		   "cannot be written.  Exit code 1 where a price was not written.",
	.needs = NEEDS_LEDGER_PATH,
	.options = options,
	.check = check,
	.run = run,
};
