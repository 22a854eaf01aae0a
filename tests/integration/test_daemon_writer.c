/*
 * The one writer: what it commits when, changes and reloads beside events, and somebody else
 * who has the ledger.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/sockios.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/tail.h"
#include "ledger/books.h"
#include "tests/support/daemonkit.h"
#include "tests/support/fixture.h"

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

/* Another program that has the ledger for itself: a commit under way, for as long as we like. */
static sqlite3 *hold_ledger(void)
{
	sqlite3 *foreign = NULL;

	assert_int_equal(sqlite3_open(kit.ledger, &foreign), SQLITE_OK);
	sqlite3_busy_timeout(foreign, DAEMONKIT_WAIT_MS); /* the daemon may be at it just now */
	assert_int_equal(sqlite3_exec(foreign, "PRAGMA wal_autocheckpoint=0; BEGIN IMMEDIATE", NULL,
	                              NULL, NULL),
	                 SQLITE_OK);
	return foreign;
}

static void let_go(sqlite3 *foreign)
{
	assert_int_equal(sqlite3_exec(foreign, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(foreign);
}

/* Until the ledger has so many events, or more. */
static void wait_events(int64_t events)
{
	int64_t until = daemonkit_now_ms() + DAEMONKIT_WAIT_MS;

	while (daemonkit_status(&kit).events < events) {
		assert_true(daemonkit_now_ms() < until);
		usleep(1000);
	}
}

static int64_t first_price_of_current(void)
{
	struct applied_book book = { .book = NULL };
	struct ledger *ledger = NULL;
	int64_t first;

	assert_int_equal(ledger_open_reader(&ledger, kit.ledger, NULL), 0);
	assert_int_equal(ledger_book_current(ledger, BOOK_SELL, &book, NULL), 0);
	first = book.first_price;
	book_free(book.book);
	ledger_close(ledger);
	return first;
}

static void test_hangup_reloads_the_prices_and_keeps_the_old_on_an_error(void **state)
{
	static const char dearer[] =
		"{\"pricebook\":1,\"currency\":\"USD\",\"models\":[{\"model\":\"m/a\",\"versions\":"
		"[{\"effective_from\":\"2020-01-01\",\"rates\":["
		"{\"component\":\"input\",\"per_million\":\"3\"},"
		"{\"component\":\"output\",\"per_million\":\"0\"}]}]}]}";
	struct wire_ack ack;

	(void)state;
	daemonkit_start(&kit, NULL);
	daemonkit_send_one(&kit, "before", &ack);
	assert_int_equal(first_price_of_current(), 1);
	daemonkit_write(kit.prices,
	                "{\"pricebook\":1,\"models\":[{\"model\":\"m/a\",\"versions\":[]}]}");
	kill(kit.pid, SIGHUP);
	daemonkit_wait_log(&kit, "price book refused, the old one stays");
	assert_true(daemonkit_logged(&kit, "models[0].versions"));
	daemonkit_send_one(&kit, "between", &ack);
	assert_int_equal(ack.accepted, 1);
	assert_int_equal(first_price_of_current(), 1);
	daemonkit_write(kit.prices, dearer);
	kill(kit.pid, SIGHUP);
	daemonkit_wait_log(&kit, "versions=1 file=");
	for (int64_t until = daemonkit_now_ms() + DAEMONKIT_WAIT_MS;
	     first_price_of_current() != 2;) {
		assert_true(daemonkit_now_ms() < until);
		usleep(1000);
	}
	daemonkit_send_one(&kit, "after", &ack);
	assert_int_equal(daemonkit_stop(&kit), 0);
	/* 1000 x 1 + 10 x 2 twice, then 1000 x 3. */
	assert_true(daemonkit_verified_amount(&kit).attos ==
	            (wide)(2 * KIT_EVENT_NANOS + 3000000) * ATTOS_PER_NANO);
}

static void ask(const char *request, struct buf *reply)
{
	int fd = daemonkit_connect(kit.control);

	assert_true(fd >= 0);
	daemonkit_send(fd, request, strlen(request));
	assert_true(daemonkit_line(fd, reply));
	assert_false(daemonkit_silent(fd, DAEMONKIT_WAIT_MS)); /* closed */
	close(fd);
}

static void test_changes_come_over_the_control_socket(void **state)
{
	const char *const arguments[] = { "--ledger", kit.ledger, "--socket", kit.socket, NULL };
	struct buf request = { .at = NULL }, reply = { .at = NULL };
	struct wire_ack ack;
	int fd;

	(void)state;
	daemonkit_spawn(&kit, arguments); /* without prices */
	daemonkit_wait_log(&kit, "msg=\"ready\"");
	daemonkit_send_one(&kit, "early", &ack);
	assert_int_equal(ack.unpriced, 1);
	buf_add_cstr(&request, "{\"change\":\"price.apply\",\"book\":");
	buf_add_json(&request, text_of(daemonkit_book));
	buf_add_cstr(&request, "}\n");
	ask(request.at, &reply);
	assert_non_null(strstr(reply.at, "\"ok\":true"));
	ask("{\"change\":\"suspense.retry\"}\n", &reply);
	assert_non_null(strstr(reply.at, "\"priced\":1"));
	daemonkit_send_one(&kit, "late", &ack);
	assert_int_equal(ack.accepted, 1);
	assert_int_equal(daemonkit_stop(&kit), 0);
	/* A setting that names another book than the one applied by hand is not silent. */
	daemonkit_write(kit.prices,
	                "{\"pricebook\":1,\"currency\":\"USD\",\"models\":[{\"model\":\"m/b\","
	                "\"versions\":[{\"effective_from\":\"2020-01-01\",\"rates\":["
	                "{\"component\":\"input\",\"per_million\":\"1\"}]}]}]}");
	daemonkit_start(&kit, NULL);
	assert_true(daemonkit_logged(&kit, "the prices setting replaces the price book in force"));
	ask("{\"change\":\"dance\"}\n", &reply);
	assert_non_null(strstr(reply.at, "\"ok\":false"));
	ask("garbage\n", &reply);
	assert_non_null(strstr(reply.at, "\"ok\":false"));
	/* Asked and gone: it is done all the same, and the daemon lives. */
	fd = daemonkit_connect(kit.control);
	daemonkit_send_text(fd, "{\"change\":\"suspense.retry\"}\n");
	close(fd);
	close(daemonkit_connect(kit.control));
	assert_int_equal(daemonkit_stop(&kit), 0);
	assert_true(daemonkit_verified_amount(&kit).attos ==
	            (wide)2 * KIT_EVENT_NANOS * ATTOS_PER_NANO);
	buf_release(&request);
	buf_release(&reply);
}

/* Lines that are understood now, as an older version may have left them. */
static void hold_lines(int count)
{
	sqlite3 *ledger = NULL;
	char sql[512];

	assert_int_equal(sqlite3_open(kit.ledger, &ledger), SQLITE_OK);
	snprintf(
		sql, sizeof(sql),
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
		"INSERT INTO quarantine (source, reason, detail, first_ms, last_ms, times, length, "
		"raw, digest) SELECT 0, 'unknown-api', '', 1, 1, 1, length(l), l, randomblob(32) "
		"FROM (SELECT CAST(printf('{\"id\":\"held-%%d\",\"source\":\"gw\",\"time\":"
		"\"2026-01-02T03:04:05Z\",\"account\":\"a\",\"model\":\"m/a\",\"api\":\"toll\","
		"\"usage\":{\"input\":1}}', i) AS BLOB) AS l FROM n)",
		count);
	assert_int_equal(sqlite3_exec(ledger, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(ledger);
}

/* A long change goes in steps: events are acknowledged while it runs. */
static void test_events_pass_a_long_change_by(void **state)
{
	enum { HELD = 20000, PASSED_MIN = 5 };
	struct buf line = { .at = NULL }, reply = { .at = NULL };
	int control, fd, passed = 0;
	struct wire_ack ack;

	(void)state;
	daemonkit_start(&kit, NULL);
	assert_int_equal(daemonkit_stop(&kit), 0);
	hold_lines(HELD);
	daemonkit_start(&kit, NULL);
	control = daemonkit_connect(kit.control);
	fd = daemonkit_hello(&kit, "gw", true);
	daemonkit_send_text(control, "{\"change\":\"quarantine.retry\"}\n");
	while (daemonkit_silent(control, 0)) {
		char id[32];

		snprintf(id, sizeof(id), "passes-%d", passed);
		buf_clear(&line);
		daemonkit_event(&line, id);
		daemonkit_send(fd, line.at, line.len);
		daemonkit_wait_ack(fd, ++passed, &ack);
	}
	assert_true(daemonkit_line(control, &reply));
	buf_add_cstr(&reply, "");
	assert_non_null(strstr(reply.at, "\"ok\":true,\"tried\":20000,\"accepted\":20000,"));
	assert_true(passed >= PASSED_MIN);
	assert_int_equal(daemonkit_status(&kit).events, HELD + passed);
	close(control);
	close(fd);
	assert_int_equal(daemonkit_stop(&kit), 0);
	buf_release(&line);
	buf_release(&reply);
}

/* The end does not wait for all of it; what was done stays, and the rest can be asked for. */
static void test_the_end_cuts_a_long_change_between_two_steps(void **state)
{
	enum { HELD = 200000 }; /* seconds of steps, of which the end comes behind the first */
	struct buf reply = { .at = NULL };
	int64_t done, left;
	int control;

	(void)state;
	daemonkit_start(&kit, NULL);
	assert_int_equal(daemonkit_stop(&kit), 0);
	hold_lines(HELD);
	daemonkit_start(&kit, NULL);
	control = daemonkit_connect(kit.control);
	daemonkit_send_text(control, "{\"change\":\"quarantine.retry\"}\n");
	wait_events(1);
	assert_int_equal(daemonkit_stop(&kit), 0);
	assert_true(daemonkit_line(control, &reply));
	buf_add_cstr(&reply, "");
	assert_non_null(strstr(reply.at, "\"fault\":\"closed\""));
	close(control);
	done = daemonkit_status(&kit).events;
	left = daemonkit_status(&kit).quarantined;
	assert_true(done > 0 && left > 0);
	assert_int_equal(done + left, HELD);
	buf_release(&reply);
}

/* The trouble of the ledger is not the file's: a reload waits for its turn, and has it. */
static void test_a_reload_is_not_lost_to_a_foreign_writer(void **state)
{
	sqlite3 *foreign;

	(void)state;
	daemonkit_start(&kit, NULL);
	daemonkit_write(kit.prices,
	                "{\"pricebook\":1,\"currency\":\"USD\",\"models\":[{\"model\":\"m/b\","
	                "\"versions\":[{\"effective_from\":\"2020-01-01\",\"rates\":["
	                "{\"component\":\"input\",\"per_million\":\"1\"}]}]}]}");
	foreign = hold_ledger();
	kill(kit.pid, SIGHUP);
	daemonkit_wait_log(&kit, "somebody else writes the ledger");
	assert_false(daemonkit_logged(&kit, "the old one stays"));
	let_go(foreign);
	daemonkit_wait_log(&kit, "it goes on");
	assert_int_equal(first_price_of_current(), 2);
	assert_int_equal(daemonkit_stop(&kit), 0);
}

/* It breaks the rule of one writer, and is no reason to lose or to die. */
static void test_prices_that_are_no_file_are_not_waited_for(void **state)
{
	struct wire_ack ack;

	(void)state;
	daemonkit_start(&kit, NULL);
	assert_int_equal(unlink(kit.prices), 0);
	assert_int_equal(mkfifo(kit.prices, 0600), 0);
	kill(kit.pid, SIGHUP);
	daemonkit_wait_log(&kit, "not a regular file");
	daemonkit_send_one(&kit, "goes-on", &ack);
	assert_int_equal(ack.accepted, 1);
	assert_int_equal(daemonkit_stop(&kit), 0);
}

static void test_a_foreign_writer_is_waited_for(void **state)
{
	struct buf line = { .at = NULL }, reply = { .at = NULL };
	struct wire_ack ack;
	sqlite3 *foreign;
	int fd;

	(void)state;
	daemonkit_start(&kit, NULL);
	foreign = hold_ledger();
	fd = daemonkit_hello(&kit, "gw", true);
	daemonkit_event(&line, "waits");
	daemonkit_send(fd, line.at, line.len);
	daemonkit_wait_log(&kit, "somebody else writes the ledger");
	assert_true(daemonkit_silent(fd, 50));
	assert_int_equal(sqlite3_exec(foreign, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	daemonkit_wait_ack(fd, 1, &ack);
	assert_int_equal(ack.accepted, 1);
	/* A change says so and leaves the asking to who asks. */
	assert_int_equal(sqlite3_exec(foreign, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	ask("{\"change\":\"price.apply\",\"book\":\"{\\\"pricebook\\\":1,\\\"currency\\\":"
	    "\\\"USD\\\","
	    "\\\"models\\\":[{\\\"model\\\":\\\"m\\\",\\\"versions\\\":[{\\\"effective_from\\\":"
	    "\\\"2020\\\",\\\"rates\\\":[{\\\"component\\\":\\\"input\\\",\\\"per_million\\\":"
	    "\\\"1\\\"}]}]}]}\"}\n",
	    &reply);
	if (strstr(reply.at, "\"fault\":\"busy\"") == NULL)
		fail_msg("%s", reply.at);
	let_go(foreign);
	close(fd);
	assert_int_equal(daemonkit_stop(&kit), 0);
	assert_true(daemonkit_verified_amount(&kit).attos ==
	            (wide)KIT_EVENT_NANOS * ATTOS_PER_NANO);
	buf_release(&line);
	buf_release(&reply);
}

/* At the end the disk stands still for a while: what was sent waits for it, and is stored. */
static void test_the_end_waits_for_a_commit_that_takes_long(void **state)
{
	enum { EVENTS = 700, LONG_MS = 2500 }; /* more than SERVICE_DRAIN_IDLE_MS */
	sqlite3 *foreign;
	int64_t sent;
	int fd;

	(void)state;
	daemonkit_start(&kit, daemonkit_narrow);
	foreign = hold_ledger();
	fd = daemonkit_connect(kit.socket);
	sent = daemonkit_fill_events(fd, "slow", EVENTS);
	daemonkit_wait_log(&kit, "somebody else writes the ledger");
	kill(kit.pid, SIGTERM);
	usleep(LONG_MS * 1000);
	let_go(foreign);
	assert_int_equal(daemonkit_wait_exit(&kit), 0);
	close(fd);
	assert_int_equal(daemonkit_status(&kit).events, sent);
}

static void send_event(int fd, const char *id)
{
	struct buf line = { .at = NULL };

	daemonkit_event(&line, id);
	daemonkit_send(fd, line.at, line.len);
	buf_release(&line);
}

/* Until the daemon has read all that was sent. */
static void wait_read(int fd)
{
	int64_t until = daemonkit_now_ms() + DAEMONKIT_WAIT_MS;
	int unread = 1;

	while (unread > 0) {
		assert_true(daemonkit_now_ms() < until);
		assert_int_equal(ioctl(fd, SIOCOUTQ, &unread), 0);
		usleep(1000);
	}
}

/*
 * A last line without its newline, from a sender that is gone and had to wait for room: it is
 * owed as the others are, and the end waits for the commit that is in the way.
 */
static void test_the_end_takes_the_unfinished_line_of_who_is_gone(void **state)
{
	enum { EVENTS = 3, LONG_MS = 1500 };
	struct buf line = { .at = NULL };
	sqlite3 *foreign;
	int gone, fd;

	(void)state;
	daemonkit_start(&kit, daemonkit_narrow);
	foreign = hold_ledger();
	gone = daemonkit_connect(kit.socket);
	daemonkit_event(&line, "gone");
	daemonkit_send(gone, line.at, line.len - 1);
	wait_read(gone);
	/* These two fill the queue; then there is no room for what the other one left. */
	fd = daemonkit_connect(kit.socket);
	send_event(fd, "first");
	send_event(fd, "second");
	daemonkit_wait_log(&kit, "somebody else writes the ledger");
	close(gone);
	usleep(100 * 1000); /* its end is read */
	kill(kit.pid, SIGTERM);
	usleep(LONG_MS * 1000);
	let_go(foreign);
	assert_int_equal(daemonkit_wait_exit(&kit), 0);
	assert_int_equal(daemonkit_status(&kit).events, EVENTS);
	close(fd);
	buf_release(&line);
}

/* Takes the ledger from a daemon that hardly lets go of it: between two of its commits. */
static sqlite3 *snatch_ledger(void)
{
	int64_t until = daemonkit_now_ms() + DAEMONKIT_WAIT_MS;
	sqlite3 *foreign = NULL;
	int code = SQLITE_BUSY;

	assert_int_equal(sqlite3_open(kit.ledger, &foreign), SQLITE_OK);
	while (code != SQLITE_OK) {
		assert_true(daemonkit_now_ms() < until);
		kill(kit.pid, SIGSTOP);
		code = sqlite3_exec(foreign, "PRAGMA wal_autocheckpoint=0; BEGIN IMMEDIATE", NULL,
		                    NULL, NULL);
		kill(kit.pid, SIGCONT);
		usleep(500);
	}
	return foreign;
}

/* Nothing can be written while a change is under way: whoever asked is told, events wait. */
static void test_a_change_under_way_is_told_when_the_ledger_is_held(void **state)
{
	enum { HELD = 200000 };
	struct buf reply = { .at = NULL };
	struct wire_ack ack;
	sqlite3 *foreign;
	int control, fd;

	(void)state;
	daemonkit_start(&kit, NULL);
	assert_int_equal(daemonkit_stop(&kit), 0);
	hold_lines(HELD);
	daemonkit_start(&kit, NULL);
	control = daemonkit_connect(kit.control);
	fd = daemonkit_hello(&kit, "gw", true);
	daemonkit_send_text(control, "{\"change\":\"quarantine.retry\"}\n");
	wait_events(1);
	foreign = snatch_ledger();
	send_event(fd, "waits");
	assert_true(daemonkit_line(control, &reply));
	buf_add_cstr(&reply, "");
	if (strstr(reply.at, "{\"ok\":false,\"fault\":\"busy\",") == NULL)
		fail_msg("%s", reply.at);
	let_go(foreign);
	daemonkit_wait_ack(fd, 1, &ack);
	close(control);
	close(fd);
	assert_int_equal(daemonkit_stop(&kit), 0);
	buf_release(&reply);
}

/*
 * A ledger that fails under load, as one whose file was taken away: nothing more is
 * acknowledged, and the end is the one that tolld(8) tells.
 */
static void test_a_ledger_that_fails_under_load_ends_with_3(void **state)
{
	static const char *const arguments[] = {
		"--queue-batches", "2", "--batch-events-max", "1", "--linger-ms", "0", NULL
	};
	enum { ROUNDS = 5, SENDERS = 3, EVENTS = 400 };

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		int fds[SENDERS];

		daemonkit_start(&kit, arguments);
		for (int i = 0; i < SENDERS; i++) {
			fds[i] = daemonkit_hello(&kit, "gw", true);
			daemonkit_fill_events(fds[i], "fails", EVENTS);
		}
		assert_int_equal(unlink(kit.ledger), 0);
		assert_int_equal(daemonkit_wait_exit(&kit), 3);
		assert_true(daemonkit_logged(&kit, "acknowledging nothing more"));
		for (int i = 0; i < SENDERS; i++)
			close(fds[i]);
	}
}

/*
 * While a commit runs the next batch goes on filling, however long it has lingered: with two
 * batches there would be no room for more otherwise, and reading would stop.
 */
static void test_no_commit_starts_while_one_runs(void **state)
{
	static const char *const arguments[] = { "--queue-batches", "2", "--linger-ms", "20",
		                                 NULL };
	struct wire_ack ack;
	sqlite3 *foreign;
	int fd;

	(void)state;
	daemonkit_start(&kit, arguments);
	foreign = hold_ledger();
	fd = daemonkit_hello(&kit, "gw", true);
	send_event(fd, "runs");
	daemonkit_wait_log(&kit, "somebody else writes the ledger");
	for (int i = 0; i < 5; i++) {
		char id[32];

		snprintf(id, sizeof(id), "lingers-%d", i);
		send_event(fd, id);
		wait_read(fd);
		usleep(100 * 1000); /* beyond linger_ms */
	}
	let_go(foreign);
	daemonkit_wait_ack(fd, 6, &ack);
	assert_int_equal(ack.accepted, 6);
	close(fd);
	assert_int_equal(daemonkit_stop(&kit), 0);
}

/* A commit that ends takes nothing with it that has not lingered yet. */
static void test_a_batch_lingers_behind_a_commit_too(void **state)
{
	static const char *const arguments[] = { "--linger-ms", "3000", NULL };
	enum { LINGER_MS = 3000 };
	struct wire_ack ack;
	sqlite3 *foreign;
	int64_t sent;
	int fd;

	(void)state;
	daemonkit_start(&kit, arguments);
	foreign = hold_ledger();
	fd = daemonkit_hello(&kit, "gw", true);
	send_event(fd, "first");
	daemonkit_wait_log(&kit, "somebody else writes the ledger");
	sent = daemonkit_now_ms();
	send_event(fd, "second");
	wait_read(fd);
	let_go(foreign);
	daemonkit_wait_ack(fd, 1, &ack);
	daemonkit_wait_ack(fd, 2, &ack);
	assert_true(daemonkit_now_ms() - sent >= LINGER_MS);
	close(fd);
	assert_int_equal(daemonkit_stop(&kit), 0);
}

/* Full by its bytes, a batch waits neither for its lines nor for its time. */
static void test_a_batch_is_full_by_bytes_too(void **state)
{
	static const char *const arguments[] = {
		"--linger-ms", "10000", "--batch-bytes-max", "65536", "--batch-events-max",
		"65536",       NULL
	};
	enum { EVENTS = 1000 };
	struct buf line = { .at = NULL };
	struct json doc = { .nodes = NULL };
	struct wire_ack ack;
	int fd;

	(void)state;
	daemonkit_start(&kit, arguments);
	fd = daemonkit_hello(&kit, "gw", true);
	for (int i = 0; i < EVENTS; i++) {
		char id[32];

		snprintf(id, sizeof(id), "bytes-%d", i);
		daemonkit_event(&line, id);
	}
	daemonkit_send(fd, line.at, line.len);
	/* The first commit did not wait for the rest, which is here long before its time. */
	assert_true(daemonkit_line(fd, &line));
	assert_int_equal(wire_ack_parse(buf_text(&line), &doc, &ack, NULL), 0);
	assert_true(ack.lines < EVENTS);
	close(fd);
	json_release(&doc);
	buf_release(&line);
	assert_int_equal(daemonkit_stop(&kit), 0);
	assert_int_equal(daemonkit_status(&kit).events, EVENTS);
}

/* In peace the WAL is emptied into the ledger: it does not grow from day to day. */
static void test_the_wal_is_emptied_when_nothing_comes(void **state)
{
	int64_t until;
	struct wire_ack ack;

	(void)state;
	daemonkit_start(&kit, NULL);
	daemonkit_send_one(&kit, "once", &ack);
	assert_true(daemonkit_status(&kit).wal_bytes > 0);
	until = daemonkit_now_ms() + DAEMONKIT_WAIT_MS;
	while (daemonkit_status(&kit).wal_bytes > 0) {
		assert_true(daemonkit_now_ms() < until);
		usleep(10000);
	}
	assert_int_equal(daemonkit_stop(&kit), 0);
}

enum { NOBODY = 65534 };

/* In a child: another user asks, and is answered with these words. */
static void ask_as_nobody(const char *request, const char *words)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		char reply[512] = "";
		size_t len = 0;
		int fd;

		if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
			_exit(1);
		fd = daemonkit_connect(kit.control);
		if (fd < 0 || send(fd, request, strlen(request), MSG_NOSIGNAL) < 0)
			_exit(2);
		while (len < sizeof(reply) - 1 && strchr(reply, '\n') == NULL) {
			ssize_t got = recv(fd, reply + len, sizeof(reply) - 1 - len, 0);

			if (got <= 0)
				_exit(3);
			len += (size_t)got;
		}
		_exit(strstr(reply, words) != NULL ? 0 : 4);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Sockets that let anybody in: it is the daemon that looks who asks. */
static void test_only_root_and_the_daemons_user_may_change(void **state)
{
	char folder[DAEMONKIT_PATH_BYTES], large[2 * TAIL_REQUEST_BYTES_MAX + 1];

	(void)state;
	if (geteuid() != 0)
		fixture_skip("another user's change needs root to be another user");
	daemonkit_start(&kit, NULL);
	snprintf(folder, sizeof(folder), "%s/run", kit.folder);
	assert_int_equal(chmod(kit.folder, 0755), 0);
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(chmod(kit.control, 0666), 0);
	ask_as_nobody("{\"change\":\"suspense.retry\"}\n", "only root and the daemon's own user");
	ask_as_nobody("{\"tail\":false}\n", "only root and the daemon's own user");
	ask_as_nobody("hello\n", "only root and the daemon's own user");
	/* Who may not change has no use for the bytes of a book. */
	memset(large, ' ', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	ask_as_nobody(large, "only root and the daemon's own user");
	/* As the ledger may be read. */
	ask_as_nobody("{\"tail\":true}\n", "{\"ok\":true,\"tail\":true}");
	assert_int_equal(daemonkit_stop(&kit), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define EACH(test) cmocka_unit_test_setup_teardown(test, begin, end)
		EACH(test_hangup_reloads_the_prices_and_keeps_the_old_on_an_error),
		EACH(test_changes_come_over_the_control_socket),
		EACH(test_events_pass_a_long_change_by),
		EACH(test_the_end_cuts_a_long_change_between_two_steps),
		EACH(test_a_reload_is_not_lost_to_a_foreign_writer),
		EACH(test_prices_that_are_no_file_are_not_waited_for),
		EACH(test_a_foreign_writer_is_waited_for),
		EACH(test_the_end_waits_for_a_commit_that_takes_long),
		EACH(test_the_end_takes_the_unfinished_line_of_who_is_gone),
		EACH(test_a_change_under_way_is_told_when_the_ledger_is_held),
		EACH(test_a_ledger_that_fails_under_load_ends_with_3),
		EACH(test_no_commit_starts_while_one_runs),
		EACH(test_a_batch_lingers_behind_a_commit_too),
		EACH(test_a_batch_is_full_by_bytes_too),
		EACH(test_the_wal_is_emptied_when_nothing_comes),
		EACH(test_only_root_and_the_daemons_user_may_change),
#undef EACH
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
