/*
 * What Langfuse's own tests say of its tiers of prices: which one is taken, seen by the rates
 * that its importer's book charges.  The data is not ours: see README.md beside it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json.h"
#include "catalogue/amount.h"
#include "catalogue/catalogue.h"
#include "rate/rating.h"
#include "tests/support/exceptions.h"
#include "tests/support/fixture.h"
#include "tests/support/ledgerkit.h"

enum { VECTORS = 11 };

/* A condition that a book does not have: the importer leaves out what it prices, and says so. */
static const struct exception by_importer[] = {
	{ "tp-228", "unpriced", NULL,
	  "lt 100: a book has prices above a threshold; 101 tokens wait instead of costing 1e-6" },
	{ "tp-231", "unpriced", NULL,
	  "lte 100: a book has prices above a threshold; 101 tokens wait instead of costing 1e-6" },
};

struct vector {
	const struct json *doc, *list; /* the vectors, and Langfuse's own list */
	struct text id;
	uint32_t inputs, expected;
};

/* The keys of usage that the vectors have. */
static const struct {
	const char *key;
	enum component component;
} keys[] = {
	{ "input", COMPONENT_INPUT },
	{ "input_regular", COMPONENT_INPUT },
	{ "input_cached", COMPONENT_CACHE_READ },
	{ "cache_write_tokens", COMPONENT_CACHE_WRITE },
	{ "output", COMPONENT_OUTPUT },
};

static enum component component_of(struct text key)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (text_is(key, keys[i].key))
			return keys[i].component;
	}
	fail_msg("an unknown key of usage, %.*s", TEXT_ARGS(key));
	return COMPONENT_COUNT;
}

static struct text string_of(const struct json *doc, uint32_t object, const char *key)
{
	return json_string(doc, json_member(doc, object, key));
}

static struct book *import(struct text list)
{
	struct catalogue_options options = { .zero_is_free = false };
	struct catalogue_import in = { .model_count = 0 };
	struct fault fault = { .code = FAULT_NONE };
	struct book *book = NULL;

	if (catalogue_import(&in, catalogue_find(text_of("langfuse")), list, &options, &fault) <
	            0 ||
	    book_load(&book, buf_text(&in.book), NULL, &fault) < 0)
		printf("  no book: %s\n", fault.text);
	catalogue_import_release(&in);
	return book;
}

/* What one unit of each component was charged; -1 where none was used. */
static bool rates_of(const struct vector *v, const struct book *book, struct text model,
                     struct money rates[COMPONENT_COUNT])
{
	const struct json *doc = v->doc;
	uint32_t node = json_member(doc, v->inputs, "usage");
	struct usage usage = { .kind_count = 0 };
	struct rating_request request = { .model = model, .at_ms = KIT_NOW_MS, .usage = &usage };
	struct charges charges;

	for (uint32_t k = json_first(doc, node); k != JSON_NONE; k = json_next(doc, node, k)) {
		int64_t count = 0;

		assert_true(json_integer(doc, k + 1, &count));
		usage.count[component_of(doc->nodes[k].text)] += count;
	}
	if (node == JSON_NONE)
		usage.count[COMPONENT_INPUT] = usage.count[COMPONENT_OUTPUT] = 1;
	request.tier = string_of(doc, v->inputs, "service_tier");
	for (int c = 0; c < COMPONENT_COUNT; c++)
		rates[c].attos = -1;
	if (rating_request(book, &request, &charges) != RATING_PRICED)
		return false;
	for (size_t i = 0; i < charges.count; i++) {
		const struct charge *line = &charges.lines[i];

		if (line->count > 0)
			rates[line->component].attos = line->amount.attos / line->count;
	}
	return true;
}

static uint32_t tier_of(const struct json *list, struct text model, struct text name)
{
	for (uint32_t m = json_first(list, 0); m != JSON_NONE; m = json_next(list, 0, m)) {
		uint32_t tiers = json_member(list, m, "pricingTiers");

		if (!text_equal(string_of(list, m, "modelName"), model))
			continue;
		for (uint32_t t = json_first(list, tiers); t != JSON_NONE;
		     t = json_next(list, tiers, t)) {
			if (text_equal(string_of(list, t, "name"), name))
				return json_member(list, t, "prices");
		}
	}
	fail_msg("no tier %.*s of %.*s", TEXT_ARGS(name), TEXT_ARGS(model));
	return JSON_NONE;
}

/* The rates are those of the tier, or those that stand in the vector, a million. */
static const char *outcome_of_model(const struct vector *v, const struct book *book)
{
	struct text model = string_of(v->doc, v->inputs, "model");
	struct text name = string_of(v->doc, v->expected, "tier");
	struct money rates[COMPONENT_COUNT], due;
	const struct json *from = name.at != NULL ? v->list : v->doc;
	uint32_t prices = name.at != NULL ? tier_of(v->list, model, name) : v->expected;
	int compared = 0;

	if (!rates_of(v, book, model, rates))
		return "unpriced";
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char key[64];
		uint32_t price;

		snprintf(key, sizeof(key), "%s%s", name.at != NULL ? "" : "rate.", keys[i].key);
		price = json_member(from, prices, key);
		if (price == JSON_NONE || rates[keys[i].component].attos < 0)
			continue;
		assert_int_equal(
			amount_read(from->nodes[price].text, name.at != NULL ? 0 : -6, &due),
			AMOUNT_EXACT);
		if (money_compare(due, rates[keys[i].component]) != 0)
			return "different";
		compared++;
	}
	assert_true(compared > 0);
	return "same";
}

/* A model of two tiers, 1 and 2 a million, the second under the condition. */
static const char *outcome_of_condition(const struct vector *v, uint32_t condition)
{
	static const char prices[] = "{\"input\":%de-6,\"input_cached_tokens\":%de-6,"
				     "\"cache_write_tokens\":%de-6,\"output\":%de-6}";
	bool matched = json_type_of(v->doc, json_member(v->doc, v->expected, "tier_matched")) ==
	               JSON_TRUE;
	struct money rates[COMPONENT_COUNT];
	struct buf list = { .at = NULL };
	int64_t value = 0;
	struct book *book;
	bool priced;

	assert_true(json_integer(v->doc, json_member(v->doc, condition, "value"), &value));
	buf_add_cstr(&list, "[{\"modelName\":\"m\",\"matchPattern\":\"^(m)$\",\"pricingTiers\":["
	                    "{\"name\":\"a\",\"isDefault\":true,\"priority\":0,"
	                    "\"conditions\":[],\"prices\":");
	buf_addf(&list, prices, 1, 1, 1, 1);
	buf_addf(&list,
	         "},{\"name\":\"b\",\"isDefault\":false,\"priority\":1,\"conditions\":[{"
	         "\"usageDetailPattern\":\"%.*s\",\"operator\":\"%.*s\",\"value\":%lld,"
	         "\"caseSensitive\":false}],\"prices\":",
	         TEXT_ARGS(string_of(v->doc, condition, "pattern")),
	         TEXT_ARGS(string_of(v->doc, condition, "operator")), (long long)value);
	buf_addf(&list, prices, 2, 2, 2, 2);
	buf_add_cstr(&list, "}]}]");
	book = import(buf_text(&list));
	buf_release(&list);
	priced = rates_of(v, book, text_of("m"), rates);
	book_free(book);
	if (!priced)
		return "unpriced";
	return rates[COMPONENT_INPUT].attos == INT64_C(1000000000000) * (matched ? 2 : 1)
	               ? "same"
	               : "different";
}

static void test_langfuses_vectors_take_the_tier(void **state)
{
	struct exceptions e = EXCEPTIONS("by Langfuse's importer", by_importer);
	struct buf cases = { .at = NULL }, text = { .at = NULL };
	struct json doc = { .nodes = NULL }, list = { .nodes = NULL };
	unsigned same = 0, others = 0;
	struct book *book;
	uint32_t vectors;

	(void)state;
	fixture_need("token_price_vectors_dev.json", &cases);
	fixture_need("prices/langfuse_default_model_prices.json", &text);
	assert_int_equal(json_parse(&doc, buf_text(&cases), NULL), 0);
	assert_int_equal(json_parse(&list, buf_text(&text), NULL), 0);
	book = import(buf_text(&text));
	assert_non_null(book);
	vectors = json_member(&doc, 0, "vectors");
	for (uint32_t n = json_first(&doc, vectors); n != JSON_NONE;
	     n = json_next(&doc, vectors, n)) {
		struct vector v = { .doc = &doc,
			            .list = &list,
			            .id = string_of(&doc, n, "id"),
			            .inputs = json_member(&doc, n, "inputs"),
			            .expected = json_member(&doc, n, "expected") };
		uint32_t condition = json_member(&doc, v.inputs, "condition");
		const char *what;

		if (!text_is(string_of(&doc, n, "group"), "langfuse"))
			continue;
		what = condition != JSON_NONE ? outcome_of_condition(&v, condition)
		                              : outcome_of_model(&v, book);
		if (strcmp(what, "same") == 0) {
			same++;
			continue;
		}
		others++;
		exception_happened(&e, v.id, what, "");
	}
	print_message("%u the same, %u as explained\n", same, others);
	exceptions_end(&e);
	assert_int_equal(same, VECTORS - sizeof(by_importer) / sizeof(by_importer[0]));
	book_free(book);
	json_release(&doc);
	json_release(&list);
	buf_release(&cases);
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_langfuses_vectors_take_the_tier),
	};

	return cmocka_run_group_tests_name("rating_vectors_langfuse", tests, NULL, NULL);
}
