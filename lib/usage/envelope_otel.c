/*
 * OpenTelemetry's GenAI spans: OTLP/JSON (resourceSpans > scopeSpans > spans, 64-bit integers
 * as strings), or one span a line, as the SDKs' console and file exporters write it.
 *
 * gen_ai.usage.input_tokens includes what was read from and written to the cache,
 * output_tokens includes reasoning (open-telemetry/semantic-conventions-genai); before these
 * names there were prompt_tokens and completion_tokens, and llm.usage.*.
 *
 * A span counts if its attributes have a model or a usage, and its operation is a request to
 * a model.  Spans of agents and tools repeat what the spans below them used.  A span without
 * counts is passed on and refused as such, unless it failed: nothing is known to be free.
 */
#include <string.h>

#include "usage/envelope_internal.h"

static const struct envelope_field fields[] = {
	FIELD("id", TAKE_JOIN, "traceId", "spanId"),
	FIELD("id", TAKE_JOIN, "trace_id", "span_id"),
	FIELD("id", TAKE_JOIN, "context/trace_id", "context/span_id"),
	FIELD("source", TAKE_NAME, "resource/attributes/service.name", "attributes/service.name"),
	FIELD("time", TAKE_UNIX_NS, "startTimeUnixNano", "start_time_unix_nano"),
	FIELD("time", TAKE_MOMENT, "startTime", "start_time"),
	FIELD("account", TAKE_NAME, "attributes/toll.account", "attributes/tenant.id",
	      "attributes/enduser.id", "attributes/user.id", "resource/attributes/toll.account",
	      "resource/attributes/tenant.id"),
	FIELD_ACCOUNT,
	FIELD("model", TAKE_NAME, "attributes/gen_ai.request.model",
	      "attributes/gen_ai.response.model"),
	FIELD("provider", TAKE_NAME, "attributes/gen_ai.provider.name", "attributes/gen_ai.system"),
	FIELD_WORD("api", "\"openai.chat\""),
	FIELD("service_tier", TAKE_NAME, "attributes/openai.response.service_tier",
	      "attributes/gen_ai.openai.response.service_tier"),
	FIELD("finish_reason", TAKE_NAME, "attributes/gen_ai.response.finish_reasons/0"),
	FIELD("status", TAKE_STATUS, "attributes/http.response.status_code",
	      "attributes/http.status_code"),
	FIELD("status", TAKE_STATUS, "attributes/error.type"),
	FIELD_IF("status", "500", "2", "status/code", "status/status_code"),
	FIELD_IF("status", "500", "ERROR", "status/code", "status/status_code"),
	FIELD_IF("status", "500", "STATUS_CODE_ERROR", "status/code", "status/status_code"),
	FIELD("stream", TAKE_BOOL, "attributes/gen_ai.request.stream",
	      "attributes/llm.is_streaming"),
	FIELD("latency_ms", TAKE_BETWEEN_NS, "startTimeUnixNano", "endTimeUnixNano"),
	FIELD("latency_ms", TAKE_BETWEEN_NS, "start_time_unix_nano", "end_time_unix_nano"),
	FIELD("latency_ms", TAKE_BETWEEN, "startTime", "endTime"),
	FIELD("latency_ms", TAKE_BETWEEN, "start_time", "end_time"),
	FIELD("ttft_ms", TAKE_SECONDS_MS, "attributes/gen_ai.response.time_to_first_chunk",
	      "attributes/gen_ai.server.time_to_first_token"),
	FIELD("upstream_id", TAKE_NAME, "attributes/gen_ai.response.id"),
	FIELD("answer", TAKE_NO_ANSWER, "attributes/gen_ai.operation.name",
	      "attributes/llm.request.type"),
	FIELD("tags.operation", TAKE_NAME, "attributes/gen_ai.operation.name"),
	FIELD("tags.response_model", TAKE_NAME, "attributes/gen_ai.response.model"),
	FIELD("tags.cost", TAKE_NAME, "attributes/gen_ai.usage.cost",
	      "attributes/gen_ai.usage.total_cost", "attributes/gen_ai.usage.cost_usd",
	      "attributes/gen_ai.cost.total_usd", "attributes/github.copilot.cost"),
};

static const struct envelope_word words[] = {
	{ NULL,
	  "prompt_tokens",
	  { "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens",
	    "llm.usage.prompt_tokens" } },
	{ NULL,
	  "completion_tokens",
	  { "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens",
	    "llm.usage.completion_tokens" } },
	{ NULL, "total_tokens", { "gen_ai.usage.total_tokens", "llm.usage.total_tokens" } },
	{ "prompt_tokens_details",
	  "cached_tokens",
	  { "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens",
	    "gen_ai.usage.cached_input_tokens", "gen_ai.usage.input_tokens.cached",
	    "llm.usage.cache_read_input_tokens" } },
	{ "prompt_tokens_details",
	  "cache_write_tokens",
	  { "gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_creation_input_tokens",
	    "gen_ai.usage.cache_write_input_tokens", "gen_ai.usage.input_tokens.cache_write",
	    "llm.usage.cache_creation_input_tokens" } },
	{ "completion_tokens_details",
	  "reasoning_tokens",
	  { "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens",
	    "gen_ai.usage.output_tokens.reasoning", "llm.usage.reasoning_tokens" } },
	{ NULL,
	  NULL,
	  { "gen_ai.usage.cost", "gen_ai.usage.total_cost", "gen_ai.usage.cost_usd",
	    "gen_ai.usage.input_cost", "gen_ai.usage.output_cost", "llm.usage.cost" } },
};

static const char *const prefixes[] = { "gen_ai.usage.", "llm.usage.", NULL };

static bool is_list(const struct json *doc, uint32_t node)
{
	return json_type_of(doc, node) == JSON_ARRAY;
}

static bool is_flat_span(const struct json *doc, uint32_t node)
{
	enum json_type type = json_type_of(doc, json_member(doc, node, "attributes"));

	return (type == JSON_OBJECT || type == JSON_ARRAY) &&
	       ((envelope_is_string(doc, node, "traceId") &&
	         envelope_is_string(doc, node, "spanId")) ||
	        (envelope_is_string(doc, node, "trace_id") &&
	         envelope_is_string(doc, node, "span_id")) ||
	        envelope_is_string(doc, json_member(doc, node, "context"), "span_id"));
}

static bool is_otel(const struct json *doc, uint32_t node)
{
	return is_list(doc, json_member(doc, node, "resourceSpans")) || is_flat_span(doc, node);
}

/* The names that make a span one of GenAI. */
static bool has_genai(const struct json *doc, uint32_t attributes)
{
	static const char *const names[] = { "gen_ai.request.model", "gen_ai.response.model" };
	struct text key;
	uint32_t value;

	for (uint32_t c = json_first(doc, attributes); c != JSON_NONE;
	     c = json_next(doc, attributes, c)) {
		if (!envelope_pair(doc, attributes, c, &key, &value))
			continue;
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			if (text_is(key, names[i]))
				return true;
		}
		for (size_t i = 0; prefixes[i] != NULL; i++) {
			if (key.len > strlen(prefixes[i]) &&
			    memcmp(key.at, prefixes[i], strlen(prefixes[i])) == 0)
				return true;
		}
	}
	return false;
}

/* Operations whose usage is that of the requests they made, each a span of its own. */
static bool is_summary(struct text operation)
{
	static const char *const summaries[] = { "invoke_agent", "create_agent", "execute_tool",
		                                 "invoke_workflow" };

	for (size_t i = 0; i < sizeof(summaries) / sizeof(summaries[0]); i++) {
		if (text_is(operation, summaries[i]))
			return true;
	}
	return false;
}

static bool is_too_wide(const struct json *doc, uint32_t attributes)
{
	return attributes != JSON_NONE && doc->nodes[attributes].count > ENVELOPE_ATTRIBUTES_MAX;
}

static void open_span(struct envelope_work *work, const struct json *doc, uint32_t span,
                      uint32_t resource)
{
	struct envelope_view view = { { { "", doc, span }, { "resource", doc, resource } } };
	uint32_t attributes = json_member(doc, span, "attributes");
	bool too_wide = is_too_wide(doc, attributes) ||
	                is_too_wide(doc, json_member(doc, resource, "attributes"));

	if (!too_wide && (!has_genai(doc, attributes) ||
	                  is_summary(envelope_text_at(&view, "attributes/gen_ai.operation.name"))))
		return;
	envelope_begin(work);
	if (too_wide) {
		envelope_refuse(work, REASON_UNSUPPORTED, "more than %d attributes",
		                ENVELOPE_ATTRIBUTES_MAX);
	} else {
		envelope_put_usage(work, (struct envelope_at){ doc, attributes }, prefixes);
		envelope_put_fields(work, &view);
	}
	envelope_end(work, &view);
}

static void open_spans(struct envelope_work *work, const struct json *doc, uint32_t scope,
                       uint32_t resource)
{
	uint32_t spans = json_member(doc, scope, "spans");

	for (uint32_t s = is_list(doc, spans) ? json_first(doc, spans) : JSON_NONE;
	     s != JSON_NONE && work->error == 0 && !work->too_many; s = json_next(doc, spans, s))
		open_span(work, doc, s, resource);
}

static void open_resource(struct envelope_work *work, const struct json *doc, uint32_t node)
{
	/* The second is what it was called until 2022. */
	static const char *const names[] = { "scopeSpans", "instrumentationLibrarySpans" };
	uint32_t resource = json_member(doc, node, "resource");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint32_t scopes = json_member(doc, node, names[i]);

		if (!is_list(doc, scopes))
			continue;
		for (uint32_t s = json_first(doc, scopes); s != JSON_NONE;
		     s = json_next(doc, scopes, s))
			open_spans(work, doc, s, resource);
	}
}

static void open_otel(struct envelope_work *work, const struct json *doc, uint32_t node)
{
	uint32_t resources = json_member(doc, node, "resourceSpans");

	if (!is_list(doc, resources)) {
		open_span(work, doc, node, json_member(doc, node, "resource"));
		return;
	}
	for (uint32_t r = json_first(doc, resources); r != JSON_NONE;
	     r = json_next(doc, resources, r))
		open_resource(work, doc, r);
}

const struct envelope envelope_otel_genai = {
	.name = "otel.genai",
	.is = is_otel,
	.open = open_otel,
	ENVELOPE_LIST(fields, field_count, fields),
	ENVELOPE_LIST(words, word_count, words),
	.usage_from = "attributes/gen_ai.usage.*, attributes/llm.usage.*",
};
