/* `toll price shadow` and `toll rerate`: what another book would have come to, and booking it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/moment.h"
#include "tests/support/bothkit.h"
#include "tests/support/output.h"

#define EVENT(id, time, account, model)                                                            \
	"{\"id\":\"" id "\",\"source\":\"gw\",\"time\":\"" time "\",\"account\":\"" account        \
	"\",\"model\":\"" model "\",\"api\":\"toll\",\"usage\":{\"input\":1000000}}\n"
#define MODEL(model, price)                                                                        \
	"{\"model\":\"" model                                                                      \
	"\",\"versions\":[{\"effective_from\":\"2020-01-01\",\"rates\":[{\"component\":\"input\"," \
	"\"per_million\":\"" price "\"}]}]}"
#define BOOK(currency, models)                                                                     \
	"{\"pricebook\":1,\"name\":\"kit\",\"currency\":\"" currency "\",\"models\":[" models "]}"

static const char old_book[] = BOOK("USD", MODEL("m/a", "4") "," MODEL("m/gone", "3"));
static const char new_book[] = BOOK("USD", MODEL("m/a", "5") "," MODEL("m/new", "7"));

static const char events[] = EVENT("before", "2026-09-30T23:59:59.999Z", "a", "m/a")
	EVENT("1", "2026-10-01T00:00:00Z", "a", "m/a")
		EVENT("2", "2026-10-15T08:00:00Z", "a", "m/gone")
			EVENT("3", "2026-10-15T08:00:00Z", "b", "m/a")
				EVENT("4", "2026-10-31T23:00:00Z", "b", "m/new")
					EVENT("5", "2026-10-31T23:00:00Z", "b", "m/never")
						EVENT("behind", "2026-11-01T00:00:00Z", "a", "m/a");

static void fill(struct bothkit *both)
{
	daemonkit_write(both->file, old_book);
	TOLLRUN(&both->run, "price", "apply", both->file);
	TOLLRUN_EXPECT(&both->run, 0);
	daemonkit_write(both->file, events);
	TOLLRUN(&both->run, "import", both->file);
	TOLLRUN_EXPECT(&both->run, 0);
	daemonkit_write(both->file, new_book);
}

static void expect_json(const struct tollrun *run)
{
	struct json doc = { .nodes = NULL };
	struct fault fault = { .code = FAULT_NONE };

	if (json_parse(&doc, buf_text(&run->out), &fault) < 0)
		fail_msg("%s: %s", fault.text, run->out.at);
	json_release(&doc);
}

static void test_a_candidate_is_compared_with_what_is_stored(void **state)
{
	struct bothkit *both = *state;
	struct buf before = { .at = NULL }, after = { .at = NULL };

	fill(both);
	assert_int_equal(buf_read_file(&before, both->kit.ledger, BUF_BYTES_MAX, NULL), 0);
	TOLLRUN(&both->run, "price", "shadow", both->file, "--from", "2026-10", "--to", "2026-11");
	TOLLRUN_EXPECT(&both->run, 0);
	output_fits(buf_text(&both->run.out));
	TOLLRUN_SAYS(&both->run, "2026-10-01T00:00Z to 2026-11-01T00:00Z");
	TOLLRUN_SAYS(&both->run, "1 event unpriced: the candidate has no rate");
	TOLLRUN_SAYS(&both->run, "1 event newly priced: in suspense now");
	TOLLRUN_SAYS(&both->run, "1 event without a rate: in suspense");
	TOLLRUN(&both->run, "price", "shadow", "--csv", both->file, "--from", "2026-10", "--to",
	        "2026-11");
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_SAYS(&both->run,
	             "account,model,events,stored,candidate,difference,percent,unpriced,"
	             "unpriced_stored,newly_priced,newly_priced_amount,waiting,parted,out_of_range,"
	             "unsettled\n"
	             "a,m/a,1,4.00,5.00,1.00,25.00,0,0.00,0,0.00,0,0,0,0\n"
	             "a,m/gone,0,0.00,0.00,0.00,0.00,1,3.00,0,0.00,0,0,0,0\n"
	             "b,m/a,1,4.00,5.00,1.00,25.00,0,0.00,0,0.00,0,0,0,0\n"
	             "b,m/never,0,0.00,0.00,0.00,0.00,0,0.00,0,0.00,1,0,0,0\n"
	             "b,m/new,0,0.00,0.00,0.00,0.00,0,0.00,1,7.00,0,0,0,0\n");
	TOLLRUN(&both->run, "price", "shadow", "--json", both->file, "--from", "2026-10", "--to",
	        "2026-11");
	TOLLRUN_EXPECT(&both->run, 0);
	expect_json(&both->run);
	TOLLRUN_SAYS(&both->run,
	             "\"total\":{\"account\":null,\"model\":null,\"events\":2,\"stored\":"
	             "\"8.00\",\"candidate\":\"10.00\",\"difference\":\"2.00\"");
	assert_int_equal(buf_read_file(&after, both->kit.ledger, BUF_BYTES_MAX, NULL), 0);
	assert_true(text_equal(buf_text(&before), buf_text(&after)));
	buf_release(&before);
	buf_release(&after);
}

static void test_the_last_whole_month_is_what_is_meant(void **state)
{
	struct bothkit *both = *state;
	char from[MOMENT_TEXT_BYTES], to[MOMENT_TEXT_BYTES], words[200] = "(none)";
	int64_t to_ms = moment_floor((int64_t)time(NULL) * 1000, MOMENT_MONTH);

	fill(both);
	TOLLRUN(&both->run, "price", "shadow", "--json", both->file);
	TOLLRUN_EXPECT(&both->run, 0);
	/* It may have become another month since. */
	for (int tries = 0; tries < 2 && strstr(both->run.out.at, words) == NULL; tries++) {
		moment_text(moment_floor(to_ms - 1, MOMENT_MONTH), from);
		moment_text(to_ms, to);
		snprintf(words, sizeof(words), "{\"from\":\"%s\",\"to\":\"%s\",", from, to);
		to_ms = moment_floor((int64_t)time(NULL) * 1000, MOMENT_MONTH);
	}
	TOLLRUN_SAYS(&both->run, words);
}

static void test_what_shadow_cannot_compare_is_refused(void **state)
{
	struct bothkit *both = *state;

	fill(both);
	TOLLRUN(&both->run, "price", "shadow");
	TOLLRUN_EXPECT(&both->run, 2);
	TOLLRUN(&both->run, "price", "shadow", both->file, "--from", "2026-10");
	TOLLRUN_EXPECT(&both->run, 2);
	TOLLRUN_SAYS(&both->run, "--from and --to go together");
	TOLLRUN(&both->run, "price", "shadow", both->file, "--from", "2026-10-01T00:30:00Z", "--to",
	        "2026-11");
	TOLLRUN_EXPECT(&both->run, 2);
	TOLLRUN_SAYS(&both->run, "on the hour");
	TOLLRUN(&both->run, "price", "shadow", "0123456789abcdef");
	TOLLRUN_EXPECT(&both->run, 3);
	TOLLRUN_SAYS(&both->run, "no applied book has this hash");
	TOLLRUN(&both->run, "price", "shadow", "/nonexistent/book.json");
	TOLLRUN_EXPECT(&both->run, 3);
	daemonkit_write(both->file, BOOK("EUR", MODEL("m/a", "1")));
	TOLLRUN(&both->run, "price", "shadow", both->file);
	TOLLRUN_EXPECT(&both->run, 3);
	TOLLRUN_SAYS(&both->run, "one book is in USD, the other in EUR");
	daemonkit_write(both->file, "{\"pricebook\":1,\n\"models\":[]}");
	TOLLRUN(&both->run, "price", "shadow", both->file);
	TOLLRUN_EXPECT(&both->run, 3);
	TOLLRUN_SAYS(&both->run, "line 2: models: empty");
}

/* The hour of events that both books have. */
#define HOUR "--from", "2026-10-01", "--to", "2026-10-02"

static void rerate_steps(struct bothkit *both)
{
	TOLLRUN(&both->run, "price", "apply", both->file);
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN(&both->run, "rerate", HOUR, "--reason", "new contract", "--dry-run");
	TOLLRUN_EXPECT(&both->run, 0);
	output_fits(buf_text(&both->run.out));
	TOLLRUN_SAYS(&both->run, "Nothing was booked.  It would be 1.00 in 1 row");
	TOLLRUN(&both->run, "rerate", HOUR, "--reason", "new contract", "--expect", "1.01");
	TOLLRUN_EXPECT(&both->run, 3);
	TOLLRUN_SAYS(&both->run, "the difference is 1.00, not 1.01: nothing was booked");
	TOLLRUN(&both->run, "rerate", HOUR, "--reason", "new contract", "--expect", "1");
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_SAYS(&both->run, "Booked: run 1, 1.00 in 1 row.");
	TOLLRUN(&both->run, "rerate", "--json", HOUR, "--reason", "new contract");
	TOLLRUN_EXPECT(&both->run, 0);
	expect_json(&both->run);
	TOLLRUN_SAYS(&both->run, "\"run\":null,");
	TOLLRUN_SAYS(&both->run, "\"amount\":\"0.00\"");
	/* What was adjusted is stored: under the same book there is nothing left. */
	TOLLRUN(&both->run, "price", "shadow", "--csv", both->file, HOUR);
	TOLLRUN_SAYS(&both->run, "a,m/a,1,5.00,5.00,0.00,0.00,");
	TOLLRUN(&both->run, "rerate", "--from", "2026-10", "--to", "2026-11", "--reason", "all");
	TOLLRUN_EXPECT(&both->run, 3);
	TOLLRUN_SAYS(&both->run, "no rate under this book (model m/gone");
	TOLLRUN(&both->run, "export", "events", HOUR);
	TOLLRUN_EXPECT(&both->run, 0);
	TOLLRUN_SAYS(&both->run, "not in it: 1 adjustment of reruns, 1.00 in all");
	TOLLRUN(&both->run, "verify");
	TOLLRUN_EXPECT(&both->run, 0);
}

static void test_a_difference_is_booked_once(void **state)
{
	struct bothkit *both = *state;

	fill(both);
	rerate_steps(both);
}

static void test_the_daemon_books_it_where_it_holds_the_ledger(void **state)
{
	static const char *const none[] = { NULL };
	struct bothkit *both = *state;

	fill(both);
	daemonkit_write(both->kit.prices, old_book);
	daemonkit_start(&both->kit, none);
	rerate_steps(both);
	assert_int_equal(daemonkit_stop(&both->kit), 0);
}

static void test_rerate_is_told_what_it_lacks(void **state)
{
	struct bothkit *both = *state;

	fill(both);
	TOLLRUN(&both->run, "rerate", "--from", "2026-10", "--reason", "x");
	TOLLRUN_EXPECT(&both->run, 2);
	TOLLRUN_SAYS(&both->run, "rerate needs --from TIME and --to TIME");
	TOLLRUN(&both->run, "rerate", HOUR);
	TOLLRUN_EXPECT(&both->run, 2);
	TOLLRUN_SAYS(&both->run, "rerate needs --reason TEXT");
	TOLLRUN(&both->run, "rerate", HOUR, "--reason", "x", "--expect", "1e3");
	TOLLRUN_EXPECT(&both->run, 2);
	TOLLRUN_SAYS(&both->run, "--expect 1e3: an amount is due");
	TOLLRUN(&both->run, "rerate", "--from", "2026-10-01T00:00:01Z", "--to", "2026-11",
	        "--reason", "x");
	TOLLRUN_EXPECT(&both->run, 2);
	TOLLRUN(&both->run, "rerate", HOUR, "--reason", "x", "--book", "0123456789abcdef");
	TOLLRUN_EXPECT(&both->run, 3);
	TOLLRUN_SAYS(&both->run, "no applied book has this hash");
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, bothkit_begin, bothkit_end)
	const struct CMUnitTest tests[] = {
		T(test_a_candidate_is_compared_with_what_is_stored),
		T(test_the_last_whole_month_is_what_is_meant),
		T(test_what_shadow_cannot_compare_is_refused),
		T(test_a_difference_is_booked_once),
		T(test_the_daemon_books_it_where_it_holds_the_ledger),
		T(test_rerate_is_told_what_it_lacks),
	};

	return cmocka_run_group_tests_name("shadow", tests, NULL, NULL);
}
