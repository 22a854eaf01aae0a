/*
 * What goes wrong while the writer works: no space, somebody else writing, a disk that does not
 * sync, a damaged ledger.  Space and turn are waited for by events and reloads and told to whoever
 * asked for a change; the rest ends the writer, and nothing that is not durable looks done.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "base/moment.h"
#include "ledger/read.h"
#include "ledger/rules.h"
#include "ledger/seal.h"
#include "tests/support/output.h"
#include "tests/support/powervfs.h"
#include "tests/support/writerkit.h"

enum {
	MANY = 2500,    /* events: a retry takes more than two steps */
	STEPS = 10001,  /* events: rating them again takes more than one step, which only reads */
	SEALED_MS = 20, /* it is looked so often whether something was done behind a batch */
};

#define RETRY "{\"change\":\"suspense.retry\"}"
#define RERATE                                                                                     \
	"{\"change\":\"rerate\",\"from\":\"2026-08-01T10:00:00Z\",\"to\":\"2026-08-01T11:00:00Z\"" \
	",\"reason\":\"r\"}"
#define SETTLE                                                                                     \
	"{\"change\":\"reading.settle\",\"source\":\"gw-1\",\"reading\":\"declared\",\"reason\":"  \
	"\"r\"}"
#define POLICY "{\"change\":\"policy.set\",\"account\":\"a\",\"policies\":[\"zero-completion\"]}"

static struct batch *push_events(struct writerkit *bench, const char *name, size_t count)
{
	return writerkit_push(bench, writerkit_events(bench, name, count, 1));
}

static struct batch *push_change(struct writerkit *bench, const char *what)
{
	return writerkit_push(bench, writerkit_other(bench, BATCH_CHANGE, what));
}

static void expect_order(const struct writerkit *bench, const int *order, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (bench->back[i] != bench->pushed[order[i]])
			fail_msg("another one than %d came back as number %zu", order[i], i);
	}
}

/* The links of the chain, and the hours that are sealed, as others see them. */
static struct seal_link last_link(const struct writerkit *bench)
{
	struct fault fault = { .code = FAULT_NONE };
	struct ledger *reader = NULL;
	struct seal_link link;

	if (ledger_open_reader(&reader, bench->kit.path, &fault) < 0 ||
	    ledger_seal_head(reader, &link, &fault) < 0)
		fail_msg("%s", fault.text);
	ledger_close(reader);
	return link;
}

static void expect_events(struct writerkit *bench, int64_t events)
{
	assert_int_equal(writerkit_status(bench).events, events);
	kit_verify_clean(&bench->kit);
}

/* Its steps find nothing to write, the events beside it do. */
static void test_a_change_under_way_is_told_when_events_find_no_space(void **state)
{
	static const int order[] = { 0, 1, 2 };
	struct writerkit *bench = *state;

	push_events(bench, "many", MANY);
	writerkit_wait(bench, 1);
	writerkit_stop(bench);
	push_change(bench, RETRY);
	push_events(bench, "few", 3);
	writerkit_full(true);
	output_catch();
	writerkit_start(bench);
	writerkit_wait(bench, 2);
	writerkit_reply(bench->back[1], "{\"ok\":false,\"fault\":\"full\"");
	assert_int_equal(bench->stored[1], MANY);
	assert_true(bench->writer.in_flight == 1 && bench->writer.commits == 1);
	writerkit_full(false);
	writerkit_wait(bench, 3);
	assert_non_null(strstr(output_caught(), "msg=\"it goes on\" tries="));
	expect_order(bench, order, 3);
	/* Whoever asked may ask again. */
	push_change(bench, RETRY);
	writerkit_wait(bench, 4);
	writerkit_reply(bench->back[3], "{\"ok\":true,\"tried\":2503,");
	writerkit_stop(bench);
	expect_events(bench, MANY + 3);
}

/* Both wait, and the reload is not told that there is no space: nobody asked. */
static void test_a_reload_under_way_and_events_wait_for_space(void **state)
{
	struct writerkit *bench = *state;
	struct batch *reload;

	writerkit_stop(bench);
	reload = writerkit_push(bench, writerkit_other(bench, BATCH_RELOAD, "two"));
	push_events(bench, "few", 3);
	writerkit_full(true);
	output_catch();
	writerkit_start(bench);
	while (atomic_load(&bench->writer.beats) < 5)
		usleep(1000);
	uv_run(&bench->loop, UV_RUN_NOWAIT);
	assert_int_equal(bench->backs, 0);
	writerkit_full(false);
	writerkit_wait(bench, 2);
	assert_non_null(strstr(output_caught(), "no space: nothing is acknowledged"));
	assert_true(text_is(book_name(reload->new_terms.book.book), "two"));
	writerkit_stop(bench);
	expect_events(bench, 3);
}

/* In its first step, which is not its last one. */
static void test_a_change_that_finds_no_space_in_its_first_step_has_no_second(void **state)
{
	struct writerkit *bench = *state;

	writerkit_full(true);
	output_catch();
	push_change(bench, SETTLE);
	writerkit_wait(bench, 1);
	output_caught();
	writerkit_reply(bench->back[0], "{\"ok\":false,\"fault\":\"full\"");
	assert_null(bench->back[0]->new_terms.rules);
	writerkit_full(false);
	push_change(bench, SETTLE);
	writerkit_wait(bench, 2);
	writerkit_reply(bench->back[1], "{\"ok\":true,\"tried\":0");
	/* Of the rule that its first step made. */
	assert_true(text_is(rules_reading(bench->back[1]->new_terms.rules, text_of("gw-1"),
	                                  text_of("openai.chat")),
	                    "declared"));
	writerkit_stop(bench);
	assert_string_equal(kit_ask(&bench->kit, "SELECT count(*) FROM reading_rule"), "1");
}

static void test_a_change_is_told_that_somebody_else_writes(void **state)
{
	struct writerkit *bench = *state;
	sqlite3 *holder = NULL;

	assert_false(sqlite3_open(bench->kit.path, &holder) ||
	             sqlite3_db_config(holder, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) ||
	             sqlite3_busy_timeout(holder, WRITERKIT_GUARD_S * 1000) ||
	             sqlite3_exec(holder, "BEGIN IMMEDIATE", NULL, NULL, NULL));
	push_change(bench, "two");
	writerkit_wait(bench, 1);
	writerkit_reply(bench->back[0], "{\"ok\":false,\"fault\":\"busy\"");
	assert_null(bench->back[0]->new_terms.book.book);
	assert_int_equal(sqlite3_exec(holder, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(holder);
	push_change(bench, "two");
	writerkit_wait(bench, 2);
	writerkit_reply(bench->back[1], "{\"ok\":true");
	assert_non_null(bench->back[1]->new_terms.book.book);
}

/* Between two of its steps: neither it nor the events look done, and no third one is begun. */
static void test_a_change_under_way_is_not_done_when_events_find_the_ledger_gone(void **state)
{
	struct writerkit *bench = *state;
	const char *log;

	push_change(bench, "one");
	push_events(bench, "many", STEPS);
	writerkit_wait(bench, 2);
	writerkit_stop(bench);
	push_change(bench, RERATE);
	push_events(bench, "few", 3);
	push_events(bench, "late", 3);
	assert_int_equal(unlink(bench->kit.path), 0);
	output_catch();
	writerkit_start(bench);
	writerkit_wait_failed(bench);
	log = output_caught();
	assert_non_null(strstr(log, "the ledger failed: acknowledging nothing more"));
	assert_non_null(strstr(log, "fault=corrupt"));
	assert_non_null(strstr(log, bench->kit.path));
	assert_int_equal(bench->backs, 2);
	assert_true(bench->writer.in_flight == 3 && bench->writer.commits == 2);
	assert_int_equal(bench->pushed[2]->reply.len, 0);
}

/* With the place of a feed that cannot be stored its lines are not either. */
static void test_events_are_not_stored_without_the_places_of_their_feeds(void **state)
{
	struct batch_place second = { .name = "file:two", .lines = 1, .len = 2, .json = "{}" };
	struct batch_place first = {
		.next = &second, .name = "", .lines = 1, .len = 2, .json = "{}"
	};
	struct writerkit *bench = *state;
	struct batch *batch = writerkit_events(bench, "a", 2, 1);

	batch->places = &first;
	output_catch();
	writerkit_push(bench, batch);
	writerkit_wait_failed(bench);
	assert_non_null(strstr(output_caught(), "acknowledging nothing more"));
	batch->places = NULL;
	assert_true(bench->backs == 0 && bench->writer.in_flight == 1);
	writerkit_stop(bench);
	expect_events(bench, 0);
	assert_string_equal(kit_ask(&bench->kit, "SELECT count(*) FROM position"), "0");
}

/* What is in force in the ledger cannot be in force here: better nobody is served. */
static void test_a_rule_that_cannot_be_read_back_ends_the_writer(void **state)
{
	struct writerkit *bench = *state;

	push_change(bench, POLICY);
	writerkit_wait(bench, 1);
	writerkit_stop(bench);
	kit_shut(&bench->kit);
	kit_sql(&bench->kit, "UPDATE policy_rule SET account = 4711");
	kit_reopen(&bench->kit);
	push_change(bench, POLICY);
	push_events(bench, "a", 2);
	output_catch();
	writerkit_start(bench);
	writerkit_wait_failed(bench);
	assert_non_null(strstr(output_caught(), "acknowledging nothing more\" fault=corrupt"));
	assert_int_equal(bench->backs, 1);
	assert_null(bench->pushed[1]->new_terms.rules);
	assert_int_equal(writerkit_status(bench).events, 0);
}

static void wait_empty(const struct writerkit *bench)
{
	while (writerkit_wal_bytes(bench) > 0)
		usleep(1000);
}

static void wait_beats(struct writerkit *bench, uint64_t count)
{
	uint64_t beats = atomic_load(&bench->writer.beats);

	while (atomic_load(&bench->writer.beats) < beats + count)
		usleep(1000);
}

/*
 * What is in it is durable where it is.  It is said once, and tried until there is space, though
 * nothing more comes; the test ends by its alarm where it never is.
 */
static void test_a_full_disk_leaves_the_wal_as_it_is_until_there_is_space(void **state)
{
	struct writerkit *bench = *state;
	const char *log, *said;

	output_catch();
	writerkit_stop(bench);
	for (size_t turn = 1; turn <= 2; turn++) {
		off_t full;

		/* The first time an hour is to be sealed too, the second time there is none. */
		if (turn == 1)
			push_events(bench, "a", 3);
		else
			push_change(bench, POLICY);
		/* It ends before it is idle. */
		writerkit_start(bench);
		writer_stop(&bench->writer, false);
		writerkit_wait(bench, turn);
		writerkit_stop(bench);
		full = writerkit_wal_bytes(bench);
		assert_true(full > 0);
		writerkit_full(true);
		bench->writer.full_again = turn == 1 ? 0 : INT32_MAX;
		writerkit_start(bench);
		wait_beats(bench, 3);
		assert_true(writerkit_wal_bytes(bench) >= full);
		assert_int_equal(last_link(bench).seq, turn - 1);
		writerkit_full(false);
		wait_empty(bench);
		writerkit_stop(bench);
		assert_true(last_link(bench).seq >= 1);
	}
	log = output_caught();
	said = strstr(log, "no space: the WAL stays as it is until there is");
	assert_non_null(said);
	assert_null(strstr(said + 1, "no space"));
	expect_events(bench, 3);
}

/* So many of one link: the rest is sealed behind the next batch, and then not for a while. */
static void test_hours_are_sealed_while_events_come_in_as_many_links_as_it_takes(void **state)
{
	struct writerkit *bench = *state;

	writerkit_stop(bench);
	writerkit_push(bench, writerkit_events(bench, "h", SEAL_HOURS_MAX + 3, MS_PER_HOUR));
	push_events(bench, "a", 2);
	push_events(bench, "b", 2);
	bench->writer.seal_again = 1; /* it is long due */
	writerkit_start(bench);
	writer_stop(&bench->writer, false);
	writerkit_wait(bench, 3);
	writerkit_stop(bench);
	assert_int_equal(last_link(bench).seq, 2);
	/* The hour that "b" changed has the seal of before. */
	assert_string_equal(kit_ask(&bench->kit, "SELECT count(*) || ' ' || sum(events) FROM "
	                                         "seal_hour"),
	                    "515 517");
	expect_events(bench, SEAL_HOURS_MAX + 3 + 4);
}

/* The WAL is emptied behind each link of theirs. */
static void test_whoever_has_nothing_to_do_seals_all_hours_and_empties_the_wal(void **state)
{
	struct writerkit *bench = *state;

	writerkit_push(bench, writerkit_events(bench, "h", SEAL_HOURS_MAX + 3, MS_PER_HOUR));
	writerkit_wait(bench, 1);
	while (last_link(bench).seq < 2)
		usleep(SEALED_MS * 1000);
	wait_empty(bench);
	writerkit_stop(bench);
	expect_events(bench, SEAL_HOURS_MAX + 3);
}

static void test_a_seal_that_is_not_synced_ends_the_writer_and_loses_nothing(void **state)
{
	struct writerkit *bench = *state;
	struct power_trace trace;

	push_events(bench, "a", 3);
	writerkit_wait(bench, 1);
	writerkit_stop(bench);
	kit_shut(&bench->kit);
	power_record(&trace, bench->kit.path);
	kit_reopen(&bench->kit);
	power_fail(FAULTY_SYNC_EIO, 0, true);
	output_catch();
	writerkit_start(bench);
	writerkit_wait_failed(bench);
	assert_non_null(strstr(output_caught(), "acknowledging nothing more"));
	assert_true(power_failed() > 0);
	writerkit_stop(bench);
	kit_shut(&bench->kit);
	power_stop();
	power_trace_release(&trace);
	kit_reopen(&bench->kit);
	expect_events(bench, 3);
}

/* Nobody pushed anything. */
static void test_a_ledger_that_is_gone_ends_a_writer_that_seals(void **state)
{
	struct writerkit *bench = *state;

	push_events(bench, "a", 3);
	writerkit_wait(bench, 1);
	writerkit_stop(bench);
	assert_int_equal(unlink(bench->kit.path), 0);
	output_catch();
	writerkit_start(bench);
	writerkit_wait_failed(bench);
	assert_non_null(strstr(output_caught(), "acknowledging nothing more\" fault=corrupt"));
	assert_true(bench->backs == 1 && bench->writer.in_flight == 0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, writerkit_setup, writerkit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_change_under_way_is_told_when_events_find_no_space),
		T(test_a_reload_under_way_and_events_wait_for_space),
		T(test_a_change_that_finds_no_space_in_its_first_step_has_no_second),
		T(test_a_change_is_told_that_somebody_else_writes),
		T(test_a_change_under_way_is_not_done_when_events_find_the_ledger_gone),
		T(test_events_are_not_stored_without_the_places_of_their_feeds),
		T(test_a_rule_that_cannot_be_read_back_ends_the_writer),
		T(test_a_full_disk_leaves_the_wal_as_it_is_until_there_is_space),
		T(test_hours_are_sealed_while_events_come_in_as_many_links_as_it_takes),
		T(test_whoever_has_nothing_to_do_seals_all_hours_and_empties_the_wal),
		T(test_a_seal_that_is_not_synced_ends_the_writer_and_loses_nothing),
		T(test_a_ledger_that_is_gone_ends_a_writer_that_seals),
	};

	/* A file that may not grow is a full disk. */
	signal(SIGXFSZ, SIG_IGN);
	power_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
