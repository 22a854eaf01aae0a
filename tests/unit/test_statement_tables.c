/*
 * The statements that are tables: what each of their columns becomes, in its own unit, and what is
 * refused.  In the texts ' stands for ".  A row is a line as tests/support/jsonrows.h writes it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "statement/read.h"
#include "statement/words.h"
#include "tests/support/fixture.h"
#include "tests/support/jsonrows.h"

enum { LINES_MAX = 8 };

struct sample {
	const char *label, *format, *text;
	const char *lines[LINES_MAX];
};

/* Each also told by its form alone. */
static void check(const struct sample *samples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct jsonrows rows;

		jsonrows_are(samples[i].label, samples[i].format, samples[i].text,
		             samples[i].lines);
		jsonrows_read(&rows, NULL, jsonrows_quotes(samples[i].text));
		if (rows.r < 0 || rows.format == NULL ||
		    strcmp(rows.format, samples[i].format) != 0)
			fail_msg("%s: told to be %s, %s", samples[i].label,
			         rows.format != NULL ? rows.format : "nothing",
			         rows.r < 0 ? rows.fault.text : "");
		/* What says no zone is of UTC, as whoever writes it says. */
		if (strstr(rows.notes, "say no zone") != NULL)
			fail_msg("%s: %s", samples[i].label, rows.notes);
		jsonrows_release(&rows);
	}
}
#define CHECK(samples) check(samples, sizeof(samples) / sizeof((samples)[0]))

#define DAY  "2024-11-01T00:00:00.000Z +1d"
#define HOUR "2024-11-01T05:00:00.000Z +1h"

#define OPENROUTER                                                                                 \
	"generation_id,created_at,cost_total,cost_web_search,cost_cache,cost_file_processing,"     \
	"byok_usage_inference,tokens_prompt,tokens_completion,tokens_reasoning,tokens_cached,"     \
	"model_permaslug,provider_name,variant,cancelled,streamed,user,finish_reason_raw,"         \
	"finish_reason_normalized,generation_time_ms,time_to_first_token_ms,api_key_disabled,"     \
	"api_key_name,app_name\n"
#define FOCUS                                                                                      \
	"BilledCost,ListCost,BillingCurrency,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,"    \
	"ChargeClass,ChargeDescription,SkuMeter,ConsumedQuantity,ConsumedUnit,PricingQuantity,"    \
	"PricingUnit,ProviderName,SubAccountId,EffectiveCost,ContractedCost\n"
#define FOCUS_HOUR "USD,2024-11-01 05:00:00,2024-11-01T06:00:00Z"
#define CUR                                                                                        \
	"line_item_usage_start_date,line_item_usage_end_date,line_item_line_item_type,"            \
	"line_item_product_code,line_item_usage_type,line_item_usage_amount,pricing_unit,"         \
	"line_item_unblended_cost,line_item_currency_code,line_item_usage_account_id,"             \
	"line_item_line_item_description,product_product_name\n"
#define CUR_HOUR "2024-11-01T05:00:00Z,2024-11-01T06:00:00Z"
#define LEGACY                                                                                     \
	"lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/LineItemType,lineItem/"            \
	"ProductCode,"                                                                             \
	"lineItem/UsageType,lineItem/UsageAmount,pricing/unit,lineItem/UnblendedCost,"             \
	"lineItem/CurrencyCode,lineItem/UsageAccountId\n"
#define AZURE                                                                                      \
	"Date,MeterCategory,MeterSubCategory,MeterName,Quantity,UnitOfMeasure,"                    \
	"CostInBillingCurrency,BillingCurrencyCode,SubscriptionId,ChargeType\n"
#define GOOGLE(sku, rest)                                                                          \
	"{'service':{'description':'Gemini API'},'sku':{'description':'" sku                       \
	"'},'usage_start_time':'2024-11-01T05:00:00Z','usage_end_time':'2024-11-01 06:00:00 UTC'," \
	"'currency':'USD'" rest "}"

/* ---- the list ---- */

static const struct {
	const char *name, *unit, *summary;
	enum statement_container container;
} listed[] = {
#define F(NAME, name, CONTAINER, unit, summary) { name, unit, summary, STATEMENT_##CONTAINER },
#include "statement/formats.def"
#undef F
};

static void test_a_format_is_what_the_list_says(void **state)
{
	size_t count = sizeof(listed) / sizeof(listed[0]);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct statement_format *format = statement_format_at(i);

		assert_non_null(format);
		assert_ptr_equal(format, statement_format_find(text_of(listed[i].name)));
		if (strcmp(format->name, listed[i].name) != 0 ||
		    strcmp(format->unit, listed[i].unit) != 0 ||
		    strcmp(format->summary, listed[i].summary) != 0 ||
		    format->container != listed[i].container)
			fail_msg("%s: is another than the list says", listed[i].name);
		/* It can be read, and told. */
		if (format->container == STATEMENT_CSV)
			assert_non_null(format->lines);
		if (format->container == STATEMENT_JSON)
			assert_true(format->is != NULL &&
			            (format->element != NULL || format->lines != NULL));
	}
	assert_null(statement_format_at(count));
	assert_null(statement_format_find(text_of("toll-")));
}

static void test_every_field_is_found_by_its_name(void **state)
{
	(void)state;
	for (int f = 0; f < FIELD_COUNT; f++) {
		enum statement_field field = (enum statement_field)f;

		if (statement_field_find(text_of(statement_field_name(field))) != field)
			fail_msg("%s: is another field, too", statement_field_name(field));
		assert_true(strlen(statement_field_text(field)) > 0);
	}
	assert_int_equal(statement_field_find(text_of("bananas")), FIELD_COUNT);
	assert_int_equal(statement_field_kind(FIELD_TIME), VALUE_TIME);
	assert_int_equal(statement_field_kind(FIELD_COMPONENTS), VALUE_COUNT);
	assert_int_equal(statement_field_kind(FIELD_MONEY), VALUE_MONEY);
}

/* ---- units ---- */

static void test_a_dollar_and_23_cents_in_each_table(void **state)
{
	static const struct sample samples[] = {
		{ "toll: its currency",
		  "toll",
		  "time,id,input,amount,currency\n2024-11-01T05:00:00Z,a,5,1.23,USD\n",
		  { "2024-11-01T05:00:00.000Z +1s request id=a input=5 amount=1.23 decimals=2" } },
		{ "toll, lines of JSON",
		  "toll",
		  "{'date':'2024-11-01','input':5,'amount':'1.23','currency':'usd'}",
		  { DAY " input=5 amount=1.23 decimals=2" } },
		{ "OpenRouter: USD",
		  "openrouter-export",
		  OPENROUTER
		  "g,2024-11-01 05:00:00.5,1.23,,,,,7,3,,,m,p,,false,true,,,stop,1,1,,k,\n",
		  { "2024-11-01T05:00:00.500Z +100ms request id=g key=k model=m provider=p "
		    "prompt=7 "
		    "answer=3 "
		    "amount=1.23 decimals=2" } },
		{ "FOCUS: its currency",
		  "focus",
		  FOCUS "1.23,1.5," FOCUS_HOUR ",Usage,NULL,text,,,,,,OpenAI,sub,9,9\n",
		  { HOUR " account=sub provider=OpenAI description=text amount=1.23 "
		         "list_amount=1.50 decimals=2" } },
		{ "CUR 2.0: its currency",
		  "aws-cur",
		  CUR CUR_HOUR ",Usage,AmazonBedrock,USE1-NovaPro-input-tokens,1.5,1K tokens,1.23,"
		               "USD,123,,\n",
		  { HOUR " account=123 model=NovaPro provider=amazon-bedrock input=1500 of=input "
		         "amount=1.23 decimals=2" } },
		{ "legacy CUR: its currency",
		  "aws-cur-legacy",
		  LEGACY CUR_HOUR ",Usage,AmazonBedrock,USE1-NovaPro-output-tokens,0.002,1M tokens,"
		                  "1.2300000000,USD,123\n",
		  { HOUR " account=123 model=NovaPro provider=amazon-bedrock output=2000 of=output "
		         "amount=1.23 decimals=2" } },
		{ "Azure: the currency that is billed",
		  "azure-cost",
		  AZURE
		  "11/01/2024,Cognitive Services,Azure OpenAI,gpt-4o-0806-Inp-glbl Tokens,1.5,"
		  "1K,1.23,EUR,sub,Usage\n",
		  { DAY " account=sub model=gpt-4o-0806 provider=azure tier=global "
		        "description=gpt-4o-0806-Inp-glbl Tokens input=1500 of=input amount=1.23 "
		        "decimals=2 EUR" } },
		{ "Google: its currency",
		  "google-billing",
		  GOOGLE("Generate content input token count gemini 2.5 flash short input text",
		         ",'cost':1.23,'usage':{'amount':1500,'unit':'count'},'project':{'id':'p'"
		         "}"),
		  { HOUR " account=p model=gemini-2.5-flash provider=google description=Generate "
		         "content input token count gemini 2.5 flash short input text input=1500 "
		         "of=input amount=1.23 decimals=2" } },
	};

	(void)state;
	CHECK(samples);
}

/* ---- OpenRouter ---- */

static void test_openrouter_tells_what_is_inside_what(void **state)
{
	static const struct sample samples[] = {
		{ "cached and reasoning are inside; a cancelled one",
		  "openrouter-export",
		  OPENROUTER "g,2024-11-01 05:00:00,0.5,0.02,-0.125,0.01,0,1000,50,20,300,a/m,P,"
		             "standard,true,true,u,stop,stop,1,1,false,k,app\n",
		  { "2024-11-01T05:00:00.000Z +1s request id=g account=u key=k model=a/m "
		    "provider=P "
		    "description=app cancelled cache_read=300 output=30 reasoning=20 prompt=1000 "
		    "amount=0.50 fee=0.03 upstream_amount=0.00 decimals=1" } },
		{ "the customer's own key",
		  "openrouter-export",
		  OPENROUTER
		  "g,2024-11-01 05:00:00,0.05,,,,1,10,5,,,m,P,,false,true,,,stop,1,1,,,\n",
		  { "2024-11-01T05:00:00.000Z +1s request id=g model=m provider=P byok prompt=10 "
		    "answer=5 "
		    "amount=0.05 upstream_amount=1.00 decimals=2" } },
		{ "a finish reason that is blank, and one that is an error",
		  "openrouter-export",
		  OPENROUTER "g,2024-11-01 05:00:00,0,,,,,10,0,,,m,P,,false,true,,,,1,1,,,\n"
		             "h,2024-11-01 05:00:01,0,,,,,10,0,,,m,P,,false,true,,,error,1,1,,,\n",
		  { "2024-11-01T05:00:00.000Z +1s request id=g model=m provider=P blank prompt=10 "
		    "answer=0 "
		    "amount=0.00 decimals=0",
		    "2024-11-01T05:00:01.000Z +1s request id=h model=m provider=P blank prompt=10 "
		    "answer=0 "
		    "amount=0.00 decimals=0" } },
		{ "more reasoning than answer: left open",
		  "openrouter-export",
		  OPENROUTER
		  "g,2024-11-01 05:00:00,1e-7,,,,,10,5,11,,m,P,,false,true,,,stop,1,1,,,\n",
		  { "2024-11-01T05:00:00.000Z +1s request id=g model=m provider=P real prompt=10 "
		    "answer=5 "
		    "amount=0.0000001 decimals=7" } },
	};

	(void)state;
	CHECK(samples);
	jsonrows_refused("more cached than prompt", "openrouter-export",
	                 OPENROUTER "g,2024-11-01 05:00:00,1,,,,,10,5,,11,m,P,,,,,,,,,,,\n",
	                 FAULT_INVALID, "tokens_cached is more than tokens_prompt");
}

/* ---- FOCUS ---- */

static void test_focus_charges_and_tokens(void **state)
{
	static const struct sample samples[] = {
		{ "a thousand tokens a unit; mEn",
		  "focus",
		  FOCUS "35.2E-7,NULL," FOCUS_HOUR
		        ",Usage,NULL,text,Input Tokens,1.5,1000 Tokens,9,"
		        "Hours,p,s,1,1\n",
		  { HOUR " account=s provider=p description=text real input=1500 of=input "
		         "amount=0.00000352 decimals=8" } },
		{ "the consumed ones are in requests, the priced ones in tokens",
		  "focus",
		  FOCUS "1,1," FOCUS_HOUR ",Usage,,Cached input tokens,,1,Requests,0.002,"
		        "1000000 Tokens,p,s,1,1\n",
		  { HOUR " account=s provider=p description=Cached input tokens cache_read=2000 "
		         "of=cache_read amount=1.00 list_amount=1.00 decimals=0" } },
		{ "categories, and a correction",
		  "focus",
		  FOCUS "-1,," FOCUS_HOUR ",Credit,,c,,,,,,p,s,1,1\n"
		        "2,," FOCUS_HOUR ",Purchase,,c,,,,,,p,s,1,1\n"
		        "3,," FOCUS_HOUR ",Tax,,c,,,,,,p,s,1,1\n"
		        "-4,," FOCUS_HOUR ",Usage,Correction,c,Output Tokens,-5,Tokens,,,p,s,1,1\n"
		        "-5,," FOCUS_HOUR ",Usage,,c,,,,,,p,s,1,1\n",
		  { HOUR " account=s provider=p description=c credit amount=-1.00 decimals=0",
		    HOUR " account=s provider=p description=c purchase amount=2.00 decimals=0",
		    HOUR " account=s provider=p description=c tax amount=3.00 decimals=0",
		    HOUR " account=s provider=p description=c adjustment output=-5 of=output "
		         "amount=-4.00 decimals=0",
		    HOUR
		    " account=s provider=p description=c adjustment amount=-5.00 decimals=0" } },
		{ "tokens of no one kind, and no whole number of them",
		  "focus",
		  FOCUS "1,," FOCUS_HOUR ",Usage,,all tokens,,5,Tokens,,,p,s,1,1\n"
		        "1,," FOCUS_HOUR ",Usage,,c,Output Tokens,0.0001,1000 Tokens,,,p,s,1,1\n",
		  { HOUR " account=s provider=p description=all tokens amount=1.00 decimals=0",
		    HOUR " account=s provider=p description=c of=output amount=1.00 decimals=0" } },
		{ "columns of others: Costroid's",
		  "focus",
		  "BilledCost,BillingCurrency,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,x_"
		  "Model,"
		  "x_TokenType,x_ConsumedTokens,ServiceProviderName\n"
		  "1,EUR,2024-11-01,2024-11-02,Usage,gpt,cache_write,12.0,OpenAI\n",
		  { DAY " model=gpt provider=OpenAI cache_write=12 of=cache_write amount=1.00 "
		        "decimals=0 EUR" } },
		{ "columns of others: LiteLLM's",
		  "focus",
		  "BilledCost,BillingCurrency,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,"
		  "ServiceSubcategory,ResourceName\n"
		  "1,USD,2024-11-01T00:00:00Z,2024-11-02T00:00:00Z,Usage,Generative AI,gpt\n",
		  { DAY " model=gpt amount=1.00 decimals=0" } },
	};

	(void)state;
	CHECK(samples);
	jsonrows_refused("a column that vanished", "focus",
	                 "BilledCost,BillingCurrency,ChargePeriodStart,ChargeCategory\n",
	                 FAULT_INVALID,
	                 "there is no column ChargePeriodEnd; the header has BilledCost, "
	                 "BillingCurrency, ChargePeriodStart, ChargeCategory");
	jsonrows_refused("a category that is none", "focus",
	                 FOCUS "1,," FOCUS_HOUR ",Gift,,c,,,,,,p,s,1,1\n", FAULT_INVALID,
	                 "ChargeCategory: \"Gift\" is no kind of charge");
}

/* Digits of a decimal number onto a sum with 18 decimals: an own reckoning, not the reader's. */
static __int128 attos_of(const char *number)
{
	bool negative = number[0] == '-', point = false;
	__int128 attos = 0;
	int decimals = 0;

	for (const char *c = number + negative; *c != '\0'; c++) {
		if (*c == '.') {
			point = true;
			continue;
		}
		assert_in_range(*c, '0', '9');
		attos = attos * 10 + (*c - '0');
		decimals += point;
	}
	assert_in_range(decimals, 0, 18);
	for (; decimals < 18; decimals++)
		attos *= 10;
	return negative ? -attos : attos;
}

static int add_row(void *context, const struct statement_row *row, struct fault *fault)
{
	__int128 *sum = context;

	(void)fault;
	*sum += statement_amount(row).attos;
	return 0;
}

/*
 * The published sample (FinOps-Open-Cost-and-Usage-Spec/FOCUS-Sample-Data).  BilledCost is its
 * second column, and nothing before it has a comma: it is cut out of each line as it stands.
 */
static void test_the_sample_of_focus_comes_to_what_its_column_does(void **state)
{
	struct statement_summary summary = { .format = NULL };
	struct buf file = { .at = NULL };
	char path[4096];
	__int128 column = 0, rows = 0;
	struct text rest, line;
	struct fault fault;
	int64_t lines = 0;

	(void)state;
	fixture_need("statements/focus_1.0_sample.csv", &file);
	rest = buf_text(&file);
	assert_true(text_cut(&rest, '\n', &line));
	while (text_cut(&rest, '\n', &line)) {
		char number[64];
		struct text cell;

		if (line.len == 0)
			continue;
		assert_true(text_cut(&line, ',', &cell) && text_cut(&line, ',', &cell));
		assert_true(text_copy(number, sizeof(number), cell));
		column += attos_of(number);
		lines++;
	}
	snprintf(path, sizeof(path), "%s/statements/focus_1.0_sample.csv", fixture_data_dir());
	if (statement_read(path, NULL, add_row, &rows, &summary, &fault) < 0)
		fail_msg("%s", fault.text);
	assert_string_equal(summary.format->name, "focus");
	assert_int_equal(summary.rows, lines);
	assert_int_equal(summary.total_count, 1);
	assert_string_equal(summary.totals[0].currency, "USD");
	assert_true(summary.totals[0].amount.attos == column);
	assert_true(rows == column);
	statement_summary_release(&summary);
	buf_release(&file);
}

/* ---- toll's own ---- */

/* A column that is passed over is how an amount gets lost. */
static void test_toll_takes_no_column_that_it_does_not_know(void **state)
{
	static const struct {
		const char *label, *text, *said;
	} rows[] = {
		{ "an amount of another name",
		  "id,time,input,cost_total\na,2024-11-01T05:00:00Z,5,1.23\n",
		  "has no column \"cost_total\" (did you mean \"amount\"?)" },
		{ "a wrong letter", "id,time,input,amuont\na,2024-11-01T05:00:00Z,5,1.23\n",
		  "has no column \"amuont\" (did you mean \"amount\"?)" },
		{ "another case", "id,Time,input,amount\na,2024-11-01T05:00:00Z,5,1.23\n",
		  "has no column \"Time\" (did you mean \"time\"?)" },
		{ "one more", "id,time,input,amount,surcharge\na,2024-11-01T05:00:00Z,5,1.23,9\n",
		  "has no column \"surcharge\": one that nobody knows" },
		/* Of an export it says what an event cost us. */
		{ "cost of no export", "id,time,input,cost\na,2024-11-01T05:00:00Z,5,1.23\n",
		  "has no column \"cost\" (did you mean \"amount\"?)" },
		{ "a member", "{'id':'a','time':'2024-11-01T05:00:00Z','input':5,'cost':1.23}\n",
		  "has no member \"cost\" (did you mean \"amount\"?)" },
		{ "an object", "{'id':'a','time':'2024-11-01T05:00:00Z','amount':1,'fees':{}}\n",
		  "has no member \"fees\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct jsonrows told;

		jsonrows_refused(rows[i].label, "toll", rows[i].text, FAULT_INVALID, rows[i].said);
		jsonrows_read(&told, NULL, jsonrows_quotes(rows[i].text));
		if (told.r != -FAULT_INVALID)
			fail_msg("%s: it was told to be %s", rows[i].label, told.format);
		jsonrows_release(&told);
	}
}

static void test_toll_knows_the_columns_of_its_export(void **state)
{
	static const struct sample samples[] = {
		{ "of an export",
		  "toll",
		  "source,time,id,api,model,input,amount,cost,price_id,policy,kinds,region,status\n"
		  "s,2024-11-01T05:00:00Z,a,openai.chat,m,5,1.23,0.5,7,,,eu,200\n",
		  { "2024-11-01T05:00:00.000Z +1s request id=a model=m input=5 amount=1.23 "
		    "decimals=2 (no currency)" } },
		{ "counts alone",
		  "toll",
		  "id,time,input\na,2024-11-01T05:00:00Z,5\n",
		  { "2024-11-01T05:00:00.000Z +1s request id=a input=5 (no currency)" } },
	};

	(void)state;
	CHECK(samples);
	/* What is null says nothing. */
	jsonrows_are("null", "toll",
	             "{'time':'2024-11-01T05:00:00Z','id':'a','amount':1,'fees':null}\n",
	             (const char *const[]){ "2024-11-01T05:00:00.000Z +1s request id=a amount=1.00 "
	                                    "decimals=0 (no currency)",
	                                    NULL });
}

/* ---- AWS ---- */

static const struct {
	const char *usage;
	enum component component;
	const char *tier;
} usage_types[] = {
	{ "USE1-MP:USE1_InputTokenCount-Units", COMPONENT_INPUT, NULL },
	{ "EUC1-MP:EUC1_OutputTokenCount-Units", COMPONENT_OUTPUT, NULL },
	{ "USE1-MP:USE1_CacheReadInputTokenCount-Units", COMPONENT_CACHE_READ, NULL },
	{ "USE1-MP:USE1_CacheWriteInputTokenCount-Units", COMPONENT_CACHE_WRITE, NULL },
	{ "APN1-MP:APN1_CacheWrite1hInputTokenCount_Global-Units", COMPONENT_CACHE_WRITE_1H,
	  "global" },
	{ "USE1-MP:USE1_InputTokenCount_Global-Units", COMPONENT_INPUT, "global" },
	{ "USE1-MP:USE1_InputTokenCount_Batch-Units", COMPONENT_INPUT, "batch" },
	{ "USE1-MP:USE1_Reserved_1Month_InputTPM_Geo-Units", COMPONENT_COUNT, NULL },
	{ "USE1-MP:USE1_input_tokens_standard-Units", COMPONENT_INPUT, NULL },
	{ "USE1-MP:USE1_output_tokens_standard-Units", COMPONENT_OUTPUT, NULL },
	{ "USE1-MP:USE1_input_tokens_global_standard-Units", COMPONENT_INPUT, "global" },
	{ "USE1-MP:USE1_cache_write_tokens_standard-Units", COMPONENT_CACHE_WRITE, NULL },
	{ "USE1-NovaPro-input-tokens", COMPONENT_INPUT, NULL },
	{ "USE1-NovaPro-output-tokens", COMPONENT_OUTPUT, NULL },
	{ "USE1-x-mantle-input-tokens-standard", COMPONENT_INPUT, NULL },
	{ "USE1-x-mantle-output-tokens-flex", COMPONENT_OUTPUT, "flex" },
	{ "USE1-x-cache-read-input-token-count", COMPONENT_CACHE_READ, NULL },
	{ "USE1-x-cache-write-input-token-count", COMPONENT_CACHE_WRITE, NULL },
	/* Azure's meters. */
	{ "gpt-4o-0806-Inp-glbl Tokens", COMPONENT_INPUT, "global" },
	{ "gpt 4.1 cached Inp regnl Tokens", COMPONENT_CACHE_READ, NULL },
	{ "gpt-4o-mini-0718-Batch-Outp-glbl Tokens", COMPONENT_OUTPUT, "batch" },
	{ "5.4 mini Opt Gl 1M Tokens", COMPONENT_OUTPUT, "global" },
	{ "5.4 pp cd inp Dz 1M Tokens", COMPONENT_CACHE_READ, "priority" },
	{ "5.6 sol ShortCo Cd Wr Std Gl 1M Tokens", COMPONENT_CACHE_WRITE, "global" },
	{ "codex mini inp cchd glbl Tokens", COMPONENT_CACHE_READ, "global" },
	{ "gpt-5-codex-ccchd-inp-glbl Tokens", COMPONENT_CACHE_READ, "global" },
	{ "gpt 5 pro out glbl Tokens", COMPONENT_OUTPUT, "global" },
	/* Google's SKUs. */
	{ "Generate content input token count gemini 2.5 flash short input text", COMPONENT_INPUT,
	  NULL },
	{ "Generate content cached input token count gemini 3.5 flash text", COMPONENT_CACHE_READ,
	  NULL },
	{ "Generate content output token count gemini 3 flash text flex", COMPONENT_OUTPUT,
	  "flex" },
	{ "Generate_content text output token count for gemini 3 flash batch", COMPONENT_OUTPUT,
	  "batch" },
	{ "Generate_content audio input token count for Gemini 3.5 Live Translate",
	  COMPONENT_INPUT_AUDIO, NULL },
	{ "Generate_content image output token count for Gemini 3 Pro Image",
	  COMPONENT_OUTPUT_IMAGE, NULL },
	{ "Gemini 2.5 Pro Text Input - Predictions", COMPONENT_INPUT, NULL },
	{ "Gemini 2.5 Pro Thinking Text Output - Predictions", COMPONENT_OUTPUT, NULL },
	{ "Gemini 3 Flash Image Input Caching Priority", COMPONENT_CACHE_READ_IMAGE, "priority" },
	/* Of none, or of two at once. */
	{ "USE1-BoxUsage:t3.micro", COMPONENT_COUNT, NULL },
	{ "Input tokens and output tokens", COMPONENT_COUNT, NULL },
	{ "", COMPONENT_COUNT, NULL },
};

static void test_what_a_line_is_of_is_in_its_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(usage_types) / sizeof(usage_types[0]); i++) {
		struct statement_words words;

		statement_words_read(text_of(usage_types[i].usage), &words);
		if (words.component != usage_types[i].component)
			fail_msg("%s: %s", usage_types[i].usage,
			         words.component < COMPONENT_COUNT
			                 ? component_info[words.component].key
			                 : "none");
		if ((words.service_tier == NULL) != (usage_types[i].tier == NULL) ||
		    (words.service_tier != NULL &&
		     strcmp(words.service_tier, usage_types[i].tier) != 0))
			fail_msg("%s: tier %s", usage_types[i].usage,
			         words.service_tier != NULL ? words.service_tier : "none");
	}
}

static void test_units_of_tokens(void **state)
{
	static const struct {
		const char *unit;
		int64_t tokens;
	} units[] = {
		{ "Token", 1 },
		{ "tokens", 1 },
		{ "1 Token", 1 },
		{ "1000 Tokens", 1000 },
		{ "1K tokens", 1000 },
		{ "1K", 1000 },
		{ "1M", 1000000 },
		{ "1M Tokens", 1000000 },
		{ "1000000 Tokens", 1000000 },
		{ "1000K tokens", 1000000 },
		{ "Units", 0 },
		{ "1 Hour", 0 },
		{ "100 Tokens", 0 },
		{ "1", 0 },
		{ "", 0 },
		{ "Hours", 0 },
		{ "1K Hours", 0 },
		{ "K", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (statement_token_unit(text_of(units[i].unit)) != units[i].tokens)
			fail_msg("%s: %lld", units[i].unit,
			         (long long)statement_token_unit(text_of(units[i].unit)));
	}
}

static void test_aws_lines(void **state)
{
	static const struct sample samples[] = {
		{ "the marketplace: units that say what they are, and that do not",
		  "aws-cur",
		  CUR CUR_HOUR
		  ",Usage,abc,USE1-MP:USE1_OutputTokenCount-Units,0.0015,Units,0.0225,USD,"
		  "1,AWS Marketplace software usage|us-east-1|Million Output Tokens,"
		  "Claude Opus 4.1 (Amazon Bedrock Edition)\n" CUR_HOUR
		  ",Usage,abc,USE1-MP:USE1_InputTokenCount-Units,7,Units,2,USD,1,usage,"
		  "Claude Opus 4.1 (Amazon Bedrock Edition)\n",
		  { HOUR " account=1 model=Claude Opus 4.1 provider=amazon-bedrock description=AWS "
		         "Marketplace software usage|us-east-1|Million Output Tokens output=1500 "
		         "of=output amount=0.0225 decimals=4",
		    HOUR
		    " account=1 model=Claude Opus 4.1 provider=amazon-bedrock description=usage "
		    "of=input amount=2.00 decimals=0" } },
		{ "other charges of it",
		  "aws-cur",
		  CUR CUR_HOUR
		  ",Tax,AmazonBedrock,,,,0.1,USD,1,,\n" CUR_HOUR
		  ",EdpDiscount,AmazonBedrock,USE1-NovaPro-input-tokens,5,1K tokens,-0.2,"
		  "USD,1,,\n" CUR_HOUR ",Refund,AmazonBedrock,,,,-3,USD,1,,\n",
		  { HOUR " account=1 provider=amazon-bedrock tax amount=0.10 decimals=1",
		    HOUR " account=1 model=NovaPro provider=amazon-bedrock credit of=input "
		         "amount=-0.20 decimals=1",
		    HOUR
		    " account=1 provider=amazon-bedrock adjustment amount=-3.00 decimals=0" } },
		{ "usage that is taken back",
		  "aws-cur",
		  CUR CUR_HOUR ",Usage,AmazonBedrock,USE1-NovaPro-input-tokens,-1.5,1K tokens,"
		               "-1.23,USD,1,,\n",
		  { HOUR " account=1 model=NovaPro provider=amazon-bedrock adjustment "
		         "input=-1500 of=input amount=-1.23 decimals=2" } },
	};

	(void)state;
	CHECK(samples);
	jsonrows_refused("a type that is none", "aws-cur",
	                 CUR CUR_HOUR ",Gift,AmazonBedrock,,,,0.1,USD,1,,\n", FAULT_INVALID,
	                 "the type Gift");
}

/* Never left out in silence. */
static void test_other_services_are_passed_over_and_summed_up(void **state)
{
	static const struct {
		const char *format, *text;
	} samples[] = {
		{ "aws-cur", CUR CUR_HOUR
		  ",Usage,AmazonEC2,USE1-BoxUsage:t3.micro,1,Hrs,1.25,USD,1,,\n" CUR_HOUR
		  ",Usage,AmazonS3,Requests-Tier1,5,Requests,0.25,USD,1,,\n" },
		{ "azure-cost",
		  AZURE "2024-11-01,Storage,Blob,LRS Data Stored,1,1 GB,1.25,EUR,s,Usage\n"
		        "2024-11-01,Storage,Blob,Reads,1,10K,0.25,EUR,s,Usage\n" },
		{ "google-billing",
		  "{'service':{'description':'Cloud Storage'},'sku':{'description':'Standard'},"
		  "'usage_start_time':'2024-11-01T05:00:00Z','usage_end_time':'2024-11-01T06:00:"
		  "00Z',"
		  "'currency':'USD','cost':1.25}\n"
		  "{'service':{'description':'Cloud Run'},'sku':{'description':'Jobs'},"
		  "'usage_start_time':'2024-11-01T05:00:00Z','usage_end_time':'2024-11-01T06:00:"
		  "00Z',"
		  "'currency':'USD','cost':0.5,'credits':[{'amount':-0.25}]}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		struct jsonrows rows;

		jsonrows_read(&rows, samples[i].format, jsonrows_quotes(samples[i].text));
		if (rows.r < 0)
			fail_msg("%s: %s", samples[i].format, rows.fault.text);
		assert_int_equal(rows.count, 0);
		if (strstr(rows.notes, "2 rows of other services, 1.50 together") == NULL)
			fail_msg("%s: %s", samples[i].format, rows.notes);
		jsonrows_release(&rows);
	}
}

/* ---- Azure and Google ---- */

static void test_azure_meters(void **state)
{
	static const struct sample samples[] = {
		{ "MCA's letters and date, a tier, a refund",
		  "azure-cost",
		  "date,meterCategory,meterSubCategory,meterName,quantity,unitOfMeasure,"
		  "costInBillingCurrency,billingCurrency,subscriptionId,chargeType\n"
		  "2024-11-01,Foundry Models,Azure OpenAI GPT5,5.4 mini pp Opt Gl 1M "
		  "Tokens,0.0015,1M,1,"
		  "USD,s,Usage\n"
		  "2024-11-01,Foundry Models,Azure OpenAI,gpt-4o-mini-0718-Batch-Inp-glbl "
		  "Tokens,-1.5,"
		  "1K,-2,USD,s,Refund\n",
		  { DAY " account=s model=5.4 mini provider=azure tier=priority description=5.4 "
		        "mini pp "
		        "Opt Gl 1M Tokens output=1500 of=output amount=1.00 decimals=0",
		    DAY " account=s model=gpt-4o-mini-0718 provider=azure tier=batch "
		        "description=gpt-4o-mini-0718-Batch-Inp-glbl Tokens adjustment input=-1500 "
		        "of=input amount=-2.00 decimals=0" } },
	};

	(void)state;
	CHECK(samples);
	jsonrows_refused("a type that is none", "azure-cost",
	                 AZURE "2024-11-01,c,Azure OpenAI,m Tokens,1,1K,1,USD,s,Gift\n",
	                 FAULT_INVALID, "the type Gift");
}

static void test_google_credits_are_discounts(void **state)
{
	static const struct sample samples[] = {
		{ "credits, and the list",
		  "google-billing",
		  GOOGLE("Gemini 2.5 Pro Text Input - Predictions",
		         ",'cost':2.5,'cost_at_list':3,'credits':[{'name':'a','amount':-0.25},"
		         "{'name':'b','amount':-1.25}],'cost_type':'regular','usage':{'amount':'12'"
		         ","
		         "'unit':'count'}"),
		  { HOUR
		    " model=gemini-2.5-pro provider=google description=Gemini 2.5 Pro Text Input - "
		    "Predictions input=12 of=input amount=1.00 list_amount=3.00 discount=1.50 "
		    "decimals=2" } },
		{ "tax",
		  "google-billing",
		  GOOGLE("Tax", ",'cost':0.5,'cost_type':'tax'"),
		  { HOUR " provider=google description=Tax tax amount=0.50 decimals=1" } },
	};

	(void)state;
	CHECK(samples);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_format_is_what_the_list_says),
		cmocka_unit_test(test_every_field_is_found_by_its_name),
		cmocka_unit_test(test_a_dollar_and_23_cents_in_each_table),
		cmocka_unit_test(test_openrouter_tells_what_is_inside_what),
		cmocka_unit_test(test_focus_charges_and_tokens),
		cmocka_unit_test(test_the_sample_of_focus_comes_to_what_its_column_does),
		cmocka_unit_test(test_toll_takes_no_column_that_it_does_not_know),
		cmocka_unit_test(test_toll_knows_the_columns_of_its_export),
		cmocka_unit_test(test_what_a_line_is_of_is_in_its_name),
		cmocka_unit_test(test_units_of_tokens),
		cmocka_unit_test(test_aws_lines),
		cmocka_unit_test(test_other_services_are_passed_over_and_summed_up),
		cmocka_unit_test(test_azure_meters),
		cmocka_unit_test(test_google_credits_are_discounts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
