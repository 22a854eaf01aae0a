#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/fixture.h"
#include "wire/wire.h"

enum { LINE_MAX_BYTES = 64, HUGE_BYTES = 8 * 1024 * 1024, SPLIT_RUNS = 3000 };

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Feeds one read and writes down what came out: <text>, <text!length> where it was too long. */
static void feed(struct wire_framer *framer, const char *bytes, size_t len, struct buf *out)
{
	struct text rest = { bytes, len };
	struct wire_line line;
	int error;

	while (wire_next(framer, &rest, &line, &error)) {
		buf_add_cstr(out, "<");
		buf_add_text(out, line.text);
		if (line.too_long)
			buf_addf(out, "!%zu", line.length);
		else
			assert_int_equal(line.length, line.text.len);
		buf_add_cstr(out, ">");
	}
	assert_int_equal(error, 0);
	assert_int_equal(rest.len, 0);
}

static void put_rest(struct wire_framer *framer, struct buf *out)
{
	struct wire_line line;

	if (!wire_rest(framer, &line))
		return;
	buf_addf(out, "{%.*s%s}", TEXT_ARGS(line.text), line.too_long ? "!" : "");
	/* It is given out once. */
	assert_false(wire_rest(framer, &line));
}

static void test_lines_come_out_as_they_were_sent(void **state)
{
	static const struct {
		const char *label;
		struct text in;
		struct text out;
	} rows[] = {
		{ "nothing", { "", 0 }, { "", 0 } },
		{ "one line", { "abc\n", 4 }, { "<abc>", 5 } },
		{ "several in one read", { "a\nbc\n\nd\n", 8 }, { "<a><bc><><d>", 12 } },
		{ "no newline at the end", { "a\nbc", 4 }, { "<a>{bc}", 7 } },
		{ "CR LF: the CR is the line's", { "a\r\nb\r\n", 6 }, { "<a\r><b\r>", 8 } },
		{ "a CR alone ends nothing", { "a\rb\n", 4 }, { "<a\rb>", 5 } },
		{ "a NUL inside", { "a\0b\n\0\n", 6 }, { "<a\0b><\0>", 8 } },
		{ "newlines alone", { "\n\n", 2 }, { "<><>", 4 } },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		/* At once, and split at every byte into two reads. */
		for (size_t split = 0; split <= rows[i].in.len; split++) {
			struct wire_framer framer;
			struct buf out = { .at = NULL };

			wire_framer_init(&framer, LINE_MAX_BYTES);
			feed(&framer, rows[i].in.at, split, &out);
			feed(&framer, rows[i].in.at + split, rows[i].in.len - split, &out);
			put_rest(&framer, &out);
			if (!text_equal(buf_text(&out), rows[i].out))
				fail_msg("%s, split at %zu: %.*s", rows[i].label, split,
				         TEXT_ARGS(buf_text(&out)));
			buf_release(&out);
			wire_framer_release(&framer);
		}
	}
}

static void test_a_line_at_the_limit_passes_and_one_byte_more_does_not(void **state)
{
	static const struct {
		size_t length;
		bool too_long;
	} rows[] = { { LINE_MAX_BYTES - 1, false },
		     { LINE_MAX_BYTES, false },
		     { LINE_MAX_BYTES + 1, true },
		     { LINE_MAX_BYTES * 3, true } };
	char bytes[LINE_MAX_BYTES * 4];

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	for (size_t i = 0; i < ROWS(rows); i++) {
		size_t length = rows[i].length;

		for (size_t split = 0; split <= length; split++) {
			struct wire_framer framer;
			struct wire_line line = { .length = 0 };
			struct text first = { bytes, split }, second;
			char tail[LINE_MAX_BYTES * 4];
			int error;

			memset(tail, 'x', length - split);
			memcpy(tail + length - split, "\nnext\n", 6);
			second = (struct text){ tail, length - split + 6 };
			wire_framer_init(&framer, LINE_MAX_BYTES);
			assert_false(wire_next(&framer, &first, &line, &error));
			assert_int_equal(wire_unfinished(&framer), split);
			assert_true(wire_next(&framer, &second, &line, &error));
			assert_int_equal(line.too_long, rows[i].too_long);
			assert_int_equal(line.length, length);
			assert_int_equal(line.text.len,
			                 length < LINE_MAX_BYTES ? length : LINE_MAX_BYTES);
			assert_memory_equal(line.text.at, bytes, line.text.len);
			/* The line behind a long one is whole. */
			assert_true(wire_next(&framer, &second, &line, &error));
			assert_true(text_is(line.text, "next"));
			assert_false(line.too_long);
			assert_int_equal(wire_unfinished(&framer), 0);
			wire_framer_release(&framer);
		}
	}
}

static void test_a_huge_line_takes_no_more_memory_than_the_limit(void **state)
{
	struct wire_framer framer;
	struct wire_line line;
	char piece[4096];
	int error;

	(void)state;
	memset(piece, 'y', sizeof(piece));
	wire_framer_init(&framer, LINE_MAX_BYTES);
	for (size_t sent = 0; sent < HUGE_BYTES; sent += sizeof(piece)) {
		struct text rest = { piece, sizeof(piece) };

		assert_false(wire_next(&framer, &rest, &line, &error));
		assert_int_equal(error, 0);
		assert_true(framer.partial.cap <= 256 && framer.partial.len <= LINE_MAX_BYTES);
	}
	assert_int_equal(wire_unfinished(&framer), HUGE_BYTES);
	assert_true(wire_rest(&framer, &line));
	assert_true(line.too_long);
	assert_int_equal(line.length, HUGE_BYTES);
	assert_int_equal(line.text.len, LINE_MAX_BYTES);
	wire_framer_release(&framer);
}

/* Whatever the reads, the lines are the same. */
static void test_no_splitting_changes_the_lines(void **state)
{
	uint64_t random = fixture_seed("wire", 20261122);

	(void)state;
	for (int run = 0; run < SPLIT_RUNS; run++) {
		struct buf bytes = { .at = NULL }, whole = { .at = NULL }, pieces = { .at = NULL };
		struct wire_framer framer;
		size_t lines = fixture_below(&random, 8), at = 0;

		for (size_t i = 0; i < lines; i++) {
			for (size_t n = fixture_below(&random, LINE_MAX_BYTES + 20); n > 0; n--)
				buf_addf(&bytes, "%c", 'a' + (int)fixture_below(&random, 26));
			buf_add_cstr(&bytes,
			             i + 1 < lines || fixture_below(&random, 2) == 0 ? "\n" : "");
		}
		wire_framer_init(&framer, LINE_MAX_BYTES);
		feed(&framer, bytes.at, bytes.len, &whole);
		put_rest(&framer, &whole);
		wire_framer_release(&framer);

		wire_framer_init(&framer, LINE_MAX_BYTES);
		while (at < bytes.len) {
			size_t len = 1 + fixture_below(&random, 40);
			char *read; /* exactly as long, so that a byte too far is seen */

			len = len < bytes.len - at ? len : bytes.len - at;
			read = malloc(len);
			assert_non_null(read);
			memcpy(read, bytes.at + at, len);
			feed(&framer, read, len, &pieces);
			free(read);
			at += len;
		}
		put_rest(&framer, &pieces);
		wire_framer_release(&framer);
		if (!text_equal(buf_text(&whole), buf_text(&pieces)))
			fail_msg("run %d: %s and %s", run, whole.at, pieces.at);
		buf_release(&bytes);
		buf_release(&whole);
		buf_release(&pieces);
	}
}

static void test_a_hello_is_told_from_an_event(void **state)
{
	static const struct {
		const char *line;
		bool hello;
		enum fault_code code;
		const char *source; /* NULL: absent */
		bool ack;
	} rows[] = {
		{ "{\"toll\":1,\"source\":\"gw-1\",\"ack\":true}", true, FAULT_NONE, "gw-1", true },
		{ "{\"toll\":1}", true, FAULT_NONE, NULL, false },
		{ " {\t\"toll\" : 1 , \"ack\" : false } \r", true, FAULT_NONE, NULL, false },
		{ "{\"toll\":1,\"source\":\"caf\\u00e9\"}", true, FAULT_NONE, "caf\xc3\xa9",
		  false },
		{ "{\"toll\":2}", true, FAULT_VERSION, NULL, false },
		{ "{\"toll\":0}", true, FAULT_VERSION, NULL, false },
		{ "{\"toll\":1.0}", true, FAULT_VERSION, NULL, false },
		{ "{\"toll\":\"1\"}", true, FAULT_VERSION, NULL, false },
		{ "{\"toll\":null}", true, FAULT_VERSION, NULL, false },
		{ "{\"toll\":1,\"source\":\"\"}", true, FAULT_INVALID, NULL, false },
		{ "{\"toll\":1,\"source\":7}", true, FAULT_INVALID, NULL, false },
		{ "{\"toll\":1,\"source\":\"a\\nb\"}", true, FAULT_INVALID, NULL, false },
		{ "{\"toll\":1,\"ack\":1}", true, FAULT_INVALID, NULL, false },
		{ "{\"toll\":1,\"ack\":null}", true, FAULT_INVALID, NULL, false },
		{ "{\"toll\":1,\"acks\":true}", true, FAULT_INVALID, NULL, false },
		{ "{\"toll\":1,\"toll\":1}", true, FAULT_SYNTAX, NULL, false },
		{ "{\"toll\":1", true, FAULT_SYNTAX, NULL, false },
		{ "{\"toll\":1} {}", true, FAULT_SYNTAX, NULL, false },
		{ "{\"toll\"", true, FAULT_SYNTAX, NULL, false },
		{ "{\"toll", false, FAULT_NONE, NULL, false },
		{ "", false, FAULT_NONE, NULL, false },
		{ "{", false, FAULT_NONE, NULL, false },
		{ "{}", false, FAULT_NONE, NULL, false },
		{ "{\"tolls\":1}", false, FAULT_NONE, NULL, false },
		{ "[\"toll\"]", false, FAULT_NONE, NULL, false },
		{ "{\"id\":\"1\",\"toll\":1}", false, FAULT_NONE, NULL, false },
		{ "{\"checkpoint\":{}}", false, FAULT_NONE, NULL, false },
	};
	struct json doc = { .nodes = NULL };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct wire_hello hello;
		struct fault fault;
		bool is = wire_hello_parse(text_of(rows[i].line), &doc, &hello, &fault);

		if (is != rows[i].hello || fault.code != rows[i].code)
			fail_msg("%s: %d, %s", rows[i].line, is, fault_name((int)fault.code));
		if (is && fault.code == FAULT_NONE)
			assert_true(hello.ack == rows[i].ack &&
			            (hello.source.at == NULL) == (rows[i].source == NULL) &&
			            text_equal(hello.source, text_of(rows[i].source)));
	}
	json_release(&doc);
}

static void test_a_hello_source_has_the_length_of_a_name(void **state)
{
	struct json doc = { .nodes = NULL };

	(void)state;
	for (size_t len = WIRE_SOURCE_BYTES_MAX; len <= WIRE_SOURCE_BYTES_MAX + 1; len++) {
		struct buf line = { .at = NULL };
		struct wire_hello hello;
		struct fault fault;

		buf_add_cstr(&line, "{\"toll\":1,\"source\":\"");
		for (size_t i = 0; i < len; i++)
			buf_add_cstr(&line, "n");
		buf_add_cstr(&line, "\"}");
		assert_true(wire_hello_parse(buf_text(&line), &doc, &hello, &fault));
		assert_int_equal(fault.code,
		                 len > WIRE_SOURCE_BYTES_MAX ? FAULT_INVALID : FAULT_NONE);
		buf_release(&line);
	}
	json_release(&doc);
}

static void test_a_hello_that_was_written_is_read(void **state)
{
	static const char *const sources[] = { NULL, "gw-1", "with \"quotes\" and \\",
		                               "caf\xc3\xa9" };
	struct json doc = { .nodes = NULL };

	(void)state;
	for (size_t i = 0; i < ROWS(sources) * 2; i++) {
		struct buf line = { .at = NULL };
		struct wire_hello hello;
		struct fault fault;

		wire_hello_format(&line, text_of(sources[i / 2]), i % 2 == 1);
		assert_true(line.len > 0 && line.at[line.len - 1] == '\n');
		assert_true(wire_hello_parse((struct text){ line.at, line.len - 1 }, &doc, &hello,
		                             &fault));
		assert_int_equal(fault.code, FAULT_NONE);
		assert_true(text_equal(hello.source, text_of(sources[i / 2])));
		assert_int_equal(hello.ack, i % 2 == 1);
		buf_release(&line);
	}
	json_release(&doc);
}

static void test_a_position_says_lines_and_the_last_id(void **state)
{
	struct buf line = { .at = NULL };

	(void)state;
	wire_position_format(&line, 0, text_of(NULL));
	wire_position_format(&line, INT64_MAX, text_of("a\"\n"));
	assert_string_equal(line.at, "{\"toll\":1,\"position\":{\"lines\":0}}\n"
	                             "{\"toll\":1,\"position\":{\"lines\":9223372036854775807,"
	                             "\"id\":\"a\\\"\\n\"}}\n");
	buf_release(&line);
}

static void test_an_acknowledgement_that_was_written_is_read(void **state)
{
	static const struct wire_ack rows[] = {
		{ 0, 0, 0, 0, 0, 0 },
		{ 15, 5, 4, 3, 2, 1 },
		{ INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX },
	};
	struct json doc = { .nodes = NULL };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct buf line = { .at = NULL };
		struct wire_ack ack;

		wire_ack_format(&line, &rows[i]);
		assert_true(line.len < WIRE_ACK_BYTES_MAX);
		assert_int_equal(wire_ack_parse(buf_text(&line), &doc, &ack, NULL), 0);
		assert_memory_equal(&ack, &rows[i], sizeof(ack));
		if (i == 1)
			assert_string_equal(line.at,
			                    "{\"ack\":15,\"accepted\":5,\"duplicate\":4,"
			                    "\"conflict\":3,\"unpriced\":2,\"quarantined\":1}\n");
		buf_release(&line);
	}
	json_release(&doc);
}

static void test_what_is_no_acknowledgement_is_refused(void **state)
{
	static const struct {
		const char *line;
		int result;
		const char *text;
	} rows[] = {
		{ "", -FAULT_SYNTAX, "nothing where JSON is due" },
		{ "[]", -FAULT_SYNTAX, "without its \"ack\"" },
		{ "{\"ack\":1}", -FAULT_SYNTAX, "without its \"accepted\"" },
		{ "{\"ack\":-1,\"accepted\":0,\"duplicate\":0,\"conflict\":0,\"unpriced\":0,"
		  "\"quarantined\":0}",
		  -FAULT_SYNTAX, "without its \"ack\"" },
		{ "{\"ack\":1,\"accepted\":1.0,\"duplicate\":0,\"conflict\":0,\"unpriced\":0,"
		  "\"quarantined\":0}",
		  -FAULT_SYNTAX, "without its \"accepted\"" },
		{ "{\"error\":\"hello: ack: true or false is due\"}", -FAULT_INVALID,
		  "the daemon says: hello: ack: true or false is due" },
	};
	struct json doc = { .nodes = NULL };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct wire_ack ack = { .lines = 42 };
		struct fault fault = { .code = FAULT_NONE };
		int r = wire_ack_parse(text_of(rows[i].line), &doc, &ack, &fault);

		if (r != rows[i].result || ack.lines != 42 ||
		    strstr(fault.text, rows[i].text) == NULL)
			fail_msg("%s: %d, %s", rows[i].line, r, fault.text);
	}
	json_release(&doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_come_out_as_they_were_sent),
		cmocka_unit_test(test_a_line_at_the_limit_passes_and_one_byte_more_does_not),
		cmocka_unit_test(test_a_huge_line_takes_no_more_memory_than_the_limit),
		cmocka_unit_test(test_no_splitting_changes_the_lines),
		cmocka_unit_test(test_a_hello_is_told_from_an_event),
		cmocka_unit_test(test_a_hello_source_has_the_length_of_a_name),
		cmocka_unit_test(test_a_hello_that_was_written_is_read),
		cmocka_unit_test(test_a_position_says_lines_and_the_last_id),
		cmocka_unit_test(test_an_acknowledgement_that_was_written_is_read),
		cmocka_unit_test(test_what_is_no_acknowledgement_is_refused),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
