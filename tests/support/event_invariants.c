#include "tests/support/event_invariants.h"

#include <string.h>

#include "usage/kinds.h"

/* 2026-11-22T09:00:00Z */
#define NOW_MS INT64_C(1795338000000)

static bool is_name(struct text t, bool required)
{
	if (t.at == NULL)
		return !required;
	return t.len > 0 && t.len <= EVENT_NAME_BYTES_MAX && text_utf8(t) && text_plain(t);
}

static const char *check_names(const struct event *e)
{
	if (!is_name(e->id, true) || !is_name(e->source, true) || !is_name(e->account, true) ||
	    !is_name(e->model, true) || !is_name(e->api, e->status < 400))
		return "a required name is no name";
	if (!is_name(e->key, false) || !is_name(e->provider, false) ||
	    !is_name(e->service_tier, false) || !is_name(e->finish_reason, false) ||
	    !is_name(e->region, false))
		return "an optional name is no name";
	if (e->unknown_path.at != NULL &&
	    !(text_utf8(e->unknown_path) && text_plain(e->unknown_path)))
		return "the unknown path cannot be printed";
	return NULL;
}

static const char *check_counts(const struct usage *usage)
{
	int64_t of_kinds[COMPONENT_COUNT] = { 0 };

	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (usage->count[c] < 0 || usage->count[c] > USAGE_COUNT_MAX)
			return "a count is out of range";
	}
	if (usage->kind_count > USAGE_KINDS_MAX)
		return "more kinds than there is room for";
	for (unsigned i = 0; i < usage->kind_count; i++) {
		const struct usage_kind *kind = &usage->kinds[i];

		if (kind->n <= 0)
			return "a kind of none";
		if (!kind_has_any(kind->component))
			return "a kind of what has none";
		if (component_info[kind->component].unit != UNIT_IMAGE && kind_is_plain(kind))
			return "a kind of which nothing is said";
		for (unsigned other = 0; other < i; other++) {
			if (kind_same(kind, &usage->kinds[other]))
				return "the same kind twice";
		}
		of_kinds[kind->component] += kind->n;
	}
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (of_kinds[c] > usage->count[c])
			return "more of the kinds of a component than there are of it";
		if (component_info[c].unit == UNIT_IMAGE && of_kinds[c] != usage->count[c])
			return "the images do not add up";
	}
	return NULL;
}

static const char *check_extra(struct event_bench *bench, struct text extra)
{
	if (extra.at == NULL)
		return NULL;
	if (json_parse(&bench->doc, extra, NULL) < 0 ||
	    json_type_of(&bench->doc, 0) != JSON_OBJECT || bench->doc.nodes[0].count == 0)
		return "extra is no object with members";
	return NULL;
}

/* Parts and readings are usages too; the first reading is the event's own. */
static const char *check_more(const struct event *e)
{
	const char *wrong = NULL;

	if (e->part_count > EVENT_PARTS_MAX || e->reading_count > EVENT_READINGS_MAX)
		return "more parts or readings than there may be";
	for (size_t i = 0; wrong == NULL && i < e->part_count; i++) {
		wrong = check_counts(&e->parts[i].usage);
		if (!is_name(e->parts[i].model, true))
			wrong = "the model of a part is no name";
	}
	for (size_t i = 0; wrong == NULL && i < e->reading_count; i++) {
		wrong = check_counts(&e->readings[i].usage);
		if (i == 0 &&
		    memcmp(e->readings[0].usage.count, e->usage.count, sizeof(e->usage.count)) != 0)
			wrong = "the first reading is another one than the event's";
		for (size_t other = 0; other < i; other++) {
			/* But for ways to round, of which a rule may name any. */
			if (memcmp(e->readings[i].usage.count, e->readings[other].usage.count,
			           sizeof(e->usage.count)) == 0 &&
			    strncmp(e->readings[i].name, "seconds-", 8) != 0)
				wrong = "two readings are the same";
		}
	}
	if (wrong == NULL && (e->reading_count > 0) != (e->contradiction.at != NULL))
		wrong = "readings without a contradiction, or the reverse";
	return wrong;
}

/* No count that nobody told. */
static const char *check_settlement(const struct event *e)
{
	if (e->settlement >= SETTLEMENT_COUNT || e->provenance >= PROVENANCE_COUNT)
		return "there is no such settlement or provenance";
	if (e->served < EVENT_ABSENT || e->served > USAGE_COUNT_MAX)
		return "served is no count";
	if (e->settlement == SETTLEMENT_OPEN && e->usage.count[COMPONENT_REQUESTS] > 0 &&
	    !text_is(e->api, "toll"))
		return "a request that only began is counted as served";
	return NULL;
}

static const char *check_event(const struct event *e)
{
	const char *wrong = check_names(e);

	if (wrong == NULL)
		wrong = check_counts(&e->usage);
	if (wrong == NULL)
		wrong = check_more(e);
	if (wrong == NULL)
		wrong = check_settlement(e);
	if (wrong == NULL &&
	    (e->time_ms < EVENT_TIME_MIN_MS || e->time_ms > NOW_MS + EVENT_FUTURE_MAX_MS))
		wrong = "the time is outside its window";
	if (wrong == NULL && e->status < EVENT_ABSENT)
		wrong = "the status is negative";
	return wrong;
}

static const char *check_refusal(const struct event_refusal *refusal)
{
	struct text detail = text_of(refusal->detail);

	if (detail.len == 0 || !text_utf8(detail) || !text_plain(detail))
		return "the detail cannot be printed";
	if (!is_name(refusal->id, false) || !is_name(refusal->source, false))
		return "the refusal names what is no name";
	return NULL;
}

const char *event_invariants_check(struct event_bench *bench, struct text line)
{
	struct event_defaults defaults = { .source = text_of("fallback"), .now_ms = NOW_MS };
	struct event first, second;
	struct event_refusal refusal, again;
	const char *wrong;

	arena_reset(&bench->arena);
	if (event_decode(line, &defaults, &bench->doc, &bench->arena, &first, &refusal) < 0 ||
	    event_decode(line, &defaults, &bench->doc, &bench->arena, &second, &again) < 0)
		return "no memory";
	bench->reason = refusal.reason;
	if (refusal.reason != again.reason || strcmp(refusal.detail, again.detail) != 0)
		return "the same line is refused in two ways";
	if (refusal.reason != REASON_NONE)
		return check_refusal(&refusal);
	wrong = check_event(&first);
	if (wrong == NULL && (first.content_hash != second.content_hash ||
	                      memcmp(&first.usage, &second.usage, sizeof(first.usage)) != 0))
		wrong = "the same line is read in two ways";
	/* Last: it takes the parser, whose memory the event's texts must not need. */
	if (wrong == NULL)
		wrong = check_extra(bench, first.extra);
	return wrong != NULL ? wrong : check_names(&first);
}

void event_invariants_release(struct event_bench *bench)
{
	json_release(&bench->doc);
	arena_release(&bench->arena);
}
