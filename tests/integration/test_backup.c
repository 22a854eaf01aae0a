/* toll backup, restore and export events, as they are run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/ledgerkit.h"
#include "tests/support/tollrun.h"

struct cli {
	struct ledgerkit kit;
	char copy[KIT_PATH_BYTES], lines[KIT_PATH_BYTES], other[KIT_PATH_BYTES];
	char book[KIT_PATH_BYTES];
	struct tollrun run;
};

static int begin(void **state)
{
	struct cli *cli = calloc(1, sizeof(*cli));

	assert_non_null(cli);
	kit_open(&cli->kit);
	snprintf(cli->copy, sizeof(cli->copy), "%s/copy.db", cli->kit.folder);
	snprintf(cli->lines, sizeof(cli->lines), "%s/lines.ndjson", cli->kit.folder);
	snprintf(cli->other, sizeof(cli->other), "%s/other.db", cli->kit.folder);
	kit_write(&cli->kit, cli->book, "book.json", kit_small_book);
	setenv("TOLL_LEDGER", cli->kit.path, 1);
	kit_price(&cli->kit, kit_small_book);
	for (int i = 0; i < 3; i++) {
		char id[16];

		snprintf(id, sizeof(id), "e-%d", i);
		kit_send_usage(&cli->kit, id, "2026-08-01T10:00:00Z", "acme/llama-4-70b",
		               "{\"input\":1000}");
	}
	*state = cli;
	return 0;
}

static int end(void **state)
{
	struct cli *cli = *state;

	tollrun_release(&cli->run);
	kit_close(&cli->kit);
	free(cli);
	unsetenv("TOLL_LEDGER");
	return 0;
}

static void test_a_backup_of_a_ledger_in_use_is_told_and_restored(void **state)
{
	struct cli *cli = *state;
	struct tollrun *run = &cli->run;

	TOLLRUN(run, "backup", "--json", cli->copy);
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "\"ok\":true");
	TOLLRUN_SAYS(run,
	             "\"events\":3,\"amount\":\"0.0024\",\"last\":\"2026-08-01T10:00:00.000Z\"");
	TOLLRUN_SAYS(run, "\"sha256\":\"");
	TOLLRUN(run, "backup", cli->copy);
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN_SAYS(run, "--force to replace it");
	TOLLRUN(run, "backup", "--force", cli->copy);
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "SHA-256");
	TOLLRUN(run, "restore", cli->copy);
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN_SAYS(run, "is its writer");
	kit_shut(&cli->kit);
	TOLLRUN(run, "restore", cli->copy);
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN_SAYS(run, "there is a ledger");
	TOLLRUN(run, "restore", "--force", cli->copy);
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "the ledger that was there is kept as");
	TOLLRUN_SAYS_NOT(run, ".secret");
	/* At once again. */
	for (int i = 0; i < 5; i++) {
		TOLLRUN(run, "restore", "--force", cli->copy);
		TOLLRUN_EXPECT(run, 0);
	}
	TOLLRUN(run, "restore", "--ledger", cli->other, cli->copy);
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "other.db.secret, and none is in a backup");
	TOLLRUN(run, "verify", "--ledger", cli->other);
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN(run, "backup");
	TOLLRUN_EXPECT(run, 2);
	TOLLRUN(run, "restore", "a", "b");
	TOLLRUN_EXPECT(run, 2);
}

static void test_a_restore_that_is_refused_leaves_nothing(void **state)
{
	struct cli *cli = *state;
	struct tollrun *run = &cli->run;
	char wal[KIT_PATH_BYTES + 40], lock[KIT_PATH_BYTES + 8];

	TOLLRUN(run, "backup", cli->copy);
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, ".secret, which names the keys");
	snprintf(lock, sizeof(lock), "%s.lock", cli->other);
	TOLLRUN(run, "restore", "--ledger", cli->other, cli->lines);
	TOLLRUN_EXPECT(run, 3);
	assert_int_not_equal(access(lock, F_OK), 0);
	TOLLRUN(run, "restore", "--force", "--ledger", cli->copy, cli->copy);
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN_SAYS(run, "this is the ledger itself");
	snprintf(wal, sizeof(wal), "%s-wal", cli->copy);
	kit_write(&cli->kit, wal, "copy.db-wal", "x");
	TOLLRUN(run, "restore", "--ledger", cli->other, cli->copy);
	TOLLRUN_EXPECT(run, 3);
	snprintf(wal, sizeof(wal), "toll: %s: a ledger in use", cli->copy);
	TOLLRUN_SAYS(run, wal);
}

static void test_a_difference_is_exit_code_1(void **state)
{
	struct cli *cli = *state;
	struct tollrun *run = &cli->run;

	TOLLRUN(run, "backup", cli->copy);
	TOLLRUN_EXPECT(run, 0);
	kit_shut(&cli->kit);
	kit_sql(&cli->kit, "UPDATE rollup SET input = input + 1");
	TOLLRUN(run, "backup", cli->other);
	TOLLRUN_EXPECT(run, 1);
	TOLLRUN_SAYS(run, "the copy is kept as");
	assert_int_not_equal(access(cli->other, F_OK), 0);
}

static void test_exported_events_are_imported(void **state)
{
	struct cli *cli = *state;
	struct tollrun *run = &cli->run;

	TOLLRUN(run, "export", "events", "-o", cli->lines);
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "3 events in ");
	TOLLRUN(run, "import", "--json", "--ledger", cli->other, "--prices", cli->book, cli->lines);
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "\"accepted\":3");
	TOLLRUN(run, "import", "--json", "--ledger", cli->other, cli->lines);
	TOLLRUN_SAYS(run, "\"duplicate\":3");
	TOLLRUN(run, "export", "events", "--account", "nobody");
	TOLLRUN_EXPECT(run, 0);
	assert_int_equal(run->out.len, 0);
	TOLLRUN(run, "export", "events", "--format", "csv", "--to", "2026-08-01");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "time,source,id,");
	TOLLRUN_SAYS_NOT(run, "e-0");
	TOLLRUN(run, "export", "events", "--format", "xml");
	TOLLRUN_EXPECT(run, 2);
	TOLLRUN(run, "export", "events", "-o", "/dev/full");
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN_SAYS(run, "no file");
	TOLLRUN(run, "export", "events", "-o", "/no/such/folder/f");
	TOLLRUN_EXPECT(run, 3);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		T(test_a_backup_of_a_ledger_in_use_is_told_and_restored),
		T(test_a_restore_that_is_refused_leaves_nothing),
		T(test_a_difference_is_exit_code_1),
		T(test_exported_events_are_imported),
	};
#undef T

	return cmocka_run_group_tests_name("backup_command", tests, NULL, NULL);
}
