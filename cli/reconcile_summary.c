/* A reconciliation in one screen: totals, causes, what to do, where the rest is. */
#include <stdio.h>

#include "cli/range.h"
#include "cli/reconcile.h"
#include "statement/format.h"

enum {
	SCREEN_LINES = 23, /* of 24: the prompt takes one */
	SUGGESTIONS_SHOWN = 1,
	WARNINGS_SHOWN = 2,
	CAUSES_SHOWN_MIN = 3,
	TABLE_LINES = 5,  /* a table without its rows, with its total and a blank line */
	NAMES_SHOWN = 3,  /* statements */
	STORED_LINES = 1, /* what is said once it is stored */
	MEANINGS_MAX = 3, /* so many causes are told with what they mean: it takes two lines */
};

static void set_money(struct table *table, size_t row, size_t column, struct money amount,
                      bool is_difference)
{
	char text[MONEY_TEXT_BYTES + 1];

	text[0] = '+';
	money_text(amount, text + 1);
	table_set(table, row, column, text_of(is_difference && amount.attos > 0 ? text : text + 1));
}

static size_t add_row(struct table *table, const char *side, struct money amount,
                      bool is_difference)
{
	size_t row = table_row(table);

	table_set(table, row, 0, text_of(side));
	set_money(table, row, 3, amount, is_difference);
	return row;
}

/* What toll report says too, as it says it. */
static void write_ours(struct context *context, const struct bill_result *result)
{
	char events[MONEY_TEXT_BYTES], adjusted[MONEY_TEXT_BYTES], corrected[MONEY_TEXT_BYTES];

	if (result->ours_adjustments.attos == 0 && result->ours_corrections.attos == 0)
		return;
	money_text(result->ours_events, events);
	money_text(result->ours_adjustments, adjusted);
	money_text(result->ours_corrections, corrected);
	printer_wrapf(&context->printer, 0, "Ours: events %s, adjustments %s, corrections %s",
	              events, adjusted, corrected);
}

/* What is on the statement, and cannot be added to the rest of it. */
static void write_others(struct context *context, const struct reconciled *reconciled)
{
	struct buf others = { .at = NULL };

	bill_result_other_currencies(&reconciled->result, reconciled->statements, reconciled->count,
	                             &others);
	if (others.len > 0)
		printer_wrapf(&context->printer, 0, "Theirs: and %.*s, which is not in the total",
		              TEXT_ARGS(buf_text(&others)));
	if (others.error != 0)
		context->out.error = others.error;
	buf_release(&others);
}

static void write_totals(struct context *context, const struct reconciled *reconciled)
{
	const struct bill_result *result = &reconciled->result;
	struct table table = { .rows = NULL };
	size_t row;

	table_column(&table, "side", "Side", TABLE_TEXT, false);
	table_column(&table, "requests", "Requests", TABLE_COUNT, false);
	table_column(&table, "rows", "Rows", TABLE_COUNT, false);
	table_column(&table, "amount", result->currency, TABLE_AMOUNT, false);
	row = add_row(&table, "Ours, the ledger", result->ours.amount, false);
	table_set_count(&table, row, 1, result->ours.requests);
	table_set_count(&table, row, 2, result->ours.rows);
	row = add_row(&table,
	              result->priced_here ? "Theirs, at our prices" : "Theirs, the statement",
	              result->theirs.amount, false);
	if (result->theirs.requests != STATEMENT_UNTOLD)
		table_set_count(&table, row, 1, result->theirs.requests);
	table_set_count(&table, row, 2, result->theirs.rows);
	add_row(&table, "Difference", bill_result_difference(result), true);
	printer_table(&context->printer, &table);
	write_ours(context, result);
	write_others(context, reconciled);
	if (table.error != 0)
		context->out.error = table.error;
	table_release(&table);
}

/* ---- causes ---- */

static int count_causes(const struct bill_result *result)
{
	int count = 0;

	for (int c = 0; c < CAUSE_COUNT; c++)
		count += result->causes[c].differences > 0;
	return count;
}

/* Those that are shown are the largest without their signs, in the order of the reports. */
static void choose_causes(const struct bill_result *result, int most, bool chosen_out[CAUSE_COUNT])
{
	for (int c = 0; c < CAUSE_COUNT; c++)
		chosen_out[c] = false;
	for (int n = 0; n < most; n++) {
		int largest = -1;

		for (int c = 0; c < CAUSE_COUNT; c++) {
			if (result->causes[c].differences == 0 || chosen_out[c])
				continue;
			if (largest < 0 || money_compare(result->causes[c].absolute,
			                                 result->causes[largest].absolute) > 0)
				largest = c;
		}
		if (largest >= 0)
			chosen_out[largest] = true;
	}
}

static void add_cause(struct table *table, const char *name, const char *meaning,
                      int64_t differences, struct money amount)
{
	size_t row = table_row(table);

	table_set(table, row, 0, text_of(name));
	table_set_count(table, row, 1, differences);
	set_money(table, row, 2, amount, true);
	table_set(table, row, 3, text_of(meaning));
}

/* At most `most` rows; the last one is then of all others, so that they add up. */
static void write_causes(struct context *context, const struct bill_result *result, int most)
{
	int count = count_causes(result), others = 0;
	bool chosen[CAUSE_COUNT];
	struct money amount = { 0 };
	struct table table = { .rows = NULL };
	int64_t differences = 0;
	char name[32];

	choose_causes(result, count <= most ? count : most - 1, chosen);
	table_column(&table, "cause", "Cause", TABLE_TEXT, false);
	table_column(&table, "differences", "Differences", TABLE_COUNT, false);
	table_column(&table, "amount", "Amount", TABLE_AMOUNT, false);
	table_column(&table, "meaning", "What it is", TABLE_TEXT, false);
	table.columns[3].hidden = most < CAUSE_COUNT && count > MEANINGS_MAX;
	for (int c = 0; c < CAUSE_COUNT; c++) {
		const struct bill_cause_sum *sum = &result->causes[c];
		enum bill_cause cause = (enum bill_cause)c;

		if (chosen[c]) {
			add_cause(&table, bill_cause_name(cause),
			          sum->tolerated ? "within its tolerance" : bill_cause_text(cause),
			          sum->differences, sum->amount);
		} else if (sum->differences > 0) {
			others++;
			differences += sum->differences;
			amount.attos += sum->amount.attos;
		}
	}
	snprintf(name, sizeof(name), "%d others", others);
	if (others > 0)
		add_cause(&table, name, "", differences, amount);
	table_set(&table, TABLE_TOTAL, 0, text_of("all"));
	table_set_count(&table, TABLE_TOTAL, 1, result->differences);
	set_money(&table, TABLE_TOTAL, 2, bill_result_difference(result), true);
	buf_add(&context->out, "\n", 1);
	printer_table(&context->printer, &table);
	if (table.error != 0)
		context->out.error = table.error;
	table_release(&table);
}

/* ---- what stands below ---- */

struct below {
	struct context *context;
	struct printer printer; /* into `text` */
	struct buf text;
};

struct suggesting {
	const struct printer *printer;
	int64_t count;
};

static int on_suggestion(void *user, const struct bill_suggestion *suggestion)
{
	struct suggesting *suggesting = user;
	char amount[MONEY_TEXT_BYTES];

	if (suggesting->count++ >= SUGGESTIONS_SHOWN)
		return 0;
	money_text(suggestion->amount, amount);
	printer_wrapf(suggesting->printer, 0, "To agree: %.*s%s%s (%lld of them, %s)",
	              TEXT_ARGS(suggestion->model), suggestion->model.at != NULL ? ": " : "",
	              suggestion->text, (long long)suggestion->pairs, amount);
	return 0;
}

static void write_suggestions(struct below *below, const struct bill_result *result)
{
	struct suggesting suggesting = { &below->printer, 0 };
	struct fault ignored;

	/* They were all told once, for the JSON. */
	if (result->suggestions == NULL ||
	    bill_each_suggestion(result->suggestions, on_suggestion, &suggesting, &ignored) < 0)
		return;
	if (suggesting.count > SUGGESTIONS_SHOWN)
		printer_wrapf(&below->printer, 0,
		              "and %lld more such, with their lines of the book: --json, --html",
		              (long long)(suggesting.count - SUGGESTIONS_SHOWN));
}

/* A line each on a screen; the whole of all of them where there is none. */
static void write_note(struct below *below, struct text note)
{
	struct buf line = { .at = NULL };

	buf_addf(&line, "Note: %.*s", TEXT_ARGS(note));
	if (below->printer.width == PRINTER_ANY_WIDTH ||
	    printer_width(buf_text(&line)) <= below->printer.width) {
		printer_wrap(&below->printer, 0, buf_text(&line));
	} else {
		printer_cell(&below->text, buf_text(&line), below->printer.width);
		buf_add(&below->text, "\n", 1);
	}
	if (line.error != 0)
		below->text.error = line.error;
	buf_release(&line);
}

/* How many are not shown. */
static int64_t write_warnings(struct below *below, const struct reconciled *reconciled)
{
	struct buf lines = { .at = NULL };
	int64_t most = below->printer.width == PRINTER_ANY_WIDTH ? INT64_MAX : WARNINGS_SHOWN;
	struct text rest, line;
	int64_t count = 0;

	bill_result_warnings(&reconciled->result, reconciled->statements, reconciled->count,
	                     &lines);
	rest = buf_text(&lines);
	while (text_cut(&rest, '\n', &line)) {
		if (line.len > 0 && count++ < most)
			write_note(below, line);
	}
	if (lines.error != 0)
		below->text.error = lines.error;
	buf_release(&lines);
	return count > most ? count - most : 0;
}

/* A statement of counts can say nothing of what is due, and that is part of the verdict. */
static void write_words(struct below *below, const struct bill_result *result)
{
	const char *of = result->priced_here ? " Of counts: the statement has no amounts." : "";
	char left[MONEY_TEXT_BYTES];

	money_text(result->left, left);
	if (result->differences == 0 && !result->priced_here && result->cut > 0)
		printer_wrapf(&below->printer, 0,
		              "No difference to the 18th decimal: %lld amount%s of the statement "
		              "%s more, and %s cut there.",
		              (long long)result->cut, text_plural(result->cut),
		              result->cut == 1 ? "has" : "have", result->cut == 1 ? "was" : "were");
	else if (result->differences == 0)
		printer_wrapf(&below->printer, 0, "%s",
		              result->priced_here
		                      ? "No difference in the counts; the statement has no amounts."
		                      : "No difference, to the last digit.");
	else if (result->equal_within)
		printer_wrapf(&below->printer, 0,
		              "Equal within the tolerances: these leave %s in %lld difference%s.%s",
		              left, (long long)result->left_count,
		              result->left_count == 1 ? "" : "s", of);
	else
		printer_wrapf(&below->printer, 0,
		              "DIFFERENCES: %lld, %s when each counts without its sign.%s",
		              (long long)result->left_count, left, of);
}

static void write_verdict(struct below *below, const struct reconciled *reconciled,
                          int64_t more_notes)
{
	const struct bill_result *result = &reconciled->result;
	const char *page = options_value(&below->context->options, "html");
	struct buf where = { .at = NULL };

	write_words(below, result);
	if (result->differences > 0)
		buf_addf(&where, "Rows: --csv. %s", page == NULL ? "Page: --html FILE. " : "");
	if (page != NULL)
		buf_addf(&where, "The page: %s. ", page);
	if (more_notes > 0)
		buf_addf(&where, "%lld more note%s: --json", (long long)more_notes,
		         more_notes == 1 ? "" : "s");
	if (where.len > 0)
		printer_wrap(&below->printer, 0, buf_text(&where));
	if (where.error != 0)
		below->text.error = where.error;
	buf_release(&where);
}

static void write_heading(struct context *context, const struct reconciled *reconciled)
{
	const struct bill_result *result = &reconciled->result;
	struct buf line = { .at = NULL };
	char range[RANGE_TEXT_BYTES];

	for (size_t i = 0; i < reconciled->count && i < NAMES_SHOWN; i++) {
		const struct statement_format *format = reconciled->summaries[i].format;

		buf_addf(&line, "%s%s (%s)", i > 0 ? ", " : "", reconciled->statements[i].name,
		         format != NULL ? format->name : "by a mapping");
	}
	if (reconciled->count > NAMES_SHOWN)
		buf_addf(&line, " and %zu more", reconciled->count - NAMES_SHOWN);
	range_text(result->from_ms, result->to_ms, range);
	buf_addf(&line, ", %s, by %s", range, bill_match_name(result->match));
	printer_wrap(&context->printer, 0, buf_text(&line));
	if (line.error != 0)
		context->out.error = line.error;
	buf_release(&line);
}

static int count_lines(const struct buf *text)
{
	int lines = 0;

	for (size_t i = 0; i < text->len; i++)
		lines += text->at[i] == '\n';
	return lines;
}

void reconcile_summary(struct context *context, const struct reconciled *reconciled, bool stores)
{
	const struct bill_result *result = &reconciled->result;
	struct below below = { .context = context, .printer = context->printer };
	int most = CAUSE_COUNT;

	below.printer.out = &below.text;
	write_suggestions(&below, result);
	write_verdict(&below, reconciled, write_warnings(&below, reconciled));
	write_heading(context, reconciled);
	write_totals(context, reconciled);
	if (context->printer.width != PRINTER_ANY_WIDTH) {
		most = SCREEN_LINES - TABLE_LINES - count_lines(&context->out) -
		       count_lines(&below.text) - 1 - (stores ? STORED_LINES : 0);
		most = most < CAUSES_SHOWN_MIN ? CAUSES_SHOWN_MIN : most;
	}
	if (result->differences > 0)
		write_causes(context, result, most);
	buf_add(&context->out, "\n", 1);
	buf_add_text(&context->out, buf_text(&below.text));
	if (below.text.error != 0)
		context->out.error = below.text.error;
	buf_release(&below.text);
}
