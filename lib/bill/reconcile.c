#include "bill/reconcile.h"

#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "bill/plan.h"
#include "ledger/books.h"

static const char *const match_names[MATCH_COUNT] = {
	[MATCH_AUTO] = "auto",   [MATCH_ID] = "id",   [MATCH_FACTS] = "facts",
	[MATCH_HOUR] = "hour",   [MATCH_DAY] = "day", [MATCH_MONTH] = "month",
	[MATCH_WHOLE] = "whole",
};

const char *bill_match_name(enum bill_match match)
{
	return match_names[match];
}

enum bill_match bill_match_find(struct text name)
{
	int match = 0;

	while (match < MATCH_COUNT && !text_is(name, match_names[match]))
		match++;
	return (enum bill_match)match;
}

int bill_at_fault(const char *what, struct fault *fault)
{
	return fault_set(fault, FAULT_INTERNAL,
	                 "%s, which is a fault of toll: nothing is shown; report it", what);
}

void bill_result_release(struct bill_result *result)
{
	bill_suggestions_free(result->suggestions);
	book_free(result->book);
	buf_release(&result->notes);
	arena_release(&result->arena);
	*result = (struct bill_result){ .suggestions = NULL };
}

/* ---- before anything is compared ---- */

struct books {
	struct bill_run *run;
	bool side; /* one was in force on the side that is compared */
};

/* A ledger has one currency: any of its books tells it. */
static int note_book(void *context, const struct book_log_row *row)
{
	struct books *books = context;
	char *currency = books->run->terms.currency;

	text_copy(currency, STATEMENT_CURRENCY_BYTES, row->currency);
	books->side = books->side || row->side == books->run->options->side;
	return 0;
}

static int load_book(struct bill_run *run)
{
	struct bill_result *result = run->result;
	struct applied_book current = { .book = result->book };
	struct books books = { run, false };
	int r = ledger_each_book(run->ledger, note_book, &books, run->fault);

	if (r == 0 && run->options->side == BOOK_COST && !books.side)
		return fault_set(run->fault, FAULT_INVALID,
		                 "the ledger has no cost book, so none of its events has a cost: "
		                 "toll price apply --side cost, or compare what is sold: leave "
		                 "out --cost");
	/* What a walk has learned is of its own. */
	if (r == 0 && current.book == NULL)
		r = ledger_book_current(run->ledger, run->options->side, &current, run->fault);
	if (r < 0)
		return r;
	result->book = current.book;
	run->book = current.book;
	run->terms.book = current.book;
	return 0;
}

static int refuse_period(struct bill_run *run)
{
	struct ledger_status status = { .events = 0 };
	char own[2][MOMENT_TEXT_BYTES], stored[2][MOMENT_TEXT_BYTES];
	int r = ledger_status(run->ledger, &status, run->fault);

	if (r < 0)
		return r;
	moment_text(run->from_ms, own[0]);
	moment_text(run->to_ms, own[1]);
	moment_text(status.first_ms, stored[0]);
	moment_text(status.last_ms, stored[1]);
	if (status.events == 0)
		return fault_set(run->fault, FAULT_INVALID,
		                 "compared is %s to %s, and the ledger is empty", own[0], own[1]);
	return fault_set(run->fault, FAULT_INVALID,
	                 "compared is %s to %s, %s, and of that time the ledger has no event that "
	                 "was asked for; it has some of %s to %s: look whether it is the right "
	                 "statement, ledger, zone and account",
	                 own[0], own[1],
	                 run->options->from_ms == LEDGER_FROM_MIN &&
	                                 run->options->to_ms == LEDGER_TO_MAX
	                         ? "the statement's own period"
	                         : "as was asked for",
	                 stored[0], stored[1]);
}

static int count_ours(struct bill_run *run)
{
	struct bill_result *result = run->result;
	struct bill_ours_total total;
	int r = bill_ours_total(&run->walk, &total);

	if (r < 0)
		return r;
	if (total.met == 0)
		return refuse_period(run);
	result->ours.requests = total.requests;
	result->ours.rows = total.events;
	result->ours.amount = total.amount;
	result->ours_events = total.events_amount;
	result->ours_adjustments = total.adjustments;
	result->ours_corrections = total.corrections;
	result->ours_suspense = total.suspense;
	return 0;
}

int bill_counted(struct bill_run *run)
{
	char from[MOMENT_TEXT_BYTES], to[MOMENT_TEXT_BYTES];

	if (run->rows_inside > 0)
		return 0;
	moment_text(run->from_ms, from);
	moment_text(run->to_ms, to);
	if (run->result->left_out > 0 && run->result->outside == 0)
		return fault_set(run->fault, FAULT_INVALID,
		                 "all rows of the statement that are of %s to %s are of other "
		                 "names than were asked for: leave out --account, --key and "
		                 "--model, or --from and --to",
		                 from, to);
	return fault_set(run->fault, FAULT_INVALID,
	                 "no row of the statement is of %s to %s: leave out --from and --to, or "
	                 "take the statement of that period",
	                 from, to);
}

static int make_plan(struct bill_run *run)
{
	struct bill_plan plan = { .rows = 0 };
	int r = bill_plan_read(&plan, run);

	if (r == 0)
		r = bill_plan_period(&plan, run);
	run->walk = (struct bill_walk){ .ledger = run->ledger,
		                        .options = run->options,
		                        .from_ms = run->from_ms,
		                        .to_ms = run->to_ms,
		                        .fault = run->fault };
	if (r == 0)
		r = count_ours(run);
	if (r == 0)
		r = bill_plan_filter(&plan, run);
	if (r == 0)
		r = bill_plan_match(&plan, run);
	bill_plan_release(&plan);
	return r;
}

/* ---- the comparison ---- */

static int match_rows(struct bill_run *run)
{
	switch (run->match) {
	case MATCH_ID:
		return bill_match_ids(run);
	case MATCH_FACTS:
		return bill_match_facts(run);
	default:
		return bill_match_spans(run);
	}
}

/*
 * Both totals were counted by themselves, and the pairs must come to them: of ours only a damaged
 * ledger does not, whose events are not what its sums are of.
 */
static int check_totals(struct bill_run *run)
{
	struct bill_result *result = run->result;
	struct bill_tally *tally = &run->tally;
	struct money theirs;
	int r;

	if (money_compare(tally->ours, result->ours.amount) != 0)
		return fault_set(run->fault, FAULT_CORRUPT,
		                 "the events of the period do not add up to its sums: toll verify "
		                 "names what is wrong");
	if (money_total_add(run->theirs, tally->theirs_priced, &theirs) < 0)
		return fault_set(run->fault, FAULT_RANGE, "the total of the statement");
	r = bill_tally_adds_up(tally, result->ours.amount, theirs);
	if (r < 0)
		return r;
	result->theirs.amount = theirs;
	/* Of sums one statement can have the counts and another the amounts. */
	if (run->terms.amounts && run->amountless > 0 && run->match <= MATCH_FACTS)
		bill_note(run, "%lld row%s of the statement %s no amount: each counts as 0",
		          (long long)run->amountless, run->amountless == 1 ? "" : "s",
		          run->amountless == 1 ? "has" : "have");
	return 0;
}

/*
 * An amount is told to the minor unit of its currency at least (ISO 4217): "2.00" is not "about 2",
 * and what a cent shows is never taken for rounding.  Of these there is no minor unit.
 */
static unsigned minor_decimals(const char *currency)
{
	static const char whole[][STATEMENT_CURRENCY_BYTES] = {
		"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW",
		"PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF",
	};

	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		if (strcmp(currency, whole[i]) == 0)
			return 0;
	}
	return 2;
}

/* The suggestions live as long as the result, and so what they were given. */
static int start_tally(struct bill_run *run)
{
	struct bill_terms *terms = arena_take(&run->result->arena, sizeof(*terms));

	unsigned least = minor_decimals(run->terms.currency);

	if (terms == NULL)
		return bill_no_memory(run);
	if (run->terms.decimals < least)
		run->terms.decimals = least;
	*terms = run->terms;
	run->tally.terms = run->kept = terms;
	return bill_suggestions_start(&run->result->suggestions, terms, run->fault);
}

static void add_summaries(struct bill_run *run, const struct statement_summary *summaries,
                          size_t count)
{
	run->result->cut = 0;
	for (size_t i = 0; i < count; i++) {
		run->result->cut += summaries[i].cut;
		if (summaries[i].decimals > run->terms.decimals)
			run->terms.decimals = summaries[i].decimals;
		run->terms.amounts = run->terms.amounts || summaries[i].with_amount > 0;
	}
}

/* What one walk leaves behind for the other. */
struct lesson {
	struct bill_learned learned;
	struct bill_result first;
	struct bill_suggestions *of_rows;
	bool new; /* the other one will find other causes */
};

static void release_lesson(struct lesson *lesson)
{
	bill_suggestions_free(lesson->of_rows);
	bill_result_release(&lesson->first);
}

/* Sums say little of what they are made of: the rows themselves may say more. */
static int learn(struct bill_run *run, struct lesson *lesson)
{
	struct bill_offs offs = run->tally.offs;
	const struct bill_cause_sum *causes = run->result->causes;
	bool prices = false, more = false, sums = run->match > MATCH_FACTS;
	int r = 0;

	bill_suggestions_learn(run->result->suggestions, &prices);
	if (sums && !prices &&
	    (causes[CAUSE_UNEXPLAINED].differences > 0 || causes[CAUSE_ROUNDING].differences > 0)) {
		r = bill_suggestions_start(&lesson->of_rows, run->tally.terms, run->fault);
		if (r == 0)
			r = bill_learn_rows(run, lesson->of_rows, &offs);
		if (r < 0)
			return r;
		bill_suggestions_learn(lesson->of_rows, &more);
	}
	lesson->learned.rounds = bill_offs_say(&offs);
	lesson->learned.of_pairs = run->result->suggestions;
	lesson->learned.of_rows = lesson->of_rows;
	/* How it rounds decides what else fits, also where nothing was called rounding. */
	lesson->new = prices || more || lesson->learned.rounds != BILL_ROUNDS_OPEN;
	return 0;
}

/* All but what is known before; `result` may have a book.  It is released where that fails. */
static int walk(struct bill_run *run, const struct statement_summary *summaries, size_t count,
                struct lesson *lesson)
{
	int r;

	run->fault = run->tally.fault;
	add_summaries(run, summaries, count);
	r = load_book(run);
	if (r == 0)
		r = make_plan(run);
	if (r == 0)
		r = start_tally(run);
	if (r == 0)
		r = match_rows(run);
	bill_plan_say_filter(run);
	if (run->walk.voids.more > 0)
		bill_note(run,
		          "of the requests that are void here the first %d are looked for among "
		          "the rows that are missing, and %lld more are not",
		          BILL_VOIDS_MAX, (long long)run->walk.voids.more);
	if (r == 0)
		r = check_totals(run);
	if (r == 0)
		r = bill_tally_end(&run->tally);
	if (r == 0 && lesson != NULL)
		r = learn(run, lesson);
	if (r == 0 && run->result->notes.error != 0)
		r = bill_no_memory(run);
	if (r == 0) {
		run->result->match = run->match;
		run->result->from_ms = run->from_ms;
		run->result->to_ms = run->to_ms;
		memcpy(run->result->currency, run->terms.currency, sizeof(run->result->currency));
		/* It lives no longer than the walks. */
		run->kept->learned = NULL;
	}
	bill_tally_release(&run->tally);
	bill_walk_release(&run->walk);
	bill_models_release(&run->models);
	bill_repeats_release(&run->repeats);
	bill_index_release(&run->by_ids);
	return r;
}

/*
 * Causes are found twice: what only all pairs together say, a pair is told the second time; and
 * nothing is told to `each` before.  Nothing new, and nothing or nobody to tell: once.
 */
int bill_reconcile(struct ledger *ledger, struct statement_spool *spool,
                   const struct statement_summary *summaries, size_t summary_count,
                   const struct bill_options *options, bill_difference_fn *each, void *context,
                   struct bill_result *result_out, struct fault *fault)
{
	struct lesson *lesson = calloc(1, sizeof(*lesson));
	struct bill_result *result = calloc(1, sizeof(*result));
	struct bill_run run = { .ledger = ledger, .spool = spool, .options = options };
	int r;

	if (result == NULL || lesson == NULL) {
		free(lesson);
		free(result);
		return fault_set(fault, FAULT_NOMEM, "reconcile: out of memory");
	}
	run.tally = (struct bill_tally){ .tolerances = &options->tolerances, .fault = fault };
	run.tally.result = run.result = &lesson->first;
	r = walk(&run, summaries, summary_count, lesson);
	if (r == 0 && (lesson->new || (each != NULL && lesson->first.differences > 0))) {
		/* What was learned is of this book. */
		result->book = lesson->first.book;
		lesson->first.book = NULL;
		run = (struct bill_run){ .ledger = ledger, .spool = spool, .options = options };
		run.terms.learned = &lesson->learned;
		run.tally = (struct bill_tally){ .tolerances = &options->tolerances,
			                         .each = each,
			                         .context = context,
			                         .fault = fault };
		run.tally.result = run.result = result;
		r = walk(&run, summaries, summary_count, NULL);
	} else if (r == 0) {
		*result = lesson->first;
		lesson->first = (struct bill_result){ .suggestions = NULL };
	}
	if (r == 0) {
		*result_out = *result;
		*result = (struct bill_result){ .suggestions = NULL };
	}
	release_lesson(lesson);
	bill_result_release(result);
	free(lesson);
	free(result);
	return r;
}
