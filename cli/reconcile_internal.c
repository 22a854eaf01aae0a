/* What one ledger says in several ways, side by side. */
#include "bill/ties.h"

#include <stdio.h>

#include "cli/progress.h"
#include "cli/range.h"
#include "cli/reconcile.h"
#include "export/export.h"

enum {
	COLUMN_TIE,
	COLUMN_WHAT,
	COLUMN_ONE,
	COLUMN_OTHER,
	COLUMN_DIFFERENCE,
	COLUMN_STATE,
	COLUMN_ONE_SIDE,
	COLUMN_OTHER_SIDE,
	COLUMN_WORDS,
};

static const struct {
	const char *key, *title;
	enum table_type type;
	bool hidden;
} columns[] = {
	[COLUMN_TIE] = { "tie", "Tie", TABLE_TEXT, false },
	[COLUMN_WHAT] = { "what", "What", TABLE_TEXT, false },
	[COLUMN_ONE] = { "one", "One side", TABLE_AMOUNT, false },
	[COLUMN_OTHER] = { "other", "Other side", TABLE_AMOUNT, false },
	[COLUMN_DIFFERENCE] = { "difference", "Differs by", TABLE_AMOUNT, false },
	[COLUMN_STATE] = { "state", "State", TABLE_TEXT, false },
	[COLUMN_ONE_SIDE] = { "one_side", "One", TABLE_TEXT, true },
	[COLUMN_OTHER_SIDE] = { "other_side", "Other", TABLE_TEXT, true },
	[COLUMN_WORDS] = { "words", "Words", TABLE_TEXT, true },
};

struct internal {
	struct context *context;
	struct table table;
	struct progress progress;
	struct buf words;            /* for people: what is refused or not there */
	int64_t compared[TIE_COUNT]; /* measures */
};

static void set_number(struct table *table, size_t row, size_t column, const struct tie *tie,
                       wide number)
{
	char text[MONEY_TEXT_BYTES];

	if (tie->is_amount)
		money_text((struct money){ number }, text);
	else
		snprintf(text, sizeof(text), "%lld", (long long)number);
	table_set(table, row, column, text_of(text));
}

/* For people: the first and the amounts of each tie, where there are some, and what differs. */
static bool is_shown(const struct internal *internal, const struct tie *tie)
{
	if (internal->context->form != FORM_TABLE || tie->state != TIE_EQUAL)
		return true;
	return internal->compared[tie->kind] == 1 || tie->kind == TIE_CLOSED ||
	       (tie->is_amount && tie->one != 0);
}

static int on_tie(void *user, const struct tie *tie)
{
	struct internal *internal = user;
	struct table *table = &internal->table;
	size_t row;

	internal->compared[tie->kind]++;
	if (tie->words != NULL)
		buf_addf(&internal->words, "%s: %s.\n", tie_name(tie->kind), tie->words);
	if (!is_shown(internal, tie))
		return 0;
	row = table_row(table);
	table_set(table, row, COLUMN_TIE, text_of(tie_name(tie->kind)));
	table_set(table, row, COLUMN_WHAT, text_of(tie->what));
	table_set(table, row, COLUMN_STATE, text_of(tie_state_name(tie->state)));
	table_set(table, row, COLUMN_ONE_SIDE, text_of(tie_one(tie->kind)));
	table_set(table, row, COLUMN_OTHER_SIDE, text_of(tie_other(tie->kind)));
	table_set(table, row, COLUMN_WORDS, text_of(tie->words));
	if (tie->words == NULL) {
		set_number(table, row, COLUMN_ONE, tie, tie->one);
		set_number(table, row, COLUMN_OTHER, tie, tie->other);
		set_number(table, row, COLUMN_DIFFERENCE, tie, tie->other - tie->one);
	}
	return table->error;
}

static void on_progress(void *user, int64_t events)
{
	struct internal *internal = user;

	progress_at(&internal->progress, events, 0, 0);
}

static void write_people(struct internal *internal, bool differs)
{
	struct context *context = internal->context;
	struct text rest = buf_text(&internal->words), line;

	printer_table(&context->printer, &internal->table);
	buf_add(&context->out, "\n", 1);
	while (text_cut(&rest, '\n', &line)) {
		if (line.len > 0)
			printer_wrap(&context->printer, 0, line);
	}
	printer_wrapf(&context->printer, 0,
	              "Each of the first four compares requests, errors, every component, amount "
	              "and cost; those that are equal and not shown are in --json and --csv.");
	buf_add_cstr(&context->out, differs ? "DIFFERENCES.\n" : "No difference.\n");
}

static void write_json(struct context *context, const struct table *table, bool differs)
{
	buf_add(&context->out, "{", 1);
	export_json_members(&context->out, table);
	buf_addf(&context->out, ",\"ok\":%s}\n", differs ? "false" : "true");
}

enum exit_code reconcile_internal(struct context *context)
{
	struct internal internal = { .context = context };
	struct ties_query query = { .on_progress = on_progress, .progress = &internal };
	bool differs = false;
	int r = range_read(context, &query.from_ms, &query.to_ms);

	for (size_t c = 0; c < sizeof(columns) / sizeof(columns[0]); c++) {
		table_column(&internal.table, columns[c].key, columns[c].title, columns[c].type,
		             false);
		internal.table.columns[c].hidden = columns[c].hidden;
	}
	progress_start(&internal.progress, "events added up");
	if (r == 0)
		r = ties_check(context->ledger, &query, on_tie, &internal, &differs,
		               &context->fault);
	progress_end(&internal.progress);
	if (r == 0 && (internal.table.error != 0 || internal.words.error != 0))
		r = fault_set(&context->fault, FAULT_NOMEM, "the ties: out of memory");
	if (r == 0 && context->form == FORM_JSON)
		write_json(context, &internal.table, differs);
	else if (r == 0 && context->form == FORM_CSV)
		export_csv(&context->out, &internal.table);
	else if (r == 0)
		write_people(&internal, differs);
	table_release(&internal.table);
	buf_release(&internal.words);
	if (r == -FAULT_INVALID)
		return EXIT_USAGE;
	if (r < 0)
		return command_failed(context, r);
	return differs ? EXIT_DIFFERENCE : EXIT_DONE;
}
