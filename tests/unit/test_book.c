#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/moment.h"
#include "price/book.h"
#include "tests/support/ledgerkit.h"

/* A book around one part of it. */
#define HEAD              "{'pricebook':1,'currency':'USD',"
#define RATES             "'rates':[{'component':'input','per_million':'1'}]"
#define VERSION           "{'effective_from':'2026-01-01'," RATES "}"
#define MODEL             "{'model':'m','versions':[" VERSION "]}"
#define IN_MODEL(members) HEAD "'models':[{'model':'m'," members ",'versions':[" VERSION "]}]}"
#define IN_VERSIONS(list) HEAD "'models':[{'model':'m','versions':[" list "]}]}"
#define IN_RATES(list)    IN_VERSIONS("{'effective_from':'2026-01-01','rates':[" list "]}")
#define IN_WHEN(when)     IN_RATES("{'component':'input','per_million':'1','when':" when "}")
#define VERSION_PATH      "models[0].versions[0]"
#define RATE_PATH         VERSION_PATH ".rates[0]"

static struct book *load(const char *json)
{
	struct fault fault = { .code = FAULT_NONE };
	struct book *book = NULL;

	if (book_load(&book, text_of(kit_quotes(json)), NULL, &fault) < 0)
		fail_msg("%s: %s", json, fault.text);
	return book;
}

/* The book must be refused with exactly these errors. */
static void expect_errors(const char *label, const char *json, const char *errors)
{
	struct fault fault = { .code = FAULT_NONE };
	struct buf got = { .at = NULL };
	struct book *book = NULL;
	int r = book_load(&book, text_of(kit_quotes(json)), &got, &fault);
	const char *expected = kit_quotes(errors);

	if (r != -FAULT_INVALID && r != -FAULT_SYNTAX)
		fail_msg("%s: %s: %s", label, fault_name(r), fault.text);
	assert_null(book);
	assert_int_equal(fault.code, -r);
	if (got.at == NULL || strcmp(got.at, expected) != 0)
		fail_msg("%s:\n%snot:\n%s", label, got.at != NULL ? got.at : "(nothing)\n",
		         expected);
	buf_release(&got);
}

struct refused {
	const char *label, *json, *errors;
};

static void expect_all_refused(const struct refused *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect_errors(rows[i].label, rows[i].json, rows[i].errors);
}

static void test_errors_of_the_head_name_path_and_line(void **state)
{
	static const struct refused rows[] = {
		{ "no object", "[]", "line 1: book: an object is due\n" },
		{ "unknown key", HEAD "\n'model':[],'models':[" MODEL "]}",
		  "line 2: model: no such key here; did you mean 'models'?\n" },
		{ "a key with a newline forges no error",
		  "{'pricebook':1,'currency':'x','a\\nline 9: b':1,'models':[" MODEL "]}",
		  "line 1: currency: three capital letters are due, like 'USD'\n"
		  "line 1: a?line 9: b: no such key here: it is passed over\n" },
		{ "what sets prices, where it would set none",
		  HEAD "'discount_percent':'10','models':[" MODEL "]}",
		  "line 1: discount_percent: no such key here: it is one of a version or an "
		  "account\n" },
		{ "nearly what sets prices", HEAD "'multiplers':[],'models':[" MODEL "]}",
		  "line 1: multiplers: no such key here: it is one of a version or an account\n" },
		{ "note is no string", HEAD "'note':1,'models':[" MODEL "]}",
		  "line 1: note: a string is due\n" },
		{ "no format version", "{'currency':'USD','models':[" MODEL "]}",
		  "line 1: pricebook: 1 is due: the version of this format\n" },
		{ "another format version",
		  "{\n'pricebook':2,'currency':'USD','models':[" MODEL "]}",
		  "line 2: pricebook: 1 is due: the version of this format\n" },
		{ "format version is text",
		  "{'pricebook':'1','currency':'USD','models':[" MODEL "]}",
		  "line 1: pricebook: 1 is due: the version of this format\n" },
		{ "empty name", HEAD "\n'name':'','models':[" MODEL "]}",
		  "line 2: name: 1 to 256 bytes without control characters are due\n" },
		{ "name is no string", HEAD "'name':7,'models':[" MODEL "]}",
		  "line 1: name: a string is due\n" },
		{ "no currency", "{'pricebook':1,'models':[" MODEL "]}",
		  "line 1: currency: three capital letters are due, like 'USD'\n" },
		{ "currency in small letters",
		  "{'pricebook':1,\n'currency':'usd','models':[" MODEL "]}",
		  "line 2: currency: three capital letters are due, like 'USD'\n" },
		{ "no models", "{'pricebook':1,'currency':'USD'}", "line 1: models: missing\n" },
		{ "models is no array", HEAD "\n'models':{}}",
		  "line 2: models: an array is due\n" },
		{ "models is empty", HEAD "'models':[]}",
		  "line 1: models: empty: at least one is due\n" },
	};

	(void)state;
	expect_all_refused(rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_errors_of_as_name_path_and_line(void **state)
{
	static const struct refused rows[] = {
		{ "no object", IN_MODEL("'as':'input'"),
		  "line 1: models[0].as: an object is due\n" },
		{ "of the book", HEAD "\n'as':[],'models':[" MODEL "]}",
		  "line 2: as: an object is due\n" },
		{ "unknown component", IN_MODEL("'as':{\n'thoughts':'output'}"),
		  "line 2: models[0].as.thoughts: no such component\n" },
		{ "priced as nothing known", IN_MODEL("'as':{'reasoning':'thoughts'}"),
		  "line 1: models[0].as.reasoning: the name of a component is due\n" },
		{ "no name", IN_MODEL("'as':{'reasoning':1}"),
		  "line 1: models[0].as.reasoning: the name of a component is due\n" },
		{ "itself", IN_MODEL("'as':{'output':'output'}"),
		  "line 1: models[0].as.output: a component cannot be priced as itself\n" },
		{ "another unit", IN_MODEL("'as':{'pages':'output'}"),
		  "line 1: models[0].as.pages: pages is counted in pages, output in tokens\n" },
		{ "two steps", IN_MODEL("'as':{'reasoning':'output','output':'input'}"),
		  "line 1: models[0].as.reasoning: output is itself priced as another: name that "
		  "one\n" },
		{ "a circle", IN_MODEL("'as':{'cache_write':'input',\n'input':'cache_write'}"),
		  "line 1: models[0].as.cache_write: input is itself priced as another: name that "
		  "one\n"
		  "line 2: models[0].as.input: cache_write is itself priced as another: name that "
		  "one\n" },
		{ "two steps through the book's",
		  HEAD
		  "'as':{'reasoning':'output'},'models':[{'model':'m',\n'as':{'output':'input'},"
		  "'versions':[" VERSION "]}]}",
		  "line 2: models[0].as.output: the book prices reasoning as this: say what it is "
		  "here "
		  "too\n" },
	};

	(void)state;
	expect_all_refused(rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_errors_of_a_model_name_path_and_line(void **state)
{
	static const struct refused rows[] = {
		{ "no object", HEAD "'models':[\n7]}", "line 2: models[0]: an object is due\n" },
		{ "unknown key", IN_MODEL("\n'alias':['x']"),
		  "line 2: models[0].alias: no such key here; did you mean 'aliases'?\n" },
		{ "note is no string", IN_MODEL("'note':[]"),
		  "line 1: models[0].note: a string is due\n" },
		{ "no name", HEAD "'models':[\n{'versions':[" VERSION "]}]}",
		  "line 2: models[0].model: missing\n" },
		{ "name is no string", HEAD "'models':[{'model':null,'versions':[" VERSION "]}]}",
		  "line 1: models[0].model: a string is due\n" },
		{ "control character in a name",
		  HEAD "'models':[{'model':'a\\u0009b','versions':[" VERSION "]}]}",
		  "line 1: models[0].model: 1 to 256 bytes without control characters are due\n" },
		{ "aliases is no array", IN_MODEL("'aliases':'x'"),
		  "line 1: models[0].aliases: an array is due\n" },
		{ "aliases is empty", IN_MODEL("'aliases':[]"),
		  "line 1: models[0].aliases: empty: at least one is due\n" },
		{ "an alias is no string", IN_MODEL("'aliases':['x',\n5]"),
		  "line 2: models[0].aliases[1]: a string is due\n" },
		{ "an alias is empty", IN_MODEL("'aliases':['']"),
		  "line 1: models[0].aliases[0]: 1 to 256 bytes without control characters are "
		  "due\n" },
		{ "no versions", HEAD "'models':[{'model':'m'}]}",
		  "line 1: models[0].versions: missing\n" },
		{ "versions is no array", HEAD "'models':[{'model':'m','versions':{}}]}",
		  "line 1: models[0].versions: an array is due\n" },
		{ "versions is empty", IN_VERSIONS(""),
		  "line 1: models[0].versions: empty: at least one is due\n" },
		{ "a model twice", HEAD "'models':[" MODEL ",\n" MODEL "]}",
		  "line 2: models[1].model: the name 'm' stands twice\n" },
		{ "an alias is another model",
		  HEAD "'models':[" MODEL ",{'model':'n',\n"
		       "'aliases':['m'],'versions':[" VERSION "]}]}",
		  "line 2: models[1].aliases: the name 'm' stands twice\n" },
		{ "a pattern twice, with another of its length between",
		  HEAD "'models':[{'model':'m','aliases':['a*'],'versions':[" VERSION "]},\n"
		       "{'model':'n','aliases':['b*',\n'a*'],'versions':[" VERSION "]}]}",
		  "line 3: models[1].aliases: the pattern 'a*' stands twice\n" },
	};

	(void)state;
	expect_all_refused(rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_errors_of_a_version_name_path_and_line(void **state)
{
	static const struct refused rows[] = {
		{ "no object", IN_VERSIONS("\n'x'"),
		  "line 2: " VERSION_PATH ": an object is due\n" },
		{ "unknown key",
		  IN_VERSIONS("{'effective_from':'2026-01-01',\n'from':1," RATES "}"),
		  "line 2: " VERSION_PATH ".from: no such key here\n" },
		{ "no time", IN_VERSIONS("{" RATES "}"),
		  "line 1: " VERSION_PATH
		  ".effective_from: a time is due, like '2026-01-01T00:00:00Z'\n" },
		{ "time is a number", IN_VERSIONS("{\n'effective_from':1," RATES "}"),
		  "line 2: " VERSION_PATH
		  ".effective_from: a time is due, like '2026-01-01T00:00:00Z'\n" },
		{ "no such day", IN_VERSIONS("{'effective_from':'2026-02-30'," RATES "}"),
		  "line 1: " VERSION_PATH
		  ".effective_from: a time is due, like '2026-01-01T00:00:00Z'\n" },
		{ "the same time twice", IN_VERSIONS(VERSION ",\n" VERSION),
		  "line 2: models[0].versions[1].effective_from: not later than the version before "
		  "it\n" },
		{ "times that go back",
		  IN_VERSIONS(VERSION ",{'effective_from':'2025-12-31'," RATES "}"),
		  "line 1: models[0].versions[1].effective_from: not later than the version before "
		  "it\n" },
		{ "no rates", IN_VERSIONS("{'effective_from':'2026-01-01'}"),
		  "line 1: " VERSION_PATH ".rates: missing\n" },
		{ "rates is no array", IN_VERSIONS("{'effective_from':'2026-01-01','rates':{}}"),
		  "line 1: " VERSION_PATH ".rates: an array is due\n" },
		{ "rates is empty", IN_RATES(""),
		  "line 1: " VERSION_PATH ".rates: empty: at least one is due\n" },
	};

	(void)state;
	expect_all_refused(rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_errors_of_a_rate_name_path_and_line(void **state)
{
	static const struct refused rows[] = {
		{ "no object", IN_RATES("\n7"), "line 2: " RATE_PATH ": an object is due\n" },
		{ "unknown key",
		  IN_RATES("{'component':'input','per_million':'1',\n'per_unit':'1'}"),
		  "line 2: " RATE_PATH ".per_unit: no such key here\n" },
		{ "no component", IN_RATES("{'per_million':'1'}"),
		  "line 1: " RATE_PATH ".component: missing\n" },
		{ "no such component", IN_RATES("{\n'component':'thoughts','per_million':'1'}"),
		  "line 2: " RATE_PATH ".component: no such component\n" },
		{ "component is a number", IN_RATES("{'component':3,'per_million':'1'}"),
		  "line 1: " RATE_PATH ".component: no such component\n" },
		{ "no price", IN_RATES("{'component':'input'}"),
		  "line 1: " RATE_PATH
		  ": exactly one of per_million, each and per_megapixel is due\n" },
		{ "two prices", IN_RATES("{'component':'input','per_million':'1','each':'1'}"),
		  "line 1: " RATE_PATH
		  ": exactly one of per_million, each and per_megapixel is due\n" },
		{ "price is a number", IN_RATES("{'component':'input',\n'per_million':0.80}"),
		  "line 2: " RATE_PATH ".per_million: a price is a string: write '0.80'\n" },
		{ "price is null", IN_RATES("{'component':'input','each':null}"),
		  "line 1: " RATE_PATH ".each: a decimal string is due\n" },
		{ "price has an exponent", IN_RATES("{'component':'input','each':'1e-6'}"),
		  "line 1: " RATE_PATH
		  ".each: '1e-6' is no decimal number (digits and at most one point)\n" },
		{ "price is empty", IN_RATES("{'component':'input','each':''}"),
		  "line 1: " RATE_PATH
		  ".each: '' is no decimal number (digits and at most one point)\n" },
		{ "price is negative", IN_RATES("{'component':'input','each':'-0.5'}"),
		  "line 1: " RATE_PATH ".each: '-0.5' is negative\n" },
		{ "price is a negative zero", IN_RATES("{'component':'input','each':'-0.0'}"),
		  "line 1: " RATE_PATH ".each: '-0.0' is negative\n" },
		{ "price has 19 decimals",
		  IN_RATES("{'component':'input','each':'0.0000000000000000001'}"),
		  "line 1: " RATE_PATH
		  ".each: '0.0000000000000000001' has more than 18 decimals\n" },
		{ "price a token has 19 decimals",
		  IN_RATES("{'component':'input','per_million':'0.0000000000001'}"),
		  "line 1: " RATE_PATH
		  ".per_million: '0.0000000000001' for 1000000 needs more than 18 "
		  "decimals for one unit\n" },
		{ "price is too large", IN_RATES("{'component':'input','each':'9223372037'}"),
		  "line 1: " RATE_PATH ".each: '9223372037' is too large\n" },
		{ "images by the million", IN_RATES("{'component':'images_out','per_million':'1'}"),
		  "line 1: " RATE_PATH
		  ".per_million: images_out is not counted in tokens: give its "
		  "price with 'each'\n" },
		{ "the same entry twice",
		  IN_RATES("{'component':'input','per_million':'1'},"
		           "{'component':'output','per_million':'1'},\n"
		           "{'component':'input','each':'1'}"),
		  "line 2: " VERSION_PATH
		  ".rates[2]: the same component and conditions as an entry before\n" },
		{ "the same conditions twice",
		  IN_RATES(
			  "{'component':'images_out','each':'1','when':{'size':'s','quality':'q'}},"
			  "{'component':'images_out','each':'2','when':{'quality':'q','size':'s'}"
			  "}"),
		  "line 1: " VERSION_PATH
		  ".rates[1]: the same component and conditions as an entry before\n" },
	};

	(void)state;
	expect_all_refused(rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_errors_of_a_condition_name_path_and_line(void **state)
{
	static const struct refused rows[] = {
		{ "when is no object", IN_WHEN("\n[]"),
		  "line 2: " RATE_PATH ".when: an object is due\n" },
		{ "unknown condition", IN_WHEN("{\n'weather':'fine'}"),
		  "line 2: " RATE_PATH ".when.weather: no such key here\n" },
		{ "a condition misspelt", IN_WHEN("{'teir':'batch'}"),
		  "line 1: " RATE_PATH ".when.teir: no such key here; did you mean 'tier'?\n" },
		{ "context is a number", IN_WHEN("{'context':128000}"),
		  "line 1: " RATE_PATH ".when.context: an object is due\n" },
		{ "context without a test", IN_WHEN("{'context':{}}"),
		  "line 1: " RATE_PATH ".when.context: exactly one of gt and gte is due\n" },
		{ "context with two tests", IN_WHEN("{'context':{'gt':1,'gte':1}}"),
		  "line 1: " RATE_PATH ".when.context: exactly one of gt and gte is due\n" },
		{ "context with another test", IN_WHEN("{'context':{'gt':1,'lt':2}}"),
		  "line 1: " RATE_PATH ".when.context.lt: no such key here\n" },
		{ "context is no count", IN_WHEN("{'context':{'gt':1.5}}"),
		  "line 1: " RATE_PATH ".when.context: a whole number of tokens is due\n" },
		{ "context is negative", IN_WHEN("{'context':{'gte':-1}}"),
		  "line 1: " RATE_PATH ".when.context: a whole number of tokens is due\n" },
		{ "context is past every request", IN_WHEN("{'context':{'gt':1000000000001}}"),
		  "line 1: " RATE_PATH ".when.context: a whole number of tokens is due\n" },
		{ "size of tokens", IN_WHEN("{'size':'1024x1024'}"),
		  "line 1: " RATE_PATH ".when.size: only images_in and images_out have it\n" },
		{ "quality of tokens", IN_WHEN("{'quality':'hd'}"),
		  "line 1: " RATE_PATH ".when.quality: only images_in and images_out have it\n" },
		{ "size is a number",
		  IN_RATES("{'component':'images_out','each':'1','when':{'size':1024}}"),
		  "line 1: " RATE_PATH ".when.size: a string is due\n" },
		{ "size has 24 bytes",
		  IN_RATES("{'component':'images_out','each':'1','when':{'size':"
		           "'123456789012345678901234'}}"),
		  "line 1: " RATE_PATH ".when.size: at most 23 bytes\n" },
	};

	(void)state;
	expect_all_refused(rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_all_errors_are_told_at_once(void **state)
{
	(void)state;
	expect_errors(
		"one of each level",
		"{'pricebook':2,\n'currency':'usd',\n'models':[{'model':'m',\n'aliases':[1],"
		"'versions':[{'effective_from':'x',\n'rates':[{'component':'input','each':1},"
		"{'component':'y'}]}]},\n{}]}",
		"line 1: pricebook: 1 is due: the version of this format\n"
		"line 2: currency: three capital letters are due, like 'USD'\n"
		"line 4: models[0].aliases[0]: a string is due\n"
		"line 4: models[0].versions[0].effective_from: a time is due, like "
		"'2026-01-01T00:00:00Z'\n"
		"line 5: models[0].versions[0].rates[0].each: a price is a string: write '1'\n"
		"line 5: models[0].versions[0].rates[1].component: no such component\n"
		"line 6: models[1].model: missing\n"
		"line 6: models[1].versions: missing\n");
}

static void test_errors_beyond_the_limit_are_counted(void **state)
{
	struct fault fault = { .code = FAULT_NONE };
	struct buf json = { .at = NULL }, errors = { .at = NULL };
	struct book *book = NULL;
	size_t lines = 0;

	(void)state;
	buf_add_cstr(&json, "{\"pricebook\":1,\"currency\":\"USD\",\"models\":[7");
	for (int i = 1; i < BOOK_ERRORS_MAX + 50; i++)
		buf_add_cstr(&json, ",7");
	buf_add_cstr(&json, "]}");
	assert_int_equal(book_load(&book, buf_text(&json), &errors, &fault), -FAULT_INVALID);
	for (const char *c = errors.at; *c != '\0'; c++)
		lines += *c == '\n';
	assert_int_equal(lines, BOOK_ERRORS_MAX + 1);
	assert_non_null(
		strstr(errors.at, "\nline 1: models[99]: an object is due\n... and 50 more\n"));
	assert_string_equal(fault.text,
	                    "the price book has 150 errors; the first: line 1: models[0]: "
	                    "an object is due");
	buf_release(&json);
	buf_release(&errors);
}

static void test_a_text_that_is_no_json_is_told_with_its_line(void **state)
{
	(void)state;
	expect_errors("comma", "{'pricebook':1,\n}", "line 2, column 1: this is not JSON\n");
	expect_errors("a key twice", "{'pricebook':1,\n'pricebook':1}",
	              "line 2, column 1: the object has this key already: pricebook\n");
}

static void test_a_book_over_its_size_is_refused_unread(void **state)
{
	static char byte;
	struct fault fault = { .code = FAULT_NONE };
	struct book *book = NULL;

	(void)state;
	assert_int_equal(book_load(&book, (struct text){ &byte, BOOK_BYTES_MAX + 1 }, NULL, &fault),
	                 -FAULT_RANGE);
	assert_string_equal(fault.text, "a price book has at most 33554432 bytes");
}

static void test_a_book_has_at_most_its_versions(void **state)
{
	struct fault fault = { .code = FAULT_NONE };
	struct buf json = { .at = NULL };
	struct book *book = NULL;

	(void)state;
	buf_add_cstr(&json, kit_quotes(HEAD "'models':["));
	for (int i = 0; i < BOOK_VERSIONS_MAX; i++)
		buf_addf(
			&json,
			"%s{\"model\":\"m%d\",\"versions\":[{\"effective_from\":\"2026\",\"rates\":"
			"[{\"component\":\"input\",\"each\":\"1\"}]}]}",
			i > 0 ? "," : "", i);
	buf_add_cstr(&json, "]}");
	assert_int_equal(book_load(&book, buf_text(&json), NULL, &fault), 0);
	assert_int_equal(book_version_count(book), BOOK_VERSIONS_MAX);
	book_free(book);
	book = NULL;
	json.len -= 2;
	buf_add_cstr(&json, kit_quotes(",{'model':'last','versions':[" VERSION "]}]}"));
	assert_int_equal(book_load(&book, buf_text(&json), NULL, &fault), -FAULT_INVALID);
	assert_non_null(strstr(fault.text, "a book has at most 100000 versions"));
	buf_release(&json);
}

static void test_a_version_has_at_most_its_entries(void **state)
{
	struct fault fault = { .code = FAULT_NONE };
	struct buf json = { .at = NULL };
	struct book *book = NULL;

	(void)state;
	for (int count = BOOK_RATES_MAX; count <= BOOK_RATES_MAX + 1; count++) {
		buf_clear(&json);
		buf_add_cstr(&json, kit_quotes(HEAD "'models':[{'model':'m','versions':["
		                                    "{'effective_from':'2026',\n'rates':["));
		for (int i = 0; i < count; i++)
			buf_addf(&json,
			         "%s{\"component\":\"input\",\"each\":\"1\",\"when\":"
			         "{\"context\":{\"gt\":%d}}}",
			         i > 0 ? "," : "", i);
		buf_add_cstr(&json, "]}]}]}");
		assert_int_equal(book_load(&book, buf_text(&json), NULL, &fault),
		                 count > BOOK_RATES_MAX ? -FAULT_INVALID : 0);
		if (count > BOOK_RATES_MAX)
			continue;
		assert_int_equal(book_version(book, 0)->card.rate_count, BOOK_RATES_MAX);
		book_free(book);
	}
	assert_string_equal(fault.text,
	                    "the price book has 1 error; the first: line 2: " VERSION_PATH
	                    ".rates: at most 1000 entries");
	buf_release(&json);
}

static void test_a_file_that_is_not_there_is_told(void **state)
{
	struct fault fault = { .code = FAULT_NONE };
	struct book *book = NULL;

	(void)state;
	assert_true(book_load_file(&book, "/nonexistent/book.json", NULL, &fault) < 0);
	assert_non_null(strstr(fault.text, "/nonexistent/book.json"));
}

static void test_a_book_is_named_by_its_bytes(void **state)
{
	const char *json = kit_quotes(HEAD "'name':'b','models':[" MODEL "]}");
	struct book *book = load(json);
	char hex[SHA256_HEX_BYTES];

	(void)state;
	sha256_hex(json, strlen(json), hex);
	assert_string_equal(book_hash(book), hex);
	assert_true(text_is(book_json(book), json));
	assert_true(text_is(book_name(book), "b"));
	assert_true(text_is(book_currency(book), "USD"));
	assert_int_equal(book_version_count(book), 1);
	assert_null(book_version(book, 1));
	book_free(book);
	book_free(NULL);
}

/* The model and what led to it, as "model kind pattern". */
static const char *find(const struct book *book, const char *model, const char *at)
{
	static const char *const kinds[] = { "none", "exact", "alias", "pattern" };
	static char text[512];
	struct book_found found;
	int64_t at_ms;

	assert_true(moment_parse_date(text_of(at), &at_ms));
	found = book_find(book, text_of(model), at_ms);
	snprintf(text, sizeof(text), "%.*s %s %.*s",
	         TEXT_ARGS(found.version != NULL ? found.version->model : text_of("-")),
	         kinds[found.match],
	         TEXT_ARGS(found.pattern.at != NULL ? found.pattern : text_of("-")));
	return text;
}

static void test_an_exact_name_beats_the_longest_pattern_beats_the_first(void **state)
{
	static const struct {
		const char *label, *model, *found;
	} rows[] = {
		{ "its own name", "acme/big", "acme/big exact -" },
		{ "an exact alias beats a longer pattern", "acme/big-2026-01",
		  "acme/big alias acme/big-2026-01" },
		{ "a pattern", "acme/other", "acme/rest pattern acme/*" },
		{ "the longer pattern", "acme/big-2027", "acme/big pattern acme/big-*" },
		{ "of two equally long ones the first", "acme/xy-1",
		  "acme/rest pattern acme/x*-1" },
		{ "a run may be empty", "acme/big-", "acme/big pattern acme/big-*" },
		{ "a star in a model's own name is a star", "odd*", "odd* exact -" },
		{ "and matches nothing else", "oddity", "- none -" },
		{ "capital letters count", "ACME/big", "- none -" },
		{ "no name", "", "- none -" },
	};
	struct book *book = load(
		HEAD "'models':["
		     "{'model':'acme/rest','aliases':['acme/*','acme/x*-1'],'versions':[" VERSION
		     "]},"
		     "{'model':'acme/big','aliases':['acme/big-*','acme/big-2026-01','acme/*y-1'],"
		     "'versions':[" VERSION "]},"
		     "{'model':'odd*','versions':[" VERSION "]}]}");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *found = find(book, rows[i].model, "2026-08-01");

		if (strcmp(found, rows[i].found) != 0)
			fail_msg("%s: %s", rows[i].label, found);
	}
	book_free(book);
}

static void test_the_version_is_the_latest_that_has_begun(void **state)
{
	static const struct {
		const char *label;
		int64_t after_ms; /* the beginning of the first version */
		int ordinal;      /* -1: none */
	} rows[] = {
		{ "a millisecond before the first", -1, -1 },
		{ "the first millisecond", 0, 0 },
		{ "the last of the first", MS_PER_DAY - 1, 0 },
		{ "the first of the second", MS_PER_DAY, 1 },
		{ "long after the last", 3650 * MS_PER_DAY, 2 },
	};
	struct book *book = load(IN_VERSIONS("{'effective_from':'2026-01-01T00:00:00Z'," RATES "},"
	                                     "{'effective_from':'2026-01-02'," RATES "},"
	                                     "{'effective_from':'2026-01-03T01:00:00+01:00'," RATES
	                                     "}"));
	int64_t start_ms;

	(void)state;
	assert_true(moment_parse_date(text_of("2026-01-01"), &start_ms));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct book_found found = book_find(book, text_of("m"),
		                                    start_ms + rows[i].after_ms);
		int ordinal = found.version != NULL ? (int)found.version->ordinal : -1;

		assert_int_equal(found.match, BOOK_MATCH_EXACT);
		if (ordinal != rows[i].ordinal)
			fail_msg("%s: version %d", rows[i].label, ordinal);
	}
	book_free(book);
}

static void test_prices_are_kept_to_the_last_decimal(void **state)
{
	struct book *book = load(
		IN_RATES("{'component':'input','per_million':'0.000000000001'},"
	                 "{'component':'output','per_million':'9223372036.854775'},"
	                 "{'component':'pages','each':'0.000000000000000001'},"
	                 "{'component':'searches','each':'0'}"));
	const struct book_version *version = book_version(book, 0);

	(void)state;
	assert_int_equal(version->card.rate_count, 4);
	assert_true(version->card.rates[0].rate.attos_per_unit == 1);
	assert_int_equal(version->card.rates[0].per_units, 1000000);
	assert_true(version->card.rates[1].rate.attos_per_unit ==
	            (wide)INT64_C(9223372036854775) * 1000000);
	assert_true(version->card.rates[2].rate.attos_per_unit == 1);
	assert_int_equal(version->card.rates[2].per_units, 1);
	assert_true(version->card.rates[3].rate.attos_per_unit == 0);
	book_free(book);
}

static void test_as_of_a_model_stands_over_as_of_the_book(void **state)
{
	struct book *book = load(
		HEAD "'as':{'reasoning':'output','cache_write':'cache_write_5m'},'models':["
		     "{'model':'a','versions':[" VERSION "]},"
		     "{'model':'b','as':{'reasoning':'input'},'versions':[" VERSION "]}]}");
	const struct book_version *a = book_version(book, 0), *b = book_version(book, 1);

	(void)state;
	assert_int_equal(a->same_as[COMPONENT_REASONING], COMPONENT_OUTPUT);
	assert_int_equal(a->same_as[COMPONENT_CACHE_WRITE], COMPONENT_CACHE_WRITE_5M);
	assert_int_equal(b->same_as[COMPONENT_REASONING], COMPONENT_INPUT);
	assert_int_equal(b->same_as[COMPONENT_CACHE_WRITE], COMPONENT_CACHE_WRITE_5M);
	assert_int_equal(b->same_as[COMPONENT_INPUT], COMPONENT_INPUT);
	book_free(book);
}

static void test_lint_warns_of_components_that_will_come_unpriced(void **state)
{
	struct book *book = load(
		IN_RATES("{'component':'input','each':'1'},{'component':'output','each':'1'}"));
	struct buf out = { .at = NULL };

	(void)state;
	assert_int_equal(book_warnings(book, &out), 2);
	assert_non_null(strstr(out.at, "m from 2026-01-01T00:00:00.000Z: no rate for reasoning: "));
	assert_non_null(
		strstr(out.at, "m from 2026-01-01T00:00:00.000Z: no rate for cache_read: "));
	book_free(book);
	book = load(HEAD
	            "'as':{'reasoning':'output','cache_read':'input'},'models':[{'model':'m',"
	            "'versions':[{'effective_from':'2026','rates':["
	            "{'component':'input','each':'1'},{'component':'output','each':'1'}]}]}]}");
	buf_clear(&out);
	assert_int_equal(book_warnings(book, &out), 0);
	book_free(book);
	book = load(IN_RATES("{'component':'input','each':'1'}"));
	assert_int_equal(book_warnings(book, &out), 0);
	book_free(book);
	buf_release(&out);
}

static void test_lint_warns_of_a_star_in_the_name_of_a_model(void **state)
{
	struct book *book = load(HEAD "'models':[{'model':'m-*','aliases':['n-*'],'versions':[{"
	                              "'effective_from':'2026','rates':["
	                              "{'component':'input','each':'1'}]}]}]}");
	struct buf out = { .at = NULL };

	(void)state;
	assert_int_equal(book_warnings(book, &out), 1);
	assert_string_equal(out.at, "m-*: a star in the name of a model is a star, not a pattern: "
	                            "put it into aliases\n");
	book_free(book);
	buf_release(&out);
}

/* Everybody starts from it, and the demo prices its traffic with it. */
static void test_the_sample_book_lints_and_prices_its_models_in_2026(void **state)
{
	static const char *const models[] = { "acme/llama-4-70b", "acme/opus-mini",
		                              "acme/gem-flash",   "acme/embed-3",
		                              "acme/paint-2",     "acme/omni-1",
		                              "acme/paint-3" };
	struct fault fault = { .code = FAULT_NONE };
	struct buf errors = { .at = NULL };
	struct book *book = NULL;
	int64_t at_ms;

	(void)state;
	if (book_load_file(&book, "packaging/pricebook.sample.json", &errors, &fault) < 0)
		fail_msg("%s\n%s", fault.text, errors.at != NULL ? errors.at : "");
	assert_int_equal(book_warnings(book, &errors), 0);
	assert_true(moment_parse_date(text_of("2026-01-01"), &at_ms));
	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
		assert_non_null(book_find(book, text_of(models[i]), at_ms).version);
	assert_int_equal(book_find(book, text_of("acme/unlisted-1"), at_ms).match, BOOK_MATCH_NONE);
	assert_int_equal(book_find(book, text_of("acme/llama-4-70b-2026-06"), at_ms).match,
	                 BOOK_MATCH_PATTERN);
	buf_release(&errors);
	book_free(book);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors_of_the_head_name_path_and_line),
		cmocka_unit_test(test_errors_of_as_name_path_and_line),
		cmocka_unit_test(test_errors_of_a_model_name_path_and_line),
		cmocka_unit_test(test_errors_of_a_version_name_path_and_line),
		cmocka_unit_test(test_errors_of_a_rate_name_path_and_line),
		cmocka_unit_test(test_errors_of_a_condition_name_path_and_line),
		cmocka_unit_test(test_all_errors_are_told_at_once),
		cmocka_unit_test(test_errors_beyond_the_limit_are_counted),
		cmocka_unit_test(test_a_text_that_is_no_json_is_told_with_its_line),
		cmocka_unit_test(test_a_book_over_its_size_is_refused_unread),
		cmocka_unit_test(test_a_book_has_at_most_its_versions),
		cmocka_unit_test(test_a_version_has_at_most_its_entries),
		cmocka_unit_test(test_a_file_that_is_not_there_is_told),
		cmocka_unit_test(test_a_book_is_named_by_its_bytes),
		cmocka_unit_test(test_an_exact_name_beats_the_longest_pattern_beats_the_first),
		cmocka_unit_test(test_the_version_is_the_latest_that_has_begun),
		cmocka_unit_test(test_prices_are_kept_to_the_last_decimal),
		cmocka_unit_test(test_as_of_a_model_stands_over_as_of_the_book),
		cmocka_unit_test(test_lint_warns_of_components_that_will_come_unpriced),
		cmocka_unit_test(test_lint_warns_of_a_star_in_the_name_of_a_model),
		cmocka_unit_test(test_the_sample_book_lints_and_prices_its_models_in_2026),
	};

	return cmocka_run_group_tests_name("book", tests, NULL, NULL);
}
