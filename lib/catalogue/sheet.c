#include "catalogue/sheet.h"

#include <stdlib.h>

void sheet_release(struct sheet *sheet)
{
	if (sheet == NULL)
		return;
	free(sheet->prices);
	*sheet = (struct sheet){ .prices = NULL };
}

static bool same_window(const struct book_when *a, const struct book_when *b)
{
	return a->utc_from == b->utc_from && a->utc_to == b->utc_to && a->days == b->days;
}

/* What `b` asks for beside the context is what `a` asks for too. */
static bool asks_the_same(const struct book_when *a, const struct book_when *b)
{
	const struct {
		unsigned bit;
		const struct text *a, *b;
	} words[] = {
		{ WHEN_TIER, &a->tier, &b->tier },          { WHEN_REGION, &a->region, &b->region },
		{ WHEN_SIZE, &a->size, &b->size },          { WHEN_KIND, &a->kind, &b->kind },
		{ WHEN_QUALITY, &a->quality, &b->quality },
	};

	if ((b->has & a->has & ~(unsigned)WHEN_CONTEXT) != (b->has & ~(unsigned)WHEN_CONTEXT))
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if ((b->has & words[i].bit) && !text_equal(*words[i].a, *words[i].b))
			return false;
	}
	if ((b->has & WHEN_UTC) && !same_window(a, b))
		return false;
	return !(b->has & WHEN_NUMBER) || a->number == b->number;
}

bool sheet_implies(const struct book_when *a, const struct book_when *b)
{
	if ((b->has & WHEN_CONTEXT) &&
	    (!(a->has & WHEN_CONTEXT) || a->context_tokens < b->context_tokens))
		return false;
	return asks_the_same(a, b);
}

bool sheet_when_equal(const struct book_when *a, const struct book_when *b)
{
	return sheet_implies(a, b) && sheet_implies(b, a);
}

/* Counts are whole, and none is below zero. */
static void make_gte(struct book_when *when)
{
	if (!(when->has & WHEN_CONTEXT))
		return;
	if (when->context_test == CONTEXT_GT)
		when->context_tokens++;
	when->context_test = CONTEXT_GTE;
	if (when->context_tokens == 0) {
		when->has &= ~(unsigned)WHEN_CONTEXT;
		when->context_test = CONTEXT_ANY;
	}
}

/* Both at once, into *price; false: that cannot be. */
static bool also(struct sheet_price *price, struct book_when more)
{
	struct book_when *when = &price->when;

	make_gte(&more);
	if ((when->has & more.has & WHEN_TIER) && !text_equal(when->tier, more.tier))
		return false;
	if ((when->has & more.has & WHEN_REGION) && !text_equal(when->region, more.region))
		return false;
	if ((more.has & WHEN_CONTEXT) &&
	    (!(when->has & WHEN_CONTEXT) || when->context_tokens < more.context_tokens)) {
		when->context_test = CONTEXT_GTE;
		when->context_tokens = more.context_tokens;
	}
	if (more.has & WHEN_TIER)
		when->tier = more.tier;
	if (more.has & WHEN_REGION)
		when->region = more.region;
	if ((when->has & more.has & WHEN_UTC) && !same_window(when, &more))
		price->two_windows = true;
	else if (more.has & WHEN_UTC) {
		when->utc_from = more.utc_from;
		when->utc_to = more.utc_to;
		when->days = more.days;
	}
	when->has |= more.has;
	return true;
}

static int times(struct rate *rate, const struct book_factor *factor, struct fault *fault)
{
	wide product, divisor = 1;

	for (unsigned i = 0; i < factor->decimals; i++)
		divisor *= 10;
	if (__builtin_mul_overflow(rate->attos_per_unit, factor->numerator, &product) ||
	    product % divisor != 0)
		return fault_set(fault, FAULT_RANGE, "a price times %.*s is not exact",
		                 TEXT_ARGS(factor->text));
	rate->attos_per_unit = product / divisor;
	return 0;
}

static int add(struct sheet *sheet, const struct sheet_price *price, struct fault *fault)
{
	if (sheet->count == SHEET_PRICES_MAX)
		return fault_set(fault, FAULT_RANGE, "more than %d prices with their multipliers",
		                 SHEET_PRICES_MAX);
	if (sheet->count == sheet->cap) {
		size_t cap = sheet->cap > 0 ? 2 * sheet->cap : 64;
		struct sheet_price *grown = realloc(sheet->prices, cap * sizeof(*grown));

		if (grown == NULL)
			return fault_set(fault, FAULT_NOMEM, "no memory");
		sheet->prices = grown;
		sheet->cap = cap;
	}
	sheet->prices[sheet->count++] = *price;
	return 0;
}

struct making {
	struct sheet *sheet;
	const struct book_version *version;
	bool discounted;
	/* Those of the component at hand that have conditions. */
	const struct book_multiplier *some[SHEET_MULTIPLIERS_MAX];
	size_t some_count;
};

/* One for a component also multiplies what is priced as that component. */
static bool multiplies(const struct book_multiplier *multiplier, enum component component,
                       enum component source)
{
	return (multiplier->components & (1u << component | 1u << source)) != 0;
}

/* The multipliers of a component that have conditions. */
static int sort_multipliers(struct making *making, enum component component, enum component source,
                            struct fault *fault)
{
	const struct book_version *version = making->version;

	making->some_count = 0;
	for (size_t i = 0; i < version->multiplier_count; i++) {
		const struct book_multiplier *multiplier = &version->multipliers[i];

		if (!multiplies(multiplier, component, source) || multiplier->when.has == 0)
			continue;
		if (making->some_count == SHEET_MULTIPLIERS_MAX)
			return fault_set(fault, FAULT_RANGE,
			                 "%s has more than %d multipliers with conditions",
			                 component_info[component].key, SHEET_MULTIPLIERS_MAX);
		making->some[making->some_count++] = multiplier;
	}
	return 0;
}

static int multiply_all(const struct making *making, struct sheet_price *price, struct fault *fault)
{
	const struct book_version *version = making->version;
	int r = 0;

	for (size_t i = 0; i < version->multiplier_count && r == 0; i++) {
		const struct book_multiplier *multiplier = &version->multipliers[i];

		if (multiplies(multiplier, price->component, price->source) &&
		    multiplier->when.has == 0)
			r = times(&price->rate, &multiplier->factor, fault);
	}
	if (r == 0 && making->discounted && version->discount.text.at != NULL)
		r = times(&price->rate, &version->discount, fault);
	return r;
}

/*
 * An entry, then the same under each set of multipliers: the sets in the order of their bits,
 * so that one stands behind all that it holds.
 */
static int add_entry(struct making *making, const struct sheet_price *entry, struct fault *fault)
{
	int r = 0;

	for (unsigned set = 0; set < 1u << making->some_count && r == 0; set++) {
		struct sheet_price price = *entry;
		bool can_be = true;

		for (size_t i = 0; i < making->some_count && can_be && r == 0; i++) {
			if (!(set >> i & 1))
				continue;
			can_be = also(&price, making->some[i]->when);
			r = times(&price.rate, &making->some[i]->factor, fault);
		}
		if (can_be && r == 0)
			r = add(making->sheet, &price, fault);
	}
	return r;
}

/* A price of megapixels fits images of a known size alone. */
static bool hides(const struct sheet_price *later, const struct sheet_price *price)
{
	return !later->two_windows && sheet_implies(&price->when, &later->when) &&
	       (later->megapixels == MEGAPIXELS_NONE || price->megapixels != MEGAPIXELS_NONE);
}

/* Takes out what a later one hides; from the end, so that all that is left can win. */
static void drop_hidden(struct sheet *sheet, size_t first)
{
	size_t kept = sheet->count;

	for (size_t i = sheet->count; i > first; i--) {
		const struct sheet_price price = sheet->prices[i - 1];
		bool hidden = false;

		for (size_t k = kept; k < sheet->count && !hidden; k++)
			hidden = hides(&sheet->prices[k], &price);
		if (!hidden)
			sheet->prices[--kept] = price;
	}
	for (size_t k = kept; k < sheet->count; k++)
		sheet->prices[first + k - kept] = sheet->prices[k];
	sheet->count = first + sheet->count - kept;
}

static int add_component(struct making *making, enum component component, struct fault *fault)
{
	const struct book_card *card = &making->version->card;
	enum component source = component;
	size_t first = making->sheet->count;
	int r;

	if (!book_card_has(card, component))
		source = (enum component)making->version->same_as[component];
	r = sort_multipliers(making, component, source, fault);
	for (size_t i = card->first[source]; i < card->first[source + 1] && r == 0; i++) {
		const struct book_rate *rate = &card->rates[i];
		struct sheet_price price = { component,  source,     rate->megapixels,
			                     rate->rate, rate->when, false };

		make_gte(&price.when);
		r = multiply_all(making, &price, fault);
		if (r == 0)
			r = add_entry(making, &price, fault);
	}
	if (r == 0)
		drop_hidden(making->sheet, first);
	return r;
}

int sheet_make(struct sheet *sheet, const struct book_version *version, bool discounted,
               struct fault *fault)
{
	struct making making = { .sheet = sheet, .version = version, .discounted = discounted };
	int r = 0;

	*sheet = (struct sheet){ .prices = NULL };
	for (int c = 0; c < COMPONENT_COUNT && r == 0; c++) {
		sheet->first[c] = sheet->count;
		r = add_component(&making, (enum component)c, fault);
	}
	sheet->first[COMPONENT_COUNT] = sheet->count;
	if (r < 0)
		sheet_release(sheet);
	return r;
}

const struct sheet_price *sheet_find(const struct sheet *sheet, enum component component,
                                     const struct book_when *facts)
{
	for (size_t i = sheet->first[component + 1]; i > sheet->first[component]; i--) {
		if (sheet_implies(facts, &sheet->prices[i - 1].when))
			return &sheet->prices[i - 1];
	}
	return NULL;
}
