/*
 * Sums of both sides by a span of time and the names that are compared by.  At most
 * BILL_GROUPS_MAX; a group stays where it is.  Inside lib/bill.
 */
#ifndef TOLL_BILL_GROUPS_H
#define TOLL_BILL_GROUPS_H

#include "bill/run.h"

struct bill_group {
	int64_t span_ms;              /* its beginning */
	struct text name[BILL_NAMES]; /* absent: not sent, or not compared by */
	bool has_ours;
	int64_t requests, events, suspense;
	int64_t count[COMPONENT_COUNT];
	struct money amount;
	struct money adjusted; /* of the amount: by adjustments */
	int64_t price_id;      /* BILL_PRICE_MIXED */
	struct text tier;      /* of all of ours; absent: none, or several */
	bool tiers;            /* several */
	int64_t rows;          /* of theirs, in `theirs` */
	struct statement_row theirs;
	int64_t foreign; /* rows in another currency, of which the first: */
	int64_t foreign_record;
	struct money foreign_amount;
	char foreign_currency[STATEMENT_CURRENCY_BYTES];
	struct statement_row *foreign_sum; /* the counts of all of them; NULL: there is none */
	bool moved;       /* what it is off by, its neighbour is off by the other way */
	int64_t moved_ms; /* the span of that; where `moved` */
};

struct bill_groups {
	struct bill_group **chunks;
	size_t chunk_count, count;
	uint32_t *slots; /* index + 1; slot_count a power of two */
	size_t slot_count;
	struct arena arena; /* names */
};

struct bill_group *bill_group_at(const struct bill_groups *groups, size_t index);
/* Adds it where it is not there.  -FAULT_NOMEM; -FAULT_RANGE: too many. */
int bill_group_find(struct bill_groups *groups, int64_t span_ms, const struct text name[BILL_NAMES],
                    struct bill_group **group_out, struct fault *fault);
/* NULL: there is none. */
struct bill_group *bill_group_look(const struct bill_groups *groups, int64_t span_ms,
                                   const struct text name[BILL_NAMES]);
void bill_groups_release(struct bill_groups *groups); /* takes a zeroed one */

/* Of theirs, a row; of ours what a sum of the ledger or an event adds.  -FAULT_RANGE, _NOMEM. */
int bill_group_add_row(struct bill_groups *groups, struct bill_group *group,
                       const struct statement_row *row, bool current, struct fault *fault);
struct bill_addend {
	int64_t requests, events, suspense;
	const int64_t *count; /* NULL: none */
	struct money amount;
	int64_t price_id;
	bool rated;   /* price_id is of it */
	bool adjusts; /* it is an adjustment */
	struct text tier;
};
int bill_group_add_ours(struct bill_groups *groups, struct bill_group *group,
                        const struct bill_addend *more, struct fault *fault);

/* Rows in another currency have the counts that the others are short of. */
bool bill_group_foreign_explains(const struct bill_group *group);
/* None tells counts: what the others charge less than ours is in that currency as well. */
bool bill_group_foreign_rest(const struct bill_group *group);
/*
 * theirs - ours of two groups cancel, in all that they tell, and are not nothing; where their
 * counts are ours it is a `unit` of each row at least: rounding makes less.
 */
bool bill_groups_cancel(const struct bill_group *a, const struct bill_group *b, wide unit);

#endif
