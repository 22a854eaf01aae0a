/* Whether a request has an answer that could be missing: as the line says, or as it shows. */
#include <stdio.h>

#include "usage/event_internal.h"

/*
 * What comes of a request that is no completion: vectors, the order of documents, the verdict of a
 * moderation.  Sources: the API references of OpenAI, Google (embedContent; predict of Vertex AI),
 * Amazon Bedrock (Titan, Cohere, Nova; Rerank), Cohere, Voyage, Jina, Mistral, Ollama.
 */
static const char *const results[] = {
	"data[].embedding",
	"embedding",
	"embeddings",
	"embeddingsByType",
	"predictions[].embeddings",
	"predictions[].textEmbedding",
	"predictions[].imageEmbedding",
	"predictions[].videoEmbeddings",
	"results[].relevance_score",
	"results[].relevanceScore",
	"data[].relevance_score",
	"results[].category_scores",
};

/* Where a body stands in what came: the lines of a batch have it further down. */
static const char *const places[] = { "", "response.body.", "outputs[].response.body.",
	                              "response." };

/* A vector, a list of them, a text of one, a score; not what is there and empty. */
static bool is_something(const struct json *doc, uint32_t node)
{
	switch (json_type_of(doc, node)) {
	case JSON_ARRAY:
	case JSON_OBJECT:
		return json_first(doc, node) != JSON_NONE;
	case JSON_STRING:
		return json_string(doc, node).len > 0;
	case JSON_NUMBER:
		return true;
	default:
		return false;
	}
}

static bool shows_results(const struct body *body)
{
	char path[64];

	for (size_t p = 0; p < sizeof(places) / sizeof(places[0]); p++) {
		for (size_t r = 0; r < sizeof(results) / sizeof(results[0]); r++) {
			snprintf(path, sizeof(path), "%s%s", places[p], results[r]);
			if (is_something(body->doc, body_find_any(body, path)))
				return true;
		}
	}
	return false;
}

/* Nobody asks for more where the answer is counted, by every reading, or its end is told. */
static bool is_answered(const struct event *event)
{
	if (event->finish_reason.len > 0 && event->finish_reason.at[0] != ' ')
		return true;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (component_info[c].role == ROLE_ANSWER && event->usage.count[c] != 0)
			return event->reading_count == 0;
	}
	return false;
}

bool take_answer(struct line *line, const struct usage_format *format)
{
	struct event *event = line->event;
	enum json_type type = json_type_of(line->doc, line->member[MEMBER_ANSWER]);

	if (type != JSON_NULL && type != JSON_TRUE && type != JSON_FALSE) {
		refusal_set(line->refusal, REASON_TYPE, "answer: true or false is due");
		return false;
	}
	event->no_answer_due = type == JSON_FALSE;
	if (event->no_answer_due || is_answered(event))
		return true;
	event->no_answer_due = (format->embeds && usage_prompt_total(&event->usage) > 0) ||
	                       (line->body.doc != NULL && shows_results(&line->body));
	return true;
}
