/* Reading a price book: its head, its models and their versions, and the index of their names. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "price/listing.h"
#include "price/load_internal.h"

enum {
	FORMAT_VERSION = 1,
	CURRENCY_LEN = 3,
	SLOTS_MIN = 64,
};

static_assert((int)LOAD_NAME_BYTES_MAX <= (int)PATTERN_BYTES_MAX, "an alias may be no pattern");

/* "as" is one step: what stands in for another component is priced by its own entries. */
static void check_as_chains(struct loader *l, uint32_t node, const struct path *path,
                            const uint8_t same_as[COMPONENT_COUNT])
{
	const struct json *doc = &l->doc;

	for (uint32_t k = json_first(doc, node); k != JSON_NONE; k = json_next(doc, node, k)) {
		enum component from = component_find(doc->nodes[k].text);
		struct path at;

		if (from == COMPONENT_COUNT || same_as[from] == from)
			continue;
		at = path_key(path, component_info[from].key);
		if (same_as[same_as[from]] != same_as[from])
			load_error(l, k, &at, "%s is itself priced as another: name that one",
			           component_info[same_as[from]].key);
		/* The book's "as" may lean on what a model's "as" moves on. */
		for (int c = 0; c < COMPONENT_COUNT; c++) {
			if (same_as[c] == from && c != (int)from &&
			    json_member(doc, node, component_info[c].key) == JSON_NONE)
				load_error(l, k, &at,
				           "the book prices %s as this: say what it is here too",
				           component_info[c].key);
		}
	}
}

/* "as": {"reasoning": "output"} into same_as, which holds what is above it. */
static void read_as(struct loader *l, uint32_t node, const struct path *path,
                    uint8_t same_as[COMPONENT_COUNT])
{
	const struct json *doc = &l->doc;

	if (node == JSON_NONE)
		return;
	if (json_type_of(doc, node) != JSON_OBJECT) {
		load_error(l, node, path, "an object is due");
		return;
	}
	for (uint32_t k = json_first(doc, node); k != JSON_NONE; k = json_next(doc, node, k)) {
		struct text key = doc->nodes[k].text;
		enum component from = component_find(key);
		enum component to = component_find(json_string(doc, k + 1));
		struct path at = path_text(path, key);

		if (from == COMPONENT_COUNT)
			load_error(l, k, &at, "no such component");
		else if (to == COMPONENT_COUNT)
			load_error(l, k + 1, &at, "the name of a component is due");
		else if (from == to)
			load_error(l, k + 1, &at, "a component cannot be priced as itself");
		else if (component_info[from].unit != component_info[to].unit)
			load_error(l, k + 1, &at, "%s is counted in %ss, %s in %ss",
			           component_info[from].key, unit_name(component_info[from].unit),
			           component_info[to].key, unit_name(component_info[to].unit));
		else
			same_as[from] = (uint8_t)to;
	}
	check_as_chains(l, node, path, same_as);
}

/* The version's own prices, and what comes to them. */
static void read_prices(struct loader *l, uint32_t node, const struct path *path,
                        struct book_version *version)
{
	uint32_t rates = load_member(l, node, "rates");
	unsigned decimals[COMPONENT_COUNT];
	struct path at = path_key(path, "multipliers");

	load_multipliers(l, load_member(l, node, "multipliers"), &at, version);
	at = path_key(path, "minimums");
	load_minimums(l, load_member(l, node, "minimums"), &at, version);
	load_discount(l, node, path, &version->discount, &version->discount_to_user);
	at = path_key(path, "rates");
	if (!load_list(l, rates, node, &at))
		return;
	load_card(l, rates, &at, &version->card);
	version->asks |= version->card.asks;
	load_decimals(version, decimals);
	for (int c = 0; c < COMPONENT_COUNT; c++)
		decimals[c] += version->discount.decimals + l->override_decimals;
	load_check_exact(l, rates, &at, &version->card, decimals);
}

static void read_version(struct loader *l, uint32_t node, const struct path *path,
                         const struct book_model *model, const uint8_t *same_as, int64_t *last_ms)
{
	static const char *const keys[] = {
		"effective_from",   "rates", "multipliers", "minimums", "discount_percent",
		"discount_to_user", NULL
	};
	struct book *book = l->book;
	struct book_version version = { .book = book,
		                        .model = model->name,
		                        .ordinal = book->version_count };
	uint32_t from = load_member(l, node, "effective_from");
	struct path at = path_key(path, "effective_from");

	memcpy(version.same_as, same_as, sizeof(version.same_as));
	if (!load_object(l, node, node, path, keys, LOAD_STRICT))
		return;
	if (load_date(l, from, node, &at, &version.effective_from_ms)) {
		if (version.effective_from_ms <= *last_ms)
			load_error(l, from, &at, "not later than the version before it");
		else
			*last_ms = version.effective_from_ms;
	}
	read_prices(l, node, path, &version);
	if (book->version_count == BOOK_VERSIONS_MAX) {
		load_error(l, node, path, "a book has at most %d versions", BOOK_VERSIONS_MAX);
		return;
	}
	book->versions = load_grow(l, book->versions, book->version_count, &book->version_cap,
	                           sizeof(*book->versions));
	if (!l->no_memory)
		book->versions[book->version_count++] = version;
}

static void add_name(struct loader *l, uint32_t node, struct text text, bool alias)
{
	struct book *book = l->book;
	struct book_name name = { text, node, (uint32_t)book->model_count, alias };

	if (memchr(text.at, '*', text.len) != NULL && alias) {
		book->patterns = load_grow(l, book->patterns, book->pattern_count,
		                           &book->pattern_cap, sizeof(*book->patterns));
		if (!l->no_memory)
			book->patterns[book->pattern_count++] = name;
		return;
	}
	book->names = load_grow(l, book->names, book->name_count, &book->name_cap,
	                        sizeof(*book->names));
	if (!l->no_memory)
		book->names[book->name_count++] = name;
}

static void read_aliases(struct loader *l, uint32_t list, const struct path *path,
                         struct book_model *model)
{
	struct book *book = l->book;
	size_t index = 0;

	model->first_alias = book->alias_count;
	if (list == JSON_NONE || !load_list(l, list, list, path))
		return;
	for (uint32_t e = json_first(&l->doc, list); e != JSON_NONE;
	     e = json_next(&l->doc, list, e)) {
		struct path at = path_index(path, index++);
		struct text alias;

		if (!load_name(l, e, e, &at, &alias))
			continue;
		add_name(l, e, alias, true);
		book->aliases = load_grow(l, book->aliases, book->alias_count, &book->alias_cap,
		                          sizeof(*book->aliases));
		if (!l->no_memory)
			book->aliases[book->alias_count++] = alias;
	}
	model->alias_count = book->alias_count - model->first_alias;
}

struct listing_place {
	struct loader *l;
	const struct path *path;
};

static void listing_error(void *user, uint32_t node, const char *path, const char *what)
{
	struct listing_place *place = user;
	/* ".capacity[0].per", or nothing: the listing itself. */
	struct path at = path_text(place->path, text_of(path[0] != '\0' ? path + 1 : ""));

	load_error(place->l, node, path[0] != '\0' ? &at : place->path, "%s", what);
}

/* Kept as JSON: whoever publishes a book reads it. */
static void read_listing(struct loader *l, uint32_t node, const struct path *path,
                         struct book_model *model)
{
	struct listing_place place = { l, path };
	struct buf json = { .at = NULL };

	if (node == JSON_NONE)
		return;
	listing_check(&l->doc, node, listing_error, &place);
	if (!json_write(&l->doc, node, JSON_DEPTH_MAX, &json))
		load_error(l, node, path, "too deep");
	else
		model->listing = arena_copy(&l->book->arena, buf_text(&json));
	l->no_memory = l->no_memory || json.error != 0 ||
	               (json.len > 0 && model->listing.at == NULL && l->error_count == 0);
	buf_release(&json);
}

static void read_versions(struct loader *l, uint32_t list, uint32_t parent, const struct path *path,
                          struct book_model *model, const uint8_t *same_as)
{
	int64_t last_ms = -1;
	size_t index = 0;

	if (!load_list(l, list, parent, path))
		return;
	for (uint32_t e = json_first(&l->doc, list); e != JSON_NONE;
	     e = json_next(&l->doc, list, e)) {
		struct path at = path_index(path, index++);

		read_version(l, e, &at, model, same_as, &last_ms);
	}
	model->version_count = l->book->version_count - model->first_version;
}

static void read_model(struct loader *l, uint32_t node, const struct path *path)
{
	static const char *const keys[] = { "model", "aliases", "as", "versions", "listing", NULL };
	struct book *book = l->book;
	struct book_model model = { .first_version = book->version_count };
	uint8_t same_as[COMPONENT_COUNT];
	struct path at = path_key(path, "model");

	memcpy(same_as, l->same_as, sizeof(same_as));
	if (!load_object(l, node, node, path, keys, LOAD_LOOSE))
		return;
	if (load_name(l, load_member(l, node, "model"), node, &at, &model.name))
		add_name(l, load_member(l, node, "model"), model.name, false);
	at = path_key(path, "aliases");
	read_aliases(l, load_member(l, node, "aliases"), &at, &model);
	at = path_key(path, "as");
	read_as(l, load_member(l, node, "as"), &at, same_as);
	at = path_key(path, "listing");
	read_listing(l, load_member(l, node, "listing"), &at, &model);
	at = path_key(path, "versions");
	read_versions(l, load_member(l, node, "versions"), node, &at, &model, same_as);
	book->models = load_grow(l, book->models, book->model_count, &book->model_cap,
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
	struct path models = path_key(NULL, "models"), model = path_index(&models, name->model);
	struct path at = path_key(&model, name->alias ? "aliases" : "model");

	load_error(l, name->node, &at, "the %s \"%.*s\" stands twice", what, TEXT_ARGS(name->text));
}

/* They are sorted by precedence. */
static void index_patterns(struct loader *l)
{
	struct book *book = l->book;
	struct text *texts = malloc(book->pattern_count * sizeof(*texts));
	struct fault fault = { .code = FAULT_NONE };
	uint32_t bad = 0;
	int r = -FAULT_NOMEM;

	if (texts != NULL) {
		for (size_t i = 0; i < book->pattern_count; i++)
			texts[i] = book->patterns[i].text;
		r = patterns_build(&book->index, texts, book->pattern_count, &bad, &fault);
	}
	if (r == -FAULT_RANGE) {
		struct path models = path_key(NULL, "models");
		struct path model = path_index(&models, book->patterns[bad].model);
		struct path at = path_key(&model, "aliases");

		load_error(l, book->patterns[bad].node, &at, "%s", fault.text);
	} else if (r < 0) {
		l->no_memory = true;
	}
	free(texts);
}

static struct book_slot slot_of(const struct book *book, size_t name, uint32_t hash)
{
	const struct book_name *entry = &book->names[name];
	const struct book_model *model = &book->models[entry->model];

	return (struct book_slot){
		.text = entry->text,
		.name = (uint32_t)name + 1,
		.hash = hash,
		.first_version = (uint32_t)model->first_version,
		.version_count = (uint32_t)model->version_count & INT32_MAX,
		.alias = entry->alias,
	};
}

/* When each version begins. */
static void index_versions(struct loader *l)
{
	struct book *book = l->book;

	book->from_ms = load_take(l, book->version_count, sizeof(*book->from_ms));
	for (size_t v = 0; book->from_ms != NULL && v < book->version_count; v++)
		book->from_ms[v] = book->versions[v].effective_from_ms;
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
		uint32_t hash;
		struct book_slot *slot = book_slot(book, book->names[i].text, &hash);

		if (slot->name != 0)
			name_stands_twice(l, &book->names[i], "name");
		else
			*slot = slot_of(book, i, hash);
	}
	if (book->pattern_count == 0)
		return;
	qsort(book->patterns, book->pattern_count, sizeof(*book->patterns), by_text);
	for (size_t i = 1; i < book->pattern_count; i++) {
		if (text_equal(book->patterns[i - 1].text, book->patterns[i].text))
			name_stands_twice(l, &book->patterns[i], "pattern");
	}
	qsort(book->patterns, book->pattern_count, sizeof(*book->patterns), by_length);
	index_patterns(l);
}

static void read_head(struct loader *l)
{
	struct path at = path_key(NULL, "pricebook");
	uint32_t node = load_member(l, 0, "pricebook"), name = load_member(l, 0, "name");
	uint32_t currency_node = load_member(l, 0, "currency");
	struct text currency = json_string(&l->doc, currency_node);
	int64_t version = 0;

	if (!json_integer(&l->doc, node, &version) || version != FORMAT_VERSION)
		load_error(l, node != JSON_NONE ? node : 0, &at,
		           "%d is due: the version of this format", FORMAT_VERSION);
	at = path_key(NULL, "name");
	if (name != JSON_NONE)
		load_name(l, name, 0, &at, &l->book->name);
	at = path_key(NULL, "currency");
	if (currency.len != CURRENCY_LEN || currency.at[0] < 'A' || currency.at[0] > 'Z' ||
	    currency.at[1] < 'A' || currency.at[1] > 'Z' || currency.at[2] < 'A' ||
	    currency.at[2] > 'Z')
		load_error(l, currency_node != JSON_NONE ? currency_node : 0, &at,
		           "three capital letters are due, like \"USD\"");
	else
		load_name(l, currency_node, 0, &at, &l->book->currency);
}

static void read_models(struct loader *l, uint32_t list)
{
	struct path path = path_key(NULL, "models");
	size_t index = 0;

	if (!load_list(l, list, 0, &path))
		return;
	for (uint32_t e = json_first(&l->doc, list); e != JSON_NONE;
	     e = json_next(&l->doc, list, e)) {
		struct path at = path_index(&path, index++);

		read_model(l, e, &at);
	}
}

static void read_book(struct loader *l)
{
	static const char *const keys[] = { "pricebook", "name",   "currency", "as",
		                            "accounts",  "models", NULL };
	uint32_t accounts;
	struct path at;

	if (!load_object(l, 0, 0, NULL, keys, LOAD_LOOSE))
		return;
	read_head(l);
	for (int c = 0; c < COMPONENT_COUNT; c++)
		l->same_as[c] = (uint8_t)c;
	at = path_key(NULL, "as");
	read_as(l, load_member(l, 0, "as"), &at, l->same_as);
	/* Before the models: a price must leave room for what an account has off. */
	accounts = load_member(l, 0, "accounts");
	at = path_key(NULL, "accounts");
	load_accounts(l, accounts, &at);
	read_models(l, load_member(l, 0, "models"));
	/* What is refused anyway may lack a model, and no name is looked up in it. */
	if (l->no_memory)
		return;
	index_versions(l);
	index_names(l);
	load_check_accounts(l, accounts, &at);
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
		if (errors_out != NULL)
			buf_add_text(errors_out, buf_text(&l.book->warnings));
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
