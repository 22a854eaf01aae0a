/*
 * kill -9 of the real daemon under load, over its real socket: what was acknowledged is
 * stored, and after resends everything is stored once, to the last digit.
 *
 * SEED and RUNS (kills) come from the environment; the seed is printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "tests/support/gateways.h"

enum {
	GATEWAYS = 3,
	KILLS = 200,
	EVENTS_PER_KILL_MAX = 1500, /* of one gateway; bounds the ledger's size */
	LIFE_MS_MAX = 60,
	EARLY_KILL_MS_MAX = 12, /* half of the kills hit the start */
};

static struct daemonkit kit;
static struct gateways gateways;
static uint64_t random_state;

static uint64_t random_next(void)
{
	/* splitmix64 */
	uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static void life(bool kill_early)
{
	const char *const arguments[] = { "--ledger",    kit.ledger, "--socket",
		                          kit.socket,    "--prices", kit.prices,
		                          "--linger-ms", "1",        NULL };
	uint64_t life_ms = 1 + random_next() % (kill_early ? EARLY_KILL_MS_MAX : LIFE_MS_MAX);

	gateways_allow(&gateways, EVENTS_PER_KILL_MAX);
	daemonkit_spawn(&kit, arguments);
	if (!kill_early)
		gateways_wait_for_daemon(&gateways);
	gateways_run(&gateways, daemonkit_now_ms() + (int64_t)life_ms);
	daemonkit_kill(&kit);
	gateways_hang_up(&gateways);
}

static void test_acknowledged_is_stored_once_whatever_is_killed(void **state)
{
	const char *seed = getenv("SEED"), *runs = getenv("RUNS");
	int kills = runs != NULL ? atoi(runs) : KILLS;

	(void)state;
	random_state = seed != NULL ? strtoull(seed, NULL, 10) : 1;
	print_message("SEED=%llu RUNS=%d\n", (unsigned long long)random_state, kills);
	assert_true(kills > 0);
	daemonkit_begin(&kit);
	gateways_init(&gateways, &kit, GATEWAYS);
	for (int k = 0; k < kills; k++) {
		life(k % 2 == 1);
		if (k % 10 == 9)
			gateways_check(&gateways);
		else if (gateways_acknowledged(&gateways) > 0)
			assert_true(daemonkit_status(&kit).events >=
			            gateways_acknowledged(&gateways));
	}
	/* At last all of it is sent again and acknowledged. */
	gateways_settle(&gateways);
	/* A campaign that never got anything acknowledged would show nothing. */
	assert_true(gateways_acknowledged(&gateways) > kills);
	print_message("%lld events, each stored once\n",
	              (long long)gateways_acknowledged(&gateways));
	gateways_release(&gateways);
	daemonkit_end(&kit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_acknowledged_is_stored_once_whatever_is_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
