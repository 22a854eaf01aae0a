/* What all matchers do with what they found. */
#include "bill/run.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "ledger/store.h"

enum { MODELS_MIN = 64, MODELS_MAX = 1 << 16, NOTE_BYTES = 512 };

struct bill_model_name {
	struct text written, name;
};

int bill_no_memory(struct bill_run *run)
{
	return fault_set(run->fault, FAULT_NOMEM, "reconcile: out of memory");
}

void bill_note(struct bill_run *run, const char *format, ...)
{
	char line[NOTE_BYTES];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	/* One that was cut says what it can. */
	if (len >= (int)sizeof(line))
		len = (int)sizeof(line) - 1;
	text_make_plain(line, (size_t)len);
	buf_addf(&run->result->notes, "%s\n", line);
}

bool bill_inside(const struct bill_run *run, const struct statement_row *row)
{
	return !statement_timed(row) || (row->from_ms >= run->from_ms && row->from_ms < run->to_ms);
}

bool bill_current(const struct bill_run *run, const struct statement_row *row)
{
	return row->currency[0] == '\0' || strcmp(row->currency, run->terms.currency) == 0;
}

/* ---- names of models ---- */

static size_t model_slot(const struct bill_models *models, struct text written)
{
	size_t slot = hash64(written.at, written.len, 0) & (models->slots - 1);

	while (models->names[slot].written.at != NULL &&
	       !text_equal(models->names[slot].written, written))
		slot = (slot + 1) & (models->slots - 1);
	return slot;
}

static int grow_models(struct bill_models *models)
{
	struct bill_models old = *models;
	size_t slots = old.slots > 0 ? 2 * old.slots : MODELS_MIN;
	struct bill_model_name *names = calloc(slots, sizeof(*names));

	if (names == NULL)
		return -FAULT_NOMEM;
	models->names = names;
	models->slots = slots;
	for (size_t i = 0; i < old.slots; i++) {
		if (old.names[i].written.at != NULL)
			names[model_slot(models, old.names[i].written)] = old.names[i];
	}
	free(old.names);
	return 0;
}

int bill_model(struct bill_run *run, struct text written, struct text *out)
{
	struct bill_models *models = &run->models;
	struct bill_model_name name;
	struct book_found found;
	size_t slot;

	*out = written;
	if (written.at == NULL || run->book == NULL)
		return 0;
	if (2 * (models->count + 1) > models->slots && grow_models(models) < 0)
		return bill_no_memory(run);
	slot = model_slot(models, written);
	if (models->names[slot].written.at != NULL) {
		*out = models->names[slot].name;
		return 0;
	}
	found = book_find(run->book, written, INT64_MAX);
	if (found.version != NULL)
		*out = found.version->model;
	/* With so many names a walk through the book for each is what is left. */
	if (models->count >= MODELS_MAX)
		return 0;
	name.written = arena_copy(&models->arena, written);
	if (name.written.at == NULL)
		return bill_no_memory(run);
	name.name = found.version != NULL ? found.version->model : name.written;
	models->names[slot] = name;
	models->count++;
	*out = name.name;
	return 0;
}

void bill_models_release(struct bill_models *models)
{
	free(models->names);
	arena_release(&models->arena);
	*models = (struct bill_models){ .names = NULL };
}

/* ---- rows ---- */

int bill_count_row(struct bill_run *run, const struct statement_row *row)
{
	struct bill_result *result = run->result;

	if (!bill_inside(run, row)) {
		result->outside++;
		return 0;
	}
	run->rows_inside++;
	if (!bill_current(run, row))
		return 0;
	result->theirs.rows++;
	run->amountless += row->charge == STATEMENT_USAGE &&
	                   !statement_has(row, STATEMENT_MONEY_AMOUNT);
	if (money_total_add(run->theirs, statement_amount(row), &run->theirs) < 0)
		return fault_set(run->fault, FAULT_RANGE,
		                 "record %lld of the statement: the total with it is no amount",
		                 (long long)row->record);
	if (!bill_row_plain(row)) {
		/* Lines of one request do not tell how many requests they are of. */
		if (row->charge == STATEMENT_USAGE)
			result->theirs.requests = STATEMENT_UNTOLD;
		return 0;
	}
	if (row->requests == STATEMENT_UNTOLD || result->theirs.requests == STATEMENT_UNTOLD)
		result->theirs.requests = STATEMENT_UNTOLD;
	else if (__builtin_add_overflow(result->theirs.requests, row->requests,
	                                &result->theirs.requests))
		return fault_set(run->fault, FAULT_RANGE, "the requests of the statement");
	return 0;
}

int bill_row_in(struct bill_run *run, const struct statement_row *row)
{
	struct bill_result *result = run->result;
	struct money less = { -statement_amount(row).attos };

	run->rows_in++;
	result->left_out--;
	if (bill_current(run, row) &&
	    money_total_add(result->left_out_amount, less, &result->left_out_amount) < 0)
		return fault_set(run->fault, FAULT_RANGE, "the rows of others are no amount");
	return bill_count_row(run, row);
}

void bill_count_nothing(struct bill_run *run)
{
	run->theirs = (struct money){ 0 };
	run->rows_inside = run->amountless = 0;
	run->result->outside = 0;
	run->result->theirs.requests = run->result->theirs.rows = 0;
}

void bill_joined(struct bill_run *run)
{
	struct bill_result *result = run->result;

	run->amountless--;
	if (result->theirs.requests != STATEMENT_UNTOLD)
		result->theirs.requests--;
}

int bill_row_wanted(struct bill_run *run, const struct statement_row *row)
{
	const struct text names[BILL_NAMES] = { row->account, row->key, row->model };
	int r = 0;

	for (int n = 0; n < BILL_NAMES; n++) {
		struct text name = names[n], only = run->only[n];

		if (only.at == NULL || name.at == NULL)
			continue;
		if (n == BILL_MODEL)
			r = bill_model(run, names[n], &name);
		if (r == 0 && n == BILL_MODEL)
			r = bill_model(run, run->only[n], &only);
		if (r < 0 || !text_equal(name, only))
			return r;
	}
	return 1;
}

struct wanted {
	struct bill_run *run;
	int (*each)(void *context, const struct statement_row *row, int64_t place);
	void *context;
};

static int each_wanted(void *context, const struct statement_row *row, int64_t place)
{
	const struct wanted *wanted = context;
	int r = bill_row_wanted(wanted->run, row);

	return r == 1 ? wanted->each(wanted->context, row, place) : r;
}

int bill_each_row(struct bill_run *run,
                  int (*each)(void *context, const struct statement_row *row, int64_t place),
                  void *context)
{
	struct wanted wanted = { run, each, context };
	bool all = true;

	for (int n = 0; n < BILL_NAMES; n++)
		all = all && run->only[n].at == NULL;
	return all ? statement_spool_each(run->spool, each, context, run->fault)
	           : statement_spool_each(run->spool, each_wanted, &wanted, run->fault);
}

/* ---- pairs ---- */

static enum bill_cause unless_foreign(const struct bill_run *run,
                                      const struct statement_row *theirs, enum bill_cause known)
{
	return bill_current(run, theirs) ? known : CAUSE_CURRENCY;
}

static int pair_theirs(struct bill_run *run, const struct statement_row *theirs,
                       enum bill_cause known, int64_t of_record, const char *why)
{
	const struct bill_pair pair = {
		.theirs = theirs,
		.known = unless_foreign(run, theirs, known),
		.theirs_counts = bill_current(run, theirs),
		.of_record = of_record,
		.why = why,
	};

	return bill_inside(run, theirs) ? bill_tally_pair(&run->tally, &pair) : 0;
}

int bill_pair_theirs(struct bill_run *run, const struct statement_row *theirs,
                     enum bill_cause known, int64_t of_record)
{
	return pair_theirs(run, theirs, known, of_record, NULL);
}

int bill_pair_second(struct bill_run *run, const struct statement_row *theirs, int64_t of_record,
                     const char *why)
{
	return pair_theirs(run, theirs, CAUSE_DUPLICATE, of_record, why);
}

/* A day on which nothing was asked: exports have these, too. */
static bool is_of_nothing(const struct statement_row *theirs)
{
	bool counts = theirs->prompt_total > 0 || theirs->answer_total > 0;

	for (int c = 0; c < COMPONENT_COUNT; c++)
		counts = counts || theirs->count[c] != 0;
	return !theirs->request && theirs->requests <= 0 && !counts &&
	       (theirs->requests == 0 || statement_has(theirs, STATEMENT_MONEY_AMOUNT)) &&
	       statement_amount(theirs).attos == 0;
}

int bill_pair_left(struct bill_run *run, const struct statement_row *theirs)
{
	return bill_pair_void(run, theirs, NULL);
}

int bill_pair_void(struct bill_run *run, const struct statement_row *theirs,
                   const struct bill_void *was)
{
	enum bill_cause known = CAUSE_MISSING_HERE;
	char why[BILL_VOID_BYTES];

	if (is_of_nothing(theirs))
		return 0;
	switch (theirs->charge) {
	case STATEMENT_FEE:
	case STATEMENT_PURCHASE:
	case STATEMENT_TAX:
		known = CAUSE_FEE;
		break;
	case STATEMENT_CREDIT:
		known = CAUSE_DISCOUNT;
		break;
	case STATEMENT_ADJUSTMENT:
		known = statement_amount(theirs).attos < 0 ? CAUSE_DISCOUNT : CAUSE_FEE;
		break;
	default:
		break;
	}
	if (was != NULL)
		bill_void_why(was, why);
	return pair_theirs(run, theirs, known, 0, was != NULL ? why : NULL);
}

/* What goes among the largest is told with all that is known of it. */
static int fill_if_kept(struct bill_run *run, struct bill_met *met)
{
	return bill_tally_keeps(&run->tally, met->ours.amount) ? bill_ours_fill(met) : 0;
}

/* Nobody bills it: nothing is missing, and nothing is there twice. */
static bool is_unused(const struct bill_met *met)
{
	return met->ours.amount.attos == 0 && met->price_id == LEDGER_PRICE_NONE;
}

int bill_pair_lonely(struct bill_run *run, struct bill_met *met)
{
	struct bill_pair pair = {
		.ours = &met->ours,
		.known = CAUSE_MISSING_THERE,
		.ours_counts = true,
	};
	int r;

	if (!met->counts || is_unused(met))
		return 0;
	r = fill_if_kept(run, met);
	return r < 0 ? r : bill_tally_pair(&run->tally, &pair);
}

int bill_pair_again(struct bill_run *run, struct bill_met *met, int64_t of_record)
{
	struct bill_pair pair = {
		.ours = &met->ours,
		.known = CAUSE_DUPLICATE,
		.ours_counts = true,
		.of_record = of_record,
	};
	int r;

	if (!met->counts || is_unused(met))
		return 0;
	r = fill_if_kept(run, met);
	return r < 0 ? r : bill_tally_pair(&run->tally, &pair);
}

int bill_pair_both(struct bill_run *run, struct bill_met *met, const struct statement_row *theirs,
                   int64_t rows)
{
	struct bill_pair pair = {
		.ours = &met->ours,
		.theirs = theirs,
		.known = CAUSE_COUNT,
		.ours_counts = met->counts,
		.theirs_counts = bill_inside(run, theirs),
		.their_rows = rows,
	};
	int r;

	if (!pair.ours_counts && !pair.theirs_counts)
		return 0;
	if (!pair.ours_counts || !pair.theirs_counts)
		pair.known = CAUSE_OTHER_PERIOD;
	if (!bill_current(run, theirs)) {
		pair.known = CAUSE_CURRENCY;
		pair.theirs_counts = false;
	}
	r = bill_ours_fill(met);
	return r < 0 ? r : bill_tally_pair(&run->tally, &pair);
}

static int pair_rest(void *context, const struct bill_ours *ours, enum bill_cause cause)
{
	struct bill_run *run = context;
	const struct bill_pair pair = { .ours = ours, .known = cause, .ours_counts = true };

	return bill_tally_pair(&run->tally, &pair);
}

int bill_pair_rest(struct bill_run *run)
{
	return bill_each_rest(&run->walk, pair_rest, run);
}
