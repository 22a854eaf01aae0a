/*
 * Changes of several at once, with a daemon and without: each is made by the one writer there
 * is, or refused; what was said to be done is there, and nothing else.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/bothkit.h"

enum { AT_ONCE = 4, ROUNDS = 12, NAME_BYTES = 16 };

static const char *const none[] = { NULL };

struct asked {
	struct tollrun run;
	char account[NAME_BYTES];
};

static void start(struct asked *asked, int round, int number)
{
	*asked = (struct asked){ .run = { .out_fd = -1, .err_fd = -1 } };
	snprintf(asked->account, sizeof(asked->account), "acct-%d-%d", round % 1000, number % 1000);
	tollrun_start(&asked->run,
	              (const char *const[]){ "policy", "set", "--account", asked->account,
	                                     "zero-completion", NULL },
	              NULL, NULL);
}

/* Waits for it; what it said is true.  Returns whether it was done. */
static bool finish(struct bothkit *both, struct asked *asked, bool may_be_refused)
{
	bool done;

	tollrun_wait(&asked->run);
	done = asked->run.code == 0;
	if (!done && (!may_be_refused || asked->run.code != 3 ||
	              strstr(asked->run.err.at, both->kit.ledger) == NULL))
		fail_msg("%s: %d %s", asked->account, asked->run.code, asked->run.err.at);
	return done;
}

static void expect_listed(struct bothkit *both, const struct asked *asked, bool wanted)
{
	char words[2 * NAME_BYTES];

	TOLLRUN(&both->run, "policy", "list", "--csv");
	TOLLRUN_EXPECT(&both->run, 0);
	snprintf(words, sizeof(words), "%s,", asked->account);
	if ((strstr(both->run.out.at, words) != NULL) != wanted)
		fail_msg("%s: said %s, listed:\n%s", asked->account, wanted ? "done" : "refused",
		         both->run.out.at);
}

static int64_t rounds(struct bothkit *both, bool may_be_refused)
{
	int64_t done = 0;

	for (int round = 0; round < ROUNDS; round++) {
		struct asked asked[AT_ONCE];

		for (int i = 0; i < AT_ONCE; i++)
			start(&asked[i], round, i);
		for (int i = 0; i < AT_ONCE; i++) {
			bool is_done = finish(both, &asked[i], may_be_refused);

			done += is_done;
			expect_listed(both, &asked[i], is_done);
			tollrun_release(&asked[i].run);
		}
	}
	return done;
}

static void test_a_running_daemon_makes_all_changes(void **state)
{
	struct bothkit *both = *state;

	daemonkit_start(&both->kit, none);
	assert_int_equal(rounds(both, false), AT_ONCE * ROUNDS);
	assert_int_equal(daemonkit_stop(&both->kit), 0);
	daemonkit_verified_amount(&both->kit);
}

/* Without a daemon the lock decides; one that finds it taken is refused, and says so. */
static void test_without_a_daemon_one_of_several_has_the_lock(void **state)
{
	struct bothkit *both = *state;

	daemonkit_start(&both->kit, none);
	assert_int_equal(daemonkit_stop(&both->kit), 0);
	assert_true(rounds(both, true) > 0);
	daemonkit_verified_amount(&both->kit);
}

/* Somebody else, who is no daemon: neither a change nor a daemon gets past the lock. */
static void test_who_has_the_lock_keeps_all_others_out(void **state)
{
	struct bothkit *both = *state;
	const char *const daemon[] = { "--ledger", both->kit.ledger, "--socket", both->kit.socket,
		                       NULL };
	int told[2], status;
	char byte, words[64];
	pid_t child;

	daemonkit_start(&both->kit, none);
	assert_int_equal(daemonkit_stop(&both->kit), 0);
	assert_int_equal(pipe(told), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct ledger *ledger = NULL;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (ledger_open_writer(&ledger, both->kit.ledger, NULL, NULL) == 0 &&
		    write(told[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	close(told[1]);
	assert_int_equal(read(told[0], &byte, 1), 1);
	close(told[0]);
	snprintf(words, sizeof(words), "process %d", (int)child);
	TOLLRUN(&both->run, "policy", "set", "--account", "a", "zero-completion");
	TOLLRUN_EXPECT(&both->run, 3);
	if (strstr(both->run.err.at, words) == NULL)
		fail_msg("%s", both->run.err.at);
	daemonkit_spawn(&both->kit, daemon);
	assert_int_not_equal(daemonkit_wait_exit(&both->kit), 0);
	assert_true(daemonkit_logged(&both->kit, words));
	/* Reading goes on. */
	TOLLRUN(&both->run, "policy", "list");
	TOLLRUN_SAYS(&both->run, "No policy holds");
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	TOLLRUN(&both->run, "policy", "set", "--account", "a", "zero-completion");
	TOLLRUN_EXPECT(&both->run, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_running_daemon_makes_all_changes,
		                                bothkit_begin, bothkit_end),
		cmocka_unit_test_setup_teardown(test_who_has_the_lock_keeps_all_others_out,
		                                bothkit_begin, bothkit_end),
		cmocka_unit_test_setup_teardown(test_without_a_daemon_one_of_several_has_the_lock,
		                                bothkit_begin, bothkit_end),
	};

	return cmocka_run_group_tests_name("one writer", tests, NULL, NULL);
}
