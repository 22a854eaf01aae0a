#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/import_rows.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* One chat model, unless a row says more. */
#define WRAP "{\"m\":{\"litellm_provider\":\"openai\",\"mode\":\"chat\",%s}}"
#define WHO  "informative m litellm_provider: who serves it"

static const struct import_row tokens[] = {
	{ "exponents are read from their digits",
	  "\"input_cost_per_token\":1.25e-06,\"output_cost_per_token\":0.00001",
	  { "input, per_million: 1.25", "output, per_million: 10.00" },
	  { "\"as\": {\"cache_write\": \"cache_write_5m\", \"reasoning\": \"output\"}",
	    "\"effective_from\": \"2000-01-01T00:00:00Z\"", "\"output_modalities\": [\"text\"]" },
	  { WHO } },
	{ "every token component",
	  "\"cache_read_input_token_cost\":1e-6,\"cache_creation_input_token_cost\":2e-6,"
	  "\"cache_creation_input_token_cost_above_1hr\":3e-6,\"input_cost_per_audio_token\":4e-6,"
	  "\"input_cost_per_image_token\":5e-6,\"input_cost_per_video_token\":6e-6,"
	  "\"output_cost_per_audio_token\":7e-6,\"output_cost_per_image_token\":8e-6,"
	  "\"output_cost_per_video_token\":9e-6,\"output_cost_per_reasoning_token\":1e-5,"
	  "\"cache_read_input_audio_token_cost\":2e-5",
	  { "input_audio, per_million: 4.00", "input_image, per_million: 5.00",
	    "input_video, per_million: 6.00", "cache_read, per_million: 1.00",
	    "cache_read_audio, per_million: 20.00", "cache_write_5m, per_million: 2.00",
	    "cache_write_1h, per_million: 3.00", "reasoning, per_million: 10.00",
	    "output_audio, per_million: 7.00", "output_image, per_million: 8.00",
	    "output_video, per_million: 9.00" },
	  { NULL },
	  { WHO } },
	{ "the cache hit of DeepSeek is a cached read, and may be said twice",
	  "\"input_cost_per_token_cache_hit\":2.8e-08,\"cache_read_input_token_cost\":2.8e-8",
	  { "cache_read, per_million: 0.028" },
	  { NULL },
	  { WHO } },
	{ "said twice with two prices it is neither",
	  "\"input_cost_per_token_cache_hit\":2e-08,\"cache_read_input_token_cost\":3e-8,"
	  "\"input_cost_per_token\":1e-6",
	  { "input, per_million: 1.00" },
	  { NULL },
	  { WHO, "not_representable m input_cost_per_token_cache_hit: two prices",
	    "not_representable m cache_read_input_token_cost: two prices" } },
	{ "thresholds, tiers, both, and the batch last",
	  "\"input_cost_per_token_batches\":5e-7,\"input_cost_per_token_above_272k_tokens_flex\":"
	  "3e-6,"
	  "\"input_cost_per_token_above_272k_tokens\":2e-6,\"input_cost_per_token_priority\":4e-6,"
	  "\"input_cost_per_token_above_128000_tokens\":15e-7,\"input_cost_per_token_flex\":8e-7,"
	  "\"input_cost_per_token\":1e-6,"
	  "\"cache_creation_input_token_cost_above_1hr_above_200k_tokens\":9e-6",
	  { "input, per_million: 1.00", "input, per_million: 4.00, when: {tier: priority}",
	    "input, per_million: 0.80, when: {tier: flex}",
	    "input, per_million: 1.50, when: {context: {gt: 128000}}",
	    "input, per_million: 2.00, when: {context: {gt: 272000}}",
	    "input, per_million: 3.00, when: {context: {gt: 272000}, tier: flex}",
	    "input, per_million: 0.50, when: {tier: batch}",
	    "cache_write_1h, per_million: 9.00, when: {context: {gt: 200000}}" },
	  { NULL },
	  { WHO } },
	{ "reasoning goes where the output goes",
	  "\"output_cost_per_token\":1e-6,\"output_cost_per_reasoning_token\":1e-6,"
	  "\"output_cost_per_token_above_200k_tokens\":2e-6,\"output_cost_per_token_priority\":3e-"
	  "6",
	  { "output, per_million: 1.00", "output, per_million: 3.00, when: {tier: priority}",
	    "output, per_million: 2.00, when: {context: {gt: 200000}}",
	    "reasoning, per_million: 1.00", "reasoning, per_million: 3.00, when: {tier: priority}",
	    "reasoning, per_million: 2.00, when: {context: {gt: 200000}}" },
	  { NULL },
	  { WHO } },
	{ "reasoning of another price keeps it above a threshold",
	  "\"output_cost_per_token\":1e-6,\"output_cost_per_reasoning_token\":4e-6,"
	  "\"output_cost_per_token_above_200k_tokens\":2e-6",
	  { "output, per_million: 1.00", "output, per_million: 2.00, when: {context: {gt: 200000}}",
	    "reasoning, per_million: 4.00" },
	  { NULL },
	  { WHO } },
	{ "tiers by the prompt: above their start",
	  "\"tiered_pricing\":[{\"input_cost_per_token\":1e-6,\"output_cost_per_token\":2e-6,"
	  "\"range\":[0,32000.0]},{\"input_cost_per_token\":3e-6,\"output_cost_per_token\":4e-6,"
	  "\"range\":[32000.0,1000000.0]}]",
	  { "input, per_million: 1.00", "input, per_million: 3.00, when: {context: {gt: 32000}}",
	    "output, per_million: 2.00",
	    "output, per_million: 4.00, when: {context: {gt: 32000}}" },
	  { NULL },
	  { WHO } },
	{ "a tier that lacks what another has",
	  "\"output_cost_per_token\":2e-6,\"tiered_pricing\":[{\"input_cost_per_token\":1e-6,"
	  "\"cache_read_input_token_cost\":1e-7,\"range\":[0,32000]},"
	  "{\"input_cost_per_token\":3e-6,\"range\":[32000,1000000]}]",
	  { "output, per_million: 2.00" },
	  { NULL },
	  { WHO, "not_representable m tiered_pricing: tiers that do not price the same" } },
	{ "tiers of something else",
	  "\"output_cost_per_token\":2e-6,\"tiered_pricing\":[{\"input_cost_per_query\":0.005,"
	  "\"max_results_range\":[0,25]}]",
	  { "output, per_million: 2.00" },
	  { NULL },
	  { WHO, "not_representable m tiered_pricing: tiers of something else" } },
	{ "regions multiply the tokens",
	  "\"input_cost_per_token\":1e-6,\"regional_processing_uplift_multiplier_eu\":1.10,"
	  "\"provider_specific_entry\":{\"us\":1.1,\"fast\":6.0}",
	  { "input, per_million: 1.00" },
	  { "{\"multiply\": \"1.1\", \"components\": [\"input\", \"input_audio\"",
	    "\"output_video\"], \"when\": {\"region\": \"eu\"}}",
	    "\"when\": {\"region\": \"us\"}}" },
	  { WHO, "not_representable m provider_specific_entry.fast: the factor of fast mode" } },
	{ "a price that leaves no room for its multiplier is left out",
	  "\"input_cost_per_token\":1.000000000001e-6,\"output_cost_per_token\":1e-6,"
	  "\"regional_processing_uplift_multiplier_eu\":1.1",
	  { "output, per_million: 1.00" },
	  { NULL },
	  { WHO, "not_representable m input_cost_per_token: with its multipliers" } },
};

static void test_tokens(void **state)
{
	(void)state;
	import_rows_check("litellm", WRAP, tokens, COUNT(tokens), false);
}

static const struct import_row left_out[] = {
	{ "more than 18 decimals of a token, with the nearest",
	  "\"input_cost_per_token\":1.5000020000000002e-05,\"output_cost_per_token\":1e-6",
	  { "output, per_million: 1.00" },
	  { NULL },
	  { WHO, "not_representable m input_cost_per_token: needs more than 18 decimals of a unit; "
	         "the nearest price is \"0.00001500002\"" } },
	{ "so does the price above a threshold, and the one below goes with it",
	  "\"input_cost_per_token\":1e-6,\"input_cost_per_token_above_200k_tokens\":"
	  "1.5000020000000002e-05,\"output_cost_per_token\":1e-6",
	  { "output, per_million: 1.00" },
	  { NULL },
	  { WHO, "m input_cost_per_token: another price of the same cannot",
	    "m input_cost_per_token_above_200k_tokens: needs more" } },
	{ "monsters, texts and signs",
	  "\"input_cost_per_token\":1e400,\"output_cost_per_token\":\"NaN\","
	  "\"cache_read_input_token_cost\":-1e-6,\"cache_creation_input_token_cost\":true,"
	  "\"input_cost_per_audio_token\":\"1e-6\"",
	  { "input_audio, per_million: 1.00" },
	  { NULL },
	  { WHO, "not_representable m input_cost_per_token: larger than any amount",
	    "not_representable m output_cost_per_token: no number",
	    "not_representable m cache_read_input_token_cost: negative",
	    "not_representable m cache_creation_input_token_cost: no number" } },
	{ "zero is free and not known alike",
	  "\"input_cost_per_token\":1e-6,\"output_cost_per_token\":0.0",
	  { "input, per_million: 1.00" },
	  { NULL },
	  { WHO, "not_representable m output_cost_per_token: zero" } },
	{ "zero beside a price of the request is free",
	  "\"input_cost_per_token\":0,\"input_cost_per_request\":0.005",
	  { "input, per_million: 0.00", "requests, each: 0.005" },
	  { NULL },
	  { WHO } },
	{ "a key that nobody knows, and what has no place",
	  "\"input_cost_per_token\":1e-6,\"input_cost_per_token_above_moon\":2e-6,"
	  "\"input_cost_per_token_above_1k_tokens_premium\":3e-6,\"quantum_cost\":{\"a\":1},"
	  "\"citation_cost_per_token\":2e-6,\"code_interpreter_cost_per_session\":0.03",
	  { "input, per_million: 1.00" },
	  { NULL },
	  { WHO, "not_understood m input_cost_per_token_above_moon",
	    "not_understood m input_cost_per_token_above_1k_tokens_premium",
	    "not_understood m quantum_cost: ", "not_representable m citation_cost_per_token: ",
	    "not_representable m code_interpreter_cost_per_session: " } },
	{ "null says nothing, and is counted",
	  "\"input_cost_per_token\":1e-6,\"output_cost_per_token\":null",
	  { "input, per_million: 1.00" },
	  { NULL },
	  { WHO, "informative m output_cost_per_token: null" } },
	{ "Databricks units",
	  "\"input_cost_per_token\":1e-6,\"input_dbu_cost_per_token\":1e-5,"
	  "\"output_dbu_cost_per_token\":2e-5",
	  { "input, per_million: 1.00" },
	  { NULL },
	  { WHO, "informative m input_dbu_cost_per_token: ",
	    "not_representable m output_dbu_cost_per_token: " } },
	{ "time of a request",
	  "\"input_cost_per_token\":1e-6,\"output_cost_per_second\":0.002",
	  { "input, per_million: 1.00" },
	  { NULL },
	  { WHO, "not_representable m output_cost_per_second: the time" } },
	{ "film beside tokens of film",
	  "\"input_cost_per_token\":1e-6,\"input_cost_per_video_per_second\":0.002",
	  { "input, per_million: 1.00" },
	  { NULL },
	  { WHO, "not_representable m input_cost_per_video_per_second: " } },
	{ "images beside tokens of images",
	  "\"input_cost_per_token\":1e-6,\"output_cost_per_token\":1e-6,"
	  "\"input_cost_per_image\":0.001,\"output_cost_per_image\":0.1",
	  { "input, per_million: 1.00", "output, per_million: 1.00" },
	  { NULL },
	  { WHO, "m input_cost_per_image: images that are read",
	    "m output_cost_per_image: images" } },
};

static const struct import_row zeros[] = {
	{ "zero taken as free",
	  "\"input_cost_per_token\":1e-6,\"output_cost_per_token\":0.0",
	  { "input, per_million: 1.00", "output, per_million: 0.00" },
	  { NULL },
	  { WHO } },
};

static void test_zero_is_free_where_it_is_asked_for(void **state)
{
	(void)state;
	import_rows_check("litellm", WRAP, zeros, COUNT(zeros), true);
}

static void test_what_is_left_out(void **state)
{
	(void)state;
	import_rows_check("litellm", WRAP, left_out, COUNT(left_out), false);
}

#define ENTRY(name, provider, mode, keys)                                                          \
	"\"" name "\":{\"litellm_provider\":\"" provider "\",\"mode\":\"" mode "\"," keys "}"
#define WHOSE(name) "informative " name " litellm_provider"

static const struct import_row things[] = {
	{ "images by size and quality are one model, the plain price first",
	  "{" ENTRY("hd/1024-x-1792/dall-e-3", "openai", "image_generation",
	            "\"input_cost_per_pixel\":6.539e-08,\"output_cost_per_"
	            "pixel\":0.0") "," ENTRY("1024-x-1024/dall-e-3", "openai", "image_generation",
	                                     "\"input_cost_per_pixel\":1.9e-"
	                                     "08") "," ENTRY("dall-e-3", "openai",
	                                                     "image_"
	                                                     "generation",
	                                                     "\"input_cost_"
	                                                     "per_image\":0."
	                                                     "04") "}",
	  { "images_out, each: 0.04", "images_out, per_megapixel: 0.019, when: {size: 1024x1024}",
	    "images_out, per_megapixel: 0.06539, when: {size: 1024x1792, "
	    "quality: hd}" },
	  { "\"model\": \"dall-e-3\"" },
	  { WHOSE("hd/1024-x-1792/dall-e-3"), WHOSE("1024-x-1024/dall-e-3"), WHOSE("dall-e-3"),
	    "informative hd/1024-x-1792/dall-e-3 output_cost_per_pixel: "
	    "zero beside" } },
	{ "steps, providers and qualities in a name",
	  "{" ENTRY("1024-x-1024/50-steps/bedrock/nova", "bedrock", "image_generation",
	            "\"output_cost_per_image\":0.06") "," ENTRY("azure/low/1024-x-1536/paint",
	                                                        "azure", "image_generation",
	                                                        "\"input_cost_per_image\":0.011,"
	                                                        "\"input_cost_per_pixel\":"
	                                                        "1e-8") "," ENTRY("max-x-max/"
	                                                                          "max-steps/nova",
	                                                                          "bedrock",
	                                                                          "image_"
	                                                                          "generation",
	                                                                          "\"output_cost_"
	                                                                          "per_image\":0."
	                                                                          "08") "," ENTRY("low/chat",
	                                                                                          "x",
	                                                                                          "chat",
	                                                                                          "\"input_cost_per_"
	                                                                                          "token\":1e-6") "}",
	  { "images_out, each: 0.011, when: {size: 1024x1536, quality: "
	    "low}",
	    "images_out, each: 0.06, when: {size: 1024x1024, steps: 50}",
	    "input, per_million: 1.00" },
	  { "\"model\": \"azure/paint\"", "\"model\": \"bedrock/nova\"",
	    "\"model\": \"low/chat\"" },
	  { WHOSE("1024-x-1024/50-steps/bedrock/nova"), WHOSE("azure/low/1024-x-1536/paint"),
	    WHOSE("max-x-max/max-steps/nova"), WHOSE("low/chat"),
	    "azure/low/1024-x-1536/paint input_cost_per_pixel: the price "
	    "of an image",
	    "max-x-max/max-steps/nova output_cost_per_image: for all that "
	    "is larger" } },
	{ "images of a model that is priced by their tokens",
	  "{" ENTRY("low/1024-x-1024/paint", "openai", "image_generation",
	            "\"input_cost_per_image\":0.011") "," ENTRY("paint", "openai",
	                                                        "image_"
	                                                        "generation",
	                                                        "\"output_"
	                                                        "cost_per_"
	                                                        "image_"
	                                                        "token\":4e-"
	                                                        "05") "}",
	  { "output_image, per_million: 40.00" },
	  { NULL },
	  { WHOSE("low/1024-x-1024/paint"), WHOSE("paint"),
	    "low/1024-x-1024/paint input_cost_per_image: images that are "
	    "made" } },
	{ "a size without a price takes the plain price with it",
	  "{" ENTRY("1024-x-1024/paint", "openai", "image_generation",
	            "\"input_cost_per_image\":1e-30") "," ENTRY("paint", "openai",
	                                                        "image_"
	                                                        "generation",
	                                                        "\"input_"
	                                                        "cost_per_"
	                                                        "image\":0."
	                                                        "04,\"input_"
	                                                        "cost_per_"
	                                                        "token\":1e-"
	                                                        "6") "}",
	  { "input, per_million: 1.00" },
	  { NULL },
	  { WHOSE("1024-x-1024/paint"), WHOSE("paint"),
	    "1024-x-1024/paint input_cost_per_image: needs more",
	    "not_representable paint input_cost_per_image: " } },
	{ "sound and film",
	  "{" ENTRY("hear", "x", "audio_transcription",
	            "\"input_cost_per_second\":0.0001,\"output_cost_per_"
	            "second\":0.0001") "," ENTRY("film", "x", "video_generation",
	                                         "\"output_cost_per_"
	                                         "second\":0.05,\"output_"
	                                         "cost_per_second_1080p\":"
	                                         "0.08") "," ENTRY("see", "x",
	                                                           "embeddi"
	                                                           "ng",
	                                                           "\"input"
	                                                           "_cost_"
	                                                           "per_"
	                                                           "token\""
	                                                           ":1e-6,"
	                                                           "\"outpu"
	                                                           "t_cost_"
	                                                           "per_"
	                                                           "token\""
	                                                           ":0,"
	                                                           "\"input"
	                                                           "_cost_"
	                                                           "per_"
	                                                           "audio_"
	                                                           "per_"
	                                                           "second"
	                                                           "\":0.1,"
	                                                           "\"input"
	                                                           "_cost_"
	                                                           "per_"
	                                                           "video_"
	                                                           "per_"
	                                                           "second"
	                                                           "\":0.2,"
	                                                           "\"input"
	                                                           "_cost_"
	                                                           "per_"
	                                                           "video_"
	                                                           "per_"
	                                                           "second_"
	                                                           "above_"
	                                                           "8s_"
	                                                           "interva"
	                                                           "l\":0."
	                                                           "3") "," ENTRY("speak", "x",
	                                                                          "audio_speech",
	                                                                          "\"input_cost_"
	                                                                          "per_character\":"
	                                                                          "1.5e-05") "}",
	  { "seconds, each: 0.05", "seconds, each: 0.08, when: {resolution: 1080p}",
	    "seconds, each: 0.0001", "input, per_million: 1.00", "output, per_million: 0.00",
	    "seconds, each: 0.10, when: {kind: audio}", "seconds, each: 0.20, when: {kind: video}",
	    "characters, each: 0.000015" },
	  { "\"output_modalities\": [\"transcription\"]",
	    "\"output_modalities\": [\"embeddings\"]" },
	  { WHOSE("hear"), WHOSE("film"), WHOSE("see"), WHOSE("speak"),
	    "not_representable see "
	    "input_cost_per_video_per_second_above_8s_interval: " } },
	{ "searches, pages and their kinds",
	  "{" ENTRY("ask", "x", "search", "\"input_cost_per_query\":0.005") "," ENTRY(
		  "page", "x", "ocr",
		  "\"ocr_cost_per_page\":0.003,\"annotation_cost_per_"
		  "page\":0.1") "," ENTRY("same", "x", "chat",
	                                  "\"search_context_cost_per_"
	                                  "query\":{\"search_context_size_"
	                                  "low\":0.01,"
	                                  "\"search_context_size_medium\":"
	                                  "0.01,\"search_context_size_"
	                                  "high\":1e-2}") "," ENTRY("apart", "x", "chat",
	                                                            "\"sear"
	                                                            "ch_"
	                                                            "contex"
	                                                            "t_"
	                                                            "cost_"
	                                                            "per_"
	                                                            "query"
	                                                            "\":{"
	                                                            "\"sear"
	                                                            "ch_"
	                                                            "contex"
	                                                            "t_"
	                                                            "size_"
	                                                            "low\":"
	                                                            "0.03,"
	                                                            "\"sear"
	                                                            "ch_"
	                                                            "contex"
	                                                            "t_"
	                                                            "size_"
	                                                            "medium"
	                                                            "\":0."
	                                                            "035,"
	                                                            "\"sear"
	                                                            "ch_"
	                                                            "contex"
	                                                            "t_"
	                                                            "size_"
	                                                            "high\""
	                                                            ":0.05,"
	                                                            "\"sear"
	                                                            "ch_"
	                                                            "contex"
	                                                            "t_"
	                                                            "size_"
	                                                            "huge\""
	                                                            ":1}") "}",
	  { "searches, each: 0.03, when: {kind: low}",
	    "searches, each: 0.035, when: {kind: medium}",
	    "searches, each: 0.05, when: {kind: high}", "searches, each: 0.005",
	    "pages, each: 0.003", "searches, each: 0.01" },
	  { NULL },
	  { WHOSE("ask"), WHOSE("page"), WHOSE("same"), WHOSE("apart"),
	    "not_representable page annotation_cost_per_page: ", "informative page mode: ",
	    "informative ask mode: ",
	    "not_understood apart "
	    "search_context_cost_per_query.search_context_size_huge: " } },
	{ "xai meets a threshold at it; a machine of one's own is free",
	  "{" ENTRY("grok", "xai", "chat", "\"input_cost_per_token_above_128k_tokens\":1e-6") "," ENTRY(
		  "local", "ollama", "chat", "\"input_cost_per_token\":0.0") "," ENTRY("a:"
	                                                                               "free",
	                                                                               "openro"
	                                                                               "uter",
	                                                                               "chat",
	                                                                               "\"outp"
	                                                                               "ut_"
	                                                                               "cost_"
	                                                                               "per_"
	                                                                               "token"
	                                                                               "\":0") "}",
	  { "output, per_million: 0.00", "input, per_million: 1.00, when: {context: {gte: 128000}}",
	    "input, per_million: 0.00" },
	  { NULL },
	  { WHOSE("grok"), WHOSE("local"), WHOSE("a:free") } },
	{ "facts of the listing",
	  "{\"sample_spec\":{\"mode\":\"one of\"}," ENTRY(
		  "m", "x", "chat",
		  "\"input_cost_per_token\":1e-6,\"max_input_tokens\":"
		  "1000000.0,\"max_tokens\":8192,"
		  "\"supports_vision\":true,\"supports_reasoning\":false,"
		  "\"supports_pdf_input\":true,"
		  "\"supports_tool_choice\":true,\"supported_modalities\":["
		  "\"text\",\"code\"],"
		  "\"deprecation_date\":\"2027-01-01\",\"rpm\":10,\"tpm\":"
		  "2000,\"source\":\"u\"") "}",
	  { "input, per_million: 1.00" },
	  { "\"context_length\": 1000000", "\"max_output\": 8192", "\"features\": [\"vision\"]",
	    "\"input_modalities\": [\"file\", \"text\"]", "\"deprecation_date\": \"2027-01-01\"",
	    "\"capacity\": [{\"type\": \"request\", \"unit\": \"request\", "
	    "\"per\": \"minute\", "
	    "\"value\": 10}, {\"type\": \"prompt\", \"unit\": \"token\", "
	    "\"per\": \"minute\", "
	    "\"value\": 2000}]" },
	  { "informative  sample_spec: ", WHOSE("m"), "informative m supports_tool_choice: ",
	    "informative m supported_modalities[1]: ", "informative m source: " } },
};

static void test_images_and_other_things(void **state)
{
	(void)state;
	import_rows_check("litellm", NULL, things, COUNT(things), false);
}

static void test_what_is_no_such_map_is_refused(void **state)
{
	(void)state;
	import_rows_refused("litellm", "[]", "an object with a member a model");
	import_rows_refused("litellm", "{}", "this is no litellm catalogue");
	import_rows_refused("litellm", "{\"m\":1", "line 1");
	import_rows_refused("litellm", "{\"data\":[{\"id\":\"a\",\"pricing\":{}}]}",
	                    "it looks like openrouter: --from openrouter");
	import_rows_refused("litellm", "{\"data\":[{\"id\":\"a\",\"schema_version\":\"2.4\"}]}",
	                    "--from openrouter-v2.4");
	import_rows_refused("litellm", "{" ENTRY("a", "x", "chat", "\"mood\":1") "}",
	                    "no model of this catalogue has a price");
	import_rows_refused(
		"litellm",
		"{" ENTRY("a", "x", "chat", "\"x\":1") "," ENTRY("a", "x", "chat", "\"x\":1") "}",
		"has this key already");
	/* A size alone names no model. */
	import_rows_refused("litellm",
	                    "{" ENTRY("1024-x-1024", "x", "chat", "\"input_cost_per_token\":1") "}",
	                    "is no name of a model");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_what_is_left_out),
		cmocka_unit_test(test_zero_is_free_where_it_is_asked_for),
		cmocka_unit_test(test_images_and_other_things),
		cmocka_unit_test(test_what_is_no_such_map_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
