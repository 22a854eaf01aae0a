/*
 * Mappings that are proposed: for exports in the style of many programs, made up here, what is
 * proposed for each column, and that reading with it comes to the right total.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "statement/mapping.h"
#include "statement/read.h"
#include "tests/support/failmem.h"

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

static char path[] = "build/suggest-XXXXXX";

static const struct {
	const char *label, *text;
	const char *lines; /* of the mapping: "column=field" and what is said beside it */
	const char *form;  /* delimiter, decimal point, thousands, symbol, currency */
	const char *total; /* by currency; counts summed up behind it */
} rows[] = {
	{ "LiteLLM spend logs",
	  "request_id,call_type,api_key,spend,total_tokens,prompt_tokens,completion_tokens,"
	  "startTime,"
	  "endTime,model,user,custom_llm_provider\n"
	  "chatcmpl-1,acompletion,88dc,0.00123,150,100,50,2026-11-22T08:00:00.123Z,"
	  "2026-11-22T08:00:02Z,gpt-4o,u1,openai\n"
	  "chatcmpl-2,acompletion,88dc,1e-07,15,10,5,2026-11-22T08:01:00.123Z,"
	  "2026-11-22T08:01:02Z,gpt-4o,u2,openai\n",
	  "request_id=id api_key=key spend=amount:dollars prompt_tokens=prompt_total "
	  "completion_tokens=answer_total startTime=time model=model user=account "
	  "custom_llm_provider=provider",
	  ", .", "?0.0012301 in=110 out=55" },
	{ "Helicone requests",
	  "request_id,request_created_at,provider_request_id,model,prompt_tokens,"
	  "completion_tokens,total_tokens,cost_usd,latency,status\n"
	  "\"6f1\",\"2026-11-22 "
	  "08:00:00.5\",\"gen-1\",\"gpt-4o-mini\",1000,10,1010,0.000156,912,200\n"
	  "\"6f2\",\"2026-11-22 "
	  "08:00:01.5\",\"gen-2\",\"gpt-4o-mini\",2000,20,2020,0.000312,812,200\n",
	  "request_id=id request_created_at=time provider_request_id=upstream_id model=model "
	  "prompt_tokens=prompt_total completion_tokens=answer_total cost_usd=amount:dollars",
	  ", . USD", "USD0.000468 in=3000 out=30" },
	{ "Portkey logs",
	  "id,created_at,ai_model,ai_provider,req_units,res_units,total_units,cost,cost_currency,"
	  "virtual_key\n"
	  "a,2026-11-22T08:00:00Z,gpt-4o,openai,10,5,15,0.75,USD,k1\n"
	  "b,2026-11-22T08:00:01Z,gpt-4o,openai,20,5,25,1.25,USD,k1\n",
	  "id=id created_at=time ai_model=model ai_provider=provider req_units=prompt_total "
	  "res_units=answer_total cost=amount:dollars cost_currency=currency virtual_key=key",
	  ", .", "USD2.00 in=30 out=10" },
	{ "Portkey-like with the unit in the name",
	  "trace_id,time_of_generation,model,tokens_in,tokens_out,cost (cents)\n"
	  "t1,2026-11-22T08:00:00+01:00,claude,7,3,123\n"
	  "t2,2026-11-22T08:00:01+01:00,claude,7,3,0.5\n",
	  "trace_id=id time_of_generation=time model=model tokens_in=prompt_total "
	  "tokens_out=answer_total cost (cents)=amount:cents",
	  ", .", "?1.235 in=14 out=6" },
	{ "Langfuse observations",
	  "\"id\",\"traceId\",\"startTime\",\"endTime\",\"providedModelName\",\"inputUsage\","
	  "\"outputUsage\",\"totalUsage\",\"calculatedInputCost\",\"calculatedOutputCost\","
	  "\"calculatedTotalCost\"\n"
	  "\"o1\",\"t1\",\"2026-11-22T08:00:00Z\",\"2026-11-22T08:00:03Z\",\"gpt-4o\",100,10,110,"
	  "0.00025,0.0001,0.00035\n"
	  "\"o2\",\"t1\",\"2026-11-22T08:00:05Z\",\"2026-11-22T08:00:09Z\",\"gpt-4o\",100,10,110,"
	  "0.00025,0.0001,0.00035\n",
	  "id=id startTime=time providedModelName=model inputUsage=prompt_total "
	  "outputUsage=answer_total calculatedInputCost=input_amount:dollars "
	  "calculatedOutputCost=output_amount:dollars calculatedTotalCost=amount:dollars",
	  ", .", "?0.0007 in=200 out=20" },
	{ "Stripe-like, cents and small letters",
	  "id,Created (UTC),Amount (cents),Amount Refunded (cents),Currency,Description\n"
	  "ch_1,2026-11-22 08:00,1250,0,usd,tokens\n"
	  "ch_2,2026-11-22 09:00,250,50,usd,tokens\n",
	  "id=id Created (UTC)=time Amount (cents)=amount:cents "
	  "Amount Refunded (cents)=discount:cents Currency=currency Description=description",
	  ", .", "USD15.00" },
	{ "Azure cost export, the month first",
	  "SubscriptionId,Date,MeterName,Quantity,EffectivePrice,CostInBillingCurrency,"
	  "BillingCurrencyCode,UnitOfMeasure\n"
	  "s-1,11/22/2026,gpt-4o Inp Tokens,12.5,0.0025,0.03125,EUR,1K\n"
	  "s-1,11/23/2026,gpt-4o Outp Tokens,2,0.01,0.02,EUR,1K\n",
	  "SubscriptionId=account Date=date:month-first MeterName=description "
	  "CostInBillingCurrency=amount:dollars BillingCurrencyCode=currency",
	  ", .", "EUR0.05125" },
	{ "German bookkeeping",
	  "Anfrage;Datum;Modell;Eingabe (Tsd.);Ausgabe (Tsd.);Betrag (EUR);Gutschrift (EUR);Kunde\n"
	  "a1;22.11.2026 08:00;gpt-4o;1,5;0,2;1.234,50;-0,50;K1\n"
	  "a2;23.11.2026 08:00;gpt-4o;2;0,3;0,25;;K1\n",
	  "Anfrage=id Datum=time:day-first Modell=model Eingabe (Tsd.)=prompt_total*1000 "
	  "Ausgabe (Tsd.)=answer_total*1000 Betrag (EUR)=amount:whole "
	  "Gutschrift (EUR)=discount:whole- Kunde=account",
	  "; , . EUR", "EUR1234.75 in=3500 out=500" },
	{ "OpenRouter's own header, as if it were not known",
	  "generation_id,created_at,cost_total,cost_web_search,byok_usage_inference,tokens_prompt,"
	  "tokens_completion,tokens_reasoning,tokens_cached,model_permaslug,provider_name,"
	  "cancelled,"
	  "user,finish_reason_raw,api_key_name\n"
	  "gen-1,2026-11-22 08:00:00,0.0123,0,0,100,50,20,60,openai/gpt-5,OpenAI,false,u,stop,k\n"
	  "gen-2,2026-11-22 "
	  "08:00:01,0.0123,0.01,0,100,50,20,60,openai/gpt-5,OpenAI,false,u,stop,k\n",
	  "generation_id=id created_at=time cost_total=amount:dollars cost_web_search=fee:dollars "
	  "byok_usage_inference=upstream_amount:dollars tokens_prompt=prompt_total "
	  "tokens_completion=answer_total tokens_reasoning=reasoning tokens_cached=cache_read "
	  "model_permaslug=model provider_name=provider cancelled=cancelled user=account "
	  "api_key_name=key",
	  ", .", "?0.0246 in=80 out=60 cache_read=120 reasoning=40" },
	{ "Anthropic-style counts: what is cached stands beside the input",
	  "request id|timestamp|model|input tokens|cache read input tokens|cache creation input "
	  "tokens|output tokens|cost (USD)\n"
	  "m1|1795334400|claude|5|1000|0|10|$0.0105\n"
	  "m2|1795334460|claude|5|0|900|10|$1,250.50\n",
	  "request id=id timestamp=time:seconds model=model input tokens=input "
	  "cache read input tokens=cache_read cache creation input tokens=cache_write "
	  "output tokens=answer_total cost (USD)=amount:dollars",
	  "| . , $ USD", "USD1250.5105 in=10 out=20 cache_read=1000 cache_write=900" },
	{ "sums of days, ticks",
	  "day\trequests\tinput_tokens\toutput_tokens\tcost_in_usd_ticks\n"
	  "2026-11-01\t12\t100\t10\t12300000000\n"
	  "2026-11-02\t3\t50\t5\t1\n",
	  "day=date requests=requests_made input_tokens=prompt_total output_tokens=answer_total "
	  "cost_in_usd_ticks=amount:ticks",
	  "t . USD", "USD1.2300000001 in=150 out=15" },
	{ "hours with their ends, micros, signs of credits",
	  "bucket_start,bucket_end,model,num_model_requests,cost_microdollars\n"
	  "2026-11-01T00:00:00Z,2026-11-01T01:00:00Z,m,5,-1500000\n"
	  "2026-11-01T01:00:00Z,2026-11-01T02:00:00Z,m,5,-250000\n",
	  "bucket_start=from bucket_end=to model=model num_model_requests=requests_made "
	  "cost_microdollars=amount:micros-",
	  ", . USD", "USD1.75" },
	{ "FOCUS-like",
	  "BilledCost,BillingCurrency,ChargeCategory,ChargeDescription,ChargePeriodStart,"
	  "ChargePeriodEnd,EffectiveCost,ProviderName\n"
	  "1.5,USD,Usage,tokens,2026-11-01T00:00:00Z,2026-11-02T00:00:00Z,1.4,OpenAI\n"
	  "0.25,USD,Tax,vat,2026-11-01T00:00:00Z,2026-11-02T00:00:00Z,0.25,OpenAI\n",
	  "BilledCost=amount:dollars BillingCurrency=currency ChargeCategory=charge "
	  "ChargeDescription=description ChargePeriodStart=from ChargePeriodEnd=to "
	  "ProviderName=provider",
	  ", .", "USD1.75" },
	{ "Anthropic's console, counts",
	  "usage_date_utc,model_version,api_key,workspace,usage_input_tokens_no_cache,"
	  "usage_input_tokens_cache_write_5m,usage_input_tokens_cache_read,usage_output_tokens,"
	  "web_search_count\n"
	  "2026-11-22,claude,k1,Default,100,10,500,50,0\n"
	  "2026-11-23,claude,k1,Default,200,0,100,70,1\n",
	  "usage_date_utc=date model_version=model api_key=key workspace=account "
	  "usage_input_tokens_no_cache=input usage_input_tokens_cache_write_5m=cache_write_5m "
	  "usage_input_tokens_cache_read=cache_read usage_output_tokens=answer_total "
	  "web_search_count=searches",
	  ", .", "?0.00 in=300 out=120 cache_read=600" },
	{ "Anthropic's console, costs by component",
	  "usage_date_utc,model,workspace,token_type,cost_usd\n"
	  "2026-11-22,claude,Default,input_no_cache,1.25\n"
	  "2026-11-22,claude,Default,output,2.5\n",
	  "usage_date_utc=date model=model workspace=account token_type=component "
	  "cost_usd=amount:dollars",
	  ", . USD", "USD3.75" },
	{ "OpenAI's costs",
	  "start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,line_item,"
	  "project_id\n"
	  "1795334400,1795420800,2026-11-22T08:00:00+00:00,2026-11-23T08:00:00+00:00,0.06,usd,"
	  "gpt-4o input,p\n",
	  "start_time=from:seconds end_time=to:seconds amount_value=amount:dollars "
	  "amount_currency=currency line_item=description project_id=account",
	  ", .", "USD0.06" },
	{ "French",
	  "Date;Mod\xc3\xa8le;Co\xc3\xbbt (\xe2\x82\xac)\n"
	  "22/11/2026;gpt;1\xe2\x80\xaf"
	  "234,56\n23/11/2026;gpt;0,44\n",
	  "Date=date:day-first Mod\xc3\xa8le=model Co\xc3\xbbt (\xe2\x82\xac)=amount:whole",
	  "; , _ EUR", "EUR1235.00" },
	{ "an id of a row that spans a day is none of a request",
	  "id,start_date,end_date,model,cost_usd\n"
	  "r1,2026-11-01,2026-11-02,m,1.5\n"
	  "r2,2026-11-02,2026-11-03,m,0.5\n",
	  "start_date=from end_date=to model=model cost_usd=amount:dollars", ", . USD", "USD2.00" },
	{ "a spreadsheet's days, spaces between thousands",
	  "Date;Requests;Prompt tokens (k);Spend ($)\n"
	  "46348;1 200;1 500,5;1 234,56\n"
	  "46349;7;2;0,44\n",
	  "Date=date:excel Requests=requests_made Prompt tokens (k)=prompt_total*1000 "
	  "Spend ($)=amount:dollars",
	  "; , _ USD", "USD1235.00 in=1502500" },
	{ "NDJSON with members in members",
	  "{\"id\":\"x1\",\"created\":1795334400123,\"model\":\"m\",\"usage\":{\"prompt_tokens\":"
	  "10,"
	  "\"completion_tokens\":4,\"cost\":0.5},\"tags\":[\"a\"],\"error\":null}\n"
	  "{\"id\":\"x2\",\"created\":1795334400124,\"model\":\"m\",\"usage\":{\"prompt_tokens\":"
	  "20,"
	  "\"completion_tokens\":4,\"cost\":1e-3},\"tags\":[],\"byok\":true}\n",
	  "id=id created=time:ms model=model usage.prompt_tokens=prompt_total "
	  "usage.completion_tokens=answer_total usage.cost=amount:dollars byok=byok?",
	  " .", "?0.501 in=30 out=8" },
	{ "a list of JSON, amounts as texts with decimal commas",
	  "[{\"request_id\":\"r1\",\"time\":\"2026-11-22T08:00:00Z\",\"cost_eur\":\"1,25\"},\n"
	  "{\"request_id\":\"r2\",\"time\":\"2026-11-22T08:00:01Z\",\"cost_eur\":\"0,5\"}]\n",
	  "request_id=id time=time cost_eur=amount:whole", " , EUR", "EUR1.75" },
	{ "two amounts: the better word, and totals at the end",
	  "Date,Model,Cost,Amount (USD),Total tokens\n"
	  "2026-11-01,m,9.5,9.50,3\n"
	  "2026-11-02,m,0.5,0.50,3\n"
	  "Total,,10,10.00,6\n",
	  "Date=date Model=model Amount (USD)=amount:dollars", ", . USD", "USD10.00" },
};

static void write_file(const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fwrite(text, 1, strlen(text), file) == strlen(text));
	assert_int_equal(fclose(file), 0);
}

static void add_line(struct buf *out, const struct statement_line *line)
{
	static const char *const clocks[] = {
#define C(NAME, word, text) word,
#include "statement/clock.def"
#undef C
	};
	enum statement_kind kind = statement_field_kind(line->field);

	buf_addf(out, "%s%s=%s", out->len > 0 ? " " : "", line->column,
	         statement_field_name(line->field));
	if (kind == VALUE_TIME && line->clock != CLOCK_TEXT)
		buf_addf(out, ":%s", clocks[line->clock]);
	if (kind == VALUE_COUNT && line->units != 1)
		buf_addf(out, "*%lld", (long long)line->units);
	if (!line->required)
		buf_addf(out, "?");
}

static const char *unit_of(const struct statement_mapping *mapping,
                           const struct statement_line *line)
{
	const char *currency = line->currency != NULL ? line->currency : mapping->currency;

	switch (line->decimals) {
	case 0:
		return currency[0] == '\0' || strcmp(currency, "USD") == 0 ? "dollars" : "whole";
	case 2:
		return "cents";
	case 6:
		return "micros";
	case 10:
		return "ticks";
	default:
		return "?";
	}
}

static void add_form(struct buf *out, const struct statement_mapping *mapping)
{
	if (mapping->delimiter != '\0')
		buf_addf(out, "%c ", mapping->delimiter == '\t' ? 't' : mapping->delimiter);
	else
		buf_addf(out, " ");
	buf_addf(out, "%c", mapping->decimal_point);
	if (mapping->thousands != '\0')
		buf_addf(out, " %c", mapping->thousands == ' ' ? '_' : mapping->thousands);
	if (mapping->symbol[0] != '\0')
		buf_addf(out, " %s", mapping->symbol);
	if (mapping->currency[0] != '\0')
		buf_addf(out, " %s", mapping->currency);
}

struct sums {
	int64_t in, out, cache_read, cache_write, reasoning;
};

static int add_row(void *context, const struct statement_row *row, struct fault *fault)
{
	struct sums *sums = context;

	(void)fault;
	sums->in += row->count[COMPONENT_INPUT] +
	            (row->prompt_total != STATEMENT_UNTOLD ? row->prompt_total : 0);
	sums->out += row->count[COMPONENT_OUTPUT] +
	             (row->answer_total != STATEMENT_UNTOLD ? row->answer_total : 0);
	sums->cache_read += row->count[COMPONENT_CACHE_READ];
	sums->cache_write += row->count[COMPONENT_CACHE_WRITE];
	sums->reasoning += row->count[COMPONENT_REASONING];
	return 0;
}

static void add_total(struct buf *out, const struct statement_summary *summary,
                      const struct sums *sums)
{
	for (size_t i = 0; i < summary->total_count; i++) {
		const char *currency = summary->totals[i].currency;
		char amount[MONEY_TEXT_BYTES];

		money_text(summary->totals[i].amount, amount);
		buf_addf(out, "%s%s", currency[0] != '\0' ? currency : "?", amount);
	}
	if (sums->in > 0)
		buf_addf(out, " in=%lld", (long long)sums->in);
	if (sums->out > 0)
		buf_addf(out, " out=%lld", (long long)sums->out);
	if (sums->cache_read > 0)
		buf_addf(out, " cache_read=%lld", (long long)sums->cache_read);
	if (sums->cache_write > 0)
		buf_addf(out, " cache_write=%lld", (long long)sums->cache_write);
	if (sums->reasoning > 0)
		buf_addf(out, " reasoning=%lld", (long long)sums->reasoning);
}

static void test_exports_of_many_programs(void **state)
{
	struct buf json = { .at = NULL }, said = { .at = NULL };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct statement_mapping mapping = { 0 };
		struct statement_options options = { .mapping = &mapping };
		struct statement_summary summary = { 0 };
		struct sums sums = { 0 };
		struct fault fault = { 0 };

		write_file(rows[i].text);
		buf_clear(&json);
		if (statement_mapping_suggest(path, &json, &fault) < 0 ||
		    statement_mapping_parse(&mapping, buf_text(&json), &fault) < 0)
			fail_msg("%s: %s", rows[i].label, fault.text);
		buf_clear(&said);
		for (const struct statement_line *line = mapping.lines; line->column != NULL;
		     line++) {
			add_line(&said, line);
			if (statement_field_kind(line->field) == VALUE_MONEY)
				buf_addf(&said, ":%s%s", unit_of(&mapping, line),
				         line->negative ? "-" : "");
		}
		if (!text_is(buf_text(&said), rows[i].lines))
			fail_msg("%s: %s\n%s", rows[i].label, said.at, json.at);
		buf_clear(&said);
		add_form(&said, &mapping);
		if (!text_is(buf_text(&said), rows[i].form))
			fail_msg("%s: \"%s\"\n%s", rows[i].label, said.at, json.at);
		if (statement_read(path, &options, add_row, &sums, &summary, &fault) < 0)
			fail_msg("%s: %s\n%s", rows[i].label, fault.text, json.at);
		buf_clear(&said);
		add_total(&said, &summary, &sums);
		if (!text_is(buf_text(&said), rows[i].total))
			fail_msg("%s: %s\n%s", rows[i].label, said.at, json.at);
		statement_summary_release(&summary);
		statement_mapping_release(&mapping);
	}
	buf_release(&json);
	buf_release(&said);
}

static const struct {
	const char *label, *text, *said;
} untold[] = {
	{ "whole numbers without a unit",
	  "id,time,prompt_tokens,cost\na,2026-11-22T08:00:00Z,1,5\n",
	  "\"cost\": {\"ignore\":true,\"note\":\"no unit is told, whole numbers" },
	{ "the same, and there is nothing else", "id,cost\na,5\n",
	  "Dollars stand here: a person must decide" },
	{ "decimals without a unit", "id,cost\na,0.5\n", "no unit is told: dollars stand here" },
	{ "zeros", "id,input_tokens,fee\na,1,0\n", "and all are 0" },
	{ "day or month", "id,date,cost_usd\na,02/03/2026,5\n",
	  "\\\"clock\\\":\\\"day-first\\\" or \\\"month-first\\\"" },
	{ "a discount of both signs", "id,cost_usd,refund_usd\na,5,-1\nb,5,1\n",
	  "\"refund_usd\": {\"ignore\":true,\"note\":\"of both signs" },
	{ "credits among amounts", "id,cost_usd\na,5\nb,-1\n", "\"below_zero\": \"credit\"" },
	{ "names of no meaning", "id,cost_usd,frobnication\na,5,7\n",
	  "\"frobnication\": {\"ignore\":true,\"note\":\"its name is not known\"}" },
	{ "a time that is none", "id,time,cost_usd\na,soon,7\n",
	  "\\\"time\\\" by its name, but not all are times" },
	{ "counts with a fraction", "id,prompt_tokens,cost_usd\na,1.5,7\n",
	  "but some are no whole numbers" },
	{ "negative counts", "id,prompt_tokens,cost_usd\na,-1,7\n", "but some are negative" },
	{ "ids that repeat",
	  "id,time,cost_usd\na,2026-11-22T08:00:00Z,7\n"
	  "a,2026-11-22T08:00:00Z,7\n",
	  "of no single request" },
	{ "one and a half, or fifteen hundred", "id;cost_usd\na;1,500\n", "a person must decide" },
	{ "a point that may be none", "id;cost_usd\na;1.500\n",
	  "1.500 is taken for one and a half" },
	{ "a comma here and a point there", "id;cost_usd;fee\na;1,5;0.5\n",
	  "those with a comma are refused" },
	{ "a column without a name", ",id,cost_usd\n0,a,5\n", "\"others\": \"ignore\"" },
	{ "all tokens", "id,tokens,cost_usd\na,5,5\n", "of which kind is not told" },
	{ "a price of one unit", "id,unit_price,cost_usd\na,5,5\n", "no amount of the row" },
	{ "a quantity of nothing", "id,quantity,cost_usd\na,5,5\n",
	  "of which component is not told" },
	{ "components that are none", "id,token_type,cost_usd\na,cheap,5\n",
	  "not all are components that are known" },
	{ "an empty column", "id,model,cost_usd\na,,5\n", "empty in the first rows" },
	{ "local times", "id,time,cost_usd\na,2026-11-22 08:00:00,5\n", "no zone is told" },
	{ "a name of no meaning, and times", "id,Moment X,cost_usd\na,2026-11-22T08:00:00Z,5\n",
	  "\"Moment X\": {\"field\":\"time\",\"note\":\"its name is not known; but all "
	  "its values are times: taken for the time\"}" },
	{ "the same, by the day, and of no request", "Wann,input_tokens,cost_usd\n22.11.2026,1,5\n",
	  "\"Wann\": {\"field\":\"date\",\"clock\":\"day-first\"" },
	{ "two of them", "id,x1,x2,cost_usd\na,2026-11-22T08:00:00Z,2026-11-23,5\n",
	  "\"x2\": {\"ignore\":true,\"note\":\"its name is not known; all its values are "
	  "times, and those of another column, too: a person must decide\"}" },
	{ "a number of no name is no time", "id,x1,cost_usd\na,1763798400,5\n",
	  "\"x1\": {\"ignore\":true" },
	{ "a time that has its name",
	  "id,time,x1,cost_usd\na,2026-11-22T08:00:00Z,2026-11-23T08:00:00Z,5\n",
	  "\"x1\": {\"ignore\":true,\"note\":\"its name is not known\"}" },
	{ "a second id", "generation_id,request_id,cost_usd\na,b,5\n",
	  "\"request_id\": {\"field\":\"request_id\"" },
	{ "a charge of no known word", "id,charge_category,cost_usd\na,Other,5\n",
	  "but not all are usage, fee" },
	{ "a currency that is none", "id,currency,cost_usd\na,dollar,5\n",
	  "but not all are currencies" },
	{ "a flag that is none", "id,cancelled,cost_usd\na,maybe,5\n",
	  "but not all are yes or no" },
};

/* What is not known is left to a person, with a note; never guessed. */
static void test_what_is_not_told_is_said(void **state)
{
	struct buf json = { .at = NULL };
	struct fault fault;

	(void)state;
	for (size_t i = 0; i < ROWS(untold); i++) {
		write_file(untold[i].text);
		buf_clear(&json);
		if (statement_mapping_suggest(path, &json, &fault) < 0)
			fail_msg("%s: %s", untold[i].label, fault.text);
		if (strstr(json.at, untold[i].said) == NULL)
			fail_msg("%s: %s", untold[i].label, json.at);
	}
	buf_release(&json);
}

static void test_what_no_mapping_can_be_made_of(void **state)
{
	static const struct {
		const char *label, *text;
		enum fault_code code;
		const char *said;
	} none[] = {
		{ "nothing", "", FAULT_INVALID, "there is no row in it" },
		{ "a header alone", "id,cost\n", FAULT_INVALID, "there is no row in it" },
		{ "no column that is known", "a,b\n1,2\n", FAULT_INVALID,
		  "do not tell enough to propose a mapping (line " },
		{ "a column twice", "id,cost,cost\n1,2,3\n", FAULT_INVALID,
		  "the column cost is there twice: rename one" },
		{ "gzip", "\x1f\x8b\x08", FAULT_INVALID, "zcat" },
		{ "a quote that is not closed", "id,cost\n\"a,1\n", FAULT_SYNTAX, "line 2" },
		{ "JSON that is cut", "{\"id\":\"a\",\"cost\":", FAULT_SYNTAX, "" },
		{ "JSON that is none", "{\"id\":\"a\",\"cost\":.5}\n", FAULT_SYNTAX, "line 1" },
		{ "a list of lists", "[[\"id\",\"cost\"],\n[\"a\",\"5\"]]", FAULT_SYNTAX,
		  "line 1: an element is no object" },
	};
	struct buf json = { .at = NULL };
	struct fault fault;

	(void)state;
	for (size_t i = 0; i < ROWS(none); i++) {
		int r;

		write_file(none[i].text);
		r = statement_mapping_suggest(path, &json, &fault);
		if (r != -(int)none[i].code || json.len > 0 ||
		    strstr(fault.text, none[i].said) == NULL || strstr(fault.text, path) == NULL)
			fail_msg("%s: %d, %s", none[i].label, r, fault.text);
	}
	assert_int_equal(statement_mapping_suggest("build/no-such-file", &json, &fault),
	                 -FAULT_NOT_FOUND);
	buf_release(&json);
}

static void test_many_rows_and_columns_are_looked_at_in_bounds(void **state)
{
	struct buf text = { .at = NULL }, json = { .at = NULL };
	struct statement_mapping mapping = { 0 };
	struct fault fault;

	(void)state;
	buf_add_cstr(&text, "id,cost_usd");
	for (int c = 0; c < 400; c++)
		buf_addf(&text, ",extra %d", c);
	for (int row = 0; row < 300; row++) {
		buf_addf(&text, "\nr%d,%s", row, row < 100 ? "1" : "no number: not looked at");
		for (int c = 0; c < 400; c++)
			buf_add(&text, ",", 1);
	}
	write_file(text.at);
	if (statement_mapping_suggest(path, &json, &fault) < 0 ||
	    statement_mapping_parse(&mapping, buf_text(&json), &fault) < 0)
		fail_msg("%s", fault.text);
	assert_true(mapping.others_ignored);
	assert_string_equal(mapping.lines[1].column, "cost_usd");
	statement_mapping_release(&mapping);
	buf_release(&text);
	buf_release(&json);
}

static void test_no_memory_is_said(void **state)
{
	bool failed = true;

	(void)state;
	for (size_t kind = 0; kind < ROWS(rows); kind += 14) {
		write_file(rows[kind].text);
		failed = true;
		for (int count = 0; failed; count++) {
			struct buf json = { .at = NULL };
			struct fault fault;
			int r;

			failmem_after(count);
			r = statement_mapping_suggest(path, &json, &fault);
			failed = failmem_stop();
			if (r != (failed ? -FAULT_NOMEM : 0))
				fail_msg("%s after %d: %d, %s", rows[kind].label, count, r,
				         fault.text);
			buf_release(&json);
		}
	}
}

static int begin(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 || close(fd) < 0;
}

static int end(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exports_of_many_programs),
		cmocka_unit_test(test_what_is_not_told_is_said),
		cmocka_unit_test(test_what_no_mapping_can_be_made_of),
		cmocka_unit_test(test_many_rows_and_columns_are_looked_at_in_bounds),
		cmocka_unit_test(test_no_memory_is_said),
	};

	return cmocka_run_group_tests_name("statement suggest", tests, begin, end);
}
