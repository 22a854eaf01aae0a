#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/change.h"
#include "ledger/adjust.h"
#include "ledger/hours.h"
#include "ledger/read.h"
#include "ledger/seal.h"
#include "tests/support/fixture.h"
#include "tests/support/ledgerkit.h"

#define HOUR_9   "1785574800000"
/* All hours of these tests are over long before it. */
#define LATER_MS (KIT_NOW_MS + INT64_C(86400000))

enum { LINES = 12 };

/* Of every sort: details, kinds, phases, turns, suspense, an error, another source. */
static const char *const lines[LINES] = {
	"{'id':'a','time':'2026-08-01T09:00:00Z','account':'acct','model':'acme/llama-4-70b',"
	"'api':'toll','usage':{'input':1000,'output':100}}",
	"{'id':'b','time':'2026-08-01T09:30:00Z','account':'acct','model':'acme/llama-4-70b',"
	"'api':'toll','usage':{'input':1,'reasoning':10},'region':'eu','tags':{'x':'y'}}",
	"{'id':'c','source':'gw-2','time':'2026-08-01T10:00:00Z','account':'acct','key':'k',"
	"'model':'acme/llama-4-70b','api':'toll','usage':{'cache_read':5},'status':200}",
	"{'id':'d','time':'2026-08-01T10:10:00Z','account':'acct','model':'m','api':'toll',"
	"'usage':{'input':7,'pages':3}}",
	"{'id':'e','time':'2026-08-01T10:20:00Z','account':'acct','model':'acme/llama-4-70b',"
	"'api':'toll','status':500}",
	"{'id':'f','time':'2026-08-01T10:30:00Z','account':'acct','model':'acme/paint',"
	"'api':'toll','images':[{'n':2,'size':'big'},{'n':1},{'n':3,'size':'a','quality':'hd'}]}",
	"{'id':'p','time':'2026-08-01T10:40:00Z','account':'acct','model':'acme/llama-4-70b',"
	"'api':'toll','settlement':'open'}",
	"{'id':'p','time':'2026-08-01T11:10:00Z','account':'acct','model':'acme/llama-4-70b',"
	"'api':'toll','usage':{'input':50,'output':5},'settlement':'final'}",
	"{'id':'q','time':'2026-08-01T11:00:00Z','account':'acct','model':'acme/llama-4-70b',"
	"'api':'toll','usage':{'input':5},'settlement':'partial'}",
	"{'id':'u','time':'2026-08-01T11:40:00Z','account':'acct','model':'acme/llama-4-70b',"
	"'api':'openai.chat','usage':{'prompt_tokens':1,'new_tokens':2}}",
	"{'id':'v','time':'2026-08-01T08:59:59.999Z','account':'acct','model':'acme/video',"
	"'api':'toll','usage':{'seconds':8},'kinds':[{'component':'seconds','n':8,'kind':'hd'}]}",
	"{'id':'w','time':'2026-08-01T07:00:00Z','account':'acct','model':'acme/llama-4-70b',"
	"'api':'toll','usage':{'input':3},'latency_ms':7,'ttft_ms':3,'stream':true,'finish_reason':"
	"'stop'}",
};

/* What the hours are, a line each: "9 2 4a1b... ". */
static int add_hour(void *context, const struct hour_digest *hour)
{
	struct buf *out = context;

	buf_addf(out, "%lld %lld ", (long long)hour->hour_ms, (long long)hour->events);
	for (size_t i = 0; i < SHA256_BYTES; i++)
		buf_addf(out, "%02x", hour->digest[i]);
	buf_add(out, "\n", 1);
	return 0;
}

static void hours_text(struct ledgerkit *kit, struct buf *out)
{
	struct fault fault;

	buf_clear(out);
	assert_int_equal(ledger_each_hour(kit->ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX, add_hour,
	                                  out, &fault),
	                 0);
}

static void send_all(struct ledgerkit *kit, const size_t order[LINES])
{
	for (size_t i = 0; i < LINES; i++)
		kit_send(kit, kit_quotes(lines[order != NULL ? order[i] : i]));
}

/* Phases come in another order too: what stands at the end is the same. */
static void test_the_digest_of_an_hour_does_not_depend_on_the_order(void **state)
{
	struct ledgerkit *kit = *state;
	struct buf first = { .at = NULL }, other = { .at = NULL };
	uint64_t random = fixture_seed("hours", 5);

	kit_price(kit, kit_small_book);
	send_all(kit, NULL);
	kit_verify_clean(kit);
	hours_text(kit, &first);
	assert_true(first.len > 0);
	for (int round = 0; round < 20; round++) {
		size_t order[LINES];

		for (size_t i = 0; i < LINES; i++)
			order[i] = i;
		for (size_t i = LINES - 1; i > 0; i--) {
			size_t j = (random = hash64_mix(random + i, UINT64_C(0x9e3779b97f4a7c15))) %
			           (i + 1);
			size_t kept = order[i];

			order[i] = order[j];
			order[j] = kept;
		}
		kit_close(kit);
		kit_open(kit);
		kit_price(kit, kit_small_book);
		send_all(kit, order);
		hours_text(kit, &other);
		/* An hour that the open phase left stays, with no events, where it came first. */
		if (strstr(other.at, "1785578400000 4") == NULL)
			fail_msg("an hour has another number of events:\n%s", other.at);
		assert_string_equal(other.at, first.at);
	}
	buf_release(&first);
	buf_release(&other);
}

/* For ever: ledgers hold it.  A change here makes every sealed hour look altered. */
static void test_the_digest_of_an_event_is_what_ledgers_hold(void **state)
{
	struct ledgerkit *kit = *state;
	struct buf text = { .at = NULL };

	kit_price(kit, kit_small_book);
	kit_send(kit, kit_quotes(lines[0]));
	hours_text(kit, &text);
	assert_string_equal(
		text.at,
		HOUR_9 " 1 bf75b274f80273b7a3727d1428c32256c9f4363bec8b8abdf8af6569ad57b27f\n");
	buf_release(&text);
}

static void test_a_price_that_was_found_moves_the_digest(void **state)
{
	struct ledgerkit *kit = *state;
	struct buf before = { .at = NULL }, after = { .at = NULL }, reply = { .at = NULL };
	const struct change change = { text_of("{\"change\":\"suspense.retry\"}"), text_of("t"),
		                       KIT_NOW_MS };
	struct fault fault;
	bool changed;

	kit_price(kit, kit_small_book);
	send_all(kit, NULL);
	hours_text(kit, &before);
	kit_price(kit, kit_quotes("{'pricebook':1,'name':'n','currency':'USD','models':[{'model':"
	                          "'m','versions':[{'effective_from':'2026-01-01','rates':["
	                          "{'component':'input','per_million':'1'},{'component':'pages',"
	                          "'each':'0.5'}]}]}]}"));
	assert_int_equal(change_run(kit->ledger, &change, &reply, &changed, &fault), 0);
	assert_non_null(strstr(reply.at, "\"priced\":1"));
	hours_text(kit, &after);
	assert_string_not_equal(before.at, after.at);
	kit_verify_clean(kit);
	buf_release(&before);
	buf_release(&after);
	buf_release(&reply);
}

static void test_after_a_rollback_the_hours_are_as_before(void **state)
{
	struct ledgerkit *kit = *state;
	struct buf before = { .at = NULL }, after = { .at = NULL };
	struct ingest_item item;
	struct fault fault;

	kit_price(kit, kit_small_book);
	kit_send(kit, kit_quotes(lines[0]));
	hours_text(kit, &before);
	kit_prepare(kit, kit_quotes(lines[1]), &item);
	assert_int_equal(ledger_begin(kit->ledger, &fault), 0);
	assert_int_equal(ingest_store(kit->ledger, &item, &fault), 0);
	ledger_rollback(kit->ledger);
	kit_send(kit, kit_quotes(lines[2]));
	kit_verify_clean(kit);
	hours_text(kit, &after);
	assert_memory_equal(before.at, after.at, before.len);
	buf_release(&before);
	buf_release(&after);
}

/* As migration 6 leaves a ledger of before. */
static void test_an_older_ledger_gets_its_digests(void **state)
{
	struct ledgerkit *kit = *state;
	struct buf before = { .at = NULL }, after = { .at = NULL };

	kit_price(kit, kit_small_book);
	send_all(kit, NULL);
	hours_text(kit, &before);
	kit_shut(kit);
	kit_sql(kit, "UPDATE hour SET digest = NULL");
	kit_reopen(kit);
	hours_text(kit, &after);
	assert_string_equal(before.at, after.at);
	assert_string_equal(kit_ask(kit, "SELECT count(*) FROM hour WHERE digest IS NULL"), "0");
	kit_verify_clean(kit);
	buf_release(&before);
	buf_release(&after);
}

static int64_t seal_all(struct ledgerkit *kit, int64_t now_ms)
{
	struct seal_link link;
	struct fault fault;

	if (ledger_seal_all(kit->ledger, now_ms, &fault) < 0)
		fail_msg("%s", fault.text);
	assert_int_equal(ledger_seal_head(kit->ledger, &link, &fault), 0);
	return link.seq;
}

static void test_an_hour_is_sealed_when_it_is_over_and_only_once(void **state)
{
	struct ledgerkit *kit = *state;
	const int64_t end_ms = INT64_C(1785578400000); /* of the hour of the first line */

	kit_price(kit, kit_small_book);
	assert_int_equal(seal_all(kit, end_ms), 1); /* of the logs: a book was applied */
	kit_send(kit, kit_quotes(lines[0]));
	assert_int_equal(seal_all(kit, end_ms + LEDGER_SEAL_AFTER_MS - 1), 1);
	assert_int_equal(seal_all(kit, end_ms + LEDGER_SEAL_AFTER_MS), 2);
	assert_int_equal(seal_all(kit, end_ms + LEDGER_SEAL_AFTER_MS), 2);
	kit_verify_clean(kit);
	/* An event that comes late opens it again. */
	kit_send(kit, kit_quotes(lines[1]));
	kit_verify_clean(kit);
	assert_int_equal(seal_all(kit, LATER_MS), 3);
	kit_verify_clean(kit);
	assert_string_equal(kit_ask(kit, "SELECT group_concat(seal || ':' || events) FROM "
	                                 "seal_hour"),
	                    "2:1,3:2");
}

static void test_more_hours_than_one_link_holds_are_all_sealed(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_small_book);
	for (int i = 0; i < SEAL_HOURS_MAX + 3; i++) {
		char id[16], time[32];

		snprintf(id, sizeof(id), "n%d", i);
		snprintf(time, sizeof(time), "2026-%02d-%02dT%02d:00:00Z", 1 + i / 24 / 28,
		         1 + i / 24 % 28, i % 24);
		kit_send_usage(kit, id, time, "acme/llama-4-70b", "{\"input\":1}");
	}
	assert_int_equal(seal_all(kit, LATER_MS), 2);
	assert_string_equal(kit_ask(kit, "SELECT count(*) || ' ' || (SELECT sum(unsealed) FROM "
	                                 "hour) FROM seal_hour"),
	                    "515 0");
	kit_verify_clean(kit);
}

/* What verify says of a ledger that was sealed and then changed by another hand. */
static void test_what_was_altered_behind_a_seal_is_named(void **state)
{
	static const struct {
		const char *label, *sql, *finding;
	} rows[] = {
		{ "the words of what no price depends on",
		  "UPDATE event SET extra = replace(extra, '\"y\"', '\"z\"'), "
		  "check_word = NULL; DELETE FROM hour_word WHERE kind = 3",
		  "hour digest of its events [hour 2026-08-01T09:00Z]" },
		{ "its moment within the hour",
		  "UPDATE event SET ts = ts + 1, check_word = NULL WHERE id = 'w'; "
		  "DELETE FROM hour_word WHERE kind = 3",
		  "hour digest of its events [hour 2026-08-01T07:00Z]" },
		{ "the name of a finish",
		  "UPDATE name SET text = 'length', check_word = NULL WHERE text = 'stop'",
		  "hour digest of its events [hour 2026-08-01T07:00Z]" },
		{ "an hour's digest, said to be sealed",
		  "UPDATE hour SET digest = zeroblob(32) WHERE hour = " HOUR_9,
		  "seal digest, and what its seal says [hour 2026-08-01T09:00Z]" },
		{ "an hour gone", "DELETE FROM hour WHERE hour = " HOUR_9,
		  "seal digest, and what its seal says [hour 2026-08-01T09:00Z]" },
		{ "the last link gone", "DELETE FROM seal WHERE seq = (SELECT max(seq) FROM seal)",
		  "seal parts of no link [seals]" },
		{ "the last link gone with its parts",
		  "DELETE FROM seal_hour; DELETE FROM seal_log; DELETE FROM seal",
		  "seal digest, and what its seal says [hour 2026-08-01T07:00Z]" },
		{ "the first link gone", "DELETE FROM seal WHERE seq = 1",
		  "seal links before it [seal 2] missing|a chain without gaps" },
		{ "a part of a link", "UPDATE seal_hour SET events = 9 WHERE hour = " HOUR_9,
		  "seal chain [seal 2]" },
		{ "when it was sealed", "UPDATE seal SET at_ms = at_ms + 1 WHERE seq = 1",
		  "seal chain [seal 1]" },
		{ "who changed something", "UPDATE change SET who = 'nobody' WHERE seq = 1",
		  "seal rows of the log [seal 1 change]" },
		{ "a change gone", "DELETE FROM change WHERE seq = 1",
		  "seal rows of the log [seal 1 change]" },
		{ "the newest closing gone", "DELETE FROM closing",
		  "seal rows of the log [seal 2 closing]" },
		{ "who applied a book", "UPDATE book_log SET note = 'x'",
		  "seal rows of the log [seal 1 book_log]" },
		{ "a part of a log that nobody seals",
		  "UPDATE seal_log SET log = 'x' WHERE log = 'closing'", "seal chain [seal 2]" },
	};
	struct ledgerkit *kit = *state;
	struct buf findings = { .at = NULL };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fault fault;

		kit_close(kit);
		kit_open(kit);
		kit_price(kit, kit_small_book);
		assert_int_equal(ledger_begin(kit->ledger, &fault), 0);
		assert_int_equal(ledger_change_note(kit->ledger, KIT_NOW_MS, text_of("w"), "what",
		                                    text_of("{}"), &fault),
		                 0);
		assert_int_equal(ledger_commit(kit->ledger, &fault), 0);
		assert_int_equal(seal_all(kit, KIT_NOW_MS), 1);
		assert_int_equal(kit_close_until(kit, INT64_C(1785564000000), &fault), 0);
		send_all(kit, NULL);
		assert_int_equal(seal_all(kit, LATER_MS), 2);
		kit_verify_clean(kit);
		kit_shut(kit);
		kit_sql(kit, rows[i].sql);
		kit_reopen(kit);
		kit_verify(kit, &findings);
		if (findings.len == 0 || strstr(findings.at, rows[i].finding) == NULL)
			fail_msg("%s:\n%s", rows[i].label, findings.len > 0 ? findings.at : "");
	}
	buf_release(&findings);
}

static int ignore(void *context, const struct verify_finding *finding)
{
	(void)context;
	(void)finding;
	return 0;
}

static void test_the_first_hour_that_differs_is_told(void **state)
{
	struct ledgerkit *kit = *state;
	struct verify_summary summary;
	struct fault fault;

	kit_price(kit, kit_small_book);
	send_all(kit, NULL);
	assert_int_equal(ledger_verify(kit->ledger, ignore, NULL, NULL, &summary, &fault), 0);
	assert_int_equal(summary.first_hour_ms, EVENT_ABSENT);
	kit_shut(kit);
	kit_sql(kit, "UPDATE event SET latency_ms = 8, check_word = NULL WHERE ts >= " HOUR_9
	             " AND id <> 'a'");
	kit_reopen(kit);
	assert_int_equal(ledger_verify(kit->ledger, ignore, NULL, NULL, &summary, &fault), 0);
	assert_int_equal(summary.first_hour_ms, INT64_C(1785574800000));
}

static void test_a_link_is_found_again_by_its_chain(void **state)
{
	struct ledgerkit *kit = *state;
	struct seal_link link, found;
	struct fault fault;
	char chain[SHA256_HEX_BYTES];

	assert_int_equal(ledger_seal_head(kit->ledger, &link, &fault), 0);
	assert_int_equal(link.seq, 0);
	kit_price(kit, kit_small_book);
	seal_all(kit, LATER_MS);
	assert_int_equal(ledger_seal_head(kit->ledger, &link, &fault), 0);
	assert_int_equal(link.seq, 1);
	send_all(kit, NULL);
	assert_int_equal(seal_all(kit, LATER_MS), 2);
	for (size_t i = 0; i < sizeof(chain); i++)
		chain[i] = (char)(link.chain[i] >= 'a' ? link.chain[i] - 'a' + 'A' : link.chain[i]);
	assert_int_equal(ledger_seal_find(kit->ledger, text_of(chain), &found, &fault), 0);
	assert_int_equal(found.seq, 1);
	assert_string_equal(found.chain, link.chain);
	chain[0] = chain[0] == '0' ? '1' : '0';
	assert_int_equal(ledger_seal_find(kit->ledger, text_of(chain), &found, &fault), 0);
	assert_int_equal(found.seq, 0);
	chain[3] = 'g';
	assert_int_equal(ledger_seal_find(kit->ledger, text_of(chain), &found, &fault),
	                 -FAULT_INVALID);
	assert_int_equal(ledger_seal_find(kit->ledger, text_of("4a"), &found, &fault),
	                 -FAULT_INVALID);
}

static void test_the_digest_of_hours_tells_a_late_event(void **state)
{
	struct ledgerkit *kit = *state;
	unsigned char before[SHA256_BYTES], after[SHA256_BYTES];
	const int64_t ten_ms = INT64_C(1785578400000);
	struct fault fault;

	kit_price(kit, kit_small_book);
	kit_send(kit, kit_quotes(lines[0]));
	assert_int_equal(ledger_hours_digest(kit->ledger, ten_ms, before, &fault), 0);
	kit_send(kit, kit_quotes(lines[2])); /* of the hour that is not asked for */
	assert_int_equal(ledger_hours_digest(kit->ledger, ten_ms, after, &fault), 0);
	assert_memory_equal(before, after, SHA256_BYTES);
	kit_send(kit, kit_quotes(lines[1]));
	assert_int_equal(ledger_hours_digest(kit->ledger, ten_ms, after, &fault), 0);
	assert_memory_not_equal(before, after, SHA256_BYTES);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_the_digest_of_an_hour_does_not_depend_on_the_order),
		T(test_the_digest_of_an_event_is_what_ledgers_hold),
		T(test_a_price_that_was_found_moves_the_digest),
		T(test_after_a_rollback_the_hours_are_as_before),
		T(test_an_older_ledger_gets_its_digests),
		T(test_an_hour_is_sealed_when_it_is_over_and_only_once),
		T(test_more_hours_than_one_link_holds_are_all_sealed),
		T(test_what_was_altered_behind_a_seal_is_named),
		T(test_the_first_hour_that_differs_is_told),
		T(test_a_link_is_found_again_by_its_chain),
		T(test_the_digest_of_hours_tells_a_late_event),
	};

	return cmocka_run_group_tests_name("hours", tests, NULL, NULL);
}
