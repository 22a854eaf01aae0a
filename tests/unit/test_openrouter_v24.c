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
#define ROWS_TEXT_IN
#include "tests/support/openrouter_v24_rows.def"
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
#define ROWS_LOST
#include "tests/support/openrouter_v24_rows.def"
};

static void test_what_is_left_out(void **state)
{
	(void)state;
	import_rows_check("openrouter-v2.4", TEXT_IN, lost, COUNT(lost), false);
}

#define IMAGE(unit, cost, more)                                                                    \
	"{\"type\":\"completion\",\"unit\":\"" unit "\",\"cost_usd\":\"" cost "\"" more "}"

static const struct import_row images[] = {
#define ROWS_IMAGES
#include "tests/support/openrouter_v24_rows.def"
};

static const struct import_row models[] = {
#define ROWS_MODELS
#include "tests/support/openrouter_v24_rows.def"
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
