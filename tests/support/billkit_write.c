/* Statements of a generated month. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/moment.h"
#include "tests/support/billgen_internal.h"
#include "tests/support/billkit_internal.h"

enum { FLUSH_BYTES = 64 * 1024 };

int64_t billkit_group(int64_t time_ms, unsigned account, unsigned key, unsigned model)
{
	if (time_ms < BILLGEN_FROM_MS || time_ms >= BILLGEN_TO_MS)
		return -1;
	return (((time_ms - BILLGEN_FROM_MS) / MS_PER_DAY * BILLGEN_ACCOUNTS + account) *
	                BILLGEN_KEYS +
	        key) * GEN_MODELS +
	       model;
}

int64_t billkit_group_of(int64_t time_ms, struct text account, struct text key, struct text model)
{
	char name[BILLGEN_NAME_BYTES];

	for (unsigned a = 0; a < BILLGEN_ACCOUNTS; a++) {
		for (unsigned k = 0; k < BILLGEN_KEYS; k++) {
			const struct billgen_event event = { .account = (uint8_t)a,
				                             .key = (uint8_t)k };

			billgen_key(&event, name);
			if (!text_is(key, name) || !text_is(account, billgen_account(a)))
				continue;
			for (unsigned m = 0; m < GEN_MODELS; m++) {
				if (text_is(model, billgen_model_name(m)))
					return billkit_group(time_ms, a, k, m);
			}
		}
	}
	return -1;
}

static FILE *open_statement(const struct billkit *kit, const char *name, char path[KIT_PATH_BYTES])
{
	FILE *file;

	snprintf(path, KIT_PATH_BYTES, "%s/%s", kit->ledger.folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	return file;
}

static void flush(struct buf *out, FILE *file)
{
	assert_int_equal(out->error, 0);
	assert_true(fwrite(out->at, 1, out->len, file) == out->len);
	buf_clear(out);
}

static void write_requests(struct billkit *kit, enum billgen_format format, bool with_ids,
                           FILE *file)
{
	struct buf out = { .at = NULL };
	int64_t events = kit->gen.options.events;

	free(kit->event_of);
	kit->event_of = calloc((size_t)events * BILLGEN_ROWS_MAX, sizeof(*kit->event_of));
	assert_non_null(kit->event_of);
	kit->rows = 0;
	billgen_put_header(format, with_ids, &out);
	for (int64_t i = 0; i < events; i++) {
		struct billgen_rows rows;

		billgen_rows(&kit->gen, i, &rows);
		for (size_t r = 0; r < rows.count; r++) {
			billgen_put_row(format, with_ids, &rows.row[r], &out);
			kit->event_of[kit->rows++] = i;
		}
		kit->theirs.attos += rows.theirs.attos;
		if (out.len > FLUSH_BYTES)
			flush(&out, file);
	}
	flush(&out, file);
	buf_release(&out);
}

static void add_to_days(const struct billkit *kit, int64_t index, struct billkit_day *days)
{
	const struct billgen_event *event = &kit->gen.events[index];
	int64_t group = billkit_group(event->there_ms, event->account, event->key, event->model);
	struct billgen_rows rows;

	billgen_rows(&kit->gen, index, &rows);
	for (size_t r = 0; group >= 0 && r < rows.count; r++) {
		const struct statement_row *row = &rows.row[r];
		struct billkit_sum *sum = &days[group].sums[row->charge];

		if (strcmp(row->currency, "USD") != 0)
			sum = &days[group].sums[BILLKIT_EUROS];
		sum->rows++;
		sum->amount += rows.exact[r].attos;
		if (row->charge == STATEMENT_USAGE && statement_has(row, STATEMENT_MONEY_FEE))
			sum->fee += row->money[STATEMENT_MONEY_FEE].attos;
		if (row->charge == STATEMENT_USAGE && statement_has(row, STATEMENT_MONEY_DISCOUNT))
			sum->discount += row->money[STATEMENT_MONEY_DISCOUNT].attos;
		for (int c = 0; c < COMPONENT_COUNT; c++)
			sum->count[c] += row->count[c];
	}
}

static void round_to(const struct billkit *kit, wide *amount)
{
	*amount = billgen_rounded((struct money){ *amount }, kit->gen.options.decimals).attos;
}

struct billkit_day *billkit_days(const struct billkit *kit)
{
	struct billkit_day *days = calloc(BILLKIT_GROUPS, sizeof(*days));

	assert_non_null(days);
	for (int64_t i = 0; i < kit->gen.options.events; i++)
		add_to_days(kit, i, days);
	for (int64_t i = 0; i < BILLKIT_GROUPS * BILLKIT_SUMS; i++) {
		struct billkit_sum *sum = &days[i / BILLKIT_SUMS].sums[i % BILLKIT_SUMS];

		round_to(kit, &sum->amount);
		round_to(kit, &sum->fee);
		round_to(kit, &sum->discount);
	}
	return days;
}

static void put_day(int64_t group, int which, const struct billkit_sum *sum, struct buf *out)
{
	const struct billgen_event event = {
		.key = (uint8_t)(group / GEN_MODELS % BILLGEN_KEYS),
		.account = (uint8_t)(group / GEN_MODELS / BILLGEN_KEYS % BILLGEN_ACCOUNTS),
		.model = (uint8_t)(group % GEN_MODELS),
	};
	int64_t day = group / GEN_MODELS / BILLGEN_KEYS / BILLGEN_ACCOUNTS;
	enum statement_charge charge = which == BILLKIT_EUROS ? STATEMENT_USAGE
	                                                      : (enum statement_charge)which;
	const wide amounts[] = { sum->amount, sum->fee, sum->discount };
	char date[MOMENT_TEXT_BYTES], key[BILLGEN_NAME_BYTES], amount[MONEY_TEXT_BYTES];

	moment_text_unit(BILLGEN_FROM_MS + day * MS_PER_DAY, MOMENT_DAY, date);
	billgen_key(&event, key);
	buf_addf(out, "%s,%s,%s,%s,%s,%s,", date, statement_charge_name(charge),
	         billgen_account(event.account), key, billgen_model_name(event.model),
	         which == BILLKIT_EUROS ? "EUR" : "USD");
	for (size_t i = 0; i < sizeof(amounts) / sizeof(amounts[0]); i++) {
		money_text((struct money){ amounts[i] }, amount);
		buf_addf(out, "%s,", i > 0 && amounts[i] == 0 ? "" : amount);
	}
	if (charge == STATEMENT_USAGE)
		buf_addf(out, "%lld", (long long)sum->rows);
	for (int i = 0; i < BILLGEN_COMPONENTS; i++) {
		buf_add_cstr(out, ",");
		if (charge == STATEMENT_USAGE)
			buf_addf(out, "%lld", (long long)sum->count[billgen_components[i]]);
	}
	buf_add_cstr(out, "\n");
}

static void write_days(struct billkit *kit, FILE *file)
{
	struct billkit_day *days = billkit_days(kit);
	struct buf out = { .at = NULL };

	buf_add_cstr(&out, "date,charge,account,key,model,currency,amount,fee,discount,"
	                   "requests_made");
	for (int i = 0; i < BILLGEN_COMPONENTS; i++)
		buf_addf(&out, ",%s", component_info[billgen_components[i]].key);
	buf_add_cstr(&out, "\n");
	for (int64_t g = 0; g < BILLKIT_GROUPS; g++) {
		for (int w = 0; w < BILLKIT_SUMS; w++) {
			if (w != BILLKIT_EUROS)
				kit->theirs.attos += days[g].sums[w].amount;
			if (days[g].sums[w].rows > 0)
				put_day(g, w, &days[g].sums[w], &out);
		}
	}
	flush(&out, file);
	buf_release(&out);
	free(days);
}

void billkit_write(struct billkit *kit, enum billgen_format format, enum billkit_statement what,
                   char path[KIT_PATH_BYTES])
{
	FILE *file = open_statement(kit, what == BILLKIT_DAYS ? "days.csv" : "requests", path);

	kit->theirs = (struct money){ 0 };
	kit->gen.options.without = billgen_untold(format);
	if (what == BILLKIT_DAYS)
		write_days(kit, file);
	else
		write_requests(kit, format, what == BILLKIT_IDS, file);
	assert_int_equal(fclose(file), 0);
}
