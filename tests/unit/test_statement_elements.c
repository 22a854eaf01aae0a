#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "statement/elements.h"
#include "statement/read.h"
#include "tests/support/pieces.h"

/* "1 {...}\n" for an element with its line, "1 around {...}\n" for what was around a list. */
static int note_element(void *context, struct text json, int64_t line, struct fault *fault)
{
	(void)fault;
	buf_addf(context, "%lld %.*s\n", (long long)line, TEXT_ARGS(json));
	return 0;
}

static int note_around(void *context, struct text json, int64_t line, struct fault *fault)
{
	(void)fault;
	buf_addf(context, "%lld around %.*s\n", (long long)line, TEXT_ARGS(json));
	return 0;
}

static struct statement_elements elements_into(struct buf *out)
{
	return (struct statement_elements){
		.name = "a.json", .element = note_element, .around = note_around, .context = out
	};
}

static void start(void *parser, struct buf *out)
{
	*(struct statement_elements *)parser = elements_into(out);
}

static int feed(void *parser, struct text piece, bool last, struct fault *fault)
{
	return statement_elements_feed(parser, piece, last, fault);
}

static void release(void *parser)
{
	statement_elements_release(parser);
}

static const struct pieces_parser elements_parser = { start, feed, release };

static const struct pieces_row rows[] = {
	{ "an object", "{\"a\":1}", 0, "1 {\"a\":1}\n" },
	{ "an empty object", " { } ", 0, "1 {}\n" },
	{ "lines", "{\"a\":1}\n{\"a\":2}\n", 0, "1 {\"a\":1}\n2 {\"a\":2}\n" },
	{ "without newlines", "{\"a\":1}{\"a\":2}", 0, "1 {\"a\":1}\n1 {\"a\":2}\n" },
	{ "a list", "[{\"a\":1},\n {\"b\":[2,{}]}]\n", 0, "1 {\"a\":1}\n2 {\"b\":[2,{}]}\n" },
	{ "an empty list", "[ ]", 0, "" },
	{ "two lists", "[{}]\n[{}]", 0, "1 {}\n2 {}\n" },
	{ "a page", "{\"object\":\"page\",\"data\":[{\"a\":1},{\"a\":2}],\"has_more\":false}", 0,
	  "1 {\"a\":1}\n1 {\"a\":2}\n1 around {\"object\":\"page\",\"data\":null,"
	  "\"has_more\":false}\n" },
	{ "an empty page", "{\"data\":[]}", 0, "1 around {\"data\":null}\n" },
	{ "pages", "{\"data\":[{}],\"n\":1}\n{\"n\":2,\"data\":[\n{}]}", 0,
	  "1 {}\n1 around {\"data\":null,\"n\":1}\n3 {}\n2 around {\"n\":2,\"data\":null}\n" },
	{ "data within data", "{\"data\":{\"data\":[{\"a\":1}],\"metadata\":{\"t\":true}}}", 0,
	  "1 {\"a\":1}\n1 around {\"data\":{\"data\":null,\"metadata\":{\"t\":true}}}\n" },
	{ "an object in data", "{\"data\":{\"id\":\"x\",\"n\":[1]}}", 0,
	  "1 {\"data\":{\"id\":\"x\",\"n\":[1]}}\n" },
	{ "data three deep is a member", "{\"data\":{\"data\":{\"data\":[1]}}}", 0,
	  "1 {\"data\":{\"data\":{\"data\":[1]}}}\n" },
	{ "data that is a number", "{\"data\":5}", 0, "1 {\"data\":5}\n" },
	{ "data of a member", "{\"x\":{\"data\":[1]}}", 0, "1 {\"x\":{\"data\":[1]}}\n" },
	{ "a second list is a member", "{\"data\":[{}],\"data\":[{}]}", 0,
	  "1 {}\n1 around {\"data\":null,\"data\":[{}]}\n" },
	{ "brackets in texts", "[{\"a\":\"]}\\\"{[\\\\\"},{\"b\":\"\\\\\"}]", 0,
	  "1 {\"a\":\"]}\\\"{[\\\\\"}\n1 {\"b\":\"\\\\\"}\n" },
	{ "scalars", "[1,\"a\",null,-2.5e3]", 0, "1 1\n1 \"a\"\n1 null\n1 -2.5e3\n" },
	{ "a number at the end", "1 23", 0, "1 1\n1 23\n" },
	{ "a key with an escape is another", "{\"d\\u0061ta\":[1]}", 0,
	  "1 {\"d\\u0061ta\":[1]}\n" },
	{ "nothing", "", 0, "" },
	{ "blanks", " \n\t\r\n", 0, "" },
	{ "cut in a list", "[{\"a\":1}", -FAULT_SYNTAX, "cut at its end" },
	{ "cut behind a comma", "[{\"a\":1},", -FAULT_SYNTAX, "cut at its end" },
	{ "cut in an element", "[{\"a\":1},\n{\"a\":", -FAULT_SYNTAX,
	  "line 2: the statement is cut" },
	{ "cut in a text", "{\"a\":\"b", -FAULT_SYNTAX, "cut at its end" },
	{ "cut behind a list", "{\"data\":[{}]", -FAULT_SYNTAX, "cut at its end" },
	{ "cut behind the object in data", "{\"data\":{\"a\":1}", -FAULT_SYNTAX, "cut at its end" },
	{ "no comma", "[{} {}]", -FAULT_SYNTAX, "no comma between two elements" },
	{ "no comma between members", "{\"a\":1 \"b\":2}", -FAULT_SYNTAX,
	  "no comma between two members" },
	{ "no colon", "{\"a\" 1}", -FAULT_SYNTAX, "no colon" },
	{ "no key", "{1:2}", -FAULT_SYNTAX, "no member" },
	{ "a comma at the end of an object", "{\"a\":1,}", -FAULT_SYNTAX, "no member" },
};

static void test_elements_are_the_same_however_they_are_cut(void **state)
{
	struct statement_elements elements;

	(void)state;
	pieces_check(&elements_parser, &elements, rows, sizeof(rows) / sizeof(rows[0]));
}

/* Feeds `begin` and then x until it is refused; how many bytes that took. */
static size_t refused_after(const char *begin, struct fault *fault)
{
	enum { PIECE = 1024 * 1024 };
	struct buf out = { .at = NULL };
	struct statement_elements elements = elements_into(&out);
	char *piece = malloc(PIECE);
	size_t fed = 0;
	int r;

	memset(piece, 'x', PIECE);
	r = statement_elements_feed(&elements, text_of(begin), false, fault);
	for (; r == 0 && fed <= 3 * (size_t)STATEMENT_RECORD_BYTES_MAX; fed += PIECE)
		r = statement_elements_feed(&elements, (struct text){ piece, PIECE }, false, fault);
	assert_int_equal(r, -FAULT_RANGE);
	statement_elements_release(&elements);
	free(piece);
	buf_release(&out);
	return fed;
}

static void test_an_element_without_end_is_refused(void **state)
{
	struct fault fault;
	size_t max = STATEMENT_RECORD_BYTES_MAX, room = 2 * 1024 * 1024;

	(void)state;
	assert_in_range(refused_after("[\"", &fault), max, max + room);
	assert_non_null(strstr(fault.text, "an element of more than 16 MiB"));
	assert_in_range(refused_after("{\"a\":\"", &fault), max, max + room);
}

/* What is around a list is kept: it is bounded, too, where each member of it is small. */
static void test_an_object_without_end_is_refused(void **state)
{
	struct buf out = { .at = NULL };
	struct statement_elements elements = elements_into(&out);
	struct fault fault;
	int r = statement_elements_feed(&elements, text_of("{\"data\":[],\"a\":1"), false, &fault);
	int64_t members = 0;

	(void)state;
	for (; r == 0 && members < 3 * STATEMENT_RECORD_BYTES_MAX; members++)
		r = statement_elements_feed(&elements, text_of(",\"bcdefghijklmnop\":1"), false,
		                            &fault);
	assert_int_equal(r, -FAULT_RANGE);
	assert_non_null(strstr(fault.text, "an object of more than 16 MiB"));
	statement_elements_release(&elements);
	buf_release(&out);
}

static int stop(void *context, struct text json, int64_t line, struct fault *fault)
{
	(void)json;
	(void)line;
	(void)fault;
	return ++*(int *)context == 2 ? 1 : 0;
}

static void test_who_takes_elements_can_end_it(void **state)
{
	int elements_seen = 0;
	struct statement_elements elements = {
		.name = "a.json", .element = stop, .around = stop, .context = &elements_seen
	};

	(void)state;
	assert_int_equal(statement_elements_feed(&elements, text_of("[{},{},{}]"), true, NULL), 1);
	assert_int_equal(elements_seen, 2);
	statement_elements_release(&elements);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_elements_are_the_same_however_they_are_cut),
		cmocka_unit_test(test_an_element_without_end_is_refused),
		cmocka_unit_test(test_an_object_without_end_is_refused),
		cmocka_unit_test(test_who_takes_elements_can_end_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
