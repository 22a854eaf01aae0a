/* The steps of powerscene.h. */
#include "tests/support/powerscene.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/moment.h"
#include "ingest/change.h"
#include "ingest/ingest.h"
#include "ledger/adjust.h"
#include "ledger/internal.h"
#include "ledger/migrations.h"
#include "ledger/twins.h"
#include "tests/support/powerscene_internal.h"
#include "tests/support/powervfs.h"

enum { DYING_OPERATIONS = 120 }; /* of an opening that makes the ledger; it may take fewer */

#define BATCH(n)                                                                                   \
	{                                                                                          \
		SCENE_BATCH, n                                                                     \
	}

static const struct scene_step life[] = {
	{ SCENE_OPEN, 0 },
	{ SCENE_BOOK, 0 },
	{ SCENE_BOOK, 1 },
	BATCH(0),
	BATCH(1),
	{ SCENE_PASSIVE, 0 },
	BATCH(2),
	BATCH(3),
	{ SCENE_IDLE, 0 },
	BATCH(4),
	{ SCENE_RERATE, 0 },
	BATCH(5),
	{ SCENE_PASSIVE, 0 },
	{ SCENE_BOOK, 2 },
	{ SCENE_RETRY, 0 },
	BATCH(6),
	{ SCENE_PERIOD, 0 },
	{ SCENE_SHUT, 0 },
	{ SCENE_OPEN, 0 },
	BATCH(7),
	{ SCENE_PASSIVE, 0 },
	BATCH(8),
	{ SCENE_KILL, 0 },
	BATCH(9),
	{ SCENE_SHUT, 0 },
	{ SCENE_END, 0 },
};

static const struct scene_step old[] = {
	{ SCENE_DIE_OPEN, 0 }, { SCENE_BOOK, 1 }, BATCH(0), { SCENE_IDLE, 0 },  BATCH(1),
	{ SCENE_BOOK, 2 },     { SCENE_KILL, 0 }, BATCH(2), { SCENE_RETRY, 0 }, BATCH(3),
	{ SCENE_SHUT, 0 },     { SCENE_END, 0 },
};

static const struct scene_step large_book[] = {
	{ SCENE_OPEN, 0 }, { SCENE_BOOK, 1 }, BATCH(0),           BATCH(1),
	{ SCENE_BOOK, 3 }, BATCH(2),          { SCENE_RETRY, 0 }, { SCENE_PASSIVE, 0 },
	BATCH(3),          { SCENE_IDLE, 0 }, BATCH(4),           { SCENE_END, 0 },
};

static const struct scene_step dying[] = {
	{ SCENE_DIE_OPEN, 0 },
	{ SCENE_BOOK, 2 },
	{ SCENE_KILL, 0 },
	BATCH(0),
	{ SCENE_KILL, 0 },
	BATCH(1),
	{ SCENE_PASSIVE, 0 },
	{ SCENE_KILL, 0 },
	BATCH(2),
	{ SCENE_END, 0 },
};

static const struct scene_step faults[] = {
	{ SCENE_OPEN, 0 },
	{ SCENE_BOOK, 1 },
	BATCH(0),
	{ SCENE_SHUT, 0 },
	{ SCENE_OPEN, 0 },
	BATCH(1),
	{ SCENE_PASSIVE, 0 },
	BATCH(2),
	{ SCENE_BOOK, 2 },
	{ SCENE_RETRY, 0 },
	BATCH(3),
	{ SCENE_IDLE, 0 },
	BATCH(4),
	{ SCENE_PASSIVE, 0 },
	{ SCENE_PERIOD, 0 },
	BATCH(5),
	{ SCENE_SHUT, 0 },
	{ SCENE_END, 0 },
};

static const struct {
	const char *text;
	const struct scene_step *steps;
} scenes[SCENE_NAMES] = {
	[SCENE_LIFE] = { "a life", life },
	[SCENE_OLD] = { "an old ledger", old },
	[SCENE_LARGE_BOOK] = { "a large book", large_book },
	[SCENE_DYING] = { "dying often", dying },
	[SCENE_FAULTS] = { "faults", faults },
};

const char *scene_name_text(enum scene_name name)
{
	return scenes[name].text;
}

static scene_pause_fn *pause_hook;

void scene_set_pause(scene_pause_fn *pause)
{
	pause_hook = pause;
}

static void own_memory(bool begins)
{
	if (pause_hook != NULL)
		pause_hook(begins);
}

/* --- what is in it ------------------------------------------------------- */

/* Prices a million, in millionths of a millionth: attos a token. */
static const struct {
	const char *input, *output;
	int64_t input_attos, output_attos;
} prices[2] = {
	{ "0.80", "2.40", INT64_C(800000000000), INT64_C(2400000000000) },
	{ "1.30", "3.10", INT64_C(1300000000000), INT64_C(3100000000000) },
};

bool scene_event_waits(int n)
{
	return n % 4 == 3;
}

static int64_t input_of(int n)
{
	return 1000 + 37 * (int64_t)n;
}

static int64_t output_of(int n)
{
	return 10 + (int64_t)n;
}

struct money scene_event_amount(int n)
{
	int model = scene_event_waits(n) ? 1 : 0;

	return (struct money){ (wide)input_of(n) * prices[model].input_attos +
		               (wide)output_of(n) * prices[model].output_attos };
}

struct money scene_old_amount(void)
{
	return (struct money){ (wide)10 * prices[0].input_attos +
		               (wide)1 * prices[0].output_attos };
}

static int64_t request_input(int batch, bool final)
{
	return (final ? 900 : 500) + (int64_t)batch;
}

struct money scene_request_amount(int batch, bool final)
{
	return (struct money){ (wide)request_input(batch, final) * prices[0].input_attos };
}

struct money scene_total(const struct scene *scene)
{
	struct money sum = { 0 };

	for (int n = 0; n < scene->batch_first[scene->batch_count]; n++)
		sum.attos += scene_event_amount(n).attos;
	/* No batch tells of the end of the last one. */
	for (int b = 0; b < scene->batch_count; b++)
		sum.attos += scene_request_amount(b, b + 1 < scene->batch_count).attos;
	if (scene->name == SCENE_OLD)
		sum.attos += SCENE_OLD_EVENTS * scene_old_amount().attos;
	return sum;
}

static void add_model(struct buf *out, const char *model, const char *input, const char *output)
{
	buf_addf(out,
	         "{\"model\":\"%s\",\"versions\":[{\"effective_from\":\"2026-01-01\",\"rates\":["
	         "{\"component\":\"input\",\"per_million\":\"%s\"},"
	         "{\"component\":\"output\",\"per_million\":\"%s\"}]}]}",
	         model, input, output);
}

/* 0: for rerate, never sold by; 1: without n; 2: with it; 3: the same, in several parts. */
void scene_book(int number, struct buf *out)
{
	char model[160];

	buf_addf(out, "{\"pricebook\":1,\"name\":\"b%d\",\"currency\":\"USD\",\"models\":[",
	         number);
	if (number == 0)
		add_model(out, "m", "0.50", "2.00");
	else
		add_model(out, "m", prices[0].input, prices[0].output);
	if (number != 1) {
		buf_add_cstr(out, ",");
		add_model(out, "n", prices[1].input, prices[1].output);
	}
	for (int i = 0; number == 3 && i < 400; i++) {
		snprintf(model, sizeof(model), "filler-%d-%0100d", i, i);
		buf_add_cstr(out, ",");
		add_model(out, model, "1", "1");
	}
	buf_add_cstr(out, "]}");
	assert_int_equal(out->error, 0);
}

/* Of event n; changed: as nobody ever sent it. */
static void put_line(int n, bool changed, struct buf *out)
{
	char moment[MOMENT_TEXT_BYTES];

	own_memory(true);
	moment_text(SCENE_FIRST_MS + n * INT64_C(60000), moment);
	buf_clear(out);
	buf_addf(out,
	         "{\"id\":\"e-%d\",\"source\":\"gw-1\",\"time\":\"%s\",\"account\":\"acct-%d\","
	         "\"model\":\"%s\",\"api\":\"toll\",\"usage\":{\"input\":%lld,\"output\":%lld}}",
	         n, moment, n % 3, scene_event_waits(n) ? "n" : "m",
	         (long long)input_of(n) + changed, (long long)output_of(n));
	assert_int_equal(out->error, 0);
	own_memory(false);
}

/* Of a request that a batch tells of while it goes on, and the next one when it ended. */
static void put_request(int batch, bool final, struct buf *out)
{
	char moment[MOMENT_TEXT_BYTES];

	own_memory(true);
	moment_text(SCENE_FIRST_MS + batch * INT64_C(60000) + 30000, moment);
	buf_clear(out);
	buf_addf(out,
	         "{\"id\":\"p-%d\",\"source\":\"gw-1\",\"time\":\"%s\",\"account\":\"acct-0\","
	         "\"model\":\"m\",\"api\":\"toll\",\"settlement\":\"%s\",\"usage\":{\"input\":%lld}"
	         "}",
	         batch, moment, final ? "final" : "partial",
	         (long long)request_input(batch, final));
	assert_int_equal(out->error, 0);
	own_memory(false);
}

/* --- steps --------------------------------------------------------------- */

int64_t scene_begun(size_t step)
{
	return (int64_t)step * 2;
}

int64_t scene_done(size_t step)
{
	return (int64_t)step * 2 + 1;
}

void scene_promise_mark(struct scene_promise *promise, int64_t mark)
{
	if (mark % 2 == 0)
		promise->begun[mark / 2] = true;
	else
		promise->done[mark / 2] = true;
}

int scene_open(struct scene *scene, struct fault *fault)
{
	const struct ledger_options options = { .identity_bytes = IDENTITY_BYTES_MIN };
	int r = ledger_open_writer(&scene->ledger, scene->path, &options, fault);

	if (r < 0)
		return r;
	if (scene->control == SCENE_NORMAL)
		assert_int_equal(sqlite3_exec(scene->ledger->db, "PRAGMA synchronous=NORMAL", NULL,
		                              NULL, NULL),
		                 SQLITE_OK);
	return scene_terms(scene, fault);
}

int scene_terms(struct scene *scene, struct fault *fault)
{
	terms_release(&scene->terms);
	scene->terms = (struct terms){ .rules = NULL };
	return terms_load(scene->ledger, &scene->terms, fault);
}

void scene_shut(struct scene *scene)
{
	ledger_close(scene->ledger);
	scene->ledger = NULL;
}

static int die(struct scene *scene, uint64_t at, struct fault *fault)
{
	if (at > 0) {
		power_die_at(at);
		/* It may have died before it had it open. */
		if (scene_open(scene, fault) < 0 && !power_is_dead())
			return -(int)fault->code;
	}
	power_die_at(0);
	scene_shut(scene);
	power_revive();
	return scene_open(scene, fault);
}

static int change(struct scene *scene, const char *request, struct fault *fault)
{
	const struct change change = { text_of(request), text_of("uid 7"), SCENE_NOW_MS };
	struct buf reply = { .at = NULL };
	bool changed;
	int r = change_run(scene->ledger, &change, &reply, &changed, fault);

	if (r == 0 && reply.error == 0 && strncmp(reply.at, "{\"ok\":true", 10) != 0)
		fail_msg("%s: %s", request, reply.at);
	/* Whoever asked is not told. */
	if (r == 0 && reply.error != 0)
		r = fault_set(fault, FAULT_NOMEM, "a reply: out of memory");
	buf_release(&reply);
	return r;
}

static int apply(struct scene *scene, int number, struct fault *fault)
{
	struct buf book = { .at = NULL }, request = { .at = NULL };
	int r;

	own_memory(true);
	scene_book(number, &book);
	buf_add_cstr(&request, "{\"change\":\"price.apply\",\"book\":");
	buf_add_json(&request, buf_text(&book));
	buf_add_cstr(&request, "}");
	assert_int_equal(request.error, 0);
	own_memory(false);
	r = change(scene, request.at, fault);
	if (r == 0)
		r = scene_terms(scene, fault);
	buf_release(&request);
	buf_release(&book);
	return r;
}

static int rerate(struct scene *scene, struct fault *fault)
{
	char hex[SHA256_HEX_BYTES], request[512];
	struct buf book = { .at = NULL };

	own_memory(true);
	scene_book(0, &book);
	sha256_hex(book.at, book.len, hex);
	buf_release(&book);
	own_memory(false);
	snprintf(request, sizeof(request),
	         "{\"change\":\"rerate\",\"from\":\"2026-08-01T09:00:00Z\","
	         "\"to\":\"2026-08-01T11:00:00Z\",\"reason\":\"why\",\"book\":\"%s\"}",
	         hex);
	return change(scene, request, fault);
}

static int no_twin(void *context, const struct twin *twin)
{
	(void)context;
	(void)twin;
	fail();
	return 0;
}

static int close_period(struct scene *scene, struct fault *fault)
{
	const struct twin_search search = { .until_ms = SCENE_CLOSED_MS };
	struct period_check check;
	bool closed = false;
	int r = ledger_check_period(scene->ledger, &search, no_twin, NULL, &check, fault);

	if (r == 0)
		r = ledger_begin(scene->ledger, fault);
	if (r == 0)
		r = ledger_close_period(scene->ledger, &check, SCENE_NOW_MS, text_of("uid 7"),
		                        text_of("end"), &closed, fault);
	if (r == 0)
		r = ledger_commit(scene->ledger, fault);
	if (r < 0)
		ledger_rollback(scene->ledger);
	return r;
}

static int store(struct scene *scene, struct text line, struct fault *fault)
{
	const struct event_defaults defaults = { text_of("gw-1"), SCENE_NOW_MS };
	struct ingest_item item;
	int r;

	arena_reset(&scene->arena);
	r = ingest_prepare(&item, line, INGEST_LINE_WHOLE, (int64_t)line.len, &defaults,
	                   &scene->terms, &scene->doc, &scene->arena);
	if (r < 0)
		return fault_set(fault, (enum fault_code) - r, "prepare: out of memory");
	return ingest_store(scene->ledger, &item, fault);
}

/* As a broken writer would: the events first, and what they add up to behind them. */
static int commit_apart(struct ledger *ledger, struct fault *fault)
{
	struct rollups sums = ledger->rollups;
	size_t watermarks = ledger->watermark_count;
	int r;

	ledger->rollups = (struct rollups){ .entries = NULL };
	ledger->watermark_count = 0;
	r = ledger_commit(ledger, fault);
	rollups_release(&ledger->rollups);
	if (r == 0)
		r = ledger_begin(ledger, fault);
	ledger->rollups = sums;
	ledger->watermark_count = watermarks;
	return r < 0 ? r : ledger_commit(ledger, fault);
}

/*
 * The events of a batch, phases of two requests, one event again that was sent before, one as
 * another, and a line that is none.
 */
static int store_all(struct scene *scene, int batch, struct fault *fault)
{
	struct buf line = { .at = NULL };
	int r = 0;

	for (int n = scene->batch_first[batch]; r == 0 && n < scene->batch_first[batch + 1]; n++) {
		put_line(n, false, &line);
		r = store(scene, buf_text(&line), fault);
	}
	if (r == 0 && scene->control == SCENE_HALVES)
		r = ledger_commit(scene->ledger, fault);
	if (r == 0 && scene->control == SCENE_HALVES)
		r = ledger_begin(scene->ledger, fault);
	if (r == 0) {
		put_request(batch, false, &line);
		r = store(scene, buf_text(&line), fault);
	}
	if (r == 0 && batch > 0) {
		put_request(batch - 1, true, &line);
		r = store(scene, buf_text(&line), fault);
	}
	if (r == 0 && batch % 3 > 0) {
		put_line(scene->batch_first[batch - 1], batch % 3 == 2, &line);
		r = store(scene, buf_text(&line), fault);
	}
	if (r == 0 && batch % 2 == 0)
		r = store(scene, text_of("no event at all"), fault);
	buf_release(&line);
	return r;
}

static int send_batch(struct scene *scene, size_t step, int batch, struct fault *fault)
{
	int r = ledger_begin(scene->ledger, fault);

	if (r == 0)
		r = store_all(scene, batch, fault);
	if (scene->control == SCENE_EARLY)
		power_mark(scene_done(step));
	if (r == 0 && scene->control == SCENE_SPLIT_SUMS)
		r = commit_apart(scene->ledger, fault);
	else if (r == 0)
		r = ledger_commit(scene->ledger, fault);
	if (r < 0)
		ledger_rollback(scene->ledger);
	return r;
}

static int checkpoint(struct scene *scene, bool idle, struct fault *fault)
{
	/* Of a WAL as small as here the writer would not think of it. */
	scene->ledger->wal_is_large = true;
	return ledger_wal_checkpoint(scene->ledger, idle, NULL, fault);
}

int scene_step(struct scene *scene, size_t step, struct fault *fault)
{
	const struct scene_step *of = &scene->steps[step];
	int r = 0;

	power_mark(scene_begun(step));
	switch (of->kind) {
	case SCENE_END:
		break;
	case SCENE_OPEN:
		r = scene_open(scene, fault);
		break;
	case SCENE_BOOK:
		r = apply(scene, of->argument, fault);
		break;
	case SCENE_BATCH:
		r = send_batch(scene, step, of->argument, fault);
		break;
	case SCENE_PASSIVE:
	case SCENE_IDLE:
		r = checkpoint(scene, of->kind == SCENE_IDLE, fault);
		break;
	case SCENE_RETRY:
		r = change(scene, "{\"change\":\"suspense.retry\"}", fault);
		break;
	case SCENE_RERATE:
		r = rerate(scene, fault);
		break;
	case SCENE_PERIOD:
		r = close_period(scene, fault);
		break;
	case SCENE_SHUT:
		scene_shut(scene);
		break;
	case SCENE_KILL:
		r = die(scene, 0, fault);
		break;
	case SCENE_DIE_OPEN:
		r = die(scene, 1 + power_random(&scene->random) % DYING_OPERATIONS, fault);
		break;
	}
	if (r == 0)
		power_mark(scene_done(step));
	return r;
}

int scene_resume(struct scene *scene, struct scene_promise *promise, struct fault *fault)
{
	int last = 0, r = 0;

	for (size_t i = 0; i < scene->step_count; i++) {
		if (scene->steps[i].kind == SCENE_BOOK)
			last = (int)i;
	}
	for (size_t i = 0; r == 0 && i < scene->step_count; i++) {
		enum scene_kind kind = scene->steps[i].kind;
		bool again = kind == SCENE_BATCH;

		/* The book in force first: under it everything has its price. */
		if (i == 0)
			r = scene_step(scene, (size_t)last, fault);
		if (r == 0 && again)
			r = scene_step(scene, i, fault);
		if (r == 0 && (again || (int)i == last))
			promise->begun[i] = promise->done[i] = true;
	}
	for (size_t i = 0; r == 0 && i < scene->step_count; i++) {
		if (scene->steps[i].kind != SCENE_RETRY)
			continue;
		r = scene_step(scene, i, fault);
		if (r == 0)
			promise->begun[i] = promise->done[i] = true;
	}
	return r;
}

/* --- its files ----------------------------------------------------------- */

/* Rows as the first schema had them, in suspense. */
static const char old_rows[] =
	"INSERT INTO name (id, text) VALUES (1, 'gw-0'), (2, 'acct-0'), (3, 'm'), (4, 'toll');"
	"INSERT INTO event (ts, source, id, account, key, model, provider, api, tier, finish, "
	"price, flags, input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, "
	"requests, nanos, attos, hash, extra) SELECT 1785578400000 + value, 1, 'old-' || value, 2, "
	"0, 3, 0, 4, 0, 0, -1, 0, 10, 0, 0, 0, 1, 0, 1, 0, 0, value, "
	"CASE value WHEN 0 THEN '{\"region\":\"eu\"}' END FROM json_each('[0,1,2,3,4,5]');"
	"INSERT INTO rollup (hour, account, key, model, source, provider, tier, price, events, "
	"errors, input, output, requests, nanos, attos) "
	"VALUES (1785578400000, 2, 0, 3, 1, 0, 0, -1, 6, 0, 60, 6, 6, 0, 0);"
	"INSERT INTO watermark (source, events, first_ts, last_ts, stored_ms) "
	"VALUES (1, 6, 1785578400000, 1785578400005, 1);"
	"PRAGMA application_id = 1953459308; PRAGMA user_version = 1";

static void make_old(const char *path)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, migrations[0].sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, old_rows, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

void scene_lay_lock(const char *path)
{
	char name[SCENE_PATH_BYTES + 32];
	FILE *file;

	snprintf(name, sizeof(name), "%s.lock", path);
	file = fopen(name, "wb");
	assert_non_null(file);
	assert_true(fputs("pid=1 \n", file) >= 0);
	assert_int_equal(fclose(file), 0);
}

void scene_init(struct scene *scene, enum scene_name name, uint64_t seed, const char *path)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-journal", ".lock" };
	char file[SCENE_PATH_BYTES + 16];

	/* A test that failed left its record open. */
	power_stop();
	*scene = (struct scene){ .name = name, .steps = scenes[name].steps, .random = seed };
	snprintf(scene->path, sizeof(scene->path), "%s", path);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(file, sizeof(file), "%s%s", path, suffixes[i]);
		unlink(file);
	}
	while (scene->steps[scene->step_count].kind != SCENE_END) {
		if (scene->steps[scene->step_count++].kind != SCENE_BATCH)
			continue;
		scene->batch_first[scene->batch_count + 1] =
			scene->batch_first[scene->batch_count] + 1 +
			(int)(power_random(&scene->random) % SCENE_BATCH_EVENTS_MAX);
		scene->batch_count++;
	}
	assert_true(scene->step_count <= SCENE_STEPS_MAX);
	if (name == SCENE_OLD)
		make_old(path);
}

void scene_move(struct scene *scene_out, const struct scene *scene, const char *path)
{
	*scene_out = *scene;
	scene_out->control = SCENE_SOUND;
	scene_out->ledger = NULL;
	scene_out->terms = (struct terms){ .rules = NULL };
	scene_out->doc = (struct json){ .nodes = NULL };
	scene_out->arena = (struct arena){ NULL, NULL, 0 };
	snprintf(scene_out->path, sizeof(scene_out->path), "%s", path);
}

void scene_release(struct scene *scene)
{
	scene_shut(scene);
	terms_release(&scene->terms);
	json_release(&scene->doc);
	arena_release(&scene->arena);
}

void scene_folder(char folder[SCENE_PATH_BYTES])
{
	const char *base = getenv("TMPDIR");
	char name[SCENE_PATH_BYTES], *real;

	if (access("/dev/shm", W_OK | X_OK) == 0)
		base = "/dev/shm";
	snprintf(name, sizeof(name), "%s/toll-test-XXXXXX", base != NULL ? base : "/tmp");
	assert_non_null(mkdtemp(name));
	real = realpath(name, NULL);
	assert_non_null(real);
	assert_true(strlen(real) < SCENE_PATH_BYTES - 32);
	snprintf(folder, SCENE_PATH_BYTES, "%s", real);
	free(real);
}

void scene_folder_remove(const char *folder)
{
	DIR *at = opendir(folder);
	struct dirent *entry;

	assert_non_null(at);
	while ((entry = readdir(at)) != NULL) {
		if (entry->d_name[0] != '.')
			assert_int_equal(unlinkat(dirfd(at), entry->d_name, 0), 0);
	}
	closedir(at);
	assert_int_equal(rmdir(folder), 0);
}
