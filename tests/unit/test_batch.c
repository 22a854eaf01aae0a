#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "daemon/batch.h"
#include "ingest/change.h"
#include "tests/support/ledgerkit.h"

/* More than any machine has: a sanitizer that is asked for it must say no, not stop. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static void test_a_batch_has_room_for_as_many_events_as_it_was_asked_for(void **state)
{
	static const size_t sizes[] = { 1, 2, 4096 };
	static const struct ingest_item none;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct batch *batch = batch_new(sizes[i]);

		assert_non_null(batch);
		assert_int_equal(batch->kind, BATCH_EVENTS);
		assert_int_equal(batch->cap, sizes[i]);
		assert_int_equal(batch->count, 0);
		for (size_t n = 0; n < sizes[i]; n++) {
			assert_memory_equal(&batch->items[n], &none, sizeof(none));
			assert_null(batch->owners[n]);
			/* The last of them is ours, which the address sanitizer knows. */
			memset(&batch->items[n], 0xff, sizeof(none));
			batch->owners[n] = (struct feed *)batch;
		}
		batch_free(batch);
	}
}

static void test_a_batch_of_a_change_has_no_room_for_events(void **state)
{
	struct batch *batch = batch_new(0);

	(void)state;
	assert_non_null(batch);
	assert_int_equal(batch->cap, 0);
	assert_null(batch->items);
	assert_null(batch->owners);
	assert_int_equal(batch->request.len, 0);
	assert_int_equal(batch->reply.len, 0);
	assert_string_equal(batch->who, "");
	assert_null(batch->job);
	assert_null(batch->new_terms.book.book);
	batch_free(batch);
}

static void test_no_memory_is_no_batch(void **state)
{
	static const size_t sizes[] = { SIZE_MAX, SIZE_MAX / sizeof(struct ingest_item) };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		assert_null(batch_new(sizes[i]));
}

static void test_a_reset_batch_is_filled_anew_in_the_same_memory(void **state)
{
	struct batch *batch = batch_new(8);
	struct ingest_item *items;
	struct feed **owners;
	const char *first;

	(void)state;
	assert_non_null(batch);
	items = batch->items;
	owners = batch->owners;
	first = arena_copy(&batch->arena, text_of("a line")).at;
	assert_non_null(arena_take(&batch->arena, 2 * (size_t)ARENA_BLOCK_BYTES));
	batch->count = 8;
	batch_reset(batch);
	assert_int_equal(batch->count, 0);
	assert_int_equal(batch->cap, 8);
	assert_ptr_equal(batch->items, items);
	assert_ptr_equal(batch->owners, owners);
	assert_int_equal(batch->arena.used_bytes, 0);
	assert_ptr_equal(arena_copy(&batch->arena, text_of("another")).at, first);
	batch_free(batch);
}

/* That nothing of it is left is what the address sanitizer counts. */
static void test_free_takes_all_that_a_batch_may_hold(void **state)
{
	struct ledgerkit *kit = *state;
	struct batch *batch = batch_new(3);
	struct change change = { text_of("{\"change\":\"suspense.retry\"}"), text_of("uid 7"),
		                 KIT_NOW_MS };
	struct fault fault;

	assert_non_null(batch);
	kit_price(kit, kit_small_book);
	assert_non_null(arena_take(&batch->arena, 10));
	assert_non_null(arena_take(&batch->arena, 2 * (size_t)ARENA_BLOCK_BYTES));
	batch->count = 1;
	buf_add_cstr(&batch->request, "a request");
	buf_add_cstr(&batch->reply, "a reply");
	assert_int_equal(
		ledger_book_current(kit->ledger, BOOK_SELL, &batch->new_terms.book, &fault), 0);
	assert_non_null(batch->new_terms.book.book);
	/* A change that never came to its end: the daemon stopped before. */
	assert_int_equal(change_begin(&batch->job, kit->ledger, &change, &batch->reply, &fault), 0);
	assert_non_null(batch->job);
	batch_free(batch);
}

static void test_free_takes_no_batch(void **state)
{
	(void)state;
	batch_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_batch_has_room_for_as_many_events_as_it_was_asked_for),
		cmocka_unit_test(test_a_batch_of_a_change_has_no_room_for_events),
		cmocka_unit_test(test_no_memory_is_no_batch),
		cmocka_unit_test(test_a_reset_batch_is_filled_anew_in_the_same_memory),
		cmocka_unit_test_setup_teardown(test_free_takes_all_that_a_batch_may_hold,
		                                kit_setup, kit_teardown),
		cmocka_unit_test(test_free_takes_no_batch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
