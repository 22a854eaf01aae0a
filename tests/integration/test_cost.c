/* What is paid beside what is sold: by `toll` alone, and beside a running tolld. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/change.h"
#include "ledger/ledger.h"
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
	sql(both, "UPDATE event SET cost_nanos = cost_nanos - 1, check_word = NULL;"
	          "DELETE FROM hour_word WHERE kind = 3");
	TOLLRUN(&both->run, "explain", "1");
	TOLLRUN_EXPECT(&both->run, 1);
	TOLLRUN_SAYS(&both->run,
	             "DIFFERENCE: the stored cost is 4.999999999, the derived one 5.00.");
	TOLLRUN_SAYS_NOT(&both->run, "The margin is");
	TOLLRUN(&both->run, "verify");
	TOLLRUN_EXPECT(&both->run, 1);
	TOLLRUN_SAYS(&both->run, "cost: stored 4.999999999, derived 5.00");
}

/* As its writer does it; there is no daemon. */
static void rerate(const struct bothkit *both, const char *request)
{
	const struct change change = { text_of(request), text_of("uid 7"), KIT_NOW_MS };
	struct ledger *ledger = NULL;
	struct buf reply = { .at = NULL };
	bool changed = false;

	assert_int_equal(ledger_open_writer(&ledger, both->kit.ledger, NULL, NULL), 0);
	assert_int_equal(change_run(ledger, &change, &reply, &changed, NULL), 0);
	assert_non_null(strstr(buf_text(&reply).at, "{\"ok\":true,\"run\":1,"));
	buf_release(&reply);
	ledger_close(ledger);
}

static void test_what_was_adjusted_is_told_by_every_command(void **state)
{
	struct bothkit *both = *state;

	apply(both, BOOK("m/a", "4"), false);
	import(both, EVENT("1", "08:00:00", "m/a") EVENT("2", "08:30:00", "m/a")
	                     EVENT("3", "09:00:00", "m/a"));
	apply(both, BOOK("m/a", "3.5"), false);
	TOLLRUN(&both->run, "report", "--csv");
	TOLLRUN_SAYS_NOT(&both->run, "adjusted");
	TOLLRUN(&both->run, "verify", "--json");
	TOLLRUN_SAYS(&both->run, "\"adjustment_runs\":0,\"adjusted_amount\":\"0.00\"");
	rerate(both, "{\"change\":\"rerate\",\"from\":\"2026-11-22T08:00:00Z\","
	             "\"to\":\"2026-11-22T09:00:00Z\",\"reason\":\"the summer price\"}");
	TOLLRUN(&both->run, "report");
	TOLLRUN_SAYS(&both->run, "Adjusted");
	TOLLRUN_SAYS(&both->run, "1 adjustment is booked in this range and is in the amount");
	output_fits(buf_text(&both->run.out));
	TOLLRUN(&both->run, "report", "--csv", "--by", "hour");
	TOLLRUN_SAYS(&both->run, ",7.00,-1.00\n");
	TOLLRUN_SAYS(&both->run, ",4.00,0.00\n");
	TOLLRUN(&both->run, "report", "--json");
	TOLLRUN_SAYS(&both->run, "\"amount\":\"11.00\",\"adjusted\":\"-1.00\"");
	TOLLRUN_SAYS(&both->run, ",\"adjustments\":1}\n");
	/* What it was rated at is what is stored; the run stands beside it. */
	TOLLRUN(&both->run, "explain", "2");
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_SAYS(&both->run, "Equal to what is stored.");
	TOLLRUN_SAYS(&both->run, "was adjusted by -1.00 in run 1");
	TOLLRUN_SAYS(&both->run, "(uid 7: the summer");
	TOLLRUN(&both->run, "explain", "2", "--json");
	TOLLRUN_SAYS(&both->run, "\"adjustments\":[{\"run\":1,\"amount\":\"-1.00\","
	                         "\"booked_hour\":\"2026-11-22T08:00Z\",\"by\":\"uid 7: the "
	                         "summer price\"}]");
	TOLLRUN(&both->run, "explain", "3");
	TOLLRUN_SAYS_NOT(&both->run, "was adjusted");
	TOLLRUN(&both->run, "verify");
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_SAYS(&both->run, "-1.00 beside these, in 1 run");
	sql(both, "UPDATE adjustment SET nanos = nanos + 1");
	TOLLRUN(&both->run, "verify");
	TOLLRUN_EXPECT(&both->run, 1);
	TOLLRUN_SAYS(&both->run, "total: stored -1.00, derived -0.999999999");
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
		T(test_what_was_adjusted_is_told_by_every_command),
		T(test_the_daemon_has_the_cost_book_of_its_setting),
	};

	return cmocka_run_group_tests_name("cost", tests, NULL, NULL);
}
