/*
 * Reading a price book.  It is refused whole: every error is collected with its line
 * and path, because a typo in a price list costs money.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/moment.h"
#include "price/book_internal.h"

enum {
	FORMAT_VERSION = 1,
	PATH_BYTES = 256,
	CURRENCY_LEN = 3,
	NAME_BYTES_MAX = 256,
	SLOTS_MIN = 64,
};

#define PER_MILLION INT64_C(1000000)
#define CONTEXT_MAX INT64_C(1000000000000)

struct loader {
	struct book *book;
	struct json doc;
	struct text json;
	struct buf *errors;
	size_t error_count;
	char first[FAULT_TEXT_BYTES / 2];
	bool no_memory;
	/* Book-wide "as". */
	enum component same_as[COMPONENT_COUNT];
};

/* Where we are: "models[3].versions[0]", written as we go down. */
struct path {
	char text[PATH_BYTES];
};

__attribute__((format(printf, 2, 3))) static struct path path_add(struct path base,
                                                                  const char *format, ...)
{
	size_t len = strlen(base.text);
	va_list args;

	va_start(args, format);
	vsnprintf(base.text + len, sizeof(base.text) - len, format, args);
	va_end(args);
	/* Keys are the book's: a newline in one must not look like another error. */
	for (char *c = base.text + len; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
	return base;
}

__attribute__((format(printf, 4, 5))) static void
error_at(struct loader *l, uint32_t node, const struct path *path, const char *format, ...)
{
	const char *where = path->text[0] != '\0' ? path->text : "book";
	char what[FAULT_TEXT_BYTES / 2];
	unsigned line;
	va_list args;

	/* Finding a line reads the book from its start: not for errors that nobody is told. */
	if (l->error_count++ >= BOOK_ERRORS_MAX)
		return;
	line = json_line(l->json, l->doc.nodes[node].position);
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	if (l->error_count == 1)
		snprintf(l->first, sizeof(l->first), "line %u: %.100s: %.120s", line, where, what);
	if (l->errors != NULL)
		buf_addf(l->errors, "line %u: %s: %s\n", line, where, what);
}

static uint32_t member(struct loader *l, uint32_t object, const char *key)
{
	return json_member(&l->doc, object, key);
}

/* Every key must be in `allowed` (ended by NULL); "note" always is. */
static void check_keys(struct loader *l, uint32_t object, const struct path *path,
                       const char *const *allowed)
{
	const struct json *doc = &l->doc;

	for (uint32_t k = json_first(doc, object); k != JSON_NONE; k = json_next(doc, object, k)) {
		struct text key = doc->nodes[k].text;
		bool known = text_is(key, "note");
		struct path at = *path;

		for (size_t i = 0; allowed[i] != NULL; i++)
			known = known || text_is(key, allowed[i]);
		if (!known) {
			at = path_add(at, "%s%.*s", path->text[0] != '\0' ? "." : "",
			              key.len > 64 ? 64 : (int)key.len, key.at);
			error_at(l, k, &at, "no such key here");
		} else if (text_is(key, "note") && json_type_of(doc, k + 1) != JSON_STRING) {
			at = path_add(at, "%snote", path->text[0] != '\0' ? "." : "");
			error_at(l, k, &at, "a string is due");
		}
	}
}

/* An object with these keys; false: an error was noted. */
static bool expect_object(struct loader *l, uint32_t node, uint32_t parent, const struct path *path,
                          const char *const *allowed)
{
	if (json_type_of(&l->doc, node) != JSON_OBJECT) {
		error_at(l, node != JSON_NONE ? node : parent, path,
		         node != JSON_NONE ? "an object is due" : "missing");
		return false;
	}
	check_keys(l, node, path, allowed);
	return true;
}

/* An array with at least one element. */
static bool expect_list(struct loader *l, uint32_t node, uint32_t parent, const struct path *path)
{
	if (node == JSON_NONE)
		error_at(l, parent, path, "missing");
	else if (json_type_of(&l->doc, node) != JSON_ARRAY)
		error_at(l, node, path, "an array is due");
	else if (json_first(&l->doc, node) == JSON_NONE)
		error_at(l, node, path, "empty: at least one is due");
	else
		return true;
	return false;
}

static bool expect_name(struct loader *l, uint32_t node, uint32_t parent, const struct path *path,
                        struct text *out)
{
	struct text t = json_string(&l->doc, node);

	if (node == JSON_NONE)
		error_at(l, parent, path, "missing");
	else if (t.at == NULL)
		error_at(l, node, path, "a string is due");
	else if (t.len == 0 || t.len > NAME_BYTES_MAX || !text_plain(t))
		error_at(l, node, path, "1 to %d bytes without control characters are due",
		         NAME_BYTES_MAX);
	else {
		*out = arena_copy(&l->book->arena, t);
		l->no_memory = l->no_memory || out->at == NULL;
		return out->at != NULL;
	}
	return false;
}

static void *grow(struct loader *l, void *array, size_t count, size_t *cap, size_t size)
{
	void *grown;

	if (count < *cap)
		return array;
	*cap = *cap > 0 ? *cap * 2 : 16;
	grown = realloc(array, *cap * size);
	if (grown == NULL) {
		l->no_memory = true;
		*cap = count;
		return array;
	}
	return grown;
}

/* "as" is one step: what stands in for another component is priced by its own entries. */
static void check_as_chains(struct loader *l, uint32_t node, const struct path *path,
                            const enum component same_as[COMPONENT_COUNT])
{
	const struct json *doc = &l->doc;

	for (uint32_t k = json_first(doc, node); k != JSON_NONE; k = json_next(doc, node, k)) {
		enum component from = component_find(doc->nodes[k].text);
		struct path at;

		if (from == COMPONENT_COUNT || same_as[from] == from)
			continue;
		at = path_add(*path, ".%s", component_info[from].key);
		if (same_as[same_as[from]] != same_as[from])
			error_at(l, k, &at, "%s is itself priced as another: name that one",
			         component_info[same_as[from]].key);
		/* The book's "as" may lean on what a model's "as" moves on. */
		for (int c = 0; c < COMPONENT_COUNT; c++) {
			if (same_as[c] == from && c != (int)from &&
			    json_member(doc, node, component_info[c].key) == JSON_NONE)
				error_at(l, k, &at,
				         "the book prices %s as this: say what it is here too",
				         component_info[c].key);
		}
	}
}

/* "as": {"reasoning": "output"} into same_as, which holds what is above it. */
static void read_as(struct loader *l, uint32_t node, const struct path *path,
                    enum component same_as[COMPONENT_COUNT])
{
	const struct json *doc = &l->doc;

	if (node == JSON_NONE)
		return;
	if (json_type_of(doc, node) != JSON_OBJECT) {
		error_at(l, node, path, "an object is due");
		return;
	}
	for (uint32_t k = json_first(doc, node); k != JSON_NONE; k = json_next(doc, node, k)) {
		struct text key = doc->nodes[k].text;
		enum component from = component_find(key);
		enum component to = component_find(json_string(doc, k + 1));
		struct path at = path_add(*path, ".%.*s", key.len > 64 ? 64 : (int)key.len, key.at);

		if (from == COMPONENT_COUNT)
			error_at(l, k, &at, "no such component");
		else if (to == COMPONENT_COUNT)
			error_at(l, k + 1, &at, "the name of a component is due");
		else if (from == to)
			error_at(l, k + 1, &at, "a component cannot be priced as itself");
		else if (component_info[from].unit != component_info[to].unit)
			error_at(l, k + 1, &at, "%s is counted in %ss, %s in %ss",
			         component_info[from].key, unit_name(component_info[from].unit),
			         component_info[to].key, unit_name(component_info[to].unit));
		else
			same_as[from] = to;
	}
	check_as_chains(l, node, path, same_as);
}

static void read_context(struct loader *l, uint32_t node, const struct path *path,
                         struct book_rate *rate)
{
	static const char *const keys[] = { "gt", "gte", NULL };
	uint32_t gt, gte;

	if (node == JSON_NONE || !expect_object(l, node, node, path, keys))
		return;
	gt = member(l, node, "gt");
	gte = member(l, node, "gte");
	if ((gt == JSON_NONE) == (gte == JSON_NONE)) {
		error_at(l, node, path, "exactly one of gt and gte is due");
		return;
	}
	rate->context_test = gt != JSON_NONE ? CONTEXT_GT : CONTEXT_GTE;
	if (!json_integer(&l->doc, gt != JSON_NONE ? gt : gte, &rate->context_tokens) ||
	    rate->context_tokens < 0 || rate->context_tokens > CONTEXT_MAX)
		error_at(l, node, path, "a whole number of tokens is due");
}

static void read_image_condition(struct loader *l, uint32_t node, const struct path *path,
                                 const struct book_rate *rate, struct text *out)
{
	if (node == JSON_NONE || !expect_name(l, node, node, path, out))
		return;
	if (out->len >= KIND_WORD_BYTES)
		error_at(l, node, path, "at most %d bytes", KIND_WORD_BYTES - 1);
	if (component_info[rate->component].unit != UNIT_IMAGE)
		error_at(l, node, path, "only images_in and images_out have it");
}

static void read_when(struct loader *l, uint32_t node, const struct path *path,
                      struct book_rate *rate)
{
	static const char *const keys[] = { "context", "size", "quality", NULL };
	struct path at;

	if (node == JSON_NONE || !expect_object(l, node, node, path, keys))
		return;
	at = path_add(*path, ".context");
	read_context(l, member(l, node, "context"), &at, rate);
	at = path_add(*path, ".size");
	read_image_condition(l, member(l, node, "size"), &at, rate, &rate->size);
	at = path_add(*path, ".quality");
	read_image_condition(l, member(l, node, "quality"), &at, rate, &rate->quality);
}

static void read_price(struct loader *l, uint32_t node, const struct path *path,
                       struct book_rate *rate)
{
	uint32_t million = member(l, node, "per_million"), each = member(l, node, "each");
	uint32_t price = million != JSON_NONE ? million : each;
	struct fault fault = { .code = FAULT_NONE };
	struct path at;

	if ((million == JSON_NONE) == (each == JSON_NONE)) {
		error_at(l, node, path, "exactly one of per_million and each is due");
		return;
	}
	at = path_add(*path, ".%s", million != JSON_NONE ? "per_million" : "each");
	rate->per_units = million != JSON_NONE ? PER_MILLION : 1;
	if (json_type_of(&l->doc, price) == JSON_NUMBER)
		error_at(l, price, &at, "a price is a string: write \"%.*s\"",
		         TEXT_ARGS(l->doc.nodes[price].text));
	else if (json_string(&l->doc, price).at == NULL)
		error_at(l, price, &at, "a decimal string is due");
	else if (rate_parse(json_string(&l->doc, price), rate->per_units, &rate->rate, &fault) < 0)
		error_at(l, price, &at, "%s", fault.text);
	else if (million != JSON_NONE && component_info[rate->component].unit != UNIT_TOKEN)
		error_at(l, price, &at, "%s is not counted in tokens: give its price with \"each\"",
		         component_info[rate->component].key);
}

static bool same_condition(const struct book_rate *a, const struct book_rate *b)
{
	return a->component == b->component && a->context_test == b->context_test &&
	       a->context_tokens == b->context_tokens && text_equal(a->size, b->size) &&
	       text_equal(a->quality, b->quality);
}

static bool read_rate(struct loader *l, uint32_t node, const struct path *path,
                      struct book_rate *rate)
{
	static const char *const keys[] = { "component", "per_million", "each", "when", NULL };
	uint32_t component;
	struct path at;

	*rate = (struct book_rate){ .component = COMPONENT_COUNT };
	if (!expect_object(l, node, node, path, keys))
		return false;
	component = member(l, node, "component");
	rate->component = component_find(json_string(&l->doc, component));
	if (rate->component == COMPONENT_COUNT) {
		at = path_add(*path, ".component");
		error_at(l, component != JSON_NONE ? component : node, &at,
		         component != JSON_NONE ? "no such component" : "missing");
		return false;
	}
	read_price(l, node, path, rate);
	at = path_add(*path, ".when");
	read_when(l, member(l, node, "when"), &at, rate);
	return true;
}

static void read_rates(struct loader *l, uint32_t list, const struct path *path,
                       struct book_version *version)
{
	struct book_rate *rates = arena_take(&l->book->arena,
	                                     l->doc.nodes[list].count * sizeof(*rates));
	size_t index = 0;

	if (rates == NULL) {
		l->no_memory = true;
		return;
	}
	for (uint32_t e = json_first(&l->doc, list); e != JSON_NONE;
	     e = json_next(&l->doc, list, e), index++) {
		struct path at = path_add(*path, "[%zu]", index);
		struct book_rate *rate = &rates[version->rate_count];

		if (!read_rate(l, e, &at, rate))
			continue;
		for (size_t i = 0; i < version->rate_count; i++) {
			if (same_condition(&rates[i], rate))
				error_at(l, e, &at,
				         "the same component and conditions as an entry before");
		}
		version->rate_count++;
	}
	version->rates = rates;
}

static void read_version(struct loader *l, uint32_t node, const struct path *path,
                         const struct book_model *model, const enum component *same_as,
                         int64_t *last_ms)
{
	static const char *const keys[] = { "effective_from", "rates", NULL };
	struct book *book = l->book;
	struct book_version version = { .model = model->name, .ordinal = book->version_count };
	uint32_t from = member(l, node, "effective_from"), rates = member(l, node, "rates");
	struct path at = path_add(*path, ".effective_from");

	memcpy(version.same_as, same_as, sizeof(version.same_as));
	if (!expect_object(l, node, node, path, keys))
		return;
	if (!moment_parse_date(json_string(&l->doc, from), &version.effective_from_ms))
		error_at(l, from != JSON_NONE ? from : node, &at,
		         "a time is due, like \"2026-01-01T00:00:00Z\"");
	else if (version.effective_from_ms <= *last_ms)
		error_at(l, from, &at, "not later than the version before it");
	else
		*last_ms = version.effective_from_ms;
	at = path_add(*path, ".rates");
	if (expect_list(l, rates, node, &at)) {
		if (l->doc.nodes[rates].count > BOOK_RATES_MAX)
			error_at(l, rates, &at, "a version has at most %d entries", BOOK_RATES_MAX);
		else
			read_rates(l, rates, &at, &version);
	}
	if (book->version_count >= BOOK_VERSIONS_MAX) {
		error_at(l, node, path, "a book has at most %d versions", BOOK_VERSIONS_MAX);
		return;
	}
	book->versions = grow(l, book->versions, book->version_count, &book->version_cap,
	                      sizeof(*book->versions));
	if (!l->no_memory)
		book->versions[book->version_count++] = version;
}

static void add_name(struct loader *l, uint32_t node, struct text text, bool alias)
{
	struct book *book = l->book;
	struct book_name name = { text, node, (uint32_t)book->model_count, alias };

	if (memchr(text.at, '*', text.len) != NULL && alias) {
		book->patterns = grow(l, book->patterns, book->pattern_count, &book->pattern_cap,
		                      sizeof(*book->patterns));
		if (!l->no_memory)
			book->patterns[book->pattern_count++] = name;
		return;
	}
	book->names = grow(l, book->names, book->name_count, &book->name_cap, sizeof(*book->names));
	if (!l->no_memory)
		book->names[book->name_count++] = name;
}

static void read_model(struct loader *l, uint32_t node, const struct path *path)
{
	static const char *const keys[] = { "model", "aliases", "as", "versions", NULL };
	struct book *book = l->book;
	struct book_model model = { .first_version = book->version_count };
	enum component same_as[COMPONENT_COUNT];
	uint32_t aliases = member(l, node, "aliases"), versions = member(l, node, "versions");
	int64_t last_ms = -1;
	size_t index = 0;
	struct path at = path_add(*path, ".model");

	memcpy(same_as, l->same_as, sizeof(same_as));
	if (!expect_object(l, node, node, path, keys))
		return;
	if (expect_name(l, member(l, node, "model"), node, &at, &model.name))
		add_name(l, member(l, node, "model"), model.name, false);
	at = path_add(*path, ".aliases");
	if (aliases != JSON_NONE && expect_list(l, aliases, node, &at)) {
		for (uint32_t e = json_first(&l->doc, aliases); e != JSON_NONE;
		     e = json_next(&l->doc, aliases, e)) {
			struct path alias_at = path_add(at, "[%zu]", index++);
			struct text alias;

			if (expect_name(l, e, e, &alias_at, &alias))
				add_name(l, e, alias, true);
		}
	}
	at = path_add(*path, ".as");
	read_as(l, member(l, node, "as"), &at, same_as);
	at = path_add(*path, ".versions");
	index = 0;
	if (expect_list(l, versions, node, &at)) {
		for (uint32_t e = json_first(&l->doc, versions); e != JSON_NONE;
		     e = json_next(&l->doc, versions, e)) {
			struct path version_at = path_add(at, "[%zu]", index++);

			read_version(l, e, &version_at, &model, same_as, &last_ms);
		}
	}
	model.version_count = book->version_count - model.first_version;
	book->models = grow(l, book->models, book->model_count, &book->model_cap,
	                    sizeof(*book->models));
	if (!l->no_memory)
		book->models[book->model_count++] = model;
}

/* The longest first; of equal ones the first of the book. */
static int by_length(const void *a, const void *b)
{
	const struct book_name *x = a, *y = b;

	if (x->text.len != y->text.len)
		return x->text.len < y->text.len ? 1 : -1;
	return (x->node > y->node) - (x->node < y->node);
}

static int by_text(const void *a, const void *b)
{
	const struct book_name *x = a, *y = b;
	int order = text_compare(x->text, y->text);

	return order != 0 ? order : (x->node > y->node) - (x->node < y->node);
}

static void name_stands_twice(struct loader *l, const struct book_name *name, const char *what)
{
	struct path at = { "models" };

	at = path_add(at, "[%u].%s", name->model, name->alias ? "aliases" : "model");
	error_at(l, name->node, &at, "the %s \"%.*s\" stands twice", what, TEXT_ARGS(name->text));
}

/* The hash table of exact names; a name that stands twice is an error. */
static void index_names(struct loader *l)
{
	struct book *book = l->book;

	book->slot_count = SLOTS_MIN;
	while (book->slot_count < 2 * (book->name_count + 1))
		book->slot_count *= 2;
	book->slots = calloc(book->slot_count, sizeof(*book->slots));
	if (book->slots == NULL) {
		l->no_memory = true;
		return;
	}
	for (size_t i = 0; i < book->name_count; i++) {
		size_t slot = book_slot(book, book->names[i].text);

		if (book->slots[slot] != 0)
			name_stands_twice(l, &book->names[i], "name");
		else
			book->slots[slot] = (uint32_t)i + 1;
	}
	if (book->pattern_count == 0)
		return;
	qsort(book->patterns, book->pattern_count, sizeof(*book->patterns), by_text);
	for (size_t i = 1; i < book->pattern_count; i++) {
		if (text_equal(book->patterns[i - 1].text, book->patterns[i].text))
			name_stands_twice(l, &book->patterns[i], "pattern");
	}
	qsort(book->patterns, book->pattern_count, sizeof(*book->patterns), by_length);
}

static void read_head(struct loader *l)
{
	struct path at = { "pricebook" };
	uint32_t node = member(l, 0, "pricebook"), name = member(l, 0, "name");
	uint32_t currency_node = member(l, 0, "currency");
	struct text currency = json_string(&l->doc, currency_node);
	int64_t version = 0;

	if (!json_integer(&l->doc, node, &version) || version != FORMAT_VERSION)
		error_at(l, node != JSON_NONE ? node : 0, &at,
		         "%d is due: the version of this format", FORMAT_VERSION);
	at = (struct path){ "name" };
	if (name != JSON_NONE)
		expect_name(l, name, 0, &at, &l->book->name);
	at = (struct path){ "currency" };
	if (currency.len != CURRENCY_LEN || currency.at[0] < 'A' || currency.at[0] > 'Z' ||
	    currency.at[1] < 'A' || currency.at[1] > 'Z' || currency.at[2] < 'A' ||
	    currency.at[2] > 'Z')
		error_at(l, currency_node != JSON_NONE ? currency_node : 0, &at,
		         "three capital letters are due, like \"USD\"");
	else
		expect_name(l, currency_node, 0, &at, &l->book->currency);
}

static void read_book(struct loader *l)
{
	static const char *const keys[] = { "pricebook", "name", "currency", "as", "models", NULL };
	struct path at = { "" };
	uint32_t models;
	size_t index = 0;

	if (!expect_object(l, 0, 0, &at, keys))
		return;
	read_head(l);
	for (int c = 0; c < COMPONENT_COUNT; c++)
		l->same_as[c] = (enum component)c;
	at = (struct path){ "as" };
	read_as(l, member(l, 0, "as"), &at, l->same_as);
	at = (struct path){ "models" };
	models = member(l, 0, "models");
	if (expect_list(l, models, 0, &at)) {
		for (uint32_t e = json_first(&l->doc, models); e != JSON_NONE;
		     e = json_next(&l->doc, models, e)) {
			struct path model_at = path_add(at, "[%zu]", index++);

			read_model(l, e, &model_at);
		}
	}
	index_names(l);
}

int book_load(struct book **book_out, struct text json, struct buf *errors_out, struct fault *fault)
{
	struct loader l = { .errors = errors_out };
	int r = 0;

	if (json.len > BOOK_BYTES_MAX)
		return fault_set(fault, FAULT_RANGE, "a price book has at most %d bytes",
		                 BOOK_BYTES_MAX);
	l.book = calloc(1, sizeof(*l.book));
	if (l.book == NULL)
		return fault_set(fault, FAULT_NOMEM, "price book: out of memory");
	l.book->name = text_of("");
	l.json = l.book->json = arena_copy(&l.book->arena, json);
	if (l.json.at == NULL) {
		r = fault_set(fault, FAULT_NOMEM, "price book: out of memory");
		goto out;
	}
	r = json_parse(&l.doc, l.json, fault);
	if (r == -FAULT_SYNTAX && errors_out != NULL && fault != NULL)
		buf_addf(errors_out, "%s\n", fault->text);
	if (r < 0)
		goto out;
	read_book(&l);
	if (l.no_memory) {
		r = fault_set(fault, FAULT_NOMEM, "price book: out of memory");
	} else if (l.error_count > 0) {
		if (errors_out != NULL && l.error_count > BOOK_ERRORS_MAX)
			buf_addf(errors_out, "... and %zu more\n", l.error_count - BOOK_ERRORS_MAX);
		r = fault_set(fault, FAULT_INVALID, "the price book has %zu error%s; the first: %s",
		              l.error_count, l.error_count == 1 ? "" : "s", l.first);
	}
	if (r < 0)
		goto out;
	sha256_hex(l.json.at, l.json.len, l.book->hash);
	*book_out = l.book;
	l.book = NULL;
out:
	json_release(&l.doc);
	book_free(l.book);
	return r;
}

int book_load_file(struct book **book_out, const char *path, struct buf *errors_out,
                   struct fault *fault)
{
	struct buf json = { .at = NULL };
	int r = buf_read_file(&json, path, BOOK_BYTES_MAX, fault);

	if (r == 0)
		r = book_load(book_out, buf_text(&json), errors_out, fault);
	buf_release(&json);
	return r;
}
