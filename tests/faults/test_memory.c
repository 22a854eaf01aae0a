/*
 * Memory that cannot be had, for SQLite and for our own code: in each step of a ledger's life
 * (tests/support/powerscene.h) every allocation fails once, the first, the second, and so on to
 * the last.  That is a fault and no acknowledgement; then the same ledger takes the same step, or
 * another process opens it; and nothing is lost, twice or half there.
 *
 * SEED comes from the environment: of an opening, which has thousands, some are passed over.
 * Linked with --wrap for malloc, calloc, realloc and strdup (Makefile).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/failmem.h"
#include "tests/support/powerscene.h"

enum {
	LEDGER_BYTES_MAX = 4 * 1024 * 1024,
	VERIFY_EVERY = 16, /* of the allocations, which takes longer */
	/* Of the many in an opening not every one fails, but each with some seed. */
	STRIDE_OPENING = 6,
	STRIDE_SANITIZED = 50,
	STRIDE_TSAN = 10, /* also of the others: one thread, and asan takes them all */
};

static char folder[SCENE_PATH_BYTES], path[SCENE_PATH_BYTES + 16];

static int setup(void **state)
{
	(void)state;
	failmem_install();
	scene_folder(folder);
	snprintf(path, sizeof(path), "%s/life.db", folder);
	scene_set_pause(failmem_pause);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	scene_set_pause(NULL);
	scene_folder_remove(folder);
	return 0;
}

/* The ledger as it is before a step. */
struct before {
	struct scene scene;
	struct scene_promise promise;
	unsigned char *bytes;
	size_t len;
};

static void keep_file(struct before *before)
{
	FILE *file = fopen(path, "rb");

	assert_non_null(file);
	before->len = fread(before->bytes, 1, LEDGER_BYTES_MAX, file);
	assert_true(before->len > 0 && before->len < LEDGER_BYTES_MAX);
	fclose(file);
}

static void lay_out(const struct before *before)
{
	char name[SCENE_PATH_BYTES + 32];
	FILE *file;

	unlink(path);
	/* Before the first step there is none: an empty one would be refused. */
	if (before->len > 0) {
		file = fopen(path, "wb");
		assert_non_null(file);
		assert_int_equal(fwrite(before->bytes, 1, before->len, file), before->len);
		assert_int_equal(fclose(file), 0);
	}
	snprintf(name, sizeof(name), "%s-wal", path);
	unlink(name);
	snprintf(name, sizeof(name), "%s-shm", path);
	unlink(name);
	scene_lay_lock(path);
}

static void open_again(struct scene *scene, const char *label)
{
	struct fault fault = { .code = FAULT_NONE };

	if (scene->ledger == NULL && scene_open(scene, &fault) < 0)
		fail_msg("%s: it does not open: %s", label, fault.text);
}

static void expect_fine(struct scene *scene, const struct scene_promise *promise, bool verified,
                        const char *label)
{
	struct buf why = { .at = NULL };

	if (scene_check(scene, promise, verified, &why) != SCENE_FINE)
		fail_msg("%s: %s", label, why.at);
	buf_release(&why);
}

/* Fails the k-th allocation of a step; false: it has not so many. */
static bool run_step(const struct before *before, size_t step, unsigned k)
{
	bool opens = before->scene.steps[step].kind == SCENE_OPEN, failed;
	bool verified = k % VERIFY_EVERY == 0;
	struct scene_promise promise = before->promise;
	struct fault fault = { .code = FAULT_NONE };
	struct scene scene;
	char label[64];
	int r;

	snprintf(label, sizeof(label), "step %zu, allocation %u", step, k);
	lay_out(before);
	scene_move(&scene, &before->scene, path);
	if (!opens)
		open_again(&scene, label);
	failmem_after((int)k);
	r = scene_step(&scene, step, &fault);
	failed = failmem_stop();
	/* SQLite does without some of it. */
	if (r < 0 && (r != -FAULT_NOMEM || !failed))
		fail_msg("%s: %s: %s", label, fault_name(r), fault.text);
	promise.begun[step] = true;
	promise.done[step] = r == 0;
	if (k % 2 == 0)
		scene_shut(&scene);
	open_again(&scene, label);
	expect_fine(&scene, &promise, verified, label);
	if (r < 0 && !opens) {
		if (scene_step(&scene, step, &fault) < 0)
			fail_msg("%s: not even then: %s", label, fault.text);
		promise.done[step] = true;
		expect_fine(&scene, &promise, verified, label);
	}
	scene_release(&scene);
	return failed;
}

/* Takes the step, so that the next one can be looked at. */
static void go_on(struct before *before, size_t step)
{
	struct fault fault = { .code = FAULT_NONE };
	struct scene scene;

	lay_out(before);
	scene_move(&scene, &before->scene, path);
	if (before->scene.steps[step].kind != SCENE_OPEN)
		open_again(&scene, "before");
	if (scene_step(&scene, step, &fault) < 0)
		fail_msg("step %zu: %s", step, fault.text);
	scene_release(&scene);
	before->promise.begun[step] = before->promise.done[step] = true;
	keep_file(before);
}

static void test_every_allocation_of_a_ledger_may_fail(void **state)
{
	const char *mode = getenv("TOLL_MODE");
	bool few = mode != NULL && (strcmp(mode, "asan") == 0 || strcmp(mode, "tsan") == 0);
	const char *seed = getenv("SEED");
	unsigned first = seed != NULL ? (unsigned)strtoul(seed, NULL, 10) : 1, total = 0;
	unsigned opening = few ? STRIDE_SANITIZED : STRIDE_OPENING;
	unsigned others = mode != NULL && strcmp(mode, "tsan") == 0 ? STRIDE_TSAN : 1;
	struct before before = { .len = 0 };

	(void)state;
	print_message("SEED=%u: of an opening every %uth allocation, else every %u%s%s\n", first,
	              opening, others, others == 1 ? "st" : "th",
	              few ? " (because of the sanitizer)" : "");
	before.bytes = malloc(LEDGER_BYTES_MAX);
	assert_non_null(before.bytes);
	scene_init(&before.scene, SCENE_FAULTS, 1, path);
	for (size_t step = 0; step < before.scene.step_count; step++) {
		enum scene_kind kind = before.scene.steps[step].kind;
		unsigned stride = kind == SCENE_OPEN ? opening : others;
		unsigned k = first % stride;

		/* The first makes the file; a closing tells nobody of a failure. */
		while (step > 0 && kind != SCENE_SHUT && run_step(&before, step, k))
			k += stride;
		go_on(&before, step);
		if (k >= stride)
			print_message("step %zu: %u of %u allocations failed\n", step, k / stride,
			              k);
		total += k / stride;
	}
	print_message("%u allocations failed\n", total);
	assert_true(total > 500 / others);
	free(before.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_allocation_of_a_ledger_may_fail),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
