#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "statement/csv.h"
#include "statement/read.h"
#include "tests/support/pieces.h"

/* Cells between bars, a record a line, with the line that it begins in: "1|a|b|\n". */
static int note_record(void *context, const struct text *cells, size_t count, int64_t line,
                       struct fault *fault)
{
	struct buf *out = context;

	(void)fault;
	buf_addf(out, "%lld", (long long)line);
	for (size_t i = 0; i < count; i++)
		buf_addf(out, "|%.*s", TEXT_ARGS(cells[i]));
	buf_add_cstr(out, "|\n");
	return 0;
}

static void start(void *parser, struct buf *out)
{
	*(struct statement_csv *)parser = (struct statement_csv){ .name = "a.csv",
		                                                  .each = note_record,
		                                                  .context = out };
}

static int feed(void *parser, struct text piece, bool last, struct fault *fault)
{
	return statement_csv_feed(parser, piece, last, fault);
}

static void release(void *parser)
{
	statement_csv_release(parser);
}

static const struct pieces_parser csv_parser = { start, feed, release };

static int read_pieces(struct text text, size_t piece, struct buf *out, struct fault *fault)
{
	struct statement_csv csv;

	return pieces_read(&csv_parser, &csv, text, piece, piece, out, fault);
}

static const struct pieces_row rows[] = {
	{ "plain", "a,b\n1,2\n", 0, "1|a|b|\n2|1|2|\n" },
	{ "no newline at the end", "a,b\n1,2", 0, "1|a|b|\n2|1|2|\n" },
	{ "CRLF", "a,b\r\n1,2\r\n", 0, "1|a|b|\n2|1|2|\n" },
	{ "CR at the end", "a,b\r\n1,2\r", 0, "1|a|b|\n2|1|2|\n" },
	{ "one column", "a\n1\n2\n", 0, "1|a|\n2|1|\n3|2|\n" },
	{ "semicolons", "a;b;c,d\n1;2;3,5\n", 0, "1|a|b|c,d|\n2|1|2|3,5|\n" },
	{ "tabs", "a\tb\n1\t2\n", 0, "1|a|b|\n2|1|2|\n" },
	{ "bars", "a|b|c\n1|2|3\n", 0, "1|a|b|c|\n2|1|2|3|\n" },
	{ "the delimiter is not what is quoted", "\"a,b,c\";d\n1;2\n", 0, "1|a,b,c|d|\n2|1|2|\n" },
	{ "quoted", "\"a\",\"b\"\n\"1\",\"\"\n", 0, "1|a|b|\n2|1||\n" },
	{ "a quoted delimiter", "a,b\n\"1,5\",2\n", 0, "1|a|b|\n2|1,5|2|\n" },
	{ "doubled quotes", "a,b\n\"say \"\"yes\"\"\",\"\"\"\"\n", 0,
	  "1|a|b|\n2|say \"yes\"|\"|\n" },
	{ "quoted newlines", "a,b\n\"1\n2\r\n3\",4\n5,6\n", 0, "1|a|b|\n2|1\n2\r\n3|4|\n5|5|6|\n" },
	{ "a newline in the header", "\"a\nb\",c\n1,2\n", 0, "1|a\nb|c|\n3|1|2|\n" },
	{ "empty lines", "\na,b\n\n1,2\r\n\r\n\n3,4\n", 0, "2|a|b|\n4|1|2|\n7|3|4|\n" },
	{ "empty cells", "a,b,c\n,,\n1,,\n", 0, "1|a|b|c|\n2||||\n3|1|||\n" },
	{ "quotes at the end of all", "a,b\n1,\"2\"", 0, "1|a|b|\n2|1|2|\n" },
	{ "nothing", "", 0, "" },
	{ "only newlines", "\n\r\n\n", 0, "" },
	{ "a quote that is not closed", "a,b\n1,2\n3,\"4\n5,6\n", -FAULT_SYNTAX,
	  "a.csv: line 3: a quote is opened and not closed" },
	{ "a quote that is not closed, doubled", "a,b\n1,\"2\"\"", -FAULT_SYNTAX, "line 2" },
	{ "a quote within", "a,b\n1,2\"\n", -FAULT_SYNTAX, "line 2: a quote within a cell" },
	{ "text behind a quote", "a,b\n\"1\"x,2\n", -FAULT_SYNTAX, "line 2: text behind" },
	{ "a carriage return alone", "a,b\r1,2\r", -FAULT_SYNTAX, "tr '\\r' '\\n'" },
	{ "a carriage return within", "a,b\n1\r2,3\n", -FAULT_SYNTAX, "line 2: a carriage" },
};

static void test_records_are_the_same_however_they_are_cut(void **state)
{
	struct statement_csv csv;

	(void)state;
	pieces_check(&csv_parser, &csv, rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_a_byte_of_0_is_told(void **state)
{
	static const char bytes[] = "a,b\n1,\0002\n";
	struct buf out = { .at = NULL };
	struct fault fault;

	(void)state;
	assert_int_equal(read_pieces((struct text){ bytes, sizeof(bytes) - 1 }, 3, &out, &fault),
	                 -FAULT_SYNTAX);
	assert_non_null(strstr(fault.text, "line 2: a byte of 0"));
	buf_release(&out);
}

/* A quote that nobody closes must not take the memory of the machine. */
static void test_a_record_without_end_is_refused(void **state)
{
	enum { PIECE = 1024 * 1024 };
	struct buf out = { .at = NULL };
	struct statement_csv csv = { .name = "a.csv", .each = note_record, .context = &out };
	char *piece = malloc(PIECE);
	struct fault fault;
	int r, pieces = 0;

	(void)state;
	memset(piece, 'x', PIECE);
	r = statement_csv_feed(&csv, text_of("a,b\n1,\""), false, &fault);
	for (; r == 0; pieces++) {
		assert_true(pieces <= 2 * (STATEMENT_RECORD_BYTES_MAX / PIECE) + 2);
		r = statement_csv_feed(&csv, (struct text){ piece, PIECE }, false, &fault);
	}
	assert_int_equal(r, -FAULT_RANGE);
	assert_non_null(strstr(fault.text, "line 2"));
	assert_true(pieces >= STATEMENT_RECORD_BYTES_MAX / PIECE);
	statement_csv_release(&csv);
	free(piece);
	buf_release(&out);
}

static void test_the_largest_record_is_read(void **state)
{
	struct buf out = { .at = NULL }, in = { .at = NULL };
	struct fault fault;
	char *room;

	(void)state;
	buf_add_cstr(&in, "a,b\n1,\"");
	room = buf_room(&in, STATEMENT_RECORD_BYTES_MAX - 5);
	memset(room, 'x', STATEMENT_RECORD_BYTES_MAX - 5);
	in.len += STATEMENT_RECORD_BYTES_MAX - 5;
	buf_add_cstr(&in, "\"\n");
	assert_int_equal(in.len, 4 + STATEMENT_RECORD_BYTES_MAX);
	assert_int_equal(read_pieces(buf_text(&in), 65536, &out, &fault), 0);
	in.len -= 2;
	buf_add_cstr(&in, "x\"\n");
	assert_int_equal(read_pieces(buf_text(&in), 65536, &out, &fault), -FAULT_RANGE);
	buf_release(&in);
	buf_release(&out);
}

static void test_too_many_cells_are_refused(void **state)
{
	struct buf out = { .at = NULL }, in = { .at = NULL };
	struct fault fault;

	(void)state;
	for (int i = 1; i < STATEMENT_COLUMNS_MAX; i++)
		buf_add_cstr(&in, ",");
	assert_int_equal(read_pieces(buf_text(&in), 1000, &out, &fault), 0);
	buf_add_cstr(&in, ",");
	assert_int_equal(read_pieces(buf_text(&in), 1000, &out, &fault), -FAULT_RANGE);
	buf_release(&in);
	buf_release(&out);
}

static int stop(void *context, const struct text *cells, size_t count, int64_t line,
                struct fault *fault)
{
	(void)cells;
	(void)count;
	(void)line;
	(void)fault;
	return ++*(int *)context == 2 ? 7 : 0;
}

static void test_who_takes_records_can_end_it(void **state)
{
	int records = 0;
	struct statement_csv csv = { .name = "a.csv", .each = stop, .context = &records };

	(void)state;
	assert_int_equal(statement_csv_feed(&csv, text_of("a\nb\nc\n"), true, NULL), 7);
	assert_int_equal(records, 2);
	statement_csv_release(&csv);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records_are_the_same_however_they_are_cut),
		cmocka_unit_test(test_a_byte_of_0_is_told),
		cmocka_unit_test(test_a_record_without_end_is_refused),
		cmocka_unit_test(test_the_largest_record_is_read),
		cmocka_unit_test(test_too_many_cells_are_refused),
		cmocka_unit_test(test_who_takes_records_can_end_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
