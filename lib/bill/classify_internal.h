/*
 * A pair that is being classified.  Inside lib/bill.
 *
 * Everything is of `left`: what no part has taken yet of theirs - ours.  A part takes its amount
 * from it, so that the parts and what is left always add up.
 */
#ifndef TOLL_BILL_CLASSIFY_INTERNAL_H
#define TOLL_BILL_CLASSIFY_INTERNAL_H

#include "bill/classify.h"
#include "rate/rating.h"

/* The components that a stated fee is of. */
#define BILL_FEE_COMPONENTS                                                                        \
	(1u << COMPONENT_SEARCHES | 1u << COMPONENT_REQUESTS | 1u << COMPONENT_PAGES)

/* What prices a usage: all but the counts. */
struct bill_rating {
	const struct book_version *version; /* NULL: nothing prices it */
	struct rating_request request;      /* its usage is not looked at */
	/* A threshold looks at this prompt; BILL_OWN_PROMPT: at that of the usage.  Of a sum each
	 * request has its own, and none is as large as the sum. */
	int64_t prompt;
};
#define BILL_OWN_PROMPT INT64_C(-1)

/* Counts that moved together in a way of its own. */
struct bill_move {
	enum bill_cause cause;
	enum component of;   /* the one that is named */
	uint32_t components; /* bits */
	const char *text;
};
enum { BILL_MOVES_MAX = 8 };

/* All of the prompt, or of the answer, that is told without all of its parts. */
enum { BILL_PROMPT, BILL_ANSWER, BILL_WHOLES };
struct bill_whole {
	int64_t more;   /* than its parts here, and those that are told */
	uint32_t parts; /* bits: components that this can be of */
	uint32_t of;    /* bits: those that it is put to; 0: where the most of it is */
	bool open;      /* none of them gives their amount: it is put to none */
};

struct bill_case {
	const struct bill_terms *terms;
	const struct bill_pair *pair;
	const struct bill_ours *ours;
	const struct statement_row *theirs;
	struct bill_ours plain; /* where `ours` is it: ours without what adjusted it */
	struct bill_parts *parts;
	struct fault *fault;
	struct bill_rating rating;
	bool exact;            /* it gives our amount by our counts, to the last digit */
	uint32_t told;         /* bits: components that are compared */
	struct usage usage[2]; /* ours, and theirs: what they do not tell is as ours */
	struct bill_move moves[BILL_MOVES_MAX];
	size_t move_count;
	struct bill_whole wholes[BILL_WHOLES];
	struct usage countable; /* theirs, but what has no rate here as ours */
	struct charges base;    /* of it, by our rates */
	struct money due;       /* by our counts: the amount, less what was taken out of it */
	bool priced;            /* it is an amount */
	uint32_t unpriced;      /* bits: components they count otherwise that have no rate here */
	struct money tokens;    /* base less the same of our counts: the token effect */
	struct money left;
	wide unit;             /* of the last decimal of their amounts */
	struct money rounding; /* the most of it that rounding to the nearest leaves */
	struct money cut;      /* theirs is as much nearer to 0 at the most; 0: not looked at */
	bool up;               /* or as much further from it, in its place */
};

/* ---- parts (parts.c) ---- */

/* Takes `amount` from what is left.  -FAULT_RANGE. */
__attribute__((format(printf, 6, 7))) int
bill_part_add(struct bill_case *of, enum bill_cause cause, enum bill_effect effect,
              enum component component, struct money amount, const char *format, ...);
/* Without half a character at its end, and in one line, whatever was put into it. */
void bill_why_make_whole(char *why);
/* The counts of the part that was added last. */
void bill_part_counts(struct bill_case *of, int64_t ours, int64_t theirs);
/* To the nearest; or that, or cut off. */
bool bill_is_nearest(const struct bill_case *of, struct money amount);
bool bill_is_rounding(const struct bill_case *of, struct money amount);
/* The larger of both. */
wide bill_rounding_most(const struct bill_case *of);

enum { BILL_NUMBER_BYTES = 64 };
/* "1 200" */
const char *bill_count_text(int64_t count, char room[BILL_NUMBER_BYTES]);
const char *bill_money_text(struct money amount, char room[BILL_NUMBER_BYTES]);
/* "10.00/1M", "0.04 each" */
const char *bill_rate_text(enum component component, wide attos_per_unit,
                           char room[BILL_NUMBER_BYTES]);

/* ---- prices (pricing.c) ---- */

/* False: it has no price.  Nothing used is 0. */
bool bill_rate(const struct bill_rating *rating, const struct usage *usage, struct charges *out);
/* One unit, as it is charged at a prompt of so many tokens, factors and all.  kind NULL: none. */
bool bill_unit(const struct bill_rating *rating, int64_t prompt, enum component component,
               const struct usage_kind *kind, wide *attos_out);
/* The same usage at another prompt: every line at its own rate there. */
bool bill_rate_at(const struct bill_rating *rating, const struct usage *usage, int64_t prompt,
                  struct charges *out);
/* The prompt that a usage is priced at. */
int64_t bill_prompt(const struct bill_rating *rating, const struct usage *usage);
/* Of these components (bits), and how many units. */
struct money bill_lines(const struct charges *charges, uint32_t components, int64_t *count_out);
/* Counts and kinds of these components become 0. */
void bill_take_out(struct usage *usage, uint32_t components);

/* ---- causes ---- */

/* Prices as ours was rated; a sum by whatever gives its amount again. */
void bill_rating_find(struct bill_case *of);

/* What of their amount is rounding; of->theirs is there.  -FAULT_RANGE. */
int bill_rounding_find(struct bill_case *of);

/* Their counts, the price of them here and the token effect.  `ours`: what is due by usage[0]. */
int bill_counts_prepare(struct bill_case *of, struct money ours);
/* Puts a whole to the parts that leave nothing, where there are some.  -FAULT_RANGE. */
int bill_counts_choose(struct bill_case *of);
/* A whole differs, and can be of several parts: which of them is not told. */
bool bill_counts_guessed(const struct bill_case *of);
/* A whole was put to no part. */
bool bill_counts_open(const struct bill_case *of);
/* Both sides are sums that tell how many requests they are of, and they are not as many. */
bool bill_requests_differ(const struct bill_case *of);
/* Of a sum theirs tells nothing but amounts, and at the most its requests. */
bool bill_counts_untold(const struct bill_case *of);
/* And those are not ours: that its counts are the same, nothing says. */
bool bill_counts_unknown(const struct bill_case *of);
/* Several versions made our sum, so that no count has a rate. */
bool bill_counts_rateless(const struct bill_case *of);
/*
 * What is left, and parts of the counts, where no rate of ours times them gives it: in proportion
 * to all counts, or to the requests, where that leaves nothing; else they are parts of 0.
 */
int bill_counts_in_proportion(struct bill_case *of);
/* Their number: a part of 0, where theirs is more, or something is left. */
int bill_requests(struct bill_case *of);
/* Some count differs. */
bool bill_counts_differ(const struct bill_case *of);
/* Parts of those that do; `silent`: they are charged the same, and their parts are 0. */
int bill_counts(struct bill_case *of, bool silent);
/* What is left, where a hypothesis of a price gives just that. */
int bill_prices(struct bill_case *of);

/* ---- hypotheses of a price ---- */

/* As many decimals as prices are written with. */
enum {
	BILL_TOKEN_DECIMALS = 4,  /* of a rate by the million */
	BILL_OTHER_DECIMALS = 6,  /* of one by the unit */
	BILL_FACTOR_DECIMALS = 4, /* of a factor of all */
};

/* What fits of them. */
struct bill_guess {
	struct bill_case *of;
	bool known; /* what is tried holds for all pairs of the version */
	bool found;
	enum bill_cause cause; /* of the first that fits */
	enum component component;
	char why[BILL_WHY_BYTES];
	char also[BILL_WHY_BYTES]; /* the others: " also: price/input" */
	char hint[BILL_WHY_BYTES]; /* what would fit, and proves nothing */
};

/* `more`: what it gives beyond the base.  It fits where that is what is left. */
__attribute__((format(printf, 5, 6))) void
bill_guess_try(struct bill_guess *guess, enum bill_cause cause, enum component component,
               struct money more, const char *format, ...);
/* The same: `count` of it at another rate (attos of a unit) than the lines have. */
void bill_guess_rate(struct bill_guess *guess, enum bill_cause cause, enum component component,
                     enum component as);
/* The whole is rated otherwise. */
__attribute__((format(printf, 4, 5))) void bill_guess_total(struct bill_guess *guess,
                                                            enum bill_cause cause,
                                                            struct money total, const char *format,
                                                            ...);

typedef void bill_hypothesis_fn(struct bill_guess *guess);
/* In the order of bill/classify.h. */
bill_hypothesis_fn bill_guess_tier, bill_guess_cache, bill_guess_reasoning, bill_guess_context,
	bill_guess_image, bill_guess_fee, bill_guess_discount, bill_guess_version,
	bill_guess_one_rate, bill_guess_factor;
/*
 * What is known of all pairs of the version (bill/learn.h).  `first`: it is tried now where it goes
 * before what else has a name; else where it goes behind that.
 */
void bill_guess_known(struct bill_guess *guess, bool first);
/* It fits what is left, and is no fee. */
bool bill_known_fits(struct bill_case *of);

/* The row tells a tier that the book has no price for. */
bool bill_tier_is_unknown(const struct bill_case *of);
/* of / by is a ratio of prices that somebody would choose: a half, 1.1, ten times. */
bool bill_is_plain(wide of, wide by);
/* Bits of the components of a role. */
uint32_t bill_of_role(enum component_role role);
/* Every condition that prices a version and what was agreed with the account; false ends. */
typedef bool bill_when_fn(void *context, enum component component, const struct book_when *when);
void bill_each_when(const struct bill_rating *rating, bill_when_fn *each, void *context);

#endif
