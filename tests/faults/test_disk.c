/*
 * A disk that fills up under the load of three gateways, again and again, and has space again:
 * the WAL, the checkpoint, the start.  While it is full nothing is acknowledged, the log says
 * so, and it goes on by itself; at the end every event that was sent is there once.
 *
 * SEED, which is printed, chooses how much is left when it is full.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/gateways.h"
#include "tests/support/smalldisk.h"

enum {
	DISK_BYTES = 16 * 1024 * 1024,
	LEFT_BYTES_MAX = 1024 * 1024,
	GATEWAYS = 3,
	ROUNDS = 4,
	EVENTS_ROUND = 4000, /* of one gateway: more than fits into what is left */
	EVENTS_FEW = 200,
	FULL_MS = 1500, /* it is watched so long; a try is made each second */
};

static struct daemonkit kit;
static struct gateways gateways;
static uint64_t random_state;
static bool have_disk;

static uint64_t random_next(void)
{
	/* splitmix64 */
	uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static int begin(void **state)
{
	const char *seed = getenv("SEED");

	(void)state;
	random_state = seed != NULL ? strtoull(seed, NULL, 10) : 1;
	print_message("SEED=%llu\n", (unsigned long long)random_state);
	have_disk = smalldisk_begin(&kit, DISK_BYTES);
	gateways_init(&gateways, &kit, GATEWAYS);
	return 0;
}

static int end(void **state)
{
	(void)state;
	gateways_release(&gateways);
	smalldisk_end(&kit, have_disk);
	return 0;
}

static int log_count(const char *words)
{
	struct buf log = { .at = NULL };
	size_t at = 0;
	int count = 0;

	assert_int_equal(buf_read_file(&log, kit.log, BUF_BYTES_MAX, NULL), 0);
	while (at < log.len) {
		const char *found = memmem(log.at + at, log.len - at, words, strlen(words));

		if (found == NULL)
			break;
		at = (size_t)(found - log.at) + 1;
		count++;
	}
	buf_release(&log);
	return count;
}

/* The gateways send on until the log has said so `times` times. */
static void run_until_logged(const char *words, int times)
{
	int64_t until = daemonkit_now_ms() + DAEMONKIT_WAIT_MS;

	while (log_count(words) < times) {
		if (daemonkit_now_ms() > until)
			fail_msg("the log does not say: %s", words);
		gateways_run(&gateways, daemonkit_now_ms() + 20);
		usleep(1000);
	}
}

static void run_all(void)
{
	assert_true(gateways_run(&gateways, daemonkit_now_ms() + DAEMONKIT_WAIT_MS));
}

/* What was on its way when it was said is read first; from then on nothing comes. */
static void expect_no_acknowledgement(void)
{
	int64_t acknowledged;

	gateways_run(&gateways, daemonkit_now_ms() + 50);
	acknowledged = gateways_acknowledged(&gateways);
	assert_false(gateways_run(&gateways, daemonkit_now_ms() + FULL_MS));
	assert_int_equal(gateways_acknowledged(&gateways), acknowledged);
}

static void finish(void)
{
	assert_int_equal(daemonkit_stop(&kit), 0);
	gateways_hang_up(&gateways);
	gateways_check(&gateways);
	gateways_settle(&gateways);
	print_message("%lld events, each stored once\n",
	              (long long)gateways_acknowledged(&gateways));
}

static void test_no_space_for_the_wal_under_load(void **state)
{
	static const char says[] = "no space: nothing is acknowledged until there is";

	(void)state;
	if (!have_disk)
		skip();
	daemonkit_start(&kit, NULL);
	gateways_allow(&gateways, EVENTS_FEW);
	run_all();
	for (int round = 1; round <= ROUNDS; round++) {
		int64_t before = gateways_acknowledged(&gateways);

		smalldisk_fill(&kit, (off_t)(random_next() % LEFT_BYTES_MAX));
		gateways_allow(&gateways, EVENTS_ROUND);
		run_until_logged(says, round);
		expect_no_acknowledgement();
		print_message("full after %lld of %d more events\n",
		              (long long)(gateways_acknowledged(&gateways) - before),
		              GATEWAYS * EVENTS_ROUND);
		smalldisk_free(&kit);
		run_all();
		assert_int_equal(log_count("msg=\"it goes on\""), round);
	}
	assert_int_equal(log_count("msg=\"ready\""), 1);
	finish();
}

static void test_no_space_for_the_checkpoint(void **state)
{
	static const char says[] = "no space: the WAL stays as it is until there is";

	(void)state;
	if (!have_disk)
		skip();
	daemonkit_start(&kit, NULL);
	gateways_allow(&gateways, EVENTS_ROUND);
	run_all();
	/* All of it is in the WAL; in a second it is to be moved. */
	smalldisk_fill(&kit, 0);
	run_until_logged(says, 1);
	gateways_allow(&gateways, EVENTS_ROUND);
	run_until_logged("no space: nothing is acknowledged until there is", 1);
	expect_no_acknowledgement();
	smalldisk_free(&kit);
	run_all();
	assert_int_equal(log_count("msg=\"ready\""), 1);
	finish();
}

static void kill_after_a_few(void)
{
	gateways_allow(&gateways, EVENTS_FEW);
	run_all();
	daemonkit_kill(&kit);
	gateways_hang_up(&gateways);
}

/* Without space for a ledger, or for the index of its WAL, it does not start and says so. */
static void refuse_start(int times)
{
	const char *const arguments[] = { "--ledger", kit.ledger, "--socket", kit.socket,
		                          "--prices", kit.prices, NULL };

	daemonkit_spawn(&kit, arguments);
	assert_int_equal(daemonkit_wait_exit(&kit), 3);
	assert_int_equal(log_count("msg=\"cannot start\" fault=full"), times);
	smalldisk_free(&kit);
	daemonkit_start(&kit, NULL);
	kill_after_a_few();
}

static void test_no_space_at_the_start(void **state)
{
	char index[DAEMONKIT_PATH_BYTES + 8];

	(void)state;
	if (!have_disk)
		skip();
	smalldisk_fill(&kit, 64 * 1024);
	refuse_start(1);
	snprintf(index, sizeof(index), "%s-shm", kit.ledger);
	assert_int_equal(unlink(index), 0);
	smalldisk_fill(&kit, 0);
	refuse_start(2);
	/* A ledger that is whole is opened, and waits. */
	smalldisk_fill(&kit, 0);
	daemonkit_start(&kit, NULL);
	gateways_allow(&gateways, EVENTS_FEW);
	run_until_logged("no space: nothing is acknowledged until there is", 1);
	expect_no_acknowledgement();
	smalldisk_free(&kit);
	run_all();
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_no_space_for_the_wal_under_load, begin, end),
		cmocka_unit_test_setup_teardown(test_no_space_for_the_checkpoint, begin, end),
		cmocka_unit_test_setup_teardown(test_no_space_at_the_start, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
