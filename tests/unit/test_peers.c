#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/peers.h"

static struct peers peers;

static int end(void **state)
{
	(void)state;
	peers_release(&peers);
	return 0;
}

static void test_one_part_of_eight_is_for_others(void **state)
{
	static const struct row {
		int64_t all, of_one, expected;
	} rows[] = {
		{ 256, 0, 224 }, { 8, 0, 7 },   { 7, 0, 7 },
		{ 1, 0, 1 },     { 256, 3, 3 }, { 256, 300, 300 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		peers_init(&peers, rows[i].all, rows[i].of_one, 0);
		assert_int_equal(peers.connections_max, rows[i].expected);
	}
}

static void test_a_uid_is_one_peer(void **state)
{
	struct peer *a, *b;

	(void)state;
	peers_init(&peers, 8, 2, 0);
	a = peers_get(&peers, 1000, 1);
	b = peers_get(&peers, 1001, 1);
	assert_ptr_not_equal(a, b);
	assert_ptr_equal(peers_get(&peers, 1000, 2), a);
	assert_int_equal(a->uid, 1000);
}

static void test_further_ones_wait_and_others_are_served(void **state)
{
	struct peer *a, *b;

	(void)state;
	peers_init(&peers, 8, 2, 0);
	a = peers_get(&peers, 1000, 1);
	b = peers_get(&peers, 1001, 1);
	assert_int_equal(peers_enter(&peers, a, false), PEER_SERVED);
	assert_int_equal(peers_enter(&peers, a, false), PEER_SERVED);
	assert_int_equal(peers_enter(&peers, a, false), PEER_WAITS);
	assert_false(peers_may_advance(&peers, a));
	assert_int_equal(peers_enter(&peers, b, false), PEER_SERVED);
	peers_leave(&peers, b, PEER_SERVED);
	assert_false(peers_may_advance(&peers, b));
	peers_leave(&peers, a, PEER_SERVED);
	assert_true(peers_may_advance(&peers, a));
	/* Nobody overtakes who waits. */
	assert_int_equal(peers_enter(&peers, a, false), PEER_WAITS);
	peers_advance(&peers, a);
	assert_false(peers_may_advance(&peers, a));
	assert_int_equal(a->served, 2);
	assert_int_equal(peers.waiting, 1);
	peers_leave(&peers, a, PEER_WAITS);
	assert_int_equal(peers.waiting, 0);
	assert_int_equal(a->waiting, 0);
}

static void test_too_many_that_wait_are_refused(void **state)
{
	struct peer *a, *b;

	(void)state;
	peers_init(&peers, 8, 1, 0);
	a = peers_get(&peers, 1000, 1);
	b = peers_get(&peers, 1001, 1);
	assert_int_equal(peers_enter(&peers, a, false), PEER_SERVED);
	for (int i = 0; i < PEERS_WAITING_MAX; i++)
		assert_int_equal(peers_enter(&peers, a, false), PEER_WAITS);
	assert_int_equal(peers_enter(&peers, a, false), PEER_REFUSED);
	peers_leave(&peers, a, PEER_REFUSED);
	assert_int_equal(a->waiting, PEERS_WAITING_MAX);
	assert_int_equal(peers_enter(&peers, b, false), PEER_SERVED);
	/* At the end there is no later. */
	assert_int_equal(peers_enter(&peers, a, true), PEER_SERVED);
}

/* Who comes and goes is given time; who stays is not, for long. */
static void test_patience_is_short_and_seldom(void **state)
{
	enum { SECOND = 1000 };
	uint64_t now = 50 * SECOND, stood = 0;
	struct peer *peer;

	(void)state;
	peers_init(&peers, 8, 1, 0);
	peer = peers_get(&peers, 1000, now);
	assert_int_equal(peers_enter(&peers, peer, false), PEER_SERVED);
	for (int i = 0; i < PEERS_WAITING_MAX; i++) {
		assert_false(peers_stand(&peers, now));
		peers_enter(&peers, peer, false);
	}
	assert_true(peers_stand(&peers, now));
	assert_true(peers_stand(&peers, now + PEERS_PATIENCE_MS - 1));
	peers_leave(&peers, peer, PEER_WAITS);
	assert_false(peers_stand(&peers, now + PEERS_PATIENCE_MS - 1));
	peers_enter(&peers, peer, false);
	/* From here on all stay. */
	now += 100 * SECOND;
	for (uint64_t ms = 0; ms < 100 * SECOND; ms++)
		stood += peers_stand(&peers, now + ms);
	assert_true(stood >= PEERS_PATIENCE_MS);
	assert_true(stood <= PEERS_PATIENCE_MS + 100 * SECOND / PEERS_PATIENCE_SHARE);
}

/* Lines it may send between two moments, one by one each millisecond. */
static int64_t lines_taken(struct peer *peer, uint64_t from_ms, uint64_t to_ms)
{
	int64_t lines = 0;

	for (uint64_t ms = from_ms; ms < to_ms; ms++) {
		while (peers_may_take(&peers, peer, ms)) {
			peers_took(&peers, peer);
			lines++;
		}
	}
	return lines;
}

static void test_lines_a_second_hold_over_any_time(void **state)
{
	static const struct row {
		int64_t limit, burst;
	} rows[] = {
		{ 1, 1 }, { 3, 1 }, { 10, 1 }, { 50, 5 }, { 1000, 100 }, { 10000000, 1000000 }
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct peer *peer;

		peers_init(&peers, 8, 2, rows[i].limit);
		peer = peers_get(&peers, 1000, 5000);
		assert_int_equal(lines_taken(peer, 5000, 5001), rows[i].burst);
		assert_int_equal(lines_taken(peer, 5001, 7001), 2 * rows[i].limit);
		/* A silence of a day is worth one burst. */
		assert_int_equal(lines_taken(peer, 86400000, 86400001), rows[i].burst);
		peers_release(&peers);
	}
}

static void test_without_a_limit_all_may_be_taken(void **state)
{
	struct peer *peer;

	(void)state;
	peers_init(&peers, 8, 2, 0);
	peer = peers_get(&peers, 1000, 1);
	for (int i = 0; i < 100000; i++) {
		assert_true(peers_may_take(&peers, peer, 1));
		peers_took(&peers, peer);
	}
}

static void test_who_left_is_forgotten_and_gains_nothing_by_it(void **state)
{
	struct peer *peer;

	(void)state;
	peers_init(&peers, 8, 2, 50);
	peer = peers_get(&peers, 1000, 1000);
	peers_enter(&peers, peer, false);
	assert_int_equal(lines_taken(peer, 1000, 1001), 5);
	peers_sweep(&peers, 900000);
	assert_ptr_equal(peers.first, peer);
	peers_leave(&peers, peer, PEER_SERVED);
	peers_sweep(&peers, 1001);
	assert_int_equal(lines_taken(peers_get(&peers, 1000, 1001), 1001, 1002), 0);
	peers_sweep(&peers, 900000);
	assert_null(peers.first);
}

static void test_one_user_is_logged_once_a_minute(void **state)
{
	struct peer *peer;

	(void)state;
	peers_init(&peers, 8, 2, 0);
	peer = peers_get(&peers, 1000, 1);
	assert_true(peers_may_log(peer, 1000));
	assert_false(peers_may_log(peer, 1000 + PEERS_LOG_MS - 1));
	/* Coming again does not help. */
	peers_sweep(&peers, 1000 + PEERS_LOG_MS - 1);
	assert_ptr_equal(peers_get(&peers, 1000, 1), peer);
	assert_true(peers_may_log(peer, 1000 + PEERS_LOG_MS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define EACH(test) cmocka_unit_test_teardown(test, end)
		EACH(test_one_part_of_eight_is_for_others),
		EACH(test_a_uid_is_one_peer),
		EACH(test_further_ones_wait_and_others_are_served),
		EACH(test_too_many_that_wait_are_refused),
		EACH(test_patience_is_short_and_seldom),
		EACH(test_lines_a_second_hold_over_any_time),
		EACH(test_without_a_limit_all_may_be_taken),
		EACH(test_who_left_is_forgotten_and_gains_nothing_by_it),
		EACH(test_one_user_is_logged_once_a_minute),
#undef EACH
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
