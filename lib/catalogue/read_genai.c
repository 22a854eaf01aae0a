/*
 * genai-prices: github.com/pydantic/genai-prices, prices/data.json and data_slim.json.  USD per
 * million tokens, per thousand requests; JSON numbers.
 *
 * A list of providers, each with a list of models.  The same id stands under several providers
 * at different prices, and a book has one space of names: a model is named PROVIDER/ID, and
 * has its id and its other names too where no model of another provider answers to them.  With
 * --provider one provider is taken, under its own names.
 */
#include <stdlib.h>

#include "catalogue/genai_internal.h"

enum owner { OWNER_PROVIDER, OWNER_MODEL };

static const struct key {
	enum owner owner;
	const char *key, *fact, *reason;
} keys[] = {
#define F(OWNER, key, fact)   { OWNER_##OWNER, key, fact, NULL },
#define R(OWNER, key, reason) { OWNER_##OWNER, key, NULL, reason },
#include "catalogue/genai_keys.def"
#undef F
#undef R
};

bool catalogue_genai_is(const struct json *doc)
{
	uint32_t p = json_first(doc, 0);

	if (json_type_of(doc, 0) != JSON_ARRAY || p == JSON_NONE)
		return false;
	for (; p != JSON_NONE; p = json_next(doc, 0, p)) {
		if (json_string(doc, json_member(doc, p, "id")).at == NULL ||
		    json_type_of(doc, json_member(doc, p, "models")) != JSON_ARRAY)
			return false;
	}
	return true;
}

static void mark_keys(struct genai *g, uint32_t object, enum owner owner, struct draft_model *model)
{
	struct catalogue_import *in = g->in;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		uint32_t node = json_member(&in->doc, object, keys[i].key);

		if (keys[i].owner != owner || node == JSON_NONE)
			continue;
		if (keys[i].reason != NULL)
			tally_mark(&in->tally, node, TALLY_INFORMATIVE, keys[i].reason);
		else if (model == NULL)
			tally_mark(&in->tally, node, TALLY_INFORMATIVE,
			           "a fact of a model that is not in the book");
		else if (json_type_of(&in->doc, node) == JSON_NUMBER)
			import_fact_integer(in, model, keys[i].fact, node);
		else
			import_fact_text(in, model, keys[i].fact, node);
	}
}

static struct text joined(struct genai *g, struct text a, struct text b)
{
	struct buf text = { .at = NULL };
	struct text copy;

	buf_add_text(&text, a);
	buf_add_text(&text, b);
	if (text.error < 0)
		g->in->draft.error = -FAULT_NOMEM;
	copy = draft_text(&g->in->draft, buf_text(&text));
	buf_release(&text);
	return copy;
}

static int add_model(struct genai *g, uint32_t node, struct fault *fault)
{
	struct genai_model *models = g->models;
	struct genai_model *model;
	const struct genai_provider *provider = &g->providers[g->provider_count - 1];

	if (g->model_count == g->model_cap) {
		size_t cap = g->model_cap > 0 ? g->model_cap * 2 : 256;

		models = realloc(models, cap * sizeof(models[0]));
		if (models == NULL)
			return fault_set(fault, FAULT_NOMEM, "catalogue: out of memory");
		g->models = models;
		g->model_cap = cap;
	}
	model = &models[g->model_count++];
	*model = (struct genai_model){ .node = node, .provider = g->provider_count - 1 };
	model->id_node = json_member(&g->in->doc, node, "id");
	model->id = json_string(&g->in->doc, model->id_node);
	model->folded = genai_folded(g, model->id);
	import_entry(g->in, node, joined(g, provider->prefix, model->id));
	return 0;
}

static int add_provider(struct genai *g, uint32_t node, struct fault *fault)
{
	const struct json *doc = &g->in->doc;
	struct genai_provider *provider = &g->providers[g->provider_count++];
	uint32_t id = json_member(doc, node, "id"), models = json_member(doc, node, "models");
	bool alone = g->in->provider.at != NULL;
	int r = 0;

	provider->id = json_string(doc, id);
	provider->prefix = alone ? text_of("") : joined(g, provider->id, text_of("/"));
	tally_mark(&g->in->tally, id, TALLY_CONVERTED, NULL);
	mark_keys(g, node, OWNER_PROVIDER, NULL);
	for (uint32_t m = json_first(doc, models); m != JSON_NONE && r == 0;
	     m = json_next(doc, models, m))
		r = add_model(g, m, fault);
	return r;
}

static int add_providers(struct genai *g, struct fault *fault)
{
	const struct json *doc = &g->in->doc;
	struct text only = g->in->provider;
	int r = 0;

	g->providers = calloc(doc->nodes[0].count, sizeof(g->providers[0]));
	if (g->providers == NULL)
		return fault_set(fault, FAULT_NOMEM, "catalogue: out of memory");
	for (uint32_t p = json_first(doc, 0); p != JSON_NONE && r == 0; p = json_next(doc, 0, p)) {
		if (only.at == NULL ||
		    text_equal(json_string(doc, json_member(doc, p, "id")), only))
			r = add_provider(g, p, fault);
		else
			tally_mark(&g->in->tally, p, TALLY_INFORMATIVE,
			           "another provider than --provider asks for");
	}
	if (r == 0 && g->provider_count == 0)
		return fault_set(fault, FAULT_NOT_FOUND, "no provider has the id %.*s",
		                 TEXT_ARGS(only));
	return r;
}

static void tell(struct genai *g)
{
	import_note(g->in, "genai-prices ignores the case of names, a book does not: they are "
	                   "in it as they are written.");
	import_note(g->in, "genai-prices takes the first entry that fits a name, a book the "
	                   "longest pattern: what an earlier entry takes whole is left out.");
	import_note(g->in, "genai-prices knows one tier of service: its prices are taken for all.");
	import_note(g->in,
	            "Images, video and tools are priced as the input, cache reads and output "
	            "that they are a part of, and reasoning as output, where they have no "
	            "price of their own; sound and caches are not.");
	import_note(g->in, "The price of cache writes is taken for writes of five minutes and of "
	                   "an unknown time, never for those of an hour.");
	if (g->in->provider.at == NULL)
		import_note(g->in, "Models are named PROVIDER/ID, and ID as well where no other "
		                   "provider has it; --provider ID takes one provider.");
}

int catalogue_genai_read(struct catalogue_import *in, struct fault *fault)
{
	struct genai g = { .in = in };
	int r;

	in->has_providers = true;
	r = add_providers(&g, fault);
	/* Which pattern of two that are equally long wins is their order. */
	in->draft.keep_order = true;
	if (r == 0)
		r = genai_names(&g, fault);
	for (size_t i = 0; r == 0 && i < g.model_count; i++) {
		mark_keys(&g, g.models[i].node, OWNER_MODEL, g.models[i].draft);
		genai_prices(&g, &g.models[i]);
	}
	if (r == 0)
		tell(&g);
	free(g.providers);
	free(g.models);
	free(g.clauses);
	return r;
}
