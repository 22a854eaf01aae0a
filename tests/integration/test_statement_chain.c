/* What a user does at the end of a month: fetch a statement, look at it, hold the ledger to it. */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "tests/support/daemonkit.h"
#include "tests/support/ledgerkit.h"
#include "tests/support/tollrun.h"
#include "tests/support/webserver.h"

/* As in http_apis.py, where a generation of 10 + 25 tokens, 3 of them cached, costs 0.0015. */
#define KEY "sk-test-secret-of-ours"
#define BOOK                                                                                       \
	"{'pricebook':1,'name':'chain','currency':'USD','as':{'reasoning':'output'},'models':[{"   \
	"'model':'acme/llama-4-70b','versions':[{'effective_from':'2025-01-01','rates':["          \
	"{'component':'input','per_million':'100'},{'component':'cache_read',"                     \
	"'per_million':'100'},{'component':'output','per_million':'%s'}]}]}]}"
#define EVENT                                                                                      \
	"{'id':'%s','source':'gw','time':'2025-08-01T10:00:00.123Z','account':'a','key':'k',"      \
	"'model':'acme/llama-4-70b','api':'openai.chat','usage':{'prompt_tokens':10,"              \
	"'prompt_tokens_details':{'cached_tokens':3},'completion_tokens':25,"                      \
	"'completion_tokens_details':{'reasoning_tokens':5}},'finish_reason':'stop'}"

enum { LINE_BYTES = 1024, PATH_BYTES = KIT_PATH_BYTES };

static struct webserver web;
static struct tollrun run;
static struct ledgerkit kit;
static char statement[PATH_BYTES + 8], ids[PATH_BYTES + 8], base[WEBSERVER_URL_BYTES];

static int start(void **state)
{
	(void)state;
	unsetenv("https_proxy");
	unsetenv("all_proxy");
	setenv("COLUMNS", "100", 1);
	setenv("OPENROUTER_API_KEY", KEY, 1);
	webserver_start(&web);
	snprintf(base, sizeof(base), "%s", webserver_http(&web, "apis/plain"));
	return 0;
}

static int stop(void **state)
{
	(void)state;
	tollrun_release(&run);
	webserver_stop(&web);
	return 0;
}

/* A ledger with a request of each of these ids, at this price of a million tokens of output. */
static void make_ledger(const char *output_price, const char *const names[])
{
	char line[LINE_BYTES];

	kit_open(&kit);
	snprintf(line, sizeof(line), BOOK, output_price);
	kit_price(&kit, kit_quotes(line));
	for (; *names != NULL; names++) {
		snprintf(line, sizeof(line), EVENT, *names);
		assert_int_equal(kit_send(&kit, kit_quotes(line)), INGEST_ACCEPTED);
	}
	kit_shut(&kit);
	snprintf(statement, sizeof(statement), "%s/s.json", kit.folder);
	snprintf(ids, sizeof(ids), "%s/ids", kit.folder);
}

static int remove_one(const char *path, const struct stat *found, int type, struct FTW *ftw)
{
	(void)found;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void remove_pages(void)
{
	char pages[PATH_BYTES + 16];

	snprintf(pages, sizeof(pages), "%s.pages", statement);
	nftw(pages, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	remove(statement);
}

static void fetch(const char *list)
{
	daemonkit_write(ids, list);
	TOLLRUN(&run, "statement", "fetch", "--from", "openrouter-generation", "--ids", ids,
	        "--base-url", base, "-o", statement);
	TOLLRUN_EXPECT(&run, 0);
}

static void test_what_is_equal_is_equal_to_the_last_digit(void **state)
{
	static const char *const names[] = { "gen-1", "gen-2", NULL };

	(void)state;
	make_ledger("20", names);
	fetch("gen-1\ngen-2\n");
	TOLLRUN_SAYS(&run, "0.003 USD, of 2 rows");
	TOLLRUN(&run, "statement", "show", statement);
	TOLLRUN_EXPECT(&run, 0);
	TOLLRUN_SAYS(&run, "openrouter-generation");
	TOLLRUN_SAYS(&run, "0.003");
	TOLLRUN(&run, "reconcile", "--statement", statement, "--ledger", kit.path);
	TOLLRUN_EXPECT(&run, 0);
	TOLLRUN_SAYS(&run, "by id");
	TOLLRUN_SAYS(&run, "No difference, to the last digit.");
	remove_pages();
	kit_close(&kit);
}

/* One that they do not tell, and of both others a price that is ours alone. */
static void test_what_differs_is_found(void **state)
{
	static const char *const names[] = { "gen-1", "gen-2", "gen-3", NULL };

	(void)state;
	make_ledger("40", names);
	fetch("gen-1\ngen-2\n");
	TOLLRUN(&run, "reconcile", "--statement", statement, "--ledger", kit.path);
	TOLLRUN_EXPECT(&run, 1);
	/* Ours 3 times 0.002, theirs twice 0.0015. */
	TOLLRUN_SAYS(&run, "-0.003");
	TOLLRUN_SAYS(&run, "missing-there");
	TOLLRUN_SAYS(&run, "-0.002");
	TOLLRUN_SAYS(&run, "-0.001");
	remove_pages();
	kit_close(&kit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_equal_is_equal_to_the_last_digit),
		cmocka_unit_test(test_what_differs_is_found),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
