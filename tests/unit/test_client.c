#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/client.h"

enum { HANG_S = 60, FAULT_MS = 10000, SHORT_MS = 40, TAKE_BYTES = 64 * 1024, MIB = 1024 * 1024 };

/* Of one test: a sender, and the daemon's side, which never blocks. */
static struct client client;
static struct fault fault;
static struct {
	char folder[32], path[64];
	int listener, fd;  /* fd -1: nobody is connected */
	struct buf got;    /* of this connection */
	int64_t lines;     /* in it, behind the hello; -1: not even that */
	bool serves, stop; /* while a call of the client waits */
} server;

static void listen_as(int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strcpy(address.sun_path, server.path);
	server.listener = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(server.listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(type == SOCK_STREAM ? listen(server.listener, 4) : 0, 0);
}

static void listen_no_more(void)
{
	close(server.listener);
	server.listener = -1;
	unlink(server.path);
}

static void hang_up(void)
{
	close(server.fd);
	server.fd = -1;
	buf_clear(&server.got);
	server.lines = -1;
}

static void take(void)
{
	char *room;
	ssize_t got;

	if (server.fd < 0)
		server.fd = accept4(server.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	while ((room = buf_room(&server.got, TAKE_BYTES)) != NULL &&
	       (got = recv(server.fd, room, TAKE_BYTES, 0)) > 0) {
		server.got.len += (size_t)got;
		for (room[got] = '\0'; got > 0; got--)
			server.lines += *room++ == '\n';
	}
}

static void say(const char *text)
{
	assert_int_equal(send(server.fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* All of them accepted, but the last is in conflict. */
static void acknowledge(int64_t lines)
{
	const struct wire_ack ack = { .lines = lines, .accepted = lines - 1, .conflict = 1 };
	struct buf out = { .at = NULL };

	wire_ack_format(&out, &ack);
	say(out.at);
	buf_release(&out);
}

/* The client asks at every step of a call that waits: here the test serves it meanwhile. */
static bool interrupted(void)
{
	if (server.serves)
		take();
	if (server.serves && server.lines > 0)
		acknowledge(server.lines);
	return server.stop;
}

static int begin(void **state)
{
	(void)state;
	memset(&server, 0, sizeof(server));
	server.fd = -1;
	snprintf(server.folder, sizeof(server.folder), "/tmp/toll-client-XXXXXX");
	assert_non_null(mkdtemp(server.folder));
	snprintf(server.path, sizeof(server.path), "%s/events.sock", server.folder);
	listen_as(SOCK_STREAM);
	hang_up();
	assert_int_equal(client_init(&client, server.path, text_of("gw-7"), NULL), 0);
	client.interrupted = interrupted;
	alarm(HANG_S);
	return 0;
}

static int end(void **state)
{
	(void)state;
	client_release(&client);
	hang_up();
	listen_no_more();
	rmdir(server.folder);
	buf_release(&server.got);
	return 0;
}

/* A line of so many bytes with its newline. */
static int send_bytes(size_t bytes)
{
	static const char line[CLIENT_LINE_BYTES_MAX + 2];

	return client_send(&client, (struct text){ line, bytes - 1 }, &fault);
}

static void send_lines(const char *lines)
{
	struct text rest = text_of(lines), line;

	while (text_cut(&rest, ' ', &line))
		assert_int_equal(client_send(&client, line, &fault), 0);
}

static void turn(void)
{
	assert_int_equal(client_wait(&client, 1, &fault), 0);
	take();
}

/* Until the server has the hello and so many lines. */
static void exchange(int64_t lines)
{
	while (server.lines < lines)
		turn();
	assert_int_equal(server.lines, lines);
}

/* Until the client keeps so many lines. */
static void settle(size_t count)
{
	while (client.count > count)
		turn();
	assert_int_equal(client.count, count);
}

/* Until the client is on another connection. */
static void lose(void)
{
	int64_t lost = client.connections;

	hang_up();
	while (client.connections == lost)
		turn();
}

#define HELLO "{\"toll\":1,\"source\":\"gw-7\",\"ack\":true}\n"
#define ACK_REST                                                                                   \
	",\"accepted\":0,\"duplicate\":0,\"conflict\":0,\"unpriced\":0,\"quarantined\":0}\n"

static void test_finish_waits_for_the_last_ack(void **state)
{
	(void)state;
	assert_int_equal(client_finish(&client, &fault), 0);
	assert_int_equal(client.connections, 0); /* for nothing */
	send_lines("a b c d e");
	server.serves = true;
	assert_int_equal(client_finish(&client, &fault), 0);
	assert_string_equal(server.got.at, HELLO "a\nb\nc\nd\ne\n");
}

static void test_acks_come_in_any_pieces(void **state)
{
	(void)state;
	send_lines("a b c");
	exchange(3);
	say("{\"ack\":1,\"acc");
	turn();
	assert_int_equal(client.count, 3);
	say(&ACK_REST[5]);
	settle(2);
	say("{\"ack\":2" ACK_REST "{\"ack\":3" ACK_REST);
	settle(0);
}

/* Also what was cut: the daemon keeps no half of a line from one connection to the next. */
static void test_what_is_not_acked_is_resent(void **state)
{
	static const char again[] = HELLO "c\nd\ne\n";

	(void)state;
	send_lines("a b c d e");
	exchange(5);
	acknowledge(2);
	settle(3);
	assert_int_equal(send_bytes(4 * MIB), 0);
	say("{\"ack\":3,"); /* half a word goes with its connection */
	lose();
	exchange(4);
	assert_int_equal(strncmp(server.got.at, again, strlen(again)), 0);
	assert_int_equal(server.got.len, strlen(again) + 4 * MIB);
	assert_int_equal(client.resent, 3); /* wholly, and so maybe for nothing */
	acknowledge(4);
	settle(0);
	assert_int_equal(client_total(&client).lines, 2 + 4);
	assert_int_equal(client_total(&client).accepted, 1 + 3);
	assert_int_equal(client_total(&client).conflict, 1 + 1);
}

/* Each connection begins behind the last line that was acknowledged. */
static void test_no_loss_leaves_a_line_out(void **state)
{
	enum { LINES = 20000, BATCH = 400, LATE = 100, LOSS_EVERY = 7 };
	int first = 0, sent = 0; /* first: of this connection */
	char line[16], *at;

	(void)state;
	while (sent < LINES) {
		for (int i = 0; i < BATCH; i++) {
			snprintf(line, sizeof(line), "%d", sent++);
			send_lines(line);
		}
		exchange(sent - first);
		at = server.got.at + strlen(HELLO);
		for (int i = first; i < sent; i++)
			assert_int_equal(strtol(at, &at, 10), i);
		acknowledge(sent - LATE - first);
		settle(LATE);
		if (sent / BATCH % LOSS_EVERY != 0)
			continue;
		lose();
		first = sent - LATE;
	}
	assert_int_equal(client.resent, LINES / BATCH / LOSS_EVERY * LATE);
	assert_int_equal(client_total(&client).lines, LINES - LATE);
}

static void test_a_full_window_waits_for_room(void **state)
{
	static const struct {
		size_t bytes, count, next_bytes;
	} rows[] = {
		{ 2, CLIENT_WINDOW_LINES, 2 },
		{ MIB, CLIENT_WINDOW_BYTES / MIB, 2 },
		{ CLIENT_WINDOW_BYTES + 1, 1, 2 }, /* a longer line goes alone */
		{ 2, 1, CLIENT_WINDOW_BYTES + 1 }, /* and waits until it can */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(state);
		for (size_t n = 0; n < rows[i].count; n++)
			assert_int_equal(send_bytes(rows[i].bytes), 0);
		server.stop = true; /* or it would wait */
		assert_int_equal(send_bytes(rows[i].next_bytes), -FAULT_CLOSED);
		assert_string_equal(fault.text, "interrupted");
		assert_int_equal(client.count, rows[i].count);
		server.stop = false;
		server.serves = true;
		assert_int_equal(send_bytes(rows[i].next_bytes), 0);
		assert_int_equal(client_finish(&client, &fault), 0);
		assert_int_equal(server.lines, rows[i].count + 1);
		end(state);
	}
}

static void test_a_refusal_is_told(void **state)
{
	static const struct {
		const char *answer, *says;
		enum fault_code code;
	} rows[] = {
		{ "{\"error\":\"version 1 is due\"}\n", "version 1 is due", FAULT_INVALID },
		{ "{\"ack\":4" ACK_REST, "acknowledges 4 lines", FAULT_INVALID },
		{ "{\"ack\":3" ACK_REST, "acknowledges 3 lines", FAULT_INVALID }, /* kept, unsent */
		{ "{\"ack\":2" ACK_REST "{\"ack\":1" ACK_REST, "acknowledges 1", FAULT_INVALID },
		{ "{\"ack\":1}\n", "accepted", FAULT_SYNTAX },
		{ "HTTP/1.1 400 Bad Request\n", "", FAULT_SYNTAX },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(state);
		send_lines("a b");
		exchange(2);
		send_lines("c");
		say(rows[i].answer);
		hang_up(); /* what it said before is heard first */
		if (client_finish(&client, &fault) != -(int)rows[i].code ||
		    strstr(fault.text, rows[i].says) == NULL)
			fail_msg("%s: %s", rows[i].answer, fault.text);
		end(state);
	}
}

/* Time goes by as if: the last acknowledgement is made older. */
static void test_an_ack_renews_patience(void **state)
{
	const int64_t most_ms = client.patience_ms - client.patience_ms / 4;

	(void)state;
	client.progress_ms -= 2 * most_ms; /* nothing is sent: nothing is waited for */
	send_lines("a b");
	exchange(2);
	client.progress_ms -= most_ms;
	acknowledge(1);
	settle(1);
	client.progress_ms -= most_ms;
	acknowledge(1); /* of nothing new */
	turn();
	client.progress_ms -= most_ms;
	assert_int_equal(client_wait(&client, FAULT_MS, &fault), -FAULT_CLOSED);
}

static void test_a_missing_daemon_is_tried_again(void **state)
{
	(void)state;
	listen_no_more();
	send_lines("a");
	for (int before = 0; before < CLIENT_PAUSE_MS_MAX; before = client.pause_ms) {
		client.retry_ms = 0;
		while (client.pause_ms <= before)
			turn();
	}
	assert_int_equal(client.pause_ms, CLIENT_PAUSE_MS_MAX);
	client.patience_ms = SHORT_MS;
	assert_int_equal(client_finish(&client, &fault), -FAULT_CLOSED);
	assert_non_null(strstr(fault.text, "no connection"));
	client.patience_ms = CLIENT_PATIENCE_S * 1000;
	listen_as(SOCK_STREAM);
	turn();
	assert_int_equal(client.connections, 0); /* the pause is not over */
	client.retry_ms = 0;
	exchange(1);
}

static void test_what_cannot_be_is_refused(void **state)
{
	char path[] = { [sizeof(((struct sockaddr_un *)0)->sun_path)] = '\0' };

	(void)state;
	assert_int_equal(send_bytes(CLIENT_LINE_BYTES_MAX + 2), -FAULT_RANGE);
	assert_int_equal(send_bytes(CLIENT_LINE_BYTES_MAX + 1), 0);
	client_release(&client);
	memset(path, 'x', sizeof(path) - 1);
	assert_int_equal(client_init(&client, path, text_of(NULL), &fault), -FAULT_RANGE);
	client_release(&client);
	assert_int_equal(client_init(&client, path + 1, text_of(NULL), &fault), 0);
	client_release(&client);
	assert_int_equal(client_init(&client, server.path, text_of(NULL), &fault), 0);
	listen_no_more();
	listen_as(SOCK_DGRAM);
	assert_int_equal(client_wait(&client, FAULT_MS, &fault), -FAULT_IO);
}

static void test_a_source_has_its_own_connection(void **state)
{
	(void)state;
	server.serves = true;
	send_lines("a");
	assert_int_equal(client_finish(&client, &fault), 0);
	client_source(&client, text_of(NULL));
	assert_int_equal(send(server.fd, "", 1, MSG_NOSIGNAL), -1); /* nobody is there any more */
	hang_up();
	send_lines("b");
	assert_int_equal(client_finish(&client, &fault), 0);
	assert_string_equal(server.got.at, "{\"toll\":1,\"ack\":true}\nb\n");
	assert_int_equal(client.connections, 2);
	assert_int_equal(client_total(&client).lines, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_finish_waits_for_the_last_ack, begin, end),
		cmocka_unit_test_setup_teardown(test_acks_come_in_any_pieces, begin, end),
		cmocka_unit_test_setup_teardown(test_what_is_not_acked_is_resent, begin, end),
		cmocka_unit_test_setup_teardown(test_no_loss_leaves_a_line_out, begin, end),
		cmocka_unit_test(test_a_full_window_waits_for_room),
		cmocka_unit_test(test_a_refusal_is_told),
		cmocka_unit_test_setup_teardown(test_an_ack_renews_patience, begin, end),
		cmocka_unit_test_setup_teardown(test_a_missing_daemon_is_tried_again, begin, end),
		cmocka_unit_test_setup_teardown(test_what_cannot_be_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(test_a_source_has_its_own_connection, begin, end),
	};

	return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
