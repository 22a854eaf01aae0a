/*
 * No descriptors left: the real daemon under a small limit of open files, and more gateways
 * than that.  Who is connected is served, who waits is served when there is room, and no loop
 * runs hot meanwhile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/support/daemonkit.h"

enum {
	CONNECTED = 6,      /* before the limit is there */
	MORE = 10,          /* beyond it */
	SERVED = 50,        /* events of each that is connected, meanwhile */
	WATCH_MS = 2000,    /* so long nobody gets a descriptor */
	CPU_MS_MAX = 600,   /* of the daemon in that time; a hot loop takes all of it */
	LOG_LINES_MAX = 40, /* and no log that fills a disk */
	LIMIT_SMALL = 64,
};

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

/* Under a limit that is too small it says so, and starts nothing. */
static void test_a_limit_too_small_is_told_at_the_start(void **state)
{
	const char *const arguments[] = { "--ledger", kit.ledger, "--socket", kit.socket,
		                          "--prices", kit.prices, NULL };
	const struct rlimit small = { LIMIT_SMALL, LIMIT_SMALL };

	(void)state;
	daemonkit_spawn_within(&kit, arguments, &small);
	assert_int_equal(daemonkit_wait_exit(&kit), 2);
	assert_true(daemonkit_logged(&kit, "raise it (LimitNOFILE of the unit, ulimit -n)"));
	assert_int_equal(access(kit.ledger, F_OK), -1);
}

static int64_t cpu_ms(void)
{
	char path[64];
	unsigned long user = 0, system = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)kit.pid);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
	                        &user, &system),
	                 2);
	fclose(file);
	return (int64_t)(user + system) * 1000 / sysconf(_SC_CLK_TCK);
}

static int log_lines(void)
{
	struct buf log = { .at = NULL };
	int lines = 0;

	assert_int_equal(buf_read_file(&log, kit.log, BUF_BYTES_MAX, NULL), 0);
	for (size_t i = 0; i < log.len; i++)
		lines += log.at[i] == '\n';
	buf_release(&log);
	return lines;
}

/* The daemon may open no file beyond those that it has; with 0, as many as it likes. */
static void limit_files(rlim_t files)
{
	struct rlimit limit;

	assert_int_equal(prlimit(kit.pid, RLIMIT_NOFILE, NULL, &limit), 0);
	limit.rlim_cur = files > 0 ? files : limit.rlim_max;
	assert_int_equal(prlimit(kit.pid, RLIMIT_NOFILE, &limit, NULL), 0);
}

static void send_events(int fd, const char *prefix, int gateway)
{
	struct buf lines = { .at = NULL };
	char name[32];

	snprintf(name, sizeof(name), "%s-%d", prefix, gateway);
	daemonkit_events(&lines, name, SERVED);
	daemonkit_send(fd, lines.at, lines.len);
	buf_release(&lines);
}

/*
 * Whoever comes while there is no descriptor: let in and closed, or not yet answered.  Either
 * way nothing is acknowledged, and who is closed knows to come again.
 */
static void test_without_descriptors_the_others_are_served(void **state)
{
	int connected[CONNECTED], more[MORE], lines;
	struct wire_ack ack;
	int64_t cpu;

	(void)state;
	daemonkit_start(&kit, NULL);
	for (int i = 0; i < CONNECTED; i++) {
		connected[i] = daemonkit_hello(&kit, "gw", true);
		send_events(connected[i], "first", i);
		daemonkit_wait_ack(connected[i], SERVED, &ack);
	}
	limit_files(1);
	lines = log_lines();
	for (int i = 0; i < MORE; i++)
		more[i] = daemonkit_connect(kit.socket);
	cpu = cpu_ms();
	for (int i = 0; i < CONNECTED; i++) {
		send_events(connected[i], "second", i);
		daemonkit_wait_ack(connected[i], 2 * SERVED, &ack);
		assert_int_equal(ack.accepted, 2 * SERVED);
	}
	for (int ms = 0; ms < WATCH_MS; ms += 100)
		usleep(100000);
	cpu = cpu_ms() - cpu;
	lines = log_lines() - lines;
	print_message("without descriptors: %lld ms of CPU in %d ms, %d log lines\n",
	              (long long)cpu, WATCH_MS, lines);
	assert_in_range(cpu, 0, CPU_MS_MAX);
	assert_in_range(lines, 1, LOG_LINES_MAX);
	assert_true(daemonkit_logged(&kit, "cannot accept"));
	limit_files(0);
	for (int i = 0; i < MORE; i++)
		close(more[i]);
	for (int i = 0; i < MORE; i++) {
		more[i] = daemonkit_hello(&kit, "gw", true);
		send_events(more[i], "third", i);
	}
	for (int i = 0; i < MORE; i++) {
		daemonkit_wait_ack(more[i], SERVED, &ack);
		assert_int_equal(ack.accepted, SERVED);
		close(more[i]);
	}
	for (int i = 0; i < CONNECTED; i++)
		close(connected[i]);
	assert_int_equal(daemonkit_stop(&kit), 0);
	assert_true(daemonkit_verified_amount(&kit).attos ==
	            (wide)(2 * CONNECTED + MORE) * SERVED * KIT_EVENT_NANOS * ATTOS_PER_NANO);
}

/* The limit of its own: beyond it they wait, unanswered, until one goes. */
static void test_beyond_connections_max_they_wait_for_their_turn(void **state)
{
	static const char *const arguments[] = { "--connections-max", "6", NULL };
	int connected[CONNECTED], more[MORE];
	struct wire_ack ack;
	int64_t cpu;

	(void)state;
	daemonkit_start(&kit, arguments);
	for (int i = 0; i < CONNECTED; i++) {
		connected[i] = daemonkit_hello(&kit, "gw", true);
		send_events(connected[i], "first", i);
		daemonkit_wait_ack(connected[i], SERVED, &ack);
	}
	cpu = cpu_ms();
	for (int i = 0; i < MORE; i++) {
		more[i] = daemonkit_hello(&kit, "gw", true);
		send_events(more[i], "more", i);
	}
	assert_true(daemonkit_silent(more[0], WATCH_MS));
	cpu = cpu_ms() - cpu;
	assert_in_range(cpu, 0, CPU_MS_MAX);
	for (int i = 0; i < CONNECTED; i++)
		close(connected[i]);
	for (int i = 0; i < MORE; i++) {
		daemonkit_wait_ack(more[i], SERVED, &ack);
		close(more[i]);
	}
	assert_int_equal(daemonkit_stop(&kit), 0);
	assert_true(daemonkit_verified_amount(&kit).attos ==
	            (wide)(CONNECTED + MORE) * SERVED * KIT_EVENT_NANOS * ATTOS_PER_NANO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_limit_too_small_is_told_at_the_start, begin,
		                                end),
		cmocka_unit_test_setup_teardown(test_without_descriptors_the_others_are_served,
		                                begin, end),
		cmocka_unit_test_setup_teardown(
			test_beyond_connections_max_they_wait_for_their_turn, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
