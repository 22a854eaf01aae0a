#include <string.h>

#include "bill/classify_internal.h"

int64_t bill_prompt(const struct bill_rating *rating, const struct usage *usage)
{
	return rating->prompt == BILL_OWN_PROMPT ? usage_prompt_total(usage) : rating->prompt;
}

/* So many of one component, and a prompt of so many tokens around it. */
static struct usage usage_of_one(enum component component, const struct usage_kind *kind,
                                 int64_t prompt, int64_t *count_out)
{
	struct usage usage = { .kind_count = 0 };
	int64_t count = 1;

	if (component_info[component].role == ROLE_PROMPT)
		count = prompt > 0 ? prompt : 1;
	else if (prompt > 0)
		usage.count[COMPONENT_INPUT] = prompt;
	usage.count[component] = count;
	if (kind != NULL) {
		usage.kinds[0] = *kind;
		usage.kinds[0].n = count;
		usage.kind_count = 1;
	}
	*count_out = count;
	return usage;
}

bool bill_unit(const struct bill_rating *rating, int64_t prompt, enum component component,
               const struct usage_kind *kind, wide *attos_out)
{
	struct rating_request request = rating->request;
	struct charges charges;
	struct usage usage;
	int64_t count;

	if (rating->version == NULL)
		return false;
	usage = usage_of_one(component, kind, prompt, &count);
	request.usage = &usage;
	if (rating_under(rating->version, &request, &charges) == RATING_RANGE)
		return false;
	for (size_t i = 0; i < charges.count; i++) {
		const struct charge *line = &charges.lines[i];

		if (line->component != component)
			continue;
		if (line->rate == NULL && charge_is_due(&charges, line))
			return false;
		/* A line is its count times something: this divides without a rest. */
		*attos_out = line->amount.attos / count;
		return true;
	}
	return false;
}

/* The lines at the rates of another prompt. */
static bool move_to(const struct bill_rating *rating, int64_t prompt, struct charges *charges)
{
	charges->total = charges->raised = (struct money){ 0 };
	for (size_t i = 0; i < charges->count; i++) {
		struct charge *line = &charges->lines[i];
		struct rate unit;

		if (!bill_unit(rating, prompt, line->component, line->kind, &unit.attos_per_unit) ||
		    rate_times(unit, line->count, &line->amount) < 0 ||
		    money_add(charges->total, line->amount, &charges->total) < 0)
			return false;
	}
	if (charges->minimum != NULL && money_compare(charges->total, charges->minimum->charge) < 0)
		charges->total = charges->minimum->charge;
	return true;
}

bool bill_rate(const struct bill_rating *rating, const struct usage *usage, struct charges *out)
{
	struct rating_request request = rating->request;
	enum rating_verdict verdict;

	request.usage = usage;
	if (rating->version == NULL) {
		out->count = 0;
		out->minimum = NULL;
		out->raised = out->total = (struct money){ 0 };
		return false;
	}
	verdict = rating_under(rating->version, &request, out);
	if (rating->prompt == BILL_OWN_PROMPT)
		return verdict == RATING_PRICED || verdict == RATING_NOTHING;
	/* A least charge is of a request, and this is a sum. */
	out->minimum = NULL;
	return verdict != RATING_RANGE && move_to(rating, rating->prompt, out);
}

bool bill_rate_at(const struct bill_rating *rating, const struct usage *usage, int64_t prompt,
                  struct charges *out)
{
	return bill_rate(rating, usage, out) && move_to(rating, prompt, out);
}

struct money bill_lines(const struct charges *charges, uint32_t components, int64_t *count_out)
{
	struct money sum = { 0 };
	int64_t count = 0;

	for (size_t i = 0; i < charges->count; i++) {
		if ((components >> charges->lines[i].component & 1) == 0)
			continue;
		/* Parts of a total that is an amount. */
		sum.attos += charges->lines[i].amount.attos;
		count += charges->lines[i].count;
	}
	if (count_out != NULL)
		*count_out = count;
	return sum;
}

void bill_take_out(struct usage *usage, uint32_t components)
{
	unsigned kept = 0;

	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if ((components >> c & 1) != 0)
			usage->count[c] = 0;
	}
	for (unsigned i = 0; i < usage->kind_count; i++) {
		if ((components >> usage->kinds[i].component & 1) == 0)
			usage->kinds[kept++] = usage->kinds[i];
	}
	usage->kind_count = kept;
}

uint32_t bill_of_role(enum component_role role)
{
	uint32_t bits = 0;

	for (int c = 0; c < COMPONENT_COUNT; c++)
		bits |= (uint32_t)(component_info[c].role == role) << c;
	return bits;
}

static bool each_of_card(const struct book_card *card, bill_when_fn *each, void *context)
{
	for (size_t i = 0; i < card->rate_count; i++) {
		if (!each(context, card->rates[i].component, &card->rates[i].when))
			return false;
	}
	return true;
}

void bill_each_when(const struct bill_rating *rating, bill_when_fn *each, void *context)
{
	const struct book_version *version = rating->version;
	const struct book_override *override;

	if (version == NULL || !each_of_card(&version->card, each, context))
		return;
	override = book_override_find(version, rating->request.account, rating->request.at_ms);
	if (override != NULL && !each_of_card(&override->card, each, context))
		return;
	for (size_t i = 0; i < version->multiplier_count; i++) {
		if (!each(context, COMPONENT_COUNT, &version->multipliers[i].when))
			return;
	}
	for (size_t i = 0; i < version->minimum_count; i++) {
		if (!each(context, COMPONENT_COUNT, &version->minimums[i].when))
			return;
	}
}
