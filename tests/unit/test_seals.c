/* What a noted link tells of a ledger that another hand, or only time, went on with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/moment.h"
#include "ledger/adjust.h"
#include "ledger/correct.h"
#include "ledger/seal.h"
#include "tests/support/ledgerkit.h"

#define HOUR_9   "1785574800000"
#define DAY_MS   INT64_C(86400000)
/* All hours of these tests are over long before it. */
#define LATER_MS (KIT_NOW_MS + DAY_MS)
#define MODEL    "acme/llama-4-70b"

/* Whoever knows the program: it makes the digest that fits, and the hour waits for its seal. */
#define FORGED                                                                                     \
	";UPDATE event SET check_word = NULL; DELETE FROM hour_word WHERE kind = 3;"               \
	"UPDATE hour SET digest = NULL, unsealed = 1"

static struct seal_link seal_all(struct ledgerkit *kit, int64_t now_ms)
{
	struct seal_link link;
	struct fault fault;

	if (ledger_seal_all(kit->ledger, now_ms, &fault) < 0)
		fail_msg("%s", fault.text);
	assert_int_equal(ledger_seal_head(kit->ledger, &link, &fault), 0);
	return link;
}

static struct seal_link fill(struct ledgerkit *kit)
{
	struct fault fault;

	kit_price(kit, kit_small_book);
	kit_send_usage(kit, "a", "2026-08-01T09:00:00Z", MODEL, "{\"input\":1000}");
	kit_send_usage(kit, "b", "2026-08-01T10:00:00Z", MODEL, "{\"input\":1}");
	kit_send_usage(kit, "c", "2026-08-01T10:30:00Z", MODEL, "{\"input\":2}");
	assert_int_equal(kit_close_until(kit, INT64_C(1785564000000), &fault), 0);
	return seal_all(kit, LATER_MS);
}

static int add_changed(void *context, const struct seal_changed *changed)
{
	struct buf *out = context;
	char moment[MOMENT_TEXT_BYTES];

	moment_text_unit(changed->hour_ms, MOMENT_HOUR, moment);
	buf_addf(out, "%s %lld>%lld;", changed->log != NULL ? changed->log : moment,
	         (long long)changed->then, (long long)changed->now);
	return 0;
}

static void expect_changed(struct ledgerkit *kit, const struct seal_link *link, const char *label,
                           const char *expected)
{
	struct buf text = { .at = NULL };
	struct fault fault;

	buf_add_cstr(&text, "");
	if (ledger_each_changed(kit->ledger, link, add_changed, &text, &fault) < 0)
		fail_msg("%s", fault.text);
	if (!text_is(buf_text(&text), expected))
		fail_msg("%s: expected '%s', got '%s'", label, expected,
		         text.len > 0 ? text.at : "");
	buf_release(&text);
}

/* Nothing of it is a finding: an event that comes late leaves the same. */
static void test_a_noted_link_tells_what_was_forged_with_all_its_digests(void **state)
{
	static const struct {
		const char *label, *sql, *changed;
	} rows[] = {
		{ "nothing", "SELECT 1", "" },
		{ "a row altered", "UPDATE event SET latency_ms = 8 WHERE id = 'a'" FORGED,
		  "2026-08-01T09:00Z 1>1;" },
		{ "two hours altered",
		  "UPDATE event SET latency_ms = 8 WHERE id IN ('a', 'c')" FORGED,
		  "2026-08-01T09:00Z 1>1;2026-08-01T10:00Z 2>2;" },
		{ "an event moved within its hour",
		  "UPDATE event SET ts = ts + 1 WHERE id = 'b'" FORGED, "2026-08-01T10:00Z 2>2;" },
	};
	struct ledgerkit *kit = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf findings = { .at = NULL };
		struct seal_link link, found;
		struct fault fault;

		kit_close(kit);
		kit_open(kit);
		link = fill(kit);
		kit_shut(kit);
		kit_sql(kit, rows[i].sql);
		kit_reopen(kit);
		if (kit_verify(kit, &findings) > 0)
			fail_msg("%s: %s", rows[i].label, findings.at);
		expect_changed(kit, &link, rows[i].label, rows[i].changed);
		/* The next seal seals the forgery: the link tells it all the same. */
		seal_all(kit, LATER_MS + 1);
		assert_int_equal(ledger_seal_find(kit->ledger, text_of(link.chain), &found, &fault),
		                 0);
		assert_int_equal(found.seq, link.seq);
		expect_changed(kit, &found, rows[i].label, rows[i].changed);
		buf_release(&findings);
	}
}

static void test_what_came_late_and_what_was_put_in_or_taken_out_is_told(void **state)
{
	struct ledgerkit *kit = *state;
	struct seal_link link = fill(kit), second;

	kit_send_usage(kit, "d", "2026-08-01T10:40:00Z", MODEL, "{\"input\":3}");
	kit_send_usage(kit, "e", "2026-08-01T07:00:00Z", MODEL, "{\"input\":4}");
	/* Not over at that link, so nothing of it was to be sealed. */
	kit_send_usage(kit, "f", "2026-08-02T11:20:00Z", MODEL, "{\"input\":5}");
	expect_changed(kit, &link, "late", "2026-08-01T07:00Z -1>1;2026-08-01T10:00Z 2>3;");
	second = seal_all(kit, LATER_MS + DAY_MS);
	assert_int_equal(second.seq, link.seq + 1);
	expect_changed(kit, &second, "late, sealed", "");
	expect_changed(kit, &link, "late, sealed", "2026-08-01T07:00Z -1>1;2026-08-01T10:00Z 2>3;");
	kit_shut(kit);
	kit_sql(kit, "DELETE FROM hour WHERE hour = " HOUR_9);
	kit_reopen(kit);
	expect_changed(kit, &second, "taken out", "2026-08-01T09:00Z 1>0;");
}

static void test_a_log_that_is_not_as_it_was_at_a_link_is_told(void **state)
{
	static const struct {
		const char *label, *sql, *changed, *finding;
	} rows[] = {
		{ "altered", "UPDATE closing SET who = 'x'", "closing 1>1;", "rows of the log" },
		{ "taken out", "DELETE FROM closing", "closing 1>0;", "rows of the log" },
		{ "before the first",
		  "INSERT INTO change (seq, at_ms, who, what, detail) VALUES (-1, 1, 'x', 'y', "
		  "'{}')",
		  "", "seal rows before the first [change] 1|0" },
		{ "behind the last, which nobody can see",
		  "INSERT INTO change (seq, at_ms, who, what, detail) "
		  "SELECT coalesce(max(seq), 0) + 1, 1, 'x', 'y', '{}' FROM change",
		  "", "" },
	};
	struct ledgerkit *kit = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf findings = { .at = NULL };
		struct seal_link link;

		kit_close(kit);
		kit_open(kit);
		link = fill(kit);
		kit_shut(kit);
		kit_sql(kit, rows[i].sql);
		kit_reopen(kit);
		expect_changed(kit, &link, rows[i].label, rows[i].changed);
		kit_verify(kit, &findings);
		if (rows[i].finding[0] == '\0'
		            ? findings.len > 0
		            : findings.len == 0 || strstr(findings.at, rows[i].finding) == NULL)
			fail_msg("%s:\n%s", rows[i].label, findings.len > 0 ? findings.at : "");
		buf_release(&findings);
	}
}

static int stop(void *context, const struct seal_changed *changed)
{
	int *calls = context;

	(void)changed;
	++*calls;
	return 7;
}

static void test_the_walk_ends_where_it_is_told_to(void **state)
{
	struct ledgerkit *kit = *state;
	struct seal_link link = fill(kit);
	int calls = 0;

	kit_send_usage(kit, "d", "2026-08-01T10:40:00Z", MODEL, "{\"input\":3}");
	kit_send_usage(kit, "e", "2026-08-01T07:00:00Z", MODEL, "{\"input\":4}");
	assert_int_equal(ledger_each_changed(kit->ledger, &link, stop, &calls, NULL), 7);
	assert_int_equal(calls, 1);
}

static void expect_counts(struct ledgerkit *kit, int64_t now_ms, int64_t resealed, int64_t never)
{
	struct seal_counts counts;
	struct fault fault;

	assert_int_equal(ledger_seal_counts(kit->ledger, now_ms, &counts, &fault), 0);
	assert_int_equal(counts.resealed, resealed);
	assert_int_equal(counts.never, never);
}

static void test_hours_sealed_again_and_never_are_counted(void **state)
{
	struct ledgerkit *kit = *state;
	const int64_t due_ms = INT64_C(1785574800000) + MS_PER_HOUR + 2 * LEDGER_SEAL_AFTER_MS;

	kit_price(kit, kit_small_book);
	kit_send_usage(kit, "a", "2026-08-01T09:00:00Z", MODEL, "{\"input\":1}");
	expect_counts(kit, due_ms - 1, 0, 0);
	expect_counts(kit, due_ms, 0, 1);
	seal_all(kit, LATER_MS);
	expect_counts(kit, LATER_MS, 0, 0);
	kit_send_usage(kit, "b", "2026-08-01T09:10:00Z", MODEL, "{\"input\":1}");
	expect_counts(kit, LATER_MS, 1, 0);
	seal_all(kit, LATER_MS);
	expect_counts(kit, LATER_MS, 1, 0);
}

static int ignore(void *context, const struct verify_finding *finding)
{
	(void)context;
	(void)finding;
	return 0;
}

static void correct(struct ledgerkit *kit, const char *id)
{
	struct correction_wish wish = { .kind = CORRECTION_VOID,
		                        .source = text_of("gw-1"),
		                        .id = text_of(id),
		                        .time_ms = INT64_C(1785574800000),
		                        .at_ms = KIT_NOW_MS,
		                        .who = text_of("uid 7"),
		                        .reason = text_of("why") };
	struct correction_done done;
	struct fault fault;

	assert_int_equal(ledger_begin(kit->ledger, &fault), 0);
	if (ledger_correct(kit->ledger, &wish, &done, &fault) < 0)
		fail_msg("%s", fault.text);
	assert_int_equal(ledger_commit(kit->ledger, &fault), 0);
}

static void test_the_first_hour_is_that_of_what_is_gone_or_was_corrected(void **state)
{
	static const struct {
		const char *label, *sql;
	} rows[] = {
		{ "the row of an hour, which only its seal knows",
		  "DELETE FROM event WHERE id = 'a'; DELETE FROM rollup WHERE hour = " HOUR_9 ";"
		  "DELETE FROM hour WHERE hour = " HOUR_9
		  "; DELETE FROM hour_word WHERE hour = " HOUR_9 ";"
		  "DELETE FROM correction" },
		{ "a correction", "UPDATE correction SET reason = 'other'" },
	};
	struct ledgerkit *kit = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct verify_summary summary;
		struct fault fault;

		kit_close(kit);
		kit_open(kit);
		fill(kit);
		correct(kit, "a");
		kit_verify_clean(kit);
		kit_shut(kit);
		kit_sql(kit, rows[i].sql);
		kit_reopen(kit);
		assert_int_equal(ledger_verify(kit->ledger, ignore, NULL, NULL, &summary, &fault),
		                 0);
		assert_true(summary.findings > 0);
		if (summary.first_hour_ms != INT64_C(1785574800000))
			fail_msg("%s: %lld", rows[i].label, (long long)summary.first_hour_ms);
	}
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_noted_link_tells_what_was_forged_with_all_its_digests),
		T(test_what_came_late_and_what_was_put_in_or_taken_out_is_told),
		T(test_a_log_that_is_not_as_it_was_at_a_link_is_told),
		T(test_the_walk_ends_where_it_is_told_to),
		T(test_hours_sealed_again_and_never_are_counted),
		T(test_the_first_hour_is_that_of_what_is_gone_or_was_corrected),
	};

	return cmocka_run_group_tests_name("seals", tests, NULL, NULL);
}
