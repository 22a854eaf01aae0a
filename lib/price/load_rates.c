/* Reading the entries of a rate card: prices, their conditions, and what comes to them. */
#include <string.h>

#include "price/load_internal.h"

enum { TTL_5M = 300, TTL_1H = 3600 };

#define PER_MILLION INT64_C(1000000)
#define CONTEXT_MAX INT64_C(1000000000000)
#define NUMBER_MAX  INT64_C(1000000000)

#define BIT(component) (1u << COMPONENT_##component)
#define IMAGES         (BIT(IMAGES_IN) | BIT(IMAGES_OUT))
#define CACHE_READS                                                                                \
	(BIT(CACHE_READ) | BIT(CACHE_READ_AUDIO) | BIT(CACHE_READ_IMAGE) | BIT(CACHE_READ_VIDEO))
#define CACHE_WRITES (BIT(CACHE_WRITE) | BIT(CACHE_WRITE_5M) | BIT(CACHE_WRITE_1H))

/* Conditions that ask for a kind, and the components that have it. */
static const struct kind_key {
	const char *key;
	unsigned has;
	uint32_t components;
	const char *due; /* of what the others are told */
} kind_keys[] = {
	{ "size", WHEN_SIZE, IMAGES, "only images_in and images_out have it" },
	{ "quality", WHEN_QUALITY, IMAGES, "only images_in and images_out have it" },
	{ "steps", WHEN_NUMBER, IMAGES, "only images_in and images_out have it" },
	{ "resolution", WHEN_SIZE, BIT(SECONDS), "only seconds have it" },
	{ "kind", WHEN_KIND, BIT(SEARCHES) | BIT(SECONDS), "only searches and seconds have it" },
	{ "ttl_seconds", WHEN_NUMBER, BIT(CACHE_WRITE), "only cache_write has it" },
	{ "implicit", WHEN_KIND, CACHE_READS | CACHE_WRITES,
	  "only reads and writes of a cache have it" },
};

static void read_context(struct loader *l, uint32_t node, const struct path *path,
                         struct book_when *when)
{
	static const char *const keys[] = { "gt", "gte", NULL };
	uint32_t gt, gte;

	if (node == JSON_NONE || !load_object(l, node, node, path, keys, LOAD_STRICT))
		return;
	gt = load_member(l, node, "gt");
	gte = load_member(l, node, "gte");
	if ((gt == JSON_NONE) == (gte == JSON_NONE)) {
		load_error(l, node, path, "exactly one of gt and gte is due");
		return;
	}
	when->has |= WHEN_CONTEXT;
	when->context_test = gt != JSON_NONE ? CONTEXT_GT : CONTEXT_GTE;
	if (!json_integer(&l->doc, gt != JSON_NONE ? gt : gte, &when->context_tokens) ||
	    when->context_tokens < 0 || when->context_tokens > CONTEXT_MAX)
		load_error(l, node, path, "a whole number of tokens is due");
}

/* "16:30" */
static bool read_clock(struct text t, uint16_t *minutes_out)
{
	int64_t hours, minutes;
	struct text part;

	if (t.len != 5 || t.at[2] != ':')
		return false;
	part = (struct text){ t.at, 2 };
	t = (struct text){ t.at + 3, 2 };
	if (!text_int(part, &hours) || !text_int(t, &minutes) || hours < 0 || hours > 23 ||
	    minutes < 0 || minutes > 59)
		return false;
	*minutes_out = (uint16_t)(hours * 60 + minutes);
	return true;
}

static void read_days(struct loader *l, uint32_t node, const struct path *path,
                      struct book_when *when)
{
	static const char *const days[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
	enum { DAYS = sizeof(days) / sizeof(days[0]) };
	size_t index = 0;

	if (node == JSON_NONE || !load_list(l, node, node, path))
		return;
	when->days = 0;
	for (uint32_t e = json_first(&l->doc, node); e != JSON_NONE;
	     e = json_next(&l->doc, node, e)) {
		struct path at = path_index(path, index++);
		size_t day = 0;

		while (day < DAYS && !text_is(json_string(&l->doc, e), days[day]))
			day++;
		if (day == DAYS)
			load_error(l, e, &at, "a day is due: mon, tue, wed, thu, fri, sat or sun");
		else if ((when->days & (1u << day)) != 0)
			load_error(l, e, &at, "the day stands twice");
		else
			when->days |= (uint8_t)(1u << day);
	}
}

static void read_utc(struct loader *l, uint32_t node, const struct path *path,
                     struct book_when *when)
{
	static const char *const keys[] = { "from", "to", "days", NULL };
	uint32_t from, to, days;
	struct path at;

	if (node == JSON_NONE || !load_object(l, node, node, path, keys, LOAD_STRICT))
		return;
	from = load_member(l, node, "from");
	to = load_member(l, node, "to");
	days = load_member(l, node, "days");
	when->has |= WHEN_UTC;
	if ((from == JSON_NONE) != (to == JSON_NONE) || (from == JSON_NONE && days == JSON_NONE)) {
		load_error(l, node, path, "from and to are due, or days, or all three");
		return;
	}
	if (from != JSON_NONE && (!read_clock(json_string(&l->doc, from), &when->utc_from) ||
	                          !read_clock(json_string(&l->doc, to), &when->utc_to)))
		load_error(l, node, path,
		           "from and to are times of the day, UTC, like \"16:30\" and \"00:30\"");
	else if (from != JSON_NONE && when->utc_from == when->utc_to)
		load_error(l, node, path,
		           "from and to are the same: leave both out for the whole day");
	at = path_key(path, "days");
	read_days(l, days, &at, when);
}

/* A tier stands in a book as book_tier() says it: every other word would never hold. */
static void read_tier(struct loader *l, uint32_t node, const struct path *path,
                      struct book_when *when)
{
	char room[BOOK_TIER_BYTES];
	struct text said;

	if (node == JSON_NONE)
		return;
	when->has |= WHEN_TIER;
	if (!load_name(l, node, node, path, &when->tier))
		return;
	said = book_tier(when->tier, room);
	if (!text_equal(said, when->tier))
		load_error(l, node, path, "this tier is written \"%.*s\"", TEXT_ARGS(said));
}

static void read_number(struct loader *l, uint32_t node, const struct path *path,
                        const struct kind_key *key, struct book_when *when)
{
	if (!json_integer(&l->doc, node, &when->number) || when->number < 1 ||
	    when->number > NUMBER_MAX)
		load_error(l, node, path, "a whole number from 1 on is due");
	else if (key->components == BIT(CACHE_WRITE) &&
	         (when->number == TTL_5M || when->number == TTL_1H))
		load_error(l, node, path, "%lld seconds are the component %s",
		           (long long)when->number,
		           when->number == TTL_5M ? "cache_write_5m" : "cache_write_1h");
}

static void read_kind_word(struct loader *l, uint32_t node, const struct path *path,
                           struct text *out)
{
	if (load_name(l, node, node, path, out) && out->len >= KIND_WORD_BYTES)
		load_error(l, node, path, "at most %d bytes", KIND_WORD_BYTES - 1);
}

static void read_kind(struct loader *l, uint32_t node, const struct path *path,
                      const struct kind_key *key, enum component component, struct book_when *when)
{
	enum json_type type = json_type_of(&l->doc, node);

	if ((key->components & (1u << component)) == 0) {
		load_error(l, node, path, "%s", key->due);
		return;
	}
	when->has |= key->has;
	if (key->has == WHEN_NUMBER)
		read_number(l, node, path, key, when);
	else if (key->has == WHEN_SIZE)
		read_kind_word(l, node, path, &when->size);
	else if (key->has == WHEN_QUALITY)
		read_kind_word(l, node, path, &when->quality);
	else if (strcmp(key->key, "kind") == 0)
		read_kind_word(l, node, path, &when->kind);
	else if (type == JSON_TRUE || type == JSON_FALSE)
		when->kind = text_of(type == JSON_TRUE ? KIND_IMPLICIT : KIND_EXPLICIT);
	else
		load_error(l, node, path, "true or false is due");
}

/* Of an entry of that component; COMPONENT_COUNT: of one that has no kinds. */
static void read_when(struct loader *l, uint32_t node, const struct path *path,
                      enum component component, struct book_when *when)
{
	static const char *const keys[] = { "context", "tier",        "region",   "utc",
		                            "size",    "quality",     "steps",    "resolution",
		                            "kind",    "ttl_seconds", "implicit", NULL };
	static const char *const request_keys[] = { "context", "tier", "region", "utc", NULL };
	struct path at;

	when->days = WEEKDAYS_ALL;
	if (node == JSON_NONE ||
	    !load_object(l, node, node, path, component == COMPONENT_COUNT ? request_keys : keys,
	                 LOAD_STRICT))
		return;
	at = path_key(path, "context");
	read_context(l, load_member(l, node, "context"), &at, when);
	at = path_key(path, "tier");
	read_tier(l, load_member(l, node, "tier"), &at, when);
	at = path_key(path, "utc");
	read_utc(l, load_member(l, node, "utc"), &at, when);
	at = path_key(path, "region");
	if (load_member(l, node, "region") != JSON_NONE) {
		load_name(l, load_member(l, node, "region"), node, &at, &when->region);
		when->has |= WHEN_REGION;
	}
	for (size_t i = 0;
	     component != COMPONENT_COUNT && i < sizeof(kind_keys) / sizeof(kind_keys[0]); i++) {
		uint32_t value = load_member(l, node, kind_keys[i].key);

		at = path_key(path, kind_keys[i].key);
		if (value != JSON_NONE)
			read_kind(l, value, &at, &kind_keys[i], component, when);
	}
}

/* The text of a price; false: an error was noted. */
static bool read_amount(struct loader *l, uint32_t node, uint32_t parent, const struct path *path,
                        struct text *out)
{
	*out = json_string(&l->doc, node);
	if (out->at != NULL)
		return true;
	if (json_type_of(&l->doc, node) == JSON_NUMBER)
		load_error(l, node, path, "a price is a string: write \"%.*s\"",
		           TEXT_ARGS(l->doc.nodes[node].text));
	else
		load_error(l, node != JSON_NONE ? node : parent, path,
		           node != JSON_NONE ? "a decimal string is due" : "missing");
	return false;
}

static void read_megapixels(struct loader *l, uint32_t object, const struct path *path,
                            struct book_rate *rate)
{
	uint32_t node = load_member(l, object, "megapixels");
	uint32_t price = load_member(l, object, "per_megapixel");
	struct text word = json_string(&l->doc, node);
	struct path at = path_key(path, price != JSON_NONE ? "per_megapixel" : "megapixels");

	if (price == JSON_NONE) {
		if (node != JSON_NONE)
			load_error(l, node, &at, "it belongs to per_megapixel");
		return;
	}
	rate->megapixels = MEGAPIXELS_EXACT;
	if ((IMAGES & (1u << rate->component)) == 0)
		load_error(l, price, &at, "only images_in and images_out have it");
	at = path_key(path, "megapixels");
	if (text_is(word, "up"))
		rate->megapixels = MEGAPIXELS_UP;
	else if (text_is(word, "nearest"))
		rate->megapixels = MEGAPIXELS_NEAREST;
	else if (node != JSON_NONE && !text_is(word, "exact"))
		load_error(l, node, &at, "\"exact\", \"up\" or \"nearest\" is due");
}

static void read_price(struct loader *l, uint32_t node, const struct path *path,
                       struct book_rate *rate)
{
	static const struct {
		const char *key;
		int64_t units;
	} prices[] = { { "per_million", PER_MILLION }, { "each", 1 }, { "per_megapixel", 1 } };
	uint32_t price = JSON_NONE;
	struct fault fault = { .code = FAULT_NONE };
	struct path at;
	struct text text;
	size_t given = 0;

	read_megapixels(l, node, path, rate);
	for (size_t i = 0; i < sizeof(prices) / sizeof(prices[0]); i++) {
		uint32_t value = load_member(l, node, prices[i].key);

		if (value == JSON_NONE)
			continue;
		given++;
		price = value;
		rate->per_units = prices[i].units;
		at = path_key(path, prices[i].key);
	}
	if (given != 1) {
		load_error(l, node, path,
		           "exactly one of per_million, each and per_megapixel is due");
		return;
	}
	/* Every pixel counts: what is divided is the price of 1 000 000 of them. */
	if (rate->megapixels == MEGAPIXELS_EXACT)
		rate->per_units = PER_MILLION;
	if (!read_amount(l, price, node, &at, &text))
		return;
	if (rate_parse(text, rate->per_units, &rate->rate, &fault) < 0)
		load_error(l, price, &at, "%s", fault.text);
	else if (rate->per_units == PER_MILLION && rate->megapixels == MEGAPIXELS_NONE &&
	         component_info[rate->component].unit != UNIT_TOKEN)
		load_error(l, price, &at,
		           "%s is not counted in tokens: give its price with \"each\"",
		           component_info[rate->component].key);
}

static bool read_rate(struct loader *l, uint32_t node, const struct path *path,
                      struct book_rate *rate)
{
	static const char *const keys[] = { "component",  "per_million", "each", "per_megapixel",
		                            "megapixels", "when",        NULL };
	uint32_t component;
	struct path at;

	*rate = (struct book_rate){ .component = COMPONENT_COUNT };
	if (!load_object(l, node, node, path, keys, LOAD_STRICT))
		return false;
	component = load_member(l, node, "component");
	rate->component = component_find(json_string(&l->doc, component));
	if (rate->component == COMPONENT_COUNT) {
		at = path_key(path, "component");
		load_error(l, component != JSON_NONE ? component : node, &at,
		           component != JSON_NONE ? "no such component" : "missing");
		return false;
	}
	read_price(l, node, path, rate);
	at = path_key(path, "when");
	read_when(l, load_member(l, node, "when"), &at, rate->component, &rate->when);
	return true;
}

bool book_when_equal(const struct book_when *a, const struct book_when *b)
{
	return a->has == b->has && a->context_test == b->context_test &&
	       a->context_tokens == b->context_tokens && text_equal(a->tier, b->tier) &&
	       text_equal(a->region, b->region) && a->utc_from == b->utc_from &&
	       a->utc_to == b->utc_to && a->days == b->days && text_equal(a->size, b->size) &&
	       text_equal(a->quality, b->quality) && text_equal(a->kind, b->kind) &&
	       a->number == b->number;
}

/* One by the megapixel also asks for a size it can read. */
static bool same_entry(const struct book_rate *a, const struct book_rate *b)
{
	return a->component == b->component &&
	       (a->megapixels == MEGAPIXELS_NONE) == (b->megapixels == MEGAPIXELS_NONE) &&
	       book_when_equal(&a->when, &b->when);
}

/* By component, those of one in the order of the book. */
static void sort_card(struct loader *l, struct book_rate *read, size_t count,
                      struct book_card *card)
{
	struct book_rate *rates = load_take(l, count, sizeof(*rates));
	struct book_quick *quick = load_take(l, count, sizeof(*quick));
	size_t placed = 0;

	if (rates == NULL || quick == NULL)
		return;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		card->first[c] = (uint16_t)placed;
		for (size_t i = 0; i < count; i++) {
			if (read[i].component == (enum component)c)
				rates[placed++] = read[i];
		}
	}
	card->first[COMPONENT_COUNT] = (uint16_t)placed;
	for (size_t i = 0; i < placed; i++) {
		card->asks |= rates[i].when.has;
		quick[i] = (struct book_quick){
			.attos_per_unit = rates[i].rate.attos_per_unit,
			.context_tokens = rates[i].when.context_tokens,
			.has = (uint8_t)rates[i].when.has,
			.context_test = (uint8_t)rates[i].when.context_test,
			.megapixels = (uint8_t)rates[i].megapixels,
		};
	}
	card->quick = quick;
	card->rates = rates;
	card->rate_count = placed;
}

void load_card(struct loader *l, uint32_t list, const struct path *path, struct book_card *card)
{
	size_t elements = l->doc.nodes[list].count, count = 0, index = 0;
	struct book_rate *read;

	if (elements > BOOK_RATES_MAX) {
		load_error(l, list, path, "at most %d entries", BOOK_RATES_MAX);
		return;
	}
	read = load_take(l, elements, sizeof(*read));
	if (read == NULL)
		return;
	for (uint32_t e = json_first(&l->doc, list); e != JSON_NONE;
	     e = json_next(&l->doc, list, e), index++) {
		struct path at = path_index(path, index);
		struct book_rate *rate = &read[count];
		size_t errors = l->error_count;

		if (!read_rate(l, e, &at, rate))
			continue;
		/* What could not be read is not compared. */
		for (size_t i = 0; i < count && l->error_count == errors; i++) {
			if (same_entry(&read[i], rate))
				load_error(l, e, &at,
				           "the same component and conditions as an entry before");
		}
		count++;
	}
	sort_card(l, read, count, card);
}

/* A decimal number that may be negative: numerator / 10^decimals. */
static bool read_decimal(struct text t, struct book_factor *out)
{
	size_t i = t.len > 0 && t.at[0] == '-' ? 1 : 0;
	struct book_factor factor = { .text = t };
	bool point = false, digit = false;

	if (t.len > 0 && t.at[t.len - 1] == '.')
		return false;
	while (memchr(t.at, '.', t.len) != NULL && t.len > 0 && t.at[t.len - 1] == '0')
		t.len--;
	for (; i < t.len; i++) {
		if (t.at[i] == '.' && digit && !point) {
			point = true;
			continue;
		}
		if (t.at[i] < '0' || t.at[i] > '9' ||
		    __builtin_mul_overflow(factor.numerator, 10, &factor.numerator))
			return false;
		factor.numerator += t.at[i] - '0';
		factor.decimals += point ? 1 : 0;
		digit = true;
	}
	if (!digit || factor.decimals > BOOK_FACTOR_DECIMALS_MAX || factor.numerator > INT64_MAX)
		return false;
	if (t.at[0] == '-')
		factor.numerator = -factor.numerator;
	*out = factor;
	return true;
}

static bool read_factor(struct loader *l, uint32_t node, uint32_t parent, const struct path *path,
                        struct book_factor *out)
{
	struct text text;

	if (!read_amount(l, node, parent, path, &text))
		return false;
	if (!read_decimal(text, out)) {
		load_error(l, node, path, "a decimal number with at most %d decimals is due",
		           BOOK_FACTOR_DECIMALS_MAX);
		return false;
	}
	out->text = arena_copy(&l->book->arena, text);
	l->no_memory = l->no_memory || out->text.at == NULL;
	return out->text.at != NULL;
}

/* The components that a multiplier is for; absent: all. */
static uint32_t read_components(struct loader *l, uint32_t node, const struct path *path)
{
	uint32_t components = 0;
	size_t index = 0;

	if (node == JSON_NONE)
		return (1u << COMPONENT_COUNT) - 1;
	if (!load_list(l, node, node, path))
		return 0;
	for (uint32_t e = json_first(&l->doc, node); e != JSON_NONE;
	     e = json_next(&l->doc, node, e)) {
		struct path at = path_index(path, index++);
		enum component component = component_find(json_string(&l->doc, e));

		if (component == COMPONENT_COUNT)
			load_error(l, e, &at, "the name of a component is due");
		else if ((components & (1u << component)) != 0)
			load_error(l, e, &at, "it stands twice");
		else
			components |= 1u << component;
	}
	return components;
}

void load_multipliers(struct loader *l, uint32_t list, const struct path *path,
                      struct book_version *version)
{
	static const char *const keys[] = { "multiply", "components", "when", NULL };
	struct book_multiplier *read;
	size_t index = 0;

	if (list == JSON_NONE || !load_list(l, list, list, path))
		return;
	if (l->doc.nodes[list].count > BOOK_MULTIPLIERS_MAX) {
		load_error(l, list, path, "at most %d entries", BOOK_MULTIPLIERS_MAX);
		return;
	}
	read = load_take(l, l->doc.nodes[list].count, sizeof(*read));
	version->multipliers = read;
	for (uint32_t e = json_first(&l->doc, list); read != NULL && e != JSON_NONE;
	     e = json_next(&l->doc, list, e)) {
		struct path entry = path_index(path, index++), at = path_key(&entry, "multiply");
		struct book_multiplier *new = &read[version->multiplier_count];

		if (!load_object(l, e, e, &entry, keys, LOAD_STRICT) ||
		    !read_factor(l, load_member(l, e, "multiply"), e, &at, &new->factor))
			continue;
		if (new->factor.numerator < 0)
			load_error(l, e, &at, "a multiplier is not negative");
		at = path_key(&entry, "components");
		new->components = read_components(l, load_member(l, e, "components"), &at);
		at = path_key(&entry, "when");
		read_when(l, load_member(l, e, "when"), &at, COMPONENT_COUNT, &new->when);
		for (size_t i = 0; i < version->multiplier_count; i++) {
			if (read[i].components == new->components &&
			    book_when_equal(&read[i].when, &new->when))
				load_error(l, e, &entry,
				           "the same components and conditions as an entry before");
		}
		version->asks |= new->when.has;
		version->multiplier_count++;
	}
}

void load_minimums(struct loader *l, uint32_t list, const struct path *path,
                   struct book_version *version)
{
	static const char *const keys[] = { "charge", "when", NULL };
	struct book_minimum *read;
	size_t index = 0;

	if (list == JSON_NONE || !load_list(l, list, list, path))
		return;
	if (l->doc.nodes[list].count > BOOK_MINIMUMS_MAX) {
		load_error(l, list, path, "at most %d entries", BOOK_MINIMUMS_MAX);
		return;
	}
	read = load_take(l, l->doc.nodes[list].count, sizeof(*read));
	version->minimums = read;
	for (uint32_t e = json_first(&l->doc, list); read != NULL && e != JSON_NONE;
	     e = json_next(&l->doc, list, e)) {
		struct path entry = path_index(path, index++), at = path_key(&entry, "charge");
		struct book_minimum *new = &read[version->minimum_count];
		struct fault fault = { .code = FAULT_NONE };
		struct rate charge = { 0 };
		struct text text;

		if (!load_object(l, e, e, &entry, keys, LOAD_STRICT) ||
		    !read_amount(l, load_member(l, e, "charge"), e, &at, &text))
			continue;
		if (rate_parse(text, 1, &charge, &fault) < 0)
			load_error(l, e, &at, "%s", fault.text);
		else if (rate_times(charge, 1, &new->charge) < 0)
			load_error(l, e, &at, "larger than an amount can be");
		at = path_key(&entry, "when");
		read_when(l, load_member(l, e, "when"), &at, COMPONENT_COUNT, &new->when);
		for (size_t i = 0; i < version->minimum_count; i++) {
			if (book_when_equal(&read[i].when, &new->when))
				load_error(l, e, &entry, "the same conditions as an entry before");
		}
		version->asks |= new->when.has;
		version->minimum_count++;
	}
}

void load_discount(struct loader *l, uint32_t object, const struct path *path,
                   struct book_factor *factor_out, bool *to_user_out)
{
	uint32_t percent = load_member(l, object, "discount_percent");
	uint32_t to_user = to_user_out != NULL ? load_member(l, object, "discount_to_user")
	                                       : JSON_NONE;
	uint32_t node = percent != JSON_NONE ? percent : to_user;
	struct path at = path_key(path, node == percent ? "discount_percent" : "discount_to_user");
	struct book_factor discount;
	wide one = 1;

	if (node == JSON_NONE)
		return;
	if (percent != JSON_NONE && to_user != JSON_NONE) {
		load_error(l, object, path,
		           "one of discount_percent and discount_to_user, not both");
		return;
	}
	if (!read_factor(l, node, object, &at, &discount))
		return;
	if (node == percent)
		discount.decimals += 2;
	for (unsigned i = 0; i < discount.decimals; i++)
		one *= 10;
	discount.numerator = one - discount.numerator;
	if (discount.numerator <= 0)
		load_error(l, node, &at, "less than the whole price is due: %s",
		           node == percent ? "below 100" : "below 1");
	/* 1 - 0.10 is 0.9: fewer decimals leave more to the price. */
	while (discount.decimals > 0 && discount.numerator % 10 == 0) {
		discount.numerator /= 10;
		discount.decimals--;
	}
	*factor_out = discount;
	if (to_user_out != NULL)
		*to_user_out = node == to_user;
}

/* Of the multipliers that are for any of these components. */
static unsigned decimals_of(const struct book_version *version, uint32_t components)
{
	unsigned decimals = 0;

	for (size_t i = 0; i < version->multiplier_count; i++) {
		if ((version->multipliers[i].components & components) != 0)
			decimals += version->multipliers[i].factor.decimals;
	}
	return decimals;
}

void load_decimals(const struct book_version *version, unsigned decimals_out[COMPONENT_COUNT])
{
	for (int c = 0; c < COMPONENT_COUNT; c++)
		decimals_out[c] = decimals_of(version, 1u << c);
	/* What is priced as another takes the multipliers of both to the price of that one. */
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		unsigned as = version->same_as[c];
		unsigned both = decimals_of(version, (1u << c) | (1u << as));

		if (!book_version_has(version, (enum component)c) && both > decimals_out[as])
			decimals_out[as] = both;
	}
}

/* How many zeros an integer ends with, at most `most`. */
static unsigned zeros(wide n, unsigned most)
{
	unsigned count = 0;

	while (n != 0 && count < most && n % 10 == 0) {
		n /= 10;
		count++;
	}
	return n != 0 ? count : most;
}

void load_check_exact(struct loader *l, uint32_t node, const struct path *path,
                      const struct book_card *card, const unsigned most[COMPONENT_COUNT])
{
	for (size_t i = 0; i < card->rate_count; i++) {
		const struct book_rate *rate = &card->rates[i];
		unsigned decimals = most[rate->component];
		unsigned room = decimals > 0 ? zeros(rate->rate.attos_per_unit, decimals) : 0;
		char price[MONEY_TEXT_BYTES];

		if (room >= decimals)
			continue;
		rate_text(rate->rate, rate->per_units, price);
		load_error(l, node, path,
		           "%s at %s leaves room for %u more decimals a unit, and its multipliers "
		           "and discounts can take %u: a charge could not be exact",
		           component_info[rate->component].key, price, room, decimals);
	}
}
