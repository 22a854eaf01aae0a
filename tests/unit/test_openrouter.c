#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/import_rows.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The public form has an architecture, a provider's own has not. */
#define PUBLIC "{\"data\":[{\"id\":\"a/m\",\"architecture\":{},\"pricing\":%s}]}"
#define FLAT   "{\"data\":[{\"id\":\"m\",\"pricing\":%s}]}"
#define ARCH   "informative a/m architecture: empty"

static const struct import_row prices[] = {
	{ "zero at some hours is not the price of the others",
	  "{\"prompt\":\"0.000001\",\"input_cache_read\":\"0.000001\",\"overrides\":[{"
	  "\"utc_start\":1630,\"utc_end\":30,\"input_cache_read\":\"0\"}]}",
	  { "input, per_million: 1.00" },
	  { NULL },
	  { ARCH, "not_representable a/m pricing.input_cache_read: an",
	    "not_representable a/m pricing.overrides[0].input_cache_read: zero" } },
	{ "every key of a price",
	  "{\"prompt\":\"0.000003\",\"completion\":\"0.000015\",\"request\":\"0.001\","
	  "\"image\":\"0.000003\",\"web_search\":\"0.01\",\"internal_reasoning\":\"0.00002\","
	  "\"input_cache_read\":\"0.0000003\",\"input_cache_write\":\"0.00000375\","
	  "\"input_cache_write_1h\":\"0.000006\",\"audio\":\"0.000004\","
	  "\"audio_output\":\"0.000064\",\"input_audio_cache\":\"0.0000004\"}",
	  { "input, per_million: 3.00", "input_audio, per_million: 4.00",
	    "input_image, per_million: 3.00", "cache_read, per_million: 0.30",
	    "cache_read_audio, per_million: 0.40", "cache_write_5m, per_million: 3.75",
	    "cache_write_1h, per_million: 6.00", "output, per_million: 15.00",
	    "reasoning, per_million: 20.00", "output_audio, per_million: 64.00",
	    "searches, each: 0.01", "requests, each: 0.001" },
	  { "\"as\": {\"cache_write\": \"cache_write_5m\", \"reasoning\": \"output\"}" },
	  { ARCH } },
	{ "min_prompt_tokens is exceeded above it, a later one wins",
	  "{\"prompt\":\"0.000001\",\"completion\":\"0.000002\",\"overrides\":["
	  "{\"min_prompt_tokens\":32000,\"prompt\":\"0.000003\"},"
	  "{\"min_prompt_tokens\":128000,\"prompt\":\"0.000004\",\"completion\":\"0.000005\"}]}",
	  { "input, per_million: 1.00", "input, per_million: 3.00, when: {context: {gt: 32000}}",
	    "input, per_million: 4.00, when: {context: {gt: 128000}}", "output, per_million: 2.00",
	    "output, per_million: 5.00, when: {context: {gt: 128000}}" },
	  { NULL },
	  { ARCH } },
	{ "hours of the day, over midnight",
	  "{\"prompt\":\"0.000001\",\"overrides\":[{\"utc_start\":1630,\"utc_end\":30,"
	  "\"prompt\":\"0.0000005\"}]}",
	  { "input, per_million: 1.00",
	    "input, per_million: 0.50, when: {utc: {from: 16:30, to: 00:30}}" },
	  { NULL },
	  { ARCH } },
	{ "both kinds of overrides are ignored by OpenRouter",
	  "{\"prompt\":\"0.000001\",\"overrides\":[{\"utc_start\":1630,\"utc_end\":30,"
	  "\"prompt\":\"0.0000005\"},{\"min_prompt_tokens\":1,\"prompt\":\"0.1\"}]}",
	  { "input, per_million: 1.00" },
	  { NULL },
	  { ARCH, "not_understood a/m pricing.overrides: OpenRouter ignores" } },
	{ "an override with a condition that nobody knows takes its prices out",
	  "{\"prompt\":\"0.000001\",\"completion\":\"0.000002\",\"overrides\":["
	  "{\"min_prompt_tokens\":5,\"moon\":\"full\",\"prompt\":\"0.1\"}]}",
	  { "output, per_million: 2.00" },
	  { NULL },
	  { ARCH, "not_representable a/m pricing.prompt: another price of the same",
	    "not_representable a/m pricing.overrides[0]: its condition" } },
	{ "an hour that is none, and a window that is none",
	  "{\"prompt\":\"0.000001\",\"completion\":\"0.000002\",\"request\":\"1\",\"overrides\":["
	  "{\"utc_start\":1660,\"utc_end\":30,\"prompt\":\"0.1\"},"
	  "{\"utc_start\":100,\"utc_end\":100,\"completion\":\"0.1\"}]}",
	  { "requests, each: 1.00" },
	  { NULL },
	  { ARCH, "pricing.prompt", "pricing.completion", "pricing.overrides[0]: its condition",
	    "pricing.overrides[1]: its condition" } },
	{ "an override that is too fine takes the price below it out",
	  "{\"prompt\":\"0.000001\",\"completion\":\"0.000002\",\"overrides\":["
	  "{\"min_prompt_tokens\":5,\"completion\":\"0.00000090000000000000005\"}]}",
	  { "input, per_million: 1.00" },
	  { NULL },
	  { ARCH, "not_representable a/m pricing.completion: another price of the same",
	    "pricing.overrides[0].completion: needs more than 18 decimals of a unit; the nearest "
	    "price is \"0.0000009\"" } },
	{ "a base that is too fine leaves its overrides",
	  "{\"prompt\":\"0.00000100000000000000015\",\"overrides\":["
	  "{\"min_prompt_tokens\":5,\"prompt\":\"0.000002\"}]}",
	  { "input, per_million: 2.00, when: {context: {gt: 5}}" },
	  { NULL },
	  { ARCH, "pricing.prompt: needs more than 18 decimals of a unit; the nearest price is "
	          "\"0.000001\"" } },
	{ "reasoning and images that cost the same move along",
	  "{\"prompt\":\"0.000001\",\"completion\":\"0.000002\",\"internal_reasoning\":\"0."
	  "000002\","
	  "\"image\":\"0.000001\",\"overrides\":[{\"min_prompt_tokens\":5,"
	  "\"prompt\":\"0.000003\",\"completion\":\"0.000004\"}]}",
	  { "input, per_million: 1.00", "input, per_million: 3.00, when: {context: {gt: 5}}",
	    "input_image, per_million: 1.00",
	    "input_image, per_million: 3.00, when: {context: {gt: 5}}", "output, per_million: 2.00",
	    "output, per_million: 4.00, when: {context: {gt: 5}}", "reasoning, per_million: 2.00",
	    "reasoning, per_million: 4.00, when: {context: {gt: 5}}" },
	  { NULL },
	  { ARCH } },
	{ "an image that does not cost what a prompt token does",
	  "{\"prompt\":\"0.000001\",\"image\":\"0.0048\"}",
	  { "input, per_million: 1.00" },
	  { NULL },
	  { ARCH, "not_representable a/m pricing.image: of an image or of a token" } },
	{ "no such price, and no number",
	  "{\"prompt\":\"0.000001\",\"completion\":\"-1\",\"request\":\"free\","
	  "\"web_search\":\"1e400\",\"unheard\":\"0.1\"}",
	  { "input, per_million: 1.00" },
	  { NULL },
	  { ARCH, "pricing.completion: negative", "pricing.request: no number",
	    "pricing.web_search: larger", "not_understood a/m pricing.unheard: " } },
	{ "zero of what older lists always write",
	  "{\"prompt\":\"0.000001\",\"completion\":\"0\",\"request\":\"0\","
	  "\"internal_reasoning\":\"0\"}",
	  { "input, per_million: 1.00", "output, per_million: 0.00", "requests, each: 0.00" },
	  { NULL },
	  { ARCH, "not_representable a/m pricing.internal_reasoning: zero" } },
	{ "a discount",
	  "{\"prompt\":\"0.000001\",\"discount\":0.50}",
	  { "input, per_million: 1.00" },
	  { "\"discount_to_user\": \"0.5\"" },
	  { ARCH } },
};

static void test_prices(void **state)
{
	(void)state;
	import_rows_check("openrouter", PUBLIC, prices, COUNT(prices), false);
}

static const struct import_row flat[] = {
	{ "the older array is met by as many tokens",
	  "[{\"prompt\":\"0.000001\",\"completion\":\"0.000002\"},"
	  "{\"min_context\":128000,\"prompt\":\"0.000003\"}]",
	  { "input, per_million: 1.00", "input, per_million: 3.00, when: {context: {gte: 128000}}",
	    "output, per_million: 2.00" },
	  { NULL },
	  { NULL } },
	{ "an image of a provider's form is of an image or of a token",
	  "{\"prompt\":\"0.000001\",\"image\":\"0.000001\"}",
	  { "input, per_million: 1.00" },
	  { NULL },
	  { "not_representable m pricing.image: of an image" } },
};

static const struct import_row whole[] = {
	{ "a tier of service is an entry of its own, wherever it stands",
	  "{\"data\":[{\"id\":\"m\",\"service_tier\":\"flex\",\"discount_to_user\":\"0.10\","
	  "\"pricing\":{\"prompt\":\"0.000003\"}},{\"id\":\"m\",\"discount_to_user\":\"0.1\","
	  "\"pricing\":{\"prompt\":\"0.000001\",\"completion\":\"0.000002\",\"overrides\":["
	  "{\"min_prompt_tokens\":100,\"prompt\":\"0.000005\"}]}}]}",
	  { "input, per_million: 1.00", "input, per_million: 5.00, when: {context: {gt: 100}}",
	    "input, per_million: 3.00, when: {tier: flex}", "output, per_million: 2.00" },
	  { "\"discount_to_user\": \"0.1\"" },
	  { NULL } },
	{ "a tier that nobody knows, or with another discount, takes its prices out",
	  "{\"data\":[{\"id\":\"m\",\"pricing\":{\"prompt\":\"0.000001\",\"completion\":"
	  "\"0.000002\"}},{\"id\":\"m\",\"service_tier\":\"moon\",\"pricing\":{\"prompt\":\"1\"}},"
	  "{\"id\":\"n\",\"pricing\":{\"prompt\":\"0.000001\",\"completion\":\"0.000002\"}},"
	  "{\"id\":\"n\",\"service_tier\":\"flex\",\"discount_to_user\":\"0.5\",\"pricing\":"
	  "{\"completion\":\"0.000001\"}}]}",
	  { "output, per_million: 2.00", "input, per_million: 1.00" },
	  { NULL },
	  { "not_representable m service_tier: no tier of service",
	    "not_representable m pricing: its condition", "not_representable m pricing.prompt: an",
	    "not_representable n pricing: its condition",
	    "not_representable n pricing.completion: an override" } },
	{ "free by its name, by is_free, and not by zeros alone",
	  "{\"data\":[{\"id\":\"a:free\",\"pricing\":{\"prompt\":\"0\",\"image\":\"0\"}},"
	  "{\"id\":\"b\",\"is_free\":true,\"pricing\":{\"prompt\":\"0\"}},"
	  "{\"id\":\"c\",\"pricing\":{\"prompt\":\"0\",\"completion\":\"0\"}}]}",
	  { "input, per_million: 0.00", "input_image, per_million: 0.00",
	    "input, per_million: 0.00" },
	  { "\"is_free\": true" },
	  { "not_representable c pricing.prompt: all prices are zero",
	    "not_representable c pricing.completion: all prices are zero" } },
	{ "facts and names",
	  "{\"total_count\":2,\"links\":{},\"data\":[{\"id\":\"m:free\",\"canonical_slug\":\"m-1\","
	  "\"pricing\":{\"prompt\":\"0\"}},{\"id\":\"m\",\"name\":\"M\",\"canonical_slug\":\"m-1\","
	  "\"created\":17,\"context_length\":1000,\"hugging_face_id\":\"\",\"description\":\"d\","
	  "\"knowledge_cutoff\":\"2026-02\",\"expiration_date\":\"2027-01-01\","
	  "\"architecture\":{\"modality\":\"text->text\",\"input_modalities\":[\"text\",\"image\"],"
	  "\"output_modalities\":[\"text\"],\"tokenizer\":\"Qwen\",\"instruct_type\":null},"
	  "\"top_provider\":{\"max_completion_tokens\":99,\"context_length\":500,"
	  "\"is_moderated\":false},\"supported_parameters\":[\"tools\",\"top_p\"],"
	  "\"pricing\":{\"prompt\":\"0.000001\"},\"mystery\":1}]}",
	  { "input, per_million: 1.00", "input, per_million: 0.00" },
	  { "\"aliases\": [\"m-1\"]", "\"name\": \"M\"", "\"created\": 17",
	    "\"context_length\": 1000", "\"knowledge_cutoff\": \"2026-02\"",
	    "\"deprecation_date\": \"2027-01-01\"", "\"input_modalities\": [\"text\", \"image\"]",
	    "\"max_output\": 99", "\"features\": [\"tools\"]",
	    "\"parameters\": {\"tools\": {\"type\": \"unknown\"}, \"top_p\"" },
	  { "informative  total_count: ", "informative  links: ",
	    "informative m:free canonical_slug: another", "informative m hugging_face_id: empty",
	    "informative m architecture.modality: ",
	    "informative m architecture.instruct_type: null",
	    "informative m top_provider.is_moderated: ", "not_understood m mystery: " } },
	{ "the flat form of a provider",
	  "{\"data\":[{\"id\":\"m\",\"quantization\":\"fp8\",\"max_output_length\":7,"
	  "\"input_modalities\":[\"text\"],\"supported_sampling_parameters\":[\"temperature\"],"
	  "\"supported_features\":[\"json_mode\"],\"capacity_tpm\":5000,\"is_ready\":false,"
	  "\"datacenters\":[{\"country_code\":\"US\"}],\"openrouter\":{\"slug\":\"acme/m\"},"
	  "\"discount_to_user\":1.5,\"pricing\":{\"prompt\":\"0.000001\"}}]}",
	  { "input, per_million: 1.00" },
	  { "\"aliases\": [\"acme/m\"]", "\"quantization\": \"fp8\"", "\"max_output\": 7",
	    "\"features\": [\"json_mode\"]", "\"per\": \"minute\", \"value\": 5000",
	    "\"is_ready\": false", "\"datacenters\": [{\"country_code\":\"US\"}]" },
	  { NULL } },
};

static void test_the_form_of_providers(void **state)
{
	(void)state;
	import_rows_check("openrouter", FLAT, flat, COUNT(flat), false);
	import_rows_check("openrouter", NULL, whole, COUNT(whole), false);
}

static const struct import_row zeros[] = {
	{ "zero taken as free",
	  "{\"prompt\":\"0\",\"completion\":\"0\"}",
	  { "input, per_million: 0.00", "output, per_million: 0.00" },
	  { NULL },
	  { NULL } },
};

static void test_zero_is_free_where_it_is_asked_for(void **state)
{
	(void)state;
	import_rows_check("openrouter", FLAT, zeros, COUNT(zeros), true);
}

static void test_what_is_no_such_list_is_refused(void **state)
{
	(void)state;
	import_rows_refused("openrouter", "{\"data\":[]}", "a list of models with id and pricing");
	import_rows_refused("openrouter", "{\"data\":[{\"id\":\"a\",\"schema_version\":\"2.4\"}]}",
	                    "it looks like openrouter-v2.4");
	import_rows_refused("openrouter", "{\"m\":{\"mode\":\"chat\"}}", "--from litellm");
	import_rows_refused("openrouter",
	                    "{\"data\":[{\"id\":\"a\",\"pricing\":{\"prompt\":\"1\"}},"
	                    "{\"id\":\"a\",\"pricing\":{\"prompt\":\"1\"}}]}",
	                    "the entries a and a both name the model a");
	import_rows_refused("openrouter",
	                    "{\"data\":[{\"id\":\"\",\"pricing\":{\"prompt\":\"1\"}}]}",
	                    "is no name of a model");
	import_rows_refused("openrouter",
	                    "{\"data\":[{\"id\":\"a\",\"pricing\":{\"prompt\":\"-1\"}}]}",
	                    "no model of this catalogue has a price");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prices),
		cmocka_unit_test(test_the_form_of_providers),
		cmocka_unit_test(test_zero_is_free_where_it_is_asked_for),
		cmocka_unit_test(test_what_is_no_such_list_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
