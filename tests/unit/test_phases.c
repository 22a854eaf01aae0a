/*
 * The phases of a request: whatever order they come in and however often, what stands in the
 * end is the same, and verify finds nothing on the way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/internal.h"
#include "tests/support/fixture.h"
#include "tests/support/ledgerkit.h"

#define PRICED   "acme/llama-4-70b"
#define UNPRICED "unlisted"

/* Other times, hours, models and accounts: each phase has other sums. */
static const char *const phases[SETTLEMENT_COUNT] = {
	[SETTLEMENT_OPEN] = "{'id':'r','time':'2026-08-01T09:59:59.999Z','account':'acct',"
			    "'model':'" PRICED "','api':'toll','settlement':'open'}",
	[SETTLEMENT_PARTIAL] = "{'id':'r','time':'2026-08-01T10:00:00Z','account':'acct',"
			       "'model':'" UNPRICED "','api':'toll','settlement':'partial',"
			       "'usage':{'input':100,'output':5,'pages':2,'dreams':1}}",
	[SETTLEMENT_ABANDONED] = "{'id':'r','time':'2026-08-01T10:00:01Z','account':'other',"
				 "'model':'" PRICED "','api':'toll','settlement':'abandoned',"
				 "'provenance':'estimated','status':499,"
				 "'usage':{'input':100,'output':7}}",
	[SETTLEMENT_FINAL] = "{'id':'r','time':'2026-08-01T09:00:00Z','account':'acct',"
			     "'model':'" PRICED "','api':'toll','settlement':'final',"
			     "'usage':{'input':1000,'output':50}}",
};

static enum ingest_verdict send(struct ledgerkit *kit, const char *line)
{
	return kit_send(kit, kit_quotes(line));
}

/* All that counts: the event, its details, the sums, and what the source is told to have sent. */
static const char all_that_counts[] =
	"SELECT (SELECT group_concat(id || ' ' || ts || ' ' || settlement || ' ' || provenance || "
	"' ' || price || ' ' || input || ' ' || output || ' ' || nanos || ' ' || attos || ' ' || "
	"hash || ' ' || coalesce(cost_price, 'none') || ' ' || cost_nanos || ' ' || cost_attos, "
	"';') "
	"FROM event) || '|' || "
	"coalesce((SELECT group_concat(ts || component || count, ';') FROM event_detail), '') || "
	"'|' || (SELECT group_concat(hour || ' ' || n.text || ' ' || m.text || ' ' || price || ' ' "
	"|| events || ' ' || errors || ' ' || partial || ' ' || estimated || ' ' || uncounted || "
	"' ' || input || ' ' || output || ' ' || pages || ' ' || requests || ' ' || nanos || ' ' "
	"|| costed || ' ' || uncosted || ' ' || cost_nanos || "
	"' ' || cost_attos, ';') "
	"FROM rollup JOIN name n ON n.id = account JOIN name m ON m.id = model) || '|' || "
	"(SELECT events || ' ' || first_ts || ' ' || last_ts FROM watermark) || '|' || "
	"coalesce((SELECT path || ' ' || events FROM unknown_usage), '') || '|' || "
	"coalesce((SELECT group_concat(settlement || ' ' || ts || ' ' || event_ts || ' ' || hash, "
	"';') FROM phase), '')";

/* Sends the phases of `order` in one or several transactions; what is not known is accepted. */
static void send_in_order(struct ledgerkit *kit, const char *order, uint64_t *seed)
{
	unsigned came = 0;
	bool open = false;

	for (const char *at = order; *at != '\0'; at++) {
		int phase = *at - '0';
		enum ingest_verdict due = (came & (1u << phase)) != 0 ? INGEST_DUPLICATE
		                          : phase == SETTLEMENT_PARTIAL && came >> phase == 0
		                                  ? INGEST_UNPRICED
		                                  : INGEST_ACCEPTED;
		struct ingest_item item;

		kit_prepare(kit, kit_quotes(phases[phase]), &item);
		if (!open)
			assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
		assert_int_equal(ingest_store(kit->ledger, &item, NULL), 0);
		open = fixture_below(seed, 2) != 0 && at[1] != '\0';
		if (!open)
			assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
		if (item.verdict != due)
			fail_msg("%s, phase %d: %s", order, phase,
			         ingest_verdict_name(item.verdict));
		came |= 1u << phase;
		if (!open && fixture_below(seed, 4) == 0) {
			kit_shut(kit);
			kit_reopen(kit);
		}
		if (!open)
			kit_verify_clean(kit);
	}
}

/* Away with all but names and books, so that a next order begins anew. */
static void forget(struct ledgerkit *kit)
{
	kit_shut(kit);
	kit_sql(kit, "DELETE FROM event; DELETE FROM hour_word; DELETE FROM event_detail; DELETE "
	             "FROM rollup; DELETE FROM hour; "
	             "DELETE FROM watermark; DELETE FROM unknown_usage; DELETE FROM phase");
	kit_reopen(kit);
}

/* Every order of the phases of a set, each of them with `again` repeats put in at random. */
static int each_order(struct ledgerkit *kit, char *order, size_t count, size_t at, int again,
                      char expected[4096], uint64_t *seed)
{
	char with[16];
	int orders = 0;
	size_t len = count;

	for (size_t i = at; i < count; i++) {
		char first = order[at];

		order[at] = order[i];
		order[i] = first;
		orders += each_order(kit, order, count, at + 1, again, expected, seed);
		order[i] = order[at];
		order[at] = first;
	}
	if (at < count)
		return orders;
	memcpy(with, order, count + 1);
	for (int i = 0; i < again; i++) {
		size_t place = fixture_below(seed, len + 1);

		memmove(with + place + 1, with + place, len + 1 - place);
		with[place] = order[fixture_below(seed, count)];
		len++;
	}
	forget(kit);
	send_in_order(kit, with, seed);
	kit_shut(kit);
	if (expected[0] == '\0')
		snprintf(expected, 4096, "%s", kit_sql_text(kit, all_that_counts));
	if (strcmp(kit_sql_text(kit, all_that_counts), expected) != 0)
		fail_msg("%s:\n%s\nnot\n%s", with, kit_sql_text(kit, all_that_counts), expected);
	kit_reopen(kit);
	return 1;
}

static void every_order_ends_the_same(struct ledgerkit *kit)
{
	uint64_t seed = fixture_seed("phases", 20260801);
	int orders = 0;

	kit_price(kit, kit_small_book);
	for (unsigned set = 1; set < 1u << SETTLEMENT_COUNT; set++) {
		char order[SETTLEMENT_COUNT + 1], expected[4096] = "";
		size_t count = 0;

		for (int s = 0; s < SETTLEMENT_COUNT; s++) {
			if ((set & (1u << s)) != 0)
				order[count++] = (char)('0' + s);
		}
		order[count] = '\0';
		for (int again = 0; again < 4; again += 2)
			orders += each_order(kit, order, count, 0, again, expected, &seed);
	}
	/* 4 of one, 6 x 2 of two, 4 x 6 of three, 24 of all four; with no repeats and with two */
	assert_int_equal(orders, 2 * (4 + 12 + 24 + 24));
}

static void test_every_order_of_phases_ends_the_same(void **state)
{
	every_order_ends_the_same(*state);
}

/* The cost of the one that is unpriced is known, that of another is not. */
static const char cost_book[] =
	"{'pricebook':1,'name':'cost','currency':'USD','models':[{'model':'unlisted','versions':["
	"{'effective_from':'2026','rates':[{'component':'input','per_million':'0.31'},"
	"{'component':'output','per_million':'1.000000000001'},"
	"{'component':'pages','each':'0.5'}]}]},{'model':'acme/llama-4-70b','versions':["
	"{'effective_from':'2026-08-01T09:59:59Z','rates':["
	"{'component':'input','per_million':'0.33'},"
	"{'component':'output','per_million':'1.11'}]}]}]}";

static void test_every_order_of_phases_ends_with_the_same_cost(void **state)
{
	struct ledgerkit *kit = *state;

	kit_cost(kit, kit_quotes(cost_book));
	every_order_ends_the_same(kit);
}

static void test_a_phase_that_was_replaced_keeps_its_cost(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_small_book);
	kit_cost(kit, kit_quotes(cost_book));
	send(kit, phases[SETTLEMENT_PARTIAL]);
	assert_string_equal(kit_ask(kit, "SELECT cost_price || ' ' || cost_nanos || ' ' || "
	                                 "cost_attos FROM event"),
	                    "2 1000036000 5");
	send(kit, phases[SETTLEMENT_FINAL]);
	/* Of an hour before the first version: no rate, and no sum has a cost any more. */
	assert_string_equal(kit_ask(kit, "SELECT cost_price || ' ' || cost_nanos FROM event"),
	                    "-1 0");
	assert_string_equal(kit_ask(kit, "SELECT count(*) || ' ' || sum(costed) || ' ' || "
	                                 "sum(uncosted) || ' ' || sum(cost_nanos) FROM rollup"),
	                    "1 0 1 0");
	assert_non_null(
		strstr(kit_ask(kit, "SELECT stored FROM phase"),
	               kit_quotes("'price_id':-1,'cost_id':2,'cost':'1.000036000000000005'}")));
	kit_verify_clean(kit);
}

static void test_the_highest_phase_stands_and_the_others_are_kept(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_small_book);
	assert_int_equal(send(kit, phases[SETTLEMENT_PARTIAL]), INGEST_UNPRICED);
	assert_int_equal(send(kit, phases[SETTLEMENT_FINAL]), INGEST_ACCEPTED);
	assert_int_equal(send(kit, phases[SETTLEMENT_OPEN]), INGEST_ACCEPTED);
	assert_string_equal(kit_events(kit), "r=1:0.00092");
	assert_string_equal(
		kit_ask(kit, "SELECT group_concat(settlement || late || ' ' || kept_ms || ' ' || "
	                     "stored, '; ') FROM phase"),
		kit_quotes("01 1785585600000 {'id':'r','source':'gw-1','time':'2026-08-01T09:59:"
	                   "59.999Z','account':'acct','model':'" PRICED "','api':'toll',"
	                   "'settlement':'open','provenance':'none','stream':false,'counts':"
	                   "{},'policy':0,'price_id':0,'amount':'0.00'}; "
	                   "10 1785585600000 {'id':'r','source':'gw-1','time':'2026-08-01T10:00:00."
	                   "000Z','account':'acct','model':'" UNPRICED "','api':'toll',"
	                   "'settlement':'partial','provenance':'partial','stream':false,"
	                   "'counts':{'input':100,'output':5,'pages':2,'requests':1},"
	                   "'policy':0,'price_id':-1}"));
}

/* Of each phase: the same again is a duplicate, other content a conflict with that phase. */
static void test_a_phase_that_was_replaced_knows_its_content(void **state)
{
	static const char other_open[] = "{'id':'r','time':'2026-08-01T09:00:00Z','account':'acct',"
					 "'model':'m','api':'toll','settlement':'open'}";
	struct ledgerkit *kit = *state;

	send(kit, phases[SETTLEMENT_OPEN]);
	send(kit, phases[SETTLEMENT_FINAL]);
	assert_int_equal(send(kit, phases[SETTLEMENT_OPEN]), INGEST_DUPLICATE);
	assert_int_equal(send(kit, phases[SETTLEMENT_FINAL]), INGEST_DUPLICATE);
	assert_int_equal(send(kit, other_open), INGEST_CONFLICT);
	assert_int_equal(send(kit, other_open), INGEST_CONFLICT);
	assert_int_equal(send(kit, phases[SETTLEMENT_PARTIAL]), INGEST_ACCEPTED);
	assert_int_equal(send(kit, phases[SETTLEMENT_OPEN]), INGEST_DUPLICATE);
	/* The other one stands beside the phase that it contradicts, and names what stands. */
	assert_string_equal(kit_ask(kit,
	                            "SELECT json_extract(stored, '$.settlement') || ' ' || times "
	                            "|| ' ' || (ts = (SELECT ts FROM event)) FROM conflict"),
	                    "open 2 1");
	kit_verify_clean(kit);
}

static void test_a_conflict_follows_the_event_that_stands(void **state)
{
	struct ledgerkit *kit = *state;

	send(kit, phases[SETTLEMENT_PARTIAL]);
	assert_int_equal(send(kit, "{'id':'r','time':'2026-08-01T10:00:00Z','account':'acct',"
	                           "'model':'m','api':'toll','settlement':'partial'}"),
	                 INGEST_CONFLICT);
	assert_int_equal(send(kit, phases[SETTLEMENT_ABANDONED]), INGEST_UNPRICED);
	kit_verify_clean(kit);
	assert_int_equal(send(kit, phases[SETTLEMENT_FINAL]), INGEST_UNPRICED);
	kit_verify_clean(kit);
	assert_string_equal(kit_ask(kit,
	                            "SELECT count(*) FROM conflict JOIN event USING (ts, source, "
	                            "id)"),
	                    "1");
}

/* What is rolled back did not happen: the batch comes again, and is counted once. */
static void test_after_a_rollback_the_earlier_phase_is_found_again(void **state)
{
	struct ledgerkit *kit = *state;
	struct ingest_item item;

	send(kit, phases[SETTLEMENT_OPEN]);
	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	for (int s = SETTLEMENT_PARTIAL; s < SETTLEMENT_COUNT; s++) {
		kit_prepare(kit, kit_quotes(phases[s]), &item);
		assert_int_equal(ingest_store(kit->ledger, &item, NULL), 0);
		assert_int_equal(item.verdict, INGEST_UNPRICED);
	}
	ledger_rollback(kit->ledger);
	kit_verify_clean(kit);
	assert_int_equal(send(kit, phases[SETTLEMENT_OPEN]), INGEST_DUPLICATE);
	assert_int_equal(send(kit, phases[SETTLEMENT_PARTIAL]), INGEST_UNPRICED);
	assert_int_equal(send(kit, phases[SETTLEMENT_FINAL]), INGEST_UNPRICED);
	kit_verify_clean(kit);
	assert_string_equal(kit_ask(kit, "SELECT count(*) FROM event"), "1");
}

static void test_a_later_phase_that_does_not_fit_leaves_the_earlier(void **state)
{
	static const char dear[] =
		"{'pricebook':1,'currency':'USD','models':[{'model':'dear','versions':["
		"{'effective_from':'2026','rates':[{'component':'input','each':'9000000000'},"
		"{'component':'output','each':'1'},{'component':'pages','each':'0'}]}]}]}";
	static const char partial[] =
		"{'id':'r','time':'2026-08-01T10:00:00Z','account':'acct','model':'dear',"
		"'api':'toll','settlement':'partial','usage':{'output':3,'pages':1}}";
	static const char final[] =
		"{'id':'r','time':'2026-08-01T10:30:00Z','account':'acct','model':'dear',"
		"'api':'toll','settlement':'final','usage':{'input':1}}";
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(dear));
	kit_send_usage(kit, "full", "2026-08-01T10:00:00Z", "dear", "{\"input\":1}");
	assert_int_equal(send(kit, partial), INGEST_ACCEPTED);
	assert_int_equal(send(kit, final), INGEST_QUARANTINED);
	assert_string_equal(kit_events(kit), "full=1:9000000000.00 r=1:3.00");
	kit_verify_clean(kit);
	assert_string_equal(kit_ask(kit, "SELECT count(*) FROM phase"), "0");
	assert_string_equal(kit_ask(kit, "SELECT reason FROM quarantine"), "amount");
	assert_string_equal(kit_ask(kit, "SELECT count(*) FROM event_detail"), "1");
	/* It is known as it stands: the same again is the same. */
	assert_int_equal(send(kit, partial), INGEST_DUPLICATE);
}

static void test_a_line_refused_today_is_held_by_a_phase(void **state)
{
	struct ledgerkit *kit = *state;
	struct ingest_item item;
	bool holds = false;

	send(kit, phases[SETTLEMENT_OPEN]);
	send(kit, phases[SETTLEMENT_FINAL]);
	for (int s = 0; s < SETTLEMENT_COUNT; s++) {
		kit_prepare(kit, kit_quotes(phases[s]), &item);
		assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
		assert_int_equal(ledger_holds(kit->ledger, item.event.source, item.event.id,
		                              item.event.time_ms, item.event.content_hash, &holds,
		                              NULL),
		                 0);
		ledger_rollback(kit->ledger);
		assert_int_equal(holds, s == SETTLEMENT_OPEN || s == SETTLEMENT_FINAL);
	}
}

/* Beyond memory an identity is found by its own time; then nothing is counted twice. */
static void test_an_identity_out_of_memory_is_found_by_its_own_time(void **state)
{
	struct ledgerkit *kit = *state;

	kit_shut(kit);
	kit_reopen_small(kit);
	send(kit, "{'id':'r','time':'2026-08-01T09:00:00Z','account':'acct','model':'m',"
	          "'api':'toll','settlement':'open'}");
	kit_forget(kit);
	assert_int_equal(send(kit, phases[SETTLEMENT_FINAL]), INGEST_UNPRICED);
	kit_verify_clean(kit);
	assert_string_equal(kit_ask(kit, "SELECT count(*) FROM phase"), "1");
}

/* One byte of an id is another: two rows have one key, and what is found is not what was sent. */
static void test_an_event_that_stands_twice_at_once_is_damage(void **state)
{
	enum { FILE_BYTES_MAX = 4 * 1024 * 1024 };
	struct ledgerkit *kit = *state;
	struct fault fault = { .code = FAULT_NONE };
	char *bytes = malloc(FILE_BYTES_MAX), *found;
	int64_t root, page;
	struct ingest_item item;
	size_t len;
	FILE *file;

	send(kit, "{'id':'reqst001','time':'2026-08-01T09:00:00Z','account':'acct','model':'m',"
	          "'api':'toll','settlement':'open'}");
	send(kit, "{'id':'reqst002','time':'2026-08-01T09:00:00Z','account':'acct','model':'m',"
	          "'api':'toll','settlement':'open'}");
	kit_shut(kit);
	root = kit_sql_int(kit, "SELECT rootpage FROM sqlite_schema WHERE name = 'event'");
	page = kit_sql_int(kit, "PRAGMA page_size");
	file = fopen(kit->path, "r+b");
	assert_non_null(bytes);
	assert_non_null(file);
	len = fread(bytes, 1, FILE_BYTES_MAX, file);
	assert_true(len > 0 && len < FILE_BYTES_MAX);
	found = memmem(bytes + (root - 1) * page, (size_t)page, "reqst002", 8);
	assert_non_null(found);
	found[7] = '1';
	rewind(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	kit_reopen(kit);
	kit_prepare(
		kit,
		kit_quotes("{'id':'reqst001','time':'2026-08-01T09:00:00Z','account':'acct',"
	                   "'model':'m','api':'toll','settlement':'final','usage':{'input':1}}"),
		&item);
	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	assert_int_equal(ingest_store(kit->ledger, &item, &fault), -FAULT_CORRUPT);
	assert_non_null(strstr(fault.text, kit->path));
	ledger_rollback(kit->ledger);
	free(bytes);
}

/* That an identity stands twice is told by verify; it must not stop what comes next. */
static void test_phases_of_an_identity_that_stands_twice_are_taken(void **state)
{
#define PHASE(time, rest)                                                                          \
	"{'id':'r','time':'2026-08-01T" time "Z','account':'acct','model':'m','api':'toll'," rest  \
	"}"
	struct ledgerkit *kit = *state;
	struct buf findings = { .at = NULL };

	kit_shut(kit);
	kit_reopen_small(kit);
	assert_int_equal(send(kit, PHASE("09:00:00", "'settlement':'open'")), INGEST_ACCEPTED);
	kit_forget(kit);
	assert_int_equal(send(kit, PHASE("10:00:00", "'settlement':'open'")), INGEST_ACCEPTED);
	/* In the place of the one of its own time, not of the one that memory has. */
	assert_int_equal(send(kit, PHASE("09:00:00", "'settlement':'abandoned'")), INGEST_UNPRICED);
	kit_shut(kit);
	kit_reopen(kit);
	/* And of the other, whose earlier phase is kept already. */
	assert_int_equal(send(kit, PHASE("11:00:00", "'usage':{'input':1}")), INGEST_UNPRICED);
#undef PHASE
	assert_int_equal(kit_verify(kit, &findings), 1);
	assert_non_null(strstr(findings.at, "identity time, where it stands already"));
	buf_release(&findings);
}

/* A line a damage, in a file that is otherwise as it was written. */
static void test_a_phase_that_was_changed_is_named(void **state)
{
#define WHERE "[source gw-1 id r time 2026-08-01T09:59:59.999Z]"
	static const struct {
		const char *sql, *finding;
	} rows[] = {
		{ "UPDATE phase SET stored = replace(stored, 'acct', 'anna')",
		  "phase open: content " WHERE " another digest|as it was kept\n" },
		{ "UPDATE phase SET hash = hash + 1",
		  "phase open: content " WHERE " another digest|as it was kept\n" },
		{ "UPDATE phase SET late = 1",
		  "phase open: content " WHERE " another digest|as it was kept\n" },
		{ "UPDATE phase SET kept_ms = 1",
		  "phase open: content " WHERE " another digest|as it was kept\n" },
		{ "UPDATE phase SET event_ts = event_ts + 1",
		  "phase open: event " WHERE " gone|one that stands\n" },
		{ "UPDATE event SET settlement = 0, check_word = NULL",
		  "hour digest of its events [hour 2026-08-01T09:00Z] "
		  "1 events, 4ba422b8439dbbbe|1 events, ff0eedeafc2d6ba2\n"
		  "phase open: settlement of what stands " WHERE " open|a later one\n" },
		{ "DELETE FROM phase", "watermark last [source gw-1] "
		                       "2026-08-01T09:59:59.999Z|2026-08-01T09:00:00.000Z\n" },
		{ "UPDATE phase SET source = 4711",
		  "phase open: content [source (name 4711) id r time 2026-08-01T09:59:59.999Z] "
		  "another digest|as it was kept\n"
		  "phase open: event [source (name 4711) id r time 2026-08-01T09:59:59.999Z] "
		  "gone|one that stands\n"
		  "watermark last [source gw-1] "
		  "2026-08-01T09:59:59.999Z|2026-08-01T09:00:00.000Z\n"
		  "phase source [phase, 1 row] name 4711|a name that is there\n" },
	};
#undef WHERE
	struct ledgerkit *kit = *state;
	struct buf findings = { .at = NULL };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		forget(kit);
		send(kit, phases[SETTLEMENT_OPEN]);
		send(kit, phases[SETTLEMENT_FINAL]);
		kit_verify_clean(kit);
		kit_shut(kit);
		kit_sql(kit, rows[i].sql);
		kit_reopen(kit);
		kit_verify(kit, &findings);
		if (!text_is(buf_text(&findings), rows[i].finding))
			fail_msg("%s:\n%.*s", rows[i].sql, TEXT_ARGS(buf_text(&findings)));
	}
	buf_release(&findings);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_every_order_of_phases_ends_the_same),
		T(test_every_order_of_phases_ends_with_the_same_cost),
		T(test_a_phase_that_was_replaced_keeps_its_cost),
		T(test_the_highest_phase_stands_and_the_others_are_kept),
		T(test_a_phase_that_was_replaced_knows_its_content),
		T(test_a_conflict_follows_the_event_that_stands),
		T(test_after_a_rollback_the_earlier_phase_is_found_again),
		T(test_a_later_phase_that_does_not_fit_leaves_the_earlier),
		T(test_a_line_refused_today_is_held_by_a_phase),
		T(test_an_identity_out_of_memory_is_found_by_its_own_time),
		T(test_an_event_that_stands_twice_at_once_is_damage),
		T(test_phases_of_an_identity_that_stands_twice_are_taken),
		T(test_a_phase_that_was_changed_is_named),
	};

	return cmocka_run_group_tests_name("phases", tests, NULL, NULL);
}
