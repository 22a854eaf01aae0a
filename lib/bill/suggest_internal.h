/*
 * What one change of a price would have to be, of all pairs together.  Inside lib/bill.
 *
 * Each pair of a version is an equation: the sum of its lines, of which some move with what is
 * changed, is theirs.  A change that is to explain them has one value in all of them.
 */
#ifndef TOLL_BILL_SUGGEST_INTERNAL_H
#define TOLL_BILL_SUGGEST_INTERNAL_H

#include "bill/classify_internal.h"
#include "bill/suggest.h"

/* ---- one unknown (suggest_solve.c) ---- */

/* What a number can be: [lo, hi], fractions with a `by` above 0. */
struct bill_range {
	bool set, broken; /* broken: there is none */
	wide lo_of, lo_by, hi_of, hi_by;
};
/* It is between low / by and high / by, too. */
void bill_range_note(struct bill_range *range, wide low, wide high, wide by);
/* What lies in both. */
void bill_range_meet(struct bill_range *range, const struct bill_range *other);
/*
 * The number of the fewest decimals, `most` of them at the most, so that number / is lies in it:
 * a multiple of unit / 10^decimals.  False: there is none, or all of it is open, or the range is
 * so wide that one in BILL_PICK_SURE would have such a number in it by chance; `sure`: that there
 * is a number is known, and only the next one must not be in it.
 */
enum { BILL_PICK_SURE = 10 };
bool bill_range_pick(const struct bill_range *range, bool sure, wide is, wide unit, unsigned most,
                     wide *number_out);

/* ---- two unknowns: a x + b y = c, exactly ---- */

struct bill_two {
	bool dead;
	unsigned rank; /* of what is known: 2, and x and y are fractions of `by` */
	wide a, b, c;  /* rank 1 */
	wide x, y, by; /* rank 2 */
};
void bill_two_note(struct bill_two *two, wide a, wide b, wide c);

/* ---- what can be changed ---- */

enum bill_change_kind {
	CHANGE_ENTRY,      /* the rate of an entry of the book */
	CHANGE_AS,         /* a rate of its own for a component that is priced as another */
	CHANGE_NEW,        /* a rate for a component that has none */
	CHANGE_MULTIPLIER, /* a multiplier of the version */
	CHANGE_ALL,        /* a multiplier that the version does not have */
};

struct bill_change {
	enum bill_change_kind kind;
	const struct book_rate *rate; /* of ENTRY and AS */
	enum component component;     /* of ENTRY, AS and NEW */
	size_t multiplier;            /* of MULTIPLIER */
	/* Of its factor; of NEW: of the rate itself.  Where every row was rounded to the nearest,
	 * and where some may have been cut off. */
	struct bill_range nearest, range;
	/* How many times wider what differs is than what rounding leaves open: of all pairs, times
	 * each other, but for the largest. */
	int64_t agreed, agreed_most;
	bool partial; /* of some pair it does not move all there is */
};
/* That often only one of so many changes, which are none, is in all ranges. */
enum { BILL_AGREED_SURE = 1000, BILL_AGREED_MAX = 1000 * 1000 };

enum { BILL_CHANGES_MAX = 24, BILL_TWO_MAX = 8 }; /* of two together: among the first so many */

struct bill_other {
	bool dead;
	bool helped; /* it makes some pair agree that differs */
};
enum { BILL_OTHERS_MAX = 8 };

/* What is known of a version. */
struct bill_known {
	enum bill_cause cause;
	enum component component; /* COUNT: of none alone */
	size_t change;            /* which one, and what it is to be in place of what it is */
	wide value, is;
	int64_t pairs; /* that say so */
	bool first;    /* most of them have no other name */
	char text[BILL_WHY_BYTES / 2];
};

/* Of one version of the book in force. */
struct bill_group {
	const struct book_version *version;
	struct bill_change changes[BILL_CHANGES_MAX];
	size_t change_count, all;                         /* which of them is CHANGE_ALL */
	struct bill_two twos[BILL_TWO_MAX][BILL_TWO_MAX]; /* [i][j], i < j */
	bool twos_dead;                                   /* all of them */
	struct bill_other flip; /* the threshold itself is on the other side of it */
	struct bill_other none; /* no entry asks for the context */
	struct bill_other versions[BILL_OTHERS_MAX]; /* by their place in the model */
	/* All of it by one tier, of those that the version names, and the standard one. */
	struct bill_other tiers[BILL_OTHERS_MAX];
	struct text tier_names[BILL_OTHERS_MAX];
	size_t tier_count;
	int64_t tier_pairs; /* that differ by a tier: of nothing else here */
	struct money tier_amount;
	int64_t pairs;             /* that differ */
	int64_t different;         /* of them, but for the first one again */
	wide most_more, most_open; /* of these: what differs, and what rounding leaves open of it */
	int64_t proven;            /* of them, of which a cause was found */
	int64_t named;             /* of these: one that is no price alone */
	wide first, first_base;    /* what the first of them is more, and of what */
	enum component component;  /* that its cause names; COUNT: of none alone */
	bool others;               /* and some other one is of another */
	struct money amount;       /* of them */
	int64_t least;             /* the smallest threshold that some entry asks for */
	bool closed;               /* nothing can explain it any more */
	struct bill_known known;
	bool is_known;
};

struct bill_suggestions {
	const struct bill_terms *terms;
	struct bill_group **of_version; /* by its ordinal in the book; NULL: none of it was noted */
	struct bill_group **groups;     /* in the order of their first pair */
	size_t count, room;
	int64_t beyond; /* pairs of versions for which there was no room */
};

enum { BILL_SURE_PAIRS = 2 }; /* make two unknowns: a third one says that they are no chance */

/*
 * So many pairs are not in one range by chance: a value that is none would be in that of each pair
 * only as often as what rounding leaves open is wide, against what differs.
 */
bool bill_change_is_sure(const struct bill_group *group, const struct bill_change *change);
/* Of the lines, what moves with a change; of a NEW one the count it would be times. */
wide bill_change_part(const struct bill_change *change, const struct charges *base,
                      const struct usage *usage);
/* The first version of the model, by its ordinal; its others stand behind it. */
size_t bill_first_version(const struct book_version *version);
/* The plainest of the single changes; BILL_CHANGES_MAX where there is none. */
size_t bill_change_pick(const struct bill_group *group, wide *number_out);
/* A rule that is no single change explains all pairs. */
bool bill_group_has_rule(const struct bill_group *group);

/* ---- what is said of it (suggest_text.c) ---- */

/*
 * A value of a change: attos of a unit for a rate; of a factor its digits behind the point are
 * BILL_FACTOR_DECIMALS more than those that the book has of it.
 */
wide bill_change_is(const struct bill_change *change, const struct book_version *version);
/* The range that counts: to the nearest, where that leaves something. */
const struct bill_range *bill_change_range(const struct bill_change *change);
/* The one that its range leaves; false: there is none that can be written, or (not `sure`) that is
 * narrow enough. */
bool bill_change_value(const struct bill_change *change, const struct book_version *version,
                       const struct bill_range *range, bool sure, wide *value_out);

/* "output: 12.50 per million, where the book has 12.00" */
void bill_change_text(const struct bill_group *group, const struct bill_change *change, wide value,
                      char *text, size_t room);
enum bill_cause bill_change_cause(const struct bill_change *change);
void bill_suggest_change(const struct bill_group *group, const struct bill_change *change,
                         wide value, struct bill_suggestion *out);
void bill_suggest_two(const struct bill_group *group, const struct bill_change *first,
                      wide first_value, const struct bill_change *second, wide second_value,
                      struct bill_suggestion *out);
void bill_suggest_flip(const struct bill_group *group, struct bill_suggestion *out);
void bill_suggest_none(const struct bill_group *group, struct bill_suggestion *out);
void bill_suggest_tier(const struct bill_group *group, struct text tier,
                       struct bill_suggestion *out);
void bill_suggest_version(const struct bill_group *group, const struct book_version *version,
                          struct bill_suggestion *out);
/* So many pairs were not looked at. */
void bill_suggest_beyond(int64_t pairs, struct bill_suggestion *out);

#endif
