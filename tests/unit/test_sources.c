/* What sources say that they sent, against what is stored. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/moment.h"
#include "ledger/checkpoints.h"
#include "ledger/migrations.h"
#include "ledger/store.h"
#include "report/sources.h"
#include "tests/support/ledgerkit.h"

#define EIGHT "2026-08-01T08:00:00Z"
#define NINE  "2026-08-01T09:00:00Z"
/* Of one that begins anew under the same epoch, after a higher number. */
#define FELL_AT_3                                                                                  \
	"{'checkpoint':{'seq':1,'events':5}}|{'checkpoint':{'seq':2,'events':6}}|"                 \
	"{'checkpoint':{'seq':3,'events':1}}"

enum { SCHEMA_WITH_EPOCHS = 7 };

/* "HOUR TOTAL SENT/STORED STATE", and of the events "+HELD" where there are any. */
static void add_row(struct buf *out, const struct sources_row *row)
{
	char hour[MOMENT_TEXT_BYTES] = "all", sent[24] = "-";

	if (row->hour_ms != EVENT_ABSENT)
		snprintf(hour, sizeof(hour), "%lld",
		         (long long)(row->hour_ms % MS_PER_DAY / MS_PER_HOUR));
	if (row->sent != EVENT_ABSENT)
		snprintf(sent, sizeof(sent), "%lld", (long long)row->sent);
	buf_addf(out, "%s%s %s %s/%lld", out->len > 0 ? "; " : "", hour,
	         checkpoint_total_key(row->total), sent, (long long)row->stored);
	if (row->held > 0 && row->total == CHECKPOINT_EVENTS)
		buf_addf(out, "+%lld", (long long)row->held);
	buf_addf(out, " %s", sources_state_name(row->state));
}

/* "KIND EPOCH:BEFORE-SEQ DETAIL" */
static void add_finding(struct buf *out, const struct sources_finding *finding)
{
	buf_addf(out, "%s%s", out->len > 0 ? "; " : "", sources_finding_name(finding->kind));
	if (finding->seq != EVENT_ABSENT)
		buf_addf(out, " %lld:%lld-%lld", (long long)finding->epoch,
		         (long long)finding->before, (long long)finding->seq);
	if (finding->detail.at != NULL)
		buf_addf(out, " %.*s", TEXT_ARGS(finding->detail));
}

static const char *reconciled(struct ledgerkit *kit, const struct sources_query *query,
                              bool *differs_out)
{
	static char text[4096];
	struct fault fault = { .code = FAULT_NONE };
	struct buf out = { .at = NULL };
	struct sources sources;

	if (sources_reconcile(kit->ledger, query, &sources, &fault) < 0)
		fail_msg("%s", fault.text);
	for (size_t i = 0; i < sources.row_count; i++)
		add_row(&out, &sources.rows[i]);
	for (size_t i = 0; i < sources.finding_count; i++)
		add_finding(&out, &sources.findings[i]);
	if (sources.whole_skipped)
		buf_add_cstr(&out, "; whole skipped");
	snprintf(text, sizeof(text), "%.*s", TEXT_ARGS(buf_text(&out)));
	*differs_out = sources.differs;
	buf_release(&out);
	sources_release(&sources);
	return text;
}

static const struct sources_query all = { LEDGER_FROM_MIN, LEDGER_TO_MAX, { NULL, 0 } };

/* Lines apart by '|'; "@MINUTES " before one: received so long after the kit's clock. */
static void send_lines(struct ledgerkit *kit, const char *lines)
{
	struct text rest = text_of(kit_quotes(lines)), line;

	while (rest.len > 0) {
		struct ingest_item item;
		char copy[1024];
		int64_t minutes = 0;
		struct text number;

		text_cut(&rest, '|', &line);
		if (line.at[0] == '@') {
			text_cut(&line, ' ', &number);
			assert_true(
				text_int((struct text){ number.at + 1, number.len - 1 }, &minutes));
		}
		snprintf(copy, sizeof(copy), "%.*s", TEXT_ARGS(line));
		kit_prepare(kit, copy, &item);
		item.received_ms += minutes * 60000;
		assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
		assert_int_equal(ingest_store(kit->ledger, &item, NULL), 0);
		assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
	}
}

/* Two requests at eight of 5 in and 1 out, one at nine of 7 in, of source gw-1; received at 12. */
static void send_three(struct ledgerkit *kit)
{
	kit_send_usage(kit, "a", "2026-08-01T08:00:00Z", "m", "{\"input\":5,\"output\":1}");
	kit_send_usage(kit, "b", "2026-08-01T08:59:59Z", "m", "{\"input\":5,\"output\":1}");
	kit_send_usage(kit, "c", "2026-08-01T09:00:00Z", "m", "{\"input\":7}");
}

static const struct {
	const char *label, *lines, *expected;
	bool differs;
} rows[] = {
	{ "nothing told", "", "8 events -/2 untold; 9 events -/1 untold", false },
	{ "in all, equal", "{'checkpoint':{'seq':0,'events':3,'input':17,'output':2}}",
	  "all events 3/3 equal; all input 17/17 equal; all output 2/2 equal", false },
	{ "in all, one lost", "{'checkpoint':{'seq':1,'events':4,'input':19}}",
	  "all events 4/3 missing; all input 19/17 missing", true },
	{ "in all, one twice", "{'checkpoint':{'seq':1,'events':2,'input':12}}",
	  "all events 2/3 more; all input 12/17 more", true },
	{ "what came behind the totals is no difference",
	  "@-1 {'checkpoint':{'seq':1,'events':2,'input':12}}",
	  "all events 2/3 beyond; all input 12/17 beyond", false },
	{ "a component alone differs", "{'checkpoint':{'seq':1,'events':3,'input':16}}",
	  "all events 3/3 equal; all input 16/17 more", true },
	{ "the last one stands",
	  "{'checkpoint':{'seq':0,'events':1}}|{'checkpoint':{'seq':1,'events':3}}",
	  "all events 3/3 equal", false },
	{ "an hour, and one that nobody told",
	  "{'checkpoint':{'seq':1,'hour':'" EIGHT "','events':2,'input':10}}",
	  "8 events 2/2 equal; 8 input 10/10 equal; 9 events -/1 untold", false },
	{ "an hour told with an offset",
	  "{'checkpoint':{'seq':1,'hour':'2026-08-01T10:00:00+02:00','events':2}}",
	  "8 events 2/2 equal; 9 events -/1 untold", false },
	{ "an hour told again",
	  "{'checkpoint':{'seq':0,'hour':'" EIGHT "','events':1}}|"
	  "{'checkpoint':{'seq':1,'hour':'" NINE "','events':1}}|"
	  "{'checkpoint':{'seq':2,'hour':'" EIGHT "','events':2}}",
	  "8 events 2/2 equal; 9 events 1/1 equal", false },
	{ "an hour that is over has more", "{'checkpoint':{'seq':1,'hour':'" EIGHT "','events':1}}",
	  "8 events 1/2 more; 9 events -/1 untold", true },
	{ "an hour that was told before it was over",
	  "@-181 {'checkpoint':{'seq':1,'hour':'" EIGHT "','events':1}}",
	  "8 events 1/2 beyond; 9 events -/1 untold", false },
	{ "told at its very end", "@-180 {'checkpoint':{'seq':1,'hour':'" EIGHT "','events':1}}",
	  "8 events 1/2 more; 9 events -/1 untold", true },
	{ "an hour of which nothing came",
	  "{'checkpoint':{'seq':1,'hour':'2026-08-01T07:00:00Z',"
	  "'events':1}}",
	  "7 events 1/0 missing; 8 events -/2 untold; 9 events -/1 untold", true },
	{ "hours and all",
	  "{'checkpoint':{'seq':0,'hour':'" EIGHT "','events':2}}|"
	  "{'checkpoint':{'seq':1,'events':3}}",
	  "all events 3/3 equal; 8 events 2/2 equal; 9 events -/1 untold", false },
	{ "a gap", "{'checkpoint':{'seq':1,'events':1}}|{'checkpoint':{'seq':4,'events':3}}",
	  "all events 3/3 equal; gap 0:1-4", true },
	{ "a beginning that never came", "{'checkpoint':{'seq':2,'events':3}}",
	  "all events 3/3 equal; gap 0:-1-2", true },
	{ "epochs add up",
	  "{'checkpoint':{'seq':0,'events':1}}|{'checkpoint':{'seq':1,'events':2}}|"
	  "{'checkpoint':{'seq':0,'epoch':5,'events':1}}",
	  "all events 3/3 equal", false },
	{ "behind the end of an epoch more may be stored",
	  "{'checkpoint':{'seq':0,'events':1}}|{'checkpoint':{'seq':0,'epoch':5,'events':1}}",
	  "all events 2/3 beyond", false },
	{ "epochs of an hour add up",
	  "{'checkpoint':{'seq':0,'hour':'" EIGHT "','events':1}}|"
	  "{'checkpoint':{'epoch':9,'seq':0,'hour':'" EIGHT "','events':2}}",
	  "8 events 3/2 missing; 9 events -/1 untold", true },
	{ "a gap of an epoch of its own",
	  "{'checkpoint':{'seq':7,'epoch':2,'events':3}}|{'checkpoint':{'seq':0,'events':0}}",
	  "all events 3/3 equal; gap 2:-1-7", true },
	{ "begun anew without an epoch, under other numbers", FELL_AT_3,
	  "all events 7/3 missing; fell 0:-1-3 events 1, before 6", true },
	{ "begun anew without an epoch, under the same number",
	  "{'checkpoint':{'seq':0,'events':3}}|{'checkpoint':{'seq':0,'events':0}}",
	  "all events 3/3 equal; refused checkpoint.seq 0 came before, with other totals: one that "
	  "begins anew tells a higher epoch",
	  true },
	{ "a total of nobody", "{'checkpoint':{'seq':1,'events':3,'dreams':8}}",
	  "all events 3/3 equal; unknown 0:-1-1 dreams", false },
	{ "held explains what is missing",
	  "{'checkpoint':{'seq':1,'events':4,'input':18}}|"
	  "{'id':'d','time':'" EIGHT
	  "','account':'x','model':'m','api':'toll','usage':{'input':-1}}",
	  "all events 4/3+1 held; all input 18/17 held", true },
	{ "held does not explain two",
	  "{'checkpoint':{'seq':1,'events':5,'input':18}}|"
	  "{'id':'d','time':'" EIGHT
	  "','account':'x','model':'m','api':'toll','usage':{'input':-1}}|"
	  "{'id':'d','time':'" EIGHT
	  "','account':'x','model':'m','api':'toll','usage':{'input':-2}}",
	  "all events 5/3+1 missing; all input 18/17 missing", true },
	{ "held that came after all",
	  "{'checkpoint':{'seq':1,'events':3}}|"
	  "{'id':'a','time':'" EIGHT
	  "','account':'x','model':'m','api':'toll','usage':{'input':-1}}",
	  "all events 3/3 equal", false },
	{ "the same id with other counts",
	  "{'checkpoint':{'seq':1,'events':3,'input':18}}|"
	  "{'id':'a','time':'" EIGHT
	  "','account':'x','model':'m','api':'toll','usage':{'input':6}}",
	  "all events 3/3 equal; all input 18/17 conflict", true },
	{ "a total that is absurd",
	  "{'checkpoint':{'source':'bad','seq':0,'events':9223372036854775807}}|"
	  "{'checkpoint':{'source':'bad','seq':0,'input':1000000000000001}}|"
	  "{'checkpoint':{'source':'big','seq':0,'input':1000000000000000}}|"
	  "{'checkpoint':{'seq':1,'events':3}}",
	  "all events -/0 untold; all input 1000000000000000/0 missing; all events 3/3 equal; "
	  "refused checkpoint.events: larger than 10^15; refused checkpoint.input: larger than "
	  "10^15",
	  true },
	{ "a total that only one epoch told is not compared",
	  "{'checkpoint':{'seq':0,'events':1,'input':5}}|"
	  "{'checkpoint':{'seq':0,'epoch':5,'events':2}}",
	  "all events 3/3 equal", false },
};

static void test_sent_against_stored(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ledgerkit kit;
		const char *got;
		bool differs = false;

		kit_open(&kit);
		send_three(&kit);
		send_lines(&kit, rows[i].lines);
		got = reconciled(&kit, &all, &differs);
		if (strcmp(got, rows[i].expected) != 0 || differs != rows[i].differs)
			fail_msg("%s:\n%s (%d)\n%s", rows[i].label, got, differs, rows[i].expected);
		kit_close(&kit);
	}
}

/* Those that were taken before there was a limit, and those that only their sum makes too large. */
static void test_totals_of_one_source_that_are_absurd_do_not_end_the_others(void **state)
{
	struct ledgerkit *kit = *state;
	bool differs = false;

	send_three(kit);
	send_lines(kit, "{'checkpoint':{'seq':1,'events':3}}");
	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	for (int64_t epoch = 0; epoch < 2; epoch++)
		assert_int_equal(
			ledger_checkpoint_add(kit->ledger, text_of("bad"), epoch, 0,
		                              text_of("{\"checkpoint\":{\"seq\":0,\"events\":"
		                                      "9223372036854775807}}"),
		                              KIT_NOW_MS, NULL),
			0);
	for (int64_t epoch = 0; epoch < 9300; epoch++)
		assert_int_equal(
			ledger_checkpoint_add(kit->ledger, text_of("sum"), epoch, 0,
		                              text_of("{\"checkpoint\":{\"seq\":0,\"events\":"
		                                      "1000000000000000,\"input\":4}}"),
		                              KIT_NOW_MS, NULL),
			0);
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
	assert_string_equal(reconciled(kit, &all, &differs),
	                    "all events 3/3 equal; all events -/0 untold; all input 37200/0 "
	                    "missing; unread 0:-1-0 checkpoint.events: larger than 10^15; unread "
	                    "1:-1-0 checkpoint.events: larger than 10^15; unread events of its "
	                    "epochs are more than can be added");
	assert_true(differs);
}

/* Its turns are events of their own in the ledger, and no requests. */
static void test_turns_are_in_the_counts_and_not_in_the_requests(void **state)
{
	struct ledgerkit *kit = *state;
	bool differs = true;

	send_lines(kit, "{'id':'r','time':'" EIGHT "','account':'x','model':'m','api':"
	                "'anthropic.messages','usage':{'input_tokens':1000,'output_tokens':100,"
	                "'iterations':[{'type':'message','input_tokens':1000,'output_tokens':100},"
	                "{'type':'advisor_message','model':'opus','input_tokens':3000,"
	                "'output_tokens':10}]}}|"
	                "{'checkpoint':{'seq':0,'events':1,'input':4000}}");
	assert_string_equal(kit_events(kit), "r=-1:0.00 r~2=-1:0.00");
	assert_string_equal(reconciled(kit, &all, &differs),
	                    "all events 1/1 equal; all input 4000/4000 equal");
	assert_false(differs);
}

/* The phases of a request, and what was sent again, are one request. */
static void test_a_request_counts_once_whatever_came_of_it(void **state)
{
	struct ledgerkit *kit = *state;
	bool differs = true;

	send_lines(kit, "{'id':'p','time':'" EIGHT "','account':'x','model':'m','api':'toll',"
	                "'settlement':'partial','usage':{'input':1}}|"
	                "{'id':'p','time':'2026-08-01T08:30:00Z','account':'x','model':'m',"
	                "'api':'toll','settlement':'final','usage':{'input':4}}|"
	                "{'id':'p','time':'2026-08-01T08:30:00Z','account':'x','model':'m',"
	                "'api':'toll','settlement':'final','usage':{'input':4}}|"
	                "{'checkpoint':{'seq':0,'hour':'" EIGHT "','events':1,'input':4}}");
	assert_string_equal(reconciled(kit, &all, &differs),
	                    "8 events 1/1 equal; 8 input 4/4 equal");
	assert_false(differs);
}

static void test_a_range_is_of_whole_hours_and_of_one_source(void **state)
{
	struct ledgerkit *kit = *state;
	const int64_t eight = KIT_NOW_MS - 4 * MS_PER_HOUR;
	struct sources_query query = { eight, eight + MS_PER_HOUR, { NULL, 0 } };
	struct sources sources;
	struct fault fault;
	bool differs = true;

	send_three(kit);
	send_lines(kit, "{'checkpoint':{'seq':7,'events':9}}|"
	                "{'checkpoint':{'seq':8,'hour':'" EIGHT "','events':2}}|"
	                "{'checkpoint':{'seq':9,'hour':'" NINE "','events':2}}|"
	                "{'checkpoint':{'source':'other','seq':0,'hour':'" EIGHT "','events':1}}");
	query.source = text_of("gw-1");
	assert_string_equal(reconciled(kit, &query, &differs), "8 events 2/2 equal; whole skipped");
	assert_false(differs);
	query.source = text_of("other");
	assert_string_equal(reconciled(kit, &query, &differs), "8 events 1/0 missing");
	assert_true(differs);
	query.from_ms++;
	assert_int_equal(sources_reconcile(kit->ledger, &query, &sources, &fault), -FAULT_INVALID);
	query.from_ms--;
	query.to_ms++;
	assert_int_equal(sources_reconcile(kit->ledger, &query, &sources, &fault), -FAULT_INVALID);
}

/* A ledger as it was before there were epochs. */
static void make_old(struct ledgerkit *kit)
{
	static const char *const suffixes[] = { "-wal", "-shm", "" };

	kit_shut(kit);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		char path[KIT_PATH_BYTES + 8];
		FILE *file;

		snprintf(path, sizeof(path), "%s%s", kit->path, suffixes[i]);
		unlink(path);
		if (suffixes[i][0] != '\0')
			continue;
		file = fopen(path, "w");
		assert_non_null(file);
		fclose(file);
	}
	for (size_t i = 0; migrations[i].version < SCHEMA_WITH_EPOCHS; i++)
		kit_sql(kit, migrations[i].sql);
	kit_sql(kit, "PRAGMA application_id = 0x746f6c6c; PRAGMA user_version = 6;"
	             "INSERT INTO name (text) VALUES ('gw-1');"
	             "INSERT INTO checkpoint (source, seq, received_ms, json) VALUES "
	             "((SELECT id FROM name WHERE text = 'gw-1'), 1, 1785585600000, "
	             "'{\"checkpoint\":{\"seq\":1,\"events\":2}}')");
}

static void test_checkpoints_of_an_older_ledger_are_of_no_epoch(void **state)
{
	struct ledgerkit *kit = *state;
	bool differs = true;

	make_old(kit);
	kit_reopen(kit);
	send_three(kit);
	send_lines(kit, "{'checkpoint':{'seq':2,'events':3}}");
	assert_string_equal(reconciled(kit, &all, &differs), "all events 3/3 equal");
	assert_false(differs);
	/* The same again is known, with other totals it is not. */
	send_lines(kit, "{'checkpoint':{'seq':1,'events':2}}|{'checkpoint':{'seq':1,'events':9}}");
	assert_non_null(strstr(reconciled(kit, &all, &differs), "; refused checkpoint.seq 1"));
	assert_true(differs);
}

/* Taken by an earlier version, which asked only for numbers. */
static void test_what_an_earlier_version_took_is_named(void **state)
{
	struct ledgerkit *kit = *state;
	bool differs = false;

	send_lines(kit, "{'checkpoint':{'seq':0,'events':0}}");
	kit_shut(kit);
	kit_sql(kit, "INSERT INTO checkpoint SELECT source, 0, 1, received_ms, "
	             "'{\"checkpoint\":{\"seq\":1,\"hour\":8}}' FROM checkpoint");
	kit_sql(kit, "INSERT INTO checkpoint SELECT source, 0, 2, received_ms, 'x' FROM checkpoint "
	             "WHERE seq = 0");
	kit_reopen(kit);
	assert_non_null(strstr(reconciled(kit, &all, &differs),
	                       "all events 0/0 equal; unread 0:-1-1 checkpoint.hour: the first"));
	assert_non_null(strstr(reconciled(kit, &all, &differs), "; unread 0:-1-2 "));
	assert_true(differs);
}

static int add_last(void *context, const struct sources_last *last)
{
	buf_addf(context, "%.*s %lld:%lld %lld/%lld%s; ", TEXT_ARGS(last->source),
	         (long long)last->epoch, (long long)last->seq, (long long)last->sent,
	         (long long)last->stored, last->hour_ms != EVENT_ABSENT ? " hour" : "");
	return 0;
}

static void test_the_last_of_each_source_is_beside_what_is_stored(void **state)
{
	struct ledgerkit *kit = *state;
	struct buf out = { .at = NULL };

	send_three(kit);
	send_lines(kit, "{'checkpoint':{'seq':1,'events':9}}|"
	                "{'checkpoint':{'seq':0,'epoch':1,'events':3}}|"
	                "{'checkpoint':{'source':'gw-0','seq':5,'input':1}}|"
	                "{'id':'z','source':'gw-2','time':'" EIGHT "','account':'x','model':'m',"
	                "'api':'toll','usage':{'input':4}}|"
	                "{'checkpoint':{'source':'gw-2','seq':5,'hour':'" EIGHT "','events':1}}");
	assert_int_equal(sources_each_last(kit->ledger, add_last, &out, NULL), 0);
	assert_non_null(strstr(out.at, "gw-1 1:0 3/3; "));
	assert_non_null(strstr(out.at, "gw-0 0:5 -1/0; "));
	assert_non_null(strstr(out.at, "gw-2 0:5 1/1 hour; "));
	assert_int_equal(out.len, strlen("gw-1 1:0 3/3; gw-0 0:5 -1/0; gw-2 0:5 1/1 hour; "));
	buf_release(&out);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sent_against_stored),
		T(test_totals_of_one_source_that_are_absurd_do_not_end_the_others),
		T(test_turns_are_in_the_counts_and_not_in_the_requests),
		T(test_a_request_counts_once_whatever_came_of_it),
		T(test_a_range_is_of_whole_hours_and_of_one_source),
		T(test_checkpoints_of_an_older_ledger_are_of_no_epoch),
		T(test_what_an_earlier_version_took_is_named),
		T(test_the_last_of_each_source_is_beside_what_is_stored),
	};

	return cmocka_run_group_tests_name("sources", tests, NULL, NULL);
}
