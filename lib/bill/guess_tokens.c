/* Hypotheses: another tier, cached tokens as input, reasoning, the rule for long contexts. */
#include <string.h>

#include "bill/classify_internal.h"

/* ---- tier ---- */

enum { TIERS_MAX = 16 };
struct tiers {
	struct text names[TIERS_MAX];
	size_t count;
};

static void add_tier(struct tiers *tiers, struct text name)
{
	for (size_t i = 0; i < tiers->count; i++) {
		if (text_equal(tiers->names[i], name))
			return;
	}
	if (tiers->count < TIERS_MAX)
		tiers->names[tiers->count++] = name;
}

static bool note_tier(void *context, enum component component, const struct book_when *when)
{
	(void)component;
	if ((when->has & WHEN_TIER) != 0)
		add_tier(context, when->tier);
	return true;
}

void bill_guess_tier(struct bill_guess *guess)
{
	const struct bill_case *of = guess->of;
	struct bill_rating rating = of->rating;
	struct tiers tiers = { .count = 0 };
	char room[2][BOOK_TIER_BYTES];
	struct text ours = book_tier(rating.request.tier, room[0]);
	struct charges rated;
	struct money more;

	/* The row's own first. */
	if (of->theirs->service_tier.at != NULL)
		add_tier(&tiers, book_tier(of->theirs->service_tier, room[1]));
	bill_each_when(&rating, note_tier, &tiers);
	if (tiers.count > 0)
		add_tier(&tiers, text_of("standard"));
	for (size_t i = 0; i < tiers.count; i++) {
		rating.request.tier = tiers.names[i];
		if (text_equal(tiers.names[i], ours) ||
		    !bill_rate(&rating, &of->countable, &rated) ||
		    money_sub(rated.total, of->base.total, &more) < 0)
			continue;
		bill_guess_try(guess, CAUSE_TIER, COMPONENT_COUNT, more,
		               "by the tier %.*s, %.*s here", TEXT_ARGS(tiers.names[i]),
		               TEXT_ARGS(ours));
	}
}

/* ---- caches ---- */

static const struct {
	enum component cache, input;
} caches[] = {
	{ COMPONENT_CACHE_READ, COMPONENT_INPUT },
	{ COMPONENT_CACHE_READ_AUDIO, COMPONENT_INPUT_AUDIO },
	{ COMPONENT_CACHE_READ_IMAGE, COMPONENT_INPUT_IMAGE },
	{ COMPONENT_CACHE_READ_VIDEO, COMPONENT_INPUT_VIDEO },
	{ COMPONENT_CACHE_WRITE_5M, COMPONENT_INPUT },
	{ COMPONENT_CACHE_WRITE_1H, COMPONENT_INPUT },
	{ COMPONENT_CACHE_WRITE, COMPONENT_INPUT },
};
enum { CACHE_READS = 4 }; /* of them, in front */

/* These [from, to) at the rate of input; false: some has none. */
static bool as_input(const struct bill_case *of, size_t from, size_t to, struct money *amount_out,
                     uint32_t *bits_out, int64_t *count_out)
{
	int64_t prompt = bill_prompt(&of->rating, &of->countable);
	struct money sum = { 0 }, amount;
	struct rate unit;

	*bits_out = 0;
	*count_out = 0;
	for (size_t i = from; i < to; i++) {
		int64_t count = of->countable.count[caches[i].cache];

		if (count == 0)
			continue;
		if (!bill_unit(&of->rating, prompt, caches[i].input, NULL, &unit.attos_per_unit) ||
		    rate_times(unit, count, &amount) < 0 || money_add(sum, amount, &sum) < 0)
			return false;
		*bits_out |= 1u << caches[i].cache;
		*count_out += count;
	}
	*amount_out = sum;
	return *count_out > 0;
}

/* The one of the bits that is named: the first. */
static enum component first_of(uint32_t bits)
{
	return bits != 0 ? (enum component)__builtin_ctz(bits) : COMPONENT_COUNT;
}

void bill_guess_cache(struct bill_guess *guess)
{
	static const struct {
		size_t from, to;
	} sets[] = { { 0, CACHE_READS },
		     { CACHE_READS, sizeof(caches) / sizeof(caches[0]) },
		     { 0, sizeof(caches) / sizeof(caches[0]) } };
	const struct bill_case *of = guess->of;
	char text[3][BILL_NUMBER_BYTES];

	for (size_t s = 0; s < sizeof(sets) / sizeof(sets[0]); s++) {
		struct money input, is, more;
		int64_t count;
		uint32_t bits;

		if (!as_input(of, sets[s].from, sets[s].to, &input, &bits, &count))
			continue;
		is = bill_lines(&of->base, bits, NULL);
		bill_count_text(count, text[0]);
		bill_money_text(input, text[1]);
		bill_money_text(is, text[2]);
		if (money_sub(input, is, &more) == 0)
			bill_guess_try(guess, CAUSE_CACHE_AS_INPUT, first_of(bits), more,
			               "%s %s as input: %s, not %s", text[0],
			               component_info[first_of(bits)].key, text[1], text[2]);
		bill_guess_try(guess, CAUSE_CACHE_AS_INPUT, first_of(bits), input,
		               "%s %s as input, too: %s more", text[0],
		               component_info[first_of(bits)].key, text[1]);
		bill_guess_try(guess, CAUSE_PRICE, first_of(bits), (struct money){ -is.attos },
		               "%s %s not charged: %s less", text[0],
		               component_info[first_of(bits)].key, text[2]);
	}
}

/* ---- reasoning ---- */

void bill_guess_reasoning(struct bill_guess *guess)
{
	const struct bill_case *of = guess->of;
	char text[2][BILL_NUMBER_BYTES];
	struct money is, again;
	struct rate output;
	int64_t count;

	is = bill_lines(&of->base, 1u << COMPONENT_REASONING, &count);
	if (count == 0)
		return;
	bill_count_text(count, text[0]);
	bill_money_text(is, text[1]);
	bill_guess_try(guess, CAUSE_REASONING, COMPONENT_REASONING, is,
	               "%s reasoning charged twice: %s more", text[0], text[1]);
	bill_guess_try(guess, CAUSE_REASONING, COMPONENT_REASONING, (struct money){ -is.attos },
	               "%s reasoning not charged: %s less", text[0], text[1]);
	if (bill_unit(&of->rating, bill_prompt(&of->rating, &of->countable), COMPONENT_OUTPUT, NULL,
	              &output.attos_per_unit) &&
	    rate_times(output, count, &again) == 0)
		bill_guess_try(guess, CAUSE_REASONING, COMPONENT_REASONING, again,
		               "%s reasoning charged as output, too: %s more", text[0],
		               bill_money_text(again, text[1]));
	bill_guess_rate(guess, CAUSE_REASONING, COMPONENT_REASONING, COMPONENT_OUTPUT);
	bill_guess_rate(guess, CAUSE_REASONING, COMPONENT_REASONING, COMPONENT_INPUT);
}

/* ---- long contexts ---- */

enum { THRESHOLDS_MAX = 8 };
struct thresholds {
	struct {
		int64_t tokens;
		enum context_test test;
	} at[THRESHOLDS_MAX];
	size_t count;
	int64_t most;
	int64_t prompt; /* of the two sides the larger: what it does not meet is of neither */
};

static bool note_threshold(void *context, enum component component, const struct book_when *when)
{
	struct thresholds *all = context;

	(void)component;
	if ((when->has & WHEN_CONTEXT) == 0 || when->context_tokens > all->prompt)
		return true;
	all->most = when->context_tokens > all->most ? when->context_tokens : all->most;
	for (size_t i = 0; i < all->count; i++) {
		if (all->at[i].tokens == when->context_tokens)
			return true;
	}
	if (all->count < THRESHOLDS_MAX) {
		all->at[all->count].tokens = when->context_tokens;
		all->at[all->count++].test = when->context_test;
	}
	return true;
}

/* Lines of these, of two ways to charge: the one for some components, the other for the rest. */
static struct money mixed(const struct charges *some, uint32_t components,
                          const struct charges *rest)
{
	struct money a = bill_lines(some, components, NULL),
		     b = bill_lines(rest, ~components, NULL);

	return (struct money){ a.attos + b.attos };
}

/* Tokens beyond the threshold at the dear rate, all below it at the other. */
static bool beyond(const struct charge *low, const struct charge *high, int64_t count,
                   wide *attos_out)
{
	return !__builtin_mul_overflow((high->amount.attos - low->amount.attos) / low->count,
	                               (wide)count, attos_out);
}

/* ccusage: each component by itself; or the prompt as one, its input being what is beyond. */
static bool marginal(const struct charges *low, const struct charges *high, int64_t tokens,
                     int64_t prompt, bool each, struct money *total_out)
{
	wide sum = low->total.attos, more;

	for (size_t i = 0; i < low->count; i++) {
		const struct charge *line = &low->lines[i];
		int64_t over = each ? line->count - tokens : prompt - tokens;

		if (over <= 0 || component_info[line->component].unit != UNIT_TOKEN ||
		    (!each && line->component != COMPONENT_INPUT))
			continue;
		if (over > line->count || !beyond(line, &high->lines[i], over, &more) ||
		    __builtin_add_overflow(sum, more, &sum))
			return false;
	}
	return money_add((struct money){ sum }, (struct money){ 0 }, total_out) == 0;
}

static void guess_marginal(struct bill_guess *guess, int64_t tokens, int64_t prompt)
{
	const struct bill_case *of = guess->of;
	const uint32_t answers = bill_of_role(ROLE_ANSWER), prompts = bill_of_role(ROLE_PROMPT);
	struct charges low, high;
	char text[BILL_NUMBER_BYTES];
	struct money total, dear;

	bill_count_text(tokens, text);
	if (!bill_rate_at(&of->rating, &of->countable, tokens > 0 ? tokens - 1 : 0, &low) ||
	    !bill_rate_at(&of->rating, &of->countable, prompt > tokens ? prompt : tokens + 1,
	                  &high))
		return;
	if (marginal(&low, &high, tokens, prompt, true, &total))
		bill_guess_total(guess, CAUSE_LONG_CONTEXT, total,
		                 "only what is beyond %s of each component at the dear rate", text);
	if (prompt > tokens && marginal(&low, &high, tokens, prompt, false, &total)) {
		/* The answer as it is here, or cheap. */
		dear.attos = total.attos + bill_lines(&high, answers, NULL).attos -
		             bill_lines(&low, answers, NULL).attos;
		bill_guess_total(guess, CAUSE_LONG_CONTEXT, dear,
		                 "only the prompt beyond %s tokens at the dear rate", text);
		bill_guess_total(guess, CAUSE_LONG_CONTEXT, total,
		                 "only the prompt beyond %s tokens at the dear rate, the answer "
		                 "at the other",
		                 text);
	}
	bill_guess_total(guess, CAUSE_LONG_CONTEXT, mixed(&high, prompts, &low),
	                 "the rule above %s tokens for the prompt, not for the answer", text);
	bill_guess_total(guess, CAUSE_LONG_CONTEXT, mixed(&high, answers, &low),
	                 "the rule above %s tokens for the answer, not for the prompt", text);
}

static void guess_boundary(struct bill_guess *guess, enum context_test test, int64_t tokens)
{
	const struct bill_case *of = guess->of;
	bool gt = test == CONTEXT_GT;
	struct charges rated;
	char text[BILL_NUMBER_BYTES];

	if (bill_rate_at(&of->rating, &of->countable, gt ? tokens + 1 : tokens - 1, &rated))
		bill_guess_total(guess, CAUSE_LONG_CONTEXT, rated.total,
		                 "a prompt of just %s tokens: %s there, %s here",
		                 bill_count_text(tokens, text), gt ? "gte" : "gt",
		                 gt ? "gt" : "gte");
}

/* Of a sum that of all its requests: one of them may be most of it. */
static int64_t larger_prompt(const struct bill_case *of)
{
	int64_t ours = usage_prompt_total(&of->usage[0]),
		theirs = usage_prompt_total(&of->usage[1]);

	return ours > theirs ? ours : theirs;
}

void bill_guess_context(struct bill_guess *guess)
{
	const struct bill_case *of = guess->of;
	struct thresholds all = { .prompt = larger_prompt(of) };
	int64_t prompt = bill_prompt(&of->rating, &of->countable);
	struct charges rated;

	bill_each_when(&of->rating, note_threshold, &all);
	if (all.count == 0)
		return;
	for (size_t i = 0; i < all.count && !of->ours->sum; i++) {
		if (prompt == all.at[i].tokens)
			guess_boundary(guess, all.at[i].test, prompt);
	}
	if (bill_rate_at(&of->rating, &of->countable, 0, &rated))
		bill_guess_total(guess, CAUSE_LONG_CONTEXT, rated.total,
		                 "without the rule for long prompts");
	if (bill_rate_at(&of->rating, &of->countable, all.most + 1, &rated))
		bill_guess_total(guess, CAUSE_LONG_CONTEXT, rated.total,
		                 "all of it by the rule above %lld tokens", (long long)all.most);
	for (size_t i = 0; i < all.count && !of->ours->sum; i++)
		guess_marginal(guess, all.at[i].tokens, prompt);
}
