/* The built `toll` on a ledger of its own: what it says, and how it exits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"
#include "tests/support/ledgerkit.h"
#include "tests/support/output.h"
#include "tests/support/tollrun.h"

static const char book_text[] =
	"{'pricebook':1,'name':'sample','currency':'USD','as':{'reasoning':'output'},'models':["
	"{'model':'acme/llama-4-70b','aliases':['llama','acme/llama-4-*'],'versions':["
	"{'effective_from':'2026-01-01','rates':["
	"{'component':'input','per_million':'0.80'},{'component':'cache_read','per_million':'0.08'}"
	","
	"{'component':'output','per_million':'2.40'},{'component':'requests','each':'0.0001'},"
	"{'component':'input','per_million':'1.60','when':{'context':{'gt':128000}}}]}]},"
	"{'model':'acme/paint-2','versions':[{'effective_from':'2026-01-01','rates':["
	"{'component':'images_out','each':'0.04'},"
	"{'component':'images_out','each':'0.08','when':{'size':'1024x1024','quality':'hd'}}]}]}]}";

static const char unlisted_text[] =
	"{'pricebook':1,'name':'second','currency':'USD','models':["
	"{'model':'acme/unlisted-1','versions':[{'effective_from':'2026-01-01','rates':["
	"{'component':'input','per_million':'1'},{'component':'output','per_million':'2'}]}]}]}";

static const char events_text[] =
	"{'toll':1,'source':'gw-1'}\n"
	"{'id':'a1','time':'2026-11-22T08:00:00.123Z','account':'acct_42','key':'key_7',"
	"'model':'acme/llama-4-70b','api':'openai.chat','usage':{'prompt_tokens':1000,"
	"'completion_tokens':250,'total_tokens':1250,'prompt_tokens_details':{'cached_tokens':600},"
	"'completion_tokens_details':{'reasoning_tokens':50}},'status':200}\n"
	"\n"
	"{'id':'a2','time':'2026-11-22T08:30:00Z','account':'acct_42','model':'acme/llama-4-8b',"
	"'api':'openai.chat','usage':{'prompt_tokens':130000,'completion_tokens':10,"
	"'total_tokens':130010}}\n"
	"{'id':'a3','time':'2026-11-22T09:10:00Z','account':'acct_7','model':'acme/unlisted-1',"
	"'api':'openai.chat','usage':{'prompt_tokens':10,'completion_tokens':10,'total_tokens':20}}"
	"\n"
	"{'id':'a4','time':'2026-11-22T10:10:00Z','account':'acct_7','model':'llama','api':'openai."
	"chat',"
	"'usage':{'prompt_tokens':10,'completion_tokens':10,'total_tokens':21}}\n"
	"broken\n"
	"{'id':'a1','time':'2026-11-22T08:00:00.123Z','account':'acct_42','model':'acme/"
	"llama-4-70b',"
	"'api':'openai.chat','usage':{'prompt_tokens':7,'completion_tokens':2,'total_tokens':9}}\n"
	"{'id':'a5','time':'2026-11-22T11:10:00Z','account':'acct_9','model':'acme/paint-2',"
	"'api':'toll','usage':{'output':0},'images':[{'size':'1024x1024','quality':'hd','n':2}]}\n"
	"{'id':'a1','source':'gw-2','time':'2026-11-23T00:00:00Z','account':'acct_9',"
	"'model':'acme/llama-4-70b','status':503}";

struct cli {
	struct ledgerkit kit; /* its folder and path; no ledger is open in this process */
	char book[KIT_PATH_BYTES], second[KIT_PATH_BYTES], events[KIT_PATH_BYTES];
	struct tollrun run;
};

static int begin(void **state)
{
	struct cli *cli = calloc(1, sizeof(*cli));

	assert_non_null(cli);
	kit_open(&cli->kit);
	kit_shut(&cli->kit);
	kit_write(&cli->kit, cli->book, "book.json", book_text);
	kit_write(&cli->kit, cli->second, "second.json", unlisted_text);
	kit_write(&cli->kit, cli->events, "events.ndjson", events_text);
	setenv("TOLL_LEDGER", cli->kit.path, 1);
	setenv("COLUMNS", "80", 1);
	*state = cli;
	return 0;
}

static int begin_imported(void **state)
{
	struct cli *cli;

	begin(state);
	cli = *state;
	TOLLRUN(&cli->run, "import", "--prices", cli->book, cli->events);
	TOLLRUN_EXPECT(&cli->run, 0);
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

static struct json doc; /* of the last json_of() */

/* The whole output is one JSON text; gives its root. */
static uint32_t json_of(const struct tollrun *run)
{
	struct fault fault;

	if (json_parse(&doc, buf_text(&run->out), &fault) < 0)
		fail_msg("%s: %s", fault.text, run->out.at);
	return 0;
}

static uint32_t json_get(uint32_t object, const char *key)
{
	uint32_t node = json_member(&doc, object, key);

	if (node == JSON_NONE)
		fail_msg("there is no %s", key);
	return node;
}

static int64_t json_count(uint32_t object, const char *key)
{
	int64_t count = -1;

	if (!json_integer(&doc, json_get(object, key), &count))
		fail_msg("%s is no integer", key);
	return count;
}

static const char *json_text_of(uint32_t object, const char *key)
{
	static char text[256];

	assert_true(text_copy(text, sizeof(text), json_string(&doc, json_get(object, key))));
	return text;
}

static bool json_says(uint32_t object, const char *key, bool expected)
{
	return json_type_of(&doc, json_get(object, key)) == (expected ? JSON_TRUE : JSON_FALSE);
}

static void expect_verdicts(const struct tollrun *run, const char *expected)
{
	static const char *const keys[] = { "lines",    "accepted",    "duplicate",
		                            "unpriced", "quarantined", "conflict" };
	uint32_t root = json_of(run);
	char got[256];
	size_t len = 0;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		len += (size_t)snprintf(got + len, sizeof(got) - len, "%s%lld", i > 0 ? " " : "",
		                        (long long)json_count(root, keys[i]));
	assert_string_equal(got, expected);
}

static void test_import_twice_stores_once(void **state)
{
	struct cli *cli = *state;

	TOLLRUN(&cli->run, "import", "--json", "--prices", cli->book, cli->events);
	TOLLRUN_EXPECT(&cli->run, 0);
	expect_verdicts(&cli->run, "8 4 0 1 2 1");
	TOLLRUN(&cli->run, "import", "--json", "--strict", cli->events);
	TOLLRUN_EXPECT(&cli->run, 1);
	expect_verdicts(&cli->run, "8 0 5 0 2 1");
	TOLLRUN(&cli->run, "verify");
	TOLLRUN_EXPECT(&cli->run, 0);
}

static void test_import_applies_no_broken_book_and_reads_nothing_then(void **state)
{
	struct cli *cli = *state;

	kit_write(&cli->kit, cli->second, "second.json",
	          "{'pricebook':1,'currency':'USD','models':[]}");
	TOLLRUN(&cli->run, "import", "--prices", cli->second, cli->events);
	TOLLRUN_EXPECT(&cli->run, 3);
	TOLLRUN_SAYS(&cli->run, ".json: line 1: models: empty");
	TOLLRUN_SAYS(&cli->run, ".json: refused whole");
	TOLLRUN(&cli->run, "status", "--json");
	TOLLRUN_SAYS(&cli->run, "\"events\":0,");
}

static void test_import_that_cannot_begin_makes_no_ledger(void **state)
{
	struct cli *cli = *state;
	char none[KIT_PATH_BYTES + 16], bad[KIT_PATH_BYTES];
	struct stat file;
	const struct {
		const char *prices, *events, *says;
	} rows[] = {
		{ cli->book, none, "none.db: No such file or directory" },
		{ cli->book, cli->kit.folder, "Is a directory" },
		{ bad, cli->events, "line 1: models: empty" },
		{ none, cli->events, "none.db: No such file or directory" },
	};

	snprintf(none, sizeof(none), "%s/none.db", cli->kit.folder);
	kit_write(&cli->kit, bad, "bad.json", "{'pricebook':1,'currency':'USD','models':[]}");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		TOLLRUN(&cli->run, "import", "--ledger", none, "--prices", rows[i].prices,
		        rows[i].events);
		TOLLRUN_EXPECT(&cli->run, 3);
		TOLLRUN_SAYS(&cli->run, rows[i].says);
		assert_int_equal(cli->run.out.len, 0);
		assert_int_equal(stat(none, &file), -1);
	}
	TOLLRUN(&cli->run, "price", "apply", "--ledger", none, bad);
	TOLLRUN_EXPECT(&cli->run, 3);
	TOLLRUN_SAYS(&cli->run, "line 1: models: empty");
	assert_int_equal(stat(none, &file), -1);
}

static void test_import_of_a_held_ledger_says_to_send(void **state)
{
	struct cli *cli = *state;

	kit_reopen(&cli->kit);
	TOLLRUN(&cli->run, "import", cli->events);
	TOLLRUN_EXPECT(&cli->run, 3);
	TOLLRUN_SAYS(&cli->run, "toll send");
	kit_shut(&cli->kit);
}

static void test_report_is_a_table_of_eighty_columns(void **state)
{
	struct cli *cli = *state;

	TOLLRUN(&cli->run, "report");
	TOLLRUN_EXPECT(&cli->run, 0);
	output_fits(buf_text(&cli->run.out));
	/* 400 x 0.80 + 600 x 0.08 + 250 x 2.40 per 1M, and 130000 x 1.60 + 10 x 2.40; two fees */
	TOLLRUN_SAYS(&cli->run, "0.209192");
	TOLLRUN_SAYS(&cli->run, "1 request has no rate and is not in the amount");
	TOLLRUN_SAYS(&cli->run, "2 lines were not understood");
	TOLLRUN_SAYS(&cli->run, "1 event came again with other content");
}

static void test_what_has_no_rate_is_not_shown_as_free(void **state)
{
	struct cli *cli = *state;
	uint32_t root;

	TOLLRUN(&cli->run, "report", "--by", "model");
	TOLLRUN_SAYS(&cli->run, " unpriced\n------");
	TOLLRUN(&cli->run, "report", "--by", "model", "--csv");
	TOLLRUN_SAYS(&cli->run, "\nacme/unlisted-1,1,0,1,");
	TOLLRUN_SAYS(&cli->run, ",1,\n");
	TOLLRUN_SAYS_NOT(&cli->run, ",0.00\n");
	TOLLRUN(&cli->run, "report", "--model", "acme/unlisted-1");
	TOLLRUN_SAYS_NOT(&cli->run, " 0.00\n");
	TOLLRUN(&cli->run, "report", "--model", "acme/unlisted-1", "--json");
	root = json_of(&cli->run);
	assert_int_equal(
		json_type_of(&doc, json_get(json_first(&doc, json_get(root, "rows")), "amount")),
		JSON_NULL);
	assert_int_equal(json_type_of(&doc, json_get(json_get(root, "total"), "amount")),
	                 JSON_NULL);
	TOLLRUN(&cli->run, "explain", "a3");
	TOLLRUN_SAYS(&cli->run, "unpriced\n");
	TOLLRUN_SAYS_NOT(&cli->run, " 0.00\n");
	TOLLRUN(&cli->run, "explain", "a3", "--json");
	TOLLRUN_SAYS(&cli->run, "\"stored_amount\":null,\"derived_amount\":null");
	TOLLRUN_SAYS(&cli->run, "\"product\":null");
	TOLLRUN_SAYS_NOT(&cli->run, "\"0.00\"");
}

/* A request that failed costs nothing; that says nothing of the one beside it. */
static void test_an_error_beside_what_has_no_rate_makes_it_no_freer(void **state)
{
	struct cli *cli = *state;
	char more[KIT_PATH_BYTES];

	kit_write(&cli->kit, more, "more.ndjson",
	          "{'id':'z1','source':'gw-1','time':'2026-02-01T08:00:00Z','account':'acct_z',"
	          "'model':'acme/unlisted-1','api':'toll','usage':{'input':5}}\n"
	          "{'id':'z2','source':'gw-1','time':'2026-02-01T08:00:01Z','account':'acct_z',"
	          "'model':'acme/unlisted-1','status':503}\n");
	TOLLRUN(&cli->run, "import", more);
	TOLLRUN_EXPECT(&cli->run, 0);
	TOLLRUN(&cli->run, "report", "--account", "acct_z");
	TOLLRUN_SAYS(&cli->run, "unpriced\n");
	TOLLRUN_SAYS_NOT(&cli->run, " 0.00\n");
}

static void test_report_says_the_same_as_csv_and_as_json(void **state)
{
	struct cli *cli = *state;
	uint32_t root, row;

	TOLLRUN(&cli->run, "report", "--csv", "--by", "account");
	TOLLRUN_EXPECT(&cli->run, 0);
	TOLLRUN_SAYS(&cli->run,
	             "account,events,errors,suspense,partial,estimated,uncounted,input,");
	TOLLRUN_SAYS(&cli->run, "\nacct_42,2,0,0,0,0,0,130400,");
	TOLLRUN_SAYS(&cli->run, ",2,0.209192\n");
	/* Beside a CSV the notes are talk. */
	assert_non_null(strstr(cli->run.err.at, "1 request has no rate"));
	TOLLRUN(&cli->run, "report", "--json", "--by", "account");
	root = json_of(&cli->run);
	row = json_first(&doc, json_get(root, "rows"));
	assert_string_equal(json_text_of(row, "account"), "acct_42");
	assert_int_equal(json_count(row, "events"), 2);
	assert_string_equal(json_text_of(row, "amount"), "0.209192");
	/* Two images at $0.08 are the rest of it. */
	assert_string_equal(json_text_of(json_get(root, "total"), "amount"), "0.369192");
	assert_int_equal(json_count(json_get(root, "not_in_amount"), "quarantined"), 2);
}

static void test_report_takes_half_open_ranges_of_three_kinds(void **state)
{
	static const struct {
		const char *from, *to;
		int64_t events;
	} rows[] = {
		{ "2026-11", "2026-12", 5 },
		{ "2026-11-22", "2026-11-23", 4 },
		{ "2026-11-23", "2026-12", 1 },
		{ "2026-11-22T08:00Z", "2026-11-22T09:00Z", 2 },
		{ "2026-11-22T08:00:00.123Z", "2026-11-22T08:30:00Z", 1 },
		{ "2026-11-22T08:00:00.124Z", "2026-11-22T08:30:00.001Z", 1 },
		{ "2026-11-22T09:00:00+01:00", "2026-11-22T09:30:00.001+01:00", 2 },
	};
	struct cli *cli = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t root;

		TOLLRUN(&cli->run, "report", "--json", "--from", rows[i].from, "--to", rows[i].to);
		TOLLRUN_EXPECT(&cli->run, 0);
		root = json_of(&cli->run);
		if (json_count(json_get(root, "total"), "events") != rows[i].events)
			fail_msg("%s .. %s: %s", rows[i].from, rows[i].to, cli->run.out.at);
	}
}

static void test_explain_shows_the_whole_arithmetic(void **state)
{
	static const struct {
		const char *id;
		const char *says[8];
	} rows[] = {
		{ "a2",
		  { "by the pattern acme/llama-4-*", "acme/llama-4-70b from 2026-01-01",
		    "130000  $1.60 per 1M tokens  context > 128000  0.208", "$2.40 per 1M tokens",
		    "$0.0001 per request", "0.208124", "Equal to what is stored", NULL } },
		{ "a3",
		  { "UNPRICED", "no model, alias or pattern of the book is acme/unlisted-1",
		    "no rate", NULL } },
		{ "a5", { "$0.08 per image", "size 1024x1024, quality hd", "0.16", NULL } },
	};
	struct cli *cli = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		TOLLRUN(&cli->run, "explain", rows[i].id);
		TOLLRUN_EXPECT(&cli->run, 0);
		for (size_t s = 0; rows[i].says[s] != NULL; s++)
			TOLLRUN_SAYS(&cli->run, rows[i].says[s]);
	}
}

static void test_explain_asks_which_source_is_meant(void **state)
{
	struct cli *cli = *state;
	uint32_t root;

	TOLLRUN(&cli->run, "explain", "a1");
	TOLLRUN_EXPECT(&cli->run, 2);
	TOLLRUN_SAYS(&cli->run, "--source gw-1");
	TOLLRUN_SAYS(&cli->run, "--source gw-2");
	TOLLRUN(&cli->run, "explain", "a1", "--source", "gw-1", "--json");
	TOLLRUN_EXPECT(&cli->run, 0);
	root = json_of(&cli->run);
	assert_string_equal(json_text_of(root, "derived_amount"), "0.001068");
	assert_true(json_says(root, "equal", true));
	assert_int_equal(json_count(root, "conflicts"), 1);
	/* A program multiplies without reading prose: 400 x 0.80 / 1000000. */
	root = json_first(&doc, json_get(root, "rows"));
	assert_int_equal(json_count(root, "count"), 400);
	assert_string_equal(json_text_of(root, "price_amount"), "0.80");
	assert_int_equal(json_count(root, "price_per"), 1000000);
	assert_string_equal(json_text_of(root, "product"), "0.00032");
	TOLLRUN(&cli->run, "explain", "a1", "--source", "gw-2");
	TOLLRUN_EXPECT(&cli->run, 0);
	TOLLRUN_SAYS(&cli->run, "Nothing was used");
	TOLLRUN(&cli->run, "explain", "a4");
	TOLLRUN_EXPECT(&cli->run, 3);
	TOLLRUN_SAYS(&cli->run, "in quarantine (readings");
	TOLLRUN(&cli->run, "explain", "nobody");
	TOLLRUN_EXPECT(&cli->run, 3);
}

static void test_explain_without_a_book_says_to_apply_one(void **state)
{
	struct cli *cli = *state;

	TOLLRUN(&cli->run, "import", cli->events);
	TOLLRUN_EXPECT(&cli->run, 0);
	TOLLRUN(&cli->run, "explain", "a2");
	TOLLRUN_EXPECT(&cli->run, 0);
	TOLLRUN_SAYS(&cli->run, "UNPRICED: the ledger has no price book");
	TOLLRUN(&cli->run, "price", "show");
	TOLLRUN_EXPECT(&cli->run, 3);
	TOLLRUN_SAYS(&cli->run, "no price book was applied yet");
}

static void test_a_changed_amount_is_found_by_explain_and_verify(void **state)
{
	struct cli *cli = *state;
	uint32_t root;

	kit_sql(&cli->kit, "UPDATE event SET nanos = nanos + 1, check_word = NULL WHERE id = 'a2';"
	                   "DELETE FROM hour_word WHERE kind = 3");
	TOLLRUN(&cli->run, "explain", "a2");
	TOLLRUN_EXPECT(&cli->run, 1);
	TOLLRUN_SAYS(&cli->run, "DIFFERENCE: the stored amount is 0.208124001, the derived one");
	TOLLRUN(&cli->run, "verify");
	TOLLRUN_EXPECT(&cli->run, 1);
	TOLLRUN_SAYS(&cli->run, "  event       source gw-1 id a2 time 2026-11-22T08:30:00.000Z\n"
	                        "              amount: stored 0.208124001, derived 0.208124\n");
	/* Long places are broken: the terminal has 80 columns. */
	output_fits(buf_text(&cli->run.out));
	TOLLRUN(&cli->run, "verify", "--csv");
	TOLLRUN_SAYS(&cli->run, "kind,where,what,stored,derived\nevent,source gw-1 id a2 ");
	TOLLRUN_SAYS(&cli->run, ",amount,0.208124001,0.208124\n");
	TOLLRUN_SAYS_NOT(&cli->run, "\nkind,where");
	TOLLRUN(&cli->run, "verify", "--json");
	TOLLRUN_EXPECT(&cli->run, 1);
	root = json_of(&cli->run);
	assert_true(json_says(root, "ok", false));
	assert_int_equal(doc.nodes[json_get(root, "findings")].count,
	                 json_count(root, "findings_count"));
}

static void test_verify_shows_a_thousand_differences_and_counts_the_rest(void **state)
{
	struct cli *cli = *state;
	uint32_t root;

	kit_sql(&cli->kit, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
	                   "WHERE i < 1003) INSERT INTO event_detail (ts, source, id, component, "
	                   "count) SELECT 1, 1, 'lost-' || i, 'pages', 1 FROM n");
	TOLLRUN(&cli->run, "verify");
	TOLLRUN_EXPECT(&cli->run, 1);
	TOLLRUN_SAYS(&cli->run, "\n... and 3 more: toll verify --json names all\n");
	TOLLRUN_SAYS(&cli->run, "DIFFERENCES: 1003");
	TOLLRUN(&cli->run, "verify", "--json");
	TOLLRUN_EXPECT(&cli->run, 1);
	root = json_of(&cli->run);
	assert_int_equal(doc.nodes[json_get(root, "findings")].count, 1003);
}

static void test_verify_that_fails_half_way_writes_json_all_the_same(void **state)
{
	struct cli *cli = *state;
	uint32_t root;

	kit_sql(&cli->kit, "UPDATE event SET nanos = nanos + 1 WHERE id = 'a2';"
	                   "PRAGMA ignore_check_constraints = 1;"
	                   "UPDATE hour SET digest = x'00'");
	TOLLRUN(&cli->run, "verify", "--json");
	TOLLRUN_EXPECT(&cli->run, 3);
	TOLLRUN_SAYS(&cli->run, "toll: ");
	root = json_of(&cli->run);
	assert_true(json_says(root, "ok", false));
	assert_true(doc.nodes[json_get(root, "findings")].count > 0);
	assert_non_null(strstr(json_text_of(root, "error"), "has no digest"));
}

static void test_verify_of_a_sound_ledger_is_silent_about_nothing(void **state)
{
	struct cli *cli = *state;
	uint32_t root;

	TOLLRUN(&cli->run, "verify", "--json");
	TOLLRUN_EXPECT(&cli->run, 0);
	root = json_of(&cli->run);
	assert_true(json_says(root, "ok", true));
	assert_int_equal(json_count(root, "events"), 5);
	assert_int_equal(json_count(root, "suspense"), 1);
	assert_string_equal(json_text_of(root, "events_amount"), "0.369192");
	assert_string_equal(json_text_of(root, "rollups_amount"), "0.369192");
}

static void test_status_names_the_book_and_the_writer(void **state)
{
	struct cli *cli = *state;
	uint32_t root;

	TOLLRUN(&cli->run, "status");
	TOLLRUN_EXPECT(&cli->run, 0);
	TOLLRUN_SAYS(&cli->run, "none: no daemon holds it");
	kit_reopen(&cli->kit);
	TOLLRUN(&cli->run, "status", "--json");
	TOLLRUN_EXPECT(&cli->run, 0);
	root = json_of(&cli->run);
	assert_int_equal(json_count(root, "writer_pid"), getpid());
	assert_int_equal(json_count(root, "events"), 5);
	assert_int_equal(json_count(root, "errors"), 1);
	assert_string_equal(json_text_of(json_get(root, "book"), "name"), "sample");
	/* A writer without a control socket takes no changes. */
	TOLLRUN(&cli->run, "suspense", "retry");
	TOLLRUN_EXPECT(&cli->run, 3);
	TOLLRUN_SAYS(&cli->run, "takes no changes");
	kit_shut(&cli->kit);
}

static void test_suspense_is_listed_and_priced_once_the_book_has_a_rate(void **state)
{
	struct cli *cli = *state;
	char more[KIT_PATH_BYTES];

	TOLLRUN(&cli->run, "suspense", "list", "--csv");
	TOLLRUN_EXPECT(&cli->run, 0);
	TOLLRUN_SAYS(&cli->run,
	             "2026-11-22T09:10:00.000Z,gw-1,a3,acct_7,acme/unlisted-1,the model\n");
	TOLLRUN(&cli->run, "suspense", "retry");
	TOLLRUN_EXPECT(&cli->run, 0);
	TOLLRUN_SAYS(&cli->run, "1 tried, 0 priced");
	TOLLRUN(&cli->run, "price", "apply", cli->second, "--note", "adds unlisted-1");
	TOLLRUN_EXPECT(&cli->run, 0);
	TOLLRUN(&cli->run, "suspense", "retry", "--json");
	TOLLRUN_EXPECT(&cli->run, 0);
	/* 10 x $1 + 10 x $2 per 1M; the second book has no fee */
	TOLLRUN_SAYS(&cli->run, "\"priced\":1,\"left\":0,\"amount\":\"0.00003\"");
	TOLLRUN(&cli->run, "suspense", "list");
	TOLLRUN_SAYS(&cli->run, "Nothing is in suspense.");
	/* A fee that the version does not name is not missing. */
	kit_write(&cli->kit, more, "more.ndjson",
	          "{'id':'p1','source':'gw-1','time':'2026-11-22T12:00:00Z','account':'acct_p',"
	          "'model':'acme/unlisted-1','api':'toll','usage':{'input':5,'pages':1}}\n");
	TOLLRUN(&cli->run, "import", more);
	TOLLRUN(&cli->run, "suspense", "list", "--csv");
	TOLLRUN_SAYS(&cli->run, ",acct_p,acme/unlisted-1,a rate for pages\n");
	TOLLRUN(&cli->run, "explain", "a3");
	TOLLRUN_EXPECT(&cli->run, 0);
	TOLLRUN_SAYS(&cli->run, "second");
	/* History did not move: a1 keeps the book it was rated with. */
	TOLLRUN(&cli->run, "explain", "a1", "--source", "gw-1");
	TOLLRUN_EXPECT(&cli->run, 0);
	TOLLRUN_SAYS(&cli->run, "sample");
	TOLLRUN(&cli->run, "verify");
	TOLLRUN_EXPECT(&cli->run, 0);
}

static void test_quarantine_shows_each_line_as_it_was_sent(void **state)
{
	struct cli *cli = *state;

	TOLLRUN(&cli->run, "quarantine", "list", "--csv", "--reason", "readings");
	TOLLRUN_EXPECT(&cli->run, 0);
	TOLLRUN_SAYS(&cli->run, ",gw-1,a4,readings,");
	/* The word that show and retry take. */
	TOLLRUN_SAYS(&cli->run, "line,time,source,event_id,");
	TOLLRUN_SAYS_NOT(&cli->run, ",syntax,");
	TOLLRUN(&cli->run, "quarantine", "show", "2", "--raw");
	TOLLRUN_EXPECT(&cli->run, 0);
	assert_string_equal(cli->run.out.at, "broken");
	TOLLRUN(&cli->run, "quarantine", "show", "2", "--json");
	TOLLRUN_SAYS(&cli->run, "{\"line\":2,");
	TOLLRUN(&cli->run, "quarantine", "show", "1");
	TOLLRUN_SAYS(&cli->run, "declared ");
	TOLLRUN_SAYS(&cli->run, "toll suspense settle");
	TOLLRUN(&cli->run, "quarantine", "retry");
	TOLLRUN_EXPECT(&cli->run, 0);
	TOLLRUN_SAYS(&cli->run, "Still held    2");
	TOLLRUN(&cli->run, "quarantine", "show", "99");
	TOLLRUN_EXPECT(&cli->run, 3);
	TOLLRUN(&cli->run, "quarantine", "conflicts", "a1");
	TOLLRUN_EXPECT(&cli->run, 0);
	TOLLRUN_SAYS(&cli->run, "\"prompt_tokens\":7");
	TOLLRUN_SAYS(&cli->run, "\"input\":400");
}

static void test_price_books_are_checked_applied_listed_and_shown(void **state)
{
	struct cli *cli = *state;
	uint32_t root;
	char start[16];

	TOLLRUN(&cli->run, "price", "lint", cli->book);
	TOLLRUN_EXPECT(&cli->run, 0);
	kit_write(&cli->kit, cli->events, "bad.json",
	          "{'pricebook':1,'currency':'USD','models':[{'model':'m','versions':[\n"
	          "{'effective_from':'2026','rates':[{'component':'inptu','each':'1'},\n"
	          "{'component':'output','per_million':2}]}]}]}");
	TOLLRUN(&cli->run, "price", "lint", cli->events);
	TOLLRUN_EXPECT(&cli->run, 1);
	TOLLRUN_SAYS(&cli->run, "line 2: models[0].versions[0].rates[0].component");
	TOLLRUN_SAYS(&cli->run, "line 3: models[0].versions[0].rates[1].per_million");
	TOLLRUN(&cli->run, "price", "apply", cli->events);
	TOLLRUN_EXPECT(&cli->run, 3);
	TOLLRUN(&cli->run, "price", "apply", cli->book, "--json");
	TOLLRUN_SAYS(&cli->run, "\"changed\":false");
	TOLLRUN(&cli->run, "price", "list", "--json");
	root = json_of(&cli->run);
	assert_int_equal(doc.nodes[json_get(root, "rows")].count, 1);
	snprintf(start, 11, "%s", json_text_of(json_first(&doc, json_get(root, "rows")), "hash"));
	TOLLRUN(&cli->run, "price", "show", start, "--json");
	TOLLRUN_EXPECT(&cli->run, 0);
	assert_string_equal(cli->run.out.at, kit_quotes(book_text));
	TOLLRUN(&cli->run, "price", "show");
	TOLLRUN_SAYS(&cli->run, "$1.60 per 1M tokens  context > 128000");
}

static void test_wrong_use_exits_2_and_says_what_to_do(void **state)
{
	static const struct {
		const char *words[6];
		const char *says;
	} rows[] = {
		{ { NULL }, "toll help lists the commands" },
		{ { "reprot", NULL }, "did you mean report?" },
		{ { "report", "--form", "2026", NULL }, "did you mean --from?" },
		{ { "report", "--from", "yesterday", NULL }, "a time is due" },
		{ { "report", "--from", "2026-12", "--to", "2026-11", NULL },
		  "--from must be before --to" },
		{ { "report", "--by", "colour", NULL }, "provider, hour, day or month" },
		{ { "report", "--json", "--csv", NULL }, "one of them" },
		{ { "report", "extra", NULL }, "takes no words" },
		{ { "verify", "extra", NULL }, "verify takes no words: extra" },
		{ { "status", "extra", NULL }, "status takes no words: extra" },
		{ { "price", "list", "extra", NULL }, "price list takes no words: extra" },
		{ { "price", "show", "a", "b", NULL }, "takes one hash" },
		{ { "suspense", "list", "--to", "x", NULL }, "a time is due" },
		{ { "suspense", "list", "--limit", "0", NULL }, "a whole number" },
		{ { "quarantine", "conflicts", "a", "b", NULL }, "takes one event id" },
		{ { "price", NULL }, "what shall be done?" },
		{ { "price", "aply", NULL }, "did you mean apply?" },
		{ { "price", "lint", NULL }, "takes one file" },
		{ { "explain", NULL }, "takes one id" },
		{ { "import", NULL }, "name the files" },
		{ { "send", NULL }, "name the files" },
		{ { "send", "--rate", "fast", "x", NULL }, "a whole number" },
		{ { "send", "--source", "a\xff", "x", NULL }, "without control characters" },
		{ { "quarantine", "show", "x", NULL }, "the number of one line" },
		{ { "quarantine", "list", "--reason", "x", NULL }, "no such reason" },
		{ { "verify", "--ledger", NULL }, "--ledger needs a value" },
	};
	struct cli *cli = *state;
	char none[KIT_PATH_BYTES + 16];

	/* Neither a ledger nor its absence is worth a word then. */
	snprintf(none, sizeof(none), "%s/none.db", cli->kit.folder);
	for (size_t i = 0; i < 2 * (sizeof(rows) / sizeof(rows[0])); i++) {
		const size_t at = i / 2;

		setenv("TOLL_LEDGER", i % 2 == 0 ? cli->kit.path : none, 1);
		tollrun_release(&cli->run);
		tollrun_start(&cli->run, rows[at].words, NULL, NULL);
		tollrun_wait(&cli->run);
		TOLLRUN_EXPECT(&cli->run, 2);
		TOLLRUN_SAYS(&cli->run, rows[at].says);
		assert_int_equal(cli->run.out.len, 0);
	}
}

static void test_reading_makes_no_ledger(void **state)
{
	struct cli *cli = *state;
	char path[KIT_PATH_BYTES + 16];
	struct stat file;

	snprintf(path, sizeof(path), "%s/none.db", cli->kit.folder);
	TOLLRUN(&cli->run, "report", "--ledger", path);
	TOLLRUN_EXPECT(&cli->run, 3);
	TOLLRUN_SAYS(&cli->run, "there is no ledger");
	assert_int_equal(stat(path, &file), -1);
}

static void test_a_result_that_cannot_be_written_is_a_failure(void **state)
{
	static const char *const commands[][3] = {
		{ "report", NULL },  { "status", NULL },        { "verify", NULL },
		{ "formats", NULL }, { "price", "list", NULL }, { "help", NULL },
	};
	struct cli *cli = *state;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		tollrun_release(&cli->run);
		tollrun_start(&cli->run, commands[i], NULL, "/dev/full");
		tollrun_wait(&cli->run);
		TOLLRUN_EXPECT(&cli->run, 3);
		TOLLRUN_SAYS(&cli->run, "standard output: No space left on device");
	}
}

static void test_standard_input_is_a_file_too(void **state)
{
	struct cli *cli = *state;
	static const char *const words[] = { "import", "--json", "--source", "gw-9", "-", NULL };

	tollrun_release(&cli->run);
	/* Blank lines before the hello, a CR before the newline, and no newline at the end. */
	tollrun_start(
		&cli->run, words,
		kit_quotes("\r\n "
	                   "\n{'toll':1,'source':'gw-8'}\n{'id':'x1','time':'2026-11-22T08:00:00Z',"
	                   "'account':'a','model':'m',"
	                   "'api':'toll','usage':{'input':1}}\r\n\r\n"
	                   "{'id':'x2','time':'2026-11-22T08:00:00Z','account':'a','model':'m',"
	                   "'api':'toll','usage':{'input':1}}"),
		NULL);
	tollrun_wait(&cli->run);
	TOLLRUN_EXPECT(&cli->run, 0);
	expect_verdicts(&cli->run, "2 0 0 2 0 0");
	TOLLRUN_SAYS(&cli->run, "the ledger has no price book");
	/* The file's own hello is nearer than the option. */
	TOLLRUN(&cli->run, "report", "--by", "source", "--csv");
	TOLLRUN_SAYS(&cli->run, "\ngw-8,2,");
}

static void test_help_of_every_command_fits_eighty_columns(void **state)
{
	static const char *const commands[][5] = {
		{ "help", NULL },
		{ "report", "--help", NULL },
		{ "help", "quarantine", NULL },
		{ "quarantine", "list", "--help", NULL },
		{ "help", "price", "apply", NULL },
		{ "send", "-h", NULL },
	};
	struct cli *cli = *state;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		tollrun_release(&cli->run);
		tollrun_start(&cli->run, commands[i], NULL, NULL);
		tollrun_wait(&cli->run);
		TOLLRUN_EXPECT(&cli->run, 0);
		TOLLRUN_SAYS(&cli->run, "Usage: toll ");
		output_fits(buf_text(&cli->run.out));
	}
}

static int free_doc(void **state)
{
	(void)state;
	json_release(&doc);
	return 0;
}

#define CLI_TEST(test, start) cmocka_unit_test_setup_teardown(test, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLI_TEST(test_import_twice_stores_once, begin),
		CLI_TEST(test_import_applies_no_broken_book_and_reads_nothing_then, begin),
		CLI_TEST(test_import_that_cannot_begin_makes_no_ledger, begin),
		CLI_TEST(test_import_of_a_held_ledger_says_to_send, begin),
		CLI_TEST(test_report_is_a_table_of_eighty_columns, begin_imported),
		CLI_TEST(test_what_has_no_rate_is_not_shown_as_free, begin_imported),
		CLI_TEST(test_an_error_beside_what_has_no_rate_makes_it_no_freer, begin_imported),
		CLI_TEST(test_report_says_the_same_as_csv_and_as_json, begin_imported),
		CLI_TEST(test_report_takes_half_open_ranges_of_three_kinds, begin_imported),
		CLI_TEST(test_explain_shows_the_whole_arithmetic, begin_imported),
		CLI_TEST(test_explain_asks_which_source_is_meant, begin_imported),
		CLI_TEST(test_explain_without_a_book_says_to_apply_one, begin),
		CLI_TEST(test_a_changed_amount_is_found_by_explain_and_verify, begin_imported),
		CLI_TEST(test_verify_shows_a_thousand_differences_and_counts_the_rest,
		         begin_imported),
		CLI_TEST(test_verify_that_fails_half_way_writes_json_all_the_same, begin_imported),
		CLI_TEST(test_verify_of_a_sound_ledger_is_silent_about_nothing, begin_imported),
		CLI_TEST(test_status_names_the_book_and_the_writer, begin_imported),
		CLI_TEST(test_suspense_is_listed_and_priced_once_the_book_has_a_rate,
		         begin_imported),
		CLI_TEST(test_quarantine_shows_each_line_as_it_was_sent, begin_imported),
		CLI_TEST(test_price_books_are_checked_applied_listed_and_shown, begin_imported),
		CLI_TEST(test_wrong_use_exits_2_and_says_what_to_do, begin),
		CLI_TEST(test_reading_makes_no_ledger, begin),
		CLI_TEST(test_a_result_that_cannot_be_written_is_a_failure, begin_imported),
		CLI_TEST(test_standard_input_is_a_file_too, begin),
		CLI_TEST(test_help_of_every_command_fits_eighty_columns, begin),
	};

	return cmocka_run_group_tests_name("cli", tests, NULL, free_doc);
}
