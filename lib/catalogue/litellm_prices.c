/*
 * The prices of one entry of LiteLLM's map: which of them count, and in which order.
 *
 * LiteLLM reads one entry in several ways, and writes zero for "free" and for "not known".  What
 * is decided here is so that nothing is charged twice and nothing is free by accident; the rest
 * is left out and reported.
 *
 * Order (_get_token_base_cost and batch_cost_calculator of LiteLLM): the price above a threshold
 * takes the place of that of a service tier, unless there is one for both; the price of a batch
 * takes the place of all others, and an off-peak one of all but these (apply_off_peak_pricing of
 * LiteLLM).  A threshold is exceeded above it, of xai at it.
 *
 * Zeros: a price of zero is converted
 *   - for what the model does not write (output of embedding, rerank and moderation),
 *   - where the request itself has a price,
 *   - where the provider is the user's own machine, or the name ends in ":free",
 *   - with catalogue_options.zero_is_free.
 * Beside another price of the same thing it says nothing.  Else it is left out.
 */
#include <stdlib.h>
#include <string.h>

#include "catalogue/litellm.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The price in megapixels, from one of pixels. */
enum { PIXEL_SHIFT = 6 };

static bool nonzero(const struct litellm_entry *e, const char *key)
{
	const struct json *doc = &e->in->doc;

	return json_nonzero_number(doc, json_member(doc, e->node, key));
}

static bool mode_is(const struct litellm_entry *e, const char *mode)
{
	return text_is(e->mode, mode);
}

static bool makes_images(const struct litellm_entry *e)
{
	return mode_is(e, "image_generation") || mode_is(e, "image_edit");
}

/* Without this price a more general one would be charged: then none of the component is. */
static void lose(struct litellm_entry *e, const struct litellm_price *price)
{
	const struct draft_when *when = &price->when;
	bool sized = e->name.size.at != NULL || e->name.steps > 0 || e->name.open_ended;

	if (when->context_test != DRAFT_CONTEXT_ANY || when->tier.at != NULL ||
	    when->resolution.at != NULL || when->has_utc ||
	    (sized && draft_prices_plainly(e->version, price->row->component)))
		import_drop(e->in, e->version, price->row->component,
		            "a price of the same under other conditions is not in the book");
}

static void leave_out(struct litellm_entry *e, struct litellm_price *price, const char *why)
{
	tally_mark(&e->in->tally, price->node, TALLY_UNREPRESENTED, why);
	lose(e, price);
	price->row = NULL;
}

static void ignore(struct litellm_entry *e, struct litellm_price *price, const char *why)
{
	tally_mark(&e->in->tally, price->node, TALLY_INFORMATIVE, why);
	price->row = NULL;
}

/* --- zeros ----------------------------------------------------------------- */

static bool is_own_machine(struct text provider)
{
	static const char *const names[] = { "ollama",      "ollama_chat", "lm_studio",
		                             "hosted_vllm", "llamafile",   "xinference" };

	for (size_t i = 0; i < COUNT(names); i++) {
		if (text_is(provider, names[i]))
			return true;
	}
	return false;
}

static bool is_free(const struct litellm_entry *e, const struct litellm_price *price)
{
	const struct json *doc = &e->in->doc;
	struct text provider = json_string(doc, json_member(doc, e->node, "litellm_provider"));
	bool writes = !mode_is(e, "embedding") && !mode_is(e, "rerank") &&
	              !mode_is(e, "moderation");

	return e->in->zero_is_free || nonzero(e, "input_cost_per_request") ||
	       is_own_machine(provider) ||
	       (e->key.len > 5 && memcmp(e->key.at + e->key.len - 5, ":free", 5) == 0) ||
	       (!writes && price->row->component == COMPONENT_OUTPUT &&
	        nonzero(e, "input_cost_per_token"));
}

/* Another price above zero of the same thing stands in the entry. */
static bool is_beside_another(const struct litellm_entry *e, const struct litellm_price *price)
{
	static const struct {
		enum litellm_rule rule;
		const char *other;
	} pairs[] = {
		{ LITELLM_PIXEL, "input_cost_per_image" },
		{ LITELLM_PIXEL, "output_cost_per_image" },
		{ LITELLM_PIXEL, "input_cost_per_pixel" },
		{ LITELLM_PIXEL, "output_cost_per_pixel" },
		{ LITELLM_SECOND, "input_cost_per_second" },
		{ LITELLM_SECOND, "output_cost_per_second" },
	};

	for (size_t i = 0; i < COUNT(pairs); i++) {
		if (pairs[i].rule == price->row->rule && nonzero(e, pairs[i].other))
			return true;
	}
	return false;
}

static void check_zero(struct litellm_entry *e, struct litellm_price *price)
{
	if (price->price.attos != 0)
		return;
	if (is_beside_another(e, price))
		ignore(e, price, "zero beside another price of the same thing");
	else if (!is_free(e, price))
		leave_out(e, price,
		          "zero, which LiteLLM writes for free and for not known alike "
		          "(--zero-is-free takes it as free)");
}

/* --- one rule a kind of price ---------------------------------------------- */

/* Where images are made and no key prices those, the price of an image is that of one made. */
static const struct litellm_row *row_meant(const struct litellm_entry *e,
                                           const struct litellm_row *row)
{
	static const struct litellm_row made = { "input_cost_per_image", COMPONENT_IMAGES_OUT,
		                                 LITELLM_IMAGE_OUT };

	if (row->rule == LITELLM_IMAGE_IN && makes_images(e) &&
	    json_member(&e->in->doc, e->node, "output_cost_per_image") == JSON_NONE)
		return &made;
	return row;
}

static void check_image_in(struct litellm_entry *e, struct litellm_price *price)
{
	if (!mode_is(e, "embedding") && nonzero(e, "input_cost_per_token"))
		leave_out(e, price, "images that are read are priced by their tokens too");
}

static void check_image_out(struct litellm_entry *e, struct litellm_price *price)
{
	if (nonzero(e, "output_cost_per_image_token") ||
	    (!makes_images(e) && nonzero(e, "output_cost_per_token")) ||
	    draft_prices(e->version, COMPONENT_OUTPUT_IMAGE))
		leave_out(e, price, "images that are made are priced by their tokens too");
}

static void check_second(struct litellm_entry *e, struct litellm_price *price)
{
	if (nonzero(e, "output_cost_per_audio_token") || nonzero(e, "input_cost_per_audio_token"))
		leave_out(e, price, "sound is priced by its tokens too");
	else if (!mode_is(e, "audio_transcription") && !mode_is(e, "audio_speech") &&
	         !mode_is(e, "video_generation"))
		leave_out(e, price,
		          "the time that a request takes, or reserved capacity, which is "
		          "not counted");
}

static void check_film(struct litellm_entry *e, struct litellm_price *price)
{
	if (!mode_is(e, "embedding") && nonzero(e, "input_cost_per_token"))
		leave_out(e, price, "sound and film are priced by their tokens too");
	price->when.kind = text_of(
		price->row != NULL && price->row->rule == LITELLM_AUDIO ? "audio" : "video");
}

static void check_character(struct litellm_entry *e, struct litellm_price *price)
{
	if (nonzero(e, "input_cost_per_token"))
		ignore(e, price, "the same text is priced by its tokens");
	else if (!mode_is(e, "audio_speech"))
		leave_out(e, price, "characters are counted of speech only");
}

static void check_rule(struct litellm_entry *e, struct litellm_price *price)
{
	switch (price->row->rule) {
	case LITELLM_TOKEN:
	case LITELLM_REASONING:
		break;
	case LITELLM_IMAGE_IN:
		check_image_in(e, price);
		break;
	case LITELLM_IMAGE_OUT:
		check_image_out(e, price);
		break;
	case LITELLM_PIXEL:
		/* LiteLLM takes the price of an image where both are given. */
		if (nonzero(e, "input_cost_per_image") || nonzero(e, "output_cost_per_image"))
			ignore(e, price, "the price of an image stands beside it");
		else
			check_image_out(e, price);
		break;
	case LITELLM_SECOND:
		check_second(e, price);
		break;
	case LITELLM_AUDIO:
	case LITELLM_VIDEO:
		check_film(e, price);
		break;
	case LITELLM_CHARACTER:
		check_character(e, price);
		break;
	}
}

/* --- the order ------------------------------------------------------------- */

static int by_precedence(const void *a, const void *b)
{
	const struct litellm_price *left = a, *right = b;
	bool batches[2] = { text_is(left->when.tier, "batch"), text_is(right->when.tier, "batch") };
	bool tiers[2] = { left->when.tier.at != NULL, right->when.tier.at != NULL };

	if (batches[0] != batches[1])
		return batches[0] - batches[1];
	if (left->when.has_utc != right->when.has_utc)
		return left->when.has_utc - right->when.has_utc;
	if (left->when.context_tokens != right->when.context_tokens)
		return left->when.context_tokens < right->when.context_tokens ? -1 : 1;
	if (tiers[0] != tiers[1])
		return tiers[0] - tiers[1];
	return left->node < right->node ? -1 : left->node > right->node;
}

static const struct litellm_price *
find_price(const struct litellm_entry *e, enum component component, const struct draft_when *when)
{
	for (size_t i = 0; i < e->price_count; i++) {
		const struct litellm_price *price = &e->prices[i];

		if (price->row->component == component && price->when.has_utc == when->has_utc &&
		    price->when.context_test == when->context_test &&
		    price->when.context_tokens == when->context_tokens &&
		    text_equal(price->when.tier, when->tier))
			return price;
	}
	return NULL;
}

/*
 * Reasoning goes where the output goes: with a service tier (_resolve_reasoning_token_cost of
 * LiteLLM), and with a threshold where both cost the same below it.
 */
static void mirror_reasoning(struct litellm_entry *e)
{
	static const struct litellm_row row = { "output_cost_per_token", COMPONENT_REASONING,
		                                LITELLM_REASONING };
	const struct draft_when none = { .context_test = DRAFT_CONTEXT_ANY };
	const struct litellm_price *reasoning = find_price(e, COMPONENT_REASONING, &none);
	const struct litellm_price *output = find_price(e, COMPONENT_OUTPUT, &none);
	bool same = reasoning != NULL && output != NULL &&
	            reasoning->price.attos == output->price.attos;
	size_t count = e->price_count;

	for (size_t i = 0; i < count && reasoning != NULL; i++) {
		struct litellm_price price = e->prices[i];
		bool moves = price.when.context_test == DRAFT_CONTEXT_ANY
		                     ? price.when.tier.at != NULL
		                     : same;

		if (price.row->component != COMPONENT_OUTPUT || !moves ||
		    find_price(e, COMPONENT_REASONING, &price.when) != NULL ||
		    e->price_count == LITELLM_PRICES_MAX)
			continue;
		price.row = &row;
		price.node = JSON_NONE;
		e->prices[e->price_count++] = price;
	}
}

static void add(struct litellm_entry *e, const struct litellm_price *price)
{
	struct draft_rate rate = { .component = price->row->component,
		                   .price = price->price,
		                   .when = price->when };

	if (price->row->rule == LITELLM_PIXEL)
		rate.per = DRAFT_PER_MEGAPIXEL;
	if (component_info[rate.component].unit == UNIT_IMAGE) {
		rate.when.size = e->name.size;
		rate.when.quality = e->name.quality;
		rate.when.steps = e->name.steps;
	}
	import_rate(e->in, e->version, price->node, &rate);
}

static void take_price(struct litellm_entry *e, const struct litellm_row *row, uint32_t node,
                       const struct draft_when *when)
{
	struct litellm_price price = { .row = row_meant(e, row), .node = node, .when = *when };
	int shift = row->rule == LITELLM_PIXEL ? PIXEL_SHIFT : 0;
	bool sized = e->name.size.at != NULL || e->name.open_ended || e->name.steps > 0;

	if (!import_price(e->in, node, shift, &price.price)) {
		lose(e, &price);
		return;
	}
	check_zero(e, &price);
	if (price.row != NULL)
		check_rule(e, &price);
	if (price.row == NULL)
		return;
	if (e->name.open_ended)
		leave_out(e, &price, "for all that is larger than what the other entries name");
	else if (sized && component_info[price.row->component].unit != UNIT_IMAGE)
		leave_out(e, &price, "of images of one size, and no price of an image");
	else if (e->price_count == LITELLM_PRICES_MAX)
		leave_out(e, &price, "more prices than one entry may have");
	else
		e->prices[e->price_count++] = price;
}

/* --- nested prices --------------------------------------------------------- */

/* {"search_context_size_low": 0.01, ...}: one rate where all are the same. */
static void read_search_context(struct litellm_entry *e, uint32_t node)
{
	static const struct litellm_row row = { "search_context_cost_per_query", COMPONENT_SEARCHES,
		                                LITELLM_TOKEN };
	static const struct {
		const char *key, *kind;
	} sizes[] = { { "search_context_size_low", "low" },
		      { "search_context_size_medium", "medium" },
		      { "search_context_size_high", "high" } };
	const struct json *doc = &e->in->doc;
	struct money prices[COUNT(sizes)];
	bool same = true;

	for (size_t i = 0; i < COUNT(sizes); i++) {
		uint32_t value = json_member(doc, node, sizes[i].key);

		same = same && json_type_of(doc, value) == JSON_NUMBER &&
		       amount_read(doc->nodes[value].text, 0, &prices[i]) == AMOUNT_EXACT &&
		       prices[i].attos == prices[0].attos;
	}
	for (size_t i = 0; i < COUNT(sizes); i++) {
		uint32_t value = json_member(doc, node, sizes[i].key);
		struct draft_when when = { .kind = text_of(same ? NULL : sizes[i].kind) };

		if (value != JSON_NONE)
			take_price(e, &row, value, &when);
	}
}

/* The start of [start, end] in tokens; false: there is none. */
static bool range_start(const struct litellm_entry *e, uint32_t range, int64_t *start_out)
{
	const struct json *doc = &e->in->doc;
	uint32_t first = json_type_of(doc, range) == JSON_ARRAY ? json_first(doc, range)
	                                                        : JSON_NONE;
	struct money start;

	if (json_type_of(doc, first) != JSON_NUMBER || doc->nodes[range].count != 2 ||
	    amount_read(doc->nodes[first].text, 0, &start) != AMOUNT_EXACT ||
	    start.attos % ATTOS_PER_UNIT != 0)
		return false;
	*start_out = (int64_t)(start.attos / ATTOS_PER_UNIT);
	return true;
}

/* Every tier prices what any of them does: else the price of a lower one would go on. */
static bool tiers_agree(const struct litellm_entry *e, uint32_t list)
{
	const struct json *doc = &e->in->doc;
	uint32_t first = json_first(doc, list);

	for (uint32_t t = first; t != JSON_NONE; t = json_next(doc, list, t)) {
		if (json_type_of(doc, t) != JSON_OBJECT ||
		    doc->nodes[t].count != doc->nodes[first].count)
			return false;
		for (uint32_t k = json_first(doc, t); k != JSON_NONE; k = json_next(doc, t, k)) {
			char key[64];

			if (!text_copy(key, sizeof(key), doc->nodes[k].text) ||
			    json_member(doc, first, key) == JSON_NONE)
				return false;
		}
	}
	return first != JSON_NONE;
}

/*
 * In a tier the cache costs what the tier says, or what its input does, never what stands beside
 * the tiers (_get_token_base_cost of LiteLLM).
 */
static void lose_beside_tiers(struct litellm_entry *e, uint32_t tier)
{
	static const struct {
		const char *key;
		enum component component;
	} caches[] = {
		{ "cache_read_input_token_cost", COMPONENT_CACHE_READ },
		{ "cache_creation_input_token_cost", COMPONENT_CACHE_WRITE_5M },
		{ "cache_creation_input_token_cost_above_1hr", COMPONENT_CACHE_WRITE_1H },
	};

	for (size_t i = 0; i < COUNT(caches); i++) {
		if (json_member(&e->in->doc, tier, caches[i].key) == JSON_NONE)
			import_drop(e->in, e->version, caches[i].component,
			            "the tiers take its place, and have no price of it");
	}
}

/*
 * Tiers by the tokens of the prompt: start < tokens <= end, the whole request moves, and above
 * the last one it holds (select_tier_for_input of LiteLLM).
 */
static void read_tiers(struct litellm_entry *e, uint32_t list)
{
	const struct json *doc = &e->in->doc;
	struct tally *tally = &e->in->tally;

	if (json_type_of(doc, list) != JSON_ARRAY || !tiers_agree(e, list)) {
		tally_mark(tally, list, TALLY_UNREPRESENTED,
		           "tiers that do not price the same things");
		return;
	}
	lose_beside_tiers(e, json_first(doc, list));
	for (uint32_t t = json_first(doc, list); t != JSON_NONE; t = json_next(doc, list, t)) {
		struct draft_when when = { .context_test = DRAFT_CONTEXT_ANY };
		uint32_t range = json_member(doc, t, "range");

		if (!range_start(e, range, &when.context_tokens)) {
			tally_mark(tally, list, TALLY_UNREPRESENTED,
			           "tiers of something else than the tokens of a prompt");
			return;
		}
		if (when.context_tokens > 0)
			when.context_test = DRAFT_CONTEXT_GT;
		tally_mark(tally, range, TALLY_CONVERTED, NULL);
		for (uint32_t k = json_first(doc, t); k != JSON_NONE; k = json_next(doc, t, k)) {
			struct draft_when none;
			const struct litellm_row *row = litellm_price_key(doc->nodes[k].text,
			                                                  &none);

			/* No suffix: the tier is the condition. */
			if (row != NULL && text_is(doc->nodes[k].text, row->key))
				take_price(e, row, k + 1, &when);
		}
	}
}

/* --- multipliers ----------------------------------------------------------- */

static void read_uplift(struct litellm_entry *e, struct text region, uint32_t node)
{
	const struct draft_when when = { .region = region };

	import_multiplier(e->in, e->version, node, &when);
}

/* An event of fast mode has it as its tier of service (toll-event(5)). */
static void read_fast(struct litellm_entry *e, uint32_t node)
{
	const struct draft_when when = { .tier = text_of("fast") };

	import_multiplier(e->in, e->version, node, &when);
}

/* A multiplier that is not read: where it holds, the prices would be others. */
static void lose_tokens(struct litellm_entry *e, uint32_t node)
{
	if (json_type_of(&e->in->doc, node) != JSON_NULL)
		import_drop_tokens(e->in, e->version, "what multiplies it is not in the book");
}

/* It holds for every region but "global", and a book names regions. */
static void read_endpoint_uplift(struct litellm_entry *e, uint32_t node)
{
	struct money factor;

	if (import_price(e->in, node, 0, &factor) && factor.attos == ATTOS_PER_UNIT) {
		tally_mark(&e->in->tally, node, TALLY_INFORMATIVE, "1 multiplies nothing");
		return;
	}
	tally_mark(&e->in->tally, node, TALLY_UNREPRESENTED,
	           "it holds for every region but \"global\"; a book names regions");
	lose_tokens(e, node);
}

/* A fact that is known multiplies nothing; what is not known might. */
static void read_other(struct litellm_entry *e, struct text key, uint32_t node)
{
	litellm_fact(e, key, node);
	if (e->in->tally.marks[node].kind == 0)
		lose_tokens(e, node);
}

/* {"us": 1.1, "fast": 6.0}: of all tokens, by where and how fast Anthropic answered. */
static void read_specific(struct litellm_entry *e, uint32_t node)
{
	const struct json *doc = &e->in->doc;

	if (json_type_of(doc, node) != JSON_OBJECT)
		return;
	for (uint32_t k = json_first(doc, node); k != JSON_NONE; k = json_next(doc, node, k)) {
		struct text key = doc->nodes[k].text;

		if (text_is(key, "fast"))
			read_fast(e, k + 1);
		else if (text_is(key, "us") || text_is(key, "eu"))
			read_uplift(e, key, k + 1);
		else
			read_other(e, key, k + 1);
	}
}

static void read_search_unit(struct litellm_entry *e, uint32_t node)
{
	if (text_is(json_string(&e->in->doc, node), "per_query")) {
		litellm_fact(e, text_of("web_search_billing_unit"), node);
		return;
	}
	tally_mark(&e->in->tally, node, TALLY_UNREPRESENTED,
	           "searches are counted one by one, and these are not billed so");
	import_drop(e->in, e->version, COMPONENT_SEARCHES, "it is not the price of one search");
}

/*
 * A price under a condition that is not known ("_above_8s_interval"): where it holds, the others
 * of its component would be charged.
 */
static void lose_unknown(struct litellm_entry *e, struct text key)
{
	const struct litellm_row *row = litellm_price_of(key);

	if (row != NULL)
		import_drop(e->in, e->version, row_meant(e, row)->component,
		            "a price of the same under another condition is not in the book");
}

/* What an off-peak block prices costs something else in hours that are not in the book. */
static void lose_block(struct litellm_entry *e, uint32_t block, const char *why)
{
	const struct json *doc = &e->in->doc;

	tally_mark(&e->in->tally, block, TALLY_UNREPRESENTED, why);
	if (json_type_of(doc, block) != JSON_OBJECT) {
		lose_tokens(e, block);
		return;
	}
	for (uint32_t k = json_first(doc, block); k != JSON_NONE; k = json_next(doc, block, k)) {
		struct draft_when when;
		const struct litellm_row *row = litellm_price_key(doc->nodes[k].text, &when);

		if (row == NULL)
			row = litellm_price_of(doc->nodes[k].text);
		if (row != NULL)
			import_drop(e->in, e->version, row_meant(e, row)->component, why);
	}
}

/* Every key of the block is one that says when, or a price without further conditions. */
static bool is_off_peak(const struct litellm_entry *e, uint32_t block)
{
	const struct json *doc = &e->in->doc;

	for (uint32_t k = json_first(doc, block); k != JSON_NONE; k = json_next(doc, block, k)) {
		struct draft_when when;
		const struct litellm_row *row = litellm_price_key(doc->nodes[k].text, &when);

		if (!litellm_is_window_key(doc->nodes[k].text) &&
		    (row == NULL || !text_is(doc->nodes[k].text, row->key)))
			return false;
	}
	return true;
}

/* The block's prices take the place of all others while one of its windows is open. */
static void read_off_peak(struct litellm_entry *e, uint32_t block)
{
	const struct json *doc = &e->in->doc;
	struct litellm_windows windows;

	if (json_type_of(doc, block) != JSON_OBJECT || !litellm_windows(doc, block, &windows)) {
		lose_block(e, block, "off-peak hours that a book cannot say");
		return;
	}
	if (!is_off_peak(e, block)) {
		lose_block(e, block, "an off-peak block with a key that is not known");
		return;
	}
	for (uint32_t k = json_first(doc, block); k != JSON_NONE; k = json_next(doc, block, k)) {
		struct draft_when none;
		const struct litellm_row *row = litellm_price_key(doc->nodes[k].text, &none);

		if (row == NULL)
			tally_mark(&e->in->tally, k + 1, TALLY_CONVERTED, NULL);
		for (size_t w = 0;
		     w < windows.count && row != NULL && json_type_of(doc, k + 1) != JSON_NULL; w++)
			take_price(e, row, k + 1, &windows.parts[w]);
	}
}

static void read_unknown(struct litellm_entry *e, struct text key, uint32_t node)
{
	const char *near = litellm_price_near(key);

	lose_unknown(e, key);
	if (near != NULL && e->in->tally.marks[node].kind == 0)
		tally_markf(&e->in->tally, node, TALLY_UNKNOWN,
		            "no importer knows it: did you mean %s?", near);
}

static bool read_special(struct litellm_entry *e, struct text key, uint32_t node)
{
	static const char uplift[] = "regional_processing_uplift_multiplier_";
	size_t len = sizeof(uplift) - 1;

	if (text_is(key, "search_context_cost_per_query"))
		read_search_context(e, node);
	else if (text_is(key, "tiered_pricing"))
		read_tiers(e, node);
	else if (text_is(key, "web_search_billing_unit"))
		read_search_unit(e, node);
	else if (text_is(key, "provider_specific_entry"))
		read_specific(e, node);
	else if (text_is(key, "off_peak_pricing"))
		read_off_peak(e, node);
	else if (text_is(key, "regional_endpoint_uplift_multiplier"))
		read_endpoint_uplift(e, node);
	else if (key.len > len && memcmp(key.at, uplift, len) == 0)
		read_uplift(e, (struct text){ key.at + len, key.len - len }, node);
	else
		return false;
	return true;
}

void litellm_prices(struct litellm_entry *e)
{
	const struct json *doc = &e->in->doc;
	struct text provider = json_string(doc, json_member(doc, e->node, "litellm_provider"));

	for (uint32_t k = json_first(doc, e->node); k != JSON_NONE;
	     k = json_next(doc, e->node, k)) {
		struct text key = doc->nodes[k].text;
		const struct litellm_row *row;
		struct draft_when when;

		if (json_type_of(doc, k + 1) == JSON_NULL || read_special(e, key, k + 1))
			continue;
		row = litellm_price_key(key, &when);
		if (row == NULL) {
			litellm_fact(e, key, k + 1);
			read_unknown(e, key, k + 1);
			continue;
		}
		/* _INCLUSIVE_THRESHOLD_PROVIDERS of LiteLLM. */
		if (when.context_test == DRAFT_CONTEXT_GT && text_is(provider, "xai"))
			when.context_test = DRAFT_CONTEXT_GTE;
		take_price(e, row, k + 1, &when);
	}
	mirror_reasoning(e);
	qsort(e->prices, e->price_count, sizeof(e->prices[0]), by_precedence);
	for (size_t i = 0; i < e->price_count; i++)
		add(e, &e->prices[i]);
}
