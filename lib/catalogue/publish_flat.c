#include "catalogue/publish_flat.h"

#include <string.h>

const struct sheet_price *flat_price(const struct sheet *sheet, enum component component,
                                     const char *tier, int64_t tokens,
                                     const struct book_when *window)
{
	struct book_when facts = { .has = WHEN_CONTEXT | WHEN_TIER,
		                   .context_test = CONTEXT_GTE,
		                   .context_tokens = tokens,
		                   .tier = text_of(tier) };

	if (window != NULL) {
		facts.has |= WHEN_UTC;
		facts.utc_from = window->utc_from;
		facts.utc_to = window->utc_to;
		facts.days = window->days;
	}
	if (component == COMPONENT_SEARCHES) {
		facts.has |= WHEN_KIND;
		facts.kind = text_of("web_search");
	}
	return sheet_find(sheet, component, &facts);
}

bool flat_has(const struct sheet *sheet, enum component component)
{
	return sheet->first[component] < sheet->first[component + 1];
}

bool flat_has_tier(const struct sheet *sheet, enum component component, const char *tier)
{
	for (size_t i = sheet->first[component]; i < sheet->first[component + 1]; i++) {
		const struct book_when *when = &sheet->prices[i].when;

		if ((when->has & WHEN_TIER) && text_is(when->tier, tier))
			return true;
	}
	return false;
}

bool flat_asks(const struct sheet *sheet, enum component component, unsigned has)
{
	for (size_t i = sheet->first[component]; i < sheet->first[component + 1]; i++) {
		if (sheet->prices[i].when.has & has)
			return true;
	}
	return false;
}

bool flat_thresholds(const struct sheet *sheet, enum component component,
                     int64_t thresholds[FLAT_THRESHOLDS_MAX], size_t *count)
{
	for (size_t i = sheet->first[component]; i < sheet->first[component + 1]; i++) {
		const struct book_when *when = &sheet->prices[i].when;
		size_t at = 0;

		if (!(when->has & WHEN_CONTEXT))
			continue;
		while (at < *count && thresholds[at] < when->context_tokens)
			at++;
		if (at < *count && thresholds[at] == when->context_tokens)
			continue;
		if (*count == FLAT_THRESHOLDS_MAX)
			return false;
		memmove(&thresholds[at + 1], &thresholds[at],
		        (*count - at) * sizeof(thresholds[0]));
		thresholds[at] = when->context_tokens;
		++*count;
	}
	return true;
}

bool flat_same(const struct sheet *sheet, enum component a, enum component b)
{
	size_t n = sheet->first[a + 1] - sheet->first[a];

	if (sheet->first[b + 1] - sheet->first[b] != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct sheet_price *x = &sheet->prices[sheet->first[a] + i];
		const struct sheet_price *y = &sheet->prices[sheet->first[b] + i];

		if (x->rate.attos_per_unit != y->rate.attos_per_unit ||
		    x->megapixels != y->megapixels || !sheet_when_equal(&x->when, &y->when))
			return false;
	}
	return true;
}

static bool is_of(struct text word, const char *const *words)
{
	for (size_t i = 0; words[i] != NULL; i++) {
		if (text_is(word, words[i]))
			return true;
	}
	return false;
}

static const char *misfit(const struct sheet_price *price, unsigned allowed,
                          const char *const *tiers)
{
	static const struct {
		unsigned bit;
		const char *why;
	} rows[] = {
		{ WHEN_CONTEXT, "this price has no thresholds in the format" },
		{ WHEN_UTC, "the format has no hours" },
		{ WHEN_REGION, "the format has no conditions on a region" },
		{ WHEN_SIZE, "the format has no conditions on a size" },
		{ WHEN_QUALITY, "the format has no conditions on a quality" },
		{ WHEN_KIND, "the format does not tell kinds of it apart" },
		{ WHEN_NUMBER, "the format has no such condition" },
		{ WHEN_TIER, "this price has no tiers in the format" },
	};
	const struct book_when *when = &price->when;
	bool web = price->component == COMPONENT_SEARCHES && text_is(when->kind, "web_search");

	if (price->two_windows)
		return "the hours of a multiplier meet those of the price";
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if ((when->has & ~allowed & rows[i].bit) && !(rows[i].bit == WHEN_KIND && web))
			return rows[i].why;
	}
	if ((when->has & WHEN_TIER) && !is_of(when->tier, tiers))
		return "the format has no such tier";
	return price->megapixels == MEGAPIXELS_UP || price->megapixels == MEGAPIXELS_NEAREST
	               ? "the format knows no rounding to whole megapixels"
	               : NULL;
}

/* A price of the standard tier, where another holds for the tiers that have none. */
static const struct sheet_price *standard_alone(const struct sheet *sheet, enum component component)
{
	const struct sheet_price *standard = NULL;
	bool others = false;

	for (size_t i = sheet->first[component]; i < sheet->first[component + 1]; i++) {
		const struct sheet_price *price = &sheet->prices[i];

		if (!(price->when.has & WHEN_TIER))
			others = true;
		else if (text_is(price->when.tier, "standard"))
			standard = price;
	}
	return others ? standard : NULL;
}

bool flat_check(struct publish_model *model, enum component component, unsigned allowed,
                const char *const *tiers)
{
	const struct sheet *sheet = &model->sheet;
	const struct sheet_price *standard = standard_alone(sheet, component);

	if (standard != NULL) {
		publish_lose(model, standard,
		             "in the format a price of the standard tier is that of all tiers");
		return false;
	}
	for (size_t i = sheet->first[component]; i < sheet->first[component + 1]; i++) {
		const char *why = misfit(&sheet->prices[i], allowed, tiers);

		if (why == NULL)
			continue;
		publish_lose(model, &sheet->prices[i], "%s", why);
		return false;
	}
	return true;
}
