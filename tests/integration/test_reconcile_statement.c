/* `toll reconcile --statement`, its stored runs, and `--internal`: through the program itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/json.h"
#include "tests/support/bothkit.h"
#include "tests/support/ledgerkit.h"
#include "tests/support/output.h"

static const char *const none[] = { NULL };

/* Of model m/a: input 1 USD, output 2 USD per million. */
#define EVENT(id, day)                                                                             \
	"{'id':'" id "','source':'gw-1','time':'2026-10-" day "T08:00:00Z','account':'acme',"      \
	"'key':'k1','model':'m/a','api':'toll','usage':{'input':1000000,'output':100000}}\n"
#define HEADER "id,time,account,key,model,input,output,amount,currency\n"
#define ROW(id, day, amount)                                                                       \
	id ",2026-10-" day "T08:00:00Z,acme,k1,m/a,1000000,100000," amount ",USD\n"
#define EQUAL HEADER ROW("a", "01", "1.20") ROW("b", "02", "1.20") ROW("c", "03", "1.20")
/* A fee on a, c is missing here, and b there. */
#define OTHER HEADER ROW("a", "01", "1.45") ROW("c", "03", "1.20") ROW("d", "03", "3.00")

struct scene {
	struct bothkit *both;
	char one[DAEMONKIT_PATH_BYTES + 32], two[DAEMONKIT_PATH_BYTES + 32],
		page[DAEMONKIT_PATH_BYTES + 32];
};

static void begin(struct scene *scene, void **state)
{
	struct bothkit *both = *state;

	scene->both = both;
	snprintf(scene->one, sizeof(scene->one), "%s/one.csv", both->kit.folder);
	snprintf(scene->two, sizeof(scene->two), "%s/two.csv", both->kit.folder);
	snprintf(scene->page, sizeof(scene->page), "%s/page.html", both->kit.folder);
	TOLLRUN(&both->run, "price", "apply", both->kit.prices, "--note", "n");
	TOLLRUN_EXPECT(&both->run, 0);
	daemonkit_write(both->file, kit_quotes(EVENT("a", "01") EVENT("b", "02") EVENT("c", "03")));
	TOLLRUN(&both->run, "import", both->file);
	TOLLRUN_EXPECT(&both->run, 0);
	daemonkit_write(scene->one, EQUAL);
	daemonkit_write(scene->two, OTHER);
}

static void end(struct scene *scene)
{
	unlink(scene->one);
	unlink(scene->two);
	unlink(scene->page);
}

static void expect_json(struct tollrun *run, struct json *doc)
{
	struct fault fault;

	if (json_parse(doc, buf_text(&run->out), &fault) < 0)
		fail_msg("%s: %s", fault.text, run->out.at);
}

static void test_both_sides_agree_or_each_difference_is_named(void **state)
{
	struct json doc = { .nodes = NULL };
	struct scene scene;
	struct tollrun *run;

	begin(&scene, state);
	run = &scene.both->run;
	TOLLRUN(run, "reconcile", "--statement", scene.one, "--format", "toll");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "one.csv (toll), 2026-10-01T00:00Z to 2026-10-04T00:00Z, by id");
	TOLLRUN_SAYS(run, "Ours, the ledger              3     3  3.60\n");
	TOLLRUN_SAYS(run, "Theirs, the statement         3     3  3.60\n");
	TOLLRUN_SAYS(run, "No difference, to the last digit.\n");
	TOLLRUN_SAYS(run, "Stored: toll reconcile show 1");
	output_fits(buf_text(&run->out));
	TOLLRUN(run, "reconcile", "--statement", scene.two, "--format", "toll", "--html",
	        scene.page);
	TOLLRUN_EXPECT(run, 1);
	TOLLRUN_SAYS(run, "Difference                             +2.05\n");
	TOLLRUN_SAYS(run, "missing-here             1   +3.00  on the statement");
	TOLLRUN_SAYS(run, "missing-there            1   -1.20  in the ledger");
	TOLLRUN_SAYS(run, "all                      3   +2.05\n");
	TOLLRUN_SAYS(run, "DIFFERENCES: 3, 4.45 when each counts without its sign.\n");
	output_fits(buf_text(&run->out));
	TOLLRUN(run, "reconcile", "--statement", scene.two, "--format", "toll", "--json");
	TOLLRUN_EXPECT(run, 1);
	expect_json(run, &doc);
	TOLLRUN_SAYS(run, "\"difference\":\"2.05\",");
	TOLLRUN(run, "reconcile", "--statement", scene.two, "--format", "toll", "--csv");
	TOLLRUN_EXPECT(run, 1);
	TOLLRUN_SAYS(run, "difference,cause,effect,");
	TOLLRUN_SAYS(run, "missing-here,,,3.00,0,0.00,3.00,");
	json_release(&doc);
	end(&scene);
}

static void test_tolerances_take_what_they_are_given_for(void **state)
{
	static const struct {
		const char *words[6];
		int code;
	} rows[] = {
		{ { "--tolerance=4.449999999999999999" }, 1 },
		{ { "--tolerance=4.45" }, 0 },
		{ { "--row-tolerance=1.20" }, 1 },
		{ { "--row-tolerance=3" }, 0 },
		{ { "--row-tolerance=1.20", "--tolerance=3" }, 0 },
		{ { "--row-tolerance=1.20", "--tolerance=2.99" }, 1 },
		{ { "--cause-tolerance=missing-here=3", "--tolerance=1.45" }, 0 },
		{ { "--cause-tolerance=missing-here=2.99", "--tolerance=1.45" }, 1 },
		{ { "--cause-tolerance=missing-here=3", "--cause-tolerance=missing-there=1.2",
		    "--tolerance=0.25" },
		  0 },
		{ { "--cause-tolerance=missing-here=3", "--cause-tolerance=missing-there=1.2" },
		  1 },
	};
	struct scene scene;
	struct tollrun *run;

	begin(&scene, state);
	run = &scene.both->run;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *words[12] = { "reconcile", "--no-store",  "--format",
			                  "toll",      "--statement", scene.two };

		for (size_t w = 0; w < 3 && rows[i].words[w] != NULL; w++)
			words[6 + w] = rows[i].words[w];
		tollrun_release(run);
		tollrun_start(run, words, NULL, NULL);
		tollrun_wait(run);
		if (run->code != rows[i].code)
			fail_msg("row %zu: exit code %d: %s%s", i, run->code, run->out.at,
			         run->err.at);
	}
	TOLLRUN(run, "reconcile", "list");
	TOLLRUN_SAYS(run, "No run is stored.\n");
	end(&scene);
}

/* The report of a stored run; the caller frees it. */
static char *report_of(struct tollrun *run, const char *number)
{
	TOLLRUN(run, "reconcile", "show", number, "--json");
	TOLLRUN_EXPECT(run, 0);
	return strdup(run->out.at);
}

static void test_the_same_inputs_give_the_same_bytes(void **state)
{
	char *first, *second, *third, *fourth, sha256[SHA256_HEX_BYTES], wanted[160], line[512];
	struct scene scene;
	struct tollrun *run;

	begin(&scene, state);
	run = &scene.both->run;
	TOLLRUN(run, "reconcile", "--statement", scene.two, "--format", "toll", "--tolerance", "1",
	        "--json");
	TOLLRUN_EXPECT(run, 1);
	sha256_hex(run->out.at, run->out.len, sha256);
	TOLLRUN(run, "reconcile", "--tolerance=1", "--statement", scene.two, "--html", scene.page,
	        "--format=toll");
	TOLLRUN_EXPECT(run, 1);
	first = report_of(run, "1");
	second = report_of(run, "2");
	assert_string_equal(first, second);
	snprintf(wanted, sizeof(wanted), "{\"result_sha256\":\"%s\",", sha256);
	assert_memory_equal(first, wanted, strlen(wanted));
	assert_null(strstr(first, scene.both->kit.folder));
	/* One digit of the statement, and one option. */
	daemonkit_write(scene.two, OTHER ROW("e", "03", "0.01"));
	TOLLRUN(run, "reconcile", "--statement", scene.two, "--format", "toll", "--tolerance", "1");
	third = report_of(run, "3");
	daemonkit_write(scene.two, OTHER);
	TOLLRUN(run, "reconcile", "--statement", scene.two, "--format", "toll", "--tolerance", "9");
	TOLLRUN_EXPECT(run, 0);
	fourth = report_of(run, "4");
	assert_string_not_equal(first, third);
	assert_string_not_equal(first, fourth);
	sha256_hex(OTHER, strlen(OTHER), sha256);
	assert_non_null(strstr(first, sha256));
	assert_null(strstr(third, sha256));
	TOLLRUN(run, "reconcile", "list");
	TOLLRUN_SAYS(run, "two.csv");
	output_fits(buf_text(&run->out));
	TOLLRUN(run, "reconcile", "list", "--csv");
	TOLLRUN_SAYS(run, ",two.csv,id,2026-10-01T00:00:00.000Z,2026-10-04T00:00:00.000Z,3.60,5.65,"
	                  "2.05,DIFFERENT\n");
	TOLLRUN(run, "reconcile", "show", "4");
	TOLLRUN_EXPECT(run, 0);
	snprintf(line, sizeof(line),
	         "repeat    toll reconcile --statement %s --format toll --tolerance 9\n",
	         scene.two);
	TOLLRUN_SAYS(run, line);
	TOLLRUN(run, "reconcile", "show", "5");
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN_SAYS(run, "there is no run 5; there are 4");
	TOLLRUN(run, "verify");
	TOLLRUN_EXPECT(run, 0);
	free(first);
	free(second);
	free(third);
	free(fourth);
	end(&scene);
}

/* Run again by a shell, in the same folder, it must find what it found. */
static void test_the_command_that_is_shown_repeats_the_run(void **state)
{
	char *folder, *first, *second, line[1024], names[DAEMONKIT_PATH_BYTES + 32];
	const char *repeat, *end_of;
	struct scene scene;
	struct tollrun *run;

	begin(&scene, state);
	run = &scene.both->run;
	folder = scene.both->kit.folder;
	snprintf(names, sizeof(names), "%s/na'mes.json", folder);
	daemonkit_write(names, "{}");
	TOLLRUN(run, "reconcile", "--statement", scene.two, "--format", "toll", "--names", names,
	        "--ledger", scene.both->kit.ledger);
	TOLLRUN_EXPECT(run, 1);
	TOLLRUN(run, "reconcile", "show", "1");
	TOLLRUN_EXPECT(run, 0);
	/* One line, however narrow the screen is. */
	repeat = strstr(run->out.at, "repeat    toll reconcile --ledger ");
	assert_non_null(repeat);
	end_of = strchr(repeat, '\n');
	snprintf(line, sizeof(line), "TOLL_LEDGER=build/none %s/%.*s >build/null",
	         getenv("TOLL_BUILD"), (int)(end_of - repeat - 10), repeat + 10);
	assert_int_equal(WEXITSTATUS(system(line)), 1);
	first = report_of(run, "1");
	second = report_of(run, "2");
	assert_string_equal(first, second);
	assert_null(strstr(first, folder));
	free(first);
	free(second);
	unlink(names);
	end(&scene);
}

static void test_counts_without_amounts_are_no_amounts_that_agree(void **state)
{
	struct scene scene;
	struct tollrun *run;

	begin(&scene, state);
	run = &scene.both->run;
	daemonkit_write(scene.one, "id,time,input,output\na,2026-10-01T08:00:00Z,1000000,100000\n");
	TOLLRUN(run, "reconcile", "--statement", scene.one);
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "No difference in the counts; the statement has no amounts.\n");
	TOLLRUN_SAYS_NOT(run, "to the last digit");
	daemonkit_write(scene.one, "id,time,input,output,cost\n"
	                           "a,2026-10-01T08:00:00Z,1000000,100000,12.00\n");
	TOLLRUN(run, "reconcile", "--statement", scene.one, "--format", "toll");
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN_SAYS(run, "the format toll has no column \"cost\" (did you mean \"amount\"?)");
	end(&scene);
}

static void test_a_daemon_stores_it_too(void **state)
{
	struct scene scene;
	struct tollrun *run;

	begin(&scene, state);
	run = &scene.both->run;
	daemonkit_start(&scene.both->kit, none);
	TOLLRUN(run, "reconcile", "--statement", scene.one, "--format", "toll");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "Stored: toll reconcile show 1");
	TOLLRUN(run, "reconcile", "show", "1");
	TOLLRUN_EXPECT(run, 0);
	end(&scene);
}

/* Root may write everything: what holds the ledger instead is no daemon. */
static void test_what_cannot_be_stored_is_shown_all_the_same(void **state)
{
	struct ledger *holder = NULL;
	struct scene scene;
	struct tollrun *run;

	begin(&scene, state);
	run = &scene.both->run;
	assert_int_equal(0, ledger_open_writer(&holder, scene.both->kit.ledger, NULL, NULL));
	TOLLRUN(run, "reconcile", "--statement", scene.one, "--format", "toll");
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN_SAYS(run, "No difference, to the last digit.\n");
	TOLLRUN_SAYS(run, "the run was not stored (--no-store does without that)");
	TOLLRUN_SAYS_NOT(run, "Stored:");
	TOLLRUN(run, "reconcile", "--statement", scene.one, "--format", "toll", "--no-store");
	TOLLRUN_EXPECT(run, 0);
	ledger_close(holder);
	end(&scene);
}

/* As another toll that stores its own result. */
static void test_who_stores_waits_for_another_that_does(void **state)
{
	struct scene scene;
	struct tollrun *run;
	int ready[2], status = 0;
	char byte;
	pid_t pid;

	begin(&scene, state);
	run = &scene.both->run;
	assert_int_equal(0, pipe(ready));
	pid = fork();
	if (pid == 0) {
		struct ledger *holder = NULL;

		if (ledger_open_writer(&holder, scene.both->kit.ledger, NULL, NULL) < 0 ||
		    write(ready[1], "", 1) != 1)
			_exit(1);
		sleep(1);
		ledger_close(holder);
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(1, read(ready[0], &byte, 1));
	TOLLRUN(run, "reconcile", "--statement", scene.one, "--format", "toll");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "Stored: toll reconcile show 1");
	assert_int_equal(pid, waitpid(pid, &status, 0));
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close(ready[0]);
	close(ready[1]);
	end(&scene);
}

/* Turns of a request, and two gateways that count from 1. */
static void test_a_ledger_is_equal_to_itself_and_its_exports(void **state)
{
	static const char events[] = EVENT(
		"1", "04") "{'id':'1','source':'gw-2','time':'2026-10-04T08:00:00Z',"
			   "'account':'acme','key':'k1','model':'m/a','api':'toll',"
			   "'usage':{'input':7}}\n"
			   "{'id':'t','source':'gw-1','time':'2026-10-05T08:00:00Z',"
			   "'account':'acme','key':'k1','model':'m/a',"
			   "'api':'anthropic.messages','usage':{'input_tokens':100,"
			   "'output_tokens':10,'iterations':[{'type':'compaction',"
			   "'input_tokens':50,'output_tokens':5},{'type':'message',"
			   "'input_tokens':100,'output_tokens':10}]}}\n";
	static const char *const grains[] = { "id", "day" };
	struct scene scene;
	struct tollrun *run;
	const char *statements[3];

	begin(&scene, state);
	run = &scene.both->run;
	daemonkit_write(scene.both->file, kit_quotes(events));
	TOLLRUN(run, "import", scene.both->file);
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN(run, "export", "events", "--format", "csv", "--output", scene.one);
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "7 events");
	TOLLRUN(run, "export", "events", "--output", scene.two);
	TOLLRUN_EXPECT(run, 0);
	statements[0] = scene.one;
	statements[1] = scene.two;
	statements[2] = scene.both->kit.ledger;
	for (size_t i = 0; i < 3; i++) {
		for (size_t g = 0; g < 2; g++) {
			TOLLRUN(run, "reconcile", "--no-store", "--match", grains[g], "--statement",
			        statements[i]);
			TOLLRUN_SAYS(run, "No difference, to the last digit.\n");
			TOLLRUN_EXPECT(run, 0);
		}
	}
	end(&scene);
}

static void test_their_names_are_put_in_ours(void **state)
{
	struct scene scene;
	struct tollrun *run;

	begin(&scene, state);
	run = &scene.both->run;
	daemonkit_write(scene.one, "date,account,model,requests_made,input,output,amount,currency\n"
	                           "2026-10-01,ACME Inc,model-a,1,1000000,100000,1.20,USD\n"
	                           "2026-10-02,ACME Inc,model-a,1,1000000,100000,1.20,USD\n"
	                           "2026-10-03,ACME Inc,model-a,1,1000000,100000,1.20,USD\n");
	TOLLRUN(run, "reconcile", "--statement", scene.one, "--format", "toll", "--no-store");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, ", by day");
	TOLLRUN_SAYS(run, "Note: no account of the statement is one of the ledger's");
	daemonkit_write(scene.two, kit_quotes("{'account':{'ACME Inc':'acme'},"
	                                      "'model':{'model-a':'m/a'}}"));
	TOLLRUN(run, "reconcile", "--statement", scene.one, "--format", "toll", "--names",
	        scene.two);
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS_NOT(run, "no account of the statement");
	TOLLRUN(run, "reconcile", "show", "1", "--json");
	TOLLRUN_SAYS(run, "\"--names\",\"two.csv\"]");
	TOLLRUN_SAYS_NOT(run, "\"names_sha256\":null");
	daemonkit_write(scene.two, "{\"accounts\":{}}");
	TOLLRUN(run, "reconcile", "--statement", scene.one, "--format", "toll", "--names",
	        scene.two);
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN_SAYS(run, "two.csv: accounts: only model, key and account are there");
	end(&scene);
}

/* Their total is checked against the statement's own, less what is left out of it. */
static void test_a_filter_is_of_both_sides(void **state)
{
	struct scene scene;
	struct tollrun *run;

	begin(&scene, state);
	run = &scene.both->run;
	daemonkit_write(scene.one, "id,time,model,input,output,amount,account\n"
	                           "a,2026-10-01T08:00:00Z,m/a,1000000,100000,1.20,acme\n"
	                           "x,2026-10-01T09:00:00Z,m/a,1000000,100000,1.25,other\n"
	                           "y,2026-11-01T08:00:00Z,m/a,1000000,100000,1.35,other\n");
	TOLLRUN(run, "reconcile", "--no-store", "--statement", scene.one, "--account", "acme",
	        "--from", "2026-10-01", "--to", "2026-10-02");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(
		run,
		"Note: left out of the statement, too: 2 rows of other names, 2.60 together\n");
	TOLLRUN_SAYS(run, "No difference, to the last digit.\n");
	end(&scene);
}

static void test_several_statements_are_one(void **state)
{
	struct scene scene;
	struct tollrun *run;

	begin(&scene, state);
	run = &scene.both->run;
	daemonkit_write(scene.one, HEADER ROW("a", "01", "1.20") ROW("b", "02", "1.20"));
	daemonkit_write(scene.two, HEADER ROW("c", "03", "1.20"));
	TOLLRUN(run, "reconcile", "--statement", scene.one, "--statement", scene.two, "--format",
	        "toll");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "one.csv (toll), two.csv (toll), ");
	TOLLRUN(run, "reconcile", "--statement", scene.two, "--statement", scene.two, "--format",
	        "toll");
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN_SAYS(run, "two.csv and two.csv have the same bytes");
	/* One of them through standard input. */
	tollrun_release(run);
	tollrun_start(run,
	              (const char *const[]){ "reconcile", "--statement", scene.one, "--statement",
	                                     "-", "--format", "toll", NULL },
	              HEADER ROW("c", "03", "1.20"), NULL);
	tollrun_wait(run);
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "standard input (toll)");
	end(&scene);
}

static void test_wrong_use_is_told(void **state)
{
	static const struct {
		const char *words[7], *said;
	} rows[] = {
		{ { "--statement", "x", "--sources" }, "--statement and --sources: one of them" },
		{ { "--internal", "--sources" }, "--internal and --sources: one of them" },
		{ { "--internal", "--source", "x" }, "--source goes with --statement" },
		{ { "--sources", "--html", "x" }, "--html goes with --statement" },
		{ { "--suggest-mapping", "x", "--from", "2026" },
		  "--from goes with --statement, not with --suggest-mapping" },
		{ { "--statement", "x", "--match", "auto" }, "--match auto: id, facts" },
		{ { "--statement", "x", "--format", "nosuch" }, "toll formats lists them" },
		{ { "--statement", "x", "--format", "toll", "--mapping", "m" },
		  "--format and --mapping: one of them" },
		{ { "--statement", "x", "--tolerance", "much" }, "--tolerance much: an amount" },
		{ { "--statement", "x", "--tolerance=-1" }, "--tolerance -1: an amount" },
		{ { "--statement", "x", "--row-tolerance=1e3" }, "--row-tolerance 1e3: an amount" },
		{ { "--statement", "x", "--cause-tolerance", "fee" },
		  "the causes are missing-here" },
		{ { "--statement", "x", "--cause-tolerance", "feed=1" }, "the causes are" },
		{ { "--statement", "x", "--cause-tolerance", "fee=-1" }, "the causes are" },
		{ { "--statement", "x", "--cause-tolerance=fee=1", "--cause-tolerance=fee=2" },
		  "--cause-tolerance fee: twice" },
		{ { "--statement", "x", "--margin", "-1" }, "--margin" },
		{ { "--statement", "-", "--statement", "-" }, "there is one standard input" },
		{ { "--statement", "x", "--html", "-" },
		  "--html -: standard output has the result" },
		{ { "--statement", "x", "--from", "2027", "--to", "2026" }, "--from must be" },
		{ { "show" }, "the number of a run is due" },
		{ { "show", "0" }, "the number of a run is due" },
		{ { "list", "x" }, "reconcile list takes no words" },
		{ { "--ledger", "x", "list" },
		  "the action comes first: toll reconcile list, and then its options" },
		{ { "--statement", "x", "y" }, "reconcile takes no words: y" },
	};
	struct bothkit *both = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *words[9] = { "reconcile" };

		for (size_t w = 0; w < 7 && rows[i].words[w] != NULL; w++)
			words[1 + w] = rows[i].words[w];
		tollrun_release(&both->run);
		tollrun_start(&both->run, words, NULL, NULL);
		tollrun_wait(&both->run);
		TOLLRUN_EXPECT(&both->run, 2);
		if (strstr(both->run.err.at, rows[i].said) == NULL)
			fail_msg("%s: %s", rows[i].said, both->run.err.at);
	}
}

static void test_files_that_are_not_there_are_named(void **state)
{
	static const char *const options[] = { "--mapping", "--names" };
	struct scene scene;
	struct tollrun *run;

	begin(&scene, state);
	run = &scene.both->run;
	TOLLRUN(run, "reconcile", "--statement", "build/no-such", "--format", "toll");
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN_SAYS(run, "build/no-such");
	for (size_t i = 0; i < 2; i++) {
		TOLLRUN(run, "reconcile", "--statement", scene.one, options[i], "build/no-such");
		TOLLRUN_EXPECT(run, 3);
		TOLLRUN_SAYS(run, "build/no-such");
	}
	TOLLRUN(run, "reconcile", "--statement", scene.one, "--time-zone", "Europe/Nowhere");
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN_SAYS(run, "Europe/Nowhere");
	TOLLRUN(run, "reconcile", "--statement", scene.one, "--format", "toll", "--html",
	        "build/no-such/page.html");
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN_SAYS(run, "build/no-such/page.html");
	TOLLRUN(run, "reconcile", "list");
	TOLLRUN_SAYS(run, "No run is stored.\n");
	end(&scene);
}

static void test_a_page_takes_the_place_of_no_input(void **state)
{
	struct scene scene;
	struct tollrun *run;

	begin(&scene, state);
	run = &scene.both->run;
	TOLLRUN(run, "reconcile", "--no-store", "--statement", scene.two, "--statement", scene.one,
	        "--html", scene.one);
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN_SAYS(run, "is what --statement reads");
	TOLLRUN(run, "reconcile", "--no-store", "--statement", scene.one, "--html",
	        scene.both->kit.ledger);
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN_SAYS(run, "is a ledger, or another database, and is left as it is");
	TOLLRUN(run, "export", "events", "--output", scene.both->kit.ledger);
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN_SAYS(run, "is a ledger, or another database, and is left as it is");
	/* Both are as they were. */
	TOLLRUN(run, "reconcile", "--no-store", "--statement", scene.one, "--html", scene.page);
	TOLLRUN_EXPECT(run, 0);
	end(&scene);
}

static void test_what_another_ledger_adjusted_is_told(void **state)
{
	struct scene scene;
	struct tollrun *run;

	begin(&scene, state);
	run = &scene.both->run;
	TOLLRUN(run, "statement", "show", scene.both->kit.ledger);
	TOLLRUN_EXPECT(run, 0);
	assert_null(strstr(run->out.at, "adjustments"));
	daemonkit_write(scene.page,
	                kit_quotes("{'pricebook':1,'name':'b','currency':'USD','models':[{'model':"
	                           "'m/a','versions':[{'effective_from':'2026-01-01','rates':["
	                           "{'component':'input','per_million':'2'},"
	                           "{'component':'output','per_million':'2'}]}]}]}"));
	TOLLRUN(run, "price", "apply", scene.page, "--note", "n");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN(run, "rerate", "--from", "2026-10-01", "--to", "2026-10-04", "--reason", "r");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN(run, "statement", "show", scene.both->kit.ledger);
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "rows: 3, together 3.00, by which its toll report");
	end(&scene);
}

static void test_the_ledger_ties_with_itself(void **state)
{
	struct ledgerkit damaged = { .ledger = NULL };
	struct json doc = { .nodes = NULL };
	struct scene scene;
	struct tollrun *run;

	begin(&scene, state);
	run = &scene.both->run;
	TOLLRUN(run, "reconcile", "--internal");
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "rollups        amount  3.60   3.60     0.00  equal\n");
	TOLLRUN_SAYS(run, "invoices: no invoices yet.\n");
	TOLLRUN_SAYS(run, "\nNo difference.\n");
	output_fits(buf_text(&run->out));
	snprintf(damaged.path, sizeof(damaged.path), "%s", scene.both->kit.ledger);
	kit_sql(&damaged, "UPDATE rollup SET input = input + 1");
	TOLLRUN(run, "reconcile", "--internal");
	TOLLRUN_EXPECT(run, 1);
	TOLLRUN_SAYS(run, "REFUSED");
	TOLLRUN_SAYS(run, "\nDIFFERENCES.\n");
	output_fits(buf_text(&run->out));
	kit_sql(&damaged, "UPDATE rollup SET input = input - 1");
	TOLLRUN(run, "reconcile", "--internal", "--from", "2026-10-01T00:30:00Z");
	TOLLRUN_EXPECT(run, 2);
	TOLLRUN_SAYS(run, "on the hour");
	TOLLRUN(run, "reconcile", "--internal", "--json");
	TOLLRUN_EXPECT(run, 0);
	expect_json(run, &doc);
	TOLLRUN_SAYS(run, "{\"tie\":\"export-csv\",\"what\":\"amount\",\"one\":\"3.60\",\"other\":"
	                  "\"3.60\",\"difference\":\"0.00\",\"state\":\"equal\",");
	json_release(&doc);
	end(&scene);
}

static void test_a_damaged_run_hides_no_other(void **state)
{
	static const char *const damage[] = {
		"UPDATE change SET detail = '{\"report' WHERE what = 'reconcile.run'",
		"UPDATE change SET detail = '7' WHERE what = 'reconcile.run'",
		"UPDATE change SET detail = '{\"report\":{\"difference\":\"1\",\"statements\":7}}' "
		"WHERE what = 'reconcile.run'",
		"UPDATE change SET detail = "
		"'{\"report\":{\"difference\":\"x\",\"statements\":[]}}' "
		"WHERE what = 'reconcile.run'",
	};
	struct ledgerkit damaged = { .ledger = NULL };
	struct json doc = { .nodes = NULL };
	struct scene scene;
	struct tollrun *run;

	begin(&scene, state);
	run = &scene.both->run;
	snprintf(damaged.path, sizeof(damaged.path), "%s", scene.both->kit.ledger);
	TOLLRUN(run, "reconcile", "--statement", scene.one);
	TOLLRUN_EXPECT(run, 0);
	for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
		char number[8];

		kit_sql(&damaged, damage[i]);
		TOLLRUN(run, "reconcile", "--statement", scene.two);
		TOLLRUN_EXPECT(run, 1);
		TOLLRUN(run, "reconcile", "list");
		TOLLRUN_EXPECT(run, 3);
		TOLLRUN_SAYS(run, "DAMAGED\n");
		TOLLRUN_SAYS(run, "two.csv");
		TOLLRUN_SAYS(run, "2.05  DIFFERENT\n");
		TOLLRUN_SAYS(run, "not what was stored (DAMAGED): toll verify names");
		snprintf(number, sizeof(number), "%zu", i + 2);
		TOLLRUN(run, "reconcile", "show", number);
		TOLLRUN_EXPECT(run, 0);
		TOLLRUN(run, "reconcile", "list", "--csv");
		TOLLRUN_EXPECT(run, 3);
		TOLLRUN_SAYS(run, ",two.csv,id,");
		TOLLRUN(run, "reconcile", "list", "--json");
		TOLLRUN_EXPECT(run, 3);
		expect_json(run, &doc);
		TOLLRUN_SAYS(run, "\"DAMAGED\"");
	}
	kit_sql(&damaged, damage[0]);
	TOLLRUN(run, "reconcile", "show", "1");
	TOLLRUN_EXPECT(run, 3);
	TOLLRUN_SAYS(run, "run 1: what is kept of it is no JSON: toll verify");
	json_release(&doc);
	end(&scene);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, bothkit_begin, bothkit_end)
	const struct CMUnitTest tests[] = {
		T(test_both_sides_agree_or_each_difference_is_named),
		T(test_tolerances_take_what_they_are_given_for),
		T(test_the_same_inputs_give_the_same_bytes),
		T(test_a_damaged_run_hides_no_other),
		T(test_the_command_that_is_shown_repeats_the_run),
		T(test_counts_without_amounts_are_no_amounts_that_agree),
		T(test_a_daemon_stores_it_too),
		T(test_what_cannot_be_stored_is_shown_all_the_same),
		T(test_who_stores_waits_for_another_that_does),
		T(test_a_ledger_is_equal_to_itself_and_its_exports),
		T(test_their_names_are_put_in_ours),
		T(test_a_filter_is_of_both_sides),
		T(test_several_statements_are_one),
		T(test_wrong_use_is_told),
		T(test_files_that_are_not_there_are_named),
		T(test_a_page_takes_the_place_of_no_input),
		T(test_what_another_ledger_adjusted_is_told),
		T(test_the_ledger_ties_with_itself),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
