/* What comes of all pairs: the plainest change that explains them, and what is suggested. */
#include <stdlib.h>

#include "bill/suggest_internal.h"

/* A pair alone is explained by its own cause: what else would fit is chance. */
static bool is_of_cause(const struct bill_group *group, const struct bill_change *change)
{
	bool one = change->kind == CHANGE_ENTRY || change->kind == CHANGE_AS ||
	           change->kind == CHANGE_NEW;

	return group->others || !one || change->component == group->component;
}

bool bill_change_is_sure(const struct bill_group *group, const struct bill_change *change)
{
	enum { PART = 1000 };
	wide times = group->most_more / (group->most_open / PART + 1), all = PART;

	if (change->agreed >= BILL_AGREED_SURE)
		return true;
	/* Two of them make a range. */
	for (int64_t i = BILL_SURE_PAIRS; i < group->different && times > PART; i++) {
		all = all * (times < BILL_AGREED_MAX ? times : BILL_AGREED_MAX) / PART;
		if (all >= (wide)PART * BILL_AGREED_SURE)
			return true;
	}
	return false;
}

static bool has_value(const struct bill_group *group, const struct bill_change *change, bool sure,
                      wide *number_out)
{
	return bill_change_value(change, group->version, bill_change_range(change), sure,
	                         number_out) &&
	       *number_out != bill_change_is(change, group->version);
}

static bool is_plain_change(const struct bill_group *group, size_t i, wide number)
{
	wide is = bill_change_is(&group->changes[i], group->version);

	return is != 0 && bill_is_plain(number, is);
}

/*
 * One factor of all that is written with two decimals is plainer than one rate, where that is not
 * all there is; than one that is no plain ratio also where only all pairs make it sure.
 */
static bool is_by_all(const struct bill_group *group, size_t found, wide found_number,
                      wide *number_out)
{
	enum { TWO_DECIMALS = 100 };
	const struct bill_change *all = &group->changes[group->all];
	bool sure = bill_change_is_sure(group, all);

	if (found == BILL_CHANGES_MAX)
		return has_value(group, all, sure, number_out);
	if (!group->changes[found].partial)
		return false;
	sure = sure && !is_plain_change(group, found, found_number);
	return has_value(group, all, sure, number_out) && *number_out % TWO_DECIMALS == 0;
}

size_t bill_change_pick(const struct bill_group *group, wide *number_out)
{
	size_t found = BILL_CHANGES_MAX;
	wide number, all;

	for (size_t i = 0; i < group->change_count; i++) {
		const struct bill_change *change = &group->changes[i];

		if (i == group->all || !is_of_cause(group, change) ||
		    !has_value(group, change, bill_change_is_sure(group, change), &number))
			continue;
		if (found == BILL_CHANGES_MAX || (!is_plain_change(group, found, *number_out) &&
		                                  is_plain_change(group, i, number))) {
			found = i;
			*number_out = number;
		}
	}
	if (!is_by_all(group, found, found < BILL_CHANGES_MAX ? *number_out : 0, &all))
		return found;
	*number_out = all;
	return group->all;
}

static bool explains(const struct bill_group *group, const struct bill_other *other)
{
	return group->pairs > 0 && !other->dead && other->helped;
}

/* Every pair is by that tier; one alone is a request of another tier, and no price. */
static bool is_by_tier(const struct bill_group *group, size_t i)
{
	return group->tier_pairs > 1 && !group->tiers[i].dead && group->tiers[i].helped;
}

bool bill_group_has_rule(const struct bill_group *group)
{
	bool has = explains(group, &group->flip) || explains(group, &group->none);

	for (size_t i = 0; i < BILL_OTHERS_MAX; i++)
		has = has || explains(group, &group->versions[i]);
	for (size_t i = 0; i < group->tier_count; i++)
		has = has || is_by_tier(group, i);
	return has;
}

static bool suggest_other(const struct bill_group *group, struct bill_suggestion *out)
{
	size_t first = bill_first_version(group->version);

	if (explains(group, &group->flip)) {
		bill_suggest_flip(group, out);
		return true;
	}
	for (size_t i = 0; i < BILL_OTHERS_MAX; i++) {
		if (!explains(group, &group->versions[i]))
			continue;
		bill_suggest_version(group, book_version(group->version->book, first + i), out);
		return true;
	}
	if (explains(group, &group->none)) {
		bill_suggest_none(group, out);
		return true;
	}
	return false;
}

/* Both values, where two changes together explain all of it. */
static bool suggest_two(const struct bill_group *group, struct bill_suggestion *out)
{
	for (size_t i = 0; i < group->change_count && i < BILL_TWO_MAX; i++) {
		for (size_t j = i + 1; j < group->change_count && j < BILL_TWO_MAX; j++) {
			const struct bill_two *two = &group->twos[i][j];
			struct bill_range x = { .set = true, .lo_by = two->by, .hi_by = two->by };
			struct bill_range y = x;
			wide first, second;

			/* Two equations make them; the third says that it is no chance. */
			if (two->dead || two->rank < 2 || group->pairs <= BILL_SURE_PAIRS)
				continue;
			x.lo_of = x.hi_of = two->by + two->x;
			y.lo_of = y.hi_of = two->by + two->y;
			if (!bill_change_value(&group->changes[i], group->version, &x, false,
			                       &first) ||
			    !bill_change_value(&group->changes[j], group->version, &y, false,
			                       &second))
				continue;
			bill_suggest_two(group, &group->changes[i], first, &group->changes[j],
			                 second, out);
			return true;
		}
	}
	return false;
}

static bool suggest(const struct bill_group *group, wide all_factor, struct bill_suggestion *out)
{
	wide number;
	size_t i;

	*out = (struct bill_suggestion){ .cause = CAUSE_PRICE,
		                         .model = group->version->model,
		                         .pairs = group->pairs,
		                         .amount = group->amount };
	for (size_t t = 0; t < group->tier_count; t++) {
		if (!is_by_tier(group, t))
			continue;
		out->pairs += group->tier_pairs;
		out->amount.attos += group->tier_amount.attos;
		bill_suggest_tier(group, group->tier_names[t], out);
		return true;
	}
	/* The same again proves nothing; another one that fits does. */
	if (group->pairs == 0 || (!group->others && group->proven == 0))
		return false;
	if (suggest_other(group, out))
		return true;
	i = bill_change_pick(group, &number);
	if (i < BILL_CHANGES_MAX) {
		bill_suggest_change(group, &group->changes[i], number, out);
		return group->changes[i].kind != CHANGE_ALL || number != all_factor;
	}
	return suggest_two(group, out);
}

/* All models by the same factor: what is common to all that were compared. */
static bool suggest_all(const struct bill_suggestions *suggestions, wide *factor_out,
                        struct bill_suggestion *out)
{
	struct bill_change all = { .kind = CHANGE_ALL };
	const struct bill_group *some = NULL;
	size_t differing = 0;
	bool sure = false;

	*out = (struct bill_suggestion){ .cause = CAUSE_PRICE };
	for (size_t i = 0; i < suggestions->count; i++) {
		const struct bill_group *group = suggestions->groups[i];

		/* Where it does not fit into them, nobody knows of it. */
		if (group->changes[group->all].range.broken)
			return false;
		bill_range_meet(&all.nearest, &group->changes[group->all].nearest);
		bill_range_meet(&all.range, &group->changes[group->all].range);
		sure = sure || bill_change_is_sure(group, &group->changes[group->all]);
		some = group->pairs > 0 ? group : some;
		differing += group->pairs > 0;
		out->pairs += group->pairs;
		out->amount.attos += group->amount.attos;
	}
	if (differing < 2 ||
	    !bill_change_value(&all, some->version, bill_change_range(&all), sure, factor_out))
		return false;
	bill_suggest_change(NULL, &all, *factor_out, out);
	return true;
}

static int by_amount(const void *a, const void *b)
{
	const struct bill_suggestion *x = a, *y = b;
	wide of[2] = { x->amount.attos < 0 ? -x->amount.attos : x->amount.attos,
		       y->amount.attos < 0 ? -y->amount.attos : y->amount.attos };

	if (of[0] != of[1])
		return of[0] > of[1] ? -1 : 1;
	return text_compare(x->model, y->model);
}

int bill_each_suggestion(struct bill_suggestions *suggestions, bill_suggestion_fn *each,
                         void *context, struct fault *fault)
{
	struct bill_suggestion *all = calloc(suggestions->count + 2, sizeof(*all));
	size_t count = 0;
	wide factor = 0;
	int r = 0;

	if (all == NULL)
		return fault_set(fault, FAULT_NOMEM, "suggestions: out of memory");
	if (suggest_all(suggestions, &factor, &all[0]))
		count++;
	for (size_t i = 0; i < suggestions->count; i++)
		count += suggest(suggestions->groups[i], factor, &all[count]);
	qsort(all, count, sizeof(*all), by_amount);
	if (suggestions->beyond > 0)
		bill_suggest_beyond(suggestions->beyond, &all[count++]);
	for (size_t i = 0; r == 0 && i < count; i++) {
		r = all[i].starved ? fault_set(fault, FAULT_NOMEM, "suggestions: out of memory")
		                   : each(context, &all[i]);
	}
	free(all);
	return r;
}
