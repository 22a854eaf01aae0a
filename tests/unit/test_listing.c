/* The facts of a listing: what is taken, and what is told of what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "price/book.h"
#include "price/listing.h"
#include "tests/support/ledgerkit.h"

struct told {
	struct buf lines;
};

static void note_error(void *user, uint32_t node, const char *path, const char *what)
{
	struct told *told = user;

	(void)node;
	buf_addf(&told->lines, "%s: %s\n", path, what);
}

/* The errors of a listing, a line each; "" for none. */
static void check(const char *json, struct told *told)
{
	struct json doc = { .nodes = NULL };
	struct fault fault = { .code = FAULT_NONE };

	buf_clear(&told->lines);
	buf_add_cstr(&told->lines, "");
	if (json_parse(&doc, text_of(json), &fault) < 0)
		fail_msg("%s: %s", json, fault.text);
	listing_check(&doc, 0, note_error, told);
	json_release(&doc);
}

static const char *const whole =
	"{'name':'Acme: Llama 4','version':'4.1','date':'2026-01-01','family':'llama',"
	"'hugging_face_id':'acme/llama-4','quantization':'fp8','context_length':1000000,"
	"'max_output':128000,'input_modalities':['text','image','audio','video','file'],"
	"'output_modalities':['text','image','audio','video','embeddings','rerank','speech',"
	"'transcription'],'knowledge_cutoff':'2025-12','languages':['en','pt-BR','es-419'],"
	"'parameters':{'temperature':{'type':'range','min':0,'max':2,'default':1},"
	"'max_tokens':{'type':'integer','min':1,'max':128000,'unit':'token'},"
	"'stop':{'type':'array','max_items':4,'items':{'type':'unknown'}},"
	"'tools':{'type':'boolean','default':false},"
	"'mode':{'type':'enum','values':['a',2],'default':'a'},"
	"'safety':{'type':'object','properties':{'level':{'type':'integer'}}}},"
	"'features':['tools','json_mode','structured_outputs','vision','streaming',"
	"'system_messages','reasoning','logprobs','web_search'],"
	"'capacity':[{'type':'prompt','unit':'token','per':'minute','value':1000000},"
	"{'type':'prompt','unit':'token','per':'day','value':1},"
	"{'type':'completion','unit':'request','per':'hour','value':1},"
	"{'type':'web_search','unit':'search','per':'day','value':9},"
	"{'type':'concurrency','unit':'request','value':4}],"
	"'datacenters':[{'country_code':'US','region':'us-east'},{'country_code':'DE'}],"
	"'description':'Two\\nlines.','created':0,'deprecation_date':'2027-06-01T15:00:00Z',"
	"'tokenizer':'llama','is_ready':true,'is_free':false,'slug':'acme/llama-4',"
	"'compliance':{'zdr':true,'hipaa':false},'note':'a note'}";

static void test_every_fact_is_taken(void **state)
{
	struct told told = { .lines = { .at = NULL } };
	struct listing listing;
	struct text json = text_of(kit_quotes(whole));
	int64_t n = 0;

	(void)state;
	check(json.at, &told);
	assert_string_equal(told.lines.len > 0 ? told.lines.at : "", "");
	assert_int_equal(listing_open(&listing, json, NULL), 0);
	for (int f = 0; f < LISTING_FACT_COUNT; f++) {
		if (listing_node(&listing, (enum listing_fact)f) == JSON_NONE)
			fail_msg("%s is not in it", listing_fact_info[f].key);
	}
	assert_true(text_is(listing_text(&listing, LISTING_NAME), "Acme: Llama 4"));
	assert_true(listing_count(&listing, LISTING_CONTEXT_LENGTH, &n));
	assert_int_equal(n, 1000000);
	assert_true(listing_has(&listing, LISTING_INPUT_MODALITIES, "file"));
	assert_false(listing_has(&listing, LISTING_INPUT_MODALITIES, "embeddings"));
	listing_release(&listing);
	buf_release(&told.lines);
}

static void test_no_listing_is_one_without_facts(void **state)
{
	struct listing listing;
	int64_t n;

	(void)state;
	assert_int_equal(listing_open(&listing, text_of(NULL), NULL), 0);
	assert_null(listing_text(&listing, LISTING_NAME).at);
	assert_false(listing_count(&listing, LISTING_CREATED, &n));
	assert_false(listing_has(&listing, LISTING_FEATURES, "tools"));
	listing_release(&listing);
}

static void test_what_is_wrong_is_told_with_its_path(void **state)
{
	static const struct {
		const char *label, *json, *said;
	} rows[] = {
		{ "no object", "[]", ": an object is due\n" },
		{ "a typo", "{'contxt_length':1}", ".contxt_length: no such key here\n" },
		{ "a newline in a key", "{'a\\nb':1}", ".a?b: no such key here\n" },
		{ "a note is text", "{'note':1}", ".note: a string is due\n" },
		{ "a name is text", "{'name':1}", ".name: a string is due\n" },
		{ "an empty name", "{'name':''}",
		  ".name: 1 to 256 bytes without control characters are due\n" },
		{ "a control character", "{'name':'a\\u0001'}",
		  ".name: 1 to 256 bytes without control characters are due\n" },
		{ "one in a description", "{'description':'a\\nb\\u0001'}",
		  ".description: 1 to 8192 bytes of text are due\n" },
		{ "no count", "{'context_length':0}",
		  ".context_length: a whole number from 1 to 9007199254740991 is due\n" },
		{ "a fraction", "{'max_output':1.5}",
		  ".max_output: a whole number from 1 to 9007199254740991 is due\n" },
		{ "a count as text", "{'max_output':'9'}",
		  ".max_output: a whole number from 1 to 9007199254740991 is due\n" },
		{ "more than a double holds", "{'created':9007199254740992}",
		  ".created: a whole number from 0 to 9007199254740991 is due\n" },
		{ "no such precision", "{'quantization':'q4'}",
		  ".quantization: one of int4, int8, fp4, mxfp4, nvfp4, fp6, fp8, mxfp8, fp16, "
		  "bf16, fp32 is due\n" },
		{ "no such input", "{'input_modalities':['text','speech']}",
		  ".input_modalities[1]: one of text, image, audio, video, file is due\n" },
		{ "no input", "{'input_modalities':[]}",
		  ".input_modalities: an array of at least one element is due\n" },
		{ "an input twice", "{'input_modalities':['text','text']}",
		  ".input_modalities[1]: stands in the list already\n" },
		{ "no such feature", "{'features':['tool']}",
		  ".features[0]: one of tools, json_mode, structured_outputs, vision, streaming, "
		  "system_messages, reasoning, logprobs, web_search is due\n" },
		{ "no language", "{'languages':['e','en_US','e1','english-']}",
		  ".languages[0]: a language is due, like \"en\" or \"pt-BR\"\n"
		  ".languages[1]: a language is due, like \"en\" or \"pt-BR\"\n"
		  ".languages[2]: a language is due, like \"en\" or \"pt-BR\"\n"
		  ".languages[3]: a language is due, like \"en\" or \"pt-BR\"\n" },
		{ "no such day", "{'date':'2026-02-30'}",
		  ".date: a date is due, like \"2026-07-31\"\n" },
		{ "a month is no day", "{'date':'2026-02'}",
		  ".date: a date is due, like \"2026-07-31\"\n" },
		{ "a year is no month", "{'knowledge_cutoff':'2025'}",
		  ".knowledge_cutoff: a date is due, like \"2026-07-31\" or \"2026-07\"\n" },
		{ "no whole hour", "{'deprecation_date':'2026-07-31T15:30:00Z'}",
		  ".deprecation_date: a date is due, like \"2026-07-31\" or "
		  "\"2026-07-31T15:00:00Z\"\n" },
		{ "another zone", "{'deprecation_date':'2026-07-31T15:00:00+02:00'}",
		  ".deprecation_date: a date is due, like \"2026-07-31\" or "
		  "\"2026-07-31T15:00:00Z\"\n" },
		{ "a flag as text", "{'is_ready':'yes'}", ".is_ready: true or false is due\n" },
		{ "parameters in a list", "{'parameters':['stop']}",
		  ".parameters: an object is due: the name of each, and what it takes\n" },
		{ "no type", "{'parameters':{'stop':{}}}",
		  ".parameters.stop.type: one of range, integer, boolean, enum, array, object, "
		  "unknown is due\n" },
		{ "no object", "{'parameters':{'stop':true}}",
		  ".parameters.stop: an object with a \"type\" is due\n" },
		{ "a key of another type", "{'parameters':{'n':{'type':'boolean','min':0}}}",
		  ".parameters.n.min: no such key here\n" },
		{ "a limit as text", "{'parameters':{'n':{'type':'range','min':'0'}}}",
		  ".parameters.n.min: a number is due\n" },
		{ "limits the wrong way round",
		  "{'parameters':{'n':{'type':'range','min':2e0,'max':1.5}}}",
		  ".parameters.n: min is above max\n" },
		{ "a default that is a list",
		  "{'parameters':{'n':{'type':'unknown','default':[]}}}",
		  ".parameters.n.default: a string, a number, true or false is due\n" },
		{ "no such unit", "{'parameters':{'n':{'type':'integer','unit':'word'}}}",
		  ".parameters.n.unit: one of second, pixel, byte, token, character is due\n" },
		{ "no values", "{'parameters':{'n':{'type':'enum'}}}",
		  ".parameters.n.values: missing\n" },
		{ "a flag among values", "{'parameters':{'n':{'type':'enum','values':[true]}}}",
		  ".parameters.n.values[0]: a string or a number is due\n" },
		{ "no properties", "{'parameters':{'n':{'type':'object'}}}",
		  ".parameters.n.properties: missing\n" },
		{ "below",
		  "{'parameters':{'n':{'type':'object','properties':{'m':{'type':'array',"
		  "'max_items':0,'items':{'type':'x'}}}}}}",
		  ".parameters.n.properties.m.max_items: a whole number from 1 to "
		  "9007199254740991 is due\n"
		  ".parameters.n.properties.m.items.type: one of range, integer, boolean, enum, "
		  "array, object, unknown is due\n" },
		{ "no such limit", "{'capacity':[{'type':'rpm','value':1}]}",
		  ".capacity[0].type: one of prompt, cached_prompt, cache_write, completion, "
		  "internal_reasoning, request, web_search, concurrency is due\n" },
		{ "a unit of another",
		  "{'capacity':[{'type':'prompt','unit':'request',"
		  "'per':'week','value':0}]}",
		  ".capacity[0].value: a whole number from 1 to 9007199254740991 is due\n"
		  ".capacity[0].unit: one of token, image, megapixel, second, character is due\n"
		  ".capacity[0].per: one of minute, hour, day is due\n" },
		{ "at once has no window",
		  "{'capacity':[{'type':'concurrency','unit':'request','per':'day','value':1}]}",
		  ".capacity[0].per: concurrency has none\n" },
		{ "a limit twice",
		  "{'capacity':[{'type':'concurrency','unit':'request','value':1},"
		  "{'type':'concurrency','unit':'request','value':2}]}",
		  ".capacity[1]: the same type, unit and window stands twice\n" },
		{ "a country in small letters", "{'datacenters':[{'country_code':'us'},{}]}",
		  ".datacenters[0].country_code: two capital letters are due (ISO 3166), like "
		  "\"US\"\n"
		  ".datacenters[1].country_code: two capital letters are due (ISO 3166), like "
		  "\"US\"\n" },
		{ "a region that is none", "{'datacenters':[{'country_code':'US','region':1}]}",
		  ".datacenters[0].region: a string is due\n" },
		{ "compliance in words", "{'compliance':{'zdr':'yes'}}",
		  ".compliance.zdr: true or false is due\n" },
		{ "compliance in a list", "{'compliance':['zdr']}",
		  ".compliance: an object is due, like {\"zdr\": true}\n" },
	};
	struct told told = { .lines = { .at = NULL } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check(kit_quotes(rows[i].json), &told);
		if (told.lines.len == 0 || strcmp(told.lines.at, rows[i].said) != 0)
			fail_msg("%s: %s\nnot %s", rows[i].label,
			         told.lines.len > 0 ? told.lines.at : "nothing", rows[i].said);
	}
	buf_release(&told.lines);
}

static void test_lists_and_depth_are_bounded(void **state)
{
	struct told told = { .lines = { .at = NULL } };
	struct buf json = { .at = NULL };

	(void)state;
	buf_add_cstr(&json, "{\"parameters\":{\"n\":{\"type\":\"enum\",\"values\":[0");
	for (int i = 1; i <= LISTING_ELEMENTS_MAX; i++)
		buf_addf(&json, ",%d", i);
	buf_add_cstr(&json, "]}}}");
	check(json.at, &told);
	assert_string_equal(told.lines.at, ".parameters.n.values: at most 1000 elements\n");
	buf_clear(&json);
	buf_add_cstr(&json, "{\"parameters\":{\"n\":");
	for (int i = 0; i < LISTING_DEPTH_MAX; i++)
		buf_add_cstr(&json, "{\"type\":\"array\",\"items\":");
	buf_add_cstr(&json, "{\"type\":\"unknown\"}");
	for (int i = 0; i < LISTING_DEPTH_MAX; i++)
		buf_add_cstr(&json, "}");
	buf_add_cstr(&json, "}}");
	check(json.at, &told);
	assert_non_null(strstr(told.lines.at, ".items: parameters stand in at most 8 levels\n"));
	buf_release(&json);
	buf_release(&told.lines);
}

/* --- the schema ------------------------------------------------------------ */

static void expect_words(const struct json *doc, uint32_t node, enum listing_fact fact)
{
	uint32_t items = json_member(doc, node, "items");
	uint32_t list = json_member(doc, items != JSON_NONE ? items : node, "enum");
	uint32_t e = json_first(doc, list);

	for (size_t i = 0; listing_word(fact, i) != NULL; i++) {
		if (!text_is(json_string(doc, e), listing_word(fact, i)))
			fail_msg("%s: %s", listing_fact_info[fact].key, listing_word(fact, i));
		e = json_next(doc, list, e);
	}
	assert_true(e == JSON_NONE);
}

static void test_the_schema_has_the_facts_and_their_words(void **state)
{
	struct buf text = { .at = NULL };
	struct json doc = { .nodes = NULL };
	uint32_t properties, k;

	(void)state;
	assert_int_equal(buf_read_file(&text, "schema/pricebook.schema.json", BUF_BYTES_MAX, NULL),
	                 0);
	assert_int_equal(json_parse(&doc, buf_text(&text), NULL), 0);
	properties = json_member(&doc, json_member(&doc, json_member(&doc, 0, "$defs"), "listing"),
	                         "properties");
	k = json_first(&doc, properties);
	assert_true(k != JSON_NONE && text_is(doc.nodes[k].text, "note"));
	for (int f = 0; f < LISTING_FACT_COUNT; f++) {
		k = json_next(&doc, properties, k);
		assert_true(k != JSON_NONE);
		if (!text_is(doc.nodes[k].text, listing_fact_info[f].key))
			fail_msg("%.*s, not %s", TEXT_ARGS(doc.nodes[k].text),
			         listing_fact_info[f].key);
		if (listing_word((enum listing_fact)f, 0) != NULL)
			expect_words(&doc, k + 1, (enum listing_fact)f);
	}
	assert_true(json_next(&doc, properties, k) == JSON_NONE);
	json_release(&doc);
	buf_release(&text);
}

/* --- in a book ------------------------------------------------------------- */

/* The book with that listing (or none) and the rates of its latest version. */
static int load(struct book **book, const char *currency, const char *rates, const char *listing,
                struct buf *errors)
{
	struct buf json = { .at = NULL };
	int r;

	buf_addf(
		&json,
		"{\"pricebook\":1,\"currency\":\"%s\",\"models\":[\n{\"model\":\"a\",\"versions\":["
		"{\"effective_from\":\"2026\",\"rates\":[{\"component\":\"requests\",\"each\":"
		"\"1\"}]},"
		"{\"effective_from\":\"2027\",\"rates\":[%s]}]%s}]}",
		currency, kit_quotes(rates), kit_quotes(listing));
	r = book_load(book, buf_text(&json), errors, NULL);
	buf_release(&json);
	return r;
}

static void test_a_book_is_refused_for_its_listing_with_line_and_path(void **state)
{
	struct buf errors = { .at = NULL };
	struct book *book = NULL;

	(void)state;
	assert_int_equal(load(&book, "USD", "{'component':'input','per_million':'1'}",
	                      ",\n'listing':{'parameters':{'n':{'type':'range','min':'0'}},\n"
	                      "'capacity':[]}",
	                      &errors),
	                 -FAULT_INVALID);
	assert_string_equal(errors.at,
	                    "line 3: models[0].listing.parameters.n.min: a number is due\n"
	                    "line 4: models[0].listing.capacity: an array of at least one element "
	                    "is due\n");
	buf_clear(&errors);
	assert_int_equal(load(&book, "USD", "{'component':'input','per_million':'1'}",
	                      ",'listing':7", &errors),
	                 -FAULT_INVALID);
	assert_string_equal(errors.at, "line 2: models[0].listing: an object is due\n");
	buf_release(&errors);
}

static void lint(const char *currency, const char *rates, const char *listing, struct buf *out,
                 struct listing_lint *found)
{
	struct buf errors = { .at = NULL };
	struct book *book = NULL;

	buf_clear(out);
	buf_add_cstr(out, "");
	if (load(&book, currency, rates, listing, &errors) < 0)
		fail_msg("%s", errors.at);
	assert_int_equal(listing_lint(book, out, found, NULL), 0);
	book_free(book);
	buf_release(&errors);
}

static void test_lint_names_what_each_form_requires(void **state)
{
	struct listing_lint found;
	struct buf out = { .at = NULL };
	size_t required = 0, advised = 0;

	(void)state;
	lint("USD", "{'component':'requests','each':'2'}", "", &out, &found);
	for (int f = 0; f < LISTING_FACT_COUNT; f++) {
		const struct listing_fact_info *info = &listing_fact_info[f];
		const char *word = info->v24 == LISTING_REQUIRED ? "missing"
		                   : info->legacy == LISTING_REQUIRED
		                           ? "missing for openrouter-legacy"
		                           : "advised";
		bool none = info->v24 <= LISTING_FREE && info->legacy <= LISTING_FREE;
		struct buf line = { .at = NULL };

		buf_addf(&line, "line 2: models[0].listing.%s: %s: %s\n", info->key, word,
		         info->what);
		if ((strstr(out.at, line.at) != NULL) == none)
			fail_msg("%s in\n%s", line.at, out.at);
		required += *word == 'm';
		advised += *word == 'a' && !none;
		buf_release(&line);
	}
	assert_non_null(strstr(out.at, "line 2: models[0].versions[1].rates: missing: the price of "
	                               "prompts (component input)\n"));
	assert_non_null(strstr(out.at, "line 2: models[0].versions[1].rates: missing: the price of "
	                               "completions (component output)\n"));
	assert_int_equal(found.missing, required + 2);
	assert_int_equal(found.advised, advised);
	buf_release(&out);
}

static void test_lint_is_silent_of_a_whole_listing(void **state)
{
	struct listing_lint found;
	struct buf out = { .at = NULL }, listing = { .at = NULL };

	(void)state;
	buf_addf(&listing, ",'listing':%s", whole);
	lint("USD",
	     "{'component':'input','per_million':'1'},{'component':'output','per_million':'1'},"
	     "{'component':'images_in','each':'1'},{'component':'output_image','per_million':'1'},"
	     "{'component':'seconds','each':'1'},{'component':'searches','each':'0'}",
	     listing.at, &out, &found);
	assert_string_equal(out.at, "");
	assert_int_equal(found.missing, 0);
	assert_int_equal(found.advised, 0);
	lint("EUR", "{'component':'input','per_million':'1'}", listing.at, &out, &found);
	assert_string_equal(
		out.at,
		"line 1: currency: missing: a listing is in USD, this book in EUR\n"
		"line 2: models[0].versions[1].rates: missing: the price of completions "
		"(component output)\n"
		"line 2: models[0].versions[1].rates: advised: it reads images: a price of "
		"input_image or images_in\n"
		"line 2: models[0].versions[1].rates: advised: it reads audio: a price of "
		"input_audio or seconds\n"
		"line 2: models[0].versions[1].rates: advised: it reads video: a price of "
		"input_video or seconds\n"
		"line 2: models[0].versions[1].rates: advised: it makes images: a price of "
		"output_image, images_out or megapixels_out\n"
		"line 2: models[0].versions[1].rates: advised: it makes audio: a price of "
		"output_audio, seconds or characters\n"
		"line 2: models[0].versions[1].rates: advised: it makes video: a price of "
		"output_video or seconds\n"
		"line 2: models[0].versions[1].rates: advised: it searches the web: a price of "
		"searches, \"0\" where it is free\n");
	lint("USD", "{'component':'input','per_million':'1'}",
	     ",'listing':{'features':['vision'],'input_modalities':['text'],"
	     "'output_modalities':['embeddings']}",
	     &out, &found);
	assert_non_null(strstr(out.at, "listing.input_modalities: advised: vision is a feature"));
	/* What writes no text has no completions. */
	assert_null(strstr(out.at, "completions"));
	buf_release(&listing);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_fact_is_taken),
		cmocka_unit_test(test_no_listing_is_one_without_facts),
		cmocka_unit_test(test_what_is_wrong_is_told_with_its_path),
		cmocka_unit_test(test_lists_and_depth_are_bounded),
		cmocka_unit_test(test_the_schema_has_the_facts_and_their_words),
		cmocka_unit_test(test_a_book_is_refused_for_its_listing_with_line_and_path),
		cmocka_unit_test(test_lint_names_what_each_form_requires),
		cmocka_unit_test(test_lint_is_silent_of_a_whole_listing),
	};

	return cmocka_run_group_tests_name("listing", tests, NULL, NULL);
}
