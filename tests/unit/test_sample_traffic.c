#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/moment.h"
#include "tests/support/sample_traffic.h"
#include "usage/event.h"

enum { EVENTS = 5000, RESEND_PERCENT = 7 };

static struct sample_traffic traffic_of(uint64_t seed)
{
	struct sample_traffic traffic = { .seed = seed, .events = EVENTS };

	assert_true(moment_parse_date(text_of("2026-11-22"), &traffic.day_ms));
	return traffic;
}

static int keep(void *context, struct buf *out)
{
	buf_add_text(context, buf_text(out));
	buf_clear(out);
	return 0;
}

static void day_of(uint64_t seed, struct buf *day)
{
	struct sample_traffic traffic = traffic_of(seed);

	assert_int_equal(sample_day(&traffic, RESEND_PERCENT, keep, day), 0);
	assert_int_equal(day->error, 0);
}

static void test_a_seed_always_gives_the_same_bytes(void **state)
{
	struct buf one = { .at = NULL }, same = { .at = NULL }, other = { .at = NULL };

	(void)state;
	day_of(41, &one);
	day_of(41, &same);
	day_of(42, &other);
	assert_true(text_equal(buf_text(&one), buf_text(&same)));
	assert_false(text_equal(buf_text(&one), buf_text(&other)));
	buf_release(&one);
	buf_release(&same);
	buf_release(&other);
}

struct tally {
	unsigned lines, refused, errors, streams, unpriced;
	unsigned openai, anthropic, google, embeddings, images;
};

static void count_line(struct text line, struct json *doc, struct tally *tally)
{
	const struct event_defaults defaults = { .now_ms = INT64_C(1795478400000) };
	struct event_refusal refusal;
	struct arena arena = { 0 };
	struct event event;

	assert_int_equal(event_decode(line, &defaults, doc, &arena, &event, &refusal), 0);
	tally->lines++;
	if (refusal.reason != REASON_NONE) {
		assert_string_equal(reason_name(refusal.reason), "syntax");
		tally->refused++;
	} else {
		assert_null(event.unknown_path.at);
		tally->errors += event.status >= 400;
		tally->streams += event.stream;
		tally->unpriced += text_is(event.model, "acme/unlisted-1");
		tally->openai += text_is(event.api, "openai.chat");
		tally->anthropic += text_is(event.api, "anthropic.messages");
		tally->google += text_is(event.api, "google.generate");
		tally->embeddings += text_is(event.api, "openai.embeddings");
		tally->images += event.usage.count[COMPONENT_IMAGES_OUT] > 0;
	}
	arena_release(&arena);
}

static void test_a_day_has_everything_and_one_broken_line(void **state)
{
	struct buf day = { .at = NULL };
	struct tally tally = { 0 };
	struct json doc = { 0 };
	struct text rest, line;

	(void)state;
	day_of(1, &day);
	rest = buf_text(&day);
	while (rest.len > 0 && text_cut(&rest, '\n', &line))
		count_line(line, &doc, &tally);
	assert_int_equal(tally.lines, EVENTS + EVENTS * RESEND_PERCENT / 100 + 1);
	assert_int_equal(tally.refused, 1);
	assert_in_range(tally.unpriced, EVENTS / SAMPLE_UNPRICED_EVERY, EVENTS / 400);
	assert_in_range(tally.errors, EVENTS / 50, EVENTS / 20);
	assert_in_range(tally.streams, EVENTS / 4, EVENTS / 2);
	assert_true(tally.openai > EVENTS / 3 && tally.anthropic > EVENTS / 6);
	assert_true(tally.google > EVENTS / 8 && tally.embeddings > EVENTS / 50);
	assert_true(tally.images > EVENTS / 100);
	json_release(&doc);
	buf_release(&day);
}

static void test_bench_lines_are_priced_events_of_the_size_they_promise(void **state)
{
	struct sample_traffic traffic = traffic_of(3);
	struct event_defaults defaults = { text_of("gw-1"), INT64_C(1795478400000) };
	struct buf out = { .at = NULL };
	struct json doc = { 0 };
	size_t bytes = 0;

	(void)state;
	for (uint64_t i = 0; i < 1000; i++) {
		struct event_refusal refusal;
		struct arena arena = { 0 };
		struct event event;

		buf_clear(&out);
		sample_bench_line(&traffic, i, &out);
		bytes += out.len;
		assert_int_equal(event_decode((struct text){ out.at, out.len - 1 }, &defaults, &doc,
		                              &arena, &event, &refusal),
		                 0);
		assert_int_equal(refusal.reason, REASON_NONE);
		arena_release(&arena);
	}
	assert_in_range(bytes / 1000, SAMPLE_BENCH_BYTES - 5, SAMPLE_BENCH_BYTES + 5);
	json_release(&doc);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_seed_always_gives_the_same_bytes),
		cmocka_unit_test(test_a_day_has_everything_and_one_broken_line),
		cmocka_unit_test(test_bench_lines_are_priced_events_of_the_size_they_promise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
