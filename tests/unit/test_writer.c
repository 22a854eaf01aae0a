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
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/changes.h"
#include "daemon/writer.h"
#include "ledger/positions.h"
#include "ledger/rules.h"
#include "ledger/seal.h"
#include "tests/support/ledgerkit.h"

enum {
	BATCHES_MAX = 8,
	MANY = 2500,    /* events: a retry takes more than two steps */
	NO_ROOM = 1000, /* bytes of a file: not one page fits */
	LINE_BYTES = 256,
	GUARD_S = 60, /* what has not come by then does not come */
};

#define RETRY "{\"change\":\"suspense.retry\"}"

struct bench {
	struct ledgerkit kit;
	uv_loop_t loop;
	struct writer writer;
	struct batch *pushed[BATCHES_MAX], *back[BATCHES_MAX];
	size_t pushes, backs, failures;
	int64_t stored[BATCHES_MAX]; /* events that others see when back[i] comes */
	size_t in_flight[BATCHES_MAX];
};

/* As a reader has it: what is not committed is not there. */
static struct ledger_status status_of(const struct bench *bench)
{
	struct ledger_status status = { .events = -1 };
	struct ledger *reader = NULL;

	if (ledger_open_reader(&reader, bench->kit.path, NULL) == 0)
		ledger_status(reader, &status, NULL);
	ledger_close(reader);
	return status;
}

static void on_done(struct writer *writer, struct batch *batch)
{
	struct bench *bench = writer->context;

	bench->in_flight[bench->backs] = writer->in_flight;
	bench->stored[bench->backs] = status_of(bench).events;
	bench->back[bench->backs++] = batch;
}

static void on_failed(struct writer *writer)
{
	((struct bench *)writer->context)->failures++;
}

static const char *book(const char *name)
{
	static char text[512];

	snprintf(text, sizeof(text),
	         "{'pricebook':1,'name':'%s','currency':'USD','models':[{'model':'m','versions':["
	         "{'effective_from':'2026','rates':[{'component':'input','each':'0.5'}]}]}]}",
	         name);
	return kit_quotes(text);
}

static int set_up(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	assert_non_null(bench);
	*state = bench;
	kit_open(&bench->kit);
	bench->writer.context = bench;
	bench->writer.on_done = on_done;
	bench->writer.on_failed = on_failed;
	alarm(GUARD_S);
	return uv_loop_init(&bench->loop) |
	       writer_start(&bench->writer, &bench->loop, bench->kit.ledger);
}

static void set_file_limit(bool none)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = none ? NO_ROOM : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static int tear_down(void **state)
{
	struct bench *bench = *state;
	int r;

	set_file_limit(false);
	writer_stop(&bench->writer, true);
	writer_close(&bench->writer);
	uv_run(&bench->loop, UV_RUN_DEFAULT);
	r = uv_loop_close(&bench->loop);
	for (size_t i = 0; i < bench->pushes; i++)
		batch_free(bench->pushed[i]);
	kit_close(&bench->kit);
	free(bench);
	return r;
}

/* `count` events "NAME-0" ... that no book prices, a millisecond apart. */
static struct batch *events(struct bench *bench, const char *name, size_t count)
{
	const struct event_defaults defaults = { text_of("gw-1"), KIT_NOW_MS };
	const struct terms none = { .rules = NULL };
	struct batch *batch = batch_new(count);

	assert_non_null(batch);
	for (; batch->count < count; batch->count++) {
		char *line = arena_take(&batch->arena, LINE_BYTES);
		int i = (int)batch->count, len;

		assert_non_null(line);
		len = snprintf(
			line, LINE_BYTES,
			"{\"id\":\"%s-%d\",\"time\":\"2026-08-01T10:00:%02d.%03dZ\",\"account\":"
			"\"a\",\"model\":\"m\",\"api\":\"toll\",\"usage\":{\"input\":2}}",
			name, i, i / 1000, i % 1000);
		assert_false(ingest_prepare(&batch->items[i], (struct text){ line, (size_t)len },
		                            INGEST_LINE_WHOLE, len, &defaults, &none,
		                            &bench->kit.doc, &batch->arena));
	}
	return batch;
}

/* Its request is `what`, or the name of a book to apply, or to reload from a file. */
static struct batch *other(const struct bench *bench, enum batch_kind kind, const char *what)
{
	struct batch *batch = batch_new(0);
	FILE *file;

	assert_non_null(batch);
	batch->kind = kind;
	snprintf(batch->who, sizeof(batch->who), "uid 7");
	if (kind == BATCH_RELOAD) {
		buf_addf(&batch->request, "%s/%s", bench->kit.folder, what);
		file = strcmp(what, "missing") != 0 ? fopen(batch->request.at, "w") : NULL;
		if (file != NULL)
			assert_true(fputs(book(what), file) >= 0 && fclose(file) == 0);
	} else if (what[0] == '{') {
		buf_add_cstr(&batch->request, what);
	} else {
		buf_add_cstr(&batch->request, "{\"change\":\"price.apply\",\"book\":");
		buf_add_json(&batch->request, text_of(book(what)));
		buf_add_cstr(&batch->request, "}");
	}
	return batch;
}

static struct batch *push(struct bench *bench, struct batch *batch)
{
	assert_true(bench->pushes < BATCHES_MAX);
	bench->pushed[bench->pushes++] = batch;
	if (batch->kind != BATCH_EVENTS)
		changes_prepare(batch);
	writer_push(&bench->writer, batch);
	return batch;
}

static void wait_back(struct bench *bench, size_t backs)
{
	while (bench->backs < backs && bench->failures == 0)
		uv_run(&bench->loop, UV_RUN_ONCE);
	assert_true(bench->failures == 0 && bench->backs == backs);
}

static void expect_reply(const struct batch *batch, const char *words)
{
	if (batch->reply.at == NULL || strstr(batch->reply.at, words) == NULL)
		fail_msg("%s is not in %.*s", words, TEXT_ARGS(buf_text(&batch->reply)));
}

static void test_batches_come_back_in_order_when_others_can_read_them(void **state)
{
	static const char *const names[] = { "a", "b", "c" };
	static const size_t counts[] = { 1, 5, 2 };
	struct bench *bench = *state;
	int64_t sum = 0;

	for (size_t i = 0; i < 3; i++) {
		push(bench, events(bench, names[i], counts[i]));
		assert_int_equal(bench->writer.in_flight, i + 1);
		assert_int_equal(bench->writer.commits, i + 1);
	}
	wait_back(bench, 3);
	for (size_t i = 0; i < 3; i++) {
		sum += (int64_t)counts[i];
		assert_ptr_equal(bench->back[i], bench->pushed[i]);
		assert_true(bench->stored[i] >= sum);
		assert_int_equal(bench->in_flight[i], 2 - i);
		for (size_t n = 0; n < counts[i]; n++)
			assert_int_equal(bench->back[i]->items[n].verdict, INGEST_UNPRICED);
	}
	assert_int_equal(bench->writer.commits, 0);
}

static void test_a_change_or_a_reload_gives_the_book_that_it_put_in_force(void **state)
{
	static const struct {
		enum batch_kind kind;
		const char *what, *reply;
		const char *book; /* NULL: the one in force stays */
	} rows[] = {
		{ BATCH_CHANGE, "one", "\"changed\":true}", "one" },
		{ BATCH_CHANGE, "one", "\"changed\":false}", NULL },
		{ BATCH_CHANGE, "{}", "{\"ok\":false,\"fault\":\"invalid\"", NULL },
		{ BATCH_CHANGE, RETRY, "{\"ok\":true,\"tried\":0", NULL },
		{ BATCH_RELOAD, "two", NULL, "two" },
		{ BATCH_RELOAD, "two", NULL, NULL },
		{ BATCH_RELOAD, "missing", NULL, NULL },
	};
	struct bench *bench = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct batch *batch = push(bench, other(bench, rows[i].kind, rows[i].what));

		assert_true(bench->writer.in_flight == 1 && bench->writer.commits == 0);
		wait_back(bench, i + 1);
		assert_int_equal(bench->writer.in_flight, 0);
		assert_false(atomic_load(&bench->writer.changing));
		if (rows[i].reply != NULL)
			expect_reply(batch, rows[i].reply);
		if ((batch->new_terms.book.book != NULL) != (rows[i].book != NULL) ||
		    (rows[i].book != NULL &&
		     !text_is(book_name(batch->new_terms.book.book), rows[i].book)))
			fail_msg("row %zu, %s: another book", i, rows[i].what);
	}
}

/* While the many are stored, all the others have joined the queue. */
static void test_events_pass_by_a_change_in_steps_and_nothing_else_does(void **state)
{
	static const int order[] = { 0, 1, 5, 2, 3, 4 };
	struct bench *bench = *state;
	struct batch *many = events(bench, "many", MANY), *few = events(bench, "few", 3), *late;

	push(bench, other(bench, BATCH_CHANGE, "one"));
	push(bench, many);
	push(bench, other(bench, BATCH_CHANGE, RETRY));
	push(bench, other(bench, BATCH_CHANGE, "two"));
	push(bench, other(bench, BATCH_RELOAD, "missing"));
	push(bench, few);
	assert_int_equal(bench->writer.in_flight, 6);
	while (bench->backs < 3)
		uv_run(&bench->loop, UV_RUN_ONCE);
	/* The queue lost its last one, and is whole. */
	late = push(bench, events(bench, "late", 1));
	wait_back(bench, 7);
	for (size_t i = 0, n = 0; n < 6; i++) {
		if (bench->back[i] != late)
			assert_ptr_equal(bench->back[i], bench->pushed[order[n++]]);
	}
	/* Whether it saw those that passed by or not. */
	expect_reply(bench->pushed[2], "{\"ok\":true,\"tried\":25");
	expect_reply(bench->pushed[3], "\"changed\":true}");
	assert_true(status_of(bench).suspense <= 4);
}

static void test_a_hurry_cuts_a_change_off_between_two_steps(void **state)
{
	struct bench *bench = *state;

	push(bench, other(bench, BATCH_CHANGE, "one"));
	push(bench, events(bench, "many", MANY));
	push(bench, other(bench, BATCH_CHANGE, RETRY));
	writer_hurry(&bench->writer);
	wait_back(bench, 3);
	expect_reply(bench->back[2], "{\"ok\":false,\"fault\":\"closed\"");
	/* What was done is kept. */
	assert_in_range(status_of(bench).suspense, 1, MANY - 1);
	/* It goes on with what takes no further step. */
	push(bench, events(bench, "few", 3));
	push(bench, other(bench, BATCH_CHANGE, "two"));
	wait_back(bench, 5);
	expect_reply(bench->back[4], "{\"ok\":true");
	assert_int_equal(status_of(bench).events, MANY + 3);
}

static void test_a_stop_ends_when_all_that_was_pushed_is_done(void **state)
{
	struct bench *bench = *state;
	struct writer idle = { .context = NULL };

	push(bench, events(bench, "a", 500));
	push(bench, other(bench, BATCH_CHANGE, "one"));
	push(bench, events(bench, "b", 5));
	writer_stop(&bench->writer, false);
	assert_int_equal(status_of(bench).events, 505);
	/* The loop has not run yet: nothing came back on another thread than its own. */
	assert_true(bench->backs == 0 && bench->writer.in_flight == 3);
	wait_back(bench, 3);
	for (size_t i = 0; i < 3; i++)
		assert_ptr_equal(bench->back[i], bench->pushed[i]);
	expect_reply(bench->back[1], "{\"ok\":true");
	/* One that has ended, or never began, has nothing to end. */
	writer_stop(&bench->writer, false);
	writer_stop(&idle, false);
	writer_close(&idle);
}

static void test_a_full_disk_is_waited_for_by_events_and_told_to_changes(void **state)
{
	static const int order[] = { 0, 4, 1, 2, 3, 5 };
	struct bench *bench = *state;
	uint64_t beats;

	set_file_limit(true);
	push(bench, other(bench, BATCH_CHANGE, "one"));
	wait_back(bench, 1);
	push(bench, events(bench, "a", 2));
	push(bench, other(bench, BATCH_RELOAD, "missing"));
	push(bench, events(bench, "b", 3));
	push(bench, other(bench, BATCH_CHANGE, "one"));
	wait_back(bench, 2);
	beats = atomic_load(&bench->writer.beats);
	assert_true(bench->writer.in_flight == 3 && bench->writer.commits == 2);
	assert_int_equal(status_of(bench).events, 0);
	/* The queue is whole: what comes now comes last. */
	push(bench, events(bench, "c", 1));
	set_file_limit(false);
	wait_back(bench, 6);
	for (size_t i = 0; i < 6; i++)
		assert_ptr_equal(bench->back[i], bench->pushed[order[i]]);
	for (size_t i = 0; i < 2; i++)
		expect_reply(bench->back[i], "{\"ok\":false,\"fault\":\"full\"");
	assert_int_equal(status_of(bench).events, 6);
	/* Who waits is alive, which the watchdog wants to know. */
	assert_true(atomic_load(&bench->writer.beats) > beats);
}

/* One of each kind; and then events that another connection keeps waiting, but no longer. */
static void test_a_ledger_that_fails_or_is_given_up_gives_nothing_back_as_done(void **state)
{
	for (size_t i = 0; i < 4; i++) {
		enum batch_kind kind = i < 3 ? (enum batch_kind)i : BATCH_EVENTS;
		size_t held = i == 3;
		struct bench *bench = *state;
		sqlite3 *holder = NULL;

		push(bench, events(bench, "good", 1));
		wait_back(bench, 1);
		if (held)
			assert_false(sqlite3_open(bench->kit.path, &holder) ||
			             /* the writer may just be sealing the hour */
			             sqlite3_busy_timeout(holder, GUARD_S * 1000) ||
			             sqlite3_exec(holder, "BEGIN IMMEDIATE", NULL, NULL, NULL));
		else
			assert_int_equal(unlink(bench->kit.path), 0);
		push(bench,
		     kind == BATCH_EVENTS ? events(bench, "a", 2) : other(bench, kind, "two"));
		push(bench, held ? other(bench, BATCH_CHANGE, "two") : events(bench, "b", 2));
		if (held)
			writer_stop(&bench->writer, true);
		while (bench->failures == 0)
			uv_run(&bench->loop, UV_RUN_ONCE);
		/* It waits for nobody any more. */
		writer_stop(&bench->writer, false);
		uv_run(&bench->loop, UV_RUN_NOWAIT);
		sqlite3_close(holder);
		if (bench->backs != 1 + held || bench->writer.in_flight != 2 - held)
			fail_msg("row %zu: %zu came back", i, bench->backs);
		if (held)
			expect_reply(bench->back[1], "{\"ok\":false,\"fault\":\"busy\"");
		assert_int_equal(tear_down(state), 0);
		assert_int_equal(set_up(state), 0);
	}
}

/* A step may take longer than the watchdog waits for a beat: it is told that there is one. */
static void test_a_step_that_takes_long_is_told_as_such(void **state)
{
	struct bench *bench = *state;
	sqlite3 *holder = NULL;

	assert_false(sqlite3_open(bench->kit.path, &holder) ||
	             sqlite3_exec(holder, "BEGIN IMMEDIATE", NULL, NULL, NULL));
	push(bench, other(bench, BATCH_CHANGE, "one"));
	while (!atomic_load(&bench->writer.changing))
		usleep(1000); /* the test ends by its alarm where it never does */
	sqlite3_close(holder);
	wait_back(bench, 1);
	assert_false(atomic_load(&bench->writer.changing));
}

static void test_an_hour_that_is_over_is_sealed_behind_its_events(void **state)
{
	struct bench *bench = *state;
	struct seal_link link;
	struct fault fault;

	push(bench, events(bench, "a", 3));
	wait_back(bench, 1);
	/* When nothing more comes; the test ends by its alarm where it never does. */
	for (link.seq = 0; link.seq == 0; usleep(20000)) {
		struct ledger *reader = NULL;

		assert_int_equal(ledger_open_reader(&reader, bench->kit.path, &fault), 0);
		assert_int_equal(ledger_seal_head(reader, &link, &fault), 0);
		ledger_close(reader);
	}
	writer_stop(&bench->writer, false);
	assert_int_equal(link.seq, 1);
	assert_string_equal(kit_ask(&bench->kit, "SELECT events FROM seal_hour"), "3");
}

/* Nobody waits for it: that somebody else writes meanwhile is no failure. */
static void test_an_hour_is_sealed_when_nobody_else_writes_any_more(void **state)
{
	struct bench *bench = *state;
	struct writer second = { .context = bench, .on_done = on_done, .on_failed = on_failed };
	struct seal_link link = { .seq = 0 };
	sqlite3 *holder = NULL;

	writer_stop(&bench->writer, false);
	assert_int_equal(
		kit_send_usage(&bench->kit, "a", "2026-08-01T09:00:00Z", "m", "{\"input\":1}"),
		INGEST_UNPRICED);
	assert_false(sqlite3_open(bench->kit.path, &holder) ||
	             sqlite3_exec(holder, "BEGIN IMMEDIATE", NULL, NULL, NULL));
	assert_int_equal(writer_start(&second, &bench->loop, bench->kit.ledger), 0);
	/* Its third turn is behind a try to seal; the test ends by its alarm where none comes. */
	while (atomic_load(&second.beats) < 3 && bench->failures == 0) {
		uv_run(&bench->loop, UV_RUN_NOWAIT);
		usleep(1000);
	}
	sqlite3_close(holder);
	for (; link.seq == 0 && bench->failures == 0; usleep(20000)) {
		struct ledger *reader = NULL;

		assert_int_equal(ledger_open_reader(&reader, bench->kit.path, NULL), 0);
		assert_int_equal(ledger_seal_head(reader, &link, NULL), 0);
		ledger_close(reader);
	}
	writer_stop(&second, false);
	writer_close(&second);
	uv_run(&bench->loop, UV_RUN_NOWAIT);
	assert_int_equal(bench->failures, 0);
}

/* Of two feeds, the one of which counts what is stored for the first time. */
static void test_a_feed_s_place_is_stored_with_its_lines(void **state)
{
	static char feeds[2];
	struct feed *one = (struct feed *)(void *)&feeds[0],
		    *two = (struct feed *)(void *)&feeds[1];
	struct bench *bench = *state;
	struct buf place = { .at = NULL };
	int64_t lines = 0;

	for (int turn = 0; turn < 2; turn++) {
		struct batch_place places[2] = {
			{ .feed = one, .name = "file:one", .new_only = true, .len = 2 },
			{ .feed = two, .name = "file:two", .lines = 7, .len = 2 },
		};
		/* The second time two of one's three lines come again. */
		struct batch *batch = events(bench, "e", turn == 0 ? 2 : 4);

		for (size_t i = 0; i < batch->count; i++)
			batch->owners[i] = i < 3 ? one : two;
		for (int i = 0; i < 2; i++)
			memcpy(places[i].json, "{}", 2);
		places[0].next = &places[1];
		batch->places = places;
		push(bench, batch);
		wait_back(bench, (size_t)turn + 1);
		batch->places = NULL;
	}
	writer_stop(&bench->writer, false);
	assert_int_equal(
		ledger_position_get(bench->kit.ledger, text_of("file:one"), &place, &lines, NULL),
		0);
	assert_int_equal(lines, 3);
	assert_true(text_is(buf_text(&place), "{}"));
	assert_int_equal(
		ledger_position_get(bench->kit.ledger, text_of("file:two"), &place, &lines, NULL),
		0);
	assert_int_equal(lines, 14);
	buf_release(&place);
}

static void test_a_rule_comes_back_with_the_change_that_made_it(void **state)
{
	struct bench *bench = *state;
	struct batch *batch = push(
		bench, other(bench, BATCH_CHANGE,
	                     "{\"change\":\"policy.set\",\"account\":\"a\",\"policies\":"
	                     "[\"zero-completion\"],\"note\":\"n\"}"));

	wait_back(bench, 1);
	expect_reply(batch, "{\"ok\":true");
	assert_non_null(batch->new_terms.rules);
	assert_true(rules_policies(batch->new_terms.rules, text_of("a"), text_of("s")) != 0);
}

static off_t wal_bytes(const struct bench *bench)
{
	char path[KIT_PATH_BYTES + 8];
	struct stat file;

	snprintf(path, sizeof(path), "%s-wal", bench->kit.path);
	assert_int_equal(stat(path, &file), 0);
	return file.st_size;
}

/* Each time again: until the test is ended by its guard. */
static void test_whoever_has_nothing_to_do_empties_the_wal(void **state)
{
	static const char *const names[] = { "a", "b" };
	struct bench *bench = *state;

	for (size_t i = 0; i < 2; i++) {
		uint64_t beats;

		push(bench, events(bench, names[i], 3));
		wait_back(bench, i + 1);
		while (wal_bytes(bench) > 0)
			usleep(1000);
		/* It is idle once more, with nothing to empty. */
		beats = atomic_load(&bench->writer.beats);
		while (atomic_load(&bench->writer.beats) < beats + 2)
			usleep(1000);
		assert_int_equal(wal_bytes(bench), 0);
	}
	assert_int_equal(status_of(bench).events, 6);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_batches_come_back_in_order_when_others_can_read_them),
		T(test_a_change_or_a_reload_gives_the_book_that_it_put_in_force),
		T(test_events_pass_by_a_change_in_steps_and_nothing_else_does),
		T(test_a_hurry_cuts_a_change_off_between_two_steps),
		T(test_a_stop_ends_when_all_that_was_pushed_is_done),
		T(test_a_full_disk_is_waited_for_by_events_and_told_to_changes),
		T(test_a_step_that_takes_long_is_told_as_such),
		T(test_an_hour_that_is_over_is_sealed_behind_its_events),
		T(test_an_hour_is_sealed_when_nobody_else_writes_any_more),
		T(test_a_feed_s_place_is_stored_with_its_lines),
		T(test_a_rule_comes_back_with_the_change_that_made_it),
		T(test_whoever_has_nothing_to_do_empties_the_wal),
		T(test_a_ledger_that_fails_or_is_given_up_gives_nothing_back_as_done),
	};

	/* A file that may not grow is a full disk. */
	signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
