/*
 * What all pairs of a version have taught about its prices, for one of them: a pair alone, where
 * rounding leaves much open, fits too much by chance.
 */
#include <stdio.h>

#include "bill/learn.h"
#include "bill/suggest_internal.h"

/* ---- behind the last pair ---- */

/* Of another name, and all pairs may be of it, too: what is not narrow by itself proves nothing. */
static bool is_rival(const struct bill_group *group, const struct bill_change *change, bool narrow)
{
	const struct bill_range *range = bill_change_range(change);
	wide number;

	if (!narrow)
		return range->set && !range->broken;
	return bill_change_value(change, group->version, range, false, &number) &&
	       number != bill_change_is(change, group->version);
}

static bool is_ambiguous(const struct bill_group *group, const struct bill_change *picked)
{
	wide number;
	bool narrow = bill_change_value(picked, group->version, bill_change_range(picked), false,
	                                &number);

	for (size_t i = 0; i < group->change_count; i++) {
		const struct bill_change *change = &group->changes[i];

		if (bill_change_cause(change) != bill_change_cause(picked) &&
		    is_rival(group, change, narrow))
			return true;
	}
	return false;
}

static void learn(struct bill_group *group)
{
	struct bill_known *known = &group->known;
	const struct bill_change *change;
	wide number;
	size_t i;

	if (group->pairs <= BILL_SURE_PAIRS || !group->others || bill_group_has_rule(group))
		return;
	i = bill_change_pick(group, &number);
	if (i == BILL_CHANGES_MAX || is_ambiguous(group, &group->changes[i]))
		return;
	change = &group->changes[i];
	*known = (struct bill_known){
		.cause = bill_change_cause(change),
		.component = change->kind <= CHANGE_NEW ? change->component : COMPONENT_COUNT,
		.change = i,
		.value = number,
		.is = bill_change_is(change, group->version),
		.pairs = group->pairs,
		.first = 2 * group->named < group->pairs,
	};
	/* No tier is another one: its factor is. */
	if (change->kind == CHANGE_MULTIPLIER)
		known->cause = CAUSE_PRICE;
	bill_change_text(group, change, number, known->text, sizeof(known->text));
	group->is_known = true;
}

void bill_suggestions_learn(struct bill_suggestions *suggestions, bool *new_out)
{
	*new_out = false;
	for (size_t i = 0; i < suggestions->count; i++) {
		struct bill_group *group = suggestions->groups[i];

		learn(group);
		*new_out = *new_out || (group->is_known && group->proven < group->pairs);
	}
}

static const struct bill_group *group_of(const struct bill_suggestions *suggestions,
                                         const struct book_version *version)
{
	const struct bill_group *group = suggestions != NULL
	                                         ? suggestions->of_version[version->ordinal]
	                                         : NULL;

	return group != NULL && group->is_known ? group : NULL;
}

const struct bill_known *bill_suggestions_known(const struct bill_suggestions *suggestions,
                                                const struct book_version *version)
{
	const struct bill_group *group = group_of(suggestions, version);

	return group != NULL ? &group->known : NULL;
}

/* ---- what it makes of a pair ---- */

/* part x value / is - part; false: no room, or a fraction where nothing is rounded. */
static bool times(const struct bill_case *of, wide part, wide value, wide is, wide *more_out)
{
	wide all;

	if (__builtin_mul_overflow(part, value, &all) || (all % is != 0 && of->rounding.attos == 0))
		return false;
	*more_out = all / is - part;
	return true;
}

/* What it is more than our prices have; NULL: nothing is known of it. */
static const struct bill_known *more_of(const struct bill_case *of, wide *more_out)
{
	const struct bill_learned *learned = of->terms->learned;
	struct bill_rating rating = of->rating;
	const struct bill_change *change;
	const struct bill_group *group;
	struct charges rated;
	wide part;

	if (learned == NULL || of->terms->book == NULL || !of->priced)
		return NULL;
	rating.version = book_find(of->terms->book, of->ours->model, of->ours->time_ms).version;
	if (rating.version == NULL)
		return NULL;
	group = group_of(learned->of_pairs, rating.version);
	if (group == NULL)
		group = group_of(learned->of_rows, rating.version);
	/* Ours may be by another book than the one in force. */
	if (group == NULL || !bill_rate(&rating, &of->countable, &rated) ||
	    money_compare(rated.total, of->base.total) != 0)
		return NULL;
	change = &group->changes[group->known.change];
	part = bill_change_part(change, &rated, &of->countable);
	if (change->kind == CHANGE_NEW)
		return __builtin_mul_overflow(part, group->known.value, more_out) ? NULL
		                                                                  : &group->known;
	/* Of a sum what it is made of is only nearly known, and what it comes to is. */
	if (change->kind == CHANGE_ALL)
		part = of->due.attos + of->tokens.attos;
	return times(of, part, group->known.value, group->known.is, more_out) ? &group->known
	                                                                      : NULL;
}

void bill_guess_known(struct bill_guess *guess, bool first)
{
	wide more;
	const struct bill_known *known = more_of(guess->of, &more);

	if (known == NULL || more == 0 || known->first != first)
		return;
	guess->known = true;
	bill_guess_try(guess, known->cause, known->component, (struct money){ more },
	               "as %lld of its kind: %s", (long long)known->pairs, known->text);
	guess->known = false;
}

bool bill_known_fits(struct bill_case *of)
{
	struct money cut = of->cut, rest;
	wide more;
	const struct bill_known *known = more_of(of, &more);
	bool fits;

	/* A fee of less than a unit is what rounding up looks like. */
	if (known == NULL || more == 0 || known->cause == CAUSE_FEE)
		return false;
	of->cut = (struct money){ 0 };
	fits = money_sub(of->left, (struct money){ more }, &rest) == 0 &&
	       bill_is_rounding(of, rest);
	of->cut = cut;
	return fits;
}
