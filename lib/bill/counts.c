#include <assert.h>
#include <stdlib.h>

#include "bill/classify_internal.h"

/* A cache and the input that its tokens are where no cache is known. */
static const struct {
	enum component input;
	uint32_t caches;
} groups[] = {
	{ COMPONENT_INPUT, 1u << COMPONENT_CACHE_READ | 1u << COMPONENT_CACHE_WRITE_5M |
	                           1u << COMPONENT_CACHE_WRITE_1H | 1u << COMPONENT_CACHE_WRITE },
	{ COMPONENT_INPUT_AUDIO, 1u << COMPONENT_CACHE_READ_AUDIO },
	{ COMPONENT_INPUT_IMAGE, 1u << COMPONENT_CACHE_READ_IMAGE },
	{ COMPONENT_INPUT_VIDEO, 1u << COMPONENT_CACHE_READ_VIDEO },
};

static int64_t delta(const struct bill_case *of, enum component component)
{
	return of->usage[1].count[component] - of->usage[0].count[component];
}

bool bill_counts_open(const struct bill_case *of)
{
	return of->wholes[BILL_PROMPT].open || of->wholes[BILL_ANSWER].open;
}

bool bill_counts_differ(const struct bill_case *of)
{
	if (bill_counts_open(of))
		return true;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (delta(of, (enum component)c) != 0)
			return true;
	}
	return false;
}

bool bill_requests_differ(const struct bill_case *of)
{
	return of->ours->sum && of->ours->requests > 0 &&
	       of->theirs->requests != STATEMENT_UNTOLD &&
	       of->theirs->requests != of->ours->requests;
}

bool bill_counts_untold(const struct bill_case *of)
{
	const struct statement_row *theirs = of->theirs;

	return of->ours->sum && (theirs->told & ~(1u << COMPONENT_REQUESTS)) == 0 &&
	       theirs->prompt_total == STATEMENT_UNTOLD && theirs->answer_total == STATEMENT_UNTOLD;
}

bool bill_counts_unknown(const struct bill_case *of)
{
	return bill_counts_untold(of) &&
	       (of->theirs->requests == STATEMENT_UNTOLD || bill_requests_differ(of));
}

bool bill_counts_rateless(const struct bill_case *of)
{
	return of->ours->sum && of->rating.version == NULL && !of->ours->suspense;
}

/* Kinds of a component are never more than its count. */
static void put_count(struct usage *usage, enum component component, int64_t count)
{
	int64_t of_kinds = 0;
	struct usage_kind *first = NULL;

	for (unsigned i = 0; i < usage->kind_count; i++) {
		if (usage->kinds[i].component != component)
			continue;
		of_kinds += usage->kinds[i].n;
		first = first == NULL ? &usage->kinds[i] : first;
	}
	/* More of them are taken to be of the kind that is known. */
	if (first != NULL && count > usage->count[component])
		first->n += count - usage->count[component];
	for (unsigned i = usage->kind_count; i > 0 && of_kinds > count; i--) {
		struct usage_kind *kind = &usage->kinds[i - 1];
		int64_t less = of_kinds - count;

		if (kind->component != component)
			continue;
		less = less < kind->n ? less : kind->n;
		kind->n -= less;
		of_kinds -= less;
	}
	usage->count[component] = count;
}

/* What a whole is more or less, first of `first`, then of what else there is of it. */
static void spread(struct usage *usage, int64_t more, enum component first, uint32_t components)
{
	if (more >= 0 || usage->count[first] + more >= 0) {
		put_count(usage, first, usage->count[first] + more);
		return;
	}
	more += usage->count[first];
	put_count(usage, first, 0);
	for (int c = 0; c < COMPONENT_COUNT && more < 0; c++) {
		int64_t take = usage->count[c] < -more ? usage->count[c] : -more;

		if ((components >> c & 1) == 0 || take <= 0)
			continue;
		put_count(usage, (enum component)c, usage->count[c] - take);
		more += take;
	}
}

static int64_t sum_of(const struct usage *usage, uint32_t components)
{
	int64_t sum = 0;

	for (int c = 0; c < COMPONENT_COUNT; c++)
		sum += (components >> c & 1) != 0 ? usage->count[c] : 0;
	return sum;
}

/* A count moves in one way: the first that is found. */
static void add_move(struct bill_case *of, enum bill_cause cause, enum component named,
                     uint32_t components, const char *text)
{
	for (size_t i = 0; i < of->move_count; i++) {
		if ((of->moves[i].components & components) != 0)
			return;
	}
	assert(of->move_count < BILL_MOVES_MAX);
	of->moves[of->move_count++] = (struct bill_move){ cause, named, components, text };
}

/* ---- what they count ---- */

/* False: it is for the caller to put it where the most of it is. */
static bool take_whole(struct bill_case *of, struct bill_whole *whole, int64_t more, uint32_t open)
{
	const struct usage *ours = &of->usage[0];

	whole->more = more;
	whole->parts = 0;
	for (int c = 0; c < COMPONENT_COUNT && more != 0; c++) {
		if ((open >> c & 1) != 0 &&
		    (ours->count[c] > 0 ||
		     (more > 0 && of->rating.version != NULL &&
		      book_version_has(of->rating.version, (enum component)c))))
			whole->parts |= 1u << c;
	}
	if (whole->open)
		return true;
	if (whole->of == 0)
		return false;
	spread(&of->usage[1], more, (enum component)__builtin_ctz(whole->of), whole->of);
	return true;
}

/* The whole of the prompt is told, and not all of its parts: those that are have been taken. */
static void take_prompt_total(struct bill_case *of)
{
	struct usage *ours = &of->usage[0], *theirs = &of->usage[1];
	uint32_t open = bill_of_role(ROLE_PROMPT) & ~of->told;
	int64_t more, cached = 0;

	if (of->theirs->prompt_total == STATEMENT_UNTOLD || (open & 1u << COMPONENT_INPUT) == 0)
		return;
	more = of->theirs->prompt_total - usage_prompt_total(theirs);
	if (take_whole(of, &of->wholes[BILL_PROMPT], more, open))
		return;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		cached += sum_of(ours, groups[i].caches & open);
	spread(theirs, more, COMPONENT_INPUT, open);
	if (more > 0 && more == cached)
		add_move(of, CAUSE_CACHE_AS_INPUT, COMPONENT_INPUT, 1u << COMPONENT_INPUT,
		         "cached tokens counted as input, too");
}

static void take_answer_total(struct bill_case *of)
{
	struct usage *ours = &of->usage[0], *theirs = &of->usage[1];
	uint32_t open = bill_of_role(ROLE_ANSWER) & ~of->told;
	int64_t more, reasoning = sum_of(ours, open & 1u << COMPONENT_REASONING);
	bool twice, dropped;

	if (of->theirs->answer_total == STATEMENT_UNTOLD || (open & 1u << COMPONENT_OUTPUT) == 0)
		return;
	more = of->theirs->answer_total - sum_of(theirs, bill_of_role(ROLE_ANSWER));
	if (take_whole(of, &of->wholes[BILL_ANSWER], more, open))
		return;
	twice = reasoning > 0 && more == reasoning;
	dropped = reasoning > 0 && more == -reasoning;
	spread(theirs, more, twice || dropped ? COMPONENT_REASONING : COMPONENT_OUTPUT, open);
	if (twice || dropped)
		add_move(of, CAUSE_REASONING, COMPONENT_REASONING, 1u << COMPONENT_REASONING,
		         twice ? "reasoning counted twice" : "reasoning not counted");
}

/* A part that is not told is in the whole, where the whole is as large as both are here. */
static bool is_whole(const struct bill_case *of, enum component whole, uint32_t parts)
{
	const struct usage *ours = &of->usage[0];
	int64_t inside = sum_of(ours, parts);

	return inside > 0 && (of->told & parts) == 0 &&
	       of->theirs->count[whole] == ours->count[whole] + inside;
}

static void take_counts(struct bill_case *of)
{
	of->usage[1] = of->usage[0];
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		bool whole = c == COMPONENT_OUTPUT &&
		             is_whole(of, COMPONENT_OUTPUT, 1u << COMPONENT_REASONING);

		for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
			whole = whole || ((int)groups[i].input == c &&
			                  is_whole(of, groups[i].input, groups[i].caches));
		if ((of->told >> c & 1) != 0 && !whole)
			put_count(&of->usage[1], (enum component)c, of->theirs->count[c]);
	}
	take_prompt_total(of);
	take_answer_total(of);
}

/* ---- how they moved ---- */

static bool is_one_or_all(const struct usage *usage, uint32_t components, int64_t count)
{
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if ((components >> c & 1) != 0 && usage->count[c] == count)
			return true;
	}
	return sum_of(usage, components) == count;
}

/* Out of the caches and into the input, or counted in both; or the same the other way round. */
static void find_cache_move(struct bill_case *of, enum component input, uint32_t caches)
{
	int64_t more = delta(of, input), sum = 0;
	uint32_t moved = 0;
	bool up = false, down = false;

	for (int c = 0; c < COMPONENT_COUNT; c++) {
		int64_t d = (caches >> c & 1) != 0 ? delta(of, (enum component)c) : 0;

		sum += d;
		moved |= (uint32_t)(d != 0) << c;
		up = up || d > 0;
		down = down || d < 0;
	}
	if (more == 0)
		return;
	if (moved != 0 && sum == -more && up != down)
		add_move(of, CAUSE_CACHE_AS_INPUT, input, moved | 1u << input,
		         more > 0 ? "cached tokens counted as input"
		                  : "cached tokens counted as input here");
	else if (moved == 0 && is_one_or_all(&of->usage[0], caches, labs(more)))
		add_move(of, CAUSE_CACHE_AS_INPUT, input, 1u << input,
		         more > 0 ? "cached tokens counted as input, too"
		                  : "cached tokens counted as input, too, here");
}

static const char *reasoning_move(int64_t output, int64_t reasoning, int64_t ours, int64_t theirs)
{
	if (output == 0 && reasoning == -ours && ours > 0)
		return "reasoning not counted";
	if (output == 0 && reasoning == theirs && theirs > 0)
		return "reasoning not counted here";
	if (output == 0 && reasoning == ours && ours > 0)
		return "reasoning counted twice";
	if (output == 0 && -reasoning == theirs && theirs > 0)
		return "reasoning counted twice here";
	if (reasoning == 0 && output == ours && ours > 0)
		return "reasoning counted as output, too";
	if (reasoning == 0 && output == -theirs && theirs > 0)
		return "reasoning counted as output, too, here";
	if (output == ours && reasoning == -ours && ours > 0)
		return "reasoning counted as output";
	if (output == -theirs && reasoning == theirs && theirs > 0)
		return "reasoning counted as output here";
	return NULL;
}

static void find_moves(struct bill_case *of)
{
	const char *text = NULL;

	if ((of->told & bill_of_role(ROLE_PROMPT)) != 0) {
		for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
			find_cache_move(of, groups[i].input, groups[i].caches);
	}
	if ((of->told & bill_of_role(ROLE_ANSWER)) != 0)
		text = reasoning_move(delta(of, COMPONENT_OUTPUT), delta(of, COMPONENT_REASONING),
		                      of->usage[0].count[COMPONENT_REASONING],
		                      of->usage[1].count[COMPONENT_REASONING]);
	if (text != NULL)
		add_move(of, CAUSE_REASONING, COMPONENT_REASONING,
		         1u << COMPONENT_REASONING | 1u << COMPONENT_OUTPUT, text);
}

/* ---- their price here ---- */

/* The kind that more or less of a component is of. */
static const struct usage_kind *kind_of(const struct bill_case *of, enum component component)
{
	for (unsigned i = 0; i < of->usage[0].kind_count; i++) {
		if (of->usage[0].kinds[i].component == component)
			return &of->usage[0].kinds[i];
	}
	return NULL;
}

static bool unit_here(const struct bill_case *of, enum component component, wide *attos_out)
{
	return bill_unit(&of->rating, bill_prompt(&of->rating, &of->usage[0]), component,
	                 kind_of(of, component), attos_out);
}

/* Our rate x what they count more. */
static int token_effect(const struct bill_case *of, enum component component,
                        struct money *effect_out)
{
	struct money product;
	wide unit;

	*effect_out = (struct money){ 0 };
	if (delta(of, component) == 0 || (of->unpriced >> component & 1) != 0 ||
	    !unit_here(of, component, &unit))
		return 0;
	if (__builtin_mul_overflow(unit, (wide)delta(of, component), &product.attos) ||
	    money_add(product, (struct money){ 0 }, effect_out) < 0)
		return fault_set(of->fault, FAULT_RANGE, "%s: what more of it costs is no amount",
		                 component_info[component].key);
	return 0;
}

static int sum_effects(const struct bill_case *of, struct money *sum_out)
{
	struct money sum = { 0 }, effect;

	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (token_effect(of, (enum component)c, &effect) < 0)
			return -FAULT_RANGE;
		if (money_add(sum, effect, &sum) < 0)
			return fault_set(of->fault, FAULT_RANGE, "a token effect is no amount");
	}
	*sum_out = sum;
	return 0;
}

/* What has no rate here is priced as often as we count it, and said. */
static void find_unpriced(struct bill_case *of)
{
	wide unit;

	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (delta(of, (enum component)c) == 0 || unit_here(of, (enum component)c, &unit))
			continue;
		of->unpriced |= 1u << c;
		put_count(&of->countable, (enum component)c, of->usage[0].count[c]);
	}
}

int bill_counts_prepare(struct bill_case *of, struct money ours)
{
	struct money own;
	bool priced;

	of->due = ours;
	of->move_count = 0;
	of->unpriced = 0;
	of->tokens = (struct money){ 0 };
	take_counts(of);
	priced = of->priced = bill_rate(&of->rating, &of->usage[0], &of->base);
	own = of->base.total;
	of->exact = priced && money_compare(own, ours) == 0;
	of->countable = of->usage[1];
	/* The most pairs: nothing more to do. */
	if (!bill_counts_differ(of))
		return 0;
	find_moves(of);
	find_unpriced(of);
	of->priced = bill_rate(&of->rating, &of->countable, &of->base);
	if (!priced || !of->priced)
		return sum_effects(of, &of->tokens);
	if (money_sub(of->base.total, own, &of->tokens) < 0)
		return fault_set(of->fault, FAULT_RANGE, "a token effect is no amount");
	return 0;
}

/* ---- what a whole is of ---- */

static bool is_guessed(const struct bill_whole *whole)
{
	return whole->more != 0 && (whole->parts & (whole->parts - 1)) != 0;
}

bool bill_counts_guessed(const struct bill_case *of)
{
	return is_guessed(&of->wholes[BILL_PROMPT]) || is_guessed(&of->wholes[BILL_ANSWER]);
}

/* The parts that one can be put to: where the most of it is, each by itself, all caches at once. */
struct choices {
	uint32_t of[COMPONENT_COUNT + 2];
	size_t count;
};

static void find_choices(const struct bill_case *of, const struct bill_whole *whole,
                         struct choices *choices)
{
	uint32_t caches = 0;

	choices->count = 0;
	choices->of[choices->count++] = 0;
	if (!is_guessed(whole))
		return;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if ((whole->parts >> c & 1) != 0 && of->usage[0].count[c] + whole->more >= 0)
			choices->of[choices->count++] = 1u << c;
	}
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		caches |= groups[i].caches & whole->parts;
	if (caches != 0 && sum_of(&of->usage[0], caches) == -whole->more)
		choices->of[choices->count++] = caches;
}

/* Nothing is left; what is left is rounding to the nearest; or that, or cut off. */
enum fit { FIT_EXACT, FIT_NEAREST, FIT_ROUNDING, FIT_COUNT };

static bool is_fit(const struct bill_case *of, enum fit fit)
{
	struct money rest;

	if (money_sub(of->left, of->tokens, &rest) < 0)
		return false;
	if (fit == FIT_EXACT)
		return rest.attos == 0;
	return fit == FIT_NEAREST ? bill_is_nearest(of, rest) : bill_is_rounding(of, rest);
}

static int put_wholes(struct bill_case *of, uint32_t prompt, uint32_t answer)
{
	of->wholes[BILL_PROMPT].of = prompt;
	of->wholes[BILL_ANSWER].of = answer;
	return bill_counts_prepare(of, of->due);
}

/* The first that fits; *found_out. */
static int choose(struct bill_case *of, const struct choices *prompt, const struct choices *answer,
                  enum fit fit, bool *found_out)
{
	for (size_t p = 0; p < prompt->count; p++) {
		for (size_t a = 0; a < answer->count; a++) {
			if (put_wholes(of, prompt->of[p], answer->of[a]) < 0)
				return -FAULT_RANGE;
			*found_out = is_fit(of, fit);
			if (*found_out)
				return 0;
		}
	}
	return 0;
}

int bill_counts_choose(struct bill_case *of)
{
	struct choices prompt, answer;
	bool found = false;

	if (!bill_counts_guessed(of))
		return 0;
	of->wholes[BILL_PROMPT].open = of->wholes[BILL_ANSWER].open = false;
	find_choices(of, &of->wholes[BILL_PROMPT], &prompt);
	find_choices(of, &of->wholes[BILL_ANSWER], &answer);
	for (int fit = 0; fit < FIT_COUNT && !found; fit++) {
		if (choose(of, &prompt, &answer, (enum fit)fit, &found) < 0)
			return -FAULT_RANGE;
	}
	if (found)
		return 0;
	for (int w = 0; w < BILL_WHOLES; w++)
		of->wholes[w].open = is_guessed(&of->wholes[w]);
	return put_wholes(of, 0, 0);
}

/* ---- parts ---- */

static int add_move_part(struct bill_case *of, const struct bill_move *move, bool silent)
{
	enum component named = move->of;
	char ours[BILL_NUMBER_BYTES], theirs[BILL_NUMBER_BYTES], text[BILL_NUMBER_BYTES];
	struct money sum = { 0 }, effect;

	for (int c = 0; c < COMPONENT_COUNT && !silent; c++) {
		if ((move->components >> c & 1) == 0)
			continue;
		if (token_effect(of, (enum component)c, &effect) < 0)
			return -FAULT_RANGE;
		/* Of 128 bits: each is an amount, and they are few. */
		sum.attos += effect.attos;
	}
	if (bill_part_add(
		    of, move->cause, EFFECT_TOKENS, named, sum, "%s: %s %s here, %s there; %s",
		    move->text, bill_count_text(of->usage[0].count[named], ours),
		    component_info[named].key, bill_count_text(of->usage[1].count[named], theirs),
		    silent ? "charged the same" : bill_money_text(sum, text)) < 0)
		return -FAULT_RANGE;
	bill_part_counts(of, of->usage[0].count[named], of->usage[1].count[named]);
	return 0;
}

static int add_count_part(struct bill_case *of, enum component component, bool silent)
{
	const char *key = component_info[component].key;
	char more[BILL_NUMBER_BYTES], rate[BILL_NUMBER_BYTES], amount[BILL_NUMBER_BYTES];
	int64_t d = delta(of, component);
	const char *word = d > 0 ? "more" : "less";
	struct money effect = { 0 };
	wide unit;
	int r;

	bill_count_text(d > 0 ? d : -d, more);
	if (silent) {
		r = bill_part_add(of, CAUSE_COUNTS, EFFECT_TOKENS, component, effect,
		                  "%s %s %s, charged the same", more, word, key);
	} else if ((of->unpriced >> component & 1) != 0 || !unit_here(of, component, &unit)) {
		r = bill_part_add(of, CAUSE_COUNTS, EFFECT_TOKENS, component, effect,
		                  "%s %s %s, %s", more, word, key,
		                  bill_counts_rateless(of) ? "by several prices here"
		                                           : "which have no price here");
	} else {
		if (token_effect(of, component, &effect) < 0)
			return -FAULT_RANGE;
		r = bill_part_add(of, CAUSE_COUNTS, EFFECT_TOKENS, component, effect,
		                  "%s %s %s x %s = %s", more, word, key,
		                  bill_rate_text(component, unit, rate),
		                  bill_money_text(effect, amount));
	}
	if (r == 0)
		bill_part_counts(of, of->usage[0].count[component], of->usage[1].count[component]);
	return r;
}

/* Beyond the single rates: their prompt is priced by other entries, or a least charge is due. */
static int add_rest(struct bill_case *of, struct money single)
{
	struct rating_request request = of->rating.request;
	int64_t ours = usage_prompt_total(&of->usage[0]),
		theirs = usage_prompt_total(&of->usage[1]);
	char text[2][BILL_NUMBER_BYTES];
	struct money rest;

	if (money_sub(of->tokens, single, &rest) < 0)
		return fault_set(of->fault, FAULT_RANGE, "a token effect is no amount");
	if (rest.attos == 0)
		return 0;
	request.usage = &of->usage[1];
	if (!rating_sum_differs(of->rating.version, &request, ours))
		return bill_part_add(of, CAUSE_COUNTS, EFFECT_TOKENS, COMPONENT_COUNT, rest,
		                     "the least that a request is charged");
	return bill_part_add(of, CAUSE_LONG_CONTEXT, EFFECT_TOKENS, COMPONENT_COUNT, rest,
	                     "a prompt of %s tokens here, of %s there: another price",
	                     bill_count_text(ours, text[0]), bill_count_text(theirs, text[1]));
}

/* Of which parts is not known, and so not what it costs. */
static int add_open_part(struct bill_case *of, int which)
{
	const struct bill_whole *whole = &of->wholes[which];
	uint32_t parts = bill_of_role(which == BILL_PROMPT ? ROLE_PROMPT : ROLE_ANSWER);
	int64_t here = sum_of(&of->usage[0], parts);
	char text[BILL_NUMBER_BYTES];

	if (bill_part_add(of, CAUSE_COUNTS, EFFECT_TOKENS, COMPONENT_COUNT, (struct money){ 0 },
	                  "the whole %s has %s tokens %s: of which kind is not told",
	                  which == BILL_PROMPT ? "prompt" : "answer",
	                  bill_count_text(labs(whole->more), text),
	                  whole->more > 0 ? "more" : "less") < 0)
		return -FAULT_RANGE;
	bill_part_counts(of, here, sum_of(&of->usage[1], parts) + whole->more);
	return 0;
}

int bill_counts(struct bill_case *of, bool silent)
{
	struct money single;
	uint32_t done = 0;

	for (size_t i = 0; i < of->move_count; i++) {
		if (add_move_part(of, &of->moves[i], silent) < 0)
			return -FAULT_RANGE;
		done |= of->moves[i].components;
	}
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (delta(of, (enum component)c) != 0 && (done >> c & 1) == 0 &&
		    add_count_part(of, (enum component)c, silent) < 0)
			return -FAULT_RANGE;
	}
	for (int w = 0; w < BILL_WHOLES; w++) {
		if (of->wholes[w].open && add_open_part(of, w) < 0)
			return -FAULT_RANGE;
	}
	if (silent)
		return 0;
	return sum_effects(of, &single) < 0 ? -FAULT_RANGE : add_rest(of, single);
}

/* ---- without a rate ---- */

/* `theirs` for `ours` of what is due is what is left; *more_out is that much more. */
static bool is_proportion(const struct bill_case *of, int64_t ours, int64_t theirs,
                          struct money *more_out)
{
	struct money rest;
	wide product;

	if (__builtin_mul_overflow(of->due.attos, (wide)theirs - ours, &product) ||
	    product % ours != 0)
		return false;
	*more_out = (struct money){ product / ours };
	return money_sub(of->left, *more_out, &rest) == 0 && bill_is_nearest(of, rest);
}

/* All counts are so many times ours; `component` is one of them.  False: they are not. */
static bool has_one_ratio(const struct bill_case *of, enum component *component_out)
{
	const int64_t *ours = of->usage[0].count, *theirs = of->usage[1].count;
	int of_all = COMPONENT_COUNT;

	for (int c = 0; c < COMPONENT_COUNT; c++) {
		bool requests = c == COMPONENT_REQUESTS && (of->told >> c & 1) == 0;

		if (requests || (ours[c] == 0 && theirs[c] == 0))
			continue;
		if (ours[c] <= 0)
			return false;
		of_all = of_all == COMPONENT_COUNT ? c : of_all;
		if ((wide)theirs[c] * ours[of_all] != (wide)theirs[of_all] * ours[c])
			return false;
	}
	*component_out = (enum component)of_all;
	return of_all != COMPONENT_COUNT && !bill_counts_open(of);
}

/* Fewer at the same amount: ours has some that failed, which nobody bills. */
int bill_requests(struct bill_case *of)
{
	char text[2][BILL_NUMBER_BYTES];

	if (!bill_requests_differ(of) ||
	    (of->theirs->requests < of->ours->requests && bill_is_nearest(of, of->left)))
		return 0;
	if (bill_part_add(of, CAUSE_COUNTS, EFFECT_TOKENS, COMPONENT_REQUESTS, (struct money){ 0 },
	                  "requests: %s there, %s here",
	                  bill_count_text(of->theirs->requests, text[0]),
	                  bill_count_text(of->ours->requests, text[1])) < 0)
		return -FAULT_RANGE;
	bill_part_counts(of, of->ours->requests, of->theirs->requests);
	return 0;
}

static int add_proportion(struct bill_case *of, enum component component, int64_t ours,
                          int64_t theirs, struct money more)
{
	char text[3][BILL_NUMBER_BYTES];
	bool requests = component == COMPONENT_REQUESTS;

	if (bill_part_add(of, CAUSE_COUNTS, EFFECT_TOKENS, requests ? component : COMPONENT_COUNT,
	                  more, "in proportion to %s, %s there, %s here%s: %s",
	                  component_info[component].key, bill_count_text(theirs, text[0]),
	                  bill_count_text(ours, text[1]), requests ? "" : ", as all counts are",
	                  bill_money_text(more, text[2])) < 0)
		return -FAULT_RANGE;
	if (requests)
		bill_part_counts(of, ours, theirs);
	return 0;
}

int bill_counts_in_proportion(struct bill_case *of)
{
	enum component component;
	struct money more;

	if (bill_counts_untold(of)) {
		if (!bill_requests_differ(of))
			return 0;
		if (!bill_is_nearest(of, of->left) &&
		    is_proportion(of, of->ours->requests, of->theirs->requests, &more))
			return add_proportion(of, COMPONENT_REQUESTS, of->ours->requests,
			                      of->theirs->requests, more);
		return bill_requests(of);
	}
	if (!bill_is_nearest(of, of->left) && has_one_ratio(of, &component) &&
	    is_proportion(of, of->usage[0].count[component], of->usage[1].count[component], &more))
		return add_proportion(of, component, of->usage[0].count[component],
		                      of->usage[1].count[component], more);
	return bill_counts(of, false);
}
