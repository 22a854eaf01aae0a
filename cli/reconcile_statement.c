/* Statements into a spool, and the spool against the ledger. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/output.h"
#include "cli/progress.h"
#include "cli/range.h"
#include "cli/reconcile.h"
#include "export/export.h"
#include "ledger/seal.h"
#include "report/report.h"
#include "statement/spool.h"

enum { FLUSH_BYTES = 256 * 1024 };

struct reading {
	struct context *context;
	const struct reconcile_ask *ask;
	struct statement_spool *spool;
	struct progress progress;
};

/* ---- the statements ---- */

static int on_row(void *user, const struct statement_row *row, struct fault *fault)
{
	struct reading *reading = user;
	struct statement_row ours;

	if (!renames_any(&reading->ask->names))
		return statement_spool_add(reading->spool, row, NULL, fault);
	ours = *row;
	renames_apply(&reading->ask->names, &ours);
	return statement_spool_add(reading->spool, &ours, NULL, fault);
}

static void on_bytes(void *user, int64_t read, int64_t total)
{
	struct reading *reading = user;

	progress_at(&reading->progress, read, read, total);
}

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (strcmp(path, "-") == 0)
		return "standard input";
	return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

/* The same bytes twice would be a bill twice as large. */
static int check_twice(struct reading *reading, const struct reconciled *reconciled, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(reconciled->summaries[i].sha256, reconciled->summaries[n].sha256) == 0)
			return fault_set(
				&reading->context->fault, FAULT_INVALID,
				"%.200s and %.200s have the same bytes: the same statement "
				"twice",
				reconciled->statements[i].name, reconciled->statements[n].name);
	}
	return 0;
}

static int read_statements(struct reading *reading, struct reconciled *reconciled)
{
	const struct reconcile_ask *ask = reading->ask;
	struct fault *fault = &reading->context->fault;
	const struct statement_options options = {
		.format = ask->format,
		.mapping = ask->mapped ? &ask->mapping : NULL,
		.zone = ask->zone,
		.on_progress = on_bytes,
		.progress = reading,
	};
	const char *path;
	int r = statement_spool_open(&reading->spool, NULL, fault);

	for (size_t n = 0; r == 0; n++) {
		path = options_nth(&reading->context->options, "statement", n);
		if (path == NULL)
			break;
		progress_start(&reading->progress, "bytes read");
		r = statement_read(path, &options, on_row, reading, &reconciled->summaries[n],
		                   fault);
		progress_end(&reading->progress);
		if (r != 0)
			break;
		reconciled->statements[n] = (struct bill_statement_name){
			file_name(path),
			&reconciled->summaries[n],
		};
		reconciled->count = n + 1;
		r = check_twice(reading, reconciled, n);
	}
	return r != 0 ? r : statement_spool_end(reading->spool, fault);
}

/* ---- what comes of it ---- */

struct rows {
	struct context *context;
	struct table table;
};

/* Of --csv, which has no end: written as they come. */
static int on_difference(void *user, const struct bill_difference *difference, struct fault *fault)
{
	struct rows *rows = user;
	struct table *table = &rows->table;
	struct buf *out = &rows->context->out;

	bill_difference_row(table, difference);
	export_csv_rows(out, table);
	if (table->error != 0)
		return fault_set(fault, FAULT_NOMEM, "the rows: out of memory");
	table->row_count = 0;
	arena_reset(&table->arena);
	if (out->len < FLUSH_BYTES)
		return 0;
	return command_flush(rows->context) < 0 ? -(int)rows->context->fault.code : 0;
}

static void on_step(void *user, const char *what, int64_t done, int64_t total)
{
	struct reading *reading = user;

	reading->progress.what = what;
	progress_at(&reading->progress, done, done, total);
}

static int compare(struct reading *reading, struct reconciled *reconciled)
{
	struct context *context = reading->context;
	struct rows rows = { .context = context };
	struct bill_options options = reading->ask->bill;
	bool csv = context->form == FORM_CSV;
	int r = range_read(context, &options.from_ms, &options.to_ms);

	options.on_progress = on_step;
	options.progress = reading;
	if (csv) {
		bill_difference_columns(&rows.table);
		export_csv(&context->out, &rows.table);
	}
	progress_start(&reading->progress, "rows");
	if (r == 0)
		r = bill_reconcile(context->ledger, reading->spool, reconciled->summaries,
		                   reconciled->count, &options, csv ? on_difference : NULL, &rows,
		                   &reconciled->result, &context->fault);
	progress_end(&reading->progress);
	table_release(&rows.table);
	return r;
}

/* Our total is what toll report says of the same range and names, or nothing is shown. */
static int check_ours(struct reading *reading, const struct reconciled *reconciled)
{
	const struct bill_options *bill = &reading->ask->bill;
	const struct bill_result *result = &reconciled->result;
	const char *key = bill->side == BOOK_COST ? "cost" : "amount";
	const struct report_query query = {
		.by = REPORT_BY_MONTH,
		.from_ms = result->from_ms,
		.to_ms = result->to_ms,
		.account = bill->account,
		.key = bill->key,
		.model = bill->model,
		.provider = bill->provider,
		.source = bill->source,
	};
	struct money total = { 0 };
	struct table table = { .rows = NULL };
	struct report_notes notes;
	int r = report_run(reading->context->ledger, &query, &table, &notes,
	                   &reading->context->fault);

	for (size_t c = 0; r == 0 && c < table.column_count && table.total.cells != NULL; c++) {
		if (text_is(text_of(table.columns[c].key), key) && table.total.cells[c].len > 0)
			r = money_parse(table.total.cells[c], &total, &reading->context->fault);
	}
	table_release(&table);
	if (r == 0 && money_compare(total, result->ours.amount) != 0)
		r = bill_at_fault(
			"our total is not what toll report says of the same range and names",
			&reading->context->fault);
	return r;
}

/* Every row is of the period and tells what it comes to: what was added up while reading. */
static bool is_all_told(const struct reconciled *reconciled)
{
	bool told = reconciled->result.outside == 0 && !reconciled->result.priced_here;

	for (size_t i = 0; i < reconciled->count && told; i++)
		told = reconciled->summaries[i].with_amount == reconciled->summaries[i].rows;
	return told;
}

/* Their total is that of the statements in this currency, or nothing is shown. */
static int check_theirs(struct reading *reading, const struct reconciled *reconciled)
{
	const struct bill_result *result = &reconciled->result;
	struct money total = { 0 };
	int r = 0;

	if (!is_all_told(reconciled))
		return 0;
	for (size_t i = 0; i < reconciled->count; i++) {
		const struct statement_summary *summary = &reconciled->summaries[i];

		for (size_t t = 0; t < summary->total_count && r == 0; t++) {
			const char *currency = summary->totals[t].currency;

			if (currency[0] == '\0' || strcmp(currency, result->currency) == 0)
				r = money_total_add(total, summary->totals[t].amount, &total);
		}
	}
	if (r == 0)
		r = money_total_add(total, (struct money){ -result->left_out_amount.attos },
		                    &total);
	if (r == 0 && money_compare(total, result->theirs.amount) == 0)
		return 0;
	return bill_at_fault("their total is not the sum of the statement",
	                     &reading->context->fault);
}

/* A page in the place of what it was made from could not be repeated. */
static int refuse_input(const struct options *options, const char *page, struct fault *fault)
{
	static const char *const inputs[] = { "statement", "mapping", "names" };
	struct stat of_page, of_input;

	if (stat(page, &of_page) < 0 || !S_ISREG(of_page.st_mode))
		return 0;
	for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
		const char *path;

		for (size_t n = 0; (path = options_nth(options, inputs[i], n)) != NULL; n++) {
			if (stat(path, &of_input) == 0 && of_input.st_dev == of_page.st_dev &&
			    of_input.st_ino == of_page.st_ino)
				return fault_set(fault, FAULT_INVALID,
				                 "--html %s: is what --%s reads: give the page a "
				                 "name of its own",
				                 page, inputs[i]);
		}
	}
	return 0;
}

static int write_page(struct reading *reading, const struct reconciled *reconciled)
{
	const char *path = options_value(&reading->context->options, "html");
	struct fault *fault = &reading->context->fault;
	struct buf page = { .at = NULL };
	int r;

	if (path == NULL)
		return 0;
	r = refuse_input(&reading->context->options, path, fault);
	if (r == 0)
		r = bill_result_html(&reconciled->result, reconciled->statements, reconciled->count,
		                     &page, fault);
	if (r == 0)
		r = output_write(path, buf_text(&page), fault);
	buf_release(&page);
	return r;
}

static int read_seal(struct context *context, struct reconciled *reconciled)
{
	struct seal_link link;
	int r = ledger_seal_head(context->ledger, &link, &context->fault);

	if (r == 0 && link.seq > 0)
		text_copy(reconciled->seal, sizeof(reconciled->seal), text_of(link.chain));
	return r;
}

static int make_all(struct reading *reading, struct reconciled *reconciled)
{
	struct context *context = reading->context;
	int r = compare(reading, reconciled);

	if (r == 0)
		r = check_ours(reading, reconciled);
	if (r == 0)
		r = check_theirs(reading, reconciled);
	if (r == 0)
		r = bill_result_json(&reconciled->result, reconciled->statements, reconciled->count,
		                     &reconciled->json, &context->fault);
	if (r == 0)
		r = write_page(reading, reconciled);
	return r != 0 ? r : read_seal(context, reconciled);
}

/* What was found is shown also where it could not be stored, which is then the failure. */
static enum exit_code show(struct reading *reading, struct reconciled *reconciled)
{
	struct context *context = reading->context;
	bool store = !options_flag(&context->options, "no-store");
	int r = 0;

	if (context->form == FORM_JSON)
		buf_add_text(&context->out, buf_text(&reconciled->json));
	else if (context->form == FORM_TABLE)
		reconcile_summary(context, reconciled, store);
	/* Who stores it may take its time, or hang. */
	if (store && command_flush(context) < 0)
		r = -(int)context->fault.code;
	if (store && r == 0)
		r = reconcile_store(context, reconciled);
	if (r < 0)
		return command_failed(context, r);
	if (store && context->form == FORM_TABLE)
		printer_wrapf(&context->printer, 0, "Stored: toll reconcile show %lld",
		              (long long)reconciled->run);
	return reconciled->result.equal_within ? EXIT_DONE : EXIT_DIFFERENCE;
}

static void release(struct reading *reading, struct reconciled *reconciled)
{
	bill_result_release(&reconciled->result);
	for (size_t i = 0; i < RECONCILE_STATEMENTS_MAX; i++)
		statement_summary_release(&reconciled->summaries[i]);
	buf_release(&reconciled->json);
	statement_spool_close(reading->spool);
	free(reconciled);
}

static enum exit_code reconcile_asked(struct context *context, const struct reconcile_ask *ask)
{
	/* The worst rows of a result are not for a stack. */
	struct reconciled *reconciled = calloc(1, sizeof(*reconciled));
	struct reading reading = { .context = context, .ask = ask };
	enum exit_code code;
	int r;

	if (reconciled == NULL)
		return command_failed(context, -FAULT_NOMEM);
	reconciled->ask = ask;
	r = read_statements(&reading, reconciled);
	if (r == 0)
		r = ledger_open_reader(&context->ledger, context->ledger_path, &context->fault);
	if (r == 0)
		r = make_all(&reading, reconciled);
	code = r == 0 ? show(&reading, reconciled) : command_failed(context, r);
	release(&reading, reconciled);
	return code;
}

enum exit_code reconcile_statement(struct context *context)
{
	struct reconcile_ask ask = { .mapped = false };
	int r = reconcile_read(&ask, &context->options, &context->fault);
	enum exit_code code;

	code = r == 0 ? reconcile_asked(context, &ask) : command_failed(context, r);
	reconcile_release(&ask);
	return code;
}
