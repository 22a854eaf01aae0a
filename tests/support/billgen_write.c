/* The same rows as three kinds of files. */
#include <stdio.h>
#include <string.h>

#include "base/moment.h"
#include "tests/support/billgen.h"
#include "tests/support/billgen_internal.h"

const char billgen_mapping[] =
	"{\"container\":\"json\",\"zone\":\"Europe/Berlin\",\"columns\":{"
	"\"gen\":{\"field\":\"id\"},\"ran_at\":{\"field\":\"time\"},"
	"\"customer\":{\"field\":\"account\"},\"api_key\":{\"field\":\"key\"},"
	"\"engine\":{\"field\":\"model\"},\"what\":{\"field\":\"charge\"},\"tier\":{\"field\":"
	"\"service_tier\"},"
	"\"how\":{\"field\":\"finish_reason\"},\"aborted\":{\"field\":\"cancelled\"},"
	"\"own_key\":{\"field\":\"byok\"},\"money\":{\"field\":\"currency\"},"
	"\"cents\":{\"field\":\"amount\",\"unit\":\"cents\"},"
	"\"fee_cents\":{\"field\":\"fee\",\"unit\":\"cents\"},"
	"\"off_cents\":{\"field\":\"discount\",\"unit\":\"cents\"},"
	"\"behind_cents\":{\"field\":\"upstream_amount\",\"unit\":\"cents\"},"
	"\"n.input\":{\"field\":\"input\"},\"n.cache_read\":{\"field\":\"cache_read\"},"
	"\"n.cache_write_5m\":{\"field\":\"cache_write_5m\"},"
	"\"n.cache_write_1h\":{\"field\":\"cache_write_1h\"},"
	"\"n.output\":{\"field\":\"output\"},\"n.reasoning\":{\"field\":\"reasoning\"},"
	"\"n.images_out\":{\"field\":\"images_out\"},\"n.searches\":{\"field\":\"searches\"}}}";

enum { CENTS_PER_UNIT = 100, BERLIN_SUMMER_HOURS = 2 };

static void put_amount(struct buf *out, wide attos)
{
	char text[MONEY_TEXT_BYTES];

	money_text((struct money){ attos }, text);
	buf_add_cstr(out, text);
}

/* There are millions of them: printf() would be a third of the time. */
static void put_count(struct buf *out, int64_t count)
{
	char digits[24];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + count % 10);
		count /= 10;
	} while (count > 0);
	buf_add(out, digits + at, sizeof(digits) - at);
}

/* Nothing where the row has none. */
static void put_money(struct buf *out, const struct statement_row *row, enum statement_money which)
{
	if (statement_has(row, which))
		put_amount(out, row->money[which].attos);
}

static const char *finish_of(const struct statement_row *row)
{
	if ((row->flags & STATEMENT_BLANK) != 0)
		return "";
	return (row->flags & STATEMENT_CANCELLED) != 0 ? "cancelled" : "stop";
}

static void toll_header(bool with_ids, struct buf *out)
{
	buf_addf(out,
	         "%stime,charge,account,key,model,service_tier,finish_reason,cancelled,byok,"
	         "currency,"
	         "amount,fee,discount,upstream_amount",
	         with_ids ? "id," : "");
	for (int i = 0; i < BILLGEN_COMPONENTS; i++)
		buf_addf(out, ",%s", component_info[billgen_components[i]].key);
	buf_add_cstr(out, "\n");
}

static void toll_row(bool with_ids, const struct statement_row *row, struct buf *out)
{
	char time[MOMENT_TEXT_BYTES];

	moment_text(row->from_ms, time);
	if (with_ids)
		buf_addf(out, "%.*s,", TEXT_ARGS(row->id));
	buf_addf(out, "%s,%s,%.*s,%.*s,%.*s,%.*s,%s,%s,%s,%s,", time,
	         statement_charge_name(row->charge), TEXT_ARGS(row->account), TEXT_ARGS(row->key),
	         TEXT_ARGS(row->model), TEXT_ARGS(row->service_tier), finish_of(row),
	         (row->flags & STATEMENT_CANCELLED) != 0 ? "true" : "false",
	         (row->flags & STATEMENT_BYOK) != 0 ? "true" : "false", row->currency);
	put_money(out, row, STATEMENT_MONEY_AMOUNT);
	buf_add_cstr(out, ",");
	put_money(out, row, STATEMENT_MONEY_FEE);
	buf_add_cstr(out, ",");
	put_money(out, row, STATEMENT_MONEY_DISCOUNT);
	buf_add_cstr(out, ",");
	put_money(out, row, STATEMENT_MONEY_UPSTREAM);
	for (int i = 0; i < BILLGEN_COMPONENTS; i++) {
		enum component c = billgen_components[i];

		buf_add_cstr(out, ",");
		if (statement_tells(row, c))
			put_count(out, row->count[c]);
	}
	buf_add_cstr(out, "\n");
}

static void openrouter_header(struct buf *out)
{
	buf_add_cstr(out,
	             "generation_id,created_at,cost_total,cost_web_search,cost_cache,"
	             "cost_file_processing,byok_usage_inference,tokens_prompt,tokens_completion,"
	             "tokens_reasoning,tokens_cached,model_permaslug,provider_name,variant,"
	             "cancelled,streamed,user,finish_reason_raw,finish_reason_normalized,"
	             "generation_time_ms,time_to_first_token_ms,api_key_disabled,api_key_name,"
	             "app_name\n");
}

/* Its prompt holds what was cached, its completion what was reasoned; times are UTC. */
static void openrouter_row(const struct statement_row *row, struct buf *out)
{
	char time[MOMENT_TEXT_BYTES];
	const int64_t *count = row->count;
	int64_t prompt = count[COMPONENT_INPUT] + count[COMPONENT_CACHE_READ] +
	                 count[COMPONENT_CACHE_WRITE_5M] + count[COMPONENT_CACHE_WRITE_1H];

	moment_text(row->from_ms, time);
	buf_addf(out, "%.*s,%.10s %.12s,", TEXT_ARGS(row->id), time, time + sizeof("2026-07-01"));
	put_money(out, row, STATEMENT_MONEY_AMOUNT);
	buf_add_cstr(out, ",");
	put_money(out, row, STATEMENT_MONEY_FEE);
	buf_add_cstr(out, ",0,,");
	if (statement_has(row, STATEMENT_MONEY_UPSTREAM))
		put_money(out, row, STATEMENT_MONEY_UPSTREAM);
	else
		buf_add_cstr(out, "0");
	buf_addf(out,
	         ",%lld,%lld,%lld,%lld,%.*s,Acme,standard,%s,true,%.*s,%s,%s,900,200,false,%.*s,\n",
	         (long long)prompt,
	         (long long)(count[COMPONENT_OUTPUT] + count[COMPONENT_REASONING]),
	         (long long)count[COMPONENT_REASONING], (long long)count[COMPONENT_CACHE_READ],
	         TEXT_ARGS(row->model), (row->flags & STATEMENT_CANCELLED) != 0 ? "true" : "false",
	         TEXT_ARGS(row->account), finish_of(row), finish_of(row), TEXT_ARGS(row->key));
}

/* In cents, as strings; times are local ones of a zone that is two hours ahead all month. */
static void mapped_row(bool with_ids, const struct statement_row *row, struct buf *out)
{
	static const struct {
		const char *name;
		enum statement_money which;
	} cents[] = { { "cents", STATEMENT_MONEY_AMOUNT },
		      { "fee_cents", STATEMENT_MONEY_FEE },
		      { "off_cents", STATEMENT_MONEY_DISCOUNT },
		      { "behind_cents", STATEMENT_MONEY_UPSTREAM } };
	char time[MOMENT_TEXT_BYTES];

	moment_text(row->from_ms + BERLIN_SUMMER_HOURS * MS_PER_HOUR, time);
	buf_add_cstr(out, "{");
	if (with_ids && row->id.at != NULL)
		buf_addf(out, "\"gen\":\"%.*s\",", TEXT_ARGS(row->id));
	else
		buf_add_cstr(out, "\"gen\":null,");
	buf_addf(out,
	         "\"ran_at\":\"%.10s %.12s\",\"customer\":\"%.*s\",\"api_key\":\"%.*s\","
	         "\"engine\":\"%.*s\",\"what\":\"%s\",\"tier\":\"%.*s\",\"how\":\"%s\",\"aborted\":"
	         "%s,"
	         "\"own_key\":%s,\"money\":\"%s\"",
	         time, time + sizeof("2026-07-01"), TEXT_ARGS(row->account), TEXT_ARGS(row->key),
	         TEXT_ARGS(row->model), statement_charge_name(row->charge),
	         TEXT_ARGS(row->service_tier), finish_of(row),
	         (row->flags & STATEMENT_CANCELLED) != 0 ? "true" : "false",
	         (row->flags & STATEMENT_BYOK) != 0 ? "true" : "false", row->currency);
	for (size_t i = 0; i < sizeof(cents) / sizeof(cents[0]); i++) {
		if (!statement_has(row, cents[i].which)) {
			buf_addf(out, ",\"%s\":null", cents[i].name);
			continue;
		}
		buf_addf(out, ",\"%s\":\"", cents[i].name);
		put_amount(out, row->money[cents[i].which].attos * CENTS_PER_UNIT);
		buf_add_cstr(out, "\"");
	}
	buf_add_cstr(out, ",\"n\":{");
	for (int i = 0; i < BILLGEN_COMPONENTS; i++) {
		enum component c = billgen_components[i];

		buf_add_cstr(out, i > 0 ? ",\"" : "\"");
		buf_add_cstr(out, component_info[c].key);
		buf_add_cstr(out, "\":");
		if (statement_tells(row, c))
			put_count(out, row->count[c]);
		else
			buf_add_cstr(out, "null");
	}
	buf_add_cstr(out, "}}\n");
}

uint64_t billgen_untold(enum billgen_format format)
{
	static const enum billgen_fault faults[] = {
		GEN_DISCOUNT_STATED, GEN_OTHER_CURRENCY, GEN_COUNTS_SEARCHES, GEN_COUNTS_IMAGES,
		GEN_FEE_ROW,         GEN_TAX_ROW,        GEN_CREDIT_ROW,
	};
	uint64_t bits = 0;

	/* It is in dollars throughout, and of requests of tokens. */
	for (size_t i = 0; format == GEN_OPENROUTER_CSV && i < sizeof(faults) / sizeof(faults[0]);
	     i++)
		bits |= UINT64_C(1) << faults[i];
	return bits;
}

void billgen_put_header(enum billgen_format format, bool with_ids, struct buf *out)
{
	if (format == GEN_TOLL_CSV)
		toll_header(with_ids, out);
	if (format == GEN_OPENROUTER_CSV)
		openrouter_header(out);
}

void billgen_put_row(enum billgen_format format, bool with_ids, const struct statement_row *row,
                     struct buf *out)
{
	if (format == GEN_TOLL_CSV)
		toll_row(with_ids, row, out);
	if (format == GEN_OPENROUTER_CSV)
		openrouter_row(row, out);
	if (format == GEN_MAPPED_NDJSON)
		mapped_row(with_ids, row, out);
}
