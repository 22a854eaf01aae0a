/*
 * The importer of genai-prices.  In the rows ' stands for ".  The whole file of
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

/* One provider, one model m that has these prices, and other members behind them. */
#define ONE(prices) "[{'id':'p','models':[{'id':'m','match':{'equals':'m'},'prices':" prices "}]}]"
#define MATCH(match)                                                                               \
	"[{'id':'p','models':[{'id':'m','match':" match ",'prices':{'input_mtok':1}}]}]"
#define MODEL(id, match, n) "{'id':'" id "','match':" match ",'prices':{'input_mtok':" n "}}"
#define INPUT1              "input 1.00\n"

static const struct {
	const char *label, *json, *provider;
	const char *book, *rows;
} rows[] = {
	{ "every key that is a price",
	  ONE("{'input_mtok':1,'output_mtok':2.5,'cache_read_mtok':0.1,'cache_write_mtok':1.25,"
	      "'input_audio_mtok':3,'output_audio_mtok':4e0,'cache_audio_read_mtok':0.3,"
	      "'requests_kcount':12}"),
	  NULL,
	  "p/m m\ninput 1.00\ninput_audio 3.00\ncache_read 0.10\ncache_read_audio 0.30\n"
	  "cache_write_5m 1.25\ncache_write 1.25\noutput 2.50\noutput_audio 4.00\n"
	  "requests 0.012 each\n",
	  "" },
	{ "other media, thoughts, and writes with a time of their own",
	  ONE("{'cache_write_mtok':1,'cache_write_5m_mtok':2,'cache_write_1h_mtok':3,"
	      "'input_image_mtok':4,'input_video_mtok':5,'output_image_mtok':6,"
	      "'output_video_mtok':7,'output_reasoning_mtok':8,'cache_image_read_mtok':9,"
	      "'cache_video_read_mtok':10}"),
	  "p",
	  "m\ninput_image 4.00\ninput_video 5.00\ncache_read_image 9.00\ncache_read_video 10.00\n"
	  "cache_write_5m 2.00\ncache_write_1h 3.00\ncache_write 1.00\nreasoning 8.00\n"
	  "output_image 6.00\noutput_video 7.00\n",
	  "" },
	{ "writes of five minutes keep a price of their own, even one that cannot be said",
	  ONE("{'cache_write_mtok':{'base':1,'tiers':[{'start':9,'price':2}]},"
	      "'cache_write_5m_mtok':-1}"),
	  "p", "m\ncache_write 1.00\ncache_write 2.00 {'context':{'gt':9}}\n",
	  "not_representable m prices.cache_write_5m_mtok\n" },
	{ "a price of nothing is a price", ONE("{'input_mtok':0}"), "p", "m\ninput 0.00\n", "" },
	{ "a key that nobody knows is not understood", ONE("{'input_mtok':1,'sausage_mtok':2}"),
	  "p", "m\n" INPUT1, "not_understood m prices.sausage_mtok\n" },
	{ "more than 18 decimals of a token leave out that price alone",
	  ONE("{'input_mtok':1,'output_mtok':0.08333333333333334}"), "p", "m\n" INPUT1,
	  "not_representable m prices.output_mtok\n" },
	{ "as many as there may be", ONE("{'input_mtok':0.083333333333}"), "p",
	  "m\ninput 0.083333333333\n", "" },
	{ "a negative price is none", ONE("{'input_mtok':1,'output_mtok':-1}"), "p", "m\n" INPUT1,
	  "not_representable m prices.output_mtok\n" },
	{ "what is no number is none", ONE("{'input_mtok':1,'output_mtok':true}"), "p",
	  "m\n" INPUT1, "not_representable m prices.output_mtok\n" },
	{ "null is not said", ONE("{'input_mtok':1,'output_mtok':null}"), "p", "m\n" INPUT1,
	  "informative m prices.output_mtok\n" },

	{ "no price is free where the name says so",
	  "[{'id':'p','models':[{'id':'n:free','match':"
	  "{'equals':'n'},'prices':{}}]}]",
	  "p",
	  "n:free n\ninput 0.00\ncache_read 0.00\ncache_write_5m 0.00\ncache_write_1h 0.00\n"
	  "cache_write 0.00\noutput 0.00\n",
	  "" },
	{ "no price is not free",
	  "[{'id':'p','models':[{'id':'n','match':{'equals':'n'},'prices':{}}," MODEL(
		  "m", "{'equals':'m'}", "1") "]}]",
	  "p", "m\n" INPUT1, "not_representable n prices\n" },

	/* Tiers. */
	{ "tiers in any order, each above its start",
	  ONE("{'input_mtok':{'base':1,'tiers':[{'start':500,'price':3},{'start':200,'price':2}]}"
	      "}"),
	  "p",
	  "m\ninput 1.00\ninput 2.00 {'context':{'gt':200}}\ninput 3.00 {'context':{'gt':500}}\n",
	  "" },
	{ "a tier whose price cannot be said leaves out the component",
	  ONE("{'output_mtok':1,'input_mtok':{'base':1,'tiers':[{'start':200,'price':-1}]}}"), "p",
	  "m\noutput 1.00\n",
	  "not_representable m prices.input_mtok.base\n"
	  "not_representable m prices.input_mtok.tiers[0].price\n" },
	{ "a tier that says something else leaves out the component",
	  ONE("{'output_mtok':1,"
	      "'input_mtok':{'base':1,'tiers':[{'start':200,'price':2,'end':3}]}}"),
	  "p", "m\noutput 1.00\n",
	  "not_representable m prices.input_mtok.base\n"
	  "not_understood m prices.input_mtok.tiers\n" },
	{ "a start that is no count",
	  ONE("{'output_mtok':1,'input_mtok':"
	      "{'base':1,'tiers':[{'start':2e2,'price':2}]}}"),
	  "p", "m\noutput 1.00\n",
	  "not_representable m prices.input_mtok.base\n"
	  "not_understood m prices.input_mtok.tiers\n" },
	{ "two tiers with one start",
	  ONE("{'output_mtok':1,'input_mtok':"
	      "{'base':1,'tiers':[{'start':2,'price':2},{'start':2,'price':3}]}}"),
	  "p", "m\noutput 1.00\n",
	  "not_representable m prices.input_mtok.base\n"
	  "not_representable m prices.input_mtok.tiers[0].price\n"
	  "not_representable m prices.input_mtok.tiers[1].price\n" },
	{ "a tier without a price",
	  ONE("{'output_mtok':1,'input_mtok':{'base':1,'tiers':[{'start':1,'x':2}]}}"), "p",
	  "m\noutput 1.00\n",
	  "not_representable m prices.input_mtok.base\nnot_understood m "
	  "prices.input_mtok.tiers[0].x\n" },
	{ "a base alone", ONE("{'output_mtok':1,'input_mtok':{'base':1}}"), "p", "m\noutput 1.00\n",
	  "not_representable m prices.input_mtok\n" },

	/* Dates and windows. */
	{ "a price from a day on",
	  ONE("[{'prices':{'input_mtok':1,'output_mtok':2}},"
	      "{'constraint':{'start_date':'2026-09-01'},'prices':{'input_mtok':3}}]"),
	  "p", "m\ninput 1.00\noutput 2.00\n@2026-09-01T00:00:00.000Z\ninput 3.00\n", "" },
	{ "the last that holds replaces all before it",
	  ONE("[{'constraint':{'start_date':'2026-09-01'},'prices':{'input_mtok':3}},"
	      "{'prices':{'input_mtok':1}}]"),
	  "p", "m\n" INPUT1 "@2026-09-01T00:00:00.000Z\n" INPUT1, "informative m prices[0]\n" },
	{ "where none holds the first does",
	  ONE("[{'constraint':{'start_date':'2026-09-01'},'prices':{'input_mtok':3}},"
	      "{'constraint':{'start_date':'2026-10-01'},'prices':{'input_mtok':4}}]"),
	  "p",
	  "m\ninput 3.00\n@2026-09-01T00:00:00.000Z\ninput 3.00\n@2026-10-01T00:00:00.000Z\n"
	  "input 4.00\n",
	  "" },
	{ "a window of each day",
	  ONE("[{'prices':{'input_mtok':1}},{'constraint':{'start_time':'00:30:00Z',"
	      "'end_time':'16:30:00Z'},'prices':{'input_mtok':2}}]"),
	  "p", "m\ninput 1.00\ninput 2.00 {'utc':{'from':'00:30','to':'16:30'}}\n", "" },
	{ "a window and no price outside of it but the first",
	  ONE("[{'constraint':{'start_time':'01:00:00Z','end_time':'02:00:00Z'},"
	      "'prices':{'input_mtok':2}},{'constraint':{'start_time':'03:00:00Z',"
	      "'end_time':'04:00:00Z'},'prices':{'input_mtok':3}}]"),
	  "p",
	  "m\ninput 2.00\ninput 2.00 {'utc':{'from':'01:00','to':'02:00'}}\n"
	  "input 3.00 {'utc':{'from':'03:00','to':'04:00'}}\n",
	  "" },
	{ "tiers within a window",
	  ONE("[{'prices':{'input_mtok':{'base':1,'tiers':[{'start':9,'price':4}]}}},"
	      "{'constraint':{'start_time':'01:00:00Z','end_time':'02:00:00Z'},"
	      "'prices':{'input_mtok':{'base':2,'tiers':[{'start':9,'price':3}]}}}]"),
	  "p",
	  "m\ninput 1.00\ninput 4.00 {'context':{'gt':9}}\n"
	  "input 2.00 {'utc':{'from':'01:00','to':'02:00'}}\n"
	  "input 3.00 {'context':{'gt':9},'utc':{'from':'01:00','to':'02:00'}}\n",
	  "" },
	{ "no price within a window leaves out the component",
	  ONE("[{'prices':{'input_mtok':1,'output_mtok':2}},{'constraint':{'start_time':"
	      "'00:30:00Z','end_time':'16:30:00Z'},'prices':{'input_mtok':2}}]"),
	  "p", "m\ninput 1.00\ninput 2.00 {'utc':{'from':'00:30','to':'16:30'}}\n",
	  "not_representable m prices[0].prices.output_mtok\n" },
	{ "no price within the later of two windows",
	  ONE("[{'prices':{'input_mtok':1}},{'constraint':{'start_time':'01:00:00Z','end_time':"
	      "'03:00:00Z'},'prices':{'input_mtok':2,'output_mtok':2}},{'constraint':{'start_time':"
	      "'02:00:00Z','end_time':'04:00:00Z'},'prices':{'input_mtok':3}}]"),
	  "p",
	  "m\ninput 1.00\ninput 2.00 {'utc':{'from':'01:00','to':'03:00'}}\n"
	  "input 3.00 {'utc':{'from':'02:00','to':'04:00'}}\n",
	  "not_representable m prices[1].prices.output_mtok\n" },
	{ "two prices within one window",
	  ONE("[{'prices':{'input_mtok':1,'output_mtok':1}},{'constraint':{'start_time':"
	      "'01:00:00Z','end_time':'03:00:00Z'},'prices':{'input_mtok':2,'output_mtok':1}},"
	      "{'constraint':{'start_time':'01:00:00Z','end_time':'03:00:00Z'},"
	      "'prices':{'input_mtok':3,'output_mtok':1}}]"),
	  "p", "m\noutput 1.00\noutput 1.00 {'utc':{'from':'01:00','to':'03:00'}}\n",
	  "not_representable m prices[0].prices.input_mtok\n"
	  "not_representable m prices[1].prices.input_mtok\n"
	  "not_representable m prices[2].prices.input_mtok\n" },
	{ "a window that is replaced whole from a day on",
	  ONE("[{'prices':{'input_mtok':1}},{'constraint':{'start_time':'00:30:00Z',"
	      "'end_time':'16:30:00Z'},'prices':{'input_mtok':2}},"
	      "{'constraint':{'start_date':'2026-09-01'},'prices':{'input_mtok':3}}]"),
	  "p",
	  "m\ninput 1.00\ninput 2.00 {'utc':{'from':'00:30','to':'16:30'}}\n"
	  "@2026-09-01T00:00:00.000Z\ninput 3.00\n",
	  "" },
#define SECOND(constraint)                                                                         \
	"[{'id':'p','models':[" MODEL(                                                             \
		"k", "{'equals':'k'}",                                                             \
		"1") ",{'id':'m','match':{'equals':"                                               \
		     "'m'},'prices':[{'prices':{'input_mtok':1}},{'constraint':" constraint        \
		     ",'prices':{'input_mtok':2}}]}]}]"
	{ "a window over midnight", SECOND("{'start_time':'16:30:00Z','end_time':'00:30:00Z'}"),
	  "p", "k\n" INPUT1, "not_representable m prices\n" },
	{ "a window of another zone",
	  SECOND("{'start_time':'00:30:00+02:00','end_time':'16:30:00Z'}"), "p", "k\n" INPUT1,
	  "not_representable m prices\n" },
	{ "a window of seconds", SECOND("{'start_time':'00:30:01Z','end_time':'16:30:00Z'}"), "p",
	  "k\n" INPUT1, "not_representable m prices\n" },
	{ "half a window", SECOND("{'start_time':'00:30:00Z'}"), "p", "k\n" INPUT1,
	  "not_representable m prices\n" },
	{ "no hour of the day", SECOND("{'start_time':'24:30:00Z','end_time':'25:30:00Z'}"), "p",
	  "k\n" INPUT1, "not_representable m prices\n" },
	{ "no day", SECOND("{'start_date':'2026-02-30'}"), "p", "k\n" INPUT1,
	  "not_representable m prices\n" },
	{ "another condition", SECOND("{'end_date':'2026-02-20'}"), "p", "k\n" INPUT1,
	  "not_representable m prices\n" },
	{ "a day and more", SECOND("{'start_date':'2026-02-20','tier':'batch'}"), "p", "k\n" INPUT1,
	  "not_representable m prices\n" },

	/* Names. */
	{ "each form of a match",
	  MATCH("{'or':[{'equals':'e'},{'starts_with':'s'},{'ends_with':'w'},{'contains':'c'},"
	        "{'or':[{'equals':'f'}]}]}"),
	  "p", "m e s* *w *c* f\n" INPUT1, "" },
	{ "a regex that is a list of names", MATCH("{'regex':'^(a/)?b$'}"), "p", "m a/b b\n" INPUT1,
	  "" },
	{ "a regex without end", MATCH("{'or':[{'equals':'m'},{'regex':'^m-\\\\d{8}$'}]}"), "p",
	  "m\n" INPUT1, "not_representable m match.or[1].regex\n" },
	{ "a regex that is none", MATCH("{'regex':'^(m$'}"), "p", "m\n" INPUT1,
	  "not_representable m match.regex\n" },
	{ "a dot of a regex is any character", MATCH("{'regex':'^m.1$'}"), "p", "m\n" INPUT1,
	  "not_representable m match.regex\n" },
	{ "two conditions at once", MATCH("{'and':[{'contains':'a'},{'contains':'b'}]}"), "p",
	  "m\n" INPUT1, "not_representable m match.and\n" },
	{ "a condition that is not known", MATCH("{'not':{'equals':'a'}}"), "p", "m\n" INPUT1,
	  "not_understood m match\n" },
	{ "a star of a name", MATCH("{'equals':'a*'}"), "p", "m\n" INPUT1,
	  "not_representable m match.equals\n" },
	{ "what an earlier model takes is not reached",
	  "[{'id':'p','models':[" MODEL("a", "{'starts_with':'A'}", "1") "," MODEL(
		  "b", "{'or':[{'starts_with':'ab'},{'equals':'x'}]}", "2") "]}]",
	  "p", "a A*\ninput 1.00\nb x\ninput 2.00\n", "informative b match.or[0].starts_with\n" },
	{ "the same name in two models",
	  "[{'id':'p','models':[" MODEL("a", "{'equals':'x'}", "1") "," MODEL("b", "{'equals':'x'}",
	                                                                      "2") "]}]",
	  "p", "a x\ninput 1.00\nb\ninput 2.00\n", "informative b match.equals\n" },
	{ "the id of one is a name of another",
	  "[{'id':'p','models':[" MODEL("a", "{'equals':'b'}", "1") "," MODEL("b", "{'equals':'c'}",
	                                                                      "2") "]}]",
	  "p", "a\ninput 1.00\nb c\ninput 2.00\n", "not_representable a match.equals\n" },
	{ "an id twice",
	  "[{'id':'p','models':[" MODEL("a", "{'equals':'a'}", "1") "," MODEL("a", "{'equals':'b'}",
	                                                                      "2") "]}]",
	  "p", "a\ninput 1.00\n",
	  "not_representable a id\ninformative a match.equals\nnot_representable a prices\n" },

	/* Several providers. */
	{ "a name of one provider alone stands without it",
	  "[{'id':'p','models':[" MODEL("m", "{'or':[{'equals':'n'},{'starts_with':'x'}]}",
	                                "1") "]},{'id':'q','models':[" MODEL("k", "{'equals':'k'}",
	                                                                     "2") "]}]",
	  NULL, "p/m p/n p/x* m n\n" INPUT1 "q/k k\ninput 2.00\n", "" },
	{ "a name of two does not",
	  "[{'id':'p','models':[" MODEL("m", "{'equals':'n'}", "1") "]},{'id':'q','models':[" MODEL(
		  "M", "{'equals':'k'}", "2") "]}]",
	  NULL, "p/m p/n n\n" INPUT1 "q/M q/k k\ninput 2.00\n",
	  "informative p/m id\ninformative q/M id\n" },
	{ "nor one that another's pattern has",
	  "[{'id':'p','models':[" MODEL(
		  "m1", "{'equals':'n'}",
		  "1") "]},{'id':'q','models':[" MODEL("k", "{'contains':'M'}", "2") "]}]",
	  NULL, "p/m1 p/n n\n" INPUT1 "q/k q/*M* k\ninput 2.00\n", "informative p/m1 id\n" },
	{ "nor one that another's regex may have",
	  "[{'id':'p','models':[" MODEL(
		  "m-1", "{'equals':'n'}",
		  "1") "]},{'id':'q','models':[" MODEL("k", "{'regex':'^m-\\\\d'}", "2") "]}]",
	  NULL, "p/m-1 p/n n\n" INPUT1 "q/k k\ninput 2.00\n",
	  "informative p/m-1 id\nnot_representable q/k match.regex\n" },
	{ "nor one that is another's with its provider",
	  "[{'id':'p','models':[" MODEL("m", "{'equals':'m'}", "1") "]},{'id':'q','models':[" MODEL(
		  "p/m", "{'equals':'p/m'}", "2") "]}]",
	  NULL, "p/m m\n" INPUT1 "q/p/m\ninput 2.00\n",
	  "informative q/p/m id\ninformative q/p/m match.equals\n" },
	{ "what a model of another provider takes is reached",
	  "[{'id':'p','models':[" MODEL("m", "{'starts_with':'a'}",
	                                "1") "]},{'id':'q','models':[" MODEL("k", "{'equals':'ab'}",
	                                                                     "2") "]}]",
	  NULL, "p/m p/a* m\n" INPUT1 "q/k q/ab k\ninput 2.00\n",
	  "informative q/k match.equals\n" },
	{ "one provider of two",
	  "[{'id':'p','models':[" MODEL("m", "{'equals':'m'}", "1") "]},{'id':'q','models':[" MODEL(
		  "m", "{'equals':'m'}", "2") "]}]",
	  "q", "m\ninput 2.00\n", "informative  [0]\n" },

	/* What else there is. */
	{ "facts and remarks",
	  "[{'id':'p','name':'P','pricing_urls':[],'api_pattern':'x','extractors':[],'models':["
	  "{'id':'m','name':'M','description':'d','context_window':9,'deprecated':true,"
	  "'price_comments':'c','match':{'equals':'m'},'prices':{'input_mtok':1}}],'new':1}]",
	  "p", "m\n" INPUT1 "listing {'name':'M','description':'d','context_length':9}\n",
	  "informative  [0].name\ninformative  [0].pricing_urls\ninformative  [0].api_pattern\n"
	  "informative  [0].extractors\ninformative m deprecated\ninformative m price_comments\n"
	  "not_understood  [0].new\n" },
};

/* What is priced as what has a test of its own: cut off each line. */
static void cut_as(struct buf *book)
{
	size_t kept = 0;
	bool cut = false;

	for (size_t i = 0; i < book->len; i++) {
		cut = (cut || strncmp(book->at + i, " as ", 4) == 0) && book->at[i] != '\n';
		if (!cut)
			book->at[kept++] = book->at[i];
	}
	book->at[kept - 1] = '\0';
}

static void test_a_catalogue_is_a_book_and_its_report(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct importkit kit;

		print_message("%s\n", rows[i].label);
		importkit_read(&kit, "genai-prices", rows[i].json, rows[i].provider);
		if (kit.result < 0)
			fail_msg("%s", kit.fault.text);
		cut_as(&kit.book);
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
	{ "no list", "{}", NULL, -FAULT_INVALID, "an array of providers" },
	{ "an empty list", "[]", NULL, -FAULT_INVALID, "an array of providers" },
	{ "a provider without an id", "[{'models':[]}]", NULL, -FAULT_INVALID, "an array" },
	{ "a provider without models", "[{'id':'p'}]", NULL, -FAULT_INVALID, "an array" },
	{ "one of two without models", "[{'id':'p','models':[]},{'id':'q'}]", NULL, -FAULT_INVALID,
	  "an array" },
	{ "Langfuse's list", "[{'modelName':'m','matchPattern':'^m$'}]", NULL, -FAULT_INVALID,
	  "it looks like langfuse: --from langfuse" },
	{ "no model", "[{'id':'p','models':[]}]", NULL, -FAULT_INVALID, "no model" },
	{ "no price", ONE("{}"), NULL, -FAULT_INVALID, "no model of this catalogue has a price" },
	{ "a provider that it does not have", ONE("{'input_mtok':1}"), "q", -FAULT_NOT_FOUND,
	  "no provider has the id q" },
	{ "half a text", "[{'id':", NULL, -FAULT_SYNTAX, "" },
};

static void test_what_is_no_such_catalogue_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct importkit kit;

		print_message("%s\n", refused[i].label);
		importkit_read(&kit, "genai-prices", refused[i].json, refused[i].provider);
		assert_int_equal(kit.result, refused[i].result);
		assert_non_null(strstr(kit.fault.text, refused[i].says));
		assert_int_equal(kit.in.book.len, 0);
		importkit_release(&kit);
	}
}

#define AS_INPUT  " as input_image=input as input_video=input as input_tool=input"
#define AS_CACHE  " as cache_read_image=cache_read as cache_read_video=cache_read"
#define AS_OUTPUT " as reasoning=output as output_image=output as output_video=output"

static const struct {
	const char *label, *json, *book;
} parts[] = {
	{ "each part where the whole has a price",
	  ONE("{'input_mtok':1,'cache_read_mtok':2,'output_mtok':3}"),
	  "m" AS_INPUT AS_CACHE AS_OUTPUT "\ninput 1.00\ncache_read 2.00\noutput 3.00\n" },
	{ "and none where it has not", ONE("{'requests_kcount':1}"), "m\nrequests 0.001 each\n" },
	{ "nor where the part has one of its own, even one that cannot be said",
	  ONE("{'input_mtok':1,'input_image_mtok':2,'output_mtok':3,'output_image_mtok':-1,"
	      "'output_reasoning_mtok':1e-20}"),
	  "m as input_video=input as input_tool=input as output_video=output\ninput 1.00\n"
	  "input_image 2.00\noutput 3.00\n" },
	{ "in any of its versions",
	  ONE("[{'prices':{'input_mtok':1,'output_mtok':2}},{'constraint':{'start_date':"
	      "'2026-09-01'},'prices':{'input_mtok':3,'input_video_mtok':4}}]"),
	  "m as input_image=input as input_tool=input" AS_OUTPUT
	  "\ninput 1.00\noutput 2.00\n@2026-09-01T00:00:00.000Z\ninput 3.00\ninput_video "
	  "4.00\n" },
	{ "nor where a remark says that it is missing",
	  "[{'id':'p','models':[{'id':'m','price_comments':'Missing image token prices, alas',"
	  "'match':{'equals':'m'},'prices':{'input_mtok':1,'output_mtok':2}}]}]",
	  "m as reasoning=output\ninput 1.00\noutput 2.00\n" },
};

static void test_a_part_has_the_price_of_the_whole(void **state)
{
	struct importkit kit;

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		print_message("%s\n", parts[i].label);
		importkit_read(&kit, "genai-prices", parts[i].json, "p");
		assert_string_equal(kit.book.at, parts[i].book);
		/* That remark is the only one that is about a price. */
		assert_true((strstr(parts[i].json, "Missing") != NULL) ==
		            (importkit_why(&kit, "not_representable m price_comments") != NULL));
		importkit_release(&kit);
	}
}

static void test_the_report_says_why(void **state)
{
	struct importkit kit;

	(void)state;
	importkit_read(&kit, "genai-prices",
	               ONE("{'input_mtok':1,'output_mtok':0.08333333333333334}"), NULL);
	assert_string_equal(importkit_why(&kit, "not_representable p/m prices.output_mtok"),
	                    "needs more than 18 decimals of a unit; the nearest price is "
	                    "\"0.000000083333333333\"");
	assert_non_null(strstr(kit.in.notes.at, "the case of names"));
	assert_false(catalogue_import_complete(&kit.in));
	importkit_release(&kit);
	importkit_read(
		&kit, "genai-prices",
		"[{'id':'p','models':[" MODEL(
			"m", "{'equals':'m'}",
			"1") "]},{'id':'q','models':[" MODEL("m", "{'equals':'k'}", "2") "]}]",
		NULL);
	assert_string_equal(importkit_why(&kit, "informative p/m id"),
	                    "named with its provider only: q/m answers to m as well");
	assert_true(catalogue_import_complete(&kit.in));
	importkit_release(&kit);
}

static void test_no_price_is_free_where_it_is_asked_for(void **state)
{
	struct catalogue_options options = { .zero_is_free = true };
	struct text json = text_of("[{\"id\":\"p\",\"models\":[{\"id\":\"n\",\"match\":"
	                           "{\"equals\":\"n\"},\"prices\":{}}]}]");
	struct catalogue_import in;

	(void)state;
	assert_int_equal(catalogue_import(&in, catalogue_find(text_of("genai-prices")), json,
	                                  &options, NULL),
	                 0);
	assert_int_equal(in.rate_count, 6);
	assert_non_null(strstr(in.book.at, "{\"component\": \"cache_write_1h\", "
	                                   "\"per_million\": \"0.00\"}"));
	assert_true(catalogue_import_complete(&in));
	catalogue_import_release(&in);
}

/* ../shared/data: what is in the file, and the model of each id is found by its name. */
static void test_the_whole_file_is_a_book(void **state)
{
	struct catalogue_options options = { .zero_is_free = false };
	struct catalogue_import in;
	struct buf json = { .at = NULL };
	struct book *book = NULL;
	size_t found = 0;

	(void)state;
	fixture_need("prices/genai_prices_data.json", &json);
	assert_int_equal(catalogue_import(&in, catalogue_find(text_of("genai-prices")),
	                                  buf_text(&json), &options, NULL),
	                 0);
	assert_int_equal(in.entry_count, 1442);
	assert_int_equal(in.model_count, 1433); /* the others have no price at all */
	assert_int_equal(in.version_count, 1440);
	assert_int_equal(in.counts.of[TALLY_UNKNOWN], 0);
	/*
	 * Nine without a price, seven regular expressions with \d, seven prices of 1/12 and the
	 * like, three remarks that prices are missing.
	 */
	assert_int_equal(in.counts.of[TALLY_UNREPRESENTED], 9 + 7 + 7 + 3);
	assert_int_equal(book_load(&book, buf_text(&in.book), NULL, NULL), 0);
	for (size_t i = 0; i < in.tally.entry_count; i++) {
		struct text name = in.tally.entries[i].name;
		uint32_t prices = json_member(&in.doc, in.tally.entries[i].node, "prices");
		struct book_found at;

		if (in.doc.nodes[prices].count == 0 && !text_match(text_of("*:free"), name))
			continue;
		at = book_find(book, name, INT64_C(1785542400000)); /* 2026-08-01 */
		assert_int_equal(at.match, BOOK_MATCH_EXACT);
		assert_true(text_equal(at.version->model, name));
		found++;
	}
	assert_int_equal(found, 1433);
	book_free(book);
	catalogue_import_release(&in);
	buf_release(&json);
}

/* What another release, or a broken disk, may make of the rows: no book that is refused. */
static void test_what_is_damaged_is_a_book_or_refused(void **state)
{
	enum { RUNS = 200 };
	uint64_t random = fixture_seed("damaged", 1);
	const struct catalogue *catalogue = catalogue_find(text_of("genai-prices"));
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
		cmocka_unit_test(test_a_catalogue_is_a_book_and_its_report),
		cmocka_unit_test(test_what_is_no_such_catalogue_is_refused),
		cmocka_unit_test(test_a_part_has_the_price_of_the_whole),
		cmocka_unit_test(test_the_report_says_why),
		cmocka_unit_test(test_no_price_is_free_where_it_is_asked_for),
		cmocka_unit_test(test_what_is_damaged_is_a_book_or_refused),
		cmocka_unit_test(test_the_whole_file_is_a_book),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
