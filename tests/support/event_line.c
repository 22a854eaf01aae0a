#include "tests/support/event_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

const struct event_line_member event_line_members[EVENT_LINE_MEMBERS] = {
	{ "id", "'gen-1'" },
	{ "source", "'gw-1'" },
	{ "time", "'2026-11-22T08:00:00.123Z'" },
	{ "account", "'acct_42'" },
	{ "key", "'key_7'" },
	{ "model", "'acme/llama-4-70b'" },
	{ "provider", "'acme'" },
	{ "api", "'openai.chat'" },
	{ "usage", "{'prompt_tokens':1000,'completion_tokens':200,'total_tokens':1200}" },
	{ "status", "200" },
	{ "finish_reason", "'stop'" },
	{ "stream", "true" },
	{ "latency_ms", "812" },
	{ "ttft_ms", "140" },
	{ "service_tier", "'default'" },
	{ "region", "'eu'" },
	{ "upstream_id", "'chatcmpl-1'" },
	{ "upstream_cost", "'0.00123'" },
	{ "settlement", "'final'" },
	{ "tags", "{'team':'search','env':'prod'}" },
};

void event_line_release(struct event_line *l)
{
	buf_release(&l->line);
	json_release(&l->doc);
	arena_release(&l->arena);
}

void event_line_put_member(struct buf *line, const char *key, const char *json)
{
	buf_addf(line, "%s\"%s\":", line->len > 1 ? "," : "", key);
	for (const char *c = json; *c != '\0'; c++)
		buf_add(line, *c == '\'' ? "\"" : c, 1);
}

void event_line_put(struct buf *line, const char *key, const char *json)
{
	bool found = false;

	buf_clear(line);
	buf_add_cstr(line, "{");
	for (size_t i = 0; i < EVENT_LINE_MEMBERS; i++) {
		const struct event_line_member *member = &event_line_members[i];
		bool changed = key != NULL && strcmp(key, member->key) == 0;

		found = found || changed;
		if (!changed || json != NULL)
			event_line_put_member(line, member->key, changed ? json : member->json);
	}
	if (key != NULL && json != NULL && !found)
		event_line_put_member(line, key, json);
	buf_add_cstr(line, "}");
}

void event_line_decode(struct event_line *l, struct text line)
{
	struct event_defaults defaults = { .source = { NULL, 0 }, .now_ms = EVENT_LINE_NOW_MS };

	assert_int_equal(event_decode(line, &defaults, &l->doc, &l->arena, &l->event, &l->refusal),
	                 0);
}

void event_line_decode_with(struct event_line *l, const char *key, const char *json)
{
	event_line_put(&l->line, key, json);
	assert_int_equal(l->line.error, 0);
	event_line_decode(l, buf_text(&l->line));
}

void event_line_put_counts(struct buf *out, const struct usage *usage)
{
	const char *blank = "";

	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (usage->count[c] == 0 || c == COMPONENT_REQUESTS)
			continue;
		buf_addf(out, "%s%s=%lld", blank, component_info[c].key,
		         (long long)usage->count[c]);
		blank = " ";
	}
}
