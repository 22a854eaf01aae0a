/* A large price book is put in force beside events, and through a kill. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "ledger/books.h"
#include "tests/support/daemonkit.h"

/* What an event costs by the large book. */
#define LARGE_EVENT_NANOS (KIT_EVENT_NANOS + 2 * KIT_EVENT_INPUT * INT64_C(1000))

enum { LARGE_BYTES = 12 * 1024 * 1024, LARGE_PARTS = LARGE_BYTES / BOOK_PART_BYTES };

static struct daemonkit kit;

static int begin(void **state)
{
	(void)state;
	daemonkit_begin(&kit);
	return 0;
}

static int end(void **state)
{
	(void)state;
	daemonkit_end(&kit);
	return 0;
}

/* m/a at another price than in daemonkit_book, and as many others as it takes. */
static void make_large_book(struct buf *book)
{
	buf_add_cstr(book, "{\"pricebook\":1,\"name\":\"large\",\"currency\":\"USD\",\"models\":["
	                   "{\"model\":\"m/a\",\"versions\":[{\"effective_from\":\"2020-01-01\","
	                   "\"rates\":[{\"component\":\"input\",\"per_million\":\"3\"},"
	                   "{\"component\":\"output\",\"per_million\":\"2\"}]}]}");
	for (int i = 0; book->len < LARGE_BYTES; i++)
		buf_addf(book,
		         ",\n{\"model\":\"filler/%d\",\"note\":\"%0200d\",\"versions\":[{"
		         "\"effective_from\":\"2020-01-01\",\"rates\":[{\"component\":\"input\","
		         "\"per_million\":\"1\"}]}]}",
		         i, i);
	buf_add_cstr(book, "]}\n");
	assert_int_equal(book->error, 0);
}

/* What others see; -1: there is no table yet, or it is busy. */
static int64_t seen(const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *stmt = NULL;
	int64_t value = -1;

	if (sqlite3_open_v2(kit.ledger, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW)
		value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return value;
}

/* Asks for it over the control socket; the reply will come there. */
static int ask_to_apply(const struct buf *book, enum book_side side)
{
	struct buf request = { .at = NULL };
	int fd = daemonkit_connect(kit.control);

	assert_true(fd >= 0);
	buf_add_cstr(&request, "{\"change\":\"price.apply\",\"book\":");
	buf_add_json(&request, buf_text(book));
	buf_addf(&request, ",\"side\":\"%s\",\"note\":\"large\"}\n", book_side_name(side));
	daemonkit_send(fd, request.at, request.len);
	buf_release(&request);
	return fd;
}

static bool has_replied(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	return poll(&wait, 1, 0) > 0;
}

static void wait_parts(int64_t parts)
{
	while (seen("SELECT count(*) FROM book_part") < parts)
		usleep(1000);
}

/* Sends events until it is in force on that side; returns how many there were. */
static int apply_beside_events(const struct buf *book, enum book_side side)
{
	struct buf reply = { .at = NULL }, line = { .at = NULL };
	int gateway = daemonkit_hello(&kit, "gw", true), control = ask_to_apply(book, side);
	int sent = 0, between = 0;
	struct wire_ack ack;
	char id[32];

	wait_parts(1);
	while (!has_replied(control)) {
		snprintf(id, sizeof(id), "between-%d", ++sent);
		buf_clear(&line);
		daemonkit_event(&line, id);
		daemonkit_send(gateway, line.at, line.len);
		daemonkit_wait_ack(gateway, sent, &ack);
		between += !has_replied(control);
	}
	assert_true(between > 0);
	assert_true(daemonkit_line(control, &reply));
	assert_non_null(strstr(reply.at, "{\"ok\":true,\"hash\":"));
	assert_non_null(strstr(reply.at, "\"changed\":true}"));
	close(control);
	close(gateway);
	buf_release(&line);
	buf_release(&reply);
	return sent;
}

static void test_events_are_acknowledged_while_a_large_book_is_stored(void **state)
{
	struct buf book = { .at = NULL };
	struct money before, after;
	struct wire_ack ack;

	(void)state;
	make_large_book(&book);
	daemonkit_start(&kit, NULL);
	apply_beside_events(&book, BOOK_SELL);
	/* Whoever has the reply has the prices. */
	before = daemonkit_verified_amount(&kit);
	daemonkit_send_one(&kit, "behind", &ack);
	after = daemonkit_verified_amount(&kit);
	assert_true(after.attos - before.attos == LARGE_EVENT_NANOS * (wide)ATTOS_PER_NANO);
	assert_int_equal(daemonkit_stop(&kit), 0);
	buf_release(&book);
}

static void wait_applied(const char *what, const char *book)
{
	char hash[SHA256_HEX_BYTES], words[128];

	sha256_hex(book, strlen(book), hash);
	snprintf(words, sizeof(words), "%s book applied\" hash=%.12s", what, hash);
	daemonkit_wait_log(&kit, words);
}

/* The same of what we pay: from then on each event has a cost, and is sold as before. */
static void test_a_large_cost_book_is_stored_beside_events_and_the_other_book(void **state)
{
	struct buf book = { .at = NULL };
	struct wire_ack ack;
	struct money amount;
	char costs[DAEMONKIT_PATH_BYTES];
	int64_t costed;
	int sent;

	(void)state;
	make_large_book(&book);
	daemonkit_start(&kit, NULL);
	sent = apply_beside_events(&book, BOOK_COST);
	snprintf(costs, sizeof(costs), "%s/costs.json", kit.folder);
	daemonkit_write(costs, book.at);
	assert_int_equal(seen("SELECT count(*) FROM book_log WHERE side = 1"), 1);
	assert_int_equal(seen("SELECT sum(length(json)) FROM book_part"), book.len);
	assert_int_equal(seen("SELECT max(length(json)) FROM book_part"), BOOK_PART_BYTES);
	costed = seen("SELECT count(*) FROM event WHERE cost_price IS NOT NULL");
	/* Whoever has the reply has the costs. */
	daemonkit_send_one(&kit, "behind", &ack);
	assert_int_equal(seen("SELECT count(*) FROM event WHERE cost_price > 0"), costed + 1);
	assert_int_equal(seen("SELECT sum(cost_nanos) FROM event"),
	                 (costed + 1) * LARGE_EVENT_NANOS);
	amount = daemonkit_verified_amount(&kit);
	assert_true(amount.attos == (sent + 1) * KIT_EVENT_NANOS * (wide)ATTOS_PER_NANO);
	/* Both are found again, and a signal puts each of its file in force. */
	assert_int_equal(daemonkit_stop(&kit), 0);
	daemonkit_start(&kit, (const char *const[]){ "--cost-prices", costs, NULL });
	daemonkit_send_one(&kit, "again", &ack);
	costed += 2;
	assert_int_equal(seen("SELECT sum(cost_nanos) FROM event"), costed * LARGE_EVENT_NANOS);
	daemonkit_write(kit.prices, book.at);
	daemonkit_write(costs, daemonkit_book);
	kill(kit.pid, SIGHUP);
	wait_applied("cost", daemonkit_book);
	wait_applied("price", book.at);
	daemonkit_send_one(&kit, "turned", &ack);
	assert_int_equal(seen("SELECT sum(cost_nanos) FROM event"),
	                 costed * LARGE_EVENT_NANOS + KIT_EVENT_NANOS);
	amount = daemonkit_verified_amount(&kit);
	assert_true(amount.attos ==
	            ((sent + 2) * KIT_EVENT_NANOS + LARGE_EVENT_NANOS) * (wide)ATTOS_PER_NANO);
	assert_int_equal(daemonkit_stop(&kit), 0);
	buf_release(&book);
}

/* The old one is in force or the new one, whole; nothing of another is left. */
static void test_a_kill_in_the_midst_leaves_one_book_or_the_other(void **state)
{
	static const int64_t parts[] = { 1, LARGE_PARTS / 2, LARGE_PARTS };
	struct buf book = { .at = NULL }, reply = { .at = NULL };
	int control;

	(void)state;
	make_large_book(&book);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct ledger *reader = NULL;
		struct applied_book current = { .book = NULL };
		struct fault fault = { .code = FAULT_NONE };

		daemonkit_start(&kit, NULL);
		control = ask_to_apply(&book, BOOK_SELL);
		wait_parts(parts[i]);
		daemonkit_kill(&kit);
		close(control);
		if (ledger_open_reader(&reader, kit.ledger, &fault) < 0 ||
		    ledger_book_current(reader, BOOK_SELL, &current, &fault) < 0)
			fail_msg("%s", fault.text);
		assert_true(text_equal(book_json(current.book), buf_text(&book)) ||
		            text_is(book_json(current.book), daemonkit_book));
		book_free(current.book);
		ledger_close(reader);
		daemonkit_verified_amount(&kit);
		/* Its prices setting puts the small one in force where it is not. */
		daemonkit_start(&kit, NULL);
		assert_int_equal(seen("SELECT count(*) FROM book_part WHERE hash NOT IN "
		                      "(SELECT hash FROM book)"),
		                 0);
		assert_int_equal(daemonkit_stop(&kit), 0);
	}
	daemonkit_start(&kit, NULL);
	control = ask_to_apply(&book, BOOK_SELL);
	assert_true(daemonkit_line(control, &reply));
	assert_non_null(strstr(reply.at, "{\"ok\":true,\"hash\":"));
	close(control);
	daemonkit_verified_amount(&kit);
	assert_int_equal(seen("SELECT sum(length(json)) FROM book_part"), book.len);
	assert_int_equal(daemonkit_stop(&kit), 0);
	buf_release(&reply);
	buf_release(&book);
}

/* The book is not in force half: whoever asked is told, and the next start takes the rest out. */
static void test_an_end_in_the_midst_refuses_the_book(void **state)
{
	struct buf book = { .at = NULL }, reply = { .at = NULL };
	int control;

	(void)state;
	make_large_book(&book);
	daemonkit_start(&kit, NULL);
	control = ask_to_apply(&book, BOOK_SELL);
	wait_parts(1);
	kill(kit.pid, SIGTERM);
	assert_true(daemonkit_line(control, &reply));
	assert_int_equal(daemonkit_wait_exit(&kit), 0);
	/* It may have been as good as done. */
	if (strstr(reply.at, "{\"ok\":true") == NULL) {
		assert_non_null(strstr(reply.at, "{\"ok\":false,\"fault\":\"closed\""));
		assert_int_equal(seen("SELECT count(*) FROM book_log"), 1);
	}
	daemonkit_start(&kit, NULL);
	daemonkit_verified_amount(&kit);
	assert_int_equal(daemonkit_stop(&kit), 0);
	close(control);
	buf_release(&reply);
	buf_release(&book);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		T(test_events_are_acknowledged_while_a_large_book_is_stored),
		T(test_a_large_cost_book_is_stored_beside_events_and_the_other_book),
		T(test_a_kill_in_the_midst_leaves_one_book_or_the_other),
		T(test_an_end_in_the_midst_refuses_the_book),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("reload", tests, NULL, NULL);
}
