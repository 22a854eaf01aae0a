/*
 * Inside lib/usage only: an event line on its way into a struct event, and what the files that
 * take its members share.
 */
#ifndef TOLL_USAGE_EVENT_INTERNAL_H
#define TOLL_USAGE_EVENT_INTERNAL_H

#include "usage/body.h"
#include "usage/event.h"

/* Members of the event line, by where their value goes. */
enum member {
	MEMBER_ID,
	MEMBER_SOURCE,
	MEMBER_TIME,
	MEMBER_ACCOUNT,
	MEMBER_KEY,
	MEMBER_MODEL,
	MEMBER_PROVIDER,
	MEMBER_API,
	MEMBER_TIER,
	MEMBER_FINISH,
	MEMBER_STATUS,
	MEMBER_LATENCY,
	MEMBER_TTFT,
	MEMBER_STREAM,
	MEMBER_USAGE,
	MEMBER_RESPONSE,
	MEMBER_SSE,
	MEMBER_IMAGES,
	MEMBER_KINDS,
	MEMBER_REGION,
	MEMBER_UPSTREAM_ID,
	MEMBER_UPSTREAM_COST,
	MEMBER_SETTLEMENT,
	MEMBER_PROVENANCE,
	MEMBER_SERVED,
	MEMBER_ANSWER,
	MEMBER_HEADERS,
	MEMBER_TAGS,
	MEMBER_COUNT
};

extern const struct text member_keys[MEMBER_COUNT];

struct line {
	struct text text;
	const struct json *doc;
	struct arena *arena;
	uint32_t member[MEMBER_COUNT]; /* nodes; JSON_NONE: not sent, or null */
	struct event *event;
	struct event_refusal *refusal;
	struct body body;        /* of `response` or `sse` */
	bool images_counted;     /* in it: images_out of the usage is how many it holds */
	const char *image_doubt; /* a warning: of what size or quality they are; NULL: none */
	/* What the response says came; absent where it does not. */
	struct text image_size, image_quality;
	/* What the response says of itself and the line does not; absent, or in the arena. */
	struct text speed, cost;
	bool no_memory;
};

static inline bool sent(const struct line *line, enum member member)
{
	return line->member[member] != JSON_NONE;
}

/* A name: 1 to 256 bytes, no control characters.  false: refused. */
bool take_name(struct line *line, enum member member, bool required, struct text *out);
/* A whole number from 0 to max, or EVENT_ABSENT.  false: refused. */
bool take_integer(struct line *line, enum member member, int64_t max, int64_t *out);
/*
 * A string with escapes was unescaped into the parser's memory, which the next line
 * reuses: the event gets a copy of its own.  false: no memory.
 */
bool keep_name(struct line *line, struct text name, struct text *out);
/* event_usage.c: what was used, by the usage object or the response.  false: refused. */
bool take_usage(struct line *line, const struct usage_format *format);
/* event_images.c: the images beside the usage, and those that it counted.  false: refused. */
bool take_images(struct line *line);
/* event_kinds.c: what the object says of the kind of its component.  false: refused. */
bool take_kind_keys(struct line *line, const char *member, uint32_t object,
                    struct usage_kind *kind);
/*
 * Behind all that counts, and the readings: of what kind the counted units are, as the line says
 * and as the shape knows, of the event, its readings and its parts.  false: refused.
 */
bool take_kinds(struct line *line, const struct usage_format *format,
                struct usage_decoded *decoded);
/* event_settlement.c: how far it is settled, and how good its counts are.  false: refused. */
bool take_settlement(struct line *line);
/* event_answer.c, behind the usage: whether an answer could be missing.  false: refused. */
bool take_answer(struct line *line, const struct usage_format *format);
/* event_extra.c: the members without a column.  *error: -FAULT_NOMEM.  false: refused. */
bool take_extra(struct line *line, int *error);

#endif
