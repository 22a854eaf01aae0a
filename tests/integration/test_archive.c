/* toll archive, with a daemon that holds the ledger and without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/bothkit.h"

#define EVENT(id, time, model)                                                                     \
	"{\"id\":\"" id "\",\"source\":\"gw\",\"time\":\"" time                                    \
	"\",\"account\":\"a\",\"model\":\"" model                                                  \
	"\",\"api\":\"toll\",\"usage\":{\"input\":1000000}}\n"
#define JUNE   EVENT("1", "2025-06-02T08:00:00Z", "m/a") EVENT("2", "2025-06-02T09:00:00Z", "m/a")
#define JULY   EVENT("3", "2025-07-02T08:00:00Z", "m/a")
#define WAITS  EVENT("4", "2025-07-02T10:00:00Z", "m/none")
#define AUGUST EVENT("5", "2025-08-02T10:00:00Z", "m/a")

static void remove_archive(struct bothkit *both)
{
	char command[DAEMONKIT_PATH_BYTES + 32];

	snprintf(command, sizeof(command), "rm -rf '%s.archive'", both->kit.ledger);
	assert_int_equal(system(command), 0);
}

static void test_a_daemon_moves_months_and_goes_on(void **state)
{
	static const char *const none[] = { NULL };
	struct bothkit *both = *state;
	struct tollrun *run = &both->run;

	daemonkit_start(&both->kit, none);
	daemonkit_write(both->file, JUNE JULY WAITS AUGUST);
	TOLLRUN(run, "send", both->file);
	TOLLRUN(run, "archive", "--before", "2025-08", "--dry-run");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "2025-06: 2 events of 2 hours would move.");
	TOLLRUN_SAYS(run, "1 hours stay");
	TOLLRUN(run, "archive", "--before", "2025-08");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "2025-06: 2 events of 2 hours moved to 2025-06.db.");
	TOLLRUN_SAYS(run, "2025-07: 1 events of 1 hours moved to 2025-07.db.");
	/* Sent again: known.  And what is new is taken. */
	daemonkit_write(both->file, JUNE EVENT("6", "2025-06-02T08:30:00Z", "m/a"));
	TOLLRUN(run, "send", "--json", both->file);
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "\"accepted\":1,\"duplicate\":2");
	TOLLRUN(run, "verify");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN(run, "report", "--csv", "--by", "model", "--from", "2025-06-02T08:30:00Z", "--to",
	        "2025-09");
	TOLLRUN_SAYS(run, ",4.00\n");
	TOLLRUN(run, "explain", "1");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "Equal to what is stored.");
	TOLLRUN(run, "rerate", "--from", "2025-06-01", "--to", "2025-07-01", "--reason", "test",
	        "--dry-run");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "3 events rated again");
	assert_int_equal(daemonkit_stop(&both->kit), 0);
	TOLLRUN(run, "archive", "--before", "2025-09", "--json");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "\"file\":\"2025-08.db\"");
	TOLLRUN(run, "verify");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN(run, "archive", "--before", "2025-09");
	TOLLRUN_SAYS(run, "1 hours stay");
	remove_archive(both);
	TOLLRUN(run, "explain", "1");
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN_SAYS(run, "2025-06.db: this file of the archive is missing");
}

static void test_a_daemon_goes_on_where_a_file_is_away(void **state)
{
	static const char *const none[] = { NULL };
	struct bothkit *both = *state;
	struct tollrun *run = &both->run;
	char path[DAEMONKIT_PATH_BYTES + 32], away[DAEMONKIT_PATH_BYTES + 40];

	TOLLRUN(run, "price", "apply", both->kit.prices);
	TOLLRUN_EXPECT(run, 0);
	daemonkit_write(both->file, JUNE JULY AUGUST);
	TOLLRUN(run, "import", both->file);
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN(run, "archive", "--before", "2025-08");
	TOLLRUN_EXPECT(run, 0);
	snprintf(path, sizeof(path), "%s.archive/2025-06.db", both->kit.ledger);
	snprintf(away, sizeof(away), "%s.away", path);
	assert_int_equal(rename(path, away), 0);
	daemonkit_start(&both->kit, none);
	daemonkit_wait_log(&both->kit, "a file of the archive cannot be read");
	daemonkit_wait_log(&both->kit, "2025-06.db: this file of the archive is missing");
	assert_false(daemonkit_logged(&both->kit, "2025-07.db"));
	daemonkit_write(both->file, JUNE JULY);
	TOLLRUN(run, "send", "--json", both->file);
	TOLLRUN_EXPECT(run, 1);
	TOLLRUN_SAYS(run, "\"duplicate\":1");
	TOLLRUN_SAYS(run, "\"quarantined\":2");
	assert_int_equal(rename(away, path), 0);
	TOLLRUN(run, "quarantine", "retry", "--json");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "\"duplicate\":2");
	assert_int_equal(daemonkit_stop(&both->kit), 0);
	TOLLRUN(run, "verify");
	TOLLRUN_EXPECT(run, 0);
	remove_archive(both);
}

static void test_only_whole_months_that_are_over_move(void **state)
{
	struct bothkit *both = *state;
	struct tollrun *run = &both->run;

	TOLLRUN(run, "archive");
	TOLLRUN_EXPECT(run, 2);
	TOLLRUN(run, "archive", "--before", "2025-06-02");
	TOLLRUN_EXPECT(run, 2);
	TOLLRUN(run, "archive", "--before", "9000-01");
	TOLLRUN_EXPECT(run, 2);
	TOLLRUN_SAYS(run, "only months that are over move");
	TOLLRUN(run, "archive", "--before", "2025-06");
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN_SAYS(run, "there is no ledger");
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, bothkit_begin, bothkit_end)
	const struct CMUnitTest tests[] = {
		T(test_a_daemon_moves_months_and_goes_on),
		T(test_a_daemon_goes_on_where_a_file_is_away),
		T(test_only_whole_months_that_are_over_move),
	};
#undef T

	return cmocka_run_group_tests_name("archive_command", tests, NULL, NULL);
}
