/*
 * The prices of genai-prices' models.  Its rules (genai_prices/types.py): of a list of prices
 * the last whose constraint holds replaces all others, and the first stands where none holds; a
 * start_date is a day of UTC; a window is start_time <= t < end_time, of every day.  A tier's
 * price holds for the whole request where all of its input is more than `start` tokens.
 */
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "catalogue/genai_internal.h"
#include "price/book.h"

enum {
	STEPS_MAX = BOOK_RATES_MAX / COMPONENT_COUNT, /* of one component: a book holds no more */
	TIERS_MAX = 16,                               /* of one price */
	ENTRIES_MAX = 64,                             /* of one model's list */
	TIME_LEN = 9,                                 /* "00:30:00Z" */
};

static const struct price_key {
	const char *key;
	enum component component, also;
	int shift;
} price_keys[] = {
#define P(key, NAME, ALSO, shift) { key, COMPONENT_##NAME, COMPONENT_##ALSO, shift },
#include "catalogue/genai_prices.def"
#undef P
};

/* One of the list, or the only one there is. */
struct entry {
	uint32_t node, prices;
	bool dated, windowed;
	int64_t start_ms;
	unsigned from, to; /* minutes */
};

/* A price of one component from one entry. */
struct step {
	uint32_t node;
	int64_t start; /* of a tier; -1: the base */
	struct money price;
	const struct entry *entry;
};

struct steps {
	struct step at[STEPS_MAX];
	size_t count;
	bool bad; /* one of them cannot be said, so none is */
};

/* ---- constraints ---- */

static bool read_digits(struct text t, size_t at, unsigned below, unsigned *out)
{
	if (t.at[at] < '0' || t.at[at] > '9' || t.at[at + 1] < '0' || t.at[at + 1] > '9')
		return false;
	*out = (unsigned)(t.at[at] - '0') * 10 + (unsigned)(t.at[at + 1] - '0');
	return *out < below;
}

/* "00:30:00Z": to the minute, and of UTC. */
static bool read_time(struct text t, unsigned *minutes_out)
{
	unsigned hours, minutes, seconds;

	if (t.len != TIME_LEN || t.at[2] != ':' || t.at[5] != ':' || t.at[8] != 'Z' ||
	    !read_digits(t, 0, 24, &hours) || !read_digits(t, 3, 60, &minutes) ||
	    !read_digits(t, 6, 1, &seconds))
		return false;
	*minutes_out = hours * 60 + minutes;
	return true;
}

static bool read_constraint(const struct json *doc, uint32_t node, struct entry *entry)
{
	struct text date = json_string(doc, json_member(doc, node, "start_date"));
	struct text start = json_string(doc, json_member(doc, node, "start_time"));
	struct text end = json_string(doc, json_member(doc, node, "end_time"));
	uint32_t members = node != JSON_NONE ? doc->nodes[node].count : 0;

	if (json_type_of(doc, node) == JSON_NULL)
		return true;
	if (json_type_of(doc, node) != JSON_OBJECT)
		return false;
	if (date.len == 10 && members == 1) {
		entry->dated = true;
		return moment_parse_date(date, &entry->start_ms);
	}
	entry->windowed = true;
	/* One that ends before it starts holds at no time there, and over midnight here. */
	return members == 2 && read_time(start, &entry->from) && read_time(end, &entry->to) &&
	       entry->from < entry->to;
}

static bool read_entry(const struct json *doc, uint32_t node, struct entry *entry)
{
	uint32_t constraint = json_member(doc, node, "constraint");

	*entry = (struct entry){ .node = node, .prices = json_member(doc, node, "prices") };
	return json_type_of(doc, entry->prices) == JSON_OBJECT &&
	       doc->nodes[node].count == 1U + (constraint != JSON_NONE) &&
	       read_constraint(doc, constraint, entry);
}

/* ---- one price ---- */

static bool add_step(struct genai *g, struct steps *steps, const struct entry *entry, uint32_t node,
                     int64_t start, int shift)
{
	struct step *step = &steps->at[steps->count];

	if (steps->count == STEPS_MAX)
		return false;
	*step = (struct step){ .node = node, .start = start, .entry = entry };
	steps->count++;
	return import_price(g->in, node, shift, &step->price);
}

static bool add_tiers(struct genai *g, struct steps *steps, const struct entry *entry,
                      uint32_t tiers, int shift)
{
	const struct json *doc = &g->in->doc;
	size_t first = steps->count;
	bool good = true;

	if (json_type_of(doc, tiers) != JSON_ARRAY || doc->nodes[tiers].count > TIERS_MAX)
		return false;
	for (uint32_t t = json_first(doc, tiers); t != JSON_NONE; t = json_next(doc, tiers, t)) {
		uint32_t start_node = json_member(doc, t, "start");
		int64_t start;

		if (json_type_of(doc, t) != JSON_OBJECT || doc->nodes[t].count != 2 ||
		    !json_integer(doc, start_node, &start) || start < 0 || start > USAGE_COUNT_MAX)
			return false;
		for (size_t i = first; i < steps->count; i++)
			good = good && steps->at[i].start != start;
		good = add_step(g, steps, entry, json_member(doc, t, "price"), start, shift) &&
		       good;
		tally_mark(&g->in->tally, start_node, TALLY_CONVERTED, NULL);
	}
	return good;
}

static int by_start(const void *a, const void *b)
{
	const struct step *left = a, *right = b;

	return (left->start > right->start) - (left->start < right->start);
}

/* A number, or {base, tiers}: the base, then the tiers from the lowest on. */
static void add_price(struct genai *g, struct steps *steps, const struct entry *entry,
                      uint32_t node, int shift)
{
	const struct json *doc = &g->in->doc;
	uint32_t tiers = json_member(doc, node, "tiers");
	size_t first = steps->count;
	bool good;

	if (json_type_of(doc, node) != JSON_OBJECT) {
		steps->bad = !add_step(g, steps, entry, node, -1, shift) || steps->bad;
		return;
	}
	good = tiers != JSON_NONE && doc->nodes[node].count == 2 &&
	       add_step(g, steps, entry, json_member(doc, node, "base"), -1, shift);
	good = good && add_tiers(g, steps, entry, tiers, shift);
	steps->bad = steps->bad || !good;
	qsort(steps->at + first, steps->count - first, sizeof(steps->at[0]), by_start);
}

/* ---- one component of one version ---- */

/* What is left out although it could be said itself. */
static void mark_left_out(struct genai *g, const struct steps *steps, uint32_t node)
{
	struct tally *tally = &g->in->tally;

	for (size_t i = 0; i < steps->count; i++) {
		uint32_t step = steps->at[i].node;

		if (step != JSON_NONE && tally->marks[step].kind != TALLY_UNREPRESENTED + 1)
			tally_mark(tally, step, TALLY_UNREPRESENTED,
			           "left out: what it depends on cannot be said");
	}
	if (steps->count == 0 && node != JSON_NONE)
		tally_mark(tally, node, TALLY_UNREPRESENTED, "tiers that are not understood");
}

static void add_rates(struct genai *g, struct draft_version *version, const struct price_key *key,
                      const struct step *step, bool also)
{
	struct draft_rate rate = { .component = key->component, .price = step->price };

	if (step->start >= 0) {
		rate.when.context_test = DRAFT_CONTEXT_GT;
		rate.when.context_tokens = step->start;
	}
	if (step->entry->windowed) {
		rate.when.has_utc = true;
		rate.when.utc_from = step->entry->from;
		rate.when.utc_to = step->entry->to;
	}
	import_rate(g->in, version, step->node, &rate);
	if (also) {
		rate.component = key->also;
		import_rate(g->in, version, step->node, &rate);
	}
}

static bool says(const struct genai *g, const struct entry *const *entries, size_t count,
                 const char *key)
{
	for (size_t i = 0; i < count; i++) {
		if (json_member(&g->in->doc, entries[i]->prices, key) != JSON_NONE)
			return true;
	}
	return false;
}

/* The key prices a second component, which has none of its own. */
static bool prices_also(const struct genai *g, const struct price_key *key,
                        const struct entry *const *entries, size_t count)
{
	if (key->also == key->component)
		return false;
	for (size_t k = 0; k < sizeof(price_keys) / sizeof(price_keys[0]); k++) {
		if (price_keys[k].component == key->also &&
		    says(g, entries, count, price_keys[k].key))
			return false;
	}
	return true;
}

/* `entries`: the one that holds at all times, and behind it those with a window. */
static void price_component(struct genai *g, struct draft_version *version,
                            const struct price_key *key, const struct entry *const *entries,
                            size_t count)
{
	const struct json *doc = &g->in->doc;
	bool also = prices_also(g, key, entries, count);
	struct steps steps = { .count = 0 };
	uint32_t node = JSON_NONE;

	for (size_t i = 0; i < count; i++) {
		uint32_t value = json_member(doc, entries[i]->prices, key->key);

		if (json_type_of(doc, value) != JSON_NULL) {
			add_price(g, &steps, entries[i], value, key->shift);
			node = value;
		} else if (node != JSON_NONE) {
			steps.bad = true; /* no price then, and a book has those before it */
		}
	}
	if (steps.bad)
		mark_left_out(g, &steps, node);
	for (size_t i = 0; !steps.bad && i < steps.count; i++)
		add_rates(g, version, key, &steps.at[i], also);
}

/* No price at all is written for models that are free, and for those whose price is not known. */
static void price_nothing(struct genai *g, const struct genai_model *model, uint32_t prices)
{
	static const enum component tokens[] = {
		COMPONENT_INPUT,          COMPONENT_CACHE_READ,  COMPONENT_CACHE_WRITE_5M,
		COMPONENT_CACHE_WRITE_1H, COMPONENT_CACHE_WRITE, COMPONENT_OUTPUT,
	};
	struct draft *draft = &g->in->draft;
	struct draft_version *version;

	if (!g->in->zero_is_free && !text_match(text_of("*:free"), model->id)) {
		tally_mark(&g->in->tally, prices, TALLY_UNREPRESENTED,
		           "no price, for free and for not known alike (--zero-is-free takes it as "
		           "free)");
		return;
	}
	version = draft_version(draft, model->draft, g->in->effective_from);
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++)
		import_rate(g->in, version, prices, &(struct draft_rate){ .component = tokens[i] });
}

/*
 * What genai-prices always counted in the price of the whole, where it has none of its own.  Sound
 * and caches are not among them: its releases differ in whether those cost nothing or the same.
 */
static const struct part {
	enum component part, whole;
	const char *part_key, *whole_key;
} parts[] = {
	{ COMPONENT_INPUT_IMAGE, COMPONENT_INPUT, "input_image_mtok", "input_mtok" },
	{ COMPONENT_INPUT_VIDEO, COMPONENT_INPUT, "input_video_mtok", "input_mtok" },
	{ COMPONENT_INPUT_TOOL, COMPONENT_INPUT, "input_tool_mtok", "input_mtok" },
	{ COMPONENT_CACHE_READ_IMAGE, COMPONENT_CACHE_READ, "cache_image_read_mtok",
	  "cache_read_mtok" },
	{ COMPONENT_CACHE_READ_VIDEO, COMPONENT_CACHE_READ, "cache_video_read_mtok",
	  "cache_read_mtok" },
	{ COMPONENT_REASONING, COMPONENT_OUTPUT, "output_reasoning_mtok", "output_mtok" },
	{ COMPONENT_OUTPUT_IMAGE, COMPONENT_OUTPUT, "output_image_mtok", "output_mtok" },
	{ COMPONENT_OUTPUT_VIDEO, COMPONENT_OUTPUT, "output_video_mtok", "output_mtok" },
};

static void price_parts(struct genai *g, const struct genai_model *model,
                        const struct entry *const *entries, size_t count)
{
	uint32_t node = json_member(&g->in->doc, model->node, "price_comments");
	struct text remark = json_string(&g->in->doc, node);
	/* The catalogue's own word that its price of input is not that of images. */
	bool missing = text_match(text_of("*Missing image token prices*"), remark);

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		/* One that has a price of its own, and be it one that cannot be said, keeps it. */
		if ((!missing || parts[i].part == COMPONENT_REASONING) &&
		    says(g, entries, count, parts[i].whole_key) &&
		    !says(g, entries, count, parts[i].part_key))
			draft_as(model->draft, parts[i].part, parts[i].whole);
	}
	if (missing)
		tally_mark(
			&g->in->tally, node, TALLY_UNREPRESENTED,
			"prices that the catalogue does not have: images and the like have none");
}

/* ---- versions ---- */

static void price_version(struct genai *g, const struct genai_model *model, struct text from,
                          int64_t at_ms, const struct entry *entries, size_t count)
{
	struct draft_version *version = draft_version(&g->in->draft, model->draft, from);
	const struct entry *held[ENTRIES_MAX + 1];
	size_t base = count, held_count = 1;

	for (size_t i = 0; i < count; i++) {
		if (!entries[i].windowed && (!entries[i].dated || entries[i].start_ms <= at_ms))
			base = i;
	}
	held[0] = &entries[base < count ? base : 0];
	for (size_t i = base < count ? base + 1 : 0; i < count; i++) {
		if (entries[i].windowed)
			held[held_count++] = &entries[i];
	}
	/* The first stands where no window holds, whatever it asks for. */
	struct entry always = *held[0];
	always.windowed = false;
	for (size_t i = 0; i < held_count; i++) {
		tally_unmark(&g->in->tally, held[i]->node);
		tally_mark(&g->in->tally, json_member(&g->in->doc, held[i]->node, "constraint"),
		           TALLY_CONVERTED, NULL);
	}
	held[0] = &always;
	for (size_t k = 0; k < sizeof(price_keys) / sizeof(price_keys[0]); k++)
		price_component(g, version, &price_keys[k], held, held_count);
}

/* The next day on which an entry starts; false: there is none. */
static bool next_start(const struct entry *entries, size_t count, int64_t after_ms,
                       int64_t *next_out)
{
	bool found = false;

	for (size_t i = 0; i < count; i++) {
		if (entries[i].dated && entries[i].start_ms > after_ms &&
		    (!found || entries[i].start_ms < *next_out)) {
			*next_out = entries[i].start_ms;
			found = true;
		}
	}
	return found;
}

static void price_model(struct genai *g, const struct genai_model *model,
                        const struct entry *entries, size_t count)
{
	const struct entry *all[ENTRIES_MAX];
	char from[MOMENT_TEXT_BYTES];
	int64_t at_ms = 0;

	for (size_t i = 0; i < count; i++)
		all[i] = &entries[i];
	price_parts(g, model, all, count);
	moment_parse_date(g->in->effective_from, &at_ms);
	price_version(g, model, g->in->effective_from, at_ms, entries, count);
	while (next_start(entries, count, at_ms, &at_ms)) {
		moment_text(at_ms, from);
		price_version(g, model, text_of(from), at_ms, entries, count);
	}
}

void genai_prices(struct genai *g, const struct genai_model *model)
{
	const struct json *doc = &g->in->doc;
	struct tally *tally = &g->in->tally;
	uint32_t prices = json_member(doc, model->node, "prices");
	struct entry entries[ENTRIES_MAX];
	bool good = true;
	size_t count = 0;

	if (model->draft == NULL) {
		tally_mark(tally, prices, TALLY_UNREPRESENTED, "of a model without a name");
		return;
	}
	if (json_type_of(doc, prices) == JSON_OBJECT && doc->nodes[prices].count == 0) {
		price_nothing(g, model, prices);
		return;
	}
	if (json_type_of(doc, prices) == JSON_OBJECT) {
		entries[0] = (struct entry){ .node = prices, .prices = prices };
		price_model(g, model, entries, 1);
		return;
	}
	if (json_type_of(doc, prices) != JSON_ARRAY || doc->nodes[prices].count > ENTRIES_MAX)
		return;
	for (uint32_t e = json_first(doc, prices); e != JSON_NONE; e = json_next(doc, prices, e)) {
		good = good && read_entry(doc, e, &entries[count]);
		tally_mark(tally, e, TALLY_INFORMATIVE,
		           "never in force: a later entry without a window stands in its place");
		count++;
	}
	/* Whatever else holds, it would also hold where this one is meant to. */
	if (!good)
		tally_mark(tally, prices, TALLY_UNREPRESENTED,
		           "a condition on prices that is not understood: none of them is taken");
	else if (count > 0)
		price_model(g, model, entries, count);
}
