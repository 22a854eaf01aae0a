/*
 * kill -9 of the real daemon at named points: kill_points.def.  After each it starts again at
 * once, gets what it had not acknowledged, and everything is there once, to the last digit.
 *
 * All of them are run in release; under a sanitizer each fifth, from a first one that SEED
 * chooses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger/migrations.h"
#include "tests/support/gateways.h"
#include "tests/support/inject.h"
#include "tests/support/old_ledger.h"

enum scene { START, LOAD, CHECKPOINT, IDLE, MIGRATION, SHUTDOWN, APPLY, RERATE };
enum file { ANY, LEDGER, WAL, LOCK, JOURNAL, SOCKET };

enum {
	GATEWAYS = 3,
	COUNTS_MAX = 8,
	EVENTS_BEFORE = 150, /* of one gateway, acknowledged before the scene */
	EVENTS_LOAD = 4000,  /* of one gateway, in the scene */
	EVENTS_LARGE = 20000,
	MODELS = 14000,       /* of the large book: 3 MB */
	SANITIZED_STRIDE = 5, /* under a sanitizer every so many points */
};

struct point {
	enum scene scene;
	const char *name, *syscall;
	enum file file;
	bool stored;            /* more than anybody was told */
	int counts[COUNTS_MAX]; /* 0: no further one */
};

static const struct point points[] = {
#define P(SCENE, name, syscall, FILE, ...) { SCENE, name, #syscall, FILE, false, { __VA_ARGS__ } },
#define S(SCENE, name, syscall, FILE, ...) { SCENE, name, #syscall, FILE, true, { __VA_ARGS__ } },
#include "tests/faults/kill_points.def"
#undef P
#undef S
};

static const char *const scene_names[] = { "start",     "load",     "checkpoint",  "idle",
	                                   "migration", "shutdown", "price.apply", "rerate" };

/* Twice the input's price of the kit's book. */
static const char dearer[] =
	"{\\\"pricebook\\\":1,\\\"currency\\\":\\\"USD\\\",\\\"models\\\":[{\\\"model\\\":"
	"\\\"m/a\\\",\\\"versions\\\":[{\\\"effective_from\\\":\\\"2020-01-01\\\",\\\"rates\\\":["
	"{\\\"component\\\":\\\"input\\\",\\\"per_million\\\":\\\"2\\\"},"
	"{\\\"component\\\":\\\"output\\\",\\\"per_million\\\":\\\"2\\\"}]}]}]}";

static struct daemonkit kit;
static struct gateways gateways;
static struct inject inject;
static struct buf reply, large;
static bool works;

static const char *file_path(enum file file)
{
	static const char *const suffixes[] = {
		[LEDGER] = "", [WAL] = "-wal", [LOCK] = ".lock", [JOURNAL] = "-journal"
	};
	static char path[DAEMONKIT_PATH_BYTES + 16];

	if (file == ANY || file == SOCKET)
		return file == ANY ? NULL : kit.socket;
	snprintf(path, sizeof(path), "%s%s", kit.ledger, suffixes[file]);
	return path;
}

static int64_t sql_number(const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	sqlite3 *db = NULL;
	int64_t number;

	assert_int_equal(sqlite3_open_v2(kit.ledger, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK ||
	    sqlite3_step(stmt) != SQLITE_ROW)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	number = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return number;
}

/* --- changes --------------------------------------------------------------- */

static int send_change(const char *request, size_t len)
{
	int fd = daemonkit_connect(kit.control);

	assert_true(fd >= 0);
	daemonkit_send(fd, request, len);
	return fd;
}

/* A change that succeeds; its reply stays in `reply`. */
static void change(const char *request)
{
	int fd = send_change(request, strlen(request));

	assert_true(daemonkit_line(fd, &reply));
	close(fd);
	buf_add(&reply, "", 1);
	if (strstr(reply.at, "{\"ok\":true,") == NULL)
		fail_msg("%.300s: %s", request, reply.at);
}

static void apply_dearer(char hash_out[65])
{
	char request[1024];
	const char *hash;

	snprintf(request, sizeof(request), "{\"change\":\"price.apply\",\"book\":\"%s\"}\n",
	         dearer);
	change(request);
	hash = strstr(reply.at, "\"hash\":\"");
	assert_non_null(hash);
	snprintf(hash_out, 65, "%.64s", hash + 8);
}

static void make_large_book(void)
{
	buf_add_cstr(&large, "{\"change\":\"price.apply\",\"book\":\"");
	buf_add(&large, dearer, strlen(dearer) - 2);
	for (int i = 0; i < MODELS; i++)
		buf_addf(&large,
		         ",{\\\"model\\\":\\\"large/m-%d\\\",\\\"versions\\\":[{"
		         "\\\"effective_from\\\":\\\"2020-01-01\\\",\\\"rates\\\":[{"
		         "\\\"component\\\":\\\"input\\\",\\\"per_million\\\":\\\"%d\\\"},{"
		         "\\\"component\\\":\\\"output\\\",\\\"per_million\\\":\\\"2\\\"}]}]}",
		         i, i + 1);
	buf_add_cstr(&large, "]}\"}\n");
	assert_int_equal(large.error, 0);
}

/* A rerate that was killed is asked for again: all differences are booked, each once. */
static void check_rerate(const char *hash)
{
	char request[256];
	int64_t events = 0;
	wide due;

	daemonkit_start(&kit, NULL);
	snprintf(request, sizeof(request),
	         "{\"change\":\"rerate\",\"from\":\"2026-01-02\",\"to\":\"2026-01-03\","
	         "\"reason\":\"again\",\"book\":\"%s\"}\n",
	         hash);
	change(request);
	assert_int_equal(daemonkit_stop(&kit), 0);
	for (int i = 0; i < GATEWAYS; i++)
		events += gateways.of[i].made;
	/* The difference is one price of the input. */
	due = gateways_attos(&gateways) - (wide)events * GATEWAYS_OUTPUT * 2 * 1000000 * 1000000;
	assert_true((wide)sql_number("SELECT sum(nanos) FROM adjustment_run") * ATTOS_PER_NANO ==
	            due);
	assert_int_equal(sql_number("SELECT sum(attos) FROM adjustment_run"), 0);
	daemonkit_verified_amount(&kit);
}

/* --- a point --------------------------------------------------------------- */

static const char *const *arguments_of(enum scene scene)
{
	/* Commits that fill the WAL before the events fill the ledger. */
	static const char *const small[] = { "--batch-events-max", "6", "--linger-ms", "0", NULL };
	static const char *const usual[] = { "--linger-ms", "1", NULL };

	return scene == CHECKPOINT ? small : usual;
}

static void begin_scene(const struct point *point, int count, int64_t version)
{
	char when[16];
	const struct injected what = { point->syscall, file_path(point->file), "signal=KILL", when,
		                       NULL };
	const char *const arguments[] = { "--ledger",    kit.ledger, "--socket",
		                          kit.socket,    "--prices", kit.prices,
		                          "--linger-ms", "1",        NULL };

	snprintf(when, sizeof(when), "%d", count);
	if (point->scene != START) {
		daemonkit_start(&kit, arguments_of(point->scene));
		gateways_allow(&gateways, EVENTS_BEFORE);
		assert_true(gateways_run(&gateways, daemonkit_now_ms() + DAEMONKIT_WAIT_MS));
	}
	if (point->scene == MIGRATION) {
		assert_int_equal(daemonkit_stop(&kit), 0);
		gateways_hang_up(&gateways);
		old_ledger_make(kit.ledger, version);
	}
	if (point->scene == START || point->scene == MIGRATION) {
		inject_at_start(&inject, &kit, &what);
		daemonkit_spawn(&kit, arguments);
		return;
	}
	/* The connections are there already; one that is let in is a new one. */
	if (strcmp(point->syscall, "accept4") == 0)
		gateways_hang_up(&gateways);
}

static void trigger(const struct point *point, const char *hash)
{
	char request[256];
	int fd = -1;

	gateways_allow(&gateways,
	               point->scene == CHECKPOINT ? EVENTS_LARGE
	               : point->scene == LOAD || point->scene == START || point->scene == MIGRATION
	                       ? EVENTS_LOAD
	                       : 0);
	if (point->scene == SHUTDOWN)
		kill(kit.pid, SIGTERM);
	if (point->scene == APPLY)
		fd = send_change(large.at, large.len);
	if (point->scene == RERATE) {
		snprintf(request, sizeof(request),
		         "{\"change\":\"rerate\",\"from\":\"2026-01-02\",\"to\":\"2026-01-03\","
		         "\"reason\":\"killed\",\"book\":\"%s\"}\n",
		         hash);
		fd = send_change(request, strlen(request));
	}
	if (fd >= 0) {
		assert_false(daemonkit_line(fd, &reply));
		close(fd);
	}
}

static void run_point(const struct point *point, int count, int64_t version)
{
	int64_t until, acknowledged;
	char when[16], hash[65] = "";
	const struct injected what = { point->syscall, NULL, "signal=KILL", when, NULL };
	struct injected at = what;
	int code = 0;

	snprintf(when, sizeof(when), "%d", count);
	daemonkit_begin(&kit);
	gateways_init(&gateways, &kit, GATEWAYS);
	begin_scene(point, count, version);
	if (point->scene == RERATE)
		apply_dearer(hash);
	at.file = file_path(point->file);
	if (point->scene != START && point->scene != MIGRATION)
		inject_now(&inject, &kit, &at);
	trigger(point, hash);
	until = daemonkit_now_ms() + DAEMONKIT_WAIT_MS / 4;
	while (!daemonkit_gone(&kit, &code)) {
		gateways_turn(&gateways);
		if (daemonkit_now_ms() > until)
			fail_msg("%s: %s, %s %d: never came to it", scene_names[point->scene],
			         point->name, point->syscall, count);
	}
	gateways_hang_up(&gateways);
	inject_end(&inject);
	if (code != -SIGKILL)
		fail_msg("%s: %s, %s %d: it ended by itself, with %d", scene_names[point->scene],
		         point->name, point->syscall, count, code);
	acknowledged = gateways_acknowledged(&gateways);
	/* What is written and not synced outlives the process, if not the machine. */
	if (point->scene == MIGRATION && strcmp(point->syscall, "pwrite64") == 0)
		assert_int_equal(sql_number("PRAGMA user_version"), version);
	if (point->stored && point->scene == RERATE)
		assert_int_equal(sql_number("SELECT count(*) FROM adjustment_run"), 1);
	else if (point->stored)
		assert_true(daemonkit_status(&kit).events > acknowledged);
	gateways_settle(&gateways);
	if (point->scene == RERATE)
		check_rerate(hash);
	/* A book that did not come to be in force leaves nothing behind. */
	assert_int_equal(sql_number("SELECT count(*) FROM book_part WHERE hash NOT IN "
	                            "(SELECT hash FROM book)"),
	                 0);
	print_message("%s: %s (%s %d%s%.0lld): %lld acknowledged, then %lld\n",
	              scene_names[point->scene], point->name, point->syscall, count,
	              version > 0 ? ", schema " : "", (long long)version, (long long)acknowledged,
	              (long long)gateways_acknowledged(&gateways));
	gateways_release(&gateways);
	daemonkit_end(&kit);
}

static void run_scenes(enum scene first, enum scene last)
{
	const char *mode = getenv("TOLL_MODE"), *seed = getenv("SEED");
	int stride = mode == NULL || strcmp(mode, "release") == 0 ? 1 : SANITIZED_STRIDE;
	uint64_t number = seed != NULL ? strtoull(seed, NULL, 10) : 1;
	int due = 0, run = 0;

	if (!works)
		skip();
	if (stride > 1)
		print_message("SEED=%llu\n", (unsigned long long)number);
	for (size_t p = 0; p < sizeof(points) / sizeof(points[0]); p++) {
		const struct point *point = &points[p];
		int64_t versions = point->scene == MIGRATION ? (int64_t)migration_count - 1 : 1;

		if (point->scene < first || point->scene > last)
			continue;
		for (int i = 0; i < COUNTS_MAX && point->counts[i] > 0; i++) {
			for (int64_t v = 1; v <= versions; v++) {
				if (due++ % stride != (int)(number % (uint64_t)stride))
					continue;
				run_point(point, point->counts[i],
				          point->scene == MIGRATION ? v : 0);
				run++;
			}
		}
	}
	assert_true(run > 0);
	print_message("killed at %d of %d points\n", run, due);
}

static void test_killed_while_it_starts(void **state)
{
	(void)state;
	run_scenes(START, START);
}

static void test_killed_in_a_batch(void **state)
{
	(void)state;
	run_scenes(LOAD, LOAD);
}

static void test_killed_in_a_checkpoint(void **state)
{
	(void)state;
	run_scenes(CHECKPOINT, IDLE);
}

static void test_killed_in_a_migration_of_each_older_schema(void **state)
{
	(void)state;
	run_scenes(MIGRATION, MIGRATION);
}

static void test_killed_while_it_stops(void **state)
{
	(void)state;
	run_scenes(SHUTDOWN, SHUTDOWN);
}

static void test_killed_in_a_change(void **state)
{
	(void)state;
	run_scenes(APPLY, RERATE);
}

static int begin(void **state)
{
	(void)state;
	works = inject_works();
	make_large_book();
	return 0;
}

static int end(void **state)
{
	(void)state;
	buf_release(&reply);
	buf_release(&large);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_killed_while_it_starts),
		cmocka_unit_test(test_killed_in_a_batch),
		cmocka_unit_test(test_killed_in_a_checkpoint),
		cmocka_unit_test(test_killed_in_a_migration_of_each_older_schema),
		cmocka_unit_test(test_killed_while_it_stops),
		cmocka_unit_test(test_killed_in_a_change),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
