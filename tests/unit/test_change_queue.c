/* daemon/changes.h: from the loop to the pool, the writer and back. */
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

#include "daemon/changes.h"
#include "ingest/change.h"
#include "tests/support/ledgerkit.h"
#include "tests/support/output.h"

enum { BACKS_MAX = 16, GUARD_S = 60 };

#define REFUSED "{\"change\":\"no.such\"}"
#define RETRY   "{\"change\":\"suspense.retry\"}"

struct bench {
	struct ledgerkit kit;
	uv_loop_t loop;
	struct writer writer;
	struct changes changes;
	struct terms terms;
	char prices[BOOK_SIDES][KIT_PATH_BYTES];
	struct buf replies; /* of what came back, a line each; "-" for a reload */
	char books[BACKS_MAX][32], costs[BACKS_MAX][32];
	size_t backs, written;
};

static void on_done(struct changes *changes, struct batch *batch)
{
	struct bench *bench = changes->context;
	const struct book *book = batch->new_terms.book.book, *cost = batch->new_terms.cost.book;

	assert_true(bench->backs < BACKS_MAX);
	buf_add_text(&bench->replies,
	             batch->reply.len > 0 ? buf_text(&batch->reply) : text_of("-"));
	buf_add_cstr(&bench->replies, "\n");
	text_copy(bench->costs[bench->backs], sizeof(bench->costs[0]),
	          cost != NULL ? book_name(cost) : text_of("none"));
	text_copy(bench->books[bench->backs++], sizeof(bench->books[0]),
	          book != NULL ? book_name(book) : text_of("none"));
	changes_free(changes, batch);
}

static void on_written(struct writer *writer, struct batch *batch)
{
	struct bench *bench = writer->context;

	bench->written++;
	changes_back(&bench->changes, batch);
}

static void on_failed(struct writer *writer)
{
	(void)writer;
	fail_msg("the ledger failed");
}

static int set_up(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	assert_non_null(bench);
	*state = bench;
	kit_open(&bench->kit);
	bench->writer.context = bench->changes.context = bench;
	bench->writer.on_done = on_written;
	bench->writer.on_failed = on_failed;
	bench->changes.on_done = on_done;
	alarm(GUARD_S);
	if (uv_loop_init(&bench->loop) != 0)
		return -1;
	changes_start(&bench->changes, &bench->loop, &bench->writer, &bench->terms,
	              (const char *const[BOOK_SIDES]){ bench->prices[0], bench->prices[1] });
	return writer_start(&bench->writer, &bench->loop, bench->kit.ledger);
}

/* As at the end of the daemon: what is under way then is given up. */
static int tear_down(void **state)
{
	struct bench *bench = *state;
	int r;

	changes_close(&bench->changes);
	writer_stop(&bench->writer, true);
	writer_close(&bench->writer);
	uv_run(&bench->loop, UV_RUN_DEFAULT);
	r = uv_loop_close(&bench->loop);
	changes_release(&bench->changes);
	while (bench->writer.done != NULL) {
		struct batch *next = bench->writer.done->next;

		batch_free(bench->writer.done);
		bench->writer.done = next;
	}
	buf_release(&bench->replies);
	kit_close(&bench->kit);
	free(bench);
	return r;
}

static const char *book(const char *name)
{
	static char text[512];

	snprintf(text, sizeof(text),
	         "{'pricebook':1,'name':'%s','currency':'USD','models':[{'model':'m','versions':["
	         "{'effective_from':'2026','rates':[{'component':'input','each':'0.5'}]}]}]}",
	         name);
	return text;
}

static void write_prices(struct bench *bench, const char *name)
{
	kit_write(&bench->kit, bench->prices[BOOK_SELL], "prices.json", book(name));
}

static void write_cost_prices(struct bench *bench, const char *name)
{
	kit_write(&bench->kit, bench->prices[BOOK_COST], "cost.json", book(name));
}

static void ask(struct bench *bench, const char *request)
{
	struct batch *batch = batch_new(0);

	assert_non_null(batch);
	batch->kind = BATCH_CHANGE;
	snprintf(batch->who, sizeof(batch->who), "uid 7");
	buf_add_cstr(&batch->request, request);
	changes_push(&bench->changes, batch);
}

static void ask_book(struct bench *bench, const char *name)
{
	struct buf request = { .at = NULL };

	buf_add_cstr(&request, "{\"change\":\"price.apply\",\"book\":");
	buf_add_json(&request, text_of(kit_quotes(book(name))));
	buf_add_cstr(&request, ",\"note\":\"n\"}");
	ask(bench, request.at);
	buf_release(&request);
}

static void wait_idle(struct bench *bench)
{
	while (!changes_idle(&bench->changes))
		uv_run(&bench->loop, UV_RUN_ONCE);
}

/* What came back, in order: the beginning of each reply. */
static void expect_replies(const struct bench *bench, const char *const beginnings[], size_t count)
{
	struct text rest = buf_text(&bench->replies), line;

	assert_int_equal(bench->backs, count);
	for (size_t i = 0; i < count; i++) {
		assert_true(text_cut(&rest, '\n', &line));
		if (strncmp(line.at, beginnings[i], strlen(beginnings[i])) != 0)
			fail_msg("%zu: %.*s, not %s", i, TEXT_ARGS(line), beginnings[i]);
	}
}
#define REPLIES(bench, ...)                                                                        \
	expect_replies(bench, (const char *const[]){ __VA_ARGS__ },                                \
	               sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))

static void test_changes_are_done_one_at_a_time_in_order(void **state)
{
	struct bench *bench = *state;

	ask_book(bench, "one");
	ask(bench, RETRY);
	ask(bench, REFUSED);
	ask(bench, "no JSON");
	ask_book(bench, "two");
	ask_book(bench, "two");
	assert_int_equal(bench->writer.in_flight, 0);
	while (!changes_idle(&bench->changes)) {
		uv_run(&bench->loop, UV_RUN_ONCE);
		assert_true(bench->writer.in_flight <= 1);
	}
	REPLIES(bench, "{\"ok\":true,\"hash\":", "{\"ok\":true,\"tried\":0",
	        "{\"ok\":false,\"fault\":\"invalid\"", "{\"ok\":false,\"fault\":\"syntax\"",
	        "{\"ok\":true,\"hash\":", "{\"ok\":true,\"hash\":");
	assert_string_equal(bench->books[0], "one");
	assert_string_equal(bench->books[4], "two");
	assert_string_equal(bench->books[5], "none");
	/* What is refused without the ledger never goes there. */
	assert_int_equal(bench->written, 4);
}

/* However many signals come while one is on its way. */
static void test_a_signal_during_a_reload_is_one_more_reload(void **state)
{
	struct bench *bench = *state;
	const char *log;

	write_prices(bench, "one");
	output_catch();
	changes_reload(&bench->changes);
	changes_reload(&bench->changes);
	changes_reload(&bench->changes);
	/* The file as it is when the second one begins. */
	while (bench->backs == 0)
		uv_run(&bench->loop, UV_RUN_ONCE);
	assert_false(changes_idle(&bench->changes));
	wait_idle(bench);
	log = output_caught();
	assert_non_null(strstr(log, "price book applied"));
	assert_non_null(strstr(log, "price book unchanged"));
	assert_int_equal(bench->backs, 2);
	assert_string_equal(bench->books[0], "one");
	assert_string_equal(bench->books[1], "none");
	/* And one that comes later is one of its own. */
	write_prices(bench, "two");
	output_catch();
	changes_reload(&bench->changes);
	wait_idle(bench);
	output_caught();
	assert_int_equal(bench->backs, 3);
	assert_string_equal(bench->books[2], "two");
}

/* One after the other, and a bad one keeps back only its own side. */
static void test_a_reload_is_of_both_sides(void **state)
{
	struct bench *bench = *state;
	const char *log;

	write_prices(bench, "one");
	write_cost_prices(bench, "paid");
	output_catch();
	changes_reload(&bench->changes);
	/* Behind both of them there is one more, of what has changed by then. */
	changes_reload(&bench->changes);
	while (bench->backs == 0) {
		assert_true(bench->writer.in_flight <= 1);
		uv_run(&bench->loop, UV_RUN_ONCE);
	}
	/* The cost book is on its way still: it is the same one more. */
	changes_reload(&bench->changes);
	kit_write(&bench->kit, bench->prices[BOOK_SELL], "prices.json", "{'pricebook':2}");
	wait_idle(bench);
	log = output_caught();
	assert_non_null(strstr(log, "price book applied"));
	assert_non_null(strstr(log, "cost book applied"));
	assert_non_null(strstr(log, "price book refused"));
	assert_non_null(strstr(log, "cost book unchanged"));
	assert_int_equal(bench->backs, 4);
	assert_string_equal(bench->books[0], "one");
	assert_string_equal(bench->costs[0], "none");
	assert_string_equal(bench->books[1], "none");
	assert_string_equal(bench->costs[1], "paid");
	/* The cost book alone, where only it is set. */
	bench->prices[BOOK_SELL][0] = '\0';
	write_cost_prices(bench, "less");
	output_catch();
	changes_reload(&bench->changes);
	wait_idle(bench);
	assert_null(strstr(output_caught(), "nothing to reload"));
	assert_int_equal(bench->backs, 5);
	assert_string_equal(bench->books[4], "none");
	assert_string_equal(bench->costs[4], "less");
}

static void test_a_reload_of_no_book_is_logged_and_goes_nowhere(void **state)
{
	struct bench *bench = *state;
	const char *log;

	output_catch();
	changes_reload(&bench->changes);
	assert_non_null(strstr(output_caught(), "nothing to reload"));
	assert_true(changes_idle(&bench->changes));
	kit_write(&bench->kit, bench->prices[BOOK_SELL], "prices.json", "{'pricebook':2}");
	output_catch();
	changes_reload(&bench->changes);
	wait_idle(bench);
	log = output_caught();
	assert_non_null(strstr(log, "price book refused, the old one stays"));
	assert_int_equal(bench->backs, 1);
	assert_int_equal(bench->written, 0);
}

/* It waits for its turn, and has it; and the end waits for nobody. */
static void test_a_reload_waits_for_a_ledger_that_is_taken(void **state)
{
	struct bench *bench = *state;
	sqlite3 *holder = NULL;
	uint64_t beats;

	write_prices(bench, "one");
	assert_false(sqlite3_open(bench->kit.path, &holder) ||
	             sqlite3_db_config(holder, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) ||
	             /* the writer may just be sealing an hour */
	             sqlite3_busy_timeout(holder, GUARD_S * 1000) ||
	             sqlite3_exec(holder, "BEGIN IMMEDIATE", NULL, NULL, NULL));
	output_catch();
	changes_reload(&bench->changes);
	while (bench->writer.in_flight == 0)
		uv_run(&bench->loop, UV_RUN_ONCE);
	beats = atomic_load(&bench->writer.beats);
	while (atomic_load(&bench->writer.beats) < beats + 2)
		usleep(1000);
	assert_int_equal(bench->backs, 0);
	assert_int_equal(sqlite3_exec(holder, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	wait_idle(bench);
	assert_string_equal(bench->books[0], "one");
	write_prices(bench, "two");
	assert_int_equal(sqlite3_exec(holder, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	changes_reload(&bench->changes);
	while (bench->writer.in_flight == 0)
		uv_run(&bench->loop, UV_RUN_ONCE);
	writer_stop(&bench->writer, true);
	wait_idle(bench);
	assert_non_null(strstr(output_caught(), "the old one stays\" fault=closed"));
	assert_string_equal(bench->books[1], "none");
	sqlite3_close(holder);
}

static void test_the_end_refuses_what_has_not_come_to_the_writer(void **state)
{
	struct bench *bench = *state;

	write_prices(bench, "two");
	ask_book(bench, "one");
	ask(bench, RETRY);
	changes_reload(&bench->changes);
	changes_stop(&bench->changes);
	assert_int_equal(bench->backs, 2);
	changes_reload(&bench->changes);
	wait_idle(bench);
	REPLIES(bench, "{\"ok\":false,\"fault\":\"closed\"", "{\"ok\":false,\"fault\":\"closed\"",
	        "{\"ok\":false,\"fault\":\"closed\"");
	assert_int_equal(bench->written, 0);
}

/* The address sanitizer counts what is left; the loop must come to its end. */
static void test_what_is_under_way_at_the_end_is_freed(void **state)
{
	struct bench *bench = *state;

	ask_book(bench, "one");
	ask_book(bench, "two");
	write_prices(bench, "three");
	changes_reload(&bench->changes);
	assert_int_equal(bench->backs, 0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_changes_are_done_one_at_a_time_in_order),
		T(test_a_signal_during_a_reload_is_one_more_reload),
		T(test_a_reload_is_of_both_sides),
		T(test_a_reload_of_no_book_is_logged_and_goes_nowhere),
		T(test_a_reload_waits_for_a_ledger_that_is_taken),
		T(test_the_end_refuses_what_has_not_come_to_the_writer),
		T(test_what_is_under_way_at_the_end_is_freed),
	};

	return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
