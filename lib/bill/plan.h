/*
 * What a statement tells in all, from one walk through its rows, and what follows of it: by what it
 * is matched, and of which period.  Inside lib/bill.
 */
#ifndef TOLL_BILL_PLAN_H
#define TOLL_BILL_PLAN_H

#include "bill/run.h"

enum { BILL_VALUES_MAX = 4096 }; /* different values of a name that are held against ours */

struct bill_values {
	struct text *texts; /* open addressing, slots a power of two */
	size_t slots, count;
	bool many, met; /* too many to tell; one of them is in the ledger */
};

struct bill_plan {
	int64_t rows, usage;           /* the second: that charge for usage */
	int64_t requests, lines;       /* of usage; of these those of one component */
	int64_t named, counted, timed; /* of usage: with an id, with counts; with a time */
	int64_t current;               /* rows in the ledger's currency */
	char other_currency[STATEMENT_CURRENCY_BYTES]; /* of a row that is not */
	int64_t with[BILL_NAMES];                      /* of usage */
	uint32_t told;                                 /* by all rows of usage */
	int64_t prompts, answers;                      /* rows of usage that tell these totals */
	int64_t width_ms;                              /* of a request */
	enum statement_grain grain;                    /* of rows of usage */
	int64_t first_ms, last_ms; /* what the rows are of, [first, last); equal: no time */
	int64_t nameless;          /* rows without an id */
	size_t ids[BILL_IDS];      /* that all rows tell together */
	struct bill_values values[BILL_NAMES];
	struct arena arena;
};
void bill_plan_release(struct bill_plan *plan); /* takes a zeroed one */

/* Reads the statement.  -FAULT_INVALID: it is empty, or of other currencies. */
int bill_plan_read(struct bill_plan *plan, struct bill_run *run);
/* run->from_ms, to_ms; -FAULT_INVALID: there is none, or nothing of the statement is in it. */
int bill_plan_period(struct bill_plan *plan, struct bill_run *run);
/* run->only: which of the names that were asked for theirs can be held to; a note where not. */
int bill_plan_filter(struct bill_plan *plan, struct bill_run *run);
/* Once all is matched: a note of what that left out, and of what came in by its id. */
void bill_plan_say_filter(struct bill_run *run);
/* run->match and what belongs to it, with a note why. */
int bill_plan_match(struct bill_plan *plan, struct bill_run *run);

#endif
