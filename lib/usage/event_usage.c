/* What an event used: by the usage object beside it, or by the response that came with it. */
#include <string.h>
#include <strings.h>

#include "money/money.h"
#include "usage/event_internal.h"

/* Nothing but nulls, however nested: what a request that failed early leaves behind. */
static bool is_hollow(const struct json *doc, uint32_t node)
{
	enum json_type type = json_type_of(doc, node);

	if (type != JSON_OBJECT && type != JSON_ARRAY)
		return type == JSON_NULL;
	for (uint32_t c = json_first(doc, node); c != JSON_NONE; c = json_next(doc, node, c)) {
		if (!is_hollow(doc, type == JSON_OBJECT ? c + 1 : c))
			return false;
	}
	return true;
}

static bool all_have(const struct usage_objects *objects, const char *key)
{
	for (size_t i = 0; i < objects->count; i++) {
		if (json_member(objects->doc, objects->nodes[i], key) == JSON_NONE)
			return false;
	}
	return objects->count > 0;
}

/* The usage beside the event: an object, or an array of them and of nulls.  false: refused. */
static bool stated_usage(struct line *line, const struct usage_format *format,
                         struct usage_objects *out)
{
	const struct json *doc = line->doc;
	uint32_t node = line->member[MEMBER_USAGE], *nodes;

	*out = (struct usage_objects){ .doc = doc };
	if (json_type_of(doc, node) != JSON_OBJECT && json_type_of(doc, node) != JSON_ARRAY) {
		refusal_set(line->refusal, REASON_TYPE,
		            "usage: an object, or an array of them, is due");
		return false;
	}
	nodes = arena_take(line->arena, (doc->nodes[node].count + 1) * sizeof(*nodes));
	if (nodes == NULL) {
		line->no_memory = true;
		return false;
	}
	out->nodes = nodes;
	if (json_type_of(doc, node) == JSON_OBJECT) {
		nodes[out->count++] = node;
		return true;
	}
	for (uint32_t e = json_first(doc, node); e != JSON_NONE; e = json_next(doc, node, e)) {
		if (json_type_of(doc, e) == JSON_NULL)
			continue;
		if (json_type_of(doc, e) != JSON_OBJECT) {
			refusal_set(line->refusal, REASON_TYPE,
			            "usage: an array of objects is due");
			return false;
		}
		nodes[out->count++] = e;
	}
	if (format->part_key != NULL && all_have(out, format->part_key))
		out->adds = ADDS_PARTS;
	return true;
}

/*
 * The response headers, where a format has counts there: by themselves, or behind what the body
 * says, which may leave some out.  false: no memory.
 */
static bool header_usage(struct line *line, const struct usage_format *format,
                         struct usage_objects *out)
{
	uint32_t headers = line->member[MEMBER_HEADERS], *node;

	if (format->headers == 0 || json_type_of(line->doc, headers) != JSON_OBJECT)
		return true;
	if (out->count > 0) {
		out->headers_doc = line->doc;
		out->headers = headers;
		return true;
	}
	node = arena_take(line->arena, sizeof(*node));
	if (node == NULL) {
		line->no_memory = true;
		return false;
	}
	*node = headers;
	*out = (struct usage_objects){
		.doc = line->doc, .nodes = node, .count = 1, .group = format->headers
	};
	return true;
}

/* Opens what came of the response: its text, or the body.  false: refused, or no memory. */
static bool open_response(struct line *line)
{
	uint32_t response = line->member[MEMBER_RESPONSE];
	struct text text = json_string(line->doc, line->member[MEMBER_SSE]);

	if (sent(line, MEMBER_SSE) && text.at == NULL) {
		refusal_set(line->refusal, REASON_TYPE, "sse: the text of a stream is due");
		return false;
	}
	if (!sent(line, MEMBER_SSE))
		text = json_string(line->doc, response);
	if (text.at == NULL && response == JSON_NONE)
		return true;
	line->no_memory = body_open(&line->body, line->doc, response, text, line->arena,
	                            line->refusal) < 0;
	return !line->no_memory && line->refusal->reason == REASON_NONE;
}

/* Finds the usage objects; none: out->count is 0.  false: refused, or no memory. */
static bool find_usage(struct line *line, const struct usage_format *format,
                       struct usage_objects *out)
{
	bool failed = line->event->status >= 400;
	uint32_t stated = line->member[MEMBER_USAGE];

	*out = (struct usage_objects){ .doc = line->doc };
	if (!open_response(line))
		return false;
	/* There also where what stands beside a failed request is hollow. */
	if (stated != JSON_NONE && !(failed && is_hollow(line->doc, stated)))
		return stated_usage(line, format, out) && header_usage(line, format, out);
	if (line->body.doc != NULL)
		line->no_memory = body_usage(&line->body, format, line->arena, out) < 0;
	while (failed && out->count > 0 && is_hollow(out->doc, out->nodes[out->count - 1]))
		out->count--;
	if (out->mixed)
		refusal_set(line->refusal, REASON_IDENTITY,
		            "usage: of more than one response in one event");
	else if (out->repeated)
		refusal_set(line->refusal, REASON_IDENTITY,
		            "usage: of the same response twice in one event");
	if (line->no_memory || out->mixed || out->repeated)
		return false;
	return header_usage(line, format, out);
}

/* What a response says of itself, beside its numbers. */
enum fact { FACT_TIER, FACT_TRAFFIC, FACT_REGION, FACT_SPEED, FACT_COUNT };

static const struct {
	const char *path;
	enum fact fact;
	bool in_usage; /* of the usage object; else from the body */
} fact_paths[] = {
	{ "service_tier", FACT_TIER, true },
	{ "serviceTier", FACT_TIER, true },
	{ "trafficType", FACT_TRAFFIC, true },
	{ "inference_geo", FACT_REGION, true },
	{ "speed", FACT_SPEED, true },
	{ "service_tier", FACT_TIER, false },
	{ "response.service_tier", FACT_TIER, false },
};

enum { FACT_PATHS = sizeof(fact_paths) / sizeof(fact_paths[0]) };

/* The members of usage objects that are texts: the last one that tells a fact holds. */
static void facts_of_usage(const struct usage_objects *usage, struct text facts[FACT_COUNT])
{
	const struct json *doc = usage->doc;

	for (size_t i = 0; i < usage->count; i++) {
		uint32_t node = usage->nodes[i];

		for (uint32_t k = json_first(doc, node); k != JSON_NONE;
		     k = json_next(doc, node, k)) {
			struct text said = json_string(doc, k + 1);

			/* Nearly all of them are numbers. */
			for (size_t p = 0; said.len > 0 && p < FACT_PATHS; p++) {
				if (fact_paths[p].in_usage &&
				    text_is(doc->nodes[k].text, fact_paths[p].path))
					facts[fact_paths[p].fact] = said;
			}
		}
	}
}

/* What the usage does not say, of the body. */
static void facts_of_body(const struct body *body, struct text facts[FACT_COUNT])
{
	for (size_t p = 0; body->doc != NULL && p < FACT_PATHS; p++) {
		if (!fact_paths[p].in_usage && facts[fact_paths[p].fact].len == 0)
			facts[fact_paths[p].fact] = json_string(
				body->doc, body_find_any(body, fact_paths[p].path));
	}
}

/* A copy of what was said, where it can be a name. */
static void keep_said(struct line *line, struct text said, struct text *out)
{
	if (said.len == 0 || said.len > EVENT_NAME_BYTES_MAX || !text_plain(said))
		return;
	*out = arena_copy(line->arena, said);
	line->no_memory = line->no_memory || out->at == NULL;
}

/* The charge that the provider told, exact, as plain decimal text. */
static void take_cost(struct line *line, const struct usage_format *format,
                      const struct usage_objects *usage)
{
	const struct json *doc = usage->doc;
	uint32_t last = usage->nodes[usage->count - 1], cost;
	char text[MONEY_TEXT_BYTES];
	struct money amount, upstream;

	if (format->cost.path == NULL || sent(line, MEMBER_UPSTREAM_COST))
		return;
	cost = body_find(doc, last, format->cost.path);
	/* xAI's gRPC writes it as a string. */
	if (json_type_of(doc, cost) != JSON_NUMBER && json_type_of(doc, cost) != JSON_STRING)
		return;
	if (money_parse_number(doc->nodes[cost].text, format->cost.decimals, &amount) < 0) {
		if (line->event->unknown_path.at == NULL)
			line->event->unknown_path = text_of("(a cost that is no exact amount)");
		return;
	}
	/* OpenRouter: with the customer's own key the provider's charge is not in its own. */
	if (json_type_of(doc, json_member(doc, last, "is_byok")) == JSON_TRUE) {
		cost = body_find(doc, last, "cost_details.upstream_inference_cost");
		if (json_type_of(doc, cost) == JSON_NUMBER &&
		    (money_parse_number(doc->nodes[cost].text, 0, &upstream) < 0 ||
		     money_add(amount, upstream, &amount) < 0))
			return;
	}
	money_text(amount, text);
	line->cost = arena_copy(line->arena, text_of(text));
	line->no_memory = line->no_memory || line->cost.at == NULL;
}

static bool is_word(struct text word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (word.len == strlen(words[i]) && strncasecmp(word.at, words[i], word.len) == 0)
			return true;
	}
	return false;
}

/*
 * Billed as served: what the response says goes before what the line says, which may only have
 * been asked for.  But nobody asks for a batch in a request: the body of one that was served in a
 * batch may call its tier the standard one.
 */
static void take_tier(struct line *line, const struct text facts[FACT_COUNT])
{
	static const char *const nothing[] = { "TRAFFIC_TYPE_UNSPECIFIED" }, *const open[] = {
		"auto"
	};
	static const char *const standard[] = { "default", "standard", "ON_DEMAND" };
	static const char *const batch[] = { "batch" };
	struct text *tier = &line->event->service_tier;
	struct text said = facts[facts[FACT_TIER].len > 0 ? FACT_TIER : FACT_TRAFFIC];

	if (is_word(said, nothing, 1) || (tier->at != NULL && is_word(said, open, 1)))
		return;
	if (tier->at != NULL && is_word(*tier, batch, 1) &&
	    is_word(said, standard, sizeof(standard) / sizeof(standard[0])))
		return;
	keep_said(line, said, tier);
}

/* Anthropic's fast mode is billed as a tier of its own, and told beside a standard one. */
static void take_speed(struct line *line, struct text speed)
{
	static const char *const standard[] = { "default", "standard", "standard_only", "auto" };
	struct text *tier = &line->event->service_tier;

	keep_said(line, speed, &line->speed);
	if (text_is(speed, "fast") &&
	    (tier->at == NULL || is_word(*tier, standard, sizeof(standard) / sizeof(standard[0]))))
		*tier = text_of("fast");
}

/* Where the line does not say it itself; but for the tier. */
static void take_facts(struct line *line, const struct usage_format *format,
                       const struct usage_objects *usage)
{
	struct event *event = line->event;
	struct text facts[FACT_COUNT] = { { NULL, 0 } };

	facts_of_usage(usage, facts);
	facts_of_body(&line->body, facts);
	take_tier(line, facts);
	if (!text_is(facts[FACT_REGION], "not_available"))
		keep_said(line, facts[FACT_REGION], &event->region);
	take_speed(line, facts[FACT_SPEED]);
	/* Of several that add up each tells its own charge. */
	if (usage->count > 0 && !(usage->adds != ADDS_NONE && usage->count > 1))
		take_cost(line, format, usage);
	if (event->finish_reason.at == NULL && line->body.doc != NULL)
		keep_said(line, body_finish_reason(&line->body), &event->finish_reason);
}

/* A list of the usage of a stream without any: nulls, or nothing. */
static bool is_silent_list(const struct line *line)
{
	return line->event->stream &&
	       json_type_of(line->doc, line->member[MEMBER_USAGE]) == JSON_ARRAY;
}

/* Of a body: its status is one of these. */
static bool has_state(const struct line *line, const char *const *states, size_t count)
{
	struct text state = { NULL, 0 };

	if (line->body.doc != NULL && line->body.count == 1 && !line->body.text)
		state = json_string(line->body.doc,
		                    json_member(line->body.doc, line->body.elements[0], "status"));
	for (size_t i = 0; i < count; i++) {
		if (text_is(state, states[i]))
			return true;
	}
	return false;
}

/* A batch or a response in the background that was asked for before its end. */
static bool is_under_way(const struct line *line)
{
	static const char *const states[] = { "queued", "validating", "in_progress", "finalizing" };

	return has_state(line, states, sizeof(states) / sizeof(states[0]));
}

/* A response of OpenAI's that ended without an answer: where it tells no usage, there is none. */
static bool came_to_nothing(const struct line *line)
{
	static const char *const states[] = { "failed", "cancelled" };

	return has_state(line, states, sizeof(states) / sizeof(states[0])) &&
	       text_is(json_string(line->body.doc,
	                           json_member(line->body.doc, line->body.elements[0], "object")),
	               "response");
}

/*
 * A stream that says nothing of what it used, or not the end of it, and a gateway that says
 * nothing of the stream.
 */
static void derive_settlement(struct line *line, bool counted, bool batch)
{
	struct event *event = line->event;

	if (line->body.stream && (batch ? line->body.cut : !line->body.done) &&
	    !sent(line, MEMBER_USAGE) && !sent(line, MEMBER_SETTLEMENT))
		event->settlement = SETTLEMENT_ABANDONED;
	else if ((line->body.stream || is_silent_list(line)) && !counted && event->status < 400 &&
	         !sent(line, MEMBER_SETTLEMENT))
		event->settlement = SETTLEMENT_PARTIAL;
	if (is_under_way(line) && !sent(line, MEMBER_SETTLEMENT))
		event->settlement = SETTLEMENT_PARTIAL;
	if (sent(line, MEMBER_PROVENANCE))
		return;
	if (!counted)
		event->provenance = PROVENANCE_NONE;
	else if (event->settlement != SETTLEMENT_FINAL)
		event->provenance = PROVENANCE_PARTIAL;
}

/* Nobody told what was used: is that an answer? */
static bool may_be_silent(const struct line *line)
{
	const struct event *event = line->event;

	if (event->status >= 400 || sent(line, MEMBER_IMAGES) || sent(line, MEMBER_KINDS) ||
	    line->images_counted || event->settlement != SETTLEMENT_FINAL || is_under_way(line) ||
	    came_to_nothing(line))
		return true;
	if ((line->body.stream && line->body.count > 0) || is_silent_list(line))
		return true;
	/* Broken off before its first word. */
	return line->body.text && !line->body.page && !sent(line, MEMBER_RESPONSE);
}

/* `silent`: why the objects were refused that were found, if any.  false: refused. */
static bool allow_silence(struct line *line, const struct usage_format *format,
                          const struct event_refusal *silent)
{
	if (may_be_silent(line))
		return true;
	if (silent->reason != REASON_NONE)
		*line->refusal = *silent;
	else if (line->body.page)
		refusal_set(line->refusal, REASON_MISSING, "sse: a page, and no stream");
	else if (sent(line, MEMBER_RESPONSE))
		refusal_set(line->refusal, REASON_MISSING, "response: it holds no %s",
		            format->paths[0].path[0] != '\0' ? format->paths[0].path : "usage");
	else
		refusal_set(line->refusal, REASON_MISSING, "usage is missing");
	return false;
}

/* Readings tell the components of the format alone; the event has more. */
static void complete_readings(struct event *event, struct event_reading *readings, size_t count)
{
	struct usage base = event->usage;
	const struct usage first = readings[0].usage;

	for (size_t i = 0; i < count; i++) {
		struct usage usage = base;

		for (int c = 0; c < COMPONENT_COUNT; c++)
			usage.count[c] += readings[i].usage.count[c] - first.count[c];
		readings[i].usage = usage;
	}
}

/* The shapes of which the body has a usage, where it is none of the declared one. */
static void name_others(struct line *line, const struct usage_format *format)
{
	struct event_refusal other = { .time_ms = EVENT_ABSENT };
	bool named = false;

	if (line->body.doc == NULL || sent(line, MEMBER_USAGE))
		return;
	line->no_memory = line->no_memory ||
	                  usage_elsewhere(format, &line->body, line->event->model, line->arena,
	                                  &other, &named) < 0;
	if (named)
		refusal_set(line->refusal, REASON_MISSING, "%s", other.detail);
}

/* The objects, and what repeats them by model, into the event.  false: refused, or no memory. */
static bool decode_objects(struct line *line, const struct usage_format *format,
                           const struct usage_objects *objects, struct usage_decoded *decoded)
{
	uint32_t split = line->body.doc != NULL ? body_split(&line->body, format) : JSON_NONE;
	bool named = false;
	int r = usage_decode(format, objects, line->event->model, line->arena, decoded,
	                     line->refusal);

	if (r == 0 && line->refusal->reason == REASON_NONE && split != JSON_NONE &&
	    decoded->reading_count > 0)
		refusal_set(line->refusal, REASON_UNSUPPORTED,
		            "usage: a split by model, and numbers that contradict each other: %.*s",
		            TEXT_ARGS(decoded->contradiction));
	else if (r == 0 && line->refusal->reason == REASON_NONE && split != JSON_NONE)
		r = usage_split(format, line->body.doc, split, line->event->model, line->arena,
		                decoded, line->refusal);
	line->no_memory = line->no_memory || r < 0;
	if (r == 0 && (line->refusal->reason == REASON_MISSING ||
	               (line->refusal->reason == REASON_IDENTITY && decoded->misfit)))
		named = usage_suggest(format, objects, line->event->model, line->arena,
		                      line->refusal);
	/* An end of a stream may be all that has a word of this shape. */
	if (r == 0 && line->refusal->reason == REASON_MISSING && !named && !decoded->silent)
		name_others(line, format);
	return r == 0 && line->refusal->reason == REASON_NONE;
}

/*
 * The objects in which no number stands are none: Vertex AI tells the kind of traffic in every
 * chunk, and the counts in the last.  *silent: why they were refused.  The text of a stream may end
 * behind its first chunk, which alone looks like a body; but a body tells why it ended.
 */
static void pass_over_silent(struct line *line, struct usage_objects *objects,
                             struct event_refusal *silent)
{
	*silent = *line->refusal;
	line->refusal->reason = REASON_NONE;
	objects->count = 0;
	if (sent(line, MEMBER_SSE) && body_finish_reason(&line->body).len == 0)
		line->body.stream = true;
}

/* How many requests the one usage of the body is the sum of, as it tells; -1: it does not. */
static int64_t told_requests(const struct line *line, const struct usage_format *format,
                             const struct usage_objects *objects)
{
	int64_t count;

	if (format->requests == NULL || line->body.doc == NULL || objects->adds != ADDS_NONE ||
	    !json_integer(line->body.doc, body_find_any(&line->body, format->requests), &count) ||
	    count < 0 || count > USAGE_COUNT_MAX)
		return -1;
	return count;
}

/*
 * An event is one request as the gateway saw it: a session too, and a call with several things to
 * embed, whichever way they are told.  The lines of a batch are a request each.
 */
static void take_requests(struct line *line, const struct usage_format *format,
                          const struct usage_objects *objects)
{
	struct event *event = line->event;
	int64_t told = told_requests(line, format, objects), count = 1;

	if (objects->adds == ADDS_REQUESTS && objects->count > 1)
		count = (int64_t)objects->count;
	if (told >= 0)
		count = told;
	/* Of each of them only the sum is known. */
	if (told > 1)
		event->sum = (struct event_sum){ .of = (size_t)told };
	if (event->status >= 400 || event->settlement == SETTLEMENT_OPEN ||
	    (objects->count == 0 && came_to_nothing(line)))
		count = 0;
	event->usage.count[COMPONENT_REQUESTS] = count;
}

/* A stream in another shape is no stream without usage.  false: refused, or no memory. */
static bool look_elsewhere(struct line *line, const struct usage_format *format)
{
	bool named;

	/* What the shape knows beside its usage may look like one. */
	if (line->body.doc == NULL || sent(line, MEMBER_USAGE) ||
	    body_beside(&line->body, format) != NULL)
		return true;
	line->no_memory = usage_elsewhere(format, &line->body, line->event->model, line->arena,
	                                  line->refusal, &named) < 0;
	return !line->no_memory && line->refusal->reason == REASON_NONE;
}

/* What the body holds, one each.  That there are no images is a word on them too. */
static bool take_items(struct line *line, const struct usage_format *format, enum usage_adds adds)
{
	struct usage *usage = &line->event->usage;
	int64_t before = usage->count[COMPONENT_IMAGES_OUT];
	struct body_items items = body_add_items(&line->body, format, adds, usage);

	line->images_counted = usage->count[COMPONENT_IMAGES_OUT] > before ||
	                       (items.objects > 0 && items.others == 0);
	if (items.objects < 2)
		return true;
	refusal_set(line->refusal, REASON_UNSUPPORTED,
	            "response: %zu objects in one event hold images and tell no usage; send each "
	            "by itself",
	            items.objects);
	return false;
}

/* An empty list is none: no images given twice, and no word on what was used. */
static void drop_empty(struct line *line, enum member member)
{
	uint32_t list = line->member[member];

	if (json_type_of(line->doc, list) == JSON_ARRAY && json_first(line->doc, list) == JSON_NONE)
		line->member[member] = JSON_NONE;
}

/* Somebody told a count. */
static bool is_counted(const struct line *line, const struct usage_objects *objects)
{
	return objects->count > 0 || sent(line, MEMBER_IMAGES) || sent(line, MEMBER_KINDS) ||
	       line->images_counted;
}

/* What is to be told of its counts: the first doubt. */
static void set_doubt(struct line *line, const struct usage_format *format, struct text unknown)
{
	struct text *doubt = &line->event->unknown_path;

	*doubt = unknown;
	if (doubt->at == NULL)
		*doubt = text_of(line->image_doubt);
	if (doubt->at == NULL && line->body.doc != NULL)
		*doubt = text_of(body_beside(&line->body, format));
}

bool take_usage(struct line *line, const struct usage_format *format)
{
	struct event *event = line->event;
	bool failed = event->status >= 400;
	struct usage_decoded decoded = { .reading_count = 0 };
	struct usage_objects found, objects;
	struct event_refusal silent = { .reason = REASON_NONE };

	drop_empty(line, MEMBER_IMAGES);
	drop_empty(line, MEMBER_KINDS);
	if (!find_usage(line, format, &found))
		return false;
	if (found.count == 0 && !failed && !look_elsewhere(line, format))
		return false;
	objects = found;
	if (found.count > 0 && !decode_objects(line, format, &found, &decoded)) {
		if (!decoded.silent || line->no_memory)
			return false;
		pass_over_silent(line, &objects, &silent);
	}
	event->usage = decoded.usage;
	/* Beside `usage` too: what it cannot tell stands in the body alone. */
	if (line->body.doc != NULL && (!failed || objects.count > 0) &&
	    !take_items(line, format, objects.adds))
		return false;
	if (!take_images(line) || (objects.count == 0 && !allow_silence(line, format, &silent)))
		return false;
	derive_settlement(line, is_counted(line, &objects), objects.adds != ADDS_NONE);
	set_doubt(line, format, decoded.unknown);
	event->sum = decoded.sum;
	/* Where the gateway counts them itself, it knows better. */
	if (!decoded.counts_requests)
		take_requests(line, format, &objects);
	take_facts(line, format, &found);
	event->contradiction = decoded.contradiction;
	if (decoded.reading_count > 0)
		complete_readings(event, decoded.readings, decoded.reading_count);
	if (!take_kinds(line, format, &decoded))
		return false;
	event->parts = decoded.parts;
	event->part_count = decoded.part_count;
	event->readings = decoded.reading_count > 0 ? decoded.readings : NULL;
	event->reading_count = decoded.reading_count;
	return !line->no_memory;
}
