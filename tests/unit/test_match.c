/* Which models of two books are the same thing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "price/match.h"
#include "tests/support/ledgerkit.h"

#define VERSIONS                                                                                   \
	"'versions':[{'effective_from':'2026','rates':[{'component':'input','each':'1'}]}]}"
#define MODEL(name)          "{'model':'" name "'," VERSIONS
#define ALIASED(name, alias) "{'model':'" name "','aliases':[" alias "]," VERSIONS
#define BOOK(models)         "{'pricebook':1,'currency':'USD','models':[" models "]}"

static struct book *load(const char *json)
{
	struct fault fault = { .code = FAULT_NONE };
	struct book *book = NULL;

	if (book_load(&book, text_of(kit_quotes(json)), NULL, &fault) < 0)
		fail_msg("%s: %s", json, fault.text);
	return book;
}

/* "a=b; " in the order of the first book, and both ways say the same. */
static void expect(const char *label, const char *a_json, const char *b_json, bool strip,
                   const char *expected)
{
	struct book *a = load(a_json), *b = load(b_json);
	struct match match = { .count = 0 };
	char told[512] = "";
	size_t len = 0, pairs = 0;

	assert_int_equal(match_models(a, b, strip, &match), 0);
	for (uint32_t i = 0; i < book_model_count(a); i++) {
		uint32_t of = match.of[0][i];

		if (of == MATCH_NONE)
			continue;
		assert_int_equal(match.of[1][of], i);
		pairs++;
		len += (size_t)snprintf(told + len, sizeof(told) - len, "%.*s=%.*s; ",
		                        TEXT_ARGS(book_model(a, i)->name),
		                        TEXT_ARGS(book_model(b, of)->name));
	}
	assert_int_equal(match.count, pairs);
	for (uint32_t i = 0; i < book_model_count(b); i++)
		pairs -= match.of[1][i] != MATCH_NONE;
	assert_int_equal(pairs, 0);
	if (strcmp(told, expected) != 0)
		fail_msg("%s: %s\nnot %s", label, told, expected);
	match_release(&match);
	book_free(a);
	book_free(b);
}

static void test_models_are_matched_once_by_name_alias_and_provider(void **state)
{
	static const struct {
		const char *label, *a, *b, *exact, *stripped;
	} rows[] = {
		{ "names, in any order", BOOK(MODEL("x") "," MODEL("y") "," MODEL("z")),
		  BOOK(MODEL("y") "," MODEL("w") "," MODEL("x")), "x=x; y=y; ", "x=x; y=y; " },
		{ "an alias of the first", BOOK(ALIASED("x", "'p','q'")), BOOK(MODEL("q")), "x=q; ",
		  "x=q; " },
		{ "an alias of the second", BOOK(MODEL("q")), BOOK(ALIASED("x", "'p','q'")),
		  "q=x; ", "q=x; " },
		{ "an alias of both", BOOK(ALIASED("x", "'q'")), BOOK(ALIASED("y", "'q'")), "x=y; ",
		  "x=y; " },
		{ "the name before the alias", BOOK(ALIASED("x", "'q'") "," MODEL("y")),
		  BOOK(ALIASED("y", "'q'")), "y=y; ", "y=y; " },
		{ "without the provider", BOOK(MODEL("openai/gpt-4o")), BOOK(MODEL("gpt-4o")), "",
		  "openai/gpt-4o=gpt-4o; " },
		{ "without several", BOOK(MODEL("a/b/gpt")), BOOK(MODEL("c/gpt")), "",
		  "a/b/gpt=c/gpt; " },
		{ "an alias without it", BOOK(ALIASED("x", "'o/gpt'")), BOOK(MODEL("gpt")), "",
		  "x=gpt; " },
		{ "the first that fits, and each once",
		  BOOK(MODEL("a/gpt") "," MODEL("b/gpt") "," MODEL("c/gpt")),
		  BOOK(MODEL("d/gpt") "," MODEL("e/gpt")), "", "a/gpt=d/gpt; b/gpt=e/gpt; " },
		{ "what is exact is taken", BOOK(MODEL("a/gpt") "," MODEL("b/gpt")),
		  BOOK(MODEL("b/gpt")), "b/gpt=b/gpt; ", "b/gpt=b/gpt; " },
		{ "nothing behind the slash", BOOK(MODEL("a/")), BOOK(MODEL("b/")), "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		expect(rows[i].label, rows[i].a, rows[i].b, false, rows[i].exact);
		expect(rows[i].label, rows[i].a, rows[i].b, true, rows[i].stripped);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_models_are_matched_once_by_name_alias_and_provider),
	};

	return cmocka_run_group_tests_name("match", tests, NULL, NULL);
}
