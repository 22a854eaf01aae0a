/* What is left by price: the hypotheses in their order, and what one of them is. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bill/classify_internal.h"

enum { FITS_OFF = 2 }; /* rounding is at the most so small a part of what a hypothesis gives */

static void note_also(struct bill_guess *guess, enum bill_cause cause, enum component component)
{
	char name[BILL_NUMBER_BYTES];
	size_t len = strlen(guess->also);

	if (cause == guess->cause && component == guess->component)
		return;
	snprintf(name, sizeof(name), "%s%s%s", bill_cause_name(cause),
	         component != COMPONENT_COUNT ? "/" : "",
	         component != COMPONENT_COUNT ? component_info[component].key : "");
	if (strstr(guess->also, name) == NULL)
		snprintf(guess->also + len, sizeof(guess->also) - len, "%s%s",
		         len == 0 ? "; also: " : ", ", name);
}

static bool fits(const struct bill_guess *guess, struct money more)
{
	struct money rest;
	wide off, least = more.attos < 0 ? -more.attos : more.attos;

	if (money_sub(guess->of->left, more, &rest) < 0 || !bill_is_rounding(guess->of, rest))
		return false;
	/* What rounding would be as much of is not told of it. */
	off = rest.attos < 0 ? -rest.attos : rest.attos;
	return guess->known || off <= least / FITS_OFF;
}

static void take(struct bill_guess *guess, enum bill_cause cause, enum component component)
{
	guess->found = true;
	guess->cause = cause;
	guess->component = component;
}

void bill_guess_try(struct bill_guess *guess, enum bill_cause cause, enum component component,
                    struct money more, const char *format, ...)
{
	va_list args;

	if (!fits(guess, more))
		return;
	if (guess->found) {
		note_also(guess, cause, component);
		return;
	}
	take(guess, cause, component);
	va_start(args, format);
	vsnprintf(guess->why, sizeof(guess->why), format, args);
	va_end(args);
}

void bill_guess_total(struct bill_guess *guess, enum bill_cause cause, struct money total,
                      const char *format, ...)
{
	const struct bill_case *of = guess->of;
	struct money base, more;
	va_list args;

	/* Not the base, which is only near where our amount is of a sum. */
	if (money_add(of->due, of->tokens, &base) < 0 || money_sub(total, base, &more) < 0 ||
	    !fits(guess, more))
		return;
	if (guess->found) {
		note_also(guess, cause, COMPONENT_COUNT);
		return;
	}
	take(guess, cause, COMPONENT_COUNT);
	va_start(args, format);
	vsnprintf(guess->why, sizeof(guess->why), format, args);
	va_end(args);
}

void bill_guess_rate(struct bill_guess *guess, enum bill_cause cause, enum component component,
                     enum component as)
{
	const struct bill_case *of = guess->of;
	char count_text[BILL_NUMBER_BYTES], text[3][BILL_NUMBER_BYTES];
	struct money is, at, more;
	struct rate unit;
	int64_t count;

	is = bill_lines(&of->base, 1u << component, &count);
	if (count == 0 ||
	    !bill_unit(&of->rating, bill_prompt(&of->rating, &of->countable), as, NULL,
	               &unit.attos_per_unit) ||
	    rate_times(unit, count, &at) < 0 || money_sub(at, is, &more) < 0)
		return;
	bill_guess_try(guess, cause, component, more, "%s %s at the %s of %s, not %s: %s",
	               bill_count_text(count, count_text), component_info[component].key,
	               bill_rate_text(component, unit.attos_per_unit, text[0]),
	               component_info[as].key, bill_rate_text(component, is.attos / count, text[1]),
	               bill_money_text(more, text[2]));
}

static void known_before(struct bill_guess *guess)
{
	bill_guess_known(guess, true);
}

static void known_behind(struct bill_guess *guess)
{
	bill_guess_known(guess, false);
}

static void try_all(struct bill_guess *guess)
{
	static bill_hypothesis_fn *const hypotheses[] = {
		known_before,       bill_guess_tier,    bill_guess_cache,    bill_guess_reasoning,
		bill_guess_context, bill_guess_image,   bill_guess_fee,      bill_guess_discount,
		known_behind,       bill_guess_version, bill_guess_one_rate, bill_guess_factor,
	};

	for (size_t i = 0; i < sizeof(hypotheses) / sizeof(hypotheses[0]); i++) {
		/* All but the last need a price to begin with. */
		if (guess->of->priced || hypotheses[i] == bill_guess_factor)
			hypotheses[i](guess);
	}
}

/* What the row says of its tier, where the book cannot price that. */
static void note_tier(struct bill_case *of)
{
	struct bill_part *part = &of->parts->parts[of->parts->count - 1];
	size_t len = strlen(part->why);

	if (!bill_tier_is_unknown(of))
		return;
	snprintf(part->why + len, sizeof(part->why) - len,
	         "; its tier is %.*s, which the book has no price for",
	         TEXT_ARGS(of->theirs->service_tier));
	bill_why_make_whole(part->why);
}

static int add_price(struct bill_case *of)
{
	struct bill_guess guess = { .of = of };
	struct money cut = of->cut;
	bool is_cut = bill_is_rounding(of, of->left);
	char text[BILL_NUMBER_BYTES];

	/* To the nearest; then what is no rounding at all, cut off. */
	of->cut = (struct money){ 0 };
	try_all(&guess);
	of->cut = cut;
	if (!guess.found && !is_cut && bill_rounding_most(of) > of->rounding.attos) {
		guess = (struct bill_guess){ .of = of };
		try_all(&guess);
	}
	if (guess.found && bill_counts_unknown(of))
		return bill_part_add(of, CAUSE_UNEXPLAINED, EFFECT_NONE, COMPONENT_COUNT, of->left,
		                     "%s, and no counts are told; if they are ours: %s%s",
		                     bill_money_text(of->left, text), guess.why, guess.also);
	if (guess.found)
		return bill_part_add(of, guess.cause, EFFECT_PRICE, guess.component, of->left,
		                     "%s%s", guess.why, guess.also);
	if (is_cut)
		return bill_part_add(of, CAUSE_ROUNDING, EFFECT_NONE, COMPONENT_COUNT, of->left,
		                     "less than the statement can say: cut off");
	return bill_part_add(of, CAUSE_UNEXPLAINED, EFFECT_NONE, COMPONENT_COUNT, of->left,
	                     "%s, and no rate, tier or rule of the book gives it%s",
	                     bill_money_text(of->left, text), guess.hint);
}

int bill_prices(struct bill_case *of)
{
	int r = add_price(of);

	if (r == 0)
		note_tier(of);
	return r;
}
