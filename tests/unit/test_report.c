#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/moment.h"
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

static void send_random(struct ledgerkit *kit, struct sent sent[EVENTS], uint64_t *seed)
{
	kit_price(kit, kit_small_book);
	for (size_t i = 0; i < EVENTS; i++) {
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

static void test_any_range_is_exact_to_the_millisecond(void **state)
{
	static struct sent sent[EVENTS];
	struct ledgerkit *kit = *state;
	uint64_t seed = fixture_seed("report", 20261123);

	send_random(kit, sent, &seed);
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
		assert_int_equal(notes.events, count_of(&table, &table.total, "events"));
		assert_int_equal(notes.suspense, count_of(&table, &table.total, "suspense"));
		table_release(&table);
	}
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
