/* What verify says of corrections that are not as they were made, or never followed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/change.h"
#include "ledger/correct.h"
#include "ledger/internal.h"
#include "tests/support/ledgerkit.h"

#define EACH(component, price) "{'component':'" component "','each':'" price "'}"
#define BOOK(rates)                                                                                \
	"{'pricebook':1,'name':'b','currency':'USD','models':[{'model':'m','versions':["           \
	"{'effective_from':'2026','rates':[" rates "]}]}]}"
#define TIME_MS INT64_C(1785574801000)
#define EVENT   "[source gw-1 id a time 2026-08-01T09:00:01.000Z]"

static void correct(struct ledgerkit *kit, const char *id, enum correction_kind kind, int64_t input)
{
	struct correction_wish wish = { .kind = kind,
		                        .source = text_of("gw-1"),
		                        .id = text_of(id),
		                        .time_ms = TIME_MS,
		                        .at_ms = KIT_NOW_MS,
		                        .who = text_of("uid 7"),
		                        .reason = text_of("why") };
	struct fault fault = { .code = FAULT_NONE };
	struct correction_done done;

	for (int c = 0; c < COMPONENT_COUNT; c++)
		wish.set[c] = c == COMPONENT_INPUT ? input : EVENT_ABSENT;
	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	if (ledger_correct(kit->ledger, &wish, &done, &fault) < 0)
		fail_msg("%s", fault.text);
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
}

/* a: 10, then 4, then void; b: 100, then 60; w waits, and is void. */
static void fill(struct ledgerkit *kit)
{
	kit_price(kit, kit_quotes(BOOK(EACH("input", "1"))));
	kit_cost(kit, kit_quotes(BOOK(EACH("input", "0.5"))));
	kit_send_usage(kit, "a", "2026-08-01T09:00:01Z", "m", "{\"input\":10}");
	kit_send_usage(kit, "b", "2026-08-01T09:00:01Z", "m", "{\"input\":100}");
	kit_send_usage(kit, "w", "2026-08-01T09:00:01Z", "n", "{\"input\":7}");
	correct(kit, "a", CORRECTION_CORRECT, 4);
	correct(kit, "b", CORRECTION_CORRECT, 60);
	correct(kit, "a", CORRECTION_VOID, 0);
	correct(kit, "w", CORRECTION_VOID, 0);
}

/* Whoever alters a row and knows how digests are made. */
static void forge_digests(struct ledgerkit *kit)
{
	struct query query;
	struct buf sql = { .at = NULL };
	int r;

	kit_reopen(kit);
	query = query_start(kit->ledger, STATEMENT_CORRECTION_ALL);
	while ((r = query_row(&query, NULL)) > 0) {
		unsigned char digest[SHA256_BYTES];
		struct correction_row row;

		assert_int_equal(correction_read(kit->ledger, &query, &row, NULL), 0);
		assert_int_equal(correction_digest(&row, digest, NULL), 0);
		buf_add_cstr(&sql, "UPDATE correction SET digest = x'");
		for (size_t i = 0; i < sizeof(digest); i++)
			buf_addf(&sql, "%02x", digest[i]);
		buf_addf(&sql, "' WHERE seq = %lld;", (long long)row.seq);
	}
	assert_int_equal(r, 0);
	kit_shut(kit);
	kit_sql(kit, sql.at);
	buf_release(&sql);
}

static const struct {
	const char *sql, *findings;
	bool forged;
} damages[] = {
	{ "UPDATE correction SET reason = 'other' WHERE seq = 2",
	  "correction content [source gw-1 id b time 2026-08-01T09:00:01.000Z] another digest|as "
	  "it "
	  "was made\n",
	  false },
	{ "UPDATE correction SET counts = '{\"input\":-5}' WHERE seq = 1",
	  "correction content " EVENT " another digest|as it was made\n"
	  "correction input " EVENT " 1|0\n",
	  false },
	{ "UPDATE correction SET counts = '{input}' WHERE seq = 2",
	  "correction row [source gw-1 id b time 2026-08-01T09:00:01.000Z] the counts of "
	  "correction "
	  "2 are none|a row that can be read\n",
	  false },
	{ "UPDATE correction SET counts = '{\"tokens\":1}' WHERE seq = 2",
	  "correction row [source gw-1 id b time 2026-08-01T09:00:01.000Z] the counts of "
	  "correction "
	  "2 are none|a row that can be read\n",
	  false },
	{ "DELETE FROM correction WHERE seq = 2",
	  "correction the line before it [correction 3] "
	  "missing|2\n",
	  false },
	/* The digests fit from here on. */
	{ "UPDATE correction SET nanos = nanos + 1 WHERE seq = 2",
	  "correction amount [source gw-1 id b time 2026-08-01T09:00:01.000Z] "
	  "-39.999999999|-40.00\n",
	  true },
	{ "UPDATE correction SET cost_nanos = cost_nanos + 1 WHERE seq = 2",
	  "correction cost [source gw-1 id b time 2026-08-01T09:00:01.000Z] "
	  "-19.999999999|-20.00\n",
	  true },
	{ "UPDATE correction SET counts = '{\"input\":-41}' WHERE seq = 2",
	  "correction amount [source gw-1 id b time 2026-08-01T09:00:01.000Z] -40.00|-41.00\n",
	  true },
	{ "UPDATE correction SET counts = '{\"input\":-101}' WHERE seq = 2",
	  "correction input [source gw-1 id b time 2026-08-01T09:00:01.000Z] -1|1\n", true },
	{ "UPDATE correction SET counts = '{\"input\":-40,\"pages\":1}' WHERE seq = 2",
	  "correction amount [source gw-1 id b time 2026-08-01T09:00:01.000Z] counts that its "
	  "price has no rate for|counts with a rate\n",
	  true },
	{ "UPDATE correction SET events = 0 WHERE seq = 3", "correction events " EVENT " 0|-1\n",
	  true },
	{ "UPDATE correction SET costed = 0 WHERE seq = 3", "correction costed " EVENT " 0|-1\n",
	  true },
	{ "UPDATE correction SET errors = -1 WHERE seq = 3", "correction errors " EVENT " -1|0\n",
	  true },
	{ "UPDATE correction SET account = source WHERE seq = 3",
	  "correction account " EVENT " 1|2\n", true },
	{ "UPDATE correction SET price = 0 WHERE seq = 2",
	  "correction price [source gw-1 id b time 2026-08-01T09:00:01.000Z] 0|1\n", true },
	{ "UPDATE correction SET booked_hour = booked_hour + 3600000 WHERE seq = 3",
	  "correction booked hour " EVENT " 2026-08-01T10:00Z|2026-08-01T09:00Z\n", true },
	{ "UPDATE correction SET ts = ts + 1 WHERE seq = 4",
	  "correction event [source gw-1 id w time 2026-08-01T09:00:01.001Z] gone|an event that is "
	  "there\n",
	  true },
	{ "CREATE TEMP TABLE one AS SELECT * FROM correction WHERE seq = 1; UPDATE one SET "
	  "seq = 5, counts = '{}', nanos = 0, attos = 0, cost_nanos = 0, cost_attos = 0; "
	  "INSERT INTO correction SELECT * FROM one",
	  "correction kind " EVENT " correct|nothing: it is void\n", true },
	{ "UPDATE correction SET seq = 9 WHERE seq = 3; UPDATE correction SET seq = 3 WHERE "
	  "seq = 1; UPDATE correction SET seq = 1 WHERE seq = 9",
	  "correction input " EVENT " 6|0\n", true },
};

/* "LEDGER" in its first place. */
static void hide_path(const struct ledgerkit *kit, struct buf *findings)
{
	char *place = findings->len > 0 ? strstr(findings->at, kit->path) : NULL;

	if (place == NULL)
		return;
	memcpy(place, "LEDGER", 6);
	memmove(place + 6, place + strlen(kit->path), strlen(place + strlen(kit->path)) + 1);
}

static void test_a_correction_that_does_not_follow_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct ledgerkit kit = { .ledger = NULL };
		struct buf findings = { .at = NULL };

		kit_open(&kit);
		fill(&kit);
		kit_verify_clean(&kit);
		kit_shut(&kit);
		kit_sql(&kit, damages[i].sql);
		if (damages[i].forged)
			forge_digests(&kit);
		kit_reopen(&kit);
		kit_verify(&kit, &findings);
		hide_path(&kit, &findings);
		if (findings.len == 0 || strstr(findings.at, damages[i].findings) != findings.at)
			fail_msg("%s:\n%s\nnot\n%s", damages[i].sql,
			         findings.len > 0 ? findings.at : "(nothing)", damages[i].findings);
		buf_release(&findings);
		kit_close(&kit);
	}
}

/* The tables keep what no program may write. */
static void test_the_table_refuses_what_is_no_correction(void **state)
{
	static const char *const refused[] = {
		"UPDATE correction SET kind = 'other' WHERE seq = 1",
		"UPDATE correction SET who = '' WHERE seq = 1",
		"UPDATE correction SET reason = '' WHERE seq = 1",
		"UPDATE correction SET events = -1 WHERE seq = 1",
		"UPDATE correction SET events = 1 WHERE seq = 3",
		"UPDATE correction SET hour = hour + 3600000 WHERE seq = 1",
		"UPDATE correction SET booked_hour = booked_hour - 3600000 WHERE seq = 1",
		"UPDATE correction SET booked_hour = booked_hour + 1 WHERE seq = 1",
		"UPDATE correction SET digest = x'00' WHERE seq = 1",
		"UPDATE correction SET counts = '' WHERE seq = 1",
		/* Void once. */
		"UPDATE correction SET kind = 'void' WHERE seq = 1",
		"UPDATE correction SET kind = 'twin' WHERE seq = 1",
	};
	struct ledgerkit *kit = *state;

	fill(kit);
	kit_shut(kit);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		sqlite3 *db = NULL;

		assert_int_equal(sqlite3_open(kit->path, &db), SQLITE_OK);
		if (sqlite3_exec(db, refused[i], NULL, NULL, NULL) != SQLITE_CONSTRAINT)
			fail_msg("%s", refused[i]);
		sqlite3_close(db);
	}
	kit_reopen(kit);
	kit_verify_clean(kit);
}

static int pass(void *context, const struct stored_event *row)
{
	(void)row;
	++*(int *)context;
	return 0;
}

static int pass_correction(void *context, const struct correction *correction)
{
	(void)correction;
	++*(int *)context;
	return 0;
}

/* Never a sum of what cannot be read. */
static void test_damage_is_no_sum(void **state)
{
	static const struct {
		const char *sql;
		bool forged; /* with a digest that fits: the row by itself is one */
	} rows[] = {
		{ "UPDATE correction SET counts = '{input}' WHERE seq = 2", false },
		{ "UPDATE correction SET counts = '{\"input\":1.5}' WHERE seq = 2", false },
		{ "UPDATE correction SET counts = '{\"input\":-39}' WHERE seq = 2", false },
		{ "UPDATE correction SET nanos = nanos + 1 WHERE seq = 2", false },
		{ "UPDATE correction SET counts = '{\"input\":-101}' WHERE seq = 2", true },
		{ "UPDATE correction SET nanos = 9223372036854775807 WHERE seq = 2", true },
		{ "UPDATE correction SET cost_nanos = 9223372036854775807 WHERE seq = 2", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ledgerkit kit = { .ledger = NULL };
		struct fault fault = { .code = FAULT_NONE };
		int calls = 0;

		kit_open(&kit);
		fill(&kit);
		kit_shut(&kit);
		kit_sql(&kit, rows[i].sql);
		if (rows[i].forged)
			forge_digests(&kit);
		kit_reopen(&kit);
		assert_int_equal(
			ledger_each_event_now(kit.ledger, 0, INT64_MAX, pass, &calls, &fault),
			-FAULT_CORRUPT);
		assert_int_equal(ledger_each_correction(kit.ledger, CORRECTION_TRAFFIC, 0,
		                                        INT64_MAX, pass_correction, &calls, &fault),
		                 rows[i].forged ? 0 : -FAULT_CORRUPT);
		kit_close(&kit);
	}
}

/* Of an event that got its price the row that rates its other counts is due. */
static void test_a_price_that_came_without_its_row_is_named(void **state)
{
	static const char request[] = "{\"change\":\"suspense.retry\"}";
	const struct change change = { text_of(request), text_of("uid 7"), KIT_NOW_MS };
	struct ledgerkit *kit = *state;
	struct buf reply = { .at = NULL }, findings = { .at = NULL };
	bool changed;

	kit_price(kit, kit_quotes(BOOK(EACH("output", "1"))));
	kit_send_usage(kit, "a", "2026-08-01T09:00:01Z", "m", "{\"input\":10}");
	correct(kit, "a", CORRECTION_CORRECT, 4);
	kit_price(kit, kit_quotes(BOOK(EACH("input", "1"))));
	assert_int_equal(change_run(kit->ledger, &change, &reply, &changed, NULL), 0);
	kit_verify_clean(kit);
	kit_shut(kit);
	kit_sql(kit, "DELETE FROM correction WHERE kind = 'rated'");
	kit_reopen(kit);
	kit_verify(kit, &findings);
	assert_non_null(findings.at);
	assert_non_null(strstr(findings.at, "correction amount " EVENT " 0.00|-6.00\n"));
	buf_release(&findings);
	buf_release(&reply);
}

static void test_what_is_void_is_no_suspense(void **state)
{
	struct ledgerkit *kit = *state;
	struct verify_summary summary;
	struct ledger *reader = NULL;

	fill(kit);
	assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
	assert_int_equal(ledger_verify(reader, NULL, NULL, NULL, &summary, NULL), 0);
	ledger_close(reader);
	assert_int_equal(summary.suspense, 0);
	assert_int_equal(summary.corrections, 4);
	assert_true(summary.corrected_amount.attos == -(wide)50 * ATTOS_PER_UNIT);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_correction_that_does_not_follow_is_named),
		cmocka_unit_test(test_damage_is_no_sum),
		T(test_the_table_refuses_what_is_no_correction),
		T(test_a_price_that_came_without_its_row_is_named),
		T(test_what_is_void_is_no_suspense),
	};

	return cmocka_run_group_tests_name("verify corrections", tests, NULL, NULL);
}
