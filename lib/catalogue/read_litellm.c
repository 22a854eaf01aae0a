/*
 * LiteLLM's model_prices_and_context_window.json: an object with a member a model, prices in USD
 * for one token, image, second, as JSON numbers.  What its keys mean is what LiteLLM's own code
 * does with them (litellm_core_utils/llm_cost_calc).
 *
 * An entry is a model under its full name, "azure/gpt-5.5".  Images have entries of their own a
 * size and quality, "hd/1024-x-1792/dall-e-3": these are conditions of one model, dall-e-3, so
 * that the plain entry comes first and what says more comes later, and wins.
 *
 * Reasoning is priced as output where it has no price of its own.  Not made up: a cached read
 * without a price stays without one (LiteLLM takes zero), as does sound without a price; a batch
 * without a price of its own costs what the entry says (LiteLLM halves it).
 */
#include <string.h>

#include "catalogue/litellm.h"

bool catalogue_litellm_is(const struct json *doc)
{
	size_t entries = 0, known = 0;

	if (json_type_of(doc, 0) != JSON_OBJECT)
		return false;
	for (uint32_t k = json_first(doc, 0); k != JSON_NONE; k = json_next(doc, 0, k)) {
		entries++;
		known += json_type_of(doc, json_member(doc, k + 1, "litellm_provider")) ==
		                 JSON_STRING ||
		         json_type_of(doc, json_member(doc, k + 1, "mode")) == JSON_STRING;
	}
	return known > 0 && known * 2 >= entries;
}

/* Members that are no model. */
static const char *reserved(struct text key)
{
	if (text_is(key, "sample_spec"))
		return "LiteLLM's explanation of its own keys, no model";
	if (text_is(key, "fallback_generalizations"))
		return "how LiteLLM tells providers by names, no model";
	return NULL;
}

/* Plain entries first; then those of a size; then those that say more. */
static int pass_of(const struct litellm_name *name)
{
	if (name->size.at == NULL && name->steps == 0 && !name->open_ended)
		return 0;
	return name->quality.at == NULL && name->steps == 0 ? 1 : 2;
}

static int read_entry(struct catalogue_import *in, uint32_t key, const struct litellm_name *name,
                      struct fault *fault)
{
	const struct json *doc = &in->doc;
	struct litellm_entry e = { .in = in, .node = key + 1, .key = doc->nodes[key].text };
	struct text model = text_of(name->model);
	int r = 0;

	e.name = *name;
	if (name->size.at != NULL)
		e.name.size = text_of(e.name.size_text);
	e.mode = json_string(doc, json_member(doc, e.node, "mode"));
	e.model = pass_of(name) > 0 ? draft_find(&in->draft, model) : NULL;
	if (e.model == NULL)
		r = draft_model(&in->draft, model, e.key, &e.model, fault);
	if (r < 0)
		return r;
	e.version = draft_model_version(e.model);
	if (e.version == NULL)
		e.version = draft_version(&in->draft, e.model, in->effective_from);
	litellm_prices(&e);
	litellm_finish_facts(&e);
	return 0;
}

/* Which entry is what, in the order of the document. */
static void announce(struct catalogue_import *in)
{
	const struct json *doc = &in->doc;

	for (uint32_t k = json_first(doc, 0); k != JSON_NONE; k = json_next(doc, 0, k)) {
		const char *why = reserved(doc->nodes[k].text);

		if (why != NULL)
			tally_mark(&in->tally, k + 1, TALLY_INFORMATIVE, why);
		else
			import_entry(in, k + 1, doc->nodes[k].text);
	}
}

static void note_rules(struct catalogue_import *in)
{
	import_note(in, "Prices are USD for one token, image, pixel, second, character, search, "
	                "page or request.");
	import_note(in, "Priced as: reasoning as output (LiteLLM), cache_write as cache_write_5m; "
	                "nothing else is.");
	import_note(in,
	            "A threshold (above_200k_tokens) moves the whole request when the prompt is "
	            "longer; of xai when it is as long.");
	import_note(in,
	            "Zero is taken as free for the output of embedding, rerank and moderation, "
	            "beside a price of the request, for ollama and the like and for names that end "
	            "in :free; else it is left out%s.",
	            in->zero_is_free ? ", but --zero-is-free was given" : "");
}

int catalogue_litellm_read(struct catalogue_import *in, struct fault *fault)
{
	const struct json *doc = &in->doc;
	int r = 0;

	in->draft.same_as[COMPONENT_REASONING] = COMPONENT_OUTPUT;
	in->draft.same_as[COMPONENT_CACHE_WRITE] = COMPONENT_CACHE_WRITE_5M;
	note_rules(in);
	announce(in);
	for (int pass = 0; pass < 3 && r == 0; pass++) {
		for (uint32_t k = json_first(doc, 0); k != JSON_NONE && r == 0;
		     k = json_next(doc, 0, k)) {
			struct litellm_name name;

			if (reserved(doc->nodes[k].text) != NULL ||
			    json_type_of(doc, k + 1) != JSON_OBJECT)
				continue;
			if (!litellm_split_name(doc->nodes[k].text, &name))
				return fault_set(fault, FAULT_INVALID,
				                 "\"%.100s\" is no name of a model",
				                 doc->nodes[k].text.at);
			if (pass_of(&name) == pass)
				r = read_entry(in, k, &name, fault);
		}
	}
	return r;
}
