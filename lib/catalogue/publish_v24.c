/*
 * OpenRouter's List Models document, schema 2.4 (ModelDocumentV2): prices stand on the modality
 * that owns them.  openrouter.ai/docs/guides/providers/integration, section 3:
 *
 * - a price is known by its type with its qualifiers (TTL, implicit, a window of hours); two of
 *   one identity are invalid.  One without a window is the price of all other hours;
 * - overrides are conditions on the request (prompt_tokens, service_tier, what the modality
 *   declares); of those that fit, the later wins, as in a book;
 * - what is not billed is left out, never zero.
 */
#include <string.h>

#include "catalogue/publish_v24.h"

/* A fact that is written as it stands. */
static void add_fact(const struct v24 *v, struct buf *out, enum listing_fact fact, const char *key)
{
	const struct listing *listing = &v->model->listing;
	uint32_t node = listing_node(listing, fact);

	if (node == JSON_NONE)
		return;
	buf_addf(out, ",\"%s\":", key);
	json_write(&listing->doc, node, JSON_DEPTH_MAX, out);
}

/* What the conditions of a modality's prices refer to, where it is not declared already. */
static void add_declared(const struct v24 *v, struct slot slot, uint32_t parameters,
                         const char *comma, struct buf *out)
{
	for (size_t i = 0; i < v->declared_count; i++) {
		const struct declared *first = &v->declared[i];
		bool begun = false, tiers = strcmp(first->name, "service_tier") == 0;

		for (size_t k = 0; k < i; k++)
			begun = begun || (strcmp(v->declared[k].name, first->name) == 0 &&
			                  v->declared[k].slot.side == slot.side &&
			                  v->declared[k].slot.modality == slot.modality);
		if (first->slot.side != slot.side || first->slot.modality != slot.modality ||
		    begun ||
		    json_member(&v->model->listing.doc, parameters, first->name) != JSON_NONE)
			continue;
		buf_addf(out, "%s\"%s\":{\"type\":\"enum\",\"values\":[", comma, first->name);
		buf_add_cstr(out, tiers ? "\"standard\"" : "");
		comma = tiers ? "," : "";
		for (size_t k = i; k < v->declared_count; k++) {
			const struct declared *d = &v->declared[k];

			if (strcmp(d->name, first->name) != 0 || d->slot.side != slot.side ||
			    d->slot.modality != slot.modality)
				continue;
			if (tiers && text_is(d->word, "standard"))
				continue;
			buf_add_cstr(out, comma);
			comma = ",";
			if (d->word.at == NULL)
				buf_addf(out, "%lld", (long long)d->number);
			else
				buf_add_json(out, d->word);
		}
		buf_add_cstr(out, "]}");
		comma = ",";
	}
}

/* The parameters of the listing, and the features that are parameters in this format. */
static void add_parameters(const struct v24 *v, struct slot slot, bool whole, struct buf *out)
{
	static const struct {
		const char *feature, *parameter;
	} rows[] = {
		{ "tools", "tools" },
		{ "json_mode", "response_format" },
		{ "structured_outputs", "structured_outputs" },
		{ "reasoning", "reasoning" },
		{ "logprobs", "logprobs" },
	};
	const struct listing *listing = &v->model->listing;
	uint32_t parameters = whole ? listing_node(listing, LISTING_PARAMETERS) : JSON_NONE;
	const char *comma = "";

	buf_add_cstr(out, ",\"supported_parameters\":");
	if (parameters != JSON_NONE && json_first(&listing->doc, parameters) != JSON_NONE) {
		json_write(&listing->doc, parameters, JSON_DEPTH_MAX, out);
		if (out->error == 0)
			out->len--; /* the brace: more may follow */
		comma = ",";
	} else {
		buf_add_cstr(out, "{");
	}
	for (size_t i = 0; whole && i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!listing_has(listing, LISTING_FEATURES, rows[i].feature) ||
		    json_member(&listing->doc, parameters, rows[i].parameter) != JSON_NONE)
			continue;
		buf_addf(out, "%s\"%s\":{\"type\":\"boolean\"}", comma, rows[i].parameter);
		comma = ",";
	}
	add_declared(v, slot, parameters, comma, out);
	buf_add_cstr(out, "}");
}

/* The side that a limit belongs to: what it limits, and of which medium. */
static struct slot capacity_slot(const struct v24 *v, uint32_t entry)
{
	static const char *const inputs[] = { "prompt", "cached_prompt", "cache_write", NULL };
	static const char *const outputs[] = { "completion", "internal_reasoning", NULL };
	static const char *const texts[] = { "text",   "embeddings", "rerank", "transcription",
		                             "speech", "image",      "audio",  "video",
		                             "file",   NULL };
	static const char *const images[] = { "image", "video", NULL };
	const struct json *doc = &v->model->listing.doc;
	struct text type = json_string(doc, json_member(doc, entry, "type"));
	struct text unit = json_string(doc, json_member(doc, entry, "unit"));
	const char *const *names = texts;
	struct slot slot = { SIDE_ROOT, 0 };

	if (text_is(unit, "image") || text_is(unit, "megapixel"))
		names = images;
	for (size_t i = 0; inputs[i] != NULL; i++) {
		if (text_is(type, inputs[i]))
			v24_choose(v, SIDE_INPUT, names, false, &slot);
	}
	for (size_t i = 0; outputs[i] != NULL; i++) {
		if (text_is(type, outputs[i]))
			v24_choose(v, SIDE_OUTPUT, names, false, &slot);
	}
	return slot;
}

static void add_capacity(const struct v24 *v, struct slot slot, struct buf *out)
{
	const struct json *doc = &v->model->listing.doc;
	uint32_t list = listing_node(&v->model->listing, LISTING_CAPACITY);
	const char *comma = ",\"capacity\":[";

	for (uint32_t e = json_first(doc, list); e != JSON_NONE; e = json_next(doc, list, e)) {
		struct slot owner = capacity_slot(v, e);

		if (owner.side != slot.side || owner.modality != slot.modality)
			continue;
		buf_add_cstr(out, comma);
		json_write(doc, e, JSON_DEPTH_MAX, out);
		comma = ",";
	}
	if (comma[1] == '\0')
		buf_add_cstr(out, "]");
}

static void add_pricing(const struct v24 *v, struct slot slot, struct buf *out)
{
	const struct buf *pricing = &v->pricing[slot.side][slot.modality];

	if (pricing->len == 0)
		return;
	buf_add_cstr(out, ",\"pricing\":[");
	publish_join(out, pricing);
	buf_add_cstr(out, "]");
}

static void add_passthrough(struct buf *declared, struct buf *out)
{
	if (declared->len > 0 || declared->error != 0) {
		buf_add_cstr(out, ",\"passthrough_parameters\":{");
		publish_join(out, declared);
		buf_add_cstr(out, "}");
	}
	buf_release(declared);
}

static void add_limit(const struct v24 *v, struct buf *out, enum listing_fact fact,
                      const char *before, const char *after)
{
	int64_t n;

	if (listing_count(&v->model->listing, fact, &n))
		buf_addf(out, "%s{\"value\":%lld,\"unit\":\"token\"}%s", before, (long long)n,
		         after);
}

static void add_input(const struct v24 *v, struct slot slot, const char *name, struct buf *out)
{
	struct buf declared = { .at = NULL };

	buf_addf(out, "{\"type\":\"%s\"", name);
	if (strcmp(name, "text") == 0)
		add_limit(v, out, LISTING_CONTEXT_LENGTH,
		          ",\"supported_inputs\":{\"max_context_length\":", "}");
	add_pricing(v, slot, out);
	add_capacity(v, slot, out);
	add_declared(v, slot, JSON_NONE, "", &declared);
	add_passthrough(&declared, out);
	buf_add_cstr(out, "}");
}

static void add_output(const struct v24 *v, struct slot slot, const char *name, bool first,
                       struct buf *out)
{
	bool streams = strcmp(name, "embeddings") != 0 && strcmp(name, "rerank") != 0;

	buf_addf(out, "{\"type\":\"%s\"", name);
	if (strcmp(name, "text") == 0)
		add_limit(v, out, LISTING_MAX_OUTPUT, ",\"max_length\":", "");
	if (streams && listing_has(&v->model->listing, LISTING_FEATURES, "streaming"))
		buf_add_cstr(out, ",\"streaming\":true");
	add_parameters(v, slot, first, out);
	add_pricing(v, slot, out);
	add_capacity(v, slot, out);
	buf_add_cstr(out, "}");
}

/* The modalities of one side: those of the listing, else those with a price, else text. */
static void add_side(const struct v24 *v, enum side side, struct buf *out)
{
	bool stated = listing_node(&v->model->listing, v24_list(side)) != JSON_NONE;
	bool any = false, first = true;
	const char *name;

	for (size_t m = 0; m < MODALITIES_MAX; m++)
		any = any || v->pricing[side][m].len > 0;
	buf_addf(out, ",\"%s\":[", listing_fact_info[v24_list(side)].key);
	for (size_t m = 0; (name = listing_word(v24_list(side), m)) != NULL; m++) {
		struct slot slot = { side, (int)m };
		bool is = stated ? listing_has(&v->model->listing, v24_list(side), name)
		          : any  ? v->pricing[side][m].len > 0
		                 : m == 0;

		if (!is)
			continue;
		buf_add_cstr(out, first ? "" : ",");
		if (side == SIDE_INPUT)
			add_input(v, slot, name, out);
		else
			add_output(v, slot, name, first, out);
		first = false;
	}
	buf_add_cstr(out, "]");
}

static void add_root(const struct v24 *v, struct buf *out)
{
	const struct book_version *version = v->model->version;
	struct slot root = { SIDE_ROOT, 0 };
	struct buf declared = { .at = NULL };

	add_pricing(v, root, out);
	add_capacity(v, root, out);
	add_declared(v, root, JSON_NONE, "", &declared);
	add_passthrough(&declared, out);
	add_fact(v, out, LISTING_DEPRECATION_DATE, "deprecation_date");
	add_fact(v, out, LISTING_IS_READY, "is_ready");
	add_fact(v, out, LISTING_IS_FREE, "is_free");
	if (version->discount.text.at != NULL) {
		buf_add_cstr(out, ",\"discount_to_user\":");
		publish_discount(out, &version->discount);
	}
	if (listing_text(&v->model->listing, LISTING_SLUG).at != NULL) {
		buf_add_cstr(out, ",\"openrouter\":{\"slug\":");
		buf_add_json(out, listing_text(&v->model->listing, LISTING_SLUG));
		buf_add_cstr(out, "}");
	}
	add_fact(v, out, LISTING_DATACENTERS, "datacenters");
	add_fact(v, out, LISTING_COMPLIANCE, "compliance");
}

static int write_model(struct publish_model *model, struct buf *out, struct fault *fault)
{
	const uint32_t none = 1u << LISTING_VERSION | 1u << LISTING_DATE | 1u << LISTING_FAMILY |
	                      1u << LISTING_KNOWLEDGE_CUTOFF | 1u << LISTING_LANGUAGES;
	static const char *const features[] = { "tools",     "json_mode", "structured_outputs",
		                                "streaming", "reasoning", "logprobs",
		                                NULL };
	struct v24 v = { .model = model };
	struct text name = listing_text(&model->listing, LISTING_NAME);
	int r = 0;

	for (int c = 0; c < COMPONENT_COUNT; c++)
		v24_component(&v, (enum component)c);
	publish_lose_minimums(model);
	publish_note_facts(model, ~none);
	publish_note_features(model, features);
	publish_note_names(model);
	buf_add_cstr(out, "{\"schema_version\":\"2.4\",\"id\":");
	buf_add_json(out, model->model->name);
	buf_add_cstr(out, ",\"name\":");
	buf_add_json(out, name.at != NULL ? name : model->model->name);
	add_fact(&v, out, LISTING_HUGGING_FACE_ID, "hugging_face_id");
	add_fact(&v, out, LISTING_CREATED, "created");
	add_fact(&v, out, LISTING_QUANTIZATION, "quantization");
	add_fact(&v, out, LISTING_TOKENIZER, "tokenizer");
	add_fact(&v, out, LISTING_DESCRIPTION, "description");
	add_side(&v, SIDE_INPUT, out);
	add_side(&v, SIDE_OUTPUT, out);
	add_root(&v, out);
	buf_add_cstr(out, "}");
	for (int s = 0; s < SIDES; s++) {
		for (int m = 0; m < MODALITIES_MAX; m++) {
			if (v.pricing[s][m].error != 0)
				r = fault_set(fault, FAULT_NOMEM, "no memory");
			buf_release(&v.pricing[s][m]);
		}
	}
	return r;
}

int publish_v24(const struct publish_ask *ask, struct buf *out, struct publish_report *report,
                struct fault *fault)
{
	int r;

	buf_add_cstr(out, "{\"data\":[");
	r = publish_models(ask, false, write_model, NULL, out, report, fault);
	buf_add_cstr(out, "]}\n");
	return r;
}
