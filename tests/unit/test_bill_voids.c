/* What is void here: found by its ids and its time, as many as there is room for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bill/voids.h"

static struct bill_void made(const char *source, const char *id, const char *upstream_id,
                             int64_t time_ms)
{
	return (struct bill_void){
		.source = text_of(source),
		.id = text_of(id),
		.upstream_id = text_of(upstream_id),
		.time_ms = time_ms,
		.amount = { time_ms },
	};
}

static int add(struct bill_voids *voids, const char *source, const char *id,
               const char *upstream_id, int64_t time_ms, const char *turn_of)
{
	struct bill_void more = made(source, id, upstream_id, time_ms);

	return bill_voids_add(voids, &more, text_of(turn_of), NULL);
}

/* The time of the one that has it; 0: none has. */
static int64_t find(struct bill_voids *voids, const char *id, const char *source)
{
	const struct bill_void *was;

	assert_int_equal(bill_voids_find(voids, text_of(id), text_of(source), &was, NULL), 0);
	return was != NULL ? was->time_ms : 0;
}

static void test_any_of_its_ids_finds_it(void **state)
{
	struct bill_voids voids = { .count = 0 };

	(void)state;
	assert_int_equal(find(&voids, "a", NULL), 0);
	assert_int_equal(add(&voids, "s", "a", "up-a", 1000, NULL), 0);
	assert_int_equal(add(&voids, "t", "a", NULL, 2000, NULL), 0);
	assert_int_equal(find(&voids, "up-a", NULL), 1000);
	assert_int_equal(find(&voids, "a", "s"), 1000);
	assert_int_equal(find(&voids, "a", "t"), 2000);
	assert_int_equal(find(&voids, "a", NULL), 2000);
	assert_int_equal(find(&voids, "a", "u"), 0);
	assert_int_equal(find(&voids, "b", NULL), 0);
	assert_int_equal(find(&voids, NULL, NULL), 0);
	assert_int_equal(bill_voids_from(&voids, 0), 0);
	assert_int_equal(bill_voids_from(&voids, 1000), 0);
	assert_int_equal(bill_voids_from(&voids, 1001), 1);
	assert_int_equal(bill_voids_from(&voids, 2001), 2);
	bill_voids_clear(&voids);
	assert_int_equal(find(&voids, "a", NULL), 0);
	bill_voids_release(&voids);
}

static void test_a_turn_adds_to_its_request(void **state)
{
	struct bill_voids voids = { .count = 0 };

	(void)state;
	assert_int_equal(add(&voids, "s", "a", NULL, 1000, NULL), 0);
	assert_int_equal(add(&voids, "s", "b", NULL, 1000, NULL), 0);
	assert_int_equal(add(&voids, "s", "a~2", NULL, 1000, "a"), 0);
	assert_int_equal(voids.count, 2);
	assert_int_equal((int64_t)voids.at[0].amount.attos, 2000);
	assert_int_equal((int64_t)voids.at[1].amount.attos, 1000);
	/* Of another source, or another time, it is of none. */
	assert_int_equal(add(&voids, "t", "a~2", NULL, 1000, "a"), 0);
	assert_int_equal(add(&voids, "s", "a~2", NULL, 1001, "a"), 0);
	assert_int_equal(voids.count, 4);
	bill_voids_release(&voids);
}

static void test_more_than_there_is_room_for_are_counted(void **state)
{
	struct bill_voids voids = { .count = 0 };
	char id[24];

	(void)state;
	for (int i = 1; i <= BILL_VOIDS_MAX + 2; i++) {
		snprintf(id, sizeof(id), "e%d", i);
		assert_int_equal(add(&voids, "s", id, NULL, i, NULL), 0);
	}
	assert_int_equal(voids.more, 2);
	assert_int_equal(find(&voids, "e32768", NULL), BILL_VOIDS_MAX);
	assert_int_equal(find(&voids, "e32769", NULL), 0);
	bill_voids_release(&voids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_of_its_ids_finds_it),
		cmocka_unit_test(test_a_turn_adds_to_its_request),
		cmocka_unit_test(test_more_than_there_is_room_for_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
