/*
 * Statements of a ledger that fail: in each reading and each change of one
 * (tests/support/lifekit.h), and while it is opened, one after the other is told that the disk
 * failed, or had no room.  That is a fault with its code, which names the ledger, or nothing
 * anybody sees: never another answer.  Behind it a reader's handle gives the right answer, a
 * writer goes on where there was no room and begins anew where the disk failed
 * (daemon/writer.c); and of a change that failed nothing is half there.
 *
 * SEED comes from the environment: of the many statements of a use, beyond the first, it says
 * which fail.
 */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/identity.h"
#include "tests/support/failsql.h"
#include "tests/support/lifekit.h"

enum {
	WHOLE_EVERY = 8,    /* of the statements: then it is done behind that */
	VERIFY_EVERY = 48,  /* the same, verified */
	FRESH_FIRST = 24,   /* of them with a reader that has nothing in memory yet */
	EACH_OF_FIRST = 60, /* every one of so many; then ever fewer */
	EACH_OF_FIRST_SANITIZED = 10,
};

static const struct {
	const char *label;
	int code, fault;
} errors[] = {
	{ "the disk fails", SQLITE_IOERR_READ, -FAULT_IO },
	{ "there is no room", SQLITE_FULL, -FAULT_FULL },
};
enum { ERRORS = sizeof(errors) / sizeof(errors[0]) };

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
	print_message("SEED=%llu, each of the first %d statements\n", (unsigned long long)seed,
	              each_of_first);
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

/* The statement after the k-th that is to fail. */
static int next(int k)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return k + 1 + (int)((seed >> 33) % (uint64_t)(1 + k / each_of_first));
}

/* A fault only where a statement failed; then of that code, with a text that says where. */
static void expect_fault(const char *label, int error, int r, const char *failed,
                         const struct fault *fault)
{
	if (r >= 0)
		return;
	if (failed == NULL || r != errors[error].fault || strstr(fault->text, kit.folder) == NULL)
		fail_msg("%s, %s: %s: %s: %s", label, errors[error].label,
		         failed != NULL ? failed : "no statement", fault_name(r), fault->text);
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

static void read_right(struct ledger *ledger, const struct life_reading *reading,
                       const struct life_told *expected, const char *failed)
{
	struct life_told told = { .rows = 0 };
	struct fault fault = { .code = FAULT_NONE };

	if (reading->read(ledger, &told, &fault) != 0)
		fail_msg("%s, after \"%s\": %s", reading->label, failed, fault.text);
	if (!text_equal(buf_text(&told.text), buf_text(&expected->text)))
		fail_msg("%s, after \"%s\": %.*s\nnot %.*s", reading->label, failed,
		         TEXT_ARGS(buf_text(&told.text)), TEXT_ARGS(buf_text(&expected->text)));
	buf_release(&told.text);
}

static bool read_failing(struct ledger *reader, const struct life_reading *reading,
                         const struct life_told *expected, int k)
{
	struct life_told told = { .rows = 0 };
	struct fault fault = { .code = FAULT_NONE };
	const char *failed;
	int r;

	failsql_after(k, errors[0].code);
	r = reading->read(reader, &told, &fault);
	failed = failsql_stop();
	expect_fault(reading->label, 0, r, failed, &fault);
	if (r == 0 && !text_equal(buf_text(&told.text), buf_text(&expected->text)))
		fail_msg("%s: another answer, after \"%s\": %.*s", reading->label, failed,
		         TEXT_ARGS(buf_text(&told.text)));
	read_right(reader, reading, expected, failed);
	buf_release(&told.text);
	return failed != NULL;
}

static void test_a_reading_of_which_a_statement_fails_fails_or_tells_all(void **state)
{
	(void)state;
	life_lay_out(&kit, NULL);
	for (size_t i = 0; i < life_reading_count; i++) {
		const struct life_reading *reading = &life_readings[i];
		struct life_told expected = { .rows = 0 };
		struct ledger *reader = open_reader();
		int k = 0;

		assert_int_equal(reading->read(reader, &expected, NULL), 0);
		for (bool failed = true; failed; k = next(k)) {
			if (k < FRESH_FIRST) {
				ledger_close(reader);
				reader = open_reader();
			}
			failed = read_failing(reader, reading, &expected, k);
		}
		ledger_close(reader);
		assert_true(k > 1);
		buf_release(&expected.text);
	}
}

/* --- changes ------------------------------------------------------------- */

struct states {
	char *before, *after, *before_verified, *after_verified;
};

static void run_whole(const struct life_change *change, const char *when)
{
	struct fault fault = { .code = FAULT_NONE };
	struct buf reply = { .at = NULL };
	bool done = false;

	if (life_run(&kit, change, &done, &reply, &fault) < 0 || !done)
		fail_msg("%s, %s: %s %.*s", change->label, when, fault.text,
		         TEXT_ARGS(buf_text(&reply)));
	buf_release(&reply);
}

static void take_states(const struct life_change *change, struct states *states)
{
	life_lay_out(&kit, change);
	states->before = life_state(&kit, false);
	states->before_verified = life_state(&kit, true);
	run_whole(change, "undisturbed");
	kit_verify_clean(&kit);
	states->after = life_state(&kit, false);
	states->after_verified = life_state(&kit, true);
}

static void free_states(struct states *states)
{
	free(states->before);
	free(states->after);
	free(states->before_verified);
	free(states->after_verified);
}

/* False: it is as it was laid out, and is to be changed again. */
static bool expect_whole(const struct life_change *change, const struct states *states, bool done,
                         int k, const char *failed)
{
	bool verified = k % VERIFY_EVERY == 0;
	const char *before = verified ? states->before_verified : states->before;
	const char *after = verified ? states->after_verified : states->after;
	char *now = life_state(&kit, verified);

	if (!done) {
		/* What commits as it goes may be between the two. */
		if (!change->steps)
			life_expect(now, before, change->label, failed);
		if (!change->steps && k % WHOLE_EVERY != 0) {
			free(now);
			return false;
		}
		run_whole(change, failed);
		free(now);
		now = life_state(&kit, verified);
	}
	life_expect(now, after, change->label, failed);
	free(now);
	return true;
}

static bool change_failing(const struct life_change *change, const struct states *states, int error,
                           int k, bool *changed)
{
	struct fault fault = { .code = FAULT_NONE };
	struct buf reply = { .at = NULL };
	const char *failed;
	bool done = false;
	int r;

	if (*changed)
		life_lay_out(&kit, change);
	failsql_after(k, errors[error].code);
	r = life_run(&kit, change, &done, &reply, &fault);
	failed = failsql_stop();
	expect_fault(change->label, error, r, failed, &fault);
	if (r == 0 && !done)
		fail_msg("%s, %s: %s: %.*s", change->label, errors[error].label, failed,
		         TEXT_ARGS(buf_text(&reply)));
	buf_release(&reply);
	if (r == -FAULT_IO)
		life_reopen(&kit, change);
	*changed = expect_whole(change, states, done, k, failed);
	return failed != NULL;
}

static void test_a_change_of_which_a_statement_fails_is_whole_or_was_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < life_change_count; i++) {
		const struct life_change *change = &life_changes[i];
		struct states states;

		take_states(change, &states);
		for (int error = 0; error < ERRORS; error++) {
			bool changed = true;
			int k = 0;

			while (change_failing(change, &states, error, k, &changed))
				k = next(k);
			assert_true(k > 0);
		}
		free_states(&states);
	}
}

/* --- opening ------------------------------------------------------------- */

/* Of a book that was not stored to its end. */
static void leave_parts(void)
{
	kit_shut(&kit);
	kit_sql(&kit, "INSERT INTO book_part (hash, part, json) SELECT printf('%064d', 7), value, "
	              "x'7b' FROM json_each('[0, 1, 2]')");
}

static void leave_nothing(void)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", ".lock" };
	char name[KIT_PATH_BYTES + 8];

	kit_shut(&kit);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", kit.path, suffixes[i]);
		unlink(name);
	}
}

static const struct opening {
	const char *label;
	bool writer;
	struct ledger_options options;
	void (*prepare)(void);
} openings[] = {
	{ "a reader", false, { .identity_hours = 0 }, NULL },
	{ "a writer", true, { .identity_hours = 0 }, NULL },
	{ "a writer that remembers what is in the archive",
	  true,
	  { .identity_hours = INT64_C(24) * 100, .identity_bytes = IDENTITY_BYTES_MIN },
	  NULL },
	{ "a writer that finds parts of a book", true, { .identity_hours = 0 }, leave_parts },
	{ "a writer that makes the ledger", true, { .identity_hours = 0 }, leave_nothing },
};

static int open_as(const struct opening *opening, struct ledger **ledger_out, struct fault *fault)
{
	return opening->writer ? ledger_open_writer(ledger_out, kit.path, &opening->options, fault)
	                       : ledger_open_reader(ledger_out, kit.path, fault);
}

/* As the daemon starts it, and then starts it again. */
static const char *open_failing(const struct opening *opening, int error, int k,
                                const char *expected)
{
	struct fault fault = { .code = FAULT_NONE };
	struct ledger *ledger = NULL;
	const char *failed;
	char *now;
	int r;

	/* What finds nothing to do leaves the ledger as it was laid out. */
	if (opening->prepare != NULL) {
		life_lay_out(&kit, NULL);
		opening->prepare();
	}
	failsql_after(k, errors[error].code);
	r = open_as(opening, &ledger, &fault);
	failed = failsql_stop();
	expect_fault(opening->label, error, r, failed, &fault);
	if (r < 0) {
		assert_null(ledger);
		if (open_as(opening, &ledger, &fault) < 0)
			fail_msg("%s, after \"%s\": %s", opening->label, failed, fault.text);
	}
	ledger_close(ledger);
	if (k % VERIFY_EVERY == 0) {
		kit_reopen(&kit);
		kit_verify_clean(&kit);
		if (opening->prepare != leave_nothing) {
			now = life_state(&kit, false);
			life_expect(now, expected, opening->label, failed);
			free(now);
		}
		kit_shut(&kit);
	}
	if (opening->prepare == leave_parts) {
		/* Where there was no room for less, they lie until it is opened again. */
		if (errors[error].fault == -FAULT_FULL) {
			kit_reopen(&kit);
			kit_shut(&kit);
		}
		assert_int_equal(kit_sql_int(&kit, "SELECT count(*) FROM book_part"), 0);
	}
	return failed;
}

static void test_a_ledger_of_which_a_statement_fails_is_opened_the_next_time(void **state)
{
	char *expected;

	(void)state;
	life_lay_out(&kit, NULL);
	expected = life_state(&kit, false);
	kit_shut(&kit);
	for (size_t i = 0; i < sizeof(openings) / sizeof(openings[0]); i++) {
		const struct opening *opening = &openings[i];

		for (int error = 0; error < ERRORS; error++) {
			int k = (int)(5 * i) + 2 * error;
			const char *failed;

			/* Statements are prepared in one loop: each 24th, from another one on. */
			while ((failed = open_failing(opening, error, k, expected)) != NULL)
				k = strncmp(failed, FAILSQL_PREPARE, strlen(FAILSQL_PREPARE)) == 0
				            ? k + 24
				            : next(k);
			assert_true(k > 24);
		}
	}
	free(expected);
	life_lay_out(&kit, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_ledger_of_which_a_statement_fails_is_opened_the_next_time),
		cmocka_unit_test(test_a_reading_of_which_a_statement_fails_fails_or_tells_all),
		cmocka_unit_test(test_a_change_of_which_a_statement_fails_is_whole_or_was_not),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
