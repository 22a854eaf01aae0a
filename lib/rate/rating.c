#include "rate/rating.h"

#include "rate/conditions.h"

#define PIXELS_PER_MEGAPIXEL INT64_C(1000000)

struct rating {
	const struct book_version *version; /* NULL: none */
	const struct rating_request *request;
	struct asked asked;
	uint32_t multipliers;           /* bits of those that hold */
	const struct book_quick *quick; /* of the entry of the line that is charged */
	struct charges *charges;
	bool unpriced, range;
};

/* Most entries ask for nothing, or for the context alone: of those no more is read. */
static bool quick_holds(const struct book_card *card, size_t i, const struct rating *rating,
                        const struct usage_kind *kind)
{
	const struct book_quick *quick = &card->quick[i];

	if (quick->megapixels != MEGAPIXELS_NONE && (kind == NULL || size_pixels(kind->size) == 0))
		return false;
	if (quick->has == 0)
		return true;
	if (quick->has != WHEN_CONTEXT)
		return when_holds(&card->rates[i].when, &rating->asked, kind);
	return context_holds((enum context_test)quick->context_test, quick->context_tokens,
	                     rating->asked.prompt_total);
}

/* The last entry of a card that fits, into charge->rate. */
static bool find_in(const struct book_card *card, enum component component, struct rating *rating,
                    struct charge *charge)
{
	for (size_t i = card->first[component + 1]; i > card->first[component]; i--) {
		if (!quick_holds(card, i - 1, rating, charge->kind))
			continue;
		charge->rate = &card->rates[i - 1];
		rating->quick = &card->quick[i - 1];
		return true;
	}
	return false;
}

/* The entry that prices it as that component, of the account or else of the version. */
static bool find_as(struct rating *rating, enum component as, struct charge *charge)
{
	const struct book_override *override = rating->charges->override;

	charge->priced_as = as;
	/* They stand behind those of the version: one that fits wins. */
	charge->agreed = override != NULL && find_in(&override->card, as, rating, charge);
	return charge->agreed || find_in(&rating->version->card, as, rating, charge);
}

/*
 * "as" stands in only for a component that has no entry of its own in the version: what was agreed
 * with an account for some of its requests takes it from none of the others.
 */
static void find_rate(struct rating *rating, struct charge *charge)
{
	const struct book_version *version = rating->version;
	enum component own = charge->component;

	if (!find_as(rating, own, charge) && !book_version_has(version, own))
		find_as(rating, (enum component)version->same_as[own], charge);
}

static bool is_due(const struct book_version *version, const struct book_override *override,
                   const struct charge *charge)
{
	return charge->rate != NULL || component_info[charge->component].role != ROLE_FEE ||
	       version == NULL || book_version_has(version, charge->priced_as) ||
	       (override != NULL && book_card_has(&override->card, charge->priced_as));
}

bool charge_is_due(const struct charges *charges, const struct charge *charge)
{
	return is_due(charges->found.version, charges->override, charge);
}

/* "0": it is no line of the arithmetic. */
static bool takes_nothing(const struct book_factor *discount)
{
	return discount->numerator == 1 && discount->decimals == 0;
}

/* What comes to the rate of a line. */
static void find_factors(const struct rating *rating, struct charge *charge)
{
	const struct book_version *version = rating->version;
	const struct book_override *override = rating->charges->override;
	/* One for a component also multiplies what is priced as that component. */
	uint32_t components = (1u << charge->component) | (1u << charge->priced_as);

	for (size_t i = 0; rating->multipliers != 0 && i < version->multiplier_count; i++) {
		if ((rating->multipliers & (1u << i)) != 0 &&
		    (version->multipliers[i].components & components) != 0)
			charge->multipliers |= 1u << i;
	}
	/* What was agreed is what was agreed: nothing is taken off it. */
	if (charge->agreed)
		return;
	if (version->discount.text.at != NULL && !takes_nothing(&version->discount))
		charge->discount[0] = &version->discount;
	if (override != NULL && override->discount.text.at != NULL &&
	    !takes_nothing(&override->discount))
		charge->discount[1] = &override->discount;
}

/* The loader made sure that what comes out is an integer. */
static bool apply_factor(const struct book_factor *factor, struct rate *rate)
{
	if (__builtin_mul_overflow(rate->attos_per_unit, factor->numerator, &rate->attos_per_unit))
		return false;
	for (unsigned i = 0; i < factor->decimals; i++) {
		if (rate->attos_per_unit % 10 != 0)
			return false;
		rate->attos_per_unit /= 10;
	}
	return true;
}

/* The rate of one unit after all factors; false: it is no amount. */
static bool applied_rate(const struct rating *rating, const struct charge *charge,
                         struct rate *rate_out)
{
	rate_out->attos_per_unit = rating->quick->attos_per_unit;
	for (size_t i = 0; charge->multipliers >> i != 0; i++) {
		if ((charge->multipliers & (1u << i)) != 0 &&
		    !apply_factor(&rating->version->multipliers[i].factor, rate_out))
			return false;
	}
	for (size_t i = 0; i < 2; i++) {
		if (charge->discount[i] != NULL && !apply_factor(charge->discount[i], rate_out))
			return false;
	}
	return true;
}

/* Pixels of one image, or its megapixels. */
static int64_t pixels_charged(const struct charge *charge)
{
	int64_t pixels = size_pixels(charge->kind->size);

	switch (charge->rate->megapixels) {
	case MEGAPIXELS_UP:
		return (pixels + PIXELS_PER_MEGAPIXEL - 1) / PIXELS_PER_MEGAPIXEL;
	case MEGAPIXELS_NEAREST:
		return (pixels + PIXELS_PER_MEGAPIXEL / 2) / PIXELS_PER_MEGAPIXEL;
	case MEGAPIXELS_EXACT:
	case MEGAPIXELS_NONE:
		break;
	}
	return pixels;
}

static bool charge_amount(const struct rating *rating, struct charge *charge)
{
	struct rate rate;
	int64_t units = charge->count;

	if (rating->quick->megapixels != MEGAPIXELS_NONE) {
		charge->pixels = pixels_charged(charge);
		if (__builtin_mul_overflow(units, charge->pixels, &units))
			return false;
	}
	return applied_rate(rating, charge, &rate) && rate_times(rate, units, &charge->amount) == 0;
}

static void add_charge(struct rating *rating, enum component component, int64_t count,
                       const struct usage_kind *kind)
{
	struct charges *charges = rating->charges;
	struct charge *charge = &charges->lines[charges->count];

	/* Member by member: clearing all of it first took longer than the arithmetic. */
	charge->component = charge->priced_as = component;
	charge->count = count;
	charge->pixels = 0;
	charge->kind = kind;
	charge->rate = NULL;
	charge->agreed = false;
	charge->multipliers = 0;
	charge->discount[0] = charge->discount[1] = NULL;
	charge->amount = (struct money){ 0 };
	charges->count++;
	if (rating->version != NULL)
		find_rate(rating, charge);
	if (charge->rate == NULL) {
		rating->unpriced = rating->unpriced ||
		                   is_due(rating->version, charges->override, charge);
		return;
	}
	find_factors(rating, charge);
	if (!charge_amount(rating, charge) ||
	    money_add(charges->total, charge->amount, &charges->total) < 0)
		rating->range = true;
}

/* Those of a component that no entry of usage->kinds counts. */
static int64_t of_no_kind(const struct usage *usage, enum component component)
{
	int64_t rest = usage->count[component];

	for (unsigned i = 0; i < usage->kind_count; i++) {
		if (usage->kinds[i].component == component)
			rest -= usage->kinds[i].n;
	}
	return rest;
}

/* The least that a request is charged, where it was served. */
static void apply_minimum(struct rating *rating)
{
	const struct book_version *version = rating->version;
	struct charges *charges = rating->charges;
	const struct book_minimum *minimum = NULL;

	if (version == NULL || rating->request->usage->count[COMPONENT_REQUESTS] <= 0)
		return;
	for (size_t i = 0; i < version->minimum_count; i++) {
		if (when_holds(&version->minimums[i].when, &rating->asked, NULL))
			minimum = &version->minimums[i];
	}
	if (minimum == NULL || money_compare(charges->total, minimum->charge) >= 0)
		return;
	if (money_sub(minimum->charge, charges->total, &charges->raised) < 0) {
		rating->range = true;
		return;
	}
	charges->minimum = minimum;
	charges->total = minimum->charge;
}

/*
 * The entries are wanted in a moment and stand far from anything that was read before: asked for
 * together they come together.
 */
static void prefetch_card(const struct book_card *card)
{
	enum { LINE_BYTES = 64, PREFETCH_BYTES_MAX = 16 * LINE_BYTES };
	size_t bytes = card->rate_count * sizeof(*card->quick);

	for (size_t at = 0; at < bytes && at < PREFETCH_BYTES_MAX; at += LINE_BYTES)
		__builtin_prefetch((const char *)card->quick + at);
}

static void begin(struct rating *rating)
{
	const struct book_version *version = rating->version;
	struct charges *charges = rating->charges;
	unsigned asks = version != NULL ? version->asks : 0;

	charges->count = 0;
	charges->override = NULL;
	charges->minimum = NULL;
	charges->raised = charges->total = (struct money){ 0 };
	charges->found = (struct book_found){ .version = version };
	if (version == NULL)
		return;
	prefetch_card(&version->card);
	charges->override = book_override_find(version, rating->request->account,
	                                       rating->request->at_ms);
	if (charges->override != NULL)
		asks |= charges->override->card.asks;
	asked_fill(&rating->asked, rating->request, asks);
	for (size_t i = 0; i < version->multiplier_count; i++) {
		if (when_holds(&version->multipliers[i].when, &rating->asked, NULL))
			rating->multipliers |= 1u << i;
	}
}

enum rating_verdict rating_under(const struct book_version *version,
                                 const struct rating_request *request, struct charges *charges_out)
{
	struct rating rating;
	const struct usage *usage = request->usage;

	rating.version = version;
	rating.request = request;
	rating.charges = charges_out;
	rating.multipliers = 0;
	rating.unpriced = rating.range = false;
	begin(&rating);
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		int64_t count = usage->count[c];

		if (count != 0 && usage->kind_count > 0)
			count = of_no_kind(usage, (enum component)c);
		/* A negative one is no amount: rate_times() says so. */
		if (count != 0)
			add_charge(&rating, (enum component)c, count, NULL);
	}
	for (unsigned i = 0; i < usage->kind_count; i++) {
		if (usage->kinds[i].n > 0)
			add_charge(&rating, usage->kinds[i].component, usage->kinds[i].n,
			           &usage->kinds[i]);
	}
	if (!rating.range && !rating.unpriced && charges_out->count > 0)
		apply_minimum(&rating);
	if (rating.range || rating.unpriced)
		charges_out->total = (struct money){ 0 };
	if (rating.range)
		return RATING_RANGE;
	if (charges_out->count == 0)
		return RATING_NOTHING;
	return rating.unpriced ? RATING_UNPRICED : RATING_PRICED;
}

struct rating_request rating_of(const struct event *event, const struct usage *charged)
{
	return (struct rating_request){
		.model = event->model,
		.at_ms = event->time_ms,
		.account = event->account,
		.tier = event->service_tier,
		.region = event->region,
		.usage = charged,
	};
}

enum rating_verdict rating_request(const struct book *book, const struct rating_request *request,
                                   struct charges *charges_out)
{
	struct book_found found = { .match = BOOK_MATCH_NONE };
	enum rating_verdict verdict;

	if (book != NULL)
		found = book_find(book, request->model, request->at_ms);
	verdict = rating_under(found.version, request, charges_out);
	charges_out->found = found;
	return verdict;
}

static bool context_parts(const struct book_when *when, int64_t prompt, int64_t other)
{
	return (when->has & WHEN_CONTEXT) != 0 &&
	       context_holds(when->context_test, when->context_tokens, prompt) !=
	               context_holds(when->context_test, when->context_tokens, other);
}

static bool card_parts(const struct book_card *card, int64_t prompt, int64_t other)
{
	for (size_t i = 0; i < card->rate_count; i++) {
		if (context_parts(&card->rates[i].when, prompt, other))
			return true;
	}
	return false;
}

bool rating_sum_differs(const struct book_version *version, const struct rating_request *request,
                        int64_t smallest_prompt)
{
	const struct book_override *override;
	int64_t all;

	if (version == NULL)
		return false;
	all = usage_prompt_total(request->usage);
	override = book_override_find(version, request->account, request->at_ms);
	if (card_parts(&version->card, smallest_prompt, all) ||
	    (override != NULL && card_parts(&override->card, smallest_prompt, all)))
		return true;
	for (size_t i = 0; i < version->multiplier_count; i++) {
		if (context_parts(&version->multipliers[i].when, smallest_prompt, all))
			return true;
	}
	/* Of turns of one request only the request has a least charge. */
	if (version->minimum_count > 0 && request->usage->count[COMPONENT_REQUESTS] > 1)
		return true;
	for (size_t i = 0; i < version->minimum_count; i++) {
		if (context_parts(&version->minimums[i].when, smallest_prompt, all))
			return true;
	}
	return false;
}
