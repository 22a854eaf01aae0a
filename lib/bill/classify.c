#include "bill/classify.h"

#include <assert.h>
#include <string.h>

#include "base/moment.h"
#include "bill/classify_internal.h"
#include "bill/learn.h"
#include "rate/policy.h"

/* ---- rounding ---- */

/* An IEEE 754 number is known no better than to 2^-52 of itself. */
enum { REAL_BITS = 52 };

static enum bill_rounds rounds_of(const struct bill_case *of)
{
	return of->terms->learned != NULL ? of->terms->learned->rounds : BILL_ROUNDS_OPEN;
}

/* In one direction all of them: how far is known. */
static bool is_one_way(const struct bill_case *of)
{
	return rounds_of(of) == BILL_ROUNDS_UP || rounds_of(of) == BILL_ROUNDS_DOWN;
}

/* Of one row: to the nearest, and what is open of an amount that is less exact than that. */
static void rounding_of_row(struct bill_case *of, wide unit)
{
	const struct statement_row *theirs = of->theirs;
	wide amount = theirs->money[STATEMENT_MONEY_AMOUNT].attos, real = 0;

	if ((theirs->flags & STATEMENT_REAL) != 0) {
		real = amount < 0 ? -amount : amount;
		real = (real + (((wide)1 << REAL_BITS) - 1)) >> REAL_BITS;
		/* A sum of such numbers was rounded at each of them. */
		if (!theirs->request && theirs->requests > 1)
			real *= theirs->requests;
	}
	if ((theirs->flags & STATEMENT_CUT) != 0 && real < 1)
		real = 1;
	of->rounding.attos = unit / 2 > real ? unit / 2 : real;
	of->cut.attos = unit - 1 > real ? unit - 1 : real;
	/* What shows in a row goes for this one, too: nothing of it is cut off. */
	if (rounds_of(of) == BILL_ROUNDS_NEAREST)
		of->cut.attos = real;
}

int bill_rounding_find(struct bill_case *of)
{
	int64_t rows = of->pair->their_rows > 1 ? of->pair->their_rows : 1;
	wide unit = 1;

	of->rounding = of->cut = (struct money){ 0 };
	of->up = rounds_of(of) == BILL_ROUNDS_UP;
	/* No amount: it is priced here, and exact. */
	if (!statement_has(of->theirs, STATEMENT_MONEY_AMOUNT))
		return 0;
	for (unsigned i = of->terms->decimals; i < MONEY_DECIMALS_MAX; i++)
		unit *= 10;
	of->unit = unit;
	rounding_of_row(of, unit);
	if (rows == 1)
		return 0;
	/* Each by itself, as far as all of them can be in one direction. */
	if (__builtin_mul_overflow(of->rounding.attos, (wide)rows, &of->rounding.attos) ||
	    __builtin_mul_overflow(of->cut.attos, is_one_way(of) ? (wide)rows : 0,
	                           &of->cut.attos) ||
	    money_add(of->rounding, (struct money){ 0 }, &of->rounding) < 0 ||
	    money_add(of->cut, (struct money){ 0 }, &of->cut) < 0)
		return fault_set(of->fault, FAULT_RANGE, "the rounding of %lld rows is no amount",
		                 (long long)rows);
	return 0;
}

/* ---- the two sides ---- */

static bool in_other_currency(const struct bill_case *of)
{
	return of->theirs != NULL && of->theirs->currency[0] != '\0' &&
	       strcmp(of->theirs->currency, of->terms->currency) != 0;
}

static bool has_amount(const struct bill_case *of)
{
	return statement_has(of->theirs, STATEMENT_MONEY_AMOUNT);
}

static const struct book_version *version_of(const struct bill_case *of, struct text model,
                                             int64_t at_ms)
{
	if (of->terms->book == NULL || model.at == NULL)
		return NULL;
	return book_find(of->terms->book, model, at_ms).version;
}

/* What their usage costs here, where ours has none of it: no event, so no facts but theirs. */
static int price_theirs(struct bill_case *of, struct money *price_out)
{
	const struct statement_row *theirs = of->theirs;

	of->rating.prompt = BILL_OWN_PROMPT;
	of->rating.request = (struct rating_request){ .model = theirs->model,
		                                      .at_ms = theirs->from_ms,
		                                      .account = theirs->account,
		                                      .tier = theirs->service_tier };
	of->rating.version = version_of(of, theirs->model, theirs->from_ms);
	of->usage[0] = (struct usage){ .kind_count = 0 };
	of->told = theirs->told;
	if (bill_counts_prepare(of, (struct money){ 0 }) < 0)
		return -FAULT_RANGE;
	*price_out = of->tokens;
	return 0;
}

void bill_rating_find(struct bill_case *of)
{
	const struct bill_ours *ours = of->ours;
	struct charges rated;
	int64_t whole = usage_prompt_total(&ours->usage);

	of->rating.version = ours->version;
	of->rating.prompt = BILL_OWN_PROMPT;
	of->rating.request = (struct rating_request){ .model = ours->model,
		                                      .at_ms = ours->time_ms,
		                                      .account = ours->account,
		                                      .tier = ours->service_tier,
		                                      .region = ours->region };
	/* Nothing was due, so nobody had to know by what. */
	if (ours->version == NULL && !ours->suspense)
		of->rating.version = version_of(of, ours->model, ours->time_ms);
	if (!ours->sum)
		return;
	/* Its requests are all below every threshold, or all as far above as it is. */
	of->rating.prompt = whole;
	if (bill_rate(&of->rating, &ours->usage, &rated) &&
	    money_compare(rated.total, ours->amount) == 0)
		return;
	of->rating.prompt = 0;
	/* By several versions, and not by this one. */
	if (ours->version == NULL && (!bill_rate(&of->rating, &ours->usage, &rated) ||
	                              money_compare(rated.total, ours->amount) != 0))
		of->rating.version = NULL;
}

/* What is compared, and what is left of it: all. */
static int find_sides(struct bill_case *of)
{
	struct bill_parts *parts = of->parts;
	bool foreign = in_other_currency(of);
	struct money priced = { 0 };

	parts->count = 0;
	parts->priced_here = of->theirs != NULL && !has_amount(of) && !of->terms->amounts &&
	                     !foreign;
	if (of->ours != NULL) {
		bill_rating_find(of);
		of->usage[0] = of->ours->usage;
		of->told = of->theirs != NULL ? of->theirs->told : 0;
		if (of->theirs != NULL && bill_counts_prepare(of, of->ours->amount) < 0)
			return -FAULT_RANGE;
		if (money_add(of->ours->amount, of->tokens, &priced) < 0)
			return fault_set(of->fault, FAULT_RANGE, "their counts cost no amount");
	} else if (parts->priced_here && price_theirs(of, &priced) < 0) {
		return -FAULT_RANGE;
	}
	parts->ours = parts->theirs = (struct money){ 0 };
	if (of->ours != NULL && of->pair->ours_counts)
		parts->ours = of->ours->amount;
	if (of->theirs != NULL && of->pair->theirs_counts && !foreign)
		parts->theirs = parts->priced_here ? priced : statement_amount(of->theirs);
	if (money_sub(parts->theirs, parts->ours, &of->left) < 0)
		return fault_set(of->fault, FAULT_RANGE, "a difference is no amount");
	return of->theirs != NULL ? bill_rounding_find(of) : 0;
}

/* ---- of the pair ---- */

/* A row that charges for no usage is no request that is missing. */
static enum bill_cause cause_of_charge(enum statement_charge charge)
{
	switch (charge) {
	case STATEMENT_FEE:
	case STATEMENT_PURCHASE:
	case STATEMENT_TAX:
		return CAUSE_FEE;
	case STATEMENT_CREDIT:
		return CAUSE_DISCOUNT;
	case STATEMENT_USAGE:
	case STATEMENT_ADJUSTMENT:
	case STATEMENT_CHARGE_COUNT:
		break;
	}
	return CAUSE_COUNT;
}

static int add_whole(struct bill_case *of, enum bill_cause cause, const char *why)
{
	return bill_part_add(of, cause, EFFECT_NONE, COMPONENT_COUNT, of->left, "%s", why);
}

static int add_other_period(struct bill_case *of)
{
	char ours[MOMENT_TEXT_BYTES], theirs[MOMENT_TEXT_BYTES];

	if (of->pair->why != NULL)
		return add_whole(of, CAUSE_OTHER_PERIOD, of->pair->why);
	if (of->ours == NULL || of->theirs == NULL)
		return add_whole(of, CAUSE_OTHER_PERIOD,
		                 of->ours != NULL ? "ours is in it alone"
		                                  : "theirs is in it alone");
	moment_text(of->ours->time_ms, ours);
	moment_text(of->theirs->from_ms, theirs);
	return bill_part_add(of, CAUSE_OTHER_PERIOD, EFFECT_NONE, COMPONENT_COUNT, of->left,
	                     "ours is of %s, theirs of %s", ours, theirs);
}

/* Sets *done where the pair itself is the cause. */
static int classify_pair(struct bill_case *of, bool *done)
{
	enum bill_cause known = of->pair->known, charge = CAUSE_COUNT;

	*done = true;
	if (in_other_currency(of))
		return bill_part_add(of, CAUSE_CURRENCY, EFFECT_NONE, COMPONENT_COUNT, of->left,
		                     "theirs is in %s, the ledger in %s", of->theirs->currency,
		                     of->terms->currency);
	if (of->theirs != NULL && known != CAUSE_DUPLICATE && known != CAUSE_OTHER_PERIOD)
		charge = cause_of_charge(of->theirs->charge);
	if (charge != CAUSE_COUNT)
		return bill_part_add(of, charge, EFFECT_NONE, COMPONENT_COUNT, of->left, "%s: %.*s",
		                     statement_charge_name(of->theirs->charge),
		                     TEXT_ARGS(of->theirs->description));
	if (known == CAUSE_COUNT && of->ours == NULL)
		known = CAUSE_MISSING_HERE;
	if (known == CAUSE_COUNT && of->theirs == NULL)
		known = CAUSE_MISSING_THERE;
	switch (known) {
	case CAUSE_COUNT:
		*done = false;
		return 0;
	case CAUSE_OTHER_PERIOD:
		return add_other_period(of);
	case CAUSE_DUPLICATE:
		if (of->pair->why != NULL)
			return add_whole(of, known, of->pair->why);
		if (of->pair->of_record > 0)
			return bill_part_add(of, known, EFFECT_NONE, COMPONENT_COUNT, of->left,
			                     "again what record %lld says",
			                     (long long)of->pair->of_record);
		break;
	case CAUSE_MISSING_HERE:
		if (of->pair->why != NULL)
			return add_whole(of, known, of->pair->why);
		break;
	default:
		break;
	}
	return add_whole(of, known, bill_cause_text(known));
}

/* ---- stated on the row ---- */

static int add_byok(struct bill_case *of)
{
	const struct statement_row *theirs = of->theirs;
	struct money fee = { 0 }, rest;
	char text[BILL_NUMBER_BYTES];

	/* What they charge beside what the one behind charges is for the service. */
	if (statement_has(theirs, STATEMENT_MONEY_FEE))
		fee = theirs->money[STATEMENT_MONEY_FEE];
	else if (statement_has(theirs, STATEMENT_MONEY_UPSTREAM) ||
	         money_compare(of->parts->theirs, of->parts->ours) < 0)
		fee = of->parts->theirs;
	if (!of->pair->theirs_counts)
		fee = (struct money){ 0 };
	if (money_sub(of->left, fee, &rest) < 0)
		return fault_set(of->fault, FAULT_RANGE, "a fee is no amount");
	if (rest.attos != 0 && bill_part_add(of, CAUSE_BYOK, EFFECT_NONE, COMPONENT_COUNT, rest,
	                                     "paid with the customer's own key: %s less its fee",
	                                     bill_money_text(rest, text)) < 0)
		return -FAULT_RANGE;
	if (fee.attos == 0)
		return 0;
	return bill_part_add(of, CAUSE_FEE, EFFECT_NONE, COMPONENT_COUNT, fee,
	                     "the fee for the customer's own key: %s", bill_money_text(fee, text));
}

/* What the one behind charged was added to what they charge, and is in it already. */
static bool is_upstream_twice(const struct bill_case *of)
{
	struct money upstream = of->theirs->money[STATEMENT_MONEY_UPSTREAM], rest;

	return statement_has(of->theirs, STATEMENT_MONEY_UPSTREAM) && upstream.attos != 0 &&
	       money_sub(of->left, upstream, &rest) == 0 && bill_is_rounding(of, rest);
}

static bool has_answer_rate(const struct book_version *version)
{
	for (int c = 0; version != NULL && c < COMPONENT_COUNT; c++) {
		if (component_info[c].role == ROLE_ANSWER &&
		    book_version_has(version, (enum component)c))
			return true;
	}
	return version == NULL;
}

/* One side charges nothing, and says or knows that no answer came. */
static bool is_zero_completion(const struct bill_case *of)
{
	const struct statement_row *theirs = of->theirs;
	bool blank = (theirs->flags & STATEMENT_BLANK) != 0, told = false;
	int64_t answer = 0;

	if (!theirs->request || of->ours->sum)
		return false;
	if ((of->ours->policy & POLICY_BIT(POLICY_ZERO_COMPLETION)) != 0 &&
	    of->parts->ours.attos == 0 && !of->ours->suspense && of->base.total.attos != 0 &&
	    policy_answer(&of->ours->usage) == 0)
		return true;
	if (of->parts->theirs.attos != 0)
		return false;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (component_info[c].role != ROLE_ANSWER ||
		    !statement_tells(theirs, (enum component)c))
			continue;
		told = true;
		answer += theirs->count[c];
	}
	if (theirs->answer_total != STATEMENT_UNTOLD) {
		told = true;
		answer += theirs->answer_total;
	}
	if (blank)
		return answer == 0;
	/* An embedding has no answer that could be missing. */
	return told && answer == 0 && has_answer_rate(of->rating.version);
}

static bool is_cancelled(const struct bill_case *of)
{
	const struct bill_ours *ours = of->ours;
	const struct usage *usage = &ours->usage;

	if (ours->sum || !of->theirs->request || bill_is_rounding(of, of->left))
		return false;
	if ((of->theirs->flags & STATEMENT_CANCELLED) != 0 ||
	    ours->settlement == SETTLEMENT_ABANDONED)
		return true;
	return (ours->policy & POLICY_BIT(POLICY_IMAGES_WHOLE)) != 0 && !of->exact &&
	       (usage->count[COMPONENT_IMAGES_OUT] > 0 ||
	        usage->count[COMPONENT_OUTPUT_IMAGE] > 0 ||
	        usage->count[COMPONENT_MEGAPIXELS_OUT] > 0);
}

/* Takes all of the difference, or nothing. */
static int classify_stated(struct bill_case *of)
{
	char text[BILL_NUMBER_BYTES];

	if (of->left.attos == 0)
		return 0;
	if ((of->theirs->flags & STATEMENT_BYOK) != 0 &&
	    (of->parts->theirs.attos == 0 || !bill_is_rounding(of, of->left)))
		return add_byok(of);
	if ((of->theirs->flags & STATEMENT_BYOK_PART) == 0 && is_upstream_twice(of))
		return bill_part_add(of, CAUSE_BYOK, EFFECT_NONE, COMPONENT_COUNT, of->left,
		                     "the upstream amount was added, though no own key paid it: %s",
		                     bill_money_text(of->left, text));
	if (is_zero_completion(of))
		return add_whole(of, CAUSE_ZERO_COMPLETION,
		                 of->parts->theirs.attos == 0
		                         ? "no answer came: they charge nothing"
		                         : "no answer came: nothing is charged here");
	if (is_cancelled(of))
		return add_whole(of, CAUSE_CANCELLED,
		                 (of->theirs->flags & STATEMENT_CANCELLED) != 0
		                         ? "cancelled, says the statement"
		                         : "cancelled, says the ledger");
	return 0;
}

/* That the row was cut off explains all of it, and less would be explained by this. */
static bool is_cut_without(const struct bill_case *of, struct money part)
{
	struct money rest;

	return bill_is_rounding(of, of->left) &&
	       (money_sub(of->left, part, &rest) < 0 || !bill_is_nearest(of, rest));
}

/* What a row states beside its amount was rounded as that was, where it has no more decimals. */
static void widen_rounding(struct bill_case *of, struct money stated)
{
	int64_t rows = of->pair->their_rows > 1 ? of->pair->their_rows : 1;

	if (stated.attos % of->unit == 0)
		of->rounding.attos += of->unit / 2 * rows;
}

/* ---- a sum of which own keys paid some ---- */

/* OpenRouter: 5 % of list (OpenRouterTeam/docs, snippets/exports/constants.mdx). */
enum { BYOK_FEE_OF = 20 };

static bool is_byok_part(const struct bill_case *of)
{
	return (of->theirs->flags & STATEMENT_BYOK_PART) != 0;
}

/* It is what their counts cost here, as exact as it was written, and not in what they charge. */
static bool is_all_of_it(const struct bill_case *of, struct money own)
{
	int64_t rows = of->pair->their_rows > 1 ? of->pair->their_rows : 1;
	wide unit = 1, off = of->parts->ours.attos + of->tokens.attos - own.attos, real = 0;

	while (unit < of->unit && own.attos % (unit * 10) == 0)
		unit *= 10;
	if ((of->theirs->flags & STATEMENT_REAL) != 0)
		real = ((own.attos >> REAL_BITS) + 1) *
		       (of->theirs->requests > 1 ? of->theirs->requests : 1);
	return of->parts->theirs.attos < own.attos &&
	       (off < 0 ? -off : off) <= unit / 2 * rows + real;
}

/* What they charge for it; 0: that is not known. */
static struct money byok_fee(const struct bill_case *of, struct money own, struct money stated,
                             struct money rest)
{
	struct money fee = { own.attos / BYOK_FEE_OF }, off = { rest.attos - fee.attos };

	if (stated.attos == 0 && is_all_of_it(of, own))
		return of->parts->theirs;
	/* Less than the statement can say is none that could be told. */
	if (fee.attos <= 2 * of->rounding.attos || !bill_is_nearest(of, off))
		return (struct money){ 0 };
	return fee;
}

/*
 * So much of the usage was paid with own keys and is not charged, but for its fee.  All of that is
 * taken where it leaves what counts explain; else no more of it than is missing.
 */
static int take_byok(struct bill_case *of)
{
	struct money own = of->theirs->money[STATEMENT_MONEY_UPSTREAM], rest, fee, part,
		     stated = of->theirs->money[STATEMENT_MONEY_FEE];
	char text[2][BILL_NUMBER_BYTES];

	if (!is_byok_part(of) || !has_amount(of) || of->ours->suspense || own.attos <= 0 ||
	    of->left.attos == 0)
		return 0;
	if (money_add(of->left, own, &rest) < 0 || money_sub(rest, of->tokens, &rest) < 0 ||
	    money_sub(rest, stated, &rest) < 0)
		return fault_set(of->fault, FAULT_RANGE, "what own keys paid is no amount");
	fee = byok_fee(of, own, stated, rest);
	part = (struct money){ -own.attos };
	if (fee.attos == 0 && !is_all_of_it(of, own) && !bill_is_nearest(of, rest) &&
	    of->left.attos > part.attos)
		part = of->left;
	if (part.attos >= 0)
		return 0;
	widen_rounding(of, own);
	bill_money_text(own, text[0]);
	if (bill_part_add(of, CAUSE_BYOK, EFFECT_NONE, COMPONENT_COUNT, part,
	                  "%s paid with the customer's own key, says the statement: %s less",
	                  text[0], bill_money_text((struct money){ -part.attos }, text[1])) < 0)
		return -FAULT_RANGE;
	if (fee.attos == 0)
		return 0;
	return bill_part_add(of, CAUSE_FEE, EFFECT_NONE, COMPONENT_COUNT, fee,
	                     "the fee for the customer's own key: %s",
	                     bill_money_text(fee, text[0]));
}

/* What the row states of its amount, less what is charged here for the same. */
static int take_fee(struct bill_case *of)
{
	struct money stated = of->theirs->money[STATEMENT_MONEY_FEE], here = { 0 }, rest, more;
	char text[2][BILL_NUMBER_BYTES];
	const struct usage *usage = &of->usage[0];
	struct charges rated;

	if (!has_amount(of) || !statement_has(of->theirs, STATEMENT_MONEY_FEE) ||
	    bill_is_nearest(of, of->left))
		return 0;
	if (bill_rate(&of->rating, usage, &rated))
		here = bill_lines(&rated, BILL_FEE_COMPONENTS, NULL);
	else if (usage->count[COMPONENT_SEARCHES] > 0 || usage->count[COMPONENT_PAGES] > 0)
		return 0;
	if (money_sub(stated, here, &more) < 0)
		return fault_set(of->fault, FAULT_RANGE, "a fee is no amount");
	if (is_cut_without(of, more))
		return 0;
	/* They are compared now. */
	of->told &= ~BILL_FEE_COMPONENTS;
	bill_take_out(&of->usage[0], BILL_FEE_COMPONENTS);
	if (money_sub(of->ours->amount, here, &rest) < 0)
		return fault_set(of->fault, FAULT_RANGE, "a fee is no amount");
	if (bill_counts_prepare(of, rest) < 0)
		return -FAULT_RANGE;
	if (more.attos == 0)
		return 0;
	widen_rounding(of, stated);
	return bill_part_add(of, CAUSE_FEE, EFFECT_NONE, COMPONENT_COUNT, more,
	                     "a fee of %s there, of %s here", bill_money_text(stated, text[0]),
	                     bill_money_text(here, text[1]));
}

/* Their counts at our rates without a discount. */
static bool list_price(const struct bill_case *of, struct money *list_out)
{
	struct bill_rating rating = of->rating;
	struct book_version plain;
	struct charges rated;

	if (rating.version == NULL || !of->priced)
		return false;
	plain = *rating.version;
	plain.discount.text = (struct text){ .at = NULL };
	rating.version = &plain;
	/* The base is what is rated, of whatever is priced. */
	if (!bill_rate(&rating, &of->usage[1], &rated))
		return false;
	*list_out = rated.total;
	return true;
}

static int take_discount(struct bill_case *of)
{
	struct money amount = of->theirs->money[STATEMENT_MONEY_AMOUNT], list, ours, off, rest;
	bool stated = statement_has(of->theirs, STATEMENT_MONEY_DISCOUNT);
	bool known = list_price(of, &ours);
	char text[BILL_NUMBER_BYTES];

	if (!has_amount(of) || (!stated && !statement_has(of->theirs, STATEMENT_MONEY_LIST)))
		return 0;
	/* Our own rates explain it without: theirs is a price list that is not ours. */
	if (money_sub(of->left, of->tokens, &rest) < 0)
		return fault_set(of->fault, FAULT_RANGE, "a difference is no amount");
	if (bill_is_nearest(of, of->left) || bill_is_rounding(of, rest))
		return 0;
	if (stated ? money_add(amount, of->theirs->money[STATEMENT_MONEY_DISCOUNT], &list) < 0
	           : money_add(of->theirs->money[STATEMENT_MONEY_LIST], (struct money){ 0 },
	                       &list) < 0)
		return fault_set(of->fault, FAULT_RANGE, "a discount is no amount");
	/* Off the same list it is what they take off more than is taken off here. */
	if (money_sub(amount, list, &off) < 0)
		return fault_set(of->fault, FAULT_RANGE, "a discount is no amount");
	if (known && !stated && (money_sub(list, ours, &rest) < 0 || !bill_is_rounding(of, rest)))
		return 0;
	if (known && (money_sub(ours, of->base.total, &rest) < 0 || money_add(off, rest, &off) < 0))
		return fault_set(of->fault, FAULT_RANGE, "a discount is no amount");
	if (off.attos == 0 || is_cut_without(of, off))
		return 0;
	widen_rounding(of, list);
	return bill_part_add(of, CAUSE_DISCOUNT, EFFECT_NONE, COMPONENT_COUNT, off,
	                     "a discount that is not given here: %s", bill_money_text(off, text));
}

/* ---- what is left ---- */

/* They charge what our counts cost, whatever theirs are: to the nearest of a row, also of sums. */
static bool is_charged_the_same(const struct bill_case *of, struct money rest)
{
	int64_t rows = of->pair->their_rows > 1 ? of->pair->their_rows : 1;
	wide left = of->left.attos < 0 ? -of->left.attos : of->left.attos;

	return left <= of->rounding.attos / rows && !bill_is_rounding(of, rest);
}

/* Of more counts at the same amount: what is not charged of them. */
static int add_uncharged(struct bill_case *of, size_t before)
{
	const struct bill_part *first = &of->parts->parts[before];
	char text[BILL_NUMBER_BYTES];

	return bill_part_add(of, first->cause, EFFECT_PRICE, COMPONENT_COUNT, of->left,
	                     "their amount is that of our counts: %s of theirs",
	                     bill_money_text(of->left, text));
}

/* Their counts are known, so that what is left can be of another price. */
static bool may_be_price(const struct bill_case *of)
{
	return !bill_counts_open(of) && !bill_counts_unknown(of) &&
	       !(bill_counts_rateless(of) && bill_counts_differ(of));
}

/* In one direction all of it; and no price that is known gives it. */
static bool is_rounded_one_way(struct bill_case *of)
{
	return is_one_way(of) && bill_is_rounding(of, of->left) &&
	       !(may_be_price(of) && bill_known_fits(of));
}

static int classify_left(struct bill_case *of, bool same)
{
	/* Of many rows rounding leaves so much open that what is known goes first. */
	bool part = is_byok_part(of);
	bool known = of->pair->their_rows > 1 && !part && !of->ours->suspense && may_be_price(of) &&
	             bill_known_fits(of);
	char text[BILL_NUMBER_BYTES];

	if (bill_is_nearest(of, of->left) && !known)
		return bill_part_add(of, CAUSE_ROUNDING, EFFECT_NONE, COMPONENT_COUNT, of->left,
		                     "less than the statement can say");
	if (is_rounded_one_way(of))
		return bill_part_add(of, CAUSE_ROUNDING, EFFECT_NONE, COMPONENT_COUNT, of->left,
		                     "less than the statement can say: all of it is rounded %s",
		                     of->up ? "up" : "down");
	if (of->ours->suspense)
		return bill_part_add(of, CAUSE_PRICE, EFFECT_PRICE, COMPONENT_COUNT, of->left,
		                     "no price here: in suspense");
	if (same)
		return bill_part_add(of, CAUSE_UNEXPLAINED, EFFECT_NONE, COMPONENT_COUNT, of->left,
		                     "their amount is that of our counts");
	if (bill_counts_untold(of) && bill_requests_differ(of))
		return bill_part_add(of, CAUSE_UNEXPLAINED, EFFECT_NONE, COMPONENT_COUNT, of->left,
		                     "%s, not in proportion to the requests, and nothing else is "
		                     "counted there",
		                     bill_money_text(of->left, text));
	if (bill_counts_rateless(of) && bill_counts_differ(of))
		return bill_part_add(of, CAUSE_UNEXPLAINED, EFFECT_NONE, COMPONENT_COUNT, of->left,
		                     "%s, not in proportion to the counts, and several prices made "
		                     "ours",
		                     bill_money_text(of->left, text));
	if (bill_counts_open(of))
		return bill_part_add(of, CAUSE_UNEXPLAINED, EFFECT_NONE, COMPONENT_COUNT, of->left,
		                     "%s: a whole differs, and no part of it at its rate gives it",
		                     bill_money_text(of->left, text));
	/* What of it is charged at all, no price can know. */
	if (part)
		return bill_part_add(of, CAUSE_UNEXPLAINED, EFFECT_NONE, COMPONENT_COUNT, of->left,
		                     "own keys paid some of the sum, and that does not give it: %s",
		                     bill_money_text(of->left, text));
	return bill_prices(of);
}

static int classify_rest(struct bill_case *of)
{
	wide most = bill_rounding_most(of);
	size_t before = of->parts->count;
	struct money rest;
	bool same, equal = of->left.attos == 0;

	if (money_sub(of->left, of->tokens, &rest) < 0)
		return fault_set(of->fault, FAULT_RANGE, "a difference is no amount");
	same = is_charged_the_same(of, rest);
	if (bill_counts_untold(of) || (bill_counts_rateless(of) && bill_counts_differ(of))) {
		if (bill_counts_in_proportion(of) < 0)
			return -FAULT_RANGE;
		return of->left.attos == 0 ? 0 : classify_left(of, false);
	}
	if (!bill_counts_differ(of) && bill_requests(of) < 0)
		return -FAULT_RANGE;
	/* What is more than the statement can say does not vanish in its rounding. */
	if (bill_counts_differ(of) &&
	    bill_counts(of, same && of->tokens.attos <= most && -of->tokens.attos <= most) < 0)
		return -FAULT_RANGE;
	if (of->left.attos == 0)
		return 0;
	if (same && equal && of->parts->count > before)
		return add_uncharged(of, before);
	return classify_left(of, same);
}

/* Of an amount that is not made of them. */
static int choose_counts(struct bill_case *of)
{
	return has_amount(of) ? bill_counts_choose(of) : 0;
}

/*
 * A sum that holds an adjustment: where theirs is not what it comes to, it is their sum that does
 * not know of it.
 */
static int take_adjustment(struct bill_case *of)
{
	const struct bill_ours *ours = of->ours;
	struct bill_ours *plain = &of->plain;
	struct money less = { -ours->adjusted.attos }, whole = of->parts->ours;
	char text[BILL_NUMBER_BYTES];

	if (ours->adjusted.attos == 0 || bill_is_rounding(of, of->left))
		return 0;
	*plain = *ours;
	plain->adjusted = (struct money){ 0 };
	of->ours = plain;
	if (money_sub(ours->amount, ours->adjusted, &plain->amount) < 0)
		return fault_set(of->fault, FAULT_RANGE, "an adjusted sum is no amount");
	if (find_sides(of) < 0)
		return -FAULT_RANGE;
	of->parts->ours = whole;
	if (money_sub(of->parts->theirs, whole, &of->left) < 0)
		return fault_set(of->fault, FAULT_RANGE, "a difference is no amount");
	return bill_part_add(of, CAUSE_ADJUSTED, EFFECT_NONE, COMPONENT_COUNT, less,
	                     "adjusted here by %s, not there",
	                     bill_money_text(ours->adjusted, text));
}

static int classify(struct bill_case *of)
{
	size_t before;
	bool done;

	if (find_sides(of) < 0)
		return -FAULT_RANGE;
	if (classify_pair(of, &done) < 0 || done)
		return of->left.attos == 0 ? 0 : -FAULT_RANGE;
	/* Nothing is what it says with its customer's key, and else what it does not say. */
	if (!has_amount(of) && !of->parts->priced_here && of->left.attos != 0 &&
	    (of->theirs->flags & STATEMENT_BYOK) == 0)
		return add_whole(of, CAUSE_UNEXPLAINED, "the row has no amount, others have");
	if (take_adjustment(of) < 0)
		return -FAULT_RANGE;
	before = of->parts->count;
	if (classify_stated(of) < 0)
		return -FAULT_RANGE;
	/* A part of all of it. */
	if (of->parts->count > before)
		return 0;
	if (take_byok(of) < 0 || take_fee(of) < 0 || choose_counts(of) < 0 ||
	    take_discount(of) < 0 || choose_counts(of) < 0)
		return -FAULT_RANGE;
	return classify_rest(of);
}

int bill_classify(const struct bill_terms *terms, const struct bill_pair *pair,
                  struct bill_parts *parts_out, struct fault *fault)
{
	struct bill_case of = { .terms = terms,
		                .pair = pair,
		                .ours = pair->ours,
		                .theirs = pair->theirs,
		                .parts = parts_out,
		                .fault = fault };
	wide sum = 0;

	assert(pair->ours != NULL || pair->theirs != NULL);
	if (classify(&of) < 0)
		return -FAULT_RANGE;
	for (size_t i = 0; i < parts_out->count; i++)
		sum += parts_out->parts[i].amount.attos;
	assert(of.left.attos == 0 && sum == parts_out->theirs.attos - parts_out->ours.attos);
	return 0;
}
