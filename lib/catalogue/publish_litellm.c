/*
 * LiteLLM's map of models (model_prices_and_context_window.json): an object with a member a
 * model, USD for one token, image, second ... as JSON numbers, written with every digit.  What a
 * key means is what LiteLLM does with it (litellm_core_utils/llm_cost_calc):
 *
 * - "_above_200k_tokens": the whole request, where the prompt has more; whole thousands;
 * - "_flex", "_priority": of that tier; the price above a threshold takes its place, unless one
 *   has both behind it.  "_batches": of batches, in place of all others;
 * - reasoning without a price costs what the output does, a cache write of unknown duration what
 *   one of five minutes does.
 *
 * Names are exact there, so each alias that is no pattern is an entry of its own.
 */
#include <stdio.h>
#include <string.h>

#include "catalogue/publish_flat.h"

enum { THOUSAND = 1000 };

/* What may stand behind a key. */
enum { ABOVE = 1 << 0, TIERS = 1 << 1, BATCHES = 1 << 2, PRIORITY = 1 << 3 };

static const struct {
	enum component component;
	const char *key;
	unsigned behind;
} keys[] = {
	{ COMPONENT_INPUT, "input_cost_per_token", ABOVE | TIERS | BATCHES },
	{ COMPONENT_OUTPUT, "output_cost_per_token", ABOVE | TIERS | BATCHES },
	{ COMPONENT_REASONING, "output_cost_per_reasoning_token", 0 },
	{ COMPONENT_CACHE_READ, "cache_read_input_token_cost", ABOVE | TIERS },
	{ COMPONENT_CACHE_WRITE_5M, "cache_creation_input_token_cost", ABOVE | TIERS },
	{ COMPONENT_CACHE_WRITE_1H, "cache_creation_input_token_cost_above_1hr", ABOVE },
	{ COMPONENT_INPUT_AUDIO, "input_cost_per_audio_token", PRIORITY },
	{ COMPONENT_INPUT_IMAGE, "input_cost_per_image_token", 0 },
	{ COMPONENT_INPUT_VIDEO, "input_cost_per_video_token", 0 },
	{ COMPONENT_CACHE_READ_AUDIO, "cache_read_input_audio_token_cost", 0 },
	{ COMPONENT_CACHE_READ_IMAGE, "cache_read_input_image_token_cost", 0 },
	{ COMPONENT_OUTPUT_AUDIO, "output_cost_per_audio_token", 0 },
	{ COMPONENT_OUTPUT_IMAGE, "output_cost_per_image_token", 0 },
	{ COMPONENT_OUTPUT_VIDEO, "output_cost_per_video_token", 0 },
	{ COMPONENT_IMAGES_IN, "input_cost_per_image", 0 },
	{ COMPONENT_IMAGES_OUT, "output_cost_per_image", 0 },
	{ COMPONENT_SECONDS, "output_cost_per_second", 0 },
	{ COMPONENT_CHARACTERS, "input_cost_per_character", 0 },
	{ COMPONENT_PAGES, "ocr_cost_per_page", 0 },
	{ COMPONENT_SEARCHES, "search_context_cost_per_query", 0 },
	{ COMPONENT_REQUESTS, "input_cost_per_request", 0 },
};
enum { KEYS = sizeof(keys) / sizeof(keys[0]) };

static const char *const standard[] = { "standard", NULL };
static const char *const all_tiers[] = { "standard", "flex", "priority", "batch", NULL };
static const char *const priority[] = { "standard", "priority", "batch", NULL };

struct entry {
	struct publish_model *model;
	const char *mode;
	bool batches; /* some price is one of batches */
};

/* --- what a model is ------------------------------------------------------- */

static const char *mode_of(const struct publish_model *model)
{
	static const struct {
		const char *word, *mode;
	} rows[] = {
		{ "text", "chat" },
		{ "embeddings", "embedding" },
		{ "rerank", "rerank" },
		{ "transcription", "audio_transcription" },
		{ "speech", "audio_speech" },
		{ "video", "video_generation" },
		{ "image", "image_generation" },
	};
	const struct sheet *sheet = &model->sheet;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (listing_has(&model->listing, LISTING_OUTPUT_MODALITIES, rows[i].word))
			return rows[i].mode;
	}
	if (flat_has(sheet, COMPONENT_OUTPUT))
		return "chat";
	if (flat_has(sheet, COMPONENT_IMAGES_OUT) || flat_has(sheet, COMPONENT_MEGAPIXELS_OUT))
		return "image_generation";
	return flat_has(sheet, COMPONENT_PAGES) ? "ocr" : "chat";
}

static bool mode_is(const struct entry *e, const char *mode)
{
	return strcmp(e->mode, mode) == 0;
}

/* --- prices ---------------------------------------------------------------- */

static void add_number(struct buf *out, const char *key, const char *above, const char *tier,
                       wide attos)
{
	buf_addf(out, ",\"%s%s%s\":", key, above, tier);
	publish_amount(out, attos);
}

/* "_above_200k_tokens" of 200001 and more; false: there is no such key. */
static bool above_text(int64_t threshold, char *out, size_t cap)
{
	int64_t more_than = threshold - 1;

	snprintf(out, cap, "_above_%lldk_tokens", (long long)more_than / THOUSAND);
	return more_than > 0 && more_than % THOUSAND == 0;
}

/* The prices of one tier; `suffix` "" of the standard one. */
static void add_tier(const struct entry *e, size_t k, const char *tier, const char *suffix,
                     const int64_t *thresholds, size_t count, struct buf *out)
{
	const struct sheet *sheet = &e->model->sheet;
	enum component component = keys[k].component;
	char above[40];

	add_number(out, keys[k].key, "", suffix,
	           flat_price(sheet, component, tier, 0, NULL)->rate.attos_per_unit);
	for (size_t i = 0; i < count; i++) {
		above_text(thresholds[i], above, sizeof(above));
		add_number(out, keys[k].key, above, suffix,
		           flat_price(sheet, component, tier, thresholds[i], NULL)
		                   ->rate.attos_per_unit);
	}
}

static wide price_at(const struct sheet *sheet, enum component component, const char *tier,
                     int64_t tokens)
{
	return flat_price(sheet, component, tier, tokens, NULL)->rate.attos_per_unit;
}

/* A batch has one price whatever the prompt, or that of all others: NULL, or why not. */
static const char *batch_misfit(const struct entry *e, size_t k, const int64_t *thresholds,
                                size_t count)
{
	const struct sheet *sheet = &e->model->sheet;
	enum component component = keys[k].component;
	bool own = (keys[k].behind & BATCHES) != 0;
	wide first = price_at(sheet, component, "batch", 0);

	if (!own && first != price_at(sheet, component, "standard", 0))
		return "this price has no batches in the format";
	for (size_t i = 0; i < count; i++) {
		wide at = price_at(sheet, component, "batch", thresholds[i]);

		if (own ? at != first : at != price_at(sheet, component, "standard", thresholds[i]))
			return "a batch has no thresholds in the format";
	}
	return NULL;
}

/* What the key cannot say; NULL: nothing. */
static const char *price_misfit(const struct entry *e, size_t k, const int64_t *thresholds,
                                size_t count)
{
	const struct sheet *sheet = &e->model->sheet;
	char unused[40];

	for (size_t t = 0; all_tiers[t] != NULL; t++) {
		if (flat_price(sheet, keys[k].component, all_tiers[t], 0, NULL) == NULL)
			return "there is no price without a condition, which the format needs";
	}
	for (size_t i = 0; i < count; i++) {
		if (!above_text(thresholds[i], unused, sizeof(unused)))
			return "thresholds are above whole thousands in the format";
	}
	return e->batches ? batch_misfit(e, k, thresholds, count) : NULL;
}

static void lose(struct entry *e, enum component component, const char *why)
{
	const struct sheet *sheet = &e->model->sheet;

	publish_lose(e->model, &sheet->prices[sheet->first[component]], "%s", why);
}

static void add_key(struct entry *e, size_t k, struct buf *out)
{
	const struct sheet *sheet = &e->model->sheet;
	enum component component = keys[k].component;
	unsigned behind = keys[k].behind;
	unsigned allowed = WHEN_TIER | ((behind & ABOVE) ? WHEN_CONTEXT : 0u);
	int64_t thresholds[FLAT_THRESHOLDS_MAX];
	size_t count = 0;
	const char *why;

	if (!flat_check(e->model, component, allowed,
	                behind & TIERS      ? all_tiers
	                : behind & PRIORITY ? priority
	                : e->batches        ? all_tiers
	                                    : standard))
		return;
	if (!flat_thresholds(sheet, component, thresholds, &count)) {
		lose(e, component, "more thresholds than a model has");
		return;
	}
	why = price_misfit(e, k, thresholds, count);
	if (why == NULL && !(behind & (TIERS | PRIORITY)) &&
	    (flat_has_tier(sheet, component, "flex") ||
	     flat_has_tier(sheet, component, "priority")))
		why = "this price has no tiers in the format";
	if (why != NULL) {
		lose(e, component, why);
		return;
	}
	add_tier(e, k, "standard", "", thresholds, count, out);
	if (flat_has_tier(sheet, component, "flex"))
		add_tier(e, k, "flex", "_flex", thresholds, count, out);
	if (flat_has_tier(sheet, component, "priority"))
		add_tier(e, k, "priority", "_priority", thresholds, count, out);
	if (e->batches && (behind & BATCHES))
		add_tier(e, k, "batch", "_batches", NULL, 0, out);
}

/* One price whatever the tier and the prompt, under a key that depends on more than that. */
static const struct sheet_price *single(struct entry *e, enum component component, unsigned allowed)
{
	const struct sheet *sheet = &e->model->sheet;
	const struct sheet_price *price = flat_price(sheet, component, "standard", 0, NULL);

	if (!flat_check(e->model, component, allowed, standard))
		return NULL;
	if (price == NULL)
		lose(e, component, "there is no price without a condition, which the format needs");
	return price;
}

static void add_images(struct entry *e, size_t k, struct buf *out)
{
	const struct sheet *sheet = &e->model->sheet;
	enum component component = keys[k].component;
	bool made = component == COMPONENT_IMAGES_OUT, makes = mode_is(e, "image_generation");
	const struct sheet_price *price;

	if (made && (!makes || flat_has(sheet, COMPONENT_OUTPUT_IMAGE))) {
		lose(e, component, "images that are made are priced by their tokens in the format");
		return;
	}
	if (!made && !mode_is(e, "embedding") && flat_has(sheet, COMPONENT_INPUT)) {
		lose(e, component, "images that are read are priced by their tokens in the format");
		return;
	}
	price = single(e, component, 0);
	if (price == NULL)
		return;
	if (price->megapixels == MEGAPIXELS_EXACT && !made)
		lose(e, component, "images that are read have no price of pixels in the format");
	else
		add_number(out,
		           price->megapixels == MEGAPIXELS_EXACT ? "output_cost_per_pixel"
		                                                 : keys[k].key,
		           "", "", price->rate.attos_per_unit);
}

/* "720p" */
static bool is_height(struct text t)
{
	size_t digits = 0;

	while (digits < t.len && t.at[digits] >= '0' && t.at[digits] <= '9')
		digits++;
	return digits > 0 && digits + 1 == t.len && t.at[digits] == 'p';
}

/* Seconds of what is heard or made; of a film also by its height. */
static void add_seconds(struct entry *e, struct buf *out)
{
	const struct sheet *sheet = &e->model->sheet;
	const char *key = mode_is(e, "audio_transcription") ? "input_cost_per_second"
	                                                    : "output_cost_per_second";
	const struct sheet_price *base;

	if (!mode_is(e, "audio_transcription") && !mode_is(e, "audio_speech") &&
	    !mode_is(e, "video_generation")) {
		lose(e, COMPONENT_SECONDS,
		     "seconds have no price in the format but of speech, "
		     "transcriptions and video");
		return;
	}
	base = single(e, COMPONENT_SECONDS, WHEN_SIZE);
	if (base == NULL)
		return;
	for (const struct sheet_price *p = base + 1;
	     p < sheet->prices + sheet->first[COMPONENT_SECONDS + 1]; p++) {
		if (!is_height(p->when.size) || (p->when.has & WHEN_TIER)) {
			publish_lose(e->model, p, "the format has resolutions like 720p");
			return;
		}
	}
	add_number(out, key, "", "", base->rate.attos_per_unit);
	for (const struct sheet_price *p = base + 1;
	     p < sheet->prices + sheet->first[COMPONENT_SECONDS + 1]; p++) {
		buf_addf(out, ",\"%s_%.*s\":", key, TEXT_ARGS(p->when.size));
		publish_amount(out, p->rate.attos_per_unit);
	}
}

static void add_searches(struct entry *e, struct buf *out)
{
	static const char *const sizes[] = { "low", "medium", "high" };
	const struct sheet_price *price = single(e, COMPONENT_SEARCHES, 0);

	if (price == NULL)
		return;
	if (mode_is(e, "rerank")) {
		add_number(out, "input_cost_per_query", "", "", price->rate.attos_per_unit);
		return;
	}
	buf_add_cstr(out, ",\"search_context_cost_per_query\":{");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		buf_addf(out, "%s\"search_context_size_%s\":", i > 0 ? "," : "", sizes[i]);
		publish_amount(out, price->rate.attos_per_unit);
	}
	buf_add_cstr(out, "}");
}

/* What another key says too, in LiteLLM's own reckoning. */
static bool is_covered(const struct sheet *sheet, enum component component)
{
	return (component == COMPONENT_INPUT_TOOL &&
	        flat_same(sheet, component, COMPONENT_INPUT)) ||
	       (component == COMPONENT_CACHE_WRITE &&
	        flat_same(sheet, component, COMPONENT_CACHE_WRITE_5M)) ||
	       (component == COMPONENT_REASONING && flat_same(sheet, component, COMPONENT_OUTPUT));
}

static void add_component(struct entry *e, enum component component, struct buf *out)
{
	size_t k = 0;

	if (!flat_has(&e->model->sheet, component) || is_covered(&e->model->sheet, component))
		return;
	while (k < KEYS && keys[k].component != component)
		k++;
	if (k == KEYS)
		lose(e, component, "the format has no key for it");
	else if (component_info[component].unit == UNIT_IMAGE)
		add_images(e, k, out);
	else if (component == COMPONENT_SECONDS)
		add_seconds(e, out);
	else if (component == COMPONENT_SEARCHES)
		add_searches(e, out);
	else if (component == COMPONENT_CHARACTERS && !mode_is(e, "audio_speech"))
		lose(e, component, "characters have no price in the format but of speech");
	else
		add_key(e, k, out);
}

/* --- facts ----------------------------------------------------------------- */

static void add_flags(const struct listing *listing, struct buf *out)
{
	static const struct {
		enum listing_fact fact;
		const char *word, *key;
	} rows[] = {
		{ LISTING_FEATURES, "tools", "supports_function_calling" },
		{ LISTING_FEATURES, "structured_outputs", "supports_response_schema" },
		{ LISTING_FEATURES, "vision", "supports_vision" },
		{ LISTING_FEATURES, "streaming", "supports_native_streaming" },
		{ LISTING_FEATURES, "system_messages", "supports_system_messages" },
		{ LISTING_FEATURES, "reasoning", "supports_reasoning" },
		{ LISTING_FEATURES, "web_search", "supports_web_search" },
		{ LISTING_INPUT_MODALITIES, "image", "supports_image_input" },
		{ LISTING_INPUT_MODALITIES, "audio", "supports_audio_input" },
		{ LISTING_INPUT_MODALITIES, "video", "supports_video_input" },
		{ LISTING_INPUT_MODALITIES, "file", "supports_pdf_input" },
		{ LISTING_OUTPUT_MODALITIES, "audio", "supports_audio_output" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (listing_has(listing, rows[i].fact, rows[i].word))
			buf_addf(out, ",\"%s\":true", rows[i].key);
	}
}

static void add_rates_of_use(const struct listing *listing, struct buf *out)
{
	static const struct {
		const char *type, *unit, *key;
	} rows[] = { { "request", "request", "rpm" }, { "prompt", "token", "tpm" } };
	const struct json *doc = &listing->doc;
	uint32_t list = listing_node(listing, LISTING_CAPACITY);

	for (uint32_t n = json_first(doc, list); n != JSON_NONE; n = json_next(doc, list, n)) {
		int64_t value = 0;

		json_integer(doc, json_member(doc, n, "value"), &value);
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			if (text_is(json_string(doc, json_member(doc, n, "type")), rows[i].type) &&
			    text_is(json_string(doc, json_member(doc, n, "unit")), rows[i].unit) &&
			    text_is(json_string(doc, json_member(doc, n, "per")), "minute"))
				buf_addf(out, ",\"%s\":%lld", rows[i].key, (long long)value);
		}
	}
}

static void add_facts(const struct entry *e, struct buf *out)
{
	enum { DATE_LEN = 10 };
	const struct listing *listing = &e->model->listing;
	struct text date = listing_text(listing, LISTING_DEPRECATION_DATE);
	int64_t n;

	if (listing_count(listing, LISTING_CONTEXT_LENGTH, &n))
		buf_addf(out, ",\"max_input_tokens\":%lld", (long long)n);
	if (listing_count(listing, LISTING_MAX_OUTPUT, &n))
		buf_addf(out, ",\"max_output_tokens\":%lld,\"max_tokens\":%lld", (long long)n,
		         (long long)n);
	if (date.len >= DATE_LEN)
		buf_addf(out, ",\"deprecation_date\":\"%.*s\"", DATE_LEN, date.at);
	add_flags(listing, out);
	add_rates_of_use(listing, out);
}

/* --- the map --------------------------------------------------------------- */

static void add_entry(struct buf *out, struct text name, const struct buf *members)
{
	buf_add_json(out, name);
	buf_add_cstr(out, ":{");
	publish_join(out, members);
	buf_add_cstr(out, "}");
}

static int write_model(struct publish_model *model, struct buf *out, struct fault *fault)
{
	const uint32_t held = 1u << LISTING_CONTEXT_LENGTH | 1u << LISTING_MAX_OUTPUT |
	                      1u << LISTING_DEPRECATION_DATE | 1u << LISTING_FEATURES |
	                      1u << LISTING_INPUT_MODALITIES | 1u << LISTING_OUTPUT_MODALITIES |
	                      1u << LISTING_CAPACITY;
	const struct book *book = model->ask->book;
	struct entry e = { .model = model, .mode = mode_of(model) };
	struct buf members = { .at = NULL };
	int r = 0;

	for (int c = 0; c < COMPONENT_COUNT; c++)
		e.batches = e.batches || flat_has_tier(&model->sheet, (enum component)c, "batch");
	buf_addf(&members, "\"mode\":\"%s\"", e.mode);
	for (int c = 0; c < COMPONENT_COUNT; c++)
		add_component(&e, (enum component)c, &members);
	publish_lose_minimums(model);
	publish_note_facts(model, held);
	add_facts(&e, &members);
	add_entry(out, model->model->name, &members);
	for (size_t i = 0; i < model->model->alias_count; i++) {
		struct text alias = book_alias(book, model->model->first_alias + i);

		if (memchr(alias.at, '*', alias.len) != NULL)
			continue;
		buf_add_cstr(out, ",");
		add_entry(out, alias, &members);
	}
	if (members.error != 0)
		r = fault_set(fault, FAULT_NOMEM, "no memory");
	buf_release(&members);
	return r;
}

int publish_litellm(const struct publish_ask *ask, struct buf *out, struct publish_report *report,
                    struct fault *fault)
{
	int r;

	buf_add_cstr(out, "{");
	r = publish_models(ask, true, write_model, NULL, out, report, fault);
	buf_add_cstr(out, "}\n");
	return r;
}
