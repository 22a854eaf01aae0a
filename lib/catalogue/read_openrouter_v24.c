/*
 * OpenRouter's List Models schema 2.4, which a provider answers with: {"data":[{"schema_version":
 * "2.4",...}]}.  Prices stand at each modality, and at the model for requests and searches:
 * {"type","unit","cost_usd":"0.000003"}, in USD for one unit, without sign or exponent.
 *
 *   entry                         component, by unit
 *   prompt                        token: input, input_image, input_video, input_audio (file: input)
 *   cached_prompt, cache_write    token: the same of the cache; ttl_seconds 300 and 3600 are
 *                                 cache_write_5m and cache_write_1h, others a condition
 *   completion                    token: output, output_image, ...; image, megapixel, second
 *   internal_reasoning            token: reasoning
 *   request, web_search           requests, searches
 *
 * Overrides: a later one that holds wins.  gte of prompt_tokens is a threshold that is met by as
 * many; equals of service_tier, size, quality, resolution and steps are conditions; several keys
 * and allOf must all hold.  Whatever else there is cannot be said, and the price without it would
 * be wrong: then the whole component is left out.
 *
 * is_free makes every price zero (its own prices are ignored, as OpenRouter does).  A model that
 * is not ready is converted all the same: it has a price when it is served.
 */
#include <stdio.h>
#include <string.h>

#include "catalogue/import.h"
#include "price/listing.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { PREDICATE_DEPTH_MAX = 8 };

struct entry {
	struct catalogue_import *in;
	uint32_t node;
	struct draft_model *model;
	struct draft_version *version;
	bool free;
	bool input;        /* the modality that is read */
	bool many_seconds; /* several things are priced by the second: by their kinds */
};

/* A price with what qualifies it, before its overrides. */
struct sku {
	enum component component;
	enum draft_per per;
	struct draft_when when;
};

static const char version_text[] = "2.4";
static const char free_why[] = "is_free: the price is zero";
static const char lost_why[] = "an override of it is not in the book";

bool catalogue_openrouter_v24_is(const struct json *doc)
{
	uint32_t data = json_member(doc, 0, "data");
	uint32_t first = json_type_of(doc, data) == JSON_ARRAY ? json_first(doc, data) : JSON_NONE;

	return json_member(doc, first, "schema_version") != JSON_NONE;
}

/* --- which component ------------------------------------------------------- */

static const struct sku_row {
	const char *modality, *type, *unit; /* modality NULL: of the model */
	enum component component;
} sku_rows[] = {
#define S(modality, type, unit, COMPONENT) { modality, type, unit, COMPONENT_##COMPONENT },
#include "catalogue/openrouter_v24.def"
};

/* Modalities of input and output have the same names: each has types of its own. */
static bool find_sku(const struct entry *e, struct text modality, struct text type,
                     struct text unit, struct sku *sku)
{
	bool output = text_is(type, "completion") || text_is(type, "internal_reasoning");

	if (modality.at != NULL && output == e->input)
		return false;

	for (size_t i = 0; i < COUNT(sku_rows); i++) {
		const struct sku_row *row = &sku_rows[i];

		if (text_is(type, row->type) && text_is(unit, row->unit) &&
		    (row->modality == NULL ? modality.at == NULL
		                           : text_is(modality, row->modality))) {
			*sku = (struct sku){ .component = row->component };
			if (text_is(unit, "megapixel"))
				sku->per = DRAFT_PER_MEGAPIXEL;
			return true;
		}
	}
	return false;
}

static bool is_second(enum component c)
{
	return component_info[c].unit == UNIT_SECOND;
}

/* "exact digits, no sign, no exponent": the schema's ^\d+(\.\d+)?$. */
static bool is_plain_decimal(struct text t)
{
	for (size_t i = 0; i < t.len; i++) {
		if ((t.at[i] < '0' || t.at[i] > '9') && t.at[i] != '.')
			return false;
	}
	return t.len > 0;
}

static bool read_cost(struct catalogue_import *in, uint32_t node, struct money *out)
{
	struct text cost = json_string(&in->doc, node);

	if (cost.at != NULL && is_plain_decimal(cost))
		return import_price(in, node, 0, out);
	if (node != JSON_NONE)
		tally_mark(&in->tally, node, TALLY_UNREPRESENTED,
		           "cost_usd is a text of digits without sign and exponent");
	return false;
}

/* --- qualifiers ------------------------------------------------------------ */

static bool read_hhmm(const struct json *doc, uint32_t node, unsigned *out)
{
	int64_t hhmm;

	if (!json_integer(doc, node, &hhmm) || hhmm < 0 || hhmm > 2359 || hhmm % 100 > 59)
		return false;
	*out = (unsigned)(hhmm / 100 * 60 + hhmm % 100);
	return true;
}

static bool read_window(struct entry *e, uint32_t node, struct draft_when *when)
{
	const struct json *doc = &e->in->doc;
	uint32_t from = json_member(doc, node, "utc_start"), to = json_member(doc, node, "utc_end");

	if (from == JSON_NONE && to == JSON_NONE)
		return true;
	when->has_utc = true;
	if (!read_hhmm(doc, from, &when->utc_from) || !read_hhmm(doc, to, &when->utc_to) ||
	    when->utc_from == when->utc_to)
		return false;
	tally_mark(&e->in->tally, from, TALLY_CONVERTED, NULL);
	tally_mark(&e->in->tally, to, TALLY_CONVERTED, NULL);
	return true;
}

/* Another entry of the list differs in `implicit` alone: then it is a condition. */
static bool is_told_apart(const struct json *doc, uint32_t list, uint32_t node, bool implicit)
{
	struct text type = json_string(doc, json_member(doc, node, "type"));

	for (uint32_t i = json_first(doc, list); i != JSON_NONE; i = json_next(doc, list, i)) {
		bool other = json_type_of(doc, json_member(doc, i, "implicit")) == JSON_TRUE;

		if (other != implicit &&
		    text_equal(json_string(doc, json_member(doc, i, "type")), type))
			return true;
	}
	return false;
}

static bool read_cache(struct entry *e, uint32_t list, uint32_t node, struct sku *sku)
{
	const struct json *doc = &e->in->doc;
	uint32_t ttl = json_member(doc, node, "ttl_seconds");
	uint32_t implicit = json_member(doc, node, "implicit");
	bool flag;

	if (implicit != JSON_NONE) {
		enum json_type type = json_type_of(doc, implicit);

		if (type != JSON_TRUE && type != JSON_FALSE)
			return false;
		tally_mark(&e->in->tally, implicit, TALLY_CONVERTED, NULL);
	}
	flag = json_type_of(doc, implicit) == JSON_TRUE;
	if (is_told_apart(doc, list, node, flag))
		sku->when.implicit = flag ? DRAFT_IMPLICIT_TRUE : DRAFT_IMPLICIT_FALSE;
	if (ttl == JSON_NONE)
		return true;
	if (sku->component != COMPONENT_CACHE_WRITE ||
	    !json_integer(doc, ttl, &sku->when.ttl_seconds) || sku->when.ttl_seconds < 1)
		return false;
	if (sku->when.ttl_seconds == 300 || sku->when.ttl_seconds == 3600) {
		sku->component = sku->when.ttl_seconds == 300 ? COMPONENT_CACHE_WRITE_5M
		                                              : COMPONENT_CACHE_WRITE_1H;
		sku->when.ttl_seconds = 0;
	}
	tally_mark(&e->in->tally, ttl, TALLY_CONVERTED, NULL);
	return true;
}

/* --- predicates ------------------------------------------------------------ */

static bool put_text(struct text *at, struct text value)
{
	if (value.at == NULL || at->at != NULL)
		return false;
	*at = value;
	return true;
}

static bool read_equals(const struct json *doc, struct text name, uint32_t value,
                        const struct sku *sku, struct draft_when *when)
{
	bool image = component_info[sku->component].unit == UNIT_IMAGE;

	if (text_is(name, "service_tier"))
		return put_text(&when->tier, json_string(doc, value));
	if (image && (text_is(name, "size") || text_is(name, "image_size")))
		return put_text(&when->size, json_string(doc, value));
	if (image && text_is(name, "quality"))
		return put_text(&when->quality, json_string(doc, value));
	if (image && text_is(name, "steps") && when->steps == 0)
		return json_integer(doc, value, &when->steps) && when->steps > 0;
	if (is_second(sku->component) && text_is(name, "resolution"))
		return put_text(&when->resolution, json_string(doc, value));
	return false;
}

/* {"prompt_tokens":{"gte":200000}}: several keys must all hold. */
static bool read_condition(const struct json *doc, struct text name, uint32_t node,
                           const struct sku *sku, struct draft_when *when)
{
	uint32_t key = json_type_of(doc, node) == JSON_OBJECT ? json_first(doc, node) : JSON_NONE;

	if (key == JSON_NONE || doc->nodes[node].count != 1)
		return false;
	if (text_is(doc->nodes[key].text, "equals"))
		return read_equals(doc, name, key + 1, sku, when);
	if (!text_is(doc->nodes[key].text, "gte") || !text_is(name, "prompt_tokens") ||
	    when->context_test != DRAFT_CONTEXT_ANY ||
	    !json_integer(doc, key + 1, &when->context_tokens) || when->context_tokens < 0)
		return false;
	when->context_test = DRAFT_CONTEXT_GTE;
	return true;
}

static bool read_predicate(const struct json *doc, uint32_t node, const struct sku *sku,
                           unsigned depth, struct draft_when *when)
{
	if (json_type_of(doc, node) != JSON_OBJECT || doc->nodes[node].count == 0 ||
	    depth > PREDICATE_DEPTH_MAX)
		return false;
	for (uint32_t k = json_first(doc, node); k != JSON_NONE; k = json_next(doc, node, k)) {
		struct text name = doc->nodes[k].text;

		if (!text_is(name, "allOf")) {
			if (!read_condition(doc, name, k + 1, sku, when))
				return false;
			continue;
		}
		if (json_type_of(doc, k + 1) != JSON_ARRAY || doc->nodes[k + 1].count == 0)
			return false;
		for (uint32_t p = json_first(doc, k + 1); p != JSON_NONE;
		     p = json_next(doc, k + 1, p)) {
			if (!read_predicate(doc, p, sku, depth + 1, when))
				return false;
		}
	}
	return true;
}

/* --- one entry of a price list --------------------------------------------- */

static void lose(struct entry *e, uint32_t node, enum component component, const char *why)
{
	tally_mark(&e->in->tally, node, TALLY_UNREPRESENTED, why);
	import_drop(e->in, e->version, component, lost_why);
}

static void put_override(struct entry *e, uint32_t node, const struct sku *sku)
{
	const struct json *doc = &e->in->doc;
	struct draft_rate rate = { .component = sku->component,
		                   .per = sku->per,
		                   .when = sku->when };
	uint32_t when = json_member(doc, node, "when"), cost = json_member(doc, node, "cost_usd");

	if (json_type_of(doc, node) != JSON_OBJECT || doc->nodes[node].count != 2 ||
	    when == JSON_NONE || cost == JSON_NONE) {
		lose(e, node, sku->component, "an override has when and cost_usd");
		return;
	}
	if (!read_predicate(doc, when, sku, 0, &rate.when)) {
		lose(e, node, sku->component, "a book cannot say its condition");
		return;
	}
	tally_mark(&e->in->tally, when, TALLY_CONVERTED, NULL);
	if (!read_cost(e->in, cost, &rate.price))
		import_drop(e->in, e->version, sku->component, lost_why);
	else
		import_rate(e->in, e->version, cost, &rate);
}

static void put_overrides(struct entry *e, uint32_t list, const struct sku *sku)
{
	const struct json *doc = &e->in->doc;

	if (list == JSON_NONE || json_type_of(doc, list) == JSON_NULL)
		return;
	if (e->free) {
		tally_mark(&e->in->tally, list, TALLY_INFORMATIVE, free_why);
		return;
	}
	if (json_type_of(doc, list) != JSON_ARRAY) {
		lose(e, list, sku->component, "a list of overrides is due");
		return;
	}
	for (uint32_t o = json_first(doc, list); o != JSON_NONE; o = json_next(doc, list, o))
		put_override(e, o, sku);
}

static const char *const sku_keys[] = { "type",      "unit",    "cost_usd",    "overrides",
	                                "utc_start", "utc_end", "ttl_seconds", "implicit" };

static bool has_other_keys(const struct json *doc, uint32_t node)
{
	for (uint32_t k = json_first(doc, node); k != JSON_NONE; k = json_next(doc, node, k)) {
		bool known = false;

		for (size_t i = 0; i < COUNT(sku_keys); i++)
			known = known || text_is(doc->nodes[k].text, sku_keys[i]);
		if (!known)
			return true;
	}
	return false;
}

static void put_cost(struct entry *e, uint32_t cost, const struct sku *sku)
{
	struct draft_rate rate = { .component = sku->component,
		                   .per = sku->per,
		                   .when = sku->when };

	if (e->free) {
		tally_mark(&e->in->tally, cost, TALLY_INFORMATIVE, free_why);
		import_rate(e->in, e->version, JSON_NONE, &rate);
	} else if (read_cost(e->in, cost, &rate.price)) {
		import_rate(e->in, e->version, cost, &rate);
	} else if (sku->when.has_utc || sku->when.ttl_seconds > 0 ||
	           sku->when.implicit != DRAFT_IMPLICIT_ANY) {
		import_drop(e->in, e->version, sku->component, lost_why);
	}
}

static void put_sku(struct entry *e, uint32_t list, uint32_t node, struct text modality)
{
	const struct json *doc = &e->in->doc;
	uint32_t type = json_member(doc, node, "type"), unit = json_member(doc, node, "unit");
	struct sku sku;

	if (!find_sku(e, modality, json_string(doc, type), json_string(doc, unit), &sku)) {
		tally_mark(&e->in->tally, node, TALLY_UNREPRESENTED,
		           "no component is counted so: this type by this unit");
		return;
	}
	if (has_other_keys(doc, node) || !read_window(e, node, &sku.when) ||
	    (component_info[sku.component].unit == UNIT_TOKEN &&
	     !read_cache(e, list, node, &sku))) {
		lose(e, node, sku.component, "what qualifies it is not understood");
		return;
	}
	if (is_second(sku.component) && e->many_seconds)
		sku.when.kind = modality;
	tally_mark(&e->in->tally, type, TALLY_CONVERTED, NULL);
	tally_mark(&e->in->tally, unit, TALLY_CONVERTED, NULL);
	put_cost(e, json_member(doc, node, "cost_usd"), &sku);
	put_overrides(e, json_member(doc, node, "overrides"), &sku);
}

static bool is_qualified(const struct json *doc, uint32_t node)
{
	return json_member(doc, node, "utc_start") != JSON_NONE ||
	       json_member(doc, node, "ttl_seconds") != JSON_NONE ||
	       json_type_of(doc, json_member(doc, node, "implicit")) == JSON_TRUE;
}

/* The plain entries first: those that are qualified hold where their qualifiers do. */
static void put_list(struct entry *e, uint32_t list, struct text modality)
{
	const struct json *doc = &e->in->doc;

	if (json_type_of(doc, list) != JSON_ARRAY)
		return;
	for (int qualified = 0; qualified < 2; qualified++) {
		for (uint32_t i = json_first(doc, list); i != JSON_NONE;
		     i = json_next(doc, list, i)) {
			if (is_qualified(doc, i) == (qualified == 1))
				put_sku(e, list, i, modality);
		}
	}
}

/* --- facts ----------------------------------------------------------------- */

static void keep(struct entry *e, const char *fact, uint32_t node)
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

/* {"value": 1000000, "unit": "token"}; also the number alone. */
static void keep_limit(struct entry *e, const char *fact, uint32_t node)
{
	const struct json *doc = &e->in->doc;
	uint32_t value = json_member(doc, node, "value"), unit = json_member(doc, node, "unit");

	import_fact_integer(e->in, e->model, fact, value != JSON_NONE ? value : node);
	if (text_is(json_string(doc, unit), "token"))
		tally_mark(&e->in->tally, unit, TALLY_INFORMATIVE, "limits are counted in tokens");
}

/* What was gathered so far is a fact that a listing may have. */
static bool fits(struct entry *e, const char *fact, const struct buf *gathered)
{
	bool list = strcmp(fact, "capacity") == 0;
	struct buf json = { .at = NULL };
	int r;

	buf_addf(&json, "%c%.*s%c", list ? '[' : '{', TEXT_ARGS(buf_text(gathered)),
	         list ? ']' : '}');
	r = json.error != 0 || gathered->error != 0 ? -FAULT_NOMEM
	                                            : listing_fits(fact, buf_text(&json));
	if (r < 0)
		e->in->draft.error = -FAULT_NOMEM;
	buf_release(&json);
	return r == 1;
}

/* Capacity and parameters stand in several places: all of one model in one list. */
static void gather(struct entry *e, const char *fact, struct buf *out, uint32_t container)
{
	const struct json *doc = &e->in->doc;
	bool object = json_type_of(doc, container) == JSON_OBJECT;

	if (!object && json_type_of(doc, container) != JSON_ARRAY)
		return;
	if (json_first(doc, container) == JSON_NONE)
		tally_mark(&e->in->tally, container, TALLY_INFORMATIVE, "empty: nothing is said");
	for (uint32_t i = json_first(doc, container); i != JSON_NONE;
	     i = json_next(doc, container, i)) {
		size_t before = out->len;
		bool kept;

		buf_add_cstr(out, out->len > 0 ? ", " : "");
		if (object) {
			buf_add_json(out, doc->nodes[i].text);
			buf_add_cstr(out, ": ");
		}
		json_write(doc, object ? i + 1 : i, JSON_DEPTH_MAX, out);
		/* The same parameter of another modality, say, has no place. */
		kept = fits(e, fact, out);
		if (!kept)
			out->len = before;
		import_fact_mark(e->in, object ? i + 1 : i, kept);
	}
}

static size_t seconds_of(const struct json *doc, uint32_t modalities)
{
	size_t count = 0;

	if (json_type_of(doc, modalities) != JSON_ARRAY)
		return 0;
	for (uint32_t m = json_first(doc, modalities); m != JSON_NONE;
	     m = json_next(doc, modalities, m)) {
		uint32_t list = json_member(doc, m, "pricing");
		bool any = false;

		if (json_type_of(doc, list) != JSON_ARRAY)
			continue;
		for (uint32_t i = json_first(doc, list); i != JSON_NONE;
		     i = json_next(doc, list, i))
			any = any ||
			      text_is(json_string(doc, json_member(doc, i, "unit")), "second");
		count += any;
	}
	return count;
}

/* A write that does not say for how long holds for each time that has no price of its own. */
static void price_writes(struct entry *e)
{
	static const enum component timed[] = { COMPONENT_CACHE_WRITE_5M,
		                                COMPONENT_CACHE_WRITE_1H };

	for (size_t i = 0; i < COUNT(timed); i++) {
		if (draft_prices_plainly(e->version, COMPONENT_CACHE_WRITE) &&
		    !draft_prices(e->version, timed[i]) && !import_dropped(e->version, timed[i]))
			draft_as(e->model, timed[i], COMPONENT_CACHE_WRITE);
	}
}

struct gathered {
	struct buf capacity, parameters;
};

static void read_modality(struct entry *e, uint32_t node, bool input, struct gathered *g)
{
	const struct json *doc = &e->in->doc;
	struct text type = json_string(doc, json_member(doc, node, "type"));

	if (type.at == NULL)
		return;
	e->input = input;
	for (uint32_t k = json_first(doc, node); k != JSON_NONE; k = json_next(doc, node, k)) {
		struct text key = doc->nodes[k].text;

		if (text_is(key, "type")) {
			import_fact_mark(
				e->in, k + 1,
				draft_fact_word(&e->in->draft, e->model,
			                        input ? "input_modalities" : "output_modalities",
			                        type));
		} else if (text_is(key, "pricing")) {
			put_list(e, k + 1, type);
		} else if (text_is(key, "capacity")) {
			gather(e, "capacity", &g->capacity, k + 1);
		} else if (text_is(key, "supported_parameters")) {
			gather(e, "parameters", &g->parameters, k + 1);
		} else if (text_is(key, "max_length")) {
			keep_limit(e, "max_output", k + 1);
		} else if (text_is(key, "supported_inputs")) {
			uint32_t length = json_member(doc, k + 1, "max_context_length");

			if (text_is(type, "text") && length != JSON_NONE)
				keep_limit(e, "context_length", length);
			for (uint32_t s = json_first(doc, k + 1); s != JSON_NONE;
			     s = json_next(doc, k + 1, s)) {
				if (s + 1 != length || !text_is(type, "text"))
					tally_mark(&e->in->tally, s + 1, TALLY_INFORMATIVE,
					           "what may be sent: no price depends on it");
			}
		} else if (text_is(key, "streaming") || text_is(key, "passthrough_parameters")) {
			tally_mark(&e->in->tally, k + 1, TALLY_INFORMATIVE,
			           "how it is asked for: no price depends on it");
		}
	}
}

static const char *const facts[] = { "name",         "hugging_face_id", "created",
	                             "quantization", "tokenizer",       "description",
	                             "is_ready",     "is_free",         "deprecation_date",
	                             "datacenters",  "compliance" };

static int read_slug(struct entry *e, uint32_t node, struct fault *fault)
{
	uint32_t slug = json_member(&e->in->doc, node, "slug");
	struct text text = json_string(&e->in->doc, slug);
	struct draft_model *taken = text.at != NULL ? draft_find(&e->in->draft, text) : NULL;

	if (text.at == NULL)
		return 0;
	draft_fact(&e->in->draft, e->model, "slug", text);
	if (taken != NULL && taken != e->model) {
		tally_mark(&e->in->tally, slug, TALLY_INFORMATIVE, "another entry has this name");
		return 0;
	}
	tally_mark(&e->in->tally, slug, TALLY_CONVERTED, NULL);
	return draft_alias(&e->in->draft, e->model, text, fault);
}

static int read_member(struct entry *e, struct text key, uint32_t node, struct gathered *g,
                       struct fault *fault)
{
	const struct json *doc = &e->in->doc;

	for (size_t i = 0; i < COUNT(facts); i++) {
		if (text_is(key, facts[i])) {
			keep(e, facts[i], node);
			return 0;
		}
	}
	if (text_is(key, "pricing")) {
		put_list(e, node, text_of(NULL));
	} else if (text_is(key, "capacity")) {
		gather(e, "capacity", &g->capacity, node);
	} else if (text_is(key, "discount_to_user")) {
		import_discount(e->in, e->version, node, false);
	} else if (text_is(key, "openrouter")) {
		return read_slug(e, node, fault);
	} else if (text_is(key, "passthrough_parameters")) {
		tally_mark(&e->in->tally, node, TALLY_INFORMATIVE,
		           "how it is asked for: no price depends on it");
	} else if (text_is(key, "deployment_region")) {
		tally_mark(&e->in->tally, node, TALLY_INFORMATIVE,
		           "where all of it runs: the prices are of that place");
	} else if (text_is(key, "input_modalities") || text_is(key, "output_modalities")) {
		if (json_type_of(doc, node) != JSON_ARRAY)
			return 0;
		for (uint32_t m = json_first(doc, node); m != JSON_NONE;
		     m = json_next(doc, node, m))
			read_modality(e, m, text_is(key, "input_modalities"), g);
	}
	return 0;
}

static void keep_gathered(struct entry *e, const char *fact, char open, struct buf *gathered)
{
	struct buf json = { .at = NULL };

	/* The closing sign stands two behind the opening one. */
	buf_addf(&json, "%c%.*s%c", open, TEXT_ARGS(buf_text(gathered)), open + 2);
	if (json.error < 0 || gathered->error < 0)
		e->in->draft.error = -FAULT_NOMEM;
	else if (gathered->len > 0)
		draft_fact_json(&e->in->draft, e->model, fact, buf_text(&json));
	buf_release(&json);
	buf_release(gathered);
}

static int read_model(struct catalogue_import *in, uint32_t node, struct fault *fault)
{
	const struct json *doc = &in->doc;
	uint32_t name = json_member(doc, node, "id");
	uint32_t version = json_member(doc, node, "schema_version");
	struct entry e = { .in = in, .node = node };
	struct gathered g = { .capacity = { .at = NULL } };
	int r = 0;

	if (!text_is(json_string(doc, version), version_text))
		return fault_set(fault, FAULT_INVALID,
		                 "the model %.*s has another schema_version than %s",
		                 TEXT_ARGS(json_string(doc, name)), version_text);
	tally_mark(&in->tally, version, TALLY_INFORMATIVE, "the form of the catalogue");
	tally_mark(&in->tally, name, TALLY_CONVERTED, NULL);
	e.model = draft_find(&in->draft, json_string(doc, name));
	e.version = draft_version(&in->draft, e.model, in->effective_from);
	e.free = json_type_of(doc, json_member(doc, node, "is_free")) == JSON_TRUE;
	e.many_seconds = seconds_of(doc, json_member(doc, node, "input_modalities")) +
	                         seconds_of(doc, json_member(doc, node, "output_modalities")) >
	                 1;
	for (uint32_t k = json_first(doc, node); k != JSON_NONE && r == 0;
	     k = json_next(doc, node, k)) {
		if (json_type_of(doc, k + 1) != JSON_NULL)
			r = read_member(&e, doc->nodes[k].text, k + 1, &g, fault);
	}
	price_writes(&e);
	keep_gathered(&e, "capacity", '[', &g.capacity);
	keep_gathered(&e, "parameters", '{', &g.parameters);
	return r;
}

int catalogue_openrouter_v24_read(struct catalogue_import *in, struct fault *fault)
{
	const struct json *doc = &in->doc;
	uint32_t data = json_member(doc, 0, "data");
	int r = 0;

	in->draft.same_as[COMPONENT_REASONING] = COMPONENT_OUTPUT;
	import_note(in, "Prices are USD for one unit of each entry: token, image, megapixel "
	                "(1 000 000 pixels), second, character, request or search.");
	import_note(in, "Priced as: reasoning as output; nothing else is.");
	import_note(in, "A component with an override that a book cannot say is left out.");
	for (uint32_t m = json_first(doc, data); m != JSON_NONE && r == 0;
	     m = json_next(doc, data, m)) {
		struct text name = json_string(doc, json_member(doc, m, "id"));
		struct draft_model *model;

		if (name.at == NULL)
			return fault_set(fault, FAULT_INVALID, "a model of the list has no id");
		import_entry(in, m, name);
		r = draft_model(&in->draft, name, name, &model, fault);
	}
	for (uint32_t m = json_first(doc, data); m != JSON_NONE && r == 0;
	     m = json_next(doc, data, m))
		r = read_model(in, m, fault);
	return r;
}
