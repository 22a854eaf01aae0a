/* The built `toll`: price export and price lint --listing, from a file and from a ledger. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"
#include "catalogue/publish.h"
#include "price/book.h"
#include "tests/support/ledgerkit.h"
#include "tests/support/tollrun.h"

#define RICH   "tests/support/publish_book.json"
#define SAMPLE "packaging/pricebook.sample.json"

static void test_wrong_use_is_told(void **state)
{
	struct tollrun run = { .out_fd = -1, .err_fd = -1 };

	(void)state;
	TOLLRUN(&run, "price", "export", RICH);
	TOLLRUN_EXPECT(&run, 2);
	TOLLRUN_SAYS(&run,
	             "--format NAME is due: openrouter-v2.4, openrouter-legacy, litellm, html, "
	             "markdown, csv\n");
	TOLLRUN(&run, "price", "export", "--format", "openrouter", RICH);
	TOLLRUN_EXPECT(&run, 2);
	TOLLRUN_SAYS(&run, "there is no format openrouter: openrouter-v2.4,");
	TOLLRUN(&run, "price", "export", "--format", "csv", RICH, SAMPLE);
	TOLLRUN_EXPECT(&run, 2);
	TOLLRUN_SAYS(&run, "price export takes one book, or none");
	TOLLRUN(&run, "price", "export", "--format", "csv", "--at", "yesterday", RICH);
	TOLLRUN_EXPECT(&run, 2);
	TOLLRUN_SAYS(&run, "--at yesterday: a time is due, 2026-01-31T08:00:00Z");
	tollrun_release(&run);
}

static void test_formats_lists_what_can_be_published(void **state)
{
	struct tollrun run = { .out_fd = -1, .err_fd = -1 };

	(void)state;
	TOLLRUN(&run, "formats", "--csv");
	TOLLRUN_EXPECT(&run, 0);
	for (size_t i = 0; publish_form(i) != NULL; i++) {
		struct buf row = { .at = NULL };

		buf_addf(&row, "\nprice list,%s,", publish_form(i)->name);
		if (strstr(run.out.at, row.at) == NULL)
			fail_msg("%s", row.at);
		buf_release(&row);
	}
	TOLLRUN_SAYS(&run, "\nprice list,csv,");
	tollrun_release(&run);
}

static void test_a_book_in_a_file_needs_no_ledger(void **state)
{
	struct tollrun run = { .out_fd = -1, .err_fd = -1 };
	struct json doc = { .nodes = NULL };

	(void)state;
	TOLLRUN(&run, "price", "export", "--format", "openrouter-v2.4", "--at", "2026-11-30", RICH);
	TOLLRUN_EXPECT(&run, 1);
	assert_int_equal(json_parse(&doc, buf_text(&run.out), NULL), 0);
	assert_int_equal(doc.nodes[json_member(&doc, 0, "data")].count, 8);
	assert_non_null(strstr(run.err.at, "toll: acme/weekend: pages: not written: "));
	assert_non_null(strstr(run.err.at, "toll: acme/weekend: note: left out: "));
	TOLLRUN(&run, "price", "export", "--format", "openrouter-v2.4", "--at", "2026-11-30",
	        "--partial", RICH);
	TOLLRUN_EXPECT(&run, 1);
	assert_int_equal(json_parse(&doc, buf_text(&run.out), NULL), 0);
	assert_int_equal(doc.nodes[json_member(&doc, 0, "data")].count, 9);
	TOLLRUN(&run, "price", "export", "--format", "csv", RICH);
	TOLLRUN_EXPECT(&run, 0);
	assert_int_equal(strncmp(run.out.at, "model,effective_from,entry,component,price,", 43), 0);
	assert_null(strstr(run.out.at, "secret"));
	TOLLRUN(&run, "price", "export", "--format", "html", RICH);
	TOLLRUN_EXPECT(&run, 0);
	assert_null(strstr(run.out.at, "secret"));
	TOLLRUN(&run, "price", "export", "--format", "html", "build/no-such-book.json");
	TOLLRUN_EXPECT(&run, 3);
	json_release(&doc);
	tollrun_release(&run);
}

/* A moment before and after the price cut of the sample. */
static void test_at_chooses_the_prices(void **state)
{
	struct tollrun run = { .out_fd = -1, .err_fd = -1 };

	(void)state;
	TOLLRUN(&run, "price", "export", "--format", "litellm", "--at", "2026-06-30T23:59:59.999Z",
	        SAMPLE);
	TOLLRUN_SAYS(&run, "{\"acme/llama-4-70b\":{\"mode\":\"chat\",\"input_cost_per_token\":"
	                   "0.0000008,");
	TOLLRUN(&run, "price", "export", "--format", "litellm", "--at", "2026-07-01", SAMPLE);
	TOLLRUN_SAYS(&run, "{\"acme/llama-4-70b\":{\"mode\":\"chat\",\"input_cost_per_token\":"
	                   "0.00000065,");
	TOLLRUN(&run, "price", "export", "--format", "litellm", "--at", "2025", SAMPLE);
	TOLLRUN_EXPECT(&run, 0);
	assert_string_equal(run.out.at, "{}\n");
	TOLLRUN_SAYS(&run, "acme/llama-4-70b: note: no price is in force at that time\n");
	tollrun_release(&run);
}

static void test_a_book_with_an_error_is_not_published(void **state)
{
	struct tollrun run = { .out_fd = -1, .err_fd = -1 };
	struct ledgerkit kit;
	char path[KIT_PATH_BYTES], out[KIT_PATH_BYTES];

	(void)state;
	kit_open(&kit);
	snprintf(out, sizeof(out), "%s/out", kit.folder);
	kit_write(&kit, path, "book.json",
	          "{'pricebook':1,'currency':'USD','models':[{'model':'a','listing':{"
	          "'created':'now'},'versions':[]}]}");
	TOLLRUN(&run, "price", "export", "--format", "html", path, "-o", out);
	TOLLRUN_EXPECT(&run, 3);
	TOLLRUN_SAYS(&run, "line 1: models[0].listing.created: a whole number from 0 to "
	                   "9007199254740991 is due\n");
	assert_int_not_equal(access(out, F_OK), 0);
	kit_write(&kit, path, "book.json",
	          "{'pricebook':1,'currency':'EUR','models':[{'model':'a','versions':[{"
	          "'effective_from':'2026','rates':[{'component':'input','per_million':'1'}]}]"
	          "}]}");
	TOLLRUN(&run, "price", "export", "--format", "litellm", path, "-o", out);
	TOLLRUN_EXPECT(&run, 3);
	TOLLRUN_SAYS(&run, "the format has prices in USD, the book in EUR");
	assert_int_not_equal(access(out, F_OK), 0);
	kit_close(&kit);
	tollrun_release(&run);
}

static void test_the_book_of_a_ledger_is_published(void **state)
{
	struct tollrun run = { .out_fd = -1, .err_fd = -1 };
	struct buf file = { .at = NULL };
	struct book *book = NULL;
	struct ledgerkit kit;
	char out[KIT_PATH_BYTES], hash[9];

	(void)state;
	kit_open(&kit);
	snprintf(out, sizeof(out), "%s/out", kit.folder);
	kit_shut(&kit);
	TOLLRUN(&run, "price", "export", "--format", "csv", "--ledger", kit.path);
	TOLLRUN_EXPECT(&run, 3);
	TOLLRUN_SAYS(&run, "the ledger has no price book: name a file, or toll price apply one");
	TOLLRUN(&run, "price", "apply", SAMPLE, "--ledger", kit.path);
	TOLLRUN_EXPECT(&run, 0);
	TOLLRUN(&run, "price", "apply", RICH, "--ledger", kit.path);
	TOLLRUN_EXPECT(&run, 0);
	TOLLRUN(&run, "price", "export", "--format", "csv", "--ledger", kit.path);
	TOLLRUN_EXPECT(&run, 0);
	TOLLRUN_SAYS(&run, "acme/chat,");
	assert_int_equal(book_load_file(&book, SAMPLE, NULL, NULL), 0);
	snprintf(hash, sizeof(hash), "%.8s", book_hash(book));
	TOLLRUN(&run, "price", "export", "--format", "csv", hash, "--ledger", kit.path, "-o", out);
	TOLLRUN_EXPECT(&run, 0);
	assert_int_equal(run.out.len, 0);
	assert_int_equal(buf_read_file(&file, out, BUF_BYTES_MAX, NULL), 0);
	assert_non_null(strstr(file.at, "\nacme/llama-4-70b,"));
	assert_null(strstr(file.at, "acme/chat"));
	TOLLRUN(&run, "price", "export", "--format", "csv", "0123456789", "--ledger", kit.path);
	TOLLRUN_EXPECT(&run, 3);
	book_free(book);
	buf_release(&file);
	kit_close(&kit);
	tollrun_release(&run);
}

static void test_lint_tells_what_a_listing_lacks(void **state)
{
	struct tollrun run = { .out_fd = -1, .err_fd = -1 };
	struct json doc = { .nodes = NULL };

	(void)state;
	TOLLRUN(&run, "price", "lint", SAMPLE);
	TOLLRUN_EXPECT(&run, 0);
	TOLLRUN_SAYS_NOT(&run, "listing");
	TOLLRUN(&run, "price", "lint", "--listing", SAMPLE);
	TOLLRUN_EXPECT(&run, 1);
	TOLLRUN_SAYS_NOT(&run, "models[0]");
	TOLLRUN_SAYS(&run, SAMPLE ": line ");
	TOLLRUN_SAYS(&run, ": models[1].listing.name: missing: the name that people read\n");
	TOLLRUN_SAYS(&run, ": models[1].listing.created: missing for openrouter-legacy: ");
	TOLLRUN_SAYS(&run, ": models[1].listing.description: advised: ");
	TOLLRUN(&run, "price", "lint", "--listing", "--json", SAMPLE);
	TOLLRUN_EXPECT(&run, 1);
	assert_int_equal(json_parse(&doc, buf_text(&run.out), NULL), 0);
	assert_true(json_type_of(&doc, json_member(&doc, 0, "ok")) == JSON_TRUE);
	assert_true(doc.nodes[json_member(&doc, 0, "listing")].count > 10);
	TOLLRUN(&run, "price", "lint", "--json", SAMPLE);
	TOLLRUN_SAYS_NOT(&run, "\"listing\"");
	json_release(&doc);
	tollrun_release(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong_use_is_told),
		cmocka_unit_test(test_formats_lists_what_can_be_published),
		cmocka_unit_test(test_a_book_in_a_file_needs_no_ledger),
		cmocka_unit_test(test_at_chooses_the_prices),
		cmocka_unit_test(test_a_book_with_an_error_is_not_published),
		cmocka_unit_test(test_the_book_of_a_ledger_is_published),
		cmocka_unit_test(test_lint_tells_what_a_listing_lacks),
	};

	return cmocka_run_group_tests_name("price export", tests, NULL, NULL);
}
