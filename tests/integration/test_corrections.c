/* `toll void`, `toll correct` and `toll close`, with a daemon and without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "ledger/store.h"
#include "tests/support/bothkit.h"
#include "tests/support/ledgerkit.h"
#include "tests/support/output.h"

#define EVENT(id, source, time, model, input)                                                      \
	"{\"id\":\"" id "\",\"source\":\"" source "\",\"time\":\"" time                            \
	"\",\"account\":\"a\",\"model\":\"" model                                                  \
	"\",\"api\":\"toll\",\"usage\":{\"input\":" input "}}\n"
#define BOOK                                                                                       \
	"{\"pricebook\":1,\"name\":\"kit\",\"currency\":\"USD\",\"models\":[{\"model\":\"m\","     \
	"\"versions\":[{\"effective_from\":\"2020-01-01\",\"rates\":[{\"component\":\"input\","    \
	"\"each\":\"2\"}]}]}]}"

static const char events[] = EVENT("1", "gw", "2026-10-01T00:00:00Z", "m", "10")
	EVENT("2", "gw", "2026-10-31T23:59:59.999Z", "m", "100")
		EVENT("2", "gw-b", "2026-10-31T23:00:00Z", "m", "1000")
			EVENT("w", "gw", "2026-10-02T00:00:00Z", "n", "7");

static void fill(struct bothkit *both)
{
	daemonkit_write(both->file, BOOK);
	TOLLRUN(&both->run, "price", "apply", both->file);
	TOLLRUN_EXPECT(&both->run, 0);
	daemonkit_write(both->file, events);
	TOLLRUN(&both->run, "import", both->file);
	TOLLRUN_EXPECT(&both->run, 0);
}

static void expect_json(const struct tollrun *run)
{
	struct json doc = { .nodes = NULL };
	struct fault fault = { .code = FAULT_NONE };

	if (json_parse(&doc, buf_text(&run->out), &fault) < 0)
		fail_msg("%s: %s", fault.text, run->out.at);
	json_release(&doc);
}

static void test_an_event_is_corrected_and_void(void **state)
{
	struct bothkit *both = *state;
	struct tollrun *run = &both->run;

	fill(both);
	TOLLRUN(run, "correct", "1", "--set", "input=4", "--reason", "told twice", "--dry-run");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "Nothing was stored.");
	TOLLRUN_SAYS(run, "The amount is 8.00, by -12.00.");
	TOLLRUN(run, "explain", "1");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS_NOT(run, "Corrections");
	TOLLRUN(run, "correct", "1", "--set", "input=4", "--reason", "told twice");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "Correction 1:");
	TOLLRUN(run, "explain", "1");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "Corrections");
	TOLLRUN_SAYS(run, "1. correct at ");
	TOLLRUN_SAYS(run, "told twice");
	TOLLRUN_SAYS(run, "input -6");
	TOLLRUN_SAYS(run, "It comes to: input 4, requests 1, amount 8.00.");
	TOLLRUN(run, "explain", "--json", "1");
	expect_json(run);
	TOLLRUN_SAYS(run, "\"corrections\":[{\"correction\":1,\"kind\":\"correct\",\"at\":\"");
	TOLLRUN_SAYS(run, "\"now\":{\"void\":false,\"counts\":{\"input\":4,\"requests\":1},"
	                  "\"amount\":\"8.00\",\"cost\":null}");
	TOLLRUN(run, "void", "--json", "1", "--reason", "a test request");
	TOLLRUN_EXPECT(run, 0);
	expect_json(run);
	TOLLRUN_SAYS(run, "\"correction\":2,\"rows\":1,\"source\":\"gw\",\"id\":\"1\"");
	TOLLRUN_SAYS(run, "\"amount\":\"-8.00\",\"amount_now\":\"0.00\"");
	TOLLRUN(run, "explain", "1");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "VOID: it counts nothing any more.");
	TOLLRUN(run, "void", "w", "--reason", "r");
	TOLLRUN_SAYS(run, "It is in suspense: it has no amount.");
	TOLLRUN(run, "suspense", "list");
	TOLLRUN_SAYS_NOT(run, "2026-10-02");
	TOLLRUN(run, "report", "--from", "2026-10", "--to", "2026-11");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "2200.00");
	TOLLRUN_SAYS(run, "Corrected");
	TOLLRUN_SAYS(run, "3 corrections are booked in this range");
	TOLLRUN(run, "report", "--json");
	expect_json(run);
	TOLLRUN_SAYS(run, "\"corrections\":3");
	TOLLRUN_SAYS(run, "\"events\":2,\"errors\":0,\"suspense\":0");
	TOLLRUN(run, "status");
	TOLLRUN_SAYS(run, "2, of them 0 with an error status");
	TOLLRUN_SAYS(run, "3, in all numbers here");
	TOLLRUN(run, "verify");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "-20.00 beside these, in 3 rows");
	TOLLRUN(run, "verify", "--json");
	expect_json(run);
	TOLLRUN_SAYS(run, "\"corrections\":3,\"corrected_amount\":\"-20.00\"");
}

static void test_an_id_that_stands_twice_is_asked_about(void **state)
{
	struct bothkit *both = *state;
	struct tollrun *run = &both->run;

	fill(both);
	TOLLRUN(run, "void", "2", "--reason", "r");
	TOLLRUN_EXPECT(run, 2);
	TOLLRUN_SAYS(run, "2 events have the id 2:");
	TOLLRUN_SAYS(run, "--source gw --time 2026-10-31T23:59:59.999Z");
	TOLLRUN_SAYS(run, "--source gw-b --time 2026-10-31T23:00:00.000Z");
	TOLLRUN(run, "void", "2", "--reason", "r", "--time", "2026-10-31T23:59:59.999Z");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "event 2 of gw at 2026-10-31T23:59:59.999Z");
	TOLLRUN(run, "correct", "2", "--reason", "r", "--source", "gw-b", "--set", "input=999");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "The amount is 1998.00, by -2.00.");
	TOLLRUN(run, "void", "2", "--reason", "r", "--source", "gw");
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN_SAYS(run, "it is void already");
	TOLLRUN(run, "explain", "2", "--time", "2026-10-31T23:00:00Z");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "It comes to: input 999, requests 1, amount 1998.00.");
}

/* The export, imported into a ledger of its own. */
static void import_export(struct bothkit *both, char other[600])
{
	struct tollrun *run = &both->run;

	snprintf(other, 600, "%s.other.db", both->file);
	daemonkit_write(both->file, BOOK);
	TOLLRUN(run, "price", "apply", both->file, "--ledger", other);
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN(run, "export", "events", "--output", both->file);
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "void and not in it: 2 events");
	TOLLRUN_SAYS_NOT(run, "adjustment");
	TOLLRUN(run, "import", both->file, "--ledger", other);
	TOLLRUN_EXPECT(run, 0);
}

static void remove_ledger(const char *path)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", ".lock", ".secret" };
	char name[700];

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		remove(name);
	}
}

static void test_an_export_holds_what_the_report_does(void **state)
{
	static const char *const columns[] = { "\"requests\":2", "\"input\":1003",
		                               "\"amount\":\"2006.00\"" };
	struct bothkit *both = *state;
	struct tollrun *run = &both->run;
	char other[600];

	fill(both);
	TOLLRUN(run, "void", "w", "--reason", "r");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN(run, "void", "2", "--reason", "r", "--source", "gw");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN(run, "correct", "1", "--set", "input=3", "--reason", "told twice");
	TOLLRUN_EXPECT(run, 0);
	import_export(both, other);
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		TOLLRUN(run, "report", "--json");
		TOLLRUN_SAYS(run, columns[i]);
		TOLLRUN(run, "report", "--json", "--ledger", other);
		TOLLRUN_SAYS(run, columns[i]);
	}
	TOLLRUN(run, "export", "events", "--format", "csv", "--account", "nobody");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS_NOT(run, "void and not in it");
	remove_ledger(other);
}

static void test_wrong_use_is_told(void **state)
{
	static const struct {
		const char *words[8];
		int code;
		const char *says;
	} rows[] = {
		{ { "void", "1" }, 2, "void needs --reason TEXT" },
		{ { "void", "--reason", "r" }, 2, "void takes one id" },
		{ { "void", "1", "--reason", "r", "--time", "now" }, 2, "a time is due" },
		{ { "void", "9", "--reason", "r" }, 3, "no event has the id 9" },
		{ { "void", "1", "--reason", "r", "--source", "gw-b" },
		  3,
		  "no event has the id 1 with this source and time" },
		{ { "correct", "1", "--reason", "r" }, 2, "correct needs --set" },
		{ { "correct", "1", "--reason", "r", "--set", "input" },
		  2,
		  "COMPONENT=COUNT is due" },
		{ { "correct", "1", "--reason", "r", "--set", "tokens=1" },
		  2,
		  "tokens is no component" },
		{ { "correct", "1", "--reason", "r", "--set", "input=-1" }, 2, "is no count" },
		{ { "correct", "1", "--reason=r", "--set", "input=1", "--set", "input=2" },
		  2,
		  "input stands twice" },
		{ { "correct", "1", "--reason=r", "--set", "input=1", "--set", "pages=2" },
		  3,
		  "has no rate for these counts" },
		{ { "close", "--reason", "r" }, 2, "close needs --before" },
		{ { "close", "--before", "2026-11" }, 2, "close needs --reason" },
		{ { "close", "--before", "2026-11-01T00:00:01Z", "--reason", "r" },
		  2,
		  "a moment on the hour is due" },
		{ { "close", "--before", "9999", "--reason", "r", "--with-suspense" },
		  3,
		  "is not over yet" },
		{ { "close", "--before", "9999", "--reason", "r", "--with-suspense", "--dry-run" },
		  3,
		  "is not over yet" },
		{ { "close", "--before", "2026-11", "--reason", "r" },
		  3,
		  "1 events have no rate and no amount" },
	};
	struct bothkit *both = *state;

	fill(both);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tollrun_release(&both->run);
		tollrun_start(&both->run, rows[i].words, NULL, NULL);
		tollrun_wait(&both->run);
		TOLLRUN_EXPECT(&both->run, rows[i].code);
		TOLLRUN_SAYS(&both->run, rows[i].says);
	}
}

static void test_the_daemon_makes_them_while_it_counts(void **state)
{
	static const char *const none[] = { NULL };
	struct bothkit *both = *state;
	struct tollrun *run = &both->run;

	fill(both);
	daemonkit_start(&both->kit, none);
	TOLLRUN(run, "correct", "1", "--set", "input=4", "--reason", "told twice");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN(run, "close", "--before", "2026-11", "--reason", "October", "--with-suspense");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "Closed: all before 2026-11-01T00:00:00.000Z.");
	TOLLRUN(run, "void", "1", "--reason", "after all");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN(run, "report", "--csv", "--from", "2026-10", "--to", "2026-11");
	/* The month as it was closed: 8 + 200 + 2000. */
	TOLLRUN_SAYS(run, ",2208.00,-12.00\n");
	TOLLRUN(run, "report", "--csv");
	TOLLRUN_SAYS(run, ",2200.00,-20.00\n");
	daemonkit_write(both->file, EVENT("3", "gw", "2026-10-31T23:59:59.999Z", "m", "1"));
	TOLLRUN(run, "send", both->file);
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN(run, "verify");
	TOLLRUN_EXPECT(run, 0);
	assert_int_equal(daemonkit_stop(&both->kit), 0);
	TOLLRUN(run, "verify");
	TOLLRUN_EXPECT(run, 0);
}

/* So many others that memory has room for nothing before them. */
static void forget(struct ledgerkit *kit)
{
	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	for (int i = 0; i < KIT_FORGET_EVENTS; i++) {
		struct ingest_item item;
		char line[256];

		snprintf(line, sizeof(line),
		         "{'id':'f%d','time':'2026-07-15T09:30:00Z','account':'a','model':'m',"
		         "'api':'toll','usage':{'input':1}}",
		         i);
		kit_prepare(kit, kit_quotes(line), &item);
		assert_int_equal(ingest_store(kit->ledger, &item, NULL), 0);
	}
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
}

static void test_a_period_closes_without_twins(void **state)
{
	struct bothkit *both = *state;
	struct tollrun *run = &both->run;
	struct ledgerkit kit = { .ledger = NULL };

	kit_open(&kit);
	kit_shut(&kit);
	kit_reopen_small(&kit);
	kit_price(&kit, BOOK);
	kit_send_usage(&kit, "t", "2026-07-15T09:00:00Z", "m", "{\"input\":10}");
	forget(&kit);
	kit_send_usage(&kit, "t", "2026-07-20T09:00:00Z", "m", "{\"input\":10}");
	kit_shut(&kit);
	setenv("TOLL_LEDGER", kit.path, 1);
	TOLLRUN(run, "verify");
	TOLLRUN_EXPECT(run, 1);
	TOLLRUN(run, "close", "--before", "2026-08", "--reason", "July", "--dry-run");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "Nothing was closed.");
	TOLLRUN_SAYS(run, "1 event stands twice");
	TOLLRUN(run, "verify");
	TOLLRUN_EXPECT(run, 1);
	/* What is refused voids nothing. */
	TOLLRUN(run, "close", "--before", "9999", "--reason", "July");
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN_SAYS(run, "is not over yet");
	TOLLRUN(run, "verify");
	TOLLRUN_EXPECT(run, 1);
	TOLLRUN(run, "close", "--json", "--before", "2026-08", "--reason", "July");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "{\"closed\":true,\"until\":\"2026-08-01T00:00:00.000Z\",\"twins\":1,"
	                  "\"voided\":1,\"open\":0,\"partial\":0,\"suspense\":0}");
	TOLLRUN(run, "verify");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN(run, "explain", "t", "--time", "2026-07-20T09:00:00Z");
	TOLLRUN_SAYS(run, "by toll: the same event counts at");
	TOLLRUN_SAYS(run, "VOID");
	TOLLRUN(run, "export", "events");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "void and not in it: 1 event\n");
	TOLLRUN_SAYS_NOT(run, "\"id\":\"t\",\"source\":\"gw\",\"time\":\"2026-07-20T09:00:00");
	TOLLRUN(run, "close", "--before", "2026-08", "--reason", "again", "--dry-run");
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN_SAYS(run, "is closed already");
	TOLLRUN(run, "close", "--before", "2026-08", "--reason", "again");
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN_SAYS(run, "is closed already");
	kit_close(&kit);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, bothkit_begin, bothkit_end)
	const struct CMUnitTest tests[] = {
		T(test_an_event_is_corrected_and_void),
		T(test_an_id_that_stands_twice_is_asked_about),
		T(test_an_export_holds_what_the_report_does),
		T(test_wrong_use_is_told),
		T(test_the_daemon_makes_them_while_it_counts),
		T(test_a_period_closes_without_twins),
	};

	return cmocka_run_group_tests_name("corrections", tests, NULL, NULL);
}
