/* `toll send` against a server of the test that acknowledges, breaks off and refuses at will. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"
#include "cli/client.h"
#include "tests/support/tollrun.h"
#include "wire/wire.h"

enum { PATH_BYTES = 128, WAIT_MS = 30000, LINES = 20000, LINE_BYTES = 64 };

struct server {
	char folder[64], socket[PATH_BYTES], events[PATH_BYTES];
	int listener;
	int fd; /* the sender's connection, -1 without one */
	struct wire_framer framer;
	struct buf bytes; /* read and not framed yet */
	size_t taken;
	int64_t lines;         /* of this connection, behind the hello */
	char last[LINE_BYTES]; /* the newest of them */
	char source[LINE_BYTES];
	struct tollrun run;
};

static int begin(void **state)
{
	struct server *server = calloc(1, sizeof(*server));
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	FILE *file;

	assert_non_null(server);
	snprintf(server->folder, sizeof(server->folder), "/tmp/toll-send-XXXXXX");
	assert_non_null(mkdtemp(server->folder));
	snprintf(server->socket, sizeof(server->socket), "%s/events.sock", server->folder);
	snprintf(server->events, sizeof(server->events), "%s/events", server->folder);
	file = fopen(server->events, "w");
	assert_non_null(file);
	for (int i = 1; i <= LINES; i++)
		fprintf(file, "line %d of what need not be JSON\n%s", i,
		        i % 1000 == 0 ? "\n \r\n" : "");
	assert_int_equal(fclose(file), 0);
	server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(server->listener >= 0);
	strcpy(address.sun_path, server->socket);
	assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(server->listener, 4), 0);
	server->fd = -1;
	wire_framer_init(&server->framer, LINE_BYTES);
	*state = server;
	return 0;
}

static void close_connection(struct server *server)
{
	if (server->fd >= 0)
		close(server->fd);
	server->fd = -1;
	wire_framer_release(&server->framer);
	wire_framer_init(&server->framer, LINE_BYTES);
	buf_clear(&server->bytes);
	server->taken = 0;
	server->lines = 0;
}

static int end(void **state)
{
	struct server *server = *state;

	close_connection(server);
	if (server->run.pid > 0)
		kill(server->run.pid, SIGKILL);
	close(server->listener);
	unlink(server->socket);
	unlink(server->events);
	assert_int_equal(rmdir(server->folder), 0);
	wire_framer_release(&server->framer);
	buf_release(&server->bytes);
	tollrun_release(&server->run);
	free(server);
	return 0;
}

static void start(struct server *server, const char *option, const char *value)
{
	const char *words[] = { "send",         "--json", "--socket", server->socket,
		                server->events, option,   value,      NULL };

	tollrun_release(&server->run);
	tollrun_start(&server->run, words, NULL, NULL);
}

static void wait_readable(int fd)
{
	struct pollfd wait = { fd, POLLIN, 0 };

	assert_int_equal(poll(&wait, 1, WAIT_MS), 1);
}

/* The next line into server->last; false at the end of the connection. */
static bool next_line(struct server *server)
{
	struct wire_line line;
	int error = 0;

	for (;;) {
		struct text rest = { server->bytes.at + server->taken,
			             server->bytes.len - server->taken };
		char *room;
		ssize_t got;

		if (server->bytes.len > 0 && wire_next(&server->framer, &rest, &line, &error)) {
			server->taken = server->bytes.len - rest.len;
			text_copy(server->last, sizeof(server->last), line.text);
			return true;
		}
		assert_int_equal(error, 0);
		buf_clear(&server->bytes);
		server->taken = 0;
		room = buf_room(&server->bytes, 65536);
		assert_non_null(room);
		wait_readable(server->fd);
		got = recv(server->fd, room, 65536, 0);
		assert_true(got >= 0 || errno == ECONNRESET);
		if (got <= 0)
			return false;
		server->bytes.len = (size_t)got;
	}
}

/* A connection, and its hello. */
static void accept_sender(struct server *server)
{
	struct json doc = { .nodes = NULL };
	struct wire_hello hello;
	struct fault fault;

	wait_readable(server->listener);
	server->fd = accept(server->listener, NULL, NULL);
	assert_true(server->fd >= 0);
	assert_true(next_line(server));
	assert_true(wire_hello_parse(text_of(server->last), &doc, &hello, &fault));
	assert_int_equal(fault.code, FAULT_NONE);
	assert_true(hello.ack);
	text_copy(server->source, sizeof(server->source), hello.source);
	json_release(&doc);
}

static void take_lines(struct server *server, int64_t count)
{
	for (; count > 0; count--, server->lines++)
		assert_true(next_line(server));
}

static void say(const struct server *server, const char *line)
{
	assert_int_equal(send(server->fd, line, strlen(line), MSG_NOSIGNAL), strlen(line));
}

/* Acknowledges all lines of the connection but the last `quarantined` as accepted. */
static void acknowledge(const struct server *server, int64_t lines, int64_t quarantined)
{
	const struct wire_ack ack = { .lines = lines,
		                      .accepted = lines - quarantined,
		                      .quarantined = quarantined };
	struct buf out = { .at = NULL };

	wire_ack_format(&out, &ack);
	say(server, out.at);
	buf_release(&out);
}

/* Until the sender has read all that was said to it. */
static void wait_read(int fd)
{
	int unread = 1;

	for (int ms = 0; unread > 0; ms++) {
		assert_true(ms < WAIT_MS);
		assert_int_equal(ioctl(fd, SIOCOUTQ, &unread), 0);
		usleep(1000);
	}
}

/* Takes what comes, acknowledging every 100 lines, until `last` was taken. */
static void serve_to(struct server *server, const char *last)
{
	bool done;

	do {
		take_lines(server, 1);
		done = strcmp(server->last, last) == 0;
		/* Once each: a sender that has them all is gone before a second one comes. */
		if (done || server->lines % 100 == 0)
			acknowledge(server, server->lines, 0);
	} while (!done);
}

static void line_text(char out[LINE_BYTES], int number)
{
	snprintf(out, LINE_BYTES, "line %d of what need not be JSON", number);
}

static void test_all_lines_arrive_in_order_and_are_counted(void **state)
{
	struct server *server = *state;
	char expected[LINE_BYTES];

	start(server, "--source", "gw-7");
	accept_sender(server);
	assert_string_equal(server->source, "gw-7");
	for (int i = 1; i <= LINES; i++) {
		take_lines(server, 1);
		line_text(expected, i);
		assert_string_equal(server->last, expected);
		if (i % 1000 == 0)
			acknowledge(server, server->lines, 0);
	}
	tollrun_wait(&server->run);
	TOLLRUN_EXPECT(&server->run, 0);
	TOLLRUN_SAYS(&server->run, "{\"lines\":20000,\"accepted\":20000,");
	TOLLRUN_SAYS(&server->run, "\"unacknowledged\":0,\"resent\":0,\"connections\":1}");
}

/* 700 acknowledged, more taken, then the connection ends: line 701 comes first again. */
static void test_a_lost_connection_sends_again_what_was_not_acknowledged(void **state)
{
	struct server *server = *state;
	char expected[LINE_BYTES];

	start(server, NULL, NULL);
	accept_sender(server);
	take_lines(server, 1000);
	acknowledge(server, 700, 0);
	/* Seen by the sender before the end of the connection is: it comes in order. */
	close_connection(server);
	accept_sender(server);
	take_lines(server, 1);
	line_text(expected, 701);
	assert_string_equal(server->last, expected);
	line_text(expected, LINES);
	serve_to(server, expected);
	assert_int_equal(server->lines, LINES - 700);
	tollrun_wait(&server->run);
	TOLLRUN_EXPECT(&server->run, 0);
	TOLLRUN_SAYS(&server->run, "{\"lines\":20000,\"accepted\":20000,");
	TOLLRUN_SAYS(&server->run, "\"connections\":2}");
	TOLLRUN_SAYS(&server->run, "were sent again");
}

static void test_a_daemon_that_comes_late_is_waited_for(void **state)
{
	struct server *server = *state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timespec from, to;
	char last[LINE_BYTES];

	close(server->listener);
	unlink(server->socket);
	start(server, NULL, NULL);
	usleep(300000);
	clock_gettime(CLOCK_MONOTONIC, &from);
	server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	strcpy(address.sun_path, server->socket);
	assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(server->listener, 4), 0);
	accept_sender(server);
	clock_gettime(CLOCK_MONOTONIC, &to);
	/* The pauses have grown to 400 ms at most by now, not to the longest. */
	assert_true((to.tv_sec - from.tv_sec) * 1000 < CLIENT_PAUSE_MS_MAX - 1000);
	line_text(last, LINES);
	serve_to(server, last);
	tollrun_wait(&server->run);
	TOLLRUN_EXPECT(&server->run, 0);
}

static void test_the_window_is_bounded(void **state)
{
	struct server *server = *state;
	struct pollfd more;

	start(server, NULL, NULL);
	accept_sender(server);
	take_lines(server, CLIENT_WINDOW_LINES);
	/* Nothing acknowledged: not one line more comes. */
	assert_int_equal(server->taken, server->bytes.len);
	more = (struct pollfd){ server->fd, POLLIN, 0 };
	assert_int_equal(poll(&more, 1, 300), 0);
	acknowledge(server, 1, 0);
	take_lines(server, 1);
	acknowledge(server, server->lines, 0);
	take_lines(server, LINES - CLIENT_WINDOW_LINES - 1);
	acknowledge(server, server->lines, 0);
	tollrun_wait(&server->run);
	TOLLRUN_EXPECT(&server->run, 0);
}

static void test_quarantined_lines_give_exit_code_1(void **state)
{
	struct server *server = *state;

	start(server, NULL, NULL);
	accept_sender(server);
	for (int i = 0; i < LINES; i += 100) {
		take_lines(server, 100);
		acknowledge(server, server->lines, 3);
	}
	tollrun_wait(&server->run);
	TOLLRUN_EXPECT(&server->run, 1);
	TOLLRUN_SAYS(&server->run, "\"accepted\":19997,");
	TOLLRUN_SAYS(&server->run, "\"quarantined\":3,");
}

/* Of an input that pauses for longer than the patience each line arrives before the next. */
static void test_a_slow_input_is_sent_as_it_comes(void **state)
{
	struct server *server = *state;
	int input;

	assert_int_equal(unlink(server->events), 0);
	assert_int_equal(mkfifo(server->events, 0600), 0);
	start(server, "--patience", "1");
	input = open(server->events, O_WRONLY | O_CLOEXEC);
	assert_true(input >= 0);
	for (int i = 1; i <= 2; i++) {
		assert_int_equal(write(input, "a line\n", 7), 7);
		if (i == 1)
			accept_sender(server);
		take_lines(server, 1);
		acknowledge(server, i, 0);
		sleep(2);
	}
	close(input);
	tollrun_wait(&server->run);
	TOLLRUN_EXPECT(&server->run, 0);
	TOLLRUN_SAYS(&server->run, "{\"lines\":2,\"accepted\":2,");
	TOLLRUN_SAYS(&server->run, "\"connections\":1}");
}

static void test_silence_ends_with_exit_code_3(void **state)
{
	struct server *server = *state;

	start(server, "--patience", "1");
	accept_sender(server);
	take_lines(server, 100);
	acknowledge(server, 100, 0);
	tollrun_wait(&server->run);
	TOLLRUN_EXPECT(&server->run, 3);
	TOLLRUN_SAYS(&server->run, "no acknowledgement for 1 s");
	TOLLRUN_SAYS(&server->run, "{\"lines\":100,\"accepted\":100,");
	TOLLRUN_SAYS(&server->run, "lines were not acknowledged: send the same again");
}

static void test_what_never_was_connected_is_not_called_sent(void **state)
{
	struct server *server = *state;
	FILE *file = fopen(server->events, "w");

	assert_non_null(file);
	fputs("x\n", file);
	assert_int_equal(fclose(file), 0);
	close(server->listener);
	server->listener = -1;
	start(server, "--patience", "1");
	tollrun_wait(&server->run);
	TOLLRUN_EXPECT(&server->run, 3);
	TOLLRUN_SAYS(&server->run, "nothing was sent: there was no connection to");
	TOLLRUN_SAYS(&server->run, "no connection for 1 s");
	TOLLRUN_SAYS_NOT(&server->run, "acknowledged:");
}

static void test_one_line_is_told_as_one(void **state)
{
	struct server *server = *state;
	FILE *file = fopen(server->events, "w");

	assert_non_null(file);
	fputs("x\n", file);
	assert_int_equal(fclose(file), 0);
	start(server, "--patience", "1");
	accept_sender(server);
	take_lines(server, 1);
	close_connection(server);
	accept_sender(server);
	take_lines(server, 1);
	tollrun_wait(&server->run);
	TOLLRUN_EXPECT(&server->run, 3);
	TOLLRUN_SAYS(&server->run, "toll: 1 line was sent again");
	TOLLRUN_SAYS(&server->run, "toll: 1 line was not acknowledged");
}

static void test_a_missing_input_has_no_result(void **state)
{
	struct server *server = *state;

	assert_int_equal(unlink(server->events), 0);
	start(server, NULL, NULL);
	tollrun_wait(&server->run);
	TOLLRUN_EXPECT(&server->run, 3);
	TOLLRUN_SAYS(&server->run, "No such file or directory");
	assert_int_equal(server->run.out.len, 0);
}

static void test_what_the_daemon_refuses_is_told_and_not_tried_again(void **state)
{
	struct server *server = *state;

	start(server, NULL, NULL);
	accept_sender(server);
	say(server, "{\"error\":\"hello: toll: this daemon speaks version 2\"}\n");
	close_connection(server);
	tollrun_wait(&server->run);
	TOLLRUN_EXPECT(&server->run, 3);
	TOLLRUN_SAYS(&server->run, "the daemon says: hello: toll: this daemon speaks version 2");
}

static void test_an_acknowledgement_of_what_was_not_sent_is_refused(void **state)
{
	static const char *const lines[] = {
		"{\"ack\":99999,\"accepted\":99999,\"duplicate\":0,\"conflict\":0,\"unpriced\":0,"
		"\"quarantined\":0}\n",
		"{\"ack\":-1,\"accepted\":0,\"duplicate\":0,\"conflict\":0,\"unpriced\":0,"
		"\"quarantined\":0}\n",
		"{\"ack\":1}\n",
		"hello\n",
	};
	struct server *server = *state;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		start(server, NULL, NULL);
		accept_sender(server);
		take_lines(server, 100);
		say(server, lines[i]);
		tollrun_wait(&server->run);
		TOLLRUN_EXPECT(&server->run, 3);
		close_connection(server);
	}
}

static void test_an_interrupt_says_what_was_acknowledged(void **state)
{
	struct server *server = *state;

	start(server, NULL, NULL);
	accept_sender(server);
	take_lines(server, 100);
	acknowledge(server, 60, 0);
	wait_read(server->fd);
	assert_int_equal(kill(server->run.pid, SIGINT), 0);
	tollrun_wait(&server->run);
	TOLLRUN_EXPECT(&server->run, 3);
	TOLLRUN_SAYS(&server->run, "interrupted");
	TOLLRUN_SAYS(&server->run, "{\"lines\":60,\"accepted\":60,");
}

static void test_a_rate_is_kept(void **state)
{
	struct server *server = *state;
	struct timespec from, to;
	FILE *file = fopen(server->events, "w");
	int64_t spent_ms;

	assert_non_null(file);
	for (int i = 0; i < 101; i++)
		fputs("x\n", file);
	assert_int_equal(fclose(file), 0);
	clock_gettime(CLOCK_MONOTONIC, &from);
	start(server, "--rate", "200");
	accept_sender(server);
	for (int i = 0; i < 101; i++) {
		take_lines(server, 1);
		acknowledge(server, server->lines, 0);
	}
	tollrun_wait(&server->run);
	clock_gettime(CLOCK_MONOTONIC, &to);
	TOLLRUN_EXPECT(&server->run, 0);
	spent_ms = (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000;
	/* The last line is due after 500 ms; it may be a pacing step early. */
	if (spent_ms < 450)
		fail_msg("101 lines at 200 a second took %lld ms", (long long)spent_ms);
}

#define SEND_TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SEND_TEST(test_all_lines_arrive_in_order_and_are_counted),
		SEND_TEST(test_a_lost_connection_sends_again_what_was_not_acknowledged),
		SEND_TEST(test_a_daemon_that_comes_late_is_waited_for),
		SEND_TEST(test_the_window_is_bounded),
		SEND_TEST(test_quarantined_lines_give_exit_code_1),
		SEND_TEST(test_a_slow_input_is_sent_as_it_comes),
		SEND_TEST(test_silence_ends_with_exit_code_3),
		SEND_TEST(test_what_never_was_connected_is_not_called_sent),
		SEND_TEST(test_one_line_is_told_as_one),
		SEND_TEST(test_a_missing_input_has_no_result),
		SEND_TEST(test_what_the_daemon_refuses_is_told_and_not_tried_again),
		SEND_TEST(test_an_acknowledgement_of_what_was_not_sent_is_refused),
		SEND_TEST(test_an_interrupt_says_what_was_acknowledged),
		SEND_TEST(test_a_rate_is_kept),
	};

	return cmocka_run_group_tests_name("send", tests, NULL, NULL);
}
