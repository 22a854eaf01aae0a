/* A book's life by `toll price`: diff, log, rollback and compare. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/json.h"
#include "tests/support/bothkit.h"
#include "tests/support/output.h"

#define EVENT(id, model)                                                                           \
	"{\"id\":\"" id "\",\"source\":\"gw\",\"time\":\"2026-10-05T08:00:00Z\",\"account\":"      \
	"\"a\",\"model\":\"" model "\",\"api\":\"toll\",\"usage\":{\"input\":1000000}}\n"
#define MODEL(model, more, price)                                                                  \
	"{\"model\":\"" model "\"," more "\"versions\":[{\"effective_from\":\"2020-01-01\","       \
	"\"rates\":[{\"component\":\"input\",\"per_million\":\"" price "\"}]}]}"
#define BOOK(name, currency, models)                                                               \
	"{\"pricebook\":1,\"name\":\"" name "\",\"currency\":\"" currency "\",\"models\":[" models \
	"]}"

static const char first[] = BOOK("first", "USD", MODEL("m/a", "", "4") "," MODEL("m/b", "", "3"));
static const char second[] = BOOK("second", "USD", MODEL("m/a", "", "5") "," MODEL("m/c", "", "7"));
static const char third[] = BOOK("third", "USD", MODEL("m/a", "", "5"));

struct history {
	struct bothkit *both;
	char books[3][DAEMONKIT_PATH_BYTES];
	char hashes[3][SHA256_HEX_BYTES];
};

/* The three as files, and nothing applied. */
static void write_books(struct history *history, struct bothkit *both)
{
	const char *const texts[] = { first, second, third };

	history->both = both;
	for (size_t i = 0; i < 3; i++) {
		snprintf(history->books[i], DAEMONKIT_PATH_BYTES, "%s/%zu.json", both->kit.folder,
		         i + 1);
		daemonkit_write(history->books[i], texts[i]);
		sha256_hex(texts[i], strlen(texts[i]), history->hashes[i]);
	}
}

static void apply(struct history *history, size_t book, const char *note)
{
	TOLLRUN(&history->both->run, "price", "apply", history->books[book], "--note", note);
	TOLLRUN_EXPECT(&history->both->run, 0);
}

static void import(struct bothkit *both)
{
	daemonkit_write(both->file, EVENT("1", "m/a") EVENT("2", "m/b") EVENT("3", "m/c")
	                                    EVENT("4", "m/a") EVENT("5", "m/d"));
	TOLLRUN(&both->run, "import", both->file);
	TOLLRUN_EXPECT(&both->run, 0);
}

static void expect_json(const struct tollrun *run)
{
	struct json doc = { .nodes = NULL };
	struct fault fault = { .code = FAULT_NONE };

	if (json_parse(&doc, buf_text(&run->out), &fault) < 0)
		fail_msg("%s: %s", fault.text, run->out.at);
	json_release(&doc);
}

#define OCTOBER "--from", "2026-10", "--to", "2026-11"

static void test_diff_tells_prices_and_what_they_mean(void **state)
{
	struct bothkit *both = *state;
	struct tollrun *run = &both->run;
	struct history history;

	write_books(&history, both);
	apply(&history, 0, "");
	import(both);
	TOLLRUN(run, "price", "diff", history.books[1], OCTOBER);
	TOLLRUN_EXPECT(run, 1);
	output_fits(buf_text(&run->out));
	TOLLRUN_SAYS(run, "Before: in force: first, ");
	TOLLRUN_SAYS(run, "Models: 1 added, 1 removed, 1 repriced, 0 with other aliases alone");
	TOLLRUN_SAYS(run, "Models added: m/c\nModels removed: m/b\n");
	TOLLRUN_SAYS(run, "input  $4.00   $5.00  25.00  1M tokens\n");
	TOLLRUN_SAYS(run, "m/a         2    8.00  10.00        2.00  25.00\n");
	TOLLRUN_SAYS(run, "1 event unpriced, a rate before and none after: m/b");
	TOLLRUN_SAYS(run, "1 event newly priced, a rate after and none before: m/c");
	TOLLRUN_SAYS(run, "1 event never priced, no rate in either: m/d");
	TOLLRUN(run, "price", "diff", "--csv", history.hashes[0], history.books[1]);
	TOLLRUN_EXPECT(run, 1);
	assert_string_equal(run->out.at,
	                    "model,account,from,kind,change,what,before,after,percent,condition\n"
	                    "m/a,,2020-01-01T00:00:00.000Z,rate,changed,input,$4.00 per 1M tokens,"
	                    "$5.00 per 1M tokens,25.00,\n"
	                    "m/b,,,model,removed,model,priced,,,\n"
	                    "m/c,,,model,added,model,,priced,,\n");
	TOLLRUN(run, "price", "diff", "--json", history.books[1], history.books[0], OCTOBER);
	TOLLRUN_EXPECT(run, 1);
	expect_json(run);
	TOLLRUN_SAYS(run, "{\"equal\":false,\"before\":{\"hash\":");
	TOLLRUN_SAYS(run, "\"traffic\":{\"from\":\"2026-10-01T00:00:00.000Z\"");
	TOLLRUN_SAYS(run, "\"total\":{\"model\":null,\"events\":2,\"before\":\"10.00\",\"after\":"
	                  "\"8.00\",\"difference\":\"-2.00\",\"percent\":\"-20.00\",\"unpriced\":1,"
	                  "\"newly_priced\":1,\"waiting\":1,");
	TOLLRUN(run, "price", "diff", history.hashes[0], history.books[0]);
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "Both charge the same.");
}

static void test_diff_of_files_needs_no_ledger(void **state)
{
	struct bothkit *both = *state;
	struct tollrun *run = &both->run;
	struct history history;

	write_books(&history, both);
	TOLLRUN(run, "price", "diff", history.books[0], history.books[1]);
	TOLLRUN_EXPECT(run, 1);
	TOLLRUN_SAYS_NOT(run, "traffic");
	TOLLRUN(run, "price", "diff", "--json", history.books[0], history.books[1]);
	TOLLRUN_EXPECT(run, 1);
	expect_json(run);
	TOLLRUN_SAYS(run, "\"traffic\":null}");
	/* But what is in one does. */
	TOLLRUN(run, "price", "diff", history.books[0]);
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN(run, "price", "diff", history.books[0], "0123456789");
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN(run, "price", "diff", history.books[0], history.books[1], OCTOBER);
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN(run, "price", "diff");
	TOLLRUN_EXPECT(run, 2);
	daemonkit_write(both->file, BOOK("euro", "EUR", MODEL("m/a", "", "1")));
	TOLLRUN(run, "price", "diff", history.books[0], both->file);
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN_SAYS(run, "one book is in USD, the other in EUR");
}

static void test_the_log_tells_what_each_book_changed(void **state)
{
	struct bothkit *both = *state;
	struct tollrun *run = &both->run;
	struct history history;

	write_books(&history, both);
	apply(&history, 0, "to begin with");
	TOLLRUN(run, "price", "apply", "--cost", history.books[2]);
	apply(&history, 1, "new prices");
	apply(&history, 2, "");
	TOLLRUN(run, "price", "log");
	TOLLRUN_EXPECT(run, 0);
	output_fits(buf_text(&run->out));
	TOLLRUN_SAYS(run, "first: the first, 2 models");
	TOLLRUN(run, "price", "log", "--csv");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, ",third,,1 removed,0,1,0,0,0\n");
	TOLLRUN_SAYS(run, ",second,new prices,\"1 added, 1 removed, 1 repriced\",1,1,1,0,0\n");
	TOLLRUN_SAYS(run, ",cost,");
	TOLLRUN_SAYS(run, ",third,,\"the first, 1 model\",,,,,\n");
	TOLLRUN_SAYS(run, ",first,to begin with,\"the first, 2 models\",,,,,\n");
	TOLLRUN(run, "price", "log", "--json", "--limit", "1");
	TOLLRUN_EXPECT(run, 0);
	expect_json(run);
	TOLLRUN_SAYS(run, "\"changes\":\"1 removed\",");
	TOLLRUN_SAYS_NOT(run, "second");
	TOLLRUN_SAYS(run, "1 of 4 rows; --limit 4 shows all");
	TOLLRUN(run, "price", "log", "x");
	TOLLRUN_EXPECT(run, 2);
}

static void test_the_book_before_is_put_in_force_again(void **state)
{
	struct bothkit *both = *state;
	struct tollrun *run = &both->run;
	struct history history;

	write_books(&history, both);
	apply(&history, 0, "");
	TOLLRUN(run, "price", "rollback");
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN_SAYS(run, "no sell book was in force before");
	TOLLRUN(run, "price", "rollback", "--cost");
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN_SAYS(run, "no cost book was applied yet");
	apply(&history, 1, "");
	apply(&history, 2, "");
	TOLLRUN(run, "price", "rollback");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "In force again: ");
	TOLLRUN(run, "price", "list", "--csv");
	TOLLRUN_SAYS(run, "in force,sell,");
	TOLLRUN_SAYS(run, ",rolled back from ");
	TOLLRUN(run, "price", "show");
	TOLLRUN_SAYS(run, "Price book second,");
	TOLLRUN(run, "price", "rollback", "--json", history.hashes[0], "--note", "too dear");
	TOLLRUN_EXPECT(run, 0);
	expect_json(run);
	TOLLRUN_SAYS(run, history.hashes[0]);
	TOLLRUN(run, "price", "log", "--csv");
	TOLLRUN_SAYS(run, ",first,too dear,\"1 added, 1 removed, 1 repriced\",");
	TOLLRUN(run, "price", "rollback", history.hashes[0]);
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "In force already, nothing changed");
	TOLLRUN(run, "price", "rollback", "--cost", history.hashes[0]);
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN(run, "price", "rollback", history.books[0]);
	TOLLRUN_EXPECT(run, 2);
	TOLLRUN(run, "price", "rollback", "0123456789");
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN_SAYS(run, "no applied book has this hash");
	TOLLRUN(run, "verify");
	TOLLRUN_EXPECT(run, 0);
}

/* And what comes is rated with it at once. */
static void test_the_daemon_rates_with_the_book_it_is_rolled_back_to(void **state)
{
	static const char *const none[] = { NULL };
	struct bothkit *both = *state;
	struct tollrun *run = &both->run;
	struct history history;

	write_books(&history, both);
	daemonkit_write(both->kit.prices, first);
	daemonkit_start(&both->kit, none);
	apply(&history, 1, "");
	daemonkit_write(both->file, EVENT("dear", "m/a"));
	TOLLRUN(run, "send", both->file);
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN(run, "price", "rollback");
	TOLLRUN_EXPECT(run, 0);
	daemonkit_write(both->file, EVENT("again", "m/a"));
	TOLLRUN(run, "send", both->file);
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN(run, "explain", "dear", "--json");
	TOLLRUN_SAYS(run, "\"stored_amount\":\"5.00\"");
	TOLLRUN(run, "explain", "again", "--json");
	TOLLRUN_SAYS(run, "\"stored_amount\":\"4.00\"");
	assert_int_equal(daemonkit_stop(&both->kit), 0);
}

/* "gpt" is an alias; "x/solo" has no partner; "p/free" costs nothing in one. */
static void test_sources_are_compared_model_by_model(void **state)
{
	static const char a[] = BOOK(
		"source a", "USD",
		MODEL("m/a", "", "4") "," MODEL(
			"openai/gpt-4o", "\"aliases\":[\"gpt\"],",
			"2.5") "," MODEL("p/free", "", "0") "," MODEL("x/solo", "",
	                                                              "1") "," MODEL("x/strip", "",
	                                                                             "8"));
	static const char b[] = BOOK("source b", "USD",
	                             MODEL("m/a", "", "5") "," MODEL("gpt", "", "2") "," MODEL(
					     "p/free", "", "1") "," MODEL("strip", "", "8"));
	struct bothkit *both = *state;
	struct tollrun *run = &both->run;
	struct history history;

	write_books(&history, both);
	daemonkit_write(history.books[0], a);
	daemonkit_write(history.books[1], b);
	TOLLRUN(run, "price", "compare", history.books[0], history.books[1], "--all");
	TOLLRUN_EXPECT(run, 1);
	output_fits(buf_text(&run->out));
	TOLLRUN_SAYS(run, "3 models in both on ");
	TOLLRUN_SAYS(run, "2 models only in A, 1 only in\nB.");
	TOLLRUN_SAYS(run, "Only in A: x/solo, x/strip\n");
	TOLLRUN_SAYS(run, "Only in B: strip\n");
	/* The largest first: from nothing, 25 %, -20 %. */
	TOLLRUN(run, "price", "compare", "--csv", history.books[0], history.books[1]);
	TOLLRUN_EXPECT(run, 1);
	assert_string_equal(
		run->out.at,
		"model,model_b,kind,what,a,b,percent,condition\n"
		"p/free,p/free,rate,input,$0.00 per 1M tokens,$1.00 per 1M tokens,,\n"
		"m/a,m/a,rate,input,$4.00 per 1M tokens,$5.00 per 1M tokens,25.00,\n"
		"openai/gpt-4o,gpt,rate,input,$2.50 per 1M tokens,$2.00 per 1M tokens,-20.00,\n");
	TOLLRUN(run, "price", "compare", "--json", "--strip-provider", "--all", history.books[0],
	        history.books[1]);
	TOLLRUN_EXPECT(run, 1);
	expect_json(run);
	TOLLRUN_SAYS(run, "\"models\":4,\"models_differ\":3,\"prices_differ\":3,\"one_sided\":0,"
	                  "\"only_a\":1,\"only_b\":0,\"not_yet\":0,");
	TOLLRUN_SAYS(run, "{\"model\":\"x/solo\",\"model_b\":null,\"kind\":\"model\",");
	/* Before any price there is none to differ. */
	TOLLRUN(run, "price", "compare", "--at", "2019", history.books[0], history.books[1]);
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "3 of them have no price yet then");
	TOLLRUN(run, "price", "compare", history.books[0], history.books[0]);
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN(run, "price", "compare", history.books[0]);
	TOLLRUN_EXPECT(run, 2);
	TOLLRUN(run, "price", "compare", history.books[0], history.books[1], "--at", "noon");
	TOLLRUN_EXPECT(run, 2);
	TOLLRUN(run, "price", "compare", history.books[0], "0123456789");
	TOLLRUN_EXPECT(run, 3);
}

/* A book of one model whose input is priced, with these rates more. */
#define ASSUMES(as, rates)                                                                         \
	"{\"pricebook\":1,\"currency\":\"USD\",\"as\":{" as                                        \
	"},\"models\":[{\"model\":\"m\",\"versions\":[{\"effective_from\":\"2020\",\"rates\":["    \
	"{\"component\":\"input\",\"each\":\"1\"}" rates "]}]}]}"

/* Cached reads have a price in the other, video has not. */
static void test_what_a_source_takes_for_granted_is_counted(void **state)
{
	static const char a[] = ASSUMES("", ",{\"component\":\"cache_read\",\"each\":\"1\"}");
	static const char b[] = ASSUMES("\"cache_read\":\"input\",\"input_video\":\"input\"", "");
	struct bothkit *both = *state;
	struct tollrun *run = &both->run;
	struct history history;

	write_books(&history, both);
	daemonkit_write(history.books[0], a);
	daemonkit_write(history.books[1], b);
	TOLLRUN(run, "price", "compare", "--csv", history.books[0], history.books[1]);
	TOLLRUN_EXPECT(run, 1);
	TOLLRUN_SAYS(run, "m,m,as,cache_read,,as input,,\n");
	assert_null(strstr(run->out.at, "input_video"));
	TOLLRUN(run, "price", "compare", "--csv", "--all", history.books[0], history.books[1]);
	TOLLRUN_EXPECT(run, 1);
	TOLLRUN_SAYS(run, "m,m,as,input_video,,as input,,\n");
	TOLLRUN(run, "price", "compare", history.books[0], history.books[1]);
	TOLLRUN_EXPECT(run, 1);
	output_fits(buf_text(&run->out));
	TOLLRUN_SAYS(run, "1 component that one prices as another, and the other book does not "
	                  "have: --all\nlists them.");
	/* The other way round, and alone. */
	daemonkit_write(history.books[0], ASSUMES("", ""));
	daemonkit_write(history.books[1], ASSUMES("\"input_video\":\"input\"", ""));
	TOLLRUN(run, "price", "compare", "--json", history.books[1], history.books[0]);
	TOLLRUN_EXPECT(run, 1);
	expect_json(run);
	TOLLRUN_SAYS(run, "{\"equal\":false,");
	TOLLRUN_SAYS(run, "\"models_differ\":1,\"prices_differ\":0,\"one_sided\":0,\"only_a\":0,"
	                  "\"only_b\":0,\"not_yet\":0,\"assumed\":1,");
	assert_null(strstr(run->out.at, "input_video"));
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, bothkit_begin, bothkit_end)
	const struct CMUnitTest tests[] = {
		T(test_diff_tells_prices_and_what_they_mean),
		T(test_diff_of_files_needs_no_ledger),
		T(test_the_log_tells_what_each_book_changed),
		T(test_the_book_before_is_put_in_force_again),
		T(test_the_daemon_rates_with_the_book_it_is_rolled_back_to),
		T(test_sources_are_compared_model_by_model),
		T(test_what_a_source_takes_for_granted_is_counted),
	};

	return cmocka_run_group_tests_name("price history", tests, NULL, NULL);
}
