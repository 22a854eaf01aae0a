/* `toll` beside a running tolld: changes over its control socket, and sending through a kill. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/bothkit.h"

enum { LINES = 60000, KILLS = 3 };

#define EVENT(id, model)                                                                           \
	"{\"id\":\"" id                                                                            \
	"\",\"source\":\"gw\",\"time\":\"2026-11-22T08:00:00Z\",\"account\":\"a\","                \
	"\"model\":\"" model "\",\"api\":\"toll\",\"usage\":{\"input\":1000000}}\n"

static const char second_book[] =
	"{\"pricebook\":1,\"currency\":\"USD\",\"models\":["
	"{\"model\":\"m/a\",\"versions\":[{\"effective_from\":\"2020-01-01\",\"rates\":["
	"{\"component\":\"input\",\"per_million\":\"5\"}]}]},"
	"{\"model\":\"m/b\",\"versions\":[{\"effective_from\":\"2020-01-01\",\"rates\":["
	"{\"component\":\"input\",\"per_million\":\"7\"}]}]}]}";

static void test_changes_go_to_the_daemon_that_holds_the_ledger(void **state)
{
	static const char *const none[] = { NULL };
	struct bothkit *both = *state;

	daemonkit_start(&both->kit, none);
	daemonkit_write(both->file, EVENT("1", "m/a") EVENT("2", "m/b") "broken\n");
	TOLLRUN(&both->run, "send", "--json", both->file);
	TOLLRUN_EXPECT(&both->run, 1);
	TOLLRUN_SAYS(&both->run, "{\"lines\":3,\"accepted\":1,\"duplicate\":0,\"unpriced\":1,"
	                         "\"quarantined\":1,");
	TOLLRUN(&both->run, "status");
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_SAYS(&both->run, "control=");
	daemonkit_write(both->file, second_book);
	TOLLRUN(&both->run, "price", "apply", both->file, "--note", "adds m/b");
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_SAYS(&both->run, "In force now:");
	TOLLRUN(&both->run, "suspense", "retry");
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_SAYS(&both->run, "1 tried, 1 priced (together 7.00), 0 still in suspense");
	TOLLRUN(&both->run, "quarantine", "retry");
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_SAYS(&both->run, "Still held");
	/* The daemon rates with the new book from here on; what is stored keeps its price. */
	daemonkit_write(both->file, EVENT("3", "m/a"));
	TOLLRUN(&both->run, "send", both->file);
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN(&both->run, "report", "--csv", "--by", "model");
	TOLLRUN_SAYS(&both->run, ",6.00\n");
	TOLLRUN_SAYS(&both->run, ",7.00\n");
	TOLLRUN(&both->run, "price", "list", "--csv");
	TOLLRUN_SAYS(&both->run, "adds m/b");
	TOLLRUN(&both->run, "verify");
	TOLLRUN_EXPECT(&both->run, 0);
	assert_int_equal(daemonkit_stop(&both->kit), 0);
	TOLLRUN(&both->run, "verify");
	TOLLRUN_EXPECT(&both->run, 0);
}

static void test_a_refused_book_is_told_line_by_line(void **state)
{
	static const char *const none[] = { NULL };
	struct bothkit *both = *state;

	daemonkit_start(&both->kit, none);
	daemonkit_write(both->file, "{\"pricebook\":1,\n\"currency\":\"EUR\",\"models\":[]}");
	TOLLRUN(&both->run, "price", "apply", both->file);
	TOLLRUN_EXPECT(&both->run, 3);
	TOLLRUN_SAYS(&both->run, "line 2: models: empty");
	TOLLRUN(&both->run, "import", both->file);
	TOLLRUN_EXPECT(&both->run, 3);
	TOLLRUN_SAYS(&both->run, "toll send");
	assert_int_equal(daemonkit_stop(&both->kit), 0);
}

static void test_a_control_socket_that_does_not_answer_is_named(void **state)
{
	static const char *const none[] = { NULL };
	struct bothkit *both = *state;

	daemonkit_start(&both->kit, none);
	assert_int_equal(unlink(both->kit.control), 0);
	TOLLRUN(&both->run, "suspense", "retry");
	TOLLRUN_EXPECT(&both->run, 3);
	TOLLRUN_SAYS(&both->run, "its control socket does not answer");
	TOLLRUN_SAYS(&both->run, both->kit.control);
	daemonkit_stop(&both->kit);
}

/* The sender never notices more than a pause; at the end every line is there once. */
static void test_send_brings_every_line_through_kills_of_the_daemon(void **state)
{
	static const char *const none[] = { NULL };
	struct bothkit *both = *state;
	const char *words[] = { "send",   "--json", "--source", "gw",
		                "--rate", "30000",  both->file, NULL };
	struct buf lines = { .at = NULL };
	char id[32];

	for (int i = 0; i < LINES; i++) {
		snprintf(id, sizeof(id), "id-%d", i);
		daemonkit_event(&lines, id);
	}
	daemonkit_write(both->file, lines.at);
	buf_release(&lines);
	daemonkit_start(&both->kit, none);
	tollrun_release(&both->run);
	tollrun_start(&both->run, words, NULL, NULL);
	for (int i = 0; i < KILLS; i++) {
		usleep(250000);
		daemonkit_kill(&both->kit);
		daemonkit_start(&both->kit, none);
	}
	tollrun_wait(&both->run);
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_SAYS(&both->run, "{\"lines\":60000,");
	TOLLRUN_SAYS(&both->run, "\"unacknowledged\":0,");
	TOLLRUN_SAYS_NOT(&both->run, "\"connections\":1}");
	assert_int_equal(daemonkit_stop(&both->kit), 0);
	assert_int_equal(daemonkit_status(&both->kit).events, LINES);
	assert_true(daemonkit_verified_amount(&both->kit).attos ==
	            (wide)LINES * KIT_EVENT_NANOS * ATTOS_PER_NANO);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, bothkit_begin, bothkit_end)
	const struct CMUnitTest tests[] = {
		T(test_changes_go_to_the_daemon_that_holds_the_ledger),
		T(test_a_refused_book_is_told_line_by_line),
		T(test_a_control_socket_that_does_not_answer_is_named),
		T(test_send_brings_every_line_through_kills_of_the_daemon),
	};

	return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
