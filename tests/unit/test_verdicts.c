#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "cli/verdicts.h"

enum { WRITTEN_BYTES = 4096 };

/* The label of a verdict's line, and where one reads on; NULL: nothing is left to do. */
static const struct {
	enum ingest_verdict verdict;
	const char *label, *look;
} rows[] = {
	{ INGEST_QUARANTINED, "Quarantined", "toll quarantine list" },
	{ INGEST_CONFLICT, "Conflict", "toll quarantine conflicts" },
	{ INGEST_DUPLICATE, "Duplicate", NULL },
	{ INGEST_UNPRICED, "Unpriced", "toll suspense list" },
	{ INGEST_ACCEPTED, "Accepted", NULL },
	{ INGEST_CHECKPOINT, "Checkpoint", NULL },
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
static_assert((int)ROWS == INGEST_VERDICT_COUNT, "a verdict has no row");

/* What is written for these counts; valid until the next call. */
static const char *written(enum command_form form, size_t width, const int64_t *counts,
                           const char *more)
{
	static char text[WRITTEN_BYTES];
	struct context context = { .form = form };

	context.printer = (struct printer){ &context.out, width, false };
	verdicts_write(&context, counts, more);
	assert_int_equal(context.out.error, 0);
	assert_true(context.out.len > 0 && context.out.len < sizeof(text));
	memcpy(text, context.out.at, context.out.len);
	text[context.out.len] = '\0';
	buf_release(&context.out);
	return text;
}

static const char *table(const int64_t *counts)
{
	return written(FORM_TABLE, PRINTER_ANY_WIDTH, counts, NULL);
}

/* The line that begins with a label, and the number behind it. */
static bool find_line(const char *text, const char *label, struct text *line_out,
                      int64_t *count_out)
{
	struct text rest = text_of(text), word;

	while (text_cut(&rest, '\n', line_out)) {
		struct text words = *line_out;

		*count_out = -1;
		for (bool labelled = false; text_cut(&words, ' ', &word);) {
			if (word.len == 0)
				continue;
			if (labelled)
				return text_int(word, count_out);
			labelled = text_is(word, label);
			if (!labelled)
				break;
		}
	}
	return false;
}

static size_t lines_of(const char *text)
{
	size_t lines = 0;

	for (; *text != '\0'; text++)
		lines += *text == '\n';
	return lines;
}

static void test_each_verdict_is_counted_below_its_own_name(void **state)
{
	static const int64_t counts[INGEST_VERDICT_COUNT] = {
		11, 22, 33, 44, 55, INT64_C(1) << 40
	};
	struct text line;
	int64_t count;

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		if (!find_line(table(counts), rows[i].label, &line, &count) ||
		    count != counts[rows[i].verdict])
			fail_msg("%s: %lld", rows[i].label, (long long)count);
	}
	assert_int_equal(lines_of(table(counts)), 1 + INGEST_VERDICT_COUNT);
}

static void test_all_lines_are_counted_first(void **state)
{
	static const int64_t counts[INGEST_VERDICT_COUNT] = { 1, 20, 300, 4000, 50000, 600000 };
	static const int64_t none[INGEST_VERDICT_COUNT] = { 0 };
	struct text line;
	int64_t count;

	(void)state;
	assert_true(find_line(table(counts), "Lines", &line, &count));
	assert_int_equal(count, 654321);
	assert_ptr_equal(line.at, table(counts));
	assert_true(find_line(table(none), "Lines", &line, &count));
	assert_int_equal(count, 0);
}

/* What did not happen is not told, but for what was hoped for. */
static void test_a_verdict_without_a_line_is_left_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		int64_t counts[INGEST_VERDICT_COUNT] = { 0 }, count;
		bool accepted = rows[i].verdict == INGEST_ACCEPTED;
		struct text line;

		counts[rows[i].verdict] = 7;
		if (!find_line(table(counts), rows[i].label, &line, &count) || count != 7)
			fail_msg("%s: %lld", rows[i].label, (long long)count);
		assert_true(find_line(table(counts), "Accepted", &line, &count));
		assert_int_equal(count, accepted ? 7 : 0);
		assert_int_equal(lines_of(table(counts)), accepted ? 2 : 3);
	}
}

/* One bad event of an envelope makes "Quarantined 1, Accepted 0", though others were accepted. */
static void test_counts_of_lines_say_that_they_are(void **state)
{
	(void)state;
	for (int v = 0; v < INGEST_VERDICT_COUNT; v++) {
		int64_t counts[INGEST_VERDICT_COUNT] = { [INGEST_ACCEPTED] = 3 }, count;
		struct text line;
		bool told;

		counts[v]++;
		assert_true(find_line(table(counts), "Lines", &line, &count));
		assert_int_equal(count, 4);
		told = memmem(line.at, line.len, "each counts once", 16) != NULL;
		/* Where all were accepted there is nothing to take amiss. */
		assert_int_equal(told, v != INGEST_ACCEPTED && v != INGEST_CHECKPOINT);
		assert_true(printer_width(line) <= PRINTER_WIDTH);
	}
}

/* "toll COMMAND ACTION", of which both must be there. */
static void check_command(struct text line, const char *look)
{
	const char *at = memmem(line.at, line.len, "toll ", 5), *meant;
	struct text words = { at, at != NULL ? line.len - (size_t)(at - line.at) : 0 }, word;
	const struct command *command = NULL;
	char name[32];

	if (at == NULL || !text_is(words, look))
		fail_msg("%.*s", TEXT_ARGS(line));
	text_cut(&words, ' ', &word);
	assert_true(text_cut(&words, ' ', &word) && text_copy(name, sizeof(name), word));
	command = command_find(name, &meant);
	assert_non_null(command);
	assert_non_null(command->actions);
	assert_true(text_copy(name, sizeof(name), words));
	assert_non_null(command_action(command, name, &meant));
}

static void test_what_waits_for_somebody_says_where_to_look(void **state)
{
	static const int64_t counts[INGEST_VERDICT_COUNT] = { 1, 1, 1, 1, 1, 1 };
	struct text line;
	int64_t count;

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		assert_true(find_line(table(counts), rows[i].label, &line, &count));
		if (rows[i].look != NULL)
			check_command(line, rows[i].look);
		else if (memmem(line.at, line.len, "toll ", 5) != NULL)
			fail_msg("%.*s", TEXT_ARGS(line));
	}
}

static void test_a_narrow_terminal_gets_whole_numbers_all_the_same(void **state)
{
	static const int64_t counts[INGEST_VERDICT_COUNT] = { 1234567, 1234567, 1234567,
		                                              1234567, 1234567, 1234567 };
	const char *text = written(FORM_TABLE, PRINTER_WIDTH_MIN, counts, NULL);
	struct text rest = text_of(text), line;
	int64_t count;

	(void)state;
	while (text_cut(&rest, '\n', &line)) {
		if (printer_width(line) > PRINTER_WIDTH_MIN)
			fail_msg("%.*s", TEXT_ARGS(line));
	}
	for (size_t i = 0; i < ROWS; i++) {
		if (!find_line(text, rows[i].label, &line, &count) || count != 1234567)
			fail_msg("%s: %lld", rows[i].label, (long long)count);
	}
}

static int64_t member(const struct json *doc, const char *key)
{
	int64_t value = -1;

	if (!json_integer(doc, json_member(doc, 0, key), &value))
		fail_msg("%s: no number", key);
	return value;
}

/* Programs find each verdict, also one that did not happen, by the name the ledger has for it. */
static void test_json_has_every_verdict_and_their_sum(void **state)
{
	static const int64_t cases[][INGEST_VERDICT_COUNT] = {
		{ 0 },
		{ 11, 22, 33, 44, 55, 66 },
		{ [INGEST_DUPLICATE] = INT64_C(1) << 40 },
	};
	struct json doc = { .nodes = NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = written(FORM_JSON, PRINTER_WIDTH_MIN, cases[i], NULL);
		int64_t sum = 0;

		assert_int_equal(lines_of(text), 1);
		assert_int_equal(text[strlen(text) - 1], '\n');
		assert_int_equal(json_parse(&doc, text_of(text), NULL), 0);
		for (int v = 0; v < INGEST_VERDICT_COUNT; v++) {
			sum += cases[i][v];
			assert_true(member(&doc, ingest_verdict_name((enum ingest_verdict)v)) ==
			            cases[i][v]);
		}
		assert_true(member(&doc, "lines") == sum);
		assert_int_equal(doc.nodes[0].count, 1 + INGEST_VERDICT_COUNT);
	}
	json_release(&doc);
}

static void test_further_members_are_in_json_only(void **state)
{
	static const int64_t counts[INGEST_VERDICT_COUNT] = { 1, 2, 3, 4, 5, 6 };
	struct json doc = { .nodes = NULL };

	(void)state;
	assert_int_equal(json_parse(&doc,
	                            text_of(written(FORM_JSON, PRINTER_ANY_WIDTH, counts,
	                                            ",\"resent\":9,\"connections\":2")),
	                            NULL),
	                 0);
	assert_int_equal(member(&doc, "resent"), 9);
	assert_int_equal(member(&doc, "connections"), 2);
	assert_int_equal(member(&doc, "lines"), 21);
	json_release(&doc);
	assert_null(
		strstr(written(FORM_TABLE, PRINTER_ANY_WIDTH, counts, ",\"resent\":9"), "resent"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_verdict_is_counted_below_its_own_name),
		cmocka_unit_test(test_all_lines_are_counted_first),
		cmocka_unit_test(test_a_verdict_without_a_line_is_left_out),
		cmocka_unit_test(test_counts_of_lines_say_that_they_are),
		cmocka_unit_test(test_what_waits_for_somebody_says_where_to_look),
		cmocka_unit_test(test_a_narrow_terminal_gets_whole_numbers_all_the_same),
		cmocka_unit_test(test_json_has_every_verdict_and_their_sum),
		cmocka_unit_test(test_further_members_are_in_json_only),
	};

	return cmocka_run_group_tests_name("verdicts", tests, NULL, NULL);
}
