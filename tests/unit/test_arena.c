#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "money/money.h"

static void test_what_is_handed_out_is_aligned_for_every_type(void **state)
{
	struct arena arena = { .first = NULL };

	(void)state;
	for (size_t len = 0; len < 70; len++) {
		void *at = arena_take(&arena, len);

		assert_non_null(at);
		assert_int_equal((uintptr_t)at % _Alignof(struct money), 0);
		assert_int_equal((uintptr_t)at % _Alignof(max_align_t), 0);
	}
	arena_release(&arena);
}

static void test_what_was_handed_out_stays_where_it_is(void **state)
{
	enum { PIECES = 3000 };
	struct arena arena = { NULL, NULL, 0 };
	unsigned char *pieces[PIECES];
	size_t used = 0;

	(void)state;
	/* Sizes on both sides of a block's, so that the chain grows while pieces are held. */
	for (size_t i = 0; i < PIECES; i++) {
		size_t len = i % 1000 == 999 ? ARENA_BLOCK_BYTES + i : i % 700;

		pieces[i] = arena_take(&arena, len);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % ARENA_ALIGN, 0);
		memset(pieces[i], (int)(i % 251), len);
		used += (len + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
	}
	assert_int_equal(arena.used_bytes, used);
	for (size_t i = 0; i < PIECES; i++) {
		size_t len = i % 1000 == 999 ? ARENA_BLOCK_BYTES + i : i % 700;

		for (size_t b = 0; b < len; b++)
			assert_true(pieces[i][b] == i % 251);
	}
	arena_release(&arena);
	assert_int_equal(arena.used_bytes, 0);
}

static void test_a_reset_keeps_one_block_and_no_more(void **state)
{
	struct arena arena = { NULL, NULL, 0 };
	void *first = arena_take(&arena, 100);

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_non_null(arena_take(&arena, ARENA_BLOCK_BYTES / 3));
	arena_reset(&arena);
	assert_int_equal(arena.used_bytes, 0);
	assert_ptr_equal(arena.first, arena.current);
	assert_ptr_equal(arena_take(&arena, 100), first);
	arena_release(&arena);
}

static void test_a_reset_does_not_keep_a_huge_block(void **state)
{
	struct arena arena = { NULL, NULL, 0 };

	(void)state;
	assert_non_null(arena_take(&arena, 4 * ARENA_BLOCK_BYTES));
	arena_reset(&arena);
	assert_null(arena.first);
	assert_non_null(arena_take(&arena, 1));
	arena_release(&arena);
	arena_reset(&arena);
	arena_release(&arena);
}

static void test_a_copy_is_ended_and_apart(void **state)
{
	struct arena arena = { NULL, NULL, 0 };
	char source[] = "a\0bc";
	struct text copy = arena_copy(&arena, (struct text){ source, 4 });

	(void)state;
	source[0] = 'X';
	assert_int_equal(copy.len, 4);
	assert_memory_equal(copy.at, "a\0bc", 5);
	/* A whole number of words: the NUL needs one of its own. */
	copy = arena_copy(&arena, text_of("12345678"));
	assert_true(text_is(arena_copy(&arena, text_of("next")), "next"));
	assert_string_equal(copy.at, "12345678");
	copy = arena_copy(&arena, text_of(""));
	assert_non_null(copy.at);
	assert_int_equal(copy.len, 0);
	arena_release(&arena);
}

static void test_an_absurd_size_is_refused(void **state)
{
	struct arena arena = { NULL, NULL, 0 };

	(void)state;
	assert_null(arena_take(&arena, SIZE_MAX));
	assert_null(arena_take(&arena, SIZE_MAX - 6));
	assert_int_equal(arena.used_bytes, 0);
	assert_non_null(arena_take(&arena, 8));
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_handed_out_is_aligned_for_every_type),
		cmocka_unit_test(test_what_was_handed_out_stays_where_it_is),
		cmocka_unit_test(test_a_reset_keeps_one_block_and_no_more),
		cmocka_unit_test(test_a_reset_does_not_keep_a_huge_block),
		cmocka_unit_test(test_a_copy_is_ended_and_apart),
		cmocka_unit_test(test_an_absurd_size_is_refused),
	};

	return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
