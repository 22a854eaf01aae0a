/* What two price books charge differently. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/moment.h"
#include "price/compare.h"
#include "tests/support/ledgerkit.h"

#define BOOK(members)          "{'pricebook':1,'currency':'USD'," members "}"
#define MODELS(models)         BOOK("'models':[" models "]")
#define MODEL(name, versions)  "{'model':'" name "','versions':[" versions "]}"
#define FROM(day, rates)       "{'effective_from':'" day "','rates':[" rates "]}"
#define ONE(rates)             MODELS(MODEL("m", FROM("2026", rates)))
#define EACH(component, price) "{'component':'" component "','each':'" price "'}"
#define WITH(members)                                                                              \
	MODELS(MODEL("m", "{'effective_from':'2026','rates':[" EACH("input", "1") "]," members "}"))
#define AGREED(accounts)                                                                           \
	BOOK("'models':[" MODEL("m", FROM("2026", EACH("input", "1"))) "],'accounts':[" accounts   \
	                                                               "]")

static struct book *load(const char *json)
{
	struct fault fault = { .code = FAULT_NONE };
	struct buf errors = { .at = NULL };
	struct book *book = NULL;

	if (book_load(&book, text_of(kit_quotes(json)), &errors, &fault) < 0)
		fail_msg("%s: %s %s", json, fault.text, errors.at);
	buf_release(&errors);
	return book;
}

static void tell_side(struct buf *out, const struct compared *difference, size_t side)
{
	char text[MONEY_TEXT_BYTES] = "-";

	if (difference->rate[side] != NULL)
		rate_text(difference->rate[side]->rate, 1, text);
	else if (difference->minimum[side] != NULL)
		money_text(difference->minimum[side]->charge, text);
	else if (difference->multiplier[side] != NULL)
		text_copy(text, sizeof(text), difference->multiplier[side]->factor.text);
	else if (difference->discount[side] != NULL)
		text_copy(text, sizeof(text), difference->discount[side]->text);
	else if (difference->what == COMPARE_AS)
		text_copy(text, sizeof(text), text_of(component_info[difference->as[side]].key));
	buf_addf(out, " %s", text);
}

/* "m 2026-01-01 rate changed input 1.00 2.00; " */
static int tell(void *context, const struct compared *difference)
{
	static const char *const whats[] = {
		"model", "alias",      "version", "rate",     "as",
		"order", "multiplier", "minimum", "discount", "account"
	};
	static const char *const hows[] = { "added", "removed", "changed" };
	const struct book_override *agreed = difference->agreed[0] != NULL ? difference->agreed[0]
	                                                                   : difference->agreed[1];
	char from[MOMENT_TEXT_BYTES] = "";
	struct buf *out = context;

	buf_addf(out, "%.*s", TEXT_ARGS(agreed != NULL ? agreed->account : difference->model));
	moment_text_unit(difference->from_ms, MOMENT_DAY, from);
	if (difference->what != COMPARE_MODEL && difference->what != COMPARE_ALIAS)
		buf_addf(out, " %s", from);
	buf_addf(out, " %s %s", whats[difference->what], hows[difference->how]);
	if (difference->what == COMPARE_ALIAS)
		buf_addf(out, " %.*s", TEXT_ARGS(difference->alias));
	if (difference->component != COMPONENT_COUNT)
		buf_addf(out, " %s", component_info[difference->component].key);
	if (difference->what >= COMPARE_RATE && difference->what != COMPARE_ORDER &&
	    difference->what != COMPARE_ACCOUNT) {
		tell_side(out, difference, 0);
		tell_side(out, difference, 1);
	}
	buf_add_cstr(out, "; ");
	return 0;
}

struct row {
	const char *label, *before, *after, *expected;
};

static void expect(const struct row *row)
{
	struct book *before = load(row->before), *after = load(row->after);
	struct buf told = { .at = NULL };

	buf_add_cstr(&told, "");
	assert_int_equal(compare_books(before, after, tell, &told), 0);
	if (strcmp(told.at != NULL ? told.at : "", row->expected) != 0)
		fail_msg("%s: %s\nnot %s", row->label, told.at, row->expected);
	buf_release(&told);
	book_free(before);
	book_free(after);
}

static void expect_all(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect(&rows[i]);
}
#define EXPECT_ALL(rows) expect_all(rows, sizeof(rows) / sizeof((rows)[0]))

static void test_what_charges_the_same_is_no_difference(void **state)
{
	static const struct row rows[] = {
		{ "itself", ONE(EACH("input", "1")), ONE(EACH("input", "1")), "" },
		{ "per million and each", ONE(EACH("input", "0.0000008")),
		  ONE("{'component':'input','per_million':'0.80'}"), "" },
		{ "names, notes and listings", ONE(EACH("input", "1")),
		  "{'pricebook':1,'currency':'USD','name':'n','note':'x','models':[{'model':'m',"
		  "'listing':{'name':'M'},'versions':[{'effective_from':'2026','note':'y','rates':"
		  "[" EACH("input", "1") "]}]}]}",
		  "" },
		{ "the order of models and of components",
		  MODELS(MODEL("a", FROM("2026",
		                         EACH("input", "1") "," EACH(
						 "output", "2"))) "," MODEL("b", FROM("2026",
		                                                                      EACH("input",
		                                                                           "1")))),
		  MODELS(MODEL("b", FROM("2026", EACH("input", "1"))) "," MODEL(
			  "a", FROM("2026", EACH("output", "2") "," EACH("input", "1")))),
		  "" },
		{ "a version that repeats the one before it", ONE(EACH("input", "1")),
		  MODELS(MODEL("m", FROM("2026", EACH("input", "1")) "," FROM("2026-06",
		                                                              EACH("input", "1")))),
		  "" },
		{ "the zeros of a factor and the order of multipliers",
		  WITH("'multipliers':[{'multiply':'0.5','when':{'tier':'batch'}},{'multiply':'1.1'"
		       ","
		       "'when':{'region':'eu'}}],'discount_percent':'10'"),
		  WITH("'multipliers':[{'multiply':'1.10','when':{'region':'eu'}},{'multiply':'0."
		       "50',"
		       "'when':{'tier':'batch'}}],'discount_to_user':'0.1'"),
		  "" },
	};

	(void)state;
	EXPECT_ALL(rows);
}

static void test_models_and_their_names_are_told_apart(void **state)
{
	static const struct row rows[] = {
		{ "models",
		  MODELS(MODEL("b", FROM("2026", EACH("input", "1"))) "," MODEL(
			  "a", FROM("2026", EACH("input", "1")))),
		  MODELS(MODEL("c", FROM("2026", EACH("input", "1"))) "," MODEL(
			  "b", FROM("2026", EACH("input", "1")))),
		  "a model removed; c model added; " },
		{ "aliases",
		  MODELS("{'model':'m','aliases':['z','x','y'],'versions':[" FROM(
			  "2026", EACH("input", "1")) "]}"),
		  MODELS("{'model':'m','aliases':['w','x'],'versions':[" FROM(
			  "2026", EACH("input", "1")) "]}"),
		  "m alias added w; m alias removed y; m alias removed z; " },
	};

	(void)state;
	EXPECT_ALL(rows);
}

static void test_prices_are_compared_where_conditions_are_the_same(void **state)
{
	static const struct row rows[] = {
		{ "another price", ONE(EACH("input", "1")), ONE(EACH("input", "2")),
		  "m 2026-01-01 rate changed input 1.00 2.00; " },
		{ "another condition",
		  ONE("{'component':'input','each':'1','when':{'tier':'batch'}}"),
		  ONE("{'component':'input','each':'1','when':{'tier':'flex'}}"),
		  "m 2026-01-01 rate removed input 1.00 -; m 2026-01-01 rate added input - "
		  "1.00; " },
		{ "one of two conditions",
		  ONE(EACH("input",
		           "1") ",{'component':'input','each':'2','when':{'tier':'batch'}}"),
		  ONE(EACH("input",
		           "1") ",{'component':'input','each':'3','when':{'tier':'batch'}}"),
		  "m 2026-01-01 rate changed input 2.00 3.00; " },
		{ "another order",
		  ONE("{'component':'input','each':'1','when':{'region':'eu'}},"
		      "{'component':'input','each':'2','when':{'tier':'batch'}}"),
		  ONE("{'component':'input','each':'2','when':{'tier':'batch'}},"
		      "{'component':'input','each':'1','when':{'region':'eu'}}"),
		  "m 2026-01-01 order changed input; " },
		{ "another way to measure",
		  ONE("{'component':'images_out','per_megapixel':'1','megapixels':'up'}"),
		  ONE("{'component':'images_out','per_megapixel':'1','megapixels':'nearest'}"),
		  "m 2026-01-01 rate removed images_out 1.00 -; "
		  "m 2026-01-01 rate added images_out - 1.00; " },
		{ "as what it is priced",
		  BOOK("'as':{'reasoning':'output','output_audio':'output'},'models':[" MODEL(
			  "m", FROM("2026", EACH("output", "1"))) "]"),
		  BOOK("'as':{'reasoning':'output'},'models':[" MODEL(
			  "m", FROM("2026", EACH("output", "1") "," EACH("reasoning", "2"))) "]"),
		  "m 2026-01-01 rate added reasoning - 2.00; "
		  "m 2026-01-01 as removed reasoning output reasoning; "
		  "m 2026-01-01 as removed output_audio output output_audio; " },
	};

	(void)state;
	EXPECT_ALL(rows);
}

static void test_books_are_compared_at_each_moment(void **state)
{
	static const struct row rows[] = {
		{ "a new version", ONE(EACH("input", "1")),
		  MODELS(MODEL("m", FROM("2026", EACH("input", "1")) "," FROM("2026-06",
		                                                              EACH("input", "2")))),
		  "m 2026-06-01 rate changed input 1.00 2.00; " },
		{ "one that begins on another day",
		  MODELS(MODEL("m", FROM("2026", EACH("input", "1")) "," FROM("2026-06",
		                                                              EACH("input", "2")))),
		  MODELS(MODEL("m", FROM("2026", EACH("input", "1")) "," FROM("2026-07",
		                                                              EACH("input", "2")))),
		  "m 2026-06-01 rate changed input 2.00 1.00; " },
		{ "an earlier beginning", ONE(EACH("input", "1")),
		  MODELS(MODEL("m", FROM("2025", EACH("input", "1")))),
		  "m 2025-01-01 version added; " },
		{ "a later beginning", ONE(EACH("input", "1")),
		  MODELS(MODEL("m", FROM("2026-02", EACH("input", "3")))),
		  "m 2026-01-01 version removed; m 2026-02-01 rate changed input 1.00 3.00; " },
	};

	(void)state;
	EXPECT_ALL(rows);
}

static void test_multipliers_minimums_and_discounts_are_compared(void **state)
{
#define BATCH(factor) "{'multiply':'" factor "','when':{'tier':'batch'}}"
	static const struct row rows[] = {
		{ "a factor", WITH("'multipliers':[" BATCH("0.5") "]"),
		  WITH("'multipliers':[" BATCH("0.6") "]"),
		  "m 2026-01-01 multiplier changed 0.5 0.6; " },
		{ "its components", WITH("'multipliers':[" BATCH("0.5") "]"),
		  WITH("'multipliers':[{'multiply':'0.5','components':['input'],"
		       "'when':{'tier':'batch'}}]"),
		  "m 2026-01-01 multiplier removed 0.5 -; m 2026-01-01 multiplier added - 0.5; " },
		{ "no more", WITH("'multipliers':[" BATCH("0.5") "]"), WITH("'note':'x'"),
		  "m 2026-01-01 multiplier removed 0.5 -; " },
		{ "a minimum", WITH("'minimums':[{'charge':'1'}]"),
		  WITH("'minimums':[{'charge':'2'},{'charge':'3','when':{'tier':'batch'}}]"),
		  "m 2026-01-01 minimum changed 1.00 2.00; m 2026-01-01 minimum added - 3.00; " },
		{ "the order of minimums",
		  WITH("'minimums':[{'charge':'1','when':{'region':'eu'}},"
		       "{'charge':'2','when':{'tier':'batch'}}]"),
		  WITH("'minimums':[{'charge':'2','when':{'tier':'batch'}},"
		       "{'charge':'1','when':{'region':'eu'}}]"),
		  "m 2026-01-01 order changed; " },
		{ "a discount", WITH("'discount_percent':'10'"), WITH("'discount_percent':'5'"),
		  "m 2026-01-01 discount changed 10 5; " },
		{ "a new discount", WITH("'note':'x'"), WITH("'discount_to_user':'0.2'"),
		  "m 2026-01-01 discount added - 0.2; " },
	};

	(void)state;
	EXPECT_ALL(rows);
}

static void test_what_was_agreed_is_compared(void **state)
{
#define OFF(account, percent)                                                                      \
	"{'account':'" account "','effective_from':'2026','discount_percent':'" percent "'}"
#define ONLY(models, percent)                                                                      \
	"{'account':'a','models':[" models "],'effective_from':'2026',"                            \
	"'discount_percent':'" percent "'}"
	static const struct row rows[] = {
		{ "an account", AGREED(OFF("b", "5") "," OFF("a", "5")),
		  AGREED(OFF("b", "5") "," OFF("c", "5")),
		  "a 2026-01-01 account removed; c 2026-01-01 account added; " },
		{ "its discount", AGREED(OFF("a", "5")), AGREED(OFF("a", "6")),
		  "a 2026-01-01 discount changed 5 6; " },
		{ "its price",
		  AGREED("{'account':'a','effective_from':'2026','rates':[" EACH("input",
		                                                                 "1") "]}"),
		  AGREED("{'account':'a','effective_from':'2026','rates':[" EACH("input",
		                                                                 "2") "]}"),
		  "a 2026-01-01 rate changed input 1.00 2.00; " },
		{ "its end", AGREED(OFF("a", "5")),
		  AGREED("{'account':'a','effective_from':'2026','effective_until':'2027',"
		         "'discount_percent':'5'}"),
		  "a 2026-01-01 account changed; " },
		{ "its models", AGREED(ONLY("'x'", "5")), AGREED(ONLY("'x','y'", "5")),
		  "a 2026-01-01 account removed; a 2026-01-01 account added; " },
		{ "the order", AGREED(ONLY("'x*'", "5") "," ONLY("'y*'", "6")),
		  AGREED(ONLY("'y*'", "6") "," ONLY("'x*'", "5")), "a 2026-01-01 order changed; " },
		{ "the order of accounts is none", AGREED(OFF("a", "5") "," OFF("b", "5")),
		  AGREED(OFF("b", "5") "," OFF("a", "5")), "" },
	};

	(void)state;
	EXPECT_ALL(rows);
}

static int stop(void *context, const struct compared *difference)
{
	(void)difference;
	return ++*(int *)context == 2 ? 42 : 0;
}

static void test_whoever_listens_may_stop_it(void **state)
{
	struct book *before = load(ONE(EACH("input", "1") "," EACH("output", "1")));
	struct book *after = load(ONE(EACH("input", "2") "," EACH("output", "2")));
	int calls = 0;

	(void)state;
	assert_int_equal(compare_books(before, after, stop, &calls), 42);
	assert_int_equal(calls, 2);
	calls = 0;
	assert_int_equal(
		compare_versions(book_version(before, 0), book_version(after, 0), stop, &calls),
		42);
	book_free(before);
	book_free(after);
}

#define SAME(name) MODEL(name, FROM("2026", EACH("input", "1")))
#define ALIASED(name, alias)                                                                       \
	"{'model':'" name "','aliases':['" alias "'],"                                             \
	"'versions':[" FROM("2026", EACH("input", "1")) "]}"
#define REPRICED                                                                                   \
	MODEL("both", FROM("2026", EACH("input", "2")) "," FROM("2027", EACH("input", "3")))

static void test_differences_are_counted_by_model_and_account(void **state)
{
	static const char before_json[] = BOOK(
		"'models':[" SAME("gone") "," ALIASED("both", "x") "," ALIASED(
			"alias", "y") "," SAME("same") "],'accounts':[" OFF("a", "5") "]");
	static const char after_json[] = BOOK(
		"'models':[" SAME("new") "," SAME("newer") "," REPRICED "," ALIASED(
			"alias", "z") "," SAME("same") "],'accounts':[" OFF("a", "6") "]");
	struct book *before = load(before_json), *after = load(after_json);
	struct compare_counts counts;

	(void)state;
	assert_int_equal(compare_count(before, after, &counts), 0);
	assert_int_equal(counts.added, 2);
	assert_int_equal(counts.removed, 1);
	assert_int_equal(counts.repriced, 1);
	assert_int_equal(counts.renamed, 1);
	assert_int_equal(counts.accounts, 1);
	book_free(before);
	book_free(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_charges_the_same_is_no_difference),
		cmocka_unit_test(test_models_and_their_names_are_told_apart),
		cmocka_unit_test(test_prices_are_compared_where_conditions_are_the_same),
		cmocka_unit_test(test_books_are_compared_at_each_moment),
		cmocka_unit_test(test_multipliers_minimums_and_discounts_are_compared),
		cmocka_unit_test(test_what_was_agreed_is_compared),
		cmocka_unit_test(test_whoever_listens_may_stop_it),
		cmocka_unit_test(test_differences_are_counted_by_model_and_account),
	};

	return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
