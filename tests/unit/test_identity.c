#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "ledger/identity.h"

#define WINDOW_MS INT64_C(1000)
#define LONG_MS   INT64_C(1000000000000)

static uint64_t nth(uint64_t n)
{
	return hash64_mix(n, UINT64_C(0x9e3779b97f4a7c15)) | 1;
}

static void test_a_fingerprint_is_of_source_and_id_and_of_its_seed(void **state)
{
	struct identity identity = { .seed = 5 }, other = { .seed = 6 };
	uint64_t a = identity_fingerprint(&identity, 1, text_of("x"));

	(void)state;
	assert_true(a == identity_fingerprint(&identity, 1, text_of("x")));
	assert_true(a != identity_fingerprint(&identity, 2, text_of("x")));
	assert_true(a != identity_fingerprint(&identity, 1, text_of("y")));
	assert_true(a != identity_fingerprint(&other, 1, text_of("x")));
	assert_true(identity_fingerprint(&identity, 1, text_of("")) != 0);
}

static void test_the_last_time_of_an_identity_is_found(void **state)
{
	struct identity identity;
	int64_t ts = 0;

	(void)state;
	assert_int_equal(identity_init(&identity, 0, LONG_MS, 0), 0);
	assert_false(identity_find(&identity, 7, &ts));
	identity_add(&identity, 7, 100);
	assert_true(identity_find(&identity, 7, &ts));
	assert_int_equal(ts, 100);
	identity_add(&identity, 7, 200);
	assert_true(identity_find(&identity, 7, &ts));
	assert_int_equal(ts, 200);
	assert_int_equal(identity.shards[0].young.count, 1);
	identity_release(&identity);
}

/* Fingerprints that want the same slot are told apart, also while their table grows. */
static void test_collisions_are_told_apart(void **state)
{
	struct identity identity;

	(void)state;
	assert_int_equal(identity_init(&identity, 1 << 20, LONG_MS, 0), 0);
	for (uint64_t i = 0; i < 100; i++)
		identity_add(&identity, 5 + (i << 20), (int64_t)i);
	for (uint64_t i = 0; i < 100; i++) {
		int64_t ts = -1;

		assert_true(identity_find(&identity, 5 + (i << 20), &ts));
		assert_int_equal(ts, i);
	}
	identity_release(&identity);
}

static size_t bytes_of(const struct identity *identity)
{
	size_t slots = 0;

	for (int i = 0; i < IDENTITY_SHARDS; i++)
		slots += identity->shards[i].young.slots + identity->shards[i].old.slots;
	return slots * sizeof(struct identity_entry);
}

/* Never more than it may; of each shard the newest half of what fits is there. */
static void test_memory_is_bounded_and_the_newest_half_is_kept(void **state)
{
	static const size_t maxima[] = { 0, IDENTITY_BYTES_MIN, 100000, 1 << 20 };

	(void)state;
	for (size_t m = 0; m < sizeof(maxima) / sizeof(maxima[0]); m++) {
		size_t bytes_max = maxima[m] < IDENTITY_BYTES_MIN ? IDENTITY_BYTES_MIN : maxima[m];
		struct identity identity;
		size_t half, shard[IDENTITY_SHARDS] = { 0 };
		uint64_t added;
		int64_t ts;

		assert_int_equal(identity_init(&identity, maxima[m], LONG_MS, 0), 0);
		half = identity_entries_max(&identity) / IDENTITY_SHARDS / 2;
		for (added = 1; added < 4 * identity_entries_max(&identity); added++)
			identity_add(&identity, nth(added), (int64_t)added);
		assert_true(bytes_of(&identity) <= bytes_max);
		assert_true(bytes_of(&identity) > bytes_max / 4);
		/* From the newest back: as many of a shard as half of it holds. */
		for (uint64_t i = added - 1; i > 0; i--) {
			bool there = identity_find(&identity, nth(i), &ts);

			assert_true(!there || ts == (int64_t)i);
			assert_true(there || shard[nth(i) >> 58] >= half);
			shard[nth(i) >> 58]++;
		}
		identity_release(&identity);
	}
}

/* What is a window old may go, what is younger may not; and memory shrinks with it. */
static void test_a_window_of_event_time_is_kept(void **state)
{
	struct identity identity;
	size_t most = 0;
	int64_t ts;

	(void)state;
	assert_int_equal(identity_init(&identity, 1 << 26, WINDOW_MS, 0), 0);
	for (int64_t at = 1; at <= 20 * WINDOW_MS; at++) {
		/* A busy time, then a quiet one. */
		int events = at < 10 * WINDOW_MS ? 20 : 1;

		for (int i = 0; i < events; i++)
			identity_add(&identity, nth((uint64_t)(at * 20 + i)), at);
		most = bytes_of(&identity) > most ? bytes_of(&identity) : most;
		if (at % 97 != 0)
			continue;
		for (int64_t old = at - WINDOW_MS + 1 > 0 ? at - WINDOW_MS + 1 : 1; old <= at;
		     old++)
			assert_true(identity_find(&identity, nth((uint64_t)old * 20), &ts));
	}
	assert_false(identity_find(&identity, nth(20), &ts));
	assert_false(identity_find(&identity, nth((uint64_t)(17 * WINDOW_MS) * 20), &ts));
	assert_true(bytes_of(&identity) < most / 4);
	identity_release(&identity);
}

/* One that comes with a time long ago does not turn the window, nor is it lost at once. */
static void test_a_late_event_is_kept_too(void **state)
{
	struct identity identity;
	int64_t ts;

	(void)state;
	assert_int_equal(identity_init(&identity, 1 << 20, WINDOW_MS, 0), 0);
	identity_add(&identity, 7, 100 * WINDOW_MS);
	identity_add(&identity, 8, 1);
	assert_true(identity_find(&identity, 7, &ts));
	assert_true(identity_find(&identity, 8, &ts));
	identity_add(&identity, 9, 101 * WINDOW_MS - 1);
	assert_true(identity_find(&identity, 7, &ts));
	assert_true(identity_find(&identity, 8, &ts));
	identity_release(&identity);
}

/* As a start of the daemon fills it: the newest first, all that fits, and then new ones come. */
static void test_filled_newest_first_the_window_is_kept(void **state)
{
	struct identity identity;
	int64_t ts = 0;

	(void)state;
	assert_int_equal(identity_init(&identity, 1 << 26, WINDOW_MS, 0), 0);
	for (int64_t at = 5 * WINDOW_MS; at > 4 * WINDOW_MS; at--)
		identity_add_older(&identity, nth((uint64_t)at), at);
	for (int64_t at = 5 * WINDOW_MS; at < 6 * WINDOW_MS; at++) {
		identity_add(&identity, nth((uint64_t)at + 1), at);
		assert_true(identity_find(&identity, nth((uint64_t)(at - WINDOW_MS + 1)), &ts));
		assert_int_equal(ts, at - WINDOW_MS + 1);
	}
	/* The first of a name is the newest: what is older does not take its place. */
	identity_release(&identity);
	assert_int_equal(identity_init(&identity, 0, WINDOW_MS, 0), 0);
	identity_add_older(&identity, 7, 200);
	identity_add_older(&identity, 7, 100);
	assert_true(identity_find(&identity, 7, &ts));
	assert_int_equal(ts, 200);
	/* Both halves are filled, and no more. */
	for (uint64_t i = 1; i <= 10 * identity_entries_max(&identity); i++)
		identity_add_older(&identity, nth(i), 50);
	assert_true(bytes_of(&identity) <= IDENTITY_BYTES_MIN);
	assert_true(identity_find(&identity, 7, &ts));
	assert_int_equal(ts, 200);
	identity_release(&identity);
}

/* Only of what may be gone is anybody else asked: not of an empty one, nor of what just came. */
static void test_it_knows_what_it_may_have_forgotten(void **state)
{
	const int64_t window_ms = 10 * IDENTITY_PHASES_MS;
	struct identity identity;

	(void)state;
	assert_int_equal(identity_init(&identity, 1 << 20, window_ms, 0), 0);
	assert_false(identity_forgets(&identity, 0));
	for (int64_t at = 1; at <= window_ms; at += window_ms / 1000)
		identity_add(&identity, nth((uint64_t)at), at);
	assert_false(identity_forgets(&identity, 1));
	/* The window turns twice: what was before it is gone. */
	for (int64_t at = window_ms; at <= 4 * window_ms; at += window_ms / 1000)
		identity_add(&identity, nth((uint64_t)at), at);
	assert_true(identity_forgets(&identity, 1));
	assert_true(identity_forgets(&identity, identity.forgotten_ms + IDENTITY_PHASES_MS));
	assert_false(identity_forgets(&identity, identity.forgotten_ms + IDENTITY_PHASES_MS + 1));
	assert_false(identity_forgets(&identity, 4 * window_ms));
	identity_release(&identity);
}

/* A copy that is older than the one that is known changes nothing, however full memory is. */
static void test_filled_newest_first_the_newest_copy_is_kept(void **state)
{
	enum { NEWEST_MS = 1000000 };
	struct identity identity;
	int64_t forgotten_ms, ts = 0;
	size_t count = 0, old = 0;

	(void)state;
	assert_int_equal(identity_init(&identity, IDENTITY_BYTES_MIN, LONG_MS, 0), 0);
	for (uint64_t i = 0; i < 4 * identity_entries_max(&identity); i++)
		identity_add_older(&identity, nth(i), NEWEST_MS - (int64_t)i);
	forgotten_ms = identity.forgotten_ms;
	for (int i = 0; i < IDENTITY_SHARDS; i++)
		old += identity.shards[i].old.count;
	assert_true(forgotten_ms > 0 && old == identity_entries_max(&identity) / 2);
	for (uint64_t i = 0; i < 4 * identity_entries_max(&identity); i++) {
		if (!identity_find(&identity, nth(i), &ts))
			continue;
		assert_int_equal(ts, NEWEST_MS - (int64_t)i);
		/* The first are in `young`, of which none was forgotten. */
		identity_add_older(&identity, nth(i), i < 64 ? forgotten_ms + 1 : 1);
		assert_true(identity_find(&identity, nth(i), &ts));
		assert_int_equal(ts, NEWEST_MS - (int64_t)i);
		count++;
	}
	assert_int_equal(count, identity_entries_max(&identity));
	assert_int_equal(identity.forgotten_ms, forgotten_ms);
	identity_release(&identity);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_fingerprint_is_of_source_and_id_and_of_its_seed),
		cmocka_unit_test(test_the_last_time_of_an_identity_is_found),
		cmocka_unit_test(test_collisions_are_told_apart),
		cmocka_unit_test(test_memory_is_bounded_and_the_newest_half_is_kept),
		cmocka_unit_test(test_a_window_of_event_time_is_kept),
		cmocka_unit_test(test_a_late_event_is_kept_too),
		cmocka_unit_test(test_filled_newest_first_the_window_is_kept),
		cmocka_unit_test(test_filled_newest_first_the_newest_copy_is_kept),
		cmocka_unit_test(test_it_knows_what_it_may_have_forgotten),
	};

	return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
