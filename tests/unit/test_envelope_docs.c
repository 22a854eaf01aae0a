/* toll-event(5): every envelope has its words, a record, and the event lines it becomes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/moment.h"
#include "usage/envelope_internal.h"

#define MANUAL "packaging/man/toll-event.5"

enum { FILE_BYTES_MAX = 256 * 1024 };

/* Takes the text up to `end`, and `end`, off the front; absent where it does not come. */
static struct text take_to(struct text *rest, const char *end)
{
	const char *at = memmem(rest->at, rest->len, end, strlen(end));
	struct text taken = { rest->at, at != NULL ? (size_t)(at - rest->at) : 0 };

	if (at == NULL)
		return text_of(NULL);
	rest->len -= taken.len + strlen(end);
	rest->at += taken.len + strlen(end);
	return taken;
}

/* The next literal block, without its line breaks and the blanks behind them. */
static void take_block(struct text *rest, struct buf *out)
{
	struct text block, line;

	assert_non_null(take_to(rest, "\n.Bd -literal\n").at);
	block = take_to(rest, "\n.Ed");
	assert_non_null(block.at);
	buf_clear(out);
	while (text_cut(&block, '\n', &line)) {
		while (line.len > 0 && line.at[0] == ' ') {
			line.at++;
			line.len--;
		}
		for (size_t i = 0; i < line.len; i++) {
			buf_add(out, &line.at[i], 1);
			/* roff's \e is a backslash. */
			i += line.at[i] == '\\' && i + 1 < line.len && line.at[i + 1] == 'e';
		}
	}
}

static void check_example(size_t index, struct text *rest)
{
	struct event_defaults defaults = { .source = { NULL, 0 } };
	struct event_refusal refusal = { .reason = REASON_NONE };
	struct json doc = { .nodes = NULL };
	struct arena arena = { NULL, NULL, 0 };
	struct buf record = { .at = NULL }, line = { .at = NULL };
	const struct envelope *envelope;
	struct envelope_event *events;
	struct event event;
	size_t count;

	take_block(rest, &record);
	take_block(rest, &line);
	assert_true(moment_parse(text_of("2026-11-22T09:00:00Z"), &defaults.now_ms));
	if (json_parse(&doc, buf_text(&record), NULL) < 0)
		fail_msg("%s: no JSON: %s", envelope_name(index), record.at);
	envelope = envelope_find(&doc);
	if (envelope == NULL || strcmp(envelope->name, envelope_name(index)) != 0)
		fail_msg("%s is not recognised: %s", envelope_name(index), record.at);
	assert_int_equal(
		envelope_open(envelope, &doc, &defaults, &arena, &events, &count, &refusal), 0);
	assert_int_equal(count, 1);
	if (!text_equal(events[0].line, buf_text(&line)))
		fail_msg("%s: the manual says\n%s\nbut it becomes\n%.*s", envelope_name(index),
		         line.at, TEXT_ARGS(events[0].line));
	assert_int_equal(event_decode(events[0].line, &defaults, &doc, &arena, &event, &refusal),
	                 0);
	assert_int_equal(refusal.reason, REASON_NONE);
	json_release(&doc);
	arena_release(&arena);
	buf_release(&record);
	buf_release(&line);
}

static void test_every_envelope_has_an_example_that_is_true(void **state)
{
	struct buf manual = { .at = NULL };
	struct text rest;
	struct fault fault;
	char item[80];

	(void)state;
	if (buf_read_file(&manual, MANUAL, FILE_BYTES_MAX, &fault) < 0)
		fail_msg("%s", fault.text);
	rest = buf_text(&manual);
	assert_non_null(take_to(&rest, "\n.Sh ENVELOPES\n").at);
	for (size_t e = 0; envelope_name(e) != NULL; e++) {
		snprintf(item, sizeof(item), "\n.It Cm %s\n", envelope_name(e));
		if (take_to(&rest, item).at == NULL)
			fail_msg("%s lacks the envelope %s, in the order of envelopes.def", MANUAL,
			         envelope_name(e));
		check_example(e, &rest);
	}
	buf_release(&manual);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_envelope_has_an_example_that_is_true),
	};

	return cmocka_run_group_tests_name("envelope documents", tests, NULL, NULL);
}
