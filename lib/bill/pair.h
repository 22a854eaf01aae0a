/*
 * What a reconciliation compares: a request, or a sum of requests, on both sides; and the parts
 * of their difference, each of one cause.
 *
 * Everywhere a difference is theirs - ours: positive is what the statement has more.
 * Plain values; texts live for the call.
 */
#ifndef TOLL_BILL_PAIR_H
#define TOLL_BILL_PAIR_H

#include "ledger/books.h"
#include "statement/row.h"
#include "usage/event.h"

enum bill_cause {
#define C(NAME, name, text, advice) CAUSE_##NAME,
#include "bill/cause.def"
#undef C
	CAUSE_COUNT
};
const char *bill_cause_name(enum bill_cause cause);
const char *bill_cause_text(enum bill_cause cause);
const char *bill_cause_advice(enum bill_cause cause);
enum bill_cause bill_cause_find(struct text name); /* CAUSE_COUNT: there is none */

/* Our side. */
struct bill_ours {
	int64_t requests; /* 1; of a sum so many.  Turns are counted with their request */
	int64_t time_ms;  /* of the request; of a sum the beginning of its span */
	/* Absent where not told or, of a sum, not one. */
	struct text source, id, upstream_id, account, key, model, provider, service_tier, region,
		finish_reason;
	int64_t status; /* EVENT_ABSENT */
	enum settlement settlement;
	bool sum;           /* of several requests: one rating of its counts is only nearly right */
	bool suspense;      /* it has no price (of a sum: some of it) */
	struct usage usage; /* as it stands, with its corrections */
	struct money amount; /* its charge, or its cost: what is compared */
	struct money
		adjusted; /* of the amount of a sum: what adjustments booked there make of it */
	unsigned policy;  /* bits that held when it was rated */
	/* What the amount was rated by; NULL: nothing was due, suspense, or by several. */
	const struct book_version *version;
};

/* Never both NULL. */
struct bill_pair {
	const struct bill_ours *ours;
	const struct statement_row *theirs; /* of a sum: of all its rows */
	/* What the matcher found already, so that the rest is not asked; CAUSE_COUNT: nothing.
	 * DUPLICATE: `of_record` is the row that counts.  OTHER_PERIOD: only one side counts. */
	enum bill_cause known;
	bool ours_counts, theirs_counts; /* it is in the total of its side */
	int64_t of_record;
	const char *foreign; /* a currency: the counts that theirs are short of are in that */
	const char *why; /* MISSING_HERE, DUPLICATE, OTHER_PERIOD: what is known; NULL: nothing */
	int64_t their_rows; /* of a sum: rounded each; 0 is 1 */
};

/* Token effect: our rates x what they count more.  Price effect: what their rates are more x
 * their counts.  Other causes are neither. */
enum bill_effect { EFFECT_NONE, EFFECT_TOKENS, EFFECT_PRICE };
const char *bill_effect_name(enum bill_effect effect);

/* No count: what a correction takes away is one below zero. */
#define BILL_COUNT_UNTOLD INT64_MIN

enum { BILL_WHY_BYTES = 200, BILL_PARTS_MAX = 2 * COMPONENT_COUNT + 8 };

struct bill_part {
	enum bill_cause cause;
	enum bill_effect effect;
	enum component component;         /* COMPONENT_COUNT: of none alone */
	int64_t ours_count, theirs_count; /* of it; BILL_COUNT_UNTOLD */
	struct money amount;              /* may be 0: counts can differ where nothing is due */
	char why[BILL_WHY_BYTES];         /* the arithmetic, for a person; one line */
};

struct bill_parts {
	struct bill_part parts[BILL_PARTS_MAX];
	size_t count;
	/* What was compared: amounts that count, 0 for a side that does not.  Where the statement
	 * has no amount, theirs is their counts at our prices, and `priced_here`. */
	struct money ours, theirs;
	bool priced_here;
};

#endif
