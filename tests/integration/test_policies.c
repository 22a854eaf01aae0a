/* Standing rules through the real daemon: what is charged, and how contradictions are read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/store.h"
#include "tests/support/bothkit.h"
#include "tests/support/output.h"

static const char *const none[] = { NULL };

#define EVENT(id, account, rest)                                                                   \
	"{\"id\":\"" id                                                                            \
	"\",\"source\":\"gw\",\"time\":\"2026-11-22T08:00:00Z\",\"account\":\"" account            \
	"\",\"model\":\"m/a\",\"api\":\"toll\"," rest "}\n"
#define FAILED "\"finish_reason\":\"error\",\"usage\":{\"input\":1000000,\"output\":1000000}"
#define BROKEN_OFF                                                                                 \
	"\"settlement\":\"abandoned\",\"served\":500000,"                                          \
	"\"usage\":{\"input\":1000000,\"output\":1000000}"

static const char dearer[] =
	"{\"pricebook\":1,\"currency\":\"USD\",\"models\":[{\"model\":\"m/a\",\"versions\":["
	"{\"effective_from\":\"2020-01-01\",\"rates\":[{\"component\":\"input\",\"per_million\":"
	"\"4\"},{\"component\":\"output\",\"per_million\":\"8\"}]}]}]}";

static void send_lines(struct bothkit *both, const char *lines, int code)
{
	daemonkit_write(both->file, lines);
	TOLLRUN(&both->run, "send", both->file);
	TOLLRUN_EXPECT(&both->run, code);
}

static void expect_amount(struct bothkit *both, const char *id, const char *amount)
{
	char words[96];

	TOLLRUN(&both->run, "explain", "--json", id);
	TOLLRUN_EXPECT(&both->run, 0);
	snprintf(words, sizeof(words), "\"stored_amount\":\"%s\"", amount);
	TOLLRUN_SAYS(&both->run, words);
}

static void test_policies_hold_from_when_they_are_set(void **state)
{
	struct bothkit *both = *state;

	daemonkit_start(&both->kit, none);
	TOLLRUN(&both->run, "policy", "list");
	TOLLRUN_SAYS(&both->run, "No policy holds");
	send_lines(both, EVENT("1", "a", FAILED) EVENT("2", "a", BROKEN_OFF), 0);
	TOLLRUN(&both->run, "policy", "set", "--account", "a", "--note", "agreed",
	        "zero-completion,served-only");
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_SAYS(&both->run, "account a, source (every one): zero-completion,served-only");
	send_lines(both,
	           EVENT("3", "a", FAILED) EVENT("4", "a", BROKEN_OFF) EVENT("5", "b", FAILED), 0);
	/* What was stored before keeps its charge; so does another account. */
	expect_amount(both, "1", "3.00");
	expect_amount(both, "2", "3.00");
	expect_amount(both, "3", "0.00");
	expect_amount(both, "4", "2.00");
	expect_amount(both, "5", "3.00");
	TOLLRUN(&both->run, "explain", "3");
	TOLLRUN_SAYS(&both->run, "zero completion is not charged");
	TOLLRUN_SAYS(&both->run, "nothing to charge: the amount is 0.00");
	TOLLRUN(&both->run, "explain", "4");
	TOLLRUN_SAYS(&both->run, "a cancelled answer is charged up to what was served");
	TOLLRUN_SAYS(&both->run, "output 500000 of 1000000");
	TOLLRUN_SAYS(&both->run, "Equal to what is stored.");
	/* A price book that comes later does not undo the rules, nor does a restart. */
	daemonkit_write(both->file, dearer);
	TOLLRUN(&both->run, "price", "apply", both->file);
	TOLLRUN_EXPECT(&both->run, 0);
	send_lines(both, EVENT("dear-1", "a", FAILED) EVENT("dear-2", "b", FAILED), 0);
	expect_amount(both, "dear-1", "0.00");
	expect_amount(both, "dear-2", "12.00");
	assert_int_equal(daemonkit_stop(&both->kit), 0);
	daemonkit_start(&both->kit, none);
	send_lines(both, EVENT("6", "a", FAILED), 0);
	expect_amount(both, "6", "0.00");
	TOLLRUN(&both->run, "policy", "clear", "--account", "a");
	TOLLRUN_EXPECT(&both->run, 0);
	send_lines(both, EVENT("7", "a", FAILED), 0);
	expect_amount(both, "7", "3.00");
	assert_int_equal(daemonkit_stop(&both->kit), 0);
	TOLLRUN(&both->run, "verify");
	TOLLRUN_EXPECT(&both->run, 0);
	/* Without a daemon the same rules hold for what is imported. */
	TOLLRUN(&both->run, "policy", "set", "zero-completion");
	TOLLRUN_EXPECT(&both->run, 0);
	daemonkit_write(both->file, EVENT("8", "c", FAILED));
	TOLLRUN(&both->run, "import", both->file);
	TOLLRUN_EXPECT(&both->run, 0);
	expect_amount(both, "8", "0.00");
	TOLLRUN(&both->run, "verify");
	TOLLRUN_EXPECT(&both->run, 0);
}

static void test_a_list_of_policies_is_for_people_and_programs(void **state)
{
	struct bothkit *both = *state;

	TOLLRUN(&both->run, "import", "/dev/null");
	TOLLRUN(&both->run, "policy", "set", "--account", "a", "--source", "s", "--json",
	        "images-whole");
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_SAYS(&both->run, "{\"ok\":true,\"policies\":[\"images-whole\"],\"account\":\"a\","
	                         "\"source\":\"s\"}\n");
	TOLLRUN(&both->run, "policy", "set", "--note", "x", "none");
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN(&both->run, "policy", "list");
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_SAYS(&both->run, "(every one)");
	TOLLRUN_SAYS(&both->run, "none");
	TOLLRUN(&both->run, "policy", "list", "--csv");
	TOLLRUN_SAYS(&both->run, "account,source,policies,since,who,note\n,,,20");
	TOLLRUN_SAYS(&both->run, "\na,s,images-whole,20");
	TOLLRUN(&both->run, "policy", "list", "--json");
	TOLLRUN_SAYS(&both->run, "\"policies\":\"images-whole\"");
	/* Wrong use changes nothing. */
	TOLLRUN(&both->run, "policy", "set", "all");
	TOLLRUN_EXPECT(&both->run, 2);
	TOLLRUN_SAYS(&both->run, "\"all\" is no policy");
	TOLLRUN(&both->run, "policy", "set");
	TOLLRUN_EXPECT(&both->run, 2);
	TOLLRUN(&both->run, "policy", "clear", "x");
	TOLLRUN_EXPECT(&both->run, 2);
	TOLLRUN(&both->run, "policy", "set", "--account", "", "none");
	TOLLRUN_EXPECT(&both->run, 3);
	TOLLRUN_SAYS(&both->run, "is 1 to 256 bytes");
}

#define CHAT(id, usage)                                                                            \
	"{\"id\":\"" id                                                                            \
	"\",\"source\":\"gw\",\"time\":\"2026-11-22T08:00:00Z\",\"account\":\"a\","                \
	"\"model\":\"m/a\",\"api\":\"openai.chat\",\"usage\":{" usage "}}"

/* Holds a line for its readings, whatever today's decoder says of it. */
static void hold(struct bothkit *both, const char *line)
{
	struct event_refusal refusal = { .reason = REASON_READINGS,
		                         .detail = "declared 1.00, xai.chat 2.00",
		                         .source = text_of("gw"),
		                         .id = text_of("held"),
		                         .time_ms = EVENT_ABSENT };
	struct ledger *ledger = NULL;

	assert_int_equal(ledger_open_writer(&ledger, both->kit.ledger, NULL, NULL), 0);
	assert_int_equal(ledger_begin(ledger, NULL), 0);
	assert_int_equal(
		ledger_quarantine(ledger, &refusal, text_of(line), (int64_t)strlen(line), 1, NULL),
		0);
	assert_int_equal(ledger_commit(ledger, NULL), 0);
	ledger_close(ledger);
}

static void test_held_readings_are_shown_and_settled(void **state)
{
	struct bothkit *both = *state;

	hold(both, CHAT("1", "\"prompt_tokens\":1000000,\"completion_tokens\":0"));
	hold(both, CHAT("2", "\"prompt_tokens\":1000000,\"completion_tokens\":1"));
	hold(both, "not even JSON");
	daemonkit_start(&both->kit, none);
	TOLLRUN(&both->run, "suspense", "show");
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_SAYS(&both->run, "declared 1.00, xai.chat 2.00");
	TOLLRUN_SAYS(&both->run, "It cannot be read any more: ");
	TOLLRUN_SAYS(&both->run, "toll quarantine retry 1");
	output_fits(text_of(both->run.out.at));
	TOLLRUN(&both->run, "suspense", "show", "2", "--json");
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_SAYS(&both->run,
	             "{\"lines\":[{\"line\":2,\"source\":\"gw\",\"event_id\":\"held\",");
	TOLLRUN_SAYS(&both->run, "\"readings\":[]}],\"rules\":[]}\n");
	TOLLRUN(&both->run, "suspense", "show", "--source", "another");
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_SAYS(&both->run, "No line is held for its readings.");
	TOLLRUN(&both->run, "suspense", "show", "7");
	TOLLRUN_EXPECT(&both->run, 3);
	/* One of them, then all of the source, then what comes. */
	TOLLRUN(&both->run, "suspense", "settle", "--source", "gw", "--reading", "xai.chat",
	        "--reason", "asked", "1");
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_SAYS(&both->run, "1 held line tried, 1 settled, 0 still held");
	TOLLRUN(&both->run, "suspense", "show", "1");
	TOLLRUN_EXPECT(&both->run, 3);
	TOLLRUN_SAYS(&both->run, "is not held for its readings");
	TOLLRUN(&both->run, "suspense", "settle", "--source", "gw", "--reading", "xai.chat",
	        "--reason", "asked", "3");
	TOLLRUN_EXPECT(&both->run, 3);
	TOLLRUN_SAYS(&both->run, "this line cannot be read");
	TOLLRUN(&both->run, "suspense", "settle", "--source", "gw", "--reading", "xai.chat",
	        "--reason", "asked");
	TOLLRUN_EXPECT(&both->run, 3);
	TOLLRUN_SAYS(&both->run, "no api has such a reading: toll suspense show names");
	TOLLRUN(&both->run, "suspense", "settle", "--source", "gw", "--reading", "reasoning-beside",
	        "--reason", "asked");
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_SAYS(&both->run, "The rule stands; 2 held lines tried, 1 settled, 1 still held");
	TOLLRUN(&both->run, "suspense", "show");
	TOLLRUN_SAYS(&both->run,
	             "Rule: source gw, api (every one) is read as reasoning-beside, since");
	TOLLRUN(&both->run, "suspense", "settle", "--source", "gw", "--forget", "--reason", "no");
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_SAYS(&both->run, "The rule is taken back.");
	TOLLRUN(&both->run, "suspense", "show");
	TOLLRUN_SAYS_NOT(&both->run, "Rule:");
	assert_int_equal(daemonkit_stop(&both->kit), 0);
	assert_int_equal(daemonkit_status(&both->kit).events, 2);
	TOLLRUN(&both->run, "verify");
	TOLLRUN_EXPECT(&both->run, 0);
}

static void test_a_settlement_that_lacks_something_is_wrong_use(void **state)
{
	static const char *const rows[][9] = {
		{ "suspense", "settle", NULL },
		{ "suspense", "settle", "--source", "gw", "--reading", "x", NULL },
		{ "suspense", "settle", "--source", "gw", "--reason", "x", NULL },
		{ "suspense", "settle", "--reading", "x", "--reason", "x", NULL },
		{ "suspense", "settle", "--source", "gw", "--reason", "x", "--forget", "1", NULL },
		{ "suspense", "show", "x", NULL },
		{ "suspense", "show", "0", NULL },
		{ "suspense", "show", "1", "2", NULL },
		{ "doctor", "formats", "x", NULL },
	};
	struct bothkit *both = *state;

	TOLLRUN(&both->run, "import", "/dev/null");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tollrun_release(&both->run);
		tollrun_start(&both->run, rows[i], NULL, NULL);
		tollrun_wait(&both->run);
		TOLLRUN_EXPECT(&both->run, 2);
	}
}

#define DOUBT(id, rest) CHAT(id, "\"prompt_tokens\":1,\"completion_tokens\":2," rest) "\n"

static const char doubtful[] = DOUBT("1", "\"total_tokens\":9") DOUBT("2", "\"new_tokens\":9")
	DOUBT("3", "\"newer\":9") DOUBT("4", "\"newer\":8")
		EVENT("5", "a", "\"usage\":{\"input\":1}");

static void test_the_doctor_sums_up_what_was_read_in_doubt(void **state)
{
	struct bothkit *both = *state;

	daemonkit_start(&both->kit, none);
	TOLLRUN(&both->run, "doctor", "formats");
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_SAYS(&both->run, "Every usage was read without a doubt.");
	send_lines(both, doubtful, 1);
	TOLLRUN(&both->run, "doctor", "formats");
	TOLLRUN_EXPECT(&both->run, 1);
	output_fits(text_of(both->run.out.at));
	TOLLRUN(&both->run, "doctor", "formats", "--csv");
	TOLLRUN_EXPECT(&both->run, 1);
	TOLLRUN_SAYS(&both->run, "source,api,held,warned,unknown,settled,first_path,first_id,"
	                         "held_detail,held_id\ngw,openai.chat,1,0,3,0,new_tokens,2,");
	TOLLRUN(&both->run, "doctor", "formats", "--json");
	TOLLRUN_EXPECT(&both->run, 1);
	TOLLRUN_SAYS(&both->run, "\"held\":1,\"warned\":0,\"unknown\":3,"
	                         "\"settled\":0,\"first_path\":\"new_tokens\",\"first_id\":\"2\"");
	TOLLRUN_SAYS(&both->run, "\"held_id\":\"1\"");
	assert_int_equal(daemonkit_stop(&both->kit), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, bothkit_begin, bothkit_end)

/* Gemini through its copy of Chat: the thoughts are only in the total. */
#define GEMINI(id, model)                                                                          \
	"{\"id\":\"" id                                                                            \
	"\",\"source\":\"gw\",\"time\":\"2026-11-22T08:00:00Z\",\"account\":\"a\",\"model\":"      \
	"\"" model "\",\"api\":\"openai.chat\",\"usage\":{\"prompt_tokens\":1000000,"              \
	"\"completion_tokens\":1000000,\"total_tokens\":3000000}}\n"
#define READS_AS(model, reasoning)                                                                 \
	"{\"model\":\"" model "\",\"versions\":[{\"effective_from\":\"2020-01-01\",\"rates\":["    \
	"{\"component\":\"input\",\"per_million\":\"1\"},{\"component\":\"output\","               \
	"\"per_million\":\"2\"},{\"component\":\"reasoning\",\"per_million\":\"" reasoning         \
	"\"}]}]}"

/* m/even costs the same however it is read. */
static const char reasons[] = "{\"pricebook\":1,\"currency\":\"USD\",\"models\":[" READS_AS(
	"m/a", "2") "," READS_AS("m/even", "0") "]}";

static void begin_reading(struct bothkit *both)
{
	daemonkit_start(&both->kit, none);
	daemonkit_write(both->file, reasons);
	TOLLRUN(&both->run, "price", "apply", both->file);
	TOLLRUN_EXPECT(&both->run, 0);
}

/* Numbers that really contradict each other, from the socket to a standing rule. */
static void test_contradictions_are_held_until_somebody_decides(void **state)
{
	struct bothkit *both = *state;

	begin_reading(both);
	send_lines(both, GEMINI("1", "m/a") GEMINI("2", "m/a"), 1);
	TOLLRUN(&both->run, "suspense", "show", "1");
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_SAYS(&both->run, "declared 3.00, rest-is-reasoning 5.00");
	TOLLRUN_SAYS(&both->run, "input 1000000, output 1000000, reasoning 1000000");
	output_fits(text_of(both->run.out.at));
	/* One of them, as Google bills it; and nothing else moves. */
	TOLLRUN(&both->run, "suspense", "settle", "--source", "gw", "--reading",
	        "rest-is-reasoning", "--reason", "thoughts are billed", "1");
	TOLLRUN_EXPECT(&both->run, 0);
	expect_amount(both, "1", "5.00");
	TOLLRUN(&both->run, "explain", "1");
	TOLLRUN_SAYS(&both->run, "rest-is-reasoning");
	TOLLRUN(&both->run, "explain", "2");
	TOLLRUN_EXPECT(&both->run, 3);
	/* A name that no line has settles nothing. */
	TOLLRUN(&both->run, "suspense", "settle", "--source", "gw", "--reading", "nonsense",
	        "--reason", "x", "2");
	TOLLRUN_EXPECT(&both->run, 3);
	/* Standing: what is held, and what comes. */
	TOLLRUN(&both->run, "suspense", "settle", "--source", "gw", "--api", "openai.chat",
	        "--reading", "declared", "--reason", "agreed with the provider");
	TOLLRUN_EXPECT(&both->run, 0);
	expect_amount(both, "2", "3.00");
	send_lines(both, GEMINI("3", "m/a"), 0);
	expect_amount(both, "3", "3.00");
	/* Sent again they are what they were. */
	send_lines(both, GEMINI("1", "m/a") GEMINI("2", "m/a") GEMINI("3", "m/a"), 0);
	assert_int_equal(daemonkit_stop(&both->kit), 0);
	TOLLRUN(&both->run, "verify");
	TOLLRUN_EXPECT(&both->run, 0);
}

/* A decision takes no failed identity out of sight. */
static void test_the_doctor_counts_contradictions_by_what_became_of_them(void **state)
{
	struct bothkit *both = *state;

	begin_reading(both);
	send_lines(both, GEMINI("even", "m/even"), 0);
	TOLLRUN(&both->run, "doctor", "formats", "--csv");
	TOLLRUN_EXPECT(&both->run, 1);
	TOLLRUN_SAYS(&both->run, "gw,openai.chat,0,1,0,0,");
	TOLLRUN(&both->run, "doctor", "formats");
	TOLLRUN_SAYS(&both->run, "Warned: ");
	TOLLRUN_SAYS_NOT(&both->run, "Unknown: ");
	TOLLRUN_SAYS_NOT(&both->run, "Settled: ");
	TOLLRUN_SAYS_NOT(&both->run, "Held: ");
	send_lines(both, GEMINI("1", "m/a") GEMINI("2", "m/a"), 1);
	TOLLRUN(&both->run, "doctor", "formats", "--csv");
	TOLLRUN_SAYS(&both->run, "gw,openai.chat,2,1,0,0,");
	/* By hand, then by a rule: what was held, and what comes. */
	TOLLRUN(&both->run, "suspense", "settle", "--source", "gw", "--reading", "declared",
	        "--reason", "asked", "1");
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN(&both->run, "suspense", "settle", "--source", "gw", "--reading",
	        "rest-is-reasoning", "--reason", "asked");
	TOLLRUN_EXPECT(&both->run, 0);
	send_lines(both, GEMINI("3", "m/a"), 0);
	TOLLRUN(&both->run, "doctor", "formats", "--csv");
	TOLLRUN_EXPECT(&both->run, 1);
	TOLLRUN_SAYS(&both->run, "gw,openai.chat,0,1,0,3,");
	TOLLRUN(&both->run, "doctor", "formats");
	TOLLRUN_SAYS(&both->run, "Settled: ");
	output_fits(text_of(both->run.out.at));
	assert_int_equal(daemonkit_stop(&both->kit), 0);
	TOLLRUN(&both->run, "verify");
	TOLLRUN_EXPECT(&both->run, 0);
}

/* They are in the counts: that is not what is said of a number that nobody knows. */
static void test_contradictions_are_not_called_uncounted(void **state)
{
	struct bothkit *both = *state;

	begin_reading(both);
	send_lines(both, GEMINI("even", "m/even"), 0);
	TOLLRUN(&both->run, "report");
	TOLLRUN_SAYS(&both->run, "1 event of this ledger has numbers that contradict each other, ");
	TOLLRUN_SAYS_NOT(&both->run, "nobody counts");
	TOLLRUN(&both->run, "status");
	TOLLRUN_SAYS(&both->run, "Contradictions  1: 1 at one price, 0 as settled");
	TOLLRUN_SAYS(&both->run, "Unknown usage   0\n");
	output_fits(text_of(both->run.out.at));
	TOLLRUN(&both->run, "suspense", "settle", "--source", "gw", "--reading", "declared",
	        "--reason", "asked");
	send_lines(both, GEMINI("1", "m/a") DOUBT("2", "\"new_tokens\":9"), 0);
	TOLLRUN(&both->run, "report", "--json");
	TOLLRUN_SAYS(&both->run, "\"unknown_events\":1},"
	                         "\"contradictions\":{\"warned\":1,\"settled\":1}}");
	TOLLRUN(&both->run, "status", "--json");
	TOLLRUN_SAYS(&both->run, "\"unknown_events\":1,"
	                         "\"contradictions\":{\"warned\":1,\"settled\":1}");
	TOLLRUN_SAYS(&both->run, "\"unknown_usage\":[{\"source\":\"gw\",\"api\":\"openai.chat\","
	                         "\"path\":\"new_tokens\",\"events\":1,\"first_id\":\"2\"}]");
	TOLLRUN(&both->run, "status");
	TOLLRUN_SAYS(&both->run, "Contradictions  2: 1 at one price, 1 as settled");
	TOLLRUN_SAYS(&both->run, "Unknown usage   1: events with a number");
	assert_int_equal(daemonkit_stop(&both->kit), 0);
}

/* What is held has a path too: what its numbers say. */
static void test_the_doctor_says_what_a_held_line_contradicts(void **state)
{
	struct bothkit *both = *state;

	begin_reading(both);
	send_lines(both, GEMINI("1", "m/a"), 1);
	TOLLRUN(&both->run, "doctor", "formats", "--csv");
	TOLLRUN_SAYS(&both->run, "gw,openai.chat,1,0,0,0,\"usage: prompt_tokens 1000000 + ");
	TOLLRUN_SAYS(&both->run, "total_tokens is 3000000\",1,");
	assert_int_equal(daemonkit_stop(&both->kit), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_policies_hold_from_when_they_are_set),
		T(test_a_list_of_policies_is_for_people_and_programs),
		T(test_held_readings_are_shown_and_settled),
		T(test_a_settlement_that_lacks_something_is_wrong_use),
		T(test_the_doctor_sums_up_what_was_read_in_doubt),
		T(test_contradictions_are_held_until_somebody_decides),
		T(test_the_doctor_counts_contradictions_by_what_became_of_them),
		T(test_contradictions_are_not_called_uncounted),
		T(test_the_doctor_says_what_a_held_line_contradicts),
	};

	return cmocka_run_group_tests_name("policies", tests, NULL, NULL);
}
