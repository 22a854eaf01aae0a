/* What invoices would have come to under a book that is not applied. */
#include <stdio.h>

#include "base/moment.h"
#include "cli/price_source.h"
#include "cli/pricebook.h"
#include "cli/range.h"
#include "export/export.h"
#include "ledger/books.h"

static const struct option options[] = { RANGE_OPTIONS, { NULL, NULL, NULL } };

enum {
	SHADOW_ACCOUNT,
	SHADOW_MODEL,
	SHADOW_EVENTS,
	SHADOW_STORED,
	SHADOW_CANDIDATE,
	SHADOW_DIFFERENCE,
	SHADOW_PERCENT,
	SHADOW_UNPRICED, /* from here on for programs; people read it below the table */
	SHADOW_UNPRICED_STORED,
	SHADOW_NEW,
	SHADOW_NEW_AMOUNT,
	SHADOW_WAITING,
	SHADOW_PARTED,
	SHADOW_RANGE,
	SHADOW_UNSETTLED,
	SHADOW_COLUMNS,
};

static void start_table(struct table *table)
{
	table_column(table, "account", "Account", TABLE_TEXT, false);
	table_column(table, "model", "Model", TABLE_TEXT, false);
	table_column(table, "events", "Events", TABLE_COUNT, false);
	table_column(table, "stored", "Stored", TABLE_AMOUNT, false);
	table_column(table, "candidate", "Candidate", TABLE_AMOUNT, false);
	table_column(table, "difference", "Difference", TABLE_AMOUNT, false);
	table_column(table, "percent", "%", TABLE_AMOUNT, false);
	table_column(table, "unpriced", "", TABLE_COUNT, false);
	table_column(table, "unpriced_stored", "", TABLE_AMOUNT, false);
	table_column(table, "newly_priced", "", TABLE_COUNT, false);
	table_column(table, "newly_priced_amount", "", TABLE_AMOUNT, false);
	table_column(table, "waiting", "", TABLE_COUNT, false);
	table_column(table, "parted", "", TABLE_COUNT, false);
	table_column(table, "out_of_range", "", TABLE_COUNT, false);
	table_column(table, "unsettled", "", TABLE_COUNT, false);
	for (size_t i = SHADOW_UNPRICED; i < SHADOW_COLUMNS; i++)
		table->columns[i].hidden = true;
}

static void set_sums(struct table *table, size_t row, const struct impact_sums *sums)
{
	struct money before = sums->before[IMPACT_RATED], after = sums->after[IMPACT_RATED];
	struct money difference;

	table_set_count(table, row, SHADOW_EVENTS, sums->events[IMPACT_RATED]);
	price_set_amount(table, row, SHADOW_STORED, before);
	price_set_amount(table, row, SHADOW_CANDIDATE, after);
	if (money_total_add(after, (struct money){ -before.attos }, &difference) == 0)
		price_set_amount(table, row, SHADOW_DIFFERENCE, difference);
	else
		table->error = -FAULT_RANGE;
	price_set_percent(table, row, SHADOW_PERCENT, before.attos, after.attos);
	table_set_count(table, row, SHADOW_UNPRICED, sums->events[IMPACT_LOST]);
	price_set_amount(table, row, SHADOW_UNPRICED_STORED, sums->before[IMPACT_LOST]);
	table_set_count(table, row, SHADOW_NEW, sums->events[IMPACT_GAINED]);
	price_set_amount(table, row, SHADOW_NEW_AMOUNT, sums->after[IMPACT_GAINED]);
	table_set_count(table, row, SHADOW_WAITING, sums->events[IMPACT_WAITING]);
	table_set_count(table, row, SHADOW_PARTED, sums->events[IMPACT_PARTED]);
	table_set_count(table, row, SHADOW_RANGE, sums->events[IMPACT_RANGE]);
	table_set_count(table, row, SHADOW_UNSETTLED, sums->events[IMPACT_UNSETTLED]);
}

/* People read account and model in one: two names leave no room for amounts. */
static void set_names(struct table *table, size_t row, const struct impact_row *names, bool people)
{
	struct buf both = { .at = NULL };

	if (!people) {
		table_set(table, row, SHADOW_ACCOUNT, names->account);
		table_set(table, row, SHADOW_MODEL, names->model);
		return;
	}
	buf_addf(&both, "%.*s  %.*s", TEXT_ARGS(names->account), TEXT_ARGS(names->model));
	table_set(table, row, SHADOW_ACCOUNT, buf_text(&both));
	if (both.error != 0)
		table->error = both.error;
	buf_release(&both);
}

static void fill_table(struct table *table, const struct impact *impact, bool people)
{
	for (size_t i = 0; i < impact->count; i++) {
		const struct impact_sums *sums = &impact->rows[i].sums;
		size_t row;

		/* What is in no difference is a table of its own. */
		if (people && sums->events[IMPACT_RATED] == 0 &&
		    sums->before[IMPACT_RATED].attos == 0)
			continue;
		row = table_row(table);
		set_names(table, row, &impact->rows[i], people);
		set_sums(table, row, sums);
	}
	set_sums(table, TABLE_TOTAL, &impact->total);
	if (people) {
		table->columns[SHADOW_ACCOUNT].title = "Account and model";
		table->columns[SHADOW_MODEL].hidden = true;
	}
}

/* What is in no difference, and why. */
static const char *const rest_words[IMPACT_KINDS] = {
	[IMPACT_LOST] = "unpriced",       [IMPACT_GAINED] = "newly priced",
	[IMPACT_WAITING] = "no rate yet", [IMPACT_PARTED] = "sum of requests",
	[IMPACT_RANGE] = "too large",     [IMPACT_UNSETTLED] = "not settled",
};
static const char *const rest_notes[IMPACT_KINDS] = {
	[IMPACT_LOST] = "unpriced: the candidate has no rate; toll rerate refuses such a range.",
	[IMPACT_GAINED] = "newly priced: in suspense now; once it is applied, toll suspense retry "
			  "rates them.",
	[IMPACT_WAITING] = "without a rate: in suspense now, and the candidate has none either.",
	[IMPACT_PARTED] = "sum of requests: a price of the candidate changes between the single "
			  "requests and their sum; toll rerate refuses such a range.",
	[IMPACT_RANGE] =
		"too large: the charge is larger than an amount can be; toll rerate refuses "
		"such a range.",
	[IMPACT_UNSETTLED] = "not settled: open or partial; a later phase of the request is rated "
			     "when it comes, and toll rerate leaves this one as it is.",
};
enum { REST_NAMES, REST_WHY, REST_EVENTS, REST_STORED, REST_CANDIDATE };

static void add_rest(struct table *table, size_t row, const struct impact_sums *sums,
                     enum impact_kind kind)
{
	table_set_count(table, row, REST_EVENTS, sums->events[kind]);
	price_set_amount(table, row, REST_STORED, sums->before[kind]);
	price_set_amount(table, row, REST_CANDIDATE, sums->after[kind]);
	table_set(table, row, REST_WHY, text_of(rest_words[kind]));
}

static int write_rest(struct context *context, const struct impact *impact)
{
	struct table table = { .rows = NULL };
	int r;

	table_column(&table, "names", "Account and model", TABLE_TEXT, false);
	table_column(&table, "why", "Not in it", TABLE_TEXT, false);
	table_column(&table, "events", "Events", TABLE_COUNT, false);
	table_column(&table, "stored", "Stored", TABLE_AMOUNT, false);
	table_column(&table, "candidate", "Candidate", TABLE_AMOUNT, false);
	for (size_t i = 0; i < impact->count; i++) {
		for (int kind = IMPACT_LOST; kind < IMPACT_KINDS; kind++) {
			size_t row;

			if (impact->rows[i].sums.events[kind] == 0)
				continue;
			row = table_row(&table);
			set_names(&table, row, &impact->rows[i], true);
			add_rest(&table, row, &impact->rows[i].sums, (enum impact_kind)kind);
		}
	}
	r = table.error;
	if (r == 0 && table.row_count > 0) {
		buf_add(&context->out, "\n", 1);
		command_table(context, &table);
		buf_add(&context->out, "\n", 1);
	}
	table_release(&table);
	for (int kind = IMPACT_LOST; kind < IMPACT_KINDS; kind++) {
		int64_t events = impact->total.events[kind];

		if (events > 0)
			printer_wrapf(&context->printer, 0, "%lld event%s %s", (long long)events,
			              text_plural(events), rest_notes[kind]);
	}
	return r;
}

static int write_people(struct context *context, const struct book *book, const char *word,
                        const struct impact *impact, const struct table *table,
                        const struct impact_range *range)
{
	char title[PRICE_TITLE_BYTES], times[RANGE_TEXT_BYTES];
	int r;

	price_title(book, word, title);
	range_text(range->from_ms, range->to_ms, times);
	printer_wrapf(&context->printer, 0, "%s", times);
	printer_wrapf(&context->printer, 0, "Candidate: %s (%.*s)", title,
	              TEXT_ARGS(book_currency(book)));
	buf_add(&context->out, "\n", 1);
	if (impact->count == 0) {
		buf_add_cstr(&context->out, "No traffic is stored there.\n");
		return 0;
	}
	command_table(context, table);
	r = write_rest(context, impact);
	printer_wrapf(
		&context->printer, 0,
		"Stored is with adjustments.  Per cent of it, half away from zero.  Nothing was "
		"changed.");
	return r;
}

static void write_json(struct context *context, const struct book *book, const struct table *table,
                       const struct impact_range *range)
{
	struct buf *out = &context->out;
	char from[MOMENT_TEXT_BYTES], to[MOMENT_TEXT_BYTES];

	moment_text(range->from_ms, from);
	moment_text(range->to_ms, to);
	buf_addf(out, "{\"from\":\"%s\",\"to\":\"%s\"", from, to);
	price_book_member(out, "candidate", book);
	buf_add(out, ",", 1);
	export_json_members(out, table);
	buf_add_cstr(out, "}\n");
}

static enum exit_code check(struct context *context)
{
	int64_t from_ms, to_ms;

	if (context->options.word_count != 1)
		return command_misused(context,
		                       "price shadow takes one book: a file, or the hash of one");
	if (range_read_month(context, &from_ms, &to_ms) < 0)
		return EXIT_USAGE;
	if (from_ms % MS_PER_HOUR != 0 || to_ms % MS_PER_HOUR != 0)
		return command_misused(context, "--from and --to are on the hour here: adjustments "
		                                "are of whole hours");
	return EXIT_DONE;
}

/* A candidate that the ledger would not take has amounts that mean nothing beside the stored. */
static int check_currency(struct context *context, const struct book *book)
{
	struct applied_book current = { NULL, 0 };
	int r = ledger_book_current(context->ledger, BOOK_SELL, &current, &context->fault);

	if (r == 0 && current.book != NULL)
		r = price_same_currency(context, current.book, book);
	book_free(current.book);
	return r;
}

static enum exit_code run(struct context *context)
{
	const char *word = context->options.words[0];
	struct impact impact = { .rows = NULL };
	struct table table = { .rows = NULL };
	struct price_walk walk;
	struct book *book = NULL;
	int64_t from_ms, to_ms;
	int r;

	if (range_read_month(context, &from_ms, &to_ms) < 0)
		return EXIT_USAGE;
	r = pricebook_open(context, word, &book);
	if (r == 0)
		r = check_currency(context, book);
	if (r == 0) {
		price_walk_start(&walk, from_ms, to_ms, true);
		r = impact_of_stored(context->ledger, book, &walk.range, &impact, &context->fault);
		progress_end(&walk.progress);
	}
	if (r == 0) {
		start_table(&table);
		fill_table(&table, &impact, context->form == FORM_TABLE);
		r = table.error;
	}
	if (r == 0 && context->form == FORM_JSON)
		write_json(context, book, &table, &walk.range);
	else if (r == 0 && context->form == FORM_CSV)
		command_table(context, &table);
	else if (r == 0)
		r = write_people(context, book, word, &impact, &table, &walk.range);
	table_release(&table);
	impact_release(&impact);
	book_free(book);
	return r < 0 ? command_failed(context, r) : EXIT_DONE;
}

const struct command price_shadow = {
	.name = "shadow",
	.summary = "What invoices of a range would come to under another book",
	.synopsis = "price shadow BOOK [--from TIME] [--to TIME]",
	.details =
		"BOOK is a file, or the hash of an applied book.  Every stored event of the range "
		"(the last whole month, UTC, without one) is rated with it at its own time and "
		"compared with what is stored and adjusted, by account and model.  Changes "
		"nothing: what was agreed is applied and then booked with toll rerate.",
	.needs = NEEDS_LEDGER,
	.csv = true,
	.json = true,
	.options = options,
	.check = check,
	.run = run,
};
