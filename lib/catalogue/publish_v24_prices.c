/* OpenRouter's document 2.4: the place, the qualifiers and the conditions of each price. */
#include <string.h>

#include "catalogue/publish_v24.h"

enum { WINDOWS_MAX = 16, TTLS_MAX = 16 };

/* Where the units of a component are counted, by its modality. */
struct place {
	struct slot slot;
	const char *type, *unit;
};

enum listing_fact v24_list(enum side side)
{
	return side == SIDE_INPUT ? LISTING_INPUT_MODALITIES : LISTING_OUTPUT_MODALITIES;
}

static int modality_index(enum side side, const char *name)
{
	for (int i = 0; listing_word(v24_list(side), (size_t)i) != NULL; i++) {
		if (strcmp(listing_word(v24_list(side), (size_t)i), name) == 0)
			return i;
	}
	return -1;
}

/* The listing names the modality; where it names none at all, a price is as good as a word. */
static bool serves(const struct v24 *v, enum side side, const char *name, bool stated)
{
	const struct listing *listing = &v->model->listing;

	if (listing_node(listing, v24_list(side)) == JSON_NONE)
		return !stated;
	return listing_has(listing, v24_list(side), name);
}

/* The first of these that the model serves. */
bool v24_choose(const struct v24 *v, enum side side, const char *const *names, bool stated,
                struct slot *out)
{
	for (size_t i = 0; names[i] != NULL; i++) {
		if (!serves(v, side, names[i], stated))
			continue;
		*out = (struct slot){ side, modality_index(side, names[i]) };
		return true;
	}
	return false;
}

/* --- places ---------------------------------------------------------------- */

static const struct {
	enum component component;
	enum side side;
	const char *names[5]; /* modalities: the first that is served */
	const char *type, *unit;
} places[] = {
	{ COMPONENT_INPUT, SIDE_INPUT, { "text" }, "prompt", "token" },
	{ COMPONENT_INPUT_AUDIO, SIDE_INPUT, { "audio" }, "prompt", "token" },
	{ COMPONENT_INPUT_IMAGE, SIDE_INPUT, { "image" }, "prompt", "token" },
	{ COMPONENT_INPUT_VIDEO, SIDE_INPUT, { "video" }, "prompt", "token" },
	{ COMPONENT_CACHE_READ, SIDE_INPUT, { "text" }, "cached_prompt", "token" },
	{ COMPONENT_CACHE_READ_AUDIO, SIDE_INPUT, { "audio" }, "cached_prompt", "token" },
	{ COMPONENT_CACHE_READ_IMAGE, SIDE_INPUT, { "image" }, "cached_prompt", "token" },
	{ COMPONENT_CACHE_READ_VIDEO, SIDE_INPUT, { "video" }, "cached_prompt", "token" },
	{ COMPONENT_CACHE_WRITE_5M, SIDE_INPUT, { "text" }, "cache_write", "token" },
	{ COMPONENT_CACHE_WRITE_1H, SIDE_INPUT, { "text" }, "cache_write", "token" },
	{ COMPONENT_CACHE_WRITE, SIDE_INPUT, { "text" }, "cache_write", "token" },
	{ COMPONENT_OUTPUT,
	  SIDE_OUTPUT,
	  { "text", "transcription", "embeddings", "rerank" },
	  "completion",
	  "token" },
	{ COMPONENT_REASONING, SIDE_OUTPUT, { "text" }, "internal_reasoning", "token" },
	{ COMPONENT_OUTPUT_AUDIO, SIDE_OUTPUT, { "audio", "speech" }, "completion", "token" },
	{ COMPONENT_OUTPUT_IMAGE, SIDE_OUTPUT, { "image" }, "completion", "token" },
	{ COMPONENT_OUTPUT_VIDEO, SIDE_OUTPUT, { "video" }, "completion", "token" },
	{ COMPONENT_IMAGES_IN, SIDE_INPUT, { "image" }, "prompt", "image" },
	{ COMPONENT_IMAGES_OUT, SIDE_OUTPUT, { "image" }, "completion", "image" },
	{ COMPONENT_MEGAPIXELS_OUT, SIDE_OUTPUT, { "image" }, "completion", "megapixel" },
	{ COMPONENT_CHARACTERS, SIDE_OUTPUT, { "speech" }, "completion", "character" },
	{ COMPONENT_CHARACTERS, SIDE_INPUT, { "text" }, "prompt", "character" },
};

/* Seconds are of what is heard or seen: by their kind and by what the model serves. */
static bool place_seconds(const struct v24 *v, struct text kind, struct place *out)
{
	static const char *const videos[] = { "video", NULL };
	static const char *const sounds[] = { "transcription", "speech", "audio", NULL };
	static const char *const heard[] = { "audio", NULL };
	bool video = kind.at == NULL || text_is(kind, "video");
	bool audio = kind.at == NULL || text_is(kind, "audio");

	out->type = "completion";
	out->unit = "second";
	if ((video && v24_choose(v, SIDE_OUTPUT, videos, true, &out->slot)) ||
	    (audio && v24_choose(v, SIDE_OUTPUT, sounds, true, &out->slot)))
		return true;
	out->type = "prompt";
	return (video && v24_choose(v, SIDE_INPUT, videos, true, &out->slot)) ||
	       (audio && v24_choose(v, SIDE_INPUT, heard, true, &out->slot));
}

/* NULL: there is a place; else why not. */
static const char *place_of(const struct v24 *v, enum component component, struct text kind,
                            struct place *out)
{
	bool known = false;

	*out = (struct place){ { SIDE_ROOT, 0 }, "request", "request" };
	if (component == COMPONENT_REQUESTS)
		return NULL;
	if (component == COMPONENT_SEARCHES) {
		*out = (struct place){ { SIDE_ROOT, 0 }, "web_search", "search" };
		if (kind.at != NULL && !text_is(kind, "web_search"))
			return "the only searches of the format are web searches";
		return serves(v, SIDE_OUTPUT, "rerank", true)
		               ? "searches of a rerank model are no web searches"
		               : NULL;
	}
	if (component == COMPONENT_SECONDS)
		return place_seconds(v, kind, out)
		               ? NULL
		               : "the listing names no modality that they are seconds of";
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (places[i].component != component)
			continue;
		known = true;
		out->type = places[i].type;
		out->unit = places[i].unit;
		if (v24_choose(v, places[i].side, places[i].names,
		               component == COMPONENT_CHARACTERS && places[i].side == SIDE_OUTPUT,
		               &out->slot))
			return NULL;
	}
	return known ? "the listing has no such modality" : "the format has no such unit";
}

/* --- one price ------------------------------------------------------------- */

/* One of the lists that a component falls into: those entries that can hold in it. */
struct group {
	enum component component;
	struct place place;
	struct text kind; /* of searches and seconds; absent: only entries that do not ask */
	int64_t ttl;      /* 0: not said */
	bool implicit;
	const struct book_when *window; /* NULL: outside of all windows */
	bool said; /* entries that ask for the explicit cache count as ones that do not ask */
};

static bool is_token(enum component component)
{
	return component_info[component].unit == UNIT_TOKEN;
}

/* The entry can hold in the group, whose qualifiers it then need not say. */
static bool holds(const struct group *group, const struct sheet_price *price,
                  struct book_when *rest_out)
{
	const struct book_when *when = &price->when;
	bool cache = is_token(group->component);

	*rest_out = *when;
	if (when->has & WHEN_UTC) {
		if (group->window == NULL || when->utc_from != group->window->utc_from ||
		    when->utc_to != group->window->utc_to)
			return false;
		rest_out->has &= ~(unsigned)WHEN_UTC;
	}
	if (cache && (when->has & WHEN_NUMBER)) {
		if (when->number != group->ttl)
			return false;
		rest_out->has &= ~(unsigned)WHEN_NUMBER;
	}
	if (cache && (when->has & WHEN_KIND)) {
		if (text_is(when->kind, KIND_IMPLICIT) ? !group->implicit
		                                       : group->implicit || !group->said)
			return false;
		rest_out->has &= ~(unsigned)WHEN_KIND;
	}
	if (!cache && (when->has & WHEN_KIND)) {
		if (group->kind.at == NULL || !text_equal(when->kind, group->kind))
			return false;
		rest_out->has &= ~(unsigned)WHEN_KIND;
	}
	return true;
}

/* The unit and the price of one of it; false: the format has no such unit. */
static bool unit_price(const struct place *place, const struct sheet_price *price,
                       const char **unit_out, wide *attos_out)
{
	enum { PIXELS = 1000000 };

	*unit_out = place->unit;
	*attos_out = price->rate.attos_per_unit;
	if (price->megapixels == MEGAPIXELS_EXACT) {
		*unit_out = "megapixel";
		*attos_out *= PIXELS;
	}
	return price->megapixels == MEGAPIXELS_NONE || price->megapixels == MEGAPIXELS_EXACT;
}

static bool declare(struct v24 *v, struct slot slot, const char *name, struct text word,
                    int64_t number)
{
	for (size_t i = 0; i < v->declared_count; i++) {
		const struct declared *d = &v->declared[i];

		if (d->slot.side == slot.side && d->slot.modality == slot.modality &&
		    strcmp(d->name, name) == 0 && text_equal(d->word, word) && d->number == number)
			return true;
	}
	if (v->declared_count == DECLARED_MAX)
		return false;
	v->declared[v->declared_count++] = (struct declared){ slot, name, word, number };
	return true;
}

/* The conditions that are left as a predicate; NULL, or what cannot be said. */
static const char *add_predicate(struct v24 *v, const struct group *group,
                                 const struct book_when *when, struct buf *out)
{
	bool seconds = group->component == COMPONENT_SECONDS;
	const struct {
		unsigned bit;
		const char *name;
		struct text word;
	} words[] = {
		{ WHEN_TIER, "service_tier", when->tier },
		{ WHEN_SIZE, seconds ? "resolution" : "size", when->size },
		{ WHEN_QUALITY, "quality", when->quality },
	};
	const char *comma = "";

	if (when->has & WHEN_REGION)
		return "the format has no conditions on a region";
	buf_add_cstr(out, "{");
	if (when->has & WHEN_CONTEXT) {
		buf_addf(out, "\"prompt_tokens\":{\"gte\":%lld}", (long long)when->context_tokens);
		comma = ",";
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!(when->has & words[i].bit))
			continue;
		if (!declare(v, group->place.slot, words[i].name, words[i].word, 0))
			return "too many words to declare";
		buf_addf(out, "%s\"%s\":{\"equals\":", comma, words[i].name);
		buf_add_json(out, words[i].word);
		buf_add_cstr(out, "}");
		comma = ",";
	}
	if (when->has & WHEN_NUMBER) {
		if (!declare(v, group->place.slot, "steps", text_of(NULL), when->number))
			return "too many numbers to declare";
		buf_addf(out, "%s\"steps\":{\"equals\":%lld}", comma, (long long)when->number);
	}
	buf_add_cstr(out, "}");
	return NULL;
}

/* An entry of this identity is none yet. */
static bool is_new(struct v24 *v, const struct group *group)
{
	struct sku sku = { group->place.slot, group->place.type, group->ttl, group->implicit,
		           group->window };

	for (size_t i = 0; i < v->sku_count; i++) {
		const struct sku *s = &v->skus[i];
		bool same_window = s->window == NULL || sku.window == NULL
		                           ? s->window == sku.window
		                           : s->window->utc_from == sku.window->utc_from &&
		                                     s->window->utc_to == sku.window->utc_to;

		if (s->slot.side == sku.slot.side && s->slot.modality == sku.slot.modality &&
		    strcmp(s->type, sku.type) == 0 && s->ttl == sku.ttl &&
		    s->implicit == sku.implicit && same_window)
			return false;
	}
	if (v->sku_count < SKUS_MAX)
		v->skus[v->sku_count++] = sku;
	return v->sku_count < SKUS_MAX;
}

static void add_head(const struct group *group, const char *unit, wide attos, struct buf *out)
{
	buf_addf(out, "{\"type\":\"%s\",\"unit\":\"%s\",\"cost_usd\":\"", group->place.type, unit);
	publish_amount(out, attos);
	buf_add_cstr(out, "\"");
	if (group->ttl > 0)
		buf_addf(out, ",\"ttl_seconds\":%lld", (long long)group->ttl);
	if (group->implicit)
		buf_add_cstr(out, ",\"implicit\":true");
	if (group->window != NULL)
		buf_addf(out, ",\"utc_start\":%u,\"utc_end\":%u",
		         group->window->utc_from / 60u * 100u + group->window->utc_from % 60u,
		         group->window->utc_to / 60u * 100u + group->window->utc_to % 60u);
}

/* The last price of the group that always holds; those before it never win.  NULL: none. */
static const struct sheet_price *base_of(const struct v24 *v, const struct group *group,
                                         size_t *index_out)
{
	const struct sheet *sheet = &v->model->sheet;
	struct book_when rest;

	for (size_t i = sheet->first[group->component + 1]; i > sheet->first[group->component];
	     i--) {
		if (holds(group, &sheet->prices[i - 1], &rest) && rest.has == 0) {
			*index_out = i;
			return &sheet->prices[i - 1];
		}
	}
	return NULL;
}

static bool any_holds(const struct v24 *v, const struct group *group)
{
	const struct sheet *sheet = &v->model->sheet;
	struct book_when rest;

	for (size_t i = sheet->first[group->component]; i < sheet->first[group->component + 1];
	     i++) {
		if (holds(group, &sheet->prices[i], &rest))
			return true;
	}
	return false;
}

/* Writes the entry of a group; NULL, or why it cannot be, and then *at_out is what is meant. */
static const char *add_group(struct v24 *v, const struct group *group,
                             const struct sheet_price **at_out)
{
	const struct sheet *sheet = &v->model->sheet;
	struct slot slot = group->place.slot;
	struct buf *out = &v->pricing[slot.side][slot.modality];
	const char *unit, *other, *why, *comma = ",\"overrides\":[";
	struct book_when rest;
	wide attos;
	size_t i = 0;

	*at_out = base_of(v, group, &i);
	if (*at_out == NULL && !any_holds(v, group))
		return NULL;
	if (*at_out == NULL) {
		*at_out = &sheet->prices[sheet->first[group->component]];
		return "there is no price without a condition, which the format needs";
	}
	if (!unit_price(&group->place, *at_out, &unit, &attos))
		return "the format knows no rounding to whole megapixels";
	if (!is_new(v, group))
		return "the modality has a price of this type already";
	buf_add_cstr(out, out->len > 0 ? "," : "");
	add_head(group, unit, attos, out);
	/* One of images behind a price of megapixels is for those of unknown size. */
	for (size_t k = sheet->first[group->component]; k < i; k++) {
		*at_out = &sheet->prices[k];
		if (holds(group, *at_out, &rest) &&
		    (sheet->prices[k].megapixels != MEGAPIXELS_NONE) !=
		            (sheet->prices[i - 1].megapixels != MEGAPIXELS_NONE))
			return "a model has one unit of a price in the format";
	}
	for (; i < sheet->first[group->component + 1]; i++) {
		*at_out = &sheet->prices[i];
		if (!holds(group, *at_out, &rest))
			continue;
		if (!unit_price(&group->place, *at_out, &other, &attos) || strcmp(other, unit) != 0)
			return "a condition cannot change the unit";
		buf_addf(out, "%s{\"when\":", comma);
		why = add_predicate(v, group, &rest, out);
		if (why != NULL)
			return why;
		buf_add_cstr(out, ",\"cost_usd\":\"");
		publish_amount(out, attos);
		buf_add_cstr(out, "\"}");
		comma = ",";
	}
	buf_add_cstr(out, *comma == ',' && comma[1] == '\0' ? "]}" : "}");
	return NULL;
}

/* --- one component --------------------------------------------------------- */

static bool overlap(const struct book_when *a, const struct book_when *b)
{
	bool a_wraps = a->utc_from > a->utc_to, b_wraps = b->utc_from > b->utc_to;

	if (a_wraps && b_wraps)
		return true;
	if (a_wraps || b_wraps) {
		const struct book_when *whole = a_wraps ? b : a, *wraps = a_wraps ? a : b;

		return whole->utc_to > wraps->utc_from || whole->utc_from < wraps->utc_to;
	}
	return a->utc_from < b->utc_to && b->utc_from < a->utc_to;
}

/* What no qualifier can say, whatever the group. */
static const char *unsayable(const struct place *place, const struct sheet_price *price)
{
	if (price->two_windows)
		return "the hours of a multiplier meet those of the price";
	if (!(price->when.has & WHEN_UTC))
		return NULL;
	if (price->when.days != WEEKDAYS_ALL)
		return "the format has hours, but no days of the week";
	return place->slot.side == SIDE_ROOT ? "prices of requests have no hours" : NULL;
}

struct groups {
	const struct book_when *windows[WINDOWS_MAX]; /* the first is NULL */
	int64_t ttls[TTLS_MAX];                       /* the first is the component's own */
	size_t window_count, ttl_count;
	bool has_implicit, has_explicit, has_plain;
};

static const char *collect_window(struct groups *g, const struct book_when *when)
{
	for (size_t i = 1; i < g->window_count; i++) {
		if (g->windows[i]->utc_from == when->utc_from &&
		    g->windows[i]->utc_to == when->utc_to)
			return NULL;
		if (overlap(g->windows[i], when))
			return "its hours meet those of another price";
	}
	if (g->window_count == WINDOWS_MAX)
		return "too many windows of hours";
	g->windows[g->window_count++] = when;
	return NULL;
}

static const char *collect(struct groups *g, const struct place *place,
                           const struct sheet_price *price)
{
	const struct book_when *when = &price->when;
	const char *why = unsayable(place, price);

	if (why == NULL && (when->has & WHEN_UTC))
		why = collect_window(g, when);
	if (why != NULL || !is_token(price->component))
		return why;
	if (when->has & WHEN_NUMBER) {
		size_t i = 0;

		while (i < g->ttl_count && g->ttls[i] != when->number)
			i++;
		if (i == TTLS_MAX)
			return "too many lifetimes of a cache";
		g->ttls[i] = when->number;
		g->ttl_count = i < g->ttl_count ? g->ttl_count : i + 1;
	}
	if (!(when->has & WHEN_KIND))
		g->has_plain = true;
	else if (text_is(when->kind, KIND_IMPLICIT))
		g->has_implicit = true;
	else
		g->has_explicit = true;
	return g->has_plain && g->has_explicit
	               ? "the format cannot tell an explicit cache from one that is not said"
	               : NULL;
}

static int64_t own_ttl(enum component component)
{
	return component == COMPONENT_CACHE_WRITE_5M   ? 300
	       : component == COMPONENT_CACHE_WRITE_1H ? 3600
	                                               : 0;
}

/* The entries of one place: false: something is lost, and told. */
static bool add_place(struct v24 *v, enum component component, struct text kind)
{
	const struct sheet *sheet = &v->model->sheet;
	struct groups g = { .window_count = 1, .ttl_count = 1 };
	struct group group = { .component = component, .kind = kind };
	const struct sheet_price *at = &sheet->prices[sheet->first[component]];
	const char *why = place_of(v, component, kind, &group.place);

	g.ttls[0] = own_ttl(component);
	for (size_t i = sheet->first[component]; i < sheet->first[component + 1] && why == NULL;
	     i++) {
		at = &sheet->prices[i];
		why = collect(&g, &group.place, at);
	}
	group.said = !g.has_plain;
	for (size_t t = 0; t < g.ttl_count && why == NULL; t++) {
		for (int implicit = 0; implicit <= g.has_implicit && why == NULL; implicit++) {
			for (size_t w = 0; w < g.window_count && why == NULL; w++) {
				group.ttl = g.ttls[t];
				group.implicit = implicit != 0;
				group.window = g.windows[w];
				why = add_group(v, &group, &at);
			}
		}
	}
	if (why != NULL)
		publish_lose(v->model, at, "%s", why);
	return why == NULL;
}

/* Tool results are prompt tokens of text: their price is said where it is that of the input. */
static bool same_as_input(const struct v24 *v, enum component component)
{
	const struct sheet *sheet = &v->model->sheet;
	size_t a = sheet->first[component], b = sheet->first[COMPONENT_INPUT];
	size_t n = sheet->first[component + 1] - a;

	if (sheet->first[COMPONENT_INPUT + 1] - b != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!sheet_when_equal(&sheet->prices[a + i].when, &sheet->prices[b + i].when) ||
		    sheet->prices[a + i].rate.attos_per_unit !=
		            sheet->prices[b + i].rate.attos_per_unit)
			return false;
	}
	return true;
}

/* Searches and seconds: each kind has a place of its own. */
static bool add_kinds(struct v24 *v, enum component component)
{
	const struct sheet *sheet = &v->model->sheet;
	struct text kinds[4] = { { NULL, 0 } };
	size_t count = 0;
	bool good = true;

	for (size_t i = sheet->first[component]; i < sheet->first[component + 1]; i++) {
		const struct sheet_price *price = &sheet->prices[i];
		size_t k = 0;

		if (!(price->when.has & WHEN_KIND))
			continue;
		while (k < count && !text_equal(kinds[k], price->when.kind))
			k++;
		if (k == sizeof(kinds) / sizeof(kinds[0])) {
			publish_lose(v->model, price, "too many kinds");
			return false;
		}
		kinds[k] = price->when.kind;
		count = k < count ? count : k + 1;
	}
	if (count == 0)
		return add_place(v, component, text_of(NULL));
	for (size_t k = 0; k < count; k++)
		good = add_place(v, component, kinds[k]) && good;
	return good;
}

void v24_component(struct v24 *v, enum component component)
{
	const struct sheet *sheet = &v->model->sheet;
	struct buf saved[SIDES][MODALITIES_MAX];
	size_t skus = v->sku_count, declared = v->declared_count;
	bool good;

	if (sheet->first[component] == sheet->first[component + 1])
		return;
	if (component == COMPONENT_INPUT_TOOL && same_as_input(v, component))
		return;
	memcpy(saved, v->pricing, sizeof(saved));
	good = component == COMPONENT_SECONDS || component == COMPONENT_SEARCHES
	               ? add_kinds(v, component)
	               : add_place(v, component, text_of(NULL));
	if (good)
		return;
	/* Nothing of the component: a part of its prices would be wrong ones. */
	for (int s = 0; s < SIDES; s++) {
		for (int m = 0; m < MODALITIES_MAX; m++)
			v->pricing[s][m].len = saved[s][m].len;
	}
	v->sku_count = skus;
	v->declared_count = declared;
}
