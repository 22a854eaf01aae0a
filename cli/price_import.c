#include "cli/price_import.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/moment.h"
#include "catalogue/catalogue.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "net/net.h"

enum { KEYS_SHOWN = 20 };

static const struct option options[] = {
	{ "from", "NAME", "the catalogue: toll formats lists them" },
	{ "effective-from", "DATE", "from when on the prices hold; else 2000-01-01" },
	{ "zero-is-free", NULL,
	  "also where the catalogue writes zero for a price it does not know" },
	{ "provider", "ID", "of genai-prices: the models of that provider, by their own names" },
	{ "output", "FILE", "write the book there, whole or not at all (also -o FILE)" },
	{ "report", "FILE", "write the whole report there, as JSON" },
	{ NULL, NULL, NULL },
};

static void show_progress(void *context, int64_t received, int64_t total)
{
	progress_at(context, received, received, total);
}

/* ftp://, file://: no file is meant. */
static bool has_other_scheme(struct text word)
{
	size_t i = 0;

	while (i < word.len && isalpha((unsigned char)word.at[i]))
		i++;
	return i > 0 && word.len - i >= 3 && memcmp(word.at + i, "://", 3) == 0 &&
	       !net_is_url(word);
}

/* Where the bytes of a catalogue come from: a URL, a file, or "-", standard input. */
static int fetch(const char *where, struct buf *bytes, struct fault *fault)
{
	struct progress progress;
	const struct net_limits limits = {
		.bytes_max = CATALOGUE_BYTES_MAX,
		.on_progress = show_progress,
		.context = &progress,
	};
	int r;

	if (!net_is_url(text_of(where)))
		return buf_read_file(bytes, where, CATALOGUE_BYTES_MAX, fault);
	progress_start(&progress, "bytes");
	r = net_fetch(where, &limits, bytes, fault);
	progress_end(&progress);
	return r;
}

/* --- the report ------------------------------------------------------------ */

static void put_counts(const struct printer *printer, const struct catalogue_import *in)
{
	enum { LABEL = 18 };

	printer_pairf(printer, LABEL, "entries", "%zu", in->entry_count);
	printer_pairf(printer, LABEL, "book", "%zu model%s, %zu version%s, %zu rate%s",
	              in->model_count, in->model_count == 1 ? "" : "s", in->version_count,
	              in->version_count == 1 ? "" : "s", in->rate_count,
	              in->rate_count == 1 ? "" : "s");
	printer_pairf(printer, LABEL, "keys", "%zu", in->counts.seen);
	for (size_t k = 0; k < TALLY_KINDS; k++)
		printer_pairf(printer, LABEL, tally_kind_info[k].key, "%zu (%s)", in->counts.of[k],
		              tally_kind_info[k].meaning);
}

/* Not the informative ones: their number says enough. */
static void put_keys(const struct printer *printer, const struct table *table)
{
	const char *informative = tally_kind_info[TALLY_INFORMATIVE].key;
	size_t count = 0;

	while (count < table->row_count && !text_is(table->rows[count].cells[0], informative))
		count++;
	for (size_t i = 0; i < count && i < KEYS_SHOWN; i++) {
		const struct text *cells = table->rows[i].cells;

		if (i == 0)
			buf_add_cstr(printer->out, "\n");
		printer_wrapf(printer, 0, "%.*s, %.*s times: %.*s", TEXT_ARGS(cells[1]),
		              TEXT_ARGS(cells[2]), TEXT_ARGS(cells[5]));
		printer_wrapf(printer, 4, "%.*s: first in %.*s, %.*s", TEXT_ARGS(cells[0]),
		              TEXT_ARGS(cells[3]), TEXT_ARGS(cells[4]));
	}
	if (count > KEYS_SHOWN)
		printer_wrapf(printer, 0, "... and %zu more; --report FILE has all of them",
		              count - KEYS_SHOWN);
}

/* For a person, on stderr: standard output is the book. */
static int tell(const struct context *context, const struct catalogue_import *in,
                struct fault *fault)
{
	struct table table = { .rows = NULL };
	struct buf text = { .at = NULL };
	struct printer printer = { &text, PRINTER_WIDTH, false };
	struct text rest = buf_text(&in->notes), line;
	int r = catalogue_report_keys(in, &table, fault);

	if (r < 0)
		goto out;
	printer_wrapf(&printer, 0, "%s: catalogue %s, in %s; effective from %.*s",
	              context->options.words[0], in->catalogue->name, in->catalogue->unit,
	              TEXT_ARGS(in->effective_from));
	put_counts(&printer, in);
	while (text_cut(&rest, '\n', &line)) {
		if (line.len > 0)
			printer_wrap(&printer, 2, line);
	}
	put_keys(&printer, &table);
	fwrite(text.at, 1, text.len, stderr);
out:
	table_release(&table);
	buf_release(&text);
	return r;
}

static int write_report(const char *path, const struct catalogue_import *in, struct fault *fault)
{
	struct buf json = { .at = NULL };
	int r = catalogue_report_json(in, &json, fault);

	if (r == 0)
		r = output_write(path, buf_text(&json), fault);
	buf_release(&json);
	return r;
}

/* --- the command ----------------------------------------------------------- */

static enum exit_code check(struct context *context)
{
	const struct options *given = &context->options;
	struct buf names = { .at = NULL };
	const struct catalogue *catalogue;
	enum exit_code code = EXIT_DONE;
	int64_t from_ms;

	for (size_t i = 0; (catalogue = catalogue_at(i)) != NULL; i++)
		buf_addf(&names, "%s%s", i > 0 ? ", " : "", catalogue->name);
	if (options_value(given, "from") == NULL)
		code = command_misused(context, "--from NAME is due: %.*s",
		                       TEXT_ARGS(buf_text(&names)));
	else if (catalogue_find(options_text(given, "from")) == NULL)
		code = command_misused(context, "there is no catalogue %s: %.*s",
		                       options_value(given, "from"), TEXT_ARGS(buf_text(&names)));
	else if (given->word_count != 1)
		code = command_misused(context,
		                       "price import takes one file or URL, or - for standard "
		                       "input");
	else if (has_other_scheme(text_of(given->words[0])))
		code = command_misused(context,
		                       "%s: a catalogue is read from https:// (http:// of this "
		                       "machine alone) or from a file, given by its path",
		                       given->words[0]);
	else if (options_value(given, "effective-from") != NULL &&
	         !moment_parse(options_text(given, "effective-from"), &from_ms) &&
	         !moment_parse_date(options_text(given, "effective-from"), &from_ms))
		code = command_misused(context, "--effective-from %s: a date is due, 2026-01-31",
		                       options_value(given, "effective-from"));
	buf_release(&names);
	return code;
}

static int put_result(struct context *context, const struct catalogue_import *in)
{
	const char *path = options_value(&context->options, "output");
	const char *report = options_value(&context->options, "report");
	struct buf *out = &context->out;
	int r = 0;

	if (report != NULL)
		r = write_report(report, in, &context->fault);
	if (r == 0 && path != NULL)
		r = output_write(path, buf_text(&in->book), &context->fault);
	if (r == 0 && context->form == FORM_JSON) {
		buf_add_cstr(out, "{\"report\":");
		r = catalogue_report_json(in, out, &context->fault);
		if (path == NULL) {
			buf_add_cstr(out, ",\"book\":");
			buf_add_text(out, buf_text(&in->book));
		}
		buf_add_cstr(out, "}\n");
	} else if (r == 0 && path == NULL) {
		buf_add_text(out, buf_text(&in->book));
	}
	if (r == 0 && context->form != FORM_JSON)
		r = tell(context, in, &context->fault);
	return r;
}

/* A catalogue without any price for a book: what became of its keys says why. */
static void tell_refused(const struct context *context, const struct catalogue_import *in)
{
	const char *report = options_value(&context->options, "report");
	struct fault fault = { .code = FAULT_NONE };
	int r = 0;

	if (in->counts.seen == 0)
		return;
	if (report != NULL)
		r = write_report(report, in, &fault);
	if (r == 0 && context->form != FORM_JSON)
		r = tell(context, in, &fault);
	if (r < 0)
		fprintf(stderr, "toll: no report: %s\n", fault.text);
}

static enum exit_code run(struct context *context)
{
	const struct catalogue *catalogue = catalogue_find(options_text(&context->options, "from"));
	struct text from = options_text(&context->options, "effective-from");
	struct catalogue_options wanted = {
		.zero_is_free = options_flag(&context->options, "zero-is-free"),
		.provider = options_text(&context->options, "provider"),
	};
	struct catalogue_import in = { .catalogue = NULL };
	struct buf bytes = { .at = NULL };
	char from_text[MOMENT_TEXT_BYTES];
	enum exit_code code;
	int64_t from_ms;
	int r;

	if (from.at != NULL &&
	    (moment_parse(from, &from_ms) || moment_parse_date(from, &from_ms))) {
		moment_text(from_ms, from_text);
		wanted.effective_from = text_of(from_text);
	}
	r = fetch(context->options.words[0], &bytes, &context->fault);
	if (r == 0) {
		r = catalogue_import(&in, catalogue, buf_text(&bytes), &wanted, &context->fault);
		if (r == 0)
			r = put_result(context, &in);
		else
			tell_refused(context, &in);
	}
	code = catalogue_import_complete(&in) ? EXIT_DONE : EXIT_DIFFERENCE;
	catalogue_import_release(&in);
	buf_release(&bytes);
	return r < 0 ? command_failed(context, r) : code;
}

const struct command command_price_import = {
	.name = "import",
	.summary = "Make a price book of a catalogue that somebody else publishes",
	.synopsis = "price import --from NAME FILE|URL [-o FILE] [--report FILE] "
		    "[--effective-from DATE] [--zero-is-free] [--provider ID]",
	.details = "The book goes to standard output, and to standard error what became of every "
		   "key.  A price that a book cannot say exactly is left out, so that what it "
		   "prices waits in suspense.  With --json the result is an object of the report "
		   "and the book.\n"
		   "\n"
		   "A word that begins with https:// is fetched, verified, with at most 5 "
		   "redirects; http:// from this machine alone.  https_proxy, no_proxy and "
		   "SSL_CERT_FILE hold as for curl(1); no password is sent, of a URL or a .netrc.\n"
		   "\n"
		   "Exit code 1 where a key was not understood or a price is not in the book.",
	.json = true,
	.options = options,
	.check = check,
	.run = run,
};
