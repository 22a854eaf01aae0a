/*
 * A full disk, a real one: a small tmpfs in a mount namespace of this test.  Nothing is
 * acknowledged that is not stored, and when there is space again all goes on by itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/smalldisk.h"

enum {
	DISK_BYTES = 4 * 1024 * 1024,
	LEFT_BYTES = 256 * 1024, /* when the disk is "full": for the start of a batch */
	EVENTS = 6000,
	/* A WAL that has room, but the file that it is copied to has none. */
	WAL_DISK_BYTES = 40 * 1024 * 1024,
	WAL_LEFT_BYTES = LEDGER_WAL_PAGES_MAX * 4096 + 2 * 1024 * 1024,
	WAL_EVENTS = 250000,
};

static struct daemonkit kit;
static bool have_disk;

static int begin(void **state)
{
	(void)state;
	have_disk = smalldisk_begin(&kit, DISK_BYTES);
	return 0;
}

static int begin_large(void **state)
{
	(void)state;
	have_disk = smalldisk_begin(&kit, WAL_DISK_BYTES);
	return 0;
}

static int end(void **state)
{
	(void)state;
	smalldisk_end(&kit, have_disk);
	return 0;
}

/* A sender that fills the disk; the lines are all in its socket's buffers. */
static int send_all(void)
{
	struct buf lines = { .at = NULL };
	int fd = daemonkit_hello(&kit, "gw", true);

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &(int){ 8 << 20 }, sizeof(int));
	daemonkit_events(&lines, "full", EVENTS);
	daemonkit_send(fd, lines.at, lines.len);
	buf_release(&lines);
	return fd;
}

static void test_no_space_no_acknowledgement_and_then_all_of_them(void **state)
{
	struct buf reply = { .at = NULL };
	struct wire_ack ack;
	int control, fd;

	(void)state;
	if (!have_disk)
		skip();
	daemonkit_start(&kit, NULL);
	smalldisk_fill(&kit, LEFT_BYTES);
	fd = send_all();
	daemonkit_wait_log(&kit, "no space: nothing is acknowledged until there is");
	/* Whoever asks for a change now is told, and does not wait for space. */
	control = daemonkit_connect(kit.control);
	daemonkit_send_text(control, "{\"change\":\"suspense.retry\"}\n");
	assert_true(daemonkit_line(control, &reply));
	buf_add_cstr(&reply, "");
	assert_non_null(strstr(reply.at, "{\"ok\":false,\"fault\":\"full\","));
	close(control);
	buf_release(&reply);
	smalldisk_free(&kit);
	daemonkit_wait_ack(fd, EVENTS, &ack);
	assert_int_equal(ack.accepted, EVENTS);
	assert_true(daemonkit_logged(&kit, "msg=\"it goes on\""));
	close(fd);
	assert_int_equal(daemonkit_stop(&kit), 0);
	assert_true(daemonkit_verified_amount(&kit).attos ==
	            (wide)EVENTS * KIT_EVENT_NANOS * ATTOS_PER_NANO);
}

static void test_stopped_on_a_full_disk_it_says_so_and_a_resend_mends_it(void **state)
{
	struct wire_ack ack;
	int fd;

	(void)state;
	if (!have_disk)
		skip();
	daemonkit_start(&kit, NULL);
	smalldisk_fill(&kit, LEFT_BYTES);
	fd = send_all();
	daemonkit_wait_log(&kit, "no space: nothing is acknowledged until there is");
	kill(kit.pid, SIGTERM);
	assert_int_equal(daemonkit_wait_exit(&kit), 3);
	assert_true(daemonkit_logged(&kit, "it stays unacknowledged"));
	close(fd);
	smalldisk_free(&kit);
	daemonkit_start(&kit, NULL);
	fd = send_all();
	daemonkit_wait_ack(fd, EVENTS, &ack);
	assert_int_equal(ack.accepted + ack.duplicate, EVENTS);
	close(fd);
	assert_int_equal(daemonkit_stop(&kit), 0);
	assert_true(daemonkit_verified_amount(&kit).attos ==
	            (wide)EVENTS * KIT_EVENT_NANOS * ATTOS_PER_NANO);
}

/* Whoever was not read for want of space is not silent when there is space again. */
static void test_a_sender_that_had_to_wait_is_not_cut_off(void **state)
{
	enum { LINES = 50, TIMEOUT_S = 3 };
	static const char *const arguments[] = {
		"--batch-events-max", "10", "--queue-batches", "2", "--line-timeout-s", "3", NULL
	};
	struct buf lines = { .at = NULL }, last = { .at = NULL };
	struct wire_ack ack;
	int fd;

	(void)state;
	if (!have_disk)
		skip();
	daemonkit_events(&lines, "wait", LINES);
	daemonkit_event(&last, "wait-last");
	buf_add(&lines, last.at, last.len / 2);
	daemonkit_start(&kit, arguments);
	smalldisk_fill(&kit, 0);
	fd = daemonkit_hello(&kit, "gw", true);
	daemonkit_send(fd, lines.at, lines.len);
	daemonkit_wait_log(&kit, "no space: nothing is acknowledged until there is");
	sleep(TIMEOUT_S + 1);
	smalldisk_free(&kit);
	daemonkit_wait_ack(fd, LINES, &ack);
	/* The clock that ends silent senders ticks once a second. */
	usleep(1500000);
	daemonkit_send(fd, last.at + last.len / 2, last.len - last.len / 2);
	daemonkit_wait_ack(fd, LINES + 1, &ack);
	assert_int_equal(ack.accepted, LINES + 1);
	close(fd);
	buf_release(&lines);
	buf_release(&last);
	assert_int_equal(daemonkit_stop(&kit), 0);
}

/* Acknowledgements until all that was sent is, or until it says that there is no space. */
static int64_t read_acks(int fd, int64_t acked, int64_t sent)
{
	struct buf line = { .at = NULL };
	struct json doc = { .nodes = NULL };
	struct wire_ack ack;

	while (acked < sent && !daemonkit_logged(&kit, "no space: nothing is acknowledged")) {
		if (daemonkit_silent(fd, 50))
			continue;
		assert_true(daemonkit_line(fd, &line));
		assert_int_equal(wire_ack_parse(buf_text(&line), &doc, &ack, NULL), 0);
		acked = ack.lines;
	}
	json_release(&doc);
	buf_release(&line);
	return acked;
}

/* What the WAL has is durable: the daemon lives on when there is no space to move it. */
static void test_no_space_for_a_checkpoint_is_waited_for(void **state)
{
	struct buf lines = { .at = NULL };
	struct wire_ack ack;
	int64_t sent = 0, acked = 0;
	int fd;

	(void)state;
	if (!have_disk)
		skip();
	daemonkit_start(&kit, NULL);
	smalldisk_fill(&kit, WAL_LEFT_BYTES);
	fd = daemonkit_hello(&kit, "gw", true);
	while (!daemonkit_logged(&kit, "no space")) {
		assert_true(sent < WAL_EVENTS);
		buf_clear(&lines);
		for (int i = 0; i < 1000; i++) {
			char id[32];

			snprintf(id, sizeof(id), "wal-%lld", (long long)sent++);
			daemonkit_event(&lines, id);
		}
		daemonkit_send(fd, lines.at, lines.len);
		acked = read_acks(fd, acked, sent);
	}
	buf_release(&lines);
	assert_true(daemonkit_logged(&kit, "no space: the WAL stays as it is until there is"));
	smalldisk_free(&kit);
	if (acked < sent)
		daemonkit_wait_ack(fd, sent, &ack);
	close(fd);
	assert_int_equal(daemonkit_stop(&kit), 0);
	assert_true(daemonkit_verified_amount(&kit).attos ==
	            (wide)sent * KIT_EVENT_NANOS * ATTOS_PER_NANO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_no_space_no_acknowledgement_and_then_all_of_them, begin, end),
		cmocka_unit_test_setup_teardown(
			test_stopped_on_a_full_disk_it_says_so_and_a_resend_mends_it, begin, end),
		cmocka_unit_test_setup_teardown(test_a_sender_that_had_to_wait_is_not_cut_off,
		                                begin, end),
		cmocka_unit_test_setup_teardown(test_no_space_for_a_checkpoint_is_waited_for,
		                                begin_large, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
