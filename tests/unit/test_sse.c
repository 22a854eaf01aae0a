/*
 * The splitter of event streams: a table of each rule, what must hold wherever a text is cut,
 * and the streams that were recorded of real providers (../shared/data, not part of the
 * project).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "tests/support/fixture.h"
#include "tests/support/sse_invariants.h"
#include "usage/sse.h"

enum { LONG_LINES = 200000 };

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

/*
 * Due: each event as "name|data" and a "~" behind it where it was not ended, "!" where it is
 * [DONE]; LF within data as "\n", and a LF between two events.
 */
static const struct {
	const char *label, *text, *due;
} splits[] = {
	{ "nothing", "", "" },
	{ "a blank line", "\n", "" },
	{ "one event", "data: x\n\n", "|x" },
	{ "CRLF", "data: x\r\n\r\ndata: y\r\n\r\n", "|x\n|y" },
	{ "CR", "data: x\r\rdata: y\r\r", "|x\n|y" },
	{ "line ends mixed", "data: x\r\n\ndata: y\n\rdata: z\r\r\n", "|x\n|y\n|z" },
	{ "LF CR is two line ends", "data: x\n\r\ndata: y\n\n", "|x\n|y" },
	{ "no blank behind the colon", "data:x\n\n", "|x" },
	{ "one blank is left out", "data:  x\n\n", "| x" },
	{ "a tab is not", "data:\tx\n\n", "|\tx" },
	{ "blanks at the end stay", "data: x \n\n", "|x " },
	{ "byte order mark",
	  "\xef\xbb\xbf"
	  "data: x\n\n",
	  "|x" },
	{ "a second mark is part of a name",
	  "\xef\xbb\xbf\xef\xbb\xbf"
	  "data: x\n\n",
	  "" },
	{ "a mark later is part of a name",
	  "\n\xef\xbb\xbf"
	  "data: x\n\n",
	  "" },
	{ "half a mark", "\xef\xbb", "" },
	{ "comment", ": data: x\n:\n:data: x\ndata: y\n: z\n\n", "|y" },
	{ "comments alone end no event", ": a\n\n: b\n\ndata: y\n\n", "|y" },
	{ "name", "event: a\ndata: x\n\ndata: y\n\n", "a|x\n|y" },
	{ "name behind the data", "data: x\nevent: a\n\n", "a|x" },
	{ "the last name counts", "event: a\nevent: b\ndata: x\n\n", "b|x" },
	{ "the last name counts, behind the data", "event: a\ndata: x\nevent: b\n\n", "b|x" },
	{ "an empty name is none", "event: a\nevent:\ndata: x\n\nevent\ndata: y\n\n", "|x\n|y" },
	{ "a name without data is no event", "event: a\n\ndata: x\n\n", "|x" },
	{ "id and retry", "id: 7\nretry: 10\ndata: x\nid\n\nid: 8\n\n", "|x" },
	{ "an unknown field", "foo: 1\ndata: x\nbar\n\n", "|x" },
	{ "a field's name is exact", " data: x\n\nData: x\n\ndata : x\n\ndatax: x\n\n", "" },
	{ "several lines", "data: a\ndata: b\ndata:  c\n\n", "|a\\nb\\n c" },
	{ "several lines and others between", "data: a\n: c\nid: 1\nfoo\ndata: b\n\n", "|a\\nb" },
	{ "several lines, CRLF", "data: a\r\ndata: b\r\n\r\n", "|a\\nb" },
	/* As the standard's own example has it. */
	{ "data without a colon", "data\n\ndata\ndata\n\ndata:", "|\n|\\n\n|~" },
	{ "a colon in the value", "data: a: b\n\n", "|a: b" },
	{ "done", "data: [DONE]\n\n", "|[DONE]!" },
	{ "done, blanks around", "data:  [DONE] \n\n", "| [DONE] !" },
	{ "not done", "data: [done]\n\ndata: \"[DONE]\"\n\n", "|[done]\n|\"[DONE]\"" },
	{ "done with a name", "event: done\ndata: [DONE]\n\n", "done|[DONE]!" },
	/* Cut. */
	{ "no blank line at the end", "data: x\n\ndata: y\n", "|x\n|y~" },
	{ "no line end at the end", "data: x\n\ndata: y", "|x\n|y~" },
	{ "cut in the mark of done", "data: [DON", "|[DON~" },
	{ "cut in a field's name", "data: x\n\ndat", "|x" },
	{ "cut between CR and LF", "data: x\r\n\r", "|x" },
	{ "cut behind a name", "data: x\n\nevent: y\n", "|x" },
	{ "cut at the front", "\":1}\n\ndata: x\n\n", "|x" },
	/* JSON on several lines stays one. */
	{ "JSON in lines", "data: {\"a\":\ndata: {}\ndata: }\n\n", "|{\"a\":\\n{}\\n}" },
	{ "an array in lines", "data: [\ndata: {},\ndata: {}\ndata: ]\n\n", "|[\\n{},\\n{}\\n]" },
	{ "an array in lines of arrays", "data: [[1],\ndata: [2]\ndata: ]\n\n",
	  "|[[1],\\n[2]\\n]" },
	/* A log that has lost its blank lines. */
	{ "no blank lines", "data: {1}\ndata: {2}\ndata: [DONE]\n", "|{1}\n|{2}\n|[DONE]!~" },
	{ "no blank lines, names first", "event: a\ndata: {1}\nevent: b\ndata: {2}\n",
	  "a|{1}\nb|{2}~" },
	{ "no blank lines, names last", "data: {1}\nevent: a\ndata: {2}\nevent: b\n",
	  "a|{1}\nb|{2}~" },
	{ "no blank lines, one with a name", "event: a\ndata: {1}\ndata: {2}\n", "a|{1}\n|{2}~" },
	{ "a name is of one event", "event: a\ndata: {1}\nevent: b\ndata: {2}\n\ndata: {3}\n\n",
	  "a|{1}\nb|{2}\n|{3}" },
	{ "no blank lines, arrays", "data: [1] \ndata:  [2]\n\n", "|[1] \n| [2]" },
	{ "no blank lines, the first in lines", "data: {\ndata: }\ndata: {2}\n\n", "|{\\n}\n|{2}" },
	{ "an empty line of data between", "data: {1}\ndata:\ndata: {2}\n\n", "|{1}\\n\n|{2}" },
	/* Lines of JSON. */
	{ "JSON lines", "{\"a\":1}\n{\"b\":2}\n", "|{\"a\":1}\n|{\"b\":2}" },
	{ "JSON lines, CRLF, blank lines", "{1}\r\n\r\n{2}\r\n", "|{1}\n|{2}" },
	{ "JSON lines without the last line end", "{1}\n{2}", "|{1}\n|{2}~" },
	{ "JSON lines, cut", "{1}\n{\"b\":", "|{1}\n|{\"b\":~" },
	{ "the first JSON line, cut", "{\"a\":", "|{\"a\":~" },
	{ "JSON lines behind a mark", "\xef\xbb\xbf{1}\n{2}\n", "|{1}\n|{2}" },
	{ "JSON lines and done", "{1}\n[DONE]\n", "|{1}\n|[DONE]!" },
	{ "done first", "[DONE]\n{1}\n", "|[DONE]!\n|{1}" },
	{ "JSON lines with names", "event: a\n{1}\n\nevent: b\n{2}\n", "a|{1}\nb|{2}" },
	{ "a blank behind a JSON line", "{1} \n{2}\t\n", "|{1} \n|{2}\t" },
	{ "an error within a stream", "data: {1}\n\n{\"error\":{}}\n", "|{1}\n|{\"error\":{}}" },
	{ "an error behind data", "data: {1}\n{\"error\":{}}\n\n", "|{1}\n|{\"error\":{}}" },
	{ "half a JSON line between", "{1}\n{\"b\":\n{3}\n", "|{1}\n|{3}" },
	{ "half a JSON line behind data", "data: {1}\n{\"b\":\n\n", "|{1}" },
	{ "more than done behind data", "data: {1}\n[DONE] or not\ndata: x\n\n", "|{1}\n|x" },
	{ "a JSON line in other data", "data: {\"a\":\n{1}\ndata: 2}\n\n", "|{\"a\":\\n2}" },
	/* The same with blanks before them; to the standard a field of an unknown name. */
	{ "JSON lines, blanks first", " {1}\n\t{2}\n \t {3}", "| {1}\n|\t{2}\n| \t {3}~" },
	{ "JSON lines, blanks first, CRLF", " {1}\r\n\r\n {2} \r\n", "| {1}\n| {2} " },
	{ "JSON lines, blanks first, CR", "{1}\r {2}\r", "|{1}\n| {2}" },
	{ "JSON lines, blanks behind a mark", "\xef\xbb\xbf {1}\n {2}\n", "| {1}\n| {2}" },
	{ "JSON lines, blanks first, cut", "{1}\n {\"b\":", "|{1}\n| {\"b\":~" },
	{ "JSON lines, cut behind the blanks", "{1}\n  ", "|{1}" },
	{ "JSON lines, blanks first, and done", " {1}\n [DONE]\n", "| {1}\n| [DONE]!" },
	{ "done first, blanks first", " [DONE]\n {1}\n", "| [DONE]!\n| {1}" },
	{ "JSON lines, blanks first, with names", "event: a\n {1}\n\nevent: b\n {2}\n",
	  "a| {1}\nb| {2}" },
	{ "an error behind data, a blank first", "data: {1}\n {\"error\":{}}\n\n",
	  "|{1}\n| {\"error\":{}}" },
	{ "a JSON line in other data, a blank first", "data: {\"a\":\n {1}\ndata: 2}\n\n",
	  "|{\"a\":\\n2}" },
	{ "half a JSON line among others, blanks first", " {1}\n {\"b\":\n {3}\n", "| {1}\n| {3}" },
	{ "an object in lines behind data", "data: {1}\n\n{\n \"a\":[\n  {2}\n ]\n}\n {3}\n",
	  "|{1}\n| {3}" },
	{ "an object in lines behind data, and cut", "data: {1}\n\n{\n  {2}\n\n {3}\n",
	  "|{1}\n| {3}" },
	{ "other blanks are a part of a name", "{1}\n\v{2}\n\f{3}\n\xc2\xa0{4}\n", "|{1}" },
	/* One document. */
	{ "an object in lines", "{\n\"a\":[\n{\"b\":1}\n]\n}\n", "" },
	{ "an array in lines, bare", "[\n{\"a\":1}\n]\n", "" },
	{ "an array in lines, blanks first", "\n  \n [{\n\"a\":1},\n{\"b\":1}\n]", "" },
	{ "an array", "[{\"a\":1},{\"b\":2}]\n", "" },
	{ "HTML", "<html>\n<body>504</body>\n</html>\n", "" },
};

static void put_data(struct buf *out, struct text data)
{
	for (size_t i = 0; i < data.len; i++) {
		if (data.at[i] == '\n')
			buf_add_cstr(out, "\\n");
		else
			buf_add(out, &data.at[i], 1);
	}
}

static void put_events(struct buf *out, struct text text, struct arena *arena)
{
	struct sse sse;
	struct sse_event event;

	buf_clear(out);
	sse_begin(&sse, text, arena);
	while (sse_next(&sse, &event)) {
		if (out->len > 0)
			buf_add_cstr(out, "\n");
		assert_true((event.name.at == NULL) == (event.name.len == 0));
		buf_add_text(out, event.name);
		buf_add_cstr(out, "|");
		put_data(out, event.data);
		buf_add_cstr(out, event.is_done ? "!" : "");
		buf_add_cstr(out, event.ended ? "" : "~");
	}
	assert_int_equal(sse.error, 0);
	assert_false(sse_next(&sse, &event));
}

static void test_each_rule(void **state)
{
	struct arena arena = { .first = NULL };
	struct buf out = { .at = NULL };

	(void)state;
	for (size_t i = 0; i < ROWS(splits); i++) {
		struct text text = text_of(splits[i].text);

		put_events(&out, text, &arena);
		if (!text_is(buf_text(&out), splits[i].due))
			fail_msg("%s: gave\n%s\nnot\n%s", splits[i].label, out.at, splits[i].due);
	}
	put_events(&out, text_of(NULL), &arena);
	assert_int_equal(out.len, 0);
	buf_release(&out);
	arena_release(&arena);
}

/* Whose bytes an event is made of, and a NUL. */
static void test_data_of_one_line_is_where_it_was(void **state)
{
	static const char text[] = "event: a\ndata: x\0y\n\ndata: 1\ndata: 2\n\n{3}\n";
	struct arena arena = { .first = NULL };
	struct sse_event event;
	struct sse sse;

	(void)state;
	sse_begin(&sse, (struct text){ text, sizeof(text) - 1 }, &arena);
	assert_true(sse_next(&sse, &event));
	assert_ptr_equal(event.name.at, text + 7);
	assert_ptr_equal(event.data.at, text + 15);
	assert_int_equal(event.data.len, 3);
	assert_int_equal(event.lines, 1);
	assert_int_equal(arena.used_bytes, 0);
	assert_true(sse_next(&sse, &event));
	assert_null(event.name.at);
	assert_true(text_is(event.data, "1\n2"));
	assert_int_equal(event.lines, 2);
	assert_true(sse_next(&sse, &event));
	assert_ptr_equal(event.data.at, text + sizeof(text) - 5);
	assert_false(sse_next(&sse, &event));
	arena_release(&arena);
}

static void check_cuts(const char *label, struct text text, size_t step)
{
	struct sse_bench bench = { .copy = NULL };
	const char *wrong = sse_invariants_check(&bench, text);

	for (size_t len = 0; len <= text.len && wrong == NULL; len += step) {
		wrong = sse_invariants_cut(&bench, text, len);
		if (wrong != NULL)
			fail_msg("%s: cut at %zu: %s", label, len, wrong);
	}
	if (wrong != NULL)
		fail_msg("%s: %s", label, wrong);
	sse_invariants_release(&bench);
}

static void test_a_cut_changes_the_last_event_alone(void **state)
{
	static const char sample[] =
		"\xef\xbb\xbf: hello\n\nevent: message_start\ndata: "
		"{\"type\":\"message_start\"}\n\n"
		"data: {\"a\":\ndata: {\"b\":\"\xc3\xa9\"}\ndata: }\nid: 7\n\n: ping\n\n"
		"data: {\"c\":1}\nevent: late\ndata: {\"d\":2}\n\n{\"error\":{}}\n{\"half\":\n"
		"data\n\ndata: [DONE]\n\n";
	struct buf crlf = { .at = NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(sample) - 1; i++) {
		if (sample[i] == '\n')
			buf_add_cstr(&crlf, "\r");
		buf_add(&crlf, &sample[i], 1);
	}
	check_cuts("LF", text_of(sample), 1);
	check_cuts("CRLF", buf_text(&crlf), 1);
	for (size_t i = 0; i < ROWS(splits); i++)
		check_cuts(splits[i].label, text_of(splits[i].text), 1);
	buf_release(&crlf);
}

static void test_many_lines_take_no_longer_than_they_are(void **state)
{
	struct arena arena = { .first = NULL };
	struct buf text = { .at = NULL };
	struct sse_event event;
	struct sse sse;

	(void)state;
	for (int i = 0; i < LONG_LINES; i++)
		buf_add_cstr(&text, "data: 12345678\n");
	sse_begin(&sse, buf_text(&text), &arena);
	assert_true(sse_next(&sse, &event));
	assert_int_equal(event.lines, LONG_LINES);
	assert_int_equal(event.data.len, 9 * LONG_LINES - 1);
	assert_true(arena.used_bytes <= 9 * LONG_LINES + ARENA_ALIGN);
	assert_false(sse_next(&sse, &event));
	buf_release(&text);
	arena_release(&arena);
}

struct recorded {
	size_t streams, events, done, open;
};

/* In what was recorded, each line with data or JSON is an event of its own. */
static size_t count_lines(struct text text)
{
	struct text line;
	size_t lines = 0;

	while (text_cut(&text, '\n', &line))
		lines += line.len > 5 && (line.at[0] == '{' || memcmp(line.at, "data:", 5) == 0);
	return lines;
}

/* Without exception an object, or [DONE]. */
static void check_stream(struct recorded *recorded, struct text id, struct text text)
{
	struct arena arena = { .first = NULL };
	struct json doc = { .nodes = NULL };
	struct sse_event event = { .ended = true };
	struct sse sse;
	size_t events = 0;

	sse_begin(&sse, text, &arena);
	for (; sse_next(&sse, &event); events++) {
		recorded->done += event.is_done;
		if (!event.is_done && (json_parse(&doc, event.data, NULL) < 0 ||
		                       json_type_of(&doc, 0) != JSON_OBJECT))
			fail_msg("%.*s: no JSON: %.*s", TEXT_ARGS(id), TEXT_ARGS(event.data));
	}
	assert_int_equal(sse.error, 0);
	if (events != count_lines(text) || events == 0)
		fail_msg("%.*s: %zu events, not %zu", TEXT_ARGS(id), events, count_lines(text));
	check_cuts("recorded", text, 1 + text.len / 500);
	recorded->streams++;
	recorded->events += events;
	recorded->open += !event.ended;
	arena_release(&arena);
	json_release(&doc);
}

static void test_recorded_streams_are_json(void **state)
{
	struct recorded recorded = { .streams = 0 };
	struct json doc = { .nodes = NULL };
	struct buf file = { .at = NULL };
	struct text rest, line;

	(void)state;
	fixture_need("exchanges_dev_sample.jsonl", &file);
	rest = buf_text(&file);
	while (fixture_line(&rest, &line)) {
		struct text text;

		assert_int_equal(json_parse(&doc, line, NULL), 0);
		text = json_string(&doc, json_member(&doc, 0, "response"));
		if (text.at != NULL)
			check_stream(&recorded, json_string(&doc, json_member(&doc, 0, "id")),
			             text);
	}
	printf("sse: %zu streams, %zu events, %zu of them [DONE], %zu streams without an end\n",
	       recorded.streams, recorded.events, recorded.done, recorded.open);
	assert_int_equal(recorded.streams, 118);
	buf_release(&file);
	json_release(&doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_rule),
		cmocka_unit_test(test_data_of_one_line_is_where_it_was),
		cmocka_unit_test(test_a_cut_changes_the_last_event_alone),
		cmocka_unit_test(test_many_lines_take_no_longer_than_they_are),
		cmocka_unit_test(test_recorded_streams_are_json),
	};

	return cmocka_run_group_tests_name("sse", tests, NULL, NULL);
}
