/*
 * AWS's event stream as its SDKs hand it over, written down in JSON: each chunk of InvokeModel has
 * its object as bytes, which JSON has as base64.
 *
 *	{"chunk":{"bytes":"eyJ..."}}
 *	{"type":"chunk","payload":{"bytes":"eyJ..."}}
 *	{"bytes":"eyJ...","p":"abcd"}
 */
#include <assert.h>

#include "base/base64.h"
#include "base/buf.h"
#include "usage/body.h"

/*
 * Other APIs have members of that name too: here there is no usage beside it, and nothing but
 * padding or what begins like JSON, '{"' or '{' and a blank, in base64.
 */
static bool is_chunk(const struct json *doc, uint32_t object, struct text coded)
{
	bool bare = true;

	if (coded.len > 1 && coded.at[0] == 'e' && (coded.at[1] == 'y' || coded.at[1] == 'w'))
		return json_type_of(doc, json_member(doc, object, "usage")) == JSON_NULL;
	for (uint32_t k = json_first(doc, object); k != JSON_NONE; k = json_next(doc, object, k))
		bare = bare &&
		       (text_is(doc->nodes[k].text, "bytes") || text_is(doc->nodes[k].text, "p"));
	return bare;
}

/* Absent: it is no such chunk. */
static struct text coded_of(const struct json *doc, uint32_t element)
{
	const uint32_t holders[] = { element, json_member(doc, element, "chunk"),
		                     json_member(doc, element, "payload") };

	for (size_t i = 0; i < sizeof(holders) / sizeof(holders[0]); i++) {
		struct text coded = json_string(doc, json_member(doc, holders[i], "bytes"));

		if (coded.len > 0 && (i > 0 || is_chunk(doc, element, coded)))
			return coded;
	}
	return text_of(NULL);
}

static bool has_coded(const struct body *body)
{
	for (size_t i = 0; i < body->count; i++) {
		if (coded_of(body->doc, body->elements[i]).at != NULL)
			return true;
	}
	return false;
}

/* The object in the bytes of one chunk; it may be cut where a recording broke off: left out. */
static int add_chunk(struct text coded, size_t number, bool may_be_cut, struct arena *arena,
                     struct buf *out, struct event_refusal *refusal)
{
	struct json one = { .nodes = NULL };
	struct text bytes = text_of(NULL);
	const char *what = "base64";
	int r = base64_decode(arena, coded, &bytes);

	if (r == 0) {
		what = "JSON";
		r = json_parse(&one, bytes, NULL);
	}
	json_release(&one);
	if (r == 0) {
		buf_add_cstr(out, out->len > 1 ? "," : "");
		buf_add_text(out, bytes);
	} else if (r == -FAULT_SYNTAX) {
		if (!may_be_cut)
			refusal_set(refusal, REASON_SYNTAX,
			            "response: the bytes of chunk %zu are no %s", number, what);
		r = 0;
	}
	return r;
}

/* All objects as one JSON array, in the place of the chunks what is in their bytes. */
static int join_chunks(const struct body *body, struct arena *arena, struct buf *out,
                       struct event_refusal *refusal)
{
	bool whole;
	int r = 0;

	buf_add_cstr(out, "[");
	for (size_t i = 0; r == 0 && refusal->reason == REASON_NONE && i < body->count; i++) {
		struct text coded = coded_of(body->doc, body->elements[i]);

		if (coded.at != NULL) {
			r = add_chunk(coded, i + 1, i > 0 && i + 1 == body->count, arena, out,
			              refusal);
			continue;
		}
		buf_add_cstr(out, out->len > 1 ? "," : "");
		whole = json_write(body->doc, body->elements[i], JSON_DEPTH_MAX + 1, out);
		assert(whole); /* nothing that was read is deeper */
	}
	buf_add_cstr(out, "]");
	return r < 0 || out->error == 0 ? r : -FAULT_NOMEM;
}

/* The body is the array from here on. */
static int take_joined(struct body *body, struct text joined, struct event_refusal *refusal)
{
	struct json doc = { .nodes = NULL };
	int r = json_parse(&doc, joined, NULL);

	if (r < 0) {
		if (r == -FAULT_SYNTAX)
			refusal_set(refusal, REASON_DEPTH, "response: nested too deep");
		json_release(&doc);
		return r == -FAULT_SYNTAX ? 0 : r;
	}
	json_release(&body->own);
	body->own = doc;
	body->doc = &body->own;
	body->stream = true;
	body->count = 0;
	/* No more of them than before: at most one was left out. */
	for (uint32_t e = json_first(body->doc, 0); e != JSON_NONE; e = json_next(body->doc, 0, e))
		body->elements[body->count++] = e;
	return 0;
}

int body_decode_bytes(struct body *body, struct arena *arena, struct event_refusal *refusal)
{
	struct buf joined = { .at = NULL };
	struct text kept;
	int r;

	if (!has_coded(body))
		return 0;
	r = join_chunks(body, arena, &joined, refusal);
	/* Names may be kept of it. */
	kept = r == 0 ? arena_copy(arena, buf_text(&joined)) : text_of(NULL);
	buf_release(&joined);
	if (r < 0 || refusal->reason != REASON_NONE)
		return r;
	return kept.at != NULL ? take_joined(body, kept, refusal) : -FAULT_NOMEM;
}
