/* The schema and the man page of the price book against what book_load() takes. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/moment.h"
#include "price/book.h"
#include "rate/rating.h"
#include "tests/support/ledgerkit.h"
#include "tests/support/ratekit.h"

/* A book with a hole in one of its objects, by the object's name under $defs. */
static const struct {
	const char *name, *before, *after, *path;
} objects[] = {
	{ "book", "{", "}", "" },
	{ "model", "{'models':[{", "}]}", "models[0]." },
	{ "version", "{'models':[{'versions':[{", "}]}]}", "models[0].versions[0]." },
	{ "rate", "{'models':[{'versions':[{'rates':[{'component':'input',", "}]}]}]}",
	  "models[0].versions[0].rates[0]." },
	{ "when",
	  "{'models':[{'versions':[{'rates':[{'component':'input','per_million':'1','when':{",
	  "}}]}]}]}", "models[0].versions[0].rates[0].when." },
	{ "context",
	  "{'models':[{'versions':[{'rates':[{'component':'input','per_million':'1','when':"
	  "{'context':{",
	  "}}}]}]}]}", "models[0].versions[0].rates[0].when.context." },
	{ "utc",
	  "{'models':[{'versions':[{'rates':[{'component':'input','per_million':'1','when':"
	  "{'utc':{",
	  "}}}]}]}]}", "models[0].versions[0].rates[0].when.utc." },
	{ "multiplier", "{'models':[{'versions':[{'multipliers':[{", "}]}]}]}",
	  "models[0].versions[0].multipliers[0]." },
	{ "request_when", "{'models':[{'versions':[{'multipliers':[{'multiply':'1','when':{",
	  "}}]}]}]}", "models[0].versions[0].multipliers[0].when." },
	{ "minimum", "{'models':[{'versions':[{'minimums':[{", "}]}]}]}",
	  "models[0].versions[0].minimums[0]." },
	{ "account", "{'accounts':[{", "}]}", "accounts[0]." },
};
/* Of the others a member that nobody knows could change a price. */
enum { LOOSE = 2 };
enum { OBJECTS = sizeof(objects) / sizeof(objects[0]) };

struct schema {
	struct buf text;
	struct json doc;
};

static int load_schema(void **state)
{
	static struct schema schema;
	struct fault fault = { .code = FAULT_NONE };

	if (buf_read_file(&schema.text, "schema/pricebook.schema.json", BUF_BYTES_MAX, &fault) <
	            0 ||
	    json_parse(&schema.doc, buf_text(&schema.text), &fault) < 0)
		fail_msg("schema/pricebook.schema.json: %s", fault.text);
	*state = &schema;
	return 0;
}

static int free_schema(void **state)
{
	struct schema *schema = *state;

	json_release(&schema->doc);
	buf_release(&schema->text);
	return 0;
}

static uint32_t definition(const struct json *doc, const char *name)
{
	uint32_t found = json_member(doc, json_member(doc, 0, "$defs"), name);

	if (found == JSON_NONE)
		fail_msg("$defs/%s is missing", name);
	return found;
}

static uint32_t properties_of(const struct json *doc, size_t object)
{
	uint32_t found = json_member(doc, definition(doc, objects[object].name), "properties");

	assert_int_equal(json_type_of(doc, found), JSON_OBJECT);
	return found;
}

/* Calls each(context, key, object) for every property of every object. */
typedef void property_fn(void *context, const struct json *doc, size_t object, const char *key);

static void each_property(const struct json *doc, property_fn *each, void *context)
{
	for (size_t object = 0; object < OBJECTS; object++) {
		uint32_t properties = properties_of(doc, object);

		for (uint32_t k = json_first(doc, properties); k != JSON_NONE;
		     k = json_next(doc, properties, k)) {
			char key[64];

			assert_true(text_copy(key, sizeof(key), doc->nodes[k].text));
			each(context, doc, object, key);
		}
	}
}

/* Does the loader know this key in that object?  Its value is wrong in any case. */
static bool loader_takes(size_t object, const char *key)
{
	struct buf json = { .at = NULL }, errors = { .at = NULL }, refusal = { .at = NULL };
	struct fault fault = { .code = FAULT_NONE };
	struct book *book = NULL;
	bool takes;

	buf_add_cstr(&json, kit_quotes(objects[object].before));
	/* In a rate the component is there already: the hole takes another key only. */
	buf_addf(&json, "\"%s\":{\"?\":0}", key);
	buf_add_cstr(&json, kit_quotes(objects[object].after));
	assert_true(book_load(&book, buf_text(&json), &errors, &fault) < 0);
	if (fault.code == FAULT_SYNTAX) {
		takes = true; /* it stands there already */
	} else {
		buf_addf(&refusal, "line 1: %s%s: no such key here", objects[object].path, key);
		takes = strstr(errors.at, refusal.at) == NULL;
	}
	buf_release(&json);
	buf_release(&errors);
	buf_release(&refusal);
	return takes;
}

static void expect_agreement(const struct json *doc, const char *key, size_t *taken)
{
	for (size_t object = 0; object < OBJECTS; object++) {
		bool loader = loader_takes(object, key);

		if (loader != (json_member(doc, properties_of(doc, object), key) != JSON_NONE))
			fail_msg("\"%s\" in a %s: the loader %s it, the schema does not agree", key,
			         objects[object].name, loader ? "takes" : "refuses");
		*taken += loader;
	}
}

static void expect_property(void *context, const struct json *doc, size_t object, const char *key)
{
	(void)object;
	expect_agreement(doc, key, context);
}

/*
 * A key that the loader takes is a string in its source.  So every plain word in quotes
 * there, and every property of the schema, is tried in every object.
 */
static void test_the_schema_has_the_keys_that_the_loader_takes(void **state)
{
	static const char *const sources[] = { "lib/price/book_load.c", "lib/price/load_rates.c",
		                               "lib/price/load_accounts.c" };
	const struct schema *schema = *state;
	struct buf source = { .at = NULL };
	size_t taken = 0;
	char key[64];

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		struct buf one = { .at = NULL };

		assert_int_equal(buf_read_file(&one, sources[i], BUF_BYTES_MAX, NULL), 0);
		buf_add_text(&source, buf_text(&one));
		buf_release(&one);
	}
	for (const char *at = source.at; (at = strchr(at, '"')) != NULL; at++) {
		size_t len = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz_");

		if (len == 0 || len >= sizeof(key) || at[1 + len] != '"')
			continue;
		snprintf(key, sizeof(key), "%.*s", (int)len, at + 1);
		expect_agreement(&schema->doc, key, &taken);
	}
	assert_true(taken > 0);
	each_property(&schema->doc, expect_property, &taken);
	buf_release(&source);
}

static void test_the_schema_refuses_what_it_does_not_name(void **state)
{
	const struct schema *schema = *state;
	const struct json *doc = &schema->doc;

	for (size_t object = 0; object < OBJECTS; object++) {
		uint32_t node = json_member(doc, definition(doc, objects[object].name),
		                            "additionalProperties");

		assert_int_equal(json_type_of(doc, node), object < LOOSE ? JSON_TRUE : JSON_FALSE);
	}
}

/* Is there an error at exactly this path? */
static bool is_missed(const char *errors, const char *path, struct text key)
{
	char start[256];
	size_t len = (size_t)snprintf(start, sizeof(start), "line 1: %s%.*s: ", path,
	                              TEXT_ARGS(key));

	for (const char *at = errors; *at != '\0'; at = strchr(at, '\n') + 1) {
		if (strncmp(at, start, len) == 0)
			return true;
	}
	return false;
}

/* What the schema requires is missed in an empty object, and nothing else is. */
static void test_the_schema_requires_what_the_loader_misses(void **state)
{
	enum { REQUIRING = 3 }; /* book, model, version: a rate is tried with its component */
	const struct schema *schema = *state;
	const struct json *doc = &schema->doc;

	for (size_t object = 0; object < REQUIRING; object++) {
		uint32_t properties = properties_of(doc, object);
		uint32_t required = json_member(doc, definition(doc, objects[object].name),
		                                "required");
		struct fault fault = { .code = FAULT_NONE };
		struct buf json = { .at = NULL }, errors = { .at = NULL };
		struct book *book = NULL;
		size_t missed = 0;

		buf_add_cstr(&json, kit_quotes(objects[object].before));
		buf_add_cstr(&json, kit_quotes(objects[object].after));
		assert_true(book_load(&book, buf_text(&json), &errors, &fault) < 0);
		for (uint32_t e = json_first(doc, required); e != JSON_NONE;
		     e = json_next(doc, required, e)) {
			if (!is_missed(errors.at, objects[object].path, json_string(doc, e)))
				fail_msg("%s%.*s is not missed:\n%s", objects[object].path,
				         TEXT_ARGS(json_string(doc, e)), errors.at);
		}
		for (uint32_t k = json_first(doc, properties); k != JSON_NONE;
		     k = json_next(doc, properties, k))
			missed += is_missed(errors.at, objects[object].path, doc->nodes[k].text);
		assert_int_equal(missed, doc->nodes[required].count);
		buf_release(&json);
		buf_release(&errors);
	}
}

static void expect_components(const struct json *doc, const char *name, bool tokens_only)
{
	uint32_t list = json_member(doc, definition(doc, name), "enum");
	uint32_t e = json_first(doc, list);

	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (tokens_only && component_info[c].unit != UNIT_TOKEN)
			continue;
		assert_true(e != JSON_NONE);
		if (!text_is(json_string(doc, e), component_info[c].key))
			fail_msg("%s: %.*s is not %s", name, TEXT_ARGS(json_string(doc, e)),
			         component_info[c].key);
		e = json_next(doc, list, e);
	}
	assert_true(e == JSON_NONE);
}

static void test_the_schema_lists_every_component(void **state)
{
	const struct schema *schema = *state;

	expect_components(&schema->doc, "component", false);
	expect_components(&schema->doc, "token_component", true);
}

static void expect_limit(const struct json *doc, uint32_t node, const char *keyword, int64_t limit)
{
	int64_t value = -1;

	assert_true(json_integer(doc, json_member(doc, node, keyword), &value));
	assert_int_equal(value, limit);
}

static void test_the_schema_has_the_limits_of_the_loader(void **state)
{
	const struct schema *schema = *state;
	const struct json *doc = &schema->doc;

	expect_limit(doc, json_member(doc, properties_of(doc, 1), "versions"), "maxItems",
	             BOOK_VERSIONS_MAX);
	expect_limit(doc, definition(doc, "kind_word"), "maxLength", KIND_WORD_BYTES - 1);
	expect_limit(doc, definition(doc, "tokens"), "maximum", USAGE_COUNT_MAX);
	expect_limit(doc, definition(doc, "tokens"), "minimum", 0);
	expect_limit(doc, definition(doc, "name"), "maxLength", 256);
}

/* The man page without what troff needs. */
static void read_page(struct buf *out)
{
	struct buf page = { .at = NULL };

	assert_int_equal(
		buf_read_file(&page, "packaging/man/toll-pricebook.5", BUF_BYTES_MAX, NULL), 0);
	for (const char *at = page.at; *at != '\0'; at++) {
		if (strncmp(at, "\\-", 2) == 0)
			at++;
		buf_add(out, at, 1);
	}
	buf_release(&page);
}

static bool is_word(const char *page, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = page; (at = strstr(at, word)) != NULL; at++) {
		bool begins = at == page || !(isalnum((unsigned char)at[-1]) || at[-1] == '_');

		if (begins && !(isalnum((unsigned char)at[len]) || at[len] == '_'))
			return true;
	}
	return false;
}

static void expect_word(void *context, const struct json *doc, size_t object, const char *key)
{
	(void)doc;
	if (!is_word(context, key))
		fail_msg("%s of a %s is not in it", key, objects[object].name);
}

static void test_the_man_page_names_every_member_and_component(void **state)
{
	const struct schema *schema = *state;
	struct buf page = { .at = NULL };
	const char *example;

	read_page(&page);
	example = strstr(page.at, "\n.EX\n");
	assert_non_null(example);
	/* In what explains: the example alone does not count. */
	page.at[example - page.at] = '\0';
	each_property(&schema->doc, expect_word, page.at);
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (!is_word(page.at, component_info[c].key))
			fail_msg("%s is not in it", component_info[c].key);
	}
	buf_release(&page);
}

static void test_the_example_of_the_man_page_loads_and_gives_its_sum(void **state)
{
	struct buf page = { .at = NULL }, errors = { .at = NULL };
	struct fault fault = { .code = FAULT_NONE };
	struct usage usage = { .kind_count = 0 };
	struct book *book = NULL;
	struct charges charges;
	struct text json;
	char amount[MONEY_TEXT_BYTES], sentence[128];
	const char *end;
	int64_t at_ms;

	(void)state;
	read_page(&page);
	json.at = strstr(page.at, "\n.EX\n");
	assert_non_null(json.at);
	json.at += 5;
	end = strstr(json.at, "\n.EE\n");
	assert_non_null(end);
	json.len = (size_t)(end - json.at);
	if (book_load(&book, json, &errors, &fault) < 0)
		fail_msg("%s", errors.at != NULL ? errors.at : fault.text);
	assert_int_equal(book_warnings(book, &errors), 0);
	usage.count[COMPONENT_INPUT] = 100000;
	usage.count[COMPONENT_CACHE_READ] = 50000;
	usage.count[COMPONENT_OUTPUT] = 1000;
	assert_true(moment_parse_date(text_of("2026-06-30"), &at_ms));
	assert_int_equal(rate_model(book, "acme/llama-4-70b", at_ms, &usage, &charges),
	                 RATING_PRICED);
	money_text(charges.total, amount);
	snprintf(sentence, sizeof(sentence), "\n1000 \\(mu 2.40 a million, %s in all.\n", amount);
	assert_non_null(strstr(page.at, sentence));
	buf_release(&page);
	buf_release(&errors);
	book_free(book);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_schema_has_the_keys_that_the_loader_takes),
		cmocka_unit_test(test_the_schema_refuses_what_it_does_not_name),
		cmocka_unit_test(test_the_schema_requires_what_the_loader_misses),
		cmocka_unit_test(test_the_schema_lists_every_component),
		cmocka_unit_test(test_the_schema_has_the_limits_of_the_loader),
		cmocka_unit_test(test_the_man_page_names_every_member_and_component),
		cmocka_unit_test(test_the_example_of_the_man_page_loads_and_gives_its_sum),
	};

	return cmocka_run_group_tests_name("book_schema", tests, load_schema, free_schema);
}
