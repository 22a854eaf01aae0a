/*
 * Memory that cannot be had while a ledger is used: in each reading and each change of one
 * (tests/support/lifekit.h) one allocation fails after the other.  That is a fault that says so,
 * or nothing anybody sees: never another answer; the same handle then gives the right one; and
 * of a change that failed nothing is half there.
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

#include "tests/support/failmem.h"
#include "tests/support/lifekit.h"

enum {
	VERIFY_EVERY = 16,  /* of the allocations, which takes longer */
	EACH_OF_FIRST = 24, /* every one of so many; then ever fewer */
	EACH_OF_FIRST_SANITIZED = 4,
};

static struct ledgerkit kit;
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
	life_shared_memory();
	kit_open(&kit);
	life_fill(&kit);
	kit_verify_clean(&kit);
	life_keep(&kit);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	life_close(&kit);
	return 0;
}

/* The allocation after the k-th that is to fail. */
static int next(int k)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return k + 1 + (int)((seed >> 33) % (uint64_t)(1 + k / each_of_first));
}

static void expect_nomem(const char *label, int k, int r, bool failed, const struct fault *fault)
{
	if (r < 0 && (r != -FAULT_NOMEM || !failed))
		fail_msg("%s, allocation %d: %s: %s", label, k, fault_name(r), fault->text);
}

/* --- readings ------------------------------------------------------------ */

static struct ledger *open_reader(void)
{
	struct fault fault = { .code = FAULT_NONE };
	struct ledger *reader = NULL;

	if (ledger_open_reader(&reader, kit.path, &fault) < 0)
		fail_msg("%s", fault.text);
	return reader;
}

static void read_again(struct ledger *reader, const struct life_reading *reading,
                       const struct life_told *expected, int k)
{
	struct life_told told = { .pause = NULL };
	struct fault fault = { .code = FAULT_NONE };

	if (reading->read(reader, &told, &fault) != 0)
		fail_msg("%s, after allocation %d: %s", reading->label, k, fault.text);
	if (!text_equal(buf_text(&told.text), buf_text(&expected->text)))
		fail_msg("%s, after allocation %d: %.*s\nnot %.*s", reading->label, k,
		         TEXT_ARGS(buf_text(&told.text)), TEXT_ARGS(buf_text(&expected->text)));
	buf_release(&told.text);
}

static bool read_failing(const struct life_reading *reading, const struct life_told *expected,
                         int k)
{
	struct life_told told = { .pause = failmem_pause };
	struct fault fault = { .code = FAULT_NONE };
	struct ledger *reader = open_reader();
	bool failed;
	int r;

	failmem_after(k);
	r = reading->read(reader, &told, &fault);
	failed = failmem_stop();
	expect_nomem(reading->label, k, r, failed, &fault);
	if (r == 0 && !text_equal(buf_text(&told.text), buf_text(&expected->text)))
		fail_msg("%s, allocation %d: another answer: %.*s", reading->label, k,
		         TEXT_ARGS(buf_text(&told.text)));
	read_again(reader, reading, expected, k);
	buf_release(&told.text);
	ledger_close(reader);
	return failed;
}

static void test_a_reading_without_memory_fails_or_tells_all(void **state)
{
	(void)state;
	print_message("SEED=%llu\n", (unsigned long long)seed);
	life_lay_out(&kit, NULL);
	for (size_t i = 0; i < life_reading_count; i++) {
		const struct life_reading *reading = &life_readings[i];
		struct life_told expected = { .pause = NULL };
		struct ledger *reader = open_reader();
		int k = 0;

		assert_int_equal(reading->read(reader, &expected, NULL), 0);
		ledger_close(reader);
		while (read_failing(reading, &expected, k))
			k = next(k);
		buf_release(&expected.text);
	}
}

/* --- changes ------------------------------------------------------------- */

static void run_whole(const struct life_change *change, int k)
{
	struct fault fault = { .code = FAULT_NONE };
	struct buf reply = { .at = NULL };
	bool done = false;

	if (life_run(&kit, change, &done, &reply, &fault) < 0 || !done)
		fail_msg("%s, after allocation %d: %s %.*s", change->label, k, fault.text,
		         TEXT_ARGS(buf_text(&reply)));
	buf_release(&reply);
}

struct states {
	char *before, *after;
};

static bool change_failing(const struct life_change *change, const struct states *states, int k)
{
	struct fault fault = { .code = FAULT_NONE };
	struct buf reply = { .at = NULL };
	bool done = false, failed;
	char *now;
	int r;

	life_lay_out(&kit, change);
	failmem_after(k);
	r = life_run(&kit, change, &done, &reply, &fault);
	failed = failmem_stop();
	expect_nomem(change->label, k, r, failed, &fault);
	if (r == 0 && !done && !failed)
		fail_msg("%s: %.*s", change->label, TEXT_ARGS(buf_text(&reply)));
	buf_release(&reply);
	now = life_state(&kit, false);
	/* Of what was done there may be no memory to tell. */
	if (!done && strcmp(now, states->after) != 0) {
		/* What commits as it goes may be between the two. */
		if (!change->steps)
			life_expect(now, states->before, change->label, "half done");
		run_whole(change, k);
		free(now);
		now = life_state(&kit, false);
	}
	life_expect(now, states->after, change->label, "without memory");
	free(now);
	if (k % VERIFY_EVERY == 0)
		kit_verify_clean(&kit);
	return failed;
}

static void test_a_change_without_memory_is_whole_or_was_not(void **state)
{
	(void)state;
	print_message("SEED=%llu\n", (unsigned long long)seed);
	for (size_t i = 0; i < life_change_count; i++) {
		const struct life_change *change = &life_changes[i];
		struct states states;
		int k = 0;

		life_lay_out(&kit, change);
		states.before = life_state(&kit, false);
		run_whole(change, 0);
		kit_verify_clean(&kit);
		states.after = life_state(&kit, false);
		while (change_failing(change, &states, k))
			k = next(k);
		free(states.before);
		free(states.after);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_reading_without_memory_fails_or_tells_all),
		cmocka_unit_test(test_a_change_without_memory_is_whole_or_was_not),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
