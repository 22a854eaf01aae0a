#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/changes.h"
#include "daemon/prices.h"
#include "ingest/change.h"
#include "tests/support/ledgerkit.h"
#include "tests/support/output.h"

enum { UNTOUCHED = 4711 };

#define BOOK(name, currency, rate)                                                                 \
	"{'pricebook':1,'name':'" name "','currency':'" currency                                   \
	"','models':[{'model':'m','versions':[{'effective_from':'2026','rates':["                  \
	"{'component':'input','each':'" rate "'}]}]}]}"
#define BOOK_ONE  BOOK("one", "USD", "0.5")
#define BOOK_TWO  BOOK("two", "USD", "0.25")
#define BOOK_EURO BOOK("euro", "EUR", "1")
/* Two errors, each in a line of its own. */
#define BOOK_BAD  "{'pricebook':1,\n'currency':'usd',\n'models':[]}"

static int times(const char *log, const char *words)
{
	int count = 0;

	for (; (log = strstr(log, words)) != NULL; log++)
		count++;
	return count;
}

/* A file of the test's folder with a book in it; valid until the next call. */
static const char *file_with(const struct ledgerkit *kit, const char *book)
{
	static char path[KIT_PATH_BYTES];
	FILE *file;

	snprintf(path, sizeof(path), "%s/book.json", kit->folder);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(kit_quotes(book), file) >= 0);
	assert_int_equal(fclose(file), 0);
	return path;
}

static struct book *loaded(const struct ledgerkit *kit, const char *book)
{
	struct fault fault = { .code = FAULT_NONE };
	struct book *out = NULL;

	if (prices_load(&out, file_with(kit, book), &fault) < 0)
		fail_msg("%s", fault.text);
	return out;
}

/* What is no book, one way or another. */
static const struct bad_row {
	const char *label, *book; /* NULL: what stands at `name` is none */
	const char *name;
	int code;
	const char *words;
	int errors; /* lines of the log that name one */
} bad[] = {
	{ "no file", NULL, "missing.json", -FAULT_NOT_FOUND, "No such file", 0 },
	{ "a file that cannot be read", NULL, "ledger.db/x", -FAULT_IO, "Not a directory", 0 },
	{ "a folder", NULL, ".", -FAULT_INVALID, "not a regular file", 0 },
	{ "a pipe", NULL, "pipe", -FAULT_INVALID, "not a regular file", 0 },
	{ "nothing in it", "", NULL, -FAULT_SYNTAX, "line 1", 1 },
	{ "no JSON", "{\n}}", NULL, -FAULT_SYNTAX, "line 2, column 2", 1 },
	{ "two errors", BOOK_BAD, NULL, -FAULT_INVALID, "has 2 errors", 2 },
};

enum { BAD_ROWS = sizeof(bad) / sizeof(bad[0]) };

static const char *bad_path(const struct ledgerkit *kit, const struct bad_row *row)
{
	static char path[KIT_PATH_BYTES];

	if (row->book != NULL)
		return file_with(kit, row->book);
	snprintf(path, sizeof(path), "%s/%s", kit->folder, row->name);
	if (strcmp(row->name, "pipe") == 0)
		mkfifo(path, 0600);
	return path;
}

static void test_a_book_is_loaded_from_its_file(void **state)
{
	struct book *book = loaded(*state, BOOK_ONE);

	assert_true(text_is(book_name(book), "one"));
	assert_true(text_is(book_json(book), kit_quotes(BOOK_ONE)));
	book_free(book);
}

static void test_what_is_no_book_is_refused_and_every_error_is_logged(void **state)
{
	struct ledgerkit *kit = *state;
	struct book *const before = loaded(kit, BOOK_ONE);

	for (int i = 0; i < BAD_ROWS; i++) {
		struct fault fault = { .code = FAULT_NONE };
		const char *path = bad_path(kit, &bad[i]), *log;
		struct book *book = before;
		int r;

		output_catch();
		r = prices_load(&book, path, &fault);
		log = output_caught();
		if (r != bad[i].code || (int)fault.code != -r ||
		    strstr(fault.text, bad[i].words) == NULL)
			fail_msg("%s: %d %s", bad[i].label, r, fault.text);
		/* Each with the file it stands in. */
		if (times(log, "level=error msg=\"price book\"") != bad[i].errors ||
		    times(log, path) != bad[i].errors)
			fail_msg("%s: %s", bad[i].label, log);
		assert_ptr_equal(book, before);
		output_catch();
		r = prices_load(&book, path, NULL);
		output_caught();
		assert_int_equal(r, bad[i].code);
	}
	book_free(before);
}

static void test_the_log_has_the_line_of_each_error(void **state)
{
	struct ledgerkit *kit = *state;
	struct book *book = NULL;
	const char *log;

	output_catch();
	prices_load(&book, file_with(kit, BOOK_BAD), NULL);
	log = output_caught();
	assert_non_null(strstr(log, "error=\"line 2: currency: "));
	assert_non_null(strstr(log, "error=\"line 3: models: "));
}

/* "NAME by WHO of FILE" of every application, the oldest first; this process is "us". */
static const char *applied(struct ledgerkit *kit)
{
	char sql[512];
	const char *text;

	snprintf(sql, sizeof(sql),
	         "SELECT group_concat(b.name || ' by ' || iif(who = 'uid %u', 'us', who) || "
	         "' of ' || note, '; ') FROM book_log JOIN book b ON b.id = book",
	         geteuid());
	kit_shut(kit);
	text = kit_sql_text(kit, sql);
	kit_reopen(kit);
	return text;
}

static void expect_applied(struct ledgerkit *kit, const char *label, const char *expected)
{
	const char *got = applied(kit);

	if (strcmp(got, expected) != 0)
		fail_msg("%s: %s", label, got);
}

static void test_the_start_puts_the_setting_in_force_or_takes_what_the_ledger_has(void **state)
{
	static const char none[] = "no price book: every event waits in suspense";
	static const char replaces[] = "the prices setting replaces the price book in force";
	static const struct {
		const char *label, *in_ledger, *in_file;
		const char *in_force; /* NULL: none */
		const char *applied, *log, *silent;
	} rows[] = {
		{ "none at all", NULL, NULL, NULL, "(null)", none, replaces },
		{ "none set", BOOK_ONE, NULL, "one", "one by test of ", NULL, none },
		{ "none in force", NULL, BOOK_ONE, "one", "one by us of a/b.json",
		  "price book applied", replaces },
		{ "the same", BOOK_ONE, BOOK_ONE, "one", "one by test of ", "price book unchanged",
		  replaces },
		{ "another", BOOK_ONE, BOOK_TWO, "two", "one by test of ; two by us of a/b.json",
		  replaces, none },
	};
	struct ledgerkit *kit = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct applied_book book = { .book = NULL };
		struct fault fault = { .code = FAULT_NONE };
		struct book *file = rows[i].in_file != NULL ? loaded(kit, rows[i].in_file) : NULL;
		const char *log;
		int r;

		if (rows[i].in_ledger != NULL)
			kit_price(kit, kit_quotes(rows[i].in_ledger));
		output_catch();
		r = prices_at_start(kit->ledger, BOOK_SELL, file, "a/b.json", &book, &fault);
		log = output_caught();
		if (r != 0 || (book.book != NULL) != (rows[i].in_force != NULL) ||
		    (r == 0 && book.book != NULL &&
		     !text_is(book_name(book.book), rows[i].in_force)))
			fail_msg("%s: %d %s", rows[i].label, r, fault.text);
		if ((rows[i].log != NULL && strstr(log, rows[i].log) == NULL) ||
		    strstr(log, rows[i].silent) != NULL)
			fail_msg("%s: %s", rows[i].label, log);
		/* Prices of the second book come behind those of the first. */
		if (book.book != NULL)
			assert_int_equal(book.first_price, strcmp(rows[i].in_force, "two") ? 1 : 2);
		book_free(book.book);
		expect_applied(kit, rows[i].label, rows[i].applied);
		kit_close(kit);
		kit_open(kit);
	}
}

/* The book that was loaded is taken over all the same, which the address sanitizer sees. */
static void test_a_start_that_fails_changes_nothing(void **state)
{
	struct ledgerkit *kit = *state;
	struct applied_book book = { .first_price = UNTOUCHED };
	struct fault fault = { .code = FAULT_NONE };
	struct book *file = loaded(kit, BOOK_EURO);

	kit_price(kit, kit_quotes(BOOK_ONE));
	assert_int_equal(prices_at_start(kit->ledger, BOOK_SELL, file, "b.json", &book, &fault),
	                 -FAULT_INVALID);
	assert_non_null(strstr(fault.text, "the book is in EUR, the ledger in USD"));
	assert_null(book.book);
	expect_applied(kit, "another currency", "one by test of ");
	/* A book of the ledger that is not what was applied. */
	kit_shut(kit);
	kit_sql(kit, "UPDATE book SET json = '{}'");
	kit_reopen(kit);
	for (int i = 0; i < 2; i++) {
		file = i == 0 ? loaded(kit, BOOK_TWO) : NULL;
		assert_int_equal(
			prices_at_start(kit->ledger, BOOK_SELL, file, "b.json", &book, &fault),
			-FAULT_CORRUPT);
		assert_null(book.book);
	}
	assert_int_equal(book.first_price, UNTOUCHED);
}

static enum book_side other_side(enum book_side side)
{
	return side == BOOK_SELL ? BOOK_COST : BOOK_SELL;
}

/* A reload as the daemon makes it, of the file at `path`; 0, or as its last step. */
static int reload(struct ledgerkit *kit, enum book_side side, const char *path,
                  struct applied_book *book_out, struct fault *fault)
{
	struct batch *batch = batch_new(0);
	bool more = true;
	int r = 0;

	assert_non_null(batch);
	batch->kind = BATCH_RELOAD;
	batch->side = side;
	buf_add_cstr(&batch->request, path);
	snprintf(batch->who, sizeof(batch->who), "SIGHUP");
	changes_prepare(batch);
	if (batch->job != NULL)
		r = change_open(batch->job, kit->ledger, fault);
	while (batch->job != NULL && r == 0 && more)
		r = change_step(batch->job, &more, fault);
	assert_true(batch->job == NULL || !change_moved_book(batch->job, other_side(side)));
	if (batch->job != NULL && r == 0 && change_moved_book(batch->job, side))
		*book_out = change_take_book(batch->job);
	if (batch->job != NULL && r == 0)
		prices_tell(side, batch->job, book_out->book, path);
	batch_free(batch);
	return r;
}

static void test_a_reload_puts_a_new_book_in_force_and_tells_only_a_new_one(void **state)
{
	struct ledgerkit *kit = *state;
	struct applied_book book = { .book = NULL };
	struct fault fault = { .code = FAULT_NONE };
	char expected[256];
	const char *path;

	kit_price(kit, kit_quotes(BOOK_ONE));
	path = file_with(kit, BOOK_ONE);
	output_catch();
	assert_int_equal(reload(kit, BOOK_SELL, path, &book, &fault), 0);
	assert_non_null(strstr(output_caught(), "msg=\"price book unchanged\" hash="));
	assert_null(book.book);
	file_with(kit, BOOK_TWO);
	output_catch();
	assert_int_equal(reload(kit, BOOK_SELL, path, &book, &fault), 0);
	assert_non_null(strstr(output_caught(), "msg=\"price book applied\" hash="));
	assert_non_null(book.book);
	assert_true(text_is(book_name(book.book), "two"));
	assert_int_equal(book.first_price, 2);
	book_free(book.book);
	snprintf(expected, sizeof(expected), "one by test of ; two by SIGHUP of %s", path);
	expect_applied(kit, "new", expected);
}

/* The cost book: of its own setting, in its own words, beside what is sold by. */
static void test_the_cost_book_is_started_and_reloaded_beside_the_other(void **state)
{
	struct ledgerkit *kit = *state;
	struct applied_book cost = { .book = NULL }, sell = { .book = NULL };
	struct fault fault = { .code = FAULT_NONE };
	const char *log;

	assert_int_equal(prices_setting(BOOK_SELL), SETTING_PRICES);
	assert_int_equal(prices_setting(BOOK_COST), SETTING_COST_PRICES);
	kit_price(kit, kit_quotes(BOOK_ONE));
	output_catch();
	assert_int_equal(prices_at_start(kit->ledger, BOOK_COST, NULL, "", &cost, &fault), 0);
	log = output_caught();
	/* None is no reason to warn: nothing waits for it. */
	assert_string_equal(log, "");
	assert_null(cost.book);
	output_catch();
	assert_int_equal(prices_at_start(kit->ledger, BOOK_COST, loaded(kit, BOOK_TWO), "c.json",
	                                 &cost, &fault),
	                 0);
	log = output_caught();
	assert_non_null(strstr(log, "cost book applied"));
	assert_true(text_is(book_name(cost.book), "two"));
	book_free(cost.book);
	cost.book = NULL;
	output_catch();
	assert_int_equal(reload(kit, BOOK_COST, file_with(kit, BOOK_EURO), &cost, &fault), 0);
	log = output_caught();
	assert_non_null(strstr(log, "cost book refused, the old one stays"));
	assert_null(cost.book);
	output_catch();
	assert_int_equal(reload(kit, BOOK_COST, file_with(kit, BOOK_TWO), &cost, &fault), 0);
	assert_non_null(strstr(output_caught(), "msg=\"cost book unchanged\" hash="));
	assert_null(cost.book);
	/* The book that is sold by, on this side too: it is there, and applied. */
	output_catch();
	assert_int_equal(reload(kit, BOOK_COST, file_with(kit, BOOK_ONE), &cost, &fault), 0);
	assert_non_null(strstr(output_caught(), "msg=\"cost book applied\" hash="));
	assert_true(text_is(book_name(cost.book), "one"));
	assert_int_equal(cost.first_price, 1);
	book_free(cost.book);
	cost.book = NULL;
	output_catch();
	assert_int_equal(prices_at_start(kit->ledger, BOOK_COST, loaded(kit, BOOK_TWO), "d.json",
	                                 &cost, &fault),
	                 0);
	log = output_caught();
	assert_non_null(strstr(log, "the cost_prices setting replaces the cost book in force"));
	book_free(cost.book);
	assert_int_equal(ledger_book_current(kit->ledger, BOOK_SELL, &sell, NULL), 0);
	assert_true(text_is(book_name(sell.book), "one"));
	book_free(sell.book);
}

static void test_a_reload_that_is_refused_keeps_the_old_book(void **state)
{
	static const struct bad_row euro = {
		"another currency", BOOK_EURO, NULL, -FAULT_INVALID, "EUR", 0,
	};
	struct ledgerkit *kit = *state;

	kit_price(kit, kit_quotes(BOOK_ONE));
	for (int i = 0; i <= BAD_ROWS; i++) {
		const struct bad_row *row = i < BAD_ROWS ? &bad[i] : &euro;
		struct applied_book book = { .book = NULL };
		struct fault fault = { .code = FAULT_NONE };
		const char *path = bad_path(kit, row), *log;
		int r;

		output_catch();
		r = reload(kit, BOOK_SELL, path, &book, &fault);
		log = output_caught();
		if (r != 0 || book.book != NULL || fault.code != FAULT_NONE)
			fail_msg("%s: %d %s", row->label, r, fault.text);
		if (times(log, "price book refused, the old one stays") != 1 ||
		    strstr(log, fault_name(row->code)) == NULL || strstr(log, row->words) == NULL)
			fail_msg("%s: %s", row->label, log);
	}
	expect_applied(kit, "refused", "one by test of ");
}

/* Not the book's trouble: whoever called must know, and may try again. */
static void test_a_ledger_that_cannot_be_written_is_a_failure_of_the_reload(void **state)
{
	struct ledgerkit *kit = *state;
	struct applied_book book = { .book = NULL };
	struct fault fault = { .code = FAULT_NONE };
	const char *path = file_with(kit, BOOK_TWO);
	sqlite3 *other = NULL;

	kit_price(kit, kit_quotes(BOOK_ONE));
	assert_int_equal(sqlite3_open(kit->path, &other), SQLITE_OK);
	sqlite3_db_config(other, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(reload(kit, BOOK_SELL, path, &book, &fault), -FAULT_BUSY);
	assert_int_equal(fault.code, FAULT_BUSY);
	assert_null(book.book);
	assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
	assert_int_equal(reload(kit, BOOK_SELL, path, &book, &fault), 0);
	assert_non_null(book.book);
	book_free(book.book);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_book_is_loaded_from_its_file),
		T(test_what_is_no_book_is_refused_and_every_error_is_logged),
		T(test_the_log_has_the_line_of_each_error),
		T(test_the_start_puts_the_setting_in_force_or_takes_what_the_ledger_has),
		T(test_a_start_that_fails_changes_nothing),
		T(test_a_reload_puts_a_new_book_in_force_and_tells_only_a_new_one),
		T(test_the_cost_book_is_started_and_reloaded_beside_the_other),
		T(test_a_reload_that_is_refused_keeps_the_old_book),
		T(test_a_ledger_that_cannot_be_written_is_a_failure_of_the_reload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
