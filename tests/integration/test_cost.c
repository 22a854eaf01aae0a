/* What is paid beside what is sold: by `toll` alone, and beside a running tolld. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/bothkit.h"
#include "tests/support/ledgerkit.h"
#include "tests/support/output.h"

#define EVENT(id, time, model)                                                                     \
	"{\"id\":\"" id "\",\"source\":\"gw\",\"time\":\"2026-11-22T" time                         \
	"Z\",\"account\":\"a\","                                                                   \
	"\"model\":\"" model "\",\"api\":\"toll\",\"usage\":{\"input\":1000000}}\n"
#define BOOK(model, price)                                                                         \
	"{\"pricebook\":1,\"currency\":\"USD\",\"models\":[{\"model\":\"" model                    \
	"\",\"versions\":["                                                                        \
	"{\"effective_from\":\"2020-01-01\",\"rates\":[{\"component\":\"input\","                  \
	"\"per_million\":\"" price "\"}]}]}]}"

static void apply(struct bothkit *both, const char *book, bool cost)
{
	daemonkit_write(both->file, book);
	if (cost)
		TOLLRUN(&both->run, "price", "apply", "--cost", both->file);
	else
		TOLLRUN(&both->run, "price", "apply", both->file);
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_SAYS(&both->run, cost ? "In force now as the cost book:" : "In force now:");
}

static void import(struct bothkit *both, const char *lines)
{
	daemonkit_write(both->file, lines);
	TOLLRUN(&both->run, "import", both->file);
	TOLLRUN_EXPECT(&both->run, 0);
}

static void sql(const struct bothkit *both, const char *text)
{
	struct ledgerkit kit = { .ledger = NULL };

	snprintf(kit.path, sizeof(kit.path), "%s", both->kit.ledger);
	kit_sql(&kit, text);
}

static void test_cost_and_margin_are_told_where_there_is_a_cost_book(void **state)
{
	struct bothkit *both = *state;

	apply(both, BOOK("m/a", "4"), false);
	import(both, EVENT("before", "08:00:00", "m/a"));
	TOLLRUN(&both->run, "report", "--csv");
	TOLLRUN_SAYS_NOT(&both->run, "margin");
	TOLLRUN(&both->run, "explain", "before");
	TOLLRUN_SAYS_NOT(&both->run, "Cost");
	apply(both, BOOK("m/b", "2.50"), true);
	import(both, EVENT("uncosted", "08:00:00", "m/a"));
	TOLLRUN(&both->run, "report");
	TOLLRUN_SAYS(&both->run, "uncosted");
	TOLLRUN_SAYS(&both->run, "1 request has no rate in the cost book and is not in the cost");
	TOLLRUN_SAYS(&both->run, "1 request came when no cost book was in force and is not in the");
	output_fits(buf_text(&both->run.out));
	TOLLRUN(&both->run, "explain", "uncosted");
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_SAYS(&both->run, "UNCOSTED: the cost book has no rate for all of it.");
	apply(both, BOOK("m/a", "2.50"), true);
	TOLLRUN(&both->run, "explain", "uncosted");
	TOLLRUN_SAYS(&both->run, "UNCOSTED: stored before the cost book in force had a rate");
	TOLLRUN(&both->run, "suspense", "retry");
	TOLLRUN_SAYS(&both->run,
	             "1 without a cost tried, 1 costed (together 2.50), 0 still without");
	TOLLRUN(&both->run, "explain", "uncosted");
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_SAYS(&both->run, "The margin is 1.50, 37.50 % of the amount.");
	TOLLRUN(&both->run, "explain", "before");
	TOLLRUN_SAYS(&both->run, "It came when no cost book was in force: no cost is known of it.");
	TOLLRUN(&both->run, "explain", "uncosted", "--json");
	TOLLRUN_SAYS(&both->run, "\"cost\":{\"state\":\"costed\",\"stored\":\"2.50\",\"derived\":"
	                         "\"2.50\",\"equal\":true,");
	TOLLRUN_SAYS(&both->run, "\"margin\":\"1.50\",\"margin_percent\":\"37.50\"");
	TOLLRUN(&both->run, "report", "--csv");
	TOLLRUN_SAYS(&both->run, ",amount,cost,margin,margin_percent,uncosted\n");
	TOLLRUN_SAYS(&both->run, ",8.00,2.50,5.50,68.75,1\n");
	TOLLRUN(&both->run, "report", "--json");
	TOLLRUN_SAYS(&both->run, ",\"not_in_cost\":{\"no_rate\":0,\"no_cost_book\":1}}\n");
	TOLLRUN(&both->run, "price", "list", "--csv");
	TOLLRUN_SAYS(&both->run, ",in force,cost,");
	TOLLRUN_SAYS(&both->run, ",replaced,cost,");
	TOLLRUN_SAYS(&both->run, ",in force,sell,");
	TOLLRUN(&both->run, "status");
	TOLLRUN_SAYS(&both->run, "Cost book");
	/* price show without a hash is what is sold by. */
	TOLLRUN(&both->run, "price", "show");
	TOLLRUN_SAYS(&both->run, "$4.00 per 1M tokens");
}

static void test_a_changed_cost_is_found_by_explain_and_verify(void **state)
{
	struct bothkit *both = *state;

	apply(both, BOOK("m/a", "4"), false);
	apply(both, BOOK("m/a", "5"), true);
	import(both, EVENT("1", "08:00:00", "m/a"));
	TOLLRUN(&both->run, "verify");
	TOLLRUN_EXPECT(&both->run, 0);
	sql(both, "UPDATE event SET cost_nanos = cost_nanos - 1");
	TOLLRUN(&both->run, "explain", "1");
	TOLLRUN_EXPECT(&both->run, 1);
	TOLLRUN_SAYS(&both->run,
	             "DIFFERENCE: the stored cost is 4.999999999, the derived one 5.00.");
	TOLLRUN_SAYS_NOT(&both->run, "The margin is");
	TOLLRUN(&both->run, "verify");
	TOLLRUN_EXPECT(&both->run, 1);
	TOLLRUN_SAYS(&both->run, "cost: stored 4.999999999, derived 5.00");
}

/* A book that is none, on either side, is told with its setting and stops the start. */
static void test_the_daemon_has_the_cost_book_of_its_setting(void **state)
{
	const char *const arguments[] = { "--cost-prices", NULL, NULL };
	const char *start[3] = { arguments[0], NULL, NULL };
	struct bothkit *both = *state;
	char cost[DAEMONKIT_PATH_BYTES];
	struct wire_ack ack;

	snprintf(cost, sizeof(cost), "%s/cost.json", both->kit.folder);
	start[1] = cost;
	daemonkit_write(cost, BOOK("m/b", "1"));
	daemonkit_start(&both->kit, start);
	daemonkit_send_one(&both->kit, "uncosted", &ack);
	assert_int_equal(ack.accepted, 1);
	daemonkit_write(cost, "{");
	kill(both->kit.pid, SIGHUP);
	daemonkit_wait_log(&both->kit, "cost book refused, the old one stays");
	daemonkit_write(cost,
	                "{\"pricebook\":1,\"currency\":\"USD\",\"models\":[{\"model\":\"m/a\","
	                "\"versions\":[{\"effective_from\":\"2020-01-01\",\"rates\":["
	                "{\"component\":\"input\",\"per_million\":\"0.5\"},"
	                "{\"component\":\"output\",\"per_million\":\"0\"}]}]}]}");
	kill(both->kit.pid, SIGHUP);
	TOLLRUN(&both->run, "suspense", "retry");
	TOLLRUN_EXPECT(&both->run, 0);
	for (int tries = 0; tries < 1000 && strstr(both->run.out.at, "1 costed") == NULL; tries++)
		TOLLRUN(&both->run, "suspense", "retry");
	TOLLRUN_SAYS(&both->run, "1 without a cost tried, 1 costed (together 0.0005)");
	/* And what comes is rated by it; the sell book is as it was. */
	daemonkit_send_one(&both->kit, "costed", &ack);
	TOLLRUN(&both->run, "explain", "costed", "--json");
	TOLLRUN_SAYS(&both->run, "\"stored_amount\":\"0.00102\"");
	TOLLRUN_SAYS(&both->run, "\"state\":\"costed\",\"stored\":\"0.0005\"");
	TOLLRUN(&both->run, "verify");
	TOLLRUN_EXPECT(&both->run, 0);
	assert_int_equal(daemonkit_stop(&both->kit), 0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, bothkit_begin, bothkit_end)
	const struct CMUnitTest tests[] = {
		T(test_cost_and_margin_are_told_where_there_is_a_cost_book),
		T(test_a_changed_cost_is_found_by_explain_and_verify),
		T(test_the_daemon_has_the_cost_book_of_its_setting),
	};

	return cmocka_run_group_tests_name("cost", tests, NULL, NULL);
}
