/*
 * OpenRouter's public GET /api/v1/models, and the flat List Models form that providers gave it
 * before v2.4: {"data":[{"id","pricing":{"prompt":"0.000003",...},...}]}, prices in USD for one
 * token, search or request, as texts.
 *
 * `pricing.overrides[]`: min_prompt_tokens is exceeded above it, by the whole prompt, and the
 * prices of the entry take the place of the others, a later entry of an earlier; utc_start and
 * utc_end (HHMM) is a time of the day.  Entries of both kinds in one list are ignored by
 * OpenRouter, so the others hold and the list is reported.  The older form of `pricing` is an
 * array whose entries have a min_context, which is met by as many tokens.
 *
 * `image` is of a token of an image: in the public catalogue it is the price of a prompt token,
 * as `image_token` is.  Where it is not that price, the flat form's meaning ("USD per image") is
 * as likely and a thousand times as much: it is left out.
 *
 * A provider's own form has an entry of the same id for each `service_tier` with other prices.
 *
 * internal_reasoning and image that cost the same as completion and prompt move with them where
 * an override does not name them.
 */
#include <stdio.h>
#include <string.h>

#include "catalogue/import.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { PRICES_MAX = 256 }; /* of one entry with its overrides */

static const struct price_key {
	const char *key;
	enum component component;
} price_keys[] = {
#define P(key, COMPONENT) { key, COMPONENT_##COMPONENT },
#include "catalogue/openrouter.def"
};

static const struct fact_key {
	const char *key, *fact;
} text_keys[] = {
#define T(key, fact) { key, fact },
#include "catalogue/openrouter.def"
}, number_keys[] = {
#define N(key, fact) { key, fact },
#include "catalogue/openrouter.def"
}, list_keys[] = {
#define L(key, fact) { key, fact },
#include "catalogue/openrouter.def"
}, informative[] = {
#define I(key, why) { key, why },
#include "catalogue/openrouter.def"
};

struct router_price {
	const struct price_key *key;
	uint32_t node;
	struct money price;
	struct draft_when when;
};

struct entry {
	struct catalogue_import *in;
	uint32_t node;
	struct text id, tier; /* tier absent: standard, and every one without an entry */
	struct draft_model *model;
	struct draft_version *version;
	bool flat;      /* a provider's own form */
	bool free;      /* zeros are prices */
	bool some_cost; /* a price above zero */
	struct router_price prices[PRICES_MAX];
	size_t price_count;
};

bool catalogue_openrouter_is(const struct json *doc)
{
	uint32_t data = json_member(doc, 0, "data");
	uint32_t first = json_type_of(doc, data) == JSON_ARRAY ? json_first(doc, data) : JSON_NONE;

	return json_string(doc, json_member(doc, first, "id")).at != NULL &&
	       json_member(doc, first, "pricing") != JSON_NONE &&
	       json_member(doc, first, "schema_version") == JSON_NONE;
}

static const struct fact_key *find_fact(const struct fact_key *keys, size_t count, struct text key)
{
	for (size_t i = 0; i < count; i++) {
		if (text_is(key, keys[i].key))
			return &keys[i];
	}
	return NULL;
}

static const struct price_key *find_price(struct text key)
{
	for (size_t i = 0; i < COUNT(price_keys); i++) {
		if (text_is(key, price_keys[i].key))
			return &price_keys[i];
	}
	return NULL;
}

/* --- facts ----------------------------------------------------------------- */

static void read_words(struct entry *e, const char *fact, uint32_t list)
{
	const struct json *doc = &e->in->doc;

	if (json_type_of(doc, list) != JSON_ARRAY)
		return;
	for (uint32_t i = json_first(doc, list); i != JSON_NONE; i = json_next(doc, list, i)) {
		struct text word = json_string(doc, i);

		if (word.at == NULL)
			continue;
		import_fact_mark(e->in, i, draft_fact_word(&e->in->draft, e->model, fact, word));
	}
}

/* Parameters without what they may be; and features, which are parameters here. */
static void read_parameters(struct entry *e, uint32_t list)
{
	static const struct {
		const char *parameter, *feature;
	} features[] = {
		{ "tools", "tools" },
		{ "response_format", "json_mode" },
		{ "structured_outputs", "structured_outputs" },
		{ "reasoning", "reasoning" },
		{ "logprobs", "logprobs" },
		{ "web_search_options", "web_search" },
	};
	const struct json *doc = &e->in->doc;
	struct buf json = { .at = NULL };

	if (json_type_of(doc, list) != JSON_ARRAY || json_first(doc, list) == JSON_NONE)
		return;
	for (uint32_t i = json_first(doc, list); i != JSON_NONE; i = json_next(doc, list, i)) {
		struct text word = json_string(doc, i);

		if (word.at == NULL)
			continue;
		for (size_t f = 0; f < COUNT(features); f++) {
			if (text_is(word, features[f].parameter))
				draft_fact_word(&e->in->draft, e->model, "features",
				                text_of(features[f].feature));
		}
		buf_add_cstr(&json, json.len > 0 ? ", " : "{");
		buf_add_json(&json, word);
		buf_add_cstr(&json, ": {\"type\": \"unknown\"}");
		tally_mark(&e->in->tally, i, TALLY_LISTED, NULL);
	}
	buf_add_cstr(&json, "}");
	if (json.error < 0)
		e->in->draft.error = -FAULT_NOMEM;
	else if (json.len > 1)
		draft_fact_json(&e->in->draft, e->model, "parameters", buf_text(&json));
	buf_release(&json);
}

/* The other name of an entry; a variant (":free") shares it with the plain one, which has it. */
static int read_slug(struct entry *e, uint32_t node, struct fault *fault)
{
	struct text slug = json_string(&e->in->doc, node);
	struct draft_model *taken = slug.at != NULL ? draft_find(&e->in->draft, slug) : NULL;
	bool variant = memchr(e->id.at, ':', e->id.len) != NULL;

	if (slug.at == NULL)
		return 0;
	if (taken != e->model && (variant || taken != NULL)) {
		tally_mark(&e->in->tally, node, TALLY_INFORMATIVE,
		           "another entry has this name, or a variant shares it");
		return 0;
	}
	tally_mark(&e->in->tally, node, TALLY_CONVERTED, NULL);
	return draft_alias(&e->in->draft, e->model, slug, fault);
}

static void read_capacity(struct entry *e, uint32_t node)
{
	int64_t value;
	char json[160];

	if (!json_integer(&e->in->doc, node, &value) || value < 1)
		return;
	snprintf(json, sizeof(json),
	         "[{\"type\": \"prompt\", \"unit\": \"token\", \"per\": \"minute\", \"value\": "
	         "%lld}]",
	         (long long)value);
	draft_fact_json(&e->in->draft, e->model, "capacity", text_of(json));
	tally_mark(&e->in->tally, node, TALLY_LISTED, NULL);
}

static void read_raw(struct entry *e, const char *fact, uint32_t node)
{
	struct buf json = { .at = NULL };
	bool kept = false;

	if (json_write(&e->in->doc, node, JSON_DEPTH_MAX, &json) && json.error == 0)
		kept = draft_fact_json(&e->in->draft, e->model, fact, buf_text(&json));
	else
		e->in->draft.error = -FAULT_NOMEM;
	buf_release(&json);
	import_fact_mark(e->in, node, kept);
}

/* Facts and, in objects that only hold some, their members. */
static int read_facts(struct entry *e, uint32_t object, struct fault *fault)
{
	const struct json *doc = &e->in->doc;
	int r = 0;

	for (uint32_t k = json_first(doc, object); k != JSON_NONE && r == 0;
	     k = json_next(doc, object, k)) {
		struct text key = doc->nodes[k].text;
		enum json_type type = json_type_of(doc, k + 1);
		const struct fact_key *row;

		if (type == JSON_NULL || text_is(key, "pricing") || text_is(key, "id"))
			continue;
		if ((row = find_fact(text_keys, COUNT(text_keys), key)) != NULL)
			import_fact_text(e->in, e->model, row->fact, k + 1);
		else if ((row = find_fact(number_keys, COUNT(number_keys), key)) != NULL)
			import_fact_integer(e->in, e->model, row->fact, k + 1);
		else if ((row = find_fact(list_keys, COUNT(list_keys), key)) != NULL)
			read_words(e, row->fact, k + 1);
		else if ((row = find_fact(informative, COUNT(informative), key)) != NULL)
			tally_mark(&e->in->tally, k + 1, TALLY_INFORMATIVE, row->fact);
		else if (text_is(key, "supported_parameters") ||
		         text_is(key, "supported_sampling_parameters"))
			read_parameters(e, k + 1);
		else if (text_is(key, "canonical_slug") || text_is(key, "slug"))
			r = read_slug(e, k + 1, fault);
		else if (text_is(key, "capacity_tpm"))
			read_capacity(e, k + 1);
		else if ((text_is(key, "is_ready") || text_is(key, "is_free")) &&
		         (type == JSON_TRUE || type == JSON_FALSE))
			read_raw(e, text_is(key, "is_ready") ? "is_ready" : "is_free", k + 1);
		else if (text_is(key, "datacenters") && type == JSON_ARRAY)
			read_raw(e, "datacenters", k + 1);
		else if (type == JSON_OBJECT &&
		         (text_is(key, "architecture") || text_is(key, "top_provider") ||
		          text_is(key, "openrouter")))
			r = read_facts(e, k + 1, fault);
	}
	return r;
}

/* --- prices ---------------------------------------------------------------- */

static const char lost_why[] = "an override of it is not in the book";

static void add_price(struct entry *e, const struct price_key *key, uint32_t node,
                      const struct draft_when *when, bool conditional)
{
	struct router_price price = { .key = key, .node = node, .when = *when };

	conditional = conditional || e->tier.at != NULL;
	if (!import_price(e->in, node, 0, &price.price)) {
		if (conditional)
			import_drop(e->in, e->version, key->component, lost_why);
		return;
	}
	if (e->price_count == PRICES_MAX) {
		tally_mark(&e->in->tally, node, TALLY_UNREPRESENTED,
		           "more prices than one entry may have");
		import_drop(e->in, e->version, key->component, lost_why);
		return;
	}
	e->some_cost = e->some_cost || price.price.attos != 0;
	e->prices[e->price_count++] = price;
}

static void add_prices(struct entry *e, uint32_t object, const struct draft_when *when,
                       bool conditional)
{
	const struct json *doc = &e->in->doc;

	for (uint32_t k = json_first(doc, object); k != JSON_NONE; k = json_next(doc, object, k)) {
		const struct price_key *key = find_price(doc->nodes[k].text);

		if (key != NULL && json_type_of(doc, k + 1) != JSON_NULL)
			add_price(e, key, k + 1, when, conditional);
	}
}

/* HHMM as minutes of the day; false: it is none. */
static bool read_hhmm(const struct json *doc, uint32_t node, unsigned *out)
{
	int64_t hhmm;
	struct text t = json_string(doc, node);

	if (t.at != NULL ? !text_int(t, &hhmm) : !json_integer(doc, node, &hhmm))
		return false;
	if (hhmm < 0 || hhmm > 2359 || hhmm % 100 > 59)
		return false;
	*out = (unsigned)(hhmm / 100 * 60 + hhmm % 100);
	return true;
}

enum override_kind { OVERRIDE_BAD, OVERRIDE_CONTEXT, OVERRIDE_UTC };

/* What the entry asks for; OVERRIDE_BAD also where a key is neither that nor a price. */
static enum override_kind override_when(const struct json *doc, uint32_t node,
                                        struct draft_when *when)
{
	uint32_t min = json_member(doc, node, "min_prompt_tokens");
	uint32_t from = json_member(doc, node, "utc_start"), to = json_member(doc, node, "utc_end");

	*when = (struct draft_when){ .context_test = DRAFT_CONTEXT_ANY };
	if (json_type_of(doc, node) != JSON_OBJECT)
		return OVERRIDE_BAD;
	for (uint32_t k = json_first(doc, node); k != JSON_NONE; k = json_next(doc, node, k)) {
		if (find_price(doc->nodes[k].text) == NULL && k + 1 != min && k + 1 != from &&
		    k + 1 != to)
			return OVERRIDE_BAD;
	}
	if (min != JSON_NONE && from == JSON_NONE && to == JSON_NONE) {
		when->context_test = DRAFT_CONTEXT_GT;
		return json_integer(doc, min, &when->context_tokens) && when->context_tokens >= 0
		               ? OVERRIDE_CONTEXT
		               : OVERRIDE_BAD;
	}
	when->has_utc = true;
	return min == JSON_NONE && read_hhmm(doc, from, &when->utc_from) &&
	                       read_hhmm(doc, to, &when->utc_to) && when->utc_from != when->utc_to
	               ? OVERRIDE_UTC
	               : OVERRIDE_BAD;
}

/* Every price that an override names has no rate: its condition is not known. */
static void lose_override(struct entry *e, uint32_t node)
{
	const struct json *doc = &e->in->doc;

	tally_mark(&e->in->tally, node, TALLY_UNREPRESENTED,
	           "its condition is not understood, so none of its prices is in the book");
	if (json_type_of(doc, node) != JSON_OBJECT)
		return;
	for (uint32_t k = json_first(doc, node); k != JSON_NONE; k = json_next(doc, node, k)) {
		const struct price_key *key = find_price(doc->nodes[k].text);

		if (key != NULL)
			import_drop(e->in, e->version, key->component, lost_why);
	}
}

static bool are_mixed(const struct json *doc, uint32_t list)
{
	bool context = false, utc = false;

	for (uint32_t o = json_first(doc, list); o != JSON_NONE; o = json_next(doc, list, o)) {
		context = context || json_member(doc, o, "min_prompt_tokens") != JSON_NONE;
		utc = utc || json_member(doc, o, "utc_start") != JSON_NONE ||
		      json_member(doc, o, "utc_end") != JSON_NONE;
	}
	return context && utc;
}

static void read_overrides(struct entry *e, uint32_t list)
{
	const struct json *doc = &e->in->doc;
	struct tally *tally = &e->in->tally;

	if (json_type_of(doc, list) != JSON_ARRAY)
		return;
	if (are_mixed(doc, list)) {
		tally_mark(tally, list, TALLY_UNKNOWN,
		           "OpenRouter ignores a list of both context and time overrides");
		return;
	}
	for (uint32_t o = json_first(doc, list); o != JSON_NONE; o = json_next(doc, list, o)) {
		struct draft_when when;
		enum override_kind kind = override_when(doc, o, &when);

		if (kind == OVERRIDE_BAD) {
			lose_override(e, o);
			continue;
		}
		tally_mark(tally, json_member(doc, o, "min_prompt_tokens"), TALLY_CONVERTED, NULL);
		tally_mark(tally, json_member(doc, o, "utc_start"), TALLY_CONVERTED, NULL);
		tally_mark(tally, json_member(doc, o, "utc_end"), TALLY_CONVERTED, NULL);
		add_prices(e, o, &when, true);
	}
}

/* The older form: an array of prices, each from as many tokens on. */
static void read_array(struct entry *e, uint32_t list)
{
	const struct json *doc = &e->in->doc;

	for (uint32_t o = json_first(doc, list); o != JSON_NONE; o = json_next(doc, list, o)) {
		uint32_t min = json_member(doc, o, "min_context");
		struct draft_when when = { .context_test = DRAFT_CONTEXT_ANY };

		if (min != JSON_NONE &&
		    (!json_integer(doc, min, &when.context_tokens) || when.context_tokens < 0)) {
			lose_override(e, o);
			continue;
		}
		if (when.context_tokens > 0)
			when.context_test = DRAFT_CONTEXT_GTE;
		tally_mark(&e->in->tally, min, TALLY_CONVERTED, NULL);
		add_prices(e, o, &when, when.context_tokens > 0);
	}
}

/* --- what becomes of them -------------------------------------------------- */

static const struct router_price *plain_price(const struct entry *e, enum component component)
{
	for (size_t i = 0; i < e->price_count; i++) {
		const struct router_price *price = &e->prices[i];

		if (price->key->component == component &&
		    price->when.context_test == DRAFT_CONTEXT_ANY && !price->when.has_utc)
			return price;
	}
	return NULL;
}

/* The price of `component` where the same override gives one. */
static bool is_named(const struct entry *e, enum component component, const struct draft_when *when)
{
	for (size_t i = 0; i < e->price_count; i++) {
		const struct router_price *price = &e->prices[i];

		if (price->key->component == component &&
		    price->when.context_test == when->context_test &&
		    price->when.context_tokens == when->context_tokens &&
		    price->when.has_utc == when->has_utc &&
		    price->when.utc_from == when->utc_from && price->when.utc_to == when->utc_to)
			return true;
	}
	return false;
}

/* `follower` costs what `leader` does: it moves with it. */
static void mirror(struct entry *e, enum component follower, enum component leader)
{
	const struct router_price *base = plain_price(e, follower), *other = plain_price(e, leader);
	size_t count = e->price_count;

	if (base == NULL || other == NULL || base->price.attos != other->price.attos)
		return;
	for (size_t i = 0; i < count; i++) {
		struct router_price price = e->prices[i];

		if (price.key->component != leader || is_named(e, follower, &price.when) ||
		    e->price_count == PRICES_MAX)
			continue;
		price.key = base->key;
		price.node = JSON_NONE;
		e->prices[e->price_count++] = price;
	}
}

static bool is_image(const struct router_price *price)
{
	return text_is(text_of(price->key->key), "image");
}

/* NULL: it is a price. */
static const char *why_not(const struct entry *e, const struct router_price *price)
{
	const struct router_price *prompt = plain_price(e, COMPONENT_INPUT);
	enum component c = price->key->component;

	if (is_image(price) && price->price.attos != 0 && price->node != JSON_NONE &&
	    price->when.context_test == DRAFT_CONTEXT_ANY && !price->when.has_utc &&
	    (e->flat || prompt == NULL || prompt->price.attos != price->price.attos))
		return "of an image or of a token of one: it is not the price of a prompt token";
	if (price->price.attos != 0 || e->free || e->in->zero_is_free)
		return NULL;
	if (!e->some_cost)
		return "all prices are zero and it is not named free (--zero-is-free takes it so)";
	if (c != COMPONENT_INPUT && c != COMPONENT_OUTPUT && c != COMPONENT_REQUESTS)
		return "zero, which older lists write where there is no such price "
		       "(--zero-is-free takes it as free)";
	return NULL;
}

static void put_prices(struct entry *e)
{
	/* The overrides of an image that is left out go with it. */
	for (size_t i = 0; i < e->price_count; i++) {
		if (is_image(&e->prices[i]) && why_not(e, &e->prices[i]) != NULL)
			import_drop(e->in, e->version, COMPONENT_INPUT_IMAGE, lost_why);
	}
	mirror(e, COMPONENT_REASONING, COMPONENT_OUTPUT);
	mirror(e, COMPONENT_INPUT_IMAGE, COMPONENT_INPUT);
	for (size_t i = 0; i < e->price_count; i++) {
		const struct router_price *price = &e->prices[i];
		const char *why = why_not(e, price);
		struct draft_rate rate = { .component = price->key->component,
			                   .price = price->price,
			                   .when = price->when };

		rate.when.tier = e->tier;
		if (why == NULL)
			import_rate(e->in, e->version, price->node, &rate);
		else
			tally_mark(&e->in->tally, price->node, TALLY_UNREPRESENTED, why);
		if (why != NULL && (price->when.context_test != DRAFT_CONTEXT_ANY ||
		                    price->when.has_utc || e->tier.at != NULL))
			import_drop(e->in, e->version, rate.component, lost_why);
	}
}

/* The tier of an entry; false: there is a word that is none. */
static bool read_tier(const struct json *doc, uint32_t entry, struct text *tier_out)
{
	static const char *const tiers[] = { "batch", "flex", "priority" };
	uint32_t node = json_member(doc, entry, "service_tier");
	struct text word = json_string(doc, node);

	*tier_out = (struct text){ .at = NULL };
	if (node == JSON_NONE || json_type_of(doc, node) == JSON_NULL ||
	    text_is(word, "standard") || text_is(word, "default"))
		return true;
	*tier_out = word;
	for (size_t i = 0; i < COUNT(tiers); i++) {
		if (text_is(word, tiers[i]))
			return true;
	}
	return false;
}

static void read_discounts(struct entry *e, uint32_t pricing)
{
	const struct json *doc = &e->in->doc;
	const uint32_t nodes[] = { json_type_of(doc, pricing) == JSON_OBJECT
		                           ? json_member(doc, pricing, "discount")
		                           : JSON_NONE,
		                   json_member(doc, e->node, "discount_to_user") };

	for (size_t i = 0; i < COUNT(nodes); i++) {
		if (nodes[i] != JSON_NONE)
			import_discount(e->in, e->version, nodes[i], true);
	}
}

static bool is_of_tier(const struct json *doc, uint32_t entry)
{
	struct text tier;

	return !read_tier(doc, entry, &tier) || tier.at != NULL;
}

/* A version has one discount. */
static bool has_discount_of_the_model(struct entry *e, uint32_t pricing)
{
	const struct text ours = draft_version_discount(e->version);
	bool same;

	draft_discount(&e->in->draft, e->version, (struct text){ .at = NULL });
	read_discounts(e, pricing);
	same = text_equal(draft_version_discount(e->version), ours);
	draft_discount(&e->in->draft, e->version, ours);
	return same;
}

static void read_pricing(struct entry *e, uint32_t pricing)
{
	const struct draft_when none = { .context_test = DRAFT_CONTEXT_ANY };
	const struct json *doc = &e->in->doc;

	if (json_type_of(doc, pricing) == JSON_ARRAY) {
		read_array(e, pricing);
	} else if (json_type_of(doc, pricing) == JSON_OBJECT) {
		add_prices(e, pricing, &none, false);
		read_overrides(e, json_member(doc, pricing, "overrides"));
	}
	put_prices(e);
}

static bool ends_free(struct text id)
{
	return id.len > 5 && (memcmp(id.at + id.len - 5, ":free", 5) == 0 ||
	                      memcmp(id.at + id.len - 5, "/free", 5) == 0);
}

static int read_entry(struct catalogue_import *in, uint32_t node, struct fault *fault)
{
	const struct json *doc = &in->doc;
	uint32_t id = json_member(doc, node, "id"), pricing = json_member(doc, node, "pricing");
	struct entry e = { .in = in, .node = node, .id = json_string(doc, id) };

	bool known = read_tier(doc, node, &e.tier), first;

	e.model = draft_find(&in->draft, e.id);
	e.version = draft_model_version(e.model);
	first = e.version == NULL;
	if (first)
		e.version = draft_version(&in->draft, e.model, in->effective_from);
	e.flat = json_member(doc, node, "architecture") == JSON_NONE;
	e.free = ends_free(e.id) ||
	         json_type_of(doc, json_member(doc, node, "is_free")) == JSON_TRUE;
	tally_mark(&in->tally, id, TALLY_CONVERTED, NULL);
	tally_mark(&in->tally, json_member(doc, node, "service_tier"),
	           known ? TALLY_CONVERTED : TALLY_UNREPRESENTED,
	           known ? NULL : "no tier of service that is known");
	if (first)
		read_discounts(&e, pricing);
	if (!known || (!first && !has_discount_of_the_model(&e, pricing)))
		lose_override(&e, pricing);
	else
		read_pricing(&e, pricing);
	return read_facts(&e, node, fault);
}

/* The entries of a tier stand for the model of the one without. */
static int read_id(struct catalogue_import *in, uint32_t entry, bool tiers, struct fault *fault)
{
	const struct json *doc = &in->doc;
	struct text id = json_string(doc, json_member(doc, entry, "id"));
	struct draft_model *model;

	if (id.at == NULL || is_of_tier(doc, entry) != tiers)
		return 0;
	if (tiers && draft_find(&in->draft, id) != NULL)
		return 0;
	return draft_model(&in->draft, id, id, &model, fault);
}

/* All ids first, so that no other name of an entry takes the id of a later one. */
static int read_ids(struct catalogue_import *in, uint32_t data, struct fault *fault)
{
	const struct json *doc = &in->doc;
	int r = 0;

	for (uint32_t e = json_first(doc, data); e != JSON_NONE; e = json_next(doc, data, e)) {
		struct text id = json_string(doc, json_member(doc, e, "id"));

		if (id.at != NULL)
			import_entry(in, e, id);
	}
	for (int tiers = 0; tiers < 2; tiers++) {
		for (uint32_t e = json_first(doc, data); e != JSON_NONE && r == 0;
		     e = json_next(doc, data, e))
			r = read_id(in, e, tiers == 1, fault);
	}
	return r;
}

int catalogue_openrouter_read(struct catalogue_import *in, struct fault *fault)
{
	const struct json *doc = &in->doc;
	uint32_t data = json_member(doc, 0, "data");
	int r;

	in->draft.same_as[COMPONENT_REASONING] = COMPONENT_OUTPUT;
	in->draft.same_as[COMPONENT_CACHE_WRITE] = COMPONENT_CACHE_WRITE_5M;
	import_note(in, "Prices are USD for one token, search or request.  Top-level prices with "
	                "time windows are those of the moment of the list.");
	import_note(in, "Priced as: reasoning as output, cache_write as cache_write_5m; nothing "
	                "else is.");
	import_note(in,
	            "min_prompt_tokens is exceeded above it; input_cache_write is the write for "
	            "five minutes; image is of a token.");
	import_note(in, "Zero is free where the name says so or is_free is true%s.",
	            in->zero_is_free ? ", and everywhere by --zero-is-free" : "");
	tally_mark(&in->tally, json_member(doc, 0, "total_count"), TALLY_INFORMATIVE,
	           "how many models there are");
	tally_mark(&in->tally, json_member(doc, 0, "links"), TALLY_INFORMATIVE,
	           "where the other pages of the list are: import each");
	r = read_ids(in, data, fault);
	/* Those of a tier behind those of all, so that they win. */
	for (int tiers = 0; tiers < 2; tiers++) {
		for (uint32_t e = json_first(doc, data); e != JSON_NONE && r == 0;
		     e = json_next(doc, data, e)) {
			if (json_string(doc, json_member(doc, e, "id")).at != NULL &&
			    is_of_tier(doc, e) == (tiers == 1))
				r = read_entry(in, e, fault);
		}
	}
	return r;
}
