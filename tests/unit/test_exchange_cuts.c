/*
 * Recorded streams that a client left: cut behind every byte, they are taken as far as they tell,
 * and never refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/recording.h"

static void decode_text(struct recording *r, struct buf *line, const char *api, struct text text,
                        struct recorded_event *out)
{
	buf_clear(line);
	buf_addf(line,
	         "{\"id\":\"e\",\"source\":\"s\",\"time\":\"2026-08-01T00:00:00Z\","
	         "\"account\":\"a\",\"model\":\"m\",\"api\":\"%s\",\"sse\":",
	         api);
	buf_add_json(line, text);
	buf_add_cstr(line, "}");
	recording_decode(r, buf_text(line), out);
}

/* A cut inside a character is not one of a text; the line would be refused for its UTF-8. */
static void cut_everywhere(struct recording *r, const char *api, struct text id, struct text whole)
{
	struct buf line = { .at = NULL };
	struct recorded_event got;

	for (size_t len = 0; len <= whole.len; len++) {
		struct text text = { whole.at, len };

		if (len > 0 && !text_utf8(text))
			continue;
		decode_text(r, &line, api, text, &got);
		if (got.refusal.reason != REASON_NONE)
			fail_msg("%.*s, %zu bytes: %s", TEXT_ARGS(id), len, got.refusal.detail);
		if (got.event.provenance == PROVENANCE_NONE)
			assert_int_equal(recorded_tokens(&got.event.usage), 0);
		if (len < whole.len / 2)
			assert_int_equal(got.event.settlement, SETTLEMENT_ABANDONED);
	}
	buf_release(&line);
}

/*
 * Vertex AI tells its traffic in every chunk and the counts in the last; of a request with tools
 * the total falls from step to step.
 */
static void test_a_stream_of_google_that_is_cut_is_never_refused(void **state)
{
	static const char *const streams[] = { "ex-382c1e2914d1", "ex-df2760f53885",
		                               "ex-96101a2c3e71", "ex-e9dc9875a999",
		                               "ex-105460bce25d" };
	struct recording *recording = recording_of(state);
	struct json doc = { .nodes = NULL };

	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
		const struct recorded *e = recording_find(recording, text_of(streams[i]));

		assert_non_null(e);
		assert_int_equal(json_parse(&doc, e->row, NULL), 0);
		cut_everywhere(recording, e->api, e->id,
		               json_string(&doc, json_member(&doc, 0, "response")));
	}
	json_release(&doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_stream_of_google_that_is_cut_is_never_refused),
	};

	return cmocka_run_group_tests_name("exchange_cuts", tests, recording_setup,
	                                   recording_teardown);
}
