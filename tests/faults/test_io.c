/*
 * A disk that fails at every operation of a ledger's life, once and from there on: writes that
 * fail, find no space or are short, syncs, truncations and reads that fail
 * (tests/support/powervfs.h).  What was acknowledged is there afterwards: where the ledger lies,
 * and after a power cut; and each fault has the code by which the daemon goes on or stops
 * (daemon/writer.c): no space is -FAULT_FULL, and the same writer goes on when there is; what may
 * have cost what was written is another.
 *
 * SEED and FAULTS (operations that fail) come from the environment.
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

#include "tests/support/powerscene.h"
#include "tests/support/powervfs.h"

enum {
	FAULTS_RELEASE = 10000,
	FAULTS_SANITIZED = 600,
	TRIES = 8,         /* without space, until there is some again */
	VERIFY_EVERY = 16, /* of the runs, which takes longer */
	LEDGER_BYTES_MAX = 4 * 1024 * 1024,
};

static char folder[SCENE_PATH_BYTES], life_path[SCENE_PATH_BYTES + 16];
static char cut_path[SCENE_PATH_BYTES + 16];

/* What the first steps of the scene made, from which each run begins. */
static struct {
	struct scene scene;
	struct scene_promise promise;
	unsigned char *bytes;
	size_t len;
} made;

struct run {
	enum power_fault fault;
	uint64_t k;
	bool sticky;
	struct scene scene;
	struct scene_promise promise;
	struct power_trace trace;
	uint64_t random;
	unsigned refused; /* steps that were refused for want of space */
	bool stopped;     /* by another fault */
};

static int setup(void **state)
{
	(void)state;
	power_install();
	scene_folder(folder);
	snprintf(life_path, sizeof(life_path), "%s/life.db", folder);
	snprintf(cut_path, sizeof(cut_path), "%s/cut.db", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	scene_folder_remove(folder);
	return 0;
}

static void make(uint64_t seed)
{
	struct fault fault = { .code = FAULT_NONE };
	FILE *file;

	memset(&made.promise, 0, sizeof(made.promise));
	power_seed(seed);
	scene_init(&made.scene, SCENE_FAULTS, seed, life_path);
	for (size_t i = 0; i < SCENE_MADE; i++) {
		if (scene_step(&made.scene, i, &fault) < 0)
			fail_msg("step %zu: %s", i, fault.text);
		made.promise.begun[i] = made.promise.done[i] = true;
	}
	scene_release(&made.scene);
	made.bytes = malloc(LEDGER_BYTES_MAX);
	file = fopen(life_path, "rb");
	assert_true(made.bytes != NULL && file != NULL);
	made.len = fread(made.bytes, 1, LEDGER_BYTES_MAX, file);
	assert_true(made.len > 0 && made.len < LEDGER_BYTES_MAX);
	fclose(file);
}

static void lay_out(void)
{
	static const char *const others[] = { "-wal", "-shm", "-journal" };
	char name[SCENE_PATH_BYTES + 32];
	FILE *file = fopen(life_path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(made.bytes, 1, made.len, file), made.len);
	assert_int_equal(fclose(file), 0);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", life_path, others[i]);
		unlink(name);
	}
	scene_lay_lock(life_path);
}

/* --- one run ------------------------------------------------------------- */

static const char *describe(const struct run *run)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s, the %lluth%s", power_fault_name(run->fault),
	         (unsigned long long)run->k, run->sticky ? " and all after it" : "");
	return text;
}

static void expect_code(const struct run *run, size_t step, int r, const struct fault *fault)
{
	bool of_space = run->fault == FAULTY_WRITE_ENOSPC || run->fault == FAULTY_WRITE_EDQUOT ||
	                run->fault == FAULTY_WRITE_SHORT;

	/* SQLite takes what cannot be read for damaged. */
	if (run->fault == FAULTY_READ_EIO && r == -FAULT_CORRUPT)
		return;
	if (run->fault == FAULTY_WRITE_HALF || r != (of_space ? -FAULT_FULL : -FAULT_IO))
		fail_msg("%s: step %zu is %s: %s", describe(run), step, fault_name(r), fault->text);
}

/* As the daemon does it: again while there is no space; true: it goes on. */
static bool take_step(struct run *run, size_t step)
{
	enum scene_kind kind = run->scene.steps[step].kind;
	bool checkpoint = kind == SCENE_PASSIVE || kind == SCENE_IDLE;
	struct fault fault = { .code = FAULT_NONE };
	int r = 0;

	run->promise.begun[step] = true;
	for (int tries = 0;; tries++) {
		r = scene_step(&run->scene, step, &fault);
		if (r < 0)
			expect_code(run, step, r, &fault);
		/* Who opens a ledger and cannot has not become its writer. */
		if (r != -FAULT_FULL || checkpoint || kind == SCENE_OPEN)
			break;
		run->refused++;
		if (tries == TRIES)
			power_mend();
		if (tries > TRIES)
			fail_msg("%s: step %zu finds no space where there is: %s", describe(run),
			         step, fault.text);
	}
	run->promise.done[step] = r == 0;
	return r == 0 || (r == -FAULT_FULL && checkpoint);
}

static enum scene_wrong look(struct run *run, const char *path, bool resume, struct buf *why)
{
	bool verified = power_random(&run->random) % VERIFY_EVERY == 0;
	struct scene_promise all = run->promise;
	struct fault fault = { .code = FAULT_NONE };
	enum scene_wrong wrong;
	struct scene after;

	scene_move(&after, &run->scene, path);
	if (scene_open(&after, &fault) < 0) {
		buf_addf(why, "%s", fault.text);
		wrong = SCENE_DAMAGED;
	} else {
		wrong = scene_check(&after, &run->promise, verified, why);
	}
	if (wrong == SCENE_FINE && resume && verified) {
		if (scene_resume(&after, &all, &fault) < 0)
			fail_msg("%s: sent again: %s", describe(run), fault.text);
		wrong = scene_check(&after, &all, true, why);
		if (wrong == SCENE_FINE && money_compare(after.amount, scene_total(&after)) != 0)
			wrong = SCENE_AMOUNT;
	}
	scene_release(&after);
	return wrong;
}

static void expect_fine(struct run *run, const char *path, const char *where)
{
	struct buf why = { .at = NULL };
	enum scene_wrong wrong = look(run, path, true, &why);

	if (wrong != SCENE_FINE)
		fail_msg("%s, %s: %s", describe(run), where, why.at != NULL ? why.at : "an amount");
	buf_release(&why);
}

/* Whoever has to stop either still closes the ledger or is killed. */
static void end_run(struct run *run)
{
	struct power_disk disk;

	if (power_random(&run->random) % 2 == 0)
		power_die_at(0);
	scene_release(&run->scene);
	power_stop();
	power_disk_init(&disk, &run->trace);
	for (size_t i = 0; i < run->trace.count; i++)
		power_disk_apply(&disk, &run->trace.ops[i], &run->random);
	power_disk_cut(&disk, &run->random, cut_path);
	scene_lay_lock(cut_path);
	power_disk_release(&disk);
	power_trace_release(&run->trace);
	expect_fine(run, life_path, "where it lies");
	expect_fine(run, cut_path, "after a power cut");
}

/* How many operations failed; 0: there are no so many. */
static uint64_t run_faulty(struct run *run)
{
	uint64_t failed;

	lay_out();
	scene_move(&run->scene, &made.scene, life_path);
	run->promise = made.promise;
	power_seed(run->random);
	power_record(&run->trace, life_path);
	power_fail(run->fault, run->k, run->sticky);
	for (size_t i = SCENE_MADE; i < run->scene.step_count && !run->stopped; i++)
		run->stopped = !take_step(run, i);
	failed = power_failed();
	end_run(run);
	return failed;
}

/* --- all of them --------------------------------------------------------- */

static void test_what_is_acknowledged_outlives_a_disk_that_fails(void **state)
{
	const char *seed = getenv("SEED"), *faults = getenv("FAULTS"), *mode = getenv("TOLL_MODE");
	bool few = mode != NULL && (strcmp(mode, "asan") == 0 || strcmp(mode, "tsan") == 0);
	uint64_t random = seed != NULL ? strtoull(seed, NULL, 10) : 1, failed = 0, runs = 0;
	uint64_t stopped[FAULTY_COUNT] = { 0 }, refused[FAULTY_COUNT] = { 0 };
	uint64_t faults_max = faults != NULL ? strtoull(faults, NULL, 10)
	                                     : (few ? FAULTS_SANITIZED : FAULTS_RELEASE);

	(void)state;
	print_message("SEED=%llu FAULTS=%llu%s\n", (unsigned long long)random,
	              (unsigned long long)faults_max,
	              few ? " (fewer, because of the sanitizer)" : "");
	for (unsigned turn = 0; failed < faults_max; turn++) {
		make(power_random(&random));
		/* Under a sanitizer each fault a few times; else at every operation. */
		for (int f = 0; f < FAULTY_COUNT * 2; f++) {
			uint64_t more = 1, stride = few ? 1 + power_random(&random) % 16 : 1;

			for (uint64_t k = few ? power_random(&random) % stride : 0; more > 0;
			     k += stride) {
				struct run run = { .fault = (enum power_fault)(f / 2),
					           .k = k,
					           .sticky = f % 2 == 1,
					           .random = power_random(&random) };

				more = run_faulty(&run);
				failed += more;
				runs += more > 0;
				stopped[run.fault] += run.stopped;
				refused[run.fault] += run.refused;
			}
		}
		free(made.bytes);
	}
	for (int f = 0; f < FAULTY_COUNT; f++)
		print_message("%-26s %llu writers stopped, %llu times there was no space\n",
		              power_fault_name((enum power_fault)f), (unsigned long long)stopped[f],
		              (unsigned long long)refused[f]);
	print_message("%llu operations failed in %llu runs: nothing lost\n",
	              (unsigned long long)failed, (unsigned long long)runs);
	/* Each fault had its effect. */
	assert_true(stopped[FAULTY_WRITE_EIO] > 0 && refused[FAULTY_WRITE_ENOSPC] > 0 &&
	            refused[FAULTY_WRITE_EDQUOT] > 0 && refused[FAULTY_WRITE_SHORT] > 0 &&
	            stopped[FAULTY_SYNC_EIO] > 0 && stopped[FAULTY_SYNC_ENOSPC] > 0 &&
	            stopped[FAULTY_READ_EIO] > 0);
	assert_int_equal(stopped[FAULTY_WRITE_HALF] + refused[FAULTY_WRITE_HALF], 0);
}

/* What the operating system said of another file before is no excuse. */
static void test_a_failed_sync_is_no_want_of_space_whatever_was_before(void **state)
{
	struct fault fault = { .code = FAULT_NONE };

	(void)state;
	make(1);
	for (uint64_t k = 0; k < 3; k++) {
		struct run run = { .fault = FAULTY_SYNC_EIO };
		int r;

		lay_out();
		scene_move(&run.scene, &made.scene, life_path);
		power_record(&run.trace, life_path);
		assert_int_equal(scene_step(&run.scene, SCENE_MADE, &fault), 0);
		power_fail(FAULTY_WRITE_EDQUOT, 0, false);
		assert_int_equal(scene_step(&run.scene, SCENE_MADE + 1, &fault), -FAULT_FULL);
		power_mend();
		assert_int_equal(scene_step(&run.scene, SCENE_MADE + 1, &fault), 0);
		/* Of the WAL and of the ledger, in a checkpoint; or behind it, in a commit. */
		power_fail(FAULTY_SYNC_EIO, k, false);
		r = scene_step(&run.scene, SCENE_MADE + 2, &fault);
		if (r == 0)
			r = scene_step(&run.scene, SCENE_MADE + 3, &fault);
		if (r != -FAULT_IO || power_failed() != 1)
			fail_msg("sync %llu: %s: %s", (unsigned long long)k, fault_name(r),
			         fault.text);
		scene_release(&run.scene);
		power_stop();
		power_trace_release(&run.trace);
	}
	free(made.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_failed_sync_is_no_want_of_space_whatever_was_before),
		cmocka_unit_test(test_what_is_acknowledged_outlives_a_disk_that_fails),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
