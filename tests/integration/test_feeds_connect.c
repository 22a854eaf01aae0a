/* The daemon as the client of a gateway's own socket: the test is the gateway. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/feedkit.h"

static struct daemonkit kit;
static char path[DAEMONKIT_PATH_BYTES], feeds[512], name[256];
static int server;

static int listen_at(const char *at)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	text_copy(address.sun_path, sizeof(address.sun_path), text_of(at));
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

static int setup(void **state)
{
	(void)state;
	daemonkit_begin(&kit);
	feedkit_path(&kit, "gw.sock", path);
	snprintf(feeds, sizeof(feeds), "[{\"connect\":\"%s\",\"source\":\"gw-1\"}]", path);
	snprintf(name, sizeof(name), "connect:%s", path);
	server = listen_at(path);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (server >= 0)
		close(server);
	daemonkit_end(&kit);
	return 0;
}

/* Takes the daemon's next connection; its first line is the one that is due. */
static int take(const char *position)
{
	struct pollfd wait = { .fd = server, .events = POLLIN };
	struct buf line = { .at = NULL };
	int fd;

	assert_int_equal(poll(&wait, 1, DAEMONKIT_WAIT_MS), 1);
	fd = accept(server, NULL, NULL);
	assert_true(fd >= 0);
	assert_true(daemonkit_line(fd, &line));
	assert_string_equal(line.at, position);
	buf_release(&line);
	return fd;
}

static void send_events(int fd, const char *prefix, int count)
{
	struct buf lines = { .at = NULL };

	daemonkit_events(&lines, prefix, count);
	daemonkit_send(fd, lines.at, lines.len);
	buf_release(&lines);
}

static void test_it_says_where_it_is_and_acknowledges(void **state)
{
	struct wire_ack ack;
	int fd;

	(void)state;
	feedkit_start(&kit, feeds, NULL);
	fd = take("{\"toll\":1,\"position\":{\"lines\":0}}");
	feedkit_wait_status(&kit, "\"state\":\"connected\",\"lines\":0,\"lag_bytes\":0,");
	send_events(fd, "a", 3);
	daemonkit_wait_ack(fd, 3, &ack);
	assert_int_equal(ack.accepted, 3);
	feedkit_wait_status(&kit, "\"state\":\"connected\",\"lines\":3,");
	close(fd);
	/* It comes again, and knows what it has. */
	fd = take("{\"toll\":1,\"position\":{\"lines\":3,\"id\":\"a-2\"}}");
	send_events(fd, "b", 1);
	daemonkit_wait_ack(fd, 1, &ack);
	assert_int_equal(daemonkit_stop(&kit), 0);
	close(fd);
	assert_int_equal(daemonkit_status(&kit).events, 4);
}

static void test_what_comes_twice_is_a_duplicate_and_moves_nothing(void **state)
{
	struct buf place = { .at = NULL };
	struct wire_ack ack;
	int fd;

	(void)state;
	feedkit_start(&kit, feeds, NULL);
	fd = take("{\"toll\":1,\"position\":{\"lines\":0}}");
	send_events(fd, "a", 5);
	daemonkit_wait_ack(fd, 5, &ack);
	close(fd);
	fd = take("{\"toll\":1,\"position\":{\"lines\":5,\"id\":\"a-4\"}}");
	send_events(fd, "a", 5);
	daemonkit_wait_ack(fd, 5, &ack);
	assert_int_equal(ack.duplicate, 5);
	close(fd);
	/* By lines it would now leave five out, had they counted. */
	close(take("{\"toll\":1,\"position\":{\"lines\":5,\"id\":\"a-4\"}}"));
	assert_int_equal(daemonkit_stop(&kit), 0);
	assert_int_equal(feedkit_position(&kit, name, &place), 5);
	buf_release(&place);
}

static void test_the_position_outlives_the_daemon(void **state)
{
	struct buf place = { .at = NULL };
	struct wire_ack ack;
	int fd;

	(void)state;
	feedkit_start(&kit, feeds, NULL);
	fd = take("{\"toll\":1,\"position\":{\"lines\":0}}");
	send_events(fd, "a", 7);
	daemonkit_wait_ack(fd, 7, &ack);
	daemonkit_kill(&kit);
	close(fd);
	assert_int_equal(feedkit_position(&kit, name, &place), 7);
	assert_string_equal(place.at, "{\"id\":\"a-6\"}");
	feedkit_start(&kit, feeds, NULL);
	fd = take("{\"toll\":1,\"position\":{\"lines\":7,\"id\":\"a-6\"}}");
	send_events(fd, "b", 1);
	daemonkit_wait_ack(fd, 1, &ack);
	close(fd);
	assert_int_equal(daemonkit_stop(&kit), 0);
	assert_int_equal(feedkit_position(&kit, name, &place), 8);
	buf_release(&place);
}

/* Killed in the middle of what it acknowledges: the position is never behind or before it. */
static void test_killed_anywhere_the_position_is_that_of_the_events(void **state)
{
	enum { KILLS = 20, LINES = 300 };
	struct buf place = { .at = NULL };
	int64_t done = 0;

	(void)state;
	for (int i = 0; i < KILLS; i++) {
		struct buf expected = { .at = NULL }, line = { .at = NULL };
		int fd;

		feedkit_start(&kit, feeds,
		              (const char *const[]){ "--batch-events-max", "5", NULL });
		buf_addf(&expected, "{\"toll\":1,\"position\":{\"lines\":%lld", (long long)done);
		if (done > 0)
			buf_addf(&expected, ",\"id\":\"n-%lld\"", (long long)done - 1);
		buf_add_cstr(&expected, "}}");
		fd = take(expected.at);
		for (int64_t n = done; n < done + LINES; n++) {
			char id[32];

			snprintf(id, sizeof(id), "n-%lld", (long long)n);
			daemonkit_event(&line, id);
		}
		daemonkit_send(fd, line.at, line.len);
		for (int acks = 0; acks <= i % 4; acks++)
			assert_true(daemonkit_line(fd, &line));
		daemonkit_kill(&kit);
		close(fd);
		done = feedkit_position(&kit, name, &place);
		assert_int_equal(daemonkit_status(&kit).events, done);
		buf_release(&expected);
		buf_release(&line);
	}
	assert_true(done > KILLS);
	buf_release(&place);
}

static void test_a_gateway_that_is_not_there_is_waited_for(void **state)
{
	struct wire_ack ack;
	int fd;

	(void)state;
	close(server);
	unlink(path);
	feedkit_start(&kit, feeds, NULL);
	feedkit_wait_status(&kit, "\"error\":\"no such file or directory\"");
	feedkit_wait_status(&kit, "\"state\":\"waiting\"");
	server = listen_at(path);
	fd = take("{\"toll\":1,\"position\":{\"lines\":0}}");
	send_events(fd, "a", 1);
	daemonkit_wait_ack(fd, 1, &ack);
	feedkit_wait_status(&kit, "\"error\":\"\"");
	close(fd);
	assert_int_equal(daemonkit_stop(&kit), 0);
}

/* Of a line without its end nothing is acknowledged: it comes again, whole. */
static void test_a_line_cut_off_comes_again(void **state)
{
	struct buf line = { .at = NULL };
	struct wire_ack ack;
	int fd;

	(void)state;
	feedkit_start(&kit, feeds, NULL);
	fd = take("{\"toll\":1,\"position\":{\"lines\":0}}");
	send_events(fd, "a", 1);
	daemonkit_event(&line, "b");
	daemonkit_send(fd, line.at, line.len / 2);
	daemonkit_wait_ack(fd, 1, &ack);
	close(fd);
	fd = take("{\"toll\":1,\"position\":{\"lines\":1,\"id\":\"a-0\"}}");
	daemonkit_send(fd, line.at, line.len);
	daemonkit_wait_ack(fd, 1, &ack);
	assert_int_equal(ack.accepted, 1);
	close(fd);
	assert_int_equal(daemonkit_stop(&kit), 0);
	assert_int_equal(daemonkit_status(&kit).events, 2);
	buf_release(&line);
}

static void test_a_refused_line_is_acknowledged_and_not_in_the_position(void **state)
{
	struct wire_ack ack;
	int fd;

	(void)state;
	feedkit_start(&kit, feeds, NULL);
	fd = take("{\"toll\":1,\"position\":{\"lines\":0}}");
	send_events(fd, "a", 1);
	daemonkit_send_text(fd, "nonsense\n\n");
	daemonkit_wait_ack(fd, 2, &ack);
	assert_int_equal(ack.quarantined, 1);
	close(fd);
	close(take("{\"toll\":1,\"position\":{\"lines\":1,\"id\":\"a-0\"}}"));
	assert_int_equal(daemonkit_stop(&kit), 0);
}

static void test_without_room_it_waits_and_goes_on(void **state)
{
	struct wire_ack ack;
	int fd;

	(void)state;
	feedkit_start(&kit, feeds, daemonkit_narrow);
	fd = take("{\"toll\":1,\"position\":{\"lines\":0}}");
	send_events(fd, "a", 500);
	daemonkit_wait_ack(fd, 500, &ack);
	assert_int_equal(ack.accepted, 500);
	close(fd);
	assert_int_equal(daemonkit_stop(&kit), 0);
}

/* The limit of gateways is for those that come. */
static void test_it_takes_no_place_of_a_gateway(void **state)
{
	struct wire_ack ack;
	int fd;

	(void)state;
	feedkit_start(&kit, feeds, (const char *const[]){ "--connections-max", "1", NULL });
	fd = take("{\"toll\":1,\"position\":{\"lines\":0}}");
	daemonkit_send_one(&kit, "x", &ack);
	assert_int_equal(ack.accepted, 1);
	close(fd);
	assert_int_equal(daemonkit_stop(&kit), 0);
}

static void test_it_stops_while_it_tries(void **state)
{
	(void)state;
	close(server);
	server = -1;
	feedkit_start(&kit, feeds, NULL);
	feedkit_wait_status(&kit, "\"error\":\"connection refused\"");
	assert_int_equal(daemonkit_stop(&kit), 0);
}

#define FEED_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FEED_TEST(test_it_says_where_it_is_and_acknowledges),
		FEED_TEST(test_what_comes_twice_is_a_duplicate_and_moves_nothing),
		FEED_TEST(test_the_position_outlives_the_daemon),
		FEED_TEST(test_killed_anywhere_the_position_is_that_of_the_events),
		FEED_TEST(test_a_gateway_that_is_not_there_is_waited_for),
		FEED_TEST(test_a_line_cut_off_comes_again),
		FEED_TEST(test_a_refused_line_is_acknowledged_and_not_in_the_position),
		FEED_TEST(test_without_room_it_waits_and_goes_on),
		FEED_TEST(test_it_takes_no_place_of_a_gateway),
		FEED_TEST(test_it_stops_while_it_tries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
