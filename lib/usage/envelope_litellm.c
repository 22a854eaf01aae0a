/*
 * LiteLLM's records: StandardLoggingPayload, which its callbacks get, and rows of its spend
 * log (BerriAI/litellm types/utils.py, proxy/spend_tracking/spend_tracking_utils.py).
 *
 * LiteLLM normalises the usage of every provider to the shape litellm.chat and keeps it as
 * metadata.usage_object; in a row `metadata` is JSON inside a string.  Of calls that are not
 * chat the response's own usage is nearer to what was billed.  An answer out of LiteLLM's own
 * cache has an id of its own and repeats the counts of the first one.
 *
 * Zero tokens are a count of what is billed by tokens; of images, speech and the like they
 * say nothing, and are not passed on as if they did.
 */
#include <string.h>
#include <strings.h>

#include "usage/body.h"
#include "usage/envelope_internal.h"

#define COMMON_FIELDS                                                                              \
	FIELD("time", TAKE_MOMENT, "startTime"), FIELD("model", TAKE_NAME, "model"),               \
		FIELD("provider", TAKE_NAME, "custom_llm_provider"),                               \
		FIELD("service_tier", TAKE_NAME, "response/service_tier"),                         \
		FIELD("finish_reason", TAKE_NAME, "response/choices/0/finish_reason"),             \
		FIELD_IF("status", "200", "success", "status", "metadata/status"),                 \
		FIELD("status", TAKE_STATUS, "error_information/error_code",                       \
	              "metadata/error_information/error_code"),                                    \
		FIELD_IF("status", "500", "failure", "status", "metadata/status"),                 \
		FIELD("stream", TAKE_BOOL, "stream"),                                              \
		FIELD("latency_ms", TAKE_BETWEEN, "startTime", "endTime"),                         \
		FIELD("ttft_ms", TAKE_BETWEEN, "startTime", "completionStartTime", "endTime"),     \
		FIELD("answer", TAKE_NO_ANSWER, "call_type"),                                      \
		FIELD("tags.call_type", TAKE_NAME, "call_type"),                                   \
		FIELD("tags.model_group", TAKE_NAME, "model_group"),                               \
		FIELD("tags.end_user", TAKE_NAME, "end_user",                                      \
	              "metadata/user_api_key_end_user_id"),                                        \
		FIELD_IF("tags.cache_hit", "\"true\"", "true", "cache_hit")

static const struct envelope_field payload_fields[] = {
	FIELD("id", TAKE_NAME, "id"),
	FIELD("account", TAKE_NAME, "metadata/user_api_key_team_id", "metadata/user_api_key_org_id",
	      "metadata/user_api_key_user_id", "metadata/user_api_key_end_user_id", "end_user"),
	FIELD_ACCOUNT,
	FIELD("key", TAKE_NAME, "metadata/user_api_key_hash"),
	COMMON_FIELDS,
	FIELD("tags.cost", TAKE_NAME, "response_cost"),
	FIELD("tags.trace_id", TAKE_NAME, "trace_id"),
};

static const struct envelope_field spend_fields[] = {
	FIELD("id", TAKE_NAME, "request_id"),
	FIELD("account", TAKE_NAME, "team_id", "organization_id", "user", "end_user",
	      "metadata/user_api_key_team_id", "metadata/user_api_key_org_id",
	      "metadata/user_api_key_user_id"),
	FIELD_ACCOUNT,
	FIELD("key", TAKE_NAME, "api_key", "metadata/user_api_key"),
	COMMON_FIELDS,
	FIELD("tags.cost", TAKE_NAME, "spend"),
	FIELD("tags.trace_id", TAKE_NAME, "session_id"),
};

/* The counters beside the rest, where there is no usage object. */
static const struct envelope_word words[] = {
	{ NULL, "prompt_tokens", { "prompt_tokens" } },
	{ NULL, "completion_tokens", { "completion_tokens" } },
	{ NULL, "total_tokens", { "total_tokens" } },
};

enum call_kind { CALL_TOKENS, CALL_THINGS, CALL_IMAGES, CALL_NOTHING };

/* By call_type, without the leading '_' and 'a' of the asynchronous ones. */
static const struct call {
	const char *type;
	enum call_kind kind;
	const char *api; /* of a usage in the provider's own words; NULL: none is known */
} calls[] = {
	{ "completion", CALL_TOKENS, NULL },
	{ "text_completion", CALL_TOKENS, NULL },
	{ "embedding", CALL_TOKENS, NULL },
	{ "responses", CALL_TOKENS, "openai.responses" },
	{ "responses_websocket", CALL_TOKENS, "openai.responses" },
	{ "anthropic_messages", CALL_TOKENS, "anthropic.messages" },
	{ "generate_content", CALL_TOKENS, "google.generate" },
	{ "generate_content_stream", CALL_TOKENS, "google.generate" },
	{ "realtime", CALL_TOKENS, "openai.realtime" },
	{ "image_generation", CALL_IMAGES, "openai.images" },
	{ "image_edit", CALL_IMAGES, "openai.images" },
	{ "transcription", CALL_THINGS, "openai.audio" },
	{ "speech", CALL_THINGS, "openai.audio" },
	{ "rerank", CALL_THINGS, "cohere.rerank" },
	{ "ocr", CALL_THINGS, "mistral.ocr" },
	/* Looking at what was made before uses nothing, however often it is done. */
	{ "get_responses", CALL_NOTHING, NULL },
	{ "delete_responses", CALL_NOTHING, NULL },
	{ "list_input_items", CALL_NOTHING, NULL },
	{ "call_mcp_tool", CALL_NOTHING, NULL },
	{ "list_mcp_tools", CALL_NOTHING, NULL },
};
static const struct call other_call = { "", CALL_THINGS, NULL };

static const struct call *find_call(struct text type)
{
	for (int i = 0; i < 3; i++) {
		for (size_t c = 0; c < sizeof(calls) / sizeof(calls[0]); c++) {
			if (text_is(type, calls[c].type))
				return &calls[c];
		}
		if (type.len == 0 || (type.at[0] != '_' && type.at[0] != 'a'))
			break;
		type.at++;
		type.len--;
	}
	return &other_call;
}

static bool is_true(struct envelope_at at)
{
	struct text t = envelope_text(at);

	return t.len == 4 && strncasecmp(t.at, "true", 4) == 0;
}

/* Any number that is not zero; the depth is bounded by the parser. */
static bool has_number(const struct json *doc, uint32_t node)
{
	enum json_type type = json_type_of(doc, node);

	if (type != JSON_OBJECT && type != JSON_ARRAY)
		return json_nonzero_number(doc, node);
	for (uint32_t c = json_first(doc, node); c != JSON_NONE; c = json_next(doc, node, c)) {
		if (has_number(doc, type == JSON_OBJECT ? c + 1 : c))
			return true;
	}
	return false;
}

/* The shape that its words show; NULL: of none. */
static const char *shape_of(const struct call *call, struct envelope_at usage)
{
	static const struct {
		const char *word, *api; /* NULL: as the call says */
	} shapes[] = {
		{ "pages_processed", "mistral.ocr" },
		{ "prompt_tokens", "litellm.chat" },
		{ "promptTokenCount", "google.generate" },
		{ "input_tokens", NULL },
		{ "seconds", NULL },
		{ "billed_units", NULL },
	};

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		if (envelope_has(usage.doc, usage.node, shapes[i].word))
			return shapes[i].api != NULL ? shapes[i].api : call->api;
	}
	return NULL;
}

/* LiteLLM tells the tokens of images as if they were text: back into the images' own words. */
static void put_image_tokens(struct envelope_work *work, const struct envelope_view *usage)
{
	static const char *const words_of[][2] = {
		{ "input_tokens", "prompt_tokens" },
		{ "output_tokens", "completion_tokens" },
		{ "total_tokens", "total_tokens" },
		{ "input_tokens_details", "prompt_tokens_details" },
		{ "output_tokens_details", "completion_tokens_details" },
	};
	const char *comma = "";

	envelope_put_json(work, "api", "\"openai.images\"");
	envelope_put_key(work, "usage");
	buf_add_cstr(&work->out, "{");
	for (size_t i = 0; i < sizeof(words_of) / sizeof(words_of[0]); i++) {
		struct envelope_at at = envelope_at(usage, words_of[i][1]);

		if (at.node == JSON_NONE)
			continue;
		buf_addf(&work->out, "%s\"%s\":", comma, words_of[i][0]);
		envelope_add_value(work, at);
		comma = ",";
	}
	buf_add_cstr(&work->out, "}");
}

/* Searches that are billed and stand in the output of Responses alone. */
static long long searches_of(const struct envelope_view *record)
{
	const struct envelope_at response = envelope_at(record, "response");
	uint32_t element = response.node;
	const struct body body = { .doc = response.doc, .elements = &element, .count = 1 };
	struct usage items = { .kind_count = 0 };

	if (element != JSON_NONE)
		body_add_items(&body, &format_openai_responses, ADDS_NONE, &items);
	return (long long)items.count[COMPONENT_SEARCHES];
}

/* LiteLLM's own words tell them, or have something else where they would stand. */
static bool tells_searches(const struct envelope_view *usage)
{
	struct envelope_at tools = envelope_at(usage, "server_tool_use");

	return envelope_at(usage, "prompt_tokens_details/web_search_requests").node != JSON_NONE ||
	       (tools.node != JSON_NONE && json_first(tools.doc, tools.node) != JSON_NONE);
}

/* The usage with the searches, as LiteLLM writes them itself. */
static void put_with_searches(struct envelope_work *work, struct envelope_at usage, long long count)
{
	const struct json *doc = usage.doc;

	envelope_put_key(work, "usage");
	buf_add_cstr(&work->out, "{");
	for (uint32_t k = json_first(doc, usage.node); k != JSON_NONE;
	     k = json_next(doc, usage.node, k)) {
		if (text_is(doc->nodes[k].text, "server_tool_use"))
			continue;
		buf_add_json(&work->out, doc->nodes[k].text);
		buf_add_cstr(&work->out, ":");
		envelope_add_value(work, (struct envelope_at){ doc, k + 1 });
		buf_add_cstr(&work->out, ",");
	}
	buf_addf(&work->out, "\"server_tool_use\":{\"web_search_requests\":%lld}}", count);
}

/* The items of Responses, which its usage leaves out. */
static void put_search_items(struct envelope_work *work, long long count)
{
	envelope_put_key(work, "response");
	buf_add_cstr(&work->out, "{\"output\":[");
	for (long long i = 0; i < count; i++)
		buf_addf(&work->out, "%s{\"type\":\"web_search_call\"}", i > 0 ? "," : "");
	buf_add_cstr(&work->out, "]}");
}

static void put_usage_object(struct envelope_work *work, const struct envelope_view *record,
                             const struct call *call, struct envelope_at usage, const char *api)
{
	struct envelope_view view = { { { "", usage.doc, usage.node },
		                        { NULL, usage.doc, JSON_NONE } } };
	long long searches = 0;

	if (call->kind == CALL_IMAGES && strcmp(api, "litellm.chat") == 0) {
		put_image_tokens(work, &view);
		return;
	}
	if (call->api != NULL && strcmp(call->api, "openai.responses") == 0)
		searches = searches_of(record);
	envelope_put_key(work, "api");
	buf_addf(&work->out, "\"%s\"", api);
	if (searches > 0 && strcmp(api, "litellm.chat") == 0 && !tells_searches(&view)) {
		put_with_searches(work, usage, searches);
		return;
	}
	envelope_put_value(work, "usage", usage);
	if (searches > 0 && strcmp(api, "openai.responses") == 0)
		put_search_items(work, searches);
}

static struct text word_at(const struct envelope_view *view, const char *path)
{
	struct envelope_at at = envelope_at(view, path);

	return at.node != JSON_NONE ? json_string(at.doc, at.node) : text_of(NULL);
}

/* Members of the line from paths of the record, those that are there. */
static void put_words(struct envelope_work *work, const struct envelope_view *view,
                      const char *const paths[2], const char *before)
{
	static const char *const names[2] = { "size", "quality" };

	for (size_t i = 0; i < 2; i++) {
		struct text word = word_at(view, paths[i]);

		if (word.len == 0)
			continue;
		buf_addf(&work->out, "%s\"%s\":", before, names[i]);
		buf_add_json(&work->out, word);
		before = ",";
	}
}

/* How many there are in the response, what was asked for, and what it says that came of it. */
static bool put_images(struct envelope_work *work, const struct envelope_view *view)
{
	static const char *const asked[2] = { "model_parameters/size", "model_parameters/quality" };
	static const char *const came[2] = { "response/size", "response/quality" };
	struct envelope_at data = envelope_at(view, "response/data");

	if (data.node == JSON_NONE || json_type_of(data.doc, data.node) != JSON_ARRAY ||
	    data.doc->nodes[data.node].count == 0)
		return false;
	envelope_put_json(work, "api", "\"openai.images\"");
	envelope_put_key(work, "images");
	buf_addf(&work->out, "{\"n\":%u", data.doc->nodes[data.node].count);
	put_words(work, view, asked, ",");
	buf_add_cstr(&work->out, "}");
	if (word_at(view, came[0]).len > 0 || word_at(view, came[1]).len > 0) {
		envelope_put_key(work, "response");
		buf_add_cstr(&work->out, "{");
		put_words(work, view, came, "");
		buf_add_cstr(&work->out, "}");
	}
	return true;
}

static void put_usage(struct envelope_work *work, const struct envelope_view *view,
                      const struct call *call)
{
	static const char *const nothing[] = { NULL };
	static const char *const places[][4] = {
		[CALL_TOKENS] = { "metadata/usage_object", "response/usage" },
		[CALL_THINGS] = { "response/usage", "response/usage_info", "response/meta",
		                  "metadata/usage_object" },
		[CALL_IMAGES] = { "response/usage", "metadata/usage_object" },
	};
	const struct envelope_root *record = &view->root[0];
	bool tokens = json_nonzero_number(record->doc,
	                                  json_member(record->doc, record->node, "total_tokens"));

	if (is_true(envelope_at(view, "cache_hit"))) {
		envelope_put_json(work, "api", "\"litellm.chat\"");
		envelope_put_json(work, "usage", ENVELOPE_NOTHING_CHAT);
		return;
	}
	for (int i = 0; i < 4 && places[call->kind][i] != NULL; i++) {
		struct envelope_at usage = envelope_at(view, places[call->kind][i]);
		const char *api = usage.node != JSON_NONE ? shape_of(call, usage) : NULL;

		if (api == NULL || !has_number(usage.doc, usage.node))
			continue;
		put_usage_object(work, view, call, usage, api);
		return;
	}
	if (call->kind == CALL_IMAGES && put_images(work, view))
		return;
	envelope_put_json(work, "api", "\"litellm.chat\"");
	if (tokens || call->kind == CALL_TOKENS)
		envelope_put_usage(work, (struct envelope_at){ record->doc, record->node },
		                   nothing);
}

static void open_record(struct envelope_work *work, const struct envelope_view *view)
{
	struct text type = envelope_text_at(view, "call_type");
	const struct call *call = find_call(type);

	envelope_begin(work);
	if (call->kind == CALL_NOTHING) {
		envelope_refuse(work, REASON_FOREIGN, "%.*s is no request to a model",
		                type.len > 64 ? 64 : (int)type.len, type.at);
	} else {
		put_usage(work, view, call);
		envelope_put_fields(work, view);
	}
	envelope_end(work, view);
}

static bool is_call(const struct json *doc, uint32_t node)
{
	return envelope_is_string(doc, node, "call_type") && envelope_has(doc, node, "startTime");
}

static bool is_payload(const struct json *doc, uint32_t node)
{
	return is_call(doc, node) && envelope_is_string(doc, node, "id") &&
	       !envelope_has(doc, node, "request_id") &&
	       json_type_of(doc, json_member(doc, node, "metadata")) == JSON_OBJECT;
}

static bool is_spend(const struct json *doc, uint32_t node)
{
	return is_call(doc, node) && envelope_is_string(doc, node, "request_id") &&
	       envelope_has(doc, node, "spend");
}

/* `metadata` is an object, or one inside a string; where it cannot be read there is none. */
static void open_litellm(struct envelope_work *work, const struct json *doc, uint32_t node)
{
	uint32_t metadata = json_member(doc, node, "metadata");
	struct text text = json_string(doc, metadata);
	struct envelope_view view = { { { "", doc, node }, { "metadata", doc, metadata } } };
	struct json inner = { .nodes = NULL };
	int r = 0;

	if (text.len > 0 && text.len <= ENVELOPE_INNER_BYTES_MAX) {
		r = json_parse(&inner, text, NULL);
		view.root[1].doc = &inner;
		view.root[1].node = r == 0 ? 0 : JSON_NONE;
	}
	if (r == -FAULT_NOMEM)
		work->error = r;
	else
		open_record(work, &view);
	json_release(&inner);
}

const struct envelope envelope_litellm_payload = {
	.name = "litellm.payload",
	.is = is_payload,
	.open = open_litellm,
	ENVELOPE_LIST(fields, field_count, payload_fields),
	ENVELOPE_LIST(words, word_count, words),
	.usage_from = "metadata/usage_object, response/usage",
};

const struct envelope envelope_litellm_spend = {
	.name = "litellm.spend",
	.is = is_spend,
	.open = open_litellm,
	ENVELOPE_LIST(fields, field_count, spend_fields),
	ENVELOPE_LIST(words, word_count, words),
	.usage_from = "metadata/usage_object",
};
