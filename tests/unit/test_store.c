#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "ledger/internal.h"
#include "tests/support/ledgerkit.h"
#include "usage/kinds.h"

#define AT_10 "2026-08-01T10:00:00Z"
#define AT_11 "2026-08-01T11:00:00Z"

#define LINE(id, time, usage)                                                                      \
	"{'id':'" id "','time':'" time                                                             \
	"','account':'acct','model':'m','api':'toll','usage':" usage "}"

static enum ingest_verdict send(struct ledgerkit *kit, const char *line)
{
	return kit_send(kit, kit_quotes(line));
}

/* One number of the file, while the ledger is shut for a moment. */
static int64_t ask(struct ledgerkit *kit, const char *sql)
{
	int64_t value;

	kit_shut(kit);
	value = kit_sql_int(kit, sql);
	kit_reopen(kit);
	return value;
}

static void test_rare_components_and_rare_members_have_rows_of_their_own(void **state)
{
	struct ledgerkit *kit = *state;

	send(kit, "{'id':'a','time':'" AT_10 "','account':'acct','model':'m','api':'toll',"
	          "'usage':{'input':1,'input_audio':2,'cache_write':6,'output':7,'images_in':9,"
	          "'pages':10},'region':'eu','tags':{'team':'a'}}");
	kit_shut(kit);
	assert_string_equal(kit_sql_text(kit, "SELECT extra FROM event"),
	                    "{\"tags\":{\"team\":\"a\"}}");
	assert_string_equal(kit_sql_text(kit,
	                                 "SELECT group_concat(component || '=' || count, ' ') FROM "
	                                 "(SELECT * FROM event_detail ORDER BY component)"),
	                    "cache_write=6 images_in=9 input_audio=2 pages=10");
	kit_reopen(kit);
}

static int compare_event(void *context, const struct stored_event *row)
{
	const struct event *sent = context, *got = &row->event;
	const struct text texts[][2] = {
		{ sent->id, got->id },
		{ sent->source, got->source },
		{ sent->account, got->account },
		{ sent->key, got->key },
		{ sent->model, got->model },
		{ sent->provider, got->provider },
		{ sent->api, got->api },
		{ sent->service_tier, got->service_tier },
		{ sent->finish_reason, got->finish_reason },
		{ sent->region, got->region },
		{ sent->extra, got->extra },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_true(text_equal(texts[i][0], texts[i][1]));
		assert_int_equal(texts[i][0].at == NULL, texts[i][1].at == NULL);
	}
	assert_int_equal(got->time_ms, sent->time_ms);
	assert_int_equal(got->status, sent->status);
	assert_int_equal(got->latency_ms, sent->latency_ms);
	assert_int_equal(got->ttft_ms, sent->ttft_ms);
	assert_int_equal(got->stream, sent->stream);
	assert_int_equal(got->settlement, sent->settlement);
	assert_int_equal(got->provenance, sent->provenance);
	assert_int_equal(got->served, sent->served);
	assert_true(got->content_hash == sent->content_hash);
	assert_int_equal(row->unknown, sent->unknown_path.at != NULL);
	assert_memory_equal(got->usage.count, sent->usage.count, sizeof(got->usage.count));
	assert_int_equal(got->usage.kind_count, sent->usage.kind_count);
	/* In whatever order. */
	for (unsigned i = 0; i < sent->usage.kind_count; i++) {
		unsigned k = 0;

		while (k < got->usage.kind_count &&
		       !(kind_same(&sent->usage.kinds[i], &got->usage.kinds[k]) &&
		         sent->usage.kinds[i].n == got->usage.kinds[k].n))
			k++;
		assert_true(k < got->usage.kind_count);
	}
	return 0;
}

static void test_every_member_comes_back(void **state)
{
	static const char *const lines[] = {
		LINE("least", AT_10, "{'output':0}"),
		"{'id':'all','source':'gw-9','time':'2026-08-01T10:00:00.123Z','account':'a','key':"
		"'k',"
		"'model':'m','provider':'p','api':'toll','usage':{'input':1,'input_audio':2,"
		"'cache_read':3,'cache_write_5m':4,'cache_write_1h':5,'cache_write':6,'output':7,"
		"'reasoning':8,'seconds':9,'pages':10},'status':200,'finish_reason':'stop',"
		"'service_tier':'batch','stream':true,'latency_ms':812,'ttft_ms':0,'region':'eu',"
		"'upstream_id':'u','upstream_cost':'0.01','settlement':'abandoned','provenance':'"
		"estimated','served':4,'tags':{'t':'a'}}",
		"{'id':'images','time':'2026-08-01T10:00:00Z','account':'a','model':'m','api':'"
		"toll',"
		"'images':[{'n':2,'size':'1024x1024','quality':'hd'},{'n':1},"
		"{'n':3,'size':'512x512','direction':'in'}]}",
		"{'id':'failed','time':'2026-08-01T10:00:00Z','account':'a','model':'m','api':'"
		"toll',"
		"'status':503,'latency_ms':0}",
		LINE("unknown", AT_10, "{'input':1,'dreams':2}"),
		"{'id':'kinds','time':'2026-08-01T10:00:00Z','account':'a','model':'m','api':'"
		"toll',"
		"'usage':{'searches':5,'seconds':8,'cache_read':9,'cache_write':7},"
		"'images':[{'n':2,'size':'s','steps':4},{'n':1,'size':'s','steps':50}],'kinds':["
		"{'component':'searches','n':2,'kind':'a'},"
		"{'component':'searches','n':1,'kind':'b'},"
		"{'component':'seconds','n':8,'kind':'video','resolution':'720p'},"
		"{'component':'cache_read','n':4,'implicit':true},"
		"{'component':'cache_write','n':5,'ttl_seconds':600,'implicit':false}]}",
		"{'id':'column','time':'2026-08-01T10:00:00Z','account':'a','model':'m','api':'"
		"toll',"
		"'usage':{'cache_read':9},'kinds':{'component':'cache_read','n':9,'implicit':false}"
		"}",
	};
	struct ledgerkit *kit = *state;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct fault fault = { .code = FAULT_NONE };
		struct ingest_item item;

		send(kit, lines[i]);
		kit_prepare(kit, kit_quotes(lines[i]), &item);
		assert_false(item.refused);
		assert_int_equal(ledger_find_events(kit->ledger, item.event.id, text_of(NULL),
		                                    LEDGER_FROM_MIN, LEDGER_TO_MAX, compare_event,
		                                    &item.event, &fault),
		                 0);
	}
	kit_verify_clean(kit);
}

/* What has a column is not counted again in its details; what has none is counted there. */
static void test_details_are_of_the_kinds_and_of_the_rest(void **state)
{
	struct ledgerkit *kit = *state;

	send(kit, "{'id':'k','time':'2026-08-01T10:00:00Z','account':'a','model':'m','api':'toll',"
	          "'usage':{'searches':5,'cache_read':9,'pages':1},'kinds':["
	          "{'component':'searches','n':2,'kind':'a'},"
	          "{'component':'cache_read','n':4,'implicit':true}]}");
	kit_shut(kit);
	assert_string_equal(kit_sql_text(kit, "SELECT group_concat(component || ' ' || kind || "
	                                      "number || ' ' || count, ', ') FROM event_detail"),
	                    "cache_read implicit0 4, pages 0 1, searches 0 3, searches a0 2");
	assert_string_equal(kit_sql_text(kit, "SELECT e.cache_read || ' ' || r.cache_read || ' ' "
	                                      "|| r.searches FROM event e, rollup r"),
	                    "9 9 5");
	kit_reopen(kit);
	kit_verify_clean(kit);
}

static void test_the_same_content_again_is_a_duplicate(void **state)
{
	static const char *const again[] = {
		LINE("a", AT_10, "{'input':1,'output':2}"),
		LINE("a", AT_10, "{'output':2,'input':1}"),
		"{ 'usage' : {'input':1, 'output':2}, 'api':'toll','model':'m','account':'acct',"
		"'time':'" AT_10 "','id':'a','source':'gw-1'}",
	};
	struct ledgerkit *kit = *state;

	assert_int_equal(send(kit, again[0]), INGEST_UNPRICED);
	for (size_t i = 0; i < sizeof(again) / sizeof(again[0]); i++)
		assert_int_equal(send(kit, again[i]), INGEST_DUPLICATE);
	assert_int_equal(ask(kit, "SELECT count(*) FROM event"), 1);
	assert_int_equal(ask(kit, "SELECT count(*) FROM conflict"), 0);
	assert_int_equal(ask(kit, "SELECT events FROM watermark"), 1);
	/* And by another gateway it is another request. */
	assert_int_equal(send(kit, "{'id':'a','source':'gw-2','time':'" AT_10 "','account':'acct',"
	                           "'model':'m','api':'toll','usage':{'input':1,'output':2}}"),
	                 INGEST_UNPRICED);
	kit_verify_clean(kit);
}

struct conflicts {
	int64_t rows, times;
	char stored[512], raw[512];
};

static int note_conflict(void *context, const struct conflict_row *row)
{
	struct conflicts *seen = context;

	seen->rows++;
	seen->times += row->times;
	text_copy(seen->stored, sizeof(seen->stored), row->stored);
	text_copy(seen->raw, sizeof(seen->raw), row->raw);
	return 0;
}

static struct conflicts conflicts_of(struct ledgerkit *kit)
{
	struct conflicts seen = { .rows = 0 };

	assert_int_equal(ledger_each_conflict(kit->ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX,
	                                      note_conflict, &seen, NULL),
	                 0);
	return seen;
}

static void test_other_content_is_a_conflict_kept_with_both_versions(void **state)
{
	const char *other = LINE("a", AT_10, "{'input':2}");
	struct ledgerkit *kit = *state;
	struct conflicts seen;

	send(kit, LINE("a", AT_10, "{'input':1}"));
	assert_int_equal(send(kit, other), INGEST_CONFLICT);
	seen = conflicts_of(kit);
	assert_int_equal(seen.rows, 1);
	assert_string_equal(seen.raw, kit_quotes(other));
	assert_string_equal(
		seen.stored,
		kit_quotes("{'id':'a','source':'gw-1','time':'2026-08-01T10:00:00.000Z',"
	                   "'account':'acct','model':'m','api':'toll','settlement':'final',"
	                   "'provenance':'reported','stream':false,'counts':{'input':1,'requests':"
	                   "1}}"));
	/* The same other one counts up, a third version has its own row. */
	assert_int_equal(send(kit, other), INGEST_CONFLICT);
	assert_int_equal(conflicts_of(kit).rows, 1);
	assert_int_equal(conflicts_of(kit).times, 2);
	assert_int_equal(send(kit, LINE("a", AT_10, "{'input':3}")), INGEST_CONFLICT);
	assert_int_equal(conflicts_of(kit).rows, 2);
	assert_int_equal(ask(kit, "SELECT input FROM event"), 1);
	kit_verify_clean(kit);
}

/* What of the first is not in its counts is kept too. */
static void test_a_conflict_keeps_the_kinds_and_the_region_of_the_first(void **state)
{
	static const char first[] =
		"{'id':'a','time':'" AT_10 "','account':'acct','model':'m','api':'toll','usage':"
		"{'cache_read':9},'images':{'n':1,'size':'s','steps':4},'kinds':{'component':"
		"'cache_read','n':4,'implicit':true},'region':'eu','service_tier':'flex'}";
	struct ledgerkit *kit = *state;

	assert_int_equal(send(kit, first), INGEST_UNPRICED);
	assert_int_equal(send(kit, LINE("a", AT_10, "{'input':2}")), INGEST_CONFLICT);
	assert_string_equal(
		conflicts_of(kit).stored,
		kit_quotes("{'id':'a','source':'gw-1','time':'2026-08-01T10:00:00.000Z',"
	                   "'account':'acct','model':'m','api':'toll','service_tier':'flex',"
	                   "'region':'eu','settlement':'final','provenance':'reported','stream':"
	                   "false,'counts':{'cache_read':9,'images_out':1,'requests':1},"
	                   "'images':[{'n':1,'direction':'out','size':'s','steps':4}],"
	                   "'kinds':[{'component':'cache_read','n':4,'implicit':true}]}"));
	kit_verify_clean(kit);
}

static void test_another_time_is_other_content(void **state)
{
	struct ledgerkit *kit = *state;

	send(kit, LINE("a", AT_10, "{'input':1}"));
	assert_int_equal(send(kit, LINE("a", AT_11, "{'input':1}")), INGEST_CONFLICT);
	/* What was stored is known after a restart too. */
	kit_shut(kit);
	kit_reopen(kit);
	assert_int_equal(send(kit, LINE("a", AT_11, "{'input':1}")), INGEST_CONFLICT);
	assert_int_equal(send(kit, LINE("a", AT_10, "{'input':1}")), INGEST_DUPLICATE);
	assert_int_equal(ask(kit, "SELECT count(*) FROM event"), 1);
}

/* Beyond what memory holds the key still finds the same time, and verify the rest. */
static void test_an_identity_out_of_memory_is_found_by_its_key_or_by_verify(void **state)
{
	const struct ledger_options options = { .identity_bytes = IDENTITY_BYTES_MIN };
	struct ledgerkit *kit = *state;
	struct buf findings = { .at = NULL };
	char line[256];

	kit_shut(kit);
	assert_int_equal(ledger_open_writer(&kit->ledger, kit->path, &options, NULL), 0);
	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	for (int i = 0; i <= KIT_FORGET_EVENTS; i++) {
		struct ingest_item item;

		snprintf(line, sizeof(line),
		         "{\"id\":\"e-%d\",\"time\":\"" AT_10 "\",\"account\":\"acct\","
		         "\"model\":\"m\",\"api\":\"toll\",\"usage\":{\"input\":1}}",
		         i);
		kit_prepare(kit, line, &item);
		assert_int_equal(ingest_store(kit->ledger, &item, NULL), 0);
		assert_int_equal(item.verdict, INGEST_UNPRICED);
	}
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
	assert_int_equal(send(kit, LINE("e-0", AT_10, "{'input':1}")), INGEST_DUPLICATE);
	assert_int_equal(send(kit, LINE("e-0", AT_10, "{'input':2}")), INGEST_CONFLICT);
	assert_int_equal(send(kit, LINE("e-4096", AT_11, "{'input':1}")), INGEST_CONFLICT);
	kit_verify_clean(kit);
	/* What is kept beside it still tells of it. */
	assert_int_equal(send(kit, LINE("e-0", AT_11, "{'input':1}")), INGEST_CONFLICT);
	assert_int_equal(send(kit, LINE("e-1", AT_11, "{'input':1}")), INGEST_UNPRICED);
	assert_int_equal(kit_verify(kit, &findings), 1);
	assert_string_equal(findings.at,
	                    "identity time, where it stands already [source gw-1 id e-1 "
	                    "time 2026-08-01T11:00:00.000Z] "
	                    "2026-08-01T11:00:00.000Z|2026-08-01T10:00:00.000Z\n");
	buf_release(&findings);
}

/* What a start reads back are the newest: they stay when the next ones come. */
static void test_a_start_keeps_the_newest_identities(void **state)
{
	const struct ledger_options options = { .identity_bytes = IDENTITY_BYTES_MIN };
	enum { EVENTS = 1500 };
	struct ledgerkit *kit = *state;
	char line[256];

	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	for (int i = 0; i < EVENTS; i++) {
		struct ingest_item item;

		snprintf(line, sizeof(line),
		         "{\"id\":\"e-%d\",\"time\":\"2026-08-01T10:%02d:%02dZ\","
		         "\"account\":\"acct\",\"model\":\"m\",\"api\":\"toll\","
		         "\"usage\":{\"input\":1}}",
		         i, i / 60, i % 60);
		kit_prepare(kit, line, &item);
		assert_int_equal(ingest_store(kit->ledger, &item, NULL), 0);
		assert_int_equal(item.verdict, INGEST_UNPRICED);
	}
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
	kit_shut(kit);
	assert_int_equal(ledger_open_writer(&kit->ledger, kit->path, &options, NULL), 0);
	assert_int_equal(send(kit, LINE("new", AT_11, "{'input':1}")), INGEST_UNPRICED);
	assert_int_equal(send(kit, LINE("e-1499", AT_11, "{'input':1}")), INGEST_CONFLICT);
	assert_int_equal(send(kit, LINE("e-1420", AT_11, "{'input':1}")), INGEST_CONFLICT);
	kit_verify_clean(kit);
}

static void test_rollups_are_exact_over_many_transactions(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_small_book);
	for (int i = 0; i < 50; i++) {
		char id[16];

		snprintf(id, sizeof(id), "e-%d", i);
		kit_send_usage(kit, id, i % 2 ? AT_10 : AT_11, "acme/llama-4-70b",
		               "{\"input\":1,\"output\":1}");
	}
	kit_shut(kit);
	assert_string_equal(
		kit_sql_text(kit, "SELECT group_concat(hour || ' ' || events || ' ' || input "
	                          "|| ' ' || requests || ' ' || nanos || ' ' || attos, "
	                          "'; ') FROM rollup"),
		"1785578400000 25 25 25 80000 0; 1785582000000 25 25 25 80000 0");
	kit_reopen(kit);
	kit_verify_clean(kit);
}

static void test_a_sum_that_would_overflow_refuses_the_event(void **state)
{
	struct ledgerkit *kit = *state;

	kit_price(
		kit,
		kit_quotes("{'pricebook':1,'currency':'USD','models':[{'model':'dear','versions':["
	                   "{'effective_from':'2026','rates':[{'component':'input',"
	                   "'each':'9000000000'},{'component':'pages','each':'0'}]}]}]}"));
	assert_int_equal(kit_send_usage(kit, "a", AT_10, "dear", "{\"input\":1}"), INGEST_ACCEPTED);
	assert_int_equal(kit_send_usage(kit, "b", AT_10, "dear", "{\"input\":1,\"pages\":2}"),
	                 INGEST_QUARANTINED);
	assert_int_equal(kit_send_usage(kit, "b", AT_11, "dear", "{\"input\":1,\"pages\":2}"),
	                 INGEST_ACCEPTED);
	assert_string_equal(kit_events(kit), "a=1:9000000000.00 b=1:9000000000.00");
	assert_int_equal(ask(kit, "SELECT count(*) FROM event_detail"), 1);
	assert_int_equal(ask(kit, "SELECT events FROM watermark"), 2);
	kit_shut(kit);
	assert_string_equal(kit_sql_text(kit, "SELECT reason || ' ' || event_id || ' ' || event_ms "
	                                      "FROM quarantine"),
	                    "amount b 1785578400000");
	kit_reopen(kit);
}

/* It was not stored, so it must not be known: neither in this hour nor in another. */
static void test_a_refused_first_event_of_an_hour_leaves_no_sum(void **state)
{
	struct ledgerkit *kit = *state;
	struct event event = { .id = text_of("a"),
		               .source = text_of("s"),
		               .account = text_of("x"),
		               .model = text_of("m"),
		               .time_ms = KIT_NOW_MS,
		               .status = EVENT_ABSENT };
	const struct rated waiting = { .price_id = LEDGER_PRICE_SUSPENSE };
	struct ledger_added added = { .outcome = LEDGER_ADDED };

	/* No real usage gets there: the sum of an hour that is almost full. */
	kit_shut(kit);
	kit_sql(kit,
	        "INSERT INTO name (id, text) VALUES (1, 's'), (2, 'x'), (3, 'm');"
	        "INSERT INTO rollup (hour, account, key, model, source, provider, tier, price, "
	        "events, errors, input, nanos, attos) VALUES (1785585600000, 2, 0, 3, 1, 0, 0, -1, "
	        "1, 0, 9223372036854775807, 0, 0)");
	kit_reopen(kit);
	event.usage.count[COMPONENT_INPUT] = 1;
	event.latency_ms = event.ttft_ms = EVENT_ABSENT;
	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	assert_int_equal(ledger_add(kit->ledger, &event, &waiting, text_of("line"), KIT_NOW_MS,
	                            &added, NULL),
	                 0);
	assert_int_equal(added.outcome, LEDGER_OVERFLOW);
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
	assert_int_equal(ask(kit, "SELECT count(*) FROM event"), 0);
	assert_int_equal(ask(kit, "SELECT count(*) FROM watermark"), 0);
	assert_int_equal(ask(kit, "SELECT input = 9223372036854775807 AND events = 1 FROM rollup"),
	                 1);
}

static void quarantine(struct ledgerkit *kit, const char *source, const char *line, int64_t length,
                       int64_t now_ms)
{
	const struct event_refusal refusal = { .reason = REASON_TOO_LONG,
		                               .detail = "why",
		                               .source = text_of(source),
		                               .time_ms = EVENT_ABSENT };

	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	assert_int_equal(
		ledger_quarantine(kit->ledger, &refusal, text_of(line), length, now_ms, NULL), 0);
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
}

static void test_the_same_quarantined_line_counts_up(void **state)
{
	struct ledgerkit *kit = *state;

	quarantine(kit, "s", "x", 1, 100);
	quarantine(kit, "s", "x", 1, 300);
	quarantine(kit, "s", "x", 1, 200);
	quarantine(kit, "s", "x", 5, 100);
	quarantine(kit, "t", "x", 1, 100);
	quarantine(kit, NULL, "x", 1, 100);
	quarantine(kit, "s", "y", 1, 100);
	kit_shut(kit);
	assert_string_equal(
		kit_sql_text(
			kit,
			"SELECT group_concat(coalesce(nullif(n.text, ''), '-') || ' ' || raw || "
			"' ' || length || ' ' || times || ' ' || first_ms || '-' || last_ms, "
			"'; ') FROM (SELECT q.*, n.text FROM quarantine q JOIN name n ON "
			"n.id = q.source ORDER BY q.id) AS n"),
		"s x 1 3 100-300; s x 5 1 100-100; t x 1 1 100-100; - x 1 1 100-100; s y 1 1 "
		"100-100");
	kit_reopen(kit);
}

static void test_a_checkpoint_is_stored_once(void **state)
{
	struct ledgerkit *kit = *state;

	assert_int_equal(send(kit, "{'checkpoint':{'source':'s','seq':7,'events':1}}"),
	                 INGEST_CHECKPOINT);
	assert_int_equal(send(kit, "{'checkpoint':{'source':'s','seq':7,'events':2}}"),
	                 INGEST_QUARANTINED);
	assert_int_equal(send(kit, "{'checkpoint':{'events':1,'seq':7,'source':'s'}}"),
	                 INGEST_DUPLICATE);
	assert_int_equal(send(kit, "{'checkpoint':{'source':'s','seq':8,'events':2}}"),
	                 INGEST_CHECKPOINT);
	kit_shut(kit);
	assert_string_equal(
		kit_sql_text(kit, "SELECT group_concat(seq || ' ' || json, '; ') FROM checkpoint"),
		kit_quotes("7 {'checkpoint':{'source':'s','seq':7,'events':1}}; "
	                   "8 {'checkpoint':{'source':'s','seq':8,'events':2}}"));
	kit_reopen(kit);
}

static void test_a_rollback_leaves_nothing(void **state)
{
	static const char *const tables[] = { "event",         "event_detail", "rollup",
		                              "watermark",     "quarantine",   "conflict",
		                              "unknown_usage", "checkpoint",   "change" };
	struct ledgerkit *kit = *state;
	struct ingest_item item;
	char sql[128];

	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	kit_prepare(kit, kit_quotes(LINE("a", AT_10, "{'input':1,'pages':1,'dreams':1}")), &item);
	assert_int_equal(ingest_store(kit->ledger, &item, NULL), 0);
	kit_prepare(kit, kit_quotes(LINE("a", AT_10, "{'input':2}")), &item);
	assert_int_equal(ingest_store(kit->ledger, &item, NULL), 0);
	assert_int_equal(item.verdict, INGEST_CONFLICT);
	kit_prepare(kit, "no event", &item);
	assert_int_equal(ingest_store(kit->ledger, &item, NULL), 0);
	kit_prepare(kit, kit_quotes("{'checkpoint':{'source':'s','seq':7}}"), &item);
	assert_int_equal(ingest_store(kit->ledger, &item, NULL), 0);
	assert_int_equal(
		ledger_change_note(kit->ledger, 1, text_of("who"), "what", text_of(""), NULL), 0);
	ledger_rollback(kit->ledger);
	ledger_rollback(kit->ledger); /* nothing to do */
	kit_shut(kit);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", tables[i]);
		assert_int_equal(kit_sql_int(kit, sql), 0);
	}
	assert_int_equal(kit_sql_int(kit, "SELECT count(*) FROM name"), 1);
	kit_reopen(kit);
	/* The identity that is still in memory has no row: it is no duplicate. */
	assert_int_equal(send(kit, LINE("a", AT_10, "{'input':1}")), INGEST_UNPRICED);
	kit_verify_clean(kit);
}

static void test_after_a_rollback_the_same_ledger_takes_the_event(void **state)
{
	struct ledgerkit *kit = *state;
	struct ingest_item item;

	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	kit_prepare(kit, kit_quotes(LINE("a", AT_10, "{'input':1}")), &item);
	assert_int_equal(ingest_store(kit->ledger, &item, NULL), 0);
	ledger_rollback(kit->ledger);
	assert_int_equal(send(kit, LINE("a", AT_11, "{'input':1}")), INGEST_UNPRICED);
	kit_verify_clean(kit);
}

struct unknown_seen {
	int64_t rows, events, others;
};

static int note_unknown(void *context, const struct unknown_row *row)
{
	struct unknown_seen *seen = context;

	seen->rows++;
	seen->events += row->events;
	if (text_is(row->path, "(others)"))
		seen->others = row->events;
	return 0;
}

static void test_paths_nobody_counts_are_bounded(void **state)
{
	enum { PATHS = UNKNOWN_PATHS_MAX + 20 };
	struct ledgerkit *kit = *state;
	struct unknown_seen seen = { 0, 0, 0 };
	char id[16], usage[64];

	for (int i = 0; i < PATHS; i++) {
		snprintf(id, sizeof(id), "e-%d", i);
		snprintf(usage, sizeof(usage), "{\"input\":1,\"dream_%d\":1}", i);
		kit_send_usage(kit, id, AT_10, "m", usage);
	}
	assert_int_equal(ledger_each_unknown(kit->ledger, note_unknown, &seen, NULL), 0);
	assert_int_equal(seen.events, PATHS);
	assert_true(seen.rows <= UNKNOWN_PATHS_MAX + 1);
	assert_int_equal(seen.others, PATHS - UNKNOWN_PATHS_MAX);
}

static void test_only_an_event_in_suspense_can_get_its_price(void **state)
{
	const char *line = LINE("a", AT_10, "{'input':1}");
	struct ledgerkit *kit = *state;
	struct fault fault = { .code = FAULT_NONE };
	struct ingest_item item;
	struct rated found;

	send(kit, line);
	kit_prepare(kit, kit_quotes(line), &item);
	found = item.rated;
	found.price_id = LEDGER_PRICE_NONE;
	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	assert_int_equal(
		ledger_suspense_price(kit->ledger, &item.event, &item.rated, &found, &fault), 0);
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
	assert_string_equal(kit_events(kit), "a=0:0.00");
	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	assert_true(ledger_suspense_price(kit->ledger, &item.event, &item.rated, &found, &fault) <
	            0);
	ledger_rollback(kit->ledger);
	assert_string_equal(kit_events(kit), "a=0:0.00");
}

static int raise_file_limit(void **state)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_FSIZE, &limit);
	signal(SIGXFSZ, SIG_DFL);
	return kit_teardown(state);
}

/* No more room: what was asked for is not there, what was there stays, and later it works. */
static void test_a_full_disk_is_told_and_survived(void **state)
{
	struct ledgerkit *kit = *state;
	struct fault fault = { .code = FAULT_NONE };
	struct rlimit limit;
	struct ingest_item item;
	struct stat file;
	char wal[KIT_PATH_BYTES + 8], line[512];
	int r, i;

	snprintf(wal, sizeof(wal), "%s-wal", kit->path);
	send(kit, LINE("before", AT_10, "{'input':1}"));
	assert_int_equal(stat(wal, &file), 0);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = (rlim_t)file.st_size + 6000; /* in the middle of a frame */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(ledger_begin(kit->ledger, &fault), 0);
	for (i = 0, r = 0; r == 0 && i < 500; i++) {
		snprintf(line, sizeof(line),
		         "{\"id\":\"e-%d\",\"time\":\"" AT_10 "\",\"account\":\"acct\","
		         "\"model\":\"m\",\"api\":\"toll\",\"usage\":{\"input\":1}}",
		         i);
		kit_prepare(kit, line, &item);
		r = ingest_store(kit->ledger, &item, &fault);
	}
	if (r == 0)
		r = ledger_commit(kit->ledger, &fault);
	if (r != -FAULT_FULL)
		fail_msg("%s: %s", fault_name(r), fault.text);
	assert_int_equal(fault.code, FAULT_FULL);
	ledger_rollback(kit->ledger);
	assert_string_equal(kit_events(kit), "before=-1:0.00");
	limit.rlim_cur = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(kit_send(kit, line), INGEST_UNPRICED);
	assert_int_equal(send(kit, LINE("e-0", AT_11, "{'input':1}")), INGEST_UNPRICED);
	kit_verify_clean(kit);
	kit_shut(kit);
	kit_reopen(kit);
	assert_int_equal(ask(kit, "SELECT count(*) FROM event"), 3);
	kit_verify_clean(kit);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_rare_components_and_rare_members_have_rows_of_their_own),
		T(test_every_member_comes_back),
		T(test_details_are_of_the_kinds_and_of_the_rest),
		T(test_the_same_content_again_is_a_duplicate),
		T(test_other_content_is_a_conflict_kept_with_both_versions),
		T(test_a_conflict_keeps_the_kinds_and_the_region_of_the_first),
		T(test_another_time_is_other_content),
		T(test_an_identity_out_of_memory_is_found_by_its_key_or_by_verify),
		T(test_a_start_keeps_the_newest_identities),
		T(test_rollups_are_exact_over_many_transactions),
		T(test_a_sum_that_would_overflow_refuses_the_event),
		T(test_a_refused_first_event_of_an_hour_leaves_no_sum),
		T(test_the_same_quarantined_line_counts_up),
		T(test_a_checkpoint_is_stored_once),
		T(test_a_rollback_leaves_nothing),
		T(test_after_a_rollback_the_same_ledger_takes_the_event),
		T(test_paths_nobody_counts_are_bounded),
		T(test_only_an_event_in_suspense_can_get_its_price),
		cmocka_unit_test_setup_teardown(test_a_full_disk_is_told_and_survived, kit_setup,
		                                raise_file_limit),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
