#include "price/compare.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "price/book_internal.h"

static_assert(BOOK_MULTIPLIERS_MAX <= 32 && BOOK_MINIMUMS_MAX <= 32, "a bit each");

/* Where differences are found, and who is told. */
struct walk {
	compare_fn *each;
	void *context;
	struct compared at; /* model, from_ms and agreed of all that is told */
};

static struct compared difference(const struct walk *walk, enum compare_what what, bool before,
                                  bool after)
{
	struct compared found = walk->at;

	found.what = what;
	found.how = !before ? COMPARE_ADDED : !after ? COMPARE_REMOVED : COMPARE_CHANGED;
	found.component = COMPONENT_COUNT;
	return found;
}

/* ---- rates ---- */

static bool same_entry(const struct book_rate *a, const struct book_rate *b)
{
	return a->megapixels == b->megapixels && book_when_equal(&a->when, &b->when);
}

/* The entry of a card with the conditions of `rate`; NULL: none.  They are there once. */
static const struct book_rate *entry_like(const struct book_card *card,
                                          const struct book_rate *rate)
{
	for (size_t i = card->first[rate->component]; i < card->first[rate->component + 1]; i++) {
		if (same_entry(&card->rates[i], rate))
			return &card->rates[i];
	}
	return NULL;
}

static int tell_rate(struct walk *walk, enum component component, const struct book_rate *before,
                     const struct book_rate *after)
{
	struct compared found = difference(walk, COMPARE_RATE, before != NULL, after != NULL);

	found.component = component;
	found.rate[0] = before;
	found.rate[1] = after;
	return walk->each(walk->context, &found);
}

static int compare_component(struct walk *walk, enum component component,
                             const struct book_card *before, const struct book_card *after)
{
	const struct book_rate *last = NULL;
	bool moved = false;
	int r = 0;

	for (size_t i = before->first[component]; r == 0 && i < before->first[component + 1]; i++) {
		const struct book_rate *is = entry_like(after, &before->rates[i]);

		if (is == NULL || is->rate.attos_per_unit != before->rates[i].rate.attos_per_unit)
			r = tell_rate(walk, component, &before->rates[i], is);
		moved = moved || (is != NULL && last != NULL && is < last);
		last = is != NULL ? is : last;
	}
	for (size_t i = after->first[component]; r == 0 && i < after->first[component + 1]; i++) {
		if (entry_like(before, &after->rates[i]) == NULL)
			r = tell_rate(walk, component, NULL, &after->rates[i]);
	}
	if (r == 0 && moved) {
		struct compared found = difference(walk, COMPARE_ORDER, true, true);

		found.component = component;
		r = walk->each(walk->context, &found);
	}
	return r;
}

static int compare_cards(struct walk *walk, const struct book_card *before,
                         const struct book_card *after)
{
	int r = 0;

	for (int c = 0; r == 0 && c < COMPONENT_COUNT; c++)
		r = compare_component(walk, (enum component)c, before, after);
	return r;
}

/* As what a component is priced: "as" means nothing beside an entry, or without what it names. */
static enum component priced_as(const struct book_version *version, enum component component)
{
	enum component as = (enum component)version->same_as[component];

	return book_version_has(version, component) || !book_version_has(version, as) ? component
	                                                                              : as;
}

static int compare_as(struct walk *walk, const struct book_version *before,
                      const struct book_version *after)
{
	int r = 0;

	for (int c = 0; r == 0 && c < COMPONENT_COUNT; c++) {
		enum component was = priced_as(before, (enum component)c);
		enum component is = priced_as(after, (enum component)c);
		struct compared found;

		if (was == is)
			continue;
		found = difference(walk, COMPARE_AS, was != (enum component)c,
		                   is != (enum component)c);
		found.component = (enum component)c;
		found.as[0] = was;
		found.as[1] = is;
		r = walk->each(walk->context, &found);
	}
	return r;
}

/* ---- multipliers, minimums and discounts ---- */

/* 0.50 is 0.5: without the zeros at its end. */
static bool same_factor(const struct book_factor *a, const struct book_factor *b)
{
	struct book_factor x = *a, y = *b;

	while (x.decimals > 0 && x.numerator % 10 == 0) {
		x.numerator /= 10;
		x.decimals--;
	}
	while (y.decimals > 0 && y.numerator % 10 == 0) {
		y.numerator /= 10;
		y.decimals--;
	}
	return x.numerator == y.numerator && x.decimals == y.decimals;
}

/* Entry i of one version is entry j of the other; `whole`: and is not changed. */
typedef bool fits_fn(const struct book_version *before, size_t i, const struct book_version *after,
                     size_t j, bool whole);

static bool multiplier_fits(const struct book_version *before, size_t i,
                            const struct book_version *after, size_t j, bool whole)
{
	const struct book_multiplier *a = &before->multipliers[i], *b = &after->multipliers[j];

	return a->components == b->components && book_when_equal(&a->when, &b->when) &&
	       (!whole || same_factor(&a->factor, &b->factor));
}

static bool minimum_fits(const struct book_version *before, size_t i,
                         const struct book_version *after, size_t j, bool whole)
{
	const struct book_minimum *a = &before->minimums[i], *b = &after->minimums[j];

	return book_when_equal(&a->when, &b->when) &&
	       (!whole || money_compare(a->charge, b->charge) == 0);
}

enum { LIST_MAX = 32, UNPAIRED = LIST_MAX };

struct pairs {
	uint8_t of[LIST_MAX]; /* of each entry before the one after, or UNPAIRED */
	uint32_t taken;       /* of those after, a bit each */
	uint32_t whole;       /* of those before: not changed */
};

/* First what is the same, then what has the same conditions: each entry once. */
static void pair(const struct book_version *before, size_t count, const struct book_version *after,
                 size_t count_after, fits_fn *fits, struct pairs *pairs)
{
	memset(pairs, 0, sizeof(*pairs));
	memset(pairs->of, UNPAIRED, sizeof(pairs->of));
	for (int whole = 1; whole >= 0; whole--) {
		for (size_t i = 0; i < count; i++) {
			for (size_t j = 0; j < count_after && pairs->of[i] == UNPAIRED; j++) {
				if ((pairs->taken & (1u << j)) != 0 ||
				    !fits(before, i, after, j, whole != 0))
					continue;
				pairs->of[i] = (uint8_t)j;
				pairs->taken |= 1u << j;
				pairs->whole |= (uint32_t)whole << i;
			}
		}
	}
}

static int tell_multiplier(struct walk *walk, const struct book_multiplier *before,
                           const struct book_multiplier *after)
{
	struct compared found = difference(walk, COMPARE_MULTIPLIER, before != NULL, after != NULL);

	found.multiplier[0] = before;
	found.multiplier[1] = after;
	return walk->each(walk->context, &found);
}

/* All that fit count, so their order is no difference. */
static int compare_multipliers(struct walk *walk, const struct book_version *before,
                               const struct book_version *after)
{
	struct pairs pairs;
	int r = 0;

	pair(before, before->multiplier_count, after, after->multiplier_count, multiplier_fits,
	     &pairs);
	for (size_t i = 0; r == 0 && i < before->multiplier_count; i++) {
		if ((pairs.whole & (1u << i)) == 0)
			r = tell_multiplier(
				walk, &before->multipliers[i],
				pairs.of[i] != UNPAIRED ? &after->multipliers[pairs.of[i]] : NULL);
	}
	for (size_t j = 0; r == 0 && j < after->multiplier_count; j++) {
		if ((pairs.taken & (1u << j)) == 0)
			r = tell_multiplier(walk, NULL, &after->multipliers[j]);
	}
	return r;
}

static int tell_minimum(struct walk *walk, const struct book_minimum *before,
                        const struct book_minimum *after)
{
	struct compared found = difference(walk, COMPARE_MINIMUM, before != NULL, after != NULL);

	found.minimum[0] = before;
	found.minimum[1] = after;
	return walk->each(walk->context, &found);
}

static int compare_minimums(struct walk *walk, const struct book_version *before,
                            const struct book_version *after)
{
	struct pairs pairs;
	bool moved = false;
	size_t last = 0;
	int r = 0;

	pair(before, before->minimum_count, after, after->minimum_count, minimum_fits, &pairs);
	for (size_t i = 0; r == 0 && i < before->minimum_count; i++) {
		if ((pairs.whole & (1u << i)) == 0)
			r = tell_minimum(walk, &before->minimums[i],
			                 pairs.of[i] != UNPAIRED ? &after->minimums[pairs.of[i]]
			                                         : NULL);
		if (pairs.of[i] == UNPAIRED)
			continue;
		moved = moved || pairs.of[i] < last;
		last = pairs.of[i];
	}
	for (size_t j = 0; r == 0 && j < after->minimum_count; j++) {
		if ((pairs.taken & (1u << j)) == 0)
			r = tell_minimum(walk, NULL, &after->minimums[j]);
	}
	if (r == 0 && moved) {
		struct compared found = difference(walk, COMPARE_ORDER, true, true);

		r = walk->each(walk->context, &found);
	}
	return r;
}

static int compare_discounts(struct walk *walk, const struct book_factor *before,
                             const struct book_factor *after)
{
	struct compared found;

	if (before->text.at == NULL && after->text.at == NULL)
		return 0;
	if (before->text.at != NULL && after->text.at != NULL && same_factor(before, after))
		return 0;
	found = difference(walk, COMPARE_DISCOUNT, before->text.at != NULL, after->text.at != NULL);
	found.discount[0] = before->text.at != NULL ? before : NULL;
	found.discount[1] = after->text.at != NULL ? after : NULL;
	return walk->each(walk->context, &found);
}

static int compare_entries(struct walk *walk, const struct book_version *before,
                           const struct book_version *after)
{
	int r = compare_cards(walk, &before->card, &after->card);

	if (r == 0)
		r = compare_as(walk, before, after);
	if (r == 0)
		r = compare_multipliers(walk, before, after);
	if (r == 0)
		r = compare_minimums(walk, before, after);
	return r == 0 ? compare_discounts(walk, &before->discount, &after->discount) : r;
}

int compare_versions(const struct book_version *before, const struct book_version *after,
                     compare_fn *each, void *context)
{
	struct walk walk = { .each = each, .context = context };

	walk.at.model = after->model;
	walk.at.from_ms = after->effective_from_ms;
	return compare_entries(&walk, before, after);
}

/* ---- models ---- */

struct side {
	const struct book *book;
	const struct book_model **models; /* by name */
	size_t model_count;
	const struct book_override **agreed; /* by account, models and beginning */
	size_t agreed_count;
};

static int by_name(const void *a, const void *b)
{
	const struct book_model *const *x = a, *const *y = b;

	return text_compare((*x)->name, (*y)->name);
}

static int compare_agreed_keys(const struct book_override *a, const struct book_override *b)
{
	int order = text_compare(a->account, b->account);

	for (size_t i = 0; order == 0 && i < a->model_count && i < b->model_count; i++)
		order = text_compare(a->models[i], b->models[i]);
	if (order == 0)
		order = (a->model_count > b->model_count) - (a->model_count < b->model_count);
	if (order == 0)
		order = (a->from_ms > b->from_ms) - (a->from_ms < b->from_ms);
	return order;
}

static int by_agreed(const void *a, const void *b)
{
	const struct book_override *const *x = a, *const *y = b;
	int order = compare_agreed_keys(*x, *y);

	return order != 0 ? order
	                  : ((*x)->ordinal > (*y)->ordinal) - ((*x)->ordinal < (*y)->ordinal);
}

static void side_release(struct side *side)
{
	free(side->models);
	free(side->agreed);
}

static int side_init(struct side *side, const struct book *book)
{
	*side = (struct side){ .book = book,
		               .model_count = book_model_count(book),
		               .agreed_count = book_override_count(book) };
	side->models = malloc((side->model_count + 1) * sizeof(const struct book_model *));
	side->agreed = malloc((side->agreed_count + 1) * sizeof(const struct book_override *));
	if (side->models == NULL || side->agreed == NULL)
		return -FAULT_NOMEM;
	for (size_t i = 0; i < side->model_count; i++)
		side->models[i] = book_model(book, i);
	for (size_t i = 0; i < side->agreed_count; i++)
		side->agreed[i] = book_override(book, i);
	qsort(side->models, side->model_count, sizeof(const struct book_model *), by_name);
	qsort(side->agreed, side->agreed_count, sizeof(const struct book_override *), by_agreed);
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return text_compare(*(const struct text *)a, *(const struct text *)b);
}

/* The aliases of a model, sorted, for free(); NULL: out of memory. */
static struct text *sorted_aliases(const struct book *book, const struct book_model *model)
{
	struct text *aliases = malloc((model->alias_count + 1) * sizeof(*aliases));

	if (aliases == NULL)
		return NULL;
	for (size_t i = 0; i < model->alias_count; i++)
		aliases[i] = book_alias(book, model->first_alias + i);
	qsort(aliases, model->alias_count, sizeof(*aliases), by_text);
	return aliases;
}

static int tell_alias(struct walk *walk, struct text alias, bool before)
{
	struct compared found = difference(walk, COMPARE_ALIAS, before, !before);

	found.alias = alias;
	return walk->each(walk->context, &found);
}

static int compare_aliases(struct walk *walk, const struct book *before,
                           const struct book_model *was, const struct book *after,
                           const struct book_model *is)
{
	struct text *a = sorted_aliases(before, was), *b = sorted_aliases(after, is);
	size_t i = 0, j = 0;
	int r = a == NULL || b == NULL ? -FAULT_NOMEM : 0;

	while (r == 0 && (i < was->alias_count || j < is->alias_count)) {
		int order = i == was->alias_count  ? 1
		            : j == is->alias_count ? -1
		                                   : text_compare(a[i], b[j]);

		if (order < 0)
			r = tell_alias(walk, a[i], true);
		else if (order > 0)
			r = tell_alias(walk, b[j], false);
		i += order <= 0;
		j += order >= 0;
	}
	free(a);
	free(b);
	return r;
}

/* At each moment at which a version of one of them begins. */
static int compare_model(struct walk *walk, const struct book *before, const struct book_model *was,
                         const struct book *after, const struct book_model *is)
{
	size_t i = 0, j = 0;
	int r = compare_aliases(walk, before, was, after, is);

	while (r == 0 && (i < was->version_count || j < is->version_count)) {
		const struct book_version *a = NULL, *b = NULL;
		struct compared found;
		int64_t at = INT64_MAX;

		if (i < was->version_count)
			at = book_version(before, was->first_version + i)->effective_from_ms;
		if (j < is->version_count) {
			int64_t next =
				book_version(after, is->first_version + j)->effective_from_ms;

			at = next < at ? next : at;
		}
		i += i < was->version_count &&
		     book_version(before, was->first_version + i)->effective_from_ms == at;
		j += j < is->version_count &&
		     book_version(after, is->first_version + j)->effective_from_ms == at;
		a = i > 0 ? book_version(before, was->first_version + i - 1) : NULL;
		b = j > 0 ? book_version(after, is->first_version + j - 1) : NULL;
		walk->at.from_ms = at;
		if (a != NULL && b != NULL) {
			r = compare_entries(walk, a, b);
			continue;
		}
		found = difference(walk, COMPARE_VERSION, a != NULL, b != NULL);
		r = walk->each(walk->context, &found);
	}
	return r;
}

static int compare_models(struct walk *walk, const struct side *before, const struct side *after)
{
	size_t i = 0, j = 0;
	int r = 0;

	while (r == 0 && (i < before->model_count || j < after->model_count)) {
		int order = i == before->model_count ? 1
		            : j == after->model_count
		                    ? -1
		                    : by_name(&before->models[i], &after->models[j]);

		walk->at = (struct compared){ .model = order <= 0 ? before->models[i]->name
			                                          : after->models[j]->name };
		if (order == 0) {
			r = compare_model(walk, before->book, before->models[i], after->book,
			                  after->models[j]);
		} else {
			struct compared found = difference(walk, COMPARE_MODEL, order<0, order> 0);

			r = walk->each(walk->context, &found);
		}
		i += order <= 0;
		j += order >= 0;
	}
	return r;
}

/* ---- what was agreed with accounts ---- */

static int compare_agreement(struct walk *walk, const struct book_override *before,
                             const struct book_override *after)
{
	struct compared found;
	int r = 0;

	walk->at = (struct compared){ .agreed = { before, after } };
	walk->at.from_ms = after != NULL ? after->from_ms : before->from_ms;
	if (before == NULL || after == NULL || before->until_ms != after->until_ms) {
		found = difference(walk, COMPARE_ACCOUNT, before != NULL, after != NULL);
		r = walk->each(walk->context, &found);
	}
	if (before == NULL || after == NULL)
		return r;
	if (r == 0)
		r = compare_cards(walk, &before->card, &after->card);
	return r == 0 ? compare_discounts(walk, &before->discount, &after->discount) : r;
}

/* Agreements of one account that both have: the last that fits applies. */
static int compare_order(struct walk *walk, const struct book_override *(*pairs)[2], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = i + 1; j < count; j++) {
			struct compared found;

			if ((pairs[i][0]->ordinal < pairs[j][0]->ordinal) ==
			    (pairs[i][1]->ordinal < pairs[j][1]->ordinal))
				continue;
			walk->at = (struct compared){ .agreed = { pairs[j][0], pairs[j][1] } };
			walk->at.from_ms = pairs[j][1]->from_ms;
			found = difference(walk, COMPARE_ORDER, true, true);
			return walk->each(walk->context, &found);
		}
	}
	return 0;
}

static int compare_accounts(struct walk *walk, const struct side *before, const struct side *after)
{
	const struct book_override *pairs[BOOK_ACCOUNT_OVERRIDES_MAX][2];
	size_t i = 0, j = 0, count = 0;
	int r = 0;

	while (r == 0 && (i < before->agreed_count || j < after->agreed_count)) {
		int order = i == before->agreed_count ? 1
		            : j == after->agreed_count
		                    ? -1
		                    : compare_agreed_keys(before->agreed[i], after->agreed[j]);
		const struct book_override *a = order <= 0 ? before->agreed[i] : NULL;
		const struct book_override *b = order >= 0 ? after->agreed[j] : NULL;

		if (count > 0 && !text_equal(pairs[0][0]->account, (a != NULL ? a : b)->account)) {
			r = compare_order(walk, pairs, count);
			count = 0;
		}
		if (r == 0)
			r = compare_agreement(walk, a, b);
		if (a != NULL && b != NULL) {
			pairs[count][0] = a;
			pairs[count++][1] = b;
		}
		i += order <= 0;
		j += order >= 0;
	}
	return r == 0 ? compare_order(walk, pairs, count) : r;
}

int compare_books(const struct book *before, const struct book *after, compare_fn *each,
                  void *context)
{
	struct walk walk = { .each = each, .context = context };
	struct side was = { .models = NULL }, is = { .models = NULL };
	int r = side_init(&was, before);

	if (r == 0)
		r = side_init(&is, after);
	if (r == 0)
		r = compare_models(&walk, &was, &is);
	if (r == 0)
		r = compare_accounts(&walk, &was, &is);
	side_release(&was);
	side_release(&is);
	return r;
}

/* ---- counts ---- */

struct counting {
	struct compare_counts counts;
	struct text renamed, repriced, account; /* the last of them */
};

static int count_one(void *context, const struct compared *difference)
{
	struct counting *counting = context;
	struct compare_counts *counts = &counting->counts;
	const struct book_override *agreed = difference->agreed[0] != NULL ? difference->agreed[0]
	                                                                   : difference->agreed[1];

	if (agreed != NULL) {
		counts->accounts += !text_equal(counting->account, agreed->account);
		counting->account = agreed->account;
	} else if (difference->what == COMPARE_MODEL) {
		counts->added += difference->how == COMPARE_ADDED;
		counts->removed += difference->how == COMPARE_REMOVED;
	} else if (difference->what == COMPARE_ALIAS) {
		counts->renamed += !text_equal(counting->renamed, difference->model);
		counting->renamed = difference->model;
	} else if (!text_equal(counting->repriced, difference->model)) {
		/* Its aliases come first. */
		counts->renamed -= text_equal(counting->renamed, difference->model);
		counts->repriced++;
		counting->repriced = difference->model;
	}
	return 0;
}

int compare_count(const struct book *before, const struct book *after,
                  struct compare_counts *counts_out)
{
	struct counting counting = { .counts = { 0 } };
	int r = compare_books(before, after, count_one, &counting);

	if (r == 0)
		*counts_out = counting.counts;
	return r;
}
