#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "catalogue/draft.h"
#include "price/book.h"

#define ATTOS(micros) ((wide)(micros)*1000000000000)

static struct draft_version *model(struct draft *draft, const char *name)
{
	struct draft_model *made;

	assert_int_equal(draft_model(draft, text_of(name), text_of(name), &made, NULL), 0);
	return draft_version(draft, made, text_of("2026-01-01T00:00:00Z"));
}

static void put(struct draft *draft, struct draft_version *version, enum component component,
                wide attos, struct draft_when when)
{
	const struct draft_rate rate = { .component = component, .price = { attos }, .when = when };

	assert_true(draft_rate(draft, version, &rate, NULL));
}

static const struct draft_when always = { .context_test = DRAFT_CONTEXT_ANY };

/* The book, which must load. */
static struct buf written(const struct draft *draft)
{
	struct buf out = { .at = NULL };
	struct fault fault = { .code = FAULT_NONE };
	struct book *book;

	assert_int_equal(draft_write(draft, &out, &fault), 0);
	if (book_load(&book, buf_text(&out), NULL, &fault) < 0)
		fail_msg("%s\n%s", fault.text, out.at);
	book_free(book);
	return out;
}

static void test_a_book_is_written_in_one_form(void **state)
{
	static const char want[] =
		"{\n\t\"pricebook\": 1,\n\t\"name\": \"n\",\n\t\"currency\": \"USD\",\n"
		"\t\"as\": {\"reasoning\": \"output\"},\n\t\"models\": [\n"
		"\t\t{\n\t\t\t\"model\": \"a\",\n\t\t\t\"versions\": [\n\t\t\t\t{\n"
		"\t\t\t\t\t\"effective_from\": \"2026-01-01T00:00:00Z\",\n\t\t\t\t\t\"rates\": [\n"
		"\t\t\t\t\t\t{\"component\": \"requests\", \"each\": \"0.000001\"}\n"
		"\t\t\t\t\t]\n\t\t\t\t}\n\t\t\t]\n\t\t},\n"
		"\t\t{\n\t\t\t\"model\": \"b\",\n\t\t\t\"aliases\": [\"c\", \"d*\"],\n"
		"\t\t\t\"as\": {\"cache_write\": \"input\"},\n\t\t\t\"versions\": [\n\t\t\t\t{\n"
		"\t\t\t\t\t\"effective_from\": \"2026-01-01T00:00:00Z\",\n\t\t\t\t\t\"rates\": [\n"
		"\t\t\t\t\t\t{\"component\": \"input\", \"per_million\": \"2.00\"},\n"
		"\t\t\t\t\t\t{\"component\": \"input\", \"per_million\": \"0.000000000001\", "
		"\"when\": {\"tier\": \"flex\"}},\n"
		"\t\t\t\t\t\t{\"component\": \"output\", \"per_million\": \"3.00\"}\n"
		"\t\t\t\t\t],\n\t\t\t\t\t\"multipliers\": [\n"
		"\t\t\t\t\t\t{\"multiply\": \"2\", \"components\": [\"output\"], "
		"\"when\": {\"region\": \"eu\"}}\n"
		"\t\t\t\t\t]\n\t\t\t\t}\n\t\t\t],\n"
		"\t\t\t\"listing\": {\n\t\t\t\t\"name\": \"B \\\"1\\\"\",\n\t\t\t\t\"created\": "
		"7,\n"
		"\t\t\t\t\"features\": [\"tools\", \"vision\"]\n\t\t\t}\n\t\t}\n\t]\n}\n";
	const struct draft_multiplier multiplier = { .multiply = text_of("2"),
		                                     .components = 1u << COMPONENT_OUTPUT,
		                                     .when = { .region = text_of("eu") } };
	struct draft draft;
	struct draft_version *version;
	struct draft_model *b;
	struct buf out;

	(void)state;
	assert_int_equal(draft_init(&draft, NULL), 0);
	draft.name = text_of("n");
	draft.same_as[COMPONENT_REASONING] = COMPONENT_OUTPUT;
	version = model(&draft, "b");
	b = draft_find(&draft, text_of("b"));
	put(&draft, version, COMPONENT_OUTPUT, ATTOS(3), always);
	put(&draft, version, COMPONENT_INPUT, ATTOS(2), always);
	put(&draft, version, COMPONENT_INPUT, 1, (struct draft_when){ .tier = text_of("flex") });
	assert_true(draft_multiplier(&draft, version, &multiplier));
	assert_false(draft_multiplier(&draft, version, &multiplier));
	assert_int_equal(draft_alias(&draft, b, text_of("c"), NULL), 0);
	assert_int_equal(draft_alias(&draft, b, text_of("d*"), NULL), 0);
	assert_int_equal(draft_alias(&draft, b, text_of("b"), NULL), 0);
	draft_as(b, COMPONENT_CACHE_WRITE, COMPONENT_INPUT);
	draft_fact(&draft, b, "name", text_of("B \"1\""));
	draft_fact(&draft, b, "name", text_of("the first stays"));
	draft_fact_integer(&draft, b, "created", 7);
	draft_fact_word(&draft, b, "features", text_of("tools"));
	draft_fact_word(&draft, b, "features", text_of("vision"));
	draft_fact_word(&draft, b, "features", text_of("tools"));
	put(&draft, model(&draft, "a"), COMPONENT_REQUESTS, ATTOS(1), always);
	model(&draft, "without a rate");
	out = written(&draft);
	assert_string_equal(out.at, want);
	assert_int_equal(draft_written(&draft), 2);
	buf_release(&out);
	draft_release(&draft);
}

static void test_models_keep_the_order_where_it_counts(void **state)
{
	struct draft draft;
	struct buf out;

	(void)state;
	assert_int_equal(draft_init(&draft, NULL), 0);
	put(&draft, model(&draft, "b"), COMPONENT_INPUT, 1, always);
	put(&draft, model(&draft, "a"), COMPONENT_INPUT, 1, always);
	out = written(&draft);
	assert_true(strstr(out.at, "\"b\"") > strstr(out.at, "\"a\""));
	buf_release(&out);
	draft.keep_order = true;
	out = written(&draft);
	assert_true(strstr(out.at, "\"b\"") < strstr(out.at, "\"a\""));
	buf_release(&out);
	draft_release(&draft);
}

static const struct {
	struct draft_when when;
	enum component component;
	const char *json;
} conditions[] = {
	{ { .context_test = DRAFT_CONTEXT_GT, .context_tokens = 5 },
	  COMPONENT_INPUT,
	  ", \"when\": {\"context\": {\"gt\": 5}}}" },
	{ { .context_test = DRAFT_CONTEXT_GTE, .context_tokens = 0 },
	  COMPONENT_INPUT,
	  ", \"when\": {\"context\": {\"gte\": 0}}}" },
	{ { .has_utc = true, .utc_from = 990, .utc_to = 30 },
	  COMPONENT_INPUT,
	  ", \"when\": {\"utc\": {\"from\": \"16:30\", \"to\": \"00:30\"}}}" },
	{ { .has_utc = true, .utc_from = 0, .utc_to = 1, .days = 0x41 },
	  COMPONENT_INPUT,
	  "{\"utc\": {\"from\": \"00:00\", \"to\": \"00:01\", \"days\": [\"mon\", \"sun\"]}}}" },
	{ { .has_utc = true, .days = 0x1f },
	  COMPONENT_INPUT,
	  "{\"utc\": {\"days\": [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\"]}}}" },
	/* Every day, the whole day: none. */
	{ { .has_utc = true, .days = DRAFT_DAYS_ALL }, COMPONENT_INPUT, "\"0.000001\"}" },
	{ { .implicit = DRAFT_IMPLICIT_FALSE }, COMPONENT_CACHE_READ, "{\"implicit\": false}}" },
	{ { .implicit = DRAFT_IMPLICIT_TRUE }, COMPONENT_CACHE_READ, "{\"implicit\": true}}" },
	{ { .ttl_seconds = 60 }, COMPONENT_CACHE_WRITE, "{\"ttl_seconds\": 60}}" },
};

static void test_conditions_are_those_of_a_book(void **state)
{
	const struct draft_when image = { .region = text_of("us"),
		                          .size = text_of("1x1"),
		                          .quality = text_of("hd"),
		                          .steps = 5 };

	(void)state;
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		struct draft draft;
		struct buf out;

		assert_int_equal(draft_init(&draft, NULL), 0);
		put(&draft, model(&draft, "a"), conditions[i].component, 1000000,
		    conditions[i].when);
		out = written(&draft);
		if (strstr(out.at, conditions[i].json) == NULL)
			fail_msg("no %s in %s", conditions[i].json, out.at);
		buf_release(&out);
		/* And those of an image beside it. */
		put(&draft, draft_model_version(draft_find(&draft, text_of("a"))),
		    COMPONENT_IMAGES_OUT, 1, image);
		out = written(&draft);
		assert_non_null(strstr(out.at, "{\"region\": \"us\", \"size\": \"1x1\", "
		                               "\"quality\": \"hd\", \"steps\": 5}}"));
		buf_release(&out);
		draft_release(&draft);
	}
}

static void test_a_price_too_large_for_a_million_is_written_each(void **state)
{
	struct draft draft;
	struct buf out;
	const struct draft_rate megapixel = { .component = COMPONENT_IMAGES_OUT,
		                              .price = { ATTOS(30000) },
		                              .per = DRAFT_PER_MEGAPIXEL,
		                              .megapixels = "up",
		                              .note = text_of("x") };

	(void)state;
	assert_int_equal(draft_init(&draft, NULL), 0);
	put(&draft, model(&draft, "a"), COMPONENT_INPUT, (wide)10000 * ATTOS_PER_UNIT, always);
	assert_true(draft_rate(&draft, draft_model_version(draft_find(&draft, text_of("a"))),
	                       &megapixel, NULL));
	out = written(&draft);
	assert_non_null(strstr(out.at, "{\"component\": \"input\", \"each\": \"10000.00\"}"));
	assert_non_null(strstr(out.at,
	                       "{\"component\": \"images_out\", \"per_megapixel\": \"0.03\", "
	                       "\"megapixels\": \"up\", \"note\": \"x\"}"));
	buf_release(&out);
	draft_release(&draft);
}

static void test_a_rate_stands_once(void **state)
{
	struct draft_rate rate = { .component = COMPONENT_INPUT, .price = { 5 } };
	struct draft_version *version;
	struct draft draft;
	bool same;

	(void)state;
	assert_int_equal(draft_init(&draft, NULL), 0);
	version = model(&draft, "a");
	assert_true(draft_rate(&draft, version, &rate, &same));
	assert_false(draft_rate(&draft, version, &rate, &same));
	assert_true(same);
	rate.price.attos = 6;
	assert_false(draft_rate(&draft, version, &rate, &same));
	assert_false(same);
	assert_true(draft_prices_plainly(version, COMPONENT_INPUT));
	assert_false(draft_prices(version, COMPONENT_OUTPUT));
	rate.component = COMPONENT_OUTPUT;
	rate.when.tier = text_of("flex");
	assert_true(draft_rate(&draft, version, &rate, &same));
	assert_true(draft_prices(version, COMPONENT_OUTPUT));
	assert_false(draft_prices_plainly(version, COMPONENT_OUTPUT));
	draft_release(&draft);
}

static void test_names_stand_once_and_are_names(void **state)
{
	static const char *const bad[] = { "", "a\nb", "a\x7f" };
	char name[257 + 1];
	struct draft_model *made;
	struct fault fault;
	struct draft draft;

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(draft_init(&draft, NULL), 0);
	model(&draft, "a");
	assert_int_equal(draft_model(&draft, text_of("a"), text_of("entry 2"), &made, &fault),
	                 -FAULT_INVALID);
	assert_string_equal(fault.text, "the entries a and entry 2 both name the model a");
	model(&draft, "b");
	assert_int_equal(
		draft_alias(&draft, draft_find(&draft, text_of("b")), text_of("a"), &fault),
		-FAULT_INVALID);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(draft_model(&draft, text_of(bad[i]), text_of("e"), &made, &fault),
		                 -FAULT_INVALID);
	assert_int_equal(draft_model(&draft, text_of(name), text_of("e"), &made, &fault),
	                 -FAULT_INVALID);
	assert_int_equal(draft_model(&draft, text_of(name + 1), text_of("e"), &made, &fault), 0);
	/* More names than the table begins with. */
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		model(&draft, name);
	}
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		assert_non_null(draft_find(&draft, text_of(name)));
	}
	assert_null(draft_find(&draft, text_of("m3000")));
	draft_release(&draft);
}

static void test_a_book_has_a_limit(void **state)
{
	struct buf out = { .max_bytes = 100 };
	struct fault fault;
	struct draft draft;

	(void)state;
	assert_int_equal(draft_init(&draft, NULL), 0);
	put(&draft, model(&draft, "a"), COMPONENT_INPUT, 1, always);
	assert_int_equal(draft_write(&draft, &out, &fault), -FAULT_RANGE);
	assert_string_equal(fault.text, "the price book is longer than 100 bytes");
	buf_release(&out);
	draft_release(&draft);
}

static void test_a_version_without_a_price_ends_the_one_before(void **state)
{
	struct draft_version *version;
	struct draft_model *a;
	struct draft draft;
	struct buf out;

	(void)state;
	assert_int_equal(draft_init(&draft, NULL), 0);
	model(&draft, "a"); /* its first version has none and is left out */
	a = draft_find(&draft, text_of("a"));
	version = draft_version(&draft, a, text_of("2026-02-01T00:00:00Z"));
	put(&draft, version, COMPONENT_INPUT, 1, always);
	draft_version(&draft, a, text_of("2026-03-01T00:00:00Z"));
	out = written(&draft);
	assert_null(strstr(out.at, "2026-01-01"));
	assert_non_null(strstr(out.at, "2026-02-01"));
	assert_non_null(strstr(strstr(out.at, "2026-03-01"),
	                       "{\"component\": \"requests\", \"each\": \"0.00\", \"note\""));
	buf_release(&out);
	draft_release(&draft);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_book_is_written_in_one_form),
		cmocka_unit_test(test_models_keep_the_order_where_it_counts),
		cmocka_unit_test(test_conditions_are_those_of_a_book),
		cmocka_unit_test(test_a_price_too_large_for_a_million_is_written_each),
		cmocka_unit_test(test_a_rate_stands_once),
		cmocka_unit_test(test_names_stand_once_and_are_names),
		cmocka_unit_test(test_a_book_has_a_limit),
		cmocka_unit_test(test_a_version_without_a_price_ends_the_one_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
