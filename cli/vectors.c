#include "cli/vectors.h"

#include <string.h>

#include "base/moment.h"
#include "cli/charges.h"
#include "ingest/ingest.h"
#include "ledger/store.h"

/* 9999-12-31, less the day that an event may be ahead: a vector is of any time. */
#define VECTORS_NOW_MS INT64_C(253402214400000)

enum key {
	KEY_NAME,
	KEY_MODEL,
	KEY_AT,
	KEY_ACCOUNT,
	KEY_TIER,
	KEY_REGION,
	KEY_COUNTS,
	KEY_KINDS,
	KEY_API,
	KEY_USAGE,
	KEY_RESPONSE,
	KEY_SSE,
	KEY_STATUS,
	KEY_IMAGES,
	KEY_EXPECT,
	KEY_NOTE,
	KEY_COUNT
};

static const char *const keys[KEY_COUNT + 1] = {
	[KEY_NAME] = "name",       [KEY_MODEL] = "model",       [KEY_AT] = "at",
	[KEY_ACCOUNT] = "account", [KEY_TIER] = "tier",         [KEY_REGION] = "region",
	[KEY_COUNTS] = "counts",   [KEY_KINDS] = "kinds",       [KEY_API] = "api",
	[KEY_USAGE] = "usage",     [KEY_RESPONSE] = "response", [KEY_SSE] = "sse",
	[KEY_STATUS] = "status",   [KEY_IMAGES] = "images",     [KEY_EXPECT] = "expect",
	[KEY_NOTE] = "note",       [KEY_COUNT] = NULL,
};

struct reader {
	const struct json *doc;
	uint32_t member[KEY_COUNT]; /* nodes, or JSON_NONE */
	struct vector *vector;
	struct fault *fault;
};

static int unknown_key(struct text key, const char *const *known, struct fault *fault)
{
	const char *meant = said_meant(key, known);

	return fault_set(fault, FAULT_INVALID, "%.*s: there is no such member%s%s%s",
	                 key.len > 64 ? 64 : (int)key.len, key.at,
	                 meant != NULL ? "; did you mean " : "", meant != NULL ? meant : "",
	                 meant != NULL ? "?" : "");
}

static int find_members(struct reader *reader, uint32_t node)
{
	const struct json *doc = reader->doc;

	for (int k = 0; k < KEY_COUNT; k++)
		reader->member[k] = JSON_NONE;
	if (json_type_of(doc, node) != JSON_OBJECT)
		return fault_set(reader->fault, FAULT_INVALID, "a vector is an object");
	for (uint32_t m = json_first(doc, node); m != JSON_NONE; m = json_next(doc, node, m)) {
		int k = 0;

		while (k < KEY_COUNT && !text_is(doc->nodes[m].text, keys[k]))
			k++;
		if (k == KEY_COUNT)
			return unknown_key(doc->nodes[m].text, keys, reader->fault);
		reader->member[k] = m + 1;
	}
	return 0;
}

static bool has(const struct reader *reader, enum key key)
{
	return reader->member[key] != JSON_NONE;
}

/* A name, or nothing; an empty one says nothing where it may be left out, as in an event. */
static int take_name(const struct reader *reader, enum key key, bool required, struct text *out)
{
	struct text name = json_string(reader->doc, reader->member[key]);

	*out = text_of(NULL);
	if (!has(reader, key) && required)
		return fault_set(reader->fault, FAULT_INVALID, "%s is missing", keys[key]);
	if (!has(reader, key) || (name.at != NULL && name.len == 0 && !required))
		return 0;
	if (name.at == NULL)
		return fault_set(reader->fault, FAULT_INVALID, "%s: a string is due", keys[key]);
	if (name.len == 0 || name.len > EVENT_NAME_BYTES_MAX || !text_plain(name))
		return fault_set(reader->fault, FAULT_INVALID,
		                 "%s: 1 to %d bytes without control characters", keys[key],
		                 EVENT_NAME_BYTES_MAX);
	*out = name;
	return 0;
}

static int take_at(const struct reader *reader)
{
	struct text at = json_string(reader->doc, reader->member[KEY_AT]);

	if (!has(reader, KEY_AT))
		return fault_set(reader->fault, FAULT_INVALID, "at is missing");
	if (at.at == NULL || !moment_parse_date(at, &reader->vector->request.at_ms))
		return fault_set(reader->fault, FAULT_INVALID,
		                 "at: a time is due, like \"2026-11-22T08:00:00Z\"");
	return 0;
}

static int take_expect(const struct reader *reader)
{
	struct text expect = json_string(reader->doc, reader->member[KEY_EXPECT]);
	struct fault fault;

	if (!has(reader, KEY_EXPECT))
		return fault_set(reader->fault, FAULT_INVALID,
		                 "expect is missing: an amount, or \"unpriced\"");
	if (json_type_of(reader->doc, reader->member[KEY_EXPECT]) == JSON_NUMBER)
		return fault_set(reader->fault, FAULT_INVALID,
		                 "expect: an amount is a string: write \"%.*s\"",
		                 TEXT_ARGS(reader->doc->nodes[reader->member[KEY_EXPECT]].text));
	reader->vector->unpriced = text_is(expect, "unpriced");
	if (reader->vector->unpriced)
		return 0;
	if (expect.at == NULL || money_parse(expect, &reader->vector->expect, &fault) < 0)
		return fault_set(reader->fault, FAULT_INVALID,
		                 "expect: %.*s is neither an amount nor \"unpriced\"",
		                 expect.len > 64 ? 64 : (int)expect.len,
		                 expect.at != NULL ? expect.at : "");
	return 0;
}

static int take_counts(const struct reader *reader)
{
	const struct json *doc = reader->doc;
	uint32_t counts = reader->member[KEY_COUNTS];
	int r = 0;

	if (!has(reader, KEY_COUNTS))
		return 0;
	if (json_type_of(doc, counts) != JSON_OBJECT)
		return fault_set(reader->fault, FAULT_INVALID,
		                 "counts: an object of components is due");
	for (uint32_t m = json_first(doc, counts); r == 0 && m != JSON_NONE;
	     m = json_next(doc, counts, m)) {
		enum component component = COMPONENT_COUNT;
		int64_t n = -1;

		r = said_component(doc->nodes[m].text, &component, reader->fault);
		if (r == 0 && !json_integer(doc, m + 1, &n))
			n = -1;
		if (r == 0)
			r = said_count(&reader->vector->said, component, n, reader->fault);
	}
	return r;
}

/* A word of a kind, whose number or truth JSON may write as what it is. */
static struct text word_of(const struct json *doc, uint32_t node)
{
	switch (json_type_of(doc, node)) {
	case JSON_TRUE:
		return text_of("true");
	case JSON_FALSE:
		return text_of("false");
	case JSON_STRING:
	case JSON_NUMBER:
		return doc->nodes[node].text;
	default:
		return text_of("");
	}
}

/* What stands in one of the two lists; images need not say that they are images_out. */
static int take_kind(const struct reader *reader, uint32_t node, enum key list)
{
	const struct json *doc = reader->doc;
	struct usage_kind kind = { .component = COMPONENT_IMAGES_OUT, .n = 1 };
	const char *which = list == KEY_IMAGES ? "direction" : "component";
	uint32_t n = json_member(doc, node, "n"), of = json_member(doc, node, which);
	struct text direction = json_string(doc, of);
	int r = 0;

	if (json_type_of(doc, node) != JSON_OBJECT)
		return fault_set(reader->fault, FAULT_INVALID, "an object is due");
	if (list == KEY_KINDS)
		r = said_component(json_string(doc, of), &kind.component, reader->fault);
	else if (text_is(direction, "in"))
		kind.component = COMPONENT_IMAGES_IN;
	else if (of != JSON_NONE && !text_is(direction, "out"))
		r = fault_set(reader->fault, FAULT_INVALID, "direction is \"in\" or \"out\"");
	if (r == 0 && n != JSON_NONE && !json_integer(doc, n, &kind.n))
		kind.n = -1;
	for (uint32_t m = json_first(doc, node); r == 0 && m != JSON_NONE;
	     m = json_next(doc, node, m)) {
		if (m + 1 != n && m + 1 != of)
			r = said_word(&kind, doc->nodes[m].text, word_of(doc, m + 1),
			              reader->fault);
	}
	return r < 0 ? r : said_kind(&reader->vector->said, &kind, reader->fault);
}

static int take_kinds(const struct reader *reader, enum key list)
{
	const struct json *doc = reader->doc;
	uint32_t node = reader->member[list];
	enum json_type type = json_type_of(doc, node);
	struct fault inner;
	int r = 0;

	if (!has(reader, list))
		return 0;
	if (list == KEY_IMAGES && type == JSON_OBJECT)
		r = take_kind(reader, node, list);
	else if (type != JSON_ARRAY)
		r = fault_set(reader->fault, FAULT_INVALID, "an array of objects is due");
	for (uint32_t e = type == JSON_ARRAY ? json_first(doc, node) : JSON_NONE;
	     r == 0 && e != JSON_NONE; e = json_next(doc, node, e))
		r = take_kind(reader, e, list);
	if (r == 0)
		return 0;
	inner = *reader->fault;
	return fault_set(reader->fault, inner.code, "%s: %.400s", keys[list], inner.text);
}

/* The line of a gateway that says the same. */
static int make_event(const struct reader *reader, struct arena *arena)
{
	static const enum key passed[] = { KEY_USAGE, KEY_RESPONSE, KEY_SSE, KEY_STATUS,
		                           KEY_IMAGES };
	struct vector *vector = reader->vector;
	const struct rating_request *request = &vector->request;
	struct buf line = { .at = NULL };
	char time[MOMENT_TEXT_BYTES];
	bool good = true;

	moment_text(request->at_ms, time);
	buf_addf(&line, "{\"id\":\"vector\",\"source\":\"toll price test\",\"time\":\"%s\"", time);
	buf_add_member(&line, "account",
	               request->account.at != NULL ? request->account : text_of("toll price test"));
	buf_add_member(&line, "model", request->model);
	buf_add_member(&line, "service_tier", request->tier);
	buf_add_member(&line, "region", request->region);
	buf_add_member(&line, "api", json_string(reader->doc, reader->member[KEY_API]));
	for (size_t i = 0; good && i < sizeof(passed) / sizeof(passed[0]); i++) {
		if (!has(reader, passed[i]))
			continue;
		buf_addf(&line, ",\"%s\":", keys[passed[i]]);
		good = json_write(reader->doc, reader->member[passed[i]], JSON_DEPTH_MAX, &line);
	}
	buf_add_cstr(&line, "}");
	vector->event = line.error == 0 ? arena_copy(arena, buf_text(&line)) : text_of(NULL);
	buf_release(&line);
	return vector->event.at != NULL ? 0 : -FAULT_NOMEM;
}

/* Counts, or what a provider told: one of them. */
static int take_usage(const struct reader *reader, struct arena *arena)
{
	static const enum key told[] = { KEY_USAGE, KEY_RESPONSE, KEY_SSE, KEY_STATUS };
	struct text api;
	int r = take_name(reader, KEY_API, false, &api);

	for (size_t i = 0; r == 0 && !has(reader, KEY_API) && i < sizeof(told) / sizeof(told[0]);
	     i++) {
		if (has(reader, told[i]))
			return fault_set(reader->fault, FAULT_INVALID,
			                 "api is missing: it says what shape %s has",
			                 keys[told[i]]);
	}
	if (r < 0)
		return r;
	if (has(reader, KEY_API) && (has(reader, KEY_COUNTS) || has(reader, KEY_KINDS)))
		return fault_set(reader->fault, FAULT_INVALID,
		                 "%s and api: counts, or what a provider told, not both",
		                 has(reader, KEY_COUNTS) ? "counts" : "kinds");
	if (has(reader, KEY_API))
		return make_event(reader, arena);
	if (!has(reader, KEY_COUNTS) && !has(reader, KEY_KINDS) && !has(reader, KEY_IMAGES))
		return fault_set(reader->fault, FAULT_INVALID,
		                 "counts are missing, or usage and its api");
	r = take_counts(reader);
	if (r == 0)
		r = take_kinds(reader, KEY_KINDS);
	if (r == 0)
		r = take_kinds(reader, KEY_IMAGES);
	return r < 0 ? r : said_end(&reader->vector->said, reader->fault);
}

int vector_read(struct vector *vector, const struct json *doc, uint32_t node, struct arena *arena,
                struct fault *fault)
{
	struct reader reader = { .doc = doc, .vector = vector, .fault = fault };
	struct rating_request *request = &vector->request;
	int r;

	*vector = (struct vector){ .unpriced = false };
	r = find_members(&reader, node);
	if (r == 0)
		r = take_name(&reader, KEY_NAME, false, &vector->name);
	if (r == 0)
		r = take_name(&reader, KEY_MODEL, true, &request->model);
	if (r == 0)
		r = take_at(&reader);
	if (r == 0)
		r = take_name(&reader, KEY_ACCOUNT, false, &request->account);
	if (r == 0)
		r = take_name(&reader, KEY_TIER, false, &request->tier);
	if (r == 0)
		r = take_name(&reader, KEY_REGION, false, &request->region);
	if (r == 0)
		r = take_expect(&reader);
	if (r == 0)
		r = take_usage(&reader, arena);
	request->usage = &vector->said.usage;
	return r;
}

/* ---- rating ---- */

static void add_request(const struct book *book, const struct rating_request *request,
                        vector_fn *each, void *context, struct vector_result *result)
{
	struct charges charges;
	enum rating_verdict verdict = rating_request(book, request, &charges);
	const struct book_found *found = &charges.found;

	if (each != NULL)
		each(context, &charges);
	if (verdict == RATING_PRICED || verdict == RATING_NOTHING) {
		if (money_add(result->amount, charges.total, &result->amount) == 0)
			return;
		verdict = RATING_RANGE;
	}
	if (result->state != VECTOR_PRICED)
		return; /* the first one says why */
	result->state = verdict == RATING_RANGE ? VECTOR_REFUSED : VECTOR_UNPRICED;
	if (verdict == RATING_RANGE) {
		buf_add_cstr(&result->why, "larger than an amount can be");
	} else if (found->match == BOOK_MATCH_NONE) {
		buf_addf(&result->why, "no model of the book is %.*s", TEXT_ARGS(request->model));
	} else if (found->version == NULL) {
		buf_add_cstr(&result->why, "no version of the model is in effect at this time");
	} else {
		buf_add_cstr(&result->why, "no rate for ");
		charges_missing(&charges, &result->why);
	}
}

/* As a daemon would take the line. */
static int rate_event(const struct vector *vector, struct book *book, struct json *doc,
                      struct arena *arena, vector_fn *each, void *context,
                      struct vector_result *result)
{
	const struct terms terms = { .book = { .book = book, .first_price = 1 } };
	const struct event_defaults defaults = { .now_ms = VECTORS_NOW_MS };
	struct ingest_item first;
	int r = ingest_prepare(&first, vector->event, INGEST_LINE_WHOLE, (int64_t)vector->event.len,
	                       &defaults, &terms, doc, arena);

	if (r < 0)
		return r;
	if (first.refused) {
		result->state = VECTOR_REFUSED;
		buf_addf(&result->why, "%s: %s", reason_name(first.refusal->reason),
		         first.refusal->detail);
		return 0;
	}
	for (const struct ingest_item *item = &first; item != NULL; item = item->more) {
		struct rating_request request = rating_of(&item->event, &item->event.usage);

		if (vector->request.account.at == NULL)
			request.account = text_of(NULL);
		add_request(book, &request, each, context, result);
	}
	return 0;
}

int vector_rate(const struct vector *vector, struct book *book, struct json *doc,
                struct arena *arena, vector_fn *each, void *context, struct vector_result *result)
{
	int r = 0;

	result->state = VECTOR_PRICED;
	result->amount = (struct money){ 0 };
	buf_clear(&result->why);
	if (vector->event.at == NULL)
		add_request(book, &vector->request, each, context, result);
	else
		r = rate_event(vector, book, doc, arena, each, context, result);
	return r < 0 ? r : result->why.error;
}

bool vector_holds(const struct vector *vector, const struct vector_result *result)
{
	if (vector->unpriced)
		return result->state == VECTOR_UNPRICED;
	return result->state == VECTOR_PRICED && money_compare(result->amount, vector->expect) == 0;
}
