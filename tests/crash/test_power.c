/*
 * Power cuts at every write, sync, truncation and name of a ledger's life, run by the real code
 * (tests/support/powerscene.h) on a disk that keeps what was synced and anything of the rest
 * (tests/support/powervfs.h).  What was acknowledged is there, once, with its amount; of what was
 * under way all or nothing; and after everything was sent again the sum is right to the last
 * digit, also when the power went a second time meanwhile.
 *
 * The same with writers that are broken on purpose, which must be found out; and the disk itself
 * against what is known of SQLite's ways to commit.
 *
 * SEED and POINTS come from the environment and are printed; POINT=N looks at that one alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/campaign.h"
#include "tests/support/powerscene.h"
#include "tests/support/powervfs.h"

enum {
	POINTS_RELEASE = 20000,
	POINTS_SANITIZED = 400,
	CONTROL_POINTS = 600,
	CONTROL_POINTS_SANITIZED = 150,
	CUTS_EACH = 6,     /* of one moment: what is pending may be lost in many ways */
	OPENING_EVERY = 6, /* moments while nothing was ever acknowledged, which are many: of each
	                      scene other ones */
	DEEP_EVERY = 20,   /* verified and sent again, which takes longer */
	WORKERS_MAX = 4,
	SECOND_EVERY = 3, /* of those: the power goes again meanwhile */
};

struct tally {
	uint64_t points_max, points, only; /* only: of this one, if not 0 */
	uint64_t deep, second, scenes;
	uint64_t wrong[SCENE_FINE + 1];
	uint64_t seed;
	bool control; /* what is wrong is counted */
	/* Of several processes each looks at its own points. */
	uint64_t worker, workers;
};

static char folder[SCENE_PATH_BYTES], life_path[SCENE_PATH_BYTES + 24];
static char cut_path[SCENE_PATH_BYTES + 24], second_path[SCENE_PATH_BYTES + 24];

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL && *text != '\0' ? strtoull(text, NULL, 10) : otherwise;
}

static void name_files(unsigned worker)
{
	snprintf(life_path, sizeof(life_path), "%s/life-%u.db", folder, worker);
	snprintf(cut_path, sizeof(cut_path), "%s/cut-%u.db", folder, worker);
	snprintf(second_path, sizeof(second_path), "%s/second-%u.db", folder, worker);
}

static int setup(void **state)
{
	(void)state;
	power_install();
	scene_folder(folder);
	name_files(0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	scene_folder_remove(folder);
	return 0;
}

/* --- one cut ------------------------------------------------------------- */

static enum scene_wrong wrong_by(struct fault *fault, struct buf *why)
{
	buf_addf(why, "%s", fault->text);
	return SCENE_DAMAGED;
}

/* The power goes again, while the ledger recovers and everything is sent again. */
static enum scene_wrong cut_again(const struct scene *scene, const struct power_trace *trace,
                                  struct scene_promise promise, uint64_t *random, struct buf *why)
{
	size_t until = (size_t)(power_random(random) % (trace->count + 1));
	struct fault fault = { .code = FAULT_NONE };
	enum scene_wrong wrong;
	struct power_disk disk;
	struct scene after;

	power_disk_init(&disk, trace);
	for (size_t i = 0; i < until; i++) {
		power_disk_apply(&disk, &trace->ops[i], random);
		if (trace->ops[i].kind == POWER_MARK)
			scene_promise_mark(&promise, trace->ops[i].offset);
	}
	power_disk_cut(&disk, random, second_path);
	scene_lay_lock(second_path);
	power_disk_release(&disk);
	scene_move(&after, scene, second_path);
	wrong = scene_open(&after, &fault) < 0 ? wrong_by(&fault, why)
	                                       : scene_check(&after, &promise, true, why);
	scene_release(&after);
	if (wrong != SCENE_FINE)
		buf_addf(why, "(at the second cut, at %zu of %zu) ", until, trace->count);
	return wrong;
}

/* What the sources do afterwards, and what comes of it. */
static enum scene_wrong send_again(struct scene *after, struct scene_promise *promise,
                                   struct buf *why)
{
	struct fault fault = { .code = FAULT_NONE };
	enum scene_wrong wrong;

	if (scene_resume(after, promise, &fault) < 0)
		return wrong_by(&fault, why);
	wrong = scene_check(after, promise, true, why);
	if (wrong == SCENE_FINE && money_compare(after->amount, scene_total(after)) != 0)
		wrong = SCENE_AMOUNT;
	if (wrong != SCENE_FINE)
		buf_addf(why, "(after everything was sent again) ");
	return wrong;
}

static enum scene_wrong cut(struct tally *tally, const struct scene *scene,
                            const struct power_disk *disk, const struct scene_promise *promise,
                            struct buf *why)
{
	uint64_t random = tally->seed + tally->points * UINT64_C(0xd1342543de82ef95);
	bool deep = !tally->control && tally->points % DEEP_EVERY == 0, second;
	struct scene_promise all = *promise;
	struct fault fault = { .code = FAULT_NONE };
	struct power_trace trace;
	enum scene_wrong wrong;
	struct scene after;

	second = deep && tally->points / DEEP_EVERY % SECOND_EVERY == 0;
	power_disk_cut(disk, &random, cut_path);
	scene_lay_lock(cut_path);
	scene_move(&after, scene, cut_path);
	if (second)
		power_record(&trace, cut_path);
	wrong = scene_open(&after, &fault) < 0 ? wrong_by(&fault, why)
	                                       : scene_check(&after, promise, deep, why);
	if (wrong == SCENE_FINE && deep)
		wrong = send_again(&after, &all, why);
	scene_release(&after);
	tally->deep += deep;
	tally->second += second;
	if (!second)
		return wrong;
	power_stop();
	if (wrong == SCENE_FINE)
		wrong = cut_again(scene, &trace, *promise, &random, why);
	power_trace_release(&trace);
	return wrong;
}

/* --- all cuts of a scene ------------------------------------------------- */

static void record(struct scene *scene, struct power_trace *trace, enum scene_name name,
                   uint64_t seed, enum scene_control control)
{
	struct fault fault = { .code = FAULT_NONE };

	scene_init(scene, name, seed, life_path);
	scene->control = control;
	power_seed(seed);
	power_record(trace, life_path);
	for (size_t i = 0; i < scene->step_count; i++) {
		if (scene_step(scene, i, &fault) < 0)
			fail_msg("%s, step %zu: %s", scene_name_text(name), i, fault.text);
	}
	/* As it stands: what a closing would still sync is not synced. */
	power_die_at(0);
	scene_release(scene);
	power_stop();
}

static void look(struct tally *tally, const struct scene *scene, const struct power_disk *disk,
                 const struct scene_promise *promise, size_t operation)
{
	struct buf why = { .at = NULL };
	enum scene_wrong wrong;

	tally->points++;
	if ((tally->only != 0 && tally->only != tally->points) ||
	    (tally->workers > 1 && tally->points % tally->workers != tally->worker))
		return;
	wrong = cut(tally, scene, disk, promise, &why);
	tally->wrong[wrong]++;
	if (wrong != SCENE_FINE && !tally->control) {
		print_error("SEED=%llu POINT=%llu: %s, operation %zu: %s\n",
		            (unsigned long long)tally->seed, (unsigned long long)tally->points,
		            scene_name_text(scene->name), operation,
		            why.at != NULL ? why.at : scene_wrong_text(wrong));
	}
	buf_release(&why);
}

static uint64_t wrongs(const struct tally *tally)
{
	uint64_t sum = 0;

	for (int w = 0; w < SCENE_FINE; w++)
		sum += tally->wrong[w];
	return sum;
}

/* Points are left, and nothing was found where nothing may be. */
static bool more(const struct tally *tally)
{
	return tally->points < tally->points_max && (tally->control || wrongs(tally) == 0);
}

static void run_scene(struct tally *tally, enum scene_name name, enum scene_control control)
{
	uint64_t random = tally->seed * UINT64_C(0x2545f4914f6cdd1d) + tally->scenes++;
	struct scene_promise promise = { .begun = { false } };
	struct power_trace trace;
	struct power_disk disk;
	struct scene scene;

	record(&scene, &trace, name, power_random(&random), control);
	power_disk_init(&disk, &trace);
	for (size_t i = 0; i < trace.count && more(tally); i++) {
		const struct power_op *op = &trace.ops[i];
		int cuts;

		power_disk_apply(&disk, op, &random);
		if (op->kind == POWER_MARK)
			scene_promise_mark(&promise, op->offset);
		cuts = tally->control || campaign_sanitized() || !power_disk_pending(&disk)
		               ? 1
		               : CUTS_EACH;
		if (!promise.done[0])
			cuts = power_random(&random) % OPENING_EVERY == 0;
		for (int c = 0; c < cuts && more(tally); c++)
			look(tally, &scene, &disk, &promise, i);
	}
	power_disk_release(&disk);
	power_trace_release(&trace);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void run_scenes(struct tally *tally)
{
	while (more(tally))
		run_scene(tally, (enum scene_name)(tally->scenes % SCENE_POWER_NAMES), SCENE_SOUND);
}

/* A process that looks at its points and writes what it found. */
static pid_t start_worker(struct tally tally, int to)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	name_files((unsigned)tally.worker);
	run_scenes(&tally);
	_exit(write(to, &tally, sizeof(tally)) == (ssize_t)sizeof(tally) ? 0 : 1);
}

/* As many as there are processors; with one, or a sanitizer that counts memory, in here. */
static void run_workers(struct tally *tally)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t points = tally->points_max;
	pid_t pids[WORKERS_MAX];
	int pipes[2];

	tally->workers = processors > WORKERS_MAX ? WORKERS_MAX : (uint64_t)processors;
	if (campaign_sanitized() || tally->only != 0 || tally->workers < 2) {
		tally->workers = 1;
		run_scenes(tally);
		return;
	}
	assert_int_equal(pipe(pipes), 0);
	for (tally->worker = 0; tally->worker < tally->workers; tally->worker++)
		pids[tally->worker] = start_worker(*tally, pipes[1]);
	for (uint64_t i = 0; i < tally->workers; i++) {
		struct tally of;
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			fail_msg("a worker ended with status %d", status);
		/* Less than a pipe holds, and written at once. */
		assert_int_equal(read(pipes[0], &of, sizeof(of)), (ssize_t)sizeof(of));
		for (int w = 0; w <= SCENE_FINE; w++)
			tally->wrong[w] += of.wrong[w];
		tally->deep += of.deep;
		tally->second += of.second;
		tally->scenes = of.scenes;
		points = of.points;
	}
	tally->points = points;
	close(pipes[0]);
	close(pipes[1]);
}

static void test_acknowledged_is_there_once_whenever_the_power_goes(void **state)
{
	struct tally tally = { .seed = from_environment("SEED", 1),
		               .only = from_environment("POINT", 0) };
	double start = seconds(), took;

	(void)state;
	tally.points_max = from_environment("POINTS", campaign_sanitized() ? POINTS_SANITIZED
	                                                                   : POINTS_RELEASE);
	print_message("SEED=%llu POINTS=%llu%s\n", (unsigned long long)tally.seed,
	              (unsigned long long)tally.points_max,
	              campaign_sanitized() ? " (fewer, because of the sanitizer)" : "");
	assert_true(tally.points_max > 0);
	run_workers(&tally);
	took = seconds() - start;
	assert_int_equal(wrongs(&tally), 0);
	assert_int_equal(tally.wrong[SCENE_FINE], tally.only != 0 ? 1 : tally.points_max);
	print_message("%llu power cuts in %llu scenes, %llu of them verified and sent again, "
	              "%llu cut a second time: nothing lost; %.0f a second\n",
	              (unsigned long long)tally.wrong[SCENE_FINE], (unsigned long long)tally.scenes,
	              (unsigned long long)tally.deep, (unsigned long long)tally.second,
	              (double)tally.wrong[SCENE_FINE] / took);
}

static void test_a_broken_writer_is_found_out(void **state)
{
	static const struct {
		const char *label;
		enum scene_control control;
		enum scene_wrong wrong;
	} rows[] = {
		{ "synchronous=NORMAL", SCENE_NORMAL, SCENE_LOST },
		{ "acknowledged before the commit", SCENE_EARLY, SCENE_LOST },
		{ "sums in another transaction", SCENE_SPLIT_SUMS, SCENE_SUMS },
		{ "a batch in two transactions", SCENE_HALVES, SCENE_HALF },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tally tally = { .seed = from_environment("SEED", 1), .control = true };
		uint64_t found;

		tally.points_max = campaign_sanitized() ? CONTROL_POINTS_SANITIZED : CONTROL_POINTS;
		while (tally.points < tally.points_max)
			run_scene(&tally, SCENE_LIFE, rows[i].control);
		found = tally.wrong[rows[i].wrong];
		print_message("%s: %llu of %llu points show it\n", rows[i].label,
		              (unsigned long long)found, (unsigned long long)tally.points);
		assert_true(found > 0);
	}
}

static void test_a_seed_gives_the_same_record_again(void **state)
{
	struct power_trace first, again;
	struct scene scene;

	(void)state;
	record(&scene, &first, SCENE_LIFE, from_environment("SEED", 1), SCENE_SOUND);
	record(&scene, &again, SCENE_LIFE, from_environment("SEED", 1), SCENE_SOUND);
	assert_int_equal(first.count, again.count);
	for (size_t i = 0; i < first.count; i++) {
		assert_int_equal(first.ops[i].kind, again.ops[i].kind);
		assert_int_equal(first.ops[i].offset, again.ops[i].offset);
		assert_int_equal(first.ops[i].len, again.ops[i].len);
		if (first.ops[i].len > 0)
			assert_memory_equal(first.ops[i].bytes, again.ops[i].bytes,
			                    first.ops[i].len);
	}
	power_trace_release(&first);
	power_trace_release(&again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_seed_gives_the_same_record_again),
		cmocka_unit_test(test_a_broken_writer_is_found_out),
		cmocka_unit_test(test_acknowledged_is_there_once_whenever_the_power_goes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
