/* Finding things in an envelope: paths, attributes, and what a value says as a text. */
#include <string.h>
#include <strings.h>

#include "usage/envelope_internal.h"

static const struct envelope_at nowhere = { NULL, JSON_NONE };

/* The kinds of values of OTLP (opentelemetry-proto common.proto, AnyValue). */
uint32_t envelope_unwrap(const struct json *doc, uint32_t node)
{
	static const char *const kinds[] = { "stringValue", "intValue", "doubleValue",
		                             "boolValue" };
	uint32_t inner;

	if (json_type_of(doc, node) != JSON_OBJECT)
		return node;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		inner = json_member(doc, node, kinds[i]);
		if (inner != JSON_NONE)
			return inner;
	}
	inner = json_member(doc, json_member(doc, node, "arrayValue"), "values");
	return inner != JSON_NONE ? inner : node;
}

bool envelope_pair(const struct json *doc, uint32_t container, uint32_t child, struct text *key_out,
                   uint32_t *value_out)
{
	if (json_type_of(doc, container) == JSON_OBJECT) {
		*key_out = doc->nodes[child].text;
		*value_out = child + 1;
		return true;
	}
	*key_out = json_string(doc, json_member(doc, child, "key"));
	*value_out = envelope_unwrap(doc, json_member(doc, child, "value"));
	return key_out->at != NULL;
}

/* An element by its index or an attribute by its key. */
static uint32_t in_array(const struct json *doc, uint32_t array, struct text step)
{
	int64_t index;
	bool by_index = text_int(step, &index);
	uint32_t value;
	struct text key;

	for (uint32_t e = json_first(doc, array); e != JSON_NONE; e = json_next(doc, array, e)) {
		if (by_index && index-- == 0)
			return envelope_unwrap(doc, e);
		if (!by_index && envelope_pair(doc, array, e, &key, &value) &&
		    text_equal(key, step))
			return value;
	}
	return JSON_NONE;
}

static uint32_t in_object(const struct json *doc, uint32_t object, struct text step)
{
	for (uint32_t k = json_first(doc, object); k != JSON_NONE; k = json_next(doc, object, k)) {
		if (text_equal(doc->nodes[k].text, step))
			return k + 1;
	}
	return JSON_NONE;
}

struct envelope_at envelope_at(const struct envelope_view *view, const char *path)
{
	struct text rest = text_of(path), step;
	struct envelope_at at = { view->root[0].doc, view->root[0].node };
	bool first = true;

	for (; text_cut(&rest, '/', &step); first = false) {
		enum json_type type = json_type_of(at.doc, at.node);
		bool is_root = false;

		for (int r = 1; first && r < ENVELOPE_ROOTS_MAX; r++) {
			if (view->root[r].name == NULL || !text_is(step, view->root[r].name))
				continue;
			at = (struct envelope_at){ view->root[r].doc, view->root[r].node };
			is_root = true;
		}
		if (is_root)
			continue;
		if (type == JSON_OBJECT)
			at.node = in_object(at.doc, at.node, step);
		else if (type == JSON_ARRAY)
			at.node = in_array(at.doc, at.node, step);
		else
			return nowhere;
	}
	if (at.node == JSON_NONE || json_type_of(at.doc, at.node) == JSON_NULL)
		return nowhere;
	return at;
}

struct envelope_at envelope_first(const struct envelope_view *view, const char *const *paths)
{
	for (int i = 0; i < ENVELOPE_PATHS_MAX && paths[i] != NULL; i++) {
		struct envelope_at at = envelope_at(view, paths[i]);

		/* An empty string says as much as none. */
		if (at.node != JSON_NONE && (json_type_of(at.doc, at.node) != JSON_STRING ||
		                             json_string(at.doc, at.node).len > 0))
			return at;
	}
	return nowhere;
}

struct text envelope_text(struct envelope_at at)
{
	struct text t;

	if (at.node == JSON_NONE)
		return text_of(NULL);
	t = at.doc->nodes[at.node].text;
	switch (json_type_of(at.doc, at.node)) {
	case JSON_STRING:
		return t.len > 0 ? t : text_of(NULL);
	case JSON_NUMBER:
		return t;
	case JSON_TRUE:
		return text_of("true");
	case JSON_FALSE:
		return text_of("false");
	default:
		return text_of(NULL);
	}
}

struct text envelope_text_at(const struct envelope_view *view, const char *path)
{
	return envelope_text(envelope_at(view, path));
}

bool envelope_has(const struct json *doc, uint32_t object, const char *key)
{
	return json_member(doc, object, key) != JSON_NONE;
}

bool envelope_is_string(const struct json *doc, uint32_t object, const char *key)
{
	return json_string(doc, json_member(doc, object, key)).at != NULL;
}

bool envelope_above_zero(const struct json *doc, uint32_t node)
{
	struct text t = json_type_of(doc, node) == JSON_NUMBER ? doc->nodes[node].text
	                                                       : json_string(doc, node);

	for (size_t i = 0; i < t.len && t.at[i] != 'e' && t.at[i] != 'E'; i++) {
		if (t.at[i] >= '1' && t.at[i] <= '9')
			return true;
	}
	return false;
}

/*
 * What a record counts of these says nothing of what came of them.  Sources: CallTypes of LiteLLM,
 * gen_ai.operation.name of OpenTelemetry, the paths of OpenAI, Cohere, Google, Mistral and vLLM.
 */
static const char *const without_answer[] = {
	"embedding",
	"embeddings",
	"embed",
	"embedContent",
	"batchEmbedContents",
	"asyncBatchEmbedContent",
	"rerank",
	"moderation",
	"moderations",
	"transcription",
	"transcriptions",
	"audio/translations",
	"speech",
	"image_generation",
	"image_edit",
	"image_variation",
	"images/generations",
	"images/edits",
	"images/variations",
	"ocr",
	"pooling",
	"classify",
	"score",
};

/* The end of a path, or a call of LiteLLM that is asynchronous. */
static bool may_stand_before(struct text t)
{
	return t.len == 0 || t.at[t.len - 1] == '/' || t.at[t.len - 1] == ':' || text_is(t, "a") ||
	       text_is(t, "_a");
}

bool envelope_names_no_answer(struct text operation)
{
	struct text rest = operation, path;

	if (!text_cut(&rest, '?', &path))
		return false;
	while (path.len > 0 && path.at[path.len - 1] == '/')
		path.len--;
	for (size_t i = 0; i < sizeof(without_answer) / sizeof(without_answer[0]); i++) {
		size_t len = strlen(without_answer[i]);

		if (path.len >= len &&
		    strncasecmp(path.at + path.len - len, without_answer[i], len) == 0 &&
		    may_stand_before((struct text){ path.at, path.len - len }))
			return true;
	}
	return false;
}
