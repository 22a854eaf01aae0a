#include "usage/body.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "usage/sse.h"

/* --- paths ---------------------------------------------------------------- */

typedef void path_fn(void *context, uint32_t node);

/* Every value under the path: "message.usage", "outputs[].response"; "" is the node itself. */
static void path_each(const struct json *doc, uint32_t node, const char *path, path_fn *each,
                      void *context)
{
	enum { STEP_BYTES = 64 };
	char step[STEP_BYTES];
	size_t len = strcspn(path, ".");
	bool list = len >= 2 && path[len - 1] == ']';
	const char *rest = path[len] == '.' ? path + len + 1 : path + len;

	if (path[0] == '\0') {
		if (json_type_of(doc, node) != JSON_NULL)
			each(context, node);
		return;
	}
	if (json_type_of(doc, node) != JSON_OBJECT ||
	    !text_copy(step, sizeof(step), (struct text){ path, len - (list ? 2 : 0) }))
		return;
	node = json_member(doc, node, step);
	if (!list) {
		path_each(doc, node, rest, each, context);
		return;
	}
	if (json_type_of(doc, node) != JSON_ARRAY)
		return;
	for (uint32_t e = json_first(doc, node); e != JSON_NONE; e = json_next(doc, node, e))
		path_each(doc, e, rest, each, context);
}

static void keep_first(void *context, uint32_t node)
{
	uint32_t *first = context;

	if (*first == JSON_NONE)
		*first = node;
}

uint32_t body_find(const struct json *doc, uint32_t node, const char *path)
{
	uint32_t first = JSON_NONE;

	path_each(doc, node, path, keep_first, &first);
	return first;
}

uint32_t body_find_any(const struct body *body, const char *path)
{
	uint32_t found = JSON_NONE;

	for (size_t i = body->count; i > 0 && found == JSON_NONE; i--)
		found = body_find(body->doc, body->elements[i - 1], path);
	return found;
}

/* Nodes, counted first and then kept. */
struct found {
	uint32_t *nodes; /* NULL: counting */
	size_t count;
};

static void add_found(void *context, uint32_t node)
{
	struct found *found = context;

	if (found->nodes != NULL)
		found->nodes[found->count] = node;
	found->count++;
}

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

static void add_elements(const struct body *body, uint32_t root, struct found *found)
{
	const struct json *doc = body->doc;

	if (json_type_of(doc, root) == JSON_ARRAY) {
		for (uint32_t e = json_first(doc, root); e != JSON_NONE;
		     e = json_next(doc, root, e))
			add_found(found, e);
		return;
	}
	for (size_t i = 0; i < sizeof(wrappers) / sizeof(wrappers[0]); i++) {
		size_t before = found->count;

		path_each(doc, root, wrappers[i], add_found, found);
		if (found->count > before)
			return;
	}
	if (json_type_of(doc, root) == JSON_OBJECT)
		add_found(found, root);
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
	struct found found = { NULL, 0 };
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
	found = (struct found){ body->elements, 0 };
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
		if (r == -FAULT_SYNTAX)
			r = 0; /* cut */
	}
	buf_add_cstr(out, "]");
	json_release(&one);
	if (r == -FAULT_SYNTAX)
		return 0;
	return r < 0 ? r : (sse.error < 0 || out->error != 0 ? -FAULT_NOMEM : 0);
}

/*
 * Of a list of objects that was cut, as the raw text of Google's streams is: up to the last whole
 * one.  0: it is no such list, or has none.
 */
static size_t whole_elements(struct text text)
{
	bool quoted = false;
	size_t depth = 0, end = 0;

	if (text.len == 0 || text.at[0] != '[')
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
	body->text = r == 0;
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

/* A response of OpenAI's that failed has no reason beside its status. */
static bool has_failed(const struct body *body)
{
	for (size_t i = body->count; i > 0; i--) {
		uint32_t element = body->elements[i - 1];

		if (text_is(json_string(body->doc, json_member(body->doc, element, "status")),
		            "failed") ||
		    text_is(json_string(body->doc, json_member(body->doc, element, "type")),
		            "response.failed"))
			return true;
	}
	return false;
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

static bool is_of_type(const struct json *doc, uint32_t element, const char *type)
{
	return type == NULL || text_is(json_string(doc, json_member(doc, element, "type")), type);
}

static bool is_at(const struct json *doc, uint32_t element, const struct usage_path *path)
{
	uint32_t member = path->has != NULL ? json_member(doc, element, path->has) : JSON_NONE;

	if (!is_of_type(doc, element, path->type))
		return false;
	/* Each chunk of a stream has the member; of an object itself it has to tell something. */
	return path->has == NULL ||
	       (path->path[0] != '\0' ? member != JSON_NONE
	                              : json_type_of(doc, member) != JSON_NULL);
}

struct usages {
	const struct json *doc;
	struct found found;
};

/* What is no object is no usage: the older OpenAI has a null in every chunk, xAI's voice a {}. */
static void add_usage(void *context, uint32_t node)
{
	struct usages *usages = context;

	if (json_type_of(usages->doc, node) == JSON_OBJECT &&
	    json_first(usages->doc, node) != JSON_NONE)
		add_found(&usages->found, node);
}

/*
 * The usage under the format's paths, of the objects that these are for.  Of an object that tells
 * a sum and what it is made of only one is taken, the one whose path stands first.
 */
static void find_usage(const struct body *body, const struct usage_format *format,
                       struct usages *usages, enum usage_adds *adds_out)
{
	const struct json *doc = body->doc;

	for (size_t i = 0; i < body->count; i++) {
		const struct usage_path *taken = NULL;

		for (size_t p = 0; p < format->path_count; p++) {
			const struct usage_path *path = &format->paths[p];
			size_t before = usages->found.count;

			if (!is_at(doc, body->elements[i], path) ||
			    (taken != NULL &&
			     (taken->adds != ADDS_NONE || path->adds != ADDS_NONE)))
				continue;
			path_each(doc, body->elements[i], path->path, add_usage, usages);
			if (usages->found.count == before)
				continue;
			taken = path;
			if (path->adds > *adds_out)
				*adds_out = path->adds;
		}
	}
}

/* Where an object of a stream names its response. */
static const char *const ids[] = { "id", "message.id", "responseId", "response.id",
	                           "response.responseId" };

enum { ID_PATHS = sizeof(ids) / sizeof(ids[0]) };

/*
 * More than one response: of the objects that tell usage two have other ids, or two say that they
 * are the last.  Steps: all of them have the same id.
 */
static void tell_responses(const struct body *body, const struct usage_format *format,
                           struct usage_objects *out)
{
	const struct json *doc = body->doc;
	struct text first[ID_PATHS] = { { NULL, 0 } };
	size_t named[ID_PATHS] = { 0 }, told = 0, last = 0;

	for (size_t i = 0; i < body->count; i++) {
		uint32_t element = body->elements[i];
		struct body one = { .doc = doc, .elements = &element, .count = 1 };
		struct usages usages = { .doc = doc };
		enum usage_adds adds = ADDS_NONE;

		find_usage(&one, format, &usages, &adds);
		if (usages.found.count == 0)
			continue;
		told++;
		last += json_type_of(doc, json_member(doc, element, "done")) == JSON_TRUE;
		for (size_t p = 0; p < ID_PATHS; p++) {
			struct text id = json_string(doc, body_find(doc, element, ids[p]));

			if (id.len == 0)
				continue;
			out->mixed = out->mixed || (named[p] > 0 && !text_equal(id, first[p]));
			first[p] = id;
			named[p]++;
		}
	}
	out->mixed = out->mixed || last > 1;
	for (size_t p = 0; p < ID_PATHS; p++)
		out->steps = out->steps || (format->steps && body->stream && !body->done &&
		                            !out->mixed && named[p] == told);
}

static int compare_hashes(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Of responses that add up one is told twice: by an id that no other has.  -FAULT_NOMEM. */
static int tell_repeated(const struct body *body, struct arena *arena, bool *repeated_out)
{
	/* Of the last frame of a session's response; of a line of a batch's results. */
	static const struct {
		const char *id, *beside;
	} own[] = { { "response.id", "response.usage" }, { "custom_id", "custom_id" } };
	uint64_t *hashes = arena_take(arena, body->count * sizeof(*hashes));

	if (hashes == NULL)
		return -FAULT_NOMEM;
	for (size_t p = 0; p < sizeof(own) / sizeof(own[0]); p++) {
		size_t count = 0;

		for (size_t i = 0; i < body->count; i++) {
			uint32_t element = body->elements[i];
			struct text id = json_string(body->doc,
			                             body_find(body->doc, element, own[p].id));

			if (id.len > 0 && body_find(body->doc, element, own[p].beside) != JSON_NONE)
				hashes[count++] = hash64(id.at, id.len, 0);
		}
		qsort(hashes, count, sizeof(*hashes), compare_hashes);
		for (size_t i = 1; i < count; i++)
			*repeated_out = *repeated_out || hashes[i] == hashes[i - 1];
	}
	return 0;
}

int body_usage(const struct body *body, const struct usage_format *format, struct arena *arena,
               struct usage_objects *out)
{
	struct usages usages = { .doc = body->doc };
	uint32_t *nodes;

	*out = (struct usage_objects){ .doc = body->doc };
	find_usage(body, format, &usages, &out->adds);
	if (usages.found.count == 0)
		return 0;
	nodes = arena_take(arena, usages.found.count * sizeof(*nodes));
	if (nodes == NULL)
		return -FAULT_NOMEM;
	usages.found = (struct found){ nodes, 0 };
	find_usage(body, format, &usages, &out->adds);
	out->nodes = nodes;
	out->count = usages.found.count;
	if (out->count < 2)
		return 0;
	if (out->adds != ADDS_NONE || format->fold == FOLD_ADD)
		return tell_repeated(body, arena, &out->repeated);
	tell_responses(body, format, out);
	return 0;
}

static bool has_member(const struct json *doc, uint32_t object, const char *key)
{
	return key != NULL && json_type_of(doc, json_member(doc, object, key)) != JSON_NULL;
}

static bool is_billed(const struct usage_item *item, const struct json *doc, uint32_t element)
{
	struct text action = json_string(
		doc, json_member(doc, json_member(doc, element, "action"), "type"));
	size_t cap = sizeof(item->free_actions) / sizeof(item->free_actions[0]);

	if (item->type != NULL &&
	    !text_is(json_string(doc, json_member(doc, element, "type")), item->type))
		return false;
	if (item->has[0] != NULL && !has_member(doc, element, item->has[0]) &&
	    !has_member(doc, element, item->has[1]))
		return false;
	for (size_t i = 0; i < cap && item->free_actions[i] != NULL; i++) {
		if (text_is(action, item->free_actions[i]))
			return false;
	}
	return true;
}

/* Adds those of one object of the body; false: it has none. */
static bool add_items(const struct json *doc, uint32_t element, const struct usage_item *item,
                      struct usage *usage)
{
	uint32_t array = body_find(doc, element, item->array);

	if (json_type_of(doc, array) != JSON_ARRAY)
		return false;
	/* No more of them than a line has bytes: far below USAGE_COUNT_MAX. */
	for (uint32_t e = json_first(doc, array); e != JSON_NONE; e = json_next(doc, array, e))
		usage->count[item->component] += is_billed(item, doc, e);
	return true;
}

/* Where the items are all there is to count. */
static void look_over(const struct body *body, const struct usage_item *item,
                      struct body_items *out)
{
	const struct json *doc = body->doc;
	size_t objects = 0;

	for (size_t i = 0; i < body->count; i++) {
		uint32_t array = body_find(doc, body->elements[i], item->array);

		if (json_type_of(doc, array) != JSON_ARRAY)
			continue;
		objects++;
		for (uint32_t e = json_first(doc, array); e != JSON_NONE;
		     e = json_next(doc, array, e))
			out->others += !is_billed(item, doc, e) && !has_member(doc, e, item->free);
	}
	if (objects > out->objects)
		out->objects = objects;
}

/* Some leave a usage of zeros beside what they bill by the piece. */
static bool used_nothing(const struct usage *usage)
{
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (usage->count[c] != 0)
			return false;
	}
	return true;
}

struct body_items body_add_items(const struct body *body, const struct usage_format *format,
                                 enum usage_adds adds, struct usage *usage)
{
	struct body_items items = { .objects = 0 };
	bool alone = used_nothing(usage);

	for (size_t i = 0; i < format->item_count; i++) {
		const struct usage_item *item = &format->items[i];
		bool added = false;

		if (item->without_usage && !alone)
			continue;
		if (item->without_usage)
			look_over(body, item, &items);
		/* The objects of a stream repeat them; those of a batch have their own. */
		for (size_t n = body->count; n > 0 && (!added || adds != ADDS_NONE); n--)
			added = add_items(body->doc, body->elements[n - 1], item, usage) || added;
	}
	return items;
}

/* It tells numbers, and all of them are 0; or a list of nothing. */
static bool is_idle(const struct json *doc, uint32_t node)
{
	bool numbers = json_type_of(doc, node) == JSON_ARRAY && doc->nodes[node].count == 0;

	for (uint32_t n = node; n < doc->nodes[node].end; n++) {
		if (json_nonzero_number(doc, n))
			return false;
		numbers = numbers || json_type_of(doc, n) == JSON_NUMBER;
	}
	return numbers;
}

const char *body_beside(const struct body *body, const struct usage_format *format)
{
	for (size_t b = 0; b < format->beside_count; b++) {
		const struct usage_beside *beside = &format->besides[b];

		for (size_t i = 0; i < body->count; i++) {
			uint32_t node = body_find(body->doc, body->elements[i], beside->path);

			if (node != JSON_NONE && !is_idle(body->doc, node) &&
			    is_of_type(body->doc, body->elements[i], beside->type))
				return beside->name;
		}
	}
	return NULL;
}

uint32_t body_split(const struct body *body, const struct usage_format *format)
{
	for (size_t i = 0; i < SPLITS_MAX && format->split[i] != NULL; i++) {
		uint32_t list = body_find_any(body, format->split[i]);

		if (json_type_of(body->doc, list) == JSON_ARRAY)
			return list;
	}
	return JSON_NONE;
}
