#include "bill/suggest.h"

#include <stdlib.h>
#include <string.h>

#include "bill/learn.h"
#include "bill/suggest_internal.h"

enum {
	PINNED = 20000, /* a part so many times what rounding leaves open is as it is */
};

int bill_suggestions_start(struct bill_suggestions **out, const struct bill_terms *terms,
                           struct fault *fault)
{
	struct bill_suggestions *suggestions = calloc(1, sizeof(*suggestions));
	size_t versions = terms->book != NULL ? book_version_count(terms->book) : 0;

	if (suggestions != NULL)
		suggestions->of_version = calloc(versions + 1, sizeof(struct bill_group *));
	if (suggestions == NULL || suggestions->of_version == NULL) {
		free(suggestions);
		return fault_set(fault, FAULT_NOMEM, "suggestions: out of memory");
	}
	suggestions->terms = terms;
	*out = suggestions;
	return 0;
}

void bill_suggestions_free(struct bill_suggestions *suggestions)
{
	if (suggestions == NULL)
		return;
	for (size_t i = 0; i < suggestions->count; i++)
		free(suggestions->groups[i]);
	free(suggestions->groups);
	free(suggestions->of_version);
	free(suggestions);
}

/* ---- what a version's prices can be changed by ---- */

static void add_change(struct bill_group *group, struct bill_change change)
{
	if (group->change_count < BILL_CHANGES_MAX)
		group->changes[group->change_count++] = change;
}

/* Entries first: those are what two are sought among. */
static void add_changes(struct bill_group *group)
{
	const struct book_version *version = group->version;

	for (size_t i = 0; i < version->card.rate_count; i++) {
		const struct book_rate *rate = &version->card.rates[i];

		if (rate->megapixels == MEGAPIXELS_NONE)
			add_change(group, (struct bill_change){ .kind = CHANGE_ENTRY,
			                                        .rate = rate,
			                                        .component = rate->component });
	}
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (!book_card_has(&version->card, (enum component)c) && version->same_as[c] != c &&
		    book_card_has(&version->card, (enum component)version->same_as[c]))
			add_change(group, (struct bill_change){ .kind = CHANGE_AS,
			                                        .component = (enum component)c });
	}
	if (!book_version_has(version, COMPONENT_REQUESTS))
		add_change(group, (struct bill_change){ .kind = CHANGE_NEW,
		                                        .component = COMPONENT_REQUESTS });
	for (size_t i = 0; i < version->multiplier_count; i++)
		add_change(group,
		           (struct bill_change){ .kind = CHANGE_MULTIPLIER, .multiplier = i });
	/* There is always room for this one. */
	group->all = group->change_count < BILL_CHANGES_MAX ? group->change_count
	                                                    : BILL_CHANGES_MAX - 1;
	group->changes[group->all] = (struct bill_change){ .kind = CHANGE_ALL };
	group->change_count = group->all + 1;
}

static bool note_least(void *context, enum component component, const struct book_when *when)
{
	int64_t *least = context;

	(void)component;
	if ((when->has & WHEN_CONTEXT) != 0 && when->context_tokens < *least)
		*least = when->context_tokens;
	return true;
}

static void add_tier(struct bill_group *group, struct text tier)
{
	for (size_t i = 0; i < group->tier_count; i++) {
		if (text_equal(group->tier_names[i], tier))
			return;
	}
	if (group->tier_count < BILL_OTHERS_MAX)
		group->tier_names[group->tier_count++] = tier;
}

static bool note_tier_name(void *context, enum component component, const struct book_when *when)
{
	(void)component;
	if ((when->has & WHEN_TIER) != 0)
		add_tier(context, when->tier);
	return true;
}

/* What an earlier walk knows of it is where this one begins. */
static void start_from(struct bill_group *group, const struct bill_suggestions *earlier)
{
	const struct bill_known *known = bill_suggestions_known(earlier, group->version);
	struct bill_change *change;

	if (known == NULL)
		return;
	change = &group->changes[known->change];
	*change = earlier->of_version[group->version->ordinal]->changes[known->change];
	change->agreed = BILL_AGREED_SURE;
}

static struct bill_group *new_group(struct bill_suggestions *suggestions,
                                    const struct book_version *version)
{
	const struct bill_rating rating = { .version = version };
	struct bill_group *group;
	size_t room = suggestions->room > 0 ? 2 * suggestions->room : 16;
	struct bill_group **groups = suggestions->groups;

	if (suggestions->count == suggestions->room) {
		groups = realloc(groups, room * sizeof(*groups));
		if (groups == NULL)
			return NULL;
		suggestions->groups = groups;
		suggestions->room = room;
	}
	group = calloc(1, sizeof(*group));
	if (group == NULL)
		return NULL;
	group->version = version;
	group->least = INT64_MAX;
	bill_each_when(&rating, note_least, &group->least);
	add_changes(group);
	bill_each_when(&rating, note_tier_name, group);
	if (group->tier_count > 0)
		add_tier(group, text_of("standard"));
	if (suggestions->terms->learned != NULL) {
		start_from(group, suggestions->terms->learned->of_rows);
		start_from(group, suggestions->terms->learned->of_pairs);
	}
	suggestions->groups[suggestions->count++] = group;
	suggestions->of_version[version->ordinal] = group;
	return group;
}

/* ---- a pair as an equation ---- */

struct equation {
	struct bill_case of;
	struct bill_parts parts;  /* not filled: the case has to have some */
	wide more;                /* theirs less what its counts cost by the book in force */
	wide low, high;           /* rounding leaves open so much below it, and above it */
	struct money amount;      /* of it, in the report: by a price, or unexplained */
	bool differs;             /* the report has some */
	bool proven;              /* a cause was found */
	bool named;               /* and it is no price alone */
	bool tier;                /* it is another tier */
	enum component component; /* that it names */
};

/* Only a request or a sum that both sides count and price, and no rule but the prices parts. */
static bool is_priced_by_both(const struct bill_suggestions *suggestions,
                              const struct bill_pair *pair, const struct bill_parts *parts,
                              struct money *stated_out, bool *tier_out)
{
	*stated_out = (struct money){ 0 };
	*tier_out = false;
	if (pair->ours == NULL || pair->theirs == NULL || pair->known != CAUSE_COUNT ||
	    !pair->ours_counts || !pair->theirs_counts || parts->priced_here ||
	    suggestions->terms->book == NULL || pair->ours->policy != 0 ||
	    pair->theirs->charge != STATEMENT_USAGE ||
	    (pair->theirs->flags & (STATEMENT_BYOK | STATEMENT_BYOK_PART)) != 0)
		return false;
	for (size_t i = 0; i < parts->count; i++) {
		switch (parts->parts[i].cause) {
		case CAUSE_COUNTS:
		case CAUSE_PRICE:
		case CAUSE_CACHE_AS_INPUT:
		case CAUSE_REASONING:
		case CAUSE_LONG_CONTEXT:
		case CAUSE_ROUNDING:
		case CAUSE_UNEXPLAINED:
			break;
		case CAUSE_TIER:
			*tier_out = true;
			break;
		case CAUSE_FEE:
		case CAUSE_DISCOUNT:
			/* What the row states is of this row. */
			if (parts->parts[i].effect == EFFECT_NONE)
				stated_out->attos += parts->parts[i].amount.attos;
			break;
		default:
			return false;
		}
	}
	return true;
}

/* What was cut off was more. */
static void note_rounding(struct equation *equation)
{
	const struct bill_case *of = &equation->of;
	wide most = bill_rounding_most(of);
	wide theirs = of->theirs->money[STATEMENT_MONEY_AMOUNT].attos;

	equation->low = theirs > 0 && !of->up ? of->rounding.attos : most;
	equation->high = theirs < 0 || of->up ? of->rounding.attos : most;
	if (of->up && theirs < 0) {
		equation->low = of->rounding.attos;
		equation->high = most;
	}
}

/* What the report has of it.  False: it has nothing, and yet their price is another. */
static bool note_reported(struct equation *equation, const struct bill_parts *parts)
{
	bool rounding = bill_is_rounding(&equation->of, (struct money){ equation->more });

	equation->proven = true;
	equation->component = COMPONENT_COUNT;
	equation->amount = (struct money){ 0 };
	equation->differs = equation->named = false;
	for (size_t i = 0; i < parts->count; i++) {
		const struct bill_part *part = &parts->parts[i];

		/* What their counts cost more and is not charged is no price. */
		if ((part->effect != EFFECT_PRICE && part->cause != CAUSE_UNEXPLAINED) ||
		    parts->theirs.attos == parts->ours.attos)
			continue;
		equation->amount.attos += part->amount.attos;
		equation->component = part->component;
		equation->differs = true;
		equation->proven = equation->proven && part->cause != CAUSE_UNEXPLAINED;
		equation->named = part->cause != CAUSE_UNEXPLAINED && part->cause != CAUSE_PRICE;
	}
	if (!equation->differs)
		return rounding;
	/* By the book in force there may be nothing left to explain; or all there was. */
	equation->differs = equation->amount.attos == equation->more ||
	                    !bill_is_nearest(&equation->of, (struct money){ equation->more });
	return true;
}

/* Of a sum only where the version gives our amount again: what its requests were is not known. */
static bool make_equation(const struct bill_suggestions *suggestions, const struct bill_pair *pair,
                          const struct bill_parts *parts, const struct book_version *version,
                          struct equation *equation)
{
	struct bill_case *of = &equation->of;
	struct money stated;

	if (!is_priced_by_both(suggestions, pair, parts, &stated, &equation->tier))
		return false;
	*of = (struct bill_case){ .terms = suggestions->terms,
		                  .pair = pair,
		                  .ours = pair->ours,
		                  .theirs = pair->theirs,
		                  .parts = &equation->parts };
	bill_rating_find(of);
	of->rating.version = version;
	of->usage[0] = pair->ours->usage;
	of->told = pair->theirs->told;
	if (bill_rounding_find(of) < 0 || bill_counts_prepare(of, pair->ours->amount) < 0 ||
	    bill_counts_guessed(of) || bill_counts_unknown(of) || !of->priced ||
	    (pair->ours->sum && !of->exact))
		return false;
	equation->more = parts->theirs.attos - stated.attos - of->base.total.attos;
	note_rounding(equation);
	return note_reported(equation, parts);
}

wide bill_change_part(const struct bill_change *change, const struct charges *base,
                      const struct usage *usage)
{
	wide part = 0;

	if (change->kind == CHANGE_NEW)
		return usage->count[change->component];
	for (size_t i = 0; i < base->count; i++) {
		const struct charge *line = &base->lines[i];
		bool moves = false;

		switch (change->kind) {
		case CHANGE_ENTRY:
			moves = line->rate == change->rate;
			break;
		case CHANGE_AS:
			moves = line->component == change->component && !line->agreed;
			break;
		case CHANGE_MULTIPLIER:
			moves = (line->multipliers >> change->multiplier & 1) != 0;
			break;
		case CHANGE_ALL:
			moves = true;
			break;
		case CHANGE_NEW:
			break;
		}
		part += moves ? line->amount.attos : 0;
	}
	return part;
}

/* ---- noting ---- */

/* So many times as wide as what is open: of all pairs but the one that says most. */
static void note_agreed(struct bill_change *change, const struct equation *equation)
{
	wide more = equation->more < 0 ? -equation->more : equation->more;
	wide times = more / (2 * equation->of.rounding.attos + 1);
	int64_t least = times < 1 ? 1 : times < BILL_AGREED_MAX ? (int64_t)times : BILL_AGREED_MAX;

	if (change->agreed_most == 0) {
		change->agreed_most = least;
		change->agreed = 1;
		return;
	}
	if (least > change->agreed_most) {
		int64_t most = least;

		least = change->agreed_most;
		change->agreed_most = most;
	}
	change->agreed *= least;
	if (change->agreed > BILL_AGREED_MAX)
		change->agreed = BILL_AGREED_MAX;
}

static void note_ranges(struct bill_change *change, const struct equation *equation, wide all,
                        wide part)
{
	wide near = equation->of.rounding.attos;

	bill_range_note(&change->nearest, all - near, all + near, part);
	bill_range_note(&change->range, all - equation->low, all + equation->high, part);
}

const struct bill_range *bill_change_range(const struct bill_change *change)
{
	return change->nearest.broken ? &change->range : &change->nearest;
}

static void note_change(struct bill_change *change, const struct equation *equation, wide part,
                        bool again)
{
	wide open = equation->low + equation->high + 1;

	/* Of a rate that there is not yet all of it is more. */
	wide is = change->kind == CHANGE_NEW ? 0 : part, more = equation->more;

	if (part == 0 ? equation->differs
	              : !equation->differs && part / PINNED > open && change->kind != CHANGE_NEW)
		change->nearest.broken = change->range.broken = true;
	else if (part != 0)
		note_ranges(change, equation, is + more, part);
	if (equation->differs && !again)
		note_agreed(change, equation);
	change->partial = change->partial || part != equation->of.base.total.attos;
}

static void note_two(struct bill_group *group, const struct equation *equation, const wide *parts)
{
	bool dead = true;

	for (size_t i = 0; i < group->change_count && i < BILL_TWO_MAX; i++) {
		for (size_t j = i + 1; j < group->change_count && j < BILL_TWO_MAX; j++) {
			struct bill_two *two = &group->twos[i][j];

			if (group->changes[i].kind == CHANGE_ENTRY &&
			    group->changes[j].kind == CHANGE_ENTRY)
				bill_two_note(two, parts[i], parts[j], equation->more);
			else
				two->dead = true;
			dead = dead && two->dead;
		}
	}
	group->twos_dead = dead;
}

static void note_other(struct bill_other *other, const struct equation *equation, bool priced,
                       wide total)
{
	struct money rest = { equation->more + equation->of.base.total.attos - total };

	if (!priced || !bill_is_rounding(&equation->of, rest))
		other->dead = true;
	else
		other->helped = other->helped || equation->differs;
}

static bool is_at_threshold(void *context, enum component component, const struct book_when *when)
{
	int64_t *prompt = context;

	(void)component;
	if ((when->has & WHEN_CONTEXT) == 0 || when->context_tokens != *prompt)
		return true;
	*prompt = when->context_test == CONTEXT_GT ? *prompt + 1 : *prompt - 1;
	return false;
}

static void note_context(struct bill_group *group, const struct equation *equation)
{
	const struct bill_case *of = &equation->of;
	int64_t prompt = bill_prompt(&of->rating, &of->countable), other = prompt;
	struct charges rated;
	bool priced;

	if (group->least == INT64_MAX) {
		group->flip.dead = group->none.dead = true;
		return;
	}
	/* Neither changes anything below the smallest threshold. */
	if (prompt < group->least) {
		group->flip.dead = group->flip.dead || equation->differs;
		group->none.dead = group->none.dead || equation->differs;
		return;
	}
	if (!group->flip.dead) {
		bill_each_when(&of->rating, is_at_threshold, &other);
		priced = other == prompt ||
		         bill_rate_at(&of->rating, &of->countable, other, &rated);
		note_other(&group->flip, equation, priced,
		           other == prompt ? of->base.total.attos : rated.total.attos);
	}
	if (!group->none.dead) {
		priced = bill_rate_at(&of->rating, &of->countable, 0, &rated);
		note_other(&group->none, equation, priced, rated.total.attos);
	}
}

size_t bill_first_version(const struct book_version *version)
{
	size_t first = version->ordinal;

	while (first > 0 &&
	       text_equal(book_version(version->book, first - 1)->model, version->model))
		first--;
	return first;
}

static void note_versions(struct bill_group *group, const struct equation *equation)
{
	const struct book_version *version = group->version;
	size_t first = bill_first_version(version);

	for (size_t i = 0; i < BILL_OTHERS_MAX; i++) {
		struct bill_rating rating = equation->of.rating;
		struct charges rated;
		bool priced;

		if (group->versions[i].dead)
			continue;
		if (first + i >= book_version_count(version->book)) {
			group->versions[i].dead = true;
			continue;
		}
		rating.version = book_version(version->book, first + i);
		if (rating.version == version ||
		    !text_equal(rating.version->model, version->model)) {
			group->versions[i].dead = true;
			continue;
		}
		priced = bill_rate(&rating, &equation->of.countable, &rated);
		note_other(&group->versions[i], equation, priced, rated.total.attos);
	}
}

static void note_tiers(struct bill_group *group, const struct equation *equation)
{
	for (size_t i = 0; i < group->tier_count; i++) {
		struct bill_rating rating = equation->of.rating;
		struct charges rated;
		bool priced;

		if (group->tiers[i].dead)
			continue;
		rating.request.tier = group->tier_names[i];
		priced = bill_rate(&rating, &equation->of.countable, &rated);
		note_other(&group->tiers[i], equation, priced, rated.total.attos);
	}
}

static bool is_closed(const struct bill_group *group)
{
	bool closed = group->flip.dead && group->none.dead;

	for (size_t i = 0; i < group->change_count; i++)
		closed = closed && group->changes[i].range.broken;
	for (size_t i = 0; i < BILL_OTHERS_MAX; i++)
		closed = closed && group->versions[i].dead;
	for (size_t i = 0; i < group->tier_count; i++)
		closed = closed && group->tiers[i].dead;
	return closed && group->twos_dead;
}

static void note_different(struct bill_group *group, const struct equation *equation)
{
	wide more = equation->more < 0 ? -equation->more : equation->more;
	wide open = 2 * equation->of.rounding.attos + 1;

	group->different++;
	group->most_more = more > group->most_more ? more : group->most_more;
	group->most_open = open > group->most_open ? open : group->most_open;
}

static void note_equation(struct bill_group *group, const struct equation *equation)
{
	wide parts[BILL_CHANGES_MAX];
	/* The same again proves nothing. */
	bool again = group->pairs > 0 && equation->more == group->first &&
	             equation->of.base.total.attos == group->first_base;

	for (size_t i = 0; i < group->change_count; i++) {
		bool two = i < BILL_TWO_MAX && !group->twos_dead;

		if (group->changes[i].range.broken && !two)
			continue;
		parts[i] = bill_change_part(&group->changes[i], &equation->of.base,
		                            &equation->of.countable);
		note_change(&group->changes[i], equation, parts[i], again);
	}
	if (!group->twos_dead)
		note_two(group, equation, parts);
	note_context(group, equation);
	note_versions(group, equation);
	note_tiers(group, equation);
	if (equation->differs) {
		wide base = equation->of.base.total.attos;

		if (group->pairs == 0) {
			group->first = equation->more;
			group->component = equation->component;
			group->first_base = base;
		}
		group->others = group->others || equation->more != group->first ||
		                base != group->first_base;
		group->pairs++;
		if (!again)
			note_different(group, equation);
		group->proven += equation->proven;
		group->named += equation->named;
		group->amount.attos += equation->amount.attos;
	}
	group->closed = is_closed(group);
}

int bill_suggestions_note(struct bill_suggestions *suggestions, const struct bill_pair *pair,
                          const struct bill_parts *parts, struct fault *fault)
{
	const struct book_version *version;
	struct bill_group *group;
	struct equation equation;

	if (suggestions->terms->book == NULL || pair->ours == NULL || pair->theirs == NULL ||
	    pair->ours->model.at == NULL)
		return 0;
	version =
		book_find(suggestions->terms->book, pair->ours->model, pair->ours->time_ms).version;
	if (version == NULL)
		return 0;
	group = suggestions->of_version[version->ordinal];
	if (group != NULL && group->closed)
		return 0;
	if (!make_equation(suggestions, pair, parts, version, &equation))
		return 0;
	if (group == NULL && suggestions->count == SUGGEST_MODELS_MAX) {
		suggestions->beyond++;
		return 0;
	}
	if (group == NULL)
		group = new_group(suggestions, version);
	if (group == NULL)
		return fault_set(fault, FAULT_NOMEM, "suggestions: out of memory");
	if (!equation.tier) {
		note_equation(group, &equation);
		return 0;
	}
	/* It says nothing of rates, but for those of the tier. */
	note_tiers(group, &equation);
	group->named++;
	group->tier_pairs++;
	group->tier_amount.attos += equation.amount.attos;
	return 0;
}
