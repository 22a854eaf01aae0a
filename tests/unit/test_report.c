#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/moment.h"
#include "ledger/adjust.h"
#include "ledger/store.h"
#include "report/report.h"
#include "tests/support/fixture.h"
#include "tests/support/ledgerkit.h"

/* 2026-07-01T00:00:00Z, within the small book's version. */
#define DAY_MS INT64_C(1782864000000)

enum { EVENTS = 400, RANGES = 300, HOURS = 30 };

/* What was sent, kept by the test: the sums of a report are counted from it. */
struct sent {
	int64_t time_ms, input, output;
	const char *account, *model;
	int64_t status;
	enum provenance provenance;
	bool priced;
	bool costed, without_book; /* neither: the cost book had no rate */
};

static const char *const accounts[] = { "acct_1", "acct_2", "\xc3\xa4" };
static const char *const models[] = { "acme/llama-4-70b", "acme/unlisted-1" };

static void send_one(struct ledgerkit *kit, size_t number, const struct sent *sent)
{
	char line[512], time[MOMENT_TEXT_BYTES];
	enum ingest_verdict verdict;

	moment_text(sent->time_ms, time);
	snprintf(line, sizeof(line),
	         "{\"id\":\"e%zu\",\"time\":\"%s\",\"account\":\"%s\",\"model\":\"%s\",\"api\":"
	         "\"toll\",\"provenance\":\"%s\","
	         "\"usage\":{\"input\":%lld,\"output\":%lld},\"status\":%lld}",
	         number, time, sent->account, sent->model, provenance_name(sent->provenance),
	         (long long)sent->input, (long long)sent->output, (long long)sent->status);
	verdict = kit_send(kit, line);
	assert_int_equal(verdict, sent->priced ? INGEST_ACCEPTED : INGEST_UNPRICED);
}

/* Half of what the small book asks for input, and more than it for output. */
static const char cost_book[] =
	"{'pricebook':1,'name':'cost','currency':'USD','models':[{'model':'acme/llama-4-70b',"
	"'versions':[{'effective_from':'2026','rates':[{'component':'input','per_million':'0.40'},"
	"{'component':'output','per_million':'2.50'}]}]}]}";

/* With a cost book in force from a quarter of the events on. */
static void send_random(struct ledgerkit *kit, struct sent sent[EVENTS], bool costs, uint64_t *seed)
{
	kit_price(kit, kit_small_book);
	for (size_t i = 0; i < EVENTS; i++) {
		if (costs && i == EVENTS / 4)
			kit_cost(kit, kit_quotes(cost_book));
		sent[i].time_ms = DAY_MS + (int64_t)fixture_below(seed, HOURS * MS_PER_HOUR);
		/* The edges are where mistakes are: a third lies on the hour or one step off. */
		if (fixture_below(seed, 3) == 0)
			sent[i].time_ms = moment_floor(sent[i].time_ms, MOMENT_HOUR) - 1 +
			                  (int64_t)fixture_below(seed, 3);
		sent[i].input = 1 + (int64_t)fixture_below(seed, 100000);
		sent[i].output = 1 + (int64_t)fixture_below(seed, 5000);
		sent[i].account = accounts[fixture_below(seed, 3)];
		sent[i].priced = fixture_below(seed, 10) != 0;
		sent[i].model = models[sent[i].priced ? 0 : 1];
		sent[i].costed = costs && i >= EVENTS / 4 && sent[i].priced;
		sent[i].without_book = !costs || i < EVENTS / 4;
		sent[i].status = fixture_below(seed, 5) == 0 ? 500 : 200;
		sent[i].provenance = (enum provenance)fixture_below(seed, PROVENANCE_COUNT);
		send_one(kit, i, &sent[i]);
	}
}

static size_t column_of(const struct table *table, const char *key)
{
	for (size_t c = 0; c < table->column_count; c++) {
		if (strcmp(table->columns[c].key, key) == 0)
			return c;
	}
	fail_msg("no column %s", key);
	return 0;
}

static int64_t count_of(const struct table *table, const struct table_row *row, const char *key)
{
	int64_t count = -1;

	assert_true(text_int(row->cells[column_of(table, key)], &count));
	return count;
}

static struct money amount_of(const struct table *table, const struct table_row *row)
{
	struct money amount = { -1 };

	assert_int_equal(money_parse(row->cells[column_of(table, "amount")], &amount, NULL), 0);
	return amount;
}

/* The same sums from what was sent. */
static void expect_row(const struct table *table, const struct table_row *row,
                       const struct sent sent[EVENTS], const struct report_query *query,
                       struct text account)
{
	int64_t events = 0, errors = 0, suspense = 0, input = 0, output = 0;
	int64_t partial = 0, estimated = 0, uncounted = 0;
	struct money amount = { 0 };

	for (size_t i = 0; i < EVENTS; i++) {
		if (sent[i].time_ms < query->from_ms || sent[i].time_ms >= query->to_ms ||
		    (account.at != NULL && !text_is(account, sent[i].account)))
			continue;
		events++;
		errors += sent[i].status >= 400;
		suspense += !sent[i].priced;
		partial += sent[i].provenance == PROVENANCE_PARTIAL;
		estimated += sent[i].provenance == PROVENANCE_ESTIMATED;
		/* All of these are final: of one that failed no count is missing. */
		uncounted += sent[i].provenance == PROVENANCE_NONE && sent[i].status < 400;
		input += sent[i].input;
		output += sent[i].output;
		/* $0.80 and $2.40 per 1M tokens */
		if (sent[i].priced)
			amount.attos += (wide)sent[i].input * 800000000000 +
			                (wide)sent[i].output * 2400000000000;
	}
	assert_int_equal(count_of(table, row, "events"), events);
	assert_int_equal(count_of(table, row, "errors"), errors);
	assert_int_equal(count_of(table, row, "suspense"), suspense);
	assert_int_equal(count_of(table, row, "partial"), partial);
	assert_int_equal(count_of(table, row, "estimated"), estimated);
	assert_int_equal(count_of(table, row, "uncounted"), uncounted);
	assert_int_equal(count_of(table, row, "input"), input);
	assert_int_equal(count_of(table, row, "output"), output);
	assert_int_equal(count_of(table, row, "requests"), events - errors);
	assert_int_equal(money_compare(amount_of(table, row), amount), 0);
}

/* An absent cell gives false. */
static bool money_of(const struct table *table, const struct table_row *row, const char *key,
                     struct money *out)
{
	struct text cell = row->cells[column_of(table, key)];

	if (cell.at == NULL)
		return false;
	assert_int_equal(money_parse(cell, out, NULL), 0);
	return true;
}

/* Cost and margin from what was sent; its amount was looked at before. */
static void expect_costs(const struct table *table, const struct table_row *row,
                         const struct sent sent[EVENTS], const struct report_query *query,
                         struct text account)
{
	struct money amount = amount_of(table, row), cost = { 0 }, got = { 0 }, percent = { 0 };
	int64_t costed = 0, uncosted = 0, suspense = count_of(table, row, "suspense");
	bool known;

	for (size_t i = 0; i < EVENTS; i++) {
		if (sent[i].time_ms < query->from_ms || sent[i].time_ms >= query->to_ms ||
		    (account.at != NULL && !text_is(account, sent[i].account)))
			continue;
		costed += sent[i].costed;
		uncosted += !sent[i].costed;
		if (sent[i].costed)
			cost.attos += (wide)sent[i].input * 400000000000 +
			              (wide)sent[i].output * 2500000000000;
	}
	known = costed > 0 || uncosted == 0;
	assert_int_equal(count_of(table, row, "uncosted"), uncosted);
	assert_int_equal(money_of(table, row, "cost", &got), known);
	assert_true(!known || money_compare(got, cost) == 0);
	known = known && (suspense == 0 || amount.attos != 0);
	assert_int_equal(money_of(table, row, "margin", &got), known);
	assert_true(!known || got.attos == amount.attos - cost.attos);
	assert_int_equal(money_of(table, row, "margin_percent", &percent),
	                 known && amount.attos > 0);
	if (known && amount.attos > 0) {
		/* It is the nearest hundredth: twice what is missing is at most one of them. */
		wide off = 10000 * got.attos -
		           percent.attos / (ATTOS_PER_UNIT / 100) * amount.attos;

		assert_true(percent.attos % (ATTOS_PER_UNIT / 100) == 0);
		assert_true(2 * off <= amount.attos && -2 * off <= amount.attos);
	}
}

static void expect_any_range(struct ledgerkit *kit, bool costs)
{
	static struct sent sent[EVENTS];
	uint64_t seed = fixture_seed("report", 20261123);

	send_random(kit, sent, costs, &seed);
	for (int i = 0; i < RANGES; i++) {
		struct report_query query = { .by = REPORT_BY_ACCOUNT };
		struct table table = { .rows = NULL };
		struct report_notes notes;

		/* On the hour, beside it, anywhere; also inside one hour. */
		query.from_ms = DAY_MS + (int64_t)fixture_below(&seed, HOURS * MS_PER_HOUR);
		query.to_ms = query.from_ms + 1 +
		              (int64_t)fixture_below(&seed,
		                                     i % 3 == 0 ? MS_PER_HOUR : 10 * MS_PER_HOUR);
		if (i % 4 == 0)
			query.from_ms = moment_floor(query.from_ms, MOMENT_HOUR);
		if (i % 5 == 0)
			query.to_ms = moment_floor(query.to_ms, MOMENT_HOUR) + MS_PER_HOUR;
		assert_int_equal(report_run(kit->ledger, &query, &table, &notes, NULL), 0);
		for (size_t r = 0; r < table.row_count; r++)
			expect_row(&table, &table.rows[r], sent, &query, table.rows[r].cells[0]);
		expect_row(&table, &table.total, sent, &query, text_of(NULL));
		for (size_t r = 0; costs && r < table.row_count; r++)
			expect_costs(&table, &table.rows[r], sent, &query, table.rows[r].cells[0]);
		if (costs)
			expect_costs(&table, &table.total, sent, &query, text_of(NULL));
		assert_int_equal(notes.costs, costs);
		assert_int_equal(notes.events, count_of(&table, &table.total, "events"));
		assert_int_equal(notes.suspense, count_of(&table, &table.total, "suspense"));
		table_release(&table);
	}
}

static void test_any_range_is_exact_to_the_millisecond(void **state)
{
	expect_any_range(*state, false);
}

static void test_cost_and_margin_of_any_range_are_exact(void **state)
{
	expect_any_range(*state, true);
}

static void test_basis_points_are_rounded_half_away_from_zero(void **state)
{
	const wide large = (wide)1 << 110;
	const struct {
		wide part, whole;
		int64_t points; /* INT64_MIN: it cannot be told */
	} rows[] = {
		{ 0, 7, 0 },
		{ 1, 1, 10000 },
		{ 3725, 10000, 3725 },
		{ 1, 3, 3333 },
		{ 2, 3, 6667 },
		{ 1, 20000, 1 },
		{ 1, 20001, 0 },
		{ -1, 20000, -1 },
		{ -1, 20001, 0 },
		{ -1, 3, -3333 },
		{ -2, 3, -6667 },
		{ 1, -3, -3333 },
		{ 5, 1, 50000 },
		{ large, large, 10000 },
		{ -3 * large, 2 * large, -15000 },
		{ 1, 0, INT64_MIN },
		{ large, 1, INT64_MIN },
		{ -large * 100000, 1, INT64_MIN },
		{ 4000 * large, 5000 * large, INT64_MIN }, /* its rest times 10000 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t points = INT64_MIN;
		int r = report_basis_points(rows[i].part, rows[i].whole, &points);

		if (points != rows[i].points || r != (points == INT64_MIN ? -FAULT_RANGE : 0))
			fail_msg("row %zu: %d %lld", i, r, (long long)points);
	}
}

/* The keys of what is not in every report, and the total of the amount and of these. */
static void expect_columns(struct ledgerkit *kit, struct report_query query, const char *expected)
{
	struct table table = { .rows = NULL };
	struct report_notes notes;
	char got[512] = "";
	size_t len = 0;

	if (query.to_ms == 0)
		query.to_ms = LEDGER_TO_MAX;
	assert_int_equal(report_run(kit->ledger, &query, &table, &notes, NULL), 0);
	for (size_t c = column_of(&table, "amount"); c < table.column_count; c++) {
		struct text cell = table.total.cells[c];

		len += (size_t)snprintf(got + len, sizeof(got) - len, "%s=%.*s ",
		                        table.columns[c].key, cell.at != NULL ? (int)cell.len : 1,
		                        cell.at != NULL ? cell.at : "-");
	}
	assert_string_equal(got, expected);
	table_release(&table);
}

static void adjust(struct ledgerkit *kit, const char *account, wide attos, int64_t closed_ms)
{
	const struct adjustment_run run = { .at_ms = DAY_MS + 5 * MS_PER_HOUR,
		                            .who = text_of("t"),
		                            .reason = text_of("t"),
		                            .book = text_of(book_hash(kit->book.book)),
		                            .from_ms = DAY_MS,
		                            .to_ms = DAY_MS + MS_PER_HOUR };
	const struct adjustment row = { .hour_ms = DAY_MS,
		                        .account = text_of(account),
		                        .model = text_of("acme/llama-4-70b"),
		                        .source = text_of("gw-1"),
		                        .amount = { attos } };
	int64_t seq;

	if (closed_ms != 0)
		assert_int_equal(kit_close_until(kit, closed_ms, NULL), 0);
	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	assert_int_equal(ledger_adjust(kit->ledger, &run, &row, 1, &seq, NULL), 0);
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
}

/* Who has no cost book and no adjustment finds the columns as they ever were. */
static void test_columns_appear_with_what_they_tell(void **state)
{
	const struct report_query all = { .by = REPORT_BY_ACCOUNT };
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_small_book);
	kit_send_usage(kit, "1", "2026-07-01T00:00:00Z", "acme/llama-4-70b",
	               "{\"output\":1000000}");
	expect_columns(kit, all, "amount=2.40 ");
	kit_cost(kit, kit_quotes(cost_book));
	/* All of it came before: neither 0 nor a margin of all. */
	expect_columns(kit, all, "amount=2.40 cost=- margin=- margin_percent=- uncosted=1 ");
	kit_send_usage(kit, "2", "2026-07-01T00:30:00Z", "acme/llama-4-70b",
	               "{\"output\":1000000}");
	expect_columns(kit, all,
	               "amount=4.80 cost=2.50 margin=2.30 margin_percent=47.92 uncosted=1 ");
	kit_send_usage(kit, "3", "2026-07-01T01:00:00Z", "acme/unlisted-1", "{\"output\":1}");
	expect_columns(kit, (struct report_query){ .model = text_of("acme/unlisted-1") },
	               "amount=0.00 cost=- margin=- margin_percent=- uncosted=1 ");
	adjust(kit, "acct", -3 * (wide)ATTOS_PER_UNIT, 0);
	expect_columns(kit, all,
	               "amount=1.80 adjusted=-3.00 cost=2.50 margin=-0.70 margin_percent=-38.89 "
	               "uncosted=2 ");
}

/* By the hour it is booked in, with the names of its sum; also where no request is. */
static void test_adjustments_count_where_they_are_booked(void **state)
{
	struct ledgerkit *kit = *state;
	struct report_query hour = { .by = REPORT_BY_HOUR,
		                     .from_ms = DAY_MS + 5 * MS_PER_HOUR,
		                     .to_ms = DAY_MS + 6 * MS_PER_HOUR };

	kit_price(kit, kit_small_book);
	kit_send_usage(kit, "1", "2026-07-01T00:00:00Z", "acme/llama-4-70b",
	               "{\"output\":1000000}");
	adjust(kit, "acct", 1, 0);
	adjust(kit, "acct", 2, 0);
	adjust(kit, "acct", 4, DAY_MS + MS_PER_HOUR);
	adjust(kit, "other", 8, 0);
	expect_columns(kit, (struct report_query){ .from_ms = DAY_MS, .to_ms = DAY_MS + 1 },
	               "amount=2.400000000000000003 adjusted=0.000000000000000003 ");
	/* Its hour began before: the adjustments of it are of the range before this one. */
	expect_columns(kit, (struct report_query){ .from_ms = DAY_MS + 1, .to_ms = DAY_MS + 2 },
	               "amount=0.00 ");
	expect_columns(kit, hour, "amount=0.000000000000000012 adjusted=0.000000000000000012 ");
	hour.account = text_of("other");
	expect_columns(kit, hour, "amount=0.000000000000000008 adjusted=0.000000000000000008 ");
	hour.model = text_of("acme/unlisted-1");
	expect_columns(kit, hour, "amount=0.00 ");
}

static void run_by(struct ledgerkit *kit, enum report_by by, char out[512])
{
	struct report_query query = { .by = by, .to_ms = LEDGER_TO_MAX };
	struct table table = { .rows = NULL };
	struct report_notes notes;
	size_t len = 0;

	out[0] = '\0';
	assert_int_equal(report_run(kit->ledger, &query, &table, &notes, NULL), 0);
	for (size_t r = 0; r < table.row_count; r++) {
		struct text name = table.rows[r].cells[0];

		len += (size_t)snprintf(out + len, 512 - len, "%s%.*s=%lld", r > 0 ? " " : "",
		                        name.at != NULL ? (int)name.len : 1,
		                        name.at != NULL ? name.at : "-",
		                        (long long)count_of(&table, &table.rows[r], "events"));
	}
	table_release(&table);
}

static void test_every_grouping_names_and_orders_its_rows(void **state)
{
	static const struct {
		const char *by, *expected;
	} rows[] = {
		{ "account", "a=2 b=1" },
		{ "key", "-=2 k=1" },
		{ "model", "m1=1 m2=2" },
		{ "source", "gw-1=2 gw-2=1" },
		{ "provider", "-=2 p=1" },
		{ "hour", "2026-06-30T23:00Z=1 2026-07-01T00:00Z=1 2026-07-01T01:00Z=1" },
		{ "day", "2026-06-30=1 2026-07-01=2" },
		{ "month", "2026-06=1 2026-07=2" },
	};
	struct ledgerkit *kit = *state;
	char got[512];

	kit_send(
		kit,
		kit_quotes("{'id':'1','time':'2026-06-30T23:59:59.999Z','account':'b','model':'m2',"
	                   "'api':'toll','usage':{'input':1},'source':'gw-2','key':'k'}"));
	kit_send(kit,
	         kit_quotes("{'id':'1','time':'2026-07-01T00:00:00Z','account':'a','model':'m1',"
	                    "'api':'toll','usage':{'input':1},'provider':'p'}"));
	kit_send(kit,
	         kit_quotes("{'id':'2','time':'2026-07-01T01:00:00Z','account':'a','model':'m2',"
	                    "'api':'toll','usage':{'input':1}}"));
	assert_int_equal(sizeof(rows) / sizeof(rows[0]), REPORT_BY_COUNT);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum report_by by = report_by_find(text_of(rows[i].by));

		assert_string_equal(report_by_key(by), rows[i].by);
		run_by(kit, by, got);
		if (strcmp(got, rows[i].expected) != 0)
			fail_msg("%s: %s", rows[i].by, got);
	}
	assert_int_equal(report_by_find(text_of("colour")), REPORT_BY_COUNT);
}

static void test_filters_take_only_what_they_name(void **state)
{
	struct ledgerkit *kit = *state;
	const struct {
		const char *label;
		struct report_query query;
		int64_t events;
	} rows[] = {
		{ "none", { .to_ms = LEDGER_TO_MAX }, 3 },
		{ "account", { .to_ms = LEDGER_TO_MAX, .account = text_of("a") }, 2 },
		{ "model", { .to_ms = LEDGER_TO_MAX, .model = text_of("m2") }, 2 },
		{ "both",
		  { .to_ms = LEDGER_TO_MAX, .account = text_of("a"), .model = text_of("m2") },
		  1 },
		{ "key", { .to_ms = LEDGER_TO_MAX, .key = text_of("k") }, 1 },
		{ "an empty key is nobody's", { .to_ms = LEDGER_TO_MAX, .key = text_of("") }, 0 },
		{ "source", { .to_ms = LEDGER_TO_MAX, .source = text_of("gw-2") }, 1 },
		{ "provider", { .to_ms = LEDGER_TO_MAX, .provider = text_of("p") }, 1 },
		{ "nobody", { .to_ms = LEDGER_TO_MAX, .account = text_of("A") }, 0 },
	};

	kit_send(
		kit,
		kit_quotes("{'id':'1','time':'2026-06-30T23:59:59.999Z','account':'b','model':'m2',"
	                   "'api':'toll','usage':{'input':1},'source':'gw-2','key':'k'}"));
	kit_send(kit,
	         kit_quotes("{'id':'1','time':'2026-07-01T00:00:00Z','account':'a','model':'m1',"
	                    "'api':'toll','usage':{'input':1},'provider':'p'}"));
	kit_send(kit,
	         kit_quotes("{'id':'2','time':'2026-07-01T01:00:00Z','account':'a','model':'m2',"
	                    "'api':'toll','usage':{'input':1}}"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct table table = { .rows = NULL };
		struct report_notes notes;

		assert_int_equal(report_run(kit->ledger, &rows[i].query, &table, &notes, NULL), 0);
		if (notes.events != rows[i].events)
			fail_msg("%s: %lld", rows[i].label, (long long)notes.events);
		table_release(&table);
	}
}

static void test_the_notes_tell_what_is_not_in_the_amount(void **state)
{
	struct report_query query = { .by = REPORT_BY_DAY, .to_ms = LEDGER_TO_MAX };
	struct ledgerkit *kit = *state;
	struct table table = { .rows = NULL };
	struct report_notes notes;

	kit_price(kit, kit_small_book);
	kit_send_usage(kit, "1", "2026-07-01T00:00:00Z", "acme/unlisted-1", "{\"input\":5}");
	kit_send_usage(kit, "2", "2026-07-01T00:00:00Z", "acme/llama-4-70b", "{\"input\":5}");
	assert_int_equal(kit_send_usage(kit, "2", "2026-07-01T00:00:00Z", "acme/llama-4-70b",
	                                "{\"input\":6}"),
	                 INGEST_CONFLICT);
	assert_int_equal(kit_send(kit, "broken"), INGEST_QUARANTINED);
	assert_int_equal(report_run(kit->ledger, &query, &table, &notes, NULL), 0);
	assert_int_equal(notes.events, 2);
	assert_int_equal(notes.suspense, 1);
	assert_int_equal(notes.gaps.quarantined, 1);
	assert_int_equal(notes.gaps.conflicts, 1);
	assert_string_equal(notes.currency, "USD");
	/* 5 x $0.80 per 1M; the other one is not there as zero, it is counted as unpriced. */
	assert_string_equal(table.total.cells[table.column_count - 1].at, "0.000004");
	table_release(&table);
}

static void test_a_range_without_events_has_a_total_of_nothing(void **state)
{
	struct report_query query = { .by = REPORT_BY_DAY, .from_ms = 1000, .to_ms = 1001 };
	struct ledgerkit *kit = *state;
	struct table table = { .rows = NULL };
	struct report_notes notes;

	assert_int_equal(report_run(kit->ledger, &query, &table, &notes, NULL), 0);
	assert_int_equal(table.row_count, 0);
	assert_int_equal(count_of(&table, &table.total, "events"), 0);
	assert_int_equal(amount_of(&table, &table.total).attos, 0);
	assert_string_equal(notes.currency, "");
	table_release(&table);
	query.to_ms = query.from_ms;
	assert_int_equal(report_run(kit->ledger, &query, &table, &notes, NULL), -FAULT_INVALID);
}

/* A request with two turns, one that failed in a turn, and one whose turns ended. */
static void test_turns_are_no_requests_but_cost(void **state)
{
	static const char *const lines[] = {
		"'id':'r','usage':{'input_tokens':10,'output_tokens':1,'iterations':["
		"{'type':'message'},{'type':'advisor_message','input_tokens':100,"
		"'output_tokens':0},{'type':'compaction','input_tokens':1000,'output_tokens':0}]}",
		"'id':'f','status':500,'usage':{'input_tokens':10,'output_tokens':0,'iterations':["
		"{'type':'message'},{'type':'advisor_message','input_tokens':100,"
		"'output_tokens':0}]}",
		"'id':'p','settlement':'open','usage':{'input_tokens':10,'output_tokens':1,"
		"'iterations':[{'type':'message'},{'type':'advisor_message','model':'other',"
		"'input_tokens':100,'output_tokens':0}]}",
		"'id':'p','settlement':'partial','usage':{'input_tokens':10,'output_tokens':1}",
	};
	struct report_query query = { .by = REPORT_BY_MODEL, .to_ms = LEDGER_TO_MAX };
	struct ledgerkit *kit = *state;
	struct table table = { .rows = NULL };
	struct report_notes notes;
	char line[1024];

	kit_price(kit, kit_small_book);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(line, sizeof(line),
		         "{'source':'gw','time':'2026-07-01T00:10:00Z','account':'a',"
		         "'model':'acme/llama-4-70b','api':'anthropic.messages',%s}",
		         lines[i]);
		kit_send(kit, kit_quotes(line));
	}
	/* From the sums of hours, and from the events of a part of one. */
	for (int part = 0; part < 2; part++) {
		query.from_ms = part ? DAY_MS : LEDGER_FROM_MIN;
		query.to_ms = part ? DAY_MS + MS_PER_HOUR / 2 : LEDGER_TO_MAX;
		assert_int_equal(report_run(kit->ledger, &query, &table, &notes, NULL), 0);
		assert_int_equal(table.row_count, 1);
		assert_int_equal(count_of(&table, &table.total, "events"), 3);
		assert_int_equal(count_of(&table, &table.total, "errors"), 1);
		assert_int_equal(count_of(&table, &table.total, "partial"), 1);
		assert_int_equal(count_of(&table, &table.total, "suspense"), 0);
		assert_int_equal(count_of(&table, &table.total, "input"), 1230);
		/* 1230 at 0.80 and 2 at 2.40 a million */
		assert_int_equal(amount_of(&table, &table.total).attos, 988800000000000);
		table_release(&table);
	}
}

/* "served" is what reached a client, "Requests" the events: the fee's column is neither. */
static void test_no_two_columns_have_one_title(void **state)
{
	struct report_query query = { .by = REPORT_BY_MODEL, .to_ms = LEDGER_TO_MAX };
	struct ledgerkit *kit = *state;
	struct table table = { .rows = NULL };
	struct report_notes notes;

	assert_int_equal(report_run(kit->ledger, &query, &table, &notes, NULL), 0);
	for (size_t i = 0; i < table.column_count; i++) {
		const char *title = table.columns[i].title;

		assert_string_not_equal(title, "Served");
		if (strcmp(table.columns[i].key, "requests") == 0)
			assert_string_equal(title, "Request fees");
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(title, table.columns[j].title);
	}
	table_release(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_any_range_is_exact_to_the_millisecond,
		                                kit_setup, kit_teardown),
		cmocka_unit_test_setup_teardown(test_every_grouping_names_and_orders_its_rows,
		                                kit_setup, kit_teardown),
		cmocka_unit_test_setup_teardown(test_cost_and_margin_of_any_range_are_exact,
		                                kit_setup, kit_teardown),
		cmocka_unit_test(test_basis_points_are_rounded_half_away_from_zero),
		cmocka_unit_test_setup_teardown(test_columns_appear_with_what_they_tell, kit_setup,
		                                kit_teardown),
		cmocka_unit_test_setup_teardown(test_adjustments_count_where_they_are_booked,
		                                kit_setup, kit_teardown),
		cmocka_unit_test_setup_teardown(test_filters_take_only_what_they_name, kit_setup,
		                                kit_teardown),
		cmocka_unit_test_setup_teardown(test_the_notes_tell_what_is_not_in_the_amount,
		                                kit_setup, kit_teardown),
		cmocka_unit_test_setup_teardown(test_no_two_columns_have_one_title, kit_setup,
		                                kit_teardown),
		cmocka_unit_test_setup_teardown(test_turns_are_no_requests_but_cost, kit_setup,
		                                kit_teardown),
		cmocka_unit_test_setup_teardown(test_a_range_without_events_has_a_total_of_nothing,
		                                kit_setup, kit_teardown),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
