/* How far a request is settled and how good its counts are: as the line says, or as it shows. */
#include "usage/event_internal.h"

static const char *const settlement_names[SETTLEMENT_COUNT] = {
	[SETTLEMENT_OPEN] = "open",
	[SETTLEMENT_PARTIAL] = "partial",
	[SETTLEMENT_ABANDONED] = "abandoned",
	[SETTLEMENT_FINAL] = "final",
};

static const char *const provenance_names[PROVENANCE_COUNT] = {
	[PROVENANCE_REPORTED] = "reported",
	[PROVENANCE_PARTIAL] = "partial",
	[PROVENANCE_ESTIMATED] = "estimated",
	[PROVENANCE_NONE] = "none",
};

const char *settlement_name(enum settlement settlement)
{
	return settlement_names[settlement];
}

const char *provenance_name(enum provenance provenance)
{
	return provenance_names[provenance];
}

enum settlement settlement_find(struct text name)
{
	int s = 0;

	while (s < SETTLEMENT_COUNT && !text_is(name, settlement_names[s]))
		s++;
	return (enum settlement)s;
}

enum provenance provenance_find(struct text name)
{
	int p = 0;

	while (p < PROVENANCE_COUNT && !text_is(name, provenance_names[p]))
		p++;
	return (enum provenance)p;
}

bool take_settlement(struct line *line)
{
	struct event *event = line->event;
	const struct json *doc = line->doc;

	if (sent(line, MEMBER_SETTLEMENT))
		event->settlement = settlement_find(
			json_string(doc, line->member[MEMBER_SETTLEMENT]));
	if (event->settlement == SETTLEMENT_COUNT) {
		refusal_set(line->refusal, REASON_TYPE,
		            "settlement: open, partial, final or abandoned is due");
		return false;
	}
	if (sent(line, MEMBER_PROVENANCE))
		event->provenance = provenance_find(
			json_string(doc, line->member[MEMBER_PROVENANCE]));
	if (event->provenance == PROVENANCE_COUNT) {
		refusal_set(line->refusal, REASON_TYPE,
		            "provenance: reported, partial, estimated or none is due");
		return false;
	}
	return take_integer(line, MEMBER_SERVED, USAGE_COUNT_MAX, &event->served);
}
