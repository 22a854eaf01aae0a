/*
 * Memory that cannot be had: every allocation of a scenario fails once, the first, the
 * second, and so on to the last.  Each time the scenario must say -FAULT_NOMEM, leave
 * nothing behind (the address sanitizer counts), and leave what it works on usable.
 *
 * Linked with --wrap for malloc and realloc (Makefile).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/moment.h"
#include "base/table.h"
#include "catalogue/catalogue.h"
#include "price/patterns.h"
#include "usage/credential.h"
#include "usage/envelope.h"
#include "usage/event.h"
#include "usage/format_fields.h"
#include "usage/sse.h"
#include "wire/wire.h"

void *__real_malloc(size_t len);
void *__real_realloc(void *at, size_t len);
void *__wrap_malloc(size_t len);
void *__wrap_realloc(void *at, size_t len);

/* Allocations until one fails; below zero: none does. */
static int countdown = -1;
static bool failed_one;

static bool fails_now(void)
{
	if (countdown < 0 || countdown-- > 0)
		return false;
	failed_one = true;
	return true;
}

void *__wrap_malloc(size_t len)
{
	return fails_now() ? NULL : __real_malloc(len);
}

void *__wrap_realloc(void *at, size_t len)
{
	return fails_now() ? NULL : __real_realloc(at, len);
}

#define NAME "caf\\u00e9"

static const char event_line[] =
	"{\"id\":\"" NAME
	"\",\"source\":\"s\",\"time\":\"2026-11-22T08:00:00Z\",\"account\":\"a" NAME
	"\",\"model\":\"m" NAME "\",\"api\":\"openai.chat\",\"key\":\"k\",\"provider\":\"p\","
	"\"status\":200,\"latency_ms\":1,\"ttft_ms\":1,\"service_tier\":\"t\",\"stream\":true,"
	"\"region\":\"" NAME
	"\",\"upstream_id\":\"u\",\"tags\":{\"a\":\"b\"},\"finish_reason\":\"f\","
	"\"usage\":{\"prompt_tokens\":7,\"new_tokens\":1}}";

static int decode_event(void)
{
	struct event_defaults defaults = { .source = { NULL, 0 } };
	struct json doc = { .nodes = NULL };
	struct arena arena = { NULL, NULL, 0 };
	struct event event;
	struct event_refusal refusal;
	int r;

	moment_parse(text_of("2026-11-22T09:00:00Z"), &defaults.now_ms);
	r = event_decode(text_of(event_line), &defaults, &doc, &arena, &event, &refusal);
	if (r == 0) {
		/* Nothing may be missing of what is said to be whole. */
		assert_int_equal(refusal.reason, REASON_NONE);
		assert_true(text_is(event.id, "caf\xc3\xa9"));
		assert_true(text_is(event.model, "mcaf\xc3\xa9"));
		assert_true(text_is(event.region, "caf\xc3\xa9"));
		assert_true(text_is(event.unknown_path, "new_tokens"));
		assert_true(text_is(event.extra, "{\"upstream_id\":\"u\","
		                                 "\"tags\":{\"a\":\"b\"}}"));
	}
	json_release(&doc);
	arena_release(&arena);
	return r;
}

/* The path of what nobody counts is all that needs memory of its own here. */
static int decode_unknown(void)
{
	static const char line[] =
		"{\"id\":\"1\",\"source\":\"s\",\"time\":\"2026-11-22T08:00:00Z\",\"account\":"
		"\"a\","
		"\"model\":\"m\",\"api\":\"toll\",\"usage\":{\"input\":7,\"new_tokens\":1}}";
	struct event_defaults defaults = { .source = { NULL, 0 } };
	struct json doc = { .nodes = NULL };
	struct arena arena = { NULL, NULL, 0 };
	struct event event;
	struct event_refusal refusal;
	int r;

	moment_parse(text_of("2026-11-22T09:00:00Z"), &defaults.now_ms);
	r = event_decode(text_of(line), &defaults, &doc, &arena, &event, &refusal);
	if (r == 0)
		assert_true(text_is(event.unknown_path, "new_tokens"));
	json_release(&doc);
	arena_release(&arena);
	return r;
}

/* One of them is escaped. */
static int redact_credentials(void)
{
	struct credentials credentials = { .keys = CREDENTIAL_DETECT, .known = true };
	struct arena arena = { NULL, NULL, 0 };
	struct text out = { NULL, 0 };
	int r = credential_redact(&credentials,
	                          text_of("{\"key\":\"sk-12345\",\"token\":\"sk\\u002d67890\"}"),
	                          false, &arena, &out);

	arena_release(&arena);
	return r;
}

static int parse_large(void)
{
	struct json doc = { .nodes = NULL };
	struct buf text = { .at = NULL };
	int r, kept = countdown;

	countdown = -1;
	buf_add_cstr(&text, "[0");
	for (int i = 0; i < 1000; i++)
		buf_add_cstr(&text, ",\"\\n\"");
	buf_add_cstr(&text, "]");
	countdown = kept;
	r = json_parse(&doc, buf_text(&text), NULL);
	if (r < 0)
		assert_int_equal(doc.error, JSON_NO_MEMORY);
	countdown = -1;
	/* The same parser reads on. */
	assert_int_equal(json_parse(&doc, text_of("{\"a\":\"\\n\"}"), NULL), 0);
	json_release(&doc);
	buf_release(&text);
	return r;
}

static int frame_lines(void)
{
	struct text reads[] = { text_of("half a "), text_of("line\nand "), text_of("another\n") };
	struct wire_framer framer;
	struct wire_line line;
	int error = 0, result = 0;
	unsigned lines = 0;

	wire_framer_init(&framer, 64);
	for (size_t i = 0; i < 3 && result == 0; i++) {
		while (wire_next(&framer, &reads[i], &line, &error))
			lines++;
		result = error;
	}
	if (result == 0)
		assert_int_equal(lines, 2);
	wire_framer_release(&framer);
	return result;
}

/* Of each kind, and so many that the index takes several blocks of memory. */
static int index_patterns(void)
{
	enum { COUNT = 20000 };
	static char out[COUNT][24];
	static struct text texts[COUNT];
	static const char *const forms[][2] = { { "a", "*" }, { "*", "a" },   { "a*", "" },
		                                { "*", "*" }, { "b", "*c*" }, { "c", "*d*e" } };
	struct patterns *patterns = NULL;
	int r;

	for (int i = 0; i < COUNT; i++) {
		snprintf(out[i], sizeof(out[i]), "%s%05d%s", forms[i % 6][0], i, forms[i % 6][1]);
		texts[i] = text_of(out[i]);
	}
	r = patterns_build(&patterns, texts, COUNT, NULL, NULL);
	if (r == 0)
		assert_int_equal(patterns_find(patterns, text_of("c00011xdxe")), 11);
	else
		assert_null(patterns);
	patterns_free(patterns);
	return r;
}

static int fill_table(void)
{
	struct table table = { .rows = NULL };
	int r;

	table_column(&table, "a", "A", TABLE_TEXT, false);
	for (int i = 0; i < 200; i++)
		table_set_count(&table, table_row(&table), 0, i);
	table_set(&table, TABLE_TOTAL, 0, text_of("total"));
	r = table.error;
	if (r == 0)
		assert_int_equal(table.row_count, 200);
	table_release(&table);
	return r;
}

static int fill_buffer(void)
{
	struct buf buf = { .at = NULL };
	int r;

	for (int i = 0; i < 1000; i++)
		buf_addf(&buf, "%04d", i);
	buf_add_json(&buf, text_of("\n\"\n"));
	r = buf.error;
	if (r == 0)
		assert_int_equal(buf.len, 4000 + 8);
	buf_release(&buf);
	return r;
}

static int read_file(void)
{
	struct buf buf = { .at = NULL };
	int r = buf_read_file(&buf, "/dev/null", 8, NULL);

	buf_release(&buf);
	return r;
}

/* With JSON inside a string, and a refusal beside an event. */
static int open_envelope(void)
{
	static const char record[] =
		"{\"request_id\":\"1\",\"call_type\":\"acompletion\",\"spend\":0.1,\"model\":\"m\","
		"\"startTime\":\"2026-01-01\",\"metadata\":\"{\\\"usage_object\\\":"
		"{\\\"prompt_tokens\\\":1}}\"}";
	struct event_defaults defaults = { .source = { NULL, 0 } };
	struct event_refusal refusal = { .reason = REASON_NONE };
	struct json doc = { .nodes = NULL };
	struct arena arena = { NULL, NULL, 0 };
	struct envelope_event *events;
	struct buf batch = { .at = NULL };
	size_t count;
	int r, kept = countdown;

	countdown = -1;
	buf_addf(&batch, "[%s,{}]", record);
	assert_int_equal(json_parse(&doc, buf_text(&batch), NULL), 0);
	countdown = kept;
	r = envelope_open(envelope_find(&doc), &doc, &defaults, &arena, &events, &count, &refusal);
	if (r == 0) {
		assert_int_equal(count, 2);
		assert_non_null(memmem(events[0].line.at, events[0].line.len,
		                       "\"usage\":{\"prompt_tokens\":1}", 27));
		assert_int_equal(events[1].refusal->reason, REASON_FOREIGN);
	}
	countdown = -1;
	json_release(&doc);
	arena_release(&arena);
	buf_release(&batch);
	return r;
}

/* Two lines of data are joined in memory of the arena. */
static int split_stream(void)
{
	struct arena arena = { NULL, NULL, 0 };
	struct sse_event event;
	struct sse sse;
	int events = 0;

	sse_begin(&sse, text_of("data: a\n\ndata: b\ndata: c\n\ndata: d\n\n"), &arena);
	while (sse_next(&sse, &event))
		events++;
	/* What is not given stays so: the next would be taken for it. */
	assert_int_equal(events, sse.error == 0 ? 3 : 1);
	assert_false(sse_next(&sse, &event));
	arena_release(&arena);
	return sse.error;
}

static void pass_over(void *context, enum format_row_topic topic, struct text name,
                      struct text meaning)
{
	(void)context;
	(void)topic;
	assert_true(name.len > 0 && meaning.len > 0);
}

static int tell_format(void)
{
	return event_format_rows(0, pass_over, NULL);
}

/* A catalogue of each kind, and what became of it. */
static int import_catalogues(void)
{
	static const struct {
		const char *catalogue, *json;
	} bases[] = {
#define BASE(catalogue, json) { catalogue, json },
#include "tests/support/import_bases.def"
#undef BASE
	};
	const struct catalogue_options options = { .zero_is_free = true };
	int r = 0;

	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]) && r == 0; i++) {
		struct table rows = { .rows = NULL }, keys = { .rows = NULL };
		struct buf report = { .at = NULL };
		struct catalogue_import in;

		r = catalogue_import(&in, catalogue_find(text_of(bases[i].catalogue)),
		                     text_of(bases[i].json), &options, NULL);
		if (r == 0)
			r = catalogue_report_rows(&in, &rows, NULL);
		if (r == 0)
			r = catalogue_report_keys(&in, &keys, NULL);
		if (r == 0)
			r = catalogue_report_json(&in, &report, NULL);
		catalogue_import_release(&in);
		table_release(&rows);
		table_release(&keys);
		buf_release(&report);
	}
	return r;
}

static void test_every_allocation_may_fail(void **state)
{
	static const struct {
		const char *label;
		int (*run)(void);
	} scenarios[] = {
		{ "decode an event", decode_event },
		{ "decode an unknown number", decode_unknown },
		{ "open an envelope", open_envelope },
		{ "split a stream", split_stream },
		{ "tell what a format means", tell_format },
		{ "import catalogues", import_catalogues },
		{ "hide credentials", redact_credentials },
		{ "parse a large text", parse_large },
		{ "frame lines", frame_lines },
		{ "index patterns", index_patterns },
		{ "fill a table", fill_table },
		{ "fill a buffer", fill_buffer },
		{ "read a file", read_file },
	};

	(void)state;
	for (size_t s = 0; s < sizeof(scenarios) / sizeof(scenarios[0]); s++) {
		unsigned failed = 0;
		int r;

		for (;; failed++) {
			countdown = (int)failed;
			failed_one = false;
			r = scenarios[s].run();
			countdown = -1;
			if (!failed_one)
				break;
			if (r != -FAULT_NOMEM)
				fail_msg("%s, allocation %u: %d", scenarios[s].label, failed, r);
		}
		assert_int_equal(r, 0);
		printf("allocation: %s: %u\n", scenarios[s].label, failed);
		assert_true(failed > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_allocation_may_fail),
	};

	return cmocka_run_group_tests_name("allocation", tests, NULL, NULL);
}
