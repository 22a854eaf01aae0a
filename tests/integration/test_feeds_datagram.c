/* A datagram socket of the daemon's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/feedkit.h"

static struct daemonkit kit;
static char path[DAEMONKIT_PATH_BYTES], feeds[512], name[256];

static int setup(void **state)
{
	(void)state;
	daemonkit_begin(&kit);
	feedkit_path(&kit, "dgram.sock", path);
	snprintf(feeds, sizeof(feeds), "[{\"datagram\":\"%s\",\"source\":\"gw-3\"}]", path);
	snprintf(name, sizeof(name), "datagram:%s", path);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	daemonkit_end(&kit);
	return 0;
}

static int sender(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	text_copy(address.sun_path, sizeof(address.sun_path), text_of(path));
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void send_event(int fd, const char *id)
{
	struct buf line = { .at = NULL };

	daemonkit_event(&line, id);
	assert_int_equal(send(fd, line.at, line.len, 0), line.len);
	buf_release(&line);
}

static void test_a_datagram_is_one_line_or_several(void **state)
{
	struct buf lines = { .at = NULL }, place = { .at = NULL };
	struct stat status;
	int fd;

	(void)state;
	feedkit_start(&kit, feeds, NULL);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0660);
	fd = sender();
	send_event(fd, "one");
	daemonkit_events(&lines, "several", 5);
	/* The end of a datagram ends a line. */
	assert_int_equal(send(fd, lines.at, lines.len - 1, 0), lines.len - 1);
	assert_int_equal(send(fd, "\n", 1, 0), 1);
	assert_int_equal(send(fd, "", 0, 0), 0);
	send_event(fd, "last");
	feedkit_wait_events(&kit, 7);
	feedkit_wait_status(&kit, "\"kind\":\"datagram\"");
	feedkit_wait_status(&kit, "\"state\":\"reading\",\"lines\":7,\"lag_bytes\":null,");
	feedkit_stop_without_duplicates(&kit);
	assert_int_equal(daemonkit_status(&kit).quarantined, 0);
	assert_int_equal(feedkit_position(&kit, name, &place), 7);
	close(fd);
	buf_release(&lines);
	buf_release(&place);
}

/* A line does not go on in the next datagram. */
static void test_half_a_line_is_a_line_of_its_own(void **state)
{
	struct buf line = { .at = NULL };
	int fd;

	(void)state;
	feedkit_start(&kit, feeds, NULL);
	fd = sender();
	daemonkit_event(&line, "torn");
	assert_int_equal(send(fd, line.at, line.len / 2, 0), line.len / 2);
	assert_int_equal(send(fd, line.at + line.len / 2, line.len - line.len / 2, 0),
	                 line.len - line.len / 2);
	send_event(fd, "good");
	feedkit_wait_events(&kit, 1);
	feedkit_wait_quarantined(&kit, 2);
	close(fd);
	feedkit_stop_without_duplicates(&kit);
	buf_release(&line);
}

static void test_a_datagram_or_a_line_too_long_is_quarantined(void **state)
{
	enum { LONG_BYTES = 300 * 1024, LINE_BYTES = 5000 };
	char *bytes = malloc(LONG_BYTES);
	const int room = 2 * LONG_BYTES;
	int fd;

	(void)state;
	assert_non_null(bytes);
	memset(bytes, 'x', LONG_BYTES);
	feedkit_start(&kit, feeds, (const char *const[]){ "--line-bytes-max", "4096", NULL });
	fd = sender();
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) < 0)
		assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)), 0);
	assert_int_equal(send(fd, bytes, LONG_BYTES, 0), LONG_BYTES);
	assert_int_equal(send(fd, bytes, LINE_BYTES, 0), LINE_BYTES);
	send_event(fd, "good");
	feedkit_wait_events(&kit, 1);
	feedkit_wait_quarantined(&kit, 2);
	assert_true(daemonkit_logged(&kit, "307200 bytes; the limit is"));
	assert_true(daemonkit_logged(&kit, "5000 bytes; the limit is 4096"));
	close(fd);
	feedkit_stop_without_duplicates(&kit);
	free(bytes);
}

/* All that the kernel took is stored, then senders are told. */
static void test_the_end_takes_what_was_sent(void **state)
{
	enum { EVENTS = 200 };
	char id[32];
	int fd, sent = 0;

	(void)state;
	feedkit_start(&kit, feeds, daemonkit_narrow);
	fd = sender();
	for (; sent < EVENTS; sent++) {
		snprintf(id, sizeof(id), "n-%d", sent);
		send_event(fd, id);
	}
	feedkit_stop_without_duplicates(&kit);
	assert_int_equal(daemonkit_status(&kit).events, EVENTS);
	assert_int_equal(send(fd, "x", 1, MSG_NOSIGNAL), -1);
	assert_true(errno == ECONNREFUSED || errno == EPIPE);
	assert_int_equal(access(path, F_OK), -1);
	close(fd);
}

/* The kernel holds what we do not read; the sender is told that there is no room. */
static void test_without_room_the_sender_waits_and_nothing_is_lost(void **state)
{
	char id[32];
	int fd, sent = 0;
	bool held = false;

	(void)state;
	feedkit_start(&kit, feeds, daemonkit_narrow);
	kill(kit.pid, SIGSTOP);
	fd = sender();
	while (!held) {
		struct buf line = { .at = NULL };

		snprintf(id, sizeof(id), "n-%d", sent);
		daemonkit_event(&line, id);
		held = send(fd, line.at, line.len, MSG_DONTWAIT) < 0;
		if (held)
			assert_int_equal(errno, EAGAIN);
		sent += !held;
		buf_release(&line);
	}
	kill(kit.pid, SIGCONT);
	send_event(fd, "behind");
	feedkit_wait_events(&kit, sent + 1);
	close(fd);
	feedkit_stop_without_duplicates(&kit);
}

/* It waits inside a datagram, also right before its last line, which has no newline. */
static void test_without_room_a_datagram_is_taken_in_pieces(void **state)
{
	enum { DATAGRAMS = 30, LINES = 7 };
	char prefix[16];
	int fd;

	(void)state;
	feedkit_start(&kit, feeds, daemonkit_narrow);
	fd = sender();
	for (int i = 0; i < DATAGRAMS; i++) {
		struct buf lines = { .at = NULL };

		snprintf(prefix, sizeof(prefix), "d%d", i);
		daemonkit_events(&lines, prefix, LINES);
		assert_int_equal(send(fd, lines.at, lines.len - 1, 0), lines.len - 1);
		buf_release(&lines);
	}
	feedkit_stop_without_duplicates(&kit);
	assert_int_equal(daemonkit_status(&kit).events, DATAGRAMS * LINES);
	assert_int_equal(daemonkit_status(&kit).quarantined, 0);
	close(fd);
}

static void test_a_stale_socket_is_removed_and_a_used_one_is_not(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_true(fd >= 0);
	text_copy(address.sun_path, sizeof(address.sun_path), text_of(path));
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	feedkit_spawn(&kit, feeds);
	assert_int_equal(daemonkit_wait_exit(&kit), 3);
	daemonkit_wait_log(&kit, "another program answers there");
	close(fd);
	feedkit_start(&kit, feeds, NULL);
	assert_true(daemonkit_logged(&kit, "stale socket removed"));
	/* And after a crash its own. */
	daemonkit_kill(&kit);
	feedkit_start(&kit, feeds, NULL);
	fd = sender();
	send_event(fd, "a");
	feedkit_wait_events(&kit, 1);
	close(fd);
	feedkit_stop_without_duplicates(&kit);
}

static void test_something_else_in_the_way_is_left_alone(void **state)
{
	(void)state;
	daemonkit_write(path, "precious\n");
	feedkit_spawn(&kit, feeds);
	assert_int_equal(daemonkit_wait_exit(&kit), 2);
	daemonkit_wait_log(&kit, "is there and is no socket");
	assert_int_equal(access(path, F_OK), 0);
}

static void test_the_mode_is_the_one_that_was_asked_for(void **state)
{
	struct stat status;

	(void)state;
	snprintf(feeds, sizeof(feeds), "[{\"datagram\":\"%s\",\"source\":\"s\",\"mode\":\"0622\"}]",
	         path);
	feedkit_start(&kit, feeds, NULL);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0622);
	feedkit_stop_without_duplicates(&kit);
}

#define FEED_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FEED_TEST(test_a_datagram_is_one_line_or_several),
		FEED_TEST(test_half_a_line_is_a_line_of_its_own),
		FEED_TEST(test_a_datagram_or_a_line_too_long_is_quarantined),
		FEED_TEST(test_the_end_takes_what_was_sent),
		FEED_TEST(test_without_room_the_sender_waits_and_nothing_is_lost),
		FEED_TEST(test_without_room_a_datagram_is_taken_in_pieces),
		FEED_TEST(test_a_stale_socket_is_removed_and_a_used_one_is_not),
		FEED_TEST(test_something_else_in_the_way_is_left_alone),
		FEED_TEST(test_the_mode_is_the_one_that_was_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
