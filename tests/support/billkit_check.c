/* What was found beside what was injected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/billkit_internal.h"

enum { SAID_BYTES = 1500 };

void billkit_fail(const struct billkit *kit, const char *format, ...)
{
	char said[SAID_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(said, sizeof(said), format, args);
	va_end(args);
	fail_msg("SEED=%llu (%lld events, %u decimals): %s",
	         (unsigned long long)kit->gen.options.seed, (long long)kit->gen.options.events,
	         kit->gen.options.decimals, said);
	abort();
}

const char *billkit_amount(wide attos)
{
	static char kept[4][MONEY_TEXT_BYTES];
	static unsigned turn;
	char *text = kept[turn++ % 4];

	money_text((struct money){ attos }, text);
	return text;
}

/* All differences of an event, in a line each. */
const char *billkit_told(const struct billkit_found *found, int64_t count)
{
	static char text[SAID_BYTES / 2];
	size_t len = 0;

	text[0] = '\0';
	for (int64_t i = 0; i < count && len < sizeof(text) - BILL_WHY_BYTES; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "\n    %s %s: %s",
		                        bill_cause_name(found[i].cause),
		                        billkit_amount(found[i].amount), found[i].why);
	return count > 0 ? text : " nothing";
}

/* The widest that a sum of theirs is away from what it was before it was written. */
wide billkit_slack(const struct billkit *kit)
{
	wide unit = 1;

	if (kit->gen.options.decimals == MONEY_DECIMALS_MAX)
		return 0;
	for (unsigned d = kit->gen.options.decimals; d < MONEY_DECIMALS_MAX; d++)
		unit *= 10;
	return unit;
}

static bool beyond(const struct billkit *kit, wide rest)
{
	return rest > billkit_slack(kit) || -rest > billkit_slack(kit);
}

bool billkit_tells_also(const struct billkit *kit, const struct billkit_found *found,
                        enum bill_cause cause)
{
	const char *also = strstr(found->why, "also: ");

	return billkit_slack(kit) > 0 && also != NULL &&
	       strstr(also, bill_cause_name(cause)) != NULL;
}

/* By facts other counts are another request: one is missing on each side. */
static bool tells_missing(const struct billkit_list *list, enum bill_cause cause,
                          enum billgen_fault fault)
{
	switch (fault) {
	case GEN_COUNTS_INPUT:
	case GEN_COUNTS_OUTPUT:
	case GEN_COUNTS_CACHE:
	case GEN_COUNTS_SEARCHES:
	case GEN_COUNTS_IMAGES:
	case GEN_COUNTS_AND_PRICE:
	case GEN_CACHE_MOVED:
	case GEN_REASONING_TWICE:
	case GEN_REASONING_LOST:
		return list->what == BILLKIT_FACTS &&
		       (cause == CAUSE_MISSING_HERE || cause == CAUSE_MISSING_THERE);
	default:
		return false;
	}
}

/*
 * An amount that was made up and then rounded is a plain ratio of one of our rates once in a while,
 * and nobody can know better.  How often is counted: as a fault that was not told as its own.
 */
static bool tells_chance(const struct billkit *kit, const struct billkit_found *found,
                         enum billgen_fault fault)
{
	return billkit_slack(kit) > 0 && fault == GEN_UNEXPLAINED_SUM &&
	       found->cause == CAUSE_PRICE;
}

/* It is right again, and has no difference at all. */
static bool due_nothing(const struct billgen *gen, int64_t index)
{
	return gen->events[index].fault == GEN_EVENT_CORRECTED;
}

/*
 * The differences of one event, of which nothing is to be there but what was injected; and what
 * rounding does, where the statement rounds.
 */
static void check_event(const struct billkit_list *list, int64_t index,
                        const struct billkit_found *found, int64_t count)
{
	struct billkit *kit = list->kit;
	struct billgen_rows rows;
	const struct billgen_expected *due = &rows.expected;
	wide sum = 0, named = 0, other = 0;
	bool wrong = false, missing = false, own = due_nothing(&kit->gen, index);

	billgen_rows(&kit->gen, index, &rows);
	for (int64_t i = 0; i < count; i++) {
		enum bill_cause cause = found[i].cause;

		own = own || (rows.has_expected && cause == due->cause);
		sum += found[i].amount;
		if (rows.has_expected && cause == due->cause)
			named += found[i].amount;
		else if (rows.has_expected && cause == due->other_cause)
			other += found[i].amount;
		else if (rows.has_expected && (billkit_tells_also(kit, &found[i], due->cause) ||
		                               tells_chance(kit, &found[i], due->fault)))
			named += found[i].amount;
		else if (rows.has_expected && tells_missing(list, cause, due->fault))
			missing = true;
		else if (billkit_slack(kit) == 0 || cause != CAUSE_ROUNDING)
			wrong = true;
	}
	if (rows.has_expected && !missing)
		wrong = wrong || beyond(kit, named + other - due->amount.attos) ||
		        beyond(kit, other - due->other.attos);
	if (wrong || sum != due->amount.attos || (rows.has_expected && count == 0))
		billkit_fail(kit, "%06lld of %s, %s: %s is due as %s, and found is:%s",
		             (long long)index, billgen_model_name(kit->gen.events[index].model),
		             billgen_fault_name(due->fault), billkit_amount(due->amount.attos),
		             rows.has_expected ? bill_cause_name(due->cause) : "rounding",
		             billkit_told(found, count));
	kit->tally.requests[due->fault].due++;
	kit->tally.requests[due->fault].told += own;
}

/* An adjustment is of an hour, and of no event: which one it is for, its amount says. */
static int64_t adjusted_event(const struct billkit *kit, const struct billkit_found *found)
{
	int64_t index = billgen_adjusted((struct money){ -found->amount });

	return index < kit->gen.options.events && kit->gen.events[index].fault == GEN_ADJUSTMENT &&
	                       billgen_adjustment(&kit->gen, index).attos == -found->amount
	               ? index
	               : -1;
}

static int by_event(const void *a, const void *b)
{
	const struct billkit_found *x = a, *y = b;

	if (x->event != y->event)
		return x->event < y->event ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

void billkit_check_requests(struct billkit_list *list)
{
	const struct billkit *kit = list->kit;
	int64_t at = 0;

	for (int64_t i = 0; i < list->count; i++) {
		struct billkit_found *found = &list->found[i];

		if (found->event < 0 && found->cause == CAUSE_ADJUSTED)
			found->event = adjusted_event(kit, found);
		if (found->event < 0)
			billkit_fail(kit, "a difference of no event:%s", billkit_told(found, 1));
	}
	qsort(list->found, (size_t)list->count, sizeof(*list->found), by_event);
	for (int64_t i = 0; i < kit->gen.options.events; i++) {
		int64_t from = at;

		while (at < list->count && list->found[at].event == i)
			at++;
		if (list->pairs &&
		    (kit->gen.events[i].no_row || kit->gen.events[i].no_line ||
		     billkit_is_matchers((enum billgen_fault)kit->gen.events[i].fault)))
			continue;
		check_event(list, i, &list->found[from], at - from);
	}
	if (at != list->count)
		billkit_fail(kit, "a difference of an event that there is none of");
}

void billkit_check_list(struct billkit_list *list)
{
	for (int64_t i = 0; i < list->count; i++)
		list->kit->tally.causes[list->found[i].cause]++;
	if (list->what == BILLKIT_DAYS)
		billkit_check_days(list);
	else
		billkit_check_requests(list);
}

struct billkit_found *billkit_found_add(struct billkit_list *list)
{
	struct billkit_found *found;

	if (list->count == list->room) {
		list->room = list->room > 0 ? 2 * list->room : 256;
		list->found = realloc(list->found, (size_t)list->room * sizeof(*found));
		assert_non_null(list->found);
	}
	found = &list->found[list->count];
	*found = (struct billkit_found){ .event = -1, .order = list->count++, .group = -1 };
	return found;
}
