#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/support/import_rows.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define HEAD  "\"schema_version\":\"2.4\",\"id\":\"m\""
#define FORM  "informative m schema_version: "
#define MODEL "{\"data\":[{" HEAD ",%s}]}"
/* The price lists of one modality. */
#define TEXT_IN                                                                                    \
	"{\"data\":[{" HEAD ",\"input_modalities\":[{\"type\":\"text\",\"pricing\":[%s]}]}]}"
#define IMAGE_OUT                                                                                  \
	"{\"data\":[{" HEAD ",\"output_modalities\":[{\"type\":\"image\",\"pricing\":[%s]}]}]}"

#define TOKEN(type, cost) "{\"type\":\"" type "\",\"unit\":\"token\",\"cost_usd\":\"" cost "\"}"
#define MORE(type, cost, more)                                                                     \
	"{\"type\":\"" type "\",\"unit\":\"token\",\"cost_usd\":\"" cost "\"," more "}"
#define OVERRIDE(when, cost) "{\"when\":" when ",\"cost_usd\":\"" cost "\"}"

static const struct import_row text_in[] = {
	{ "caches by how long and how",
	  TOKEN("prompt", "0.000003") "," TOKEN("cached_prompt", "0.0000003") "," MORE(
		  "cache_write", "0.00000375",
		  "\"ttl_seconds\":300") "," MORE("cache_write", "0.000006",
	                                          "\"ttl_seconds\":3600,\"implicit\":"
	                                          "false") "," MORE("cache_write", "0.000009",
	                                                            "\"ttl_seconds\":"
	                                                            "86400"),
	  { "input, per_million: 3.00", "cache_read, per_million: 0.30",
	    "cache_write_5m, per_million: 3.75", "cache_write_1h, per_million: 6.00",
	    "cache_write, per_million: 9.00, when: {ttl_seconds: 86400}" },
	  { "\"as\": {\"reasoning\": \"output\"}" },
	  { FORM } },
	{ "a write that does not say for how long",
	  TOKEN("cache_write", "0.000004") "," MORE("cache_write", "0.000006",
	                                            "\"ttl_seconds\":3600"),
	  { "cache_write_1h, per_million: 6.00", "cache_write, per_million: 4.00" },
	  { "\"as\": {\"cache_write_5m\": \"cache_write\"}" },
	  { FORM } },
	{ "implicit is a condition where both are there",
	  MORE("cached_prompt", "0.000002", "\"implicit\":true") "," TOKEN("cached_prompt",
	                                                                   "0.000003"),
	  { "cache_read, per_million: 3.00, when: {implicit: false}",
	    "cache_read, per_million: 2.00, when: {implicit: true}" },
	  { NULL },
	  { FORM } },
	{ "implicit alone is the price of every cached read",
	  MORE("cached_prompt", "0.000002", "\"implicit\":true"),
	  { "cache_read, per_million: 2.00" },
	  { NULL },
	  { FORM } },
	{ "hours of the day come after the plain price",
	  MORE("prompt", "0.000001", "\"utc_start\":1630,\"utc_end\":30") "," TOKEN("prompt",
	                                                                            "0.000002"),
	  { "input, per_million: 2.00",
	    "input, per_million: 1.00, when: {utc: {from: 16:30, to: 00:30}}" },
	  { NULL },
	  { FORM } },
	{ "predicates: gte, equals, several keys, allOf; in their order",
	  MORE("prompt", "0.000001",
	       "\"overrides\":[" OVERRIDE("{\"prompt_tokens\":{\"gte\":200000}}", "0.000002") "," OVERRIDE(
		       "{\"service_tier\":{\"equals\":\"Default\"}}",
		       "0.000003") "," OVERRIDE("{\"service_tier\":{\"equals\":\"flex\"},\"prompt_"
	                                        "tokens\":{\"gte\":1}}",
	                                        "0.000004") "," OVERRIDE("{\"allOf\":[{\"prompt_"
	                                                                 "tokens\":{\"gte\":5}},"
	                                                                 "{\"allOf\":[{\"service_"
	                                                                 "tier\":{\"equals\":"
	                                                                 "\"priority\"}}]}]}",
	                                                                 "0.000005") "]"),
	  { "input, per_million: 1.00", "input, per_million: 2.00, when: {context: {gte: 200000}}",
	    "input, per_million: 3.00, when: {tier: standard}",
	    "input, per_million: 4.00, when: {context: {gte: 1}, tier: flex}",
	    "input, per_million: 5.00, when: {context: {gte: 5}, tier: priority}" },
	  { NULL },
	  { FORM } },
};

static void test_text(void **state)
{
	(void)state;
	import_rows_check("openrouter-v2.4", TEXT_IN, text_in, COUNT(text_in), false);
}

/* What a book cannot say as `when`: none of the component is left. */
static void test_a_condition_that_cannot_be_said_takes_the_price_out(void **state)
{
	static const char *const whens[] = {
		"{\"anyOf\":[{\"prompt_tokens\":{\"gte\":1}}]}",
		"{\"not\":{\"prompt_tokens\":{\"gte\":1}}}",
		"{\"prompt_tokens\":{\"lte\":1}}",
		"{\"prompt_tokens\":{\"gte\":1.5}}",
		"{\"prompt_tokens\":{\"gte\":-1}}",
		"{\"prompt_tokens\":{\"gte\":1000000000001}}",
		"{\"prompt_tokens\":{\"equals\":1}}",
		"{\"prompt_tokens\":{\"gte\":1,\"lte\":5}}",
		"{\"tools\":{\"min_items\":1}}",
		"{\"temperature\":{\"gte\":1}}",
		"{\"verbosity\":{\"equals\":\"high\"}}",
		"{\"service_tier\":{\"equals\":1}}",
		"{\"service_tier\":{\"equals\":\"\"}}",
		"{\"size\":{\"equals\":\"1024x1024\"}}",
		"{\"allOf\":[]}",
		"{\"allOf\":[{\"prompt_tokens\":{\"gte\":1}},{\"prompt_tokens\":{\"gte\":2}}]}",
		"{}",
		"[]",
		"\"always\"",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(whens); i++) {
		char json[512];
		struct import_row row = {
			.label = whens[i],
			.json = json,
			.rates = { "cache_read, per_million: 1.00" },
			.report = { FORM,
			            "not_representable m input_modalities[0].pricing[1].cost_usd: ",
			            "not_representable m "
			            "input_modalities[0].pricing[1].overrides[0]" },
		};

		snprintf(json, sizeof(json),
		         TOKEN("cached_prompt",
		               "0.000001") ",{\"type\":\"prompt\",\"unit\":\"token\","
		                           "\"cost_usd\":\"0.000001\",\"overrides\":"
		                           "[{\"when\":%s,\"cost_usd\":\"0.1\"}]}",
		         whens[i]);
		import_rows_check("openrouter-v2.4", TEXT_IN, &row, 1, false);
	}
}

static const struct import_row lost[] = {
	{ "cost_usd has no exponent and no sign",
	  TOKEN("prompt", "8e-06") "," TOKEN("cached_prompt", "-1") "," TOKEN("cache_write", "1"),
	  { "cache_write, per_million: 1000000.00" },
	  { NULL },
	  { FORM, "pricing[0].cost_usd: cost_usd is a text of digits",
	    "pricing[1].cost_usd: cost_usd" } },
	{ "a key that qualifies and nobody knows",
	  MORE("prompt", "0.000001", "\"moon\":1") "," TOKEN("cached_prompt", "0.000001"),
	  { "cache_read, per_million: 1.00" },
	  { NULL },
	  { FORM, "input_modalities[0].pricing[0]: what qualifies it" } },
	{ "half a window, a time that is none, a ttl of a read",
	  MORE("prompt", "0.000001", "\"utc_start\":100") "," MORE(
		  "cached_prompt", "0.000001",
		  "\"ttl_seconds\":300") "," MORE("cache_write", "0.000001",
	                                          "\"ttl_seconds\":0") ","
	                                                               "{\"type\":\"prompt\","
	                                                               "\"unit\":\"character\","
	                                                               "\"cost_usd\":\"0.5\"}",
	  { "characters, each: 0.50" },
	  { NULL },
	  { FORM, "pricing[0]: what qualifies", "pricing[1]: what qualifies",
	    "pricing[2]: what qualifies" } },
	{ "an override of another form, and of a price that is too fine",
	  MORE("prompt", "0.000001", "\"overrides\":[{\"cost_usd\":\"1\"}]") "," MORE(
		  "cached_prompt", "0.000001",
		  "\"overrides\":[" OVERRIDE(
			  "{\"prompt_tokens\":{\"gte\":1}}",
			  "0.0000000000000000001") "]") "," MORE("cache_write", "0.000001",
	                                                         "\"overrides\":7") ","
	                                                                            "{\"type\":"
	                                                                            "\"prompt\","
	                                                                            "\"unit\":"
	                                                                            "\"character\","
	                                                                            "\"cost_usd\":"
	                                                                            "\"0.5\"}",
	  { "characters, each: 0.50" },
	  { NULL },
	  { FORM, "pricing[0].cost_usd: ", "pricing[0].overrides[0]: an override has",
	    "pricing[1].cost_usd: ", "pricing[1].overrides[0].cost_usd: needs more",
	    "pricing[2].cost_usd: ", "pricing[2].overrides: a list" } },
	{ "no such type, unit or place",
	  TOKEN("prompt", "0.000001") "," TOKEN(
		  "completion",
		  "0.000001") ","
	                      "{\"type\":\"prompt\",\"unit\":\"megapixel\",\"cost_usd\":\"1\"}",
	  { "input, per_million: 1.00" },
	  { NULL },
	  { FORM, "pricing[1]: no component is counted so", "pricing[2]: no component" } },
	{ "the same price twice, and two prices",
	  TOKEN("prompt", "0.000001") "," TOKEN("prompt", "0.000001") "," TOKEN(
		  "cached_prompt", "0.000001") "," TOKEN("cached_prompt", "0.000002"),
	  { "input, per_million: 1.00" },
	  { NULL },
	  { FORM, "pricing[2].cost_usd: two prices", "pricing[3].cost_usd: two prices" } },
};

static void test_what_is_left_out(void **state)
{
	(void)state;
	import_rows_check("openrouter-v2.4", TEXT_IN, lost, COUNT(lost), false);
}

#define IMAGE(unit, cost, more)                                                                    \
	"{\"type\":\"completion\",\"unit\":\"" unit "\",\"cost_usd\":\"" cost "\"" more "}"

static const struct import_row images[] = {
	{ "megapixels, with size, quality and steps",
	  IMAGE("megapixel", "0.03",
	        ",\"overrides\":[" OVERRIDE(
			"{\"size\":{\"equals\":\"1024x1024\"},\"quality\":{\"equals\":\"hd\"}}",
			"0.06") "," OVERRIDE("{\"steps\":{\"equals\":50}}", "0.07") "]"),
	  { "images_out, per_megapixel: 0.03",
	    "images_out, per_megapixel: 0.06, when: {size: 1024x1024, quality: hd}",
	    "images_out, per_megapixel: 0.07, when: {steps: 50}" },
	  { NULL },
	  { FORM } },
	{ "an image and a token of one",
	  IMAGE("image", "0.04", "") "," IMAGE("token", "0.00004", ""),
	  { "output_image, per_million: 40.00", "images_out, each: 0.04" },
	  { NULL },
	  { FORM } },
	{ "a word that is longer than one may be",
	  IMAGE("token", "0.00004",
	        "") "," IMAGE("image", "0.04",
	                      ",\"overrides\":[" OVERRIDE(
				      "{\"quality\":{\"equals\":\"the-very-best-that-there-is\"}}",
				      "0.06") "]"),
	  { "output_image, per_million: 40.00" },
	  { NULL },
	  { FORM, "pricing[1].cost_usd: another price of the same",
	    "pricing[1].overrides[0].cost_usd: its condition is out of bounds" } },
};

static const struct import_row models[] = {
	{ "sound, film and what comes of it",
	  "\"input_modalities\":[{\"type\":\"audio\",\"pricing\":[{\"type\":\"prompt\","
	  "\"unit\":\"second\",\"cost_usd\":\"0.0001\"}," TOKEN(
		  "prompt",
		  "0.00001") "]},"
	                     "{\"type\":\"image\",\"pricing\":[" TOKEN(
				     "prompt",
				     "0.00002") "]}],"
	                                        "\"output_modalities\":[{\"type\":\"video\","
	                                        "\"pricing\":[{\"type\":\"completion\","
	                                        "\"unit\":\"second\",\"cost_usd\":\"0.4\","
	                                        "\"overrides\":[" OVERRIDE(
							"{\"resolution\":{\"equals\":\"4k\"}}",
							"0.6") "]}]}]",
	  { "input_audio, per_million: 10.00", "input_image, per_million: 20.00",
	    "seconds, each: 0.0001, when: {kind: audio}",
	    "seconds, each: 0.40, when: {kind: video}",
	    "seconds, each: 0.60, when: {resolution: 4k, kind: video}" },
	  { "\"input_modalities\": [\"audio\", \"image\"]", "\"output_modalities\": [\"video\"]" },
	  { FORM } },
	{ "seconds of one thing alone need no kind",
	  "\"output_modalities\":[{\"type\":\"speech\",\"pricing\":[{\"type\":\"completion\","
	  "\"unit\":\"second\",\"cost_usd\":\"0.4\"}]}],"
	  "\"input_modalities\":[{\"type\":\"text\",\"pricing\":[]}]",
	  { "seconds, each: 0.40" },
	  { NULL },
	  { FORM, "informative m input_modalities[0].pricing: empty" } },
	{ "the model's own, and its facts",
	  "\"name\":\"M\",\"created\":1700000000,\"quantization\":\"fp8\",\"tokenizer\":null,"
	  "\"discount_to_user\":-0.10,\"is_ready\":true,\"openrouter\":{\"slug\":\"acme/m\"},"
	  "\"deprecation_date\":\"2027-01-01\",\"datacenters\":[{\"country_code\":\"US\"}],"
	  "\"compliance\":{\"zdr\":true},\"capacity\":[{\"type\":\"concurrency\"}],"
	  "\"input_modalities\":[{\"type\":\"text\",\"capacity\":[{\"type\":\"prompt\"}],"
	  "\"supported_inputs\":{\"max_context_length\":1000,\"max_prompt_length\":9}}],"
	  "\"output_modalities\":[{\"type\":\"text\",\"max_length\":77,\"streaming\":true,"
	  "\"supported_parameters\":{\"top_p\":{\"type\":\"range\",\"max\":1}},\"odd\":1}],"
	  "\"pricing\":[{\"type\":\"request\",\"unit\":\"request\",\"cost_usd\":\"0.001\"},"
	  "{\"type\":\"web_search\",\"unit\":\"search\",\"cost_usd\":\"0.01\"}]",
	  { "searches, each: 0.01", "requests, each: 0.001" },
	  { "\"discount_to_user\": \"-0.1\"", "\"aliases\": [\"acme/m\"]", "\"slug\": \"acme/m\"",
	    "\"quantization\": \"fp8\"", "\"compliance\": {\"zdr\":true}",
	    "\"context_length\": 1000", "\"max_output\": 77", "{\"type\":\"concurrency\"}",
	    "{\"type\":\"prompt\"}",
	    "\"parameters\": {\"top_p\": {\"type\":\"range\",\"max\":1}}" },
	  { FORM, "informative m tokenizer: null",
	    "m input_modalities[0].supported_inputs.max_prompt_length: what may be sent",
	    "m output_modalities[0].streaming: how it is asked",
	    "not_understood m output_modalities[0].odd: " } },
	{ "free, whatever its prices are",
	  "\"is_free\":true,\"pricing\":[{\"type\":\"request\",\"unit\":\"request\","
	  "\"cost_usd\":\"0.001\",\"overrides\":[{}]}]",
	  { "requests, each: 0.00" },
	  { "\"is_free\": true" },
	  { FORM, "informative m pricing[0].cost_usd: is_free",
	    "informative m pricing[0].overrides: is_free" } },
	{ "a discount of all, and one that takes more decimals than there are",
	  "\"discount_to_user\":1,\"pricing\":[{\"type\":\"request\",\"unit\":\"request\","
	  "\"cost_usd\":\"0.001\"}]",
	  { "requests, each: 0.001" },
	  { NULL },
	  { FORM, "not_representable m discount_to_user: no fraction below 1" } },
};

static void test_models(void **state)
{
	(void)state;
	import_rows_check("openrouter-v2.4", IMAGE_OUT, images, COUNT(images), false);
	import_rows_check("openrouter-v2.4", MODEL, models, COUNT(models), false);
}

static void test_what_is_no_such_document_is_refused(void **state)
{
	(void)state;
	import_rows_refused("openrouter-v2.4", "{\"data\":[{\"id\":\"a\",\"pricing\":{}}]}",
	                    "it looks like openrouter: --from openrouter");
	import_rows_refused("openrouter-v2.4",
	                    "{\"data\":[{\"id\":\"a\",\"schema_version\":\"3\"}]}",
	                    "the model a has another schema_version than 2.4");
	import_rows_refused("openrouter-v2.4", "{\"data\":[{\"schema_version\":\"2.4\"}]}",
	                    "has no id");
	import_rows_refused("openrouter-v2.4", "{\"data\":[{" HEAD "},{" HEAD "}]}",
	                    "the entries m and m both name the model m");
	import_rows_refused("openrouter-v2.4", "7", "a list of models with schema_version 2.4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_a_condition_that_cannot_be_said_takes_the_price_out),
		cmocka_unit_test(test_what_is_left_out),
		cmocka_unit_test(test_models),
		cmocka_unit_test(test_what_is_no_such_document_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
