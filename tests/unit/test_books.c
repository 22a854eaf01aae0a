#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "ledger/books.h"
#include "tests/support/ledgerkit.h"

/* A book of the models a and b, where b has two versions: three prices. */
static struct book *book_of(const char *name, const char *currency, const char *price)
{
	struct fault fault = { .code = FAULT_NONE };
	struct buf json = { .at = NULL };
	struct book *book = NULL;

	buf_addf(&json,
	         "{\"pricebook\":1,\"name\":\"%s\",\"currency\":\"%s\",\"models\":["
	         "{\"model\":\"a\",\"versions\":[{\"effective_from\":\"2026\",\"rates\":["
	         "{\"component\":\"input\",\"per_million\":\"%s\"}]}]},"
	         "{\"model\":\"b\",\"versions\":[{\"effective_from\":\"2026\",\"rates\":["
	         "{\"component\":\"input\",\"per_million\":\"%s\"}]},{\"effective_from\":\"2026-"
	         "07\","
	         "\"rates\":[{\"component\":\"input\",\"per_million\":\"%s\"}]}]}]}",
	         name, currency, price, price, price);
	if (book_load(&book, buf_text(&json), NULL, &fault) < 0)
		fail_msg("%s", fault.text);
	buf_release(&json);
	return book;
}

static int apply(struct ledgerkit *kit, const struct book *book, int64_t now_ms,
                 int64_t *first_price, bool *changed, struct fault *fault)
{
	return ledger_book_apply(kit->ledger, book, BOOK_SELL, now_ms, text_of("uid 0"),
	                         text_of("why"), first_price, changed, fault);
}

static void expect_applied(struct ledgerkit *kit, const struct book *book, int64_t now_ms,
                           int64_t first_price, bool changed)
{
	struct fault fault = { .code = FAULT_NONE };
	int64_t got_price = 0;
	bool got_changed = !changed;

	if (apply(kit, book, now_ms, &got_price, &got_changed, &fault) < 0)
		fail_msg("%s", fault.text);
	assert_int_equal(got_price, first_price);
	assert_int_equal(got_changed, changed);
}

static void expect_current(struct ledgerkit *kit, const struct book *book, int64_t first_price)
{
	struct applied_book current;

	assert_int_equal(ledger_book_current(kit->ledger, BOOK_SELL, &current, NULL), 0);
	assert_int_equal(current.first_price, first_price);
	assert_string_equal(book_hash(current.book), book_hash(book));
	assert_true(text_equal(book_json(current.book), book_json(book)));
	book_free(current.book);
}

static void test_a_new_ledger_has_no_book(void **state)
{
	struct ledgerkit *kit = *state;
	struct applied_book current = { (struct book *)kit, 7 };

	assert_int_equal(ledger_book_current(kit->ledger, BOOK_SELL, &current, NULL), 0);
	assert_null(current.book);
	assert_int_equal(current.first_price, 0);
}

static void test_each_version_of_each_book_has_a_price_id_for_ever(void **state)
{
	struct ledgerkit *kit = *state;
	struct book *one = book_of("one", "USD", "1"), *two = book_of("two", "USD", "2");
	const struct book_version *version = NULL;
	const struct book *book = NULL;

	expect_applied(kit, one, 100, 1, true);
	expect_current(kit, one, 1);
	expect_applied(kit, two, 200, 4, true);
	expect_current(kit, two, 4);
	/* The first one again: the ids it had. */
	expect_applied(kit, one, 300, 1, true);
	kit_shut(kit);
	kit_reopen(kit);
	expect_current(kit, one, 1);
	for (int64_t price = 1; price <= 6; price++) {
		const struct book *expected = price < 4 ? one : two;

		assert_int_equal(ledger_price_version(kit->ledger, price, &version, &book, NULL),
		                 0);
		assert_string_equal(book_hash(book), book_hash(expected));
		assert_int_equal(version->ordinal, (price - 1) % 3);
		assert_int_equal(ledger_price_version(kit->ledger, price, NULL, NULL, NULL), 0);
	}
	book_free(one);
	book_free(two);
}

static void test_the_book_in_force_again_changes_nothing(void **state)
{
	struct ledgerkit *kit = *state;
	struct book *one = book_of("one", "USD", "1");

	expect_applied(kit, one, 100, 1, true);
	expect_applied(kit, one, 200, 1, false);
	kit_shut(kit);
	assert_int_equal(kit_sql_int(kit, "SELECT count(*) FROM book_log"), 1);
	assert_int_equal(kit_sql_int(kit, "SELECT count(*) FROM book"), 1);
	kit_reopen(kit);
	book_free(one);
}

static int add_log_row(void *context, const struct book_log_row *row)
{
	buf_addf(context, "%lld %lld %.*s %.*s %.*s '%.*s' %lld+%lld%s; ", (long long)row->seq,
	         (long long)row->applied_ms, TEXT_ARGS(row->name), TEXT_ARGS(row->currency),
	         TEXT_ARGS(row->who), TEXT_ARGS(row->note), (long long)row->first_price,
	         (long long)row->versions, row->in_force ? " in force" : "");
	return 0;
}

static int stop_at_once(void *context, const struct book_log_row *row)
{
	(void)row;
	++*(int *)context;
	return 42;
}

static void test_the_history_of_books_is_told_newest_first(void **state)
{
	struct ledgerkit *kit = *state;
	struct book *one = book_of("one", "USD", "1"), *two = book_of("two", "USD", "2");
	struct buf log = { .at = NULL };
	int calls = 0;

	expect_applied(kit, one, 100, 1, true);
	expect_applied(kit, two, 200, 4, true);
	expect_applied(kit, one, 300, 1, true);
	assert_int_equal(ledger_each_book(kit->ledger, add_log_row, &log, NULL), 0);
	assert_string_equal(log.at,
	                    "3 300 one USD uid 0 'why' 1+3 in force; "
	                    "2 200 two USD uid 0 'why' 4+3; 1 100 one USD uid 0 'why' 1+3; ");
	assert_int_equal(ledger_each_book(kit->ledger, stop_at_once, &calls, NULL), 42);
	assert_int_equal(calls, 1);
	buf_release(&log);
	book_free(one);
	book_free(two);
}

static int add_side(void *context, const struct book_log_row *row)
{
	buf_addf(context, "%lld %s %.*s%s; ", (long long)row->seq, book_side_name(row->side),
	         TEXT_ARGS(row->name), row->in_force ? " in force" : "");
	return 0;
}

/* What is sold and what is paid by do not touch each other; one book may be both. */
static void test_each_side_has_its_own_book_in_force(void **state)
{
	struct ledgerkit *kit = *state;
	struct book *one = book_of("one", "USD", "1"), *two = book_of("two", "USD", "2");
	struct book *euro = book_of("euro", "EUR", "1");
	struct fault fault = { .code = FAULT_NONE };
	struct applied_book current = { NULL, 7 };
	struct buf log = { .at = NULL };
	int64_t first_price = 0;
	bool changed = false;

	expect_applied(kit, one, 100, 1, true);
	assert_int_equal(ledger_book_current(kit->ledger, BOOK_COST, &current, NULL), 0);
	assert_null(current.book);
	assert_int_equal(ledger_book_apply(kit->ledger, euro, BOOK_COST, 150, text_of(""),
	                                   text_of(""), &first_price, &changed, &fault),
	                 -FAULT_INVALID);
	assert_string_equal(fault.text,
	                    "the book is in EUR, the ledger in USD: a ledger has one currency");
	for (int again = 0; again < 2; again++) {
		assert_int_equal(ledger_book_apply(kit->ledger, two, BOOK_COST, 200, text_of(""),
		                                   text_of(""), &first_price, &changed, NULL),
		                 0);
		assert_int_equal(first_price, 4);
		assert_int_equal(changed, again == 0);
	}
	expect_current(kit, one, 1);
	/* The same book, in force on the other side already. */
	expect_applied(kit, two, 300, 4, true);
	assert_int_equal(ledger_book_current(kit->ledger, BOOK_COST, &current, NULL), 0);
	assert_int_equal(current.first_price, 4);
	book_free(current.book);
	assert_int_equal(ledger_each_book(kit->ledger, add_side, &log, NULL), 0);
	assert_string_equal(log.at, "3 sell two in force; 2 cost two in force; 1 sell one; ");
	buf_release(&log);
	book_free(one);
	book_free(two);
	book_free(euro);
}

/* Nor is there a sell book of another currency where only a cost book is in force. */
static void test_a_cost_book_alone_decides_the_currency(void **state)
{
	struct ledgerkit *kit = *state;
	struct book *one = book_of("one", "USD", "1"), *euro = book_of("euro", "EUR", "1");
	struct fault fault = { .code = FAULT_NONE };
	int64_t first_price = 0;
	bool changed = false;

	assert_int_equal(ledger_book_apply(kit->ledger, euro, BOOK_COST, 100, text_of(""),
	                                   text_of(""), &first_price, &changed, NULL),
	                 0);
	assert_int_equal(apply(kit, one, 200, &first_price, &changed, &fault), -FAULT_INVALID);
	book_free(one);
	book_free(euro);
}

static void test_a_book_of_another_currency_is_refused_whole(void **state)
{
	struct ledgerkit *kit = *state;
	struct book *one = book_of("one", "USD", "1"), *euro = book_of("euro", "EUR", "1");
	struct fault fault = { .code = FAULT_NONE };
	int64_t first_price = -7;
	bool changed = false;

	expect_applied(kit, one, 100, 1, true);
	assert_int_equal(apply(kit, euro, 200, &first_price, &changed, &fault), -FAULT_INVALID);
	assert_string_equal(fault.text,
	                    "the book is in EUR, the ledger in USD: a ledger has one currency");
	assert_int_equal(first_price, -7);
	expect_current(kit, one, 1);
	/* The refusal left no transaction behind. */
	assert_int_equal(kit_send_usage(kit, "a", "2026-08-01T10:00:00Z", "a", "{\"input\":1}"),
	                 INGEST_UNPRICED);
	book_free(one);
	book_free(euro);
}

static void test_a_book_is_found_by_the_beginning_of_its_hash(void **state)
{
	struct ledgerkit *kit = *state;
	struct book *one = book_of("one", "USD", "1");
	struct fault fault = { .code = FAULT_NONE };
	struct buf json = { .at = NULL };
	struct text hash = text_of(book_hash(one));
	char other[SHA256_HEX_BYTES];

	expect_applied(kit, one, 100, 1, true);
	for (size_t digits = 8; digits <= 64; digits += 8) {
		hash.len = digits;
		assert_int_equal(ledger_book_json(kit->ledger, hash, &json, &fault), 0);
		assert_true(text_equal(buf_text(&json), book_json(one)));
	}
	hash.len = 7;
	assert_int_equal(ledger_book_json(kit->ledger, hash, &json, &fault), -FAULT_INVALID);
	snprintf(other, sizeof(other), "%s", book_hash(one));
	other[63] = other[63] == '0' ? '1' : '0';
	assert_int_equal(ledger_book_json(kit->ledger, text_of(other), &json, &fault),
	                 -FAULT_NOT_FOUND);
	/* Two books that begin alike: nobody guesses. */
	kit_shut(kit);
	snprintf(other, sizeof(other), "%s", book_hash(one));
	kit_sql(kit,
	        "INSERT INTO book (hash, name, currency, first_price, versions, json) SELECT "
	        "substr(hash, 1, 60) || 'ffff', name, currency, 100, versions, json FROM book");
	kit_reopen(kit);
	buf_clear(&json);
	buf_add_cstr(&json, "as it was");
	assert_int_equal(ledger_book_json(kit->ledger, (struct text){ other, 8 }, &json, &fault),
	                 -FAULT_INVALID);
	assert_true(text_is(buf_text(&json), "as it was"));
	assert_non_null(strstr(fault.text, "more than one book begins so"));
	assert_int_equal(ledger_book_json(kit->ledger, text_of(other), &json, &fault), 0);
	buf_release(&json);
	book_free(one);
}

static void test_a_price_that_no_book_has_is_corrupt(void **state)
{
	static const int64_t prices[] = { 0, -1, 4, 1000 };
	struct ledgerkit *kit = *state;
	struct book *one = book_of("one", "USD", "1");
	struct fault fault = { .code = FAULT_NONE };

	expect_applied(kit, one, 100, 1, true);
	for (size_t i = 0; i < sizeof(prices) / sizeof(prices[0]); i++) {
		assert_int_equal(ledger_price_version(kit->ledger, prices[i], NULL, NULL, &fault),
		                 -FAULT_CORRUPT);
		assert_non_null(strstr(fault.text, "no book holds price"));
	}
	book_free(one);
}

static void test_a_stored_book_that_was_changed_is_corrupt(void **state)
{
	static const struct {
		const char *sql, *text;
	} rows[] = {
		{ "UPDATE book SET json = replace(json, '2026-07', '2025-07')",
		  "a stored price book cannot be read: " },
		{ "UPDATE book SET versions = 4", "a stored price book has lost versions" },
	};
	struct ledgerkit *kit = *state;
	struct book *one = book_of("one", "USD", "1");

	expect_applied(kit, one, 100, 1, true);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fault fault = { .code = FAULT_NONE };

		kit_shut(kit);
		kit_sql(kit, rows[i].sql);
		kit_reopen(kit);
		assert_int_equal(ledger_price_version(kit->ledger, 1, NULL, NULL, &fault),
		                 -FAULT_CORRUPT);
		if (strstr(fault.text, rows[i].text) == NULL)
			fail_msg("%s: %s", rows[i].sql, fault.text);
		kit_shut(kit);
		kit_sql(kit,
		        "UPDATE book SET versions = 3, json = replace(json, '2025-07', '2026-07')");
		kit_reopen(kit);
	}
	expect_current(kit, one, 1);
	book_free(one);
}

/* The book is named by its hash: one price changed by hand must not pass for it. */
static void test_a_stored_book_must_have_its_hash(void **state)
{
	struct ledgerkit *kit = *state;
	struct book *one = book_of("one", "USD", "1");
	struct fault fault = { .code = FAULT_NONE };
	struct applied_book current = { NULL, 0 };

	expect_applied(kit, one, 100, 1, true);
	kit_shut(kit);
	kit_sql(kit, "UPDATE book SET json = replace(json, '\"per_million\":\"1\"', "
	             "'\"per_million\":\"2\"')");
	kit_reopen(kit);
	assert_int_equal(ledger_price_version(kit->ledger, 1, NULL, NULL, &fault), -FAULT_CORRUPT);
	assert_non_null(strstr(fault.text, "a stored price book is not the one that was applied"));
	assert_int_equal(ledger_book_current(kit->ledger, BOOK_SELL, &current, &fault),
	                 -FAULT_CORRUPT);
	assert_null(current.book);
	book_free(one);
}

static void test_an_event_keeps_its_price_when_a_new_book_comes(void **state)
{
	struct ledgerkit *kit = *state;
	struct book *one = book_of("one", "USD", "1");

	kit_price(kit, book_json(one).at);
	kit_send_usage(kit, "x", "2026-08-01T10:00:00Z", "b", "{\"input\":1000000}");
	book_free(one);
	one = book_of("two", "USD", "2");
	kit_price(kit, book_json(one).at);
	kit_send_usage(kit, "y", "2026-08-01T10:00:00Z", "b", "{\"input\":1000000}");
	assert_string_equal(kit_events(kit), "x=3:1.00 y=6:2.00");
	kit_verify_clean(kit);
	book_free(one);
}

/* More books than a handle keeps parsed: each price is found all the same, in any order. */
static void test_prices_of_more_books_than_are_kept_are_found(void **state)
{
	enum { BOOKS = 1100 };
	struct ledgerkit *kit = *state;
	char price[16], expected[16];

	for (int i = 0; i < BOOKS; i++) {
		struct book *book;

		snprintf(price, sizeof(price), "%d", i + 1);
		book = book_of("many", "USD", price);
		expect_applied(kit, book, i + 1, 3 * i + 1, true);
		book_free(book);
	}
	for (int i = 0; i < 2 * BOOKS; i++) {
		int at = i < BOOKS ? i : 2 * BOOKS - 1 - i;
		const struct book_version *version = NULL;
		const struct book *book = NULL;
		char text[MONEY_TEXT_BYTES];

		assert_int_equal(
			ledger_price_version(kit->ledger, 3 * at + 2, &version, &book, NULL), 0);
		assert_ptr_equal(version, book_version(book, 1));
		rate_text(version->card.rates[0].rate, 1000000, text);
		snprintf(expected, sizeof(expected), "%d.00", at + 1);
		assert_string_equal(text, expected);
	}
}

/* --- a book that is stored in pieces --------------------------------------- */

enum { LARGE_PARTS = 4 };

/* The book of book_of() with so many further models that it takes LARGE_PARTS pieces. */
static struct book *large_book(const char *name)
{
	struct fault fault = { .code = FAULT_NONE };
	struct buf json = { .at = NULL };
	struct book *book = NULL;

	buf_addf(&json, "{\"pricebook\":1,\"name\":\"%s\",\"currency\":\"USD\",\"models\":[", name);
	for (int i = 0; json.len <= (LARGE_PARTS - 1) * (size_t)BOOK_PART_BYTES; i++)
		buf_addf(&json,
		         "%s{\"model\":\"\u00e4-%d\",\"versions\":[{\"effective_from\":\"2026\","
		         "\"rates\":[{\"component\":\"input\",\"per_million\":\"1\"}]}]}",
		         i > 0 ? "," : "", i);
	buf_add_cstr(&json, "]}");
	if (book_load(&book, buf_text(&json), NULL, &fault) < 0)
		fail_msg("%s", fault.text);
	buf_release(&json);
	assert_in_range(book_json(book).len, (LARGE_PARTS - 1) * BOOK_PART_BYTES + 1,
	                LARGE_PARTS * BOOK_PART_BYTES);
	return book;
}

/* Of one column, as somebody else reads it while the writer has the ledger open. */
static int64_t seen(const struct ledgerkit *kit, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *stmt = NULL;
	int64_t value = -1;

	assert_int_equal(sqlite3_open_v2(kit->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	if (sqlite3_step(stmt) == SQLITE_ROW)
		value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return value;
}

#define PART_BYTES "SELECT coalesce(sum(length(json)), 0) FROM book_part"
#define PARTS      "SELECT count(*) FROM book_part"

static struct book_apply apply_of(const struct book *book)
{
	return (struct book_apply){
		.book = book, .now_ms = 100, .who = text_of("uid 0"), .note = text_of("why")
	};
}

/* So many steps of it, each with more to come. */
static void take_steps(struct ledgerkit *kit, struct book_apply *apply, int steps)
{
	struct fault fault = { .code = FAULT_NONE };
	bool more = true;

	while (steps-- > 0) {
		if (ledger_book_apply_step(kit->ledger, apply, &more, &fault) < 0)
			fail_msg("%s", fault.text);
		assert_true(more);
	}
}

static void test_a_large_book_is_stored_in_pieces_and_the_old_one_holds_until_the_last(void **state)
{
	struct ledgerkit *kit = *state;
	struct book *one = book_of("one", "USD", "1"), *large = large_book("large");
	struct book_apply apply = apply_of(large);
	struct fault fault = { .code = FAULT_NONE };
	struct buf json = { .at = NULL };
	const struct book *found = NULL;
	int64_t before = 0;
	bool more = true;

	expect_applied(kit, one, 50, 1, true);
	for (int i = 0; more; i++) {
		char id[32];
		int64_t bytes;

		/* What comes between two steps is stored, and rated by the old one. */
		expect_current(kit, one, 1);
		assert_int_equal(seen(kit, "SELECT count(*) FROM book_log"), 1);
		snprintf(id, sizeof(id), "between-%d", i);
		kit_send_usage(kit, id, "2026-08-01T10:00:00Z", "a", "{\"input\":1}");
		assert_int_equal(seen(kit, "SELECT sum(events) FROM watermark"), i + 1);
		if (ledger_book_apply_step(kit->ledger, &apply, &more, &fault) < 0)
			fail_msg("%s", fault.text);
		bytes = seen(kit, PART_BYTES);
		assert_in_range(bytes - before, 1, BOOK_PART_BYTES);
		before = bytes;
		assert_int_equal(more, i < LARGE_PARTS - 1);
	}
	assert_int_equal(before, book_json(large).len);
	assert_true(apply.changed);
	assert_int_equal(apply.first_price, 4);
	expect_current(kit, large, 4);
	kit_shut(kit);
	kit_reopen(kit);
	expect_current(kit, large, 4);
	assert_int_equal(ledger_book_json(kit->ledger, text_of(book_hash(large)), &json, &fault),
	                 0);
	assert_true(text_equal(buf_text(&json), book_json(large)));
	assert_int_equal(ledger_price_version(kit->ledger, 5, NULL, &found, &fault), 0);
	assert_string_equal(book_hash(found), book_hash(large));
	kit_verify_clean(kit);
	/* It is there: putting it in force again stores nothing. */
	expect_applied(kit, one, 300, 1, true);
	expect_applied(kit, large, 400, 4, true);
	assert_int_equal(seen(kit, PARTS), LARGE_PARTS);
	buf_release(&json);
	book_free(large);
	book_free(one);
}

static void test_what_is_left_of_a_book_is_taken_out_by_the_next_writer(void **state)
{
	struct ledgerkit *kit = *state;
	struct book *one = book_of("one", "USD", "1"), *large = large_book("large");
	struct book_apply apply = apply_of(large);

	expect_applied(kit, one, 50, 1, true);
	take_steps(kit, &apply, LARGE_PARTS - 1);
	assert_int_equal(seen(kit, PARTS), LARGE_PARTS - 1);
	/* A reader may come just then: nothing is wrong. */
	kit_verify_clean(kit);
	kit_shut(kit);
	assert_int_equal(seen(kit, PARTS), LARGE_PARTS - 1);
	kit_reopen(kit);
	assert_int_equal(seen(kit, PARTS), 0);
	expect_current(kit, one, 1);
	expect_applied(kit, large, 200, 4, true);
	kit_verify_clean(kit);
	kit_shut(kit);
	kit_reopen(kit);
	/* What belongs to a book is nothing that is left. */
	assert_int_equal(seen(kit, PARTS), LARGE_PARTS);
	expect_current(kit, large, 4);
	book_free(large);
	book_free(one);
}

/* Begins `begun`, then applies `book`: `there` pieces are of other books. */
static void expect_cleaned(struct ledgerkit *kit, const struct book *begun, const struct book *book,
                           int64_t there, int64_t first_price)
{
	struct book_apply left = apply_of(begun), apply = apply_of(book);

	take_steps(kit, &left, 2);
	assert_int_equal(seen(kit, PARTS), there + 2);
	for (int piece = 1; piece >= 0; piece--) {
		take_steps(kit, &apply, 1);
		assert_int_equal(seen(kit, PARTS), there + piece);
	}
	take_steps(kit, &apply, LARGE_PARTS - 1);
	assert_int_equal(seen(kit, PARTS), there + LARGE_PARTS - 1);
	expect_applied(kit, book, 200, first_price, true);
	assert_int_equal(seen(kit, PARTS), there + LARGE_PARTS);
}

/* Of the same book, and of another one: a piece a step, too. */
static void test_what_is_left_of_a_book_is_taken_out_by_the_next_application(void **state)
{
	struct ledgerkit *kit = *state;
	struct book *large = large_book("large"), *other = large_book("other");
	struct book *never = large_book("never");

	expect_cleaned(kit, large, large, 0, 1);
	expect_cleaned(kit, never, other, LARGE_PARTS, 1 + (int64_t)book_version_count(large));
	kit_verify_clean(kit);
	book_free(large);
	book_free(other);
	book_free(never);
}

/* A start that had no space to take it out knows nothing of it, and the book must still go in. */
static void test_what_is_left_of_the_same_book_is_never_in_its_way(void **state)
{
	struct ledgerkit *kit = *state;
	struct book *large = large_book("large");
	struct buf sql = { .at = NULL };
	sqlite3 *other = NULL;

	buf_addf(&sql, "INSERT INTO book_part (hash, part, json) VALUES ('%s', 1, x'61')",
	         book_hash(large));
	assert_false(sqlite3_open(kit->path, &other) ||
	             sqlite3_db_config(other, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) ||
	             sqlite3_exec(other, sql.at, NULL, NULL, NULL));
	sqlite3_close(other);
	expect_applied(kit, large, 100, 1, true);
	expect_current(kit, large, 1);
	assert_int_equal(seen(kit, PARTS), LARGE_PARTS);
	buf_release(&sql);
	book_free(large);
}

static void test_a_piece_that_is_lost_or_changed_is_named(void **state)
{
	static const char *const damages[] = {
		"DELETE FROM book_part WHERE part = 1",
		"DELETE FROM book_part",
		"UPDATE book_part SET json = CAST(replace(json, 'large', 'small') AS BLOB)",
		"UPDATE book_part SET part = 9 WHERE part = 0",
	};
	struct ledgerkit *kit = *state;
	struct book *large = large_book("large");

	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct applied_book current = { .book = NULL };
		struct fault fault = { .code = FAULT_NONE };
		struct buf findings = { .at = NULL };

		expect_applied(kit, large, 100, 1, true);
		kit_shut(kit);
		kit_sql(kit, damages[i]);
		kit_reopen(kit);
		if (ledger_book_current(kit->ledger, BOOK_SELL, &current, &fault) != -FAULT_CORRUPT)
			fail_msg("%s: %s", damages[i], fault.text);
		if (kit_verify(kit, &findings) == 0 || strncmp(findings.at, "book ", 5) != 0)
			fail_msg("%s: not found", damages[i]);
		buf_release(&findings);
		kit_close(kit);
		kit_open(kit);
	}
	book_free(large);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_new_ledger_has_no_book),
		T(test_each_version_of_each_book_has_a_price_id_for_ever),
		T(test_the_book_in_force_again_changes_nothing),
		T(test_the_history_of_books_is_told_newest_first),
		T(test_each_side_has_its_own_book_in_force),
		T(test_a_cost_book_alone_decides_the_currency),
		T(test_a_book_of_another_currency_is_refused_whole),
		T(test_a_book_is_found_by_the_beginning_of_its_hash),
		T(test_a_price_that_no_book_has_is_corrupt),
		T(test_a_stored_book_that_was_changed_is_corrupt),
		T(test_a_stored_book_must_have_its_hash),
		T(test_an_event_keeps_its_price_when_a_new_book_comes),
		T(test_prices_of_more_books_than_are_kept_are_found),
		T(test_a_large_book_is_stored_in_pieces_and_the_old_one_holds_until_the_last),
		T(test_what_is_left_of_a_book_is_taken_out_by_the_next_writer),
		T(test_what_is_left_of_a_book_is_taken_out_by_the_next_application),
		T(test_what_is_left_of_the_same_book_is_never_in_its_way),
		T(test_a_piece_that_is_lost_or_changed_is_named),
	};

	return cmocka_run_group_tests_name("books", tests, NULL, NULL);
}
