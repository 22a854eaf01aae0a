/* `toll price test`: a user's own expected amounts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/ledgerkit.h"
#include "tests/support/output.h"
#include "tests/support/tollrun.h"

#define BOOK                                                                                       \
	"{'pricebook':1,'name':'vectors','currency':'USD','as':{'reasoning':'output'},'models':["  \
	"{'model':'chat','versions':[{'effective_from':'2026','rates':["                           \
	"{'component':'input','per_million':'1'},{'component':'output','per_million':'4'},"        \
	"{'component':'input','per_million':'2','when':{'context':{'gt':100}}},"                   \
	"{'component':'cache_read','per_million':'0.1'},"                                          \
	"{'component':'cache_read','per_million':'0.3','when':{'implicit':true}},"                 \
	"{'component':'searches','each':'0.01','when':{'kind':'web_search'}},"                     \
	"{'component':'images_out','each':'2'},"                                                   \
	"{'component':'images_out','each':'3','when':{'size':'9x9','quality':'hd','steps':5}},"    \
	"{'component':'images_in','each':'1'}],"                                                   \
	"'multipliers':[{'multiply':'0.5','when':{'tier':'batch','region':'eu'}}]}]},"             \
	"{'model':'tiers','versions':[{'effective_from':'2026','rates':["                          \
	"{'component':'input','per_million':'1'},"                                                 \
	"{'component':'input','per_million':'3','when':{'tier':'flex'}}]}]},"                      \
	"{'model':'dear','versions':[{'effective_from':'2026','rates':["                           \
	"{'component':'pages','each':'9223372036'}]}]}],"                                          \
	"'accounts':[{'account':'big','effective_from':'2026','rates':["                           \
	"{'component':'input','per_million':'7'}]}]}"

/* A vector with what it must have; the rest is the row's. */
#define V(rest) "{'name':'one','model':'chat','at':'2026-03-01T00:00:00Z'," rest "}"

struct tests {
	struct ledgerkit kit; /* its folder and path; no ledger is open in this process */
	struct tollrun run;
	char book[KIT_PATH_BYTES], vectors[KIT_PATH_BYTES];
};

static int begin(void **state)
{
	struct tests *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	kit_open(&t->kit);
	kit_shut(&t->kit);
	kit_write(&t->kit, t->book, "book.json", BOOK);
	setenv("TOLL_LEDGER", t->kit.path, 1);
	setenv("COLUMNS", "80", 1);
	*state = t;
	return 0;
}

static int end(void **state)
{
	struct tests *t = *state;

	tollrun_release(&t->run);
	kit_close(&t->kit);
	free(t);
	return 0;
}

static void run(struct tests *t, const char *vectors, const char *last)
{
	kit_write(&t->kit, t->vectors, "vectors.json", vectors);
	TOLLRUN(&t->run, "price", "test", t->vectors, "--book", t->book, last);
}

static void feed(struct tests *t, const char *const *words, const char *input)
{
	tollrun_release(&t->run);
	tollrun_start(&t->run, words, input, NULL);
	tollrun_wait(&t->run);
}

static void test_a_vector_holds_or_is_told(void **state)
{
	static const struct {
		const char *label, *vector, *failure; /* NULL: it holds */
	} rows[] = {
		{ "counts", V("'counts':{'input':100,'output':5},'expect':'0.00012'"), NULL },
		{ "zeros behind it change nothing",
		  V("'counts':{'input':100},'expect':'0.000100000'"), NULL },
		{ "one more moves it", V("'counts':{'input':101},'expect':'0.000202'"), NULL },
		{ "the last decimal", V("'counts':{'input':101},'expect':'0.000202000000000001'"),
		  "expected 0.000202000000000001, got 0.000202: 0.000000000000000001 less" },
		{ "more", V("'counts':{'input':100},'expect':'0'"),
		  "expected 0.00, got 0.0001: 0.0001 more" },
		{ "nothing used", V("'counts':{'requests':0},'expect':'0'"), NULL },
		{ "unpriced", V("'counts':{'pages':1},'expect':'unpriced'"), NULL },
		{ "unpriced, and not expected", V("'counts':{'pages':1,'searches':2},'expect':'0'"),
		  "expected 0.00, got unpriced: no rate for pages, searches" },
		{ "priced, and not expected", V("'counts':{'input':1},'expect':'unpriced'"),
		  "expected unpriced, got 0.000001" },
		{ "no model",
		  "{'name':'one','model':'none','at':'2026','counts':{'input':1},'expect':'1'}",
		  "expected 1.00, got unpriced: no model of the book is none" },
		{ "no version",
		  "{'name':'one','model':'chat','at':'2025','counts':{'input':1},'expect':'1'}",
		  "got unpriced: no version of the model is in effect at this time" },
		{ "no amount is not unpriced",
		  "{'name':'one','model':'dear','at':'2026','counts':{'pages':2},"
		  "'expect':'unpriced'}",
		  "expected unpriced, got refused: larger than an amount can be" },
		{ "tier and region",
		  V("'tier':'BATCH','region':'eu','counts':{'input':2},'expect':'0.000001'"),
		  NULL },
		{ "an account", V("'account':'big','counts':{'input':1},'expect':'0.000007'"),
		  NULL },
		{ "kinds",
		  V("'counts':{'cache_read':3},'kinds':[{'component':'cache_read','n':2,"
		    "'implicit':true},{'component':'searches','kind':'web_search'}],"
		    "'expect':'0.0100007'"),
		  NULL },
		{ "images",
		  V("'images':[{'n':2,'size':'9x9','quality':'hd','steps':5},{},"
		    "{'direction':'in','n':4}],'expect':'12'"),
		  NULL },
		{ "one kind of images", V("'images':{'n':2},'expect':'4'"), NULL },
		{ "a provider's usage",
		  V("'api':'openai.chat','usage':{'prompt_tokens':50,'completion_tokens':9,"
		    "'prompt_tokens_details':{'cached_tokens':20},"
		    "'completion_tokens_details':{'reasoning_tokens':4}},'expect':'0.000068'"),
		  NULL },
		{ "of an account",
		  V("'account':'big','api':'openai.chat',"
		    "'usage':{'prompt_tokens':2,'completion_tokens':0},'expect':'0.000014'"),
		  NULL },
		{ "in a tier, which the response may say as well",
		  "{'name':'one','model':'tiers','at':'2026','api':'openai.chat','tier':'flex',"
		  "'usage':{'prompt_tokens':2,'completion_tokens':0},'expect':'0.000006'}",
		  NULL },
		{ "a failed request", V("'api':'openai.chat','status':500,'expect':'0'"), NULL },
		{ "one that would be held",
		  V("'api':'openai.chat','usage':{'prompt_tokens':-1},'expect':'unpriced'"),
		  "expected unpriced, got refused: " },
	};
	struct tests *t = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool fails = rows[i].failure != NULL;

		run(t, rows[i].vector, NULL);
		if (t->run.code != fails ||
		    strstr(t->run.out.at, fails ? rows[i].failure : "1 vector by vectors (") ==
		            NULL ||
		    (fails && strstr(t->run.out.at, "vectors.json:1: one: expected ") == NULL))
			fail_msg("%s: %d %s%s", rows[i].label, t->run.code, t->run.out.at,
			         t->run.err.len > 0 ? t->run.err.at : "");
	}
}

static void test_a_vector_that_is_none_proves_nothing(void **state)
{
	static const struct {
		const char *label, *vector, *says;
	} rows[] = {
		{ "a misspelt key", V("'count':{'input':1},'expect':'0'"),
		  "vectors.json:1: count: there is no such member; did you mean counts?" },
		{ "a key like no other", V("'zebra':1,'counts':{'input':1},'expect':'0'"),
		  "zebra: there is no such member" },
		{ "a misspelt component", V("'counts':{'inptu':1},'expect':'0'"),
		  "vectors.json:1: one: there is no component inptu; did you mean input?" },
		{ "a number as an amount", V("'counts':{'input':1},'expect':0.1"),
		  "expect: an amount is a string: write \"0.1\"" },
		{ "no amount", V("'counts':{'input':1},'expect':'free'"),
		  "expect: free is neither an amount nor \"unpriced\"" },
		{ "nothing expected", V("'counts':{'input':1}"), "expect is missing" },
		{ "nothing used", V("'expect':'0'"), "counts are missing, or usage and its api" },
		{ "no model", "{'at':'2026','counts':{},'expect':'0'}", "model is missing" },
		{ "a model that is none", "{'model':7,'at':'2026','counts':{},'expect':'0'}",
		  "model: a string is due" },
		{ "no time", "{'model':'m','counts':{},'expect':'0'}", "at is missing" },
		{ "a time that is none", "{'model':'m','at':'noon','counts':{},'expect':'0'}",
		  "at: a time is due" },
		{ "counts that are none", V("'counts':[1],'expect':'0'"),
		  "counts: an object of components is due" },
		{ "a fraction", V("'counts':{'input':1.5},'expect':'0'"),
		  "input: a whole number from 0" },
		{ "a count as a string", V("'counts':{'input':'1'},'expect':'0'"),
		  "input: a whole number from 0" },
		{ "kinds that are none", V("'kinds':{},'expect':'0'"),
		  "kinds: an array of objects is due" },
		{ "a kind that is none", V("'kinds':[1],'expect':'0'"), "kinds: an object is due" },
		{ "a kind of nothing", V("'kinds':[{'n':1}],'expect':'0'"),
		  "kinds: there is no component " },
		{ "a misspelt word", V("'kinds':[{'component':'searches','knd':'x'}],'expect':'0'"),
		  "kinds: knd: did you mean kind?" },
		{ "fewer than none of a kind",
		  V("'kinds':[{'component':'searches','n':-2}],'expect':'0'"),
		  "kinds: searches: a whole number from 0" },
		{ "a direction", V("'images':{'direction':'up'},'expect':'0'"),
		  "images: direction is \"in\" or \"out\"" },
		{ "more of a kind than of all",
		  V("'counts':{'images_out':1},'images':{'n':2},'expect':'0'"),
		  "images_out: its kinds are 2 together, and it is 1 in all" },
		{ "usage of no shape", V("'usage':{},'expect':'0'"),
		  "api is missing: it says what shape usage has" },
		{ "both ways", V("'api':'openai.chat','usage':{},'counts':{},'expect':'0'"),
		  "counts and api: counts, or what a provider told, not both" },
		{ "no JSON", V("'counts':{'input':1}},'expect':'0'"), "vectors.json: line 1" },
		{ "not an object", "[1]", "an object with vectors is due" },
		{ "no vectors in it", "{'vectors':{}}", "vectors: an array of vectors is due" },
		{ "none at all", "{'vectors':[]}", "it has no vectors, and proves nothing" },
		{ "a vector that is none", "{'vectors':[7]}",
		  "vectors.json:1: a vector is an object" },
		{ "a misspelt key of the file", "{\n'vectors':[],\n'bok':1}",
		  "vectors.json:3: bok: there is no such member; did you mean book?" },
		{ "the line of a vector",
		  "{'vectors':[\n" V("'counts':{'input':1},'expect':'0.000001'") ",\n\n" V(
			  "'expect':1") "\n]}",
		  "vectors.json:4: one: expect: an amount is a string" },
		{ "the line in a file of lines",
		  V("'counts':{'input':1},'expect':'0.000001'") "\n\n" V("'expect':1") "\n",
		  "vectors.json:3: one: expect: an amount is a string" },
		{ "a line that is no JSON", V("'counts':{'input':1},'expect':'0.000001'") "\n{\n",
		  "vectors.json:2: " },
	};
	struct tests *t = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		run(t, rows[i].vector, "--json");
		if (t->run.code != 3 || t->run.out.len != 0 ||
		    strstr(t->run.err.at, rows[i].says) == NULL)
			fail_msg("%s: %d %s%s", rows[i].label, t->run.code,
			         t->run.out.len > 0 ? t->run.out.at : "",
			         t->run.err.len > 0 ? t->run.err.at : "");
	}
	run(t, "", NULL);
	TOLLRUN_EXPECT(&t->run, 3);
	TOLLRUN(&t->run, "price", "test");
	TOLLRUN_EXPECT(&t->run, 2);
	TOLLRUN(&t->run, "price", "test", "no-such.json");
	TOLLRUN_EXPECT(&t->run, 3);
	TOLLRUN_SAYS(&t->run, "no-such.json: No such file or directory");
}

static void test_failures_stand_with_their_arithmetic(void **state)
{
	static const char vectors[] = "{'note':'n','vectors':[" V(
		"'counts':{'input':1},'expect':'0."
		"000001'") ",\n" V("'counts':{'input':200,'output':1},'expect':'0.1','note':{'"
	                           "any':1}") ",\n" V("'counts':{'pages':1},'expect':'1'") "]"
											   "}";
	struct tests *t = *state;

	run(t, vectors, NULL);
	TOLLRUN_EXPECT(&t->run, 1);
	TOLLRUN_SAYS(&t->run, "vectors.json:2: one: expected 0.10, got 0.000404: 0.099596 less\n");
	TOLLRUN_SAYS(&t->run, "$2.00 per 1M tokens  context > 100  0.0004");
	TOLLRUN_SAYS(&t->run,
	             "vectors.json:3: one: expected 1.00, got unpriced: no rate for pages");
	TOLLRUN_SAYS(&t->run, "1 as expected, 2 different.");
	run(t, vectors, "--json");
	TOLLRUN_EXPECT(&t->run, 1);
	TOLLRUN_SAYS(&t->run,
	             kit_quotes("{'failures':[\n{'line':2,'name':'one','expected':'0.10','got':"
	                        "'0.000404','difference':'-0.099596','why':null,'charges':[{"
	                        "'match':'exact','rows':[{'component':'input','count':200,"));
	TOLLRUN_SAYS(&t->run, kit_quotes("'got':'unpriced','difference':null,'why':'no rate for "
	                                 "pages'"));
	TOLLRUN_SAYS(&t->run, kit_quotes("],'vectors':3,'equal':1,'different':2,'book':'"));
}

/* What a person cannot read is counted; a program is told all of it. */
static void test_many_failures_are_counted(void **state)
{
	enum { VECTORS = 250, TABLES = 20, LINES = 200 };
	struct tests *t = *state;
	struct buf vectors = { .at = NULL };
	const char *const words[] = { "price", "test", "-", "--book", t->book, NULL };
	const char *const json[] = { "price", "test", "-", "--book", t->book, "--json", NULL };
	size_t lines = 0, tables = 0;

	for (int i = 0; i < VECTORS; i++)
		buf_addf(&vectors, "%s\n", kit_quotes(V("'counts':{'input':1},'expect':'1'")));

	feed(t, words, vectors.at);
	TOLLRUN_EXPECT(&t->run, 1);
	TOLLRUN_SAYS(&t->run, "-:1: one: expected 1.00, got 0.000001: 0.999999 less");
	for (const char *at = t->run.out.at; (at = strstr(at, "expected 1.00")) != NULL; at++)
		lines++;
	for (const char *at = t->run.out.at; (at = strstr(at, "per 1M tokens")) != NULL; at++)
		tables++;
	assert_int_equal(lines, LINES);
	assert_int_equal(tables, TABLES);
	TOLLRUN_SAYS(&t->run, "And 50 more that differ: --json has all.");
	TOLLRUN_SAYS(&t->run, "250 vectors by vectors (");
	feed(t, json, vectors.at);
	TOLLRUN_SAYS(&t->run, "{\"line\":250,");
	buf_release(&vectors);
}

static void test_the_book_is_said_by_whoever_is_nearest(void **state)
{
	static const char inside[] = "{'book':" BOOK ",'vectors':[" V(
		"'counts':{'input':1},'expect':'0.000001'") "]}";
	static const char beside[] = "{'vectors':[" V(
		"'counts':{'input':1},'expect':'0.000001'") "],'book':'book.json'}";
	static const char header[] = "{'book':'book.json','note':1}\n" V(
		"'counts':{'input':1},'expect':'0.000001'");
	static const char *const good[] = { inside, beside, header };
	struct tests *t = *state;
	char small[KIT_PATH_BYTES];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		kit_write(&t->kit, t->vectors, "vectors.json", good[i]);
		TOLLRUN(&t->run, "price", "test", t->vectors);
		TOLLRUN_EXPECT(&t->run, 0);
	}
	kit_write(&t->kit, small, "small.json", kit_small_book);
	TOLLRUN(&t->run, "price", "test", t->vectors, "--book", small);
	TOLLRUN_EXPECT(&t->run, 1);
	kit_write(&t->kit, t->vectors, "vectors.json",
	          V("'counts':{'input':1},'expect':'0.000001'"));
	TOLLRUN(&t->run, "price", "test", t->vectors);
	TOLLRUN_EXPECT(&t->run, 3);
	TOLLRUN_SAYS(&t->run, "the ledger has no price book");
	TOLLRUN(&t->run, "price", "apply", t->book);
	TOLLRUN(&t->run, "price", "test", t->vectors);
	TOLLRUN_EXPECT(&t->run, 0);
	kit_write(&t->kit, t->vectors, "vectors.json", "{'book':{'pricebook':2},'vectors':[]}");
	TOLLRUN(&t->run, "price", "test", t->vectors);
	TOLLRUN_EXPECT(&t->run, 3);
	TOLLRUN_SAYS(&t->run, "vectors.json: no price book that could be in force");
	kit_write(&t->kit, t->vectors, "vectors.json", "{'book':7,'vectors':[]}");
	TOLLRUN(&t->run, "price", "test", t->vectors);
	TOLLRUN_SAYS(&t->run, "book: a path is due, or a price book itself");
	kit_write(&t->kit, t->vectors, "vectors.json", "{'book':'book.json','bok':1}\n{}");
	TOLLRUN(&t->run, "price", "test", t->vectors);
	TOLLRUN_EXPECT(&t->run, 3);
	TOLLRUN_SAYS(&t->run, "vectors.json:1: bok: there is no such member; did you mean book?");
}

static void test_standard_input_is_a_file_too(void **state)
{
	static const char vector[] = V("'counts':{'input':1},'expect':'0.000001'");
	struct tests *t = *state;
	const char *const words[] = { "price", "test", "-", "--book", t->book, NULL };

	feed(t, words, kit_quotes(vector));
	TOLLRUN_EXPECT(&t->run, 0);
}

/* The installed sample, and the example of the page: both by the sample book. */
static void test_the_sample_vectors_hold(void **state)
{
	struct tests *t = *state;
	struct buf page = { .at = NULL }, book = { .at = NULL };
	struct fault fault;
	char *from, *to, *out;

	TOLLRUN(&t->run, "price", "test", "packaging/vectors.sample.json");
	TOLLRUN_EXPECT(&t->run, 0);
	TOLLRUN_SAYS(&t->run, ": 11 as expected, 0 different.");
	output_fits(buf_text(&t->run.out));
	if (buf_read_file(&page, "packaging/man/toll-vectors.5", 1024 * 1024, &fault) < 0 ||
	    buf_read_file(&book, "packaging/pricebook.sample.json", 1024 * 1024, &fault) < 0)
		fail_msg("%s", fault.text);
	from = strstr(page.at, ".EX\n");
	assert_non_null(from);
	from += strlen(".EX\n");
	to = strstr(from, ".EE\n");
	assert_non_null(to);
	*to = '\0';
	out = from;
	for (const char *at = from; *at != '\0'; at++) {
		if (*at != '\\')
			*out++ = *at;
	}
	*out = '\0';
	kit_write(&t->kit, t->vectors, "example.json", from);
	TOLLRUN(&t->run, "price", "test", t->vectors, "--book", "packaging/pricebook.sample.json");
	TOLLRUN_EXPECT(&t->run, 0);
	TOLLRUN_SAYS(&t->run, ": 3 as expected, 0 different.");
	buf_release(&page);
	buf_release(&book);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_vector_holds_or_is_told, begin, end),
		cmocka_unit_test_setup_teardown(test_a_vector_that_is_none_proves_nothing, begin,
		                                end),
		cmocka_unit_test_setup_teardown(test_failures_stand_with_their_arithmetic, begin,
		                                end),
		cmocka_unit_test_setup_teardown(test_many_failures_are_counted, begin, end),
		cmocka_unit_test_setup_teardown(test_the_book_is_said_by_whoever_is_nearest, begin,
		                                end),
		cmocka_unit_test_setup_teardown(test_standard_input_is_a_file_too, begin, end),
		cmocka_unit_test_setup_teardown(test_the_sample_vectors_hold, begin, end),
	};

	return cmocka_run_group_tests_name("price test", tests, NULL, NULL);
}
