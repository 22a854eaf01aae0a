/*
 * The same as test_reconcile_seeds, of one month of a million events and through the command: what
 * `toll reconcile` prints as rows is held against what was injected, by id and by day.
 *
 * SEED and EVENTS come from the environment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/billkit.h"
#include "tests/support/campaign.h"

enum {
	EVENTS_DEFAULT = 1000000,
	EVENTS_SANITIZED = 20000,
	EVENTS_PER_FAULT = 500,
	FAULTS_MOST = 200,
	DIFFERENCES_FOUND = 1, /* exit codes */
	EXIT_NOT_RUN = 126,
};

/* As long as it takes: of a million it is longer than other tests wait for anything. */
static void reconcile(const struct billkit *kit, const char *statement, const char *match,
                      const char *rows)
{
	const char *build = getenv("TOLL_BUILD");
	char program[KIT_PATH_BYTES];
	int status = 0;
	pid_t pid;

	snprintf(program, sizeof(program), "%s/toll", build != NULL ? build : "build/release");
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		int out = open(rows, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		if (out >= 0 && dup2(out, STDOUT_FILENO) >= 0)
			execl(program, "toll", "reconcile", "--ledger", kit->ledger.path,
			      "--statement", statement, "--format", "toll", "--from", "2026-07-01",
			      "--to", "2026-08-01", "--match", match, "--csv", (char *)NULL);
		_exit(EXIT_NOT_RUN);
	}
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), DIFFERENCES_FOUND);
}

static int64_t check(struct billkit *kit, enum billkit_statement what, const char *match)
{
	char statement[KIT_PATH_BYTES], rows[KIT_PATH_BYTES];
	int64_t found;

	billkit_write(kit, GEN_TOLL_CSV, what, statement);
	snprintf(rows, sizeof(rows), "%s/rows.csv", kit->ledger.folder);
	reconcile(kit, statement, match, rows);
	found = billkit_check_rows(kit, what, rows);
	printf("reconcile: by %s %lld differences, each of what was injected\n", match,
	       (long long)found);
	return found;
}

static void test_the_command_tells_each_fault_and_nothing_else(void **state)
{
	bool sanitized = campaign_sanitized();
	struct billgen_options options = {
		.seed = (uint64_t)campaign_number("SEED", 1),
		.events = campaign_number("EVENTS", sanitized ? EVENTS_SANITIZED : EVENTS_DEFAULT),
		.decimals = MONEY_DECIMALS_MAX,
		.in_order = true,
	};
	struct billkit kit;
	int64_t found;

	(void)state;
	options.faults = options.events / EVENTS_PER_FAULT;
	options.faults = options.faults > FAULTS_MOST ? FAULTS_MOST : options.faults;
	printf("reconcile: SEED=%llu, %lld events%s\n", (unsigned long long)options.seed,
	       (long long)options.events, sanitized ? ": fewer, a sanitizer is slow" : "");
	billkit_open(&kit, &options);
	kit_shut(&kit.ledger);
	found = check(&kit, BILLKIT_IDS, "id");
	assert_true(found >= options.faults * (GEN_FAULT_COUNT - 1));
	assert_true(check(&kit, BILLKIT_DAYS, "day") > 0);
	billkit_close(&kit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_command_tells_each_fault_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
