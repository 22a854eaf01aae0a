/* What was found of the sums of days beside what was injected into their requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/billkit_internal.h"

/* A day, a key and a model. */
struct group {
	int64_t events, requests;         /* of any kind; that used something */
	int64_t faults, fault;            /* events with one, and the last of them */
	int64_t cached, reasoned, beyond; /* requests */
	wide off;                         /* theirs - ours that no difference has told */
};

#define CAUSE_BIT(cause) (1U << (cause))
static_assert(CAUSE_COUNT <= 32, "causes no longer fit the bits of what may be told");

static void add_event(const struct billkit *kit, int64_t index, struct group *group)
{
	const struct billgen_event *event = &kit->gen.events[index];

	group->events++;
	group->requests += event->count[COMPONENT_REQUESTS] > 0;
	group->cached += event->count[COMPONENT_CACHE_READ] > 0;
	group->reasoned += event->count[COMPONENT_REASONING] > 0;
	group->beyond += billgen_is_beyond(&kit->gen, event);
	/* What is right again has no cause. */
	if (billgen_fault_cause((enum billgen_fault)event->fault) == CAUSE_COUNT)
		return;
	group->faults++;
	group->fault = index;
}

static struct group *make_groups(const struct billkit *kit)
{
	struct group *groups = calloc(BILLKIT_GROUPS, sizeof(*groups));
	struct billkit_day *days = billkit_days(kit);

	assert_non_null(groups);
	for (int64_t i = 0; i < kit->gen.options.events; i++) {
		const struct billgen_event *event = &kit->gen.events[i];
		int64_t here = billkit_group(event->time_ms, event->account, event->key,
		                             event->model);
		int64_t there = billkit_group(event->there_ms, event->account, event->key,
		                              event->model);
		struct billgen_rows rows;

		billgen_rows(&kit->gen, i, &rows);
		if (here >= 0)
			groups[here].off -= rows.ours.attos;
		if (here >= 0 && event->fault == GEN_ADJUSTMENT)
			groups[here].off -= billgen_adjustment(&kit->gen, i).attos;
		/* The boundary of the month alone moves one. */
		if (here >= 0 || there >= 0)
			add_event(kit, i, &groups[here >= 0 ? here : there]);
	}
	for (int64_t g = 0; g < BILLKIT_GROUPS; g++) {
		for (int c = 0; c < STATEMENT_CHARGE_COUNT; c++)
			groups[g].off += days[g].sums[c].amount;
	}
	free(days);
	return groups;
}

/* What the sum has of one request alone, or of all that use it, it tells as that request does. */
static bool tells_own(const struct billkit *kit, const struct group *group,
                      enum billgen_fault fault)
{
	bool fault_beyond = billgen_is_beyond(&kit->gen, &kit->gen.events[group->fault]);

	switch (fault) {
	case GEN_CACHE_PRICED:
		return group->cached == 1;
	case GEN_REASONING_TWICE:
	case GEN_REASONING_SILENT:
	case GEN_REASONING_NONE:
	case GEN_REASONING_LOST:
		return group->reasoned == 1;
	case GEN_CONTEXT_TEST:
	case GEN_CONTEXT_IGNORED:
		/* As they have it, all are on one side of the threshold. */
		return group->beyond - fault_beyond == (fault_beyond ? 0 : group->requests - 1);
	default:
		return false;
	}
}

/* Bits of the causes that what was injected may have here. */
static unsigned causes_of(const struct billkit *kit, const struct group *group,
                          const struct billgen_expected *due)
{
	unsigned alone = CAUSE_BIT(billgen_fault_sum(due->fault, true));
	unsigned among = CAUSE_BIT(billgen_fault_sum(due->fault, false));

	/* Beside what failed it is alone, or not: the ledger has both in one sum. */
	if (group->requests <= 1)
		return group->events > 1 ? alone | among : alone;
	if (tells_own(kit, group, due->fault))
		return CAUSE_BIT(due->cause);
	return among | CAUSE_BIT(due->cause);
}

static bool is_near(const struct billkit *kit, wide rest)
{
	return rest <= billkit_slack(kit) && -rest <= billkit_slack(kit);
}

__attribute__((noreturn)) static void fail_single(const struct billkit *kit,
                                                  const struct group *group,
                                                  const struct billgen_expected *due,
                                                  const struct billkit_found *found, int64_t count)
{
	billkit_fail(
		kit,
		"by day, %06lld of %s, %s, and %lld requests beside it: %s is due, and found is:%s",
		(long long)group->fault, billgen_model_name(kit->gen.events[group->fault].model),
		billgen_fault_name(due->fault), (long long)group->requests - 1,
		billkit_amount(due->exact.attos), billkit_told(found, count));
}

/* The only fault of a group: all that it comes to is told as one cause, or as its two. */
static void check_single(struct billkit *kit, const struct group *group,
                         const struct billkit_found *found, int64_t count)
{
	struct billgen_rows rows;
	const struct billgen_expected *due = &rows.expected;
	unsigned causes, rest = 0, told = 0, chance = CAUSE_BIT(CAUSE_PRICE);
	wide named = 0, other = 0, rounding = 0;
	bool wrong = false;

	billgen_rows(&kit->gen, group->fault, &rows);
	causes = causes_of(kit, group, due);
	if (due->fault == GEN_COUNTS_AND_PRICE)
		rest = chance | (group->requests > 1 ? CAUSE_BIT(CAUSE_UNEXPLAINED) : 0);
	for (int64_t i = 0; i < count; i++) {
		unsigned bit = CAUSE_BIT(found[i].cause);

		/* Counts that have no price, and a sum in euros beside that in dollars. */
		if (found[i].amount == 0)
			continue;
		if (billkit_slack(kit) > 0 && found[i].cause == CAUSE_ROUNDING) {
			rounding += found[i].amount;
			continue;
		}
		if ((rest & bit) != 0) {
			other += found[i].amount;
			continue;
		}
		named += found[i].amount;
		wrong = wrong || (told != 0 && told != bit);
		told = bit;
	}
	/* It is less than the statement can say. */
	if (told == 0 && rounding != 0 && is_near(kit, rounding) &&
	    is_near(kit, due->exact.attos / 2))
		return;
	/* What no price gives can be some plain rate of the whole. */
	if ((causes & CAUSE_BIT(CAUSE_UNEXPLAINED)) != 0) {
		kit->tally.unexplained++;
		kit->tally.by_chance += (told & chance & ~causes) != 0;
		causes |= chance;
	}
	wrong = wrong || (told & ~causes) != 0 ||
	        (rest != 0 && !is_near(kit, other - due->other.attos)) ||
	        !is_near(kit, named + other - due->exact.attos);
	if (wrong)
		fail_single(kit, group, due, found, count);
	kit->tally.sums[due->fault].due++;
	kit->tally.sums[due->fault].told += told == CAUSE_BIT(due->cause);
}

static void check_group(struct billkit *kit, const struct group *group,
                        const struct billkit_found *found, int64_t count)
{
	if (group->faults == 1)
		check_single(kit, group, found, count);
	if (group->faults > 0)
		return;
	for (int64_t i = 0; i < count; i++) {
		if (billkit_slack(kit) == 0 || found[i].cause != CAUSE_ROUNDING ||
		    !is_near(kit, 2 * found[i].amount))
			billkit_fail(kit, "by day, nothing was injected, and found is:%s",
			             billkit_told(&found[i], 1));
	}
}

static int by_group(const void *a, const void *b)
{
	const struct billkit_found *x = a, *y = b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

void billkit_check_days(struct billkit_list *list)
{
	struct billkit *kit = list->kit;
	struct group *groups = make_groups(kit);
	int64_t at = 0;

	for (int64_t i = 0; i < list->count; i++) {
		if (list->found[i].group < 0)
			billkit_fail(kit, "a difference of no day, key and model:%s",
			             billkit_told(&list->found[i], 1));
		groups[list->found[i].group].off -= list->found[i].amount;
	}
	qsort(list->found, (size_t)list->count, sizeof(*list->found), by_group);
	for (int64_t g = 0; g < BILLKIT_GROUPS; g++) {
		int64_t from = at;

		while (at < list->count && list->found[at].group == g)
			at++;
		if (groups[g].off != 0)
			billkit_fail(kit, "day %lld, group %lld: %s is not told",
			             (long long)(g * BILLKIT_DAY_COUNT / BILLKIT_GROUPS + 1),
			             (long long)g, billkit_amount(groups[g].off));
		check_group(kit, &groups[g], &list->found[from], at - from);
	}
	free(groups);
}
