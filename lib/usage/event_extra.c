/* The members of an event line that have no column: kept beside it as one JSON object. */
#include "base/buf.h"
#include "money/money.h"
#include "usage/event_internal.h"

static void extra_string(struct buf *out, const char *key, struct text value)
{
	buf_addf(out, "%s\"%s\":", out->len > 1 ? "," : "", key);
	buf_add_json(out, value);
}

static bool check_tags(struct line *line)
{
	const struct json *doc = line->doc;
	uint32_t tags = line->member[MEMBER_TAGS];

	if (!sent(line, MEMBER_TAGS))
		return true;
	if (json_type_of(doc, tags) != JSON_OBJECT)
		goto refuse;
	for (uint32_t k = json_first(doc, tags); k != JSON_NONE; k = json_next(doc, tags, k)) {
		if (json_string(doc, k + 1).at == NULL)
			goto refuse;
	}
	return true;
refuse:
	refusal_set(line->refusal, REASON_TYPE, "tags: a flat object of strings is due");
	return false;
}

static bool check_extra(struct line *line)
{
	struct text cost = json_string(line->doc, line->member[MEMBER_UPSTREAM_COST]);
	struct money amount;

	if (sent(line, MEMBER_UPSTREAM_COST) && money_parse(cost, &amount, NULL) < 0) {
		refusal_set(line->refusal, REASON_TYPE,
		            "upstream_cost: a decimal string is due, like \"0.00123\"");
		return false;
	}
	return check_tags(line);
}

/* What the line says goes before what its response says of itself. */
static struct text said_or(const struct line *line, enum member member, struct text other)
{
	return sent(line, member) ? json_string(line->doc, line->member[member]) : other;
}

/* The members without a column, as one JSON object.  false: refused, or *error is set. */
static bool put_extra(struct line *line, int *error)
{
	const struct json *doc = line->doc;
	const struct {
		const char *key;
		struct text text;
	} texts[] = {
		{ "speed", line->speed },
		{ "upstream_id", said_or(line, MEMBER_UPSTREAM_ID, text_of(NULL)) },
		{ "upstream_cost", said_or(line, MEMBER_UPSTREAM_COST, line->cost) },
	};
	uint32_t tags = line->member[MEMBER_TAGS];
	struct buf out = { .at = NULL, .max_bytes = EVENT_EXTRA_BYTES_MAX };

	buf_add_cstr(&out, "{");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i].text.at != NULL)
			extra_string(&out, texts[i].key, texts[i].text);
	}
	if (sent(line, MEMBER_TAGS)) {
		const char *comma = "";

		buf_addf(&out, "%s\"tags\":{", out.len > 1 ? "," : "");
		for (uint32_t k = json_first(doc, tags); k != JSON_NONE;
		     k = json_next(doc, tags, k)) {
			buf_add_cstr(&out, comma);
			buf_add_json(&out, doc->nodes[k].text);
			buf_add_cstr(&out, ":");
			buf_add_json(&out, json_string(doc, k + 1));
			comma = ",";
		}
		buf_add_cstr(&out, "}");
	}
	buf_add_cstr(&out, "}");
	if (out.error == 0)
		line->event->extra = arena_copy(line->arena, buf_text(&out));
	if (out.error == -FAULT_RANGE)
		refusal_set(line->refusal, REASON_NAME,
		            "tags: more than %d bytes, with what else is kept beside the event",
		            EVENT_EXTRA_BYTES_MAX);
	else if (out.error != 0 || line->event->extra.at == NULL)
		*error = -FAULT_NOMEM;
	buf_release(&out);
	return line->refusal->reason == REASON_NONE && *error == 0;
}

bool take_extra(struct line *line, int *error)
{
	struct text skip, region;

	if (!take_name(line, MEMBER_REGION, false, &region))
		return false;
	/* What the line says goes before what its response says of itself. */
	if (region.at != NULL)
		line->event->region = region;
	if (!sent(line, MEMBER_UPSTREAM_ID) && !sent(line, MEMBER_UPSTREAM_COST) &&
	    !sent(line, MEMBER_TAGS) && line->speed.at == NULL && line->cost.at == NULL)
		return true;
	if (!take_name(line, MEMBER_UPSTREAM_ID, false, &skip) || !check_extra(line))
		return false;
	return put_extra(line, error);
}
