#include "cli/price_words.h"

#include <stdio.h>
#include <string.h>

#include "base/moment.h"

static const char *const kinds[] = {
	[COMPARE_MODEL] = "model",
	[COMPARE_ALIAS] = "alias",
	[COMPARE_VERSION] = "version",
	[COMPARE_RATE] = "rate",
	[COMPARE_AS] = "as",
	[COMPARE_ORDER] = "order",
	[COMPARE_MULTIPLIER] = "multiplier",
	[COMPARE_MINIMUM] = "minimum",
	[COMPARE_DISCOUNT] = "discount",
	[COMPARE_ACCOUNT] = "account",
};
static const char *const hows[] = {
	[COMPARE_ADDED] = "added",
	[COMPARE_REMOVED] = "removed",
	[COMPARE_CHANGED] = "changed",
};

/* Both in the unit of the later one: "0.80 per million" and the same each are one price. */
static void rate_words(const struct compared *difference, struct text currency,
                       struct price_words *words)
{
	const struct book_rate *was = difference->rate[0], *is = difference->rate[1];
	struct book_rate in_unit;

	rates_when(&(is != NULL ? is : was)->when, difference->component, words->when);
	if (is != NULL)
		rates_price(is, currency, words->is);
	if (was != NULL) {
		in_unit = *was;
		in_unit.per_units = is != NULL ? is->per_units : was->per_units;
		rates_price(&in_unit, currency, words->was);
	}
	words->priced = was != NULL && is != NULL;
	if (words->priced) {
		words->from = was->rate.attos_per_unit;
		words->to = is->rate.attos_per_unit;
	}
}

static void minimum_words(const struct compared *difference, struct price_words *words)
{
	char *const texts[2] = { words->was, words->is };
	char amount[MONEY_TEXT_BYTES];

	for (size_t i = 0; i < 2; i++) {
		if (difference->minimum[i] == NULL)
			continue;
		money_text(difference->minimum[i]->charge, amount);
		snprintf(texts[i], RATES_TEXT_BYTES, "%s a request", amount);
		rates_when(&difference->minimum[i]->when, COMPONENT_COUNT, words->when);
	}
	words->priced = difference->minimum[0] != NULL && difference->minimum[1] != NULL;
	if (words->priced) {
		words->from = difference->minimum[0]->charge.attos;
		words->to = difference->minimum[1]->charge.attos;
	}
}

/* "x 0.90": a discount too by what it leaves, however it was written. */
static void factor_text(const struct book_factor *factor, char out[RATES_TEXT_BYTES])
{
	struct money left = { factor->numerator };
	char text[MONEY_TEXT_BYTES];

	for (unsigned i = factor->decimals; i < MONEY_DECIMALS_MAX; i++)
		left.attos *= 10;
	money_text(left, text);
	snprintf(out, RATES_TEXT_BYTES, "x %s", text);
}

static void factor_words(const struct compared *difference, struct price_words *words)
{
	char *const texts[2] = { words->was, words->is };

	for (size_t i = 0; i < 2; i++) {
		const struct book_multiplier *multiplier = difference->multiplier[i];

		if (multiplier != NULL)
			rates_multiplier(multiplier, words->when);
		if (multiplier != NULL)
			factor_text(&multiplier->factor, texts[i]);
		else if (difference->discount[i] != NULL)
			factor_text(difference->discount[i], texts[i]);
	}
}

/* "2 prices, x 0.90, until 2027-01-01T00:00:00.000Z"; "for good" */
static void agreed_words(const struct compared *difference, struct price_words *words)
{
	char *const texts[2] = { words->was, words->is };
	bool both = difference->agreed[0] != NULL && difference->agreed[1] != NULL;

	for (size_t i = 0; i < 2; i++) {
		const struct book_override *agreed = difference->agreed[i];
		char prices[48] = "", factor[RATES_TEXT_BYTES] = "", until[MOMENT_TEXT_BYTES] = "";

		if (agreed == NULL)
			continue;
		/* Of one that both have they are told one by one. */
		if (!both && agreed->card.rate_count > 0)
			snprintf(prices, sizeof(prices), "%zu price%s, ", agreed->card.rate_count,
			         agreed->card.rate_count == 1 ? "" : "s");
		if (!both && agreed->discount.text.at != NULL)
			factor_text(&agreed->discount, factor);
		if (agreed->until_ms != INT64_MAX)
			moment_text(agreed->until_ms, until);
		snprintf(texts[i], RATES_TEXT_BYTES, "%s%.60s%s%s%s", prices, factor,
		         factor[0] != '\0' ? ", " : "", until[0] != '\0' ? "until " : "for good",
		         until);
	}
}

static void as_words(const struct compared *difference, struct price_words *words)
{
	if (difference->as[0] != difference->component)
		snprintf(words->was, sizeof(words->was), "as %s",
		         component_info[difference->as[0]].key);
	if (difference->as[1] != difference->component)
		snprintf(words->is, sizeof(words->is), "as %s",
		         component_info[difference->as[1]].key);
}

void price_words(const struct compared *difference, struct text currency, struct price_words *words)
{
	char *side = difference->how == COMPARE_REMOVED ? words->was : words->is;

	*words = (struct price_words){ .kind = kinds[difference->what],
		                       .how = hows[difference->how] };
	if (difference->component != COMPONENT_COUNT)
		words->component = component_info[difference->component].key;
	snprintf(words->what, sizeof(words->what), "%s", kinds[difference->what]);
	switch (difference->what) {
	case COMPARE_RATE:
		rate_words(difference, currency, words);
		break;
	case COMPARE_MINIMUM:
		minimum_words(difference, words);
		break;
	case COMPARE_MULTIPLIER:
	case COMPARE_DISCOUNT:
		factor_words(difference, words);
		break;
	case COMPARE_ACCOUNT:
		agreed_words(difference, words);
		break;
	case COMPARE_AS:
		as_words(difference, words);
		break;
	case COMPARE_ALIAS:
		snprintf(side, RATES_TEXT_BYTES, "%.*s", TEXT_ARGS(difference->alias));
		break;
	case COMPARE_MODEL:
	case COMPARE_VERSION:
		snprintf(side, RATES_TEXT_BYTES, "priced");
		break;
	case COMPARE_ORDER:
		snprintf(words->is, sizeof(words->is), "another order");
		break;
	}
	/* What a person looks for is the component. */
	if (words->component != NULL)
		snprintf(words->what, sizeof(words->what), "%s", words->component);
}

void price_words_unit(struct price_words *words, char per_out[RATES_TEXT_BYTES])
{
	static const char word[] = " per ";
	char *was = strstr(words->was, word), *is = strstr(words->is, word);

	per_out[0] = '\0';
	if ((was == NULL && words->was[0] != '\0') || (is == NULL && words->is[0] != '\0') ||
	    (was == NULL && is == NULL) || (was != NULL && is != NULL && strcmp(was, is) != 0))
		return;
	text_copy(per_out, RATES_TEXT_BYTES, text_of((is != NULL ? is : was) + sizeof(word) - 1));
	if (was != NULL)
		*was = '\0';
	if (is != NULL)
		*is = '\0';
}
