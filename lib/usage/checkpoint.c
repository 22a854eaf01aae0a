#include "usage/checkpoint.h"

#include "base/moment.h"

const char *checkpoint_total_key(int total)
{
	return total == CHECKPOINT_EVENTS ? "events" : component_info[total].key;
}

static bool read_hour(const struct json *doc, uint32_t value, int64_t now_ms, int64_t *hour_out,
                      struct event_refusal *refusal)
{
	int64_t ms;

	if (!moment_parse(json_string(doc, value), &ms) || ms % MS_PER_HOUR != 0)
		refusal_set(refusal, REASON_TIME,
		            "checkpoint.hour: the first moment of an hour is due, like "
		            "2026-11-22T08:00:00Z");
	else if (ms < EVENT_TIME_MIN_MS || ms > now_ms + EVENT_FUTURE_MAX_MS)
		refusal_set(refusal, REASON_TIME, "checkpoint.hour: %s",
		            ms < EVENT_TIME_MIN_MS ? "before 2015" : "more than a day ahead");
	else
		*hour_out = ms;
	return refusal->reason == REASON_NONE;
}

/* Every other member is a whole number; those that are no number of a line are totals. */
static bool read_number(const struct json *doc, uint32_t key_node, struct checkpoint *checkpoint,
                        struct event_refusal *refusal)
{
	struct text key = doc->nodes[key_node].text;
	enum component component = component_find(key);
	int64_t number;

	if (!json_integer(doc, key_node + 1, &number) || number < 0) {
		refusal_set(refusal, REASON_QUANTITY,
		            "checkpoint.%.*s: a whole number from 0 is due",
		            key.len > 64 ? 64 : (int)key.len, key.at);
		return false;
	}
	if (number > CHECKPOINT_TOTAL_MAX && !text_is(key, "seq") && !text_is(key, "epoch")) {
		refusal_set(refusal, REASON_CHECKPOINT, "checkpoint.%.*s: larger than 10^15",
		            key.len > 64 ? 64 : (int)key.len, key.at);
		return false;
	}
	if (text_is(key, "seq"))
		checkpoint->seq = number;
	else if (text_is(key, "epoch"))
		checkpoint->epoch = number;
	else if (text_is(key, "events"))
		checkpoint->total[CHECKPOINT_EVENTS] = number;
	else if (component != COMPONENT_COUNT)
		checkpoint->total[component] = number;
	else if (checkpoint->unknown.at == NULL)
		checkpoint->unknown = key;
	return true;
}

bool checkpoint_read(const struct json *doc, int64_t now_ms, struct checkpoint *checkpoint_out,
                     struct event_refusal *refusal)
{
	struct checkpoint checkpoint = { .seq = EVENT_ABSENT, .hour_ms = EVENT_ABSENT };
	uint32_t object = json_member(doc, 0, "checkpoint");

	for (int t = 0; t < CHECKPOINT_TOTALS; t++)
		checkpoint.total[t] = EVENT_ABSENT;
	if (json_type_of(doc, object) != JSON_OBJECT) {
		refusal_set(refusal, REASON_TYPE, "checkpoint: an object is due");
		return false;
	}
	for (uint32_t k = json_first(doc, object); k != JSON_NONE; k = json_next(doc, object, k)) {
		struct text key = doc->nodes[k].text;

		if (json_type_of(doc, k + 1) == JSON_NULL)
			continue;
		if (text_is(key, "source")) {
			checkpoint.source = json_string(doc, k + 1);
		} else if (text_is(key, "hour")) {
			if (!read_hour(doc, k + 1, now_ms, &checkpoint.hour_ms, refusal))
				return false;
		} else if (!read_number(doc, k, &checkpoint, refusal)) {
			return false;
		}
	}
	if (checkpoint.seq == EVENT_ABSENT) {
		refusal_set(refusal, REASON_QUANTITY,
		            "checkpoint.seq: a whole number from 0 is due");
		return false;
	}
	*checkpoint_out = checkpoint;
	return true;
}
