/*
 * The recorded exchanges as event lines (../shared/data/events-real.ndjson, not part of the
 * project), as a gateway would send them: the usage objects alone, under the api that somebody
 * declared.  Each must count what its exchange counts from its body (test_exchanges.c).
 *
 * Nothing is passed over: each line that is refused, and each that counts something else, must
 * stand in a table below with its reason.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/exceptions.h"
#include "tests/support/fixture.h"
#include "tests/support/recording.h"

enum { LINES_MAX = 4096 };

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

static const struct exception refused[] = {
	{ "ex-2b2dbaaf236f", "missing", "promptTokenCount is missing",
	  "candidates 23, thoughts 67 and no prompt: a part of what is billed is not known" },
	{ "ex-52e08c9b46e4", "identity", "input_tokens fell from 1630 to 1040",
	  "two responses in one line: the last numbers would bill 41 tokens of 158 + 41" },
};

/* The path that is told. */
static const struct exception warned[] = {
	/* 0.0001764 of tokens and 0.015885 of another model, which nothing counts. */
	{ "ex-95aecf5d9fdd", "tool_calls_executed", NULL, "an advisor's call, billed beside" },
	{ "ex-42786d364bc7", "(a cost that is no exact amount)", NULL, "19 decimals" },
	{ "ex-3a0d618566ea", "num_server_side_tools_used", NULL,
	  "a code interpreter of xAI's: billed by call, and no component is made of it" },
	{ "ex-dd98c61dd0c2", "cache_read_input_tokens (taken back to 0)", NULL,
	  "the first object told the compaction's 55096, the last its own 0: the part has them" },
	{ "ex-f3e8a51b4a15", "contentPolicyUnits", NULL, "the guardrail's, billed by AWS apart" },
};

/* The declared api; what the line counts / what its exchange counts. */
static const struct exception differences[] = {
	{ "ex-15c9f23fd067", "openai.responses",
	  " / input=851 cache_read=8448 output=65 "
	  "reasoning=512 searches=1",
	  "a search is an item of the output, not of usage" },
	{ "ex-f78a003210f4", "openai.responses", " / input=8530 output=49 reasoning=49 searches=1",
	  "a search is an item of the output, not of usage" },
	{ "ex-3faf71f584e6", "openai.responses",
	  " / input=1143 cache_read=8320 output=148 "
	  "reasoning=512 searches=1",
	  "a search is an item of the output, not of usage" },
	{ "ex-09472dd7546a", "openai.responses",
	  " / input=4158 cache_write=4418 output=20 "
	  "reasoning=32 searches=1",
	  "a search is an item of the output, not of usage" },
	{ "ex-75768f99f0f1", "openai.responses", " / input=8234 output=45 reasoning=34 searches=1",
	  "a search is an item of the output, not of usage" },
	{ "ex-2dd75e575a50", "openai.chat",
	  "input=5296 output=387 / ; llama-3.3-70b-versatile "
	  "input=138 output=4; meta-llama/llama-4-scout-17b-16e-instruct input=495 output=106; "
	  "meta-llama/llama-4-scout-17b-16e-instruct input=2378 output=55; "
	  "llama-3.3-70b-versatile input=2285 output=222",
	  "Groq: 5296 = 138 + 495 + 2378 + 2285, 387 = 4 + 106 + 55 + 222; the line has the sum" },
};

/*
 * The lines with several objects, by hand: neither expected file has them.  Google's last object
 * has all of the steps before it, Anthropic's numbers are the last of each (7875: a later
 * total of 3337 over the start's split of 3068), the responses of a realtime session add up
 * (6eb8: 63 + 96 of which 64 were cached), a guardrail's objects count nothing.
 */
static const struct {
	const char *id, *counts;
} streams[] = {
	{ "ex-c43723f5e16f", "input=29 output=15 reasoning=804" },
	{ "ex-9d7616454d5e", "input=13 output=71 reasoning=137" },
	{ "ex-177a43b9c67a", "input=20 output=5" },
	{ "ex-8e7a33db9e2d", "input=13 output=8" },
	{ "ex-c58d7adf7fc1", "input=210 output=15" },
	{ "ex-7c6b2e33d244", "input=163 output=13" },
	{ "ex-e0150a505893", "input=19 output=9" },
	{ "ex-5c45e92a8add", "input=11 output=6" },
	{ "ex-f223fc46fa57", "input=1250 output=83" },
	{ "ex-be992ed58146", "input=579 output=41" },
	{ "ex-66e1303d7702", "input=819 output=75" },
	{ "ex-e9dc9875a999", "input=147 input_tool=360 output=108 reasoning=168" },
	{ "ex-7875c175d1b6",
	  "input=6 cache_read=6289 cache_write_5m=3068 cache_write=269 output=198" },
	{ "ex-4efd935e4828", "input=514 output=168" },
	{ "ex-105460bce25d", "input=427 input_tool=771 output=122 reasoning=447" },
	{ "ex-643e632f4b65", "input=3 cache_read=1217 output=4" },
	{ "ex-f5d7c4dfe9e8", "input=3 cache_read=1217 output=6" },
	{ "ex-a61daf452e8f", "input=4 cache_write=1165 output=201" },
	{ "ex-e3abcc7af24d", "input=9447 output=114 searches=1" },
	{ "ex-5f11df33eefb", "input=4230 output=446" },
	{ "ex-2aa98881b1e0", "input=17 input_tool=102 output=241 reasoning=412" },
	{ "ex-989d974a32f8", "input=8 output=5" },
	{ "ex-1ff3220b3b67", "input=23 output=21 output_audio=290 seconds=4" },
	{ "ex-6eb8147e464c", "input=95 cache_read=64 output=35" },
	{ "ex-8b238eb21e5f", "input=100 cache_read=64 output=35" },
	{ "ex-278c1636c682", "input=100 cache_read=64 output=35" },
	{ "ex-8d53a68ac002", "input=7 output=17 output_audio=205 seconds=4" },
	{ "ex-f3e8a51b4a15", "input=17 output=16" },
	{ "ex-dd98c61dd0c2",
	  "input=181 output=8; claude-sonnet-4-6 input=100 cache_read=55096 output=83" },
};

static const char name[] = "events-real.ndjson";
static struct recording recording;

static struct line {
	struct text text, id, api;
	const struct recorded *exchange;
	struct recorded_event read;
} * lines;
static size_t line_count;
static struct buf file;

static void read_line(struct text text)
{
	struct line *l = &lines[line_count++];
	struct json *doc = &recording.doc;

	assert_true(line_count < LINES_MAX);
	assert_int_equal(json_parse(doc, text, NULL), 0);
	l->text = text;
	l->id = arena_copy(&recording.arena, json_string(doc, json_member(doc, 0, "id")));
	l->api = arena_copy(&recording.arena, json_string(doc, json_member(doc, 0, "api")));
	l->exchange = recording_find(&recording, l->id);
	if (l->exchange == NULL)
		fail_msg("%.*s: a line of no exchange", TEXT_ARGS(l->id));
	recording_decode(&recording, text, &l->read);
}

static int load(void **state)
{
	struct text rest, text;

	(void)state;
	if (!fixture_load(name, &file))
		return 0;
	assert_true(recording_load(&recording));
	lines = calloc(LINES_MAX, sizeof(*lines));
	assert_non_null(lines);
	rest = buf_text(&file);
	while (fixture_line(&rest, &text))
		read_line(text);
	return 0;
}

static int unload(void **state)
{
	(void)state;
	free(lines);
	lines = NULL;
	buf_release(&file);
	recording_release(&recording);
	return 0;
}

static void skip_without_data(void)
{
	if (lines == NULL)
		fixture_skip_without(name);
}

static void test_every_line_is_taken_or_refused_for_a_stated_reason(void **state)
{
	struct exceptions no = EXCEPTIONS("refused", refused);

	(void)state;
	skip_without_data();
	for (size_t i = 0; i < line_count; i++) {
		const struct event_refusal *refusal = &lines[i].read.refusal;

		if (refusal->reason != REASON_NONE)
			exception_happened(&no, lines[i].id, reason_name(refusal->reason),
			                   refusal->detail);
	}
	printf("  %zu lines\n", line_count);
	assert_true(line_count > no.met);
	exceptions_end(&no);
}

static void test_every_warning_has_its_reason(void **state)
{
	struct exceptions warnings = EXCEPTIONS("warnings", warned);

	(void)state;
	skip_without_data();
	for (size_t i = 0; i < line_count; i++) {
		const struct line *l = &lines[i];
		char path[EVENT_NAME_BYTES_MAX];

		if (l->read.refusal.reason != REASON_NONE ||
		    l->read.event.unknown_path.at == NULL || l->read.event.reading_count > 0)
			continue;
		snprintf(path, sizeof(path), "%.*s", TEXT_ARGS(l->read.event.unknown_path));
		exception_happened(&warnings, l->id, path, "");
	}
	exceptions_end(&warnings);
}

static void test_a_line_counts_what_its_exchange_counts(void **state)
{
	struct exceptions other = EXCEPTIONS("line and exchange differ", differences);
	unsigned compared = 0;

	(void)state;
	skip_without_data();
	for (size_t i = 0; i < line_count; i++) {
		const struct line *l = &lines[i];
		const struct recorded *e = l->exchange;
		struct buf both = { .at = NULL };
		char api[EVENT_NAME_BYTES_MAX];

		if (l->read.refusal.reason != REASON_NONE)
			continue;
		compared++;
		if (e->api != NULL && e->body.refusal.reason == REASON_NONE &&
		    strcmp(l->read.counts, e->body.counts) == 0)
			continue;
		snprintf(api, sizeof(api), "%.*s", TEXT_ARGS(l->api));
		buf_addf(&both, "%s / %s", l->read.counts,
		         e->api == NULL || e->body.refusal.reason != REASON_NONE ? "nothing"
		                                                                 : e->body.counts);
		exception_happened(&other, l->id, api, both.at);
		buf_release(&both);
	}
	printf("  %u lines compared\n", compared);
	assert_true(compared > 0);
	exceptions_end(&other);
}

static void test_each_stream_counts_what_was_counted_by_hand(void **state)
{
	bool seen[ROWS(streams)] = { false };
	struct json *doc = &recording.doc;

	(void)state;
	skip_without_data();
	for (size_t i = 0; i < line_count; i++) {
		const struct line *l = &lines[i];
		size_t row = 0;

		assert_int_equal(json_parse(doc, l->text, NULL), 0);
		if (l->read.refusal.reason != REASON_NONE ||
		    json_type_of(doc, json_member(doc, 0, "usage")) != JSON_ARRAY)
			continue;
		while (row < ROWS(streams) && !text_is(l->id, streams[row].id))
			row++;
		if (row == ROWS(streams))
			fail_msg("%.*s stands in no table: %s", TEXT_ARGS(l->id), l->read.counts);
		else if (strcmp(l->read.counts, streams[row].counts) != 0)
			fail_msg("%.*s: %s, by hand %s", TEXT_ARGS(l->id), l->read.counts,
			         streams[row].counts);
		else
			seen[row] = true;
	}
	for (size_t row = 0; row < ROWS(streams); row++) {
		if (!seen[row])
			fail_msg("%s is not in the data any more", streams[row].id);
	}
	printf("  %zu streams\n", ROWS(streams));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_line_is_taken_or_refused_for_a_stated_reason),
		cmocka_unit_test(test_every_warning_has_its_reason),
		cmocka_unit_test(test_a_line_counts_what_its_exchange_counts),
		cmocka_unit_test(test_each_stream_counts_what_was_counted_by_hand),
	};

	return cmocka_run_group_tests_name("real events", tests, load, unload);
}
