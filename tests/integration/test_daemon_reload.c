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

#include "ledger/books.h"
#include "tests/support/daemonkit.h"

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
static int ask_to_apply(const struct buf *book)
{
	struct buf request = { .at = NULL };
	int fd = daemonkit_connect(kit.control);

	assert_true(fd >= 0);
	buf_add_cstr(&request, "{\"change\":\"price.apply\",\"book\":");
	buf_add_json(&request, buf_text(book));
	buf_add_cstr(&request, ",\"note\":\"large\"}\n");
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

static void test_events_are_acknowledged_while_a_large_book_is_stored(void **state)
{
	struct buf book = { .at = NULL }, reply = { .at = NULL }, line = { .at = NULL };
	struct money before, after;
	int control, gateway, between = 0;
	struct wire_ack ack;
	char id[32];

	(void)state;
	make_large_book(&book);
	daemonkit_start(&kit, NULL);
	gateway = daemonkit_hello(&kit, "gw", true);
	control = ask_to_apply(&book);
	wait_parts(1);
	for (int sent = 1; !has_replied(control); sent++) {
		snprintf(id, sizeof(id), "between-%d", sent);
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
	/* Whoever has the reply has the prices. */
	before = daemonkit_verified_amount(&kit);
	daemonkit_send_one(&kit, "behind", &ack);
	after = daemonkit_verified_amount(&kit);
	assert_true(after.attos - before.attos ==
	            (KIT_EVENT_NANOS + 2 * KIT_EVENT_INPUT * 1000) * (wide)ATTOS_PER_NANO);
	close(control);
	close(gateway);
	assert_int_equal(daemonkit_stop(&kit), 0);
	buf_release(&line);
	buf_release(&reply);
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
		control = ask_to_apply(&book);
		wait_parts(parts[i]);
		daemonkit_kill(&kit);
		close(control);
		if (ledger_open_reader(&reader, kit.ledger, &fault) < 0 ||
		    ledger_book_current(reader, &current, &fault) < 0)
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
	control = ask_to_apply(&book);
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
	control = ask_to_apply(&book);
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
		T(test_a_kill_in_the_midst_leaves_one_book_or_the_other),
		T(test_an_end_in_the_midst_refuses_the_book),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("reload", tests, NULL, NULL);
}
