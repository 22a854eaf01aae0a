/*
 * The importer of Langfuse's list.  In the rows ' stands for ".  The whole file of
 * ../shared/data (not part of the project) is priced a second time by
 * tests/integration/test_catalogue_prices.sh.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include <cmocka.h>

#include "price/book.h"
#include "tests/support/fixture.h"
#include "tests/support/importkit.h"

#define ENTRY(name, pattern, tiers)                                                                \
	"{'modelName':'" name "','matchPattern':'" pattern "','pricingTiers':[" tiers "]}"
#define DEFAULT(prices) "{'isDefault':true,'priority':0,'conditions':[],'prices':{" prices "}}"
#define TIER(n, conditions, prices)                                                                \
	"{'isDefault':false,'priority':" n ",'conditions':[" conditions "],'prices':{" prices "}}"
#define SERVICE(words)                                                                             \
	"{'source':'model_parameters','key':'service_tier','operator':'in','values':[" words "]}"
#define USAGE(pattern, test, n)                                                                    \
	"{'usageDetailPattern':'" pattern "','operator':'" test "','value':" n                     \
	",'caseSensitive':false}"
/* One entry m, and the entry k, which is in every book. */
#define ONE(tiers)          "[" ENTRY("m", "^m$", tiers) "," KEPT "]"
#define NAMED(pattern)      "[" ENTRY("m", pattern, DEFAULT("'input':1e-6")) "]"
#define KEPT                ENTRY("k", "^k$", DEFAULT("'input':1e-6"))
#define KEPT_BOOK           "k\ninput 1.00\n"
#define LEFT_OUT(tier, key) "not_representable m pricingTiers[" #tier "].prices." key "\n"

static const struct {
	const char *label, *json;
	const char *book, *rows;
} rows[] = {
	{ "every word for a component",
	  ONE(DEFAULT("'input':1e-6,'input_text':1e-6,'input_text_tokens':1e-6,'input_tokens':1e-6,"
	              "'input_modality_1':1e-6,'promptTokenCount':1e-6,'prompt_token_count':1e-6,"
	              "'input_audio':2e-6,'input_audio_tokens':2e-6,'input_image':3e-6,"
	              "'input_cached_tokens':4e-6,'input_cached_text_tokens':4e-6,"
	              "'input_cache_read':4e-6,'cache_read_input_tokens':4e-6,"
	              "'cached_content_token_count':4e-6,'input_cached_audio_tokens':5e-6,"
	              "'input_cache_creation':6e-6,'cache_creation_input_tokens':6e-6,"
	              "'cache_write_tokens':6e-6,'input_cache_creation_5m':7e-6,"
	              "'input_cache_creation_1h':8e-6,'output':9e-6,'output_text':9e-6,"
	              "'output_text_tokens':9e-6,'output_tokens':9e-6,'output_modality_1':9e-6,"
	              "'candidatesTokenCount':9e-6,'candidates_token_count':9e-6,"
	              "'output_reasoning':10e-6,'output_reasoning_tokens':10e-6,"
	              "'reasoning_tokens':10e-6,'thoughtsTokenCount':10e-6,"
	              "'thoughts_token_count':10e-6,'output_audio':11e-6,"
	              "'output_audio_tokens':11e-6,'webSearchQueries':0.014,"
	              "'web_search_queries':0.014,'groundingQueries':0.014,"
	              "'grounding_queries':0.014")),
	  KEPT_BOOK "m\ninput 1.00\ninput_audio 2.00\ninput_image 3.00\ncache_read 4.00\n"
	            "cache_read_audio 5.00\ncache_write_5m 7.00\ncache_write_1h 8.00\n"
	            "cache_write 6.00\noutput 9.00\nreasoning 10.00\noutput_audio 11.00\n"
	            "searches 0.014 each\n",
	  "" },
	{ "words of one component at different prices",
	  ONE(DEFAULT("'input':1e-6,'input_tokens':2e-6,'cache_read_input_tokens':3e-6")),
	  KEPT_BOOK "m\ncache_read 3.00\n", LEFT_OUT(0, "input") LEFT_OUT(0, "input_tokens") },
	{ "the same price in other digits", ONE(DEFAULT("'input':1e-6,'input_tokens':0.0000010")),
	  KEPT_BOOK "m\ninput 1.00\n", "" },
	{ "a word that nobody knows", ONE(DEFAULT("'input':1e-6,'sausages':2e-6")),
	  KEPT_BOOK "m\ninput 1.00\n", "not_understood m pricingTiers[0].prices.sausages\n" },
	{ "more than 18 decimals", ONE(DEFAULT("'input':1e-6,'cache_write_tokens':1.25e-18")),
	  KEPT_BOOK "m\ninput 1.00\n", LEFT_OUT(0, "cache_write_tokens") },
	{ "a negative price and what is no number",
	  ONE(DEFAULT("'input':1e-6,'input_audio':-1,'input_image':{}")),
	  KEPT_BOOK "m\ninput 1.00\n", LEFT_OUT(0, "input_audio") LEFT_OUT(0, "input_image") },
	{ "output is the price of thoughts where they have none",
	  ONE(DEFAULT("'input':1e-6,'output':2e-6")),
	  KEPT_BOOK "m as reasoning=output\ninput 1.00\noutput 2.00\n", "" },
	{ "but not where theirs is left out",
	  ONE(DEFAULT("'output':2e-6,'output_reasoning':2e-6,'reasoning_tokens':3e-6")),
	  KEPT_BOOK "m\noutput 2.00\n",
	  LEFT_OUT(0, "output_reasoning") LEFT_OUT(0, "reasoning_tokens") },
	{ "a total alone", ONE(DEFAULT("'total':1e-6")), KEPT_BOOK "m\ninput 1.00\noutput 1.00\n",
	  "" },
	{ "a total besides its parts", ONE(DEFAULT("'input':1e-6,'total':1e-6")), KEPT_BOOK,
	  LEFT_OUT(0, "input") LEFT_OUT(0, "total") },

	/* Tiers. */
	{ "a tier of service",
	  ONE(DEFAULT("'input':2e-6") "," TIER("1", SERVICE("'flex'"), "'input':1e-6")),
	  KEPT_BOOK "m\ninput 2.00\ninput 1.00 {'tier':'flex'}\n", "" },
	{ "two words for a tier of service, and the one of none",
	  ONE(DEFAULT("'input':2e-6") "," TIER("1", SERVICE("'fast','default'"), "'input':1e-6")),
	  KEPT_BOOK "m\ninput 2.00\ninput 1.00 {'tier':'fast'}\ninput 1.00 {'tier':'standard'}\n",
	  "" },
	{ "a long prompt",
	  ONE(DEFAULT("'input':2e-6") "," TIER("1", USAGE("(input|prompt|cached)", "gt", "200"),
	                                       "'input':4e-6")),
	  KEPT_BOOK "m\ninput 2.00\ninput 4.00 {'context':{'gt':200}}\n", "" },
	{ "a prompt as long as that",
	  ONE(DEFAULT("'input':2e-6") "," TIER("1", USAGE("^input", "gte", "200"), "'input':4e-6")),
	  KEPT_BOOK "m\ninput 2.00\ninput 4.00 {'context':{'gte':200}}\n", "" },
	{ "the first to be asked stands last",
	  ONE(TIER("2", SERVICE("'flex'"),
	           "'input':1e-6") "," TIER("1", USAGE("(input)", "gt", "9") "," SERVICE("'flex'"),
	                                    "'input':3e-6") "," DEFAULT("'input':2e-6")),
	  KEPT_BOOK "m\ninput 2.00\ninput 1.00 {'tier':'flex'}\n"
	            "input 3.00 {'context':{'gt':9},'tier':'flex'}\n",
	  "" },
	{ "of two that ask the same the one that is asked first",
	  ONE(DEFAULT("'input':2e-6") "," TIER("2", SERVICE("'flex','default'"),
	                                       "'input':3e-6") "," TIER("1", SERVICE("'auto'"),
	                                                                "'input':4e-6")),
	  KEPT_BOOK "m\ninput 2.00\ninput 3.00 {'tier':'flex'}\ninput 4.00 {'tier':'standard'}\n",
	  "" },
	{ "what a tier has no price of has none at all",
	  ONE(DEFAULT("'input':2e-6,'input_audio':3e-6") "," TIER("1", SERVICE("'flex'"),
	                                                          "'input':1e-6")),
	  KEPT_BOOK "m\ninput 2.00\ninput 1.00 {'tier':'flex'}\n", LEFT_OUT(0, "input_audio") },
	{ "what it alone has a price of has one there",
	  ONE(DEFAULT("'input':2e-6") "," TIER("1", SERVICE("'flex'"),
	                                       "'input':1e-6,'input_audio':3e-6")),
	  KEPT_BOOK "m\ninput 2.00\ninput 1.00 {'tier':'flex'}\ninput_audio 3.00 {'tier':'flex'}\n",
	  "" },
	{ "a condition that a book does not have leaves out what it prices",
	  ONE(DEFAULT("'input':2e-6,'input_audio':3e-6") "," TIER(
		  "1",
		  "{'source':'model_parameters','key':'speed','operator':'in','values':['fast']}",
		  "'input':1e-6")),
	  KEPT_BOOK,
	  LEFT_OUT(0, "input") LEFT_OUT(
		  0, "input_audio") "not_representable m "
	                            "pricingTiers[1].conditions[0]\n" LEFT_OUT(1, "input") },
#define CONDITION(condition)                                                                       \
	ONE(DEFAULT("'input':2e-6") "," TIER("1", condition, "'input':1e-6")), KEPT_BOOK,          \
		LEFT_OUT(0, "input") "not_representable m "                                        \
				     "pricingTiers[1].conditions[0]\n" LEFT_OUT(1, "input")
	{ "a short prompt", CONDITION(USAGE("input", "lt", "200")) },
	{ "a long answer", CONDITION(USAGE("output", "gt", "200")) },
	{ "a part of the prompt", CONDITION(USAGE("(cached)", "gt", "200")) },
	{ "all of the usage", CONDITION(USAGE(".*", "gt", "200")) },
	{ "half a token", CONDITION(USAGE("input", "gt", "0.5")) },
	{ "metadata", CONDITION("{'source':'metadata','key':'service_tier','operator':'in',"
	                        "'values':['flex']}") },
	{ "not in", CONDITION("{'source':'model_parameters','key':'service_tier','operator':"
	                      "'not_in','values':['flex']}") },
	{ "no words", CONDITION(SERVICE("")) },
	{ "no word", CONDITION(SERVICE("''")) },
	{ "a condition more",
	  CONDITION("{'usageDetailPattern':'input','operator':'gt','value':9,'caseSensitive':true,"
	            "'until':3}") },
#define TIERS(tiers)                                                                               \
	"[" ENTRY("m", "^m$", tiers) "," KEPT "]", KEPT_BOOK, "not_representable m pricingTiers\n"
	{ "two tiers of one priority", TIERS(TIER("1", SERVICE("'flex'"), "'input':1e-6") "," TIER(
					       "1", SERVICE("'fast'"), "'input':2e-6")) },
	{ "two defaults", TIERS(DEFAULT("'input':1e-6") "," DEFAULT("'input':2e-6")) },
	{ "a default with a condition",
	  TIERS("{'isDefault':true,'priority':0,'conditions':[" SERVICE(
		  "'flex'") "],'prices':{'input':1e-6}}") },
	{ "no default and no condition", TIERS(TIER("1", "", "'input':1e-6")) },
	{ "a tier without a priority",
	  TIERS("{'isDefault':true,'conditions':[],'prices':{'input':1e-6}}") },

	/* Names. */
	{ "a pattern that is a list of names", NAMED("(?i)^(a/)?(m)$"), "m a/m\ninput 1.00\n", "" },
	{ "a pattern that has another name", NAMED("^(n|o)$"),
	  "n o\ninput 1.00\nlisting {'name':'m'}\n", "" },
	{ "a pattern with an open part", NAMED("^m(@[a-z]+)?$"), "m\ninput 1.00\n",
	  "not_representable m matchPattern\n" },
	{ "a pattern without end", "[" ENTRY("m", "^m:(.+)$", DEFAULT("'input':1e-6")) "," KEPT "]",
	  KEPT_BOOK,
	  "informative m modelName\nnot_representable m matchPattern\n"
	  "not_representable m pricingTiers\n" },
	{ "a pattern that begins with one, or ends with another",
	  "[" ENTRY("m", "^m|n$", DEFAULT("'input':1e-6")) "," KEPT "]", KEPT_BOOK,
	  "informative m modelName\nnot_representable m matchPattern\n"
	  "not_representable m pricingTiers\n" },
	{ "a pattern that is none", "[" ENTRY("m", "^(m", DEFAULT("'input':1e-6")) "," KEPT "]",
	  KEPT_BOOK,
	  "informative m modelName\nnot_representable m matchPattern\n"
	  "not_representable m pricingTiers\n" },
	{ "a name that another entry has",
	  "[" ENTRY("m", "^(m|k)$", DEFAULT("'input':2e-6")) "," KEPT "]", "m k\ninput 2.00\n",
	  "informative k modelName\nnot_representable k matchPattern\n"
	  "not_representable k pricingTiers\n" },
	{ "an entry of a name that has others",
	  "[" KEPT "," ENTRY("m", "^(k|m)$", DEFAULT("'input':2e-6")) "]",
	  KEPT_BOOK "m\ninput 2.00\n", "not_representable m matchPattern\n" },

	{ "facts, and what is no price",
	  "[{'id':'x','modelName':'m','matchPattern':'^m$','createdAt':'y','updatedAt':'z',"
	  "'tokenizerConfig':{'a':1},'tokenizerId':'openai','new':1,'pricingTiers':[{'id':'t',"
	  "'name':'Standard','isDefault':true,'priority':0,'conditions':[],"
	  "'prices':{'input':1e-6},'until':2}]}]",
	  "m\ninput 1.00\nlisting {'tokenizer':'openai'}\n",
	  "informative m id\ninformative m createdAt\ninformative m updatedAt\n"
	  "informative m tokenizerConfig\nnot_understood m new\n"
	  "informative m pricingTiers[0].id\ninformative m pricingTiers[0].name\n"
	  "not_understood m pricingTiers[0].until\n" },
};

static void test_a_list_is_a_book_and_its_report(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct importkit kit;

		print_message("%s\n", rows[i].label);
		importkit_read(&kit, "langfuse", rows[i].json, NULL);
		if (kit.result < 0)
			fail_msg("%s", kit.fault.text);
		assert_string_equal(kit.book.at, rows[i].book);
		assert_string_equal(kit.rows.at, rows[i].rows);
		importkit_release(&kit);
	}
}

static const struct {
	const char *label, *json, *provider;
	int result;
	const char *says;
} refused[] = {
	{ "no list", "{}", NULL, -FAULT_INVALID, "an array of objects, each with a modelName" },
	{ "an empty list", "[]", NULL, -FAULT_INVALID, "an array of objects" },
	{ "an entry without a pattern", "[{'modelName':'m'}]", NULL, -FAULT_INVALID, "an array" },
	{ "one of two without a name", "[" KEPT ",{'matchPattern':'^m$'}]", NULL, -FAULT_INVALID,
	  "an array" },
	{ "genai-prices", "[{'id':'p','models':[]}]", NULL, -FAULT_INVALID,
	  "it looks like genai-prices: --from genai-prices" },
	{ "no price", "[{'modelName':'m','matchPattern':'^m$'}]", NULL, -FAULT_INVALID,
	  "no model of this catalogue has a price" },
	{ "a provider", "[" KEPT "]", "openai", -FAULT_INVALID,
	  "a langfuse catalogue is not divided by provider" },
};

static void test_what_is_no_such_list_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct importkit kit;

		print_message("%s\n", refused[i].label);
		importkit_read(&kit, "langfuse", refused[i].json, refused[i].provider);
		assert_int_equal(kit.result, refused[i].result);
		assert_non_null(strstr(kit.fault.text, refused[i].says));
		assert_int_equal(kit.in.book.len, 0);
		importkit_release(&kit);
	}
}

static void test_the_report_says_why(void **state)
{
	struct importkit kit;

	(void)state;
	importkit_read(&kit, "langfuse",
	               ONE(DEFAULT("'input':2e-6") "," TIER(
			       "1",
			       "{'source':'model_parameters','key':'speed','operator':'in',"
			       "'values':['fast']}",
			       "'input':1e-6")),
	               NULL);
	assert_string_equal(
		importkit_why(&kit, "not_representable m pricingTiers[1].conditions[0]"),
		"a condition that a book does not have, on speed: what it prices is "
		"left out");
	assert_string_equal(importkit_why(&kit, "not_representable m pricingTiers[0].prices.input"),
	                    "left out: not every tier has one price of it that a book can say");
	assert_null(strstr(kit.in.notes.at, "(?i)"));
	importkit_release(&kit);
	importkit_read(&kit, "langfuse", NAMED("(?i)^m(-\\\\d)?(.1)?$"), NULL);
	assert_string_equal(importkit_why(&kit, "not_representable m matchPattern"),
	                    "it stands for names without end as well; the book has 2 of them");
	assert_non_null(strstr(kit.in.notes.at, "(?i)"));
	assert_non_null(strstr(kit.in.notes.at, "read as a dot"));
	assert_false(catalogue_import_complete(&kit.in));
	importkit_release(&kit);
}

static void test_the_most_tiers_and_conditions_are_read(void **state)
{
	enum { TIERS_MAX = 32, WORDS_MAX = 16, CONDITIONS_MAX = 40 };
	struct buf json = { .at = NULL };
	struct importkit kit;

	(void)state;
	for (int over = 0; over < 2; over++) {
		buf_clear(&json);
		buf_add_cstr(&json, "[" KEPT ",{'modelName':'m','matchPattern':'^m$',"
		                    "'pricingTiers':[" DEFAULT("'input':1e-6"));
		for (int i = 1; i < TIERS_MAX + over; i++)
			buf_addf(&json,
			         ",{'isDefault':false,'priority':%d,'conditions':["
			         "{'source':'model_parameters','key':'service_tier',"
			         "'operator':'in','values':['t%d']}],'prices':{'input':2e-6}}",
			         i, i);
		buf_add_cstr(&json, "]}]");
		importkit_read(&kit, "langfuse", json.at, NULL);
		assert_int_equal(kit.in.rate_count, over == 0 ? 1 + TIERS_MAX : 1);
		importkit_release(&kit);

		buf_clear(&json);
		buf_add_cstr(&json, "[" KEPT ",{'modelName':'m','matchPattern':'^m$',"
		                    "'pricingTiers':[{'isDefault':false,'priority':1,"
		                    "'conditions':[{'source':'model_parameters','key':"
		                    "'service_tier','operator':'in','values':['t'");
		for (int i = 1; i < WORDS_MAX + over; i++)
			buf_addf(&json, ",'t%d'", i);
		buf_add_cstr(&json, "]}],'prices':{'input':2e-6}}]}]");
		importkit_read(&kit, "langfuse", json.at, NULL);
		assert_int_equal(kit.in.rate_count, over == 0 ? 1 + WORDS_MAX : 1);
		importkit_release(&kit);

		buf_clear(&json);
		buf_add_cstr(&json, "[" KEPT ",{'modelName':'m','matchPattern':'^m$',"
		                    "'pricingTiers':[" DEFAULT("'input':1e-6"));
		for (int i = 0; i < (CONDITIONS_MAX - 1) / 3 + over; i++)
			buf_addf(&json,
			         "," TIER("%d", SERVICE("'a%d','b%d','c%d'"), "'input':2e-6"),
			         i + 1, i, i, i);
		buf_add_cstr(&json, "]}]");
		importkit_read(&kit, "langfuse", json.at, NULL);
		assert_int_equal(kit.in.rate_count, over == 0 ? 1 + CONDITIONS_MAX : 1);
		importkit_release(&kit);
	}
	buf_release(&json);
}

/* ../shared/data: what is in the file. */
static void test_the_whole_file_is_a_book(void **state)
{
	struct catalogue_options options = { .zero_is_free = false };
	struct catalogue_import in;
	struct buf json = { .at = NULL };

	(void)state;
	fixture_need("prices/langfuse_default_model_prices.json", &json);
	assert_int_equal(catalogue_import(&in, catalogue_find(text_of("langfuse")), buf_text(&json),
	                                  &options, NULL),
	                 0);
	assert_int_equal(in.entry_count, 167);
	/* Not the four ft:..., and the two whose prices depend on a speed. */
	assert_int_equal(in.model_count, 161);
	assert_int_equal(in.counts.of[TALLY_UNKNOWN], 0);
	/* 22 patterns in part, 2 x 4 of the ft:, 2 speeds with 2 x 11 prices each. */
	assert_int_equal(in.counts.of[TALLY_UNREPRESENTED], 22 + 8 + 2 + 44);
	catalogue_import_release(&in);
	buf_release(&json);
}

/* What another release, or a broken disk, may make of the rows: no book that is refused. */
static void test_what_is_damaged_is_a_book_or_refused(void **state)
{
	enum { RUNS = 200 };
	uint64_t random = fixture_seed("damaged", 1);
	const struct catalogue *catalogue = catalogue_find(text_of("langfuse"));
	struct buf json = { .at = NULL };
	size_t books = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) * RUNS; i++) {
		struct catalogue_options options = { .zero_is_free = i % 2 == 0 };
		struct catalogue_import in;
		struct fault fault = { .code = FAULT_NONE };
		int r;

		buf_clear(&json);
		buf_add_cstr(&json, rows[i / RUNS].json);
		for (size_t c = 0; c < json.len; c++)
			json.at[c] = json.at[c] == '\'' ? '"' : json.at[c];
		fixture_mutate(&json, 4096, &random);
		r = catalogue_import(&in, catalogue, buf_text(&json), &options, &fault);
		if (r == -FAULT_INTERNAL)
			fail_msg("%.*s: %s", TEXT_ARGS(buf_text(&json)), fault.text);
		books += r == 0;
		catalogue_import_release(&in);
	}
	buf_release(&json);
	assert_true(books > RUNS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_list_is_a_book_and_its_report),
		cmocka_unit_test(test_what_is_no_such_list_is_refused),
		cmocka_unit_test(test_the_report_says_why),
		cmocka_unit_test(test_the_most_tiers_and_conditions_are_read),
		cmocka_unit_test(test_what_is_damaged_is_a_book_or_refused),
		cmocka_unit_test(test_the_whole_file_is_a_book),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
