/* toll statement show: what a statement is, what it tells and what it comes to. */
#include <string.h>

#include "base/moment.h"
#include "cli/statement.h"
#include "export/export.h"
#include "statement/format.h"
#include "statement/spool.h"

enum { LABEL_WIDTH = 10, ROWS_SHOWN_MAX = 100000, FLUSH_ROWS = 1000 };

static const struct option options[] = {
	STATEMENT_OPTIONS,
	{ "rows", NULL, "list its rows, as they were understood" },
	{ NULL, NULL, NULL },
};

/* ---- what it tells ---- */

struct told {
	const char *key, *what;
	int64_t rows;
};

enum { TOLD_COUNT = 8 };

static void list_told(const struct statement_summary *summary, struct told out[TOLD_COUNT])
{
	const struct told told[TOLD_COUNT] = {
		{ "with_id", "ids", summary->with_id },
		{ "with_account", "accounts", summary->with_account },
		{ "with_key", "keys", summary->with_key },
		{ "with_model", "models", summary->with_model },
		{ "with_provider", "providers", summary->with_provider },
		{ "with_requests", "requests", summary->with_requests },
		{ "with_counts", "counts", summary->with_counts },
		{ "with_amount", "amounts", summary->with_amount },
	};

	memcpy(out, told, sizeof(told));
}

/* "models, amounts; keys of 12 rows" */
static void put_told(const struct statement_summary *summary, struct buf *out)
{
	struct told told[TOLD_COUNT];
	int64_t most = 0;

	list_told(summary, told);
	for (int i = 0; i < TOLD_COUNT; i++)
		most = told[i].rows > most ? told[i].rows : most;
	for (int i = 0; i < TOLD_COUNT; i++) {
		if (told[i].rows == most && most > 0)
			buf_addf(out, "%s%s", out->len > 0 ? ", " : "", told[i].what);
	}
	for (int i = 0; i < TOLD_COUNT; i++) {
		if (told[i].rows > 0 && told[i].rows < most)
			buf_addf(out, "; %s of %lld", told[i].what, (long long)told[i].rows);
	}
	if (most == 0)
		buf_add_cstr(out, "nothing of usage");
	else if (most < summary->rows)
		buf_addf(out, " (of %lld rows for usage)", (long long)most);
}

static const char *shown_currency(const char *currency)
{
	return currency[0] != '\0' ? currency : "(not said)";
}

static void add_totals(const struct statement_summary *summary, bool people, struct table *table)
{
	table_column(table, "currency", "Currency", TABLE_TEXT, false);
	table_column(table, "rows", "Rows", TABLE_COUNT, false);
	table_column(table, "amount", "Amount", TABLE_AMOUNT, false);
	for (size_t i = 0; i < summary->total_count; i++) {
		char amount[MONEY_TEXT_BYTES];
		const char *currency = summary->totals[i].currency;
		size_t row = table_row(table);

		money_text(summary->totals[i].amount, amount);
		table_set(table, row, 0, text_of(people ? shown_currency(currency) : currency));
		table_set_count(table, row, 1, summary->totals[i].rows);
		table_set(table, row, 2, text_of(amount));
	}
}

/* ---- for people ---- */

static void write_notes(const struct printer *printer, const struct statement_summary *summary)
{
	struct text rest = buf_text(&summary->notes), line;

	if (rest.len == 0)
		return;
	buf_add_cstr(printer->out, "\n");
	printer_heading(printer, "Notes");
	while (text_cut(&rest, '\n', &line)) {
		if (line.len > 0)
			printer_wrap(printer, 2, line);
	}
}

static void write_people(struct context *context, const char *name,
                         const struct statement_summary *summary)
{
	const struct printer *printer = &context->printer;
	char first[MOMENT_TEXT_BYTES], last[MOMENT_TEXT_BYTES];
	struct table totals = { .rows = NULL };
	struct buf told = { .at = NULL };

	printer_heading(printer, name);
	if (summary->format != NULL)
		printer_pairf(printer, LABEL_WIDTH, "format", "%s: %s", summary->format->name,
		              summary->format->summary);
	else
		printer_pairf(printer, LABEL_WIDTH, "format", "%s",
		              options_value(&context->options, "mapping") != NULL
		                      ? "by a mapping"
		                      : "without a row, none can be told");
	printer_pair(printer, LABEL_WIDTH, "sha-256", text_of(summary->sha256));
	printer_pairf(printer, LABEL_WIDTH, "rows", "%lld of %lld records, %lld bytes",
	              (long long)summary->rows, (long long)summary->records,
	              (long long)summary->bytes);
	if (summary->rows > 0) {
		moment_text(summary->first_ms, first);
		moment_text(summary->last_ms, last);
		if (summary->first_ms < summary->last_ms)
			printer_pairf(printer, LABEL_WIDTH, "period", "%s to %s", first, last);
		else
			printer_pair(printer, LABEL_WIDTH, "period",
			             text_of("not told: known by their ids alone"));
		printer_pairf(printer, LABEL_WIDTH, "grain", "%s",
		              statement_grain_name(summary->grain));
		put_told(summary, &told);
		printer_pair(printer, LABEL_WIDTH, "tells", buf_text(&told));
		printer_pairf(printer, LABEL_WIDTH, "amounts", "%u decimals%s%s", summary->decimals,
		              summary->reals ? ", some written from binary floats" : "",
		              summary->states_total ? "; as the total that it states" : "");
		add_totals(summary, true, &totals);
		buf_add_cstr(printer->out, "\n");
		command_table(context, &totals);
	}
	write_notes(printer, summary);
	buf_release(&told);
	table_release(&totals);
}

/* ---- for programs ---- */

static void write_json(struct context *context, const char *name,
                       const struct statement_summary *summary)
{
	char first[MOMENT_TEXT_BYTES], last[MOMENT_TEXT_BYTES];
	struct text rest = buf_text(&summary->notes), line;
	struct told told[TOLD_COUNT];
	struct buf *out = &context->out;
	bool timed = summary->first_ms < summary->last_ms;
	const char *comma = "";

	moment_text(summary->first_ms, first);
	moment_text(summary->last_ms, last);
	list_told(summary, told);
	buf_add_cstr(out, "{\"name\":");
	buf_add_value(out, text_of(name));
	buf_add_member(out, "format",
	               text_of(summary->format != NULL ? summary->format->name : NULL));
	buf_add_member(out, "sha256", text_of(summary->sha256));
	buf_addf(out, ",\"bytes\":%lld,\"records\":%lld,\"rows\":%lld", (long long)summary->bytes,
	         (long long)summary->records, (long long)summary->rows);
	buf_add_member(out, "from", text_of(timed ? first : NULL));
	buf_add_member(out, "to", text_of(timed ? last : NULL));
	buf_add_member(out, "grain",
	               text_of(summary->rows > 0 ? statement_grain_name(summary->grain) : NULL));
	for (int i = 0; i < TOLD_COUNT; i++)
		buf_addf(out, ",\"%s\":%lld", told[i].key, (long long)told[i].rows);
	buf_addf(out, ",\"decimals\":%u,\"reals\":%s,\"cut\":%lld,\"states_total\":%s",
	         summary->decimals, summary->reals ? "true" : "false", (long long)summary->cut,
	         summary->states_total ? "true" : "false");
	buf_add_cstr(out, ",\"totals\":[");
	for (size_t i = 0; i < summary->total_count; i++) {
		char amount[MONEY_TEXT_BYTES];

		money_text(summary->totals[i].amount, amount);
		buf_addf(out, "%s{\"currency\":\"%s\",\"rows\":%lld,\"amount\":\"%s\"}",
		         i > 0 ? "," : "", summary->totals[i].currency,
		         (long long)summary->totals[i].rows, amount);
	}
	buf_add_cstr(out, "],\"notes\":[");
	while (text_cut(&rest, '\n', &line)) {
		if (line.len == 0)
			continue;
		buf_add_cstr(out, comma);
		buf_add_value(out, line);
		comma = ",";
	}
	buf_add_cstr(out, "]}\n");
}

static void write_summary(struct context *context, const char *name,
                          const struct statement_summary *summary)
{
	struct table totals = { .rows = NULL };

	if (context->form == FORM_JSON) {
		write_json(context, name, summary);
	} else if (context->form == FORM_CSV) {
		add_totals(summary, false, &totals);
		command_table(context, &totals);
		table_release(&totals);
	} else {
		write_people(context, name, summary);
	}
}

/* ---- rows ---- */

static void row_columns(struct table *table)
{
	static const struct {
		const char *key, *title;
		enum table_type type;
	} before[] = {
		{ "record", "Record", TABLE_COUNT },
		{ "from", "From", TABLE_TIME },
		{ "to", "To", TABLE_TIME },
		{ "id", "Id", TABLE_TEXT },
		{ "upstream_id", "Upstream id", TABLE_TEXT },
		{ "request_id", "Request id", TABLE_TEXT },
		{ "account", "Account", TABLE_TEXT },
		{ "key", "Key", TABLE_TEXT },
		{ "model", "Model", TABLE_TEXT },
		{ "provider", "Provider", TABLE_TEXT },
		{ "service_tier", "Tier", TABLE_TEXT },
		{ "description", "Description", TABLE_TEXT },
		{ "charge", "Charge", TABLE_TEXT },
		{ "flags", "Flags", TABLE_TEXT },
		{ "component", "Of", TABLE_TEXT },
		{ "requests_made", "Requests made", TABLE_COUNT },
		{ "prompt_total", "Prompt in all", TABLE_COUNT },
		{ "answer_total", "Answer in all", TABLE_COUNT },
	};

	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		table_column(table, before[i].key, before[i].title, before[i].type, true);
	for (int c = 0; c < COMPONENT_COUNT; c++)
		table_column(table, component_info[c].key, component_info[c].key, TABLE_COUNT,
		             true);
	for (int f = FIELD_MONEY; f < FIELD_COUNT; f++)
		table_column(table, statement_field_name((enum statement_field)f),
		             statement_field_name((enum statement_field)f), TABLE_AMOUNT, true);
	table_column(table, "currency", "Currency", TABLE_TEXT, true);
}

static void put_flags(unsigned flags, struct buf *out)
{
	static const char *const names[] = { "cancelled", "byok", "blank", "cut", "real" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if ((flags >> i & 1) != 0)
			buf_addf(out, "%s%s", out->len > 0 ? " " : "", names[i]);
	}
}

static void set_told(struct table *table, size_t row, size_t column, int64_t count)
{
	if (count != STATEMENT_UNTOLD)
		table_set_count(table, row, column, count);
}

static void add_row(struct table *table, const struct statement_row *row)
{
	char from[MOMENT_TEXT_BYTES], to[MOMENT_TEXT_BYTES];
	struct buf flags = { .at = NULL };
	size_t r = table_row(table), at = 0;

	if (statement_timed(row)) {
		moment_text(row->from_ms, from);
		moment_text(row->to_ms, to);
	}
	put_flags(row->flags, &flags);
	table_set_count(table, r, at++, row->record);
	const struct text texts[] = {
		text_of(statement_timed(row) ? from : NULL),
		text_of(statement_timed(row) ? to : NULL),
		row->id,
		row->upstream_id,
		row->request_id,
		row->account,
		row->key,
		row->model,
		row->provider,
		row->service_tier,
		row->description,
		text_of(statement_charge_name(row->charge)),
		flags.len > 0 ? buf_text(&flags) : text_of(NULL),
		text_of(row->of < COMPONENT_COUNT ? component_info[row->of].key : NULL),
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		table_set(table, r, at++, texts[i]);
	set_told(table, r, at++, row->requests);
	set_told(table, r, at++, row->prompt_total);
	set_told(table, r, at++, row->answer_total);
	for (int c = 0; c < COMPONENT_COUNT; c++, at++) {
		if (statement_tells(row, (enum component)c))
			table_set_count(table, r, at, row->count[c]);
	}
	for (int m = 0; m < STATEMENT_MONEY_COUNT; m++, at++) {
		char amount[MONEY_TEXT_BYTES];

		if (!statement_has(row, (enum statement_money)m))
			continue;
		money_text(row->money[m], amount);
		table_set(table, r, at, text_of(amount));
	}
	table_set(table, r, at, text_of(row->currency[0] != '\0' ? row->currency : NULL));
	if (flags.error != 0)
		table->error = flags.error;
	buf_release(&flags);
}

struct listing {
	struct context *context;
	struct table table;
};

/* As CSV they are written as they come: there may be millions. */
static int flush_rows(struct listing *listing)
{
	int r = listing->table.error;

	export_csv_rows(&listing->context->out, &listing->table);
	table_release(&listing->table);
	listing->table = (struct table){ .rows = NULL };
	row_columns(&listing->table);
	return r == 0 ? command_flush(listing->context) : r;
}

static int on_row(void *user, const struct statement_row *row, int64_t place)
{
	struct listing *listing = user;

	(void)place;
	add_row(&listing->table, row);
	if (listing->context->form == FORM_CSV)
		return listing->table.row_count == FLUSH_ROWS ? flush_rows(listing) : 0;
	if (listing->table.row_count > ROWS_SHOWN_MAX)
		return fault_set(&listing->context->fault, FAULT_RANGE,
		                 "more than %d rows: --csv writes them all", ROWS_SHOWN_MAX);
	return listing->table.error;
}

static int write_rows(struct context *context, struct statement_spool *spool)
{
	struct listing listing = { .context = context };
	int r;

	row_columns(&listing.table);
	if (context->form == FORM_CSV)
		export_csv(&context->out, &listing.table);
	r = statement_spool_each(spool, on_row, &listing, &context->fault);
	if (r == 0 && context->form == FORM_CSV)
		r = flush_rows(&listing);
	else if (r == 0)
		command_table(context, &listing.table);
	if (r == -FAULT_NOMEM)
		fault_set(&context->fault, FAULT_NOMEM, "no memory for the rows");
	table_release(&listing.table);
	return r;
}

/* ---- all of it ---- */

static int keep(void *user, const struct statement_row *row, struct fault *fault)
{
	return user != NULL ? statement_spool_add(user, row, NULL, fault) : 0;
}

static enum exit_code check(struct context *context)
{
	if (context->options.word_count != 1)
		return command_misused(context, "statement show takes one file, or - for standard "
		                                "input");
	return statement_wish_check(context);
}

static enum exit_code run(struct context *context)
{
	const char *path = context->options.words[0];
	struct statement_summary summary = { .rows = 0 };
	struct statement_wish wish = { .zone = NULL };
	struct statement_spool *spool = NULL;
	int r = statement_wish_open(context, &wish);

	if (r == 0 && options_flag(&context->options, "rows"))
		r = statement_spool_open(&spool, NULL, &context->fault);
	if (r == 0)
		r = statement_read(path, &wish.options, keep, spool, &summary, &context->fault);
	progress_end(&wish.progress);
	if (r == 0 && spool != NULL)
		r = statement_spool_end(spool, &context->fault);
	if (r == 0 && spool != NULL)
		r = write_rows(context, spool);
	else if (r == 0)
		write_summary(context, strcmp(path, "-") == 0 ? "standard input" : path, &summary);
	statement_spool_close(spool);
	statement_summary_release(&summary);
	statement_wish_release(&wish);
	return r < 0 ? command_failed(context, r) : EXIT_DONE;
}

const struct command command_statement_show = {
	.name = "show",
	.summary = "Show what a statement is, what it tells and what it comes to",
	.synopsis = "statement show [--format NAME] [--mapping FILE] [--time-zone ZONE] [--rows] "
		    "FILE",
	.details = "The format is told by the form of the file, where one alone fits it; toll "
		   "formats lists them.  Whatever is not understood ends it: half of a statement "
		   "makes a wrong total.\n"
		   "Amounts are exact, in the currency that the statement says.",
	.csv = true,
	.json = true,
	.options = options,
	.check = check,
	.run = run,
};
