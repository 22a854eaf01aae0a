/* `toll reconcile --sources`, `status` and `doctor` on what a gateway sent through the daemon. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/json.h"
#include "tests/support/bothkit.h"
#include "tests/support/output.h"

static const char *const none[] = { NULL };

#define EVENT(id, time)                                                                            \
	"{\"id\":\"" id "\",\"source\":\"gw-1\",\"time\":\"2026-11-22T" time                       \
	"Z\",\"account\":\"a\",\"model\":\"m/a\",\"api\":\"toll\",\"usage\":{\"input\":1000}}\n"
#define TOLD(rest) "{\"checkpoint\":{\"source\":\"gw-1\"," rest "}}\n"
#define EIGHT      "\"hour\":\"2026-11-22T08:00:00Z\""
#define NINE       "\"hour\":\"2026-11-22T09:00:00Z\""

static void send_lines(struct bothkit *both, const char *lines, int code)
{
	daemonkit_write(both->file, lines);
	TOLLRUN(&both->run, "send", both->file);
	TOLLRUN_EXPECT(&both->run, code);
}

static void expect_json(struct bothkit *both, int code, const char *words)
{
	struct json doc = { .nodes = NULL };
	struct fault fault;

	TOLLRUN_EXPECT(&both->run, code);
	TOLLRUN_SAYS(&both->run, words);
	if (json_parse(&doc, buf_text(&both->run.out), &fault) < 0)
		fail_msg("%s: %s", fault.text, both->run.out.at);
	json_release(&doc);
}

static void test_sources_are_held_against_what_is_stored(void **state)
{
	struct bothkit *both = *state;

	daemonkit_start(&both->kit, none);
	TOLLRUN(&both->run, "reconcile", "--sources");
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_SAYS(&both->run, "No checkpoint to compare with.");
	send_lines(both,
	           EVENT("1", "08:00:00") EVENT("2", "08:59:59") EVENT("3", "09:00:00")
	                   TOLD("\"seq\":0," EIGHT ",\"events\":2,\"input\":2000"),
	           0);
	TOLLRUN(&both->run, "reconcile", "--sources");
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_SAYS(&both->run, "gw-1    2026-11-22T08:00Z  events     2       2");
	TOLLRUN_SAYS(&both->run, "Not covered: gw-1: 1 request of 1 hour (2026-11-22T09:00Z) is in "
	                         "no checkpoint\n");
	TOLLRUN_SAYS(&both->run, "No difference in what the checkpoints cover.\n");
	send_lines(both, TOLD("\"seq\":3," NINE ",\"events\":3,\"input\":3000"), 0);
	TOLLRUN(&both->run, "reconcile", "--sources");
	TOLLRUN_EXPECT(&both->run, 1);
	TOLLRUN_SAYS(&both->run, "missing: less is stored than was sent.");
	TOLLRUN_SAYS(&both->run, "GAP: gw-1: seq 1 to 2 never came, between 0 (20");
	TOLLRUN_SAYS(&both->run, "\nDIFFERENCES.\n");
	output_fits(buf_text(&both->run.out));
	TOLLRUN(&both->run, "reconcile", "--sources", "--csv", "--from", "2026-11-22T09:00Z");
	TOLLRUN_EXPECT(&both->run, 1);
	TOLLRUN_SAYS(&both->run, "gw-1,2026-11-22T09:00Z,events,3,1,-2,0,0,missing,");
	TOLLRUN_SAYS_NOT(&both->run, "T08:00Z");
	TOLLRUN(&both->run, "reconcile", "--sources", "--json");
	expect_json(both, 1,
	            "\"findings\":[{\"kind\":\"gap\",\"source\":\"gw-1\",\"epoch\":0,"
	            "\"seq_before\":0,\"seq\":3,");
	TOLLRUN(&both->run, "reconcile", "--sources", "--source", "nosuch");
	TOLLRUN_EXPECT(&both->run, 3);
	TOLLRUN_SAYS(&both->run, "--source nosuch: the ledger has nothing of this source");
	TOLLRUN(&both->run, "reconcile", "--sources", "--source", "gw-1", "--from", "2020-01-01",
	        "--to", "2020-01-02");
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_SAYS(&both->run, "No checkpoint to compare with.");
	TOLLRUN(&both->run, "reconcile", "--sources", "--json", "--source", "gw-1", "--to",
	        "2020-01-02");
	expect_json(both, 0, "\"rows\":[],\"findings\":[]");
	TOLLRUN(&both->run, "status");
	TOLLRUN_SAYS(&both->run, "gw-1, seq 3 of ");
	TOLLRUN_SAYS(&both->run, "see toll reconcile --sources");
	TOLLRUN(&both->run, "status", "--json");
	expect_json(both, 0,
	            "\"hour\":\"2026-11-22T09:00:00.000Z\",\"sent\":3,\"stored\":1,"
	            "\"state\":\"missing\"}");
}

/* The gateway kept nothing: its numbers begin anew, and an epoch says that they do. */
static void test_a_gateway_that_was_restarted_ties_again(void **state)
{
	struct bothkit *both = *state;

	daemonkit_start(&both->kit, none);
	send_lines(both,
	           EVENT("1", "08:00:00") TOLD("\"epoch\":100,\"seq\":0,\"events\":1")
	                   EVENT("2", "08:00:01") TOLD("\"epoch\":100,\"seq\":1,\"events\":2"),
	           0);
	send_lines(both, EVENT("3", "08:00:02") TOLD("\"epoch\":200,\"seq\":0,\"events\":1"), 0);
	TOLLRUN(&both->run, "reconcile", "--sources");
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_SAYS(&both->run, "gw-1    all    events     3       3        0  equal");
	/* Without one it is refused, and that is said. */
	send_lines(both, TOLD("\"epoch\":200,\"seq\":0,\"events\":7"), 1);
	TOLLRUN(&both->run, "reconcile", "--sources");
	TOLLRUN_EXPECT(&both->run, 1);
	TOLLRUN_SAYS(&both->run, "REFUSED: gw-1: a checkpoint is in quarantine (");
}

static void test_wrong_use_is_told(void **state)
{
	static const struct {
		const char *words[4], *said;
	} rows[] = {
		{ { "reconcile", NULL }, "--statement FILE, --sources or --internal is due" },
		{ { "reconcile", "--sources", "x", NULL }, "reconcile takes no words: x" },
		{ { "reconcile", "--sources", "--from=soon", NULL }, "--from soon: a time is due" },
		{ { "reconcile", "--sources", "--to=2026-11-22T08:00:01Z", NULL },
		  "must be on the hour" },
		{ { "doctor", "ledger", "x", NULL }, "doctor ledger takes no words: x" },
		{ { "doctor", "ledgers", NULL }, "did you mean ledger?" },
	};
	struct bothkit *both = *state;

	daemonkit_start(&both->kit, none);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tollrun_release(&both->run);
		tollrun_start(&both->run, rows[i].words, NULL, NULL);
		tollrun_wait(&both->run);
		TOLLRUN_EXPECT(&both->run, 2);
		if (strstr(both->run.err.at, rows[i].said) == NULL)
			fail_msg("%s: %s", rows[i].said, both->run.err.at);
	}
}

static void test_the_doctor_knows_the_daemon_and_open_files(void **state)
{
	struct bothkit *both = *state;
	char words[64];

	TOLLRUN(&both->run, "doctor");
	TOLLRUN_EXPECT(&both->run, 3);
	daemonkit_start(&both->kit, none);
	send_lines(both, EVENT("1", "08:00:00"), 0);
	snprintf(words, sizeof(words), "ok writer: process %d alone\n", (int)both->kit.pid);
	TOLLRUN(&both->run, "doctor");
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_SAYS(&both->run, words);
	TOLLRUN_SAYS(&both->run, "  journal_mode        wal, of the file\n");
	TOLLRUN_SAYS_NOT(&both->run, "ATTENTION");
	TOLLRUN_SAYS(&both->run, " were read here, and are as they were set");
	output_fits(buf_text(&both->run.out));
	TOLLRUN(&both->run, "doctor", "--help");
	TOLLRUN_SAYS(&both->run, "toll doctor without an ACTION is toll doctor ledger.\n");
	TOLLRUN(&both->run, "verify", "--chain", "--ledger", both->kit.ledger);
	TOLLRUN_EXPECT(&both->run, 2);
	TOLLRUN_SAYS(&both->run, "--chain needs a value, and --ledger is an option");
	TOLLRUN(&both->run, "doctor", "--json");
	expect_json(both, 0, "\"wal_reset_fixed\":");
	assert_int_equal(chmod(both->kit.ledger, 0644), 0);
	TOLLRUN(&both->run, "doctor", "ledger");
	TOLLRUN_EXPECT(&both->run, 1);
	TOLLRUN_SAYS(&both->run, "ATTENTION files: ");
	TOLLRUN(&both->run, "doctor", "--json");
	expect_json(both, 1, "{\"name\":\"files\",\"ok\":false,");
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, bothkit_begin, bothkit_end)
	const struct CMUnitTest tests[] = {
		T(test_sources_are_held_against_what_is_stored),
		T(test_a_gateway_that_was_restarted_ties_again),
		T(test_wrong_use_is_told),
		T(test_the_doctor_knows_the_daemon_and_open_files),
	};

	return cmocka_run_group_tests_name("reconcile", tests, NULL, NULL);
}
