/* An identity that stands at several times: found, void, and how a period closes behind it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/moment.h"
#include "ingest/change.h"
#include "ledger/adjust.h"
#include "ledger/correct.h"
#include "ledger/store.h"
#include "ledger/twins.h"
#include "tests/support/ledgerkit.h"

#define NINE     INT64_C(1785574800000)
#define TEN      (NINE + MS_PER_HOUR)
#define ELEVEN   (TEN + MS_PER_HOUR)
#define AT(time) "2026-08-01T" time "Z"

static const char book[] =
	"{\"pricebook\":1,\"currency\":\"USD\",\"models\":[{\"model\":\"m\","
	"\"versions\":[{\"effective_from\":\"2026\",\"rates\":[{\"component\":"
	"\"input\",\"each\":\"1\"},{\"component\":\"pages\",\"each\":\"0\"}]}]}]}";

/* An event of that phase; it counts 1 input a copy. */
static void send(struct ledgerkit *kit, const char *id, const char *time, const char *settlement)
{
	char line[512];

	snprintf(line, sizeof(line),
	         "{'id':'%s','time':'%s','account':'a','model':'m','api':'toll','settlement':'%s',"
	         "'usage':{'input':1}}",
	         id, time, settlement);
	assert_int_equal(kit_send(kit, kit_quotes(line)), INGEST_ACCEPTED);
}

/* What memory holds is forgotten between two copies. */
static void begin_small(struct ledgerkit *kit)
{
	kit_shut(kit);
	kit_reopen_small(kit);
	kit_price(kit, book);
}

/* So many others, in one transaction, that memory has room for nothing before them. */
static void forget(struct ledgerkit *kit, int round)
{
	char line[256];

	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	for (int i = 0; i < KIT_FORGET_EVENTS; i++) {
		struct ingest_item item;

		snprintf(line, sizeof(line),
		         "{'id':'f%d-%d','time':'%s','account':'a','model':'m','api':'toll',"
		         "'usage':{'pages':1}}",
		         round, i, AT("09:30:00"));
		kit_prepare(kit, kit_quotes(line), &item);
		assert_int_equal(ingest_store(kit->ledger, &item, NULL), 0);
	}
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
}

static int add_twin(void *context, const struct twin *twin)
{
	buf_addf(context, "%.*s/%.*s %lld<-%lld; ", TEXT_ARGS(twin->source), TEXT_ARGS(twin->id),
	         (long long)(twin->keep_ms - NINE) / 1000,
	         (long long)(twin->void_ms - NINE) / 1000);
	return 0;
}

static void expect_twins(struct ledgerkit *kit, int64_t until_ms, const char *expected)
{
	/* One pass, and many. */
	static const size_t most[] = { 0, 100 };
	struct buf told = { .at = NULL };

	for (size_t i = 0; i < sizeof(most) / sizeof(most[0]); i++) {
		const struct twin_search search = { .until_ms = until_ms,
			                            .events = 3000,
			                            .fingerprints_max = most[i] };
		struct text rest = text_of(expected), part;
		size_t len = 0;

		buf_clear(&told);
		buf_add_cstr(&told, "");
		assert_int_equal(ledger_each_twin(kit->ledger, &search, add_twin, &told, NULL), 0);
		/* The order is that of the passes. */
		while (text_cut(&rest, ';', &part)) {
			char words[128];

			if (part.len < 2)
				continue;
			snprintf(words, sizeof(words), "%.*s", (int)(part.len - (len > 0)),
			         part.at + (len > 0));
			len += part.len + 1;
			if (told.at == NULL || strstr(told.at, words) == NULL)
				fail_msg("%s is not in %s", words, told.at);
		}
		if (told.len != strlen(expected))
			fail_msg("%s, not %s", told.at, expected);
	}
	buf_release(&told);
}

static bool void_twin(struct ledgerkit *kit, const char *id, int64_t keep_ms, int64_t void_ms)
{
	const struct twin twin = { text_of("gw-1"), text_of(id), keep_ms, void_ms };
	bool voided = false;

	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	assert_int_equal(ledger_void_twin(kit->ledger, &twin, KIT_NOW_MS, &voided, NULL), 0);
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
	return voided;
}

static void fill(struct ledgerkit *kit)
{
	begin_small(kit);
	send(kit, "equal", AT("09:00:01"), "final");
	send(kit, "phase", AT("09:00:02"), "partial");
	send(kit, "three", AT("09:00:03"), "final");
	send(kit, "alone", AT("09:00:04"), "final");
	forget(kit, 1);
	send(kit, "equal", AT("09:01:01"), "final");
	send(kit, "phase", AT("09:01:02"), "abandoned");
	send(kit, "three", AT("09:01:03"), "final");
	forget(kit, 2);
	send(kit, "three", AT("10:02:03"), "final");
}

static void test_every_copy_but_the_one_that_stands_is_told(void **state)
{
	struct ledgerkit *kit = *state;

	fill(kit);
	expect_twins(kit, LEDGER_TO_MAX,
	             "gw-1/equal 1<-61; gw-1/phase 62<-2; gw-1/three 3<-63; gw-1/three 3<-3723; ");
	expect_twins(kit, TEN, "gw-1/equal 1<-61; gw-1/phase 62<-2; gw-1/three 3<-63; ");
	expect_twins(kit, NINE, "");
}

static void test_only_a_pair_that_is_one_becomes_void(void **state)
{
	static const struct {
		const char *id;
		int64_t keep_ms, void_ms;
		bool voided;
	} rows[] = {
		{ "equal", NINE + 61000, NINE + 1000, false }, /* the earlier one stands */
		{ "phase", NINE + 2000, NINE + 62000, false }, /* the later phase does */
		{ "equal", NINE + 1000, NINE + 1000, false },  /* itself */
		{ "equal", NINE + 1000, NINE + 61001, false }, /* no event of that time */
		{ "equal", NINE + 1001, NINE + 61000, false },
		{ "other", NINE + 1000, NINE + 61000, false },
		{ "equal", NINE + 1000, NINE + 61000, true },
		{ "equal", NINE + 1000, NINE + 61000, false }, /* it is void */
		{ "phase", NINE + 62000, NINE + 2000, true },
		{ "three", NINE + 63000, NINE + 3723000, true },
		{ "three", NINE + 3723000, NINE + 63000, false }, /* what would stand is void */
		{ "three", NINE + 3000, NINE + 63000, true },
	};
	struct ledgerkit *kit = *state;
	struct buf findings = { .at = NULL };

	fill(kit);
	assert_int_equal(kit_verify(kit, &findings), 4);
	assert_non_null(strstr(findings.at,
	                       "identity time, where it stands already [source gw-1 id phase time "
	                       "2026-08-01T09:00:02.000Z] 2026-08-01T09:00:02.000Z|"
	                       "2026-08-01T09:01:02.000Z\n"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (void_twin(kit, rows[i].id, rows[i].keep_ms, rows[i].void_ms) != rows[i].voided)
			fail_msg("row %zu", i);
	}
	expect_twins(kit, LEDGER_TO_MAX, "");
	kit_verify_clean(kit);
	/* What comes of it later is of the one that stands. */
	send(kit, "phase", AT("09:05:00"), "final");
	kit_verify_clean(kit);
	assert_string_equal(kit_ask(kit,
	                            "SELECT group_concat(kind || ' ' || who || ' ' || id || ' ' "
	                            "|| reason, '; ') FROM correction WHERE seq < 3"),
	                    "twin toll equal the same event counts at 2026-08-01T09:00:01.000Z; "
	                    "twin toll phase the same event counts at 2026-08-01T09:01:02.000Z");
	buf_release(&findings);
}

static int stop(void *context, const struct twin *twin)
{
	(void)twin;
	++*(int *)context;
	return 42;
}

static void count_call(void *context, int64_t done, int64_t total)
{
	assert_true(done > 0 && total > 0);
	++*(int *)context;
}

static void test_whoever_listens_hears_how_far_it_is_and_may_stop_it(void **state)
{
	struct ledgerkit *kit = *state;
	int calls = 0, reports = 0;
	const struct twin_search search = {
		.until_ms = LEDGER_TO_MAX, .events = 7, .progress = count_call, .context = &reports
	};

	fill(kit);
	assert_int_equal(ledger_each_twin(kit->ledger, &search, stop, &calls, NULL), 42);
	assert_int_equal(calls, 1);
	/* 8200 rows */
	assert_int_equal(reports, 4);
}

static void send_turns(struct ledgerkit *kit, const char *time)
{
	static const char line[] =
		"{'id':'r','time':'%s','account':'a','model':'m','api':'anthropic.messages',"
		"'usage':{'input_tokens':5,'output_tokens':0,'iterations':["
		"{'type':'message','input_tokens':5,'output_tokens':0},"
		"{'type':'advisor_message','model':'m','input_tokens':30,'output_tokens':0},"
		"{'type':'compaction','input_tokens':7,'output_tokens':0}]}}";
	char text[1024];

	snprintf(text, sizeof(text), line, time);
	assert_int_equal(kit_send(kit, kit_quotes(text)), INGEST_ACCEPTED);
}

/* Each turn is a twin of its own, void before its request or with it: once. */
static void test_a_twin_is_void_with_its_turns(void **state)
{
	struct ledgerkit *kit = *state;

	begin_small(kit);
	send_turns(kit, AT("09:00:01"));
	forget(kit, 1);
	send_turns(kit, AT("09:01:01"));
	expect_twins(kit, LEDGER_TO_MAX, "gw-1/r 1<-61; gw-1/r~2 1<-61; gw-1/r~3 1<-61; ");
	assert_true(void_twin(kit, "r~2", NINE + 1000, NINE + 61000));
	assert_true(void_twin(kit, "r", NINE + 1000, NINE + 61000));
	assert_false(void_twin(kit, "r~3", NINE + 1000, NINE + 61000));
	expect_twins(kit, LEDGER_TO_MAX, "");
	kit_verify_clean(kit);
	assert_string_equal(
		kit_ask(kit,
	                "SELECT group_concat(id) FROM (SELECT id FROM correction ORDER BY seq)"),
		"r~2,r,r~3");
}

/* --- the closing ---------------------------------------------------------- */

static const char *run(struct ledgerkit *kit, const char *request)
{
	static char text[4096];
	struct fault fault = { .code = FAULT_NONE };
	struct change change = { text_of(request), text_of("uid 7"), KIT_NOW_MS };
	struct buf reply = { .at = NULL };
	bool changed = false;

	if (change_run(kit->ledger, &change, &reply, &changed, &fault) < 0)
		fail_msg("%s: %s", request, fault.text);
	snprintf(text, sizeof(text), "%.*s", TEXT_ARGS(buf_text(&reply)));
	buf_release(&reply);
	return text;
}

static int ignore_twin(void *context, const struct twin *twin)
{
	(void)context;
	(void)twin;
	return 0;
}

/* The request of whoever looked now; `twins`: members of its list. */
static const char *request_of(struct ledgerkit *kit, const char *until, int64_t until_ms,
                              const char *twins)
{
	static char text[2048];
	const struct twin_search search = { .until_ms = until_ms, .events = 1 };
	struct period_check check;
	char hex[2 * SHA256_BYTES + 1];

	assert_int_equal(ledger_check_period(kit->ledger, &search, ignore_twin, NULL, &check, NULL),
	                 0);
	for (size_t i = 0; i < SHA256_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", check.digest[i]);
	snprintf(text, sizeof(text), "%s", kit_quotes("{'change':'period.close','until':'"));
	snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s%s%s%s%s", until,
	         kit_quotes("','reason':'over','check':'"), hex, kit_quotes("','twins':["),
	         kit_quotes(twins), "]}");
	return text;
}

#define TWIN(id, keep, later)                                                                      \
	"{'source':'gw-1','id':'" id "','keep':'" AT(keep) "','void':'" AT(later) "'}"

static void expect(const char *reply, const char *words)
{
	if (strstr(reply, kit_quotes(words)) == NULL)
		fail_msg("%s\nnot %s", reply, words);
}

static void test_a_period_closes_behind_its_twins(void **state)
{
	static const char twins[] = TWIN("equal", "09:00:01", "09:01:01") "," TWIN(
		"phase", "09:01:02", "09:00:02") "," TWIN("three", "09:00:03",
	                                                  "09:01:03") "," TWIN("alone", "09:00:04",
	                                                                       "09:00:05");
	struct ledgerkit *kit = *state;
	struct period_waits waits;
	int64_t until = -1;

	fill(kit);
	expect(run(kit, request_of(kit, AT("10:00:00"), TEN, twins)),
	       "{'ok':true,'closed':true,'until':'2026-08-01T10:00:00.000Z','reason':'over',"
	       "'twins':4,'voided':3}");
	assert_int_equal(ledger_closed_until(kit->ledger, &until, NULL), 0);
	assert_int_equal(until, TEN);
	expect_twins(kit, LEDGER_TO_MAX, "gw-1/three 3<-3723; ");
	/* The copy behind it is of the next period. */
	expect(run(kit,
	           request_of(kit, AT("11:00:00"), ELEVEN, TWIN("three", "09:00:03", "10:02:03"))),
	       "'closed':true,'until':'2026-08-01T11:00:00.000Z','reason':'over','twins':1,"
	       "'voided':1}");
	kit_verify_clean(kit);
	assert_int_equal(ledger_period_waits(kit->ledger, TEN, &waits, NULL), 0);
	assert_int_equal(waits.open + waits.partial + waits.suspense, 0);
	assert_string_equal(
		kit_ask(kit, "SELECT (SELECT group_concat(who || ' ' || note) FROM closing) || "
	                     "(SELECT count(*) FROM change WHERE what = 'period.close')"),
		"uid 7 over,uid 7 over2");
	assert_string_equal(
		kit_ask(kit, "SELECT detail FROM change WHERE what = 'period.close' LIMIT 1"),
		kit_quotes("{'ok':true,'closed':true,'until':'2026-08-01T10:00:00.000Z',"
	                   "'reason':'over','twins':4,'voided':3}"));
}

/* An event that came between the look and the request. */
static void test_a_period_that_changed_is_looked_at_again(void **state)
{
	struct ledgerkit *kit = *state;
	char old[2048];
	int64_t until = -1;

	fill(kit);
	snprintf(old, sizeof(old), "%s",
	         request_of(kit, AT("10:00:00"), TEN, TWIN("equal", "09:00:01", "09:01:01")));
	send(kit, "late", AT("09:59:59.999"), "final");
	expect(run(kit, old), "{'ok':true,'closed':false,'until':'2026-08-01T10:00:00.000Z',"
	                      "'reason':'over','twins':1,'voided':1}");
	assert_int_equal(ledger_closed_until(kit->ledger, &until, NULL), 0);
	assert_int_equal(until, 0);
	/* One behind the period is none of it. */
	snprintf(old, sizeof(old), "%s", request_of(kit, AT("10:00:00"), TEN, ""));
	send(kit, "later", AT("10:00:00"), "final");
	expect(run(kit, old), "'closed':true");
}

static void test_a_request_that_did_not_look_closes_nothing(void **state)
{
	static const struct {
		const char *request, *words;
	} rows[] = {
		{ "'until':'2026-08-01T09:00:00Z','reason':'r','check':null,'twins':[]",
		  "{'ok':true,'closed':false" },
		{ "'until':'2026-08-01T09:00:00Z','reason':'r','check':'"
		  "00000000000000000000000000000000"
		  "00000000000000000000000000000000','twins':[]",
		  "{'ok':true,'closed':false" },
		{ "'until':'2026-08-01T09:00:00Z','reason':'r','check':'12','twins':[]",
		  "\\'check\\' is what was found" },
		{ "'until':'2026-08-01T09:00:00Z','reason':'r','check':7,'twins':[]",
		  "\\'check\\' is what was found" },
		{ "'until':'now','reason':'r','check':null,'twins':[]", "\\'until\\' is a moment" },
		{ "'until':'2026-08-01T09:00:00Z','reason':'','check':null,'twins':[]", "say why" },
		{ "'until':'2026-08-01T09:00:00Z','reason':'r','check':null",
		  "\\'twins\\' is a list" },
		{ "'until':'2026-08-01T09:00:00Z','reason':'r','check':null,'twins':[{}]",
		  "a twin has" },
	};
	struct ledgerkit *kit = *state;
	char request[512];
	int64_t until = -1;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(request, sizeof(request), "{\"change\":\"period.close\",%s}",
		         kit_quotes(rows[i].request));
		expect(run(kit, request), rows[i].words);
	}
	/* Nor does one of an end that is none. */
	expect(run(kit, request_of(kit, AT("09:00:00.001"), NINE + 1, "")), "ends on the hour");
	expect(run(kit, request_of(kit, AT("13:00:00"), NINE + 4 * MS_PER_HOUR, "")),
	       "is not over yet");
	assert_int_equal(ledger_closed_until(kit->ledger, &until, NULL), 0);
	assert_int_equal(until, 0);
	expect(run(kit, request_of(kit, AT("09:00:00"), NINE, "")), "'closed':true");
	expect(run(kit, request_of(kit, AT("09:00:00"), NINE, "")), "is closed already");
}

static void test_a_request_that_is_refused_voids_nothing(void **state)
{
	static const char pair[] = TWIN("equal", "09:00:01", "09:01:01");
	struct ledgerkit *kit = *state;

	fill(kit);
	expect(run(kit, request_of(kit, AT("13:00:00"), NINE + 4 * MS_PER_HOUR, pair)),
	       "is not over yet");
	expect(run(kit, request_of(kit, AT("09:30:00"), NINE + MS_PER_HOUR / 2, pair)),
	       "ends on the hour");
	expect(run(kit, request_of(kit, AT("10:00:00"), TEN,
	                           TWIN("equal", "09:00:01", "09:01:01") ",{'source':'gw-1'}")),
	       "a twin has");
	expect(run(kit, request_of(kit, AT("09:00:00"), NINE, "")), "'closed':true");
	expect(run(kit, request_of(kit, AT("09:00:00"), NINE, pair)), "is closed already");
	assert_string_equal(kit_ask(kit, "SELECT count(*) FROM correction"), "0");
}

/* Two ask for it at once: each looked, and the one that comes later is told. */
static void test_a_period_that_another_closed_meanwhile_is_refused(void **state)
{
	struct ledgerkit *kit = *state;
	struct fault fault = { .code = FAULT_NONE };
	struct buf reply = { .at = NULL };
	struct change change = { .who = text_of("uid 8"), .now_ms = KIT_NOW_MS };
	struct change_job *job = NULL;
	char request[2048];
	bool more = true;

	fill(kit);
	snprintf(request, sizeof(request), "%s", request_of(kit, AT("09:00:00"), NINE, ""));
	change.request = text_of(request);
	assert_int_equal(change_begin(&job, kit->ledger, &change, &reply, &fault), 0);
	expect(run(kit, request), "'closed':true");
	assert_int_equal(change_step(job, &more, &fault), 0);
	assert_false(more);
	expect(reply.at, "'ok':false,'fault':'invalid'");
	expect(reply.at, "is closed already");
	change_end(job);
	buf_release(&reply);
	assert_string_equal(kit_ask(kit, "SELECT (SELECT count(*) FROM closing) || (SELECT "
	                                 "count(*) FROM change WHERE what = 'period.close')"),
	                    "11");
}

/* More than are void in one step: each is told and counted, and those that are none are not. */
static void test_many_twins_are_void_in_steps(void **state)
{
	enum { MANY = 1201 };
	struct ledgerkit *kit = *state;
	struct buf twins = { .at = NULL }, request = { .at = NULL };
	const char *begin;

	fill(kit);
	for (int i = 0; i < MANY - 1; i++)
		buf_addf(&twins,
		         "{\"source\":\"gw-1\",\"id\":\"none-%d\",\"keep\":\"" AT(
				 "09:00:01") "\",\"void\":\"" AT("09:01:01") "\"},",
		         i);
	buf_add_cstr(&twins, kit_quotes(TWIN("equal", "09:00:01", "09:01:01")));
	/* Its list, in the place of none. */
	begin = request_of(kit, AT("10:00:00"), TEN, "");
	buf_addf(&request, "%.*s%.*s]}", (int)strlen(begin) - 2, begin,
	         TEXT_ARGS(buf_text(&twins)));
	expect(run(kit, request.at), "'closed':true,'until':'2026-08-01T10:00:00.000Z','reason':"
	                             "'over','twins':1201,'voided':1}");
	buf_release(&twins);
	buf_release(&request);
	assert_string_equal(kit_ask(kit, "SELECT group_concat(id) FROM correction"), "equal");
}

/* As adjust.h and toll(1) say: what comes late is of its own hour, closed or not. */
static void test_what_comes_late_counts_in_its_closed_hour(void **state)
{
	static const char sum[] = "SELECT sum(input) FROM rollup WHERE hour = 1785574800000";
	struct ledgerkit *kit = *state;

	kit_price(kit, book);
	send(kit, "a", AT("09:00:00"), "final");
	send(kit, "p", AT("09:00:00"), "partial");
	expect(run(kit, request_of(kit, AT("10:00:00"), TEN, "")), "'closed':true");
	send(kit, "late", AT("09:30:00"), "final");
	assert_string_equal(kit_ask(kit, sum), "3");
	send(kit, "p", AT("10:30:00"), "final");
	assert_string_equal(kit_ask(kit, sum), "2");
	kit_verify_clean(kit);
}

static void test_what_waits_in_a_period_is_counted(void **state)
{
	struct ledgerkit *kit = *state;
	struct period_waits waits;

	kit_price(kit, book);
	send(kit, "o", AT("09:00:00"), "open");
	send(kit, "p", AT("09:00:00"), "partial");
	send(kit, "f", AT("09:00:00"), "final");
	kit_send_usage(kit, "w", AT("09:59:59.999"), "n", "{\"input\":1}");
	kit_send_usage(kit, "w2", AT("10:00:00"), "n", "{\"input\":1}");
	send(kit, "o2", AT("10:00:00"), "open");
	assert_int_equal(ledger_period_waits(kit->ledger, TEN, &waits, NULL), 0);
	assert_int_equal(waits.open, 1);
	assert_int_equal(waits.partial, 1);
	assert_int_equal(waits.suspense, 1);
	for (size_t i = 0; i < 3; i++) {
		static const char *const ids[] = { "o", "p", "w" };
		const struct correction_wish wish = { .kind = CORRECTION_VOID,
			                              .source = text_of("gw-1"),
			                              .id = text_of(ids[i]),
			                              .time_ms = i < 2 ? NINE : TEN - 1,
			                              .at_ms = KIT_NOW_MS,
			                              .who = text_of("t"),
			                              .reason = text_of("t") };
		struct correction_done done;

		assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
		assert_int_equal(ledger_correct(kit->ledger, &wish, &done, NULL), 0);
		assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
	}
	assert_int_equal(ledger_period_waits(kit->ledger, TEN, &waits, NULL), 0);
	assert_int_equal(waits.open + waits.partial + waits.suspense, 0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_every_copy_but_the_one_that_stands_is_told),
		T(test_only_a_pair_that_is_one_becomes_void),
		T(test_a_twin_is_void_with_its_turns),
		T(test_whoever_listens_hears_how_far_it_is_and_may_stop_it),
		T(test_a_period_closes_behind_its_twins),
		T(test_a_period_that_changed_is_looked_at_again),
		T(test_a_request_that_did_not_look_closes_nothing),
		T(test_a_request_that_is_refused_voids_nothing),
		T(test_a_period_that_another_closed_meanwhile_is_refused),
		T(test_many_twins_are_void_in_steps),
		T(test_what_comes_late_counts_in_its_closed_hour),
		T(test_what_waits_in_a_period_is_counted),
	};

	return cmocka_run_group_tests_name("twins", tests, NULL, NULL);
}
