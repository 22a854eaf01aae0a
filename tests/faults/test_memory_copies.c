/*
 * Memory that cannot be had while a copy of a ledger is made, read or moved: in each use of
 * tests/support/copykit.h one allocation fails after the other.  That is -FAULT_NOMEM with a text
 * and nothing half done, or nothing anybody sees: no file more, what was there as it was, the same
 * answers; and what failed is done when it is asked for again.
 *
 * SEED comes from the environment: of the many allocations of a use, beyond the first, it says
 * which fail.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/copykit.h"
#include "tests/support/failmem.h"

enum {
	ASK_EVERY = 4, /* of the runs, which takes longer */
	VERIFY_EVERY = 32,
	EACH_OF_FIRST = 6, /* every one of so many; then ever fewer */
	EACH_OF_FIRST_SANITIZED = 1,
};

static struct copykit kit;
static uint64_t seed;
static int each_of_first = EACH_OF_FIRST;

static int setup(void **state)
{
	const char *mode = getenv("TOLL_MODE"), *text = getenv("SEED");

	(void)state;
	seed = text != NULL ? strtoull(text, NULL, 10) : 1;
	if (mode != NULL && (strcmp(mode, "asan") == 0 || strcmp(mode, "tsan") == 0))
		each_of_first = EACH_OF_FIRST_SANITIZED;
	failmem_install();
	copy_setup(&kit);
	kit.pause = failmem_pause;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	copy_teardown(&kit);
	return 0;
}

/* The allocation after the k-th that is to fail. */
static int next(int k)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return k + 1 + (int)((seed >> 33) % (uint64_t)(1 + k / each_of_first));
}

/* What a use comes to when nothing fails, by depth. */
struct expected {
	struct buf told;
	char *before[COPY_VERIFIED + 1], *after[COPY_VERIFIED + 1];
};

static enum copy_depth depth_of(int run)
{
	if (run % VERIFY_EVERY == 0)
		return COPY_VERIFIED;
	return run % ASK_EVERY == 0 ? COPY_ANSWERS : COPY_NAMES;
}

static void expect_found(const struct copy_use *use, int k, enum copy_depth depth,
                         char *const expected[])
{
	const char *found = copy_found(&kit, depth);

	if (strcmp(found, expected[depth]) != 0)
		fail_msg("%s, allocation %d: there is\n%s\nnot\n%s", use->label, k, found,
		         expected[depth]);
}

static void expect_whole(const struct copy_use *use, const struct expected *expected, int k,
                         enum copy_depth depth, const struct buf *told)
{
	if (!text_equal(buf_text(told), buf_text(&expected->told)))
		fail_msg("%s, allocation %d: %.*s\nnot %.*s", use->label, k,
		         TEXT_ARGS(buf_text(told)), TEXT_ARGS(buf_text(&expected->told)));
	expect_found(use, k, depth, expected->after);
}

/* With the same handles, where it may. */
static void run_again(const struct copy_use *use, const struct expected *expected, int k,
                      enum copy_depth depth)
{
	struct fault fault = { .code = FAULT_NONE };
	struct buf told = { .at = NULL };

	if (use->run(&kit, &told, &fault) < 0)
		fail_msg("%s, after allocation %d: %s", use->label, k, fault.text);
	expect_whole(use, expected, k, depth, &told);
	buf_release(&told);
}

static bool run_failing(const struct copy_use *use, const struct expected *expected, int k, int run)
{
	struct fault fault = { .code = FAULT_NONE };
	enum copy_depth depth = depth_of(run);
	struct buf told = { .at = NULL };
	bool failed;
	int r;

	copy_lay_out(&kit, use);
	failmem_after(k);
	r = use->run(&kit, &told, &fault);
	failed = failmem_stop();
	if (r == 0) {
		expect_whole(use, expected, k, depth, &told);
	} else {
		if (r != -FAULT_NOMEM || !failed || fault.code != FAULT_NOMEM ||
		    fault.text[0] == '\0')
			fail_msg("%s, allocation %d: %s: %s", use->label, k, fault_name(r),
			         fault.text);
		/* Every other time the same handles are asked again. */
		if (!use->moves && run % 2 == 0) {
			expect_found(use, k, depth, expected->before);
			copy_open(&kit, use);
		}
		run_again(use, expected, k, depth);
	}
	buf_release(&told);
	return failed;
}

static void expect_all(const struct copy_use *use, struct expected *expected)
{
	struct fault fault = { .code = FAULT_NONE };

	for (int depth = COPY_NAMES; depth <= COPY_VERIFIED; depth++) {
		copy_lay_out(&kit, use);
		expected->before[depth] = strdup(copy_found(&kit, (enum copy_depth)depth));
		copy_open(&kit, use);
		buf_clear(&expected->told);
		if (use->run(&kit, &expected->told, &fault) < 0)
			fail_msg("%s: %s", use->label, fault.text);
		expected->after[depth] = strdup(copy_found(&kit, (enum copy_depth)depth));
	}
}

static void release(struct expected *expected)
{
	buf_release(&expected->told);
	for (int depth = COPY_NAMES; depth <= COPY_VERIFIED; depth++) {
		free(expected->before[depth]);
		free(expected->after[depth]);
	}
}

static void test_a_copy_without_memory_is_whole_or_was_not(void **state)
{
	(void)state;
	print_message("SEED=%llu\n", (unsigned long long)seed);
	for (size_t i = 0; i < copy_use_count; i++) {
		const struct copy_use *use = &copy_uses[i];
		struct expected expected = { .told = { .at = NULL } };
		int k = 0, runs = 0;

		expect_all(use, &expected);
		for (; run_failing(use, &expected, k, runs); k = next(k))
			runs++;
		print_message("%-30s %d of %d allocations failed\n", use->label, runs, k);
		assert_true(runs > 0);
		release(&expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_copy_without_memory_is_whole_or_was_not),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
