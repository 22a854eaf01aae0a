#include "tests/support/exchanges.h"

static const struct {
	const char *wire, *provider, *api; /* provider NULL: any */
} apis[] = {
	{ "openai-chat", "openrouter", "openrouter.chat" },
	{ "openai-chat", "deepseek", "deepseek.chat" },
	{ "openai-chat", "mistral", "mistral.chat" },
	{ "openai-chat", "xai", "xai.chat" },
	{ "openai-chat", "groq", "groq.chat" },
	{ "openai-chat", "perplexity", "perplexity.chat" },
	{ "openai-chat", NULL, "openai.chat" },
	{ "openai-assistants", NULL, "openai.chat" },
	{ "openai-completions", NULL, "openai.completions" },
	{ "openai-responses", "xai", "xai.responses" },
	{ "openai-responses", NULL, "openai.responses" },
	{ "openai-embeddings", NULL, "openai.embeddings" },
	{ "openai-images", NULL, "openai.images" },
	{ "openai-audio", NULL, "openai.audio" },
	{ "openai-realtime", NULL, "openai.realtime" },
	{ "anthropic", NULL, "anthropic.messages" },
	{ "google", NULL, "google.generate" },
	{ "gemini-live", NULL, "google.live" },
	{ "google-interactions", NULL, "google.interactions" },
	{ "google-predict", NULL, "google.predict" },
	{ "google-cached-contents", NULL, "google.generate" },
	{ "bedrock-converse", NULL, "bedrock.converse" },
	{ "bedrock-invoke", NULL, "bedrock.invoke" },
	{ "cohere-chat", NULL, "cohere.chat" },
	{ "cohere-embed", NULL, "cohere.embed" },
	{ "rerank", NULL, "cohere.rerank" },
	{ "mistral-ocr", NULL, "mistral.ocr" },
	{ "xai-grpc", NULL, "xai.chat" },
	{ "ollama", NULL, "ollama.chat" },
	{ "batch", "anthropic", "anthropic.messages" },
	{ "batch", "mistral", "mistral.chat" },
	{ "batch", NULL, "openai.batch" },
	{ "other", "togetherai", "cohere.rerank" },
	{ "other", "cohere", "cohere.chat" },
	{ "other", "google", "google.interactions" },
	{ "other", "writer", "openai.chat" },
	{ "error", NULL, "openai.responses" },
};

const char *exchange_api(struct text wire, struct text provider)
{
	for (size_t i = 0; i < sizeof(apis) / sizeof(apis[0]); i++) {
		if (text_is(wire, apis[i].wire) &&
		    (apis[i].provider == NULL || text_is(provider, apis[i].provider)))
			return apis[i].api;
	}
	return NULL;
}

void exchange_put_json(struct buf *out, const struct json *doc, uint32_t node)
{
	static const char *const words[] = {
		[JSON_NULL] = "null", [JSON_FALSE] = "false", [JSON_TRUE] = "true"
	};
	enum json_type type = json_type_of(doc, node);
	const char *comma = "";

	switch (type) {
	case JSON_NUMBER:
		buf_add_text(out, doc->nodes[node].text);
		return;
	case JSON_STRING:
		buf_add_json(out, doc->nodes[node].text);
		return;
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	default:
		buf_add_cstr(out, words[type]);
		return;
	}
	buf_add_cstr(out, type == JSON_ARRAY ? "[" : "{");
	for (uint32_t c = json_first(doc, node); c != JSON_NONE; c = json_next(doc, node, c)) {
		buf_add_cstr(out, comma);
		comma = ",";
		if (type == JSON_OBJECT) {
			buf_add_json(out, doc->nodes[c].text);
			buf_add_cstr(out, ":");
		}
		exchange_put_json(out, doc, type == JSON_OBJECT ? c + 1 : c);
	}
	buf_add_cstr(out, type == JSON_ARRAY ? "]" : "}");
}

static void put_member(struct buf *out, const struct json *row, const char *key, const char *as)
{
	uint32_t node = json_member(row, 0, key);

	if (json_type_of(row, node) == JSON_NULL)
		return;
	buf_addf(out, ",\"%s\":", as);
	exchange_put_json(out, row, node);
}

bool exchange_line(const struct json *row, bool from_usage, struct buf *out)
{
	uint32_t response = json_member(row, 0, "response");
	const char *api = exchange_api(json_string(row, json_member(row, 0, "wire")),
	                               json_string(row, json_member(row, 0, "provider")));
	struct text model = json_string(row, json_member(row, 0, "model"));

	buf_clear(out);
	if (api == NULL)
		return false;
	buf_add_cstr(out, "{\"id\":");
	exchange_put_json(out, row, json_member(row, 0, "id"));
	buf_addf(out,
	         ",\"source\":\"recorded\",\"time\":\"2026-08-01T00:00:00Z\",\"account\":\"a\","
	         "\"api\":\"%s\",\"model\":",
	         api);
	buf_add_json(out, model.len > 0 ? model : text_of("unknown"));
	if (!text_is(json_string(row, json_member(row, 0, "wire")), "openai-realtime") &&
	    !text_is(json_string(row, json_member(row, 0, "wire")), "gemini-live"))
		put_member(out, row, "status", "status");
	put_member(out, row, "stream", "stream");
	put_member(out, row, "provider", "provider");
	put_member(out, row, "headers", "headers");
	if (from_usage)
		put_member(out, row, "usage_events", "usage");
	else
		put_member(out, row, "response",
		           json_type_of(row, response) == JSON_STRING ? "sse" : "response");
	buf_add_cstr(out, "}");
	return out->error == 0;
}
