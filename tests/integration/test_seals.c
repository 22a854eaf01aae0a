/* `toll verify --chain`, in its three forms; a change without a daemon is sealed at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "ledger/seal.h"
#include "tests/support/ledgerkit.h"
#include "tests/support/output.h"
#include "tests/support/tollrun.h"

#define MODEL "acme/llama-4-70b"

struct sealed {
	struct ledgerkit kit;
	struct tollrun run;
	struct seal_link link; /* of what begin() stored */
};

/* Two hours, sealed; the ledger is closed. */
static int begin(void **state)
{
	struct sealed *sealed = calloc(1, sizeof(*sealed));
	struct fault fault;

	assert_non_null(sealed);
	*state = sealed;
	sealed->run = (struct tollrun){ .out_fd = -1, .err_fd = -1 };
	kit_open(&sealed->kit);
	setenv("TOLL_LEDGER", sealed->kit.path, 1);
	setenv("COLUMNS", "80", 1);
	kit_price(&sealed->kit, kit_small_book);
	kit_send_usage(&sealed->kit, "a", "2026-08-01T09:00:00Z", MODEL, "{\"input\":1000}");
	kit_send_usage(&sealed->kit, "b", "2026-08-01T10:00:00Z", MODEL, "{\"input\":1}");
	assert_int_equal(
		ledger_seal_all(sealed->kit.ledger, KIT_NOW_MS + INT64_C(86400000), &fault), 0);
	assert_int_equal(ledger_seal_head(sealed->kit.ledger, &sealed->link, &fault), 0);
	kit_shut(&sealed->kit);
	return 0;
}

static int end(void **state)
{
	struct sealed *sealed = *state;

	tollrun_release(&sealed->run);
	kit_close(&sealed->kit);
	unsetenv("TOLL_LEDGER");
	unsetenv("COLUMNS");
	free(sealed);
	return 0;
}

static void expect_json(const struct tollrun *run)
{
	struct json doc = { .nodes = NULL };
	struct fault fault = { .code = FAULT_NONE };

	if (json_parse(&doc, buf_text(&run->out), &fault) < 0)
		fail_msg("%s: %s", fault.text, run->out.at);
	json_release(&doc);
}

static void test_a_forgery_with_all_its_digests_is_told_of_a_noted_link(void **state)
{
	struct sealed *sealed = *state;
	struct tollrun *run = &sealed->run;

	TOLLRUN(run, "verify", "--chain", sealed->link.chain);
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "is in the chain\n");
	TOLLRUN_SAYS(run, "\nNo difference.\n");
	kit_sql(&sealed->kit, "UPDATE event SET latency_ms = 8 WHERE id = 'a';"
	                      "UPDATE event SET check_word = NULL;"
	                      "DELETE FROM hour_word WHERE kind = 3;"
	                      "UPDATE hour SET digest = NULL, unsealed = 1");
	kit_reopen(&sealed->kit);
	kit_shut(&sealed->kit);
	TOLLRUN(run, "verify");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "1 hour sealed more than once, or changed since the last seal");
	output_fits(buf_text(&run->out));
	TOLLRUN(run, "verify", "--chain", sealed->link.chain);
	TOLLRUN_EXPECT(run, 1);
	TOLLRUN_SAYS(run, "  changed     hour 2026-08-01T09:00Z\n"
	                  "              at the noted link 1 event, now 1 event, not the same\n");
	TOLLRUN_SAYS(run, "somebody must be able to explain each");
	TOLLRUN_SAYS(run, "\nCHANGED SINCE THE NOTED LINK: 1\n");
	TOLLRUN_SAYS_NOT(run, "No difference");
	TOLLRUN_SAYS_NOT(run, "DIFFERENCES");
	output_fits(buf_text(&run->out));
	TOLLRUN(run, "verify", "--json", "--chain", sealed->link.chain);
	TOLLRUN_EXPECT(run, 1);
	expect_json(run);
	TOLLRUN_SAYS(run, "{\"findings\":[],\"changed\":[{\"hour\":\"2026-08-01T09:00:00.000Z\","
	                  "\"then\":1,\"now\":1}],\"events\":2,");
	TOLLRUN_SAYS(run, "\"hours_resealed\":1,\"hours_never_sealed\":0,\"ok\":false}");
	TOLLRUN(run, "verify", "--csv", "--chain", sealed->link.chain);
	TOLLRUN_EXPECT(run, 1);
	TOLLRUN_SAYS(run, "kind,where,what,stored,derived\nchanged,hour 2026-08-01T09:00Z,"
	                  "since the noted link,\"1 event, not the same\",1 event\n");
	TOLLRUN_SAYS(run, "changed since the noted link: 1");
}

static void test_a_link_that_is_not_in_the_chain_is_no_count_of_differences(void **state)
{
	struct sealed *sealed = *state;
	struct tollrun *run = &sealed->run;

	sealed->link.chain[0] = sealed->link.chain[0] == '0' ? '1' : '0';
	TOLLRUN(run, "verify", "--chain", sealed->link.chain);
	TOLLRUN_EXPECT(run, 1);
	TOLLRUN_SAYS(run, "\nTHE NOTED LINK IS NOT IN THE CHAIN\n");
	TOLLRUN_SAYS_NOT(run, "DIFFERENCES");
	TOLLRUN(run, "verify", "--csv", "--chain", sealed->link.chain);
	TOLLRUN_EXPECT(run, 1);
	TOLLRUN_SAYS(run, "the noted link is not in the chain");
	TOLLRUN(run, "verify", "--json", "--chain", sealed->link.chain);
	TOLLRUN_EXPECT(run, 1);
	expect_json(run);
	TOLLRUN_SAYS(run, "\"noted\":null");
	TOLLRUN_SAYS_NOT(run, "\"changed\"");
}

/* What was changed by a hand after it is in the chain already. */
static void test_a_change_without_a_daemon_is_sealed_at_once(void **state)
{
	struct sealed *sealed = *state;
	struct tollrun *run = &sealed->run;

	TOLLRUN(run, "void", "a", "--reason", "sent in error");
	TOLLRUN_EXPECT(run, 0);
	assert_int_equal(kit_sql_int(&sealed->kit, "SELECT max(seq) FROM seal"),
	                 sealed->link.seq + 1);
	kit_sql(&sealed->kit, "UPDATE change SET who = 'nobody' "
	                      "WHERE seq = (SELECT max(seq) FROM change)");
	TOLLRUN(run, "verify");
	TOLLRUN_EXPECT(run, 1);
	TOLLRUN_SAYS(run, "rows of the log");
	/* Not of what the noted link holds: that was before. */
	TOLLRUN(run, "verify", "--chain", sealed->link.chain);
	TOLLRUN_EXPECT(run, 1);
	TOLLRUN_SAYS_NOT(run, "CHANGED SINCE");
}

static void test_a_change_that_cannot_be_sealed_is_made_and_that_is_told(void **state)
{
	struct sealed *sealed = *state;
	struct tollrun *run = &sealed->run;

	/* There is one link already. */
	kit_sql(&sealed->kit, "CREATE UNIQUE INDEX one ON seal (seq > 0)");
	TOLLRUN(run, "void", "a", "--reason", "sent in error");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "the change is made, but not sealed yet; the next writer seals it: ");
	assert_int_equal(kit_sql_int(&sealed->kit, "SELECT count(*) FROM correction"), 1);
	kit_sql(&sealed->kit, "DROP INDEX one");
	TOLLRUN(run, "void", "b", "--reason", "sent in error");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS_NOT(run, "not sealed");
	TOLLRUN(run, "verify");
	TOLLRUN_EXPECT(run, 0);
}

static void test_a_thousand_hours_that_changed_are_shown_and_the_rest_counted(void **state)
{
	struct sealed *sealed = *state;
	struct tollrun *run = &sealed->run;
	const char *at;
	int shown = 0;

	kit_sql(&sealed->kit,
	        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1002) "
	        "INSERT INTO hour (hour, events, digest, unsealed) "
	        "SELECT i * 3600000, 1, zeroblob(32), 1 FROM n");
	TOLLRUN(run, "verify", "--chain", sealed->link.chain);
	TOLLRUN_EXPECT(run, 1);
	TOLLRUN_SAYS(run, "at the noted link not sealed, now 1 event\n");
	TOLLRUN_SAYS(run, "\n... and 3 more that changed: toll verify --json names all\n");
	TOLLRUN_SAYS(run, "\nDIFFERENCES: 1003\nCHANGED SINCE THE NOTED LINK: 1003\n");
	TOLLRUN_SAYS(run, "1003 hours long over");
	for (at = run->out.at; (at = strstr(at, "  changed  ")) != NULL; at++)
		shown++;
	assert_int_equal(shown, 1000);
	TOLLRUN(run, "verify", "--json", "--chain", sealed->link.chain);
	TOLLRUN_EXPECT(run, 1);
	expect_json(run);
	TOLLRUN_SAYS(run, "{\"hour\":\"1970-01-01T00:00:00.000Z\",\"then\":null,\"now\":1}");
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		T(test_a_forgery_with_all_its_digests_is_told_of_a_noted_link),
		T(test_a_link_that_is_not_in_the_chain_is_no_count_of_differences),
		T(test_a_change_without_a_daemon_is_sealed_at_once),
		T(test_a_change_that_cannot_be_sealed_is_made_and_that_is_told),
		T(test_a_thousand_hours_that_changed_are_shown_and_the_rest_counted),
	};

	return cmocka_run_group_tests_name("seals", tests, NULL, NULL);
}
