/* A line into an event: members, names, times; the counts are decode.c's. */
#include "usage/event.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/moment.h"
#include "usage/event_internal.h"
#include "usage/format.h"

static const struct {
	const char *name, *advice;
} reasons[REASON_COUNT] = {
#define R(NAME, name, advice) [REASON_##NAME] = { name, advice },
#include "usage/reason.def"
#undef R
};

const char *reason_name(enum reason reason)
{
	return reasons[reason].name;
}

const char *reason_advice(enum reason reason)
{
	return reasons[reason].advice;
}

enum reason reason_find(struct text name)
{
	for (int r = 0; r < REASON_COUNT; r++) {
		if (text_is(name, reasons[r].name))
			return (enum reason)r;
	}
	return REASON_COUNT;
}

void refusal_set(struct event_refusal *refusal, enum reason reason, const char *format, ...)
{
	va_list args;
	size_t len;

	refusal->reason = reason;
	va_start(args, format);
	vsnprintf(refusal->detail, sizeof(refusal->detail), format, args);
	va_end(args);
	text_make_plain(refusal->detail, strlen(refusal->detail));
	/* The cut may have split a character. */
	len = strlen(refusal->detail);
	while (len > 0 && !text_utf8((struct text){ refusal->detail, len }))
		refusal->detail[--len] = '\0';
}

#define KEY(NAME, key) [MEMBER_##NAME] = { key, sizeof(key) - 1 }
const struct text member_keys[MEMBER_COUNT] = {
	KEY(ID, "id"),
	KEY(SOURCE, "source"),
	KEY(TIME, "time"),
	KEY(ACCOUNT, "account"),
	KEY(KEY, "key"),
	KEY(MODEL, "model"),
	KEY(PROVIDER, "provider"),
	KEY(API, "api"),
	KEY(TIER, "service_tier"),
	KEY(FINISH, "finish_reason"),
	KEY(STATUS, "status"),
	KEY(LATENCY, "latency_ms"),
	KEY(TTFT, "ttft_ms"),
	KEY(STREAM, "stream"),
	KEY(USAGE, "usage"),
	KEY(RESPONSE, "response"),
	KEY(SSE, "sse"),
	KEY(IMAGES, "images"),
	KEY(KINDS, "kinds"),
	KEY(REGION, "region"),
	KEY(UPSTREAM_ID, "upstream_id"),
	KEY(UPSTREAM_COST, "upstream_cost"),
	KEY(SETTLEMENT, "settlement"),
	KEY(PROVENANCE, "provenance"),
	KEY(SERVED, "served"),
	KEY(ANSWER, "answer"),
	KEY(HEADERS, "headers"),
	KEY(TAGS, "tags"),
};

enum { STATUS_MAX = 999 };
#define DURATION_MS_MAX INT64_C(86400000000)

/* Finds the members and hashes the content: all of it but the identity and the time. */
static void find_members(struct line *line)
{
	const struct json *doc = line->doc;
	uint64_t hash = 0;

	for (int m = 0; m < MEMBER_COUNT; m++)
		line->member[m] = JSON_NONE;
	for (uint32_t k = json_first(doc, 0); k != JSON_NONE; k = json_next(doc, 0, k)) {
		struct text key = doc->nodes[k].text;
		int m = 0;

		while (m < MEMBER_COUNT && !text_equal(member_keys[m], key))
			m++;
		if (json_type_of(doc, k + 1) == JSON_NULL)
			continue;
		if (m < MEMBER_COUNT)
			line->member[m] = k + 1;
		if (m != MEMBER_ID && m != MEMBER_SOURCE && m != MEMBER_TIME)
			hash += hash64(key.at, key.len, json_hash(doc, k + 1));
	}
	line->event->content_hash = hash;
}

/* The moment, however it was written: with an offset, or without its milliseconds. */
static void hash_time(struct line *line, int64_t ms)
{
	uint64_t hash = line->event->content_hash;

	hash += hash64(&ms, sizeof(ms), MEMBER_TIME);
	line->event->content_hash = hash64_mix(hash, UINT64_C(0x9e3779b97f4a7c15));
}

bool keep_name(struct line *line, struct text name, struct text *out)
{
	bool inside = name.at >= line->text.at && name.at <= line->text.at + line->text.len;

	*out = inside ? name : arena_copy(line->arena, name);
	line->no_memory = line->no_memory || out->at == NULL;
	return out->at != NULL;
}

/* A name: 1 to 256 bytes, no control characters.  false: refused. */
bool take_name(struct line *line, enum member member, bool required, struct text *out)
{
	const char *key = member_keys[member].at;
	struct text name = json_string(line->doc, line->member[member]);

	*out = text_of(NULL);
	if (!sent(line, member)) {
		if (required)
			refusal_set(line->refusal, REASON_MISSING, "%s is missing", key);
		return !required;
	}
	if (name.at == NULL) {
		refusal_set(line->refusal, REASON_TYPE, "%s: a string is due", key);
		return false;
	}
	/* An optional name that is empty says as much as none. */
	if (name.len == 0 && !required)
		return true;
	if (name.len == 0 || name.len > EVENT_NAME_BYTES_MAX || !text_plain(name)) {
		refusal_set(line->refusal, REASON_NAME,
		            "%s: %zu bytes; 1 to %d without control characters are due", key,
		            name.len, EVENT_NAME_BYTES_MAX);
		return false;
	}
	return keep_name(line, name, out);
}

static bool take_time(struct line *line, int64_t now_ms)
{
	struct text t = json_string(line->doc, line->member[MEMBER_TIME]);
	int64_t ms;

	if (!sent(line, MEMBER_TIME)) {
		refusal_set(line->refusal, REASON_MISSING, "time is missing");
		return false;
	}
	if (t.at == NULL) {
		refusal_set(line->refusal, REASON_TIME,
		            "time: a string like 2026-11-22T08:00:00.123Z is due");
		return false;
	}
	if (!moment_parse(t, &ms)) {
		refusal_set(line->refusal, REASON_TIME,
		            "time: %.*s is not like 2026-11-22T08:00:00.123Z",
		            t.len > 40 ? 40 : (int)t.len, t.at);
		return false;
	}
	line->event->time_ms = ms;
	line->refusal->time_ms = ms;
	hash_time(line, ms);
	if (ms < EVENT_TIME_MIN_MS || ms > now_ms + EVENT_FUTURE_MAX_MS) {
		refusal_set(line->refusal, REASON_TIME, "time: %.*s is %s", TEXT_ARGS(t),
		            ms < EVENT_TIME_MIN_MS ? "before 2015" : "more than a day ahead");
		return false;
	}
	return true;
}

bool take_integer(struct line *line, enum member member, int64_t max, int64_t *out)
{
	*out = EVENT_ABSENT;
	if (!sent(line, member))
		return true;
	if (json_integer(line->doc, line->member[member], out) && *out >= 0 && *out <= max)
		return true;
	refusal_set(line->refusal, REASON_TYPE, "%s: a whole number from 0 to %lld is due",
	            member_keys[member].at, (long long)max);
	return false;
}

static bool take_stream(struct line *line)
{
	enum json_type type = json_type_of(line->doc, line->member[MEMBER_STREAM]);

	if (type != JSON_NULL && type != JSON_TRUE && type != JSON_FALSE) {
		refusal_set(line->refusal, REASON_TYPE, "stream: true or false is due");
		return false;
	}
	line->event->stream = type == JSON_TRUE;
	return true;
}

/* The identity first, so that a refusal can name it as far as it can be read. */
static bool take_identity(struct line *line, const struct event_defaults *defaults)
{
	struct event *event = line->event;
	bool good = take_name(line, MEMBER_ID, true, &event->id);

	line->refusal->id = event->id;
	if (!sent(line, MEMBER_SOURCE) && defaults->source.at != NULL)
		event->source = defaults->source;
	else
		good = take_name(line, MEMBER_SOURCE, true, &event->source) && good;
	line->refusal->source = event->source;
	return good;
}

int event_refuse_json(struct text text, const struct event_defaults *defaults, struct json *doc,
                      const struct fault *fault, struct arena *arena, struct event_refusal *refusal)
{
	static const enum reason reasons_of[] = {
		[JSON_OK] = REASON_SYNTAX,       [JSON_BAD_SYNTAX] = REASON_SYNTAX,
		[JSON_BAD_UTF8] = REASON_UTF8,   [JSON_BAD_DUPLICATE] = REASON_DUPLICATE,
		[JSON_BAD_DEPTH] = REASON_DEPTH,
	};
	static const enum member named[] = { MEMBER_ID, MEMBER_SOURCE, MEMBER_TIME };
	struct event event = { .time_ms = 0 };
	struct line line = {
		.text = text, .doc = doc, .arena = arena, .event = &event, .refusal = refusal
	};

	json_salvage(doc);
	find_members(&line);
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		/* It came twice, and nobody knows which is meant. */
		if (line.member[named[i]] != json_member(doc, 0, member_keys[named[i]].at))
			line.member[named[i]] = JSON_NONE;
	}
	take_identity(&line, defaults);
	take_time(&line, defaults->now_ms);
	refusal_set(refusal, reasons_of[doc->error], "%s", fault->text);
	return line.no_memory ? -FAULT_NOMEM : 0;
}

/* The name of a shape is due, but for a failed request that brought nothing in any shape. */
static bool check_api(struct line *line)
{
	bool nothing = line->event->status >= 400 && !sent(line, MEMBER_USAGE) &&
	               !sent(line, MEMBER_RESPONSE) && !sent(line, MEMBER_SSE);

	if (line->event->api.at != NULL || nothing)
		return true;
	refusal_set(line->refusal, REASON_MISSING, "api is missing");
	return false;
}

static bool take_members(struct line *line, const struct event_defaults *defaults)
{
	struct event *event = line->event;

	return take_identity(line, defaults) && take_time(line, defaults->now_ms) &&
	       take_name(line, MEMBER_ACCOUNT, true, &event->account) &&
	       take_name(line, MEMBER_MODEL, true, &event->model) &&
	       take_name(line, MEMBER_KEY, false, &event->key) &&
	       take_name(line, MEMBER_PROVIDER, false, &event->provider) &&
	       take_name(line, MEMBER_API, false, &event->api) &&
	       take_name(line, MEMBER_TIER, false, &event->service_tier) &&
	       take_name(line, MEMBER_FINISH, false, &event->finish_reason) &&
	       take_integer(line, MEMBER_STATUS, STATUS_MAX, &event->status) &&
	       take_integer(line, MEMBER_LATENCY, DURATION_MS_MAX, &event->latency_ms) &&
	       take_integer(line, MEMBER_TTFT, DURATION_MS_MAX, &event->ttft_ms) &&
	       take_stream(line) && check_api(line);
}

int event_decode(struct text text, const struct event_defaults *defaults, struct json *doc,
                 struct arena *arena, struct event *event_out, struct event_refusal *refusal_out)
{
	const struct usage_format *format;
	struct fault fault;
	struct line line = {
		.text = text, .doc = doc, .arena = arena, .event = event_out, .refusal = refusal_out
	};
	int r = json_parse(doc, text, &fault);

	*event_out = (struct event){ .settlement = SETTLEMENT_FINAL, .served = EVENT_ABSENT };
	*refusal_out = (struct event_refusal){ .time_ms = EVENT_ABSENT };
	if (r == -FAULT_NOMEM)
		return r;
	if (r < 0)
		return event_refuse_json(text, defaults, doc, &fault, arena, refusal_out);
	if (json_type_of(doc, 0) != JSON_OBJECT) {
		refusal_set(refusal_out, REASON_SYNTAX, "an event is a JSON object");
		return 0;
	}
	find_members(&line);
	if (!take_members(&line, defaults)) {
		if (!sent(&line, MEMBER_ID) && json_member(doc, 0, "toll") != JSON_NONE)
			refusal_set(refusal_out, REASON_MISSING,
			            "id is missing; a hello is read as the first line only");
		return line.no_memory ? -FAULT_NOMEM : 0;
	}
	/* Without one there is nothing to decode, and any will do. */
	format = event_out->api.at != NULL ? format_find(event_out->api)
	                                   : format_find(text_of("toll"));
	if (format == NULL) {
		refusal_set(refusal_out, REASON_UNKNOWN_API, "api: \"%.*s\" is not read",
		            event_out->api.len > 64 ? 64 : (int)event_out->api.len,
		            event_out->api.at);
		return 0;
	}
	if (take_settlement(&line) && take_usage(&line, format) && take_answer(&line, format))
		take_extra(&line, &r);
	body_close(&line.body);
	return line.no_memory ? -FAULT_NOMEM : r;
}
