/*
 * Hypotheses: one rate, or all of them by one factor.
 *
 * Any amount is some rate times a count, so that a rate that fits proves nothing by itself.  It is
 * taken where its ratio to ours is a plain one (RATIOS), where another entry of the book has it, or
 * where fewer than one of SURE amounts would fit that were made up: an amount fits a rate of so
 * many decimals by chance once in (count x last decimal of the rate) / (what rounding leaves
 * open, or the last digit that the difference has).  What fits without that is told as a hint
 * of `unexplained`: a count of 1 fits every rate, and 1 000 the most of them.
 */
#include <stdio.h>

#include "bill/classify_internal.h"

enum {
	SURE = 1000,
	SURE_FAR = 20000,    /* of a rate that is not between half and twice of ours */
	SURE_FACTOR = 10000, /* the same of a factor of all */
	PLAIN_SURE = 10,     /* plain ratios are so many times further apart than rounding */
	RATE_MOST = 1000,    /* a rate is so many times ours at the most */
};

struct ratio {
	int64_t of, by;
};
/* All twentieths up to 2 are plain, and these. */
enum { TWENTIETHS = 40, TWENTIETH = 20 };
static const struct ratio ratios[] = {
	{ 1, 8 },  { 1, 40 }, { 1, 100 }, { 1, 1000 }, { 1, 1000000 }, { 5, 2 },       { 3, 1 },
	{ 4, 1 },  { 5, 1 },  { 6, 1 },   { 8, 1 },    { 10, 1 },      { 12, 1 },      { 16, 1 },
	{ 20, 1 }, { 25, 1 }, { 50, 1 },  { 100, 1 },  { 1000, 1 },    { 1000000, 1 },
};
enum { RATIO_COUNT = TWENTIETHS + sizeof(ratios) / sizeof(ratios[0]) };

static struct ratio ratio_at(size_t index)
{
	if (index < TWENTIETHS)
		return (struct ratio){ (int64_t)index + 1, TWENTIETH };
	return ratios[index - TWENTIETHS];
}

bool bill_is_plain(wide of, wide by)
{
	for (size_t i = 0; i < RATIO_COUNT; i++) {
		struct ratio ratio = ratio_at(i);
		wide left, right;

		if (!__builtin_mul_overflow(of, (wide)ratio.by, &left) &&
		    !__builtin_mul_overflow(by, (wide)ratio.of, &right) && left == right)
			return true;
	}
	return false;
}

static wide absolute(wide x)
{
	return x < 0 ? -x : x;
}

static wide power_of_10(unsigned exponent)
{
	wide power = 1;

	while (exponent-- > 0)
		power *= 10;
	return power;
}

static wide common(wide a, wide b)
{
	while (b != 0) {
		wide rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/*
 * Is made by `part` x ratio in place of `part`; false: it is not, or the next plain ratio would fit
 * nearly as well.
 */
static bool ratio_fits(const struct bill_case *of, wide part, struct ratio ratio, wide *more_out)
{
	/* Halves and whole ones are plainer than what lies between them. */
	bool plainer = ratio.of % (TWENTIETH / 2) == 0 || ratio.by != TWENTIETH;
	wide other, between = plainer ? part : part / TWENTIETH;

	/* Next to nothing is told from nothing. */
	if (ratio.of * TWENTIETH < ratio.by)
		between = part / ratio.by * ratio.of;

	if (part == 0 || ratio.of == ratio.by ||
	    __builtin_mul_overflow(part, (wide)ratio.of, &other) || other % ratio.by != 0)
		return false;
	*more_out = other / ratio.by - part;
	return bill_is_rounding(of, (struct money){ of->left.attos - *more_out }) &&
	       absolute(between) / (PLAIN_SURE * 2) >= bill_rounding_most(of);
}

/* One made-up amount of so many would fit a step of `step`. */
static wide chance(const struct bill_case *of, wide step)
{
	wide last = 1, left = absolute(of->left.attos), by_digits, by_rounding,
	     open = bill_rounding_most(of);

	while (left % (last * 10) == 0)
		last *= 10;
	by_digits = step / common(step, last);
	by_rounding = open > 0 ? step / (2 * open) : by_digits;
	return by_digits < by_rounding ? by_digits : by_rounding;
}

/*
 * What x must be so that part x / is = part + left, to as few decimals as can be: a multiple of
 * 10^-decimals of `unit`.  `step`: what its last decimal is of the amount.
 *
 * `is` and its last decimal are taken by what divides both: of rates and factors of as many
 * decimals as those are written with, products of the largest amount have room in 128 bits.
 */
static bool solve(const struct bill_case *of, wide part, wide is, wide unit, unsigned decimals_most,
                  wide *x_out, wide *step_out)
{
	wide all = part + of->left.attos;

	if (part <= 0 || is <= 0 || all <= 0)
		return false;
	for (unsigned d = 0; d <= decimals_most; d++) {
		wide grid = unit / power_of_10(d), both = common(grid, is), by, scaled, slack,
		     multiple, off;

		if (__builtin_mul_overflow(grid / both, part, &by) ||
		    __builtin_mul_overflow(all, is / both, &scaled) ||
		    __builtin_mul_overflow(bill_rounding_most(of), is / both, &slack))
			continue;
		multiple = scaled / by;
		off = scaled - multiple * by;
		if (off > by - off) {
			multiple++;
			off = by - off;
		}
		if (multiple == 0 || off > slack || __builtin_mul_overflow(multiple, grid, x_out))
			continue;
		*step_out = by / (is / both);
		return absolute(*x_out - is) >= grid;
	}
	return false;
}

/* ---- one rate ---- */

/* All lines of one entry of the book: what it prices, factors and all. */
struct entry {
	const struct book_rate *rate;
	enum component component;
	wide attos;
	int64_t count;
};

static size_t entries_of(const struct charges *charges, struct entry entries[CHARGES_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < charges->count; i++) {
		const struct charge *line = &charges->lines[i];
		size_t e = 0;

		if (line->rate == NULL || line->rate->megapixels != MEGAPIXELS_NONE)
			continue;
		while (e < count && entries[e].rate != line->rate)
			e++;
		if (e == count)
			entries[count++] = (struct entry){ line->rate, line->priced_as, 0, 0 };
		entries[e].attos += line->amount.attos;
		entries[e].count += line->count;
	}
	return count;
}

static bool is_token(enum component component)
{
	return component_info[component].unit == UNIT_TOKEN;
}

/* A rate by the million, or by the unit, of as many decimals as one is written with. */
static bool is_written(enum component component, wide attos_per_unit)
{
	wide last = is_token(component) ? power_of_10(MONEY_DECIMALS_MAX - 6 - BILL_TOKEN_DECIMALS)
	                                : power_of_10(MONEY_DECIMALS_MAX - BILL_OTHER_DECIMALS);

	return attos_per_unit > 0 && attos_per_unit % last == 0;
}

static void try_rate(struct bill_guess *guess, const struct entry *entry, wide rate, wide more)
{
	char text[3][BILL_NUMBER_BYTES];

	bill_guess_try(guess, CAUSE_PRICE, entry->component, (struct money){ more },
	               "%s at %s, not %s: %s", component_info[entry->component].key,
	               bill_rate_text(entry->component, rate, text[0]),
	               bill_rate_text(entry->component, entry->rate->rate.attos_per_unit, text[1]),
	               bill_money_text((struct money){ more }, text[2]));
}

static void try_ratios(struct bill_guess *guess, const struct entry *entry)
{
	wide rate = entry->rate->rate.attos_per_unit;

	for (size_t i = 0; i < RATIO_COUNT; i++) {
		struct ratio ratio = ratio_at(i);
		wide more, other;

		if (ratio_fits(guess->of, entry->attos, ratio, &more) &&
		    !__builtin_mul_overflow(rate, (wide)ratio.of, &other) &&
		    other % ratio.by == 0 && is_written(entry->component, other / ratio.by))
			try_rate(guess, entry, other / ratio.by, more);
	}
}

static void try_solved(struct bill_guess *guess, const struct entry *entry)
{
	const struct bill_case *of = guess->of;
	bool token = is_token(entry->component);
	wide is = entry->rate->rate.attos_per_unit, rate, step;
	char text[BILL_NUMBER_BYTES];

	if (!solve(of, entry->attos, is,
	           power_of_10(token ? MONEY_DECIMALS_MAX - 6 : MONEY_DECIMALS_MAX),
	           token ? BILL_TOKEN_DECIMALS : BILL_OTHER_DECIMALS, &rate, &step) ||
	    rate > is * RATE_MOST || rate * RATE_MOST < is)
		return;
	if (chance(of, step) >= (rate > 2 * is || 2 * rate < is ? SURE_FAR : SURE))
		try_rate(guess, entry, rate, of->left.attos);
	else if (guess->hint[0] == '\0')
		snprintf(guess->hint, sizeof(guess->hint), "; %s at %s would, as well by chance",
		         component_info[entry->component].key,
		         bill_rate_text(entry->component, rate, text));
}

/* What one has no rate for here, all of what is left may be. */
static void try_unpriced(struct bill_guess *guess)
{
	const struct bill_case *of = guess->of;
	enum component component;
	char text[3][BILL_NUMBER_BYTES];
	int64_t count;
	wide rate;

	if (of->unpriced == 0 || (of->unpriced & (of->unpriced - 1)) != 0)
		return;
	component = (enum component)__builtin_ctz(of->unpriced);
	count = of->usage[1].count[component] - of->usage[0].count[component];
	if (count <= 0 || of->left.attos % count != 0)
		return;
	rate = of->left.attos / count;
	if (is_written(component, rate))
		bill_guess_try(guess, CAUSE_PRICE, component, of->left,
		               "%s %s at %s, which has no price here: %s",
		               bill_count_text(count, text[0]), component_info[component].key,
		               bill_rate_text(component, rate, text[1]),
		               bill_money_text(of->left, text[2]));
}

/* At the rate that another component has: writes of an hour as those of five minutes. */
static void try_named(struct bill_guess *guess, const struct entry *entry)
{
	/* There are many of them: what rounding leaves open must not choose. */
	if (absolute(guess->of->left.attos) / (PLAIN_SURE * 2) < bill_rounding_most(guess->of))
		return;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (c != (int)entry->component &&
		    component_info[c].unit == component_info[entry->component].unit &&
		    book_version_has(guess->of->rating.version, (enum component)c))
			bill_guess_rate(guess, CAUSE_PRICE, entry->component, (enum component)c);
	}
}

void bill_guess_one_rate(struct bill_guess *guess)
{
	struct entry entries[CHARGES_MAX];
	size_t count = entries_of(&guess->of->base, entries);

	try_unpriced(guess);
	for (size_t i = 0; i < count; i++)
		try_named(guess, &entries[i]);
	for (size_t i = 0; i < count; i++)
		try_ratios(guess, &entries[i]);
	for (size_t i = 0; i < count; i++)
		try_solved(guess, &entries[i]);
}

/* ---- all of them ---- */

struct tier_search {
	struct text tier;
	bool found;
};

static bool find_tier(void *context, enum component component, const struct book_when *when)
{
	struct tier_search *search = context;

	(void)component;
	search->found = (when->has & WHEN_TIER) != 0 && text_equal(when->tier, search->tier);
	return !search->found;
}

static bool is_unknown(const struct bill_case *of, struct text said)
{
	char room[BOOK_TIER_BYTES];
	struct tier_search search = { .tier = book_tier(said, room) };

	if (said.at == NULL || text_is(search.tier, "standard"))
		return false;
	bill_each_when(&of->rating, find_tier, &search);
	return !search.found;
}

bool bill_tier_is_unknown(const struct bill_case *of)
{
	return is_unknown(of, of->theirs->service_tier);
}

/* One side is of a tier that the book does not name: what its price is by, nobody knows. */
static bool is_unknown_tier(const struct bill_case *of)
{
	return is_unknown(of, of->ours->service_tier) || bill_tier_is_unknown(of);
}

static void try_factor(struct bill_guess *guess, wide part, bool tokens, struct ratio ratio)
{
	enum bill_cause cause = is_unknown_tier(guess->of) ? CAUSE_TIER : CAUSE_PRICE;
	char text[2][MONEY_TEXT_BYTES];
	wide more;

	if (!ratio_fits(guess->of, part, ratio, &more))
		return;
	money_text((struct money){ power_of_10(MONEY_DECIMALS_MAX) * ratio.of / ratio.by },
	           text[0]);
	money_text((struct money){ part }, text[1]);
	bill_guess_try(guess, cause, COMPONENT_COUNT, (struct money){ more },
	               tokens ? "all tokens at %s times our rates: %s here"
	                      : "all at %s times our rates: %s here",
	               text[0], text[1]);
}

void bill_guess_factor(struct bill_guess *guess)
{
	const struct bill_case *of = guess->of;
	wide whole = of->due.attos + of->tokens.attos, one = power_of_10(MONEY_DECIMALS_MAX),
	     factor;
	wide step, tokens = 0;
	char text[MONEY_TEXT_BYTES];

	for (size_t i = 0; of->priced && i < of->base.count; i++)
		tokens += is_token(of->base.lines[i].component) ? of->base.lines[i].amount.attos
		                                                : 0;
	for (size_t i = 0; i < RATIO_COUNT; i++)
		try_factor(guess, whole, false, ratio_at(i));
	for (size_t i = 0; tokens != whole && i < RATIO_COUNT; i++)
		try_factor(guess, tokens, true, ratio_at(i));
	if (!solve(of, whole, one, one, BILL_FACTOR_DECIMALS, &factor, &step) ||
	    factor > one * RATE_MOST)
		return;
	money_text((struct money){ factor }, text);
	if (chance(of, step) >= (factor > 2 * one || 2 * factor < one ? SURE_FACTOR : SURE))
		bill_guess_try(guess, is_unknown_tier(of) ? CAUSE_TIER : CAUSE_PRICE,
		               COMPONENT_COUNT, of->left, "all at %s times our rates", text);
	else if (guess->hint[0] == '\0')
		snprintf(guess->hint, sizeof(guess->hint),
		         "; all at %s times our rates would, as well by chance", text);
}
