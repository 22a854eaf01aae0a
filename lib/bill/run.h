/*
 * A reconciliation under way: what its parts share.  reconcile.c makes the plan and calls one of
 * the matchers.  Inside lib/bill.
 */
#ifndef TOLL_BILL_RUN_H
#define TOLL_BILL_RUN_H

#include "bill/ours.h"
#include "bill/rows.h"
#include "bill/tally.h"

/* A name of a model, as the book in force names it. */
struct bill_models {
	struct bill_model_name *names; /* open addressing, slots a power of two */
	size_t slots, count;
	struct arena arena;
};

/* Names that a statement can tell of its rows. */
enum bill_name { BILL_ACCOUNT, BILL_KEY, BILL_MODEL, BILL_NAMES };

/* What a row can be known by. */
enum { BILL_ID_OWN, BILL_ID_UPSTREAM, BILL_ID_REQUEST, BILL_IDS };

struct bill_run {
	struct ledger *ledger;
	struct statement_spool *spool;
	const struct bill_options *options;
	struct fault *fault;
	struct bill_terms terms;
	struct bill_terms *kept; /* of the result: the same, for as long as it lives */
	const struct book *book; /* in force on the side compared; NULL: none */
	struct bill_models models;
	/* The plan. */
	enum bill_match match;
	int64_t from_ms, to_ms;
	bool by[BILL_NAMES];   /* compared by: all rows of usage tell it, and the ledger has it */
	uint32_t told;         /* FACTS: components that all rows tell */
	bool prompts, answers; /* ... and the totals of prompt and answer */
	/* The statement tells it, and has it: its rows of others are left out, as ours are. */
	struct text only[BILL_NAMES];
	int64_t width_ms;         /* FACTS: the least exact time of a request */
	struct bill_index by_ids; /* ID: made when it was asked whether any is known; and counted */
	bool by_id[BILL_IDS];     /* ID: looked up */
	int64_t nameless;         /* ID: rows without any */
	size_t ids;               /* ID: that all rows tell together */
	struct bill_repeats repeats; /* spans: rows that are there twice */
	struct bill_walk walk;       /* our side */
	struct bill_tally tally;
	struct bill_result *result;
	/* Of theirs, from the rows themselves: what the pairs must come to. */
	struct money theirs;
	int64_t rows_inside, amountless; /* of usage, without an amount */
	int64_t rows_in; /* that a filter left out, and a request of ours has by id */
};

bool bill_inside(const struct bill_run *run, const struct statement_row *row);
/* It is in the currency of the ledger. */
bool bill_current(const struct bill_run *run, const struct statement_row *row);
/*
 * The name as the book has it, which lives as long as the run; else as it is written, and as long
 * as that.  -FAULT_NOMEM.
 */
int bill_model(struct bill_run *run, struct text written, struct text *out);
void bill_models_release(struct bill_models *models); /* takes a zeroed one */

/* Of the names that were asked for, or telling none: -FAULT_NOMEM, 0, 1. */
int bill_row_wanted(struct bill_run *run, const struct statement_row *row);
/* statement_spool_each() of these. */
int bill_each_row(struct bill_run *run,
                  int (*each)(void *context, const struct statement_row *row, int64_t place),
                  void *context);

/*
 * Each row once: sums up what the period has of theirs, and what lies outside.  The matchers call
 * it for each row of one of their walks.  -FAULT_RANGE.
 */
int bill_count_row(struct bill_run *run, const struct statement_row *row);
/* A row that was left out counts, since it is of a request that was asked for.  The same. */
int bill_row_in(struct bill_run *run, const struct statement_row *row);
void bill_count_nothing(struct bill_run *run); /* before another walk */
/* Two rows that were counted are one: its usage, and its costs. */
void bill_joined(struct bill_run *run);
/* Once all are counted, before anything is told: is there something to compare? */
int bill_counted(struct bill_run *run);

/* Pairs, told to the tally.  `theirs` counts where it lies in the period. */
int bill_pair_theirs(struct bill_run *run, const struct statement_row *theirs,
                     enum bill_cause known, int64_t of_record);
/* A DUPLICATE that is no copy of the row that counts: `why` says what it tells otherwise. */
int bill_pair_second(struct bill_run *run, const struct statement_row *theirs, int64_t of_record,
                     const char *why);
/* A row that no request of ours has: a fee, a credit, or missing here. */
int bill_pair_left(struct bill_run *run, const struct statement_row *theirs);
/* The same of one that is of a request that is void here. */
int bill_pair_void(struct bill_run *run, const struct statement_row *theirs,
                   const struct bill_void *was);
/* A request of ours that no row has; nothing where nothing was due for it. */
int bill_pair_lonely(struct bill_run *run, struct bill_met *met);
/* `rows`: that were put together in `theirs`. */
int bill_pair_both(struct bill_run *run, struct bill_met *met, const struct statement_row *theirs,
                   int64_t rows);
/* Ours a second time: `theirs` is the row that counts with another one. */
int bill_pair_again(struct bill_run *run, struct bill_met *met, int64_t of_record);
/* Adjustments, and corrections of another period. */
int bill_pair_rest(struct bill_run *run);

/* Whether any event is known by an id of the statement: 1, 0. */
int bill_match_any_id(struct bill_run *run);
int bill_match_ids(struct bill_run *run);
int bill_match_facts(struct bill_run *run);
int bill_match_spans(struct bill_run *run);

__attribute__((format(printf, 2, 3))) void bill_note(struct bill_run *run, const char *format, ...);
int bill_no_memory(struct bill_run *run);

#endif
