/*
 * Kong AI Gateway's log: `ai` of the log serializer holds an object a plugin, each with its
 * own usage.  AI Gateway 2.0 says prompt_tokens and completion_tokens, 3.x prompt_token and
 * completion_token (docs.konghq.com, AI gateway log reference).  The plugins normalise to
 * OpenAI's counts.  With one plugin the event has the id of the request; with several, each
 * has the plugin's name behind it.
 */
#include <string.h>
#include <strings.h>

#include "usage/envelope_internal.h"

static const struct envelope_field fields[] = {
	FIELD("id", TAKE_NAME, "request/id"),
	FIELD("time", TAKE_UNIX_MS, "started_at"),
	FIELD("account", TAKE_NAME, "consumer/custom_id", "consumer/username", "consumer/id",
	      "authenticated_entity/id"),
	FIELD_ACCOUNT,
	FIELD("key", TAKE_NAME, "authenticated_entity/id"),
	FIELD("model", TAKE_NAME, "plugin/meta/request_model", "plugin/meta/response_model"),
	FIELD("provider", TAKE_NAME, "plugin/meta/provider_name"),
	FIELD_WORD("api", "\"openai.chat\""),
	FIELD("status", TAKE_STATUS, "response/status"),
	FIELD_IS("stream", "stream", "plugin/meta/request_mode"),
	FIELD("latency_ms", TAKE_MS, "plugin/meta/llm_latency", "latencies/request"),
	FIELD("ttft_ms", TAKE_MS, "plugin/usage/time_to_first_token"),
	FIELD("answer", TAKE_NO_ANSWER, "plugin/meta/operation_name",
	      "plugin/tried_targets/0/route_type", "upstream_uri", "request/uri"),
	FIELD("tags.response_model", TAKE_NAME, "plugin/meta/response_model"),
	FIELD("tags.cost", TAKE_NAME, "plugin/usage/cost"),
	FIELD("tags.route", TAKE_NAME, "route/name"),
	FIELD("tags.workspace", TAKE_NAME, "workspace_name", "workspace"),
	FIELD_IF("tags.cache_hit", "\"true\"", "hit", "plugin/cache/cache_status"),
};

static const struct envelope_word words[] = {
	{ NULL, "prompt_tokens", { "prompt_tokens", "prompt_token" } },
	{ NULL, "completion_tokens", { "completion_tokens", "completion_token" } },
	{ NULL, "total_tokens", { "total_tokens", "total_token" } },
	{ NULL, NULL, { "cost", "time_per_token", "time_to_first_token" } },
};

/* An object with `usage`, or a `meta` that names a model: "payload" has neither. */
static bool is_plugin(const struct json *doc, uint32_t node)
{
	uint32_t meta = json_member(doc, node, "meta");

	return json_type_of(doc, json_member(doc, node, "usage")) == JSON_OBJECT ||
	       (json_type_of(doc, meta) == JSON_OBJECT &&
	        (envelope_has(doc, meta, "request_model") ||
	         envelope_has(doc, meta, "provider_name")));
}

static size_t count_plugins(const struct json *doc, uint32_t ai)
{
	size_t n = 0;

	if (json_type_of(doc, ai) != JSON_OBJECT)
		return 0;
	for (uint32_t k = json_first(doc, ai); k != JSON_NONE; k = json_next(doc, ai, k))
		n += is_plugin(doc, k + 1);
	return n;
}

static bool is_kong(const struct json *doc, uint32_t node)
{
	return count_plugins(doc, json_member(doc, node, "ai")) > 0;
}

static void put_id(struct envelope_work *work, const struct envelope_view *view, struct text plugin)
{
	struct text id = envelope_text_at(view, "request/id"), whole;
	char *at;

	if (id.at == NULL || id.len > EVENT_NAME_BYTES_MAX || plugin.len > EVENT_NAME_BYTES_MAX)
		return;
	whole.len = id.len + 1 + plugin.len;
	at = arena_take(work->arena, whole.len);
	if (at == NULL) {
		work->error = -FAULT_NOMEM;
		return;
	}
	memcpy(at, id.at, id.len);
	at[id.len] = '/';
	memcpy(at + id.len + 1, plugin.at, plugin.len);
	whole.at = at;
	envelope_put_text(work, "id", whole);
}

static void open_kong(struct envelope_work *work, const struct json *doc, uint32_t node)
{
	uint32_t ai = json_member(doc, node, "ai");
	size_t n = count_plugins(doc, ai);

	for (uint32_t k = json_first(doc, ai);
	     k != JSON_NONE && work->error == 0 && !work->too_many; k = json_next(doc, ai, k)) {
		struct envelope_view view = { { { "", doc, node }, { "plugin", doc, k + 1 } } };
		struct text hit = envelope_text_at(&view, "plugin/cache/cache_status");

		if (!is_plugin(doc, k + 1))
			continue;
		envelope_begin(work);
		if (n > 1)
			put_id(work, &view, doc->nodes[k].text);
		if (hit.len == 3 && strncasecmp(hit.at, "hit", 3) == 0)
			envelope_put_json(work, "usage", ENVELOPE_NOTHING_CHAT);
		else
			envelope_put_usage(work, envelope_at(&view, "plugin/usage"), NULL);
		envelope_put_fields(work, &view);
		envelope_end(work, &view);
	}
}

const struct envelope envelope_kong_ai = {
	.name = "kong.ai",
	.is = is_kong,
	.open = open_kong,
	ENVELOPE_LIST(fields, field_count, fields),
	ENVELOPE_LIST(words, word_count, words),
	.usage_from = "ai/PLUGIN/usage",
};
