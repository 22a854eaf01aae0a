/* Starting, stopping, reloading: tolld and the system around it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/json.h"
#include "ledger/books.h"
#include "tests/support/daemonkit.h"

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

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static mode_t mode_of(const char *path)
{
	struct stat status;

	assert_int_equal(lstat(path, &status), 0);
	return status.st_mode & 07777;
}

static void send_one(const char *id, struct wire_ack *ack_out)
{
	struct buf line = { .at = NULL };
	int fd = daemonkit_hello(&kit, "gw", true);

	daemonkit_event(&line, id);
	daemonkit_send(fd, line.at, line.len);
	daemonkit_wait_ack(fd, 1, ack_out);
	close(fd);
	buf_release(&line);
}

static int bind_path(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(text_copy(address.sun_path, sizeof(address.sun_path), text_of(path)));
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void make_run_folder(void)
{
	char folder[DAEMONKIT_PATH_BYTES];

	text_copy(folder, sizeof(folder), text_of(kit.socket));
	*strrchr(folder, '/') = '\0';
	assert_int_equal(mkdir(folder, 0750), 0);
}

static void test_the_socket_is_for_the_group_and_gone_at_the_end(void **state)
{
	char folder[DAEMONKIT_PATH_BYTES];

	(void)state;
	daemonkit_start(&kit, NULL);
	text_copy(folder, sizeof(folder), text_of(kit.socket));
	*strrchr(folder, '/') = '\0';
	assert_int_equal(mode_of(kit.socket), 0660);
	assert_int_equal(mode_of(kit.control), 0660);
	assert_int_equal(mode_of(folder), 0750);
	assert_int_equal(mode_of(kit.ledger), 0640);
	assert_true(daemonkit_logged(&kit, "there is no ledger: a new one is made"));
	assert_int_equal(daemonkit_stop(&kit), 0);
	assert_int_equal(access(kit.socket, F_OK), -1);
	assert_int_equal(access(kit.control, F_OK), -1);
}

static void test_a_stale_socket_is_replaced(void **state)
{
	struct wire_ack ack;

	(void)state;
	make_run_folder();
	close(bind_path(kit.socket)); /* the file stays, nobody answers */
	daemonkit_start(&kit, NULL);
	send_one("stale", &ack);
	assert_int_equal(ack.accepted, 1);
	/* And after a kill, its own. */
	daemonkit_kill(&kit);
	assert_int_equal(access(kit.socket, F_OK), 0);
	daemonkit_start(&kit, NULL);
	send_one("stale", &ack);
	assert_int_equal(ack.duplicate, 1);
}

static void test_a_socket_that_answers_is_left_alone(void **state)
{
	const char *const arguments[] = { "--ledger", kit.ledger, "--socket", kit.socket, NULL };
	int other;

	(void)state;
	make_run_folder();
	other = bind_path(kit.socket);
	assert_int_equal(listen(other, 4), 0);
	daemonkit_spawn(&kit, arguments);
	assert_int_equal(daemonkit_wait_exit(&kit), 3);
	assert_true(daemonkit_logged(&kit, "another program answers there"));
	assert_int_equal(access(kit.socket, F_OK), 0);
	close(other);
}

static void test_a_file_in_the_way_is_left_alone(void **state)
{
	const char *const arguments[] = { "--ledger", kit.ledger, "--socket", kit.prices, NULL };

	(void)state;
	daemonkit_spawn(&kit, arguments);
	assert_int_equal(daemonkit_wait_exit(&kit), 2);
	assert_true(daemonkit_logged(&kit, "is no socket"));
	assert_int_equal(access(kit.prices, F_OK), 0);
}

static void test_a_second_daemon_names_the_first_and_touches_nothing(void **state)
{
	struct daemonkit second = kit;
	struct wire_ack ack;
	char words[64];

	(void)state;
	daemonkit_start(&kit, NULL);
	{
		const char *const arguments[] = { "--ledger", kit.ledger, "--socket", kit.socket,
			                          NULL };

		daemonkit_spawn(&second, arguments);
	}
	assert_int_equal(daemonkit_wait_exit(&second), 3);
	snprintf(words, sizeof(words), "%d", (int)kit.pid);
	assert_true(daemonkit_logged(&kit, "fault=busy"));
	assert_true(daemonkit_logged(&kit, words));
	send_one("still", &ack);
	assert_int_equal(ack.accepted, 1);
}

static void test_the_end_reads_what_was_sent_already(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT };
	/* More than one read of the daemon's, less than a socket holds by default. */
	enum { EVENTS = 700 };

	(void)state;
	for (size_t s = 0; s < 2; s++) {
		struct buf lines = { .at = NULL }, half = { .at = NULL };
		struct wire_ack ack;
		int plain, fd;

		daemonkit_start(&kit, NULL);
		for (int i = 0; i < EVENTS; i++) {
			char id[32];

			snprintf(id, sizeof(id), "d%zu-%d", s, i);
			daemonkit_event(&lines, id);
		}
		daemonkit_event(&half, "half");
		half.len /= 2;
		plain = daemonkit_connect(kit.socket);
		fd = daemonkit_hello(&kit, "gw", true);
		/* Stopped, it finds all of it waiting when it goes on. */
		kill(kit.pid, SIGSTOP);
		assert_int_equal(daemonkit_fill_socket(fd, buf_text(&lines)), lines.len);
		daemonkit_send(fd, half.at, half.len);
		daemonkit_send(plain, half.at, half.len);
		close(plain);
		kill(kit.pid, signals[s]);
		kill(kit.pid, SIGCONT);
		daemonkit_wait_ack(fd, EVENTS, &ack);
		assert_int_equal(daemonkit_wait_exit(&kit), 0);
		assert_true(daemonkit_logged(&kit, "msg=\"stopped\" exit=0"));
		/* The half line of a sender that will send it again is not kept. */
		assert_int_equal(daemonkit_status(&kit).events, (s + 1) * EVENTS);
		assert_int_equal(daemonkit_status(&kit).quarantined, 1);
		close(fd);
		buf_release(&lines);
		buf_release(&half);
	}
	daemonkit_verified_amount(&kit);
}

static int64_t first_price_of_current(void)
{
	struct applied_book book = { .book = NULL };
	struct ledger *ledger = NULL;
	int64_t first;

	assert_int_equal(ledger_open_reader(&ledger, kit.ledger, NULL), 0);
	assert_int_equal(ledger_book_current(ledger, &book, NULL), 0);
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
	send_one("before", &ack);
	assert_int_equal(first_price_of_current(), 1);
	write_file(kit.prices,
	           "{\"pricebook\":1,\"models\":[{\"model\":\"m/a\",\"versions\":[]}]}");
	kill(kit.pid, SIGHUP);
	daemonkit_wait_log(&kit, "price book refused, the old one stays");
	assert_true(daemonkit_logged(&kit, "models[0].versions"));
	send_one("between", &ack);
	assert_int_equal(ack.accepted, 1);
	assert_int_equal(first_price_of_current(), 1);
	write_file(kit.prices, dearer);
	kill(kit.pid, SIGHUP);
	daemonkit_wait_log(&kit, "versions=1 file=");
	while (first_price_of_current() != 2)
		;
	send_one("after", &ack);
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
	send_one("early", &ack);
	assert_int_equal(ack.unpriced, 1);
	buf_add_cstr(&request, "{\"change\":\"price.apply\",\"book\":");
	buf_add_json(&request, text_of(daemonkit_book));
	buf_add_cstr(&request, "}\n");
	ask(request.at, &reply);
	assert_non_null(strstr(reply.at, "\"ok\":true"));
	ask("{\"change\":\"suspense.retry\"}\n", &reply);
	assert_non_null(strstr(reply.at, "\"priced\":1"));
	send_one("late", &ack);
	assert_int_equal(ack.accepted, 1);
	assert_int_equal(daemonkit_stop(&kit), 0);
	/* A setting that names another book than the one applied by hand is not silent. */
	write_file(kit.prices,
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

/* It breaks the rule of one writer, and is no reason to lose or to die. */
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
	enum { HELD = 60000 };
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
	while (daemonkit_status(&kit).events == 0)
		;
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
	sqlite3 *foreign = NULL;

	(void)state;
	daemonkit_start(&kit, NULL);
	write_file(kit.prices,
	           "{\"pricebook\":1,\"currency\":\"USD\",\"models\":[{\"model\":\"m/b\","
	           "\"versions\":[{\"effective_from\":\"2020-01-01\",\"rates\":["
	           "{\"component\":\"input\",\"per_million\":\"1\"}]}]}]}");
	assert_int_equal(sqlite3_open(kit.ledger, &foreign), SQLITE_OK);
	assert_int_equal(sqlite3_exec(foreign, "PRAGMA wal_autocheckpoint=0; BEGIN IMMEDIATE", NULL,
	                              NULL, NULL),
	                 SQLITE_OK);
	kill(kit.pid, SIGHUP);
	daemonkit_wait_log(&kit, "somebody else writes the ledger");
	assert_false(daemonkit_logged(&kit, "the old one stays"));
	assert_int_equal(sqlite3_exec(foreign, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(foreign);
	daemonkit_wait_log(&kit, "it goes on");
	assert_int_equal(first_price_of_current(), 2);
	assert_int_equal(daemonkit_stop(&kit), 0);
}

static void test_prices_that_are_no_file_are_not_waited_for(void **state)
{
	struct wire_ack ack;

	(void)state;
	daemonkit_start(&kit, NULL);
	assert_int_equal(unlink(kit.prices), 0);
	assert_int_equal(mkfifo(kit.prices, 0600), 0);
	kill(kit.pid, SIGHUP);
	daemonkit_wait_log(&kit, "is no file");
	send_one("goes-on", &ack);
	assert_int_equal(ack.accepted, 1);
	assert_int_equal(daemonkit_stop(&kit), 0);
}

static void test_a_foreign_writer_is_waited_for(void **state)
{
	struct buf line = { .at = NULL }, reply = { .at = NULL };
	struct wire_ack ack;
	sqlite3 *foreign = NULL;
	int fd;

	(void)state;
	daemonkit_start(&kit, NULL);
	assert_int_equal(sqlite3_open(kit.ledger, &foreign), SQLITE_OK);
	assert_int_equal(sqlite3_exec(foreign, "PRAGMA wal_autocheckpoint=0; BEGIN IMMEDIATE", NULL,
	                              NULL, NULL),
	                 SQLITE_OK);
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
	assert_int_equal(sqlite3_exec(foreign, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(foreign);
	close(fd);
	assert_int_equal(daemonkit_stop(&kit), 0);
	assert_true(daemonkit_verified_amount(&kit).attos ==
	            (wide)KIT_EVENT_NANOS * ATTOS_PER_NANO);
	buf_release(&line);
	buf_release(&reply);
}

/* Of the settings' errors each names the key, the value and in the file the line. */
/* At the end the disk stands still for a while: what was sent waits for it, and is stored. */
static void test_the_end_waits_for_a_commit_that_takes_long(void **state)
{
	static const char *const arguments[] = { "--queue-batches",
		                                 "2",
		                                 "--batch-events-max",
		                                 "1",
		                                 "--linger-ms",
		                                 "0",
		                                 "--drain-ms",
		                                 "0",
		                                 NULL };
	enum { EVENTS = 700, LONG_MS = 2500 }; /* more than SERVICE_DRAIN_IDLE_MS */
	struct buf lines = { .at = NULL };
	sqlite3 *foreign = NULL;
	int fd;

	(void)state;
	for (int i = 0; i < EVENTS; i++) {
		char id[32];

		snprintf(id, sizeof(id), "slow-%d", i);
		daemonkit_event(&lines, id);
	}
	daemonkit_start(&kit, arguments);
	assert_int_equal(sqlite3_open(kit.ledger, &foreign), SQLITE_OK);
	assert_int_equal(sqlite3_exec(foreign, "PRAGMA wal_autocheckpoint=0; BEGIN IMMEDIATE", NULL,
	                              NULL, NULL),
	                 SQLITE_OK);
	fd = daemonkit_connect(kit.socket);
	assert_int_equal(daemonkit_fill_socket(fd, buf_text(&lines)), lines.len);
	daemonkit_wait_log(&kit, "somebody else writes the ledger");
	kill(kit.pid, SIGTERM);
	usleep(LONG_MS * 1000);
	assert_int_equal(sqlite3_exec(foreign, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(foreign);
	assert_int_equal(daemonkit_wait_exit(&kit), 0);
	close(fd);
	assert_int_equal(daemonkit_status(&kit).events, EVENTS);
	buf_release(&lines);
}

static void test_a_wrong_setting_is_named(void **state)
{
	static const struct {
		const char *label, *json, *words;
	} rows[] = {
		{ "unknown key", "{\n\"ledgr\": \"x\"}",
		  "tolld.json: line 2: no setting \"ledgr\"; did you mean ledger?" },
		{ "unknown key like none", "{\n\"xyz\": 1}", "line 2: no setting \"xyz\"\n" },
		{ "a key twice", "{\n\"linger_ms\":5,\n\"linger_ms\":6\n}",
		  "line 3, column 1: the object has this key already: linger_ms" },
		{ "an empty path", "{\"ledger\":\"x\",\n\"socket\":\"\"}",
		  "tolld.json: line 2: socket: \"\": a path is due" },
		{ "a number for a text", "{\"ledger\": 5}",
		  "line 1: ledger: a string is due, not a number 5" },
		{ "a control character", "{\"ledger\": \"a\\nb\"}",
		  "line 1: ledger: \"a?b\": a text of at most" },
		{ "text for a number", "{\n\n\"linger_ms\": \"5\"}",
		  "line 3: linger_ms: \"5\" is not" },
		{ "out of range", "{\"queue_batches\": 1}",
		  "line 1: queue_batches: \"1\" is not a whole number from 2" },
		{ "a word for a number", "{\"linger_ms\": true}",
		  "line 1: linger_ms: a whole number from 0 to 10000 is due, not true" },
		{ "a list for a text", "{\n\"socket\": []}",
		  "line 2: socket: a string is due, not an array" },
		{ "no such book", "{\n\n\"prices\": \"/nonexistent.json\"}",
		  "tolld.json: line 3: prices: /nonexistent.json: No such file" },
		{ "fraction", "{\"drain_ms\": 1.5}", "drain_ms: \"1.5\"" },
		{ "no JSON", "{\n\"ledger\" 1}", "line 2" },
		{ "level", "{\"log_level\": \"loud\"}", "line 1: log_level: \"loud\" is not" },
		{ "same socket", "{\"socket\":\"/tmp/x\",\"control\":\"/tmp/x\"}",
		  "tolld.json: line 1: control: \"/tmp/x\": the same path as socket" },
	};
	char path[DAEMONKIT_PATH_BYTES];

	(void)state;
	snprintf(path, sizeof(path), "%s/tolld.json", kit.folder);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const arguments[] = { "--check-config", "--config", path, NULL };

		write_file(path, rows[i].json);
		unlink(kit.log);
		daemonkit_spawn(&kit, arguments);
		if (daemonkit_wait_exit(&kit) != 2 || !daemonkit_logged(&kit, rows[i].words))
			fail_msg("%s: exit code or message; want: %s", rows[i].label,
			         rows[i].words);
	}
}

static void test_flags_win_over_the_file(void **state)
{
	char path[DAEMONKIT_PATH_BYTES];
	struct buf json = { .at = NULL };
	const char *const arguments[] = { "--config", path, "--ledger", kit.ledger, NULL };

	(void)state;
	snprintf(path, sizeof(path), "%s/tolld.json", kit.folder);
	buf_addf(&json, "{\"ledger\":\"/nonexistent/x.db\",\"socket\":\"%s\",\"prices\":\"%s\"}",
	         kit.socket, kit.prices);
	write_file(path, json.at);
	daemonkit_spawn(&kit, arguments);
	daemonkit_wait_log(&kit, "msg=\"ready\"");
	assert_int_equal(daemonkit_stop(&kit), 0);
	buf_release(&json);
}

static void test_a_bad_price_book_stops_the_start_with_every_error(void **state)
{
	const char *const arguments[] = { "--ledger", kit.ledger, "--socket", kit.socket,
		                          "--prices", kit.prices, NULL };

	(void)state;
	write_file(kit.prices,
	           "{\"pricebook\":1,\"currency\":\"USD\",\"models\":[\n"
	           "{\"model\":\"a\",\"versions\":7},\n{\"model\":\"b\",\"versions\":8}]}");
	daemonkit_spawn(&kit, arguments);
	assert_int_equal(daemonkit_wait_exit(&kit), 2);
	assert_true(daemonkit_logged(&kit, "line 2: models[0].versions"));
	assert_true(daemonkit_logged(&kit, "line 3: models[1].versions"));
	/* And no ledger was made for it. */
	assert_int_equal(access(kit.ledger, F_OK), -1);
}

/* As systemd does it: a listening socket as descriptor 3, and a datagram socket to be told. */
static void start_under_systemd(int listening, const char *notify)
{
	char program[DAEMONKIT_PATH_BYTES], pid[24];

	daemonkit_program(program, "tolld");
	kit.pid = fork();
	assert_true(kit.pid >= 0);
	if (kit.pid == 0) {
		int log = open(kit.log, O_WRONLY | O_CREAT | O_APPEND, 0600);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(log, STDERR_FILENO);
		dup2(listening, 9);
		dup2(9, 3);
		snprintf(pid, sizeof(pid), "%d", (int)getpid());
		setenv("LISTEN_PID", pid, 1);
		setenv("LISTEN_FDS", "1", 1);
		setenv("NOTIFY_SOCKET", notify, 1);
		setenv("WATCHDOG_USEC", "1000000", 1);
		execl(program, program, "--ledger", kit.ledger, "--socket", kit.socket, "--prices",
		      kit.prices, NULL);
		_exit(127);
	}
}

static void wait_told(int fd, const char *words)
{
	char told[256];
	ssize_t got;

	do {
		if (daemonkit_silent(fd, DAEMONKIT_WAIT_MS))
			fail_msg("not told: %s", words);
		got = recv(fd, told, sizeof(told) - 1, 0);
		assert_true(got > 0);
		told[got] = '\0';
	} while (strstr(told, words) == NULL);
}

static void test_a_socket_from_systemd_and_its_notifications(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct wire_ack ack;
	int listening, told = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)state;
	make_run_folder();
	listening = bind_path(kit.socket);
	assert_int_equal(listen(listening, 16), 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", kit.folder);
	assert_int_equal(bind(told, (const struct sockaddr *)&address, sizeof(address)), 0);
	start_under_systemd(listening, address.sun_path);
	wait_told(told, "READY=1");
	send_one("activated", &ack);
	assert_int_equal(ack.accepted, 1);
	wait_told(told, "WATCHDOG=1");
	kill(kit.pid, SIGTERM);
	wait_told(told, "STOPPING=1");
	assert_int_equal(daemonkit_wait_exit(&kit), 0);
	/* Not its socket: it stays for the next one, which gets what waits there. */
	assert_int_equal(access(kit.socket, F_OK), 0);
	start_under_systemd(listening, address.sun_path);
	wait_told(told, "READY=1");
	send_one("again", &ack);
	assert_int_equal(ack.accepted, 1);
	close(listening);
	close(told);
}

static void test_help_names_every_setting_and_version_is_short(void **state)
{
	static const char *const settings[] = {
#define T(NAME, key, value, help)           key,
#define N(NAME, key, value, min, max, help) key,
#include "daemon/settings.def"
#undef T
#undef N
	};
	static const char *const help[] = { "--help", NULL }, *const version[] = { "--version",
		                                                                   NULL };

	(void)state;
	daemonkit_spawn(&kit, help);
	assert_int_equal(daemonkit_wait_exit(&kit), 0);
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		char flag[64];

		snprintf(flag, sizeof(flag), "  --%s ", settings[i]);
		for (char *c = flag; *c != '\0'; c++)
			*c = *c == '_' ? '-' : *c;
		if (!daemonkit_logged(&kit, flag))
			fail_msg("not in the help: %s", flag);
	}
	daemonkit_spawn(&kit, version);
	assert_int_equal(daemonkit_wait_exit(&kit), 0);
	assert_true(daemonkit_logged(&kit, "tolld 0."));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define EACH(test) cmocka_unit_test_setup_teardown(test, begin, end)
		EACH(test_the_socket_is_for_the_group_and_gone_at_the_end),
		EACH(test_a_stale_socket_is_replaced),
		EACH(test_a_socket_that_answers_is_left_alone),
		EACH(test_a_file_in_the_way_is_left_alone),
		EACH(test_a_second_daemon_names_the_first_and_touches_nothing),
		EACH(test_the_end_reads_what_was_sent_already),
		EACH(test_hangup_reloads_the_prices_and_keeps_the_old_on_an_error),
		EACH(test_changes_come_over_the_control_socket),
		EACH(test_events_pass_a_long_change_by),
		EACH(test_the_end_cuts_a_long_change_between_two_steps),
		EACH(test_a_reload_is_not_lost_to_a_foreign_writer),
		EACH(test_prices_that_are_no_file_are_not_waited_for),
		EACH(test_a_foreign_writer_is_waited_for),
		EACH(test_the_end_waits_for_a_commit_that_takes_long),
		EACH(test_a_wrong_setting_is_named),
		EACH(test_flags_win_over_the_file),
		EACH(test_a_bad_price_book_stops_the_start_with_every_error),
		EACH(test_a_socket_from_systemd_and_its_notifications),
		EACH(test_help_names_every_setting_and_version_is_short),
#undef EACH
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
