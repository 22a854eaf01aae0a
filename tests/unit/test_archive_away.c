/* A file of the archive that is away or altered is named, and what may be in it waits. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/read.h"
#include "tests/support/archivekit.h"

static void expect_fault(struct ledgerkit *kit, const char *words)
{
	struct fault fault = { .code = FAULT_NONE };
	struct verify_summary summary;
	struct ledger *reader = NULL;
	int r;

	assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
	r = ledger_verify(reader, (verify_finding_fn *)NULL, NULL, NULL, &summary, &fault);
	ledger_close(reader);
	if (r != -FAULT_CORRUPT)
		fail_msg("%s: %d %s", words, r, fault.text);
	archivekit_says(fault.text, words);
	archivekit_says(fault.text, "put it back from a backup");
}

static void test_a_file_that_is_gone_cut_or_altered_is_named(void **state)
{
	struct ledgerkit *kit = *state;
	char path[ARCHIVEKIT_PATH_BYTES], away[ARCHIVEKIT_PATH_BYTES + 8];
	struct stat status;

	archivekit_fill(kit);
	archivekit_move(kit);
	archivekit_path(kit, "2026-06.db", path);
	snprintf(away, sizeof(away), "%s.away", path);
	assert_int_equal(rename(path, away), 0);
	expect_fault(kit, "2026-06.db: this file of the archive is missing");
	assert_int_equal(rename(away, path), 0);
	assert_int_equal(chmod(path, 0600), 0);
	archivekit_flip(path, 5000);
	expect_fault(kit, "2026-06.db: this file of the archive was altered");
	archivekit_flip(path, 5000);
	kit_verify_clean(kit);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(truncate(path, status.st_size - 4096), 0);
	expect_fault(kit, "2026-06.db: this file of the archive has ");
}

static void expect_held(struct ledgerkit *kit, const char *expected)
{
	assert_string_equal(kit_ask(kit, "SELECT group_concat(event_id || ' ' || reason || ' ' || "
	                                 "(detail LIKE '%2026-06.db: this file%'), '; ') FROM "
	                                 "quarantine"),
	                    expected);
}

/* Whether it stands already nobody can tell, and nobody guesses; what is elsewhere goes on. */
static void test_what_is_of_a_file_that_is_away_is_held(void **state)
{
	struct ledgerkit *kit = *state;
	char path[ARCHIVEKIT_PATH_BYTES], away[ARCHIVEKIT_PATH_BYTES + 8];

	archivekit_fill(kit);
	archivekit_move(kit);
	archivekit_path(kit, "2026-06.db", path);
	snprintf(away, sizeof(away), "%s.away", path);
	assert_int_equal(rename(path, away), 0);
	kit_shut(kit);
	kit_reopen(kit);
	for (int i = 0; i < 2; i++) {
		static const char *const ids[] = { "june-2", "june-new" };

		assert_int_equal(kit_send_usage(kit, ids[i], "2026-06-03T10:30:00Z",
		                                ARCHIVEKIT_MODEL, "{\"input\":2000}"),
		                 INGEST_QUARANTINED);
	}
	assert_int_equal(kit_send_usage(kit, "june-2", "2026-06-03T10:30:00Z", ARCHIVEKIT_MODEL,
	                                "{\"input\":-1}"),
	                 INGEST_QUARANTINED);
	archivekit_send(kit, "here", "2026-06-04T10:30:00Z", "{\"input\":1}");
	archivekit_send(kit, "july-2", "2026-07-03T11:30:00Z", "{\"input\":1}");
	assert_int_equal(kit_send_usage(kit, "july-1", "2026-07-03T11:30:00Z", ARCHIVEKIT_MODEL,
	                                "{\"output\":4000}"),
	                 INGEST_DUPLICATE);
	expect_held(kit, "june-2 archive 1; june-new archive 1; june-2 count 0");
	/* Altered, and put right again. */
	assert_int_equal(rename(away, path), 0);
	assert_int_equal(chmod(path, 0600), 0);
	archivekit_flip(path, 5000);
	for (int i = 0; i < 2; i++)
		assert_int_equal(kit_send_usage(kit, "june-3", "2026-06-03T11:30:00Z",
		                                ARCHIVEKIT_MODEL, "{\"output\":3000}"),
		                 INGEST_QUARANTINED);
	expect_held(kit, "june-2 archive 1; june-new archive 1; june-2 count 0; june-3 archive 1");
	usleep(20000); /* so that it has another time */
	archivekit_flip(path, 5000);
	assert_int_equal(kit_send_usage(kit, "june-2", "2026-06-03T10:30:00Z", ARCHIVEKIT_MODEL,
	                                "{\"input\":2000}"),
	                 INGEST_DUPLICATE);
	kit_verify_clean(kit);
}

/* Memory forgot it, its phases name where it stands, and that cannot be looked up. */
static void test_a_phase_of_what_is_in_a_file_that_is_away_is_held(void **state)
{
	static const char open[] = "{'id':'p','time':'2026-06-03T10:10:00Z','account':'acct',"
				   "'model':'" ARCHIVEKIT_MODEL
				   "','api':'toll','settlement':'open'}";
	static const char final[] = "{'id':'p','time':'2026-06-03T10:20:00Z','account':'acct',"
				    "'model':'" ARCHIVEKIT_MODEL
				    "','api':'toll','settlement':'final',"
				    "'usage':{'input':10}}";
	static const char partial[] = "{'id':'p','time':'2026-08-01T09:40:00Z','account':'acct',"
				      "'model':'" ARCHIVEKIT_MODEL
				      "','api':'toll','settlement':'partial',"
				      "'usage':{'input':1}}";
	struct ledgerkit *kit = *state;
	char path[ARCHIVEKIT_PATH_BYTES], away[ARCHIVEKIT_PATH_BYTES + 8];

	archivekit_fill(kit);
	assert_int_equal(kit_send(kit, kit_quotes(open)), INGEST_ACCEPTED);
	assert_int_equal(kit_send(kit, kit_quotes(final)), INGEST_ACCEPTED);
	archivekit_move(kit);
	archivekit_path(kit, "2026-06.db", path);
	snprintf(away, sizeof(away), "%s.away", path);
	assert_int_equal(rename(path, away), 0);
	kit_shut(kit);
	kit_reopen_small(kit);
	kit_forget(kit);
	assert_int_equal(kit_send(kit, kit_quotes(partial)), INGEST_QUARANTINED);
	assert_int_equal(rename(away, path), 0);
	assert_int_equal(kit_send(kit, kit_quotes(partial)), INGEST_CONFLICT);
	expect_held(kit, "p archive 1");
	kit_verify_clean(kit);
}

/* Nobody can tell of the turn whether it stands there: then the request is not stored either. */
static void test_a_request_waits_with_its_turns(void **state)
{
	static const char line[] =
		"{'id':'x','time':'2026-08-01T09:30:00Z','account':'acct','model':"
		"'" ARCHIVEKIT_MODEL
		"','api':'anthropic.messages','usage':{'input_tokens':10,'output_tokens':0,"
		"'iterations':[{'type':'message','input_tokens':10,'output_tokens':0},"
		"{'type':'compaction','input_tokens':7,'output_tokens':0}]}}";
	struct ledgerkit *kit = *state;
	struct ledger_status before, after;
	char path[ARCHIVEKIT_PATH_BYTES], away[ARCHIVEKIT_PATH_BYTES + 8];

	archivekit_fill(kit);
	archivekit_send(kit, "x~2", "2026-06-03T10:20:00Z", "{\"input\":3}");
	archivekit_move(kit);
	/* Then as many others that June is open no more. */
	archivekit_send(kit, "march", "2026-03-03T10:00:00Z", "{\"input\":1}");
	archivekit_send(kit, "april", "2026-04-03T10:00:00Z", "{\"input\":1}");
	archivekit_send(kit, "may", "2026-05-03T10:00:00Z", "{\"input\":1}");
	archivekit_move(kit);
	archivekit_path(kit, "2026-06.db", path);
	snprintf(away, sizeof(away), "%s.away", path);
	assert_int_equal(rename(path, away), 0);
	assert_int_equal(ledger_status(kit->ledger, &before, NULL), 0);
	assert_int_equal(kit_send(kit, kit_quotes(line)), INGEST_QUARANTINED);
	assert_int_equal(ledger_status(kit->ledger, &after, NULL), 0);
	assert_int_equal(after.events, before.events);
	assert_int_equal(rename(away, path), 0);
	/* What stands under the name of the turn is the client's own. */
	assert_int_equal(kit_send(kit, kit_quotes(line)), INGEST_CONFLICT);
	expect_held(kit, "x archive 1");
	assert_string_equal(kit_ask(kit, "SELECT input FROM event WHERE id = 'x'"), "10");
	assert_string_equal(kit_ask(kit, "SELECT group_concat(id) FROM conflict"), "x~2");
	kit_verify_clean(kit);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, archivekit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_file_that_is_gone_cut_or_altered_is_named),
		T(test_what_is_of_a_file_that_is_away_is_held),
		T(test_a_phase_of_what_is_in_a_file_that_is_away_is_held),
		T(test_a_request_waits_with_its_turns),
	};
#undef T

	return cmocka_run_group_tests_name("archive away", tests, NULL, NULL);
}
