/* What each form of publishing writes, and what it tells of what it cannot hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/moment.h"
#include "catalogue/publish.h"
#include "export/export.h"
#include "tests/support/ledgerkit.h"

struct published {
	struct buf out;
	struct publish_report report;
	struct fault fault;
	int r;
};

static void release(struct published *published)
{
	publish_report_release(&published->report);
	buf_release(&published->out);
	*published = (struct published){ .r = 0 };
}

static struct book *load(const char *currency, const char *models)
{
	struct buf json = { .at = NULL }, errors = { .at = NULL };
	struct book *book = NULL;

	buf_addf(&json, "{\"pricebook\":1,\"name\":\"a <b> | c\",\"currency\":\"%s\",%s}", currency,
	         kit_quotes(models));
	if (book_load(&book, buf_text(&json), &errors, NULL) < 0)
		fail_msg("%s", errors.at);
	buf_release(&json);
	buf_release(&errors);
	return book;
}

static void publish(struct published *published, const char *form, const char *currency,
                    const char *models, bool partial)
{
	struct book *book = load(currency, models);
	struct publish_ask ask = { .book = book, .partial = partial };

	release(published);
	assert_true(moment_parse_date(text_of("2026-11-30"), &ask.at_ms));
	buf_add_cstr(&published->report.lost, "");
	buf_add_cstr(&published->report.notes, "");
	published->r = publish_form_find(text_of(form))
	                       ->write(&ask, &published->out, &published->report,
	                               &published->fault);
	book_free(book);
}

static void expect_json(const char *label, const struct buf *out)
{
	struct json doc = { .nodes = NULL };
	struct fault fault = { .code = FAULT_NONE };

	if (json_parse(&doc, buf_text(out), &fault) < 0)
		fail_msg("%s: %s\n%s", label, fault.text, out->at);
	json_release(&doc);
}

#define V24    "openrouter-v2.4"
#define LEGACY "openrouter-legacy"
/* A model of one version; its rates follow. */
#define MODEL  "'models':[{'model':'a','versions':[{'effective_from':'2026','rates':["
#define IN     "{'component':'input','per_million':'1'}"
#define OUT    "{'component':'output','per_million':'2'}"
#define END    "]}]}]"

static void test_what_a_form_cannot_hold_is_told_and_left_out(void **state)
{
	static const struct {
		const char *label, *form, *models, *lost;
	} rows[] = {
		{ "a region", V24,
		  MODEL IN ",{'component':'input','per_million':'2','when':{'region':'eu'}}" END,
		  "a: input, region eu: not written: the format has no conditions on a region\n" },
		{ "days", V24,
		  MODEL IN ",{'component':'input','per_million':'2','when':{'utc':{'from':'08:00',"
		           "'to':'10:00','days':['mon']}}}" END,
		  "a: input, 08:00 to 10:00 UTC on mon: not written: the format has hours, but no "
		  "days of the week\n" },
		{ "hours that overlap", V24,
		  MODEL IN ",{'component':'input','per_million':'2','when':{'utc':{'from':'08:00',"
		           "'to':'10:00'}}},{'component':'input','per_million':'3','when':{'utc':{"
		           "'from':'22:00','to':'08:01'}}}" END,
		  "a: input, 22:00 to 08:01 UTC: not written: its hours meet those of another "
		  "price\n" },
		{ "hours of a request", V24,
		  MODEL IN ",{'component':'requests','each':'1','when':{'utc':{'from':'08:00',"
		           "'to':'10:00'}}}" END,
		  "a: requests, 08:00 to 10:00 UTC: not written: prices of requests have no "
		  "hours\n" },
		{ "no price without a condition", V24,
		  MODEL IN ",{'component':'output','per_million':'2','when':{'tier':'batch'}}" END,
		  "a: output, tier batch: not written: there is no price without a condition, "
		  "which the format needs\n" },
		{ "pages", V24, MODEL IN ",{'component':'pages','each':'1'}" END,
		  "a: pages: not written: the format has no such unit\n" },
		{ "searches of a map", V24,
		  MODEL IN ",{'component':'searches','each':'1','when':{'kind':'maps'}}" END,
		  "a: searches, kind maps: not written: the only searches of the format are web "
		  "searches\n" },
		{ "seconds of nothing that is listed", V24,
		  MODEL IN ",{'component':'seconds','each':'1'}" END,
		  "a: seconds: not written: the listing names no modality that they are seconds "
		  "of\n" },
		{ "whole megapixels", V24,
		  MODEL IN ",{'component':'images_out','per_megapixel':'1','megapixels':'up'}" END,
		  "a: images_out: not written: the format knows no rounding to whole "
		  "megapixels\n" },
		{ "images and megapixels", V24,
		  MODEL IN ",{'component':'images_out','each':'1'},{'component':'images_out',"
		           "'per_megapixel':'1'}" END,
		  "a: images_out: not written: a model has one unit of a price in the format\n" },
		{ "megapixels of one size", V24,
		  MODEL IN ",{'component':'images_out','each':'1'},{'component':'images_out',"
		           "'per_megapixel':'1','when':{'quality':'hd'}}" END,
		  "a: images_out, quality hd: not written: a condition cannot change the unit\n" },
		{ "images and their tokens", V24,
		  MODEL IN ",{'component':'images_out','each':'1'},{'component':'output_image',"
		           "'per_million':'1'}" END,
		  "a: images_out: not written: the modality has a price of this type already\n" },
		{ "an explicit cache beside one that is not said", V24,
		  MODEL IN ",{'component':'cache_read','per_million':'1'},{'component':"
		           "'cache_read','per_million':'2','when':{'implicit':false}}" END,
		  "a: cache_read, cache explicit: not written: the format cannot tell an explicit "
		  "cache from one that is not said\n" },
		{ "tool results of their own price", V24,
		  MODEL IN ",{'component':'input_tool','per_million':'2'}" END,
		  "a: input_tool: not written: the format has no such unit\n" },
		{ "a minimum", V24,
		  "'models':[{'model':'a','versions':[{'effective_from':'2026','minimums':[{"
		  "'charge':'1'}],'rates':[" IN END,
		  "a: not written: a minimum charge has no place in this form\n" },
		{ "a modality that is not listed", V24,
		  "'models':[{'model':'a','listing':{'input_modalities':['text']},'versions':[{"
		  "'effective_from':'2026','rates':[" IN
		  ",{'component':'input_audio','per_million':'1'}" END,
		  "a: input_audio: not written: the listing has no such modality\n" },
		{ "multipliers of too many kinds", V24,
		  "'models':[{'model':'a','versions':[{'effective_from':'2026','multipliers':["
		  "{'multiply':'2','when':{'region':'a'}},{'multiply':'2','when':{'region':'b'}},"
		  "{'multiply':'2','when':{'region':'c'}},{'multiply':'2','when':{'region':'d'}},"
		  "{'multiply':'2','when':{'region':'e'}},{'multiply':'2','when':{'region':'f'}},"
		  "{'multiply':'2','when':{'region':'g'}}],'rates':[" IN END,
		  "a: not written: input has more than 6 multipliers with conditions\n" },
		{ "thresholds and hours", LEGACY,
		  MODEL IN ",{'component':'input','per_million':'2','when':{'context':{'gt':9}}},"
		           "{'component':'input','per_million':'2','when':{'utc':{'from':'08:00',"
		           "'to':'10:00'}}}" END,
		  "a: not written: the format has thresholds or hours, never both\n" },
		{ "three thresholds", LEGACY,
		  MODEL IN
		  ",{'component':'input','per_million':'2','when':{'context':{'gt':7}}},"
		  "{'component':'input','per_million':'3','when':{'context':{'gt':8}}},"
		  "{'component':'input','per_million':'4','when':{'context':{'gt':9}}}" END,
		  "a: not written: the format has at most two thresholds\n" },
		{ "three windows", LEGACY,
		  MODEL IN ",{'component':'input','per_million':'2','when':{'utc':{'from':'01:00',"
		           "'to':'02:00'}}},{'component':'input','per_million':'2','when':{'utc':{"
		           "'from':'03:00','to':'04:00'}}},{'component':'input','per_million':'2',"
		           "'when':{'utc':{'from':'05:00','to':'06:00'}}}" END,
		  "a: input, 05:00 to 06:00 UTC: not written: the format has at most two windows "
		  "of hours\n" },
		{ "windows of two prices", LEGACY,
		  MODEL IN ",{'component':'input','per_million':'2','when':{'utc':{'from':'01:00',"
		           "'to':'02:00'}}},{'component':'input','per_million':'3','when':{'utc':{"
		           "'from':'03:00','to':'04:00'}}}" END,
		  "a: input, 03:00 to 04:00 UTC: not written: all windows of hours have the same "
		  "prices in the format\n" },
		{ "windows of other days", LEGACY,
		  MODEL IN ",{'component':'input','per_million':'2','when':{'utc':{'from':'01:00',"
		           "'to':'02:00','days':['mon']}}},{'component':'input','per_million':'2',"
		           "'when':{'utc':{'from':'03:00','to':'04:00'}}}" END,
		  "a: input, 03:00 to 04:00 UTC: not written: all hours of the format are of the "
		  "same days\n" },
		{ "a whole day", LEGACY,
		  MODEL IN ",{'component':'input','per_million':'2','when':{'utc':{'days':['sat']}}"
		           "}" END,
		  "a: input, UTC on sat: not written: a whole day of the week has no price of its "
		  "own in the format\n" },
		{ "over midnight on some days", LEGACY,
		  MODEL IN ",{'component':'input','per_million':'2','when':{'utc':{'from':'22:00',"
		           "'to':'02:00','days':['sat']}}}" END,
		  "a: input, 22:00 to 02:00 UTC on sat: not written: hours over midnight belong to "
		  "another day in the format\n" },
		{ "batches", LEGACY,
		  MODEL IN ",{'component':'input','per_million':'2','when':{'tier':'batch'}}" END,
		  "a: input, tier batch: not written: the format has no such tier\n" },
		{ "sizes of images", LEGACY,
		  MODEL IN ",{'component':'images_in','each':'1'},{'component':'images_in','each':"
		           "'2','when':{'size':'1x1'}}" END,
		  "a: images_in, size 1x1: not written: the format has no conditions on a size\n" },
		{ "megapixels", LEGACY,
		  MODEL IN ",{'component':'images_in','per_megapixel':'1'}" END,
		  "a: images_in: not written: the format has prices of images, none of "
		  "megapixels\n" },
		{ "seconds", LEGACY, MODEL IN ",{'component':'seconds','each':'1'}" END,
		  "a: seconds: not written: the format has no key for it\n" },
		{ "two writes to a cache", LEGACY,
		  MODEL IN ",{'component':'cache_write_5m','per_million':'1'},{'component':"
		           "'cache_write','per_million':'2'}" END,
		  "a: cache_write: not written: the format has one price for it and for five "
		  "minutes\n" },
		{ "no price without a condition", LEGACY,
		  MODEL IN ",{'component':'output','per_million':'2','when':{'tier':'flex'}}" END,
		  "a: output, tier flex: not written: there is no price without a condition, which "
		  "the format needs\n" },
		{ "hours", "litellm",
		  MODEL IN ",{'component':'input','per_million':'2','when':{'utc':{'from':'22:00',"
		           "'to':'02:00'}}}" END,
		  "a: input, 22:00 to 02:00 UTC: not written: the format has no hours\n" },
		{ "an odd threshold", "litellm",
		  MODEL IN
		  ",{'component':'input','per_million':'2','when':{'context':{'gte':128000}}}" END,
		  "a: input: not written: thresholds are above whole thousands in the format\n" },
		{ "a tier that it does not have", "litellm",
		  MODEL IN ",{'component':'input','per_million':'2','when':{'tier':'turbo'}}" END,
		  "a: input, tier turbo: not written: the format has no such tier\n" },
		{ "standard alone", "litellm",
		  MODEL IN
		  ",{'component':'output','per_million':'2','when':{'tier':'standard'}}" END,
		  "a: output, tier standard: not written: there is no price without a condition, "
		  "which the format needs\n" },
		{ "standard beside all others", "litellm",
		  MODEL IN
		  ",{'component':'input','per_million':'2','when':{'tier':'standard'}}" END,
		  "a: input, tier standard: not written: in the format a price of the standard "
		  "tier is that of all tiers\n" },
		{ "standard beside all others", LEGACY,
		  MODEL IN
		  ",{'component':'input','per_million':'2','when':{'tier':'standard'}}" END,
		  "a: input, tier standard: not written: in the format a price of the standard "
		  "tier is that of all tiers\n" },
		{ "a batch of long prompts", "litellm",
		  MODEL IN
		  ",{'component':'input','per_million':'2','when':{'context':{'gt':1000}}},"
		  "{'component':'input','per_million':'3','when':{'tier':'batch'}},{"
		  "'component':'input','per_million':'4','when':{'tier':'batch','context':{"
		  "'gt':1000}}}" END,
		  "a: input: not written: a batch has no thresholds in the format\n" },
		{ "a batch that reads a cache", "litellm",
		  MODEL IN ",{'component':'cache_read','per_million':'2'},{'component':"
		           "'cache_read','per_million':'1','when':{'tier':'batch'}}" END,
		  "a: cache_read: not written: this price has no batches in the format\n" },
		{ "flex sound", "litellm",
		  MODEL IN ",{'component':'output_audio','per_million':'2'},{'component':"
		           "'output_audio','per_million':'1','when':{'tier':'flex'}}" END,
		  "a: output_audio, tier flex: not written: the format has no such tier\n" },
		{ "sound of long prompts", "litellm",
		  MODEL IN ",{'component':'input_audio','per_million':'2'},{'component':"
		           "'input_audio','per_million':'1','when':{'context':{'gt':1000}}}" END,
		  "a: input_audio, context from 1001: not written: this price has no thresholds in "
		  "the format\n" },
		{ "images that are read", "litellm",
		  MODEL IN ",{'component':'images_in','each':'2'}" END,
		  "a: images_in: not written: images that are read are priced by their tokens in "
		  "the format\n" },
		{ "images that a chat makes", "litellm",
		  MODEL IN "," OUT ",{'component':'images_out','each':'2'}" END,
		  "a: images_out: not written: images that are made are priced by their tokens in "
		  "the format\n" },
		{ "seconds of a chat", "litellm",
		  MODEL IN ",{'component':'seconds','each':'2'}" END,
		  "a: seconds: not written: seconds have no price in the format but of speech, "
		  "transcriptions and video\n" },
		{ "characters of a chat", "litellm",
		  MODEL IN ",{'component':'characters','each':'2'}" END,
		  "a: characters: not written: characters have no price in the format but of "
		  "speech\n" },
		{ "an area that is made", "litellm",
		  MODEL IN ",{'component':'megapixels_out','each':'2'}" END,
		  "a: megapixels_out: not written: the format has no key for it\n" },
	};
	struct published all = { .r = 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		publish(&all, rows[i].form, "USD", rows[i].models, false);
		assert_int_equal(all.r, 0);
		if (strcmp(all.report.lost.at, rows[i].lost) != 0)
			fail_msg("%s, %s: %s\nnot %s", rows[i].form, rows[i].label,
			         all.report.lost.at, rows[i].lost);
		assert_int_equal(all.report.models, 0);
		assert_non_null(strstr(all.report.notes.at, "a: note: left out: 1 of its prices"));
		expect_json(rows[i].label, &all.out);
		if (strstr(all.out.at, "\"a\"") != NULL)
			fail_msg("%s: %s", rows[i].label, all.out.at);
		/* The rest where it is asked for: valid, and never the one that is lost. */
		publish(&all, rows[i].form, "USD", rows[i].models, true);
		assert_int_equal(all.r, 0);
		expect_json(rows[i].label, &all.out);
		if (strstr(rows[i].label, "multipliers") == NULL)
			assert_int_equal(all.report.models, 1);
	}
	release(&all);
}

static void test_what_a_form_holds_is_written(void **state)
{
	static const struct {
		const char *label, *form, *models, *written;
	} rows[] = {
		{ "no exponent, no zeros", V24,
		  MODEL "{'component':'input','per_million':'0.10'}" END,
		  "\"cost_usd\":\"0.0000001\"" },
		{ "free is said", V24, MODEL "{'component':'input','per_million':'0'}" END,
		  "\"cost_usd\":\"0\"" },
		{ "18 decimals", V24,
		  MODEL "{'component':'input','each':'0.000000000000000001'}" END,
		  "\"cost_usd\":\"0.000000000000000001\"" },
		{ "the price for half a day, no other", V24,
		  MODEL "{'component':'input','per_million':'1','when':{'utc':{'from':'08:00','to':"
		        "'20:30'}}}" END,
		  "\"pricing\":[{\"type\":\"prompt\",\"unit\":\"token\",\"cost_usd\":\"0.000001\","
		  "\"utc_start\":800,\"utc_end\":2030}]" },
		{ "a markup", V24,
		  "'models':[{'model':'a','versions':[{'effective_from':'2026','discount_percent':"
		  "'-2.5','rates':[" IN END,
		  "\"discount_to_user\":-0.025" },
		{ "tool results as the input", V24,
		  MODEL IN ",{'component':'input_tool','per_million':'1'}" END,
		  "\"pricing\":[{\"type\":\"prompt\",\"unit\":\"token\",\"cost_usd\":\"0.000001\"}"
		  "]" },
		{ "an explicit cache alone", V24,
		  MODEL IN
		  ",{'component':'cache_read','per_million':'2','when':{'implicit':false}}"
		  ",{'component':'cache_read','per_million':'3','when':{'implicit':true}}" END,
		  "{\"type\":\"cached_prompt\",\"unit\":\"token\",\"cost_usd\":\"0.000002\"},"
		  "{\"type\":\"cached_prompt\",\"unit\":\"token\",\"cost_usd\":\"0.000003\","
		  "\"implicit\":true}" },
		{ "a parameter that is described already", V24,
		  "'models':[{'model':'a','listing':{'parameters':{'size':{'type':'enum','values':["
		  "'1x1','2x2']}},'output_modalities':['image']},'versions':[{'effective_from':"
		  "'2026','rates':[{'component':'images_out','each':'1'},{'component':'images_out',"
		  "'each':'2','when':{'size':'2x2'}}" END,
		  "\"supported_parameters\":{\"size\":{\"type\":\"enum\",\"values\":[\"1x1\","
		  "\"2x2\"]}}" },
		{ "seconds of a kind", V24,
		  "'models':[{'model':'a','listing':{'input_modalities':['text','audio','video']},"
		  "'versions':[{'effective_from':'2026','rates':[{'component':'seconds','each':'1',"
		  "'when':{'kind':'audio'}},{'component':'seconds','each':'2','when':{'kind':"
		  "'video'}}" END,
		  "{\"type\":\"audio\",\"pricing\":[{\"type\":\"prompt\",\"unit\":\"second\","
		  "\"cost_usd\":\"1\"}]},{\"type\":\"video\",\"pricing\":[{\"type\":\"prompt\","
		  "\"unit\":\"second\",\"cost_usd\":\"2\"}]}" },
		{ "steps", V24,
		  MODEL "{'component':'images_out','each':'1'},{'component':'images_out','each':"
		        "'2','when':{'steps':50}}" END,
		  "\"supported_parameters\":{\"steps\":{\"type\":\"enum\",\"values\":[50]}},"
		  "\"pricing\":[{\"type\":\"completion\",\"unit\":\"image\",\"cost_usd\":\"1\","
		  "\"overrides\":[{\"when\":{\"steps\":{\"equals\":50}},\"cost_usd\":\"2\"}]}]" },
		{ "or more, from one less on", LEGACY,
		  MODEL IN ",{'component':'input','per_million':'2','when':{'context':{'gte':"
		           "128000}}}" END,
		  "\"overrides\":[{\"min_prompt_tokens\":127999,\"prompt\":\"0.000002\"}]" },
		{ "days", LEGACY,
		  MODEL IN ",{'component':'input','per_million':'2','when':{'utc':{'from':'00:30',"
		           "'to':'16:30','days':['mon','fri']}}}" END,
		  "\"overrides\":[{\"utc_start\":30,\"utc_end\":1630,\"utc_days\":[\"monday\","
		  "\"friday\"],\"prompt\":\"0.000002\"}]" },
		{ "what a tier does not have", LEGACY,
		  MODEL IN ",{'component':'input','per_million':'2','when':{'tier':'flex'}},{"
		           "'component':'output','per_million':'3','when':{'tier':'standard'}}" END,
		  "{\"id\":\"a\",\"name\":\"a\",\"pricing\":{\"prompt\":\"0.000001\","
		  "\"completion\":"
		  "\"0.000003\"}},{\"id\":\"a\",\"name\":\"a\",\"service_tier\":\"flex\","
		  "\"pricing\":{"
		  "\"prompt\":\"0.000002\"}}" },
		{ "a price above a threshold takes the place of a tier's", "litellm",
		  MODEL IN ",{'component':'input','per_million':'2','when':{'context':{'gt':"
		           "200000}}},{'component':'input','per_million':'0.5','when':{'tier':"
		           "'flex'}}" END,
		  "\"input_cost_per_token\":0.000001,\"input_cost_per_token_above_200k_tokens\":"
		  "0.000002,\"input_cost_per_token_flex\":0.0000005,"
		  "\"input_cost_per_token_above_200k_tokens_flex\":0.0000005" },
		{ "pixels", "litellm",
		  MODEL "{'component':'images_out','per_megapixel':'0.02'}" END,
		  "{\"a\":{\"mode\":\"image_generation\",\"output_cost_per_pixel\":0.00000002}}" },
		{ "pages", "litellm", MODEL "{'component':'pages','each':'0.001'}" END,
		  "{\"a\":{\"mode\":\"ocr\",\"ocr_cost_per_page\":0.001}}" },
	};
	struct published all = { .r = 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		publish(&all, rows[i].form, "USD", rows[i].models, false);
		assert_int_equal(all.r, 0);
		if (all.report.losses > 0 || strstr(all.out.at, rows[i].written) == NULL)
			fail_msg("%s, %s: %s%s\nnot %s", rows[i].form, rows[i].label,
			         all.report.lost.at, all.out.at, rows[i].written);
		expect_json(rows[i].label, &all.out);
	}
	release(&all);
}

/* The lost component is not in it, and nothing of it; the others are. */
static void test_a_part_has_the_components_that_can_be_written(void **state)
{
	struct published all = { .r = 0 };
	const char *models = MODEL OUT
		"," IN ",{'component':'input','per_million':'3','when':{'tier':'flex'}}"
		",{'component':'input','per_million':'2','when':{'region':'eu'}}" END;

	(void)state;
	publish(&all, V24, "USD", models, true);
	assert_string_equal(
		all.out.at,
		"{\"data\":[{\"schema_version\":\"2.4\",\"id\":\"a\",\"name\":\"a\","
		"\"input_modalities\":[{\"type\":\"text\"}],\"output_modalities\":[{\"type\":"
		"\"text\",\"supported_parameters\":{},\"pricing\":[{\"type\":\"completion\","
		"\"unit\":\"token\",\"cost_usd\":\"0.000002\"}]}]}]}\n");
	publish(&all, LEGACY, "USD", models, true);
	assert_string_equal(all.out.at, "{\"data\":[{\"id\":\"a\",\"name\":\"a\",\"pricing\":{"
	                                "\"completion\":\"0.000002\"}}]}\n");
	publish(&all, "litellm", "USD", models, true);
	assert_string_equal(all.out.at,
	                    "{\"a\":{\"mode\":\"chat\",\"output_cost_per_token\":0.000002}}\n");
	release(&all);
}

static void test_what_is_no_price_is_a_note(void **state)
{
	struct published all = { .r = 0 };

	(void)state;
	publish(&all, V24, "USD",
	        "'models':[{'model':'a','aliases':['b','a-*'],'listing':{'version':'1','family':"
	        "'f'},'versions':[{'effective_from':'2026','rates':[" IN
	        "]}]},{'model':'later','versions':[{'effective_from':'2027','rates':[" IN
	        "]}]}],'accounts':[{'account':'secret','effective_from':'2026',"
	        "'discount_percent':'9'}]",
	        false);
	assert_string_equal(all.report.lost.at, "");
	assert_string_equal(all.report.notes.at,
	                    "a: note: 1 pattern of names cannot be written\n"
	                    "a: note: no place for version, family\n"
	                    "a: note: its other name b cannot be written\n"
	                    "later: note: no price is in force at that time\n"
	                    "accounts: note: 1 private price of accounts not published\n");
	assert_int_equal(all.report.models, 1);
	assert_null(strstr(all.out.at, "secret"));
	assert_null(strstr(all.out.at, "later"));
	release(&all);
}

static void test_features_and_names_without_a_place_are_notes(void **state)
{
	const char *models = "'models':[{'model':'a','aliases':['b','c','s'],'listing':{'slug':'s',"
			     "'features':['tools','json_mode','structured_outputs','vision',"
			     "'streaming','system_messages','reasoning','logprobs','web_search']},"
			     "'versions':[{'effective_from':'2026','rates':[" IN "]}]}]";
	struct published all = { .r = 0 };

	(void)state;
	publish(&all, V24, "USD", models, false);
	assert_string_equal(all.report.notes.at,
	                    "a: note: no place among the features for vision, "
	                    "system_messages, web_search\n"
	                    "a: note: its 2 other names cannot be written: b ...\n");
	publish(&all, LEGACY, "USD", models, false);
	assert_string_equal(all.report.notes.at,
	                    "a: note: no place among the features for vision, streaming, "
	                    "system_messages\n"
	                    "a: note: its 2 other names cannot be written: b ...\n");
	release(&all);
}

static void test_another_currency_is_refused_by_forms_in_dollars(void **state)
{
	static const char *const forms[] = { V24, LEGACY, "litellm" };
	struct published all = { .r = 0 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		publish(&all, forms[i], "EUR", MODEL IN END, true);
		assert_int_equal(all.r, -FAULT_INVALID);
		assert_string_equal(all.fault.text,
		                    "the format has prices in USD, the book in EUR");
	}
	publish(&all, "html", "EUR", MODEL IN END, false);
	assert_int_equal(all.r, 0);
	assert_non_null(strstr(all.out.at, "Prices in EUR as of 30 Nov 2026."));
	release(&all);
}

static const char *const page =
	"'models':[{'model':'x/<i>','listing':{'name':'N|*&','description':'<script>\\n`a`',"
	"'context_length':1000000},'versions':[{'effective_from':'2026','discount_percent':'10',"
	"'minimums':[{'charge':'0.00025'}],'multipliers':[{'multiply':'0.5','components':["
	"'input'],'when':{'tier':'batch'}}],'rates':[" IN ",{'component':'input','per_million':"
	"'1.234','when':{'context':{'gt':128000},'utc':{'from':'16:30','to':'00:30','days':["
	"'mon','tue','wed','sat']}}},{'component':'images_out','per_megapixel':'5','megapixels':"
	"'up'}]},{'effective_from':'2027-03-01T08:30:00Z','rates':[" IN "]}]}],'accounts':[{"
	"'account':'secret','effective_from':'2026','discount_percent':'9'}]";

static void test_a_page_escapes_and_says_when(void **state)
{
	struct published all = { .r = 0 };

	(void)state;
	publish(&all, "html", "USD", page, false);
	assert_int_equal(all.r, 0);
	assert_null(strstr(all.out.at, "<script"));
	assert_null(strstr(all.out.at, "<i>x"));
	assert_null(strstr(all.out.at, "secret"));
	assert_non_null(strstr(all.out.at, "<h1>a &lt;b&gt; | c</h1>"));
	assert_non_null(strstr(all.out.at, "<code>x/&lt;i&gt;</code>"));
	assert_non_null(strstr(all.out.at, "<p>&lt;script&gt;\n`a`</p>"));
	assert_non_null(strstr(all.out.at, "<li>1,000,000 tokens of context</li>"));
	/* Its point stands where those of the others do. */
	assert_non_null(strstr(all.out.at, "style=\"--f:6.25ch\""));
	assert_non_null(strstr(all.out.at, "<td class=\"price\"><b>1</b><i>.1106</i></td>"));
	assert_non_null(strstr(all.out.at, "prompts over 128,000 tokens, 16:30\xe2\x80\x93"
	                                   "00:30 UTC, Mon\xe2\x80\x93Wed, Sat</td>"));
	assert_non_null(strstr(all.out.at, "\xc3\x97 0.5</td><td class=\"unit\"></td>"
	                                   "<td class=\"when\">batch tier</td>"));
	assert_non_null(strstr(all.out.at, "megapixel, rounded up"));
	assert_non_null(strstr(all.out.at, "<h3>From 1 Mar 2027, 08:30 UTC</h3>"));
	publish(&all, "markdown", "USD", page, false);
	assert_non_null(strstr(all.out.at, "# a \\<b\\> \\| c\n"));
	assert_non_null(strstr(all.out.at, "## N\\|\\*\\&\n\nx/\\<i\\>\n\n\\<script\\> \\`a\\`\n"));
	assert_non_null(strstr(all.out.at, "| Input | 0.90 | 1M tokens |  |\n| Input | 1.1106 |"));
	assert_non_null(strstr(all.out.at, "| At least | 0.00025 | request |  |\n"));
	assert_non_null(strstr(all.out.at, "### From 1 Mar 2027, 08:30 UTC\n"));
	assert_null(strstr(all.out.at, "secret"));
	release(&all);
}

static void test_the_rates_are_a_row_each(void **state)
{
	struct book *book = load("USD", page);
	struct table table = { .rows = NULL };
	struct buf out = { .at = NULL };

	(void)state;
	publish_rates(book, &table);
	assert_int_equal(table.error, 0);
	export_csv(&out, &table);
	assert_non_null(strstr(out.at, "\nx/<i>,2026-01-01T00:00:00.000Z,rate,input,1.234,USD,"
	                               "1000000,token,128001,,,16:30,00:30,\"mon, tue, wed, sat\","
	                               ",,,\n"));
	assert_non_null(strstr(out.at, ",rate,images_out,5.00,USD,1,megapixel up,"));
	assert_non_null(strstr(out.at, ",multiplier,input,0.5,,,,,batch,,,,,,,,\n"));
	assert_non_null(strstr(out.at, ",minimum,,0.00025,USD,,request,"));
	assert_non_null(strstr(out.at, ",discount_to_user,,0.1,"));
	assert_non_null(strstr(out.at, "\nx/<i>,2027-03-01T08:30:00.000Z,rate,input,1.00,"));
	assert_null(strstr(out.at, "secret"));
	table_release(&table);
	buf_release(&out);
	book_free(book);
}

/* Of what is priced as another, a row of its own where it is multiplied alone. */
static void test_the_rates_have_every_multiplier(void **state)
{
	struct book *book = load(
		"USD", "'as':{'reasoning':'output','input_audio':'input'},'models':[{"
		       "'model':'a','versions':[{'effective_from':'2026','multipliers':["
		       "{'multiply':'0.5','components':['reasoning']},{'multiply':'2',"
		       "'components':['input','input_audio']}],'rates':[" IN ",{'component':"
		       "'output','per_million':'1'}]}]}]");
	struct table table = { .rows = NULL };
	struct buf out = { .at = NULL };

	(void)state;
	publish_rates(book, &table);
	export_csv(&out, &table);
	assert_non_null(strstr(out.at, ",multiplier,reasoning,0.5,"));
	assert_non_null(strstr(out.at, ",multiplier,input,2,"));
	assert_null(strstr(out.at, ",multiplier,input_audio,"));
	table_release(&table);
	buf_release(&out);
	book_free(book);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_a_form_cannot_hold_is_told_and_left_out),
		cmocka_unit_test(test_what_a_form_holds_is_written),
		cmocka_unit_test(test_a_part_has_the_components_that_can_be_written),
		cmocka_unit_test(test_what_is_no_price_is_a_note),
		cmocka_unit_test(test_features_and_names_without_a_place_are_notes),
		cmocka_unit_test(test_another_currency_is_refused_by_forms_in_dollars),
		cmocka_unit_test(test_a_page_escapes_and_says_when),
		cmocka_unit_test(test_the_rates_are_a_row_each),
		cmocka_unit_test(test_the_rates_have_every_multiplier),
	};

	return cmocka_run_group_tests_name("publish", tests, NULL, NULL);
}
