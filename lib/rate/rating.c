#include "rate/rating.h"

struct rating {
	const struct book_version *version;
	int64_t prompt_total;
	struct charges *charges;
	bool unpriced, range;
};

static bool context_holds(const struct book_rate *rate, int64_t prompt_total)
{
	switch (rate->context_test) {
	case CONTEXT_GT:
		return prompt_total > rate->context_tokens;
	case CONTEXT_GTE:
		return prompt_total >= rate->context_tokens;
	case CONTEXT_ANY:
		break;
	}
	return true;
}

bool rating_context_differs(const struct book_version *version, int64_t prompt, int64_t other)
{
	for (size_t i = 0; version != NULL && i < version->rate_count; i++) {
		if (context_holds(&version->rates[i], prompt) !=
		    context_holds(&version->rates[i], other))
			return true;
	}
	return false;
}

/* An image without a stated size meets only entries that do not ask for one. */
static bool images_hold(const struct book_rate *rate, const struct usage_kind *images)
{
	if (rate->size.at != NULL && (images == NULL || !text_is(rate->size, images->size)))
		return false;
	return rate->quality.at == NULL ||
	       (images != NULL && text_is(rate->quality, images->quality));
}

/* "as" stands in only for a component that has no entry of its own at all. */
static enum component priced_as(const struct book_version *version, enum component component)
{
	return book_version_has(version, component) ? component : version->same_as[component];
}

/* The last entry that fits, or NULL. */
static const struct book_rate *find_rate(const struct rating *rating, enum component component,
                                         const struct usage_kind *images)
{
	const struct book_version *version = rating->version;

	for (size_t i = version->rate_count; i > 0; i--) {
		const struct book_rate *rate = &version->rates[i - 1];

		if (rate->component == component && context_holds(rate, rating->prompt_total) &&
		    images_hold(rate, images))
			return rate;
	}
	return NULL;
}

static bool is_due(const struct book_version *version, const struct charge *charge)
{
	return charge->rate != NULL || component_info[charge->component].role != ROLE_FEE ||
	       version == NULL || book_version_has(version, charge->priced_as);
}

bool charge_is_due(const struct charges *charges, const struct charge *charge)
{
	return is_due(charges->found.version, charge);
}

static void add_charge(struct rating *rating, enum component component, int64_t count,
                       const struct usage_kind *images)
{
	struct charges *charges = rating->charges;
	struct charge *charge = &charges->lines[charges->count];

	*charge = (struct charge){
		.component = component, .count = count, .kind = images, .priced_as = component
	};
	if (rating->version != NULL) {
		charge->priced_as = priced_as(rating->version, component);
		charge->rate = find_rate(rating, charge->priced_as, images);
	}
	charges->count++;
	if (charge->rate == NULL) {
		rating->unpriced = rating->unpriced || is_due(rating->version, charge);
		return;
	}
	if (rate_times(charge->rate->rate, count, &charge->amount) < 0 ||
	    money_add(charges->total, charge->amount, &charges->total) < 0)
		rating->range = true;
}

/* Those of a component that no entry of usage->kinds counts. */
static int64_t images_of_no_kind(const struct usage *usage, enum component component)
{
	int64_t rest = usage->count[component];

	for (unsigned i = 0; i < usage->kind_count; i++) {
		if (usage->kinds[i].component == component)
			rest -= usage->kinds[i].n;
	}
	return rest;
}

enum rating_verdict rating_under(const struct book_version *version, const struct usage *usage,
                                 struct charges *charges_out)
{
	struct rating rating = { .version = version, .charges = charges_out };

	charges_out->count = 0;
	charges_out->total = (struct money){ 0 };
	charges_out->found = (struct book_found){ .version = version };
	rating.prompt_total = usage_prompt_total(usage);
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		int64_t count = usage->count[c];

		if (component_info[c].unit == UNIT_IMAGE)
			count = images_of_no_kind(usage, (enum component)c);
		/* A negative one is no amount: rate_times() says so. */
		if (count != 0)
			add_charge(&rating, (enum component)c, count, NULL);
	}
	for (unsigned i = 0; i < usage->kind_count; i++) {
		if (usage->kinds[i].n > 0)
			add_charge(&rating, usage->kinds[i].component, usage->kinds[i].n,
			           &usage->kinds[i]);
	}
	if (rating.range || rating.unpriced)
		charges_out->total = (struct money){ 0 };
	if (rating.range)
		return RATING_RANGE;
	if (charges_out->count == 0)
		return RATING_NOTHING;
	return rating.unpriced ? RATING_UNPRICED : RATING_PRICED;
}

enum rating_verdict rating_request(const struct book *book, struct text model, int64_t at_ms,
                                   const struct usage *usage, struct charges *charges_out)
{
	struct book_found found = { .match = BOOK_MATCH_NONE };
	enum rating_verdict verdict;

	if (book != NULL)
		found = book_find(book, model, at_ms);
	verdict = rating_under(found.version, usage, charges_out);
	charges_out->found = found;
	return verdict;
}
