/*
 * A reconciliation: statements against the ledger, every difference named.
 *
 * Matching is at the finest grain that both sides have, unless one is asked for:
 *   ID     a row's id, upstream_id or request_id is an event's id or upstream_id
 *   FACTS  the same model, key (where told) and counts, within time_slack_ms: one to one
 *   HOUR, DAY, MONTH, WHOLE   sums by the names that the statement tells (account, key, model),
 *          in spans of its zone
 *
 * AUTO is ID where all rows of usage are requests that tell an id, and the ledger knows any of it;
 * else FACTS where they tell times and counts; else the grain of the rows.  Which, and why, is
 * a note.  A name is compared by where all rows of usage tell it and the ledger has one of theirs:
 * else that is a note, too.
 *
 * Totals: ours is what `toll report` tells of the period behind the same filters (events, and the
 * adjustments and corrections that are booked in it); theirs is the sum of the statement's rows in
 * the period.  The parts of all differences add up to theirs - ours, to the last digit: asserted.
 *
 * Ours by single requests: an event is as its corrections of the period make it, with its turns; an
 * adjustment is a difference of its own (ADJUSTED), and so is a correction of another period's
 * event.  In sums adjustments of the period are in the sum of their hour, and a part of its
 * difference where theirs does not know of them.  What was void, or used nothing and is due
 * nothing, is not missing anywhere; a row of theirs that is left for a void request is missing
 * here, and says since when it is void, what it was and why.
 * Theirs: a row that is there twice counts once, its copy is a DUPLICATE; of several rows with one
 * id the one that agrees best with ours counts, in whatever order they stand, and what another one
 * of its time tells otherwise is said.  An id is its source's alone: a row of another time may be
 * another event's, and ours is a DUPLICATE only where it is the same as one that has the row.  An
 * upstream id of more than 64 rows is of no request.  Lines of one component and credits of a
 * request are one with it; what charges for no usage of a model stands alone.
 *
 * Causes are found by walking through all of it, and once more where all pairs together say what
 * none of them does alone (bill/learn.h); also where there are differences to be told to `each`,
 * which is never told one twice.
 *
 * Memory: 16 bytes a row matched by id or facts, BILL_GROUPS_MAX sums; never the ledger's events.
 * The same ledger, statement and options give the same differences in the same order.
 * One thread.  Reads only.
 */
#ifndef TOLL_BILL_RECONCILE_H
#define TOLL_BILL_RECONCILE_H

#include "bill/classify.h"
#include "bill/suggest.h"
#include "ledger/read.h"
#include "statement/read.h"
#include "statement/spool.h"

enum bill_match {
	MATCH_AUTO,
	MATCH_ID,
	MATCH_FACTS,
	MATCH_HOUR,
	MATCH_DAY,
	MATCH_MONTH,
	MATCH_WHOLE,
	MATCH_COUNT
};
const char *bill_match_name(enum bill_match match); /* "id", "facts", "hour" ... */
enum bill_match bill_match_find(struct text name);  /* MATCH_COUNT: there is none */

enum {
	BILL_GROUPS_MAX = 200000, /* sums of a reconciliation by spans */
	BILL_WORST_MAX = 100,     /* differences that a result keeps, the largest */
	BILL_MARGIN_HOURS = 24,   /* around the period: looked at for what the boundary moved */
	BILL_TIME_SLACK_MS = 2000,
	/* Ids that are looked up, of all rows together: where they tell more, those of one kind. */
	BILL_LOOKED_UP_MAX = 12 * 1024 * 1024,
};

struct bill_tolerances {
	struct money total;                   /* of the absolute amounts that are left, together */
	struct money row;                     /* of one difference */
	struct money cause[CAUSE_COUNT];      /* of the absolute amounts of a cause, together */
	bool has_row, has_cause[CAUSE_COUNT]; /* given, if only as 0: counts alone do not matter */
};

struct bill_options {
	enum bill_match match;
	enum book_side side;     /* the charges (BOOK_SELL) or what we pay (BOOK_COST) */
	int64_t from_ms, to_ms;  /* LEDGER_FROM_MIN, LEDGER_TO_MAX: the statement's own, by days */
	const struct zone *zone; /* of the spans; NULL: UTC */
	int64_t margin_ms, time_slack_ms;
	size_t ids_max; /* 0: BILL_LOOKED_UP_MAX */
	/* Of ours only these; absent: all.  Of theirs as well by the account, the key and the
	 * model, where the statement tells it and has it; rows that do not tell it stay, and
	 * so do (ID) those of other names whose id a request of ours has that counts. */
	struct text account, key, model, provider, source;
	struct bill_tolerances tolerances;
	/* Called now and then.  May be NULL. */
	void (*on_progress)(void *context, const char *what, int64_t done, int64_t total);
	void *progress;
};

/* One difference: a part of a pair.  Texts live for the call (in a result: as long as it). */
struct bill_difference {
	int64_t ordinal; /* from 1 on */
	enum bill_cause cause;
	enum bill_effect effect;
	enum component component;
	struct money amount;
	bool tolerated; /* by its own size; those of a cause or the total are not told here */
	bool whole;     /* the first of its pair: the two amounts are summed up by these */
	struct money ours, theirs;        /* of the pair */
	int64_t ours_count, theirs_count; /* BILL_COUNT_UNTOLD */
	int64_t ours_ms, theirs_ms;       /* EVENT_ABSENT: not on that side */
	int64_t record, of_record;        /* of theirs; 0: none */
	struct text source, id, their_id, account, key, model;
	struct text why;
	/* What each side's amount is made of; absent where there is no such side, and of all but
	 * the largest of a result. */
	struct text ours_made, theirs_made;
};
typedef int bill_difference_fn(void *context, const struct bill_difference *difference,
                               struct fault *fault);

struct bill_cause_sum {
	int64_t differences;
	struct money amount, absolute;
	int64_t within; /* of the differences, tolerated by their own size */
	struct money within_amount;
	bool tolerated; /* what is left of it is within its tolerance */
};

struct bill_result {
	enum bill_match match; /* what was done */
	int64_t from_ms, to_ms;
	char currency[STATEMENT_CURRENCY_BYTES];
	struct {
		int64_t requests; /* theirs: STATEMENT_UNTOLD where some row does not tell */
		int64_t rows;     /* events, or rows of the statement, that count */
		struct money amount;
	} ours, theirs;
	/* Of ours, as toll report has it. */
	struct money ours_events, ours_adjustments, ours_corrections;
	int64_t ours_suspense;        /* events without a price: a hole in our total */
	bool priced_here;             /* theirs has no amounts: its counts at our prices */
	int64_t outside;              /* rows of the statement that lie outside the period */
	int64_t cut;                  /* rows whose amount has more than 18 decimals, cut there */
	int64_t left_out;             /* rows of other names than were asked for; a note has them */
	struct money left_out_amount; /* of those in this currency */
	int64_t pairs, equal;         /* of them */
	struct bill_cause_sum causes[CAUSE_COUNT];
	struct bill_difference worst[BILL_WORST_MAX]; /* the largest first, then by ordinal */
	size_t worst_count;
	int64_t differences;
	struct money left; /* absolute, what no tolerance of a row or a cause takes */
	int64_t left_count;
	bool equal_within; /* exit 0 */
	struct buf notes;  /* a line each, for people */
	struct bill_suggestions *suggestions;
	struct book *book; /* in force on the side compared, for them; may be NULL */
	struct arena arena;
};
void bill_result_release(struct bill_result *result); /* takes a zeroed one */

/* -FAULT_INTERNAL: sums that cannot be apart are, of which nothing may be shown. */
int bill_at_fault(const char *what, struct fault *fault);

/*
 * `each` (may be NULL) is told every difference, in order: ours by time, then what only the
 * statement has, in its order.
 *   -FAULT_INVALID  an empty statement; nothing of it in the period; no row in the ledger's
 *                   currency; the grain asked for is not in the statement
 *   -FAULT_RANGE    more than BILL_GROUPS_MAX sums: a coarser grain; an amount does not fit
 *   -FAULT_INTERNAL  the pairs do not come to the totals
 *   as the ledger, the spool and `each`
 */
int bill_reconcile(struct ledger *ledger, struct statement_spool *spool,
                   const struct statement_summary *summaries, size_t summary_count,
                   const struct bill_options *options, bill_difference_fn *each, void *context,
                   struct bill_result *result_out, struct fault *fault);

#endif
