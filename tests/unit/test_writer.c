#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "ledger/positions.h"
#include "ledger/rules.h"
#include "ledger/seal.h"
#include "tests/support/writerkit.h"

enum { MANY = 2500 /* events: a retry takes more than two steps */ };

#define RETRY "{\"change\":\"suspense.retry\"}"

static void test_batches_come_back_in_order_when_others_can_read_them(void **state)
{
	static const char *const names[] = { "a", "b", "c" };
	static const size_t counts[] = { 1, 5, 2 };
	struct writerkit *bench = *state;
	int64_t sum = 0;

	for (size_t i = 0; i < 3; i++) {
		writerkit_push(bench, writerkit_events(bench, names[i], counts[i], 1));
		assert_int_equal(bench->writer.in_flight, i + 1);
		assert_int_equal(bench->writer.commits, i + 1);
	}
	writerkit_wait(bench, 3);
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
	};
	struct writerkit *bench = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct batch *batch = writerkit_push(
			bench, writerkit_other(bench, rows[i].kind, rows[i].what));

		assert_true(bench->writer.in_flight == 1 && bench->writer.commits == 0);
		writerkit_wait(bench, i + 1);
		assert_int_equal(bench->writer.in_flight, 0);
		assert_false(atomic_load(&bench->writer.changing));
		if (rows[i].reply != NULL)
			writerkit_reply(batch, rows[i].reply);
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
	struct writerkit *bench = *state;
	struct batch *many = writerkit_events(bench, "many", MANY, 1),
		     *few = writerkit_events(bench, "few", 3, 1), *late;

	writerkit_push(bench, writerkit_other(bench, BATCH_CHANGE, "one"));
	writerkit_push(bench, many);
	writerkit_push(bench, writerkit_other(bench, BATCH_CHANGE, RETRY));
	writerkit_push(bench, writerkit_other(bench, BATCH_CHANGE, "two"));
	writerkit_push(bench, writerkit_other(bench, BATCH_RELOAD, "three"));
	writerkit_push(bench, few);
	assert_int_equal(bench->writer.in_flight, 6);
	while (bench->backs < 3)
		uv_run(&bench->loop, UV_RUN_ONCE);
	/* The queue lost its last one, and is whole. */
	late = writerkit_push(bench, writerkit_events(bench, "late", 1, 1));
	writerkit_wait(bench, 7);
	for (size_t i = 0, n = 0; n < 6; i++) {
		if (bench->back[i] != late)
			assert_ptr_equal(bench->back[i], bench->pushed[order[n++]]);
	}
	/* Whether it saw those that passed by or not. */
	writerkit_reply(bench->pushed[2], "{\"ok\":true,\"tried\":25");
	writerkit_reply(bench->pushed[3], "\"changed\":true}");
	assert_true(writerkit_status(bench).suspense <= 4);
}

static void test_a_hurry_cuts_a_change_off_between_two_steps(void **state)
{
	struct writerkit *bench = *state;

	writerkit_push(bench, writerkit_other(bench, BATCH_CHANGE, "one"));
	writerkit_push(bench, writerkit_events(bench, "many", MANY, 1));
	writerkit_push(bench, writerkit_other(bench, BATCH_CHANGE, RETRY));
	writer_hurry(&bench->writer);
	writerkit_wait(bench, 3);
	writerkit_reply(bench->back[2], "{\"ok\":false,\"fault\":\"closed\"");
	/* What was done is kept. */
	assert_in_range(writerkit_status(bench).suspense, 1, MANY - 1);
	/* It goes on with what takes no further step. */
	writerkit_push(bench, writerkit_events(bench, "few", 3, 1));
	writerkit_push(bench, writerkit_other(bench, BATCH_CHANGE, "two"));
	writerkit_wait(bench, 5);
	writerkit_reply(bench->back[4], "{\"ok\":true");
	assert_int_equal(writerkit_status(bench).events, MANY + 3);
}

static void test_a_stop_ends_when_all_that_was_pushed_is_done(void **state)
{
	struct writerkit *bench = *state;
	struct writer idle = { .context = NULL };

	writerkit_push(bench, writerkit_events(bench, "a", 500, 1));
	writerkit_push(bench, writerkit_other(bench, BATCH_CHANGE, "one"));
	writerkit_push(bench, writerkit_events(bench, "b", 5, 1));
	writer_stop(&bench->writer, false);
	assert_int_equal(writerkit_status(bench).events, 505);
	/* The loop has not run yet: nothing came back on another thread than its own. */
	assert_true(bench->backs == 0 && bench->writer.in_flight == 3);
	writerkit_wait(bench, 3);
	for (size_t i = 0; i < 3; i++)
		assert_ptr_equal(bench->back[i], bench->pushed[i]);
	writerkit_reply(bench->back[1], "{\"ok\":true");
	/* One that has ended, or never began, has nothing to end. */
	writer_stop(&bench->writer, false);
	writer_stop(&idle, false);
	writer_close(&idle);
}

static void test_a_full_disk_is_waited_for_by_events_and_told_to_changes(void **state)
{
	static const int order[] = { 0, 4, 1, 2, 3, 5 };
	struct writerkit *bench = *state;
	uint64_t beats;

	writerkit_full(true);
	writerkit_push(bench, writerkit_other(bench, BATCH_CHANGE, "one"));
	writerkit_wait(bench, 1);
	writerkit_push(bench, writerkit_events(bench, "a", 2, 1));
	writerkit_push(bench, writerkit_other(bench, BATCH_RELOAD, "three"));
	writerkit_push(bench, writerkit_events(bench, "b", 3, 1));
	writerkit_push(bench, writerkit_other(bench, BATCH_CHANGE, "one"));
	writerkit_wait(bench, 2);
	beats = atomic_load(&bench->writer.beats);
	assert_true(bench->writer.in_flight == 3 && bench->writer.commits == 2);
	assert_int_equal(writerkit_status(bench).events, 0);
	/* The queue is whole: what comes now comes last. */
	writerkit_push(bench, writerkit_events(bench, "c", 1, 1));
	writerkit_full(false);
	writerkit_wait(bench, 6);
	for (size_t i = 0; i < 6; i++)
		assert_ptr_equal(bench->back[i], bench->pushed[order[i]]);
	for (size_t i = 0; i < 2; i++)
		writerkit_reply(bench->back[i], "{\"ok\":false,\"fault\":\"full\"");
	assert_int_equal(writerkit_status(bench).events, 6);
	/* Who waits is alive, which the watchdog wants to know. */
	assert_true(atomic_load(&bench->writer.beats) > beats);
}

/* One of each kind; and then events that another connection keeps waiting, but no longer. */
static void test_a_ledger_that_fails_or_is_given_up_gives_nothing_back_as_done(void **state)
{
	for (size_t i = 0; i < 4; i++) {
		enum batch_kind kind = i < 3 ? (enum batch_kind)i : BATCH_EVENTS;
		size_t held = i == 3;
		struct writerkit *bench = *state;
		sqlite3 *holder = NULL;

		writerkit_push(bench, writerkit_events(bench, "good", 1, 1));
		writerkit_wait(bench, 1);
		if (held)
			assert_false(sqlite3_open(bench->kit.path, &holder) ||
			             /* the writer may just be sealing the hour */
			             sqlite3_busy_timeout(holder, WRITERKIT_GUARD_S * 1000) ||
			             sqlite3_exec(holder, "BEGIN IMMEDIATE", NULL, NULL, NULL));
		else
			assert_int_equal(unlink(bench->kit.path), 0);
		writerkit_push(bench, kind == BATCH_EVENTS ? writerkit_events(bench, "a", 2, 1)
		                                           : writerkit_other(bench, kind, "two"));
		writerkit_push(bench, held ? writerkit_other(bench, BATCH_CHANGE, "two")
		                           : writerkit_events(bench, "b", 2, 1));
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
			writerkit_reply(bench->back[1], "{\"ok\":false,\"fault\":\"busy\"");
		assert_int_equal(writerkit_teardown(state), 0);
		assert_int_equal(writerkit_setup(state), 0);
	}
}

/* A step may take longer than the watchdog waits for a beat: it is told that there is one. */
static void test_a_step_that_takes_long_is_told_as_such(void **state)
{
	struct writerkit *bench = *state;
	sqlite3 *holder = NULL;

	assert_false(sqlite3_open(bench->kit.path, &holder) ||
	             sqlite3_exec(holder, "BEGIN IMMEDIATE", NULL, NULL, NULL));
	writerkit_push(bench, writerkit_other(bench, BATCH_CHANGE, "one"));
	while (!atomic_load(&bench->writer.changing))
		usleep(1000); /* the test ends by its alarm where it never does */
	sqlite3_close(holder);
	writerkit_wait(bench, 1);
	assert_false(atomic_load(&bench->writer.changing));
}

static void test_an_hour_that_is_over_is_sealed_behind_its_events(void **state)
{
	struct writerkit *bench = *state;
	struct seal_link link;
	struct fault fault;

	writerkit_push(bench, writerkit_events(bench, "a", 3, 1));
	writerkit_wait(bench, 1);
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
	struct writerkit *bench = *state;
	struct seal_link link = { .seq = 0 };
	sqlite3 *holder = NULL;

	writerkit_stop(bench);
	assert_int_equal(
		kit_send_usage(&bench->kit, "a", "2026-08-01T09:00:00Z", "m", "{\"input\":1}"),
		INGEST_UNPRICED);
	assert_false(sqlite3_open(bench->kit.path, &holder) ||
	             sqlite3_exec(holder, "BEGIN IMMEDIATE", NULL, NULL, NULL));
	writerkit_start(bench);
	/* Its third turn is behind a try to seal; the test ends by its alarm where none comes. */
	while (atomic_load(&bench->writer.beats) < 3 && bench->failures == 0) {
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
	assert_int_equal(bench->failures, 0);
}

/* Of two feeds, the one of which counts what is stored for the first time. */
static void test_a_feed_s_place_is_stored_with_its_lines(void **state)
{
	static char feeds[2];
	struct feed *one = (struct feed *)(void *)&feeds[0],
		    *two = (struct feed *)(void *)&feeds[1];
	struct writerkit *bench = *state;
	struct buf place = { .at = NULL };
	int64_t lines = 0;

	for (int turn = 0; turn < 2; turn++) {
		struct batch_place places[2] = {
			{ .feed = one, .name = "file:one", .new_only = true, .len = 2 },
			{ .feed = two, .name = "file:two", .lines = 7, .len = 2 },
		};
		/* The second time two of one's three lines come again. */
		struct batch *batch = writerkit_events(bench, "e", turn == 0 ? 2 : 4, 1);

		for (size_t i = 0; i < batch->count; i++)
			batch->owners[i] = i < 3 ? one : two;
		for (int i = 0; i < 2; i++)
			memcpy(places[i].json, "{}", 2);
		places[0].next = &places[1];
		batch->places = places;
		writerkit_push(bench, batch);
		writerkit_wait(bench, (size_t)turn + 1);
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
	struct writerkit *bench = *state;
	struct batch *batch = writerkit_push(
		bench, writerkit_other(bench, BATCH_CHANGE,
	                               "{\"change\":\"policy.set\",\"account\":\"a\",\"policies\":"
	                               "[\"zero-completion\"],\"note\":\"n\"}"));

	writerkit_wait(bench, 1);
	writerkit_reply(batch, "{\"ok\":true");
	assert_non_null(batch->new_terms.rules);
	assert_true(rules_policies(batch->new_terms.rules, text_of("a"), text_of("s")) != 0);
}

/* Each time again: until the test is ended by its guard. */
static void test_whoever_has_nothing_to_do_empties_the_wal(void **state)
{
	static const char *const names[] = { "a", "b" };
	struct writerkit *bench = *state;

	for (size_t i = 0; i < 2; i++) {
		uint64_t beats;

		writerkit_push(bench, writerkit_events(bench, names[i], 3, 1));
		writerkit_wait(bench, i + 1);
		while (writerkit_wal_bytes(bench) > 0)
			usleep(1000);
		/* It is idle once more, with nothing to empty. */
		beats = atomic_load(&bench->writer.beats);
		while (atomic_load(&bench->writer.beats) < beats + 2)
			usleep(1000);
		assert_int_equal(writerkit_wal_bytes(bench), 0);
	}
	assert_int_equal(writerkit_status(bench).events, 6);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, writerkit_setup, writerkit_teardown)
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
