/*
 * OpenRouter's flat List Models document, before 2.4
 * (openrouter.ai/docs/guides/providers/integration-legacy):
 *
 * - prices are USD a token, an image, a request or a search, as strings;
 * - overrides have min_prompt_tokens (strictly more), at most two, or hours, at most two windows
 *   of the same prices and days, never both; days are those of the request;
 * - another tier ("flex", "priority") is an entry of its own under the same id.
 */
#include <string.h>

#include "catalogue/publish_flat.h"

enum { THRESHOLDS_MAX = 2, WINDOWS_MAX = 2 };

static const struct {
	enum component component;
	const char *key;
} keys[] = {
	{ COMPONENT_INPUT, "prompt" },
	{ COMPONENT_OUTPUT, "completion" },
	{ COMPONENT_REASONING, "internal_reasoning" },
	{ COMPONENT_IMAGES_IN, "image" },
	{ COMPONENT_REQUESTS, "request" },
	{ COMPONENT_SEARCHES, "web_search" },
	{ COMPONENT_CACHE_READ, "input_cache_read" },
	{ COMPONENT_CACHE_WRITE_5M, "input_cache_write" },
	{ COMPONENT_CACHE_WRITE, "input_cache_write" }, /* where it is as one of five minutes */
	{ COMPONENT_CACHE_WRITE_1H, "input_cache_write_1h" },
	{ COMPONENT_INPUT_AUDIO, "audio" },
	{ COMPONENT_OUTPUT_AUDIO, "audio_output" },
	{ COMPONENT_CACHE_READ_AUDIO, "input_audio_cache" },
	{ COMPONENT_INPUT_IMAGE, "image_token" },
	{ COMPONENT_OUTPUT_IMAGE, "image_output" },
};
enum { KEYS = sizeof(keys) / sizeof(keys[0]) };

static const char *const tiers[] = { "standard", "flex", "priority", NULL };

struct legacy {
	struct publish_model *model;
	bool written[KEYS]; /* keys that the entry has */
	int64_t thresholds[FLAT_THRESHOLDS_MAX];
	size_t threshold_count;
	const struct book_when *windows[WINDOWS_MAX];
	size_t window_count;
};

/* --- what fits ------------------------------------------------------------- */

static const char *window_misfit(const struct legacy *l, const struct book_when *when)
{
	if (when->utc_from == when->utc_to)
		return "a whole day of the week has no price of its own in the format";
	if (when->days != WEEKDAYS_ALL && when->utc_from > when->utc_to)
		return "hours over midnight belong to another day in the format";
	if (l->window_count > 0 && l->windows[0]->days != when->days)
		return "all hours of the format are of the same days";
	return l->window_count == WINDOWS_MAX ? "the format has at most two windows of hours"
	                                      : NULL;
}

static bool collect_windows(struct legacy *l, enum component component)
{
	const struct sheet *sheet = &l->model->sheet;

	for (size_t i = sheet->first[component]; i < sheet->first[component + 1]; i++) {
		const struct book_when *when = &sheet->prices[i].when;
		const char *why;
		size_t w = 0;

		if (!(when->has & WHEN_UTC))
			continue;
		while (w < l->window_count &&
		       (l->windows[w]->utc_from != when->utc_from ||
		        l->windows[w]->utc_to != when->utc_to || l->windows[w]->days != when->days))
			w++;
		if (w < l->window_count)
			continue;
		why = window_misfit(l, when);
		if (why != NULL) {
			publish_lose(l->model, &sheet->prices[i], "%s", why);
			return false;
		}
		l->windows[l->window_count++] = when;
	}
	return true;
}

/* A component that the format has no key for, or has one for that another one takes. */
static bool is_covered(const struct sheet *sheet, enum component component)
{
	return (component == COMPONENT_INPUT_TOOL &&
	        flat_same(sheet, component, COMPONENT_INPUT)) ||
	       (component == COMPONENT_CACHE_WRITE &&
	        flat_same(sheet, component, COMPONENT_CACHE_WRITE_5M)) ||
	       (component == COMPONENT_REASONING && flat_same(sheet, component, COMPONENT_OUTPUT));
}

static size_t key_of(enum component component)
{
	size_t k = 0;

	while (k < KEYS && keys[k].component != component)
		k++;
	return k;
}

/* Every window has the same prices; a component without a price outside of them has none. */
static bool check_prices(struct legacy *l, enum component component)
{
	const struct sheet *sheet = &l->model->sheet;
	const struct sheet_price *first = &sheet->prices[sheet->first[component]];

	for (size_t t = 0; tiers[t] != NULL; t++) {
		const struct sheet_price *prices[WINDOWS_MAX] = { NULL };

		if (t > 0 && !flat_has_tier(sheet, component, tiers[t]))
			continue;
		if (flat_price(sheet, component, tiers[t], 0, NULL) == NULL) {
			publish_lose(l->model, first,
			             "there is no price without a condition, which the format "
			             "needs");
			return false;
		}
		for (size_t w = 0; w < l->window_count; w++)
			prices[w] = flat_price(sheet, component, tiers[t], 0, l->windows[w]);
		if (l->window_count == WINDOWS_MAX &&
		    prices[0]->rate.attos_per_unit != prices[1]->rate.attos_per_unit) {
			publish_lose(l->model, prices[1],
			             "all windows of hours have the same prices in the format");
			return false;
		}
	}
	return true;
}

static void check_component(struct legacy *l, enum component component)
{
	const struct sheet *sheet = &l->model->sheet;
	size_t key = key_of(component);

	if (!flat_has(sheet, component) || is_covered(sheet, component))
		return;
	if (key == KEYS) {
		publish_lose(l->model, &sheet->prices[sheet->first[component]],
		             "the format has no key for it");
		return;
	}
	if (component == COMPONENT_CACHE_WRITE && flat_has(sheet, COMPONENT_CACHE_WRITE_5M)) {
		publish_lose(l->model, &sheet->prices[sheet->first[component]],
		             "the format has one price for it and for five minutes");
		return;
	}
	if (component == COMPONENT_IMAGES_IN &&
	    sheet->prices[sheet->first[component]].megapixels != MEGAPIXELS_NONE) {
		publish_lose(l->model, &sheet->prices[sheet->first[component]],
		             "the format has prices of images, none of megapixels");
		return;
	}
	l->written[key] = flat_check(l->model, component, WHEN_CONTEXT | WHEN_TIER | WHEN_UTC,
	                             tiers);
}

/* Which keys can be written; then what all of them need together. */
static void check_model(struct legacy *l)
{
	const struct sheet *sheet = &l->model->sheet;
	int64_t thresholds[FLAT_THRESHOLDS_MAX];
	size_t count;

	for (int c = 0; c < COMPONENT_COUNT; c++)
		check_component(l, (enum component)c);
	for (size_t k = 0; k < KEYS; k++) {
		enum component component = keys[k].component;

		if (!l->written[k])
			continue;
		memcpy(thresholds, l->thresholds, sizeof(thresholds));
		count = l->threshold_count;
		if (!flat_thresholds(sheet, component, thresholds, &count) ||
		    count > THRESHOLDS_MAX) {
			publish_lose(l->model, NULL, "the format has at most two thresholds");
			l->written[k] = false;
			continue;
		}
		l->written[k] = collect_windows(l, component);
		if (l->written[k]) {
			memcpy(l->thresholds, thresholds, sizeof(thresholds));
			l->threshold_count = count;
		}
	}
	for (size_t k = 0; k < KEYS; k++)
		l->written[k] = l->written[k] && check_prices(l, keys[k].component);
	if (l->threshold_count == 0 || l->window_count == 0)
		return;
	/* Neither is billed where both stand: then the prices without conditions would be. */
	publish_lose(l->model, NULL, "the format has thresholds or hours, never both");
	for (size_t k = 0; k < KEYS; k++)
		l->written[k] = l->written[k] &&
		                !flat_asks(sheet, keys[k].component, WHEN_CONTEXT | WHEN_UTC);
	l->threshold_count = l->window_count = 0;
}

/* --- prices ---------------------------------------------------------------- */

static void add_prices(const struct legacy *l, const char *tier, int64_t tokens,
                       const struct book_when *window, unsigned only, const char *comma,
                       struct buf *out)
{
	const struct sheet *sheet = &l->model->sheet;

	for (size_t k = 0; k < KEYS; k++) {
		enum component component = keys[k].component;
		const struct sheet_price *price;

		if (!l->written[k] || (only != 0 && !flat_asks(sheet, component, only)))
			continue;
		/* One of standard alone has no price in another tier. */
		price = flat_price(sheet, component, tier, tokens, window);
		if (price == NULL)
			continue;
		buf_addf(out, "%s\"%s\":\"", comma, keys[k].key);
		publish_amount(
			out,
			flat_price(sheet, component, tier, tokens, window)->rate.attos_per_unit);
		buf_add_cstr(out, "\"");
		comma = ",";
	}
}

static void add_days(struct buf *out, unsigned days)
{
	static const char *const names[] = { "monday", "tuesday",  "wednesday", "thursday",
		                             "friday", "saturday", "sunday" };
	const char *comma = ",\"utc_days\":[";

	for (unsigned d = 0; d < 7; d++) {
		if (!(days >> d & 1))
			continue;
		buf_addf(out, "%s\"%s\"", comma, names[d]);
		comma = ",";
	}
	buf_add_cstr(out, "]");
}

static void add_pricing(const struct legacy *l, const char *tier, struct buf *out)
{
	const char *comma = ",\"overrides\":[";
	struct buf base = { .at = NULL };

	add_prices(l, tier, 0, NULL, 0, "", &base);
	buf_add_cstr(out, ",\"pricing\":{");
	publish_join(out, &base);
	if (base.len == 0)
		comma++;
	buf_release(&base);
	for (size_t i = 0; i < l->threshold_count; i++) {
		buf_addf(out, "%s{\"min_prompt_tokens\":%lld", comma,
		         (long long)l->thresholds[i] - 1);
		add_prices(l, tier, l->thresholds[i], NULL, WHEN_CONTEXT, ",", out);
		buf_add_cstr(out, "}");
		comma = ",";
	}
	for (size_t i = 0; i < l->window_count; i++) {
		const struct book_when *window = l->windows[i];

		buf_addf(out, "%s{\"utc_start\":%u,\"utc_end\":%u", comma,
		         window->utc_from / 60u * 100u + window->utc_from % 60u,
		         window->utc_to / 60u * 100u + window->utc_to % 60u);
		if (window->days != WEEKDAYS_ALL)
			add_days(out, window->days);
		add_prices(l, tier, 0, window, WHEN_UTC, ",", out);
		buf_add_cstr(out, "}");
		comma = ",";
	}
	buf_add_cstr(out, l->threshold_count + l->window_count > 0 ? "]}" : "}");
}

/* --- the document ---------------------------------------------------------- */

static void add_fact(const struct legacy *l, struct buf *out, enum listing_fact fact,
                     const char *key)
{
	uint32_t node = listing_node(&l->model->listing, fact);

	if (node == JSON_NONE)
		return;
	buf_addf(out, ",\"%s\":", key);
	json_write(&l->model->listing.doc, node, JSON_DEPTH_MAX, out);
}

/* Words of the listing that the format knows, as a list. */
static void add_words(struct buf *out, const char *key, const struct listing *listing,
                      enum listing_fact fact, const char *const *words)
{
	uint32_t node = listing_node(listing, fact);
	const char *comma = "";

	if (node == JSON_NONE)
		return;
	buf_addf(out, ",\"%s\":[", key);
	for (size_t i = 0; words[i] != NULL; i++) {
		/* Features are words of a list, parameters are members. */
		if (!listing_has(listing, fact, words[i]) &&
		    json_member(&listing->doc, node, words[i]) == JSON_NONE)
			continue;
		buf_addf(out, "%s\"%s\"", comma, words[i]);
		comma = ",";
	}
	buf_add_cstr(out, "]");
}

static void add_capacity(const struct legacy *l, struct buf *out)
{
	const struct json *doc = &l->model->listing.doc;
	uint32_t list = listing_node(&l->model->listing, LISTING_CAPACITY);
	size_t others = 0;

	for (uint32_t e = json_first(doc, list); e != JSON_NONE; e = json_next(doc, list, e)) {
		int64_t value = 0;

		json_integer(doc, json_member(doc, e, "value"), &value);
		if (text_is(json_string(doc, json_member(doc, e, "type")), "prompt") &&
		    text_is(json_string(doc, json_member(doc, e, "unit")), "token") &&
		    text_is(json_string(doc, json_member(doc, e, "per")), "minute"))
			buf_addf(out, ",\"capacity_tpm\":%lld", (long long)value);
		else
			others++;
	}
	if (others > 0)
		publish_note(l->model, "no place for %zu limit%s of the capacity", others,
		             others == 1 ? "" : "s");
}

static const char *const features[] = { "tools",    "json_mode",  "structured_outputs",
	                                "logprobs", "web_search", "reasoning",
	                                NULL };

static void add_facts(const struct legacy *l, struct buf *out)
{
	static const char *const parameters[] = {
		"temperature",
		"top_p",
		"top_k",
		"min_p",
		"top_a",
		"frequency_penalty",
		"presence_penalty",
		"repetition_penalty",
		"stop",
		"seed",
		"max_tokens",
		"logit_bias",
		NULL,
	};
	const struct listing *listing = &l->model->listing;

	add_fact(l, out, LISTING_HUGGING_FACE_ID, "hugging_face_id");
	add_fact(l, out, LISTING_CREATED, "created");
	add_fact(l, out, LISTING_INPUT_MODALITIES, "input_modalities");
	add_fact(l, out, LISTING_OUTPUT_MODALITIES, "output_modalities");
	add_fact(l, out, LISTING_QUANTIZATION, "quantization");
	add_fact(l, out, LISTING_CONTEXT_LENGTH, "context_length");
	add_fact(l, out, LISTING_MAX_OUTPUT, "max_output_length");
	add_words(out, "supported_sampling_parameters", listing, LISTING_PARAMETERS, parameters);
	add_words(out, "supported_features", listing, LISTING_FEATURES, features);
	add_fact(l, out, LISTING_DESCRIPTION, "description");
	add_fact(l, out, LISTING_DEPRECATION_DATE, "deprecation_date");
	add_fact(l, out, LISTING_IS_READY, "is_ready");
	add_fact(l, out, LISTING_IS_FREE, "is_free");
	if (listing_text(listing, LISTING_SLUG).at != NULL) {
		buf_add_cstr(out, ",\"openrouter\":{\"slug\":");
		buf_add_json(out, listing_text(listing, LISTING_SLUG));
		buf_add_cstr(out, "}");
	}
	add_fact(l, out, LISTING_DATACENTERS, "datacenters");
}

static void add_entry(const struct legacy *l, const char *tier, const struct buf *facts,
                      struct buf *out)
{
	const struct book_version *version = l->model->version;
	struct text name = listing_text(&l->model->listing, LISTING_NAME);

	buf_add_cstr(out, "{\"id\":");
	buf_add_json(out, l->model->model->name);
	buf_add_cstr(out, ",\"name\":");
	buf_add_json(out, name.at != NULL ? name : l->model->model->name);
	publish_join(out, facts);
	if (tier != tiers[0])
		buf_addf(out, ",\"service_tier\":\"%s\"", tier);
	if (version->discount.text.at != NULL) {
		buf_add_cstr(out, ",\"discount_to_user\":");
		publish_discount(out, &version->discount);
	}
	add_pricing(l, tier, out);
	buf_add_cstr(out, "}");
}

static int write_model(struct publish_model *model, struct buf *out, struct fault *fault)
{
	const uint32_t none = 1u << LISTING_VERSION | 1u << LISTING_DATE | 1u << LISTING_FAMILY |
	                      1u << LISTING_KNOWLEDGE_CUTOFF | 1u << LISTING_LANGUAGES |
	                      1u << LISTING_TOKENIZER | 1u << LISTING_COMPLIANCE;
	struct legacy l = { .model = model };
	struct buf facts = { .at = NULL };
	int r = 0;

	check_model(&l);
	publish_lose_minimums(model);
	publish_note_facts(model, ~none);
	publish_note_features(model, features);
	publish_note_names(model);
	add_facts(&l, &facts);
	add_capacity(&l, &facts);
	for (size_t t = 0; tiers[t] != NULL; t++) {
		bool own = t == 0;

		for (size_t k = 0; k < KEYS; k++)
			own = own || (l.written[k] &&
			              flat_has_tier(&model->sheet, keys[k].component, tiers[t]));
		if (!own)
			continue;
		buf_add_cstr(out, t > 0 ? "," : "");
		add_entry(&l, tiers[t], &facts, out);
	}
	if (facts.error != 0)
		r = fault_set(fault, FAULT_NOMEM, "no memory");
	buf_release(&facts);
	return r;
}

int publish_legacy(const struct publish_ask *ask, struct buf *out, struct publish_report *report,
                   struct fault *fault)
{
	int r;

	buf_add_cstr(out, "{\"data\":[");
	r = publish_models(ask, false, write_model, NULL, out, report, fault);
	buf_add_cstr(out, "]}\n");
	return r;
}
