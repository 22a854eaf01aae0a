/*
 * Conditions and prices of Langfuse's list.  Its rules (packages/shared/src/server/
 * pricing-tiers/matcher.ts): a condition on usage adds up the keys of usage whose names fit its
 * pattern and compares the sum; one on attributes compares a parameter of the request.
 */
#include <string.h>

#include "catalogue/langfuse_internal.h"

static const struct usage_key {
	const char *key;
	enum component component;
} usage_keys[] = {
#define U(key, NAME) { key, COMPONENT_##NAME },
#include "catalogue/langfuse_usage.def"
#undef U
};

/* Of a pattern for keys of usage: together they are the whole prompt where `input` is one. */
static const char *const prompt_words[] = { "input",      "prompt",      "cache",          "cached",
	                                    "cache_read", "cache_write", "cache_creation", NULL };

/* ---- conditions ---- */

static bool is_prompt_word(struct text word)
{
	for (size_t i = 0; prompt_words[i] != NULL; i++) {
		if (text_is(word, prompt_words[i]))
			return true;
	}
	return false;
}

/* "(input|prompt|cached)", "input", "^input" */
static bool is_prompt(struct text pattern)
{
	struct text word;
	bool input = false;

	if (pattern.len > 1 && pattern.at[0] == '(' && pattern.at[pattern.len - 1] == ')')
		pattern = (struct text){ pattern.at + 1, pattern.len - 2 };
	else if (pattern.len > 0 && pattern.at[0] == '^')
		pattern = (struct text){ pattern.at + 1, pattern.len - 1 };
	while (text_cut(&pattern, '|', &word)) {
		if (!is_prompt_word(word))
			return false;
		input = input || text_is(word, "input");
	}
	return input;
}

static bool add_context(const struct json *doc, uint32_t node, struct langfuse_tier *tier)
{
	struct text test = json_string(doc, json_member(doc, node, "operator"));
	struct text pattern = json_string(doc, json_member(doc, node, "usageDetailPattern"));
	bool above = text_is(test, "gt");
	int64_t tokens;

	if (!is_prompt(pattern) || (!above && !text_is(test, "gte")) ||
	    !json_integer(doc, json_member(doc, node, "value"), &tokens) || tokens < 0 ||
	    tokens > USAGE_COUNT_MAX || tier->whens[0].context_test != DRAFT_CONTEXT_ANY)
		return false;
	for (size_t i = 0; i < tier->when_count; i++) {
		tier->whens[i].context_test = above ? DRAFT_CONTEXT_GT : DRAFT_CONTEXT_GTE;
		tier->whens[i].context_tokens = tokens;
	}
	return true;
}

/* Each condition so far once for each of the words. */
static bool add_service_tiers(const struct json *doc, struct draft *draft, uint32_t node,
                              struct langfuse_tier *tier)
{
	char room[BOOK_TIER_BYTES];
	uint32_t values = json_member(doc, node, "values");
	struct draft_when whens[LANGFUSE_WHENS_MAX];
	size_t count = 0;

	if (!text_is(json_string(doc, json_member(doc, node, "source")), "model_parameters") ||
	    !text_is(json_string(doc, json_member(doc, node, "key")), "service_tier") ||
	    !text_is(json_string(doc, json_member(doc, node, "operator")), "in") ||
	    json_type_of(doc, values) != JSON_ARRAY || tier->whens[0].tier.at != NULL)
		return false;
	for (uint32_t v = json_first(doc, values); v != JSON_NONE; v = json_next(doc, values, v)) {
		struct text word = json_string(doc, v);

		if (word.len == 0 || word.len >= BOOK_TIER_BYTES || !text_plain(word))
			return false;
		/* As an event's is told apart: "default" is "standard". */
		word = draft_text(draft, book_tier(word, room));
		for (size_t i = 0; i < tier->when_count; i++) {
			if (count == LANGFUSE_WHENS_MAX)
				return false;
			whens[count] = tier->whens[i];
			whens[count++].tier = word;
		}
	}
	if (count == 0)
		return false;
	memcpy(tier->whens, whens, count * sizeof(whens[0]));
	tier->when_count = count;
	return true;
}

void langfuse_conditions(struct catalogue_import *in, uint32_t conditions,
                         struct langfuse_tier *tier)
{
	const struct json *doc = &in->doc;

	tier->when_count = 1;
	for (uint32_t c = json_first(doc, conditions); c != JSON_NONE;
	     c = json_next(doc, conditions, c)) {
		bool usage = json_member(doc, c, "usageDetailPattern") != JSON_NONE;
		struct text what = json_string(doc, json_member(doc, c, "key"));

		/* Four members each; another would be a condition more. */
		if (json_type_of(doc, c) == JSON_OBJECT && doc->nodes[c].count == 4 &&
		    (usage ? add_context(doc, c, tier)
		           : add_service_tiers(doc, &in->draft, c, tier))) {
			tally_mark(&in->tally, c, TALLY_CONVERTED, NULL);
			continue;
		}
		tier->bad = true;
		tally_markf(
			&in->tally, c, TALLY_UNREPRESENTED,
			"a condition that a book does not have%s%.*s: what it prices is left out",
			usage ? "" : ", on ", TEXT_ARGS(what));
	}
}

/* ---- prices ---- */

/* What a tier says of a component. */
enum state { STATE_NONE, STATE_GOOD, STATE_BAD };

struct cell {
	enum state state;
	struct money price;
	uint32_t node;
};

static const struct usage_key *key_of(struct text key)
{
	for (size_t i = 0; i < sizeof(usage_keys) / sizeof(usage_keys[0]); i++) {
		if (text_is(key, usage_keys[i].key))
			return &usage_keys[i];
	}
	return NULL;
}

static void add_price(struct catalogue_import *in, struct cell *cell, uint32_t node, bool bad)
{
	struct money price;

	if (!import_price(in, node, 0, &price) || bad)
		cell->state = STATE_BAD;
	else if (cell->state == STATE_NONE)
		*cell = (struct cell){ STATE_GOOD, price, node };
	else if (money_compare(cell->price, price) != 0)
		cell->state = STATE_BAD;
}

/* A price of all tokens together: with prices of some of them it cannot be split. */
static void add_total(struct catalogue_import *in, const struct langfuse_tier *tier,
                      struct cell cells[COMPONENT_COUNT], uint32_t node,
                      struct langfuse_prices *prices)
{
	bool alone = in->doc.nodes[tier->prices].count == 1;

	if (!alone) {
		tally_mark(&in->tally, node, TALLY_UNREPRESENTED,
		           "a price of all tokens besides prices of some of them");
		for (int c = 0; c < COMPONENT_COUNT; c++)
			cells[c].state = STATE_BAD;
		return;
	}
	prices->total = true;
	add_price(in, &cells[COMPONENT_INPUT], node, tier->bad);
	add_price(in, &cells[COMPONENT_OUTPUT], node, tier->bad);
}

static void read_prices(struct catalogue_import *in, const struct langfuse_tier *tier,
                        struct cell cells[COMPONENT_COUNT], struct langfuse_prices *prices)
{
	const struct json *doc = &in->doc;
	uint32_t total = json_member(doc, tier->prices, "total");

	for (uint32_t k = json_first(doc, tier->prices); k != JSON_NONE;
	     k = json_next(doc, tier->prices, k)) {
		const struct usage_key *key = key_of(doc->nodes[k].text);

		if (key != NULL && json_type_of(doc, k + 1) != JSON_NULL)
			add_price(in, &cells[key->component], k + 1, tier->bad);
	}
	if (json_type_of(doc, total) != JSON_NULL)
		add_total(in, tier, cells, total, prices);
}

/* A tier takes the place of all before it: what it has no price of must have none there. */
static bool can_be_said(const struct langfuse_prices *prices, struct cell (*cells)[COMPONENT_COUNT],
                        enum component c)
{
	bool before = false;

	for (size_t t = 0; t < prices->tier_count; t++) {
		enum state state = cells[t][c].state;

		if (state == STATE_BAD || (before && state == STATE_NONE))
			return false;
		before = before || state == STATE_GOOD;
	}
	return before;
}

static void mark_prices(struct catalogue_import *in, const struct langfuse_tier *tier,
                        enum component component, bool said)
{
	const struct json *doc = &in->doc;
	struct tally *tally = &in->tally;

	for (uint32_t k = json_first(doc, tier->prices); k != JSON_NONE;
	     k = json_next(doc, tier->prices, k)) {
		const struct usage_key *key = key_of(doc->nodes[k].text);
		bool total = text_is(doc->nodes[k].text, "total");

		if (total ? component != COMPONENT_INPUT && component != COMPONENT_OUTPUT
		          : key == NULL || key->component != component)
			continue;
		if (json_type_of(doc, k + 1) == JSON_NULL ||
		    tally->marks[k + 1].kind == TALLY_UNREPRESENTED + 1)
			continue;
		tally_mark(
			tally, k + 1, said ? TALLY_CONVERTED : TALLY_UNREPRESENTED,
			said ? NULL
			     : "left out: not every tier has one price of it that a book can say");
	}
}

static bool same_when(const struct draft_when *a, const struct draft_when *b)
{
	return a->context_test == b->context_test && a->context_tokens == b->context_tokens &&
	       text_equal(a->tier, b->tier);
}

/* One that is asked earlier asks the same: this one never holds. */
static bool never_holds(const struct langfuse_prices *prices, size_t tier,
                        const struct draft_when *when)
{
	for (size_t t = tier + 1; t < prices->tier_count; t++) {
		for (size_t w = 0; w < prices->tiers[t].when_count; w++) {
			if (same_when(&prices->tiers[t].whens[w], when))
				return true;
		}
	}
	return false;
}

static void add_rates(struct catalogue_import *in, struct draft_version *version,
                      const struct langfuse_prices *prices, size_t t, enum component component,
                      const struct cell *cell)
{
	const struct langfuse_tier *tier = &prices->tiers[t];
	struct draft_rate rate = { .component = component, .price = cell->price };

	for (size_t w = 0; cell->state == STATE_GOOD && w < tier->when_count; w++) {
		rate.when = tier->whens[w];
		if (!never_holds(prices, t, &rate.when))
			draft_rate(&in->draft, version, &rate, NULL);
	}
}

void langfuse_prices(struct catalogue_import *in, struct draft_model *model,
                     struct langfuse_prices *prices)
{
	static const struct cell none[COMPONENT_COUNT];
	struct draft_version *version = draft_version(&in->draft, model, in->effective_from);
	struct cell cells[LANGFUSE_TIERS_MAX][COMPONENT_COUNT];
	bool reasoning = false;

	for (size_t t = 0; t < prices->tier_count; t++) {
		memcpy(cells[t], none, sizeof(none));
		read_prices(in, &prices->tiers[t], cells[t], prices);
		reasoning = reasoning || cells[t][COMPONENT_REASONING].state != STATE_NONE;
		prices->context = prices->context || prices->tiers[t].whens[0].context_tokens > 0;
	}
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		bool said = can_be_said(prices, cells, (enum component)c);

		for (size_t t = 0; t < prices->tier_count; t++) {
			if (said)
				add_rates(in, version, prices, t, (enum component)c, &cells[t][c]);
			mark_prices(in, &prices->tiers[t], (enum component)c, said);
		}
		if (c == COMPONENT_OUTPUT && said && !reasoning && !prices->total) {
			draft_as(model, COMPONENT_REASONING, COMPONENT_OUTPUT);
			prices->reasoning_as_output = true;
		}
	}
}
