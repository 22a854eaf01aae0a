/*
 * Langfuse: github.com/langfuse/langfuse, worker/src/constants/default-model-prices.json.  USD
 * per unit; JSON numbers.
 *
 * An entry names its models by a regular expression (catalogue/finite.h makes names of it) and
 * has tiers of prices: the one of the lowest priority whose conditions all hold is taken whole,
 * the default where none is.  So a component that a tier leaves out has no price there, and
 * none in the book at all.
 */
#include <stdlib.h>
#include <string.h>

#include "catalogue/finite.h"
#include "catalogue/langfuse_internal.h"

enum owner { OWNER_MODEL, OWNER_TIER };

static const struct key {
	enum owner owner;
	const char *key, *reason;
} keys[] = {
#define R(OWNER, key, reason) { OWNER_##OWNER, key, reason },
#include "catalogue/langfuse_keys.def"
#undef R
};

static void mark_keys(struct catalogue_import *in, uint32_t object, enum owner owner)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i].owner == owner)
			tally_mark(&in->tally, json_member(&in->doc, object, keys[i].key),
			           TALLY_INFORMATIVE, keys[i].reason);
	}
}

bool catalogue_langfuse_is(const struct json *doc)
{
	uint32_t e = json_first(doc, 0);

	if (json_type_of(doc, 0) != JSON_ARRAY || e == JSON_NONE)
		return false;
	for (; e != JSON_NONE; e = json_next(doc, 0, e)) {
		if (json_string(doc, json_member(doc, e, "modelName")).at == NULL ||
		    json_string(doc, json_member(doc, e, "matchPattern")).at == NULL)
			return false;
	}
	return true;
}

/* ---- names ---- */

/* What of all entries is told once. */
struct granted {
	bool case_ignored, dots, reasoning, total, context;
};

/* The entry's own name where the pattern has it, else the pattern's first that is free. */
static int name_model(struct catalogue_import *in, struct text own, const struct finite *finite,
                      struct draft_model **model_out, struct fault *why)
{
	int r = fault_set(why, FAULT_INVALID, "it stands for names without end only");

	for (size_t i = 0; i < finite->count; i++) {
		if (text_equal(finite->names[i], own))
			return draft_model(&in->draft, own, own, model_out, why);
	}
	for (size_t i = 0; i < finite->count && r == -FAULT_INVALID; i++)
		r = draft_model(&in->draft, finite->names[i], own, model_out, why);
	return r;
}

/* NULL: none of its names can be in the book, and the pattern is marked with the reason. */
static struct draft_model *add_names(struct catalogue_import *in, uint32_t entry,
                                     struct granted *granted)
{
	uint32_t name = json_member(&in->doc, entry, "modelName");
	uint32_t pattern = json_member(&in->doc, entry, "matchPattern");
	struct text own = json_string(&in->doc, name);
	struct draft_model *model = NULL;
	struct finite finite;
	struct fault why;
	int r = finite_names(json_string(&in->doc, pattern), &in->draft.arena, &finite, &why);

	if (r == 0)
		r = name_model(in, own, &finite, &model, &why);
	if (r == -FAULT_NOMEM)
		in->draft.error = r;
	if (r < 0) {
		tally_markf(&in->tally, pattern, TALLY_UNREPRESENTED, "no name for a book: %s",
		            why.text);
		tally_mark(&in->tally, name, TALLY_INFORMATIVE,
		           "of a model that is not in the book");
		return NULL;
	}
	tally_mark(&in->tally, pattern, TALLY_CONVERTED, NULL);
	if (finite.partial)
		tally_markf(&in->tally, pattern, TALLY_UNREPRESENTED,
		            "it stands for names without end as well; the book has %zu of them",
		            finite.count);
	for (size_t i = 0; i < finite.count; i++) {
		r = draft_alias(&in->draft, model, finite.names[i], &why);
		if (r < 0)
			tally_markf(&in->tally, pattern, TALLY_UNREPRESENTED, "%s", why.text);
	}
	if (text_equal(draft_model_name(model), own) || draft_find(&in->draft, own) == model)
		tally_mark(&in->tally, name, TALLY_CONVERTED, NULL);
	else
		import_fact_text(in, model, "name", name);
	granted->case_ignored = granted->case_ignored || finite.ignores_case;
	granted->dots = granted->dots || finite.dots;
	return model;
}

/* ---- tiers ---- */

static int by_priority(const void *a, const void *b)
{
	const struct langfuse_tier *left = a, *right = b;

	if (left->is_default != right->is_default)
		return left->is_default ? -1 : 1;
	return (left->priority < right->priority) - (left->priority > right->priority);
}

static bool read_tier(struct catalogue_import *in, uint32_t node, struct langfuse_tier *tier)
{
	const struct json *doc = &in->doc;
	uint32_t priority = json_member(doc, node, "priority");
	uint32_t is_default = json_member(doc, node, "isDefault");
	uint32_t conditions = json_member(doc, node, "conditions");

	*tier = (struct langfuse_tier){ .prices = json_member(doc, node, "prices") };
	tier->is_default = json_type_of(doc, is_default) == JSON_TRUE;
	if (!json_integer(doc, priority, &tier->priority) ||
	    json_type_of(doc, tier->prices) != JSON_OBJECT ||
	    json_type_of(doc, conditions) != JSON_ARRAY ||
	    tier->is_default != (doc->nodes[conditions].count == 0))
		return false;
	mark_keys(in, node, OWNER_TIER);
	tally_mark(&in->tally, priority, TALLY_CONVERTED, NULL);
	tally_mark(&in->tally, is_default, TALLY_CONVERTED, NULL);
	if (tier->is_default)
		tally_mark(&in->tally, conditions, TALLY_CONVERTED, NULL);
	langfuse_conditions(in, conditions, tier);
	return true;
}

/* In the order in which a book has them: of two that hold, the later wins. */
static bool read_tiers(struct catalogue_import *in, uint32_t node, struct langfuse_tier *tiers,
                       size_t *count_out)
{
	const struct json *doc = &in->doc;
	size_t count = 0, conditions = 0;

	if (json_type_of(doc, node) != JSON_ARRAY || doc->nodes[node].count > LANGFUSE_TIERS_MAX)
		return false;
	for (uint32_t t = json_first(doc, node); t != JSON_NONE; t = json_next(doc, node, t)) {
		if (!read_tier(in, t, &tiers[count]))
			return false;
		conditions += tiers[count++].when_count;
	}
	if (conditions > LANGFUSE_CONDITIONS_MAX)
		return false;
	qsort(tiers, count, sizeof(tiers[0]), by_priority);
	for (size_t i = 1; i < count; i++) {
		if (by_priority(&tiers[i - 1], &tiers[i]) == 0)
			return false;
	}
	*count_out = count;
	return true;
}

/* ---- an entry ---- */

static void read_entry(struct catalogue_import *in, uint32_t node, struct granted *granted)
{
	struct langfuse_tier *tiers = calloc(LANGFUSE_TIERS_MAX, sizeof(tiers[0]));
	uint32_t tokenizer = json_member(&in->doc, node, "tokenizerId");
	uint32_t list = json_member(&in->doc, node, "pricingTiers");
	struct draft_model *model;
	size_t count = 0;

	import_entry(in, node, json_string(&in->doc, json_member(&in->doc, node, "modelName")));
	mark_keys(in, node, OWNER_MODEL);
	model = add_names(in, node, granted);
	if (model == NULL || tiers == NULL) {
		tally_mark(&in->tally, list, TALLY_UNREPRESENTED, "of a model without a name");
		tally_mark(&in->tally, tokenizer, TALLY_INFORMATIVE,
		           "of a model that is not in the book");
		in->draft.error = tiers == NULL ? -FAULT_NOMEM : in->draft.error;
		free(tiers);
		return;
	}
	import_fact_text(in, model, "tokenizer", tokenizer);
	if (read_tiers(in, list, tiers, &count)) {
		struct langfuse_prices prices = { .tiers = tiers, .tier_count = count };

		langfuse_prices(in, model, &prices);
		granted->reasoning = granted->reasoning || prices.reasoning_as_output;
		granted->total = granted->total || prices.total;
		granted->context = granted->context || prices.context;
	} else {
		tally_mark(&in->tally, list, TALLY_UNREPRESENTED,
		           "tiers whose order or form is not understood: none of them is taken");
	}
	free(tiers);
}

static void tell(struct catalogue_import *in, const struct granted *granted)
{
	if (granted->case_ignored)
		import_note(in, "(?i): Langfuse ignores the case of names, a book does not: they "
		                "are in it as they are written.");
	if (granted->dots)
		import_note(in, "A '.' of a pattern that is not escaped stands for any character: "
		                "it was read as a dot.");
	if (granted->reasoning)
		import_note(in, "Where an entry has no price of reasoning, that of output is.");
	if (granted->total)
		import_note(in, "A price of the total alone is that of input and of output.");
	import_note(in, "A tier of service that an entry does not name has its default prices.");
	if (granted->context)
		import_note(in, "A tier by usage: Langfuse adds up the keys of usage whose names "
		                "fit its pattern, some of them twice where two names of one count "
		                "were sent; here it is the whole prompt, with cache reads and "
		                "writes.");
}

int catalogue_langfuse_read(struct catalogue_import *in, struct fault *fault)
{
	struct granted granted = { .dots = false };

	for (uint32_t e = json_first(&in->doc, 0); e != JSON_NONE; e = json_next(&in->doc, 0, e))
		read_entry(in, e, &granted);
	if (in->draft.error < 0)
		return fault_set(fault, FAULT_NOMEM, "catalogue: out of memory");
	tell(in, &granted);
	return 0;
}
