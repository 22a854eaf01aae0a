/* What is different between two price books, and what that means for traffic. */
#include <stdio.h>
#include <string.h>

#include "base/moment.h"
#include "cli/price_source.h"
#include "cli/price_words.h"
#include "cli/pricebook.h"
#include "cli/range.h"
#include "export/export.h"
#include "ledger/ledger.h"
#include "price/compare.h"

static const struct option options[] = { RANGE_OPTIONS, { NULL, NULL, NULL } };

struct diff {
	struct context *context;
	const char *words[2]; /* of the books; NULL: the one in force */
	struct book *books[2];
	int64_t from_ms, to_ms;
	bool traffic; /* `impact` is filled */
	struct impact impact;
	struct table table; /* of all differences; for people of one model at a time */
	struct compare_counts counts;
	bool differ;
	/* Of the rows of `table`, for people: */
	struct text model;
	const struct book_override *agreed;
	int64_t at_ms;
	struct buf names; /* of models, for one of the lists */
	enum compare_how listed;
};

/* ---- the differences ---- */

enum {
	DIFF_MODEL,
	DIFF_ACCOUNT,
	DIFF_FROM,
	DIFF_KIND,
	DIFF_HOW,
	DIFF_WHAT,
	DIFF_BEFORE,
	DIFF_AFTER,
	DIFF_PERCENT,
	DIFF_PER, /* for people */
	DIFF_WHEN,
};

static void start_table(struct table *table, bool people)
{
	table_column(table, "model", "Model", TABLE_TEXT, false);
	table_column(table, "account", "Account", TABLE_TEXT, false);
	table_column(table, "from", "From", TABLE_TIME, false);
	table_column(table, "kind", "Kind", TABLE_TEXT, false);
	table_column(table, "change", "Change", TABLE_TEXT, false);
	table_column(table, "what", "What", TABLE_TEXT, false);
	table_column(table, "before", "Before", TABLE_TEXT, false);
	table_column(table, "after", "After", TABLE_TEXT, false);
	table_column(table, "percent", "%", TABLE_AMOUNT, true);
	if (people)
		table_column(table, "per", "Per", TABLE_TEXT, true);
	table_column(table, "condition", "Condition", TABLE_TEXT, true);
	/* Those stand above the rows. */
	for (size_t i = DIFF_MODEL; i <= DIFF_HOW; i++)
		table->columns[i].hidden = people;
}

static const struct book_override *agreed_of(const struct compared *difference)
{
	return difference->agreed[1] != NULL ? difference->agreed[1] : difference->agreed[0];
}

static struct text or_absent(const char *text)
{
	return text_of(text[0] != '\0' ? text : NULL);
}

static void add_row(struct diff *diff, const struct compared *difference)
{
	const struct book_override *agreed = agreed_of(difference);
	struct table *table = &diff->table;
	size_t row = table_row(table);
	bool people = diff->context->form == FORM_TABLE;
	char from[MOMENT_TEXT_BYTES], per[RATES_TEXT_BYTES];
	struct price_words words;

	price_words(difference, book_currency(diff->books[0]), &words);
	if (people) {
		price_words_unit(&words, per);
		table_set(table, row, DIFF_PER, or_absent(per));
	}
	table_set(table, row, DIFF_MODEL, difference->model);
	if (agreed != NULL)
		table_set(table, row, DIFF_ACCOUNT, agreed->account);
	if (difference->what != COMPARE_MODEL && difference->what != COMPARE_ALIAS) {
		moment_text(difference->from_ms, from);
		table_set(table, row, DIFF_FROM, text_of(from));
	}
	table_set(table, row, DIFF_KIND, text_of(words.kind));
	table_set(table, row, DIFF_HOW, text_of(words.how));
	table_set(table, row, DIFF_WHAT, text_of(words.what));
	table_set(table, row, DIFF_BEFORE, or_absent(words.was));
	table_set(table, row, DIFF_AFTER, or_absent(words.is));
	if (words.priced)
		price_set_percent(table, row, DIFF_PERCENT, words.from, words.to);
	table_set(table, row, people ? DIFF_WHEN : DIFF_PER, or_absent(words.when));
}

static int add_difference(void *context, const struct compared *difference)
{
	struct diff *diff = context;

	add_row(diff, difference);
	return diff->table.error;
}

/* ---- for people ---- */

static void write_group(struct diff *diff)
{
	struct context *context = diff->context;
	const struct book_override *agreed = diff->agreed;
	char from[MOMENT_TEXT_BYTES] = "";

	if (diff->table.row_count == 0)
		return;
	if (diff->at_ms % MS_PER_DAY == 0)
		moment_text_unit(diff->at_ms, MOMENT_DAY, from);
	else
		moment_text(diff->at_ms, from);
	buf_add(&context->out, "\n", 1);
	if (agreed == NULL) {
		printer_wrapf(&context->printer, 0, "%.*s from %s", TEXT_ARGS(diff->model), from);
	} else {
		buf_clear(&diff->names);
		for (size_t i = 0; i < agreed->model_count; i++)
			buf_addf(&diff->names, "%s%.*s", i > 0 ? ", " : "",
			         TEXT_ARGS(agreed->models[i]));
		printer_wrapf(&context->printer, 0, "Agreed with %.*s from %s for %.*s",
		              TEXT_ARGS(agreed->account), from,
		              TEXT_ARGS(agreed->model_count > 0 ? buf_text(&diff->names)
		                                                : text_of("all models")));
	}
	command_table(context, &diff->table);
	table_release(&diff->table);
	start_table(&diff->table, true);
}

/* A table for each model and moment. */
static int group_difference(void *context, const struct compared *difference)
{
	struct diff *diff = context;
	const struct book_override *agreed = agreed_of(difference);

	if (difference->what == COMPARE_MODEL || difference->what == COMPARE_ALIAS)
		return 0;
	if (agreed != diff->agreed || difference->from_ms != diff->at_ms ||
	    !text_equal(difference->model, diff->model))
		write_group(diff);
	diff->model = difference->model;
	diff->agreed = agreed;
	diff->at_ms = difference->from_ms;
	add_row(diff, difference);
	return diff->table.error;
}

static int list_model(void *context, const struct compared *difference)
{
	struct diff *diff = context;

	if (difference->what == COMPARE_MODEL && difference->how == diff->listed)
		buf_addf(&diff->names, "%s%.*s", diff->names.len > 0 ? ", " : "",
		         TEXT_ARGS(difference->model));
	return diff->names.error;
}

static int list_alias(void *context, const struct compared *difference)
{
	struct diff *diff = context;

	if (difference->what == COMPARE_ALIAS && difference->how == diff->listed)
		buf_addf(&diff->names, "%s%.*s of %.*s", diff->names.len > 0 ? ", " : "",
		         TEXT_ARGS(difference->alias), TEXT_ARGS(difference->model));
	return diff->names.error;
}

/* "Models added: a, b" */
static int write_list(struct diff *diff, const char *what, compare_fn *list, enum compare_how how)
{
	int r;

	buf_clear(&diff->names);
	diff->listed = how;
	r = compare_books(diff->books[0], diff->books[1], list, diff);
	if (r == 0 && diff->names.len > 0)
		printer_wrapf(&diff->context->printer, 0, "%s: %.*s", what,
		              TEXT_ARGS(buf_text(&diff->names)));
	return r;
}

static int write_differences(struct diff *diff)
{
	const struct compare_counts *counts = &diff->counts;
	struct context *context = diff->context;
	char title[PRICE_TITLE_BYTES];
	int r;

	price_title(diff->books[0], diff->words[0], title);
	printer_wrapf(&context->printer, 0, "Before: %s", title);
	price_title(diff->books[1], diff->words[1], title);
	printer_wrapf(&context->printer, 0, "After:  %s", title);
	if (!diff->differ) {
		buf_add_cstr(&context->out, "Both charge the same.\n");
		return 0;
	}
	printer_wrapf(&context->printer, 0,
	              "Models: %zu added, %zu removed, %zu repriced, %zu with other aliases alone; "
	              "%zu account%s with other agreements.",
	              counts->added, counts->removed, counts->repriced, counts->renamed,
	              counts->accounts, text_plural((int64_t)counts->accounts));
	r = write_list(diff, "Models added", list_model, COMPARE_ADDED);
	if (r == 0)
		r = write_list(diff, "Models removed", list_model, COMPARE_REMOVED);
	if (r == 0)
		r = write_list(diff, "Aliases added", list_alias, COMPARE_ADDED);
	if (r == 0)
		r = write_list(diff, "Aliases removed", list_alias, COMPARE_REMOVED);
	if (r == 0)
		r = compare_books(diff->books[0], diff->books[1], group_difference, diff);
	if (r == 0)
		write_group(diff);
	return r;
}

/* ---- traffic ---- */

enum {
	TRAFFIC_MODEL,
	TRAFFIC_EVENTS,
	TRAFFIC_BEFORE,
	TRAFFIC_AFTER,
	TRAFFIC_DIFFERENCE,
	TRAFFIC_PERCENT,
	TRAFFIC_UNPRICED,
	TRAFFIC_NEW,
	TRAFFIC_WAITING,
	TRAFFIC_PARTED,
	TRAFFIC_RANGE,
};

static void set_sums(struct table *table, size_t row, const struct impact_sums *sums)
{
	struct money before = sums->before[IMPACT_RATED], after = sums->after[IMPACT_RATED];
	struct money difference;

	table_set_count(table, row, TRAFFIC_EVENTS, sums->events[IMPACT_RATED]);
	price_set_amount(table, row, TRAFFIC_BEFORE, before);
	price_set_amount(table, row, TRAFFIC_AFTER, after);
	if (money_total_add(after, (struct money){ -before.attos }, &difference) == 0)
		price_set_amount(table, row, TRAFFIC_DIFFERENCE, difference);
	else
		table->error = -FAULT_RANGE;
	price_set_percent(table, row, TRAFFIC_PERCENT, before.attos, after.attos);
	table_set_count(table, row, TRAFFIC_UNPRICED, sums->events[IMPACT_LOST]);
	table_set_count(table, row, TRAFFIC_NEW, sums->events[IMPACT_GAINED]);
	table_set_count(table, row, TRAFFIC_WAITING, sums->events[IMPACT_WAITING]);
	table_set_count(table, row, TRAFFIC_PARTED, sums->events[IMPACT_PARTED]);
	table_set_count(table, row, TRAFFIC_RANGE, sums->events[IMPACT_RANGE]);
}

static int traffic_table(struct diff *diff, struct table *table, bool people)
{
	table_column(table, "model", "Model", TABLE_TEXT, false);
	table_column(table, "events", "Events", TABLE_COUNT, false);
	table_column(table, "before", "Before", TABLE_AMOUNT, false);
	table_column(table, "after", "After", TABLE_AMOUNT, false);
	table_column(table, "difference", "Difference", TABLE_AMOUNT, false);
	table_column(table, "percent", "%", TABLE_AMOUNT, false);
	table_column(table, "unpriced", "", TABLE_COUNT, false);
	table_column(table, "newly_priced", "", TABLE_COUNT, false);
	table_column(table, "waiting", "", TABLE_COUNT, false);
	table_column(table, "parted", "", TABLE_COUNT, false);
	table_column(table, "out_of_range", "", TABLE_COUNT, false);
	/* People read them below the table. */
	for (size_t i = TRAFFIC_UNPRICED; i <= TRAFFIC_RANGE; i++)
		table->columns[i].hidden = true;
	for (size_t i = 0; i < diff->impact.count; i++) {
		size_t row;

		if (people && diff->impact.rows[i].sums.events[IMPACT_RATED] == 0)
			continue;
		row = table_row(table);
		table_set(table, row, TRAFFIC_MODEL, diff->impact.rows[i].model);
		set_sums(table, row, &diff->impact.rows[i].sums);
	}
	set_sums(table, TABLE_TOTAL, &diff->impact.total);
	return table->error;
}

/* "a, b, c and 4 more": the models with events of a kind. */
static void add_models(struct diff *diff, enum impact_kind kind)
{
	enum { NAMED = 5 };
	size_t count = 0;

	buf_clear(&diff->names);
	for (size_t i = 0; i < diff->impact.count; i++) {
		if (diff->impact.rows[i].sums.events[kind] == 0)
			continue;
		if (count++ < NAMED)
			buf_addf(&diff->names, "%s%.*s", count > 1 ? ", " : "",
			         TEXT_ARGS(diff->impact.rows[i].model));
	}
	if (count > NAMED)
		buf_addf(&diff->names, " and %zu more", count - NAMED);
}

static int write_rest(struct diff *diff)
{
	static const char *const notes[IMPACT_KINDS] = {
		[IMPACT_LOST] = "unpriced, a rate before and none after",
		[IMPACT_GAINED] = "newly priced, a rate after and none before",
		[IMPACT_WAITING] = "never priced, no rate in either",
		[IMPACT_PARTED] = "not rated, sums of several requests with a threshold of a price "
				  "between them",
		[IMPACT_RANGE] = "not rated, a charge larger than an amount can be",
	};
	const struct printer *printer = &diff->context->printer;

	for (int kind = IMPACT_LOST; kind < IMPACT_KINDS; kind++) {
		int64_t events = diff->impact.total.events[kind];

		if (events == 0)
			continue;
		add_models(diff, (enum impact_kind)kind);
		printer_wrapf(printer, 0, "%lld event%s %s: %.*s", (long long)events,
		              text_plural(events), notes[kind], TEXT_ARGS(buf_text(&diff->names)));
	}
	printer_wrapf(printer, 0,
	              "Events with both amounts; per cent of the one before, half away from zero.");
	return diff->names.error;
}

static int write_traffic(struct diff *diff)
{
	struct context *context = diff->context;
	struct table table = { .rows = NULL };
	char times[RANGE_TEXT_BYTES];
	int r = traffic_table(diff, &table, true);

	range_text(diff->from_ms, diff->to_ms, times);
	buf_add(&context->out, "\n", 1);
	printer_wrapf(&context->printer, 0, "The traffic of %s under both%s", times,
	              diff->impact.count == 0 ? ": none is stored." : ":");
	if (r == 0 && diff->impact.count > 0) {
		command_table(context, &table);
		buf_add(&context->out, "\n", 1);
		r = write_rest(diff);
	}
	table_release(&table);
	return r;
}

/* ---- the command ---- */

static int write_json(struct diff *diff)
{
	const struct compare_counts *counts = &diff->counts;
	struct buf *out = &diff->context->out;
	struct table table = { .rows = NULL };
	char from[MOMENT_TEXT_BYTES], to[MOMENT_TEXT_BYTES];
	int r = 0;

	buf_addf(out, "{\"equal\":%s", diff->differ ? "false" : "true");
	price_book_member(out, "before", diff->books[0]);
	price_book_member(out, "after", diff->books[1]);
	buf_addf(out,
	         ",\"models\":{\"added\":%zu,\"removed\":%zu,\"repriced\":%zu,\"renamed\":%zu},"
	         "\"accounts\":%zu,",
	         counts->added, counts->removed, counts->repriced, counts->renamed,
	         counts->accounts);
	export_json_members(out, &diff->table);
	buf_add_cstr(out, ",\"traffic\":");
	if (diff->traffic) {
		r = traffic_table(diff, &table, false);
		moment_text(diff->from_ms, from);
		moment_text(diff->to_ms, to);
		buf_addf(out, "{\"from\":\"%s\",\"to\":\"%s\",", from, to);
		export_json_members(out, &table);
		buf_add_cstr(out, "}");
	} else {
		buf_add_cstr(out, "null");
	}
	buf_add_cstr(out, "}\n");
	table_release(&table);
	return r;
}

static int count(struct diff *diff)
{
	struct compare_counts *counts = &diff->counts;
	int r = compare_count(diff->books[0], diff->books[1], counts);

	diff->differ = counts->added + counts->removed + counts->repriced + counts->renamed +
	                       counts->accounts >
	               0;
	return r;
}

static int write(struct diff *diff)
{
	bool people = diff->context->form == FORM_TABLE;
	int r;

	start_table(&diff->table, people);
	if (people) {
		r = write_differences(diff);
		return r == 0 && diff->traffic ? write_traffic(diff) : r;
	}
	r = compare_books(diff->books[0], diff->books[1], add_difference, diff);
	if (r < 0)
		return r;
	if (diff->context->form == FORM_JSON)
		return write_json(diff);
	command_table(diff->context, &diff->table);
	return 0;
}

static enum exit_code check(struct context *context)
{
	int64_t from_ms, to_ms;

	if (context->options.word_count != 1 && context->options.word_count != 2)
		return command_misused(context,
		                       "price diff takes two books, or one against the one "
		                       "in force: files, or hashes");
	return range_read_month(context, &from_ms, &to_ms) < 0 ? EXIT_USAGE : EXIT_DONE;
}

/* A ledger that nothing needs may be missing: then there is no traffic. */
static int open_ledger(struct diff *diff)
{
	struct context *context = diff->context;
	const struct options *given = &context->options;
	bool needed = diff->words[0] == NULL || pricebook_is_hash(diff->words[0]) ||
	              pricebook_is_hash(diff->words[1]) || options_value(given, "from") != NULL ||
	              options_value(given, "ledger") != NULL;
	int r = ledger_open_reader(&diff->context->ledger, context->ledger_path, &context->fault);

	if (r == 0 || needed)
		return r;
	if (r != -FAULT_NOT_FOUND)
		command_say("no traffic is rated: %s", context->fault.text);
	context->fault = (struct fault){ .code = FAULT_NONE };
	return 0;
}

static int rate_traffic(struct diff *diff)
{
	struct price_walk walk;
	int r;

	/* CSV has one table, the differences; and where there are none there is nothing to rate. */
	if (diff->context->ledger == NULL || !diff->differ || diff->context->form == FORM_CSV)
		return 0;
	price_walk_start(&walk, diff->from_ms, diff->to_ms, false);
	r = impact_of_books(diff->context->ledger, diff->books[0], diff->books[1], &walk.range,
	                    &diff->impact, &diff->context->fault);
	progress_end(&walk.progress);
	diff->traffic = r == 0;
	if (r == 0)
		impact_sort(&diff->impact);
	return r;
}

static enum exit_code run(struct context *context)
{
	const char **words = context->options.words;
	bool two = context->options.word_count == 2;
	struct diff diff = { .context = context,
		             .words = { two ? words[0] : NULL, two ? words[1] : words[0] } };
	int r;

	if (range_read_month(context, &diff.from_ms, &diff.to_ms) < 0)
		return EXIT_USAGE;
	r = open_ledger(&diff);
	for (size_t i = 0; r == 0 && i < 2; i++)
		r = pricebook_open(context, diff.words[i], &diff.books[i]);
	if (r == 0)
		r = price_same_currency(context, diff.books[0], diff.books[1]);
	if (r == 0)
		r = count(&diff);
	if (r == 0)
		r = rate_traffic(&diff);
	if (r == 0)
		r = write(&diff);
	table_release(&diff.table);
	buf_release(&diff.names);
	impact_release(&diff.impact);
	book_free(diff.books[0]);
	book_free(diff.books[1]);
	if (r < 0)
		return command_failed(context, r);
	return diff.differ ? EXIT_DIFFERENCE : EXIT_DONE;
}

const struct command price_diff = {
	.name = "diff",
	.summary = "What two price books charge differently, and what that means for traffic",
	.synopsis = "price diff [A] B [--from TIME] [--to TIME]",
	.details =
		"A and B are files, or hashes of applied books; without A it is the sell book in "
		"force.  With a ledger the traffic of the range (the last whole month, UTC, "
		"without one) is rated under both, by model, the largest difference first.  "
		"Exit code 1 where they differ.  CSV has the differences alone, JSON the traffic "
		"too.",
	.needs = NEEDS_LEDGER_PATH,
	.csv = true,
	.json = true,
	.options = options,
	.check = check,
	.run = run,
};
