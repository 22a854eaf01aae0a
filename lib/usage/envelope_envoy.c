/*
 * Envoy AI Gateway's access log: one flat object, its members named by the operator, those of
 * GenAI as OpenTelemetry names them (aigateway.envoyproxy.io, access logs).  The gateway
 * counts as OpenAI does whatever the provider: cached and cache-write tokens inside of input.
 *
 * An MCP call has null for model and usage: no model ran, and it is refused as `foreign`.
 * Of a request whose client went away (response_flags DC) the counts may be of a part.
 */
#include "usage/envelope_internal.h"

static const struct envelope_field fields[] = {
	FIELD("id", TAKE_NAME, "x-request-id"),
	FIELD("time", TAKE_MOMENT, "start_time"),
	FIELD("account", TAKE_NAME, "account", "x-account-id", "x-tenant-id", "x-team-id",
	      "x-user-id"),
	FIELD_ACCOUNT,
	FIELD("model", TAKE_NAME, "gen_ai.request.model", "gen_ai.request.model_override",
	      "gen_ai.response.model"),
	FIELD("provider", TAKE_NAME, "gen_ai.provider.name", "gen_ai.system"),
	FIELD_WORD("api", "\"openai.chat\""),
	FIELD("status", TAKE_STATUS, "response_code"),
	FIELD_IF("settlement", "\"abandoned\"", "DC", "response_flags"),
	FIELD("answer", TAKE_NO_ANSWER, "gen_ai.operation.name", "x-envoy-origin-path",
	      "x-envoy-original-path", "path", ":path"),
	FIELD("latency_ms", TAKE_MS, "duration"),
	FIELD("tags.response_model", TAKE_NAME, "gen_ai.response.model",
	      "gen_ai.request.model_override"),
	FIELD("tags.route", TAKE_NAME, "route_name"),
};

static const struct envelope_word words[] = {
	{ NULL, "prompt_tokens", { "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens" } },
	{ NULL,
	  "completion_tokens",
	  { "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens" } },
	{ NULL, "total_tokens", { "gen_ai.usage.total_tokens" } },
	{ "prompt_tokens_details",
	  "cached_tokens",
	  { "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens",
	    "gen_ai.usage.cached_input_tokens" } },
	{ "prompt_tokens_details",
	  "cache_write_tokens",
	  { "gen_ai.usage.cache_creation.input_tokens",
	    "gen_ai.usage.cache_creation_input_tokens" } },
	{ "completion_tokens_details",
	  "reasoning_tokens",
	  { "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens" } },
};

static bool is_envoy(const struct json *doc, uint32_t node)
{
	return (envelope_has(doc, node, "gen_ai.request.model") ||
	        envelope_has(doc, node, "gen_ai.usage.input_tokens") ||
	        envelope_has(doc, node, "mcp.method.name")) &&
	       (envelope_has(doc, node, "response_code") || envelope_has(doc, node, "start_time"));
}

static void open_envoy(struct envelope_work *work, const struct json *doc, uint32_t node)
{
	static const char *const prefixes[] = { "gen_ai.usage.", NULL };
	struct envelope_view view = { { { "", doc, node }, { NULL, doc, JSON_NONE } } };
	struct text method = envelope_text_at(&view, "mcp.method.name");
	bool usage;

	envelope_begin(work);
	usage = envelope_put_usage(work, (struct envelope_at){ doc, node }, prefixes);
	envelope_put_fields(work, &view);
	if (!usage && !envelope_was_put(work, "model")) {
		if (method.at != NULL)
			envelope_refuse(work, REASON_FOREIGN,
			                "an MCP call (%.*s): no model and no usage in it",
			                method.len > 64 ? 64 : (int)method.len, method.at);
		else
			envelope_refuse(work, REASON_FOREIGN, "no model and no usage in it");
	}
	envelope_end(work, &view);
}

const struct envelope envelope_envoy_ai = {
	.name = "envoy.ai",
	.is = is_envoy,
	.open = open_envoy,
	ENVELOPE_LIST(fields, field_count, fields),
	ENVELOPE_LIST(words, word_count, words),
	.usage_from = "gen_ai.usage.*",
};
