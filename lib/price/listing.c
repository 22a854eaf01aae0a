/* Checking and reading the facts of a listing. */
#include "price/listing.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/moment.h"
#include "money/money.h"

enum shape {
	SHAPE_TEXT,
	SHAPE_PROSE,
	SHAPE_DATE,
	SHAPE_MONTH,
	SHAPE_HOUR,
	SHAPE_COUNT,
	SHAPE_SECONDS,
	SHAPE_FLAG,
	SHAPE_QUANTIZATION,
	SHAPE_INPUTS,
	SHAPE_OUTPUTS,
	SHAPE_FEATURES,
	SHAPE_LANGUAGES,
	SHAPE_PARAMETERS,
	SHAPE_CAPACITY,
	SHAPE_DATACENTERS,
	SHAPE_COMPLIANCE,
	SHAPES,
};

const struct listing_fact_info listing_fact_info[LISTING_FACT_COUNT] = {
#define L(NAME, key, SHAPE, V24, LEGACY, what) { key, LISTING_##V24, LISTING_##LEGACY, what },
#include "price/listing.def"
#undef L
};

static const enum shape fact_shape[LISTING_FACT_COUNT] = {
#define L(NAME, key, SHAPE, V24, LEGACY, what) SHAPE_##SHAPE,
#include "price/listing.def"
#undef L
};

/* Lists of words, as the schema 2.4 has them; features: the flat form's, and ours. */
static const char *const quantizations[] = { "int4", "int8",  "fp4",  "mxfp4", "nvfp4", "fp6",
	                                     "fp8",  "mxfp8", "fp16", "bf16",  "fp32",  NULL };
static const char *const inputs[] = { "text", "image", "audio", "video", "file", NULL };
static const char *const outputs[] = { "text",   "image",  "audio",         "video", "embeddings",
	                               "rerank", "speech", "transcription", NULL };
static const char *const features[] = { "tools",     "json_mode", "structured_outputs",
	                                "vision",    "streaming", "system_messages",
	                                "reasoning", "logprobs",  "web_search",
	                                NULL };
static const char *const windows[] = { "minute", "hour", "day", NULL };
static const char *const descriptor_units[] = { "second", "pixel",     "byte",
	                                        "token",  "character", NULL };
static const char *const input_units[] = { "token",  "image",     "megapixel",
	                                   "second", "character", NULL };
static const char *const output_units[] = { "token",     "image",   "megapixel", "second",
	                                    "character", "request", NULL };
static const char *const request_units[] = { "request", NULL };
static const char *const search_units[] = { "search", NULL };

/* What is limited, and what it is counted in. */
static const struct {
	const char *type;
	const char *const *units;
	bool has_window;
} capacities[] = {
	{ "prompt", input_units, true },
	{ "cached_prompt", input_units, true },
	{ "cache_write", input_units, true },
	{ "completion", output_units, true },
	{ "internal_reasoning", output_units, true },
	{ "request", request_units, true },
	{ "web_search", search_units, true },
	{ "concurrency", request_units, false },
};

enum {
	HAS_LIMITS = 1 << 0, /* min, max */
	HAS_UNIT = 1 << 1,
	HAS_VALUES = 1 << 2,
	HAS_ITEMS = 1 << 3, /* items, max_items */
	HAS_PROPERTIES = 1 << 4,
};

/* ParameterDescriptor: what each type has beside "default". */
static const struct {
	const char *type;
	unsigned has;
} descriptors[] = {
	{ "range", HAS_LIMITS | HAS_UNIT },
	{ "integer", HAS_LIMITS | HAS_UNIT },
	{ "boolean", 0 },
	{ "enum", HAS_VALUES },
	{ "array", HAS_ITEMS },
	{ "object", HAS_PROPERTIES },
	{ "unknown", 0 },
};

struct check {
	const struct json *doc;
	listing_error_fn *error;
	void *user;
};

struct place {
	char text[LISTING_PATH_BYTES];
};

__attribute__((format(printf, 2, 3))) static struct place below(const struct place *base,
                                                                const char *format, ...)
{
	struct place place = *base;
	size_t len = strlen(place.text);
	va_list args;

	va_start(args, format);
	vsnprintf(place.text + len, sizeof(place.text) - len, format, args);
	va_end(args);
	/* Keys are the book's: a newline in one must not look like another error. */
	text_make_plain(place.text + len, strlen(place.text + len));
	return place;
}

__attribute__((format(printf, 4, 5))) static void
wrong(const struct check *c, uint32_t node, const struct place *place, const char *format, ...)
{
	char what[LISTING_PATH_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	c->error(c->user, node, place->text, what);
}

static bool is_word(const char *const *words, struct text t)
{
	for (size_t i = 0; words[i] != NULL; i++) {
		if (text_is(t, words[i]))
			return true;
	}
	return false;
}

/* "one of a, b, c is due" */
static void not_of(const struct check *c, uint32_t node, const struct place *place,
                   const char *const *words)
{
	char list[LISTING_PATH_BYTES - 32];
	size_t len = 0;

	list[0] = '\0';
	for (size_t i = 0; words[i] != NULL && len < sizeof(list); i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", i > 0 ? ", " : "",
		                        words[i]);
	wrong(c, node, place, "one of %s is due", list);
}

static void check_word(const struct check *c, uint32_t node, const struct place *place,
                       const char *const *words)
{
	struct text t = json_string(c->doc, node);

	if (t.at == NULL || !is_word(words, t))
		not_of(c, node, place, words);
}

static void check_count(const struct check *c, uint32_t node, const struct place *place,
                        int64_t least)
{
	int64_t n;

	if (!json_integer(c->doc, node, &n) || n < least || n > LISTING_COUNT_MAX)
		wrong(c, node, place, "a whole number from %lld to %lld is due", (long long)least,
		      (long long)LISTING_COUNT_MAX);
}

static void check_flag(const struct check *c, uint32_t node, const struct place *place)
{
	enum json_type type = json_type_of(c->doc, node);

	if (type != JSON_TRUE && type != JSON_FALSE)
		wrong(c, node, place, "true or false is due");
}

static void check_text(const struct check *c, uint32_t node, const struct place *place)
{
	struct text t = json_string(c->doc, node);

	if (t.at == NULL)
		wrong(c, node, place, "a string is due");
	else if (t.len == 0 || t.len > LISTING_TEXT_BYTES_MAX || !text_plain(t))
		wrong(c, node, place, "1 to %d bytes without control characters are due",
		      LISTING_TEXT_BYTES_MAX);
}

/* Text in lines. */
static void check_prose(const struct check *c, uint32_t node, const struct place *place)
{
	struct text rest = json_string(c->doc, node), line;
	bool good = rest.at != NULL && rest.len > 0 && rest.len <= LISTING_PROSE_BYTES_MAX;

	while (good && text_cut(&rest, '\n', &line))
		good = text_plain(line);
	if (!good)
		wrong(c, node, place, "1 to %d bytes of text are due", LISTING_PROSE_BYTES_MAX);
}

/* "2026-07-31", also "2026-07" of a month and "2026-07-31T15:00:00Z" of an hour. */
static void check_day(const struct check *c, uint32_t node, const struct place *place,
                      enum shape shape)
{
	enum { MONTH_LEN = 7, DATE_LEN = 10, HOUR_LEN = 20 };
	struct text t = json_string(c->doc, node);
	int64_t ms;
	bool good = t.at != NULL && moment_parse_date(t, &ms);

	if (t.len == MONTH_LEN)
		good = good && shape == SHAPE_MONTH;
	else if (t.len == HOUR_LEN)
		good = good && shape == SHAPE_HOUR && t.at[DATE_LEN] == 'T' &&
		       memcmp(t.at + DATE_LEN + 3, ":00:00Z", 7) == 0;
	else
		good = good && t.len == DATE_LEN;
	if (!good)
		wrong(c, node, place, "a date is due, like \"2026-07-31\"%s",
		      shape == SHAPE_MONTH  ? " or \"2026-07\""
		      : shape == SHAPE_HOUR ? " or \"2026-07-31T15:00:00Z\""
		                            : "");
}

static bool is_list(const struct check *c, uint32_t node, const struct place *place)
{
	if (json_type_of(c->doc, node) != JSON_ARRAY || json_first(c->doc, node) == JSON_NONE)
		wrong(c, node, place, "an array of at least one element is due");
	else if (c->doc->nodes[node].count > LISTING_ELEMENTS_MAX)
		wrong(c, node, place, "at most %d elements", LISTING_ELEMENTS_MAX);
	else
		return true;
	return false;
}

/* An element that stood in the list before is told. */
static void check_once(const struct check *c, uint32_t list, uint32_t element,
                       const struct place *place)
{
	uint64_t hash = json_hash(c->doc, element);

	for (uint32_t e = json_first(c->doc, list); e != element; e = json_next(c->doc, list, e)) {
		if (json_hash(c->doc, e) == hash) {
			wrong(c, element, place, "stands in the list already");
			return;
		}
	}
}

/* "en", "pt-BR", "es-419": RFC 5646 in outline, parts of 2 to 8, the first of letters. */
static bool is_language(struct text t)
{
	size_t part = 0;
	bool first = true;

	for (size_t i = 0; i < t.len; i++) {
		char at = t.at[i];
		bool letter = (at >= 'a' && at <= 'z') || (at >= 'A' && at <= 'Z');
		bool digit = at >= '0' && at <= '9';

		if (at == '-' && part >= 2) {
			part = 0;
			first = false;
		} else if ((!letter && (!digit || first)) || part++ == 8) {
			return false;
		}
	}
	return part >= 2 && t.len <= LISTING_TEXT_BYTES_MAX;
}

static void check_words(const struct check *c, uint32_t list, const struct place *place,
                        const char *const *words)
{
	size_t index = 0;

	if (!is_list(c, list, place))
		return;
	for (uint32_t e = json_first(c->doc, list); e != JSON_NONE;
	     e = json_next(c->doc, list, e)) {
		struct place at = below(place, "[%zu]", index++);

		if (words != NULL)
			check_word(c, e, &at, words);
		else if (!is_language(json_string(c->doc, e)))
			wrong(c, e, &at, "a language is due, like \"en\" or \"pt-BR\"");
		check_once(c, list, e, &at);
	}
}

/* Every key must be one of these; true: it is an object. */
static bool check_keys(const struct check *c, uint32_t node, const struct place *place,
                       const char *const *keys)
{
	if (json_type_of(c->doc, node) != JSON_OBJECT) {
		wrong(c, node, place, "an object is due");
		return false;
	}
	for (uint32_t k = json_first(c->doc, node); k != JSON_NONE;
	     k = json_next(c->doc, node, k)) {
		struct text key = c->doc->nodes[k].text;
		struct place at = below(place, ".%.*s", key.len > 64 ? 64 : (int)key.len, key.at);

		if (!is_word(keys, key))
			wrong(c, k, &at, "no such key here");
	}
	return true;
}

/* --- parameters ------------------------------------------------------------ */

static void check_descriptor(const struct check *c, uint32_t node, const struct place *place,
                             unsigned depth);

static void check_named(const struct check *c, uint32_t node, const struct place *place,
                        unsigned depth)
{
	if (json_type_of(c->doc, node) != JSON_OBJECT) {
		wrong(c, node, place, "an object is due: the name of each, and what it takes");
		return;
	}
	for (uint32_t k = json_first(c->doc, node); k != JSON_NONE;
	     k = json_next(c->doc, node, k)) {
		struct text key = c->doc->nodes[k].text;
		struct place at = below(place, ".%.*s", key.len > 64 ? 64 : (int)key.len, key.at);

		if (key.len == 0 || key.len > 64 || !text_plain(key))
			wrong(c, k, &at, "a name has 1 to 64 bytes");
		check_descriptor(c, k + 1, &at, depth);
	}
}

static void check_limits(const struct check *c, uint32_t node, const struct place *place)
{
	static const char *const keys[] = { "min", "max" };
	struct money limits[2] = { { 0 }, { 0 } };
	bool read = true;

	for (size_t i = 0; i < 2; i++) {
		uint32_t limit = json_member(c->doc, node, keys[i]);
		struct place at = below(place, ".%s", keys[i]);

		if (limit != JSON_NONE && json_type_of(c->doc, limit) != JSON_NUMBER)
			wrong(c, limit, &at, "a number is due");
		/* One that is too fine or too large for it is a number all the same. */
		read = read && json_type_of(c->doc, limit) == JSON_NUMBER &&
		       money_parse_number(c->doc->nodes[limit].text, 0, &limits[i]) == 0;
	}
	if (read && money_compare(limits[0], limits[1]) > 0)
		wrong(c, node, place, "min is above max");
}

static bool is_scalar(const struct json *doc, uint32_t node, bool flags)
{
	enum json_type type = json_type_of(doc, node);

	return type == JSON_STRING || type == JSON_NUMBER ||
	       (flags && (type == JSON_TRUE || type == JSON_FALSE));
}

static void check_values(const struct check *c, uint32_t node, const struct place *place)
{
	uint32_t values = json_member(c->doc, node, "values");
	struct place list = below(place, ".values");
	size_t index = 0;

	if (values == JSON_NONE) {
		wrong(c, node, &list, "missing");
		return;
	}
	if (!is_list(c, values, &list))
		return;
	for (uint32_t e = json_first(c->doc, values); e != JSON_NONE;
	     e = json_next(c->doc, values, e)) {
		struct place at = below(&list, "[%zu]", index++);

		if (!is_scalar(c->doc, e, false))
			wrong(c, e, &at, "a string or a number is due");
		check_once(c, values, e, &at);
	}
}

static void check_members(const struct check *c, uint32_t node, const struct place *place,
                          unsigned has, unsigned depth)
{
	uint32_t fallback = json_member(c->doc, node, "default");
	uint32_t unit = json_member(c->doc, node, "unit");
	uint32_t items = json_member(c->doc, node, "items");
	uint32_t most = json_member(c->doc, node, "max_items");
	uint32_t properties = json_member(c->doc, node, "properties");
	struct place at = below(place, ".default");

	if (fallback != JSON_NONE && !is_scalar(c->doc, fallback, true))
		wrong(c, fallback, &at, "a string, a number, true or false is due");
	if (has & HAS_LIMITS)
		check_limits(c, node, place);
	at = below(place, ".unit");
	if ((has & HAS_UNIT) && unit != JSON_NONE)
		check_word(c, unit, &at, descriptor_units);
	if (has & HAS_VALUES)
		check_values(c, node, place);
	at = below(place, ".max_items");
	if ((has & HAS_ITEMS) && most != JSON_NONE)
		check_count(c, most, &at, 1);
	at = below(place, ".items");
	if ((has & HAS_ITEMS) && items != JSON_NONE)
		check_descriptor(c, items, &at, depth + 1);
	at = below(place, ".properties");
	if ((has & HAS_PROPERTIES) && properties == JSON_NONE)
		wrong(c, node, &at, "missing");
	else if (has & HAS_PROPERTIES)
		check_named(c, properties, &at, depth + 1);
}

/* The keys of a type, behind one another; ended by NULL. */
static void keys_of(unsigned has, const char *keys_out[8])
{
	size_t n = 0;

	keys_out[n++] = "type";
	keys_out[n++] = "default";
	if (has & HAS_LIMITS) {
		keys_out[n++] = "min";
		keys_out[n++] = "max";
	}
	if (has & HAS_UNIT)
		keys_out[n++] = "unit";
	if (has & HAS_VALUES)
		keys_out[n++] = "values";
	if (has & HAS_ITEMS) {
		keys_out[n++] = "items";
		keys_out[n++] = "max_items";
	}
	if (has & HAS_PROPERTIES)
		keys_out[n++] = "properties";
	keys_out[n] = NULL;
}

static void check_descriptor(const struct check *c, uint32_t node, const struct place *place,
                             unsigned depth)
{
	static const char *const types[] = { "range", "integer", "boolean", "enum",
		                             "array", "object",  "unknown", NULL };
	uint32_t type = json_member(c->doc, node, "type");
	struct place at = below(place, ".type");
	const char *keys[8];

	if (depth > LISTING_DEPTH_MAX) {
		wrong(c, node, place, "parameters stand in at most %d levels", LISTING_DEPTH_MAX);
		return;
	}
	if (json_type_of(c->doc, node) != JSON_OBJECT) {
		wrong(c, node, place, "an object with a \"type\" is due");
		return;
	}
	for (size_t i = 0; i < sizeof(descriptors) / sizeof(descriptors[0]); i++) {
		if (!text_is(json_string(c->doc, type), descriptors[i].type))
			continue;
		keys_of(descriptors[i].has, keys);
		check_keys(c, node, place, keys);
		check_members(c, node, place, descriptors[i].has, depth);
		return;
	}
	not_of(c, type != JSON_NONE ? type : node, &at, types);
}

/* --- capacity, data centres, compliance ------------------------------------ */

static void check_capacity_entry(const struct check *c, uint32_t node, const struct place *place)
{
	static const char *const keys[] = { "type", "unit", "per", "value", NULL };
	uint32_t type = json_member(c->doc, node, "type");
	uint32_t unit = json_member(c->doc, node, "unit");
	uint32_t per = json_member(c->doc, node, "per");
	uint32_t value = json_member(c->doc, node, "value");
	struct place at = below(place, ".value");

	if (!check_keys(c, node, place, keys))
		return;
	check_count(c, value != JSON_NONE ? value : node, &at, 1);
	for (size_t i = 0; i < sizeof(capacities) / sizeof(capacities[0]); i++) {
		if (!text_is(json_string(c->doc, type), capacities[i].type))
			continue;
		at = below(place, ".unit");
		check_word(c, unit != JSON_NONE ? unit : node, &at, capacities[i].units);
		at = below(place, ".per");
		if (capacities[i].has_window)
			check_word(c, per != JSON_NONE ? per : node, &at, windows);
		else if (per != JSON_NONE)
			wrong(c, per, &at, "concurrency has none");
		return;
	}
	at = below(place, ".type");
	wrong(c, type != JSON_NONE ? type : node, &at,
	      "one of prompt, cached_prompt, cache_write, completion, internal_reasoning, "
	      "request, web_search, concurrency is due");
}

/* Two entries that differ in their value alone. */
static bool same_limit(const struct json *doc, uint32_t a, uint32_t b)
{
	static const char *const keys[] = { "type", "unit", "per" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!text_equal(json_string(doc, json_member(doc, a, keys[i])),
		                json_string(doc, json_member(doc, b, keys[i]))))
			return false;
	}
	return true;
}

static void check_capacity(const struct check *c, uint32_t list, const struct place *place)
{
	size_t index = 0;

	if (!is_list(c, list, place))
		return;
	for (uint32_t e = json_first(c->doc, list); e != JSON_NONE;
	     e = json_next(c->doc, list, e)) {
		struct place at = below(place, "[%zu]", index++);

		check_capacity_entry(c, e, &at);
		for (uint32_t o = json_first(c->doc, list); o != e;
		     o = json_next(c->doc, list, o)) {
			if (same_limit(c->doc, o, e))
				wrong(c, e, &at, "the same type, unit and window stands twice");
		}
	}
}

static void check_datacenters(const struct check *c, uint32_t list, const struct place *place)
{
	static const char *const keys[] = { "country_code", "region", NULL };
	size_t index = 0;

	if (!is_list(c, list, place))
		return;
	for (uint32_t e = json_first(c->doc, list); e != JSON_NONE;
	     e = json_next(c->doc, list, e)) {
		struct place at = below(place, "[%zu]", index++);
		uint32_t country = json_member(c->doc, e, "country_code");
		uint32_t region = json_member(c->doc, e, "region");
		struct text code = json_string(c->doc, country);

		if (!check_keys(c, e, &at, keys))
			continue;
		check_once(c, list, e, &at);
		if (region != JSON_NONE) {
			struct place region_at = below(&at, ".region");

			check_text(c, region, &region_at);
		}
		at = below(&at, ".country_code");
		if (code.len != 2 || code.at[0] < 'A' || code.at[0] > 'Z' || code.at[1] < 'A' ||
		    code.at[1] > 'Z')
			wrong(c, country != JSON_NONE ? country : e, &at,
			      "two capital letters are due (ISO 3166), like \"US\"");
	}
}

static void check_compliance(const struct check *c, uint32_t node, const struct place *place)
{
	if (json_type_of(c->doc, node) != JSON_OBJECT) {
		wrong(c, node, place, "an object is due, like {\"zdr\": true}");
		return;
	}
	for (uint32_t k = json_first(c->doc, node); k != JSON_NONE;
	     k = json_next(c->doc, node, k)) {
		struct text key = c->doc->nodes[k].text;
		struct place at = below(place, ".%.*s", key.len > 64 ? 64 : (int)key.len, key.at);

		check_flag(c, k + 1, &at);
	}
}

/* --- the whole ------------------------------------------------------------- */

static const char *const *words_of(enum shape shape)
{
	switch (shape) {
	case SHAPE_QUANTIZATION:
		return quantizations;
	case SHAPE_INPUTS:
		return inputs;
	case SHAPE_OUTPUTS:
		return outputs;
	case SHAPE_FEATURES:
		return features;
	default:
		return NULL;
	}
}

const char *listing_word(enum listing_fact fact, size_t index)
{
	const char *const *words = words_of(fact_shape[fact]);

	for (size_t i = 0; words != NULL && words[i] != NULL; i++) {
		if (i == index)
			return words[i];
	}
	return NULL;
}

static void check_fact(const struct check *c, uint32_t node, const struct place *place,
                       enum shape shape)
{
	switch (shape) {
	case SHAPE_TEXT:
		check_text(c, node, place);
		break;
	case SHAPE_PROSE:
		check_prose(c, node, place);
		break;
	case SHAPE_DATE:
	case SHAPE_MONTH:
	case SHAPE_HOUR:
		check_day(c, node, place, shape);
		break;
	case SHAPE_COUNT:
		check_count(c, node, place, 1);
		break;
	case SHAPE_SECONDS:
		check_count(c, node, place, 0);
		break;
	case SHAPE_FLAG:
		check_flag(c, node, place);
		break;
	case SHAPE_QUANTIZATION:
		check_word(c, node, place, quantizations);
		break;
	case SHAPE_INPUTS:
	case SHAPE_OUTPUTS:
	case SHAPE_FEATURES:
	case SHAPE_LANGUAGES:
		check_words(c, node, place, words_of(shape));
		break;
	case SHAPE_PARAMETERS:
		check_named(c, node, place, 1);
		break;
	case SHAPE_CAPACITY:
		check_capacity(c, node, place);
		break;
	case SHAPE_DATACENTERS:
		check_datacenters(c, node, place);
		break;
	case SHAPE_COMPLIANCE:
		check_compliance(c, node, place);
		break;
	case SHAPES:
		break;
	}
}

static enum listing_fact find_fact(struct text key)
{
	for (int f = 0; f < LISTING_FACT_COUNT; f++) {
		if (text_is(key, listing_fact_info[f].key))
			return (enum listing_fact)f;
	}
	return LISTING_FACT_COUNT;
}

void listing_check(const struct json *doc, uint32_t node, listing_error_fn *error, void *user)
{
	struct check check = { doc, error, user };
	struct place root = { "" };

	if (json_type_of(doc, node) != JSON_OBJECT) {
		wrong(&check, node, &root, "an object is due");
		return;
	}
	for (uint32_t k = json_first(doc, node); k != JSON_NONE; k = json_next(doc, node, k)) {
		struct text key = doc->nodes[k].text;
		enum listing_fact fact = find_fact(key);
		struct place at = below(&root, ".%.*s", key.len > 64 ? 64 : (int)key.len, key.at);

		if (fact != LISTING_FACT_COUNT)
			check_fact(&check, k + 1, &at, fact_shape[fact]);
		else if (!text_is(key, "note"))
			wrong(&check, k, &at, "no such key here");
		else if (json_type_of(doc, k + 1) != JSON_STRING)
			wrong(&check, k, &at, "a string is due");
	}
}

static void count_error(void *user, uint32_t node, const char *path, const char *what)
{
	size_t *errors = user;

	(void)node;
	(void)path;
	(void)what;
	++*errors;
}

int listing_fits(const char *key, struct text json)
{
	struct buf object = { .at = NULL };
	struct json doc = { .nodes = NULL };
	size_t errors = 0;
	int r;

	buf_add_cstr(&object, "{");
	buf_add_json(&object, text_of(key));
	buf_add_cstr(&object, ":");
	buf_add_text(&object, json);
	buf_add_cstr(&object, "}");
	r = object.error != 0 ? -FAULT_NOMEM : json_parse(&doc, buf_text(&object), NULL);
	if (r == 0)
		listing_check(&doc, 0, count_error, &errors);
	json_release(&doc);
	buf_release(&object);
	return r == -FAULT_NOMEM ? r : r == 0 && errors == 0;
}

int listing_open(struct listing *listing, struct text json, struct fault *fault)
{
	int r = 0;

	*listing = (struct listing){ .root = JSON_NONE };
	if (json.at == NULL)
		return 0;
	r = json_parse(&listing->doc, json, fault);
	if (r == 0)
		listing->root = 0;
	else
		json_release(&listing->doc);
	return r;
}

void listing_release(struct listing *listing)
{
	json_release(&listing->doc);
}

uint32_t listing_node(const struct listing *listing, enum listing_fact fact)
{
	return json_member(&listing->doc, listing->root, listing_fact_info[fact].key);
}

struct text listing_text(const struct listing *listing, enum listing_fact fact)
{
	return json_string(&listing->doc, listing_node(listing, fact));
}

bool listing_count(const struct listing *listing, enum listing_fact fact, int64_t *out)
{
	return json_integer(&listing->doc, listing_node(listing, fact), out);
}

bool listing_has(const struct listing *listing, enum listing_fact fact, const char *word)
{
	const struct json *doc = &listing->doc;
	uint32_t list = listing_node(listing, fact);

	for (uint32_t e = json_first(doc, list); e != JSON_NONE; e = json_next(doc, list, e)) {
		if (text_is(json_string(doc, e), word))
			return true;
	}
	return false;
}
