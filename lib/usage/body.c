#include "usage/body.h"

#include <string.h>

#include "base/buf.h"
#include "usage/sse.h"

/* --- the objects of a response -------------------------------------------- */

/*
 * What a binary stream looks like in JSON, by those who record it: AWS's event stream (see
 * inner(), and body_bytes.c), the frames of a WebSocket, the chunks of gRPC.
 */
static const char *const wrappers[] = {
	"eventstream[]",
	"frames_with_usage[]",
	"frames[]",
	"chunks[].chunks_json[].chunk",
};

static void add_elements(const struct body *body, uint32_t root, struct body_nodes *found)
{
	const struct json *doc = body->doc;

	if (json_type_of(doc, root) == JSON_ARRAY) {
		for (uint32_t e = json_first(doc, root); e != JSON_NONE;
		     e = json_next(doc, root, e))
			body_node_add(found, e);
		return;
	}
	for (size_t i = 0; i < sizeof(wrappers) / sizeof(wrappers[0]); i++) {
		size_t before = found->count;

		body_each(doc, root, wrappers[i], body_node_add, found);
		if (found->count > before)
			return;
	}
	if (json_type_of(doc, root) == JSON_OBJECT)
		body_node_add(found, root);
}

/* The payload of an event of AWS's stream, which holds another one for InvokeModel. */
static uint32_t inner(const struct json *doc, uint32_t element, bool is_event)
{
	uint32_t payload = json_member(doc, element, "payload"), bytes;

	if (is_event && json_type_of(doc, payload) == JSON_OBJECT)
		element = payload;
	bytes = json_member(doc, element, "bytes_decoded");
	return json_type_of(doc, bytes) == JSON_OBJECT ? bytes : element;
}

static int take_elements(struct body *body, uint32_t root, struct arena *arena)
{
	struct body_nodes found = { NULL, 0 };
	bool events = body_find(body->doc, root, "eventstream") != JSON_NONE;

	add_elements(body, root, &found);
	body->count = found.count;
	body->stream = body->text || json_type_of(body->doc, root) == JSON_ARRAY ||
	               found.count != 1 || events;
	if (found.count == 0)
		return 0;
	body->elements = arena_take(arena, found.count * sizeof(*body->elements));
	if (body->elements == NULL)
		return -FAULT_NOMEM;
	found = (struct body_nodes){ body->elements, 0 };
	add_elements(body, root, &found);
	for (size_t i = 0; i < body->count; i++)
		body->elements[i] = inner(body->doc, body->elements[i], events);
	return 0;
}

/* --- the text of a stream ------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* JSON does not mind the blanks around it, nor a byte order mark before it: some write them. */
static struct text trim(struct text text)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (text.len >= 3 && memcmp(text.at, mark, 3) == 0)
		text = (struct text){ text.at + 3, text.len - 3 };
	while (text.len > 0 && is_blank(text.at[0]))
		text = (struct text){ text.at + 1, text.len - 1 };
	while (text.len > 0 && is_blank(text.at[text.len - 1]))
		text.len--;
	return text;
}

/* Of a text: one JSON document, a body or Google's list of chunks.  Of a payload: an object. */
static bool begins_json(struct text text)
{
	return text.len > 0 && (text.at[0] == '{' || text.at[0] == '[');
}

/*
 * All payloads as one JSON array, so that nodes of any two can be told apart and compared.  The
 * last one may be cut: it is left out.  What is no JSON object, as a "ping", is passed over.
 */
static int join_payloads(struct body *body, struct text text, struct arena *arena, struct buf *out,
                         struct event_refusal *refusal)
{
	struct json one = { .nodes = NULL };
	struct sse_event event;
	struct sse sse;
	size_t number = 0;
	int r = 0;

	sse_begin(&sse, text, arena);
	buf_add_cstr(out, "[");
	while (r == 0 && sse_next(&sse, &event)) {
		number++;
		body->done = body->done || event.is_done;
		event.data = trim(event.data);
		if (event.is_done || !begins_json(event.data))
			continue;
		r = json_parse(&one, event.data, NULL);
		if (r == -FAULT_SYNTAX && event.ended) {
			refusal_set(refusal, REASON_SYNTAX, "sse: event %zu is no JSON", number);
			break;
		}
		if (r == 0) {
			buf_add_cstr(out, out->len > 1 ? "," : "");
			buf_add_text(out, event.data);
		}
		if (r == -FAULT_SYNTAX) {
			body->cut = true;
			r = 0;
		}
	}
	buf_add_cstr(out, "]");
	json_release(&one);
	if (r == -FAULT_SYNTAX)
		return 0;
	return r < 0 ? r : (sse.error < 0 || out->error != 0 ? -FAULT_NOMEM : 0);
}

/*
 * Of a list of objects that was cut, as the raw text of Google's streams is: up to the last whole
 * one, or the bracket.  0: it is no such list.
 */
static size_t whole_elements(struct text text)
{
	bool quoted = false;
	size_t depth = 0, end = 1, first = 1;

	while (first < text.len && is_blank(text.at[first]))
		first++;
	if (text.len == 0 || text.at[0] != '[' || (first < text.len && text.at[first] != '{'))
		return 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];

		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '{' || c == '['))
			depth++;
		else if (!quoted && (c == '}' || c == ']') && --depth == 0)
			return 0;
		if (!quoted && c == '}' && depth == 1)
			end = i + 1;
	}
	return end;
}

/* Such a list, closed.  -FAULT_SYNTAX: it is none. */
static int parse_cut_list(struct body *body, struct text text, struct arena *arena)
{
	struct buf list = { .at = NULL };
	size_t len = whole_elements(text);
	struct text kept;
	int r = -FAULT_SYNTAX;

	if (len == 0)
		return r;
	buf_add_text(&list, (struct text){ text.at, len });
	buf_add_cstr(&list, "]");
	kept = list.error == 0 ? arena_copy(arena, buf_text(&list)) : text_of(NULL);
	buf_release(&list);
	if (kept.at == NULL)
		return -FAULT_NOMEM;
	r = json_parse(&body->own, kept, NULL);
	body->text = body->cut = r == 0;
	return r;
}

/*
 * A document of several lines that is none: cut, or followed by something.  Of its first line alone
 * nobody can tell it from a stream that broke off.
 */
static bool is_broken_document(const struct body *body, struct text text)
{
	return begins_json(text) && memchr(text.at, '\n', text.len) != NULL &&
	       body->own.nodes[0].count == 0;
}

static int open_text(struct body *body, struct text text, struct arena *arena,
                     struct event_refusal *refusal)
{
	struct buf joined = { .at = NULL };
	struct text kept;
	int r = -FAULT_SYNTAX;

	body->doc = &body->own;
	text = trim(text);
	body->page = text.len > 0 && text.at[0] == '<';
	if (begins_json(text))
		r = json_parse(&body->own, text, NULL);
	if (r == -FAULT_SYNTAX)
		r = parse_cut_list(body, text, arena);
	if (r == -FAULT_SYNTAX) {
		body->text = true;
		r = join_payloads(body, text, arena, &joined, refusal);
		/* Names may be kept of it. */
		kept = r == 0 ? arena_copy(arena, buf_text(&joined)) : text_of(NULL);
		buf_release(&joined);
		if (r == 0 && refusal->reason == REASON_NONE)
			r = kept.at != NULL ? json_parse(&body->own, kept, NULL) : -FAULT_NOMEM;
		if (r == 0 && refusal->reason == REASON_NONE && is_broken_document(body, text))
			refusal_set(refusal, REASON_SYNTAX,
			            "response: neither JSON nor the events of a stream");
	}
	if (r < 0 || refusal->reason != REASON_NONE)
		return r;
	return take_elements(body, 0, arena);
}

/* --- how it ended ---------------------------------------------------------- */

/* Members that tell the end of a stream; `value` NULL: any but null, false and "". */
static const struct {
	const char *path, *value;
	bool is_reason; /* the value is why the model stopped */
} ends[] = {
	{ "choices[].finish_reason", NULL, true },
	{ "delta.stop_reason", NULL, true },
	{ "stop_reason", NULL, true },
	{ "candidates[].finishReason", NULL, true },
	{ "response.candidates[].finishReason", NULL, true },
	{ "stopReason", NULL, true },
	{ "messageStop.stopReason", NULL, true },
	{ "delta.finish_reason", NULL, true },
	{ "finish_reason", NULL, true },
	{ "done_reason", NULL, true },
	{ "completionReason", NULL, true },
	{ "results[].completionReason", NULL, true },
	{ "outputs[].finish_reason", NULL, true },
	{ "done", NULL, false },
	{ "is_finished", NULL, false },
	{ "serverContent.turnComplete", NULL, false },
	{ "amazon-bedrock-invocationMetrics", NULL, false },
	{ "status", "completed", false },
	{ "type", "message_stop", false },
	{ "type", "response.completed", false },
	{ "type", "response.incomplete", false },
	{ "type", "response.done", false },
	{ "type", "message-end", false },
	{ "type", "conversation.response.done", false },
	{ "type", "transcript.text.done", false },
	{ "type", "image_generation.completed", false },
	{ "type", "image_edit.completed", false },
	{ "type", "speech.audio.done", false },
	{ "event_type", "interaction.completed", false },
};

enum { END_COUNT = sizeof(ends) / sizeof(ends[0]) };

static bool tells_end(const struct json *doc, uint32_t node, const char *value)
{
	struct text text = json_string(doc, node);

	if (value != NULL)
		return text_is(text, value);
	switch (json_type_of(doc, node)) {
	case JSON_STRING:
		return text.len > 0;
	case JSON_TRUE:
	case JSON_OBJECT:
		return true;
	default:
		return false;
	}
}

static void look_for_end(struct body *body)
{
	for (size_t i = body->count; i > 0 && !body->done; i--) {
		for (size_t e = 0; e < END_COUNT && !body->done; e++)
			body->done = tells_end(
				body->doc,
				body_find(body->doc, body->elements[i - 1], ends[e].path),
				ends[e].value);
	}
}

/*
 * A response of OpenAI's that failed has no reason beside its status: as a body, or in the event
 * that ends its stream.  A batch that failed may have lines that did not, and are billed.
 */
static bool has_failed(const struct body *body)
{
	const struct json *doc = body->doc;
	bool failed = false;

	for (size_t i = 0; i < body->count; i++)
		failed = failed ||
		         text_is(json_string(doc, json_member(doc, body->elements[i], "type")),
		                 "response.failed");
	return failed ||
	       (body->count == 1 &&
	        json_member(doc, body->elements[0], "request_counts") == JSON_NONE &&
	        text_is(json_string(doc, json_member(doc, body->elements[0], "status")), "failed"));
}

struct text body_finish_reason(const struct body *body)
{
	for (size_t i = body->count; i > 0; i--) {
		for (size_t e = 0; e < END_COUNT; e++) {
			struct text reason = json_string(
				body->doc,
				body_find(body->doc, body->elements[i - 1], ends[e].path));

			if (ends[e].is_reason && reason.len > 0)
				return reason;
		}
	}
	return text_of(has_failed(body) ? "failed" : NULL);
}

/* A chunk of a stream that is all there is of it looks like a body: but it has not stopped yet. */
static bool has_not_stopped(const struct body *body)
{
	static const char *const reasons[] = { "stop_reason", "completionReason" };
	bool still = false;

	for (size_t i = 0; body->count == 1 && i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		uint32_t reason = json_member(body->doc, body->elements[0], reasons[i]);

		still = still ||
		        (reason != JSON_NONE && json_type_of(body->doc, reason) == JSON_NULL);
	}
	return still;
}

/* --- */

int body_open(struct body *body, const struct json *doc, uint32_t response, struct text text,
              struct arena *arena, struct event_refusal *refusal)
{
	int r;

	*body = (struct body){ .doc = doc };
	r = text.at != NULL ? open_text(body, text, arena, refusal)
	                    : take_elements(body, response, arena);
	if (r == 0 && refusal->reason == REASON_NONE)
		r = body_decode_bytes(body, arena, refusal);
	if (r == 0)
		body->stream = body->stream || has_not_stopped(body);
	if (r == 0 && body->stream)
		look_for_end(body);
	return r;
}

void body_close(struct body *body)
{
	json_release(&body->own);
}
