/*
 * CloudEvents 1.0 in the structured mode of JSON (cloudevents/spec, json-format.md), as
 * OpenMeter takes them: `subject` is the account, `data` what was metered.  Also data_base64,
 * if it is JSON, and batches, which are arrays of them.
 *
 * `data` may hold
 * - the members of an event line: api with usage, response, sse, images or kinds, and the rest;
 * - counters beside the model, as OpenAI names them or as input_tokens and output_tokens;
 * - OpenMeter's "tokens" with a "type": input, output ... one event each.  The event of the
 *   input is the request, so that one of two or three events has a fee; none but the answer's
 *   has an answer that could be missing.
 * Data without a model meters something else.
 */
#include <string.h>

#include "base/base64.h"
#include "usage/envelope_internal.h"

static const struct envelope_field fields[] = {
	FIELD("id", TAKE_NAME, "id"),
	FIELD("source", TAKE_NAME, "source"),
	FIELD("time", TAKE_MOMENT, "time"),
	FIELD("account", TAKE_NAME, "subject"),
	FIELD("account", TAKE_NAME, "data/account"),
	FIELD("key", TAKE_NAME, "data/key"),
	FIELD("model", TAKE_NAME, "data/model"),
	FIELD("provider", TAKE_NAME, "data/provider"),
	FIELD("api", TAKE_NAME, "data/api"),
	FIELD("usage", TAKE_VALUE, "data/usage"),
	FIELD("response", TAKE_VALUE, "data/response"),
	FIELD("sse", TAKE_VALUE, "data/sse"),
	FIELD("images", TAKE_VALUE, "data/images"),
	FIELD("kinds", TAKE_VALUE, "data/kinds"),
	FIELD("headers", TAKE_VALUE, "data/headers"),
	FIELD("status", TAKE_VALUE, "data/status"),
	FIELD("finish_reason", TAKE_VALUE, "data/finish_reason"),
	FIELD("stream", TAKE_VALUE, "data/stream"),
	FIELD("latency_ms", TAKE_VALUE, "data/latency_ms"),
	FIELD("ttft_ms", TAKE_VALUE, "data/ttft_ms"),
	FIELD("service_tier", TAKE_VALUE, "data/service_tier"),
	FIELD("region", TAKE_VALUE, "data/region"),
	FIELD("upstream_id", TAKE_VALUE, "data/upstream_id"),
	FIELD("upstream_cost", TAKE_VALUE, "data/upstream_cost"),
	FIELD("settlement", TAKE_VALUE, "data/settlement"),
	FIELD("provenance", TAKE_VALUE, "data/provenance"),
	FIELD("served", TAKE_VALUE, "data/served"),
	FIELD("answer", TAKE_VALUE, "data/answer"),
	FIELD("tags", TAKE_VALUE, "data/tags"),
};

static const struct envelope_word words[] = {
	{ NULL,
	  "prompt_tokens",
	  { "prompt_tokens", "input_tokens", "promptTokens", "inputTokens" } },
	{ NULL,
	  "completion_tokens",
	  { "completion_tokens", "output_tokens", "completionTokens", "outputTokens" } },
	{ NULL, "total_tokens", { "total_tokens", "totalTokens" } },
	{ "prompt_tokens_details",
	  "cached_tokens",
	  { "cached_tokens", "cached_input_tokens", "cache_read_tokens",
	    "cache_read_input_tokens" } },
	{ "prompt_tokens_details",
	  "cache_write_tokens",
	  { "cache_write_tokens", "cache_creation_input_tokens" } },
	{ "completion_tokens_details", "reasoning_tokens", { "reasoning_tokens" } },
};

/* What OpenMeter's `type` says about `tokens`. */
static const struct {
	const char *type, *component;
	bool is_request, is_answer;
} kinds[] = {
	{ "input", "input", true, false },
	{ "prompt", "input", true, false },
	{ "output", "output", false, true },
	{ "completion", "output", false, true },
	{ "reasoning", "reasoning", false, true },
	{ "cache_read", "cache_read", false, false },
	{ "cached", "cache_read", false, false },
	{ "cached_input", "cache_read", false, false },
	{ "cache_write", "cache_write", false, false },
};

static bool is_cloudevent(const struct json *doc, uint32_t node)
{
	static const char *const required[] = { "specversion", "id", "source", "type" };

	for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
		if (!envelope_is_string(doc, node, required[i]))
			return false;
	}
	return true;
}

static void put_tokens(struct envelope_work *work, struct envelope_at tokens, struct text type)
{
	struct text count = envelope_text(tokens);
	int64_t value;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!text_is(type, kinds[i].type))
			continue;
		envelope_put_json(work, "api", "\"toll\"");
		envelope_put_key(work, "usage");
		buf_addf(&work->out, "{\"%s\":", kinds[i].component);
		/* OpenMeter has its numbers as strings. */
		if (text_int(count, &value))
			buf_addf(&work->out, "%lld", (long long)value);
		else
			envelope_add_value(work, tokens);
		buf_addf(&work->out, "%s}", kinds[i].is_request ? "" : ",\"requests\":0");
		/* It is in an event of its own, if there is one. */
		if (!kinds[i].is_answer)
			envelope_put_json(work, "answer", "false");
		return;
	}
	envelope_refuse(work, REASON_MISSING,
	                "data.type says what the tokens are, input or output; it is \"%.*s\"",
	                type.len > 64 ? 64 : (int)type.len, type.at != NULL ? type.at : "");
}

/* Counters are read where nothing else tells what was used. */
static void put_counters(struct envelope_work *work, const struct envelope_view *view)
{
	static const char *const told[] = { "data/api", "data/usage", "data/response", "data/sse",
		                            "data/images" };
	static const char *const nothing[] = { NULL };
	struct envelope_at tokens = envelope_at(view, "data/tokens");

	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		if (envelope_at(view, told[i]).node != JSON_NONE)
			return;
	}
	if (tokens.node != JSON_NONE)
		put_tokens(work, tokens, envelope_text_at(view, "data/type"));
	else if (envelope_put_usage(work,
	                            (struct envelope_at){ view->root[1].doc, view->root[1].node },
	                            nothing))
		envelope_put_json(work, "api", "\"openai.chat\"");
}

static void open_view(struct envelope_work *work, const struct envelope_view *view)
{
	struct text type = envelope_text_at(view, "type");

	envelope_begin(work);
	if (json_type_of(view->root[1].doc, view->root[1].node) != JSON_OBJECT) {
		envelope_refuse(work, REASON_TYPE, "data: an object is due");
	} else if (envelope_at(view, "data/model").node == JSON_NONE) {
		envelope_refuse(work, REASON_FOREIGN,
		                "data has no model: type \"%.*s\" is no request to one",
		                type.len > 64 ? 64 : (int)type.len, type.at != NULL ? type.at : "");
	} else {
		put_counters(work, view);
		envelope_put_fields(work, view);
	}
	envelope_end(work, view);
}

static void open_cloudevent(struct envelope_work *work, const struct json *doc, uint32_t node)
{
	struct envelope_view view = { { { "", doc, node },
		                        { "data", doc, json_member(doc, node, "data") } } };
	struct text coded = json_string(doc, json_member(doc, node, "data_base64"));
	struct text text = text_of(NULL);
	struct json inner = { .nodes = NULL };

	if (coded.at != NULL && json_type_of(doc, view.root[1].node) == JSON_NULL) {
		int r = coded.len <= ENVELOPE_INNER_BYTES_MAX
		                ? base64_decode(work->arena, coded, &text)
		                : -FAULT_SYNTAX;

		if (r == 0)
			r = json_parse(&inner, text, NULL);
		if (r == -FAULT_NOMEM)
			work->error = r;
		view.root[1].doc = &inner;
		view.root[1].node = r == 0 ? 0 : JSON_NONE;
	}
	if (work->error == 0)
		open_view(work, &view);
	json_release(&inner);
}

const struct envelope envelope_cloudevents = {
	.name = "cloudevents",
	.is = is_cloudevent,
	.open = open_cloudevent,
	ENVELOPE_LIST(fields, field_count, fields),
	ENVELOPE_LIST(words, word_count, words),
	.usage_from = "data/usage, data/tokens by data/type",
};
