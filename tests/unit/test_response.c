/*
 * Whole responses and the streams that break: what is counted, how far it is settled, and what the
 * response says of itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/moment.h"
#include "tests/support/event_line.h"
#include "usage/event.h"
#include "usage/kinds.h"

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

/* {"type":"message_start","message":{"id":"m","usage":{"input_tokens":37,"output_tokens":1}}} */
#define CLAUDE_START                                                                               \
	"eyJ0eXBlIjoibWVzc2FnZV9zdGFydCIsIm1lc3NhZ2UiOnsiaWQiOiJtIiwidXNhZ2UiOnsiaW5wdXRfdG9rZW5z" \
	"IjozNywib3V0cHV0X3Rva2VucyI6MX19fQ=="
/* {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":8}} */
#define CLAUDE_DELTA                                                                               \
	"eyJ0eXBlIjoibWVzc2FnZV9kZWx0YSIsImRlbHRhIjp7InN0b3BfcmVhc29uIjoiZW5kX3R1cm4ifSwidXNhZ2Ui" \
	"Onsib3V0cHV0X3Rva2VucyI6OH19"
/* {"type":"message_stop","amazon-bedrock-invocationMetrics":{... 37, ... 8}} */
#define CLAUDE_STOP                                                                                \
	"eyJ0eXBlIjoibWVzc2FnZV9zdG9wIiwiYW1hem9uLWJlZHJvY2staW52b2NhdGlvbk1ldHJpY3MiOnsiaW5wdXRU" \
	"b2tlbkNvdW50IjozNywib3V0cHV0VG9rZW5Db3VudCI6OH19"

/* ' stands for ", ` for \" inside the text of a stream, and ^ for its line end. */
static const struct row {
	const char *label, *rest;
	const char *expected; /* "counts | settlement provenance | what else it says" */
} rows[] = {
#include "tests/support/response_rows.def"
#include "tests/support/response_rows_bodies.def"
};

static void put_line(struct buf *out, const char *rest, const char *line_end)
{
	buf_clear(out);
	buf_add_cstr(out, "{\"id\":\"e\",\"source\":\"s\",\"time\":\"2026-11-22T08:00:00Z\","
	                  "\"account\":\"a\",\"model\":\"m\",");
	for (const char *c = rest; *c != '\0'; c++) {
		if (*c == '^')
			buf_add_cstr(out, line_end);
		else if (*c == '\'')
			buf_add_cstr(out, "\"");
		else if (*c == '`')
			buf_add_cstr(out, "\\\"");
		else
			buf_add(out, c, 1);
	}
	buf_add_cstr(out, "}");
}

static void put_said(struct buf *out, const struct event *e)
{
	struct buf said = { .at = NULL };

	for (size_t i = 0; i < e->part_count; i++) {
		buf_addf(&said, " part %.*s ", TEXT_ARGS(e->parts[i].model));
		event_line_put_counts(&said, &e->parts[i].usage);
	}
	for (unsigned i = 0; i < e->usage.kind_count; i++) {
		const struct usage_kind *images = &e->usage.kinds[i];
		char kind[KIND_TEXT_BYTES];

		if (component_info[images->component].unit != UNIT_IMAGE) {
			kind_text(images, kind);
			buf_addf(&said, " %lld %s", (long long)images->n, kind);
			continue;
		}
		buf_addf(&said, " %lld x %s %s", (long long)images->n,
		         images->size[0] != '\0' ? images->size : "-",
		         images->quality[0] != '\0' ? images->quality : "-");
	}
	if (e->unknown_path.at != NULL)
		buf_addf(&said, " warns of %.*s", TEXT_ARGS(e->unknown_path));
	if (e->finish_reason.at != NULL)
		buf_addf(&said, " finish %.*s", TEXT_ARGS(e->finish_reason));
	if (e->service_tier.at != NULL)
		buf_addf(&said, " tier %.*s", TEXT_ARGS(e->service_tier));
	if (e->region.at != NULL)
		buf_addf(&said, " region %.*s", TEXT_ARGS(e->region));
	if (e->extra.at != NULL)
		buf_addf(&said, " extra %.*s", TEXT_ARGS(e->extra));
	if (said.len > 0)
		buf_addf(out, " |%.*s", TEXT_ARGS(buf_text(&said)));
	buf_release(&said);
}

struct bench {
	struct event_defaults defaults;
	struct buf line, got;
	struct json doc;
	struct arena arena;
};

static unsigned check_row(struct bench *b, const struct row *row, const char *line_end)
{
	struct event event;
	struct event_refusal refusal;

	put_line(&b->line, row->rest, line_end);
	arena_reset(&b->arena);
	assert_int_equal(event_decode(buf_text(&b->line), &b->defaults, &b->doc, &b->arena, &event,
	                              &refusal),
	                 0);
	buf_clear(&b->got);
	if (refusal.reason != REASON_NONE) {
		buf_addf(&b->got, "%s: %s", reason_name(refusal.reason), refusal.detail);
	} else {
		event_line_put_counts(&b->got, &event.usage);
		buf_addf(&b->got, " | %s %s", settlement_name(event.settlement),
		         provenance_name(event.provenance));
		put_said(&b->got, &event);
	}
	if (strcmp(b->got.at, row->expected) == 0)
		return 0;
	printf("%s:\n  %s\nwanted\n  %s\n", row->label, b->got.at, row->expected);
	return 1;
}

static void test_a_response_is_counted_as_far_as_it_tells(void **state)
{
	static const char *const line_ends[] = { "\\n", "\\r\\n" };
	struct bench bench = { .line = { .at = NULL } };
	unsigned wrong = 0;

	(void)state;
	assert_true(moment_parse(text_of("2026-11-23T00:00:00Z"), &bench.defaults.now_ms));
	for (size_t i = 0; i < ROWS(rows); i++) {
		for (size_t end = 0; end < ROWS(line_ends); end++)
			wrong += check_row(&bench, &rows[i], line_ends[end]);
	}
	assert_int_equal(wrong, 0);
	buf_release(&bench.line);
	buf_release(&bench.got);
	json_release(&bench.doc);
	arena_release(&bench.arena);
}

/* Cut anywhere: never more than the whole, never a count that nobody told, always an answer. */
static void test_a_stream_that_is_cut_anywhere_tells_no_more_than_it_did(void **state)
{
	static const char whole[] =
		"data: {`type`:`message_start`,`message`:{`usage`:{`input_tokens`:25,"
		"`cache_read_input_tokens`:7,`output_tokens`:1}}}^^"
		"data: {`type`:`message_delta`,`delta`:{`stop_reason`:`end_turn`},`usage`:"
		"{`output_tokens`:90}}^^data: {`type`:`message_stop`}^^";
	struct bench bench = { .line = { .at = NULL } };
	int64_t last = 0;

	(void)state;
	assert_true(moment_parse(text_of("2026-11-23T00:00:00Z"), &bench.defaults.now_ms));
	for (size_t len = 0; len < sizeof(whole); len++) {
		char rest[sizeof(whole) + 64];
		struct event event;
		struct event_refusal refusal;

		snprintf(rest, sizeof(rest), "'api':'anthropic.messages','sse':'%.*s'", (int)len,
		         whole);
		put_line(&bench.line, rest, "\\n");
		arena_reset(&bench.arena);
		assert_int_equal(event_decode(buf_text(&bench.line), &bench.defaults, &bench.doc,
		                              &bench.arena, &event, &refusal),
		                 0);
		if (refusal.reason != REASON_NONE)
			fail_msg("%zu bytes: %s", len, refusal.detail);
		assert_true(event.usage.count[COMPONENT_OUTPUT] >= last);
		last = event.usage.count[COMPONENT_OUTPUT];
		assert_true(last == 0 || last == 1 || last == 90);
		assert_int_equal(event.usage.count[COMPONENT_INPUT], last == 0 ? 0 : 25);
		if (last == 90)
			assert_int_equal(event.settlement, SETTLEMENT_FINAL);
		else
			assert_int_equal(event.settlement, SETTLEMENT_ABANDONED);
		assert_int_equal(event.provenance, last == 0   ? PROVENANCE_NONE
		                                   : last == 1 ? PROVENANCE_PARTIAL
		                                               : PROVENANCE_REPORTED);
	}
	assert_int_equal(last, 90);
	buf_release(&bench.line);
	json_release(&bench.doc);
	arena_release(&bench.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_response_is_counted_as_far_as_it_tells),
		cmocka_unit_test(test_a_stream_that_is_cut_anywhere_tells_no_more_than_it_did),
	};

	return cmocka_run_group_tests_name("response", tests, NULL, NULL);
}
