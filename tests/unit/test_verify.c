#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/read.h"
#include "tests/support/ledgerkit.h"

#define HOUR_9  "1785574800000"
#define HOUR_10 "1785578400000"

/*
 * Two hours, two sources, and one of each: priced, by "as", failed, in suspense, with
 * details, with images.  Prices of the small book are 1; acme/paint has price 2.
 */
static void fill(struct ledgerkit *kit)
{
	static const char *const lines[] = {
		"{'id':'a','time':'2026-08-01T09:00:00Z','account':'acct','model':'acme/"
		"llama-4-70b',"
		"'api':'toll','usage':{'input':1000,'output':100}}",
		"{'id':'b','time':'2026-08-01T09:30:00Z','account':'acct','model':'acme/"
		"llama-4-70b',"
		"'api':'toll','usage':{'input':1,'reasoning':10}}",
		"{'id':'c','source':'gw-2','time':'2026-08-01T10:00:00Z','account':'acct','key':'k'"
		","
		"'model':'acme/llama-4-70b','api':'toll','usage':{'cache_read':5},'status':200}",
		"{'id':'d','time':'2026-08-01T10:10:00Z','account':'acct','model':'m','api':'toll',"
		"'usage':{'input':7,'pages':3}}",
		"{'id':'e','time':'2026-08-01T10:20:00Z','account':'acct','model':'acme/"
		"llama-4-70b',"
		"'api':'toll','status':500}",
		"{'id':'f','time':'2026-08-01T10:30:00Z','account':'acct','model':'acme/paint',"
		"'api':'toll','images':[{'n':2,'size':'big'},{'n':1}]}",
	};

	kit_price(
		kit,
		kit_quotes(
			"{'pricebook':1,'name':'small','currency':'USD','as':{'reasoning':'output'}"
			","
			"'models':[{'model':'acme/llama-4-70b','versions':[{'effective_from':"
			"'2026-01-01','rates':[{'component':'input','per_million':'0.80'},"
			"{'component':'cache_read','per_million':'0.20'},"
			"{'component':'output','per_million':'2.40'}]}]},"
			"{'model':'acme/paint','versions':[{'effective_from':'2026-01-01','rates':["
			"{'component':'images_out','each':'0.04'},{'component':'images_out',"
			"'each':'0.08','when':{'size':'big'}}]}]}]}"));
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		kit_send(kit, kit_quotes(lines[i]));
}

static void test_a_ledger_as_it_was_written_has_no_findings(void **state)
{
	struct ledgerkit *kit = *state;

	kit_verify_clean(kit); /* an empty one */
	fill(kit);
	kit_verify_clean(kit);
	assert_string_equal(kit_events(kit), "a=1:0.00104 b=1:0.0000248 c=1:0.000001 d=-1:0.00 "
	                                     "e=0:0.00 f=2:0.20");
	kit_shut(kit);
	kit_verify_clean(kit); /* nobody writes */
	kit_reopen(kit);
}

#define WHERE_A "[source gw-1 id a time 2026-08-01T09:00:00.000Z]"
#define WHERE_B "[source gw-1 id b time 2026-08-01T09:30:00.000Z]"
#define WHERE_C "[source gw-2 id c time 2026-08-01T10:00:00.000Z]"
#define WHERE_D "[source gw-1 id d time 2026-08-01T10:10:00.000Z]"
#define WHERE_E "[source gw-1 id e time 2026-08-01T10:20:00.000Z]"
#define WHERE_F "[source gw-1 id f time 2026-08-01T10:30:00.000Z]"
/* The two prices of the book of fill(). */
#define PRICE_1 "price ad5b20d7233b acme/llama-4-70b from 2026-01-01T00:00:00.000Z"
#define PRICE_2 "price ad5b20d7233b acme/paint from 2026-01-01T00:00:00.000Z"
#define ROLLUP_9                                                                                   \
	"[hour 2026-08-01T09:00Z account acct model acme/llama-4-70b source gw-1 " PRICE_1 "]"
#define ROLLUP_LOST                                                                                \
	"[hour 2026-08-01T09:00Z account (name 99) model acme/llama-4-70b source gw-1 " PRICE_1 "]"
#define ROLLUP_E                                                                                   \
	"[hour 2026-08-01T10:00Z account acct model acme/llama-4-70b source gw-1 price none]"
#define ROLLUP_C                                                                                   \
	"[hour 2026-08-01T10:00Z account acct key k model acme/llama-4-70b source gw-2 " PRICE_1 "]"
#define NO_ROW_C                                                                                   \
	"|a row that can be read\n"                                                                \
	"rollup events " ROLLUP_C " 1|0\n"                                                         \
	"rollup cache_read " ROLLUP_C " 5|0\n"                                                     \
	"rollup requests " ROLLUP_C " 1|0\n"                                                       \
	"rollup amount " ROLLUP_C " 0.000001|0.00\n"                                               \
	"watermark events [source gw-2] 1|0\n"
#define ROLLUP_D "[hour 2026-08-01T10:00Z account acct model m source gw-1 price unpriced]"
#define ROLLUP_F "[hour 2026-08-01T10:00Z account acct model acme/paint source gw-1 " PRICE_2 "]"

/* The digest of an hour: what is kept, what its events come to. */
#define DIGEST(hour, kept, derived)                                                                \
	"hour digest of its events [hour " hour "] " kept "|" derived "\n"

struct damage {
	const char *label, *sql, *findings; /* sorted as they come; a newline each */
};

/* The same, and what is kept aside: a conflict, a number nobody counts, a broken line. */
static void fill_aside(struct ledgerkit *kit)
{
	fill(kit);
	assert_int_equal(
		kit_send(kit, kit_quotes("{'id':'a','time':'2026-08-01T09:00:00Z','account':'acct',"
	                                 "'model':'acme/llama-4-70b','api':'toll',"
	                                 "'usage':{'input':1}}")),
		INGEST_CONFLICT);
	assert_int_equal(
		kit_send(kit, kit_quotes("{'id':'u','time':'2026-08-01T10:40:00Z','account':'acct',"
	                                 "'model':'acme/llama-4-70b','api':'openai.chat','usage':"
	                                 "{'prompt_tokens':1,'new_tokens':2}}")),
		INGEST_ACCEPTED);
	assert_int_equal(kit_send(kit, "{"), INGEST_QUARANTINED);
}

/* Runs each damage on a ledger of its own and compares all that verify finds. */
static void expect_findings_in(void (*make)(struct ledgerkit *), const struct damage *rows,
                               size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct buf findings = { .at = NULL };
		struct ledgerkit kit;

		kit_open(&kit);
		make(&kit);
		kit_verify_clean(&kit);
		kit_shut(&kit);
		/* What is found without the check words, which a careful hand makes anew. */
		kit_sql(&kit, "UPDATE event SET check_word = NULL");
		kit_sql(&kit, rows[i].sql);
		kit_verify(&kit, &findings);
		buf_add_cstr(&findings, "");
		if (strcmp(findings.at != NULL ? findings.at : "", rows[i].findings) != 0)
			fail_msg("%s:\n%snot\n%s", rows[i].label,
			         findings.at != NULL ? findings.at : "(nothing)\n",
			         rows[i].findings);
		buf_release(&findings);
		kit_close(&kit);
	}
}

static void expect_findings(const struct damage *rows, size_t count)
{
	expect_findings_in(fill, rows, count);
}

static void test_an_event_that_was_changed_is_named(void **state)
{
	static const struct damage rows[] = {
		{ "an amount, by the smallest", "UPDATE event SET attos = attos + 1 WHERE id = 'a'",
		  "event amount " WHERE_A " 0.001040000000000001|0.00104\n"
		  "rollup amount " ROLLUP_9 " 0.0010648|0.001064800000000001\n" },
		{ "an amount and its rollup alike",
		  "UPDATE event SET nanos = nanos - 40000 WHERE id = 'a';"
		  "UPDATE rollup SET nanos = nanos - 40000 WHERE hour = " HOUR_9,
		  "event amount " WHERE_A " 0.001|0.00104\n" },
		{ "a count", "UPDATE event SET input = 999 WHERE id = 'a'",
		  "event amount " WHERE_A " 0.00104|0.0010392\n"
		  "rollup input " ROLLUP_9 " 1001|1000\n" },
		{ "a count and its rollup alike",
		  "UPDATE event SET input = 999 WHERE id = 'a';"
		  "UPDATE rollup SET input = 1000 WHERE hour = " HOUR_9,
		  "event amount " WHERE_A " 0.00104|0.0010392\n" },
		{ "a count without a price", "UPDATE event SET cache_write_1h = 5 WHERE id = 'a'",
		  "event amount " WHERE_A " 0.00104|this price does not cover these counts\n"
		  "rollup cache_write_1h " ROLLUP_9 " 0|5\n" },
		{ "the price of another model",
		  "UPDATE event SET price = 2 WHERE id = 'a'; UPDATE rollup SET price = 2 WHERE "
		  "hour = "
		  "" HOUR_9 " AND 0",
		  "event price " WHERE_A " ad5b20d7233b acme/paint from 2026-01-01T00:00:00.000Z|"
		  "ad5b20d7233b acme/llama-4-70b from 2026-01-01T00:00:00.000Z\n"
		  "rollup events " ROLLUP_9 " 2|1\n"
		  "rollup input " ROLLUP_9 " 1001|1\n"
		  "rollup output " ROLLUP_9 " 100|0\n"
		  "rollup requests " ROLLUP_9 " 2|1\n"
		  "rollup amount " ROLLUP_9 " 0.0010648|0.0000248\n"
		  "rollup events [hour 2026-08-01T09:00Z account acct model acme/llama-4-70b "
		  "source "
		  "gw-1 " PRICE_2 "] 0|1\n"
		  "rollup input [hour 2026-08-01T09:00Z account acct model acme/llama-4-70b source "
		  "gw-1 " PRICE_2 "] 0|1000\n"
		  "rollup output [hour 2026-08-01T09:00Z account acct model acme/llama-4-70b "
		  "source "
		  "gw-1 " PRICE_2 "] 0|100\n"
		  "rollup requests [hour 2026-08-01T09:00Z account acct model acme/llama-4-70b "
		  "source "
		  "gw-1 " PRICE_2 "] 0|1\n"
		  "rollup amount [hour 2026-08-01T09:00Z account acct model acme/llama-4-70b "
		  "source "
		  "gw-1 " PRICE_2 "] 0.00|0.00104\n" },
		{ "nothing to pay, though it used something",
		  "UPDATE event SET price = 0 WHERE id = 'd';"
		  "UPDATE rollup SET price = 0 WHERE price = -1",
		  "event price " WHERE_D " none|it used something: a price, or suspense\n" },
		{ "an error that is none any more", "UPDATE event SET status = 200 WHERE id = 'e'",
		  "rollup errors " ROLLUP_E " 1|0\nrollup uncounted " ROLLUP_E " 0|1\n" },
	};

	(void)state;
	expect_findings(rows, sizeof(rows) / sizeof(rows[0]));
}

/* What cannot be read is named with its row, and the rest is verified all the same. */
static void test_an_event_that_cannot_be_read_is_named(void **state)
{
	static const struct damage rows[] = {
		{ "an account that is lost",
		  "UPDATE event SET account = 99 WHERE id = 'a';"
		  "UPDATE event SET attos = attos + 1 WHERE id = 'f'",
		  "event account " WHERE_A " name 99|a name that is there\n"
		  "rollup events " ROLLUP_9 " 2|1\n"
		  "rollup input " ROLLUP_9 " 1001|1\n"
		  "rollup output " ROLLUP_9 " 100|0\n"
		  "rollup requests " ROLLUP_9 " 2|1\n"
		  "rollup amount " ROLLUP_9 " 0.0010648|0.0000248\n"
		  "rollup events " ROLLUP_LOST " 0|1\n"
		  "rollup input " ROLLUP_LOST " 0|1000\n"
		  "rollup output " ROLLUP_LOST " 0|100\n"
		  "rollup requests " ROLLUP_LOST " 0|1\n"
		  "rollup amount " ROLLUP_LOST " 0.00|0.00104\n"
		  "event amount " WHERE_F " 0.200000000000000001|0.20\n"
		  "rollup amount " ROLLUP_F " 0.20|0.200000000000000001\n" },
		{ "a region that is lost", "UPDATE event SET region = -1 WHERE id = 'a'",
		  "event region " WHERE_A " name -1|a name that is there\n" },
		{ "a name that nobody reads", "UPDATE event SET finish = -1 WHERE id = 'a'",
		  "event finish " WHERE_A " name -1|a name that is there\n" },
		{ "a source's totals of no name",
		  "INSERT INTO watermark (source, events) VALUES (99, 3)",
		  "watermark events [source (name 99)] 3|0\n" },
		{ "a component that is none",
		  "UPDATE event_detail SET component = 'pagez' WHERE id = 'd'",
		  "event row " WHERE_D
		  " event d: event_detail: component pagez is not one|a row that can "
		  "be read\n"
		  "rollup events " ROLLUP_D " 1|0\n"
		  "rollup input " ROLLUP_D " 7|0\n"
		  "rollup pages " ROLLUP_D " 3|0\n"
		  "rollup requests " ROLLUP_D " 1|0\n"
		  "watermark events [source gw-1] 5|4\n" },
		{ "an amount that no hour has room for",
		  "UPDATE event SET nanos = 9223372036854775807 WHERE id IN ('a', 'b')",
		  "event amount " WHERE_A " 9223372036.854775807|0.00104\n"
		  "event sum " WHERE_B " 9223372036.854775807|the sums of its hour have no room "
		  "for it\n"
		  "event amount " WHERE_B " 9223372036.854775807|0.0000248\n"
		  "rollup events " ROLLUP_9 " 2|1\n"
		  "rollup input " ROLLUP_9 " 1001|1000\n"
		  "rollup reasoning " ROLLUP_9 " 10|0\n"
		  "rollup requests " ROLLUP_9 " 2|1\n"
		  "rollup amount " ROLLUP_9 " 0.0010648|9223372036.854775807\n" },
	};

	(void)state;
	expect_findings(rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_a_price_that_no_book_has_is_named(void **state)
{
	struct ledgerkit *kit = *state;
	struct buf findings = { .at = NULL };

	fill(kit);
	kit_shut(kit);
	kit_sql(kit, "UPDATE event SET price = 99 WHERE price = 1 AND id = 'a';"
	             "UPDATE event SET price = 99 WHERE id = 'b';"
	             "UPDATE rollup SET price = 99 WHERE hour = " HOUR_9);
	assert_int_equal(kit_verify(kit, &findings), 2);
	assert_non_null(strstr(findings.at, "event price " WHERE_A " (number 99)|"));
	assert_non_null(strstr(findings.at, "no book holds price 99"));
	kit_reopen(kit);
	buf_release(&findings);
}

static void test_an_event_that_is_gone_or_too_many_is_named(void **state)
{
	static const struct damage rows[] = {
		{ "gone", "DELETE FROM event WHERE id = 'e'",
		  "rollup events " ROLLUP_E " 1|0\nrollup errors " ROLLUP_E " 1|0\n"
		  "watermark events [source gw-1] 5|4\n" },
		{ "gone with its rollup",
		  "DELETE FROM event WHERE id = 'e'; DELETE FROM rollup WHERE price = 0",
		  DIGEST("2026-08-01T10:00Z", "4 events, 81ef3a2e49d7db11",
		         "3 events, 409b2d594fd54a6b") "watermark events [source gw-1] 5|4\n" },
		{ "gone with all that is known of it",
		  "DELETE FROM event WHERE source = (SELECT id FROM name WHERE text = 'gw-2');"
		  "DELETE FROM rollup WHERE source = (SELECT id FROM name WHERE text = 'gw-2')",
		  DIGEST("2026-08-01T10:00Z", "4 events, 81ef3a2e49d7db11",
		         "3 events, c5f7cd41f9441712") "watermark events [source gw-2] 1|0\n" },
		{ "the same identity under another time",
		  "INSERT INTO event SELECT ts + 60000, source, id, account, key, model, provider, "
		  "api, "
		  "tier, finish, price, status, flags, latency_ms, ttft_ms, input, cache_read, "
		  "cache_write_5m, cache_write_1h, output, reasoning, requests, nanos, attos, "
		  "hash, extra, settlement, provenance, policy, served, "
		  "turn, region, cost_price, cost_nanos, cost_attos, NULL FROM event WHERE id = "
		  "'e';"
		  "UPDATE rollup SET events = 2, errors = 2 WHERE price = 0;"
		  "UPDATE watermark SET events = events + 1 WHERE events = 5",
		  DIGEST("2026-08-01T10:00Z", "4 events, 81ef3a2e49d7db11",
		         "5 events, 3bdf54a59caac8ff") "identity time, where it stands already "
		                                       "[source gw-1 id e time "
		                                       "2026-08-01T10:21:00.000Z] "
		                                       "2026-08-01T10:21:00.000Z|2026-08-01T10:20:"
		                                       "00.000Z\n" },
	};

	(void)state;
	expect_findings(rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_a_detail_that_was_changed_is_named(void **state)
{
	static const struct damage rows[] = {
		{ "a count", "UPDATE event_detail SET count = 4 WHERE id = 'd'",
		  "rollup pages " ROLLUP_D " 3|4\n" },
		{ "a count of images",
		  "UPDATE event_detail SET count = 3 WHERE id = 'f' AND size = 'big'",
		  "event amount " WHERE_F " 0.20|0.28\nrollup images_out " ROLLUP_F " 3|4\n" },
		{ "a size", "UPDATE event_detail SET size = 'huge' WHERE id = 'f' AND size = 'big'",
		  "event amount " WHERE_F " 0.20|0.12\n" },
		{ "gone", "DELETE FROM event_detail WHERE id = 'd'",
		  "detail rows " WHERE_D " no rows|rows of event_detail\n"
		  "rollup pages " ROLLUP_D " 3|0\n" },
		{ "its event says it has none", "UPDATE event SET flags = 0 WHERE id = 'd'",
		  "rollup pages " ROLLUP_D " 3|0\ndetail event " WHERE_D
		  " pages 3|no such event\n" },
		{ "of a column, more than there are",
		  "UPDATE event SET flags = 4 WHERE id = 'c'; INSERT INTO event_detail (ts, "
		  "source, "
		  "id, component, kind, count) SELECT ts, source, id, 'cache_read', 'implicit', 6 "
		  "FROM event WHERE id = 'c'",
		  "event row " WHERE_C
		  " event c: event_detail: kinds of cache_read are more than there "
		  "are" NO_ROW_C },
		{ "of a column, of no kind",
		  "UPDATE event SET flags = 4 WHERE id = 'c'; INSERT INTO event_detail (ts, "
		  "source, "
		  "id, component, count) SELECT ts, source, id, 'cache_read', 5 FROM event "
		  "WHERE id = 'c'",
		  "event row " WHERE_C
		  " event c: event_detail: component cache_read is not one" NO_ROW_C },
		{ "a word that is too long",
		  "UPDATE event SET flags = 4 WHERE id = 'c'; INSERT INTO event_detail (ts, "
		  "source, "
		  "id, component, kind, count) SELECT ts, source, id, 'cache_read', "
		  "'123456789012345678901234', 5 FROM event WHERE id = 'c'",
		  "event row " WHERE_C
		  " event c: event_detail: a kind of cache_read has too long a word" NO_ROW_C },
		{ "more than there is room for",
		  "UPDATE event SET flags = 4, cache_read = 9 WHERE id = 'c'; INSERT INTO "
		  "event_detail (ts, source, id, component, kind, count) SELECT ts, source, "
		  "event.id, "
		  "'cache_read', value, 1 FROM event, json_each('[1,2,3,4,5,6,7,8,9]') "
		  "WHERE event.id = 'c'",
		  "event row " WHERE_C " event c: event_detail: too many kinds" NO_ROW_C },
		{ "of a column, as it may be",
		  "UPDATE event SET flags = 4 WHERE id = 'c'; INSERT INTO event_detail (ts, "
		  "source, "
		  "id, component, kind, count) SELECT ts, source, id, 'cache_read', 'implicit', 5 "
		  "FROM event WHERE id = 'c'",
		  DIGEST("2026-08-01T10:00Z", "4 events, 81ef3a2e49d7db11",
		         "4 events, 47959f8595d01586") "" },
		{ "of a column, gone", "UPDATE event SET flags = 4 WHERE id = 'c'",
		  "detail rows " WHERE_C " no rows|rows of event_detail\n" },
		{ "without an event",
		  "INSERT INTO event_detail (ts, source, id, component, count) SELECT ts, source, "
		  "'x', "
		  "'pages', 9 FROM event WHERE id = 'e'",
		  "detail event [source gw-1 id x time 2026-08-01T10:20:00.000Z] pages 9|no such "
		  "event\n" },
	};

	(void)state;
	expect_findings(rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_a_rollup_that_was_changed_is_named(void **state)
{
	static const struct damage rows[] = {
		{ "an amount", "UPDATE rollup SET attos = 1 WHERE hour = " HOUR_9,
		  "rollup amount " ROLLUP_9 " 0.001064800000000001|0.0010648\n" },
		{ "a count", "UPDATE rollup SET reasoning = 11 WHERE hour = " HOUR_9,
		  "rollup reasoning " ROLLUP_9 " 11|10\n" },
		{ "its events", "UPDATE rollup SET events = 3 WHERE hour = " HOUR_9,
		  "rollup events " ROLLUP_9 " 3|2\n" },
		{ "missing", "DELETE FROM rollup WHERE hour = " HOUR_9,
		  "rollup events " ROLLUP_9 " 0|2\nrollup input " ROLLUP_9 " 0|1001\n"
		  "rollup output " ROLLUP_9 " 0|100\nrollup reasoning " ROLLUP_9 " 0|10\n"
		  "rollup requests " ROLLUP_9 " 0|2\nrollup amount " ROLLUP_9 " 0.00|0.0010648\n" },
		{ "a row of nothing",
		  "INSERT INTO rollup (hour, account, key, model, source, provider, tier, price, "
		  "events, errors, nanos, attos) SELECT 3600000, account, 0, model, source, 0, 0, "
		  "0, 0, 0, 0, 0 FROM event WHERE id = 'e'",
		  "rollup row [hour 1970-01-01T01:00Z account acct model acme/llama-4-70b "
		  "source gw-1 price none] a row of no events|no row\n" },
		{ "of an hour before all events",
		  "INSERT INTO rollup (hour, account, key, model, source, provider, tier, price, "
		  "events, "
		  "errors, nanos, attos) SELECT 3600000, account, 0, model, source, 0, 0, 0, 1, 0, "
		  "0, 0 "
		  "FROM event WHERE id = 'e'",
		  "rollup events [hour 1970-01-01T01:00Z account acct model acme/llama-4-70b "
		  "source gw-1 "
		  "price none] 1|0\n" },
		{ "of an hour after all events",
		  "INSERT INTO rollup (hour, account, key, model, source, provider, tier, price, "
		  "events, "
		  "errors, nanos, attos) SELECT 1785582000000, account, 0, model, source, 0, 0, 0, "
		  "1, 0, 0, "
		  "0 FROM event WHERE id = 'e'",
		  "rollup events [hour 2026-08-01T11:00Z account acct model acme/llama-4-70b "
		  "source gw-1 "
		  "price none] 1|0\n" },
	};

	(void)state;
	expect_findings(rows, sizeof(rows) / sizeof(rows[0]));
}

/* The same with a cost book of which two models have no rate. */
static void fill_cost(struct ledgerkit *kit)
{
	kit_cost(kit, kit_quotes("{'pricebook':1,'name':'cost','currency':'USD','models':[{'model':"
	                         "'acme/llama-4-70b','versions':[{'effective_from':'2026','rates':"
	                         "[{'component':'input','per_million':'0.5'},"
	                         "{'component':'cache_read','per_million':'0.1'},"
	                         "{'component':'output','per_million':'1.5'},"
	                         "{'component':'reasoning','per_million':'1.5'}]}]}]}"));
	fill(kit);
}

#define COST_9                                                                                     \
	"[hour 2026-08-01T09:00Z account acct model acme/llama-4-70b source gw-1 price "           \
	"ad5b20d7233b acme/llama-4-70b from 2026-01-01T00:00:00.000Z]"

#define OF_SELL                                                                                    \
	"event price of its cost " WHERE_A                                                         \
	" ad5b20d7233b acme/llama-4-70b from 2026-01-01T00:00:00.000Z|a book that was applied "    \
	"as cost\n"

static void test_a_cost_that_was_changed_is_named(void **state)
{
	static const struct damage rows[] = {
		{ "a cost, by the smallest",
		  "UPDATE event SET cost_attos = cost_attos + 1 WHERE id = 'a'",
		  "event cost " WHERE_A " 0.000650000000000001|0.00065\n"
		  "rollup cost " COST_9 " 0.0006655|0.000665500000000001\n" },
		{ "a cost and its rollup alike",
		  "UPDATE event SET cost_nanos = cost_nanos - 50000 WHERE id = 'a';"
		  "UPDATE rollup SET cost_nanos = cost_nanos - 50000 WHERE hour = " HOUR_9,
		  "event cost " WHERE_A " 0.0006|0.00065\n" },
		{ "a cost of a sum", "UPDATE rollup SET cost_attos = 1 WHERE hour = " HOUR_9,
		  "rollup cost " COST_9 " 0.000665500000000001|0.0006655\n" },
		{ "how many have a cost", "UPDATE rollup SET costed = 1 WHERE hour = " HOUR_9,
		  "rollup costed " COST_9 " 1|2\n" },
		{ "how many have none", "UPDATE rollup SET uncosted = 0 WHERE price = -1",
		  "rollup uncosted " ROLLUP_D " 0|1\n" },
		{ "nothing to pay, though it used something",
		  "UPDATE event SET cost_price = 0 WHERE id = 'd';"
		  "UPDATE rollup SET costed = 1, uncosted = 0 WHERE price = -1",
		  "event price of its cost " WHERE_D
		  " none|it used something: a price, or suspense\n" },
		{ "the price of what is sold", "UPDATE event SET cost_price = 2 WHERE id = 'a'",
		  OF_SELL },
		{ "the price of what is sold, its amount and its rollup alike",
		  "UPDATE event SET cost_price = 2, cost_nanos = 1040000 WHERE id = 'a';"
		  "UPDATE rollup SET cost_nanos = cost_nanos + 390000 WHERE hour = " HOUR_9,
		  OF_SELL },
		{ "no cost any more",
		  "UPDATE event SET cost_price = NULL, cost_nanos = 0, cost_attos = 0 "
		  "WHERE id = 'a'",
		  "rollup costed " COST_9 " 2|1\nrollup cost " COST_9 " 0.0006655|0.0000155\n" },
	};

	(void)state;
	expect_findings_in(fill_cost, rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_a_price_of_a_cost_that_no_book_has_is_named(void **state)
{
	struct ledgerkit *kit = *state;
	struct buf findings = { .at = NULL };

	fill_cost(kit);
	kit_shut(kit);
	kit_sql(kit, "UPDATE event SET cost_price = 77 WHERE id = 'a'");
	assert_int_equal(kit_verify(kit, &findings), 1);
	assert_non_null(strstr(findings.at, "event price of its cost " WHERE_A " (number 77)|"));
	kit_reopen(kit);
	buf_release(&findings);
}

static void test_a_cost_without_a_price_is_kept_out_by_the_file(void **state)
{
	struct ledgerkit *kit = *state;

	fill_cost(kit);
	kit_shut(kit);
	/* All of these are refused by their CHECK: nothing is changed. */
	kit_sql(kit, "UPDATE OR IGNORE event SET cost_price = 0 WHERE id = 'a';"
	             "UPDATE OR IGNORE event SET cost_price = -2 WHERE id = 'a';"
	             "UPDATE OR IGNORE event SET cost_price = NULL WHERE id = 'a';"
	             "UPDATE OR IGNORE event SET cost_attos = 1000000000 WHERE id = 'a';"
	             "UPDATE OR IGNORE rollup SET uncosted = -1;"
	             "UPDATE OR IGNORE rollup SET cost_attos = -1");
	kit_reopen(kit);
	kit_verify_clean(kit);
}

static void test_a_watermark_that_was_changed_is_named(void **state)
{
	static const struct damage rows[] = {
		{ "too many", "UPDATE watermark SET events = 7 WHERE events = 5",
		  "watermark events [source gw-1] 7|5\n" },
		{ "missing", "DELETE FROM watermark WHERE events = 1",
		  "watermark events [source gw-2] 0|1\n" },
		{ "its first time", "UPDATE watermark SET first_ts = first_ts + 1 WHERE events = 5",
		  "watermark first [source gw-1] "
		  "2026-08-01T09:00:00.001Z|2026-08-01T09:00:00.000Z\n" },
		{ "its last time", "UPDATE watermark SET last_ts = last_ts - 1 WHERE events = 5",
		  "watermark last [source gw-1] "
		  "2026-08-01T10:29:59.999Z|2026-08-01T10:30:00.000Z\n" },
	};

	(void)state;
	expect_findings(rows, sizeof(rows) / sizeof(rows[0]));
}

static int stop(void *context, const struct verify_finding *finding)
{
	(void)finding;
	++*(int *)context;
	return 42;
}

static int keep_on(void *context, const struct verify_finding *finding)
{
	(void)context;
	(void)finding;
	return 0;
}

/* A report's currency, and the price that the next event gets, hang on these. */
static void test_a_book_that_was_changed_is_named(void **state)
{
	static const struct damage rows[] = {
		{ "its currency", "UPDATE book SET currency = 'EUR'",
		  "book currency [book 1] EUR|USD\n" },
		{ "its name", "UPDATE book SET name = 'large'",
		  "book name [book 1] large|small\n" },
		{ "its first price",
		  "DELETE FROM event; DELETE FROM event_detail; DELETE FROM rollup; DELETE FROM "
		  "hour;"
		  "DELETE FROM watermark;"
		  "UPDATE book SET first_price = 9",
		  "book first_price [book 1] 9|1\n" },
		{ "the log, to a book that is none", "UPDATE book_log SET book = 7",
		  "book book [book_log 1] 7|a book that is there\n"
		  "book log [book 1] no line|when it was put in force\n" },
		{ "the log, all of it", "DELETE FROM book_log",
		  "book log [book 1] no line|when it was put in force\n" },
		{ "the log, its first line", "UPDATE book_log SET seq = 2",
		  "book the line before it [book_log 2] missing|1\n" },
		{ "a byte of it: told once, not of all that it priced",
		  "UPDATE book SET json = replace(json, '2.40', '2.41')",
		  "book hash [book 1] "
		  "ad5b20d7233b1ed9273edec52b4c016a96bd36c1734c48398823bdebf15b5b5b|"
		  "e2a391af01f1eb57c33cff24b3f72be5fd01288605ce7793326741006ec7c3e9\n" },
		{ "all of it", "UPDATE book SET json = 'x'",
		  "book json [book 1] line 1, column 1: this is not JSON|a book that can be "
		  "read\n" },
		{ "how many prices it has", "UPDATE book SET versions = 1",
		  "book versions [book 1] 1|2\n" },
		{ "where its prices are", "UPDATE book SET first_price = 2",
		  "book first_price [book 1] 2|1\n" },
		{ "a byte of it, and an hourly sum",
		  "UPDATE book SET json = 'x'; UPDATE rollup SET attos = 1 WHERE hour = " HOUR_9,
		  "book json [book 1] line 1, column 1: this is not JSON|a book that can be "
		  "read\n"
		  "rollup amount [hour 2026-08-01T09:00Z account acct model acme/llama-4-70b "
		  "source gw-1 price (number 1)] 0.001064800000000001|0.0010648\n" },
		{ "prices that no event has yet",
		  "DELETE FROM event; DELETE FROM event_detail; DELETE FROM rollup; DELETE FROM "
		  "hour;"
		  "DELETE FROM watermark; UPDATE book SET json = 'x'",
		  "book json [book 1] line 1, column 1: this is not JSON|a book that can be "
		  "read\n" },
	};

	(void)state;
	expect_findings(rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_a_line_in_quarantine_that_was_changed_is_named(void **state)
{
	struct ledgerkit *kit = *state;
	struct buf findings = { .at = NULL };

	fill(kit);
	assert_int_equal(kit_send(kit, "{"), INGEST_QUARANTINED);
	assert_int_equal(kit_send(kit, ""), INGEST_QUARANTINED);
	kit_verify_clean(kit);
	kit_shut(kit);
	kit_sql(kit, "UPDATE quarantine SET raw = x'7d' WHERE id = 1");
	kit_verify(kit, &findings);
	assert_string_equal(findings.at,
	                    "quarantine digest [line 1] "
	                    "021fb596db81e6d02bf3d2586ee3981fe519f275c0ac9ca76bbcf2ebb4097d96|"
	                    "d10b36aa74a59bcf4a88185837f658afaf3646eff2bb16c3928d0e9335e945d2\n");
	buf_release(&findings);
	kit_reopen(kit);
}

static void test_what_was_kept_aside_is_held_against_its_events(void **state)
{
	static const struct damage rows[] = {
		{ "a conflict of no event", "UPDATE conflict SET id = 'z'",
		  "conflict its event is gone [source gw-1 id z time 2026-08-01T09:00:00.000Z] "
		  "|\n" },
		{ "a conflict of no source", "UPDATE conflict SET source = 99",
		  "conflict source [conflict, 1 row] name 99|a name that is there\n"
		  "conflict its event is gone [source (name 99) id a time "
		  "2026-08-01T09:00:00.000Z] |\n" },
		{ "a line of no source", "UPDATE quarantine SET source = 99",
		  "quarantine source [quarantine, 1 row] name 99|a name that is there\n" },
		{ "numbers nobody counts, counted down", "UPDATE unknown_usage SET events = 7",
		  "unknown events [source gw-1 api openai.chat] 7|1\n" },
		{ "numbers nobody counts, gone", "DELETE FROM unknown_usage",
		  "unknown events [source gw-1 api openai.chat] 0|1\n" },
		{ "an event that is said to have one", "UPDATE event SET flags = 2 WHERE id = 'a'",
		  DIGEST("2026-08-01T09:00Z", "2 events, 9b415d113972a27e",
		         "2 events, 6e54b60198dd87ce") "unknown events [source gw-1 api toll] "
		                                       "0|1\n" },
		{ "an event of another api",
		  "UPDATE event SET api = (SELECT api FROM event WHERE id = 'a') WHERE id = 'u'",
		  DIGEST("2026-08-01T10:00Z", "5 events, c29561c8b655ddb1",
		         "5 events, ee0c816f3db78401") "unknown events [source gw-1 api "
		                                       "openai.chat] 1|0\n"
		                                       "unknown events [source gw-1 api toll] "
		                                       "0|1\n" },
	};

	(void)state;
	expect_findings_in(fill_aside, rows, sizeof(rows) / sizeof(rows[0]));
}

#define SCHEMA(from, to)                                                                           \
	"PRAGMA writable_schema=ON;"                                                               \
	"UPDATE sqlite_schema SET sql = replace(sql, '" from "', '" to "')"                        \
	"WHERE name = 'event_suspense'; PRAGMA writable_schema=RESET;"

static void test_the_file_is_as_the_migrations_and_the_rows_make_it(void **state)
{
	static const struct damage rows[] = {
		{ "an index that keeps a row it must not",
		  SCHEMA("= -1", "= 7") "UPDATE event SET price = 0 WHERE id = 'd';"
		                        "UPDATE rollup SET price = 0 WHERE price = -1;" SCHEMA(
						"= 7", "= -1"),
		  "file integrity_check [pages] wrong # of entries in index event_suspense|ok\n"
		  "event price " WHERE_D " none|it used something: a price, or suspense\n" },
		{ "an index that is gone", "DROP INDEX event_suspense",
		  "file schema [index event_suspense] nothing|CREATE INDEX event_suspense ON event "
		  "(ts) WHERE price = -1\n" },
		{ "a trigger", "CREATE TRIGGER t AFTER INSERT ON event BEGIN SELECT 1; END",
		  "file schema [trigger t] CREATE TRIGGER t AFTER INSERT ON event BEGIN SELECT 1; "
		  "END|"
		  "nothing of this name\n" },
	};

	(void)state;
	expect_findings(rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_a_table_that_was_changed_is_named(void **state)
{
	struct ledgerkit *kit = *state;
	struct buf findings = { .at = NULL };

	kit_shut(kit);
	kit_sql(kit, "ALTER TABLE change ADD COLUMN x TEXT");
	assert_int_equal(kit_verify(kit, &findings), 1);
	assert_non_null(strstr(findings.at, "file schema [table change] CREATE TABLE"));
	assert_non_null(strstr(findings.at, "x TEXT"));
	kit_reopen(kit);
	buf_release(&findings);
}

static void test_the_summary_has_both_sums(void **state)
{
	struct ledgerkit *kit = *state;
	struct verify_summary summary;
	char events[MONEY_TEXT_BYTES], rollups[MONEY_TEXT_BYTES];

	fill(kit);
	kit_shut(kit);
	kit_sql(kit, "UPDATE rollup SET nanos = nanos + 1000000000 WHERE hour = " HOUR_9);
	kit_reopen(kit);
	assert_int_equal(ledger_verify(kit->ledger, keep_on, NULL, NULL, &summary, NULL), 0);
	money_text(summary.events_amount, events);
	money_text(summary.rollups_amount, rollups);
	assert_int_equal(summary.events, 6);
	assert_int_equal(summary.rollups, 5);
	assert_int_equal(summary.findings, 1);
	assert_int_equal(summary.suspense, 1);
	assert_string_equal(events, "0.2010658");
	assert_string_equal(rollups, "1.2010658");
}

struct heard {
	int64_t calls, done, total;
};

static void hear(void *context, int64_t done, int64_t total)
{
	struct heard *heard = context;

	assert_true(done >= heard->done && done <= total);
	*heard = (struct heard){ heard->calls + 1, done, total };
}

static void test_its_progress_ends_at_all_events(void **state)
{
	struct ledgerkit *kit = *state;
	struct verify_summary summary;
	struct heard heard = { .calls = 0 };

	fill(kit);
	assert_int_equal(ledger_verify(kit->ledger, keep_on, hear, &heard, &summary, NULL), 0);
	/* At its beginning and at its end: there are few. */
	assert_int_equal(heard.calls, 2);
	assert_int_equal(heard.done, 6);
	assert_int_equal(heard.total, 6);
}

static void test_whoever_listens_may_stop_it(void **state)
{
	struct ledgerkit *kit = *state;
	struct verify_summary summary;
	int calls = 0;

	fill(kit);
	kit_shut(kit);
	kit_sql(kit, "DELETE FROM rollup");
	kit_reopen(kit);
	assert_int_equal(ledger_verify(kit->ledger, stop, NULL, &calls, &summary, NULL), 42);
	assert_int_equal(calls, 1);
	/* Nothing was left open: it runs again. */
	assert_int_equal(ledger_verify(kit->ledger, keep_on, NULL, NULL, &summary, NULL), 0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_ledger_as_it_was_written_has_no_findings),
		cmocka_unit_test(test_an_event_that_was_changed_is_named),
		cmocka_unit_test(test_an_event_that_cannot_be_read_is_named),
		T(test_a_price_that_no_book_has_is_named),
		cmocka_unit_test(test_an_event_that_is_gone_or_too_many_is_named),
		cmocka_unit_test(test_a_detail_that_was_changed_is_named),
		cmocka_unit_test(test_a_rollup_that_was_changed_is_named),
		cmocka_unit_test(test_a_cost_that_was_changed_is_named),
		cmocka_unit_test_setup_teardown(test_a_price_of_a_cost_that_no_book_has_is_named,
		                                kit_setup, kit_teardown),
		cmocka_unit_test_setup_teardown(test_a_cost_without_a_price_is_kept_out_by_the_file,
		                                kit_setup, kit_teardown),
		cmocka_unit_test(test_a_watermark_that_was_changed_is_named),
		cmocka_unit_test(test_a_book_that_was_changed_is_named),
		T(test_a_line_in_quarantine_that_was_changed_is_named),
		cmocka_unit_test(test_what_was_kept_aside_is_held_against_its_events),
		cmocka_unit_test(test_the_file_is_as_the_migrations_and_the_rows_make_it),
		T(test_a_table_that_was_changed_is_named),
		T(test_the_summary_has_both_sums),
		T(test_its_progress_ends_at_all_events),
		T(test_whoever_listens_may_stop_it),
	};

	return cmocka_run_group_tests_name("verify", tests, NULL, NULL);
}
