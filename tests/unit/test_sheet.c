/* The prices of a version worked out: "as", multipliers, discounts, and what is hidden. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "catalogue/publish_internal.h"
#include "catalogue/sheet.h"
#include "tests/support/ledgerkit.h"

/* A book of one version with these members. */
static struct book *load(const char *members)
{
	struct buf json = { .at = NULL }, errors = { .at = NULL };
	struct book *book = NULL;

	buf_addf(&json,
	         "{\"pricebook\":1,\"currency\":\"USD\",\"models\":[{\"model\":\"a\",\"versions\":"
	         "[{\"effective_from\":\"2026\",%s}]}]}",
	         kit_quotes(members));
	if (book_load(&book, buf_text(&json), &errors, NULL) < 0)
		fail_msg("%s", errors.at);
	buf_release(&json);
	buf_release(&errors);
	return book;
}

/* "input 0.000001; input, tier batch 0.0000005; ..." */
static void print(const struct sheet *sheet, struct buf *out)
{
	buf_clear(out);
	buf_add_cstr(out, "");
	for (size_t i = 0; i < sheet->count; i++) {
		const struct sheet_price *price = &sheet->prices[i];

		buf_addf(out, "%s%s", i > 0 ? "; " : "", component_info[price->component].key);
		if (price->when.has != 0)
			buf_add_cstr(out, ", ");
		publish_when(out, &price->when, price->component);
		buf_addf(out, "%s ", price->two_windows ? " (and others)" : "");
		publish_amount(out, price->rate.attos_per_unit);
	}
}

static void test_each_entry_is_worked_out(void **state)
{
	static const struct {
		const char *label, *members, *prices;
		bool discounted;
	} rows[] = {
		{ "as it is", "'rates':[{'component':'input','per_million':'1'}]", "input 0.000001",
		  true },
		{ "above is from the next on",
		  "'rates':[{'component':'input','per_million':'1'},{'component':'input',"
		  "'per_million':'2','when':{'context':{'gt':128000}}}]",
		  "input 0.000001; input, context from 128001 0.000002", true },
		{ "from nothing on is always",
		  "'rates':[{'component':'input','per_million':'2','when':{'context':{'gte':0}}}]",
		  "input 0.000002", true },
		{ "what a later one hides is left out",
		  "'rates':[{'component':'input','per_million':'1','when':{'tier':'batch'}},"
		  "{'component':'input','per_million':'2','when':{'context':{'gt':9}}},"
		  "{'component':'input','per_million':'3'},"
		  "{'component':'input','per_million':'4','when':{'context':{'gt':5}}}]",
		  "input 0.000003; input, context from 6 0.000004", true },
		{ "a lower threshold hides a higher one before it",
		  "'rates':[{'component':'input','per_million':'1'},{'component':'input',"
		  "'per_million':'2','when':{'context':{'gt':9}}},{'component':'input',"
		  "'per_million':'3','when':{'context':{'gte':8}}}]",
		  "input 0.000001; input, context from 8 0.000003", true },
		{ "megapixels hide no price of images: their size may not be known",
		  "'rates':[{'component':'images_out','each':'1'},{'component':'images_out',"
		  "'per_megapixel':'2'}]",
		  "images_out 1; images_out 0.000002", true },
		{ "a discount",
		  "'discount_percent':'10','rates':[{'component':'input',"
		  "'per_million':'1'}]",
		  "input 0.0000009", true },
		{ "a discount that is told apart",
		  "'discount_percent':'10','rates':[{'component':'input','per_million':'1'}]",
		  "input 0.000001", false },
		{ "a multiplier of all",
		  "'multipliers':[{'multiply':'1.5'}],'rates':[{'component':'input',"
		  "'per_million':'1'}]",
		  "input 0.0000015", true },
		{ "a multiplier of another component",
		  "'multipliers':[{'multiply':'1.5','components':['output']}],'rates':["
		  "{'component':'input','per_million':'1'}]",
		  "input 0.000001", true },
		{ "multipliers stack, each set once",
		  "'multipliers':[{'multiply':'0.5','when':{'tier':'batch'}},{'multiply':'1.1',"
		  "'when':{'region':'us'}}],'rates':[{'component':'input','per_million':'1'}]",
		  "input 0.000001; input, tier batch 0.0000005; input, region us 0.0000011; "
		  "input, tier batch, region us 0.00000055",
		  true },
		{ "two tiers at once are never",
		  "'multipliers':[{'multiply':'0.5','when':{'tier':'batch'}},{'multiply':'2',"
		  "'when':{'tier':'priority'}}],'rates':[{'component':'input','per_million':'1'}]",
		  "input 0.000001; input, tier batch 0.0000005; input, tier priority 0.000002",
		  true },
		{ "the higher of two thresholds",
		  "'multipliers':[{'multiply':'2','when':{'context':{'gt':100}}}],'rates':["
		  "{'component':'input','per_million':'1'},{'component':'input','per_million':'3',"
		  "'when':{'context':{'gte':50}}}]",
		  "input 0.000001; input, context from 50 0.000003; input, context from 101 "
		  "0.000006",
		  true },
		{ "other hours at once",
		  "'multipliers':[{'multiply':'2','when':{'utc':{'from':'08:00','to':'10:00'}}}],"
		  "'rates':[{'component':'input','per_million':'1','when':{'utc':{'from':'09:00',"
		  "'to':'11:00'}}}]",
		  "input, 09:00 to 11:00 UTC 0.000001; input, 09:00 to 11:00 UTC (and others) "
		  "0.000002",
		  true },
	};
	struct buf out = { .at = NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct book *book = load(rows[i].members);
		struct sheet sheet;

		assert_int_equal(
			sheet_make(&sheet, book_version(book, 0), rows[i].discounted, NULL), 0);
		print(&sheet, &out);
		if (strcmp(out.at, rows[i].prices) != 0)
			fail_msg("%s: %s\nnot %s", rows[i].label, out.at, rows[i].prices);
		sheet_release(&sheet);
		book_free(book);
	}
	buf_release(&out);
}

static void test_what_is_priced_as_another_has_its_prices_and_multipliers(void **state)
{
	struct buf json = { .at = NULL }, out = { .at = NULL };
	struct book *book = NULL;
	struct sheet sheet;

	(void)state;
	buf_add_cstr(&json,
	             kit_quotes("{'pricebook':1,'currency':'USD','as':{'reasoning':'output'},"
	                        "'models':[{'model':'a','versions':[{'effective_from':'2026',"
	                        "'multipliers':[{'multiply':'2','components':['output']}],"
	                        "'rates':[{'component':'output','per_million':'1'}]}]}]}"));
	assert_int_equal(book_load(&book, buf_text(&json), NULL, NULL), 0);
	assert_int_equal(sheet_make(&sheet, book_version(book, 0), true, NULL), 0);
	print(&sheet, &out);
	assert_string_equal(out.at, "output 0.000002; reasoning 0.000002");
	assert_int_equal(sheet.prices[1].source, COMPONENT_OUTPUT);
	sheet_release(&sheet);
	book_free(book);
	buf_release(&json);
	buf_release(&out);
}

/* One that names it multiplies it alone, with conditions and without. */
static void test_what_is_priced_as_another_has_multipliers_of_its_own(void **state)
{
	struct buf json = { .at = NULL }, out = { .at = NULL };
	struct book *book = NULL;
	struct sheet sheet;

	(void)state;
	buf_add_cstr(&json,
	             kit_quotes("{'pricebook':1,'currency':'USD','as':{'reasoning':'output'},"
	                        "'models':[{'model':'a','versions':[{'effective_from':'2026',"
	                        "'multipliers':[{'multiply':'2','components':['reasoning']},"
	                        "{'multiply':'3','components':['output','reasoning']},"
	                        "{'multiply':'0.5','components':['reasoning'],"
	                        "'when':{'tier':'batch'}}],"
	                        "'rates':[{'component':'output','per_million':'1'}]}]}]}"));
	assert_int_equal(book_load(&book, buf_text(&json), NULL, NULL), 0);
	assert_int_equal(sheet_make(&sheet, book_version(book, 0), true, NULL), 0);
	print(&sheet, &out);
	assert_string_equal(out.at, "output 0.000003; reasoning 0.000006; "
	                            "reasoning, tier batch 0.000003");
	sheet_release(&sheet);
	book_free(book);
	buf_release(&json);
	buf_release(&out);
}

static void test_more_multipliers_than_can_be_worked_out_are_told(void **state)
{
	struct fault fault = { .code = FAULT_NONE };
	struct buf members = { .at = NULL };
	struct sheet sheet;
	struct book *book;

	(void)state;
	buf_add_cstr(&members, "'multipliers':[");
	for (int i = 0; i <= SHEET_MULTIPLIERS_MAX; i++)
		buf_addf(&members, "%s{'multiply':'2','when':{'context':{'gt':%d}}}",
		         i > 0 ? "," : "", i + 1);
	buf_add_cstr(&members, "],'rates':[{'component':'input','per_million':'1'}]");
	book = load(members.at);
	assert_int_equal(sheet_make(&sheet, book_version(book, 0), true, &fault), -FAULT_RANGE);
	assert_string_equal(fault.text, "input has more than 6 multipliers with conditions");
	assert_null(sheet.prices);
	book_free(book);
	buf_release(&members);
}

/* 64 of each of 1000 entries are more than SHEET_PRICES_MAX. */
static void test_more_prices_than_can_be_worked_out_are_told(void **state)
{
	struct fault fault = { .code = FAULT_NONE };
	struct buf json = { .at = NULL };
	struct book *book = NULL;
	struct sheet sheet;

	(void)state;
	buf_add_cstr(&json, kit_quotes("{'pricebook':1,'currency':'USD','models':[{'model':'a',"
	                               "'versions':[{'effective_from':'2026','multipliers':["));
	for (int i = 0; i < SHEET_MULTIPLIERS_MAX; i++)
		buf_addf(&json, "%s{\"multiply\":\"2\",\"when\":{\"context\":{\"gt\":%d}}}",
		         i > 0 ? "," : "", i + 1);
	buf_add_cstr(&json, "],\"rates\":[");
	for (int i = 0; i < BOOK_RATES_MAX; i++)
		buf_addf(&json,
		         "%s{\"component\":\"input\",\"per_million\":\"1\",\"when\":{\"region\":"
		         "\"r%d\"}}",
		         i > 0 ? "," : "", i);
	buf_add_cstr(&json, "]}]}]}");
	assert_int_equal(book_load(&book, buf_text(&json), NULL, &fault), 0);
	assert_int_equal(sheet_make(&sheet, book_version(book, 0), true, &fault), -FAULT_RANGE);
	assert_string_equal(fault.text, "more than 20000 prices with their multipliers");
	book_free(book);
	buf_release(&json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_entry_is_worked_out),
		cmocka_unit_test(test_what_is_priced_as_another_has_its_prices_and_multipliers),
		cmocka_unit_test(test_what_is_priced_as_another_has_multipliers_of_its_own),
		cmocka_unit_test(test_more_multipliers_than_can_be_worked_out_are_told),
		cmocka_unit_test(test_more_prices_than_can_be_worked_out_are_told),
	};

	return cmocka_run_group_tests_name("sheet", tests, NULL, NULL);
}
